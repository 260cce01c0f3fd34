/**
 * # Adam
 *
 * One step of Adam with decoupled weight decay, in place.
 *
 * $$m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
 * p \leftarrow (1 - \lambda w) p - \lambda \frac{m / c_1}{\sqrt{v / c_2} + \epsilon}$$
 *
 * | argument             | meaning                                                      |
 * | -------------------- | ------------------------------------------------------------ |
 * | `p`, `m`, `v`, `g`   | parameter, two moments, gradient: contiguous, equally long   |
 * | `decay`              | $1 - \lambda w$                                              |
 * | `step`, `correction` | $\lambda / c_1$ and $1 / \sqrt{c_2}$                          |
 * | `gradientScale`      | what the gradient is multiplied with first                   |
 *
 * **Shape of the loop.** A unit is a run of 1024 elements; one sweep reads four streams and
 * writes three, and the memory sets the pace.
 *
 * **Range.** A number of the gradient beyond $2^{63}$ counts as $2^{63}$: the definition says why. It also says what is
 * divided by 0; here $\epsilon$ is more than that.
 *
 * **Rounding.** The corrections are multiplied instead of divided, which moves the result by
 * at most two units in its last place.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const -- constants in memory are faster than constants in code: see exp.ts

import { integer, loadPart, madd, max4, min4, number, pointer, storePart } from "./simd.ts";
import * as word from "./words/optimizer.ts";
import { RUN } from "./words/runs.ts";

/** $2^{63}$. */
let LONGEST: v128 = f32x4.splat(9223372036854775808.0);
let LOWEST: v128 = f32x4.splat(-9223372036854775808.0);

/** One step of Adam. Units are runs of parameters. */
export function adamStep(args: usize, from: i32, to: i32): void {
  const count = integer(args, word.COUNT);
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> (unit * RUN) << 2,
      p = pointer(args, word.PARAMETER) + skip,
      m = pointer(args, word.FIRST) + skip;
    const v = pointer(args, word.SECOND) + skip, g = pointer(args, word.GRADIENT) + skip;
    adamRun(args, p, m, v, g, min(RUN, count - unit * RUN));
  }
}

/** A number between the bounds; NaN stays. */
// @inline
function bounded(x: v128): v128 {
  return max4(min4(x, LONGEST), LOWEST);
}

function adamRun(args: usize, p: usize, m: usize, v: usize, g: usize, n: i32): void {
  const decay = f32x4.splat(number(args, word.DECAY)), step = f32x4.splat(-number(args, word.STEP));
  const correction = f32x4.splat(number(args, word.CORRECTION)), epsilon = f32x4.splat(number(args, word.EPSILON));
  const beta1 = f32x4.splat(number(args, word.BETA1)), rest1 = f32x4.splat(number(args, word.REST1));
  const beta2 = f32x4.splat(number(args, word.BETA2)), rest2 = f32x4.splat(number(args, word.REST2));
  const scale = f32x4.splat(number(args, word.GRADIENT_SCALE));
  const end = p + (<usize> (n & ~3) << 2);
  for (; p < end; p += 16) {
    const gradient = bounded(f32x4.mul(v128.load(g), scale));
    const first = madd(v128.load(m), beta1, f32x4.mul(gradient, rest1));
    const second = madd(v128.load(v), beta2, f32x4.mul(f32x4.mul(gradient, gradient), rest2));
    const divisor = madd(f32x4.sqrt(second), correction, epsilon);
    v128.store(m, first);
    v128.store(v, second);
    v128.store(p, madd(v128.load(p), decay, f32x4.mul(step, f32x4.div(first, divisor))));
    m += 16;
    v += 16;
    g += 16;
  }
  const left = n & 3;
  if (left) {
    const gradient = bounded(f32x4.mul(loadPart(g, left, 0), scale));
    const first = madd(loadPart(m, left, 0), beta1, f32x4.mul(gradient, rest1));
    const second = madd(loadPart(v, left, 0), beta2, f32x4.mul(f32x4.mul(gradient, gradient), rest2));
    const divisor = madd(f32x4.sqrt(second), correction, epsilon);
    storePart(m, first, left);
    storePart(v, second, left);
    storePart(p, madd(loadPart(p, left, 0), decay, f32x4.mul(step, f32x4.div(first, divisor))), left);
  }
}
