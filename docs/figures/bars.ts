/**
 * # Bars
 *
 * They lie, so that their names can be read. Bars of a group stand together under its name.
 *
 * @module
 */

import type { Figure } from "../../core/experiments.ts";
import { scaleOf } from "./axes.ts";
import { type Drawing, el, fitted, label, LINE, number, picture, textWidth, tint, tip } from "./svg.ts";

/** Height of a bar and of the space between two. */
const BAR = 17, GAP = 5;

/** Draws bars from zero; an axis with a domain starts where that starts. */
export function drawBars(figure: Figure & { readonly kind: "bars" }, drawing: Drawing): string {
  const { y: axis, bars } = figure, { width } = drawing;
  const groups = [...new Set(bars.map(({ group }) => group))];
  const labels = [...new Set(bars.map(({ label }) => label))];
  const grouped = groups.length > 1 || groups[0] !== undefined;
  const names = Math.min(width * 0.36, Math.max(...labels.map((text) => textWidth(text))) + 2);
  const values = Math.max(...bars.map(({ value }) => textWidth(number(value, 3)))) + 6;
  const left = names + 10, numbers = bars.map(({ value }) => value);
  const range: [number, number] = [left, width - values];
  const scale = axis.logarithmic
    ? scaleOf({ ...axis, domain: axis.domain ?? logDomain(numbers) }, numbers, { range, count: 4 })
    : scaleOf({ ...axis, domain: axis.domain ?? [Math.min(0, ...numbers), Math.max(0, ...numbers)] }, numbers, {
      range: numbers.some((x) => x < 0) ? [left + values + 6, width - values] : range,
      count: 4,
    });
  const base = scale.at(axis.logarithmic ? scale.domain[0] : Math.max(scale.domain[0], Math.min(0, scale.domain[1])));
  const parts = [label(axis.title, { class: "axis", x: left, y: 12 })];
  let top = LINE + 6;
  for (const group of groups) {
    if (grouped && group !== undefined) {
      parts.push(label(fitted(group, width), { class: "group", x: 0, y: top + 12 }));
      top += LINE + 4;
    }
    for (const bar of bars) {
      if (bar.group !== group) continue;
      const end = scale.at(Math.max(scale.domain[0], Math.min(scale.domain[1], bar.value)));
      const color = tint(drawing, bar.quantity, grouped ? labels.indexOf(bar.label) : 0);
      const isBefore = bar.value < 0 && !axis.logarithmic;
      parts.push(el(
        "g",
        color,
        label(fitted(bar.label, names), { class: "label", x: left - 8, y: top + 13, "text-anchor": "end" }),
        el(
          "rect",
          { class: "bar", x: Math.min(base, end), y: top, width: Math.max(0.5, Math.abs(end - base)), height: BAR },
          tip(`${bar.label}: ${number(bar.value)}`),
        ),
        label(number(bar.value, 3), {
          class: "value",
          x: isBefore ? end - 5 : end + 5,
          y: top + 13,
          "text-anchor": isBefore ? "end" : undefined,
        }),
      ));
      top += BAR + GAP;
    }
    top += grouped ? 8 : 0;
  }
  parts.push(el("line", { class: "base", x1: base, x2: base, y1: LINE + 3, y2: top - 2 }));
  const best = bars.map(({ label, group, value }) =>
    `${group === undefined ? "" : `${group}, `}${label}: ${number(value)}`
  );
  const description = `${axis.title}. ${best.slice(0, 20).join("; ")}.`;
  return picture(drawing, { kind: "bars", height: top + 4, title: figure.caption, description }, ...parts);
}

/** From the power of ten below the smallest bar. */
function logDomain(values: readonly number[]): [number, number] {
  const positive = values.filter((x) => x > 0), low = Math.min(...positive), high = Math.max(...positive);
  return [10 ** Math.floor(Math.log10(low) - 0.01), high];
}
