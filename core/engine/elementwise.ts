/**
 * # Elementwise functions
 *
 * All calculus of the engine: one row for each elementwise function a device knows. Whatever is composed of these needs
 * no row of its own.
 *
 * A row says what the function is worth, in double precision, and what its slope is. The value is what the reference
 * device computes, and what every other device is measured against. The slope receives the arriving gradient
 * $g = \partial \ell / \partial y$, the arguments and the result $y$, and answers $g \cdot \partial y / \partial x$. It is a
 * formula like any other: recorded, it has slopes of its own. Where a function has no slope (a kink, a step) the row
 * answers with the subgradient named beside it.
 *
 * **To add a function,** name it in `operations.ts` and follow the errors: its row here, its formula in
 * `gpu/elementwise.ts`, its case in `wasm/assembly/elementwise.ts`, its row in `tests/cases.ts`.
 *
 * @module
 */

import type { ArithmeticOp, ComparisonOp, UnaryOp } from "./operations.ts";
import type { Tensor } from "./tensor.ts";

/** A function of one argument. */
export interface UnaryRule {
  /** The value at a number. */
  readonly value: (x: number) => number;
  /** The gradient of the argument. */
  readonly slope: (g: Tensor, x: Tensor, y: Tensor) => Tensor | undefined;
}

/** A function of two arguments; each gradient is asked for only if it is wanted. */
export interface BinaryRule {
  /** The value at two numbers. */
  readonly value: (a: number, b: number) => number;
  /** The value at two integers; int32 wraps around. */
  readonly integers: (a: number, b: number) => number;
  /** The gradient of the first argument. */
  readonly a: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor | undefined;
  /** The gradient of the second argument. */
  readonly b: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor | undefined;
}

const { PI, abs, exp, floor, pow, sqrt } = Math;

/**
 * The error function, to within a few units in the last place.
 *
 * Near zero by the series $\frac{2}{\sqrt\pi} e^{-x^2} \sum_n \frac{2^n x^{2n+1}}{(2n+1)!!}$, whose
 * terms are all of one sign and therefore lose nothing by cancelling. Far out as $1 - \mathrm{erfc}$,
 * by the continued fraction $\frac{e^{-x^2}}{\sqrt\pi} \cdot \frac{1}{x +} \frac{1/2}{x +} \frac{2/2}{x +} \cdots$
 */
function erf(x: number): number {
  const size = abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 1.5) {
    let term = x, sum = x;
    for (let n = 1; abs(term) > abs(sum) * 1e-17; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / sqrt(PI) * exp(-x * x) * sum;
  }
  let fraction = size;
  for (let n = 100; n >= 1; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - exp(-x * x) / sqrt(PI) / fraction);
}

/** The logistic function; $e$ is only raised to negative powers and cannot overflow. */
function sigmoid(x: number): number {
  const small = exp(-abs(x));
  return (x < 0 ? small : 1) / (1 + small);
}

function plus(a: number, b: number): number {
  return a + b;
}

function minus(a: number, b: number): number {
  return a - b;
}

/** The power as IEEE 754 has it, where one to whatever power stays one. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && abs(exponent) === Infinity)) return 1;
  return pow(base, exponent);
}

/** The remainder that has the sign of the divisor. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** A power of integers by repeated squaring, wrapping around. */
function integerPower(base: number, exponent: number): number {
  let result = 1;
  for (let square = base; exponent > 0; exponent = floor(exponent / 2)) {
    if (exponent % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

/** $2/\sqrt\pi$, the slope of the error function at zero. */
const ERF_SLOPE = 2 / sqrt(PI);

/** The gradient of `high` where the greater counts: half where both are equal, none where `high` is the lesser. */
function passed(g: Tensor, low: Tensor, high: Tensor): Tensor {
  return g.mul(0.5).where(low.equal(high), g).where(high.less(low).not(), 0);
}

/** Functions of one argument. */
export const unaryRules: Readonly<Record<UnaryOp, UnaryRule>> = {
  neg: { value: (x) => -x, slope: (g) => g.neg() },
  abs: { value: abs, slope: (g, x) => g.mul(x.sign()) }, // 0 at 0
  sign: { value: Math.sign, slope: () => undefined },
  floor: { value: floor, slope: () => undefined },
  exp: { value: exp, slope: (g, _x, y) => g.mul(y) },
  log: { value: Math.log, slope: (g, x) => g.div(x) },
  log1p: { value: Math.log1p, slope: (g, x) => g.div(x.add(1)) },
  sqrt: { value: sqrt, slope: (g, _x, y) => g.div(y.mul(2)) },
  sin: { value: Math.sin, slope: (g, x) => g.mul(x.cos()) },
  cos: { value: Math.cos, slope: (g, x) => g.mul(x.sin().neg()) },
  tanh: { value: Math.tanh, slope: (g, _x, y) => g.mul(y.square().neg().add(1)) },
  sigmoid: { value: sigmoid, slope: (g, _x, y) => g.mul(y).mul(y.neg().add(1)) },
  erf: { value: erf, slope: (g, x) => g.mul(x.square().neg().exp()).mul(ERF_SLOPE) },
};

/** Functions of two arguments. */
export const binaryRules: Readonly<Record<ArithmeticOp, BinaryRule>> = {
  add: { value: plus, integers: plus, a: (g) => g, b: (g) => g },
  sub: { value: minus, integers: minus, a: (g) => g, b: (g) => g.neg() },
  mul: { value: (a, b) => a * b, integers: Math.imul, a: (g, _a, b) => g.mul(b), b: (g, a) => g.mul(a) },
  div: {
    value: (a, b) => a / b,
    integers: (a, b) => floor(a / b),
    a: (g, _a, b) => g.div(b),
    b: (g, _a, b, y) => g.mul(y).div(b).neg(),
  },
  pow: {
    value: power,
    integers: integerPower,
    // $b = 0$ has slope 0 everywhere, also where $a^{b-1}$ does not exist; neither it nor its slope must be met.
    a: (g, a, b) => {
      const bends = b.notEqual(0);
      return g.mul(b.mul(a.pow(b.sub(1).where(bends, 1))).where(bends, 0));
    },
    // $0^b$ is flat for $b > 0$; $\log 0$ must not reach it.
    b: (g, a, _b, y) => {
      const some = a.notEqual(0);
      return g.mul(y.mul(a.where(some, 1).log()).where(some, 0));
    },
  },
  // Equal arguments share the gradient; NaN passes it to both.
  max: {
    value: Math.max,
    integers: Math.max,
    a: (g, a, b) => passed(g, b, a),
    b: (g, a, b) => passed(g, a, b),
  },
  min: {
    value: Math.min,
    integers: Math.min,
    a: (g, a, b) => passed(g, a, b),
    b: (g, a, b) => passed(g, b, a),
  },
  mod: { value: remainder, integers: remainder, a: (g) => g, b: (g, a, b) => g.mul(a.div(b).floor()).neg() },
};

/** Comparisons: 1 where they hold. They have no slope. */
export const comparisonRules: Readonly<Record<ComparisonOp, (a: number, b: number) => number>> = {
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
};
