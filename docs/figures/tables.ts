/**
 * # Every figure is also a table
 *
 * For those who listen, who copy numbers, or who do not trust colours.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { headName } from "./attention.ts";
import { escape, number, shown } from "./svg.ts";

/** Numbers and words in columns. */
export interface Table {
  /** Stands above, where a figure has several. */
  readonly title?: string;
  /** Whether each cell carries the head of its column, for where a row is a list. */
  readonly isWide?: boolean;
  /** Heads of the columns. */
  readonly columns: readonly string[];
  /** An empty text stands where there is no number. */
  readonly rows: readonly (readonly (number | string)[])[];
}

/** More cells than this are summed up in the page; a download has them all. */
const MAX_CELLS = 1500;

function matrix(
  rows: readonly string[],
  columns: readonly string[],
  values: readonly (readonly number[])[],
  title?: string,
): Table {
  const cells = rows.map((name, r) => [shown(name), ...values[r]!]);
  return { ...title === undefined ? {} : { title }, columns: ["", ...columns.map(shown)], rows: cells };
}

/** A large matrix as the largest entry and the mean of each row. */
function summary(
  rows: readonly string[],
  columns: readonly string[],
  values: readonly (readonly number[])[],
  title?: string,
): Table {
  if (rows.length * columns.length <= MAX_CELLS) return matrix(rows, columns, values, title);
  const every = Math.ceil(rows.length / 64);
  const kept = rows.flatMap((name, r) => {
    if (r % every !== 0) return [];
    const row = values[r]!, best = row.indexOf(Math.max(...row));
    return [[shown(name), shown(columns[best]!), row[best]!, row.reduce((sum, x) => sum + x, 0) / row.length]];
  });
  return { ...title === undefined ? {} : { title }, columns: ["", "largest at", "largest", "mean"], rows: kept };
}

/**
 * The numbers of a figure.
 *
 * @param figure which
 * @param whole all of them, however many
 */
export function tablesOf(figure: Figure, whole = false): Table[] {
  const grid = whole ? matrix : summary;
  switch (figure.kind) {
    case "line": {
      const xs = [...new Set(figure.series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
      const every = whole ? 1 : Math.ceil(xs.length / 100);
      // A line with a band has three columns: its points, and both edges.
      const columns = figure.series.flatMap(({ label, points, ranges }) => [
        { label, at: new Map(points) },
        ...ranges
          ? (["lowest", "highest"] as const).map((end, side) => ({
            label: `${label}, ${end}`,
            at: new Map(points.map(([x], i) => [x, ranges[i]![side]!])),
          }))
          : [],
      ]);
      const rows = xs.filter((_, i) => i % every === 0 || i === xs.length - 1);
      return [{
        columns: [figure.x.title, ...columns.map(({ label }) => label)],
        rows: rows.map((x) => [x, ...columns.map(({ at }) => at.get(x) ?? "")]),
      }];
    }
    case "scatter": {
      const named = figure.series.some(({ names }) => names);
      const rows = figure.series.flatMap(({ label, points, names }) =>
        points.map(([x, y], i) => [label, ...named ? [names?.[i] ?? ""] : [], x, y])
      );
      const every = whole ? 1 : Math.ceil(rows.length / 200);
      return [{
        columns: ["series", ...named ? ["name"] : [], figure.x.title, figure.y.title],
        rows: rows.filter((_, i) => i % every === 0),
      }];
    }
    case "bars": {
      const grouped = figure.bars.some(({ group }) => group !== undefined);
      const ranged = figure.bars.some(({ range }) => range !== undefined);
      return [{
        columns: [...grouped ? ["group"] : [], "", figure.y.title, ...ranged ? ["lowest", "highest"] : []],
        rows: figure.bars.map(({ label, group, value, range }) => [
          ...grouped ? [group ?? ""] : [],
          label,
          value,
          ...ranged ? range ?? ["", ""] : [],
        ]),
      }];
    }
    case "heatMap":
      return [grid(figure.rows, figure.columns, figure.values)];
    case "attention":
      return figure.weights.map((weights, h) => grid(figure.from, figure.to, weights, headName(figure, h)));
    case "histogram":
      return [{
        columns: ["", `${figure.x.title}, from`, "to", "count"],
        rows: figure.series.flatMap(({ label, edges, counts }) =>
          counts.map((count, i) => [label, edges[i]!, edges[i + 1]!, count])
        ),
      }];
    case "tree": {
      const labels = new Map(figure.nodes.map((node) => [node.id, node]));
      const path = (id: number | undefined): string => {
        const node = id === undefined ? undefined : labels.get(id);
        return node ? `${path(node.parent)} ${shown(node.label)}`.trim() : "";
      };
      const hasBest = figure.nodes.some(({ best }) => best);
      return [{
        columns: ["prefix", "value", "kept", ...hasBest ? ["best"] : []],
        rows: figure.nodes.map((node) => [
          path(node.id),
          node.value ?? "",
          node.kept ? "yes" : "",
          ...hasBest ? [node.best ? "yes" : ""] : [],
        ]),
      }];
    }
    case "table":
      return [{ ...figure.isWide && { isWide: true }, columns: figure.columns, rows: figure.rows }];
    case "tokens":
      return [{
        columns: ["", "token", "value"],
        rows: figure.rows.flatMap(({ label, tokens }) =>
          tokens.map(({ text, value }) => [label ?? "", shown(text), value ?? ""])
        ),
      }];
    case "text":
      return [];
  }
}

/** What is right-aligned: numbers, shares that are written out, and the space of what is missing. */
const isNumeric = (cell: number | string | undefined): boolean =>
  typeof cell === "number" || /^(?:[−\d.\u202f]+%?)?$/.test(cell ?? "");

/** A table as HTML; columns of numbers are set flush right. */
export function tableHtml({ title, isWide = false, columns, rows }: Table): string {
  const right = columns.map((_, c) => rows.some((row) => row[c] !== "") && rows.every((row) => isNumeric(row[c])));
  const side = (c: number): string => right[c] ? ' class="n"' : "";
  // Most cells are numbers: those that are not have the mark.
  const kind = (c: number): string => right[c] ? "" : ' class="t"';
  const named = (c: number): string => isWide ? ` data-head="${escape(columns[c]!)}"` : "";
  const head = columns.map((text, c) => `<th scope="col"${side(c)}>${escape(text)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((cell, c) => {
      const text = typeof cell === "number" ? number(cell) : escape(cell);
      return c === 0 && !right[0] ? `<th scope="row">${text}</th>` : `<td${kind(c)}${named(c)}>${text}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const caption = title === undefined ? "" : `<caption>${escape(title)}</caption>`;
  return `<table>${caption}<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

/** A table as comma-separated values. */
export function tableCsv({ title, columns, rows }: Table): string {
  const cell = (x: number | string): string => {
    const text = String(x);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows].map((row) => row.map(cell).join(","));
  return `${[...title === undefined ? [] : [cell(title)], ...lines].join("\n")}\n`;
}
