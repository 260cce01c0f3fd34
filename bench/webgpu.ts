/**
 * The GPU device: how close its kernels come to what the GPU can do, and what that makes of a model.
 *
 * Two ceilings are measured in the same run: a shader that does nothing but multiply-adds on registers, and the copy
 * of a large buffer. A time is the slope between few and many repetitions, so that the cost of
 * waiting for the GPU drops out; every figure is the median of five slopes.
 *
 * Without a GPU the table has no figures; `--software` fills it with tiny sizes on an adapter that computes on the
 * CPU, to see that everything runs. `--write` keeps the results in `bench/WEBGPU.md` and `bench/webgpu.json`.
 *
 * deno run [--allow-write=bench] bench/webgpu.ts [--software] [--write] [FILTER]
 *
 * @module
 */

import type { Backend, Buffer, FusedFunctions, FusedName, PackedFormat, View } from "../core/engine/backend.ts";
import { contiguousStrides, sizeOf } from "../core/engine/shape.ts";
import { withoutFusion } from "../core/engine/fusable.ts";
import { GRU, LSTM, RNN } from "../core/03_language_models/mod.ts";
import { createWebgpuDevice } from "../gpu/mod.ts";
import { routeOf } from "../gpu/matmul.ts";
import { runtimeOf } from "../gpu/runtime.ts";
import {
  adamW,
  crossEntropy,
  DecoderOnly,
  KeyValueCache,
  noGrad,
  Optimizer,
  pack,
  quantize,
  Random,
  release,
  scope,
  type Tensor,
  tensor,
  withBackend,
} from "../mod.ts";

const flags = Deno.args.filter((word) => word.startsWith("--"));
const [filter = ""] = Deno.args.filter((word) => !word.startsWith("--"));
const unknown = flags.find((flag) => flag !== "--software" && flag !== "--write");
if (unknown) {
  console.error(`Cannot understand ${unknown}: known are --software and --write`);
  Deno.exit(2);
}
const software = flags.includes("--software");

let absence: string | undefined;
const device: Backend | undefined = await createWebgpuDevice({ allowSoftware: software })
  .catch((error: Error) => {
    absence = error.message;
    return undefined;
  });

// ## Time

const SAMPLES = software ? 1 : 5;
/** Seconds that the longer run of a slope takes at least. */
const LONG = software ? 0.05 : 0.25;

/** Seconds of `times` repetitions, the GPU awaited. */
async function elapsed(work: () => void, times: number): Promise<number> {
  const { queue } = runtimeOf(device!);
  await queue.done();
  const start = performance.now();
  for (let i = 0; i < times; i++) work();
  await queue.done();
  return (performance.now() - start) / 1000;
}

/** Seconds that one repetition takes. */
async function time(work: () => void): Promise<number> {
  await elapsed(work, 1);
  let times = 2;
  while (times < 1e5 && await elapsed(work, times) < LONG) times *= 2;
  const few = Math.max(1, times >> 2), slopes: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    slopes.push((await elapsed(work, times) - await elapsed(work, few)) / (times - few));
  }
  const median = slopes.sort((a, b) => a - b)[SAMPLES >> 1]!;
  return Math.max(median, 1e-9);
}

// ## Ceilings

/** Multiply-adds on registers and nothing else: eight chains of vectors, sixteen steps per turn. */
const PEAK = `
struct Params { turns: u32, factor: f32, addend: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4f(params.factor);
  let a = vec4f(params.addend);
  let start = vec4f(f32(id.x));
${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `  var s${i} = start + ${i}.0;`).join("\n")}
  for (var i = 0u; i < params.turns; i++) {
${Array.from({ length: 128 }, (_, i) => `    s${i % 8} = fma(s${i % 8}, m, a);`).join("\n")}
  }
  let s = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
  y[id.x] = s.x + s.y + s.z + s.w;
}`;

/** Operations per second from registers alone. */
async function peak(): Promise<number> {
  const { queue, pipelines } = runtimeOf(device!), groups = software ? 8 : 4096, turns = software ? 4 : 256;
  const pipeline = pipelines.compile("peak", PEAK), y = queue.pool.take(groups * 256 * 4);
  const words = new Uint32Array(3);
  new Float32Array(words.buffer).set([0, 0.999, 1e-3]);
  words[0] = turns;
  const seconds = await time(() => queue.dispatch(pipeline, [y], [...words], [groups]));
  queue.pool.release(y);
  return groups * 256 * turns * 128 * 4 * 2 / seconds;
}

// ## Views

function contiguous(buffer: Buffer, shape: readonly number[]): View {
  return { buffer, dtype: "float32", shape, strides: contiguousStrides(shape), offset: 0 };
}

/** Small numbers; `turned` stores a matrix column by column. */
function made(shape: readonly number[], turned = false): View {
  const stored = turned ? shape.toReversed() : shape, count = sizeOf(shape);
  // A piece of noise over and over: what the numbers are matters to no kernel, and large uploads take long.
  const piece = withBackend(device!, () => new Random(1).uniform([1, 4096], { min: -1, max: 1 }));
  const view = contiguous(device!.allocate("float32", count), [Math.floor(count / 4096), 4096]);
  if (count >= 4096) {
    device!.copy({ ...piece as View, buffer: (piece as View).buffer, shape: view.shape, strides: [0, 1] }, view);
  }
  const rest = count % 4096;
  if (rest > 0) {
    const tail = { ...contiguous(view.buffer, [rest]), buffer: view.buffer, offset: count - rest };
    device!.copy({ ...contiguous((piece as View).buffer, [rest]), buffer: (piece as View).buffer }, tail);
  }
  release(piece);
  const whole = contiguous(view.buffer, stored);
  return turned ? { ...whole, buffer: view.buffer, shape, strides: whole.strides.toReversed() } : whole;
}

// ## What is measured

/** A line of a table. */
interface Line {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  /** Absent without a GPU. */
  value?: number;
  /** Part of the ceiling that belongs to the unit. */
  share?: number;
}

interface Entry {
  readonly group: string;
  readonly name: string;
  readonly unit: "TFLOP/s" | "GB/s" | "tokens/s";
  /** In the unit. */
  readonly run: () => Promise<number>;
}

function product(M: number, N: number, K: number, form = "NN"): Entry {
  const name = `${M} × ${N} × ${K}, ${form}, ${routeOf(M, N, K, 1).name}`;
  return {
    ...{ group: "Matrix products (M × N × K)", name, unit: "TFLOP/s" },
    run: async () => {
      const a = made([M, K], form[0] === "T"), b = made([K, N], form[1] === "T");
      const seconds = await time(() => device!.release(device!.matmul(a, b)));
      for (const { buffer } of [a, b]) device!.release(buffer);
      return 2 * M * N * K / seconds / 1e12;
    },
  };
}

function rowTimes(rows: number, K: number, N: number, turned: boolean): Entry {
  const stored = turned ? "column by column" : "row by row";
  return {
    ...{ group: "Rows times a matrix", name: `${rows} × ${K} by ${K} × ${N}, ${stored}`, unit: "GB/s" },
    run: async () => {
      const a = made([rows, K]), b = made([K, N], turned);
      const seconds = await time(() => device!.release(device!.matmul(a, b)));
      for (const { buffer } of [a, b]) device!.release(buffer);
      return 4 * K * N / seconds / 1e9;
    },
  };
}

function packedRow(format: PackedFormat, rows: number, K: number, N: number): Entry {
  const prompt = rows > 8;
  return {
    group: prompt ? "Matrix products (M × N × K)" : "Rows times a matrix",
    name: prompt ? `${rows} × ${N} × ${K}, weights in ${format}` : `${rows} × ${K} by ${K} × ${N}, packed in ${format}`,
    unit: prompt ? "TFLOP/s" : "GB/s",
    run: async () => {
      const { words, pack: fill, multiply } = device!.packing![format]!;
      const x = made([rows, K]), w = made([K, N]), packed = device!.allocate("float32", words(K, N));
      fill(w, packed);
      device!.release(w.buffer);
      const seconds = await time(() => device!.release(multiply(x, packed, N, undefined)));
      for (const buffer of [x.buffer, packed]) device!.release(buffer);
      return prompt ? 2 * rows * K * N / seconds / 1e12 : 4 * words(K, N) / seconds / 1e9;
    },
  };
}

/** A fused kernel that reads its first input once and writes a result of that size. */
function streaming<Name extends FusedName>(
  kernel: Name,
  attributes: FusedFunctions[Name],
  shape: readonly number[],
  rest: number,
): Entry {
  return {
    ...{ group: "Streams", name: `${kernel} ${shape.join(" × ")}`, unit: "GB/s" },
    run: async () => {
      const x = made(shape), others = Array.from({ length: rest }, () => made([shape[1]!]));
      const run = device!.fused.forward[kernel];
      const seconds = await time(() => {
        const outputs = run?.([x, ...others], attributes);
        if (!outputs) throw new Error(`Cannot measure ${kernel}: there is no such kernel`);
        for (const { buffer } of outputs) device!.release(buffer);
      });
      for (const { buffer } of [x, ...others]) device!.release(buffer);
      return 2 * 4 * sizeOf(shape) / seconds / 1e9;
    },
  };
}

function copying(count: number): Entry {
  return {
    ...{ group: "Streams", name: `copy of ${count * 4 >> 20} MiB`, unit: "GB/s" },
    run: async () => {
      const x = made([count]), y = made([count]);
      const seconds = await time(() => device!.copy(x, y));
      for (const { buffer } of [x, y]) device!.release(buffer);
      return 8 * count / seconds / 1e9;
    },
  };
}

// ## Models

const GPT2 = software
  ? { vocabSize: 100, contextLength: 64, hiddenSize: 32, numHeads: 2, numLayers: 2 }
  : { vocabSize: 50257, contextLength: 1024, hiddenSize: 768, numHeads: 12, numLayers: 12 };
const PROMPT = software ? 8 : 512, DECODED = software ? 4 : 128, BATCH = software ? 2 : 8, WINDOW = software ? 8 : 512;

/** Works with a model, whose memory is given back. */
async function withModel<T>(make: () => DecoderOnly, work: (model: DecoderOnly) => Promise<T>): Promise<T> {
  return await withBackend(device!, async () => {
    const model = make();
    try {
      return await work(model);
    } finally {
      for (const weights of model.stateDict().values()) release(weights);
    }
  });
}

const random = new Random(7);
function text(batch: number, length: number): Tensor {
  return tensor(Int32Array.from({ length: batch * length }, () => random.integer(GPT2.vocabSize)), [batch, length]);
}

function prepared(format: PackedFormat): DecoderOnly {
  const model = new DecoderOnly(GPT2, new Random(1));
  return format === "float32" || format === "float16" ? pack(model, format) : quantize(model, format);
}

const NAME = "GPT-2, 124 million weights";

function prefill(format: PackedFormat): Entry {
  return {
    ...{ group: NAME, name: `reading ${PROMPT} tokens, ${format}`, unit: "tokens/s" },
    run: () =>
      withModel(() => prepared(format), async (model) => {
        const seconds = await time(() =>
          withBackend(device!, () => noGrad(() => scope(() => void model.forward(text(1, PROMPT), { lastOnly: true }))))
        );
        return PROMPT / seconds;
      }),
  };
}

function decode(format: PackedFormat, reading: boolean): Entry {
  const how = reading ? ", every token read back" : "";
  return {
    ...{ group: NAME, name: `${DECODED} more tokens after ${PROMPT}, ${format}${how}`, unit: "tokens/s" },
    run: () =>
      withModel(() => prepared(format), async (model) => {
        const { queue } = runtimeOf(device!);
        const rates: number[] = [];
        for (let sample = 0; sample <= SAMPLES; sample++) {
          const caches = model.newCaches(() => new KeyValueCache());
          const step = (length: number): Tensor =>
            withBackend(device!, () =>
              noGrad(() => scope(() => model.forward(text(1, length), { caches, lastOnly: true }).argmax(-1))));
          const first = step(PROMPT);
          await queue.done();
          release(first);
          const start = performance.now();
          for (let i = 0; i < DECODED; i++) {
            const next = step(1);
            if (reading) {
              await next.read();
            }
            release(next);
          }
          await queue.done();
          rates.push(DECODED / (performance.now() - start) * 1000);
          for (const cache of caches) {
            cache.dispose();
          }
        }
        // The first one compiled.
        return rates.slice(1).sort((a, b) =>
          a - b
        )[SAMPLES >> 1]!;
      }),
  };
}

function training(): Entry {
  return {
    ...{ group: NAME, name: `training step, ${BATCH} × ${WINDOW} tokens`, unit: "tokens/s" },
    run: () =>
      withModel(() => new DecoderOnly(GPT2, new Random(1)), async (model) => {
        const optimizer = new Optimizer(model.parameters(), adamW({ learningRate: 1e-4 }));
        const seconds = await time(() =>
          withBackend(device!, () => {
            scope(() => crossEntropy(model.forward(text(BATCH, WINDOW)), text(BATCH, WINDOW)).backward());
            scope(() => optimizer.step());
            optimizer.zeroGrad();
          })
        );
        return BATCH * WINDOW / seconds;
      }),
  };
}

/** One layer forwards and backwards, by the kernels of a step or by the definition. */
function recurrent(kind: "RNN" | "LSTM" | "GRU", size: number, fuse: boolean): Entry {
  const [B, T] = software ? [2, 8] : [32, 64];
  return {
    group: "Recurrent networks, forwards and backwards",
    name: `${kind} of ${size} numbers, ${B} × ${T} tokens, ${fuse ? "a kernel for each step" : "the definition"}`,
    unit: "tokens/s",
    run: () =>
      withBackend(device!, async () => {
        const network = new { RNN, LSTM, GRU }[kind]({ inputSize: size, hiddenSize: size }, new Random(1));
        const x = new Random(2).normal([B, T, size]);
        const step = (): void => {
          scope(() => network.forward(x).output.square().sum().backward());
          for (const weight of network.parameters().values()) {
            release(weight.grad!);
            weight.grad = undefined;
          }
        };
        const seconds = await time(() => withBackend(device!, () => fuse ? step() : withoutFusion(step)));
        for (const used of [x, ...network.stateDict().values()]) release(used);
        return B * T / seconds;
      }),
  };
}

const formats: readonly PackedFormat[] = ["float32", "float16", "int8", "int4"];
const entries: readonly Entry[] = software
  ? [
    ...[product(64, 64, 64), product(130, 70, 300), product(1, 70, 300)],
    ...[rowTimes(1, 64, 128, false), rowTimes(1, 64, 128, true)],
    ...formats.flatMap((format) => [packedRow(format, 1, 64, 128), packedRow(format, 16, 64, 128)]),
    ...[
      copying(1 << 16),
      streaming("softmax", {}, [64, 64], 0),
      streaming("layerNorm", { epsilon: 1e-5 }, [64, 64], 2),
    ],
    ...(["RNN", "LSTM", "GRU"] as const).flatMap((kind) => [true, false].map((fuse) => recurrent(kind, 16, fuse))),
    ...[prefill("float32"), decode("float32", false), decode("int8", true), training()],
  ]
  : [
    ...[256, 512, 1024, 2048, 4096, 8192].map((n) => product(n, n, n)),
    ...["NT", "TN", "TT"].map((form) => product(4096, 4096, 4096, form)),
    ...[product(1024, 3072, 768), product(1024, 768, 3072), product(1024, 50257, 768, "NT")],
    ...[product(768, 3072, 4096, "TN"), product(128, 768, 3072), product(16, 3072, 768)],
    ...formats.map((format) => packedRow(format, 1024, 768, 3072)),
    ...[1, 4, 8].flatMap((rows) => [rowTimes(rows, 4096, 16384, false), rowTimes(rows, 4096, 16384, true)]),
    ...[rowTimes(1, 768, 3072, false), rowTimes(1, 3072, 768, false), rowTimes(1, 768, 50257, true)],
    ...formats.map((format) => packedRow(format, 1, 4096, 16384)),
    ...formats.map((format) => packedRow(format, 1, 768, 50257)),
    copying(1 << 24),
    ...[streaming("softmax", {}, [16384, 1024], 0), streaming("layerNorm", { epsilon: 1e-5 }, [16384, 768], 2)],
    ...([["RNN", 256], ["LSTM", 256], ["LSTM", 1024], ["GRU", 256]] as const).flatMap(([kind, size]) =>
      [true, false].map((fuse) => recurrent(kind, size, fuse))
    ),
    ...formats.map((format) => prefill(format)),
    ...formats.map((format) => decode(format, false)),
    decode("float32", true),
    training(),
  ];

// ## Results

const lines: Line[] = [];
const ceilings: Partial<Record<Entry["unit"], number>> = {};
if (device) {
  console.log(device.description);
  ceilings["TFLOP/s"] = await peak() / 1e12;
  ceilings["GB/s"] = await copying(software ? 1 << 16 : 1 << 25).run();
  console.log(
    `multiply-adds on registers: ${ceilings["TFLOP/s"].toPrecision(3)} TFLOP/s; ` +
      `copy: ${ceilings["GB/s"].toPrecision(3)} GB/s`,
  );
} else console.log(`No figures: ${absence}`);

for (const { group, name, unit, run } of entries) {
  if (!`${group} ${name}`.includes(filter)) continue;
  const line: Line = { group, name, unit };
  if (device) {
    try {
      line.value = await run();
      const ceiling = ceilings[unit];
      if (ceiling) line.share = line.value / ceiling;
      const part = line.share === undefined ? "" : `, ${(100 * line.share).toFixed(0)} % of the ceiling`;
      console.log(`${name.padEnd(56)} ${line.value.toPrecision(3)} ${unit}${part}`);
    } catch (error) {
      console.log(`${name.padEnd(56)} ${(error as Error).message}`);
    }
  }
  lines.push(line);
}

if (flags.includes("--write")) {
  const rows: string[] = [];
  for (const group of new Set(lines.map((line) => line.group))) {
    const cells = lines.filter((line) => line.group === group).map(({ name, unit, value, share }) => [
      name,
      value === undefined ? "–" : `${value.toPrecision(3)} ${unit}`,
      share === undefined ? "–" : `${(100 * share).toFixed(0)} %`,
    ]);
    const all = [["what", "speed", "of the ceiling"], ...cells];
    const widths = [0, 1, 2].map((i) => Math.max(...all.map((row) => row[i]!.length)));
    all.splice(1, 0, widths.map((width) => "-".repeat(width)));
    rows.push("", `## ${group}`, "");
    for (const row of all) rows.push(`| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`);
  }
  const told = device
    ? `${device.description}. Multiply-adds on registers: ${
      ceilings["TFLOP/s"]!.toPrecision(3)
    } TFLOP/s; a copy reads and ` +
      `writes ${ceilings["GB/s"]!.toPrecision(3)} GB/s. These are the ceilings.`
    : "Not measured yet: there was no GPU. The table says what will be measured.";
  const page = [
    "# The GPU device, measured",
    "",
    "`deno run --allow-write=bench bench/webgpu.ts --write` measures this on a machine with a GPU.",
    "",
    told,
    ...rows,
    "",
  ].join("\n");
  const kept = { device: device?.description ?? null, ceilings, lines };
  Deno.writeTextFileSync(new URL("WEBGPU.md", import.meta.url), page);
  Deno.writeTextFileSync(new URL("webgpu.json", import.meta.url), JSON.stringify(kept, null, 2) + "\n");
}
