/**
 * # The header of a shader
 *
 * **Question.** A shader opens with a comment in columns: what it binds, how it is started, what it may not do. How does that
 * become a page's beginning?
 *
 * **Idea.** Cells are two spaces apart, paragraphs are an empty line apart. What has three columns is a table, what has two is
 * a list of terms, what is indented as a whole is a formula; the rest is prose.
 *
 * @module
 */

import type { Page } from "./book.ts";
import type { Context } from "./context.ts";
import { escape } from "./words.ts";

/** A paragraph of a shader's header. */
export type HeaderBlock =
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "list"; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "formula"; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

/**
 * Reads what a shader's header sets in columns: cells are two spaces apart, and a line that begins with spaces goes on
 * with the last cell above.
 *
 * @param text the header without its comment signs and without its first line
 * @returns its paragraphs
 */
export function headerBlocks(text: string): HeaderBlock[] {
  return text.split(/\n\s*\n/).filter((part) => part.trim() !== "").map((part) => {
    const lines = part.replace(/^\n+|\s+$/g, "").split("\n");
    if (lines.every((line) => /^ {2}/.test(line))) {
      return { kind: "formula", text: lines.map((line) => line.trim()).join("\n") };
    }
    const rows: string[][] = [];
    for (const line of lines) {
      const last = rows.at(-1);
      if (/^\s/.test(line) && last) last[last.length - 1] += ` ${line.trim()}`;
      else rows.push(line.trim().split(/ {2,}/));
    }
    if (rows.some((cells) => cells.length < 2)) {
      return {
        kind: "text",
        text: lines.map((line) => line.trim()).join(" "),
      };
    }
    const [head = [], ...rest] = rows;
    if (head.length < 3) return { kind: "list", rows };
    const most = head.length - 1;
    const cut = (cells: string[]): string[] =>
      cells.length <= most ? cells : [...cells.slice(0, most), cells.slice(most).join(" ")];
    return { kind: "table", head, rows: rest.map(cut) };
  });
}

/** What a comment begins in lower case and leaves open is a sentence in print. */
export const sentence = (text: string): string =>
  /^[a-z]{3,}[ ,]/.test(text) && !/[.:;?!]$/.test(text) ? `${text[0]!.toUpperCase()}${text.slice(1)}.` : text;

/** A shader's header: what it computes and what is said about it, and what it sets in columns. */
export function headerHtml(page: Page, prose: string, context: Context): [left: string, right: string] {
  const [first = "", ...rest] = prose.split("\n");
  const code = (text: string): string => `<code>${escape(text)}</code>`;
  // Shapes, names in backticks and files are code.
  const set = (text: string): string =>
    text.split(/(`[^`]+`|(?<![\w\]])\[[^\][]*\]|[\w/]+\.(?:ts|wgsl)\b)/).map((part, at) => {
      if (at % 2 === 0) return escape(part);
      const name = part.replaceAll("`", ""), link = context.link(name);
      return link && !part.startsWith("[") ? `<a class="name" href="${link.href}">${code(name)}</a>` : code(name);
    }).join("");
  const left = [`<h1>${escape(page.title)}</h1>`, `<p>${set(sentence(first.replace(/^\S+ — /, "")))}</p>`];
  const right: string[] = [];
  for (const block of headerBlocks(rest.join("\n"))) {
    if (block.kind === "text") left.push(`<p>${set(block.text)}</p>`);
    else if (block.kind === "formula") left.push(`<p class="signs">${set(block.text).replaceAll("\n", "<br>")}</p>`);
    else if (block.kind === "list") {
      const items = block.rows.map(([name = "", ...cells]) =>
        `<dt>${escape(name)}</dt><dd>${set(cells.join(" "))}</dd>`
      );
      right.push(`<dl class="tags">${items.join("")}</dl>`);
    } else {
      const width = block.head.length, isBinding = block.head[0] === "binding";
      const rows = block.rows.map((cells) => {
        const last = cells.length - 1, span = cells.length === 2 ? width - 1 : 1;
        const items = cells.map((cell, at) => {
          const html = isBinding && span === 1 && (at === 1 || at === 2) ? code(cell) : set(cell);
          return `<td${span > 1 && at === last ? ` colspan="${span}"` : ""}>${html}</td>`;
        });
        return `<tr>${items.join("")}${span === 1 ? "<td></td>".repeat(width - cells.length) : ""}</tr>`;
      });
      const head = block.head.map((cell) => `<th>${escape(cell)}</th>`).join("");
      right.push(
        `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
      );
    }
  }
  return [left.join(""), right.length > 0 ? `<div class="stay">${right.join("")}</div>` : ""];
}
