/**
 * # WordPiece
 *
 * **Question.** Byte-pair encoding replays its merges. BERT's vocabulary is published as a list of tokens without merges. How does a list
 * alone cut a word?
 *
 * **Idea.** From the left, take the longest token that fits, and go on behind it. A token inside a word is written with `##` in front, so that
 * `able` the word and `##able` the ending are two tokens. A word of which some part fits nothing becomes one unknown token as a whole.
 *
 * **Why from the left.** The first choice is never taken back. That is fast, and sometimes a word is unknown although another choice would
 * have cut it: with the tokens `ab`, `a` and `##bc` the word `abc` is unknown. Vocabularies hold every letter in both forms, so that this is rare.
 *
 * Sources: Mike Schuster and Kaisuke Nakajima 2012, *Japanese and Korean Voice Search*; Yonghui Wu et al. 2016, *Google's Neural Machine
 * Translation System*; Jacob Devlin et al. 2019, *BERT*, file `tokenization.py`; the tree is that of Xinying Song et al. 2021, *Fast
 * WordPiece Tokenization*, without its failure links.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, integer, string } from "../../engine/options.ts";
import type { PieceToken, TokenModel } from "./tokenizer.ts";
import { Trie } from "./trie.ts";
import { numberTokens, requireToken } from "./vocabulary.ts";

/** How {@linkcode WordPiece} cuts words. */
export interface WordPieceOptions {
  /** What stands for a word that cannot be cut, and is a token itself; `"[UNK]"` by default. */
  readonly unknown?: string | undefined;
  /** What marks a token that continues a word; `"##"` by default. */
  readonly prefix?: string | undefined;
  /** Characters of a word at most; longer ones are unknown; 100 by default. */
  readonly maxCharacters?: number | undefined;
}

const checks: Checks<WordPieceOptions> = { unknown: string, prefix: string, maxCharacters: integer() };

/** A model that takes the longest token that fits, from the left. */
export class WordPiece implements TokenModel {
  /** The tokens by their ids. */
  readonly tokens: readonly string[];
  /** Id of the token for words that cannot be cut. */
  readonly unknownToken: number;
  /** What marks a token that continues a word. */
  readonly prefix: string;
  /** Characters of a word at most. */
  readonly maxCharacters: number;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #first = new Trie();
  readonly #others = new Trie();

  /**
   * Builds the trees that words are cut with.
   *
   * @param tokens by their ids
   * @param options what is unknown, what continues a word, and how long one may be
   * @throws {SyntaxError} if a token stands there twice, or the unknown one is missing
   */
  constructor(tokens: readonly string[], options: WordPieceOptions = {}) {
    checkOptions("cut words", options, checks);
    const { unknown = "[UNK]", prefix = "##", maxCharacters = 100 } = options;
    this.#ids = numberTokens("cut words", tokens);
    this.tokens = [...tokens];
    this.unknownToken = requireToken("cut words", this.#ids, unknown);
    this.prefix = prefix;
    this.maxCharacters = maxCharacters;
    for (const [token, id] of this.#ids) {
      this.#first.add(token, id);
      if (token.startsWith(prefix)) this.#others.add(token.slice(prefix.length), id);
    }
  }

  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    return this.#ids.get(token);
  }

  /**
   * Cuts a word.
   *
   * @param piece a word
   * @returns its tokens, or the unknown one
   */
  cut(piece: string): readonly PieceToken[] {
    checkText("cut", "piece", piece);
    const found: PieceToken[] = [];
    let start = 0;
    // The first token is looked up as it stands, the others behind the mark.
    let longest = this.#isTooLong(piece) ? undefined : this.#first.longest(piece, 0);
    while (longest) {
      found.push({ id: longest.value, start, end: longest.end });
      start = longest.end;
      longest = this.#others.longest(piece, start);
    }
    return start === piece.length ? found : [{ id: this.unknownToken, start: 0, end: piece.length }];
  }

  #isTooLong(piece: string): boolean {
    return piece.length > this.maxCharacters &&
      (piece.length > 2 * this.maxCharacters || Array.from(piece).length > this.maxCharacters);
  }

  /** The model as plain data for a JSON file. */
  toJSON(): { readonly kind: string; readonly [field: string]: Json } {
    const { prefix, maxCharacters, tokens } = this;
    return { kind: "wordPiece", unknown: tokens[this.unknownToken]!, prefix, maxCharacters, tokens };
  }
}

// ## Pitfall: half a word
//
// When the rest of a word fits nothing, the tokens before it were found already. To leave them and to write an unknown token for the rest
// alone looks sparing, and makes texts that no model of this kind was trained on: BERT saw the whole word as unknown. The test "cut() makes one
// unknown token of a word that does not fit to its end" has such a word.
