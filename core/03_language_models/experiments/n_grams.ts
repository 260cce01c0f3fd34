/**
 * # Perplexity, size and unseen n-grams by order
 *
 * N-gram models of growing order learn English sentences word by word, and predict sentences that they have not seen. One table counts
 * without smoothing, one adds one to each count, one is modified Kneser–Ney. A small network, a decoder-only model, learns the same
 * sentences.
 *
 * @module
 */

import { adamW } from "../../06_training/adam.ts";
import { padSequences } from "../../06_training/batching.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { Optimizer } from "../../06_training/optimizer.ts";
import { trainWordLevel } from "../../02_words/before_tokens/word_level.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { tensor } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { score } from "../autoregressive.ts";
import { addK, modifiedKneserNey, type NGramModel, trainNGrams } from "../n_grams/mod.ts";

const SEEDS = 2, STEPS = 150, SIZE = 32, HEADS = 4, LAYERS = 1, BATCH = 32, RATE = 1e-2, CONTEXT = 32, PLACES = 8;
const ORDERS = [1, 2, 3, 4, 5, 6];

/** What is found. */
export interface OrdersFindings {
  /** Perplexity of unseen sentences by order, lowest and highest over the seeds. */
  readonly smoothed: readonly Range[];
  readonly addOne: readonly Range[];
  readonly network: Range;
  /** N-grams of each order that the table holds, for the first seed. */
  readonly sizes: readonly number[];
  /** Fraction of the n-grams of unseen sentences that the table does not hold, by order, over the seeds. */
  readonly unseen: readonly Range[];
  /** Fraction of unseen sentences that are impossible without smoothing, by order, over the seeds. */
  readonly impossible: readonly Range[];
  /** Perplexity of the bigram model divided by that of the highest order, by place in the sentence, for the first seed. */
  readonly gainByPlace: readonly number[];
  readonly shown: {
    readonly seeds: number;
    readonly sentences: number;
    readonly words: number;
    readonly vocabulary: number;
    readonly orders: readonly number[];
    readonly parameters: number;
    /** Perplexity by place in the sentence, from 1 on, of orders 1, 2, 3 and the highest. */
    readonly places: readonly (readonly number[])[];
    readonly placesOf: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Orders extends Parts {
  findings: OrdersFindings;
  controls: "sentences" | "seed";
  claims: "falls" | "ends" | "sparse" | "size" | "addOne" | "short";
  captions: "perplexity" | "unseen" | "size" | "places";
  labels:
    & Labels<"order" | "perplexity" | "smoothed" | "addOne" | "fraction" | "unseen" | "impossible" | "entries" | "held">
    & Labels<"bound" | "place">
    & { network(parameters: number): string; ofOrder(order: number): string };
}

/** What one seed finds. */
interface Once {
  readonly smoothed: readonly number[];
  readonly addOne: readonly number[];
  readonly network: number;
  readonly sizes: readonly number[];
  readonly unseen: readonly number[];
  readonly impossible: readonly number[];
  readonly shown: Pick<OrdersFindings["shown"], "words" | "vocabulary" | "parameters" | "places">;
}

/** The scores of some sentences, from a begin to an end token. */
async function scores(
  model: NGramModel | DecoderOnly,
  sentences: readonly (readonly number[])[],
  end: number,
  begin: number,
) {
  const found: Float64Array[] = [];
  for (const sentence of sentences) found.push(await score(model, [...sentence, end], { beginToken: begin }));
  return found;
}

const perplexityOf = (found: readonly ArrayLike<number>[]): number =>
  Math.exp(-mean(found.flatMap((logs) => Array.from(logs))));

/** A network learns the sentences. */
async function train(
  sentences: readonly (readonly number[])[],
  { vocabSize, beginToken, endToken }: { vocabSize: number; beginToken: number; endToken: number },
  random: Random,
  options: RunOptions,
): Promise<DecoderOnly> {
  const layout = { vocabSize, contextLength: CONTEXT, hiddenSize: SIZE, numHeads: HEADS, numLayers: LAYERS };
  const model = new DecoderOnly(layout, random),
    optimizer = new Optimizer(model.parameters(), adamW({ weightDecay: 0.1 }));
  await learn({
    model,
    optimizer,
    steps: STEPS,
    learningRate: RATE,
    next: () => Array.from({ length: BATCH }, () => sentences[random.integer(sentences.length)]!),
    loss: (batch: readonly (readonly number[])[]) => {
      const { tokens } = padSequences(batch.map((sentence) => [beginToken, ...sentence]), { padToken: endToken });
      const T = tokens.shape[1]!;
      const targets = batch.flatMap((
        sentence,
      ) => [...sentence, endToken, ...Array(T - sentence.length - 1).fill(-100)]);
      return crossEntropy(model.forward(tokens), tensor(targets, [batch.length, T], "int32"));
    },
  }, options);
  discard(optimizer);
  return model.eval();
}

async function once(
  { sentences: count, seed }: Readonly<Record<Orders["controls"], number>>,
  options: RunOptions,
): Promise<Once> {
  const { training, validation, test } = chineseEnglish(), random = new Random(seed);
  const drawn = random.permutation(training.length).slice(0, count);
  const texts = Array.from(drawn, (i) => training[i]!.target);
  const vocabulary = await trainWordLevel(texts), { vocabSize } = vocabulary;
  const [beginToken, endToken, unknownToken] = [vocabulary.beginToken!, vocabulary.endToken!, vocabulary.unknownToken!];
  const learned = texts.map((text) => vocabulary.encode(text));
  // Sentences with unknown words are left out: no model is to be helped by them.
  const unseen = [...validation, ...test].map(({ target }) => vocabulary.encode(target))
    .filter((sentence) => !sentence.includes(unknownToken));
  const smoothed: number[] = [],
    addOne: number[] = [],
    places: number[][] = [],
    missing: number[] = [],
    impossible: number[] = [];
  let sizes: readonly number[] = [];
  for (const [i, order] of ORDERS.entries()) {
    options.onProgress?.(0.4 * i / ORDERS.length);
    const setting = { order, vocabSize, beginToken, endToken, ...(options.signal && { signal: options.signal }) };
    const model = await trainNGrams(learned, { ...setting, smoothing: modifiedKneserNey() });
    const found = await scores(model, unseen, endToken, beginToken);
    smoothed.push(perplexityOf(found));
    places.push(Array.from({ length: PLACES }, (_, place) => {
      const logs = found.filter(({ length }) => length > place).map((log) => log[place]!);
      return rounded(Math.exp(-mean(logs)));
    }));
    const plain = await trainNGrams(learned, { ...setting, smoothing: addK({ k: 1 }) });
    addOne.push(perplexityOf(await scores(plain, unseen, endToken, beginToken)));
    // The n-gram that ends at each token, or what there is of it at the start of a sentence.
    const held = unseen.map((sentence) => {
      const whole = [beginToken, ...sentence, endToken];
      return whole.slice(1).map((_, t) => model.find(whole.slice(Math.max(0, t + 2 - order), t + 2)) >= 0);
    });
    missing.push(mean(held.flat().map((is) => is ? 0 : 1)));
    impossible.push(mean(held.map((one) => one.every(Boolean) ? 0 : 1)));
    sizes = model.sizes;
  }
  const model = await train(learned, { vocabSize, beginToken, endToken }, random, part(options, 0.4, 1));
  const network = perplexityOf(await scores(model, unseen, endToken, beginToken)), parameters = model.parameterCount();
  discard(model);
  const words = learned.reduce((sum, { length }) => sum + length + 1, 0);
  return {
    smoothed: smoothed.map(rounded),
    addOne: addOne.map(rounded),
    network: rounded(network),
    sizes,
    unseen: missing.map(rounded),
    impossible: impossible.map(rounded),
    shown: { words, vocabulary: vocabSize, parameters, places },
  };
}

/** N-gram models by their order. */
export const experiment: Experiment<Orders> = {
  controls: { sentences: { default: 2000, min: 200, max: 7000, step: 100 }, seed: SEED },
  constants: { seeds: SEEDS, steps: STEPS, width: SIZE, layers: LAYERS, batch: BATCH, rate: RATE },
  claims: {
    falls: { holds: ({ smoothed: [one, two, three] }) => two![1] < one![0] / 2 && three![1] < two![0] },
    ends: { holds: ({ smoothed }) => Math.abs(smoothed[5]![0] / smoothed[4]![0] - 1) < 0.05 },
    sparse: {
      holds: ({ unseen, impossible }) => unseen[1]![0] > 0 && unseen[3]![0] > unseen[1]![1] && impossible[3]![0] > 0.5,
    },
    size: { holds: ({ sizes }) => sizes.slice(2).every((size, i) => size < 2 * sizes[i + 1]!) },
    addOne: {
      holds: ({ smoothed, addOne }) => addOne.slice(2).every((range, i) => range[0] > 2 * smoothed[i + 2]![1]),
    },
    short: {
      holds: ({ gainByPlace: [first, second, ...later] }) => first! < 1.1 && second! < 1.2 && later.at(-1)! > 1.2,
    },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once), { sizes, shown } = runs[0]!;
    const highest = ORDERS.at(-1)!, placesOf = [1, 2, 3, highest];
    return {
      smoothed: rangesOf(runs.map(({ smoothed }) => smoothed)),
      addOne: rangesOf(runs.map(({ addOne }) => addOne)),
      network: rangesOf(runs.map(({ network }) => [network]))[0]!,
      sizes,
      unseen: rangesOf(runs.map(({ unseen }) => unseen)),
      impossible: rangesOf(runs.map(({ impossible }) => impossible)),
      gainByPlace: shown.places[1]!.map((bigram, place) => rounded(bigram / shown.places.at(-1)![place]!)),
      shown: {
        ...shown,
        seeds: SEEDS,
        sentences: controls.sentences,
        orders: ORDERS,
        placesOf,
        places: placesOf.map((order) => shown.places[order - 1]!),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { smoothed, addOne, network, sizes, unseen, impossible, shown } = findings, { orders } = shown;
    const over = (values: readonly number[]) => values.map((value, i): [number, number] => [orders[i]!, value]);
    const low = (ranges: readonly Range[]) => over(ranges.map(([low]) => low));
    return [
      {
        kind: "line",
        caption: captions.perplexity(findings),
        x: { title: labels.order },
        y: { title: labels.perplexity, logarithmic: true },
        series: [
          { label: labels.smoothed, points: low(smoothed) },
          { label: labels.addOne, points: low(addOne) },
          { label: labels.network(shown.parameters), points: over(orders.map(() => network[0])), dashed: true },
        ],
      },
      {
        kind: "line",
        caption: captions.unseen(findings),
        x: { title: labels.order },
        y: { title: labels.fraction, domain: [0, 1] },
        series: [
          { label: labels.unseen, points: low(unseen) },
          { label: labels.impossible, points: low(impossible) },
        ],
      },
      {
        kind: "bars",
        caption: captions.size(findings),
        y: { title: labels.entries },
        bars: sizes.map((value, i) => ({ label: labels.held, group: String(orders[i]!), value })),
      },
      {
        kind: "line",
        caption: captions.places(findings),
        x: { title: labels.place },
        y: { title: labels.perplexity, logarithmic: true },
        series: shown.places.map((values, i) => ({
          label: labels.ofOrder(shown.placesOf[i]!),
          points: values.map((value, place): [number, number] => [place + 1, value]),
        })),
      },
    ];
  },
};
