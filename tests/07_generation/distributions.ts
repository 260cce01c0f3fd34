/** Rows of logits whose probabilities are known, and a test of what is drawn from them. */

import { assert, assertEquals } from "@std/assert";

/** The context of a rule that looks at the logits alone. */
export const none: { readonly tokens: readonly number[] } = { tokens: [] };

/** Logits of tokens with these probabilities. */
export const logs = (...shares: number[]): Float64Array => Float64Array.from(shares, Math.log);

/** Three heads of 30, 20 and 10 %, and a thousand tokens of 0.04 % each. */
export const notes: Float64Array = logs(0.3, 0.2, 0.1, ...new Array<number>(1000).fill(0.0004));

/** Upper tail of χ² with many degrees of freedom (Wilson and Hilferty, 1931). */
function chiSquareTail(value: number, freedom: number): number {
  const z = ((value / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  const tail = density * t *
    (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? tail : 1 - tail;
}

/** Asserts, by a χ² test, that tokens are drawn as often as their probabilities say. */
export function assertDrawnFrom(probabilities: Float64Array, draw: () => number, count = 100_000): void {
  const counts = new Float64Array(probabilities.length);
  for (let i = 0; i < count; i++) counts[draw()]!++;
  let value = 0, cells = 0;
  probabilities.forEach((p, token) => {
    if (p === 0) return assertEquals(counts[token], 0, `token ${token} has probability 0`);
    value += (counts[token]! - count * p) ** 2 / (count * p);
    cells++;
  });
  const tail = cells > 1 ? chiSquareTail(value, cells - 1) : 1;
  assert(tail > 1e-4, `χ² = ${value} with ${cells - 1} degrees of freedom, p = ${tail}`);
}
