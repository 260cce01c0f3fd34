/**
 * # The list of experiments
 *
 * `deno task registry` writes `registry.ts` from the folders: every `experiments/SECTION.ts` and
 * `experiments/SECTION/PART.ts` of a chapter, sections in the order of the contents, parts of a section as its page
 * speaks of them. With `--check` it compares instead.
 *
 * @module
 */

import { CONTENTS } from "../contents.ts";
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

/** The page of a section, which may be a folder. */
function pageOf(section: string): string {
  for (const path of [`${section}.ts`, `${section}/mod.ts`]) {
    try {
      return read(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return "";
}

/** The paths of all experiments, in the order of the book. */
export function experimentPaths(): string[] {
  return CONTENTS.flatMap(({ folder, sections }) => {
    const all = [...experimentsIn(`core/${folder}/experiments/`)];
    return sections.flatMap(({ pages }) => pages).flatMap((section) => {
      const page = pageOf(`core/${folder}/${section}`);
      const place = (path: string): number => page.indexOf(`${path.slice(path.indexOf("experiments/"))})`);
      return all.filter((path) => experimentName(path)!.split("/")[1] === section)
        .sort((a, b) => place(a) - place(b));
    });
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
