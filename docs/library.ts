/**
 * # What the library's pages show
 *
 * `deno task library` follows the pages of the site that say what to do, and writes what was printed into them; then it runs
 * the programs in the chapters, those of one file if it is named, and writes what they print beside them.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { flag } from "../core/cli/arguments.ts";
import { readTask } from "./arguments.ts";
import { follow, prepare, withPrinted } from "./followed.ts";
import { execute, runBeside, textOf } from "./notebook.ts";
import { named, runPrograms, sources, withOutputs } from "./programs.ts";

const root = new URL("../", import.meta.url);

/** Pages whose commands are run, by name. */
export const FOLLOWED: readonly string[] = [
  "tour",
  "classifier",
  "fine_tuning",
  "translation",
  "decoding",
  "serving",
  "search",
  "worker",
];

/** A folder that nothing of the project looks into. */
async function makeFolder(): Promise<string> {
  const models = fileURLToPath(new URL("models", root));
  await Deno.mkdir(models, { recursive: true });
  return await Deno.makeTempDir({ dir: models, prefix: "followed-" });
}

/** The notebook. */
export const NOTEBOOK: URL = new URL("docs/notebook.ipynb", root);

/** The Markdown of a page of the library. */
export const pageOf = (name: string): URL => new URL(`docs/pages/library/${name}.md`, root);

if (import.meta.main) {
  const { values, operands } = await readTask({
    name: "library",
    operands: "[NAME…]",
    summary: "Follow the pages of the library, or run the programs of a chapter's file, and record what they print.",
    options: { check: flag("Compare instead of writing") },
  });
  let differs = false;
  const isSource = (name: string): boolean => name.endsWith(".ts"), isAll = operands.length === 0;
  const pages = operands.filter((name) => !isSource(name) && !["notebook", "programs"].includes(name));
  for (const name of isAll ? FOLLOWED : pages) {
    const folder = await makeFolder();
    const text = await Deno.readTextFile(pageOf(name));
    try {
      await prepare(root, folder);
      const followed = await follow(text, folder), failed = followed.find(({ code }) => code !== 0);
      if (failed) throw new Error(`${failed.command} failed:\n${failed.printed}`);
      const recorded = withPrinted(text, followed);
      if (recorded !== text && values.check) console.error(`${name}: other things are printed`);
      else if (recorded !== text) await Deno.writeTextFile(pageOf(name), recorded);
      differs ||= recorded !== text;
      console.log(`${name}: ${followed.length} commands, ${recorded === text ? "the same" : "changed"}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  const chosen = isAll || operands.includes("programs") ? [...sources()] : operands.filter(isSource);
  const texts = new Map(chosen.map((path) => [path, Deno.readTextFileSync(new URL(path, root))]));
  const programs = [...texts].flatMap(([path, text]) => named(path, text));
  if (programs.length > 0) {
    const folder = await makeFolder();
    try {
      const found = await runPrograms(programs, folder), failed = found.findIndex(({ error }) => error !== undefined);
      if (failed >= 0) throw new Error(`${programs[failed]!.name} fails: ${found[failed]!.error}`);
      for (const [path, text] of texts) {
        const outputs = found.flatMap(({ printed }, at) => programs[at]!.path === path ? [printed] : []);
        const recorded = withOutputs(text, outputs);
        if (recorded === text) continue;
        if (values.check) console.error(`${path}: other things are printed`);
        else await Deno.writeTextFile(new URL(path, root), recorded);
        differs = true;
      }
      console.log(`programs: ${programs.length}, ${differs ? "changed" : "the same"}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  if (isAll || operands.includes("notebook")) {
    const text = await Deno.readTextFile(NOTEBOOK), beside = new URL("./", NOTEBOOK);
    const recorded = textOf(await execute(JSON.parse(text), (program) => runBeside(beside, program)));
    if (recorded !== text && values.check) console.error("notebook: other things are shown");
    else if (recorded !== text) await Deno.writeTextFile(NOTEBOOK, recorded);
    differs ||= recorded !== text;
    console.log(`notebook: ${recorded === text ? "the same" : "changed"}`);
  }
  if (differs && values.check) Deno.exit(1);
}
