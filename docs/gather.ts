/**
 * # What is read before the first page
 *
 * **Question.** A page links to names, tests and figures of other files. When are those known?
 *
 * **Idea.** Before any page is made: the sources and their order, what the compiler and `deno doc` say of them, tests and benches,
 * the experiments, the playground. What is not there, such as the figures, is left out, and the site is made without it.
 *
 * @module
 */

import { type Page, type Part, partsOfBook } from "./book.ts";
import { Highlighter } from "./code.ts";
import type { Addition, Extra } from "./extra.ts";
import type { Spoken } from "./edition.ts";
import type { Outline } from "./figures.ts";
import { RECORD } from "./ladder.ts";
import { type Language, LANGUAGES, openLayer, type Translation } from "./layer.ts";
import { ENGLISH, type Phrases } from "./phrases.ts";
import { type NoteSet, readNotes } from "./notes.ts";
import { loadPictures } from "./pictures.ts";
import { type Definition, Program } from "./program.ts";
import { named } from "./programs.ts";
import { type ProofFile, readProofs } from "./proofs.ts";
import { type EntryPoint, entryTitle, entryUrl, readEntryPoints } from "./reference.ts";
import { type About, membersOf, type Site, type Surroundings } from "./site.ts";

const root = new URL("../", import.meta.url);
const here = new URL("./", import.meta.url);

/** The text of a file of the repository. */
export const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

/** Names in a folder, sorted; folders end with a slash. */
function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(new URL(folder, root))].map(({ name, isDirectory }) => isDirectory ? `${name}/` : name)
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** All files below a folder. */
function* walk(folder: string): Generator<string> {
  for (const name of list(folder)) {
    if (!name.endsWith("/")) yield folder + name;
    else if (!/^(node_modules|goldens|recorded|site)\/$/.test(name)) yield* walk(folder + name);
  }
}

/** What the figures' files offer; a site without them has pages all the same. */
interface Figures {
  renderExperiment(name: string, surroundings: Surroundings, phrases: Phrases): string;
  aboutExperiment(name: string, language: string): About;
  experimentsOf(path: string): string[];
  widthsProblem(): Promise<string | undefined>;
  outlineOf(name: string, language: string): Outline;
}

/** Folders of such pages beside the playground. */
const ADDITIONS: readonly string[] = ["open/page.ts"];

/** What the playground adds; the title page shows some of it. */
export interface Playground extends Addition {
  readonly TITLE_ASSETS: readonly string[];
  titleFigure(caption: string): string;
}

/** A file of this folder, if it is there. */
export async function optional<T>(name: string): Promise<T | undefined> {
  try {
    Deno.statSync(new URL(name, here));
  } catch {
    return undefined;
  }
  return await import(`./${name}`) as T;
}

/** What pages that are no source add, the playground's among them. */
export async function additions(): Promise<Addition[]> {
  const all = await Promise.all(["playground/page.ts", ...ADDITIONS].map((name) => optional<Addition>(name)));
  return all.filter((one) => one !== undefined);
}

/** A text of the repository; nothing where there is none. */
function textOf(path: string): string | undefined {
  try {
    return read(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The words of a language beside English. */
export function readLayer(language: Language): Translation {
  return openLayer(language, textOf, [...walk(language.folder)]);
}

/** A part of pages that have no source. */
function partOf(title: string, kind: Part["kind"], pages: readonly [url: string, title: string][]): Part {
  const part: Part = { title, kind, pages: [] };
  for (const [url, title] of pages) part.pages.push({ url, title, number: "", part, language: "md" });
  return part;
}

/** Everything that was read. */
export interface Gathered {
  /** The book, then how it is made. */
  readonly parts: readonly Part[];
  /** What all pages share. */
  readonly site: Site;
  /** What of it a language says in its own words. */
  readonly spoken: (phrases: Phrases) => Spoken;
  /** What can be imported from. */
  readonly entryPoints: readonly EntryPoint[];
  /** What names in the code mean. */
  readonly program: Program;
  /** Pages that are no source. */
  readonly extra: readonly Extra[];
  /** Files that these need, by address. */
  readonly files: ReadonlyMap<string, URL>;
}

/** All parts of the site, pages without a source among them. */
function partsOfSite(
  extra: readonly Extra[],
  entryPoints: readonly EntryPoint[],
  notes: readonly NoteSet[],
): Part[] {
  const written = partsOfBook({ read, list });
  const api: [string, string][] = entryPoints.map((entry) => [entryUrl(entry), entryTitle(entry)]);
  const front = partOf("heed", "front", [
    ["index.html", "heed"],
    ...extra.map(({ url, title }): [string, string] => [url, title]),
    ["experiments.html", "Experiments"],
  ]);
  const library = partOf("Use it as a library", "library", [
    ["library.html", "Use it as a library"],
    ["library/tour.html", "Ten minutes to a trained model"],
    ["library/notebook.html", "A notebook"],
    ["library/coming_from.html", "Coming from another library"],
    ["library/classifier.html", "Recipe: a classifier with attention"],
    ["library/fine_tuning.html", "Recipe: fine-tuning"],
    ["library/translation.html", "Recipe: translation of your own pairs"],
    ["library/decoding.html", "Recipe: make a model say what you need"],
    ["library/serving.html", "Recipe: a model behind HTTP"],
    ["library/search.html", "Recipe: search by meaning"],
    ["library/worker.html", "Recipe: a worker in a web page"],
  ]);
  const back = partOf("Reference", "back", [
    ["notation.html", "Notation"],
    ["glossary.html", "Glossary"],
    ["notes.html", "The notes"],
    ...notes.map(({ number }): [string, string] => [`notes/${number}.html`, `The notes, ${number}`]),
    ...api,
  ]);
  const workshop = partOf("How it is made", "workshop", [["how_it_is_made.html", "How it is made"]]);
  const isChapter = ({ kind }: Part): boolean => kind === "chapter";
  return [front, library, ...written.filter(isChapter), back, workshop, ...written.filter((part) => !isChapter(part))];
}

/** Texts of pages, tests and benches, and which tests and benches there are. */
function readTexts(paths: Iterable<string>): { texts: Map<string, string>; proofs: ProofFile[] } {
  const markdown = [...walk("docs/pages/")];
  const texts = new Map(
      [...paths, "README.md", "docs/notebook.ipynb", RECORD, ...markdown].map((path) => [path, read(path)]),
    ),
    proofs: ProofFile[] = [];
  for (const path of [...walk("tests/"), ...walk("bench/")].filter((path) => path.endsWith(".ts"))) {
    texts.set(path, read(path));
    proofs.push(readProofs(path, texts.get(path)!));
  }
  return { texts, proofs };
}

/** What the entry points export, by name, and the ladder's own names. */
function exportsOf(program: Program, entryPoints: readonly EntryPoint[]): Map<string, Definition> {
  const exports = new Map<string, Definition>();
  for (const path of [...entryPoints.map(({ path }) => path), "wasm/ladder/mod.ts"]) {
    for (const [name, definition] of program.exports(path)) if (!exports.has(name)) exports.set(name, definition);
  }
  return exports;
}

/**
 * Reads everything.
 *
 * @param sourceUrl where files without a page can be read, with a slash at its end; empty if nowhere
 * @param problem hears of what is wrong
 * @returns what pages are made from
 */
export async function gather(sourceUrl: string, problem: Site["problem"]): Promise<Gathered> {
  const entryPoints = await readEntryPoints(root);
  const drawn = await optional<Figures>("figures.ts"), widths = await drawn?.widthsProblem();
  if (widths) problem("docs/figures/widths.ts", widths);
  const playground = await optional<Playground>("playground/page.ts"), added = await additions();
  const extra = added.flatMap((one) => one.pages());
  const notes = list("docs/notes/").map((name) => readNotes(read(`docs/notes/${name}`)));
  const parts = partsOfSite(extra, entryPoints, notes);
  const pages = new Map(
    parts.flatMap(({ pages }) => pages).flatMap((page): [string, Page][] => page.path ? [[page.path, page]] : []),
  );
  const { texts, proofs } = readTexts(pages.keys());
  const sources = [...pages.keys()].filter((path) => path.endsWith(".ts"));
  const program = new Program(decodeURIComponent(root.pathname), [...sources, "mod.ts"]);
  const knowledge = new Map(sources.map((path) => [path, program.knowledge(path)]));
  const spoken = (phrases: Phrases): Spoken => ({
    phrases,
    outline: (name) => drawn?.outlineOf(name, phrases.language),
    about: (name) => drawn!.aboutExperiment(name, phrases.language),
    figure: (name, surroundings) => {
      try {
        return drawn?.renderExperiment(name, surroundings, phrases) ?? "";
      } catch (error) {
        problem(name, `No figure: ${(error as Error).message}`);
        return "";
      }
    },
  });
  const site: Site = {
    ...spoken(ENGLISH),
    home: (url) => url,
    pages,
    knowledge,
    members: membersOf(knowledge),
    sourceUrl,
    texts,
    exports: exportsOf(program, entryPoints),
    tests: proofs.filter(({ path }) => path.startsWith("tests/")),
    benches: proofs.filter(({ path }) => path.startsWith("bench/")),
    highlighter: await Highlighter.create(),
    experiments: (path) => drawn?.experimentsOf(path) ?? [],
    notes,
    shown: (path) =>
      extra.flatMap(({ url, title, named: page = title, shows = [] }) =>
        shows.filter((one) => one.path === path).map(({ id, title }) => ({ url: `${url}#${id}`, page, title }))
      ),
    programs: new Map(sources.map((path) => [path, named(path, texts.get(path)!)])),
    title: { assets: playground?.TITLE_ASSETS ?? [], figure: (caption) => playground?.titleFigure(caption) ?? "" },
    pictures: await loadPictures(LANGUAGES.map(({ phrases }) => phrases.language), problem),
    problem,
  };
  return { parts, site, spoken, entryPoints, program, extra, files: new Map(added.flatMap(({ FILES }) => [...FILES])) };
}
