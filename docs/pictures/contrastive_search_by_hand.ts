/**
 * # Hidden states as arrows
 *
 * The states of the text so far and those of two candidates, in the plane: the example of contrastive search.
 *
 * @module
 */

import { degenerationPenalty } from "../../core/07_generation/contrastive_search.ts";
import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

const PAST = [[1, 0], [0, 2]] as const;
const CANDIDATES = [{ name: "first candidate", state: [3, 0] }, { name: "second candidate", state: [1, 1] }] as const;

/** The penalty of each candidate. */
type Penalties = readonly number[];

/** The picture. */
export const picture: Picture<Penalties> = {
  alternative: (penalties, say) =>
    `${say("Arrows in the plane.")} ${say("the text so far")}: ${
      PAST.map((state) => `(${state.join(", ")})`).join(", ")
    }. ` +
    CANDIDATES.map(({ name, state }, i) =>
      `${say(name)}: (${state.join(", ")}), ${say("penalty")} ${penalties[i]!.toFixed(3)}.`
    ).join(" "),
  measure: () => CANDIDATES.map(({ state }) => degenerationPenalty(state, PAST)),
  draw: ({ width, say }, penalties) => {
    const unit = width < 500 ? 52 : 70, left = 24, base = 2 * unit + 26, parts: string[] = [];
    const at = ([x, y]: readonly [number, number]): [number, number] => [left + x * unit, base - y * unit];
    const arrow = (state: readonly [number, number], attributes: Record<string, string | number>, shift = 0): void => {
      const [x, y] = at(state), long = Math.hypot(state[0], state[1]), [dx, dy] = [state[0] / long, -state[1] / long];
      const [sx, sy] = [-dy * shift, dx * shift];
      parts.push(el("path", {
        fill: "none",
        stroke: "currentColor",
        ...attributes,
        d: `M${px(left + sx)} ${px(base + sy)}L${px(x + sx)} ${px(y + sy)}M${px(x + sx - 8 * dx - 4 * dy)} ${
          px(y + sy - 8 * dy + 4 * dx)
        }L${px(x + sx)} ${px(y + sy)}L${px(x + sx - 8 * dx + 4 * dy)} ${px(y + sy - 8 * dy - 4 * dx)}`,
      }));
    };
    parts.push(el("path", { class: "rule", d: `M${left} ${px(base)}H${px(left + 3.2 * unit)}M${left} ${px(base)}V8` }));
    PAST.forEach((state) => arrow(state, { class: "s2", "stroke-width": 3 }));
    arrow(CANDIDATES[0].state, { class: "c1", "stroke-width": 1.6 }, -5);
    arrow(CANDIDATES[1].state, { class: "c5", "stroke-width": 1.6 });
    const [x1, y1] = at([1.35, 0]), [x2, y2] = at([1, 1]), [x3, y3] = at([0, 2]);
    parts.push(
      label(say("the text so far"), { class: "small", x: x3 + 8, y: y3 + 6 }),
      label(`${say("first candidate")}, ${say("penalty")} ${penalties[0]!.toFixed(3)}`, {
        class: "ink",
        x: x1,
        y: y1 - 12,
      }),
      label(`${say("second candidate")}, ${say("penalty")} ${penalties[1]!.toFixed(3)}`, {
        class: "ink",
        x: x2 + 8,
        y: y2 - 2,
      }),
      label("0", { class: "axis", x: left - 12, y: base + 4 }),
    );
    return { width: Math.min(width, left + 3.2 * unit + 90), height: base + 14, parts };
  },
};
