/**
 * # Minimum Bayes risk on real pairs, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import { creditsOf, type RunFigures } from "../picture.ts";
import type { BayesRiskRun, Choice, TranslatorChoices } from "../runs/bayes_risk.ts";

/** Ways to choose, as they are named. */
const NAMES: Readonly<Record<Choice["name"], string>> = {
  greedy: "greedy",
  beam: "beam",
  sample: "one sample",
  probable: "most probable sample",
  exact: "MBR, exact match",
  words: "MBR, common words",
  bleu: "MBR, BLEU",
  chrf: "MBR, chrF",
  beamChrf: "MBR of the beam, chrF",
  pooled: "MBR of both translators, chrF",
};

const interval = ([low, high]: readonly [number, number]): string => {
  const signed = (value: number): string => (value >= 0 ? "+" : "") + fixed(value, 1);
  return low === 0 && high === 0 ? "" : `${signed(low)} to ${signed(high)}`;
};

const nameOf = ({ labelSmoothing }: TranslatorChoices): string =>
  labelSmoothing > 0 ? `label smoothing ${number(labelSmoothing)}` : "no label smoothing";

/** The recorded run. */
export const run: RunFigures<BayesRiskRun> = {
  figures({ translators, pooled, samples, beams, alpha, counts, sentences, draws, examples }) {
    const rows = translators.flatMap((one) => one.choices.map((choice) => ({ choice, of: nameOf(one) })));
    return [
      {
        kind: "table",
        isWide: true,
        caption: `BLEU and chrF of ${
          number(sentences)
        } unseen sentences, chosen from ${samples} samples (for both translators together ${samples} of each), or by a beam of ${beams} with the length penalty of Wu et al. and α = ${
          number(alpha)
        }. In parentheses stands the interval of what is gained over greedy search of the same translator, 95 of 100 of ${
          number(draws)
        } draws; for both translators together, over the first.`,
        columns: ["translator", "choice", "BLEU", "chrF", "seconds of the choice"],
        rows: [...rows, { choice: pooled, of: "both" }].map(({ choice, of }) => [
          of,
          NAMES[choice.name],
          `${fixed(choice.bleu, 1)}${choice.name === "greedy" ? "" : ` (${interval(choice.bleuGain)})`}`,
          `${fixed(choice.chrf, 1)}${choice.name === "greedy" ? "" : ` (${interval(choice.chrfGain)})`}`,
          choice.seconds < 0.0005 ? "" : fixed(choice.seconds, 3),
        ]),
      },
      {
        kind: "line",
        caption: "chrF of the choice by chrF, by the number of samples. The dashed lines are the beams.",
        x: { title: "samples", logarithmic: true },
        y: { title: "chrF" },
        series: translators.flatMap((one) => [
          { label: nameOf(one), points: counts.map((count, i): [number, number] => [count, one.bySamples[i]!]) },
          {
            label: `beam, ${nameOf(one)}`,
            points: counts.map((
              count,
            ): [number, number] => [count, one.choices.find(({ name }) => name === "beam")!.chrf]),
            dashed: true,
          },
        ]),
      },
      {
        kind: "table",
        isWide: true,
        caption:
          `The first sentences of some length for which the beam of the first translator and the choice by chrF differ. The last column counts different sentences among the ${samples} samples.`,
        columns: ["source", "reference", "beam", "by chrF", "different"],
        rows: examples.map(({ source, reference, beam, chosen, different }) => [
          source,
          reference,
          beam,
          chosen,
          String(different),
        ]),
      },
    ];
  },
  reading({ translators, pooled, samples, steps, examples }) {
    const of = ({ choices }: TranslatorChoices, name: Choice["name"]): Choice =>
      choices.find((choice) => choice.name === name)!;
    const [plain] = translators;
    const told = (one: TranslatorChoices): string => {
      const [beam, chrf, bleu] = [of(one, "beam"), of(one, "chrf"), of(one, "bleu")];
      const against = (x: number, y: number): string => x > y ? "above" : "below";
      return `With ${nameOf(one)} the choice by chrF has ${fixed(chrf.chrf, 1)} chrF, ${
        against(chrf.chrf, beam.chrf)
      } the beam's ${fixed(beam.chrf, 1)}, and ${fixed(chrf.bleu, 1)} BLEU, ${
        against(chrf.bleu, beam.bleu)
      } the beam's ${fixed(beam.bleu, 1)}; the choice by BLEU has ${fixed(bleu.chrf, 1)} and ${fixed(bleu.bleu, 1)}.`;
    };
    const beamOf = (one: TranslatorChoices): string => {
      const { bleuGain, chrfGain } = of(one, "beamChrf");
      return `${interval(bleuGain)} BLEU and ${interval(chrfGain)} chrF with ${nameOf(one)}`;
    };
    return [
      ...translators.map(told),
      `Among the sentences of a beam, weighed by their probabilities, the choice by chrF gains over greedy search ${
        translators.map(beamOf).join(", ")
      }. They are better candidates than samples are.`,
      `One sample alone has ${fixed(of(plain!, "sample").bleu, 1)} BLEU, the choice among ${samples} by chrF ${
        fixed(of(plain!, "chrf").bleu, 1)
      }: the agreement finds what a single draw misses. Both translators together reach ${
        fixed(pooled.chrf, 1)
      } chrF and ${fixed(pooled.bleu, 1)} BLEU, from twice as many samples. Both were trained for ${
        number(steps)
      } steps.`,
      `Sentences of Tatoeba: ${creditsOf(examples)}.`,
    ];
  },
};
