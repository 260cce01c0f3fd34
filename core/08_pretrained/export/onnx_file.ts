/**
 * # The file of ONNX
 *
 * **Question.** A program that runs models without knowing any of them needs the computation itself. What is a file that holds one?
 *
 * **Idea.** A list of operations, each with the names of what it reads and makes, and the constants among them. It is a message of Protocol Buffers, as the file of [SentencePiece](../tokenizer_files/sentence_piece.ts) is: fields with a number, a kind, and bytes, in which other messages lie. A message begins with its length, so that all lengths have to be known before the first byte is
 * written; the numbers themselves need not be there yet.
 *
 * **Formula.** A whole number is written in groups of seven bits $d_i$, the lowest first, and each group but the last has the eighth bit:
 *
 * $$x = \sum_i d_i\, 128^i$$
 *
 * | symbol | in code | meaning            |
 * | ------ | ------- | ------------------ |
 * | $x$    | `value` | a length or number |
 * | $d_i$  | `bytes` | seven bits of it   |
 *
 * **By hand.** $300 = 44 + 2 \cdot 128$, so it takes two bytes: $44 + 128 = 172$, and 2.
 *
 * ```ts
 * const x = 300, low = x % 128, high = Math.floor(x / 128);
 * console.log(low, high, low + 128 * high, [low + 128, high].join(" "));
 * ```
 *
 * ```text
 * 44 2 300 172 2
 * ```
 *
 * **More than two gigabytes.** No message may be larger. The constants of such a model lie in a file beside it, and the message says where each begins.
 *
 * Source: the file `onnx.proto` of *Open Neural Network Exchange*, 2017 to 2026.
 *
 * @module
 */

/** Bytes that are there, or whose number alone is known. */
type Chunk = Uint8Array | Later;
type Chunks = readonly Chunk[];

/** Bytes that are read when it is their turn. */
interface Later {
  readonly length: number;
  readonly read: () => Promise<Uint8Array>;
}

/** Value of a node's attribute; `{ float }` tells floats from integers. */
export type Attribute = string | number | readonly number[] | { readonly float: number };

/** Size of an axis, or its name where it varies. */
export type Axis = number | string;

/** What an element is. */
export type Element = "float32" | "int64" | "float16" | "bfloat16";

const encoder = new TextEncoder();
const ELEMENTS: Readonly<Record<Element, number>> = { float32: 1, int64: 7, float16: 10, bfloat16: 16 };
const KIND = { float: 1, integer: 2, string: 3, integers: 7 } as const;

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest);
  return Uint8Array.from(bytes);
}

const lengthOf = (chunks: Chunks): number => chunks.reduce((sum, { length }) => sum + length, 0);

function message(field: number, chunks: Chunks): Chunks {
  return [varint(field << 3 | 2), varint(lengthOf(chunks)), ...chunks];
}

const text = (field: number, value: string): Chunks => message(field, [encoder.encode(value)]);
const integer = (field: number, value: number): Chunks => [varint(field << 3), varint(value)];

function attribute(name: string, value: Attribute): Chunks {
  const named = text(1, name);
  if (typeof value === "string") return [...named, ...text(4, value), ...integer(20, KIND.string)];
  if (typeof value === "number") return [...named, ...integer(3, value), ...integer(20, KIND.integer)];
  if ("float" in value) {
    const bytes = new Uint8Array(Float32Array.of(value.float).buffer);
    return [...named, varint(2 << 3 | 5), bytes, ...integer(20, KIND.float)];
  }
  return [...named, ...value.flatMap((number) => integer(8, number)), ...integer(20, KIND.integers)];
}

function valueInfo(name: string, type: Element, shape: readonly Axis[]): Chunks {
  const axes = shape.flatMap((size) => message(1, typeof size === "string" ? text(2, size) : integer(1, size)));
  const tensor = [...integer(1, ELEMENTS[type]), ...message(2, axes)];
  return [...text(1, name), ...message(2, message(1, tensor))];
}

/** Constants of fewer bytes, such as shapes, are in the model wherever the others are. */
const SMALL = 128;

/** A constant, and where its bytes are. */
interface Constant {
  readonly front: Chunks;
  readonly bytes: Chunk;
}

/** A computation under construction; nodes name what they read and make. */
export class OnnxGraph {
  readonly #nodes: Chunks[] = [];
  readonly #constants: Constant[] = [];
  readonly #inputs: Chunks[] = [];
  readonly #outputs: Chunks[] = [];
  #names = 0;

  /** Adds a node of one result and returns the name of the result. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name: string = this.#fresh(),
  ): string {
    return this.nodes(operator, inputs, attributes, [name])[0]!;
  }

  /** Adds a node of several results. */
  nodes(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    names: readonly string[],
  ): readonly string[] {
    this.#nodes.push([
      ...inputs.flatMap((input) => text(1, input)),
      ...names.flatMap((name) => text(2, name)),
      ...text(4, operator),
      ...Object.entries(attributes).flatMap(([key, value]) => message(5, attribute(key, value))),
    ]);
    return names;
  }

  /** Adds a constant of the model. */
  constant(
    data: Float32Array | BigInt64Array,
    shape: readonly number[],
    name: string = this.#fresh(),
  ): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.#add(name, data instanceof BigInt64Array ? "int64" : "float32", shape, bytes);
  }

  /** Adds a weight, whose numbers are read when the file is written. */
  weight(name: string, element: Element, shape: readonly number[], bytes: Later): string {
    return this.#add(name, element, shape, bytes);
  }

  /** Adds a list of integers, as shapes and axes are given. */
  integers(...values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** Adds one number. */
  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }

  /** Adds one integer. */
  whole(value: number): string {
    return this.constant(BigInt64Array.of(BigInt(value)), []);
  }

  /** Declares an input of the model. */
  input(name: string, type: Element, shape: readonly Axis[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares a float32 result of the model. */
  output(name: string, shape: readonly Axis[]): void {
    this.#outputs.push(valueInfo(name, "float32", shape));
  }

  /** Bytes of all constants. */
  get constantBytes(): number {
    return lengthOf(this.#constants.map(({ bytes }) => bytes));
  }

  /** The model as a file; none of its constants may be a weight that is not read yet. */
  bytes(operatorSet: number): Uint8Array {
    const chunks = this.#model(
      operatorSet,
      this.#constants.map(({ front, bytes }) => [...front, ...message(9, [bytes])]),
    );
    const bytes = new Uint8Array(lengthOf(chunks));
    let at = 0;
    for (const chunk of chunks) {
      if (!(chunk instanceof Uint8Array)) {
        throw new TypeError("Cannot write the graph at once: its weights are not read");
      }
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  /**
   * The model as the parts of a file, each weight read when it is its turn.
   *
   * @param operatorSet version of the operators
   * @param beside the file that has the constants; they are in the model by default
   */
  parts(operatorSet: number, beside?: string): AsyncGenerator<Uint8Array> {
    let offset = 0;
    const constants = this.#constants.map(({ front, bytes }) => {
      if (beside === undefined || bytes.length < SMALL) return [...front, ...message(9, [bytes])];
      const place = { location: beside, offset: String(offset), length: String(bytes.length) };
      offset += bytes.length;
      const entries = Object.entries(place).flatMap(([key, value]) =>
        message(13, [...text(1, key), ...text(2, value)])
      );
      return [...front, ...entries, ...integer(14, 1)];
    });
    return inOrder(this.#model(operatorSet, constants));
  }

  /** The constants as the parts of the file beside the model. */
  partsBeside(): AsyncGenerator<Uint8Array> {
    return inOrder(this.#constants.map(({ bytes }) => bytes).filter(({ length }) => length >= SMALL));
  }

  #add(name: string, element: Element, shape: readonly number[], bytes: Chunk): string {
    const front = [...shape.flatMap((size) => integer(1, size)), ...integer(2, ELEMENTS[element]), ...text(8, name)];
    this.#constants.push({ front, bytes });
    return name;
  }

  #model(operatorSet: number, constants: readonly Chunks[]): Chunks {
    const graph = [
      ...this.#nodes.flatMap((node) => message(1, node)),
      ...text(2, "heed"),
      ...constants.flatMap((constant) => message(5, constant)),
      ...this.#inputs.flatMap((input) => message(11, input)),
      ...this.#outputs.flatMap((output) => message(12, output)),
    ];
    const operators = [...text(1, ""), ...integer(2, operatorSet)];
    const version = operatorSet >= 23 ? 11 : 9;
    return [...integer(1, version), ...text(2, "heed"), ...message(7, graph), ...message(8, operators)];
  }

  #fresh(): string {
    return `value${this.#names++}`;
  }
}

/** Small chunks are gathered up to so many bytes. */
const GATHERED = 2 ** 16;

async function* inOrder(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let small: Uint8Array[] = [];
  const gathered = (): Uint8Array => {
    const bytes = new Uint8Array(lengthOf(small));
    small.reduce((at, part) => {
      bytes.set(part, at);
      return at + part.length;
    }, 0);
    small = [];
    return bytes;
  };
  for (const chunk of chunks) {
    const isHere = chunk instanceof Uint8Array;
    if (isHere && chunk.length < GATHERED) small.push(chunk);
    if (small.length > 0 && (!isHere || chunk.length >= GATHERED || lengthOf(small) >= GATHERED)) yield gathered();
    if (!isHere) yield await chunk.read();
    else if (chunk.length >= GATHERED) yield chunk;
  }
  if (small.length > 0) yield gathered();
}
