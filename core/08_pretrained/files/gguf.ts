/**
 * # GGUF: a model in one file
 *
 * **Question.** A folder with five files is easily separated, and its weights take two or four bytes each. What does the file look like that most people
 * have on their disks, in which everything is together and a weight takes half a byte?
 *
 * **Idea.** GGUF begins with a table of facts, each with a name and a typed value: architecture, sizes, the whole vocabulary, the template of a chat.
 * A table of tensors follows, and then the tensors, each at a multiple of 32 bytes so that it can be used where it lies. A tensor may be stored in
 * *blocks*: so many weights share a scale, and each is a whole number of few bits. The table says which kind of block.
 *
 * **Formula.** A tensor of kind $k$ with $n$ elements, in blocks of $c_k$ elements and $s_k$ bytes, takes
 *
 * $$b = \frac{n}{c_k}\, s_k \quad\text{bytes}, \qquad \frac{8\, s_k}{c_k} \quad\text{bits per weight}$$
 *
 * and lies at $\mathrm{start} + \mathrm{offset}$, where the start is the end of the tables, rounded up to a multiple of the alignment.
 *
 * | symbol | in code        | meaning                        |
 * | ------ | -------------- | ------------------------------ |
 * | $k$    | `kind`         | such as `F16` or `Q4_1`        |
 * | $c_k$  | `elements`     | elements of one block          |
 * | $s_k$  | `bytes`        | bytes of one block             |
 *
 * ```diagram
 * [tensors, each at a multiple of 32]
 * padding
 * [names, shapes, kinds, offsets]
 * [facts: architecture, sizes, vocabulary]
 * [how many tensors and facts]
 * [GGUF, version]
 * byte 0
 * ```
 *
 * **By hand.** A block of `Q4_1` has 32 weights, two in each byte, and two numbers of two bytes, the scale and the least weight. That is $32 / 2 + 4 = 20$ bytes, or
 * $8 \cdot 20 / 32 = 5$ bits per weight. A matrix of 576 × 576 takes 207360 bytes instead of 1327104.
 *
 * ```ts
 * import { storageOf } from "@heed/heed/pretrained";
 *
 * const { elements, bytes } = storageOf("Q4_1")!;
 * console.log(elements, bytes, 8 * bytes / elements, 576 * 576 / elements * bytes, 576 * 576 * 4);
 * ```
 *
 * ```text
 * 32 20 5 207360 1327104
 * ```
 *
 * **Order of the axes.** GGUF lists the axis first whose elements lie side by side; everywhere else in this book it stands last. The shapes here are turned round.
 *
 * **Sources.** The format is described in the documentation of ggml (Gerganov and others, 2023), version 3; version 2 differs in nothing that is read here. Version 1 had 32-bit lengths and is refused.
 *
 * @module
 */

import { checkInstance, checkText } from "../../engine/arguments.ts";
import { quote } from "../../engine/json.ts";
import { checkOptions, checkValue, integer, object } from "../../engine/options.ts";
import { type ByteFile, readChecks, type ReadOptions } from "./mod.ts";

// ## Kinds of elements

/** How a kind of element is stored: a block of so many elements in so many bytes. */
export interface ElementStorage {
  /** Its name, as the format has it. */
  readonly kind: string;
  /** Elements of a block; 1 for numbers that stand alone. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
}

/** All kinds of the format by their numbers, those too that are not read here. */
const KINDS: ReadonlyMap<number, ElementStorage> = new Map(
  ([
    [0, "F32", 1, 4],
    [1, "F16", 1, 2],
    [2, "Q4_0", 32, 18],
    [3, "Q4_1", 32, 20],
    [6, "Q5_0", 32, 22],
    [7, "Q5_1", 32, 24],
    [8, "Q8_0", 32, 34],
    [9, "Q8_1", 32, 36],
    [10, "Q2_K", 256, 84],
    [11, "Q3_K", 256, 110],
    [12, "Q4_K", 256, 144],
    [13, "Q5_K", 256, 176],
    [14, "Q6_K", 256, 210],
    [15, "Q8_K", 256, 292],
    [16, "IQ2_XXS", 256, 66],
    [17, "IQ2_XS", 256, 74],
    [18, "IQ3_XXS", 256, 98],
    [19, "IQ1_S", 256, 50],
    [20, "IQ4_NL", 32, 18],
    [21, "IQ3_S", 256, 110],
    [22, "IQ2_S", 256, 82],
    [23, "IQ4_XS", 256, 136],
    [24, "I8", 1, 1],
    [25, "I16", 1, 2],
    [26, "I32", 1, 4],
    [27, "I64", 1, 8],
    [28, "F64", 1, 8],
    [29, "IQ1_M", 256, 56],
    [30, "BF16", 1, 2],
    [34, "TQ1_0", 256, 54],
    [35, "TQ2_0", 256, 66],
    [39, "MXFP4", 32, 17],
  ] as const).map(([number, kind, elements, bytes]) => [number, { kind, elements, bytes }]),
);

/**
 * How a kind of element is stored.
 *
 * @param kind as the format names it, such as `Q4_1`
 * @returns nothing for a kind that the format does not have
 */
export function storageOf(kind: string): ElementStorage | undefined {
  checkText("look up a kind of element", "kind", kind);
  return [...KINDS.values()].find((storage) => storage.kind === kind);
}

// ## What the tables say

/** A fact: whole numbers beyond 2⁵³ are bigints. */
export type GgufValue =
  | number
  | bigint
  | boolean
  | string
  | readonly number[]
  | readonly bigint[]
  | readonly boolean[]
  | readonly string[];

/** Where a tensor lies in a file, and how. */
export interface GgufTensor {
  /** Its kind of element, such as `Q4_1`. */
  readonly kind: string;
  /** Extent of each axis; the elements of the last one lie side by side. */
  readonly shape: readonly number[];
  /** Its first byte, counted from the start of the file. */
  readonly begin: number;
  /** The byte after its last one. */
  readonly end: number;
}

/** What stands before the tensors. */
export interface GgufHeader {
  /** 2 or 3. */
  readonly version: number;
  /** Facts by name, in the file's order. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Tensors by name, in the order of their places. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const aByteFile = object<ByteFile>(
  "a file with size and read()",
  (value) => typeof (value as ByteFile).read === "function" && typeof (value as ByteFile).size === "number",
);

/** Most facts, most tensors, most axes of a tensor, most bytes of both tables. */
const MAX_FACTS = 2 ** 16;
const MAX_TENSORS = 2 ** 15;
const MAX_AXES = 4;
const MAX_TABLES = 2 ** 28;

/**
 * Reads what stands before the tensors of a file, and compares it with the file's size.
 *
 * A part of the file is read, and more of it as long as the tables go on.
 *
 * @param file the file
 * @param options what stops it; nothing does by default
 * @returns facts and tensors
 * @throws {SyntaxError} if it is no GGUF file, or any statement is not borne out by it
 */
export async function readGguf(file: ByteFile, options: ReadOptions = {}): Promise<GgufHeader> {
  checkValue("read a GGUF file", "file", file, aByteFile);
  checkOptions("read a GGUF file", options, readChecks);
  // A vocabulary has some megabytes, and what was read in vain is read again.
  for (let length = 2 ** 18;; length *= 16) {
    const end = Math.min(length, file.size, MAX_TABLES);
    const header = decodeGguf(await file.read(0, end, options), file.size);
    if (header) return header;
    if (end === MAX_TABLES) throw unreadable(end, `its tables have more than ${MAX_TABLES} bytes`);
  }
}

/**
 * Reads the tables of a file from its first bytes.
 *
 * @param front the file, or a part from its start
 * @param size bytes of the whole file
 * @returns nothing if the tables go on behind that part
 * @throws {SyntaxError} if it is no GGUF file, or any statement is not borne out by the size
 */
export function decodeGguf(front: Uint8Array, size: number): GgufHeader | undefined {
  checkInstance("read a GGUF file", "front", front, Uint8Array);
  checkValue("read a GGUF file", "size", size, integer({ min: 0 }));
  const tables = new Tables(front, size);
  try {
    return tables.read();
  } catch (error) {
    if (error instanceof More && front.length < size) return undefined;
    if (error instanceof More) throw unreadable(front.length, `the file ends inside its tables, after ${size} bytes`);
    throw error;
  }
}

/** The part that was given does not suffice. */
class More extends Error {}

function unreadable(place: number, reason: string): SyntaxError {
  return new SyntaxError(`Cannot read a GGUF file at byte ${place}: ${reason}`);
}

const SIZES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };

/** A text of characters of one or two bytes, as most tokens are; undefined for any other, which a decoder has to look at. */
function shortText(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = "";
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte < 0x80) {
      text += String.fromCharCode(byte);
      continue;
    }
    const next = i + 1 < to ? bytes[i + 1]! : 0;
    if (byte < 0xc2 || byte > 0xdf || (next & 0xc0) !== 0x80) return undefined;
    text += String.fromCharCode((byte & 31) << 6 | next & 63);
    i++;
  }
  return text;
}

class Tables {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #place = 0;

  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#size = size;
  }

  read(): GgufHeader {
    const start = this.#skip(4), magic = String.fromCharCode(...this.#bytes.subarray(start, 4));
    if (magic !== "GGUF") this.#fail(`it begins with ${quote(magic)}, and must begin with "GGUF"`, start);
    const version = this.#u32();
    // A version of the other byte order reads as a number of millions.
    if (version !== 2 && version !== 3) this.#fail(`it is version ${version}; versions 2 and 3 are read`, 4);
    const count = this.#count("tensors", MAX_TENSORS), facts = this.#count("facts", MAX_FACTS);
    const metadata = new Map<string, GgufValue>();
    for (let i = 0; i < facts; i++) {
      const name = this.#string();
      if (metadata.has(name)) this.#fail(`the fact ${quote(name)} appears twice`);
      metadata.set(name, this.#value(this.#u32(), name));
    }
    const found: [name: string, tensor: GgufTensor][] = [];
    for (let i = 0; i < count; i++) found.push(this.#tensor());
    return { version, metadata, tensors: this.#placed(found, metadata.get("general.alignment") ?? 32) };
  }

  /** A row of the table of tensors, its places counted from the start of the tensors. */
  #tensor(): [string, GgufTensor] {
    const name = this.#string(), axes = this.#u32();
    if (axes > MAX_AXES) this.#fail(`tensor ${quote(name)} has ${axes} axes, the limit is ${MAX_AXES}`);
    const shape = Array.from({ length: axes }, () => this.#long(`an extent of tensor ${quote(name)}`)).reverse();
    const number = this.#u32(), begin = this.#long(`the offset of tensor ${quote(name)}`), storage = KINDS.get(number);
    if (!storage) this.#fail(`tensor ${quote(name)} has elements of the unknown kind ${number}`);
    const { kind, elements, bytes } = storage, length = shape.at(-1) ?? 1;
    if (length % elements !== 0) {
      this.#fail(`tensor ${quote(name)} has rows of ${length} elements, and ${kind} needs a multiple of ${elements}`);
    }
    const total = shape.reduce((product, extent) => product * extent, bytes / elements);
    if (!Number.isSafeInteger(total) || total > this.#size) {
      this.#fail(
        `tensor ${quote(name)} takes ${total} bytes as ${kind} [${shape.join(", ")}], the file has ${this.#size}`,
      );
    }
    return [name, { kind, shape, begin, end: begin + total }];
  }

  /** Tensors by name, their places counted from the start of the file. */
  #placed(found: [string, GgufTensor][], alignment: GgufValue): ReadonlyMap<string, GgufTensor> {
    if (typeof alignment !== "number" || !(alignment >= 1) || alignment % 8 !== 0 && alignment !== 1) {
      this.#fail(`general.alignment is ${alignment}, and must be a multiple of 8`);
    }
    const start = Math.ceil(this.#place / alignment) * alignment, tensors = new Map<string, GgufTensor>();
    let last = 0;
    for (
      const [name, { kind, shape, begin, end }] of found.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
    ) {
      if (tensors.has(name)) this.#fail(`the tensor ${quote(name)} appears twice`);
      if (begin % alignment !== 0) {
        this.#fail(`tensor ${quote(name)} lies at ${begin}, and must lie at a multiple of ${alignment}`);
      }
      if (begin < last) this.#fail(`tensor ${quote(name)} lies at ${begin}, and the one before it ends at ${last}`);
      if (start + end > this.#size) {
        this.#fail(`tensor ${quote(name)} ends at byte ${start + end}, and the file has ${this.#size}: it is cut off`);
      }
      tensors.set(name, { kind, shape, begin: start + begin, end: start + end });
      last = end;
    }
    return tensors;
  }

  /** The value of a fact. */
  #value(type: number, name: string): GgufValue {
    if (type === 8) return this.#string();
    if (type !== 9) return this.#number(type, name);
    const inner = this.#u32(), count = this.#long(`the length of ${quote(name)}`);
    if (inner === 9) this.#fail(`the fact ${quote(name)} is a list of lists, which is not read`);
    const least = inner === 8 ? 8 : SIZES[inner] ?? this.#fail(`the fact ${quote(name)} has values of type ${inner}`);
    if (count * least > this.#size - this.#place) {
      this.#fail(`the fact ${quote(name)} is said to have ${count} values, the rest of the file has no room for them`);
    }
    const values: (number | bigint | boolean | string)[] = [];
    for (let i = 0; i < count; i++) values.push(inner === 8 ? this.#string() : this.#number(inner, name));
    return values as string[];
  }

  #number(type: number, name: string): number | bigint | boolean {
    const size = SIZES[type] ?? this.#fail(`the fact ${quote(name)} has a value of type ${type}`);
    const at = this.#skip(size), view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(at);
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getUint16(at, true);
      case 3:
        return view.getInt16(at, true);
      case 4:
        return view.getUint32(at, true);
      case 5:
        return view.getInt32(at, true);
      case 6:
        return view.getFloat32(at, true);
      case 7: {
        const byte = view.getUint8(at);
        if (byte > 1) this.#fail(`the fact ${quote(name)} is ${byte}, and must be 0 or 1`, at);
        return byte === 1;
      }
      case 12:
        return view.getFloat64(at, true);
      default: {
        const value = type === 10 ? view.getBigUint64(at, true) : view.getBigInt64(at, true);
        return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      }
    }
  }

  /** A number of rows. */
  #count(what: string, most: number): number {
    const count = this.#long(`the number of ${what}`);
    if (count > most) this.#fail(`it is said to have ${count} ${what}, the limit is ${most}`);
    return count;
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #long(what: string): number {
    const at = this.#skip(8), high = this.#view.getUint32(at + 4, true);
    if (high === 0) return this.#view.getUint32(at, true);
    const value = this.#view.getBigUint64(at, true);
    if (value > Number.MAX_SAFE_INTEGER) this.#fail(`${what} is ${value}, which no file can bear out`);
    return Number(value);
  }

  #string(): string {
    const length = this.#long("the length of a string");
    if (length > this.#size - this.#place) {
      this.#fail(`a string is said to have ${length} bytes, the rest of the file has ${this.#size - this.#place}`);
    }
    const at = this.#skip(length), short = length <= 32 ? shortText(this.#bytes, at, at + length) : undefined;
    if (short !== undefined) return short;
    try {
      return this.#decoder.decode(this.#bytes.subarray(at, at + length));
    } catch {
      return this.#fail("a string is not UTF-8", at);
    }
  }

  /** Goes on by so many bytes; returns where they begin. */
  #skip(count: number): number {
    const at = this.#place;
    if (at + count > this.#bytes.length) throw new More();
    this.#place += count;
    return at;
  }

  #fail(reason: string, at = this.#place): never {
    throw unreadable(at, reason);
  }
}

// ## Pitfall: names that are cut in half
//
// The tables can be of any length: those of a vocabulary of 262,144 words have megabytes. Whoever reads a fixed number of bytes and parses what is there gets half a string, and may not notice. Here the end of
// the part that was read is no end of the file; the test "readGguf() reads on until the tables end" cuts a file at every byte.
