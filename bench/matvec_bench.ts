/**
 * A few rows times a matrix: what one token of generated text costs.
 *
 * Every weight is read once, so the measure is bytes per second; `reading` runs over as many
 * bytes with one addition each.
 *
 * @module
 */

import { Random } from "../core/engine/random.ts";
import { scope } from "../core/engine/scope.ts";
import { withBackend } from "../core/engine/device.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import { createWasmDevice } from "../wasm/mod.ts";
import { timed } from "../tests/timed_cases.ts";
import { benchRoutes } from "./routes.ts";

const device = createWasmDevice({ threads: 1 });

/** A sum over as many numbers as the matrix has. */
function benchReading(group: string, count: number): void {
  let numbers: Tensor | undefined;
  Deno.bench({
    name: "reading",
    group,
    fn: () =>
      withBackend(device, () => {
        numbers ??= new Random(2).uniform([count]);
        scope(() => void numbers!.sum());
      }),
  });
}

for (const row of timed.matvec) {
  benchRoutes(row);
  // One row: two operations for each weight.
  if (row.name.startsWith("1 ×")) benchReading(row.name, row.flops / 2);
}
