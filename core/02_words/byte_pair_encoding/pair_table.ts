/**
 * # A table of pairs
 *
 * **Question.** A published vocabulary has hundreds of thousands of merges, and each is looked up by two ids many times in each word. A map from numbers to numbers keeps every key and every value as an object. Is there a smaller way?
 *
 * **Idea.** Three arrays of whole numbers: left, right, rank. A pair has a place that follows from its ids by a multiplication whose upper bits are taken, and where that place is taken, the next free one (open addressing). With half of the places free a look-up reads one or two of them.
 *
 * Source: Donald Knuth 1973, *The Art of Computer Programming*, volume 3, §6.4.
 *
 * @module
 */

/** From pairs of ids to ranks. */
export class PairTable {
  readonly #lefts: Int32Array;
  readonly #rights: Int32Array;
  readonly #ranks: Int32Array;
  readonly #mask: number;

  /**
   * Makes an empty table.
   *
   * @param most how many pairs it will hold
   */
  constructor(most: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * most + 2));
    this.#lefts = new Int32Array(places).fill(-1);
    this.#rights = new Int32Array(places);
    this.#ranks = new Int32Array(places);
    this.#mask = places - 1;
  }

  /** Notes a pair; of several ranks of one pair the last counts. */
  set(left: number, right: number, rank: number): void {
    const place = this.#placeOf(left, right);
    this.#lefts[place] = left;
    this.#rights[place] = right;
    this.#ranks[place] = rank;
  }

  /** The rank of a pair; −1 if it has none. */
  get(left: number, right: number): number {
    const place = this.#placeOf(left, right);
    return this.#lefts[place] === -1 ? -1 : this.#ranks[place]!;
  }

  /** Where a pair is, or would be. */
  #placeOf(left: number, right: number): number {
    const lefts = this.#lefts, rights = this.#rights, mask = this.#mask;
    // The golden ratio in 32 bits spreads neighbours; the upper bits are the well-mixed ones.
    let mixed = Math.imul(left ^ Math.imul(right, 0x85ebca6b), 0x9e3779b1);
    mixed ^= mixed >>> 15;
    let place = mixed & mask;
    while (lefts[place] !== -1 && (lefts[place] !== left || rights[place] !== right)) place = (place + 1) & mask;
    return place;
  }
}
