/**
 * # Expressions of somebody else
 *
 * **Question.** A file cuts texts by a regular expression, and it was written for another engine. Does it mean the same here?
 *
 * **Idea.** The [published patterns](../../02_words/before_tokens/patterns.ts) are known by their text and are read in one pass. Another expression is rewritten where the two
 * engines differ: white space and digits are those of Unicode there, letters may be escaped that need not be, and a group may ignore case. What has no counterpart is refused by name, rather than meaning something else.
 *
 * | there        | here                                      |
 * | ------------ | ----------------------------------------- |
 * | `\s`, `\S`   | `\p{White_Space}`, `\P{White_Space}`      |
 * | `\d`, `\w`   | `\p{Nd}`, letters, marks, digits and `_`  |
 * | `\'`         | `'`                                       |
 * | `(?i:'s)`    | `(?:'[sSſ])`                              |
 *
 * @module
 */

import { type Pattern, patterns } from "../../02_words/before_tokens/patterns.ts";
import { quote } from "../../engine/shown.ts";

/** The published pattern that an expression is; undefined if it is none. */
export function publishedPattern(source: string): Pattern | undefined {
  return patterns.find((pattern) => pattern.source === source);
}

const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
const CLASSES: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
};

/**
 * Rewrites an expression of a file for JavaScript.
 *
 * @param source as the file has it, in the syntax of Oniguruma or of Rust
 * @returns an expression with the flags `g` and `u`
 * @throws {SyntaxError} if it has what is not known here
 */
export function readExpression(source: string): RegExp {
  const written = new Rewriting(source).whole();
  try {
    return new RegExp(written, "gu");
  } catch (error) {
    throw new SyntaxError(`Cannot read the expression ${quote(source)}: ${(error as Error).message}`, { cause: error });
  }
}

class Rewriting {
  readonly #source: string;
  #place = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): string {
    const written = this.#alternatives(false);
    if (this.#place < this.#source.length) this.#refuse("a bracket that closes nothing");
    return written;
  }

  /** Up to a closing bracket, or the end. */
  #alternatives(anyCase: boolean): string {
    let written = "";
    for (let unit = this.#source[this.#place]; unit !== undefined && unit !== ")"; unit = this.#source[this.#place]) {
      if (unit === "(") written += this.#group(anyCase);
      else if (unit === "[") written += this.#set(anyCase);
      else if (unit === "\\") written += this.#escape(false);
      else if (unit === "{") written += this.#braces();
      else {
        this.#place += unit.length;
        if ("+?*".includes(unit) && this.#source[this.#place] === "+") this.#refuse("a possessive repetition");
        written += anyCase ? eitherCase(unit) : unit === "}" || unit === "]" ? `\\${unit}` : unit;
      }
    }
    return written;
  }

  #group(anyCase: boolean): string {
    const [opening, flags] = /^\((?:\?(?:[:=!]|<[=!]|(i):|<\w+>))?/.exec(this.#source.slice(this.#place))!;
    const next = this.#source[this.#place + 1];
    if (opening === "(" && next === "?") this.#refuse("a group of an unknown kind");
    this.#place += opening.length;
    const inside = this.#alternatives(anyCase || flags !== undefined);
    if (this.#source[this.#place++] !== ")") this.#refuse("a group that is not closed");
    return `${flags === undefined ? opening : "(?:"}${inside})`;
  }

  #set(anyCase: boolean): string {
    const start = this.#place;
    let written = "[";
    this.#place++;
    if (this.#source[this.#place] === "^") written += this.#source[this.#place++];
    for (let isFirst = true;; isFirst = false) {
      const unit = this.#source[this.#place];
      if (unit === undefined) this.#refuse("a set that is not closed");
      if (unit === "]" && !isFirst) break;
      if (unit === "[" || unit === "&" && this.#source[this.#place + 1] === "&") this.#refuse("a set within a set");
      if (unit === "\\") written += this.#escape(true);
      else {
        const letter = String.fromCodePoint(this.#source.codePointAt(this.#place)!);
        this.#place += letter.length;
        written += unit === "]" ? "\\]" : letter;
      }
    }
    this.#place++;
    if (anyCase && /[a-z]/i.test(this.#source.slice(start, this.#place).replaceAll(/\\[pP]\{[^}]*\}|\\./g, ""))) {
      this.#refuse("a set of letters of any case");
    }
    return `${written}]`;
  }

  #escape(inSet: boolean): string {
    const rest = this.#source.slice(this.#place), letter = rest[1];
    if (letter === undefined) this.#refuse("a backslash at its end");
    const property = /^\\[pP](?:\{(\^?)([^}]*)\}|([A-Z]))/.exec(rest);
    const code = /^\\(?:x\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(rest);
    this.#place += (property ?? code)?.[0].length ?? 2;
    if (property) {
      const isNot = (letter === "P") !== (property[1] === "^");
      return `\\${isNot ? "P" : "p"}{${property[2] ?? property[3]}}`;
    }
    if (code) return `\\u{${code[1] ?? code[2] ?? code[3]}}`;
    if (letter in CLASSES) return CLASSES[letter]!;
    if (letter === "w") return inSet ? WORD : `[${WORD}]`;
    if (letter === "W" && !inSet) return `[^${WORD}]`;
    if ("rntfv0".includes(letter)) return `\\${letter}`;
    if (/[a-zA-Z0-9]/.test(letter)) this.#refuse(`\\${letter}`);
    return /[\^$\\.*+?()[\]{}|/]/.test(letter) || inSet && letter === "-" ? `\\${letter}` : letter;
  }

  /** A repetition, or a brace like any other sign. */
  #braces(): string {
    const [found] = /^\{\d*(?:,\d*)?\}[?+]?/.exec(this.#source.slice(this.#place)) ?? ["{"];
    this.#place += found.length;
    if (found.endsWith("+")) this.#refuse("a possessive repetition");
    return found === "{" || found === "{}" || found === "{,}"
      ? found.replace(/[{}]/g, "\\$&")
      : found.replace("{,", "{0,");
  }

  #refuse(what: string): never {
    throw new SyntaxError(`Cannot read the expression ${quote(this.#source)}: it has ${what}, which is not known here`);
  }
}

/** A letter of any case. */
function eitherCase(letter: string): string {
  const forms = new Set([letter, letter.toLowerCase(), letter.toUpperCase()].filter((form) => form.length === 1));
  if (forms.has("s")) forms.add("ſ");
  if (forms.has("k")) forms.add("\u212a");
  return forms.size === 1 ? letter : `[${[...forms].join("")}]`;
}
