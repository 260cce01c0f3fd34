/**
 * # Seven ways to truncate
 *
 * Top-k, top-p, epsilon, eta, min-p, top-nσ and locally typical, each on the same four distributions: a sure one, the long tail of
 * [the notes](notes:004.96), a smooth one as of a trained model, and one where a hundred words are equally good. What
 * is kept is counted.
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { Steps } from "../../experiments/running.ts";
import { toProbabilities } from "../sampling.ts";
import type { LogitsRule } from "../rules.ts";
import { epsilonRule, etaRule, minPRule, topKRule, topNSigmaRule, topPRule, typicalRule } from "../truncation.ts";

const VOCABULARY = 1003;

/** Probabilities of `VOCABULARY` words: the given ones, and equal ones with the rest. */
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
const NAMES = ["sure", "longTail", "smooth", "hundred"] as const;
const DISTRIBUTIONS: Readonly<Record<typeof NAMES[number], readonly number[]>> = {
  sure: withTail(0.99),
  longTail: withTail(0.3, 0.2, 0.1),
  smooth: zipf(),
  hundred: flat(),
};
/** Ranks at which the distributions are drawn. */
const RANKS = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 101, 150, 200, 300, 500, 700, 1000];
const RULES = ["topK", "topP", "epsilon", "eta", "minP", "topNSigma", "typical"] as const;

/** What is found. */
export interface CutFindings {
  /** Words kept: sure, long tail, smooth, a hundred good. */
  readonly topK: readonly number[];
  readonly topP: readonly number[];
  readonly epsilon: readonly number[];
  readonly eta: readonly number[];
  readonly minP: readonly number[];
  readonly topNSigma: readonly number[];
  readonly typical: readonly number[];
  /** Of the long tail of [the notes](notes:004.96), what each rule leaves of its mass of 0.4. */
  readonly tailLeft: readonly number[];
  /** Whether the most probable word of the long tail survives, 1 or 0, by rule. */
  readonly best: readonly number[];
  /** On the long tail: the largest mass at which top-p leaves the tail out, the least at which typical keeps the best. */
  readonly topPWithout: number;
  readonly typicalFrom: number;
  readonly shown: {
    readonly ranks: readonly number[];
    /** Probability at each rank, by distribution. */
    readonly probabilities: readonly (readonly number[])[];
    /** What the rules were set to. */
    readonly settings: readonly number[];
    /** Probability mass that is kept, by rule and distribution. */
    readonly shares: readonly (readonly number[])[];
  };
}

/** What the experiment is made of. */
export interface Cut extends Parts {
  findings: CutFindings;
  controls: typeof RULES[number];
  claims: "topK" | "topP" | "tail" | "each" | "eta" | "typical";
  captions: "distributions" | "kept" | "shares";
  labels: Labels<typeof NAMES[number] | typeof RULES[number] | "rank" | "probability" | "kept" | "rule">;
}

/** The words of the long tail that a rule keeps. */
function keptOfTail(rule: LogitsRule): boolean[] {
  const cut = toProbabilities(rule.onHost(Float64Array.from(DISTRIBUTIONS.longTail, Math.log), { tokens: [] }));
  return Array.from(cut, (probability) => probability > 0);
}

/** Masses from 0.05 to 1, the steps of a slider. */
const MASSES = Array.from({ length: 20 }, (_, i) => Number((0.05 * (i + 1)).toFixed(2)));

/** Every rule on the same distributions. */
export const experiment: Experiment<Cut> = {
  controls: {
    topK: { default: 40, min: 1, max: 200 },
    topP: { default: 0.9, min: 0.05, max: 1, step: 0.05 },
    epsilon: { default: 0.002, min: 0.0005, max: 0.05, step: 0.0005 },
    eta: { default: 0.002, min: 0.0005, max: 0.05, step: 0.0005 },
    minP: { default: 0.1, min: 0.01, max: 1, step: 0.01 },
    topNSigma: { default: 3, min: 0.5, max: 20, step: 0.5 },
    typical: { default: 0.2, min: 0.05, max: 1, step: 0.05 },
  },
  constants: { vocabulary: VOCABULARY },
  claims: {
    topK: { holds: ({ topK }) => topK.every((kept) => kept === topK[0]) && topK[0]! > 1 && topK[0]! < 100 },
    topP: { holds: ({ topP }) => topP[0] === 1 && topP[3]! > 20 },
    tail: { holds: ({ topP }) => topP[1]! <= 3, refuted: true },
    each: { holds: ({ epsilon, minP }) => epsilon[1] === 3 && minP[1] === 3 },
    eta: { holds: ({ epsilon, eta }) => eta[3]! >= epsilon[3]! && eta.every((kept, i) => kept >= epsilon[i]!) },
    typical: { holds: ({ best }) => best.join() === "1,1,1,1,1,1,0" },
  },
  async measure({ topK, topP, epsilon, eta, minP, topNSigma, typical }, options) {
    const steps = new Steps(options, RULES.length);
    const rules: readonly LogitsRule[] = [
      topKRule(topK),
      topPRule(topP),
      epsilonRule(epsilon),
      etaRule(eta),
      minPRule(minP),
      topNSigmaRule(topNSigma),
      typicalRule(typical),
    ];
    const kept: number[][] = [], shares: number[][] = [], tailLeft: number[] = [], best: number[] = [];
    for (const rule of rules) {
      await steps.next();
      const counts: number[] = [], sums: number[] = [];
      for (const name of NAMES) {
        const probabilities = DISTRIBUTIONS[name];
        const cut = toProbabilities(rule.onHost(Float64Array.from(probabilities, Math.log), { tokens: [] }));
        const left = probabilities.filter((_, token) => cut[token]! > 0);
        counts.push(left.length);
        sums.push(left.reduce((a, b) => a + b, 0));
        if (name === "longTail") {
          best.push(Number(cut[0]! > 0));
          tailLeft.push(probabilities.reduce((sum, p, token) => token > 2 && cut[token]! > 0 ? sum + p : sum, 0));
        }
      }
      kept.push(counts);
      shares.push(sums);
    }
    return {
      topK: kept[0]!,
      topP: kept[1]!,
      epsilon: kept[2]!,
      eta: kept[3]!,
      minP: kept[4]!,
      topNSigma: kept[5]!,
      typical: kept[6]!,
      tailLeft,
      best,
      topPWithout: MASSES.findLast((mass) => !keptOfTail(topPRule(mass)).slice(3).includes(true)) ?? 0,
      typicalFrom: MASSES.find((mass) => keptOfTail(typicalRule(mass))[0]) ?? 1,
      shown: {
        settings: [topK, topP, epsilon, eta, minP, topNSigma, typical],
        ranks: RANKS,
        probabilities: NAMES.map((name) => RANKS.map((rank) => DISTRIBUTIONS[name][rank - 1]!)),
        shares,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { ranks, probabilities, shares } = findings.shown;
    const names = NAMES.map((name) => labels[name]);
    return [
      {
        kind: "line",
        caption: captions.distributions(findings),
        x: { title: labels.rank, logarithmic: true },
        y: { title: labels.probability, logarithmic: true },
        series: names.map((label, i) => ({
          label,
          points: ranks.map((rank, k): [number, number] => [rank, probabilities[i]![k]!]),
        })),
      },
      {
        kind: "bars",
        caption: captions.kept(findings),
        y: { title: labels.kept, logarithmic: true },
        bars: RULES.flatMap((rule) =>
          names.map((label, i) => ({ label, group: labels[rule], value: findings[rule][i]! }))
        ),
      },
      {
        kind: "table",
        caption: captions.shares(findings),
        columns: [labels.rule, ...names],
        rows: RULES.map((rule, r) => [
          labels[rule],
          ...names.map((_, i) => `${findings[rule][i]} (${percent(shares[r]![i]!, 3)})`),
        ]),
      },
    ];
  },
};
