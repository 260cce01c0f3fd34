/**
 * # What the library's pages show
 *
 * `deno task library` follows the pages of the site that say what to do, and writes what was printed into them.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { flag } from "../core/cli/arguments.ts";
import { readTask } from "./arguments.ts";
import { follow, prepare, withPrinted } from "./followed.ts";
import { execute, runBeside, textOf } from "./notebook.ts";

const root = new URL("../", import.meta.url);

/** Pages whose commands are run, by name. */
export const FOLLOWED: readonly string[] = [
  "tour",
  "classifier",
  "fine_tuning",
  "translation",
  "serving",
  "search",
  "worker",
];

/** The notebook. */
export const NOTEBOOK: URL = new URL("docs/notebook.ipynb", root);

/** The Markdown of a page of the library. */
export const pageOf = (name: string): URL => new URL(`docs/pages/library/${name}.md`, root);

if (import.meta.main) {
  const { values, operands } = await readTask({
    name: "library",
    operands: "[NAME…]",
    summary: "Follow the pages of the library and record what their commands print.",
    options: { check: flag("Compare instead of writing") },
  });
  let differs = false;
  for (const name of operands.length > 0 ? operands.filter((name) => name !== "notebook") : FOLLOWED) {
    // A folder that nothing of the project looks into.
    const models = fileURLToPath(new URL("models", root));
    await Deno.mkdir(models, { recursive: true });
    const folder = await Deno.makeTempDir({ dir: models, prefix: "followed-" });
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
  if (operands.length === 0 || operands.includes("notebook")) {
    const text = await Deno.readTextFile(NOTEBOOK), beside = new URL("./", NOTEBOOK);
    const recorded = textOf(await execute(JSON.parse(text), (program) => runBeside(beside, program)));
    if (recorded !== text && values.check) console.error("notebook: other things are shown");
    else if (recorded !== text) await Deno.writeTextFile(NOTEBOOK, recorded);
    differs ||= recorded !== text;
    console.log(`notebook: ${recorded === text ? "the same" : "changed"}`);
  }
  if (differs && values.check) Deno.exit(1);
}
