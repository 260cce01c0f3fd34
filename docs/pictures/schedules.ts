/**
 * # Schedules as curves
 *
 * The learning rate by step under four schedules of one peak, one warm-up and one length. The rates are those of the library.
 *
 * @module
 */

import { cosineSchedule, inverseSquareRootSchedule, linearSchedule } from "../../core/06_training/schedules.ts";
import { plotted } from "../figures/plot.ts";
import type { Picture } from "../picture.ts";

/** What all four share: steps of warm-up, steps in all, steps between two points. */
const WARMUP = 100, STEPS = 1000, EVERY = 20;

/** A schedule by name, relative to its peak. */
interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

const lengths = { peak: 1, warmupSteps: WARMUP, steps: STEPS };
const inverse = inverseSquareRootSchedule({ hiddenSize: 1, warmupSteps: WARMUP, factor: Math.sqrt(WARMUP) });

/** The picture. */
export const picture: Picture<readonly Curve[]> = {
  alternative: (curves, say) =>
    `${say("Learning rate by step, with a peak of 1.")} ` + curves.map(({ name, points }) => {
      const [, middle] = points.find(([step]) => step >= STEPS / 2)!, [, last] = points.at(-1)!;
      return `${say(name)}: ${middle.toFixed(2)} ${say("in the middle")}, ${last.toFixed(2)} ${say("at the end")}.`;
    }).join(" "),
  measure: () =>
    ([
      ["constant", () => 1],
      ["inverse square root", inverse],
      ["cosine", cosineSchedule(lengths)],
      ["linear", linearSchedule(lengths)],
    ] as const).map(([name, rate]) => ({
      name,
      points: Array.from({ length: STEPS / EVERY + 1 }, (_, i): [number, number] => [i * EVERY, rate(i * EVERY)]),
    })),
  draw: ({ say, ...canvas }, curves) =>
    plotted({
      kind: "line",
      caption: "",
      x: { title: say("step") },
      y: { title: say("learning rate, peak = 1"), domain: [0, 1] },
      series: curves.map(({ name, points }) => ({ label: say(name), points })),
    }, canvas),
};
