/** Says on which packages the tests run: one line of the output, ignored by its name where the stand-ins answer. */

import * as assert from "@std/assert";
import * as cli from "@std/cli/parse-args";
import { granted } from "./permissions.ts";

const standIns = [["@std/assert", assert], ["@std/cli", cli]].filter(([, module]) => "standIn" in (module as object));
const names = standIns.map(([name]) => name).join(" and ");
/** `test:jsr` insists on the packages. */
const insists = granted("env") && Deno.env.get("HEED_PACKAGES") === "registry";

Deno.test({
  name: names === ""
    ? "these tests run on the packages @std/assert and @std/cli"
    : `these tests run on stand-ins for ${names}, by the imports of deno.json; test:jsr runs on the packages`,
  ignore: names !== "" && !insists,
  fn: () => assert.assertEquals(names, ""),
});
