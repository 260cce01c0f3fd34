import type { Buffer } from "../core/engine/backend.ts";
import type { Runtime } from "./runtime.ts";
export function unary(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("unary");
}
export function binary(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("binary");
}
export function select(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("select");
}
