/**
 * # Learning word pieces
 *
 * **Question.** Byte-pair encoding joins the pair that is seen most often. *e* and *d* stand side by side often because both are frequent. Which
 * pair belongs together?
 *
 * **Idea.** The one that is seen together more often than its parts would meet by chance. Its count is divided by the counts of both: of all pairs,
 * that one is joined which raises the likelihood of the texts most, if each token is as probable as it is frequent.
 *
 * **Formula.** With $n(a)$ the number of tokens $a$ in the words, each counted as often as its word occurs, and $n(ab)$ the number of places
 * where $b$ follows $a$,
 *
 * $$(a^*, b^*) = \arg\max_{(a, b)} \frac{n(ab)}{n(a)\, n(b)}$$
 *
 * | symbol  | in code     | meaning                                  |
 * | ------- | ----------- | ---------------------------------------- |
 * | $n(a)$  | `tokenCounts` | how often a token stands in the words  |
 * | $n(ab)$ | `pairCounts`  | how often two stand side by side       |
 *
 * **Why a smallest count.** Two tokens that are seen once, and together, have the largest ratio that there is. Without `minFrequency` the
 * vocabulary begins with the rarest words.
 *
 * **Why a queue needs care.** In byte-pair encoding counts only fall, and a queue corrects a stale count when it surfaces. Here a join makes its two
 * parts rarer, and the ratios of all other pairs with them rise: those pairs are put into the queue again.
 *
 * @module
 */

import { checkList } from "../../engine/arguments.ts";
import { Heap } from "../../engine/heap.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  integer,
  object,
  required,
  string,
} from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { AlignedText } from "./aligned_text.ts";
import { wordPieceDecoder } from "./decoders.ts";
import { bertNormalizer } from "./normalizers.ts";
import { TokenizerPipeline } from "./pipeline.ts";
import type { Normalizer, PreTokenizer } from "./pre_tokenizer.ts";
import { bertPreTokenizer } from "./pre_tokenizers.ts";
import { WordPiece } from "./word_piece.ts";

/** One step of the training, as `onProgress` receives it. */
export interface WordPieceStep {
  /** How many tokens there are, this one included. */
  readonly tokens: number;
  /** How many there will be at most. */
  readonly maxTokens: number;
  /** The two tokens that become one. */
  readonly pair: readonly [string, string];
  /** How often they stood side by side. */
  readonly count: number;
  /** That count, divided by the counts of both. */
  readonly ratio: number;
}

/** How {@linkcode trainWordPiece} builds its vocabulary. */
export interface WordPieceTrainingOptions {
  /** Tokens to end with, the special ones included; letters are kept, however many there are. */
  readonly vocabSize: number;
  /** Joins no pair that occurs less often than this, at least 1; 2 by default. */
  readonly minFrequency?: number | undefined;
  /** Changes the texts first; {@linkcode bertNormalizer} by default. */
  readonly normalizer?: Normalizer | undefined;
  /** Cuts the texts into words; {@linkcode bertPreTokenizer} by default. */
  readonly preTokenizer?: PreTokenizer | undefined;
  /** What marks a token that continues a word; `"##"` by default. */
  readonly prefix?: string | undefined;
  /** Stops the training with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every join, and waited for; nobody is told by default. */
  readonly onProgress?: ((step: WordPieceStep) => void) | undefined;
}

const trainingChecks: Checks<WordPieceTrainingOptions> = {
  vocabSize: required(integer({ min: 6, below: 2 ** 26 })),
  minFrequency: integer(),
  normalizer: object<Normalizer>("a normalizer", (value) => "apply" in value),
  preTokenizer: object<PreTokenizer>("a pre-tokenizer", (value) => "cut" in value),
  prefix: string,
  signal: abortSignal,
  onProgress: callback(),
};

/** BERT's special tokens, in the order of their ids. */
const SPECIAL_TOKENS: readonly string[] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/**
 * Learns word pieces from texts.
 *
 * @example
 * ```ts
 * import { trainWordPiece } from "@heed/heed/words";
 *
 * const tokenizer = await trainWordPiece(["low lower lowest", "new newer newest"], { vocabSize: 40 });
 * console.assert(tokenizer.decode(tokenizer.encode("newest")) === "newest");
 * ```
 *
 * @param texts documents or sentences
 * @param options vocabulary size, what comes before the tokens, and what stops the training
 * @returns a tokenizer like BERT's: normalizer, pre-tokenizer, model and decoder
 * @throws {RangeError} if a size or frequency is outside its interval
 * @throws {TypeError} if the texts are no list of strings, or an option is unknown
 * @throws the signal's reason after an abort
 */
export async function trainWordPiece(
  texts: readonly string[],
  options: WordPieceTrainingOptions,
): Promise<TokenizerPipeline> {
  checkList("train word pieces", "texts", texts, "strings", (text) => typeof text === "string");
  checkOptions("train word pieces", options, trainingChecks);
  const { vocabSize, minFrequency = 2, prefix = "##", signal, onProgress } = options;
  const { normalizer = bertNormalizer(), preTokenizer = bertPreTokenizer } = options;
  const pause = (): Promise<void> => rest(signal);
  const counts = await countPieces(texts, normalizer, preTokenizer, pause);
  const words = new Joining(counts, prefix, minFrequency);
  while (words.tokens.length + SPECIAL_TOKENS.length < vocabSize) {
    const best = words.best(); // $(a^*, b^*)$
    if (!best) break;
    const pair: [string, string] = [words.tokens[best.left]!, words.tokens[best.right]!];
    words.join(best);
    const tokens = words.tokens.length + SPECIAL_TOKENS.length;
    await onProgress?.({ tokens, maxTokens: vocabSize, pair, count: best.count, ratio: best.ratio });
    await pause();
  }
  const special = new Set(SPECIAL_TOKENS);
  const tokens = [...SPECIAL_TOKENS, ...words.tokens.filter((token) => !special.has(token))];
  return new TokenizerPipeline({
    normalizer,
    preTokenizer,
    model: new WordPiece(tokens, { prefix }),
    decoder: wordPieceDecoder({ prefix }),
    specialTokens: SPECIAL_TOKENS,
    roles: { pad: "[PAD]", unknown: "[UNK]", begin: "[CLS]", end: "[SEP]" },
  });
}

/** Pieces between two questions whether to pause. */
const PIECES_AT_ONCE = 4096;

/** Counts the pieces of texts, which are changed and cut. */
export async function countPieces(
  texts: readonly string[],
  normalizer: Normalizer | undefined,
  preTokenizer: PreTokenizer,
  pause: () => Promise<void>,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let counted = 0;
  await pause();
  for (const text of texts) {
    const given = AlignedText.of(text), changed = normalizer ? normalizer.apply(given) : given;
    if (changed.text === "") continue;
    for (const { text: piece } of preTokenizer.cut(changed)) {
      counts.set(piece, (counts.get(piece) ?? 0) + 1);
      if (++counted % PIECES_AT_ONCE === 0) await pause();
    }
  }
  return counts;
}

/** A pair of tokens as it was when it was put into the queue. */
interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly count: number;
  readonly ratio: number;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.ratio !== b.ratio) return a.ratio > b.ratio;
  if (a.count !== b.count) return a.count > b.count;
  return a.left < b.left || a.left === b.left && a.right < b.right;
}

const SIZE = 2 ** 26;
const keyOf = (left: number, right: number): number => left * SIZE + right;

// #region Words, and the counts of their pairs
// A join visits the words that hold the pair and no others. A word that a later join has changed is found in a list and holds the pair no more.

/** The words of the texts as lists of tokens, and the counts of tokens and pairs. */
class Joining {
  /** The tokens, letters first. */
  readonly tokens: string[] = [];
  readonly #words: { symbols: number[]; readonly count: number }[] = [];
  readonly #tokenCounts: number[] = [];
  readonly #pairCounts = new Map<number, number>();
  readonly #places = new Map<number, Set<number>>();
  readonly #partners: Set<number>[] = [];
  readonly #ids = new Map<string, number>();
  readonly #prefix: string;
  readonly #minFrequency: number;
  #queue = new Heap<Candidate>(isBetter);

  constructor(counts: ReadonlyMap<string, number>, prefix: string, minFrequency: number) {
    this.#prefix = prefix;
    this.#minFrequency = minFrequency;
    const spelled = [...counts].map(([word, count]) =>
      [Array.from(word, (letter, i) => i === 0 ? letter : prefix + letter), count] as const
    );
    const letters = [...new Set(spelled.flatMap(([letters]) => letters))].sort((a, b) => a < b ? -1 : 1);
    for (const letter of letters) this.#add(letter);
    for (const [letters, count] of spelled) {
      this.#words.push({ symbols: letters.map((letter) => this.#ids.get(letter)!), count });
      this.#count(this.#words.length - 1, 1);
    }
    for (const key of this.#pairCounts.keys()) this.#enqueue(key);
  }

  /** The pair with the largest ratio; undefined if none is frequent enough. */
  best(): Candidate | undefined {
    for (let top = this.#queue.pop(); top; top = this.#queue.pop()) {
      const now = this.#candidate(keyOf(top.left, top.right));
      if (now && now.ratio === top.ratio && now.count === top.count) return top;
    }
    return undefined;
  }

  /** Joins a pair in all words. */
  join({ left, right }: Candidate): void {
    const joined = this.#add(this.tokens[left]! + this.tokens[right]!.slice(this.#prefix.length));
    const key = keyOf(left, right), changed = new Set<number>();
    for (const place of this.#places.get(key) ?? []) {
      const word = this.#words[place]!, symbols: number[] = [];
      for (let i = 0; i < word.symbols.length; i++) {
        const joins = word.symbols[i] === left && word.symbols[i + 1] === right;
        symbols.push(joins ? joined : word.symbols[i]!);
        if (joins) i++;
      }
      if (symbols.length === word.symbols.length) continue;
      this.#count(place, -1);
      word.symbols = symbols;
      this.#count(place, 1);
      for (let i = 1; i < symbols.length; i++) changed.add(keyOf(symbols[i - 1]!, symbols[i]!));
    }
    this.#places.delete(key);
    // The two parts became rarer, and every ratio with them larger.
    for (const part of [left, right, joined]) for (const pair of this.#partners[part]!) changed.add(pair);
    for (const pair of changed) this.#enqueue(pair);
  }

  /** Adds a token, or finds the one of that text. */
  #add(token: string): number {
    let id = this.#ids.get(token);
    if (id === undefined) {
      this.#ids.set(token, id = this.tokens.length);
      this.tokens.push(token);
      this.#tokenCounts.push(0);
      this.#partners.push(new Set());
    }
    return id;
  }

  /** Adds the tokens and pairs of a word to the counts, or takes them away. */
  #count(place: number, sign: 1 | -1): void {
    const { symbols, count } = this.#words[place]!, weight = sign * count;
    for (let i = 0; i < symbols.length; i++) {
      const right = symbols[i]!;
      this.#tokenCounts[right]! += weight;
      if (i === 0) continue;
      const left = symbols[i - 1]!, key = keyOf(left, right), sum = (this.#pairCounts.get(key) ?? 0) + weight;
      if (sum === 0) this.#forget(key, left, right);
      else this.#pairCounts.set(key, sum);
      if (sign < 0) continue;
      this.#partners[left]!.add(key);
      this.#partners[right]!.add(key);
      const places = this.#places.get(key);
      if (places) places.add(place);
      else this.#places.set(key, new Set([place]));
    }
  }

  #forget(key: number, left: number, right: number): void {
    this.#pairCounts.delete(key);
    this.#partners[left]!.delete(key);
    this.#partners[right]!.delete(key);
  }

  #candidate(key: number): Candidate | undefined {
    const count = this.#pairCounts.get(key) ?? 0;
    if (count < this.#minFrequency) return undefined;
    const right = key % SIZE, left = (key - right) / SIZE;
    return { left, right, count, ratio: count / (this.#tokenCounts[left]! * this.#tokenCounts[right]!) };
  }

  #enqueue(key: number): void {
    const candidate = this.#candidate(key);
    if (candidate) this.#queue.push(candidate);
    // Most of a queue that has grown too long is stale.
    if (this.#queue.size > 64 + 4 * this.#pairCounts.size) this.#rebuild();
  }

  #rebuild(): void {
    const all = Array.from(this.#pairCounts.keys(), (key) => this.#candidate(key)).filter((one) => one !== undefined);
    this.#queue = new Heap<Candidate>(isBetter, all);
  }
}

// #endregion
