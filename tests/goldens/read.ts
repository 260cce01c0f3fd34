/** Reads what `transformer.py` recorded. */

import type { Backend, DType } from "../../core/engine/backend.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import type { Closeness } from "../support.ts";
export { default as goldens } from "./transformer.json" with { type: "json" };

/** An array as the recipe writes it. */
export interface Recorded {
  readonly shape: readonly number[];
  readonly data: string;
  readonly dtype?: string;
}

/** Row-major numbers. */
export function numbers({ data }: Recorded): Float64Array {
  return Float64Array.from(data.split(" "), (word) => word === "-inf" ? -Infinity : Number(word));
}

/** A tensor on the current device. */
export function read(record: Recorded): Tensor {
  return tensor(numbers(record), record.shape, (record.dtype ?? "float32") as DType);
}

/** A tensor on the current device that wants a gradient. */
export function leaf(record: Recorded): Tensor {
  return parameter(read(record));
}

/** The state of a module. */
export function state(record: Readonly<Record<string, Recorded>>): Map<string, Tensor> {
  return new Map(Object.entries(record).map(([path, array]) => [path, read(array)]));
}

/** How close a device has to come: ten digits were recorded, and float32 holds seven. */
export function precision(device: Backend): Closeness {
  return device.name === "reference" ? { rtol: 1e-8, atol: 1e-8 } : { rtol: 1e-4, atol: 2e-5 };
}
