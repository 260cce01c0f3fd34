/**
 * # A word of the reference, required, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import { creditsOf, type RunFigures } from "../picture.ts";
import type { RequiredSetting, RequiredWay, RequiredWordsRun } from "../runs/required_words.ts";

/** What the run says. */
export interface RequiredWordsWords {
  readonly ways: Readonly<Record<RequiredWay, string>>;
  /** Heads of both tables, and names of rows. */
  readonly columns: readonly string[];
  readonly exampleColumns: readonly string[];
  readonly source: string;
  readonly reference: string;
  readonly captions: Readonly<Record<"settings" | "examples", (run: RequiredWordsRun) => string>>;
  readonly reading: (run: RequiredWordsRun) => readonly string[];
}

/** A difference with its sign. */
const signed = (value: number): string => (value >= 0 ? "+" : "") + fixed(value, 1);
const interval = ([low, high]: readonly [number, number]): string => `${signed(low)} to ${signed(high)}`;
const of = ({ settings }: RequiredWordsRun, way: RequiredWay): RequiredSetting =>
  settings.find((one) => one.way === way)!;
/** What an interval says. */
const verdict = ([low, high]: readonly [number, number]): string =>
  low > 0 ? "rises" : high < 0 ? "falls" : "does not change beyond chance";

const words: RequiredWordsWords = {
  ways: {
    plain: "plain, 4 beams",
    rule: "rule, greedy",
    beams4: "required, 4 beams",
    beams8: "required, 8 beams",
    wrong: "wrong word, 4 beams",
  },
  columns: ["translation", "contains it", "BLEU", "gain", "BLEU of the rest", "gain of the rest", "log P"],
  exampleColumns: ["translation", "sentence"],
  source: "source",
  reference: "reference",
  captions: {
    settings: ({ sentences, translated, letters }) =>
      `${sentences} of ${translated} unseen sentences, whose plain translation lacks a word of ${letters} letters or more that the reference has. The rarest of these is required; the wrong word is that of the next sentence. ` +
      "The rest is what is left without the required word, on both sides. A gain is an interval that holds 95 of 100 draws of the sentences.",
    examples: (run) =>
      `The first ${run.examples.length} of these sentences, with the word that is required. Sentences and references: Tatoeba, ${
        creditsOf(run.examples)
      }, CC-BY 2.0 FR.`,
  },
  reading(run) {
    const { pairs, steps, hiddenSize, numLayers, draws } = run, narrow = of(run, "beams4"), wide = of(run, "beams8");
    const rule = of(run, "rule"), wrong = of(run, "wrong"), plain = of(run, "plain");
    return [
      `With a word of the reference required, BLEU ${verdict(narrow.gain)}: from ${fixed(plain.bleu, 1)} to ${
        fixed(narrow.bleu, 1)
      } with 4 beams and ${
        fixed(wide.bleu, 1)
      } with 8. That is not yet an achievement, since the word itself is a match. BLEU of the rest ${
        verdict(narrow.restGain)
      } with 4 beams (${interval(narrow.restGain)}) and ${verdict(wide.restGain)} with 8 (${interval(wide.restGain)}).`,
      `The rule of one prefix writes the word where nothing else is left: BLEU of the rest ${verdict(rule.restGain)} (${
        interval(rule.restGain)
      }), and a translation has a mean log-probability of ${fixed(rule.logProbability, 1)} nats, against ${
        fixed(narrow.logProbability, 1)
      } of constrained beams. A wrong word is obeyed too: BLEU of the rest ${verdict(wrong.restGain)} (${
        interval(wrong.restGain)
      }).`,
      `A model of ${numLayers} layers of encoder and decoder each and width ${hiddenSize} learned from ${
        number(pairs)
      } pairs in ${number(steps)} steps, fewer than it could use. Intervals are of ${
        number(draws)
      } draws of the sentences; they say nothing of other models, since one was trained.`,
    ];
  },
};

/** The recorded run. */
export const run: RunFigures<RequiredWordsRun, RequiredWordsWords> = {
  words,
  before: ({ training }) => training,
  figures(findings, { ways, columns, exampleColumns, source, reference, captions }) {
    const { settings, sentences, examples } = findings;
    return [
      {
        kind: "table",
        isWide: true,
        caption: captions.settings(findings),
        columns,
        rows: settings.map(({ way, bleu, gain, rest, restGain, logProbability, held }) => [
          ways[way],
          way === "plain" ? "–" : `${held} / ${sentences}`,
          fixed(bleu, 1),
          way === "plain" ? "–" : interval(gain),
          fixed(rest, 1),
          way === "plain" ? "–" : interval(restGain),
          fixed(logProbability, 1),
        ]),
      },
      {
        kind: "table",
        isWide: true,
        caption: captions.examples(findings),
        columns: exampleColumns,
        rows: examples.flatMap(({ source: from, reference: to, word, translations }) => [
          [source, from],
          ...(Object.keys(ways) as RequiredWay[]).map((way): [string, string] => [
            way === "beams4" ? `${ways[way]}: ${word}` : ways[way],
            translations[way] || "∅",
          ]),
          [reference, to],
        ]),
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(findings),
};
