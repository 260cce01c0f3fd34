/**
 * # A model in the worker
 *
 * **Question.** Files lie somewhere, and a reader asks something of the model in them. What happens between, and what is said when it
 * does not fit into memory?
 *
 * **Idea.** The header of the weights is read first. It says which kind of model it is and how much memory it takes, so that what cannot
 * be opened is refused before anything is loaded. Then the [kind](kinds/kind.ts) opens it.
 *
 * @module
 */

import { type DroppedFile, droppedSource } from "../../core/08_pretrained/files/mod.ts";
import { BLOCK_KINDS } from "../../core/08_pretrained/quantised_weights.ts";
import { openWeights, type Weights } from "../../core/08_pretrained/files/weights.ts";
import { backend, setBackend, useDevice } from "../../core/engine/device.ts";
import { memory } from "../../core/engine/scope.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { architectureOf } from "./beside.ts";
import { decoderKind } from "./kinds/decoder.ts";
import { encoderKind } from "./kinds/encoder.ts";
import type { Kind, Opening, OpenModel } from "./kinds/kind.ts";
import type { Ask, Facts, Means, PlacedFile } from "./protocol.ts";

/** The kinds of models, in the order in which they are asked. */
export const KINDS: readonly Kind[] = [encoderKind, decoderKind];

/** Bytes that the memory of a page's WebAssembly may have. */
const MOST = 2 ** 32;

/** A model, and what is known of it. */
export interface Session {
  readonly model: OpenModel;
  readonly facts: Facts;
}

/** A file of the page as the library takes it. */
const dropped = ({ path, file }: PlacedFile): DroppedFile => ({
  name: path,
  size: file.size,
  slice: (begin, end) => file.slice(begin, end),
});

/**
 * Opens a model.
 *
 * @param ask its files, and what computes
 * @param opening who hears of it
 * @throws {RangeError} if it cannot be opened here
 */
export async function open(
  { name, files, means }: Ask & { readonly kind: "open" },
  opening: Omit<Opening, "format">,
): Promise<Session> {
  const begun = performance.now(), source = droppedSource(files.map(dropped));
  const weights = await openWeights(source, { signal: opening.signal });
  const architecture = await architectureOf({ source, weights });
  const count = numbersIn(weights);
  if (means.device === "wasm") requireRoom(name, count, bytesOf(weights, means.weights));
  await choose(means);
  const kind = KINDS.find((one) => one.knows(architecture))!;
  const model = await kind.open({ source, weights, architecture }, { ...opening, format: means.weights });
  return {
    model,
    facts: {
      ...model.facts,
      name,
      architecture,
      weights: count,
      stored: kindsIn(weights),
      device: backend().description,
      memory: memory().bytes,
      seconds: (performance.now() - begun) / 1000,
    },
  };
}

/** Takes a device for everything that follows. */
async function choose({ device, threads }: Means): Promise<void> {
  if (device === "wasm") setBackend(createWasmDevice({ threads }));
  else await useDevice(device);
}

const sizeOf = ({ shape }: { readonly shape: readonly number[] }): number => shape.reduce((a, b) => a * b, 1);

/** How many weights there are. */
function numbersIn({ places }: Weights): number {
  return [...places.values()].reduce((sum, place) => sum + sizeOf(place), 0);
}

/** Kinds of elements, most weights first. */
function kindsIn({ places }: Weights): string[] {
  const counts = new Map<string, number>();
  for (const place of places.values()) counts.set(place.kind, (counts.get(place.kind) ?? 0) + sizeOf(place));
  return [...counts].sort((a, b) => b[1] - a[1]).map(([kind]) => kind);
}

/** Bytes that the weights take while they are loaded: blocks as they are, if they stay; everything else is float32 first. */
function bytesOf({ places }: Weights, format: Means["weights"]): number {
  return [...places.values()].reduce((sum, place) => {
    const stays = format === "stored" && BLOCK_KINDS.includes(place.kind);
    return sum + (stays ? place.end - place.begin : 4 * sizeOf(place));
  }, 0);
}

/** Refuses what cannot fit. */
function requireRoom(name: string, count: number, bytes: number): void {
  if (bytes < MOST) return;
  const gigabytes = (x: number): string => (x / 1e9).toFixed(1);
  throw new RangeError(
    `Cannot open ${name}: its ${count.toLocaleString("en")} weights take ${gigabytes(bytes)} GB, and a page has ` +
      `${gigabytes(MOST)} GB at most; a smaller model fits, or one with fewer bits a weight`,
  );
}

/** An error as a sentence for a reader. */
export function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (
    error instanceof RangeError && /^(Cannot allocate|Array buffer allocation|Invalid (typed )?array)/i.test(message)
  ) {
    return `The browser has not enough memory for this: ${message}`;
  }
  // What a browser says of a file that was moved or changed since it was chosen.
  if (error instanceof DOMException && error.name === "NotReadableError") {
    return "A file could not be read: it has been changed, moved or removed since it was chosen";
  }
  return message;
}
