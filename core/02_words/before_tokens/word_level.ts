/**
 * # A table of whole pieces
 *
 * **Question.** What is left of a tokenizer if no piece is cut further?
 *
 * **Idea.** A table. Each piece that the pre-tokenizer makes is a token, or unknown. With words for pieces that is a vocabulary of words,
 * with [characters](pre_tokenizers.ts) for pieces one of characters: the two ends between which all other vocabularies lie.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, string } from "../../engine/options.ts";
import type { PieceToken, TokenModel } from "./tokenizer.ts";
import { numberTokens, requireToken } from "./vocabulary.ts";

/** How {@linkcode WordLevel} looks pieces up. */
export interface WordLevelOptions {
  /** What stands for a piece that is no token, and is a token itself; `"[UNK]"` by default. */
  readonly unknown?: string | undefined;
}

const checks: Checks<WordLevelOptions> = { unknown: string };

/** A model for which every piece is a token or unknown. */
export class WordLevel implements TokenModel {
  /** The tokens by their ids. */
  readonly tokens: readonly string[];
  /** Id of the token for all other pieces. */
  readonly unknownToken: number;
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * Makes the table.
   *
   * @param tokens by their ids
   * @param options what is unknown
   * @throws {SyntaxError} if a token stands there twice, or the unknown one is missing
   */
  constructor(tokens: readonly string[], options: WordLevelOptions = {}) {
    checkOptions("look pieces up", options, checks);
    this.#ids = numberTokens("look pieces up", tokens);
    this.tokens = [...tokens];
    this.unknownToken = requireToken("look pieces up", this.#ids, options.unknown ?? "[UNK]");
  }

  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    return this.#ids.get(token);
  }

  /**
   * Looks a piece up.
   *
   * @param piece a word, or a character
   * @returns one token
   */
  cut(piece: string): readonly PieceToken[] {
    checkText("look up", "piece", piece);
    return [{ id: this.#ids.get(piece) ?? this.unknownToken, start: 0, end: piece.length }];
  }

  /** The model as plain data for a JSON file. */
  toJSON(): { readonly kind: string; readonly [field: string]: Json } {
    return { kind: "wordLevel", unknown: this.tokens[this.unknownToken]!, tokens: this.tokens };
  }
}

/**
 * Counts pieces, and keeps the most frequent ones.
 *
 * @param counts how often each piece occurs
 * @param most how many are kept
 * @param special tokens before them
 * @returns the special tokens, then pieces, the most frequent one first and those of one count in the order of their letters
 */
export function mostFrequent(counts: ReadonlyMap<string, number>, most: number, special: readonly string[]): string[] {
  const pieces = [...counts].filter(([piece]) => !special.includes(piece));
  pieces.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return [...special, ...pieces.slice(0, Math.max(0, most - special.length)).map(([piece]) => piece)];
}
