/**
 * # Recording
 *
 * **Question.** A line of a chapter becomes a handful of kernels, each of a few microseconds. How does
 * the program keep the GPU busy, when telling it something costs as much as the work?
 *
 * **Idea.** Nothing is sent when an operation is called. Its dispatch is recorded into one open pass; the
 * pass is sent when it holds {@linkcode SLOTS} dispatches, or when somebody reads a number. Dispatches of one
 * pass run in order, each seeing what those before it wrote.
 *
 * | what                | how                                                                            |
 * | ------------------- | ------------------------------------------------------------------------------ |
 * | parameters          | 256 bytes per dispatch in one buffer, written in one piece just before sending |
 * | which buffers       | bind groups, kept and found again by the numbers of their buffers              |
 * | data from the host  | written into a block that no recorded command uses                             |
 * | numbers to the host | copied aside at the end of the pass; all reads of one moment share one sending  |
 *
 * **Errors** of a driver arrive late, and in silence if nobody listens. The first one is kept, and thrown
 * by the next read.
 *
 * @module
 */

import { disposed } from "../core/engine/requirements.ts";
import { DeviceLost } from "../core/engine/backend.ts";
import { BUFFER, READ } from "./flags.ts";
import { type Block, classBytes, type GpuBuffer, Pool } from "./memory.ts";
import type { Pipeline } from "./pipelines.ts";

/** Dispatches that are sent together at most. */
export const SLOTS = 128;
/** Bytes of parameters of a dispatch. */
const SLOT_BYTES = 256;
const SLOT_WORDS = SLOT_BYTES / 4;
/** Bind groups that are kept at most. */
const MOST_GROUPS = 4096;

/** Extents of a dispatch in workgroups. */
export type Grid = readonly [number, number?, number?];

/** Records commands for one device and sends them. */
export class Queue {
  /** The memory that commands work on. */
  readonly pool: Pool;
  /** Number of the batch that is being recorded. */
  batch = 0;
  /** Dispatches recorded since the device was made. */
  dispatches = 0;

  readonly #device: GPUDevice;
  readonly #parameters: GPUBuffer;
  readonly #words = new Uint32Array(SLOTS * SLOT_WORDS);
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #groupsOfBlock = new Map<number, Set<string>>();
  readonly #staging = new Map<number, GPUBuffer[]>();
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #slots = 0;
  #sending: Promise<void> | undefined;
  #fault: Error | undefined;
  #lost: DeviceLost | undefined;
  readonly #losing: Promise<never>;

  constructor(device: GPUDevice, memoryBytes: number) {
    this.#device = device;
    this.pool = new Pool(device, memoryBytes, (block) => this.#forget(block));
    this.#parameters = device.createBuffer({
      size: SLOTS * SLOT_BYTES,
      usage: BUFFER.uniform | BUFFER.copyTarget,
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { error } = event as GPUUncapturedErrorEvent;
      this.fail(new Error(`Cannot trust what webgpu computed: ${error.message}`));
    });
    this.#losing = device.lost.then(({ reason, message }) => {
      this.#lost ??= new DeviceLost(
        `Cannot go on with webgpu: the device was lost (${message || reason || "no reason given"}); ` +
          'useDevice("wasm") continues on the CPU, useDevice("webgpu") opens a new one',
      );
      throw this.#lost;
    });
    this.#losing.catch(() => {/* thrown by whoever uses the device next */});
  }

  /** Whether the device is gone. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Keeps the first error for the next read. */
  fail(error: Error): void {
    this.#fault ??= error;
  }

  /** Throws if the device is gone. */
  requireLive(): void {
    if (this.#lost) throw this.#lost;
  }

  /**
   * Records one dispatch.
   *
   * @param pipeline what runs
   * @param buffers its storage, in the order of its bindings
   * @param parameters words of its uniform
   * @param grid workgroups
   */
  dispatch(pipeline: Pipeline, buffers: readonly GpuBuffer[], parameters: readonly number[], grid: Grid): void {
    this.requireLive();
    const [x, y = 1, z = 1] = grid;
    if (x === 0 || y === 0 || z === 0) return;
    const group = this.#groupOf(pipeline, buffers);
    if (this.#slots === SLOTS) this.send();
    for (const { block } of buffers) block.batch = this.batch;
    const slot = this.#slots++;
    this.#words.set(parameters, slot * SLOT_WORDS);
    const pass = this.#open();
    pass.setPipeline(pipeline.handle);
    pass.setBindGroup(0, group, [slot * SLOT_BYTES]);
    pass.dispatchWorkgroups(x, y, z);
    this.dispatches++;
  }

  /** Sends what is recorded. */
  send(): void {
    const encoder = this.#encoder;
    if (!encoder) return;
    this.#pass?.end();
    if (this.#slots > 0) {
      this.#device.queue.writeBuffer(this.#parameters, 0, this.#words, 0, this.#slots * SLOT_WORDS);
    }
    this.#device.queue.submit([encoder.finish()]);
    this.#encoder = this.#pass = undefined;
    this.#slots = 0;
    this.batch++;
  }

  /** A buffer filled from the host. */
  upload(data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>): GpuBuffer {
    this.requireLive();
    const buffer = this.pool.take(data.byteLength, this.batch);
    if (buffer.block.batch === this.batch) this.send();
    if (data.byteLength > 0) this.#device.queue.writeBuffer(buffer.block.handle, 0, data);
    return buffer;
  }

  /**
   * Copies bytes to the host once everything recorded so far is done.
   *
   * @throws {DeviceLost} if the device is gone, or goes meanwhile
   * @throws {Error} if something failed on the way
   */
  async read(buffer: GpuBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    this.requireLive();
    if (bytes === 0) return new ArrayBuffer(0);
    const size = classBytes(bytes);
    const staging = this.#staging.get(size)?.pop() ??
      this.#device.createBuffer({ size, usage: BUFFER.mapRead | BUFFER.copyTarget });
    this.#pass?.end();
    this.#pass = undefined;
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(buffer.block.handle, offset, staging, 0, bytes);
    buffer.block.batch = this.batch;
    await this.#sendSoon();
    const copy = await this.#mapped(staging, bytes);
    staging.unmap();
    const waiting = this.#staging.get(size);
    if (waiting) waiting.push(staging);
    else this.#staging.set(size, [staging]);
    if (this.#lost) throw this.#lost;
    this.#throwFault();
    return copy;
  }

  /** Gives the device up; whoever uses it afterwards is told that it was lost. */
  close(): void {
    this.#device.destroy();
  }

  /** Gives the device up on purpose; whoever uses it afterwards is told so. */
  dispose(): void {
    this.#lost = disposed("webgpu");
    this.#encoder = this.#pass = undefined;
    this.#groups.clear();
    this.#groupsOfBlock.clear();
    this.#staging.clear();
    this.pool.forget();
    this.#device.destroy();
  }

  /** Resolves once everything recorded so far is done. */
  async done(): Promise<void> {
    this.requireLive();
    this.send();
    await Promise.race([this.#device.queue.onSubmittedWorkDone(), this.#losing]);
    if (this.#lost) throw this.#lost;
    this.#throwFault();
  }

  /** What a staging buffer holds, once it is there. */
  async #mapped(staging: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    try {
      // Some drivers never answer for a device that is lost, some reject, some pretend to succeed.
      await Promise.race([staging.mapAsync(READ, 0, bytes), this.#losing]);
      return staging.getMappedRange(0, bytes).slice(0);
    } catch (error) {
      // The loss may be reported a moment after what it made fail.
      await Promise.race([this.#losing, new Promise((resolve) => setTimeout(resolve, 100))]);
      this.#throwFault();
      throw error;
    }
  }

  /** Sends after everyone who is about to read has said so. */
  #sendSoon(): Promise<void> {
    return this.#sending ??= Promise.resolve().then(() => {
      this.#sending = undefined;
      this.send();
    });
  }

  #throwFault(): void {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault) throw fault;
  }

  #open(): GPUComputePassEncoder {
    if (!this.#pass) {
      this.#encoder ??= this.#device.createCommandEncoder();
      this.#pass = this.#encoder.beginComputePass();
    }
    return this.#pass;
  }

  #groupOf(pipeline: Pipeline, buffers: readonly GpuBuffer[]): GPUBindGroup {
    let key = pipeline.kinds;
    for (const { block } of buffers) key += `,${block.id}`;
    const known = this.#groups.get(key);
    if (known) return known;
    check(pipeline, buffers);
    if (this.#groups.size >= MOST_GROUPS) {
      this.#groups.clear();
      this.#groupsOfBlock.clear();
    }
    const entries: GPUBindGroupEntry[] = buffers.map(({ block }, binding) => ({
      binding,
      resource: { buffer: block.handle },
    }));
    entries.push({ binding: buffers.length, resource: { buffer: this.#parameters, size: SLOT_BYTES } });
    const group = this.#device.createBindGroup({ layout: pipeline.layout, entries });
    this.#groups.set(key, group);
    for (const { block } of buffers) {
      const keys = this.#groupsOfBlock.get(block.id);
      if (keys) keys.add(key);
      else this.#groupsOfBlock.set(block.id, new Set([key]));
    }
    return group;
  }

  /** Drops the bind groups of a block that goes; what is recorded with it is sent first. */
  #forget(block: Block): void {
    if (block.batch === this.batch) this.send();
    for (const key of this.#groupsOfBlock.get(block.id) ?? []) this.#groups.delete(key);
    this.#groupsOfBlock.delete(block.id);
  }
}

/** Refuses bindings that a driver would refuse in silence. */
function check({ kinds, name }: Pipeline, buffers: readonly GpuBuffer[]): void {
  if (kinds.length !== buffers.length + 1 || !kinds.endsWith("u")) {
    throw new TypeError(`Cannot run shader ${JSON.stringify(name)} on ${buffers.length} buffers: it binds ${kinds}`);
  }
  buffers.forEach(({ block }, i) => {
    const written = kinds[i] === "w" && buffers.some((other, j) => j !== i && other.block === block);
    if (written) throw new TypeError(`Cannot run shader ${JSON.stringify(name)}: it would read what it overwrites`);
  });
}
