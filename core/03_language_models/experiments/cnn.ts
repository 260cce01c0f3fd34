/**
 * # Order inside and outside a window
 *
 * Each text holds two marked words among others. Its label says which of the two comes first. Classifiers by convolutions of several widths learn it from texts in which the two stand near each other or far apart. A width of
 * one sees the words without their order.
 *
 * @module
 */

import { crossEntropy } from "../../06_training/loss.ts";
import { noGrad } from "../../engine/autograd.ts";
import { tensor } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { SEED } from "../../experiments/seed.ts";
import { part } from "../../experiments/running.ts";
import { overSeeds, type Range, rangeOf, rangesOf } from "../../experiments/seeds.ts";
import { PhraseClassifier } from "../cnn/classifier.ts";

const SEEDS = 3, EMBEDDING = 16, FEATURES = 16, BATCH = 64, RATE = 0.02, TESTS = 200;
const FARTHEST = 6, MARGIN = 5, LENGTH = 20, MARKED = [0, 1] as const, OTHERS = 20;

/** What is found: by the distance of the two words, from 1 on, over the seeds. */
export interface OrderFindings {
  /** Words of a window. */
  readonly widths: readonly number[];
  /** Fraction of right labels, by width and distance. */
  readonly right: readonly (readonly Range[])[];
  /** Of texts whose words stand side by side: how often the feature that tells the labels apart is largest where the window holds both. */
  readonly found: Range;
  readonly shown: { readonly seeds: number; readonly distances: readonly number[] };
}

/** What the experiment is made of. */
export interface Order extends Parts {
  findings: OrderFindings;
  controls: "width" | "steps" | "seed";
  claims: "bag" | "within" | "beyond" | "phrase";
  captions: "right";
  labels: Labels<"distance" | "right" | "chance"> & { ofWidth(width: number): string };
}

/** A text, its label, and where its marked words stand. */
interface Example {
  readonly text: readonly number[];
  readonly label: number;
  readonly places: readonly [number, number];
}

/** The marked words stand away from both ends, so that no window holds one of them and an end. */
function example(random: Random, distance: number): Example {
  const label = random.integer(2), first = MARGIN + random.integer(LENGTH - 2 * MARGIN - distance);
  const text = Array.from({ length: LENGTH }, () => MARKED.length + random.integer(OTHERS));
  text[first] = MARKED[label]!;
  text[first + distance] = MARKED[1 - label]!;
  return { text, label, places: [first, first + distance] };
}

const tokensOf = (examples: readonly Example[]) =>
  tensor(Int32Array.from(examples.flatMap(({ text }) => text)), [examples.length, LENGTH]);

/** Fraction of right labels. */
async function accuracy(model: PhraseClassifier, examples: readonly Example[]): Promise<number> {
  const [reading] = scope(() => noGrad(() => [model.forward(tokensOf(examples)).read()]));
  const scores = await reading!;
  return mean(examples.map(({ label }, i) => Number((scores[2 * i + 1]! > scores[2 * i]!) === (label === 1))));
}

/** How often the best window of the feature that tells the labels apart holds both marked words, where it is strong. */
async function fractionFound(model: PhraseClassifier, examples: readonly Example[]): Promise<number> {
  const width = model.convolutions[0]!.kernelSize;
  const [places, strengths] = await Promise.all(scope(() =>
    noGrad(() => {
      const { place, strength } = model.findPhrases(tokensOf(examples))[0]!;
      return [place.read(), strength.read()];
    })
  ));
  const meanOf = (label: number, f: number): number =>
    mean(examples.flatMap((one, i) => one.label === label ? [strengths![i * FEATURES + f]!] : []));
  const differences = Array.from({ length: FEATURES }, (_, f) => meanOf(1, f) - meanOf(0, f));
  const sizes = differences.map(Math.abs), best = sizes.indexOf(Math.max(...sizes));
  const strong = Number(differences[best]! > 0);
  return mean(examples.flatMap(({ label, places: [first, last] }, i) => {
    const end = places![i * FEATURES + best]!;
    return label === strong ? [Number(end >= last && end - width < first)] : [];
  }));
}

async function once(
  { width, steps, seed }: Readonly<Record<Order["controls"], number>>,
  options: RunOptions,
) {
  const random = new Random(seed), right: number[][] = [];
  const tests = Array.from(
    { length: FARTHEST },
    (_, i) => Array.from({ length: TESTS }, () => example(random, i + 1)),
  );
  let found = 0;
  const widths = widthsUpTo(width);
  for (const [i, size] of widths.entries()) {
    const layout = {
      vocabSize: MARKED.length + OTHERS,
      numClasses: 2,
      embeddingSize: EMBEDDING,
      numFeatures: FEATURES,
    };
    const model = new PhraseClassifier({ ...layout, kernelSizes: [size], dropout: 0 }, random);
    await learn({
      model,
      steps,
      learningRate: RATE,
      next: () => Array.from({ length: BATCH }, () => example(random, 1 + random.integer(FARTHEST))),
      loss: (batch: readonly Example[]) =>
        crossEntropy(model.forward(tokensOf(batch)), tensor(Int32Array.from(batch, ({ label }) => label))),
    }, part(options, i / widths.length, (i + 1) / widths.length));
    const row: number[] = [];
    for (const test of tests) row.push(await accuracy(model, test));
    right.push(row);
    if (size === width) found = await fractionFound(model, tests[0]!);
    discard(model);
  }
  return { right, found };
}

/** A word alone, two words, and the widest window. */
const widthsUpTo = (widest: number): number[] => [1, 2, widest];

/** What a window knows of the order of words. */
export const experiment: Experiment<Order> = {
  controls: {
    width: { default: 4, min: 3, max: 5 },
    steps: { default: 150, min: 50, max: 400, step: 50 },
    seed: SEED,
  },
  constants: {
    seeds: SEEDS,
    embedding: EMBEDDING,
    features: FEATURES,
    batch: BATCH,
    rate: RATE,
    tests: TESTS,
    length: LENGTH,
  },
  claims: {
    bag: { holds: ({ right }) => right[0]!.every(([low, high]) => low > 0.35 && high < 0.65) },
    within: {
      holds: ({ right, widths }) =>
        [1, 2].every((i) => right[i]!.slice(0, widths[i]! - 1).every(([low]) => low > 0.95)),
    },
    beyond: {
      holds: ({ right, widths }) =>
        [1, 2].every((i) => right[i]!.slice(widths[i]! - 1).every(([low, high]) => low > 0.35 && high < 0.65)),
    },
    phrase: { holds: ({ found }) => found[0] > 0.95 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once), widths = widthsUpTo(controls.width);
    return {
      widths,
      right: widths.map((_, i) => rangesOf(runs.map(({ right }) => right[i]!))),
      found: rangeOf(runs.map(({ found }) => found)),
      shown: { seeds: SEEDS, distances: Array.from({ length: FARTHEST }, (_, i) => i + 1) },
    };
  },
  draw(findings, { captions, labels }) {
    const { widths, right, shown: { distances } } = findings;
    return [{
      kind: "line",
      caption: captions.right(findings),
      x: { title: labels.distance },
      y: { title: labels.right, domain: [0, 1] },
      series: [
        ...widths.map((width, i) => ({
          label: labels.ofWidth(width),
          points: right[i]!.map(([low, high], d): [number, number] => [distances[d]!, (low + high) / 2]),
          ranges: right[i]!,
        })),
        { label: labels.chance, points: distances.map((x): [number, number] => [x, 0.5]), dashed: true },
      ],
    }];
  },
};
