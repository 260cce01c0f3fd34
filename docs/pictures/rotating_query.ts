/**
 * # A query and a key that turn
 *
 * One pair of coordinates of a query and a key at three pairs of positions, turned by the library, with their scores.
 *
 * @module
 */

import { linearScaling } from "../../core/04_attention/positions/rotary_scaling.ts";
import { applyRotary, rotaryAngles } from "../../core/04_attention/positions/rotary.ts";
import { tensor } from "../../core/engine/create.ts";
import { el, label, px } from "../figures/svg.ts";
import { arrow, type Place } from "../figures/vectors.ts";
import type { Picture } from "../picture.ts";

/** Positions of query and key. */
const PAIRS = [[1, 3], [4, 6], [4, 8]] as const;
/** Where query and key point at position 0, in radians, and how far a position turns them. */
const QUERY = 0.1, KEY = 0.7, FREQUENCY = 1 / 3;

type Vector = readonly [number, number];

/** Both vectors at their positions. */
interface Turned {
  readonly query: Vector;
  readonly key: Vector;
  readonly score: number;
}

async function turned(angle: number, position: number): Promise<Vector> {
  const scaling = linearScaling({ factor: 1 / FREQUENCY });
  const { cosine, sine } = rotaryAngles(1, 2, { start: position, scaling });
  const [x, y] = await applyRotary(tensor([[[[Math.cos(angle), Math.sin(angle)]]]]), cosine, sine).read();
  return [x!, y!];
}

/** The picture. */
export const picture: Picture<readonly Turned[]> = {
  alternative: (found, say) =>
    `${say("Three circles, each with a query and a key as arrows that turn with their positions.")} ` +
    found.map(({ score }, i) => `q ${PAIRS[i]![0]}, k ${PAIRS[i]![1]}: ${score.toFixed(2)}.`).join(" "),
  measure: () =>
    Promise.all(PAIRS.map(async ([p, s]) => {
      const query = await turned(QUERY, p), key = await turned(KEY, s);
      return { query, key, score: query[0] * key[0] + query[1] * key[1] };
    })),
  draw: ({ width, say }, found) => {
    const gap = width < 500 ? 6 : 22, size = (width - 2 * gap) / 3, radius = size / 2 - (width < 500 ? 10 : 18);
    const parts: string[] = [], top = 8;
    found.forEach(({ query, key, score }, i) => {
      const [p, s] = PAIRS[i]!, cx = i * (size + gap) + size / 2, cy = top + radius + 12;
      const at = ([x, y]: Vector, r = radius): Place => [cx + r * x, cy - r * y];
      const to = (angle: number, r: number): Place => at([Math.cos(angle), Math.sin(angle)], r);
      const from = QUERY + p * FREQUENCY, end = KEY + s * FREQUENCY;
      const arc = (r: number, a: number, b: number): string => {
        const [x0, y0] = to(a, r), [x1, y1] = to(b, r);
        return `M${px(x0)} ${px(y0)}A${px(r)} ${px(r)} 0 ${b - a > Math.PI ? 1 : 0} 0 ${px(x1)} ${px(y1)}`;
      };
      const first = (text: string, angle: number): string => {
        const [x, y] = to(angle, 0.8 * radius);
        return label(text, { class: "small", x, y: y + 4, "text-anchor": "middle" });
      };
      const name = (text: string, vector: Vector, color: string): string => {
        const [x, y] = at(vector, radius + 10);
        return el("g", { class: color }, label(text, { class: "name", x, y: y + 4, "text-anchor": "middle" }));
      };
      parts.push(
        el("circle", { class: "frame", cx, cy, r: radius }),
        arrow([cx, cy], to(QUERY, radius), { class: "s3", opacity: 0.55 }),
        arrow([cx, cy], to(KEY, radius), { class: "s3", opacity: 0.55 }),
        el("path", { class: "area s2", d: `${arc(0.28 * radius, from, end)}L${px(cx)} ${px(cy)}z` }),
        arrow([cx, cy], at(query), { class: "c1" }),
        arrow([cx, cy], at(key), { class: "c2" }),
        first("q₀", QUERY - 0.2),
        first("k₀", KEY + 0.2),
        name("q", query, "c1"),
        name("k", key, "c2"),
        label(`${say("q at")} ${p}, ${say("k at")} ${s}`, {
          class: "ink",
          x: cx,
          y: cy + radius + 30,
          "text-anchor": "middle",
        }),
        label(`${say("distance")} ${s - p}`, { class: "ink", x: cx, y: cy + radius + 46, "text-anchor": "middle" }),
        label(`${say("score")} ${score.toFixed(2).replace("-", "−")}`, {
          x: cx,
          y: cy + radius + 64,
          "text-anchor": "middle",
        }),
      );
    });
    return { width, height: top + 2 * radius + 82, parts };
  },
};
