/**
 * # Ancestral sampling
 *
 * **Question.** A trained language model (语言模型) gives a probability to every continuation of every
 * prefix. How does it generate a sequence?
 *
 * **Idea.** Roll dice, one for each token. The chain rule factors the probability of a sequence into one conditional probability
 * (条件概率) for each token. So draw the first token from its distribution and append it to the prompt; the model then gives the
 * distribution of the second token, which is drawn in turn, and so on (ancestral sampling, 祖先采样). Every sequence
 * occurs with exactly the probability that the model gives it.
 *
 * ```picture sampling_by_hand The draws of the example below. The probabilities of the tokens fill the line from 0 to 1, and a random number says which token is taken: the one with the dark edge.
 * ```
 *
 * **By hand.** A model continues *The cat*, in the words *sat*, *ran*, *away* and END. The first word has the probabilities 0.5, 0.4,
 * 0.1 and 0. Laid side by side they fill the line from 0 to 1: *sat* reaches to 0.5, *ran* to 0.9, *away* to 1. A random number
 * between 0 and 1, each as probable as any other, hits a word with exactly the word's probability. It is 0.62, and hits *ran*. After
 * *ran* the probabilities are 0, 0.02, 0.48 and 0.5; the next number, 0.31, lies between 0.02 and 0.50 and hits *away*. After *ran
 * away* they are 0, 0, 0.2 and 0.8, and 0.74 hits END. The sentence *ran away* is finished. It comes up with the probability
 * $0.4 \cdot 0.48 \cdot 0.8 = 0.1536$: of 10000 sentences that the program draws, 1551 are this one.
 *
 * ```ts
 * import { Random } from "@heed/heed";
 * import { sample } from "@heed/heed/generation";
 *
 * const words = ["sat", "ran", "away", "END"];
 * const next: Record<string, number[]> = {
 *   "": [0.5, 0.4, 0.1, 0],
 *   "sat": [0.3, 0, 0.36, 0.34],
 *   "ran": [0, 0.02, 0.48, 0.5],
 *   "sat away": [0, 0, 0.2, 0.8],
 *   "ran away": [0, 0, 0.2, 0.8],
 * };
 * // Behind all other prefixes the sentence ends.
 * const after = (spoken: string[]) => next[spoken.join(" ")] ?? [0, 0, 0, 1];
 *
 * let spoken: string[] = [], probability = 1;
 * for (const u of [0.62, 0.31, 0.74]) {
 *   const row = after(spoken);
 *   let token = 0, sum = row[0]!;
 *   while (sum <= u) sum += row[++token]!;
 *   probability *= row[token]!;
 *   console.log(`${u} hits ${words[token]}, from ${(sum - row[token]!).toFixed(2)} to ${sum.toFixed(2)}`);
 *   spoken.push(words[token]!);
 * }
 * console.log(spoken.join(" "), probability.toFixed(4));
 *
 * const random = new Random(1);
 * let found = 0;
 * for (let i = 0; i < 10_000; i++) {
 *   spoken = [];
 *   while (spoken.at(-1) !== "END") spoken.push(words[sample(after(spoken).map(Math.log), random)]!);
 *   if (spoken.join(" ") === "ran away END") found++;
 * }
 * console.log("of 10000 sentences", found);
 * ```
 *
 * ```text
 * 0.62 hits ran, from 0.50 to 0.90
 * 0.31 hits away, from 0.02 to 0.50
 * 0.74 hits END, from 0.20 to 1.00
 * ran away END 0.1536
 * of 10000 sentences 1551
 * ```
 *
 * **Formula.** For a prompt $X$ and a sequence $Y = y_1 \dots y_J$, with the logits $z_j$ that the model gives after $X$ and
 * $y_1 \dots y_{j-1}$, and a uniform random number $u_j$ between 0 and 1,
 *
 * $$P(Y \mid X) = \prod_{j=1}^{J} P(y_j \mid X, y_1, \dots, y_{j-1}), \qquad p = \mathrm{softmax}(z_j), \qquad y_j = \min\Big\{v : \sum_{w \le v} p_w > u_j\Big\}$$
 *
 * | symbol     | in code         | meaning                                               |
 * | ---------- | --------------- | ----------------------------------------------------- |
 * | $z_j$      | `logits`        | one score for each token, `[V]`                       |
 * | $p$        | `probabilities` | what the scores stand for, `[V]`                      |
 * | $u_j$      | `random`        | where $u_j$ comes from, one number for each token     |
 * | $y_j$      | `token`         | the id of a token: the first whose sum exceeds $u_j$  |
 *
 * **Why it disappoints.** The example of [the notes](notes:004.96): three words with 30, 20 and 10 %, and a
 * thousand with 0.04 % each. Every single word of the thousand is a poor choice, and together they have
 * a probability of 40 %. This long tail (长尾) is what [section](truncation.ts) cuts off. One bad word is not the end of it: all that
 * follows is conditioned on it, and the model has seen few texts that go on so.
 *
 * **The notes, 004.96.** It holds for their distribution, and the [experiment](experiments/sampling.ts) counts it. Of a trained model it is half of the story. The run below shows that
 * real texts go on with a token of the tail about as often as the model says: to have a tail is no error. The error is in *which* of its many tokens is taken.
 *
 * **The notes, 004.26, 004.92.** Both hold. The product is the formula above, and to sample is one of two answers to the
 * question how a text is written with it; [section](greedy_and_beam.ts) has the other.
 *
 * **Why on plain arrays.** One row of logits is read back from the device per token, and the
 * decision is taken on the host in float64: the rules of [section](truncation.ts) and
 * [section](temperature.ts) become functions from a row to a row, and the same seed draws the same
 * tokens on every device whose logits agree. Where reading takes longer than computing, the same
 * draw is made on the device ([Choosing on the device](on_device.ts)).
 *
 * Sources: Bishop 2006, *Pattern Recognition and Machine Learning* (ancestral sampling, in the chapter on graphical models); Devroye 1986, *Non-Uniform Random Variate
 * Generation* (the draw by sums); Holtzman et al. 2020, *The Curious Case of Neural Text Degeneration* (the tail).
 *
 * @module
 */

import { checkNumbers } from "../engine/arguments.ts";
import { type Check, checkValue, integer, object } from "../engine/options.ts";
import { exponential } from "../engine/exponential.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { tensor } from "../engine/create.ts";
import type { Tensor } from "../engine/tensor.ts";
import { softmax } from "../02_words/softmax.ts";
import type { StateMemory } from "../03_language_models/feed_forward_lm.ts";
import type { KeyValueMemory } from "../04_attention/multi_head.ts";
import type { Observer } from "../05_transformer/encoder.ts";
import { draw } from "./on_device.ts";
import { likeliest, nothingAllowed } from "./rules.ts";
import type { SequenceSearch, TokenSearch } from "./search.ts";

/**
 * The probabilities that a row of logits stands for, in float64.
 *
 * @param logits one score per token, `[V]`; `-Infinity` for what must not happen
 * @returns probabilities that sum to one, exactly 0 for `-Infinity`
 * @throws {RangeError} if a logit is NaN or infinite, or every token is forbidden
 */
export function toProbabilities(logits: ArrayLike<number>): Float64Array {
  const highest = highestOf(logits);
  const probabilities = new Float64Array(logits.length);
  let total = 0;
  // $e^{z_i}$, relative to the largest, so that none overflows; of a forbidden token it is $e^{-\infty} = 0$.
  for (let token = 0; token < logits.length; token++) {
    total += probabilities[token] = exponential(logits[token]! - highest);
  }
  // $p$: divided by their sum, they sum to 1.
  for (let token = 0; token < logits.length; token++) probabilities[token]! /= total;
  return probabilities;
}

/**
 * Draws a token with the probability that its logit stands for.
 *
 * @example
 * ```ts
 * import { Random } from "@heed/heed";
 * import { sample } from "@heed/heed/generation";
 *
 * const coin = [Math.log(0.5), Math.log(0.5), -Infinity];
 * const token = sample(coin, new Random(7));
 * console.assert(token === 0 || token === 1);
 * ```
 *
 * @param logits one score per token, `[V]`
 * @param random where random numbers come from; advances by one draw
 * @returns the token
 * @throws {RangeError} if a logit is NaN or infinite, or every token is forbidden
 */
export function sample(logits: ArrayLike<number>, random: Random): number {
  checkRandom("sample", random);
  const probabilities = toProbabilities(logits);
  // $y_j$: the token in whose part of the line from 0 to 1 the random number lies.
  const token = random.categorical(probabilities);
  return token;
}

/**
 * Draws every token from the distribution that the rules leave.
 *
 * @param random where random numbers come from; advances by one draw for each token
 * @returns a search
 */
export function ancestralSampling(random: Random): TokenSearch {
  checkRandom("sample", random);
  return {
    name: "ancestral sampling",
    random,
    drawsByProbability: true,
    onHost: (allowed) => sample(allowed, random),
    onDevice: (allowed) => {
      const uniforms = Array.from({ length: allowed.shape[0]! }, () => random.next());
      return draw(softmax(allowed), tensor(uniforms));
    },
  };
}

function highestOf(logits: ArrayLike<number>): number {
  const token = likeliest(logits);
  if (token === undefined) throw nothingAllowed(logits.length);
  return logits[token]!;
}

// #region Logarithms of probabilities
// A sum of logarithms stays finite where a product of probabilities becomes 0. Searches and scores of texts are made of it.

/**
 * The logarithms of {@linkcode toProbabilities}, exact where those underflow.
 *
 * @param logits one score per token, `[V]`
 * @returns numbers of at most 0; `-Infinity` stays
 * @throws {RangeError} if a logit is NaN or infinite, or every token is forbidden
 */
export function toLogProbabilities(logits: ArrayLike<number>): Float64Array {
  const shift = logSum(logits);
  const logProbabilities = new Float64Array(logits.length);
  for (let token = 0; token < logits.length; token++) logProbabilities[token] = logits[token]! - shift;
  return logProbabilities;
}

/** What a logit exceeds its log-probability by: $\log \sum_i e^{z_i}$. */
function logSum(logits: ArrayLike<number>): number {
  const highest = highestOf(logits);
  let total = 0;
  for (let token = 0; token < logits.length; token++) total += exponential(logits[token]! - highest);
  return highest + Math.log(total);
}

/**
 * The logarithm of the probability of one token, as {@linkcode toLogProbabilities} has it.
 *
 * @param logits one score per token, `[V]`
 * @param token which one
 * @returns a number of at most 0
 * @throws {RangeError} if a logit is NaN or infinite, or every token is forbidden
 */
export function logProbabilityOf(logits: ArrayLike<number>, token: number): number {
  checkNumbers("score a token", "logits", logits);
  checkValue("score a token", "token", token, integer({ min: 0, max: logits.length - 1 }));
  return logits[token]! - logSum(logits);
}

// #endregion

// #region What generation needs of a model
// A vocabulary, a context, and logits for each next token. Whatever has these three members can be sampled from: a Transformer, a recurrent network, an n-gram model.

/** What generation needs of a model: any class with these members will do. */
export interface Decoder {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Most tokens it can look at; `Infinity` where there is no bound. */
  readonly contextLength: number;
  /** Sources that it holds, each of which has a prompt; any number of prompts by default. */
  readonly numSources?: number;
  /** How many numbers `forward` appends to the scores of a position; 0 by default. */
  readonly featureSize?: number;
  /** Nothing by default; a model that reads a source has it, and is no decoder but makes one. */
  readonly given?: "give model.given(model.encode(source), sourceMask) in its place";
  /**
   * Prepares the memory of one generation.
   *
   * A model without it, or one that returns no memories, reads the whole sequence at each step.
   *
   * @param create makes one memory; called once per attention, or once for the states of a recurrent model
   * @returns what `forward` expects as `caches`
   */
  newCaches?(create: () => KeyValueMemory & StateMemory): readonly KeyValueMemory[];
  /**
   * Scores the next token after each of some further tokens.
   *
   * @param tokens those that follow what the caches hold, int32 `[B, T]`; the whole sequence where there are none
   * @param options the memory of the tokens before, which it extends, absent without `newCaches`; `lastOnly` if only
   *   the scores after the last token are read, so that the others need not be computed; `starts` where rows differ in
   *   length: the position of the first token of each, below 0 for padding, which must change nothing; `observe` receives
   *   attention weights, for models that have them and only if they are asked for
   * @returns logits `[B, T, V]`; with `lastOnly` it may be `[B, 1, V]`
   */
  forward(
    tokens: Tensor,
    options: {
      readonly caches?: readonly (KeyValueMemory & StateMemory)[] | undefined;
      readonly lastOnly?: boolean | undefined;
      readonly starts?: readonly number[] | undefined;
      readonly observe?: Observer | undefined;
    },
  ): Tensor;
  /**
   * Scores as `forward` does, and returns the vectors that the scores are made of.
   *
   * @param tokens as `forward` takes them
   * @param options as `forward` takes them
   * @returns the logits, and a vector for each position of the tokens, `[B, T, E]`
   */
  readStates?(
    tokens: Tensor,
    options: {
      readonly caches?: readonly (KeyValueMemory & StateMemory)[] | undefined;
      readonly lastOnly?: boolean | undefined;
      readonly starts?: readonly number[] | undefined;
      readonly observe?: Observer | undefined;
    },
  ): { readonly logits: Tensor; readonly states: Tensor };
  /**
   * The same model with other rows of its batch, for models that hold a source per row.
   *
   * @param rows which, in this order; they may repeat and leave some out
   * @returns a decoder of as many rows
   */
  select?(rows: readonly number[]): Decoder;
}

/** A search that asks more of a model than scores. */
export interface PreparingSearch extends SequenceSearch {
  /** Makes of the model one that appends features to its scores. */
  prepare(decoder: Decoder): Decoder;
}

/** A model as an argument. */
export const decoderCheck: Check<Decoder> = object(
  "a model with vocabSize, contextLength and forward()",
  (value) => "vocabSize" in value && "contextLength" in value && "forward" in value,
);

// #endregion

// ## The tail, counted
//
// The [experiment](experiments/sampling.ts) samples from the distribution of [the notes](notes:004.96). The probability of a sequence without a
// word of the tail
// falls by the same factor with every word, so only short sequences avoid it.

// ## On real text
//
// A Transformer has learned plays of Shakespeare and reads others, which it never saw. At each place its tokens are ranked by their
// probability. How much mass lies far down, and how often do the plays go on with a token from there?
//
// ```picture sampling_run The mass of each interval of ranks, and how often the plays go on with one of its tokens.
// ```

// ## Pitfall: a finite stand-in for minus infinity
//
// A forbidden token with logit -10000 is safe until every allowed one is lower still, as in a
// row at $-2 \cdot 10^4$. With `-Infinity` its probability is exactly 0. The test
// "sample() never draws a forbidden token" uses such a row.

// ## Pitfall: a sum that stays below 1
//
// Probabilities that were rounded may sum to a little less than 1, and a random number may lie beyond their sum. A draw that then takes the
// last token of the vocabulary takes one that may be forbidden. Here it takes the last token whose probability is not 0; the test
// "sample() draws as often as the probabilities say" fails as soon as a token of probability 0 turns up.

// ## Exercise
//
// Build the distribution of [the notes](notes:004.96), three heads and a tail of a thousand, and sample a sequence of
// twenty tokens. With which probability does it contain no token of the tail? Compute it first, then draw.
//
// **Hint.** The draws are independent, and each avoids the tail with the probability of the three heads together.
//
// **Solution.** $0.6^{20}$, about 0.00004: of a million sequences some 37. Of one token it is 0.6, of five already less than a tenth.
//
// ```ts
// import { Random } from "@heed/heed";
// import { sample } from "@heed/heed/generation";
//
// console.log([1, 5, 20].map((length) => (0.6 ** length).toFixed(6)).join(" "));
// const logits = [0.3, 0.2, 0.1, ...new Array<number>(1000).fill(0.0004)].map(Math.log), random = new Random(1);
// const clean = (length: number) => Array.from({ length }, () => sample(logits, random)).every((token) => token < 3);
// console.log(Array.from({ length: 2000 }, () => clean(5)).filter(Boolean).length / 2000);
// ```
//
// ```text
// 0.600000 0.077760 0.000037
// 0.0795
// ```
