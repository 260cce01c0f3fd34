/**
 * # An encoding in a file
 *
 * **Question.** An encoding outlives the program that learned it. What has to be written down, and what must be true of a
 * file before it can be trusted?
 *
 * **Idea.** Three lists are enough: the special tokens, the alphabet, and the merges in the order they were learned. All
 * ids follow from them. The four special tokens are 0 to 3, the letters come next, and each merge makes the next token.
 *
 * Whoever wrote the file may have made a mistake, or worse: merges can double the length of a token each time, until
 * memory is full. So everything is looked at before anything is built, every token must have exactly one origin, and
 * whatever is wrong is said in one sentence.
 *
 * @module
 */

import { quote } from "../../engine/json.ts";
import { byCodePoint, type BytePairLevel, LETTERS } from "./letters.ts";

/** The texts of the four tokens that no text contains; their ids are 0, 1, 2 and 3. */
export interface SpecialTokens {
  /** Fills short rows of a batch; `<pad>` by default. */
  readonly pad: string;
  /** Stands before the first token of a target; `<begin>` by default. */
  readonly begin: string;
  /** Stands after the last token of a target; `<end>` by default. */
  readonly end: string;
  /** Replaces a character outside the alphabet; `<unknown>` by default. */
  readonly unknown: string;
}

/** Everything that defines an encoding: what {@linkcode BytePairEncoding} is made from. */
export interface BytePairEncodingData {
  /** What the smallest tokens are. */
  readonly level: BytePairLevel;
  /** The texts of tokens 0 to 3. */
  readonly specialTokens: SpecialTokens;
  /** The smallest tokens in order of their ids, from 4 on. */
  readonly alphabet: readonly string[];
  /** Pairs of tokens in the order they were learned; each makes the next token. */
  readonly merges: readonly (readonly [string, string])[];
}

// An alias, since an interface, whose members can grow, is not assignable to `Json`.
/** An encoding as a JSON file holds it, and a checkpoint in its notes. */
export type BytePairEncodingFile = {
  /** Kind and version of the file. */
  readonly format: "heed byte-pair encoding 1";
  /** What the smallest tokens are. */
  readonly level: BytePairLevel;
  /** The texts of tokens 0 to 3. */
  readonly specialTokens: { readonly [Role in keyof SpecialTokens]: string };
  /** The smallest tokens in order of their ids, from 4 on. */
  readonly alphabet: readonly string[];
  /** Pairs of tokens in the order they were learned; each makes the next token. */
  readonly merges: readonly (readonly [string, string])[];
};

/** The texts of special tokens for whoever has no wishes. */
export const DEFAULT_SPECIAL_TOKENS: SpecialTokens = {
  pad: "<pad>",
  begin: "<begin>",
  end: "<end>",
  unknown: "<unknown>",
};
/** The special tokens in the order of their ids. */
export const SPECIAL_ROLES: readonly (keyof SpecialTokens)[] = ["pad", "begin", "end", "unknown"];
/** The id of what is not in the alphabet. */
export const UNKNOWN = 3;
/** The id of the first letter. */
export const FIRST_LETTER = 4;
/** Ids are smaller than this, so that two of them make one exact number. */
export const MOST_TOKENS: number = 2 ** 26;
/** The kind and version of a file. */
export const FORMAT = "heed byte-pair encoding 1";

const MAX_LETTERS = 2 ** 26;

/** Two ids as one number that can be a key. */
export function pairKey(left: number, right: number): number {
  return left * MOST_TOKENS + right;
}

/**
 * Takes what a file holds, and trusts none of it.
 *
 * @param data parsed JSON
 * @throws {SyntaxError} if a field is missing, unknown or malformed
 */
export function readFile(data: unknown): BytePairEncodingData {
  const fields = fieldFault(data, ["format", "level", "specialTokens", "alphabet", "merges"], "the file");
  if (fields) throw malformed(fields);
  const { format, level, specialTokens, alphabet, merges } = data as Record<string, unknown>;
  if (format !== FORMAT) throw malformed(`format is ${describe(format)}: it must be ${describe(FORMAT)}`);
  if (level !== "characters" && level !== "bytes") {
    throw malformed(`level is ${describe(level)}: it must be "characters" or "bytes"`);
  }
  const fault = specialTokenFault(specialTokens);
  if (fault) throw malformed(fault);
  if (!Array.isArray(alphabet)) throw malformed(`alphabet is ${describe(alphabet)}: it must be a list of characters`);
  if (!Array.isArray(merges)) throw malformed(`merges is ${describe(merges)}: it must be a list of pairs`);
  return { level, specialTokens: specialTokens as SpecialTokens, alphabet, merges };
}

/**
 * Numbers the tokens, and refuses what no training produces.
 *
 * @returns the id of each token, and of the token that each pair makes
 * @throws {SyntaxError} if a token is missing, doubled or malformed
 */
export function readTokens(data: BytePairEncodingData): { ids: Map<string, number>; joined: Map<number, number> } {
  const ids = new Map<string, number>();
  for (const letter of data.alphabet) {
    if (typeof letter !== "string" || letter.length > 2 || Array.from(letter).length !== 1 || ids.has(letter)) {
      throw malformed(`alphabet[${ids.size}] is ${describe(letter)}: it must be one character, listed once`);
    }
    ids.set(letter, FIRST_LETTER + ids.size);
  }
  if (data.level === "bytes" && [...ids.keys()].join("") !== [...LETTERS].sort(byCodePoint).join("")) {
    throw malformed("the alphabet of level bytes must be the 256 letters of the bytes in order");
  }
  const joined = new Map<number, number>();
  let letters = ids.size;
  for (const [index, pair] of data.merges.entries()) {
    const [left, right] = Array.isArray(pair) && pair.length === 2 ? pair.map((side) => ids.get(side)) : [];
    if (left === undefined || right === undefined) {
      throw malformed(`merges[${index}] is ${describe(pair)}: it must join two earlier tokens`);
    }
    letters += pair[0].length + pair[1].length;
    if (letters > MAX_LETTERS) throw malformed(`merges[${index}] makes the tokens longer than 2^26 letters together`);
    const token = pair[0] + pair[1];
    if (ids.has(token)) {
      throw malformed(`merges[${index}] makes ${describe(token)} again: each token must be made once`);
    }
    joined.set(pairKey(left, right), FIRST_LETTER + ids.size);
    ids.set(token, FIRST_LETTER + ids.size);
  }
  return { ids, joined };
}

/** What is wrong with special tokens; undefined if nothing is. */
export function specialTokenFault(tokens: unknown): string | undefined {
  const fault = fieldFault(tokens, SPECIAL_ROLES, "specialTokens");
  if (fault) return fault;
  const texts = Object.values(tokens as SpecialTokens);
  const valid = texts.every((text) => typeof text === "string" && text !== "") && new Set(texts).size === texts.length;
  return valid ? undefined : `specialTokens are ${describe(texts)}: they must be four different texts`;
}

function fieldFault(data: unknown, names: readonly string[], what: string): string | undefined {
  const required = `an object with ${names.join(", ")}`;
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    return `${what} is ${describe(data)}: it must be ${required}`;
  }
  const given = Object.keys(data);
  const missing = names.find((name) => !given.includes(name));
  if (missing !== undefined) return `${what} lacks ${missing}: it must be ${required}`;
  const extra = given.find((name) => !names.includes(name));
  return extra === undefined ? undefined : `${what} has the field ${describe(extra)}: it must be ${required}`;
}

function malformed(reason: string): SyntaxError {
  return new SyntaxError(`Cannot read byte-pair encoding: ${reason}`);
}

/** A value from outside in an error: quoted, escaped, one level deep, at most a line. */
export function describe(value: unknown): string {
  if (typeof value === "string") return quote(value, 40);
  if (typeof value !== "object" || value === null) return String(value);
  if (!Array.isArray(value)) return "an object";
  const items = value.slice(0, 4).map((item) => Array.isArray(item) ? "a list" : describe(item));
  return `[${items.join(", ")}${value.length > 4 ? ", …" : ""}]`;
}
