import { layerNorm } from "../core/05_transformer/normalization.ts";
import { benchWithGradient } from "./routes.ts";

for (const [rows, E] of [[64, 64], [64, 1024], [2048, 128], [4096, 768]] as const) {
  benchWithGradient({
    group: `layerNorm ${rows}×${E}`,
    inputs: (random) => [random.normal([rows, E]), random.normal([E]), random.normal([E])],
    run: (x, gain, bias) => layerNorm(x!, gain, bias),
    reference: rows * E <= 65536,
  });
}
