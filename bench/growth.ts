/**
 * How time and memory grow: with the length of the text, the width of the model, the batch, the threads.
 *
 * Prints tables, in Markdown. Every time is the best of a few runs, since other programs on the machine can only
 * add to it. The memory of attention is what a fresh device has grown to, scratch included, less what holds its
 * inputs and its output.
 *
 * deno run bench/growth.ts [attention|decode|width|batch|threads]
 *
 * @module
 */

import {
  AdamW,
  createWasmDevice,
  crossEntropy,
  DecoderOnly,
  KeyValueCache,
  noGrad,
  Random,
  release,
  scaledDotProductAttention,
  scope,
  type Tensor,
  tensor,
  withBackend,
} from "../mod.ts";
import { runtimeOf } from "../wasm/runtime.ts";

/** Seconds of the best of several runs, after a first one that is not counted. */
function best(run: () => void, times: number): number {
  run();
  let least = Infinity;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least / 1000;
}

function table(title: string, columns: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cell = (value: string | number): string =>
    typeof value === "string" ? value : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  console.log(`\n### ${title}\n`);
  for (const row of [columns, columns.map(() => "---"), ...rows]) console.log(`| ${row.map(cell).join(" | ")} |`);
}

const MEBIBYTE = 2 ** 20;

/** Attention of 8 heads of width 64 over itself. */
function attention(): void {
  const rows = [128, 256, 512, 1024, 2048, 4096, 8192].map((length) => {
    const device = createWasmDevice({ threads: 1 });
    return withBackend(device, () => {
      const [query, key, value] = [1, 2, 3].map((seed) => new Random(seed).normal([1, 8, length, 64]));
      const times = length > 2000 ? 2 : 5;
      const run = (causal: boolean) => () =>
        scope(() => void scaledDotProductAttention(query!, key!, value!, { causal }));
      const [full, causal] = [best(run(false), times), best(run(true), times)];
      const own = 4 * 4 * 8 * length * 64;
      const grown = runtimeOf(device).memory.wasm.buffer.byteLength;
      return [length, full * 1e3, causal * 1e3, own / MEBIBYTE, (grown - own) / MEBIBYTE];
    });
  });
  table(
    "Attention, 8 heads of width 64, one thread",
    ["positions", "ms", "ms, causal", "MiB of inputs and output", "MiB beyond them"],
    rows,
  );
}

/** One more token after a text of some length. */
function decode(): void {
  const random = new Random(1);
  const device = createWasmDevice({ threads: 1 });
  withBackend(device, () => {
    const model = new DecoderOnly({
      ...{ vocabSize: 512, contextLength: 8192, hiddenSize: 256, numHeads: 4, numLayers: 4 },
    }, random).eval();
    const rows = [128, 256, 512, 1024, 2048, 4096, 8000].map((length) => {
      const caches = model.newCaches(() => new KeyValueCache());
      const read = (count: number): void =>
        noGrad(() =>
          scope(() => {
            const tokens = tensor(Int32Array.from({ length: count }, () => random.integer(512)), [1, count]);
            model.forward(tokens, { caches });
          })
        );
      const start = performance.now();
      read(length);
      const prefill = performance.now() - start;
      const step = best(() => read(1), 20);
      const bytes = 2 * 4 * length * 256 * 4;
      return [length, prefill, step * 1e3, bytes / MEBIBYTE];
    });
    table(
      "Reading a text, then one token more: 4 layers, width 256, one thread",
      ["positions", "ms for the text", "ms for the next token", "MiB of keys and values"],
      rows,
    );
  });
}

/** Seconds of one training step, after the workers have started. */
async function trainingStep(width: number, batch: number, threads: number): Promise<number> {
  const device = createWasmDevice({ threads });
  const random = new Random(1);
  return await withBackend(device, async () => {
    const model = new DecoderOnly({
      ...{ vocabSize: 256, contextLength: 64, hiddenSize: width, numHeads: 4, numLayers: 4 },
    }, random);
    const optimizer = new AdamW(model.parameters(), { learningRate: 1e-3 });
    const ids = (): Tensor => tensor(Int32Array.from({ length: batch * 64 }, () => random.integer(256)), [batch, 64]);
    const step = (): void => {
      scope(() => crossEntropy(model.forward(ids()), ids()).backward());
      scope(() => optimizer.step());
      optimizer.zeroGrad();
    };
    for (let i = 0; i < 3; i++) {
      step();
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    const seconds = best(step, 5);
    for (const weights of model.stateDict().values()) release(weights);
    return seconds;
  });
}

async function training(
  title: string,
  column: string,
  points: readonly number[],
  at: (point: number) => [width: number, batch: number, threads: number],
): Promise<void> {
  const rows: number[][] = [];
  for (const point of points) {
    const [width, batch, threads] = at(point);
    const seconds = await trainingStep(width, batch, threads);
    rows.push([point, seconds * 1e3, batch * 64 / seconds]);
  }
  table(title, [column, "ms", "tokens/s"], rows);
}

const parts: Record<string, () => void | Promise<void>> = {
  attention,
  decode,
  width: () =>
    training(
      "A training step by width: 4 layers, context 64, batch 8, one thread",
      "width",
      [64, 128, 256, 512],
      (w) => [
        w,
        8,
        1,
      ],
    ),
  batch: () =>
    training("A training step by batch: 4 layers, width 128, context 64, one thread", "batch", [1, 4, 16, 64], (b) => [
      128,
      b,
      1,
    ]),
  threads: () =>
    training(
      "A training step by threads: 4 layers, width 128, context 64, batch 32",
      "threads",
      [
        ...Array(navigator.hardwareConcurrency).keys(),
      ].map((i) => i + 1),
      (t) => [128, 32, t],
    ),
};

const wanted = Deno.args.length ? Deno.args : Object.keys(parts);
for (const part of wanted) {
  const run = parts[part];
  if (!run) {
    console.error(`Cannot measure "${part}": known are ${Object.keys(parts).join(", ")}`);
    Deno.exit(2);
  }
  await run();
}
