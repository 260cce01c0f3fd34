/**
 * # An update of the weights
 *
 * Two texts as counts of words, and the weights of both classes before them, between them and after them.
 *
 * @module
 */

import { BagOfWords, perceptron } from "../../core/01_introduction/bag_of_words.ts";
import { splitText } from "../../core/01_introduction/rule_based_classifier.ts";
import { el, label, tint } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const VOCABULARY = ["good", "not", "bad", "film"], LABELS = ["−", "+"];
const TEXTS = [["good film", "+"], ["bad film", "−"]] as const;

/** A row of numbers with its name. */
interface Row {
  readonly name: string;
  readonly kind: "x" | "W";
  readonly numbers: readonly number[];
  readonly changed: readonly boolean[];
}

const signed = (value: number): string => String(value).replace("-", "−");

/** The picture. */
export const picture: Picture<readonly Row[]> = {
  alternative: (rows, say) =>
    `${VOCABULARY.join(", ")}. ` +
    rows.map(({ name, numbers }) => `${say(name)}: ${numbers.map(signed).join(", ")}.`).join(" "),
  measure() {
    const model = new BagOfWords({ labels: LABELS, vocabulary: VOCABULARY, tokenize: splitText }), rows: Row[] = [];
    const show = (before: readonly (readonly number[])[]): void =>
      LABELS.forEach((name, c) => {
        const numbers = Array.from(model.weightsOf(name));
        rows.push({
          name: `weights of ${name}`,
          kind: "W",
          numbers,
          changed: numbers.map((x, i) => x !== before[c]?.[i]),
        });
      });
    const now = (): number[][] => LABELS.map((name) => Array.from(model.weightsOf(name)));
    show(now());
    for (const [text, answer] of TEXTS) {
      const before = now(), bag = model.bagOf(text);
      rows.push({
        name: `${text}, label ${answer}`,
        kind: "x",
        numbers: VOCABULARY.map((_, i) => bag.get(i) ?? 0),
        changed: VOCABULARY.map(() => false),
      });
      model.update(text, answer, perceptron);
      show(before);
    }
    return rows;
  },
  draw: (canvas, rows) => {
    const { width, say } = canvas,
      left = 132,
      cell = Math.min(58, (width - left) / VOCABULARY.length),
      parts: string[] = [];
    VOCABULARY.forEach((word, i) =>
      parts.push(label(word, { class: "small", x: left + (i + .5) * cell, y: 12, "text-anchor": "middle" }))
    );
    let y = 20;
    rows.forEach(({ name, kind, numbers, changed }) => {
      if (kind === "x") y += 10;
      parts.push(label(say(name), { class: kind === "x" ? "ink" : "small", x: 0, y: y + 17 }));
      numbers.forEach((value, i) => {
        const x = left + i * cell;
        parts.push(el("rect", { class: changed[i] ? "cell" : "frame", x, y: y + 2, width: cell - 4, height: 22 }));
        parts.push(el(
          "g",
          tint(canvas, kind, 0),
          label(signed(value), {
            class: "value",
            x: x + cell / 2 - 2,
            y: y + 17,
            "text-anchor": "middle",
            fill: "currentColor",
          }),
        ));
      });
      y += kind === "x" ? 36 : 28;
    });
    return { width: left + cell * VOCABULARY.length, height: y + 4, parts };
  },
};
