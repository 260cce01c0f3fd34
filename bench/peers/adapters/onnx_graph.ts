/**
 * Writes ONNX models: the few message fields that the workloads need, in protobuf's wire format.
 *
 * A message is a list of byte chunks, so that large weights are copied once, at the end.
 *
 * @module
 */

type Chunks = readonly Uint8Array<ArrayBuffer>[];

/** Value of a node's attribute; `{ float }` tells floats from integers. */
export type Attribute = string | number | readonly number[] | { readonly float: number };

/** Size of an axis, or its name where it varies. */
export type Axis = number | string;

const encoder = new TextEncoder();
const ELEMENT = { float32: 1, int64: 7 } as const;
const KIND = { float: 1, integer: 2, string: 3, integers: 7 } as const;

function varint(value: number | bigint): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest);
  return Uint8Array.from(bytes);
}

function message(field: number, chunks: Chunks): Chunks {
  return [varint(field << 3 | 2), varint(chunks.reduce((sum, chunk) => sum + chunk.length, 0)), ...chunks];
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

function valueInfo(name: string, type: keyof typeof ELEMENT, shape: readonly Axis[]): Chunks {
  const axes = shape.flatMap((size) => message(1, typeof size === "string" ? text(2, size) : integer(1, size)));
  const tensor = [...integer(1, ELEMENT[type]), ...message(2, axes)];
  return [...text(1, name), ...message(2, message(1, tensor))];
}

/** A computation under construction; nodes name what they read and make. */
export class Graph {
  readonly #nodes: Chunks[] = [];
  readonly #constants: Chunks[] = [];
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

  /** Adds a constant of the model, such as a weight. */
  constant(
    data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>,
    shape: readonly number[],
    name: string = this.#fresh(),
  ): string {
    this.#constants.push([
      ...shape.flatMap((size) => integer(1, size)),
      ...integer(2, ELEMENT[data instanceof BigInt64Array ? "int64" : "float32"]),
      ...text(8, name),
      ...message(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
    ]);
    return name;
  }

  /** Adds a list of integers, as shapes and axes are given. */
  integers(...values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** Adds one number. */
  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }

  /** Declares an input of the model. */
  input(name: string, type: keyof typeof ELEMENT, shape: readonly Axis[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares a float32 result of the model. */
  output(name: string, shape: readonly Axis[]): void {
    this.#outputs.push(valueInfo(name, "float32", shape));
  }

  /** The model as a file. */
  bytes(operatorSet: number): Uint8Array {
    const graph = [
      ...this.#nodes.flatMap((node) => message(1, node)),
      ...text(2, "workload"),
      ...this.#constants.flatMap((constant) => message(5, constant)),
      ...this.#inputs.flatMap((input) => message(11, input)),
      ...this.#outputs.flatMap((output) => message(12, output)),
    ];
    const operators = [...text(1, ""), ...integer(2, operatorSet)];
    const version = operatorSet >= 23 ? 11 : 9;
    const chunks = [...integer(1, version), ...message(7, graph), ...message(8, operators)];
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  #fresh(): string {
    return `value${this.#names++}`;
  }
}
