/** The table of what rounding costs, in `core/engine/packed.ts`, is what `bench/quantization.ts` wrote down. */

import { assert, assertEquals } from "@std/assert";
import results from "../../bench/quantization.json" with { type: "json" };
import { granted } from "../permissions.ts";

const page = new URL("../../core/engine/packed.ts", import.meta.url);

/** A share in percent, with one decimal, or two where the first says little. */
function percent(share: number): string {
  return share === 0 ? "0" : `${(100 * share).toFixed(share < 0.001 ? 2 : 1)} %`;
}

Deno.test("the table of formats says what was measured", { ignore: !granted("read") }, async () => {
  const text = await Deno.readTextFile(page);
  for (const { format, perplexity, relativeError, sameChoice } of results.rows) {
    const row = new RegExp(`^ \\* \\| ${format} +\\|(.*)\\|$`, "m").exec(text);
    assert(row, `no row of ${format}`);
    const [, ...cells] = row[1]!.split("|").map((cell) => cell.trim());
    assertEquals(cells, [perplexity.toFixed(3), percent(relativeError), percent(sameChoice)], format);
  }
});
