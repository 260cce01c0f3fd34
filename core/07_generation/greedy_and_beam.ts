/**
 * # Greedy and beam search
 *
 * **Question.** A translation should not depend on a lucky draw. Which text does the model find most
 * probable, when there are $V^J$ of length $J$?
 *
 * **Idea.** *Greedy search* (贪心搜索) takes the likeliest token at every step, and can walk into a
 * dead end: the likeliest first word need not begin the likeliest sentence. *Beam search*
 * (束搜索) keeps the $W$ best prefixes instead of one. Each step continues all of them by every
 * token, and of all these candidates (候选词) the $W$ best survive.
 *
 * **Formula.** Texts of different lengths are compared by their log-probability per unit of a
 * length penalty; longer ones have multiplied more factors below one:
 *
 * $$s(Y) = \frac{\log P(Y \mid X)}{\mathrm{lp}(\lvert Y\rvert)}, \qquad \mathrm{lp}(n) = n^\alpha \quad \text{or} \quad \left(\frac{5 + n}{6}\right)^{\alpha}$$
 *
 * | symbol         | in code          | meaning                                                  |
 * | -------------- | ---------------- | -------------------------------------------------------- |
 * | $W$            | `numBeams`       | prefixes that survive a step                           |
 * | $\log P$       | `logProbability` | sum over the tokens, END included                        |
 * | $s$            | `score`          | what finished texts are ranked by                        |
 * | $\mathrm{lp}$  | `lengthPenalty`  | a function of the length, or $\alpha$ of the first form  |
 * | $\lvert Y\rvert$ | `length`       | number of tokens, END included                           |
 *
 * **When it stops.** Of the continuations that survive, those by END leave the beam as finished
 * texts, and the beam goes on with the others. It ends when none is left, at `maxNewTokens`, or
 * as soon as $W$ texts are finished and no prefix could still beat the worst of them, even
 * if all its further tokens were certain. Nothing better is lost by stopping there.
 *
 * **The rules at the boundary.** Of equal continuations the one of the better prefix wins,
 * then the lower token id; of equal scores, the text that was finished first. A prefix for which every token is
 * [forbidden](rules.ts) leaves the beam, which goes on with those that are left, however few.
 *
 * Sources: Lowerre 1976 (beam search); Wu et al. 2016, *Google's Neural Machine Translation System* (the
 * second form of the penalty).
 *
 * @module
 */

import { checkList, checkNumbers, isListOfNumbers } from "../engine/arguments.ts";

import {
  callback,
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  either,
  integer,
  numeric,
  required,
} from "../engine/options.ts";
import { likeliest, nothingAllowed } from "./rules.ts";
import type { Beam, Hypothesis, SequenceLimits, SequenceSearch, TokenSearch } from "./search.ts";

/**
 * The likeliest token, the lowest id of equal ones.
 *
 * @param logits one score per token, `[V]`
 * @returns the token
 * @throws {RangeError} if a logit is NaN or infinite, or every token is forbidden
 */
export function greedy(logits: ArrayLike<number>): number {
  const token = likeliest(logits);
  if (token === undefined) throw nothingAllowed(logits.length);
  return token;
}

/**
 * Takes the likeliest token at every step.
 *
 * @returns a search
 */
export function greedySearch(): TokenSearch {
  return { name: "greedy search", onHost: greedy, onDevice: (allowed) => allowed.argmax(-1) };
}

/** What a log-probability is divided by, for a text of `length` tokens; positive. */
export type LengthPenalty = (length: number) => number;

/**
 * A power of the length.
 *
 * It is $\mathrm{lp}(n) = n^\alpha$.
 *
 * @param alpha 0 compares log-probabilities as they are, 1 their mean per token
 * @returns a function of the length
 * @throws {RangeError} if `alpha` is not a number
 */
export function powerLengthPenalty(alpha: number): LengthPenalty {
  requireNumber(alpha);
  return (length) => length ** alpha;
}

/**
 * The length penalty of Google's translator, gentler on short texts.
 *
 * It is $\mathrm{lp}(n) = ((5 + n) / 6)^\alpha$ (Wu et al. 2016). The paper also adds a coverage penalty, computed from the
 * attention weights, to the score; it is not part of this function.
 *
 * @param alpha 0 compares log-probabilities as they are; the paper uses 0.2, Vaswani et al. 2017 use 0.6
 * @returns a function of the length
 * @throws {RangeError} if `alpha` is not a number
 */
export function gnmtLengthPenalty(alpha: number): LengthPenalty {
  requireNumber(alpha);
  return (length) => ((5 + length) / 6) ** alpha;
}

function requireNumber(alpha: number): void {
  checkValue("search", "lengthPenalty", alpha, numeric());
}

/** Options of {@linkcode beamSearch}. */
export interface BeamOptions {
  /** Prefixes that survive a step, a positive integer. */
  readonly numBeams: number;
  /** What scores are divided by: a power of the length or a function; 1 by default. */
  readonly lengthPenalty?: number | LengthPenalty;
}

/** Options of {@linkcode BeamSearch}: those of the search, and where a sequence ends. */
export interface BeamSearchOptions extends BeamOptions, SequenceLimits {}

/** What the number of beams may be; from the second step on it may exceed the vocabulary. */
export const numBeamsCheck: Check<number> = integer({ min: 1, max: 2 ** 16 });
/** Lengths for which a penalty that is a function is asked at most. */
const MOST_LENGTHS = 2 ** 20;
/** What a length penalty may be. */
export const lengthPenaltyCheck: Check<number | LengthPenalty> = either(numeric(), callback<LengthPenalty>());
/** What the id of a token may be. */
export const tokenCheck: Check<number> = integer({ min: 0 });

/** What the limits of a search of several sequences may be: it has to end. */
export const limitChecks: Checks<SequenceLimits> = { maxNewTokens: required(integer()), eosToken: tokenCheck };
const beamChecks: Checks<BeamOptions> = { numBeams: required(numBeamsCheck), lengthPenalty: lengthPenaltyCheck };

/**
 * Keeps the best prefixes, and ranks the sequences that come of them.
 *
 * @param options width, and how lengths are compared
 * @returns a search
 * @throws {RangeError} if an option is outside its interval
 */
export function beamSearch(options: BeamOptions): SequenceSearch {
  checkOptions("search", options, beamChecks);
  const { numBeams } = options;
  return { name: "beam search", numBeams, begin: (limits) => new BeamSearch({ ...options, ...limits }) };
}

/** One prefix in the beam. */
interface Prefix {
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

/** What may become a prefix. */
interface Continuation {
  readonly parent: number;
  readonly token: number;
  readonly logProbability: number;
  /** What it competes with. */
  readonly value: number;
}

/** The same penalty, which refuses to be anything but a positive number. */
function checked(penalty: LengthPenalty): LengthPenalty {
  return (length) => {
    const value = penalty(length);
    if (value > 0 && value < Infinity) return value;
    throw new RangeError(
      `Cannot search with a lengthPenalty of ${value} at length ${length}: it must be positive and finite`,
    );
  };
}

/** The largest value for more than so many tokens, of a penalty that only rises or only falls. */
function monotone(penalty: LengthPenalty, maxNewTokens: number): (length: number) => number {
  const first = penalty(1), last = penalty(maxNewTokens);
  return (length) => last >= first ? last : penalty(length + 1);
}

/** The same for any penalty: a list of the values, from the end, that exceed all behind them. */
function largestFrom(penalty: LengthPenalty, maxNewTokens: number): (length: number) => number {
  if (maxNewTokens > MOST_LENGTHS) {
    throw new RangeError(
      `Cannot search with maxNewTokens = ${maxNewTokens} and a function for lengthPenalty: ` +
        `it is called for every length, of which ${MOST_LENGTHS} are the most`,
    );
  }
  const records: { readonly length: number; readonly value: number }[] = [];
  for (let length = maxNewTokens; length >= 1; length--) {
    const value = penalty(length);
    if (value > (records.at(-1)?.value ?? 0)) records.push({ length, value });
  }
  return (length) => {
    while (records.length > 1 && records.at(-1)!.length <= length) records.pop();
    return records.at(-1)!.value;
  };
}

/** Refuses what is no list of rows. */
export function checkRows(logProbabilities: unknown): void {
  checkList("extend prefixes", "logProbabilities", logProbabilities, "rows of numbers", isListOfNumbers);
}

/** The error of a beam that is given what is no log-probability. */
export function notComparable(parent: number, token: number, value: number): RangeError {
  return new RangeError(`Cannot continue prefix ${parent} by token ${token}: its log-probability is ${value}`);
}

/** The state of one search; the caller supplies log-probabilities, step by step. */
export class BeamSearch implements Beam {
  readonly #numBeams: number;
  readonly #maxNewTokens: number;
  readonly #eosToken: number | undefined;
  readonly #penalty: LengthPenalty;
  /** The largest penalty that a text of at least so many tokens can have. */
  readonly #largestPenalty: (length: number) => number;
  #live: Prefix[] = [{ tokens: [], logProbability: 0 }];
  #ended: Hypothesis[] = [];
  #chosen: readonly number[] = [];

  /**
   * Starts with the empty text.
   *
   * @param options width, length, and how lengths are compared
   * @throws {RangeError} if an option is outside its interval
   */
  constructor(options: BeamSearchOptions) {
    checkOptions("search", options, { ...beamChecks, ...limitChecks });
    const { numBeams, maxNewTokens, lengthPenalty = 1, eosToken } = options;
    this.#numBeams = numBeams;
    this.#maxNewTokens = maxNewTokens;
    this.#eosToken = eosToken;
    this.#penalty = checked(typeof lengthPenalty === "number" ? powerLengthPenalty(lengthPenalty) : lengthPenalty);
    this.#largestPenalty = typeof lengthPenalty === "number"
      ? monotone(this.#penalty, maxNewTokens)
      : largestFrom(this.#penalty, maxNewTokens);
  }

  /** The prefixes that wait to be continued, best first; none once the search is over. */
  get live(): readonly { readonly tokens: readonly number[]; readonly logProbability: number }[] {
    return this.#live;
  }

  /** The texts found, at most `numBeams`, best score first. */
  get results(): readonly Hypothesis[] {
    return this.#ended;
  }

  /** The tokens that the last step took, best first, END included. */
  get chosen(): readonly number[] {
    return this.#chosen;
  }

  /**
   * Continues every live prefix by every token and keeps the best.
   *
   * @param logProbabilities what may follow each live prefix, in order, `[V]` each
   * @param penalties what each token loses where the best are chosen, `[V]`, while its log-probability stays; nothing by default
   * @returns for each new live prefix, the place of the one it continues
   * @throws {TypeError} if there is not one row per live prefix
   */
  extend(logProbabilities: readonly ArrayLike<number>[], penalties?: ArrayLike<number>): readonly number[] {
    checkRows(logProbabilities);
    if (penalties !== undefined) checkNumbers("extend prefixes", "penalties", penalties);
    if (logProbabilities.length !== this.#live.length) {
      throw new TypeError(
        `Cannot extend ${this.#live.length} prefixes by ${logProbabilities.length} rows of log-probabilities`,
      );
    }
    const parents: number[] = [];
    const next: Prefix[] = [];
    const best = this.#best(logProbabilities, penalties);
    this.#chosen = best.map(({ token }) => token);
    for (const { parent, token, logProbability } of best) {
      const { tokens } = this.#live[parent]!;
      if (token === this.#eosToken) this.#end(tokens, logProbability, true);
      else {
        next.push({ tokens: [...tokens, token], logProbability });
        parents.push(parent);
      }
    }
    this.#live = next;
    const isFull = next[0]?.tokens.length === this.#maxNewTokens;
    if (isFull) { for (const { tokens, logProbability } of next) this.#end(tokens, logProbability, false); }
    if (isFull || this.#isDecided()) {
      this.#live = [];
      return [];
    }
    return parents;
  }

  /** The `numBeams` best continuations, best first. */
  #best(rows: readonly ArrayLike<number>[], penalties?: ArrayLike<number>): Continuation[] {
    const best: Continuation[] = [];
    let bar = -Infinity;
    rows.forEach((row, parent) => {
      const before = this.#live[parent]!.logProbability;
      for (let token = 0; token < row.length; token++) {
        const logProbability = before + row[token]!,
          value = penalties ? logProbability - penalties[token]! : logProbability;
        if (!(value > bar)) {
          if (Number.isNaN(value)) throw notComparable(parent, token, value);
          continue;
        }
        if (value === Infinity) throw notComparable(parent, token, value);
        // Only what is strictly better moves up, so that the first of equals stays ahead.
        let place = best.length;
        while (place > 0 && best[place - 1]!.value < value) place--;
        best.splice(place, 0, { parent, token, logProbability, value });
        if (best.length > this.#numBeams) best.pop();
        if (best.length === this.#numBeams) bar = best[best.length - 1]!.value;
      }
    });
    return best;
  }

  #end(tokens: readonly number[], logProbability: number, finished: boolean): void {
    const score = logProbability / this.#penalty(tokens.length + (finished ? 1 : 0));
    const place = this.#ended.findIndex((other) => other.score < score);
    this.#ended.splice(place < 0 ? this.#ended.length : place, 0, { tokens, logProbability, score, finished });
    if (this.#ended.length > this.#numBeams) this.#ended.pop();
  }

  /** Whether no prefix can still beat the worst text found, whatever follows it. */
  #isDecided(): boolean {
    if (this.#ended.length < this.#numBeams) return false;
    const worst = this.#ended[this.#ended.length - 1]!.score;
    const largest = this.#largestPenalty(this.#live[0]?.tokens.length ?? 0);
    return this.#live.every(({ logProbability }) => logProbability / largest <= worst);
  }
}

// ## Every text looked at
//
// The experiment makes models of four words that are small enough to look at every text. Greedy search
// misses the best one in a good part of them. Each wider beam finds it more often, and a wide enough
// one always; but a beam of two still misses some, so the notes' hope that beam search finds the best
// sentence as a whole holds for the average and not for each. The tree shows one model in which greedy
// search goes wrong.

// ## Pitfall: comparing texts by their sum
//
// Without a penalty every further token costs, and the search prefers the shortest sentence
// that is not absurd. The test "lengthPenalty decides between a short and a long text" shows the switch.

// ## The most probable text is not always the best one
//
// Beam search looks for the text that the *model* finds most probable. Whether that is a good translation is another
// question. Koehn and Knowles 2017, *Six Challenges for Neural Machine Translation*, find that translations get worse
// again beyond a moderate width. Stahlberg and Byrne 2019, *On NMT Search Errors and Model Errors*, search exactly and
// find that for more than half of the sentences the empty text is the most probable one. The toy models of the experiment
// have no such fault: their best text is defined as the most probable one.

// ## Pitfall: stopping at the first END
//
// The first finished text need not be the best one: a longer text with a better mean may still be
// in the beam. The test "beam search of full width agrees with exhaustive search" fails for a
// search that stops there.

// ## Exercise
//
// Draw a tree of depth two in which greedy search misses the best text and a beam of two finds
// it. Then one in which a beam of two misses it as well. Can you build one for every width?
