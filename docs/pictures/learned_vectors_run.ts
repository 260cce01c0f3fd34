/**
 * # Learned vectors for another task, shown
 *
 * @module
 */

import { written } from "../../core/experiments/seeds.ts";
import { number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { CLASSIFIERS, LearnedVectorsRun } from "../runs/learned_vectors.ts";

type Name = typeof CLASSIFIERS[number];

/** Classifiers as they are named, in the order of the run. */
const NAMES: Readonly<Record<Name, string>> = {
  bow: "bag of words",
  cbow: "CBOW, rows by chance",
  deep: "deep CBOW, rows by chance",
  "cbow learned": "CBOW, rows learned before",
  "deep learned": "deep CBOW, rows learned before",
  "cbow kept": "CBOW, rows learned before and kept",
};
const ORDER = Object.keys(NAMES) as Name[];

/** The recorded run. */
export const run: RunFigures<LearnedVectorsRun> = {
  figures({ counts, accuracy, ranges, seeds, majority, sentences }) {
    return [
      {
        kind: "bars",
        caption: `Fraction of ${
          number(sentences.test)
        } unseen sentences whose source is named, by number of labelled sentences: means of ${seeds} seeds, with the lowest and the highest. To name the most frequent source is right for ${
          percent(majority)
        }.`,
        y: { title: "fraction right", domain: [0, 1] },
        bars: counts.flatMap((count, c) =>
          ORDER.map((name, m) => ({
            label: NAMES[name],
            group: `${number(count)} labelled`,
            value: accuracy[m]![c]!,
            range: ranges[m]![c]!,
          }))
        ),
      },
      {
        kind: "table",
        isWide: true,
        caption: "The same, in 100 sentences: lowest and highest of the seeds.",
        columns: ["classifier", ...counts.map((count) => `${number(count)} labelled`)],
        rows: ORDER.map((name, m) => [NAMES[name], ...ranges[m]!.map((range) => written(range, percent))]),
      },
    ];
  },
  reading({ counts, accuracy, covered, unlabelled, rows, width, layers, tried, sentences }) {
    const of = (name: Name, c: number): number => accuracy[ORDER.indexOf(name)]![c]!;
    const last = counts.length - 1, gain = (c: number): number => of("cbow learned", c) - of("cbow", c);
    const compare = (c: number): string =>
      `${percent(of("cbow", c))} by chance, ${percent(of("cbow learned", c))} learned before`;
    return [
      `With ${number(counts[0]!)} labelled sentences CBOW names ${compare(0)}; with all ${
        number(counts[last]!)
      } of them ${compare(last)}. ${
        gain(0) > gain(last)
          ? "What was learned without labels helps most where labels are few."
          : "What was learned without labels does not help more where labels are few."
      }`,
      `The vectors come from ${number(unlabelled)} words of text, none of which is in the labelled sentences; ${
        number(rows)
      } words have one, of ${width} numbers. ${percent(covered[1])} of the words of the test have one, and ${
        percent(covered[0])
      } occur in the labelled sentences.`,
      `The deep classifier has ${layers} layers behind the sum. Epochs and rate were chosen among ${tried} on ${
        number(sentences.validation)
      } sentences from documents kept apart, for each classifier, number and seed. The test file was used once for each.`,
    ];
  },
};
