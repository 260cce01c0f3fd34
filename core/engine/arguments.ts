/**
 * # What an argument may be
 *
 * **Question.** Node and `deno run` check no types. A list stands where a tensor should, a size is missing, a generator of
 * random numbers was forgotten. Who says so, before it becomes an error about a member that is not there?
 *
 * **Idea.** The door of each function. Most doors say it in passing: `dims` names axes, {@linkcode checkOptions} reads a
 * table, an axis or a shape is resolved. A function that comes to none of those first opens with a line of this page.
 * A line takes as long as there are arguments, whatever their size.
 *
 * @module
 */

import { quote } from "./shown.ts";
import { type Check, checkValue, instance, integer, type Limits, shown, string } from "./options.ts";
import { isLiteral, literalMust } from "./literal.ts";
import { MOST_ELEMENTS } from "./requirements.ts";
import { Tensor, type TensorLike } from "./tensor.ts";

/** Most layers, heads or samples: above every real model, low enough that a slip of the keyboard ends. */
export const MOST_PARTS: number = 10_000;

/** A tensor as an argument or an option. */
export const aTensor: Check<Tensor> = instance(Tensor);

/** A tensor, or numbers that become one; what lists hold is looked at when they are read. */
export const aTensorLike: Check<TensorLike> = {
  must: literalMust,
  fits: (value) => value instanceof Tensor || isLiteral(value),
};

/** A mask, or true and false in lists. */
export const aMask: Check<TensorLike<boolean>> = {
  must: "a Tensor or nested lists of true and false",
  fits: (value) => value instanceof Tensor || isLiteral(value),
};

/**
 * Refuses what is no tensor.
 *
 * @param action what is attempted, as in `Cannot join`
 * @param tensors by the names of the arguments
 * @throws {TypeError} if one is something else
 */
export function checkTensors(action: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    if (!(tensors[name] instanceof Tensor)) checkValue(action, name, tensors[name] as Tensor, aTensor);
  }
}

/** Refuses what is neither a tensor nor left out. */
export function checkOptionalTensors(action: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    const given = tensors[name];
    if (given !== undefined && !(given instanceof Tensor)) checkValue(action, name, given as Tensor, aTensor);
  }
}

/**
 * Refuses sizes that are no whole numbers, or that no tensor has.
 *
 * @param action what is attempted
 * @param sizes by the names of the arguments
 * @param limits the smallest that has a meaning, 0 by default, and the largest
 * @throws {TypeError} if one is no number
 * @throws {RangeError} if one is a fraction, too small or too large
 */
export function checkSizes(
  action: string,
  sizes: Readonly<Record<string, number>>,
  limits: Pick<Limits, "min" | "max"> = {},
): void {
  const { min = 0, max = MOST_ELEMENTS } = limits;
  for (const name in sizes) {
    const size = sizes[name]!;
    if (!(Number.isInteger(size) && size >= min && size <= max)) checkValue(action, name, size, integer({ min, max }));
  }
}

/**
 * Refuses what is neither a list of numbers nor a typed array.
 *
 * @throws {TypeError} if it is something else, or holds something else
 */
export function checkNumbers(action: string, name: string, list: unknown): void {
  if (isTypedArray(list)) return;
  checkList(action, name, list, "numbers", isNumber);
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

/** Whether something is a list or a typed array. */
export function isListOfNumbers(list: unknown): boolean {
  return Array.isArray(list) || isTypedArray(list);
}

/** A view of numbers: a BigInt is none. */
function isTypedArray(list: unknown): boolean {
  return ArrayBuffer.isView(list) && "length" in list &&
    !(list instanceof BigInt64Array || list instanceof BigUint64Array);
}

/** Refuses what is not of a class. */
export function checkInstance<T extends object>(
  action: string,
  name: string,
  value: T,
  type: abstract new (...args: never[]) => T,
): void {
  if (!(value instanceof type)) checkValue(action, name, value, instance(type));
}

/** Refuses what is no string. */
export function checkText(action: string, name: string, value: string): void {
  checkValue(action, name, value, string);
}

/**
 * Refuses what is no list, or holds what it must not.
 *
 * @param action what is attempted
 * @param name of the argument
 * @param list what was given
 * @param what its elements must be, as in `a list of tensors`
 * @param fits whether an element is one
 */
export function checkList(
  action: string,
  name: string,
  list: unknown,
  what: string,
  fits: (element: unknown) => boolean,
): void {
  if (!Array.isArray(list)) {
    throw new TypeError(`Cannot ${action} with ${name} = ${shown(list)}: ${name} must be a list of ${what}`);
  }
  for (let i = 0; i < list.length; i++) {
    if (fits(list[i])) continue;
    throw new TypeError(`Cannot ${action} with ${name}[${i}] = ${shown(list[i])}: ${name} must be a list of ${what}`);
  }
}

/** Refuses what cannot be gone through token by token. */
export function checkTokens(action: string, tokens: unknown): void {
  if (typeof (tokens as Partial<Iterable<number>> | null)?.[Symbol.iterator] !== "function") {
    throw noTokens(action, tokens);
  }
}

/** Refuses what cannot be gone through token by token, even as they arrive. */
export function checkTokenStream(action: string, tokens: unknown): void {
  const source = tokens as Partial<AsyncIterable<number> & Iterable<number>> | null;
  const walk = source?.[Symbol.asyncIterator] ?? source?.[Symbol.iterator];
  if (typeof walk !== "function") throw noTokens(action, tokens);
}

function noTokens(action: string, found: unknown): TypeError {
  return new TypeError(`Cannot ${action} ${shown(found)}: a list of tokens is needed`);
}

/** Refuses what is no list of tensors. */
export function checkTensorList(action: string, name: string, list: unknown): void {
  checkList(action, name, list, "tensors", (element) => element instanceof Tensor);
}

// ## Parts of files

/** Refuses a range that is none of a file. */
export function requireRange(begin: number, end: number, size: number): void {
  if (Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end && end <= size) return;
  throw new RangeError(
    `Cannot read bytes ${begin} to ${end} of a file of ${size}: both must be places in it, in order`,
  );
}

/**
 * Refuses bytes that are not as many as were asked for: the file has changed meanwhile.
 *
 * @param bytes what was read
 * @param begin from here
 * @param end to here
 * @param path which file, for the message
 * @returns the bytes
 * @throws {Error} if there are fewer or more
 */
export function requireWhole(bytes: Uint8Array, begin: number, end: number, path: string): Uint8Array {
  if (bytes.length === end - begin) return bytes;
  throw new Error(
    `Cannot read bytes ${begin} to ${end} of ${quote(path)}: ${bytes.length} bytes came, so the file has changed`,
  );
}
