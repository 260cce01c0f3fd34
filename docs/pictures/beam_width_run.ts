/**
 * # Wider beams on real sentences, shown
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { fixed, number } from "../../core/experiments/numbers.ts";
import { creditsOf, type RunFigures } from "../picture.ts";
import type { BeamWidthRun, Setting } from "../runs/beam_width.ts";

/** What captions and reading are made of. */
export interface BeamWidthSummary {
  readonly run: BeamWidthRun;
  readonly widest: number;
  /** One beam and the widest, without a penalty. */
  readonly first: Setting;
  readonly last: Setting;
  /** For each penalty, the setting of highest BLEU, and the widest. */
  readonly best: readonly Setting[];
  readonly wide: readonly Setting[];
  /** Whether the widest beam is above greedy search with every penalty, by the whole interval. */
  readonly isGain: boolean;
  /** Translations of the widest beam without a word. */
  readonly empty: number;
  readonly credits: string;
}

/** What the run says. */
export interface BeamWidthWords {
  readonly beams: string;
  readonly length: string;
  /** Heads of the table, and names of its rows. */
  readonly columns: readonly string[];
  readonly source: string;
  readonly reference: string;
  readonly captions: Readonly<Record<"bleu" | "length" | "examples", (summary: BeamWidthSummary) => string>>;
  readonly reading: (summary: BeamWidthSummary) => readonly string[];
}

function summaryOf(run: BeamWidthRun): BeamWidthSummary {
  const { widths, alphas, settings, examples } = run, widest = widths.at(-1)!;
  const at = (alpha: number, width: number): Setting =>
    settings.find((one) => one.alpha === alpha && one.width === width)!;
  const wide = alphas.map((alpha) => at(alpha, widest));
  return {
    run,
    widest,
    first: at(0, 1),
    last: at(0, widest),
    best: alphas.map((alpha) =>
      settings.filter((one) => one.alpha === alpha).reduce((a, b) => b.bleu > a.bleu ? b : a)
    ),
    wide,
    isGain: wide.every(({ gain }) => gain[0] > 0),
    empty: settings.filter(({ width }) => width === widest).reduce((sum, { empty }) => sum + empty, 0),
    credits: creditsOf(examples),
  };
}

/** A difference with its sign. */
export const signed = (value: number): string => (value >= 0 ? "+" : "") + fixed(value, 1);

const words: BeamWidthWords = {
  beams: "beams",
  length: "length, references = 1",
  columns: ["beams", "sentence and its translations", "log P"],
  source: "source",
  reference: "reference",
  captions: {
    bleu: ({ run: { sentences }, first, last, widest }) =>
      `BLEU of ${sentences} unseen sentences by the width of the beam, with the second form of the length penalty. Without a ` +
      `penalty (α = 0) it is ${fixed(first.bleu, 1)} with one beam and ${fixed(last.bleu, 1)} with ${widest}.`,
    length: ({ first, last, widest }) =>
      "Tokens of the translations, divided by those of the references. Without a penalty (α = 0) it goes from " +
      `${fixed(first.length, 2)} with one beam to ${fixed(last.length, 2)} with ${widest}.`,
    examples: ({ run: { examples }, credits }) =>
      "Translations without a penalty, with the log-probability that the model gives each. Shown are the first " +
      `${examples.length} unseen sentences of 8 characters or more whose translations differ, none picked by hand. ` +
      `Sentences and references: Tatoeba, ${credits}, CC-BY 2.0 FR.`,
  },
  reading({ run, widest, first, last, best, wide, isGain, empty }) {
    const { pairs, sentences, steps, hiddenSize, numLayers, draws } = run;
    return [
      "The search does what it promises: without a penalty (α = 0) the mean log-probability of a translation rises from " +
      `${fixed(first.logProbability, 2)} nats with one beam to ${fixed(last.logProbability, 2)} with ${widest}. The ` +
      "translations do not get better in the same measure. BLEU is highest " +
      `${
        best.map(({ width, alpha, bleu }) => `at ${width} beams for α = ${alpha} (${fixed(bleu, 1)})`).join(", ")
      }; with ${widest} beams it is ${wide.map(({ bleu }) => fixed(bleu, 1)).join(", ")}.`,
      `The BLEU of ${widest} beams is above that of greedy search by ${
        wide.map(({ gain, alpha }) => `${signed(gain[0])} to ${signed(gain[1])} (α = ${alpha})`).join(", ")
      }, in 95 % intervals. ${isGain ? "So a beam is better than greedy search. " : ""}` +
      "Beyond the best width BLEU falls by too little for this run to show that it falls.",
      "Without a penalty the more probable translations are shorter. " +
      (empty === 0
        ? "None of them is empty; this model is small, and its sentences are short. "
        : `${empty} are empty. `) +
      "Koehn and Knowles, and Stahlberg and Byrne, had large models and long sentences, and saw a stronger effect.",
      `A model of ${numLayers} layers of encoder and decoder each and width ${hiddenSize} learned from ${
        number(pairs)
      } pairs ` +
      `in ${steps} steps. The intervals hold 95 % of ${
        number(draws)
      } differences of BLEU, each on ${sentences} sentences ` +
      `drawn from the ${sentences} with replacement, the same for both widths; they say nothing of other models, since one was trained.`,
    ];
  },
};

/** What one measure is over the widths, a line for each penalty. */
function curves(
  { run: { alphas, settings } }: BeamWidthSummary,
  beams: string,
  title: string,
  value: (setting: Setting) => number,
): Figure & { readonly kind: "line" } {
  return {
    kind: "line",
    caption: "",
    x: { title: beams, logarithmic: true },
    y: { title },
    series: alphas.map((alpha) => ({
      label: `α = ${alpha}`,
      points: settings.filter((one) => one.alpha === alpha).map((one) => [one.width, value(one)]),
    })),
  };
}

/** The recorded run. */
export const run: RunFigures<BeamWidthRun, BeamWidthWords> = {
  words,
  before: ({ training }) => training,
  figures(findings, { beams, length, columns, source, reference, captions }) {
    const summary = summaryOf(findings);
    return [
      { ...curves(summary, beams, "BLEU", ({ bleu }) => bleu), caption: captions.bleu(summary) },
      { ...curves(summary, beams, length, ({ length }) => length), caption: captions.length(summary) },
      {
        kind: "table",
        caption: captions.examples(summary),
        columns,
        rows: findings.examples.flatMap((example) => [
          [source, example.source, ""],
          ...example.translations.map((
            { width, text, logProbability },
          ) => [String(width), text || "∅", fixed(logProbability, 1)]),
          [reference, example.reference, ""],
        ]),
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(summaryOf(findings)),
};
