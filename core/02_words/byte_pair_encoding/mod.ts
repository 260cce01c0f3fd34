/**
 * # Byte-pair encoding
 *
 * **Question.** A network needs a finite list of tokens, and new texts always bring unseen
 * words. Whole words leave *newest* without any relation to *new*; single characters make every
 * text long. What lies between?
 *
 * **Idea.** Let the texts decide. Start from single characters, count which two neighbours stand
 * side by side most often, and make them one token; then count again, with the joined pair as a
 * whole. Frequent words become one token, rare words a few subwords (子词) such as `er`,
 * `est`, `pro` and `ed`, and inflected forms (词语变形) share their stem. The same list of merges cuts
 * any later text: they are applied in the order in which they were learned. This is byte-pair encoding (字节对编码,
 * BPE).
 *
 * ```picture merges_by_hand Four words while the list of merges grows. Each row is one merge later; the token that it made is underlined.
 * ```
 *
 * **By hand.** The words are *low* 5 times, *lower* 2 times, *newest* 6 times and *widest* 3 times. `e` and `s` stand side by side in *newest* and in
 * *widest*, $6 + 3 = 9$ times. `s` and `t` do so as often; of equal counts the pair whose left token is older is joined. Letters are as old as the alphabet has them, so that
 * is `es`. Next `es` and `t` stand side by side 9 times and become `est`, and `l` and `o`, $5 + 2 = 7$ times, become `lo`. Then `lo` and `w`, 7 times, become `low`. With these four merges
 * *lowest*, which is none of the words, is cut into `low` and `est`.
 *
 * ```ts
 * import { plainMerges, trainBytePairEncoding } from "@heed/heed/words";
 *
 * const counts = { low: 5, lower: 2, newest: 6, widest: 3 };
 * for (const pair of plainMerges(new Map(Object.entries(counts)), 6)) console.log(pair.join(" + "));
 * const texts = Object.entries(counts).flatMap(([word, count]) => Array<string>(count).fill(word));
 * const encoding = await trainBytePairEncoding(texts, {
 *   vocabSize: 18, // 4 special tokens, 10 letters, 4 merges
 *   level: "characters",
 *   onProgress: ({ pair, count }) => console.log("joined", pair.join(""), count),
 * });
 * console.log(encoding.tokenize("lowest").map(({ token }) => token).join(" "));
 * ```
 *
 * ```text
 * e + s
 * es + t
 * l + o
 * lo + w
 * e + w
 * n + ew
 * joined es 9
 * joined est 9
 * joined lo 7
 * joined low 7
 * low est
 * ```
 *
 * **What it improves on.** A vocabulary of whole words gives every word a token of its own. The first
 * layer is then told only which word it is: a list of zeros with a single 1 at the word's index,
 * a one-hot vector (独热向量). *new* and *newest* are as unrelated as *new* and *spoon*, and a word that
 * no training text contains has no vector at all. As subwords, *newest* shares a token with
 * *new*, and what is learned about the token serves both. How a token becomes a vector is the subject
 * of [section](../embeddings.ts).
 *
 * **Formula.** With the distinct words $w$ of the texts and their counts $c(w)$, and $n_w(a, b)$
 * the number of positions in $w$ where token $b$ directly follows token $a$, each step adds to the
 * vocabulary $\mathcal{V}$ the pair
 *
 * $$(a^*, b^*) = \arg\max_{(a, b)} \sum_w c(w)\, n_w(a, b), \qquad \mathcal{V} \leftarrow \mathcal{V} \cup \{a^* b^*\}$$
 *
 * | symbol        | in code          | meaning                                              |
 * | ------------- | ---------------- | ---------------------------------------------------- |
 * | $w$, $c(w)$   | `words`          | pieces of text that no merge crosses, and counts     |
 * | $a$, $b$      | `left`, `right`  | ids of two tokens that stand side by side            |
 * | the sum       | `counts`         | weighted number of positions of each pair            |
 * | $\arg\max$    | `largest()`      | the pair with the largest sum                        |
 * | $a^* b^*$     | `pair.join("")`  | the joined token, which $\cup$ adds to the set        |
 * | $\mathcal{V}$ | `tokens`         | the set of tokens; `vocabSize` is their number       |
 *
 * **Ties.** Of equally frequent pairs the one with the older left token is merged, then the one
 * with the older right token; a token's age is its id, and single characters are numbered by code
 * point. The merges therefore depend on the counts alone: shuffling the texts changes nothing.
 *
 * **Why the counts are never taken twice.** Counting afresh for every merge reads the corpus
 * (语料) thousands of times. But a merge changes only its own neighbourhood: in `x a b y` the pairs
 * `x a` and `b y` occur once less, and `x ab` and `ab y` once more. Remembering the positions of every
 * pair makes the cost of a merge proportional to what it changes, and a queue keeps the pairs sorted
 * by count. Its counts may be out of date: when a pair comes to the front with an old count, it is put back with the right one.
 *
 * **Characters or bytes.** `level: "characters"` starts from the characters that occur in the
 * texts; an unseen one becomes the unknown token. A computer stores a text as bytes, numbers from 0 to 255. In the usual encoding, UTF-8,
 * *a* takes one byte, *é* two and 学 three. `level: "bytes"` starts from these 256 numbers, so that no token is ever unknown. A byte is written as one visible letter (a space as
 * `Ġ`), in the alphabet and order of the language model GPT-2. A code point is the number of a character in Unicode, the list of all characters.
 *
 * **The two extremes.** `vocabSize: "alphabet"` learns no merge: a vocabulary of characters, or
 * of bytes. Without a limit, and with `minFrequency: 1`, every word of the texts becomes one
 * token: a vocabulary of words.
 *
 * **The parts.** [Pieces](pieces.ts) cuts texts into words, [letters](letters.ts) writes bytes as letters,
 * [neighbours](neighbours.ts) counts the pairs. The result is an [encoding](encoding.ts), which cuts new
 * texts; [data](data.ts) is what a file holds of it.
 *
 * Sources: Philip Gage 1994, *A New Algorithm for Data Compression*; Rico Sennrich, Barry Haddow,
 * Alexandra Birch 2016, *Neural Machine Translation of Rare Words with Subword Units*; for bytes,
 * the word pattern and the letters, Alec Radford et al. 2019, *Language Models are Unsupervised
 * Multitask Learners*.
 *
 * ## How long a list of merges
 *
 * The [experiment](../experiments/byte_pair_encoding.ts) follows the list while it grows over the English
 * sentences of the translator. At first words are letters. Then stems and endings appear, and most
 * inflected words share a subword with their base form, as [the notes](notes:004.17) say. This does not last. A form
 * that is frequent enough becomes one token, as unrelated to its base as two one-hot vectors are. A list that makes
 * every word a token has lost the relation that was wanted. The captions of the figures give both
 * numbers, and which of the subwords of [the notes](notes:004.16) the corpus makes.
 *
 * **The notes, 004.16.** The counts do find parts of words, and the caption of the first table says at which merge. Which parts they are is a matter
 * of the corpus: one of the four examples is never made from the corpus of this page. A test trains on words that contain all four, and then all four are made.
 *
 * **The notes, 004.17.** It holds for lists of a middle length. Some hundred subwords write all words of the corpus. With enough of them most inflected words share one
 * with their base form, with fewer only some do, as the figure shows. It does not hold for a list without an end.
 *
 * ## On a novel
 *
 * A longer text has rarer words. The merges of a novel are learned from its first nine tenths, and cut the last one.
 *
 * ```picture byte_pair_encoding_run Merges of a novel: how short the unseen tenth becomes, and how words are cut.
 * ```
 *
 * @module
 */

import { checkSizes } from "../../engine/arguments.ts";
import {
  abortSignal,
  callback,
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  either,
  group,
  integer,
  mapByName,
  oneOf,
  required,
  string,
} from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import {
  DEFAULT_SPECIAL_TOKENS,
  describe,
  FIRST_LETTER,
  MOST_TOKENS,
  SPECIAL_ROLES,
  specialTokenFault,
  type SpecialTokens,
} from "./data.ts";
import { BytePairEncoding } from "./encoding.ts";
import { byCodePoint, type BytePairLevel, LETTERS } from "./letters.ts";
import { Neighbours } from "./neighbours.ts";
import { wordsOf } from "./pieces.ts";

export { splitWords } from "./pieces.ts";
export type { BytePairLevel } from "./letters.ts";
export { type BytePairEncodeOptions, BytePairEncoding } from "./encoding.ts";
export type { BytePairEncodingData, BytePairEncodingFile, SpecialTokens } from "./data.ts";

/**
 * Learns merges as the formula says: all pairs are counted afresh for every merge.
 *
 * {@linkcode trainBytePairEncoding} learns the same merges of characters, and takes no count twice.
 *
 * @param words words, and how often each occurs
 * @param most how many merges are learned at most
 * @returns pairs in the order they were learned; none that occurs once
 */
export function plainMerges(words: ReadonlyMap<string, number>, most: number): [string, string][] {
  checkValue("count pairs", "words", words, mapByName<number>());
  checkSizes("count pairs", { most });
  let rows = [...words].map(([word, count]) => ({ tokens: Array.from(word), count }));
  const letters = new Set(rows.flatMap(({ tokens }) => tokens));
  const tokens = [...letters].sort(byCodePoint), merges: [string, string][] = [];
  while (merges.length < most) {
    // $\sum_w c(w)\, n_w(a, b)$: how often each pair stands side by side.
    const counts = new Map<string, Map<string, number>>();
    for (const { tokens, count } of rows) {
      for (let i = 1; i < tokens.length; i++) {
        const [left, right] = [tokens[i - 1]!, tokens[i]!];
        const after = counts.get(left) ?? new Map<string, number>();
        counts.set(left, after.set(right, (after.get(right) ?? 0) + count));
      }
    }
    // $(a^*, b^*)$: the most frequent pair.
    const pair = largest(counts, tokens);
    if (!pair) break;
    merges.push(pair);
    // $\mathcal{V} \leftarrow \mathcal{V} \cup \{a^* b^*\}$
    tokens.push(pair.join(""));
    rows = rows.map(({ tokens, count }) => ({ tokens: joinPair(tokens, pair), count }));
  }
  return merges;
}

/** The pair with the largest count above 1; of several the one whose left token is older, then whose right token is. */
function largest(
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
  tokens: readonly string[],
): [string, string] | undefined {
  let best: [string, string] | undefined, most = 1;
  for (const left of tokens) {
    for (const right of tokens) {
      const count = counts.get(left)?.get(right) ?? 0;
      if (count > most) [best, most] = [[left, right], count];
    }
  }
  return best;
}

/** Makes one token of each place where the pair stands, from the left. */
function joinPair(tokens: readonly string[], [left, right]: readonly [string, string]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const isPair = tokens[i] === left && tokens[i + 1] === right;
    joined.push(isPair ? left + right : tokens[i]!);
    if (isPair) i++;
  }
  return joined;
}

// ## Without counting twice
//
// The training of the library keeps the places of all pairs and changes the counts that a merge changes. It learns the same merges: the test
// "plainMerges() learns what trainBytePairEncoding() learns" compares the two.

// #region Options
// Vocabulary size and level have to be given.

/** One step of the training, as `onProgress` receives it. */
export interface MergeStep {
  /** How many merges are learned, this one included. */
  readonly merges: number;
  /** The largest number of merges that the vocabulary size allows. */
  readonly maxMerges: number;
  /** The two tokens that become one. */
  readonly pair: readonly [string, string];
  /** How often they stood side by side. */
  readonly count: number;
}

/** How {@linkcode trainBytePairEncoding} builds its vocabulary. */
export interface BytePairEncodingOptions {
  /** Tokens to end with, the four special ones included; `"alphabet"` learns no merge. */
  readonly vocabSize: number | "alphabet";
  /** What the smallest tokens are. */
  readonly level: BytePairLevel;
  /** Texts of the special tokens; `<pad>` `<begin>` `<end>` `<unknown>` by default. */
  readonly specialTokens?: Partial<SpecialTokens>;
  /** Stops when the best pair occurs less often than this, at least 1; 2 by default. */
  readonly minFrequency?: number;
  /** Stops the training with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal;
  /** Called after every merge, and waited for; nobody is told by default. */
  readonly onProgress?: (step: MergeStep) => void;
}

const nonEmpty: Check<string> = {
  must: "a text of at least one character",
  fits: (value) => string.fits(value) && value !== "",
};

const trainingChecks: Checks<BytePairEncodingOptions> = {
  vocabSize: required(either(integer({ min: FIRST_LETTER + 1, below: MOST_TOKENS }), oneOf(["alphabet"]))),
  level: required(oneOf(["characters", "bytes"])),
  specialTokens: group<Partial<SpecialTokens>>({ pad: nonEmpty, begin: nonEmpty, end: nonEmpty, unknown: nonEmpty }),
  minFrequency: integer(),
  signal: abortSignal,
  onProgress: callback(),
};

// #endregion

/**
 * Learns which neighbouring characters or bytes to join, from texts alone.
 *
 * The vocabulary ends smaller than `vocabSize` when no pair reaches `minFrequency`. A `vocabSize`
 * below the number of characters keeps the most frequent ones. It pauses regularly, so
 * that a page stays responsive.
 *
 * @example
 * ```ts
 * import { trainBytePairEncoding } from "@heed/heed";
 *
 * const encoding = await trainBytePairEncoding(["low lower lowest"], { vocabSize: 270, level: "bytes" });
 * const tokens = encoding.encode("slowest");
 * console.assert(encoding.decode(tokens) === "slowest");
 * ```
 *
 * @param texts documents or sentences; no merge crosses from one into the next
 * @param options vocabulary size, level, and what stops the training
 * @returns the encoding: alphabet and merges, ready to encode and decode
 * @throws {RangeError} if a size or frequency is outside its interval
 * @throws {TypeError} if the texts are no list of strings, or an option is unknown
 * @throws the signal's reason after an abort
 */
export async function trainBytePairEncoding(
  texts: readonly string[],
  options: BytePairEncodingOptions,
): Promise<BytePairEncoding> {
  checkTraining(texts, options);
  const { level, minFrequency = 2, signal, onProgress } = options;
  const specialTokens = specialTokensOf(options);

  const pause = (): Promise<void> => rest(signal);
  const words = await countWords(texts, pause);
  const alphabet = await chooseAlphabet(words, options, pause);
  const tokens = [...SPECIAL_ROLES.map((role) => specialTokens[role]), ...alphabet];
  const maxMerges = options.vocabSize === "alphabet" ? 0 : options.vocabSize - tokens.length;
  const merges: [string, string][] = [];
  // Without merges to learn, there is nothing to count.
  const neighbours = maxMerges > 0 ? await Neighbours.of(words, alphabet, level, pause) : undefined;

  while (merges.length < maxMerges) {
    // $(a^*, b^*)$: the most frequent pair.
    const best = neighbours!.mostFrequent(minFrequency);
    if (!best) break;
    const pair: [string, string] = [tokens[best.left]!, tokens[best.right]!];
    // $\mathcal{V} \leftarrow \mathcal{V} \cup \{a^* b^*\}$
    tokens.push(pair[0] + pair[1]);
    merges.push(pair);
    neighbours!.merge(best.left, best.right, tokens.length - 1);
    await onProgress?.({ merges: merges.length, maxMerges, pair, count: best.count });
    await pause();
  }
  return new BytePairEncoding({ level, specialTokens, alphabet, merges });
}

// #region Words, alphabet and checks
// Words are counted once. Of an alphabet that is too large the most frequent characters stay.

/** Pieces between two questions whether to pause: a few milliseconds. */
const PIECES_AT_ONCE = 4096;

async function countWords(texts: readonly string[], pause: () => Promise<void>): Promise<Map<string, number>> {
  // $c(w)$: how often each word occurs.
  const words = new Map<string, number>();
  let counted = 0;
  await pause();
  for (const text of texts) {
    for (const word of wordsOf(text)) {
      words.set(word, (words.get(word) ?? 0) + 1);
      // Neither a book in one text nor a text for each word keeps the clock waiting, or waits for it at every word.
      if (++counted % PIECES_AT_ONCE === 0) await pause();
    }
  }
  return words;
}

async function chooseAlphabet(
  words: ReadonlyMap<string, number>,
  options: BytePairEncodingOptions,
  pause: () => Promise<void>,
): Promise<string[]> {
  if (options.level === "bytes") return [...LETTERS].sort(byCodePoint);
  const counts = new Map<string, number>();
  let counted = 0;
  for (const [word, count] of words) {
    for (const letter of word) counts.set(letter, (counts.get(letter) ?? 0) + count);
    if (++counted % PIECES_AT_ONCE === 0) await pause();
  }
  const room = options.vocabSize === "alphabet" ? counts.size : options.vocabSize - FIRST_LETTER;
  const byFrequency = [...counts].sort((a, b) => b[1] - a[1] || byCodePoint(a[0], b[0]));
  return byFrequency.slice(0, room).map(([letter]) => letter).sort(byCodePoint);
}

function checkTraining(texts: readonly string[], options: BytePairEncodingOptions): void {
  if (!Array.isArray(texts) || ![...texts].every((text) => typeof text === "string")) {
    throw new TypeError(`Cannot train byte-pair encoding on ${describe(texts)}: texts must be a list of strings`);
  }
  checkOptions("train byte-pair encoding", options, trainingChecks);
  const { vocabSize, level } = options;
  if (level === "bytes" && typeof vocabSize === "number" && vocabSize < FIRST_LETTER + 256) {
    throw new RangeError(
      `Cannot train byte-pair encoding with vocabSize = ${vocabSize}: at level bytes it must be at least 260`,
    );
  }
  const fault = specialTokenFault(specialTokensOf(options));
  if (fault) throw new TypeError(`Cannot train byte-pair encoding: ${fault}`);
}

/** All four; one that is undefined counts as not given. */
function specialTokensOf({ specialTokens: given = {} }: BytePairEncodingOptions): SpecialTokens {
  const { pad, begin, end, unknown } = DEFAULT_SPECIAL_TOKENS;
  return {
    pad: given.pad ?? pad,
    begin: given.begin ?? begin,
    end: given.end ?? end,
    unknown: given.unknown ?? unknown,
  };
}

// #endregion

// ## Exercise
//
// The words are *banana* 3 times and *bandana* 2 times. Which are the first three merges? Count by hand before you run the program.
//
// **Hint.** In *banana* `a` and `n` stand side by side twice. Count again after each merge: the neighbours are others.
//
// **Solution.** `an` comes first. Then `b an` and `an a` are equally frequent, and the left token of the first one is older: `ban`. After it only `an a` is left
// in both words, and becomes `ana`.
//
// ```ts
// import { plainMerges } from "@heed/heed/words";
//
// for (const pair of plainMerges(new Map([["banana", 3], ["bandana", 2]]), 3)) console.log(pair.join(" + "));
// ```
//
// ```text
// a + n
// b + an
// an + a
// ```
