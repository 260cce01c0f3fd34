/**
 * # The table of derivatives
 *
 * All calculus of the engine: one row for each elementwise function a device knows. Whatever
 * is composed of these needs no row of its own.
 *
 * A row receives the arriving gradient $g = \partial \ell / \partial y$, the arguments and the
 * result $y$, and answers $g \cdot \partial y / \partial x$. Where a function has no slope
 * (a kink, a step) the row answers with the subgradient named beside it.
 *
 * @module
 */

import type { ArithmeticOp, UnaryOp } from "./backend.ts";
import type { Tensor } from "./tensor.ts";

/** Gradient of a function of one argument. */
export type UnaryRule = (g: Tensor, x: Tensor, y: Tensor) => Tensor | undefined;

/** Gradients of a function of two arguments; each is asked for only if it is wanted. */
export interface BinaryRule {
  /** With respect to the first argument. */
  readonly a: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor | undefined;
  /** With respect to the second argument. */
  readonly b: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor | undefined;
}

/** $2/\sqrt\pi$, the slope of the error function at zero. */
const ERF_SLOPE = 2 / Math.sqrt(Math.PI);

/** Functions of one argument. */
export const unaryRules: Readonly<Record<UnaryOp, UnaryRule>> = {
  neg: (g) => g.neg(),
  abs: (g, x) => g.mul(x.sign()), // 0 at 0
  sign: () => undefined,
  floor: () => undefined,
  exp: (g, _x, y) => g.mul(y),
  log: (g, x) => g.div(x),
  log1p: (g, x) => g.div(x.add(1)),
  sqrt: (g, _x, y) => g.div(y.mul(2)),
  sin: (g, x) => g.mul(x.cos()),
  cos: (g, x) => g.mul(x.sin().neg()),
  tanh: (g, _x, y) => g.mul(y.square().neg().add(1)),
  sigmoid: (g, _x, y) => g.mul(y).mul(y.neg().add(1)),
  erf: (g, x) => g.mul(x.square().neg().exp()).mul(ERF_SLOPE),
};

/** Functions of two arguments. */
export const binaryRules: Readonly<Record<ArithmeticOp, BinaryRule>> = {
  add: { a: (g) => g, b: (g) => g },
  sub: { a: (g) => g, b: (g) => g.neg() },
  mul: { a: (g, _a, b) => g.mul(b), b: (g, a) => g.mul(a) },
  div: { a: (g, _a, b) => g.div(b), b: (g, _a, b, y) => g.mul(y).div(b).neg() },
  pow: {
    // $b = 0$ has slope 0 everywhere, also where $a^{b-1}$ does not exist.
    a: (g, a, b) => g.mul(b.mul(a.pow(b.sub(1))).where(b.notEqual(0), 0)),
    // $0^b$ is flat for $b > 0$; $\log 0$ must not reach it.
    b: (g, a, _b, y) => g.mul(y.mul(a.log()).where(a.notEqual(0), 0)),
  },
  // Equal arguments share the gradient.
  max: {
    a: (g, a, b) => g.mul(share(b, a)),
    b: (g, a, b) => g.mul(share(a, b)),
  },
  min: {
    a: (g, a, b) => g.mul(share(a, b)),
    b: (g, a, b) => g.mul(share(b, a)),
  },
  mod: { a: (g) => g, b: (g, a, b) => g.mul(a.div(b).floor()).neg() },
};

/** 1 where `low < high`, one half where they are equal, 0 elsewhere. */
function share(low: Tensor, high: Tensor): Tensor {
  const strict = low.less(high).cast("float32");
  return strict.add(low.equal(high).cast("float32").mul(0.5));
}
