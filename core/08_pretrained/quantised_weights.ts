/**
 * # Quantised weights
 *
 * **Question.** A weight of a trained model is stored in four and a half bits instead of thirty-two, and the model still answers. How can a number
 * of four bits stand for a weight?
 *
 * **Idea.** Weights that lie side by side are about equally large. A block of 32 of them gets one scale, and each weight becomes a small whole number of such
 * steps. Blocks differ in whether the lowest weight is stored too, and in how many bits a number has. The later kinds, called *K*, put eight or sixteen such
 * blocks together and store their scales as small numbers as well.
 *
 * **Formula.** With the scale $d$, the minimum $m$ and the whole numbers $q_i$ of a block,
 *
 * $$w_i = d\,(q_i - z) \quad \text{or} \quad w_i = d\,q_i + m, \qquad |w_i - \hat w_i| \le \tfrac{d}{2}$$
 *
 * where $z$ is the middle of the range, 8 for four bits; of a K block, scale and minimum of its part $j$ are $d\,s_j$ and $-d_{\min}\,m_j$, with whole numbers of six bits.
 *
 * | symbol        | in code  | meaning                                       |
 * | ------------- | -------- | --------------------------------------------- |
 * | $d$           | `d`      | the scale, a float16                          |
 * | $m$, $d_{\min}$ | `m`    | the minimum, or its scale                     |
 * | $q_i$         | `q`      | a whole number of 4, 5, 6 or 8 bits           |
 * | $s_j$         | `scale`  | scale of a part of a K block, six bits        |
 * | $m_j$         | `minimum` | minimum of a part of a K block, six bits     |
 *
 * **By hand.** Scale 0.5, and two numbers of four bits in one byte, `0x93`: the lower half is 3, the upper 9. As `Q4_0` they are $0.5 \cdot (3 - 8) = -2.5$ and $0.5 \cdot (9 - 8) = 0.5$.
 * The upper half belongs to a weight that lies 16 places later.
 *
 * ```ts
 * import { unpackBlocks } from "@heed/heed/pretrained";
 *
 * const block = new Uint8Array(18);
 * new DataView(block.buffer).setUint16(0, 0x3800, true); // 0.5 as a float16
 * block[2] = 0x93;
 * const weights = unpackBlocks("Q4_0", block);
 * console.log(weights.length, weights[0], weights[16]);
 * ```
 *
 * ```text
 * 32 -2.5 0.5
 * ```
 *
 * @module
 */

import { checkNumbers, checkText } from "../engine/arguments.ts";
import { checkValue } from "../engine/options.ts";
import { halfToNumber, numberToHalf } from "../engine/numbers.ts";
import { aByteArray } from "../06_training/safetensors.ts";
import { storageOf } from "./files/gguf.ts";

/** Writes the weights of one block, which begins at a byte, from a place on. */
type Unpack = (bytes: Uint8Array, at: number, weights: Float32Array, to: number) => void;

const f = Math.fround;

/** A float16 of two bytes. */
const half = (bytes: Uint8Array, at: number): number => halfToNumber(bytes[at]! | bytes[at + 1]! << 8);

// ## Blocks of 32

/** Four bits around 8: `d`, then two numbers a byte, those of the later half above. */
const q40: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 2 + i]!;
    weights[to + i] = d * ((q & 15) - 8);
    weights[to + 16 + i] = d * ((q >> 4) - 8);
  }
};

/** Four bits above a minimum: `d`, `m`. */
const q41: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at), m = half(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 4 + i]!;
    weights[to + i] = f(d * (q & 15)) + m;
    weights[to + 16 + i] = f(d * (q >> 4)) + m;
  }
};

/** The fifth bit of a weight of a block, as 16 or 0. */
const fifth = (bytes: Uint8Array, at: number, i: number): number => (bytes[at + (i >> 3)]! >> (i & 7) & 1) << 4;

/** Five bits around 16: `d`, the fifth bits together, then as in four bits. */
const q50: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 6 + i]!;
    weights[to + i] = d * ((q & 15 | fifth(bytes, at + 2, i)) - 16);
    weights[to + 16 + i] = d * ((q >> 4 | fifth(bytes, at + 2, i + 16)) - 16);
  }
};

/** Five bits above a minimum. */
const q51: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at), m = half(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 8 + i]!;
    weights[to + i] = f(d * (q & 15 | fifth(bytes, at + 4, i))) + m;
    weights[to + 16 + i] = f(d * (q >> 4 | fifth(bytes, at + 4, i + 16))) + m;
  }
};

/** Eight bits with a sign. */
const q80: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at);
  for (let i = 0; i < 32; i++) weights[to + i] = d * (bytes[at + 2 + i]! << 24 >> 24);
};

// ## Blocks of 256

/** The scale of part `j` of eight, and its minimum, six bits each in twelve bytes. */
function scaleAndMinimum(bytes: Uint8Array, at: number, j: number): readonly [scale: number, minimum: number] {
  if (j < 4) return [bytes[at + j]! & 63, bytes[at + j + 4]! & 63];
  const low = bytes[at + j + 4]!;
  return [low & 15 | bytes[at + j - 4]! >> 6 << 4, low >> 4 | bytes[at + j]! >> 6 << 4];
}

/** Four bits: `d`, `d_min`, scales of eight parts of 32, then two parts in 32 bytes. */
const q4K: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at), m = half(bytes, at + 2);
  for (let j = 0; j < 8; j++) {
    const [scale, minimum] = scaleAndMinimum(bytes, at + 4, j), step = f(d * scale), least = f(m * minimum);
    const from = at + 16 + (j >> 1) * 32, shift = (j & 1) * 4;
    for (let i = 0; i < 32; i++) weights[to + 32 * j + i] = f(step * (bytes[from + i]! >> shift & 15)) - least;
  }
};

/** Five bits: as four, and 32 bytes with the fifth bits, bit `j` for part `j`. */
const q5K: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at), m = half(bytes, at + 2);
  for (let j = 0; j < 8; j++) {
    const [scale, minimum] = scaleAndMinimum(bytes, at + 4, j), step = f(d * scale), least = f(m * minimum);
    const from = at + 48 + (j >> 1) * 32, shift = (j & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const q = bytes[from + i]! >> shift & 15 | (bytes[at + 16 + i]! >> j & 1) << 4;
      weights[to + 32 * j + i] = f(step * q) - least;
    }
  }
};

/** Six bits around 32: the lower four of 256 weights, their upper two, scales of sixteen parts of 16, then `d`. */
const q6K: Unpack = (bytes, at, weights, to) => {
  const d = half(bytes, at + 208);
  for (let i = 0; i < 256; i++) {
    const halfBlock = i >> 7, part = i >> 5 & 3, l = i & 31;
    const low = bytes[at + 64 * halfBlock + 32 * (part & 1) + l]! >> 4 * (part >> 1) & 15;
    const high = bytes[at + 128 + 32 * halfBlock + l]! >> 2 * part & 3;
    const scale = bytes[at + 192 + (i >> 4)]! << 24 >> 24;
    weights[to + i] = f(d * scale) * ((low | high << 4) - 32);
  }
};

const UNPACK: ReadonlyMap<string, Unpack> = new Map([
  ["Q4_0", q40],
  ["Q4_1", q41],
  ["Q5_0", q50],
  ["Q5_1", q51],
  ["Q8_0", q80],
  ["Q4_K", q4K],
  ["Q5_K", q5K],
  ["Q6_K", q6K],
]);

/** The kinds of blocks that {@linkcode unpackBlocks} reads. */
export const BLOCK_KINDS: readonly string[] = [...UNPACK.keys()];

/**
 * The weights that blocks stand for, in float32.
 *
 * @param kind of block, such as `Q4_1`
 * @param bytes whole blocks, one after the other
 * @returns the weights in order
 * @throws {RangeError} if the kind is not read, or the bytes are no whole number of blocks
 */
export function unpackBlocks(kind: string, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  checkText("unpack blocks", "kind", kind);
  checkValue("unpack blocks", "bytes", bytes, aByteArray);
  const unpack = UNPACK.get(kind), storage = storageOf(kind);
  if (!unpack || !storage) {
    throw new RangeError(`Cannot unpack blocks of ${kind}: ${BLOCK_KINDS.join(", ")} are read`);
  }
  if (bytes.length % storage.bytes !== 0) {
    throw new RangeError(
      `Cannot unpack ${bytes.length} bytes of ${kind}: a block has ${storage.bytes}, and a whole number of them is needed`,
    );
  }
  const count = bytes.length / storage.bytes, weights = new Float32Array(count * storage.elements);
  for (let block = 0; block < count; block++) {
    unpack(bytes, block * storage.bytes, weights, block * storage.elements);
  }
  return weights;
}

// ## The other way
//
// To store weights in blocks, the scale is chosen so that the range of the block fills the range of the numbers, and each weight becomes the nearest number. The kinds of 256 weights choose their scales by a search, and are only read here.

/** Writes a block of 32 weights from a place on. */
type Pack = (weights: ArrayLike<number>, from: number, bytes: Uint8Array, at: number) => void;

/** A float16 in two bytes. */
function putHalf(bytes: Uint8Array, at: number, value: number): void {
  const bits = numberToHalf(value);
  bytes[at] = bits & 255;
  bytes[at + 1] = bits >> 8;
}

/** Around zero: the weight of the largest size becomes the lowest number, and its sign that of the scale. */
function aroundZero(levels: number): Pack {
  return (weights, from, bytes, at) => {
    let largest = 0;
    for (let i = 0; i < 32; i++) if (Math.abs(weights[from + i]!) > Math.abs(largest)) largest = weights[from + i]!;
    const d = f(largest / -(levels / 2)), inverse = d === 0 ? 0 : f(1 / d);
    putHalf(bytes, at, d);
    const q = (i: number): number =>
      Math.min(Math.max(Math.trunc(f(f(weights[from + i]! * inverse) + levels / 2 + 0.5)), 0), levels - 1);
    putNumbers(bytes, at + 2, levels, q);
  };
}

/** Above a minimum: the lowest weight becomes 0, the highest the highest number. */
function aboveMinimum(levels: number): Pack {
  return (weights, from, bytes, at) => {
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < 32; i++) {
      low = Math.min(low, weights[from + i]!);
      high = Math.max(high, weights[from + i]!);
    }
    const d = f(f(high - low) / (levels - 1)), inverse = d === 0 ? 0 : f(1 / d);
    putHalf(bytes, at, d);
    putHalf(bytes, at + 2, low);
    const q = (i: number): number =>
      Math.min(Math.max(Math.trunc(f(f(f(weights[from + i]! - low) * inverse) + 0.5)), 0), levels - 1);
    putNumbers(bytes, at + 4, levels, q);
  };
}

/** Fifth bits, if there are five, and two numbers a byte. */
function putNumbers(bytes: Uint8Array, at: number, levels: number, q: (i: number) => number): void {
  if (levels === 32) { for (let i = 0; i < 32; i++) bytes[at + (i >> 3)]! |= q(i) >> 4 << (i & 7); }
  const from = at + (levels === 32 ? 4 : 0);
  for (let i = 0; i < 16; i++) bytes[from + i] = q(i) & 15 | (q(i + 16) & 15) << 4;
}

/** Eight bits: halves are rounded away from zero. */
const eightBits: Pack = (weights, from, bytes, at) => {
  let largest = 0;
  for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(weights[from + i]!));
  const d = f(largest / 127), inverse = d === 0 ? 0 : f(1 / d);
  putHalf(bytes, at, d);
  for (let i = 0; i < 32; i++) {
    const x = f(weights[from + i]! * inverse);
    bytes[at + 2 + i] = Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
  }
};

const PACK: ReadonlyMap<string, Pack> = new Map([
  ["Q4_0", aroundZero(16)],
  ["Q4_1", aboveMinimum(16)],
  ["Q5_0", aroundZero(32)],
  ["Q5_1", aboveMinimum(32)],
  ["Q8_0", eightBits],
]);

/**
 * Stores weights in blocks.
 *
 * @param kind of block: `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1` or `Q8_0`
 * @param weights a multiple of 32 finite numbers
 * @returns the blocks, one after the other
 * @throws {RangeError} if the kind is not written, or the weights fill no whole number of blocks
 */
export function packBlocks(kind: string, weights: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  checkText("pack blocks", "kind", kind);
  checkNumbers("pack blocks", "weights", weights);
  const pack = PACK.get(kind), storage = storageOf(kind);
  if (!pack || !storage) {
    throw new RangeError(`Cannot pack blocks of ${kind}: ${[...PACK.keys()].join(", ")} are written`);
  }
  if (weights.length % 32 !== 0) {
    throw new RangeError(`Cannot pack ${weights.length} weights in blocks of 32: a whole number of blocks is needed`);
  }
  const rounded = Float32Array.from(weights), bytes = new Uint8Array(rounded.length / 32 * storage.bytes);
  for (let block = 0; 32 * block < rounded.length; block++) pack(rounded, 32 * block, bytes, block * storage.bytes);
  return bytes;
}

// ## Pitfall: neighbours in a byte are not neighbours in a row
//
// The two halves of a byte of `Q4_0` are weights 16 places apart. Whoever unpacks them side by side gets a model that speaks, badly. The test "blocks are unpacked as the format's own library does, to the bit" compares
// every weight.

// ## Exercise
//
// How far can a weight of `Q4_1` be from the one it stands for, if the lowest weight of its block is −0.3 and the highest 0.45?
//
// **Hint.** Sixteen numbers divide the range into fifteen steps.
//
// **Solution.** Half a step: 0.025.
//
// ```ts
// console.log(((0.45 + 0.3) / 15 / 2).toFixed(3));
// ```
//
// ```text
// 0.025
// ```
