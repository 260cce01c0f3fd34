/**
 * # Heads
 *
 * Views `[B, H, T, D]` as attention and rotary positions take and leave them.
 *
 * @module
 */

import type { Buffer, View } from "../../core/engine/backend.ts";
import type { Runtime } from "../runtime.ts";

/** Four numbers: extents, or steps. */
export type Four = readonly [number, number, number, number];

/** The view if the elements of its last axis lie side by side, else a copy. */
export function rowsTogether(runtime: Runtime, x: View): View {
  return x.strides[3] === 1 || x.shape[3]! <= 1 ? x : runtime.contiguous(x);
}

/** `[B, H, T, D]` laid out as `[B, T, H, D]`, beginning at `offset` of a buffer. */
export function headsApart(buffer: Buffer, [B, H, T, D]: Four, offset = 0): View {
  return { buffer, dtype: "float32", shape: [B, H, T, D], strides: [T * H * D, D, H * D, 1], offset };
}
