/**
 * # What a search is
 *
 * **Question.** Greedy search takes the most probable token, sampling draws one, beam search keeps several sequences and
 * ranks them in the end. What does a loop have to know of a search to run any of them?
 *
 * **Idea.** There are two kinds. A search that keeps *one sequence* per prompt chooses a token of a row of logits: a
 * function, and like a rule it may have a second form on tensors. A search that keeps *several sequences* says which
 * prefixes wait for logits, is told what may follow each, and answers which of them go on. For the loop both are the same
 * object: so many prefixes wait, and every step gives for each new prefix the one it continues, and its last token.
 *
 * **Formula.** For the $W$ prefixes of a prompt, with the logits $\tilde z^{(i)}$ that the rules leave of each,
 *
 * $$(y_j, \pi_j) = \mathrm{search}\big(\tilde z_j^{(1)}, \dots, \tilde z_j^{(W)}\big)$$
 *
 * | symbol      | in code  | meaning                                  |
 * | ----------- | -------- | ---------------------------------------- |
 * | $W$         | `width`  | prefixes that wait; 0 once it is over    |
 * | $y_j$       | `token`  | what follows, for each new prefix        |
 * | $\pi_j$     | `parent` | the index of the prefix that it continues |
 *
 * @module
 */

import type { Random } from "../engine/random.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { DecodingContext, DeviceContext } from "./rules.ts";
import type { Ending } from "./stops.ts";

/** Where a sequence ends. */
export interface SequenceLimits extends Ending {
  /** Most tokens after the prompt, a positive integer. */
  readonly maxNewTokens: number;
}

/** A search that keeps one sequence per prompt: it chooses a token. */
export interface TokenSearch {
  /** What errors call it, such as `greedy search`. */
  readonly name: string;
  /** Where its random numbers come from; absent if it draws nothing. */
  readonly random?: Random;
  /** Whether it draws each token with the probability of its logit; false by default. */
  readonly drawsByProbability?: boolean;
  /** Chooses one token of a row of logits, `[V]`. */
  onHost(allowed: Float64Array): number;
  /** Chooses one token of each row, by tensors alone: `[B, V]` to int32 `[B]`. */
  onDevice?(allowed: Tensor): Tensor;
}

/** A search that keeps several sequences per prompt. */
export interface SequenceSearch {
  /** What errors call it, such as `beam search`. */
  readonly name: string;
  /** Where its random numbers come from; absent if it draws nothing. */
  readonly random?: Random;
  /** Most prefixes that wait at once. */
  readonly numBeams: number;
  /** Starts with the empty sequence. */
  begin(limits: SequenceLimits): Beam;
}

/** How sequences are found. */
export type Search = TokenSearch | SequenceSearch;

/** A search of several sequences under way. */
export interface Beam {
  /** The prefixes that wait to be continued, best first; none once the search is over. */
  readonly live: readonly { readonly tokens: readonly number[]; readonly logProbability: number }[];
  /** The sequences found, best first, or in the order of their draws. */
  readonly results: readonly Hypothesis[];
  /**
   * Continues every live prefix.
   *
   * @param logProbabilities what may follow each, in order, `[V]` each
   * @returns for each new live prefix, the place of the one it continues
   */
  extend(logProbabilities: readonly ArrayLike<number>[]): readonly number[];
  /**
   * Hears what a prepared model says of each live prefix besides scores, before `extend`.
   *
   * @param features in order, as many numbers each as the model's `featureSize`
   */
  hear?(features: readonly ArrayLike<number>[]): void;
}

/** A sequence that a search considers. */
export interface Hypothesis {
  /** Its tokens, without the prompt and without END. */
  readonly tokens: readonly number[];
  /** Logarithm of its probability, END included if it is finished. */
  readonly logProbability: number;
  /** The log-probability divided by the length penalty. */
  readonly score: number;
  /** Whether END was reached; false where `maxNewTokens` cut it off. */
  readonly finished: boolean;
  /** Which of several ends it was; absent where there is one at most. */
  readonly stop?: number | string;
  /** Its text, cut before the stop string; absent without stop strings. */
  readonly text?: string;
  /** What `output` asks for, of each token and of an end token; absent without that option. */
  readonly steps?: readonly StepOutput[];
}

/** What was kept of a step: the token that was chosen, and what `output` asks for. */
export interface StepOutput extends Alternative {
  /** The most probable tokens before the rules, most probable first; absent unless asked for. */
  readonly alternatives?: readonly Alternative[];
  /** The most probable tokens after the rules; absent unless `alternatives` are asked for. */
  readonly processedAlternatives?: readonly Alternative[];
  /** Of all tokens before the rules, `[V]`; absent unless asked for. */
  readonly logProbabilities?: Float64Array;
  /** Of all tokens after the rules, `[V]`; absent unless `logProbabilities` are asked for. */
  readonly processedLogProbabilities?: Float64Array;
  /** What the last position looked at, a list of attentions; absent unless asked for. */
  readonly attentions?: readonly StepAttention[];
  /** The vector that the logits were made of, `[E]`; absent unless asked for. */
  readonly hiddenState?: Float32Array;
}

/** A token that could follow. */
export interface Alternative {
  /** Its id. */
  readonly token: number;
  /** Logarithm of the probability that the model gives it, before the rules. */
  readonly logProbability: number;
  /** Logarithm of the probability that the rules leave it; `-Infinity` where they forbid it. */
  readonly processedLogProbability: number;
}

/** Weights of one attention at one position. */
export interface StepAttention {
  /** Which attention, such as `layers.0.attention`. */
  readonly path: string;
  /** A list of heads; of each the weights of the positions that it looked at, oldest first. */
  readonly weights: readonly Float32Array[];
}

/** What a draft was worth. */
export interface Speculation {
  /** Calls of the model. */
  readonly calls: number;
  /** Tokens that were proposed. */
  readonly proposed: number;
  /** Those of them that the model accepted. */
  readonly accepted: number;
}

/** What was generated from one prompt. */
export interface Generation {
  /** The tokens, without the prompt and without the end token. */
  readonly tokens: readonly number[];
  /** Logarithm of the probability of the sequence, end included; of beams, after all rules. */
  readonly logProbability: number;
  /** Whether an end was reached. */
  readonly finished: boolean;
  /** Which of several ends it was, a token or a string; absent where there is one at most. */
  readonly stop?: number | string;
  /** The text, cut before the stop string; absent without stop strings. */
  readonly text?: string;
  /** All texts that `numReturnSequences` asks for, this one first; absent where it is 1. */
  readonly sequences?: readonly Generation[];
  /** All sequences of a beam search, best first or as drawn; absent for other searches. */
  readonly beams?: readonly Hypothesis[];
  /** What the draft was worth; absent without one. */
  readonly speculation?: Speculation;
  /** What `output` asks for, of each token and of an end token; absent without that option. */
  readonly steps?: readonly StepOutput[];
}

// ## What the loop sees

/** A choice for each sequence of a batch, not yet read. */
export interface ChosenTokens {
  /** Their ids, int32 `[B]`. */
  readonly tokens: Tensor;
  /** Logarithm of the model's own probability of each, `[B]`; NaN where nothing can be chosen. */
  readonly logProbabilities: Tensor;
}

/**
 * Chooses a token for each sequence from logits `[B, V]`, by tensors alone.
 *
 * Rows of different lengths have a context each.
 */
export type ChooseTokens = (logits: Tensor, context: DeviceContext | readonly DeviceContext[]) => ChosenTokens;

/** A prefix, and the scores of what may follow it. */
export interface ScoredPrefix extends DecodingContext {
  /** One score per token, `[V]`. */
  readonly logits: Float64Array;
  /** What the model appended to the scores, as many as its `featureSize`; nothing by default. */
  readonly features?: Float64Array;
  /** What its last position looked at; absent unless somebody watches. */
  readonly attentions?: readonly StepAttention[];
  /** The vector that the scores were made of; absent unless somebody watches. */
  readonly hiddenState?: Float32Array;
}

/** One way on. */
export interface Choice {
  /** The place of the prefix that it continues. */
  readonly parent: number;
  /** What follows. */
  readonly token: number;
}

/** The search of one prompt, under way. */
export interface SearchState {
  /** Prefixes that wait for logits; 0 once it is over. */
  readonly width: number;
  /** Takes what waits, fillers beyond `width` included; returns what to feed next, best first. */
  extend(prefixes: readonly ScoredPrefix[]): readonly Choice[];
  /** What came of it. */
  result(): Generation;
}
