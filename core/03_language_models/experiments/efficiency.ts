/**
 * # What a trick saves
 *
 * Four tricks, each with and without: what is asked of the device is counted, and that the results are the same. The intensity of a step of generation is computed
 * by the size of the batch, for a recurrent network and a Transformer. With a clock the tricks are timed as well, and the machine is measured.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { tensor, zeros } from "../../engine/create.ts";
import { concat, split, stack } from "../../engine/joining.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { coarse } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import {
  attainable,
  decoderWork,
  intensityOf,
  type Latency,
  type MachineSpeed,
  measureLatency,
  measureMachine,
  measureThroughput,
  recurrentWork,
  type Traffic,
  watchDevice,
} from "../efficiency.ts";
import { RecurrentLanguageModel } from "../lstm/language_model.ts";

const V = 64, TOKENS = 16, GATES = 4, REPEATS = 11, BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** The two models whose work is computed: the sizes of GPT-2, and an LSTM of about as many weights. */
const DECODER = { numLayers: 12, hiddenSize: 768, vocabSize: 50257 };
const RECURRENT = { numLayers: 3, hiddenSize: 1600, vocabSize: 50257, gates: 4 } as const;

const TRICKS = ["batch", "hoist", "join", "transfers"] as const;
type Trick = typeof TRICKS[number];

/** Without a trick, and with it. */
type Both<T> = readonly [without: T, within: T];

/** What one way to do the work asks for. */
interface Counted extends Pick<Traffic, "calls" | "uploads" | "downloads"> {
  /** Seconds, if there is a clock. */
  readonly seconds?: number;
}

/** What is found. */
export interface EfficiencyFindings {
  /** Calls of the device, without and with each trick. */
  readonly calls: readonly Both<number>[];
  /** Times that numbers were brought to the device or fetched from it. */
  readonly transfers: readonly Both<number>[];
  /** Largest difference between the results, by trick. */
  readonly difference: readonly number[];
  /** Operations per byte at each size of the batch: the recurrent network, the Transformer at its first token, and after many. */
  readonly recurrent: readonly number[];
  readonly first: readonly number[];
  readonly later: readonly number[];
  /** What the intensity after many tokens cannot exceed, with a batch of any size. */
  readonly bound: number;
  /** Bytes held at the peak when so many sequences are read at once, and when one is. */
  readonly peakTogether: number;
  readonly peakSingle: number;
  readonly shown: {
    readonly sequences: number;
    readonly past: number;
    readonly tokens: number;
    /** Seconds without and with each trick; none without a clock. */
    readonly seconds: readonly Both<number>[];
    /** What the machine does, and what steps of the network attained, by batch; none without a clock. */
    readonly machine: readonly MachineSpeed[];
    readonly attained: readonly (readonly [intensity: number, speed: number])[];
    /** How long a text takes that the network generates after a prompt, alone and in a batch; none without a clock. */
    readonly latencies: readonly (Pick<Latency, "first" | "total" | "perSecond"> & { readonly sequences: number })[];
  };
}

/** What the experiment is made of. */
export interface Efficiency extends Parts {
  findings: EfficiencyFindings;
  controls: "sequences" | "width" | "past" | "clock" | "seed";
  claims: "same" | "calls" | "transfers" | "batch" | "cache" | "memory";
  captions: "tricks" | "intensity" | "roofline" | "latency";
  labels:
    & Labels<"trick" | "without" | "with" | "calls" | "transfers" | "seconds" | "batch" | "intensity">
    & Labels<"recurrent" | "first" | "speed" | "attainable" | "attained" | "firstToken" | "lastToken" | "perSecond">
    & { readonly tricks: Readonly<Record<Trick, string>>; readonly later: (past: number) => string };
}

/** One way to do some work; its numbers tell whether it is the same work. */
type Way = () => Promise<ArrayLike<number>>;

/** The four tricks on one network and one batch. */
function waysOf(
  model: RecurrentLanguageModel,
  sequences: number,
  width: number,
  random: Random,
): Readonly<Record<Trick, Both<Way>>> {
  const ids = Int32Array.from(random.uniforms(sequences * TOKENS), (x) => Math.floor(x * V));
  const rows = (from: number, count: number): Tensor =>
    tensor(ids.subarray(from * TOKENS, (from + count) * TOKENS), [count, TOKENS]);
  const deviation = 1 / Math.sqrt(width), x = random.normal([TOKENS, width]);
  const weight = random.normal([width, GATES * width], { deviation }), parts = split(weight, GATES, 1);
  const recurrent = random.normal([width, width], { deviation }), input = parts[0]!;
  const losses = (): Tensor[] => Array.from({ length: TOKENS }, (_, t) => x.slice(0, t, t + 1).square().sum());
  const loop = (word: (t: number) => Tensor): Tensor => {
    let state = zeros([1, width]);
    const states = Array.from({ length: TOKENS }, (_, t) => state = word(t).add(state.matmul(recurrent)).tanh());
    return concat(states, 0);
  };
  const hoisted = (): Tensor => {
    const projected = x.matmul(input);
    return loop((t) => projected.slice(0, t, t + 1));
  };
  const one = (work: () => Tensor): Way => () => scope(() => noGrad(work)).read() as Promise<ArrayLike<number>>;
  return {
    batch: [
      one(() => concat(Array.from({ length: sequences }, (_, i) => model.forward(rows(i, 1))), 0)),
      one(() => model.forward(rows(0, sequences))),
    ],
    hoist: [one(() => loop((t) => x.slice(0, t, t + 1).matmul(input))), one(hoisted)],
    join: [one(() => concat(parts.map((part) => x.matmul(part)), 1)), one(() => x.matmul(weight))],
    transfers: [
      async () => {
        const numbers: number[] = [];
        for (const loss of losses()) numbers.push(await loss.item());
        return numbers;
      },
      one(() => stack(losses())),
    ],
  };
}

/** Runs one way: what it asks of the device, its numbers, and seconds if there is a clock. */
async function runWay(way: Way, hasClock: boolean): Promise<Counted & { readonly numbers: ArrayLike<number> }> {
  // What is made for the first time and kept is not counted.
  await way();
  const { result: numbers, traffic: { calls, uploads, downloads } } = await watchDevice(way);
  const timed = hasClock ? { seconds: (await measureThroughput(way, { repeats: REPEATS })).seconds.low } : {};
  return { calls, uploads, downloads, numbers, ...timed };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** The most bytes that a pass over so many sequences holds. */
async function peakOf(model: RecurrentLanguageModel, sequences: number): Promise<number> {
  const pass = (): void => scope(() => noGrad(() => void model.forward(zeros([sequences, TOKENS], "int32"))));
  pass();
  return (await watchDevice(pass)).traffic.peakBytes;
}

const NOT_TIMED = { machine: [], attained: [], latencies: [] };

/** Generates as many tokens as the prompt has, each of several sequences at once. */
async function* generated(model: RecurrentLanguageModel, sequences: number): AsyncGenerator<void> {
  let tokens = zeros([sequences, TOKENS], "int32"), states = {};
  for (let i = 0; i < TOKENS; i++) {
    const { logits, ...next } = noGrad(() => model.read(tokens, { ...states, lastOnly: true }));
    tokens = logits.argmax(-1);
    states = next;
    await tokens.read();
    yield;
  }
}

/** The time to the first token and to the last. */
async function latencyOf(model: RecurrentLanguageModel, sequences: number) {
  let found = await measureLatency(generated(model, sequences));
  for (let i = 1; i < REPEATS; i++) {
    const again = await measureLatency(generated(model, sequences));
    if (again.total < found.total) found = again;
  }
  const { first, total, perSecond } = found;
  return { sequences, first, total, perSecond: perSecond * sequences };
}

/** What the machine does, and what the network attains on it when it reads one token of several sequences. */
async function timeMachine(model: RecurrentLanguageModel, sequences: number, width: number, steps: Steps) {
  const machine = await measureMachine(), attained: [number, number][] = [];
  for (const batchSize of BATCHES.slice(0, -2)) {
    await steps.next();
    const work = recurrentWork({ numLayers: 1, hiddenSize: width, vocabSize: V, gates: GATES }, { batchSize });
    const tokens = zeros([batchSize, 1], "int32");
    const run = (): Promise<unknown> => noGrad(() => scope(() => model.forward(tokens))).read() as Promise<unknown>;
    attained.push([
      intensityOf(work),
      work.operations / (await measureThroughput(run, { repeats: REPEATS })).seconds.low,
    ]);
  }
  return { machine: [machine], attained, latencies: [await latencyOf(model, 1), await latencyOf(model, sequences)] };
}

/** Four tricks counted, and the intensity by the batch. */
export const experiment: Experiment<Efficiency> = {
  controls: {
    sequences: { default: 10, min: 2, max: 64 },
    width: { default: 128, min: 32, max: 512, step: 32 },
    past: { default: 1024, min: 128, max: 8192, step: 128 },
    clock: { default: 0, min: 0, max: 1, choices: ["none", "this machine"] },
    seed: SEED,
  },
  constants: { tokens: TOKENS, vocabulary: V },
  claims: {
    same: { holds: ({ difference }) => difference.every((value) => value < 1e-4) },
    calls: { holds: ({ calls }) => [0, 1, 2].every((i) => calls[i]![1] < calls[i]![0]) },
    transfers: { holds: ({ transfers }) => transfers[3]![0] >= TOKENS && transfers[3]![1] === 1 },
    batch: {
      holds: ({ recurrent, first }) =>
        [recurrent, first].every((line) => BATCHES.slice(0, 7).every((B, i) => line[i]! > 0.7 * B * line[0]!)),
    },
    cache: { holds: ({ later, bound }) => later.every((intensity) => intensity < bound) && bound < 8 },
    memory: { holds: ({ peakTogether, peakSingle }) => peakTogether > 1.5 * peakSingle },
  },
  async measure({ clock, sequences, width, past, seed }, options) {
    const steps = new Steps(options, TRICKS.length + 1 + (clock === 1 ? BATCHES.length - 2 : 0));
    const random = new Random(seed), sizes = { vocabSize: V, hiddenSize: width, tieHead: false };
    const model = new RecurrentLanguageModel(sizes, random).eval(), ways = waysOf(model, sequences, width, random);
    const found: Both<Counted>[] = [], difference: number[] = [];
    for (const trick of TRICKS) {
      await steps.next();
      const [without, within] = [await runWay(ways[trick][0], clock === 1), await runWay(ways[trick][1], clock === 1)];
      found.push([without, within]);
      difference.push(coarse(largestDifference(without.numbers, within.numbers)));
    }
    await steps.next();
    const line = (work: (batchSize: number) => number): number[] => BATCHES.map(work);
    const one = decoderWork(DECODER, { past }), two = decoderWork(DECODER, { past, batchSize: 2 });
    const peakTogether = await peakOf(model, sequences), peakSingle = await peakOf(model, 1);
    const times = clock === 1 ? await timeMachine(model, sequences, width, steps) : NOT_TIMED;
    discard(model);
    const both = (pick: (counted: Counted) => number): Both<number>[] =>
      found.map(([without, within]) => [pick(without), pick(within)]);
    return {
      calls: both(({ calls }) => calls),
      transfers: both(({ uploads, downloads }) => uploads + downloads),
      difference,
      recurrent: line((batchSize) => intensityOf(recurrentWork(RECURRENT, { batchSize }))),
      first: line((batchSize) => intensityOf(decoderWork(DECODER, { batchSize }))),
      later: line((batchSize) => intensityOf(decoderWork(DECODER, { batchSize, past }))),
      // With each sequence come its own operations and bytes; those of the weights no longer count.
      bound: (two.operations - one.operations) / (two.bytes - one.bytes),
      peakTogether,
      peakSingle,
      shown: { sequences, past, tokens: TOKENS, seconds: clock === 1 ? both(({ seconds }) => seconds!) : [], ...times },
    };
  },
  draw(findings, { captions, labels }) {
    const { calls, transfers, shown: { past, seconds, machine, attained, latencies } } = findings;
    const points = (line: readonly number[]) => line.map((y, i): [number, number] => [BATCHES[i]!, y]);
    const roof = ({ peak, bandwidth }: MachineSpeed): [number, number][] =>
      [0.25, peak / bandwidth, Math.max(64, 2 * peak / bandwidth)].map((intensity) => [
        intensity,
        attainable({ peak, bandwidth }, intensity),
      ]);
    const pair = (name: string): string[] => [`${name}, ${labels.without}`, `${name}, ${labels.with}`];
    return [
      {
        kind: "table",
        isWide: true,
        caption: captions.tricks(findings),
        columns: [
          labels.trick,
          ...pair(labels.calls),
          ...pair(labels.transfers),
          ...(seconds.length > 0 ? pair(labels.seconds) : []),
        ],
        rows: TRICKS.map((trick, i) => [
          labels.tricks[trick],
          ...calls[i]!,
          ...transfers[i]!,
          ...(seconds[i] ?? []).map((value) => Number(value.toPrecision(3))),
        ]),
      },
      {
        kind: "line",
        caption: captions.intensity(findings),
        x: { title: labels.batch, logarithmic: true },
        y: { title: labels.intensity, logarithmic: true },
        series: [
          { label: labels.recurrent, points: points(findings.recurrent) },
          { label: labels.first, points: points(findings.first) },
          { label: labels.later(past), points: points(findings.later) },
        ],
      },
      ...machine.map((speed) => ({
        kind: "line" as const,
        caption: captions.roofline(findings),
        x: { title: labels.intensity, logarithmic: true },
        y: { title: labels.speed, logarithmic: true },
        series: [{ label: labels.attainable, points: roof(speed), dashed: true }, {
          label: labels.attained,
          points: attained,
        }],
      })),
      ...machine.map(() => ({
        kind: "table" as const,
        caption: captions.latency(findings),
        columns: [labels.batch, labels.firstToken, labels.lastToken, labels.perSecond],
        rows: latencies.map(({ sequences, first, total, perSecond }) => [
          sequences,
          ...[first, total, perSecond].map((value) => Number(value.toPrecision(3))),
        ]),
      })),
    ];
  },
};
