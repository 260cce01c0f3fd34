/**
 * # What was recorded
 *
 * **Question.** A page shows what an experiment found. All experiments together take minutes, which no build should wait for;
 * and devices round differently. What does the page show, and when is it out of date?
 *
 * **Idea.** What is found at the default controls is kept as JSON beside this file, rounded to what a reader can
 * see: a few digits of each number, however small it is, for on a logarithmic axis 1e-16 is not 0. It is recorded on the
 * CPU device with fused multiply-adds, which gives the same bits on every machine, with any number of threads. Figures
 * are drawn from it in any language. A run there agrees if the texts are the same and every number is within 0.2 % of
 * the largest beside it, in the findings and in the figures drawn from them: in the same list, axis or matrix.
 * Differences below 1e-5 are rounding. Along a logarithmic axis, where what is small is drawn as large as the rest, a
 * number is held to 0.2 % of itself.
 *
 * Other devices add in another order. A run there is held to the experiment's own tolerance; if it has one, it
 * trains, training amplifies rounding, and what a trained model writes may differ altogether: then only what claims
 * are about counts, single numbers as if a 1 stood beside them.
 *
 * @module
 */

import { defaultControls, type Experiment, type Words } from "../core/experiments/experiment.ts";
import type { Figure } from "../core/experiments/figure.ts";

/** What stands in a recording. */
export interface Recording {
  /** What it was run with. */
  readonly controls: Readonly<Record<string, number>>;
  /** What it found, rounded. */
  readonly findings: object;
}

/** Tolerance of experiments that set none. */
export const TOLERANCE = 0.002;

/** Differences up to this are rounding, whatever stands beside them. */
const ROUNDING = 1e-5;

/** Whether a device computes the bits that were recorded. */
export function isRecordingDevice(
  { name, description }: { readonly name: string; readonly description: string },
): boolean {
  return name === "wasm" && description.includes("fused multiply-adds");
}

/** Significant digits that are recorded: more than captions and figures show, so that nothing is rounded twice. */
const DIGITS = 6;

/** Where the recording of an experiment is kept. */
export function recordingPath(name: string): URL {
  return new URL(`recorded/${name}.json`, import.meta.url);
}

/**
 * Reads the recording of an experiment.
 *
 * @throws {Deno.errors.NotFound} if there is none
 */
export function readRecording(name: string): Recording {
  return JSON.parse(Deno.readTextFileSync(recordingPath(name))) as Recording;
}

interface JsonRecord {
  readonly [key: string]: Json | undefined;
}
type Json = null | boolean | number | string | readonly Json[] | JsonRecord;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isRecord = (value: Json): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The largest absolute number of a value, which sets the scale of those beside it. */
function scaleOf(value: Json): number {
  if (typeof value === "number") return Math.abs(value);
  if (typeof value !== "object" || value === null) return 0;
  let scale = 0;
  for (const part of Object.values(value)) scale = Math.max(scale, scaleOf(part ?? null));
  return scale;
}

/** Whether every element is a list of numbers of one length: the points of a series, or a matrix. */
function isGrid(value: readonly Json[]): boolean {
  return value.length > 0 &&
    value.every((row) => Array.isArray(row) && row.every((x) => typeof x === "number"));
}

/** Whether every element is a pair of coordinates. */
function arePoints(value: readonly Json[]): value is readonly (readonly [number, number])[] {
  return isGrid(value) && value.every((row) => (row as readonly Json[]).length === 2);
}

/** Rounds numbers to the digits that are recorded. */
function round(value: Json): Json {
  // Counts are exact.
  if (typeof value === "number") return Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS));
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(round);
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== undefined).map(([key, part]) => [key, round(part!)]),
  );
}

/**
 * Findings as they are recorded.
 *
 * @param findings what an experiment found
 * @returns the same with fewer digits
 */
export function rounded(findings: object): object {
  return round(findings as JsonRecord) as JsonRecord;
}

/** A sentence without its numbers: a caption computes them. */
const wording = (text: string): string => text.replace(/[-−]?\d[\d\u202f]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴-⁹]+)?/g, "#");

/** Compares two values and notes where they differ. */
function compare(
  path: string,
  a: Json | undefined,
  b: Json | undefined,
  { tolerance, words }: { tolerance: number; words: boolean },
  found: string[],
  scale: number = Math.max(scaleOf(a ?? null), scaleOf(b ?? null)),
): void {
  if (typeof a === "number" && typeof b === "number") {
    if (!(Math.abs(a - b) <= Math.max(ROUNDING, tolerance * scale))) {
      found.push(`${path}: ${a} was recorded, ${b} found`);
    }
    return;
  }
  if (typeof a === "string" && typeof b === "string") {
    if (words && wording(a) !== wording(b)) {
      found.push(`${path}: ${JSON.stringify(a)} was recorded, ${JSON.stringify(b)} found`);
    }
    return;
  }
  if (isList(a) && isList(b)) {
    if (a.length !== b.length) {
      // What a trained model says may be longer.
      if (words) found.push(`${path}: ${a.length} entries were recorded, ${b.length} found`);
      return;
    }
    if (arePoints(a) && arePoints(b)) {
      for (const side of [0, 1] as const) {
        const scale = Math.max(...[...a, ...b].map((row) => Math.abs(row[side])));
        a.forEach((row, i) => compare(`${path}[${i}]`, row[side], b[i]![side], { tolerance, words }, found, scale));
      }
      return;
    }
    // Of a list of records, the numbers of one name share a scale.
    if (a.length > 0 && [...a, ...b].every(isRecord)) {
      for (const key of new Set([...a, ...b].flatMap((row) => Object.keys(row as JsonRecord)))) {
        const column = (of: readonly Json[]): Json[] => of.map((row) => (row as JsonRecord)[key] ?? null);
        compare(`${path}[].${key}`, column(a), column(b), { tolerance, words }, found);
      }
      return;
    }
    // Elements of a matrix share a scale, and so do those of a list.
    const one = isGrid(a) || a.every((part) => part === null || typeof part === "number");
    const shared = one ? Math.max(scaleOf(a), scaleOf(b)) : undefined;
    a.forEach((part, i) => compare(`${path}[${i}]`, part, b[i], { tolerance, words }, found, shared));
    return;
  }
  if (a !== undefined && b !== undefined && isRecord(a) && isRecord(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      compare(`${path}.${key}`, a[key], b[key], { tolerance, words }, found);
    }
    return;
  }
  if (a !== b) found.push(`${path}: ${JSON.stringify(a)} was recorded, ${JSON.stringify(b)} found`);
}

/** An experiment and what it says: its figures are drawn to be compared. */
export interface Subject {
  /** Which one. */
  readonly experiment: Experiment;
  /** What it says. */
  readonly words: Words;
}

/**
 * Where findings differ from the recorded ones by more than the experiment's tolerance.
 *
 * @param subject the experiment and its words
 * @param recording what was recorded
 * @param findings what was found at the default controls
 * @param sameBits whether it was found on a device that computes what was recorded
 * @returns a sentence for each difference; none if they agree
 */
export function differences(
  { experiment, words }: Subject,
  recording: Recording,
  findings: object,
  sameBits = true,
): string[] {
  const found: string[] = [];
  const exact = { tolerance: 0, words: true };
  compare("controls", recording.controls, defaultControls(experiment), exact, found);
  const trains = experiment.tolerance !== undefined && !sameBits;
  const allowed = { tolerance: trains ? experiment.tolerance! : TOLERANCE, words: !trains };
  const before = recording.findings as JsonRecord, now = findings as JsonRecord;
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (trains && key === "shown") continue;
    const a = before[key], b = now[key];
    const single = typeof a === "number" && typeof b === "number";
    const scale = single && trains ? Math.max(1, Math.abs(a), Math.abs(b)) : undefined;
    compare(key, a, b, allowed, found, scale);
  }
  // Figures of other findings than recorded may not even be drawn.
  if (trains || found.length > 0) return found;
  const [old, drawn] = [recording.findings, findings].map((one) => experiment.draw(one, words));
  compare("figures", old as unknown as Json, drawn as unknown as Json, allowed, found);
  if (sameBits) old!.forEach((figure, i) => compareLogarithms(`figures[${i}]`, figure, drawn![i], found));
  return found;
}

/** Compares the places of points along logarithmic axes, each by itself. */
function compareLogarithms(path: string, a: Figure, b: Figure | undefined, found: string[]): void {
  if (a.kind !== "line" && a.kind !== "scatter" || b?.kind !== a.kind) return;
  for (const [side, axis] of [a.x, a.y].entries()) {
    if (!axis.logarithmic) continue;
    a.series.forEach(({ label, points }, i) =>
      points.forEach((point, j) => {
        const x = point[side as 0 | 1], y = b.series[i]?.points[j]?.[side as 0 | 1];
        if (y === undefined || Math.abs(x - y) <= TOLERANCE * Math.abs(x)) return;
        found.push(`${path} ${label}[${j}]: ${x} was recorded, ${y} found`);
      })
    );
  }
}

/** A value as JSON in which lists of plain values stand on one line. */
function format(value: Json, indent = ""): string {
  const inner = `${indent} `;
  if (isList(value)) {
    if (value.every((part) => typeof part !== "object" || (Array.isArray(part) && part.length < 3))) {
      return JSON.stringify(value);
    }
    return `[\n${value.map((part) => inner + format(part, inner)).join(",\n")}\n${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const flat = JSON.stringify(value);
    if (flat.length <= 100) return flat;
    const entries = Object.entries(value).map(([key, part]) =>
      `${inner}${JSON.stringify(key)}: ${format(part!, inner)}`
    );
    return `{\n${entries.join(",\n")}\n${indent}}`;
  }
  return JSON.stringify(value);
}

/** The text of a recording, ending with a line break. */
export function recordingText(recording: Recording): string {
  return `${format(recording as unknown as Json)}\n`;
}
