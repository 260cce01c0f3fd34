/**
 * # Texts drawn under each truncation, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import { modelOf, tableOf } from "../runs/texts_table.ts";
import type { TextsRun, TriedRow } from "../runs/texts_under_rules.ts";

/** The recorded run. */
export const run: RunFigures<TextsRun> = {
  before: ({ training }) => training,
  figures: (findings) => {
    const { rows, plays, seeds } = findings, bars = [{ name: "the plays", ...plays }, ...rows];
    const of = (label: string, which: "repeated" | "unknown") =>
      bars.map((row) => ({
        label,
        group: row.name,
        value: row[which],
        ..."ranges" in row && { range: (row as TriedRow).ranges[which] },
      }));
    return [
      {
        kind: "bars",
        caption: `What is repeated, 4-grams that stood in the text before: the mean of ${
          number(seeds)
        } seeds, with the lowest and the highest.`,
        y: { title: "fraction of 4-grams" },
        bars: of("repeated 4-grams", "repeated"),
      },
      {
        kind: "bars",
        caption: "What is no language: words that occur nowhere in what the model has learned from.",
        y: { title: "fraction of words" },
        bars: of("unknown words", "unknown"),
      },
      tableOf(findings),
    ];
  },
  reading(findings) {
    const { rows, plays, texts, gram } = findings;
    const named = (name: string): TriedRow => rows.find((row) => row.name.startsWith(name))!;
    const all = named("all tokens"), topP = named("top-p"), greedy = named("greedy"), beam = named("beam");
    const cuts = rows.filter((row) => row.draws && row !== all);
    const repeats = [greedy, beam].map(({ repeated }) => percent(repeated)).join(" and ");
    const isLess = topP.ranges.repeated[1] < Math.min(greedy.repeated, beam.repeated);
    const nearest = [all, ...cuts].reduce((a, b) =>
      Math.abs(b.surprisal - plays.surprisal) < Math.abs(a.surprisal - plays.surprisal) ? b : a
    );
    return [
      `Greedy and beam search repeat ${repeats} of their ${gram}-grams, the plays ${
        percent(plays.repeated, 2)
      }, and top-p ${percent(topP.repeated, 2)}. ${
        isLess
          ? "So a text of top-p is far less degenerate in this sense, with every seed; so is that of every other draw."
          : "So a text of top-p is not less degenerate in this sense with every seed."
      } The beam finds more probable texts than greedy search (${fixed(beam.surprisal, 2)} nats a token and not ${
        fixed(greedy.surprisal, 2)
      }), and they repeat ${
        Math.abs(beam.repeated - greedy.repeated) < 0.05
          ? "about as much"
          : beam.repeated > greedy.repeated
          ? "even more"
          : "less"
      }.`,
      `The price of chance are words that do not exist: ${
        percent(all.unknown, 2)
      } of the words where all tokens are drawn from, ${percent(topP.unknown, 2)} with top-p, ${
        percent(greedy.unknown, 2)
      } with greedy search, and ${
        percent(plays.unknown, 2)
      } in the plays, whose rare words are real ones. All rules lower it, to between ${
        percent(Math.min(...cuts.map(({ unknown }) => unknown)), 2)
      } and ${percent(Math.max(...cuts.map(({ unknown }) => unknown)), 2)}.`,
      `By surprisal the texts from ${nearest === all ? "all tokens" : `“${nearest.name}”`} are nearest to the plays, ${
        fixed(nearest.surprisal, 2)
      } against ${
        fixed(plays.surprisal, 2)
      } nats: a cut makes texts that the model finds more probable than real ones. One setting of each rule is compared, and not the rules at their best. ` +
      `The seeds and the ${number(texts)} prompts are the same in all rows. ${modelOf(findings)}`,
    ];
  },
};
