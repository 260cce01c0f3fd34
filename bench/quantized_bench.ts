/**
 * Weights at inference: a few rows, and a prompt, times a matrix in each packed format.
 *
 * One row takes the time of reading the weights: 4, 1.125 and 0.625 bytes each.
 *
 * @module
 */

import type { PackedFormat } from "../core/engine/backend.ts";
import { withBackend } from "../core/engine/device.ts";
import { PackedMatrix } from "../core/engine/packed.ts";
import { Random } from "../core/engine/random.ts";
import { scope } from "../core/engine/scope.ts";
import { createWasmDevice } from "../wasm/mod.ts";

const single = createWasmDevice({ threads: 1 });
const threaded = createWasmDevice();
const strict = createWasmDevice({ threads: 1, relaxed: false });
const formats: readonly PackedFormat[] = ["float32", "float16", "int8", "int4"];

for (const [K, N] of [[768, 3072], [768, 50257]] as const) {
  for (const rows of N > 10000 ? [1] : [1, 2, 4, 8, 128]) {
    for (const format of formats) {
      for (const [route, device] of [["", single], [", threads", threaded], [", strict", strict]] as const) {
        let made: { x: ReturnType<Random["normal"]>; packed: PackedMatrix } | undefined;
        Deno.bench({
          name: `${format}${route}`,
          group: `${rows} × ${K} by ${K}×${N}`,
          baseline: format === "float32" && route === "",
          fn: () =>
            withBackend(device, () => {
              made ??= scope(() => {
                const random = new Random(1);
                return {
                  x: random.normal([rows, K]),
                  packed: PackedMatrix.of(random.uniform([K, N]), format, false),
                };
              });
              const { x, packed } = made;
              scope(() => void packed.multiply(x));
            }),
        });
      }
    }
  }
}
