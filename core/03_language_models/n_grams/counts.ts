/**
 * # Counting a million n-grams
 *
 * **Question.** A text of a million tokens has a million n-grams of every order, most of them different. How are they counted in seconds,
 * and kept in little memory?
 *
 * **Idea.** An n-gram is an (n − 1)-gram and one more token. If the (n − 1)-grams have numbers, an n-gram is a pair of numbers, and a
 * table of pairs in typed arrays finds it, whatever n is. One pass over the text for each order suffices: the pass of order n keeps,
 * for each position, the number of the n-gram that ends there. Afterwards the n-grams are sorted by their prefix and their last token.
 * Those of one prefix then stand side by side, so that a prefix needs to know only where its own begin, and one is found by binary
 * search.
 *
 * **Memory.** While counting, an n-gram takes 16 bytes and its place in the table, at most 12 more. Afterwards a model keeps the last
 * token and, below the highest order, where the continuations begin: 4 or 8 bytes. Its probability and its weight as a context take 4 bytes each.
 *
 * @module
 */

import { rest } from "../../engine/pace.ts";

/** The n-grams of one order, sorted by prefix and last token. */
export interface CountedOrder {
  /** Number of the prefix, an n-gram of the order below; that of a token at order 1 is 0. */
  readonly prefix: Int32Array;
  /** Last token. */
  readonly word: Int32Array;
  /** How often it occurs. */
  readonly count: Float64Array;
  /** Number of the n-gram without its first token, in the order below. */
  readonly suffix: Int32Array;
}

/** What stands between two sequences: no n-gram crosses it. */
export const BREAK = -1;

/** Tokens between two questions whether to pause. */
const AT_ONCE = 1 << 15;

/** Pairs of numbers, numbered as they come, in a table with open addresses. */
class Pairs {
  #slots = new Int32Array(1 << 12);
  first = new Int32Array(1 << 11);
  second = new Int32Array(1 << 11);
  count = new Int32Array(1 << 11);
  size = 0;

  /** The number of a pair, which is counted once more. */
  add(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = mixed(first, second) & mask;
    for (;; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]! - 1;
      if (found < 0) break;
      if (this.first[found] === first && this.second[found] === second) {
        this.count[found]!++;
        return found;
      }
    }
    if (this.size === this.first.length) this.#grow();
    this.first[this.size] = first;
    this.second[this.size] = second;
    this.count[this.size] = 1;
    this.#slots[slot] = ++this.size;
    if (this.size * 3 > this.#slots.length * 2) this.#rehash();
    return this.size - 1;
  }

  #grow(): void {
    for (const name of ["first", "second", "count"] as const) {
      const larger = new Int32Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.size; i++) {
      let slot = mixed(this.first[i]!, this.second[i]!) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = i + 1;
    }
  }
}

/** A number that depends on every bit of two. */
function mixed(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 0x7f4a7c15, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
  return (hash ^ hash >>> 13) >>> 0;
}

/**
 * Counts the n-grams of a text up to some order.
 *
 * @param tokens ids, with {@linkcode BREAK} between sequences
 * @param order the highest order
 * @param vocabSize entries of the vocabulary: the n-grams of order 1, whether they occur or not
 * @param signal what an abort is told by
 * @param onProgress hears how much is done, in [0, 1]
 * @returns the n-grams of each order, from 1 on
 */
export async function countNGrams(
  tokens: Int32Array,
  order: number,
  vocabSize: number,
  signal?: AbortSignal,
  onProgress?: (done: number) => void | Promise<void>,
): Promise<CountedOrder[]> {
  const count = new Float64Array(vocabSize);
  for (const token of tokens) if (token !== BREAK) count[token]!++;
  const words = Int32Array.from({ length: vocabSize }, (_, id) => id);
  const orders: CountedOrder[] = [
    { prefix: new Int32Array(vocabSize), word: words, count, suffix: new Int32Array(vocabSize) },
  ];
  // The number of the n-gram that ends at each position, of the order below and of this one.
  let below: Int32Array = tokens.slice();
  for (let n = 2; n <= order; n++) {
    const pairs = new Pairs(), here = new Int32Array(tokens.length).fill(BREAK);
    for (let from = 1; from < tokens.length; from += AT_ONCE) {
      await rest(signal);
      const end = Math.min(tokens.length, from + AT_ONCE);
      for (let t = from; t < end; t++) {
        const prefix = below[t - 1]!, word = tokens[t]!;
        if (prefix !== BREAK && word !== BREAK) here[t] = pairs.add(prefix, word);
      }
      await onProgress?.((n - 2 + end / tokens.length) / (order - 1));
    }
    below = sortOrder(pairs, here, below, orders, vocabSize);
  }
  return orders;
}

/** Sorts the pairs of an order by prefix and token; appends the order and returns the positions in new numbers. */
function sortOrder(
  pairs: Pairs,
  here: Int32Array,
  below: Int32Array,
  orders: CountedOrder[],
  vocabSize: number,
): Int32Array {
  const { size } = pairs, prefixes = orders.at(-1)!.word.length;
  // Twice by counting: first by token, then, stable, by prefix.
  const byWord = sortedBy(Int32Array.from({ length: size }, (_, i) => i), pairs.second, vocabSize);
  const sorted = sortedBy(byWord, pairs.first, prefixes);
  const place = new Int32Array(size);
  sorted.forEach((old, now) => place[old] = now);
  const suffix = new Int32Array(size);
  const numbers = here.map((old, t) => {
    if (old === BREAK) return BREAK;
    suffix[place[old]!] = below[t]!;
    return place[old]!;
  });
  orders.push({
    prefix: Int32Array.from(sorted, (old) => pairs.first[old]!),
    word: Int32Array.from(sorted, (old) => pairs.second[old]!),
    count: Float64Array.from(sorted, (old) => pairs.count[old]!),
    suffix,
  });
  return numbers;
}

/** A stable sort of numbers by keys below a bound. */
function sortedBy(numbers: Int32Array, keys: Int32Array, bound: number): Int32Array {
  const starts = new Int32Array(bound + 1), sorted = new Int32Array(numbers.length);
  for (const i of numbers) starts[keys[i]! + 1]!++;
  for (let key = 0; key < bound; key++) starts[key + 1]! += starts[key]!;
  for (const i of numbers) sorted[starts[keys[i]!]!++] = i;
  return sorted;
}

/** Where the continuations of each n-gram begin among those of the order above: one more than there are n-grams. */
export function startsOf(prefix: Int32Array, prefixes: number): Int32Array {
  const starts = new Int32Array(prefixes + 1);
  for (const one of prefix) starts[one + 1]!++;
  for (let i = 0; i < prefixes; i++) starts[i + 1]! += starts[i]!;
  return starts;
}
