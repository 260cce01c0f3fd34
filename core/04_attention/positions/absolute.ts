/**
 * # Absolute positions
 *
 * **Question.** Attention does not know where a vector stands. Can the vector say so itself?
 *
 * **Idea.** Add to each word's vector one that belongs to its position, before the first layer. The rows of positions
 * are learned like those of words, or computed: sines and cosines of falling frequency.
 *
 * **Formula.** The sinusoidal code of position $p$, of width $d$, for the pairs $i = 0 \dots d/2 - 1$:
 *
 * $$\mathrm{PE}_{p,2i} = \sin(p\,\omega_i), \quad \mathrm{PE}_{p,2i+1} = \cos(p\,\omega_i), \qquad \omega_i = 10000^{-2i/d}$$
 *
 * Source: Vaswani et al. 2017, *Attention Is All You Need*, §3.5, which tried both and found them equally good.
 *
 * @module
 */

import { checkSizes } from "../../engine/arguments.ts";
import { withBackend } from "../../engine/device.ts";
import { take } from "../../engine/indexing.ts";
import { GrowingTable, roomFor } from "../../engine/growing.ts";
import { Module } from "../../engine/module.ts";
import { checkOptions, type Checks, numeric } from "../../engine/options.ts";
import { settingsOf } from "../../engine/part.ts";
import { checkRandom, type Random } from "../../engine/random.ts";
import { dims } from "../../engine/shape.ts";
import { parameter, requireRoom, tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { type InputPositions, type PositionScheme, startsOfRows } from "./scheme.ts";

// ## Learned
//
// The plainest scheme: a second table (learned positional encoding, 学习式的位置编码), with a row per
// position instead of per word. The notes write it as $(W + W_{pos})x$, with $x$ the one-hot vector of the word. That would
// look up a position by the number of the word. What is meant is $Wx + W_{pos}\,p$, with $p$ the one-hot vector of the
// position. Rows of positions that training never reached keep their initial values.

/** How learned positions start. */
export interface LearnedOptions {
  /** Standard deviation of the first values; that of the embedded words by default, or 0.02. */
  readonly deviation?: number | undefined;
}

const LEARNED: Checks<LearnedOptions> = { deviation: numeric({ min: 0 }) };

/** A table with one trainable row per position, added to the input. */
export class LearnedPositions extends Module implements InputPositions {
  /** The table, one row for each position of the longest sequence, `[T, E]`. */
  readonly weight: Tensor;

  /**
   * Draws the rows from a normal distribution.
   *
   * @param contextLength number of positions
   * @param hiddenSize width of a row
   * @param random where the first values come from
   * @param options the standard deviation; one of 0.02 by default
   * @throws {RangeError} if the deviation is negative
   */
  constructor(
    contextLength: number,
    hiddenSize: number,
    random: Random,
    options: LearnedOptions = {},
  ) {
    super();
    checkOptions("learn positions", options, LEARNED);
    checkSizes("learn positions", { contextLength, hiddenSize });
    checkRandom("learn positions", random);
    const { deviation = 0.02 } = options;
    this.weight = parameter(random.normal([contextLength, hiddenSize], { deviation }));
  }

  /**
   * Adds to each position its row.
   *
   * @param hidden `[B, T, E]`
   * @param start position of the first one, or of the first one of each row, below 0 where padding comes first; 0 by default
   * @returns `[B, T, E]`
   * @throws {RangeError} if a position has no row
   */
  forward(hidden: Tensor, start: number | readonly number[] = 0): Tensor {
    const { B, T } = dims(hidden, "B T E");
    const rows = this.weight.shape[0]!, last = lastStart(B, start);
    if (last + T > rows) {
      throw new RangeError(`Cannot place ${T} tokens from position ${last}: the table ends at position ${rows - 1}`);
    }
    return hidden.add(rowsFrom(this.weight, start, T));
  }
}

// ## Sinusoidal
//
// The formula above (sinusoidal positional encoding, 固定式的位置编码). Every position has a code of
// its own, as the digits of a number do: the first pair of coordinates turns fastest, like the
// last digit.

/**
 * Sines and cosines of falling frequency, one row per position.
 *
 * @param T number of positions
 * @param hiddenSize width of a row; if it is odd, the last frequency has no cosine
 * @param start position of the first row; 0 by default
 * @returns numbers in [-1, 1], `[T, E]`
 */
export function sinusoidalPositions(T: number, hiddenSize: number, start = 0): Tensor {
  checkSizes("place tokens", { T, hiddenSize, start });
  requireRoom(T * hiddenSize);
  const rows = new Float64Array(T * hiddenSize);
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < hiddenSize; i++) {
      const angle = (start + t) * 10000 ** (-2 * Math.floor(i / 2) / hiddenSize);
      rows[t * hiddenSize + i] = i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
  }
  return tensor(rows, [T, hiddenSize]);
}

/** Adds sinusoidal codes to the input; remembers them, learns nothing. */
export class SinusoidalPositions implements InputPositions {
  readonly #hiddenSize: number;
  readonly #codes: GrowingTable;

  /**
   * Prepares codes of one width.
   *
   * @param hiddenSize width of a code
   */
  constructor(hiddenSize: number) {
    checkSizes("place tokens", { hiddenSize });
    this.#hiddenSize = hiddenSize;
    this.#codes = new GrowingTable((T) => [sinusoidalPositions(T, hiddenSize)]);
  }

  /**
   * Adds to each position its code.
   *
   * @param hidden `[B, T, E]`
   * @param start position of the first one, or of the first one of each row, below 0 where padding comes first; 0 by default
   * @returns `[B, T, E]`
   */
  forward(hidden: Tensor, start: number | readonly number[] = 0): Tensor {
    const { B, T } = dims(hidden, "B T E", { E: this.#hiddenSize });
    const codes = this.#codes.of(roomFor(lastStart(B, start) + T))[0]!;
    return hidden.add(rowsFrom(codes, start, T));
  }
}

// ## Rows that start apart
//
// Texts of different lengths that end together, as prompts do that are to be continued, begin with padding. The first
// word of each stands at position 0 all the same: `starts: [0, -2]` says that the second row has two places of padding in
// front. Schemes that count distances need not be told, since a row's distances do not depend on where it begins.

/** The position furthest along at which a row starts; refuses what are no starts. */
function lastStart(B: number, start: number | readonly number[]): number {
  if (typeof start === "number" || !Array.isArray(start)) {
    checkSizes("place tokens", { start: start as number });
    return start as number;
  }
  return Math.max(0, ...startsOfRows(B, 0, start) as readonly number[]);
}

/** Rows of a table for `T` positions: `[T, E]` if all rows of the batch start together, `[B, T, E]` otherwise. */
function rowsFrom(table: Tensor, start: number | readonly number[], T: number): Tensor {
  if (typeof start === "number") return table.slice(0, start, start + T);
  const places = start.flatMap((first) => Array.from({ length: T }, (_, t) => Math.max(0, first + t)));
  return take(table, withBackend(table.device, () => tensor(Int32Array.from(places), [start.length, T])));
}

// ## As parts of a model

/**
 * A trained row per position, up to the context length, added to the input.
 *
 * @param options the standard deviation of the first values
 * @returns a part for the option `positions` of a model
 */
export function learned(options: LearnedOptions = {}): PositionScheme {
  checkOptions("learn positions", options, LEARNED);
  return {
    word: "learned",
    ...settingsOf(options),
    input: ({ contextLength, hiddenSize, deviation }, random) =>
      new LearnedPositions(contextLength, hiddenSize, random, { deviation: options.deviation ?? deviation }),
  };
}

/** Sines and cosines, added to the input. */
export const sinusoidal: PositionScheme = {
  word: "sinusoidal",
  input: ({ hiddenSize }) => new SinusoidalPositions(hiddenSize),
};
