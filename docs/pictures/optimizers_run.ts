/**
 * # Optimizers on Shakespeare, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { OptimizerResult, OptimizersRun } from "../runs/optimizers.ts";

type Text = OptimizersRun["texts"][number]["text"];
type Name = OptimizerResult["name"];

/** What the reading is made of: for each text, how much lower Adam ends than momentum, and how far seeds are apart. */
export interface OptimizersSummary extends Omit<OptimizersRun, "texts"> {
  readonly texts: readonly {
    readonly text: Text;
    readonly vocabSize: number;
    readonly rare: number;
    readonly lead: number;
    readonly widest: number;
  }[];
}

/** What the run says. */
export interface OptimizersWords {
  readonly methods: Readonly<Record<Name, string>>;
  readonly texts: Readonly<Record<Text, string>>;
  /** Titles of the axes; the loss is by character or by token. */
  readonly step: string;
  readonly loss: Readonly<Record<Text, string>>;
  readonly columns: (seeds: number) => readonly string[];
  readonly captions: {
    readonly curves: (text: string, seeds: number, rates: readonly string[]) => string;
    readonly table: (steps: number, seeds: number) => string;
  };
  readonly reading: (summary: OptimizersSummary) => readonly string[];
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** The lowest and the highest of several seeds. */
const band = ({ seeds }: OptimizerResult): string => `${fixed(Math.min(...seeds), 3)}–${fixed(Math.max(...seeds), 3)}`;

function summaryOf({ texts, ...run }: OptimizersRun): OptimizersSummary {
  return {
    ...run,
    texts: texts.map(({ text, vocabSize, rare, results }) => {
      const [momentum, adam] = ["momentum", "Adam"].map((name) => results.find((result) => result.name === name)!);
      const widths = results.map(({ seeds }) => Math.max(...seeds) - Math.min(...seeds));
      return { text, vocabSize, rare, lead: mean(momentum!.seeds) - mean(adam!.seeds), widest: Math.max(...widths) };
    }),
  };
}

const words: OptimizersWords = {
  methods: { momentum: "SGD with momentum", Adam: "Adam", AdamW: "AdamW" },
  texts: { characters: "characters", tokens: "byte-pair tokens" },
  step: "step",
  loss: { characters: "nats per character", tokens: "nats per token" },
  columns: (seeds) => ["text", "method", "rates", "loss at each", "best rate", `${seeds} seeds`],
  captions: {
    curves: (text, seeds, rates) =>
      `Training loss on ${text} by step, mean of ${seeds} seeds, each method at its best rate: ${rates.join(", ")}.`,
    table: (steps, seeds) =>
      `Loss of text kept apart after ${steps} steps, at each rate with one seed, and at the best rate over ${seeds} seeds.`,
  },
  reading({ texts, layout, recipe }) {
    const [characters, tokens] = texts.map(({ lead }) => lead);
    return [
      texts.map(({ text, vocabSize, rare, lead, widest }) =>
        `On ${words.texts[text]} (${vocabSize} in the vocabulary, ${
          fixed(100 * rare, 0)
        } % of them rarer than one in a ` +
        `thousand) Adam ends ${fixed(Math.abs(lead), 3)} nats per ${text === "characters" ? "character" : "token"} ${
          lead > 0 ? "below" : "above"
        } momentum; over the seeds the methods vary by up to ${fixed(widest, 3)}.`
      ).join(" "),
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
      `${layout.contextLength}, a learning rate that rises for ${recipe.warmupSteps} steps and then falls along a cosine to a tenth of its peak, gradients clipped to ${recipe.clipNorm}; ` +
      `momentum ${recipe.momentum}, β₂ ${recipe.beta2} (what Adam's average of squares keeps at each step), AdamW's decay ${recipe.weightDecay}. Clipping may help SGD most: it bounds the gradients whose ` +
      "heavy tails Zhang et al. 2020 hold responsible for its failures.",
    ];
  },
};

/** The recorded run. */
export const run: RunFigures<OptimizersRun, OptimizersWords> = {
  words,
  figures({ texts, recipe }, { methods, texts: names, step, loss, columns, captions }) {
    const count = texts[0]!.results[0]!.seeds.length;
    return [
      ...texts.map(({ text, results }) => ({
        kind: "line" as const,
        caption: captions.curves(
          names[text],
          count,
          results.map(({ name, best }) => `${methods[name]} ${number(best, 2)}`),
        ),
        x: { title: step },
        y: { title: loss[text] },
        // The first steps, where all fall alike, would fill the height; fewer points show the same curves.
        series: results.map(({ name, curve }) => ({
          label: methods[name],
          points: curve.filter(([step]) => step >= recipe.warmupSteps && step % 80 === 0),
        })),
      })),
      {
        kind: "table",
        caption: captions.table(recipe.steps, count),
        columns: columns(count),
        rows: texts.flatMap(({ text, results }) =>
          results.map((result) => [
            names[text],
            methods[result.name],
            result.rates.map((rate) => number(rate, 2)).join(", "),
            result.losses.map((loss) => loss === null ? "NaN" : fixed(loss, 3)).join(", "),
            number(result.best, 2),
            band(result),
          ])
        ),
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(summaryOf(findings)),
};
