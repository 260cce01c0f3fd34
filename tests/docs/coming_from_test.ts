/** What the page for those who know another library says of this one compiles and runs. */

import { assert, assertEquals } from "@std/assert";
import { fences } from "../../docs/followed.ts";
import { testWithFolder } from "../permissions.ts";
import { output } from "../running.ts";

const root = new URL("../../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/pages/library/coming_from.md", root));

/** Code of the second column, row by row. */
const cells = page.split("\n").filter((line) => /^\| (?!-)/.test(line)).map((line) =>
  line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim())
);
const ours = cells.filter(([, own]) => own!.startsWith("`")).map(([, own]) => own!.slice(1, -1));

Deno.test("every row of coming_from.md has three cells, and one piece of code in the second", () => {
  for (const row of cells) assertEquals(row.length, 3, row.join(" | "));
  // The heads of three tables have no code.
  assertEquals(cells.length - ours.length, 3);
  for (const code of ours) assert(!code.includes("`"), code);
  assert(ours.length > 70);
});

testWithFolder("every cell of coming_from.md about this library has its types and runs", async (folder) => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    exports: Record<string, string>;
  };
  const program = [fences(page)[0]!.text, ...ours.map((code) => `{ ${code.endsWith("}") ? code : `${code};`} }`)]
    .join("\n");
  // What the page does not place elsewhere comes from the root.
  const imported = new Set<string>();
  let head = "";
  for (const entry of [".", "./training", "./engine"]) {
    const address = new URL(exports[entry]!, root).href, names = Object.keys(await import(address));
    const used = names.filter((name) => new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(program) && !imported.has(name));
    for (const name of used) imported.add(name);
    head += `import { ${used.join(", ")} } from "${address}";\n`;
    // The page says where each of the others is from.
    for (const name of entry === "." ? [] : used) {
      const row = page.split("\n").find((line) => line.includes(`\`${name}(`) || line.includes(` ${name}(`));
      assert(row?.includes(`from \`@heed/heed${entry.slice(1)}\``), `${name} is from ${entry}`);
    }
  }
  await Deno.writeTextFile(`${folder}/cells.ts`, `${head}\n${program}\n`);
  await output(Deno.execPath(), ["run", "--no-prompt", "--check", "--no-lock", "cells.ts"], folder);
}, "run");
