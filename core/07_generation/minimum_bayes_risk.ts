/**
 * # Minimum Bayes risk
 *
 * **Question.** A search returns the most probable sentence. But a model can say one thing in a single way and another thing in ten ways. Then each of the ten is improbable, and their meaning is not. How is a sentence chosen for what it says?
 *
 * **Idea.** Take many outputs of the model, by sampling or from a beam. Compare each one with all of them by a gain that says how well one sentence serves where the other was meant. Choose the one with the largest mean gain: it agrees most with
 * everything else that the model could have said. This is minimum Bayes risk decoding (MBR, 最小贝叶斯风险), the risk being what is lost of the gain.
 *
 * **By hand.** The four sentences of [the notes](notes:004.105), with their probabilities. The gain is 1 for two sentences that say the same, and 0 otherwise. *The cat sat down* has the gain 0.3, its own probability. The other three have
 * 0.15 + 0.2 + 0.25 = 0.6 each. All four together have 0.9, so the mean gains are 0.33 and 0.67. The gain of common words, below, chooses otherwise: *ran away* and *sprinted off* have no word in common but *the cat*, which the first sentence has as well.
 *
 * ```ts
 * import { type BayesRiskChoice, minimumBayesRisk, wordOverlap } from "@heed/heed/generation";
 *
 * const sentences = ["The cat sat down.", "The cat got out of there.", "The cat sprinted off.", "The cat ran away."];
 * const weights = [0.3, 0.15, 0.2, 0.25], left = new Set(sentences.slice(1));
 * const meaning = {
 *   prepare: (sentence: string) => left.has(sentence),
 *   gain: (candidate: boolean, reference: boolean) => candidate === reference ? 1 : 0,
 * };
 * console.log("together", weights.reduce((sum, weight) => sum + weight, 0).toFixed(1));
 * const show = ({ output, gains }: BayesRiskChoice<string>) =>
 *   console.log(output, gains.map((mean) => mean.toFixed(2)).join(" "));
 * show(minimumBayesRisk(sentences, meaning, { weights }));
 * show(minimumBayesRisk(sentences, wordOverlap, { weights }));
 * ```
 *
 * ```text
 * together 0.9
 * The cat got out of there. 0.33 0.67 0.67 0.67
 * The cat sat down. 0.65 0.50 0.59 0.62
 * ```
 *
 * **Formula.** With candidates $\mathcal{Y}_h$, references $\mathcal{Y}_e$ of weight $w(y)$, and a gain $G$,
 *
 * $$\hat y = \operatorname*{argmax}_{y' \in \mathcal{Y}_h} \sum_{y \in \mathcal{Y}_e} w(y)\, G(y, y'), \qquad \sum_y w(y) = 1$$
 *
 * | symbol            | in code      | meaning                                                       |
 * | ----------------- | ------------ | ------------------------------------------------------------- |
 * | $\mathcal{Y}_h$   | `candidates` | outputs to choose from                                        |
 * | $\mathcal{Y}_e$   | `references` | outputs that stand for what the model means; the candidates by default |
 * | $w$               | `weights`    | probabilities of an n-best list; equal for samples            |
 * | $G$               | `gain`       | how well $y'$ serves where $y$ was meant                      |
 *
 * **Samples or a list.** Samples are drawn by their probability, so each has the same weight and the mean is an estimate of the expected gain. The sentences of a beam are drawn by nothing: their weights are their probabilities.
 * Each pair is one comparison, so the cost grows with the square of their number.
 *
 * **Special cases.** With exact match as the gain, the expected gain of a sentence is its probability, and the choice is the most probable sentence. With exact match of *answers*, it is a vote.
 *
 * **The notes, 004.105.** It holds, with the gain that the example takes for granted. The three sentences do not look alike: by the words they have in common, above, *The cat sat down* is chosen all the same. The gain has to see what is to be agreed upon.
 *
 * **The notes, 004.106.** The formula is right: $G$ says how alike two sentences are, a gain, and the largest sum is chosen. The notes also call $G$ itself the risk and take the smallest, which would choose the sentence that is least like the others. The risk is what is missing from the best gain, $1 - G$ if $G$ ends at 1. That a
 * candidate is compared with itself as well adds the same to all of them if all have the same weight and $G(y, y)$ is the same for all.
 *
 * Sources: Bickel and Doksum 1977, *Mathematical Statistics*; Kumar and Byrne 2004, *Minimum Bayes-Risk Decoding for Statistical Machine Translation*; Eikema and Aziz 2020, *Is MAP Decoding All You Need? The Inadequacy of the Mode in Neural Machine
 * Translation* (samples); Wang et al. 2023, *Self-Consistency Improves Chain of Thought Reasoning in Language Models*.
 *
 * @module
 */

import { checkList, checkNumbers } from "../engine/arguments.ts";
import {
  type Check,
  checkFunction,
  checkOptions,
  type Checks,
  checkValue,
  list,
  numeric,
  object,
  shown,
} from "../engine/options.ts";
import { splitText } from "../01_introduction/rule_based_classifier.ts";
import { sentenceBleu } from "../06_training/bleu.ts";
import { type ChrfOptions, type ChrfPieces, chrfPieces, comparePieces } from "../06_training/chrf.ts";

// ## Gains

/**
 * How well one output serves where another was meant.
 *
 * An output is compared with many others, so what can be done with it alone is done once.
 */
export interface Gain<Output, Prepared = Output> {
  /** What is compared: counts, pieces, an answer. */
  prepare(output: Output): Prepared;
  /** The gain of a candidate where the reference was meant. */
  gain(candidate: Prepared, reference: Prepared): number;
}

/** 1 for equal texts, 0 for others. */
export const exactMatch: Gain<string> = {
  prepare: (text) => text,
  gain: (candidate, reference) => candidate === reference ? 1 : 0,
};

/** F1 of the words of two texts, from 0 to 1: each counts as often as both have it. */
export const wordOverlap: Gain<string, ReadonlyMap<string, number>> = {
  prepare(text) {
    const counts = new Map<string, number>();
    for (const word of splitText(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  },
  gain(candidate, reference) {
    let both = 0, all = 0;
    for (const [word, count] of candidate) {
      [both, all] = [both + Math.min(count, reference.get(word) ?? 0), all + count];
    }
    for (const count of reference.values()) all += count;
    // Two texts without words are the same.
    return all === 0 ? 1 : 2 * both / all;
  },
};

/** BLEU of one sentence against another, from 0 to 100. */
export const bleuGain: Gain<string> = {
  prepare: (text) => text,
  gain: (candidate, reference) => sentenceBleu(candidate, reference).score,
};

/**
 * chrF of one sentence against another, from 0 to 100.
 *
 * @param options as for {@linkcode chrf}
 * @returns a gain
 */
export function chrfGain(options: ChrfOptions = {}): Gain<string, ChrfPieces> {
  chrfPieces("", options);
  return {
    prepare: (text) => chrfPieces(text, options),
    gain: (candidate, reference) => comparePieces(candidate, reference, options).score,
  };
}

// ## Choosing

/** What {@linkcode minimumBayesRisk} compares with, and how much each counts. */
export interface BayesRiskOptions<Output> {
  /** What the candidates are compared with; the candidates by default. */
  readonly references?: readonly Output[];
  /** How much each reference counts, at least 0; equally by default. */
  readonly weights?: readonly number[];
}

/** What is chosen, and why. */
export interface BayesRiskChoice<Output> {
  /** The candidate with the largest mean gain; the first of equal ones. */
  readonly output: Output;
  /** Its place among the candidates. */
  readonly index: number;
  /** Mean gain of each candidate. */
  readonly gains: readonly number[];
}

const aGain: Check<Gain<unknown, unknown>> = object(
  "a gain with prepare() and gain()",
  (value) =>
    ["prepare", "gain"].every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function"),
);

const CHECKS: Checks<BayesRiskOptions<unknown>> = {
  references: list("a list of outputs"),
  weights: list(
    "a list of numbers of at least 0",
    (weight) => typeof weight === "number" && weight >= 0 && weight < Infinity,
  ),
};

/**
 * The output that agrees most with all that might have been meant.
 *
 * @example
 * ```ts
 * import { minimumBayesRisk, wordOverlap } from "@heed/heed/generation";
 *
 * const { output } = minimumBayesRisk(["she left", "he left", "he has left"], wordOverlap);
 * console.assert(output === "he left");
 * ```
 *
 * @param candidates outputs to choose from, at least one
 * @param gain how well one output serves where another was meant
 * @param options what they are compared with, and weights
 * @returns the choice, and the mean gain of each candidate
 * @throws {RangeError} if there is no candidate or reference, the weights add up to 0, or a gain is NaN
 */
export function minimumBayesRisk<Output, Prepared>(
  candidates: readonly Output[],
  gain: Gain<Output, Prepared>,
  options: BayesRiskOptions<Output> = {},
): BayesRiskChoice<Output> {
  checkList("choose", "candidates", candidates, "outputs", () => true);
  checkValue("choose", "gain", gain, aGain);
  checkOptions("choose", options, CHECKS);
  const { references = candidates, weights = references.map(() => 1) } = options;
  if (candidates.length === 0 || references.length === 0) {
    throw new RangeError(
      `Cannot choose among ${candidates.length} candidates by ${references.length} references: one of each is needed`,
    );
  }
  if (weights.length !== references.length) {
    throw new RangeError(
      `Cannot choose with ${weights.length} weights for ${references.length} references: each needs one`,
    );
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) throw new RangeError("Cannot choose with weights that add up to 0: one reference has to count");
  const prepared = references.map((reference) => gain.prepare(reference));
  const own = references === candidates ? prepared : candidates.map((candidate) => gain.prepare(candidate));
  const gains = own.map((candidate) =>
    prepared.reduce((sum, reference, i) => sum + weights[i]! * gain.gain(candidate, reference), 0) / total
  );
  const wrong = gains.findIndex((mean) => Number.isNaN(mean));
  if (wrong >= 0) throw new RangeError(`Cannot choose among gains: that of candidate ${wrong} is NaN`);
  const index = gains.indexOf(Math.max(...gains));
  return { output: candidates[index]!, index, gains };
}

/**
 * The weights of sentences whose probabilities are known: $p(y)^{1/\tau}$, divided by their sum.
 *
 * The sentences of a beam have unequal probabilities; above a temperature of 1 they count more alike.
 *
 * @param logProbabilities of each sentence
 * @param temperature $\tau$, greater than 0; 1 by default
 * @returns weights that add up to 1
 */
export function probabilityWeights(logProbabilities: readonly number[], temperature = 1): number[] {
  checkNumbers("weigh outputs", "logProbabilities", logProbabilities);
  checkValue("weigh outputs", "temperature", temperature, numeric({ above: 0 }));
  const highest = Math.max(...logProbabilities);
  if (!(Math.abs(highest) < Infinity)) {
    throw new RangeError(`Cannot weigh outputs of log-probability ${shown(highest)}: one of them must be possible`);
  }
  const shares = logProbabilities.map((logarithm) => Math.exp((logarithm - highest) / temperature));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

// ## Where it matters
//
// The [experiment](experiments/minimum_bayes_risk.ts) counts how often a decision says what a model says most, when that can be said in one way or in several.

// ## On real pairs
//
// Two translators write what they would say, and the choice is made among that. The measure by which it is made gains first: whoever chooses by chrF should be judged by another measure as well.
//
// ```picture bayes_risk_run Translations chosen by minimum Bayes risk, beside a beam and greedy search.
// ```

// ## Outputs of several models
//
// Models differ in their mistakes more than in what they get right. In output ensembling (输出集成) the outputs of several models are pooled, and MBR chooses among all of them. Nothing is asked of the models: they may have other vocabularies, other sizes, or be no
// neural networks at all. Averaging their probabilities token by token would need one vocabulary for all.
//
// **The notes, 004.107.** It holds, with one thing to be said: a model that contributes more outputs has more votes, unless each model is given a weight that its outputs share. {@linkcode poolOutputs} does that.

/** The outputs of one model. */
export interface ModelOutputs<Output> {
  /** What it said, at least one. */
  readonly outputs: readonly Output[];
  /** How much each output counts within the model; equally by default. */
  readonly weights?: readonly number[];
  /** How much the model counts; 1 by default. */
  readonly weight?: number;
}

/**
 * Pools the outputs of several models.
 *
 * @param models outputs of each
 * @returns all outputs, and their weights for {@linkcode minimumBayesRisk}: those of one model add up to its own
 * @throws {RangeError} if a model has no outputs, or its weights add up to 0
 */
export function poolOutputs<Output>(
  models: readonly ModelOutputs<Output>[],
): { readonly outputs: Output[]; readonly weights: number[] } {
  checkList(
    "pool outputs",
    "models",
    models,
    "lists of outputs",
    (one) => Array.isArray((one as ModelOutputs<unknown>)?.outputs),
  );
  const weights = models.flatMap(({ outputs, weights = outputs.map(() => 1), weight = 1 }, i) => {
    checkValue("pool outputs", "weight", weight, numeric({ min: 0 }));
    checkNumbers("pool outputs", "weights", weights);
    const sum = weights.reduce((total, one) => total + one, 0);
    if (weights.length !== outputs.length || !(sum > 0)) {
      throw new RangeError(
        `Cannot pool ${outputs.length} outputs of model ${i} with ${weights.length} weights of sum ${sum}: each needs one, and they have to count`,
      );
    }
    return weights.map((one) => weight * one / sum);
  });
  return { outputs: models.flatMap(({ outputs }) => outputs), weights };
}

// ## A vote on the answer
//
// A model that is asked to write down its steps reaches the same answer by different ways. Self-consistency (自洽) samples several such chains of thought, reads the answer at the end of each, and takes the most frequent one. Here too it is the answers that are to
// agree, not the texts: it is MBR with exact match of what is read from them.
//
// **The notes, 004.108.** It holds, and it is the special case of MBR that this page names. The most frequent answer among samples is the one whose probability, added up over all chains that lead to it, is estimated as the largest. A chain without an answer has no vote.

/** The result of a vote. */
export interface Vote<Answer> {
  /** The most frequent answer; the first given of equal ones. */
  readonly answer: Answer;
  /** Its fraction of the weight of all that have an answer. */
  readonly share: number;
  /** The outputs that gave it, by place. */
  readonly voters: readonly number[];
}

/**
 * The most frequent answer of several outputs: self-consistency.
 *
 * @example
 * ```ts
 * import { selfConsistency } from "@heed/heed/generation";
 *
 * const chains = ["2 + 2 = 4, so 4", "3 apples, so 3", "twice 2, so 4", "I do not know"];
 * const { answer, share } = selfConsistency(chains, (chain) => /so (\d+)$/.exec(chain)?.[1]);
 * console.assert(answer === "4" && share === 2 / 3);
 * ```
 *
 * @param outputs what was said
 * @param answerOf reads the answer of an output; undefined if it gives none
 * @param weights how much each output counts; equally by default
 * @returns the answer, its fraction of the votes, and who gave it
 * @throws {RangeError} if no output has an answer
 */
export function selfConsistency<Output, Answer>(
  outputs: readonly Output[],
  answerOf: (output: Output) => Answer | undefined,
  weights?: readonly number[],
): Vote<Answer> {
  checkList("count votes", "outputs", outputs, "outputs", () => true);
  checkFunction("count votes", answerOf);
  if (weights === undefined) weights = outputs.map(() => 1);
  checkNumbers("count votes", "weights", weights);
  const votes = new Map<Answer, { share: number; voters: number[] }>();
  let total = 0;
  for (const [i, output] of outputs.entries()) {
    const answer = answerOf(output);
    if (answer === undefined) continue;
    const vote = votes.get(answer) ?? { share: 0, voters: [] };
    vote.share += weights[i]!;
    vote.voters.push(i);
    votes.set(answer, vote);
    total += weights[i]!;
  }
  if (!(total > 0)) {
    throw new RangeError(`Cannot count votes: none of ${outputs.length} outputs has an answer that counts`);
  }
  const [answer, { share, voters }] = [...votes].reduce((best, other) => other[1].share > best[1].share ? other : best);
  return { answer, share: share / total, voters };
}

// ## Pitfall: a gain that favours length
//
// Any score can be a gain, and what it rewards is chosen. The count of common words grows with a candidate, so the longest one would win; word overlap divides by both lengths (F1: twice what both have, by the words of both). BLEU is not symmetric: its brevity penalty, for what is shorter than the reference, is for the candidate ([section](../06_training/bleu.ts)). The test "a gain without
// a penalty for length chooses the longest candidate" shows the first.

// ## Exercise
//
// Ten samples: five times *yes*, four times *no, thanks* and once *no*. What do exact match and word overlap choose? Which number of *no* makes word overlap change its choice?
//
// **Hint.** The overlap of *no, thanks* and *no* is 2 · 1 / 3.
//
// **Solution.** Exact match chooses *yes* with 5 of 10. By overlap *yes* has 5, *no, thanks* has 4 + 2/3 and *no* 1 + 4 · 2/3: *yes* again. With two *no* of eleven, *no, thanks* has 4 + 4/3, more than 5.
//
// ```ts
// import { exactMatch, minimumBayesRisk, wordOverlap } from "@heed/heed/generation";
//
// for (const count of [1, 2]) {
//   const samples = [...Array(5).fill("yes"), ...Array(4).fill("no, thanks"), ...Array(count).fill("no")];
//   console.log(minimumBayesRisk(samples, exactMatch).output, "/", minimumBayesRisk(samples, wordOverlap).output);
// }
// ```
//
// ```text
// yes / yes
// yes / no, thanks
// ```
