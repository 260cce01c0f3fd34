/**
 * Matrix products: all transpositions, the sizes of a training step, batches of small ones.
 *
 * `ceiling` does as many multiply-adds on registers as the product does, in the same run: the
 * quotient of the two times is the share of the processor that the product uses.
 *
 * @module
 */

import { Ladder } from "../wasm/ladder/mod.ts";
import type { Random } from "../core/engine/random.ts";
import { benchRoutes } from "./routes.ts";

const ladder = new Ladder({ threads: 1 });

/** As many operations as a product takes, from registers alone. */
function benchCeiling(group: string, operations: number): void {
  Deno.bench({ name: "ceiling", group, fn: () => ladder.peak(operations) });
}

for (const [M, N, K] of [[256, 256, 256], [512, 512, 512], [1024, 1024, 1024], [512, 768, 3072]] as const) {
  for (const [form, turnA, turnB] of [["A B", 0, 0], ["A Bᵀ", 0, 1], ["Aᵀ B", 1, 0], ["Aᵀ Bᵀ", 1, 1]] as const) {
    const group = `matmul ${M}×${N}×${K}, ${form}`;
    benchRoutes({
      group,
      inputs: (random: Random) => [
        turnA ? random.normal([K, M]).transpose() : random.normal([M, K]),
        turnB ? random.normal([N, K]).transpose() : random.normal([K, N]),
      ],
      run: (a, b) => a!.matmul(b!),
    });
    benchCeiling(group, 2 * M * N * K);
  }
}

// The products of one layer in training (2048 tokens, 128 wide), and heads as the definition of attention multiplies them.
for (
  const shapes of [
    [[2048, 128], [128, 512]],
    [[128, 2048], [2048, 512]],
    [[128, 64, 32], [128, 32, 64]],
    [[1000, 8, 8], [1000, 8, 8]],
  ]
) {
  const [a, b] = shapes as [number[], number[]];
  const group = `matmul ${a.join("×")} by ${b.join("×")}`;
  benchRoutes({
    group,
    inputs: (random: Random) => [random.normal(a), random.normal(b)],
    run: (x, y) => x!.matmul(y!),
  });
  benchCeiling(group, 2 * a.reduce((size, extent) => size * extent) * b.at(-1)!);
}
