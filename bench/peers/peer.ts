/**
 * The program of a JavaScript peer: loads one adapter and does what `protocol.ts` says.
 *
 *     peer.ts ADAPTER THREADS CACHE
 *
 * @module
 */

import process from "node:process";
import { type Adapter, type Answer as Numbers, type Kernel, Unsupported } from "./adapters/adapter.ts";
import { gptTokens, gptWeights, trainingBatch } from "./inputs/gpt.ts";
import { random } from "./inputs/random.ts";
import { recurrentWeights } from "./inputs/recurrent.ts";
import * as reference from "./inputs/reference.ts";
import type { Answer, KernelReport, Request, SliceReport } from "./protocol.ts";
import {
  type DecodeWorkload,
  logitsFile,
  type PrefillWorkload,
  type RecurrentWorkload,
  type TrainWorkload,
  type Workload,
  workloads,
} from "./workloads.ts";

const [name, threads, cache] = Deno.args as [string, string, string];

// Standard output belongs to the protocol; some packages write greetings.
console.log = console.info = console.error;

/** A checked kernel, ready to be timed. */
interface Checked extends KernelReport {
  /** Milliseconds of each call, for about so long. */
  slice(seconds: number): Promise<number[]>;
}

/** Milliseconds per call, of short calls in groups of a millisecond or more. */
function repeated(run: () => unknown): (seconds: number) => Promise<number[]> {
  let group = 0;
  const time = async (calls: number): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    return (performance.now() - start) / calls;
  };
  return async (seconds) => {
    const samples: number[] = [], end = performance.now() + 1000 * seconds;
    if (!group) {
      await time(2);
      group = Math.max(1, Math.round(1 / Math.max(1e-4, await time(1))));
    }
    do samples.push(await time(group)); while (performance.now() < end);
    return samples;
  };
}

async function check(
  offer: readonly Kernel[] | Promise<readonly Kernel[]>,
  error: (result: ArrayLike<number>) => number,
): Promise<Checked[]> {
  const checked: Checked[] = [];
  for (const kernel of await offer) {
    await kernel.run();
    const { variant } = kernel;
    checked.push({
      ...(variant !== undefined && { variant }),
      error: error(await kernel.output()),
      slice: repeated(() => kernel.run()),
    });
  }
  return checked;
}

function offered<T>(method: T | undefined): T {
  if (!method) throw new Unsupported("not offered");
  return method;
}

/** Logits after the prompt, and after each of two further tokens: a broken cache shows in the latter. */
async function loadGpt(adapter: Adapter, work: PrefillWorkload | DecodeWorkload): Promise<Checked[]> {
  const { model: layout, prompt: P } = work, steps = work.kind === "decode" ? work.steps : 2;
  const format = work.kind === "decode" ? work.format : undefined;
  const session = format
    ? await offered(adapter.quantizedGpt).call(adapter, layout, gptWeights(layout), format)
    : await offered(adapter.gpt).call(adapter, layout, gptWeights(layout));
  const tokens = gptTokens(P, steps, layout.vocabSize), prompt = tokens.slice(0, P);
  const want = new Float64Array(Deno.readFileSync(`${cache}/${logitsFile(work)}`).buffer);
  const results: Numbers[] = [await session.prefill(prompt)];
  for (const token of tokens.slice(P, P + 2)) results.push(Float32Array.from(await session.decode(token)));
  let error = 0;
  for (const [i, result] of results.entries()) {
    const logits = want.subarray(i * layout.vocabSize, (i + 1) * layout.vocabSize);
    error = Math.max(error, reference.relativeError(await result, logits));
  }
  if (work.kind === "prefill") return [{ error, slice: repeated(() => session.prefill(prompt)) }];
  return [{
    error,
    async slice() {
      const samples: number[] = [];
      await session.prefill(prompt);
      for (const token of tokens.slice(P)) {
        const start = performance.now();
        await session.decode(token);
        samples.push(performance.now() - start);
      }
      return samples;
    },
  }];
}

/** Several steps on one batch: forwards, backwards and the optimizer all have to be right. */
async function loadTraining(adapter: Adapter, work: TrainWorkload | RecurrentWorkload): Promise<Checked[]> {
  const trainer = work.kind === "train"
    ? await offered(adapter.train).call(adapter, work, gptWeights(work.model))
    : await offered(adapter.trainRecurrent).call(adapter, work, recurrentWeights(work.model));
  const { inputs, targets } = trainingBatch(work);
  let error = 0;
  for (const want of work.losses) error = Math.max(error, Math.abs(await trainer.step(inputs, targets) - want) / want);
  return [{ error, slice: repeated(() => trainer.step(inputs, targets)) }];
}

/** Makes the inputs of a workload, lets the adapter prepare, and compares its result with float64. */
function load(adapter: Adapter, work: Workload): Promise<Checked[]> {
  switch (work.kind) {
    case "matmul": {
      const { M, K, N } = work, a = random(M * K, 11), b = random(K * N, 12);
      const offer = offered(adapter.matmul).call(adapter, { ...work, a, b });
      return check(offer, (result) => reference.matmulError(result, a, b, [M, K, N]));
    }
    case "softmax": {
      const x = random(work.rows * work.columns, 21, 5);
      const want = reference.softmax(x, work.columns);
      return check(offered(adapter.softmax).call(adapter, { ...work, x }), (y) => reference.relativeError(y, want));
    }
    case "layernorm": {
      const x = random(work.rows * work.columns, 21, 5);
      const gain = random(work.columns, 22, 0.1, 1), bias = random(work.columns, 23);
      const want = reference.layerNorm(x, gain, bias, work.epsilon);
      const offer = offered(adapter.layernorm).call(adapter, { ...work, x, gain, bias });
      return check(offer, (y) => reference.relativeError(y, want));
    }
    case "attention": {
      const { H, T, D } = work, size = H * T * D;
      const query = random(size, 31, 2), key = random(size, 32, 2), value = random(size, 33);
      const want = reference.causalAttention(query, key, value, [H, T, D]);
      const offer = offered(adapter.attention).call(adapter, { ...work, query, key, value });
      return check(offer, (y) => reference.relativeError(y, want));
    }
    case "prefill":
    case "decode":
      return loadGpt(adapter, work);
    case "train":
    case "recurrent":
      return loadTraining(adapter, work);
  }
}

async function timed(kernel: Checked, seconds: number): Promise<SliceReport> {
  const before = process.cpuUsage(), start = performance.now();
  const samples = await kernel.slice(seconds);
  const wall = performance.now() - start, { user, system } = process.cpuUsage(before);
  return { samples, processor: (user + system) / 1000, wall };
}

/** Lines of standard input. */
async function* requests(): AsyncGenerator<Request> {
  let rest = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

const encoder = new TextEncoder();

function say(answer: Answer): void {
  let rest = encoder.encode(JSON.stringify(answer) + "\n");
  while (rest.length) rest = rest.subarray(Deno.stdout.writeSync(rest));
}

function complain(error: unknown): void {
  const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200);
  say(error instanceof Unsupported ? { skipped: reason } : { failed: reason });
}

try {
  const { adapter }: { adapter: Adapter } = await import(new URL(`adapters/${name}.ts`, import.meta.url).href);
  say({ started: await adapter.start(Number(threads)) });
  let kernels: Checked[] = [];
  for await (const request of requests()) {
    try {
      if ("load" in request) {
        kernels = await load(adapter, workloads.find(({ id }) => id === request.load)!);
        for (const kernel of kernels) await kernel.slice(request.warm);
        say({ kernels: kernels.map(({ slice: _, ...report }) => report) });
      } else say(await timed(kernels[request.kernel]!, request.seconds));
    } catch (error) {
      complain(error);
    }
  }
} catch (error) {
  complain(error);
}
Deno.exit(0);
