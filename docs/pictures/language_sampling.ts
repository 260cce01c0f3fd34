/**
 * # Languages of a mixture by temperature
 *
 * Four languages of very different size, and what part of the mixture each is, at four temperatures. The parts are computed by the library.
 *
 * @module
 */

import { samplingProbabilities } from "../../core/02_words/multilingual.ts";
import { el, label, seriesTints, textWidth, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const LANGUAGES = ["English", "German", "Greek", "Basque"];
/** Sentences of each. */
const SIZES = [10_000, 2000, 400, 50];
const TEMPERATURES = [1, 2, 5, Infinity];

const ROW = 34, BAR = 22, LEFT = 52;

const nameOf = (temperature: number): string => `T = ${temperature === Infinity ? "∞" : temperature}`;

/** The picture. */
export const picture: Picture<readonly (readonly number[])[]> = {
  alternative: (rows, say) =>
    rows.map((row, i) =>
      `${nameOf(TEMPERATURES[i]!)}: ${row.map((p, j) => `${say(LANGUAGES[j]!)} ${p.toFixed(3)}`).join(", ")}.`
    ).join(" "),
  measure: () => TEMPERATURES.map((temperature) => samplingProbabilities(SIZES, { temperature })),
  draw: (canvas, rows) => {
    const width = Math.min(canvas.width, 520), room = width - LEFT, { say } = canvas, parts: string[] = [];
    const tints = seriesTints(canvas, LANGUAGES.map(() => undefined));
    rows.forEach((row, i) => {
      const y = i * ROW;
      let x = LEFT;
      parts.push(label(nameOf(TEMPERATURES[i]!), { class: "axis", x: 0, y: y + 15 }));
      row.forEach((p, j) => {
        const wide = p * room, text = say(LANGUAGES[j]!);
        parts.push(el(
          "g",
          tints[j]!,
          el("rect", { x, y, width: Math.max(0.5, wide - 1.5), height: BAR, fill: "currentColor", opacity: 0.85 }),
          tip(`${text}: ${p.toFixed(3)}`),
        ));
        x += wide;
      });
    });
    let x = LEFT, y = rows.length * ROW + 12;
    LANGUAGES.forEach((language, j) => {
      const text = `${say(language)}, ${SIZES[j]}`, wide = textWidth(text, { size: 11 }) + 30;
      if (x + wide > width && x > LEFT) [x, y] = [LEFT, y + 18];
      parts.push(
        el("g", tints[j]!, el("rect", { x, y: y - 9, width: 10, height: 10, fill: "currentColor", opacity: 0.85 })),
        label(text, { class: "small", x: x + 15, y }),
      );
      x += wide;
    });
    return { width, height: y + 8, parts };
  },
};
