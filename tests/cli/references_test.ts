/** What an experiment says on the terminal: sections by number, and no markup. */

import { assertEquals } from "@std/assert";
import { withNumbers, withStatementNumbers } from "../../core/contents.ts";
import { experimentName, experimentPath } from "../../core/experiments/experiment.ts";
import { EXPERIMENTS } from "../../core/experiments/registry.ts";
import { granted } from "../permissions.ts";

Deno.test(
  "purpose and claims of every experiment are plain text on the terminal",
  { ignore: !granted("read") },
  async () => {
    for (const { name, words } of EXPERIMENTS) {
      const { purpose, claims } = await words();
      for (const said of [withNumbers(purpose, experimentPath(name)), ...Object.values<string>(claims)]) {
        assertEquals(withStatementNumbers(said).match(/\]\(|\*\*|`/), null, name);
      }
      assertEquals(experimentName(experimentPath(name)), name);
    }
  },
);

Deno.test("withStatementNumbers() prints the number of a statement behind the words that open it", () => {
  assertEquals(withStatementNumbers("As [the notes](notes:004.27,000.3) say."), "As the notes (004.27, 000.3) say.");
});
