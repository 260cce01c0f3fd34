/**
 * Dropout with the bits of the engine's generator: Threefry-2x32 with 20 rounds (Salmon et
 * al. 2011), a function from a counter to two random words under a key.
 *
 * Element $i$ takes word $i \bmod 2$ of block $c + \lfloor i/2 \rfloor$, and stays if
 *
 * $$\lfloor w / 2^8 \rfloor \ge \mathrm{rate} \cdot 2^{24}$$
 *
 * which is the definition's $u \ge \mathrm{rate}$ in integers.
 *
 * | argument          | meaning                                                     |
 * | ----------------- | ----------------------------------------------------------- |
 * | `key0`, `key1`    | the two key words                                           |
 * | `low`, `high`     | the number $c$ of the first block                           |
 * | `threshold`       | $\lceil \mathrm{rate} \cdot 2^{24} \rceil$                   |
 * | `scale`           | $1 / (1 - \mathrm{rate})$                                    |
 *
 * **Shape of the loop.** A unit is a run of 1024 elements. A turn computes four blocks, one
 * in each lane, and so eight elements. There is no state: any thread can do any run, and
 * the gradient draws the same bits again instead of storing a mask.
 */

import { integer, loadPart, number, pointer, storePart } from "./simd";

let LANES: v128 = i32x4(0, 1, 2, 3);

@inline
function turn(y: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(y, bits), i32x4.shr_u(y, 32 - bits));
}

/** Eight elements: the words of four blocks are drawn, interleaved and compared. */
function dropEight(y: usize, x: usize, n: i32, key0: i32, key1: i32, block: u64, threshold: v128, scale: v128): void {
  const k0 = i32x4.splat(key0), k1 = i32x4.splat(key1), k2 = i32x4.splat(key0 ^ key1 ^ 0x1bd11bda);
  const first = i32x4.splat(<i32>block);
  const low = i32x4.add(first, LANES);
  // Where the low word passed 2³², the high word is one more.
  const high = i32x4.sub(i32x4.splat(<i32>(block >> 32)), i32x4.lt_u(low, first));
  let a = i32x4.add(low, k0), b = i32x4.add(high, k1);

  for (let group = 0; group < 5; group++) {
    if (group & 1) {
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 17), a);
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 29), a);
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 16), a);
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 24), a);
    } else {
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 13), a);
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 15), a);
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 26), a);
      a = i32x4.add(a, b);
      b = v128.xor(turn(b, 6), a);
    }
    const next = group % 3;
    a = i32x4.add(a, next == 0 ? k1 : next == 1 ? k2 : k0);
    b = i32x4.add(b, i32x4.add(next == 0 ? k2 : next == 1 ? k0 : k1, i32x4.splat(group + 1)));
  }

  const p = i32x4.ge_s(i32x4.shr_u(v128.shuffle<i32>(a, b, 0, 4, 1, 5), 8), threshold);
  const q = i32x4.ge_s(i32x4.shr_u(v128.shuffle<i32>(a, b, 2, 6, 3, 7), 8), threshold);
  if (n >= 8) {
    v128.store(y, f32x4.mul(v128.load(x), v128.and(p, scale)));
    v128.store(y + 16, f32x4.mul(v128.load(x + 16), v128.and(q, scale)));
  } else if (n > 4) {
    v128.store(y, f32x4.mul(v128.load(x), v128.and(p, scale)));
    storePart(y + 16, f32x4.mul(loadPart(x + 16, n - 4, 0), v128.and(q, scale)), n - 4);
  } else if (n == 4) v128.store(y, f32x4.mul(v128.load(x), v128.and(p, scale)));
  else storePart(y, f32x4.mul(loadPart(x, n, 0), v128.and(p, scale)), n);
}

/** Runs of 1024 elements: `args` = y, x, elements, key0, key1, low, high, threshold, scale. */
export function dropout(args: usize, from: i32, to: i32): void {
  const count = integer(args, 2), key0 = integer(args, 3), key1 = integer(args, 4);
  const start = <u64>load<u32>(args + 20) | (<u64>load<u32>(args + 24) << 32);
  const threshold = i32x4.splat(integer(args, 7)), scale = f32x4.splat(number(args, 8));
  const end = min(count, to << 10);
  for (let i = from << 10; i < end; i += 8) {
    const skip = <usize>i << 2;
    dropEight(pointer(args, 0) + skip, pointer(args, 1) + skip, end - i, key0, key1, start + (<u64>i >> 1), threshold, scale);
  }
}
