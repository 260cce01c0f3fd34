/**
 * # One table of cases
 *
 * Each case names an operation on inputs of an awkward size, and says how to run it. One row serves every measure:
 *
 * - `tests/engine/backends_test.ts`: each device agrees with the reference device;
 * - `tests/engine/gradients_test.ts`: gradients agree with central differences.
 *
 * The table goes on in `fused_cases.ts`, functions that devices have kernels for, and in `timed_cases.ts`, the rows that
 * `bench/` times.
 *
 * Sizes sit at the borders of vector registers and blocks (0, 1, 15, 16, 17, 63, 64, 65,
 * 1000), and inputs come as transposed, sliced, repeated and windowed views.
 *
 * **To add an operation,** add a row here, without which this file does not compile: it is then tested on every device.
 *
 * @module
 */

import {
  averagePool1d,
  averagePool2d,
  conv1d,
  conv2d,
  type ConvolutionOptions,
  maxPool1d,
  maxPool2d,
} from "../core/engine/convolution.ts";
import { dropout } from "../core/engine/dropout.ts";
import { linear } from "../core/engine/weight.ts";
import { softplus } from "../core/06_training/loss.ts";
import { lowerTriangle, zeros } from "../core/engine/create.ts";
import { einsum } from "../core/engine/einsum.ts";
import { gather, oneHot, scatter, take } from "../core/engine/indexing.ts";
import { concat, flip, pad, roll, split, stack } from "../core/engine/joining.ts";
import { argsort, sort, topK } from "../core/engine/sorting.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import type { ArithmeticOp, ComparisonOp, ReduceOp, UnaryOp } from "../core/engine/operations.ts";
import { Random } from "../core/engine/random.ts";
import type { Closeness, Draws, HostArray } from "./support.ts";

/** An operation on inputs of one size. */
export interface Case {
  /** Operation and size; no two cases share a name. */
  readonly name: string;
  /** Draws the inputs. */
  readonly inputs: (draws: Draws) => readonly HostArray[];
  /** Runs the operation on tensors of these inputs. */
  readonly run: (...inputs: Tensor[]) => Tensor;
  /** How close a float32 device comes to the reference; by default rtol 1e-4 and atol 1e-5. */
  readonly closeness?: Closeness;
  /** False where no gradient is meant to flow, although the result is float32. */
  readonly differentiable?: boolean;
  /** Floating-point operations, where they are so many that differences take too long. */
  readonly flops?: number;
}

/** Extents at the borders of registers and blocks. */
export const sizes: readonly number[] = [0, 1, 15, 16, 17, 63, 64, 65, 1000];

/** The result is the float32 number nearest to the true one. */
const nearest: Closeness = { tolerance: 0.5 };
/** The result is within a few units in the last place. */
const few: Closeness = { tolerance: 4, atol: 1e-38 };

/** A way to look at some elements. */
interface Layout {
  readonly name: string;
  readonly shape: readonly number[];
  readonly view: (x: Tensor) => Tensor;
}

const whole = (x: Tensor): Tensor => x;

/** The awkward sizes as vectors, and every kind of view. */
const layouts: readonly Layout[] = [
  ...sizes.map((n) => ({ name: `[${n}]`, shape: [n], view: whole })),
  { name: "a scalar", shape: [], view: whole },
  { name: "[3, 0, 2]", shape: [3, 0, 2], view: whole },
  { name: "[5, 7]", shape: [5, 7], view: whole },
  { name: "[17, 33] transposed", shape: [33, 17], view: (x) => x.transpose() },
  { name: "[9, 20] sliced", shape: [9, 20], view: (x) => x.slice(0, 1, 8, 2).slice(1, 3, -1) },
  { name: "[17] from an odd offset", shape: [20], view: (x) => x.slice(0, 3) },
  { name: "[6, 17] repeated rows", shape: [1, 17], view: (x) => x.expand([6, 17]) },
  { name: "[17, 6] repeated columns", shape: [17, 1], view: (x) => x.expand([17, 6]) },
  { name: "[2, 4, 3, 16] permuted", shape: [2, 3, 4, 16], view: (x) => x.permute([0, 2, 1, 3]) },
  { name: "[8, 5] windows", shape: [20], view: (x) => x.unfold(0, 5, 2) },
];

// ## Elementwise

type Draw = (draws: Draws, ...shape: number[]) => HostArray;
const anywhere: Draw = (draws, ...shape) => draws.normal(...shape);
const positive: Draw = (draws, ...shape) => draws.uniform(0.1, 4, ...shape);
/** What is drawn, the operation, how close. */
type Unary = readonly [Draw, (x: Tensor) => Tensor, Closeness];

const unaryOperations: Readonly<Record<UnaryOp, Unary>> = {
  neg: [anywhere, (x) => x.neg(), nearest],
  abs: [anywhere, (x) => x.abs(), nearest],
  sign: [anywhere, (x) => x.sign(), nearest],
  floor: [anywhere, (x) => x.floor(), nearest],
  exp: [anywhere, (x) => x.exp(), few],
  log: [positive, (x) => x.log(), { ...few, atol: 1e-7 }],
  log1p: [positive, (x) => x.log1p(), few],
  sqrt: [positive, (x) => x.sqrt(), nearest],
  sin: [anywhere, (x) => x.sin(), { ...few, atol: 1e-7 }],
  cos: [anywhere, (x) => x.cos(), { ...few, atol: 1e-7 }],
  tanh: [anywhere, (x) => x.tanh(), few],
  sigmoid: [anywhere, (x) => x.sigmoid(), few],
  erf: [anywhere, (x) => x.erf(), few],
};

const unary: Readonly<Record<string, Unary>> = {
  ...unaryOperations,
  relu: [anywhere, (x) => x.relu(), nearest],
  square: [anywhere, (x) => x.square(), nearest],
  clamp: [anywhere, (x) => x.clamp(-0.5, 1), nearest],
};

const unaryCases: readonly Case[] = Object.entries(unary).flatMap(([op, [draw, apply, closeness]]) =>
  layouts.map(({ name, shape, view }) => ({
    name: `${op}() of ${name}`,
    inputs: (draws: Draws) => [draw(draws, ...shape)],
    run: (x: Tensor) => apply(view(x)),
    closeness,
  }))
);

type Operator = (a: Tensor, b: Tensor | number) => Tensor;

/** What is drawn left and right, the operation, how close, and its name where the method has another. */
type Binary = readonly [Draw, Draw, Operator, Closeness, string?];

const arithmetic: Readonly<Record<ArithmeticOp, Binary>> = {
  add: [anywhere, anywhere, (a, b) => a.add(b), { ...nearest, atol: 1e-7 }],
  sub: [anywhere, anywhere, (a, b) => a.sub(b), { ...nearest, atol: 1e-7 }],
  mul: [anywhere, anywhere, (a, b) => a.mul(b), nearest],
  div: [anywhere, positive, (a, b) => a.div(b), nearest],
  pow: [positive, anywhere, (a, b) => a.pow(b), { tolerance: 16 }],
  max: [anywhere, anywhere, (a, b) => a.maximum(b), nearest, "maximum"],
  min: [anywhere, anywhere, (a, b) => a.minimum(b), nearest, "minimum"],
  mod: [anywhere, positive, (a, b) => a.mod(b), { tolerance: 4, scale: 4 }],
};

const binary = Object.entries(arithmetic).map(([op, [drawA, drawB, apply, closeness, name = op]]) =>
  [name, drawA, drawB, apply, closeness] as const
);

const comparisonOperations: Readonly<Record<ComparisonOp, Operator>> = {
  equal: (a, b) => a.equal(b),
  notEqual: (a, b) => a.notEqual(b),
  less: (a, b) => a.less(b),
  lessEqual: (a, b) => a.lessEqual(b),
};

const comparisons: readonly (readonly [string, Operator])[] = [
  ...Object.entries(comparisonOperations),
  ["greater", (a, b) => a.greater(b)],
  ["greaterEqual", (a, b) => a.greaterEqual(b)],
];

/** Two views that are used together. */
interface Pair {
  readonly name: string;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly viewA?: (x: Tensor) => Tensor;
  readonly viewB?: (x: Tensor) => Tensor;
}

const pairs: readonly Pair[] = [
  ...sizes.map((n) => ({ name: `[${n}] and [${n}]`, a: [n], b: [n] })),
  ...sizes.map((n) => ({ name: `[3, ${n}] and [${n}]`, a: [3, n], b: [n] })),
  { name: "two scalars", a: [], b: [] },
  { name: "a scalar and [3, 17]", a: [], b: [3, 17] },
  { name: "[5, 16] and [5, 1]", a: [5, 16], b: [5, 1] },
  { name: "[5, 1] and [1, 17]", a: [5, 1], b: [1, 17] },
  { name: "[2, 1, 4, 1] and [3, 1, 5]", a: [2, 1, 4, 1], b: [3, 1, 5] },
  { name: "[0, 3] and [3]", a: [0, 3], b: [3] },
  { name: "[1, 3] and [0, 3]", a: [1, 3], b: [0, 3] },
  { name: "[16, 17] and transposed", a: [16, 17], b: [17, 16], viewB: (x) => x.transpose() },
  {
    name: "transposed and transposed",
    a: [5, 65],
    b: [5, 65],
    viewA: (x) => x.transpose(),
    viewB: (x) => x.transpose(),
  },
  {
    name: "two slices",
    a: [9, 20],
    b: [30, 4],
    viewA: (x) => x.slice(1, 3).slice(0, 0, 8, 2),
    viewB: (x) => x.slice(0, 13).transpose(),
  },
  { name: "windows and a column", a: [40], b: [17, 1], viewA: (x) => x.unfold(0, 8, 2) },
];

function pairCases(
  op: string,
  drawA: Draw,
  drawB: Draw,
  apply: (a: Tensor, b: Tensor) => Tensor,
  closeness: Closeness,
  chosen: readonly Pair[] = pairs,
): Case[] {
  return chosen.map(({ name, a, b, viewA = whole, viewB = whole }) => ({
    name: `${op}() of ${name}`,
    inputs: (draws) => [drawA(draws, ...a), drawB(draws, ...b)],
    run: (x, y) => apply(viewA(x!), viewB(y!)),
    closeness,
  }));
}

const small: Draw = (draws, ...shape) => draws.integers(-9, 10, ...shape);
const natural: Draw = (draws, ...shape) => draws.integers(1, 6, ...shape);
const coarse: Draw = (draws, ...shape) => draws.coarse(...shape);
const coins: Draw = (draws, ...shape) => draws.booleans(0.5, ...shape);
const someShapes = ["[17] and [17]", "[1000] and [1000]", "[0] and [0]", "[5, 1] and [1, 17]", "two slices"];
const somePairs = pairs.filter(({ name }) => someShapes.includes(name));

const binaryCases: readonly Case[] = [
  ...binary.flatMap(([op, drawA, drawB, apply, closeness]) => [
    ...pairCases(op, drawA, drawB, apply, closeness),
    {
      name: `${op}() of [65] and a number`,
      inputs: (draws: Draws) => [drawA(draws, 65)],
      run: (x: Tensor) => apply(x, 1.5),
      closeness,
    },
  ]),
  ...binary.filter(([op]) => op !== "pow").flatMap(([op, , , apply]) =>
    pairCases(`int32 ${op}`, small, natural, apply, nearest, somePairs)
  ),
  ...comparisons.flatMap(([op, apply]) => [
    ...pairCases(op, coarse, coarse, apply, nearest, pairs),
    ...pairCases(`int32 ${op}`, small, small, apply, nearest, somePairs),
  ]),
  ...pairCases("bool equal", coins, coins, (a, b) => a.equal(b), nearest, somePairs),
  ...pairCases("bool notEqual", coins, coins, (a, b) => a.notEqual(b), nearest, somePairs),
  ...pairCases("and", coins, coins, (a, b) => a.and(b), nearest, somePairs),
  ...pairCases("or", coins, coins, (a, b) => a.or(b), nearest, somePairs),
  ...pairCases("not", coins, coins, (a) => a.not(), nearest, somePairs),
  ...pairCases("where", anywhere, anywhere, (a, b) => a.where(a.less(b), b), nearest),
  ...pairCases("int32 where", small, small, (a, b) => a.where(a.less(b), b), nearest, somePairs),
  ...pairCases("bool where", coins, coins, (a, b) => a.where(b, a.not()), nearest, somePairs),
  {
    name: "where() with a broadcast mask and a number",
    inputs: (draws) => [draws.normal(3, 1, 17), draws.booleans(0.5, 5, 1)],
    run: (x, mask) => x!.where(mask!, -Infinity).maximum(-2),
    closeness: nearest,
  },
  {
    name: "int32 neg() and abs()",
    inputs: (d) => [d.integers(-9, 9, 65)],
    run: (x) => x.neg().abs(),
    closeness: nearest,
  },
  ...(["float32", "int32", "bool"] as const).flatMap((from) =>
    (["float32", "int32", "bool"] as const).map((to): Case => ({
      name: `cast() from ${from} to ${to}`,
      inputs: (
        d,
      ) => [
        from === "float32" ? d.coarse(9, 17) : from === "int32" ? d.integers(-2, 3, 9, 17) : d.booleans(0.5, 9, 17),
      ],
      run: (x) => x.transpose().slice(0, 1).cast(to),
      closeness: nearest,
    }))
  ),
];

// ## Copies and views

/** Rounded by a few additions of numbers around 1. */
const summed: Closeness = { tolerance: 1, length: 16 };

/** The name, the shape of the input, the operation, and how close; moves are exact. */
const structural: readonly [string, readonly number[], (x: Tensor) => Tensor, Closeness?][] = [
  ["contiguous() of transposed [65, 17]", [65, 17], (x) => x.transpose().contiguous()],
  ["contiguous() of permuted [2, 3, 4, 5]", [2, 3, 4, 5], (x) => x.permute([3, 1, 0, 2]).contiguous()],
  ["reshape() of a transposed view", [6, 10], (x) => x.transpose().reshape([4, -1])],
  ["reshape() of nothing", [0, 4], (x) => x.reshape([2, 0])],
  ["slice() with a step", [64, 5], (x) => x.slice(0, 1, 60, 7)],
  ["slice() to nothing", [5, 3], (x) => x.slice(0, 4, 2)],
  ["at() of both ends", [5, 16], (x) => x.at(0, -1).add(x.at(0, 0)), summed],
  ["expand() to [3, 17, 5]", [17, 1], (x) => x.expand([3, 17, 5]).contiguous()],
  ["expand() of a scalar to [0, 2]", [], (x) => x.expand([0, 2])],
  ["unsqueeze() and squeeze()", [3, 4], (x) => x.unsqueeze(1).mul(2).squeeze(1)],
  ["flatten() of inner axes", [2, 3, 4, 5], (x) => x.transpose(0, 1).flatten(1, 2)],
  ["unfold() with overlap", [3, 33], (x) => x.unfold(1, 4, 1).contiguous()],
  ["unfold() with step and dilation", [33, 2], (x) => x.unfold(0, 3, 2, 4).contiguous()],
  ["diagonal() of [2, 5, 5]", [2, 5, 5], (x) => x.diagonal().mul(1)],
  ["a view of a view of a view", [8, 9, 10], (x) => x.slice(1, 2, 8).transpose(0, 2).at(1, 3).slice(0, 1, -1, 2)],
  ["flip() along the last axis", [3, 17], (x) => flip(x, -1)],
  ["flip() along the first axis", [16, 3], (x) => flip(x, 0)],
  ["roll() forwards", [3, 17], (x) => roll(x, 5, 1)],
  ["roll() backwards", [17, 2], (x) => roll(x, -3, 0)],
  ["pad() with zeros", [3, 15], (x) => pad(x, [[1, 0], [2, 3]])],
  ["pad() with a value", [3, 15], (x) => pad(x.transpose(), [[0, 4], [1, 1]], -1.5)],
  ["cumulativeSum() of [1000]", [1000], (x) => x.cumulativeSum(0), { tolerance: 1, length: 1000 }],
  ["cumulativeSum() of [3, 65]", [3, 65], (x) => x.cumulativeSum(-1), summed],
  ["cumulativeSum() along the first axis", [17, 5], (x) => x.cumulativeSum(0), summed],
  ["cumulativeSum() of one", [1], (x) => x.cumulativeSum(0)],
  ["cumulativeSum() of nothing", [2, 0], (x) => x.cumulativeSum(1)],
  ["softplus()", [65], (x) => softplus(x.mul(20)), summed],
  [
    "split() into counts",
    [3, 17],
    (x) => split(x, [5, 0, 12], 1).reduce((a, part) => a.add(part.sum()), x.sum()),
    summed,
  ],
  ["split() into equal parts", [12, 5], (x) => split(x, 3, 0).reduce((a, part) => a.mul(part)), summed],
  ["stack() of a tensor and itself", [3, 5], (x) => stack([x, x.mul(2), x], 1)],
  ["concat() of a tensor and itself", [3, 5], (x) => concat([x, x, x.slice(1, 1, 3)], 1)],
  ["lowerTriangle() as a mask", [7, 9], (x) => x.where(lowerTriangle(7, 9, 2), 0)],
];

const structuralCases: readonly Case[] = [
  ...structural.map(([name, shape, run, closeness = nearest]) => ({
    name,
    inputs: (draws: Draws) => [draws.normal(...shape)],
    run: (x: Tensor) => run(x),
    closeness,
  })),
  ...sizes.map((n): Case => ({
    name: `concat() of [3, ${n}] and [3, 2]`,
    inputs: (d) => [d.normal(3, n), d.normal(2, 3)],
    run: (a, b) => concat([a!, b!.transpose()], 1),
    closeness: nearest,
  })),
  {
    name: "concat() of int32",
    inputs: (d) => [d.integers(0, 9, 2, 3), d.integers(0, 9, 4, 3)],
    run: (a, b) => concat([a!, b!], 0),
    closeness: nearest,
  },
  {
    name: "assign() into a slice",
    inputs: (d) => [d.normal(4, 17), d.normal(17)],
    run: (x, y) => {
      const target = x!.detach().clone();
      target.slice(0, 1, 4, 2).assign(y!.detach());
      return target;
    },
    closeness: nearest,
    differentiable: false,
  },
];

// ## Reductions

/** A reduction, and whether it has a value for nothing. */
type Reduction = readonly [(x: Tensor, axes: number[] | undefined, keepDims: boolean) => Tensor, boolean];

/** `argmax` yields places and has rows of its own. */
const reductionOperations: Readonly<Record<Exclude<ReduceOp, "argmax">, Reduction>> = {
  sum: [(x, axes, keepDims) => x.sum(axes, { keepDims }), true],
  max: [(x, axes, keepDims) => x.max(axes, { keepDims }), false],
  min: [(x, axes, keepDims) => x.min(axes, { keepDims }), false],
};

const reductions: Readonly<Record<string, Reduction>> = {
  ...reductionOperations,
  mean: [(x, axes, keepDims) => x.mean(axes, { keepDims }), false],
  variance: [(x, axes, keepDims) => x.variance(axes, { keepDims }), false],
  "sample variance": [(x, axes, keepDims) => x.variance(axes, { correction: 1, keepDims }), false],
  logSumExp: [(x, axes, keepDims) => x.logSumExp(axes, { keepDims }), false],
};

const axisChoices: readonly (number[] | undefined)[] = [undefined, [0], [1], [2], [0, 1], [0, 2], [-1, 1], [0, 1, 2]];
const reducible: readonly Layout[] = [
  { name: "[3, 4, 5]", shape: [3, 4, 5], view: whole },
  { name: "permuted [17, 3, 16]", shape: [3, 16, 17], view: (x) => x.permute([2, 0, 1]) },
];

const reductionCases: readonly Case[] = [
  ...Object.entries(reductions).flatMap(([op, [apply, ofNothing]]): Case[] => [
    ...reducible.flatMap(({ name, shape, view }) =>
      axisChoices.map((axes, i) => ({
        name: `${op}() of ${name} over ${axes ? `[${axes}]` : "all axes"}`,
        inputs: (draws: Draws) => [draws.normal(...shape)],
        run: (x: Tensor) => apply(view(x), axes, i % 2 === 0),
        closeness: { tolerance: 2, length: 816 },
      }))
    ),
    ...sizes.filter((n) => n > 1 || ofNothing || (n === 1 && op !== "sample variance")).flatMap((n) => [
      {
        name: `${op}() of each row of [7, ${n}]`,
        inputs: (draws: Draws) => [draws.normal(7, n)],
        run: (x: Tensor) => apply(x, [1], false),
        closeness: { tolerance: 2, length: n },
      },
      {
        name: `${op}() of each column of [${n}, 3]`,
        inputs: (draws: Draws) => [draws.normal(n, 3)],
        run: (x: Tensor) => apply(x, [0], true),
        closeness: { tolerance: 2, length: n },
      },
    ]),
    {
      name: `${op}() of no rows`,
      inputs: () => [],
      run: () => apply(zeros([0, 3]), [1], false),
    },
  ]),
  ...["sum", "max", "min"].map((op, i): Case => ({
    name: `int32 ${op}() of transposed [17, 5]`,
    inputs: (d) => [d.integers(-99, 99, 5, 17)],
    run: (x) => [x.transpose().sum(1), x.transpose().max(0), x.transpose().min(-1)][i]!,
    closeness: nearest,
  })),
  ...[0, 1, 2].flatMap((axis): Case[] => [
    { name: `argmax() along axis ${axis}`, inputs: (d) => [d.normal(5, 16, 17)], run: (x) => x.argmax(axis) },
    {
      name: `argmax() among ties along axis ${axis}`,
      inputs: (d) => [d.coarse(5, 16, 17)],
      run: (x) => x.argmax(axis, { keepDims: true }),
    },
  ]),
  { name: "argmax() of [1000]", inputs: (d) => [d.normal(1000)], run: (x) => x.argmax() },
  { name: "int32 argmax()", inputs: (d) => [d.integers(-9, 9, 4, 65)], run: (x) => x.argmax() },
  {
    name: "logSumExp() of logits at ±1e4",
    inputs: (d) => [d.normal(5, 17)],
    run: (x) => x.mul(1e4).logSumExp(1),
    closeness: { tolerance: 8 },
    differentiable: false, // its curvature is beyond differences
  },
];

// ## Products

/** Rows, inner extent, columns. */
const products: readonly [number, number, number][] = [
  [1, 1, 1],
  [15, 16, 17],
  [17, 15, 16],
  [16, 64, 63],
  [65, 63, 17],
  [1, 65, 64],
  [64, 17, 1],
  [3, 1000, 5],
  [5, 3, 130],
  [130, 2, 3],
  [0, 4, 5],
  [4, 0, 5],
  [4, 5, 0],
];

const productLayouts: readonly [string, (shape: number[]) => number[], (x: Tensor) => Tensor][] = [
  ["whole", (shape) => shape, whole],
  ["transposed", ([rows, columns]) => [columns!, rows!], (x) => x.transpose()],
  ["sliced", ([rows, columns]) => [rows! + 2, columns! + 3], (x) => x.slice(0, 1, -1).slice(1, 3)],
  ["stepped", ([rows, columns]) => [rows!, columns! * 2], (x) => x.slice(1, 0, undefined, 2)],
];

const productCases: readonly Case[] = [
  ...products.flatMap(([M, K, N]) =>
    productLayouts.flatMap(([nameA, shapeA, viewA], i) =>
      productLayouts.filter((_, j) => i === 0 || j === 0 || i === j).map(([nameB, shapeB, viewB]): Case => ({
        name: `matmul() of ${nameA} [${M}, ${K}] and ${nameB} [${K}, ${N}]`,
        inputs: (d) => [d.normal(...shapeA([M, K])), d.normal(...shapeB([K, N]))],
        run: (a, b) => viewA(a!).matmul(viewB(b!)),
        closeness: { tolerance: 2, length: K + 1 },
      }))
    )
  ),
  ...([
    ["a batch", [2, 3, 5, 16], [2, 3, 16, 7]],
    ["a batch and one matrix", [4, 5, 17], [17, 6]],
    ["one matrix and a batch", [5, 17], [4, 17, 6]],
    ["broadcast batches", [2, 1, 5, 4], [3, 4, 6]],
    ["an empty batch", [0, 5, 4], [0, 4, 6]],
    ["two vectors", [65], [65]],
    ["a vector and a matrix", [17], [17, 5]],
    ["a matrix and a vector", [5, 17], [17]],
    ["a batch and a vector", [2, 3, 5, 17], [17]],
    ["a vector and a batch", [17], [2, 17, 5]],
  ] as const).map(([name, a, b]): Case => ({
    name: `matmul() of ${name}`,
    inputs: (d) => [d.normal(...a), d.normal(...b)],
    run: (x, y) => x!.matmul(y!),
    closeness: { tolerance: 1, length: 65 },
  })),
  {
    name: "matmul() of queries and keys with heads side by side",
    inputs: (d) => [d.normal(2, 9, 3, 16), d.normal(2, 11, 3, 16)],
    run: (q, k) => q!.transpose(1, 2).matmul(k!.permute([0, 2, 3, 1])),
    closeness: { tolerance: 1, length: 16 },
  },
  {
    name: "matmul() of a repeated row",
    inputs: (d) => [d.normal(1, 17), d.normal(17, 5)],
    run: (a, b) => a!.expand([6, 17]).matmul(b!),
    closeness: { tolerance: 1, length: 17 },
  },
  ...[64, 256].map((n): Case => ({
    name: `matmul() of [${n}, ${n}] and [${n}, ${n}]`,
    inputs: (d) => [d.normal(n, n), d.normal(n, n)],
    run: (a, b) => a!.matmul(b!),
    closeness: { tolerance: 2, length: n },
    flops: 2 * n ** 3,
  })),
  ...([
    ["ij,jk->ik", [5, 17], [17, 3]],
    ["ij,kj->ik", [5, 17], [3, 17]],
    ["i,j->ij", [5], [17]],
    ["i,i->", [65], [65]],
    ["ij,ij->j", [5, 17], [5, 17]],
    ["bij,bjk->bik", [2, 3, 4], [2, 4, 5]],
    ["bthd,bshd->bhts", [2, 3, 4, 5], [2, 6, 4, 5]],
    ["bhts,bshd->bthd", [2, 3, 4, 5], [2, 5, 3, 6]],
    ["abc,cd->dab", [2, 3, 4], [4, 5]],
    ["ij,k->kji", [2, 3], [4]],
  ] as const).map(([equation, a, b]): Case => ({
    name: `einsum("${equation}")`,
    inputs: (d) => [d.normal(...a), d.normal(...b)],
    run: (x, y) => einsum(equation, x!, y!),
    closeness: { tolerance: 1, length: 65 },
  })),
  ...([["ij->ji", [3, 5]], ["ij->", [3, 5]], ["ijk->k", [3, 5, 4]], ["ii->i", [5, 5]], ["ii->", [5, 5]]] as const).map((
    [equation, shape],
  ): Case => ({
    name: `einsum("${equation}")`,
    inputs: (d) => [d.normal(...shape)],
    run: (x) => einsum(equation, x),
    closeness: { tolerance: 1, length: 15 },
  })),
  {
    name: 'einsum("ij,jk,kl->il")',
    inputs: (d) => [d.normal(3, 4), d.normal(4, 5), d.normal(5, 2)],
    run: (a, b, c) => einsum("ij,jk,kl->il", a!, b!, c!),
    closeness: { tolerance: 1, length: 20 },
  },
  ...sizes.map((n): Case => ({
    name: `linear() of [2, 3, ${n}]`,
    inputs: (d) => [d.normal(2, 3, n), d.normal(n, 17), d.normal(17)],
    run: (x, weight, bias) => linear(x!, weight!, bias!),
    closeness: { tolerance: 1, length: n + 1 },
  })),
  {
    name: "linear() without bias on a transposed view",
    inputs: (d) => [d.normal(16, 5), d.normal(7, 16)],
    run: (x, weight) => linear(x!.transpose(), weight!.transpose()),
    closeness: { tolerance: 1, length: 16 },
  },
];

// ## Rows by number, and order

const indexCases: readonly Case[] = [
  ...sizes.map((n): Case => ({
    name: `take() of ${n} rows`,
    inputs: (d) => [d.normal(11, 5), d.integers(0, 11, n)],
    run: (table, ids) => take(table!, ids!),
    closeness: nearest,
  })),
  {
    name: "take() from a transposed table by transposed ids",
    inputs: (d) => [d.normal(17, 6), d.integers(0, 6, 3, 4)],
    run: (table, ids) => take(table!.transpose(), ids!.transpose()),
    closeness: nearest,
  },
  {
    name: "take() of numbers from a vector",
    inputs: (d) => [d.normal(65), d.integers(0, 65, 2, 3, 4)],
    run: (table, ids) => take(table!, ids!),
    closeness: nearest,
  },
  {
    name: "take() of int32 rows",
    inputs: (d) => [d.integers(-9, 9, 7, 3), d.integers(0, 7, 5)],
    run: (table, ids) => take(table!, ids!),
    closeness: nearest,
  },
  ...[0, 1, -1].map((axis): Case => ({
    name: `gather() along axis ${axis}`,
    inputs: (d) => [d.normal(4, 5, 6), d.integers(0, 4, 4, 5, 6)],
    run: (x, index) => gather(x!, axis, index!),
    closeness: nearest,
  })),
  {
    name: "gather() of fewer elements from a view",
    inputs: (d) => [d.normal(17, 5), d.integers(0, 17, 5, 3)],
    run: (x, index) => gather(x!.transpose(), 1, index!),
    closeness: nearest,
  },
  ...[0, 1, -1].map((axis): Case => ({
    name: `scatter() along axis ${axis}`,
    inputs: (d) => [d.normal(4, 5, 6), d.integers(0, 4, 4, 5, 6), d.normal(4, 5, 6)],
    run: (x, index, values) => scatter(x!, axis, index!, values!),
    closeness: { tolerance: 1, length: 6 },
  })),
  {
    name: "oneHot() of [3, 5]",
    inputs: (d) => [d.integers(0, 7, 3, 5)],
    run: (ids) => oneHot(ids, 7),
    closeness: nearest,
  },
  ...[1, 15, 16, 17, 64, 1000].flatMap((n): Case[] => [
    { name: `argsort() of [3, ${n}]`, inputs: (d) => [d.spaced(3, n)], run: (x) => argsort(x) },
    { name: `argsort() of [3, ${n}] with ties`, inputs: (d) => [d.coarse(3, n)], run: (x) => argsort(x) },
    {
      name: `argsort() of [3, ${n}] with ties, descending`,
      inputs: (d) => [d.coarse(n, 3)],
      run: (x) => argsort(x.transpose(), { descending: true }),
    },
    {
      name: `sort() of [2, ${n}]`,
      inputs: (d) => [d.spaced(2, n)],
      run: (x) => sort(x, { descending: n % 2 === 0 }).values,
      closeness: nearest,
    },
    {
      name: `topK() of [2, ${n}]`,
      inputs: (d) => [d.spaced(2, n)],
      run: (x) => topK(x, Math.min(n, 5)).values,
      closeness: nearest,
    },
    {
      name: `topK() indices of [2, ${n}] with ties`,
      inputs: (d) => [d.coarse(2, n)],
      run: (x) => topK(x, Math.min(n, 5)).indices,
    },
  ]),
  { name: "int32 argsort()", inputs: (d) => [d.integers(-5, 5, 4, 17)], run: (x) => argsort(x) },
];

// ## Convolutions

interface Convolution {
  readonly name: string;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly options: ConvolutionOptions;
}

const convolutions: readonly Convolution[] = [
  { name: "one kernel of one", input: [1, 1, 1], kernel: [1, 1, 1], options: {} },
  { name: "kernels of 3", input: [2, 3, 17], kernel: [5, 3, 3], options: {} },
  { name: "kernels of 1 on 65 places", input: [1, 16, 65], kernel: [7, 16, 1], options: {} },
  { name: "a kernel as wide as the input", input: [2, 3, 15], kernel: [4, 3, 15], options: {} },
  { name: "stride 2 and padding 1", input: [2, 3, 16], kernel: [5, 3, 3], options: { stride: 2, padding: 1 } },
  { name: "dilation 3", input: [2, 3, 17], kernel: [5, 3, 4], options: { dilation: 3 } },
  {
    name: "stride 3, padding 2, dilation 2",
    input: [1, 2, 20],
    kernel: [3, 2, 3],
    options: { stride: 3, padding: 2, dilation: 2 },
  },
  { name: "3 groups", input: [2, 6, 16], kernel: [9, 2, 3], options: { groups: 3, padding: 1 } },
  { name: "each channel alone", input: [2, 5, 17], kernel: [5, 1, 4], options: { groups: 5 } },
];

const square = ([first, second, side]: readonly number[]): number[] => [first!, second!, side!, side!];

const convolutionCases: readonly Case[] = [
  ...convolutions.flatMap(({ name, input, kernel, options }): Case[] => [
    {
      name: `conv1d() with ${name}`,
      inputs: (d) => [d.normal(...input), d.normal(...kernel), d.normal(kernel[0]!)],
      run: (x, w, bias) => conv1d(x!, w!, { ...options, bias: bias! }),
      closeness: { tolerance: 1, length: kernel[1]! * kernel[2]! + 1 },
    },
    {
      name: `conv2d() with ${name}`,
      inputs: (d) => [d.normal(...square(input)), d.normal(...square(kernel))],
      run: (x, w) => conv2d(x!, w!, options),
      closeness: { tolerance: 1, length: kernel[1]! * kernel[2]! ** 2 + 1 },
    },
  ]),
  {
    name: "conv2d() on transposed images with oblong kernels",
    inputs: (d) => [d.normal(2, 9, 12, 3), d.normal(4, 3, 2, 5)],
    run: (x, w) => conv2d(x!.permute([0, 3, 1, 2]), w!, { padding: 1 }),
    closeness: { tolerance: 1, length: 30 },
  },
  ...([[2, {}], [3, { stride: 1 }], [3, { stride: 2, padding: 1 }], [4, { stride: 3, padding: 2 }]] as const).flatMap(
    ([size, options]): Case[] => {
      const title = `() of windows of ${size}, ${JSON.stringify(options)}`;
      const vector = (d: Draws) => [d.spaced(2, 3, 17)], image = (d: Draws) => [d.spaced(2, 3, 8, 9)];
      return [
        { name: "maxPool1d" + title, inputs: vector, run: (x) => maxPool1d(x, size, options), closeness: nearest },
        { name: "maxPool2d" + title, inputs: image, run: (x) => maxPool2d(x, size, options), closeness: nearest },
        { name: "averagePool1d" + title, inputs: vector, run: (x) => averagePool1d(x, size, options) },
        { name: "averagePool2d" + title, inputs: image, run: (x) => averagePool2d(x, size, options) },
      ];
    },
  ),
];

// ## Chance

const dropoutCases: readonly Case[] = [
  ...sizes.map((n): Case => ({
    name: `dropout() of [3, ${n}]`,
    inputs: (d) => [d.normal(n, 3)],
    run: (x) => dropout(x.transpose(), 0.3, new Random(5)),
    closeness: { tolerance: 2 },
  })),
  {
    name: "dropout() far into a stream",
    inputs: (d) => [d.normal(5, 17)],
    run: (x) => dropout(x, 0.9, Random.from({ key: [7, 2 ** 32 - 1], counter: 2 ** 32 - 20 })),
    closeness: { tolerance: 2 },
  },
];

// ## Large enough to be shared among threads

const manyRows = [400, 500] as const;

const largeCases: readonly Case[] = [
  ...([
    ["exp", (x) => x.exp(), few],
    ["tanh", (x) => x.transpose().tanh(), few],
    ["add", (x) => x.add(x.transpose().reshape([400, 500])), { ...nearest, atol: 1e-7 }],
    ["mul by a row", (x) => x.mul(x.at(0, 3)), nearest],
    ["where", (x) => x.where(x.less(x.at(0, 0)), 0), nearest],
    ["contiguous of transposed", (x) => x.transpose().contiguous(), nearest],
    ["sum of all", (x) => x.sum(), { tolerance: 1, length: 2e5 }],
    ["sum of rows", (x) => x.sum(1), { tolerance: 1, length: 500 }],
    ["sum of columns", (x) => x.sum(0), { tolerance: 1, length: 1000 }],
    ["max of columns", (x) => x.max(0), nearest],
    ["argmax of rows", (x) => x.argmax(1), nearest],
    ["logSumExp of columns", (x) => x.logSumExp(0), { tolerance: 1, length: 1000 }],
    ["argsort of rows", (x) => argsort(x.slice(0, 0, 100)), nearest],
  ] as const satisfies readonly (readonly [string, (x: Tensor) => Tensor, Closeness])[]).map((
    [name, run, closeness],
  ): Case => ({
    name: `${name}, [400, 500]`,
    inputs: (d) => [d.normal(...manyRows)],
    run,
    closeness,
    flops: 2e5,
  })),
  {
    name: "take(), 20,000 rows of 64",
    inputs: (d) => [d.normal(500, 64), d.integers(0, 500, 20_000)],
    run: (table, ids) => take(table!, ids!),
    closeness: nearest,
    flops: 20_000 * 64,
  },
  {
    name: "conv2d(), 8 images of 32×32",
    inputs: (d) => [d.normal(8, 8, 32, 32), d.normal(16, 8, 3, 3)],
    run: (x, w) => conv2d(x!, w!, { padding: 1 }),
    closeness: { tolerance: 1, length: 72 },
    flops: 2 * 8 * 32 * 32 * 16 * 72,
  },
  {
    name: "matmul(), a batch of [130, 70] and [70, 190]",
    inputs: (d) => [d.normal(6, 130, 70), d.normal(6, 70, 190)],
    run: (a, b) => a!.matmul(b!),
    closeness: { tolerance: 2, length: 70 },
    flops: 2 * 6 * 130 * 70 * 190,
  },
];

/** Every operation of the engine, at awkward sizes. */
export const cases: readonly Case[] = [
  ...unaryCases,
  ...binaryCases,
  ...structuralCases,
  ...reductionCases,
  ...productCases,
  ...indexCases,
  ...convolutionCases,
  ...dropoutCases,
  ...largeCases,
];
