/**
 * # Context-free grammars
 *
 * **Question.** Brackets that close, expressions inside expressions, a program's statements: a regular expression cannot say them, since it cannot count how deep it is. Which notation can?
 *
 * **Idea.** Productions [产生式], rules with names that refer to one another. A context-free grammar [上下文无关文法] is a list of them, and a text follows it if the rule `root` can be unfolded into it. What is here is the notation in which users of llama.cpp write
 * their grammars, GBNF.
 *
 * | notation              | what it is                                                         |
 * | --------------------- | ------------------------------------------------------------------ |
 * | `name ::= …`          | a rule; the next rule ends it                                      |
 * | `"text"`              | a text; `\n \t \r \" \\ \x41 \u4e2d \U0001f600` stand for characters |
 * | `[a-z_]`, `[^"\\]`    | one character of a class, or of all others                         |
 * | `.`                   | any character                                                      |
 * | `name`                | what a rule says                                                   |
 * | `( … )`, `… \| …`     | a group; one of several                                            |
 * | `* + ? {2} {2,} {2,5}` | so many times what stands before                                   |
 * | `# …`                 | a remark, up to the end of the line                                |
 *
 * **By hand.** The grammar of sums: `sum ::= number | sum "+" number`. The text `1+2+3` is the sum `1+2`, `+` and the number `3`; and `1+2` is the sum `1`, `+`, and `2`. The rule begins with itself, which many
 * programs that descend refuse; here [it is rewritten](grammar.ts).
 *
 * ```ts
 * import { contextFreeGrammar } from "@heed/heed/generation";
 *
 * const sums = contextFreeGrammar(String.raw`
 *   root   ::= sum
 *   sum    ::= number | sum "+" number
 *   number ::= [0-9]+ | "(" sum ")"
 * `);
 * for (const text of ["1+2+3", "(1+(2+3))+4", "1+", "(1+2"]) console.log(text, sums.accepts(text), sums.begins(text));
 * ```
 *
 * ```text
 * 1+2+3 true true
 * (1+(2+3))+4 true true
 * 1+ false true
 * (1+2 false true
 * ```
 *
 * Sources: Noam Chomsky 1956, *Three Models for the Description of Language*; John Backus 1959 and Peter Naur 1960 (the notation of rules); the notation here is that of llama.cpp; Saibo Geng and others
 * 2023, *Grammar-Constrained Decoding for Structured NLP Tasks without Finetuning*.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import { checkOptions } from "../../engine/options.ts";
import { quote } from "../../engine/shown.ts";
import { anyCharacter, type Characters, complement, range, union } from "./characters.ts";
import { characters, choice, type Expression, literal, repeat, rule, type Rules, sequence } from "./expressions.ts";
import { Grammar, type GrammarLimits, limitChecks } from "./grammar.ts";

/**
 * The texts that a context-free grammar allows.
 *
 * @param text rules in the notation of llama.cpp (GBNF); the rule `root` is the whole text
 * @param options the most states of an automaton; 65,536 by default
 * @returns a grammar
 * @throws {SyntaxError} if it is none, a rule is missing, or no text follows it; the line is said
 * @throws {RangeError} if an automaton has more than `maxStates` states
 */
export function contextFreeGrammar(text: string, options: GrammarLimits = {}): Grammar {
  checkText("read a grammar", "text", text);
  checkOptions("read a grammar", options, limitChecks);
  return new Grammar(readRules(text), "root", { ...options, name: "grammar" });
}

/**
 * Reads the rules of a grammar.
 *
 * @param text in the notation of llama.cpp
 * @throws {SyntaxError} if it has no such form; the line is said
 */
export function readRules(text: string): Rules {
  const reader: Reader = new Reader(text), rules = new Map<string, Expression>();
  while (!reader.isAtEnd) {
    const place = reader.place, name = reader.head();
    if (name === undefined) reader.fail("a rule `name ::= …` has to begin", place);
    if (rules.has(name)) reader.fail(`the rule ${quote(name)} stands for the second time`, place);
    rules.set(name, reader.alternatives());
  }
  if (rules.size === 0) throw new SyntaxError("Cannot read a grammar of no rules: at least the rule root is needed");
  if (!rules.has("root")) {
    throw new SyntaxError("Cannot read the grammar: it has no rule root, which is the whole text");
  }
  return rules;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** Reads from left to right; between two parts it stands at the next one. */
class Reader {
  readonly #text: string;
  place = 0;

  constructor(text: string) {
    this.#text = text;
    this.#space();
  }

  get isAtEnd(): boolean {
    return this.place === this.#text.length;
  }

  /** Ends with an error that names line and column. */
  fail(because: string, place = this.place): never {
    const before = this.#text.slice(0, place).split("\n");
    throw new SyntaxError(
      `Cannot read the grammar: in line ${before.length}, column ${before.at(-1)!.length + 1}, ${because}`,
    );
  }

  /** The name of the rule that begins here, if one does. */
  head(): string | undefined {
    const found = /^([A-Za-z_][\w-]*)\s*::=/.exec(this.#text.slice(this.place, this.place + 1000));
    if (!found) return undefined;
    this.place += found[0].length;
    this.#space();
    return found[1];
  }

  alternatives(): Expression {
    const parts = [this.#sequence()];
    while (this.#skip("|")) parts.push(this.#sequence());
    return choice(...parts);
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (!this.isAtEnd && !/[|)]/.test(this.#text[this.place]!) && !this.#isHead()) parts.push(this.#quantified());
    return sequence(...parts);
  }

  /** Whether the next rule begins. */
  #isHead(): boolean {
    return /^[A-Za-z_][\w-]*\s*::=/.test(this.#text.slice(this.place, this.place + 1000));
  }

  #quantified(): Expression {
    let part = this.#atom();
    for (;;) {
      const place = this.place;
      if (this.#skip("*")) part = repeat(part);
      else if (this.#skip("+")) part = repeat(part, 1);
      else if (this.#skip("?")) part = repeat(part, 0, 1);
      else {
        const bounds = /^\{\s*(\d+)\s*(,\s*(\d*)\s*)?\}/.exec(this.#text.slice(place, place + 100));
        if (!bounds) return part;
        this.place += bounds[0].length;
        this.#space();
        const min = Number(bounds[1]);
        const max = bounds[2] === undefined ? min : bounds[3] === "" ? Infinity : Number(bounds[3]);
        if (min > max) this.fail(`a part is wanted at least ${min} and at most ${max} times`, place);
        part = repeat(part, min, max);
      }
    }
  }

  #atom(): Expression {
    const place = this.place;
    if (this.#skip("(")) {
      const inner = this.alternatives();
      if (!this.#skip(")")) this.fail("a group begins that does not end", place);
      return inner;
    }
    if (this.#skip(".")) return characters(anyCharacter);
    if (this.#text[place] === '"') return this.#literal();
    if (this.#text[place] === "[") return characters(this.#class());
    const name = /^[A-Za-z_][\w-]*/.exec(this.#text.slice(place, place + 1000));
    if (!name) this.fail(`${quote(String.fromCodePoint(this.#text.codePointAt(place)!))} begins no part`, place);
    this.place += name[0].length;
    this.#space();
    return rule(name[0]);
  }

  #literal(): Expression {
    const start = this.place++;
    let text = "";
    while (this.#text[this.place] !== '"') text += this.#letter(start, "a text");
    this.place++;
    this.#space();
    return literal(text);
  }

  #class(): Characters {
    const start = this.place++, sets: Characters[] = [], isNegated = this.#text[this.place] === "^";
    if (isNegated) this.place++;
    while (this.#text[this.place] !== "]") {
      const place = this.place, from = this.#letter(start, "a class");
      const isRange = this.#text[this.place] === "-" && this.#text[this.place + 1] !== "]";
      if (isRange) this.place++;
      const to = isRange ? this.#letter(start, "a class") : from;
      if (to.codePointAt(0)! < from.codePointAt(0)!) this.fail("the range of a class ends before it begins", place);
      sets.push(range(from, to));
    }
    this.place++;
    this.#space();
    return isNegated ? complement(union(...sets)) : union(...sets);
  }

  /** One character of a text or class, and what a backslash stands for. */
  #letter(start: number, what: string): string {
    if (this.isAtEnd) this.fail(`${what} begins that does not end`, start);
    const place = this.place, letter = String.fromCodePoint(this.#text.codePointAt(place)!);
    this.place += letter.length;
    if (/[\ud800-\udfff]/u.test(letter)) this.fail("half a surrogate pair stands, which no UTF-8 has", place);
    if (letter !== "\\") return letter;
    const hexadecimal = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/.exec(this.#text.slice(this.place));
    if (hexadecimal) {
      const point = parseInt(hexadecimal[1] ?? hexadecimal[2] ?? hexadecimal[3]!, 16);
      this.place += hexadecimal[0].length;
      if (point > 0x10ffff || point >= 0xd800 && point <= 0xdfff) this.fail("an escape stands for no character", place);
      return String.fromCodePoint(point);
    }
    const escaped = this.#text[this.place++] ?? "";
    if (Object.hasOwn(ESCAPES, escaped)) return ESCAPES[escaped]!;
    if (escaped === "" || !'"\\[]-^'.includes(escaped)) this.fail(`\\${escaped} has no meaning`, place);
    return escaped;
  }

  #skip(sign: string): boolean {
    if (this.#text[this.place] !== sign) return false;
    this.place++;
    this.#space();
    return true;
  }

  /** Steps over spaces, line breaks and remarks. */
  #space(): void {
    const space = /(?:\s|#[^\n]*)*/y;
    space.lastIndex = this.place;
    space.test(this.#text);
    this.place = space.lastIndex;
  }
}
