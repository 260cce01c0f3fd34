/**
 * # A small language, made small, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { MultilingualRun } from "../runs/multilingual.ts";

type Mixture = MultilingualRun["mixtures"][number];

const at = (temperature: number): string => `T = ${temperature}`;
const nameOf = ({ small, sentences }: Mixture): string => `${number(sentences)} ${small} sentences`;

/** The recorded run. */
export const run: RunFigures<MultilingualRun> = {
  figures({ temperatures, mixtures, judged, vocabulary }) {
    const rows = (who: "small" | "large", caption: string) => ({
      kind: "line" as const,
      caption,
      x: { title: "temperature", logarithmic: true },
      y: { title: "tokens, all sentences = 1" },
      series: mixtures.map((mixture) => ({
        label: who === "small" ? nameOf(mixture) : `beside ${nameOf(mixture)}`,
        points: mixture.found.map((found, i): [number, number] => [temperatures[i]!, found[who] / mixture.all[who]]),
      })),
    });
    const least = mixtures[0]!;
    return [
      rows(
        "small",
        `Tokens of ${number(judged)} unseen sentences in the small language, divided by those of a vocabulary of ${
          number(vocabulary)
        } tokens that learned from all sentences. ` +
          `With ${nameOf(least)} they are ${fixed(least.found[0]!.small / least.all.small, 2)} times as many at ${
            at(temperatures[0]!)
          }.`,
      ),
      rows(
        "large",
        "The same sentences in the large language, at the same temperatures. Below 1 the large language takes fewer tokens than with the vocabulary that learned from all sentences: most of the pieces are its own.",
      ),
      {
        kind: "table",
        caption: "Tokens for each unseen sentence: in the small language, and in the large one.",
        columns: ["small language", ...temperatures.map(at), "all sentences"],
        rows: mixtures.map((mixture) => [
          nameOf(mixture),
          ...[...mixture.found, mixture.all].map(({ small, large }) => `${fixed(small, 1)}; ${fixed(large, 1)}`),
        ]),
      },
    ];
  },
  reading({ temperatures, mixtures, pairs }) {
    const mended = (mixture: Mixture): string => {
      const [first] = mixture.found, best = Math.min(...mixture.found.map(({ small }) => small));
      return percent((first!.small - best) / (first!.small - mixture.all.small));
    };
    const best = (mixture: Mixture): number => {
      const smalls = mixture.found.map(({ small }) => small);
      return temperatures[smalls.indexOf(Math.min(...smalls))]!;
    };
    const paid = mixtures.map(({ found }) => found.at(-1)!.large / found[0]!.large - 1);
    return [
      `The large language has ${
        number(pairs)
      } pairs to learn from. A vocabulary that saw little of the small language takes more tokens at ${
        at(temperatures[0]!)
      } than one that learned from all sentences. At the best of these temperatures sampling saves, of the tokens too many: ` +
      `${
        mixtures.map((one) => `${mended(one)} with ${nameOf(one)} (${at(best(one))})`).join(", ")
      }. The rest cannot be sampled: words that no sentence had. Where a curve is flat, all pieces that the few sentences can give are in the vocabulary already.`,
      `The large language pays ${percent(Math.min(...paid))} to ${percent(Math.max(...paid))} more tokens at ${
        at(temperatures.at(-1)!)
      }, where both are drawn nearly equally often.`,
    ];
  },
};
