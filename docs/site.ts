/**
 * # What all pages share
 *
 * **Question.** A page refers to other pages, to names of the library and to files. Who knows where each of them is?
 *
 * **Idea.** One record holds what was read before the first page is made: pages, texts, names, tests. Nothing writes into it;
 * what a page finds out, its terms and what the search may find there, is its result. The context of a page's prose answers
 * from the record, as seen from that page.
 *
 * @module
 */

import { experimentPath } from "../core/experiments/experiment.ts";
import type { Page } from "./book.ts";
import type { Highlighter, Mark } from "./code.ts";
import type { Outline } from "./figures.ts";
import { relative } from "./layout.ts";
import type { Definition, Knowledge } from "./program.ts";
import type { Proofs } from "./proofs.ts";
import type { Context } from "./context.ts";
import type { Translation } from "./layer.ts";
import type { NoteSet } from "./notes.ts";
import type { Phrases } from "./phrases.ts";
import type { NamedProgram } from "./programs.ts";
import type { Pictures } from "./pictures.ts";
import { plain } from "./words.ts";
import type { Quantity } from "./quantities.ts";

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

/** What all pages of a language share. */
export interface Site extends Proofs {
  /** What the site says itself. */
  readonly phrases: Phrases;
  /** Where a page without a source is, from its English address. */
  readonly home: (url: string) => string;
  /** The words of a language that is not English. */
  readonly layer?: Translation;
  /** By path. */
  readonly pages: ReadonlyMap<string, Page>;
  /** By path. */
  readonly knowledge: ReadonlyMap<string, Knowledge>;
  /** What the library exports, by name. */
  readonly exports: ReadonlyMap<string, Definition>;
  /** All members by class and name. */
  readonly members: ReadonlyMap<string, Definition>;
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
  /** Programs of the pages, by path. */
  readonly programs: ReadonlyMap<string, readonly NamedProgram[]>;
  /** What the title page shows, with a caption, and what it loads for it. */
  readonly title: { readonly assets: readonly string[]; readonly figure: (caption: string) => string };
  /** What the notes say. */
  readonly notes: readonly NoteSet[];
  /** What paragraphs have beside them. */
  readonly pictures: Pictures;
  /** Hears what is wrong. */
  readonly problem: (where: string, text: string) => void;
}

/** All members of classes and interfaces by class and name. */
export function membersOf(knowledge: Site["knowledge"]): ReadonlyMap<string, Definition> {
  const definitions = [...knowledge.values()].flatMap(({ definitions }) => definitions);
  return new Map(definitions.filter(({ kind }) => kind === "member").map((found) => [found.name, found]));
}

/** The address of a definition: its page and its name there. */
export function addressOf(definition: Definition, site: Pick<Site, "pages">): string | undefined {
  const page = site.pages.get(definition.path);
  return page && `${page.url}#${anchorOf(definition)}`;
}

/** The name of a definition as an anchor: a private member's sign is not one. */
export function anchorOf({ name }: Definition): string {
  return name.replace("#", "");
}

/**
 * Where a file can be read.
 *
 * @param path from the root of the repository
 * @param url of the page that asks
 * @param site everything else
 * @returns its page as seen from that page, else its source in the repository, else nothing
 */
export function addressOfFile(
  path: string,
  url: string,
  site: Pick<Site, "pages" | "texts" | "sourceUrl">,
): string | undefined {
  const page = site.pages.get(path);
  if (page) return relative(url, page.url);
  return site.sourceUrl && site.texts.has(path) ? site.sourceUrl + path : undefined;
}

/** The anchor of an experiment. */
export const idOf = (name: string): string => `experiment-${name.replace(/\W/g, "-")}`;

/** What a name or a file means on a page. */
export function linker(url: string, path: string | undefined, site: Site): Context["link"] {
  const knowledge = path === undefined ? undefined : site.knowledge.get(path);
  const folder = path?.slice(0, path.lastIndexOf("/") + 1) ?? "";
  return (text) => {
    const name = text.replace(/\(.*\)$/, "");
    const definition = knowledge?.names.get(name) ?? knowledge?.definitions.find((found) => found.name === name) ??
      knowledge?.definitions.find((found) => found.name.endsWith(`.${name}`) && text.includes("(")) ??
      site.exports.get(name) ?? site.members.get(name);
    if (definition) {
      const address = addressOf(definition, site);
      if (address) return { href: relative(url, address), hint: plain(definition.summary) };
    }
    if (!/[./]|^\w+$/.test(text)) return undefined;
    const inside = folder + text.replace(/\.ts$/, "/mod.ts");
    for (
      const file of [folder + text, text, `${folder}${text}.ts`, `core/${text}`, `${folder}assembly/${text}`, inside]
    ) {
      const href = addressOfFile(file.replace(/^\.\//, ""), url, site);
      if (href && /\.(ts|wgsl)$/.test(file)) return { href, hint: "" };
    }
    return undefined;
  };
}

/** Prose that is not the source of its page. */
export interface Elsewhere {
  /** The file that has the prose. */
  readonly from?: string | undefined;
  /** Hears of a Chinese term in parentheses, the page's first of that name. */
  readonly term?: ((term: Term) => void) | undefined;
}

/**
 * What the prose of a page refers to.
 *
 * @param url the page
 * @param page the same, if it has a source
 * @param quantities what has a colour there
 * @param site everything else
 * @param elsewhere the file of the prose, if it is not the page's source; who hears of terms
 * @returns what prose is rendered with
 */
export function contextOf(
  url: string,
  page: Page | undefined,
  quantities: readonly Quantity[],
  site: Site,
  { from = page?.path ?? `docs/pages/${url}`, term }: Elsewhere = {},
): Context {
  const path = page?.path, where = path ?? url, seen = new Set<string>();
  return {
    where,
    quantities,
    link: linker(url, path, site),
    target: (href) => {
      if (/^(\w+:|#)/.test(href)) return href;
      const { pathname, hash } = new URL(href, `file:///${from}`), file = pathname.slice(1);
      // An experiment of the page is its figure.
      const own = path === undefined ? [] : site.experiments(path);
      const shown = own.find((name) => file.endsWith(`/experiments/${programOf(name)}`));
      if (shown) return `#${idOf(shown)}`;
      const [, page] = /^docs\/pages\/([\w/]+)\.(?:html|md)$/.exec(file) ?? [];
      if (page !== undefined) return relative(url, site.home(`${page}.html`) + hash);
      const address = addressOfFile(file, url, site);
      return address === undefined ? href : address + hash;
    },
    code: (text, language) =>
      site.highlighter.block(text, language, language === "txt" ? [] : namesIn(text, url, site)),
    problem: (text) => site.problem(where, text),
    term: (chinese, before) => {
      if (seen.has(chinese) || !page || !term) return undefined;
      seen.add(chinese);
      const anchor = `term-${chinese}`;
      term({ chinese, before, page, url: `${url}#${anchor}` });
      return anchor;
    },
  };
}

/** The file that defines an experiment, within the folder of its chapter's experiments. */
export const programOf = (name: string): string => experimentPath(name).replace(/^core\/\w+\/experiments\//, "");

/** Links of an example: names that the library exports. */
export function namesIn(text: string, url: string, site: Pick<Site, "pages" | "exports">): Mark[] {
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
