/**
 * # Automata
 *
 * **Question.** An [expression](expressions.ts) says how texts are put together. A program that reads a text byte by byte needs something else: a state, and for each byte the state
 * that follows. How does one become the other?
 *
 * **Idea.** In three steps. *Thompson's construction* makes an automaton with a few states for each part, whose next state is not determined: it may be in several at once, and go on to
 * some without reading anything. The *subset construction* makes a deterministic automaton [确定有限自动机]: its states are the sets of states in which the first can be.
 * *Minimization* joins states from which the same texts are accepted. There is exactly one smallest automaton, so two ways to write an expression end as the same one.
 *
 * ```picture automata_by_hand The expression `ab|ac` in three steps. A dashed arrow reads nothing; a double circle is a state in which the text may end.
 * ```
 *
 * **By hand.** Take `ab|ac`. Thompson's automaton has a path for `ab` and one for `ac`. After `a` it is in both: one set. From there `b` leads to the end of the first path and `c` to the end
 * of the second: two sets, from which nothing but the empty text is accepted, so minimization joins them. Four states are left as three:
 *
 * ```ts
 * import { regularExpression } from "@heed/heed/generation";
 *
 * for (const source of ["ab|ac", "a[bc]", "a(?:b|c)", "(a|b)*abb"]) console.log(source, regularExpression(source).size);
 * ```
 *
 * ```text
 * ab|ac 3
 * a[bc] 3
 * a(?:b|c) 3
 * (a|b)*abb 4
 * ```
 *
 * **Formula.** For the set $Q$ of states in which the automaton can be, and the states $\delta(q, b)$ that follow $q$ after the byte $b$,
 *
 * $$Q' = \mathrm{closure}\Big(\bigcup_{q \in Q} \delta(q, b)\Big)$$
 *
 * where the closure adds the states that are reached without reading anything. $Q$ accepts if one of its states does.
 *
 * | symbol     | in code     | meaning                                                     |
 * | ---------- | ----------- | ----------------------------------------------------------- |
 * | $\delta$   | `edges`     | which states follow a state after a byte                    |
 * | $b$        | `from`      | a byte, 0 to 255                                            |
 * | $Q$        | `states`    | a set of states of the first automaton, one state of the second |
 *
 * **What it can cost.** A set of $n$ states has $2^n$ subsets, and some expressions need that many: `(a|b)*a(a|b){20}` has to remember the last 21 letters, in $2^{21}$ states. Such an expression is
 * refused at a limit. Counting costs as many states as it counts: `[a-z]{1,1000}` has a thousand.
 *
 * **Names as symbols.** A rule of a grammar that refers to itself has no finite automaton. Here a reference to it is a symbol like a byte, and the automaton of each rule is built as above;
 * [the machine with a stack](pushdown.ts) reads such symbols.
 *
 * Sources: Michael Rabin and Dana Scott 1959, *Finite Automata and Their Decision Problems* (subsets); Ken Thompson 1968; John Hopcroft 1971, *An n log n Algorithm for Minimizing States in a
 * Finite Automaton*; Antti Valmari 2012, *Fast Brief Practical DFA Minimization* (without a state for what is refused).
 *
 * @module
 */

import { byteRows, type Characters } from "./characters.ts";

/** The first symbol that is no byte: symbol `RULES + i` is a reference to rule `i`. */
export const RULES = 256;

/** Where symbols lead. */
export interface Edge {
  /** The first symbol. */
  readonly from: number;
  /** The last one. */
  readonly to: number;
  /** The state that follows. */
  readonly target: number;
}

/** A deterministic automaton; what has no edge is refused. */
export interface Machine {
  /** The state in which it begins. */
  readonly start: number;
  /** Whether the text may end in each state. */
  readonly accepts: readonly boolean[];
  /** Edges of each state, sorted and apart. */
  readonly edges: readonly (readonly Edge[])[];
}

/** A part of an automaton under construction: where it begins, and where it ends. */
export interface Fragment {
  readonly start: number;
  readonly end: number;
}

/** An automaton whose next state is not determined. */
export class Nondeterministic {
  /** The most states that an automaton may have. */
  readonly most: number;
  readonly #edges: Edge[][] = [];
  readonly #free: number[][] = [];

  constructor(most: number) {
    this.most = most;
  }

  /** Adds a state. */
  state(): number {
    if (this.#edges.length >= 16 * this.most) throw tooLarge(this.most);
    this.#free.push([]);
    return this.#edges.push([]) - 1;
  }

  /** Goes on without reading anything. */
  free(from: number, to: number): void {
    this.#free[from]!.push(to);
  }

  /** Goes on by a symbol. */
  edge(source: number, edge: Edge): void {
    this.#edges[source]!.push(edge);
  }

  /** Puts in a copy of a deterministic automaton. */
  copy({ start, accepts, edges }: Machine): Fragment {
    const states = accepts.map(() => this.state()), end = this.state();
    edges.forEach((all, source) => {
      for (const { from, to, target } of all) this.edge(states[source]!, { from, to, target: states[target]! });
      if (accepts[source]) this.free(states[source]!, end);
    });
    return { start: states[start]!, end };
  }

  /** The deterministic automaton that accepts the same texts, as small as it can be. */
  determinize({ start, end }: Fragment): Machine {
    const sets: (readonly number[])[] = [], numbers = new Map<string, number>();
    const seen = new Uint32Array(this.#edges.length);
    let round = 0;
    const numberOf = (states: readonly number[]): number => {
      const closed = this.#closure(states, seen, ++round), key = closed.join();
      const known = numbers.get(key);
      if (known !== undefined) return known;
      if (sets.length >= this.most) throw tooLarge(this.most);
      numbers.set(key, sets.length);
      return sets.push(closed) - 1;
    };
    numberOf([start]);
    const edges: Edge[][] = [];
    for (let i = 0; i < sets.length; i++) {
      const all = sets[i]!.flatMap((state) => this.#edges[state]!);
      edges.push(pieces(all).map(({ from, to, targets }) => ({ from, to, target: numberOf(targets) })));
    }
    return minimize({ start: 0, accepts: sets.map((states) => states.includes(end)), edges });
  }

  /** The states reached without reading anything, sorted. */
  #closure(states: readonly number[], seen: Uint32Array, round: number): number[] {
    const found: number[] = [];
    const waiting = [...states];
    for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
      if (seen[state] === round) continue;
      seen[state] = round;
      found.push(state);
      waiting.push(...this.#free[state]!);
    }
    return found.sort((a, b) => a - b);
  }
}

/** Cuts edges at each other's ends, so that each piece leads to one set of states. */
function pieces(edges: readonly Edge[]): { from: number; to: number; targets: number[] }[] {
  if (edges.length === 1) return [{ from: edges[0]!.from, to: edges[0]!.to, targets: [edges[0]!.target] }];
  const starts = [...new Set(edges.flatMap(({ from, to }) => [from, to + 1]))].sort((a, b) => a - b);
  const sorted = [...edges].sort((a, b) => a.from - b.from),
    found: { from: number; to: number; targets: number[] }[] = [];
  let open: Edge[] = [], next = 0;
  starts.forEach((from, i) => {
    open = open.filter(({ to }) => to >= from);
    while (next < sorted.length && sorted[next]!.from === from) open.push(sorted[next++]!);
    if (open.length > 0) found.push({ from, to: starts[i + 1]! - 1, targets: open.map(({ target }) => target) });
  });
  return found;
}

/** The error of an automaton that has too many states. */
export function tooLarge(most: number): RangeError {
  return new RangeError(
    `Cannot compile a grammar into an automaton of more than ${most} states: a simpler grammar, shorter counts or a larger ` +
      `maxStates is needed`,
  );
}

// ## Minimization
//
// States are sorted into blocks: at first those that accept and those that do not. A block is split where some of its states lead into another block by a symbol, and others do not. What is
// left in the end in one block is one state. Hopcroft's trick keeps this at $O(k\,n \log n)$ for $n$ states and $k$ symbols: of the two parts of a split only the smaller one has to be looked at again.

/** The smallest automaton that accepts the same texts. */
export function minimize(machine: Machine): Machine {
  const live = trim(machine);
  const { accepts, edges } = live, size = accepts.length;
  if (size === 0) return { start: 0, accepts: [false], edges: [[]] };
  const partition = new Partition(accepts), into = reversed(edges);
  for (let block = partition.next(); block !== undefined; block = partition.next()) {
    // By which symbols is the block entered, and from where?
    const sources = new Map<number, number[]>();
    for (const state of partition.members(block)) {
      for (const [symbol, source] of into[state]!) {
        const found = sources.get(symbol);
        if (found) found.push(source);
        else sources.set(symbol, [source]);
      }
    }
    for (const found of sources.values()) partition.split(found);
  }
  return quotient(live, partition);
}

/** Without states that are not reached, and without those from which nothing is accepted. */
function trim({ start, accepts, edges }: Machine): Machine {
  const reached = new Set([start]), order = [start];
  for (const state of order) {
    for (const { target } of edges[state]!) if (!reached.has(target)) reached.add(target) && order.push(target);
  }
  const sources = new Map<number, number[]>();
  for (const state of order) {
    for (const { target } of edges[state]!) {
      const found = sources.get(target);
      if (found) found.push(state);
      else sources.set(target, [state]);
    }
  }
  const useful = order.filter((state) => accepts[state]), known = new Set(useful);
  for (const state of useful) {
    for (const source of sources.get(state) ?? []) if (!known.has(source)) known.add(source) && useful.push(source);
  }
  // In the order of discovery, so that the numbers are always the same.
  const kept = order.filter((state) => known.has(state)), place = new Map(kept.map((state, i) => [state, i]));
  return {
    start: 0,
    accepts: known.has(start) ? kept.map((state) => accepts[state]!) : [],
    edges: kept.map((state) =>
      edges[state]!.flatMap(({ from, to, target }) =>
        known.has(target) ? [{ from, to, target: place.get(target)! }] : []
      )
    ),
  };
}

/** For each state the symbols by which it is entered, and from where; symbols that no edge tells apart are one. */
function reversed(edges: readonly (readonly Edge[])[]): (readonly [number, number])[][] {
  const starts = [...new Set(edges.flat().flatMap(({ from, to }) => [from, to + 1]))].sort((a, b) => a - b);
  const classOf = new Map(starts.map((symbol, i) => [symbol, i]));
  const into = edges.map((): [number, number][] => []);
  edges.forEach((all, source) => {
    for (const { from, to, target } of all) {
      for (let i = classOf.get(from)!; i < classOf.get(to + 1)!; i++) into[target]!.push([i, source]);
    }
  });
  return into;
}

/** States in blocks. */
class Partition {
  /** The states, those of a block side by side. */
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  readonly #blockOf: Int32Array;
  readonly #first: number[] = [];
  readonly #end: number[] = [];
  /** Of each block, how many of its first states are marked. */
  readonly #marked: number[] = [];
  readonly #waiting: number[] = [];
  readonly #isWaiting: boolean[] = [];

  constructor(accepts: readonly boolean[]) {
    const states = accepts.map((_, state) => state);
    const order = [...states.filter((state) => accepts[state]), ...states.filter((state) => !accepts[state])];
    this.#order = Int32Array.from(order);
    this.#place = new Int32Array(order.length);
    order.forEach((state, i) => this.#place[state] = i);
    this.#blockOf = new Int32Array(order.length);
    const accepting = states.filter((state) => accepts[state]).length;
    for (const [first, end] of [[0, accepting], [accepting, order.length]] as const) {
      if (first < end) this.#add(first, end, true);
    }
  }

  #add(first: number, end: number, waits: boolean): number {
    const block = this.#first.length;
    this.#first.push(first);
    this.#end.push(end);
    this.#marked.push(0);
    this.#isWaiting.push(waits);
    if (waits) this.#waiting.push(block);
    for (let i = first; i < end; i++) this.#blockOf[this.#order[i]!] = block;
    return block;
  }

  /** How many blocks there are. */
  get size(): number {
    return this.#first.length;
  }

  /** A block that waits to be looked at. */
  next(): number | undefined {
    const block = this.#waiting.pop();
    if (block !== undefined) this.#isWaiting[block] = false;
    return block;
  }

  members(block: number): Int32Array {
    return this.#order.slice(this.#first[block], this.#end[block]);
  }

  blockOf(state: number): number {
    return this.#blockOf[state]!;
  }

  /** Splits every block into the states of a list and the others. */
  split(states: readonly number[]): void {
    const touched: number[] = [];
    for (const state of states) {
      const block = this.#blockOf[state]!, to = this.#first[block]! + this.#marked[block]!, at = this.#place[state]!;
      if (at < to) continue;
      if (this.#marked[block] === 0) touched.push(block);
      const other = this.#order[to]!;
      [this.#order[to], this.#order[at]] = [state, other];
      [this.#place[state], this.#place[other]] = [to, at];
      this.#marked[block]!++;
    }
    for (const block of touched) {
      const first = this.#first[block]!, end = this.#end[block]!, middle = first + this.#marked[block]!;
      this.#marked[block] = 0;
      if (middle === end) continue;
      // The smaller part becomes a block of its own, and waits; if the whole waits, both do.
      const isFrontSmaller = middle - first <= end - middle;
      if (isFrontSmaller) this.#first[block] = middle;
      else this.#end[block] = middle;
      this.#add(isFrontSmaller ? first : middle, isFrontSmaller ? middle : end, true);
    }
  }
}

/** One state for each block, numbered as they are reached. */
function quotient({ accepts, edges }: Machine, partition: Partition): Machine {
  const numbers = new Map([[partition.blockOf(0), 0]]), representatives = [0], found: Edge[][] = [];
  for (let i = 0; i < representatives.length; i++) {
    const merged: Edge[] = [];
    for (const { from, to, target } of edges[representatives[i]!]!) {
      const block = partition.blockOf(target);
      if (!numbers.has(block)) numbers.set(block, representatives.push(target) - 1);
      const number = numbers.get(block)!, last = merged.at(-1);
      // Bytes that lead to one state are one edge; each reference to a rule keeps its own.
      if (last && last.target === number && last.to === from - 1 && from < RULES) {
        merged[merged.length - 1] = { ...last, to };
      } else merged.push({ from, to, target: number });
    }
    found.push(merged);
  }
  return { start: 0, accepts: representatives.map((state) => accepts[state]!), edges: found };
}

// ## Two automata at once
//
// What two automata both accept is accepted by one whose states are pairs of theirs. The same pairs say what the first accepts and the second does not: a pair accepts where only
// the first one does, and where the second has no way on, the first goes on alone.

/**
 * The automaton of what one accepts and another does too, or does not.
 *
 * @param first whose texts are meant
 * @param second the other
 * @param isIn whether the other accepts them
 * @param most states
 */
export function product(first: Machine, second: Machine, isIn: boolean, most: number): Machine {
  const NONE = -1, pairs: (readonly [number, number])[] = [], numbers = new Map<string, number>();
  const numberOf = (a: number, b: number): number => {
    const key = `${a},${b}`, known = numbers.get(key);
    if (known !== undefined) return known;
    if (pairs.length >= most) throw tooLarge(most);
    numbers.set(key, pairs.length);
    return pairs.push([a, b]) - 1;
  };
  numberOf(first.start, second.start);
  const edges: Edge[][] = [];
  for (let i = 0; i < pairs.length; i++) {
    const [a, b] = pairs[i]!, others = b === NONE ? [] : second.edges[b]!, found: Edge[] = [];
    for (const { from, to, target } of first.edges[a]!) {
      let next = from;
      const alone = (end: number): void => {
        if (!isIn && next <= end) found.push({ from: next, to: end, target: numberOf(target, NONE) });
      };
      for (const other of others) {
        if (other.to < from || other.from > to) continue;
        alone(other.from - 1);
        const low = Math.max(from, other.from), high = Math.min(to, other.to);
        found.push({ from: low, to: high, target: numberOf(target, other.target) });
        next = high + 1;
      }
      alone(to);
    }
    edges.push(found);
  }
  const accepts = pairs.map(([a, b]) => first.accepts[a]! && (b !== NONE && second.accepts[b]!) === isIn);
  return minimize({ start: 0, accepts, edges });
}

/** The automaton of one character of a set. */
export function machineOf(set: Characters, most: number): Machine {
  const automaton = new Nondeterministic(most), start = automaton.state(), end = automaton.state();
  for (const row of set.flatMap(([from, to]) => byteRows(from, to))) {
    let state = start;
    row.forEach(([from, to], i) => {
      const target = i === row.length - 1 ? end : automaton.state();
      automaton.edge(state, { from, to, target });
      state = target;
    });
  }
  return automaton.determinize({ start, end });
}
