/**
 * # Files
 *
 * Text comes in as a stream, is checked to be UTF-8, and carries line numbers, so that a
 * malformed line can be named. What goes out replaces its destination in one step.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { FileError, systemReason } from "../host/reasons.ts";
import { kindOf, type Look, readWhole, replaceFile } from "../host/storage.ts";
import { DataError, quote, UsageError } from "./errors.ts";

/** Longest line that is read; anything longer is not a line of text. */
const MAX_LINE = 1 << 20;

/** Longest line that is skipped to go on with the next; a device that is all zeros has no next one. */
const MAX_SKIPPED: number = 2 ** 26;

/** Most bytes that are trained on; what they become must fit into memory. */
export const MAX_TEXT: number = 2 ** 30;

/** Runs file work and turns what the system reports into one sentence. */
export async function withPath<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (error instanceof FileError) throw new DataError(error.message, { cause: error });
    throw new DataError(`Cannot ${action} ${named(path)}: ${systemReason(error)}`, { cause: error });
  }
}

/** A file as messages name it. */
export const named = (path: string): string => path === "-" ? "standard input" : quote(path);

/** A line of a file. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** The text without its line break; empty if the line cannot be read. */
  readonly text: string;
  /** Why it cannot be read. */
  readonly fault?: string;
}

/** The text without the white space around it; U+FEFF is none, and stays. */
export function trim(text: string): string {
  return text.replace(/^\p{White_Space}+/u, "").replace(/(?<!\p{White_Space})\p{White_Space}+$/u, "");
}

/** What text comes from. */
interface Source {
  read(into: Uint8Array): Promise<number | null>;
  close(): void;
}

/**
 * Opens a file, or standard input under the name `-`.
 *
 * A pipe and a device that gives one character after the other, such as a terminal, are read like a file: whoever writes
 * into them ends them. Their size is not known beforehand, so it is counted.
 */
async function open(path: string, most: number): Promise<Source> {
  if (path === "-") return Deno.stdin;
  return await withPath("read", path, async () => {
    const info = await stat(path);
    if (!info.isFile() && !info.isFIFO() && !info.isCharacterDevice()) {
      throw new DataError(`Cannot read ${quote(path)}: it is ${kindOf(info)}, and a file is needed`);
    }
    if (info.size > most) throw tooLarge(path, most);
    return await Deno.open(path);
  });
}

function tooLarge(path: string, most: number): DataError {
  return new DataError(`Cannot read ${named(path)}: it has more than ${most} bytes, the most that are trained on`);
}

/**
 * Reads the lines of a file, or of standard input under the name `-`.
 *
 * A byte order mark at the start of the file is dropped, and `\r\n` ends a line as `\n` does.
 *
 * @param path of the file
 * @param most bytes that it may have
 * @throws {DataError} if the file cannot be read, is too large, is not UTF-8 or has a line of over a megabyte
 */
export async function* readLines(path: string, most: number = Infinity): AsyncGenerator<Line> {
  for await (const line of scanLines(path, most)) {
    if (line.fault) throw new DataError(`Cannot read ${named(path)} line ${line.number}: ${line.fault}`);
    yield line;
  }
}

/**
 * Reads lines as {@linkcode readLines} does, and goes on after one that cannot be read.
 *
 * @param path of the file
 * @param most bytes that it may have
 * @throws {DataError} if the file cannot be read, is too large, or has a line without an end
 */
export async function* scanLines(path: string, most: number = Infinity): AsyncGenerator<Line> {
  const file = await open(path, most);
  const block = new Uint8Array(1 << 16);
  let rest = new Uint8Array(0), number = 0, isTooLong = false, total = 0, skipped = 0;
  try {
    while (true) {
      const size = await withPath("read", path, () => file.read(block));
      if (size === null) break;
      total += size;
      if (total > most) throw tooLarge(path, most);
      const bytes = new Uint8Array(rest.length + size);
      bytes.set(rest);
      bytes.set(block.subarray(0, size), rest.length);
      let start = 0;
      for (let end = bytes.indexOf(10, rest.length); end >= 0; end = bytes.indexOf(10, start)) {
        // Of a line that was too long, this is the end.
        if (!isTooLong) yield decodeLine(bytes.subarray(start, end), ++number);
        [start, isTooLong] = [end + 1, false];
      }
      rest = isTooLong ? new Uint8Array(0) : bytes.slice(start);
      skipped = isTooLong ? skipped + size : 0;
      if (skipped > MAX_SKIPPED) {
        throw new DataError(`Cannot read ${named(path)} line ${number}: it has no end within ${MAX_SKIPPED} bytes`);
      }
      if (rest.length > MAX_LINE) {
        yield { number: ++number, text: "", fault: "it is longer than a megabyte" };
        [rest, isTooLong] = [new Uint8Array(0), true];
      }
    }
    if (rest.length > 0) yield decodeLine(rest, ++number);
  } finally {
    file.close();
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeLine(bytes: Uint8Array<ArrayBuffer>, number: number): Line {
  try {
    const text = decoder.decode(bytes);
    return {
      number,
      text: text.slice(number === 1 && text.startsWith("\ufeff") ? 1 : 0, text.endsWith("\r") ? -1 : undefined),
    };
  } catch {
    return { number, text: "", fault: "it is not UTF-8 text" };
  }
}

/** A sentence and its translation. */
export interface Pair {
  /** The sentence to translate. */
  readonly source: string;
  /** What it means. */
  readonly target: string;
}

/** Reads `--columns`: which column holds the source and which the target, counted from 1. */
export function parseColumns(text: string): readonly [source: number, target: number] {
  const match = /^([1-9]\d?),([1-9]\d?)$/.exec(text);
  if (!match || match[1] === match[2]) {
    throw new UsageError(`Cannot use --columns ${quote(text)}: it must be two different column numbers, such as 2,1`);
  }
  return [Number(match[1]), Number(match[2])];
}

/**
 * Reads pairs of sentences, one a line, their columns separated by tabs.
 *
 * @throws {DataError} if the file cannot be read, or a line lacks a column or has an empty one
 */
export async function readPairs(path: string, columns: readonly [number, number]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for await (const { number, text } of readLines(path, MAX_TEXT)) {
    if (trim(text) === "") continue;
    const cells = text.split("\t");
    const [source, target] = columns.map((column) => {
      const cell = cells[column - 1] === undefined ? undefined : trim(cells[column - 1]!);
      if (cell) return cell;
      const fault = cell === undefined
        ? `it has ${cells.length === 1 ? "no tab" : `${cells.length} columns`}, and column ${column} is needed`
        : `column ${column} is empty`;
      throw new DataError(`Cannot read ${named(path)} line ${number}: ${fault}`);
    });
    pairs.push({ source: source!, target: target! });
  }
  if (pairs.length === 0) throw new DataError(`Cannot train on ${named(path)}: it holds no pairs`);
  return pairs;
}

/**
 * Reads a text of at most a gibibyte, as pieces of about a megabyte that end at line breaks.
 *
 * @throws {DataError} if the file cannot be read or holds no text
 */
export async function readText(path: string): Promise<string[]> {
  const pieces: string[] = [];
  let lines: string[] = [], size = 0;
  const flush = (): void => {
    if (lines.length > 0) pieces.push(lines.join(""));
    [lines, size] = [[], 0];
  };
  for await (const { text } of readLines(path, MAX_TEXT)) {
    lines.push(text, "\n");
    size += text.length + 1;
    if (size >= 1 << 20) flush();
  }
  flush();
  if (!pieces.some((piece) => trim(piece) !== "")) throw new DataError(`Cannot train on ${named(path)}: it is empty`);
  return pieces;
}

/** Makes a folder and what leads to it. */
export function makeFolder(path: string): Promise<void> {
  return withPath("create", path, async () => {
    try {
      await Deno.mkdir(path, { recursive: true });
    } catch (error) {
      const found = error instanceof Deno.errors.AlreadyExists && await Deno.lstat(path).catch(() => undefined);
      if (!found || !found.isSymlink) throw error;
      throw new DataError(`Cannot create ${quote(path)}: a link that leads to no folder has this name`, {
        cause: error,
      });
    }
  });
}

/** Reads a whole file, after a look at its front. */
export function readBytes(path: string, look?: Look): Promise<Uint8Array<ArrayBuffer>> {
  return withPath("read", path, () => readWhole(path, look));
}

/** Whether there is a file or folder of this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw new DataError(`Cannot read ${quote(path)}: ${systemReason(error)}`, { cause: error });
  }
}

/**
 * Writes a file so that a crash cannot leave half of it.
 *
 * @throws {DataError} if it cannot be written; what was there before is intact
 */
export function writeFile(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  return withPath("write", path, () => replaceFile(path, bytes));
}
