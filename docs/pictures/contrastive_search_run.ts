/**
 * # Repetition in Shakespeare, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { Continued, ContrastiveSearchRun } from "../runs/contrastive_search.ts";

/** What the run says. */
export interface ContrastiveSearchWords {
  /** Heads of the tables. */
  readonly columns: readonly string[];
  readonly shown: readonly string[];
  readonly captions: Readonly<Record<"methods" | "examples", (run: ContrastiveSearchRun) => string>>;
  readonly reading: (run: ContrastiveSearchRun) => readonly string[];
}

/** A method by its name. */
function named({ methods }: ContrastiveSearchRun, name: string): Continued {
  return methods.find(({ method }) => method === name)!;
}

const share = ({ repeated }: Continued): string => percent(repeated[2]);

const words: ContrastiveSearchWords = {
  columns: ["method", "2-grams again", "3-grams again", "4-grams again", "diversity", "log-probability of a token"],
  shown: ["method", "continuation"],
  captions: {
    methods: ({ passages, read, written, topK }) =>
      `Continuations of ${passages} unseen passages of ${read} tokens by ${written} tokens each: which fraction of the n-grams of a continuation occurred before in it, ` +
      `the mean over continuations of the product of what is left of the three in each, and the mean log-probability by the model alone. Contrastive search has ${topK} candidates; the number behind it is α.`,
    examples: ({ passage }) =>
      `Continuations of the first passage, which ends in “${passage.slice(-60).replaceAll("\n", " ").trim()}”.`,
  },
  reading(run) {
    const greedy = named(run, "greedy"),
      search = named(run, "contrastive search 0.6"),
      contrast = named(run, "contrastive decoding");
    const samples = named(run, "top-p 0.95"), own = named(run, "Shakespeare"), blocked = named(run, "no 4-gram twice");
    return [
      `Greedy search writes ${share(greedy)} of its 4-grams again, contrastive search with α = 0.6 ${
        share(search)
      } and contrastive decoding ${share(contrast)}; top-p sampling ${share(samples)}, and Shakespeare ${share(own)}.`,
      `A token has a mean log-probability of ${fixed(greedy.logProbability, 2)} nats by greedy search, ${
        fixed(search.logProbability, 2)
      } by contrastive search, ${fixed(contrast.logProbability, 2)} by contrastive decoding, ${
        fixed(blocked.logProbability, 2)
      } where no 4-gram may occur twice, ${fixed(samples.logProbability, 2)} in samples by top-p, and ${
        fixed(own.logProbability, 2)
      } in Shakespeare's own text.`,
      `The model has ${number(run.weights[0]!)} weights, the amateur ${
        number(run.weights[1]!)
      }: both are small, and no continuation is good English. Su and others, and Li and others, measure large models, ` +
      "whose texts people judged; this run counts repetition and probability, and says nothing of sense.",
    ];
  },
};

/** The recorded run. */
export const run: RunFigures<ContrastiveSearchRun, ContrastiveSearchWords> = {
  words,
  before: ({ training }) => training.join("\n"),
  figures(findings, { columns, shown, captions }) {
    return [
      {
        kind: "table",
        caption: captions.methods(findings),
        columns,
        rows: findings.methods.map(({ method, repeated, diversity, logProbability }) => [
          method,
          ...repeated.map((one) => percent(one)),
          fixed(diversity, 2),
          fixed(logProbability, 2),
        ]),
      },
      {
        kind: "table",
        caption: captions.examples(findings),
        columns: shown,
        rows: findings.methods.flatMap(({ method, example }) =>
          example === undefined ? [] : [[method, example.replaceAll("\n", " / ")]]
        ),
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(findings),
};
