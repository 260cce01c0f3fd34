/**
 * # Training beside inference
 *
 * The same target, in training and at inference; time goes to the right. In training one pass reads the reference, shifted by one.
 * At inference each pass reads what the passes before it wrote.
 *
 * @module
 */

import { teacherForcing } from "../../core/06_training/teacher_forcing.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** The notes' sentence, and the tokens that are no words. */
const REFERENCE = ["I", "like", "apples"], NAMES = ["PAD", "BEGIN", "END", ...REFERENCE];
const BEGIN = 1, END = 2;

/** What the decoder is fed and asked for, as the library shifts it. */
interface Shifted {
  readonly inputs: readonly string[];
  readonly targets: readonly string[];
}

const ROW = 30, BOX = 58;

/** The picture. */
export const picture: Picture<Shifted> = {
  alternative: ({ inputs, targets }, say) =>
    `${say("Training, one pass. Inputs:")} ${inputs.join(" ")}; ${say("targets:")} ${targets.join(" ")}. ` +
    `${say("Inference, one pass for each token:")} ` +
    inputs.map((input, t) => `${input} → ${targets[t]}`).join("; ") + `. ${say("Each output is the next input.")}`,
  measure: async () => {
    const target = REFERENCE.map((_, i) => i + 3);
    const { inputs, targets } = teacherForcing([target], { beginToken: BEGIN, endToken: END, padToken: 0 });
    const names = (ids: ArrayLike<number>): string[] => Array.from(ids, (id) => NAMES[id]!);
    return { inputs: names(await inputs.read()), targets: names(await targets.read()) };
  },
  draw: ({ width, say }, { inputs, targets }) => {
    const narrow = width < 500, parts: string[] = [], count = inputs.length;
    const box = (x: number, y: number, text: string, isComputed: boolean): void => {
      const at = { x: x - BOX / 2, y: y - 11, width: BOX, height: 22, rx: 3 };
      parts.push(
        el("rect", { class: "cell", ...at }),
        isComputed ? el("rect", { class: "cell on", opacity: ".45", ...at }) : "",
        label(text, { class: "ink", x, y: y + 4.5, "text-anchor": "middle" }),
      );
    };
    const arrow = (d: string, head: string): void => void parts.push(el("path", { class: "flow", d: d + head }));
    // Training: a row for each position, all in one pass.
    const train = { x: BOX / 2, out: BOX * 2.15, y: 44 };
    parts.push(label(say("training: one pass"), { class: "axis", x: 0, y: 12 }));
    inputs.forEach((input, t) => {
      const y = train.y + t * ROW;
      box(train.x, y, input, false);
      box(train.out, y, targets[t]!, true);
      arrow(`M${px(train.x + BOX / 2)} ${px(y)}H${px(train.out - BOX / 2)}`, "m-5-3l5 3l-5 3");
    });
    const trained = train.y + count * ROW;
    parts.push(
      label(say("reference"), { class: "small", x: train.x, y: trained + 2, "text-anchor": "middle" }),
      label(say("predicted"), { class: "small", x: train.out, y: trained + 2, "text-anchor": "middle" }),
    );
    // Inference: a column for each pass, one position more in each.
    const left = narrow ? 0 : train.out + BOX / 2 + 46, top = narrow ? trained + 34 : 0;
    const step = narrow ? (width - BOX) / (count - 1) : Math.min(BOX + 22, (width - left - BOX) / (count - 1));
    const rows = { out: top + 44, in: top + 44 + 2 * ROW };
    parts.push(label(say("inference: one pass for each token"), { class: "axis", x: left, y: top + 12 }));
    inputs.forEach((input, t) => {
      const x = left + BOX / 2 + t * step;
      box(x, rows.in, input, t > 0);
      box(x, rows.out, targets[t]!, true);
      arrow(`M${px(x)} ${px(rows.in - 11)}V${px(rows.out + 11)}`, "m-3 5l3-5l3 5");
      if (t < count - 1) {
        const next = x + step;
        arrow(
          `M${px(x + 12)} ${px(rows.out + 11)}C${px(x + 14)} ${px(rows.out + 36)} ${px(next - 16)} ${
            px(rows.in - 38)
          } ${px(next - 12)} ${px(rows.in - 11)}`,
          "m-4-4l4 4l2-5",
        );
      }
    });
    const foot = rows.in + 34;
    parts.push(label(say("time →"), { class: "small", x: left + BOX / 2, y: foot, "text-anchor": "middle" }));
    const last = left + BOX + (count - 1) * step;
    return { width: Math.min(width, Math.max(last, 320)), height: Math.max(foot, trained) + 8, parts };
  },
};
