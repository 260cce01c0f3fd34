/**
 * # Sorting
 *
 * **Question.** Which are the largest, and in which order?
 *
 * **Idea.** A device sorts places, not numbers: {@linkcode argsort} says where the smallest element stands, then the next.
 * Everything else looks the numbers up at those places, so that gradients reach them. The order is stable: of equal
 * elements, the one that stands first stays first, whichever way the sorting goes. NaN counts as greater than every number,
 * infinity included: it comes last where elements rise and first where they fall, and so first in {@linkcode topK}.
 *
 * @module
 */

import { checkTensors } from "./arguments.ts";
import { gather } from "./indexing.ts";
import { checkOptions, type Checks, flag, shown } from "./options.ts";
import { format } from "./shape.ts";
import { adopt, type Tensor } from "./tensor.ts";

/** Options of {@linkcode argsort} and {@linkcode sort}. */
export interface SortOptions {
  /** Whether elements fall; false by default. */
  readonly descending?: boolean;
}

const sortChecks: Checks<SortOptions> = { descending: flag };

/**
 * Order in which elements of the last axis rise (or fall); equal elements keep their order.
 *
 * @param x numbers, at least one axis
 * @param options whether elements fall
 * @returns int32, of the same shape
 * @throws {TypeError} if it is of bool, or has no axis
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  checkOptions("sort", options, sortChecks);
  checkTensors("sort", { x });
  if (x.rank === 0 || x.dtype === "bool") {
    throw new TypeError(
      `Cannot sort ${x.dtype} of shape ${format(x.shape)}: numbers with at least one axis are needed`,
    );
  }
  return adopt(x.device, x.device.argsort(x, options.descending ?? false), "int32", x.shape);
}

/**
 * The last axis in rising (or falling) order, and where each element stood.
 *
 * @param x numbers, at least one axis
 * @param options whether elements fall
 * @returns both of the same shape, `indices` int32
 * @throws {TypeError} if it is of bool, or has no axis
 */
export function sort(
  x: Tensor,
  options: SortOptions = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  const indices = argsort(x, options);
  return { values: gather(x, -1, indices), indices };
}

/**
 * The `k` largest elements of the last axis, in falling order.
 *
 * Of equal elements, the ones that stand first are taken, and in that order.
 *
 * @param x numbers, `[…, N]`
 * @param k how many, from 0 to N
 * @returns both `[…, k]`, `indices` int32
 * @throws {RangeError} if there are fewer than `k`
 */
export function topK(x: Tensor, k: number): { readonly values: Tensor; readonly indices: Tensor } {
  checkTensors("take the largest", { x });
  const extent = x.shape[x.rank - 1] ?? 0;
  if (!Number.isInteger(k) || k < 0 || k > extent) {
    throw new RangeError(`Cannot take the top ${shown(k)} of ${extent}: k must be in [0, ${extent}]`);
  }
  const indices = argsort(x, { descending: true }).slice(-1, 0, k);
  return { values: gather(x, -1, indices), indices };
}
