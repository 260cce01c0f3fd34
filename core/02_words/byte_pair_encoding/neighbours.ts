/**
 * # The neighbourhood of every pair
 *
 * **Question.** Counting all pairs afresh for every merge reads the corpus thousands of times. What changes when two tokens
 * become one?
 *
 * **Idea.** Only the neighbours of that pair. All distinct words lie behind one another in `symbols`. Joining two tokens
 * writes the new id over the left one and takes the right one out of a doubly linked list, so that a word shrinks without
 * moving. `places` remembers where a pair was seen; an entry that a later merge has overtaken is recognized when it is
 * visited, and skipped. A [queue](../../engine/heap.ts) holds the counts; one that has become stale is corrected when it
 * surfaces.
 *
 * @module
 */

import { Heap } from "../../engine/heap.ts";
import { FIRST_LETTER, MOST_TOKENS, pairKey, UNKNOWN } from "./data.ts";
import { type BytePairLevel, toLetters } from "./letters.ts";

/** No token, and no position. */
export const NONE = -1;

/** Words between two checks whether to pause. */
const WORDS_AT_ONCE = 1024;

/** A pair of tokens and how often it occurs. */
export interface CountedPair {
  /** Id of the token in front. */
  readonly left: number;
  /** Id of the token behind it. */
  readonly right: number;
  /** Number of positions, each counted as often as its word occurs. */
  readonly count: number;
}

/** Whether a pair is to be joined earlier than another: the order of the ties. */
function isMoreFrequent(a: CountedPair, b: CountedPair): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left < b.left || (a.left === b.left && a.right < b.right);
}

/** All words of the corpus as lists of tokens, with the count and places of each pair. */
export class Neighbours {
  readonly #symbols: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #weights: Float64Array;
  readonly #counts = new Map<number, number>();
  readonly #places = new Map<number, number[]>();
  readonly #queue = new Heap<CountedPair>(isMoreFrequent);

  private constructor(size: number) {
    this.#symbols = new Int32Array(size);
    this.#next = new Int32Array(size).fill(NONE);
    this.#previous = new Int32Array(size).fill(NONE);
    this.#weights = new Float64Array(size);
  }

  /**
   * Counts the pairs of all words.
   *
   * @param words pieces of text and how often each occurs
   * @param alphabet letters in the order of their ids
   * @param level what a letter is
   * @param pause waited for now and then
   */
  static async of(
    words: ReadonlyMap<string, number>,
    alphabet: readonly string[],
    level: BytePairLevel,
    pause: () => Promise<void>,
  ): Promise<Neighbours> {
    const ids = new Map(alphabet.map((letter, index) => [letter, FIRST_LETTER + index]));
    const rows: number[][] = [];
    for (const word of words.keys()) {
      rows.push(toLetters(word, level).map((letter) => ids.get(letter) ?? UNKNOWN));
      if (rows.length % WORDS_AT_ONCE === 0) await pause();
    }
    const neighbours = new Neighbours(rows.reduce((sum, row) => sum + row.length, 0));
    await neighbours.#fill(rows, [...words.values()], pause);
    return neighbours;
  }

  async #fill(rows: readonly number[][], counts: readonly number[], pause: () => Promise<void>): Promise<void> {
    const pairs = new Set<number>();
    let start = 0;
    for (const [word, row] of rows.entries()) {
      const end = start + row.length;
      for (let at = start; at < end; at++) {
        this.#symbols[at] = row[at - start]!;
        this.#weights[at] = counts[word]!;
        if (at > start) this.#previous[at] = at - 1;
        if (at + 1 < end) this.#next[at] = at + 1;
      }
      for (let at = start; at < end; at++) this.#gain(at, pairs);
      start = end;
      if (word % WORDS_AT_ONCE === 0) await pause();
    }
    this.#enqueue(pairs);
  }

  /** The pair with the largest count, or undefined if none reaches `minFrequency`. */
  mostFrequent(minFrequency: number): CountedPair | undefined {
    for (let top = this.#queue.pop(); top; top = this.#queue.pop()) {
      const count = this.#counts.get(pairKey(top.left, top.right)) ?? 0;
      // A count can only have fallen since it was queued: correct it, and look again.
      if (count === top.count) return count >= minFrequency ? top : undefined;
      if (count >= minFrequency) this.#queue.push({ ...top, count });
    }
    return undefined;
  }

  /** Joins every `left right` into `merged`, from left to right. */
  merge(left: number, right: number, merged: number): void {
    const pairs = new Set<number>();
    for (const place of this.#places.get(pairKey(left, right)) ?? []) {
      const after = this.#next[place]!;
      if (this.#symbols[place] !== left || after === NONE || this.#symbols[after] !== right) continue;
      const before = this.#previous[place]!;
      this.#lose(before);
      this.#lose(after);

      this.#symbols[place] = merged;
      this.#symbols[after] = NONE;
      const end = this.#next[after]!;
      this.#next[place] = end;
      if (end !== NONE) this.#previous[end] = place;

      this.#gain(before, pairs);
      this.#gain(place, pairs);
    }
    this.#counts.delete(pairKey(left, right));
    this.#places.delete(pairKey(left, right));
    this.#enqueue(pairs);
  }

  // The pair that starts at a place, or undefined at a word's end and beside an unknown character.
  #pairAt(place: number): number | undefined {
    const after = place === NONE ? NONE : this.#next[place]!;
    if (after === NONE || this.#symbols[place] === UNKNOWN || this.#symbols[after] === UNKNOWN) return undefined;
    return pairKey(this.#symbols[place]!, this.#symbols[after]!);
  }

  #gain(place: number, pairs: Set<number>): void {
    const pair = this.#pairAt(place);
    if (pair === undefined) return;
    this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + this.#weights[place]!);
    const places = this.#places.get(pair);
    if (places) places.push(place);
    else this.#places.set(pair, [place]);
    pairs.add(pair);
  }

  #lose(place: number): void {
    const pair = this.#pairAt(place);
    if (pair !== undefined) this.#counts.set(pair, this.#counts.get(pair)! - this.#weights[place]!);
  }

  #enqueue(pairs: ReadonlySet<number>): void {
    for (const pair of pairs) {
      const right = pair % MOST_TOKENS;
      this.#queue.push({ left: (pair - right) / MOST_TOKENS, right, count: this.#counts.get(pair)! });
    }
  }
}
