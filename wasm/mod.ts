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
 * @module
 */

import type {
  Backend,
  BinaryOp,
  Buffer,
  DType,
  FusedUpdate,
  MemoryUse,
  Numbers,
  ReduceOp,
  UnaryOp,
  View,
} from "../core/engine/backend.ts";
import { contiguousStrides, isContiguous, sizeOf } from "../core/engine/shape.ts";
import { decode, unshare } from "./binary.ts";
import { copy } from "./copy.ts";
import { binary, select, unary } from "./elementwise.ts";
import { fusedKernels } from "./fused.ts";
import { RELAXED, STRICT } from "./kernels.ts";
import { linearKernels } from "./linear.ts";
import { matmul } from "./matmul.ts";
import { Memory } from "./memory.ts";
import { packings } from "./packed.ts";
import { reduce } from "./reduce.ts";
import { argsort, gather, scatterAdd } from "./rows.ts";
import { remember, Runtime } from "./runtime.ts";
import { type Kernels, Threads } from "./threads.ts";

/** How to set up the CPU device; every option has a sensible default. */
export interface WasmOptions {
  /** Threads including the calling one; default: one per core, at most 8. */
  readonly threads?: number;
  /** Use fused multiply-adds; default: if the engine has them. */
  readonly relaxed?: boolean;
  /** Use memory that several threads can see; default: if the engine grants it. */
  readonly shared?: boolean;
}

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

/** The CPU device. */
class WasmDevice implements Backend {
  readonly name = "wasm";
  readonly description: string;
  readonly fused: Backend["fused"];
  readonly packing: NonNullable<Backend["packing"]>;
  readonly #runtime: Runtime;
  readonly #memory: Memory;

  constructor(runtime: Runtime, description: string) {
    this.#runtime = runtime;
    this.#memory = runtime.memory;
    this.description = description;
    runtime.copy = (source, target) => copy(runtime, source, target);
    const kernels = fusedKernels(runtime), linear = linearKernels(runtime);
    const writing = Object.fromEntries(
      Object.entries(kernels.update).map(([name, update]): [string, FusedUpdate] => [name, (targets, ...rest) => {
        for (const target of targets) runtime.touch(target.buffer);
        return update(targets, ...rest);
      }]),
    );
    this.fused = {
      forward: this.#sweeping({ ...kernels.forward, linear: linear.forward }),
      backward: this.#sweeping({ ...kernels.backward, linear: linear.backward }),
      update: this.#sweeping(writing),
    };
    this.packing = packings(runtime);
  }

  /** The same functions, each followed by giving back its temporaries. */
  #sweeping<A extends readonly unknown[], R>(
    table: Readonly<Record<string, (...args: A) => R>>,
  ): Record<string, (...args: A) => R> {
    const entries = Object.entries(table).map(([name, kernel]) =>
      [name, (...args: A) => this.#swept(() => kernel(...args))] as const
    );
    return Object.fromEntries(entries);
  }

  #swept<T>(f: () => T): T {
    try {
      return f();
    } finally {
      this.#runtime.sweep();
    }
  }

  allocate(_dtype: DType, count: number): Buffer {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`Cannot allocate ${count} elements: the count must be an integer of at least 0`);
    }
    return this.#runtime.allocate(count);
  }

  upload(data: Numbers, dtype: DType): Buffer {
    const buffer = this.#runtime.allocate(data.length), start = buffer.address / 4;
    if (dtype === "float32") this.#memory.float32.set(data, start);
    else if (dtype === "int32" && data instanceof Int32Array) this.#memory.int32.set(data, start);
    else {
      const words = this.#memory.int32;
      for (let i = 0; i < data.length; i++) {
        const x = data[i]!;
        words[start + i] = dtype === "bool" ? Number(x !== 0) : Math.min(Math.max(x, -(2 ** 31)), 2 ** 31 - 1);
      }
    }
    return buffer;
  }

  // A refusal arrives as a rejected promise, as it does on a device that answers later.
  // deno-lint-ignore require-await
  async download(x: View): Promise<Numbers> {
    return this.#swept(() => {
      const size = sizeOf(x.shape);
      const start = this.#runtime.address(isContiguous(x.shape, x.strides) ? x : this.#packed(x)) / 4;
      const from = x.dtype === "float32" ? this.#memory.float32 : this.#memory.int32;
      return from.slice(start, start + size) as Numbers;
    });
  }

  #packed(x: View): View {
    const size = sizeOf(x.shape), strides = contiguousStrides(x.shape);
    const packed: View = { ...x, buffer: this.#runtime.temporary(size), strides, offset: 0 };
    copy(this.#runtime, x, packed);
    return packed;
  }

  release(buffer: Buffer): void {
    this.#runtime.release(buffer);
  }

  memory(): MemoryUse {
    return this.#runtime.use();
  }

  copy(source: View, target: View): void {
    this.#runtime.touch(target.buffer);
    this.#swept(() => copy(this.#runtime, source, target));
  }

  unary(op: UnaryOp, x: View): Buffer {
    return this.#swept(() => unary(this.#runtime, op, x));
  }

  binary(op: BinaryOp, a: View, b: View): Buffer {
    return this.#swept(() => binary(this.#runtime, op, a, b));
  }

  select(choose: View, a: View, b: View): Buffer {
    return this.#swept(() => select(this.#runtime, choose, a, b));
  }

  reduce(op: ReduceOp, x: View, axes: number): Buffer {
    return this.#swept(() => reduce(this.#runtime, op, x, axes));
  }

  matmul(a: View, b: View): Buffer {
    return this.#swept(() => matmul(this.#runtime, a, b));
  }

  gather(table: View, ids: View): Buffer {
    return this.#swept(() => gather(this.#runtime, table, ids));
  }

  scatterAdd(table: View, ids: View, rows: View): void {
    this.#runtime.touch(table.buffer);
    this.#swept(() => scatterAdd(this.#runtime, table, ids, rows));
  }

  argsort(x: View, descending: boolean): Buffer {
    return this.#swept(() => argsort(this.#runtime, x, descending));
  }
}

/**
 * Makes the CPU device; ready at once.
 *
 * @param options threads, instructions and memory; what the engine has by default
 * @throws {Error} if the engine has no WebAssembly SIMD
 */
export function createWasmDevice(options: WasmOptions = {}): Backend {
  if (!hasSimd()) throw new Error("Cannot make the wasm device: this engine has no WebAssembly SIMD");
  const relaxed = options.relaxed ?? hasRelaxedSimd();
  const shared = options.shared ?? hasSharedMemory();
  const cores = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1;
  const threads = shared ? options.threads ?? Math.min(cores, 8) : 1;
  if (!Number.isInteger(threads) || threads < 1 || threads > 32) {
    throw new RangeError(`Cannot use ${threads} threads: the number must be an integer in [1, 32]`);
  }
  const bytes = decode(relaxed ? RELAXED : STRICT);
  if (!shared) unshare(bytes);
  const memory = new Memory(shared);
  const module = new WebAssembly.Module(bytes);
  const instance = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  const kernels = instance.exports as unknown as Kernels;
  const runtime = new Runtime(memory, new Threads(memory, kernels, module, threads));
  runtime.panelRows = relaxed ? 6 : 4;
  const description = `CPU by WebAssembly SIMD${relaxed ? " with fused multiply-adds" : ""}, ` +
    (threads > 1 ? `${threads} threads` : shared ? "one thread" : "one thread (memory cannot be shared here)");
  const device = new WasmDevice(runtime, description);
  remember(device, runtime);
  return device;
}
