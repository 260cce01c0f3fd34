/**
 * # What the program says when it cannot go on
 *
 * One sentence, without the trace of calls that led there: the reader of a message is the
 * person at the keyboard. `--debug` adds the trace.
 *
 * | exit code | means                                                                             |
 * | --------- | --------------------------------------------------------------------------------- |
 * | 0         | done                                                                              |
 * | 1         | data cannot be used, or the machine refuses                                       |
 * | 2         | the command line cannot be understood                                             |
 * | 3         | standard output cannot be written: training is saved all the same, others stopped |
 * | 129       | the terminal was closed                                                           |
 * | 130, 143  | ended by Ctrl-C, by `kill`                                                        |
 *
 * @module
 */

import { systemReason } from "../host/reasons.ts";

/** A command line that cannot be understood; the program exits with 2. */
export class UsageError extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "UsageError";
}

/** Input that cannot be used; the program exits with 1. */
export class DataError extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "DataError";
}

/** A signal arrived, and everything is saved; the program exits with 128 and its number. */
export class Interrupted extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "Interrupted";
  /** The code to exit with. */
  readonly code: number;

  /** Names the signal. */
  constructor(signal: Deno.Signal = "SIGINT") {
    super(`Ended by ${signal}`);
    this.code = signal === "SIGTERM" ? 143 : signal === "SIGHUP" ? 129 : 130;
  }
}

/** Standard output is closed, or full; the program exits with 3. */
export class OutputLost extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "OutputLost";
  /** Whether nobody misses anything: a reader that has closed a pipe has read enough. */
  readonly isQuiet: boolean;

  /**
   * @param cause what the system said
   * @param wentOn what went on all the same, for the end of the sentence
   */
  constructor(cause: unknown, wentOn?: string) {
    const isClosed = cause instanceof Deno.errors.BrokenPipe;
    const reason = isClosed ? "its reader has closed it" : systemReason(cause);
    super(`Cannot write to standard output: ${reason}${wentOn === undefined ? "" : `; ${wentOn}`}`, { cause });
    this.isQuiet = isClosed && wentOn === undefined;
  }
}

/** Characters that move the cursor, change colours or reverse the direction of text. */
// deno-lint-ignore no-control-regex -- they are what is escaped
const CONTROL = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Makes text from elsewhere safe to print: control characters become visible escapes. */
export function escapeControl(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** A name from elsewhere as messages quote it, safe to print and not too long. */
export function quote(text: string, most: number = 300): string {
  const safe = escapeControl(text);
  return `"${safe.length > most ? `${safe.slice(0, most)}…` : safe}"`;
}

/** The sentence for an error, whatever threw it. */
export function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const firstLine = message.split("\n").find((line) => line.trim() !== "") ?? "Unknown error";
  const safe = escapeControl(firstLine.trim());
  return safe.length > 600 ? `${safe.slice(0, 600)}…` : safe;
}

/** The exit code for an error. */
export function exitCode(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (error instanceof OutputLost) return 3;
  return error instanceof Interrupted ? error.code : 1;
}
