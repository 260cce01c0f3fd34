/**
 * # Why the system refused
 *
 * Deno, Node and Bun report the same failures by other classes and words. What they share is a code, and from it follows
 * a reason that ends a sentence.
 *
 * @module
 */

import { quote } from "../engine/shown.ts";

/** A file that cannot be read or written; its cause is what the system said. */
export class FileError extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "FileError";
}

/** What codes of the system mean. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "the system does not permit it",
  EPERM: "the system does not permit it",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  EEXIST: "a file has this name",
  ELOOP: "its links go in circles",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  EBADF: "it is not open for that",
  ENAMETOOLONG: "the name is too long",
};

/** The same, where an error has no code. */
const WORDS: readonly (readonly [words: RegExp, code: string])[] = [
  [/os error 28\b|no space left/i, "ENOSPC"],
  [/os error 30\b|read-only/i, "EROFS"],
  [/os error 9\b|bad file descriptor/i, "EBADF"],
  [/os error 21\b|is a directory/i, "EISDIR"],
  [/os error (36|63|206)\b|name too long/i, "ENAMETOOLONG"],
];

/** Why the operating system refused, in words. */
export function systemReason(error: unknown): string {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const text = error instanceof Error ? error.message : String(error);
  if (name === "NotCapable") return missingPermission("Deno", text);
  if (code === "ERR_ACCESS_DENIED") return missingPermission("Node", text);
  const known = typeof code === "string" ? REASONS[code] : undefined;
  const said = known ?? REASONS[WORDS.find(([words]) => words.test(text))?.[1] ?? ""];
  if (said !== undefined) return said;
  // What it was doing, and the path, are said already.
  const [first = ""] = text.replace(/ \(os error \d+\)(: [a-z]+ .*)?$/s, "").trim().split("\n");
  return quote(first.replace(/^E[A-Z]+: /, ""), 600).slice(1, -1) || "the system gave no reason";
}

/** Which permission is missing, and how it is given; only with all of them Deno touches the system's own files. */
function missingPermission(runtime: string, text: string): string {
  const flag = /--allow-[a-z-]+/.exec(text)?.[0] ?? "--allow-read --allow-write";
  return flag === "--allow-all"
    ? "Deno keeps the system's own files from programs; name another place"
    : `${runtime} was started without the permission; add ${flag}`;
}
