/**
 * # Unigram segmentation
 *
 * **Question.** Byte-pair encoding ([section](../byte_pair_encoding/mod.ts)) replays its merges, so a text has one way to be cut,
 * and nothing says how good it is. *est* may be cut as `e` `st` or as `es` `t`. Which one is better, and by how much?
 *
 * **Idea.** Give every piece a probability of its own. This is a unigram language model (Unigram LM): a segmentation is as probable as the product of the probabilities of its
 * pieces, as if they were drawn one after the other without regard to their neighbours. Then the ways to cut a text can be compared (subword segmentation, 子词分割).
 * The most probable one is the result; the others are there to be ranked, or drawn from.
 *
 * The probabilities and the vocabulary itself are learned from texts alone. The training starts with far too many pieces, estimates how often each is used, drops those that are hardly used, takes out
 * those that are missed least, and repeats all of this until the vocabulary (最优词汇表) has the size that was asked for.
 *
 * ```picture unigram_lattice The segmentations of *est* in the example below, as paths from left to right. An edge is a piece, with its probability; the most probable path is drawn strongest.
 * ```
 *
 * **By hand.** The pieces `e`, `s`, `t`, `es` and `st` have the probabilities 0.3, 0.1, 0.2, 0.1 and 0.15; the rest belongs to other pieces. *est*
 * has three segmentations: `e` `st` with $0.3 \cdot 0.15 = 0.045$, `es` `t` with $0.1 \cdot 0.2 = 0.02$, and `e` `s` `t`
 * with $0.3 \cdot 0.1 \cdot 0.2 = 0.006$. The first one wins. Together they give the text its probability, $0.045 + 0.02 + 0.006 = 0.071$. Given the text, the three
 * have the probabilities $0.045 / 0.071 = 0.634$, $0.02 / 0.071 = 0.282$ and $0.006 / 0.071 = 0.085$.
 *
 * There is no need to list all segmentations. Go from left to right, and keep for each place the best way to get there. After one character it is `e`, 0.3. After two it is `es` with 0.1, and not `e` `s` with 0.3 · 0.1 = 0.03. After three it is
 * `e` `st` with 0.3 · 0.15 = 0.045, and not `es` `t` with 0.1 · 0.2 = 0.02. Sums in place of the best ones are 0.3, then 0.1 + 0.03 = 0.13, then 0.045 + 0.13 · 0.2 = 0.071, the probability of the text.
 *
 * A turn of the training has two steps. The first one counts how often each piece is expected (expectation, E): on average, if segmentations are drawn by these probabilities. The second one sets the probability of
 * each piece to its part of all these counts, or a little below (maximization, M). Both together are expectation–maximization [期望最大化], EM. `e` stands in the first segmentation and in the third one, and is expected
 * $(0.045 + 0.006) / 0.071 = 0.718$ times; `t` 0.366 times, `st` 0.634, `es` 0.282 and `s` 0.085 times. These counts sum to 2.085, so the second step gives `e` the probability $0.718 / 2.085 = 0.345$, `t` 0.176, `st` 0.304, `es` 0.135 and
 * `s` 0.041. (The [training](training.ts) takes a little off each count, most from rare pieces.)
 *
 * ```ts
 * import { expectedCounts, plainMarginal, plainSegmentation } from "@heed/heed/words";
 *
 * const probabilities = { e: 0.3, s: 0.1, t: 0.2, es: 0.1, st: 0.15 };
 * const scores = new Map(Object.entries(probabilities).map(([piece, p]) => [piece, Math.log(p)]));
 * const total = Math.exp(plainMarginal("est", scores));
 *
 * const { pieces, logProbability } = plainSegmentation("est", scores);
 * console.log(`best: ${pieces.join(" ")}, ${Math.exp(logProbability).toFixed(3)} of ${total.toFixed(3)}`);
 * for (const way of [["e", "st"], ["es", "t"], ["e", "s", "t"]]) {
 *   const product = Math.exp(way.reduce((sum, piece) => sum + scores.get(piece)!, 0));
 *   console.log(`${way.join(" ")}: ${product.toFixed(3)}, given the text ${(product / total).toFixed(3)}`);
 * }
 * for (const prefix of ["e", "es", "est"]) {
 *   const best = Math.exp(plainSegmentation(prefix, scores).logProbability), sum = Math.exp(plainMarginal(prefix, scores));
 *   console.log(`${prefix}: best ${best.toFixed(3)}, sum ${sum.toFixed(3)}`);
 * }
 * const counts = expectedCounts("est", scores), all = [...counts.values()].reduce((sum, count) => sum + count, 0);
 * for (const [piece, count] of counts) console.log(`${piece}: ${count.toFixed(3)} times, then ${(count / all).toFixed(3)}`);
 * console.log(`all: ${all.toFixed(3)} times`);
 * ```
 *
 * ```text
 * best: e st, 0.045 of 0.071
 * e st: 0.045, given the text 0.634
 * es t: 0.020, given the text 0.282
 * e s t: 0.006, given the text 0.085
 * e: best 0.300, sum 0.300
 * es: best 0.100, sum 0.130
 * est: best 0.045, sum 0.071
 * e: 0.718 times, then 0.345
 * s: 0.085 times, then 0.041
 * t: 0.366 times, then 0.176
 * es: 0.282 times, then 0.135
 * st: 0.634 times, then 0.304
 * all: 2.085 times
 * ```
 *
 * **Formula.** A segmentation $s = (x_1, \dots, x_m)$ of a text $X$ is a sequence of pieces that joined together are $X$; $S(X)$ is the set of all of them.
 * With a probability $p(x)$ for each piece of the vocabulary,
 *
 * $$P(s) = \prod_{i=1}^{m} p(x_i), \qquad s^* = \underset{s \in S(X)}{\arg\max}\; P(s), \qquad P(X) = \sum_{s \in S(X)} P(s)$$
 *
 * | symbol     | in code          | meaning                                                                   |
 * | ---------- | ---------------- | ------------------------------------------------------------------------- |
 * | $X$        | `text`           | what is cut, of $n$ characters                                            |
 * | $p$        | `scores`         | the probability of each piece; the code has its logarithm                 |
 * | $s$        | `pieces`         | a segmentation                                                            |
 * | $P(s)$     | `logProbability` | the probability of a segmentation; the code has its logarithm, a sum of scores |
 * | $P(X)$     | `plainMarginal`  | the marginal, over all ways to cut; the code has its logarithm            |
 *
 * **Why not try all of them.** Between any two characters a text is cut or not, so $n$ characters have up to $2^{n-1}$ segmentations. But the best way to cut
 * the first $j$ characters ends with some piece, and in front of it stands the best way to cut what is left. So one number for each place is enough, and
 * each is found from the few places at which a last piece can begin: $nL$ steps, with pieces of up to $L$ characters. This is the
 * Viterbi algorithm. With sums in place of maxima the same steps add up $P(X)$.
 *
 * **Drawing a segmentation.** A segmentation can also be drawn by chance, in proportion to a power of its probability, $P(s)^\alpha$. With $\alpha = 1$ it comes as
 * often as its probability says, with $\alpha = 0$ all segmentations come equally often, and the larger $\alpha$ is, the more often comes the most probable one.
 * [Section](../multilingual.ts) says what this is for.
 *
 * **The parts.** The [lattice](lattice.ts), a graph whose paths are the ways to cut a text, holds all of them, and is asked for the best, the $k$ best, one by chance, and expected counts. A
 * [trie](trie.ts), a tree of the pieces with a branch for each letter, finds the pieces in the text. The [training](training.ts) starts from [substrings that repeat](seeds.ts). The result is a
 * [vocabulary](model.ts), which cuts new texts; [data](data.ts) is what a file holds of it.
 *
 * Sources: Taku Kudo 2018, *Subword Regularization: Improving Neural Network Translation Models with Multiple Subword Candidates*; Taku Kudo, John Richardson 2018,
 * *SentencePiece: A Simple and Language Independent Subword Tokenizer and Detokenizer for Neural Text Processing*, whose program this section follows; Andrew
 * Viterbi 1967, *Error Bounds for Convolutional Codes and an Asymptotically Optimum Decoding Algorithm*; Arthur Dempster, Nan Laird, Donald Rubin 1977,
 * *Maximum Likelihood from Incomplete Data via the EM Algorithm*; Percy Liang, Dan Klein 2007, *Structured Bayesian Nonparametric Models with Variational
 * Inference* (the digamma function in the M-step: by it a rare piece gets a little less than its part of the counts, [section](training.ts)); Kaj Bostrom, Greg Durrett 2020, *Byte Pair Encoding is Suboptimal for Language Model Pretraining*.
 *
 * ## Every way to cut a word, tried
 *
 * The [experiment](../experiments/unigram.ts) learns a vocabulary from the words of the translator, tries every way to cut some of them, and compares. It shows the
 * vocabulary shrink, draws segmentations by chance, and counts how many inflected words are cut at their ending, with byte-pair encoding of the same size
 * beside it. The reading below the figures gives both numbers, and what becomes of them where whole sentences are learned from.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import {
  abortSignal,
  callback,
  type Check,
  checkOptions,
  type Checks,
  flag,
  group,
  integer,
  numeric,
  required,
  shown,
  string,
} from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { wordsOf } from "../byte_pair_encoding/pieces.ts";
import {
  BYTES,
  DEFAULT_SPECIAL_TOKENS,
  describe,
  FIRST_PIECE,
  MOST_PIECES,
  SPACE_SIGN,
  specialTokenFault,
  type SpecialTokens,
} from "./data.ts";
import { logAdd } from "./lattice.ts";
import { Unigram } from "./model.ts";
import { repeatedSubstrings } from "./seeds.ts";
import { type Corpus, improve, prune, type ScoredPiece } from "./training.ts";

export { type Segmentation, Unigram, type UnigramEncodeOptions, type UnigramSampleOptions } from "./model.ts";
export type { ScoredPiece } from "./training.ts";
export type { UnigramData, UnigramFile } from "./data.ts";

/** The best segmentation of a text, as {@linkcode plainSegmentation} finds it. */
export interface PlainSegmentation {
  /** The pieces, in order. */
  readonly pieces: readonly string[];
  /** Sum of their scores; −∞ if there is no way to cut the text. */
  readonly logProbability: number;
}

/**
 * The most probable way to cut a text: the Viterbi algorithm as the formula has it.
 *
 * @param text what is cut
 * @param scores logarithm of the probability of each piece
 * @returns the pieces, and the logarithm of their product
 * @throws {TypeError} if the text is no string or the scores are no Map
 */
export function plainSegmentation(text: string, scores: ReadonlyMap<string, number>): PlainSegmentation {
  checkPlain(text, scores);
  // For each place: the best way to cut what stands before it. Nothing has one way, which is certain.
  const best: PlainSegmentation[] = [{ pieces: [], logProbability: 0 }];
  for (let end = 1; end <= text.length; end++) {
    let ending: PlainSegmentation = { pieces: [], logProbability: -Infinity };
    for (let start = 0; start < end; start++) {
      // $\log P(s)$: the piece that ends here, and the best way to come to where it starts.
      const piece = text.slice(start, end), before = best[start]!;
      const logProbability = before.logProbability + (scores.get(piece) ?? -Infinity);
      // $s^*$: a way to the end can only be the best if it came to this place on the best way.
      if (logProbability > ending.logProbability) ending = { pieces: [...before.pieces, piece], logProbability };
    }
    best[end] = ending;
  }
  return best[text.length]!;
}

// ## All ways together
//
// The sum over all segmentations takes the same steps. Where the best one kept a maximum, $P(X)$ keeps a sum, and the logarithms
// are added by `logAdd(a, b)`, that is $\log(e^a + e^b)$, computed as $a + \log(1 + e^{b - a})$ for $a \ge b$, so that no number becomes too small. The sum up to a place is what comes
// from the left. The same from the right says how the text goes on, and both together how often a piece is expected: all paths through it, divided by
// all paths. In the example `st` has $0.3$ to its left, $0.15$ itself, and $1$ to its right, since the text ends there: $0.045$ of $0.071$. This pair of sums, one from each side, is called *forward–backward*.

/**
 * The logarithm of the probability of a text, over all ways to cut it.
 *
 * @param text what is cut
 * @param scores logarithm of the probability of each piece
 * @returns the marginal; −∞ if there is no way
 * @throws {TypeError} if the text is no string or the scores are no Map
 */
export function plainMarginal(text: string, scores: ReadonlyMap<string, number>): number {
  return sumsFromLeft(text, scores)[text.length]!;
}

/** For each place the logarithm of the sum over all ways to cut what stands before it. */
function sumsFromLeft(text: string, scores: ReadonlyMap<string, number>): number[] {
  checkPlain(text, scores);
  const sums = [0];
  for (let end = 1; end <= text.length; end++) {
    sums[end] = -Infinity;
    for (let start = 0; start < end; start++) {
      const score = scores.get(text.slice(start, end)) ?? -Infinity;
      sums[end] = logAdd(sums[end]!, sums[start]! + score);
    }
  }
  return sums;
}

/**
 * How often each piece is expected in a text, over all ways to cut it: forward–backward.
 *
 * @param text what is cut
 * @param scores logarithm of the probability of each piece
 * @returns the expected count of each piece
 * @throws {TypeError} if the text is no string or the scores are no Map
 */
export function expectedCounts(text: string, scores: ReadonlyMap<string, number>): Map<string, number> {
  const left = sumsFromLeft(text, scores), total = left[text.length]!, n = text.length;
  // From the right, the same sums over the reversed text and pieces.
  if (total === -Infinity) return new Map([...scores.keys()].map((piece) => [piece, 0]));
  const reversed = (word: string): string => word.split("").reverse().join("");
  const backwards = new Map([...scores].map(([piece, score]) => [reversed(piece), score]));
  const right = sumsFromLeft(reversed(text), backwards);

  const counts = new Map([...scores.keys()].map((piece) => [piece, 0]));
  for (let start = 0; start < n; start++) {
    for (let end = start + 1; end <= n; end++) {
      const piece = text.slice(start, end), score = scores.get(piece);
      if (score === undefined) continue;
      const through = left[start]! + score + right[n - end]!;
      counts.set(piece, counts.get(piece)! + Math.exp(through - total));
    }
  }
  return counts;
}

// ## Learning the vocabulary

/** A turn of the training, as `onProgress` receives it. */
export interface UnigramStep {
  /** The round, from 1: each but the last one ends with a pruning. */
  readonly round: number;
  /** The turn of expectation and maximization in the round, from 1. */
  readonly turn: number;
  /** Pieces before the turn. */
  readonly pieces: number;
  /** Logarithm of the probability of a word by them, in nats, on average. */
  readonly logProbability: number;
}

/**
 * Learns pieces and their probabilities from texts alone.
 *
 * The vocabulary ends smaller than `vocabSize` when the texts have too few substrings that repeat. No piece crosses from one of
 * the words that {@linkcode splitWords} finds into the next. It pauses regularly, so that a page stays responsive.
 *
 * @example
 * ```ts
 * import { trainUnigram } from "@heed/heed";
 *
 * const vocabulary = await trainUnigram(["low lower lowest slow slower slowest"], { vocabSize: 24 });
 * const tokens = vocabulary.encode("slowest");
 * console.assert(vocabulary.decode(tokens) === "slowest");
 * ```
 *
 * @param texts documents or sentences; no piece crosses from one into the next
 * @param options vocabulary size, and how it is reached
 * @returns the vocabulary, ready to encode and decode
 * @throws {RangeError} if a size is outside its interval, or too small for the characters of the texts
 * @throws {TypeError} if the texts are no list of strings, or an option is unknown
 * @throws the signal's reason after an abort
 */
export async function trainUnigram(texts: readonly string[], options: UnigramOptions): Promise<Unigram> {
  checkTraining(texts, options);
  const { vocabSize, byteFallback = false, prefixSpace = true, unknownPenalty = 10, signal, onProgress } = options;
  const { maxPieceLength = 16, seedSize = 1_000_000, shrinkingFactor = 0.75, turns = 2 } = options;
  const pause = (): Promise<void> => rest(signal);
  const words = await countWords(texts, prefixSpace, pause);
  const letters = requiredCharacters(words, options);
  const corpus: Corpus = { words, characters: new Set(letters.keys()), pause };
  const size = vocabSize - FIRST_PIECE - (byteFallback ? BYTES : 0);

  // Far too many pieces, each at first as probable as the part of the texts that it covers.
  const seeds = await repeatedSubstrings(words, { maxLength: maxPieceLength, most: seedSize }, pause);
  let pieces = byCoverage([...letters, ...seeds.filter(([piece]) => isOver(piece, letters))]);
  const counted = [...words.values()].reduce((sum, count) => sum + count, 0);
  for (let round = 1;; round++) {
    for (let turn = 1; turn <= turns; turn++) {
      const before = pieces.length, better = await improve(pieces, corpus);
      pieces = better.pieces;
      await onProgress?.({ round, turn, pieces: before, logProbability: better.logProbability / counted });
    }
    // A tenth more than is asked for: the last choice goes by probability alone.
    if (pieces.length <= 1.1 * size) break;
    pieces = await prune(pieces, corpus, Math.max(1.1 * size, shrinkingFactor * pieces.length) | 0);
  }
  return new Unigram({
    pieces: mostProbable(pieces, corpus.characters, size).map(([piece, score]) => [
      piece.replaceAll(" ", SPACE_SIGN),
      score,
    ]),
    specialTokens: specialTokensOf(options),
    byteFallback,
    prefixSpace,
    unknownPenalty,
  });
}

// #region Words and characters
// A word longer than `MOST_LETTERS` is cut, since the training pauses between words only. A `▁` in a text is left out of the
// alphabet, as is half a surrogate pair.

const MOST_LETTERS = 2 ** 12;
/** Pieces between two questions whether to pause: a few milliseconds. */
const PIECES_AT_ONCE = 4096;

async function countWords(
  texts: readonly string[],
  prefixSpace: boolean,
  pause: () => Promise<void>,
): Promise<Map<string, number>> {
  // $c(w)$: how often each word occurs.
  const words = new Map<string, number>();
  let counted = 0;
  await pause();
  for (const text of texts) {
    const whole = text.toWellFormed();
    for (const word of wordsOf(prefixSpace && whole !== "" ? ` ${whole}` : whole)) {
      for (const part of cutLong(word)) words.set(part, (words.get(part) ?? 0) + 1);
      if (++counted % PIECES_AT_ONCE === 0) await pause();
    }
  }
  // In an order of their own: sums of fractions depend on the order, and the vocabulary shall not depend on that of the texts.
  return new Map([...words].sort((a, b) => a[0] < b[0] ? -1 : 1));
}

/** A word in parts of at most so many code units, none of which begins inside a character. */
function cutLong(word: string): string[] {
  if (word.length <= MOST_LETTERS) return [word];
  const parts: string[] = [];
  for (let start = 0; start < word.length;) {
    let end = Math.min(word.length, start + MOST_LETTERS);
    if ((word.charCodeAt(end) & 0xfc00) === 0xdc00) end--;
    parts.push(word.slice(start, end));
    start = end;
  }
  return parts;
}

/** The most frequent characters that together cover as much of the texts as is asked for, with their counts. */
function requiredCharacters(
  words: ReadonlyMap<string, number>,
  { vocabSize, byteFallback = false, characterCoverage = 1 }: UnigramOptions,
): Map<string, number> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [word, count] of words) {
    for (const letter of word) {
      if (letter === SPACE_SIGN) continue;
      counts.set(letter, (counts.get(letter) ?? 0) + count);
      total += count;
    }
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  let covered = 0;
  const required = ranked.filter(([, count]) => {
    const isNeeded = covered < characterCoverage * total;
    covered += count;
    return isNeeded;
  });
  const least = FIRST_PIECE + (byteFallback ? BYTES : 0) + required.length;
  if (vocabSize < least) {
    throw new RangeError(
      `Cannot train a unigram model with vocabSize = ${vocabSize}: special tokens${
        byteFallback ? ", bytes" : ""
      } and ` +
        `the ${required.length} characters of the texts need at least ${least}, or a smaller characterCoverage`,
    );
  }
  return new Map(required);
}

function isOver(piece: string, letters: ReadonlyMap<string, number>): boolean {
  for (const letter of piece) if (!letters.has(letter)) return false;
  return true;
}

function byCoverage(counts: readonly (readonly [string, number])[]): ScoredPiece[] {
  const covered = counts.map(([piece, count]) => count * Array.from(piece).length);
  const total = Math.log(covered.reduce((sum, one) => sum + one, 0));
  return counts.map(([piece], i) => [piece, Math.log(covered[i]!) - total]);
}

/** All characters, and the most probable of the other pieces, most probable first. */
function mostProbable(pieces: readonly ScoredPiece[], characters: ReadonlySet<string>, size: number): ScoredPiece[] {
  const order = (a: ScoredPiece, b: ScoredPiece): number => b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
  const others = pieces.filter(([piece]) => !characters.has(piece)).sort(order);
  return [
    ...pieces.filter(([piece]) => characters.has(piece)),
    ...others.slice(0, Math.max(0, size - characters.size)),
  ].sort(order);
}
// #endregion

// #region Options and their checks

/** How {@linkcode trainUnigram} builds its vocabulary. */
export interface UnigramOptions {
  /** Tokens to end with, the four special ones included, and the bytes if there are any. */
  readonly vocabSize: number;
  /** Whether an unknown character is spelled by tokens of bytes; false by default. */
  readonly byteFallback?: boolean | undefined;
  /** Whether a space is put in front of a text; true by default. */
  readonly prefixSpace?: boolean | undefined;
  /** Fraction of all characters that the single ones of the vocabulary cover; 1 by default. */
  readonly characterCoverage?: number | undefined;
  /** The longest piece, in characters; 16 by default. */
  readonly maxPieceLength?: number | undefined;
  /** The most pieces that the training starts from, characters apart; 1,000,000 by default. */
  readonly seedSize?: number | undefined;
  /** Fraction of the pieces that a pruning keeps, in (0, 1); 0.75 by default. */
  readonly shrinkingFactor?: number | undefined;
  /** Turns of expectation and maximization before each pruning; 2 by default. */
  readonly turns?: number | undefined;
  /** How far the score of an unknown character lies below the lowest one; 10 by default. */
  readonly unknownPenalty?: number | undefined;
  /** Texts of the special tokens; `<pad>` `<begin>` `<end>` `<unknown>` by default. */
  readonly specialTokens?: Partial<SpecialTokens> | undefined;
  /** Stops the training with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every turn, and waited for; nobody is told by default. */
  readonly onProgress?: ((step: UnigramStep) => void) | undefined;
}

const nonEmpty: Check<string> = {
  must: "a text of at least one character",
  fits: (value) => string.fits(value) && value !== "",
};

const trainingChecks: Checks<UnigramOptions> = {
  vocabSize: required(integer({ min: FIRST_PIECE + 1, max: MOST_PIECES })),
  byteFallback: flag,
  prefixSpace: flag,
  characterCoverage: numeric({ above: 0, max: 1 }),
  maxPieceLength: integer({ min: 1, max: 1024 }),
  seedSize: integer({ max: MOST_PIECES }),
  shrinkingFactor: numeric({ above: 0, below: 1 }),
  turns: integer({ min: 1, max: 1000 }),
  unknownPenalty: numeric({ min: 0, below: Infinity }),
  specialTokens: group<Partial<SpecialTokens>>({ pad: nonEmpty, begin: nonEmpty, end: nonEmpty, unknown: nonEmpty }),
  signal: abortSignal,
  onProgress: callback(),
};

function checkTraining(texts: readonly string[], options: UnigramOptions): void {
  if (!Array.isArray(texts) || ![...texts].every((text) => typeof text === "string")) {
    throw new TypeError(`Cannot train a unigram model on ${describe(texts)}: texts must be a list of strings`);
  }
  checkOptions("train a unigram model", options, trainingChecks);
  const fault = specialTokenFault(specialTokensOf(options));
  if (fault) throw new TypeError(`Cannot train a unigram model: ${fault}`);
}

/** All four; one that is undefined counts as not given. */
function specialTokensOf({ specialTokens: given = {} }: UnigramOptions): SpecialTokens {
  const { pad, begin, end, unknown } = DEFAULT_SPECIAL_TOKENS;
  return {
    pad: given.pad ?? pad,
    begin: given.begin ?? begin,
    end: given.end ?? end,
    unknown: given.unknown ?? unknown,
  };
}

/** Refuses what the plain forms cannot cut. */
function checkPlain(text: string, scores: ReadonlyMap<string, number>): void {
  checkText("segment", "text", text);
  const isMap = scores instanceof Map &&
    [...scores].every(([piece, score]) => typeof piece === "string" && typeof score === "number");
  if (!isMap) {
    throw new TypeError(`Cannot segment with scores = ${shown(scores)}: scores must be a Map of numbers by piece`);
  }
}
// #endregion

// ## On a novel
//
// Byte-pair encoding is greedy in another sense as well: each merge is the best one at its moment, and stays. The run below
// learns both kinds of vocabularies from a novel, in equal sizes. Bostrom and Durrett 2020 compare the two for the training of language models, and find that
// the pieces of the unigram model follow morphology more closely. SentencePiece learned from the same file; its vocabularies are judged by the code of
// this section.
//
// ```picture unigram_run Two ways to learn subwords from a novel, in vocabularies of four sizes.
// ```

// ## What the notes say
//
// **The notes, 004.18.** Right. The notes pass over how the probabilities are learned; it is the larger part, since vocabulary and probabilities depend on each other. The
// vocabulary is not optimal in a strict sense: EM finds a local maximum, and which piece is missed least is an estimate.

// ## Pitfall: the longest piece first
//
// Taking from the left the longest piece that fits is faster, and needs no probabilities. It finds `es` `t` in the example of this page, which
// is less than half as probable as `e` `st`: a long piece can leave a rest that nothing good fits. The test "segment() of est is e st, as the page works
// out" fails with it.

// ## Pitfall: multiplying probabilities
//
// The probability of a page of text is below the smallest positive number of float64, so a product of probabilities is 0 for each segmentation, and
// so is their sum. The test "logProbability() is the sum over all segmentations, so that their probabilities sum to one" has a long text whose logarithm
// is finite.

// ## Pitfall: a space that is a character
//
// `▁` stands for a space, and a text may contain a `▁` of its own. A program that only replaces one by the other turns it into a space on the way
// back. The test "encode() keeps spaces, and does not take ▁ for one" has such texts.

// ## Exercise
//
// *When does the other cut win?* In the example, `e` `st` beats `es` `t`. By how much must the probability of `es` grow, with all others as they are, until both are
// equally probable? And how probable may a piece `est` be at most, so that it does not win?
//
// **Hint.** Compare products. The probability of `es` stands in one of the three segmentations only.
//
// **Solution.** `es` `t` needs $p \cdot 0.2 = 0.045$, so $p = 0.045 / 0.2 = 0.225$. The piece `est` is a segmentation of its own: it wins as soon as it is more probable than
// $0.045$.
//
// ```ts
// import { plainSegmentation } from "@heed/heed/words";
//
// const cut = (probabilities: Record<string, number>): string => {
//   const scores = Object.entries(probabilities).map(([piece, p]): [string, number] => [piece, Math.log(p)]);
//   return plainSegmentation("est", new Map(scores)).pieces.join(" ");
// };
// const rest = { e: 0.3, s: 0.1, t: 0.2, st: 0.15 };
// for (const es of [0.22, 0.23]) console.log(`es ${es}: ${cut({ ...rest, es })}`);
// for (const est of [0.044, 0.046]) console.log(`est ${est}: ${cut({ ...rest, es: 0.1, est })}`);
// ```
//
// ```text
// es 0.22: e st
// es 0.23: es t
// est 0.044: e st
// est 0.046: est
// ```
