/**
 * # A layer of another language
 *
 * **Question.** The prose of a page is in its source, in English. Where is it in Chinese, and how does it not grow old unseen?
 *
 * **Idea.** `docs/zh` has the folders of the chapters, and there a file for each page that is translated, or partly so. A line
 * such as `<!-- attentionWeights 098304ed -->` begins the words for one block: its key, and the hash of the English
 * that they render ([blocks.ts](blocks.ts)). Where the English has another hash by now, the page shows the English, and the
 * build lists the block with its new hash. Tags of a doc comment stand in lines of their own, as in the source.
 *
 * Titles are in one table, `zh/titles.ts`, since lists show them for pages without a translation too.
 *
 * @module
 */

import { hashOf, type Layer } from "./blocks.ts";
import type { Phrases } from "./phrases.ts";
import { CHINESE_PHRASES } from "./zh/phrases.ts";
import { CHINESE_QUESTIONS, CHINESE_TITLES } from "./zh/titles.ts";

/** A language beside English. */
export interface Language {
  /** What the site says itself. */
  readonly phrases: Phrases;
  /** The folder of its layer, with a slash at its end. */
  readonly folder: string;
  /** English and translated titles, by the paths of the sources. */
  readonly titles: Readonly<Record<string, readonly [english: string, translated: string]>>;
  /** Hashes of questions and the questions translated, of pages whose beginning is not, by the paths of the sources. */
  readonly questions?: Readonly<Record<string, readonly [hash: string, translated: string]>>;
}

/** The languages of the site besides English. */
export const LANGUAGES: readonly Language[] = [
  { phrases: CHINESE_PHRASES, folder: "docs/zh/", titles: CHINESE_TITLES, questions: CHINESE_QUESTIONS },
];

/** A translated block as its file has it. */
interface Rendering {
  readonly hash: string;
  readonly markdown: string;
}

const BLOCK = /^<!-- (\S+) ([0-9a-f]{8}) -->$/m;

/**
 * Reads the translated blocks of a page.
 *
 * @param text of a file of a layer
 * @returns blocks by key
 * @throws {SyntaxError} if it does not begin with a block, or has one twice
 */
export function readRenderings(text: string): Map<string, Rendering> {
  const [before = "", ...parts] = text.split(new RegExp(BLOCK, "gm")), found = new Map<string, Rendering>();
  if (before.trim() !== "") throw new SyntaxError(`Cannot read ${JSON.stringify(before.trim().slice(0, 40))}: no key`);
  for (let i = 0; i + 2 < parts.length; i += 3) {
    const [key = "", hash = "", markdown = ""] = parts.slice(i, i + 3);
    if (found.has(key)) throw new SyntaxError(`Cannot read the words of ${key}: they are there twice`);
    found.set(key, { hash, markdown: markdown.trim() });
  }
  return found;
}

/** The file of a layer for a source: `docs/zh/04_attention/masks.md` for `core/04_attention/masks.ts`. */
function fileOf({ folder }: Language, path: string): string {
  return folder + path.replace(/^(core|docs)\//, "").replace(/\.\w+$/, ".md");
}

/** What was asked of a layer, and found there. */
export interface Translation extends Layer {
  /** The title of a page. */
  title(path: string, english: string): string;
  /** The question of a page, for the contents, with its hash of the English. */
  question(path: string, english: string): string | undefined;
  /** The words for a page that is one block, with its hash of the English. */
  page(path: string, english: string): string | undefined;
  /** Blocks that are shown, and those whose English has changed. */
  readonly shown: ReadonlySet<string>;
  readonly stale: ReadonlyMap<string, string>;
  /** Titles and blocks of the layer that no page has, once all pages were made. */
  unused(): string[];
}

/**
 * Opens a layer.
 *
 * @param language whose
 * @param read the text of a file, or nothing if there is none
 * @param list all files of the layer
 * @returns what finds words there
 */
export function openLayer(
  language: Language,
  read: (path: string) => string | undefined,
  list: readonly string[],
): Translation {
  const files = new Map<string, Map<string, Rendering>>(), asked = new Set<string>();
  const shown = new Set<string>(), stale = new Map<string, string>();
  const open = (file: string): Map<string, Rendering> => {
    if (!files.has(file)) files.set(file, readRenderings(read(file) ?? ""));
    return files.get(file)!;
  };
  const find = (path: string, key: string, hash: string): string | undefined => {
    const file = fileOf(language, path), found = open(file).get(key), name = `${file}: ${key}`;
    asked.add(name);
    if (!found) return undefined;
    if (found.hash !== hash) {
      stale.set(name, hash);
      return undefined;
    }
    shown.add(name);
    return found.markdown;
  };
  return {
    language: language.phrases.language,
    find,
    title(path, english) {
      asked.add(path.replace(/^core\//, ""));
      const [rendered, translated] = language.titles[path.replace(/^core\//, "")] ?? [english, english];
      if (rendered === english) return translated;
      stale.set(`${language.folder}titles.ts: ${path}`, english);
      return english;
    },
    question(path, english) {
      const [hash, translated] = language.questions?.[path.replace(/^core\//, "")] ?? [];
      if (hash === undefined || hash === hashOf(english)) return translated;
      stale.set(`${language.folder}titles.ts: the question of ${path}`, hashOf(english));
      return undefined;
    },
    page: (path, english) => find(path, "page", hashOf(english)),
    shown,
    stale,
    unused: () => [
      ...Object.keys(language.titles).filter((path) => !asked.has(path)).map((path) =>
        `${language.folder}titles.ts: ${path}`
      ),
      ...list.filter((path) => path.endsWith(".md")).flatMap((file) =>
        [...open(file).keys()].map((key) => `${file}: ${key}`).filter((name) => !asked.has(name))
      ),
    ],
  };
}
