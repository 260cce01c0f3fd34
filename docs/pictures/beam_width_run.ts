/**
 * # Wider beams on real sentences, shown
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { BeamWidthRun, Setting } from "../runs/beam_width.ts";

/** What one measure is over the widths, a line for each penalty. */
function curves(
  { alphas, settings }: BeamWidthRun,
  title: string,
  value: (setting: Setting) => number,
  caption: string,
): Figure {
  return {
    kind: "line",
    caption,
    x: { title: "beams", logarithmic: true },
    y: { title },
    series: alphas.map((alpha) => ({
      label: `α = ${alpha}`,
      points: settings.filter((one) => one.alpha === alpha).map((one) => [one.width, value(one)]),
    })),
  };
}

/** A difference with its sign. */
const signed = (value: number): string => (value >= 0 ? "+" : "") + fixed(value, 1);

/** The recorded run. */
export const run: RunFigures<BeamWidthRun> = {
  figures(findings) {
    const { widths, sentences, settings, examples } = findings, widest = widths.at(-1)!;
    const at = (alpha: number, width: number): Setting =>
      settings.find((one) => one.alpha === alpha && one.width === width)!;
    const credits = [...new Set(examples.flatMap(({ attribution }) => attribution.match(/#\d+ \([^)]*\)/g) ?? []))];
    return [
      curves(
        findings,
        "BLEU",
        ({ bleu }) => bleu,
        `BLEU of ${sentences} unseen sentences by the width of the beam, with the length penalty ((5 + n) / 6)^α. Without a ` +
          `penalty (α = 0) it is ${fixed(at(0, 1).bleu, 1)} with one beam and ${
            fixed(at(0, widest).bleu, 1)
          } with ${widest}.`,
      ),
      curves(
        findings,
        "length, references = 1",
        ({ length }) => length,
        `Tokens of the translations, divided by those of the references. Without a penalty (α = 0) it goes from ` +
          `${fixed(at(0, 1).length, 2)} with one beam to ${fixed(at(0, widest).length, 2)} with ${widest}.`,
      ),
      {
        kind: "table",
        caption:
          `Translations without a penalty, with the log-probability that the model gives each. Shown are the first ` +
          `${examples.length} unseen sentences of 8 characters or more whose translations differ, none picked by hand. ` +
          `Sentences and references: Tatoeba, ${credits.join(", ")}, CC-BY 2.0 FR.`,
        columns: ["beams", "sentence and its translations", "log P"],
        rows: examples.flatMap(({ source, reference, translations }) => [
          ["source", source, ""],
          ...translations.map((
            { width, text, logProbability },
          ) => [String(width), text || "∅", fixed(logProbability, 1)]),
          ["reference", reference, ""],
        ]),
      },
    ];
  },
  reading({ alphas, widths, settings, pairs, sentences, steps, hiddenSize, numLayers, draws, training }) {
    const at = (alpha: number, width: number): Setting =>
      settings.find((one) => one.alpha === alpha && one.width === width)!;
    const widest = widths.at(-1)!, [first, last] = [at(0, 1), at(0, widest)];
    const each = (text: (alpha: number) => string): string => alphas.map(text).join(", ");
    const best = (alpha: number): Setting =>
      settings.filter((one) => one.alpha === alpha).reduce((a, b) => b.bleu > a.bleu ? b : a);
    const isGain = alphas.every((alpha) => at(alpha, widest).gain[0] > 0);
    const empty = settings.filter((one) => one.width === widest).reduce((sum, one) => sum + one.empty, 0);
    return [
      `The search does what it promises: without a penalty (α = 0) the mean log-probability of a translation rises from ` +
      `${fixed(first.logProbability, 2)} nats with one beam to ${
        fixed(last.logProbability, 2)
      } with ${widest}. The translations ` +
      `do not get better in the same measure. BLEU is highest ${
        each((alpha) => `at ${best(alpha).width} beams for α = ${alpha} (${fixed(best(alpha).bleu, 1)})`)
      }; with ${widest} beams it is ${each((alpha) => fixed(at(alpha, widest).bleu, 1))}.`,
      `The BLEU of ${widest} beams is above that of greedy search by ${
        each((alpha) => `${signed(at(alpha, widest).gain[0])} to ${signed(at(alpha, widest).gain[1])} (α = ${alpha})`)
      }, in 95 % intervals. ${isGain ? "So a beam is better than greedy search. " : ""}` +
      "Beyond the best width BLEU falls by too little for this run to show that it falls.",
      `Without a penalty the more probable translations are shorter. ` +
      (empty === 0
        ? "None of them is empty: the model is small, and its sentences are short. "
        : `${empty} are empty. `) +
      "Koehn and Knowles, and Stahlberg and Byrne, had large models and long sentences, and saw a stronger effect.",
      `A model of ${numLayers} layers of encoder and decoder each and width ${hiddenSize} learned from ${
        number(pairs)
      } pairs ` +
      `in ${steps} steps (${training}). The intervals hold 95 % of ${
        number(draws)
      } values of BLEU, each on as many sentences drawn from the ${sentences} with replacement; ` +
      "they say nothing of other models, since one was trained.",
    ];
  },
};
