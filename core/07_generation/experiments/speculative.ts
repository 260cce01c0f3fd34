/**
 * # Which rule of acceptance is exact
 *
 * A target and a draft whose distributions are farther and farther apart. Four rules decide what becomes of a proposal; the distribution of what is written is computed exactly for each, and compared with the target's. Then texts are written, and the tokens of
 * each call of the target counted.
 *
 * @module
 */

import { tensor, zeros } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { ancestralSampling, type Decoder, toProbabilities } from "../sampling.ts";
import { acceptanceRate, constantLength, expectedTokens, modelDraft, residual, speculate } from "../speculative.ts";

/** Tokens of the vocabulary, pairs of models, and how far apart their logits are. */
const V = 20, PAIRS = 50, DISTANCES = [0, 0.25, 0.5, 1, 1.5, 2, 3];
/** Proposals per call that are compared. */
const LENGTHS = [1, 2, 3, 4, 6, 8, 12];

/** What becomes of a proposal: by the formula; by equality with the most probable token; with a token drawn; with a token drawn, and once more after a rejection. */
const RULES = ["exact", "probable", "drawn", "again"] as const;

/** What is found. */
export interface SpeculativeFindings {
  /** Total variation distance between what is written and the target, by rule, by distance. */
  readonly wrong: readonly (readonly number[])[];
  /** Share of proposals accepted, by rule, by distance. */
  readonly rates: readonly (readonly number[])[];
  /** Tokens of a call of the target, counted and by the formula, by number of proposals. */
  readonly counted: readonly number[];
  readonly expected: readonly number[];
  readonly shown: {
    readonly distances: readonly number[];
    readonly lengths: readonly number[];
    readonly pairs: number;
    readonly tokens: number;
    /** Distance in the last figure, and the fraction accepted there. */
    readonly distance: number;
    readonly rate: number;
  };
}

/** What the experiment is made of. */
export interface Speculative extends Parts {
  findings: SpeculativeFindings;
  controls: "distance" | "tokens" | "seed";
  claims: "exact" | "probable" | "again" | "more" | "formula";
  captions: "wrong" | "rates" | "tokens";
  labels: Labels<
    typeof RULES[number] | "distance" | "wrong" | "accepted" | "length" | "tokens" | "counted" | "expected"
  >;
}

/** Logits of a target, and of a draft at a distance from it. */
function pair(random: Random, distance: number): { readonly target: Float64Array; readonly draft: Float64Array } {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const target = Float64Array.from({ length: V }, () => 2 * normal());
  return { target, draft: target.map((logit) => logit + distance * normal()) };
}

/** What a rule writes, and how often it accepts: `[V]` in closed form. */
function outcome(
  rule: typeof RULES[number],
  p: Float64Array,
  q: Float64Array,
): { written: Float64Array; rate: number } {
  if (rule === "exact") {
    const rate = acceptanceRate(p, q), left = rate < 1 - 1e-12 ? residual(p, q) : p;
    return { written: p.map((share, x) => Math.min(share, q[x]!) + (1 - rate) * left[x]!), rate };
  }
  if (rule === "probable") {
    const best = p.indexOf(Math.max(...p)), rate = q[best]!;
    return { written: p.map((share, x) => (x === best ? rate : 0) + (1 - rate) * share), rate };
  }
  const rate = p.reduce((sum, share, x) => sum + share * q[x]!, 0);
  return { written: rule === "drawn" ? p : p.map((share, x) => share * q[x]! + (1 - rate) * share), rate };
}

/** A model that says the same at every place. */
function constant(logits: Float64Array): Decoder {
  return {
    vocabSize: V,
    contextLength: Infinity,
    forward: (tokens, { lastOnly }) => zeros([1, lastOnly ? 1 : tokens.shape[1]!, V]).add(tensor(Array.from(logits))),
  };
}

/** Rules of acceptance, and the tokens of a call. */
export const experiment: Experiment<Speculative> = {
  controls: {
    distance: { default: 0.5, min: 0, max: 3, step: 0.25 },
    tokens: { default: 600, min: 100, max: 2000, step: 100 },
    seed: SEED,
  },
  constants: { vocabulary: V, pairs: PAIRS },
  claims: {
    exact: { holds: ({ wrong }) => wrong[0]!.every((distance) => distance < 1e-9) },
    probable: { holds: ({ wrong }) => wrong[1]!.every((distance) => distance > 0.05) },
    again: { holds: ({ wrong }) => wrong[3]!.every((distance) => distance > 0.02) },
    more: { holds: ({ rates }) => rates[0]!.every((rate, i) => rate > rates[2]![i]!) },
    formula: {
      holds: ({ counted, expected }) => counted.every((count, i) => Math.abs(count / expected[i]! - 1) < 0.15),
    },
  },
  async measure({ distance, tokens, seed }, options) {
    const random = new Random(seed), steps = new Steps(options, DISTANCES.length + LENGTHS.length);
    const found: { readonly wrong: number; readonly rate: number }[][] = [];
    for (const far of DISTANCES) {
      await steps.next();
      const pairs = Array.from({ length: PAIRS }, () => pair(random, far));
      found.push(RULES.map((rule) => {
        const all = pairs.map(({ target, draft }) => {
          const p = toProbabilities(target), { written, rate } = outcome(rule, p, toProbabilities(draft));
          return { rate, wrong: p.reduce((sum, share, x) => sum + Math.abs(share - written[x]!), 0) / 2 };
        });
        return { wrong: mean(all.map(({ wrong }) => wrong)), rate: mean(all.map(({ rate }) => rate)) };
      }));
    }
    const { target, draft } = pair(random, distance), counted: number[] = [];
    for (const length of LENGTHS) {
      await steps.next();
      let calls = 0, written = 0;
      const settings = { draft: modelDraft(constant(draft), { length: constantLength(length) }), maxNewTokens: tokens };
      for await (
        const step of speculate(constant(target), [0], { ...settings, rules: [], search: ancestralSampling(random) })
      ) {
        calls++;
        written += step.tokens.length;
      }
      counted.push(written / calls);
    }
    const rate = acceptanceRate(toProbabilities(target), toProbabilities(draft));
    return {
      wrong: RULES.map((_, r) => found.map((rules) => rules[r]!.wrong)),
      rates: RULES.map((_, r) => found.map((rules) => rules[r]!.rate)),
      counted,
      expected: LENGTHS.map((length) => expectedTokens(rate, length)),
      shown: { distances: DISTANCES, lengths: LENGTHS, pairs: PAIRS, tokens, distance, rate },
    };
  },
  draw(findings, { captions, labels }) {
    const { wrong, rates, counted, expected, shown } = findings, { distances, lengths } = shown;
    const over = (places: readonly number[], heights: readonly number[]) =>
      places.map((x, i): [number, number] => [x, heights[i]!]);
    const byRule = (of: readonly (readonly number[])[]) =>
      RULES.map((rule, r) => ({ label: labels[rule], points: over(distances, of[r]!), dashed: rule === "drawn" }));
    return [
      {
        kind: "line",
        caption: captions.wrong(findings),
        x: { title: labels.distance },
        y: { title: labels.wrong },
        series: byRule(wrong),
      },
      {
        kind: "line",
        caption: captions.rates(findings),
        x: { title: labels.distance },
        y: { title: labels.accepted, domain: [0, 1] },
        series: byRule(rates).slice(0, 3),
      },
      {
        kind: "line",
        caption: captions.tokens(findings),
        x: { title: labels.length },
        y: { title: labels.tokens },
        series: [
          { label: labels.counted, points: over(lengths, counted) },
          { label: labels.expected, points: over(lengths, expected), dashed: true },
        ],
      },
    ];
  },
};
