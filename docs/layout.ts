/**
 * # The frame of a page
 *
 * **Question.** A page lies on a disk, under any path of any host, and is read with scripts or without. What holds it?
 *
 * **Idea.** Every address is relative to the page. The contents of the page's half of the site, the neighbours and the colours are in the HTML; the
 * script adds what HTML cannot do: search, keys, the switches, the reader's progress.
 *
 * @module
 */

import { goesOn, type Page, type Part, type Side, sideOf } from "./book.ts";
import { ENGLISH, type Phrases } from "./phrases.ts";
import { FORMULAS, FRONT, ROWS } from "./theme.ts";
import { escape } from "./words.ts";

/** An address as seen from a page; both are given from the root of the site. */
export function relative(from: string, to: string): string {
  const [path = "", hash] = to.split("#");
  const anchor = hash === undefined ? "" : `#${hash}`;
  if (path === from && anchor) return anchor;
  const here = from.split("/").slice(0, -1), there = path.split("/");
  let shared = 0;
  while (shared < here.length && shared < there.length - 1 && here[shared] === there[shared]) shared++;
  return "../".repeat(here.length - shared) + there.slice(shared).join("/") + anchor;
}

/** What a page consists of. */
export interface Sheet {
  /** Where it will be. */
  readonly url: string;
  /** For the window. */
  readonly title: string;
  /** For those who list pages. */
  readonly description: string;
  /** The page of the tree that it is, if it is one. */
  readonly page?: Page | undefined;
  /** HTML of the page. */
  readonly body: string;
  /** Style sheets and scripts besides those of the theme, from the root of the site. */
  readonly assets?: readonly string[];
  /** The same page in other languages. */
  readonly others?: readonly { readonly url: string; readonly phrases: Phrases }[];
}

/** The site as far as frames show it. */
export interface Frame {
  /** In reading order. */
  readonly parts: readonly Part[];
  /** What the site says itself; English by default. */
  readonly phrases?: Phrases;
}

const label = ({ number, title }: Page): string => (number ? `${number} ` : "") + title;

/** The same, the number in a column of its own. */
const entry = (page: Page): string =>
  (page.number && `<span class="number">${page.number}</span>`) + escape(page.title);

/** Where each half of the site begins. */
function sidesOf({ parts, phrases = ENGLISH }: Frame): (readonly [side: Side, url: string, name: string])[] {
  const start = parts.find((part) => sideOf(part) === "book")?.pages[0]?.url ?? "index.html";
  return [["book", start, phrases.book], ["workshop", "how_it_is_made.html", phrases.workshop]];
}

/** The half that a page belongs to. */
const sideOfSheet = ({ page }: Sheet): Side => page ? sideOf(page.part) : "book";

/** The two halves, that of the page marked. */
function sides(site: Frame, sheet: Sheet, attributes: string): string {
  const links = sidesOf(site).map(([side, url, name]) =>
    `<a href="${relative(sheet.url, url)}"${side === sideOfSheet(sheet) ? ` aria-current="true"` : ""}>${name}</a>`
  );
  return `<nav class="sides" ${attributes}>${links.join("")}</nav>`;
}

/** What a page that belongs to the section above it looks like in lists. */
export const inside = (page: Page, above: Page | undefined): string => goesOn(page, above) ? ` class="inside"` : "";

/** The contents of the page's half. */
function tree({ parts }: Frame, sheet: Sheet): string {
  const link = (page: Page): string =>
    `<a href="${relative(sheet.url, page.url)}"${page === sheet.page ? ` aria-current="page"` : ""}>${entry(page)}</a>`;
  return parts.filter((part) => sideOf(part) === sideOfSheet(sheet)).map((part) => {
    const [first, ...rest] = part.pages;
    if (!first) return "";
    if (part.kind === "front" || part.kind === "back") {
      // The sets of notes are reached from their own page.
      return part.pages.filter(({ url }) => !/(^|\/)notes\/\d/.test(url)).map((page) =>
        `<li class="is-unnumbered">${link(page)}</li>`
      ).join("");
    }
    // Parts of a section are listed in their own chapter.
    const listed = (page: Page, above: Page | undefined): string =>
      part !== sheet.page?.part && goesOn(page, above) ? "" : `<li${inside(page, above)}>${link(page)}</li>`;
    const open = part.kind === "chapter" || part.kind === "library" || part === sheet.page?.part;
    const inner = open && rest.length > 0
      ? `<ol>${rest.map((page, at) => listed(page, rest[at - 1])).join("")}</ol>`
      : "";
    const isChapter = part.kind === "chapter", name = part.kind === "workshop" ? escape(part.title) : entry(first);
    return `<li class="part${isChapter ? "" : " is-unnumbered"}"><a href="${relative(sheet.url, first.url)}"${
      first === sheet.page ? ` aria-current="page"` : ""
    }>${name}</a>${inner}</li>`;
  }).join("\n");
}

/** The same page in other languages; the script adds the place. */
function languages({ url, others = [] }: Sheet): string {
  return others.map(({ url: other, phrases: { language, name } }) =>
    `<a class="language" href="${relative(url, other)}" lang="${language}" hreflang="${language}">${name}</a>`
  ).join("");
}

/** The one script that stands within the pages: the reader's choices, before the first paint. */
export const EARLY: string = `try{const d=document.documentElement,s=localStorage;d.classList.add("js");` +
  `if(s.heedTheme)d.dataset.theme=s.heedTheme;if(s.heedColours==="off")d.classList.add("plain")}catch{}`;

/** A page as a file. */
export function frame(site: Frame, sheet: Sheet): string {
  const { url, page } = sheet, { phrases = ENGLISH } = site;
  const own = site.parts.filter((part) => sideOf(part) === sideOfSheet(sheet));
  const all = own.flatMap(({ pages }) => pages), at = page ? all.indexOf(page) : -1;
  const [previous, next] = at < 0 ? [undefined, undefined] : [all[at - 1], all[at + 1]];
  const to = (target: string): string => relative(url, target);
  const up = page && page.part.pages[0] !== page && page.part.pages[0];
  const name = sidesOf(site).some(([, start]) => start === url)
    ? ""
    : `<span aria-current="page">${escape(page ? label(page) : sheet.title)}</span>`;
  const above = up &&
    (page.part.kind === "workshop" ? page.part.title : ["chapter", "library"].includes(page.part.kind) && label(up));
  const crumbs = above
    ? `<a href="${to(up.url)}">${escape(above)}</a> <span aria-hidden="true">›</span> ${name}`
    : name;
  const { assets: further = [], body } = sheet, styles = further.includes(ROWS) ? [] : [FRONT];
  const formulas = body.includes('class="katex') ? [FORMULAS] : [];
  const assets = [...formulas, "assets/style.css", ...styles, ...further].map((asset) =>
    asset.endsWith(".css")
      ? `<link rel="stylesheet" href="${to(asset)}">`
      : `<script type="module" src="${to(asset)}"></script>`
  ).join("\n");
  const turn = (other: Page | undefined, rel: string, text: string): string =>
    other
      ? `<a rel="${rel}" href="${to(other.url)}"><span>${text}</span> ${escape(label(other))}</a>`
      : "<span></span>";
  return `<!doctype html>
<html lang="${phrases.language}" data-root="${to("").replace(/\/$/, "") || "."}" data-url="${url}" data-side="${
    sideOfSheet(sheet)
  }"${phrases === ENGLISH ? "" : ` data-words="${escape(JSON.stringify(phrases.script))}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(sheet.title)} · heed</title>
<meta name="description" content="${escape(sheet.description)}">
<link rel="icon" href="data:,">${
    (sheet.others ?? []).map((other) =>
      `\n<link rel="alternate" hreflang="${other.phrases.language}" href="${to(other.url)}">`
    ).join("")
  }
<script>${EARLY}</script>
<link rel="preload" href="${to("assets/serif.woff2")}" as="font" type="font/woff2" crossorigin>
${assets}
<script defer src="${to("assets/client.js")}"></script>
</head>
<body>
<a class="skip" href="#content">${phrases.skip}</a>
<header>
<a class="brand" href="${to(sidesOf(site)[0]![1])}">heed</a>
${sides(site, sheet, `aria-label="${phrases.halves}"`)}
<nav class="crumbs" aria-label="${phrases.place}">${crumbs}</nav>
<details class="tree"><summary>${phrases.contents}</summary><nav aria-label="${phrases.contents}">${
    sides(site, sheet, `aria-label="${phrases.halves} · ${phrases.contents}"`)
  }<ol>
${tree(site, sheet)}
</ol></nav></details>
<button class="needs-js" data-action="search">${phrases.search} <kbd>/</kbd></button>
<button class="needs-js optional" data-action="colours" aria-pressed="true">${phrases.colours}</button>
<button class="needs-js" data-action="theme">${phrases.theme}</button>
${languages(sheet)}
</header>
<main id="content">
${sheet.body}
</main>
<footer>
<nav class="turn" aria-label="${phrases.neighbours}">${turn(previous, "prev", "‹")}${turn(next, "next", "›")}</nav>
</footer>
</body>
</html>
`;
}
