/**
 * # Where a sentence is from, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { GenreResult, GenresRun } from "../runs/genres.ts";

const NAMES: Readonly<Record<GenreResult["name"], string>> = {
  majority: "most frequent in training",
  rules: "rules",
  rewarding: "as worded",
  perceptron: "perceptron",
  gradient: "gradient",
};

/** Names of sources that do not say what they are. */
const SOURCES: Readonly<Record<string, string>> = { answers: "Q&A site" };

const sourceOf = (genre: string): string => SOURCES[genre] ?? genre;

const signed = (value: number): string => (value >= 0 ? "+" : "") + fixed(100 * value, 1);

/** The recorded run. */
export const run: RunFigures<GenresRun> = {
  figures({ results, genres, counts, telling, test, documents }) {
    const of = (name: GenreResult["name"]): GenreResult => results.find((one) => one.name === name)!;
    return [
      {
        kind: "bars",
        caption: `Fraction of ${number(test)} unseen sentences whose source is named: rules ${
          percent(of("rules").accuracy)
        }, perceptron ${percent(of("perceptron").accuracy)}, gradient ${
          percent(of("gradient").accuracy)
        }. The line at a bar is the interval by Wilson's formula. The first bar always names the source that is most frequent in training.`,
        y: { title: "fraction right", domain: [0, 1] },
        bars: results.map(({ name, accuracy, interval }) => ({ label: NAMES[name], value: accuracy, range: interval })),
      },
      {
        kind: "heatMap",
        caption: `Confusion matrix of the gradient, in sentences. ${
          percent(of("gradient").accuracy)
        } stand on the diagonal.`,
        rows: genres.map(sourceOf),
        columns: genres.map(sourceOf),
        values: counts,
        rowTitle: "source",
        columnTitle: "answered",
      },
      {
        kind: "table",
        caption:
          `The words and pairs of words that speak most for each source, of those that occur in ${documents} documents or more, none picked by hand${
            telling.flat().some((word) => word.includes(" ")) ? "" : "; no pair is among the first"
          }.`,
        columns: ["source", "words"],
        rows: genres.map((genre, i) => [sourceOf(genre), telling[i]!.join(", ")]),
      },
    ];
  },
  reading({ results, training, validation, phrases, tried, draws, betweenTrained }) {
    const of = (name: GenreResult["name"]): GenreResult => results.find((one) => one.name === name)!;
    const gain = (name: GenreResult["name"]): string => {
      const { gain: [low, high] } = of(name);
      return `${signed(low)} to ${signed(high)}`;
    };
    const { settings } = of("gradient");
    return [
      `Here the bag of words is ahead of the rules. By the perceptron the gain is ${
        gain("perceptron")
      } in 100, by the gradient ${gain("gradient")} (bootstrap with ${
        number(draws)
      } draws; the interval holds 95\u202f% of them). The gradient is better than the perceptron by more than luck explains (McNemar's test, p = ${
        number(betweenTrained, 2)
      }). The rule of the notes as it is worded gains ${gain("rewarding")}.`,
      `The rules have ${phrases} phrases, which one person thought of before the data were looked at. The bags learned from ${
        number(training)
      } sentences; the settings were chosen on ${
        number(validation)
      } others, from whole documents that are kept apart. Of ${tried} combinations for the gradient the best was ${
        settings!.epochs
      } epochs, learning rate ${settings!.rate}, up to ${
        settings!.pieces
      } words together. The test file was read once.`,
      "The difference to the reviews of this book is in the texts. There a sentence mostly contains a word of praise or blame, which everybody knows beforehand. Nobody knows beforehand by which words a newsgroup differs from a weblog.",
    ];
  },
};
