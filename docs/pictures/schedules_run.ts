/**
 * # Schedules on Shakespeare, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import { type Range, rangeOf, written } from "../../core/experiments/seeds.ts";
import type { RunFigures } from "../picture.ts";
import type { ScheduleName, ScheduleResult, SchedulesRun } from "../runs/schedules.ts";

const LABELS: Readonly<Record<ScheduleName, string>> = {
  noWarmup: "constant, no warm-up",
  constant: "constant",
  inverseSquareRoot: "inverse square root",
  cosine: "cosine",
  linear: "line",
};

const nats = (range: Range): string => written(range, (x) => fixed(x, 3));
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** What a warm-up changes at each peak, with one seed. */
function warmup(peaks: readonly number[], without: ScheduleResult, warmed: ScheduleResult): string {
  const pairs = peaks.map((peak, i) => {
    const [a, b] = [without.losses[i], warmed.losses[i]].map((loss) => loss == null ? "NaN" : fixed(loss, 3));
    return `${a} without and ${b} with it at a peak of ${number(peak)}`;
  });
  return `What a warm-up is worth depends on the peak. With one seed a constant rate ends at ${pairs.join(", ")}.`;
}

/** The recorded run. */
export const run: RunFigures<SchedulesRun> = {
  figures({ results, peaks, recipe }) {
    const count = results[0]!.seeds.length;
    return [
      {
        kind: "line",
        caption: `Training loss by step, mean of ${count} seeds and their range, each schedule from its best peak: ${
          results.map(({ name, best }) => `${LABELS[name]} ${number(best)}`).join(", ")
        }.`,
        x: { title: "step" },
        y: { title: "nats per character" },
        // The first steps, where all fall alike, would fill the height; fewer points show the same curves.
        series: results.map(({ name, curve, band }) => {
          const kept = curve.flatMap(([step], i) => step >= 2 * recipe.warmupSteps && step % 40 === 0 ? [i] : []);
          return { label: LABELS[name], points: kept.map((i) => curve[i]!), ranges: kept.map((i) => band[i]!) };
        }),
      },
      {
        kind: "table",
        caption:
          `Loss of text kept apart after ${recipe.steps} steps, from each peak with one seed, and from the best peak over ${count} seeds.`,
        columns: ["schedule", ...peaks.map((peak) => `peak ${number(peak)}`), "best peak", `${count} seeds`],
        rows: results.map(({ name, losses, best, seeds }) => [
          LABELS[name],
          ...losses.map((loss) => loss === null ? "NaN" : fixed(loss, 3)),
          number(best),
          nats(rangeOf(seeds)),
        ]),
      },
    ];
  },
  reading({ results, peaks, layout, recipe }) {
    const [without, warmed, ...falling] = results as [ScheduleResult, ScheduleResult, ...ScheduleResult[]];
    const constant = rangeOf([...without.seeds, ...warmed.seeds]);
    const ahead = falling.filter(({ seeds }) => Math.max(...seeds) < constant[0]);
    const lowest = [without, warmed].every(({ best }) => best === Math.min(...peaks));
    const order = [...falling].sort((a, b) => mean(a.seeds) - mean(b.seeds)).map(({ name, seeds }) =>
      `${LABELS[name]} ${nats(rangeOf(seeds))}`
    );
    return [
      warmup(peaks, without, warmed),
      `Each from its best peak, a constant rate ends at ${nats(rangeOf(without.seeds))} without a warm-up and at ${
        nats(rangeOf(warmed.seeds))
      } with one. Schedules that fall: ${order.join(", ")}. ${
        ahead.length === falling.length
          ? "Each of them is ahead of the constant rates with every seed."
          : ahead.length === 0
          ? "None of them is ahead of the constant rates with every seed."
          : `Ahead of the constant rates with every seed: ${ahead.map(({ name }) => LABELS[name]).join(", ")}.`
      }`,
      ...lowest
        ? [
          "The best peak of the constant rates is the lowest one that was tried. A lower one might suit them better: a constant rate has to be both " +
          "long enough for the way and short enough for the end.",
        ]
        : [],
      `All share ${layout.numLayers} pre-norm layers of width ${layout.hiddenSize}, ${layout.numHeads} heads, ${recipe.batchSize} windows of ` +
      `${layout.contextLength} characters, AdamW with β₂ ${recipe.beta2} and a decay of ${recipe.weightDecay}, gradients clipped to ${recipe.clipNorm}, ` +
      `${recipe.warmupSteps} steps of warm-up but for the first one; cosine and line fall to 0.`,
    ];
  },
};
