import { scaledDotProductAttention as attention } from "../core/04_attention/scaled_dot_product.ts";
import { benchRoutes, benchWithGradient } from "./routes.ts";

for (const [B, H, T, D] of [[1, 4, 16, 16], [32, 4, 64, 32], [1, 12, 128, 64], [1, 12, 512, 64]] as const) {
  for (const causal of [false, true]) {
    benchWithGradient({
      group: `attention B${B} H${H} T${T} D${D}${causal ? " causal" : ""}`,
      // Heads as a projection leaves them: [B, T, H, D] in memory.
      inputs: (random) => [1, 2, 3].map(() => random.normal([B, T, H, D]).transpose(1, 2)),
      run: (query, key, value) => attention(query!, key!, value!, { causal }),
      reference: T <= 16,
    });
  }
}

// One query against a cache with room for twice as many positions.
for (const [H, G, S, D] of [[12, 12, 128, 64], [12, 12, 1024, 64], [32, 8, 1024, 64]] as const) {
  benchRoutes({
    group: `attention of one query, H${H} G${G} S${S} D${D}`,
    inputs: (random) => [
      random.normal([1, H, 1, D]),
      ...[1, 2].map(() => random.normal([1, G, 2 * S, D]).slice(2, 0, S)),
    ],
    run: (query, key, value) => attention(query!, key!, value!, { causal: true }),
  });
}
