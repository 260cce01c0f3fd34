/**
 * # A page from its source
 *
 * **Question.** Rows, formulas, links and colours are there. What makes a page of them?
 *
 * **Idea.** One grid: prose in the left column, code in the right one, a row for each comment, so that what is said stands
 * beside what it is said about. The page opens with its question and, at the right, its symbols; the figure of its experiment
 * follows; its end says which tests prove it and which benches measure it.
 *
 * @module
 */

import { experimentName } from "../core/experiments/experiment.ts";
import { type Page, slug } from "./book.ts";
import type { Highlighter, Mark } from "./code.ts";
import type { Outline } from "./figures.ts";
import { drawDiagram } from "./figures/diagram.ts";
import { relative } from "./layout.ts";
import { type Definition, type Knowledge, shaderNames } from "./program.ts";
import { findTest, type Proof, type ProofFile, proofsOf, testsNamed } from "./proofs.ts";
import { type Context, escape, plain, render, renderInline } from "./prose.ts";
import { numbered } from "./references.ts";
import { findNames, HUES, quantitiesOf, type Quantity } from "./quantities.ts";
import { type Entry, RANK } from "./search.ts";
import { headerBlocks, type Line, type Row, split } from "./split.ts";

/** A Chinese term and where it is explained. */
export interface Term {
  /** As the notes have it. */
  readonly chinese: string;
  /** The words before it. */
  readonly before: string;
  /** Where it stands, from the root of the site. */
  readonly url: string;
  /** The page. */
  readonly page: Page;
}

/** What an experiment says of itself. */
export interface About {
  readonly title: string;
  readonly purpose: string;
}

/** What a page adds to an experiment: its purpose as HTML, and whether it is the page's first. */
export interface Surroundings {
  readonly purpose: string;
  readonly isFirst: boolean;
  /** Address of what says how to run it. */
  readonly help: string;
}

/** What all pages share. */
export interface Site {
  /** By path. */
  readonly pages: ReadonlyMap<string, Page>;
  /** By path. */
  readonly knowledge: ReadonlyMap<string, Knowledge>;
  /** Texts of all sources, tests and benches by path. */
  readonly texts: ReadonlyMap<string, string>;
  /** What the library exports, by name. */
  readonly exports: ReadonlyMap<string, Definition>;
  /** Tests and benches. */
  readonly tests: readonly ProofFile[];
  /** Tests and benches. */
  readonly benches: readonly ProofFile[];
  /** Colours code. */
  readonly highlighter: Highlighter;
  /** The figures of a page: names of its experiments. */
  readonly experiments: (path: string) => readonly string[];
  /** Where pages that are no source show it at work: the playground. */
  readonly shown: (path: string) => readonly { readonly url: string; readonly page: string; readonly title: string }[];
  /** What a list says of one; nothing where figures are not drawn. */
  readonly outline: (name: string) => Outline | undefined;
  /** Title and purpose of one. */
  readonly about: (name: string) => About;
  /** Draws one. */
  readonly figure: (name: string, surroundings: Surroundings) => string;
  /** Hears what is wrong. */
  readonly problem: (where: string, text: string) => void;
  /** Collects Chinese terms. */
  readonly terms: Term[];
  /** Collects what can be found. */
  readonly entries: Entry[];
}

/** The address of a definition: its page and its name there. */
export function addressOf(definition: Definition, site: Pick<Site, "pages">): string | undefined {
  const page = site.pages.get(definition.path);
  return page && `${page.url}#${anchorOf(definition)}`;
}

/** The name of a definition as an anchor: a private member's sign is not one. */
function anchorOf({ name }: Definition): string {
  return name.replace("#", "");
}

/** Where a file can be read: its page, or the copy of a test or a bench. */
export function addressOfFile(path: string, site: Pick<Site, "pages" | "texts">): string | undefined {
  return site.pages.get(path)?.url ?? (site.texts.has(path) ? `source/${path}.html` : undefined);
}

const allMembers = new WeakMap<Site, Map<string, Definition>>();

/** All members by class and name. */
function membersOf(site: Site): ReadonlyMap<string, Definition> {
  const known = allMembers.get(site);
  if (known) return known;
  const definitions = [...site.knowledge.values()].flatMap(({ definitions }) => definitions);
  const made = new Map(definitions.filter(({ kind }) => kind === "member").map((found) => [found.name, found]));
  allMembers.set(site, made);
  return made;
}

/** What a name or a file means on a page. */
export function linker(url: string, path: string | undefined, site: Site): Context["link"] {
  const knowledge = path === undefined ? undefined : site.knowledge.get(path);
  const folder = path?.slice(0, path.lastIndexOf("/") + 1) ?? "";
  const members = membersOf(site);
  return (text) => {
    const name = text.replace(/\(.*\)$/, "");
    const definition = knowledge?.names.get(name) ?? knowledge?.definitions.find((found) => found.name === name) ??
      knowledge?.definitions.find((found) => found.name.endsWith(`.${name}`) && text.includes("(")) ??
      site.exports.get(name) ?? members.get(name);
    if (definition) {
      const address = addressOf(definition, site);
      if (address) return { href: relative(url, address), hint: plain(definition.summary) };
    }
    if (!/[./]|^\w+$/.test(text)) return undefined;
    const inside = folder + text.replace(/\.ts$/, "/mod.ts");
    for (
      const file of [folder + text, text, `${folder}${text}.ts`, `core/${text}`, `${folder}assembly/${text}`, inside]
    ) {
      const address = addressOfFile(file.replace(/^\.\//, ""), site);
      if (address && /\.(ts|wgsl)$/.test(file)) return { href: relative(url, address), hint: "" };
    }
    return undefined;
  };
}

/** What the prose of a page refers to; `from` is the file that has the prose, if that is not the page's source. */
export function contextOf(
  url: string,
  page: Page | undefined,
  quantities: readonly Quantity[],
  site: Site,
  from: string = page?.path ?? `docs/pages/${url}`,
): Context {
  const where = page?.path ?? url, path = page?.path;
  const seen = new Set<string>();
  return {
    where,
    quantities,
    link: linker(url, path, site),
    target: (href) => {
      if (/^(\w+:|#)/.test(href)) return href;
      const [file = "", hash] = new URL(href, `file:///${from}`).pathname.slice(1).split("#");
      // An experiment of the page is its figure.
      const own = path === undefined ? [] : site.experiments(path);
      const shown = own.find((name) => file.endsWith(`/experiments/${programOf(name, site)}`));
      if (shown) return `#${idOf(shown)}`;
      const address = addressOfFile(file, site) ?? href;
      return relative(url, address) + (hash ? `#${hash}` : "");
    },
    code: (text, language) => site.highlighter.block(text, language, namesIn(text, url, site)),
    problem: (text) => site.problem(where, text),
    term: (chinese, before) => {
      if (seen.has(chinese) || !page) return undefined;
      seen.add(chinese);
      const anchor = `term-${chinese}`;
      site.terms.push({ chinese, before, page, url: `${url}#${anchor}` });
      return anchor;
    },
  };
}

/** Links of an example: names that the library exports. */
function namesIn(text: string, url: string, site: Site): Mark[] {
  const marks: Mark[] = [];
  for (const match of text.matchAll(/(?<![.\w"])[A-Za-z]\w*/g)) {
    const definition = site.exports.get(match[0]);
    const address = definition && addressOf(definition, site);
    if (!definition || !address || match[0].length < 4 && !text.includes(`${match[0]}(`)) continue;
    const start = match.index;
    marks.push({ start, end: start + match[0].length, href: relative(url, address), hint: plain(definition.summary) });
  }
  return marks;
}

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
  const marks: Mark[] = [];
  for (const match of text.matchAll(/(?<![.\w])[A-Za-z_]\w*/g)) {
    const home = homes.get(match[0]), page = home && site.pages.get(home);
    if (!page) continue;
    marks.push({
      start: match.index,
      end: match.index + match[0].length,
      href: relative(url, `${page.url}#${match[0]}`),
    });
  }
  return marks;
}

/** HTML of the lines of a row; `id` is the name that the row itself has. */
type Lines = (code: readonly Line[], id?: string) => string;

/** Names by the lines that define them. */
function anchorsOf(page: Page, text: string, site: Site): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, string[]>();
  const add = (line: number, name: string): void => void names.set(line, [...names.get(line) ?? [], name]);
  const defined = new Set<string>();
  for (const definition of site.knowledge.get(page.path!)?.definitions ?? []) {
    const name = anchorOf(definition);
    if (!defined.has(name)) add(definition.line, name);
    defined.add(name);
  }
  if (page.language === "wgsl") { for (const [name, line] of shaderNames(text)) add(line, name); }
  return names;
}

function linesOf(
  page: Page,
  text: string,
  quantities: readonly Quantity[],
  names: ReadonlyMap<number, readonly string[]>,
  site: Site,
): Lines {
  const path = page.path!;
  const marks = page.language === "wgsl" ? shaderMarks(path, text, page.url, site) : marksOf(path, page.url, site);
  const coloured = findNames(text, quantities).map(([start, end, quantity]) => ({ start, end, quantity }));
  const html = site.highlighter.lines(text, page.language, [...marks, ...coloured]);
  return (code, id) =>
    code.map(({ number, text }) => {
      const anchors = (names.get(number) ?? []).filter((name) => name !== id)
        .map((name) => `<a id="${escape(name)}"></a>`).join("");
      const indent = /^ */.exec(text)![0].length;
      return `<span class="line" id="L${number}"${
        indent > 0 ? ` style="--i:${indent}"` : ""
      }><a href="#L${number}" aria-hidden="true" tabindex="-1" data-n="${number}"></a>${anchors}${
        html[number - 1] ?? ""
      }\n</span>`;
    }).join("");
}

const isImports = (code: readonly Line[]): boolean =>
  /^import /.test(code[0]?.text ?? "") &&
  code.map(({ text }) => text).join("\n").replace(/^import [\s\S]*?;$/gm, "").trim() === "";

function codeCell(code: readonly Line[], lines: Lines, id: string): string {
  if (code.length === 0) return "";
  if (isImports(code)) {
    const count = code.filter(({ text }) => /^import /.test(text)).length;
    return `<details class="imports"><summary>${count} import${count === 1 ? "" : "s"}</summary><pre><code>${
      lines(code)
    }</code></pre></details>`;
  }
  return `<pre><code>${lines(code, id)}</code></pre>`;
}

/** Tags of a doc comment as a list. */
function tagsOf(row: Row, context: Context): string {
  const item = (term: string, text: string): string =>
    `<dt>${term}</dt><dd>${renderInline(text.replace(/\s+/g, " "), context)}</dd>`;
  const found = row.tags.flatMap(({ kind, name, text }) => {
    if (kind === "param") return [item(renderInline(`\`${name.replace(/^\[|\]$/g, "")}\``, context), text)];
    if (kind === "typeParam") return [item(`<code>${escape(name)}</code>`, text)];
    if (kind === "returns") return [item("returns", text)];
    if (kind === "throws") return [item(`throws ${name ? `<code>${escape(name)}</code>` : ""}`, text)];
    return [];
  });
  const examples = row.tags.filter(({ kind }) => kind === "example")
    .map(({ text }) => `<details class="example"><summary>example</summary>${render(text, context)}</details>`);
  const others = row.tags.filter(({ kind }) => kind === "deprecated" || kind === "see")
    .map(({ kind, text }) => `<p>${kind}: ${renderInline(text, context)}</p>`);
  return (found.length > 0 ? `<dl class="tags">${found.join("")}</dl>` : "") + others.join("") + examples.join("");
}

/** Takes the tables and diagrams out of a page's beginning: they stand at the right. */
function tablesApart(prose: string, quantities: readonly Quantity[], context: Context): [rest: string, tables: string] {
  const rest: string[] = [], tables: string[][] = [];
  const diagrams: string[] = [];
  prose = prose.replace(/^```diagram (.*)\n([\s\S]*?)\n```$/gm, (_, caption: string, text: string) => {
    diagrams.push(diagramHtml(caption, text, quantities, context));
    return "";
  });
  let inTable = false, fenced = false;
  for (const line of prose.split("\n")) {
    if (line.startsWith("```")) fenced = !fenced;
    const isRow = !fenced && line.startsWith("|");
    if (!isRow) rest.push(line);
    else if (inTable) tables.at(-1)!.push(line);
    else tables.push([line]);
    inTable = isRow;
  }
  const html = tables.map((lines) => {
    const table = render(lines.join("\n"), context);
    return /^\| *symbol/.test(lines[0]!)
      ? `<div class="symbols">${inRowColours(table, lines, quantities)}</div>`
      : table;
  });
  const pictures = diagrams.join("");
  if (html.length === 0) return [rest.join("\n"), pictures];
  // Tables that a screen holds stay beside the prose that needs them.
  const rows = tables.reduce((sum, lines) => sum + lines.length, 0);
  const isShort = rows <= SHORT_TABLE && pictures === "";
  return [rest.join("\n"), `<div class="${isShort ? "stay" : "tables"}">${html.join("")}</div>${pictures}`];
}

/** A diagram with its caption. */
function diagramHtml(caption: string, text: string, quantities: readonly Quantity[], context: Context): string {
  const numbers = new Map(quantities.flatMap(({ number, symbols }) => symbols.map((tex) => [tex, number])));
  const linked = text.replace(/\]\(([^)]+)\)/g, (_, href: string) => `](${context.target(href)})`);
  const picture = drawDiagram(linked, plain(caption), { width: 0, id: "", hue: (symbol) => numbers.get(symbol) });
  return `<figure class="figure kind-diagram"><div class="canvas" tabindex="0">${picture}</div><figcaption>${
    renderInline(caption, context)
  }</figcaption></figure>`;
}

/** Lines of tables that a screen holds; characters of prose that it holds; lines of code that are more than a screen. */
const SHORT_TABLE = 16, SHORT_PROSE = 900, LONG_CODE = 24;

/** A name that two rows share has in each the colour of the row. */
function inRowColours(html: string, lines: readonly string[], quantities: readonly Quantity[]): string {
  let row = -1;
  return html.replace(/<tr>[\s\S]*?<\/tr>/g, (tr) => {
    row++;
    const line = lines[row + 1] ?? "";
    const own = quantities.filter(({ symbols }) => symbols.some((tex) => line.includes(`$${tex}$`)));
    if (row === 0 || own.length === 0) return tr;
    return tr.replace(
      "<tr>",
      `<tr data-row="${own[0]!.number}" data-of="${own.map(({ number }) => number).join(" ")}">`,
    );
  });
}

/** In a chapter's table the pages have their numbers and their titles. */
function withTitles(prose: string, path: string, site: Site): string {
  if (!/^core\/\d\d_\w+\/mod\.ts$/.test(path)) return prose;
  return prose.replace(/^\| *page *\|.*\n\|[-| ]*\n(?:\|.*(?:\n|$))*/m, (table) => {
    const [head, rule, ...rows] = table.trimEnd().split("\n");
    const set = rows.map((row) =>
      row.replace(/^\| *`(\w+)` */, (all, name) => {
        const file = [`${name}.ts`, `${name}/mod.ts`].find((file) => site.pages.has(path.replace("mod.ts", file)));
        const page = file && site.pages.get(path.replace("mod.ts", file));
        return page ? `| ${page.number} | [${page.title}](${file}) ` : `| ${all}`;
      })
    );
    return [`| section ${head}`, `| --- ${rule}`, ...set, ""].join("\n");
  });
}

/** What a comment begins in lower case and leaves open is a sentence in print. */
const sentence = (text: string): string =>
  /^[a-z]{3,}[ ,]/.test(text) && !/[.:;?!]$/.test(text) ? `${text[0]!.toUpperCase()}${text.slice(1)}.` : text;

/** A shader's header: what it computes and what is said about it, and what it sets in columns. */
function shaderOpening(page: Page, prose: string, context: Context): [left: string, right: string] {
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

function proofLinks(page: Page, site: Site): string {
  const one = (file: ProofFile): string => {
    const count = file.proofs.length;
    const address = relative(page.url, addressOfFile(file.path, site)!);
    return `<a href="${address}">${escape(file.path.split("/").at(-1)!)}</a> (${count})`;
  };
  const list = (files: readonly ProofFile[]): string =>
    files.slice(0, 6).map(one).join(", ") + (files.length > 6 ? ` and ${files.length - 6} more` : "");
  const tests = proofsOf(page.path!, site.tests), benches = proofsOf(page.path!, site.benches);
  const shown = site.shown(page.path!);
  const works = shown.map(({ url, title }) => `<a href="${relative(page.url, url)}">${escape(title)}</a>`).join(", ");
  return (shown.length > 0 ? `<p>At work on the ${shown[0]!.page.toLowerCase()}: ${works}.</p>` : "") +
    (tests.length > 0 ? `<p>Proved by the tests of ${list(tests)}.</p>` : "") +
    (benches.length > 0 ? `<p>Measured by ${list(benches)}.</p>` : "");
}

/** Links the names of tests in rendered prose. */
function linkTests(html: string, prose: string, page: Page, site: Site): string {
  for (const name of testsNamed(prose)) {
    const proof: Proof | undefined = findTest(name, site.tests, site.texts);
    if (!proof) {
      site.problem(page.path!, `No test is named "${name}"`);
      continue;
    }
    const address = relative(page.url, `${addressOfFile(proof.path, site)}#L${proof.line}`);
    const pattern = new RegExp(
      `&quot;(${escape(name).replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(" ", "\\s+")})&quot;`,
    );
    html = html.replace(pattern, (_, found) => `“<a href="${address}">${found}</a>”`);
  }
  return html;
}

/** The rows of a source, their references with numbers. */
export function rowsOf(path: string, site: Pick<Site, "texts" | "knowledge" | "problem">): Row[] {
  const set = (text: string): string => numbered(text, path, site.problem);
  return split(site.texts.get(path)!, site.knowledge.get(path)?.inside).map((row) => ({
    ...row,
    prose: set(row.prose),
    tags: row.tags.map((tag) => ({ ...tag, text: set(tag.text) })),
  }));
}

/**
 * The body of a page of the book.
 *
 * @param page which one
 * @param site everything else
 * @returns HTML, and the first sentence for lists
 */
export function pageOf(page: Page, site: Site): { body: string; description: string } {
  const path = page.path!, text = site.texts.get(path)!;
  const rows = rowsOf(path, site);
  const opening = rows[0]?.kind === "opening" ? rows[0] : undefined;
  const quantities = quantitiesOf(opening?.prose ?? "");
  const context = contextOf(page.url, page, quantities, site);
  const anchors = anchorsOf(page, text, site), lines = linesOf(page, text, quantities, anchors, site);
  const isBook = page.part.kind === "chapter", isEngine = /^core\/engine\//.test(path);
  const entry = (anchor: string, title: string, prose: string, rank: number): void => {
    const home = anchor ? `${page.part.title}: ${page.title}` : page.part.title;
    const where = isBook ? (page.number ? `${page.number} ` : "") + page.title : home;
    const names = anchor
      ? {}
      : { names: path.replace(/\/mod\.ts$/, "").split("/").at(-1)!.replace(/\.\w+$|^\d+_/g, "").replaceAll("_", " ") };
    const url = page.url + (anchor ? `#${anchor}` : "");
    const inside = isBook ? rank : isEngine ? Math.min(rank, RANK.heading) : RANK.inside;
    site.entries.push({ url, title, page: where, text: plain(prose), ...names, rank: inside });
  };
  const out: string[] = [];
  let description = "", start = 0;
  let waiting: readonly Shown[] = site.experiments(path).map((name) => ({ name, program: programOf(name, site) }));
  const first = waiting[0]?.name;
  /** Adds the experiments that are chosen; returns the others. */
  const show = (among: readonly Shown[], chosen: (shown: Shown) => boolean): readonly Shown[] => {
    for (const { name, program } of among.filter(chosen)) {
      const file = program && site.pages.get(path.replace(/^(core\/\w+\/).*/, `$1experiments/${program}`));
      const more = file ? ` <a href="${relative(page.url, file.url)}">Its\u00a0program</a>` : "";
      const purpose = purposeOf(name, page, site) + more;
      out.push(
        `<div class="wide">${
          site.figure(name, { purpose, isFirst: name === first, help: relative(page.url, HELP) })
        }</div>`,
      );
    }
    return among.filter((shown) => !chosen(shown));
  };
  if (opening) {
    start = 1;
    const body = opening.prose.replace(/^# .*\n/, "").trim();
    description = plain(body.split("\n\n")[0] ?? "").replace(/^Question\. /, "");
    const blocks = body.split(/^(?=## )/m), heading = (block: string): string => /^## (.*)/.exec(block)![1]!;
    for (const block of blocks.slice(1)) {
      entry(slug(heading(block)), heading(block), block.replace(/^.*\n/, ""), RANK.heading);
    }
    entry("", page.title, blocks[0]!.replace(/^\*\*Question\.\*\* /, ""), RANK.section);
    if (page.language === "wgsl") out.push(rowHtml("opening", ...shaderOpening(page, opening.prose, context)));
    else {
      const name = unbroken(renderInline(page.title, context));
      const title = page.number
        ? `<h1><span class="number">${page.number}</span> <span>${name}</span></h1>`
        : `<h1>${name}</h1>`;
      blocks.forEach((block, at) => {
        const [rest, tables] = tablesApart(withTitles(block, path, site), quantities, context);
        const html = linkTests(render(rest, context), rest, page, site);
        out.push(rowHtml(at === 0 ? "opening" : "section top", (at === 0 ? title : "") + html, tables));
        // What speaks of an experiment stands right above it.
        waiting = show(
          waiting,
          ({ program }) =>
            program !== undefined && new RegExp(`\\]\\((?:\\.\\./)?experiments/${program}\\)`).test(block),
        );
      });
    }
  } else {
    entry("", page.title, "", RANK.section);
    out.push(rowHtml("opening", `<h1>${escape(page.title)}</h1>`, ""));
  }
  const shownOn = placesOf(path, page, site);
  if (shownOn) out.push(rowHtml("section", shownOn, ""));
  show(waiting, () => true);
  const used = new Set<string>();
  for (const row of rows.slice(start)) {
    let { prose } = row, heading = "";
    // A link to what a doc comment describes leads to the comment, not past it.
    const id = row.kind === "reference" ? row.code.flatMap(({ number }) => anchors.get(number) ?? [])[0] ?? "" : "";
    const code = codeCell(row.code, lines, id);
    const names = row.kind === "reference" ? named(row, site.knowledge.get(path)) : [];
    if (row.kind === "section") {
      const title = /^## (.*)/.exec(prose)![1]!;
      let anchor = slug(title);
      for (let i = 2; used.has(anchor); i++) anchor = `${slug(title)}-${i}`;
      used.add(anchor);
      heading = `<h2 id="${anchor}">${
        renderInline(title, context)
      }<a class="anchor" href="#${anchor}" aria-label="Link to this section">¶</a></h2>`;
      prose = prose.replace(/^## .*\n?/, "");
      entry(anchor, plain(title), prose, RANK.heading);
    } else if (names.length > 0) entry(names[0]!, names[0]!, prose, isEngine ? RANK.engine : RANK.term);
    else if (prose) {
      // What the margin says is found under the heading above it.
      const above = site.entries.pop()!;
      site.entries.push({ ...above, text: `${above.text} ${plain(prose)}` });
    }
    if (page.language === "wgsl") prose = sentence(prose);
    // An exercise changes this file and runs something.
    const exercise = heading !== "" && /^## Exercises?\n/.test(row.prose)
      ? `<p class="note">This page is the file <code>${escape(path)}</code>. <a href="${
        relative(page.url, "library.html#try-an-exercise")
      }">How to try it.</a></p>`
      : "";
    const html = heading + linkTests(render(prose, context), prose, page, site) + exercise;
    const first = row.code[0]?.text ?? "";
    const isTop = row.kind === "section" || row.kind === "reference" && !/^\s/.test(first);
    const opens = /^(export )?(abstract )?(class|interface) /.test(first) && row.code.length < 4;
    const stays = row.code.length > LONG_CODE && row.prose.length < SHORT_PROSE;
    const kind = row.kind + (isTop ? " top" : "") + (opens ? " opens" : "");
    out.push(rowHtml(kind, html, tagsOf(row, context) + code, { id, stays }));
  }
  for (const name of site.experiments(path)) {
    const { title, purpose } = site.about(name);
    entry(idOf(name), title, purpose, RANK.heading);
  }
  judgeColours(out, quantities, page, site);
  const measured = measuredHtml(page, site, context);
  if (measured) out.push(rowHtml("section top", ...measured));
  const proofs = proofLinks(page, site);
  if (proofs) out.push(rowHtml("proofs", proofs, ""));
  return { body: `<div class="page">${out.join("\n")}</div>`, description };
}

/** An experiment, and the file of its chapter's `experiments` that defines it. */
interface Shown {
  readonly name: string;
  readonly program: string | undefined;
}

/** The file that defines an experiment, within the folder of its chapter's experiments. */
function programOf(name: string, site: Site): string | undefined {
  for (const path of site.pages.keys()) {
    if (experimentName(path) === name) return path.replace(/^core\/\w+\/experiments\//, "");
    const file = /^core\/\w+\/experiments\/(\w+\.ts)$/.exec(path)?.[1];
    if (file && site.texts.get(path)!.includes(`name: "${name}",`)) return file;
  }
  return undefined;
}

/** The purpose of an experiment as HTML; its links are as seen from the program. */
function purposeOf(name: string, page: Page, site: Site): string {
  const from = page.path!.replace(/^(core\/\w+\/).*/, `$1experiments/${programOf(name, site)}`);
  const context = contextOf(page.url, page, [], site, from);
  return renderInline(numbered(site.about(name).purpose, from, site.problem), context);
}

/** The anchor of an experiment. */
const idOf = (name: string): string => `experiment-${name.replace(/\W/g, "-")}`;

/** All experiments with the pages that show them. */
function shownExperiments(site: Site): { name: string; home: Page }[] {
  return [...site.pages].flatMap(([path, home]) => site.experiments(path).map((name) => ({ name, home })));
}

/** A link to the figure of an experiment. */
function figureLink({ name, home }: { name: string; home: Page }, text: string, page: Page): string {
  return `<a href="${relative(page.url, `${home.url}#${idOf(name)}`)}">${text}</a>`;
}

/** Where the figures of an experiment's program stand. */
function placesOf(path: string, page: Page, site: Site): string {
  const file = /^core\/\w+\/experiments\/([\w/]+\.ts)$/.exec(path)?.[1];
  if (!file) return "";
  const here = shownExperiments(site).filter(({ name, home }) =>
    programOf(name, site) === file && home.path!.split("/")[1] === path.split("/")[1]
  );
  const links = here.map((shown) => figureLink(shown, escape(`${shown.home.number} ${shown.home.title}`.trim()), page));
  return links.length > 0 ? `<p>Shown in ${[...new Set(links)].join(" and ")}.</p>` : "";
}

/**
 * Rows of the symbol table that stand for nothing: in no formula of the page, or in none of its code. A row of words is no
 * formula, and a result without a name is not in the code.
 */
function judgeColours(rows: readonly string[], quantities: readonly Quantity[], page: Page, site: Site): void {
  const inFormulas = new Set<string>(), inCode = new Set<string>();
  for (const html of rows) {
    // The symbol table itself counts for neither.
    const text = html.replace(/<div class="symbols">[\s\S]*?<\/table>/g, "");
    for (const [, number] of text.matchAll(/class="enclosing[^"]*" data-q="(\d+)"/g)) inFormulas.add(number!);
    for (const [pre] of text.matchAll(/<pre>[\s\S]*?<\/pre>/g)) {
      for (const [, number] of pre.matchAll(/ data-q="(\d+)"/g)) inCode.add(number!);
    }
  }
  for (const { number, symbols, names } of quantities) {
    const row = symbols.length > 0 ? symbols.map((tex) => `$${tex}$`).join(", ") : names.join(", ");
    const complain = (where: string): void => site.problem(page.path!, `The symbol ${row} colours no ${where}`);
    if (symbols.length > 0 && !inFormulas.has(String(number))) complain("formula");
    // A bias is part of the layer that its weight names.
    const named = names.filter((name) => !name.endsWith(".bias"));
    if (named.length > 0 && !inCode.has(String(number))) complain("code");
  }
}

/** What the rungs of a page of the ladder took, and on what. */
function measuredHtml({ path }: Page, site: Site, context: Context): [prose: string, tables: string] | undefined {
  const name = /^wasm\/ladder\/assembly\/(\w+)\.ts$/.exec(path!)?.[1];
  const [head = "", ...kernels] = (site.texts.get("bench/LADDER.md") ?? "").split(/^## /m);
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

/** Where it stands how experiments and exercises are run. */
const HELP = "library.html#run-it";

/** Top-level names that a row declares. */
function named(row: Row, knowledge: Knowledge | undefined): string[] {
  const numbers = new Set(row.code.map(({ number }) => number));
  return (knowledge?.definitions ?? []).filter(({ line, kind }) => kind !== "member" && numbers.has(line))
    .map(({ name }) => name);
}

/** A title does not break within a word. */
const unbroken = (html: string): string =>
  html.replace(/[\p{L}\d]+(?:-[\p{L}\d]+)+/gu, `<span class="unbroken">$&</span>`);

function rowHtml(kind: string, prose: string, code: string, { id = "", stays = false } = {}): string {
  const tables = code.startsWith(`<div class="stay">`);
  return `<div class="row is-${kind}"${id ? ` id="${escape(id)}"` : ""}><div class="prose${
    stays ? " stays" : ""
  }">${prose}</div><div class="code${tables ? " stays" : ""}">${code}</div></div>`;
}

/** How many quantities a page colours at most. */
export const COLOURS: number = HUES;

/** A copy of a file that has no page of its own: a test or a bench. */
export function sourcePage(path: string, site: Site): { url: string; body: string } {
  const url = `source/${path}.html`, text = site.texts.get(path)!.trimEnd();
  const html = site.highlighter.lines(text, "ts", namesIn(text, url, site)).map((line, at) =>
    `<span class="line" id="L${at + 1}"><a href="#L${at + 1}" aria-hidden="true" tabindex="-1" data-n="${
      at + 1
    }"></a>${line}\n</span>`
  ).join("");
  return { url, body: `<div class="source"><h1>${escape(path)}</h1><pre><code>${html}</code></pre></div>` };
}
