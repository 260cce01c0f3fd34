/**
 * # Mom − female + male
 *
 * word2vec learns from sentences about a family. In one text words of gender stand beside the roles, in the other one nothing does that tells *mom* from *dad*. Analogies
 * are asked in three ways: with the words of the question left out of the answers, with them, and by the third word alone.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import { familySentences, GENDER_PAIRS, OPPOSITE_PAIRS, SYNONYM_PAIRS } from "../../corpora/family.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import {
  analogy,
  cbow,
  contextModels,
  cosine,
  neighbours,
  principalComponents,
  skipGram,
  trainWord2vec,
  type Word2vecOptions,
  type WordVectors,
} from "../word2vec/mod.ts";

/** How everything is trained, and with how many seeds. */
const WINDOW = 5, EPOCHS = 12, THRESHOLD = 0.01, SENTENCES = 2000, SEEDS = 3;

/** Which pairs are asked about: of gender, where the text marks it and where it does not, and of opposites. */
const GROUPS = ["marked", "unmarked", "opposites"] as const;
const MEASURES = ["excluded", "included", "alone"] as const;
type Pairs = readonly (readonly [string, string])[];

/** What is found of one group of pairs, by measure: fractions of analogies that are right, and how parallel differences are. */
type Asked = readonly [excluded: number, included: number, alone: number, parallel: number];

/** What is found. */
export interface AnalogyFindings {
  /** Fractions of right answers and mean cosine of differences, by group. */
  readonly asked: readonly Asked[];
  /** Ranges over the seeds, by group and measure. */
  readonly ranges: readonly (readonly Range[])[];
  /** Cosine of *mom* − *female* and *dad* − *male*, where the text marks gender; and its range. */
  readonly difference: number;
  readonly differences: Range;
  /** Mean cosine of words that mean alike, of opposites, with ranges. */
  readonly alike: readonly [synonyms: number, antonyms: number];
  readonly alikes: readonly Range[];
  readonly shown: {
    readonly seeds: number;
    readonly model: string;
    /** What stands nearest to mom − female + male, with the cosine: in the marked text and in the unmarked one. */
    readonly answers: readonly (readonly (readonly [word: string, cosine: number])[])[];
    /** Pairs of roles in two dimensions, in the marked text and in the unmarked one, and the fraction of the variance that is seen. */
    readonly pairs: Pairs;
    readonly points: readonly (readonly (readonly [x: number, y: number])[])[];
    readonly seen: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Analogies extends Parts {
  findings: AnalogyFindings;
  controls: "model" | "marked" | "width" | "seed";
  claims: "difference" | "answered" | "fooled" | "direction" | "opposites" | "alike";
  captions: "marked" | "unmarked" | "asked" | "parallel" | "answers";
  labels:
    & Labels<
      typeof GROUPS[number] | typeof MEASURES[number] | "female" | "male" | "first" | "second" | "right" | "parallel"
    >
    & { readonly columns: readonly [text: string, first: string, second: string, third: string] };
}

/** The step from one word to another. */
const between = (vectors: WordVectors, from: string, to: string): number[] => {
  const other = vectors.vectorOf(from);
  return Array.from(vectors.vectorOf(to), (x, e) => x - other[e]!);
};

/** Asks for the second word of each pair by each other pair, in both directions. */
function ask(vectors: WordVectors, pairs: Pairs): Asked {
  const known = pairs.filter((pair) => pair.every((word) => vectors.has(word)));
  const right = { excluded: 0, included: 0, alone: 0 }, parallel: number[] = [];
  let asked = 0;
  for (const one of known) {
    for (const other of known) {
      if (one === other) continue;
      parallel.push(cosine(between(vectors, ...one), between(vectors, ...other)));
      for (const [i, j] of [[0, 1], [1, 0]] as const) {
        const question = [one[i], one[j], other[i]] as const, answer = other[j];
        const excluded = analogy(vectors, question, { count: 1 });
        const included = analogy(vectors, question, { count: 1, excludeQuestion: false });
        // The third word alone: its nearest neighbour that is not in the question.
        const alone = neighbours(vectors, question[2], { count: 3 }).filter(({ word }) => !question.includes(word));
        asked++;
        for (const [name, [found]] of Object.entries({ excluded, included, alone })) {
          if (found?.word === answer) right[name as keyof typeof right]++;
        }
      }
    }
  }
  return [right.excluded / asked, right.included / asked, right.alone / asked, mean(parallel)];
}

const cosinesOf = (vectors: WordVectors, pairs: Pairs): number =>
  mean(pairs.map(([a, b]) => cosine(vectors.vectorOf(a), vectors.vectorOf(b))));

/** The roles in two dimensions. */
function look(vectors: WordVectors): { readonly points: [number, number][]; readonly seen: number } {
  const roles = GENDER_PAIRS.slice(1).flat();
  const { coordinates, variances, total } = principalComponents(roles.map((word) => vectors.vectorOf(word)));
  return {
    points: coordinates.map(([x, y]) => [rounded(x!), rounded(y!)]),
    seen: variances.reduce((sum, x) => sum + x, 0) / total,
  };
}

/** What one seed finds. */
async function once(
  { model, marked, width, seed }: Readonly<Record<Analogies["controls"], number>>,
  options: RunOptions,
): Promise<
  & Omit<AnalogyFindings, "ranges" | "differences" | "alikes" | "shown">
  & Pick<AnalogyFindings["shown"], "answers" | "points" | "seen">
> {
  const learn = async (marked: number, random: Random, { signal, onProgress }: RunOptions): Promise<WordVectors> => {
    const settings: Word2vecOptions = {
      model: [skipGram, cbow][model]!,
      hiddenSize: width,
      window: WINDOW,
      epochs: EPOCHS,
      threshold: THRESHOLD,
      signal,
      onProgress: ({ done }) => onProgress?.(done),
    };
    return (await trainWord2vec(familySentences(SENTENCES, marked, random), random, settings)).vectors;
  };
  const with_ = await learn(marked, new Random(seed), part(options, 0, 0.5));
  const without = await learn(0, new Random(seed), part(options, 0.5, 1));
  const question = ["female", "mom", "male"] as const, instead = ["girl", "mom", "boy"] as const;
  const answers = ([[with_, question], [without, instead]] as const).map(([vectors, words]) =>
    analogy(vectors, words, { count: 3, excludeQuestion: false }).map((
      { word, cosine },
    ): [string, number] => [word, rounded(cosine)])
  );
  const seen = [look(with_), look(without)];
  return {
    asked: [ask(with_, GENDER_PAIRS), ask(without, GENDER_PAIRS), ask(with_, OPPOSITE_PAIRS)],
    difference: cosine(between(with_, "female", "mom"), between(with_, "male", "dad")),
    alike: [cosinesOf(with_, SYNONYM_PAIRS), cosinesOf(with_, OPPOSITE_PAIRS)],
    answers,
    points: seen.map(({ points }) => points),
    seen: seen.map(({ seen }) => seen),
  };
}

/** Analogies, where the text has what they ask for and where it has not. */
export const experiment: Experiment<Analogies> = {
  controls: {
    model: { default: 0, min: 0, max: 1, choices: Object.keys(contextModels) },
    marked: { default: 0.7, min: 0.05, max: 1, step: 0.05 },
    width: { default: 24, min: 4, max: 64, step: 4 },
    seed: SEED,
  },
  constants: { sentences: SENTENCES, window: WINDOW, epochs: EPOCHS, threshold: THRESHOLD, seeds: SEEDS },
  claims: {
    difference: { holds: ({ differences }) => differences[0] > 0.5 },
    answered: { holds: ({ ranges }) => ranges[0]![0]![0] > 0.9 },
    fooled: { holds: ({ ranges }) => ranges[1]![0]![0] > 0.8 && ranges[1]![1]![1] < 0.3 },
    direction: { holds: ({ ranges }) => ranges[0]![3]![0] > 0.7 && ranges[1]![3]![1] < 0.2 },
    opposites: { holds: ({ ranges }) => ranges[2]![3]![1] < 0.3 && ranges[2]![1]![1] < 0.3 },
    alike: { holds: ({ alikes: [synonyms, antonyms] }) => synonyms![0] > 0.9 && antonyms![0] > 0.9 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    options.signal?.throwIfAborted();
    const runs = await overSeeds(controls, SEEDS, options, once), { answers, points, seen, ...first } = runs[0]!;
    return {
      ...first,
      ranges: GROUPS.map((_, group) => rangesOf(runs.map(({ asked }) => asked[group]!))),
      differences: rangesOf(runs.map(({ difference }) => [difference]))[0]!,
      alikes: rangesOf(runs.map(({ alike }) => alike)),
      shown: {
        seeds: SEEDS,
        model: Object.keys(contextModels)[controls.model]!,
        answers,
        pairs: GENDER_PAIRS.slice(1),
        points,
        seen,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { asked, ranges, shown: { pairs, points, answers } } = findings;
    const scatter = (which: number) => ({
      kind: "scatter" as const,
      x: { title: labels.first },
      y: { title: labels.second },
      series: ([0, 1] as const).map((gender) => ({
        label: [labels.female, labels.male][gender]!,
        points: pairs.map((_, i) => points[which]![2 * i + gender]!),
        // Where the two of a pair lie together, one name stands for both.
        ...(which === 0 || gender === 0) &&
          { names: pairs.map((pair) => which === 0 ? pair[gender] : pair.join(" / ")) },
      })),
    });
    return [
      { ...scatter(0), caption: captions.marked(findings) },
      { ...scatter(1), caption: captions.unmarked(findings) },
      {
        kind: "bars",
        caption: captions.asked(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: GROUPS.flatMap((group, g) =>
          MEASURES.map((measure, m) => ({
            label: labels[measure],
            group: labels[group],
            value: asked[g]![m]!,
            range: ranges[g]![m]!,
          }))
        ),
      },
      {
        kind: "bars",
        caption: captions.parallel(findings),
        y: { title: labels.parallel },
        bars: GROUPS.map((group, g) => ({ label: labels[group], value: asked[g]![3], range: ranges[g]![3]! })),
      },
      {
        kind: "table",
        caption: captions.answers(findings),
        columns: labels.columns,
        rows: answers.map((row, i) => [
          [labels.marked, labels.unmarked][i]!,
          ...row.map(([word, cosine]) => `${word} ${cosine.toFixed(2)}`),
        ]),
      },
    ];
  },
};
