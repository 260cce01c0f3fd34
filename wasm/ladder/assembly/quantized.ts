/**
 * # The ladder of the quantised product
 *
 * **Question.** Weights of one byte take a quarter of the time to read (`one_row.ts`). How does the
 * arithmetic keep up with them?
 *
 * $$y_j = \sum_{\mathrm{blocks}} s_j \sum_{k} x_k\,(q_{kj} - 64) \;\approx\; \sum_{\mathrm{blocks}} s_j\,t \Big(\sum_{k} p_k q_{kj} - 64 \sum_k p_k\Big)$$
 *
 * | symbol | in code  | meaning                                                         |
 * | ------ | -------- | --------------------------------------------------------------- |
 * | $q$    | `levels` | a byte per weight, 0 to 127, `[N, K]`, $K$ filled up to whole blocks |
 * | $s$    | `steps`  | a step for each 32 weights of a column, `[N, K/32]`              |
 * | $x$    | `x`      | the row, `[K]`, filled up with zeros                            |
 * | $p$, $t$ |        | the row rounded to $t\,p$, $-127 \le p \le 127$, block by block |
 *
 * `core/engine/packed.ts` has the definition, and why the row is rounded.
 *
 * **Ceiling.** Reading the bytes of the weights: 1.125 each with their steps, 0.625 for half
 * bytes, in GB/s. All rungs but the last two read the former.
 *
 * **Sources.** Jacob et al. 2018 (integers only inside the product); Dettmers et al. 2022 (steps for
 * parts of a matrix, so that a large weight spoils few others).
 *
 * @module
 */

import { madd, sumLanes } from "../../assembly/simd.ts";

/** Weights that share a step. */
const BLOCK: i32 = 32;

/** Rounds columns stored one after the other, `[columns, depth]`. The rest of the last block is level 64, zero. */
export function roundColumns(levels: usize, steps: usize, w: usize, columns: i32, depth: i32): void {
  for (let j = 0; j < columns; j++) {
    for (let first = 0; first < depth; first += BLOCK) {
      const count = min(BLOCK, depth - first), p = w + (<usize> (j * depth + first) << 2);
      let extreme: f32 = 0;
      for (let k = 0; k < count; k++) {
        const x = load<f32>(p + (<usize> k << 2));
        if (abs(x) > abs(extreme)) extreme = x;
      }
      const step = extreme / -64;
      store<f32>(steps, step);
      steps += 4;
      for (let k = 0; k < BLOCK; k++) {
        const x: f32 = k < count ? load<f32>(p + (<usize> k << 2)) : 0;
        const q = <i32> floor<f32>(x / (step == 0 ? 1 : step) + 64.5);
        store<u8>(levels, <u8> max(0, min(127, q)));
        levels++;
      }
    }
  }
}

// ## Rung 1 · naive
//
// The weights are turned back into float32 in memory, then multiplied. For each byte that is
// read, four are written and four read again, and one number at a time: the bytes that were saved
// come back eightfold. What is saved is the memory that the model needs, not the time.

/** Weights back to float32 in `scratch`, `[columns, 32 blocks]`, then inner products. */
export function quantizedNaive(
  y: usize,
  x: usize,
  levels: usize,
  steps: usize,
  columns: i32,
  blocks: i32,
  scratch: usize,
): void {
  const depth = blocks * BLOCK, count = columns * depth;
  for (let i = 0; i < count; i++) {
    const step = load<f32>(steps + (<usize> (i >> 5) << 2));
    store<f32>(scratch + (<usize> i << 2), step * <f32> (<i32> load<u8>(levels + <usize> i) - 64));
  }
  for (let j = 0; j < columns; j++) {
    let sum: f32 = 0;
    for (let k = 0; k < depth; k++) {
      sum += load<f32>(x + (<usize> k << 2)) * load<f32>(scratch + (<usize> (j * depth + k) << 2));
    }
    store<f32>(y + (<usize> j << 2), sum);
  }
}

// ## Rung 2 · in registers
//
// A weight becomes a float32 in a register, is multiplied, and is forgotten; four at a time. The step
// multiplies once per block. Instructions bound it: four bytes are widened twice, converted and
// shifted before one multiply-add can use them.

/** Weights to float32 in registers, four at a time. */
export function quantizedRegisters(y: usize, x: usize, levels: usize, steps: usize, columns: i32, blocks: i32): void {
  const half = f32x4.splat(64);
  for (let j = 0; j < columns; j++) {
    let total = f32x4.splat(0), p = x;
    for (let block = blocks; block > 0; block--) {
      let a = f32x4.splat(0), b = a;
      for (let i = 0; i < 4; i++) {
        const q = v128.load8x8_u(levels);
        const low = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(q));
        const high = f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(q));
        a = madd(f32x4.sub(low, half), v128.load(p), a);
        b = madd(f32x4.sub(high, half), v128.load(p + 16), b);
        levels += 8;
        p += 32;
      }
      total = madd(f32x4.add(a, b), v128.load32_splat(steps), total);
      steps += 4;
    }
    store<f32>(y + (<usize> j << 2), sumLanes(total));
  }
}

// ## Rung 3 · integers
//
// The row is rounded as well, once for all columns, and bytes are multiplied by bytes: one
// instruction adds sixteen products to four sums (relaxed SIMD; without it two of eight). Nothing is
// widened, and a block is two such instructions and one conversion. What bounds it now is one
// column at a time: the sums of each have to be folded at the end, and each step serves a
// single column.

/** `c` plus four products per lane of signed bytes with bytes below 128. */
// @inline
function dot(p: v128, q: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(p, q, c);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(p), i16x8.extend_low_i8x16_s(q));
  return i32x4.add(c, i32x4.add(low, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(p), i16x8.extend_high_i8x16_s(q))));
}

/** Bytes of a block of the rounded row: 32 integers, their step, and $-64 \sum p$. */
const ROUNDED: usize = 48;

/** Rounds a row of whole blocks. */
function roundRow(to: usize, x: usize, blocks: i32): void {
  for (; blocks > 0; blocks--) {
    let most: f32 = 0, sum = 0;
    for (let k: usize = 0; k < 128; k += 4) most = max(most, abs(load<f32>(x + k)));
    const step = most / 127, divisor: f32 = step == 0 ? 1 : step;
    for (let k: usize = 0; k < 32; k++) {
      const p = <i32> floor<f32>(load<f32>(x + (k << 2)) / divisor + 0.5);
      store<i8>(to + k, <i8> p);
      sum += p;
    }
    store<f32>(to + 32, step);
    store<i32>(to + 36, -64 * sum);
    x += 128;
    to += ROUNDED;
  }
}

/** Integers times integers; `scratch` holds 12 words for each block. */
export function quantizedIntegers(
  y: usize,
  x: usize,
  levels: usize,
  steps: usize,
  columns: i32,
  blocks: i32,
  scratch: usize,
): void {
  roundRow(scratch, x, blocks);
  for (let j = 0; j < columns; j++) {
    let total = f32x4.splat(0), p = scratch;
    for (let block = blocks; block > 0; block--) {
      let c = i32x4.replace_lane(i32x4.splat(0), 0, load<i32>(p + 36));
      c = dot(v128.load(p), v128.load(levels), c);
      c = dot(v128.load(p + 16), v128.load(levels + 16), c);
      total = madd(f32x4.convert_i32x4_s(c), f32x4.splat(load<f32>(p + 32) * load<f32>(steps)), total);
      levels += 32;
      steps += 4;
      p += ROUNDED;
    }
    store<f32>(y + (<usize> j << 2), sumLanes(total));
  }
}

// ## Rung 4 · columns together
//
// The kernel of the device, `../../assembly/blocks.ts`, on one thread. Eight columns lie side
// by side, so that each lane belongs to a column: four numbers of the row, repeated in all
// lanes, meet four weights of each column. Steps are applied and sums kept for four columns per
// instruction, and nothing is folded.

// ## Rung 5 · half bytes
//
// Two weights in a byte, sixteen levels: a little more than half of the bytes for the price of a
// shift and a mask. Where memory is the bound that is nearly twice as fast; in a cache the
// instructions are the bound and less is gained. The levels are coarser: what that costs is in
// `bench/quantization.json`.

// ## Rung 6 · threads
//
// The same shared among threads.
