/**
 * # Rescaled frequencies
 *
 * What four scalings leave of the frequency of each pair of coordinates, with the settings of Llama 3.1.
 *
 * @module
 */

import {
  linearScaling,
  llama3Scaling,
  ntkScaling,
  rotaryFrequencies,
  yarnScaling,
} from "../../core/04_attention/positions/rotary_scaling.ts";
import type { Figure } from "../../core/experiments/figure.ts";
import { drawPicture } from "../figures/mod.ts";
import type { Picture } from "../picture.ts";

const WIDTH = 128, BASE = 500_000, FACTOR = 8, TRAINED = 8192;

/** A scaling, and what it leaves of each frequency. */
interface Scaled {
  readonly name: string;
  readonly left: readonly number[];
}

/** The picture. */
export const picture: Picture<readonly Scaled[]> = {
  alternative: (found) =>
    found.map(({ name, left }) =>
      `${name}: ${left.flatMap((x, i) => i % 9 === 0 ? [`${i}: ${x.toFixed(2)}`] : []).join(", ")}.`
    ).join(" "),
  measure: () => {
    const plain = rotaryFrequencies(WIDTH, BASE);
    return ([
      ["linear", linearScaling({ factor: FACTOR })],
      ["NTK-aware", ntkScaling({ factor: FACTOR })],
      ["YaRN", yarnScaling({ factor: FACTOR, trainedLength: TRAINED })],
      ["Llama 3", llama3Scaling({ factor: FACTOR, trainedLength: TRAINED })],
    ] as const).map(([name, scaling]) => ({
      name,
      left: Array.from(scaling.frequencies(WIDTH, BASE), (frequency, i) => frequency / plain[i]!),
    }));
  },
  draw: ({ width, id, say }, found) => {
    const figure: Figure = {
      kind: "line",
      caption: say("What is left of each frequency"),
      x: { title: say("pair i") },
      y: { title: say("frequency / unscaled"), domain: [0, 1] },
      series: found.map(({ name, left }) => ({ label: say(name), points: left.map((y, i) => [i, y] as const) })),
    };
    const own = Math.min(width, 520), svg = drawPicture(figure, { width: own, id });
    return { width: own, height: Number(/ height="([\d.]+)"/.exec(svg)![1]), parts: [svg] };
  },
};
