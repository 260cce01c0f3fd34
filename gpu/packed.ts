import type { Backend } from "../core/engine/backend.ts";
import type { Runtime } from "./runtime.ts";
export function packings(_runtime: Runtime): NonNullable<Backend["packing"]> {
  return {};
}
