/**
 * # Evaluation
 *
 * **Question.** Of two classifiers, the second gets a few more texts of a test right. Is it better, or did it have luck with these texts? And what does
 * a single number hide?
 *
 * **Idea.** Count answers by what was right and what was answered: a confusion matrix. Its rows and columns give precision [精确率] and recall of each class. To see what is luck, draw
 * as many texts from these, with replacement, so that some come twice and some not at all. Compare both classifiers again on what was drawn, and do so a thousand times: this is the bootstrap [自助法]. And measure on texts that nobody has looked at while the classifier was built:
 * the test set (测试数据). To choose between classifiers is the task of a third set, for validation (验证).
 *
 * ```picture confusion_by_hand The example worked below as a confusion matrix. Rows are right classes, columns are answers; the diagonal is what was answered right.
 * ```
 *
 * **By hand.** Ten texts: 6 are positive (+) and 4 negative (−). The classifier answers + for 7 of them: 5 of the positive ones and 2 of the negative ones. So 5 + 2 = 7 answers of ten
 * are right: the accuracy is 0.7, of 5 right + and 2 right −. Precision of +: of 7 answers +, 5 are right, 5/7 = 0.714. Recall of +: of 6 texts that are +, 5 were found, 5/6 = 0.833.
 * Their harmonic mean, twice the product divided by the sum, is F1: 2 · 0.714 · 0.833 / (0.714 + 0.833) = 0.769. For − precision is 2/3 = 0.667, recall 2/4 = 0.5, F1 0.571. The macro F1 is the mean of both, (0.769 + 0.571) / 2 = 0.670.
 *
 * ```ts
 * import { accuracy, confusionMatrix, precisionRecall } from "@heed/heed/introduction";
 *
 * const labels =  ["+", "+", "+", "+", "+", "+", "-", "-", "-", "-"];
 * const answers = ["+", "+", "+", "+", "+", "-", "+", "+", "-", "-"];
 * const { counts } = confusionMatrix(labels, answers, ["+", "-"]);
 * console.log("counts  ", counts.map((row) => row.join(" ")).join(" | "));
 * console.log("accuracy", accuracy(labels, answers));
 * const { classes, macro } = precisionRecall(labels, answers, ["+", "-"]);
 * for (const { label, precision, recall, f1 } of classes) {
 *   console.log(label, precision.toFixed(3), recall.toFixed(3), f1.toFixed(3));
 * }
 * console.log("macro", macro.f1.toFixed(3));
 * ```
 *
 * ```text
 * counts   5 1 | 2 2
 * accuracy 0.7
 * + 0.714 0.833 0.769
 * - 0.667 0.500 0.571
 * macro 0.670
 * ```
 *
 * **By hand.** Is a difference luck? Of five texts the first classifier gets all but the fourth right, written (1, 1, 1, 0, 1), the second those with the numbers 1, 3 and 5, written (1, 0, 1, 0, 1). The accuracies are 0.8 and 0.6, and 0.8 − 0.6 = 0.2 comes from text 2 alone.
 *
 * Draw five texts of these five, with
 * replacement: 2, 2, 5, 1, 3. Text 2 came twice, so the difference is 2/5 = 0.4. A draw without text 2 has the difference 0. The 1000 differences of 1000 draws are sorted. Without the lowest and the highest, (1 − 0.95) · 1000 / 2 = 25 of each, they go from 0 to 0.6: this is the confidence interval [置信区间], here of 0.95. It holds 0, so the second
 * classifier may be as good as the first.
 *
 * The p-value answers: if both were equally good, how often would chance alone make a difference of 0.2 or more, in either direction? By the draws it is 0.574, in more than half of the cases: five texts show nothing. A single accuracy is uncertain too: 4 right answers of 5 go well with everything from 0.376 to 0.964.
 *
 * ```ts
 * import { accuracy, accuracyInterval, mcNemar, pairedBootstrap } from "@heed/heed/introduction";
 *
 * const labels = [1, 1, 1, 1, 1], first = [1, 1, 1, 0, 1], second = [1, 0, 1, 0, 1];
 * const drawn = (answers: number[]) => [2, 2, 5, 1, 3].map((text) => answers[text - 1]);
 * const difference = (a: unknown[], b: unknown[]) => (accuracy(labels, a) - accuracy(labels, b)).toFixed(1);
 * console.log("accuracies", accuracy(labels, first), accuracy(labels, second));
 * console.log("difference", difference(first, second), "as drawn", difference(drawn(first), drawn(second)));
 * const { interval: [low, high], pValue } = pairedBootstrap(labels, first, second, accuracy, { draws: 1000, confidence: 0.95 });
 * console.log("interval", low.toFixed(1), high.toFixed(1), "p", pValue.toFixed(3));
 * console.log("McNemar's test: p", mcNemar(labels, first, second).pValue);
 * console.log("accuracy of the first", accuracyInterval(4, 5).map((bound) => bound.toFixed(3)).join(" to "));
 * ```
 *
 * ```text
 * accuracies 0.8 0.6
 * difference 0.2 as drawn 0.4
 * interval 0.0 0.6 p 0.574
 * McNemar's test: p 1
 * accuracy of the first 0.376 to 0.964
 * ```
 *
 * **Formula.** With $n_{ij}$ the number of texts of class $i$ that were answered $j$:
 *
 * $$P_c = \frac{n_{cc}}{\sum_i n_{ic}}, \qquad R_c = \frac{n_{cc}}{\sum_j n_{cj}}, \qquad F_c = \frac{2 P_c R_c}{P_c + R_c}$$
 *
 * | symbol | in code     | is                                              |
 * | ------ | ----------- | ----------------------------------------------- |
 * | $n$    | `counts`    | the confusion matrix, rows of right classes     |
 * | $P$    | `precision` | of the answers $c$, the fraction that is right  |
 * | $R$    | `recall`    | of the texts of class $c$, the fraction found   |
 * | $F$    | `f1`        | the harmonic mean of both                       |
 *
 * **Why the harmonic mean.** It is at most twice the smaller of the two: if one is near 0, so is the mean. A classifier that always answers + finds all of +: recall 1. If few texts are +, its precision is near 0. The arithmetic mean of both
 * is still above one half. The harmonic mean is near 0, and says what the classifier is worth.
 *
 * Sources: van Rijsbergen 1979, *Information Retrieval* (F); Efron and Tibshirani 1993, *An Introduction to the Bootstrap*; Koehn 2004, *Statistical Significance Tests for Machine Translation
 * Evaluation* (paired bootstrap); McNemar 1947, *Note on the Sampling Error of the Difference Between Correlated Proportions or Percentages*; Wilson 1927, *Probable Inference, the Law of Succession, and Statistical Inference*;
 * Dwork et al. 2015, *The Reusable Holdout* (adapting to the test set).
 *
 * @module
 */

import {
  checkFunction,
  checkOptions,
  type Checks,
  checkValue,
  instance,
  integer,
  numeric,
  shown,
} from "../engine/options.ts";
import { checkList } from "../engine/arguments.ts";
import { checkRandom, Random } from "../engine/random.ts";
import { accuracy, checkPaired } from "./rule_based_classifier.ts";

/** How often each class was answered by what. */
export interface ConfusionMatrix<Label = unknown> {
  /** The classes, in the order of rows and columns. */
  readonly labels: readonly Label[];
  /** A row for each right class, in it a number for each answer. */
  readonly counts: readonly (readonly number[])[];
}

/**
 * Counts texts by what was right and what was answered.
 *
 * @param labels the right answers, of any kind
 * @param answers what was answered, in the same order
 * @param classes the order of rows and columns; all that occur by default
 * @returns the counts
 * @throws {RangeError} if there is no answer, or one is not among the classes
 */
export function confusionMatrix<Label>(
  labels: readonly Label[],
  answers: readonly Label[],
  classes: readonly Label[] = sortedClasses([labels, answers]),
): ConfusionMatrix<Label> {
  checkPaired("count answers", labels, answers);
  checkClasses("count answers", classes);
  const place = new Map(classes.map((label, i) => [label, i])), counts = classes.map(() => classes.map(() => 0));
  labels.forEach((label, i) => {
    const row = placeOf(place, label), column = placeOf(place, answers[i]!);
    // $n_{ij}$: a text of class $i$ that was answered $j$.
    counts[row]![column]!++;
  });
  return { labels: classes, counts };
}

/** Precision, recall and their harmonic mean. */
export interface PrecisionRecall {
  /** Of the answers, the fraction that is right; 0 of none. */
  readonly precision: number;
  /** Of what there is to find, the fraction that was found; 0 of none. */
  readonly recall: number;
  /** The harmonic mean of both; 0 where both are. */
  readonly f1: number;
}

/** Precision and recall of a class. */
export interface ClassScores<Label = unknown> extends PrecisionRecall {
  /** The class. */
  readonly label: Label;
  /** How many texts are of this class. */
  readonly support: number;
}

/** Precision and recall of all classes, and their means. */
export interface ClassificationReport<Label = unknown> {
  /** Each class. */
  readonly classes: readonly ClassScores<Label>[];
  /** The mean over the classes, each as much as another. */
  readonly macro: PrecisionRecall;
  /** The counts of all classes added up first, and then divided. */
  readonly micro: PrecisionRecall;
  /** The mean over the classes, each by its number of texts. */
  readonly weighted: PrecisionRecall;
}

/**
 * Precision, recall and F1 of each class, and their means.
 *
 * For the micro means the counts of the given classes are added up first: where these are all classes, each micro mean is the accuracy.
 *
 * @param labels the right answers, of any kind
 * @param answers what was answered, in the same order
 * @param classes which are looked at; all that occur by default
 * @returns numbers from 0 to 1
 */
export function precisionRecall<Label>(
  labels: readonly Label[],
  answers: readonly Label[],
  classes: readonly Label[] = sortedClasses([labels, answers]),
): ClassificationReport<Label> {
  checkPaired("measure precision", labels, answers);
  checkClasses("measure precision", classes);
  const found = classes.map((label) => {
    const right = labels.filter((one, i) => one === label && answers[i] === label).length;
    const answered = answers.filter((one) => one === label).length,
      support = labels.filter((one) => one === label).length;
    return { label, support, right, answered, ...scoresOf(right, answered, support) };
  });
  const total = (of: "right" | "answered" | "support"): number => found.reduce((sum, one) => sum + one[of], 0);
  const mean = (weight: (one: typeof found[number]) => number): PrecisionRecall => {
    const all = found.reduce((sum, one) => sum + weight(one), 0);
    const of = (name: keyof PrecisionRecall): number =>
      all === 0 ? 0 : found.reduce((sum, one) => sum + weight(one) * one[name], 0) / all;
    return { precision: of("precision"), recall: of("recall"), f1: of("f1") };
  };
  return {
    classes: found.map(({ label, support, precision, recall, f1 }) => ({ label, precision, recall, f1, support })),
    macro: mean(() => 1),
    micro: scoresOf(total("right"), total("answered"), total("support")),
    weighted: mean(({ support }) => support),
  };
}

/** $P$, $R$ and $F$ of counts. */
function scoresOf(right: number, answered: number, support: number): PrecisionRecall {
  const precision = answered === 0 ? 0 : right / answered, recall = support === 0 ? 0 : right / support;
  return { precision, recall, f1: precision + recall === 0 ? 0 : 2 * precision * recall / (precision + recall) };
}

// ## How much of a difference is luck
//
// Two classifiers are compared on the *same* texts, so the test is a paired one. What matters are the texts on which they differ. The bootstrap takes the texts that there are for all texts that there could be, and draws from them. Its differences scatter around the one that was found. If there
// were none, they would scatter around 0, and about as widely. So the fraction of draws that are at least as far from the difference as the difference is from 0 is the p-value: the probability of a difference at least this large if there is really none. A small one, usually $p < 0.05$, speaks against luck.
// The data themselves count as one draw more, so that $B$ draws give a p-value of $1/(B+1)$ or more.
//
// McNemar's test needs no draws. It looks only at the texts that exactly one of the two got right. If both were equally good, each would win about half of them, as heads and tails of a fair coin. The p-value is the probability that a fair coin is at least as lopsided: if 5 texts of 5 are won by
// the same one, it is $2 \cdot (1/2)^5 = 0.0625$, twice because it might have been the other.
//
// **Why the two may disagree.** *About as widely* is true of many texts, and not of few. Let one classifier win 5 of 13 texts and the other none. No draw can hold a text that the other won, so the draws scatter less than wins that might have gone either way, and the bootstrap is too sure. As far from 5 as 5 is from 0 are draws with no win and those with 10 or more: $\mathrm{Pr}(0) + \mathrm{Pr}(\ge 10) = 0.0074$.
// Where few texts differ, trust the exact test. The bootstrap has its place where the measure is not an accuracy, such as F1, and the texts are many. The test "pairedBootstrap() is too sure where few texts differ, and mcNemar() is not" has these numbers.

/** What a comparison found. */
export interface PairedComparison {
  /** The score of the first minus that of the second. */
  readonly difference: number;
  /** The interval that holds the given fraction of draws. */
  readonly interval: readonly [low: number, high: number];
  /** How probable a difference at least this large, in either direction, is if there is none. */
  readonly pValue: number;
}

/** How {@linkcode pairedBootstrap} draws. */
export interface BootstrapOptions {
  /** How often the examples are drawn; 1000 by default. */
  readonly draws?: number | undefined;
  /** The fraction of draws within the interval; 0.95 by default. */
  readonly confidence?: number | undefined;
  /** Where draws come from; `new Random(1)` by default. */
  readonly random?: Random | undefined;
}

const bootstrapChecks: Checks<BootstrapOptions> = {
  draws: integer(),
  confidence: numeric({ above: 0, below: 1 }),
  random: instance(Random),
};

/**
 * Compares two lists of answers to the same questions by drawing the questions again.
 *
 * @example
 * ```ts
 * import { accuracy, pairedBootstrap } from "@heed/heed/introduction";
 *
 * const labels = Array.from({ length: 200 }, (_, i) => i % 2), always = labels.map(() => 0);
 * const { difference, pValue } = pairedBootstrap(labels, labels, always, accuracy);
 * console.assert(difference === 0.5 && pValue < 0.01);
 * ```
 *
 * @param labels the right answers, of any kind
 * @param first the answers of the one
 * @param second the answers of the other
 * @param measure a score of answers, the higher the better; {@linkcode accuracy} by default
 * @param options draws, interval, randomness
 * @returns the difference, its interval, its p-value
 */
export function pairedBootstrap<Label, Answer = Label>(
  labels: readonly Label[],
  first: readonly Answer[],
  second: readonly Answer[],
  measure: (labels: readonly Label[], answers: readonly Answer[]) => number = accuracy,
  options: BootstrapOptions = {},
): PairedComparison {
  checkPaired("compare answers", labels, first);
  checkPaired("compare answers", labels, second);
  checkFunction("measure answers by", measure);
  checkOptions("compare answers", options, bootstrapChecks);
  const { draws = 1000, confidence = 0.95, random = new Random(1) } = options, n = labels.length;
  const difference = measure(labels, first) - measure(labels, second);
  const found = Array.from({ length: draws }, () => {
    const rows = Array.from({ length: n }, () => random.integer(n));
    const own = rows.map((i) => labels[i]!), pick = (from: readonly Answer[]) => rows.map((i) => from[i]!);
    return measure(own, pick(first)) - measure(own, pick(second));
  }).sort((a, b) => a - b);
  const low = Math.floor((1 - confidence) / 2 * draws), far = Math.abs(difference) - 1e-12;
  // Deviations from what was found stand for those from 0; the data themselves count as one draw.
  const extreme = found.filter((one) => Math.abs(one - difference) >= far).length;
  return { difference, interval: [found[low]!, found[draws - 1 - low]!], pValue: (extreme + 1) / (draws + 1) };
}

/**
 * McNemar's exact test: the p-value of a difference in accuracy, without drawing.
 *
 * Of the questions that exactly one of the two got right, each of the two would have won about half if they were equally good. The p-value is the probability that a
 * fair coin is at least as lopsided.
 *
 * @param labels the right answers, of any kind
 * @param first the answers of the one
 * @param second the answers of the other
 * @returns how many only the first got right, how many only the second, and the two-sided p-value
 */
export function mcNemar<Label, Answer = Label>(
  labels: readonly Label[],
  first: readonly Answer[],
  second: readonly Answer[],
): { readonly onlyFirst: number; readonly onlySecond: number; readonly pValue: number } {
  checkPaired("compare answers", labels, first);
  checkPaired("compare answers", labels, second);
  const isRight = (answers: readonly unknown[], i: number): boolean => answers[i] === labels[i];
  const onlyFirst = labels.filter((_, i) => isRight(first, i) && !isRight(second, i)).length;
  const onlySecond = labels.filter((_, i) => !isRight(first, i) && isRight(second, i)).length;
  const n = onlyFirst + onlySecond;
  // Twice the probability of at most so few wins; at most 1, since both halves hold the middle of an even number.
  const pValue = Math.min(1, 2 * binomialTail(Math.min(onlyFirst, onlySecond), n, 0.5));
  return { onlyFirst, onlySecond, pValue };
}

// An accuracy $a$ that was measured on $N$ texts scatters around the true one $q$. Its standard deviation, the root of the mean squared distance from the mean, is $\sqrt{q(1 - q)/N}$, and $0.95$ of a bell curve lies within $1.96$ standard deviations of its middle. Wilson's
// interval holds every $q$ that is at most that far from $a$, $|a - q| \le 1.96 \sqrt{q(1 - q)/N}$. Squared, this is a quadratic inequality in $q$, whose two solutions are `middle - half` and `middle + half` below.

/**
 * An interval for an accuracy that was measured on a number of texts, by Wilson's formula.
 *
 * @param right how many answers were right
 * @param total how many there were
 * @param deviations half its width in standard deviations; 1.96 by default
 * @returns the lowest and the highest accuracy that go well with the measurement
 */
export function accuracyInterval(right: number, total: number, deviations: number = 1.96): [low: number, high: number] {
  checkValue("find an interval", "total", total, integer());
  checkValue("find an interval", "right", right, integer({ min: 0, max: total }));
  checkValue("find an interval", "deviations", deviations, numeric({ above: 0 }));
  const p = right / total, z = deviations ** 2 / total, middle = (p + z / 2) / (1 + z);
  const half = deviations * Math.sqrt(p * (1 - p) / total + z / (4 * total)) / (1 + z);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** The probability of at most `most` successes in `n` trials. */
function binomialTail(most: number, n: number, p: number): number {
  let sum = 0;
  // In logarithms, since factorials of thousands are no numbers any more.
  for (let k = 0, log = n * Math.log1p(-p); k <= Math.min(most, n); k++) {
    sum += Math.exp(log);
    log += Math.log((n - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return Math.min(1, sum);
}

// ## Three sets, and what the third is for
//
// What is learned from says nothing of new texts: a model may know it by heart. Hence the test set. But whoever looks at the result on the test set, changes the model, and looks again, and keeps what was best, has chosen by the
// test set. Among many models some have luck with these very texts. The luck stays behind when new texts come. So the choice is made on a validation set, and the test set is used once, at the end.
//
// How large the luck is can be computed exactly. Let $K$ models all have the true accuracy $q$, and make their errors independently. On $N$ texts the number of right answers of each has the binomial distribution: it is the number of heads in $N$ tosses
// of a coin that shows heads with the probability $q$. Let $G(k)$ be the probability that one model has at most $k$ right answers. The best of $K$ has at most $k$ if *all* have, and the probability of independent events together is a product: $G(k)^K$. For $K = 2$, $N = 2$ and $q = 0.5$, $G$ is 1/4, 3/4 and 1 for
// 0, 1 and 2 right answers. The best has more than 0 with the probability 1 − 1/16 = 15/16, and more than 1 with 1 − 9/16 = 7/16. Each of these events adds one right answer, so the mean is 15/16 + 7/16 = 22/16 of 2 answers, an accuracy of 11/16 where the true one is 1/2.
// {@linkcode expectedBest} does this for any numbers. The [experiment](experiments/evaluation.ts) draws such models many times, and beside them chooses real ones. The mean over
// draws scatters around the true value by its standard error: the standard deviation of the draws, divided by the square root of their number.

/**
 * The accuracy that the best of several equally good models can be expected to show.
 *
 * It is measured on the very texts on which it was chosen.
 *
 * @param models how many there are
 * @param texts how many each is measured on
 * @param trueAccuracy of every one of them
 * @returns the expected largest accuracy
 */
export function expectedBest(models: number, texts: number, trueAccuracy: number): number {
  checkValue("expect the best", "models", models, integer());
  checkValue("expect the best", "texts", texts, integer({ min: 1, max: 10_000_000 }));
  checkValue("expect the best", "trueAccuracy", trueAccuracy, numeric({ min: 0, max: 1 }));
  if (trueAccuracy === 0 || trueAccuracy === 1) return trueAccuracy;
  let sum = 0, G = 0;
  // The mean of the best is the sum over $k$ of the probabilities $1 - G(k)^K$ that it has more than $k$ right answers.
  for (let k = 0, log = texts * Math.log1p(-trueAccuracy); k < texts; k++) {
    G += Math.exp(log);
    log += Math.log((texts - k) / (k + 1)) + Math.log(trueAccuracy) - Math.log1p(-trueAccuracy);
    sum += 1 - Math.min(1, G) ** models;
  }
  return sum / texts;
}

/** A set to learn from, one to choose on, one to judge by. */
export interface Split<Example> {
  /** To learn from. */
  readonly training: Example[];
  /** To choose on. */
  readonly validation: Example[];
  /** To judge by, once. */
  readonly test: Example[];
}

/** How {@linkcode splitExamples} splits. */
export interface SplitOptions<Example> {
  /** The fraction to choose on; 0.2 by default. */
  readonly validation?: number | undefined;
  /** The fraction to judge by; 0.2 by default. */
  readonly test?: number | undefined;
  /** What must not be torn apart: examples with the same key come into the same set; each stands alone by default. */
  readonly group?: ((example: Example) => unknown) | undefined;
}

/**
 * Splits examples into three sets that share none.
 *
 * The test set is filled first, then the validation set; the rest is to learn from. A group comes as a whole, so the last one of a set may overfill it. A group that would
 * make a set more than twice as large as is wanted is learned from.
 *
 * @param examples all there are
 * @param random who comes where
 * @param options fractions, groups
 * @returns the sets
 * @throws {RangeError} if a set that is asked for stays empty
 */
export function splitExamples<Example>(
  examples: readonly Example[],
  random: Random,
  options: SplitOptions<Example> = {},
): Split<Example> {
  checkList("split examples", "examples", examples, "examples", () => true);
  checkRandom("split examples", random);
  checkOptions("split examples", options, splitChecks as Checks<SplitOptions<Example>>);
  const { validation = 0.2, test = 0.2, group } = options;
  if (validation + test >= 1) {
    throw new RangeError(
      `Cannot split examples with validation = ${validation} and test = ${test}: their sum must be less than 1`,
    );
  }
  const groups = new Map<unknown, Example[]>();
  examples.forEach((example, i) => {
    const key = group ? group(example) : i, same = groups.get(key);
    if (same) same.push(example);
    else groups.set(key, [example]);
  });
  const all = [...groups.values()], order = Array.from(random.permutation(all.length), (i) => all[i]!);
  const split: Split<Example> = { training: [], validation: [], test: [] };
  const wanted = { test: Math.round(test * examples.length), validation: Math.round(validation * examples.length) };
  // A whole group goes to the first set that is not full, and that it does not make more than twice as large as wanted.
  for (const one of order) {
    const takes = (name: "test" | "validation"): boolean =>
      split[name].length < wanted[name] && split[name].length + one.length <= 2 * wanted[name];
    split[takes("test") ? "test" : takes("validation") ? "validation" : "training"].push(...one);
  }
  for (const [name, fraction] of [["training", 1], ["validation", validation], ["test", test]] as const) {
    if (fraction > 0 && split[name].length === 0) {
      throw new RangeError(`Cannot split ${examples.length} examples: the ${name} set would be empty`);
    }
  }
  return split;
}

// #region Checks
// Classes have an order, and every answer must be one of them.

const splitChecks: Checks<SplitOptions<unknown>> = {
  validation: numeric({ min: 0, below: 1 }),
  test: numeric({ min: 0, below: 1 }),
  group: { must: "a function", fits: (value) => typeof value === "function" },
};

/** All classes that occur, in the order of their words. */
function sortedClasses<Label>(lists: readonly (readonly Label[])[]): Label[] {
  const all = [...new Set(lists.flatMap((list) => Array.isArray(list) ? list as readonly Label[] : []))];
  const isNumeric = all.every((label) => typeof label === "number");
  return all.sort((a, b) => isNumeric ? Number(a) - Number(b) : String(a) < String(b) ? -1 : 1);
}

function checkClasses(action: string, classes: readonly unknown[]): void {
  checkList(action, "classes", classes, "classes", () => true);
  if (new Set(classes).size < classes.length) {
    throw new RangeError(`Cannot ${action} with classes that hold one twice: they must be different`);
  }
}

function placeOf<Label>(place: ReadonlyMap<Label, number>, label: Label): number {
  const found = place.get(label);
  if (found === undefined) {
    throw new RangeError(`Cannot count the answer ${shown(label)}: it must be one of ${[...place.keys()].join(", ")}`);
  }
  return found;
}

// #endregion

// ## What the notes do with the test set
//
// **The notes, 004.9.** A mistake, and the order of its three words shows it: *training, test, validation*. Whoever evaluates on the test set and then changes the model has made a validation set of it, and has no test set left. The experiment measures what
// that costs: the accuracy of the chosen model on the set that it was chosen on, and on one that nobody has seen.

// ## Pitfall: accuracy where classes are of different size
//
// Where nearly all messages are not spam, the classifier that never says *spam* has a high accuracy. Its recall of *spam* is 0, and so is its F1. The test "precisionRecall() shows what accuracy hides where one class is rare" has the numbers.

// ## Exercise
//
// The micro F1 over all classes of a task with one label each is always the accuracy. Why?
//
// **Hint.** Count the answers over all classes together: how many are there, and how many labels?
//
// **Solution.** Each text has one label and gets one answer, so both counts are the number of texts. The right ones are the same in both, so precision and recall are the accuracy, and so is their harmonic mean.
//
// ```ts
// import { accuracy, precisionRecall } from "@heed/heed/introduction";
//
// const labels = [0, 1, 2, 2, 1, 0, 2], answers = [0, 2, 2, 2, 1, 1, 0];
// console.log(accuracy(labels, answers).toFixed(4), precisionRecall(labels, answers).micro.f1.toFixed(4));
// ```
//
// ```text
// 0.5714 0.5714
// ```
