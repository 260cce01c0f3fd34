/**
 * # What the program says when it cannot go on
 *
 * One sentence, without the trace of calls that led there: the reader of a message is the
 * person at the keyboard. `--debug` adds the trace. A wrong command line exits with 2,
 * everything else with 1, and an interruption with 130 as shells expect.
 *
 * @module
 */

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

/** Ctrl-C was pressed and what had to be saved is saved; the program exits with 130. */
export class Interrupted extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "Interrupted";
}

/** Characters that move the cursor, change colours or reverse the direction of text. */
// deno-lint-ignore no-control-regex
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
  return error instanceof Interrupted ? 130 : 1;
}

/** Why the operating system refused, in words. */
export function systemReason(error: unknown): string {
  const reasons: [abstract new (message?: string) => Error, string][] = [
    [Deno.errors.NotFound, "there is no such file or folder"],
    [Deno.errors.PermissionDenied, "the system does not permit it"],
    [Deno.errors.NotCapable, "Deno was started without the permission; add --allow-read --allow-write"],
    [Deno.errors.IsADirectory, "it is a folder"],
    [Deno.errors.NotADirectory, "a part of the path is not a folder"],
    [Deno.errors.AlreadyExists, "it exists"],
    [Deno.errors.FilesystemLoop, "its links go in circles"],
  ];
  for (const [Kind, reason] of reasons) if (error instanceof Kind) return reason;
  const text = error instanceof Error ? error.message : String(error);
  if (/os error 28\b|no space left/i.test(text)) return "the disk is full";
  if (/os error 30\b|read-only/i.test(text)) return "the file system is read-only";
  if (/os error 21\b|is a directory/i.test(text)) return "it is a folder";
  return sentence(error);
}
