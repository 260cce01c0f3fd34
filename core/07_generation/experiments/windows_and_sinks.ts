/**
 * # What a window loses
 *
 * A small model reads a language with two things to remember: the token before certain tokens, which is copied, and a sign among the first tokens of a text, which is asked for later. Most tokens need neither. The model is
 * trained on short texts and then reads a long one with caches of several kinds.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { tensor } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { learned } from "../../04_attention/positions/absolute.ts";
import { rotary } from "../../04_attention/positions/rotary.ts";
import type { PositionScheme } from "../../04_attention/positions/scheme.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { read, readMatrix } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { overSeeds, type Range, rangeOf } from "../../experiments/seeds.ts";
import { SEED } from "../../experiments/seed.ts";
import { rollingWindow, streamLosses } from "../windows_and_sinks.ts";

/** Letters of the language, those of them after which the one before comes again, signs, and two tokens of their own. */
const LETTERS = 16, COPIERS = 3, SIGNS = 4, ASK = LETTERS + SIGNS, BEGIN = ASK + 1;
/** How often the sign is asked for, and where the long text has it. */
const ASKED = 0.08, PLACE = 8, APART = 40;
/** The model and its training. */
const CONTEXT = 32, WIDTH = 32, HEADS = 2, BATCH = 16, STEPS = 700, RATE = 0.01;
/** Tokens of the long text, and those of a point of its curve. */
const LONG = 640, BLOCK = 32;
/** Sinks that are compared, and places of the attention that are shown. */
const SINKS = [0, 1, 4, 8, 12], SHOWN_PLACES = 8, SEEDS = 2;

/** Which of them are four. */
const FOUR = SINKS.indexOf(4);

/** Memories whose curves are shown. */
const KINDS = ["growing", "window", "rolling"] as const;

/** What one seed finds. */
interface Found {
  /** Mean weight by head, by place. */
  readonly attention: readonly (readonly number[])[];
  readonly curves: readonly (readonly (readonly [number, number])[])[];
  /** By number of sinks. */
  readonly excess: readonly number[];
  readonly recalled: readonly number[];
  readonly growing: number;
  readonly learned: readonly [fits: number, beyond: number];
  readonly early: number;
}

/** What is found: lists over the seeds. */
export interface WindowFindings {
  /** Largest mean weight of a head on the first token, by seed. */
  readonly first: readonly number[];
  /** Nats above those of the language itself, by number of sinks, by seed. */
  readonly excess: readonly (readonly number[])[];
  /** The same of a cache that grows, by seed. */
  readonly growing: readonly number[];
  /** The same of a model with learned positions and one sink, while the text fits the cache and after all marks have become one, by seed. */
  readonly learned: readonly (readonly [fits: number, beyond: number])[];
  /** Fraction of signs that are recalled after they would have left the window, by number of sinks, by seed. */
  readonly recalled: readonly (readonly number[])[];
  /** The same while the sign stands in the window, by seed. */
  readonly early: readonly number[];
  readonly shown: {
    readonly sinks: readonly number[];
    readonly size: number;
    readonly kept: number;
    readonly seeds: number;
    readonly place: number;
    readonly context: number;
    /** Mean weight by place, of each head, of the chosen seed. */
    readonly attention: readonly (readonly number[])[];
    /** Mean excess of each block, by kind of memory, of the chosen seed. */
    readonly curves: readonly (readonly (readonly [number, number])[])[];
  };
}

/** What the experiment is made of. */
export interface WhatIsLost extends Parts {
  findings: WindowFindings;
  controls: "size" | "sinks" | "seed";
  claims: "sink" | "window" | "one" | "growing" | "learned" | "lost" | "kept";
  captions: "curve" | "attention" | "excess" | "recall";
  labels:
    & Labels<typeof KINDS[number] | "read" | "excess" | "place" | "weight" | "sinks" | "recalled" | "several">
    & { head(index: number): string };
}

/** The language: which letter follows which. */
class Language {
  readonly #cumulative: readonly (readonly number[])[];

  constructor(random: Random) {
    this.#cumulative = Array.from({ length: LETTERS }, () => {
      const weights = Array.from({ length: LETTERS }, () => Math.exp(6 * random.next() - 3));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      let sum = 0;
      return weights.map((weight) => sum += weight / total);
    });
  }

  /** A text, its sign at a place, and the nats that each token but the first costs whoever knows the language. */
  write(
    random: Random,
    length: number,
    place: number,
    asks: (at: number) => boolean = () => random.next() < ASKED,
  ): { readonly tokens: number[]; readonly nats: number[] } {
    const tokens = [BEGIN, random.integer(LETTERS)], nats = [Math.log(LETTERS)], sign = LETTERS + random.integer(SIGNS);
    // The newest letters, without signs and questions between them.
    let [before, last] = [tokens[1]!, tokens[1]!];
    while (tokens.length < length) {
      if (tokens.length === place) {
        tokens.push(sign);
        nats.push(NaN);
      } else if (tokens.length > place && asks(tokens.length)) {
        tokens.push(ASK, sign);
        nats.push(NaN, NaN);
      } else {
        const row = this.#cumulative[last]!, u = random.next();
        const next = last < COPIERS ? before : Math.max(0, row.findIndex((sum) => u < sum));
        tokens.push(next);
        nats.push(last < COPIERS ? 0 : -Math.log(row[next]! - (row[next - 1] ?? 0)));
        [before, last] = [last, next];
      }
    }
    return { tokens: tokens.slice(0, length), nats: nats.slice(0, length - 1) };
  }
}

/** A model that has read many short texts. */
async function train(
  language: Language,
  positions: PositionScheme,
  random: Random,
  options: RunOptions,
): Promise<DecoderOnly> {
  const layout = { vocabSize: BEGIN + 1, contextLength: LONG, hiddenSize: WIDTH, numHeads: HEADS, numLayers: 1 };
  const model = new DecoderOnly({ ...layout, positions }, random.split());
  const next = (): Tensor => {
    const rows = Array.from(
      { length: BATCH },
      () => language.write(random, CONTEXT + 1, 1 + random.integer(CONTEXT / 2)).tokens,
    );
    return tensor(Int32Array.from(rows.flat()), [BATCH, CONTEXT + 1]);
  };
  const loss = (batch: Tensor): Tensor =>
    crossEntropy(model.forward(batch.slice(1, 0, CONTEXT)), batch.slice(1, 1, CONTEXT + 1));
  await learn({ model, next, loss, steps: STEPS, learningRate: RATE, every: STEPS }, options);
  return model.eval() as DecoderOnly;
}

/** Mean weights of the later half of some short texts on the first places, by head. */
async function attentionOf(model: DecoderOnly, language: Language, random: Random): Promise<number[][]> {
  const texts = Array.from({ length: BATCH }, () => language.write(random, CONTEXT, PLACE).tokens);
  let reading: Promise<number[][]> | undefined;
  scope(() =>
    noGrad(() => {
      const observe = (_: string, weights: Tensor): void => {
        reading = readMatrix(weights.slice(2, CONTEXT / 2, CONTEXT).mean([0, 2]).slice(1, 0, SHOWN_PLACES));
      };
      model.forward(tensor(Int32Array.from(texts.flat()), [BATCH, CONTEXT]), { observe });
    })
  );
  return await reading!;
}

/** Fraction of signs that are recalled in texts as short as those of the training. */
async function recallOf(model: DecoderOnly, language: Language, random: Random): Promise<number> {
  const texts = Array.from({ length: BATCH }, () => language.write(random, CONTEXT + 1, PLACE).tokens);
  const targets = texts.flatMap((tokens) =>
    tokens.slice(1).map((token, t) => tokens[t] === ASK && token !== ASK ? token : -100)
  );
  const losses = await read(() =>
    crossEntropy(
      model.forward(tensor(Int32Array.from(texts.flatMap((tokens) => tokens.slice(0, CONTEXT))), [BATCH, CONTEXT])),
      tensor(Int32Array.from(targets), [BATCH, CONTEXT]),
      { reduction: "none" },
    )
  );
  return fractionRecalled(Array.from(losses).filter((_, i) => targets[i] !== -100));
}

/** A sign is recalled where it is more probable than all other tokens together. */
function fractionRecalled(losses: readonly number[]): number {
  return rounded(losses.filter((nats) => nats < Math.LN2).length / Math.max(1, losses.length));
}

/** Trains a model, and reads the long text with each memory. */
async function measureOnce(
  { size, sinks, seed }: Readonly<Record<"size" | "sinks" | "seed", number>>,
  options: RunOptions,
): Promise<Found> {
  const random = new Random(seed), language = new Language(random.split());
  const model = await train(language, rotary(), random.split(), part(options, 0, 0.4));
  const { tokens, nats } = language.write(random, LONG, PLACE, (at) => at % APART === 0);
  const attention = await attentionOf(model, language, random), early = await recallOf(model, language, random);
  const memories = [undefined, ...[...SINKS, sinks].map((kept) => rollingWindow({ size, sinks: kept }))];
  const all: Float64Array[] = [];
  for (const window of memories) {
    options.onProgress?.(0.4 + 0.2 * all.length / memories.length);
    all.push(await streamLosses(model, tokens, { window, signal: options.signal }));
  }
  discard(model);
  const added = await train(language, learned(), random.split(), part(options, 0.6, 0.95));
  const marked = await streamLosses(added, tokens, {
    window: rollingWindow({ size, sinks: 1 }),
    signal: options.signal,
  });
  discard(added);
  const over = (losses: Float64Array, from: number, to: number): number => {
    const excess = Array.from(losses.subarray(from, to), (loss, i) => loss - nats[from + i]!);
    return rounded(mean(excess.filter((nats) => !Number.isNaN(nats))));
  };
  const recall = (losses: Float64Array, from: number): number =>
    fractionRecalled(Array.from(losses.subarray(from)).filter((_, i) => tokens[from + i] === ASK));
  const [growing, ...rolling] = all as [Float64Array, ...Float64Array[]], chosen = rolling.pop()!;
  const blocks = Array.from({ length: LONG / BLOCK }, (_, i) => i * BLOCK);
  return {
    attention,
    curves: [growing, rolling[0]!, chosen].map((losses) =>
      blocks.map((from) => [from + BLOCK, over(losses, from, from + BLOCK)] as const)
    ),
    excess: rolling.map((losses) => over(losses, size, LONG)),
    growing: over(growing, size, LONG),
    learned: [over(marked, 0, size), over(marked, 2 * size, LONG)],
    recalled: rolling.map((losses) => recall(losses, size + PLACE)),
    early,
  };
}

/** What the memories of a text cost, and what they keep. */
export const experiment: Experiment<WhatIsLost> = {
  controls: {
    size: { default: CONTEXT, min: 16, max: CONTEXT, step: 4 },
    sinks: { default: 4, min: 1, max: 12 },
    seed: SEED,
  },
  constants: {
    letters: LETTERS,
    copiers: COPIERS,
    signs: SIGNS,
    place: PLACE,
    apart: APART,
    context: CONTEXT,
    width: WIDTH,
    heads: HEADS,
    steps: STEPS,
    rate: RATE,
    long: LONG,
    seeds: SEEDS,
  },
  tolerance: 1,
  claims: {
    sink: { holds: ({ first }) => first.every((weight) => weight > 3 / (0.75 * CONTEXT)) },
    window: { holds: ({ excess: [none, one] }) => none!.every((nats, i) => nats > 1.5 * one![i]!) },
    one: { holds: ({ excess: [, one, four] }) => one!.every((nats, i) => Math.abs(nats - four![i]!) < 0.03) },
    growing: { holds: ({ growing, excess: [, one] }) => growing.every((nats, i) => nats > 2 * one![i]!) },
    learned: { holds: ({ learned }) => learned.every(([fits, beyond]) => beyond > 4 * fits) },
    lost: {
      holds: ({ recalled, early }) => recalled[FOUR]!.every((fraction, i) => fraction > 0.9 * early[i]!),
      refuted: true,
    },
    kept: { holds: ({ recalled }) => recalled.at(-1)!.every((fraction) => fraction > 0.9) },
  },
  async measure(controls, options) {
    const all = await overSeeds(controls, SEEDS, options, measureOnce), own = all[0]!;
    const bySinks = (of: (found: Found) => readonly number[]): number[][] =>
      SINKS.map((_, i) => all.map((found) => of(found)[i]!));
    return {
      first: all.map(({ attention }) => rounded(Math.max(...attention.map(([first]) => first!)))),
      excess: bySinks(({ excess }) => excess),
      growing: all.map(({ growing }) => growing),
      learned: all.map(({ learned }) => learned),
      recalled: bySinks(({ recalled }) => recalled),
      early: all.map(({ early }) => early),
      shown: {
        sinks: SINKS,
        size: controls.size,
        kept: controls.sinks,
        seeds: SEEDS,
        place: PLACE,
        context: CONTEXT,
        attention: own.attention,
        curves: own.curves,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { excess, recalled, shown: { sinks, attention, curves } } = findings;
    const bySinks = (numbers: readonly (readonly number[])[]) => ({
      points: sinks.map((count, i): [number, number] => [count, mean(numbers[i]!)]),
      ranges: numbers.map((row): Range => rangeOf(row)),
    });
    return [
      {
        kind: "line",
        caption: captions.curve(findings),
        x: { title: labels.read },
        y: { title: labels.excess },
        series: KINDS.map((kind, i) => ({ label: labels[kind], points: curves[i]!, dashed: kind === "growing" })),
      },
      {
        kind: "bars",
        caption: captions.attention(findings),
        y: { title: labels.weight },
        bars: attention[0]!.flatMap((_, place) =>
          attention.map((head, i) => ({
            group: `${labels.place} ${place}`,
            label: labels.head(i + 1),
            value: head[place]!,
          }))
        ),
      },
      {
        kind: "line",
        caption: captions.excess(findings),
        x: { title: labels.sinks },
        y: { title: labels.excess },
        series: [{ label: labels.several, ...bySinks(excess) }],
      },
      {
        kind: "line",
        caption: captions.recall(findings),
        x: { title: labels.sinks },
        y: { title: labels.recalled, domain: [0, 1] },
        series: [{ label: labels.several, ...bySinks(recalled) }],
      },
    ];
  },
};
