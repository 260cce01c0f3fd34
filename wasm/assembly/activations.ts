/**
 * # Activations
 *
 * The non-linear functions between the layers, and their derivatives.
 *
 * | name   | value                                                          | derivative                                   |
 * | ------ | -------------------------------------------------------------- | -------------------------------------------- |
 * | `relu` | $\max(x, 0)$                                                   | 0 where $x \le 0$, else 1                    |
 * | `silu` | $x \sigma(x)$                                                  | $\sigma (1 + x (1 - \sigma))$                |
 * | `gelu` | $x \Phi(x)$, $\Phi$ the normal distribution                     | $\Phi(x) + x \varphi(x)$                     |
 * | the same, approximate | $x \sigma(2u)$, $u = \sqrt{2/\pi}\,(x + 0.044715 x^3)$ | $\sigma + 2 x \sigma (1 - \sigma) u'(x)$     |
 *
 * The approximate form is usually written $\tfrac{x}{2} (1 + \tanh u)$, the same number.
 *
 * **Shape of the loop.** A unit is a run of 1024 elements; four per turn.
 *
 * **To add one,** name it in `core/engine/operations.ts`, and give it a class here and a case in both `switch`es. A class
 * stands for an activation in the loops, which are written once: the compiler makes a loop for each class and puts its
 * functions in, so that none is chosen, or called, per element.
 *
 * **Ends.** At $-\infty$ value and slope are 0, at $\infty$ they are $\infty$ and 1; NaN stays. Where relu has slope 0, an
 * arriving gradient does not pass, even if it is infinite or NaN.
 *
 * **Rounding.** $\Phi$ comes from $\mathrm{erfc}$ of the positive side, so that the left
 * tail keeps its relative accuracy where $1 + \mathrm{erf}$ would cancel to zero.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const no-unused-vars -- see exp.ts on variables; the classes stand for types

import * as code from "./codes.ts";
import { exp4, expNegative4, HALF, ONE, scaledErfc4, SIGN } from "./exp.ts";
import { integer, loadPart, madd, max4, min4, pointer, storePart } from "./simd.ts";
import * as word from "./words/activations.ts";
import { RUN } from "./words/runs.ts";

/** $\sqrt{1/2}$. */
let SQRT_HALF: v128 = f32x4.splat(0.7071067811865476);
/** $1 / \sqrt{2\pi}$, the height of the normal density. */
let DENSITY: v128 = f32x4.splat(0.3989422804014327);
/** $-2 \sqrt{2/\pi}$. */
let TANH_LINEAR: v128 = f32x4.splat(-1.5957691216057308);
/** $-2 \cdot 0.044715 \sqrt{2/\pi}$. */
let TANH_CUBIC: v128 = f32x4.splat(-0.0713548162726);
/** The lowest float32 that is finite. */
let LOWEST: v128 = f32x4.splat(-3.4028234663852886e38);
/** Where every activation has become a line, and $x^2$ is still a number. */
let FAR: v128 = f32x4.splat(100);
/** Infinity in every lane. */
let INFINITY: v128 = f32x4.splat(Infinity);
/** $6 \cdot 0.044715 \sqrt{2/\pi}$. */
let TANH_SLOPE: v128 = f32x4.splat(0.2140644488178);

/** $\Phi(x)$, and the exponential that the density shares with it: $e^{-x^2/2}$ in `bell`. */
// @inline
function normalShare(x: v128, bell: v128): v128 {
  const z = f32x4.mul(v128.andnot(x, SIGN), SQRT_HALF);
  const tail = f32x4.mul(HALF, f32x4.mul(bell, scaledErfc4(z)));
  return v128.bitselect(tail, f32x4.sub(ONE, tail), f32x4.lt(x, f32x4.splat(0)));
}

/** $e^{-x^2/2}$. */
// @inline
function bellOf(x: v128): v128 {
  return expNegative4(f32x4.mul(v128.xor(x, SIGN), f32x4.mul(x, HALF)));
}

/** $e^{-2u}$. */
// @inline
function tanhExponential(x: v128): v128 {
  return exp4(f32x4.mul(x, madd(f32x4.mul(x, x), TANH_CUBIC, TANH_LINEAR)));
}

/**
 * $\sigma + x \sigma (1 - \sigma) u$ from $e = 1 / \sigma - 1$.
 *
 * $1 - \sigma$ is $e \sigma$, which does not cancel where $\sigma$ is almost 1. Where $e$ is infinite, the slope is 0.
 */
// @inline
function sigmoidSlope(x: v128, e: v128, u: v128): v128 {
  const s = f32x4.div(ONE, f32x4.add(ONE, e));
  return v128.andnot(f32x4.mul(s, madd(f32x4.mul(x, u), f32x4.mul(e, s), ONE)), f32x4.eq(e, INFINITY));
}

/** An activation: four values, and what four slopes make of the arriving gradient. */
@unmanaged
class Relu {
  // @inline
  value(x: v128): v128 {
    return v128.andnot(x, f32x4.le(x, f32x4.splat(0)));
  }

  // @inline
  back(g: v128, x: v128): v128 {
    return v128.andnot(g, f32x4.le(x, f32x4.splat(0)));
  }
}

@unmanaged
class Silu {
  // @inline
  value(x: v128): v128 {
    return f32x4.div(max4(x, LOWEST), f32x4.add(ONE, exp4(v128.xor(x, SIGN))));
  }

  // @inline
  back(g: v128, x: v128): v128 {
    return f32x4.mul(g, sigmoidSlope(min4(x, FAR), exp4(v128.xor(x, SIGN)), ONE));
  }
}

@unmanaged
class Gelu {
  // @inline
  value(x: v128): v128 {
    return f32x4.mul(max4(x, LOWEST), normalShare(x, bellOf(x)));
  }

  // @inline
  back(g: v128, x: v128): v128 {
    const bell = bellOf(x), c = max4(min4(x, FAR), v128.xor(FAR, SIGN));
    return f32x4.mul(g, madd(f32x4.mul(c, DENSITY), bell, normalShare(x, bell)));
  }
}

@unmanaged
class GeluTanh {
  // @inline
  value(x: v128): v128 {
    return f32x4.div(max4(x, LOWEST), f32x4.add(ONE, tanhExponential(x)));
  }

  // @inline
  back(g: v128, x: v128): v128 {
    const c = min4(x, FAR), u = f32x4.sub(f32x4.mul(TANH_SLOPE, f32x4.mul(c, c)), TANH_LINEAR);
    return f32x4.mul(g, sigmoidSlope(c, tanhExponential(x), u));
  }
}

/** The activation that a class stands for: no object, but a name under which the compiler finds the functions. */
// @inline
function the<Activation>(): Activation {
  return changetype<Activation>(0);
}

/** Four values per turn; the remainder is a turn in scratch. */
function values<Activation>(y: usize, x: usize, n: i32, scratch: usize): void {
  const f = the<Activation>(), rest = n & 3;
  for (const end = x + (<usize> (n - rest) << 2); x < end; x += 16) {
    v128.store(y, f.value(v128.load(x)));
    y += 16;
  }
  if (rest == 0) return;
  v128.store(scratch, loadPart(x, rest, 0));
  values<Activation>(scratch, scratch, 4, scratch);
  storePart(y, v128.load(scratch), rest);
}

/** The same of gradients. */
function slopes<Activation>(dx: usize, x: usize, g: usize, n: i32, scratch: usize): void {
  const f = the<Activation>(), rest = n & 3;
  for (const end = x + (<usize> (n - rest) << 2); x < end; x += 16) {
    v128.store(dx, f.back(v128.load(g), v128.load(x)));
    dx += 16;
    g += 16;
  }
  if (rest == 0) return;
  v128.store(scratch, loadPart(x, rest, 0));
  v128.store(scratch + 16, loadPart(g, rest, 0));
  slopes<Activation>(scratch, scratch, scratch + 16, 4, scratch);
  storePart(dx, v128.load(scratch), rest);
}

/** Runs of an activation. */
export function activation(args: usize, from: i32, to: i32, scratch: usize): void {
  const count = integer(args, word.COUNT), which = integer(args, word.CODE);
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> (unit * RUN) << 2, n = min(RUN, count - unit * RUN);
    const y = pointer(args, word.TO) + skip, x = pointer(args, word.FROM) + skip;
    switch (which) {
      case code.ACTIVATION_RELU:
        values<Relu>(y, x, n, scratch);
        break;
      case code.ACTIVATION_SILU:
        values<Silu>(y, x, n, scratch);
        break;
      case code.ACTIVATION_GELU:
        values<Gelu>(y, x, n, scratch);
        break;
      case code.ACTIVATION_GELU_TANH:
        values<GeluTanh>(y, x, n, scratch);
        break;
      default:
        unreachable();
    }
  }
}

/** Runs of the gradient of an activation. */
export function activationBackward(args: usize, from: i32, to: i32, scratch: usize): void {
  const count = integer(args, word.COUNT), which = integer(args, word.CODE);
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> (unit * RUN) << 2, n = min(RUN, count - unit * RUN);
    const dx = pointer(args, word.TO) + skip, x = pointer(args, word.FROM) + skip;
    const g = pointer(args, word.GRADIENT) + skip;
    switch (which) {
      case code.ACTIVATION_RELU:
        slopes<Relu>(dx, x, g, n, scratch);
        break;
      case code.ACTIVATION_SILU:
        slopes<Silu>(dx, x, g, n, scratch);
        break;
      case code.ACTIVATION_GELU:
        slopes<Gelu>(dx, x, g, n, scratch);
        break;
      case code.ACTIVATION_GELU_TANH:
        slopes<GeluTanh>(dx, x, g, n, scratch);
        break;
      default:
        unreachable();
    }
  }
}
