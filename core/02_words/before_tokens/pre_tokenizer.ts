/**
 * # A step before the tokens
 *
 * **Question.** What do all steps have in common that change a text or cut it before its tokens are looked up?
 *
 * **Idea.** A normalizer makes a text of a text; a pre-tokenizer makes a list of pieces of one piece. Both are values, carry what they
 * were made with, and can be put in a row.
 *
 * @module
 */

import { checkList } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import type { Check } from "../../engine/options.ts";
import type { AlignedText } from "./aligned_text.ts";

/** A step that changes a text. */
export interface Normalizer {
  /** What it is called. */
  readonly name: string;
  /** What it was made with. */
  readonly options: Readonly<Record<string, Json>>;
  /** Changes a text. */
  apply(text: AlignedText): AlignedText;
}

/** A step that cuts a text into pieces which no token crosses. */
export interface PreTokenizer {
  /** What it is called. */
  readonly name: string;
  /** What it was made with. */
  readonly options: Readonly<Record<string, Json>>;
  /** Cuts a piece; no part is empty. */
  cut(piece: AlignedText): readonly AlignedText[];
}

/** Whether something is an object with a function of that name. */
export function isPart(method: string): (part: unknown) => boolean {
  return (part) =>
    typeof part === "object" && part !== null && typeof (part as Record<string, unknown>)[method] === "function";
}

/** A string, or a regular expression that finds every place. */
export const aPattern: Check<string | RegExp> = {
  must: "a string or a regular expression with the flags g and u",
  fits: (value) =>
    typeof value === "string" || value instanceof RegExp && value.global && (value.unicode || value.unicodeSets),
};

/** A pattern as a file holds it. */
export function patternOptions(pattern: string | RegExp): Record<string, Json> {
  return typeof pattern === "string" ? { string: pattern } : { expression: pattern.source, flags: pattern.flags };
}

/** Leaves out what is empty. */
export function pieces(parts: readonly AlignedText[]): readonly AlignedText[] {
  return parts.every(({ text }) => text !== "") ? parts : parts.filter(({ text }) => text !== "");
}

/**
 * Puts normalizers in a row.
 *
 * @param parts the steps, the first one first
 * @returns one normalizer
 */
export function normalizerSequence(parts: readonly Normalizer[]): Normalizer {
  checkList("normalize", "parts", parts, "normalizers", isPart("apply"));
  return {
    name: "sequence",
    options: { parts: parts.map(({ name, options }) => ({ name, ...options })) },
    apply: (text) => parts.reduce((changed, part) => part.apply(changed), text),
  };
}

/**
 * Puts pre-tokenizers in a row; each cuts the pieces of the one before.
 *
 * @param parts the steps, the first one first
 * @returns one pre-tokenizer
 */
export function preTokenizerSequence(parts: readonly PreTokenizer[]): PreTokenizer {
  checkList("cut", "parts", parts, "pre-tokenizers", isPart("cut"));
  return {
    name: "sequence",
    options: { parts: parts.map(({ name, options }) => ({ name, ...options })) },
    cut: (piece) => parts.reduce((all: readonly AlignedText[], part) => all.flatMap((one) => part.cut(one)), [piece]),
  };
}
