/**
 * Each fused kernel of each device against the definition that its chapter states.
 *
 * The truth is the definition on the reference device. A kernel that declines every case
 * fails, and so does a name in a device's table that has no case here.
 */

import { assert, assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import { logSoftmax, softmax } from "../../core/02_words/softmax.ts";
import { applyRotary } from "../../core/04_attention/positions/mod.ts";
import { type AttentionOptions, scaledDotProductAttention } from "../../core/04_attention/scaled_dot_product.ts";
import { gelu, geluTanh, relu, silu } from "../../core/05_transformer/feed_forward/activations.ts";
import { layerNorm, rmsNorm } from "../../core/05_transformer/normalization.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { adamW } from "../../core/06_training/adam.ts";
import { Optimizer } from "../../core/06_training/optimizers.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Backend, FusedForward, FusedUpdate } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { dropout } from "../../core/engine/dropout.ts";
import { fusable, fusableUpdate, withoutFusion } from "../../core/engine/fusable.ts";
import { linear } from "../../core/engine/weight.ts";
import { Random } from "../../core/engine/random.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { parameter, type Tensor, tensor } from "../../core/engine/tensor.ts";
import { sizes } from "../cases.ts";
import { assertClose, build, type Closeness, devices, Draws, HostArray, onReference, reference } from "../support.ts";

/** A call of a fused function. */
interface FusedCase {
  readonly name: string;
  readonly inputs: (draws: Draws) => readonly HostArray[];
  readonly run: (...inputs: Tensor[]) => Tensor;
  /** How close values and gradients come; by default rtol 1e-4 and atol 1e-5. */
  readonly closeness?: Closeness;
}

const usual: Closeness = { rtol: 1e-4, atol: 1e-5 };

/** Multiplies what was drawn. */
function scaled({ data, shape }: HostArray, factor: number, shift = 0): HostArray {
  return new HostArray(data.map((value) => Math.fround(value * factor + shift)), shape);
}

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

// ## Normalization

const normCases = (apply: (x: Tensor, gain?: Tensor, bias?: Tensor) => Tensor): FusedCase[] => [
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

// ## Every name

const activationCases = (apply: (x: Tensor) => Tensor): FusedCase[] => [
  ...sizes.map((n) => ({ name: `[${n}]`, inputs: (d: Draws) => [d.normal(n)], run: (x: Tensor) => apply(x) })),
  { name: "transposed", inputs: (d) => [d.normal(33, 17)], run: (x) => apply(x.transpose()) },
  { name: "a wide range", inputs: (d) => [d.uniform(-30, 30, 1000)], run: (x) => apply(x) },
];

const kernels: Readonly<Record<string, readonly FusedCase[]>> = {
  softmax: [
    ...rowCases((x) => softmax(x)),
    { name: "forbidden scores", inputs: (d) => [withForbidden(d, 5, 17)], run: (x) => softmax(x) },
  ],
  logSoftmax: rowCases((x) => logSoftmax(x)).map((entry) =>
    entry.name === "scores at ±1e4" ? { ...entry, closeness: { rtol: 1e-4, atol: 1e-4 } } : entry
  ),
  crossEntropy: [
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
  layerNorm: normCases((x, gain, bias) => layerNorm(x, gain, bias)),
  rmsNorm: normCases((x, gain) => rmsNorm(x, gain)),
  gelu: [...activationCases(gelu), ...activationCases(geluTanh)],
  silu: activationCases(silu),
  relu: activationCases(relu),
  linear: ([
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
  ] as FusedCase[]).map((entry) => ({ ...entry, closeness: { rtol: 1e-4, atol: 1e-4 } })),
  attention: attentionCases(),
  rotary: [false, true].flatMap((interleaved) =>
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
  dropout: [
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
};

/** Sizes that a device shares among threads; evaluated once, with every gradient. */
const large: Readonly<Record<string, FusedCase>> = {
  softmax: { name: "[500, 1000]", inputs: (d) => [d.normal(500, 1000)], run: (x) => softmax(x) },
  logSoftmax: { name: "[500, 1000]", inputs: (d) => [d.normal(500, 1000)], run: (x) => logSoftmax(x) },
  crossEntropy: {
    name: "[300, 2000]",
    inputs: (d) => [d.normal(300, 2000), d.integers(0, 2000, 300)],
    run: (logits, targets) => crossEntropy(logits!, targets!, { labelSmoothing: 0.1, ignoreIndex: 7 }),
  },
  layerNorm: {
    name: "[1000, 257]",
    inputs: (d) => [d.normal(1000, 257), d.normal(257), d.normal(257)],
    run: (x, gain, bias) => layerNorm(x!, gain, bias),
    closeness: { rtol: 1e-4, atol: 1e-4 },
  },
  rmsNorm: {
    name: "[1000, 257]",
    inputs: (d) => [d.normal(1000, 257), d.normal(257)],
    run: (x, gain) => rmsNorm(x!, gain),
    closeness: { rtol: 1e-4, atol: 1e-4 },
  },
  gelu: { name: "[300000]", inputs: (d) => [d.normal(300_000)], run: (x) => gelu(x) },
  silu: { name: "[300000]", inputs: (d) => [d.normal(300_000)], run: silu },
  relu: { name: "[300000]", inputs: (d) => [d.normal(300_000)], run: relu },
  linear: {
    name: "[257, 300] to 129",
    inputs: (d) => [d.normal(257, 300), d.normal(300, 129), d.normal(129)],
    run: linear,
    closeness: { rtol: 1e-4, atol: 3e-4 },
  },
  attention: {
    name: "[2, 8, 150, 64], grouped, causal",
    inputs: (d) => [d.normal(2, 8, 150, 64), d.normal(2, 4, 150, 64), d.normal(2, 4, 150, 64)],
    run: (q, k, v) => scaledDotProductAttention(q!, k!, v!, { causal: true }),
    closeness: { rtol: 1e-4, atol: 3e-5 },
  },
  rotary: {
    name: "[2, 8, 300, 64]",
    inputs: (d) => [d.normal(2, 300, 8, 64), d.normal(300, 32), d.normal(300, 32)],
    run: (x, cosine, sine) => applyRotary(x!.transpose(1, 2), cosine!, sine!),
    closeness: { rtol: 1e-4, atol: 1e-4 },
  },
  dropout: { name: "[300000]", inputs: (d) => [d.normal(300_000)], run: (x) => dropout(x, 0.25, new Random(8)) },
};

/** Value and gradients, by `what(inputs)`; `undefined` for inputs that receive none. */
async function evaluate(
  device: Backend,
  { inputs, run }: FusedCase,
  wanted: (i: number) => boolean,
  fuse: boolean,
): Promise<HostArray[]> {
  return await withBackend(device, async () => {
    const draws = new Draws(2);
    const arrays = inputs(draws);
    const leaves = arrays.map((x, i) => x.dtype === "float32" && wanted(i) ? parameter(x.tensor()) : x.tensor());
    const call = (): Tensor => {
      const result = run(...leaves);
      if (result.requiresGrad) result.backward(draws.normal(...result.shape).tensor());
      return result.detach();
    };
    const results = scope(() => [(fuse ? call() : withoutFusion(call)).clone()]);
    results.push(...leaves.map((leaf) => leaf.grad ?? tensor([])));
    const numbers = await Promise.all(results.map(HostArray.of));
    for (const used of [...results, ...leaves]) release(used);
    return numbers;
  });
}

async function assertAgree(actual: HostArray[], expected: HostArray[], closeness: Closeness): Promise<void> {
  for (const [i, one] of actual.entries()) {
    await assertClose(one, expected[i]!, closeness).catch((error) => {
      throw new Error(`${i === 0 ? "value" : `gradient of input ${i - 1}`}: ${error.message}`);
    });
  }
}

/** Runs `f` and counts the calls of a kernel that did not decline. */
async function countAccepted(device: Backend, name: string, f: () => Promise<void>): Promise<number> {
  const table = device.fused.forward as Record<string, FusedForward>;
  const kernel = table[name]!;
  let accepted = 0;
  table[name] = (inputs, attributes) => {
    const outputs = kernel(inputs, attributes);
    if (outputs) accepted++;
    return outputs;
  };
  try {
    await f();
  } finally {
    table[name] = kernel;
  }
  return accepted;
}

for (const { name: deviceName, backend: device } of devices) {
  if (device === reference) continue;
  const ignore = device === undefined;

  Deno.test({
    name: `every fused kernel of ${deviceName} has a case`,
    ignore,
    fn: () => {
      const { forward, backward, update } = device!.fused;
      assertEquals(Object.keys(forward).filter((name) => !(name in kernels)), []);
      assertEquals(Object.keys(backward).filter((name) => !(name in forward)), []);
      assertEquals(Object.keys(update).filter((name) => !["accumulate", "adamStep", "scale"].includes(name)), []);
      assertGreater(Object.keys(forward).length, 0);
    },
  });

  for (const [name, entries] of Object.entries(kernels)) {
    if (!ignore && !(name in device!.fused.forward)) continue;
    Deno.test({
      name: `${name}() of ${deviceName} is its definition, forwards and backwards`,
      ignore,
      fn: async (t) => {
        const accepted = await countAccepted(device!, name, async () => {
          for (const entry of entries) {
            await t.step(entry.name, async () => {
              const closeness = entry.closeness ?? usual;
              const all = (): boolean => true;
              const expected = await evaluate(reference, entry, all, false);
              await assertAgree(await evaluate(device!, entry, all, true), expected, closeness);
              await assertAgree(await evaluate(device!, entry, all, false), expected, closeness);
              for (let only = 0; only + 1 < expected.length; only++) {
                const one = await evaluate(device!, entry, (i) => i === only, true);
                const alone = expected.map((x, i) => i === 0 || i === only + 1 ? x : one[i]!);
                await assertAgree(one, alone, closeness);
              }
            });
          }
        });
        assertGreater(accepted, entries.length / 2, "the kernel declines most cases");

        const all = (): boolean => true, big = large[name]!;
        await t.step(big.name, async () => {
          const expected = await evaluate(reference, big, all, false);
          await assertAgree(await evaluate(device!, big, all, true), expected, big.closeness ?? usual);
        });
        await t.step("leaves no memory behind", async () => {
          const before = device!.memory();
          for (const entry of entries) await evaluate(device!, entry, all, true);
          assertLessOrEqual(device!.memory().buffers, before.buffers);
        });
      },
    });
  }

  Deno.test({
    name: `accumulate() and scale() of ${deviceName} write where they read`,
    ignore,
    fn: async () => {
      const { accumulate, scale } = device!.fused.update;
      await withBackend(device!, async () => {
        for (const n of [1, 3, 4, 15, 16, 17, 100, 4095, 5000]) {
          const draws = new Draws(n);
          const x = draws.normal(3, n).tensor(), y = draws.normal(n, 3).tensor().transpose(), factor = tensor(0.3);
          const sum = await HostArray.of(x.add(y)), scaled = await HostArray.of(x.add(y).mul(factor));
          // Counted without waiting in between: whoever waits lets the garbage of earlier tests go.
          const writes = (kernel: FusedUpdate, other: Tensor): void => {
            const { buffers } = device!.memory();
            assert(kernel([x], [other], {}));
            assertEquals(device!.memory().buffers, buffers);
          };
          if (accumulate) {
            writes(accumulate, y);
            await assertClose(x, sum, { tolerance: 0 });
          } else x.assign(x.add(y));
          if (scale) {
            writes(scale, factor);
            await assertClose(x, scaled, { tolerance: 0 });
          }
        }
      });
    },
  });

  Deno.test({
    name: `adamStep() of ${deviceName} is its definition over several steps`,
    ignore: ignore || !("adamStep" in device!.fused.update),
    fn: async () => {
      const table = device!.fused.update as Record<string, FusedUpdate>;
      const kernel = table.adamStep!;
      let accepted = 0;
      table.adamStep = (...call) => {
        const done = kernel(...call);
        if (done) accepted++;
        return done;
      };
      try {
        for (const n of sizes) {
          const run = (on: Backend): Promise<HostArray[]> =>
            withBackend(on, async () => {
              const draws = new Draws(3);
              const weights = new Map([["a", parameter(draws.normal(n).tensor())], [
                "b",
                parameter(draws.normal(3, n).tensor()),
              ]]);
              const optimizer = new Optimizer(weights, adamW({ learningRate: 0.01, weightDecay: 0.1 }));
              for (let step = 0; step < 5; step++) {
                weights.get("a")!.grad = draws.normal(n).tensor();
                weights.get("b")!.grad = noGrad(() => draws.normal(n, 3).tensor().transpose());
                optimizer.step();
                optimizer.zeroGrad();
              }
              return await Promise.all([...weights.values()].map(HostArray.of));
            });
          await assertAgree(await run(device!), await run(reference), { rtol: 1e-5, atol: 1e-6 });
        }
      } finally {
        table.adamStep = kernel;
      }
      assertGreater(accepted, 5 * sizes.length);
    },
  });
}

// ## The mechanism, without any device's kernels

/** A reference device with a kernel that triples, so that a test can tell who ran. */
function withKernel(forward: FusedForward): Backend {
  const plain = createReferenceDevice();
  return Object.assign(plain, { fused: { forward: { double: forward }, backward: {}, update: {} } });
}

function double(x: Tensor): Tensor {
  return fusable("double", [x], {}, () => x.mul(2));
}

function tripling(device: () => Backend): FusedForward {
  return ([x]) => {
    const y = device().binary("add", x!, { ...x!, buffer: device().binary("add", x!, x!) });
    return [{ buffer: y, dtype: "float32", shape: x!.shape, strides: [1], offset: 0 }];
  };
}

Deno.test("fusable() runs the kernel of its name, and withoutFusion() the definition", async () => {
  const device: Backend = withKernel(tripling(() => device));
  await withBackend(device, async () => {
    const x = tensor([1, 2]);
    await assertClose(double(x), [3, 6], { tolerance: 0 });
    await assertClose(withoutFusion(() => double(x)), [2, 4], { tolerance: 0 });
    await assertClose(double(x), [3, 6], { tolerance: 0 });
  });
});

Deno.test("fusable() runs the definition where the kernel declines or there is none", async () => {
  const device = withKernel(() => undefined);
  for (const on of [device, reference]) {
    await withBackend(on, async () => {
      await assertClose(double(tensor([1, 2])), [2, 4], { tolerance: 0 });
    });
  }
});

Deno.test("fusable() differentiates the definition where there is no backward kernel", async () => {
  const device: Backend = withKernel(tripling(() => device));
  await withBackend(device, async () => {
    const x = parameter(tensor([1, 2])), before = x.mul(10);
    double(before).sum().backward();
    await assertClose(x.grad!, [20, 20], { tolerance: 0 });
  });
});

Deno.test("fusable() counts an input that is passed twice once", async () => {
  const plain = createReferenceDevice();
  const multiply: FusedForward = ([a, b]) => [
    { buffer: plain.binary("mul", a!, b!), dtype: "float32", shape: a!.shape, strides: [1], offset: 0 },
  ];
  const device = Object.assign(plain, { fused: { forward: { multiply }, backward: {}, update: {} } });
  await withBackend(device, async () => {
    const x = parameter(tensor([3, 5]));
    fusable("multiply", [x, x], {}, () => x.mul(x)).sum().backward();
    await assertClose(x.grad!, [6, 10], { tolerance: 0 });
  });
});

Deno.test("fusableUpdate() runs the kernel, and the definition where it declines or fusion is off", async () => {
  const device = createReferenceDevice();
  let declines = false;
  const nine: FusedUpdate = ([target]) => {
    if (!declines) device.copy(tensor([9, 9]), target!);
    return !declines;
  };
  Object.assign(device, { fused: { forward: {}, backward: {}, update: { nine } } });
  await withBackend(device, async () => {
    const x = tensor([1, 2]), y = tensor([3, 4]);
    // Both new values are computed before either is written.
    const swap = (): void => fusableUpdate("nine", [x, y], [], {}, () => [y.add(0), x.add(0)]);
    withoutFusion(swap);
    await assertClose(x, [3, 4], { tolerance: 0 });
    await assertClose(y, [1, 2], { tolerance: 0 });
    declines = true;
    swap();
    await assertClose(x, [1, 2], { tolerance: 0 });
    declines = false;
    swap();
    await assertClose(x, [9, 9], { tolerance: 0 });
  });
});

Deno.test("withoutFusion() restores fusion when the function throws", async () => {
  const device: Backend = withKernel(tripling(() => device));
  const failing = (): never => {
    throw new RangeError("inside");
  };
  assertThrows(() => withoutFusion(failing), RangeError, "inside");
  await withBackend(device, () => assertClose(double(tensor([1])), [3], { tolerance: 0 }));
});

onReference("fusable() passes gradients to inputs only", async () => {
  const x = parameter(tensor([1, 2])), y = parameter(tensor([3, 4]));
  fusable("nameless", [x, y], {}, () => x.mul(y)).sum().backward();
  await assertClose(x.grad!, [3, 4], { tolerance: 0 });
  await assertClose(y.grad!, [1, 2], { tolerance: 0 });
});
