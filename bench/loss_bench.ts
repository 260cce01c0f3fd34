import { tensor } from "../core/engine/create.ts";
import { crossEntropy } from "../core/06_training/loss.ts";
import { benchWithGradient } from "./routes.ts";

for (const [N, V] of [[64, 100], [2048, 1000], [128, 50257]] as const) {
  benchWithGradient({
    group: `crossEntropy ${N}×${V}`,
    inputs: (random) => [
      random.normal([N, V]),
      tensor(Int32Array.from({ length: N }, () => random.integer(V)), [N], "int32"),
    ],
    run: (logits, targets) => crossEntropy(logits!, targets!),
    reference: N * V <= 65536,
  });
}
