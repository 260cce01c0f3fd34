/**
 * # From tokens to text
 *
 * **Question.** A token carries marks: `Ġ` or `▁` for a space, `##` for a word that goes on, `<0xE5>` for a byte. Which steps turn a
 * list of tokens into text, and which of them can begin before the list has ended?
 *
 * **Idea.** A decoder reads strings one after the other and hands strings on; several in a row are a decoder. Each holds back only
 * what it cannot decide yet: the bytes of half a character, or spaces that may be the last ones.
 *
 * @module
 */

import { checkList } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import { checkOptions, type Checks, flag, integer, required, string } from "../../engine/options.ts";
import { BYTES, utf8 } from "../byte_pair_encoding/letters.ts";
import { type PrependScheme, prependSchemes } from "./metaspace.ts";
import { isPart } from "./pre_tokenizer.ts";

/** A decoder at work on one list of tokens. */
export interface DecoderRun {
  /** Reads a token, and says which strings are ready. */
  write(token: string): readonly string[];
  /** Says what is left once all tokens are read. */
  end(): readonly string[];
}

/** What a decoder makes of a token that it sees alone. */
export interface TokenWriter {
  /** Writes a token, or what an earlier step has made of it; bytes where it is no whole text. */
  write(text: string | Uint8Array, isFirst: boolean): string | Uint8Array;
  /** Whether the next token is written as where the text begins; it is not by default. */
  restarts?(token: string): boolean;
}

/** A step from tokens to text. */
export interface Decoder {
  /** What it is called. */
  readonly name: string;
  /** What it was made with. */
  readonly options: Readonly<Record<string, Json>>;
  /** Starts on a list of tokens; the strings of a fused one belong together as one token. */
  open(fused: boolean): DecoderRun;
  /** Writes tokens one by one; absent or without result if a token is written by what follows. */
  apart?(fused: boolean): TokenWriter | undefined;
}

const nothing: readonly string[] = [];

/** A writer of what is still a string: bytes stay as they are. */
function ofStrings(change: (text: string, isFirst: boolean) => string | Uint8Array): TokenWriter {
  return { write: (text, isFirst) => typeof text === "string" ? change(text, isFirst) : text };
}

/** A decoder that looks at each token alone. */
function each(
  name: string,
  options: Readonly<Record<string, Json>>,
  change: (token: string, isFirst: boolean) => string,
): Decoder {
  return {
    name,
    options,
    open() {
      let isFirst = true;
      return {
        write(token) {
          const text = change(token, isFirst);
          isFirst = false;
          return [text];
        },
        end: () => nothing,
      };
    },
    apart: () => ofStrings(change),
  };
}

/** Turns letters that stand for bytes into text; bytes that are no UTF-8 become U+FFFD. */
export const byteLevelDecoder: Decoder = {
  name: "byteLevel",
  options: {},
  open() {
    const decoder = utf8();
    return {
      write(token) {
        const bytes = bytesOf(token);
        // A token with another letter is text that was added to the vocabulary.
        const text = bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode() + token;
        return text === "" ? nothing : [text];
      },
      end() {
        const text = decoder.decode();
        return text === "" ? nothing : [text];
      },
    };
  },
  apart: () => ofStrings((token) => bytesOf(token) ?? token),
};

function bytesOf(letters: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) {
    const byte = BYTES.get(letters[place]!);
    if (byte === undefined) return undefined;
    bytes[place] = byte;
  }
  return bytes;
}

/** How {@linkcode wordPieceDecoder} writes words. */
export interface WordPieceDecoderOptions {
  /** What marks a token that continues a word; `##` by default. */
  readonly prefix?: string | undefined;
  /** Whether the space before a full stop or `n't` is taken out; true by default. */
  readonly cleanup?: boolean | undefined;
}

const CLEANUP: readonly (readonly [string, string])[] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/**
 * Writes a space before each token but those that continue a word.
 *
 * @param options what marks those, and whether spaces before signs are taken out
 * @returns the decoder
 */
export function wordPieceDecoder(options: WordPieceDecoderOptions = {}): Decoder {
  checkOptions("decode word pieces", options, { prefix: string, cleanup: flag });
  const { prefix = "##", cleanup = true } = options;
  return each("wordPiece", { prefix, cleanup }, (token, isFirst) => {
    let text = isFirst ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
    if (cleanup) { for (const [from, to] of CLEANUP) text = text.replaceAll(from, to); }
    return text;
  });
}

/** Writes a space between two tokens, and none beside a line break. */
export const wordDecoder: Decoder = {
  name: "words",
  options: {},
  open() {
    let isStart = true;
    return {
      write(token) {
        const text = isStart || token === "\n" ? token : ` ${token}`;
        isStart = token === "\n";
        return [text];
      },
      end: () => nothing,
    };
  },
  apart: () => ({
    ...ofStrings((token, isFirst) => isFirst || token === "\n" ? token : ` ${token}`),
    restarts: (token) => token === "\n",
  }),
};

/** How {@linkcode metaspaceDecoder} writes spaces. */
export interface MetaspaceDecoderOptions {
  /** What stands for a space; `▁` by default. */
  readonly replacement?: string | undefined;
  /** Where one was put in front; `"always"` by default. */
  readonly prependScheme?: PrependScheme | undefined;
}

/**
 * Writes a space for each `▁`, but for the first if it was put in front.
 *
 * @param options which letter stands for a space, and where one was put in front
 * @returns the decoder
 */
export function metaspaceDecoder(options: MetaspaceDecoderOptions = {}): Decoder {
  checkOptions("decode spaces", options, { replacement: string, prependScheme: prependSchemes });
  const { replacement = "▁", prependScheme = "always" } = options;
  return each("metaspace", { replacement, prependScheme }, (token, isFirst) => {
    const isPut = isFirst && prependScheme !== "never" && token.startsWith(replacement);
    return (isPut ? token.slice(replacement.length) : token).replaceAll(replacement, " ");
  });
}

/** Joins tokens like `<0xE5>` to characters; bytes that are no UTF-8 become U+FFFD each. */
export const byteFallbackDecoder: Decoder = {
  name: "byteFallback",
  options: {},
  open() {
    let run: number[] = [];
    const flush = (): readonly string[] => {
      if (run.length === 0) return nothing;
      const bytes = Uint8Array.from(run);
      run = [];
      try {
        return [new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes)];
      } catch {
        return ["\uFFFD".repeat(bytes.length)];
      }
    };
    return {
      write(token) {
        const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
        if (!byte) return [...flush(), token];
        run.push(parseInt(byte[1]!, 16));
        return nothing;
      },
      end: flush,
    };
  },
  apart: () =>
    ofStrings((token) => {
      const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
      return byte ? Uint8Array.of(parseInt(byte[1]!, 16)) : token;
    }),
};

/**
 * Writes a space for the suffix that ends a word, but for that of the last word.
 *
 * @param suffix what ends a word; `"</w>"` by default
 * @returns the decoder
 */
export function suffixDecoder(suffix = "</w>"): Decoder {
  checkOptions("decode suffixes", { suffix }, { suffix: required(string) });
  return {
    name: "suffix",
    options: { suffix },
    open() {
      let held: string | undefined;
      return {
        write(token) {
          const ready = held === undefined ? nothing : [held.replaceAll(suffix, " ")];
          held = token;
          return ready;
        },
        end: () => held === undefined ? nothing : [held.replaceAll(suffix, "")],
      };
    },
    // The space of a suffix counts to the token that follows, since there may be none.
    apart: () => {
      const ends = (token: string): boolean => suffix !== "" && token.endsWith(suffix);
      const shorter = (token: string): string => ends(token) ? token.slice(0, -suffix.length) : token;
      return {
        ...ofStrings((token, isFirst) => `${isFirst ? "" : " "}${shorter(token).replaceAll(suffix, " ")}`),
        restarts: (token) => !ends(token),
      };
    },
  };
}

/** Makes one string of all tokens, for the steps behind it. */
export const fuse: Decoder = {
  name: "fuse",
  options: {},
  open: () => ({ write: (token) => [token], end: () => nothing }),
  apart: () => ofStrings((token) => token),
};

/**
 * Replaces a string in each token.
 *
 * @param pattern what is looked for
 * @param content what stands there instead
 * @returns the decoder
 */
export function replaceDecoder(pattern: string, content: string): Decoder {
  checkOptions("replace in tokens", { pattern, content }, { pattern: required(string), content: required(string) });
  const replace = (text: string): string => pattern === "" ? text : text.replaceAll(pattern, content);
  return {
    name: "replace",
    options: { pattern, content },
    open(fused) {
      // What is looked for may cross two strings of one token.
      if (!fused || pattern.length <= 1) return { write: (token) => [replace(token)], end: () => nothing };
      const parts: string[] = [];
      return { write: (token) => (parts.push(token), nothing), end: () => [replace(parts.join(""))] };
    },
    apart: (fused) => fused && pattern.length > 1 ? undefined : ofStrings(replace),
  };
}

/** How {@linkcode stripDecoder} cuts. */
export interface StripDecoderOptions {
  /** The character to take away. */
  readonly content: string;
  /** How many at most at the beginning of a token; 0 by default. */
  readonly start?: number | undefined;
  /** How many at most at the end; 0 by default. */
  readonly stop?: number | undefined;
}

const stripChecks: Checks<StripDecoderOptions> = {
  content: required(string),
  start: integer({ min: 0 }),
  stop: integer({ min: 0 }),
};

/**
 * Takes a character away at both ends of each token.
 *
 * @param options which character, and how many at most
 * @returns the decoder
 */
export function stripDecoder(options: StripDecoderOptions): Decoder {
  checkOptions("strip tokens", options, stripChecks);
  const { content, start = 0, stop = 0 } = options;
  const strip = (text: string): string => {
    let from = 0, to = text.length;
    for (let i = 0; i < start && content !== "" && text.startsWith(content, from); i++) from += content.length;
    for (let i = 0; i < stop && content !== "" && to > from && text.slice(from, to).endsWith(content); i++) {
      to -= content.length;
    }
    return text.slice(from, to);
  };
  return {
    name: "strip",
    options: { content, start, stop },
    open: (fused) =>
      fused ? stripFused(content, start, stop) : { write: (token) => [strip(token)], end: () => nothing },
    apart(fused) {
      if (!fused) return ofStrings(strip);
      // Only what one token decides: the first of them loses one character at most.
      if (stop > 0 || start > 1 || content === "") return undefined;
      return ofStrings((text, isFirst) =>
        isFirst && start === 1 && text.startsWith(content) ? text.slice(content.length) : text
      );
    },
  };
}

/** Strips a token that comes in parts. */
function stripFused(content: string, start: number, stop: number): DecoderRun {
  let toStrip = content === "" ? 0 : start, held = "";
  return {
    write(token) {
      let text = held + token;
      held = "";
      for (; toStrip > 0 && text.startsWith(content); toStrip--) text = text.slice(content.length);
      if (toStrip > 0 && content.startsWith(text)) {
        held = text;
        return nothing;
      }
      toStrip = 0;
      // As much is held back as may be taken away at the end.
      const keep = Math.max(0, text.length - stop * content.length);
      held = text.slice(keep);
      return keep === 0 ? nothing : [text.slice(0, keep)];
    },
    end() {
      let text = held;
      for (let i = 0; i < stop && content !== "" && text.endsWith(content); i++) text = text.slice(0, -content.length);
      return text === "" ? nothing : [text];
    },
  };
}

/**
 * Puts decoders in a row.
 *
 * @param parts the steps, the first one first
 * @returns one decoder
 */
export function decoderSequence(parts: readonly Decoder[]): Decoder {
  checkList("decode", "parts", parts, "decoders", isPart("open"));
  return {
    name: "sequence",
    options: { parts: parts.map(({ name, options }) => ({ name, ...options })) },
    open(fused) {
      let isFused = fused;
      const runs = parts.map((part) => {
        const run = part.open(isFused);
        isFused ||= part === fuse;
        return run;
      });
      const from = (step: number, strings: readonly string[]): readonly string[] =>
        runs.slice(step).reduce((all, run) => all.flatMap((text) => run.write(text)), strings);
      return {
        write: (token) => from(0, [token]),
        end: () => runs.flatMap((run, step) => from(step + 1, run.end())),
      };
    },
    apart(fused) {
      let isFused = fused;
      const writers: TokenWriter[] = [];
      for (const part of parts) {
        const writer = part.apart?.(isFused);
        if (!writer) return undefined;
        isFused ||= part === fuse;
        writers.push(writer);
      }
      const write: TokenWriter["write"] = (token, isFirst) =>
        writers.reduce((text, writer) => writer.write(text, isFirst), token);
      return { write, restarts: (token) => writers.some((writer) => writer.restarts?.(token)) };
    },
  };
}
