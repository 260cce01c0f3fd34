/**
 * # Learned vectors for another task, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
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

const signed = (value: number): string => (value >= 0 ? "+" : "") + fixed(value, 1);

/** The recorded run. */
export const run: RunFigures<LearnedVectorsRun> = {
  figures({ counts, accuracy, ranges, seeds, majority, sentences }) {
    return [
      {
        kind: "bars",
        caption: `Fraction of ${
          number(sentences.test)
        } unseen sentences whose source is named, by number of labelled sentences: means of ${seeds} seeds, with the lowest and the highest. The most frequent source makes up ${
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
    ];
  },
  reading({ counts, accuracy, covered, unlabelled, rows, width, layers, tried, sentences }) {
    const of = (name: Name, c: number): number => accuracy[ORDER.indexOf(name)]![c]!;
    const gains = (learned: Name, chance: Name): number[] => counts.map((_, c) => of(learned, c) - of(chance, c));
    const told = (found: readonly number[]): string => found.map((gain) => signed(100 * gain)).join(", ");
    const cbow = gains("cbow learned", "cbow"), deep = gains("deep learned", "deep"), last = counts.length - 1;
    const most = (found: readonly number[]): string =>
      found[0]! > Math.max(...found.slice(1)) ? "the gain is largest" : "the gain is not largest";
    return [
      `In 100 sentences, with ${
        counts.map((count) => number(count)).join(", ")
      } labelled ones: rows learned before add ${told(cbow)} to CBOW and ${told(deep)} to deep CBOW. For the sum ${
        most(cbow)
      } where labels are few, and with layers behind it ${
        most(deep)
      } there. The seeds lie farther apart than most of these differences. Rows that are kept as they were learned end at ${
        percent(of("cbow kept", last))
      } with all labels, rows that go on learning at ${percent(of("cbow learned", last))}.`,
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
