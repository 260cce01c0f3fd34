/**
 * # Characters as bytes
 *
 * **Question.** A grammar speaks of characters, and a token is a list of bytes that may end in the middle of one. How are sets of
 * characters written so that an automaton can read them byte by byte?
 *
 * **Idea.** UTF-8 writes a character as one to four bytes, and keeps the order: characters that follow one another have bytes that follow
 * one another. So a range of characters is a few rows of ranges of bytes. A set of characters is a list of ranges, sorted and apart.
 *
 * **By hand.** The range U+0041–U+00E9, from `A` to `é`, has characters of one byte up to U+007F, and of two from U+0080 on. `A` is the byte 41, U+007F is 7F,
 * U+0080 is C2 80, U+00BF is C2 BF, U+00C0 is C3 80 and `é` is C3 A9. So there are three rows: 41–7F; C2, 80–BF; C3, 80–A9.
 *
 * ```ts
 * import { byteRows } from "@heed/heed/generation";
 *
 * const hex = (byte: number) => byte.toString(16).toUpperCase();
 * for (const row of byteRows("A".codePointAt(0)!, "é".codePointAt(0)!)) {
 *   console.log(row.map(([from, to]) => from === to ? hex(from) : `${hex(from)}–${hex(to)}`).join(", "));
 * }
 * ```
 *
 * ```text
 * 41–7F
 * C2, 80–BF
 * C3, 80–A9
 * ```
 *
 * **Why no half characters.** The code points D800–DFFF are halves of surrogate pairs, which UTF-8 does not write. No set has them. So whatever an automaton of
 * such rows accepts is well-formed UTF-8, even if the tokens cut its characters.
 *
 * Sources: Rob Pike and Ken Thompson 1993, *Hello World* (UTF-8); the rows are those of Russ Cox's *RE2*.
 *
 * @module
 */

import { checkValue, integer } from "../../engine/options.ts";

/** A set of characters: ranges of code points, both ends included, sorted and apart. */
export type Characters = readonly (readonly [from: number, to: number])[];

/** Ranges of bytes, one for each byte of a character. */
export type ByteRow = readonly (readonly [from: number, to: number])[];

/** The last code point. */
const LAST = 0x10ffff;

/** The largest code point of one byte, of two, of three, of four. */
const LARGEST = [0x7f, 0x7ff, 0xffff, LAST];

const pointCheck = integer({ min: 0, max: LAST });

/**
 * The bytes of a range of characters, as rows of ranges of bytes.
 *
 * @param from the first code point
 * @param to the last one
 * @returns rows in order; half surrogate pairs have none
 * @throws {RangeError} if a code point is outside [0, 1114111]
 */
export function byteRows(from: number, to: number): ByteRow[] {
  checkValue("write characters as bytes", "from", from, pointCheck);
  checkValue("write characters as bytes", "to", to, pointCheck);
  const rows: ByteRow[] = [];
  let low = 0;
  for (const high of LARGEST) {
    // Characters of one length, without the halves of surrogate pairs.
    for (const [first, last] of high === 0xffff ? [[low, 0xd7ff], [0xe000, high]] as const : [[low, high]] as const) {
      addRows(Math.max(from, first), Math.min(to, last), rows);
    }
    low = high + 1;
  }
  return rows;
}

/** Adds the rows of characters of one length: those of equal first bytes are cut off until the rest is one row. */
function addRows(from: number, to: number, rows: ByteRow[]): void {
  if (from > to) return;
  for (let bits = 6; bits < 24; bits += 6) {
    const mask = (1 << bits) - 1;
    if ((from & ~mask) === (to & ~mask)) continue;
    if ((from & mask) !== 0) {
      addRows(from, from | mask, rows);
      return addRows((from | mask) + 1, to, rows);
    }
    if ((to & mask) !== mask) {
      addRows(from, (to & ~mask) - 1, rows);
      return addRows(to & ~mask, to, rows);
    }
  }
  const [first, last] = [encode(from), encode(to)];
  rows.push(first.map((byte, i) => [byte, last[i]!] as const));
}

/** The bytes of one character. */
function encode(point: number): readonly number[] {
  if (point < 0x80) return [point];
  const bytes: number[] = [];
  let rest = point;
  const size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (let i = 1; i < size; i++, rest >>= 6) bytes.unshift(0x80 | rest & 0x3f);
  return [[0xc0, 0xe0, 0xf0][size - 2]! | rest, ...bytes];
}

// #region Sets of characters

/** A set in the form that all others expect. */
export function charactersOf(ranges: Iterable<readonly [number, number]>): Characters {
  const sorted = [...ranges].filter(([from, to]) => from <= to).sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** The set of one character, or of all from it to another. */
export function range(from: string, to: string = from): Characters {
  return [[from.codePointAt(0)!, to.codePointAt(0)!]];
}

/** What is in one of several sets. */
export function union(...sets: readonly Characters[]): Characters {
  return charactersOf(sets.flat());
}

/** Every character that is not in a set. */
export function complement(set: Characters): Characters {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [from, to] of set) {
    rest.push([next, from - 1]);
    next = to + 1;
  }
  return charactersOf([...rest, [next, LAST]]);
}

/** What is in the first set and not in the second. */
export function without(set: Characters, other: Characters): Characters {
  return complement(union(complement(set), other));
}

/** Every character. */
export const anyCharacter: Characters = [[0, LAST]];

const properties = new Map<string, Characters>();

/**
 * The characters with a property of Unicode.
 *
 * @param property as it stands in a regular expression between braces: `L`, `Script=Han`
 * @returns undefined if there is no such property
 */
export function withProperty(property: string): Characters | undefined {
  const known = properties.get(property);
  if (known) return known;
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^\\p{${property}}$`, "u");
  } catch {
    return undefined;
  }
  const found: [number, number][] = [];
  for (let point = 0; point <= LAST; point++) {
    if (point === 0xd800) point = 0xe000;
    if (!pattern.test(String.fromCodePoint(point))) continue;
    const last = found.at(-1);
    if (last && last[1] === point - 1) last[1] = point;
    else found.push([point, point]);
  }
  properties.set(property, found);
  return found;
}

// #endregion
