/**
 * Numbers and views for the tests of the CPU device, below the level of tensors.
 *
 * @module
 */

import type { Backend, Buffer, DType, Numbers, View } from "../../core/engine/backend.ts";
import { contiguousStrides } from "../../core/engine/shape.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { runtimeOf } from "../../wasm/runtime.ts";

/** Numbers in [-1, 1) that a seed determines. */
export function* noise(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    yield (state >>> 0) / 2 ** 31 - 1;
  }
}

/** As many of them as asked for. */
export function noisy(seed: number, count: number): Float32Array {
  const source = noise(seed);
  return Float32Array.from({ length: count }, () => source.next().value!);
}

/** A contiguous view of numbers brought to a device. */
export function upload(device: Backend, data: Numbers, shape: readonly number[], dtype: DType = "float32"): View {
  return view(device.upload(data, dtype), shape, dtype);
}

/** A contiguous view of a buffer. */
export function view(buffer: Buffer, shape: readonly number[], dtype: DType = "float32"): View {
  return { buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

/** The numbers of a result, which is released. */
export async function take(
  device: Backend,
  buffer: Buffer,
  shape: readonly number[],
  dtype: DType = "float32",
): Promise<Numbers> {
  const numbers = await device.download(view(buffer, shape, dtype));
  device.release(buffer);
  return numbers;
}

/** A matrix `[rows, columns]` of a device, stored row by row or column by column, with `gap` elements between lines. */
export function matrix(
  device: Backend,
  seed: number,
  rows: number,
  columns: number,
  transposed: boolean,
  gap = 0,
): { view: View; at: (i: number, j: number) => number } {
  const line = (transposed ? rows : columns) + gap, lines = transposed ? columns : rows;
  const data = noisy(seed, line * lines + 5);
  const strides = transposed ? [1, line] : [line, 1];
  return {
    view: { buffer: device.upload(data, "float32"), dtype: "float32", shape: [rows, columns], strides, offset: 5 },
    at: (i, j) => data[5 + i * strides[0]! + j * strides[1]!]!,
  };
}

/** A device of two threads whose worker is awake; undefined where there are no threads. */
export async function twoThreads(): Promise<Backend | undefined> {
  const device = createWasmDevice({ threads: 2 });
  const runtime = runtimeOf(device);
  if (!runtime.memory.shared) return undefined;
  const x = upload(device, new Float32Array(1 << 20), [1 << 20]);
  for (let patience = 0; patience < 200 && runtime.threads.started === 0; patience++) {
    device.release(device.unary("sin", x));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  device.release(x.buffer);
  return runtime.threads.started > 0 ? device : undefined;
}

/** Most bytes in live blocks of a CPU device while a function runs, scratch of its threads included. */
export function peakBytes(device: Backend, run: () => void): number {
  const { memory } = runtimeOf(device), allocate = memory.allocate;
  let most = memory.bytes;
  memory.allocate = (bytes) => {
    const address = allocate.call(memory, bytes);
    most = Math.max(most, memory.bytes);
    return address;
  };
  try {
    run();
  } finally {
    memory.allocate = allocate;
  }
  return most;
}
