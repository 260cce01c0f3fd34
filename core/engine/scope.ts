/**
 * # Who frees what
 *
 * **Question.** A training step makes hundreds of tensors that nobody wants afterwards. The
 * garbage collector of JavaScript does not see device memory, and never runs inside a
 * synchronous loop. How do formulas stay free of ownership?
 *
 * **Idea.** A *scope* remembers every piece of memory reserved while it is open, and gives
 * back at its end whatever its result does not hold. The training loop and the generation
 * loop open the scopes; formulas never mention them.
 *
 * **Three rules.**
 * 1. A tensor made inside {@linkcode scope} and not returned is freed at its end, also when
 *    the function throws.
 * 2. {@linkcode keep} hands a tensor to its holder: no scope frees it any more. Gradients of
 *    parameters and states of optimizers are kept.
 * 3. Outside any scope, memory lives until its last tensor is collected, or until
 *    {@linkcode release}.
 *
 * **A plain loop.** The collector sees a tensor as a few words, however much memory it stands for, and has no
 * reason to look. So for every 256 MiB that no scope frees, it is shown as much of its own: an array that nobody writes to,
 * and that takes room in its books alone. It collects, and tells of it in the next pause, which
 * `await loss.item()` makes ([pace](pace.ts)). A loop that opens no scope and awaits its loss therefore runs in
 * bounded memory: what its steps make between two pauses, and some of those 256 MiB. One that never awaits cannot be helped: nothing is collected while a program does not pause.
 *
 * @module
 */

import type { Backend, Buffer, DType } from "./backend.ts";
import { checkFunction, checkSynchronous, shown } from "./options.ts";
import { backend } from "./device.ts";
import type { Shape } from "./shape.ts";

/** Memory of one or several tensors that view it, and the device it lies on. */
export class Storage {
  /** Where the elements live. */
  readonly device: Backend;
  /** Whether a scope may free it; false once it is kept. */
  scoped: boolean = true;
  /** That there are no values yet: how many are to be assigned, and the error that refuses them until then. */
  unset: { readonly size: number; readonly refusal: string } | undefined = undefined;
  /** What the tensor that it was made for holds, if it was made for one. */
  readonly dtype: DType | undefined;
  /** Extents of that tensor. */
  readonly shape: Shape | undefined;
  #legacy: Legacy | undefined;
  #buffer: Buffer | undefined;

  /**
   * Takes over a buffer; the open scope, if any, becomes responsible for it.
   *
   * @param device where the buffer is
   * @param buffer the memory; `undefined` if it is reserved once values come
   * @param dtype what its tensor holds; it is no tensor's by default
   * @param shape extents of that tensor; it is no tensor's by default
   */
  constructor(device: Backend, buffer: Buffer | undefined, dtype?: DType, shape?: Shape) {
    this.device = device;
    this.#buffer = buffer;
    this.dtype = dtype;
    this.shape = shape;
    const open = scopes[scopes.length - 1];
    if (open) open.push(this);
    else this.entrust();
  }

  /** The device memory; throws a `TypeError` once it is freed, or while it has no values. */
  get buffer(): Buffer {
    if (this.unset) throw new TypeError(this.unset.refusal);
    return this.bytes;
  }

  /** The device memory, with values or without; throws a `TypeError` once it is freed. */
  get bytes(): Buffer {
    if (!this.#buffer && this.unset) this.provide(this.unset.size);
    if (!this.#buffer) {
      throw new TypeError(
        "Cannot use a tensor after it was freed: return it from its scope, or keep(tensor) it",
      );
    }
    return this.#buffer;
  }

  /** Whether the memory is still held, or still to come. */
  get live(): boolean {
    return this.#buffer !== undefined || this.unset !== undefined;
  }

  /** Bytes that it takes of the device. */
  get byteLength(): number {
    return this.#buffer?.byteLength ?? 0;
  }

  /** Reserves the memory that values come to. */
  provide(size: number): void {
    this.#buffer = this.device.allocate(this.dtype ?? "float32", size);
    if (!this.scoped) this.entrust();
  }

  /** Leaves the memory to the collector: it is freed some time after the last tensor that views it is gone. */
  entrust(): void {
    const { device, dtype, shape } = this, buffer = this.#buffer;
    this.scoped = false;
    if (!buffer) return;
    untold += buffer.byteLength + HOST_BYTES;
    if (untold >= TOLD) tell();
    const after = newest.before;
    this.#legacy = { device: new WeakRef(device), buffer, dtype, shape, before: after, after: newest };
    after.after = newest.before = this.#legacy;
    collector.register(this, this.#legacy, this);
  }

  /** Gives the memory back. */
  release(): void {
    const buffer = this.#buffer;
    this.unset = undefined;
    if (!buffer) return;
    this.#buffer = undefined;
    if (this.#legacy) {
      collector.unregister(this);
      unlink(this.#legacy);
    }
    this.device.release(buffer);
  }
}

/** Anything that holds a {@linkcode Storage}: every tensor. */
export interface Holder {
  /** The memory it views. */
  readonly storage: Storage;
}

const scopes: Storage[][] = [];

// Finalizers are a net for what escapes every scope, not the way memory is managed.
// The device is held weakly: a constant that it keeps for itself must not keep it.
const collector = new FinalizationRegistry<Legacy>((legacy) => {
  unlink(legacy);
  legacy.device.deref()?.release(legacy.buffer);
});

/** A piece of memory, and what it was reserved for. */
export interface Piece {
  /** The memory. */
  readonly buffer: Buffer;
  /** What the elements were, if it was made for a tensor. */
  readonly dtype: DType | undefined;
  /** Extents of that tensor. */
  readonly shape: Shape | undefined;
}

/** What the collector frees once nobody holds its tensor. */
interface Legacy extends Link, Piece {
  readonly device: WeakRef<Backend>;
}

/** A place in the ring of all that is left to the collector, which costs next to nothing to enter and to leave. */
interface Link {
  before: Link;
  after: Link;
}

/** Where the ring begins and ends. */
const newest: Link = {} as Link;
newest.before = newest.after = newest;

function unlink(link: Link): void {
  link.before.after = link.after;
  link.after.before = link.before;
}

/** Every piece of a device's memory that is of a tensor, or waits for the collector. */
export function* livePieces(device: Backend): Generator<Piece> {
  for (const storage of scopes.flat()) {
    const isOwn = storage.device === device && storage.scoped && storage.byteLength > 0;
    if (isOwn) yield { buffer: storage.bytes, dtype: storage.dtype, shape: storage.shape };
  }
  for (let link = newest.after; link !== newest; link = link.after) {
    if ((link as Legacy).device.deref() === device) yield link as Legacy;
  }
}

/** Bytes that the collector hears of at once. */
const TOLD = 2 ** 28;
/** What a tensor takes of the host's own memory, roughly. */
const HOST_BYTES = 512;
/** Bytes that were left to the collector, and that it has not heard of. */
let untold = 0;

/** Lets the collector feel how much memory waits for it. */
function tell(): void {
  untold = 0;
  try {
    new ArrayBuffer(TOLD);
  } catch {
    // A host that has not as much left collects on its own.
  }
}

const hidden = new WeakMap<object, () => unknown>();

/** Says what the private fields of an object hold, for who sums up memory. */
export function holdsPrivately(holder: object, held: () => unknown): void {
  hidden.set(holder, held);
}

/** What the private fields of an object hold, as far as it says. */
export function heldPrivately(holder: object): unknown {
  return hidden.get(holder)?.();
}

/** The memory that a value holds, however deep it is nested; there is no recursion. */
function collect(value: unknown, found: Set<Storage>): void {
  const pending = [value], seen = new Set<object>();
  const hold = (part: unknown): void => {
    if (typeof part === "object" && part !== null) pending.push(part);
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    const { storage } = next as Partial<Holder>;
    if (storage instanceof Storage) found.add(storage);
    else if (next instanceof Map) {
      for (const [key, element] of next) {
        hold(key);
        hold(element);
      }
    } else if (next instanceof Set) next.forEach(hold);
    else if (!ArrayBuffer.isView(next)) Object.values(next).forEach(hold);
  }
}

/**
 * Runs a function and frees every tensor it made and did not return.
 *
 * Tensors are looked for in the result itself and in arrays, maps, sets and the fields of
 * objects that it holds. They pass to the scope around this one.
 *
 * @example
 * ```ts
 * import { memory, scope, zeros } from "@heed/heed";
 *
 * const before = memory().bytes;
 * const total = scope(() => zeros([1000]).add(1).sum());
 * console.assert(memory().bytes < before + 1000);
 * console.assert(await total.item() === 1000);
 * ```
 *
 * @param f synchronous; a promise as its result throws a `TypeError`
 * @returns what `f` returns
 */
export function scope<T>(f: () => T): T {
  checkFunction("run", f);
  const made: Storage[] = [];
  scopes.push(made);
  let kept: Set<Storage> | undefined;
  try {
    const result = f();
    checkSynchronous("scope", result, "read results outside the scope, after it returned them");
    kept = new Set();
    collect(result, kept);
    return result;
  } finally {
    scopes.pop();
    const outer = scopes[scopes.length - 1];
    for (const storage of made) {
      if (!storage.live || !storage.scoped) continue;
      if (!kept?.has(storage)) storage.release();
      else if (outer) outer.push(storage);
      else storage.entrust();
    }
  }
}

/** Refuses what views no memory. */
function checkHolder(action: string, holder: Holder): void {
  if (!(holder?.storage instanceof Storage)) {
    throw new TypeError(`Cannot ${action} ${shown(holder)}: a tensor is needed`);
  }
}

/**
 * Takes a tensor out of its scope: whoever holds it is responsible for it.
 *
 * Its memory is freed by {@linkcode release}, or some time after the last reference is gone.
 *
 * @param holder a tensor
 * @returns the same tensor
 */
export function keep<T extends Holder>(holder: T): T {
  checkHolder("keep", holder);
  if (holder.storage.scoped) holder.storage.entrust();
  return holder;
}

/** Moves a tensor into the scope of another, or keeps it where that one is kept. */
export function keepWith<T extends Holder>(holder: T, other: Holder): T {
  const home = other.storage.scoped && scopes.findLast((made) => made.includes(other.storage));
  if (!home) return keep(holder);
  for (const made of scopes) if (made.includes(holder.storage)) made.splice(made.indexOf(holder.storage), 1);
  home.push(holder.storage);
  return holder;
}

/**
 * Frees the memory of a tensor at once, and of every view of it.
 *
 * @param holder a tensor; nothing happens if it was freed before
 */
export function release(holder: Holder): void {
  checkHolder("release", holder);
  holder.storage.release();
}

/** What the current device holds: live buffers (one per tensor that is no view) and their bytes. */
export function memory(): { readonly tensors: number; readonly bytes: number } {
  const { buffers, bytes } = backend().memory();
  return { tensors: buffers, bytes };
}
