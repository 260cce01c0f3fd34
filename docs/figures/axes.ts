/**
 * # Axes
 *
 * From numbers to places: round steps for a linear axis, powers for a logarithmic one, and the values themselves
 * where they are few.
 *
 * @module
 */

import type { Axis } from "../../core/experiments/figure.ts";
import { scientific } from "../../core/experiments/numbers.ts";
import { bounds, el, label, number, textWidth } from "./svg.ts";

/** Where a number stands, and which numbers are written beside the axis. */
export interface Scale {
  /** Pixels of a value. */
  at(value: number): number;
  /** Values that are written. */
  readonly ticks: readonly number[];
  /** Ends of the axis. */
  readonly domain: readonly [number, number];
  /** A value as the axis writes it. */
  write(value: number): string;
}

/** The title of an axis; one of equal factors says so. */
export const titleOf = ({ title, logarithmic }: Axis): string => `${title}${logarithmic ? " (log)" : ""}`;

/** Where one number of an axis is very large or very small, those near it are powers of ten too. */
function writer(ticks: readonly number[]): (value: number) => string {
  const most = ticks.some((tick) => Math.abs(tick) >= 1e6) ? 1e4 : Infinity;
  const least = ticks.some((tick) => tick !== 0 && Math.abs(tick) < 1e-4) ? 1e-2 : 0;
  return (value) =>
    value !== 0 && (Math.abs(value) >= most || Math.abs(value) < least) ? scientific(value) : number(value);
}

/** Round numbers from `low` to `high`, about `count` of them. */
function roundSteps(low: number, high: number, count: number): { step: number; ticks: number[] } {
  const rough = (high - low) / Math.max(1, count), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-6); i * step <= high + step * 1e-6; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return { step, ticks };
}

/** Powers of ten, with their halves and fifths if they are few. */
function powerSteps(low: number, high: number, count: number): number[] {
  const decades = Math.log10(high / low);
  const factors = decades > count / 2 ? [1] : decades > count / 4 ? [1, 3] : [1, 2, 5];
  const every = Math.max(1, Math.ceil(decades / count));
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    if (power % every !== 0) continue;
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(3));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** The number 1, 2, 3, 5 or 7 times a power of ten that is next below a number, or above it; a twentieth over counts as none. */
function roundEnd(x: number, side: "below" | "above"): number {
  const power = 10 ** Math.floor(Math.log10(x)),
    factors = [1, 2, 3, 5, 7, 10].map((f) => Number((f * power).toPrecision(3)));
  return side === "above"
    ? factors.find((tick) => tick >= x / 1.05)!
    : factors.findLast((tick) => tick <= x * 1.05) ?? power;
}

/** Ticks of a logarithmic axis, and its ends where no tick is near. */
function logTicks(low: number, high: number, count: number, length: number): number[] {
  const ticks = powerSteps(low, high, count), apart = 17 / length * Math.log(high / low);
  for (const end of [low, high]) {
    if (ticks.every((tick) => Math.abs(Math.log(tick / end)) >= apart)) ticks.push(end);
  }
  return ticks.sort((a, b) => a - b);
}

/** How to lay out an axis. */
export interface Layout {
  /** Pixels of the two ends. */
  readonly range: readonly [number, number];
  /** About how many numbers to write. */
  readonly count: number;
  /** Whether the axis ends at round numbers beyond the data: what an axis of heights does. */
  readonly round?: boolean;
}

/**
 * The scale of an axis.
 *
 * @param axis what it shows
 * @param values the data along it
 * @param layout where it lies
 */
export function scaleOf(
  axis: Axis,
  values: readonly number[],
  { range: [from, to], count, round = false }: Layout,
): Scale {
  const finite = values.filter(Number.isFinite);
  if (axis.logarithmic) {
    let [low, high] = axis.domain ?? bounds(finite.filter((x) => x > 0));
    if (low === high) [low, high] = [low / 2, high * 2];
    if (!axis.domain && round) [low, high] = [roundEnd(low, "below"), roundEnd(high, "above")];
    // What is not positive stands at the lower end.
    const at = (x: number): number => from + (to - from) * Math.log(Math.max(x, low) / low) / Math.log(high / low);
    const ticks = round
      ? logTicks(low, high, count, Math.abs(to - from))
      : few(finite, count, at) ?? powerSteps(low, high, count);
    return { at, ticks, domain: [low, high], write: writer(ticks) };
  }
  let [low, high] = axis.domain ?? bounds(finite);
  if (!axis.domain && round && low > 0 && low < 0.6 * high) low = 0;
  if (!axis.domain && round && high < 0 && high > 0.6 * low) high = 0;
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const { step, ticks } = roundSteps(low, high, count);
  if (!axis.domain && round) {
    low = Math.floor(low / step + 1e-6) * step;
    high = Math.ceil(high / step - 1e-6) * step;
    if (ticks[0]! > low + step / 2) ticks.unshift(Number(low.toPrecision(12)));
    if (ticks.at(-1)! < high - step / 2) ticks.push(Number(high.toPrecision(12)));
  }
  const at = (x: number): number => from + (to - from) * (x - low) / (high - low);
  const shown = round ? ticks : few(finite, count, at) ?? ticks;
  return { at, ticks: shown, domain: [low, high], write: writer(shown) };
}

/** The values themselves, if they are few and stand apart. */
function few(values: readonly number[], count: number, at: (x: number) => number): number[] | undefined {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  if (distinct.length < 2 || distinct.length > count + 2) return undefined;
  const apart = distinct.every((x, i) =>
    i === 0 ||
    Math.abs(at(x) - at(distinct[i - 1]!)) > (textWidth(number(x)) + textWidth(number(distinct[i - 1]!))) / 2 + 8
  );
  return apart ? distinct : undefined;
}

/** Widest number beside an axis. */
export function tickWidth({ ticks, write }: Scale): number {
  return Math.max(0, ...ticks.map((tick) => textWidth(write(tick))));
}

/** Lines and numbers of a vertical axis, its title above it. */
export function verticalAxis(scale: Scale, title: string, left: number, right: number, top: number): string {
  const lines = scale.ticks.map((tick) =>
    el("line", { class: "rule", x1: left, x2: right, y1: scale.at(tick), y2: scale.at(tick) }) +
    label(scale.write(tick), { x: left - 7, y: scale.at(tick) + 4, "text-anchor": "end" })
  );
  return lines.join("") + label(title, { class: "axis", x: 0, y: top });
}

/** Marks and numbers of a horizontal axis, its title below it at the right. */
export function horizontalAxis(scale: Scale, title: string, bottom: number, left: number, right: number): string {
  const marks = scale.ticks.map((tick) =>
    el("line", { class: "tick", x1: scale.at(tick), x2: scale.at(tick), y1: bottom, y2: bottom + 4 }) +
    label(scale.write(tick), { x: scale.at(tick), y: bottom + 18, "text-anchor": "middle" })
  );
  return el("line", { class: "base", x1: left, x2: right, y1: bottom, y2: bottom }) + marks.join("") +
    label(title, {
      class: "axis",
      x: Math.max(right, textWidth(title, { italic: true })),
      y: bottom + 35,
      "text-anchor": "end",
    });
}
