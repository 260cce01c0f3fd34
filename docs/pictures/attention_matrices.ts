/**
 * # Attention as matrices
 *
 * Queries times keys are scores; their softmax, row by row, times values is the output.
 *
 * @module
 */

import { plainAttention } from "../../core/04_attention/scaled_dot_product.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { tensor } from "../../core/engine/create.ts";
import { readMatrix } from "../../core/experiments/reading.ts";
import { el, label, textWidth, tint } from "../figures/svg.ts";
import { matrix } from "../figures/vectors.ts";
import type { Picture } from "../picture.ts";

const WORDS = ["我", "喜欢", "苹果"];
const QUERIES = [[0, 1], [1, 0], [1, 1]], KEYS = [[0, 1], [2, 1], [2, 0]], VALUES = [[1, 0], [0, 2], [2, 1]];

type Rows = readonly (readonly number[])[];

/** What the library finds. */
interface Found {
  readonly scores: Rows;
  readonly weights: Rows;
  readonly output: Rows;
}

const transposed = (rows: Rows): Rows => rows[0]!.map((_, j) => rows.map((row) => row[j]!));

/** The picture. */
export const picture: Picture<Found> = {
  alternative: ({ weights, output }, say) =>
    `${say("Two lines of matrices: queries times keys give scores, weights times values give the output.")} A = ${
      weights.map((row) => `[${row.map((x) => x.toFixed(2)).join(" ")}]`).join(" ")
    }, O = ${output.map((row) => `[${row.map((x) => x.toFixed(2)).join(" ")}]`).join(" ")}`,
  measure: async () => {
    const query = tensor(QUERIES), key = tensor(KEYS), value = tensor(VALUES);
    const scores = query.matmul(key.transpose(0, 1)).mul(1 / Math.SQRT2);
    return {
      scores: await readMatrix(scores),
      weights: await readMatrix(softmax(scores)),
      output: await readMatrix(plainAttention(query, key, value)),
    };
  },
  draw: (canvas, { scores, weights, output }) => {
    const { width } = canvas, w = width < 500 ? 28 : 52, h = 24, start = 36, parts: string[] = [];
    const between = width < 500 ? 24 : 46, whole = (x: number) => String(x), short = (x: number) => x.toFixed(2);
    const draw = (
      symbol: string,
      shown: string,
      shape: string,
      rows: Rows,
      [x, y]: readonly [number, number],
      write: (x: number) => string,
      shade?: (x: number) => number,
    ): number => {
      const color = tint(canvas, symbol, 0), isKey = symbol === "K";
      parts.push(
        el(
          "g",
          color,
          el("text", { class: "name", x, y: y - (isKey ? 26 : 10), style: "font-style:italic" }, shown),
        ),
        label(shape, { class: "small", x: x + textWidth(shown) + 8, y: y - (isKey ? 26 : 10) }),
        matrix([x, y], rows, {
          cell: [w, h],
          write,
          color,
          ...(shade && { shade }),
          ...(symbol !== "K" && symbol !== "V" && { framed: 2 }),
        }),
      );
      return x + rows[0]!.length * w;
    };
    const sign = (text: string, x: number, y: number): void => {
      parts.push(label(text, { class: "ink", x: x + between / 2 - 1, y, "text-anchor": "middle" }));
    };
    const words = (x: number, y: number): void => {
      WORDS.forEach((word, i) => parts.push(label(word, { x: x - 8, y: y + (i + 0.5) * h + 3, "text-anchor": "end" })));
    };

    // Queries times keys.
    const first = 56, middle = first + 1.5 * h + 3;
    words(start, first);
    let x = draw("Q", "Q", "[T, D]", QUERIES, [start, first], whole);
    sign("·", x, middle);
    x += between;
    WORDS.forEach((word, i) =>
      parts.push(label(word, { class: "small", x: x + (i + 0.5) * w - 1, y: first - 8, "text-anchor": "middle" }))
    );
    const end = draw("K", "Kᵀ", "[D, S]", transposed(KEYS), [x, first], whole);
    sign("/√2 =", end + 2, middle);
    draw("Z", "Z", "[T, S]", scores, [end + between + 4, first], short);

    // Weights times values.
    const second = first + 3 * h + 46;
    words(start, second);
    x = draw("A", "A = softmax(Z)", "", weights, [start, second], short, (weight) => weight);
    sign("·", x, second + 1.5 * h + 3);
    x = draw("V", "V", "[S, W]", VALUES, [x + between, second], whole);
    sign("=", x, second + 1.5 * h + 3);
    x = draw("O", "O", "[T, W]", output, [x + between, second], short);
    return { width: Math.max(x, end + between + 4 + 3 * w) + 4, height: second + 3 * h + 6, parts };
  },
};
