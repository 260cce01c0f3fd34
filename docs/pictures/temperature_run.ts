/**
 * # Texts at each temperature, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { Series } from "../../core/experiments/figure.ts";
import type { RunFigures } from "../picture.ts";
import { modelOf, tableOf } from "../runs/texts_table.ts";
import type { Measures, TextsRun } from "../runs/texts_under_rules.ts";

/** The recorded run. */
export const run: RunFigures<TextsRun & { readonly temperatures: readonly number[] }> = {
  before: ({ training }) => training,
  figures: (findings) => {
    const { rows, plays, seeds, temperatures } = findings;
    const curve = (label: string, which: keyof Measures): Series[] => [
      {
        label,
        points: rows.map((row, i): [number, number] => [temperatures[i]!, row[which]]),
        ranges: rows.map(({ ranges }) => ranges[which]),
      },
      {
        label: "the plays",
        points: temperatures.map((temperature): [number, number] => [temperature, plays[which]]),
        dashed: true,
      },
    ];
    const x = { title: "temperature" };
    return [
      {
        kind: "line",
        caption: `Surprisal of the texts, as the model says at temperature 1: the mean of ${
          number(seeds)
        } seeds, with the lowest and the highest.`,
        x,
        y: { title: "nats for each token" },
        series: curve("drawn", "surprisal"),
      },
      {
        kind: "line",
        caption: "What is repeated, and what is no language: the two ways in which a text is degenerate.",
        x,
        y: { title: "fraction" },
        series: [
          ...curve("repeated 4-grams", "repeated").slice(0, 1),
          ...curve("unknown words", "unknown").slice(0, 1),
        ],
      },
      tableOf(findings),
    ];
  },
  reading(findings) {
    const { rows, plays, temperatures } = findings, first = rows[0]!, last = rows.at(-1)!;
    const nearest = rows.reduce((a, b) =>
      Math.abs(b.surprisal - plays.surprisal) < Math.abs(a.surprisal - plays.surprisal) ? b : a
    );
    return [
      `At temperature ${number(temperatures[0]!)} a text repeats ${percent(first.repeated)} of its 4-grams, and ${
        percent(first.unknown, 2)
      } of its words do not exist; at ${number(temperatures.at(-1)!)} it repeats ${percent(last.repeated, 2)}, and ${
        percent(last.unknown)
      } of its words do not exist. A temperature trades one fault for the other.`,
      `The texts surprise the model as much as the plays do (${
        fixed(plays.surprisal, 2)
      } nats) at temperature ${nearest.name}, with ${fixed(nearest.surprisal, 2)} nats. ${modelOf(findings)}`,
    ];
  },
};
