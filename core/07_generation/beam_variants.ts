/**
 * # Diverse and stochastic beams
 *
 * **Question.** The hypotheses of a beam search differ in a word or two, and the words are near-synonyms (近义词).
 * How does a search return hypotheses that really differ?
 *
 * **Idea.** [The notes](notes:004.103,004.104) name two ways to choose other candidates than the most probable. One
 * lowers the score
 * of what is already chosen: *diverse beam search* divides the beams into groups that search one
 * after the other. A token that an earlier group has chosen in this step gets a penalty in later groups. With a
 * measure of similarity, so do its near-synonyms. The other adds randomness: *stochastic beam
 * search* draws. Think of every sequence as a clock that rings at a random time, on average the sooner the more probable it is. The $W$ clocks that ring first are
 * $W$ samples from the model, no two the same.
 *
 * ```picture stochastic_beams_by_hand The clocks of the second example below. Dark: what a beam of two keeps. The children of *ran* are drawn freely, then all moved by the same amount, so that the first of them rings when *ran* does.
 * ```
 *
 * **By hand.** The model of [section](greedy_and_beam.ts) continues *The cat*: *sat* with a log-probability of −0.693, *ran* with −0.916, *away* with −2.303.
 *
 * *Two groups of one beam*, penalty 0.5. The first group takes *sat*. For the second group *sat* costs 0.5 more, $-0.693 - 0.5 = -1.193$, so it takes *ran*. In the second step the first group takes *sat away*. Then
 * *away* costs more for the second group, and *ran* END comes first there. The search returns *ran* and *sat away*. With a penalty of 0.2 the second group has $-0.693 - 0.2 = -0.893$ for *sat*, which still is more than
 * −0.916: both groups begin with *sat*, and differ in the second step only.
 *
 * *Two stochastic beams.* Each word gets a uniform random number $U$: *sat* 0.2, *ran* 0.7, *away* 0.9. Its clock rings at $-\log U / P$: *sat* at $1.609 / 0.5 = 3.22$, *ran* at 0.89, *away* at 1.05. The first two are *ran*
 * and *away*, though *sat* is the most probable word. In the next step *ran* END, of probability 0.2, and *ran away*, 0.192, draw 0.6 and 0.3, and ring at 2.55 and 6.27. The first of them should ring when *ran* does, at 0.89: both are moved
 * by $2.55 - 0.89 = 1.66$, and *ran away* rings at 4.61. Of ten thousand such searches the first sentence is *ran* in about 2000, as its probability of 0.200 says.
 *
 * ```ts
 * import { Random } from "@heed/heed";
 * import { DiverseBeamSearch, StochasticBeamSearch } from "@heed/heed/generation";
 *
 * const words = ["sat", "ran", "away", "END"], END = 3;
 * const next: Record<string, number[]> = {
 *   "": [0.5, 0.4, 0.1, 0],
 *   "sat": [0.3, 0, 0.36, 0.34],
 *   "ran": [0, 0.02, 0.48, 0.5],
 *   "sat away": [0, 0, 0.2, 0.8],
 *   "ran away": [0, 0, 0.2, 0.8],
 * };
 * const spell = (tokens: readonly number[]) => tokens.map((token) => words[token]).join(" ");
 * // Behind all other prefixes the sentence ends.
 * const model = (tokens: readonly number[]) => (next[spell(tokens)] ?? [0, 0, 0, 1]).map(Math.log);
 * console.log(next[""]!.slice(0, 3).map((p) => Math.log(p).toFixed(3)).join(" "));
 *
 * const limits = { maxNewTokens: 3, eosToken: END };
 * for (const diversityPenalty of [0.5, 0.2]) {
 *   const search = new DiverseBeamSearch({ numBeams: 2, numBeamGroups: 2, diversityPenalty, lengthPenalty: 0, ...limits });
 *   while (search.live.length > 0) search.extend(search.live.map(({ tokens }) => model(tokens)));
 *   console.log(diversityPenalty, search.results.map(({ tokens }) => spell(tokens)).join(", "));
 * }
 *
 * const ring = (u: number, p: number) => -Math.log(u) / p;
 * const first = [ring(0.2, 0.5), ring(0.7, 0.4), ring(0.9, 0.1)], free = [ring(0.6, 0.2), ring(0.3, 0.192)];
 * console.log("first step", (-Math.log(0.2)).toFixed(3), first.map((time) => time.toFixed(2)).join(" "));
 * const moved = free.map((time) => time - free[0]! + first[1]!);
 * console.log("children", free.map((time) => time.toFixed(2)).join(" "), "moved", moved.map((time) => time.toFixed(2)).join(" "));
 *
 * const random = new Random(1);
 * let found = 0;
 * for (let i = 0; i < 10_000; i++) {
 *   const search = new StochasticBeamSearch({ numBeams: 2, random, ...limits });
 *   while (search.live.length > 0) search.extend(search.live.map(({ tokens }) => model(tokens)));
 *   if (spell(search.results[0]!.tokens) === "ran") found++;
 * }
 * console.log("ran first", found, "expected", (0.200 * 10_000).toFixed(0));
 * ```
 *
 * ```text
 * -0.693 -0.916 -2.303
 * 0.5 ran, sat away
 * 0.2 sat, sat away
 * first step 1.609 3.22 0.89 1.05
 * children 2.55 6.27 moved 0.89 4.61
 * ran first 2014 expected 2000
 * ```
 *
 * **Formula.** $y_{<t}$ is a prefix, $X$ the prompt or source. In step $t$ a token $v$ in group $g$ competes with its log-probability, minus what the choices of earlier groups cost. A sequence $Y$ at random competes with a number $G_Y$:
 *
 * $$\log P(y_{<t}\, v \mid X) - \lambda \sum_{h < g} \sum_{w \in C_h} \mathrm{sim}(v, w), \qquad\qquad G_Y = \log P(Y \mid X) - \log(-\log U_Y)$$
 *
 * | symbol       | in code            | meaning                                                     |
 * | ------------ | ------------------ | ----------------------------------------------------------- |
 * | $\lambda$    | `diversityPenalty` | what one earlier choice costs, in nats                      |
 * | $C_h$        | `chosen`           | tokens that the beams of group $h$ took in this step        |
 * | $\mathrm{sim}$ | `similarity`    | 1 for the same token, 0 for others, unless one is given     |
 * | $U_Y$        | `random`           | uniform between 0 and 1, one for each sequence              |
 * | $G_Y$        | `perturbed`        | minus the logarithm of the time at which the clock rings    |
 *
 * **Why the first clocks are samples.** $-\log U$ is a waiting time without memory: however long it has lasted, what is still to come is distributed as at the start. Divided by $P$, its clock rings at
 * the rate $P$, that is, $P$ times in one unit of time on average. Of several such clocks, one rings first with the probability of its rate divided by the sum of all rates: a sample. Once it has rung, the others
 * go on as if nothing had been, and the next to ring is a sample from the others: a draw without replacement. $G = -\log(\text{time})$ is large where the time is short, and is called a Gumbel variable with the location $\log P$.
 *
 * **How it is done without all sequences.** Of all sequences with the prefix $y_{\le t}$ the first to ring does so at the rate of their sum, which is $P(y_{\le t})$.
 * So a prefix is a clock as well, which stands for the first of its
 * continuations, and a beam is enough. When its time is known, the children are drawn freely, and all moved by the same amount, so that the first of them rings at the prefix's time: without memory, the others lag
 * behind the first as they would have in any case. With $G$ of the prefix, $\tilde G_v$ of its children as drawn freely, and $Z$ the largest of these,
 *
 * $$G_v = -\log\!\big(e^{-G} - e^{-Z} + e^{-\tilde G_v}\big)$$
 *
 * **Why not sample $W$ times.** A certain model generates the same sequence again and again. Without
 * replacement every sample is different, and the first one
 * is still an ordinary sample.
 *
 * **The notes, 004.103, 004.104.** Both ways work, and each has its price, which the run below and the [experiment](experiments/beam_variants.ts) measure: what is more diverse is less probable. To lower the score of a synonym one has to know that it is one; without a
 * measure of similarity only the same token is avoided.
 *
 * Sources: Ashwin Vijayakumar and others 2018, *Diverse Beam Search for Improved Description of Complex
 * Scenes*; Wouter Kool, Herke van Hoof, Max Welling 2019, *Stochastic Beams and Where to Find Them*.
 *
 * @module
 */

import { callback, type Check, checkOptions, type Checks, numeric, object, required } from "../engine/options.ts";
import { Random } from "../engine/random.ts";
import { gumbel } from "./beam_sampling.ts";
import {
  type BeamOptions,
  BeamSearch,
  checkRows,
  lengthPenaltyCheck,
  limitChecks,
  notComparable,
  numBeamsCheck,
} from "./greedy_and_beam.ts";
import type { Beam, Hypothesis, SequenceLimits, SequenceSearch } from "./search.ts";
import { endOf, Stops } from "./stops.ts";

/** How alike two tokens are: 1 for the same meaning, 0 for nothing in common. */
export type TokenSimilarity = (token: number, other: number) => number;

/** Options of {@linkcode diverseBeamSearch}. */
export interface DiverseBeamOptions extends Omit<BeamOptions, "earlyStopping"> {
  /** Groups that the beams are divided into; a divisor of `numBeams`. */
  readonly numBeamGroups: number;
  /** What a token costs for each earlier beam that has just taken it, in nats; 0.5 by default. */
  readonly diversityPenalty?: number;
  /** Gives similar tokens a part of the penalty; only the same one does by default. */
  readonly similarity?: TokenSimilarity;
}

/** Options of {@linkcode DiverseBeamSearch}: those of the search, and where a sequence ends. */
export interface DiverseBeamSearchOptions extends DiverseBeamOptions, SequenceLimits {}

/**
 * Searches in groups of beams that avoid each other's words.
 *
 * @param options width, groups, penalty, and how lengths are compared
 * @returns a search
 * @throws {RangeError} if an option is outside its interval
 */
export function diverseBeamSearch(options: DiverseBeamOptions): SequenceSearch {
  checkOptions("search", options, diverseChecks);
  requireDivisor(options);
  const { numBeams } = options;
  return { name: "diverse beam search", numBeams, begin: (limits) => new DiverseBeamSearch({ ...options, ...limits }) };
}

/**
 * A beam search in groups that avoid each other's words.
 *
 * The penalty decides only which continuations survive. Log-probabilities stay those of the model, and by them,
 * and the length penalty, the hypotheses of all groups are ranked at the end. (The library `transformers` lets
 * penalties add up in the scores.)
 */
export class DiverseBeamSearch implements Beam {
  readonly #groups: readonly BeamSearch[];
  readonly #penalty: number;
  readonly #similarity: TokenSimilarity | undefined;
  /** Whether every group still has the empty text. */
  #isEmpty = true;

  /**
   * Starts every group with the empty text.
   *
   * @param options width, groups, penalty, length, and how lengths are compared
   * @throws {RangeError} if an option is outside its interval
   */
  constructor(options: DiverseBeamSearchOptions) {
    checkOptions("search", options, { ...diverseChecks, ...limitChecks });
    requireDivisor(options);
    const { numBeams, numBeamGroups, diversityPenalty = 0.5, similarity, ...common } = options;
    const group = { ...common, numBeams: numBeams / numBeamGroups };
    this.#groups = Array.from({ length: numBeamGroups }, () => new BeamSearch(group));
    this.#penalty = diversityPenalty;
    this.#similarity = similarity;
  }

  /** The prefixes that wait to be continued, group by group; at first one that all share. */
  get live(): readonly { readonly tokens: readonly number[]; readonly logProbability: number }[] {
    return this.#isEmpty ? this.#groups[0]!.live : this.#groups.flatMap(({ live }) => live);
  }

  /** The sequences found, at most `numBeams`, best score first; of equal ones the earlier one. */
  get results(): readonly Hypothesis[] {
    return this.#groups.flatMap(({ results }) => results).sort((a, b) => b.score - a.score);
  }

  /**
   * Continues every live prefix, the groups one after the other.
   *
   * @param logProbabilities what may follow each live prefix, in order, `[V]` each
   * @returns for each new live prefix, the place of the one it continues
   * @throws {TypeError} if there is not one row per live prefix
   */
  extend(logProbabilities: readonly ArrayLike<number>[]): readonly number[] {
    checkRows(logProbabilities);
    const count = this.live.length;
    if (logProbabilities.length !== count) {
      throw new TypeError(`Cannot extend ${count} prefixes by ${logProbabilities.length} rows of log-probabilities`);
    }
    const penalties = new Float64Array(logProbabilities[0]?.length ?? 0);
    const parents: number[] = [];
    let first = 0;
    for (const group of this.#groups) {
      const width = group.live.length;
      if (width === 0) continue;
      const places = group.extend(logProbabilities.slice(first, first + width), penalties);
      for (const place of places) parents.push(first + place);
      for (const token of group.chosen) this.#avoid(token, penalties);
      if (!this.#isEmpty) first += width;
    }
    this.#isEmpty = false;
    return parents;
  }

  /** Makes a token, and what is similar to it, dearer for the groups that follow. */
  #avoid(chosen: number, penalties: Float64Array): void {
    if (!this.#similarity) penalties[chosen] = dearer(penalties[chosen]!, this.#penalty);
    else {
      for (let token = 0; token < penalties.length; token++) {
        const similarity = this.#similarity(token, chosen);
        if (!Number.isFinite(similarity)) {
          throw new RangeError(`Cannot compare tokens ${token} and ${chosen}: their similarity is ${similarity}`);
        }
        penalties[token] = dearer(penalties[token]!, this.#penalty * similarity);
      }
    }
  }
}

/** A sum of penalties, finite: what is dear is not forbidden. */
function dearer(penalty: number, more: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, penalty + more));
}

// #region What the options may be
// Groups divide the beams evenly; a penalty is not negative.

/** What the number of groups may be, apart from being a divisor. */
export const numBeamGroupsCheck: Check<number> = numBeamsCheck;
/** What a diversity penalty may be. */
export const diversityPenaltyCheck: Check<number> = numeric({ min: 0 });
/** What a measure of similarity may be. */
export const similarityCheck: Check<TokenSimilarity> = callback<TokenSimilarity>();

const diverseChecks: Checks<DiverseBeamOptions> = {
  numBeams: required(numBeamsCheck),
  lengthPenalty: lengthPenaltyCheck,
  numBeamGroups: required(numBeamGroupsCheck),
  diversityPenalty: diversityPenaltyCheck,
  similarity: similarityCheck,
};

function requireDivisor({ numBeams, numBeamGroups }: DiverseBeamOptions): void {
  if (numBeams % numBeamGroups === 0) return;
  throw new RangeError(
    `Cannot divide ${numBeams} beams into numBeamGroups = ${numBeamGroups}: it must be a divisor of their number`,
  );
}

// #endregion

// ## Beams that are drawn

/** Options of {@linkcode stochasticBeamSearch}. */
export interface StochasticBeamOptions {
  /** Sequences to draw, a positive integer. */
  readonly numBeams: number;
  /** Where random numbers come from; advances by one draw for each token that is not forbidden. */
  readonly random: Random;
}

/** Options of {@linkcode StochasticBeamSearch}: those of the search, and where a sequence ends. */
export interface StochasticBeamSearchOptions extends StochasticBeamOptions, SequenceLimits {}

const stochasticChecks: Checks<StochasticBeamOptions> = {
  numBeams: required(numBeamsCheck),
  random: required(object<Random>("a Random", (value) => value instanceof Random)),
};

/**
 * Draws several sequences, no two the same.
 *
 * @param options how many, and where random numbers come from
 * @returns a search
 * @throws {RangeError} if an option is outside its interval
 */
export function stochasticBeamSearch(options: StochasticBeamOptions): SequenceSearch {
  checkOptions("search", options, stochasticChecks);
  return {
    name: "stochastic beam search",
    ...options,
    begin: (limits) => new StochasticBeamSearch({ ...options, ...limits }),
  };
}

/** A text of a {@linkcode StochasticBeamSearch}; `score` is the same as `perturbed`. */
export interface DrawnHypothesis extends Hypothesis {
  /** Log-probability plus the chance of this draw; what the texts were chosen by. */
  readonly perturbed: number;
}

/** A prefix, or a text that has ended and keeps its place in the beam. */
interface DrawnPrefix {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  readonly perturbed: number;
  readonly finished: boolean;
  readonly stop?: number | string;
  readonly text?: string;
  readonly parent: number;
}

/** Draws `numBeams` different texts from the model, as from an urn without putting them back. */
export class StochasticBeamSearch implements Beam {
  readonly #options: StochasticBeamSearchOptions;
  readonly #stops: Stops;
  #beam: DrawnPrefix[];

  /**
   * Starts with the empty text.
   *
   * @param options width, length, and where random numbers come from
   * @throws {RangeError} if an option is outside its interval
   */
  constructor(options: StochasticBeamSearchOptions) {
    checkOptions("search", options, { ...stochasticChecks, ...limitChecks });
    this.#options = options;
    this.#stops = new Stops(options);
    // The largest of all texts: a Gumbel variable with location $\log 1$.
    this.#beam = [{
      tokens: [],
      logProbability: 0,
      perturbed: gumbel(options.random),
      finished: false,
      parent: 0,
    }];
  }

  /** The prefixes that wait to be continued, largest sum first; none once the search is over. */
  get live(): readonly { readonly tokens: readonly number[]; readonly logProbability: number }[] {
    return this.#beam.filter((prefix) => !this.#isOver(prefix));
  }

  /** The texts drawn, in the order of the draws: the first one is an ordinary sample. */
  get results(): readonly DrawnHypothesis[] {
    return this.#beam.filter((prefix) => this.#isOver(prefix)).map(({ parent: _, ...drawn }) => {
      const text = drawn.text ?? this.#stops.textOf(drawn.tokens);
      return { ...drawn, ...(text !== undefined && { text }), score: drawn.perturbed };
    });
  }

  #isOver({ tokens, finished }: DrawnPrefix): boolean {
    return finished || tokens.length === this.#options.maxNewTokens;
  }

  /**
   * Continues every live prefix by every token and keeps the largest sums.
   *
   * @param logProbabilities what may follow each live prefix, in order, `[V]` each
   * @returns for each new live prefix, the place of the one it continues
   * @throws {TypeError} if there is not one row per live prefix
   */
  extend(logProbabilities: readonly ArrayLike<number>[]): readonly number[] {
    checkRows(logProbabilities);
    const live = this.#beam.filter((prefix) => !this.#isOver(prefix));
    if (logProbabilities.length !== live.length) {
      throw new TypeError(
        `Cannot extend ${live.length} prefixes by ${logProbabilities.length} rows of log-probabilities`,
      );
    }
    // Texts that have ended compete with those that go on.
    const candidates = this.#beam.filter((prefix) => this.#isOver(prefix));
    live.forEach((prefix, parent) => candidates.push(...this.#children(prefix, parent, logProbabilities[parent]!)));
    candidates.sort((a, b) => b.perturbed - a.perturbed);
    this.#beam = candidates.slice(0, this.#options.numBeams);
    return this.#beam.filter((prefix) => !this.#isOver(prefix)).map(({ parent }) => parent);
  }

  /** The first children of a prefix to ring, moved so that the first rings with the prefix. */
  #children(prefix: DrawnPrefix, parent: number, row: ArrayLike<number>): DrawnPrefix[] {
    const { random, numBeams } = this.#options;
    const free = new Float64Array(row.length);
    const best: number[] = [];
    for (let token = 0; token < row.length; token++) {
      if (row[token] === -Infinity) continue;
      if (!(row[token]! < Infinity)) throw notComparable(parent, token, row[token]!);
      const sum = free[token] = prefix.logProbability + row[token]! + gumbel(random); // $\tilde G_v$
      // The condition keeps their order: only the first few can stay in the beam.
      let place = best.length;
      while (place > 0 && free[best[place - 1]!]! < sum) place--;
      if (place < numBeams) best.splice(place, 0, token);
      if (best.length > numBeams) best.pop();
    }
    const largest = free[best[0]!]!; // $Z$
    return best.map((token) => ({
      ...this.#afterToken(prefix, token),
      logProbability: prefix.logProbability + row[token]!,
      perturbed: conditioned(free[token]!, largest, prefix.perturbed),
      parent,
    }));
  }

  /** A prefix and a token behind it, which may end the text. */
  #afterToken(prefix: DrawnPrefix, token: number): Pick<DrawnPrefix, "tokens" | "finished" | "stop" | "text"> {
    const end = endOf(this.#options, token);
    if (this.#stops.isEnd(token)) return { tokens: prefix.tokens, finished: true, ...end };
    const tokens = [...prefix.tokens, token], cut = this.#stops.cut(tokens);
    return cut ? { ...cut, finished: true } : { tokens, finished: false };
  }
}

/** $-\log(e^{-G} - e^{-Z} + e^{-\tilde G})$ without overflow, as in the paper's appendix. */
function conditioned(free: number, largest: number, bound: number): number {
  if (free === largest) return bound;
  const v = bound - free + Math.log(-Math.expm1(free - largest));
  return bound - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)));
}

// ## One sentence, three searches
//
// The [experiment](experiments/beam_variants.ts) lets a small translator generate several hypotheses for one sentence: by beam search, by diverse and by
// stochastic beams, and by independent sampling. More diversity costs probability. Groups can return the same hypothesis
// twice, where the model is more certain of a word than the penalty is large. Stochastic beams never do.

// ## On real text
//
// A Transformer that has learned plays of Shakespeare goes on after lines that it never saw, four times each.
//
// ```picture beam_variants_run Four texts of each search: how different they are, and what they cost.
// ```

// ## Pitfall: a penalty on the empty set
//
// With a penalty of 0 the groups do not search more widely: they are as many copies of one narrower
// beam. The test "DiverseBeamSearch with penalty 0 searches every group alike" shows it.

// ## Pitfall: fresh chance at every step
//
// Adding a new random number to each continuation's log-probability, without the condition on the
// parent's, samples the first token without replacement and the sequence from no known distribution. The test
// "StochasticBeamSearch draws texts as an urn without replacement" fails for that version.

// ## Exercise
//
// In the first example, from which penalty on does the second group take *ran* in the first step? And which of the two groups can a penalty never change?
//
// **Hint.** *ran* has to come before *sat*: $-0.916 > -0.693 - \lambda$.
//
// **Solution.** From $\lambda = \log 0.5 - \log 0.4$ on, about 0.223. The first group pays nothing: it is an ordinary, narrower beam search, whatever the penalty.
//
// ```ts
// import { DiverseBeamSearch } from "@heed/heed/generation";
//
// console.log((Math.log(0.5) - Math.log(0.4)).toFixed(3));
// const row = [0.5, 0.4, 0.1].map(Math.log), words = ["sat", "ran", "away"];
// for (const diversityPenalty of [0.22, 0.23, 3]) {
//   const search = new DiverseBeamSearch({ numBeams: 2, numBeamGroups: 2, diversityPenalty, maxNewTokens: 1 });
//   search.extend([row]);
//   console.log(diversityPenalty, search.results.map(({ tokens }) => words[tokens[0]!]).join(" "));
// }
// ```
//
// ```text
// 0.223
// 0.22 sat sat
// 0.23 sat ran
// 3 sat ran
// ```
