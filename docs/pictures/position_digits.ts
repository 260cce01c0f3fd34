/**
 * # A position in digits and in waves
 *
 * Binary digits of positions above, sines of the sinusoidal code below, on one axis.
 *
 * @module
 */

import { sinusoidalPositions } from "../../core/04_attention/positions/absolute.ts";
import { readMatrix } from "../../core/experiments/reading.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const POSITIONS = 16, DIGITS = 4, WIDTH = 16;

/** Codes of all positions, the cosines included. */
interface Found {
  readonly codes: readonly (readonly number[])[];
}

/** Frequency of a pair of coordinates, as a number for the eye. */
const frequency = (pair: number): number => 10000 ** (-2 * pair / WIDTH);

/** The picture. */
export const picture: Picture<Found> = {
  alternative: (_, say) =>
    say(
      "Above, the four binary digits of the numbers 0 to 15: the last digit changes at every number, the first one once. " +
        "Below, four sine waves: the first turns fastest, the last hardly bends.",
    ),
  measure: async () => ({ codes: await readMatrix(sinusoidalPositions(POSITIONS, WIDTH)) }),
  draw: ({ width, say }, { codes }) => {
    const isNarrow = width < 500,
      left = isNarrow ? 58 : 104,
      step = (width - left - 4) / POSITIONS,
      parts: string[] = [];
    const at = (position: number): number => left + (position + 0.5) * step, cell = step - 3, height = 20;
    for (let p = 0; p < POSITIONS; p++) {
      if (isNarrow && p % 2 === 1) continue;
      parts.push(label(String(p), { class: "small", x: at(p), y: 12, "text-anchor": "middle" }));
    }
    for (let digit = 0; digit < DIGITS; digit++) {
      const y = 20 + digit * (height + 3);
      parts.push(label(`${say("digit")} × ${2 ** digit}`, { x: 0, y: y + 14 }));
      for (let p = 0; p < POSITIONS; p++) {
        const bit = p >> digit & 1;
        parts.push(
          el("rect", { class: bit ? "cell on" : "cell", x: at(p) - cell / 2, y, width: cell, height }),
        );
      }
    }
    const top = 20 + DIGITS * (height + 3) + 18, row = 46, half = 16;
    for (let pair = 0; pair < DIGITS; pair++) {
      const middle = top + pair * row + half,
        y = (value: number): number => middle - half * value,
        curve: string[] = [];
      for (let p = -0.5; p <= POSITIONS - 0.5; p += 0.125) {
        curve.push(`${px(at(p))} ${px(y(Math.sin(p * frequency(pair))))}`);
      }
      parts.push(
        label(`ω = ${Number(frequency(pair).toFixed(3))}`, { x: 0, y: middle + 4 }),
        el("path", { class: "rule", d: `M${px(left)} ${px(middle)}H${px(width - 4)}` }),
        el(
          "g",
          { class: "c1" },
          el("path", { class: "curve", d: `M${curve.join("L")}` }),
          ...codes.map((code, p) => el("circle", { class: "mark", cx: at(p), cy: y(code[2 * pair]!), r: 2.6 })),
        ),
      );
    }
    return { width, height: top + DIGITS * row, parts };
  },
};
