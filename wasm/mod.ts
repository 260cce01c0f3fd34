/**
 * # The CPU device
 *
 * Tensors live in one WebAssembly memory, arithmetic is done by kernels written in
 * AssemblyScript (`assembly/`), four numbers per instruction, and large jobs are shared among
 * threads. This file connects them with what the engine asks of a device; every member has a
 * file of its own.
 *
 * The kernels are embedded, so that importing the library needs neither permission nor
 * network, and exist in two builds: with fused multiply-adds (relaxed SIMD) where the engine
 * has them, and without.
 *
 * @example
 * ```ts
 * import { setBackend, tensor } from "@heed/heed/engine";
 * import { createWasmDevice } from "@heed/heed/wasm";
 *
 * setBackend(createWasmDevice({ threads: 1 }));
 * console.assert(tensor([1, 2, 3]).device.name === "wasm");
 * ```
 *
 * @module
 */

import { disposed } from "../core/engine/requirements.ts";
import { checkOptions, type Checks, flag, integer } from "../core/engine/options.ts";
import { MOST_THREADS } from "./assembly/layout.ts";
import type { Backend, Buffer, DType, MemoryUse, Numbers, View } from "../core/engine/backend.ts";
import { integersOf, KernelDevice, type Operations, sweeping } from "../core/engine/kernel_device.ts";
import { sizeOf } from "../core/engine/shape.ts";
import { decode, edited, unshare } from "./binary.ts";
import { copy } from "./copy.ts";
import { binary, select, unary } from "./elementwise.ts";
import { fusedKernels } from "./fused/mod.ts";
import { RELAXED, STRICT } from "./kernels.ts";
import { matmul } from "./matmul.ts";
import { Memory } from "./memory.ts";
import { levelPacking, packings } from "./packed.ts";
import { records } from "./records.ts";
import { reduce } from "./reduce.ts";
import { argsort, gather, scatterAdd } from "./rows.ts";
import { remember, Runtime } from "./runtime.ts";
import { cores, type Kernels, Threads } from "./threads.ts";

/** How to set up the CPU device; every option has a sensible default. */
export interface WasmOptions {
  /** Threads including the calling one; one per core by default, at most 8. */
  readonly threads?: number;
  /** Whether to use fused multiply-adds; where the engine has them by default. */
  readonly relaxed?: boolean;
  /** Whether to use memory that several threads can see; where the engine grants it by default. */
  readonly shared?: boolean;
}

const wasmChecks: Checks<WasmOptions> = {
  threads: integer({ min: 1, max: MOST_THREADS }),
  relaxed: flag,
  shared: flag,
};

/** A module with one function whose body is given; what an engine accepts tells what it can do. */
function accepts(...body: readonly number[]): boolean {
  const section = (id: number, ...bytes: readonly number[]) => [id, bytes.length, ...bytes];
  return WebAssembly.validate(
    new Uint8Array([
      ...[0, 97, 115, 109, 1, 0, 0, 0],
      ...section(1, 1, 0x60, 0, 1, 0x7b),
      ...section(3, 1, 0),
      ...section(10, 1, body.length + 2, 0, ...body, 0x0b),
    ]),
  );
}

/** A constant vector of zeros. */
const ZERO: readonly number[] = [0xfd, 12, ...new Array<number>(16).fill(0)];

/** Whether the engine has 128-bit SIMD. */
function hasSimd(): boolean {
  return typeof WebAssembly === "object" && accepts(...ZERO);
}

/** Whether the engine has relaxed SIMD: multiply-adds with one rounding. */
function hasRelaxedSimd(): boolean {
  return accepts(...ZERO, ...ZERO, ...ZERO, 0xfd, 0x85, 0x02);
}

/** Whether memory can be shared with workers. */
function hasSharedMemory(): boolean {
  if (typeof SharedArrayBuffer !== "function") return false;
  // A page without cross-origin isolation cannot send such memory to a worker.
  if ((globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false) return false;
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}

/** The module of the kernels; the policy of a page may forbid to compile any. */
function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    const needed = "the content security policy must have 'wasm-unsafe-eval' in script-src";
    throw new Error(`Cannot make the wasm device: this page may not compile WebAssembly, ${needed}`, { cause });
  }
}

/** Kernels by member; those that write into a buffer say so first. */
const operations: Operations<Runtime> = {
  copy(runtime, source, target) {
    runtime.touch(target.buffer);
    copy(runtime, source, target);
  },
  scatterAdd(runtime, table, ids, rows) {
    runtime.touch(table.buffer);
    scatterAdd(runtime, table, ids, rows);
  },
  unary,
  binary,
  select,
  reduce,
  matmul,
  gather,
  argsort,
};

/** The CPU device. */
class WasmDevice extends KernelDevice<Runtime> {
  readonly name = "wasm";
  readonly fused: Backend["fused"];
  readonly packing: NonNullable<Backend["packing"]>;
  readonly levels: NonNullable<Backend["levels"]>;
  readonly records: NonNullable<Backend["records"]>;
  readonly #memory: Memory;
  readonly #instructions: string;

  constructor(runtime: Runtime, instructions: string) {
    super(runtime, operations);
    this.#memory = runtime.memory;
    this.#instructions = instructions;
    runtime.copy = (source, target) => copy(runtime, source, target);
    this.fused = fusedKernels(runtime);
    this.packing = packings(runtime);
    this.levels = (form) => levelPacking(runtime, form);
    this.records = records(runtime);
  }

  get description(): string {
    const { count, refused } = this.runtime.threads;
    const reason = refused
      ? " (workers may not be made here: blob: in worker-src)"
      : this.#memory.shared
      ? ""
      : " (memory cannot be shared here)";
    return `CPU by WebAssembly SIMD${this.#instructions}, ${count > 1 ? `${count} threads` : `one thread${reason}`}`;
  }

  upload(data: Numbers, dtype: DType): Buffer {
    const buffer = this.runtime.allocate(data.length), start = buffer.address / 4;
    if (dtype === "float32") this.#memory.float32.set(data, start);
    else this.#memory.int32.set(integersOf(data, dtype), start);
    return buffer;
  }

  // A refusal arrives as a rejected promise, as it does on a device that answers later.
  // deno-lint-ignore require-await
  async download(x: View): Promise<Numbers> {
    return this.peek(x);
  }

  peek(x: View): Numbers {
    if (this.#memory.isEnded) throw disposed(this.name);
    return sweeping(this.runtime, () => {
      const size = sizeOf(x.shape), start = this.runtime.address(this.runtime.contiguous(x)) / 4;
      const from = x.dtype === "float32" ? this.#memory.float32 : this.#memory.int32;
      return from.slice(start, start + size) as Numbers;
    });
  }

  release(buffer: Buffer): void {
    if (!this.#memory.isEnded) this.runtime.release(buffer);
  }

  get lost(): boolean {
    return this.#memory.isEnded;
  }

  dispose(): void {
    this.runtime.threads.end();
    this.#memory.end();
    this.runtime.forget();
  }

  get reserved(): number {
    return this.runtime.memory.reserved;
  }

  memory(): MemoryUse {
    return this.runtime.use();
  }
}

/**
 * Makes the CPU device; ready at once.
 *
 * @param options threads, instructions and memory; all that the engine has by default
 * @returns the device
 * @throws {Error} if the engine has no WebAssembly SIMD, or the page may not compile it
 */
export function createWasmDevice(options: WasmOptions = {}): Backend {
  checkOptions("make the wasm device", options, wasmChecks);
  if (!hasSimd()) throw new Error("Cannot make the wasm device: this engine has no WebAssembly SIMD");
  const relaxed = options.relaxed ?? hasRelaxedSimd();
  const shared = options.shared ?? hasSharedMemory();
  const threads = shared ? options.threads ?? Math.min(cores(), 8) : 1;
  const fused = decode(RELAXED), bytes = relaxed ? fused : edited(fused, STRICT);
  if (!shared) unshare(bytes);
  const memory = new Memory(shared);
  const module = compile(bytes);
  const instance = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  const kernels = instance.exports as unknown as Kernels;
  const runtime = new Runtime(memory, new Threads(memory, kernels, module, threads));
  runtime.panelRows = relaxed ? 6 : 4;
  const device = new WasmDevice(runtime, relaxed ? " with fused multiply-adds" : "");
  remember(device, runtime);
  return device;
}
