/**
 * # The list of experiments
 *
 * `deno task registry` writes `registry.ts` from the folders: every `experiments/SECTION.ts` and
 * `experiments/SECTION/PART.ts` of a chapter, sections as the chapter's `mod.ts` exports them, parts of a section as
 * its page speaks of them. With `--check` it compares instead.
 *
 * @module
 */

import { experimentName } from "./experiment.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

function list(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(new URL(folder, root))].sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** All experiments below a folder: files that have a file of words beside them. */
function* experimentsIn(folder: string): Generator<string> {
  const entries = list(folder), names = new Set(entries.map(({ name }) => name));
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* experimentsIn(`${folder}${name}/`);
    else if (names.has(name.replace(/\.ts$/, ".words.ts"))) yield folder + name;
  }
}

/** Where a chapter speaks of an experiment: the place of its section, and the place of the link on its page. */
function placeOf(path: string, folder: string): readonly [section: number, link: number] {
  const [section = "", part] = path.slice(`${folder}experiments/`.length).replace(/\.ts$/, "").split("/");
  const sections = [...read(`${folder}mod.ts`).matchAll(/from "\.\/(\w+)(?:\.ts|\/mod\.ts)"/g)].map(([, name]) => name);
  const pages = [`${section}.ts`, `${section}/mod.ts`].filter((name) =>
    list(folder).some((entry) => name.startsWith(entry.name))
  );
  let text = "";
  for (const page of pages) {
    try {
      text += read(folder + page);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const link = text.indexOf(`experiments/${section}${part ? `/${part}` : ""}.ts)`);
  return [sections.indexOf(section), link < 0 ? Infinity : link];
}

/** The paths of all experiments, in the order of the book. */
export function experimentPaths(): string[] {
  return list("core/").filter(({ name }) => /^\d\d_/.test(name)).flatMap(({ name }) => {
    const folder = `core/${name}/`;
    return [...experimentsIn(`${folder}experiments/`)].map((path) => ({ path, place: placeOf(path, folder) }))
      .sort(({ place: a }, { place: b }) => a[0] - b[0] || (a[1] === b[1] ? 0 : a[1] - b[1]))
      .map(({ path }) => path);
  });
}

/** The text of `registry.ts`. */
export function registryText(): string {
  const entries = experimentPaths().map((path) => {
    const from = path.replace(/^core/, "..");
    return `  {
    name: "${experimentName(path)}",
    load: async () => (await import("${from}")).experiment,
    words: async () => (await import("${from.replace(/\.ts$/, ".words.ts")}")).words,
  },`;
  });
  return `/**
 * # Every experiment
 *
 * Written by \`deno task registry\` from the folders of the chapters, in the order of the book. Nothing is loaded before
 * it is asked for.
 *
 * @module
 */

import type { Entry } from "./experiment.ts";
import { LEGACY } from "./legacy.ts";

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Entry[] = [
${entries.join("\n")}
  ...LEGACY,
];
`;
}

if (import.meta.main) {
  const path = new URL("core/experiments/registry.ts", root), text = registryText();
  if (!Deno.args.includes("--check")) Deno.writeTextFileSync(path, text);
  else if (read("core/experiments/registry.ts") !== text) {
    console.error("core/experiments/registry.ts is not what the folders hold: run deno task registry");
    Deno.exit(1);
  }
}
