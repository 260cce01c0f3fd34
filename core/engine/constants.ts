/**
 * # Constants
 *
 * **Question.** A formula is full of small numbers: `x.mul(0.5).add(1)`. Each of them is an operand, and an operand is
 * device memory. Who uploads the same number a thousand times a second?
 *
 * **Idea.** Nobody. The first use uploads it and keeps it; later uses share the memory. The table is bounded, so that a
 * learning rate that changes at every step does not fill it.
 *
 * @module
 */

import type { Backend, DType } from "./backend.ts";
import { operandOf } from "./numbers.ts";
import { keep, Storage } from "./scope.ts";

/** The table stops growing at this size. */
const MAX_CONSTANTS = 512;
const constants = new WeakMap<Backend, Map<string, Storage>>();

/** The memory of the numbers of formulas on a device. */
export function constantsOf(device: Backend): readonly Storage[] {
  return [...constants.get(device)?.values() ?? []];
}

/**
 * The memory of one number on a device, shared by all who use that number.
 *
 * @throws {TypeError} for a fraction as int32; a number beyond a type is the nearest of it
 */
export function constantStorage(device: Backend, value: number, dtype: DType): Storage {
  let known = constants.get(device);
  if (!known) constants.set(device, known = new Map());
  const name = `${dtype} ${Object.is(value, -0) ? "-0" : value}`;
  const found = known.get(name);
  if (found) return found;
  const numbers = Float64Array.of(operandOf(value, dtype));
  const storage = new Storage(device, device.upload(numbers, dtype), dtype, []);
  if (known.size < MAX_CONSTANTS) known.set(name, keep({ storage }).storage);
  return storage;
}
