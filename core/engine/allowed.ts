/**
 * # Products over allowed pairs
 *
 * A mask forbids pairs of rows, such as a query and a key. What a forbidden pair would add to a sum of products is
 * nothing, and not zero times what stands there, which is NaN where that is infinite or NaN. These two products have it
 * so, forwards and backwards; where no mask is given they are `matmul`.
 *
 * @module
 */

import { record, type Tensor } from "./tensor.ts";

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
  const [a, b] = [rows.detach(), columns.detach()], result = a.matmul(b), pairs = allowed.expand(result.shape);
  return record(result, [rows, columns], (g) => {
    const slopes = g.where(pairs, 0);
    return [
      sumOver(slopes, b.transpose(), pairs),
      sumOver(slopes.transpose(), a, pairs.transpose()).transpose(),
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
  // A softmax that met NaN has it everywhere.
  const pairs = allowed.expand(weights.shape), w = weights.detach().where(pairs, 0), x = rows.detach();
  return record(sumOver(w, x, pairs), [weights, rows], (g) => [
    g.matmul(x.transpose()).where(pairs, 0),
    sumOver(w.transpose(), g, pairs.transpose()),
  ]);
}

/** The sums themselves: `w` is 0 at forbidden pairs, and sums that would meet there what is no finite number differ. */
function sumOver(w: Tensor, x: Tensor, allowed: Tensor): Tensor {
  const finite = x.abs().less(Infinity), strange = finite.not().cast("float32");
  const meets = (pairs: Tensor): Tensor => pairs.cast("float32").matmul(strange).greater(0);

  // Zeros stand in for what is forbidden. Where something strange is allowed as well, the sum is no number.
  const known = w.matmul(x.where(finite, 0));
  const mended = known.where(meets(allowed).not(), NaN);
  return w.matmul(x).where(meets(allowed.not()).not(), mended);
}
