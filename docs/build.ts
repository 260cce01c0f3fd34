/**
 * # The generator
 *
 * **Question.** The chapters are programs with comments. How does a book come out of them that cannot say what the code does
 * not do?
 *
 * **Idea.** Nothing is written twice. Every page is a source, read into blocks ([blocks.ts](blocks.ts)) and printed
 * ([rows.ts](rows.ts)); names lead where the compiler says they lead ([program.ts](program.ts)); formulas are set
 * ([prose.ts](prose.ts)) and coloured by the page's symbol table ([quantities.ts](quantities.ts)); numbers of sections come from
 * the contents ([references.ts](references.ts)); tests that a page names are looked up ([proofs.ts](proofs.ts)). What does not fit
 * together is a problem, and with `--check` a problem fails the build.
 *
 * The result is a function of the sources: no dates, no network, the same bytes wherever it is built. It lies in `docs/site` and
 * works from any folder of any host, or from a disk.
 *
 * `deno task docs [--check] [--out FOLDER] [--source-url URL]`
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { flag, text } from "../core/cli/arguments.ts";
import { sectionOf } from "../core/contents.ts";
import { readTask } from "./arguments.ts";
import { type Page, type Part, type Side, sideOf } from "./book.ts";
import { checkLinks, type Problem } from "./check.ts";
import { editionOf } from "./edition.ts";
import { type FoundOnPages, frontPage, pathOf } from "./front.ts";
import type { Extra } from "./extra.ts";
import { additions, gather, type Gathered, optional, readLayer } from "./gather.ts";
import { frame, type Sheet } from "./layout.ts";
import { LANGUAGES, type Translation } from "./layer.ts";
import { withoutMarks } from "./marks.ts";
import { type Answer, answersTo, mentioned, statementsOf, STYLE, withStatements } from "./notes.ts";
import { pageOf } from "./pages.ts";
import { ENGLISH, type Phrases } from "./phrases.ts";
import type { Definition, Program } from "./program.ts";
import { formula } from "./prose.ts";
import { entryPage, type EntryPoint, entryUrl } from "./reference.ts";
import { type Entry, indexScript, searchScript } from "./search.ts";
import type { Site, Term } from "./site.ts";
import { FORMULAS, ROWS, squeezed, theme } from "./theme.ts";

const here = new URL("./", import.meta.url);

/** A built site. */
export interface Built {
  /** Pages by address. */
  readonly pages: ReadonlyMap<string, string>;
  /** Other files by address. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** What is wrong. */
  readonly problems: readonly Problem[];
  /** What should be better and does not fail. */
  readonly warnings: readonly Problem[];
  /** What each language beside English has, and what of it is older than the English. */
  readonly translations: readonly Translation[];
}

/** What pages with figures load. */
const FIGURE_ASSETS: readonly string[] = ["assets/figures.css", "assets/live.js"];

/** What pages with programs load. */
const PROGRAMS = "assets/programs.js";

/** Pages before they have frames, and what the search finds on them. */
interface Sheets {
  readonly sheets: readonly Sheet[];
  readonly entries: Readonly<Record<Side, readonly Entry[]>>;
  /** What the English pages say. */
  readonly found: FoundOnPages;
}

/** A page whose statements of the notes open. */
function opened(sheet: Sheet, site: Site): Sheet {
  const { url, page, body } = sheet, statements = statementsOf(site.notes);
  const problem = (text: string): void => site.problem(page?.path ?? url, text);
  const html = withStatements(body, { ...site, url, statements, formula: (tex) => formula(tex, false, []), problem });
  if (html === body && !html.includes(`class="statements"`)) return sheet;
  return { ...sheet, body: html, assets: [...sheet.assets ?? [], STYLE] };
}

/** What the chapters answer, in the order of the book, by the number of the statement. */
function answersOf(sheets: readonly Sheet[]): Map<string, Answer[]> {
  const answers = new Map<string, Answer[]>();
  for (const { url, title, body, page } of sheets) {
    if (page?.part.kind !== "chapter") continue;
    for (const number of mentioned(body)) {
      const own = answers.get(number) ?? [];
      answers.set(number, [...own, { url: `${url}#at-${number.replace(".", "-")}`, title }]);
    }
  }
  return answers;
}

/**
 * Makes all pages in English.
 *
 * @param gathered everything that was read
 * @returns pages without frames
 */
function sheetsOf({ parts, site, entryPoints, program, extra }: Gathered): Sheets {
  const sheets: Sheet[] = [], terms: Term[] = [], entries: Record<Side, Entry[]> = { book: [], workshop: [] };
  const all = parts.flatMap(({ pages }) => pages);
  for (const page of all) {
    if (!page.path) continue;
    const { sheet, ...found } = sourceSheet(page, site);
    sheets.push(sheet);
    terms.push(...found.terms);
    entries[sideOf(page.part)].push(...found.entries);
  }
  for (const { url, title, description, body, assets = [] } of extra) {
    sheets.push({ url, title, description, page: all.find((page) => page.url === url), body, assets });
  }
  for (const { sheet, found } of reference(entryPoints, all, site, program)) {
    sheets.push(sheet);
    entries.book.push(...found);
  }
  const found: FoundOnPages = {
    terms,
    answers: answersTo(site.notes, answersOf(sheets), (path) => {
      const { url, title } = sheets.find(({ page }) => page?.path === path) ?? {};
      return url === undefined ? undefined : { url, title: title! };
    }, (text) => site.problem("docs/notes", text)),
  };
  for (const page of all.filter(({ url }) => !sheets.some((sheet) => sheet.url === url))) {
    const { sheet, entries: own } = frontSheet(page, parts, found, site);
    sheets.push(sheet);
    entries[sideOf(page.part)].push(...own);
  }
  return { sheets: sheets.map((sheet) => opened(sheet, site)), entries, found };
}

/** A page before it has a frame, what the search finds there, and terms that it explains. */
interface Found {
  readonly sheet: Sheet;
  readonly entries: readonly Entry[];
  readonly terms: readonly Term[];
}

/** The page of a source. */
function sourceSheet(page: Page, site: Site): Found {
  const { body, description, ...found } = pageOf(page, site);
  const title = (page.number ? `${page.number} ` : "") + page.title;
  const isLive = site.experiments(page.path!).length > 0;
  const figures = isLive ? FIGURE_ASSETS : body.includes("<figure") ? FIGURE_ASSETS.slice(0, 1) : [];
  const runs = body.includes("data-program=");
  const assets = [ROWS, ...figures, ...runs ? [PROGRAMS] : []];
  return { sheet: { url: page.url, title, description, page, body, assets }, ...found };
}

/** A page without a source. */
function frontSheet(page: Page, parts: readonly Part[], found: FoundOnPages, site: Site): Found {
  const { body, entries } = frontPage(page, site.texts.get(pathOf(page))!, parts, found, site);
  const { description } = site.phrases;
  const assets = body.includes('id="translated"') ? site.title.assets : [];
  return { sheet: { url: page.url, title: page.title, description, page, body, assets }, entries, terms: [] };
}

/** A page without a source that brings its words along. */
function spokenSheet(
  { assets = [], spoken }: Extra,
  page: Page,
  { language }: Phrases,
): Pick<Found, "sheet" | "entries"> {
  return { sheet: { url: page.url, title: page.title, page, assets, ...spoken![language]! }, entries: [] };
}

/** The pages of the book in another language, with frames. */
interface Translated {
  readonly phrases: Phrases;
  /** By address. */
  readonly pages: ReadonlyMap<string, string>;
  readonly entries: readonly Entry[];
  readonly translation: Translation;
  /** Addresses by those of the English pages. */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Makes the pages of the book in the languages beside English. */
function translationsOf({ parts, site, spoken, extra }: Gathered, { found: said }: Sheets): Translated[] {
  return LANGUAGES.map((language) => {
    const { phrases } = language, translation = readLayer(language);
    const own = new Map(extra.flatMap((one) => one.spoken?.[phrases.language] ? [[one.url, one]] : []));
    const edition = editionOf(parts, site, translation, spoken(phrases), new Set(own.keys()));
    const pages = new Map<string, string>(), addresses = new Map<string, string>(), entries: Entry[] = [];
    for (const page of edition.parts.flatMap(({ pages }) => pages)) {
      if (page.english === undefined) continue;
      const url = page.url.slice(phrases.language.length + 1);
      const brought = own.get(url);
      const { sheet, entries: found } = brought
        ? spokenSheet(brought, page, phrases)
        : page.path === undefined
        ? frontSheet(page, edition.parts, said, edition.site)
        : sourceSheet(page, edition.site);
      entries.push(...found);
      addresses.set(url, page.url);
      pages.set(
        page.url,
        withoutMarks(frame({ parts: edition.parts, phrases }, {
          ...opened(sheet, edition.site),
          others: [{ url, phrases: ENGLISH }],
        })),
      );
    }
    for (const name of translation.unused()) site.problem(name, "No page has this block");
    return { phrases, pages, entries, translation, addresses };
  });
}

/** Sections without a figure are problems, other pages without one are named. */
function missingFigures(parts: readonly Part[], { experiments }: Site): { problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = [], warnings: Problem[] = [];
  const isDrawn = ({ path }: Page): boolean => path !== undefined && experiments(path).length > 0;
  for (const page of parts.flatMap(({ pages }) => pages)) {
    if (!page.path || isDrawn(page)) continue;
    const missing = { where: page.path, text: "No figure" };
    // A section may have several pages; one of them has its figure.
    const section = page.part.pages.filter(({ number }) => sectionOf(number) === sectionOf(page.number));
    const needs = page.part.kind === "chapter" && page.number.includes(".") && !section.some(isDrawn);
    if (needs) problems.push(missing);
    else if (/^core\/(engine|\d\d_\w+)\/(?!mod)/.test(page.path)) warnings.push(missing);
  }
  return { problems, warnings };
}

/** Fonts, styles and scripts, those of figures and of the search too. */
async function assetsOf(
  { files }: Gathered,
  pages: Iterable<string>,
  indices: Readonly<Record<string, readonly Entry[]>>,
): Promise<Map<string, string | Uint8Array>> {
  const assets = await theme(pages);
  const figures = await Deno.readTextFile(new URL("figures/figures.css", here));
  assets.set("assets/figures.css", squeezed(figures, "figures.css"));
  for (const [url, file] of files) assets.set(url, await Deno.readFile(file));
  const library = await Deno.readTextFile(new URL("node_modules/minisearch/dist/umd/index.js", here));
  assets.set("assets/search.js", searchScript(library.replace(/\/\/# sourceMappingURL.*/, "")));
  for (const [name, entries] of Object.entries(indices)) {
    assets.set(`assets/search_${name}.js`, indexScript(name, entries));
  }
  assets.set(".nojekyll", "");
  return assets;
}

/**
 * Builds the site in memory.
 *
 * @param sourceUrl where files without a page can be read, with a slash at its end; they have no links without
 * @returns pages, files and problems
 */
export async function build(sourceUrl = ""): Promise<Built> {
  const problems: Problem[] = [];
  const problem = (where: string, text: string): void => void problems.push({ where, text });
  const gathered = await gather(sourceUrl, problem), { parts, site, extra } = gathered;
  undocumented(new Set(site.exports.values()), problem);
  const english = sheetsOf(gathered), missing = missingFigures(parts, site);
  problems.push(...missing.problems);
  const translated = translationsOf(gathered, english);
  site.pictures.finish();
  const othersOf = (url: string): NonNullable<Sheet["others"]> =>
    translated.flatMap(({ addresses, phrases }) => addresses.has(url) ? [{ url: addresses.get(url)!, phrases }] : []);
  const pages = new Map([
    ...english.sheets.map((sheet): [string, string] => [
      sheet.url,
      frame({ parts }, { ...sheet, others: othersOf(sheet.url) }),
    ]),
    ...translated.flatMap(({ pages }) => [...pages]),
  ]);
  const indices = Object.fromEntries(translated.map(({ phrases, entries }) => [phrases.language, entries]));
  const files = await assetsOf(gathered, pages.values(), { ...english.entries, ...indices });
  const others = new Set([
    ...files.keys(),
    ...FIGURE_ASSETS,
    PROGRAMS,
    ...site.title.assets,
    ...extra.flatMap(({ assets = [] }) => assets),
  ]);
  problems.push(...checkLinks(pages, others));
  const shared = [FORMULAS, "assets/style.css", "assets/client.js"].map((name) => weight(files.get(name)!));
  for (const [url, html] of pages) {
    const rows = html.includes(ROWS) ? weight(files.get(ROWS)!) : 0;
    const sum = shared.reduce((a, b) => a + b, rows + weight(html));
    if (sum > LARGEST) problem(url, `Weighs ${sum} bytes compressed, fonts apart: at most ${LARGEST}`);
  }
  const translations = translated.map(({ translation }) => translation);
  return { pages, files, problems: distinct(problems), warnings: missing.warnings, translations };
}

/** Each problem once: the pages of two languages have the same. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((one) => [`${one.where}: ${one.text}`, one])).values()];
}

/**
 * Bytes of a page with style and script, compressed, without fonts and figures. The longest hold a worked example, a recorded
 * run and solved exercises beside all of their code: on a slow line of 400 kbit/s they are there in a second and a third.
 */
const LARGEST = 64_000;

const weight = (content: string | Uint8Array): number => gzipSync(content).length;

function undocumented(definitions: ReadonlySet<Definition>, problem: (where: string, text: string) => void): void {
  for (const { kind, path, line, name, undocumented } of definitions) {
    if (kind === "function" && undocumented.length > 0) {
      problem(`${path}:${line}`, `${name} says nothing about ${undocumented.join(", ")}`);
    }
  }
}

/** Pages of the entry points. */
function reference(
  entryPoints: readonly EntryPoint[],
  pages: readonly Page[],
  site: Site,
  program: Program,
): { sheet: Sheet; found: readonly Entry[] }[] {
  const homes = new Map<string, string>();
  for (const entry of entryPoints.slice(1)) {
    for (const { name } of entry.symbols) if (!homes.has(name)) homes.set(name, entryUrl(entry));
  }
  const [{ specifier, symbols }] = entryPoints as [EntryPoint];
  const names = { homes, root: { specifier, names: new Set(symbols.map(({ name }) => name)) } };
  return entryPoints.map((entry) => {
    const page = pages.find(({ url }) => url === entryUrl(entry))!;
    const { body, entries } = entryPage(entry, page, site, names, program);
    const description = `What ${entry.specifier} exports`;
    return { sheet: { url: page.url, title: page.title, description, page, body }, found: entries };
  });
}

/** Where the site is built unless another folder is named. */
const SITE = new URL("site/", here);

/** Writes what was built. The project's own folder holds nothing else afterwards; another keeps what is there. */
async function write({ pages, files }: Built, out: URL): Promise<void> {
  if (out.href === SITE.href) {
    await Deno.remove(SITE, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  await Deno.mkdir(out, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    const here = fileURLToPath(out);
    console.error(`Cannot write to ${here}: deno task docs may write to docs/site only; copy it to where it is wanted`);
    Deno.exit(1);
  });
  for (const [url, content] of [...pages, ...files]) {
    const file = new URL(url.split("/").map(encodeURIComponent).join("/"), out);
    await Deno.mkdir(new URL("./", file), { recursive: true });
    await (typeof content === "string" ? Deno.writeTextFile(file, content) : Deno.writeFile(file, content));
  }
}

if (import.meta.main) {
  const started = performance.now();
  const { values } = await readTask({
    name: "docs",
    summary: "Build the site from the sources.",
    options: {
      check: flag("Fail on whatever does not fit together"),
      out: text("FOLDER", "Where to write it; docs/site unless given"),
      "source-url": text("URL", "Where the repository's files can be read, for links to tests and benches"),
    },
  });
  const out = values.out === undefined ? SITE : pathToFileURL(`${resolve(values.out)}/`);
  const built = await build(values["source-url"]?.replace(/\/?$/, "/"));
  const { pages, problems, warnings, translations } = built;
  await write(built, out);
  const ENTRIES = Object.assign({}, ...(await additions()).map(({ ENTRIES }) => ENTRIES));
  await (await optional<typeof import("./bundle.ts")>("bundle.ts"))?.bundle(new URL("assets/", out), ENTRIES);
  for (const { where, text } of problems) console.error(`${where}: ${text}`);
  for (const { language, shown, stale } of translations) {
    for (const [name, hash] of stale) console.error(`${name} is stale: the English is ${hash} now`);
    console.error(`${language}: ${shown.size} blocks, ${stale.size} stale`);
  }
  if (warnings.length > 0) console.error(`Pages without a figure that need none: ${warnings.length}`);
  const refused = problems.some(({ text }) => text.startsWith("Cannot set the formula"));
  console.log(
    `${pages.size} pages, ${problems.length} problems, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  if (refused || (values.check && problems.length > 0)) Deno.exit(1);
}
