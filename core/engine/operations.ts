/**
 * # Operations and their codes
 *
 * Every function that a device computes element by element, or over axes, has a name and a code. Chapters use neither:
 * a `Tensor` has methods. Devices are asked by name; kernels, which know nothing but numbers, by code.
 *
 * This is the one list of both. `elementwise.ts` says what each function of one or two arguments computes and what its
 * slope is, chapters say it of activations; `deno task wasm` writes the codes down for the kernels, and fails where a
 * kernel has no case for one.
 *
 * @module
 */

/** Elementwise functions of one float32 argument, yielding float32. */
export type UnaryOp =
  | "neg"
  | "abs"
  | "sign"
  | "floor"
  | "exp"
  | "log"
  | "log1p"
  | "sqrt"
  | "sin"
  | "cos"
  | "tanh"
  | "sigmoid"
  | "erf";

/** Elementwise functions of two arguments of one dtype, float32 or int32, which they yield. */
export type ArithmeticOp = "add" | "sub" | "mul" | "div" | "pow" | "max" | "min" | "mod";

/** Comparisons of two arguments of equal dtype, yielding bool. A comparison with NaN is false, `notEqual` true. */
export type ComparisonOp = "equal" | "notEqual" | "less" | "lessEqual";

/** Elementwise functions of two arguments, after broadcasting. */
export type BinaryOp = ArithmeticOp | ComparisonOp;

/**
 * Ways to collapse axes.
 *
 * `argmax` yields int32, the first of equal maxima; the others yield the dtype of their argument.
 */
export type ReduceOp = "sum" | "max" | "min" | "argmax";

/**
 * Activations that devices have kernels of.
 *
 * They are defined by {@linkcode relu}, {@linkcode silu}, {@linkcode gelu} and {@linkcode geluTanh}. A name here asks
 * for a class of the CPU's kernels, two functions of the GPU's, and its rows among the tests of fused kernels.
 */
export type ActivationName = "relu" | "silu" | "gelu" | "geluTanh";

/** Codes of the functions of one argument. */
export const UNARY: Readonly<Record<UnaryOp, number>> = {
  neg: 0,
  abs: 1,
  sign: 2,
  floor: 3,
  exp: 4,
  log: 5,
  log1p: 6,
  sqrt: 7,
  sin: 8,
  cos: 9,
  tanh: 10,
  sigmoid: 11,
  erf: 12,
};

/** Codes of arithmetic. */
export const ARITHMETIC: Readonly<Record<ArithmeticOp, number>> = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  pow: 4,
  max: 5,
  min: 6,
  mod: 7,
};

/** Codes of comparisons; they come after those of arithmetic. */
export const COMPARISON: Readonly<Record<ComparisonOp, number>> = { equal: 8, notEqual: 9, less: 10, lessEqual: 11 };

/** Codes of the ways to collapse axes. */
export const REDUCTION: Readonly<Record<ReduceOp, number>> = { sum: 0, max: 1, min: 2, argmax: 3 };

/** Codes of the activations. */
export const ACTIVATION: Readonly<Record<ActivationName, number>> = { relu: 0, silu: 1, gelu: 2, geluTanh: 3 };

/** The same function for each activation, by its name. */
export function eachActivation<Value>(make: (name: ActivationName) => Value): Record<ActivationName, Value> {
  const names = Object.keys(ACTIVATION) as ActivationName[];
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<ActivationName, Value>;
}

/** Whether an operation compares, so that its result is bool. */
export function isComparison(op: BinaryOp): op is ComparisonOp {
  return op in COMPARISON;
}

/** The code of a function of two arguments. */
export function binaryCode(op: BinaryOp): number {
  return isComparison(op) ? COMPARISON[op] : ARITHMETIC[op];
}
