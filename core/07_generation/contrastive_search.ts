/**
 * # Contrastive search
 *
 * **Question.** Greedy search repeats itself, and a penalty on tokens that occurred punishes *the* as much as a whole sentence that comes again. How does a search notice that it says the same thing again?
 *
 * **Idea.** By the hidden states of the model, the vectors from which it scores the next token. Where a text begins to repeat itself, they come out nearly as they were when it said so before. *Contrastive search* [对比搜索]
 * takes the $k$ most probable tokens as candidates, and feeds each of them. Of a candidate it then knows two things: its probability, and how similar its hidden state is to those of the text so far. It chooses the
 * candidate that is probable and unlike what was there: the largest similarity is the *degeneration penalty* [退化惩罚]. Nothing is drawn.
 *
 * ```picture contrastive_search_by_hand The hidden states of the example below as arrows. Grey: the text so far. Only the direction counts: the first candidate points where the text has pointed before.
 * ```
 *
 * **By hand.** Two candidates have the probabilities 0.6 and 0.3. The hidden states of the text so far are (1, 0) and (0, 2). The candidates' are (3, 0) and (1, 1). The cosine of (3, 0) and (1, 0) is 1, so the first
 * has a penalty of 1. Those of (1, 1) are $1 / \sqrt{2} = 0.707$ with both. With $\alpha = 0.6$ the scores are $0.4 \cdot 0.6 - 0.6 \cdot 1 = -0.36$ and
 * $0.4 \cdot 0.3 - 0.6 \cdot 0.707 = -0.304$: the second one is chosen. With $\alpha = 0.3$ they are $0.7 \cdot 0.6 - 0.3 \cdot 1 = 0.12$ and $0.7 \cdot 0.3 - 0.3 \cdot 0.707 = -0.002$, and it is the first.
 *
 * ```ts
 * import { degenerationPenalty } from "@heed/heed/generation";
 *
 * const past = [[1, 0], [0, 2]], candidates = [{ p: 0.6, state: [3, 0] }, { p: 0.3, state: [1, 1] }];
 * for (const alpha of [0.6, 0.3]) {
 *   const scores = candidates.map(({ p, state }) => (1 - alpha) * p - alpha * degenerationPenalty(state, past));
 *   const penalties = candidates.map(({ state }) => degenerationPenalty(state, past).toFixed(3));
 *   console.log(`alpha ${alpha}, 1 - alpha ${(1 - alpha).toFixed(1)}: penalties ${penalties.join(", ")}, scores ${scores.map((s) => s.toFixed(3)).join(", ")}`);
 * }
 * ```
 *
 * ```text
 * alpha 0.6, 1 - alpha 0.4: penalties 1.000, 0.707, scores -0.360, -0.304
 * alpha 0.3, 1 - alpha 0.7: penalties 1.000, 0.707, scores 0.120, -0.002
 * ```
 *
 * **Formula.** $\mathcal{V}_k$ are the $k$ most probable tokens after $y_{<j}$, $h_v$ is the hidden state of candidate $v$ once it is fed, and $h_i$ those of prompt and text before it:
 *
 * $$y_j = \underset{v \in \mathcal{V}_k}{\arg\max}\; (1 - \alpha)\, p(v \mid y_{<j}) - \alpha \max_{i < j} \cos(h_v, h_i)$$
 *
 * | symbol            | in code        | meaning                                                     |
 * | ----------------- | -------------- | ----------------------------------------------------------- |
 * | $k$               | `topK`         | candidates of a step, at least 2; 4 by default              |
 * | $\alpha$          | `penaltyAlpha` | how much similarity counts, in (0, 1]                       |
 * | $h$               | `states`       | `[B, T, E]`, what the last layer makes of each position     |
 * | $\cos$            | `features`     | the largest one is a number for each candidate              |
 *
 * **What it costs.** Each step feeds $k$ tokens as a batch, and keeps the caches of one: the candidates wait as the prefixes of a beam do, and the loop is the same. The last token of the text is fed too, since
 * it is chosen by its hidden state, so that one position less of the context is left. To compare hidden states costs a product of a vector and a matrix.
 *
 * **Where it fails.** The cosines have to differ. Su and others find that in some models all hidden states point into nearly the same direction (anisotropy); the penalty is then the same for every candidate.
 *
 * Source: Yixuan Su, Tian Lan, Yan Wang, Dani Yogatama, Lingpeng Kong, Nigel Collier 2022, *A Contrastive Framework for Neural Text Generation*.
 *
 * @module
 */

import { checkList, checkNumbers, isListOfNumbers } from "../engine/arguments.ts";
import { concat } from "../engine/joining.ts";
import { full, tensor } from "../engine/create.ts";
import { type Check, checkOptions, type Checks, integer, numeric, required } from "../engine/options.ts";
import { dims } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { KeyValueMemory } from "../04_attention/multi_head.ts";
import { checkRows, limitChecks } from "./greedy_and_beam.ts";
import type { Decoder, PreparingSearch } from "./sampling.ts";
import type { Beam, Hypothesis, SequenceLimits } from "./search.ts";
import { tokensOf } from "./stops.ts";

/** Options of {@linkcode contrastiveSearch}. */
export interface ContrastiveSearchOptions {
  /** How much similarity to the text so far counts, in (0, 1]. */
  readonly penaltyAlpha: number;
  /** Candidates of a step, at least 2; 4 by default. */
  readonly topK?: number;
}

/** Options of {@linkcode ContrastiveSearch}: those of the search, and where a sequence ends. */
export interface ContrastiveSearchSettings extends ContrastiveSearchOptions, SequenceLimits {}

/** A token that may follow, with the sequence that it would make. */
interface Candidate {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  /** Its own probability. */
  readonly probability: number;
}

/**
 * Contrastive search under way: its candidates wait as the prefixes of a beam do.
 *
 * For programs with a loop of their own; {@linkcode generate} does the rest.
 */
export class ContrastiveSearch implements Beam {
  readonly #options: Required<ContrastiveSearchOptions>;
  readonly #limits: SequenceLimits;
  #live: Candidate[] = [{ tokens: [], logProbability: 0, probability: 1 }];
  #results: Hypothesis[] = [];
  #penalties: readonly number[] = [];

  /** Starts with the empty sequence. */
  constructor(options: ContrastiveSearchSettings) {
    checkOptions("search", options, { ...contrastiveSearchChecks, ...limitChecks });
    const { penaltyAlpha, topK = 4, ...limits } = options;
    this.#options = { penaltyAlpha, topK };
    this.#limits = limits;
  }

  /** The candidates that wait, most probable first. */
  get live(): Beam["live"] {
    return this.#live;
  }

  /** The sequence, once it is over. */
  get results(): readonly Hypothesis[] {
    return this.#results;
  }

  /**
   * Hears how similar the hidden state of each candidate is to those before it.
   *
   * @param features the penalty of each candidate, `[1]` each
   */
  hear(features: readonly ArrayLike<number>[]): void {
    checkRows(features);
    this.#penalties = features.map((one) => one[0]!);
  }

  /**
   * Chooses one of the candidates, and makes candidates of what may follow it.
   *
   * @param logProbabilities what may follow each candidate, `[V]` each
   * @returns the place of the chosen one, for each new candidate
   */
  extend(logProbabilities: readonly ArrayLike<number>[]): readonly number[] {
    checkRows(logProbabilities);
    requireEach(this.#live, logProbabilities, this.#penalties);
    if (this.#live.length === 0) return [];
    const { penaltyAlpha, topK } = this.#options;

    // $(1 - \alpha)\, p - \alpha \max \cos$: of equal candidates the more probable one wins, then the lower token.
    const scores = this.#live.map(({ probability }, i) =>
      (1 - penaltyAlpha) * probability - penaltyAlpha * (this.#penalties[i] ?? 0)
    );
    const chosen = scores.indexOf(Math.max(...scores)), candidate = this.#live[chosen]!;
    if (this.#ends(candidate)) return this.#live = [];

    // $\mathcal{V}_k$: the next candidates all continue the one that was chosen.
    const next = logProbabilities[chosen]!;
    this.#live = mostProbable(next, topK).map((token) => ({
      tokens: [...candidate.tokens, token],
      logProbability: candidate.logProbability + next[token]!,
      probability: Math.exp(next[token]!),
    }));
    this.#penalties = [];
    return this.#live.map(() => chosen);
  }

  /** Whether the text is over with this token; then it is the result. */
  #ends({ tokens, logProbability }: Candidate): boolean {
    const { eosToken, maxNewTokens } = this.#limits;
    const finished = tokens.length > 0 && tokensOf(eosToken).includes(tokens.at(-1)!);
    if (!finished && tokens.length < maxNewTokens) return false;
    this.#results = [{
      tokens: finished ? tokens.slice(0, -1) : tokens,
      logProbability,
      score: logProbability,
      finished,
    }];
    return true;
  }
}

/** The ids of the largest finite numbers, largest first, of equal ones the lower id. */
function mostProbable(logProbabilities: ArrayLike<number>, count: number): number[] {
  const allowed = Array.from(logProbabilities, (_, token) => token).filter((token) =>
    logProbabilities[token]! > -Infinity
  );
  return allowed.sort((a, b) => logProbabilities[b]! - logProbabilities[a]! || a - b).slice(0, count);
}

/**
 * How similar a hidden state is to the most similar one before it.
 *
 * @param state a vector
 * @param past the vectors before it, of the same length
 * @returns the largest cosine; 0 if there are none, and of a vector of zeros
 */
export function degenerationPenalty(state: ArrayLike<number>, past: readonly ArrayLike<number>[]): number {
  checkNumbers("compare hidden states", "state", state);
  checkList("compare hidden states", "past", past, "vectors", isListOfNumbers);
  const product = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
  const cosines = past.map((one) => {
    if (one.length !== state.length) {
      throw new TypeError(
        `Cannot compare hidden states of ${state.length} and ${one.length} numbers: they must be equally long`,
      );
    }
    const lengths = Math.sqrt(product(state, state) * product(one, one));
    return lengths > 0 ? product(state, one) / lengths : 0;
  });
  return cosines.length > 0 ? Math.max(...cosines) : 0;
}

/**
 * Chooses among probable tokens by their probability and by how new their hidden state is.
 *
 * The options `penaltyAlpha` and `topK` of {@linkcode generate} ask for it. The model needs `readStates`, as {@linkcode DecoderOnly} has it.
 *
 * @param options how much similarity counts, and how many candidates there are
 * @returns a search
 */
export function contrastiveSearch(options: ContrastiveSearchOptions): PreparingSearch {
  checkOptions("search", options, contrastiveSearchChecks);
  const { penaltyAlpha, topK = 4 } = options;
  return {
    name: "contrastive search",
    numBeams: topK,
    begin: (limits) => new ContrastiveSearch({ penaltyAlpha, topK, ...limits }),
    prepare: withPenalty,
  };
}

// ## Hidden states in a cache
//
// The hidden states of the text so far are kept as keys and values are, in one more cache. So they follow when the candidates change, and go when the context slides. The model that the loop sees appends
// one number to the scores of each row: the penalty of the token that was just fed.

/** A model that appends to its scores how similar its last hidden state is to those before it. */
function withPenalty(model: Decoder): Decoder {
  const { readStates, vocabSize, contextLength, numSources } = model;
  if (typeof readStates !== "function") {
    throw new TypeError(
      "Cannot search contrastively with this model: readStates() is needed, which returns hidden states",
    );
  }
  return {
    vocabSize,
    // The last token is fed too.
    contextLength: contextLength - 1,
    featureSize: 1,
    ...numSources !== undefined && { numSources },
    newCaches: (create) => {
      const caches = model.newCaches?.(create) ?? [];
      return caches.length > 0 ? [...caches, create()] : [];
    },
    forward: (tokens, { caches = [], starts }) => {
      const own = caches.length > 0 ? caches.slice(0, -1) : undefined;
      const { logits, states } = readStates.call(model, tokens, { caches: own, lastOnly: true, starts });
      const penalty = similarity(remembered(unitVectors(states), wordsOf(states, starts), caches.at(-1)));
      return concat([logits.slice(1, -1), penalty], -1);
    },
  };
}

/** Vectors, and 1 where one is of a word, 0 where it is of padding. */
interface States {
  /** `[B, S, E]` */
  readonly vectors: Tensor;
  /** `[B, S, 1]` */
  readonly words: Tensor;
}

/** Vectors `[B, T, E]` of length 1; those of length 0 stay. */
function unitVectors(states: Tensor): Tensor {
  const lengths = states.square().sum(-1, { keepDims: true }).sqrt();
  return states.div(lengths.where(lengths.greater(0), 1));
}

/** Which positions hold a word: those before position 0 are padding, `[B, T, 1]`. */
function wordsOf(states: Tensor, starts: readonly number[] | undefined): Tensor {
  const { B, T } = dims(states, "B T E");
  if (!starts) return full([B, T, 1], 1);
  return tensor(starts.flatMap((start) => Array.from({ length: T }, (_, t) => Number(start + t >= 0))), [B, T, 1]);
}

/** These states and those in the cache before them. */
function remembered(vectors: Tensor, words: Tensor, cache: KeyValueMemory | undefined): States {
  if (!cache) return { vectors, words };
  const { B, E } = dims(vectors, "B T E"), { key, value } = cache.append(vectors.unsqueeze(1), words.unsqueeze(1));
  return { vectors: key.reshape([B, key.shape[2]!, E]), words: value.reshape([B, value.shape[2]!, 1]) };
}

/** The largest cosine of the last vector and those of words before it, `[B, 1, 1]`. */
function similarity({ vectors, words }: States): Tensor {
  const { B, S } = dims(vectors, "B S E");
  if (S === 1) return full([B, 1, 1], 0);
  const cosines = vectors.slice(1, 0, S - 1).matmul(vectors.slice(1, S - 1, S).transpose(-2, -1));
  return cosines.where(words.slice(1, 0, S - 1).greater(0), -1).max(1, { keepDims: true });
}

// #region Options and their checks

/** What the weight of the penalty may be. */
export const penaltyAlphaCheck: Check<number> = numeric({ above: 0, max: 1 });
/** How many candidates there may be. */
const candidatesCheck: Check<number> = integer({ min: 2, max: 2 ** 16 });

const contrastiveSearchChecks: Checks<ContrastiveSearchOptions> = {
  penaltyAlpha: required(penaltyAlphaCheck),
  topK: candidatesCheck,
};

function requireEach(live: readonly Candidate[], rows: readonly unknown[], penalties: readonly number[]): void {
  if (rows.length !== live.length) {
    throw new TypeError(`Cannot extend ${live.length} prefixes by ${rows.length} rows of log-probabilities`);
  }
  // Of the empty sequence alone nothing has to be heard: there is no choice yet.
  const isFirst = live.length === 1 && live[0]!.tokens.length === 0;
  const wrong = isFirst ? -1 : live.findIndex((_, i) => !Number.isFinite(penalties[i]));
  if (wrong >= 0) {
    throw new TypeError(
      `Cannot choose among ${live.length} candidates: the penalty of candidate ${wrong} was not heard`,
    );
  }
}
// #endregion

// ## How much it repeats
//
// The [experiment](experiments/contrastive_search.ts) trains a small model, lets it continue the same prompts by greedy search and by contrastive search, and counts n-grams that occur more than once.
//
// ## On Shakespeare's plays
//
// ```picture contrastive_search_run Passages of Shakespeare that a small model never read, continued in several ways, and by Shakespeare himself.
// ```

// ## Pitfall: comparing with itself
//
// The state of the candidate stands in the cache when the others are compared with it. With `max` over all of them each penalty is 1, and only the probability decides. The test
// "contrastive search finds what the plain algorithm finds, with and without caches" notices.

// ## Pitfall: a penalty by logits
//
// The penalty is subtracted from a *probability*, as Su and others have it. Logarithms of candidates differ by several nats, and cosines by a few tenths. With a logit or a logarithm in its place the penalty decides only between candidates that are nearly equal, and the same $\alpha$ means something else. The
// test "contrastive search finds what the plain algorithm finds, with and without caches" notices that too.

// ## Exercise
//
// *Without probabilities.* What does contrastive search do with $\alpha = 1$, and why is it no good with a large $k$?
//
// **Hint.** Which candidate is least like the text?
//
// **Solution.** It takes the least similar of the $k$ candidates, however improbable. A large $k$ gives it tokens of the long tail ([section](sampling.ts)), which are unlike the text because they do not belong there.
