/**
 * # The GPU device
 *
 * **Question.** A chapter writes `softmax(scores)`. What happens until thousands of threads have done it?
 *
 * **Idea.** Tensors live in buffers of the GPU, arithmetic is done by shaders (`shaders/*.wgsl`), and nothing waits:
 * an operation records what is to be done and returns. Only reading numbers back waits for the GPU.
 *
 * **From a line to a dispatch.** Eight steps, each with a file of its own:
 *
 * | step                                                                        | where                     |
 * | --------------------------------------------------------------------------- | ------------------------- |
 * | the chapter names the function: `fusable("softmax", [scores], …)`           | `core/02_words/softmax.ts` |
 * | the engine finds an entry of that name in this device's table               | `core/engine/fusable.ts`  |
 * | the entry reserves the result and turns the view into counts and strides    | `fused/softmax.ts`, `memory.ts` |
 * | the shader's text is varied: lanes per row, four numbers at a time          | `template.ts`             |
 * | the text is compiled, the first time; afterwards the pipeline is looked up  | `pipelines.ts`            |
 * | the dispatch is recorded: pipeline, buffers, 256 bytes of parameters        | `queue.ts`                |
 * | 128 dispatches are sent together, or fewer when somebody reads              | `queue.ts`                |
 * | a workgroup of `shaders/softmax.wgsl` sums a row; `read()` fetches numbers  | `shaders/softmax.wgsl`    |
 *
 * A function without an entry takes the same way in several dispatches, one for each operation of its definition: the
 * nine members of this file that compute. `withoutFusion` shows the difference; the test "a line of a chapter is a
 * dispatch or two" counts them.
 *
 * **What cannot be refused.** A CPU device looks at the numbers it is given and refuses some with an error. This one cannot without waiting:
 *
 * | case                              | CPU devices  | here                                         |
 * | --------------------------------- | ------------ | -------------------------------------------- |
 * | `gather` by an id outside a table | `RangeError` | NaN; 0 of int32 and bool                     |
 * | `scatterAdd` at such an id        | `RangeError` | left out                                     |
 * | int32 `div`, `mod` by zero        | `RangeError` | 0                                            |
 * | int32 `pow`, negative exponent    | `RangeError` | the integer part: 0, or a power of 1 or $-1$ |
 *
 * @example
 * ```ts
 * import { setBackend } from "@heed/heed/engine";
 * import { createWebgpuDevice } from "@heed/heed/webgpu";
 *
 * const device = await createWebgpuDevice().catch(() => undefined);
 * if (device) setBackend(device); // otherwise there is no GPU here
 * ```
 *
 * @module
 */

import type { Backend, Buffer, DType, MemoryUse, Numbers, View } from "../core/engine/backend.ts";
import { integersOf, KernelDevice, sweeping } from "../core/engine/kernel_device.ts";
import { sizeOf } from "../core/engine/shape.ts";
import { open, type WebgpuOptions } from "./adapter.ts";
import { copy } from "./copy.ts";
import { binary, select, unary } from "./elementwise.ts";
import { fusedKernels } from "./fused/mod.ts";
import { matmul } from "./matmul.ts";
import type { GpuBuffer } from "./memory.ts";
import { packings } from "./packed.ts";
import { Pipelines } from "./pipelines.ts";
import { Queue } from "./queue.ts";
import { reduce } from "./reduce.ts";
import { argsort, gather, scatterAdd } from "./rows.ts";
import { remember, Runtime } from "./runtime.ts";

export type { WebgpuOptions } from "./adapter.ts";

/** A read waits for 11 ms in Deno, in which a small model makes about this many tokens. */
const READ_EVERY = 16;

/** The GPU device. */
class WebgpuDevice extends KernelDevice<Runtime> {
  readonly name = "webgpu";
  readonly description: string;
  readonly readEvery = READ_EVERY;
  readonly fused: Backend["fused"];
  readonly packing: NonNullable<Backend["packing"]>;

  constructor(runtime: Runtime, description: string) {
    super(runtime, { copy, unary, binary, select, reduce, matmul, gather, scatterAdd, argsort });
    this.description = description;
    runtime.copy = (source, target) => copy(runtime, source, target);
    this.fused = fusedKernels(runtime);
    this.packing = packings(runtime);
  }

  get lost(): boolean {
    return this.runtime.queue.lost;
  }

  upload(data: Numbers, dtype: DType): Buffer {
    const words = dtype !== "float32"
      ? integersOf(data, dtype)
      : data instanceof Float32Array
      ? data
      : Float32Array.from(data);
    return this.runtime.queue.upload(words as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>);
  }

  async download(x: View): Promise<Numbers> {
    // Recorded before anything is awaited: the view may be released right after this call.
    const reading = sweeping(this.runtime, () => {
      const { buffer, offset } = this.runtime.contiguous(x);
      if ((buffer as GpuBuffer).released) throw new TypeError("Cannot use a buffer that has already been released");
      return this.runtime.queue.read(buffer as GpuBuffer, offset * 4, sizeOf(x.shape) * 4);
    });
    const bytes = await reading;
    return x.dtype === "float32" ? new Float32Array(bytes) : new Int32Array(bytes);
  }

  dispose(): void {
    this.runtime.queue.dispose();
  }

  release(buffer: Buffer): void {
    if (this.lost) return;
    this.runtime.queue.pool.release(buffer as GpuBuffer);
  }

  memory(): MemoryUse {
    return this.runtime.queue.pool.use();
  }
}

/**
 * Opens the GPU device.
 *
 * @param options whether a software adapter will do, and how much memory may be held
 * @returns the device, once it is open
 * @throws {Error} if there is no adapter that will do; the message says what was found
 */
export async function createWebgpuDevice(options: WebgpuOptions = {}): Promise<Backend> {
  const { device, title, software, memoryBytes } = await open(options);
  const queue = new Queue(device, memoryBytes);
  const pipelines = new Pipelines(device, (error) => queue.fail(error));
  const runtime = new Runtime(queue, pipelines, device.features.has("shader-f16"));
  const description = `GPU by WebGPU: ${title}${software ? ", a software adapter, slower than the CPU device" : ""}`;
  const backend = new WebgpuDevice(runtime, description);
  remember(backend, runtime);
  return backend;
}
