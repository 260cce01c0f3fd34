/**
 * # A unigram vocabulary in a file
 *
 * **Question.** What of a trained vocabulary has to be written down, and what must be true of a file before it is trusted?
 *
 * **Idea.** The pieces with their scores, in order of their ids, and how texts become pieces: whether a space is put in front, whether unknown
 * characters are spelled in bytes. The four special tokens are 0 to 3; the 256 bytes come next, if there are any; then the pieces.
 *
 * A space is written `▁` in a piece, U+2581, as SentencePiece writes it. A piece is a string of whole characters, listed once, and its score is a
 * finite number.
 *
 * @module
 */

import {
  DEFAULT_SPECIAL_TOKENS,
  describe,
  SPECIAL_ROLES,
  specialTokenFault,
  type SpecialTokens,
} from "../byte_pair_encoding/data.ts";
import type { ScoredPiece } from "./training.ts";

export { DEFAULT_SPECIAL_TOKENS, describe, SPECIAL_ROLES, specialTokenFault, type SpecialTokens };

/** The kind and version of a file. */
export const FORMAT = "heed unigram 1";
/** What a piece shows for a space. */
export const SPACE_SIGN = "▁";
/** The id of what is in no piece. */
export const UNKNOWN = 3;
/** The id of the first token that is not special. */
export const FIRST_PIECE = 4;
/** How many tokens the bytes take. */
export const BYTES = 256;
/** The most pieces that a vocabulary has. */
export const MOST_PIECES: number = 2 ** 22;
/** The most code units of one piece, and of all of them. */
const LONGEST = 2 ** 12, MOST_LETTERS = 2 ** 26;

/** Everything that defines a unigram vocabulary: what {@linkcode Unigram} is made from. */
export interface UnigramData {
  /** Pieces and the logarithms of their probabilities, in order of their ids; a space is `▁`. */
  readonly pieces: readonly ScoredPiece[];
  /** The texts of tokens 0 to 3. */
  readonly specialTokens: SpecialTokens;
  /** Whether an unknown character is spelled by tokens of bytes. */
  readonly byteFallback: boolean;
  /** Whether a space is put in front of a text. */
  readonly prefixSpace: boolean;
  /** How far the score of an unknown character lies below the lowest one. */
  readonly unknownPenalty: number;
}

// An alias, since an interface, whose members can grow, is not assignable to `Json`.
/** A unigram vocabulary as a JSON file holds it. */
export type UnigramFile = {
  /** Kind and version of the file. */
  readonly format: "heed unigram 1";
  /** Pieces and the logarithms of their probabilities, in order of their ids; a space is `▁`. */
  readonly pieces: readonly ScoredPiece[];
  /** The texts of tokens 0 to 3. */
  readonly specialTokens: { readonly [Role in keyof SpecialTokens]: string };
  /** Whether an unknown character is spelled by tokens of bytes. */
  readonly byteFallback: boolean;
  /** Whether a space is put in front of a text. */
  readonly prefixSpace: boolean;
  /** How far the score of an unknown character lies below the lowest one. */
  readonly unknownPenalty: number;
};

const FIELDS = ["format", "pieces", "specialTokens", "byteFallback", "prefixSpace", "unknownPenalty"];

/**
 * Takes what a file holds, and trusts none of it.
 *
 * @param data parsed JSON
 * @throws {SyntaxError} if a field is missing, unknown or malformed
 */
export function readFile(data: unknown): UnigramData {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw malformed(`the file is ${describe(data)}: it must be an object with ${FIELDS.join(", ")}`);
  }
  const fields = data as Record<string, unknown>;
  const missing = FIELDS.find((name) => !(name in fields)),
    extra = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (missing !== undefined) throw malformed(`the file lacks ${missing}: it must have ${FIELDS.join(", ")}`);
  if (extra !== undefined) {
    throw malformed(`the file has the field ${describe(extra)}: it must have ${FIELDS.join(", ")}`);
  }
  const { format, pieces, specialTokens, byteFallback, prefixSpace, unknownPenalty } = fields;
  if (format !== FORMAT) throw malformed(`format is ${describe(format)}: it must be ${describe(FORMAT)}`);
  const fault = specialTokenFault(specialTokens);
  if (fault) throw malformed(fault);
  for (const [name, value] of [["byteFallback", byteFallback], ["prefixSpace", prefixSpace]] as const) {
    if (typeof value !== "boolean") throw malformed(`${name} is ${describe(value)}: it must be true or false`);
  }
  if (typeof unknownPenalty !== "number" || !(unknownPenalty >= 0 && unknownPenalty < Infinity)) {
    throw malformed(`unknownPenalty is ${describe(unknownPenalty)}: it must be a number of at least 0`);
  }
  checkPieces(pieces);
  return {
    pieces: pieces.map(([piece, score]) => [piece, score]),
    specialTokens: specialTokens as SpecialTokens,
    byteFallback: byteFallback as boolean,
    prefixSpace: prefixSpace as boolean,
    unknownPenalty,
  };
}

function checkPieces(pieces: unknown): asserts pieces is readonly ScoredPiece[] {
  if (!Array.isArray(pieces) || pieces.length > MOST_PIECES) {
    throw malformed(`pieces is ${describe(pieces)}: it must be a list of at most ${MOST_PIECES} pieces with scores`);
  }
  const seen = new Set<string>();
  let letters = 0;
  for (const [i, entry] of pieces.entries()) {
    const [piece, score] = Array.isArray(entry) && entry.length === 2 ? entry : [];
    const isPiece = typeof piece === "string" && piece !== "" && piece.length <= LONGEST && piece.isWellFormed() &&
      !piece.includes(" ");
    if (!isPiece || typeof score !== "number" || !Number.isFinite(score)) {
      throw malformed(`pieces[${i}] is ${describe(entry)}: it must be a text without spaces and a finite score`);
    }
    if (seen.has(piece)) throw malformed(`pieces[${i}] is ${describe(piece)} again: each piece must be listed once`);
    seen.add(piece);
    letters += piece.length;
    if (letters > MOST_LETTERS) throw malformed(`pieces[${i}] makes the pieces longer than 2^26 letters together`);
  }
}

function malformed(reason: string): SyntaxError {
  return new SyntaxError(`Cannot read unigram vocabulary: ${reason}`);
}
