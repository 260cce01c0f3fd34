/**
 * # Figures on the terminal
 *
 * Every kind of picture as text: curves as columns of numbers, bars as bars, matrices in shades, trees as
 * indented branches.
 *
 * @module
 */

import { withStatementNumbers } from "../contents.ts";
import type { Figure, Series, TreeNode } from "../experiments/figure.ts";
import { displayWidth, padEnd, padStart } from "../engine/printing.ts";
import { bar, fit } from "../host/terminal.ts";
import { shade } from "./terminal.ts";

/** Columns that a figure may take. */
const WIDTH = 100;

/** Rows of a curve that are printed; of longer ones, every few points. */
const MAX_ROWS = 25;

/** A number with four significant digits. */
export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const short = Number(value.toPrecision(4));
  return Math.abs(short) >= 1e-4 && Math.abs(short) < 1e9 || short === 0 ? String(short) : value.toExponential(2);
}

/** The lines of a table; columns of numbers are right-aligned. */
export function tableLines(columns: readonly string[], rows: readonly (readonly (number | string)[])[]): string[] {
  const cells = [columns, ...rows.map((row) => row.map((x) => typeof x === "number" ? number(x) : x))];
  const widths = columns.map((_, c) => Math.max(...cells.map((row) => displayWidth(row[c] ?? ""))));
  const right = columns.map((_, c) => rows.every((row) => typeof row[c] === "number" || row[c] === ""));
  return cells.map((row) =>
    row.map((cell, c) => right[c] ? padStart(cell, widths[c]!) : padEnd(cell, widths[c]!)).join("  ").trimEnd()
  );
}

/** Every few of some items, the last one included. */
function thinned<T>(items: readonly T[], most: number): readonly T[] {
  const step = Math.ceil(items.length / most);
  return items.filter((_, i) => i % step === 0 || i === items.length - 1);
}

/** Curves over one axis: a row for each x, a column for each curve. */
function curveLines(xTitle: string, series: readonly Series[]): string[] {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const values = series.flatMap(({ points, ranges }): ReadonlyMap<number, number | string>[] => [
    new Map(points),
    ...ranges ? [new Map(points.map(([x], i) => [x, ranges[i]!.map(number).join(" … ")]))] : [],
  ]);
  const rows = thinned(xs, MAX_ROWS).map((x) => [x, ...values.map((curve) => curve.get(x) ?? "")]);
  return tableLines([xTitle, ...series.flatMap(({ label, ranges }) => ranges ? [label, "range"] : [label])], rows);
}

/** Named points: a row for each. */
function pointLines(x: string, y: string, series: readonly Series[]): string[] {
  const rows = series.flatMap(({ label, points, names }) =>
    thinned(points.map(([x, y], i) => [label, names?.[i] ?? "", x, y]), MAX_ROWS)
  );
  return tableLines(["", "", x, y], rows);
}

/** Bars with their labels before and their values after them. */
function barLines(
  rows: readonly { readonly label: string; readonly value: number; readonly range?: readonly [number, number] }[],
): string[] {
  const most = Math.max(...rows.map(({ value }) => Math.abs(value))) || 1;
  const widest = Math.min(40, Math.max(...rows.map(({ label }) => displayWidth(label))));
  return rows.map(({ label, value, range }) => {
    const found = range ? `${number(value)}  ${number(range[0])} … ${number(range[1])}` : number(value);
    return `${padEnd(fit(label, widest), widest)}  ${value < 0 ? "−" : " "}${bar(Math.abs(value) / most, 40)} ${found}`;
  });
}

/** Means of blocks of a matrix, so that it has at most a number of columns and rows. */
function shrunk(values: readonly (readonly number[])[], most: number): { values: number[][]; step: number } {
  const step = Math.max(1, Math.ceil(Math.max(values.length, values[0]?.length ?? 0) / most));
  const small: number[][] = [];
  for (let r = 0; r < values.length; r += step) {
    const row: number[] = [];
    for (let c = 0; c < values[0]!.length; c += step) {
      const block = values.slice(r, r + step).flatMap((line) => line.slice(c, c + step));
      row.push(block.reduce((sum, x) => sum + x, 0) / block.length);
    }
    small.push(row);
  }
  return { values: small, step };
}

/** A matrix in shades from the lowest value to the highest, or by absolute value if it has both signs. */
function matrixLines(
  rows: readonly string[],
  columns: readonly string[],
  matrix: readonly (readonly number[])[],
  domain?: readonly [number, number],
): string[] {
  const { values, step } = shrunk(matrix, 48);
  const all = values.flat();
  const low = domain?.[0] ?? Math.min(...all), high = domain?.[1] ?? Math.max(...all);
  const both = low < 0 && high > 0;
  const share = (x: number): number =>
    both ? Math.abs(x) / Math.max(-low, high) : high > low ? (x - low) / (high - low) : 0;
  const every = (labels: readonly string[]): string[] => labels.filter((_, i) => i % step === 0);
  const side = every(rows), top = every(columns);
  const cell = Math.max(2, Math.min(8, Math.floor((WIDTH - 20) / top.length) - 1));
  const left = Math.min(18, Math.max(...side.map(displayWidth)));
  const lines = [`${" ".repeat(left)}  ${top.map((text) => padEnd(fit(text, cell), cell)).join(" ")}`.trimEnd()];
  side.forEach((text, r) => {
    const cells = values[r]!.map((x) =>
      both && x < 0 ? padEnd(`−${shade(share(x))}`, cell) : shade(share(x)).repeat(cell)
    );
    lines.push(`${padStart(fit(text, left), left)}  ${cells.join(" ")}`.trimEnd());
  });
  const scale = both ? `− marks negative values; darkest at ±${number(Math.max(-low, high))}` : "";
  lines.push(both ? scale : `blank is ${number(low)}, darkest ${number(high)}`);
  if (step > 1) lines.push(`each cell is the mean of ${step}×${step}`);
  return lines;
}

/** A tree, one node to a line, children indented; what the search kept has a mark. */
function treeLines(nodes: readonly TreeNode[]): string[] {
  const lines: string[] = [];
  const visit = (node: TreeNode, before: string, isLast: boolean, isRoot: boolean): void => {
    const branch = isRoot ? "" : isLast ? "└─ " : "├─ ";
    const value = node.value === undefined ? "" : `  ${number(node.value)}`;
    lines.push(`${before}${branch}${node.label || "∅"}${value}${node.kept ? "  ✓" : ""}`);
    const children = nodes.filter(({ parent }) => parent === node.id);
    children.forEach((child, i) => {
      visit(child, isRoot ? before : `${before}${isLast ? "   " : "│  "}`, i === children.length - 1, false);
    });
  };
  for (const root of nodes) if (root.parent === undefined) visit(root, "", true, true);
  return lines;
}

/** Tokens with their values below them, in as many lines as they need. */
function tokenLines(tokens: readonly { readonly text: string; readonly value?: number }[]): string[] {
  const lines: string[] = [];
  let above = "", below = "";
  const flush = (): void => {
    if (above !== "") lines.push(above.trimEnd(), below.trimEnd());
    above = below = "";
  };
  for (const { text, value } of tokens) {
    const shown = text.replaceAll("\n", "⏎").replaceAll(" ", "·") || "∅";
    const under = value === undefined ? "" : number(Number(value.toPrecision(2)));
    const width = Math.max(displayWidth(shown), under.length) + 1;
    if (displayWidth(above) + width > WIDTH) flush();
    above += padEnd(shown, width);
    below += padEnd(under, width);
  }
  flush();
  return lines.filter((line) => line !== "");
}

/**
 * A figure as lines of text, its caption last.
 *
 * @param figure what to print
 * @returns lines without line breaks
 */
export function figureLines(figure: Figure): string[] {
  return [...pictureLines(figure), ...wrapped(withStatementNumbers(figure.caption))];
}

/** A sentence in lines, broken between words. */
export function wrapped(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (displayWidth(longer) > WIDTH && lines.at(-1) !== "") lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function pictureLines(figure: Figure): string[] {
  switch (figure.kind) {
    case "line":
      return [figure.y.title, ...curveLines(figure.x.title, figure.series)];
    case "scatter":
      return pointLines(figure.x.title, figure.y.title, figure.series);
    case "bars": {
      const groups = new Set(figure.bars.map(({ group }) => group));
      const lines = [...groups].flatMap((group) => [
        ...group === undefined ? [] : [group],
        ...barLines(figure.bars.filter((one) => one.group === group)),
      ]);
      return [figure.y.title, ...lines];
    }
    case "heatMap":
      return matrixLines(figure.rows, figure.columns, figure.values, figure.domain);
    case "attention":
      return figure.weights.flatMap((weights, h) => [
        figure.heads?.[h] ?? `head ${h + 1}`,
        ...matrixLines(figure.from, figure.to, weights, [0, 1]),
      ]);
    case "histogram":
      return figure.series.flatMap(({ label, edges, counts }) => [
        `${label}: ${figure.x.title}`,
        ...barLines(counts.map((value, i) => ({ label: `${number(edges[i]!)} – ${number(edges[i + 1]!)}`, value }))),
      ]);
    case "tree":
      return treeLines(figure.nodes);
    case "table":
      return tableLines(figure.columns, figure.rows);
    case "tokens":
      return figure.rows.flatMap(({ label, tokens }) => [...label === undefined ? [] : [label], ...tokenLines(tokens)]);
    case "text":
      return figure.text.split("\n");
  }
}
