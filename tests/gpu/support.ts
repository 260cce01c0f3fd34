/**
 * The GPU device for tests, and its fused kernels without tensors and tape around them.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Backend, FusedFunctions, FusedName, View } from "../../core/engine/backend.ts";
import { contiguousStrides } from "../../core/engine/shape.ts";
import { createWebgpuDevice } from "../../gpu/mod.ts";
import { devices, HostArray } from "../support.ts";

/** The GPU device that all tests of a file share, if there is one. */
export const shared: Backend | undefined = devices.find(({ name }) => name === "webgpu")?.backend;

/** Registers a test on the shared GPU device; reported as ignored where there is none. */
export function onGpu(name: string, f: (device: Backend, t: Deno.TestContext) => void | Promise<void>): void {
  Deno.test({ name: `${name} [webgpu]`, ignore: shared === undefined, fn: (t) => f(shared!, t) });
}

/** A device of its own, for tests that break or fill it. */
export function open(): Promise<Backend> {
  return createWebgpuDevice({ allowSoftware: true });
}

/** A contiguous view of numbers brought to a device, beginning `offset` elements into its buffer. */
export function upload(device: Backend, { data, shape, dtype }: HostArray, offset = 0): View {
  const padded = dtype === "float32" ? new Float64Array(offset + data.length) : new Int32Array(offset + data.length);
  padded.set(data, offset);
  return { buffer: device.upload(padded, dtype), dtype, shape, strides: contiguousStrides(shape), offset };
}

/** The numbers of a view. */
export async function numbers(device: Backend, view: View): Promise<HostArray> {
  return new HostArray(await device.download(view), view.shape, view.dtype);
}

/** What a fused kernel yields: its value and the gradients it was asked for. */
export async function runFused<Name extends FusedName>(
  device: Backend,
  name: Name,
  inputs: readonly (View | undefined)[],
  attributes: FusedFunctions[Name],
  gradient?: View,
  wanted: readonly boolean[] = inputs.map((x) => x?.dtype === "float32"),
): Promise<{ readonly value: HostArray; readonly gradients: readonly (HostArray | undefined)[] }> {
  const outputs = device.fused.forward[name]!(inputs, attributes);
  assert(outputs, `${name} declines`);
  const found = gradient && device.fused.backward[name]!(inputs, outputs, gradient, wanted, attributes);
  assert(!gradient || found, `${name} declines backwards`);
  const value = await numbers(device, outputs[0]);
  const gradients = await Promise.all((found ?? []).map((view) => view && numbers(device, view)));
  const buffers = new Set([...outputs, ...(found ?? [])].flatMap((view) => view ? [view.buffer] : []));
  for (const buffer of buffers) device.release(buffer);
  return { value, gradients };
}
