/**
 * # Where rules fail
 *
 * The tables of rules of the page answer reviews in two languages, those of the training and the test part, and sentences that are hard in a way that has a name.
 * Three tables are compared: all rules, those without words with a factor, such as *not*, and those without *but*. [The notes](notes:004.10) name the kinds of sentences on which rules fail.
 *
 * @module
 */

import { type Difficulty, sentiment, SENTIMENTS } from "../../corpora/sentiment.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import {
  accuracy,
  chineseSentiment,
  englishSentiment,
  findErrors,
  RuleBasedClassifier,
  type ScoringRules,
} from "../rule_based_classifier.ts";

const LANGUAGES = ["english", "chinese"] as const;
const PARTS = ["training", "test", "hard"] as const;
const TABLES = ["all", "factorless", "contrastless"] as const;
const KINDS: readonly Difficulty[] = ["rare", "form", "negation", "but", "metaphor", "language"];
const RULES = { english: englishSentiment, chinese: chineseSentiment };

/** What is found. */
export interface RulesFindings {
  /** Fraction right on the training reviews, on the test reviews, on hard sentences: English, then Chinese. */
  readonly parts: readonly (readonly number[])[];
  /** What the most frequent answer reaches on the test reviews, by language. */
  readonly majority: readonly number[];
  /** Fraction of the hard sentences that are right, by table and kind, in the chosen language. */
  readonly kinds: readonly (readonly number[])[];
  /** Wrong answers to hard sentences of each kind, in both languages. */
  readonly errors: readonly number[];
  readonly shown: {
    readonly language: typeof LANGUAGES[number];
    /** Reviews in each part, by language. */
    readonly sizes: readonly (readonly number[])[];
    /** For each kind a sentence, its label, the wrong answer. */
    readonly failures: readonly (readonly [kind: Difficulty, text: string, label: string, answer: string])[];
    /** Phrases with points, and with a factor, by language. */
    readonly phrases: readonly number[];
    readonly factors: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Rules extends Parts {
  findings: RulesFindings;
  controls: "language" | "reach" | "threshold";
  claims: "useful" | "hard" | "kinds" | "negation";
  captions: "parts" | "kinds" | "failures";
  labels:
    & Labels<typeof LANGUAGES[number] | typeof PARTS[number] | typeof TABLES[number] | Difficulty>
    & Labels<"right" | "kind" | "sentence" | "label" | "answer" | "negative" | "neutral" | "positive">;
}

/** A table without some of its parts. */
function tableOf(rules: ScoringRules, table: typeof TABLES[number], reach: number): ScoringRules {
  if (table === "factorless") return { ...rules, factors: {}, reach };
  return table === "contrastless" ? { ...rules, contrasts: [], reach } : { ...rules, reach };
}

/** Rules on reviews and on hard sentences. */
export const experiment: Experiment<Rules> = {
  controls: {
    language: { default: 0, min: 0, max: 1, choices: LANGUAGES },
    reach: { default: 3, min: 0, max: 8 },
    threshold: { default: 0.5, min: 0.25, max: 2, step: 0.25 },
  },
  claims: {
    useful: { holds: ({ parts, majority }) => parts.every(([, test], i) => test! > majority[i]! + 0.3) },
    hard: { holds: ({ parts }) => parts.every(([, test, hard]) => hard! < test! - 0.3) },
    kinds: { holds: ({ errors }) => errors.every((count) => count > 0) },
    negation: { holds: ({ kinds: [all, factorless] }) => all![2]! > factorless![2]! },
  },
  async measure({ language, reach, threshold }, options) {
    const steps = new Steps(options, LANGUAGES.length * TABLES.length), chosen = LANGUAGES[language]!;
    const classify = (rules: ScoringRules) =>
      new RuleBasedClassifier<string>(rules, [-threshold, threshold], SENTIMENTS);
    const parts: number[][] = [], sizes: number[][] = [], majority: number[] = [], kinds: number[][] = [];
    const errors = KINDS.map(() => 0);
    let failures: RulesFindings["shown"]["failures"] = [];
    for (const name of LANGUAGES) {
      const corpus = sentiment(name), test = corpus.test.map(({ label }) => label);
      majority.push(Math.max(...SENTIMENTS.map((label) => test.filter((one) => one === label).length)) / test.length);
      for (const table of TABLES) {
        await steps.next();
        const classifier = classify(tableOf(RULES[name], table, reach));
        const right = (examples: readonly { readonly text: string; readonly label: string }[]): number =>
          accuracy(examples.map(({ label }) => label), examples.map(({ text }) => classifier.classify(text)));
        if (name === chosen) kinds.push(KINDS.map((kind) => right(corpus.hard.filter((one) => one.kind === kind))));
        if (table !== "all") continue;
        parts.push(PARTS.map((part) => right(corpus[part])));
        sizes.push(PARTS.map((part) => corpus[part].length));
        const wrong = KINDS.map((kind) =>
          findErrors<string>(classifier, corpus.hard.filter((one) => one.kind === kind))
        );
        wrong.forEach(({ length }, i) => errors[i]! += length);
        if (name === chosen) {
          failures = KINDS.flatMap((kind, i) =>
            wrong[i]!.slice(0, 2).map(({ text, label, answer }) => [kind, text, label, answer] as const)
          );
        }
      }
    }
    const phrases = LANGUAGES.map((name) => Object.keys(RULES[name].points).length);
    const factors = LANGUAGES.map((name) => Object.keys(RULES[name].factors ?? {}).length);
    return { parts, majority, kinds, errors, shown: { language: chosen, sizes, failures, phrases, factors } };
  },
  draw(findings, { captions, labels }) {
    const { parts, kinds, shown } = findings;
    const named = labels as Readonly<Record<string, string>>;
    return [
      {
        kind: "bars",
        caption: captions.parts(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: LANGUAGES.flatMap((language, i) =>
          PARTS.map((part, p) => ({ label: labels[part], group: labels[language], value: parts[i]![p]! }))
        ),
      },
      {
        kind: "bars",
        caption: captions.kinds(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: KINDS.flatMap((kind, i) =>
          TABLES.map((table, t) => ({ label: labels[table], group: labels[kind], value: kinds[t]![i]! }))
        ),
      },
      {
        kind: "table",
        caption: captions.failures(findings),
        columns: [labels.kind, labels.sentence, labels.label, labels.answer],
        rows: shown.failures.map(([kind, text, label, answer]) => [labels[kind], text, named[label]!, named[answer]!]),
      },
    ];
  },
};
