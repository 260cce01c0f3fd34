/**
 * # Confidence
 *
 * **Question.** A model finds *sat* the most probable word in two places: once nearly all probability mass is on it, once only half of it.
 * It chooses *sat* both times. How sure is it each time, and is it right as often as it is sure?
 *
 * **Idea.** The *confidence* (置信度) of a model in its choice is the probability that it gives to it. The *margin* to the second
 * most probable token and the entropy of the whole distribution, $-\sum_i p_i \log p_i$ in nats ([section](../06_training/loss.ts)), measure the same in other ways. A model is *calibrated* if it is
 * right as often as it is sure: of all answers with a confidence $c$, the fraction $c$ is right. To measure that, group answers by
 * their confidence, and compare the mean confidence of each group with its accuracy. To repair it, divide all logits by one number,
 * the temperature ([section](temperature.ts)), fitted on examples that the model did not learn from. This is one form of
 * *calibration* (校准). The order of the tokens stays, and so does every most probable answer; only the confidence changes.
 *
 * **By hand.** *sat* has 0.99 before one other word with 0.01; then it has 0.5 before 0.3, 0.1 and 0.1. The margins are
 * $0.99 - 0.01 = 0.98$ and $0.5 - 0.3 = 0.2$; the entropies are 0.056 and 1.168 nats. By all three measures the first is more certain.
 *
 * *The calibration error.* Five answers have the confidences 0.9, 0.9, 0.8, 0.4 and 0.3. The first, the third and the last are right.
 * Two bins of equal width part them at 0.5. The upper one holds three answers: their mean confidence is 0.867, two of them are right,
 * so the accuracy is 0.667 and the gap $0.867 - 0.667 = 0.2$. The lower one holds two, with a gap of $0.5 - 0.35 = 0.15$. Weighted by the numbers of
 * answers, the error is $(3 \cdot 0.2 + 2 \cdot 0.15) / 5 = 0.18$.
 *
 * *The temperature.* A model gives two classes the logits 2 and 0 in all of four cases, so it is sure by 0.881, and it is right in
 * three of them. A temperature of 1.820 makes that 0.75.
 *
 * ```ts
 * import {
 *   calibrationError,
 *   confidenceOf,
 *   equalWidthBins,
 *   fitTemperature,
 *   topPredictions,
 * } from "@heed/heed/generation";
 *
 * for (const probabilities of [[0.99, 0.01], [0.5, 0.3, 0.1, 0.1]]) {
 *   const { probability, margin, entropy } = confidenceOf(probabilities);
 *   console.log(`probability ${probability}, margin ${margin.toFixed(2)}, entropy ${entropy.toFixed(3)}`);
 * }
 *
 * const answers = [[0.9, 1], [0.9, 0], [0.8, 1], [0.4, 0], [0.3, 1]]
 *   .map(([confidence, right]) => ({ confidence: confidence!, correct: right === 1 }));
 * const bins = equalWidthBins(answers, 2);
 * for (const { from, to, predictions, confidence, accuracy } of bins) {
 *   console.log(`${from} to ${to}: ${predictions.length}, confidence ${confidence.toFixed(3)}, accuracy ${accuracy.toFixed(3)}`);
 * }
 * console.log(`calibration error ${calibrationError(bins).toFixed(2)}`);
 *
 * const logits = [[2, 0], [2, 0], [2, 0], [2, 0]], labels = [0, 0, 0, 1];
 * const temperature = fitTemperature(logits, labels);
 * for (const t of [1, temperature]) {
 *   console.log(`temperature ${t.toFixed(3)}: confidence ${topPredictions(logits, labels, t)[0]!.confidence.toFixed(3)}`);
 * }
 * ```
 *
 * ```text
 * probability 0.99, margin 0.98, entropy 0.056
 * probability 0.5, margin 0.20, entropy 1.168
 * 0 to 0.5: 2, confidence 0.350, accuracy 0.500
 * 0.5 to 1: 3, confidence 0.867, accuracy 0.667
 * calibration error 0.18
 * temperature 1.000: confidence 0.881
 * temperature 1.820: confidence 0.750
 * ```
 *
 * **Formula.** The $N$ answers are divided into bins. Bin $m$ holds $n_m$ of them, with a mean confidence $\mathrm{conf}_m$, of which a
 * fraction $\mathrm{acc}_m$ is right. The *expected calibration error* (ECE) [期望校准误差] is the mean gap. The temperature $\tau$
 * minimises the negative log-likelihood, the sum of minus the logarithms of the probabilities of the right tokens $y$, over examples that were held out, with logits $z$:
 *
 * $$\mathrm{ECE} = \sum_m \frac{n_m}{N} \, \lvert \mathrm{acc}_m - \mathrm{conf}_m \rvert, \qquad \tau^* = \arg\min_{\tau > 0}\; -\sum_{i=1}^{N} \log \mathrm{softmax}(z_i / \tau)_{y_i}$$
 *
 * | symbol                          | in code             | meaning                                              |
 * | ------------------------------- | ------------------- | ---------------------------------------------------- |
 * | $z_i$                           | `logits[i]`         | `[V]`, one row for each answer                       |
 * | $y_i$                           | `labels[i]`         | the right token of row $i$                           |
 * | $N$                             | `predictions.length`| one number: answers, those that are ignored left out |
 * | $n_m$                           | `predictions.length`| the same of one bin                                  |
 * | $\mathrm{conf}_m$               | `confidence`        | mean confidence of a bin                             |
 * | $\mathrm{acc}_m$                | `accuracy`          | fraction of a bin that is right                      |
 * | $\tau$, $\beta$                 | `temperature`, `inverse` | one number, and $\beta = 1 / \tau$              |
 *
 * **Why one number.** A large network that goes on learning after it gets its examples right can lower its loss only by larger
 * logits. It becomes more certain, and on unseen examples not more often right. That error has one direction, so one number
 * removes most of it. With one parameter, a few hundred held-out examples are enough. What it cannot do is tell apart two kinds of
 * answers that are miscalibrated in opposite directions.
 *
 * Sources: Glenn Brier 1950, *Verification of Forecasts Expressed in Terms of Probability*; Allan Murphy 1973, *A New Vector
 * Partition of the Probability Score*; David Stephenson, Caio Coelho, Ian Jolliffe 2008, *Two Extra Components in the Brier Score
 * Decomposition*; Mahdi Pakdaman Naeini, Gregory Cooper, Milos Hauskrecht 2015, *Obtaining Well Calibrated Probabilities Using Bayesian
 * Binning* (the calibration error); Chuan Guo, Geoff Pleiss, Yu Sun, Kilian Weinberger 2017, *On Calibration of Modern Neural Networks*
 * (temperature scaling); Rafael Müller, Simon Kornblith, Geoffrey Hinton 2019, *When Does Label Smoothing Help?*
 *
 * @module
 */

import { checkList, checkNumbers, isListOfNumbers } from "../engine/arguments.ts";
import { exponential } from "../engine/exponential.ts";
import { type Check, checkValue, integer, shown } from "../engine/options.ts";
import { likeliest, nothingAllowed } from "./rules.ts";
import { toProbabilities } from "./sampling.ts";
import { temperatureRule } from "./temperature.ts";

/** How sure a model is of its most probable token, measured in three ways. */
export interface Confidence {
  /** The largest probability. */
  readonly probability: number;
  /** How far it is above the second largest. */
  readonly margin: number;
  /** Entropy of the whole distribution, in nats: 0 where one token has everything. */
  readonly entropy: number;
}

/**
 * How sure a distribution is of its most probable token.
 *
 * @param probabilities at least one number, summing to 1, `[V]`
 * @returns three measures of the same thing
 * @throws {RangeError} if the numbers are no probabilities
 */
export function confidenceOf(probabilities: ArrayLike<number>): Confidence {
  checkProbabilities(probabilities);
  let first = 0, second = 0, entropy = 0;
  for (let token = 0; token < probabilities.length; token++) {
    const p = probabilities[token]!;
    if (p > first) [first, second] = [p, first];
    else if (p > second) second = p;
    if (p > 0) entropy -= p * Math.log(p);
  }
  return { probability: first, margin: first - second, entropy };
}

/** An answer: how sure the model was, and whether it was right. */
export interface Prediction {
  /** The probability of what it answered. */
  readonly confidence: number;
  /** Whether that was the right answer. */
  readonly correct: boolean;
}

/**
 * The most probable token of each row as an answer; rows with the label -100 are left out.
 *
 * @param logits a row for each answer, `[V]` each: of a classifier, or of a language model at each position
 * @param labels the right token of each row
 * @param temperature what the logits are divided by; 1 by default
 * @returns the answers, in order
 * @throws {TypeError} if there is not one label for each row
 * @throws {RangeError} if a label is no token of its row, or every token of a row is forbidden
 */
export function topPredictions(
  logits: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  temperature = 1,
): Prediction[] {
  const asked = checkExamples("judge answers", logits, labels);
  const { onHost } = temperatureRule(temperature);
  return asked.map(({ row, label }) => {
    const probabilities = toProbabilities(onHost(Float64Array.from(row), { tokens: [] }));
    const answer = likeliest(row)!;
    return { confidence: probabilities[answer]!, correct: answer === label };
  });
}

// ## Answers in bins
//
// The accuracy of a single answer is 0 or 1, so it takes a group of answers to compare it with a confidence. Bins of equal *width* divide the
// interval from 0 to 1, and most answers of a good model fall into the last one. Bins of equal *mass* hold equally many answers each, so that none of
// them is decided by three answers. A plot of the accuracy of each bin over its mean confidence is a *reliability diagram* [可靠性图]: a calibrated model
// lies on the diagonal, an overconfident one below it.

/** Answers of similar confidence. */
export interface CalibrationBin {
  /** The confidences that it holds lie above this; the first bin holds it too. */
  readonly from: number;
  /** The largest confidence that it holds. */
  readonly to: number;
  /** Its answers. */
  readonly predictions: readonly Prediction[];
  /** Their mean confidence. */
  readonly confidence: number;
  /** What fraction of them is right. */
  readonly accuracy: number;
}

/**
 * Divides the interval from 0 to 1 into bins of equal width.
 *
 * @param predictions answers, in any order
 * @param numBins into how many; 15 is usual
 * @returns the bins that hold an answer, lowest first; a confidence on a border belongs to the lower bin
 * @throws {RangeError} if a confidence is outside [0, 1]
 */
export function equalWidthBins(predictions: readonly Prediction[], numBins: number): CalibrationBin[] {
  checkBinning(predictions, numBins);
  const held = Array.from({ length: numBins }, (): Prediction[] => []);
  for (const prediction of predictions) {
    let m = Math.min(numBins - 1, Math.floor(prediction.confidence * numBins));
    // The borders are $m / M$ in float64, whatever the product rounds to.
    while (m > 0 && prediction.confidence <= m / numBins) m--;
    held[m]!.push(prediction);
  }
  return held.flatMap((own, m) => own.length === 0 ? [] : [binOf(own, m / numBins, (m + 1) / numBins)]);
}

/**
 * Divides answers into bins of equally many, by their confidence.
 *
 * @param predictions answers, in any order
 * @param numBins into how many, where that many different confidences exist
 * @returns the bins, lowest first; answers of equal confidence stay in one bin, so that their order does not matter
 * @throws {RangeError} if a confidence is outside [0, 1]
 */
export function equalMassBins(predictions: readonly Prediction[], numBins: number): CalibrationBin[] {
  checkBinning(predictions, numBins);
  const sorted = [...predictions].sort((a, b) => a.confidence - b.confidence), bins: CalibrationBin[] = [];
  for (let m = 1, start = 0; m <= numBins; m++) {
    let end = Math.round(m * sorted.length / numBins);
    while (end > start && end < sorted.length && sorted[end]!.confidence === sorted[end - 1]!.confidence) end++;
    if (end <= start) continue;
    bins.push(binOf(sorted.slice(start, end), bins.at(-1)?.to ?? 0, sorted[end - 1]!.confidence));
    start = end;
  }
  return bins;
}

function binOf(predictions: readonly Prediction[], from: number, to: number): CalibrationBin {
  return { from, to, predictions, confidence: meanOf(predictions, sureness), accuracy: meanOf(predictions, rightness) };
}

/**
 * The expected calibration error: the mean gap between confidence and accuracy.
 *
 * @param bins of {@linkcode equalWidthBins} or {@linkcode equalMassBins}
 * @returns between 0, calibrated in every bin, and 1
 */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  return weightedMean(bins, ({ accuracy, confidence }) => Math.abs(accuracy - confidence));
}

// ## One number to minimise
//
// The calibration error is no loss to train on. It depends on the bins, and a model that answers with its overall accuracy each time has none.
// The *Brier score* is the mean square of confidence minus correctness, 1 for a right answer and 0 for a wrong one. It is smallest where both agree
// and right answers are told from wrong ones. It falls apart into three parts, as far as all answers of a bin have the same confidence. The *uncertainty* is that of the task, $\mathrm{acc}\,(1 - \mathrm{acc})$. The
// *resolution* is how far the accuracies of the bins differ from the overall one: it lowers the score. The *reliability* is the mean square of the
// gaps, a calibration error: it raises the score. What is left over is called `within`, and vanishes as bins become narrow.

/** The Brier score and what it consists of: `reliability - resolution + uncertainty + within`. */
export interface BrierScore {
  /** Mean square of confidence minus correctness, 0 at best. */
  readonly score: number;
  /** Mean square of the gaps between confidence and accuracy, bin by bin. */
  readonly reliability: number;
  /** Variance of the accuracy over the bins: how well right answers are told from wrong ones. */
  readonly resolution: number;
  /** Variance of correctness as a whole. */
  readonly uncertainty: number;
  /** What differences of confidence within the bins add. */
  readonly within: number;
}

/**
 * The Brier score of answers, and its decomposition.
 *
 * @param bins of {@linkcode equalWidthBins} or {@linkcode equalMassBins}; the score itself does not depend on them
 * @returns the score and its parts
 */
export function brierScore(bins: readonly CalibrationBin[]): BrierScore {
  const overall = weightedMean(bins, ({ accuracy }) => accuracy);
  const score = weightedMean(
    bins,
    ({ predictions }) => meanOf(predictions, (one) => (sureness(one) - rightness(one)) ** 2),
  );
  const reliability = weightedMean(bins, ({ confidence, accuracy }) => (confidence - accuracy) ** 2);
  const resolution = weightedMean(bins, ({ accuracy }) => (accuracy - overall) ** 2);
  const uncertainty = overall * (1 - overall);
  return { score, reliability, resolution, uncertainty, within: score - (reliability - resolution + uncertainty) };
}

// ## Temperature scaling
//
// With $\beta = 1 / \tau$ the loss is convex: it has one valley, and wherever its derivative is 0 is the lowest place. Its derivative in $\beta$ is the mean, over the examples, of the logit that the model expects minus the logit of
// the right token; the second derivative is the variance of the logits under the model. So at the best temperature both means agree. Newton's method goes to where the tangent of the derivative is 0, again and again, until it is at the
// zero of the derivative itself; where a step would leave the interval that is known to hold the zero, the interval is halved instead. It ends where a step
// no longer changes $\beta$.

/**
 * The temperature under which the right tokens are most probable.
 *
 * Fit it on examples that the model did not learn from: on those it did, it is too sure of itself to notice.
 *
 * @param logits a row for each example, `[V]` each
 * @param labels the right token of each; rows with -100 are left out
 * @returns what to divide the logits by
 * @throws {RangeError} if no temperature is the best: each right token is the most probable, or they score no better than the mean
 * @throws {TypeError} if there is not one label for each row
 */
export function fitTemperature(logits: readonly ArrayLike<number>[], labels: ArrayLike<number>): number {
  const examples = checkExamples("fit a temperature", logits, labels).map(relativeToHighest);
  requireMinimum(examples);
  let low = 0, inverse = 1, high = Infinity;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { slope, curvature } = lossSlope(examples, inverse);
    if (slope === 0) break;
    // The loss falls towards its minimum: a negative slope says that $\beta$ is below it.
    if (slope < 0) low = inverse;
    else high = inverse;
    const newton = inverse - slope / curvature, half = high === Infinity ? 2 * inverse : (low + high) / 2;
    const next = newton > low && newton < high && newton < 2 * half ? newton : half;
    if (Math.abs(next - inverse) <= Number.EPSILON * inverse) break;
    inverse = next;
  }
  return 1 / inverse;
}

/** More steps than halving from any float64 to any other takes. */
const MOST_STEPS = 2200;

/** A row of logits, none above 0, and which of them is that of the right token. */
interface Example {
  readonly row: Float64Array;
  readonly label: number;
}

/** First and second derivative, in $\beta$, of the mean negative log-likelihood. */
function lossSlope(examples: readonly Example[], inverse: number): { slope: number; curvature: number } {
  let slope = 0, curvature = 0;
  for (const { row, label } of examples) {
    let total = 0, first = 0, second = 0;
    for (const logit of row) {
      // What is forbidden has no probability, and no part in the mean.
      const weight = logit === -Infinity ? 0 : exponential(inverse * logit);
      if (weight === 0) continue;
      total += weight;
      first += weight * logit;
      second += weight * logit * logit;
    }
    const expected = first / total;
    slope += expected - row[label]!;
    curvature += Math.max(0, second / total - expected * expected);
  }
  return { slope: slope / examples.length, curvature: curvature / examples.length };
}

function relativeToHighest({ row, label }: { row: ArrayLike<number>; label: number }): Example {
  const highest = row[likeliest(row)!]!;
  return { row: Float64Array.from(row, (logit) => logit - highest), label };
}

// ## Measured where the real probabilities are known
//
// On real data nobody knows with which probability an answer is right; there are only right and wrong ones. The
// [experiment](experiments/confidence.ts) draws its examples from known distributions, so it can compare the model's probabilities with the real
// ones, and not only with outcomes.

// ## On real sentences
//
// Two translators learn the same pairs, one with smoothed labels ([section](../06_training/loss.ts)). A temperature is fitted on tokens of one part of the unseen sentences, and confidence is
// compared with accuracy on the others.
//
// ```picture calibration_run Translators from Chinese into English, as sure as they are right or not: with label smoothing and without, before and after their temperature.
// ```

// #region What is refused
// Numbers that are no probabilities, labels that are no tokens, examples without a best temperature.

/** The label of what was not asked, such as padding. */
const IGNORED = -100;

/** What a number of bins may be. */
export const numBinsCheck: Check<number> = integer({ min: 1, max: 2 ** 20 });

const sureness = ({ confidence }: Prediction): number => confidence;
const rightness = ({ correct }: Prediction): number => Number(correct);

function meanOf(predictions: readonly Prediction[], value: (one: Prediction) => number): number {
  return predictions.reduce((sum, one) => sum + value(one), 0) / predictions.length;
}

/** The mean over all answers of what is said of their bins. */
function weightedMean(bins: readonly CalibrationBin[], value: (bin: CalibrationBin) => number): number {
  checkList("measure calibration", "bins", bins, "bins of equalWidthBins or equalMassBins", isBin);
  const total = bins.reduce((sum, { predictions }) => sum + predictions.length, 0);
  if (total === 0) throw new RangeError("Cannot measure calibration without answers: at least one is needed");
  return bins.reduce((sum, bin) => sum + bin.predictions.length * value(bin), 0) / total;
}

function isBin(bin: unknown): boolean {
  const { predictions, confidence, accuracy } = (bin ?? {}) as Partial<CalibrationBin>;
  return Array.isArray(predictions) && typeof confidence === "number" && typeof accuracy === "number";
}

/** Refuses what is no list of answers with a confidence. */
export function checkPredictions(action: string, predictions: readonly Prediction[]): void {
  checkList(action, "predictions", predictions, "answers with confidence and correct", (one) => {
    const { confidence, correct } = (one ?? {}) as Partial<Prediction>;
    return typeof confidence === "number" && typeof correct === "boolean";
  });
  if (predictions.length === 0) throw new RangeError(`Cannot ${action} without answers: at least one is needed`);
  const wrong = predictions.find(({ confidence }) => !(confidence >= 0 && confidence <= 1));
  if (wrong) {
    throw new RangeError(`Cannot ${action} with a confidence of ${shown(wrong.confidence)}: it must be in [0, 1]`);
  }
}

function checkBinning(predictions: readonly Prediction[], numBins: number): void {
  checkPredictions("group answers", predictions);
  checkValue("group answers", "numBins", numBins, numBinsCheck);
}

function checkProbabilities(probabilities: ArrayLike<number>): void {
  checkNumbers("measure confidence", "probabilities", probabilities);
  let total = 0;
  for (let token = 0; token < probabilities.length; token++) {
    const p = probabilities[token]!;
    if (!(p >= 0 && p <= 1)) {
      throw new RangeError(`Cannot measure confidence with a probability of ${shown(p)}: it must be in [0, 1]`);
    }
    total += p;
  }
  // Probabilities in float32 sum to 1 as far as float32 goes.
  if (!(Math.abs(total - 1) <= 1e-3)) {
    throw new RangeError(
      `Cannot measure confidence with probabilities that sum to ${shown(total)}: they must sum to 1`,
    );
  }
}

/** Refuses what are no examples; returns those that are not ignored. */
function checkExamples(
  action: string,
  logits: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
): { readonly row: ArrayLike<number>; readonly label: number }[] {
  checkList(action, "logits", logits, "rows of numbers", isListOfNumbers);
  checkNumbers(action, "labels", labels);
  if (labels.length !== logits.length) {
    throw new TypeError(
      `Cannot ${action} with ${logits.length} rows of logits and ${labels.length} labels: they must be equally many`,
    );
  }
  const asked = logits.map((row, i) => ({ row, label: labels[i]! })).filter(({ label }) => label !== IGNORED);
  if (asked.length === 0) throw new RangeError(`Cannot ${action} without an example: at least one is needed`);
  for (const { row, label } of asked) {
    if (likeliest(row) === undefined) throw nothingAllowed(row.length);
    checkValue(action, "label", label, integer({ min: 0, max: row.length - 1 }));
  }
  return asked;
}

/** Refuses examples whose likelihood has no maximum at a finite temperature above 0. */
function requireMinimum(examples: readonly Example[]): void {
  if (examples.some(({ row, label }) => row[label] === -Infinity)) {
    throw new RangeError(
      "Cannot fit a temperature: the right token of an example is forbidden, whatever the temperature",
    );
  }
  if (examples.every(({ row, label }) => row[label] === 0)) {
    throw new RangeError(
      "Cannot fit a temperature: every right token is the most probable one, so a lower temperature is always better",
    );
  }
  if (lossSlope(examples, 0).slope >= 0) {
    throw new RangeError(
      "Cannot fit a temperature: the right tokens score no better than the mean of all, so a higher one is always better",
    );
  }
}
// #endregion

// ## What the notes say
//
// **The notes, 004.93.** Right: in the example above the first distribution is the more certain one by its largest probability, by its margin and by its
// entropy. It says how sure the model is, and not yet whether it is right to be sure.
//
// **The notes, 004.94.** Right in the experiment, where the real probabilities are known: the fitted temperature brings the model's probabilities closer
// to them. One number cannot make them equal. It changes no most probable token, so greedy search ([section](greedy_and_beam.ts)) answers as before;
// what is sampled changes, as [temperature](temperature.ts) describes, and so does every decision that depends on the confidence.

// ## Pitfall: fitting on the training examples
//
// A model that overfits is right on nearly all of its training examples, and sure of it: the temperature fitted there stays near 1 or falls below it. The
// test "a temperature fitted on training examples does not repair an overfitted model" compares both.

// ## Pitfall: few answers in a bin
//
// Even a calibrated model has gaps above zero: the accuracy of $n$ answers varies by about $1 / \sqrt{n}$. With many bins and few answers the error consists
// of that alone. The test "the calibration error of a calibrated model falls as the answers become more" shows it. Compare models by the same bins and equally many
// answers.

// ## Exercise
//
// *Always as sure.* A model answers every question with the same confidence, which is its accuracy. What is its calibration error, and which part of the Brier
// score shows that its confidence is of no use?
//
// **Hint.** All answers fall into one bin.
//
// **Solution.** There is no gap in that bin, so the error is 0. But the resolution is 0 too: the score is the uncertainty of the task.
//
// ```ts
// import { brierScore, calibrationError, equalWidthBins } from "@heed/heed/generation";
//
// const answers = [true, true, true, false].map((correct) => ({ confidence: 0.75, correct }));
// const bins = equalWidthBins(answers, 15), { score, resolution, uncertainty } = brierScore(bins);
// console.log(`error ${calibrationError(bins)}, score ${score}, resolution ${resolution}, uncertainty ${uncertainty}`);
// ```
//
// ```text
// error 0, score 0.1875, resolution 0, uncertainty 0.1875
// ```
