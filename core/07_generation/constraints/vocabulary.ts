/**
 * # A vocabulary as a tree
 *
 * **Question.** Fifty thousand tokens may follow. Which of them go on as a grammar wants, without reading each one byte by byte?
 *
 * **Idea.** Tokens that begin alike are read alike. In a tree of prefixes (trie) [前缀树] each node is a byte, and a token is a path from the root. The tree is walked with the state of the grammar in hand;
 * where a byte is refused, all tokens below it are refused at once.
 *
 * **By hand.** The tokens are `a`, `ab`, `abc`, `b`. The tree has four nodes: `a`, below it `b`, below it `c`; and `b`. A grammar that wants an `a` and then a `c` refuses `b` below `a`, and with it
 * `ab` and `abc`, by two looks: one at each `b`.
 *
 * **Two trees.** A tokenizer may write a token otherwise where a text begins: without the space in front. Then there are two trees, and each token says in which of them the next one is looked up.
 *
 * **What cannot be spelled.** A vocabulary need not have a token for every byte. Then a grammar may go on while no row of tokens does so: it wants an `é`, and the vocabulary has none. A token that leads there must not be
 * chosen, since the text would never end. The tree is an automaton too: it reads a token and begins again at the root. Run side by side with the grammar's automata, it says from where an end can be reached.
 * {@linkcode Spelling} computes that, unless every byte of the grammar is a token: then nothing has to be looked at.
 *
 * @module
 */

import type { TokenBytes } from "../../02_words/before_tokens/tokenizer.ts";
import type { Place, Pushdown, PushdownState, Stack } from "./pushdown.ts";

/** The tokens of a vocabulary by the bytes that they begin with. */
export class TokenTree {
  /** The byte of each node, in the order of a walk: a node, then what is below it. */
  readonly bytes: Uint8Array;
  /** How far from the root each node is; 1 for the first byte of a token. */
  readonly depths: Uint16Array;
  /** Where each node's part of the walk ends. */
  readonly ends: Int32Array;
  /** Where the tokens of each node begin in `tokens`; those of a node end where the next one's begin. */
  readonly firsts: Int32Array;
  /** Ids of tokens, by the node where they end. */
  readonly tokens: Int32Array;
  /** The length of the longest token. */
  readonly height: number;

  /**
   * Builds the tree.
   *
   * @param spelled the bytes of each token, by id; none for those that stand for no text
   */
  constructor(spelled: readonly (Uint8Array | undefined)[]) {
    const ids = spelled.flatMap((bytes, id) => bytes && bytes.length > 0 ? [id] : []);
    ids.sort((a, b) => compare(spelled[a]!, spelled[b]!) || a - b);
    const bytes: number[] = [], depths: number[] = [], open: number[] = [], ends: number[] = [];
    const lasts = new Int32Array(ids.length);
    const close = (depth: number): void => {
      while (open.length > depth) ends[open.pop()!] = bytes.length;
    };
    let before: Uint8Array = new Uint8Array();
    ids.forEach((id, i) => {
      const own = spelled[id]!;
      let same = 0;
      while (same < before.length && same < own.length && before[same] === own[same]) same++;
      close(same);
      for (let depth = same; depth < own.length; depth++) {
        open.push(bytes.length);
        depths.push(depth + 1);
        bytes.push(own[depth]!);
      }
      // A token ends at the node that was reached last: in this order no other node comes between.
      lasts[i] = bytes.length - 1;
      before = own;
    });
    close(0);
    this.bytes = Uint8Array.from(bytes);
    this.depths = Uint16Array.from(depths);
    this.ends = Int32Array.from(ends);
    this.tokens = Int32Array.from(ids);
    this.height = depths.reduce((most, depth) => Math.max(most, depth), 0);
    this.firsts = new Int32Array(bytes.length + 1);
    for (let i = ids.length - 1, node = bytes.length; i >= 0; i--) {
      for (; node > lasts[i]!; node--) this.firsts[node] = i + 1;
      this.firsts[node] = i;
    }
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** How a token is written: where a text begins, or behind others. */
export type Context = "first" | "later";

/** A vocabulary as grammars see it. */
export class Vocabulary {
  /** How many tokens there are, those that stand for no text included. */
  readonly size: number;
  /** What each token adds. */
  readonly spelled: TokenBytes;
  /** The tree for each context; one and the same where the tokens are. */
  readonly trees: Readonly<Record<Context, TokenTree>>;

  /**
   * Builds the trees.
   *
   * @param spelled what each token adds to a text
   */
  constructor(spelled: TokenBytes) {
    this.size = spelled.later.length;
    this.spelled = spelled;
    const later = new TokenTree(spelled.later);
    this.trees = { later, first: spelled.first === spelled.later ? later : new TokenTree(spelled.first) };
  }

  /** How the token behind another is written. */
  after(token: number, context: Context): Context {
    // What stands for no text leaves everything as it is.
    if (this.spelled[context][token] === undefined) return context;
    return this.spelled.restarts.has(token) ? "first" : "later";
  }

  /** The bytes that are a token of their own in both contexts. */
  single(): ReadonlySet<number> {
    const of = (all: readonly (Uint8Array | undefined)[]): Set<number> =>
      new Set(all.flatMap((bytes, id) => bytes?.length === 1 && !this.spelled.restarts.has(id) ? [bytes[0]!] : []));
    const later = of(this.spelled.later);
    if (this.spelled.first === this.spelled.later) return later;
    const first = of(this.spelled.first);
    return new Set([...later].filter((byte) => first.has(byte)));
  }
}

// ## Which texts can be spelled
//
// A pair is a state of the grammar's automata and a node of the tree: a rule is being read, and part of a token. For each pair this is computed: at which nodes can the rule end? A byte leads from pair to pair. A reference to a rule
// leads to the pairs behind it, at the nodes where that rule can end. The sets grow until nothing changes.

/** A node of the trees as an automaton: the root of a context, or the end of some bytes. */
interface Node {
  readonly next: Map<number, number>;
  /** The roots of what may follow, where tokens end here. */
  readonly roots: Set<number>;
}

/** From where texts of a grammar can be finished with the tokens of a vocabulary. */
export class Spelling {
  readonly #machine: Pushdown;
  readonly #nodes: Node[] = [];
  readonly #ends = new Map<string, Ends>();
  readonly #work: (() => void)[] = [];
  readonly #finishes = new Map<string, boolean>();
  readonly #alive = new Map<Context, WeakMap<PushdownState, boolean>>([
    ["first", new WeakMap()],
    ["later", new WeakMap()],
  ]);

  /**
   * Prepares the automaton of the vocabulary.
   *
   * @param machine the grammar's automata
   * @param vocabulary the tokens
   */
  constructor(machine: Pushdown, vocabulary: Vocabulary) {
    this.#machine = machine;
    for (const _ of [ROOT.first, ROOT.later]) this.#nodes.push({ next: new Map(), roots: new Set() });
    for (const context of ["first", "later"] as const) {
      for (const [id, bytes] of irreducible(vocabulary, context)) {
        let node = ROOT[context];
        for (const byte of bytes) node = this.#child(node, byte);
        this.#nodes[node]!.roots.add(ROOT[vocabulary.after(id, context)]);
      }
    }
  }

  #child(node: number, byte: number): number {
    const { next } = this.#nodes[node]!;
    let child = next.get(byte);
    if (child === undefined) next.set(byte, child = this.#nodes.push({ next: new Map(), roots: new Set() }) - 1);
    return child;
  }

  /** Whether a text can be finished from here by tokens of the vocabulary. */
  isAlive(state: PushdownState, context: Context): boolean {
    if (state.accepts) return true;
    const known = this.#alive.get(context)!.get(state);
    if (known !== undefined) return known;
    const alive = state.kernel.some((place) => this.#canFinish(place, ROOT[context]));
    this.#alive.get(context)!.set(state, alive);
    return alive;
  }

  #canFinish({ state, stack }: Place, node: number): boolean {
    for (const end of this.#endsOf(state, node).nodes) if (this.#goesOn(stack, end)) return true;
    return false;
  }

  #goesOn(stack: Stack, node: number): boolean {
    if (stack === this.#machine.bottom) return node === ROOT.first || node === ROOT.later;
    const key = `${stack.id},${node}`, known = this.#finishes.get(key);
    if (known !== undefined) return known;
    const goesOn = stack.below.some((place) => this.#canFinish(place, node));
    this.#finishes.set(key, goesOn);
    return goesOn;
  }

  /** The nodes at which the rule of a state can end. */
  #endsOf(state: number, node: number): Ends {
    const ends = this.#visit(state, node);
    for (let work = this.#work.pop(); work; work = this.#work.pop()) work();
    return ends;
  }

  #visit(state: number, node: number): Ends {
    const key = `${state},${node}`, known = this.#ends.get(key);
    if (known) return known;
    const ends = new Ends(this.#work);
    this.#ends.set(key, ends);
    this.#work.push(() => this.#follow(state, node, ends));
    return ends;
  }

  #follow(state: number, node: number, ends: Ends): void {
    const machine = this.#machine,
      flow = (other: number, at: number): void => this.#visit(other, at).tell((end) => ends.add(end));
    if (machine.accepts(state)) ends.add(node);
    for (const [byte, child] of this.#nodes[node]!.next) {
      const target = machine.table(state)[byte]!;
      if (target < 0) continue;
      flow(target, child);
      for (const root of this.#nodes[child]!.roots) flow(target, root);
    }
    for (const { start, target } of machine.references(state)) {
      this.#visit(start, node).tell((end) => flow(target, end));
    }
  }
}

/** Nodes 0 and 1 are the roots. */
const ROOT: Readonly<Record<Context, number>> = { first: 0, later: 1 };

/** A set that tells what is added, now and later. */
class Ends {
  readonly nodes = new Set<number>();
  readonly #told: ((node: number) => void)[] = [];
  readonly #work: (() => void)[];

  constructor(work: (() => void)[]) {
    this.#work = work;
  }

  add(node: number): void {
    if (this.nodes.has(node)) return;
    this.nodes.add(node);
    for (const tell of this.#told) this.#work.push(() => tell(node));
  }

  tell(listener: (node: number) => void): void {
    this.#told.push(listener);
    for (const node of this.nodes) this.#work.push(() => listener(node));
  }
}

/** Tokens that are no row of shorter ones: what the others can spell, these can. */
function irreducible({ spelled }: Vocabulary, context: Context): [number, Uint8Array][] {
  const all = spelled[context].flatMap((bytes, id): [number, Uint8Array][] =>
    bytes && bytes.length > 0 ? [[id, bytes]] : []
  );
  // Rows are looked for only where every token is followed as it is preceded.
  if (context === "first" && spelled.first !== spelled.later || spelled.restarts.size > 0) return all;
  const keyOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
  const known = new Set<string>(), kept: [number, Uint8Array][] = [];
  for (const [id, bytes] of all.sort((a, b) => a[1].length - b[1].length)) {
    const key = keyOf(bytes), reached = [true];
    for (let end = 1; end <= key.length; end++) {
      reached[end] = reached.some((is, start) => is && start < end && known.has(key.slice(start, end)));
    }
    if (reached[key.length]) continue;
    known.add(key);
    kept.push([id, bytes]);
  }
  return kept;
}
