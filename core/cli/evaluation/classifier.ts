/**
 * # Evaluating a classifier
 *
 * Accuracy with its interval, precision and recall of each class, the confusion matrix; beside another classifier, the difference and how much of it is luck.
 *
 * @module
 */

import {
  accuracyInterval,
  type ConfusionMatrix,
  confusionMatrix,
  mcNemar,
  pairedBootstrap,
  precisionRecall,
} from "../../01_introduction/evaluation.ts";
import { accuracy } from "../../01_introduction/rule_based_classifier.ts";
import { sentiment } from "../../corpora/sentiment.ts";
import { padEnd, padStart } from "../../engine/printing.ts";
import { Random } from "../../engine/random.ts";
import { type Labelled, LANGUAGES, readClassifier, readLabelled, type SavedClassifier } from "../classifiers.ts";
import { DataError, escapeControl, quote } from "../errors.ts";
import { named } from "../files.ts";
import { isClassifier } from "../model_kinds.ts";
import { line } from "../terminal.ts";
import type { EvaluatedKind, EvaluateValues } from "./kind.ts";

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

/** Classifiers. */
export const classifierKind: EvaluatedKind = {
  name: "a classifier",
  reads: ["data", "draws", "errors", "seed", "json"],
  holds: isClassifier,
  async evaluate(folder, otherFolder, values) {
    const saved = await readClassifier(folder);
    const other = otherFolder === undefined ? undefined : await readClassifier(otherFolder);
    const examples = await examplesOf(saved, values.data), labels = examples.map(({ label }) => label);
    const known = saved.model.labels, strange = labels.find((label) => !known.includes(label));
    if (strange !== undefined) {
      throw new DataError(
        `Cannot evaluate on ${values.data === undefined ? "these texts" : named(values.data)}: the label ${
          quote(strange, 40)
        } is none of the model's, ${known.map((label) => quote(label, 40)).join(", ")}`,
      );
    }
    const answers = examples.map(({ text }) => saved.model.classify(text));
    const second = other && examples.map(({ text }) => other.model.classify(text));
    const report = measure(labels, answers, known);
    const comparison = second && compare(labels, answers, second, values);
    if (values.json) {
      return line(
        JSON.stringify({
          model: folder,
          texts: examples.length,
          ...report,
          ...comparison && { other: otherFolder, comparison },
        }),
      );
    }
    show(report, examples.length);
    const wrong = examples.map((example, i) => ({ ...example, answer: answers[i]! })).filter(({ label, answer }) =>
      label !== answer
    );
    for (const { text, label, answer } of wrong.slice(0, values.errors ?? 0)) {
      line(`${escapeControl(label)} taken for ${escapeControl(answer)}: ${escapeControl(text)}`);
    }
    if (comparison) showComparison(comparison, otherFolder!);
  },
};

/** What it is evaluated on: a file, or the test part of the reviews that it learned from. */
async function examplesOf({ path, notes }: SavedClassifier, data: string | undefined): Promise<readonly Labelled[]> {
  if (data !== undefined) return await readLabelled(data);
  const language = LANGUAGES.find((one) => one === notes.recipe["language"]);
  if (language !== undefined && notes.recipe["data"] === "") return sentiment(language).test;
  throw new DataError(
    `Cannot evaluate ${
      quote(path)
    } without --data: it was trained on a file, and texts that it has not seen are needed`,
  );
}

interface Report {
  readonly right: number;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
  readonly majority: number;
  readonly report: ReturnType<typeof precisionRecall<string>>;
  readonly confusion: ConfusionMatrix<string>;
}

function measure(labels: readonly string[], answers: readonly string[], classes: readonly string[]): Report {
  const right = Math.round(accuracy(labels, answers) * labels.length),
    report = precisionRecall(labels, answers, classes);
  return {
    right,
    accuracy: right / labels.length,
    interval: accuracyInterval(right, labels.length),
    majority: Math.max(...report.classes.map(({ support }) => support)) / labels.length,
    report,
    confusion: confusionMatrix(labels, answers, classes),
  };
}

function compare(
  labels: readonly string[],
  first: readonly string[],
  second: readonly string[],
  { draws = 1000, seed = 1 }: EvaluateValues,
): ReturnType<typeof pairedBootstrap> & { readonly mcNemar: ReturnType<typeof mcNemar> } {
  return {
    ...pairedBootstrap(labels, first, second, accuracy, { draws, random: new Random(seed) }),
    mcNemar: mcNemar(labels, first, second),
  };
}

/** Cells as lines, the first column at the left and numbers at the right. */
function lines(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => [...row[c]!].length)));
  for (const row of rows) {
    line(
      `  ${row.map((cell, c) => c === 0 ? padEnd(cell, widths[c]!) : padStart(cell, widths[c]!)).join("  ")}`.trimEnd(),
    );
  }
}

function show({ right, accuracy, interval: [low, high], majority, report, confusion }: Report, texts: number): void {
  line(
    `${right} of ${texts} texts are right: ${percent(accuracy)} (${percent(low)} to ${
      percent(high)
    }); the most frequent class would be right in ${percent(majority)}`,
  );
  line();
  const { classes, macro, micro, weighted } = report, safe = (label: string): string => escapeControl(label);
  lines([
    ["class", "precision", "recall", "F1", "texts"],
    ...classes.map(({ label, precision, recall, f1, support }) => [
      safe(label),
      ...[precision, recall, f1].map((value) => value.toFixed(3)),
      String(support),
    ]),
    ...([["macro", macro], ["micro", micro], ["weighted", weighted]] as const).map((
      [name, { precision, recall, f1 }],
    ) => [
      name,
      ...[precision, recall, f1].map((value) => value.toFixed(3)),
      String(texts),
    ]),
  ]);
  line();
  lines([
    ["right \\ answered", ...confusion.labels.map(safe)],
    ...confusion.counts.map((row, i) => [safe(confusion.labels[i]!), ...row.map(String)]),
  ]);
}

function showComparison(
  { difference, interval: [low, high], pValue, mcNemar: exact }: ReturnType<typeof compare>,
  other: string,
): void {
  const signed = (value: number): string => `${value > 0 ? "+" : ""}${percent(value)}`;
  line();
  line(
    `Beside ${escapeControl(other)}: ${signed(difference)} (${signed(low)} to ${signed(high)}), p = ${
      pValue.toFixed(4)
    } by the bootstrap`,
  );
  line(
    `${exact.onlyFirst} texts only the first has right, ${exact.onlySecond} only the second: p = ${
      exact.pValue.toFixed(4)
    } by McNemar's test`,
  );
}
