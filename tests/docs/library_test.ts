/** The pages of the site that lead a reader through a program are followed, and print what they show. */

import { assertEquals } from "@std/assert";
import { follow, prepare, runDeno } from "../../docs/followed.ts";
import { FOLLOWED, NOTEBOOK, pageOf } from "../../docs/library.ts";
import { execute, type Notebook, runBeside, textOf } from "../../docs/notebook.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { granted, note, testWithFolder } from "../permissions.ts";

const root = new URL("../../", import.meta.url);

/** The bits of a run of training are those of fused multiply-adds. */
const fused = createWasmDevice().description.includes("fused multiply-adds");
if (!fused) {
  note("what the library's pages print is not compared: they have it from a machine with fused multiply-adds");
}

Deno.test(
  "the cells of docs/notebook.ipynb show what it stores",
  { ignore: !granted("read", "write", "run") },
  async () => {
    const text = await Deno.readTextFile(NOTEBOOK), beside = new URL("./", NOTEBOOK);
    const found = await execute(JSON.parse(text), (program) => runBeside(beside, program));
    const counts = found.cells.map(({ outputs = [] }) => outputs.length);
    assertEquals(counts, (JSON.parse(text) as Notebook).cells.map(({ outputs = [] }) => outputs.length));
    if (fused) assertEquals(textOf(found), text);
  },
);

for (const name of FOLLOWED) {
  testWithFolder(
    `docs/pages/library/${name}.md prints what it shows, and its files have their types`,
    async (folder) => {
      await prepare(root, folder);
      for (const { command, shown, printed, code } of await follow(await Deno.readTextFile(pageOf(name)), folder)) {
        assertEquals(code, 0, `${command}\n${printed}`);
        if (fused && shown !== undefined) assertEquals(printed, shown, command);
      }
      const files = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((file) => file.endsWith(".ts"));
      assertEquals((await runDeno(`deno check -q ${files.join(" ")}`, folder)).printed, "");
    },
    "run",
  );
}
