/**
 * # A machine with a stack
 *
 * **Question.** Brackets inside brackets, an object of JSON inside an object: an automaton with a finite number of states cannot remember how many are open. What does a program remember
 * in its place?
 *
 * **Idea.** A stack. Where an automaton reads a reference to a rule, the place behind it is put on the stack and the automaton of the rule begins; where that accepts, the top of the stack says
 * where to go on. A grammar may leave open which rule is being read, so the machine may be in several places at once, each with a stack of its own. The stacks share what they have in common: a
 * stack is its top and a link to the rest, and stacks that wait for the same rule at the same place are one.
 *
 * **By hand.** The rule is `root ::= "(" root ")" | "x"`, and the text `((x))`. Its automaton reads `(`, then a reference to the rule itself, then `)`; or `x`. After the first `(` the place behind the reference is put on the stack, and the automaton begins
 * again. After the second `(` the place is put there once more. `x` ends the inner rule: the top of the stack is taken, and `)` is read there. The last `)` is read at the place below. The
 * stack is empty, and the text is accepted. After `((x` nothing but `)` is possible.
 *
 * ```ts
 * import { contextFreeGrammar } from "@heed/heed/generation";
 *
 * const grammar = contextFreeGrammar('root ::= "(" root ")" | "x"');
 * for (const text of ["((x))", "((x)", "((x)))"]) console.log(text, grammar.accepts(text), grammar.begins(text));
 * ```
 *
 * ```text
 * ((x)) true true
 * ((x) false true
 * ((x))) false false
 * ```
 *
 * **Formula.** A configuration is a state $q$ and a stack $\sigma$. With a symbol $R$ that leads from $q$ to $r$, and the state $q_R$ in which the automaton of $R$ begins,
 *
 * $$(q, \sigma) \to (q_R,\ r\sigma), \qquad (q, r\sigma) \to (r, \sigma) \ \text{ if } q \text{ accepts}, \qquad (q, \sigma) \overset{b}{\to} (\delta(q, b), \sigma)$$
 *
 * **Why it ends.** The first step could be taken forever only by a rule that begins with itself, and [the compiler](grammar.ts) leaves none. The second takes something off the stack. Where nothing
 * follows behind a reference, nothing is put on the stack, so a list of any length that is written as a rule ending with itself needs no deeper stack.
 *
 * Sources: Noam Chomsky 1962 and Marcel-Paul Schützenberger 1963 (the machine with a stack); Jay Earley 1970, *An Efficient Context-Free Parsing Algorithm*; Masaru Tomita 1985, *An
 * Efficient Context-Free Parsing Algorithm for Natural Languages* (stacks that are shared).
 *
 * @module
 */

import { type Machine, RULES } from "./automata.ts";

/** What is on a stack below a rule: where to go on once it is read, and the stack there. */
export interface Stack {
  /** Which one it is. */
  readonly id: number;
  /** Ways to go on; none at the bottom. */
  readonly below: readonly Place[];
  /** Its places with nothing read since; none by default, until somebody asks. */
  popped?: PushdownState | undefined;
}

/** A state of an automaton, and the stack below. */
export interface Place {
  /** A state, counted over all automata. */
  readonly state: number;
  /** Where to go on once its rule is read. */
  readonly stack: Stack;
}

/** Everything that the machine can be doing at one point of a text. */
export class PushdownState {
  /** The places right behind the last byte; the others follow from them. */
  readonly kernel: readonly Place[];
  /** The places from which a byte leads on. */
  readonly places: readonly Place[];
  /** Whether the text may end here. */
  readonly accepts: boolean;
  /** Whether the text below the bottom would go on here: see `Pushdown.above`. */
  readonly leaves: boolean;
  /** What follows each byte: null if nothing does, absent until it is asked for. */
  readonly next: (PushdownState | null | undefined)[] = new Array(256);

  /** Joins what is known of a point of a text. */
  constructor(kernel: readonly Place[], places: readonly Place[], accepts: boolean, leaves: boolean) {
    this.kernel = kernel;
    this.places = places;
    this.accepts = accepts;
    this.leaves = leaves;
  }

  /** Whether a text that is accepted goes on or ends here. */
  get isAlive(): boolean {
    return this.accepts || this.leaves || this.places.length > 0;
  }
}

/** States that are kept for reuse at most. */
const MOST_KEPT = 2 ** 17;

/** Automata that refer to one another, run with a stack. */
export class Pushdown {
  /** Nothing has been read. */
  readonly start: PushdownState;
  /** The bottom of a stack: here the text may end. */
  readonly bottom: Stack = { id: 0, below: [] };
  /** The bottom of a stack of which no more is known: here something goes on, and nobody says what. */
  readonly unknown: Stack = { id: 1, below: [] };
  /** The first state of each automaton. */
  readonly #starts: readonly number[];
  readonly #accepts: readonly boolean[];
  /** Edges for bytes and for rules, by state. */
  readonly #bytes: readonly (readonly { readonly from: number; readonly to: number; readonly target: number }[])[];
  readonly #references: readonly (readonly { readonly rule: number; readonly target: number }[])[];
  /** Rules in such an order that each comes before those it begins with. */
  readonly #order: readonly number[];
  /** What follows each byte, by state; made when a state is first used. */
  readonly #tables: (Int32Array | undefined)[];
  #stacks = new Map<string, Stack>();
  #states = new Map<string, PushdownState>();
  #nextStack = 2;

  /**
   * Joins automata.
   *
   * @param machines the first one begins a text; none begins with itself
   * @param isEmptyAllowed whether the empty text is accepted
   */
  constructor(machines: readonly Machine[], isEmptyAllowed: boolean) {
    let size = 0;
    const offsets = machines.map(({ accepts }) => (size += accepts.length) - accepts.length);
    this.#starts = machines.map(({ start }, rule) => offsets[rule]! + start);
    this.#accepts = machines.flatMap(({ accepts }) => accepts);
    const edges = machines.flatMap(({ edges }, rule) =>
      edges.map((all) => all.map(({ from, to, target }) => ({ from, to, target: offsets[rule]! + target })))
    );
    this.#bytes = edges.map((all) => all.filter(({ from }) => from < RULES));
    this.#references = edges.map((all) =>
      all.flatMap(({ from, target }) => from < RULES ? [] : [{ rule: from - RULES, target }])
    );
    this.#tables = new Array(edges.length);
    this.#order = this.#sorted();
    const kernel = [{ state: this.#starts[0]!, stack: this.bottom }], first = this.#close(kernel);
    this.start = new PushdownState(kernel, first.places, isEmptyAllowed || first.accepts, false);
  }

  /** States of all automata together. */
  get size(): number {
    return this.#accepts.length;
  }

  /** Whether nothing is ever put on the stack. */
  get isFinite(): boolean {
    return this.#references.every((all) => all.length === 0);
  }

  /** The bytes that lead on in some state. */
  get bytes(): ReadonlySet<number> {
    const found = new Set<number>();
    for (const { from, to } of this.#bytes.flat()) for (let byte = from; byte <= to; byte++) found.add(byte);
    return found;
  }

  /** Reads a byte; undefined if none of the grammar's texts goes on so. */
  step(state: PushdownState, byte: number): PushdownState | undefined {
    const known = state.next[byte];
    if (known !== undefined) return known ?? undefined;
    const kernel: Place[] = [];
    for (const { state: from, stack } of state.places) {
      const target = this.table(from)[byte]!;
      if (target >= 0) kernel.push({ state: target, stack });
    }
    const following = kernel.length === 0 ? null : this.stateOf(kernel);
    state.next[byte] = following?.isAlive ? following : null;
    return state.next[byte] ?? undefined;
  }

  /** What is left where a rule above a stack has been read. */
  popped(stack: Stack): PushdownState {
    return stack.popped ??= this.stateOf(stack.below);
  }

  /** The state of an automaton above a stack of which nothing is known. */
  above(state: number): PushdownState {
    return this.stateOf([{ state, stack: this.unknown }]);
  }

  /** What follows each byte in a state of an automaton, or −1. */
  table(state: number): Int32Array {
    return this.#tables[state] ??= this.#bytes[state]!.reduce(
      (table, { from, to, target }) => table.fill(target, from, to + 1),
      new Int32Array(256).fill(-1),
    );
  }

  /** Whether the text of a rule may end in a state of its automaton. */
  accepts(state: number): boolean {
    return this.#accepts[state]!;
  }

  /** The rules that a state refers to: where each begins, and the state behind it. */
  references(state: number): { readonly start: number; readonly target: number }[] {
    return this.#references[state]!.map(({ rule, target }) => ({ start: this.#starts[rule]!, target }));
  }

  /** All that follows from some places; the same places give the same object. */
  stateOf(kernel: readonly Place[]): PushdownState {
    const sorted = unique(kernel), key = keyOf(sorted), known = this.#states.get(key);
    if (known) return known;
    const { places, accepts, leaves } = this.#close(sorted);
    const state = new PushdownState(sorted, places, accepts, leaves);
    if (this.#states.size >= MOST_KEPT) this.#states = new Map();
    this.#states.set(key, state);
    return state;
  }

  /** The places that are reached without reading anything. */
  #close(kernel: readonly Place[]): { places: Place[]; accepts: boolean; leaves: boolean } {
    let accepts = false, leaves = false;
    const all: Place[] = [], seen = new Set<string>();
    const calls = new Map<number, Place[]>();
    const add = (place: Place): void => {
      const key = `${place.state},${place.stack.id}`;
      if (seen.has(key)) return;
      seen.add(key);
      all.push(place);
      for (const { rule, target } of this.#references[place.state]!) {
        const found = calls.get(rule);
        if (found) found.push({ state: target, stack: place.stack });
        else calls.set(rule, [{ state: target, stack: place.stack }]);
      }
      // A rule that is read goes on below; no rule is empty, so none ends where it begins.
      if (!this.#accepts[place.state]) return;
      accepts ||= place.stack === this.bottom;
      leaves ||= place.stack === this.unknown;
      place.stack.below.forEach(add);
    };
    kernel.forEach(add);
    for (const rule of this.#order) {
      const behind = calls.get(rule);
      if (behind) { for (const stack of this.#stacksOf(behind)) add({ state: this.#starts[rule]!, stack }); }
    }
    return { places: all.filter(({ state }) => this.#bytes[state]!.length > 0), accepts, leaves };
  }

  /** The stacks of a rule that is begun: one for all that goes on behind it, and those to which nothing has to be added. */
  #stacksOf(behind: readonly Place[]): ReadonlySet<Stack> {
    const isLast = ({ state }: Place): boolean =>
      this.#accepts[state]! && this.#bytes[state]!.length === 0 && this.#references[state]!.length === 0;
    const found = new Set(behind.filter(isLast).map(({ stack }) => stack));
    const others = unique(behind.filter((place) => !isLast(place)));
    if (others.length === 0) return found;
    const key = keyOf(others);
    let stack = this.#stacks.get(key);
    if (!stack) {
      stack = { id: this.#nextStack++, below: others };
      if (this.#stacks.size >= MOST_KEPT) this.#stacks = new Map();
      this.#stacks.set(key, stack);
    }
    return found.add(stack);
  }

  /** Rules, each before those with which it begins. */
  #sorted(): number[] {
    const done = new Set<number>(), order: number[] = [];
    const visit = (rule: number): void => {
      if (done.has(rule)) return;
      done.add(rule);
      for (const { rule: other } of this.#references[this.#starts[rule]!]!) visit(other);
      order.unshift(rule);
    };
    this.#starts.forEach((_, rule) => visit(rule));
    return order;
  }
}

/** Places in a fixed order, none twice. */
function unique(places: readonly Place[]): readonly Place[] {
  if (places.length === 1) return places;
  const sorted = [...places].sort((a, b) => a.state - b.state || a.stack.id - b.stack.id);
  return sorted.filter((place, i) => place.state !== sorted[i - 1]?.state || place.stack !== sorted[i - 1]?.stack);
}

function keyOf(places: readonly Place[]): string {
  return places.map(({ state, stack }) => `${state},${stack.id}`).join(";");
}
