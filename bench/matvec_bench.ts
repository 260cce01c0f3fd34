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

for (const rows of [1, 4]) {
  for (const [K, N] of [[768, 768], [768, 3072], [3072, 768]] as const) {
    for (const turned of [false, true]) {
      const group = `${rows} × ${K} by ${K}×${N}${turned ? ", stored column by column" : ""}`;
      benchRoutes({
        group,
        inputs: (random: Random) => [
          random.normal([rows, K]),
          turned ? random.normal([N, K]).transpose() : random.normal([K, N]),
        ],
        run: (x, weight) => x!.matmul(weight!),
      });
      if (rows === 1) benchReading(group, K * N);
    }
  }
}

benchRoutes({
  group: "1 × 768 by 768×50257, stored column by column",
  inputs: (random: Random) => [random.normal([1, 768]), random.normal([50257, 768]).transpose()],
  run: (x, weight) => x!.matmul(weight!),
});
