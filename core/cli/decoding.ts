/**
 * # Decoding options
 *
 * The words of chapter 7 with hyphens. An option that has no effect with the others is refused,
 * as everywhere in this library.
 *
 * @module
 */

import type { GenerateOptions } from "../07_generation/generate.ts";
import type { LogitsRule } from "../07_generation/truncation.ts";
import type { Random } from "../engine/random.ts";
import { flagOf, number, type Option } from "./arguments.ts";
import { escapeControl, UsageError } from "./errors.ts";

type NumberOption = Option<number | undefined>;

/** How texts are searched. */
export const searchOptions: { readonly numBeams: NumberOption; readonly lengthPenalty: NumberOption } = {
  numBeams: number("N", "Beams of the search; 1 takes the likeliest token", { min: 1, max: 1000, whole: true }),
  lengthPenalty: number("ALPHA", "How much a longer text is favoured by the beams", { min: -10, max: 10 }),
};

/** How tokens are drawn. */
export const drawingOptions: {
  readonly temperature: NumberOption;
  readonly topK: NumberOption;
  readonly topP: NumberOption;
  readonly minP: NumberOption;
  readonly epsilonCutoff: NumberOption;
  readonly typicalP: NumberOption;
} = {
  temperature: number("T", "Above 1 bolder, below 1 safer", { above: 0, max: 1000 }),
  topK: number("K", "Draw from the K likeliest tokens", { min: 1, whole: true }),
  topP: number("P", "Draw from the fewest tokens with this share", { above: 0, max: 1 }),
  minP: number("P", "Draw from tokens with this share of the likeliest", { above: 0, max: 1 }),
  epsilonCutoff: number("P", "Draw from tokens likelier than this", { above: 0, below: 1 }),
  typicalP: number("P", "Draw from the most typical tokens with this share", { above: 0, max: 1 }),
};

/** Decoding options as they were given. */
type Given = Readonly<Record<string, unknown>>;

/** The part of {@linkcode GenerateOptions} that the options above decide. */
export type Decoding = Omit<GenerateOptions, "maxNewTokens" | "eosToken" | "signal" | "onProgress" | "rules" | "slide">;

/**
 * Options of a search, checked against each other.
 *
 * @throws {UsageError} if a length penalty is given for a single beam
 */
export function searchDecoding(given: Given, usualBeams: number): Decoding {
  const numBeams = (given["numBeams"] as number | undefined) ?? usualBeams;
  const lengthPenalty = given["lengthPenalty"] as number | undefined;
  if (lengthPenalty !== undefined && numBeams === 1) {
    throw new UsageError("Cannot use --length-penalty with one beam: a single text is compared with no other");
  }
  return { numBeams, ...(lengthPenalty !== undefined && { lengthPenalty }) };
}

/**
 * Options of a search or a draw: beams if they are asked for, chance otherwise.
 *
 * @throws {UsageError} if both are asked for
 */
export function anyDecoding(given: Given, random: Random): Decoding {
  const drawing = Object.entries(given).filter(([name, value]) =>
    Object.hasOwn(drawingOptions, name) && value !== undefined
  );
  const repetition = given["repetitionPenalty"] as number | undefined;
  const common = repetition === undefined ? {} : { repetitionPenalty: repetition };
  if (given["numBeams"] === undefined) {
    if (given["lengthPenalty"] !== undefined) throw new UsageError("Cannot use --length-penalty without --num-beams");
    return { ...common, random, ...Object.fromEntries(drawing) };
  }
  if (drawing.length > 0) {
    throw new UsageError(`Cannot use ${flagOf(drawing[0]![0])} with --num-beams: a search draws nothing`);
  }
  return { ...common, ...searchDecoding(given, 1) };
}

/** Forbids the tokens that stand for no text: padding, beginning, end and unknown. */
export const noSpecialTokens: LogitsRule = (logits) => logits.map((logit, token) => token < 4 ? -Infinity : logit);

/** Generated text as it may be printed: line breaks stay, other control characters are escaped. */
export function printable(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}
