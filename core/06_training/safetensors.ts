/**
 * # Safetensors: writing tensors down
 *
 * **Question.** A trained model is a few hundred named arrays. Which file holds them so that
 * any program can read it, and no file, however broken or malicious, can harm its reader?
 *
 * **Idea.** Eight bytes give the length of the header. The header is JSON and gives for each name
 * the type of the elements, the shape and the position. The rest is numbers.
 * Nothing in the file is code, and every statement of the header can be checked against the
 * file's length before a single byte is reserved for it. This is the safetensors format, so
 * files from here can be read in Python and the other way round.
 *
 * **Formula.** For the tensors in order of their positions, with element size $w$ and shape $s$,
 *
 * $$\mathrm{begin}_1 = 0, \qquad \mathrm{end}_i = \mathrm{begin}_i + w_i \prod_a s_{i,a}, \qquad \mathrm{begin}_{i+1} = \mathrm{end}_i$$
 *
 * | part of the file                             | bytes                                           |
 * | -------------------------------------------- | ----------------------------------------------- |
 * | length $N$ of the header                     | 8, little-endian                                |
 * | header, JSON in UTF-8, starting with a brace | $N \le 10^8$                                    |
 * | numbers, row-major, little-endian            | $\mathrm{end}_n$, to the last byte of the file  |
 *
 * **Why no hole and no overlap.** Ranges that tile the rest of the file leave no room to hide
 * other data in, and no way to make a small file pretend to be a large one: the sum of all
 * tensors is at most the file.
 *
 * **Limits.** The format allows a header of a hundred megabytes. Of these at most 32,768 tensors of 16 axes and
 * eight mebibytes of names and notes are read: a header can then not make its reader keep more than a few dozen
 * mebibytes beside the file.
 *
 * **Why a parser of its own.** `JSON.parse` takes the last of two equal keys without a word,
 * and puts names such as `__proto__` on plain objects. The header's grammar is small; reading
 * it byte by byte into `Map`s refuses the first and is indifferent to the second.
 *
 * @module
 */

import { checkInstance, checkText } from "../engine/arguments.ts";
import { quote, shown } from "../engine/json.ts";
import type { StateEntry } from "../engine/module.ts";
import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  isPlain,
  list,
  mapByName,
  oneOf,
  required,
} from "../engine/options.ts";
import type { Numbers } from "../engine/backend.ts";
import { tensor } from "../engine/create.ts";
import { halfToNumber } from "../engine/numbers.ts";
import type { Tensor } from "../engine/tensor.ts";

/** What an element of a stored tensor is, in the file's own spelling. */
export type StoredKind =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "F8_E5M2"
  | "F8_E4M3"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

const WIDTHS: ReadonlyMap<string, number> = new Map<StoredKind, number>([
  ["F64", 8],
  ["F32", 4],
  ["F16", 2],
  ["BF16", 2],
  ["F8_E5M2", 1],
  ["F8_E4M3", 1],
  ["I64", 8],
  ["I32", 4],
  ["I16", 2],
  ["I8", 1],
  ["U64", 8],
  ["U32", 4],
  ["U16", 2],
  ["U8", 1],
  ["BOOL", 1],
]);

/** A tensor as it lies in a file. */
export interface StoredTensor {
  /** What its elements are. */
  readonly kind: StoredKind;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** Its elements, row-major and little-endian; after decoding, a view of the file. */
  readonly bytes: Uint8Array;
}

/** The contents of a file: tensors by name, and notes that its writer left. */
export interface TensorFile {
  /** Tensors by name, in order of their places in the file. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Notes by name. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** What {@linkcode encodeSafetensors} writes. */
export interface WrittenFile {
  /** Tensors by name, in any order. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Notes by name; none by default. */
  readonly metadata?: ReadonlyMap<string, string> | undefined;
}

/** Bytes, those of another realm too, such as a frame of a page. */
export const aByteArray: Check<Uint8Array> = {
  must: "a Uint8Array",
  fits: (value) => Object.prototype.toString.call(value) === "[object Uint8Array]",
};

const notesCheck: Check<ReadonlyMap<string, string>> = {
  must: "a Map of strings by name",
  fits: (value) => value instanceof Map && [...value].flat().every((text) => typeof text === "string"),
};

const fileChecks: Checks<WrittenFile> = {
  tensors: required(mapByName()),
  metadata: notesCheck,
};

const storedChecks: Checks<StoredTensor> = {
  kind: required(oneOf([...WIDTHS.keys()] as StoredKind[])),
  shape: required(list("a list of whole numbers", (extent) => Number.isSafeInteger(extent) && (extent as number) >= 0)),
  bytes: required(aByteArray),
};

const outlinesCheck: Check<ReadonlyMap<string, TensorOutline>> = {
  must: "a Map of kinds and shapes by name",
  fits: (value) =>
    value instanceof Map &&
    [...value.values()].every((one) => storedChecks.kind.fits(one?.kind) && storedChecks.shape.fits(one?.shape)),
};

/** Largest header that is read, in bytes. */
const MAX_HEADER = 100_000_000;
/** Most axes, most tensors, most bytes of names and notes: far above every real model, low enough to bound memory. */
const MAX_AXES = 16;
const MAX_TENSORS = 2 ** 15;
const MAX_TEXT: number = 2 ** 23;

// ## Writing

/**
 * Writes tensors and notes as the bytes of a safetensors file.
 *
 * Wide elements come first and each kind in order of the names, so that every tensor lies at
 * a multiple of its element size and equal contents give equal bytes.
 *
 * @param file what to write
 * @returns the bytes of the file
 * @throws {TypeError} if a tensor's bytes do not fit its shape, or a name is `__metadata__`
 * @throws {RangeError} if there are more tensors, axes or bytes in the header than readers accept
 */
export function encodeSafetensors(file: WrittenFile): Uint8Array<ArrayBuffer> {
  checkOptions("write tensors", file, fileChecks);
  const { tensors, metadata = new Map() } = file;
  for (const [name, stored] of tensors) checkStored("write", String(name), stored);
  return writeTensors({ tensors, metadata });
}

/**
 * Refuses what is no stored tensor, or has other bytes than its shape takes.
 *
 * @param action what is attempted, as in `Cannot write tensor "a"`
 * @param name of the tensor
 * @param stored what was given
 * @throws {TypeError} if a field is missing or does not fit the others
 */
export function checkStored(action: string, name: string, stored: StoredTensor): void {
  checkText("check a stored tensor", "action", action);
  checkText("check a stored tensor", "name", name);
  if (typeof stored !== "object" || stored === null || !isPlain(stored)) {
    throw new TypeError(
      `Cannot ${action} tensor ${quote(name)} of ${
        shown(stored)
      }: kind, shape and bytes are needed, as exportState() and ` +
        "decodeSafetensors() return them, and loadStateDict() is for tensors",
    );
  }
  checkOptions(`${action} tensor ${quote(name)}`, stored, storedChecks);
  const { kind, shape, bytes } = stored;
  if (bytes.length !== byteCount(shape, WIDTHS.get(kind)!)) {
    throw new TypeError(
      `Cannot ${action} tensor ${quote(name)}: ${bytes.length} bytes as ${kind} [${shape.join(", ")}]`,
    );
  }
}

/** What the header says of a tensor, before its place is known. */
export interface TensorOutline {
  /** What its elements are. */
  readonly kind: StoredKind;
  /** Extent of each axis. */
  readonly shape: readonly number[];
}

/** All of a file but its numbers. */
export interface TensorFront {
  /** Length and header: the first bytes of the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names of the tensors, in the order in which their bytes follow. */
  readonly names: readonly string[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/**
 * Writes the first bytes of a file whose numbers are not there yet: a model is saved tensor by tensor.
 *
 * @param tensors what is known of each, by name
 * @param metadata notes by name; none by default
 * @returns the first bytes, and in which order the tensors follow
 * @throws {TypeError} if a name is `__metadata__`
 * @throws {RangeError} if there are more tensors, axes or bytes in the header than readers accept
 */
export function tensorFront(
  tensors: ReadonlyMap<string, TensorOutline>,
  metadata: ReadonlyMap<string, string> = new Map(),
): TensorFront {
  checkValue("write tensors", "tensors", tensors, outlinesCheck);
  checkValue("write tensors", "metadata", metadata, notesCheck);
  const width = (kind: StoredKind): number => WIDTHS.get(kind)!;
  if (tensors.size > MAX_TENSORS) {
    throw new RangeError(`Cannot write ${tensors.size} tensors: readers accept ${MAX_TENSORS}`);
  }
  const ordered = [...tensors].sort(([a, x], [b, y]) => width(y.kind) - width(x.kind) || (a < b ? -1 : 1));
  const entries: string[] = [];
  let end = 0;
  for (const [name, { kind, shape }] of ordered) {
    if (name === "__metadata__") throw new TypeError('Cannot write tensor "__metadata__": notes have that name');
    if (shape.length > MAX_AXES) {
      throw new RangeError(`Cannot write tensor ${quote(name)} of ${shape.length} axes: readers accept ${MAX_AXES}`);
    }
    const begin = end;
    end += byteCount(shape, width(kind));
    entries.push(JSON.stringify(name) + ":" + JSON.stringify({ dtype: kind, shape, data_offsets: [begin, end] }));
  }
  if (metadata.size) {
    const notes = [...metadata].map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`);
    entries.unshift(`"__metadata__":{${notes.join()}}`);
  }
  const header = new TextEncoder().encode(`{${entries.join()}}`);
  // Spaces up to a multiple of 8 keep the numbers aligned in the file.
  const start = 8 + Math.ceil(header.length / 8) * 8;
  // Names and notes are part of the header: what is no longer than they may be is always read.
  if (start - 8 > MAX_TEXT) {
    throw new RangeError(`Cannot write a header of ${start - 8} bytes: the limit is ${MAX_TEXT}`);
  }
  const bytes = new Uint8Array(start).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(header, 8);
  return { bytes, names: ordered.map(([name]) => name), size: start + end };
}

function writeTensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const { bytes: front, names, size } = tensorFront(tensors, metadata), file = new Uint8Array(size);
  file.set(front);
  let place = front.length;
  for (const name of names) {
    const { bytes } = tensors.get(name)!;
    file.set(bytes, place);
    place += bytes.length;
  }
  return file;
}

// ## Reading

/** Where a tensor lies in a file. */
export interface TensorPlace {
  /** What its elements are. */
  readonly kind: StoredKind;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** Its first byte, counted from the start of the file. */
  readonly begin: number;
  /** The byte after its last one. */
  readonly end: number;
}

/** What the header of a file says. */
export interface TensorHeader {
  /** Tensors by name, in order of their places in the file. */
  readonly tensors: ReadonlyMap<string, TensorPlace>;
  /** Notes by name. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads the bytes of a safetensors file; the tensors are views of them, nothing is copied.
 *
 * @param file the whole file
 * @returns tensors and notes by name
 * @throws {SyntaxError} if any statement of the file is not borne out by the file
 * @throws {TypeError} if it is not bytes
 */
export function decodeSafetensors(file: Uint8Array): TensorFile {
  checkValue("read tensors", "file", file, aByteArray);
  const { tensors, metadata } = readHeader(file, file.length);
  const views = new Map<string, StoredTensor>();
  for (const [name, { kind, shape, begin, end }] of tensors) {
    views.set(name, { kind, shape, bytes: file.subarray(begin, end) });
  }
  return { tensors: views, metadata };
}

/**
 * Where the header of a file ends: how much of it has to be read before anything is known.
 *
 * @param start the first eight bytes, or more
 * @param size bytes of the whole file
 * @returns bytes from the beginning of the file
 * @throws {SyntaxError} if no header of that length fits in
 */
export function headerEnd(start: Uint8Array, size: number): number {
  checkInstance("read tensors", "start", start, Uint8Array);
  checkValue("read tensors", "size", size, integer({ min: 0 }));
  if (size < 8 || start.length < 8) {
    throw new SyntaxError(`Cannot read tensors: the file has ${Math.min(size, start.length)} bytes, 8 are needed`);
  }
  const announced = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (announced > MAX_HEADER || Number(announced) > size - 8) {
    throw new SyntaxError(
      `Cannot read tensors: the header is said to have ${announced} bytes, ` +
        (announced > MAX_HEADER ? `the limit is ${MAX_HEADER}` : `the file has ${size - 8} after its length`),
    );
  }
  return 8 + Number(announced);
}

/**
 * Reads the header of a file, and compares all that it says with the size of the file.
 *
 * @param front the file, at least up to {@linkcode headerEnd}
 * @param size bytes of the whole file
 * @returns what the header says of each tensor, and its metadata
 * @throws {SyntaxError} if any statement is not borne out by the size
 */
export function readHeader(front: Uint8Array, size: number): TensorHeader {
  const start = headerEnd(front, size), room = size - start;
  const { entries, metadata } = new Header(front.subarray(8, start)).read();
  const tensors = new Map<string, TensorPlace>();
  let expected = 0;
  for (
    const [name, { kind, shape, begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  ) {
    const width = WIDTHS.get(kind);
    if (!width) {
      const kinds = [...WIDTHS.keys()].join(", ");
      throw new SyntaxError(
        `Cannot read tensor ${quote(name)}: unknown kind of element ${quote(kind)}, it must be one of ${kinds}`,
      );
    }
    const bytes = byteCount(shape, width);
    if (bytes !== end - begin) {
      throw new SyntaxError(
        `Cannot read tensor ${quote(name)}: bytes ${begin} to ${end} cannot hold ${kind} [${shape.join(", ")}], ` +
          (Number.isNaN(bytes) ? "no file can" : `it takes ${bytes}`),
      );
    }
    if (begin !== expected || end > room) {
      throw new SyntaxError(
        `Cannot read tensor ${quote(name)}: bytes ${begin} to ${end} of ${room}, ` +
          (begin === expected
            ? "beyond the end of the file, which is cut off"
            : `the tensor before it ends at ${expected}`),
      );
    }
    tensors.set(name, { kind: kind as StoredKind, shape, begin: start + begin, end: start + end });
    expected = end;
  }
  if (expected !== room) {
    throw new SyntaxError(`Cannot read tensors: ${room - expected} bytes at the end belong to none`);
  }
  return { tensors, metadata };
}

/** Bytes of a shape, or NaN where the product is beyond what a double counts exactly. */
function byteCount(shape: readonly number[], width: number): number {
  let size = width;
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(size)) return NaN;
  }
  return size;
}

/** What the header says about one tensor. */
interface Entry {
  readonly kind: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Reads the header's part of JSON, strictly: objects two deep, strings, lists of whole numbers. */
class Header {
  readonly #bytes: Uint8Array;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #place = 0;
  /** The list that is being read: what is kept is a copy of its size. */
  readonly #list: number[] = [];
  /** Bytes of names and notes so far. */
  #text = 0;
  /** The tensor or note that is being read, and the field of the tensor. */
  #name: string | undefined;
  #field: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): { entries: Map<string, Entry>; metadata: Map<string, string> } {
    if (this.#bytes[0] !== 0x7b) this.#expected("it must start with {");
    const entries = new Map<string, Entry>();
    let metadata: Map<string, string> | undefined;
    this.#object((name) => {
      if (name === "__metadata__") {
        if (metadata) this.#fail("__metadata__ appears twice");
        const notes = metadata = new Map<string, string>();
        this.#object((note) => {
          if (notes.has(note)) this.#fail(`the note ${quote(note)} appears twice`);
          this.#name = note;
          notes.set(note, this.#string());
        });
        this.#name = undefined;
        return;
      }
      if (entries.has(name)) this.#fail(`the tensor ${quote(name)} appears twice`);
      if (entries.size === MAX_TENSORS) this.#fail(`it has more than ${MAX_TENSORS} tensors`);
      entries.set(name, this.#entry(name));
    });
    this.#skipSpace();
    if (this.#place !== this.#bytes.length) this.#expected("something follows its closing brace");
    return { entries, metadata: metadata ?? new Map() };
  }

  #entry(name: string): Entry {
    let kind: string | undefined, shape: number[] | undefined, range: number[] | undefined;
    this.#name = name;
    this.#object((field) => {
      this.#field = field;
      if (field === "dtype" && kind === undefined) kind = this.#string();
      else if (field === "shape" && !shape) shape = this.#numbers(MAX_AXES);
      else if (field === "data_offsets" && !range) range = this.#numbers(2);
      else this.#fail(`field ${quote(field)} of tensor ${quote(name)} is unknown or appears twice`);
    });
    this.#name = this.#field = undefined;
    if (kind === undefined || !shape || range?.length !== 2 || range[0]! > range[1]!) {
      const lacks = kind === undefined ? "no dtype" : !shape ? "no shape" : `data_offsets [${range?.join(", ") ?? ""}]`;
      this.#fail(`tensor ${quote(name)} needs dtype, shape and an ascending pair of data_offsets, and it has ${lacks}`);
    }
    return { kind, shape, begin: range[0]!, end: range[1]! };
  }

  #object(member: (name: string) => void): void {
    this.#expect(0x7b, "{");
    if (this.#accept(0x7d)) return;
    do {
      const name = this.#string();
      this.#expect(0x3a, ":");
      member(name);
    } while (this.#accept(0x2c));
    this.#expect(0x7d, "}");
  }

  #numbers(most: number): number[] {
    let count = 0;
    this.#expect(0x5b, "[");
    if (this.#accept(0x5d)) return [];
    do {
      if (count === most) this.#fail(`a list has more than ${most} numbers`);
      this.#list[count++] = this.#integer();
    } while (this.#accept(0x2c));
    this.#expect(0x5d, "]");
    return this.#list.slice(0, count);
  }

  #integer(): number {
    this.#skipSpace();
    const start = this.#place;
    let value = 0;
    for (let digit = this.#digit(); digit >= 0; digit = this.#digit()) {
      value = value * 10 + digit;
      this.#place++;
      if (!Number.isSafeInteger(value)) this.#fail("a number is beyond 2^53");
    }
    const leadingZero = this.#bytes[start] === 0x30 && this.#place > start + 1;
    if (this.#place === start || leadingZero) {
      this.#place = start;
      this.#expected("a whole number is expected");
    }
    return value;
  }

  #digit(): number {
    const byte = this.#bytes[this.#place] ?? 0;
    return byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : -1;
  }

  #string(): string {
    this.#expect(0x22, '"');
    const start = this.#place;
    let escaped = false, bits = 0;
    for (let byte = this.#bytes[start]; byte !== 0x22; byte = this.#bytes[this.#place]) {
      if (byte === undefined || byte < 0x20) this.#fail("a string is cut off or holds a control character");
      if (byte === 0x5c) escaped = true;
      bits |= byte;
      this.#place += byte === 0x5c ? 2 : 1;
    }
    const raw = this.#bytes.subarray(start, this.#place++);
    this.#text += raw.length;
    if (this.#text > MAX_TEXT) this.#fail(`names and notes have more than ${MAX_TEXT} bytes together`);
    // There are many short words of plain letters, and a decoder takes its time to begin.
    if (!escaped && bits < 0x80 && raw.length <= 64) return String.fromCharCode(...raw);
    try {
      const text = this.#decoder.decode(raw);
      return escaped ? JSON.parse(`"${text}"`) as string : text;
    } catch {
      return this.#fail("a string is not valid UTF-8 or has an invalid escape");
    }
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#place];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#place++;
    }
  }

  #accept(byte: number): boolean {
    this.#skipSpace();
    if (this.#bytes[this.#place] !== byte) return false;
    this.#place++;
    return true;
  }

  #expect(byte: number, name: string): void {
    if (!this.#accept(byte)) this.#expected(`${name} is expected`);
  }

  #expected(what: string): never {
    const rest = this.#bytes.subarray(this.#place, this.#place + 20);
    return this.#fail(`${what}, found is ${rest.length === 0 ? "its end" : quote(new TextDecoder().decode(rest), 20)}`);
  }

  #fail(reason: string): never {
    const field = this.#field === undefined ? "" : `${quote(this.#field)} of `;
    const where = this.#name === undefined ? "" : `, in ${field}${quote(this.#name)}`;
    throw new SyntaxError(`Cannot read the header of a tensor file at byte ${8 + this.#place}${where}: ${reason}`);
  }
}

// ## From bytes to numbers and back

/**
 * The elements of a stored tensor as numbers that a tensor can be made of.
 *
 * The narrow floats widen to float32 without loss, the small integers to int32; I64, U64 and U32 must fit int32.
 *
 * @param stored one tensor of a file
 * @param name of the tensor, for errors; none by default
 * @returns its elements in row-major order
 * @throws {RangeError} if an element of I64, U64 or U32 is outside int32
 * @throws {SyntaxError} if a BOOL element is neither 0 nor 1
 */
export function storedNumbers(stored: StoredTensor, name?: string): Numbers {
  if (name !== undefined) checkText("read a stored tensor", "name", name);
  checkOptions("read a tensor", stored, storedChecks);
  const { kind, bytes } = stored;
  const width = WIDTHS.get(kind)!;
  const where = name === undefined ? "" : ` in tensor ${quote(name)}`;
  // Typed arrays need their elements at multiples of their size; a file need not put them there.
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const place = [aligned.buffer, aligned.byteOffset, aligned.length / width] as const;
  switch (kind) {
    case "F64":
      return new Float64Array(...place);
    case "F32":
      return new Float32Array(...place);
    case "I32":
      return new Int32Array(...place);
    case "F16":
      return Float32Array.from(new Uint16Array(...place), halfToNumber);
    case "BF16": {
      // A bfloat16 is the upper half of a float32.
      const words = Uint32Array.from(new Uint16Array(...place), (upper) => upper << 16);
      return new Float32Array(words.buffer);
    }
    case "F8_E5M2":
      // The upper half of a float16.
      return Float32Array.from(aligned, (byte) => halfToNumber(byte << 8));
    case "F8_E4M3":
      return Float32Array.from(aligned, e4m3ToNumber);
    case "I16":
      return Int32Array.from(new Int16Array(...place));
    case "U16":
      return Int32Array.from(new Uint16Array(...place));
    case "I8":
      return Int32Array.from(new Int8Array(...place));
    case "U8":
      return Int32Array.from(aligned);
    case "BOOL": {
      const wrong = aligned.find((byte) => byte > 1);
      if (wrong !== undefined) throw new SyntaxError(`Cannot read ${wrong} as BOOL${where}: it must be 0 or 1`);
      return Int32Array.from(aligned);
    }
    case "U32":
      return Int32Array.from(new Uint32Array(...place), (value) => toInt32(BigInt(value), where));
    case "U64":
      return Int32Array.from(new BigUint64Array(...place), (value) => toInt32(value, where));
    case "I64":
      return Int32Array.from(new BigInt64Array(...place), (value) => toInt32(value, where));
  }
}

function toInt32(value: bigint, where: string): number {
  if (BigInt.asIntN(32, value) === value) return Number(value);
  throw new RangeError(`Cannot read ${value} as int32${where}: it is out of range`);
}

/** Sign, four bits of exponent, three of mantissa; without infinities, all ones are NaN. */
function e4m3ToNumber(byte: number): number {
  const sign = byte & 0x80 ? -1 : 1, exponent = byte >> 3 & 15, mantissa = byte & 7;
  if ((byte & 0x7f) === 0x7f) return NaN;
  return exponent ? sign * 2 ** (exponent - 7) * (1 + mantissa / 8) : sign * 2 ** -9 * mantissa;
}

const tensorsCheck: Check<ReadonlyMap<string, unknown>> = mapByName();

/**
 * Reads tensors back from the device, ready to be written.
 *
 * Numbers keep their precision: float32 becomes F32, and F64 on a device that computes in
 * float64.
 *
 * @param tensors by name, such as `model.stateDict()`
 * @returns the same names with the elements as bytes
 */
export async function storeTensors(tensors: ReadonlyMap<string, StateEntry>): Promise<Map<string, StoredTensor>> {
  checkValue("store", "tensors", tensors, tensorsCheck);
  for (const [name, entry] of tensors) {
    if (typeof entry?.read !== "function") {
      throw new TypeError(`Cannot store ${quote(String(name))}: it is ${shown(entry)}, and must be a tensor`);
    }
  }
  const stored = new Map<string, StoredTensor>();
  // Asked for together: a device that takes its time answers all of them at once.
  const read = await Promise.all([...tensors.values()].map((source) => source.read()));
  for (const [i, [name, { shape, dtype }]] of [...tensors].entries()) {
    const numbers = read[i]!;
    if (dtype === "bool") stored.set(name, { kind: "BOOL", shape, bytes: Uint8Array.from(numbers) });
    else {
      const kind = numbers instanceof Float64Array ? "F64" : numbers instanceof Float32Array ? "F32" : "I32";
      const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      stored.set(name, { kind, shape, bytes });
    }
  }
  return stored;
}

/**
 * Makes tensors on the current device of what a file holds.
 *
 * @param stored tensors of a file
 * @returns the same names; integers become int32, BOOL bool, everything else float32
 */
export function restoreTensors(stored: ReadonlyMap<string, StoredTensor>): Map<string, Tensor> {
  checkValue("restore", "tensors", stored, tensorsCheck);
  const restored = new Map<string, Tensor>();
  for (const [name, entry] of stored) {
    restored.set(name, tensor(storedNumbers(entry, name), entry.shape, entry.kind === "BOOL" ? "bool" : undefined));
  }
  return restored;
}

// ## Pitfall: trusting a length
//
// `new Float32Array(count)` with a count from the header lets a file of a hundred bytes ask
// for eight gigabytes. Here every count is compared with the file first, and decoding
// allocates nothing but views. The test "decodeSafetensors() answers 10,000 damaged files with
// a SyntaxError or the right tensors" feeds it headers that lie.

// ## Exercise
//
// Write a file by hand, byte by byte, that holds one tensor of shape `[0]`. How short can it be?
