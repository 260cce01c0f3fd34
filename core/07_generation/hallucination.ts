/**
 * # Hallucination
 *
 * **Question.** All sums that a model reads are true: $2 + 2 = 4$, and never anything else. Can it still say $2 + 2 = 5$?
 *
 * **Idea.** It can. What a model says that is not true is called a *hallucination* (幻觉). There are three reasons, and they differ.
 * *Softmax gives nothing a probability of 0*, as long as logits are finite: every false result keeps some probability mass, and whoever samples often enough draws it.
 * *Training may ask for it*: smoothed labels ([section](../06_training/loss.ts)) reward a model for mass on false tokens. *And most contexts are new.* On sums that it
 * never read, the model has no record to look up; it says what similar sums suggest, and the softmax makes a distribution of that as it does
 * elsewhere. The first two leave the true token the most probable one, so decoding can cut the rest off. The third does not: the most probable token itself may be false, and the model may be sure of it.
 *
 * **By hand.** After *2 + 2 =* the logits of *4*, *5*, *3* and *8* are 6, 1, 1 and 0. The false three have 0.0157 of the probability mass together,
 * so with 100 samples the probability of at least one false sum is 0.795. A temperature of 0.5 leaves them 0.000097, one of 2 gives them 0.176. Greedy
 * search never says them.
 *
 * *Can confidence tell?* Two right answers have the confidences 0.9 and 0.8, two wrong ones 0.85 and 0.3. Of the $2 \cdot 2 = 4$ pairs of a right and a wrong
 * one, in 3 the right one is more certain: $3 / 4 = 0.75$. *Can samples?* Asked four times, the model says *4*, *4*, *5*, *4*: it agrees with itself by 0.75.
 *
 * ```ts
 * import { agreementOf, auroc, falseMass } from "@heed/heed/generation";
 *
 * const results = ["4", "5", "3", "8"], logits = [6, 1, 1, 0], mass = falseMass(logits, [0]);
 * console.log(`not ${results[0]}: ${mass.toFixed(4)}, at least once in 100 samples ${(1 - (1 - mass) ** 100).toFixed(3)}`);
 * for (const temperature of [0.5, 2]) {
 *   const changed = falseMass(logits.map((logit) => logit / temperature), [0]);
 *   console.log(`temperature ${temperature}: ${changed.toPrecision(2)}, or ${changed.toFixed(3)}`);
 * }
 *
 * const answers = [[0.9, 1], [0.8, 1], [0.85, 0], [0.3, 0]]
 *   .map(([confidence, right]) => ({ confidence: confidence!, correct: right === 1 }));
 * console.log(`AUROC ${auroc(answers)}`);
 * const { answer, agreement } = agreementOf(["4", "4", "5", "4"]);
 * console.log(`${answer} by ${agreement}`);
 * ```
 *
 * ```text
 * not 4: 0.0157, at least once in 100 samples 0.795
 * temperature 0.5: 0.000097, or 0.000
 * temperature 2: 0.18, or 0.176
 * AUROC 0.75
 * 4 by 0.75
 * ```
 *
 * **Formula.** $\mathcal{T}$ holds the tokens that make a true sentence, $R$ is the largest logit minus the smallest. The false mass is
 * never 0, however the model was trained: no $e^{z_i}$ is smaller than $e^{-R}$ times the largest, and the sum of all $V$ is at most $V$ times the largest, so each token has at least $e^{-R} / V$. And $n$ samples are all true with a probability that falls to 0:
 *
 * $$P(\text{false}) = \sum_{i \notin \mathcal{T}} \mathrm{softmax}(z)_i \ge (V - \lvert \mathcal{T} \rvert) \frac{e^{-R}}{V} > 0, \qquad P(\text{all true}) = \big(1 - P(\text{false})\big)^n$$
 *
 * How well a confidence $c$ tells right answers from wrong ones is measured by the area under the ROC curve (AUROC) [曲线下面积]: the probability that a right answer has a higher one than a wrong
 * one, equal ones counted half. Where confidence and correctness are unrelated, it is $\tfrac{1}{2}$. (The ROC curve plots, threshold by threshold, the fraction of right answers above it over that of wrong ones. The area under it is this probability.)
 *
 * $$\mathrm{AUROC} = P(c_\text{right} > c_\text{wrong}) + \tfrac{1}{2} P(c_\text{right} = c_\text{wrong})$$
 *
 * | symbol          | in code       | meaning                                       |
 * | --------------- | ------------- | --------------------------------------------- |
 * | $z$             | `logits`      | `[V]`                                         |
 * | $\mathcal{T}$   | `trueTokens`  | ids                                           |
 * | $c$             | `confidence`  | one number, of an answer                      |
 * | $V$, $R$, $n$   | not in code   | size of the vocabulary, range of the logits, samples |
 *
 * **Why calibration does not help.** Kalai and Vempala show that a model whose probabilities are calibrated must state false facts at least about as often as its
 * training data hold facts that occur only once, where facts follow no pattern. A calibrated model
 * ([section](confidence.ts)) at least says so by its confidence, and whoever asks can leave unsure answers out. That has a price: some right answers go too.
 *
 * Sources: James Hanley, Barbara McNeil 1982, *The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve*;
 * Ziwei Ji and others 2023, *Survey of Hallucination in Natural Language Generation*; Potsawee Manakul, Adian Liusie, Mark Gales 2023,
 * *SelfCheckGPT* (agreement of samples); Adam Kalai, Santosh Vempala 2024, *Calibrated Language Models Must Hallucinate*.
 *
 * @module
 */

import { checkList, checkNumbers } from "../engine/arguments.ts";
import { checkValue, integer } from "../engine/options.ts";
import { checkPredictions, type Prediction } from "./confidence.ts";
import { toProbabilities } from "./sampling.ts";

/**
 * The probability mass of what is false: of all tokens but the true ones.
 *
 * @param logits one score per token, `[V]`
 * @param trueTokens those that make a true sentence; none is an empty list
 * @returns between 0 and 1; exact where it is tiny, since the false ones are summed
 * @throws {RangeError} if a true token is none of the vocabulary, a logit is NaN or infinite, or every token is forbidden
 */
export function falseMass(logits: ArrayLike<number>, trueTokens: readonly number[]): number {
  checkNumbers("measure false mass", "logits", logits);
  checkNumbers("measure false mass", "trueTokens", trueTokens);
  for (const token of trueTokens) {
    checkValue("measure false mass", "trueTokens", token, integer({ min: 0, max: logits.length - 1 }));
  }
  const truth = new Set(trueTokens);
  return toProbabilities(logits).reduce((sum, p, token) => truth.has(token) ? sum : sum + p, 0);
}

// ## Telling false answers from true ones
//
// A model that is less sure where it is wrong can be asked to answer only where it is sure. Sort answers by their confidence, and answer
// the first of them: the fraction that is answered is the *coverage*, and the errors among those should become fewer as the coverage falls.
//
// Where the probability of a whole answer is not at hand, *ask several times*: answers that the model has reason for come again, invented ones
// differ. For answers of one token the agreement of samples is an estimate of the largest probability. For longer ones it is more than that:
// answers in other words can be counted as the same.

/**
 * How well confidence tells right answers from wrong ones: the area under the ROC curve.
 *
 * @param predictions answers, both right and wrong ones
 * @returns 1 if every right answer is more certain than every wrong one, a half where confidence and correctness are unrelated
 * @throws {RangeError} if all answers are right, or all wrong
 */
export function auroc(predictions: readonly Prediction[]): number {
  checkPredictions("compare answers", predictions);
  const right = predictions.filter(({ correct }) => correct).length, wrong = predictions.length - right;
  if (right === 0 || wrong === 0) {
    throw new RangeError(
      `Cannot compare answers that are all ${wrong === 0 ? "right" : "wrong"}: both kinds are needed`,
    );
  }
  let pairs = 0, below = 0;
  for (const group of groupsOf(predictions)) {
    const good = group.filter(({ correct }) => correct).length, bad = group.length - good;
    // Each right answer of the group is above all wrong ones before it, and level with those beside it.
    pairs += good * (below + bad / 2);
    below += bad;
  }
  return pairs / (right * wrong);
}

/** What is left if only the most certain answers are given. */
export interface Selection {
  /** What fraction of the questions is answered. */
  readonly coverage: number;
  /** The confidence from which on they are. */
  readonly threshold: number;
  /** What fraction of those answers is wrong. */
  readonly error: number;
}

/**
 * Errors among the answers that are given, for every threshold of confidence.
 *
 * @param predictions answers, in any order
 * @returns a selection for each different confidence, the highest threshold first; the last one answers everything
 */
export function selectiveErrors(predictions: readonly Prediction[]): Selection[] {
  checkPredictions("select answers", predictions);
  let answered = 0, wrong = 0;
  return groupsOf(predictions).reverse().map((group) => {
    answered += group.length;
    wrong += group.filter(({ correct }) => !correct).length;
    return { coverage: answered / predictions.length, threshold: group[0]!.confidence, error: wrong / answered };
  });
}

/** Answers of equal confidence together, the least certain first. */
function groupsOf(predictions: readonly Prediction[]): Prediction[][] {
  const groups: Prediction[][] = [];
  for (const prediction of [...predictions].sort((a, b) => a.confidence - b.confidence)) {
    const last = groups.at(-1);
    if (last && last[0]!.confidence === prediction.confidence) last.push(prediction);
    else groups.push([prediction]);
  }
  return groups;
}

/** What several samples say together. */
export interface Agreement {
  /** The most frequent answer, of equally frequent ones the first. */
  readonly answer: string;
  /** What fraction of the samples says it. */
  readonly agreement: number;
}

/**
 * How far samples agree: the fraction of the most frequent answer.
 *
 * @param answers samples of one question; those that mean the same have to be the same string
 * @returns the answer, and how many say so
 * @throws {RangeError} if there are none
 */
export function agreementOf(answers: readonly string[]): Agreement {
  checkList("compare samples", "answers", answers, "strings", (answer) => typeof answer === "string");
  if (answers.length === 0) throw new RangeError("Cannot compare samples: at least one is needed");
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [answer, count] = [...counts].reduce((best, one) => one[1] > best[1] ? one : best);
  return { answer, agreement: count / answers.length };
}

// ## True sums only
//
// The [experiment](experiments/hallucination.ts) trains a model on true sums and asks it both for those and for sums that it never read. Every
// number but one is false, so that each hallucination can be counted.

// ## What the notes say
//
// **The notes, 004.95.** Right about the probabilities: no false sum has a probability of 0, though none was ever read. A probability above 0 is not yet a
// false sentence. On the sums that it learned the trained model of the experiment says nothing false by greedy search, and hardly anything at a low temperature.
// Most of its false answers are to sums that it never read; there the most probable answer itself is often false. True data do not prevent that, as the notes
// say; an answer that is withheld does, at the price of right ones.

// ## Pitfall: one minus the true mass
//
// `1 - probabilities[4]` is 0 in float64 as soon as the false mass falls below $10^{-16}$, and says that the model cannot err. The test "falseMass() is
// exact where one minus the true mass is 0" has such a row.

// ## Pitfall: agreement among copies
//
// Beams, or samples at a low temperature, agree because all of them are the most probable answer: true or false. The test "agreement at a low temperature says
// nothing" has a model that is half sure of something false.

// ## Exercise
//
// *Once in a thousand.* A model gives every false token a logit 12 below that of the true one, in a vocabulary of 50000. Is a text of 100 tokens, sampled from it, probably true
// as a whole? Which logit would make false tokens rare enough that it is so in 99 of 100 cases?
//
// **Hint.** The false mass of one token first; then the power. For the second question solve for the mass, then for the logit.
//
// **Solution.** A single false token is rare, but there are 49999 of them at each step.
//
// ```ts
// import { falseMass } from "@heed/heed/generation";
//
// const V = 50000, allTrue = (gap: number) => (1 - falseMass(Array.from({ length: V }, (_, i) => i === 0 ? 0 : -gap), [0])) ** 100;
// const mass = 1 - 0.99 ** (1 / 100), gap = Math.log((V - 1) * (1 - mass) / mass);
// for (const one of [12, gap]) console.log(`gap ${one.toFixed(2)}: all true with ${allTrue(one).toPrecision(3)}`);
// ```
//
// ```text
// gap 12.00: all true with 2.32e-12
// gap 20.03: all true with 0.990
// ```
