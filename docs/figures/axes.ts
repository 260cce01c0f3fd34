/**
 * # Axes
 *
 * From numbers to places: round steps for a linear axis, powers for a logarithmic one, and the values themselves
 * where they are few.
 *
 * @module
 */

import type { Axis } from "../../core/experiments.ts";
import { bounds, el, label, number, textWidth } from "./svg.ts";

/** Where a number stands, and which numbers are written beside the axis. */
export interface Scale {
  /** Pixels of a value. */
  at(value: number): number;
  /** Values that are written. */
  readonly ticks: readonly number[];
  /** Ends of the axis. */
  readonly domain: readonly [number, number];
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

/** How to lay out an axis. */
export interface Layout {
  /** Pixels of the two ends. */
  readonly range: readonly [number, number];
  /** About how many numbers to write. */
  readonly count: number;
  /** Whether the axis starts at zero and ends at a round number: what an axis of heights does. */
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
    else if (!axis.domain && round) [low, high] = [low / 1.2, high * 1.1];
    const at = (x: number): number =>
      from + (to - from) * Math.log(Math.max(x, low * 1e-9) / low) / Math.log(high / low);
    return { at, ticks: few(finite, count, at) ?? powerSteps(low, high, count), domain: [low, high] };
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
  return { at, ticks: round ? ticks : few(finite, count, at) ?? ticks, domain: [low, high] };
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
export function tickWidth({ ticks }: Scale): number {
  return Math.max(0, ...ticks.map((tick) => textWidth(number(tick))));
}

/** Lines and numbers of a vertical axis, its title above it. */
export function verticalAxis(scale: Scale, title: string, left: number, right: number, top: number): string {
  const lines = scale.ticks.map((tick) =>
    el("line", { class: "rule", x1: left, x2: right, y1: scale.at(tick), y2: scale.at(tick) }) +
    label(number(tick), { x: left - 7, y: scale.at(tick) + 4, "text-anchor": "end" })
  );
  return lines.join("") + label(title, { class: "axis", x: 0, y: top });
}

/** Marks and numbers of a horizontal axis, its title below it at the right. */
export function horizontalAxis(scale: Scale, title: string, bottom: number, left: number, right: number): string {
  const marks = scale.ticks.map((tick) =>
    el("line", { class: "tick", x1: scale.at(tick), x2: scale.at(tick), y1: bottom, y2: bottom + 4 }) +
    label(number(tick), { x: scale.at(tick), y: bottom + 18, "text-anchor": "middle" })
  );
  return el("line", { class: "base", x1: left, x2: right, y1: bottom, y2: bottom }) + marks.join("") +
    label(title, { class: "axis", x: right, y: bottom + 35, "text-anchor": "end" });
}
