/**
 * # Batching
 *
 * **Question.** A device is fast when it multiplies large rectangles. Sentences come in
 * every length. How do several of them, a mini-batch (小批量), go through the model together?
 *
 * **Idea.** Fill the short ones up to the longest (padding, 填充) and mark in a mask
 * which positions hold tokens, so that attention and loss skip the rest. Padding is waste,
 * so sentences of similar length go together: shuffle everything, sort only within pools of a
 * few dozen batches, cut, and shuffle the batches again.
 *
 * **Formula.** A batch of lengths $n_1, \dots, n_B$ occupies $B \cdot \max_i n_i$ positions, of which
 *
 * $$\mathrm{waste} = 1 - \frac{\sum_i n_i}{B \max_i n_i}$$
 *
 * | symbol       | in code          | shape      |
 * | ------------ | ---------------- | ---------- |
 * | $n$          | `lengths`        | `[B]`      |
 * | $\max_i n_i$ | T in shapes      | one number |
 * |              | `tokens`, `mask` | `[B, T]`   |
 * | waste        | `paddedShare(…)` | one number |
 *
 * **The notes, 003.50 and 003.51.** A padded position still costs time. The mask changes what is added up, not how many
 * rows are multiplied: every layer computes the padded rows in full, and the fraction `paddedShare` of the work
 * is wasted. A program can avoid it by packing: the tokens of all sentences are concatenated into one row,
 * projections and feed-forward work on that row, and the attention kernel gets the start of each sentence
 * (variable-length attention). This book pads.
 *
 * **Why an order that can be rewound.** A run that stops in the middle of an epoch must
 * continue with the sentence that would have come next. The order of an epoch is therefore a
 * function of the random state at its start: that state and a count are all there is to save.
 *
 * @module
 */

import { checkList, checkNumbers, isListOfNumbers } from "../engine/arguments.ts";
import { checkHostCount } from "../engine/requirements.ts";
import {
  callback,
  checkOptions,
  type Checks,
  countSoFar,
  group,
  instance,
  integer,
  needing,
  required,
  shown,
} from "../engine/options.ts";
import { Random, type RandomState, randomStateChecks } from "../engine/random.ts";
import type { Tensor } from "../engine/tensor.ts";
import { padChecks, type PadOptions, padTokens } from "../02_words/embeddings.ts";

/** Sequences of one length, with a mask that tells tokens from filling. */
export interface PaddedBatch {
  /** Token ids, int32 `[B, T]`. */
  readonly tokens: Tensor;
  /** True where a token is real, `[B, T]`. */
  readonly mask: Tensor;
}

/** Options of {@linkcode padSequences}. */
export interface PaddingOptions extends PadOptions {
  /** What stands where a sequence has ended. */
  readonly padToken: number;
}

const paddingChecks: Checks<PaddingOptions> = { padToken: required(integer({})), ...padChecks };

/**
 * Fills sequences up to one length, and says where.
 *
 * The tokens are those of {@linkcode padTokens}. The mask has the same shape and is true for tokens: comparing
 * ids with `padToken` would also hide a real token of that id. Of the special tokens of a model it takes `padToken` alone.
 *
 * @example
 * ```ts
 * import { padSequences } from "@heed/heed";
 *
 * const { tokens, mask } = padSequences([[5, 6, 7], [8]], { padToken: 0 });
 * console.assert((await tokens.read()).join() === "5,6,7,8,0,0");
 * console.assert((await mask.read()).join() === "1,1,1,1,0,0");
 * ```
 *
 * @param sequences token ids, of any lengths, `B` of them
 * @param options what to fill with, on which side, up to which length
 * @returns tokens and mask, both `[B, T]`
 * @throws {RangeError} if a sequence is longer than `length`
 */
export function padSequences(
  sequences: readonly ArrayLike<number>[],
  options: PaddingOptions,
): PaddedBatch {
  checkOptions("pad", options, paddingChecks);
  checkList("pad", "sequences", sequences, "lists of tokens", isListOfNumbers);
  const { padToken, ...place } = options;
  const ones = sequences.map(({ length }) => new Uint8Array(length).fill(1));
  return { tokens: padTokens(sequences, padToken, place), mask: padTokens(ones, 0, place).cast("bool") };
}

/**
 * Fraction of positions that are padding, over several batches.
 *
 * @param batches lengths of the sequences of each batch
 * @returns a number in [0, 1); 0 where there are no positions
 */
export function paddedShare(batches: Iterable<readonly number[]>): number {
  if (typeof (batches as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`Cannot measure the padding of ${shown(batches)}: a list of batches is needed`);
  }
  let real = 0, occupied = 0;
  for (const lengths of batches) {
    checkList("measure padding", "lengths", lengths, "numbers", (length) => typeof length === "number");
    real += lengths.reduce((total, length) => total + length, 0);
    occupied += lengths.length * lengths.reduce((most, length) => Math.max(most, length), 0);
  }
  return occupied ? 1 - real / occupied : 0;
}

// ## A stream of batches

/** Where a stream of batches stands; plain JSON. */
export interface BatchPosition {
  /** Passes over the data that are complete. */
  readonly epoch: number;
  /** Batches of the current pass that were handed out. */
  readonly batch: number;
  /** The random state that the order of the current pass was drawn from. */
  readonly random: RandomState;
  /** Batches of this pass in all, by which other data is noticed; not compared by default. */
  readonly batches?: number;
}

/** What a position may be, where it comes from a file. */
export const positionChecks: Checks<BatchPosition> = {
  epoch: required(countSoFar),
  batch: required(countSoFar),
  random: required(group(randomStateChecks)),
  batches: countSoFar,
};

/** An endless stream of batches that knows where it stands. */
export interface BatchSource<Batch> {
  /** Hands out the next batch. */
  next(): Batch;
  /** Where the stream stands, to be saved. */
  position(): BatchPosition;
  /** Returns to a position that was saved from a stream over the same data. */
  seek(position: BatchPosition): void;
}

/** Options of {@linkcode Batches}: how many examples go together, and in which order. */
export interface BatchesOptions<Example> {
  /** Examples in a batch; any number by default. Either this or `maxTokens` has to be given. */
  readonly batchSize?: number;
  /** Most positions in a batch, padding included; any number by default. Needs `length`. */
  readonly maxTokens?: number;
  /** Length of an example, which brings similar ones together; lengths play no part by default. */
  readonly length?: (example: Example) => number;
  /** Batches sorted together in one pool; 32 by default. More waste less, and mix less. Needs `length`. */
  readonly pool?: number;
  /** Where the order comes from; a generator of its own is split off. */
  readonly random: Random;
}

const batchesChecks: Checks<BatchesOptions<never>> = {
  batchSize: integer(),
  maxTokens: needing("length", integer()),
  length: callback(),
  pool: needing("length", integer()),
  random: required(instance(Random)),
};

/**
 * Examples in random order, cut into batches, pass after pass.
 *
 * `next()` never ends. A loop over the batches themselves is one pass, or what is left of the one that has begun:
 *
 * @example
 * ```ts
 * import { Batches, Random } from "@heed/heed";
 *
 * const batches = new Batches(["a", "b", "c", "d", "e"], { batchSize: 2, random: new Random(1) });
 * let seen = 0;
 * for (let epoch = 1; epoch <= 3; epoch++) {
 *   for (const batch of batches) seen += batch.length;
 * }
 * console.assert(seen === 15);
 * ```
 */
export class Batches<Example> implements BatchSource<readonly Example[]>, Iterable<readonly Example[]> {
  readonly #examples: readonly Example[];
  readonly #options: BatchesOptions<Example>;
  readonly #pass: Pass<readonly number[]>;

  /**
   * Prepares the first pass.
   *
   * @param examples everything there is to learn from, at least one
   * @param options size and order of the batches
   * @throws {RangeError} if there is no example, or a size is not a positive integer
   * @throws {TypeError} unless exactly one of `batchSize` and `maxTokens` is given
   */
  constructor(examples: readonly Example[], options: BatchesOptions<Example>) {
    checkOptions("make batches", options, batchesChecks);
    const { batchSize, maxTokens } = options;
    if (!Array.isArray(examples)) throw new TypeError(`Cannot make batches of ${shown(examples)}: a list is needed`);
    if (examples.length === 0) throw new RangeError("Cannot make batches of no examples");
    if ((batchSize === undefined) === (maxTokens === undefined)) {
      throw new TypeError("Cannot make batches: exactly one of batchSize and maxTokens must be given");
    }
    this.#examples = examples;
    this.#options = options;
    this.#pass = new Pass(options.random.split(), (random) => this.#order(random));
  }

  /** Batches in one pass; with `maxTokens` it may differ from pass to pass. */
  get batchesPerEpoch(): number {
    return this.#pass.length;
  }

  /** Hands out the next examples; a pass ends with what is left over. */
  next(): readonly Example[] {
    return this.#pass.next().map((index) => this.#examples[index]!);
  }

  /** The batches that are left of a pass; of the next one, where none is left. */
  *[Symbol.iterator](): Generator<readonly Example[], void, void> {
    do yield this.next(); while (this.#pass.left > 0);
  }

  /** Where the stream stands. */
  position(): BatchPosition {
    return this.#pass.position();
  }

  /** Returns to a saved position. */
  seek(position: BatchPosition): void {
    this.#pass.seek(position);
  }

  /** One pass: indices of examples, batch by batch. */
  #order(random: Random): readonly number[][] {
    const { batchSize = 0, maxTokens = Infinity, length, pool = 32 } = this.#options;
    const shuffled = Array.from(random.permutation(this.#examples.length));
    if (!length) return cut(shuffled, () => 0, batchSize, Infinity);
    const lengths = new Map(shuffled.map((index) => [index, length(this.#examples[index]!)]));
    const lengthOf = (index: number): number => lengths.get(index)!;
    // With `maxTokens` a pool holds about as many positions as that many batches.
    const mean = shuffled.reduce((total, index) => total + lengthOf(index), 0) / shuffled.length;
    const poolSize = pool * (batchSize || Math.max(1, Math.floor(maxTokens / Math.max(1, mean))));
    const batches: number[][] = [];
    for (let start = 0; start < shuffled.length; start += poolSize) {
      const members = shuffled.slice(start, start + poolSize).sort((a, b) => lengthOf(a) - lengthOf(b));
      batches.push(...cut(members, lengthOf, batchSize || Infinity, maxTokens));
    }
    return Array.from(random.permutation(batches.length), (index) => batches[index]!);
  }
}

/** Cuts a list into runs of at most `size` members that fill at most `room` positions. */
function cut(members: readonly number[], lengthOf: (index: number) => number, size: number, room: number): number[][] {
  const batches: number[][] = [];
  let current: number[] = [], longest = 0;
  for (const index of members) {
    const widest = Math.max(longest, lengthOf(index));
    if (current.length && (current.length === size || widest * (current.length + 1) > room)) {
      batches.push(current);
      current = [];
      longest = 0;
    }
    current.push(index);
    longest = Math.max(longest, lengthOf(index));
  }
  if (current.length) batches.push(current);
  return batches;
}

// ## Windows over one long text
//
// A language model reads one long text without cutting it into sentences. Each pass divides it into
// windows, from a random offset, and visits them in random order. A token is
// predicted at most once per pass, and has a different left context in the next. Tokens that fill
// no whole window or batch are left out of the pass.

/** Options of {@linkcode SequenceWindows}. */
export interface SequenceWindowsOptions {
  /** Tokens that a model sees at once, at least 1; a window holds one more, the last target. */
  readonly contextLength: number;
  /** Windows in a batch, at least 1. */
  readonly batchSize: number;
  /** Where offsets and order come from; a generator of its own is split off. */
  readonly random: Random;
}

const windowsChecks: Checks<SequenceWindowsOptions> = {
  contextLength: required(integer()),
  batchSize: required(integer()),
  random: required(instance(Random)),
};

/**
 * Windows of one long text in random order, pass after pass.
 *
 * @example
 * ```ts
 * import { nextTokens, Random, SequenceWindows } from "@heed/heed";
 *
 * const text = "to be or not to be", letters = [...new Set(text)];
 * const tokens = [...text].map((letter) => letters.indexOf(letter));
 * const windows = new SequenceWindows(tokens, { contextLength: 4, batchSize: 2, random: new Random(1) });
 * const { inputs, targets } = nextTokens(windows.next());
 * console.assert(String(inputs.shape) === "2,4" && String(targets.shape) === "2,4");
 * ```
 */
export class SequenceWindows implements BatchSource<readonly Int32Array[]>, Iterable<readonly Int32Array[]> {
  readonly #tokens: Int32Array;
  readonly #options: SequenceWindowsOptions;
  readonly #pass: Pass<readonly number[]>;

  /**
   * Prepares the first pass.
   *
   * @param tokens the whole text as ids, a list or a typed array; an `Int32Array` is not copied
   * @param options size and order of the windows
   * @throws {TypeError} if a token is no id
   * @throws {RangeError} if the text is shorter than one window, or a size is not a positive integer
   */
  constructor(tokens: ArrayLike<number>, options: SequenceWindowsOptions) {
    checkOptions("make batches", options, windowsChecks);
    const { contextLength, batchSize } = options;
    checkNumbers("make batches", "tokens", tokens);
    checkHostCount(batchSize * (contextLength + 1));
    if (tokens.length <= contextLength) {
      throw new RangeError(
        `Cannot cut windows of ${contextLength} + 1 tokens from a text of ${tokens.length}`,
      );
    }
    this.#tokens = asIds(tokens);
    this.#options = options;
    this.#pass = new Pass(options.random.split(), (random) => this.#order(random));
  }

  /** Hands out the next windows, each `contextLength + 1` tokens; views, nothing is copied. */
  next(): readonly Int32Array[] {
    const size = this.#options.contextLength + 1;
    return this.#pass.next().map((start) => this.#tokens.subarray(start, start + size));
  }

  /** The batches that are left of a pass; of the next one, where none is left. */
  *[Symbol.iterator](): Generator<readonly Int32Array[], void, void> {
    do yield this.next(); while (this.#pass.left > 0);
  }

  /** Where the stream stands. */
  position(): BatchPosition {
    return this.#pass.position();
  }

  /** Returns to a saved position. */
  seek(position: BatchPosition): void {
    this.#pass.seek(position);
  }

  /** One pass: starts of windows, batch by batch. Every batch is full. */
  #order(random: Random): readonly number[][] {
    const { contextLength, batchSize } = this.#options;
    const spare = this.#tokens.length - 1;
    const offset = random.integer(Math.min(contextLength, spare - contextLength + 1));
    const count = Math.floor((spare - offset) / contextLength);
    const starts = Array.from(random.permutation(count), (index) => offset + index * contextLength);
    // A text of fewer windows than one batch repeats them.
    while (starts.length < batchSize) starts.push(starts[starts.length % count]!);
    return cut(starts, () => 0, batchSize, Infinity).filter((batch) => batch.length === batchSize);
  }
}

/** A text as windows are cut from it. */
function asIds(tokens: ArrayLike<number>): Int32Array {
  if (tokens instanceof Int32Array) return tokens;
  const ids = Int32Array.from(tokens), wrong = ids.findIndex((id, i) => id !== tokens[i]);
  if (wrong < 0) return ids;
  throw new TypeError(`Cannot make batches with token ${shown(tokens[wrong])} at ${wrong}: tokens must be ids, int32`);
}

/** An order that is drawn anew for every pass, and can be drawn again. */
class Pass<Item> {
  readonly #random: Random;
  readonly #draw: (random: Random) => readonly Item[];
  #start: RandomState;
  #items: readonly Item[];
  #epoch = 0;
  #next = 0;

  constructor(random: Random, draw: (random: Random) => readonly Item[]) {
    this.#random = random;
    this.#draw = draw;
    this.#start = random.state();
    this.#items = draw(random);
  }

  get length(): number {
    return this.#items.length;
  }

  /** Those of this pass that were not handed out. */
  get left(): number {
    return this.#items.length - this.#next;
  }

  next(): Item {
    if (this.#next === this.#items.length) {
      this.#start = this.#random.state();
      this.#items = this.#draw(this.#random);
      this.#epoch++;
      this.#next = 0;
    }
    return this.#items[this.#next++]!;
  }

  position(): BatchPosition {
    return { epoch: this.#epoch, batch: this.#next, random: this.#start, batches: this.#items.length };
  }

  seek(position: BatchPosition): void {
    checkOptions("continue a pass", position, positionChecks);
    const { epoch, batch, random, batches } = position;
    const before = this.#random.state();
    this.#random.restore(random);
    const items = this.#draw(this.#random);
    if (batches !== undefined && batches !== items.length) {
      this.#random.restore(before);
      throw new TypeError(
        `Cannot continue at batch ${batch} of pass ${epoch}: that pass has ${batches} batches and one here has ` +
          `${items.length}, so the data or the size of a batch is another`,
      );
    }
    if (batch > items.length) {
      this.#random.restore(before);
      throw new RangeError(
        `Cannot continue at batch ${batch} of pass ${epoch}: a pass over this data has ${items.length} batches`,
      );
    }
    [this.#start, this.#items, this.#epoch, this.#next] = [random, items, epoch, batch];
  }
}

// ## Counted, not timed
//
// The experiment answers the question of [the notes](notes:003.50) with a device that counts its multiplications, for
// a batch that is padded further and further under a mask. Attention compares padded positions too. Then it counts
// the padding of the translator's corpus in three orders.

// ## Pitfall: sorting the whole corpus by length
//
// It wastes least, but the model then sees only short sentences for a long time
// and only long ones afterwards. Pools sort a few dozen batches at a time; the test
// "Batches hand out short and long examples in every part of a pass" fails for a sorted corpus.

// ## Pitfall: saving the count without the random state
//
// A resumed run that shuffles afresh sees some sentences twice and others not at all. The test
// "Batches continue in the middle of a pass with the batch that would have come next"
// catches it.

// ## Exercise
//
// Set `pool` to 1, 4, 16 and 64 and compute `paddedShare` of one pass over the translator's
// corpus. Where does a larger pool stop helping?
