/**
 * # Decoding options
 *
 * The words of [chapter](../07_generation/mod.ts) with hyphens. Which there are, what they may be and what they do stands
 * in the chapter's own table; so does what goes together. Here they are only spelled as they are typed.
 *
 * @module
 */

import {
  DECODING,
  type Decoding,
  decodingOf,
  type DecodingOption,
  findSearch,
  type GenerateOptions,
  type LoopOptions,
} from "../07_generation/options.ts";
import type { Search } from "../07_generation/search.ts";
import type { Random } from "../engine/random.ts";
import { flag, flagOf, number, type Option, text } from "./arguments.ts";
import { escapeControl, UsageError } from "./errors.ts";
import { anyCutter, type Cutter, isText, readTokens } from "./token_options.ts";

/** What no search needs more of: each beam keeps a cache of its own, and powers of a length leave the range of numbers. */
const MOST: Readonly<Record<string, number>> = { numBeams: 1000, numBeamGroups: 1000, lengthPenalty: 10 };

/** An option of the table as the command line has it. */
function typed(name: string, help: string, { placeholder, limits }: DecodingOption<unknown>): Option<unknown> {
  if (placeholder === undefined) return flag(help);
  if (isText(name)) return text(placeholder, help);
  const most = MOST[name] ?? 1e9;
  const low = limits?.above === undefined ? { min: -most } : {};
  return number(placeholder, help, { ...low, ...limits?.below === undefined ? { max: most } : {}, ...limits });
}

/** How texts are searched or drawn: every option of the table that has a line of help. */
export const decodingOptions: { readonly allBeams: Option<boolean> } = {
  ...Object.fromEntries(
    Object.entries(DECODING as unknown as Readonly<Record<string, DecodingOption<unknown>>>)
      .flatMap(([name, row]) => row.help === undefined ? [] : [[name, typed(name, row.help, row)]]),
  ),
  allBeams: flag("Print every text of the search, with the score that orders them and its log-probability"),
};

/** The part of the options of `generate` that decides what is generated. */
export type DecodingChoice = Omit<GenerateOptions, Exclude<keyof LoopOptions, "rules"> | "onProgress">;

/** What a command does where nothing is asked for. */
export interface UsualDecoding {
  /** Options that are not given. */
  readonly options?: DecodingChoice;
  /** Whether it draws wherever the options allow it, or only where they ask for it. */
  readonly draws: boolean;
  /** Where random numbers come from. */
  readonly random: Random;
}

/** The search of a command line, and its rules once the tokens of the model are known. */
export interface AskedDecoding {
  /** What kind of search it is; that of `of` knows the tokens. */
  readonly search: Search;
  /**
   * The rules, in order, and the search.
   *
   * @param cutter the tokenizer of what is written
   * @throws {UsageError} if a text of an option is not the tokens that it must be
   */
  of(cutter: Cutter): Decoding;
}

/**
 * The rules and the search that a command line asks for.
 *
 * @param given options as they were parsed
 * @param usual what is done where nothing is asked for
 * @throws {UsageError} if an option has no effect with the others
 */
export function readDecoding(given: Readonly<Record<string, unknown>>, usual: UsualDecoding): AskedDecoding {
  const asked = Object.keys(DECODING).filter((name) => given[name] !== undefined && given[name] !== false);
  const options = (cutter: Cutter): DecodingChoice => ({
    ...usual.options,
    ...Object.fromEntries(asked.map((name) => {
      const value = given[name];
      return [name, isText(name) ? readTokens(name, value as string, cutter) : value];
    })),
  });
  const names = [...Object.keys(usual.options ?? {}), ...asked];
  // A generator is always at hand; it is used where the options need it, or allow it and the command usually draws.
  const mayDraw = usual.draws && !names.includes("numBeams") && findSearch([...names, "random"]) !== undefined;
  const draws = !findSearch(names) || mayDraw;
  const decode = (cutter: Cutter): Decoding => {
    const chosen = options(cutter);
    try {
      return decodingOf(draws ? { ...chosen, random: usual.random } : chosen);
    } catch (error) {
      throw new UsageError(spell((error as Error).message));
    }
  };
  // Without a model first: whatever does not depend on one is refused before it is read.
  const { search } = decode(anyCutter);
  if (given["allBeams"] && !("begin" in search)) {
    const single = given["numBeams"] === undefined ? "without --num-beams" : "with one beam: there is a single text";
    throw new UsageError(`Cannot use --all-beams ${single}`);
  }
  return { search, of: decode };
}

/** Options that draw, and ask for chance by themselves. */
const DRAWING: readonly string[] = [
  ...["temperature", "topNSigma", "topK", "topP", "minP", "epsilonCutoff", "etaCutoff", "typicalP"],
];

/** Whether an option asks for chance. */
export function asksForChance(given: Readonly<Record<string, unknown>>): boolean {
  return DRAWING.some((name) => given[name] !== undefined);
}

/**
 * The same with what the files of a model say: it holds where it goes together with what was asked for.
 *
 * @param given options as they were parsed
 * @param usual what is done where nothing is asked for
 * @param own options of the model's files
 */
export function decodingFor(
  given: Readonly<Record<string, unknown>>,
  usual: UsualDecoding,
  own: DecodingChoice,
): AskedDecoding {
  const rules = Object.fromEntries(Object.entries(own).filter(([name]) => !DRAWING.includes(name)));
  const ways = asksForChance(own) ? [{ ...usual, options: own, draws: true }] : [];
  for (const way of [...ways, { ...usual, options: rules }]) {
    try {
      return readDecoding(given, way);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }
  return readDecoding(given, usual);
}

/** A sentence of the library, with its options as they are typed: chance is asked for by `--stochastic`. */
function spell(sentence: string): string {
  return sentence.replace(
    new RegExp(`\\b(${Object.keys(DECODING).join("|")})\\b`, "g"),
    (name) => name === "random" ? "--stochastic" : flagOf(name),
  );
}

/** Generated text as it may be printed: line breaks stay, other control characters are escaped. */
export function printable(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}

/** What a text of a search is ranked by, and how likely it is. */
export interface Ranked {
  /** What it is ranked by, if a search of several texts has found it. */
  readonly score?: number;
  /** Logarithm of its probability. */
  readonly logProbability: number;
}

/** What stands beside a text: its score, since the texts are in that order, and its log-probability. */
export function rank({ score, logProbability }: Ranked): string {
  return `score ${(score ?? logProbability).toFixed(2)}, log-probability ${logProbability.toFixed(2)}`;
}

// ## As JSON
//
// What prints it is [fetched](json_lines.ts) where it is asked for.

/** What the help says of `--json`. */
export const jsonDetails: readonly string[] = [
  "--json prints an object for each text, one a line:",
  '  {"text", "tokens": [{"id", "text", "logProbability", "processedLogProbability", "alternatives"}, …],',
  '   "logProbability", "score", "finishReason": "stop" or "length"}',
  '"processed" is after the rules; null stands for a token that they forbid. "alternatives", with the fields of a token, are there',
  'with --alternatives; "score" where beams are ranked, and then "logProbability" is after the rules, the end included.',
];

/** The options that ask for JSON. */
export const jsonOptions: { readonly json: Option<boolean>; readonly alternatives: Option<number | undefined> } = {
  json: flag("Print JSON: the text, its tokens with their log-probabilities, and why it ended"),
  alternatives: number("N", "With --json: the N most probable tokens at each step, before the rules", {
    min: 1,
    max: 1000,
    whole: true,
  }),
};

/** Refuses what would have no effect. */
export function checkJson(
  { json, alternatives }: { readonly json: boolean; readonly alternatives: number | undefined },
): void {
  if (alternatives !== undefined && !json) {
    throw new UsageError("Cannot use --alternatives without --json: it would have no effect");
  }
}
