/**
 * # Grammars
 *
 * **Question.** A grammar is a list of rules, and some of them refer to themselves. Which automata does it become, and how does a program ask whether a text follows it?
 *
 * **Idea.** A rule that does not refer to itself is put in wherever it is named, so that it becomes part of [an automaton](automata.ts). The other rules keep an automaton each, in
 * which a reference is a symbol; [a stack](pushdown.ts) remembers where to go on once the rule is read. Without such rules there is one automaton and no stack: a regular
 * expression.
 *
 * **By hand.** A list of digits in brackets: `root` is `"[" items "]"`, `items` is `digit ("," digit)*`, and `digit` is `[0-9]`. No rule refers to itself, so `digit` is put into `items` and `items` into `root`. What is left is the expression `\[[0-9](,[0-9])*\]`, and
 * its automaton. If a digit may be a list again, `[0-9] | root`, there is no such expression: `root` keeps an automaton of its own and a stack.
 *
 * ```ts
 * import { contextFreeGrammar, regularExpression } from "@heed/heed/generation";
 *
 * const rules = (digit: string) => `root ::= "[" items "]"\nitems ::= digit ("," digit)*\ndigit ::= ${digit}`;
 * const flat = contextFreeGrammar(rules("[0-9]")), deep = contextFreeGrammar(rules("[0-9] | root"));
 * console.log("states", flat.size, regularExpression(String.raw`\[[0-9](,[0-9])*\]`).size);
 * for (const text of ["[1,2]", "[1,[2,3]]"]) console.log(text, flat.accepts(text), deep.accepts(text));
 * ```
 *
 * ```text
 * states 4 4
 * [1,2] true true
 * [1,[2,3]] false true
 * ```
 *
 * **What has to change first.** A rule that can be empty is read as one that cannot, and may be left out where it is named. A rule that begins with itself, `sum ::= sum "+" number | number`, would put itself on the
 * stack without end. The same texts are those of a rule that begins with what is left and repeats the rest, `number ("+" number)*`. Both changes keep the texts, and only those count here.
 *
 * Sources: Noam Chomsky 1956, *Three Models for the Description of Language*; William Woods 1970, *Transition Network Grammars for Natural Language Analysis* (automata that
 * refer to one another); Robert Moore 2000, *Removing Left Recursion from Context-Free Grammars*.
 *
 * @module
 */

import { checkText, isListOfNumbers } from "../../engine/arguments.ts";
import { checkOptions, type Checks, checkValue, integer, mapByName, required, string } from "../../engine/options.ts";
import { quote, shown } from "../../engine/shown.ts";
import { type Edge, type Fragment, type Machine, machineOf, Nondeterministic, product, RULES } from "./automata.ts";
import type { Expression, OneCharacter, Repeated, Rules } from "./expressions.ts";
import { Pushdown, type PushdownState } from "./pushdown.ts";

/** How large a grammar may become. */
export interface GrammarLimits {
  /** The most states of an automaton; 65,536 by default. */
  readonly maxStates?: number | undefined;
}

/** How a {@linkcode Grammar} is compiled. */
export interface GrammarOptions extends GrammarLimits {
  /** What errors call it, such as `regular expression`. */
  readonly name: string;
}

const MAX_STATES = 2 ** 16;

/** What each of {@linkcode GrammarLimits} may be. */
export const limitChecks: Checks<GrammarLimits> = { maxStates: integer() };
const checks: Checks<GrammarOptions> = { ...limitChecks, name: required(string) };

/** A set of texts, compiled: which bytes may follow a prefix, and where a text may end. */
export class Grammar {
  /** What errors call it. */
  readonly name: string;
  /** What reads its texts byte by byte. */
  readonly machine: Pushdown;

  /**
   * Compiles rules.
   *
   * @param rules expressions by name
   * @param root the rule with which a text begins
   * @param options a name and a limit
   * @throws {SyntaxError} if a rule refers to one that there is not, or no text follows the grammar
   * @throws {RangeError} if an automaton has more than `maxStates` states
   */
  constructor(rules: Rules, root: string, options: GrammarOptions) {
    checkValue("compile a grammar", "rules", rules, mapByName<Expression>());
    for (const [name, expression] of rules) {
      if (isExpression(expression)) continue;
      throw new TypeError(`Cannot compile the rule ${quote(String(name))}: ${shown(expression)} is no expression`);
    }
    checkText("compile a grammar", "root", root);
    checkOptions("compile a grammar", options, checks);
    this.name = options.name;
    const compiler = new Compiler(rules, options.maxStates ?? MAX_STATES);
    const { machines, isEmptyAllowed } = compiler.compile(root);
    this.machine = new Pushdown(machines, isEmptyAllowed);
    if (!this.machine.start.isAlive) throw new SyntaxError(`Cannot compile the ${this.name}: no text follows it`);
  }

  /** States of all automata together. */
  get size(): number {
    return this.machine.size;
  }

  /**
   * Whether a text follows the grammar.
   *
   * @param text all of it
   * @returns whether it does
   */
  accepts(text: string): boolean {
    checkText("read", "text", text);
    return text.isWellFormed() && this.#read(text)?.accepts === true;
  }

  /**
   * Whether some text of the grammar begins so.
   *
   * @param text its prefix
   * @returns whether one does
   */
  begins(text: string): boolean {
    checkText("read", "text", text);
    return text.isWellFormed() && this.#read(text) !== undefined;
  }

  #read(text: string): PushdownState | undefined {
    let state: PushdownState | undefined = this.machine.start;
    for (const byte of new TextEncoder().encode(text)) {
      state = this.machine.step(state, byte);
      if (!state) return undefined;
    }
    return state;
  }
}

// ## From rules to automata

/** Automata of rules, the first of which begins a text. */
interface Compiled {
  readonly machines: readonly Machine[];
  readonly isEmptyAllowed: boolean;
}

/** A repetition of more states than this refers to its part by a symbol. */
const LONG = 4096;
/** A rule whose automaton is larger than this is referred to, not put in. */
const LARGE = 512;

class Compiler {
  readonly #rules: Map<string, Expression>;
  readonly #most: number;
  /** Automata without a symbol for a rule, by what they are of. */
  readonly #finite = new Map<Expression, Machine>();
  /** Automata of rules that are put in where they are named. */
  readonly #inlined = new Map<string, Machine>();
  readonly #sets = new Map<string, Machine>();
  readonly #empty = new Map<string, boolean>();
  /** Rules that are referred to by a symbol, by name. */
  readonly #numbers = new Map<string, number>();
  readonly #recursive: ReadonlySet<string>;
  #extra = 0;

  constructor(rules: Rules, most: number) {
    this.#rules = new Map(rules);
    this.#most = most;
    this.#requireRules();
    this.#recursive = recursiveRules(this.#rules);
    this.#findEmpty();
  }

  compile(root: string): Compiled {
    if (!this.#rules.has(root)) throw new SyntaxError(`Cannot compile a grammar without a rule ${quote(root)}`);
    this.#numbers.set(root, 0);
    const machines: Machine[] = [];
    // Compiling a rule may find others that need an automaton.
    for (const name of this.#numbers.keys()) machines.push(this.#machineOfRule(name));
    const isEmptyAllowed = this.#empty.get(root)!;
    return { machines: withoutLeftRecursion(withoutDeadEnds(machines), this.#most), isEmptyAllowed };
  }

  #requireRules(): void {
    for (const [name, expression] of this.#rules) {
      for (const other of referred(expression)) {
        if (!this.#rules.has(other)) {
          throw new SyntaxError(
            `Cannot compile the rule ${quote(name)}: it refers to ${quote(other)}, which is no rule`,
          );
        }
      }
    }
  }

  #findEmpty(): void {
    for (const name of this.#rules.keys()) this.#empty.set(name, false);
    for (let changed = true; changed;) {
      changed = false;
      for (const [name, expression] of this.#rules) {
        if (this.#empty.get(name) || !this.#canBeEmpty(expression)) continue;
        this.#empty.set(name, changed = true);
      }
    }
  }

  #canBeEmpty(expression: Expression): boolean {
    switch (expression.kind) {
      case "characters":
        return false;
      case "sequence":
        return expression.parts.every((part) => this.#canBeEmpty(part));
      case "choice":
        return expression.parts.some((part) => this.#canBeEmpty(part));
      case "repeat":
        return expression.min === 0 || this.#canBeEmpty(expression.part);
      case "rule":
        return this.#empty.get(expression.name) === true;
      default:
        return this.#finiteMachine(expression).accepts[0]!;
    }
  }

  /** The automaton of a rule; without the empty text if others refer to it. */
  #machineOfRule(name: string): Machine {
    const automaton = new Nondeterministic(this.#most), fragment = this.#build(automaton, this.#rules.get(name)!);
    const machine = automaton.determinize(fragment);
    const isReferred = this.#recursive.has(name) || this.#numbers.get(name) !== 0;
    return isReferred && machine.accepts[machine.start] ? withFreshStart(machine, this.#most) : machine;
  }

  /** The smallest automaton of a part that refers to no rule but finite ones. */
  #finiteMachine(expression: Expression): Machine {
    const known = this.#finite.get(expression);
    if (known) return known;
    for (const name of referred(expression)) {
      if (this.#recursive.has(name)) {
        throw new SyntaxError(`Cannot intersect expressions that refer to ${quote(name)}: the rule refers to itself`);
      }
    }
    const machine = this.#determinized(expression, true);
    this.#finite.set(expression, machine);
    return machine;
  }

  #determinized(expression: Expression, isFinite: boolean): Machine {
    const automaton = new Nondeterministic(this.#most);
    return automaton.determinize(this.#build(automaton, expression, isFinite));
  }

  /** Thompson's construction. */
  #build(automaton: Nondeterministic, expression: Expression, isFinite = false): Fragment {
    switch (expression.kind) {
      case "characters":
        return automaton.copy(this.#setMachine(expression));
      case "sequence":
        return this.#chain(automaton, expression.parts.map((part) => () => this.#build(automaton, part, isFinite)));
      case "choice": {
        const start = automaton.state(), end = automaton.state();
        for (const part of expression.parts) {
          const one = this.#build(automaton, part, isFinite);
          automaton.free(start, one.start);
          automaton.free(one.end, end);
        }
        return { start, end };
      }
      case "repeat":
        return this.#repetition(automaton, expression, isFinite);
      case "rule":
        return this.#reference(automaton, expression.name, isFinite);
      default: {
        const [part, other] = [this.#finiteMachine(expression.part), this.#finiteMachine(expression.other)];
        return automaton.copy(product(part, other, expression.kind === "both", this.#most));
      }
    }
  }

  #setMachine({ set }: OneCharacter): Machine {
    const key = set.join(";"), known = this.#sets.get(key);
    if (known) return known;
    const machine = machineOf(set, this.#most);
    this.#sets.set(key, machine);
    return machine;
  }

  #chain(automaton: Nondeterministic, parts: readonly (() => Fragment)[]): Fragment {
    const start = automaton.state();
    let end = start;
    for (const part of parts) {
      const one = part();
      automaton.free(end, one.start);
      end = one.end;
    }
    return { start, end };
  }

  #repetition(
    automaton: Nondeterministic,
    { part, min, max }: Repeated,
    isFinite: boolean,
  ): Fragment {
    // Copies are made of the smallest automaton of the part.
    const machine = this.#determinized(part, isFinite), count = max === Infinity ? min + 1 : max;
    const isLong = !isFinite && count > 1 && machine.accepts.length > 2 && count * machine.accepts.length > LONG;
    const copy = isLong ? this.#named(automaton, part) : () => automaton.copy(machine);
    const { start, end } = this.#chain(automaton, Array.from({ length: min }, () => copy));
    const out = automaton.state();
    automaton.free(end, out);
    if (max === Infinity) {
      const again = automaton.state(), one = copy();
      automaton.free(end, again);
      automaton.free(again, one.start);
      automaton.free(one.end, again);
      automaton.free(again, out);
      return { start, end: out };
    }
    let last = end;
    for (let i = min; i < max; i++) {
      const one = copy();
      automaton.free(last, one.start);
      automaton.free(last = one.end, out);
    }
    return { start, end: out };
  }

  /** Copies of a reference to a part that gets a name. */
  #named(automaton: Nondeterministic, part: Expression): () => Fragment {
    const name = `${++this.#extra} times`;
    this.#rules.set(name, part);
    this.#empty.set(name, this.#canBeEmpty(part));
    return () => this.#symbol(automaton, name);
  }

  #reference(automaton: Nondeterministic, name: string, isFinite: boolean): Fragment {
    if (this.#recursive.has(name)) return this.#symbol(automaton, name);
    const expression = this.#rules.get(name)!;
    if (isFinite) return automaton.copy(this.#finiteMachine(expression));
    const machine = this.#inlined.get(name) ?? this.#determinized(expression, false);
    this.#inlined.set(name, machine);
    if (machine.accepts.length > LARGE) return this.#symbol(automaton, name);
    return automaton.copy(machine);
  }

  #symbol(automaton: Nondeterministic, name: string): Fragment {
    const start = automaton.state(), end = automaton.state();
    if (!this.#numbers.has(name)) this.#numbers.set(name, this.#numbers.size);
    const symbol = RULES + this.#numbers.get(name)!;
    automaton.edge(start, { from: symbol, to: symbol, target: end });
    if (this.#empty.get(name)) automaton.free(start, end);
    return { start, end };
  }
}

/** The rules that an expression names. */
function referred(expression: Expression): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (one: Expression): void => {
    if (one.kind === "rule") found.add(one.name);
    else partsOf(one).forEach(look);
  };
  look(expression);
  return found;
}

/** What an expression is made of. */
function partsOf(one: Expression): readonly Expression[] {
  switch (one.kind) {
    case "characters":
    case "rule":
      return [];
    case "sequence":
    case "choice":
      return one.parts;
    case "repeat":
      return [one.part];
    default:
      return [one.part, one.other];
  }
}

/** Whether a value is an expression, all of its parts included. */
function isExpression(value: unknown): value is Expression {
  const { kind, set, parts, part, other, min, max, name } = (value ?? {}) as Readonly<Record<string, unknown>>;
  switch (kind) {
    case "characters":
      return Array.isArray(set) && set.every((range) => isListOfNumbers(range) && range.length === 2);
    case "sequence":
    case "choice":
      return Array.isArray(parts) && parts.every(isExpression);
    case "repeat":
      return typeof min === "number" && typeof max === "number" && min <= max && isExpression(part);
    case "rule":
      return typeof name === "string";
    default:
      return (kind === "both" || kind === "except") && isExpression(part) && isExpression(other);
  }
}

/** The rules that refer to themselves, directly or through others. */
function recursiveRules(rules: Rules): ReadonlySet<string> {
  const names = [...rules.keys()], place = new Map(names.map((name, i) => [name, i]));
  const next = names.map((name) => [...referred(rules.get(name)!)].map((other) => place.get(other)!));
  return new Set(cycles(next).map((i) => names[i]!));
}

/** The nodes of a graph from which a path leads back to them. */
function cycles(next: readonly (readonly number[])[]): number[] {
  return next.flatMap((_, node) => {
    const seen = new Set<number>(), waiting = [...next[node]!];
    for (let at = waiting.pop(); at !== undefined && !seen.has(node); at = waiting.pop()) {
      if (!seen.has(at)) seen.add(at) && waiting.push(...next[at]!);
    }
    return seen.has(node) ? [node] : [];
  });
}

// #region Rules that can be empty, have no text, or begin with themselves

/** The same texts but the empty one. */
function withFreshStart(machine: Machine, most: number): Machine {
  const automaton = new Nondeterministic(most), { start, end } = automaton.copy(machine);
  const fresh = begun(automaton, machine, start, () => true);
  return automaton.determinize({ start: fresh, end });
}

/** A new state that goes on as the start of a copy does, by some of its symbols. */
function begun(automaton: Nondeterministic, machine: Machine, start: number, isKept: (edge: Edge) => boolean): number {
  const fresh = automaton.state();
  for (const edge of machine.edges[machine.start]!) {
    // States of a copy lie side by side.
    if (isKept(edge)) automaton.edge(fresh, { ...edge, target: start - machine.start + edge.target });
  }
  return fresh;
}

/** Without references to rules that have no text. */
function withoutDeadEnds(machines: readonly Machine[]): Machine[] {
  const has = new Set<number>();
  for (let size = -1; size !== has.size;) {
    size = has.size;
    machines.forEach((machine, rule) => {
      if (!has.has(rule) && isProductive(machine, has)) has.add(rule);
    });
  }
  return machines.map(({ start, accepts, edges }) => {
    const automaton = new Nondeterministic(accepts.length + 2);
    const kept = edges.map((all) => all.filter(({ from }) => from < RULES || has.has(from - RULES)));
    return automaton.determinize(automaton.copy({ start, accepts, edges: kept }));
  });
}

function isProductive({ start, accepts, edges }: Machine, has: ReadonlySet<number>): boolean {
  const seen = new Set([start]);
  for (const state of seen) {
    if (accepts[state]) return true;
    for (const { from, target } of edges[state]!) if (from < RULES || has.has(from - RULES)) seen.add(target);
  }
  return false;
}

/** The rules with which another begins. */
function corners(machine: Machine): number[] {
  return machine.edges[machine.start]!.flatMap(({ from }) => from < RULES ? [] : [from - RULES]);
}

/** The same texts, and no rule that begins with itself, directly or through others. */
function withoutLeftRecursion(machines: readonly Machine[], most: number): Machine[] {
  const result = [...machines], circular = cycles(machines.map(corners));
  circular.forEach((rule, i) => {
    const earlier = new Set(circular.slice(0, i));
    for (;;) {
      // What begins with an earlier rule begins with what that begins with; earlier rules begin with later ones only.
      const other = corners(result[rule]!).find((one) => earlier.has(one));
      if (other === undefined) break;
      result[rule] = opened(result[rule]!, other, result[other]!, most);
    }
    if (corners(result[rule]!).includes(rule)) result[rule] = looped(result[rule]!, rule, most);
  });
  return result;
}

/** The targets of a reference at the beginning. */
function targetsOf(machine: Machine, rule: number): number[] {
  const symbol = RULES + rule;
  return machine.edges[machine.start]!.flatMap(({ from, target }) => from === symbol ? [target] : []);
}

/** The edge without a symbol. */
const isOther = (symbol: number) => ({ from }: Edge): boolean => from !== symbol;

/** Puts a rule in where another begins with it. */
function opened(machine: Machine, other: number, inner: Machine, most: number): Machine {
  const automaton = new Nondeterministic(most), { start, end } = automaton.copy(machine);
  const fresh = begun(automaton, machine, start, isOther(RULES + other));
  for (const target of targetsOf(machine, other)) {
    const one = automaton.copy(inner);
    automaton.free(fresh, one.start);
    automaton.free(one.end, start - machine.start + target);
  }
  return automaton.determinize({ start: fresh, end });
}

/** A rule that begins with itself: it begins without, and repeats what follows. */
function looped(machine: Machine, rule: number, most: number): Machine {
  const automaton = new Nondeterministic(most), { start, end } = automaton.copy(machine);
  const fresh = begun(automaton, machine, start, isOther(RULES + rule));
  for (const target of targetsOf(machine, rule)) automaton.free(end, start - machine.start + target);
  return automaton.determinize({ start: fresh, end });
}

// #endregion
