/**
 * # Attention, worked by hand
 *
 * The query of one word meets the keys of three; scores become weights, and the weights mix the values.
 *
 * @module
 */

import { plainAttention } from "../../core/04_attention/scaled_dot_product.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { tensor } from "../../core/engine/create.ts";
import { el, label, px, tint } from "../figures/svg.ts";
import { arrow, type Place, plane } from "../figures/vectors.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢", "苹果"];
const QUERY = [1, 1], KEYS = [[0, 1], [2, 1], [2, 0]], VALUES = [[1, 0], [0, 2], [2, 1]];

/** What the library finds. */
interface Found {
  readonly scores: readonly number[];
  readonly weights: readonly number[];
  readonly output: readonly number[];
}

/** Largest coordinate of both planes. */
const END = 2.3;

/** The picture. */
export const picture: Picture<Found> = {
  alternative: ({ scores, weights, output }, say) =>
    `${
      say("A query and three keys as arrows, their scores and weights, and three values with the output between them.")
    } ` +
    WORDS.map((word, i) => `${word}: ${scores[i]}, ${weights[i]!.toFixed(3)}.`).join(" ") +
    ` (${output.map((x) => x.toFixed(3)).join(", ")})`,
  measure: async () => {
    const query = tensor([QUERY]), key = tensor(KEYS), scores = query.matmul(key.transpose(0, 1));
    return {
      scores: [...await scores.read()],
      weights: [...await softmax(scores.mul(1 / Math.SQRT2)).read()],
      output: [...await plainAttention(query, key, tensor(VALUES)).read()],
    };
  },
  draw: (canvas, { scores, weights, output }) => {
    const { width, say } = canvas, isNarrow = width < 500;
    const size = isNarrow ? 122 : 140, top = 30, second = isNarrow ? width - size - 12 : width - size - 14;
    const hue = (symbol: string, index: number) => tint(canvas, symbol, index);
    const parts: string[] = [];

    // Left: what points the same way as the query scores high.
    const left = plane(16, top, size, END), origin = left.at([0, 0]);
    parts.push(label(say("query and keys"), { class: "ink", x: 4, y: 14 }), ...left.parts);
    KEYS.forEach((key, i) => {
      const [x, y] = left.at(key), beside = key[0] === 0 ? { x: x + 7, y: y + 4 } : { x: x - 10, y: y - 8 };
      parts.push(
        arrow(origin, [x, y], hue("K", 1)),
        el("g", hue("K", 1), label(WORDS[i]!, { class: "name", ...beside })),
      );
    });
    parts.push(arrow(origin, left.at(QUERY), hue("Q", 0)));
    const [qx, qy] = left.at(QUERY);
    parts.push(el("g", hue("Q", 0), label(WORDS[2]!, { class: "name", x: qx - 4, y: qy - 8 })));

    // Middle: scores to weights.
    const [x0, y0] = isNarrow ? [4, top + size + 62] : [size + 52, top + 20];
    const columns = [x0, x0 + 62, x0 + 82], room = isNarrow ? width - 140 : second - x0 - 150;
    parts.push(
      label(say("score"), { class: "axis", x: columns[1]!, y: y0 - 16, "text-anchor": "end" }),
      label(say("weight"), { class: "axis", x: columns[2]!, y: y0 - 16 }),
      label(`${say("weight")} = softmax(${say("score")} / √2)`, {
        class: "ink",
        x: columns[0]!,
        y: isNarrow ? y0 - 36 : 14,
      }),
    );
    scores.forEach((score, i) => {
      const y = y0 + 6 + i * 34, weight = weights[i]!;
      parts.push(
        el("g", hue("K", 1), label(WORDS[i]!, { class: "name", x: columns[0]!, y: y + 10 })),
        el(
          "g",
          hue("Z", 2),
          label(score.toFixed(0), { class: "value", x: columns[1]!, y: y + 10, "text-anchor": "end" }),
        ),
        el(
          "g",
          hue("A", 3),
          el("rect", { class: "bar", x: columns[2]!, y, width: Math.max(1, room * weight / 0.6), height: 13 }),
          label(weight.toFixed(3), { class: "value", x: columns[2]! + room * weight / 0.6 + 5, y: y + 11 }),
        ),
      );
    });

    // Right: the output lies between the values.
    const right = plane(second, top, size, END), corners = VALUES.map(right.at), mixed = right.at(output);
    parts.push(
      label(say("values and output"), { class: "ink", x: second - 12, y: 14 }),
      ...right.parts,
      el(
        "g",
        hue("V", 4),
        el("path", { class: "area", d: `M${corners.map(([x, y]) => `${px(x)} ${px(y)}`).join("L")}z` }),
      ),
    );
    corners.forEach(([x, y], i) => {
      const shift: Place = [[8, -4], [8, 2], [-6, -10]][i] as [number, number];
      parts.push(el(
        "g",
        hue("V", 4),
        el("circle", { class: "mark", cx: x, cy: y, r: 2 + 8 * weights[i]! }),
        label(WORDS[i]!, { class: "name", x: x + shift[0], y: y + shift[1] }),
      ));
    });
    parts.push(
      arrow(right.at([0, 0]), mixed, hue("O", 5)),
      el("g", hue("O", 5), label(say("output"), { class: "name", x: mixed[0] + 7, y: mixed[1] + 4 })),
    );
    return { width, height: isNarrow ? top + size + 62 + 108 : top + size + 24, parts };
  },
};
