/**
 * # What no rung can beat
 *
 * Every table of the ladder ends with a share of a ceiling, measured in the same run:
 *
 * | ceiling        | is                                                                    |
 * | -------------- | --------------------------------------------------------------------- |
 * | multiply-adds  | twelve sums in registers, no memory at all: {@linkcode peak} in `peak.ts` |
 * | reading        | {@linkcode reading}: as many bytes as the weights have, one integer addition per vector |
 * | copying        | {@linkcode copying}: as many bytes read and as many written           |
 *
 * Work that does many operations per byte is bounded by the first, work that uses each number
 * once by the others; the crossing point of the two is the *roofline* of a machine (Williams,
 * Waterman and Patterson 2009).
 *
 * @module
 */

/** Reads `bytes` (a multiple of 64) at `from`; the sum only keeps the loads alive. */
export function reading(from: usize, bytes: usize): i32 {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  const end = from + bytes;
  for (; from < end; from += 64) {
    a = i32x4.add(a, v128.load(from));
    b = i32x4.add(b, v128.load(from + 16));
    c = i32x4.add(c, v128.load(from + 32));
    d = i32x4.add(d, v128.load(from + 48));
  }
  return i32x4.extract_lane(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), 0);
}

/** Copies `bytes` (a multiple of 64) from `from` to `to`. */
export function copying(to: usize, from: usize, bytes: usize): void {
  const end = from + bytes;
  for (; from < end; from += 64) {
    v128.store(to, v128.load(from));
    v128.store(to + 16, v128.load(from + 16));
    v128.store(to + 32, v128.load(from + 32));
    v128.store(to + 48, v128.load(from + 48));
    to += 64;
  }
}
