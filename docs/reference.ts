/**
 * # The API reference
 *
 * **Question.** A programmer knows the name, or what the name should be. Where is everything that can be imported?
 *
 * **Idea.** `deno doc --json` says what each entry point exports, with its documentation; one page for each entry point lists it,
 * in alphabetical order, each symbol with a link to the line of the book that defines it.
 *
 * @module
 */

import type { Page } from "./book.ts";
import type { Mark } from "./code.ts";
import { relative } from "./layout.ts";
import type { Definition } from "./program.ts";
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

/** A declaration as `deno doc` has it. */
interface DocDeclaration {
  readonly location: { readonly filename: string; readonly line: number };
  readonly kind: string;
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly DocTag[] };
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
  /** What it exports. */
  readonly symbols: readonly DocSymbol[];
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
    const { doc = "", tags = [] } = value as NonNullable<DocDeclaration["jsDoc"]>;
    return { doc: set(doc), tags: tags.map((tag) => tag.doc === undefined ? tag : { ...tag, doc: set(tag.doc) }) };
  }) as { nodes: Record<string, { symbols: DocSymbol[] }> };
  return Object.entries(config.exports).map(([name, path]) => ({
    specifier: config.name + name.slice(1),
    path: path.replace("./", ""),
    symbols: nodes[new URL(path, root).href]?.symbols ?? [],
  }));
}

/** Where the page of an entry point will be. */
export function entryUrl({ specifier }: EntryPoint): string {
  return `api/${specifier.split("/").slice(2).join("-") || "heed"}.html`;
}

/** One symbol. */
function symbolHtml(symbol: DocSymbol, definition: Definition | undefined, page: Page, site: Site): string {
  const [declaration] = symbol.declarations, tags = declaration?.jsDoc?.tags ?? [];
  const path = definition?.path;
  const home = path === undefined ? undefined : site.pages.get(path);
  const context = { ...contextOf(page.url, undefined, [], site, { from: path }), where: `${page.url} ${symbol.name}` };
  const address = definition && addressOf(definition, site);
  const kind = declaration?.kind ?? "";
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
  const members =
    site.knowledge.get(path ?? "")?.definitions.filter((member) =>
      member.kind === "member" && member.name.startsWith(`${symbol.name}.`) && !member.name.includes("#") &&
      member.summary
    ) ?? [];
  const rows = members.map((member) =>
    `<dt><a href="${relative(page.url, addressOf(member, site)!)}"><code>${
      escape(member.name.split(".")[1]!)
    }</code></a></dt><dd>${renderInline(member.summary, context)}</dd>`
  );
  const signature = definition && kind !== "class" && kind !== "interface"
    ? site.highlighter.block(definition.signature, "ts", signatureMarks(definition, page, site))
    : "";
  return `<section id="${escape(symbol.name)}"><h2><code>${escape(symbol.name)}</code> <small>${kind}${
    address && home
      ? ` · <a href="${relative(page.url, address)}">${escape((home.number ? `${home.number} ` : "") + home.title)}</a>`
      : ""
  }</small><a class="anchor" href="#${escape(symbol.name)}" aria-label="Link to this symbol">¶</a></h2>${
    render(declaration?.jsDoc?.doc ?? "", context)
  }${signature}${list.length > 0 ? `<dl class="tags">${list.join("")}</dl>` : ""}${
    rows.length > 0 ? `<dl class="tags members">${rows.join("")}</dl>` : ""
  }</section>`;
}

function signatureMarks(definition: Definition, page: Page, site: Site): Mark[] {
  return [...definition.signature.matchAll(/\b[A-Z]\w+/g)].flatMap((match) => {
    const found = site.knowledge.get(definition.path)?.names.get(match[0]) ?? site.exports.get(match[0]);
    const address = found && found.name !== definition.name ? addressOf(found, site) : undefined;
    return address
      ? [{
        start: match.index,
        end: match.index + match[0].length,
        href: relative(page.url, address),
        hint: plain(found!.summary),
      }]
      : [];
  });
}

/**
 * The page of an entry point.
 *
 * @param entry what it exports
 * @param page where it will be
 * @param definitions what its names are
 * @param site everything else
 * @param homes of the whole library, whose symbols have their text elsewhere: where
 * @returns HTML, and what the search finds there
 */
export function entryPage(
  entry: EntryPoint,
  page: Page,
  definitions: ReadonlyMap<string, Definition>,
  site: Site,
  homes: ReadonlyMap<string, string> | undefined,
): { body: string; entries: readonly Entry[] } {
  const symbols = entry.symbols.toSorted((a, b) => a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1);
  const head = `<h1>${escape(page.title)}</h1>` +
    site.highlighter.block(`import { … } from "${entry.specifier}";`, "ts");
  const list = symbols.map(({ name, declarations }) => {
    const summary = plain((declarations[0]?.jsDoc?.doc ?? "").split("\n\n")[0] ?? "").split(/(?<=\.)\s/)[0] ?? "";
    const home = homes?.get(name);
    const href = home ? relative(page.url, `${home}#${name}`) : `#${name}`;
    return `<tr><td><a href="${href}"><code>${escape(name)}</code></a></td><td>${escape(summary)}</td></tr>`;
  });
  const table = `<div class="table"><table><tbody>${list.join("\n")}</tbody></table></div>`;
  const own = homes ? symbols.filter(({ name }) => !homes.has(name)) : symbols;
  const entries = own.map(({ name, declarations }): Entry => ({
    url: `${page.url}#${name}`,
    title: name,
    page: `API: ${entry.specifier}`,
    text: plain(declarations[0]?.jsDoc?.doc ?? ""),
    rank: RANK.reference,
  }));
  const body = `<div class="reference">${head}${table}${
    own.map((symbol) => symbolHtml(symbol, definitions.get(symbol.name), page, site)).join("\n")
  }</div>`;
  return { body, entries };
}
