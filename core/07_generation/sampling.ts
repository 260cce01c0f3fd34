/**
 * # Ancestral sampling
 *
 * **Question.** A trained language model (语言模型) gives a probability to every continuation of every
 * prefix. How does it generate a sequence?
 *
 * **Idea.** The chain rule factors the probability of a sequence into one conditional probability
 * (条件概率) per token. Sample the first token from its distribution, append it to the prompt, sample
 * the second from the model's next distribution, and so on (ancestral sampling, 祖先采样). Every sequence
 * then occurs with exactly the probability that the model gives it.
 *
 * **Formula.** For a prompt $X$ and a sequence $Y = y_1 \dots y_J$,
 *
 * $$P(Y \mid X) = \prod_{j=1}^{J} P(y_j \mid X, y_1, \dots, y_{j-1}), \qquad y_j \sim \mathrm{softmax}(z_j)$$
 *
 * | symbol     | in code         | shape      |
 * | ---------- | --------------- | ---------- |
 * | $z_j$      | `logits`        | `[V]`      |
 * | $P(\cdot)$ | `probabilities` | `[V]`      |
 * | $y_j$      | `token`         | one number |
 *
 * **Why it disappoints.** The example of [the notes](notes:004.96): three words with 30, 20 and 10 %, and a
 * thousand with 0.04 % each. Every single word of the thousand is a poor choice, and together they have
 * a probability of 40 %. This long tail (长尾) is what [section](truncation.ts) cuts off.
 *
 * **Why on plain arrays.** One row of logits is read back from the device per token, and the
 * decision is taken on the host in float64: the rules of [section](truncation.ts) and
 * [section](temperature.ts) become functions from a row to a row, and the same seed draws the same
 * tokens on every device whose logits agree. Where reading takes longer than computing, the same
 * draw is made on the device ([Choosing on the device](on_device.ts)).
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
  for (let token = 0; token < logits.length; token++) {
    total += probabilities[token] = exponential(logits[token]! - highest);
  }
  for (let token = 0; token < logits.length; token++) probabilities[token]! /= total;
  return probabilities;
}

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

function highestOf(logits: ArrayLike<number>): number {
  const token = likeliest(logits);
  if (token === undefined) throw nothingAllowed(logits.length);
  return logits[token]!;
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
  return random.categorical(toProbabilities(logits));
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

// ## The tail, counted
//
// The experiment samples from the distribution of [the notes](notes:004.96). The probability of a sequence without a
// word of the tail
// falls by the same factor with every word, so only short sequences avoid it.

// ## Pitfall: a finite stand-in for minus infinity
//
// A forbidden token with logit -10000 is safe until every allowed one is lower still, as in a
// row at $-2 \cdot 10^4$. With `-Infinity` its probability is exactly 0. The test
// "sample() never draws a forbidden token" uses such a row.

// ## Exercise
//
// Build the distribution of [the notes](notes:004.96), three heads and a tail of a thousand, and sample a sequence of
// twenty tokens. With which probability does it contain no token of the tail? Compute it
// first; the test "sample() takes the long tail as often as the notes say" knows the answer.
