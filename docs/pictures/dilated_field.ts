/**
 * # The receptive field of dilated convolutions
 *
 * Four layers whose dilation doubles. Which words the last output depends on is measured by the library.
 *
 * @module
 */

import { plainConvolution, receptiveField } from "../../core/03_language_models/cnn/mod.ts";
import { parameter, tensor, zeros } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const DILATIONS = [1, 2, 4, 8], SIZE = 2, WORDS = receptiveField(SIZE, DILATIONS) + 2;

/** For each layer, from the words up, how often each position enters the last output. */
async function paths(): Promise<number[][]> {
  const kernel = tensor([[[1, 1]]]), bias = zeros([1]);
  let x: Tensor = parameter(zeros([WORDS, 1]));
  const inputs = [x];
  for (const dilation of DILATIONS) inputs.push(x = plainConvolution(x, kernel, bias, { causal: true, dilation }));
  const found: number[][] = [];
  for (const layer of inputs.keys()) {
    // The derivative of the last output by a layer's positions counts the paths between.
    let y: Tensor = parameter(zeros([WORDS, 1]));
    const from = y;
    for (const dilation of DILATIONS.slice(layer)) y = plainConvolution(y, kernel, bias, { causal: true, dilation });
    y.slice(0, WORDS - 1).sum().backward();
    found.push(Array.from(await from.grad!.read()));
  }
  return found;
}

/** The picture. */
export const picture: Picture<readonly (readonly number[])[]> = {
  alternative: (layers, say) =>
    `${say("Positions that the last output depends on, from the words up:")} ` +
    layers.map((counts) => counts.filter((count) => count > 0).length).join(", ") + ".",
  measure: paths,
  draw: ({ width, say }, layers) => {
    const narrow = width < 500, left = narrow ? 20 : 74, right = 6, step = (width - left - right) / (WORDS - 1);
    const rise = 46, radius = narrow ? 3.4 : 5, parts: string[] = [];
    const x = (t: number): number => left + t * step,
      y = (layer: number): number => 12 + (layers.length - 1 - layer) * rise;
    layers.slice(1).forEach((counts, i) => {
      const d = DILATIONS[i]!;
      const lines = counts.flatMap((count, t) =>
        count > 0 ? [t, t - d].map((from) => `M${px(x(from))} ${px(y(i))}L${px(x(t))} ${px(y(i + 1))}`) : []
      );
      parts.push(el("path", { class: "flow", opacity: ".7", d: lines.join("") }));
    });
    layers.forEach((counts, layer) => {
      counts.forEach((count, t) =>
        parts.push(
          el("circle", {
            class: count > 0 ? "cell on" : "cell",
            cx: x(t),
            cy: y(layer),
            r: radius,
          }),
        )
      );
      const name = layer === 0 ? say("words") : `d = ${DILATIONS[layer - 1]}`;
      if (!narrow || layer > 0) {
        parts.push(label(narrow ? `${DILATIONS[layer - 1]}` : name, { class: "small", x: 0, y: y(layer) + 4 }));
      }
    });
    return { width, height: y(0) + 12, parts };
  },
};
