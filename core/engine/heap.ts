/**
 * # A heap
 *
 * **Question.** A loop asks again and again for the best of many things while others keep arriving. Sorting them all
 * each time costs more than the rest of the loop. How much order is enough?
 *
 * **Idea.** A tree in which nothing comes before what stands above it. The best is at the root; of the rest, nobody
 * knows more than that. An arrival rises past those it comes before, and when the root leaves, the last item takes its
 * place and sinks: both walk one path, as long as the tree is high.
 *
 * The tree needs no pointers. Written level by level into one array, the children of item $i$ are items $2i + 1$ and
 * $2i + 2$ (J. W. J. Williams 1964, *Algorithm 232: Heapsort*). Laying $n$ items out from the bottom up takes $O(n)$
 * time (Robert W. Floyd 1964, *Algorithm 245: Treesort 3*), each arrival and departure $O(\log n)$.
 *
 * @module
 */

/** A queue that hands out first what comes before everything else in it. */
export class Heap<T> {
  readonly #items: T[];
  readonly #before: (a: T, b: T) => boolean;

  /**
   * Lays out a queue.
   *
   * @param before whether `a` has to be handed out earlier than `b`; of items that neither precedes, either may be first
   * @param items what waits from the start
   */
  constructor(before: (a: T, b: T) => boolean, items: Iterable<T> = []) {
    this.#before = before;
    this.#items = Array.from(items);
    for (let place = (this.#items.length >> 1) - 1; place >= 0; place--) this.#sink(this.#items[place]!, place);
  }

  /** How many items wait. */
  get size(): number {
    return this.#items.length;
  }

  /** What would be handed out next; undefined if nothing waits. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** Adds an item. */
  push(item: T): void {
    const items = this.#items;
    let place = items.length;
    // A parent that comes later moves down, until the item has its place.
    for (let parent = (place - 1) >> 1; place > 0 && this.#before(item, items[parent]!); parent = (place - 1) >> 1) {
      items[place] = items[parent]!;
      place = parent;
    }
    items[place] = item;
  }

  /** Hands out the first item; undefined if nothing waits. */
  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length > 0) this.#sink(last!, 0);
    return first;
  }

  /** Puts an item in the place of the first one: cheaper than `pop` and `push`. */
  replaceFirst(item: T): void {
    this.#sink(item, 0);
  }

  /** All that waits, in no order that means anything. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }

  /** Puts an item at a place, or below it if a child comes before it. */
  #sink(item: T, place: number): void {
    const items = this.#items, before = this.#before, size = items.length;
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && before(items[child + 1]!, items[child]!)) child++;
      if (!before(items[child]!, item)) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = item;
  }
}

// ## A heap of numbers
//
// Where millions of numbers wait, calls of a function that compares them cost more than the tree. The smallest comes first, and a plain array of numbers holds them.

/** A queue of numbers that hands out the smallest. */
export class NumberHeap {
  #items: Float64Array;
  #size = 0;

  /**
   * Makes an empty queue.
   *
   * @param room how many numbers it has room for at first
   */
  constructor(room = 16) {
    this.#items = new Float64Array(Math.max(16, room));
  }

  /** Adds a number. */
  push(item: number): void {
    if (this.#size === this.#items.length) {
      const larger = new Float64Array(2 * this.#size);
      larger.set(this.#items);
      this.#items = larger;
    }
    const items = this.#items;
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 1, above = items[parent]!;
      if (above <= item) break;
      items[place] = above;
      place = parent;
    }
    items[place] = item;
  }

  /** Hands out the smallest number; undefined if none waits. */
  pop(): number | undefined {
    if (this.#size === 0) return undefined;
    const items = this.#items, first = items[0]!, size = --this.#size, item = items[size]!;
    let place = 0;
    for (let child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= item) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = item;
    return first;
  }
}
