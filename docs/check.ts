/**
 * # What a page may not do
 *
 * **Question.** A link leads nowhere, a pitfall names no test, a section has no figure. Who notices?
 *
 * **Idea.** The finished pages are read again: every link must lead to a file that was written, and every anchor to an element
 * that it has. Nothing may be fetched from another host. A symbol of a page must be in its formulas and in its code, which the
 * blocks of the page say. The rest was noticed while the pages were made.
 *
 * @module
 */

import type { Block } from "./blocks.ts";
import { passagesOf } from "./passages.ts";
import { colourTex, findNames, type Quantity } from "./quantities.ts";

/** Something wrong. */
export interface Problem {
  /** The page or the source. */
  readonly where: string;
  /** What. */
  readonly text: string;
}

/** Takes escapes of HTML back. */
const unescape = (text: string): string =>
  text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** Elements that others can point at. */
function idsOf(html: string): Set<string> {
  return new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => unescape(id!)));
}

/**
 * Reads the links of all pages.
 *
 * @param files texts of the pages by address
 * @param others addresses of everything else
 * @returns links that lead nowhere, requests to other hosts, anchors that two elements share
 */
export function checkLinks(files: ReadonlyMap<string, string>, others: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  const ids = new Map([...files].map(([url, html]) => [url, idsOf(html)]));
  for (const [url, html] of files) {
    const complain = (text: string): void => void problems.push({ where: url, text });
    const all = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!);
    const seen = new Set<string>();
    for (const id of all) {
      if (seen.has(id)) complain(`Two elements are called ${id}`);
      seen.add(id);
    }
    for (const [, kind, value] of html.matchAll(/ (href|src)="([^"]*)"/g)) {
      const link = unescape(value!);
      if (/^(data|mailto):/.test(link)) continue;
      if (/^\w+:/.test(link)) {
        if (kind === "src" || html.includes(`<link rel="stylesheet" href="${value}`)) {
          complain(`Asks another host: ${link}`);
        }
        continue;
      }
      if (link.startsWith("/")) {
        complain(`Not relative: ${link}`);
        continue;
      }
      const target = new URL(link, `file:///${url}`);
      const path = decodeURIComponent(target.pathname.slice(1)), hash = decodeURIComponent(target.hash.slice(1));
      if (!files.has(path) && !others.has(path)) complain(`Dead link: ${link}`);
      else if (hash && files.has(path) && !ids.get(path)!.has(hash)) complain(`Dead anchor: ${link}`);
    }
  }
  return problems;
}

/** Formulas of Markdown, without what is code. */
function formulasOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`]*`/g, "");
  return [...prose.matchAll(/\$\$([\s\S]+?)\$\$|\$([^$\s][^$]*)\$/g)].map(([, display, inline]) => display ?? inline!);
}

/** All Markdown of a block, the symbol table apart. */
function wordsOf(block: Block): string[] {
  if (block.kind === "opening") {
    return [
      block.prose.heading,
      ...passagesOf(block.prose.text).flatMap((passage) =>
        passage.kind === "text"
          ? [passage.text]
          : passage.kind === "table"
          ? [passage.lines.join("\n")]
          : "caption" in passage
          ? [passage.caption]
          : []
      ),
    ];
  }
  if (!("prose" in block) || !block.prose) return [];
  return [block.prose.heading, block.prose.text, ...block.prose.tags.map(({ text }) => text)];
}

/** A line of code without strings and without the comment at its end. */
const bare = (line: string): string =>
  line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""').replace(/\s\/\/ .*$/, "");

/**
 * Rows of the symbol table that stand for nothing: in no formula of the page, or in none of its code. A row of words is no
 * formula, and a result without a name is not in the code.
 *
 * @param blocks of the page
 * @param quantities its rows
 * @returns a sentence for each
 */
export function checkColours(blocks: readonly Block[], quantities: readonly Quantity[]): string[] {
  const inFormulas = new Set<number>(), inCode = new Set<number>();
  for (const block of blocks) {
    for (const tex of wordsOf(block).flatMap(formulasOf)) {
      for (const [, number] of colourTex(tex, quantities).matchAll(/\\htmlData\{q=(\d+)\}/g)) {
        inFormulas.add(Number(number));
      }
    }
    if (!("code" in block)) continue;
    for (const { text } of block.code) for (const [, , number] of findNames(bare(text), quantities)) inCode.add(number);
  }
  return quantities.flatMap(({ number, symbols, names }) => {
    const row = symbols.length > 0 ? symbols.map((tex) => `$${tex}$`).join(", ") : names.join(", ");
    // A bias is part of the layer that its weight names.
    const named = names.filter((name) => !name.endsWith(".bias"));
    return [
      ...symbols.length > 0 && !inFormulas.has(number) ? [`The symbol ${row} colours no formula`] : [],
      ...named.length > 0 && !inCode.has(number) ? [`The symbol ${row} colours no code`] : [],
    ];
  });
}
