/**
 * # The order of the book
 *
 * **Question.** Which files are pages, and which page comes after which?
 *
 * **Idea.** The sources say it. A chapter's `mod.ts` exports its sections in reading order, [the contents](../core/contents.ts)
 * number them. That is the book. The other half of the site, how it is made, has the folders of the engine, the experiments'
 * programs and the devices, and at the end the generator that made the page.
 *
 * A section is a file or a folder. The page of a folder is its `mod.ts`, and the files beside it are pages after it.
 *
 * @module
 */

import { CONTENTS, numberOf, sectionOf } from "../core/contents.ts";

/** Where a page belongs. */
export interface Part {
  /** Stands in the tree. */
  readonly title: string;
  /** `chapter` if its pages are sections of the book, `library` if they say how to use it, `workshop` how it is made. */
  readonly kind: "chapter" | "library" | "workshop" | "front" | "back";
  /** In reading order; the first is the part's own. */
  readonly pages: Page[];
}

/** Whether a page belongs to the section of the page above it. */
export function goesOn({ number }: Page, above: Page | undefined): boolean {
  return number.includes(".") && above !== undefined && sectionOf(number) === sectionOf(above.number);
}

/** The two halves of the site: what is read, and how it is made. */
export type Side = "book" | "workshop";

/** The half that a part belongs to. */
export function sideOf({ kind }: Part): Side {
  return kind === "workshop" ? "workshop" : "book";
}

/** A page of the site. */
export interface Page {
  /** The source, from the root of the repository; pages of the generator's own have none. */
  readonly path?: string;
  /** Where it will be, from the root of the site. */
  readonly url: string;
  /** Number of the chapter or section, if it has one. */
  readonly number: string;
  /** Its name. */
  readonly title: string;
  /** Its name in English, on a page of another language. */
  readonly english?: string;
  /** The part it belongs to. */
  readonly part: Part;
  /** The language of its source. */
  readonly language: "ts" | "wgsl" | "md";
}

/** How the sources are read. */
export interface Files {
  /** The text of a file. */
  read(path: string): string;
  /** Names of the files in a folder, sorted. */
  list(folder: string): string[];
}

const isGenerated = (path: string): boolean => /(^|\/)kernels\.ts$|^gpu\/shaders\.ts$/.test(path);

/** The title that a source gives itself, or its name. */
function titleOf(path: string, text: string): string {
  const heading = /^\/\*\*\n \* # (.+)$/m.exec(text.slice(0, 200))?.[1];
  if (heading) return heading;
  const name = path.split("/").at(-1)!.replace(/\.\w+$/, "").replaceAll("_", " ");
  return name[0]!.toUpperCase() + name.slice(1);
}

/** The file or folder of a section, as chapters export it: `positions` of `core/04_attention/positions/mod.ts`. */
export function sectionName(path: string): string | undefined {
  const [, name, isFile] = /^core\/\d\d_\w+\/(\w+)(\.ts$|\/)/.exec(path) ?? [];
  return name === undefined || name === "experiments" || name === "mod" && isFile === ".ts" ? undefined : name;
}

/** Whether a source is the page of a section that is a folder. */
export function isSectionFolder(path: string): boolean {
  return path.endsWith("/mod.ts") && sectionName(path) !== undefined;
}

/** Where the page of a source will be. A section has the same address as a file and as a folder. */
export function urlOf(path: string): string {
  if (path === "core/contents.ts") return "docs/contents.html";
  if (isSectionFolder(path)) return urlOf(path.replace(/\/mod\.ts$/, ".ts"));
  return path.replace(/^core\/(\d\d_)?/, "").replace(/(^|\/)mod\.ts$/, "$1index.html").replace(/\.(ts|wgsl)$/, ".html");
}

/** An anchor made of words. */
export function slug(text: string): string {
  return text.toLowerCase().replace(/[`$\\{}]/g, "").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
}

/** The files that a `mod.ts` exports from, in order. */
export function exported(text: string): string[] {
  return [
    ...new Set([...text.matchAll(/^export\b[^;"]*?from "\.\/(\w+(?:\/mod)?\.ts)";/gm)].map(([, name]) => name!)),
  ];
}

/**
 * Finds all pages that have a source.
 *
 * @param files how to read
 * @returns parts in reading order
 */
export function partsOfBook({ read, list }: Files): Part[] {
  const parts: Part[] = [];
  const part = (
    title: string,
    kind: Part["kind"],
    paths: readonly string[],
  ): void => {
    const made: Part = { title, kind, pages: [] };
    for (const path of paths) {
      const text = read(path);
      made.pages.push({
        path,
        url: urlOf(path),
        number: numberOf(path) ?? "",
        title: titleOf(path, text).replace(/^\d+ · /, ""),
        part: made,
        language: path.endsWith(".wgsl") ? "wgsl" : "ts",
      });
    }
    parts.push(made);
  };
  const folder = (path: string, ending = ".ts"): string[] =>
    list(path).filter((name) => name.endsWith(ending)).map((name) => path + name).filter((path) => !isGenerated(path));
  const below = (path: string): string[] => [
    ...folder(path),
    ...list(path).filter((name) => name.endsWith("/")).flatMap((name) => below(path + name)),
  ];
  const modFirst = (paths: readonly string[]): string[] => {
    const first = paths.filter((path) => path.endsWith("/mod.ts"));
    return [...first, ...paths.filter((path) => !first.includes(path))];
  };
  /** The files of a section: a folder's in the order of its exports, then the others. */
  const filesOf = (path: string): string[] => {
    if (!isSectionFolder(path)) return [path];
    const inside = path.replace(/mod\.ts$/, "");
    return [...new Set([path, ...exported(read(path)).map((name) => inside + name), ...folder(inside)])];
  };
  const written = new Set(list("core/"));
  const chapters = CONTENTS.map(({ folder }) => `core/${folder}/`).filter((path) => written.has(path.slice(5)));
  for (const path of chapters) {
    const text = read(`${path}mod.ts`), sections = exported(text).flatMap((name) => filesOf(path + name));
    part(titleOf(path, text), "chapter", [`${path}mod.ts`, ...sections]);
  }
  const engine = read("core/engine/mod.ts");
  const order = [...engine.matchAll(/`(\w+\.ts)`/g)].map(([, name]) => `core/engine/${name}`);
  const rest = folder("core/engine/").filter((path) => !order.includes(path) && !path.endsWith("/mod.ts"));
  part("The engine", "workshop", ["core/engine/mod.ts", ...new Set(order), ...rest]);
  part("Files and the terminal", "workshop", modFirst(folder("core/host/")));
  part("Pictures", "workshop", modFirst(folder("core/figures/")));
  part("The experiments' programs", "workshop", [
    ...folder("core/experiments/"),
    ...below("core/corpora/"),
    ...chapters.flatMap((path) => below(`${path}experiments/`)),
  ]);
  part("The CPU device", "workshop", [...modFirst(folder("wasm/")), ...modFirst(folder("wasm/fused/"))]);
  part("CPU kernels", "workshop", [...folder("wasm/assembly/"), ...folder("wasm/assembly/words/")]);
  part("The ladder", "workshop", ["wasm/ladder/mod.ts", ...folder("wasm/ladder/assembly/")]);
  part("The GPU device", "workshop", [...modFirst(folder("gpu/")), ...modFirst(folder("gpu/fused/"))]);
  part("Shaders", "workshop", folder("gpu/shaders/", ".wgsl"));
  part("This site", "workshop", [
    "docs/build.ts",
    "core/contents.ts",
    ...["docs/", "docs/figures/", "docs/pictures/", "docs/live/", "docs/playground/", "docs/open/", "docs/open/kinds/"]
      .flatMap((path) => folder(path))
      .filter((path) => path !== "docs/build.ts"),
  ]);
  return parts;
}
