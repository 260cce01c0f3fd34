/**
 * # A confusion matrix
 *
 * Ten texts by their right class and by the answer; beside each row its recall, below each column its precision.
 *
 * @module
 */

import { type ClassScores, confusionMatrix, precisionRecall } from "../../core/01_introduction/evaluation.ts";
import { el, label, tint } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const CLASSES = ["+", "−"];
const RIGHT = [..."++++++−−−−"], ANSWERED = [..."+++++−++−−"];

/** What is drawn. */
interface Matrix {
  readonly counts: readonly (readonly number[])[];
  readonly classes: readonly ClassScores<string>[];
}

/** The picture. */
export const picture: Picture<Matrix> = {
  alternative: ({ counts, classes }, say) =>
    counts.map((row, i) =>
      `${say("right")} ${CLASSES[i]}: ${row.map((n, j) => `${n} ${say("answered")} ${CLASSES[j]}`).join(", ")}.`
    )
      .join(" ") +
    " " +
    classes.map(({ label, precision, recall }) =>
      `${label}: ${say("precision")} ${precision.toFixed(3)}, ${say("recall")} ${recall.toFixed(3)}.`
    ).join(" "),
  measure: () => ({
    counts: confusionMatrix(RIGHT, ANSWERED, CLASSES).counts,
    classes: precisionRecall(RIGHT, ANSWERED, CLASSES).classes,
  }),
  draw: (canvas, { counts, classes }) => {
    const { say } = canvas, cell = 62, left = 74, top = 40, parts: string[] = [];
    parts.push(label(say("answered"), { class: "small", x: left + cell, y: 14, "text-anchor": "middle" }));
    CLASSES.forEach((name, i) => {
      parts.push(label(name, { class: "ink", x: left + (i + .5) * cell, y: 32, "text-anchor": "middle" }));
      parts.push(
        label(`${say("right")} ${name}`, {
          class: "ink",
          x: left - 10,
          y: top + (i + .5) * cell + 4,
          "text-anchor": "end",
        }),
      );
    });
    counts.forEach((row, i) =>
      row.forEach((n, j) => {
        const x = left + j * cell, y = top + i * cell;
        parts.push(el("rect", { class: i === j ? "cell" : "frame", x, y, width: cell - 3, height: cell - 3 }));
        parts.push(el(
          "g",
          tint(canvas, i === j ? undefined : "n", 0),
          label(String(n), {
            x: x + cell / 2 - 1,
            y: y + cell / 2 + 4,
            "text-anchor": "middle",
            class: "ink",
          }),
        ));
      })
    );
    const right = left + 2 * cell + 8, bottom = top + 2 * cell + 14;
    classes.forEach(({ label: name, precision, recall }, i) => {
      const own = counts[i]!,
        column = counts.map((row) => row[i]!),
        sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b);
      parts.push(
        label(`${say("recall")} ${own[i]}/${sum(own)} = ${recall.toFixed(3)}`, {
          class: "small",
          x: right,
          y: top + (i + .5) * cell + 4,
        }),
      );
      parts.push(
        label(`${say("precision")} ${name}  ${column[i]}/${sum(column)} = ${precision.toFixed(3)}`, {
          class: "small",
          x: left,
          y: bottom + 16 * i,
        }),
      );
    });
    return { width: Math.min(canvas.width, right + 120), height: bottom + 24, parts };
  },
};
