/**
 * Matrix products: all transpositions, the sizes of a training step, batches of small ones.
 *
 * `ceiling` does as many multiply-adds on registers as the product does, in the same run: the
 * quotient of the two times is the share of the processor that the product uses.
 *
 * @module
 */

import { timed } from "../tests/timed_cases.ts";
import { Ladder } from "../wasm/ladder/mod.ts";
import { benchRoutes } from "./routes.ts";

const ladder = new Ladder({ threads: 1 });

for (const row of timed.matmul) {
  benchRoutes(row);
  Deno.bench({ name: "ceiling", group: row.name, fn: () => ladder.peak(row.flops) });
}
