/**
 * # What a tokenizer is
 *
 * **Question.** Byte-pair encoding, a unigram model and WordPiece cut texts by different rules. What must a program know of a
 * tokenizer in order to train a model with it, to generate with it, and to show where a token stands in the text?
 *
 * **Idea.** One contract, {@linkcode Tokenizer}, which does not say how a text is cut. Whoever makes a tokenizer of parts needs to
 * write only the rule that cuts one piece, a {@linkcode TokenModel}; the [pipeline](pipeline.ts) does the rest.
 *
 * @module
 */

import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, flag } from "../../engine/options.ts";

/** A token of a text, and where it stands there. */
export interface TextToken {
  /** Its place in the vocabulary. */
  readonly id: number;
  /** What the vocabulary holds at that place: a piece, with the marks of the tokenizer. */
  readonly token: string;
  /** Where its text begins, in code units of the text that was given: `text.slice(start, end)`. */
  readonly start: number;
  /** Where its text ends. Tokens of parts of one character have the range of the character. */
  readonly end: number;
}

/** How a tokenizer reads a text. */
export interface EncodeOptions {
  /** Whether special tokens are recognized; false by default, and they are text like any other. */
  readonly specialTokens?: boolean | undefined;
}

/** How a tokenizer writes tokens. */
export interface DecodeOptions {
  /** Whether special tokens are written; false by default, and they vanish. */
  readonly specialTokens?: boolean | undefined;
}

/** What each of {@linkcode EncodeOptions} may be. */
export const encodeChecks: Checks<EncodeOptions> = { specialTokens: flag };

/** What each of {@linkcode DecodeOptions} may be. */
export const decodeChecks: Checks<DecodeOptions> = { specialTokens: flag };

/** Reads the one option of a tokenizer. */
export function withSpecialTokens(action: string, options: EncodeOptions): boolean {
  checkOptions(action, options, encodeChecks);
  return options.specialTokens ?? false;
}

/** What a file holds of a tokenizer; the format says of which kind. */
export type TokenizerFile = {
  /** Kind and version of the file. */
  readonly format: string;
  /** What else there is. */
  readonly [field: string]: Json;
};

/**
 * What each token adds to a text, in bytes of UTF-8.
 *
 * How a token is written may depend on what stands before it: a word has a space in front, but not where the text begins.
 */
export interface TokenBytes {
  /** Of each token, by id, where the text begins; undefined for those that stand for no text. */
  readonly first: readonly (Uint8Array | undefined)[];
  /** Of each token behind others; the same list where that makes no difference. */
  readonly later: readonly (Uint8Array | undefined)[];
  /** Tokens behind which the next one is written as at the start, such as a line break. */
  readonly restarts: ReadonlySet<number>;
}

/** A vocabulary, with the way from text to token ids and back. */
export interface Tokenizer {
  /** The tokens by their ids, the special ones included. */
  readonly tokens: readonly string[];
  /** How many tokens there are. */
  readonly vocabSize: number;
  /** The ids of the tokens that no text contains, by what they are called. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** Id of the token that fills short rows of a batch; absent if there is none. */
  readonly padToken?: number | undefined;
  /** Id of the token before the first one; absent if there is none. */
  readonly beginToken?: number | undefined;
  /** Id of the token after the last one; absent if there is none. */
  readonly endToken?: number | undefined;
  /** Id of the token for what the vocabulary cannot write; absent if there is none. */
  readonly unknownToken?: number | undefined;
  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined;
  /**
   * Cuts a text into the ids of its tokens.
   *
   * @param text any string
   * @param options whether special tokens are recognized; none are by default
   * @returns ids, without begin and end
   */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Cuts a text into tokens, and says where each stands in the text.
   *
   * @param text any string
   * @param options whether special tokens are recognized; none are by default
   * @returns tokens in the order of the text
   */
  tokenize(text: string, options?: EncodeOptions): TextToken[];
  /**
   * Joins tokens to a text.
   *
   * @param ids tokens of this vocabulary
   * @param options whether special tokens are written; none are by default
   * @returns the text
   */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /**
   * Turns tokens into text while they arrive.
   *
   * @param ids tokens of this vocabulary, as a generation streams them
   * @param options whether special tokens are written; none are by default
   * @returns pieces of text that join to what `decode` returns
   */
  decodeStream(ids: AsyncIterable<number> | Iterable<number>, options?: DecodeOptions): AsyncGenerator<string>;
  /**
   * What each token adds to a text, for programs that say which tokens may follow.
   *
   * @returns bytes; the unknown token and the special ones have none
   * @throws {TypeError} if the tokenizer writes a token by what follows it
   */
  tokenBytes(): TokenBytes;
  /** The tokenizer as plain data for a JSON file. */
  toJSON(): TokenizerFile;
}

/** A tokenizer with the four tokens that a model of whole sequences needs. */
export interface SequenceTokenizer extends Tokenizer {
  /** Id of the token that fills short rows of a batch. */
  readonly padToken: number;
  /** Id of the token before the first one. */
  readonly beginToken: number;
  /** Id of the token after the last one. */
  readonly endToken: number;
  /** Id of the token for what the vocabulary cannot write. */
  readonly unknownToken: number;
}

/** A token within a piece, in code units of the piece. */
export interface PieceToken {
  /** Its place in the vocabulary. */
  readonly id: number;
  /** Where it begins. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/** The rule that cuts one piece of a text into tokens. */
export interface TokenModel {
  /** The tokens by their ids. */
  readonly tokens: readonly string[];
  /** Id of the token for what cannot be written by the others; absent if there is none. */
  readonly unknownToken?: number | undefined;
  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined;
  /** Cuts a piece, which no token crosses, into tokens from left to right. */
  cut(piece: string): readonly PieceToken[];
  /** The model as plain data for a JSON file, with its kind. */
  toJSON(): { readonly kind: string; readonly [field: string]: Json };
}
