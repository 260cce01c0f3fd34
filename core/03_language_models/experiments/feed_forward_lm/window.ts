/**
 * # Words between, within a window and beyond it
 *
 * The sentences of [the n-gram models](../n_grams/intervening.ts): a title, names that are drawn independently, and a pronoun that depends on the title alone. Feed-forward language models of
 * several windows learn them, and n-gram models with the same contexts.
 *
 * @module
 */

import { crossEntropy } from "../../../06_training/loss.ts";
import { nextTokens } from "../../../06_training/teacher_forcing.ts";
import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { mean } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { SEED } from "../../../experiments/seed.ts";
import { part } from "../../../experiments/running.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { FeedForwardLanguageModel } from "../../feed_forward_lm.ts";
import { trainNGrams } from "../../n_grams/mod.ts";

const SEEDS = 3, STEPS = 400, EMBEDDING = 16, HIDDEN = 64, BATCH = 32, RATE = 0.01, TESTS = 200, LONGEST = 6;
const BEGIN = 0, END = 1, TITLES = [2, 3], PRONOUNS = [4, 5], FIRST_NAME = 6;

/** What is found: fractions of right pronouns by the number of words between, from 0 on, over the seeds. */
export interface WindowFindings {
  /** Words that the models see. */
  readonly windows: readonly number[];
  /** Of the feed-forward models, by window. */
  readonly networks: readonly (readonly Range[])[];
  /** Of the n-gram model that sees as many words as the widest window. */
  readonly table: readonly Range[];
  readonly shown: {
    readonly seeds: number;
    readonly sentences: number;
    readonly names: number;
    readonly between: readonly number[];
  };
}

/** What the experiment is made of. */
export interface WindowExperiment extends Parts {
  findings: WindowFindings;
  controls: "sentences" | "names" | "window" | "seed";
  claims: "within" | "beyond" | "table";
  captions: "accuracy";
  labels: Labels<"between" | "right" | "chance"> & { ofWindow(size: number): string; ofOrder(order: number): string };
}

/** A sentence: title, names, pronoun. */
function sentence(random: Random, names: number, between: number): number[] {
  const gender = random.integer(2);
  const middle = Array.from({ length: between }, () => FIRST_NAME + random.integer(names));
  return [TITLES[gender]!, ...middle, PRONOUNS[gender]!];
}

/** Whether the right pronoun is the more probable one; where both are equal, half of the guesses are right. */
function isRight(row: ArrayLike<number>, answer: number): number {
  const [he, she] = PRONOUNS.map((pronoun) => row[pronoun]!) as [number, number];
  return he === she ? 0.5 : Number((he > she) === (answer === PRONOUNS[0]));
}

/** Fractions of right pronouns of one model, by the number of words between. */
async function askNetwork(model: FeedForwardLanguageModel, tests: readonly (readonly number[][])[]): Promise<number[]> {
  const found: number[] = [];
  for (const test of tests) {
    const width = test[0]!.length, ids = test.flatMap((one) => [BEGIN, ...one.slice(0, -1)]);
    const input = tensor(Int32Array.from(ids), [test.length, width]);
    const [reading] = scope(() => noGrad(() => [model.forward(input, { lastOnly: true }).read()]));
    const rows = await reading!, V = model.vocabSize;
    found.push(mean(test.map((one, i) => isRight(rows.slice(i * V, (i + 1) * V), one.at(-1)!))));
  }
  return found;
}

async function once(
  { sentences: count, names, window, seed }: Readonly<Record<WindowExperiment["controls"], number>>,
  options: RunOptions,
): Promise<readonly (readonly number[])[]> {
  const random = new Random(seed), vocabSize = FIRST_NAME + names;
  const learned = Array.from({ length: count }, (_, i) => sentence(random, names, i % (LONGEST + 1)));
  const tests = Array.from(
    { length: LONGEST + 1 },
    (_, between) => Array.from({ length: TESTS }, () => sentence(random, names, between)),
  );
  const ends = { beginToken: BEGIN, endToken: END };
  const table = await trainNGrams(learned, { order: window + 1, vocabSize, ...ends });
  const found = [
    tests.map((test) => mean(test.map((one) => isRight(table.next([BEGIN, ...one.slice(0, -1)]), one.at(-1)!)))),
  ];
  const groups = tests.map((_, between) =>
    learned.filter(({ length }) => length === between + 2).map((one) => Int32Array.of(BEGIN, ...one, END))
  );
  const windows = windowsUpTo(window);
  for (const [i, windowSize] of windows.entries()) {
    const model = new FeedForwardLanguageModel(
      { vocabSize, windowSize, embeddingSize: EMBEDDING, hiddenSize: HIDDEN },
      random,
    );
    await learn({
      model,
      steps: STEPS,
      learningRate: RATE,
      next: () => {
        const group = groups[random.integer(groups.length)]!;
        return Array.from({ length: BATCH }, () => group[random.integer(group.length)]!);
      },
      loss: (batch: readonly Int32Array[]) => {
        const { inputs, targets } = nextTokens(batch);
        return crossEntropy(model.forward(inputs), targets);
      },
    }, part(options, i / windows.length, (i + 1) / windows.length));
    found.push(await askNetwork(model, tests));
    discard(model);
  }
  return found;
}

/** Half of the widest window, and that. */
const windowsUpTo = (widest: number): number[] => [Math.ceil(widest / 2), widest];

/** How far a window reaches. */
export const experiment: Experiment<WindowExperiment> = {
  controls: {
    sentences: { default: 3500, min: 700, max: 7000, step: 700 },
    names: { default: 30, min: 2, max: 60 },
    window: { default: 5, min: 3, max: 7 },
    seed: SEED,
  },
  constants: {
    seeds: SEEDS,
    steps: STEPS,
    embedding: EMBEDDING,
    hidden: HIDDEN,
    batch: BATCH,
    rate: RATE,
    tests: TESTS,
  },
  claims: {
    within: {
      holds: ({ networks, windows }) =>
        networks.every((ranges, i) => ranges.slice(0, windows[i]).every(([low]) => low > 0.9)),
    },
    beyond: {
      holds: ({ networks, windows }) =>
        networks.every((ranges, i) => ranges.slice(windows[i]).every(([low, high]) => low > 0.35 && high < 0.65)),
    },
    table: { holds: ({ table }) => table[1]![0] > 0.9 && table[4]![1] < 0.7 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once), windows = windowsUpTo(controls.window);
    return {
      windows,
      networks: windows.map((_, i) => rangesOf(runs.map((run) => run[i + 1]!))),
      table: rangesOf(runs.map((run) => run[0]!)),
      shown: {
        seeds: SEEDS,
        sentences: controls.sentences,
        names: controls.names,
        between: Array.from({ length: LONGEST + 1 }, (_, between) => between),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { networks, table, windows, shown: { between } } = findings;
    const line = (label: string, ranges: readonly Range[]) => ({
      label,
      points: ranges.map(([low, high], i): [number, number] => [between[i]!, (low + high) / 2]),
      ranges,
    });
    return [{
      kind: "line",
      caption: captions.accuracy(findings),
      x: { title: labels.between },
      y: { title: labels.right, domain: [0, 1] },
      series: [
        ...networks.map((ranges, i) => line(labels.ofWindow(windows[i]!), ranges)),
        line(labels.ofOrder(windows.at(-1)! + 1), table),
        { label: labels.chance, points: between.map((x): [number, number] => [x, 0.5]), dashed: true },
      ],
    }];
  },
};
