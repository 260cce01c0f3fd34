/**
 * # The axes that a norm averages over
 *
 * Sentences, positions and features as squares. Filled are the inputs that one output depends on, found by the gradient of each
 * norm of the library: those are the numbers that its mean and variance are taken over.
 *
 * @module
 */

import { BatchNorm, LayerNorm, RMSNorm } from "../../core/05_transformer/normalization.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { el, label } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** Sentences, positions, features; the output that is looked at. */
const B = 2, T = 4, E = 5, AT = [0, 1, 2] as const;

/** The frame of the output. */
const CHOSEN = { class: "c5", fill: "none", stroke: "currentColor", "stroke-width": 2.5 } as const;

/** A norm, and what one of its outputs depends on. */
interface Reach {
  readonly name: string;
  /** By sentence, position and feature. */
  readonly seen: readonly (readonly (readonly boolean[])[])[];
}

/** The inputs that the output at `AT` has a gradient for. */
async function reachOf(name: string, norm: { forward(x: Tensor): Tensor }): Promise<Reach> {
  const x = parameter(new Random(1).normal([B, T, E]));
  const chosen = new Float32Array(B * T * E);
  chosen[(AT[0] * T + AT[1]) * E + AT[2]] = 1;
  norm.forward(x).mul(tensor(chosen, [B, T, E])).sum().backward();
  const gradient = await x.grad!.read();
  return {
    name,
    seen: Array.from(
      { length: B },
      (_, b) =>
        Array.from({ length: T }, (_, t) => Array.from({ length: E }, (_, e) => gradient[(b * T + t) * E + e] !== 0)),
    ),
  };
}

/** The picture. */
export const picture: Picture<readonly Reach[]> = {
  alternative: (reaches, say) =>
    reaches.map(({ name, seen }) => {
      const count = seen.flat(2).filter(Boolean).length,
        sentences = seen.filter((one) => one.flat().some(Boolean)).length;
      return `${name}: ${count} ${say("of")} ${B * T * E} ${say("numbers, of")} ${sentences} ${say("of")} ${B} ${
        say("sentences")
      }.`;
    }).join(" "),
  measure: async () => {
    const batch = new BatchNorm(E);
    return [
      await reachOf("LayerNorm", new LayerNorm(E)),
      await reachOf("RMSNorm", new RMSNorm(E)),
      await reachOf("BatchNorm", batch),
    ];
  },
  draw: ({ width, say }, reaches) => {
    const narrow = width < 500, cell = 16, gap = narrow ? 30 : 46, left = 18, parts: string[] = [];
    const size = E * cell, columns = narrow ? 2 : 3;
    let bottom = 0;
    reaches.forEach(({ name, seen }, i) => {
      const x0 = left + (i % columns) * (size + gap), y0 = 40 + Math.floor(i / columns) * (B * (T * cell + 12) + 54);
      parts.push(label(name, { class: "ink", x: x0, y: y0 - 22 }));
      seen.forEach((sentence, b) => {
        const y1 = y0 + b * (T * cell + 12);
        sentence.forEach((row, t) =>
          row.forEach((one, e) => {
            const at = { x: x0 + e * cell, y: y1 + t * cell, width: cell - 2, height: cell - 2 };
            parts.push(el("rect", { class: one ? "cell on" : "cell", ...at }));
            if (b === AT[0] && t === AT[1] && e === AT[2]) parts.push(el("rect", { ...CHOSEN, ...at }));
          })
        );
        if (i === 0) {
          parts.push(label(say("positions"), {
            class: "axis",
            x: 0,
            y: 0,
            transform: `translate(${x0 - 7} ${y1 + T * cell - 4}) rotate(-90)`,
          }));
        }
        bottom = Math.max(bottom, y1 + T * cell);
      });
      parts.push(label(say("features"), { class: "axis", x: x0, y: y0 - 6 }));
    });
    const y = bottom + 22;
    const key = (x: number, y: number, isChosen: boolean, text: string): void =>
      void parts.push(
        el("rect", { class: "cell on", x, y: y - 10, width: 12, height: 12 }),
        isChosen ? el("rect", { ...CHOSEN, x, y: y - 10, width: 12, height: 12 }) : "",
        label(say(text), { class: "small", x: x + 18, y }),
      );
    key(left, y, true, "the output");
    key(narrow ? left : left + 92, narrow ? y + 20 : y, false, "inputs that its mean and variance are taken over");
    return { width: narrow ? width : left + 3 * size + 2 * gap + 80, height: y + (narrow ? 28 : 8), parts };
  },
};
