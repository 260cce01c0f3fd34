import type { Buffer } from "../core/engine/backend.ts";
import type { Runtime } from "./runtime.ts";
export function matmul(_runtime: Runtime, ..._rest: readonly unknown[]): Buffer {
  throw new Error("matmul");
}
