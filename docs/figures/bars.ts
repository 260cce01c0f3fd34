/**
 * # Bars
 *
 * They lie, so that their names can be read, and start at zero. Bars of a group stand together under its name; where many
 * groups have the same two or three, each group is a row and a legend says once which bar is which. On a logarithmic axis
 * there is no zero to start from, and a length would say nothing: there values are points.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { type Scale, scaleOf, titleOf } from "./axes.ts";
import { type Drawing, el, fitted, label, LINE, number, picture, seriesTints, textWidth, tint, tip } from "./svg.ts";

type Bars = Figure & { readonly kind: "bars" };
type Bar = Bars["bars"][number];

/** Height of a bar and of the space between two. */
const BAR = 17, GAP = 5;

/** Height of a bar that stands with others in a row, and of the space between rows. */
const THIN = 14, ROW_GAP = 8;

/** How a value is written beside its bar. */
const written = (value: number): string => number(value, 3);

/** A value and the range in which it was found. */
function spoken({ label, value, range }: Bar): string {
  return `${label}: ${number(value)}${range ? ` (${number(range[0])} … ${number(range[1])})` : ""}`;
}

/** All values of a bar. */
const valuesOf = ({ value, range = [value, value] }: Bar): number[] => [value, ...range];

/** What the bars are, for those who listen. */
function described({ y, bars }: Bars): string {
  const words = bars.map((bar) => `${bar.group === undefined ? "" : `${bar.group}, `}${spoken(bar)}`);
  return `${titleOf(y)}. ${words.slice(0, 20).join("; ")}.`;
}

/** Draws bars from zero; an axis with a domain starts where that starts. */
export function drawBars(figure: Bars, drawing: Drawing): string {
  const groups = [...new Set(figure.bars.map(({ group }) => group))];
  const labels = [...new Set(figure.bars.map(({ label }) => label))];
  const isFull = figure.bars.length === groups.length * labels.length;
  if (figure.y.logarithmic) return drawDots(figure, groups, drawing);
  if (isFull && labels.length > 1 && labels.length <= 3 && groups.length > labels.length) {
    return drawPairs(figure, groups, labels, drawing);
  }
  return drawRows(figure, groups, labels, drawing);
}

/** The scale of bars between the ends of a plot, with room for the values of those that point left. */
function barScale({ y, bars }: Bars, left: number, right: number): { scale: Scale; zero: number } {
  const values = bars.flatMap(valuesOf), before = values.filter((x) => x < 0);
  const start = before.length === 0 ? left : left + Math.max(...before.map((x) => textWidth(written(x)))) + 6;
  const domain = y.domain ?? [Math.min(0, ...values), Math.max(0, ...values)];
  const scale = scaleOf({ ...y, domain }, values, { range: [start, right], count: 4 });
  return { scale, zero: scale.at(Math.max(scale.domain[0], Math.min(0, scale.domain[1]))) };
}

/** A line over a range, with an end at each side. */
function whisker(low: number, high: number, y: number): string {
  return el("path", { class: "range", d: `M${low} ${y}H${high}M${low} ${y - 4}v8M${high} ${y - 4}v8` });
}

/** A bar with its value, and a line through its end over the range of the value. */
function drawBar(bar: Bar, { scale, zero }: ReturnType<typeof barScale>, y: number, height: number) {
  const { value, range } = bar, middle = y + height / 2;
  const within = (x: number): number => scale.at(Math.max(scale.domain[0], Math.min(scale.domain[1], x)));
  const end = within(value), [low, high] = range ? range.map(within) as [number, number] : [end, end];
  return [
    el("rect", {
      class: "bar",
      x: Math.min(zero, end),
      y,
      width: value === 0 ? 0 : Math.max(0.5, Math.abs(end - zero)),
      height,
    }, tip(spoken(bar))),
    ...range ? [whisker(low, high, middle)] : [],
    label(written(value), {
      class: "value",
      x: value < 0 ? Math.min(end, low) - 5 : Math.max(end, high) + 5,
      y: middle + 4.5,
      "text-anchor": value < 0 ? "end" : undefined,
    }),
  ];
}

/** Each bar in a row of its own. */
function drawRows(
  figure: Bars,
  groups: readonly (string | undefined)[],
  labels: readonly string[],
  drawing: Drawing,
): string {
  const { bars, y: axis } = figure, { width } = drawing;
  const isGrouped = groups.length > 1 || groups[0] !== undefined;
  const names = Math.min(width * 0.45, Math.max(...labels.map((text) => textWidth(text))) + 1);
  const left = names + 8, space = Math.max(...bars.map(({ value }) => textWidth(written(value)))) + 6;
  const plot = barScale(figure, left, width - space);
  const parts = [label(titleOf(axis), { class: "axis", x: left, y: 12 })];
  const quantityOf = (name: string) => bars.find(({ label }) => label === name)?.quantity;
  const looks = isGrouped && labels.length > 1 && labels.length <= 8
    ? seriesTints(drawing, labels.map(quantityOf))
    : undefined;
  let top = LINE + 6;
  for (const group of groups) {
    if (group !== undefined) {
      parts.push(label(fitted(group, width, { italic: true }), { class: "group", x: 0, y: top + 12 }));
      top += LINE + 3;
    }
    const start = top;
    for (const bar of bars) {
      if (bar.group !== group) continue;
      parts.push(el(
        "g",
        looks?.[labels.indexOf(bar.label)] ?? tint(drawing, bar.quantity, 0),
        label(fitted(bar.label, names), { class: "label", x: left - 8, y: top + 13, "text-anchor": "end" }),
        ...drawBar(bar, plot, top, BAR),
      ));
      top += BAR + GAP;
    }
    // Each group has a line of its own: one through all would cross their names.
    parts.push(el("line", { class: "base", x1: plot.zero, x2: plot.zero, y1: start - 3, y2: top - GAP + 3 }));
    top += isGrouped ? 9 : 0;
  }
  const height = top + (isGrouped ? -7 : 2);
  return picture(drawing, { kind: "bars", height, title: figure.caption, description: described(figure) }, ...parts);
}

/** The bars of each group in one row under its name; what they are stands above all. */
function drawPairs(
  figure: Bars,
  groups: readonly (string | undefined)[],
  labels: readonly string[],
  drawing: Drawing,
): string {
  const { bars, y: axis } = figure, { width } = drawing;
  const names = Math.min(width * 0.45, Math.max(...groups.map((text) => textWidth(text ?? ""))) + 1);
  const left = names + 8, space = Math.max(...bars.map(({ value }) => textWidth(written(value)))) + 6;
  const plot = barScale(figure, left, width - space);
  const looks = seriesTints(drawing, labels.map((name) => bars.find(({ label }) => label === name)?.quantity));
  // Full, pale, empty: which bar is which is seen without colours too.
  const look = (name: string) => {
    const at = labels.indexOf(name);
    return { ...looks[at], class: `${looks[at]!["class"]} n${at + 1}` };
  };
  const parts: string[] = [];
  let x = 0, top = 12;
  for (const name of labels) {
    const wide = 16 + textWidth(name);
    if (x > 0 && x + wide > width) [x, top] = [0, top + LINE];
    const swatch = el("rect", { class: "bar", x, y: top - 9, width: 10, height: 10 });
    parts.push(el("g", look(name), swatch, label(name, { class: "name", x: x + 15, y: top })));
    x += wide + 18;
  }
  parts.push(label(titleOf(axis), { class: "axis", x: left, y: top + LINE + 3 }));
  top += LINE + 14;
  const start = top;
  for (const group of groups) {
    const own = labels.map((name) => bars.find((bar) => bar.group === group && bar.label === name)!);
    const middle = top + own.length * THIN / 2;
    parts.push(
      label(fitted(group ?? "", names), { class: "label", x: left - 8, y: middle + 4.5, "text-anchor": "end" }),
    );
    own.forEach((bar, i) => {
      parts.push(el("g", look(bar.label), ...drawBar(bar, plot, top + i * THIN, THIN - 2)));
    });
    top += own.length * THIN + ROW_GAP;
  }
  parts.push(el("line", { class: "base", x1: plot.zero, x2: plot.zero, y1: start - 4, y2: top - ROW_GAP + 4 }));
  return picture(
    drawing,
    { kind: "bars", height: top, title: figure.caption, description: described(figure) },
    ...parts,
  );
}

/** Values as points on a logarithmic axis. */
function drawDots(figure: Bars, groups: readonly (string | undefined)[], drawing: Drawing): string {
  const { bars, y: axis } = figure, { width } = drawing;
  const names = Math.min(width * 0.45, Math.max(...bars.map(({ label }) => textWidth(label))) + 1);
  const left = names + 14, right = width - Math.max(...bars.map(({ value }) => textWidth(written(value)))) - 9;
  const scale = scaleOf(axis, bars.flatMap(valuesOf), { range: [left, right], count: 6, round: true });
  const rows: string[] = [];
  let top = 4;
  for (const group of groups) {
    if (group !== undefined) {
      rows.push(label(fitted(group, width, { italic: true }), { class: "group", x: 0, y: top + 12 }));
      top += LINE + 3;
    }
    for (const bar of bars) {
      if (bar.group !== group) continue;
      const y = top + 9, x = scale.at(bar.value), [low, high] = (bar.range ?? [bar.value, bar.value]).map(scale.at);
      const after = high! + 12 + textWidth(written(bar.value));
      rows.push(
        label(fitted(bar.label, names), { class: "label", x: left - 14, y: y + 4, "text-anchor": "end" }),
        el("line", { class: "rule", x1: left, x2: Math.max(left, low! - 6), y1: y, y2: y }),
        el("line", { class: "rule", x1: after, x2: Math.max(after, right), y1: y, y2: y }),
        el(
          "g",
          tint(drawing, bar.quantity, 0),
          el("circle", { class: "mark", cx: x, cy: y, r: 4 }, tip(spoken(bar))),
          ...bar.range ? [whisker(low!, high!, y)] : [],
          label(written(bar.value), { class: "value", x: high! + 8, y: y + 4 }),
        ),
      );
      top += LINE + 2;
    }
    top += groups.length > 1 ? 9 : 0;
  }
  const ticks = scale.ticks.map((tick) =>
    el("line", { class: "tick", x1: scale.at(tick), x2: scale.at(tick), y1: top, y2: top + 4 }) +
    label(scale.write(tick), { x: scale.at(tick), y: top + 18, "text-anchor": "middle" })
  );
  return picture(
    drawing,
    { kind: "bars", height: top + 42, title: figure.caption, description: described(figure) },
    ...rows,
    el("line", { class: "base", x1: left, x2: right, y1: top, y2: top }),
    ...ticks,
    label(titleOf(axis), { class: "axis", x: right, y: top + 35, "text-anchor": "end" }),
  );
}
