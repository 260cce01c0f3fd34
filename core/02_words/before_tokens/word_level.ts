/**
 * # A table of whole pieces
 *
 * **Question.** What is left of a tokenizer if no piece is cut further?
 *
 * **Idea.** A table. Each piece that the pre-tokenizer makes is a token, or unknown. With words for pieces that is a vocabulary of words,
 * with [characters](pre_tokenizers.ts) for pieces one of characters: the two ends between which all other vocabularies lie.
 *
 * **Which pieces.** The most frequent ones of a text. One more token, `<unk>`, stands for all others. What the unknown words were cannot be read
 * back, and a model that has many of them looks better than it is, since it needs not say which. Its bits per character cannot be compared.
 *
 * @module
 */

import { checkList, checkText } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { abortSignal, checkOptions, type Checks, integer, oneOf, string } from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { wordDecoder } from "./decoders.ts";
import { TokenizerPipeline } from "./pipeline.ts";
import { characters, wordsAndSigns } from "./pre_tokenizers.ts";
import type { PieceToken, TokenModel } from "./tokenizer.ts";
import { numberTokens, requireToken } from "./vocabulary.ts";
import { countPieces } from "./word_piece_training.ts";

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

/** How {@linkcode trainWordLevel} chooses its tokens. */
export interface WordLevelTrainingOptions {
  /** What a piece is; `"words"` by default: words, numbers, single signs and line breaks. */
  readonly level?: "words" | "characters" | undefined;
  /** Tokens at most, the three special ones included; no limit by default. */
  readonly vocabSize?: number | undefined;
  /** How often a piece must occur to be a token; 1 by default. */
  readonly minFrequency?: number | undefined;
  /** Stops the counting with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
}

const trainingChecks: Checks<WordLevelTrainingOptions> = {
  level: oneOf(["words", "characters"]),
  vocabSize: integer({ min: 4 }),
  minFrequency: integer(),
  signal: abortSignal,
};

/** What stands for other pieces, before a sequence and behind it. */
const UNKNOWN = "<unk>", BEGIN = "<s>", END = "</s>";

/**
 * Makes a vocabulary of the words of some texts, or of their characters.
 *
 * @example
 * ```ts
 * import { trainWordLevel } from "@heed/heed/words";
 *
 * const tokenizer = await trainWordLevel(["the cat and the dog"], { vocabSize: 6 });
 * console.assert(tokenizer.tokens.join(" ") === "<unk> <s> </s> the and cat");
 * console.assert(tokenizer.decode(tokenizer.encode("the  dog and the cat")) === "the <unk> and the cat");
 * ```
 *
 * @param texts where pieces are counted
 * @param options which pieces are tokens
 * @returns the tokenizer: three special tokens, then the most frequent pieces, those of one count in the order of their letters
 * @throws {TypeError} if an option is unknown or not of its kind
 * @throws {RangeError} if an option is outside its interval
 * @throws the signal's reason after an abort
 */
export async function trainWordLevel(
  texts: readonly string[],
  options: WordLevelTrainingOptions = {},
): Promise<TokenizerPipeline> {
  checkList("count pieces", "texts", texts, "strings", (text) => typeof text === "string");
  checkOptions("count pieces", options, trainingChecks);
  const { level = "words", vocabSize = Infinity, minFrequency = 1, signal } = options;
  const preTokenizer = level === "words" ? wordsAndSigns : characters;
  const counts = await countPieces(texts, undefined, preTokenizer, () => rest(signal));
  const pieces = [...counts].filter(([, count]) => count >= minFrequency)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, vocabSize - 3);
  return pipelineOf(pieces.map(([piece]) => piece), level);
}

/**
 * Makes a tokenizer of words that are known already.
 *
 * @param words each once, without the special tokens
 * @returns the tokenizer: `<unk>`, `<s>` and `</s>`, then the words
 * @throws {SyntaxError} if a word stands there twice
 */
export function tokenizerOfWords(words: readonly string[]): TokenizerPipeline {
  checkList("make a vocabulary", "words", words, "strings", (word) => typeof word === "string");
  return pipelineOf(words, "words");
}

function pipelineOf(pieces: readonly string[], level: "words" | "characters"): TokenizerPipeline {
  return new TokenizerPipeline({
    preTokenizer: level === "words" ? wordsAndSigns : characters,
    model: new WordLevel([UNKNOWN, BEGIN, END, ...pieces], { unknown: UNKNOWN }),
    ...level === "words" && { decoder: wordDecoder },
    specialTokens: [BEGIN, END, UNKNOWN],
    roles: { unknown: UNKNOWN, begin: BEGIN, end: END },
  });
}
