/**
 * # The API reference
 *
 * **Question.** A programmer knows the name, or what the name should be. Where is everything that can be imported?
 *
 * **Idea.** `deno doc --json` says what each entry point exports, with its documentation; one page for each entry point lists it,
 * in alphabetical order, each symbol with its import, its signature, its options with their defaults, and a link to the line
 * of the book that defines it. An entry point of very many names has its types on a page of their own.
 *
 * @module
 */

import type { Page } from "./book.ts";
import type { Mark } from "./code.ts";
import { relative } from "./layout.ts";
import type { Options } from "./calls.ts";
import { splitDefault } from "./defaults.ts";
import type { Context } from "./context.ts";
import type { Definition, Program } from "./program.ts";
import { render, renderInline } from "./prose.ts";
import { escape, plain } from "./words.ts";
import { numbered } from "./references.ts";
import { type Entry, RANK } from "./search.ts";
import { addressOf, contextOf, type Site } from "./site.ts";

/** A tag as `deno doc` has it. */
interface DocTag {
  readonly kind: string;
  readonly name?: string;
  readonly tsType?: { readonly repr: string };
  readonly doc?: string;
}

/** A doc comment as `deno doc` has it. */
interface DocComment {
  readonly doc?: string;
  readonly tags?: readonly DocTag[];
}

/** A declaration as `deno doc` has it. */
interface DocDeclaration {
  readonly location: DocLocation;
  readonly kind: string;
  readonly jsDoc?: DocComment;
  readonly def?: {
    readonly constructors?: readonly { readonly jsDoc?: DocComment }[];
    /** Where it is declared, if this entry point hands on what another one exports. */
    readonly target?: DocLocation;
  };
}

/** Where something is declared. */
interface DocLocation {
  readonly filename: string;
  readonly line: number;
  readonly col: number;
}

/** An exported name as `deno doc` has it. */
export interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly DocDeclaration[];
}

/** Something that can be imported from. */
export interface EntryPoint {
  /** As in an import: `@heed/heed/attention`. */
  readonly specifier: string;
  /** The file. */
  readonly path: string;
  /** What it exports, or the part of it that is on one page. */
  readonly symbols: readonly DocSymbol[];
  /** Which part is on this page; absent where all is. */
  readonly part?: "values" | "types";
}

/**
 * Asks Deno what the entry points export.
 *
 * @param root folder of the repository, as a URL
 * @returns entry points in the order of deno.json
 */
export async function readEntryPoints(root: URL): Promise<EntryPoint[]> {
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root))) as {
    name: string;
    exports: Record<string, string>;
  };
  const { stdout, success, stderr } = await new Deno.Command("deno", {
    args: ["doc", "--json", ...Object.values(config.exports)],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`Cannot read the documentation: ${new TextDecoder().decode(stderr)}`);
  // Every text is a page's too, which hears of references that lead nowhere.
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout), function (this: DocDeclaration, key, value) {
    if (key !== "jsDoc" || !this.location) return value;
    const from = this.location.filename.replace(root.href, ""),
      set = (text: string): string => numbered(text, from, () => {});
    const { doc = "", tags = [] } = value as DocComment;
    return { doc: set(doc), tags: tags.map((tag) => tag.doc === undefined ? tag : { ...tag, doc: set(tag.doc) }) };
  }) as { nodes: Record<string, { symbols: DocSymbol[] }> };
  const resolved = resolver(Object.values(nodes).flatMap(({ symbols }) => symbols));
  return Object.entries(config.exports).flatMap(([name, path], index) => {
    const entry = {
      specifier: config.name + name.slice(1),
      path: path.replace("./", ""),
      symbols: (nodes[new URL(path, root).href]?.symbols ?? []).map(resolved),
    };
    // The root's names have their texts on the pages of the chapters.
    return index > 0 && entry.symbols.length > MANY ? parted(entry) : [entry];
  });
}

/** Names beyond which types have a page of their own: a page must not weigh too much. */
const MANY = 120;

/** Types on one page, all else on the other. */
function parted(entry: EntryPoint): EntryPoint[] {
  const isType = ({ declarations: [first] }: DocSymbol): boolean =>
    first?.kind === "interface" || first?.kind === "typeAlias";
  return [
    { ...entry, symbols: entry.symbols.filter((symbol) => !isType(symbol)), part: "values" },
    { ...entry, symbols: entry.symbols.filter(isType), part: "types" },
  ];
}

/**
 * Puts declarations where `deno doc` has references: of a name that several entry points export, one has the text.
 *
 * @param symbols of all entry points
 */
function resolver(symbols: readonly DocSymbol[]): (symbol: DocSymbol) => DocSymbol {
  const at = ({ filename, line, col }: DocLocation): string => `${filename}:${line}:${col}`;
  const declared = new Map<string, DocDeclaration>();
  for (const declaration of symbols.flatMap(({ declarations }) => declarations)) {
    if (!declaration.def?.target) declared.set(at(declaration.location), declaration);
  }
  const follow = (declaration: DocDeclaration): DocDeclaration => {
    const target = declaration.def?.target;
    if (!target) return declaration;
    const found = declared.get(at(target));
    if (!found) throw new Error(`Cannot find what is declared at ${at(target)} in the documentation`);
    return found;
  };
  return ({ name, declarations }) => ({ name, declarations: declarations.map(follow) });
}

/** Where the page of an entry point, or of a part of it, will be. */
export function entryUrl({ specifier, part }: EntryPoint): string {
  const name = specifier.split("/").slice(2).join("-") || "heed";
  return `api/${name}${part === "types" ? "-types" : ""}.html`;
}

/** What the page is called. */
export function entryTitle({ specifier, part }: EntryPoint): string {
  return part === "types" ? `${specifier}: types` : specifier;
}

/** Where the rest of an entry point is, on a page that has a part of it. */
function otherPart(entry: EntryPoint, page: Page): string {
  if (!entry.part) return "";
  const isTypes = entry.part === "types";
  const href = relative(page.url, entryUrl({ ...entry, part: isTypes ? "values" : "types" }));
  return isTypes
    ? `<p>Functions, classes and values have <a href="${href}">a page of their own</a>.</p>`
    : `<p>Interfaces and other types have <a href="${href}">a page of their own</a>.</p>`;
}

/** Where names lead from a page of the reference, and from where they are imported. */
export interface Names {
  /** Pages of the chapters' exports by name. */
  readonly homes: ReadonlyMap<string, string>;
  /** What the whole library exports. */
  readonly root: { readonly specifier: string; readonly names: ReadonlySet<string> };
}

/** What an entry is made with. */
interface Maker {
  readonly page: Page;
  readonly entry: EntryPoint;
  readonly site: Site;
  readonly names: Names;
  readonly program: Program;
}

/** Where the entry of a name is, as seen from a page of the reference. */
function entryOf(name: string, { page, entry, names }: Maker): string | undefined {
  if (entry.symbols.some((symbol) => symbol.name === name)) return `#${name}`;
  const home = names.homes.get(name);
  return home && relative(page.url, `${home}#${name}`);
}

/** The line that imports it, and what else can be said of where it comes from. */
function importHtml(name: string, isType: boolean, { entry, names: { root } }: Maker): string {
  const inRoot = root.names.has(name), from = inRoot ? root.specifier : entry.specifier;
  const line = `import ${isType ? "type " : ""}{ ${name} } from "${from}";`;
  const also = inRoot && entry.specifier !== from
    ? `or from <code>${escape(entry.specifier)}</code>`
    : inRoot
    ? ""
    : `not in <code>${escape(root.specifier)}</code>`;
  return `<p class="import"><code>${escape(line)}</code> ${also}</p>`;
}

/** A type, or a signature in a line, with links. */
function codeHtml(text: string, maker: Maker): string {
  const html = escape(text).replace(/\b[A-Z]\w+/g, (name) => {
    const href = entryOf(name, maker);
    return href ? `<a href="${href}">${name}</a>` : name;
  });
  return `<code>${html}</code>`;
}

/** A number, word or name that a default is. */
const LITERAL = /^(-?[\d.]+(e-?\d+)?|true|false|"[^"]*")$/;

/** The options of a parameter as a table. */
function optionsHtml({ parameter, options }: Options, context: Context, maker: Maker): string {
  const rows = options.map(({ name, owner, type, optional, text }) => {
    const { value, remark, rest } = splitDefault(text), member = maker.site.members.get(`${owner}.${name}`);
    const address = member && addressOf(member, maker.site);
    const title = `<code>${escape(name)}</code>`;
    const first = address ? `<a href="${relative(maker.page.url, address)}">${title}</a>` : title;
    const preset = LITERAL.test(value) ? `\`${value}\`${remark}` : value + remark;
    return `<tr><td>${first}</td><td>${codeHtml(type, maker)}</td><td>${
      optional ? renderInline(preset, context) : "<em>required</em>"
    }</td><td>${renderInline(rest, context)}</td></tr>`;
  });
  const head = ["option", "type", "default", "meaning"].map((word) => `<th>${word}</th>`).join("");
  const caption = parameter ? `<caption>Options of <code>${escape(parameter)}</code></caption>` : "";
  return `<div class="table"><table class="options">${caption}<thead><tr>${head}</tr></thead><tbody>${
    rows.join("")
  }</tbody></table></div>`;
}

/** Parameters, result and errors of a doc comment. */
function tagsHtml(tags: readonly DocTag[], context: Context): string {
  const item = (term: string, text: string): string =>
    `<dt>${term}</dt><dd>${renderInline(text.replace(/\s+/g, " ").trim(), context)}</dd>`;
  const list = tags.flatMap(({ kind, name = "", tsType, doc = "" }) =>
    kind === "param"
      ? [item(`<code>${escape(name)}</code>`, doc)]
      : kind === "return"
      ? [item("returns", doc)]
      : kind === "throws"
      ? [item(`throws${tsType ? ` <code>${escape(tsType.repr)}</code>` : ""}`, doc)]
      : []
  );
  return list.length > 0 ? `<dl class="tags">${list.join("")}</dl>` : "";
}

/** The members of a class or an interface: what each is, and how it is written. */
function membersHtml(definition: Definition, context: Context, maker: Maker): string {
  const { site, page } = maker;
  const rows = site.knowledge.get(definition.path)!.definitions.filter(({ kind, name, summary }) =>
    kind === "member" && name.startsWith(`${definition.name}.`) && !name.includes("#") && summary
  ).map((member) => {
    const name = escape(member.name.split(".")[1]!),
      written = member.signature.replace(/\s+/g, " ").replace(/^(override )?(readonly )?|;$/g, "");
    return `<dt><a href="${relative(page.url, addressOf(member, site)!)}"><code>${name}</code></a></dt><dd>${
      renderInline(member.summary, context)
    }<br>${codeHtml(written, maker)}</dd>`;
  });
  return rows.length > 0 ? `<dl class="tags members">${rows.join("")}</dl>` : "";
}

/** One symbol. */
function symbolHtml(symbol: DocSymbol, definition: Definition | undefined, maker: Maker): string {
  const { page, site, program } = maker, [declaration] = symbol.declarations;
  const home = definition && site.pages.get(definition.path), address = definition && addressOf(definition, site);
  const kind = declaration?.kind ?? "", isType = kind === "interface" || kind === "typeAlias";
  const prose = contextOf(page.url, undefined, [], site, { from: definition?.path });
  const context: Context = {
    ...prose,
    where: `${page.url} ${symbol.name}`,
    link: (text) => {
      const found = prose.link(text), href = entryOf(text.replace(/\(.*\)$/, ""), maker);
      return found && href ? { ...found, href } : found;
    },
  };
  const made = declaration?.def?.constructors?.[0]?.jsDoc, own = declaration?.jsDoc;
  const tags = [...own?.tags ?? [], ...made?.tags ?? []];
  const options = definition ? program.options(definition).map((one) => optionsHtml(one, context, maker)) : [];
  const examples = tags.filter(({ kind }) => kind === "example").map(({ doc = "" }) => render(doc, context));
  const signature = definition?.signature.replace(/^export (?:async )?/, "") ?? "";
  const written = signature && kind !== "interface"
    ? site.highlighter.block(signature, "ts", signatureMarks(signature, symbol.name, maker))
    : "";
  const isListed = kind === "interface" && options.length > 0;
  const id = escape(symbol.name);
  return `<section id="${id}"><h2><code>${id}</code> <small>${kind}${
    address && home
      ? ` · <a href="${relative(page.url, address)}">${escape((home.number ? `${home.number} ` : "") + home.title)}</a>`
      : ""
  }</small><a class="anchor" href="#${id}" aria-label="Link to this symbol">¶</a></h2>${
    importHtml(symbol.name, isType, maker)
  }${render(own?.doc ?? "", context)}${written}${render(made?.doc ?? "", context)}${tagsHtml(tags, context)}${
    options.join("")
  }${definition && !isListed ? membersHtml(definition, context, maker) : ""}${examples.join("")}</section>`;
}

function signatureMarks(signature: string, own: string, maker: Maker): Mark[] {
  return [...signature.matchAll(/\b[A-Z]\w+/g)].flatMap((match) => {
    const href = match[0] === own ? undefined : entryOf(match[0], maker);
    const hint = plain(maker.site.exports.get(match[0])?.summary ?? "");
    return href ? [{ start: match.index, end: match.index + match[0].length, href, hint }] : [];
  });
}

/**
 * The page of an entry point.
 *
 * @param entry what it exports
 * @param page where it will be
 * @param site everything else
 * @param names where names lead
 * @param program what its names are
 * @returns HTML, and what the search finds there
 */
export function entryPage(
  entry: EntryPoint,
  page: Page,
  site: Site,
  names: Names,
  program: Program,
): { body: string; entries: readonly Entry[] } {
  const symbols = entry.symbols.toSorted((a, b) => a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1);
  const head = `<h1>${escape(page.title)}</h1>` +
    site.highlighter.block(`import { … } from "${entry.specifier}";`, "ts") + otherPart(entry, page);
  // What a chapter exports has its text there, once.
  const isRoot = entry.specifier === names.root.specifier;
  const own = isRoot ? symbols.filter(({ name }) => !names.homes.has(name)) : symbols;
  const list = symbols.map((symbol) => {
    const { name, declarations } = symbol;
    const summary = plain((declarations[0]?.jsDoc?.doc ?? "").split("\n\n")[0] ?? "").split(/(?<=\.)\s/)[0] ?? "";
    const href = own.includes(symbol) ? `#${name}` : relative(page.url, `${names.homes.get(name)}#${name}`);
    return `<tr><td><a href="${href}"><code>${escape(name)}</code></a></td><td>${escape(summary)}</td></tr>`;
  });
  const table = `<div class="table"><table><tbody>${list.join("\n")}</tbody></table></div>`;
  const entries = own.map(({ name, declarations }): Entry => ({
    url: `${page.url}#${name}`,
    title: name,
    page: `API: ${entry.specifier}`,
    text: plain(declarations[0]?.jsDoc?.doc ?? ""),
    rank: RANK.reference,
  }));
  const definitions = program.exports(entry.path), maker = { page, entry, site, names, program };
  const body = `<div class="reference">${head}${table}${
    own.map((symbol) => symbolHtml(symbol, definitions.get(symbol.name), maker)).join("\n")
  }</div>`;
  return { body, entries };
}
