/**
 * # Dropout
 *
 * The bits are those of the engine's generator: Threefry-2x32 with 20 rounds (Salmon et al. 2011), a
 * function from a counter to two random words under a key.
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
 * | `bits`            | bit $i$ tells whether element $i$ stays; 128 bytes per run   |
 *
 * **Shape of the loop.** A unit is a run of 1024 elements. A turn computes eight blocks, one
 * in each lane of two vectors whose chains of dependent rounds overlap, and so 16 elements.
 * There is no state: any thread can do any run.
 * Drawing costs far more than multiplying, so the decisions stay for the gradient, a bit each.
 *
 * @module
 */

// deno-lint-ignore-file prefer-const -- constants in memory are faster than constants in code: see exp.ts

import { integer, loadPart, number, pointer, storePart } from "./simd.ts";
import * as word from "./words/dropout.ts";
import { RUN } from "./words/runs.ts";

let LANES: v128 = i32x4(0, 1, 2, 3);
let LATER: v128 = i32x4(4, 5, 6, 7);
let ONE: v128 = i32x4.splat(1);
let BITS0: v128 = i32x4(1, 2, 4, 8);
let BITS1: v128 = i32x4(16, 32, 64, 128);
let BITS2: v128 = i32x4(256, 512, 1024, 2048);
let BITS3: v128 = i32x4(4096, 8192, 16384, 32768);

// @inline
function turn(y: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(y, bits), i32x4.shr_u(y, 32 - bits));
}

/** Four elements, or as many as there are left: scaled where the mask is all ones, 0 where it is zero, whatever they are. */
// @inline
function keep(y: usize, x: usize, mask: v128, scale: v128, n: i32): void {
  if (n >= 4) v128.store(y, v128.and(f32x4.mul(v128.load(x), scale), mask));
  else if (n > 0) storePart(y, v128.and(f32x4.mul(loadPart(x, n, 0), scale), mask), n);
}

/** All ones where a word is high enough, else zero. */
// @inline
function staying(words: v128, threshold: v128): v128 {
  return i32x4.ge_s(i32x4.shr_u(words, 8), threshold);
}

/** A run of `n` elements that starts with the given block. */
function dropRun(
  y: usize,
  x: usize,
  bits: usize,
  n: i32,
  key0: i32,
  key1: i32,
  block: u64,
  threshold: v128,
  scale: v128,
): void {
  const k0 = i32x4.splat(key0), k1 = i32x4.splat(key1), k2 = i32x4.splat(key0 ^ key1 ^ 0x1bd11bda);
  // Five injections of two of the three keys in turn; the second one has the number of the injection added.
  for (; n > 0; n -= 16) {
    const first = i32x4.splat(<i32> block), up = i32x4.splat(<i32> (block >> 32));
    const low = i32x4.add(first, LANES), next = i32x4.add(first, LATER);
    // Where the low word passed 2³², the high word is one more.
    let a = i32x4.add(low, k0), b = i32x4.add(i32x4.sub(up, i32x4.lt_u(low, first)), k1);
    let c = i32x4.add(next, k0), d = i32x4.add(i32x4.sub(up, i32x4.lt_u(next, first)), k1);

    let u = k1, v = k2, w = k0, count = ONE;
    for (let i = 0; i < 2; i++) {
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 13), a);
      d = v128.xor(turn(d, 13), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 15), a);
      d = v128.xor(turn(d, 15), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 26), a);
      d = v128.xor(turn(d, 26), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 6), a);
      d = v128.xor(turn(d, 6), c);
      let injected = i32x4.add(v, count);
      a = i32x4.add(a, u);
      c = i32x4.add(c, u);
      b = i32x4.add(b, injected);
      d = i32x4.add(d, injected);
      count = i32x4.add(count, ONE);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 17), a);
      d = v128.xor(turn(d, 17), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 29), a);
      d = v128.xor(turn(d, 29), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 16), a);
      d = v128.xor(turn(d, 16), c);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      b = v128.xor(turn(b, 24), a);
      d = v128.xor(turn(d, 24), c);
      injected = i32x4.add(w, count);
      a = i32x4.add(a, v);
      c = i32x4.add(c, v);
      b = i32x4.add(b, injected);
      d = i32x4.add(d, injected);
      count = i32x4.add(count, ONE);
      const next = w;
      w = v;
      v = u;
      u = next;
    }
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = v128.xor(turn(b, 13), a);
    d = v128.xor(turn(d, 13), c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = v128.xor(turn(b, 15), a);
    d = v128.xor(turn(d, 15), c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = v128.xor(turn(b, 26), a);
    d = v128.xor(turn(d, 26), c);
    a = i32x4.add(a, b);
    c = i32x4.add(c, d);
    b = v128.xor(turn(b, 6), a);
    d = v128.xor(turn(d, 6), c);
    const last = i32x4.add(v, count);
    a = i32x4.add(a, u);
    c = i32x4.add(c, u);
    b = i32x4.add(b, last);
    d = i32x4.add(d, last);

    const p = staying(v128.shuffle<i32>(a, b, 0, 4, 1, 5), threshold);
    const q = staying(v128.shuffle<i32>(a, b, 2, 6, 3, 7), threshold);
    const r = staying(v128.shuffle<i32>(c, d, 0, 4, 1, 5), threshold);
    const s = staying(v128.shuffle<i32>(c, d, 2, 6, 3, 7), threshold);
    keep(y, x, p, scale, n);
    keep(y + 16, x + 16, q, scale, n - 4);
    keep(y + 32, x + 32, r, scale, n - 8);
    keep(y + 48, x + 48, s, scale, n - 12);
    store<u16>(bits, i32x4.bitmask(p) | (i32x4.bitmask(q) << 4) | (i32x4.bitmask(r) << 8) | (i32x4.bitmask(s) << 12));
    bits += 2;
    x += 64;
    y += 64;
    block += 8;
  }
}

/** Runs of dropout: elements, each kept or not. */
export function dropout(args: usize, from: i32, to: i32): void {
  const count = integer(args, word.COUNT), key0 = integer(args, word.KEY0), key1 = integer(args, word.KEY1);
  const start = <u64> load<u32>(args + 20) | (<u64> load<u32>(args + 24) << 32);
  const threshold = i32x4.splat(integer(args, word.THRESHOLD)), scale = f32x4.splat(number(args, word.SCALE));
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> (unit * RUN) << 2, y = pointer(args, word.TO) + skip, x = pointer(args, word.FROM) + skip;
    const bits = pointer(args, word.BITS) + (<usize> (unit * RUN) >> 3), block = start + (<u64> (unit * RUN) >> 1);
    dropRun(y, x, bits, min(RUN, count - unit * RUN), key0, key1, block, threshold, scale);
  }
}

/** What `dropRun` did, from the bits it left. */
function dropAgain(y: usize, x: usize, bits: usize, n: i32, scale: v128): void {
  const zero = i32x4.splat(0);
  for (; n > 0; n -= 16) {
    const word = i32x4.splat(load<u16>(bits));
    keep(y, x, i32x4.ne(v128.and(word, BITS0), zero), scale, n);
    keep(y + 16, x + 16, i32x4.ne(v128.and(word, BITS1), zero), scale, n - 4);
    keep(y + 32, x + 32, i32x4.ne(v128.and(word, BITS2), zero), scale, n - 8);
    keep(y + 48, x + 48, i32x4.ne(v128.and(word, BITS3), zero), scale, n - 12);
    x += 64;
    y += 64;
    bits += 2;
  }
}

/** Runs of the gradient of dropout, by the decisions that were kept. */
export function dropoutBackward(args: usize, from: i32, to: i32): void {
  const count = integer(args, word.COUNT), scale = f32x4.splat(number(args, word.SCALE));
  for (let unit = from; unit < to; unit++) {
    const skip = <usize> (unit * RUN) << 2,
      n = min(RUN, count - unit * RUN),
      bits = pointer(args, word.BITS) + (<usize> (unit * RUN) >> 3);
    dropAgain(pointer(args, word.TO) + skip, pointer(args, word.FROM) + skip, bits, n, scale);
  }
}
