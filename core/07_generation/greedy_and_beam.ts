/**
 * # Greedy and beam search
 *
 * **Question.** A sampled translation depends on chance. A vocabulary of $V$ tokens makes $V^T$ sequences of $T$ tokens, far
 * too many to score them all. Which one does the model find most probable?
 *
 * **Idea.** *Greedy search* (贪心搜索) takes the most probable token at every step. It can walk into a dead end: the most
 * probable first word need not begin the most probable sentence. *Beam search* (束搜索) keeps the $W$ best prefixes [前缀]
 * instead of one; they are the beam. Every step does three things. It *expands* each prefix by each token; the results are
 * the hypotheses [假设], or candidates [候选序列]. It *ranks* them by their probability. It *keeps* the $W$ best, and prunes
 * [剪枝] the rest. A hypothesis that ends with the token END is a finished sentence, and is not expanded any more.
 *
 * ```picture beam_by_hand Greedy search and a beam of two in the example below. Each number is the log-probability of the prefix that ends there. A sentence is finished where END is kept.
 * ```
 *
 * **By hand.** A model continues *The cat*. Its vocabulary is *sat*, *ran*, *away* and END. The first word is *sat* with a
 * probability of 0.5, *ran* with 0.4, *away* with 0.1. After *sat* follow *away* 0.36, END 0.34, *sat* 0.3; after *ran*, END 0.5,
 * *away* 0.48, *ran* 0.02; after *sat away* and after *ran away*, END 0.8, *away* 0.2. What is not named has a probability of 0. Probabilities are
 * multiplied, so their logarithms add up; $\log$ is the natural one.
 *
 * *Greedy search* takes *sat*, with $\log 0.5 = -0.693$; then *away*, $-0.693 + \log 0.36 = -1.715$; then END,
 * $-1.715 + \log 0.8 = -1.938$. Its sentence is *sat away*, with a probability of 0.144.
 *
 * *A beam of two* keeps *sat* and *ran* ($\log 0.4 = -0.916$) and prunes *away* ($\log 0.1 = -2.303$). The second step ranks
 * six hypotheses; of $2 \cdot 4 = 8$ two have a probability of 0. First comes *ran* END, with $-0.916 + \log 0.5 = -1.609$: it takes one of the two places and is finished. *ran away*,
 * with $-0.916 + \log 0.48 = -1.650$, takes the other place. *sat away* comes third and is pruned. So the third step expands
 * one prefix, and again keeps two hypotheses. *ran away* END is one, with $-1.650 + \log 0.8 = -1.873$. The other is *ran away away*; it is cut
 * off, because this search stops after 3 tokens. Both finished sentences, *ran* with 0.200 and *ran away* with 0.154, are more probable than
 * that of greedy search, which dropped *ran* in its first step.
 *
 * *Which of the two is the answer?* By its probability it is *ran*, but every further token makes a sentence less probable.
 * Divided by the number of tokens, END included, *ran* has $-1.609 / 2 = -0.80$ and *ran away* $-1.873 / 3 = -0.62$: the
 * longer one is ahead. The divisor is called a length penalty [长度惩罚].
 *
 * ```ts
 * import { BeamSearch, beamStep, type Prefix } from "@heed/heed/generation";
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
 * const model = (tokens: readonly number[]) => next[spell(tokens)]!.map(Math.log);
 * const list = (prefixes: readonly Prefix[]) =>
 *   prefixes.map(({ tokens, logProbability }) => `${spell(tokens)} ${logProbability.toFixed(3)}`).join(", ") || "none";
 *
 * for (const numBeams of [1, 2]) {
 *   let beam: Prefix[] = [{ tokens: [], logProbability: 0 }];
 *   for (const step of [1, 2, 3]) {
 *     // There are 6 hypotheses at most: all are ranked, so that the pruned ones can be shown.
 *     const ranked = beamStep(beam, beam.map(({ tokens }) => model(tokens)), 6), kept = ranked.slice(0, numBeams);
 *     console.log(`W = ${numBeams}, step ${step}: ${list(kept)} | pruned: ${list(ranked.slice(numBeams))}`);
 *     beam = kept.filter(({ tokens }) => tokens.at(-1) !== END);
 *   }
 * }
 * for (const [numBeams, alpha] of [[1, 0], [2, 0], [2, 1]] as const) {
 *   const search = new BeamSearch({ numBeams, maxNewTokens: 3, eosToken: END, lengthPenalty: alpha });
 *   while (search.live.length > 0) search.extend(search.live.map(({ tokens }) => model(tokens)));
 *   for (const { tokens, logProbability, score } of search.results) {
 *     const probability = Math.exp(logProbability).toFixed(3);
 *     console.log(`W = ${numBeams}, alpha ${alpha}: ${spell(tokens)} ${probability}, score ${score.toFixed(2)}`);
 *   }
 * }
 * ```
 *
 * ```text
 * W = 1, step 1: sat -0.693 | pruned: ran -0.916, away -2.303
 * W = 1, step 2: sat away -1.715 | pruned: sat END -1.772, sat sat -1.897
 * W = 1, step 3: sat away END -1.938 | pruned: sat away away -3.324
 * W = 2, step 1: sat -0.693, ran -0.916 | pruned: away -2.303
 * W = 2, step 2: ran END -1.609, ran away -1.650 | pruned: sat away -1.715, sat END -1.772, sat sat -1.897, ran ran -4.828
 * W = 2, step 3: ran away END -1.873, ran away away -3.260 | pruned: none
 * W = 1, alpha 0: sat away 0.144, score -1.94
 * W = 2, alpha 0: ran 0.200, score -1.61
 * W = 2, alpha 0: ran away 0.154, score -1.87
 * W = 2, alpha 1: ran away 0.154, score -0.62
 * W = 2, alpha 1: ran 0.200, score -0.80
 * ```
 *
 * **Formula.** $\mathcal{B}_t$ is what step $t$ keeps: the $W$ best hypotheses, those of largest log-probability ($\mathrm{top}\;W$).
 * $\mathcal{B}_0$ holds the empty prefix. A hypothesis is a prefix $Y$ of $\mathcal{B}_{t-1}$ and a token $v$ behind it; a
 * prefix that ends with END is not expanded. $X$ is what the model continues, the source of a translation or a prompt, and
 * $P(v \mid Y, X)$ the probability of $v$ after $X$ and $Y$. Finished sequences of different lengths are compared by a score $s$,
 * their $\log P$ divided by a length penalty $\mathrm{lp}$. $\log P$ is negative, so a larger $\mathrm{lp}$ raises the score. The
 * larger $\alpha$ is, the faster $\mathrm{lp}$ grows with the length $n$:
 *
 * $$\mathcal{B}_t = \underset{Y \in \mathcal{B}_{t-1},\, v}{\mathrm{top}\; W} \big(\log P(Y \mid X) + \log P(v \mid Y, X)\big), \qquad s(Y) = \frac{\log P(Y \mid X)}{\mathrm{lp}(\lvert Y\rvert)}$$
 *
 * $$\mathrm{lp}(n) = n^\alpha \quad \text{or} \quad \mathrm{lp}(n) = \left(\frac{5 + n}{6}\right)^{\alpha}$$
 *
 * | symbol             | in code             | meaning                                                     |
 * | ------------------ | ------------------- | ----------------------------------------------------------- |
 * | $X$                | part of `model`     | the source or the prompt                                    |
 * | $Y$, $v$           | `tokens`, `token`   | a prefix or a sequence; a token of the vocabulary           |
 * | $\mathcal{B}$      | `beam`              | the prefixes that are kept, best first                      |
 * | $W$                | `numBeams`          | one number: how many hypotheses a step keeps                |
 * | $\log P$           | `logProbability`    | sum over the tokens, END included                           |
 * | $s$                | `score`             | what finished sequences are ranked by                       |
 * | $\mathrm{lp}$      | `lengthPenalty`     | a function of the length, or the $\alpha$ of the first form  |
 * | $\alpha$           | `alpha`             | one number: 0 for no penalty                                |
 * | $\lvert Y\rvert$, $n$ | `length`         | one number: tokens of $Y$, END included                     |
 * | $T$                | `maxNewTokens`      | one number: the most tokens                                 |
 *
 * **Why logarithms.** A product below about $e^{-745}$ is 0 in float64: it underflows [下溢]. Where each token has a probability of $e^{-2}$, that
 * happens after $373$ tokens; where each has $e^{-1}$, after about twice as many. From there on every
 * sequence is as good as every other. The sum of logarithms ranks them in the same order and stays finite.
 *
 * **Cost.** The first step has one prefix and ranks $V$ hypotheses; each further step ranks $W \cdot V$ at most. So $T$ steps rank
 * $O(W\,V\,T)$, where $O$ leaves out constant factors. Greedy search ranks $O(V\,T)$, exhaustive search [穷举搜索] $O(V^T)$. With $V = 10^4$, $T = 10$ and $W = 5$ those are about $5 \cdot 10^5$, $10^5$ and $10^{40}$. The model
 * runs the $W$ prefixes as one batch, and its cache ([section](kv_cache.ts)) holds the keys and values of all $W$. So a beam
 * of $W$ costs up to $W$ times the arithmetic and the memory of greedy search; its latency grows less, as far as the device
 * has room for a larger batch. A beam as wide as there are prefixes, $V^{T-1}$, is exhaustive search.
 *
 * Sources: Bruce Lowerre 1976, *The HARPY Speech Recognition System* (beam search); Ilya Sutskever, Oriol Vinyals, Quoc Le
 * 2014, *Sequence to Sequence Learning with Neural Networks* (beam search for neural translation); Yonghui Wu and others
 * 2016, *Google's Neural Machine Translation System* (the second form of the penalty); Ashish Vaswani and others 2017,
 * *Attention Is All You Need* (a beam of 4 with that penalty); Philipp Koehn, Rebecca Knowles 2017, *Six Challenges for
 * Neural Machine Translation*; Kenton Murray, David Chiang 2018, *Correcting Length Bias in Neural Machine Translation*;
 * Felix Stahlberg, Bill Byrne 2019, *On NMT Search Errors and Model Errors: Cat Got Your Tongue?*; Bryan Eikema, Wilker Aziz
 * 2020, *Is MAP Decoding All You Need? The Inadequacy of the Mode in Neural Machine Translation*.
 *
 * @module
 */

import { checkList, checkNumbers, isListOfNumbers } from "../engine/arguments.ts";
import {
  callback,
  type Check,
  checkFunction,
  checkOptions,
  type Checks,
  checkValue,
  either,
  flag,
  integer,
  numeric,
  oneOf,
  required,
} from "../engine/options.ts";
import { likeliest, nothingAllowed } from "./rules.ts";
import type { Beam, Hypothesis, SequenceLimits, SequenceSearch, TokenSearch } from "./search.ts";
import { endOf, eosTokenCheck, Stops, stopStringsCheck } from "./stops.ts";

/** A prefix in the beam, without the prompt. */
export interface Prefix {
  /** Its tokens. */
  readonly tokens: readonly number[];
  /** Logarithm of its probability: the sum over its tokens. */
  readonly logProbability: number;
}

/**
 * One step of beam search: expands each prefix, ranks the hypotheses, keeps the best.
 *
 * @param beam the prefixes, best first
 * @param logProbabilities what may follow each prefix, in the order of the beam, `[V]` each
 * @param numBeams how many hypotheses are kept
 * @returns the next beam; of equal hypotheses the one of the better prefix comes first, then the lower token
 * @throws {TypeError} if there is not one row for each prefix
 */
export function beamStep(
  beam: readonly Prefix[],
  logProbabilities: readonly ArrayLike<number>[],
  numBeams: number,
): Prefix[] {
  checkStep(beam, logProbabilities, numBeams);

  // Expand: each prefix by each token. The probabilities are multiplied, so their logarithms add up.
  const hypotheses = beam.flatMap(({ tokens, logProbability }, parent) =>
    Array.from(logProbabilities[parent]!, (next, token) => ({
      tokens: [...tokens, token],
      logProbability: logProbability + next,
    }))
  );

  // Rank: most probable first. A forbidden token has $\log 0 = -\infty$ and continues nothing.
  const ranked = hypotheses.filter(({ logProbability }) => logProbability > -Infinity)
    .sort((a, b) => b.logProbability - a.logProbability);

  // Keep: the first $W$ are $\mathcal{B}_t$, all others are pruned for good.
  return ranked.slice(0, numBeams);
}

/**
 * Beam search as the formula has it, one {@linkcode beamStep} after the other.
 *
 * @param model gives a log-probability to each token after a prefix, `[V]`
 * @param options width, and where a sequence ends
 * @returns the sequences found, at most `numBeams`, best score first
 */
export function plainBeamSearch(
  model: (tokens: readonly number[]) => ArrayLike<number>,
  { numBeams, maxNewTokens, eosToken, lengthPenalty }: PlainSearchOptions,
): Hypothesis[] {
  // $\mathcal{B}_0$: the empty prefix, of which the model is sure.
  let beam: Prefix[] = [{ tokens: [], logProbability: 0 }];
  const found: Hypothesis[] = [], ends = ({ tokens }: Prefix): boolean => tokens.at(-1) === eosToken;
  const finish = ({ tokens, logProbability }: Prefix, finished: boolean): void => {
    // $s$: the length counts END; the sequence that is returned leaves it out.
    const score = logProbability / lengthPenalty(tokens.length);
    found.push({ tokens: finished ? tokens.slice(0, -1) : tokens, logProbability, score, finished });
  };
  for (let length = 0; length < maxNewTokens && beam.length > 0; length++) {
    const kept = beamStep(beam, beam.map(({ tokens }) => model(tokens)), numBeams);
    // A sequence that took END leaves the beam and is finished; the other prefixes go on.
    kept.filter(ends).forEach((prefix) => finish(prefix, true));
    beam = kept.filter((prefix) => !ends(prefix));
  }
  // What is left in the beam has the largest length allowed: it is cut off.
  beam.forEach((prefix) => finish(prefix, false));
  return found.sort((a, b) => b.score - a.score).slice(0, numBeams);
}

// ## Greedy search is a beam of one
//
// With $W = 1$ ranking is finding the largest of one row. Neither a sum nor a logarithm is needed, since both leave the order
// of a row as it is; nor is a [softmax](../02_words/softmax.ts): the row may hold logits, the scores of which it makes probabilities.

/**
 * The most probable token, the lowest id of equal ones.
 *
 * @param logits one score per token, `[V]`
 * @returns the token
 * @throws {RangeError} if a logit is NaN or +∞, or every token is forbidden (−∞)
 */
export function greedy(logits: ArrayLike<number>): number {
  const token = likeliest(logits);
  if (token === undefined) throw nothingAllowed(logits.length);
  return token;
}

/**
 * Takes the most probable token at every step.
 *
 * @returns a search
 */
export function greedySearch(): TokenSearch {
  return { name: "greedy search", onHost: greedy, onDevice: (allowed) => allowed.argmax(-1) };
}

// ## Comparing lengths
//
// With $\alpha = 0$ the scores are log-probabilities, and short sequences have the advantage. With $\alpha = 1$ the first form is the mean per
// token. Both forms rank two sequences of one length by their probability, whatever $\alpha$ is.

/** What a log-probability is divided by, for a sequence of `length` tokens; positive. */
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
 * The length penalty of Google's translator, gentler on short sequences.
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

// #region The search that the loop runs
//
// `BeamSearch` finds what `plainBeamSearch` finds; the test "BeamSearch finds what plainBeamSearch() finds" compares them. It is
// fed step by step, since the loop owns the model. It does not sort all $W \cdot V$ hypotheses, and it stops before
// `maxNewTokens` where nothing better can follow.

/** The state of one search; the caller supplies log-probabilities, step by step. */
export class BeamSearch implements Beam {
  readonly #numBeams: number;
  readonly #maxNewTokens: number;
  readonly #options: BeamSearchOptions;
  readonly #stops: Stops;
  readonly #choose: typeof bestContinuations;
  readonly #penalty: LengthPenalty;
  /** The largest penalty that a sequence of more than so many tokens can have. */
  readonly #largestPenalty: (length: number) => number;
  #live: Prefix[] = [{ tokens: [], logProbability: 0 }];
  #ended: Hypothesis[] = [];
  #chosen: readonly number[] = [];

  /**
   * Starts with the empty prefix.
   *
   * @param options width, length, and how lengths are compared
   * @param choose which continuations are kept, best first; the most probable by default
   * @throws {RangeError} if an option is outside its interval
   */
  constructor(options: BeamSearchOptions, choose: typeof bestContinuations = bestContinuations) {
    checkFunction("choose continuations by", choose);
    this.#choose = choose;
    checkOptions("search", options, { ...beamChecks, ...limitChecks });
    const { numBeams, maxNewTokens, lengthPenalty = 1 } = options;
    this.#numBeams = numBeams;
    this.#maxNewTokens = maxNewTokens;
    this.#options = options;
    this.#stops = new Stops(options);
    this.#penalty = checked(typeof lengthPenalty === "number" ? powerLengthPenalty(lengthPenalty) : lengthPenalty);
    this.#largestPenalty = typeof lengthPenalty === "number"
      ? monotone(this.#penalty, maxNewTokens)
      : largestFrom(this.#penalty, maxNewTokens);
  }

  /** The prefixes that wait to be continued, best first; none once the search is over. */
  get live(): readonly { readonly tokens: readonly number[]; readonly logProbability: number }[] {
    return this.#live;
  }

  /** The sequences found, at most `numBeams`, best score first. */
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
    requireRows(this.#live, logProbabilities);
    const parents: number[] = [];
    const next: Prefix[] = [], full: Prefix[] = [];
    const { earlyStopping } = this.#options, spares = earlyStopping === undefined ? 1 : this.#stops.spares;
    const most = spares * this.#numBeams;
    const best = this.#choose(this.#live, logProbabilities, most, penalties);
    this.#chosen = best.slice(0, this.#numBeams).map(({ token }) => token);
    for (const [place, { parent, token, logProbability }] of best.entries()) {
      const { tokens } = this.#live[parent]!;
      // With spare continuations only what is among the first W may end a sequence.
      const counts = place < this.#numBeams;
      if (this.#ends(tokens, token, logProbability, counts)) continue;
      const prefix = { tokens: [...tokens, token], logProbability };
      if (prefix.tokens.length === this.#maxNewTokens) {
        if (counts) full.push(prefix);
      } else if (next.length < this.#numBeams) {
        next.push(prefix);
        parents.push(parent);
      }
    }
    for (const prefix of full) this.#end({ ...prefix, finished: false }, this.#maxNewTokens);
    this.#live = next;
    if (next.length === 0 || this.#isDecided()) {
      this.#live = [];
      return [];
    }
    return parents;
  }

  /** Whether a prefix and a token are the end of a sequence; takes note of it if it `counts`. */
  #ends(prefix: readonly number[], token: number, logProbability: number, counts: boolean): boolean {
    const length = prefix.length + 1;
    if (this.#stops.isEnd(token)) {
      if (counts) this.#end({ tokens: prefix, logProbability, finished: true, stop: token }, length);
      return true;
    }
    const cut = this.#stops.cut([...prefix, token]);
    if (cut && counts) this.#end({ logProbability, ...cut, finished: true }, length);
    return cut !== undefined;
  }

  #end(
    { tokens, logProbability, finished, stop, text }: Partial<Hypothesis> & Prefix & { readonly finished: boolean },
    length: number,
  ): void {
    const score = logProbability / this.#penalty(length);
    const place = this.#ended.findIndex((other) => other.score < score);
    const shown = text ?? this.#stops.textOf(tokens), end = endOf(this.#options, stop);
    const ended = { tokens, logProbability, score, finished, ...end, ...(shown !== undefined && { text: shown }) };
    this.#ended.splice(place < 0 ? this.#ended.length : place, 0, ended);
    if (this.#ended.length > this.#numBeams) this.#ended.pop();
  }

  /** Whether no prefix can still beat the worst sequence found, whatever follows it. */
  #isDecided(): boolean {
    if (this.#ended.length < this.#numBeams) return false;
    const { earlyStopping } = this.#options, length = this.#live[0]!.tokens.length;
    if (earlyStopping === true) return true;
    const worst = this.#ended[this.#ended.length - 1]!.score;
    const largest = earlyStopping === false ? this.#penalty(length) : this.#largestPenalty(length);
    return this.#live.every(({ logProbability }) => logProbability / largest <= worst);
  }
}
// #endregion

// #region The best W without sorting
//
// Most of the $W \cdot V$ hypotheses are worse than the $W$ best so far and cost one comparison. Only a better one is put into
// its place in a list of at most $W$.

/** What may become a prefix. */
export interface Continuation {
  readonly parent: number;
  readonly token: number;
  readonly logProbability: number;
  /** What it competes with. */
  readonly value: number;
}

/** The `numBeams` best continuations, best first. */
export function bestContinuations(
  live: readonly Prefix[],
  rows: readonly ArrayLike<number>[],
  numBeams: number,
  penalties?: ArrayLike<number>,
): Continuation[] {
  const best: Continuation[] = [];
  // The worst of a full list: what does not exceed it cannot enter.
  let bar = -Infinity;
  rows.forEach((row, parent) => {
    const before = live[parent]!.logProbability;
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
      if (best.length > numBeams) best.pop();
      if (best.length === numBeams) bar = best[best.length - 1]!.value;
    }
  });
  return best;
}
// #endregion

// #region When the search may stop
//
// The search ends when no prefix is left, at `maxNewTokens`, or earlier: as soon as $W$ sequences are finished and no prefix can
// still beat the worst of them. The best that a prefix can become is a sequence whose further tokens are all certain:
// its log-probability stays, and it is divided by the largest penalty of a length still to come. So nothing better is
// lost by stopping there.

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

/** Lengths for which a penalty that is a function is asked at most. */
const MOST_LENGTHS = 2 ** 20;

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
// #endregion

// #region Options and their checks

/** Options of {@linkcode beamSearch}. */
export interface BeamOptions {
  /** Prefixes that survive a step, a positive integer. */
  readonly numBeams: number;
  /** What scores are divided by: a power of the length or a function; 1 by default. */
  readonly lengthPenalty?: number | LengthPenalty;
  /** When the search ends before `maxNewTokens`; when nothing better can follow by default. */
  readonly earlyStopping?: boolean | "never" | undefined;
}

/** What the plain form of the search needs to know. */
export interface PlainSearchOptions {
  /** Most tokens after the prompt. */
  readonly maxNewTokens: number;
  /** The token that ends a sequence; none by default. */
  readonly eosToken?: number | undefined;
  /** Prefixes that survive a step. */
  readonly numBeams: number;
  /** What a log-probability is divided by. */
  readonly lengthPenalty: LengthPenalty;
}

/** Options of {@linkcode BeamSearch}: those of the search, and where a sequence ends. */
export interface BeamSearchOptions extends BeamOptions, SequenceLimits {}

/** What the number of beams may be. It may exceed the vocabulary: the first step then keeps all that it has. */
export const numBeamsCheck: Check<number> = integer({ min: 1, max: 2 ** 16 });
/** What a length penalty may be. */
export const lengthPenaltyCheck: Check<number | LengthPenalty> = either(numeric(), callback<LengthPenalty>());
/** What the id of a token may be. */
export const tokenCheck: Check<number> = integer({ min: 0 });

/** What the limits of a search of several sequences may be: it has to end. */
export const limitChecks: Checks<SequenceLimits> = {
  maxNewTokens: required(integer()),
  eosToken: eosTokenCheck,
  stopStrings: stopStringsCheck,
};
/** What a rule for stopping early may be. */
export const earlyStoppingCheck: Check<boolean | "never"> = either(flag, oneOf(["never"]));

/** What each of {@linkcode BeamOptions} may be. */
export const beamChecks: Checks<BeamOptions> = {
  numBeams: required(numBeamsCheck),
  lengthPenalty: lengthPenaltyCheck,
  earlyStopping: earlyStoppingCheck,
};

function requireNumber(alpha: number): void {
  checkValue("search", "lengthPenalty", alpha, numeric());
}

/** Refuses what is no list of rows. */
export function checkRows(logProbabilities: unknown): void {
  checkList("extend prefixes", "logProbabilities", logProbabilities, "rows of numbers", isListOfNumbers);
}

function requireRows(beam: readonly Prefix[], logProbabilities: readonly unknown[]): void {
  if (logProbabilities.length === beam.length) return;
  throw new TypeError(`Cannot extend ${beam.length} prefixes by ${logProbabilities.length} rows of log-probabilities`);
}

/** Refuses what {@linkcode beamStep} cannot expand, rank or keep. */
function checkStep(beam: readonly Prefix[], logProbabilities: readonly ArrayLike<number>[], numBeams: number): void {
  checkList(
    "extend prefixes",
    "beam",
    beam,
    "prefixes",
    (one) => isListOfNumbers((one as Prefix | null)?.tokens) && typeof (one as Prefix).logProbability === "number",
  );
  checkRows(logProbabilities);
  requireRows(beam, logProbabilities);
  checkValue("extend prefixes", "numBeams", numBeams, numBeamsCheck);
  logProbabilities.forEach((row, parent) => {
    const token = Array.from(row).findIndex((value) => Number.isNaN(value) || value === Infinity);
    if (token >= 0) throw notComparable(parent, token, row[token]!);
  });
}

/** The error of a beam that is given what is no log-probability. */
export function notComparable(parent: number, token: number, value: number): RangeError {
  return new RangeError(`Cannot continue prefix ${parent} by token ${token}: its log-probability is ${value}`);
}
// #endregion

// ## The rules at the boundary
//
// Of equal hypotheses the one of the better prefix wins, then the lower token id; of equal scores, the sequence that was
// finished first. A prefix for which every token is [forbidden](rules.ts) leaves the beam, which goes on with those that are
// left, however few.

// ## The most probable sequence is not always the best one
//
// Beam search looks for the sequence that the *model* finds most probable. Whether that is a good translation is another
// question. Koehn and Knowles 2017 find that translations get worse again beyond a moderate width. Stahlberg and Byrne 2019
// search exactly, without a beam, and find that for more than half of the sentences the most probable sequence is the empty
// one. In such models a narrow beam is good *because* it makes search errors: it misses the model's own mistakes. Murray and Chiang
// 2018 trace the preference for short sequences to the sum of log-probabilities: every token costs, and a model that is trained word by word is not told what a length is worth. A
// length penalty counteracts the bias, as the run below shows; it does not remove it. Eikema and Aziz 2020 go
// further: of all sequences the most probable one holds so little probability mass [概率质量] that it says little about the
// distribution. *Minimum Bayes risk* (最小贝叶斯风险) asks for the sequence that is closest to the others instead, on average over what the model samples.
//
// The toy models of the experiment have no such fault. Their best sequence is defined as the most probable one. The run below
// measures translations by BLEU: how many of their words and word groups a human translation has too, from 0 to 100
// ([section](../06_training/bleu.ts)).
//
// ```picture beam_width_run A translator from Chinese into English, searched by wider and wider beams.
// ```

// ## What the notes say
//
// **The notes, 004.101.** Right: the example above shows it, and the experiment counts how often it happens.
//
// **The notes, 004.102.** Right on average, and not for each sentence. A beam that is narrower than the number of prefixes can
// prune the best one; the experiment has that as a refuted claim. And the most probable sentence is not always the best
// translation.
//
// **The notes, 003.24.** The search stands after the model, and changes none of its weights. It is used where one correct
// output is wanted, translation or speech; open-ended text is sampled ([section](sampling.ts)).
//
// **The notes, 004.103, 004.104.** Both ways to choose other candidates have a page of their own,
// [diverse and stochastic beams](beam_variants.ts).

// ## Pitfall: comparing sequences by their sum
//
// Without a penalty every further token costs, and the search prefers the shortest sequence that is not absurd. The test
// "lengthPenalty decides between a short and a long text" shows the switch.

// ## Pitfall: multiplying probabilities
//
// As long as sequences are short, `prefix.probability * probabilities[token]` ranks them as the sum of logarithms does. Once the products
// fall below $e^{-745}$ all of them are 0, and the beam keeps the first tokens instead of the best. The test "beamStep() ranks
// prefixes whose probability underflows" has such a pair.

// ## Pitfall: stopping at the first END
//
// The first finished sequence need not be the best one: a longer one with a better mean may still be in the beam. The test
// "beam search of full width agrees with exhaustive search" fails for a search that stops there.

// ## Exercise
//
// *A trap for every width.* Take sentences of two words, without END. Build a model whose most probable sentence a beam of two
// misses. Can you build one for every width $W$, with a vocabulary of $W + 1$ words?
//
// **Hint.** The best sentence must begin with the word that comes last after the first step. How probable may its first
// word be, and how much must the other prefixes lose in the second step?
//
// **Solution.** Give the last word $0.9 / (W + 1)$ and divide the rest evenly among the other $W$: the last word comes last and
// is pruned. After it one word is certain; after each of the others all $W + 1$ words are equally probable. The best sentence
// then has the probability of its first word, and every other sentence has at most $1 / (W + 1)$ of a
// probability that is hardly larger.
//
// ```ts
// import { beamStep, type Prefix } from "@heed/heed/generation";
//
// /** The probability of the best sequence of two words that a beam finds. */
// function found(numBeams: number, trap: number): number {
//   const V = trap + 1, last = 0.9 / V;
//   const row = (tokens: readonly number[]) =>
//     Array.from({ length: V }, (_, word) => {
//       if (tokens.length === 0) return word === trap ? last : (1 - last) / trap;
//       return tokens[0] === trap ? Number(word === 0) : 1 / V;
//     }).map(Math.log);
//   let beam: Prefix[] = [{ tokens: [], logProbability: 0 }];
//   for (const _ of [1, 2]) beam = beamStep(beam, beam.map(({ tokens }) => row(tokens)), numBeams);
//   return Math.exp(beam[0]!.logProbability);
// }
//
// for (const trap of [1, 2, 4, 8]) {
//   const [narrow, wide] = [found(trap, trap), found(trap + 1, trap)];
//   console.log(`W = ${trap}: ${narrow.toFixed(3)}; W = ${trap + 1}: ${wide.toFixed(3)}`);
// }
// ```
//
// ```text
// W = 1: 0.275; W = 2: 0.450
// W = 2: 0.117; W = 3: 0.300
// W = 4: 0.041; W = 5: 0.180
// W = 8: 0.013; W = 9: 0.100
// ```

// ## Exercise
//
// *Where the lengths balance.* A search has finished two sequences: one of 2 tokens with $\log P = -2.0$, one of 4 tokens
// with $\log P = -2.6$. For which $\alpha$ does the longer one win, under each form of the penalty?
//
// **Hint.** At the balance both scores are equal. Take the logarithm of both sides, and solve for $\alpha$.
//
// **Solution.** $2.6 / \mathrm{lp}(4) = 2.0 / \mathrm{lp}(2)$, so $\alpha$ is $\log(2.6 / 2.0)$ divided by the logarithm of $4 / 2$
// for the first form and of $9 / 7$ for the second. The second form is gentler: it needs a larger $\alpha$ for the same effect.
//
// ```ts
// import { gnmtLengthPenalty, powerLengthPenalty } from "@heed/heed/generation";
//
// const balance = [Math.log(2.6 / 2.0) / Math.log(4 / 2), Math.log(2.6 / 2.0) / Math.log(9 / 7)];
// [powerLengthPenalty, gnmtLengthPenalty].forEach((form, i) => {
//   console.log(`balance at ${balance[i]!.toFixed(3)}`);
//   for (const alpha of [balance[i]! - 0.01, balance[i]! + 0.01]) {
//     const penalty = form(alpha), longWins = -2.6 / penalty(4) > -2.0 / penalty(2);
//     console.log(`  alpha ${alpha.toFixed(3)}: the ${longWins ? "longer" : "shorter"} one wins`);
//   }
// });
// ```
//
// ```text
// balance at 0.379
//   alpha 0.369: the shorter one wins
//   alpha 0.389: the longer one wins
// balance at 1.044
//   alpha 1.034: the shorter one wins
//   alpha 1.054: the longer one wins
// ```
