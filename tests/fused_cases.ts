/**
 * # The table of fused kernels
 *
 * The second half of `cases.ts`: every function that a device may compute by a kernel of its own, on inputs of awkward
 * sizes. A row runs the chapter's function, so that the definition stands in the chapter and nowhere else.
 *
 * | rows      | lie at                                                  | held by                                                  |
 * | --------- | ------------------------------------------------------- | -------------------------------------------------------- |
 * | `cases`   | awkward sizes, views, masks, forbidden scores           | `tests/engine/fusable_test.ts`, on every device          |
 * | `borders` | the borders of registers, blocks, runs and workgroups   | `tests/wasm/fused_test.ts` and `tests/gpu/fused_test.ts` |
 * | `large`   | sizes that threads share                                | the first two                                            |
 *
 * The truth of every row is the definition on the reference device, forwards and backwards.
 *
 * **To add a fused kernel,** add its rows here; without them this file does not compile.
 *
 * @module
 */

import { logSoftmax, softmax } from "../core/02_words/softmax.ts";
import { gruStates } from "../core/03_language_models/lstm/gru.ts";
import { lstmStates } from "../core/03_language_models/lstm/mod.ts";
import { elmanStates } from "../core/03_language_models/rnn.ts";
import { applyRotary } from "../core/04_attention/positions/rotary.ts";
import { type AttentionOptions, scaledDotProductAttention } from "../core/04_attention/scaled_dot_product.ts";
import { gelu, geluTanh, relu, silu } from "../core/05_transformer/feed_forward/activations.ts";
import { layerNorm, rmsNorm } from "../core/05_transformer/normalization.ts";
import { crossEntropy } from "../core/06_training/loss.ts";
import type { FusedName } from "../core/engine/backend.ts";
import { dropout } from "../core/engine/dropout.ts";
import { linear } from "../core/engine/weight.ts";
import { Random } from "../core/engine/random.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import { type Case, sizes } from "./cases.ts";
import { build, type Closeness, type Draws, HostArray } from "./support.ts";

/** A call of a fused function. */
export interface FusedCase extends Pick<Case, "name" | "run" | "closeness"> {
  /** Draws the inputs; a tensor that the function does without is `undefined`. */
  readonly inputs: (draws: Draws) => readonly (HostArray | undefined)[];
}

/** A call at a border, judged by the largest number of each result. */
export interface BorderCase extends FusedCase {
  /** Units of roundoff allowed, relative to the largest magnitude of a result; of a gradient, at least 1. */
  readonly units: number | Readonly<Record<"wasm" | "webgpu", number>>;
  /** The one device whose border it is. */
  readonly only?: "wasm" | "webgpu";
  /** Which inputs are differentiated; all floats by default. */
  readonly wanted?: readonly number[];
}

/** The rows of one function. */
export interface FusedRows {
  /** Awkward sizes and views. */
  readonly cases: readonly FusedCase[];
  /** Sizes at which kernels begin another way. */
  readonly borders: readonly BorderCase[];
  /** Sizes that threads share. */
  readonly large: readonly FusedCase[];
}

/** Multiplies what was drawn. */
function scaled({ data, shape }: HostArray, factor: number, shift = 0): HostArray {
  return new HostArray(data.map((value) => Math.fround(value * factor + shift)), shape);
}

const loose: Closeness = { rtol: 1e-4, atol: 1e-4 };

/** Lengths around vectors, turns and the widths that share a row on a GPU, in single numbers and in fours. */
const lengths: readonly number[] = [1, 3, 4, 7, 15, 16, 17, 63, 64, 65, 256, 257, 260, 1000, 1028, 2001];

// ## Rows

/** Rows with some and with only forbidden scores. */
function withForbidden(draws: Draws, rows: number, columns: number): HostArray {
  const scores = draws.normal(rows, columns);
  return build([rows, columns], (i, j) => i === 1 || draws.next() < 0.3 ? -Infinity : scores.at(i!, j!));
}

const rowCases = (apply: (x: Tensor) => Tensor): FusedCase[] => [
  ...sizes.flatMap((n) => [
    { name: `[3, ${n}]`, inputs: (d: Draws) => [d.normal(3, n)], run: (x: Tensor) => apply(x) },
    { name: `[${n}, 5]`, inputs: (d: Draws) => [d.normal(n, 5)], run: (x: Tensor) => apply(x) },
  ]),
  { name: "one row", inputs: (d) => [d.normal(17)], run: (x) => apply(x) },
  { name: "[2, 3, 4, 65]", inputs: (d) => [d.normal(2, 3, 4, 65)], run: (x) => apply(x) },
  { name: "transposed", inputs: (d) => [d.normal(33, 17)], run: (x) => apply(x.transpose()) },
  { name: "sliced", inputs: (d) => [d.normal(9, 40)], run: (x) => apply(x.slice(0, 1, 8, 2).slice(1, 3, -1)) },
  { name: "repeated", inputs: (d) => [d.normal(1, 17)], run: (x) => apply(x.expand([5, 17])) },
  { name: "scores at ±1e4", inputs: (d) => [scaled(d.normal(4, 33), 1e4)], run: (x) => apply(x) },
];

const rowBorders = (apply: (x: Tensor) => Tensor): BorderCase[] => [
  ...lengths.flatMap((V) =>
    [3, 1e4].map((scale) => ({
      name: `${V} scores up to ±${scale}`,
      inputs: (d: Draws) => [d.uniform(-scale, scale, 19, V)],
      run: apply,
      units: 16,
    }))
  ),
  { name: "rows along the first axis", inputs: (d) => [d.normal(17, 5)], run: (x) => apply(x.transpose()), units: 16 },
];

const softmaxRows: FusedRows = {
  cases: [
    ...rowCases((x) => softmax(x)),
    { name: "forbidden scores", inputs: (d) => [withForbidden(d, 5, 17)], run: (x) => softmax(x) },
  ],
  borders: [
    ...rowBorders((x) => softmax(x)),
    {
      name: "more rows than workgroups along an axis",
      inputs: (d) => [d.normal(1_050_000, 2)],
      run: (x) => softmax(x),
      units: 16,
      only: "webgpu",
    },
    { name: "long rows", inputs: (d) => [d.normal(2, 200_001)], run: (x) => softmax(x), units: 64, only: "webgpu" },
    {
      name: "rows in parts of unequal length",
      inputs: (d) => [d.uniform(-1e4, 1e4, 5, 3, 20_003)],
      run: (x) => softmax(x),
      units: 64,
      only: "webgpu",
    },
  ],
  large: [{ name: "[500, 1000]", inputs: (d) => [d.normal(500, 1000)], run: (x) => softmax(x) }],
};

const logSoftmaxRows: FusedRows = {
  cases: rowCases((x) => logSoftmax(x)).map((entry) =>
    entry.name === "scores at ±1e4" ? { ...entry, closeness: loose } : entry
  ),
  borders: [
    ...rowBorders((x) => logSoftmax(x)),
    { name: "long rows", inputs: (d) => [d.normal(2, 200_000)], run: (x) => logSoftmax(x), units: 64, only: "webgpu" },
    {
      name: "rows in parts",
      inputs: (d) => [d.uniform(-1e4, 1e4, 17, 16_388)],
      run: (x) => logSoftmax(x),
      units: 64,
      only: "webgpu",
    },
  ],
  large: [{ name: "[500, 1000]", inputs: (d) => [d.normal(500, 1000)], run: (x) => logSoftmax(x) }],
};

/** Classes, of which one row of those given is ignored. */
function withIgnored(draws: Draws, V: number, rows: number, ignored: number): HostArray {
  const ids = draws.integers(0, V, rows);
  ids.data[ignored] = -100;
  return ids;
}

const crossEntropyRows: FusedRows = {
  cases: [
    ...sizes.filter((n) => n > 0).flatMap((V) =>
      [0, 0.1].map((labelSmoothing): FusedCase => ({
        name: `[7, ${V}], smoothed by ${labelSmoothing}`,
        inputs: (d) => [d.normal(7, V), d.integers(0, V, 7)],
        run: (logits, targets) => crossEntropy(logits!, targets!, { labelSmoothing, reduction: "none" }),
      }))
    ),
    {
      name: "ignored targets",
      inputs: (d) => [d.normal(2, 9, 17), d.integers(0, 17, 2, 9)],
      run: (logits, targets) => crossEntropy(logits!, targets!, { ignoreIndex: 3, labelSmoothing: 0.2 }),
    },
    {
      name: "all ignored",
      inputs: (d) => [d.normal(3, 5), d.integers(-100, -99, 3)],
      run: (logits, targets) => crossEntropy(logits!, targets!, { reduction: "none" }),
    },
    {
      name: "strided logits and targets",
      inputs: (d) => [d.normal(17, 6), d.integers(0, 17, 6, 2)],
      run: (logits, targets) => crossEntropy(logits!.transpose(), targets!.at(1, 1), { reduction: "sum" }),
    },
    {
      name: "logits at ±1e4",
      inputs: (d) => [scaled(d.normal(4, 33), 1e4), d.integers(0, 33, 4)],
      run: (logits, targets) => crossEntropy(logits!, targets!),
    },
  ],
  borders: [
    ...lengths.flatMap((V) =>
      [0, 0.1].flatMap((labelSmoothing) =>
        [3, 1e4].map((scale): BorderCase => ({
          name: `${V} classes, smoothed by ${labelSmoothing}, logits up to ±${scale}`,
          inputs: (d) => [d.uniform(-scale, scale, 19, V), withIgnored(d, V, 19, 3)],
          run: (logits, targets) => crossEntropy(logits!, targets!, { labelSmoothing, reduction: "none" }),
          units: 32,
        }))
      )
    ),
    {
      name: "a large vocabulary",
      inputs: (d) => [d.normal(3, 200_000), d.integers(0, 200_000, 3)],
      run: (logits, targets) => crossEntropy(logits!, targets!, { labelSmoothing: 0.1, reduction: "none" }),
      units: 64,
      only: "webgpu",
    },
  ],
  large: [{
    name: "[300, 2000]",
    inputs: (d) => [d.normal(300, 2000), d.integers(0, 2000, 300)],
    run: (logits, targets) => crossEntropy(logits!, targets!, { labelSmoothing: 0.1, ignoreIndex: 7 }),
  }],
};

// ## Normalization

type Norm = (x: Tensor, gain?: Tensor, bias?: Tensor) => Tensor;

const normCases = (apply: Norm): FusedCase[] => [
  ...sizes.filter((n) => n > 1).flatMap((n): FusedCase[] => [
    { name: `[3, ${n}]`, inputs: (d) => [d.normal(3, n), d.normal(n), d.normal(n)], run: apply },
    { name: `[${n}, 5]`, inputs: (d) => [d.normal(n, 5), d.normal(5), d.normal(5)], run: apply },
    { name: `[2, ${n}], bare`, inputs: (d) => [d.normal(2, n)], run: (x) => apply(x) },
  ]),
  { name: "no rows", inputs: (d) => [d.normal(0, 5), d.normal(5), d.normal(5)], run: apply },
  { name: "without bias", inputs: (d) => [d.normal(2, 3, 17), d.normal(17)], run: (x, gain) => apply(x!, gain) },
  {
    name: "transposed, with a strided gain",
    inputs: (d) => [d.normal(16, 7), d.normal(16, 2), d.normal(16)],
    run: (x, gain, bias) => apply(x!.transpose(), gain!.at(1, 1), bias),
  },
  {
    name: "far from zero",
    inputs: (d) => [scaled(d.normal(3, 65), 1, 100)],
    run: (x) => apply(x),
    closeness: { rtol: 1e-3, atol: 1e-3 },
  },
];

/** Rows in one block and in many, with as many vectors as there are. */
const normBorders = (apply: Norm, most: number): BorderCase[] =>
  lengths.flatMap((E) =>
    [[2, 3], [3, 13], [2, 150]].filter(([, rows]) => E <= 65 || rows! < 150).flatMap(([first, second]) =>
      Array.from({ length: most + 1 }, (_, vectors): BorderCase => ({
        name: `${first! * second!} rows of ${E}, ${vectors} vectors`,
        inputs: (d) => [
          d.normal(first!, second!, E),
          ...Array.from({ length: most }, (_, i) => i < vectors ? d.normal(E) : undefined),
        ],
        run: apply,
        // A row of few elements cancels to almost nothing; its gradient is judged by the sums it comes from.
        units: E < 15 ? 4e4 : 400,
      }))
    )
  );

const byLayer: Norm = (x, gain, bias) => layerNorm(x, gain, bias),
  byRootMeanSquare: Norm = (x, gain) => rmsNorm(x, gain);

const layerNormRows: FusedRows = {
  cases: normCases(byLayer),
  borders: [
    ...normBorders(byLayer, 2),
    {
      name: "many rows",
      inputs: (d) => [d.normal(70_000, 5), d.normal(5), d.normal(5)],
      run: byLayer,
      units: 4e4,
      only: "webgpu",
    },
    {
      name: "long rows",
      inputs: (d) => [d.normal(2, 100_002), d.normal(100_002), d.normal(100_002)],
      run: byLayer,
      units: 400,
      only: "webgpu",
    },
  ],
  large: [{
    name: "[1000, 257]",
    inputs: (d) => [d.normal(1000, 257), d.normal(257), d.normal(257)],
    run: byLayer,
    closeness: loose,
  }],
};

const rmsNormRows: FusedRows = {
  cases: normCases(byRootMeanSquare),
  borders: normBorders(byRootMeanSquare, 1),
  large: [{
    name: "[1000, 257]",
    inputs: (d) => [d.normal(1000, 257), d.normal(257)],
    run: byRootMeanSquare,
    closeness: loose,
  }],
};

// ## Element by element

const activationCases = (apply: (x: Tensor) => Tensor): FusedCase[] => [
  ...sizes.map((n) => ({ name: `[${n}]`, inputs: (d: Draws) => [d.normal(n)], run: (x: Tensor) => apply(x) })),
  { name: "transposed", inputs: (d) => [d.normal(33, 17)], run: (x) => apply(x.transpose()) },
  { name: "a wide range", inputs: (d) => [d.uniform(-30, 30, 1000)], run: (x) => apply(x) },
];

const activationRows = (apply: (x: Tensor) => Tensor, units: (reach: number) => BorderCase["units"]): FusedRows => ({
  cases: activationCases(apply),
  borders: [1, 3, 4, 5, 15, 16, 17, 1000, 1023, 1025, 5000].flatMap((n) =>
    [6, 200].map((reach) => ({
      name: `${n} numbers up to ±${reach}`,
      inputs: (d: Draws) => [d.uniform(-reach, reach, n)],
      run: (x: Tensor) => apply(x),
      units: units(reach),
    }))
  ),
  large: [{ name: "[300001]", inputs: (d) => [d.normal(300_001)], run: (x) => apply(x) }],
});

const dropoutRows: FusedRows = {
  cases: [
    ...sizes.map((n): FusedCase => ({
      name: `[3, ${n}]`,
      inputs: (d) => [d.normal(3, n)],
      run: (x) => dropout(x, 0.3, new Random(5)),
    })),
    { name: "transposed", inputs: (d) => [d.normal(17, 33)], run: (x) => dropout(x.transpose(), 0.5, new Random(6)) },
    {
      name: "across 2³² blocks, under a key of large words",
      inputs: (d) => [d.normal(1001)],
      run: (x) => dropout(x, 0.9, Random.from({ key: [2 ** 32 - 1, 2 ** 31], counter: 2 ** 32 - 100 })),
    },
  ],
  borders: [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 1000, 1023, 1025, 5000].flatMap((n) =>
    [0, 2 ** 32 - 3, 2 ** 40 + 5].map((counter): BorderCase => ({
      name: `${n} elements from block ${counter}`,
      inputs: (d) => [d.normal(n)],
      run: (x) => dropout(x, 0.3, Random.from({ key: [0x89abcdef, 0x01234567], counter })),
      units: 2,
    }))
  ),
  large: [{
    name: "[300001]",
    inputs: (d) => [d.normal(300_001)],
    run: (x) => dropout(x, 0.25, new Random(8)),
  }],
};

// ## Products

const linearRows: FusedRows = {
  cases: ([
    ...sizes.flatMap((n): FusedCase[] => [
      { name: `[5, ${n}] to 17`, inputs: (d) => [d.normal(5, n), d.normal(n, 17), d.normal(17)], run: linear },
      { name: `[2, 3, 16] to ${n}`, inputs: (d) => [d.normal(2, 3, 16), d.normal(16, n), d.normal(n)], run: linear },
    ]),
    { name: "no rows", inputs: (d) => [d.normal(0, 4), d.normal(4, 3), d.normal(3)], run: linear },
    { name: "one row", inputs: (d) => [d.normal(65), d.normal(65, 33)], run: (x, weight) => linear(x!, weight!) },
    {
      name: "transposed features and weights",
      inputs: (d) => [d.normal(65, 9), d.normal(17, 65), d.normal(17)],
      run: (x, weight, bias) => linear(x!.transpose(), weight!.transpose(), bias),
    },
    {
      name: "heads taken apart",
      inputs: (d) => [d.normal(2, 4, 9, 16), d.normal(64, 5)],
      run: (x, weight) => linear(x!.transpose(1, 2).reshape([2, 9, 64]), weight!),
    },
  ] as FusedCase[]).map((entry) => ({ ...entry, closeness: loose })),
  borders: [],
  large: [{
    name: "[257, 300] to 129",
    inputs: (d) => [d.normal(257, 300), d.normal(300, 129), d.normal(129)],
    run: linear,
    closeness: { rtol: 1e-4, atol: 3e-4 },
  }],
};

// ## Attention

const attentionShapes: readonly (readonly [string, number[], AttentionOptions])[] = [
  // B, H, G, T, S, D
  ["one of everything", [1, 1, 1, 1, 1, 1], {}],
  ["self-attention", [2, 3, 3, 5, 5, 4], {}],
  ["causal", [2, 2, 2, 17, 17, 16], { causal: true }],
  ["causal over blocks", [1, 2, 2, 65, 65, 15], { causal: true }],
  ["causal behind a cache", [2, 2, 2, 3, 20, 8], { causal: true }],
  ["causal, more queries than keys", [1, 2, 2, 7, 4, 8], { causal: true }],
  ["one query", [2, 4, 4, 1, 63, 64], {}],
  ["one query, grouped, causal", [2, 4, 2, 1, 33, 16], { causal: true }],
  ["grouped", [2, 6, 2, 9, 9, 17], { causal: true }],
  ["one group", [1, 4, 1, 16, 17, 8], {}],
  ["cross-attention", [2, 2, 2, 5, 64, 65], {}],
  ["a scale of its own", [1, 2, 2, 8, 8, 8], { scale: 0.5 }],
  ["many keys", [1, 1, 1, 4, 1000, 3], {}],
  ["no queries", [1, 2, 2, 0, 4, 8], {}],
  ["no batch", [0, 2, 2, 3, 4, 8], {}],
];

function attentionCases(): FusedCase[] {
  const drawn = (d: Draws, [B, H, G, T, S, D]: number[]): HostArray[] => [
    d.normal(B!, H!, T!, D!),
    d.normal(B!, G!, S!, D!),
    d.normal(B!, G!, S!, D!),
  ];
  const masks: readonly (readonly [string, number[]])[] = [
    ["[S]", [9]],
    ["[T, S]", [7, 9]],
    ["[B, 1, 1, S]", [2, 1, 1, 9]],
    ["[H, 1, S]", [4, 1, 9]],
    ["[B, H, T, S]", [2, 4, 7, 9]],
  ];
  const shape = [2, 4, 2, 7, 9, 8];
  return [
    ...attentionShapes.map(([name, extents, options]): FusedCase => ({
      name,
      inputs: (d) => drawn(d, extents),
      run: (q, k, v) => scaledDotProductAttention(q!, k!, v!, options),
    })),
    ...masks.flatMap(([name, extents]) =>
      [false, true].flatMap((causal): FusedCase[] => [
        {
          name: `mask ${name}${causal ? ", causal" : ""}`,
          inputs: (d) => [...drawn(d, shape), d.booleans(0.6, ...extents)],
          run: (q, k, v, mask) => scaledDotProductAttention(q!, k!, v!, { mask, causal }),
        },
        {
          name: `bias ${name}${causal ? ", causal" : ""}`,
          inputs: (d) => [...drawn(d, shape), d.normal(...extents)],
          run: (q, k, v, bias) => scaledDotProductAttention(q!, k!, v!, { bias, causal }),
        },
      ])
    ),
    {
      name: "mask and bias",
      inputs: (d) => [...drawn(d, shape), d.booleans(0.5, 7, 9), d.normal(4, 7, 9)],
      run: (q, k, v, mask, bias) => scaledDotProductAttention(q!, k!, v!, { mask, bias }),
    },
    {
      name: "nothing allowed",
      inputs: (d) => [...drawn(d, shape), d.booleans(0, 7, 9)],
      run: (q, k, v, mask) => scaledDotProductAttention(q!, k!, v!, { mask }),
    },
    {
      name: "heads cut out of one projection",
      inputs: (d) => [d.normal(2, 17, 3 * 4 * 16)],
      run: (projected) => {
        const part = (i: number): Tensor =>
          projected.slice(2, i * 64, i * 64 + 64).reshape([2, 17, 4, 16]).transpose(1, 2);
        return scaledDotProductAttention(part(0), part(1), part(2), { causal: true });
      },
    },
    {
      name: "keys in a cache, seen through a slice",
      inputs: (d) => [d.normal(2, 4, 1, 16), d.normal(2, 2, 32, 16), d.normal(2, 2, 32, 16)],
      run: (q, k, v) => scaledDotProductAttention(q!, k!.slice(2, 0, 19), v!.slice(2, 0, 19), { causal: true }),
    },
    {
      name: "heads merged behind it",
      inputs: (d) => drawn(d, [2, 4, 4, 9, 9, 16]),
      run: (q, k, v) => scaledDotProductAttention(q!, k!, v!).transpose(1, 2).reshape([2, 9, 64]),
    },
    {
      name: "one tensor as query, key and value",
      inputs: (d) => [d.normal(1, 2, 9, 8)],
      run: (x) => scaledDotProductAttention(x, x, x, { causal: true }),
    },
    {
      name: "scores at ±1e3",
      inputs: (d) => drawn(d, shape).map((x, i) => i < 2 ? scaled(x, 30) : x),
      run: (q, k, v) => scaledDotProductAttention(q!, k!, v!),
      closeness: { rtol: 1e-3, atol: 1e-3 },
    },
  ];
}

/** Extents of attention at a border. */
interface Heads {
  readonly B?: number;
  readonly H: number;
  readonly G?: number;
  readonly T: number;
  readonly S?: number;
  readonly D: number;
  readonly causal?: boolean;
  /** Shapes of mask and bias. */
  readonly mask?: readonly number[];
  readonly bias?: readonly number[];
  /** What queries are multiplied by. */
  readonly size?: number;
  /** Whether the views are cut out of longer tensors of another layout. */
  readonly views?: boolean;
}

function attentionBorder(heads: Heads): BorderCase {
  const { B = 2, H, G = H, T, S = T, D, causal = false, mask, bias, size = 1, views = false } = heads;
  // A projection [B, length, 2, heads, D], or a cache with room for three more positions.
  const view = (x: Tensor, length: number): Tensor => views ? x.at(2, 1).slice(1, 0, length).transpose(1, 2) : x;
  return {
    name: JSON.stringify(heads),
    inputs: (d) => {
      const make = (heads: number, length: number): HostArray =>
        views ? d.normal(B, length + 3, 2, heads, D) : d.normal(B, heads, length, D);
      return [
        scaled(make(H, T), size),
        make(G, S),
        make(G, S),
        mask && d.booleans(0.7, ...mask),
        bias && d.normal(...bias),
      ];
    },
    run: (query, key, value, mask, bias) =>
      scaledDotProductAttention(view(query!, T), view(key!, S), view(value!, S), { causal, mask, bias }),
    // Errors of the scores, of size √D · ε · |score|, appear in the exponent.
    units: 60 * Math.sqrt(D) * Math.max(1, size),
    // tests/gpu/attention_test.ts has those of the GPU.
    only: "wasm",
  };
}

const attentionRows: FusedRows = {
  cases: attentionCases(),
  borders: ([
    ...[1, 4, 8, 17, 20, 32, 64].flatMap((D) =>
      [1, 2, 8, 9, 16, 17, 65].flatMap((T) => [false, true].map((causal) => ({ H: 2, T, D, causal })))
    ),
    ...[1, 5, 9, 64, 130].flatMap((T) =>
      [1, 15, 63, 64, 65, 130].flatMap((S) =>
        [false, true].map((causal) => ({ H: 4, G: 2, T, S, D: 16, causal, views: true }))
      )
    ),
    ...[3, 20].flatMap((T) => [
      ...[[2, 1, 1, 11], [T, 11], [2, 2, T, 11], [T, 1], [1], [2, 1, T, 1]].flatMap((mask) => [
        { H: 2, T, S: 11, D: 8, mask },
        { H: 2, T, S: 11, D: 8, mask, causal: true, views: true },
      ]),
      ...[[2, 2, T, 11], [2, T, 11], [1, 2, T, 11]].map((bias) => ({
        ...{ H: 2, T, S: 11, D: 8 },
        bias,
        mask: [2, 1, 1, 11],
      })),
    ]),
    { B: 1, H: 1, T: 200, D: 8, causal: true, views: true },
    { B: 1, H: 2, T: 1000, D: 4 },
    { B: 3, H: 8, G: 1, T: 1, S: 1000, D: 64 },
    { H: 6, G: 2, T: 3, S: 130, D: 20, causal: true, views: true },
    { H: 2, T: 20, D: 64, size: 100 },
  ] as Heads[]).map(attentionBorder),
  large: [
    {
      name: "[2, 8, 150, 64], grouped, causal",
      inputs: (d) => [d.normal(2, 8, 150, 64), d.normal(2, 4, 150, 64), d.normal(2, 4, 150, 64)],
      run: (q, k, v) => scaledDotProductAttention(q!, k!, v!, { causal: true }),
      closeness: { rtol: 1e-4, atol: 3e-5 },
    },
    {
      name: "four queries over 2000 keys",
      inputs: (d) => [d.normal(2, 8, 4, 64), d.normal(2, 4, 2000, 64), d.normal(2, 4, 2000, 64)],
      run: (q, k, v) => scaledDotProductAttention(q!, k!, v!),
      closeness: { rtol: 1e-4, atol: 3e-5 },
    },
  ],
};

const rotaryRows: FusedRows = {
  cases: [false, true].flatMap((interleaved) =>
    ([[1, 1, 1, 2], [2, 3, 5, 6], [1, 2, 17, 16], [2, 1, 3, 64], [1, 2, 0, 4], [1, 1, 65, 30]] as const).flatMap((
      [B, H, T, D],
    ): FusedCase[] => [
      {
        name: `[${B}, ${H}, ${T}, ${D}]${interleaved ? ", neighbours" : ", halves"}`,
        inputs: (d) => [d.normal(B, H, T, D), d.normal(T, D / 2), d.normal(T, D / 2)],
        run: (x, cosine, sine) => applyRotary(x!, cosine!, sine!, { interleaved }),
      },
      {
        name: `[${B}, ${T}, ${H}, ${D}] transposed${interleaved ? ", neighbours" : ", halves"}`,
        inputs: (d) => [d.normal(B, T, H, D), d.normal(T, D / 2), d.normal(T, D / 2)],
        run: (x, cosine, sine) => applyRotary(x!.transpose(1, 2), cosine!, sine!, { interleaved }),
      },
    ])
  ),
  borders: [2, 6, 8, 10, 64].flatMap((D) =>
    [false, true].map((interleaved): BorderCase => ({
      name: `heads of ${D}, ${interleaved ? "neighbours" : "halves"}`,
      inputs: (d) => [d.normal(2, 5, 3, D), d.uniform(-3, 3, 5, D / 2)],
      run: (x, angles) => applyRotary(x!.transpose(1, 2), angles!.cos(), angles!.sin(), { interleaved }),
      wanted: [0],
      units: 8,
    }))
  ),
  large: [{
    name: "[2, 8, 300, 64]",
    inputs: (d) => [d.normal(2, 300, 8, 64), d.normal(300, 32), d.normal(300, 32)],
    run: (x, cosine, sine) => applyRotary(x!.transpose(1, 2), cosine!, sine!),
    closeness: loose,
  }],
};

// ## Recurrent networks

/** What one direction of one layer reads: words, matrix, bias, states, mask. */
type Reading = (reverse: boolean) => (...inputs: (Tensor | undefined)[]) => Tensor;

const readings: Readonly<Record<"rnn" | "relu" | "lstm" | "gru", Reading>> = {
  rnn: (reverse) => (projected, weight, bias, state, mask) =>
    elmanStates(projected!, { weight: weight!, bias }, state!, { mask, reverse }),
  relu: (reverse) => (projected, weight, bias, state, mask) =>
    elmanStates(projected!, { weight: weight!, bias }, state!, { mask, reverse }, "relu"),
  lstm: (reverse) => (projected, weight, bias, hidden, cell, mask) =>
    lstmStates(projected!, { weight: weight!, bias }, [hidden!, cell!], { mask, reverse }),
  gru: (reverse) => (projected, weight, bias, state, mask) =>
    gruStates(projected!, { weight: weight!, bias }, state!, { mask, reverse }),
};

/** Inputs of B texts of T words, with states of H numbers and G gates. */
function recurrentInputs(
  [B, T, H]: readonly [number, number, number],
  kind: keyof typeof readings,
  { bias = true, masked = false }: { readonly bias?: boolean; readonly masked?: boolean } = {},
): FusedCase["inputs"] {
  const G = { rnn: 1, relu: 1, lstm: 4, gru: 3 }[kind];
  return (d) => [
    d.normal(B, T, G * H),
    scaled(d.normal(H, G * H), 1 / Math.sqrt(H)),
    bias ? d.normal(G * H) : undefined,
    ...Array.from({ length: kind === "lstm" ? 2 : 1 }, () => d.normal(B, H)),
    masked ? d.booleans(0.6, B, T) : undefined,
  ];
}

function recurrentRows(...kinds: readonly (keyof typeof readings)[]): FusedRows {
  const shapes = [[1, 1, 1], [2, 3, 5], [3, 4, 16], [1, 7, 17], [5, 2, 64], [17, 6, 33], [2, 2, 260]] as const;
  return {
    cases: kinds.flatMap((kind) => [
      ...shapes.flatMap((shape) =>
        [false, true].map((reverse): FusedCase => ({
          name: `${kind} [${shape}]${reverse ? ", backwards" : ""}`,
          inputs: recurrentInputs(shape, kind),
          run: readings[kind](reverse),
          closeness: loose,
        }))
      ),
      ...[false, true].map((reverse): FusedCase => ({
        name: `${kind} with padding and without bias${reverse ? ", backwards" : ""}`,
        inputs: recurrentInputs([4, 6, 9], kind, { bias: false, masked: true }),
        run: readings[kind](reverse),
        closeness: loose,
      })),
      {
        name: `${kind} of views`,
        inputs: (d) => {
          const [projected, weight, ...rest] = recurrentInputs([3, 4, 6], kind, { masked: true })(d);
          return [turnedOver(projected!), turnedOver(weight!), ...rest];
        },
        run: (projected, weight, ...rest) =>
          readings[kind](false)(projected!.transpose(0, 2), weight!.transpose(0, 1), ...rest),
        closeness: loose,
      },
    ]),
    borders: kinds.flatMap((kind) =>
      [3, 4, 5, 8, 31, 128].map((H): BorderCase => ({
        name: `${kind} of ${H} numbers`,
        inputs: recurrentInputs([3, 5, H], kind, { masked: true }),
        run: readings[kind](false),
        units: 64,
      }))
    ),
    large: kinds.map((kind): FusedCase => ({
      name: `${kind} [24, 20, 128]`,
      inputs: recurrentInputs([24, 20, 128], kind, { masked: true }),
      run: readings[kind](true),
      closeness: loose,
    })),
  };
}

/** The same numbers with the first and the last axis exchanged. */
function turnedOver(x: HostArray): HostArray {
  const last = x.shape.length - 1, shape = x.shape.map((_, i) => x.shape[i === 0 ? last : i === last ? 0 : i]!);
  return build(shape, (...at) => x.at(...at.map((_, i) => at[i === 0 ? last : i === last ? 0 : i]!)));
}

/** Every function that a device may compute by a kernel of its own. */
export const fusedCases: Readonly<Record<FusedName, FusedRows>> = {
  softmax: softmaxRows,
  logSoftmax: logSoftmaxRows,
  crossEntropy: crossEntropyRows,
  layerNorm: layerNormRows,
  rmsNorm: rmsNormRows,
  relu: activationRows(relu, () => 0),
  silu: activationRows(silu, () => 8),
  gelu: activationRows(gelu, () => ({ wasm: 8, webgpu: 12 })),
  geluTanh: activationRows(geluTanh, (reach) => ({ wasm: reach === 6 ? 16 : 8, webgpu: 12 })),
  linear: linearRows,
  dropout: dropoutRows,
  attention: attentionRows,
  rotary: rotaryRows,
  rnn: recurrentRows("rnn", "relu"),
  lstm: recurrentRows("lstm"),
  gru: recurrentRows("gru"),
};
