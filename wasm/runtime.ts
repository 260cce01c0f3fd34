/**
 * # What kernels are called with
 *
 * The border between views, which know shapes and strides, and kernels, which know
 * addresses and counts.
 *
 * @module
 */

import type { Backend, Buffer, DType, MemoryUse, View } from "../core/engine/backend.ts";
import { contiguousStrides, isContiguous, sizeOf } from "../core/engine/shape.ts";
import type { Memory } from "./memory.ts";
import type { Threads } from "./threads.ts";

/** Weights in the order in which the matrix product reads them. */
export interface Panels {
  /** Which view of the buffer they come from. */
  readonly key: string;
  /** How often that view has been used since the buffer was last written. */
  uses: number;
  /** Where they are; 0 while they are not. */
  address: number;
  /** Their bytes. */
  bytes: number;
}

/** A block of the memory. */
export class WasmBuffer implements Buffer {
  /** Byte address; negative once the buffer has been released. */
  address: number;
  /** Size in bytes. */
  readonly byteLength: number;
  /** A second copy for the matrix product, if there is one; see `fused/linear.ts`. */
  panels: Panels | undefined = undefined;

  constructor(address: number, byteLength: number) {
    this.address = address;
    this.byteLength = byteLength;
  }
}

/** Memory, jobs, and the few conversions between views and addresses. */
export class Runtime {
  /** The memory that all buffers live in. */
  readonly memory: Memory;
  /** What runs the kernels. */
  readonly threads: Threads;
  /** Overwrites a view with another; set by the device, which knows how to copy. */
  copy!: (source: View, target: View) => void;

  /** Rows of a panel of the left operand of a matrix product: 6, or 4 without relaxed SIMD. */
  panelRows = 6;

  readonly #temporaries: WasmBuffer[] = [];
  readonly #packed = new Set<WasmBuffer>();
  #mayPack = true;
  #buffers = 0;
  #bytes = 0;

  constructor(memory: Memory, threads: Threads) {
    this.memory = memory;
    this.threads = threads;
  }

  /** Runs a kernel; see {@linkcode Threads.run}. */
  run(op: number, args: readonly number[], units: number, unitCost: number, scratchBytes = 0): void {
    this.threads.run(op, args, units, unitCost, scratchBytes);
  }

  /** Reserves room for `count` elements of four bytes. */
  allocate(count: number): WasmBuffer {
    const bytes = count * 4;
    const buffer = new WasmBuffer(this.#reserve(bytes), bytes);
    this.#buffers++;
    this.#bytes += bytes;
    return buffer;
  }

  /** Reserves a block; if there is none left, second copies of weights make room. */
  #reserve(bytes: number): number {
    try {
      return this.memory.allocate(bytes);
    } catch (error) {
      if (this.#packed.size === 0) throw error;
      for (const block of this.#packed) this.touch(block);
      this.#mayPack = false;
      return this.memory.allocate(bytes);
    }
  }

  /** Says that a buffer has been, or will be, written: a second copy of its elements no longer holds. */
  touch(buffer: Buffer): void {
    const block = buffer as WasmBuffer;
    if (!block.panels) return;
    if (block.panels.address > 0) {
      this.memory.free(block.panels.address, block.panels.bytes);
      this.#packed.delete(block);
    }
    block.panels = undefined;
  }

  /**
   * The second copy of some weights, made by `pack` when they are used the third time in a row
   * without having been written in between.
   *
   * @returns its address, or 0 if there is none
   */
  panelsOf(weights: View, bytes: number, pack: (to: number) => void): number {
    if (!this.#mayPack) return 0;
    const block = weights.buffer as WasmBuffer;
    const key = `${weights.offset},${weights.shape},${weights.strides}`;
    if (block.panels?.key !== key) {
      this.touch(block);
      block.panels = { key, uses: 0, address: 0, bytes };
    }
    const panels = block.panels!;
    if (panels.address === 0 && ++panels.uses >= 3) {
      try {
        panels.address = this.memory.allocate(bytes);
      } catch {
        this.#mayPack = false;
        return 0;
      }
      this.#packed.add(block);
      pack(panels.address);
    }
    return panels.address;
  }

  /** Gives a buffer back. */
  release(buffer: Buffer): void {
    const block = buffer as WasmBuffer;
    if (block.address < 0) throw new TypeError("Cannot release a buffer that has already been released");
    this.touch(block);
    this.memory.free(block.address, block.byteLength);
    block.address = -1;
    this.#buffers--;
    this.#bytes -= block.byteLength;
  }

  /** Counts no buffer any more: the memory of all of them is gone. */
  forget(): void {
    this.#packed.clear();
    this.#temporaries.length = this.#buffers = this.#bytes = 0;
  }

  /** Live buffers and their bytes. */
  use(): MemoryUse {
    return { buffers: this.#buffers, bytes: this.#bytes };
  }

  /** Byte address of the first element of a view. */
  address(view: View): number {
    const block = view.buffer as WasmBuffer;
    if (block.address < 0) throw new TypeError("Cannot use a buffer that has already been released");
    return block.address + view.offset * 4;
  }

  /** A fresh contiguous view with room for `shape`. */
  make(dtype: DType, shape: readonly number[]): View {
    return { buffer: this.allocate(sizeOf(shape)), dtype, shape, strides: contiguousStrides(shape), offset: 0 };
  }

  /** A block that is given back by itself when the current member of the backend returns. */
  temporary(count: number): WasmBuffer {
    const buffer = this.allocate(count);
    this.#temporaries.push(buffer);
    return buffer;
  }

  /** The view itself if it is contiguous, else a temporary contiguous copy. */
  contiguous(view: View): View {
    if (isContiguous(view.shape, view.strides)) return view;
    const copy: View = {
      buffer: this.temporary(sizeOf(view.shape)),
      dtype: view.dtype,
      shape: view.shape,
      strides: contiguousStrides(view.shape),
      offset: 0,
    };
    this.copy(view, copy);
    return copy;
  }

  /** Byte address of the elements of a view in order: where they lie, or in a temporary copy. */
  inOrder(view: View): number {
    return this.address(this.contiguous(view));
  }

  /** Gives all temporaries back. */
  sweep(): void {
    while (this.#temporaries.length > 0) this.release(this.#temporaries.pop()!);
  }
}

const runtimes = new WeakMap<Backend, Runtime>();

/** Remembers the runtime inside a device for {@linkcode runtimeOf}. */
export function remember(device: Backend, runtime: Runtime): void {
  runtimes.set(device, runtime);
}

/**
 * The runtime inside a CPU device, for benches and tests.
 *
 * @throws {TypeError} if the device is another one
 */
export function runtimeOf(device: Backend): Runtime {
  const runtime = runtimes.get(device);
  if (!runtime) throw new TypeError(`Cannot look inside the device ${device.name}: it is not the CPU device`);
  return runtime;
}
