/**
 * # Merges of somebody else
 *
 * **Question.** [Byte-pair encoding](../../02_words/byte_pair_encoding/mod.ts) numbers its tokens in the order in which it makes them. A published vocabulary has its own
 * numbers, a list of merges beside it, and habits. Which of them change what a text becomes?
 *
 * **Idea.** The merges are [replayed](../../02_words/byte_pair_encoding/replay.ts) as before, by their rank in the list; what a merge makes is looked up. Five habits are left:
 *
 * | habit          | who has it      | what it does                                                          |
 * | -------------- | --------------- | --------------------------------------------------------------------- |
 * | `byteFallback` | Llama 2, Gemma  | a letter without a token becomes the tokens of its bytes, `<0xE5>`    |
 * | `unknown`      | older models    | or one token for whatever is unknown                                  |
 * | `fuseUnknown`  | Llama 2         | several unknown letters in a row are one                              |
 * | `ignoreMerges` | Llama 3         | a piece that is a token is that token, whatever the merges say        |
 * | `suffix`       | GPT-1           | the last letter of a word is written with `</w>`                      |
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, flag, list, required, string } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";
import type { PieceToken, TokenModel } from "../../02_words/before_tokens/tokenizer.ts";
import { PairTable } from "../../02_words/byte_pair_encoding/pair_table.ts";
import { type RankOf, replayMerges } from "../../02_words/byte_pair_encoding/replay.ts";

/** What a {@linkcode MergeModel} is made of. */
export interface MergeModelOptions {
  /** The tokens by their ids; an empty one stands for an id that no token has. */
  readonly tokens: readonly string[];
  /** The pairs that are joined, the first one first. */
  readonly merges: readonly (readonly [string, string])[];
  /** The token for letters that are none; letters without a token vanish by default. */
  readonly unknown?: string | undefined;
  /** Whether unknown letters in a row are one token; false by default. */
  readonly fuseUnknown?: boolean | undefined;
  /** Whether an unknown letter becomes tokens of its bytes; false by default. */
  readonly byteFallback?: boolean | undefined;
  /** Whether a piece that is a token is left whole; false by default. */
  readonly ignoreMerges?: boolean | undefined;
  /** What stands before letters inside a word; nothing by default. */
  readonly prefix?: string | undefined;
  /** What stands behind the last letter of a word; nothing by default. */
  readonly suffix?: string | undefined;
}

const checks: Checks<MergeModelOptions> = {
  tokens: required(list("a list of strings", (token) => typeof token === "string")),
  merges: required(list("a list of pairs", (pair) => Array.isArray(pair) && pair.length === 2)),
  unknown: string,
  fuseUnknown: flag,
  byteFallback: flag,
  ignoreMerges: flag,
  prefix: string,
  suffix: string,
};

/** The token of a byte: `<0xE5>`. */
export const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;

/** The ids of tokens; of several with one name, the last. */
export function idsOf(tokens: readonly string[]): Map<string, number> {
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (token !== "") ids.set(token, id);
  });
  return ids;
}

/** The ids of the tokens of all bytes, or nothing if one is missing. */
export function byteIdsOf(ids: ReadonlyMap<string, number>): number[] | undefined {
  const found = Array.from({ length: 256 }, (_, byte) => ids.get(byteToken(byte)));
  return found.includes(undefined) ? undefined : found as number[];
}

/** Whether a token is two others, one behind the other. */
function isJoined(token: string | undefined, left: string, right: string): boolean {
  return token !== undefined && token.length === left.length + right.length && token.startsWith(left) &&
    token.endsWith(right);
}

/** A model that replays merges, with the numbers of its file. */
export class MergeModel implements TokenModel {
  /** The tokens by their ids. */
  readonly tokens: readonly string[];
  /** Id of the token for letters that are none; undefined if there is none. */
  readonly unknownToken: number | undefined;
  readonly #options: MergeModelOptions;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #ranks: PairTable;
  readonly #rankOf: RankOf = (left, right) => this.#ranks.get(left, right);
  readonly #results: Int32Array;
  readonly #bytes: readonly number[] | undefined;

  /**
   * Looks up what each merge makes.
   *
   * @param options tokens, merges and habits
   * @throws {SyntaxError} if a merge joins or makes what is no token
   */
  constructor(options: MergeModelOptions) {
    checkOptions("build a tokenizer", options, checks);
    const { tokens, merges, unknown, byteFallback = false, prefix = "" } = options;
    this.#options = options;
    this.tokens = tokens;
    const ids = this.#ids = idsOf(tokens);
    this.unknownToken = unknown === undefined ? undefined : ids.get(unknown);
    this.#bytes = byteFallback ? byteIdsOf(ids) : undefined;
    this.#results = new Int32Array(merges.length);
    this.#ranks = new PairTable(merges.length);
    // Lists follow the order of the ids for the most part: what was made last, or comes next, is tried before it is looked up.
    let guess = 0;
    for (let rank = 0; rank < merges.length; rank++) {
      const [left, right] = merges[rank]!;
      const rest = prefix !== "" && right.startsWith(prefix) ? right.slice(prefix.length) : right;
      if (!isJoined(tokens[guess], left, rest) && !isJoined(tokens[++guess], left, rest)) {
        guess = ids.get(left + rest) ?? -1;
      }
      const a = ids.get(left), b = ids.get(right);
      if (a === undefined || b === undefined || guess < 0) {
        const missing = a === undefined ? left : b === undefined ? right : left + rest;
        throw new SyntaxError(
          `Cannot read merge ${rank}, ${quote(left)} with ${quote(right)}: ${quote(missing)} is no token`,
        );
      }
      this.#ranks.set(a, b, rank);
      this.#results[rank] = guess;
    }
  }

  /** The id of a token; undefined if the vocabulary lacks it. */
  idOf(token: string): number | undefined {
    checkText("look up", "token", token);
    return this.#ids.get(token);
  }

  /**
   * Cuts a piece.
   *
   * Takes $O(n \log n)$ time for $n$ letters, whatever they are.
   *
   * @param piece what no token crosses
   * @returns its tokens from left to right
   */
  cut(piece: string): readonly PieceToken[] {
    checkText("cut", "piece", piece);
    if (this.#options.ignoreMerges) {
      const whole = this.#ids.get(piece);
      if (whole !== undefined) return [{ id: whole, start: 0, end: piece.length }];
    }
    const { symbols, ends } = this.#letters(piece);
    const { ids, lengths } = replayMerges(Int32Array.from(symbols), this.#rankOf, { results: this.#results });
    let read = 0, start = 0;
    return ids.map((id, i) => {
      read += lengths[i]!;
      const end = ends[read - 1]!;
      // The bytes of one letter have its range.
      const from = Math.min(start, startOf(ends, read - lengths[i]!));
      start = end;
      return { id, start: from, end };
    });
  }

  /** The letters of a piece as tokens, and where in the piece each ends. */
  #letters(piece: string): { symbols: number[]; ends: number[] } {
    const { prefix = "", suffix = "", fuseUnknown = false } = this.#options;
    const symbols: number[] = [], ends: number[] = [];
    let end = 0, wasUnknown = false;
    for (const letter of piece) {
      const written = (end > 0 ? prefix : "") + letter + (end + letter.length === piece.length ? suffix : "");
      end += letter.length;
      const id = this.#ids.get(written);
      if (id === undefined && this.#bytes) {
        for (const byte of new TextEncoder().encode(letter)) {
          symbols.push(this.#bytes[byte]!);
          ends.push(end);
        }
        continue;
      }
      const isUnknown = id === undefined;
      if (isUnknown && this.unknownToken === undefined) continue;
      if (isUnknown && wasUnknown && fuseUnknown) ends[ends.length - 1] = end;
      else {
        symbols.push(id ?? this.unknownToken!);
        ends.push(end);
      }
      wasUnknown = isUnknown;
    }
    return { symbols, ends };
  }

  /** The model as plain data for a JSON file. */
  toJSON(): { readonly kind: string; readonly [field: string]: Json } {
    const { tokens, merges, ...habits } = this.#options;
    const given = Object.entries(habits).filter(([, value]) => value !== undefined) as [string, Json][];
    return { kind: "merges", tokens, merges, ...Object.fromEntries(given) };
  }
}

/** Where the letter begins to which a symbol belongs. */
function startOf(ends: readonly number[], symbol: number): number {
  let before = symbol - 1;
  while (before >= 0 && ends[before] === ends[symbol]) before--;
  return before < 0 ? 0 : ends[before]!;
}
