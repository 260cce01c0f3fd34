/**
 * # All ways to cut a text
 *
 * **Question.** A text of $n$ characters has up to $2^{n-1}$ segmentations. How are they all weighed, ranked or drawn from, in time
 * that grows with $n$ alone?
 *
 * **Idea.** A *lattice*: the places between characters are nodes, and a piece that fits between two places is an edge with the
 * logarithm of its probability. A segmentation is a path from the first place to the last one. What is asked of all paths is asked of
 * the edges, place by place: the best way to a place, or the sum over all ways to it, needs only the places before.
 *
 * | asked                    | at each place is kept                      | method                         |
 * | ------------------------ | ------------------------------------------ | ------------------------------ |
 * | the most probable path   | the largest sum of logarithms so far       | {@linkcode ScoredPieces.best}  |
 * | the probability of all   | the logarithm of the sum so far            | {@linkcode Lattice.forwards}   |
 * | how often each edge is used | that sum from both sides                | {@linkcode Lattice.expect}     |
 * | the $k$ most probable    | the largest sum so far, as a bound         | {@linkcode Lattice.nBest}      |
 * | a path by chance         | the sum so far                             | {@linkcode Lattice.sample}     |
 *
 * **The $k$ best, exactly.** Tail paths grow from the end of the text towards its start, the most promising first (A\*). What a
 * partial path can still become is known exactly, since the best way from the start to each place is computed before. So no
 * path is expanded that does not belong to one of the $k$ best, and the first $k$ that arrive are the $k$ best in order.
 *
 * **A path by chance.** The sum over all ways to each place is computed from the left (*forward filtering*). Then the last piece is drawn, in
 * proportion to its probability times that sum at its start, then the piece before it, and so on (*backward sampling*). The
 * product of these choices is the probability of the path.
 *
 * **What is unknown.** A place at which no piece of one character begins gets an edge for the unknown character. Its score is lower than that of
 * every piece, so it is taken where nothing else leads on. A place inside a surrogate pair is reached by no edge.
 *
 * @module
 */

import { Heap } from "../../engine/heap.ts";
import type { Random } from "../../engine/random.ts";
import { NO_NODE, Trie } from "./trie.ts";

/** The piece of an edge for an unknown character. */
export const NO_PIECE = -1;

/** One way to cut a text: where each piece ends, and which one it is. */
export interface Path {
  /** Index of each piece, {@linkcode NO_PIECE} for an unknown character. */
  readonly pieces: readonly number[];
  /** Where each piece ends, in code units. */
  readonly ends: readonly number[];
  /** Sum of the scores of the pieces. */
  readonly score: number;
}

/** Whether a code unit opens a surrogate pair in a text without half pairs. */
const opensPair = (unit: number): boolean => (unit & 0xfc00) === 0xd800;

/** Pieces with the logarithms of their probabilities, ready to be found in a text. */
export class ScoredPieces {
  /** Logarithm of the probability of each piece; $-\infty$ takes one out. */
  readonly scores: Float64Array;
  /** The score of an unknown character. */
  readonly unknownScore: number;
  readonly #trie: Trie;
  /** Piece that ends at each node of the trie. */
  readonly #pieceAt: Int32Array;

  /**
   * Builds the trie.
   *
   * @param pieces strings of at least one character, each once
   * @param scores one for each piece
   * @param unknownPenalty how far below the lowest score an unknown character lies
   */
  constructor(pieces: readonly string[], scores: ArrayLike<number>, unknownPenalty: number) {
    this.scores = Float64Array.from(scores);
    this.#trie = new Trie(2 * pieces.length);
    const nodes = pieces.map((piece) => {
      let node = 0;
      for (let i = 0; i < piece.length; i++) node = this.#trie.grow(node, piece.charCodeAt(i));
      return node;
    });
    this.#pieceAt = new Int32Array(this.#trie.size).fill(NO_PIECE);
    nodes.forEach((node, piece) => this.#pieceAt[node] = piece);
    let lowest = pieces.length === 0 ? 0 : Infinity;
    for (const score of this.scores) lowest = Math.min(lowest, score);
    this.unknownScore = lowest - unknownPenalty;
  }

  /**
   * The most probable path (Viterbi 1967), without a lattice in memory.
   *
   * Takes $O(nL)$ time for $n$ characters and pieces of up to $L$, whatever the text. Of equal paths the one whose last
   * piece is longest is taken, as SentencePiece does.
   *
   * @param text without half surrogate pairs
   */
  best(text: string): Path {
    const n = text.length, best = new Float64Array(n + 1).fill(-Infinity), starts = new Int32Array(n + 1);
    const taken = new Int32Array(n + 1).fill(NO_PIECE), { scores, unknownScore } = this;
    const trie = this.#trie, pieceAt = this.#pieceAt;
    best[0] = 0;
    for (let start = 0; start < n; start++) {
      const before = best[start]!;
      if (before === -Infinity) continue;
      const single = start + (opensPair(text.charCodeAt(start)) ? 2 : 1);
      let isKnown = false;
      for (let end = start, node = 0; end < n;) {
        node = trie.child(node, text.charCodeAt(end));
        if (node === NO_NODE) break;
        const piece = pieceAt[node]!;
        end++;
        if (piece === NO_PIECE) continue;
        if (end === single) isKnown = true;
        const score = before + scores[piece]!;
        if (score > best[end]!) {
          best[end] = score;
          starts[end] = start;
          taken[end] = piece;
        }
      }
      if (!isKnown && before + unknownScore > best[single]!) {
        best[single] = before + unknownScore;
        starts[single] = start;
        taken[single] = NO_PIECE;
      }
    }
    const pieces: number[] = [], ends: number[] = [];
    for (let end = n; end > 0; end = starts[end]!) {
      pieces.push(taken[end]!);
      ends.push(end);
    }
    return { pieces: pieces.reverse(), ends: ends.reverse(), score: best[n]! };
  }

  /** What `use` returns while a piece is left out. */
  without<T>(piece: number, use: () => T): T {
    const score = this.scores[piece]!;
    this.scores[piece] = -Infinity;
    try {
      return use();
    } finally {
      this.scores[piece] = score;
    }
  }

  /** Hands every edge of a text's lattice to `use`, by start, then by end. */
  edges(text: string, use: (start: number, end: number, piece: number) => void): void {
    const n = text.length;
    for (let start = 0; start < n;) {
      const single = start + (opensPair(text.charCodeAt(start)) ? 2 : 1);
      let isKnown = false;
      for (let end = start, node = 0; end < n;) {
        node = this.#trie.child(node, text.charCodeAt(end));
        if (node === NO_NODE) break;
        const piece = this.#pieceAt[node]!;
        end++;
        if (piece === NO_PIECE) continue;
        if (end === single) isKnown = true;
        use(start, end, piece);
      }
      if (!isKnown) use(start, single, NO_PIECE);
      start = single;
    }
  }
}

/** The lattice of one text after the other; its memory is used again. */
export class Lattice {
  readonly #model: ScoredPieces;
  #length = 0;
  #size = 0;
  #starts = new Int32Array(256);
  #ends = new Int32Array(256);
  #pieces = new Int32Array(256);
  #scores = new Float64Array(256);
  #forward = new Float64Array(64);
  #backward = new Float64Array(64);

  /**
   * Stays empty until {@linkcode Lattice.read} is called.
   *
   * @param model pieces and scores
   */
  constructor(model: ScoredPieces) {
    this.#model = model;
  }

  /** Lists the edges of a text; the scores are those of this moment. */
  read(text: string): this {
    this.#length = text.length;
    this.#size = 0;
    const { scores, unknownScore } = this.#model;
    this.#model.edges(text, (start, end, piece) => {
      if (this.#size === this.#starts.length) this.#double();
      const edge = this.#size++;
      this.#starts[edge] = start;
      this.#ends[edge] = end;
      this.#pieces[edge] = piece;
      this.#scores[edge] = piece === NO_PIECE ? unknownScore : scores[piece]!;
    });
    if (this.#forward.length <= text.length) {
      this.#forward = new Float64Array(2 * text.length);
      this.#backward = new Float64Array(2 * text.length);
    }
    return this;
  }

  #double(): void {
    const wider = <T extends Int32Array | Float64Array>(old: T, made: T): T => (made.set(old), made);
    const room = 2 * this.#starts.length;
    this.#starts = wider(this.#starts, new Int32Array(room));
    this.#ends = wider(this.#ends, new Int32Array(room));
    this.#pieces = wider(this.#pieces, new Int32Array(room));
    this.#scores = wider(this.#scores, new Float64Array(room));
  }

  /**
   * Sums over all ways from the start of the text to each place.
   *
   * @param alpha what every score is multiplied by
   * @returns logarithm of the sum over all paths, each to the power of `alpha`
   */
  forwards(alpha = 1): number {
    const forward = this.#forward.fill(-Infinity, 0, this.#length + 1);
    forward[0] = 0;
    // By start: what leads to a place is complete before anything leaves it.
    for (let edge = 0; edge < this.#size; edge++) {
      const end = this.#ends[edge]!;
      forward[end] = logAdd(forward[end]!, forward[this.#starts[edge]!]! + alpha * this.#scores[edge]!);
    }
    return forward[this.#length]!;
  }

  #backwards(): void {
    const backward = this.#backward.fill(-Infinity, 0, this.#length + 1);
    backward[this.#length] = 0;
    for (let edge = this.#size - 1; edge >= 0; edge--) {
      const start = this.#starts[edge]!;
      backward[start] = logAdd(backward[start]!, backward[this.#ends[edge]!]! + this.#scores[edge]!);
    }
  }

  /**
   * Adds to `counts` how often each piece is expected in the text, over all paths by their probabilities.
   *
   * @param counts one for each piece
   * @param weight how often the text occurs
   * @returns logarithm of the probability of the text, over all paths
   */
  expect(counts: Float64Array, weight: number): number {
    const total = this.forwards();
    this.#backwards();
    const forward = this.#forward, backward = this.#backward;
    for (let edge = 0; edge < this.#size; edge++) {
      const piece = this.#pieces[edge]!;
      if (piece === NO_PIECE) continue;
      // All paths through this edge, divided by all paths.
      const through = forward[this.#starts[edge]!]! + this.#scores[edge]! + backward[this.#ends[edge]!]!;
      counts[piece] = counts[piece]! + weight * Math.exp(through - total);
    }
    return total;
  }

  /**
   * Draws a path, with a probability proportional to its own to the power of `alpha`.
   *
   * @param random where chance comes from
   * @param alpha 1 draws by the model, 0 draws every path equally often
   */
  sample(random: Random, alpha: number): Path {
    this.forwards(alpha);
    const entering = this.#entering(), pieces: number[] = [], ends: number[] = [];
    let score = 0;
    for (let place = this.#length; place > 0;) {
      const edges = entering[place]!;
      const weights = edges.map((edge) => this.#forward[this.#starts[edge]!]! + alpha * this.#scores[edge]!);
      // Divided by the largest, so that none overflows and one does not vanish.
      const most = Math.max(...weights);
      const edge = edges[random.categorical(weights.map((weight) => Math.exp(weight - most)))]!;
      pieces.push(this.#pieces[edge]!);
      ends.push(place);
      score += this.#scores[edge]!;
      place = this.#starts[edge]!;
    }
    return { pieces: pieces.reverse(), ends: ends.reverse(), score };
  }

  /**
   * The most probable paths, best first: A\* from the end of the text.
   *
   * @param count how many; fewer come where there are fewer
   */
  nBest(count: number): Path[] {
    const best = this.#forward.fill(-Infinity, 0, this.#length + 1);
    best[0] = 0;
    for (let edge = 0; edge < this.#size; edge++) {
      const end = this.#ends[edge]!;
      best[end] = Math.max(best[end]!, best[this.#starts[edge]!]! + this.#scores[edge]!);
    }
    const entering = this.#entering(), paths: Path[] = [];
    let made = 0;
    // Of equally promising ones the one that has come further goes first: it arrives, and does not multiply.
    const agenda = new Heap<Tail>((a, b) =>
      a.bound !== b.bound ? a.bound > b.bound : a.place !== b.place ? a.place < b.place : a.order < b.order
    );
    agenda.push({ place: this.#length, score: 0, bound: best[this.#length]!, order: made++ });
    for (let top = agenda.pop(); top !== undefined && paths.length < count; top = agenda.pop()) {
      if (top.place === 0) {
        paths.push(this.#pathOf(top));
        continue;
      }
      for (const edge of entering[top.place]!) {
        const place = this.#starts[edge]!, score = top.score + this.#scores[edge]!, bound = score + best[place]!;
        if (bound > -Infinity) agenda.push({ place, score, bound, order: made++, edge, next: top });
      }
    }
    return paths;
  }

  /** The edges that end at each place, by start. */
  #entering(): readonly (readonly number[])[] {
    const entering = Array.from({ length: this.#length + 1 }, (): number[] => []);
    for (let edge = 0; edge < this.#size; edge++) {
      if (this.#scores[edge]! > -Infinity) entering[this.#ends[edge]!]!.push(edge);
    }
    return entering;
  }

  #pathOf(whole: Tail): Path {
    const pieces: number[] = [], ends: number[] = [];
    for (let at: Tail | undefined = whole; at?.edge !== undefined; at = at.next) {
      pieces.push(this.#pieces[at.edge]!);
      ends.push(this.#ends[at.edge]!);
    }
    return { pieces, ends, score: whole.score };
  }
}

/** A path from some place to the end of the text. */
interface Tail {
  readonly place: number;
  readonly score: number;
  /** The score of the best path that it can become. */
  readonly bound: number;
  readonly order: number;
  readonly edge?: number;
  readonly next?: Tail;
}

/** The logarithm of the sum of two numbers that are given by their logarithms. */
export function logAdd(a: number, b: number): number {
  if (a < b) [a, b] = [b, a];
  return b === -Infinity ? a : a + Math.log1p(Math.exp(b - a));
}
