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
import { shown } from "./options.ts";

/** What has a dtype. */
interface Typed {
  readonly dtype: DType;
}

/** What lives on a device. */
interface Placed {
  readonly device: Backend;
}

/** Refuses what is no dtype. */
export function checkDType(dtype: DType): DType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new TypeError(`Cannot make a tensor of ${shown(dtype)}: float32, int32 or bool is needed`);
}

/**
 * Refuses tensors whose memory lies on different devices.
 *
 * @throws {TypeError} if it does
 */
export function sameDevice(a: Placed, b: Placed): void {
  if (a.device !== b.device) {
    throw new TypeError(
      `Cannot combine tensors of two devices, ${a.device.name} and ${b.device.name}: ` +
        "a tensor, and a model, stays on the device that was current when it was made",
    );
  }
}

/** Refuses what has no dtype: it is no tensor. */
export function requireTensor(action: string, x: unknown): void {
  if (typeof (x as Partial<Typed> | null | undefined)?.dtype === "string") return;
  throw new TypeError(`Cannot ${action} ${shown(x)}: a tensor is needed`);
}

/** Refuses two tensors of different dtypes. */
export function sameKind(action: string, a: Typed, b: Typed): void {
  if (a.dtype !== b.dtype) {
    const whole = a.dtype !== "bool" && b.dtype !== "bool" ? `; tensor(…, undefined, "int32") makes whole numbers` : "";
    throw new TypeError(`Cannot ${action} ${a.dtype} and ${b.dtype}: cast one of them first${whole}`);
  }
}

/** Refuses a tensor that is not float32. */
export function requireFloat(action: string, x: Typed): void {
  if (x?.dtype === "float32") return;
  requireTensor(`compute ${action} of`, x);
  throw new TypeError(`Cannot compute ${action} of ${x.dtype}: cast it to float32 first`);
}

/** Refuses a tensor of bool. */
export function requireNumeric(action: string, x: Typed): void {
  requireTensor(`compute ${action} of`, x);
  if (x.dtype === "bool") throw new TypeError(`Cannot compute ${action} of bool: cast it to int32 or float32 first`);
}
