/**
 * # An attention map
 *
 * The weights of one head of the playground's translator: which tokens of a Chinese sentence each step of its translation looks at.
 *
 * @module
 */

import { label, textWidth, tint } from "../figures/svg.ts";
import { matrix } from "../figures/vectors.ts";
import type { Picture } from "../picture.ts";
import { look } from "../playground/look.ts";
import { openTranslator } from "../playground/pack.ts";
import { DEFAULTS } from "../playground/settings.ts";

/** What is translated, and the head that is shown: the third one of the last layer. */
const SENTENCE = "我喜欢吃苹果", HEAD = 2;

/** What the library finds. */
export interface Found {
  /** Tokens of the sentence. */
  readonly keys: readonly string[];
  /** What was read and what was written at each step. */
  readonly queries: readonly (readonly [read: string, written: string])[];
  readonly weights: readonly (readonly number[])[];
}

/** The picture. */
export const picture: Picture<Found> = {
  alternative: ({ keys, queries, weights }, say) =>
    `${say("A table of weights: a row for each step of the translation, a column for each token of the sentence.")} ` +
    queries.map(([read, written], t) => {
      const most = weights[t]!.indexOf(Math.max(...weights[t]!));
      return `${read} → ${written}: ${keys[most]} ${weights[t]![most]!.toFixed(2)}.`;
    }).join(" "),
  measure: async () => {
    const file = new URL("../playground/model/translator.safetensors", import.meta.url);
    const { source, inputs, cross } = await look(openTranslator(await Deno.readFile(file)), {
      ...DEFAULTS,
      numBeams: 1,
      sentence: SENTENCE,
    });
    return {
      keys: source.tokens,
      queries: inputs.map((token, t) => [token.trim(), inputs[t + 1]?.trim() ?? "END"]),
      weights: cross.at(-1)![HEAD]!,
    };
  },
  draw: (canvas, { keys, queries, weights }) => {
    const { width, say } = canvas, isNarrow = width < 500;
    const names = queries.map(([read, written]) => `${read} → ${written}`);
    const left = Math.max(...names.map((name) => textWidth(name))) + 14, top = 38;
    const w = Math.min(58, Math.floor((width - left - 4) / keys.length)), h = isNarrow ? 26 : 30;
    return {
      width: left + keys.length * w,
      height: top + names.length * h + 2,
      parts: [
        label(say("query of a step"), { class: "axis", x: 0, y: top - 8 }),
        label(say("keys of the sentence"), {
          class: "axis",
          x: left + keys.length * w / 2,
          y: 12,
          "text-anchor": "middle",
        }),
        ...keys.map((key, s) =>
          label(key, { class: "small ink", x: left + (s + 0.5) * w - 1, y: top - 8, "text-anchor": "middle" })
        ),
        ...names.map((name, t) =>
          label(name, { class: "small ink", x: left - 10, y: top + (t + 0.5) * h + 3, "text-anchor": "end" })
        ),
        matrix([left, top], weights, {
          cell: [w, h],
          write: (weight) => weight.toFixed(2),
          shade: (weight) => weight,
          color: tint(canvas, "A", 0),
        }),
      ],
    };
  },
};
