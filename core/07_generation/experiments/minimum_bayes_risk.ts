/**
 * # One meaning, many sentences
 *
 * In every situation of this experiment one thing is said with most of the probability, in several ways, and another with the rest, in a single way: [the notes](notes:004.105) in numbers that can be changed. Sentences are drawn from the distribution of the situation,
 * as from a model that has it. What is said most is known, so it can be counted how often a decision says it.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { exactMatch, type Gain, minimumBayesRisk, wordOverlap } from "../minimum_bayes_risk.ts";

/** Words that sentences are made of, how many stand in one after its subject, situations of each kind, and how many seeds. */
const WORDS = 40, LENGTH = 4, SITUATIONS = 100, SEEDS = 3;

/** In how many ways the larger meaning is said; how many words these ways have in common; from how many samples is chosen. */
const WAYS = [1, 2, 3, 4, 6], COMMON = [0, 1, 2, 3], SAMPLES = [1, 2, 4, 8, 16, 32, 64];

/** How a sentence is chosen. */
const DECISIONS = ["probable", "exact", "words", "meaning"] as const;

/** What is found. */
export interface BayesRiskFindings {
  /** Fraction of situations in which the sentence chosen says the more probable meaning: by decision, by number of ways. */
  readonly byWays: readonly (readonly number[])[];
  readonly wayRanges: readonly (readonly Range[])[];
  /** The same by words in common. */
  readonly byCommon: readonly (readonly number[])[];
  readonly commonRanges: readonly (readonly Range[])[];
  /** The same by number of samples, in the situations with as many ways and common words as the controls say. */
  readonly bySamples: readonly (readonly number[])[];
  readonly sampleRanges: readonly (readonly Range[])[];
  readonly shown: {
    readonly share: number;
    readonly ways: readonly number[];
    readonly common: readonly number[];
    readonly counts: readonly number[];
    readonly seeds: number;
    readonly situations: number;
    readonly samples: number;
    /** The controls that one figure keeps while another moves them. */
    readonly atWays: number;
    readonly atCommon: number;
    readonly length: number;
  };
}

/** What the experiment is made of. */
export interface BayesRisk extends Parts {
  findings: BayesRiskFindings;
  controls: "share" | "ways" | "common" | "samples" | "seed";
  claims: "one" | "mode" | "match" | "meaning" | "words";
  captions: "ways" | "common" | "samples";
  labels: Labels<typeof DECISIONS[number] | "ways" | "common" | "samples" | "right">;
}

/** A situation: the ways to say the more probable meaning, and the one way to say the other. */
interface Situation {
  readonly large: readonly (readonly number[])[];
  readonly small: readonly number[];
}

/** A situation whose larger meaning is said in so many ways, which have so many words in common. */
function situation(random: Random, ways: number, common: number): Situation {
  const subject = random.integer(WORDS);
  const words = Array.from(random.permutation(WORDS)).filter((word) => word !== subject);
  const take = (count: number): number[] => words.splice(0, count);
  const shared = take(common);
  return {
    large: Array.from({ length: ways }, () => [subject, ...shared, ...take(LENGTH - common)]),
    small: [subject, ...take(LENGTH)],
  };
}

type Controls = Readonly<Record<BayesRisk["controls"], number>>;

/** Fractions of one seed: by group of situations and decision, and of the last group by number of samples. */
interface Once {
  readonly groups: readonly (readonly number[])[];
  readonly bySamples: readonly (readonly number[])[];
}

/** A sentence that was drawn, as text. */
interface Sample {
  readonly text: string;
  readonly probability: number;
}

/** A sentence as text, so that gains of texts can compare it. */
const textOf = (tokens: readonly number[]): string => tokens.map((token) => `w${token}`).join(" ");

/** What a decision chooses among samples. */
function choose(decision: typeof DECISIONS[number], samples: readonly Sample[], { large, small }: Situation): string {
  const texts = samples.map(({ text }) => text);
  if (decision === "exact") return minimumBayesRisk(texts, exactMatch).output;
  if (decision === "words") return minimumBayesRisk(texts, wordOverlap).output;
  if (decision === "meaning") {
    const meanings = new Map([...large.map((words) => [textOf(words), 1] as const), [textOf(small), 2] as const]);
    // A sentence that nobody says means nothing, and agrees with nothing.
    const gain: Gain<string, number> = {
      prepare: (text) => meanings.get(text) ?? 0,
      gain: (candidate, reference) => candidate > 0 && candidate === reference ? 1 : 0,
    };
    return minimumBayesRisk(texts, gain).output;
  }
  return samples.reduce((best, other) => other.probability > best.probability ? other : best).text;
}

/** What one seed finds. */
async function once({ share, ways, common, samples, seed }: Controls, options: RunOptions): Promise<Once> {
  const random = new Random(seed), most = Math.max(samples, ...SAMPLES);
  const kinds = [
    ...WAYS.map((count) => [count, common] as const),
    ...COMMON.map((count) => [ways, count] as const),
    [ways, common] as const,
  ];
  const steps = new Steps(options, kinds.length * SITUATIONS);
  const groups: number[][] = [];
  let bySamples: number[][] = [];
  for (const [count, shared] of kinds) {
    const right = SAMPLES.map(() => DECISIONS.map(() => 0)), atControl = DECISIONS.map(() => 0);
    for (let i = 0; i < SITUATIONS; i++) {
      await steps.next();
      const own = situation(random, count, shared), large = new Set(own.large.map(textOf));
      const sentences: Sample[] = [
        ...own.large.map((words) => ({ text: textOf(words), probability: share / count })),
        { text: textOf(own.small), probability: 1 - share },
      ];
      const chances = sentences.map(({ probability }) => probability);
      const drawn = Array.from({ length: most }, () => sentences[random.categorical(chances)]!);
      DECISIONS.forEach((decision, d) => {
        const isRight = (some: number): number => Number(large.has(choose(decision, drawn.slice(0, some), own)));
        atControl[d]! += isRight(samples) / SITUATIONS;
        SAMPLES.forEach((some, s) => right[s]![d]! += isRight(some) / SITUATIONS);
      });
    }
    groups.push(atControl);
    bySamples = right;
  }
  return { groups, bySamples };
}

/** Of some seeds: mean and range of each decision, a row for each decision. */
function over(seeds: readonly (readonly (readonly number[])[])[]): { means: number[][]; ranges: Range[][] } {
  const columns = DECISIONS.map((_, d) => seeds.map((rows) => rows.map((row) => row[d]!)));
  return {
    means: columns.map((of) => of[0]!.map((_, i) => of.reduce((sum, row) => sum + row[i]!, 0) / of.length)),
    ranges: columns.map((of) => rangesOf(of)),
  };
}

/** What is chosen where one meaning has many sentences. */
export const experiment: Experiment<BayesRisk> = {
  controls: {
    share: { default: 0.7, min: 0.5, max: 0.9, step: 0.05 },
    ways: { default: 4, min: 1, max: 6 },
    common: { default: 1, min: 0, max: 3 },
    samples: { default: 32, min: 4, max: 128, step: 4 },
    seed: SEED,
  },
  constants: { situations: SITUATIONS, seeds: SEEDS, words: WORDS },
  claims: {
    one: { holds: ({ byWays }) => byWays.every((rates) => rates[0]! > 0.9) },
    mode: { holds: ({ wayRanges }) => wayRanges[0]!.slice(2).every(([, high]) => high < 0.1) },
    match: {
      holds: ({ sampleRanges: { [1]: exact } }) => exact!.at(-1)![1] < 0.35 && exact!.at(-1)![1] < exact![2]![0],
    },
    meaning: { holds: ({ wayRanges }) => wayRanges[3]!.every(([low]) => low > 0.9) },
    words: { holds: ({ commonRanges: { [2]: words } }) => words![0]![1] < 0.5 && words!.at(-1)![0] > 0.9 },
  },
  async measure(controls, options) {
    const found = await overSeeds(controls, SEEDS, options, once);
    const groups = found.map(({ groups }) => groups);
    const ways = over(groups.map((rows) => rows.slice(0, WAYS.length)));
    const common = over(groups.map((rows) => rows.slice(WAYS.length, WAYS.length + COMMON.length)));
    const samples = over(found.map(({ bySamples }) => bySamples));
    return {
      byWays: ways.means,
      wayRanges: ways.ranges,
      byCommon: common.means,
      commonRanges: common.ranges,
      bySamples: samples.means,
      sampleRanges: samples.ranges,
      shown: {
        share: controls.share,
        ways: WAYS,
        common: COMMON,
        counts: SAMPLES,
        seeds: SEEDS,
        situations: SITUATIONS,
        samples: controls.samples,
        atWays: controls.ways,
        atCommon: controls.common,
        length: LENGTH,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { shown } = findings;
    const series = (
      places: readonly number[],
      means: readonly (readonly number[])[],
      ranges: readonly (readonly Range[])[],
      decisions: readonly (typeof DECISIONS[number])[],
    ) =>
      decisions.map((decision) => {
        const d = DECISIONS.indexOf(decision);
        return {
          label: labels[decision],
          points: places.map((x, i): [number, number] => [x, means[d]![i]!]),
          ranges: ranges[d]!,
        };
      });
    const y = { title: labels.right, domain: [0, 1] as const };
    return [
      {
        kind: "line",
        caption: captions.ways(findings),
        x: { title: labels.ways },
        y,
        series: series(shown.ways, findings.byWays, findings.wayRanges, DECISIONS),
      },
      {
        kind: "line",
        caption: captions.common(findings),
        x: { title: labels.common },
        y,
        series: series(shown.common, findings.byCommon, findings.commonRanges, ["probable", "words", "meaning"]),
      },
      {
        kind: "line",
        caption: captions.samples(findings),
        x: { title: labels.samples, logarithmic: true },
        y,
        series: series(shown.counts, findings.bySamples, findings.sampleRanges, [
          "probable",
          "exact",
          "words",
          "meaning",
        ]),
      },
    ];
  },
};
