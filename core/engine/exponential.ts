/**
 * # An exponential by table
 *
 * **Question.** A softmax on plain numbers takes fifty thousand exponentials per token, and `Math.exp` gives other last
 * bits in other engines. Can they be had faster, and everywhere the same?
 *
 * **Idea.** Split the argument into doublings, thirty-seconds of a doubling, and a rest so small that six terms of the
 * series suffice. The first two are looked up.
 *
 * **Formula.** With $n = \lfloor 32 x / \log 2 + 1/2 \rfloor$ and the rest $r = x - n \log 2 / 32$, which is at most 0.011,
 *
 * $$e^x = 2^{\lfloor n / 32 \rfloor} \cdot 2^{(n \bmod 32) / 32} \cdot e^r$$
 *
 * @module
 */

/** Parts that a doubling is divided into. */
const PARTS = 32;
/** $2^{i / 32}$ */
const ROOTS = Float64Array.from({ length: PARTS }, (_, i) => 2 ** (i / PARTS));
/** $2^{i - 1075}$ */
const DOUBLINGS = Float64Array.from({ length: 1076 }, (_, i) => 2 ** (i - 1075));
/** $\log 2$ in two numbers: the products of the first one with an exponent are exact. */
const LOG2_HIGH = 0.69314718036912381649, LOG2_LOW = 1.90821492927058770002e-10;

/**
 * The exponential of a number of at most 0, to the last bit or the one before it.
 *
 * The same bits in every engine.
 *
 * @param x at most 0, or NaN
 * @returns $e^x$, and 0 below $-745$; NaN stays
 */
export function exponential(x: number): number {
  if (x <= -745) return 0;
  const n = Math.floor(x * (PARTS / Math.LN2) + 0.5);
  const r = x - n * (LOG2_HIGH / PARTS) - n * (LOG2_LOW / PARTS);
  const terms = r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720))))));
  const root = ROOTS[n & (PARTS - 1)]!;
  return (root + root * terms) * DOUBLINGS[(n >> 5) + 1075]!;
}
