/**
 * # Positions
 *
 * **Question.** Attention mixes a *set* of values. Shuffle the words, and every word gets the
 * same vector as before (permutation invariance, 排列不变性): *the dog bites the man* is *the man
 * bites the dog*. A recurrent network reads in order and needs no help; how does attention
 * learn about order?
 *
 * **Idea.** Give each position a mark (positional encoding, 位置编码). The schemes differ in where
 * it goes: added to the word's vector (absolute positional encoding, 绝对位置编码), added to the
 * score or turned into the queries and keys, so that only distances count (relative positional
 * encoding, 相对位置编码).
 *
 * **Formula.** The sinusoidal code of position $p$, and the rotation that RoPE applies to each
 * pair of coordinates $(a, b)$ of a query or key at position $p$, for the pairs
 * $i = 0 \dots d/2 - 1$; $d$ is the width of what is marked, a hidden vector ($E$) in the first, a
 * head ($D$) in the second:
 *
 * $$\mathrm{PE}_{p,2i} = \sin(p\,\omega_i), \quad \mathrm{PE}_{p,2i+1} = \cos(p\,\omega_i), \qquad \omega_i = 10000^{-2i/d}$$
 *
 * $$\begin{pmatrix} a' \\ b' \end{pmatrix} = \begin{pmatrix} \cos p\omega_i & -\sin p\omega_i \\ \sin p\omega_i & \cos p\omega_i \end{pmatrix} \begin{pmatrix} a \\ b \end{pmatrix}$$
 *
 * | scheme     | in code               | enters                  | parameters | past the trained length      |
 * | ---------- | --------------------- | ----------------------- | ---------- | ---------------------------- |
 * | learned    | `LearnedPositions`    | input                   | $TE$       | undefined                    |
 * | sinusoidal | `SinusoidalPositions` | input                   | 0          | defined, unseen              |
 * | Shaw       | `RelativePositions`   | scores and outputs      | $2(2m+1)D$ | clipped at distance $m$      |
 * | T5         | `T5Positions`         | scores                  | $32H$      | far distances share a bucket |
 * | RoPE       | `RotaryPositions`     | queries and keys        | 0          | defined, unseen angles       |
 * | ALiBi      | `AlibiPositions`      | scores                  | 0          | made for it                  |
 *
 * In the table of the schemes $T$ is the length of the longest text, $m$ the largest distance that is
 * told apart, and 32 the number of buckets of distances.
 *
 * Sources: Vaswani et al. 2017; Shaw, Uszkoreit and Vaswani 2018, *Self-Attention with Relative
 * Position Representations*; Raffel et al. 2020, *T5*; Su et al. 2021, *RoFormer*; Press, Smith and
 * Lewis 2022, *Train Short, Test Long* (ALiBi).
 *
 * ## Order without positions
 *
 * The notes say that a shuffled sentence gives every word the vector it had before, and take a
 * decoder as their example. The [first experiment](experiments/shuffled.ts) finds it exactly so
 * without a mask. Under the causal mask that a decoder has ([section](masks.ts)) it is not so:
 * which words come before depends on the order, and the vectors move although nothing marks a
 * position.
 *
 * ## Why sines and cosines
 *
 * The notes say: *learn the conclusion by heart, the position of one
 * word is a linear combination* (线性组合) *of the positions of others.* It can be seen in one
 * line. For each frequency, $(\sin, \cos)$ is a point on a circle, and walking $n$ steps turns
 * the circle by $n\omega_i$: $\mathrm{PE}_{p+n} = M_n\,\mathrm{PE}_p$ with a rotation $M_n$
 * that does not depend on $p$. A matrix such as $W_Q$ can therefore learn "three to the left".
 * RoPE goes further and *applies* the rotation, $R_p$ to a query $q$ at $p$ and $R_s$ to a key $k$ at
 * $s$. Of their dot product, $(R_p q)^\top (R_s k) = q^\top R_{s-p}\, k$, only the distance is left. The
 * [second experiment](experiments/rotation.ts) tries both.
 *
 * ## Past the trained length
 *
 * The [last experiment](experiments/extrapolation.ts) trains every scheme on short lists and reads
 * long ones. Learned and sinusoidal positions do not generalize (泛化) so far, as the notes say of
 * absolute ones. Of the relative schemes those hold that treat far distances alike (Shaw, T5) or ever
 * less (ALiBi).
 *
 * To be relative is not enough. Trained on lists of 32, RoPE answers fewer than 40 in 100 past twice
 * that length, with each of the first three seeds. In its heads of width 8 the second pair of
 * coordinates takes 63 positions to go round. Training has met half a turn, and a key that is nearly a
 * whole turn away looks as if it stood near. Train on lists of 64, which hold a whole turn, and 68 to
 * 88 in 100 come right.
 *
 * @module
 */

import { fusable } from "../engine/fusable.ts";
import { Module } from "../engine/module.ts";
import { concat, gather, scatter, stack, take } from "../engine/ops.ts";
import type { Random } from "../engine/random.ts";
import { keep } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import { parameter, type Tensor, tensor, zeros } from "../engine/tensor.ts";
import type { PositionRule } from "./multi_head.ts";

// ## Absolute, learned
//
// The plainest scheme: a second table (learned positional encoding, 学习式的位置编码), with a row per
// position instead of per word. The notes write it as $(W + W_{pos})x$. Positions that training
// never reached have rows nobody moved.

/** A table with one trainable row per position, added to the input. */
export class LearnedPositions extends Module {
  /** The table, one row for each position of the longest text, `[T, E]`. */
  readonly weight: Tensor;

  /**
   * Draws the rows from a normal distribution.
   *
   * @param contextLength number of positions
   * @param hiddenSize width of a row
   * @param random where the first values come from
   * @param options `deviation` of the distribution, 0.02 by default
   */
  constructor(
    contextLength: number,
    hiddenSize: number,
    random: Random,
    { deviation = 0.02 }: { readonly deviation?: number } = {},
  ) {
    super();
    this.weight = parameter(random.normal([contextLength, hiddenSize], { deviation }));
  }

  /**
   * Adds to each position its row.
   *
   * @param hidden `[B, T, E]`
   * @param start position of the first one
   * @returns `[B, T, E]`
   * @throws {RangeError} if a position has no row
   */
  forward(hidden: Tensor, start = 0): Tensor {
    const { T } = dims(hidden, "B T E");
    const rows = this.weight.shape[0]!;
    if (start + T > rows) {
      throw new RangeError(`Cannot place ${T} tokens from position ${start}: the table ends at position ${rows - 1}`);
    }
    return hidden.add(this.weight.slice(0, start, start + T));
  }
}

// ## Absolute, sinusoidal
//
// The formula above (sinusoidal positional encoding, 固定式的位置编码). Every position has a code of
// its own, as the digits of a number do: the first pair of coordinates turns fastest, like the
// last digit.

/**
 * Sines and cosines of falling frequency, one row per position.
 *
 * @param T number of positions
 * @param hiddenSize width of a row; if it is odd, the last frequency has no cosine
 * @param start position of the first row
 * @returns numbers in [-1, 1], `[T, E]`
 */
export function sinusoidalPositions(T: number, hiddenSize: number, start = 0): Tensor {
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
export class SinusoidalPositions {
  readonly #hiddenSize: number;
  readonly #codes: GrowingTable;

  /**
   * Prepares codes of one width.
   *
   * @param hiddenSize width of a code
   */
  constructor(hiddenSize: number) {
    this.#hiddenSize = hiddenSize;
    this.#codes = new GrowingTable((rows) => [sinusoidalPositions(rows, hiddenSize)]);
  }

  /**
   * Adds to each position its code.
   *
   * @param hidden `[B, T, E]`
   * @param start position of the first one
   * @returns `[B, T, E]`
   */
  forward(hidden: Tensor, start = 0): Tensor {
    const { T } = dims(hidden, "B T E", { E: this.#hiddenSize });
    return hidden.add(this.#codes.rows(start, T)[0]!);
  }
}

// ## Relative: Shaw
//
// Each clipped distance $\delta = \mathrm{clip}(s - t, -m, m)$ has a vector for keys and one for
// values. The score becomes $q_t^\top (k_s + a^K_\delta) / \sqrt{d}$, the output
// $\sum_s A_{ts} (v_s + a^V_\delta)$. Comparing each query with the $2m+1$ distances once, and
// picking from the result, avoids a $[T, S, D]$ array.

/** Trainable vectors for clipped distances, on the side of the keys and of the values. */
export class RelativePositions extends Module implements PositionRule {
  /** $a^K$, `[2m + 1, D]`, from $-m$ to $m$. */
  readonly keys: Tensor;
  /** $a^V$, `[2m + 1, D]`, from $-m$ to $m$. */
  readonly valueTable: Tensor;
  /** $m$: distances beyond it count as it. */
  readonly maxDistance: number;
  readonly #distances: DistanceTable;

  /**
   * Draws both tables from a normal distribution.
   *
   * @param headSize width of a head
   * @param maxDistance $m$
   * @param random where the first values come from
   */
  constructor(headSize: number, maxDistance: number, random: Random) {
    super();
    const shape = [2 * maxDistance + 1, headSize];
    const deviation = 1 / Math.sqrt(headSize);
    this.maxDistance = maxDistance;
    this.keys = parameter(random.normal(shape, { deviation }));
    this.valueTable = parameter(random.normal(shape, { deviation }));
    this.#distances = new DistanceTable((T, S) =>
      perPair(T, S, (offset) => Math.max(-maxDistance, Math.min(maxDistance, offset)) + maxDistance)
    );
  }

  /**
   * Scores distances for each query, by the factor that the keys are scored with.
   *
   * @param query `[B, H, T, D]`
   * @param S number of keys
   * @param scale factor of the dot products; `1 / √D` by default
   * @returns `[B, H, T, S]`
   */
  bias(query: Tensor, S: number, scale?: number): Tensor {
    const { B, H, T, D } = dims(query, "B H T D");
    const scores = query.matmul(this.keys.transpose(0, 1)).mul(scale ?? 1 / Math.sqrt(D));
    return gather(scores, -1, this.#distances.get(T, S).expand([B, H, T, S]));
  }

  /**
   * Mixes the vectors of the distances attended to.
   *
   * @param weights `[B, H, T, S]`
   * @returns `[B, H, T, D]`
   */
  values(weights: Tensor): Tensor {
    const { B, H, T, S } = dims(weights, "B H T S");
    const { N } = dims(this.valueTable, "N D");
    const share = scatter(zeros([B, H, T, N]), -1, this.#distances.get(T, S).expand([B, H, T, S]), weights);
    return share.matmul(this.valueTable);
  }
}

// ## Relative: T5
//
// One number per head and distance, added to the score. Near distances have a bucket each, far
// ones share logarithmically widening buckets, and the last bucket reaches to infinity. Half of
// the buckets look ahead, unless the attention is causal. (T5 itself drops the $1/\sqrt{d}$ and
// starts from smaller weights: pass `scale: 1` to `MultiHeadAttention` for its models.)

/** How distances fall into buckets. */
export interface BucketOptions {
  /** Number of buckets; 32 by default. */
  readonly numBuckets?: number | undefined;
  /** Distance from which on all share the last bucket; 128 by default. */
  readonly maxDistance?: number | undefined;
  /** Whether positions ahead are told apart from each other; true by default. */
  readonly bidirectional?: boolean | undefined;
}

/**
 * The bucket of a distance in T5's scheme.
 *
 * @param offset position of the key minus position of the query
 * @param options number of buckets and reach
 * @returns an integer in `[0, numBuckets)`
 * @throws {RangeError} if the buckets do not suffice for exact and shared distances
 */
export function relativeBucket(offset: number, options: BucketOptions = {}): number {
  const { numBuckets = 32, maxDistance = 128, bidirectional = true } = options;
  const count = bidirectional ? numBuckets / 2 : numBuckets;
  const exact = Math.floor(count / 2);
  if (!(Number.isInteger(count) && exact >= 1 && maxDistance > exact)) {
    throw new RangeError(
      `Cannot sort distances up to ${maxDistance} into ${numBuckets} buckets: ` +
        `maxDistance must be above ${exact}, and each direction needs 2 whole buckets`,
    );
  }
  const base = bidirectional && offset > 0 ? count : 0;
  const distance = bidirectional ? Math.abs(offset) : Math.max(0, -offset);
  if (distance < exact) return base + distance;
  const shared = Math.log(distance / exact) / Math.log(maxDistance / exact) * (count - exact);
  // An integer that the logarithm misses by its last bits counts as reached.
  return base + Math.min(count - 1, exact + Math.floor(shared + 1e-6));
}

/** One trainable number per head and bucket of distances, added to the scores. */
export class T5Positions extends Module implements PositionRule {
  /** `[numBuckets, H]`. */
  readonly weight: Tensor;
  readonly #buckets: DistanceTable;

  /**
   * Draws the numbers from a normal distribution.
   *
   * @param numHeads number of heads
   * @param random where the first values come from
   * @param options number of buckets and reach
   */
  constructor(numHeads: number, random: Random, options: BucketOptions = {}) {
    super();
    relativeBucket(0, options);
    this.weight = parameter(random.normal([options.numBuckets ?? 32, numHeads], { deviation: 0.1 }));
    this.#buckets = new DistanceTable((T, S) => perPair(T, S, (offset) => relativeBucket(offset, options)));
  }

  /**
   * Looks the distances up.
   *
   * @param query `[B, H, T, D]`
   * @param S number of keys
   * @returns `[H, T, S]`
   */
  bias(query: Tensor, S: number): Tensor {
    const { T } = dims(query, "B H T D", { H: this.weight.shape[1]! });
    return take(this.weight, this.#buckets.get(T, S)).permute([2, 0, 1]);
  }
}

// ## Relative: rotation
//
// Two pairings are in use. The paper pairs neighbours, $(x_0, x_1), (x_2, x_3), \dots$
// (`interleaved`); GPT-NeoX and the LLaMA files of Hugging Face pair the first half with the second,
// $(x_0, x_{d/2}), \dots$. They differ by a fixed order of the coordinates, so both learn the same
// things, and weights trained with one are noise to the other.

/**
 * Cosines and sines of the angles by which RoPE turns each pair.
 *
 * @param T number of positions
 * @param headSize width of a head, even
 * @param options `start`, position of the first row, 0 by default; `base` of the frequencies, 10000 by default
 * @returns `[T, D/2]` each
 * @throws {RangeError} if a head has no whole number of pairs
 */
export function rotaryAngles(
  T: number,
  headSize: number,
  { start = 0, base = 10000 }: { readonly start?: number | undefined; readonly base?: number | undefined } = {},
): { readonly cosine: Tensor; readonly sine: Tensor } {
  if (headSize % 2 !== 0) throw new RangeError(`Cannot rotate heads of width ${headSize}: headSize must be even`);
  const pairs = headSize / 2;
  const angles = Float64Array.from({ length: T * pairs }, (_, index) => {
    const position = start + Math.floor(index / pairs);
    return position * base ** (-2 * (index % pairs) / headSize);
  });
  return { cosine: tensor(angles.map(Math.cos), [T, pairs]), sine: tensor(angles.map(Math.sin), [T, pairs]) };
}

/**
 * Turns each pair of coordinates by the angle of its position.
 *
 * @param x queries or keys, `[B, H, T, D]`
 * @param cosine of the angles, `[T, D/2]`
 * @param sine of the angles, `[T, D/2]`
 * @param options `interleaved`: whether neighbours are paired, or halves, which is the default
 * @returns vectors of the same length, `[B, H, T, D]`
 */
export function applyRotary(
  x: Tensor,
  cosine: Tensor,
  sine: Tensor,
  { interleaved = false }: { readonly interleaved?: boolean | undefined } = {},
): Tensor {
  const { T, D } = dims(x, "B H T D");
  dims(cosine, "T P", { T, P: D / 2 });
  dims(sine, "T P", { T, P: D / 2 });

  return fusable("rotary", [x, cosine, sine], { interleaved }, () => {
    const first = interleaved ? x.slice(-1, 0, D, 2) : x.slice(-1, 0, D / 2);
    const second = interleaved ? x.slice(-1, 1, D, 2) : x.slice(-1, D / 2, D);
    const turned = [
      first.mul(cosine).sub(second.mul(sine)),
      first.mul(sine).add(second.mul(cosine)),
    ];
    return interleaved ? stack(turned, -1).reshape(x.shape) : concat(turned, -1);
  });
}

/** How a {@linkcode RotaryPositions} turns. */
export interface RotaryOptions {
  /** Base of the frequencies; 10000 by default. */
  readonly base?: number | undefined;
  /** Whether neighbouring coordinates are paired; false (halves are paired) by default. */
  readonly interleaved?: boolean | undefined;
}

/** Rotary position embedding (RoPE): turns queries and keys. */
export class RotaryPositions implements PositionRule {
  readonly #interleaved: boolean;
  readonly #angles: GrowingTable;

  /**
   * Prepares angles for one width of heads.
   *
   * @param headSize width of a head, even
   * @param options base and pairing
   * @throws {RangeError} if a head has no whole number of pairs
   */
  constructor(headSize: number, { base = 10000, interleaved = false }: RotaryOptions = {}) {
    if (!(base > 0)) throw new RangeError(`Cannot rotate with base ${base}: base must be positive`);
    if (headSize % 2 !== 0) throw new RangeError(`Cannot rotate heads of width ${headSize}: headSize must be even`);
    this.#interleaved = interleaved;
    this.#angles = new GrowingTable((rows) => {
      const { cosine, sine } = rotaryAngles(rows, headSize, { base });
      return [cosine, sine];
    });
  }

  /**
   * Turns each vector by the angle of its position.
   *
   * @param x queries or keys, `[B, H, T, D]`
   * @param start position of the first one
   * @returns `[B, H, T, D]`
   */
  mark(x: Tensor, start: number): Tensor {
    const { T } = dims(x, "B H T D");
    const [cosine, sine] = this.#angles.rows(start, T);
    return applyRotary(x, cosine!, sine!, { interleaved: this.#interleaved });
  }
}

// ## Relative: ALiBi
//
// Attention with linear biases (ALiBi) subtracts a penalty proportional to the distance, with a fixed
// slope per head: some heads look far, some near. Nothing is learned, and nothing new happens past
// the trained length.

/**
 * The slopes that ALiBi gives to its heads.
 *
 * For a power of two, $2^{-8/n}, 2^{-16/n}, \dots, 2^{-8}$. Otherwise the slopes of the next lower
 * power of two, followed by every other slope of the next higher one, as the authors' code does.
 *
 * @param numHeads number of heads
 * @returns one positive number per head
 */
export function alibiSlopes(numHeads: number): number[] {
  const slopes = (n: number): number[] => Array.from({ length: n }, (_, head) => 2 ** (-8 * (head + 1) / n));
  const power = 2 ** Math.floor(Math.log2(numHeads));
  const between = slopes(2 * power).filter((_, head) => head % 2 === 0);
  return [...slopes(power), ...between.slice(0, numHeads - power)];
}

/** ALiBi: the farther a key, the lower its score. */
export class AlibiPositions implements PositionRule {
  readonly #penalties: DistanceTable;
  readonly #numHeads: number;

  /**
   * Prepares the slopes.
   *
   * @param numHeads number of heads
   */
  constructor(numHeads: number) {
    const slopes = alibiSlopes(numHeads);
    this.#numHeads = numHeads;
    this.#penalties = new DistanceTable((T, S) => {
      const distances = perPair(T, S, (offset) => -Math.abs(offset)).cast("float32");
      return distances.mul(tensor(slopes, [numHeads, 1, 1]));
    });
  }

  /**
   * Penalizes distance.
   *
   * @param query `[B, H, T, D]`
   * @param S number of keys
   * @returns `[H, T, S]`
   */
  bias(query: Tensor, S: number): Tensor {
    const { T } = dims(query, "B H T D", { H: this.#numHeads });
    return this.#penalties.get(T, S);
  }
}

// ## Tables that are computed once

/** Rows by position, recomputed with room to spare when a later position is asked for. */
class GrowingTable {
  readonly #make: (rows: number) => Tensor[];
  #tables: Tensor[] = [];

  constructor(make: (rows: number) => Tensor[]) {
    this.#make = make;
  }

  /** Rows `start` to `start + count` of each table, as views. */
  rows(start: number, count: number): Tensor[] {
    const end = start + count;
    if (end > (this.#tables[0]?.shape[0] ?? 0)) {
      this.#tables = this.#make(roomFor(end)).map((table) => keep(table));
    }
    return this.#tables.map((table) => table.slice(0, start, end));
  }
}

/** What depends on the distance of a pair alone, `[…, T, S]`: views of the largest table asked for so far. */
class DistanceTable {
  readonly #make: (T: number, S: number) => Tensor;
  #row: Tensor | undefined;
  #square: Tensor | undefined;

  constructor(make: (T: number, S: number) => Tensor) {
    this.#make = make;
  }

  get(T: number, S: number): Tensor {
    if (T === 1) {
      // One token after the other, with a cache: the last columns of one row, which grows by doubling.
      if (!this.#row || this.#row.shape.at(-1)! < S) this.#row = keep(this.#make(1, roomFor(S)));
      return this.#row.slice(-1, this.#row.shape.at(-1)! - S);
    }
    if (T !== S) return this.#make(T, S);
    if (!this.#square || this.#square.shape.at(-1)! < S) this.#square = keep(this.#make(S, S));
    return this.#square.slice(-2, 0, T).slice(-1, 0, S);
  }
}

/** A power of two that leaves room to grow. */
function roomFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(64, count)));
}

/** One integer for each pair, from the key's position minus the query's: int32 `[T, S]`. */
function perPair(T: number, S: number, rule: (offset: number) => number): Tensor {
  const table = new Int32Array(T * S);
  for (let t = 0; t < T; t++) {
    for (let s = 0; s < S; s++) table[t * S + s] = rule(s - (t + S - T));
  }
  return tensor(table, [T, S]);
}

// ## Pitfall: positions that start over
//
// With a cache, each call sees one token, and a scheme that counts from 0 gives every token
// position 0. The text degenerates after the first word, while training looks perfect. The test
// "RotaryPositions() marks the same with and without a cache" feeds a text in two parts.

// ## Pitfall: the other pairing
//
// Loading weights of one pairing into the other changes no shape. The test "applyRotary() in both
// pairings differs by a fixed order of coordinates" states what has to be permuted.

// ## Exercise
//
// At width 64, plot the dot product of $\mathrm{PE}_0$ and $\mathrm{PE}_p$ for $p$ up to 1000. Where
// is it largest, and does it fall all the way? Then plot the bias of one head of ALiBi beside it.
