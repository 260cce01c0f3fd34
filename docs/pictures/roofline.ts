/**
 * # A roofline
 *
 * The machine of the page's example: what it attains over the intensity, and a matrix that is multiplied by 1 to 16 vectors at once.
 *
 * @module
 */

import { attainable, intensityOf } from "../../core/03_language_models/efficiency.ts";
import { plotted } from "../figures/plot.ts";
import type { Picture } from "../picture.ts";

const MACHINE = { peak: 40, bandwidth: 10 };

/** The roof and the dots on it: intensity, operations per nanosecond. */
interface Roofline {
  readonly roof: readonly (readonly [number, number])[];
  readonly dots: readonly (readonly [number, number])[];
  readonly names: readonly string[];
}

/** The picture. */
export const picture: Picture<Roofline> = {
  alternative: ({ dots, names }, say) =>
    `${
      say("A line that rises with the intensity and is flat from 4 operations per byte on. Operations per nanosecond:")
    } ` +
    dots.map(([intensity, speed], i) => `${names[i]} ${say("at")} ${intensity}: ${speed}`).join("; ") + ".",
  measure: () => {
    const at = (intensity: number): [number, number] => [intensity, attainable(MACHINE, intensity)];
    const batches = [1, 2, 4, 8, 16];
    return {
      roof: [0.25, MACHINE.peak / MACHINE.bandwidth, 16].map(at),
      dots: batches.map((vectors) => at(intensityOf({ operations: vectors * 32, bytes: 64 }))),
      names: batches.map(String),
    };
  },
  draw: ({ say, ...canvas }, { roof, dots }) =>
    plotted({
      kind: "line",
      caption: "",
      x: { title: say("operations per byte"), logarithmic: true },
      y: { title: say("operations per ns"), logarithmic: true },
      series: [
        { label: say("attainable"), points: roof },
        { label: say("vectors at once"), points: dots },
      ],
    }, canvas),
};
