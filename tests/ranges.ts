/**
 * # Numbers over the whole range of float32 and int32
 *
 * Ordinary tests draw numbers around 1. What a kernel does far away, at the ends, and with what is no number, is tried with
 * these instead. They are draws like all others, so that every row of `cases.ts` and `fused_cases.ts` runs on them:
 *
 * - {@linkcode Wide}: any bits that stand for a number, and the neighbours of all points where a kernel changes its course;
 * - {@linkcode Broken}: the usual numbers, some of them replaced by NaN or infinities.
 *
 * {@linkcode assertReached} compares with double precision, {@linkcode assertKinds} says only where numbers, infinities
 * and NaN stand.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { sizeOf } from "../core/engine/shape.ts";
import { build, Draws, type HostArray } from "./support.ts";

/** The smallest number of float32 with all its digits. */
export const NORMAL32: number = 2 ** -126;
/** The smallest number of float32 above zero. */
export const LEAST32: number = 2 ** -149;
/** The largest number of float32. */
export const LARGEST32: number = (2 - 2 ** -23) * 2 ** 127;

const words = new Uint32Array(1), floats = new Float32Array(words.buffer);

/** The float32 number of these bits. */
export function float32Of(bits: number): number {
  words[0] = bits;
  return floats[0]!;
}

/** The float32 number some places above a number, or below. */
export function neighbour(x: number, places: number): number {
  floats[0] = x;
  return float32Of(words[0]! + places);
}

/** Sizes at which a kernel takes another path, or a function another form. */
const turns: readonly number[] = [
  ...[
    0,
    LEAST32,
    NORMAL32,
    LARGEST32,
    Infinity,
    1,
    2,
    0.5,
    Math.PI / 4,
    Math.PI / 2,
    Math.PI,
    Math.SQRT1_2,
    Math.SQRT2,
  ],
  ...[0.29, 0.41, 0.625, 1.5, 4, 4.5, 6, 8, 9.4, 10, 20, 87.33, 88.72283, 100, 103.97, 128, 149, 150],
  ...[1e-30, 1e-20, 1e-8, 3e-5, 1e4, 2 ** 22, 2 ** 23, 2 ** 24, 1e9, 2 ** 31, 2 ** 32, 3.9e11, 1e13, 1e15, 1e18, 1e19],
  ...[1e20, 2 ** 64, 1e30, 1.7e38, 3e38],
];

/** Numbers that are worth a look at: ends, turns, and what lies next to them, of both signs; NaN. */
export const landmarks: readonly number[] = [
  NaN,
  ...turns.flatMap((x) => x === 0 || x === Infinity ? [x] : [x, neighbour(x, -1), neighbour(x, 1)])
    .map(Math.fround).flatMap((x) => [x, -x]),
];

/** Integers worth a look at: ends, what overflows when multiplied or does not fit float32, small ones. */
export const integerLandmarks: readonly number[] = [
  ...[
    0,
    1,
    2,
    3,
    5,
    7,
    10,
    255,
    46_340,
    46_341,
    65_535,
    65_536,
    2 ** 24 - 1,
    2 ** 24,
    2 ** 24 + 1,
    2 ** 30,
    2 ** 31 - 1,
  ],
].flatMap((x) => [x, -x | 0]).concat(-(2 ** 31));

/** Draws that cover all of float32: bits at random, landmarks, and ordinary numbers in equal parts. */
export class Wide extends Draws {
  #draw(positive: boolean): number {
    const kind = Math.floor(3 * this.next()), place = this.next();
    const x = kind === 0
      ? float32Of(Math.floor(place * 2 ** 32))
      : kind === 1
      ? landmarks[Math.floor(place * landmarks.length)]!
      : Math.fround((2 * place - 1) * 10 ** (4 * this.next() - 2));
    return positive ? Math.abs(x) : x;
  }

  override normal(...shape: number[]): HostArray {
    return build(shape, () => this.#draw(false));
  }

  override uniform(min: number, _max: number, ...shape: number[]): HostArray {
    return build(shape, () => this.#draw(min >= 0));
  }

  override spaced(...shape: number[]): HostArray {
    return this.normal(...shape);
  }

  override coarse(...shape: number[]): HostArray {
    return this.normal(...shape);
  }
}

/** Ordinary draws in which some numbers are broken; at least one in every array that has one. */
export class Broken extends Draws {
  readonly #kinds: readonly number[];
  readonly #share: number;

  /**
   * @param seed of the draws
   * @param kinds what takes a number's place
   * @param share of the numbers that is replaced
   */
  constructor(seed: number, kinds: readonly number[], share: number = 0.05) {
    super(seed);
    this.#kinds = kinds;
    this.#share = share;
  }

  #broken(x: HostArray): HostArray {
    const count = sizeOf(x.shape);
    for (let left = Math.ceil(this.#share * count); left > 0; left--) {
      x.data[Math.floor(this.next() * count)] = this.#kinds[Math.floor(this.next() * this.#kinds.length)]!;
    }
    return x;
  }

  override normal(...shape: number[]): HostArray {
    return this.#broken(super.normal(...shape));
  }

  override uniform(min: number, max: number, ...shape: number[]): HostArray {
    return this.#broken(super.uniform(min, max, ...shape));
  }

  override spaced(...shape: number[]): HostArray {
    return this.#broken(super.spaced(...shape));
  }

  override coarse(...shape: number[]): HostArray {
    return this.#broken(super.coarse(...shape));
  }
}

/** How far a number may lie from the true one. */
export interface Reach {
  /** Units in the last place of the true number; 0.5 asks for the nearest one. */
  readonly units: number;
  /** Difference allowed in addition. */
  readonly atol?: number;
}

/** The distance from a number to the next float32 number. */
export function spacing(x: number): number {
  return x === 0 ? LEAST32 : Math.max(LEAST32, 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23));
}

/** Fails unless float32 numbers are the true ones to within some units; one that rounds to infinity may be infinite. */
export function assertReached(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  reach: Reach | ((i: number) => Reach),
  describe: (i: number) => string = (i) => `element ${i}`,
): void {
  assertEquals(found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    const x = found[i]!, wanted = expected[i]!;
    if (Object.is(x, wanted) || x === Math.fround(wanted)) continue;
    const { units, atol = 0 } = typeof reach === "function" ? reach(i) : reach;
    const far = (units > 0.5 ? units * spacing(wanted) : 0) + atol;
    const inside = x >= Math.fround(wanted - far) && x <= Math.fround(wanted + far);
    assert(inside, `${describe(i)}: ${x} instead of ${wanted}, ${Math.abs(x - wanted) / spacing(wanted)} units off`);
  }
}

/** What a number is: itself if it is none, and 0 for all numbers. */
function kindOf(x: number): number {
  return Number.isFinite(x) ? 0 : x;
}

/** Fails unless NaN and infinities stand where they stand in what is expected, and nowhere else. */
export function assertKinds(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assertEquals(found.length, expected.length, what);
  for (let i = 0; i < found.length; i++) {
    assert(
      Object.is(kindOf(found[i]!), kindOf(expected[i]!)),
      `${what}, element ${i}: ${found[i]} instead of ${expected[i]}`,
    );
  }
}
