import { assert, assertEquals, assertRejects } from "@std/assert";
import { EXPERIMENTS } from "../core/experiments.ts";
import "../mod.ts";

for (const { name, claims, controls, run } of EXPERIMENTS) {
  Deno.test(`the experiment ${name} bears out its claims`, async () => {
    const defaults = Object.fromEntries(Object.entries(controls).map(([key, control]) => [key, control.default]));
    const table = await run(defaults, {});
    for (const row of table.rows) assertEquals(row.length, table.columns.length);
    for (const claim of claims) assert(claim.holds(table), claim.text);
  });

  Deno.test(`the experiment ${name} gives the same table for the same seed, and stops when told`, async () => {
    const smallest = Object.fromEntries(Object.entries(controls).map(([key, control]) => [key, control.min]));
    assertEquals(await run(smallest, {}), await run(smallest, {}));
    await assertRejects(() => run(smallest, { signal: AbortSignal.abort() }));
  });
}
