/**
 * # Randomness as an argument
 *
 * **Question.** Initial weights, dropout, shuffling and sampling all need chance; tests,
 * resumed runs and readers need the same chance again. How can both be had, on several
 * threads and devices?
 *
 * **Idea.** A *counter-based* generator is a function: block number in, random words out. It
 * has no hidden state to carry along. The thousandth number can be computed without the 999
 * before it, by any thread, and two streams with different keys never meet.
 *
 * **Formula.** Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, 2011, *Parallel
 * random numbers: as easy as 1, 2, 3*) adds, rotates and exclusive-ors two words under a key;
 * every fifth of its additions injects the key again. A uniform float32 is
 *
 * $$u = \lfloor w / 2^8 \rfloor \cdot 2^{-24} \in [0, 1)$$
 *
 * **Element order.** Element $i$ of a filled tensor takes word $i \bmod 2$ of block
 * $\lfloor i/2 \rfloor$, counted from the generator's position. Kernels that draw their own
 * numbers use the same order, and therefore the same bits.
 *
 * **No chance at all.** A model that is about to be loaded needs no random weights, and drawing them
 * for a large one takes seconds. {@linkcode Random.none} stands in: it hands out tensors that have a
 * shape and no values.
 *
 * @module
 */

import { checkNumbers } from "./arguments.ts";
import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  countSoFar,
  instance,
  numeric,
  required,
  shown,
} from "./options.ts";
import { checkHostCount } from "./requirements.ts";
import { checkShape, type Shape, sizeOf } from "./shape.ts";
import { requireRoom, tensor } from "./create.ts";
import { backend } from "./device.ts";
import { type Tensor, unset } from "./tensor.ts";

/** Everything needed to continue a generator: plain numbers, fit for JSON. */
export interface RandomState {
  /** The two words that select the stream, as unsigned 32-bit integers. */
  readonly key: readonly [number, number];
  /** The next block, an integer below 2⁵³. */
  readonly counter: number;
}

const TWO_32 = 2 ** 32;

/** What the state of a generator may be, where it comes from a file. */
export const randomStateChecks: Checks<RandomState> = {
  key: required({
    must: "a list of two integers in [0, 2^32)",
    fits: (value) =>
      Array.isArray(value) && value.length === 2 &&
      value.every((word) => Number.isInteger(word) && word >= 0 && word < TWO_32),
  }),
  counter: required(countSoFar),
};

/**
 * Threefry-2x32 with 20 rounds: two random words from two key words and two counter words.
 *
 * @param key0 first key word
 * @param key1 second key word
 * @param counter0 low counter word
 * @param counter1 high counter word
 * @param result receives the two words, as signed 32-bit integers
 */
export function threefry(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  result: Int32Array,
): void {
  if (![key0, key1, counter0, counter1].every(Number.isInteger) || !(result instanceof Int32Array)) {
    const found = [key0, key1, counter0, counter1, result].map(shown).join(", ");
    throw new TypeError(`Cannot compute threefry of ${found}: four integers and an Int32Array are needed`);
  }
  cipher(key0, key1, counter0, counter1, result);
}

/** The same for words that are known to be such. */
function cipher(key0: number, key1: number, counter0: number, counter1: number, result: Int32Array): void {
  let x = (counter0 + key0) | 0;
  let y = (counter1 + key1) | 0;
  // What the three key words are in this group of four rounds; they take turns.
  let k0 = key0, k1 = key1, k2 = key0 ^ key1 ^ 0x1bd11bda;
  for (let group = 0; group < 5; group++) {
    const isOdd = (group & 1) === 1;
    x = (x + y) | 0;
    y = turn(y, isOdd ? 17 : 13) ^ x;
    x = (x + y) | 0;
    y = turn(y, isOdd ? 29 : 15) ^ x;
    x = (x + y) | 0;
    y = turn(y, isOdd ? 16 : 26) ^ x;
    x = (x + y) | 0;
    y = turn(y, isOdd ? 24 : 6) ^ x;
    x = (x + k1) | 0;
    y = (y + k2 + group + 1) | 0;
    [k0, k1, k2] = [k1, k2, k0];
  }
  result[0] = x;
  result[1] = y;
}

/** Turns the bits of a word to the left. */
function turn(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The interval of {@linkcode Random.uniform}. */
export interface UniformOptions {
  /** Smallest number; 0 by default. */
  readonly min?: number;
  /** What all numbers stay below; 1 by default. */
  readonly max?: number;
}

/** The distribution of {@linkcode Random.normal}. */
export interface NormalOptions {
  /** Where it is centred; 0 by default. */
  readonly mean?: number;
  /** Standard deviation, at least 0; 1 by default. */
  readonly deviation?: number;
}

const uniformChecks: Checks<UniformOptions> = { min: numeric(), max: numeric() };
const normalChecks: Checks<NormalOptions> = { mean: numeric(), deviation: numeric({ min: 0 }) };

const UNDRAWN = "Cannot use weights that have no values: the model was made with Random.none, so load its state first";

/** A seeded source of random numbers, passed to everything that depends on chance. */
export class Random {
  /**
   * For models that are loaded next: weights are not drawn, and cannot be used before they are loaded.
   *
   * {@linkcode Random.normal} and {@linkcode Random.uniform} return tensors whose use throws a `TypeError`
   * until all of their elements have been assigned. {@linkcode Random.split} and {@linkcode Random.fork} return itself. Everything
   * else that would draw throws a `TypeError`.
   *
   * @example
   * ```ts
   * import { Linear, Random } from "@heed/heed";
   *
   * const trained = new Linear(2, 3, new Random(1));
   * const loaded = new Linear(2, 3, Random.none);
   * loaded.loadStateDict(trained.stateDict());
   * const [a, b] = [loaded, trained].map(({ weight }) => weight.tensor);
   * console.assert(String(await a!.read()) === String(await b!.read()));
   * ```
   */
  static readonly none: Random = Random.#nothing();

  #key0: number;
  #key1: number;
  #counter = 0;
  #draws = true;
  readonly #words = new Int32Array(2);

  /**
   * Starts a stream.
   *
   * @param seed an integer in $[0, 2^{53})$; equal seeds give equal streams
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`Cannot seed with ${shown(seed)}: a seed is an integer in [0, 2^53)`);
    }
    this.#key0 = seed | 0;
    this.#key1 = Math.floor(seed / TWO_32) | 0;
  }

  static #nothing(): Random {
    const random = new Random(0);
    random.#draws = false;
    return random;
  }

  #mustDraw(): void {
    if (!this.#draws) {
      throw new TypeError("Cannot draw from Random.none: it stands in where weights are loaded; seed a Random instead");
    }
  }

  /** The position, for checkpoints. */
  state(): RandomState {
    this.#mustDraw();
    return { key: [this.#key0 >>> 0, this.#key1 >>> 0], counter: this.#counter };
  }

  /** A generator that continues where `state` was taken. */
  static from(state: RandomState): Random {
    if (typeof state !== "object" || state === null) {
      throw new TypeError(`Cannot continue from ${shown(state)}: a state of a Random is needed`);
    }
    const { key, counter } = state;
    const words = Array.isArray(key) ? [key[0], key[1]] : [undefined];
    if (!words.every((word) => Number.isInteger(word) && word! >= 0 && word! < TWO_32)) {
      const found = Array.isArray(key) ? `[${key.slice(0, 4).map(shown).join(",")}]` : shown(key);
      throw new TypeError(`Cannot continue from key ${found}: two unsigned 32-bit integers are needed`);
    }
    if (!Number.isSafeInteger(counter) || counter < 0) {
      throw new TypeError(`Cannot continue from counter ${shown(counter)}: an integer in [0, 2^53) is needed`);
    }
    const random = new Random(0);
    random.#key0 = key[0] | 0;
    random.#key1 = key[1] | 0;
    random.#counter = counter;
    return random;
  }

  /** Moves this generator to where `state` was taken. */
  restore(state: RandomState): void {
    this.#mustDraw();
    const other = Random.from(state);
    this.#key0 = other.#key0;
    this.#key1 = other.#key1;
    this.#counter = other.#counter;
  }

  /**
   * Sets blocks aside for a kernel that draws its own numbers.
   *
   * @param blocks how many
   * @returns where they begin
   */
  reserve(blocks: number): RandomState {
    if (!Number.isSafeInteger(blocks) || blocks < 0) {
      throw new RangeError(`Cannot set ${shown(blocks)} blocks aside: an integer of at least 0 is needed`);
    }
    const start = this.state();
    this.#counter += blocks;
    return start;
  }

  /** Draws one block. */
  #block(): Int32Array {
    this.#mustDraw();
    const counter = this.#counter++;
    cipher(this.#key0, this.#key1, counter | 0, Math.floor(counter / TWO_32) | 0, this.#words);
    return this.#words;
  }

  /** An independent generator; this one moves on by one block. */
  split(): Random {
    if (!this.#draws) return this;
    const [key0, key1] = this.#block();
    return Random.from({ key: [key0! >>> 0, key1! >>> 0], counter: 0 });
  }

  /**
   * An independent generator, the same from the same position; this one stays where it is.
   *
   * For what must not change the numbers that are drawn next. Where several are needed, {@linkcode Random.split} makes
   * each another one.
   */
  fork(): Random {
    if (!this.#draws) return this;
    // A block that this stream never comes to: its high word is at most 2^21.
    const high = Math.floor(this.#counter / TWO_32) | 0x80000000;
    cipher(this.#key0, this.#key1, this.#counter | 0, high, this.#words);
    const [key0, key1] = this.#words;
    return Random.from({ key: [key0! >>> 0, key1! >>> 0], counter: 0 });
  }

  /** A number in [0, 1) with 53 random bits. */
  next(): number {
    const words = this.#block();
    return ((words[0]! >>> 5) * 2 ** 26 + (words[1]! >>> 6)) / 2 ** 53;
  }

  /** An integer in [0, n), each equally likely. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_32) {
      throw new RangeError(`Cannot draw below ${shown(n)}: an integer in [1, 2^32] is needed`);
    }
    // Words beyond the last whole multiple of n would favour small results.
    const limit = TWO_32 - TWO_32 % n;
    for (;;) {
      const word = this.#block()[0]! >>> 0;
      if (word < limit) return word % n;
    }
  }

  /** Words in element order, each handed to `use` as an unsigned integer. */
  #words32(count: number, use: (i: number, word: number) => void): void {
    for (let i = 0; i < count; i += 2) {
      const words = this.#block();
      use(i, words[0]! >>> 0);
      if (i + 1 < count) use(i + 1, words[1]! >>> 0);
    }
  }

  /** Uniform float32 numbers in [0, 1) with 24 random bits, in element order. */
  uniforms(count: number): Float32Array {
    checkHostCount(count);
    const numbers = new Float32Array(count);
    this.#words32(count, (i, word) => numbers[i] = (word >>> 8) * 2 ** -24);
    return numbers;
  }

  /**
   * Numbers uniform in [`min`, `max`).
   *
   * @param shape extents
   * @param options the interval
   * @returns float32 of that shape
   * @throws {RangeError} if `min` is above `max`
   */
  uniform(shape: Shape, options: UniformOptions = {}): Tensor {
    checkOptions("draw", options, uniformChecks);
    const { min = 0, max = 1 } = options;
    if (min > max) throw new RangeError(`Cannot draw from ${min} to ${max}: min must be at most max`);
    const extents = checkShape(shape);
    if (!this.#draws) return unset(backend(), extents, UNDRAWN);
    requireRoom(sizeOf(extents));
    const numbers = this.uniforms(sizeOf(extents));
    if (min !== 0 || max !== 1) {
      numbers.forEach((u, i) => {
        numbers[i] = min + u * (max - min);
        if (numbers[i]! >= max) numbers[i] = min; // rounding reached the end, which is left out
      });
    }
    return tensor(numbers, shape);
  }

  /**
   * Normally distributed numbers (Box and Muller, 1958): a block makes a pair.
   *
   * @param shape extents
   * @param options mean and standard deviation
   * @returns float32 of that shape
   */
  normal(shape: Shape, options: NormalOptions = {}): Tensor {
    checkOptions("draw", options, normalChecks);
    const { mean = 0, deviation = 1 } = options;
    const extents = checkShape(shape);
    if (!this.#draws) return unset(backend(), extents, UNDRAWN);
    requireRoom(sizeOf(extents));
    const numbers = new Float32Array(sizeOf(extents));
    for (let i = 0; i < numbers.length; i += 2) {
      const words = this.#block();
      // In (0, 1], so that the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(((words[0]! >>> 8) + 1) * 2 ** -24));
      const angle = 2 * Math.PI * (words[1]! >>> 8) * 2 ** -24;
      numbers[i] = mean + deviation * radius * Math.cos(angle);
      if (i + 1 < numbers.length) numbers[i + 1] = mean + deviation * radius * Math.sin(angle);
    }
    return tensor(numbers, shape);
  }

  /**
   * An index drawn with the given probabilities.
   *
   * @param probabilities not negative and not all 0; they are divided by their sum
   * @returns an index of the list
   * @throws {RangeError} if one is negative, NaN or infinite, or all are 0
   */
  categorical(probabilities: ArrayLike<number>): number {
    checkNumbers("draw", "probabilities", probabilities);
    let total = 0;
    for (let i = 0; i < probabilities.length; i++) {
      const p = probabilities[i]!;
      if (typeof p !== "number" || !(p >= 0)) {
        throw new RangeError(`Cannot draw with probability ${shown(p)}: it must not be negative`);
      }
      total += p;
    }
    // Where the sum overflows, or its last digits are lost, shares of the largest have the same ratios.
    if (total === Infinity || total > 0 && total < 2 ** -960) {
      let largest = 0;
      for (let i = 0; i < probabilities.length; i++) largest = Math.max(largest, probabilities[i]!);
      if (largest < Infinity) return this.categorical(Float64Array.from(probabilities, (p) => p / largest));
    }
    if (!(total > 0 && total < Infinity)) {
      throw new RangeError(`Cannot draw from ${probabilities.length} probabilities that sum to ${total}`);
    }
    let rest = this.next() * total;
    let last = 0;
    for (let i = 0; i < probabilities.length; i++) {
      const p = probabilities[i]!;
      if (p === 0) continue;
      if (rest < p) return i;
      rest -= p;
      last = i;
    }
    return last; // rounding left a crumb beyond the end
  }

  /** The integers below `n` in random order (Fisher and Yates, 1938). */
  permutation(n: number): Int32Array {
    checkHostCount(n);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

/** A generator as an argument or an option. */
export const aRandom: Check<Random> = instance(Random);

/**
 * Refuses what is no generator.
 *
 * @param action what is attempted, as in `Cannot make a linear layer`
 * @param random what was given
 * @throws {TypeError} if it is something else
 */
export function checkRandom(action: string, random: Random): void {
  if (!(random instanceof Random)) checkValue(action, "random", random, aRandom);
}
