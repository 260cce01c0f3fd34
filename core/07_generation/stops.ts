/**
 * # Where a text ends
 *
 * **Question.** A model may end a text by any of several tokens, and a program may want to stop at a line break or at the words
 * *User:*, which are no tokens. How does a loop that knows only tokens stop there?
 *
 * **Idea.** A *stop token* is compared with each token that is chosen. A *stop string* is looked for in the text that the tokens
 * stand for. It may begin inside one token and end inside another, so after each token the end of the text is decoded and
 * searched. Where it is found, the text ends before it, and the tokens that lie before it remain.
 *
 * **By hand.** A model answers with the tokens *Yes*, *.⏎*, *Us*, *er:* and goes on as if it were the user; ⏎ is a line break. The stop string is *User:*, and no token is that string. After the third token the text ends with *Us*, which may be its
 * beginning. With the fourth the text is *Yes.⏎User:*, and the string is found. The text ends before it, and the 2 tokens that lie before it are the result. A stream shows *Yes* and *.⏎* at once, and holds *Us* back.
 *
 * ```ts
 * import { generate, tensor } from "@heed/heed";
 * import { type Decoder, stopStrings } from "@heed/heed/generation";
 *
 * const pieces = ["Q", "Yes", ".\n", "Us", "er:", " And"];
 * // A model that writes the pieces in order, whatever was said.
 * const model: Decoder = {
 *   vocabSize: pieces.length,
 *   contextLength: 16,
 *   forward: (tokens) => {
 *     const T = tokens.shape[1]!, next = Math.min(T, pieces.length - 1);
 *     return tensor(Array.from({ length: T }, () => pieces.map((_, i) => i === next ? 9 : 0)).flat(), [1, T, pieces.length]);
 *   },
 * };
 * const reader = { decode: (tokens: Iterable<number>) => Array.from(tokens, (token) => pieces[token]).join("") };
 * const { tokens: all } = await generate(model, [0], { maxNewTokens: 5 });
 * console.log("without", JSON.stringify(reader.decode(all)));
 * const found = await generate(model, [0], { maxNewTokens: 5, stopStrings: stopStrings(reader, ["User:"]) });
 * console.log(found.tokens.length, "tokens", JSON.stringify(found.text));
 * ```
 *
 * ```text
 * without "Yes.\nUser: And"
 * 2 tokens "Yes.\n"
 * ```
 *
 * **Formula.** With the tokens $y_1 \dots y_j$, the decoder of the tokenizer $d$ and the stop strings $\Sigma$, the text ends at the first $j$ for which
 *
 * $$\exists\, \sigma \in \Sigma : \; \sigma \text{ occurs in } d(y_1 \dots y_j)$$
 *
 * | symbol     | in code    | what it is                               |
 * | ---------- | ---------- | ---------------------------------------- |
 * | $y$        | `tokens`   | what was generated, without the prompt   |
 * | $d$        | `decode()` | from tokens to text                      |
 * | $\Sigma$   | `stop`     | the strings, in order                    |
 *
 * **What a stream may show.** A token whose text could begin a stop string is held back until the tokens after it
 * decide. So is one that ends in the middle of a character: its bytes may become the first character of a stop string.
 *
 * @module
 */

import { type Check, checkValue, either, integer, object } from "../engine/options.ts";

/** Strings that end a text, and how its tokens are read. */
export interface StopStrings {
  /** None of them empty; the text ends before the first that occurs. */
  readonly stop: readonly string[];
  /** The text that tokens stand for. */
  decode(tokens: readonly number[]): string;
}

/** Whatever turns tokens into text. */
export interface Reader {
  /** The text of some tokens. */
  decode(tokens: Iterable<number>): string;
}

/**
 * Strings that end a text, read by a tokenizer.
 *
 * @example
 * ```ts
 * import { type Decoder, stopStrings } from "@heed/heed/generation";
 *
 * const letters = { decode: (tokens: Iterable<number>) => String.fromCharCode(...tokens) };
 * console.assert(stopStrings(letters, ["\n"]).decode([72, 105]) === "Hi");
 * ```
 *
 * @param tokenizer anything that decodes
 * @param stop the strings, none empty
 * @returns the value of the option `stopStrings`
 */
export function stopStrings(
  tokenizer: Reader,
  stop: readonly string[],
): StopStrings {
  const value: StopStrings = { stop, decode: (tokens) => tokenizer.decode(tokens) };
  checkValue("stop at strings", "tokenizer", tokenizer, object<Reader>("a tokenizer with decode()", decodes));
  checkValue("stop at strings", "stop", value, stopStringsCheck);
  return value;
}

/** What ends a text besides its length. */
export interface Ending {
  /** Tokens that end it and are not part of the result; none by default. */
  readonly eosToken?: number | readonly number[] | undefined;
  /** Strings that end it and are not part of the result; none by default. */
  readonly stopStrings?: StopStrings | undefined;
}

/** Where a stop string cuts a text. */
export interface Cut {
  /** The string. */
  readonly stop: string;
  /** The text before it. */
  readonly text: string;
  /** The tokens that lie before it as a whole. */
  readonly tokens: readonly number[];
}

/** The ends of a text, looked up token by token. */
export class Stops {
  readonly #ends: ReadonlySet<number>;
  readonly #strings: StopStrings | undefined;
  /** Characters of the longest stop string. */
  readonly #longest: number;

  /**
   * Takes the ends.
   *
   * @param ending tokens and strings
   */
  constructor({ eosToken, stopStrings }: Ending) {
    this.#ends = new Set(tokensOf(eosToken));
    this.#strings = stopStrings;
    this.#longest = Math.max(0, ...(stopStrings?.stop ?? []).map(({ length }) => length));
  }

  /** Continuations per beam of which at least one goes on: one for each way to end by a token, and one more. */
  get spares(): number {
    return Math.max(2, 1 + this.#ends.size);
  }

  /** Whether a token ends a text. */
  isEnd(token: number): boolean {
    return this.#ends.has(token);
  }

  /** Where the newest of the tokens has completed a stop string, if it has. */
  cut(tokens: readonly number[]): Cut | undefined {
    if (!this.#strings || tokens.length === 0) return undefined;
    const { stop } = this.#strings, tail = this.#tail(tokens);
    if (!stop.some((one) => tail.includes(one))) return undefined;
    const text = this.#strings.decode(tokens);
    // The first in the text; of those that begin together, the first of the list.
    const places = stop.map((one) => ({ one, at: text.indexOf(one) })).filter(({ at }) => at >= 0);
    if (places.length === 0) return undefined;
    const { one, at } = places.reduce((best, place) => place.at < best.at ? place : best);
    return { stop: one, text: text.slice(0, at), tokens: tokens.slice(0, this.#within(tokens, at)) };
  }

  /** The text of tokens, if somebody can read them. */
  textOf(tokens: readonly number[]): string | undefined {
    return this.#strings?.decode(tokens);
  }

  /** How many of the last tokens may belong to a stop string that is not complete. */
  held(tokens: readonly number[]): number {
    if (!this.#strings || tokens.length === 0) return 0;
    const tail = this.#tail(tokens);
    let open = tail.endsWith(BROKEN) ? 1 : 0;
    for (const one of this.#strings.stop) {
      for (let size = Math.min(one.length - 1, tail.length); size > open; size--) {
        if (tail.endsWith(one.slice(0, size))) open = size;
      }
    }
    if (open === 0) return 0;
    return tokens.length - this.#within(tokens, this.#strings.decode(tokens).length - open);
  }

  /** The end of the text: longer than any stop string, and than what its first token may get wrong. */
  #tail(tokens: readonly number[]): string {
    for (let count = 4;; count *= 2) {
      const text = this.#strings!.decode(count < tokens.length ? tokens.slice(-count) : tokens);
      if (count >= tokens.length || text.length >= this.#longest + MARGIN + longestToken(text, count)) return text;
    }
  }

  /** How many of the tokens lie within the first `size` characters. */
  #within(tokens: readonly number[], size: number): number {
    let count = tokens.length;
    while (count > 0) {
      const text = this.#strings!.decode(tokens.slice(0, count));
      if (text.length <= size && !text.endsWith(BROKEN)) break;
      count--;
    }
    return count;
  }
}

/** What stands for bytes that are no whole character. */
const BROKEN = "\ufffd";
/** First characters of a piece that may be others in the whole: a space that is dropped, half a character. */
const MARGIN = 8;

/** Characters that one token may have, by what several have. */
function longestToken(text: string, count: number): number {
  return Math.ceil(text.length / count);
}

/** What a result says of the end that was met, where there is a choice. */
export function endOf(
  { eosToken, stopStrings }: Ending,
  stop: number | string | undefined,
): { stop?: number | string } {
  return stop !== undefined && (stopStrings || Array.isArray(eosToken)) ? { stop } : {};
}

/** The list that `eosToken` stands for. */
export function tokensOf(eosToken: Ending["eosToken"]): readonly number[] {
  return eosToken === undefined ? [] : typeof eosToken === "number" ? [eosToken] : eosToken;
}

function decodes(value: object): boolean {
  return "decode" in value && typeof value.decode === "function";
}

/** What `eosToken` may be. */
export const eosTokenCheck: Check<number | readonly number[]> = either(
  integer({ min: 0 }),
  {
    must: "a list of at least one token id",
    fits: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id) && id >= 0),
  } as Check<readonly number[]>,
);

/** What `stopStrings` may be. */
export const stopStringsCheck: Check<StopStrings> = object<StopStrings>(
  'strings and how tokens are read, { stop: ["…"], decode }, with at least one string and none empty',
  (value) => {
    const { stop } = value as Partial<StopStrings>;
    const isList = Array.isArray(stop) && stop.length > 0;
    return isList && stop.every((one) => typeof one === "string" && one !== "") && decodes(value);
  },
);

// ## When a beam stops, as in Hugging Face's library
//
// Most programs that search with beams are written for `transformers`. There a finished hypothesis takes no place: a step ranks $2W$ hypotheses, the
// finished ones among the best $W$ go to a list of the $W$ best scores, and the best $W$ that are not finished are the next beam. (With $m$ tokens that end a text it ranks
// $(1 + m)\,W$.) `earlyStopping` chooses this search and says when it ends:
//
// | `earlyStopping` | the search ends, once $W$ sequences are finished,                                            |
// | --------------- | -------------------------------------------------------------------------------------------- |
// | `true`          | at once                                                                                      |
// | `false`         | when the best prefix, as long as it is now, has a lower score than the worst sequence finished |
// | `"never"`       | when no prefix can come to a higher score at any length still to come                         |
//
// Here $W$ is the number of beams. With a length penalty $\alpha > 0$ a longer text may still get a higher score, so that `false` is a guess and `"never"` is none. The results are those of
// `transformers`; the test "earlyStopping finds what transformers finds" compares with a recording. Without the option the search is that of [section](greedy_and_beam.ts), in which a finished
// hypothesis takes a place, and it ends by the rule of `"never"`.

// ## Pitfall: looking at one token
//
// A stop string is seldom a token. "\n\n" may come as one token, as two, or as the end of one and the first half of the next. A loop that
// compares strings token by token runs on. The test "a stop string is found wherever tokens divide it" cuts every text at every place.
