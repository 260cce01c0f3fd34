/**
 * # Where memory is
 *
 * **Question.** `memory()` says how much is held. By what?
 *
 * **Idea.** Whoever asks names what they know of: a model, an optimizer, a cache. What their fields hold is theirs, the
 * gradients of their tensors stand beside it, and the rest is held by somebody else: a list that was forgotten, a loss with
 * everything that led to it, or a step that is not over. The largest of the rest are shown by their shapes.
 *
 * @module
 */

import type { Buffer, DType } from "./backend.ts";
import { constantsOf } from "./constants.ts";
import { backend } from "./device.ts";
import { isPlain, shown } from "./options.ts";
import { grouped, printsItself } from "./printing.ts";
import { heldPrivately, livePieces, type Piece, Storage } from "./scope.ts";
import { format, type Shape } from "./shape.ts";

/** How many pieces of memory there are, and how large they are together. */
export interface MemoryPart {
  /** Pieces of memory: tensors that are no views. */
  readonly tensors: number;
  /** Their bytes on the device. */
  readonly bytes: number;
}

/** Pieces of memory that are alike. */
export interface MemoryOfShape extends MemoryPart {
  /** What the elements are; `undefined` where it is no tensor's, such as packed weights. */
  readonly dtype: DType | undefined;
  /** Extents of each. */
  readonly shape: Shape | undefined;
}

/** How many shapes of the rest are listed. */
const LISTED = 5;

/** Where the memory of a device is; `console.log` shows it as a table. */
export class MemorySummary implements MemoryPart {
  /** The device. */
  readonly device: string;
  /** All live pieces of memory. */
  readonly tensors: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Most bytes that the device has taken from the host; `undefined` where it does not say. */
  readonly reserved: number | undefined;
  /** What each name holds, in the order of the question; what two hold counts for the first. */
  readonly named: Readonly<Record<string, MemoryPart>>;
  /** Gradients of the tensors that names hold. */
  readonly gradients: MemoryPart;
  /** Numbers of formulas, which are kept for the next use. */
  readonly constants: MemoryPart;
  /** What no name holds. */
  readonly others: MemoryPart;
  /** The shapes that take most of what no name holds, at most five. */
  readonly largest: readonly MemoryOfShape[];
  /** All of it by what the elements are; `"unknown"` is of no tensor. */
  readonly dtypes: Readonly<Partial<Record<DType | "unknown", MemoryPart>>>;

  /** Copies the numbers; programs call {@linkcode memorySummary}. */
  constructor(parts: Omit<MemorySummary, "toString">) {
    this.device = parts.device;
    this.tensors = parts.tensors;
    this.bytes = parts.bytes;
    this.reserved = parts.reserved;
    this.named = parts.named;
    this.gradients = parts.gradients;
    this.constants = parts.constants;
    this.others = parts.others;
    this.largest = parts.largest;
    this.dtypes = parts.dtypes;
  }

  /** The numbers as a table. */
  toString(): string {
    const { named, gradients, constants, others } = this;
    const rows = Object.entries({ ...named }).map(([name, part]) => row(name, part));
    rows.push(
      ...[["gradients", gradients], ["constants", constants], ["others", others]].map(([name, part]) =>
        row(name as string, part as MemoryPart)
      ).filter(([, tensors], i) => i === 2 || tensors !== "0"),
    );
    const widths = [0, 1, 2].map((i) => Math.max(...rows.map((cells) => cells[i]!.length)));
    const lines = rows.map(([name, tensors, bytes]) =>
      `  ${name!.padEnd(widths[0]!)}  ${tensors!.padStart(widths[1]!)} tensors  ${bytes!.padStart(widths[2]!)} bytes`
    );
    const taken = this.reserved === undefined ? "" : ` of ${grouped(this.reserved)} reserved`;
    const head = `memory on ${this.device}: ${grouped(this.tensors)} tensors, ${grouped(this.bytes)} bytes${taken}`;
    const kinds = Object.entries(this.dtypes).map(([dtype, { bytes }]) => `${dtype} ${grouped(bytes)}`);
    const large = this.largest.map(({ tensors, dtype, shape, bytes }) =>
      `    ${grouped(tensors)} × ${dtype ?? "unknown"} ${shape ? format(shape) : ""}`.trimEnd() +
      `: ${grouped(bytes)} bytes`
    );
    return [head, ...lines, ...large, `  in bytes: ${kinds.join(", ") || "nothing"}`].join("\n");
  }
}

printsItself(MemorySummary);

function row(name: string, { tensors, bytes }: MemoryPart): string[] {
  return [name, grouped(tensors), grouped(bytes)];
}
/**
 * Says what the memory of the current device is held by.
 *
 * It looks at everything that is named and at every live tensor once: milliseconds, at the time of asking and not before.
 *
 * @example
 * ```ts
 * import { adam, Linear, Optimizer, Random } from "@heed/heed";
 * import { memorySummary } from "@heed/heed/engine";
 *
 * const model = new Linear(100, 10, new Random(1));
 * const optimizer = new Optimizer(model.parameters(), adam());
 * const summary = memorySummary({ model, optimizer });
 * console.log(summary); // a table
 * console.assert(summary.named.model!.bytes === 4 * 1010);
 * ```
 *
 * @param named modules, optimizers, caches, tensors, or lists and objects of such, by the names to show; none by default
 * @returns what each name holds, and what no name does
 * @throws {TypeError} if that is no object of named things
 */
export function memorySummary(named: Readonly<Record<string, unknown>> = {}): MemorySummary {
  if (typeof named !== "object" || named === null || Array.isArray(named) || !isPlain(named)) {
    throw new TypeError(`Cannot sum up the memory of ${shown(named)}: an object of named things is needed`);
  }
  const device = backend(), seen = new Set<Buffer>();
  const add = (storages: Iterable<Storage>): MemoryPart => {
    const own = [...storages].filter((storage) => storage.live && storage.device === device);
    const buffers = own.map(({ bytes }) => bytes).filter((buffer) => !seen.has(buffer) && seen.add(buffer));
    return total(buffers);
  };
  const found = Object.entries(named).map(([name, value]) => ({ name, ...reach(value) }));
  const parts = Object.fromEntries(found.map(({ name, held }) => [name, add(held)]));
  const gradients = add(found.flatMap(({ gradients }) => [...gradients])), constants = add(constantsOf(device));

  const { buffers, bytes } = device.memory(), pieces = [...livePieces(device)];
  const known = [...Object.values(parts), gradients, constants];
  const left = (part: keyof MemoryPart, all: number): number => known.reduce((sum, { [part]: n }) => sum - n, all);
  return new MemorySummary({
    ...{ device: device.name, tensors: buffers, bytes, reserved: device.reserved },
    ...{ named: parts, gradients, constants },
    others: { tensors: left("tensors", buffers), bytes: left("bytes", bytes) },
    largest: alike(pieces.filter(({ buffer }) => !seen.has(buffer))).slice(0, LISTED),
    dtypes: byDType(pieces, bytes, buffers),
  });
}

function total(buffers: readonly Buffer[]): MemoryPart {
  return { tensors: buffers.length, bytes: buffers.reduce((sum, { byteLength }) => sum + byteLength, 0) };
}

/** What a value holds, however deep, and the gradients of that. */
function reach(root: unknown): { readonly held: Set<Storage>; readonly gradients: Set<Storage> } {
  const held = new Set<Storage>(), gradients = new Set<Storage>(), seen = new Set<unknown>(), pending = [root];
  while (pending.length > 0) {
    const next = pending.pop() as Record<PropertyKey, unknown> | null | undefined;
    if (typeof next !== "object" || next === null || seen.has(next) || ArrayBuffer.isView(next)) continue;
    seen.add(next);
    const gradient = next["grad"] as { readonly storage?: unknown } | undefined;
    if (gradient?.storage instanceof Storage) gradients.add(gradient.storage);
    if (next["storage"] instanceof Storage) held.add(next["storage"]);
    if (next["form"] !== undefined) pending.push(next["form"]);
    pending.push(heldPrivately(next));
    if (next["storage"] instanceof Storage) continue;
    const parts = next instanceof Map || next instanceof Set ? next.values() : Object.values(next);
    for (const part of parts) pending.push(part);
    if (next instanceof Map) { for (const key of next.keys()) pending.push(key); }
  }
  return { held, gradients };
}

/** What `Map.groupBy` does, which Node 20 does not have. */
function piecesBy<K>(pieces: readonly Piece[], keyOf: (piece: Piece) => K): Map<K, Piece[]> {
  const groups = new Map<K, Piece[]>();
  for (const piece of pieces) {
    const key = keyOf(piece), group = groups.get(key);
    if (group) group.push(piece);
    else groups.set(key, [piece]);
  }
  return groups;
}

/** Pieces by dtype and shape, those that take most first. */
function alike(pieces: readonly Piece[]): MemoryOfShape[] {
  const groups = piecesBy(pieces, ({ dtype, shape }) => `${dtype} ${shape}`);
  return [...groups.values()]
    .map((group) => ({ ...total(group.map(({ buffer }) => buffer)), dtype: group[0]!.dtype, shape: group[0]!.shape }))
    .toSorted((a, b) => b.bytes - a.bytes);
}

function byDType(
  pieces: readonly Piece[],
  bytes: number,
  tensors: number,
): Partial<Record<DType | "unknown", MemoryPart>> {
  const groups = piecesBy(pieces, ({ dtype }) => dtype ?? "unknown");
  const known: Partial<Record<DType | "unknown", MemoryPart>> = {};
  for (const [dtype, group] of groups) if (dtype !== "unknown") known[dtype] = total(group.map(({ buffer }) => buffer));
  const rest = Object.values(known).reduce(
    (left, part) => ({ tensors: left.tensors - part.tensors, bytes: left.bytes - part.bytes }),
    { tensors, bytes },
  );
  return rest.tensors > 0 ? { ...known, unknown: rest } : known;
}
