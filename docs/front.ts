/**
 * # Pages without a source
 *
 * **Question.** A book has a title page, a notation, a glossary. The sources have none of them.
 *
 * **Idea.** What can be gathered is gathered: the map from the chapters, the notation from the symbol tables, the places of the
 * glossary's terms from the prose where they stand in parentheses. `pages/*.md` holds what is left, and lines that begin with an at
 * sign say what is gathered where. Code comes from the README and from doc comments, whose examples the tests run.
 *
 * @module
 */

import { descriptionOf } from "./blocks.ts";
import type { Context } from "./context.ts";
import type { Notebook, Output } from "./notebook.ts";
import type { Page, Part } from "./book.ts";
import {
  entryAnchor,
  type GlossaryEntry,
  mentions,
  proseAt,
  readGlossary,
  targetOf,
  withoutEntries,
} from "./glossary.ts";
import { inside, relative } from "./layout.ts";
import { addressOfStatement, type Answer, type Listed, type NoteSet, setHtml, setsHtml } from "./notes.ts";
import { openingOf, readPage } from "./pages.ts";
import { ENGLISH } from "./phrases.ts";
import { formula, render, renderInline, sectionOf } from "./prose.ts";
import { escape, plain } from "./words.ts";
import { symbolRows } from "./quantities.ts";
import { numbered } from "./references.ts";
import { type Entry, RANK } from "./search.ts";
import { addressOf, contextOf, type Site, type Term } from "./site.ts";

/** A labelled paragraph of a page's beginning, such as its question. */
export function paragraph(prose: string, label: string): string {
  const [, text = ""] = new RegExp(`\\*\\*${label}[.。]\\*\\*([\\s\\S]*)`).exec(prose) ?? [];
  return text.split("\n\n")[0]!.replace(/\s+/g, " ").trim();
}

/** The question of a page, in the language of the site if it is translated. */
function questionOf(page: Page, site: Site): { text: string; language: string } {
  const blocks = readPage(page, site), [first] = blocks, prose = openingOf(blocks);
  const language = first && "prose" in first && first.prose?.language || ENGLISH.language;
  const text = paragraph(prose, language === ENGLISH.language ? ENGLISH.question : site.phrases.question);
  const own = language === ENGLISH.language ? site.layer?.question(page.path!, text) : undefined;
  return own === undefined ? { text, language } : { text: own, language: site.phrases.language };
}

/** Letters of a question that a list has room for. */
const ROOM = 210;

/** The end of a long question: as many sentences as there is room for. */
function shortened(question: string): string {
  const sentences = question.split(/(?<=[.?])\s+|(?<=[。？])/).filter((sentence) => sentence !== "");
  let short = sentences.pop() ?? "";
  while (sentences.length > 0 && short.length + sentences.at(-1)!.length < ROOM) {
    const before = sentences.pop()!;
    short = before + (/[。？]$/.test(before) ? "" : " ") + short;
  }
  return short;
}

/** The chapters with their questions and sections. */
function map(page: Page, parts: readonly Part[], site: Site): string {
  const link = (other: Page): string =>
    `<a href="${relative(page.url, other.url)}" data-page>${escape(other.title)}</a>`;
  const chapter = ({ pages: [first, ...sections] }: Part): string => {
    const context = contextOf(page.url, undefined, [], site, { from: first!.path });
    const { text, language } = questionOf(first!, site), question = renderInline(shortened(text), context);
    const items = sections.map((section, at) => {
      return `<li${inside(section, sections[at - 1])}><span class="number">${section.number}</span> ${
        link(section)
      }</li>`;
    });
    return `<section class="chapter"><h2><span class="number">${first!.number}</span> ${link(first!)}</h2><p${
      language === site.phrases.language ? "" : ` lang="${language}"`
    }>${question}</p><ol>${items.join("")}</ol></section>`;
  };
  const others = parts.filter(({ kind }) => kind === "front").flatMap(({ pages }) => pages).filter((other) =>
    other !== page
  );
  const library = ({ pages: [first, ...rest] }: Part): string =>
    `<section class="chapter"><h2>${link(first!)}</h2><ol>${
      rest.map((other) => `<li>${link(other)}</li>`).join("")
    }</ol></section>`;
  const of = (wanted: Part["kind"]): Part[] => parts.filter(({ kind }) => kind === wanted);
  return `<div class="map" id="map">${of("chapter").map(chapter).join("\n")}
${of("library").map(library).join("\n")}
<section class="chapter"><h2>${site.phrases.toTry}</h2><ol>${
    others.map((other) => `<li>${link(other)}</li>`).join("")
  }</ol></section>
<section class="chapter"><h2>${site.phrases.toLookUp}</h2><ol>${
    parts.filter(({ kind }) => kind === "back").flatMap(({ pages }) => pages).filter(({ url }) =>
      !/^api\/./.test(url) || url === "api/heed.html"
    )
      .map((other) =>
        `<li>${link(other)}${
          /^api\//.test(other.url) ? ` <span class="note">${site.phrases.canBeImported}</span>` : ""
        }</li>`
      )
      .join("")
  }</ol></section></div>`;
}

/** The parts of the workshop with their questions. */
function workshop(page: Page, parts: readonly Part[], site: Site): string {
  const section = ({ title, pages }: Part): string => {
    const [first] = pages, context = contextOf(page.url, undefined, [], site, { from: first!.path });
    const blocks = first!.path!.endsWith("mod.ts") ? readPage(first!, site) : [];
    const question = paragraph(openingOf(blocks), "Question") || descriptionOf(blocks);
    return `<section class="chapter"><h2><a href="${relative(page.url, first!.url)}" data-page>${
      escape(title)
    }</a></h2>${
      question ? `<p>${renderInline(question, context)}</p>` : ""
    }<p class="note">${pages.length} pages</p></section>`;
  };
  const all = parts.filter(({ kind, pages }) => kind === "workshop" && pages[0]?.path !== undefined);
  return `<div class="map">${all.map(section).join("\n")}</div>`;
}

/** Experiments by chapter, each with the first thing that it finds. */
function experiments(page: Page, parts: readonly Part[], site: Site, entries: Entry[]): string {
  const item = (section: Page, name: string): string => {
    const outline = site.outline(name);
    if (!outline) return "";
    const { id, title, claim, refuted } = outline;
    const { phrases } = site;
    entries.push({ url: `${section.url}#${id}`, title, page: phrases.experiment, text: claim, rank: RANK.heading });
    return `<li><span class="number">${section.number}</span><a href="${relative(page.url, `${section.url}#${id}`)}">${
      escape(title)
    }</a><p class="note">${escape(claim)}${phrases.stop}${phrases.refuted(refuted)}</p></li>`;
  };
  const chapters = parts.filter(({ kind }) => kind === "chapter").map(({ pages: [first, ...sections] }) => {
    const items = sections.flatMap((section) => site.experiments(section.path!).map((name) => item(section, name)));
    return items.length === 0
      ? ""
      : `<section class="chapter"><h2><span class="number">${first!.number}</span><a href="${
        relative(page.url, first!.url)
      }">${escape(first!.title)}</a></h2><ol class="list">${items.join("")}</ol></section>`;
  });
  return `<div class="map">${chapters.join("\n")}</div>`;
}

/** Every row of every symbol table. */
function notation(page: Page, parts: readonly Part[], site: Site): string {
  const blocks = parts.filter(({ kind }) => kind === "chapter").flatMap(({ pages }) => pages).map((section) => {
    const table = symbolRows(openingOf(readPage(section, site)));
    if (table.length === 0) return "";
    const context = contextOf(page.url, section, [], site);
    const quiet = { ...context, link: () => undefined, term: () => undefined };
    const rows = table.map((row) =>
      `<tr>${[row.symbol, row.code, row.meaning].map((cell) => `<td>${renderInline(cell, quiet)}</td>`).join("")}</tr>`
    );
    return `<h3><span class="number">${section.number}</span> <a href="${relative(page.url, section.url)}">${
      escape(section.title)
    }</a></h3><div class="table"><table><thead><tr>${
      site.phrases.symbolHeads.map((head) => `<th>${head}</th>`).join("")
    }</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
  });
  return blocks.join("\n");
}

/** A place that explains a term. */
interface Place {
  readonly url: string;
  readonly page: Page;
}

/** Where a term is explained: what its links say, then pages that have a Chinese name of it in parentheses. */
function placesOf(entry: GlossaryEntry, home: Page, site: Site, terms: readonly Term[]): Place[] {
  const places = new Map<Page, Place>();
  const marked = terms.filter(({ chinese }) => entry.chinese.includes(chinese));
  for (const link of entry.links) {
    const { path, fragment } = targetOf(link), page = site.pages.get(path);
    const prose = page && proseAt(site.texts.get(path)!, fragment);
    if (!page || prose === undefined) site.problem(home.url, `${entry.english[0]} leads nowhere: ${link}`);
    else {
      if (!mentions(prose, entry)) site.problem(home.url, `${link} says nothing about ${entry.english[0]}`);
      const exact = marked.find((term) => term.page === page);
      places.set(page, { page, url: fragment ? `${page.url}#${fragment}` : exact?.url ?? page.url });
    }
  }
  for (const { page, url, chinese, before } of marked) {
    if (!mentions(proseAt(site.texts.get(page.path!)!, "")!, { english: entry.english, chinese: [] })) {
      site.problem(page.path!, `${chinese} stands for ${entry.english[0]}, which is not there`);
    }
    const inBrackets = /\[[^\]]*$/.test(before);
    if (entry.usual.has(chinese) !== inBrackets) {
      site.problem(
        page.path!,
        `${chinese} is ${inBrackets ? "in the notes: write ( )" : "not in the notes: write [ ]"}`,
      );
    }
    if (!places.has(page)) places.set(page, { page, url });
  }
  return [...places.values()];
}

function glossary(page: Page, text: string, site: Site, terms: readonly Term[], found: Entry[]): string {
  const entries = readGlossary(text), known = new Set(entries.flatMap(({ chinese }) => chinese));
  for (const term of terms) {
    if (!known.has(term.chinese)) site.problem(term.page.path!, `${term.chinese} is not in the glossary`);
  }
  const context = contextOf(page.url, undefined, [], site);
  const items = entries.toSorted((a, b) => a.english[0]!.toLowerCase() < b.english[0]!.toLowerCase() ? -1 : 1).map(
    (entry) => {
      const { english: [name = "", ...also], chinese, usual, meaning } = entry;
      const places = placesOf(entry, page, site, terms), first = places[0];
      const anchor = entryAnchor(entry), signs = chinese.map((form) => usual.has(form) ? `[${form}]` : form).join("; ");
      const title = ({ number, title }: Page): string => escape((number ? `${number} ` : "") + title);
      found.push({
        url: first?.url ?? `${page.url}#${anchor}`,
        title: [name, chinese[0] ?? ""].join(" ").trim(),
        page: first ? (first.page.number ? `${first.page.number} ` : "") + first.page.title : page.title,
        rank: first ? RANK.term : RANK.reference,
        text: plain([...also, ...chinese.slice(1)].map((form) => `${form} · `).join("") + meaning),
      });
      return `<div id="${anchor}"><dt><dfn>${escape(name)}</dfn>${escape(also.map((form) => `, ${form}`).join(""))}${
        signs ? ` <span lang="zh">${signs}</span>` : ""
      }</dt><dd><p>${renderInline(meaning, context)}${
        places.map(({ url, page: place }) => ` <a href="${relative(page.url, url)}">${title(place)}</a>`).join(",")
      }</p></dd></div>`;
    },
  );
  return `<dl class="terms">${items.join("\n")}</dl>`;
}

/** The example of a doc comment. */
function exampleOf(name: string, page: Page, site: Site): string {
  const definition = site.exports.get(name);
  if (!definition) throw new Error(`Cannot show an example of ${name}: nothing of that name is exported`);
  const block = readPage(site.pages.get(definition.path)!, site).find((block) =>
    "code" in block && block.code.some(({ number }) => number === definition.line)
  );
  const example = block && "prose" in block && block.prose?.tags.find(({ kind }) => kind === "example");
  if (!example) throw new Error(`Cannot show an example of ${name}: its doc comment has none`);
  const context = contextOf(page.url, undefined, [], site, { from: definition.path });
  return `<p class="note">From <a href="${
    relative(page.url, addressOf(definition, site)!)
  }"><code>${name}</code></a>:</p>` +
    render(example.text, context);
}

/** A notebook as a page: its prose, its code, and what that showed. */
function notebookHtml({ cells }: Notebook, context: Context): string {
  const shownOf = (output: Output): string => {
    if (output.output_type === "stream") return context.code(output.text.join(""), "txt");
    const svg = output.data["image/svg+xml"]?.join("");
    return svg ?? context.code(output.data["text/plain"]!.join(""), "txt");
  };
  return cells.map(({ cell_type, source, outputs = [] }) =>
    cell_type === "markdown"
      ? render(source.join(""), context)
      : `<div class="file">${context.code(source.join(""), "ts")}</div>${
        outputs.map((output) => `<div class="printed">${shownOf(output)}</div>`).join("")
      }`
  ).join("\n");
}

/** The file of a page without a source. */
export function pathOf({ english, url }: Page): string {
  const name = english === undefined ? url : url.slice(url.indexOf("/") + 1);
  return `docs/pages/${name.replace(".html", ".md")}`;
}

/** What pages were found to say. */
export interface FoundOnPages {
  /** Chinese terms and where they are explained. */
  readonly terms: readonly Term[];
  /** Answers to statements of the notes, by number. */
  readonly answers: ReadonlyMap<string, readonly Answer[]>;
}

/** What the search finds of a set: each statement, at the place that answers it if there is one. */
function statementEntries({ statements, title }: NoteSet, { phrases, home, answers }: Listed): Entry[] {
  return statements.map(({ number, said: { en, zh } }) => {
    const [answer] = answers.get(number) ?? [];
    const [page = "", anchor = ""] = (answer?.url ?? addressOfStatement(number)).split("#");
    return {
      url: home(page) + (anchor && `#${anchor}`),
      title: phrases.notes.of(number),
      page: answer?.title ?? title,
      text: plain(phrases.language === "zh" ? `${zh} ${en}` : `${en} ${zh}`).replace(/(?<!\w)_|_(?!\w)/g, ""),
      rank: RANK.statement,
    };
  });
}

/** The title of a page with its number. */
const titleOf = ({ number, title }: Page): string => (number ? `${number} ` : "") + title;

/** A set of notes, or all of them in short. */
function notes(page: Page, number: string, site: Site, { answers }: FoundOnPages, entries: Entry[]): string {
  const { phrases, home } = site, titles = new Map([...site.pages.values()].map((one) => [one.url, titleOf(one)]));
  const titled = ({ url, title }: Answer): Answer => ({ url, title: titles.get(home(url.split("#")[0]!)) ?? title });
  const listed: Listed = {
    url: page.url,
    phrases,
    formula: (tex) => formula(tex, false, []),
    home,
    answers: new Map([...answers].map(([number, found]) => [number, found.map(titled)])),
  };
  if (number === "") return setsHtml(site.notes, listed);
  const set = site.notes.find((set) => set.number === number);
  if (!set) throw new Error(`Cannot make ${page.url}: there are no notes ${number}`);
  entries.push(...statementEntries(set, listed));
  return setHtml(set, listed);
}

/**
 * Makes a page of Markdown.
 *
 * @param page which one
 * @param text Markdown with lines that begin with an at sign
 * @param parts the book
 * @param found terms and answers
 * @param site everything else
 * @returns HTML, and what the search finds there
 */
export function frontPage(
  page: Page,
  source: string,
  parts: readonly Part[],
  found: FoundOnPages,
  site: Site,
): { body: string; entries: readonly Entry[] } {
  const entries: Entry[] = [];
  const path = pathOf(page), said = site.layer?.page(path, source);
  const text = numbered(said ?? source, path, site.problem, said === undefined ? undefined : site.phrases);
  const context = contextOf(page.url, undefined, [], site, { from: path });
  const language = said === undefined && site.phrases !== ENGLISH ? ` lang="${ENGLISH.language}"` : "";
  const isGlossary = path.endsWith("/glossary.md"), blocks = text.split(/^@(.*)$/m);
  let html = "", isInColumns = false;
  blocks.forEach((block, at) => {
    if (at % 2 === 0 && isInColumns) {
      html += `<div class="columns">${
        block.trim().split(/^(?=## )/m).map((part) => `<section>${render(part.trim(), context)}</section>`).join("")
      }</div>`;
      isInColumns = false;
    } else if (at % 2 === 0) {
      const prose = render((isGlossary ? withoutEntries(block) : block).trim(), context);
      html += language && prose ? `<div${language}>${prose}</div>` : prose;
    } else {
      const [command, rest = ""] = block.trim().split(/ (.*)/);
      if (command === "translation") html += site.title.figure(renderInline(rest, context));
      else if (command === "columns") isInColumns = true;
      else if (command === "end") isInColumns = false;
      else if (command === "map") html += map(page, parts, site);
      else if (command === "workshop") html += workshop(page, parts, site);
      else if (command === "experiments") html += experiments(page, parts, site, entries);
      else if (command === "notation") html += notation(page, parts, site);
      else if (command === "glossary") html += glossary(page, text, site, found.terms, entries);
      else if (command === "notes") html += notes(page, rest, site, found, entries);
      else if (command === "readme") {
        const readme = {
          ...context,
          target: (href: string) => /^\w+:/.test(href) ? href : context.target(`../../${href}`),
        };
        html += render(sectionOf(site.texts.get("README.md")!, rest), readme);
      } else if (command === "notebook") html += notebookHtml(JSON.parse(site.texts.get(rest)!), context);
      else if (command === "example") html += exampleOf(rest, page, site);
      else throw new Error(`Cannot make ${page.url}: nothing is called @${command}`);
    }
  });
  if (!isGlossary && !path.startsWith("docs/pages/notes/")) {
    entries.push({
      url: page.url,
      title: page.title,
      page: page.title,
      text: plain(text.replace(/^[@#].*/gm, "")),
      rank: RANK.reference,
    });
  }
  return { body: `<div class="plain-page ${path.split("/").at(-1)!.replace(".md", "")}">${html}</div>`, entries };
}
