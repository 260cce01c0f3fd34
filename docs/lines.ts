/**
 * # Lines of a source
 *
 * **Question.** A line of code on a page has a number to link to, the names that it defines, links and colours. Where do they
 * come from?
 *
 * **Idea.** The compiler says what names mean, the page's symbol table what has a colour; both are marks on the whole text,
 * which is coloured once and cut into lines.
 *
 * @module
 */

import type { Page } from "./book.ts";
import type { Names } from "./blocks.ts";
import type { Mark } from "./code.ts";
import { relative } from "./layout.ts";
import type { Phrases } from "./phrases.ts";
import { shaderNames } from "./program.ts";
import { escape, plain } from "./words.ts";
import { findNames, type Quantity } from "./quantities.ts";
import { addressOf, anchorOf, type Site } from "./site.ts";
import type { Line } from "./split.ts";

/** HTML of the lines of a block; `anchor` is the name that the block itself has. */
export type Lines = (code: readonly Line[], anchor?: string) => string;

/** Marks of a TypeScript source: links and hints of its names. */
function marksOf(path: string, url: string, site: Site): Mark[] {
  return (site.knowledge.get(path)?.mentions ?? []).map(({ start, end, definition, hint }) => {
    const address = definition && addressOf(definition, site);
    return { start, end, hint: plain(hint), href: address && relative(url, address) };
  });
}

/** Marks of a shader: its own names, and those of the files it includes. */
function shaderMarks(path: string, text: string, url: string, site: Site): Mark[] {
  const homes = new Map<string, string>(), seen = new Set<string>();
  const include = (file: string): void => {
    const source = site.texts.get(file);
    if (source === undefined || seen.has(file)) return;
    seen.add(file);
    for (const [name] of shaderNames(source)) if (!homes.has(name)) homes.set(name, file);
    for (const [, other] of source.matchAll(/^\/\/ include (\w+)/gm)) include(`gpu/shaders/${other}.wgsl`);
  };
  include(path);
  return [...text.matchAll(/(?<![.\w])[A-Za-z_]\w*/g)].flatMap(({ 0: name, index: start }) => {
    const home = homes.get(name), page = home && site.pages.get(home);
    return page ? [{ start, end: start + name.length, href: relative(url, `${page.url}#${name}`) }] : [];
  });
}

/** Names by the lines that define them, and lines that begin inside a string. */
export function namesOf(page: Page, site: Site): Names {
  const anchors = new Map<number, string[]>(), top = new Map<number, string>(), defined = new Set<string>();
  const add = (line: number, name: string): void => void anchors.set(line, [...anchors.get(line) ?? [], name]);
  const knowledge = site.knowledge.get(page.path!);
  for (const definition of knowledge?.definitions ?? []) {
    const name = anchorOf(definition), { line, kind } = definition;
    if (!defined.has(name)) add(line, name);
    defined.add(name);
    if (kind !== "member" && !top.has(line)) top.set(line, definition.name);
  }
  if (page.language === "wgsl") {
    for (const [name, line] of shaderNames(site.texts.get(page.path!)!)) {
      add(line, name);
    }
  }
  return { inside: knowledge?.inside, anchors, top };
}

/** How the lines of a page are printed. */
export function linesOf(page: Page, quantities: readonly Quantity[], { anchors }: Names, site: Site): Lines {
  const path = page.path!, text = site.texts.get(path)!;
  const marks = page.language === "wgsl" ? shaderMarks(path, text, page.url, site) : marksOf(path, page.url, site);
  const coloured = findNames(text, quantities).map(([start, end, quantity]) => ({ start, end, quantity }));
  const html = site.highlighter.lines(text, page.language, [...marks, ...coloured]);
  return (code, anchor) =>
    code.map(({ number, text }, at) => {
      const names = (anchors.get(number) ?? []).filter((name) => name !== anchor)
        .map((name) => `<a id="${escape(name)}"></a>`).join("");
      const indent = /^ */.exec(text)![0].length;
      // Lines are counted by the style: it is told where a run of them begins.
      const before = number - 1, begins = code[at - 1]?.number !== before;
      const style = [...begins ? [`counter-reset:n ${before}`] : [], ...indent > 0 ? [`--i:${indent}`] : []].join(";");
      return `<span class="line" id="L${number}"${
        style && ` style="${style}"`
      }><a aria-hidden="true" tabindex="-1" href="#L${number}"></a>${names}${html[before] ?? ""}\n</span>`;
    }).join("");
}

const isImports = (code: readonly Line[]): boolean =>
  /^import /.test(code[0]?.text ?? "") &&
  code.map(({ text }) => text).join("\n").replace(/^import [\s\S]*?;$/gm, "").trim() === "";

/** The code of a block; imports are folded. */
export function codeHtml(code: readonly Line[], lines: Lines, anchor: string, { imports }: Phrases): string {
  if (code.length === 0) return "";
  if (!isImports(code)) return `<pre><code>${lines(code, anchor)}</code></pre>`;
  const count = code.filter(({ text }) => /^import /.test(text)).length;
  return `<details class="imports"><summary>${imports(count)}</summary><pre><code>${
    lines(code)
  }</code></pre></details>`;
}
