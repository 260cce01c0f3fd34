/**
 * # From text to tokens and back
 *
 * **Question.** The merges are learned. How is a text that nobody has seen cut with them, so that it comes out as the
 * training would have left it, and how do tokens become text again while they are still arriving?
 *
 * **Idea.** Replay. The merges run over the new text in the order they were learned; among the places of one merge the
 * leftmost comes first. A token's id grows with the step that made it, so the next merge is the one with the smallest
 * result, and a [queue](../../engine/heap.ts) finds it without looking at the whole word again. The way back is
 * simpler: join the texts of the tokens. Only bytes need care, because a token may end inside a character.
 *
 * @module
 */

import { checkText, checkTokens, checkTokenStream } from "../../engine/arguments.ts";
import { checkOptions, type Checks, needing, numeric } from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { aRandom, type Random } from "../../engine/random.ts";
import { splitSpecialTokens } from "../before_tokens/special_tokens.ts";
import {
  type DecodeOptions,
  encodeChecks as tokenizerChecks,
  type EncodeOptions,
  type TextToken,
  type TokenBytes,
  type Tokenizer,
  withSpecialTokens,
} from "../before_tokens/tokenizer.ts";
import { gpt2Pattern } from "../before_tokens/patterns.ts";
import { Trie } from "../before_tokens/trie.ts";
import {
  type BytePairEncodingData,
  type BytePairEncodingFile,
  describe,
  FIRST_LETTER,
  FORMAT,
  pairKey,
  readFile,
  readTokens,
  SPECIAL_ROLES,
  type SpecialTokens,
  UNKNOWN,
} from "./data.ts";
import { type BytePairLevel, toBytes, toLetters, utf8 } from "./letters.ts";
import { type RankOf, replayMerges } from "./replay.ts";

const MAX_REMEMBERED = 2 ** 15;

/** How {@linkcode BytePairEncoding.encode} reads a text; BPE dropout is for training. */
export interface BytePairEncodeOptions extends EncodeOptions {
  /** Probability with which a step passes a possible merge over; 0 by default. */
  readonly dropout?: number | undefined;
  /** Where chance comes from, which `dropout` needs; none by default. */
  readonly random?: Random | undefined;
}

const encodeChecks: Checks<BytePairEncodeOptions> = {
  ...tokenizerChecks,
  dropout: needing("random", numeric({ min: 0, max: 1 })),
  random: needing("dropout", aRandom),
};

/**
 * A vocabulary of subwords, with the way from text to token ids and back.
 *
 * At the level of bytes, `decode(encode(text))` is `text`, for every string; only half surrogate
 * pairs, which UTF-8 cannot express, come back as U+FFFD. At the level of characters the same holds
 * for texts over the alphabet.
 *
 * Special tokens are read from a text only if that is asked for: `encode("<end>")` spells the five characters.
 */
export class BytePairEncoding implements Tokenizer {
  /** What the smallest tokens are. */
  readonly level: BytePairLevel;
  /** The text of every token, by id; bytes in GPT-2's letters. */
  readonly tokens: readonly string[];
  /** The pairs that were joined, in the order they were learned. */
  readonly merges: readonly (readonly [string, string])[];
  /** Id of the token that fills short rows of a batch. */
  readonly padToken = 0;
  /** Id of the token before the first one of a target. */
  readonly beginToken = 1;
  /** Id of the token after the last one of a target. */
  readonly endToken = 2;
  /** Id of the token for characters outside the alphabet. */
  readonly unknownToken = 3;
  /** The ids of the four tokens that no text contains, by what they are called. */
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly #roles: SpecialTokens;
  readonly #special: Trie;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #letters: ReadonlyMap<string, number>;
  readonly #joined: ReadonlyMap<number, number>;
  readonly #rankOf: RankOf = (left, right) => this.#joined.get(pairKey(left, right)) ?? -1;
  readonly #remembered = new Map<string, readonly number[]>();

  /**
   * Builds an encoding from its alphabet and merges.
   *
   * @param data as {@linkcode trainBytePairEncoding} learns it or a file holds it
   * @throws {SyntaxError} if a token is missing, doubled or malformed
   */
  constructor(data: BytePairEncodingData) {
    const { ids, joined } = readTokens(readFile({ format: FORMAT, ...data }));
    this.level = data.level;
    this.#roles = { ...data.specialTokens };
    this.specialTokens = new Map(SPECIAL_ROLES.map((role, id) => [data.specialTokens[role], id]));
    this.#special = new Trie(this.specialTokens);
    this.#ids = ids;
    this.#letters = new Map(data.alphabet.map((letter) => [letter, ids.get(letter)!]));
    this.#joined = joined;
    this.tokens = [...SPECIAL_ROLES.map((role) => data.specialTokens[role]), ...ids.keys()];
    this.merges = data.merges.map(([left, right]) => [left, right]);
  }

  /** How many tokens there are, the special ones included. */
  get vocabSize(): number {
    return this.tokens.length;
  }

  /** The id of a token as {@linkcode tokens} writes it; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    return this.specialTokens.get(token) ?? this.#ids.get(token);
  }

  /**
   * Cuts a text into tokens by replaying the merges in the order they were learned.
   *
   * Takes $O(n \log n)$ time for a word of $n$ characters, whatever the word. With a `dropout` the result is
   * one of many ways to cut the text, drawn anew each time (Provilkov, Emelianenko and Voita 2020).
   *
   * @param text any string
   * @param options how often merges are passed over, where chance comes from, and whether special tokens are recognized
   * @returns ids of the tokens, without begin and end
   * @throws {TypeError} if it is no string, or an option lacks the other
   * @throws {RangeError} if the dropout is outside [0, 1]
   */
  encode(text: string, options: BytePairEncodeOptions = {}): number[] {
    const ids: number[] = [];
    this.#read(text, options, (piece) => {
      for (const id of piece) ids.push(id);
    });
    return ids;
  }

  /**
   * Cuts a text into tokens, and says where each stands in the text.
   *
   * @param text any string
   * @param options how often merges are passed over, where chance comes from, and whether special tokens are recognized
   * @returns tokens; at the level of bytes those of one character have the range of the character
   * @throws {TypeError} if it is no string
   */
  tokenize(text: string, options: BytePairEncodeOptions = {}): TextToken[] {
    const found: TextToken[] = [];
    this.#read(text, options, (ids, from, to, isSpecial) => {
      if (isSpecial) found.push({ id: ids[0]!, token: this.tokens[ids[0]!]!, start: from, end: to });
      else this.#locate(ids, text.slice(from, to), from, found);
    });
    return found;
  }

  /**
   * Joins tokens to a text again.
   *
   * Pad, begin and end vanish unless they are asked for; the unknown token and bytes that are no UTF-8 become U+FFFD (�).
   *
   * @param ids tokens of this vocabulary
   * @param options whether special tokens are written
   * @returns the text
   * @throws {RangeError} if an id is not in the vocabulary
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    checkTokens("decode", ids);
    const withSpecial = withSpecialTokens("decode", options);
    const letters = Array.from(ids, (id) => this.#lettersOf(id, withSpecial)).join("");
    return this.level === "bytes" ? utf8().decode(toBytes(letters)) : letters;
  }

  /**
   * Turns tokens into text while they arrive; a character comes once all its bytes are there.
   *
   * @param ids tokens of this vocabulary, as a generation streams them
   * @param options whether special tokens are written
   * @returns pieces of text that join to what {@linkcode decode} returns
   * @throws {RangeError} if an id is not in the vocabulary
   */
  async *decodeStream(
    ids: AsyncIterable<number> | Iterable<number>,
    options: DecodeOptions = {},
  ): AsyncGenerator<string> {
    checkTokenStream("decode", ids);
    const withSpecial = withSpecialTokens("decode", options), decoder = utf8();
    for await (const id of ids) {
      await rest();
      const letters = this.#lettersOf(id, withSpecial);
      const text = this.level === "bytes" ? decoder.decode(toBytes(letters), { stream: true }) : letters;
      if (text !== "") yield text;
    }
    const last = decoder.decode();
    if (last !== "") yield last;
  }

  /** What each token adds to a text; the four special ones add nothing. */
  tokenBytes(): TokenBytes {
    const bytes = this.tokens.map((token, id) => {
      if (id < FIRST_LETTER) return undefined;
      return this.level === "bytes" ? toBytes(token) : new TextEncoder().encode(token);
    });
    return { first: bytes, later: bytes, restarts: new Set() };
  }

  /** The encoding as plain data for a JSON file. */
  toJSON(): BytePairEncodingFile {
    const alphabet = [...this.#letters.keys()];
    return { format: FORMAT, level: this.level, specialTokens: this.#roles, alphabet, merges: this.merges };
  }

  /**
   * Reads what {@linkcode toJSON} wrote, and trusts none of it.
   *
   * @param data parsed JSON
   * @returns the encoding
   * @throws {SyntaxError} if a field is missing, unknown or malformed
   */
  static fromJSON(data: unknown): BytePairEncoding {
    return new BytePairEncoding(readFile(data));
  }

  /** Hands on the tokens of each piece, with its range. */
  #read(
    text: string,
    options: BytePairEncodeOptions,
    found: (ids: readonly number[], start: number, end: number, isSpecial: boolean) => void,
  ): void {
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${describe(text)}: text must be a string`);
    checkOptions("encode", options, encodeChecks);
    const { specialTokens = false, dropout = 0, random } = options;
    const draw = random && dropout > 0
      ? (word: string) =>
        replayMerges(this.#symbolsOf(word), this.#rankOf, { isDropped: () => random.next() < dropout }).ids
      : undefined;
    const cut = (from: number, to: number): void => {
      const part = text.slice(from, to);
      for (let start = 0; start < part.length;) {
        const end = gpt2Pattern.end(part, start), word = part.slice(start, end);
        const ids = draw?.(word) ?? this.#remembered.get(word) ?? this.#encodeWord(word);
        found(ids, from + start, from + end, false);
        start = end;
      }
    };
    if (!specialTokens) return cut(0, text.length);
    for (const { start, end, id } of splitSpecialTokens(text, this.#special)) {
      if (id === undefined) cut(start, end);
      else found([id], start, end, true);
    }
  }

  /** Adds the tokens of a piece with their ranges. */
  #locate(ids: readonly number[], piece: string, offset: number, found: TextToken[]): void {
    const ends = unitEnds(piece, this.level);
    let read = 0;
    for (const id of ids) {
      const token = this.tokens[id]!, start = read;
      read += id === UNKNOWN ? 1 : this.level === "bytes" ? token.length : Array.from(token).length;
      found.push({ id, token, start: offset + startOf(ends, start), end: offset + ends[read - 1]! });
    }
  }

  #lettersOf(id: number, withSpecial: boolean): string {
    const token = typeof id === "number" ? this.tokens[id] : undefined;
    if (token === undefined) {
      throw new RangeError(`Cannot decode token ${describe(id)}: ids must be integers in [0, ${this.vocabSize})`);
    }
    if (id >= FIRST_LETTER) return token;
    if (id === UNKNOWN && !withSpecial) return toLetters("\uFFFD", this.level).join("");
    return withSpecial ? toLetters(token, this.level).join("") : "";
  }

  #symbolsOf(word: string): Int32Array {
    return Int32Array.from(toLetters(word, this.level), (letter) => this.#letters.get(letter) ?? UNKNOWN);
  }

  #encodeWord(word: string): readonly number[] {
    const symbols = this.#symbolsOf(word), length = symbols.length, { ids } = replayMerges(symbols, this.#rankOf);
    // Words repeat: remembering the short ones makes most of a text a look-up. The memory stays bounded.
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    if (length <= 32) this.#remembered.set(word, ids);
    return ids;
  }
}

/** For each letter of a piece, where the character ends to which it belongs. */
function unitEnds(piece: string, level: BytePairLevel): number[] {
  const ends: number[] = [];
  let end = 0;
  for (const letter of piece) {
    end += letter.length;
    const point = letter.codePointAt(0)!;
    const size = level === "characters" || point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (let i = 0; i < size; i++) ends.push(end);
  }
  return ends;
}

/** Where the character begins to which a letter belongs. */
function startOf(ends: readonly number[], letter: number): number {
  let before = letter - 1;
  while (before >= 0 && ends[before] === ends[letter]) before--;
  return before < 0 ? 0 : ends[before]!;
}

// ## Pitfall: the longest token is not the next one
//
// Taking from the left the longest token that fits looks equivalent and is not: the merges
// decide, not the lengths. With the merges `b c` and then `a b`, the word `abc` is `a bc`,
// because `b c` was learned first; the greedy reader finds `ab c`, a sequence that never occurred
// in training. The test "encode() follows the order of the merges, not the length of the tokens"
// fails with it.

// ## Pitfall: half a character
//
// A token of bytes may end inside a character: 学 is three bytes, and a merge may have joined two
// of them to what stood before. Decoding token by token, and joining the texts, turns such
// characters into �. All bytes are joined first, or held back, as `decodeStream` does; the test
// "decodeStream() yields whole characters only" shows both ways.
