/**
 * # Five tokenizers on Shakespeare
 *
 * Whole characters, whole words, WordPiece, and byte-pair encoding of characters and of bytes learn from a megabyte of text and cut it again;
 * the published patterns cut it too.
 *
 * @module
 */

import { alignText } from "../../core/02_words/before_tokens/aligned_text.ts";
import { patterns } from "../../core/02_words/before_tokens/patterns.ts";
import { byPattern } from "../../core/02_words/before_tokens/pre_tokenizers.ts";
import type { Kind } from "../../core/02_words/experiments/before_tokens.ts";
import { record } from "./run.ts";

const VOCABULARY = 8000;
/** How often each speed is measured; the best is kept. */
const TIMES = 5;

/** What is found of a tokenizer. */
export interface TokenizerResult {
  readonly kind: Kind;
  readonly vocabSize: number;
  /** Seconds of learning. */
  readonly learning: number;
  /** Megabytes a second: ids, tokens with their places, and back. */
  readonly encoding: number;
  readonly locating: number;
  readonly decoding: number;
  readonly tokens: number;
  /** Tokens that are unknown, divided by all. */
  readonly unknown: number;
  /** Lines that come back as they were, divided by all. */
  readonly undone: number;
}

/** What is kept. */
export interface TokenizersRun {
  readonly vocabSize: number;
  readonly bytes: number;
  readonly lines: number;
  readonly times: number;
  readonly tokenizers: readonly TokenizerResult[];
  /** Pieces of each published pattern, and megabytes a second. */
  readonly patterns: readonly { readonly name: string; readonly pieces: number; readonly speed: number }[];
}

/** The least seconds of several runs. */
function seconds(work: () => unknown): number {
  return Math.min(...Array.from({ length: TIMES }, () => {
    const started = performance.now();
    work();
    return (performance.now() - started) / 1000;
  }));
}

if (import.meta.main) {
  await record<TokenizersRun>({
    name: "tokenizers",
    summary: "Learn five tokenizers from a text, cut it with each, and record what is found.",
    origin: "The plays of Shakespeare, as Andrej Karpathy's char-rnn hands them out (tinyshakespeare)",
    licence: "public domain",
    make: async (path) => {
      const { KINDS, LEARN } = await import("../../core/02_words/experiments/before_tokens.ts");
      const text = await Deno.readTextFile(path), lines = text.split("\n").filter((line) => line !== "");
      const bytes = new TextEncoder().encode(text).length, megabytes = bytes / 1e6;
      const tokenizers: TokenizerResult[] = [];
      for (const kind of KINDS) {
        const started = performance.now(), tokenizer = await LEARN[kind]([text], VOCABULARY);
        const learning = (performance.now() - started) / 1000, ids = tokenizer.encode(text);
        tokenizers.push({
          kind,
          vocabSize: tokenizer.vocabSize,
          learning,
          encoding: megabytes / seconds(() => tokenizer.encode(text)),
          locating: megabytes / seconds(() => tokenizer.tokenize(text)),
          decoding: megabytes / seconds(() => tokenizer.decode(ids)),
          tokens: ids.length,
          unknown: ids.filter((id) => id === tokenizer.unknownToken).length / ids.length,
          undone: lines.filter((line) => tokenizer.decode(tokenizer.encode(line)) === line).length / lines.length,
        });
        console.log(tokenizers.at(-1));
      }
      const given = alignText(text);
      return {
        vocabSize: VOCABULARY,
        bytes,
        lines: lines.length,
        times: TIMES,
        tokenizers,
        patterns: patterns.map((pattern) => ({
          name: pattern.name,
          pieces: byPattern(pattern).cut(given).length,
          speed: megabytes / seconds(() => byPattern(pattern).cut(given)),
        })),
      };
    },
  });
}
