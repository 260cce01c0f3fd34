/**
 * # Two LSTMs and a Transformer on real sentences, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import { creditsOf, type RunFigures } from "../picture.ts";
import type { RecurrentTranslatorRun, TRANSLATORS } from "../runs/recurrent_translator.ts";

type Name = typeof TRANSLATORS[number];

/** What captions and reading are made of. */
export interface RecurrentTranslatorSummary extends RecurrentTranslatorRun {
  readonly credits: string;
  /** By group of lengths: nats per token that the Transformer is below the better LSTMs. */
  readonly behind: readonly number[];
  /** The interval of BLEU by which the LSTMs with the source forwards are behind, over all. */
  readonly lead: readonly [number, number];
}

/** What the run says. */
export interface RecurrentTranslatorWords {
  readonly names: Readonly<Record<Name, string>>;
  /** A group of lengths in characters. */
  readonly group: (from: number, to: number | undefined) => string;
  readonly loss: string;
  readonly source: string;
  readonly reference: string;
  /** Names of the last rows of the table. */
  readonly rows: Readonly<Record<"bleu" | "weights" | "seconds", string>>;
  readonly captions: {
    readonly loss: (summary: RecurrentTranslatorSummary) => string;
    readonly table: (summary: RecurrentTranslatorSummary) => string;
  };
  readonly reading: (summary: RecurrentTranslatorSummary) => readonly string[];
}

const words: RecurrentTranslatorWords = {
  names: { "transformer": "Transformer", "lstm": "LSTMs", "lstm reversed": "LSTMs, source backwards" },
  group: (from, to) => to === undefined ? `${from} characters or more` : `${from} to ${to} characters`,
  loss: "nats per token",
  source: "source",
  reference: "reference",
  rows: { bleu: "BLEU", weights: "weights", seconds: "seconds of one core" },
  captions: {
    loss: ({ unseen, sizes, steps, recipe }) =>
      `Cross-entropy of the references of ${unseen} unseen sentences by the length of the source (${
        sizes.join(", ")
      } sentences), after ${steps} batches of ${recipe.batchSize} pairs.`,
    table: ({ credits }) =>
      "The same unseen sentences by greedy decoding. They are those of the Transformer's own run. " +
      `Sentences and references: Tatoeba, ${credits}, CC-BY 2.0 FR.`,
  },
  reading: ({ behind, lead, results, recipe, recurrentFactor, recurrent, layout, pairs, steps }) => [
    `The Transformer is ahead by ${fixed(behind[0]!, 2)} nats per token on the shortest sources and by ${
      fixed(behind.at(-1)!, 2)
    } on the longest. ` +
    (behind.at(-1)! > behind[0]! + 0.02
      ? "One vector costs more where there is more to remember."
      : "The gap does not grow with the length: after so few steps the LSTMs lack more than memory.") +
    ` In BLEU the LSTMs are behind by ${fixed(-lead[1], 1)} to ${fixed(-lead[0], 1)} (95 % of the draws of sentences).`,
    `Reading the source backwards changes the loss from ${fixed(results[1]!.loss, 2)} to ${
      fixed(results[2]!.loss, 2)
    } and BLEU from ${fixed(results[1]!.bleu, 1)} to ${fixed(results[2]!.bleu, 1)}, with one seed each.` +
    (results[2]!.loss > results[1]!.loss - 0.05
      ? " So the gain of the experiment above does not show here, with one seed and this short training."
      : ""),
    `All three learned from the same ${pairs} pairs in the same order, for ${steps} steps. The LSTMs have ${recurrent.numLayers} layers of width ` +
    `${recurrent.hiddenSize} on either side, the Transformer ${layout.numLayers} of width ${layout.hiddenSize}. The learning rate of the Transformer is that of its own run; ` +
    `the LSTMs had the best of three, ${
      number(recurrentFactor / recipe.factor, 2)
    } times as high. Sutskever, Vinyals and Le trained LSTMs of ` +
    "four layers of width 1000 for days; these are at the beginning of what they could learn.",
  ],
};

/** The recorded run. */
export const run: RunFigures<RecurrentTranslatorRun, RecurrentTranslatorWords> = {
  words,
  figures(findings, { names, group, loss, source, reference, rows, captions }) {
    const { results, borders, sentences } = findings, summary = summaryOf(findings);
    const groups = results[0]!.lossByLength.map((_, i) => group(i === 0 ? 1 : borders[i - 1]! + 1, borders[i]));
    return [
      {
        kind: "bars",
        caption: captions.loss(summary),
        y: { title: loss },
        bars: groups.flatMap((name, i) =>
          results.map((result) => ({ group: name, label: names[result.name], value: result.lossByLength[i]! }))
        ),
      },
      {
        kind: "table",
        isWide: true,
        caption: captions.table(summary),
        columns: [source, ...results.map(({ name }) => names[name]), reference],
        rows: [
          ...sentences.map((each) => [each.source, ...each.translations.map((text) => text || "∅"), each.reference]),
          [rows.bleu, ...results.map(({ bleu }) => fixed(bleu, 1)), ""],
          [rows.weights, ...results.map(({ weights }) => number(weights, 3)), ""],
          [rows.seconds, ...results.map(({ seconds }) => String(seconds)), ""],
        ],
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(summaryOf(findings)),
};

function summaryOf(run: RecurrentTranslatorRun): RecurrentTranslatorSummary {
  const [transformer, ...others] = run.results;
  return {
    ...run,
    credits: creditsOf(run.sentences),
    behind: transformer!.lossByLength.map((loss, i) =>
      Math.min(...others.map(({ lossByLength }) => lossByLength[i]!)) - loss
    ),
    lead: others[0]!.lead.at(-1)!,
  };
}
