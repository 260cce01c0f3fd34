/**
 * # How the program is called
 *
 * What a message tells the reader to type has to work where the reader is: by the Deno that runs, from the folder
 * that is current, with words that a shell takes apart as they were meant. None of this needs a permission.
 *
 * @module
 */

import { escapeControl } from "./errors.ts";

/** What answers unless the runtime refuses to tell. */
function told(tell: () => string, otherwise: string): string {
  try {
    return tell();
  } catch {
    return otherwise;
  }
}

/** A path or an address of `mod.ts`, as short as it can be written in a folder. */
function moduleName(module: URL, folder: string): string {
  if (module.protocol !== "file:") return module.href;
  const path = decodeURIComponent(module.pathname).replace(/^\/(?=[A-Za-z]:)/, "");
  const start = `${folder.replaceAll("\\", "/").replace(/\/$/, "")}/`;
  return path.startsWith(start) ? path.slice(start.length) : path;
}

/**
 * The program as it is started here.
 *
 * @param executable the Deno that runs; npx keeps those that it fetches in a folder of its own
 * @param module where the library is
 * @param folder the current one
 */
export function programName(
  executable: string = told(() => Deno.execPath(), ""),
  module: URL = new URL("../../mod.ts", import.meta.url),
  folder: string = told(() => Deno.cwd(), ""),
): string {
  const deno = /[/\\]_npx[/\\]/.test(executable) ? "npx --yes deno@2" : "deno";
  return `${deno} run --allow-read --allow-write ${shellWord(moduleName(module, folder))}`;
}

/** A text as one word of a command line, quoted where a shell would read it in another way. */
export function shellWord(text: string, isWindows: boolean = Deno.build.os === "windows"): string {
  const safe = escapeControl(text);
  if (/^[\w@%+=:,./-]+$/.test(safe)) return safe;
  return isWindows ? `"${safe.replaceAll('"', '""')}"` : `'${safe.replaceAll("'", "'\\''")}'`;
}
