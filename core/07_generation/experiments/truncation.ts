/**
 * # Five ways to cut
 *
 * Top-k, top-p, epsilon, min-p and locally typical, each on the same four distributions: a sure one, the
 * notes' long tail, a smooth one as of a trained model, and one where a hundred words are equally good. What
 * is kept is counted.
 *
 * @module
 */

import { percent, rounded, Steps } from "../../05_transformer/experiments/support.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { toProbabilities } from "../sampling.ts";
import type { LogitsRule } from "../rules.ts";
import { epsilonRule, minPRule, topKRule, topPRule, typicalRule } from "../truncation.ts";

const VOCABULARY = 1003;

/** Shares of `VOCABULARY` words that begin with the given ones; the others share what is left. */
const withTail = (...heads: readonly number[]): number[] => {
  const rest = 1 - heads.reduce((a, b) => a + b, 0), others = VOCABULARY - heads.length;
  return [...heads, ...new Array<number>(others).fill(rest / others)];
};
const zipf = (): number[] => {
  const weights = Array.from({ length: VOCABULARY }, (_, i) => 1 / (i + 1) ** 1.2);
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};
/** A hundred equally good words, and next to nothing for the others. */
const flat = (): number[] => {
  const good = 100, left = 0.01 / (VOCABULARY - good);
  return Array.from({ length: VOCABULARY }, (_, i) => i < good ? 0.99 / good : left);
};
const DISTRIBUTIONS: readonly { readonly name: string; readonly probabilities: readonly number[] }[] = [
  { name: "sure", probabilities: withTail(0.99) },
  { name: "long tail", probabilities: withTail(0.3, 0.2, 0.1) },
  { name: "smooth", probabilities: zipf() },
  { name: "a hundred good", probabilities: flat() },
];
const RULES = ["top-k", "top-p", "epsilon", "min-p", "typical"] as const;

type Found = {
  /** Words kept: sure, long tail, smooth, a hundred good. */
  readonly topK: readonly number[];
  readonly topP: readonly number[];
  readonly epsilon: readonly number[];
  readonly minP: readonly number[];
  readonly typical: readonly number[];
  /** Of the notes' long tail, what each rule leaves of its share of 0.4. */
  readonly tailLeft: readonly number[];
  /** Whether the likeliest word of the long tail survives, 1 or 0, by rule. */
  readonly best: readonly number[];
};

function figures(kept: readonly number[][], shares: readonly number[][], tailLeft: readonly number[]): Figure[] {
  const ranks = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 101, 150, 200, 300, 500, 700, 1000];
  return [
    {
      kind: "line",
      caption: "The four distributions: the probability of the likeliest word, of the second, and so on.",
      x: { title: "rank of the word", logarithmic: true },
      y: { title: "probability", logarithmic: true },
      series: DISTRIBUTIONS.map(({ name, probabilities }) => ({
        label: name,
        points: ranks.map((rank) => [rank, rounded(probabilities[rank - 1]!)]),
      })),
    },
    {
      kind: "bars",
      caption: `Words that each rule keeps. Top-k keeps ${kept[0]![0]}, whether one word is right or a hundred are; ` +
        `top-p keeps ${kept[1]!.join(", ")}, epsilon ${kept[2]!.join(", ")}.`,
      y: { title: "words kept", logarithmic: true },
      bars: RULES.flatMap((group, rule) =>
        DISTRIBUTIONS.map(({ name: label }, i) => ({ label, group, value: kept[rule]![i]! }))
      ),
    },
    {
      kind: "table",
      caption: `Words kept, and their share of the probability. Of the long tail’s 40\u202f%, ${
        RULES.map((name, i) => `${name} leaves ${percent(tailLeft[i]!)}`).join(", ")
      }, before what is kept is scaled up again.`,
      columns: ["rule", ...DISTRIBUTIONS.map(({ name }) => name)],
      rows: RULES.map((name, rule) => [
        name,
        ...DISTRIBUTIONS.map((_, i) => `${kept[rule]![i]} (${percent(shares[rule]![i]!, 3)})`),
      ]),
    },
  ];
}

/** Every rule on the same distributions. */
export const truncationExperiment: Experiment<Found, "topK" | "topP" | "epsilon" | "minP" | "typical"> = {
  name: "generation/truncation",
  title: "Five ways to cut",
  purpose: "Five rules cut the same four distributions: a sure one, the notes’ long tail, one as of a trained " +
    "model, and one where a hundred words are equally good. Change the threshold of a rule, and see how many " +
    "words it keeps of each. A good rule keeps few where one word is right and many where many are.",
  controls: {
    topK: { label: "Top-k", description: "How many words are kept", default: 40, min: 1, max: 200 },
    topP: {
      label: "Top-p",
      description: "Share of the probability that is kept",
      default: 0.9,
      min: 0.05,
      max: 1,
      step: 0.05,
    },
    epsilon: {
      label: "Epsilon",
      description: "Probability that a word must exceed",
      default: 0.002,
      min: 0.0005,
      max: 0.05,
      step: 0.0005,
    },
    minP: {
      label: "Min-p",
      description: "Share of the likeliest word’s probability that a word must have",
      default: 0.1,
      min: 0.01,
      max: 1,
      step: 0.01,
    },
    typical: {
      label: "Typical",
      description: "Share kept of the words whose surprise is usual",
      default: 0.2,
      min: 0.05,
      max: 1,
      step: 0.05,
    },
  },
  claims: [
    {
      text: "Top-k keeps the same number everywhere: too many where one word is right, too few where a hundred are",
      holds: ({ topK }) => topK.every((kept) => kept === topK[0]) && topK[0]! > 1 && topK[0]! < 100,
    },
    {
      text: "Top-p adapts: one word where the model is sure, many where a hundred are equally good",
      holds: ({ topP }) => topP[0] === 1 && topP[3]! > 20,
    },
    {
      text: "Top-p leaves out the notes’ long tail",
      holds: ({ topP }) => topP[1]! <= 3,
      refuted: true,
    },
    {
      text: "Epsilon and min-p look at each word by itself, and leave out all of it",
      holds: ({ epsilon, minP }) => epsilon[1] === 3 && minP[1] === 3,
    },
    {
      text: "Locally typical is the only rule that may drop the likeliest word",
      holds: ({ best }) => best.join() === "1,1,1,1,0",
    },
  ],
  async run({ topK, topP, epsilon, minP, typical }, options) {
    const steps = new Steps(options, RULES.length);
    const rules: readonly LogitsRule[] = [
      topKRule(topK),
      topPRule(topP),
      epsilonRule(epsilon),
      minPRule(minP),
      typicalRule(typical),
    ];
    const kept: number[][] = [], shares: number[][] = [], tailLeft: number[] = [], best: number[] = [];
    for (const rule of rules) {
      await steps.next();
      const counts: number[] = [], sums: number[] = [];
      for (const { name, probabilities } of DISTRIBUTIONS) {
        const cut = toProbabilities(rule.onHost(Float64Array.from(probabilities, Math.log), { tokens: [] }));
        const left = probabilities.filter((_, token) => cut[token]! > 0);
        counts.push(left.length);
        sums.push(rounded(left.reduce((a, b) => a + b, 0)));
        if (name === "long tail") {
          best.push(Number(cut[0]! > 0));
          tailLeft.push(
            rounded(probabilities.reduce((sum, p, token) => token > 2 && cut[token]! > 0 ? sum + p : sum, 0)),
          );
        }
      }
      kept.push(counts);
      shares.push(sums);
    }
    const findings: Found = {
      topK: kept[0]!,
      topP: kept[1]!,
      epsilon: kept[2]!,
      minP: kept[3]!,
      typical: kept[4]!,
      tailLeft,
      best,
    };
    return { findings, figures: figures(kept, shares, tailLeft) };
  },
};
