/**
 * # Three ways to let go of the reference
 *
 * How much of the decoder's input is the reference, step by step, under the three decays of the library.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { exponentialDecay, inverseSigmoidDecay, linearDecay } from "../../core/06_training/teacher_forcing.ts";
import { drawPicture } from "../figures/mod.ts";
import type { Picture } from "../picture.ts";

/** Steps that are drawn, and the settings of each decay: all halve the reference at about the same step. */
const STEPS = 1000, EVERY = 20;
const LINEAR = { start: 1, slope: 1 / 1000, floor: 0.1 }, RATE = 0.9986, SIGMOID = 107;

/** A decay and its fractions. */
interface Decay {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

/** The picture. */
export const picture: Picture<readonly Decay[]> = {
  alternative: (decays, say) =>
    decays.map(({ name, points }) =>
      `${say(name)}: ${
        points.filter((_, i) => i % 10 === 0).map(([step, part]) => `${step}: ${part.toFixed(2)}`).join(", ")
      }.`
    ).join(" "),
  measure: () =>
    ([
      ["linear", linearDecay(LINEAR)],
      ["exponential", exponentialDecay(RATE)],
      ["inverse sigmoid", inverseSigmoidDecay(SIGMOID)],
    ] as const).map(([name, decay]) => ({
      name,
      points: Array.from({ length: STEPS / EVERY + 1 }, (_, i) => [i * EVERY, decay(i * EVERY)] as const),
    })),
  draw: ({ width, id, say }, decays) => {
    const figure: Figure = {
      kind: "line",
      caption: say("Fraction of the inputs that is the reference"),
      x: { title: say("step") },
      y: { title: say("fraction from the reference"), domain: [0, 1] },
      series: decays.map(({ name, points }) => ({ label: say(name), points })),
    };
    const own = Math.min(width, 520), svg = drawPicture(figure, { width: own, id });
    return { width: own, height: Number(/ height="([\d.]+)"/.exec(svg)![1]), parts: [svg] };
  },
};
