/**
 * # Levels as they come
 *
 * **Question.** The weights of a file are whole numbers already, in blocks with steps of their own. Does a device have to round them again to
 * multiply by them fast?
 *
 * **Idea.** No. Every kind of block in use is a case of one form: *levels* of 4, 7 or 8 bits that count from 0, blocks of 16 or 32 with a step each, and either
 * the middle level stands for 0, or level 0 for a number of the block's own. A device that has a [layout](backend.ts) for the form takes levels, steps and least weights
 * as they are. What is rounded is the row that is multiplied, [as ever](packed.ts):
 *
 * $$\hat w_k = s\,\big(q_k - 2^{b-1}\big) \quad \text{or} \quad \hat w_k = s\,q_k + m$$
 *
 * @module
 */

import { withBackend } from "./device.ts";
import { noGrad } from "./autograd.ts";
import type { Backend, LevelForm, Levels } from "./backend.ts";
import { tensor } from "./create.ts";
import {
  callback,
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  list,
  object,
  required,
  string,
} from "./options.ts";
import { type Kept, PackedMatrix, roomFor } from "./packed.ts";
import { keep, scope } from "./scope.ts";
import { format as show } from "./shape.ts";

/** A matrix in levels, as a file has it: rows along which the product sums, `[N, K]`. */
export interface LevelSource {
  /** What the file calls the form, such as `Q4_1`. */
  readonly format: string;
  /** How a block is made. */
  readonly form: LevelForm;
  /** Extents `[N, K]`. */
  readonly shape: readonly [N: number, K: number];
  /**
   * Some of the rows.
   *
   * @param from the first of them
   * @param count how many
   * @returns their levels, one row after the other
   */
  rows(from: number, count: number): Levels;
}

const aForm: Check<LevelForm> = object(
  "levels of 4, 7 or 8 bits in blocks of 16 or 32, those of 4 bits in 32",
  (form) => {
    const { bits, block, least } = form as LevelForm;
    return [4, 7, 8].includes(bits) && (block === 32 || (block === 16 && bits > 4)) && typeof least === "boolean";
  },
);

const LEVEL_SOURCE: Checks<LevelSource> = {
  format: required(string),
  form: required(aForm),
  shape: required(list<number>("two whole numbers", (extent) => Number.isSafeInteger(extent) && extent >= 0)),
  rows: required(callback()),
} as Checks<LevelSource>;

/** Refuses what is no matrix in levels. */
function checkLevels(source: LevelSource): void {
  checkOptions("keep levels", source, LEVEL_SOURCE);
  const [, K] = source.shape, { block } = source.form;
  if (source.shape.length !== 2 || K % block !== 0) {
    throw new TypeError(`Cannot keep levels of shape ${show(source.shape)}: rows must be whole blocks of ${block}`);
  }
}

/**
 * The numbers that levels stand for.
 *
 * @param form how a block is made
 * @param columns the levels
 * @returns float32, in the order of the levels
 */
export function levelNumbers(form: LevelForm, columns: Levels): Float32Array<ArrayBuffer> {
  checkValue("read levels", "form", form, aForm);
  const { bits, block, least } = form, { levels, steps, leasts } = columns, middle = 1 << (bits - 1);
  const numbers = new Float32Array(levels.length);
  for (let i = 0, at = 0; at < levels.length; i++) {
    const step = steps[i]!, end = at + block;
    if (least) { for (; at < end; at++) numbers[at] = Math.fround(step * levels[at]!) + leasts![i]!; }
    else for (; at < end; at++) numbers[at] = step * (levels[at]! - middle);
  }
  return numbers;
}

/** Rows of levels that are read at a time: enough to be quick, and few beside the matrix. */
const ROWS = 2048;

/**
 * Keeps levels as a matrix `[K, N]`, or as a table `[N, K]`.
 *
 * The columns of the matrix are the rows of the file.
 *
 * @param source the levels
 * @param isTable whether it is a table
 * @param device where they are kept
 * @returns the matrix
 * @throws {TypeError} if the form is none, or rows are no whole blocks
 */
export function packLevels(source: LevelSource, isTable: boolean, device: Backend): PackedMatrix {
  checkLevels(source);
  checkValue("keep levels", "isTable", isTable, flag);
  const { format, form, shape: [N, K] } = source;
  return noGrad(() =>
    scope(() => {
      const layout = N * K > 0 ? device.levels?.(form) : undefined;
      const { storage, plain } = roomFor(device, layout, K, N);
      for (let from = 0; from < N; from += ROWS) {
        const count = Math.min(ROWS, N - from), levels = source.rows(from, count);
        if (!plain) layout!.take(levels, K, from, storage.buffer);
        else {
          const numbers = withBackend(device, () => tensor(levelNumbers(form, levels), [count, K]));
          plain.slice(1, from, from + count).assign(numbers.transpose());
        }
      }
      const kept: Kept = { format, turned: isTable, plain, layout, fill: undefined, block: form.block };
      return keep(new PackedMatrix(storage, isTable ? [N, K] : [K, N], kept));
    })
  );
}
