/**
 * # FUDGE
 *
 * **Question.** A mask can require a form that is checked sign by sign. That a review is positive is seen only at its end, and no grammar says it. How is each token chosen so that the whole text will be positive?
 *
 * **Idea.** A second model, a classifier, reads prefixes, and says how probable it is that the whole text will comply. It is trained on the prefixes of whole texts, each labelled as its text is. For each candidate of the next token it judges the prefix that the candidate would make. The probability of the
 * candidate is multiplied by that judgement: *future discriminators for generation*, FUDGE. The language model itself stays as it is.
 *
 * **By hand.** The model of [the first page](mod.ts): *very* 0.6 or *rather* 0.4, and the text has to end with *good*. After *very* it does so with 0.05, after *rather* with 0.9. The judgement of the two candidates is just that. The products are $0.6 \cdot 0.05 = 0.03$ and $0.4 \cdot 0.9 = 0.36$;
 * their sum is $0.03 + 0.36 = 0.39$. So *very* is drawn with $0.03 / 0.39 = 0.077$, and *rather* with 0.923. These are the probabilities given the constraint, which a mask misses.
 *
 * ```ts
 * import { fudgeRule, toProbabilities } from "@heed/heed/generation";
 *
 * const first = [0.6, 0.4], judgements = [0.05, 0.9], words = ["very", "rather"];
 * const classify = () => judgements.map((p) => Math.log(p / (1 - p)));
 * const rule = fudgeRule({ classify });
 * const drawn = toProbabilities(rule.onHost(Float64Array.from(first, Math.log), { tokens: [] }));
 * console.log(words.map((word, i) => `${word} ${drawn[i]!.toFixed(3)}`).join(", "));
 * ```
 *
 * ```text
 * very 0.077, rather 0.923
 * ```
 *
 * **Formula.** With the language model $P$, the attribute $a$ that the text should have, and the classifier's log-odds $s$ of it after the prefix with candidate $v$,
 *
 * $$P(v \mid y_{<j}, a) \;\propto\; P(v \mid y_{<j})\; P(a \mid y_{<j}, v), \qquad \tilde z_v = z_v + \lambda \log \sigma(s_v), \qquad s_v = b + \sum_{i \le j} u_{y_i} + \sum_{i \le j} w_{y_{i-1} y_i} \ \text{ with } y_j = v$$
 *
 * | symbol        | in code      | meaning                                           |
 * | ------------- | ------------ | ------------------------------------------------- |
 * | $z$           | `logits`     | of the language model, `[V]`                      |
 * | $\sigma(s)$   | `classify()` | gives $s$, log-odds, a number for each candidate  |
 * | $\lambda$     | `strength`   | 1 is Bayes' rule                                  |
 * | $u$           | `words`      | evidence of each token, `[V]`                     |
 * | $w$           | `pairs`      | evidence of each pair of tokens, by its place in a table |
 * | $b$           | `bias`       | log-odds before the first token                   |
 *
 * **Why it is exact, and why it is not.** The first formula is Bayes' rule. With the true $P(a \mid y_{<j}, v)$ of this language model, the product over all steps is $P(Y \mid a)$, from which rejection draws; a test has it. A trained classifier is not that. It has seen texts of people, and judges prefixes of a model; and what it
 * knows of them may be little. A factor that is wrong for all candidates alike is divided out again; one that is too sure of some of them is not.
 *
 * **The classifier.** The one here is small: the log-odds of a prefix are a sum over its tokens and its pairs of neighbours, as in [a bag of words](../../01_introduction/bag_of_words.ts). So the sums of all prefixes of a text come from one pass, and a candidate costs two look-ups. In the paper it is an LSTM.
 *
 * **What it costs.** A judgement for each candidate. Only the $k$ most probable tokens are candidates, 200 in the paper, and the others are dropped.
 *
 * Source: Kevin Yang and Dan Klein 2021, *FUDGE: Controlled Text Generation With Future Discriminators*.
 *
 * @module
 */

import { checkNumbers } from "../../engine/arguments.ts";
import { parameter, tensor, zeros } from "../../engine/create.ts";
import { take } from "../../engine/indexing.ts";
import { concat } from "../../engine/joining.ts";
import { Module } from "../../engine/module.ts";
import { callback, checkOptions, type Checks, integer, numeric, required } from "../../engine/options.ts";
import { dims } from "../../engine/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../engine/tensor.ts";
import { binaryCrossEntropy } from "../../06_training/loss.ts";
import type { LogitsRule } from "../rules.ts";
import { topKRule } from "../truncation.ts";

/**
 * Multiplies the probability of each candidate by that of the attribute after it.
 *
 * @param options who judges, how many candidates there are, and how much the judgement counts
 * @returns a rule
 * @throws {RangeError} if an option is outside its interval
 */
export function fudgeRule(options: FudgeOptions): LogitsRule {
  checkOptions("steer", options, fudgeChecks);
  const { classify, topK = 200, strength = 1 } = options;
  // $\log \sigma(s) = -\log(1 + e^{-s})$, without overflow.
  const logSigma = (s: number): number => Math.min(s, 0) - Math.log1p(Math.exp(-Math.abs(s)));
  return reweigh("fudge", topK, classify, (s) => strength * logSigma(s));
}

/** What judges how a prefix would go on with each of some tokens. */
export type PrefixScorer = (tokens: readonly number[], candidates: readonly number[]) => ArrayLike<number>;

/** A rule that adds to the logits of the most probable tokens, and drops the others. */
export function reweigh(
  name: string,
  topK: number,
  score: PrefixScorer,
  added: (score: number) => number,
): LogitsRule {
  const cut = topKRule(topK);
  return {
    name,
    onHost(logits, { tokens }) {
      const row = cut.onHost(logits, { tokens }).slice();
      const candidates = Array.from(row, (_, token) => token).filter((token) => row[token]! > -Infinity);
      const scores = score(tokens, candidates);
      checkNumbers(`apply the rule ${name}`, "scores", scores);
      if (scores.length !== candidates.length) {
        throw new TypeError(`Cannot weigh ${candidates.length} candidates by ${scores.length} scores: each needs one`);
      }
      candidates.forEach((token, i) => row[token]! += added(scores[i]!));
      return row;
    },
  };
}

// ## A classifier of prefixes

/** Judges every prefix of a text by its tokens and its pairs of neighbours. */
export class PrefixClassifier extends Module {
  /** How it is laid out. */
  readonly options: Required<PrefixClassifierOptions>;
  /** Evidence of each token, `[V, 1]`. */
  readonly words: Tensor;
  /** Evidence of each pair, `[numPairs, 1]`. */
  readonly pairs: Tensor;
  /** Log-odds of the empty text, `[1]`. */
  readonly bias: Tensor;

  /**
   * Starts without an opinion: all log-odds are 0.
   *
   * @param options the vocabulary, and room for pairs
   */
  constructor(options: PrefixClassifierOptions) {
    super();
    checkOptions("classify prefixes", options, classifierChecks);
    const { vocabSize, numPairs = 8192 } = options;
    this.options = { vocabSize, numPairs };
    this.words = parameter(zeros([vocabSize, 1]));
    this.pairs = parameter(zeros([numPairs, 1]));
    this.bias = parameter(zeros([1]));
  }

  /**
   * Judges all prefixes of some texts.
   *
   * @param tokens ids, int32 `[N, T]`
   * @returns log-odds of each text up to each token, `[N, T]`
   */
  forward(tokens: TensorLike): Tensor {
    const ids = asTensor("classify prefixes", "tokens", tokens, "int32", this.words);
    const { N, T } = dims(ids, "N T");
    // $s_j$: the evidence of the tokens so far, added up.
    let evidence = take(this.words, ids).reshape([N, T]);
    if (T > 1) {
      const { vocabSize, numPairs } = this.options;
      const places = ids.slice(1, 0, T - 1).mul(vocabSize).add(ids.slice(1, 1, T)).mod(numPairs);
      const ofPairs = take(this.pairs, places).reshape([N, T - 1]);
      evidence = evidence.add(concat([zeros([N, 1]), ofPairs], 1));
    }
    return evidence.cumulativeSum(1).add(this.bias);
  }

  /**
   * What it has learned, as a function on plain numbers for a rule.
   *
   * Training the classifier further does not change it.
   *
   * @returns log-odds of a text that goes on with each candidate
   */
  async scorer(): Promise<PrefixScorer> {
    const [words, pairs, [bias]] = await Promise.all([this.words.read(), this.pairs.read(), this.bias.read()]);
    const { vocabSize, numPairs } = this.options;
    const ofPair = (before: number | undefined, token: number): number =>
      before === undefined ? 0 : pairs![(before * vocabSize + token) % numPairs]!;
    return (tokens, candidates) => {
      const soFar = tokens.reduce((sum, token, i) => sum + words![token]! + ofPair(tokens[i - 1], token), bias!);
      return candidates.map((token) => soFar + words![token]! + ofPair(tokens.at(-1), token));
    };
  }
}

/**
 * Surprisal of the labels of texts at each of their prefixes, in nats.
 *
 * @param logOdds as {@linkcode PrefixClassifier} gives them, `[N, T]`
 * @param labels how true the attribute is of each whole text, in [0, 1], `[N]`
 * @param mask true where a token stands, `[N, T]`
 * @returns the mean over all prefixes, one number
 */
export function prefixLoss(logOdds: Tensor, labels: readonly number[], mask: TensorLike<boolean>): Tensor {
  const { N, T } = dims(logOdds, "N T");
  checkNumbers("measure a loss", "labels", labels);
  const targets = tensor(Float32Array.from(labels), [labels.length, 1]),
    present = asTensor("measure a loss", "mask", mask, "bool", logOdds);
  dims(targets, "N 1", { N });
  dims(present, "N T", { N, T });
  const losses = binaryCrossEntropy(logOdds, targets.expand([N, T]), { reduction: "none" });
  return losses.where(present, 0).sum().div(present.cast("float32").sum());
}

// #region Options and their checks

/** Options of {@linkcode fudgeRule}. */
export interface FudgeOptions {
  /** Log-odds that the text will have the attribute, for each candidate. */
  readonly classify: PrefixScorer;
  /** How many of the most probable tokens are candidates; 200 by default. */
  readonly topK?: number;
  /** How much the judgement counts, above 0; 1 by default, which is Bayes' rule. */
  readonly strength?: number;
}

const fudgeChecks: Checks<FudgeOptions> = {
  classify: required(callback<PrefixScorer>()),
  topK: integer(),
  strength: numeric({ above: 0 }),
};

/** Options of {@linkcode PrefixClassifier}. */
export interface PrefixClassifierOptions {
  /** Number of tokens. */
  readonly vocabSize: number;
  /** Places for pairs of tokens; different pairs may have the same place. 8,192 by default. */
  readonly numPairs?: number;
}

const classifierChecks: Checks<PrefixClassifierOptions> = { vocabSize: required(integer()), numPairs: integer() };
// #endregion

// ## Beside other methods
//
// [The experiment](../experiments/constraints/steering.ts) on [the section's first page](mod.ts) trains such a classifier, and compares FUDGE with asking, rejection, rewards and preferences.

// ## What the notes say
//
// **The notes, 004.114.** That is so. Combined means multiplied, by Bayes' rule, and the second model has to be trained on unfinished texts: one that knows only whole texts judges a prefix as if nothing followed.

// ## Pitfall: a classifier of whole texts
//
// *The food was not …* is no negative text yet, and *not bad* no positive one. A classifier that was trained on whole texts only has learned which tokens they contain, and not what a prefix lets expect. The test "a classifier of prefixes says at each prefix how probable the attribute is" compares with counted
// frequencies, which the other one misses.

// ## Pitfall: adding the log-odds
//
// $z_v + s_v$ in place of $z_v + \log \sigma(s_v)$ divides by the probability that the text does *not* comply. A candidate that makes it certain gets an infinite weight, however improbable it is as a word. The test "FUDGE with the true future draws from the conditional distribution" fails for that version.

// ## Exercise
//
// *A judge that only knows the past.* A classifier gives 1 where the prefix complies already and 0 where it does not. What does FUDGE do with the texts that end with *good*?
//
// **Hint.** What are the judgements of *very* and of *rather*?
//
// **Solution.** Both are 0, and no candidate is left: such a judge forbids every text whose beginning does not comply yet. A mask asks instead whether the prefix *can* still comply, and gives 1 to both. FUDGE asks how probable that is.
