/**
 * # Trees of beginnings
 *
 * Each step of the search is a column. What the search went on with is joined by a full line, the rest by a faint one.
 *
 * @module
 */

import type { Figure, TreeNode } from "../../core/experiments.ts";
import { type Drawing, el, label, number, picture, px, shown, textWidth, tip } from "./svg.ts";

/** Distance of leaves. */
const ROW = 28;

/** Draws a tree from left to right. It may become wider than asked for. */
export function drawTree(figure: Figure & { readonly kind: "tree" }, drawing: Drawing): string {
  const children = new Map<number | undefined, TreeNode[]>();
  for (const node of figure.nodes) {
    const siblings = children.get(node.parent) ?? [];
    siblings.push(node);
    children.set(node.parent, siblings);
  }
  const places = new Map<number, { depth: number; y: number }>();
  const widths: number[] = [];
  let leaves = 0;
  const texts = (node: TreeNode): [string, string] => [
    shown(node.label),
    node.value === undefined ? "" : number(node.value, 3),
  ];
  const visit = (node: TreeNode, depth: number): number => {
    widths[depth] = Math.max(widths[depth] ?? 0, ...texts(node).map((text) => textWidth(text)));
    const ys = (children.get(node.id) ?? []).map((child) => visit(child, depth + 1));
    const y = ys.length === 0 ? 16 + ROW * leaves++ : (ys[0]! + ys.at(-1)!) / 2;
    places.set(node.id, { depth, y });
    return y;
  };
  for (const root of children.get(undefined) ?? []) visit(root, 0);
  const needed = widths.reduce((sum, width) => sum + width, 0) + 12;
  const gap = Math.max(26, Math.min(70, (drawing.width - needed) / Math.max(1, widths.length - 1)));
  const starts = widths.map((_, depth) => 6 + widths.slice(0, depth).reduce((sum, width) => sum + width + gap, 0));
  const width = Math.max(drawing.width, needed + gap * (widths.length - 1));
  const parts = figure.nodes.map((node) => {
    const { depth, y } = places.get(node.id)!, x = starts[depth]!;
    const [text, value] = texts(node),
      parent = node.parent === undefined ? undefined : figure.nodes.find(({ id }) => id === node.parent);
    let line = "";
    if (parent) {
      const from = places.get(parent.id)!,
        start = starts[from.depth]! + Math.max(...texts(parent).map((t) => textWidth(t))) + 4;
      const middle = starts[depth]! - 13;
      line = el("path", {
        class: "edge",
        d: `M${px(start)} ${px(from.y)}H${px(Math.max(start, middle - 12))}C${px(middle)} ${px(from.y)} ${px(middle)} ${
          px(y)
        } ${px(x - 4)} ${px(y)}`,
      });
    }
    return el(
      "g",
      { class: node.kept || depth === 0 ? "s1 kept" : "dropped" },
      tip(`${text}${value && `: ${value}`}${node.kept ? ", kept" : ""}`),
      line,
      label(text, { class: "name", x, y: y + (value ? -1 : 4) }),
      value ? label(value, { class: "value", x, y: y + 12 }) : "",
    );
  });
  const kept = figure.nodes.filter((node) => node.kept).length;
  const description = `${figure.nodes.length} beginnings in ${widths.length} steps; ${kept} were kept.`;
  return picture(
    { ...drawing, width },
    { kind: "tree", height: 12 + ROW * Math.max(1, leaves), title: figure.caption, description },
    ...parts,
  );
}
