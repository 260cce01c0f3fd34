import { softmax } from "../core/02_words/softmax.ts";
import { benchWithGradient } from "./routes.ts";

for (const [rows, columns] of [[64, 64], [64, 1024], [4096, 1024]] as const) {
  benchWithGradient({
    group: `softmax ${rows}×${columns}`,
    inputs: (random) => [random.normal([rows, columns])],
    run: (scores) => softmax(scores),
    reference: rows * columns <= 65536,
  });
}
