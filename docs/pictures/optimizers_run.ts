/**
 * # Optimizers on Shakespeare, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { OptimizerResult, OptimizersRun } from "../runs/optimizers.ts";

const LABELS = { momentum: "SGD with momentum", Adam: "Adam", AdamW: "AdamW" } as const;
const NAMES = { characters: "characters", tokens: "byte-pair tokens" } as const;

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** The lowest and the highest of several seeds. */
const band = ({ seeds }: OptimizerResult): string => `${fixed(Math.min(...seeds), 3)}–${fixed(Math.max(...seeds), 3)}`;

/** How much lower Adam ends than momentum, on the average over seeds, and the widest band of all methods. */
function lead(results: readonly OptimizerResult[]): { readonly lead: number; readonly widest: number } {
  const [momentum, adam] = ["momentum", "Adam"].map((name) => results.find((result) => result.name === name)!);
  const widths = results.map(({ seeds }) => Math.max(...seeds) - Math.min(...seeds));
  return { lead: mean(momentum!.seeds) - mean(adam!.seeds), widest: Math.max(...widths) };
}

/** The recorded run. */
export const run: RunFigures<OptimizersRun> = {
  figures({ texts, recipe }) {
    const count = texts[0]!.results[0]!.seeds.length;
    return [
      ...texts.map(({ text, results }) => ({
        kind: "line" as const,
        caption: `Training loss on ${NAMES[text]} by step, mean of ${count} seeds, each method at its best rate: ${
          results.map(({ name, best }) => `${LABELS[name]} ${number(best, 2)}`).join(", ")
        }.`,
        x: { title: "step" },
        y: { title: text === "characters" ? "nats per character" : "nats per token" },
        // The first steps, where all fall alike, would fill the height; fewer points show the same curves.
        series: results.map(({ name, curve }) => ({
          label: LABELS[name],
          points: curve.filter(([step]) => step >= recipe.warmupSteps && step % 40 === 0),
        })),
      })),
      {
        kind: "table",
        caption:
          `Loss of text kept apart after ${recipe.steps} steps, at each rate with one seed, and at the best rate over ${count} seeds.`,
        columns: ["text", "method", "rates", "loss at each", "best rate", `${count} seeds`],
        rows: texts.flatMap(({ text, results }) =>
          results.map((result) => [
            NAMES[text],
            LABELS[result.name],
            result.rates.map((rate) => number(rate, 2)).join(", "),
            result.losses.map((loss) => loss === null ? "NaN" : fixed(loss, 3)).join(", "),
            number(result.best, 2),
            band(result),
          ])
        ),
      },
    ];
  },
  reading({ texts, layout, recipe }) {
    const said = texts.map(({ text, results, vocabSize, rare }) => {
      const { lead: by, widest } = lead(results);
      const unit = text === "characters" ? "character" : "token";
      return `On ${NAMES[text]} (${vocabSize} in the vocabulary, ${
        fixed(100 * rare, 0)
      } % of them rarer than one in a ` +
        `thousand) Adam ends ${fixed(Math.abs(by), 3)} nats per ${unit} ${
          by > 0 ? "below" : "above"
        } momentum; over the seeds the methods vary by up to ${fixed(widest, 3)}.`;
    });
    const [characters, tokens] = texts.map(({ results }) => lead(results).lead);
    return [
      said.join(" "),
      tokens! > characters!
        ? `The lead is ${
          number(tokens! / characters!, 2)
        } times as large where most of the vocabulary is rare, as Kunstner et al. expect.`
        : `The lead is not larger where most of the vocabulary is rare (${fixed(tokens!, 3)} nats per token, ${
          fixed(characters!, 3)
        } per character), contrary to what Kunstner et al. expect. ` +
          "The units differ, but a token has several characters: counted per character, the lead on tokens is smaller still. " +
          "Shakespeare in characters is no text without rare classes, and the model is small.",
      `All share ${layout.numLayers} layers of width ${layout.hiddenSize}, ${layout.numHeads} heads, ${recipe.batchSize} windows of ` +
      `${layout.contextLength}, ${recipe.warmupSteps} steps of warm-up and a cosine to a tenth of the peak, gradients clipped to ${recipe.clipNorm}; ` +
      `momentum ${recipe.momentum}, β₂ ${recipe.beta2}, AdamW's decay ${recipe.weightDecay}. Clipping helps SGD most: it bounds the gradients whose ` +
      "heavy tails Zhang et al. 2020 hold responsible for its failures.",
    ];
  },
};
