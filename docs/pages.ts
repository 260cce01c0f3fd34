/**
 * # A page from its source
 *
 * **Question.** A source is prose and code. What makes a page of the book of it?
 *
 * **Idea.** Three steps. The source is read into blocks ([blocks.ts](blocks.ts)); their references get numbers, a chapter's
 * table its titles; each block becomes rows ([rows.ts](rows.ts)), which are
 * arranged in two columns ([arrange.ts](arrange.ts)). The checks and the search look at the same blocks, so
 * that nothing is read from HTML that was printed a moment before. Around them stands what the page does not say itself: where
 * an experiment is shown, what a kernel gained, which tests prove the page.
 *
 * @module
 */

import { experimentName, experimentPath } from "../core/experiments/experiment.ts";
import { arranged, type Part } from "./arrange.ts";
import { type Block, blocksOf, descriptionOf, inLanguage, type Prose, withFigures } from "./blocks.ts";
import type { Page } from "./book.ts";
import { byHandProblems } from "./by_hand.ts";
import { checkColours } from "./check.ts";
import { entriesOf } from "./entries.ts";
import { measuredHtml, RECORD } from "./ladder.ts";
import { relative } from "./layout.ts";
import { linesOf, namesOf } from "./lines.ts";
import { unopened } from "./notes.ts";
import { renderInline } from "./prose.ts";
import { escape, plain } from "./words.ts";
import { proofsHtml } from "./proofs.ts";
import { quantitiesOf } from "./quantities.ts";
import { numbered } from "./references.ts";
import { partsOf, type View } from "./rows.ts";
import type { Entry } from "./search.ts";
import { contextOf, idOf, programOf, type Site, type Term } from "./site.ts";
import { withTitles } from "./tables.ts";

/** A page that was made. */
export interface Made {
  /** HTML. */
  readonly body: string;
  /** The first sentence, for lists. */
  readonly description: string;
  /** Chinese terms that it explains. */
  readonly terms: readonly Term[];
  /** What the search finds there. */
  readonly entries: readonly Entry[];
}

/** Prose whose references have numbers, and whose tables have titles. */
function finished(prose: Prose, path: string, site: Site): Prose {
  const phrases = prose.language ? site.phrases : undefined;
  const set = (text: string): string => numbered(text, path, site.problem, phrases);
  return {
    ...prose,
    heading: set(prose.heading),
    text: withTitles(set(prose.text), path, site),
    tags: prose.tags.map((tag) => ({ ...tag, text: set(tag.text) })),
  };
}

/**
 * The blocks of a page, as they are printed.
 *
 * @param page which one
 * @param site everything else, and the language
 * @returns blocks in order
 */
export function readPage(page: Page, site: Site): Block[] {
  const path = page.path!, names = namesOf(page, site);
  const english = blocksOf(site.texts.get(path)!, page.english ?? page.title, names);
  if (!site.layer) {
    for (const text of byHandProblems(openingOf(english))) site.problem(path, text);
  }
  const spoken = site.layer ? retitled(inLanguage(english, path, site.layer), page) : english;
  const experiments = site.experiments(path).map((name) => ({ name, program: programOf(name) }));
  return withFigures(spoken, experiments).map((block) =>
    "prose" in block && block.prose ? { ...block, prose: finished(block.prose, path, site) } : block
  );
}

/** The same with the title of the page in its language. */
function retitled(blocks: readonly Block[], { title }: Page): Block[] {
  return blocks.map((block, at) =>
    at === 0 && block.kind === "opening" ? { ...block, prose: { ...block.prose, heading: title } } : block
  );
}

/** Markdown of a page's beginning. */
export function openingOf(blocks: readonly Block[]): string {
  return blocks.flatMap((block) => block.kind === "opening" ? [block.prose.text] : []).join("\n\n");
}

/**
 * Makes a page of the book.
 *
 * @param page which one
 * @param site everything else, and the language
 * @returns HTML, and what it says for lists, glossary and search
 */
export function pageOf(page: Page, site: Site): Made {
  const path = page.path!, terms: Term[] = [];
  const blocks = readPage(page, site);
  const quantities = quantitiesOf(openingOf(blocks));
  const context = contextOf(page.url, page, quantities, site, { term: (term) => terms.push(term) });
  const first = blocks.find((block) => block.kind === "figure")?.name;
  const view: View = {
    page,
    site,
    quantities,
    context,
    lines: linesOf(page, quantities, namesOf(page, site), site),
    figure: (name) =>
      site.figure(name, {
        purpose: purposeOf(name, view),
        isFirst: name === first,
        isNamed: isNamed(blocks, name, site),
        help: relative(page.url, `${site.home("library.html")}#run-it`),
      }),
  };
  for (const text of checkColours(blocks, quantities)) site.problem(path, text);
  for (const text of site.layer ? [] : saidOf(blocks, site).flatMap((prose) => unopened(path, prose))) {
    site.problem(path, `Opens no statement: "${text}"`);
  }
  const rows = blocks.map((block) => partsOf(block, view));
  const last = blocks.findLastIndex(({ kind }) => kind === "opening" || kind === "header");
  const places = placesHtml(page, site), measured = measuredHtml(path, site.texts.get(RECORD) ?? "", context);
  const proofs = shownHtml(page, site) + proofsHtml(path, site, site.phrases);
  const body: Part[] = [
    ...rows.slice(0, last + 1).flat(),
    ...places ? [{ kind: "section", prose: places, code: "" }] : [],
    ...rows.slice(last + 1).flat(),
    ...measured ? [{ kind: "section top", prose: measured[0], code: measured[1], isAside: true }] : [],
    ...proofs ? [{ kind: "proofs", prose: proofs, code: "" }] : [],
  ];
  return {
    body: `<div class="page">${arranged(body)}</div>`,
    description: descriptionOf(blocks, site.phrases.question),
    terms,
    entries: entriesOf(page, blocks, site),
  };
}

/** All that a page says in words, its experiments' purposes too. */
function saidOf(blocks: readonly Block[], site: Site): string[] {
  return blocks.flatMap((block) => {
    if (block.kind === "figure") return [site.about(block.name).purpose];
    return "prose" in block && block.prose ? [block.prose.text, ...block.prose.tags.map(({ text }) => text)] : [];
  });
}

/** The purpose of an experiment, whose links are as seen from its program, and a link to the program. */
function purposeOf(name: string, { page, site, quantities }: View): string {
  const from = experimentPath(name), file = site.pages.get(from);
  const more = file ? ` <a href="${relative(page.url, file.url)}">${site.phrases.program}</a>` : "";
  const context = contextOf(page.url, page, quantities, site, { from });
  return renderInline(numbered(site.about(name).purpose, from, site.problem, site.phrases), context) + more;
}

/** Whether the part of the page that an experiment stands in has its title as a heading. */
function isNamed(blocks: readonly Block[], name: string, { about }: Pick<Site, "about">): boolean {
  const at = blocks.findIndex((block) => block.kind === "figure" && block.name === name);
  const above = blocks.slice(0, at).findLast((block) =>
    (block.kind === "opening" || block.kind === "section") && block.prose?.heading
  );
  return above !== undefined && "prose" in above && plain(above.prose!.heading) === plain(about(name).title);
}

/** Where the figures of an experiment's program stand. */
function placesHtml(page: Page, site: Site): string {
  if (experimentName(page.path!) === undefined) return "";
  const links = [...site.pages].flatMap(([path, home]) =>
    site.experiments(path).filter((name) => experimentPath(name) === page.path).map((name) =>
      `<a href="${relative(page.url, `${home.url}#${idOf(name)}`)}">${
        escape(`${home.number} ${home.title}`.trim())
      }</a>`
    )
  );
  return links.length > 0 ? `<p>${site.phrases.shownIn([...new Set(links)].join(" and "))}</p>` : "";
}

/** Where pages that are no source show the page at work: a paragraph for each of them. */
function shownHtml({ path, url: from }: Page, site: Site): string {
  const { phrases: { titles, atWork }, home } = site;
  const pages = Map.groupBy(site.shown(path!), ({ url }) => url.replace(/#.*/, ""));
  return [...pages].map(([page, shown]) => {
    const links = shown.map(({ url, title }) => {
      const address = relative(from, home(page) + url.slice(page.length));
      return `<a href="${address}">${escape(titles[url] ?? title)}</a>`;
    });
    return `<p>${atWork(escape(titles[page] ?? shown[0]!.page), links.join(", "))}</p>`;
  }).join("");
}
