/**
 * How time and memory grow: with the length of the text, the width of the model, the batch, the threads.
 *
 * Prints tables, in Markdown. Every time is the best of a few runs, since other programs on the machine can only
 * add to it. The memory of attention is the most that a device holds in the meantime, scratch included, less its
 * inputs and its output. With `--write` the parts that are measured take their place in `growth.json`, and
 * `GROWTH.md` and `growth.svg` are made of it again.
 *
 * deno run bench/growth.ts [attention|decode|width|batch|threads] …
 * deno run -A bench/growth.ts --write attention
 *
 * @module
 */

import {
  adamW,
  createWasmDevice,
  crossEntropy,
  DecoderOnly,
  KeyValueCache,
  noGrad,
  Optimizer,
  Random,
  release,
  scaledDotProductAttention,
  scope,
  type Tensor,
  tensor,
  withBackend,
} from "../mod.ts";
import { peakBytes } from "../tests/wasm/support.ts";
import { drawing, type Part, report, table } from "./growth_report.ts";

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

const MEBIBYTE = 2 ** 20;

/** Attention of 8 heads of width 64 over itself. */
function attention(): Part {
  const rows = [128, 256, 512, 1024, 2048, 4096, 8192].map((length) => {
    const device = createWasmDevice({ threads: 1 });
    return withBackend(device, () => {
      const [query, key, value] = [1, 2, 3].map((seed) => new Random(seed).normal([1, 8, length, 64]));
      const times = length > 2000 ? 2 : 5;
      const run = (causal: boolean) => () =>
        scope(() => void scaledDotProductAttention(query!, key!, value!, { causal }));
      const [full, causal] = [best(run(false), times), best(run(true), times)];
      const own = 4 * 4 * 8 * length * 64;
      return [length, full * 1e3, causal * 1e3, own / MEBIBYTE, (peakBytes(device, run(false)) - own) / MEBIBYTE];
    });
  });
  return {
    title: "Attention, 8 heads of width 64, one thread",
    columns: ["positions", "ms", "ms, causal", "MiB of inputs and output", "MiB beyond them"],
    rows,
  };
}

/** One more token after a text of some length. */
function decode(): Part {
  const random = new Random(1);
  const device = createWasmDevice({ threads: 1 });
  return withBackend(device, () => {
    const model = new DecoderOnly({
      ...{ vocabSize: 512, contextLength: 8192, hiddenSize: 256, numHeads: 4, numLayers: 4 },
    }, random).eval();
    // The first length is measured twice: what is compiled meanwhile is not what grows.
    const rows = [128, 128, 256, 512, 1024, 2048, 4096, 8000].map((length, row) => {
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
      const step = best(() => read(1), row === 0 ? 500 : 50);
      const bytes = 2 * 4 * length * 256 * 4;
      return [length, prefill, step * 1e3, bytes / MEBIBYTE];
    }).slice(1);
    return {
      title: "Reading a text, then one token more: 4 layers, width 256, one thread",
      columns: ["positions", "ms for the text", "ms for the next token", "MiB of keys and values"],
      rows,
    };
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
    const optimizer = new Optimizer(model.parameters(), adamW({ learningRate: 1e-3 }));
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
): Promise<Part> {
  const rows: number[][] = [];
  for (const point of points) {
    const [width, batch, threads] = at(point);
    const seconds = await trainingStep(width, batch, threads);
    rows.push([point, seconds * 1e3, batch * 64 / seconds]);
  }
  return { title, columns: [column, "ms", "tokens/s"], rows };
}

const parts: Record<string, () => Part | Promise<Part>> = {
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

/** Processor, cores and runtime, as far as this system tells. */
async function describe(): Promise<string> {
  const text = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const name = /model name\s*: (.*)/.exec(text)?.[1] ?? Deno.build.arch;
  return `${name.trim()}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}`;
}

const isWriting = Deno.args.includes("--write");
const named = Deno.args.filter((word) => word !== "--write");
const measured: Record<string, Part> = {};
for (const name of named.length ? named : Object.keys(parts)) {
  const run = parts[name];
  if (!run) {
    console.error(`Cannot measure "${name}": known are ${Object.keys(parts).join(", ")}`);
    Deno.exit(2);
  }
  const { title, columns, rows } = await run();
  measured[name] = { title, columns, rows: rows.map((row) => row.map((x) => Number(x.toPrecision(4)))) };
  console.log(table(measured[name]));
}
if (isWriting) {
  const here = (name: string): URL => new URL(name, import.meta.url);
  const machine = await describe();
  const before = JSON.parse(await Deno.readTextFile(here("growth.json")).catch(() => "{}"));
  const merged: Record<string, Part> = { ...before.parts, ...measured };
  const ordered = Object.fromEntries(Object.keys(parts).flatMap((name) => merged[name] ? [[name, merged[name]]] : []));
  await Deno.writeTextFile(here("growth.json"), JSON.stringify({ machine, parts: ordered }, null, 1) + "\n");
  await Deno.writeTextFile(here("growth.svg"), drawing(ordered));
  await Deno.writeTextFile(here("GROWTH.md"), report(machine, ordered));
}
