/**
 * The results file, and the tables made from it.
 *
 * @module
 */

import type { Machine } from "./machine.ts";
import { type Absence, type Lane, samplesOf } from "./measure.ts";
import { amountOf, type Workload, workloads } from "./workloads.ts";

/** A figure, or why there is none. */
export interface Row {
  readonly workload: string;
  readonly threads: number;
  readonly peer: string;
  readonly kind: "heed" | "javascript" | "native";
  readonly variant?: string;
  /** Median over all passes, in the workload's unit; more is better. */
  readonly value?: number;
  /** The 10th and 90th percentile. */
  readonly spread?: readonly [number, number];
  /** The median of each pass. */
  readonly passes?: readonly number[];
  /** Milliseconds of the median call. */
  readonly milliseconds?: number;
  /** Relative error against float64. */
  readonly error?: number;
  /** Slices taken, and how many of them were undisturbed. */
  readonly slices?: number;
  readonly quiet?: number;
  /** Whether too few were undisturbed: all of them count then. */
  readonly noisy?: boolean;
  /** Why there is no figure. */
  readonly absent?: string;
  /** The date of its run. */
  readonly run: string;
}

/** One run: what was measured together, or at least on one day. */
export interface Run {
  readonly date: string;
  readonly machine: Machine;
  /** Versions and settings of the peers. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The whole file. */
export interface Results {
  /** Oldest first. */
  readonly runs: readonly Run[];
  readonly rows: readonly Row[];
}

/** Replaces what was measured anew: a workload's figures always come from one run. Runs of which nothing is left go. */
export function merge(old: Results, { runs: [run], rows }: Results): Results {
  const renewed = new Set(rows.map(({ workload, threads }) => `${workload}/${threads}`));
  const kept = old.rows.filter(({ workload, threads }) => !renewed.has(`${workload}/${threads}`));
  const place = (row: Row) => row.threads * 1000 + workloads.findIndex(({ id }) => id === row.workload);
  const merged = [...kept, ...rows].sort((a, b) => place(a) - place(b));
  const sameDay = old.runs.find(({ date }) => date === run!.date);
  const runs = [
    ...old.runs.filter((other) => other !== sameDay),
    { ...run!, versions: { ...sameDay?.versions, ...run!.versions } },
  ];
  return { runs: runs.filter(({ date }) => merged.some((row) => row.run === date)), rows: merged };
}

const round = (x: number, digits = 4): number => Number(x.toPrecision(digits));

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Joins what the passes found about one workload. */
export function toRows(
  work: Workload,
  { threads, run }: { readonly threads: number; readonly run: string },
  passes: readonly (readonly (Lane | Absence)[])[],
): Row[] {
  const rows: Row[] = [], seen = new Set<string>(), amount = amountOf(work);
  for (const found of passes.flat()) {
    const variant = "variant" in found ? found.variant : undefined;
    const key = `${found.peer.name}/${variant}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const { name: peer, kind } = found.peer;
    const named = { workload: work.id, threads, peer, kind, run, ...(variant !== undefined && { variant }) };
    if ("reason" in found) {
      rows.push({ ...named, absent: found.declined ? found.reason : `failed: ${found.reason}` });
      continue;
    }
    const lanes = passes.flatMap((pass) =>
      pass.flatMap((lane) => "slices" in lane && lane.peer.name === peer && lane.variant === variant ? [lane] : [])
    );
    const slices = lanes.flatMap((lane) => lane.slices);
    const { samples, noisy } = samplesOf(slices);
    const sorted = samples.sort((a, b) => a - b), rate = (milliseconds: number) => round(1000 * amount / milliseconds);
    const median = (numbers: readonly number[]) => quantile([...numbers].sort((a, b) => a - b), 0.5);
    rows.push({
      ...named,
      value: rate(quantile(sorted, 0.5)),
      spread: [rate(quantile(sorted, 0.9)), rate(quantile(sorted, 0.1))],
      passes: lanes.map((lane) => rate(median(samplesOf(lane.slices).samples))),
      milliseconds: round(quantile(sorted, 0.5)),
      error: round(Math.max(...lanes.map(({ error }) => error)), 2),
      slices: slices.length,
      quiet: slices.filter(({ quiet }) => quiet).length,
      noisy,
    });
  }
  return rows;
}

/** The best variant of a peer, or what is said in its place. */
function best(rows: readonly Row[]): Row | undefined {
  return rows.reduce<Row | undefined>((a, b) => (b.value ?? 0) > (a?.value ?? 0) ? b : a, undefined) ?? rows[0];
}

function cell(row: Row | undefined): string {
  if (row?.value === undefined || !row.spread) return row?.absent?.startsWith("failed") ? "failed" : "–";
  const half = (row.spread[1] - row.spread[0]) / 2 / row.value;
  return `${format(row.value)} ± ${Math.round(100 * half)} %${row.noisy ? "\\*" : ""}`;
}

/** Three digits, and thousands with a comma. */
function format(x: number): string {
  return x >= 1000 ? Math.round(x).toLocaleString("en") : String(round(x, 3));
}

function table(lines: readonly (readonly string[])[]): string {
  const [head, ...body] = lines;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head!), line(head!.map((_, i) => i === 0 ? "---" : "---:")), ...body.map(line)].join("\n");
}

/** One table: all workloads measured with so many threads. */
function threadsTable(rows: readonly Row[], threads: number): string {
  const here = rows.filter((row) => row.threads === threads);
  const order = ["heed", "javascript", "native"];
  const peers = [...new Map(here.map((row) => [row.peer, row.kind]))]
    .sort(([, a], [, b]) => order.indexOf(a) - order.indexOf(b)).map(([name]) => name);
  const lines = [["work", "unit", "to the best in JavaScript", ...peers]];
  for (const work of workloads) {
    const all = here.filter((row) => row.workload === work.id);
    if (!all.length) continue;
    const own = best(all.filter((row) => row.kind === "heed"));
    const rival = best(all.filter((row) => row.kind === "javascript"));
    const wanted = work.goal ?? (work.least === undefined ? undefined : `${work.least} ${work.unit}`);
    const goal = wanted !== undefined && threads === 1 ? ` (goal ${wanted})` : "";
    const doubt = own?.noisy || rival?.noisy;
    const times = own?.value && rival?.value ? `${(own.value / rival.value).toFixed(2)}×` : "–";
    const ratio = times === "–" ? times + goal : doubt ? `${times}\\*${goal}` : `**${times}**${goal}`;
    const cells = peers.map((name) => cell(best(all.filter((row) => row.peer === name))));
    lines.push([work.id, work.unit, ratio, ...cells]);
  }
  return table(lines);
}

/** What several threads gain over one; figures with a star say nothing about it. */
function gains(rows: readonly Row[], threads: number): string {
  const peers = [...new Set(rows.filter((row) => row.threads === threads && row.value).map((row) => row.peer))];
  const value = (peer: string, workload: string, threads: number) => {
    const row = best(rows.filter((row) => row.peer === peer && row.workload === workload && row.threads === threads));
    return row?.noisy ? undefined : row?.value;
  };
  const lines = [["work", ...peers]];
  for (const { id } of workloads) {
    const cells = peers.map((peer) => {
      const [one, many] = [value(peer, id, 1), value(peer, id, threads)];
      return one && many ? `${(many / one).toFixed(2)}×` : "–";
    });
    if (cells.some((cell) => cell !== "–")) lines.push([id, ...cells]);
  }
  return lines.length > 1 ? table(lines) : "Nothing was measured with one thread and with several.";
}

const list = (entries: Readonly<Record<string, string>>): string =>
  Object.entries(entries).map(([name, text]) => `- ${name}: ${text}`).join("\n");

/** One run: its machine, its versions, and which rows are of it where there are several runs. */
function runText({ date, machine, versions }: Run, rows: readonly Row[], isOnly: boolean): string[] {
  const own = [...new Set(rows.filter(({ run }) => run === date).map(({ workload }) => workload))];
  return [
    ...(isOnly ? [] : [`## Run of ${date}`, "", `Rows: ${own.join(", ")}.`, ""]),
    `${machine.processor}, ${machine.cores} cores, ${machine.memory}, ${machine.system}; Deno ${machine.deno}, V8 ` +
    `${machine.v8}; ${date}.`,
    "",
    list(versions),
    "",
    ...(machine.limits ? ["What a loop in C reached on this machine at that time:", "", list(machine.limits), ""] : []),
  ];
}

/** The tables as a page. */
export function toMarkdown({ runs, rows }: Results): string {
  const threads = [...new Set(rows.map((row) => row.threads))].sort((a, b) => a - b);
  const sections = threads.map((count) =>
    `## ${count === 1 ? "One thread" : `${count} threads`}\n\n${threadsTable(rows, count)}\n`
  );
  const most = threads.at(-1) ?? 1;
  return [
    "# Side by side",
    "",
    "Made by `deno task bench:peers`; README.md in this folder says how. Every result was compared with float64 before",
    "it was timed. More is better. A figure is the median and half the distance from the 10th to the 90th percentile;",
    "a star marks figures for which the machine was never left alone long enough.",
    ...(runs.length > 1 ? ["Figures of different runs are not to be compared with each other."] : []),
    "",
    ...runs.flatMap((run) => runText(run, rows, runs.length === 1)),
    ...sections,
    ...(most > 1 ? [`## What ${most} threads gain over one`, "", gains(rows, most), ""] : []),
  ].join("\n");
}
