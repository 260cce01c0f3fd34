/**
 * # Pieces of somebody else
 *
 * **Question.** A [unigram model](../../02_words/unigram/mod.ts) of T5, XLM-R or ALBERT has its own numbers, and tokens among its pieces that no text contains. What changes?
 *
 * **Idea.** Nothing but the numbers: the most probable way to cut a piece is found as before. Unknown letters in a row are one token, or the tokens of their bytes.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, flag, integer, list, required } from "../../engine/options.ts";
import type { PieceToken, TokenModel } from "../../02_words/before_tokens/tokenizer.ts";
import { NO_PIECE, ScoredPieces } from "../../02_words/unigram/lattice.ts";
import { byteIdsOf, idsOf } from "./merges.ts";

/** What a {@linkcode PieceModel} is made of. */
export interface PieceModelOptions {
  /** The pieces by their ids. */
  readonly tokens: readonly string[];
  /** Logarithms of their probabilities. */
  readonly scores: readonly number[];
  /** Id of the token for letters that are none; there is none by default. */
  readonly unknownToken?: number | undefined;
  /** Whether an unknown letter becomes tokens of its bytes; false by default. */
  readonly byteFallback?: boolean | undefined;
}

const checks: Checks<PieceModelOptions> = {
  tokens: required(list("a list of strings", (token) => typeof token === "string")),
  scores: required(list("a list of numbers", (score) => typeof score === "number")),
  unknownToken: integer({ min: 0 }),
  byteFallback: flag,
};

/** How far below the lowest score an unknown letter lies, as in SentencePiece. */
const UNKNOWN_PENALTY = 10;

/** A model that cuts pieces the most probable way, with the numbers of its file. */
export class PieceModel implements TokenModel {
  /** The tokens by their ids. */
  readonly tokens: readonly string[];
  /** Id of the token for letters that are none; undefined if there is none. */
  readonly unknownToken: number | undefined;
  readonly #options: PieceModelOptions;
  readonly #ids: ReadonlyMap<string, number>;
  /** Ids of the pieces as the model of scores counts them. */
  readonly #idAt: readonly number[];
  readonly #model: ScoredPieces;
  readonly #bytes: readonly number[] | undefined;

  /**
   * Builds the tree of the pieces.
   *
   * @param options pieces, scores, and what is unknown
   * @throws {SyntaxError} if there are not as many scores as pieces
   */
  constructor(options: PieceModelOptions) {
    checkOptions("build a tokenizer", options, checks);
    const { tokens, scores, unknownToken, byteFallback = false } = options;
    if (tokens.length !== scores.length) {
      throw new SyntaxError(`Cannot read a vocabulary of ${tokens.length} pieces with ${scores.length} scores`);
    }
    this.#options = options;
    this.tokens = tokens;
    this.unknownToken = unknownToken;
    const ids = this.#ids = idsOf(tokens);
    this.#idAt = [...ids.values()];
    this.#model = new ScoredPieces([...ids.keys()], this.#idAt.map((id) => scores[id]!), UNKNOWN_PENALTY);
    this.#bytes = byteFallback ? byteIdsOf(ids) : undefined;
  }

  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    return this.#ids.get(token);
  }

  /**
   * Cuts a piece the most probable way.
   *
   * @param piece what no token crosses
   * @returns its tokens from left to right
   */
  cut(piece: string): readonly PieceToken[] {
    checkText("cut", "piece", piece);
    const whole = piece.toWellFormed(), { pieces, ends } = this.#model.best(whole), found: PieceToken[] = [];
    for (let i = 0; i < pieces.length; i++) {
      const start = ends[i - 1] ?? 0;
      if (pieces[i] !== NO_PIECE) {
        found.push({ id: this.#idAt[pieces[i]!]!, start, end: ends[i]! });
        continue;
      }
      while (pieces[i + 1] === NO_PIECE) i++;
      this.#unknown(whole, start, ends[i]!, found);
    }
    return found;
  }

  #unknown(whole: string, start: number, end: number, found: PieceToken[]): void {
    if (this.#bytes) {
      for (const byte of new TextEncoder().encode(whole.slice(start, end))) {
        found.push({ id: this.#bytes[byte]!, start, end });
      }
    } else if (this.unknownToken !== undefined) found.push({ id: this.unknownToken, start, end });
  }

  /** The model as plain data for a JSON file. */
  toJSON(): { readonly kind: string; readonly [field: string]: Json } {
    const { tokens, scores, unknownToken = null, byteFallback = false } = this.#options;
    return { kind: "pieces", tokens, scores, unknownToken, byteFallback };
  }
}
