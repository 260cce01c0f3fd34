/**
 * # A translator on real sentences, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { TranslatorRun } from "../runs/translator.ts";

/** How many of the recorded sentences are shown, beside the notes' question. */
const SHOWN = 4;

/** The recorded run. */
export const run: RunFigures<TranslatorRun> = {
  figures({ sentences, stages, bleu, losses, unseen, layout, recipe }) {
    const shown = sentences.filter(({ reference }, i) => i < SHOWN || reference === "");
    const credits = [
      ...new Set(shown.flatMap(({ attribution }) => attribution.match(/#\d+ \([^)]*\)/g) ?? [])),
    ];
    return [
      {
        kind: "table",
        caption:
          `Unseen sentences, greedy decoding, after ${stages.join(", ")} steps; the first ${SHOWN} of the test set ` +
          "with 6 to 14 characters, none chosen, and the question of the notes, which has no reference. " +
          `Sentences and references: Tatoeba, ${credits.join(", ")}, CC-BY 2.0 FR.`,
        columns: ["step", "sentence and its translations"],
        rows: shown.flatMap(({ source, reference, translations }) => [
          ["source", source],
          ...translations.map((text, i) => [String(stages[i]), text || "∅"]),
          ...(reference ? [["reference", reference]] : []),
        ]),
      },
      {
        kind: "line",
        caption:
          `BLEU on ${unseen} unseen sentences: from ${fixed(bleu[0]!, 1)} to ${
            fixed(bleu.at(-1)!, 1)
          }. Mean training loss of ` +
          `the steps before each stage: ${losses.map((loss) => fixed(loss, 2)).join(", ")} nats a token, with label ` +
          `smoothing of ${recipe.labelSmoothing}. ${layout.numLayers} layers of encoder and decoder each, width ${layout.hiddenSize}, ` +
          `${layout.numHeads} heads.`,
        x: { title: "step", logarithmic: true },
        y: { title: "BLEU" },
        series: [{ label: "BLEU", points: stages.map((step, i): [number, number] => [step, bleu[i]!]) }],
      },
    ];
  },
  reading({ stages, bleu, weights, pairs, unseen, recipe }, { seconds }) {
    return [
      `A model of ${number(weights / 1e6, 2)} million weights learned from ${pairs} pairs in ${
        stages.at(-1)
      } batches of ` +
      `${recipe.batchSize}, ${
        Math.round(seconds / 60)
      } minutes of one core. Read the table downwards: first the most frequent words, ` +
      "whatever the source; then sentences that are English and have little to do with the source; then some of its words; " +
      "then translations with errors.",
      `BLEU ${
        fixed(bleu.at(-1)!, 1)
      } over ${unseen} sentences is far from a good translator: the paper's base model reaches 27.3 on ` +
      "English–German with 4.5 million pairs. These pairs are short and few, each source has one reference or a few, and no pair that " +
      "shares a sentence with the test set, in either language, was trained on.",
    ];
  },
};
