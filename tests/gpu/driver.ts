/**
 * # Whether the driver computes what WGSL says
 *
 * A driver may be wrong about an operator. Where a shader can do without it, it does; where none can, its cases say
 * nothing about this library: they are ignored, and a line names driver and operator.
 *
 * **To add an operator,** add a line to {@linkcode OPERATORS}, and its name to the tests whose shaders need it.
 *
 * @module
 */

import { open } from "../../gpu/adapter.ts";
import { note } from "../permissions.ts";

/** Operators of two integers in WGSL, and what they are by its specification. */
const OPERATORS: Readonly<Record<Operator, readonly [code: string, right: (a: number, b: number) => number]>> = {
  product: ["a * b", Math.imul],
  quotient: ["a / b", (a, b) => Math.trunc(a / b) | 0],
  remainder: ["a % b", (a, b) => a % b | 0],
  order: ["select(0, 1, a < b)", (a, b) => a < b ? 1 : 0],
};

/** What a driver may be wrong about. */
export type Operator = "product" | "quotient" | "remainder" | "order";

/** Values of both signs, and the ends of the type; those that overflow are left out. */
const VALUES = [-2147483647, -65537, -7, -3, -2, -1, 1, 2, 3, 7, 65537, 2147483647];
const PAIRS = VALUES.flatMap((a) => VALUES.map((b) => [a, b] as const));

/** What the adapter makes of an operator, for every pair. */
async function compute(device: GPUDevice, code: string): Promise<Int32Array> {
  const module = device.createShaderModule({
    code: `
      @group(0) @binding(0) var<storage, read> x: array<vec2i>;
      @group(0) @binding(1) var<storage, read_write> y: array<i32>;
      @compute @workgroup_size(${PAIRS.length}) fn main(@builtin(local_invocation_index) i: u32) {
        let a = x[i].x;
        let b = x[i].y;
        y[i] = ${code};
      }`,
  });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  const size = 4 * PAIRS.length, pairs = Int32Array.from(PAIRS.flat());
  const [from, to] = [2 * size, size].map((size) =>
    device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST })
  );
  const read = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(from!, 0, pairs);
  const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [from!, to!].map((buffer, binding) => ({ binding, resource: { buffer } }));
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(to!, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  return new Int32Array(read.getMappedRange().slice(0));
}

/** The operators that the driver of this machine is wrong about; none where there is no driver. */
export async function faults(operators: readonly Operator[]): Promise<Operator[]> {
  const opened = await open({ allowSoftware: true }).catch(() => undefined);
  if (!opened) return [];
  const { device, title } = opened, wrong: Operator[] = [];
  for (const operator of operators) {
    const [code, right] = OPERATORS[operator], found = await compute(device, code);
    if (PAIRS.some(([a, b], i) => found[i] !== right(a, b))) wrong.push(operator);
  }
  device.destroy();
  if (wrong.length > 0) {
    note(`${title}, a driver, is wrong about the ${wrong.join(", the ")} of integers in WGSL`);
  }
  return wrong;
}
