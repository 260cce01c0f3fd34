/**
 * # Heads
 *
 * Views `[B, H, T, D]` as attention and rotary positions take and leave them.
 *
 * @module
 */

import type { View } from "../../core/engine/backend.ts";
import type { Runtime } from "../runtime.ts";

/** A fresh `[B, H, T, D]` laid out as `[B, T, H, D]`, so that merging the heads is a view. */
export function headsApart(runtime: Runtime, [B, H, T, D]: readonly [number, number, number, number]): View {
  const { buffer } = runtime.make("float32", [B, T, H, D]);
  return { buffer, dtype: "float32", shape: [B, H, T, D], strides: [T * H * D, D, H * D, 1], offset: 0 };
}

/** The view if the elements of its last axis lie side by side, else a copy. */
export function rowsTogether(runtime: Runtime, x: View): View {
  return x.strides[3] === 1 || x.shape[3]! <= 1 ? x : runtime.contiguous(x);
}
