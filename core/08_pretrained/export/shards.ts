/**
 * # Weights in several files
 *
 * **Question.** Five gigabytes are as much as file systems, downloads and other people's programs take without complaint. How is a model of more cut into files, and who finds its tensors again?
 *
 * **Idea.** Tensors go into a file in the order of the model until the next one would make it too large. A tensor is never cut; one that is larger than a file may be has a file of its own. A list says which file has which tensor, and is [read again](../files/weights.ts) when the model is opened.
 *
 * **Formula.** Tensors of $b_1, b_2, \dots$ bytes begin a new file at $i$, where the file before began at $j$, if
 *
 * $$b_j + \dots + b_{i-1} + b_i > M$$
 *
 * | symbol | in code | meaning                         |
 * | ------ | ------- | ------------------------------- |
 * | $b_i$  | `bytes` | bytes of a tensor               |
 * | $M$    | `most`  | most bytes of tensors in a file |
 *
 * @module
 */

import { quote } from "../../engine/shown.ts";
import { type StoredKind, storedNumbers, type StoredTensor, tensorFront } from "../../06_training/safetensors.ts";
import type { ExportPlan } from "../../06_training/state_names.ts";

/** How many bits a weight has in the file. */
export type ExportKind = "float32" | "float16" | "bfloat16";

const KINDS: Readonly<Record<ExportKind, StoredKind>> = { float32: "F32", float16: "F16", bfloat16: "BF16" };

/** A tensor that is not written yet. */
export interface PlannedTensor {
  /** Its name in the file. */
  readonly name: string;
  /** What its elements will be. */
  readonly kind: StoredKind;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** Bytes of all elements. */
  readonly bytes: number;
}

/** A file that is not written yet. */
export interface Shard {
  /** Its name. */
  readonly file: string;
  /** What it will hold. */
  readonly tensors: readonly PlannedTensor[];
}

/** The tensors of a model in the kind that is asked for. */
export function plannedTensors(plan: ExportPlan, kind: ExportKind): PlannedTensor[] {
  return [...plan.tensors].map(([name, { dtype, shape }]) => {
    const stored = dtype === "float32" ? KINDS[kind] : dtype === "bool" ? "BOOL" : "I32";
    const width = stored === "BOOL" ? 1 : stored === "F16" || stored === "BF16" ? 2 : 4;
    return { name, kind: stored, shape, bytes: shape.reduce((size, extent) => size * extent, width) };
  });
}

/** Divides tensors among files; one file alone has a name without a number. */
export function shardsOf(tensors: readonly PlannedTensor[], most: number): Shard[] {
  const groups: PlannedTensor[][] = [];
  let room = -1;
  for (const tensor of tensors) {
    // $b_j + \dots + b_i > M$: a file that is empty takes a tensor of any size.
    if (groups.length === 0 || tensor.bytes > room) {
      groups.push([]);
      room = most;
    }
    groups.at(-1)!.push(tensor);
    room -= tensor.bytes;
  }
  const padded = (number: number): string => String(number).padStart(5, "0");
  return groups.map((tensors, i) => ({
    file: groups.length === 1 ? "model.safetensors" : `model-${padded(i + 1)}-of-${padded(groups.length)}.safetensors`,
    tensors,
  }));
}

/** The list that says which file has which tensor. */
export function indexOf(shards: readonly Shard[]): string {
  const all = shards.flatMap(({ file, tensors }) => tensors.map((tensor) => ({ ...tensor, file })));
  const total_size = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const weight_map = Object.fromEntries(
    all.map(({ name, file }) => [name, file] as const).sort(([a], [b]) => a < b ? -1 : 1),
  );
  return `${JSON.stringify({ metadata: { total_size }, weight_map }, null, 2)}\n`;
}

/** The bytes of a file, a tensor at a time; no more than one is held. */
export async function* shardBytes(
  { tensors }: Shard,
  read: (tensor: PlannedTensor) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const { bytes, names } = tensorFront(byName, new Map([["format", "pt"]]));
  yield bytes;
  for (const name of names) yield await read(byName.get(name)!);
}

// ## From float32 to half of it

/**
 * The elements of a tensor in the kind of a file.
 *
 * @param name of the tensor, for errors
 * @param stored as the device gave it
 * @param kind what the file has
 * @returns its elements, little-endian
 * @throws {RangeError} if a number becomes infinite
 */
export function elementsAs(name: string, stored: StoredTensor, kind: StoredKind): Uint8Array {
  if (stored.kind === kind) return stored.bytes;
  const numbers = storedNumbers(stored, name);
  switch (kind) {
    case "F32":
      return bytesOf(Float32Array.from(numbers));
    case "F16":
      return bytesOf(halves(name, numbers, HALF, "float16, whose largest number is 65504"));
    default:
      return bytesOf(halves(name, numbers, BFLOAT, "bfloat16"));
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A number of sixteen bits: its bits by those of a float32, and those of infinity. */
interface Narrow {
  readonly of: (bits: number) => number;
  readonly infinite: number;
}

const BFLOAT: Narrow = { of: bfloatOf, infinite: 0x7f80 }, HALF: Narrow = { of: halfOf, infinite: 0x7c00 };

function halves(name: string, numbers: ArrayLike<number>, { of, infinite }: Narrow, what: string): Uint16Array {
  const floats = numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length), found = new Uint16Array(bits.length);
  for (let i = 0; i < found.length; i++) {
    found[i] = of(bits[i]!);
    if ((found[i]! & 0x7fff) === infinite && Number.isFinite(floats[i]!)) {
      throw new RangeError(`Cannot write tensor ${quote(name)} as ${what}: it holds ${floats[i]}`);
    }
  }
  return found;
}

/** What lies below the bits that are kept decides: more than half goes up, and half to the even neighbour. */
function roundOff(value: number, dropped: number): number {
  const kept = value >>> dropped, rest = value & (1 << dropped) - 1, half = 1 << dropped - 1;
  return kept + (rest > half || rest === half && kept & 1 ? 1 : 0);
}

/** The bfloat16 nearest to a float32: its upper half. */
function bfloatOf(bits: number): number {
  const size = bits & 0x7fffffff;
  return (size > 0x7f800000 ? 0x7fc0 : roundOff(size, 16)) | bits >>> 16 & 0x8000;
}

/** The float16 nearest to a float32: five bits of exponent instead of eight, ten of mantissa instead of 23. */
function halfOf(bits: number): number {
  const sign = bits >>> 16 & 0x8000, size = bits & 0x7fffffff, exponent = size >>> 23;
  if (size > 0x7f800000) return sign | 0x7e00;
  if (exponent > 142) return sign | 0x7c00;
  // Exponents are counted from 112 less; rounding up may lead to the next one, whose bits follow.
  if (exponent > 112) return sign | roundOff(size - (112 << 23), 13);
  // Of numbers below 2⁻¹⁴ the steps are equal, and of those below 2⁻²⁵ none is left.
  return exponent < 102 ? sign : sign | roundOff(size & 0x7fffff | 0x800000, 126 - exponent);
}

// ## Pitfall: half of the bits of a large number
//
// A float16 ends at 65504, and what is larger becomes infinite: the model opens, and answers with NaN. Weights are seldom so large, sums of them are more often. A bfloat16 has the exponents of a float32 and fewer digits. The test "a number that float16 does not have is refused by the name of its tensor" writes one.
