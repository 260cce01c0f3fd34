/**
 * # Multiply-adds from registers
 *
 * The ceiling: multiply-adds from registers alone, as many at a time as a tile keeps going.
 *
 * What the benches divide by. It uses the same instructions as the matrix product and
 * touches no memory.
 *
 * @module
 */

import { madd } from "../../assembly/simd.ts";

/**
 * Runs `turns` × 48 vector multiply-adds on twelve accumulators: `turns` × 384 operations.
 *
 * Each accumulator multiplies its neighbour: a product of constants would be computed once.
 */
export function peak(turns: i32, x: f32, y: f32): f32 {
  const v = f32x4.splat(y);
  let a = f32x4.splat(x + 1), b = f32x4.splat(x + 2), c = f32x4.splat(x + 3), d = f32x4.splat(x + 4);
  let e = f32x4.splat(x + 5), f = f32x4.splat(x + 6), g = f32x4.splat(x + 7), h = f32x4.splat(x + 8);
  let i = f32x4.splat(x + 9), j = f32x4.splat(x + 10), k = f32x4.splat(x + 11), l = f32x4.splat(x + 12);
  for (; turns > 0; turns--) {
    for (let r = 0; r < 4; r++) {
      a = madd(b, v, a);
      b = madd(c, v, b);
      c = madd(d, v, c);
      d = madd(e, v, d);
      e = madd(f, v, e);
      f = madd(g, v, f);
      g = madd(h, v, g);
      h = madd(i, v, h);
      i = madd(j, v, i);
      j = madd(k, v, j);
      k = madd(l, v, k);
      l = madd(a, v, l);
    }
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  e = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
  i = f32x4.add(f32x4.add(i, j), f32x4.add(k, l));
  return f32x4.extract_lane(f32x4.add(f32x4.add(a, e), i), 0);
}
