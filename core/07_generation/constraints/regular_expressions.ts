/**
 * # Regular expressions
 *
 * **Question.** A telephone number, a date, a name of a variable: their form is what a regular expression [正则表达式] says. How is a text read that
 * says it?
 *
 * **Idea.** A reader that descends: an expression is alternatives, an alternative is a sequence of parts, a part is a character, a class or a group, and a quantifier
 * may stand behind it. Each of these is a function that calls the next one. What it makes is an [expression](expressions.ts), and
 * [an automaton](automata.ts) follows.
 *
 * **By hand.** A date is `\d{4}-\d{2}-\d{2}`: four digits, a dash, two digits, a dash, two digits. *2026-12-01* is one, *2026-1-12* is none, and *2026-12* can become one. Its automaton has a state for each of the 10 characters, and one before the first.
 *
 * ```ts
 * import { regularExpression } from "@heed/heed/generation";
 *
 * const date = regularExpression(String.raw`\d{4}-\d{2}-\d{2}`);
 * for (const text of ["2026-12-01", "2026-1-12", "2026-12"]) console.log(text, date.accepts(text), date.begins(text));
 * console.log("states", date.size, "=", 10 + 1);
 * ```
 *
 * ```text
 * 2026-12-01 true true
 * 2026-1-12 false false
 * 2026-12 false true
 * states 11 = 11
 * ```
 *
 * **What is read.** The notation of JavaScript with the flag `u`: characters, `.`, classes such as `[^a-z]`, `\d \w \s` and their opposites, properties of Unicode such as
 * `\p{L}`, groups, `|`, and the quantifiers `* + ? {2} {2,} {2,5}`. A lazy quantifier means what the greedy one means, since the texts are the same and no
 * part of a match is asked for. The whole text has to match: `^` at the beginning and `$` at the end say nothing more.
 *
 * **What is not.** Look-ahead, look-behind, word boundaries and references back to a group are no part of what an automaton can keep in
 * a finite number of states as it stands, or need far more of them. Each is refused by its name and place.
 *
 * Sources: Stephen Kleene 1956, *Representation of Events in Nerve Nets and Finite Automata*; Ken Thompson 1968, *Regular Expression Search
 * Algorithm*; the notation is that of ECMA-262.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import { checkOptions } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";
import { anyCharacter, type Characters, charactersOf, complement, range, union, withProperty } from "./characters.ts";
import { characters, choice, type Expression, repeat, sequence } from "./expressions.ts";
import { Grammar, type GrammarLimits, limitChecks } from "./grammar.ts";

/**
 * The texts that a regular expression matches as a whole.
 *
 * @example
 * ```ts
 * import { regularExpression } from "@heed/heed/generation";
 *
 * const date = regularExpression("[0-9]{4}-[0-9]{2}-[0-9]{2}");
 * console.assert(date.accepts("2024-02-29") && !date.accepts("2024-2-29") && date.begins("2024-"));
 * ```
 *
 * @param source as it stands between slashes
 * @param options the most states of an automaton; 65,536 by default
 * @returns a grammar
 * @throws {SyntaxError} if it is none, has what is not supported, or no text matches; the place is said
 * @throws {RangeError} if the automaton has more than `maxStates` states
 */
export function regularExpression(source: string, options: GrammarLimits = {}): Grammar {
  checkText("read a regular expression", "source", source);
  checkOptions("read a regular expression", options, limitChecks);
  return new Grammar(new Map([["root", readRegularExpression(source)]]), "root", {
    ...options,
    name: "regular expression",
  });
}

/** One of the alternatives that make a regular expression. */
export interface Alternative {
  /** What it matches. */
  readonly expression: Expression;
  /** Whether it begins with `^`. */
  readonly fromStart: boolean;
  /** Whether it ends with `$`. */
  readonly toEnd: boolean;
}

const DIGITS = range("0", "9");
const WORD = union(DIGITS, range("a", "z"), range("A", "Z"), range("_"));
const SPACE = charactersOf([
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
const CLASSES: Readonly<Record<string, Characters>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
};
const CONTROL: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };
/** What `.` matches: every character but the ends of a line. */
const IN_LINE = complement(charactersOf([[10, 10], [13, 13], [0x2028, 0x2029]]));

/** Characters that a backslash makes ordinary. */
const SYNTAX = "^$\\.*+?()[]{}|/";

/** The most times that a quantifier may ask for. */
const MOST_TIMES = 100_000;

/**
 * Reads a regular expression, of which the whole text has to be a match.
 *
 * @param source as it stands between slashes
 * @throws {SyntaxError} if it is none, or has what is not supported; the place is said
 */
export function readRegularExpression(source: string): Expression {
  return choice(...readAlternatives(source).map(({ expression }) => expression));
}

/**
 * Reads a regular expression that may match a part of a text, as a schema of JSON has it.
 *
 * @param source as it stands between slashes
 * @throws {SyntaxError} if it is none, or has what is not supported; the place is said
 */
export function readSearchedExpression(source: string): Expression {
  const anything = repeat(characters(anyCharacter));
  return choice(
    ...readAlternatives(source).map(({ expression, fromStart, toEnd }) =>
      sequence(...fromStart ? [] : [anything], expression, ...toEnd ? [] : [anything])
    ),
  );
}

/** Reads the alternatives of a regular expression. */
export function readAlternatives(source: string): Alternative[] {
  const reader = new Reader(source), found = [reader.alternative(true)];
  while (reader.skip("|")) found.push(reader.alternative(true));
  if (!reader.isAtEnd) reader.fail(`${reader.shownNext} has no beginning`);
  return found;
}

/** Reads from left to right. */
class Reader {
  readonly #source: string;
  #place = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get isAtEnd(): boolean {
    return this.#place === this.#source.length;
  }

  /** What comes next, for errors. */
  get shownNext(): string {
    return this.isAtEnd ? "the end" : quote(String.fromCodePoint(this.#source.codePointAt(this.#place)!));
  }

  /** Ends with an error that names the place. */
  fail(because: string, place = this.#place): never {
    throw new SyntaxError(`Cannot read the regular expression ${quote(this.#source)}: at position ${place} ${because}`);
  }

  /** Steps over a text, if it comes next. */
  skip(text: string): boolean {
    if (!this.#source.startsWith(text, this.#place)) return false;
    this.#place += text.length;
    return true;
  }

  /** An alternative, up to `|`, `)` or the end. */
  alternative(isOutermost: boolean): Alternative {
    const parts: Expression[] = [], begin = this.#place;
    let fromStart = false, toEnd = false;
    while (!this.isAtEnd && !/[|)]/.test(this.#source[this.#place]!)) {
      const place = this.#place;
      if (toEnd) this.fail("something follows $, which has to be the last", place);
      if (this.skip("^")) {
        if (!isOutermost || place > begin) this.fail("^ stands inside, which is not supported", place);
        fromStart = true;
      } else if (this.skip("$")) {
        if (!isOutermost) this.fail("$ stands inside, which is not supported", place);
        toEnd = true;
      } else parts.push(this.#quantified());
    }
    return { expression: sequence(...parts), fromStart, toEnd };
  }

  #quantified(): Expression {
    const part = this.#atom(), place = this.#place;
    let bounds: readonly [number, number] | undefined;
    if (this.skip("*")) bounds = [0, Infinity];
    else if (this.skip("+")) bounds = [1, Infinity];
    else if (this.skip("?")) bounds = [0, 1];
    else if (this.#source[place] === "{") bounds = this.#bounds();
    if (!bounds) return part;
    const [min, max] = bounds;
    if (min > max) this.fail(`the quantifier asks for at least ${min} and at most ${max}`, place);
    for (const times of bounds) {
      if (times < Infinity && times > MOST_TIMES) {
        this.fail(`the quantifier asks for ${times} times: ${MOST_TIMES} are the most`, place);
      }
    }
    // Lazy or greedy: the texts are the same.
    this.skip("?");
    if (/^[*+?{]/.test(this.#source.slice(this.#place))) this.fail("a second quantifier follows the first");
    return repeat(part, min, max);
  }

  #bounds(): readonly [number, number] {
    const found = /^\{(\d+)(,(\d*))?\}/.exec(this.#source.slice(this.#place));
    if (!found) this.fail("{ begins no quantifier; the character is written \\{");
    this.#place += found[0].length;
    const min = Number(found[1]);
    return [min, found[2] === undefined ? min : found[3] === "" ? Infinity : Number(found[3])];
  }

  #atom(): Expression {
    const place = this.#place;
    if (this.skip("(")) return this.#group(place);
    if (this.skip("[")) return characters(this.#class(place));
    if (this.skip(".")) return characters(IN_LINE);
    if (this.skip("\\")) return characters(this.#escape(place, false));
    const letter = this.#letter();
    if ("*+?".includes(letter)) this.fail(`the quantifier ${letter} follows nothing`, place);
    if ("{}]".includes(letter)) this.fail(`${letter} has to be written \\${letter}`, place);
    return characters(this.#one(letter.codePointAt(0)!, place));
  }

  #group(place: number): Expression {
    if (/^\?<?[=!]/.test(this.#source.slice(this.#place))) {
      const behind = this.#source[this.#place + 1] === "<";
      this.fail(`a ${behind ? "look-behind" : "look-ahead"} begins, which is not supported`, place);
    }
    const name = /^\?(?::|<[\p{L}_$][\p{L}\p{N}_$]*>)/u.exec(this.#source.slice(this.#place));
    if (name) this.#place += name[0].length;
    else if (this.#source[this.#place] === "?") this.fail("a group with ? begins that is not supported", place);
    const parts = [this.alternative(false).expression];
    while (this.skip("|")) parts.push(this.alternative(false).expression);
    if (!this.skip(")")) this.fail("a group begins that does not end", place);
    return choice(...parts);
  }

  #class(place: number): Characters {
    const isNegated = this.skip("^"), sets: Characters[] = [];
    while (!this.skip("]")) {
      if (this.isAtEnd) this.fail("a class begins that does not end", place);
      const start = this.#place, from = this.#classMember();
      const isRange = this.#source[this.#place] === "-" && this.#place + 1 < this.#source.length &&
        this.#source[this.#place + 1] !== "]";
      if (!isRange) {
        sets.push(from);
        continue;
      }
      this.skip("-");
      const [low, high] = [single(from), single(this.#classMember())];
      if (low === undefined || high === undefined) {
        this.fail("a range of a class needs a character at both ends", start);
      }
      if (low > high) this.fail("the range of a class ends before it begins", start);
      sets.push([[low, high]]);
    }
    const all = union(...sets);
    return isNegated ? complement(all) : all;
  }

  #classMember(): Characters {
    const place = this.#place;
    if (this.skip("\\")) return this.#escape(place, true);
    if (this.isAtEnd) this.fail("a class begins that does not end", place);
    return this.#one(this.#letter().codePointAt(0)!, place);
  }

  /** What a backslash and the letters behind it stand for. */
  #escape(place: number, inClass: boolean): Characters {
    if (this.isAtEnd) this.fail("a backslash is followed by nothing", place);
    const letter = this.#letter();
    if (Object.hasOwn(CLASSES, letter)) return CLASSES[letter]!;
    if (Object.hasOwn(CONTROL, letter)) return this.#one(CONTROL[letter]!, place);
    if (letter === "p" || letter === "P") return this.#property(place, letter === "P");
    if (letter === "x") return this.#one(this.#hexadecimal(/^[\da-fA-F]{2}/, place), place);
    if (letter === "u") return this.#one(this.#unicode(place), place);
    if (letter === "0" && !/^\d/.test(this.#source.slice(this.#place))) return this.#one(0, place);
    if (letter === "c" && /^[a-zA-Z]/.test(this.#source.slice(this.#place))) {
      return this.#one(this.#letter().charCodeAt(0) % 32, place);
    }
    if (inClass && letter === "b") return this.#one(8, place);
    if (SYNTAX.includes(letter) || inClass && letter === "-") return this.#one(letter.codePointAt(0)!, place);
    if (/[bB]/.test(letter)) this.fail(`a word boundary \\${letter} stands, which is not supported`, place);
    if (/[1-9k]/.test(letter)) this.fail(`a reference back \\${letter} stands, which is not supported`, place);
    this.fail(`\\${letter} has no meaning`, place);
  }

  #property(place: number, isNegated: boolean): Characters {
    const name = /^\{([\w=]+)\}/.exec(this.#source.slice(this.#place)), set = name && withProperty(name[1]!);
    if (!set) this.fail(`${name ? name[0] : "\\p"} is no property of Unicode`, place);
    this.#place += name[0].length;
    return isNegated ? complement(set) : set;
  }

  #unicode(place: number): number {
    const long = /^\{([\da-fA-F]+)\}/.exec(this.#source.slice(this.#place));
    if (long) {
      this.#place += long[0].length;
      return parseInt(long[1]!, 16);
    }
    const high = this.#hexadecimal(/^[\da-fA-F]{4}/, place);
    const low = /^\\u([dD][c-fC-F][\da-fA-F]{2})/.exec(this.#source.slice(this.#place));
    if (high < 0xd800 || high > 0xdbff || !low) return high;
    this.#place += low[0].length;
    return 0x10000 + ((high & 0x3ff) << 10) + (parseInt(low[1]!, 16) & 0x3ff);
  }

  #hexadecimal(digits: RegExp, place: number): number {
    const found = digits.exec(this.#source.slice(this.#place));
    if (!found) this.fail(`\\${this.#source[place + 1]} lacks its hexadecimal digits`, place);
    this.#place += found[0].length;
    return parseInt(found[0], 16);
  }

  /** The set of one character. */
  #one(point: number, place: number): Characters {
    if (point > 0x10ffff) this.fail("a character beyond U+10FFFF stands", place);
    if (point >= 0xd800 && point <= 0xdfff) this.fail("half a surrogate pair stands, which no UTF-8 has", place);
    return [[point, point]];
  }

  #letter(): string {
    const letter = String.fromCodePoint(this.#source.codePointAt(this.#place)!);
    this.#place += letter.length;
    return letter;
  }
}

/** The only character of a set, if there is one. */
function single(set: Characters): number | undefined {
  return set.length === 1 && set[0]![0] === set[0]![1] ? set[0]![0] : undefined;
}
