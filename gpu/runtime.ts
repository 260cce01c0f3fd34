/**
 * # What kernels are called with
 *
 * The border between views, which know shapes and strides, and dispatches, which know buffers and words.
 *
 * @module
 */

import type { Backend, Buffer, DType, View } from "../core/engine/backend.ts";
import { contiguousStrides, isContiguous, sizeOf } from "../core/engine/shape.ts";
import type { GpuBuffer } from "./memory.ts";
import type { Pipelines } from "./pipelines.ts";
import type { Grid, Queue } from "./queue.ts";
import type { Variant } from "./template.ts";

/** Most workgroups along one axis of a dispatch. */
const MOST_GROUPS = 65535;

const words = new Uint32Array(1), floats = new Float32Array(words.buffer);

/** The bits of a float32, as a word of parameters. */
export function bits(x: number): number {
  floats[0] = x;
  return words[0]!;
}

/**
 * Workgroups in a plane that holds at least `count`: a shader finds its number as
 * `group.y * groups.x + group.x` and leaves if that is too large.
 */
export function plane(count: number): Grid {
  if (count <= MOST_GROUPS) return [count];
  const rows = Math.ceil(count / MOST_GROUPS);
  return [Math.ceil(count / rows), rows];
}

/** Memory, dispatches, and the few conversions between views and buffers. */
export class Runtime {
  /** Records and sends. */
  readonly queue: Queue;
  /** Compiled shaders. */
  readonly pipelines: Pipelines;
  /** Whether shaders may compute with, and store, 16-bit numbers. */
  readonly halves: boolean;
  /** Overwrites a view with another; set by the device, which knows how to copy. */
  copy!: (source: View, target: View) => void;
  readonly #temporaries: GpuBuffer[] = [];

  constructor(queue: Queue, pipelines: Pipelines, halves: boolean) {
    this.queue = queue;
    this.pipelines = pipelines;
    this.halves = halves;
  }

  /**
   * Records a dispatch of `shaders/NAME.wgsl`.
   *
   * @param name of the shader
   * @param buffers its storage, in the order of its bindings
   * @param parameters words of its uniform, at most 64; floats by {@linkcode bits}
   * @param grid workgroups along each axis; `plane(count)` where one axis may not suffice
   * @param variant what replaces its declarations
   */
  run(name: string, buffers: readonly Buffer[], parameters: readonly number[], grid: Grid, variant?: Variant): void {
    for (const buffer of buffers as readonly GpuBuffer[]) {
      if (buffer.released) throw new TypeError("Cannot use a buffer that has already been released");
    }
    this.queue.dispatch(this.pipelines.of(name, variant), buffers as readonly GpuBuffer[], parameters, grid);
  }

  /** Reserves room for `count` elements of four bytes. */
  allocate(count: number): GpuBuffer {
    this.queue.requireLive();
    return this.queue.pool.take(count * 4);
  }

  /** A fresh contiguous view with room for `shape`. */
  make(dtype: DType, shape: readonly number[]): View {
    return { buffer: this.allocate(sizeOf(shape)), dtype, shape, strides: contiguousStrides(shape), offset: 0 };
  }

  /** A buffer that is given back by itself when the current member of the backend returns. */
  temporary(count: number): GpuBuffer {
    const buffer = this.allocate(count);
    this.#temporaries.push(buffer);
    return buffer;
  }

  /** What stands for an input that is absent: a shader declares it and does not read it. */
  get nothing(): Buffer {
    return this.queue.pool.nothing;
  }

  /** The view itself if it is contiguous, else a temporary contiguous copy. */
  contiguous(view: View): View {
    if (isContiguous(view.shape, view.strides)) return view;
    const { dtype, shape } = view;
    const copy: View = {
      buffer: this.temporary(sizeOf(shape)),
      dtype,
      shape,
      strides: contiguousStrides(shape),
      offset: 0,
    };
    this.copy(view, copy);
    return copy;
  }

  /** Gives all temporaries back. */
  sweep(): void {
    while (this.#temporaries.length > 0) this.queue.pool.release(this.#temporaries.pop()!);
  }
}

const runtimes = new WeakMap<Backend, Runtime>();

/** Remembers the runtime inside a device for {@linkcode runtimeOf}. */
export function remember(device: Backend, runtime: Runtime): void {
  runtimes.set(device, runtime);
}

/**
 * The runtime inside a GPU device, for benches and tests.
 *
 * @throws {TypeError} if the device is another one
 */
export function runtimeOf(device: Backend): Runtime {
  const runtime = runtimes.get(device);
  if (!runtime) throw new TypeError(`Cannot look inside the device ${device.name}: it is not the GPU device`);
  return runtime;
}
