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
 * **What it improves on.** A vocabulary of whole words gives every word a token of its own. The first
 * layer then learns only which word it is: a list of zeros with a single 1 at the word's index,
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
 * | $\arg\max$    | `mostFrequent()` | the pair with the largest sum, from a priority queue |
 * | $\mathcal{V}$ | `tokens`         | the set of tokens; `vocabSize` is their number       |
 *
 * **Ties.** Of equally frequent pairs the one with the older left token is merged, then the one
 * with the older right token; a token's age is its id, and single characters are numbered by code
 * point. The merges therefore depend on the counts alone: shuffling the texts changes nothing.
 *
 * **Why the counts are never taken twice.** Counting afresh for every merge reads the corpus
 * (语料) thousands of times. But a merge changes only its own neighbourhood: in `x a b y` the pairs
 * `x a` and `b y` occur once less, and `x ab` and `ab y` once more. Remembering the positions of every
 * pair makes the cost of a merge proportional to what it changes, and a queue that corrects stale
 * counts when they surface finds the next pair without a search.
 *
 * **Characters or bytes.** `level: "characters"` starts from the characters that occur in the
 * texts; an unseen one becomes the unknown token. `level: "bytes"` starts from the 256 bytes of
 * UTF-8, so that no token is ever unknown. A byte is written as one visible letter (a space as
 * `Ġ`), in the alphabet and order of GPT-2.
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
 * every word a token has lost the relation that was wanted. The reading below the figures gives both
 * numbers, and which of the subwords of [the notes](notes:004.16) the corpus makes.
 *
 * @module
 */

import {
  abortSignal,
  callback,
  type Check,
  checkOptions,
  type Checks,
  either,
  group,
  integer,
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
import { PIECE } from "./pieces.ts";

export { splitWords } from "./pieces.ts";
export type { BytePairLevel } from "./letters.ts";
export { type BytePairEncodeOptions, BytePairEncoding } from "./encoding.ts";
export type { BytePairEncodingData, BytePairEncodingFile, SpecialTokens } from "./data.ts";

// ## Learning the merges

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
    const best = neighbours!.mostFrequent(minFrequency); // $(a^*, b^*)$
    if (!best) break;
    const pair: [string, string] = [tokens[best.left]!, tokens[best.right]!];
    tokens.push(pair[0] + pair[1]); // $\mathcal{V} \leftarrow \mathcal{V} \cup \{a^* b^*\}$
    merges.push(pair);
    neighbours!.merge(best.left, best.right, tokens.length - 1);
    await onProgress?.({ merges: merges.length, maxMerges, pair, count: best.count });
    await pause();
  }
  return new BytePairEncoding({ level, specialTokens, alphabet, merges });
}

/** Pieces between two questions whether to pause: a few milliseconds. */
const PIECES_AT_ONCE = 4096;

async function countWords(texts: readonly string[], pause: () => Promise<void>): Promise<Map<string, number>> {
  const words = new Map<string, number>(); // $c(w)$
  let counted = 0;
  await pause();
  for (const text of texts) {
    for (const [word] of text.matchAll(PIECE)) {
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

// ## Exercise
//
// 1. Train on one text with vocabulary sizes of 300, 1,000 and 5,000 at the level of bytes, and
//    divide the number of bytes by the number of tokens. Why does the gain per added token fall?
// 2. Replace ` ?\p{L}+` in `PIECE` ([pieces](pieces.ts)) by `\p{L}+`. Predict what happens to the number of tokens per
//    sentence, then measure.
