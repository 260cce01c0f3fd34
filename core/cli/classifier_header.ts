/**
 * # The file of a classifier
 *
 * What tells it from the files of other models: a line of its header.
 *
 * @module
 */

import { DataError, quote } from "./errors.ts";
import { readHeader } from "../06_training/safetensors.ts";

/** Tells the file of a classifier from others. */
export const CLASSIFIER_FORMAT = "heed classifier 1";

/** What says that a file holds a classifier, where another model is needed. */
export class ClassifierFound extends DataError {
  /** The name of this class of errors. */
  override readonly name: string = "ClassifierFound";

  /** Names the file. */
  constructor(path: string) {
    super(`Cannot use ${quote(path)} here: it is a classifier, and "heed classify" uses it`);
  }
}

/** Whether the first bytes of a file of so many bytes are those of a classifier. */
export function isClassifierHeader(front: Uint8Array, size: number): boolean {
  try {
    return readHeader(front, size).metadata.get("format") === CLASSIFIER_FORMAT;
  } catch {
    return false;
  }
}
