/**
 * # The book in another language
 *
 * **Question.** A reader of Chinese follows a link, turns a page, opens the contents. How do they stay in Chinese, where most
 * pages are not translated yet, and those of the workshop never will be?
 *
 * **Idea.** The pages of the book are there a second time, under the language's folder, with the same names and anchors. The
 * record that pages are made from ([site.ts](site.ts)) says where each page is, so a second record is all that
 * links, contents and neighbours need. What is not translated stands there in English.
 *
 * @module
 */

import { type Page, type Part, sideOf } from "./book.ts";
import type { Translation } from "./layer.ts";
import type { Site } from "./site.ts";

/** What differs from language to language, besides the pages. */
export type Spoken = Pick<Site, "phrases" | "outline" | "about" | "figure">;

/** The book in a language. */
export interface Edition {
  /** In reading order; pages that are not translated as such, like the reference, are the English ones. */
  readonly parts: readonly Part[];
  /** What its pages are made from. */
  readonly site: Site;
}

/** Whether a page is one of an edition: it has prose that can be translated, or brings it along. */
const isSpoken = ({ path, url }: Page, texts: Site["texts"], own: ReadonlySet<string>): boolean =>
  path !== undefined || own.has(url) || texts.has(`docs/pages/${url.replace(".html", ".md")}`);

/**
 * The book in another language.
 *
 * @param parts the whole site in English
 * @param english what its pages are made from
 * @param layer the words of the language
 * @param spoken what the site says itself, and experiments
 * @param brought addresses of pages without a source that bring their words in this language along
 * @returns parts with pages of their own, and what they are made from
 */
export function editionOf(
  parts: readonly Part[],
  english: Site,
  layer: Translation,
  spoken: Spoken,
  brought: ReadonlySet<string> = new Set(),
): Edition {
  const { phrases } = spoken, folder = `${phrases.language}/`;
  const made = new Map<Page, Page>();
  const book = parts.map((part): Part => {
    if (sideOf(part) !== "book") return part;
    const edition: Part = { ...part, pages: [] };
    for (const page of part.pages) {
      const { path, url, title } = page, own = phrases.titles[url];
      const translated: Page = isSpoken(page, english.texts, brought)
        ? {
          ...page,
          url: folder + url,
          english: title,
          title: path === undefined ? own ?? title : layer.title(path, title),
          part: edition,
        }
        : { ...page, title: own ?? title, part: edition };
      made.set(page, translated);
      edition.pages.push(translated);
    }
    return edition;
  });
  const byUrl = new Map([...made].map(([{ url }, page]) => [url, page.url]));
  return {
    parts: book,
    site: {
      ...english,
      ...spoken,
      layer,
      home: (url) => byUrl.get(url) ?? url,
      pages: new Map([...english.pages].map(([path, page]) => [path, made.get(page) ?? page])),
    },
  };
}
