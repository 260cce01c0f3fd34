/**
 * # A translator on real sentences, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import { creditsOf, type RunFigures } from "../picture.ts";
import type { TranslatorRun } from "../runs/translator.ts";

/** What captions and reading are made of. */
export interface TranslatorSummary extends TranslatorRun {
  readonly credits: string;
  /** Most tokens of a sentence that is learned from. */
  readonly longest: number;
}

/** What the run says. */
export interface TranslatorWords {
  /** Heads of the table. */
  readonly source: string;
  readonly after: (steps: number) => string;
  readonly reference: string;
  /** Names of its last rows. */
  readonly bleu: (unseen: number) => string;
  readonly loss: string;
  readonly caption: (summary: TranslatorSummary) => string;
  readonly reading: (summary: TranslatorSummary) => readonly string[];
}

function summaryOf(run: TranslatorRun): TranslatorSummary {
  const { sentences, layout } = run;
  return {
    ...run,
    credits: creditsOf(sentences),
    longest: layout.contextLength - 1,
  };
}

const words: TranslatorWords = {
  source: "source",
  after: (steps) => `${steps} steps`,
  reference: "reference",
  bleu: (unseen) => `BLEU of ${unseen} sentences`,
  loss: "loss, nats per token",
  caption: ({ sentences, credits }) =>
    `The same unseen sentences at each stage, by greedy decoding: the first ${sentences.length - 1} of the test set ` +
    "with 6 to 14 characters, none picked by hand, and the question of the notes, which has no reference. " +
    `Sentences and references: Tatoeba, ${credits}, CC-BY 2.0 FR.`,
  reading: ({ stages, bleu, weights, pairs, unseen, layout, recipe, longest }) => [
    `A model of ${
      number(weights / 1e6, 2)
    } million weights: ${layout.numLayers} layers of encoder and decoder each, width ` +
    `${layout.hiddenSize}, ${layout.numHeads} heads, a vocabulary and a table of ${recipe.vocabSize} tokens for each language. It learned ` +
    `from the ${pairs} pairs with at most ${longest} tokens in each sentence, in ${
      stages.at(-1)
    } batches of ${recipe.batchSize}. The loss in the ` +
    `last line is the mean over the steps since the stage before, with a label smoothing of ${recipe.labelSmoothing}.`,
    "Read each line of the table from left to right. First come the most frequent words; of the source only its length and its question mark show; then sentences that are English " +
    "and have little to do with the source; then some of its words; then translations, with errors.",
    `BLEU ${
      fixed(bleu.at(-1)!, 1)
    } over ${unseen} sentences is far from a good translator. The model is small, the pairs are ` +
    "few, and most sources have one reference. No pair that shares a sentence with the test set, in either language, was " +
    "trained on.",
  ],
};

/** The recorded run. */
export const run: RunFigures<TranslatorRun, TranslatorWords> = {
  words,
  figures(findings, { source, after, reference, caption, ...names }) {
    const { stages, bleu, losses, sentences, unseen } = findings;
    return [
      {
        kind: "table",
        isWide: true,
        caption: caption(summaryOf(findings)),
        columns: [source, ...stages.map(after), reference],
        rows: [
          ...sentences.map((sentence) => [
            sentence.source,
            ...sentence.translations.map((text) => text || "∅"),
            sentence.reference,
          ]),
          [names.bleu(unseen), ...bleu.map((score) => fixed(score, 1)), ""],
          [names.loss, ...losses.map((loss) => fixed(loss, 2)), ""],
        ],
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(summaryOf(findings)),
};
