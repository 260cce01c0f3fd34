/**
 * # Three automata of one expression
 *
 * `ab|ac` as Thompson's construction has it, as sets of its states, and after states that accept the same are joined.
 *
 * @module
 */

import { el, label, px } from "../figures/svg.ts";
import type { Picture } from "../picture.ts";

/** A state: its name, where it stands, and whether a text may end there. */
interface State {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly accepts?: boolean;
}

/** An automaton; an edge without a symbol reads nothing. */
interface Drawn {
  readonly title: string;
  readonly states: readonly State[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly symbol: string }[];
  readonly rows: number;
}

const AUTOMATA: readonly Drawn[] = [
  {
    title: "Thompson's construction",
    rows: 2,
    states: [
      { name: "0", x: 0, y: 0.5 },
      { name: "1", x: 1, y: 0 },
      { name: "2", x: 2, y: 0 },
      { name: "3", x: 3, y: 0 },
      { name: "4", x: 1, y: 1 },
      { name: "5", x: 2, y: 1 },
      { name: "6", x: 3, y: 1 },
      { name: "7", x: 4, y: 0.5, accepts: true },
    ],
    edges: [
      { from: 0, to: 1, symbol: "" },
      { from: 0, to: 4, symbol: "" },
      { from: 1, to: 2, symbol: "a" },
      { from: 2, to: 3, symbol: "b" },
      { from: 4, to: 5, symbol: "a" },
      { from: 5, to: 6, symbol: "c" },
      { from: 3, to: 7, symbol: "" },
      { from: 6, to: 7, symbol: "" },
    ],
  },
  {
    title: "sets of its states",
    rows: 2,
    states: [
      { name: "0 1 4", x: 0, y: 0.5 },
      { name: "2 5", x: 1.5, y: 0.5 },
      { name: "3 7", x: 3, y: 0, accepts: true },
      { name: "6 7", x: 3, y: 1, accepts: true },
    ],
    edges: [
      { from: 0, to: 1, symbol: "a" },
      { from: 1, to: 2, symbol: "b" },
      { from: 1, to: 3, symbol: "c" },
    ],
  },
  {
    title: "after minimization",
    rows: 1,
    states: [
      { name: "", x: 0, y: 0 },
      { name: "", x: 1.5, y: 0 },
      { name: "", x: 3, y: 0, accepts: true },
    ],
    edges: [
      { from: 0, to: 1, symbol: "a" },
      { from: 1, to: 2, symbol: "b, c" },
    ],
  },
];

const RADIUS = 15, ROW = 46;

/** The picture. */
export const picture: Picture = {
  alternative: (_, say) =>
    AUTOMATA.map(({ title, states, edges }) =>
      `${say(title)}: ${
        edges.map(({ from, to, symbol }) =>
          `${states[from]!.name || from} ${symbol === "" ? "→" : `–${symbol}→`} ${states[to]!.name || to}`
        ).join(", ")
      }.`
    ).join(" "),
  draw: ({ width, say }) => {
    const wide = Math.min(width, 460), step = (wide - 2 * RADIUS - 10) / 4, parts: string[] = [];
    let top = 0;
    for (const { title, states, edges, rows } of AUTOMATA) {
      parts.push(label(say(title), { class: "axis", x: 0, y: top + 12 }));
      const place = ({ x, y }: State): [number, number] => [RADIUS + 3 + x * step, top + 20 + RADIUS + y * ROW];
      for (const { from, to, symbol } of edges) {
        const [x1, y1] = place(states[from]!), [x2, y2] = place(states[to]!), long = Math.hypot(x2 - x1, y2 - y1);
        const [dx, dy] = [(x2 - x1) / long, (y2 - y1) / long];
        const [ax, ay] = [x1 + dx * RADIUS, y1 + dy * RADIUS],
          [bx, by] = [x2 - dx * (RADIUS + 2), y2 - dy * (RADIUS + 2)];
        parts.push(
          el("path", {
            class: "flow",
            d: `M${px(ax)} ${px(ay)}L${px(bx)} ${px(by)}M${px(bx - 6 * dx - 4 * dy)} ${px(by - 6 * dy + 4 * dx)}L${
              px(bx)
            } ${px(by)}L${px(bx - 6 * dx + 4 * dy)} ${px(by - 6 * dy - 4 * dx)}`,
            ...symbol === "" ? { "stroke-dasharray": "3 3" } : {},
          }),
          symbol === ""
            ? ""
            : label(symbol, { class: "ink", x: (ax + bx) / 2, y: (ay + by) / 2 - 5, "text-anchor": "middle" }),
        );
      }
      for (const state of states) {
        const [cx, cy] = place(state);
        parts.push(
          el("circle", { class: "cell", cx, cy, r: RADIUS }),
          state.accepts ? el("circle", { class: "flow", cx, cy, r: RADIUS - 3 }) : "",
          label(state.name, { class: "small", x: cx, y: cy + 4, "text-anchor": "middle" }),
        );
      }
      top += 20 + 2 * RADIUS + (rows - 1) * ROW + 16;
    }
    return { width: wide, height: top - 8, parts };
  },
};
