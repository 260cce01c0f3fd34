/**
 * # Attention on the GPU
 *
 * It takes `[B, H, T, D]` as it lies: heads cut out of one projection, keys and values inside a longer
 * cache. Results are laid out as `[B, T, H, D]`, so that merging the heads afterwards is a view.
 *
 * | case                         | kernels                                                | memory aside         |
 * | ---------------------------- | ------------------------------------------------------ | -------------------- |
 * | many queries                 | `attention`: tiles of 32 queries meet tiles of 32 keys | none                 |
 * | at most 16 per group of keys | `attention_few`                                        | none                 |
 * | few tiles, many keys         | either, by parts of the keys, and `attention_combine`  | a result per part    |
 * | backwards                    | `attention_delta`, `attention_queries`                 | a gradient per part  |
 * |                              | `attention_keys`: also sums over heads of a group      | a gradient per part  |
 * | gradient of an additive bias | `attention_bias`                                       | none                 |
 *
 * The queries of all heads that read one group of keys are the rows of one matrix, so that a tile of them
 * shares each key and value that it reads.
 *
 * @module
 */

import type {
  Buffer,
  FusedBackward,
  FusedForward,
  FusedFunctions,
  FusedKernels,
  View,
} from "../../core/engine/backend.ts";
import { broadcastStrides } from "../../core/engine/shape.ts";
import { reduce } from "../reduce.ts";
import { bits, plane, type Runtime } from "../runtime.ts";
import type { Variant } from "../template.ts";
import { type Four, headsApart, rowsTogether } from "./heads.ts";

/** Rows and keys of a tile. */
const TILE = 32;
/** Most rows per group of keys that `attention_few` answers. */
const FEW = 16;
/** Widest head that `attention_few` holds. */
const WIDEST = 256;
/** Keys of a step of `attention_few`. */
const STEP = 64;
/** Workgroups that occupy a GPU: below this number the sums are cut into parts. */
const ENOUGH = 512;
/** Fewest terms of a sum that is cut. */
const SHORTEST = 128;
/** Vectors of the width per row and thread: forwards and for queries, and for keys, where there are two sums. */
const COLUMNS = 4, COLUMNS_OF_KEYS = 2;

const CAUSAL = 1, MASKED = 2, BIASED = 4;

type Attributes = FusedFunctions["attention"];

/** What is computed, in the terms of the shaders. */
interface Problem {
  readonly B: number;
  readonly H: number;
  readonly G: number;
  readonly T: number;
  readonly S: number;
  readonly D: number;
  /** Queries of all heads that read one group. */
  readonly rows: number;
  readonly query: View;
  readonly key: View;
  readonly value: View;
  readonly mask: View | undefined;
  readonly bias: View | undefined;
  readonly flags: number;
  readonly scale: number;
}

/** How a kernel cuts the problem. */
interface Cut {
  readonly parts?: number;
  readonly run?: number;
  readonly tiles: number;
  readonly cuts?: number;
  readonly count: number;
  readonly gradient?: View;
  /** Elements per step of part, batch, head, position of the result. */
  readonly output: Four;
  readonly biasAxes?: readonly [number, number];
}

/** Elements per step of an axis, 0 along axes that are not walked. */
function steps(x: View): number[] {
  return x.strides.slice(0, 3).map((stride, axis) => x.shape[axis]! > 1 ? stride : 0);
}

/** Offset, then elements per step of batch, head and position. */
function place(x: View): number[] {
  return [x.offset, ...steps(x)];
}

/** The problem, if the kernels cover it. */
function problemOf(
  runtime: Runtime,
  inputs: readonly (View | undefined)[],
  { causal, scale }: Attributes,
): Problem | undefined {
  const [query, key, value, mask, bias] = inputs;
  if (!query || !key || !value) return undefined;
  if (![query, key, value].every((x) => x.dtype === "float32" && x.shape.length === 4)) return undefined;
  if ((mask && mask.dtype !== "bool") || (bias && bias.dtype !== "float32")) return undefined;
  const [B, H, T, D] = query.shape as [number, number, number, number];
  const G = key.shape[1]!, S = key.shape[2]!;
  return {
    ...{ B, H, G, T, S, D, mask, bias },
    rows: G === 0 ? 0 : H / G * T,
    query: rowsTogether(runtime, query),
    key: rowsTogether(runtime, key),
    value: rowsTogether(runtime, value),
    flags: (causal ? CAUSAL : 0) | (mask ? MASKED : 0) | (bias ? BIASED : 0),
    scale,
  };
}

/** The words of `Params` in `attention_common.wgsl`. */
function words(problem: Problem, cut: Cut): number[] {
  const { B, H, G, T, S, D, rows, query, key, value, mask, bias, flags, scale } = problem;
  const pairs = [mask, bias].flatMap((x) => x ? broadcastStrides(x.shape, x.strides, [B, H, T, S]) : [0, 0, 0, 0]);
  return [
    ...[H, G, T, S, D, rows, flags, bits(scale)],
    ...[query, key, value].flatMap(place),
    ...cut.output,
    ...(cut.gradient ? place(cut.gradient) : [0, 0, 0, 0]),
    ...pairs,
    ...[mask?.offset ?? 0, bias?.offset ?? 0, cut.parts ?? 1, cut.run ?? S],
    ...[cut.tiles, cut.cuts ?? 1, cut.count, B],
    ...(cut.biasAxes ?? [1, 1]),
  ];
}

/** Buffers of query, key, value, mask and bias. */
function operands(runtime: Runtime, { query, key, value, mask, bias }: Problem): Buffer[] {
  return [query, key, value, mask, bias].map((x) => x?.buffer ?? runtime.nothing);
}

/** The variant that reads vectors of four, where everything lies so that it can. */
function reading(D: number, views: Readonly<Record<string, View>>): Variant {
  const fits = Object.values(views).every((x) => place(x).every((step) => step % 4 === 0));
  if (D % 4 !== 0 || !fits) return {};
  const quads = Object.keys(views).map((name) => [`${name}Quad`, `${name}[at / 4u]`]);
  return { Element: "vec4f", ...Object.fromEntries(quads) };
}

/** How many vectors of the width a thread owns, and how many workgroups share a width. */
function widthOf(D: number, most: number): { readonly variant: Variant; readonly cuts: number } {
  const COLUMNS = Math.min(most, Math.ceil(D / 32));
  return { variant: { COLUMNS, STAGED: COLUMNS <= 2 ? 32 : 16 }, cuts: Math.ceil(D / (32 * COLUMNS)) };
}

/** How `length` is cut, so that `groups` workgroups become enough; a part is a multiple of `step` long. */
function partsOf(length: number, groups: number, step: number): { readonly run: number; readonly parts: number } {
  const most = Math.max(1, Math.min(Math.floor(ENOUGH / groups), Math.ceil(length / SHORTEST)));
  const run = Math.max(step, Math.ceil(length / most / step) * step);
  return { run, parts: Math.max(1, Math.ceil(length / run)) };
}

/** The sum of `parts` times `size` numbers, in order; a single part is the sum itself. */
function sumOfParts(runtime: Runtime, buffer: Buffer, parts: number, size: number): Buffer {
  if (parts === 1) return buffer;
  return reduce(runtime, "sum", { buffer, dtype: "float32", shape: [size, parts], strides: [1, size], offset: 0 }, 1);
}

const attend = (runtime: Runtime): FusedForward<"attention"> => (inputs, attributes) => {
  const problem = problemOf(runtime, inputs, attributes);
  if (!problem) return undefined;
  const { B, H, G, T, S, D, rows, query, key, value } = problem;
  const R = B * H * T;
  const output = headsApart(runtime.allocate(R * D), [B, H, T, D]), sums = runtime.make("float32", [B, H, T, 2]);
  if (R * D === 0) return [output, sums];

  const few = rows <= FEW && D <= WIDEST;
  const height = few ? (rows === 1 ? 1 : rows === 2 ? 2 : 4) : TILE;
  const { variant, cuts } = few ? { variant: { ROWS: height }, cuts: 1 } : widthOf(D, COLUMNS);
  const tiles = Math.ceil(rows / height), groups = B * G * tiles * cuts;
  const { run, parts } = partsOf(S, groups, few ? STEP : TILE), count = groups * parts;
  const views = { query, key, value };
  const compute = (to: Buffer, found: Buffer, strides: Four): void =>
    runtime.run(
      few ? "attention_few" : "attention",
      [...operands(runtime, problem), to, found],
      words(problem, { parts, run, tiles, cuts, count, output: strides }),
      plane(count),
      { ...variant, ...reading(D, views) },
    );
  if (parts === 1) {
    compute(output.buffer, sums.buffer, [0, T * H * D, D, H * D]);
  } else {
    const each = runtime.temporary(parts * R * D), found = runtime.temporary(parts * R * 2);
    compute(each, found, [R * D, H * T * D, T * D, D]);
    const buffers = [each, found, output.buffer, sums.buffer];
    runtime.run("attention_combine", buffers, [R, H, T, D, parts], plane(R));
  }
  return [output, sums];
};

const attendBackward =
  (runtime: Runtime): FusedBackward<"attention"> => (inputs, [output, sums], gradient, wanted, attributes) => {
    const problem = problemOf(runtime, inputs, attributes)!;
    const { B, H, G, T, S, D, rows, query, key, value } = problem;
    const bias = wanted[4] ? problem.bias : undefined;
    // The gradient of a bias that repeats along queries or keys is left to the definition.
    const biasAxes = bias && [...new Array<number>(4 - bias.shape.length).fill(1), ...bias.shape];
    if (biasAxes && (biasAxes[2] !== T || biasAxes[3] !== S)) return undefined;

    const dO = rowsTogether(runtime, gradient), R = B * H * T;
    const known = runtime.temporary(4 * R);
    const each = [R, H, T, D, ...place(output), ...place(dO)];
    runtime.run(
      "attention_delta",
      [output.buffer, dO.buffer, sums!.buffer, known],
      each,
      plane(Math.ceil(R / 4)),
    );

    const vectors = reading(D, { query, key, value, gradient: dO });
    const compute = (name: string, to: Buffer, cut: Cut, variant: Variant): void =>
      runtime.run(
        name,
        [...operands(runtime, problem), dO.buffer, known, to],
        words(problem, { ...cut, gradient: dO }),
        plane(cut.count),
        { ...variant, ...vectors },
      );

    let dQ: View | undefined, dK: View | undefined, dV: View | undefined, dBias: View | undefined;
    if (wanted[0]) {
      const { variant, cuts } = widthOf(D, COLUMNS), tiles = Math.ceil(rows / TILE), groups = B * G * tiles * cuts;
      const { run, parts } = partsOf(S, groups, TILE), size = R * D, count = groups * parts;
      const to = parts === 1 ? runtime.allocate(size) : runtime.temporary(parts * size);
      const strides = [size, T * H * D, D, H * D] as const;
      compute("attention_queries", to, { parts, run, tiles, cuts, count, output: strides }, variant);
      dQ = headsApart(sumOfParts(runtime, to, parts, size), [B, H, T, D]);
    }
    if (wanted[1] || wanted[2]) {
      const { variant, cuts } = widthOf(D, COLUMNS_OF_KEYS), tiles = Math.ceil(S / TILE), groups = B * G * tiles * cuts;
      const { run, parts } = partsOf(rows, groups, TILE), size = B * G * S * D, count = groups * parts;
      const to = parts === 1 ? runtime.allocate(2 * size) : runtime.temporary(parts * 2 * size);
      const strides = [size, S * G * D, D, G * D] as const;
      compute("attention_keys", to, { parts, run, tiles, cuts, count, output: strides }, variant);
      const both = sumOfParts(runtime, to, parts, 2 * size);
      [dK, dV] = [0, size].map((offset) => headsApart(both, [B, G, S, D], offset)) as [View, View];
    }
    if (bias) {
      dBias = runtime.make("float32", bias.shape);
      const [ofBatch, ofHeads] = biasAxes as [number, number], tiles = Math.ceil(S / TILE);
      const count = ofBatch * ofHeads * Math.ceil(T / TILE) * tiles;
      compute("attention_bias", dBias.buffer, { tiles, count, output: [0, 0, 0, 0], biasAxes: [ofBatch, ofHeads] }, {});
    }
    return [dQ, wanted[1] ? dK : undefined, wanted[2] ? dV : undefined, undefined, dBias];
  };

/** The kernels of this file. */
export function attention(runtime: Runtime): Partial<FusedKernels> {
  return { forward: { attention: attend(runtime) }, backward: { attention: attendBackward(runtime) } };
}
