/**
 * # A translator on real sentences, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { TranslatorRun } from "../runs/translator.ts";

/** How many of the recorded sentences are shown, beside the notes' question. */
const SHOWN = 2;

/** The recorded run. */
export const run: RunFigures<TranslatorRun> = {
  figures({ sentences, stages, bleu, unseen }) {
    const shown = sentences.filter(({ reference }, i) => i < SHOWN || reference === "");
    const credits = [
      ...new Set(shown.flatMap(({ attribution }) => attribution.match(/#\d+ \([^)]*\)/g) ?? [])),
    ];
    return [
      {
        kind: "table",
        caption:
          `Unseen sentences, greedy decoding, after ${stages.join(", ")} steps. BLEU on ${unseen} of them: ${
            bleu.map((score) => fixed(score, 1)).join(", ")
          }. Shown are the first ${SHOWN} of the test set ` +
          "with 6 to 14 characters, none picked by hand, and the question of the notes, which has no reference. " +
          `Sentences and references: Tatoeba, ${credits.join(", ")}, CC-BY 2.0 FR.`,
        columns: ["step", "sentence and its translations"],
        rows: shown.flatMap(({ source, reference, translations }) => [
          ["source", source],
          ...translations.map((text, i) => [String(stages[i]), text || "∅"]),
          ...(reference ? [["reference", reference]] : []),
        ]),
      },
    ];
  },
  reading({ stages, bleu, losses, weights, pairs, unseen, layout, recipe }, { seconds }) {
    const { numLayers, hiddenSize, numHeads } = layout, minutes = Math.round(seconds / 60);
    const smoothed = losses.map((loss) => fixed(loss, 2)).join(", ");
    return [
      `A model of ${
        number(weights / 1e6, 2)
      } million weights (${numLayers} layers of encoder and decoder each, width ` +
      `${hiddenSize}, ${numHeads} heads, a vocabulary and a table of ${recipe.vocabSize} for each language) learned from ${pairs} pairs in ${
        stages.at(-1)
      } batches of ${recipe.batchSize}, in ` +
      `${minutes} minutes of one core. The mean loss over the steps that lead to each stage was ${smoothed} nats per token, with a label ` +
      `smoothing of ${recipe.labelSmoothing}.`,
      "Read the table downwards. First come the most frequent words, whatever the source; then sentences that are English " +
      "and have little to do with the source; then some of its words; then translations, with errors.",
      `BLEU ${
        fixed(bleu.at(-1)!, 1)
      } over ${unseen} sentences is far from a good translator. The model is small, the pairs are ` +
      "few, and most sources have one reference. No pair that shares a sentence with the test set, in either language, was " +
      "trained on.",
    ];
  },
};
