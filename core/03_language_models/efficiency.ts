/**
 * # Efficiency
 *
 * **Question.** Two models predict equally well. Which of them can be afforded: how many parameters, how much memory, how long until the first
 * token and until the last?
 *
 * **Idea.** Two things take time: arithmetic, and moving numbers between memory and processor. They happen at once, so the slower of them decides. A machine does a
 * certain number of operations per second and moves a certain number of bytes. A model needs a certain number of both. Their ratio, the *arithmetic intensity* [算术强度],
 * says which side decides: below the ratio of the machine it waits for memory, above it for arithmetic. Drawn over the intensity, what a machine can attain
 * is a slope and a flat top: the *roofline* [屋顶线].
 *
 * ```picture roofline What a machine of 40 operations and 10 bytes per nanosecond can attain, by the intensity of the work. The squares, from left to right, are a matrix that
 * is multiplied by 1, 2, 4, 8 and 16 vectors at once.
 * ```
 *
 * **By hand.** A matrix of 4 rows and 4 columns has 16 numbers of 4 bytes, which is $4 \cdot 16 = 64$ bytes. For one vector each number is multiplied and added once: $2 \cdot 16 = 32$
 * operations, so $32 / 64 = 0.5$ operations per byte. A machine does up to 40 operations per nanosecond, and moves 10 bytes. The bytes take $64 / 10 = 6.4$ nanoseconds, and the
 * machine attains $10 \cdot 0.5 = 5$ operations per nanosecond. For 8 vectors the same 64 bytes serve $8 \cdot 32 = 256$ operations, which is 4 per byte. Now
 * it attains 40, and the time is $256 / 40 = 6.4$ nanoseconds again: eight results for the time of one. The vectors themselves are not counted: beside the matrices of a model they are few. Beside this tiny one they would not be.
 *
 * ```ts
 * import { attainable, intensityOf, leastTime } from "@heed/heed/language-models";
 *
 * const machine = { peak: 40, bandwidth: 10 };
 * for (const vectors of [1, 8]) {
 *   const work = { operations: vectors * 2 * 16, bytes: 4 * 16 };
 *   console.log(vectors, "at once:", work.operations, "operations,", work.bytes, "bytes,", intensityOf(work), "per byte");
 *   console.log("  attains", attainable(machine, intensityOf(work)), "and takes", leastTime(machine, work));
 * }
 * ```
 *
 * ```text
 * 1 at once: 32 operations, 64 bytes, 0.5 per byte
 *   attains 5 and takes 6.4
 * 8 at once: 256 operations, 64 bytes, 4 per byte
 *   attains 40 and takes 6.4
 * ```
 *
 * **Formula.** With $W$ operations and $Q$ bytes of the work, and a machine of $\pi$ operations and $\beta$ bytes per second, the machine attains $P$ operations per second, and the work takes the time $t$:
 *
 * $$I = \frac{W}{Q}, \qquad P = \min(\pi,\; \beta I), \qquad t \ge \frac{W}{P} = \max\Big(\frac{W}{\pi},\; \frac{Q}{\beta}\Big)$$
 *
 * | symbol  | in code      | unit                   |
 * | ------- | ------------ | ---------------------- |
 * | $W$     | `operations` | floating-point operations |
 * | $Q$     | `bytes`      | bytes                  |
 * | $I$     | `intensity`  | operations per byte    |
 * | $\pi$   | `peak`       | operations per second  |
 * | $\beta$ | `bandwidth`  | bytes per second       |
 * | $P$     | `attainable` | operations per second  |
 * | $t$     | `leastTime`  | seconds, at least      |
 *
 * **Why the weights count once.** A pass reads each weight from memory at least once, however many sequences it serves. Of what is computed on the way little has to go through memory. $Q$ is the
 * least that has to, and $t$ the least time; a program can only be slower.
 *
 * **The notes, 004.50.** These are the four measures, with one addition. What the notes call latency (延迟) is two: the time to the *first* token, in which the prompt is read, and the
 * time to the last. The first is bound by arithmetic, since all tokens of a prompt share one reading of the weights; the others are bound by memory, one reading for each. Throughput (吞吐量) is not the inverse of
 * latency: with a larger batch more tokens are done per second, and each sequence waits longer. The functions below count all of it, and measure it.
 *
 * Sources: Williams, Waterman and Patterson 2009, *Roofline: An Insightful Visual Performance Model for Multicore Architectures*; Kaplan et al. 2020, *Scaling Laws for
 * Neural Language Models* (operations per token); Pope et al. 2022, *Efficiently Scaling Transformer Inference*.
 *
 * @module
 */

import type { Backend, Buffer, View } from "../engine/backend.ts";
import { checkNumbers, checkSizes } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { full } from "../engine/create.ts";
import { backend } from "../engine/device.ts";
import {
  callback,
  checkFunction,
  checkObject,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  numeric,
  object,
  required,
} from "../engine/options.ts";
import { release, scope } from "../engine/scope.ts";
import { sizeOf } from "../engine/shape.ts";

/** What has to be done, at least. */
export interface Work {
  /** Floating-point operations; a multiplication and an addition are two. */
  readonly operations: number;
  /** Bytes that go through memory. */
  readonly bytes: number;
}

/** The two speeds of a machine. */
export interface MachineSpeed {
  /** Operations per second. */
  readonly peak: number;
  /** Bytes per second. */
  readonly bandwidth: number;
}

/**
 * The arithmetic intensity of some work, in operations per byte.
 *
 * @param work what has to be done
 * @returns $W / Q$
 */
export function intensityOf(work: Work): number {
  checkWork(work);
  return work.operations / work.bytes;
}

/**
 * The operations per second that a machine can attain at an intensity.
 *
 * @param machine its two speeds
 * @param intensity operations per byte
 * @returns the lower of the two bounds
 */
export function attainable(machine: MachineSpeed, intensity: number): number {
  checkOptions("find what is attainable", machine, MACHINE);
  checkValue("find what is attainable", "intensity", intensity, numeric({ above: 0 }));
  // $\min(\pi, \beta I)$: the flat top, or the slope.
  return Math.min(machine.peak, machine.bandwidth * intensity);
}

/**
 * The least time that some work takes on a machine.
 *
 * @param machine its two speeds
 * @param work what has to be done
 * @returns seconds, or the unit of time of the speeds
 */
export function leastTime(machine: MachineSpeed, work: Work): number {
  const intensity = intensityOf(work);
  return work.operations / attainable(machine, intensity);
}

// ## What a language model costs
//
// A matrix of $m$ numbers costs $2m$ operations for each token. The matrices of a recurrent layer of width $H$, which reads vectors of $E$ numbers, have $G(EH + H^2)$ numbers: $G = 1$ in an RNN, 3 in a GRU, 4 in an LSTM. The matrix of the scores has a column for each entry of the
// vocabulary. Biases and the rows that are looked up are left out: they are few.
//
// The chapter's figures have shown a Transformer beside these networks, and its costs stand beside theirs here. Later chapters ([attention](../04_attention/mod.ts), [the Transformer](../05_transformer/mod.ts)) explain it; for the count this much is enough. A Transformer has no loop over the words. For each word a layer computes three vectors: a *query*, a *key* and a *value*. The query of a word is
// compared with the keys of all words up to it, and the result is a weighted sum of their values ([section](../04_attention/scaled_dot_product.ts)). Then a feed-forward network with one hidden layer of $F$ numbers follows ([section](../05_transformer/feed_forward/mod.ts)). So a layer of width $E$ has six matrices: one for the queries and one for the output, $E \cdot E$ each; one for the keys and one for the values,
// $E \cdot K$ each, where $K$ is how many numbers a key has in all (here not the words of a kernel); and two in the feed-forward network, $E \cdot F$ each. Together that is $2E^2 + 2EK + 2EF$. The pairs come on top: $4E$ operations for each pair of a query and a key, $2E$ for their product and $2E$ for adding the value by
// its weight. While it writes, the keys and values of all earlier words are kept (a cache) and read once for each new word. They grow with the text. The states of a recurrent network do not. GPT-2 is such a Transformer, of 12 layers and $E = 768$; the text that it is given to continue is its *prompt*.

/** What one pass of a model does, and with how many weights. */
export interface ModelWork extends Work {
  /** Numbers of the matrices. */
  readonly weights: number;
}

/**
 * What one pass of a decoder-only Transformer costs.
 *
 * @param layout sizes of the model
 * @param pass how much it reads, and after how much; one token of one sequence by default
 * @returns weights, operations and bytes
 */
export function decoderWork(layout: DecoderSizes, pass: PassSizes = {}): ModelWork {
  checkOptions("count the work of a decoder", layout, DECODER);
  const { B, T, past, scored, width } = passOf(pass);
  const { numLayers: L, hiddenSize: E, vocabSize: V } = layout;
  const { feedForwardSize: F = 4 * E, keyValueSize: K = E } = layout;

  // Query and output, key and value, up and down.
  const inLayers = L * (2 * E * E + 2 * E * K + 2 * E * F), weights = inLayers + E * V;

  // Each new token meets all tokens up to itself: scores, and sums of values.
  const pairs = T * past + T * (T + 1) / 2, attention = 4 * B * L * E * pairs;
  const operations = 2 * B * (T * inLayers + scored * E * V) + attention;

  // Weights once for all sequences, keys and values for each.
  const cached = 2 * B * L * K * (past + T);
  return { weights, operations, bytes: width * weights + 4 * cached };
}

/**
 * What one pass of a recurrent language model costs.
 *
 * @param layout sizes of the model
 * @param pass how much it reads; one token of one sequence by default; `past` changes nothing
 * @returns weights, operations and bytes
 */
export function recurrentWork(layout: RecurrentSizes, pass: PassSizes = {}): ModelWork {
  checkOptions("count the work of a recurrent network", layout, RECURRENT);
  const { B, T, scored, width } = passOf(pass);
  const { numLayers: L, hiddenSize: H, vocabSize: V, gates: G } = layout, { embeddingSize: E = H } = layout;

  // What comes in is E numbers wide at the first layer, H above it.
  const inLayers = G * H * (E + H) + (L - 1) * G * H * 2 * H, weights = inLayers + H * V;
  const operations = 2 * B * (T * inLayers + scored * H * V);

  // An LSTM has two states; they are read and written.
  const states = 2 * B * L * H * (G === 4 ? 2 : 1);
  return { weights, operations, bytes: width * weights + 4 * states };
}

// ## Four tricks
//
// | trick | without | with | saves |
// | --- | --- | --- | --- |
// | mini-batch | ten passes of one sequence | one pass of ten | nine of ten readings of the weights |
// | hoist | each word times the input matrix, in the loop | all words times it, before the loop | a product for each step; its matrix is read once |
// | join | a matrix for each gate | one matrix of four times the columns | three of four products |
// | fewer transfers | a loss is read after each step | all are read at the end | waiting for the device at each step |
//
// The [experiment](experiments/efficiency.ts) draws the intensity by the size of the batch, counts what four tricks save, and times them if it is given a clock.
//
// None of them changes the result: the same operations are done in another order or in fewer pieces. Nor does each of them save time everywhere. On a CPU fetching a loss is a copy, and the last trick gains nothing. A GPU works while the program goes on,
// and each fetch waits until it has finished.
//
// **The notes, 004.52.** It is true of both kinds of processors, and the reason is memory, not that a GPU is better at matrices. Ten sequences need ten times the operations and one reading of the weights. A GPU gains more
// because the ratio of its peak to its bandwidth is larger. The gain ends where the intensity reaches this ratio. It ends earlier where each sequence has bytes of its own to read, such as its keys and values. In training, the sum over
// the batch has another effect as well ([section](../06_training/batching.ts)): the update is an average over more examples.
//
// **The notes, 004.53.** All three hold, and the experiment has each with and without. The second has a limit in a recurrent network: the state times its matrix cannot leave the loop, since each step needs the state of the one before. Attention
// has no such dependence, and no loop over the positions.
//
// **The notes, 004.51.** They are named here and explained elsewhere. Distillation (蒸馏) trains a smaller model on the answers of a larger one, so that all counts of this page shrink: a section on it is planned for [chapter](../06_training/mod.ts). Compression (压缩) keeps the number of operations and makes the bytes fewer: with `bytesPerWeight` 1 in
// place of 4 the intensity is multiplied by up to $4$, and by nearly $4$ where the weights are most of what is read: the work moves to the right under the same roofline. [`quantize`](../engine/inference.ts) does it to a model; a section on such weights is planned for the chapter on pre-trained models. Generation algorithms such as speculative decoding turn several passes of one token into one of several ([chapter](../07_generation/mod.ts)).

// ## Measured on this machine
//
// A measurement needs a clock, several repetitions, and something that waits for the result. The median says what is usual, and the 10th and 90th percentile how much it varies. The first calls are left out: a program is
// compiled in them, and memory is reserved.

/** What some measured times say. */
export interface TimeSummary {
  /** As many were shorter as were longer. */
  readonly median: number;
  /** One tenth were shorter. */
  readonly low: number;
  /** One tenth were longer. */
  readonly high: number;
}

/**
 * The median of some times, and the 10th and 90th percentile.
 *
 * @param times in any order and any unit
 * @returns all three, in the same unit
 * @throws {RangeError} if there are none
 */
export function summarizeTimes(times: readonly number[]): TimeSummary {
  checkNumbers("sum up times", "times", times);
  if (times.length === 0) throw new RangeError("Cannot sum up times: there are none");
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1), below = Math.floor(place), rest = place - below;
    return sorted[below]! * (1 - rest) + (sorted[below + 1] ?? 0) * rest;
  };
  return { median: at(0.5), low: at(0.1), high: at(0.9) };
}

/** How fast something is done again and again. */
export interface Throughput {
  /** Seconds of a call. */
  readonly seconds: TimeSummary;
  /** Items per second, by the median. */
  readonly perSecond: number;
}

/**
 * Times a call, several times over.
 *
 * On a device that computes while the program goes on, the call has to wait for its result: `await x.read()`.
 *
 * @example
 * ```ts
 * import { Random } from "@heed/heed";
 * import { measureThroughput, RecurrentLanguageModel } from "@heed/heed/language-models";
 *
 * const model = new RecurrentLanguageModel({ vocabSize: 20, hiddenSize: 16 }, new Random(1)).eval();
 * const { perSecond } = await measureThroughput(() => model.forward([[1, 2, 3]]).read(), { items: 3, repeats: 3 });
 * console.assert(perSecond > 0); // tokens per second
 * ```
 *
 * @param run what is timed
 * @param options how many items a call does, how often, by which clock
 * @returns seconds of a call and items per second
 */
export async function measureThroughput(run: () => unknown, options: ThroughputOptions = {}): Promise<Throughput> {
  checkFunction("measure a throughput", run);
  checkOptions("measure a throughput", options, THROUGHPUT);
  const { items = 1, repeats = 9, warmups = 2, now = hostTime } = options, times: number[] = [];
  for (let i = -warmups; i < repeats; i++) {
    const start = now();
    await run();
    if (i >= 0) times.push((now() - start) / 1000);
  }
  const seconds = summarizeTimes(times);
  return { seconds, perSecond: items / seconds.median };
}

/** How long somebody waits who watches a text appear. */
export interface Latency {
  /** Seconds to the first item. */
  readonly first: number;
  /** Seconds to the end. */
  readonly total: number;
  /** How many items came. */
  readonly items: number;
  /** Seconds between an item and the next; absent of a single one. */
  readonly between?: TimeSummary;
  /** Items per second from the beginning to the end. */
  readonly perSecond: number;
}

/**
 * Times a stream: how long until the first item, between two, and until the last.
 *
 * @param stream such as what a model generates, token by token
 * @param now milliseconds since some moment; the host's clock by default
 * @returns first and total latency, and the throughput
 * @throws {RangeError} if the stream ends before its first item
 */
export async function measureLatency(
  stream: AsyncIterable<unknown> | Iterable<unknown>,
  now: () => number = hostTime,
): Promise<Latency> {
  checkValue("measure a latency", "stream", stream, STREAM);
  checkFunction("measure a latency", now);
  const start = now(), times: number[] = [];
  for await (const _ of stream) times.push(now());
  const total = (now() - start) / 1000, items = times.length;
  if (items === 0) throw new RangeError("Cannot measure a latency: the stream has no item");
  const between = times.slice(1).map((time, i) => (time - times[i]!) / 1000);
  return {
    first: (times[0]! - start) / 1000,
    total,
    items,
    ...(items > 1 && { between: summarizeTimes(between) }),
    perSecond: items / total,
  };
}

/**
 * The two speeds of this machine, as far as this library reaches them.
 *
 * A large matrix product needs much arithmetic and few bytes, a matrix times a vector the opposite. Takes about half a second on a usual machine.
 *
 * @param options sizes, and the clock
 * @returns operations and bytes per second on the current device
 */
export async function measureMachine(options: MachineOptions = {}): Promise<MachineSpeed> {
  checkOptions("measure a machine", options, MACHINE_OPTIONS);
  const { size = 384, megabytes = 32, repeats = 15, now = hostTime } = options;
  const timed = async (rows: number, [depth, columns]: readonly [number, number]): Promise<number> => {
    const left = full([rows, depth], 0.5), right = full([depth, columns], 0.5).clone();
    const run = async (): Promise<void> => {
      // One number is read: that waits for the device.
      const product = noGrad(() => scope(() => left.matmul(right)));
      await product.at(0, 0).read();
      release(product);
    };
    const { seconds } = await measureThroughput(run, { repeats, now });
    for (const used of [left, right]) release(used);
    return seconds.low;
  };
  const columns = 1024, depth = Math.ceil(megabytes * 1e6 / 4 / columns);
  return {
    peak: 2 * size ** 3 / await timed(size, [size, size]),
    bandwidth: 4 * depth * columns / await timed(1, [depth, columns]),
  };
}

// ## Counted on this machine
//
// Times differ from machine to machine and from day to day. What is asked of a device does not: how many calls, how many numbers brought there and fetched, how much memory at the peak.

/** What was asked of a device. */
export interface Traffic {
  /** Operations and kernels that were started. */
  readonly calls: number;
  /** How often numbers were brought to the device. */
  readonly uploads: number;
  /** Bytes of these. */
  readonly uploadedBytes: number;
  /** How often numbers were fetched from it. */
  readonly downloads: number;
  /** Bytes of these. */
  readonly downloadedBytes: number;
  /** Most bytes that were held beyond those at the beginning, after any call. */
  readonly peakBytes: number;
}

/**
 * Counts what some work asks of the current device.
 *
 * @example
 * ```ts
 * import { ones } from "@heed/heed";
 * import { watchDevice } from "@heed/heed/language-models";
 *
 * const { traffic } = await watchDevice(() => ones([4, 8]).matmul(ones([8, 2])).read());
 * console.assert(traffic.downloads === 1 && traffic.downloadedBytes === 4 * 8);
 * ```
 *
 * @param run the work; what else runs meanwhile is counted too
 * @returns what it returned, and the counts
 */
export async function watchDevice<T>(
  run: () => T | Promise<T>,
): Promise<{ readonly result: Awaited<T>; readonly traffic: Traffic }> {
  checkFunction("watch a device", run);
  const watch = new Watch(backend());
  try {
    const result = await run();
    return { result, traffic: watch.traffic() };
  } finally {
    watch.stop();
  }
}

// #region How a device is watched
// While it is watched, each function of the device is one that counts and then calls the real one.

type Functions = Record<string, ((...args: never[]) => unknown) | undefined>;

/** Members of a device that compute. */
const MEMBERS = ["copy", "unary", "binary", "select", "reduce", "matmul", "gather", "scatterAdd", "argsort"] as const;

class Watch {
  readonly #device: Backend;
  readonly #before: number;
  readonly #restore: (() => void)[] = [];
  readonly #counts = { calls: 0, uploads: 0, uploadedBytes: 0, downloads: 0, downloadedBytes: 0, peakBytes: 0 };
  /** Whether a function of the device is under way: what it calls itself is not counted. */
  #isInside = false;

  constructor(device: Backend) {
    this.#device = device;
    this.#before = device.memory().bytes;
    const members = device as unknown as Functions, counts = this.#counts;
    for (const name of MEMBERS) this.#wrap(members, name, () => counts.calls++);
    for (const table of Object.values(device.fused)) {
      // A kernel that declines returns nothing, or false.
      for (const name of Object.keys(table)) this.#wrap(table, name, (_, result) => result && counts.calls++);
    }
    for (const packing of Object.values(device.packing ?? {})) {
      for (const name of ["pack", "multiply", "columns"]) {
        this.#wrap(packing as unknown as Functions, name, () => counts.calls++);
      }
    }
    this.#wrap(members, "upload", (_, buffer) => {
      counts.uploads++;
      counts.uploadedBytes += (buffer as Buffer).byteLength;
    });
    for (const name of ["download", "peek"]) {
      this.#wrap(members, name, ([view]) => {
        counts.downloads++;
        counts.downloadedBytes += 4 * sizeOf((view as View).shape);
      });
    }
  }

  traffic(): Traffic {
    return { ...this.#counts };
  }

  stop(): void {
    for (const restore of this.#restore) restore();
  }

  #wrap(table: Functions, name: string, count: (args: readonly unknown[], result: unknown) => void): void {
    const own = Object.getOwnPropertyDescriptor(table, name), real = table[name];
    if (!real) return;
    table[name] = (...args) => {
      if (this.#isInside) return real.apply(table, args);
      this.#isInside = true;
      try {
        const result = real.apply(table, args);
        count(args, result);
        this.#counts.peakBytes = Math.max(this.#counts.peakBytes, this.#device.memory().bytes - this.#before);
        return result;
      } finally {
        this.#isInside = false;
      }
    };
    this.#restore.push(() => own ? Object.defineProperty(table, name, own) : delete table[name]);
  }
}

// #endregion

// #region Sizes and options

/** The sizes of a decoder-only Transformer. */
export interface DecoderSizes {
  /** Layers. */
  readonly numLayers: number;
  /** Width of a token: E. */
  readonly hiddenSize: number;
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Width of the feed-forward network: F; 4·E by default. */
  readonly feedForwardSize?: number | undefined;
  /** Numbers of a key, of all heads: K; E by default, fewer where heads share keys. */
  readonly keyValueSize?: number | undefined;
}

/** The sizes of a recurrent language model. */
export interface RecurrentSizes {
  /** Layers. */
  readonly numLayers: number;
  /** Width of a state: H. */
  readonly hiddenSize: number;
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Columns for each number of a state: 1 of an RNN, 3 of a GRU, 4 of an LSTM. */
  readonly gates: 1 | 3 | 4;
  /** Width of a token's row: E; H by default. */
  readonly embeddingSize?: number | undefined;
}

/** How much a pass reads. */
export interface PassSizes {
  /** Sequences: B; 1 by default. */
  readonly batchSize?: number | undefined;
  /** Tokens of each that are read: T; 1 by default. */
  readonly tokens?: number | undefined;
  /** Tokens of each that were read before, and are kept in a cache; 0 by default. */
  readonly past?: number | undefined;
  /** Positions of each whose next token is scored; 1 by default, all in training. */
  readonly scored?: number | undefined;
  /** 4 for float32, 1 for eight bits; 4 by default. */
  readonly bytesPerWeight?: number | undefined;
}

/** How {@linkcode measureThroughput} measures. */
export interface ThroughputOptions {
  /** What a call does, such as tokens; 1 by default. */
  readonly items?: number | undefined;
  /** Calls that are timed; 9 by default. */
  readonly repeats?: number | undefined;
  /** Calls before them; 2 by default. */
  readonly warmups?: number | undefined;
  /** Milliseconds since some moment; the host's clock by default. */
  readonly now?: (() => number) | undefined;
}

/** How {@linkcode measureMachine} measures. */
export interface MachineOptions {
  /** Rows and columns of the product; 384 by default. */
  readonly size?: number | undefined;
  /** Of the matrix that is read; more than fits a cache; 32 by default. */
  readonly megabytes?: number | undefined;
  /** Calls of each; 15 by default. */
  readonly repeats?: number | undefined;
  /** Milliseconds since some moment; the host's clock by default. */
  readonly now?: (() => number) | undefined;
}

const hostTime = (): number => performance.now();

const positive = numeric({ above: 0 });
const MACHINE: Checks<MachineSpeed> = { peak: required(positive), bandwidth: required(positive) };
const sizes = {
  numLayers: required(integer()),
  hiddenSize: required(integer()),
  vocabSize: required(integer()),
};
const DECODER: Checks<DecoderSizes> = { ...sizes, feedForwardSize: integer(), keyValueSize: integer() };
const RECURRENT: Checks<RecurrentSizes> = {
  ...sizes,
  gates: required({
    must: "1, 3 or 4",
    fits: (value) => typeof value === "number",
    allows: (value) => [1, 3, 4].includes(value),
  }),
  embeddingSize: integer(),
};
const PASS: Checks<PassSizes> = {
  batchSize: integer(),
  tokens: integer(),
  past: integer({ min: 0 }),
  scored: integer({ min: 0 }),
  bytesPerWeight: positive,
};
const CLOCK = callback<() => number>();
const THROUGHPUT: Checks<ThroughputOptions> = {
  items: positive,
  repeats: integer(),
  warmups: integer({ min: 0 }),
  now: CLOCK,
};
const MACHINE_OPTIONS: Checks<MachineOptions> = {
  size: integer(),
  megabytes: positive,
  repeats: integer(),
  now: CLOCK,
};
const STREAM = object<object>(
  "something to iterate",
  (value) => Symbol.asyncIterator in value || Symbol.iterator in value,
);

/** Looks at the two numbers; others may stand beside them. */
function checkWork(work: Work): void {
  checkObject("compute an intensity", work);
  checkValue("compute an intensity", "operations", work.operations, positive);
  checkValue("compute an intensity", "bytes", work.bytes, positive);
}

function passOf(pass: PassSizes): Record<"B" | "T" | "past" | "scored" | "width", number> {
  checkOptions("count the work of a pass", pass, PASS);
  const { batchSize: B = 1, tokens: T = 1, past = 0, scored = 1, bytesPerWeight: width = 4 } = pass;
  checkSizes("count the work of a pass", { scored }, { max: T });
  return { B, T, past, scored, width };
}

// #endregion

// ## Pitfall: a clock that stops too early
//
// A GPU is told what to do and does it later. A clock that is read after the last call and before the result has measured how fast the program talks. On such a device the call that is timed has to end with a
// reading. The test "measureThroughput() waits for what it measures" times a promise.

// ## Exercise
//
// GPT-2 has 12 layers of width 768 and 50257 entries, in float32. A machine reads 40 GB and does 60 billion operations per second. How many tokens per second can it generate at most, one sequence at a time? How long does
// a prompt of 128 tokens take at least?
//
// **Hint.** Which of the two bounds is the higher one, for one token and for 128?
//
// **Solution.** One token reads 123.5 million weights, 494 MB, and 9.5 MB of keys and values. At 40 GB per second 504 MB take 12.6 ms, which is 79 tokens per second: memory decides. A prompt of 128 tokens reads the same 504 MB and needs
// 22.1 billion operations, since the scores are needed after the last token only. They take 0.369 s: arithmetic decides.
//
// ```ts
// import { decoderWork, intensityOf, leastTime } from "@heed/heed/language-models";
//
// const gpt2 = { numLayers: 12, hiddenSize: 768, vocabSize: 50257 };
// const machine = { peak: 60e9, bandwidth: 40e9 };
// const token = decoderWork(gpt2, { past: 128 }), prompt = decoderWork(gpt2, { tokens: 128 });
// console.log("token: ", intensityOf(token).toFixed(2), "per byte, at most", (1 / leastTime(machine, token)).toFixed(0), "per second");
// console.log("prompt:", intensityOf(prompt).toFixed(1), "per byte, at least", leastTime(machine, prompt).toFixed(3), "seconds");
// ```
//
// ```text
// token:  0.50 per byte, at most 79 per second
// prompt: 43.9 per byte, at least 0.369 seconds
// ```

// ## Exercise
//
// From which batch on does this model read more keys and values than weights, with 1024 tokens each?
//
// **Hint.** The bytes of a pass are a sum of two parts, one of which grows with the batch.
//
// **Solution.** The weights are read once for all sequences, the keys and values of each sequence once: $494\,128\,128 / 75\,497\,472 = 6.5$, so from 7 sequences on.
//
// ```ts
// import { decoderWork } from "@heed/heed/language-models";
//
// const gpt2 = { numLayers: 12, hiddenSize: 768, vocabSize: 50257 }, past = 1023;
// const one = decoderWork(gpt2, { past }), two = decoderWork(gpt2, { past, batchSize: 2 });
// const cache = two.bytes - one.bytes;
// console.log("weights", one.bytes - cache, "bytes, keys and values of a sequence", cache);
// console.log("from", Math.ceil((one.bytes - cache) / cache), "sequences on");
// ```
//
// ```text
// weights 494128128 bytes, keys and values of a sequence 75497472
// from 7 sequences on
// ```
