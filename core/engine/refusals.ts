/**
 * # What a tensor refuses
 *
 * What cannot be computed is refused before the device is asked, in a sentence that says what was attempted and what to
 * do instead. Numbers are never cast silently, and tensors never move from one device to another by themselves.
 *
 * What a device asks of the views it is handed stands in [requirements](requirements.ts).
 *
 * @module
 */

import type { Backend, DType } from "./backend.ts";

/** What has a dtype. */
interface Typed {
  readonly dtype: DType;
}

/** What lives on a device. */
interface Placed {
  readonly device: Backend;
}

/** What an error says of a value that is neither tensor nor number. */
export function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : value === null ? "null" : typeof value;
}

/** Refuses what is no dtype. */
export function checkDType(dtype: DType): DType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new TypeError(`Cannot make a tensor of ${describe(dtype)}: float32, int32 or bool is needed`);
}

/**
 * Refuses tensors whose memory lies on different devices.
 *
 * @throws {TypeError} if it does
 */
export function sameDevice(a: Placed, b: Placed): void {
  if (a.device !== b.device) {
    throw new TypeError(`Cannot combine tensors of two devices, ${a.device.name} and ${b.device.name}`);
  }
}

/** Refuses two tensors of different dtypes. */
export function sameKind(action: string, a: Typed, b: Typed): void {
  if (a.dtype !== b.dtype) {
    throw new TypeError(`Cannot ${action} ${a.dtype} and ${b.dtype}: cast one of them first`);
  }
}

/** Refuses a tensor that is not float32. */
export function requireFloat(action: string, x: Typed): void {
  if (x.dtype !== "float32") throw new TypeError(`Cannot compute ${action} of ${x.dtype}: cast it to float32 first`);
}

/** Refuses a tensor of bool. */
export function requireNumeric(action: string, x: Typed): void {
  if (x.dtype === "bool") throw new TypeError(`Cannot compute ${action} of bool: cast it to int32 or float32 first`);
}
