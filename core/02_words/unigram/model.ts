/**
 * # From text to pieces and back
 *
 * **Question.** The pieces and their probabilities are learned. What can a text be asked?
 *
 * **Idea.** Everything that a probability over segmentations answers: the most probable segmentation, the next ones, one by chance, and
 * the probability of the text over all of them. All four walk the same [lattice](lattice.ts).
 *
 * **Formula.** A segmentation $s$ of a text $X$ is drawn with a probability proportional to its own, $P(s)$, to the power of $\alpha$:
 *
 * $$P_\alpha(s \mid X) = \frac{P(s)^\alpha}{\sum_{s' \in S(X)} P(s')^\alpha}$$
 *
 * | symbol   | in code          | meaning                                                                       |
 * | -------- | ---------------- | ----------------------------------------------------------------------------- |
 * | $X$      | `text`           | what is cut                                                                   |
 * | $P(s)$   | `logProbability` | its logarithm: the sum of the scores of the pieces                            |
 * | $\alpha$ | `alpha`          | 0 draws all ways equally often, 1 as the model has them, more the best ones |
 *
 * **Spaces.** A space is a character like others, and shows as `▁` in a piece. One is put in front of a text, so that a word is the
 * same at its start and inside, and is taken away again by `decode`. A `▁` in the text itself is an unknown character: it must not become
 * a space on the way back. SentencePiece takes the two for the same.
 *
 * **Unknown characters.** A run of them is one unknown token. With `byteFallback` each is spelled by the tokens of its bytes in UTF-8, `<0xE2>` and
 * so on, and `decode(encode(text))` is `text` for every string without half surrogate pairs.
 *
 * @module
 */

import { checkText, checkTokens, checkTokenStream } from "../../engine/arguments.ts";
import { checkOptions, type Checks, checkValue, integer, needing, numeric } from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { aRandom, checkRandom, type Random } from "../../engine/random.ts";
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
import { Trie } from "../before_tokens/trie.ts";
import { utf8 } from "../byte_pair_encoding/letters.ts";
import {
  BYTES,
  describe,
  FIRST_PIECE,
  FORMAT,
  readFile,
  SPACE_SIGN,
  SPECIAL_ROLES,
  type UnigramData,
  type UnigramFile,
  UNKNOWN,
} from "./data.ts";
import { Lattice, NO_PIECE, type Path, ScoredPieces } from "./lattice.ts";

/** A way to cut a text. */
export interface Segmentation {
  /** Ids of the tokens. */
  readonly tokens: readonly number[];
  /** Their texts; a space is `▁`. */
  readonly pieces: readonly string[];
  /** Sum of the logarithms of the probabilities of the pieces. */
  readonly logProbability: number;
}

/** How {@linkcode Unigram.encode} reads a text; subword regularization is for training. */
export interface UnigramEncodeOptions extends EncodeOptions {
  /** Power of the probabilities that are drawn from: 0 draws all ways equally often; none are drawn by default. */
  readonly alpha?: number | undefined;
  /** Where chance comes from, which `alpha` needs; none by default. */
  readonly random?: Random | undefined;
}

/** How {@linkcode Unigram.sample} draws. */
export interface UnigramSampleOptions {
  /** Power of the probabilities that are drawn from, at least 0; 1 by default. */
  readonly alpha?: number | undefined;
}

const alphaCheck = numeric({ min: 0, below: Infinity });
const encodeChecks: Checks<UnigramEncodeOptions> = {
  ...tokenizerChecks,
  alpha: needing("random", alphaCheck),
  random: needing("alpha", aRandom),
};
const sampleChecks: Checks<UnigramSampleOptions> = { alpha: alphaCheck };
/** The longest text whose lattice stays in memory, in code units. */
const SHORT = 2 ** 10;

const countCheck = integer({ min: 1, max: 2 ** 16 });

/**
 * A vocabulary of pieces with probabilities, with the way from text to token ids and back.
 *
 * Special tokens are read from a text only if that is asked for: `encode("<end>")` spells the five characters.
 */
export class Unigram implements Tokenizer {
  /** The text of every token, by id; a space is `▁`, a byte `<0xE2>`. */
  readonly tokens: readonly string[];
  /** Logarithm of the probability of each token; 0 for special tokens and bytes. */
  readonly scores: readonly number[];
  /** Whether an unknown character is spelled by tokens of bytes. */
  readonly byteFallback: boolean;
  /** Whether a space is put in front of a text. */
  readonly prefixSpace: boolean;
  /** Id of the token that fills short rows of a batch. */
  readonly padToken = 0;
  /** Id of the token before the first one of a target. */
  readonly beginToken = 1;
  /** Id of the token after the last one of a target. */
  readonly endToken = 2;
  /** Id of the token for characters of no piece. */
  readonly unknownToken = 3;
  /** The ids of the four tokens that no text contains, by what they are called. */
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly #special: Trie;
  #ids: ReadonlyMap<string, number> | undefined;
  readonly #data: UnigramData;
  readonly #model: ScoredPieces;
  /** For short texts, whose lattices use one memory. */
  readonly #short: Lattice;
  /** Id of the first piece, behind special tokens and bytes. */
  readonly #first: number;

  /**
   * Builds a vocabulary from pieces and scores.
   *
   * @param data as {@linkcode trainUnigram} learns it or a file holds it
   * @throws {SyntaxError} if a piece is doubled or malformed, or a field is missing
   */
  constructor(data: UnigramData) {
    this.#data = readFile({ format: FORMAT, ...data });
    const { pieces, specialTokens, byteFallback, prefixSpace, unknownPenalty } = this.#data;
    const bytes = byteFallback ? Array.from({ length: BYTES }, (_, byte) => byteName(byte)) : [];
    this.specialTokens = new Map(SPECIAL_ROLES.map((role, id) => [specialTokens[role], id]));
    this.#special = new Trie(this.specialTokens);
    this.#first = FIRST_PIECE + bytes.length;
    this.byteFallback = byteFallback;
    this.prefixSpace = prefixSpace;
    this.tokens = [...SPECIAL_ROLES.map((role) => specialTokens[role]), ...bytes, ...pieces.map(([piece]) => piece)];
    this.scores = [...Array<number>(this.#first).fill(0), ...pieces.map(([, score]) => score)];
    this.#model = new ScoredPieces(
      pieces.map(([piece]) => piece.replaceAll(SPACE_SIGN, " ")),
      pieces.map(([, score]) => score),
      unknownPenalty,
    );
    this.#short = new Lattice(this.#model);
  }

  /** How many tokens there are, the special ones included. */
  get vocabSize(): number {
    return this.tokens.length;
  }

  /** The id of a token as {@linkcode tokens} writes it; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    // Of equal names the special token is meant: it comes last here, and so stays.
    this.#ids ??= new Map(this.tokens.map((token, id): [string, number] => [token, id]).reverse());
    return this.#ids.get(token);
  }

  /**
   * Cuts a text the most probable way, or with `alpha` by chance.
   *
   * Takes $O(nL)$ time for $n$ characters and pieces of up to $L$, whatever the text.
   *
   * @param text any string
   * @param options the power that is drawn by, where chance comes from, and whether special tokens are recognized
   * @returns ids of the tokens, without begin and end
   * @throws {TypeError} if it is no string, or an option lacks the other
   * @throws {RangeError} if the power is below 0
   */
  encode(text: string, options: UnigramEncodeOptions = {}): number[] {
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${describe(text)}: text must be a string`);
    checkOptions("encode", options, encodeChecks);
    if (options.specialTokens) return this.tokenize(text, options).map(({ id }) => id);
    const whole = this.#prepared(text);
    return this.#tokensOf(this.#path(whole, options), whole);
  }

  /**
   * Cuts a text as {@linkcode encode} does, and says where each token stands in it.
   *
   * @param text any string
   * @param options the power that is drawn by, where chance comes from, and whether special tokens are recognized
   * @returns tokens; those of the bytes of one character have the range of the character
   * @throws {TypeError} if it is no string, or an option lacks the other
   * @throws {RangeError} if the power is below 0
   */
  tokenize(text: string, options: UnigramEncodeOptions = {}): TextToken[] {
    if (typeof text !== "string") throw new TypeError(`Cannot encode ${describe(text)}: text must be a string`);
    checkOptions("encode", options, encodeChecks);
    const parts = options.specialTokens
      ? splitSpecialTokens(text, this.#special)
      : [{ start: 0, end: text.length, id: undefined }];
    const found: TextToken[] = [];
    for (const { start, end, id } of parts) {
      if (id !== undefined) found.push({ id, token: this.tokens[id]!, start, end });
      else this.#locate(text.slice(start, end), start, options, found);
    }
    return found;
  }

  /**
   * Cuts a text the most probable way, and says how probable that is.
   *
   * @param text any string
   * @returns tokens, their texts, and the sum of their scores
   * @throws {TypeError} if it is no string
   */
  segment(text: string): Segmentation {
    checkText("segment", "text", text);
    const whole = this.#prepared(text);
    return this.#segmentation(this.#model.best(whole), whole);
  }

  /**
   * The most probable ways to cut a text, exactly, best first.
   *
   * @param text any string
   * @param count how many, up to 65,536; fewer come where there are fewer
   * @returns tokens, their texts and scores of each
   * @throws {TypeError} if it is no string
   * @throws {RangeError} if the count is outside its interval
   */
  nBest(text: string, count: number): Segmentation[] {
    checkText("segment", "text", text);
    checkValue("segment", "count", count, countCheck);
    const whole = this.#prepared(text);
    return this.#lattice(whole).nBest(count).map((path) => this.#segmentation(path, whole));
  }

  /**
   * Draws a way to cut a text, in proportion to its probability to the power of `alpha`.
   *
   * @param text any string
   * @param random where chance comes from
   * @param options the power
   * @returns tokens, their texts, and the sum of their scores
   * @throws {TypeError} if it is no string, or `random` is no generator
   * @throws {RangeError} if the power is below 0
   */
  sample(text: string, random: Random, options: UnigramSampleOptions = {}): Segmentation {
    checkText("segment", "text", text);
    checkRandom("segment", random);
    checkOptions("segment", options, sampleChecks);
    const whole = this.#prepared(text);
    return this.#segmentation(this.#lattice(whole).sample(random, options.alpha ?? 1), whole);
  }

  /**
   * The logarithm of the probability of a text, over all ways to cut it.
   *
   * @param text any string
   * @returns the marginal, in nats; 0 for a text of no character
   * @throws {TypeError} if it is no string
   */
  logProbability(text: string): number {
    checkText("score", "text", text);
    return this.#lattice(this.#prepared(text)).forwards();
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
    const withSpecial = withSpecialTokens("decode", options), decoder = new PieceDecoder(this.prefixSpace);
    let text = "";
    for (const id of ids) text += decoder.push(this.#partOf(id, withSpecial));
    return text + decoder.finish();
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
    const withSpecial = withSpecialTokens("decode", options), decoder = new PieceDecoder(this.prefixSpace);
    for await (const id of ids) {
      await rest();
      const text = decoder.push(this.#partOf(id, withSpecial));
      if (text !== "") yield text;
    }
    const last = decoder.finish();
    if (last !== "") yield last;
  }

  /** What each token adds to a text; the four special ones add nothing. */
  tokenBytes(): TokenBytes {
    const utf8 = new TextEncoder();
    const bytesOf = (id: number, isSpaceDue: boolean): Uint8Array | undefined => {
      if (id < FIRST_PIECE) return undefined;
      const part = this.#partOf(id, false);
      if (typeof part === "number") return isSpaceDue && part === 32 ? new Uint8Array() : Uint8Array.of(part);
      return utf8.encode(isSpaceDue && part.startsWith(" ") ? part.slice(1) : part);
    };
    const later = this.tokens.map((_, id) => bytesOf(id, false));
    const first = this.prefixSpace ? this.tokens.map((_, id) => bytesOf(id, true)) : later;
    return { first, later, restarts: new Set() };
  }

  /** The vocabulary as plain data for a JSON file. */
  toJSON(): UnigramFile {
    return { format: FORMAT, ...this.#data };
  }

  /**
   * Reads what {@linkcode toJSON} wrote, and trusts none of it.
   *
   * @param data parsed JSON
   * @returns the vocabulary
   * @throws {SyntaxError} if a field is missing, unknown or malformed
   */
  static fromJSON(data: unknown): Unigram {
    return new Unigram(readFile(data));
  }

  /** Half surrogate pairs cannot be written as UTF-8: they become U+FFFD. */
  #prepared(text: string): string {
    const whole = text.toWellFormed();
    return this.prefixSpace && whole !== "" ? ` ${whole}` : whole;
  }

  #path(whole: string, { alpha, random }: UnigramEncodeOptions): Path {
    return random && alpha !== undefined ? this.#lattice(whole).sample(random, alpha) : this.#model.best(whole);
  }

  /** Adds the tokens of a part of a text with their ranges; a space is put in front of what begins the text. */
  #locate(part: string, offset: number, options: UnigramEncodeOptions, found: TextToken[]): void {
    const whole = offset === 0 ? this.#prepared(part) : part.toWellFormed(), path = this.#path(whole, options);
    const put = whole.length - part.length, place = (at: number): number => offset + Math.max(0, at - put);
    path.ends.forEach((stop, i) => {
      const from = path.ends[i - 1] ?? 0, [start, end] = [place(from), place(stop)], piece = path.pieces[i]!;
      const add = (id: number): void => void found.push({ id, token: this.tokens[id]!, start, end });
      if (piece !== NO_PIECE) return add(this.#first + piece);
      if (this.byteFallback) {
        for (const byte of new TextEncoder().encode(whole.slice(from, stop))) add(FIRST_PIECE + byte);
      } else if (i > 0 && path.pieces[i - 1] === NO_PIECE) found.push({ ...found.pop()!, end });
      else add(UNKNOWN);
    });
  }

  #lattice(whole: string): Lattice {
    return (whole.length <= SHORT ? this.#short : new Lattice(this.#model)).read(whole);
  }

  #segmentation(path: Path, whole: string): Segmentation {
    const tokens = this.#tokensOf(path, whole), ends = this.#ends(path);
    const pieces = this.byteFallback
      ? tokens.map((id) => this.tokens[id]!)
      : ends.map((end, i) => whole.slice(ends[i - 1] ?? 0, end).replaceAll(" ", SPACE_SIGN));
    return { tokens, pieces, logProbability: path.score };
  }

  /** Where the tokens of a path end, if a run of unknown characters is one token. */
  #ends({ pieces, ends }: Path): number[] {
    return ends.filter((_, i) => pieces[i] !== NO_PIECE || pieces[i + 1] !== NO_PIECE);
  }

  #tokensOf({ pieces, ends }: Path, whole: string): number[] {
    const tokens: number[] = [];
    for (let i = 0; i < pieces.length; i++) {
      if (pieces[i] !== NO_PIECE) tokens.push(this.#first + pieces[i]!);
      else if (this.byteFallback) {
        for (const byte of new TextEncoder().encode(whole.slice(ends[i - 1] ?? 0, ends[i]))) {
          tokens.push(FIRST_PIECE + byte);
        }
      } else if (i === 0 || pieces[i - 1] !== NO_PIECE) tokens.push(UNKNOWN);
    }
    return tokens;
  }

  /** What a token stands for: a text, or a byte. */
  #partOf(id: number, withSpecial: boolean): string | number {
    const token = typeof id === "number" ? this.tokens[id] : undefined;
    if (token === undefined) {
      throw new RangeError(`Cannot decode token ${describe(id)}: ids must be integers in [0, ${this.vocabSize})`);
    }
    if (withSpecial && id < FIRST_PIECE) return token;
    if (id === UNKNOWN) return "\uFFFD";
    if (id < FIRST_PIECE) return "";
    return id < this.#first ? id - FIRST_PIECE : token.replaceAll(SPACE_SIGN, " ");
  }
}

/** How the token of a byte is written. */
export function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** Joins texts and bytes, and takes the space in front away. */
class PieceDecoder {
  readonly #bytes = utf8();
  #isSpaceDue: boolean;

  constructor(prefixSpace: boolean) {
    this.#isSpaceDue = prefixSpace;
  }

  push(part: string | number): string {
    if (typeof part === "number") return this.#cut(this.#bytes.decode(Uint8Array.of(part), { stream: true }));
    // A special token says nothing, and ends no character.
    return part === "" ? "" : this.#cut(this.#bytes.decode() + part);
  }

  finish(): string {
    return this.#cut(this.#bytes.decode());
  }

  #cut(text: string): string {
    if (text === "" || !this.#isSpaceDue) return text;
    this.#isSpaceDue = false;
    return text.startsWith(" ") ? text.slice(1) : text;
  }
}
