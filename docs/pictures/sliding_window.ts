/**
 * # A window that slides
 *
 * Two kernels of three words at three positions of one text, to both sides and back only; which words each window holds is measured by the library.
 *
 * @module
 */

import { plainConvolution } from "../../core/03_language_models/cnn/mod.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢", "吃", "苹果"], SIZE = 3, T = WORDS.length;
const KINDS = [["both sides", false], ["causal", true]] as const;

/** For each kind and position, the words that its window holds. */
async function windows(causal: boolean): Promise<number[][]> {
  // A word each in a dimension of its own; all weights are 1.
  const x = tensor(WORDS.map((_, t) => WORDS.map((_, i) => Number(i === t))));
  const kernel = zeros([T, T, SIZE]).add(tensor(WORDS.map((_, o) => WORDS.map((_, e) => [Number(o === e)]))));
  const seen = await plainConvolution(x, kernel, zeros([T]), { causal }).read();
  return WORDS.map((_, t) => WORDS.flatMap((_, i) => seen[t * T + i]! > 0 ? [i] : []));
}

/** The picture. */
export const picture: Picture<readonly (readonly (readonly number[])[])[]> = {
  alternative: (kinds, say) =>
    kinds.map((seen, kind) =>
      `${say(KINDS[kind]![0])}: ` +
      seen.map((window, t) => `${WORDS[t]} ← ${window.map((i) => WORDS[i]).join(" ")}`).join("; ")
    ).join(". ") + ".",
  measure: () => Promise.all(KINDS.map(([, causal]) => windows(causal))),
  draw: ({ width, say }, kinds) => {
    const box = { width: width < 500 ? 46 : 64, height: 28 },
      step = (width - box.width) / (T - 1),
      parts: string[] = [];
    const middle = (t: number): number => box.width / 2 + t * step;
    let y = 0;
    kinds.forEach((seen, kind) => {
      parts.push(label(say(KINDS[kind]![0]), { class: "small", x: 0, y: y + 12 }));
      const top = y + 22 + box.height / 2, bottom = top + 84;
      seen.forEach((window, t) => {
        for (const i of window) {
          parts.push(
            el("path", {
              class: "flow",
              opacity: i === t ? "1" : ".6",
              d: `M${px(middle(i))} ${px(bottom - box.height / 2)}L${px(middle(t))} ${px(top + box.height / 2)}`,
            }),
          );
        }
      });
      WORDS.forEach((word, t) => {
        for (const [at, text, on] of [[top, `h${"₁₂₃₄"[t]}`, true], [bottom, word, false]] as const) {
          parts.push(
            el("rect", {
              class: on ? "cell on" : "cell",
              ...(on && { opacity: ".45" }),
              x: middle(t) - box.width / 2,
              y: at - box.height / 2,
              width: box.width,
              height: box.height,
              rx: 4,
            }),
            label(text, { class: "ink", x: middle(t), y: at + 4.5, "text-anchor": "middle" }),
          );
        }
      });
      y = bottom + box.height / 2 + 14;
    });
    return { width, height: y - 12, parts };
  },
};
