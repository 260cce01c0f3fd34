/**
 * # Words that share what is known of them
 *
 * Nouns and verbs of two kinds: a noun is followed by any verb of its kind. Only some of the pairs are in the text. A feed-forward language model and a table of
 * counts learn it, and are asked which verbs may follow in the pairs that were left out.
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
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { FeedForwardLanguageModel } from "../feed_forward_lm.ts";
import { trainNGrams } from "../n_grams/mod.ts";

const SEEDS = 3, KINDS = 2, EMBEDDING = 8, HIDDEN = 32, BATCH = 64, RATE = 0.02;

/** What is found: by the verbs that each noun was seen with. */
export interface SharingFindings {
  /** Fraction of withheld verbs that are more probable than the mean verb of the other kind. */
  readonly network: readonly Range[];
  readonly table: readonly Range[];
  /** Mean cosine of two nouns of one kind, and of two kinds. */
  readonly alike: readonly Range[];
  readonly unlike: readonly Range[];
  readonly shown: { readonly seeds: number; readonly verbs: number; readonly seen: readonly number[] };
}

/** What the experiment is made of. */
export interface Sharing extends Parts {
  findings: SharingFindings;
  controls: "words" | "steps" | "seed";
  claims: "shares" | "table" | "vectors" | "few";
  captions: "right" | "cosine";
  labels: Labels<"seen" | "right" | "network" | "table" | "chance" | "cosine" | "alike" | "unlike">;
}

/** A language of nouns and verbs, and which pairs of one kind are in the text. */
interface Language {
  readonly words: number;
  readonly vocabSize: number;
  /** For each noun, the numbers of the verbs of its kind that follow it in the text. */
  readonly seen: readonly ReadonlySet<number>[];
}

const nounOf = (words: number, kind: number, i: number): number => kind * words + i;
const verbOf = (words: number, kind: number, i: number): number => (KINDS + kind) * words + i;

/** The numbers below a count, in random order. */
function shuffled(random: Random, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** A language in which each noun is seen with so many verbs, and each verb with as many nouns. */
function language(random: Random, words: number, count: number): Language {
  const seen: ReadonlySet<number>[] = [];
  for (let kind = 0; kind < KINDS; kind++) {
    const nouns = shuffled(random, words), verbs = shuffled(random, words);
    const distances = shuffled(random, words).slice(0, count);
    for (const place of nouns) seen.push(new Set(distances.map((distance) => verbs[(place + distance) % words]!)));
  }
  return { words, vocabSize: 2 * KINDS * words, seen };
}

/** Fraction of withheld verbs that are above the mean of the other kind; equal ones count half. */
function fractionRight({ words, seen }: Language, probability: (noun: number, verb: number) => number): number {
  const answers: number[] = [];
  for (let kind = 0; kind < KINDS; kind++) {
    for (let i = 0; i < words; i++) {
      const noun = nounOf(words, kind, i);
      const other = mean(Array.from({ length: words }, (_, v) => probability(noun, verbOf(words, 1 - kind, v))));
      for (let v = 0; v < words; v++) {
        if (seen[noun]!.has(v)) continue;
        const own = probability(noun, verbOf(words, kind, v));
        answers.push(Math.abs(own - other) < 1e-12 ? 0.5 : Number(own > other));
      }
    }
  }
  return mean(answers);
}

/** Mean cosines of nouns, of one kind and of two. */
function cosines(table: ArrayLike<number>, words: number): { alike: number; unlike: number } {
  const row = (noun: number): number[] => Array.from({ length: EMBEDDING }, (_, e) => table[noun * EMBEDDING + e]!);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, e) => sum + value * b[e]!, 0);
  const alike: number[] = [], unlike: number[] = [];
  for (let a = 0; a < KINDS * words; a++) {
    for (let b = 0; b < a; b++) {
      const [x, y] = [row(a), row(b)];
      const same = Math.floor(a / words) === Math.floor(b / words);
      (same ? alike : unlike).push(dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)));
    }
  }
  return { alike: mean(alike), unlike: mean(unlike) };
}

/** One language, learned by both models. */
async function compare(one: Language, steps: number, random: Random, options: RunOptions) {
  const { words, vocabSize, seen } = one;
  const pairs = seen.flatMap((verbs, noun) =>
    [...verbs].map((v) => [noun, verbOf(words, Math.floor(noun / words), v)])
  );
  const ends = { beginToken: vocabSize, endToken: vocabSize + 1 };
  const table = await trainNGrams(pairs, { order: 2, vocabSize: vocabSize + 2, ...ends });
  const rows = Array.from({ length: KINDS * words }, (_, noun) => table.next([noun]));
  const model = new FeedForwardLanguageModel(
    { vocabSize, windowSize: 2, embeddingSize: EMBEDDING, hiddenSize: HIDDEN },
    random,
  );
  await learn({
    model,
    steps,
    learningRate: RATE,
    next: () => Array.from({ length: BATCH }, () => pairs[random.integer(pairs.length)]!),
    loss: (batch: readonly (readonly number[])[]) => {
      const ids = (which: number) => tensor(Int32Array.from(batch, (pair) => pair[which]!), [batch.length, 1]);
      return crossEntropy(model.forward(ids(0)), ids(1));
    },
  }, options);
  const nouns = tensor(Int32Array.from({ length: KINDS * words }, (_, i) => i), [KINDS * words, 1]);
  const [scores, vectors] = await Promise.all(
    scope(() => noGrad(() => [model.forward(nouns).read(), model.embedding.weight.tensor.read()])),
  );
  const found = {
    network: fractionRight(one, (noun, verb) => scores![noun * vocabSize + verb]!),
    table: fractionRight(one, (noun, verb) => rows[noun]![verb]!),
    ...cosines(vectors!, words),
  };
  discard(model);
  return found;
}

async function once(
  { words, steps, seed }: Readonly<Record<Sharing["controls"], number>>,
  options: RunOptions,
) {
  const random = new Random(seed), found = [], counts = countsOf(words);
  for (const [i, count] of counts.entries()) {
    options.signal?.throwIfAborted();
    const own = part(options, i / counts.length, (i + 1) / counts.length);
    found.push(await compare(language(random, words, count), steps, random.split(), own));
  }
  return found;
}

/** Verbs that a noun is seen with. */
const countsOf = (words: number): number[] => [1, 2, 3, 4, 6, 8].filter((count) => count < words);

/** What a model knows of pairs that it has not seen. */
export const experiment: Experiment<Sharing> = {
  controls: {
    words: { default: 12, min: 9, max: 20 },
    steps: { default: 150, min: 50, max: 400, step: 50 },
    seed: SEED,
  },
  constants: { seeds: SEEDS, embedding: EMBEDDING, hidden: HIDDEN, batch: BATCH, rate: RATE },
  claims: {
    shares: { holds: ({ network }) => network.slice(4).every(([low]) => low > 0.9) },
    table: { holds: ({ table }) => table.every(([low, high]) => low > 0.3 && high < 0.7) },
    vectors: { holds: ({ alike, unlike }) => alike.slice(4).every(([low], i) => low > unlike[i + 4]![1] + 0.15) },
    few: { holds: ({ network }) => network[0]![1] < 0.75 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once), { words } = controls;
    const over = (pick: (one: typeof runs[number][number]) => number) => rangesOf(runs.map((run) => run.map(pick)));
    return {
      network: over(({ network }) => network),
      table: over(({ table }) => table),
      alike: over(({ alike }) => alike),
      unlike: over(({ unlike }) => unlike),
      shown: { seeds: SEEDS, verbs: words, seen: countsOf(words) },
    };
  },
  draw(findings, { captions, labels }) {
    const { network, table, alike, unlike, shown: { seen } } = findings;
    const line = (label: string, ranges: readonly Range[]) => ({
      label,
      points: ranges.map(([low, high], i): [number, number] => [seen[i]!, (low + high) / 2]),
      ranges,
    });
    return [
      {
        kind: "line",
        caption: captions.right(findings),
        x: { title: labels.seen },
        y: { title: labels.right, domain: [0, 1] },
        series: [
          line(labels.network, network),
          line(labels.table, table),
          { label: labels.chance, points: seen.map((x): [number, number] => [x, 0.5]), dashed: true },
        ],
      },
      {
        kind: "line",
        caption: captions.cosine(findings),
        x: { title: labels.seen },
        y: { title: labels.cosine },
        series: [line(labels.alike, alike), line(labels.unlike, unlike)],
      },
    ];
  },
};
