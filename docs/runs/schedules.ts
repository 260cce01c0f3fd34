/**
 * # Schedules on Shakespeare
 *
 * AdamW trains the language model of the run of optimizers, on characters, under five schedules: each at several peaks, and at its
 * best one from several seeds.
 *
 * @module
 */

import { adamW } from "../../mod.ts";
import {
  cosineSchedule,
  inverseSquareRootSchedule,
  linearSchedule,
  type Schedule,
} from "../../core/06_training/schedules.ts";
import { bandOf, type Range } from "../../core/experiments/seeds.ts";
import { divided, LAYOUT, lengthsOf, type Outcome, readText, RECIPE, runOnce, SEEDS } from "./optimizers.ts";
import { record } from "./run.ts";

const PEAKS: readonly number[] = [3e-3, 1e-2, 3e-2];

/** Each from its peak; all but the first rise in as many steps, and two fall to 0. */
const SCHEDULES: Readonly<Record<ScheduleName, (peak: number) => Schedule>> = {
  noWarmup: (peak) => () => peak,
  constant: (peak) => (step) => peak * Math.min(1, step / RECIPE.warmupSteps),
  // Width 1 and this factor give it the peak.
  inverseSquareRoot: (peak) =>
    inverseSquareRootSchedule({
      hiddenSize: 1,
      warmupSteps: RECIPE.warmupSteps,
      factor: peak * Math.sqrt(RECIPE.warmupSteps),
    }),
  cosine: (peak) => cosineSchedule(lengthsOf(peak)),
  linear: (peak) => linearSchedule(lengthsOf(peak)),
};

/** The name of a schedule. */
export type ScheduleName = "noWarmup" | "constant" | "inverseSquareRoot" | "cosine" | "linear";

/** One schedule. */
export interface ScheduleResult {
  readonly name: ScheduleName;
  /** Loss of text kept apart at the end, by peak, with the first seed; null where the run broke off. */
  readonly losses: readonly (number | null)[];
  readonly best: number;
  /** The same at the best peak, by seed. */
  readonly seeds: readonly number[];
  /** Training loss by step at the best peak, mean over the seeds, and its lowest and highest. */
  readonly curve: readonly (readonly [number, number])[];
  readonly band: readonly Range[];
}

/** What is found. */
export interface SchedulesRun {
  readonly layout: typeof LAYOUT;
  readonly recipe: typeof RECIPE;
  readonly peaks: readonly number[];
  readonly results: readonly ScheduleResult[];
}

async function make(path: string): Promise<SchedulesRun> {
  const { ids, vocabSize } = await readText(await Deno.readTextFile(path), "characters");
  const reading = divided(ids, vocabSize), results: ScheduleResult[] = [];
  for (const [name, schedule] of Object.entries(SCHEDULES) as [ScheduleName, (peak: number) => Schedule][]) {
    const train = (peak: number, seed: number): Promise<Outcome | undefined> =>
      runOnce(reading, adamW({ beta2: RECIPE.beta2, weightDecay: RECIPE.weightDecay }), schedule(peak), seed);
    const first: (Outcome | undefined)[] = [];
    for (const peak of PEAKS) first.push(await train(peak, SEEDS[0]));
    const losses = first.map((outcome) => outcome?.loss ?? null),
      lowest = Math.min(...losses.map((x) => x ?? Infinity));
    const at = losses.indexOf(lowest), runs = [first[at]!];
    for (const seed of SEEDS.slice(1)) runs.push((await train(PEAKS[at]!, seed))!);
    const curves = runs.map(({ curve }) => curve), seeds = runs.map(({ loss }) => loss);
    const curve = curves[0]!.map(([step], i): [number, number] => [
      step,
      curves.reduce((sum, curve) => sum + curve[i]![1], 0) / curves.length,
    ]);
    console.log(
      `${name}: ${losses.map((loss) => loss?.toFixed(3)).join(", ")}; seeds ${seeds.map((x) => x.toFixed(3))}`,
    );
    results.push({ name, losses, best: PEAKS[at]!, seeds, curve, band: bandOf(curves) });
  }
  return { layout: LAYOUT, recipe: RECIPE, peaks: PEAKS, results };
}

if (import.meta.main) {
  await record({
    name: "schedules",
    summary: "Train one language model under five schedules at several peaks.",
    origin: "tinyshakespeare of github.com/karpathy/char-rnn, data/tinyshakespeare/input.txt",
    licence: "public domain",
    make,
  });
}
