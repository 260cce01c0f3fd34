/**
 * # One memory for all tensors
 *
 * Every tensor of the CPU device lives in one `WebAssembly.Memory` of up to 4 GiB, in
 * blocks aligned to 128 bytes, the width of two cache lines.
 *
 * **Small blocks** (up to 32 KiB) come in size classes, four per doubling, and return to
 * the list of their class: taking and giving back are one `pop` and one `push`. **Large
 * blocks** are cut from the smallest gap that holds them, and a gap that closes up to its
 * neighbours merges with them, so that a long run of changing shapes does not crumble the
 * memory.
 *
 * **Growing** happens only here and so only between jobs: a kernel that is running does
 * not learn of it. Growth replaces `memory.buffer`; the views are made anew at once, and
 * nobody keeps one.
 *
 * @module
 */

import { checkBytes, disposed } from "../core/engine/requirements.ts";
import { HEAP } from "./assembly/layout.ts";

const PAGE = 65536;
const LARGE = 32768;
const LARGE_ALIGNMENT = 4096;
const MOST_PAGES = 65536;

/** A stretch of free memory. */
interface Gap {
  address: number;
  bytes: number;
}

/** Size class of a small request: four classes per doubling, multiples of 128 bytes. */
function sizeClass(bytes: number): number {
  const lines = Math.max(1, Math.ceil(bytes / 128));
  if (lines <= 8) return lines - 1;
  const doubling = 31 - Math.clz32(lines - 1);
  return 8 + (doubling - 3) * 4 + ((lines - 1) >> (doubling - 2)) - 4;
}

/** Bytes of the blocks of one class. */
function classBytes(index: number): number {
  if (index < 8) return (index + 1) * 128;
  const doubling = ((index - 8) >> 2) + 3;
  return ((((index - 8) & 3) + 5) << (doubling - 2)) * 128;
}

/** Makes the largest memory that the engine grants address space for. */
function makeMemory(shared: boolean, initial: number): WebAssembly.Memory {
  for (let maximum = MOST_PAGES;; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared });
    } catch (error) {
      if (maximum <= MOST_PAGES / 64) throw error;
    }
  }
}

/** The memory of the CPU device and the allocator over it. */
export class Memory {
  /** What the kernels import. */
  wasm: WebAssembly.Memory;
  /** Whether several threads can see it. */
  readonly shared: boolean;
  /** The memory as float32; replaced whenever it grows. */
  float32!: Float32Array;
  /** The memory as int32; replaced whenever it grows. */
  int32!: Int32Array;
  /** How often it has grown. */
  growths = 0;
  /** Live blocks. */
  blocks = 0;
  /** Bytes asked for in live blocks. */
  bytes = 0;

  readonly #classes: number[][] = Array.from({ length: sizeClass(LARGE) + 1 }, (): number[] => []);
  readonly #gaps: Gap[] = [];
  #top = HEAP;
  #isEnded = false;
  #end = 0;

  constructor(shared: boolean) {
    this.shared = shared;
    this.wasm = makeMemory(shared, 16);
    this.#renew();
  }

  /**
   * Reserves a block; what it contains is undefined.
   *
   * @returns the byte address, a multiple of 128
   * @throws {RangeError} if that is no size, or the memory is exhausted; nothing is lost by it
   */
  allocate(bytes: number): number {
    if (this.#isEnded) throw disposed("wasm");
    checkBytes(bytes);
    const address = bytes <= LARGE ? this.#allocateSmall(bytes) : this.#allocateLarge(bytes);
    this.blocks++;
    this.bytes += bytes;
    return address;
  }

  /** Gives a block back; `bytes` is what was asked for. */
  free(address: number, bytes: number): void {
    if (this.#isEnded) return;
    this.blocks--;
    this.bytes -= bytes;
    if (bytes <= LARGE) this.#classes[sizeClass(bytes)]!.push(address);
    else this.#returnGap(address, roundLarge(bytes));
  }

  /** Bytes that it has grown to. */
  get reserved(): number {
    return this.wasm.buffer.byteLength;
  }

  /** Whether {@linkcode Memory.end} was called. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Lets go of the memory: the engine takes it back once no kernel and no worker holds it. */
  end(): void {
    this.#isEnded = true;
    this.wasm = new WebAssembly.Memory({ initial: 0, maximum: 0 });
    this.float32 = new Float32Array(0);
    this.int32 = new Int32Array(0);
    this.#gaps.length = this.blocks = this.bytes = 0;
    for (const list of this.#classes) list.length = 0;
  }

  #allocateSmall(bytes: number): number {
    const index = sizeClass(bytes);
    const list = this.#classes[index]!;
    const known = list.pop();
    if (known !== undefined) return known;
    // A slab of several blocks at a time keeps small blocks together.
    const size = classBytes(index);
    const count = Math.max(1, Math.floor(LARGE / size));
    const slab = this.#allocateLarge(size * count);
    for (let i = count - 1; i > 0; i--) list.push(slab + i * size);
    return slab;
  }

  #allocateLarge(bytes: number): number {
    const wanted = roundLarge(bytes);
    let best = -1;
    for (let i = 0; i < this.#gaps.length; i++) {
      const size = this.#gaps[i]!.bytes;
      if (size >= wanted && (best < 0 || size < this.#gaps[best]!.bytes)) {
        best = i;
        if (size === wanted) break;
      }
    }
    if (best >= 0) {
      const gap = this.#gaps[best]!;
      const address = gap.address;
      if (gap.bytes === wanted) this.#gaps.splice(best, 1);
      else {
        gap.address += wanted;
        gap.bytes -= wanted;
      }
      return address;
    }
    // The last gap may touch the top; it then needs only the missing part.
    const last = this.#gaps.at(-1);
    const start = last && last.address + last.bytes === this.#top ? last.address : this.#top;
    if (start + wanted > this.#end) this.#grow(start + wanted, bytes);
    if (start !== this.#top) this.#gaps.pop();
    this.#top = start + wanted;
    return start;
  }

  /** Puts a gap in its place by address and merges it with the gaps it touches. */
  #returnGap(address: number, bytes: number): void {
    const gaps = this.#gaps;
    let low = 0, high = gaps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (gaps[middle]!.address < address) low = middle + 1;
      else high = middle;
    }
    const before = gaps[low - 1], after = gaps[low];
    const joinsBefore = before !== undefined && before.address + before.bytes === address;
    const joinsAfter = after !== undefined && address + bytes === after.address;
    if (joinsBefore && joinsAfter) {
      before.bytes += bytes + after.bytes;
      gaps.splice(low, 1);
    } else if (joinsBefore) before.bytes += bytes;
    else if (joinsAfter) {
      after.address = address;
      after.bytes += bytes;
    } else gaps.splice(low, 0, { address, bytes });
  }

  /** Grows to at least `end` bytes: by a quarter if possible, by what is missing if not. */
  #grow(end: number, asked: number): void {
    const have = this.#end / PAGE;
    const missing = Math.ceil(end / PAGE) - have;
    for (const pages of [Math.max(missing, Math.min(have >> 2, 4096)), missing]) {
      if (have + pages > MOST_PAGES) continue;
      try {
        this.wasm.grow(pages);
        this.growths++;
        this.#renew();
        return;
      } catch {
        continue;
      }
    }
    throw new RangeError(
      `Cannot allocate ${asked} bytes: ${this.blocks} live buffers hold ${this.bytes} bytes ` +
        `of the ${this.#end} that the memory has grown to, and the engine grants no more; scope(() => …) frees what a step made`,
    );
  }

  #renew(): void {
    const buffer = this.wasm.buffer;
    this.#end = buffer.byteLength;
    this.float32 = new Float32Array(buffer);
    this.int32 = new Int32Array(buffer);
  }
}

/** Large blocks are whole multiples of 4 KiB. */
function roundLarge(bytes: number): number {
  return Math.ceil(bytes / LARGE_ALIGNMENT) * LARGE_ALIGNMENT;
}
