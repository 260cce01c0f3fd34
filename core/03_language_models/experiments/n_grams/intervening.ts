/**
 * # Words between two that belong together
 *
 * A sentence begins with Mr. or Mrs., goes on with names that are drawn independently, and ends with he or she: *Mr. Peter Smith … he*, *Mrs.
 * Jane Smith … she*. The last word depends on the first alone. N-gram models and a small network learn such sentences and are asked for the
 * pronoun after names that they know, in combinations that they do not.
 *
 * @module
 */

import { adamW } from "../../../06_training/adam.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { Optimizer } from "../../../06_training/optimizer.ts";
import { nextTokens } from "../../../06_training/teacher_forcing.ts";
import { DecoderOnly } from "../../../05_transformer/decoder_only.ts";
import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { mean } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { trainNGrams } from "../../n_grams/mod.ts";

const SEEDS = 3, STEPS = 300, SIZE = 64, HEADS = 2, LAYERS = 1, BATCH = 32, RATE = 4e-3, TESTS = 300, LONGEST = 5;
const BEGIN = 0, END = 1, TITLES = [2, 3], PRONOUNS = [4, 5], FIRST_NAME = 6;
const ORDERS = [3, 7];

/** What is found: fractions of right pronouns by the number of words between, from 0 on, over the seeds. */
export interface InterveningFindings {
  /** Of the n-gram models, by order. */
  readonly trigram: readonly Range[];
  readonly sevengram: readonly Range[];
  /** Of the network. */
  readonly network: readonly Range[];
  readonly shown: {
    readonly sentences: number;
    readonly names: number;
    readonly seeds: number;
    readonly between: readonly number[];
    readonly orders: readonly number[];
    /** N-grams of the highest order that the table holds, for the first seed. */
    readonly entries: number;
    readonly parameters: number;
  };
}

/** What the experiment is made of. */
export interface Intervening extends Parts {
  findings: InterveningFindings;
  controls: "sentences" | "names" | "seed";
  claims: "trigram" | "table" | "network";
  captions: "accuracy";
  labels: Labels<"between" | "right" | "network" | "chance"> & { ofOrder(order: number): string };
}

/** A sentence: title, names, pronoun. */
function sentence(random: Random, names: number, between: number): number[] {
  const gender = random.integer(2);
  const middle = Array.from({ length: between }, () => FIRST_NAME + random.integer(names));
  return [TITLES[gender]!, ...middle, PRONOUNS[gender]!];
}

/** What one seed finds. */
interface Once {
  readonly ngrams: readonly (readonly number[])[];
  readonly network: readonly number[];
  readonly entries: number;
  readonly parameters: number;
}

async function once(
  { sentences: count, names, seed }: Readonly<Record<Intervening["controls"], number>>,
  options: RunOptions,
): Promise<Once> {
  const random = new Random(seed), vocabSize = FIRST_NAME + names;
  const learned = Array.from({ length: count }, (_, i) => sentence(random, names, i % (LONGEST + 1)));
  const tests = Array.from(
    { length: LONGEST + 1 },
    (_, between) => Array.from({ length: TESTS }, () => sentence(random, names, between)),
  );
  const isRight = (row: ArrayLike<number>, answer: number): number => {
    const [he, she] = PRONOUNS.map((pronoun) => row[pronoun]!) as [number, number];
    // Where both are equally probable, half of the guesses are right.
    return he === she ? 0.5 : Number((he > she) === (answer === PRONOUNS[0]));
  };
  const ngrams: number[][] = [];
  let entries = 0;
  for (const order of ORDERS) {
    const model = await trainNGrams(learned, {
      order,
      vocabSize,
      beginToken: BEGIN,
      endToken: END,
      ...(options.signal && { signal: options.signal }),
    });
    entries = model.sizes.at(-1)!;
    ngrams.push(
      tests.map((test) => mean(test.map((one) => isRight(model.next([BEGIN, ...one.slice(0, -1)]), one.at(-1)!)))),
    );
  }
  const layout = { vocabSize, contextLength: LONGEST + 4, hiddenSize: SIZE, numHeads: HEADS, numLayers: LAYERS };
  const model = new DecoderOnly(layout, random),
    optimizer = new Optimizer(model.parameters(), adamW({ weightDecay: 0.1 }));
  const byLength = Array.from(
    { length: LONGEST + 1 },
    (_, between) =>
      learned.filter(({ length }) => length === between + 2).map((one) => Int32Array.of(BEGIN, ...one, END)),
  );
  await learn({
    model,
    optimizer,
    steps: STEPS,
    learningRate: RATE,
    next: () => {
      const group = byLength[random.integer(byLength.length)]!;
      return Array.from({ length: BATCH }, () => group[random.integer(group.length)]!);
    },
    loss: (batch: readonly Int32Array[]) => {
      const { inputs, targets } = nextTokens(batch);
      return crossEntropy(model.forward(inputs), targets);
    },
  }, options);
  model.eval();
  const network: number[] = [];
  for (const test of tests) {
    const width = test[0]!.length, ids = test.flatMap((one) => [BEGIN, ...one.slice(0, -1)]);
    let reading: Promise<ArrayLike<number>> | undefined;
    scope(() =>
      noGrad(() => {
        reading = model.forward(tensor(ids, [TESTS, width], "int32"), { lastOnly: true }).at(1, -1).read();
      })
    );
    const rows = Array.from(await reading!);
    network.push(
      mean(test.map((one, i) => isRight(rows.slice(i * vocabSize, (i + 1) * vocabSize), one.at(-1)!))),
    );
  }
  const parameters = model.parameterCount();
  discard(model, optimizer);
  return { ngrams, network, entries, parameters };
}

/** How many words may stand between. */
export const experiment: Experiment<Intervening> = {
  controls: {
    sentences: { default: 3000, min: 300, max: 6000, step: 300 },
    names: { default: 30, min: 2, max: 60 },
    seed: SEED,
  },
  constants: { seeds: SEEDS, steps: STEPS, width: SIZE, layers: LAYERS, batch: BATCH, rate: RATE, tests: TESTS },
  claims: {
    trigram: { holds: ({ trigram }) => trigram[1]![0] > 0.95 && trigram[2]![1] < 0.65 },
    table: { holds: ({ sevengram }) => sevengram[1]![0] > 0.95 && sevengram[5]![1] < 0.65 },
    network: { holds: ({ network }) => network.every(([low]) => low > 0.95) },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once), { entries, parameters } = runs[0]!;
    return {
      trigram: rangesOf(runs.map(({ ngrams }) => ngrams[0]!)),
      sevengram: rangesOf(runs.map(({ ngrams }) => ngrams[1]!)),
      network: rangesOf(runs.map(({ network }) => network)),
      shown: {
        sentences: controls.sentences,
        names: controls.names,
        seeds: SEEDS,
        between: Array.from({ length: LONGEST + 1 }, (_, between) => between),
        orders: ORDERS,
        entries,
        parameters,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { trigram, sevengram, network, shown } = findings;
    const over = (ranges: readonly Range[]) => ranges.map(([low], i): [number, number] => [shown.between[i]!, low]);
    return [{
      kind: "line",
      caption: captions.accuracy(findings),
      x: { title: labels.between },
      y: { title: labels.right, domain: [0, 1] },
      series: [
        { label: labels.ofOrder(shown.orders[0]!), points: over(trigram) },
        { label: labels.ofOrder(shown.orders[1]!), points: over(sevengram) },
        { label: labels.network, points: over(network) },
        { label: labels.chance, points: shown.between.map((x): [number, number] => [x, 0.5]), dashed: true },
      ],
    }];
  },
};
