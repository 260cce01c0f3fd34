/**
 * # Absolute positions
 *
 * **Question.** Attention does not know where a vector stands ([positions](mod.ts)). Can the vector say so itself?
 *
 * **Idea.** Each position has a vector of its own, its code, which is added to the word's vector before the first layer. The
 * codes are learned, as the vectors of words are, or computed. A computed code writes the number of the position down, as
 * binary digits do, but with waves: the last digit changes at every step, each digit before it half as often; the first sine
 * changes fastest, each further one more slowly.
 *
 * ```picture position_digits Positions 0 to 15. Above: the four binary digits of each, the last one first. Below: the sines of the first four frequencies of a code
 * of width 16. Both tell every position from every other one; only the waves do so smoothly.
 * ```
 *
 * **By hand.** A code of width 4 has two frequencies, 1 and $10000^{-2/4}$ = 0.01. Position 3 gets the sine and cosine of 3 · 1 = 3 and of
 * 3 · 0.01 = 0.03: (0.1411, −0.9900, 0.0300, 0.9996). Position 4, one step on, gets (−0.7568, −0.6536, 0.0400, 0.9992). The step is the same
 * turn everywhere. With cos 1 = 0.5403 and sin 1 = 0.8415 the first two coordinates of position 4 follow from those of position 3:
 * 0.1411 · 0.5403 − 0.9900 · 0.8415 = −0.7568, and −0.9900 · 0.5403 − 0.1411 · 0.8415 = −0.6536.
 *
 * ```ts
 * import { sinusoidalPositions } from "@heed/heed/attention";
 *
 * const codes = sinusoidalPositions(5, 4);
 * const row = async (position: number) => [...await codes.at(0, position).read()];
 * const print = (name: string, ...numbers: number[]) => console.log(name, numbers.map((x) => x.toFixed(4)).join(" "));
 *
 * print("frequencies", 1, 10000 ** (-2 / 4));
 * print("position 3 ", ...await row(3));
 * print("position 4 ", ...await row(4));
 *
 * const [sine, cosine] = await row(3), [c, s] = [Math.cos(1), Math.sin(1)];
 * print("turn       ", c, s);
 * print("turned     ", sine! * c + cosine! * s, cosine! * c - sine! * s);
 * ```
 *
 * ```text
 * frequencies 1.0000 0.0100
 * position 3  0.1411 -0.9900 0.0300 0.9996
 * position 4  -0.7568 -0.6536 0.0400 0.9992
 * turn        0.5403 0.8415
 * turned      -0.7568 -0.6536
 * ```
 *
 * **Formula.** The sinusoidal code of position $p$, of width $d$, for the pairs of coordinates $i = 0 \dots d/2 - 1$:
 *
 * $$\mathrm{PE}_{p,2i} = \sin(p\,\omega_i), \quad \mathrm{PE}_{p,2i+1} = \cos(p\,\omega_i), \qquad \omega_i = 10000^{-2i/d}$$
 *
 * | symbol     | in code     | meaning                                 |
 * | ---------- | ----------- | --------------------------------------- |
 * | $p$        | `position`  | counted from 0                          |
 * | $d$        | `hiddenSize` | width of a code, that of a word's vector |
 * | $\omega_i$ | `frequency` | radians per position, from 1 down to $10000^{-(d-2)/d}$ |
 *
 * **The notes, 001.31.** The notes write even *positions*, which misleads: every position has sines at the even coordinates of its code and cosines
 * at the odd ones.
 *
 * ## A step is a rotation
 *
 * For each frequency $\omega$ the pair of sine and cosine is a point on a circle. The addition theorems say where it is $n$ positions on:
 *
 * $$\begin{aligned} \begin{pmatrix} \sin (p+n)\omega \\ \cos (p+n)\omega \end{pmatrix} &= \begin{pmatrix} \sin p\omega \cos n\omega + \cos p\omega \sin n\omega \\ \cos p\omega \cos n\omega - \sin p\omega \sin n\omega \end{pmatrix} \\ &= \begin{pmatrix} \cos n\omega & \sin n\omega \\ -\sin n\omega & \cos n\omega \end{pmatrix} \begin{pmatrix} \sin p\omega \\ \cos p\omega \end{pmatrix} \end{aligned}$$
 *
 * The matrix knows $n$ and not $p$. Such blocks of all pairs, along a diagonal, make one matrix $M_n$ with $\mathrm{PE}_{p+n} = M_n\,\mathrm{PE}_p$ for every
 * $p$. The matrix that makes the queries ([section](../self_and_cross.ts)) can learn it: then a query asks for the code "three to the left". The [experiment](../experiments/positions/rotation.ts) writes
 * $M_n$ down and tries it.
 *
 * **The notes, 001.32.** It holds in a narrower sense. The code of a position is a linear *map* of the code of any *one* other position, and
 * the map depends on their distance alone. A code is also a linear combination (线性组合) of several others: any $d$ linearly independent
 * codes are a basis, and every vector of width $d$ is a combination of a basis. That says nothing about distance.
 *
 * **The notes, 004.70.** The sines are periodic, but that is not the reason. Two positions a whole period apart look *alike* in that
 * pair of coordinates, which is a defect that the slower pairs repair. Distances enter by the addition theorems above.
 *
 * Sources: Vaswani et al. 2017, *Attention Is All You Need*, §3.5, which tried learned and computed codes and found them equally good; Gehring
 * et al. 2017, *Convolutional Sequence to Sequence Learning* (learned).
 *
 * @module
 */

import { checkSizes } from "../../engine/arguments.ts";
import { withBackend } from "../../engine/device.ts";
import { take } from "../../engine/indexing.ts";
import { GrowingTable, roomFor } from "../../engine/growing.ts";
import { Module } from "../../engine/module.ts";
import { checkOptions, type Checks, integer, numeric } from "../../engine/options.ts";
import { settingsOf } from "../../engine/part.ts";
import { checkRandom, type Random } from "../../engine/random.ts";
import { dims } from "../../engine/shape.ts";
import { parameter, requireRoom, tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { type InputPositions, type PositionScheme, startsOfRows } from "./scheme.ts";

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
    for (let coordinate = 0; coordinate < hiddenSize; coordinate++) {
      // $\omega_i$: coordinates $2i$ and $2i + 1$ share a frequency, the next two have a lower one.
      const i = Math.floor(coordinate / 2), frequency = 10000 ** (-2 * i / hiddenSize);

      // $p\,\omega_i$: how far the pair has turned at this position.
      const position = start + t, angle = position * frequency;
      rows[t * hiddenSize + coordinate] = coordinate % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
  }
  return tensor(rows, [T, hiddenSize]);
}

// ## Added to the input
//
// The codes (sinusoidal positional encoding, 固定式的位置编码) are computed once and added to every sequence. Nothing is learned.

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

// ## Learned
//
// The plainest scheme: a second table (learned positional encoding, 学习式的位置编码), with a row for each position as the first has
// one for each word. A row of a position that training never reached keeps its initial values.
//
// **The notes, 004.68.** A slip: with $x$ the one-hot vector of the *word*, $W_{pos}\,x$ looks a position up by the number of the word.
// What is meant is $Wx + W_{pos}\,p$, with $p$ the one-hot vector of the position.

/** A table with one trainable row per position, added to the input. */
export class LearnedPositions extends Module implements InputPositions {
  /** The table, one row for each position of the longest sequence, `[T, E]`. */
  readonly weight: Tensor;
  /** The row of position 0; those before it are not used. */
  readonly firstRow: number;

  /**
   * Draws the rows from a normal distribution.
   *
   * @param contextLength number of positions
   * @param hiddenSize width of a row
   * @param random where the first values come from
   * @param options the standard deviation and the row of position 0; 0.02 and 0 by default
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
    const { deviation = 0.02, firstRow = 0 } = options;
    this.firstRow = firstRow;
    this.weight = parameter(random.normal([firstRow + contextLength, hiddenSize], { deviation }));
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
    const { firstRow } = this, rows = this.weight.shape[0]! - firstRow, last = lastStart(B, start);
    if (last + T > rows) {
      throw new RangeError(`Cannot place ${T} tokens from position ${last}: the table ends at position ${rows - 1}`);
    }
    return hidden.add(rowsFrom(firstRow === 0 ? this.weight : this.weight.slice(0, firstRow), start, T));
  }
}

// ## Pitfall: words that drown in their codes
//
// The coordinates of a sinusoidal code have the root mean square $\sqrt{1/2}$. Words that are drawn with a small deviation, as GPT-2's are, would be lost beside them.
// The Transformer multiplies its words by $\sqrt{E}$ first ([section](../../05_transformer/encoder_decoder.ts)), and learned
// positions start with the deviation of the words. The test "learned() starts positions with the deviation of the words" holds the latter.

// #region As parts of a model
// `learned()` and `sinusoidal` are values for the option `positions` of a model ([position schemes](scheme.ts)).

/** How learned positions start. */
export interface LearnedOptions {
  /** Standard deviation of the first values; that of the embedded words by default, or 0.02. */
  readonly deviation?: number | undefined;
  /** The row of position 0; RoBERTa's program left two before it unused; 0 by default. */
  readonly firstRow?: number | undefined;
}

const LEARNED: Checks<LearnedOptions> = { deviation: numeric({ min: 0 }), firstRow: integer({ min: 0 }) };

/**
 * A trained row per position, up to the context length, added to the input.
 *
 * @param options the standard deviation of the first values, and the row of position 0
 * @returns a part for the option `positions` of a model
 */
export function learned(options: LearnedOptions = {}): PositionScheme {
  checkOptions("learn positions", options, LEARNED);
  return {
    word: "learned",
    ...settingsOf(options),
    input: ({ contextLength, hiddenSize, deviation }, random) =>
      new LearnedPositions(contextLength, hiddenSize, random, {
        ...options,
        deviation: options.deviation ?? deviation,
      }),
  };
}

/** Sines and cosines, added to the input. */
export const sinusoidal: PositionScheme = {
  word: "sinusoidal",
  input: ({ hiddenSize }) => new SinusoidalPositions(hiddenSize),
};
// #endregion

// #region Rows that start apart
// Texts of different lengths that end together, as prompts do that are to be continued, begin with padding. The first
// word of each stands at position 0 all the same: `starts: [0, -2]` says that the second row has two places of padding in
// front. Schemes that count distances need not be told, since a row's distances do not depend on where it begins.
// [Rotary positions](rotary.ts) are told, because what they mark lies in a cache that may move rows.

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

// #endregion
