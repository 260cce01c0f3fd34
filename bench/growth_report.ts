/**
 * The tables and the figure of `growth.ts`.
 *
 * @module
 */

/** One table: its first column is what grows. */
export interface Part {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

/** A part in Markdown. */
export function table({ title, columns, rows }: Part): string {
  const cell = (x: number, column: number): string => column === 0 || x >= 100 ? x.toFixed(0) : String(x);
  const lines = [columns, columns.map(() => "---:"), ...rows.map((row) => row.map(cell))];
  return [`### ${title}`, "", ...lines.map((cells) => `| ${cells.join(" | ")} |`), ""].join("\n");
}

/** The page `GROWTH.md`. */
export function report(machine: string, parts: Readonly<Record<string, Part>>): string {
  return [
    "# How time and memory grow",
    "",
    "Made by `deno run -A bench/growth.ts --write`. Both axes of the figure are",
    "logarithmic; the dotted lines double where the axis below them doubles.",
    "",
    `${machine}.`,
    "",
    "![Time and memory by length, width, batch and threads](growth.svg)",
    "",
    ...Object.values(parts).map(table),
  ].join("\n");
}

/** What a panel of the figure shows: columns of a part over its first one. */
interface Panel {
  readonly part: string;
  readonly title: string;
  readonly unit: string;
  readonly columns: readonly number[];
}

const PANELS: readonly Panel[] = [
  { part: "attention", title: "Attention, time by length", unit: "ms", columns: [1, 2] },
  { part: "attention", title: "Attention, memory by length", unit: "MiB", columns: [3, 4] },
  { part: "decode", title: "One more token, time by length", unit: "ms", columns: [2] },
  { part: "width", title: "Training step, time by width", unit: "ms", columns: [1] },
  { part: "batch", title: "Training step, time by batch", unit: "ms", columns: [1] },
  { part: "threads", title: "Training, speed by threads", unit: "tokens/s", columns: [2] },
];

const WIDTH = 340, HEIGHT = 220, LEFT = 46, RIGHT = 14, TOP = 44, BOTTOM = 26;

const STYLE = `text{font:11px system-ui,sans-serif;fill:#222}.t{font-weight:600}.g{stroke:#ddd}.d{stroke:#999;` +
  `stroke-dasharray:1 4}.l{fill:none;stroke-width:2}.s0{stroke:#0b62c4}.s1{stroke:#c4500b}.f0{fill:#0b62c4}` +
  `.f1{fill:#c4500b}@media(prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}.s0{stroke:#6fb1ff}` +
  `.s1{stroke:#ffa066}.f0{fill:#6fb1ff}.f1{fill:#ffa066}}`;

const fixed = (x: number): string => String(Number(x.toFixed(1)));

/** Round numbers that a logarithmic axis names: 1, 2 or 5 times a power of ten, or powers of ten alone if it is long. */
function ticks(low: number, high: number): number[] {
  const found: number[] = [], steps = high / low > 100 ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    found.push(...steps.map((step) => step * 10 ** power).filter((x) => x >= low * 0.999 && x <= high * 1.001));
  }
  return found;
}

function panel({ title, unit, columns }: Panel, { columns: names, rows }: Part): string {
  const xs = rows.map((row) => row[0]!), all = rows.flatMap((row) => columns.map((column) => row[column]!));
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [Math.min(...all) / 1.3, Math.max(...all) * 1.3];
  const across = (x: number): number => LEFT + (WIDTH - LEFT - RIGHT) * Math.log(x / x0) / (Math.log(x1 / x0) || 1);
  const up = (y: number): number => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * Math.log(y / y0) / Math.log(y1 / y0);
  const parts = [`<text class="t" x="${LEFT}" y="16">${title}, ${unit}</text>`];
  for (const y of ticks(y0, y1)) {
    const at = fixed(up(y));
    parts.push(`<path class="g" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/>`);
    parts.push(`<text x="${LEFT - 5}" y="${fixed(up(y) + 4)}" text-anchor="end">${y.toLocaleString("en")}</text>`);
  }
  for (const x of xs) {
    parts.push(`<text x="${fixed(across(x))}" y="${HEIGHT - 9}" text-anchor="middle">${x}</text>`);
  }
  // Proportional growth from the first point of the first column, as far as the panel reaches.
  const first = rows[0]![columns[0]!]!, end = Math.min(x1, x0 * y1 / first);
  parts.push(
    `<path class="d" d="M${fixed(across(x0))} ${fixed(up(first))}L${fixed(across(end))} ${
      fixed(up(first * end / x0))
    }"/>`,
  );
  columns.forEach((column, i) => {
    const points = rows.map((row) => [fixed(across(row[0]!)), fixed(up(row[column]!))] as const);
    parts.push(`<path class="l s${i}" d="M${points.map((point) => point.join(" ")).join("L")}"/>`);
    for (const [x, y] of points) parts.push(`<circle class="f${i}" cx="${x}" cy="${y}" r="2.5"/>`);
    if (columns.length > 1) {
      const x = LEFT + i * 165;
      parts.push(
        `<circle class="f${i}" cx="${x + 4}" cy="28" r="4"/><text x="${x + 12}" y="32">${names[column]}</text>`,
      );
    }
  });
  return parts.join("\n");
}

/** The figure: one panel for each relation, both axes logarithmic. */
export function drawing(parts: Readonly<Record<string, Part>>): string {
  const panels = PANELS.filter(({ part }) => (parts[part]?.rows.length ?? 0) > 1);
  const height = HEIGHT * Math.ceil(panels.length / 2);
  const drawn = panels.map((each, i) =>
    `<g transform="translate(${WIDTH * (i % 2)} ${HEIGHT * Math.floor(i / 2)})">\n${
      panel(each, parts[each.part]!)
    }\n</g>`
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${height}" width="${
      2 * WIDTH
    }" height="${height}">`,
    `<style>${STYLE}</style>`,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}
