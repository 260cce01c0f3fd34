/**
 * # Where files go
 *
 * **Question.** A model of gigabytes is written tensor by tensor. What must whoever keeps it be able to do, and what if it is not finished?
 *
 * **Idea.** The [source](../files/mod.ts) of a model, turned around: one function that takes a name and bytes, part after part. A file is there once its last part is, and not before. A folder on a disk is [such a place](../../host/sources.ts), memory is another.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import { type Check, object } from "../../engine/options.ts";
import type { ReadOptions } from "../files/mod.ts";

/** A place for the files of a model. */
export interface ModelSink {
  /** Where they go, for messages. */
  readonly name: string;
  /**
   * Writes a file; whoever looks before the last part is there finds what was there before.
   *
   * @param path such as `config.json`
   * @param parts its bytes, in order
   * @param options what stops it; nothing does by default
   */
  write(path: string, parts: AsyncIterable<Uint8Array>, options?: ReadOptions): Promise<void>;
}

/** A place for files in memory. */
export interface MemorySink extends ModelSink {
  /** What was written, by name, as {@linkcode bytesSource} takes it. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * A place for files in memory, for tests and for pages that offer a download.
 *
 * @param name what messages call it; `memory` by default
 * @returns a place, and what lies there
 */
export function bytesSink(name = "memory"): MemorySink {
  checkText("keep files", "name", name);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    name,
    files,
    async write(path, parts, options) {
      const kept: Uint8Array[] = [];
      for await (const part of parts) {
        options?.signal?.throwIfAborted();
        kept.push(part.slice());
      }
      files.set(path, joined(kept));
    },
  };
}

/** Parts one after the other. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/** A place for files, from outside. */
export const sinkCheck: Check<ModelSink> = object<ModelSink>(
  "a place for files, such as folderSink() or bytesSink() make",
  (value) => typeof (value as ModelSink).write === "function" && "name" in value,
);

/** The parts of a file that is a text. */
export async function* textParts(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
