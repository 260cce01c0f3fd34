/**
 * # Forget gates of sense and nonsense
 *
 * An LSTM learns the characters of English sentences. Its forget gates are read on sentences that it has not seen, on the same sentences with their
 * words in random order, and on the same characters in random order.
 *
 * @module
 */

import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import { concat, split } from "../../../engine/joining.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { zeros } from "../../../engine/create.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { type Characters, readCharacters, trainReader } from "../../../experiments/characters.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard } from "../../../experiments/learning.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import type { RecurrentLanguageModel } from "../../lstm/language_model.ts";

/** Sizes of training and of the test. */
const WIDTH = 32, BATCH = 16, LENGTH = 48, SEEDS = 3, TEST = 2000, BARS = 20;
/** A gate above this keeps nearly everything, one below that forgets nearly everything. */
const KEEPS = 0.9, FORGETS = 0.1;

const TEXTS = ["sentences", "words", "characters"] as const;
type Text = typeof TEXTS[number];

/** The gates on one text. */
interface Gates {
  readonly mean: number;
  /** Fraction of the gates above 0.9, and below 0.1. */
  readonly keeps: number;
  readonly forgets: number;
  /** Loss per character. */
  readonly loss: number;
  readonly counts: readonly number[];
}

/** What is found. */
export interface ForgetFindings {
  /** Mean gate by text; lowest and highest over the seeds. */
  readonly mean: readonly Range[];
  /** Fraction above 0.9. */
  readonly keeps: readonly Range[];
  /** Fraction below 0.1. */
  readonly forgets: readonly Range[];
  /** Loss per character. */
  readonly loss: readonly Range[];
  /** Smallest difference over the seeds of the mean gate on sentences and on characters in random order. */
  readonly gap: number;
  readonly shown: {
    readonly seeds: number;
    readonly start: number;
    readonly samples: readonly string[];
    readonly counts: readonly (readonly number[])[];
  };
}

/** What the experiment is made of. */
export interface ForgetGates extends Parts {
  findings: ForgetFindings;
  controls: "bias" | "steps" | "seed";
  claims: "most" | "sense";
  captions: "histogram" | "table";
  labels: Labels<Text | "gate" | "text" | "mean" | "keeps" | "forgets" | "loss">;
}

/** A list in random order. */
function shuffled<T>(list: readonly T[], random: Random): T[] {
  const order = [...list];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The texts that the gates are read on. */
function textsOf({ vocabulary, heldOut }: Characters, random: Random): readonly string[] {
  const sentences = vocabulary.decode([...heldOut.subarray(0, TEST)]);
  const words = shuffled(sentences.split(/\s+/), random).join(" "), letters = shuffled([...sentences], random).join("");
  return [sentences, words, letters];
}

/** The forget gates of a model on a text. */
async function gatesOn(model: RecurrentLanguageModel, { vocabulary }: Characters, text: string): Promise<Gates> {
  const ids = Int32Array.from(vocabulary.encode(text)), rows = Math.floor((ids.length - 1) / LENGTH);
  const cut = (from: number) => tensor(ids.slice(from, from + rows * LENGTH), [rows, LENGTH]);
  const { input, hidden } = model.network.layers[0]!.forwards;
  const { gates, loss } = scope(() =>
    noGrad(() => {
      const tokens = cut(0), embedded = model.embedding.forward(tokens);
      const { output } = model.network.forward(embedded, {});
      // The states before each step, of which the gates are computed.
      const before = concat([zeros([rows, 1, WIDTH]), output.slice(1, 0, -1)], 1);
      const sums = input.forward(embedded).add(hidden.forward(before));
      return { gates: split(sums, 4, -1)[1]!.sigmoid(), loss: crossEntropy(model.forward(tokens), cut(1)) };
    })
  );
  // A window begins with a state of zeros; its first half is not counted.
  const all = [...await gates.slice(1, LENGTH / 2).read()];
  const counts = new Array<number>(BARS).fill(0);
  for (const gate of all) counts[Math.min(BARS - 1, Math.floor(gate * BARS))]!++;
  const share = (fits: (gate: number) => boolean): number => all.filter(fits).length / all.length;
  return {
    mean: all.reduce((sum, gate) => sum + gate, 0) / all.length,
    keeps: share((gate) => gate > KEEPS),
    forgets: share((gate) => gate < FORGETS),
    loss: await loss.item(),
    counts,
  };
}

/** The network of one seed. */
async function once(
  text: Characters,
  { bias, steps, seed }: Record<ForgetGates["controls"], number>,
  options: RunOptions,
) {
  const random = new Random(seed);
  const model = await trainReader(
    text,
    { hiddenSize: WIDTH, steps, batchSize: BATCH, length: LENGTH, forgetBias: bias },
    random,
    options,
  );
  const samples = textsOf(text, random), gates: Gates[] = [];
  for (const sample of samples) gates.push(await gatesOn(model, text, sample));
  discard(model);
  return { gates, samples };
}

/** The forget gates of a trained network. */
export const experiment: Experiment<ForgetGates> = {
  controls: {
    bias: { default: 1, min: -1, max: 3, step: 0.5 },
    steps: { default: 150, min: 0, max: 800, step: 25 },
    seed: SEED,
  },
  constants: { width: WIDTH, batch: BATCH, length: LENGTH, test: TEST, seeds: SEEDS },
  claims: {
    most: { holds: ({ mean }) => mean[0]![0] > 0.5 },
    sense: { holds: ({ gap }) => gap > 0.1, refuted: true },
  },
  tolerance: 0.2,
  async measure(controls, options) {
    const text = await readCharacters(options.signal);
    const runs = await overSeeds(controls, SEEDS, options, (at, whole) => once(text, at, whole)), first = runs[0]!;
    const over = (f: (gates: Gates) => number): Range[] => rangesOf(runs.map(({ gates }) => gates.map(f)));
    return {
      mean: over(({ mean }) => mean),
      keeps: over(({ keeps }) => keeps),
      forgets: over(({ forgets }) => forgets),
      loss: over(({ loss }) => loss),
      gap: Math.min(...runs.map(({ gates }) => gates[0]!.mean - gates[2]!.mean)),
      shown: {
        seeds: SEEDS,
        start: 1 / (1 + Math.exp(-controls.bias)),
        samples: first.samples.map((sample) => sample.slice(0, 60).replaceAll("\n", " ")),
        counts: first.gates.map(({ counts }) => counts),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { mean, keeps, forgets, loss, shown } = findings;
    const edges = Array.from({ length: BARS + 1 }, (_, i) => i / BARS);
    return [
      {
        kind: "histogram",
        caption: captions.histogram(findings),
        x: { title: labels.gate, domain: [0, 1] },
        series: TEXTS.map((text, i) => ({ label: labels[text], edges, counts: shown.counts[i]! })),
      },
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [labels.text, labels.mean, labels.keeps, labels.forgets, labels.loss],
        rows: TEXTS.map((text, i) => [labels[text], ...[mean, keeps, forgets, loss].map((ranges) => ranges[i]![0])]),
      },
    ];
  },
};
