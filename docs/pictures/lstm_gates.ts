/**
 * # The gates of an LSTM
 *
 * One step with the numbers of the example on the page, computed by the library.
 *
 * @module
 */

import { type LstmStep, lstmStep } from "../../core/03_language_models/lstm/mod.ts";
import { tensor } from "../../core/engine/create.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const BEFORE = [1, -1], SUMS = [0, 2, 2, -2, 1, -1, 2, 0];

/** The vectors of the step. */
type Vectors = Readonly<Record<keyof LstmStep | "before", readonly number[]>>;

/** A vector as it is written. */
const written = (vector: readonly number[], digits = 2): string =>
  `(${vector.map((value) => value.toFixed(digits).replace("-", "−")).join(", ")})`;

/** The picture. */
export const picture: Picture<Vectors> = {
  alternative: (step, say) =>
    `${say("The cell state passes a multiplication by the forget gate and an addition.")} ` +
    `${say("before")} ${written(step.before)}; f ${written(step.forgetGate)}; i ${written(step.inputGate)}; ` +
    `g ${written(step.candidate)}; ${say("after")} ${written(step.cellState)}; o ${written(step.outputGate)}; ` +
    `h ${written(step.hiddenState)}.`,
  measure: async () => {
    const step = lstmStep(tensor(SUMS), tensor(BEFORE));
    const read = async ([name, value]: [string, typeof step.cellState]) => [name, [...await value.read()]];
    return {
      before: BEFORE,
      ...Object.fromEntries(await Promise.all(Object.entries(step).map(read))),
    } as unknown as Vectors;
  },
  draw: ({ width, say }, step) => {
    const narrow = width < 500, parts: string[] = [], top = 46, bottom = 214, gates = 140, digits = narrow ? 1 : 2;
    const at = (share: number): number => share * width;
    const [forget, input, candidate, output] = narrow ? [0.16, 0.37, 0.585, 0.775] : [0.24, 0.42, 0.6, 0.8];
    const x = { forget: at(forget!), input: at(input!), candidate: at(candidate!), output: at(output!) };
    const plus = (x.input + x.candidate) / 2, end = width - 4;
    const flow = (d: string, head = ""): void => void parts.push(el("path", { class: "flow", d: d + head }));
    const text = (words: string, left: number, y: number, kind: string, anchor = "middle"): void =>
      void parts.push(label(words, { class: kind, x: left, y, "text-anchor": anchor }));
    const circle = (sign: string, cx: number, cy: number): void => {
      parts.push(el("circle", { class: "cell", cx, cy, r: 10 }));
      text(sign, cx, cy + 4.5, "ink");
    };
    const box = (name: string, kind: string, vector: readonly number[], middle: number): void => {
      const size = { x: middle - 15, y: gates - 13, width: 30, height: 26, rx: 4 };
      parts.push(el("rect", { class: "cell", ...size }), el("rect", { class: "cell on", opacity: ".45", ...size }));
      text(name, middle, gates + 4.5, "ink");
      text(kind, middle, gates + 28, "small");
      text(written(vector, digits), middle, gates + 43, "small");
      flow(`M${px(middle)} ${bottom}V${gates + 48}`, "m-3 5l3-5l3 5");
    };
    // The cell, along the top.
    flow(`M4 ${top}H${px(x.forget - 10)}`, "m-5-3l5 3l-5 3");
    flow(`M${px(x.forget + 10)} ${top}H${px(plus - 10)}`, "m-5-3l5 3l-5 3");
    flow(`M${px(plus + 10)} ${top}H${px(end)}`, "m-5-3l5 3l-5 3");
    text("C", 8, top - (narrow ? 28 : 24), "ink", "start");
    text(say("before"), 20, top - (narrow ? 28 : 24), "small", "start");
    text(written(step.before, digits), 8, top - (narrow ? 12 : 8), "small", "start");
    text(say("after"), end, top - 24, "small", "end");
    text(written(step.cellState, digits), end, top - 8, "small", "end");
    // Gates, and where they act.
    flow(`M${px(x.forget)} ${gates - 13}V${top + 10}`, "m-3 5l3-5l3 5");
    const product = 92;
    flow(`M${px(x.input)} ${gates - 13}V${product}H${px(plus - 10)}`, "m-5-3l5 3l-5 3");
    flow(`M${px(x.candidate)} ${gates - 13}V${product}H${px(plus + 10)}`, "m5-3l-5 3l5 3");
    flow(`M${px(plus)} ${product - 10}V${top + 10}`, "m-3 5l3-5l3 5");
    const shown = product + 4;
    flow(`M${px(x.output)} ${gates - 13}V${shown + 10}`, "m-3 5l3-5l3 5");
    flow(`M${px(x.output)} ${top}V${shown - 10}`, "m-3-5l3 5l3-5");
    text("tanh", x.output + 6, top + 26, "small", "start");
    flow(`M${px(x.output + 10)} ${shown}H${px(end)}`, "m-5-3l5 3l-5 3");
    text("h", end, shown - 10, "ink", "end");
    text(written(step.hiddenState, digits), end, shown + (narrow ? 24 : 18), "small", "end");
    circle("×", x.forget, top);
    circle("+", plus, top);
    circle("×", plus, product);
    circle("×", x.output, shown);
    box("f", say("forget"), step.forgetGate, x.forget);
    box("i", say("write"), step.inputGate, x.input);
    box("g", say("what"), step.candidate, x.candidate);
    box("o", say("show"), step.outputGate, x.output);
    // What all of them are computed from.
    flow(`M${px(x.forget)} ${bottom}H${px(x.output)}`);
    text(say("word and hidden state before"), (x.forget + x.output) / 2, bottom + 18, "small");
    return { width, height: bottom + 28, parts };
  },
};
