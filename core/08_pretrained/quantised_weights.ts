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
import type { LevelForm, Levels } from "../engine/backend.ts";
import { type Check, checkValue, list } from "../engine/options.ts";
import { halfToNumber, numberToHalf } from "../engine/numbers.ts";
import { levelNumbers, type LevelSource } from "../engine/levels.ts";
import { format } from "../engine/shape.ts";
import { aByteArray } from "../06_training/safetensors.ts";
import { storageOf } from "./files/gguf.ts";

/** Levels of weights, and what a block of them has besides, as they are filled. */
interface Filled {
  readonly levels: Uint8Array;
  readonly steps: Float32Array;
  readonly leasts: Float32Array;
}

/** Takes the levels of one block of a file, which begins at a byte, as those from a weight on. */
type Take = (bytes: Uint8Array, at: number, filled: Filled, to: number) => void;

/** A kind of block: how its weights are kept, and how they are found in its bytes. */
interface Kind {
  readonly form: LevelForm;
  readonly take: Take;
}

const f = Math.fround;

/** Every float16 as a number, once one is asked for: a model has millions. */
let halves: Float32Array | undefined;

/** A float16 of two bytes. */
function half(bytes: Uint8Array, at: number): number {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits));
  return halves[bytes[at]! | bytes[at + 1]! << 8]!;
}

// ## Blocks of 32
//
// The scale becomes the step. A number around 8, 16 or 0 becomes a level around the middle of those that a device keeps, which is 8, 64 or 128.

/** Numbers of four bits, two in a byte: those of the later half above. */
function takeFours(bytes: Uint8Array, at: number, levels: Uint8Array, to: number): void {
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + i]!;
    levels[to + i] = q & 15;
    levels[to + 16 + i] = q >> 4;
  }
}

/** Numbers of five bits: the fifth bits together, then as in four bits. */
function takeFives(bytes: Uint8Array, at: number, levels: Uint8Array, to: number, more: number): void {
  takeFours(bytes, at + 4, levels, to);
  for (let i = 0; i < 32; i++) levels[to + i]! += ((bytes[at + (i >> 3)]! >> (i & 7) & 1) << 4) + more;
}

/** Four bits around 8: `d`, then the numbers. */
const q40: Take = (bytes, at, { levels, steps }, to) => {
  steps[to / 32] = half(bytes, at);
  takeFours(bytes, at + 2, levels, to);
};

/** Four bits above a minimum: `d`, `m`. */
const q41: Take = (bytes, at, { levels, steps, leasts }, to) => {
  steps[to / 32] = half(bytes, at);
  leasts[to / 32] = half(bytes, at + 2);
  takeFours(bytes, at + 4, levels, to);
};

/** Five bits around 16. */
const q50: Take = (bytes, at, { levels, steps }, to) => {
  steps[to / 32] = half(bytes, at);
  takeFives(bytes, at + 2, levels, to, 48);
};

/** Five bits above a minimum. */
const q51: Take = (bytes, at, { levels, steps, leasts }, to) => {
  steps[to / 32] = half(bytes, at);
  leasts[to / 32] = half(bytes, at + 2);
  takeFives(bytes, at + 4, levels, to, 0);
};

/** Eight bits with a sign. */
const q80: Take = (bytes, at, { levels, steps }, to) => {
  steps[to / 32] = half(bytes, at);
  for (let i = 0; i < 32; i++) levels[to + i] = bytes[at + 2 + i]! ^ 128;
};

// ## Blocks of 256

/** Scale and minimum of part `j` of eight, six bits each in twelve bytes, times `d` and `m`. */
function putScales(bytes: Uint8Array, at: number, { steps, leasts }: Filled, to: number): void {
  const d = half(bytes, at), m = half(bytes, at + 2);
  for (let j = 0, s = at + 4; j < 8; j++) {
    const low = bytes[s + j + 4]!;
    const scale = j < 4 ? bytes[s + j]! & 63 : low & 15 | bytes[s + j - 4]! >> 6 << 4;
    const minimum = j < 4 ? low & 63 : low >> 4 | bytes[s + j]! >> 6 << 4;
    steps[to / 32 + j] = d * scale;
    leasts[to / 32 + j] = -f(m * minimum);
  }
}

/** Four bits: `d`, `d_min`, scales of eight parts of 32, then two parts in 32 bytes. */
const q4K: Take = (bytes, at, filled, to) => {
  putScales(bytes, at, filled, to);
  for (let i = 0; i < 256; i++) filled.levels[to + i] = bytes[at + 16 + (i >> 6 << 5) + (i & 31)]! >> (i >> 3 & 4) & 15;
};

/** Five bits: as four, and 32 bytes with the fifth bits, bit `j` for part `j`. */
const q5K: Take = (bytes, at, filled, to) => {
  putScales(bytes, at, filled, to);
  for (let i = 0; i < 256; i++) {
    const low = bytes[at + 48 + (i >> 6 << 5) + (i & 31)]! >> (i >> 3 & 4) & 15;
    filled.levels[to + i] = low | (bytes[at + 16 + (i & 31)]! >> (i >> 5) & 1) << 4;
  }
};

/** Six bits around 32: the lower four of 256 weights, their upper two, scales of sixteen parts of 16, then `d`. */
const q6K: Take = (bytes, at, { levels, steps }, to) => {
  const d = half(bytes, at + 208);
  for (let j = 0; j < 16; j++) steps[to / 16 + j] = d * (bytes[at + 192 + j]! << 24 >> 24);
  for (let i = 0; i < 256; i++) {
    const halfBlock = i >> 7, part = i >> 5 & 3, l = i & 31;
    const low = bytes[at + 64 * halfBlock + 32 * (part & 1) + l]! >> 4 * (part >> 1) & 15;
    const high = bytes[at + 128 + 32 * halfBlock + l]! >> 2 * part & 3;
    levels[to + i] = (low | high << 4) + 32;
  }
};

const AROUND_EIGHT: LevelForm = { bits: 4, block: 32, least: false };
const FOUR_BITS: LevelForm = { bits: 4, block: 32, least: true };
const FIVE_BITS: LevelForm = { bits: 7, block: 32, least: true };

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["Q4_0", { form: AROUND_EIGHT, take: q40 }],
  ["Q4_1", { form: FOUR_BITS, take: q41 }],
  ["Q5_0", { form: { bits: 7, block: 32, least: false }, take: q50 }],
  ["Q5_1", { form: FIVE_BITS, take: q51 }],
  ["Q8_0", { form: { bits: 8, block: 32, least: false }, take: q80 }],
  ["Q4_K", { form: FOUR_BITS, take: q4K }],
  ["Q5_K", { form: FIVE_BITS, take: q5K }],
  ["Q6_K", { form: { bits: 7, block: 16, least: false }, take: q6K }],
]);

/** The kinds of blocks that {@linkcode unpackBlocks} reads. */
export const BLOCK_KINDS: readonly string[] = [...KINDS.keys()];

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
  const known = kindOf("unpack", kind), { elements, bytes: size } = storageOf(kind)!;
  if (bytes.length % size !== 0) {
    throw new RangeError(
      `Cannot unpack ${bytes.length} bytes of ${kind}: a block has ${size}, and a whole number of them is needed`,
    );
  }
  return levelNumbers(known.form, levelsIn(known, bytes, elements, size));
}

function kindOf(action: string, kind: string): Kind {
  const known = KINDS.get(kind);
  if (known) return known;
  throw new RangeError(`Cannot ${action} blocks of ${kind}: ${BLOCK_KINDS.join(", ")} are read`);
}

function levelsIn({ form, take }: Kind, bytes: Uint8Array, elements: number, size: number): Levels {
  const blocks = bytes.length / size, count = blocks * elements / form.block;
  const steps = new Float32Array(count), leasts = new Float32Array(form.least ? count : 0);
  const filled = { levels: new Uint8Array(blocks * elements), steps, leasts };
  for (let block = 0; block < blocks; block++) take(bytes, block * size, filled, block * elements);
  return filled;
}

// ## Kept as they are
//
// A model answers faster from its blocks than from the numbers that they stand for: a weight of four bits is read in an eighth of the time of one of 32. The CPU device multiplies by [levels](../engine/levels.ts), rounds the row that it multiplies to eight bits, and lays the blocks out as
// it likes to read them, without another rounding of the weights. [`fromPretrained`](architecture.ts) keeps them so unless it is asked for `weights: "float32"`; a device that has no such kernels gets the numbers.

const aShape: Check<readonly number[]> = list(
  "a list of whole numbers",
  (extent) => Number.isSafeInteger(extent) && (extent as number) >= 0,
);

/**
 * The blocks of a matrix as levels, for `packLevels`.
 *
 * @param kind of block, such as `Q4_1`
 * @param shape extents of the matrix, rows first, each a whole number of blocks
 * @param bytes of the blocks, one after the other
 * @returns its levels, row by row
 * @throws {RangeError} if the kind is not read, or the bytes are not those of such a matrix
 */
export function blockLevels(kind: string, shape: readonly number[], bytes: Uint8Array): LevelSource {
  checkText("keep blocks", "kind", kind);
  checkValue("keep blocks", "shape", shape, aShape);
  checkValue("keep blocks", "bytes", bytes, aByteArray);
  const known = kindOf("keep", kind), { elements, bytes: size } = storageOf(kind)!, [N = 0, K = 0] = shape;
  if (shape.length !== 2 || K % elements !== 0 || bytes.length !== N * K / elements * size) {
    throw new RangeError(
      `Cannot keep ${bytes.length} bytes of ${kind} as a matrix of shape ${format(shape)}: ` +
        `rows must be whole blocks of ${elements} weights in ${size} bytes`,
    );
  }
  const row = K / elements * size;
  const rows = (from: number, count: number): Levels =>
    levelsIn(known, bytes.subarray(from * row, (from + count) * row), elements, size);
  return { format: kind, form: known.form, shape: [N, K], rows };
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

// ## What it costs a model that somebody trained
//
// SmolLM2 reads plays that its trainers did not choose for it, with its weights kept in ten ways. To round the numbers again into the kind that its file has loses little, since they lie on the steps of that kind already; other kinds have other steps, and lose more, whatever their bits.
//
// ```picture stored_weights_run What ten ways to keep the weights of SmolLM2 take, lose and gain.
// ```

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
