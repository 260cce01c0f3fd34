/**
 * # The order that sorts a row
 *
 * Numbers become unsigned keys whose order is the order wanted. Short rows are sorted by
 * insertion. Long ones are dealt into 256 piles by the lowest byte of the key, collected,
 * dealt by the next byte, and so on: four passes whatever the length, and equal keys never
 * overtake each other.
 *
 * @module
 */

import { integer, pointer } from "./simd.ts";
import * as word from "./words/sort.ts";

/** Rows up to this length are sorted by insertion. */
const SHORT: i32 = 48;

/** An unsigned key: NaN is the greatest of all, the two zeros are equal; turned over to descend. */
// @inline
function keyOf(bits: u32, integers: i32, descending: i32): u32 {
  let key = bits;
  if (integers) key ^= 0x80000000;
  else if ((bits & 0x7fffffff) > 0x7f800000) key = 0xffffffff;
  else if (bits == 0x80000000) key = 0x80000000;
  else key = bits & 0x80000000 ? ~bits : bits | 0x80000000;
  return descending ? ~key : key;
}

/** Inserts each key into the sorted ones before it. */
function insertion(order: usize, keys: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const key = load<u32>(keys + (<usize> i << 2));
    let j = i - 1;
    while (j >= 0 && load<u32>(keys + (<usize> j << 2)) > key) {
      store<u32>(keys + (<usize> (j + 1) << 2), load<u32>(keys + (<usize> j << 2)));
      store<i32>(order + (<usize> (j + 1) << 2), load<i32>(order + (<usize> j << 2)));
      j--;
    }
    store<u32>(keys + (<usize> (j + 1) << 2), key);
    store<i32>(order + (<usize> (j + 1) << 2), i);
  }
}

/** One pass: deals (key, index) pairs into piles by one byte. */
function deal(shift: u32, counts: usize, keys: usize, order: usize, toKeys: usize, toOrder: usize, n: i32): void {
  memory.fill(counts, 0, 1024);
  for (let i: usize = 0; i < <usize> n << 2; i += 4) {
    const pile = counts + (<usize> ((load<u32>(keys + i) >> shift) & 255) << 2);
    store<i32>(pile, load<i32>(pile) + 1);
  }
  let start = 0;
  for (let i: usize = 0; i < 1024; i += 4) {
    const count = load<i32>(counts + i);
    store<i32>(counts + i, start);
    start += count;
  }
  for (let i: usize = 0; i < <usize> n << 2; i += 4) {
    const key = load<u32>(keys + i), pile = counts + (<usize> ((key >> shift) & 255) << 2);
    const place = load<i32>(pile);
    store<i32>(pile, place + 1);
    store<u32>(toKeys + (<usize> place << 2), key);
    store<i32>(toOrder + (<usize> place << 2), load<i32>(order + i));
  }
}

/**
 * The order of each row; a unit is a row.
 *
 * Scratch: 1024 bytes and
 * three times the bytes of a row.
 */
export function argsortJob(args: usize, from: i32, to: i32, scratch: usize): void {
  const target = pointer(args, word.TO), source = pointer(args, word.FROM), n = integer(args, word.WIDTH);
  const descending = integer(args, word.DESCENDING), integers = integer(args, word.INTEGER), bytes = <usize> n << 2;
  const keys = scratch + 1024, otherKeys = keys + bytes, otherOrder = otherKeys + bytes;
  for (let unit = from; unit < to; unit++) {
    const x = source + <usize> unit * bytes, order = target + <usize> unit * bytes;
    for (let i: usize = 0; i < bytes; i += 4) store<u32>(keys + i, keyOf(load<u32>(x + i), integers, descending));
    if (n <= SHORT) insertion(order, keys, n);
    else {
      for (let i = 0; i < n; i++) store<i32>(order + (<usize> i << 2), i);
      deal(0, scratch, keys, order, otherKeys, otherOrder, n);
      deal(8, scratch, otherKeys, otherOrder, keys, order, n);
      deal(16, scratch, keys, order, otherKeys, otherOrder, n);
      deal(24, scratch, otherKeys, otherOrder, keys, order, n);
    }
  }
}
