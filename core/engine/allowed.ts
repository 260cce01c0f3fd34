/**
 * # What counts for nothing
 *
 * Zero times what is infinite or NaN is NaN. Where zero means that something is not there at all, the product is 0.
 *
 * A mask forbids pairs of rows, such as a query and a key: a forbidden pair adds nothing to a sum of products.
 * {@linkcode compareAllowed} and {@linkcode sumAllowed} have it so, forwards and backwards; where no mask is given they are
 * `matmul`. A share of 0 takes nothing of a cost: {@linkcode charge}. {@linkcode readPairs} reads masks that were written down.
 * {@linkcode startMask} hides what stands before a text begins.
 *
 * @module
 */

import { checkSizes } from "./arguments.ts";
import type { DType } from "./backend.ts";
import { arange, tensor } from "./create.ts";
import { type Check, checkValue, list } from "./options.ts";
import { asOptionalTensor, record, type Tensor, type TensorLike } from "./tensor.ts";

/**
 * Products of all rows with all columns; only allowed pairs pass a gradient back.
 *
 * @param rows `[…, T, D]`
 * @param columns `[…, D, S]`
 * @param allowed bool, broadcast to `[…, T, S]`; everything by default
 * @returns `[…, T, S]`; what stands at forbidden pairs is for the caller to replace
 */
export function compareAllowed(rows: Tensor, columns: Tensor, allowed: Tensor | undefined): Tensor {
  if (!allowed) return rows.matmul(columns);
  const result = rows.detach().matmul(columns.detach()), pairs = allowed.expand(result.shape);
  return record(result, [rows, columns], (g, [left, right]) => {
    const slopes = g.where(pairs, 0);
    return [
      left ? sumOver(slopes, columns.transpose(), pairs) : undefined,
      right ? sumOver(slopes.transpose(), rows, pairs.transpose()).transpose() : undefined,
    ];
  });
}

/**
 * Sums of rows by weight, each over the rows that are allowed.
 *
 * @param weights `[…, T, S]`
 * @param rows `[…, S, D]`
 * @param allowed bool, broadcast to `[…, T, S]`; everything by default
 * @returns `[…, T, D]`
 */
export function sumAllowed(weights: Tensor, rows: Tensor, allowed: Tensor | undefined): Tensor {
  if (!allowed) return weights.matmul(rows);
  const pairs = allowed.expand(weights.shape);
  // A softmax that met NaN has it everywhere.
  return sumOver(weights.where(pairs, 0), rows, pairs);
}

/**
 * Products of costs and shares; a share of 0 costs 0, however large the cost.
 *
 * The gradient of a share of 0 is its cost where that is finite, and 0 elsewhere.
 *
 * @param costs any shape
 * @param shares of a shape that broadcasts with it
 */
export function charge(costs: Tensor, shares: Tensor): Tensor {
  const counts = shares.detach().notEqual(0).or(costs.detach().abs().less(Infinity));
  return costs.where(counts, 0).mul(shares);
}

/** The same for weights that are 0 at forbidden pairs, where it is for the caller to replace their gradient. */
function sumOver(weights: Tensor, rows: Tensor, allowed: Tensor): Tensor {
  return record(finiteSums(weights.detach(), rows.detach(), allowed), [weights, rows], (g, [left, right]) => [
    left ? compareAllowed(g, rows.transpose(), allowed) : undefined,
    right ? sumOver(weights.transpose(), g, allowed.transpose()) : undefined,
  ]);
}

/** The sums themselves: those that would meet what is no finite number at forbidden pairs differ from a product. */
function finiteSums(w: Tensor, x: Tensor, allowed: Tensor): Tensor {
  const finite = x.abs().less(Infinity), strange = finite.not().cast("float32");
  const meets = (pairs: Tensor): Tensor => pairs.cast("float32").matmul(strange).greater(0);

  // Zeros stand in for what is forbidden. Where something strange is allowed as well, the sum is no number.
  const known = w.matmul(x.where(finite, 0));
  const mended = known.where(meets(allowed).not(), NaN);
  return w.matmul(x).where(meets(allowed.not()).not(), mended);
}

/** Positions of the first tokens of rows as an option. */
export const startsCheck: Check<readonly number[]> = list(
  "a list of whole numbers",
  (start) => Number.isSafeInteger(start),
);

/**
 * Hides what stands before a text begins: the padding of rows that end together.
 *
 * @param starts position of each row's first token in this pass; what has a position below 0 is padding
 * @param T tokens of this pass
 * @param S tokens of each row, those of earlier passes included; as many as in this pass by default
 * @returns true where a token is, `[B, S]`; undefined where no row has padding
 */
export function startMask(starts: readonly number[], T: number, S: number = T): Tensor | undefined {
  checkSizes("hide padding", { T, S });
  checkValue("hide padding", "starts", starts, startsCheck);
  const padding = starts.map((start) => Math.min(S, S - T - start));
  if (padding.every((count) => count <= 0)) return undefined;
  return arange(S).unsqueeze(0).greaterEqual(tensor(Int32Array.from(padding), [padding.length, 1]));
}

/** What may be written down of what a pass allows. */
interface Pairs {
  readonly mask?: TensorLike<boolean> | undefined;
  readonly bias?: TensorLike | undefined;
  readonly sourceMask?: TensorLike<boolean> | undefined;
  readonly sourceBias?: TensorLike | undefined;
}

/** Masks and biases of a pass as tensors, made once for all layers. */
export function readPairs(action: string, pairs: Pairs, beside: Tensor): Record<keyof Pairs, Tensor | undefined> {
  const read = (name: keyof Pairs, dtype: DType): Tensor | undefined =>
    asOptionalTensor(action, name, pairs[name], dtype, beside);
  return {
    ...{ mask: read("mask", "bool"), bias: read("bias", "float32") },
    ...{ sourceMask: read("sourceMask", "bool"), sourceBias: read("sourceBias", "float32") },
  };
}
