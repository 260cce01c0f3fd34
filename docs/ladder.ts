/**
 * # What a rung gains
 *
 * **Question.** A page of the ladder explains how a kernel got faster. By how much?
 *
 * **Idea.** `bench/ladder.ts` recorded it, on one machine and in one run. Each kernel's part of the record stands at the end of
 * its page.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { render } from "./prose.ts";

/** Where it is recorded. */
export const RECORD = "bench/LADDER.md";

/**
 * What the rungs of a page took, and on what.
 *
 * @param path the page's source
 * @param record the recorded tables
 * @param context what they refer to
 * @returns prose and tables as HTML; nothing for pages that are not the ladder's
 */
export function measuredHtml(
  path: string,
  record: string,
  context: Context,
): [prose: string, tables: string] | undefined {
  const name = /^wasm\/ladder\/assembly\/(\w+)\.ts$/.exec(path)?.[1];
  const [head = "", ...kernels] = record.split(/^## /m);
  const own = kernels.find((text) => text.startsWith(`${name}\n`));
  if (!own) return undefined;
  const [made = "", machine = ""] = head.replace(/^# .*/, "").trim().split(/\n\n/);
  const rules = made.replace(/^Made by `[^`]*`\. /, "").replace(/^[^.]*\.\s+/, "");
  const tables = own.slice(name!.length).replace(/^### (.*)$/gm, "**$1**");
  return [
    `<h2 id="measured">What each rung gains<a class="anchor" href="#measured" aria-label="Link to this section">¶</a></h2>` +
    render(`Recorded by \`bench/ladder.ts\`. ${rules}\n\n${machine}`, context),
    render(tables, context),
  ];
}
