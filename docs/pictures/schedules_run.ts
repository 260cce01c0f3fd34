/**
 * # Schedules on Shakespeare, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import { type Range, rangeOf, written } from "../../core/experiments/seeds.ts";
import type { RunFigures } from "../picture.ts";
import type { ScheduleName, ScheduleResult, SchedulesRun } from "../runs/schedules.ts";

/** What captions and reading are made of. */
export interface SchedulesSummary extends SchedulesRun {
  readonly seeds: number;
  /** Where the constant rates end, without a warm-up and with one. */
  readonly without: ScheduleResult;
  readonly warmed: ScheduleResult;
  /** The others, the lowest first. */
  readonly falling: readonly ScheduleResult[];
  /** Those of them that are ahead of the constant rates with every seed. */
  readonly ahead: readonly ScheduleResult[];
  /** Whether the best peak of the constant rates is the lowest one that was tried. */
  readonly isLowest: boolean;
}

/** What the run says. */
export interface SchedulesWords {
  readonly names: Readonly<Record<ScheduleName, string>>;
  readonly step: string;
  readonly loss: string;
  /** Heads of the table. */
  readonly columns: (peaks: readonly string[], seeds: number) => readonly string[];
  readonly captions: Readonly<Record<"curves" | "table", (summary: SchedulesSummary) => string>>;
  readonly range: (range: Range) => string;
  readonly reading: (summary: SchedulesSummary) => readonly string[];
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** A loss as the table writes it. */
export const lossOf = (loss: number | null | undefined): string => loss == null ? "NaN" : fixed(loss, 3);

function summaryOf(run: SchedulesRun): SchedulesSummary {
  const [without, warmed, ...falling] = run.results as [ScheduleResult, ScheduleResult, ...ScheduleResult[]];
  const [lowest] = rangeOf([...without.seeds, ...warmed.seeds]);
  return {
    ...run,
    seeds: without.seeds.length,
    without,
    warmed,
    falling: falling.sort((a, b) => mean(a.seeds) - mean(b.seeds)),
    ahead: falling.filter(({ seeds }) => Math.max(...seeds) < lowest),
    isLowest: [without, warmed].every(({ best }) => best === Math.min(...run.peaks)),
  };
}

const nats = (range: Range): string => written(range, (x) => fixed(x, 3));

const words: SchedulesWords = {
  names: {
    noWarmup: "constant, no warm-up",
    constant: "constant",
    inverseSquareRoot: "inverse square root",
    cosine: "cosine",
    linear: "line",
  },
  step: "step",
  loss: "nats per character",
  columns: (peaks, seeds) => ["schedule", ...peaks.map((peak) => `peak ${peak}`), "best peak", `${seeds} seeds`],
  captions: {
    curves: ({ seeds, results }) =>
      `Training loss by step, mean of ${seeds} seeds and their range, each schedule from its best peak: ${
        results.map(({ name, best }) => `${words.names[name]} ${number(best)}`).join(", ")
      }.`,
    table: ({ seeds, recipe }) =>
      `Loss of text kept apart after ${recipe.steps} steps, from each peak with one seed, and from the best peak over ${seeds} seeds.`,
  },
  range: nats,
  reading({ peaks, without, warmed, falling, ahead, isLowest, layout, recipe }) {
    const pairs = peaks.map((peak, i) =>
      `${lossOf(without.losses[i])} without and ${lossOf(warmed.losses[i])} with it at a peak of ${number(peak)}`
    );
    return [
      `What a warm-up is worth depends on the peak. With one seed a constant rate ends at ${pairs.join(", ")}.`,
      `Each from its best peak, a constant rate ends at ${nats(rangeOf(without.seeds))} without a warm-up and at ${
        nats(rangeOf(warmed.seeds))
      } with one. Schedules that fall: ${
        falling.map(({ name, seeds }) => `${words.names[name]} ${nats(rangeOf(seeds))}`).join(", ")
      }. ${
        ahead.length === falling.length
          ? "Each of them is ahead of the constant rates with every seed."
          : ahead.length === 0
          ? "None of them is ahead of the constant rates with every seed."
          : `Ahead of the constant rates with every seed: ${ahead.map(({ name }) => words.names[name]).join(", ")}.`
      }`,
      ...isLowest
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

/** The recorded run. */
export const run: RunFigures<SchedulesRun, SchedulesWords> = {
  words,
  figures(findings, { names, step, loss, columns, captions, range }) {
    const { results, peaks, recipe } = findings, summary = summaryOf(findings);
    return [
      {
        kind: "line",
        caption: captions.curves(summary),
        x: { title: step },
        y: { title: loss },
        // The first steps, where all fall alike, would fill the height; fewer points show the same curves.
        series: results.map(({ name, curve, band }) => {
          const kept = curve.flatMap(([step], i) => step >= 2 * recipe.warmupSteps && step % 40 === 0 ? [i] : []);
          return { label: names[name], points: kept.map((i) => curve[i]!), ranges: kept.map((i) => band[i]!) };
        }),
      },
      {
        kind: "table",
        caption: captions.table(summary),
        columns: columns(peaks.map((peak) => number(peak)), summary.seeds),
        rows: results.map(({ name, losses, best, seeds }) => [
          names[name],
          ...losses.map(lossOf),
          number(best),
          range(rangeOf(seeds)),
        ]),
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(summaryOf(findings)),
};
