import type { Buffer } from "../core/engine/backend.ts";
import type { Runtime } from "./runtime.ts";
export function gather(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("gather");
}
export function scatterAdd(_runtime: Runtime, ..._rest: readonly unknown[]): void {
  throw new Error("scatterAdd");
}
export function argsort(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("argsort");
}
