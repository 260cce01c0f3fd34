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
 * | symbol | in code         | meaning                       |
 * | ------ | --------------- | ----------------------------- |
 * | $b_i$  | `bytes`         | bytes of a tensor             |
 * | $M$    | `maxShardBytes` | most bytes of tensors in a file |
 *
 * @module
 */

import { numberToHalf } from "../../engine/numbers.ts";
import { quote } from "../../engine/shown.ts";
import { storedNumbers, type StoredKind, type StoredTensor, tensorFront } from "../../06_training/safetensors.ts";
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
    file: groups.length === 1
      ? "model.safetensors"
      : `model-${padded(i + 1)}-of-${padded(groups.length)}.safetensors`,
    tensors,
  }));
}

/** The list that says which file has which tensor. */
export function indexOf(shards: readonly Shard[]): string {
  const all = shards.flatMap(({ file, tensors }) => tensors.map((tensor) => ({ ...tensor, file })));
  const total_size = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const weight_map = Object.fromEntries(all.map(({ name, file }) => [name, file] as const).sort(([a], [b]) => a < b ? -1 : 1));
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
      return bytesOf(halves(name, numbers, numberToHalf, 0x7c00, "float16, whose largest number is 65504"));
    default:
      return bytesOf(halves(name, numbers, numberToBfloat, 0x7f80, "bfloat16"));
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function halves(
  name: string,
  numbers: ArrayLike<number>,
  narrow: (x: number) => number,
  infinite: number,
  what: string,
): Uint16Array {
  const found = new Uint16Array(numbers.length);
  for (let i = 0; i < found.length; i++) {
    found[i] = narrow(numbers[i]!);
    if ((found[i]! & 0x7fff) === infinite && Number.isFinite(numbers[i]!)) {
      throw new RangeError(`Cannot write tensor ${quote(name)} as ${what}: it holds ${numbers[i]}`);
    }
  }
  return found;
}

const FLOAT = new Float32Array(1), BITS = new Uint32Array(FLOAT.buffer);

/** The bfloat16 nearest to a number, ties to even: the upper half of a float32. */
function numberToBfloat(x: number): number {
  if (Number.isNaN(x)) return 0x7fc0;
  FLOAT[0] = x;
  const bits = BITS[0]!;
  return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
}

// ## Pitfall: half of the bits of a large number
//
// A float16 ends at 65504, and what is larger becomes infinite: the model opens, and answers with NaN. Weights are seldom so large, sums of them are more often. A bfloat16 has the exponents of a float32 and fewer digits. The test "a number that float16 does not have is refused by the name of its tensor" writes one.
