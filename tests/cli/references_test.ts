/** What an experiment says on the terminal: sections by number, and no markup. */

import { assertEquals } from "@std/assert";
import { withNumbers } from "../../core/contents.ts";
import { experimentName, experimentPath } from "../../core/experiments/experiment.ts";
import { EXPERIMENTS } from "../../core/experiments/registry.ts";
import { granted } from "../permissions.ts";

Deno.test("the purpose of every experiment is plain text on the terminal", { ignore: !granted("read") }, async () => {
  for (const { name, words } of EXPERIMENTS) {
    const { purpose } = await words();
    assertEquals(withNumbers(purpose, experimentPath(name)).match(/\]\(|\*\*|`/), null, name);
    assertEquals(experimentName(experimentPath(name)), name);
  }
});
