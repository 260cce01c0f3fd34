/**
 * # Tables of a page's beginning
 *
 * **Question.** A symbol table gives its rows the colours of their quantities, a chapter's table gives its pages numbers. What
 * makes them more than Markdown?
 *
 * **Idea.** Their rows are read before they are HTML: a row of symbols knows its quantities, a row of pages its page.
 *
 * @module
 */

import type { Table } from "./passages.ts";
import type { Site } from "./site.ts";
import type { Context } from "./context.ts";
import { render, renderInline } from "./prose.ts";
import { cells, type Quantity } from "./quantities.ts";

/** A symbol table: a row whose name is another row's too has in each the colour of the row. */
function symbolsHtml(lines: readonly string[], quantities: readonly Quantity[], context: Context): string {
  const [head = "", , ...rows] = lines;
  const row = (line: string, kind: "th" | "td", attributes = ""): string =>
    `<tr${attributes}>\n${
      cells(line).map((cell) => `<${kind}>${renderInline(cell.replaceAll("\\|", "|"), context)}</${kind}>\n`).join("")
    }</tr>\n`;
  const body = rows.map((line) => {
    const [named = ""] = cells(line);
    const own = quantities.filter(({ symbols }) => symbols.some((tex) => named.includes(`$${tex}$`)));
    const numbers = own.map(({ number }) => number);
    return row(line, "td", own.length === 0 ? "" : ` data-row="${numbers[0]}" data-of="${numbers.join(" ")}"`);
  });
  return `<div class="symbols"><div class="table"><table>\n<thead>\n${row(head, "th")}</thead>\n<tbody>\n${
    body.join("")
  }</tbody>\n</table></div>\n</div>`;
}

/**
 * The tables of a part of the beginning.
 *
 * @param tables as passages
 * @param quantities what has a colour
 * @param context what the cells refer to
 * @returns HTML for beside the prose
 */
export function tablesHtml(
  tables: readonly Table[],
  quantities: readonly Quantity[],
  context: Context,
): string {
  if (tables.length === 0) return "";
  const html = tables.map(({ kind, lines }) =>
    kind === "symbols" ? symbolsHtml(lines, quantities, context) : render(lines.join("\n"), context)
  );
  return `<div class="tables">${html.join("")}</div>`;
}

/** A chapter's table of its pages, which begins with the column `page`, or `页` in Chinese. */
const PAGES = /^\| *(?:page|页) *\|.*\n\|[-| ]*\n(?:\|.*(?:\n|$))*/m;

/**
 * Gives the pages of a chapter's table their numbers and titles.
 *
 * @param text Markdown of a chapter's `mod.ts`
 * @param path of the `mod.ts`
 * @param pages by path
 * @returns Markdown with one column more
 */
export function withTitles(text: string, path: string, { pages, phrases }: Pick<Site, "pages" | "phrases">): string {
  if (!/^core\/\d\d_\w+\/mod\.ts$/.test(path)) return text;
  return text.replace(PAGES, (table) => {
    const [head, rule, ...rows] = table.trimEnd().split("\n");
    const set = rows.map((row) =>
      row.replace(/^\| *`(\w+)` */, (all, name) => {
        const file = [`${name}.ts`, `${name}/mod.ts`].find((file) => pages.has(path.replace("mod.ts", file)));
        const page = file && pages.get(path.replace("mod.ts", file));
        return page ? `| ${page.number} | [${page.title}](${file}) ` : `| ${all}`;
      })
    );
    return [`| ${phrases.sectionColumn} ${head}`, `| --- ${rule}`, ...set, ""].join("\n");
  });
}
