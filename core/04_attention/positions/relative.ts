/**
 * # Relative positions
 *
 * **Question.** *Three words back* means the same everywhere in a text. A model with learned codes has to learn it again for every
 * position, one with sinusoidal codes has to learn a rotation ([absolute positions](absolute.ts)). Can the distance enter directly?
 *
 * **Idea.** A score belongs to a query and a key, and the two have a distance. Add to the score something that depends on the distance alone:
 * a fixed penalty (ALiBi), a learned number for each bucket [桶] of distances (T5), or the product of the query with a learned vector (Shaw).
 *
 * ```picture distance_tables What each scheme adds to the score of a query (row) and an earlier key (column). Equal distances lie on a diagonal and
 * share one entry. ALiBi: a penalty, here with slope 0.5. T5: one of four buckets, each with a learned number; far distances share one.
 * Shaw: a distance, clipped at two positions back, each with a learned vector.
 * ```
 *
 * **By hand.** ALiBi gives the first of eight heads the slope 0.5. A query looks at itself and at two earlier keys, and its three
 * scores are equal. The keys stand two, one and no position back, so −0.5 · 2 = −1,
 * −0.5 · 1 = −0.5 and 0 are added. What all scores have in common cancels in the softmax. The exponentials are 0.368, 0.607 and 1, with the sum
 * 1.974, and the weights 0.186, 0.307 and 0.506: the nearest key gets the most.
 *
 * ```ts
 * import { AlibiPositions, alibiSlopes } from "@heed/heed/attention";
 * import { type Tensor, zeros } from "@heed/heed/engine";
 * import { softmax } from "@heed/heed/words";
 *
 * const penalties = new AlibiPositions(8).bias(zeros([1, 8, 1, 4]), 3).at(0, 0).reshape([3]);
 * const print = async (name: string, x: Tensor) =>
 *   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
 *
 * console.log("slopes      ", alibiSlopes(8).join(" "));
 * await print("penalties   ", penalties);
 * await print("exponentials", penalties.exp());
 * await print("their sum   ", penalties.exp().sum());
 * await print("weights     ", softmax(penalties));
 * ```
 *
 * ```text
 * slopes       0.5 0.25 0.125 0.0625 0.03125 0.015625 0.0078125 0.00390625
 * penalties    -1.000 -0.500 0.000
 * exponentials 0.368 0.607 1.000
 * their sum    1.974
 * weights      0.186 0.307 0.506
 * ```
 *
 * **Formula.** The query $q_t$ stands at position $t$, the key $k_s$ at position $s$, and both have the width $d$ of a head. ALiBi has a fixed slope
 * $\lambda_h$ for each head $h$. T5 learns a number $b$ for each head and bucket. Shaw's scheme learns vectors $a^K_\delta$ for the clipped
 * distance $\delta = \mathrm{clip}(s - t, -m, m)$, which is $s - t$ up to the distance $m$, and $-m$ or $m$ beyond it. The score of head $h$ is
 *
 * $$\text{ALiBi: } \frac{q_t^\top k_s}{\sqrt{d}} - \lambda_h\,|s - t|, \qquad \text{T5: } \frac{q_t^\top k_s}{\sqrt{d}} + b_{h,\,\mathrm{bucket}(s - t)}, \qquad \text{Shaw: } \frac{q_t^\top (k_s + a^K_\delta)}{\sqrt{d}}$$
 *
 * Shaw's scheme adds a learned vector to the values, too. With the weights $A$ and the values $v_s$, the output of query $t$ is
 *
 * $$\sum_s A_{ts}\,(v_s + a^V_\delta)$$
 *
 * | symbol      | in code       | shape             |
 * | ----------- | ------------- | ----------------- |
 * | $\lambda_h$ | `slopes`      | one per head      |
 * | $b$         | `weight`      | `[numBuckets, H]` |
 * | $a^K$       | `keys`        | `[2m + 1, D]`     |
 * | $a^V$       | `valueTable`  | `[2m + 1, D]`     |
 * | $m$         | `maxDistance` | one number        |
 *
 * **The notes, 004.72.** Relative positions do act inside attention, but they need not be complex. ALiBi is one subtraction, T5 one
 * look-up and one addition, and RoPE turns queries and keys before an attention that stays as it is ([rotary positions](rotary.ts)). Shaw's
 * scheme is the complex one.
 *
 * Sources: Shaw, Uszkoreit and Vaswani 2018, *Self-Attention with Relative Position Representations*; Raffel et al. 2020,
 * *Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer* (T5); Press, Smith and Lewis 2022, *Train Short, Test
 * Long: Attention with Linear Biases Enables Input Length Extrapolation* (ALiBi).
 *
 * @module
 */

import { GrowingTable, roomFor } from "../../engine/growing.ts";
import { checkSizes, MOST_PARTS } from "../../engine/arguments.ts";
import { Module } from "../../engine/module.ts";
import { parameter, requireRoom, tensor, zeros } from "../../engine/create.ts";
import { gather, scatter, take } from "../../engine/indexing.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { checkOptions, type Checks, checkValue, flag, integer, numeric, shown } from "../../engine/options.ts";
import { settingsOf } from "../../engine/part.ts";
import { checkRandom, type Random } from "../../engine/random.ts";
import { dims } from "../../engine/shape.ts";
import type { PositionRule } from "../multi_head.ts";
import type { PositionScheme } from "./scheme.ts";

/** One integer for each pair, from the key's position minus the query's: int32 `[T, S]`. */
function perPair(T: number, S: number, rule: (offset: number) => number): Tensor {
  requireRoom(T * S);
  const table = new Int32Array(T * S);
  for (let t = 0; t < T; t++) {
    // $s - t$: the last query stands at the last key.
    for (let s = 0; s < S; s++) table[t * S + s] = rule(s - (t + S - T));
  }
  return tensor(table, [T, S]);
}

// ## ALiBi
//
// Attention with linear biases (ALiBi) subtracts a penalty proportional to the distance, with a fixed
// slope per head: some heads look far, some near. Nothing is learned, and nothing new happens past
// the trained length.

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
      // $-\lambda_h\,|s - t|$: the same for all queries and keys, whatever they hold.
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
    checkSizes("penalize distance", { S });
    const { T } = dims(query, "B H T D", { H: this.#numHeads });
    return this.#penalties.get(T, S);
  }
}

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
  checkSizes("make slopes", { numHeads }, { min: 1, max: MOST_PARTS });
  const slopes = (n: number): number[] => Array.from({ length: n }, (_, head) => 2 ** (-8 * (head + 1) / n));
  const power = 2 ** Math.floor(Math.log2(numHeads));
  const between = slopes(2 * power).filter((_, head) => head % 2 === 0);
  return [...slopes(power), ...between.slice(0, numHeads - power)];
}

// ## T5
//
// One number per head and bucket of distances, added to the score. Near distances have a bucket each, far
// ones share logarithmically widening buckets, and the last bucket has no end. Half of
// the buckets look ahead, unless the attention is causal. T5 itself drops the $1/\sqrt{d}$ and
// starts from smaller weights: pass `scale: 1` to `MultiHeadAttention` for its models. It has one table for all
// layers of a stack, as here.

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
    checkSizes("sort distances", { numHeads });
    checkRandom("sort distances", random);
    this.weight = parameter(random.normal([options.numBuckets ?? 32, numHeads], { deviation: 0.1 }));
    this.#buckets = new DistanceTable((T, S) => perPair(T, S, (offset) => bucketOf(offset, options)));
  }

  /**
   * Looks the distances up.
   *
   * @param query `[B, H, T, D]`
   * @param S number of keys
   * @returns `[H, T, S]`
   */
  bias(query: Tensor, S: number): Tensor {
    checkSizes("look distances up", { S });
    const { T } = dims(query, "B H T D", { H: this.weight.shape[1]! });
    // $b_{h,\,\mathrm{bucket}(s - t)}$
    return take(this.weight, this.#buckets.get(T, S)).permute([2, 0, 1]);
  }
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
  checkOptions("sort distances", options, BUCKETS);
  if (!Number.isSafeInteger(offset)) {
    throw new RangeError(`Cannot sort distances such as ${shown(offset)}: offset must be an integer`);
  }
  return bucketOf(offset, options);
}

/** The same for options that have been checked: a table has as many pairs as two lengths multiplied. */
function bucketOf(offset: number, options: BucketOptions): number {
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
  // Near distances have a bucket each, far ones share buckets that widen by a constant factor.
  if (distance < exact) return base + distance;
  const shared = Math.log(distance / exact) / Math.log(maxDistance / exact) * (count - exact);
  // An integer that the logarithm misses by its last bits counts as reached.
  return base + Math.min(count - 1, exact + Math.floor(shared + 1e-6));
}

// ## Shaw
//
// Each clipped distance $\delta$ has a vector for keys and one for
// values. The score becomes $q_t^\top (k_s + a^K_\delta) / \sqrt{d}$, the output
// $\sum_s A_{ts} (v_s + a^V_\delta)$. Comparing each query with the $2m+1$ distances once, and
// picking from the result, avoids a $[T, S, D]$ array. The paper has tables for every layer, in its base
// model for every head as well; here all layers and heads of a stack share them.

/** Trainable vectors for clipped distances, on the side of the keys and of the values. */
export class RelativePositions extends Module implements PositionRule {
  /** What is added to keys by distance, `[2m + 1, D]`: $a^K$. */
  readonly keys: Tensor;
  /** What is added to values by distance, `[2m + 1, D]`: $a^V$. */
  readonly valueTable: Tensor;
  /** Distances beyond it count as it: $m$. */
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
    checkSizes("tell distances apart", { headSize, maxDistance });
    checkRandom("tell distances apart", random);
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
    checkSizes("score distances", { S });
    if (scale !== undefined) checkValue("score distances", "scale", scale, numeric());
    const { B, H, T, D } = dims(query, "B H T D");
    // $q_t^\top a^K_\delta$: each query with each of the $2m + 1$ distances, once; then every pair picks its own.
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
    // $\sum_s A_{ts}\, a^V_\delta$: weights of equal distance are added up first.
    const byDistance = scatter(zeros([B, H, T, N]), -1, this.#distances.get(T, S).expand([B, H, T, S]), weights);
    return byDistance.matmul(this.valueTable);
  }
}

// ## Pitfall: distances that were never trained
//
// Shaw's vectors and T5's numbers for distances beyond the training keep their initial values, and no error says so. Let the distance
// from which on all are alike lie within the trained length. The [experiment](../experiments/positions/extrapolation.ts) shows both settings. The test
// "RelativePositions() treats all distances beyond the largest alike" says what is shared.

// ## Exercise
//
// A head of ALiBi has slope 1/256. From which distance on does a key get less than half the weight of an equal score at distance 0? And
// with slope 1/2?
//
// **Hint.** The weights of two keys have the ratio $e^{-\lambda\,|s - t|}$.
//
// **Solution.** From $\ln 2 / \lambda$ on: 178 positions, and 2.
//
// ```ts
// import { alibiSlopes } from "@heed/heed/attention";
//
// for (const slope of alibiSlopes(8)) console.log(`1/${1 / slope}: ${Math.ceil(Math.log(2) / slope)}`);
// ```
//
// ```text
// 1/2: 2
// 1/4: 3
// 1/8: 6
// 1/16: 12
// 1/32: 23
// 1/64: 45
// 1/128: 89
// 1/256: 178
// ```

// #region Options, and parts of a model
// `alibi`, `t5()` and `shaw()` are values for the option `positions` of a model ([position schemes](scheme.ts)).

/** A fixed penalty per head and distance. */
export const alibi: PositionScheme = { word: "alibi", attention: ({ numHeads }) => new AlibiPositions(numHeads) };

/** How distances fall into buckets. */
export interface BucketOptions {
  /** Number of buckets; 32 by default. */
  readonly numBuckets?: number | undefined;
  /** Distance from which on all share the last bucket; 128 by default. */
  readonly maxDistance?: number | undefined;
  /** Whether positions ahead are told apart from each other; true by default. */
  readonly bidirectional?: boolean | undefined;
}

const BUCKETS: Checks<BucketOptions> = { numBuckets: integer(), maxDistance: integer(), bidirectional: flag };

/**
 * A trained number per head and bucket of distances, ahead too unless attention is causal.
 *
 * @param options the buckets; 32 of them up to a distance of 128 by default
 * @returns a part for the option `positions` of a model
 */
export function t5(options: BucketOptions = {}): PositionScheme {
  checkOptions("sort distances", options, BUCKETS);
  return {
    word: "t5",
    ...settingsOf(options),
    attention: ({ numHeads, causal }, random) =>
      new T5Positions(numHeads, random, { ...options, bidirectional: options.bidirectional ?? !causal }),
  };
}

/** How far {@linkcode shaw}'s distances are told apart. */
export interface ShawOptions {
  /** Distances beyond it count as it: $m$; 16 by default. */
  readonly maxDistance?: number | undefined;
}

const SHAW: Checks<ShawOptions> = { maxDistance: integer() };

/**
 * A trained vector per clipped distance, in keys and values.
 *
 * @param options how far distances count
 * @returns a part for the option `positions` of a model
 */
export function shaw(options: ShawOptions = {}): PositionScheme {
  checkOptions("tell distances apart", options, SHAW);
  return {
    word: "relative",
    ...settingsOf(options),
    attention: ({ headSize }, random) => new RelativePositions(headSize, options.maxDistance ?? 16, random),
  };
}
// #endregion

// #region Tables that are kept
// A table of pairs depends on lengths alone. The largest one is kept, and smaller ones are slices of it.

/** What every pair of a distance has in common, `[…, T, S]`: slices of the largest table asked for so far. */
class DistanceTable {
  readonly #make: (T: number, S: number) => Tensor;
  readonly #row: GrowingTable;
  readonly #square: GrowingTable;

  constructor(make: (T: number, S: number) => Tensor) {
    this.#make = make;
    this.#row = new GrowingTable((S) => [make(1, S)]);
    this.#square = new GrowingTable((S) => [make(S, S)]);
  }

  get(T: number, S: number): Tensor {
    if (T === 1) {
      // One token after the other, with a cache: the last columns of one row.
      const row = this.#row.of(roomFor(S))[0]!;
      return row.slice(-1, row.shape.at(-1)! - S);
    }
    if (T !== S) return this.#make(T, S);
    return this.#square.of(S)[0]!.slice(-2, 0, T).slice(-1, 0, S);
  }
}
// #endregion
