/** Which tokens may follow, found by trying all texts: for languages of a few texts, and tokenizers of a few tokens. */

import type { Tokenizer } from "../../../core/02_words/before_tokens/tokenizer.ts";
import type { LogitsRule } from "../../../core/07_generation/rules.ts";

const encoder = new TextEncoder();

/** Bytes as a key. */
const keyOf = (bytes: Iterable<number>): string => String.fromCharCode(...bytes);

/** All beginnings of texts that tokens can finish, and the tokens that may follow. */
export class Oracle {
  readonly #texts: readonly string[];
  readonly #tokens: ReturnType<Tokenizer["tokenBytes"]>;
  readonly #known = new Map<string, boolean>();

  constructor(texts: readonly string[], tokenizer: Tokenizer) {
    this.#texts = texts.map((text) => keyOf(encoder.encode(text)));
    this.#tokens = tokenizer.tokenBytes();
  }

  /** What the tokens of a text add up to; undefined if one of them adds nothing. */
  read(tokens: readonly number[]): { readonly bytes: string; readonly isFirst: boolean } | undefined {
    let bytes = "", isFirst = true;
    for (const token of tokens) {
      const own = this.#own(token, isFirst);
      if (own === undefined) return undefined;
      bytes += own;
      isFirst = this.#tokens.restarts.has(token);
    }
    return { bytes, isFirst };
  }

  #own(token: number, isFirst: boolean): string | undefined {
    const own = (isFirst ? this.#tokens.first : this.#tokens.later)[token];
    return own && own.length > 0 ? keyOf(own) : undefined;
  }

  /** Whether tokens can go on from here to one of the texts. */
  canFinish(bytes: string, isFirst: boolean): boolean {
    const key = `${isFirst} ${bytes}`, known = this.#known.get(key);
    if (known !== undefined) return known;
    const can = this.#texts.some((text) => text.startsWith(bytes)) &&
      (this.#texts.includes(bytes) || this.#tokens.later.some((_, token) => this.#follows(bytes, isFirst, token)));
    this.#known.set(key, can);
    return can;
  }

  #follows(bytes: string, isFirst: boolean, token: number): boolean {
    const own = this.#own(token, isFirst);
    return own !== undefined && this.canFinish(bytes + own, this.#tokens.restarts.has(token));
  }

  /** The tokens that may follow some others. */
  allowed(tokens: readonly number[]): number[] {
    const { bytes, isFirst } = this.read(tokens)!;
    return this.#tokens.later.flatMap((_, token) => this.#follows(bytes, isFirst, token) ? [token] : []);
  }

  /** Whether the tokens are one of the texts. */
  accepts(tokens: readonly number[]): boolean {
    return this.#texts.includes(this.read(tokens)!.bytes);
  }
}

/** The tokens that a rule leaves behind a text. */
export function leaves(rule: LogitsRule, tokens: readonly number[], vocabSize: number, eosToken: number): number[] {
  const left = rule.onHost(new Float64Array(vocabSize), { tokens, promptLength: 0, eosToken });
  return [...left.keys()].filter((token) => left[token]! > -Infinity);
}
