/**
 * # Expressions of a grammar
 *
 * **Question.** A regular expression, a schema of JSON and a context-free grammar look different. What do they have in common?
 *
 * **Idea.** All three say how texts are put together: a set of characters, one part after the other, one of several parts, a part several times. A
 * part with a name may be used in several places, and within itself. The six forms below say all of it; each notation has a reader that makes them, and one
 * compiler makes [automata](automata.ts) of them.
 *
 * @module
 */

import type { Characters } from "./characters.ts";
import { range } from "./characters.ts";

/** One character of a set. */
export interface OneCharacter {
  /** What tells the forms apart. */
  readonly kind: "characters";
  /** Which ones. */
  readonly set: Characters;
}

/** Parts one after the other, or one of several. */
export interface Composed {
  /** Which of the two. */
  readonly kind: "sequence" | "choice";
  /** The parts; a choice of none has no text. */
  readonly parts: readonly Expression[];
}

/** A part several times. */
export interface Repeated {
  /** What tells the forms apart. */
  readonly kind: "repeat";
  /** What is repeated. */
  readonly part: Expression;
  /** How often at least. */
  readonly min: number;
  /** How often at most; `Infinity` without a bound. */
  readonly max: number;
}

/** What a rule says. */
export interface Named {
  /** What tells the forms apart. */
  readonly kind: "rule";
  /** What the rule is called. */
  readonly name: string;
}

/** What one expression allows, and another does too or does not. */
export interface Compared {
  /** Which of the two. */
  readonly kind: "both" | "except";
  /** Whose texts are meant. */
  readonly part: Expression;
  /** The other. */
  readonly other: Expression;
}

/** How texts are put together. */
export type Expression = OneCharacter | Composed | Repeated | Named | Compared;

/** Expressions by name; a grammar begins with one of them. */
export type Rules = ReadonlyMap<string, Expression>;

/** One character of a set. */
export function characters(set: Characters): Expression {
  return { kind: "characters", set };
}

/** One part after the other. */
export function sequence(...parts: readonly Expression[]): Expression {
  return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
}

/** One of several parts. */
export function choice(...parts: readonly Expression[]): Expression {
  return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
}

/** A part several times, without an upper bound by default. */
export function repeat(part: Expression, min = 0, max: number = Infinity): Expression {
  return { kind: "repeat", part, min, max };
}

/** A part or nothing. */
export function optional(part: Expression): Expression {
  return repeat(part, 0, 1);
}

/** A part that has a name. */
export function rule(name: string): Expression {
  return { kind: "rule", name };
}

/** What both expressions allow; neither may refer to itself. */
export function both(part: Expression, other: Expression): Expression {
  return { kind: "both", part, other };
}

/** What the first expression allows and the second does not; neither may refer to itself. */
export function except(part: Expression, other: Expression): Expression {
  return { kind: "except", part, other };
}

/** A text, character by character. */
export function literal(text: string): Expression {
  return sequence(...Array.from(text, (letter) => characters(range(letter))));
}

/** The empty text. */
export const nothing: Expression = { kind: "sequence", parts: [] };
