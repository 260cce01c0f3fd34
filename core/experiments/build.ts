/**
 * # The list of experiments
 *
 * `deno task registry` writes `registry.ts` from the folders: every `experiments/SECTION.ts` and
 * `experiments/SECTION/PART.ts` of a chapter, sections in the order of the contents, parts of a section as its page
 * speaks of them. The same list is written for the worker of the live figures, and that of Chinese words from the folders
 * below `docs/zh/`, which mirror the chapters'. With `--check` it compares instead.
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

/** All experiments below a folder: every file but those of words. */
function* experimentsIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of list(folder)) {
    if (isDirectory) yield* experimentsIn(`${folder}${name}/`);
    else if (!name.endsWith(".words.ts")) yield folder + name;
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
function experimentPaths(): string[] {
  return CONTENTS.flatMap(({ folder, sections }) => {
    const all = [...experimentsIn(`core/${folder}/experiments/`)];
    const ordered = sections.flatMap(({ pages }) => pages).flatMap((section) => {
      const page = pageOf(`core/${folder}/${section}`);
      const place = (path: string): number => page.indexOf(`${path.slice(path.indexOf("experiments/"))})`);
      return all.filter((path) => experimentName(path)?.split("/")[1] === section).sort((a, b) => place(a) - place(b));
    });
    const lost = all.find((path) => !ordered.includes(path));
    if (lost) throw new RangeError(`Cannot list ${lost}: the contents have no section of that name`);
    return ordered;
  });
}

/** The text of `registry.ts`. */
function registryText(): string {
  const paths = experimentPaths().map((path) => `  "${path.replace(/^core\/|\.ts$/g, "")}",`);
  return `/**
 * # Every experiment
 *
 * Written by \`deno task registry\` from the folders of the chapters, in the order of the book. Nothing is loaded before
 * it is asked for.
 *
 * @module
 */

import { type Entry, entryOf } from "./experiment.ts";

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Entry[] = [
${paths.join("\n")}
].map(entryOf);
`;
}

/** The text of the worker's list: the same, by imports that a bundler can follow. */
function workerText(): string {
  const entries = experimentPaths().map((path) => {
    const from = `../../${path}`;
    return `  {
    name: "${experimentName(path)}",
    load: async () => (await import("${from}")).experiment,
    words: async () => (await import("${from.replace(/\.ts$/, ".words.ts")}")).words,
  },`;
  });
  return `/**
 * # Every experiment, for a worker
 *
 * Written by \`deno task registry\`: the list of experiments by imports that the bundler can follow, so that each is a
 * file of its own, fetched when it is run.
 *
 * @module
 */

import type { Entry } from "../../core/experiments/experiment.ts";

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Entry[] = [
${entries.join("\n")}
];
`;
}

/** The text of the list of Chinese words: of those experiments that have some. */
function chineseText(): string {
  const entries = experimentPaths().flatMap((path) => {
    const from = path.replace(/^core\//, "").replace(/\.ts$/, ".words.ts");
    const [, folder = "", file = ""] = /^(.*\/)(.*)$/.exec(`docs/zh/${from}`)!;
    if (!list(folder).some(({ name }) => name === file)) return [];
    return [`  "${experimentName(path)}": async () => (await import("./${from}")).words,\n`];
  });
  return `/**
 * # What experiments say in Chinese
 *
 * Written by \`deno task registry\` from the folders below this one, which mirror those of the chapters. An experiment
 * that is missing here speaks English.
 *
 * @module
 */

import type { Words } from "../../core/experiments/experiment.ts";

/** Words by the names of experiments. */
export const CHINESE: Readonly<Record<string, () => Promise<Words>>> = {${entries.length > 0 ? "\n" : ""}${
    entries.join("")
  }};
`;
}

/** The files that are written from the folders, and their texts. */
export function writtenFiles(): Record<string, string> {
  return {
    "core/experiments/registry.ts": registryText(),
    "docs/live/registry.ts": workerText(),
    "docs/zh/registry.ts": chineseText(),
  };
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(writtenFiles())) {
    if (!Deno.args.includes("--check")) Deno.writeTextFileSync(new URL(path, root), text);
    else if (read(path) !== text) {
      console.error(`${path} is not what the folders hold: run deno task registry`);
      Deno.exitCode = 1;
    }
  }
}
