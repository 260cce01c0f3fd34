/**
 * # Decoding options
 *
 * The words of [chapter](../07_generation/mod.ts) with hyphens. An option that has no effect with
 * the others is refused, as everywhere in this library.
 *
 * @module
 */

import type { GenerateOptions } from "../07_generation/generate.ts";
import type { LogitsRule } from "../07_generation/truncation.ts";
import type { Random } from "../engine/random.ts";
import { flag, flagOf, number, type Option } from "./arguments.ts";
import { escapeControl, UsageError } from "./errors.ts";

type NumberOption = Option<number | undefined>;

/** How texts are searched. */
export const searchOptions: {
  readonly numBeams: NumberOption;
  readonly lengthPenalty: NumberOption;
  readonly numBeamGroups: NumberOption;
  readonly diversityPenalty: NumberOption;
  readonly stochastic: Option<boolean>;
  readonly allBeams: Option<boolean>;
} = {
  numBeams: number("N", "Beams of the search; 1 takes the likeliest token", { min: 1, max: 1000, whole: true }),
  lengthPenalty: number("ALPHA", "How much a longer text is favoured by the beams", { min: -10, max: 10 }),
  numBeamGroups: number("G", "Groups of beams that avoid each other's words", { min: 1, max: 1000, whole: true }),
  diversityPenalty: number("LAMBDA", "What a word of an earlier group costs, in nats", { min: 0, max: 1000 }),
  stochastic: flag("Draw the beams at random, no text twice"),
  allBeams: flag("Print every text of the search, with its log-probability"),
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
 * @throws {UsageError} if an option has no effect with the others
 */
export function searchDecoding(given: Given, usualBeams: number, random: Random): Decoding {
  const numBeams = (given["numBeams"] as number | undefined) ?? usualBeams;
  const [lengthPenalty, numBeamGroups, diversityPenalty] = ["lengthPenalty", "numBeamGroups", "diversityPenalty"].map(
    (name) => given[name] as number | undefined,
  );
  const stochastic = given["stochastic"] === true;
  for (const name of ["lengthPenalty", "numBeamGroups", "stochastic", "allBeams"]) {
    if (numBeams === 1 && given[name] !== undefined && given[name] !== false) {
      throw new UsageError(`Cannot use ${flagOf(name)} with one beam: a single text is compared with no other`);
    }
  }
  for (const name of ["lengthPenalty", "numBeamGroups"]) {
    if (stochastic && given[name] !== undefined) {
      throw new UsageError(`Cannot use ${flagOf(name)} with --stochastic: texts are drawn by their probability alone`);
    }
  }
  if (diversityPenalty !== undefined && (numBeamGroups ?? 1) === 1) {
    throw new UsageError("Cannot use --diversity-penalty without --num-beam-groups: one group has no other to avoid");
  }
  if (numBeamGroups !== undefined && numBeams % numBeamGroups !== 0) {
    throw new UsageError(
      `Cannot divide ${numBeams} beams into --num-beam-groups ${numBeamGroups}: it must be a divisor`,
    );
  }
  return {
    numBeams,
    ...(lengthPenalty !== undefined && { lengthPenalty }),
    ...(numBeamGroups !== undefined && { numBeamGroups }),
    ...(diversityPenalty !== undefined && { diversityPenalty }),
    ...(stochastic && { stochastic, random }),
  };
}

/** Options that only a search has. */
const SEARCHING = ["lengthPenalty", "numBeamGroups", "diversityPenalty", "stochastic", "allBeams"];

/**
 * Options of a search or a draw: beams if they are asked for, chance otherwise.
 *
 * @throws {UsageError} if both are asked for and the beams are not stochastic
 */
export function anyDecoding(given: Given, random: Random): Decoding {
  const drawing = Object.entries(given).filter(([name, value]) =>
    Object.hasOwn(drawingOptions, name) && value !== undefined
  );
  const repetition = given["repetitionPenalty"] as number | undefined;
  const common = repetition === undefined ? {} : { repetitionPenalty: repetition };
  if (given["numBeams"] === undefined) {
    const searching = SEARCHING.find((name) => given[name] !== undefined && given[name] !== false);
    if (searching) throw new UsageError(`Cannot use ${flagOf(searching)} without --num-beams`);
    return { ...common, random, ...Object.fromEntries(drawing) };
  }
  if (drawing.length > 0 && given["stochastic"] !== true) {
    throw new UsageError(`Cannot use ${flagOf(drawing[0]![0])} with --num-beams: a search draws nothing`);
  }
  return { ...common, ...Object.fromEntries(drawing), ...searchDecoding(given, 1, random) };
}

/** Forbids the tokens that stand for no text: padding, beginning, end and unknown. */
export const noSpecialTokens: LogitsRule = (logits) => logits.map((logit, token) => token < 4 ? -Infinity : logit);

/** Generated text as it may be printed: line breaks stay, other control characters are escaped. */
export function printable(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}
