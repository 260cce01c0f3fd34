/**
 * # Where a text is cut first
 *
 * **Question.** No token crosses a cut. Which cuts are there, and what becomes of the character at which a text is cut?
 *
 * **Idea.** A {@linkcode PreTokenizer} is a named way to cut. Something is looked for, a space, a sign, a number, a piece of a
 * [pattern](patterns.ts), and a {@linkcode SplitBehavior} says what becomes of it: dropped, a piece of its own, or joined to its neighbour.
 * Byte level and [metaspace](metaspace.ts) also change the letters, so that no space is lost.
 *
 * @module
 */

import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  integer,
  object,
  oneOf,
} from "../../engine/options.ts";
import { LETTERS, toLetters } from "../byte_pair_encoding/letters.ts";
import type { AlignedText, Edit } from "./aligned_text.ts";
import { classOf, NUMBER, PUNCTUATION, SPACE, widthOf, WORD } from "./character_classes.ts";
import { gpt2Pattern, type Pattern } from "./patterns.ts";
import { aPattern, patternOptions, pieces, type PreTokenizer } from "./pre_tokenizer.ts";

/** What becomes of what a text is split at. */
export type SplitBehavior = "removed" | "isolated" | "mergedWithPrevious" | "mergedWithNext" | "contiguous";

/** What a {@linkcode SplitBehavior} may be. */
export const splitBehaviors: Check<SplitBehavior> = oneOf([
  "removed",
  "isolated",
  "mergedWithPrevious",
  "mergedWithNext",
  "contiguous",
]);

/** A part of a text: what was looked for, or what stands between. */
interface Part {
  start: number;
  end: number;
  readonly found: boolean;
}

/** Cuts at what was found. */
function splitAt(piece: AlignedText, parts: readonly Part[], behavior: SplitBehavior): readonly AlignedText[] {
  return pieces(joined(parts, behavior).map(({ start, end }) => piece.slice(start, end)));
}

/** Which parts remain, and which are one. */
function joined(parts: readonly Part[], behavior: SplitBehavior): readonly Part[] {
  if (behavior === "isolated") return parts;
  if (behavior === "removed") return parts.filter(({ found }) => !found);
  if (behavior === "mergedWithNext") {
    // From the end, the next part is the one before.
    const all: Part[] = [];
    let wasFound = false;
    for (const part of parts.toReversed()) {
      if (part.found && !wasFound && all.length > 0) all.at(-1)!.start = part.start;
      else all.push({ ...part });
      wasFound = part.found;
    }
    return all.reverse();
  }
  const all: Part[] = [];
  let wasFound = false;
  for (const part of parts) {
    const joins = behavior === "contiguous" ? part.found === wasFound : part.found && !wasFound;
    if (joins && all.length > 0) all.at(-1)!.end = part.end;
    else all.push({ ...part });
    wasFound = part.found;
  }
  return all;
}

/** Finds the characters that have one of the bits, each by itself. */
function charactersOf(text: string, bits: number): Part[] {
  const parts: Part[] = [];
  let read = 0;
  for (let place = 0; place < text.length;) {
    const point = text.codePointAt(place)!, end = place + widthOf(point);
    if (classOf(point) & bits) {
      if (read < place) parts.push({ start: read, end: place, found: false });
      parts.push({ start: place, end, found: true });
      read = end;
    }
    place = end;
  }
  if (read < text.length) parts.push({ start: read, end: text.length, found: false });
  return parts;
}

/** Finds runs of characters of one kind, and drops those of kind 0. */
function runsOf(piece: AlignedText, kindOf: (point: number) => number): readonly AlignedText[] {
  const { text } = piece, cuts: AlignedText[] = [];
  let start = 0, kind = 0;
  for (let place = 0; place <= text.length;) {
    const point = place < text.length ? text.codePointAt(place)! : 0, next = place < text.length ? kindOf(point) : -1;
    if (next !== kind) {
      if (kind > 0) cuts.push(piece.slice(start, place));
      [start, kind] = [place, next];
    }
    place += widthOf(point);
  }
  return cuts;
}

/** Cuts at white space, which is dropped. */
export const whitespaceSplit: PreTokenizer = {
  name: "whitespaceSplit",
  options: {},
  cut: (piece) => runsOf(piece, (point) => classOf(point) & SPACE ? 0 : 1),
};

/** Words and runs of signs, `\w+|[^\w\s]+`; white space is dropped. */
export const whitespace: PreTokenizer = {
  name: "whitespace",
  options: {},
  cut: (piece) => runsOf(piece, (point) => classOf(point) & WORD ? 1 : classOf(point) & SPACE ? 0 : 2),
};

/** Words, numbers, and each sign and line break by itself; other white space is dropped. */
export const wordsAndSigns: PreTokenizer = {
  name: "wordsAndSigns",
  options: {},
  cut: (piece) =>
    Array.from(piece.text.matchAll(WORD_OR_SIGN), ({ 0: { length }, index }) => piece.slice(index, index + length)),
};

/** No alternative begins like another, so the engine never goes back. */
const WORD_OR_SIGN = /[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+|\n|[^\s\p{L}\p{M}\p{N}]/gu;

/** Each character is a piece. */
export const characters: PreTokenizer = {
  name: "characters",
  options: {},
  cut(piece) {
    const { text } = piece, cuts: AlignedText[] = [];
    for (let start = 0; start < text.length;) {
      const end = start + widthOf(text.codePointAt(start)!);
      cuts.push(piece.slice(start, end));
      start = end;
    }
    return cuts;
  },
};

/**
 * Cuts at signs: those of ASCII, and what Unicode calls punctuation.
 *
 * @param behavior what becomes of them; `"isolated"` by default
 * @returns the pre-tokenizer
 */
export function punctuation(behavior: SplitBehavior = "isolated"): PreTokenizer {
  checkValue("cut at signs", "behavior", behavior, splitBehaviors);
  return {
    name: "punctuation",
    options: { behavior },
    cut: (piece) => splitAt(piece, charactersOf(piece.text, PUNCTUATION), behavior),
  };
}

/** How {@linkcode digits} cuts. */
export interface DigitsOptions {
  /** Digits of a piece at most, from the left; any number by default. */
  readonly most?: number | undefined;
}

const digitsChecks: Checks<DigitsOptions> = { most: integer() };

/**
 * Takes numbers apart from what stands around them.
 *
 * @param options how many digits stay together: 1 for each alone, 3 for groups
 * @returns the pre-tokenizer
 */
export function digits(options: DigitsOptions = {}): PreTokenizer {
  checkOptions("cut numbers", options, digitsChecks);
  const { most = Infinity } = options;
  return {
    name: "digits",
    options: most === Infinity ? {} : { most },
    cut(piece) {
      const parts: Part[] = [];
      let length = 0;
      for (const part of charactersOf(piece.text, NUMBER)) {
        const last = parts.at(-1);
        if (part.found && last?.found && length < most) {
          last.end = part.end;
          length++;
        } else {
          parts.push(part);
          length = 1;
        }
      }
      return splitAt(piece, parts, "isolated");
    },
  };
}

/** How {@linkcode splitBy} cuts. */
export interface SplitOptions {
  /** What becomes of what is found; `"isolated"` by default. */
  readonly behavior?: SplitBehavior | undefined;
  /** Whether the pattern finds what stays instead; false by default. */
  readonly invert?: boolean | undefined;
}

const splitChecks: Checks<SplitOptions> = { behavior: splitBehaviors, invert: flag };

/**
 * Cuts at a string, or at what a regular expression finds.
 *
 * @param pattern a string, or an expression with the flags `g` and `u`; how long it takes is its own affair
 * @param options what becomes of what is found
 * @returns the pre-tokenizer
 */
export function splitBy(pattern: string | RegExp, options: SplitOptions = {}): PreTokenizer {
  checkValue("split", "pattern", pattern, aPattern);
  checkOptions("split", options, splitChecks);
  const { behavior = "isolated", invert = false } = options;
  return {
    name: "split",
    options: { ...patternOptions(pattern), behavior, invert },
    cut: (piece) => splitAt(piece, partsOf(piece.text, pattern, invert), behavior),
  };
}

/** Finds a pattern, and what stands between. */
function partsOf(text: string, pattern: string | RegExp, invert: boolean): Part[] {
  const parts: Part[] = [];
  let read = 0;
  const add = (start: number, end: number): void => {
    if (start === end) return;
    if (read < start) parts.push({ start: read, end: start, found: invert });
    parts.push({ start, end, found: !invert });
    read = end;
  };
  if (typeof pattern !== "string") {
    for (const { 0: found, index } of text.matchAll(pattern)) add(index, index + found.length);
  } else if (pattern !== "") {
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, read)) add(at, at + pattern.length);
  }
  if (read < text.length) parts.push({ start: read, end: text.length, found: invert });
  return parts;
}

/**
 * Cuts by a published pattern; nothing is dropped.
 *
 * @param pattern which one
 * @returns the pre-tokenizer
 */
export function byPattern(pattern: Pattern): PreTokenizer {
  checkValue("cut", "pattern", pattern, thePattern);
  return {
    name: "pattern",
    options: { pattern: pattern.name },
    cut(piece) {
      const { text } = piece, cuts: AlignedText[] = [];
      for (let start = 0; start < text.length;) {
        const end = pattern.end(text, start);
        cuts.push(piece.slice(start, end));
        start = end;
      }
      return cuts;
    },
  };
}

const thePattern: Check<Pattern> = object(
  "a published pattern",
  (value) => typeof (value as Partial<Pattern>).end === "function" && "name" in value,
);

/** How {@linkcode byteLevel} writes bytes. */
export interface ByteLevelOptions {
  /** Whether a space is put in front of a piece that begins with none; false by default. */
  readonly addPrefixSpace?: boolean | undefined;
  /** Whether the text is cut by GPT-2's pattern first; true by default. */
  readonly usePattern?: boolean | undefined;
}

const byteLevelChecks: Checks<ByteLevelOptions> = { addPrefixSpace: flag, usePattern: flag };

/**
 * Writes each byte of UTF-8 as a letter of GPT-2's, a space as `Ġ`.
 *
 * @param options whether a space is put in front, and whether the text is cut
 * @returns the pre-tokenizer
 */
export function byteLevel(options: ByteLevelOptions = {}): PreTokenizer {
  checkOptions("cut into bytes", options, byteLevelChecks);
  const { addPrefixSpace = false, usePattern = true } = options;
  const byGpt2 = byPattern(gpt2Pattern);
  return {
    name: "byteLevel",
    options: { addPrefixSpace, usePattern },
    cut(piece) {
      const marked = addPrefixSpace && !piece.text.startsWith(" ") ? piece.prepend(" ") : piece;
      return (usePattern ? byGpt2.cut(marked) : pieces([marked])).map(writeBytes);
    },
  };
}

/** The letters of the bytes instead of the characters. */
function writeBytes(piece: AlignedText): AlignedText {
  const { text } = piece;
  if (/^[!-~]*$/.test(text)) return piece;
  const edits: Edit[] = [];
  for (let place = 0; place < text.length;) {
    const point = text.codePointAt(place)!, end = place + widthOf(point);
    if (point <= 32 || point >= 127) {
      edits.push({ start: place, end, text: point < 128 ? LETTERS[point]! : lettersOf(text.slice(place, end)) });
    }
    place = end;
  }
  return piece.edit(edits);
}

/** The letters of one character; those of the most frequent ones are remembered. */
function lettersOf(character: string): string {
  let letters = KNOWN_LETTERS.get(character);
  if (letters === undefined) {
    if (KNOWN_LETTERS.size >= MOST_KNOWN) KNOWN_LETTERS.clear();
    KNOWN_LETTERS.set(character, letters = toLetters(character, "bytes").join(""));
  }
  return letters;
}

const KNOWN_LETTERS = new Map<string, string>();
const MOST_KNOWN = 2 ** 13;

/** Cuts as BERT does: at white space, which is dropped, and around every sign. */
export const bertPreTokenizer: PreTokenizer = {
  name: "bert",
  options: {},
  cut: (piece) => whitespaceSplit.cut(piece).flatMap((word) => punctuation().cut(word)),
};
