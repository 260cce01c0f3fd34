/**
 * # Three shapes of tasks
 *
 * Vectors go in at the bottom, a model reads all of them, answers come out at the top: one, one for each, or as many as it decides.
 *
 * @module
 */

import { type TaskExample, type TaskShape, taskShape } from "../../core/01_introduction/tasks_and_shapes.ts";
import { el, label, tip } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** A task: its examples, the names of what goes in and of what comes out. */
interface Panel extends TaskExample<string, string> {
  readonly title: string;
}

const PANELS: readonly Panel[] = [
  { title: "one answer", input: ["a", "fine", "film", "!"], output: ["+"] },
  { title: "one for each", input: ["I", "saw", "a", "saw"], output: ["P", "V", "A", "N"] },
  { title: "the machine decides", input: ["他", "吃", "饭"], output: ["he", "eats"] },
];

/** What is drawn: each panel with its shape, as the library finds it. */
type Shapes = readonly (Panel & { readonly shape: TaskShape })[];

const CELL = 30, GAP = 8, HEIGHT = 168;

/** The picture. */
export const picture: Picture<Shapes> = {
  alternative: (shapes, say) =>
    `${say("Three models that read vectors and give answers.")} ` +
    shapes.map(({ title, input, output, shape }) =>
      `${say(title)}, ${shape}: ${input.join(" ")} → ${output.join(" ")}.`
    ).join(" "),
  measure: () => PANELS.map((panel) => ({ ...panel, shape: taskShape([panel]) })),
  draw: ({ width, say }, shapes) => {
    const parts: string[] = [], columns = width < 500 ? 1 : 3, panel = 4 * CELL + 3 * GAP;
    const step = columns === 1 ? panel : Math.min((width - panel) / 2, panel + 50);
    shapes.forEach(({ title, input, output, shape }, i) => {
      const x = columns === 1 ? 0 : i * step, top = columns === 1 ? i * (HEIGHT + 24) : 0;
      // The machine that decides also writes what ends its answer.
      const written = shape === "N→M" ? [...output, "END"] : output;
      parts.push(label(`${shape}  ${say(title)}`, { class: "small", x, y: top + 12 }));
      const place = (n: number, of: number): number => x + (panel - of * CELL - (of - 1) * GAP) / 2 + n * (CELL + GAP);
      parts.push(el("rect", { class: "frame", x, y: top + 72, width: panel, height: 34, rx: 4 }));
      parts.push(label(say("model"), { class: "small", x: x + panel / 2, y: top + 93, "text-anchor": "middle" }));
      written.forEach((text, n) => {
        const left = place(n, written.length) + CELL / 2;
        parts.push(el("line", { class: "step", x1: left, y1: top + 72, x2: left, y2: top + 56 }));
        parts.push(el("circle", { class: "cell", cx: left, cy: top + 40, r: CELL / 2 }, tip(text)));
        parts.push(label(text.slice(0, 4), { class: "small", x: left, y: top + 44, "text-anchor": "middle" }));
      });
      input.forEach((text, n) => {
        const left = place(n, input.length);
        parts.push(el("line", { class: "step", x1: left + 15, y1: top + 122, x2: left + 15, y2: top + 106 }));
        parts.push(el("rect", { class: "cell", x: left, y: top + 122, width: CELL, height: CELL }, tip(text)));
        parts.push(label(text, { class: "small", x: left + 15, y: top + 141, "text-anchor": "middle" }));
      });
    });
    return {
      width: columns === 1 ? panel : 2 * step + panel,
      height: columns === 1 ? 3 * (HEIGHT + 24) : HEIGHT,
      parts,
    };
  },
};
