/**
 * # The generator
 *
 * **Question.** The chapters are programs with comments. How does a book come out of them that cannot say what the code does
 * not do?
 *
 * **Idea.** Nothing is written twice. Every page is a source, cut into rows ([split.ts](split.ts)); names lead where the compiler
 * says they lead ([program.ts](program.ts)); formulas are set ([prose.ts](prose.ts)) and coloured by the page's symbol table
 * ([quantities.ts](quantities.ts)); tests that a page names are looked up ([proofs.ts](proofs.ts)). What does not fit together
 * is a problem, and with `--check` a problem fails the build.
 *
 * The result is a function of the sources: no dates, no network, the same bytes wherever it is built. It lies in `docs/site` and
 * works from any folder of any host, or from a disk.
 *
 * `deno task docs [--check] [--out FOLDER] [--source-url URL]`
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { flag, text } from "../core/cli/arguments.ts";
import { readTask } from "./arguments.ts";
import { type Page, type Part, partsOfBook, type Side, sideOf } from "./book.ts";
import { checkLinks, type Problem } from "./check.ts";
import { Highlighter } from "./code.ts";
import { frontPage } from "./front.ts";
import type { Outline } from "./figures.ts";
import { frame, type Sheet } from "./layout.ts";
import { pageOf } from "./pages.ts";
import { type Definition, Program } from "./program.ts";
import { type ProofFile, readProofs } from "./proofs.ts";
import { entryPage, type EntryPoint, entryUrl, readEntryPoints } from "./reference.ts";
import { type Entry, indexScript, searchScript } from "./search.ts";
import { type About, membersOf, type Site, type Surroundings, type Term } from "./site.ts";

const root = new URL("../", import.meta.url);
const here = new URL("./", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

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
  renderExperiment(name: string, surroundings: Surroundings): string;
  aboutExperiment(name: string): About;
  experimentsOf(path: string): string[];
  widthsProblem(): Promise<string | undefined>;
  outlineOf(name: string): Outline;
}

/** A page that is no source: the playground. */
interface Extra {
  readonly url: string;
  readonly title: string;
  readonly description: string;
  readonly body: string;
  /** Style sheets and scripts, from the root of the site. */
  readonly assets?: readonly string[];
  /** What it shows of the book: the source, and where on the page. */
  readonly shows?: readonly { readonly path: string; readonly id: string; readonly title: string }[];
}

/** What the playground adds: its page, files by address, programs for the bundler. */
interface Playground {
  pages(): readonly Extra[];
  readonly FILES: ReadonlyMap<string, URL>;
  readonly ENTRIES: Readonly<Record<string, URL>>;
}

/** A file of this folder, if it is there. */
async function optional<T>(name: string): Promise<T | undefined> {
  try {
    Deno.statSync(new URL(name, here));
  } catch {
    return undefined;
  }
  return await import(`./${name}`) as T;
}

/** What pages with figures load. */
const FIGURE_ASSETS: readonly string[] = ["assets/figures.css", "assets/live.js"];

/** A part of pages that have no source. */
function partOf(title: string, kind: Part["kind"], pages: readonly [url: string, title: string][]): Part {
  const part: Part = { title, kind, pages: [] };
  for (const [url, title] of pages) part.pages.push({ url, title, number: "", part, language: "md" });
  return part;
}

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
}

/** A style sheet or a script without what is only for those who write it; neither has a text of several lines. */
function squeezed(text: string, name: string): string {
  return name.endsWith(".css")
    ? text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ").replace(/ ?([{};,]) ?/g, "$1")
    : text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("// ")).join("\n");
}

/** Sheets of the theme, one file in the site; later ones refine earlier ones. */
const STYLES = ["base", "page", "front", "dialogs", "print"];

/** Fonts, style and scripts. */
async function theme(): Promise<Map<string, string | Uint8Array>> {
  const found = new Map<string, string | Uint8Array>();
  const modules = new URL("node_modules/", here);
  const take = async (name: string, path: string): Promise<void> =>
    void found.set(`assets/${name}`, await Deno.readFile(new URL(path, modules)));
  const serif = "@fontsource-variable/source-serif-4/files/source-serif-4-latin-wght";
  await take("serif.woff2", `${serif}-normal.woff2`);
  await take("serif-italic.woff2", `${serif}-italic.woff2`);
  await take("mono.woff2", "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2");
  const css = await Deno.readTextFile(new URL("katex/dist/katex.min.css", modules));
  const fonts = new Set<string>();
  found.set(
    "assets/katex.css",
    css.replace(/src:url\(fonts\/([\w-]+\.woff2)\)[^;}]*/g, (_, font) => {
      fonts.add(font);
      return `font-display:swap;src:url(fonts/${font}) format("woff2")`;
    }),
  );
  for (const font of fonts) await take(`fonts/${font}`, `katex/dist/fonts/${font}`);
  const themed = (name: string): string => squeezed(read(`docs/theme/${name}`), name);
  found.set("assets/style.css", STYLES.map((name) => themed(`${name}.css`)).join(""));
  found.set("assets/client.js", themed("client.js"));
  return found;
}

/**
 * Builds the site in memory.
 *
 * @param sourceUrl where files without a page can be read, with a slash at its end; they have no links without
 * @returns pages, files and problems
 */
export async function build(sourceUrl = ""): Promise<Built> {
  const problems: Problem[] = [], warnings: Problem[] = [];
  const problem = (where: string, text: string): void => void problems.push({ where, text });
  const entryPoints = await readEntryPoints(root);
  const written = partsOfBook({ read, list });
  const drawn = await optional<Figures>("figures.ts"), widths = await drawn?.widthsProblem();
  if (widths) problem("docs/figures/widths.ts", widths);
  const playground = await optional<Playground>("playground/page.ts");
  const extra = playground?.pages() ?? [];
  const experimentsOf = (path: string): readonly string[] => drawn?.experimentsOf(path) ?? [];
  const api: [string, string][] = entryPoints.map((entry) => [entryUrl(entry), entry.specifier]);
  const front = partOf("heed", "front", [
    ["index.html", "heed"],
    ["library.html", "Use it as a library"],
    ...extra.map(({ url, title }): [string, string] => [url, title]),
    ["experiments.html", "Experiments"],
  ]);
  const back = partOf("Reference", "back", [["notation.html", "Notation"], ["glossary.html", "Glossary"], ...api]);
  const workshop = partOf("How it is made", "workshop", [["how_it_is_made.html", "How it is made"]]);
  const isChapter = ({ kind }: Part): boolean => kind === "chapter";
  const chapters = written.filter(isChapter), rooms = written.filter((part) => !isChapter(part));
  const parts = [front, ...chapters, back, workshop, ...rooms];
  const pages = new Map<string, Page>();
  for (const { pages: list } of parts) for (const page of list) if (page.path) pages.set(page.path, page);

  const texts = new Map([...pages.keys()].map((path) => [path, read(path)]));
  for (const path of ["README.md", "bench/LADDER.md"]) texts.set(path, read(path));
  const proofs: ProofFile[] = [];
  for (const path of [...walk("tests/"), ...walk("bench/")].filter((path) => path.endsWith(".ts"))) {
    texts.set(path, read(path));
    proofs.push(readProofs(path, texts.get(path)!));
  }
  const sources = [...pages.keys()].filter((path) => path.endsWith(".ts"));
  const program = new Program(decodeURIComponent(root.pathname), [...sources, "mod.ts"]);
  const exports = new Map<string, Definition>();
  for (const path of [...entryPoints.map(({ path }) => path), "wasm/ladder/mod.ts"]) {
    for (const [name, definition] of program.exports(path)) if (!exports.has(name)) exports.set(name, definition);
  }

  const knowledge = new Map(sources.map((path) => [path, program.knowledge(path)]));
  const site: Site = {
    pages,
    knowledge,
    members: membersOf(knowledge),
    sourceUrl,
    texts,
    exports,
    tests: proofs.filter(({ path }) => path.startsWith("tests/")),
    benches: proofs.filter(({ path }) => path.startsWith("bench/")),
    highlighter: await Highlighter.create(),
    experiments: experimentsOf,
    shown: (path) =>
      extra.flatMap(({ url, title: page, shows = [] }) =>
        shows.filter((one) => one.path === path).map(({ id, title }) => ({ url: `${url}#${id}`, page, title }))
      ),
    outline: (name) => drawn?.outlineOf(name),
    about: (name) => drawn!.aboutExperiment(name),
    figure: (name, surroundings) => {
      try {
        return drawn?.renderExperiment(name, surroundings) ?? "";
      } catch (error) {
        problem(name, `No figure: ${(error as Error).message}`);
        return "";
      }
    },
    problem,
  };
  undocumented(new Set(exports.values()), problem);

  const sheets: Sheet[] = [], terms: Term[] = [], entries: Record<Side, Entry[]> = { book: [], workshop: [] };
  const assets = await theme();
  if (drawn) {
    const name = "figures.css", text = await Deno.readTextFile(new URL(`figures/${name}`, here));
    assets.set(`assets/${name}`, squeezed(text, name));
  }
  for (const [url, file] of playground?.FILES ?? []) assets.set(url, await Deno.readFile(file));
  for (const part of parts) {
    for (const page of part.pages) {
      if (!page.path) continue;
      const { body, description, ...found } = pageOf(page, site);
      terms.push(...found.terms);
      entries[sideOf(part)].push(...found.entries);
      const shows = experimentsOf(page.path);
      if (shows.length === 0) {
        const missing = { where: page.path, text: "No figure" };
        // A section may have several pages; one of them has its figure.
        const section = part.pages.filter(({ number }) => number === page.number);
        const drawn = section.some(({ path }) => experimentsOf(path!).length > 0);
        if (part.kind === "chapter" && page.number.includes(".") && !drawn) problems.push(missing);
        else if (/^core\/(engine|\d\d_\w+)\/(?!mod)/.test(page.path)) warnings.push(missing);
      }
      const title = (page.number ? `${page.number} ` : "") + page.title;
      sheets.push({
        url: page.url,
        title,
        description,
        page,
        body,
        ...(shows.length > 0
          ? { assets: FIGURE_ASSETS }
          : body.includes("<figure")
          ? { assets: [FIGURE_ASSETS[0]!] }
          : {}),
      });
    }
  }
  for (const { url, title, description, body, assets } of extra) {
    const page = front.pages.find((page) => page.url === url);
    sheets.push({ url, title, description, page, body, ...(assets ? { assets } : {}) });
  }
  for (const { sheet, found } of reference(entryPoints, back, site, program)) {
    sheets.push(sheet);
    entries.book.push(...found);
  }
  for (const page of [front, back, workshop].flatMap(({ pages }) => pages)) {
    if (sheets.some(({ url }) => url === page.url)) continue;
    const text = read(`docs/pages/${page.url.replace(".html", ".md")}`);
    const { body, entries: found } = frontPage(page, text, parts, terms, site);
    entries[sideOf(page.part)].push(...found);
    sheets.push({ url: page.url, title: page.title, description: DESCRIPTION, page, body });
  }

  const made = new Map(sheets.map((sheet) => [sheet.url, frame({ parts }, sheet)]));
  const library = await Deno.readTextFile(new URL("node_modules/minisearch/dist/umd/index.js", here));
  assets.set("assets/search.js", searchScript(library.replace(/\/\/# sourceMappingURL.*/, "")));
  for (const side of ["book", "workshop"] as const) {
    assets.set(`assets/search_${side}.js`, indexScript(side, entries[side]));
  }
  assets.set(".nojekyll", "");
  const others = new Set([...assets.keys(), ...FIGURE_ASSETS, ...extra.flatMap(({ assets = [] }) => assets)]);
  problems.push(...checkLinks(made, others));
  const shared = ["assets/katex.css", "assets/style.css", "assets/client.js"].map((name) => weight(assets.get(name)!));
  for (const [url, html] of made) {
    const sum = shared.reduce((a, b) => a + b, weight(html));
    if (sum > LARGEST) problem(url, `Weighs ${sum} bytes compressed, fonts apart: at most ${LARGEST}`);
  }
  return { pages: made, files: assets, problems, warnings };
}

/** Bytes of a page with style and script, compressed, without fonts and figures. */
const LARGEST = 60_000;

const weight = (content: string | Uint8Array): number => gzipSync(content).length;

const DESCRIPTION = "A book about attention and Transformers that runs";

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
  part: Part,
  site: Site,
  program: Program,
): { sheet: Sheet; found: readonly Entry[] }[] {
  const homes = new Map<string, string>();
  for (const entry of entryPoints.slice(1)) {
    for (const { name } of entry.symbols) if (!homes.has(name)) homes.set(name, entryUrl(entry));
  }
  return entryPoints.map((entry, at) => {
    const page = part.pages.find(({ url }) => url === entryUrl(entry))!;
    const { body, entries } = entryPage(entry, page, program.exports(entry.path), site, at === 0 ? homes : undefined);
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
  const { pages, problems, warnings } = built;
  await write(built, out);
  const { ENTRIES } = await optional<Playground>("playground/page.ts") ?? {};
  await (await optional<typeof import("./bundle.ts")>("bundle.ts"))?.bundle(new URL("assets/", out), ENTRIES);
  for (const { where, text } of problems) console.error(`${where}: ${text}`);
  if (warnings.length > 0) console.error(`Pages without a figure that need none: ${warnings.length}`);
  const refused = problems.some(({ text }) => text.startsWith("Cannot set the formula"));
  console.log(
    `${pages.size} pages, ${problems.length} problems, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  if (refused || (values.check && problems.length > 0)) Deno.exit(1);
}
