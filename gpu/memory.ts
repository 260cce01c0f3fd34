/**
 * # Buffers that are used again
 *
 * Making a buffer costs more than a small kernel, so a buffer that is given back waits in the list of its
 * size for the next tensor of that size. Sizes come in four classes per doubling.
 *
 * **Giving back is safe at once.** Commands run in the order in which they were recorded: whoever takes
 * the buffer next writes it after everyone before has read it. The one exception is `writeBuffer`, which
 * overtakes commands that are recorded but not sent; {@linkcode Pool.take} says whether there are any.
 *
 * **Counting.** No driver tells how much memory is left, and some grant far more than there is. What is
 * held is therefore counted here and refused above a limit, with nothing lost.
 *
 * @module
 */

import { checkBytes } from "../core/engine/requirements.ts";
import type { Buffer, MemoryUse } from "../core/engine/backend.ts";
import { BUFFER } from "./flags.ts";

/** A piece of the GPU's memory. */
export class GpuBuffer implements Buffer {
  /** Size in bytes that was asked for. */
  readonly byteLength: number;
  /** The block, at least as large. */
  readonly block: Block;
  /** Whether it has been given back. */
  released = false;

  constructor(byteLength: number, block: Block) {
    this.byteLength = byteLength;
    this.block = block;
  }
}

/** A buffer of the driver's and what is known of it. */
export interface Block {
  /** The driver's handle. */
  readonly handle: GPUBuffer;
  /** Its size in bytes. */
  readonly bytes: number;
  /** Its place in the order of creation; names it in caches. */
  readonly id: number;
  /** Number of the batch of commands that used it last. */
  batch: number;
}

/** Smallest block; room for a vector read past the end of a short row. */
const SMALLEST = 256;
/** Part of the memory limit that unused blocks may hold. */
const IDLE_PART = 0.25;

/** Bytes of the class that a request falls into: four per doubling. */
export function classBytes(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const quarter = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / Math.max(quarter, SMALLEST)) * Math.max(quarter, SMALLEST);
}

/** Bytes in words that a person reads. */
function inWords(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes} bytes` : `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** The memory of one GPU device. */
export class Pool {
  /** Live buffers. */
  buffers = 0;
  /** Bytes asked for in live buffers. */
  bytes = 0;
  /** Bytes of all blocks, in use or waiting. */
  held = 0;

  readonly #device: GPUDevice;
  readonly #limit: number;
  readonly #largest: number;
  readonly #idle = new Map<number, Block[]>();
  readonly #dropped: (block: Block) => void;
  #nothing: GpuBuffer | undefined;
  #idleBytes = 0;
  #made = 0;

  /**
   * @param device makes the buffers
   * @param limit most bytes to hold
   * @param dropped hears of a block that is destroyed
   */
  constructor(device: GPUDevice, limit: number, dropped: (block: Block) => void) {
    this.#device = device;
    this.#limit = limit;
    this.#largest = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    this.#dropped = dropped;
  }

  /**
   * Reserves a buffer; what it contains is undefined.
   *
   * @param bytes its size
   * @param batch number of the batch that is being recorded: a block used in it is taken only if nothing else is there
   * @throws {RangeError} if that is no size, if it is too large for a shader to see, or memory is exhausted; nothing is lost by it
   */
  take(bytes: number, batch = -1): GpuBuffer {
    checkBytes(bytes);
    const size = classBytes(bytes);
    if (size > this.#largest) {
      throw new RangeError(
        `Cannot allocate ${inWords(bytes)} on webgpu: a buffer that a shader sees has at most ` +
          `${inWords(this.#largest)} on this adapter; the wasm device has no such limit`,
      );
    }
    const block = this.#reuse(size, batch) ?? this.#make(size, bytes);
    this.buffers++;
    this.bytes += bytes;
    return new GpuBuffer(bytes, block);
  }

  /**
   * Gives a buffer back.
   *
   * @throws {TypeError} if it has been given back before
   */
  release(buffer: GpuBuffer): void {
    if (buffer.released) throw new TypeError("Cannot release a buffer that has already been released");
    buffer.released = true;
    this.buffers--;
    this.bytes -= buffer.byteLength;
    const { block } = buffer, waiting = this.#idle.get(block.bytes);
    if (waiting) waiting.push(block);
    else this.#idle.set(block.bytes, [block]);
    this.#idleBytes += block.bytes;
    if (this.#idleBytes > this.#limit * IDLE_PART) this.trim();
  }

  /** The empty buffer that stands for an input that is absent; the device's own, so that nobody counts or releases it. */
  get nothing(): GpuBuffer {
    this.#nothing ??= new GpuBuffer(0, this.#make(classBytes(0), 0));
    return this.#nothing;
  }

  /** Live buffers and their bytes. */
  use(): MemoryUse {
    return { buffers: this.buffers, bytes: this.bytes };
  }

  /** Counts no buffer any more: the memory of all of them went with the device. */
  forget(): void {
    this.#idle.clear();
    this.buffers =
      this.bytes =
      this.held =
      this.#idleBytes =
        0;
  }

  /** Returns all waiting blocks to the driver. */
  trim(): void {
    for (const blocks of this.#idle.values()) {
      for (const block of blocks) {
        this.held -= block.bytes;
        this.#dropped(block);
        // The driver keeps the memory until the commands that were sent are done with it.
        block.handle.destroy();
      }
    }
    this.#idle.clear();
    this.#idleBytes = 0;
  }

  #reuse(size: number, batch: number): Block | undefined {
    const waiting = this.#idle.get(size);
    if (!waiting?.length) return undefined;
    let at = waiting.length - 1;
    // The block that has waited longest is the one that is least likely to be in use.
    if (waiting[at]!.batch === batch) at = waiting.findIndex((block) => block.batch !== batch);
    const block = at < 0 ? waiting.pop()! : waiting.splice(at, 1)[0]!;
    this.#idleBytes -= size;
    return block;
  }

  #make(size: number, asked: number): Block {
    if (this.held + size > this.#limit) this.trim();
    if (this.held + size > this.#limit) {
      throw new RangeError(
        `Cannot allocate ${inWords(asked)} on webgpu: ${this.buffers} live buffers hold ${inWords(this.bytes)} ` +
          `of the ${inWords(this.#limit)} that this device may use`,
      );
    }
    const usage = BUFFER.storage | BUFFER.copySource | BUFFER.copyTarget;
    const handle = this.#device.createBuffer({ size, usage });
    this.held += size;
    return { handle, bytes: size, id: this.#made++, batch: -1 };
  }
}
