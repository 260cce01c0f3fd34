/**
 * # Terms and where they are explained
 *
 * **Question.** The notes behind the book are in Chinese. How does a reader of theirs find each term here, and who notices when
 * the page that a term leads to says nothing about it?
 *
 * **Idea.** `pages/glossary.md` is a list: English names, Chinese ones, a sentence, links. Where the prose of a page has one of
 * the Chinese names in parentheses, that place is a link too and need not be written down. A link is right if the prose that
 * it leads to uses one of the term's names; everything else is a problem.
 *
 * @module
 */

import { slug } from "./book.ts";
import { type Row, split } from "./split.ts";

/** A term. */
export interface GlossaryEntry {
  /** English names, the usual one first. */
  readonly english: readonly string[];
  /** Chinese names, that of the notes first. */
  readonly chinese: readonly string[];
  /** Those of the Chinese names that the notes do not use. */
  readonly usual: ReadonlySet<string>;
  /** What it is: Markdown. */
  readonly meaning: string;
  /** Pages that explain it, as written: from the folder of the glossary. */
  readonly links: readonly string[];
}

/** An item: `- **english; …** 中文; _usual_: meaning [label](link) …`. */
const ITEM = /^- \*\*(.+?)\*\*(?: (.+?))?: (.*?)((?: \[[^\]]*\]\([^)\s]*\))*)$/;

/** The list in Markdown: items with the lines that continue them. */
const ITEMS = /^- \*\*.*(?:\n {2}.*)*\n?/gm;

/**
 * Reads the list of terms.
 *
 * @param text Markdown of the glossary
 * @returns terms in their order
 * @throws {SyntaxError} if an item is no term
 */
export function readGlossary(text: string): GlossaryEntry[] {
  const names = (list = ""): string[] => list.split(";").map((name) => name.trim()).filter((name) => name !== "");
  return [...text.matchAll(ITEMS)].map(([item]) => {
    const match = ITEM.exec(item.trim().replace(/\s*\n\s*/g, " "));
    if (!match) throw new SyntaxError(`Cannot read the term ${item.trim()}`);
    const [, english, chinese, meaning = "", links = ""] = match;
    const forms = names(chinese).map((name) => ({ name: name.replaceAll("_", ""), usual: name.startsWith("_") }));
    return {
      english: names(english),
      chinese: forms.map(({ name }) => name),
      usual: new Set(forms.filter(({ usual }) => usual).map(({ name }) => name)),
      meaning,
      links: [...links.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link!),
    };
  });
}

/** The glossary's text without its list. */
export function withoutEntries(text: string): string {
  return text.replace(ITEMS, "");
}

/** The anchor of a term on the page of the glossary. */
export function entryAnchor({ english }: Pick<GlossaryEntry, "english">): string {
  return slug(english[0]!);
}

/** Where a link of the glossary leads: a source, and a heading or a name in it. */
export function targetOf(link: string): { path: string; fragment: string } {
  const url = new URL(link, "file:///docs/pages/glossary.html");
  return { path: url.pathname.slice(1), fragment: decodeURIComponent(url.hash.slice(1)) };
}

/** Words as they are compared: small letters, spaces for hyphens, no markup. */
function words(text: string): string {
  return text.toLowerCase().replace(/[*_`]/g, "").replace(/[\s\-–]+/g, " ");
}

/**
 * Whether a text uses one of a term's names, in English also in the plural.
 *
 * @param text prose
 * @param entry the term
 */
export function mentions(text: string, { english, chinese }: Pick<GlossaryEntry, "english" | "chinese">): boolean {
  const prose = words(text);
  const uses = (name: string): boolean =>
    new RegExp(
      `(?<![\\p{L}\\p{N}])${
        words(name).replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/y$/, "(?:y|ie)")
      }(?:e?s)?(?![\\p{L}\\p{N}])`,
      "u",
    ).test(prose);
  return chinese.some((name) => text.includes(name)) || english.some(uses);
}

/** What a row says, tags of doc comments included. */
function proseOf({ prose, tags }: Row): string {
  return [prose, ...tags.filter(({ kind }) => kind !== "example").map(({ text }) => text)].join("\n");
}

/**
 * The prose of a source, or of a part of it.
 *
 * @param text the source
 * @param fragment the anchor of a heading or the name of a definition, `Class.member` included; empty for the whole
 * @returns what the comments say, or `undefined` where there is no such part
 */
export function proseAt(text: string, fragment: string): string | undefined {
  const rows = split(text);
  if (fragment === "") return rows.map(proseOf).join("\n");
  const heading = (prose: string): boolean => slug(/^## (.*)/.exec(prose)?.[1] ?? "") === fragment;
  // Headings within the page's beginning.
  const part = rows[0]?.prose.split(/^(?=## )/m).find(heading);
  if (part !== undefined) return part;
  const start = rows.findIndex(({ prose }) => heading(prose));
  if (start >= 0) {
    const end = rows.findIndex(({ prose }, at) => at > start && prose.startsWith("## "));
    return rows.slice(start, end < 0 ? undefined : end).map(proseOf).join("\n");
  }
  const [owner = "", member] = fragment.split(".");
  const declares = new RegExp(
    member
      ? `^ +(?:static |readonly |async |get )*\\*?${member}[(<:?]`
      : `^export (?:default |abstract |async )*(?:function\\*?|class|interface|type|const) ${owner}\\b`,
  );
  const row = rows.find(({ code }) => code.some(({ text }) => declares.test(text)));
  // A definition is called by its name.
  return row && `${fragment} ${proseOf(row)}`;
}
