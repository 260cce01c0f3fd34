/**
 * # A stream longer than the context
 *
 * **Question.** What do a window and its sinks cost on real text, and what is still known of what was evicted?
 *
 * **Idea.** A small Transformer on letters with rotary positions reads a part of Shakespeare that it never saw, token by token and without an end. Its memory grows, or is read anew, or rolls with and without sinks. In the stream signs are planted
 * that are asked for later, at growing distances.
 *
 * ```sh
 * deno run -A docs/runs/stream_model.ts --data input.txt --out model.safetensors
 * deno run -A docs/runs/windows_and_sinks.ts --data input.txt --model model.safetensors
 * ```
 *
 * @module
 */

import process from "node:process";
import type { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { restoreCheckpoint } from "../../core/06_training/checkpoints.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import type { ContextWindow } from "../../core/07_generation/session.ts";
import { RollingCache, streamLosses } from "../../core/07_generation/windows_and_sinks.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { release, scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { plant } from "../../core/experiments/planted.ts";
import { read, readMatrix } from "../../core/experiments/reading.ts";
import { record } from "./run.ts";
import { CONTEXT, type Letters, lettersOf, LONGEST, newModel, TRAINING } from "./stream_model.ts";

/** Tokens of the stream, those for which a window is read anew at each token, and those of a point of a curve. */
const STREAM = 50_000, ANEW = 2048, BLOCK = 1000;
/** Tokens from a sign to its question, and from an answer to the next sign. */
const DISTANCES = [16, 48, 80, 160, 320, 640], GAP = 8;
/** Texts whose attention is looked at. */
const TEXTS = 64;

/** What remembers: a cache that grows; the window, read anew at each token; the newer half, read again when the context is full; and a rolling cache, by its sinks. */
export type Memory = "grows" | "anew" | "slide" | number;

/** The memories, in the order of the table. */
const MEMORIES: readonly Memory[] = ["grows", "anew", "slide", 0, 1, 4];

/** What one memory comes to. */
export interface StreamResult {
  readonly memory: Memory;
  /** Tokens that were read. */
  readonly tokens: number;
  /** Nats per letter, behind the first `CONTEXT` tokens, and of those up to `ANEW`. */
  readonly nats: number;
  readonly begin: number;
  /** Bytes of keys and values that are reserved in the end; 0 where nothing is kept between tokens. */
  readonly bytes: number;
  /** Seconds of one core for a thousand tokens. */
  readonly seconds: number;
  /** Nats per letter of each block. */
  readonly blocks: readonly number[];
  /** Fraction of the signs that are recalled, by distance. */
  readonly recalled: readonly number[];
}

/** What is kept. */
export interface StreamRun {
  readonly training: typeof TRAINING;
  readonly stream: number;
  readonly anew: number;
  readonly block: number;
  readonly distances: readonly number[];
  /** Questions of each distance. */
  readonly asked: readonly number[];
  readonly weights: number;
  /** Mean weight on the first token in the later half of a text, by layer and head. */
  readonly first: readonly (readonly number[])[];
  readonly results: readonly StreamResult[];
}

/** A stream, and where it asks at which distance. */
interface Planted {
  readonly tokens: Int32Array;
  readonly ask: number;
  readonly letters: number;
  readonly distances: readonly number[];
}

function plantedStream({ heldOut, alphabet, begin }: Letters): Planted {
  const distances: number[] = [];
  const distance = (): number => {
    distances.push(DISTANCES[distances.length % DISTANCES.length]!);
    return distances.at(-1)!;
  };
  const planted = plant(heldOut.subarray(0, STREAM), alphabet, new Random(3), { gap: () => GAP, distance });
  return {
    tokens: Int32Array.of(begin, ...planted).subarray(0, STREAM),
    ask: alphabet.ask,
    letters: alphabet.ask - alphabet.signs,
    distances,
  };
}

/** What each token costs whoever reads its window anew, `size` tokens at most. */
async function anew(model: DecoderOnly, tokens: Int32Array, size: number): Promise<Float64Array> {
  const losses = new Float64Array(tokens.length - 1);
  for (let t = 0; t < losses.length; t++) {
    const window = tokens.slice(Math.max(0, t + 1 - size), t + 1);
    const loss = await read(() =>
      crossEntropy(model.forward(tensor(window, [1, window.length]), { lastOnly: true }).at(1, -1), [tokens[t + 1]!])
    );
    losses[t] = loss[0]!;
  }
  return losses;
}

/** What each token costs where a full context is replaced by its newer half, read again. */
async function slide(model: DecoderOnly, tokens: Int32Array, size: number): Promise<Float64Array> {
  const half = size / 2, losses = new Float64Array(tokens.length - 1);
  for (let from = 0; from < losses.length; from += half) {
    const caches = model.newCaches(() => new KeyValueCache()), scored: Tensor[] = [];
    const feed = (start: number, end: number): Tensor =>
      scope(() =>
        noGrad(() => model.forward(tensor(tokens.slice(start, end), [1, end - start]), { caches, lastOnly: true }))
      );
    if (from > 0) release(feed(from - half, from));
    const end = Math.min(from + half, losses.length);
    for (let t = from; t < end; t++) scored.push(feed(t, t + 1));
    const rows = await Promise.all(
      scored.map((logits, i) => read(() => crossEntropy(logits.at(1, -1), [tokens[from + i + 1]!]))),
    );
    rows.forEach((loss, i) => losses[from + i] = loss[0]!);
    for (const logits of scored) release(logits);
    for (const cache of caches) cache.dispose();
  }
  return losses;
}

/** Reads the stream with one memory. */
async function readStream(
  model: DecoderOnly,
  memory: Memory,
  tokens: Int32Array,
): Promise<{ readonly losses: Float64Array; readonly bytes: number }> {
  if (memory === "anew") return { losses: await anew(model, tokens.subarray(0, ANEW + 1), CONTEXT), bytes: 0 };
  if (memory === "slide") {
    const bytes = model.options.numLayers * 2 * CONTEXT * model.options.hiddenSize * 4;
    return { losses: await slide(model, tokens, CONTEXT), bytes };
  }
  const caches: (KeyValueCache | RollingCache)[] = [];
  let bytes = 0;
  const window: ContextWindow = {
    size: CONTEXT,
    newMemory: () => {
      caches.push(memory === "grows" ? new KeyValueCache() : new RollingCache({ size: CONTEXT, sinks: memory }));
      return caches.at(-1)!;
    },
    requireFit: () => {},
  };
  const losses = await streamLosses(model, memory === "grows" ? tokens.subarray(0, LONGEST) : tokens, {
    window,
    onProgress: () => bytes = caches.reduce((sum, cache) => sum + cache.bytes, 0),
  });
  return { losses, bytes };
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** Losses of one memory, as they are kept. */
async function resultOf(
  model: DecoderOnly,
  memory: Memory,
  { tokens, ask, letters, distances }: Planted,
): Promise<StreamResult> {
  const before = process.cpuUsage(), { losses, bytes } = await readStream(model, memory, tokens);
  const { user, system } = process.cpuUsage(before), seconds = (user + system) / 1e3 / losses.length;
  const nats = (from: number, to: number): number =>
    mean(Array.from(losses.subarray(from, to)).filter((_, i) => tokens[from + i + 1]! < letters));
  const right = DISTANCES.map((): number[] => []);
  let question = 0;
  losses.forEach((loss, t) => {
    if (tokens[t] !== ask) return;
    right[DISTANCES.indexOf(distances[question++]!)]!.push(Number(loss < Math.LN2));
  });
  return {
    memory,
    tokens: losses.length,
    nats: nats(CONTEXT, losses.length),
    begin: nats(CONTEXT, ANEW),
    bytes,
    seconds,
    blocks: Array.from({ length: Math.floor(losses.length / BLOCK) }, (_, i) => nats(i * BLOCK, (i + 1) * BLOCK)),
    recalled: right.map((answers) => answers.length > 0 ? mean(answers) : 0),
  };
}

/** Mean weight on the first token in the later half of short texts, by layer and head. */
async function firstOf(model: DecoderOnly, { heldOut, begin }: Letters): Promise<number[][]> {
  const stride = Math.floor(heldOut.length / TEXTS), readings: Promise<number[][]>[] = [];
  const rows = Array.from(
    { length: TEXTS },
    (_, i) => [begin, ...heldOut.subarray(i * stride, i * stride + CONTEXT - 1)],
  );
  scope(() =>
    noGrad(() =>
      model.forward(tensor(Int32Array.from(rows.flat()), [TEXTS, CONTEXT]), {
        observe: (_, weights) =>
          readings.push(readMatrix(weights.slice(2, CONTEXT / 2, CONTEXT).mean([0, 2]).slice(1, 0, 1).transpose(0, 1))),
      })
    )
  );
  return (await Promise.all(readings)).map(([heads]) => heads!);
}

async function make(path: string, file: string): Promise<StreamRun> {
  const letters = lettersOf(await Deno.readTextFile(path)), planted = plantedStream(letters);
  const model = newModel(letters), results: StreamResult[] = [];
  restoreCheckpoint(await Deno.readFile(file), { model });
  model.eval();
  for (const memory of MEMORIES) {
    results.push(await resultOf(model, memory, planted));
    const { nats, begin, bytes, seconds, recalled } = results.at(-1)!;
    const right = recalled.map((fraction) => fraction.toFixed(2)).join(" ");
    console.error(memory, nats.toFixed(3), begin.toFixed(3), bytes, seconds.toFixed(2), right);
  }
  const asked = DISTANCES.map((distance) =>
    planted.distances.slice(0, planted.tokens.filter((token) => token === planted.ask).length)
      .filter((one) => one === distance).length
  );
  return {
    training: TRAINING,
    stream: STREAM,
    anew: ANEW,
    block: BLOCK,
    distances: DISTANCES,
    asked,
    weights: model.parameterCount(),
    first: await firstOf(model, letters),
    results,
  };
}

if (import.meta.main) {
  await record({
    name: "windows_and_sinks",
    summary:
      "Read a long stream with memories of several kinds, and record losses, bytes, seconds and what is recalled.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "What docs/runs/stream_model.ts saved" },
    make: (path, { model }) => make(path, model!),
  });
}
