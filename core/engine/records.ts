/**
 * # Rows in eight bits
 *
 * **Question.** A weight is rounded once and read for ever. A key and a value are made in one step of a generation, and
 * read in all that follow. How can they be kept in a quarter of the memory?
 *
 * **Idea.** Round each row by itself, with one step for all of its numbers: a row is what one head keeps of one position.
 * Nothing has to be known beforehand, and nothing is rounded again when others come.
 *
 * **Formula.** For a row $x$ of width $D$, with its largest number in absolute value at level $\pm 127$,
 *
 * $$s = \frac{\max_i |x_i|}{127}, \qquad c_i = \Big\lfloor \frac{x_i}{s} + \frac12 \Big\rfloor, \qquad \hat x_i = s\, c_i, \qquad |\hat x_i - x_i| \le \frac{s}{2}$$
 *
 * | symbol      | in code        | kept as                       |
 * | ----------- | -------------- | ----------------------------- |
 * | $s$         | `step`         | float32, one for each row     |
 * | $c$         | `levels`       | a byte each                   |
 * | $\hat x$ | `roundEvenly()` | what the record stands for   |
 *
 * A device that has no records keeps $\hat x$ as float32: the results are the same, and the gain is not.
 *
 * @module
 */

import { isRecording, noGrad } from "./autograd.ts";
import type { Backend, FusedFunctions, RowRecords } from "./backend.ts";
import { isFusing } from "./fusable.ts";
import { requireFloat } from "./refusals.ts";
import { scope } from "./scope.ts";
import { adopt, type Tensor } from "./tensor.ts";

/** Levels on either side of zero. */
const LEVELS = 127;

/**
 * Rounds each row to 255 levels, evenly spaced between minus and plus its largest number.
 *
 * @param x rows, `[…, D]`
 * @returns the rounded rows, of the same shape
 */
export function roundEvenly(x: Tensor): Tensor {
  requireFloat("rounded rows", x);
  return noGrad(() =>
    scope(() => {
      const step = x.abs().max(-1, { keepDims: true }).div(LEVELS);
      const levels = x.div(step.where(step.notEqual(0), 1)).add(0.5).floor();
      return levels.mul(step);
    })
  );
}

/** How a device keeps records; undefined where rounded float32 takes their place. */
function recordsOf(device: Backend): RowRecords | undefined {
  return isFusing() ? device.records : undefined;
}

/**
 * Rows as they are kept: records of int32 where the device has them, else rounded float32.
 *
 * @param x `[…, D]`
 * @returns `[…, words]`, or `[…, D]`
 */
export function toRecords(x: Tensor): Tensor {
  requireFloat("rounded rows", x);
  const records = recordsOf(x.device), width = x.shape[x.rank - 1]!;
  if (!records || x.size === 0) return roundEvenly(x);
  return adopt(x.device, records.round(x), "int32", [...x.shape.slice(0, -1), records.words(width)]);
}

/**
 * The numbers that rows stand for as they are kept.
 *
 * @param kept what {@linkcode toRecords} returned
 * @param width numbers of a row: $D$
 * @returns float32 `[…, D]`
 */
export function fromRecords(kept: Tensor, width: number): Tensor {
  if (kept.dtype === "float32") return kept;
  return adopt(kept.device, kept.device.records!.spread(kept, width), "float32", [...kept.shape.slice(0, -1), width]);
}

/**
 * Attention to keys and values where they lie, if the device can.
 *
 * @param query `[B, H, T, D]`
 * @param key as {@linkcode toRecords} returned it
 * @param value as {@linkcode toRecords} returned it, of the same width
 * @param mask bool, broadcast to `[B, H, T, S]`
 * @param attributes whether the future is hidden, and the factor of the scores
 * @returns `[B, H, T, D]`; undefined if it cannot
 */
export function attendToRecords(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor | undefined,
  attributes: FusedFunctions["attention"],
): Tensor | undefined {
  const records = recordsOf(query.device);
  if (!records || key.dtype !== "int32" || query.size === 0) return undefined;
  // A record has no slope.
  if (isRecording() && query.requiresGrad) return undefined;
  const [B, H, T, D] = query.shape as [number, number, number, number];
  return adopt(query.device, records.attend(query, key, value, mask, attributes), "float32", [B, T, H, D]).transpose(
    1,
    2,
  );
}
