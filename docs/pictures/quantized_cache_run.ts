/**
 * # Keys and values in eight bits, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { QuantizedCacheRun } from "../runs/quantized_cache.ts";

/** The recorded run. */
export const run: RunFigures<QuantizedCacheRun> = {
  figures({ perplexity, bytes, passages, length, layers, headSize }) {
    return [
      {
        kind: "table",
        caption:
          `What is kept for each position, and the perplexity of ${passages} passages of ${length} tokens that are read token by token. ${
            number(layers)
          } layers, heads of width ${number(headSize)}.`,
        columns: ["cache", "bytes for a position", "perplexity"],
        rows: ["float32", "int8"].map((type, i) => [type, number(bytes[i]!), fixed(perplexity[i]!, 3)]),
      },
    ];
  },
  reading({ bytes, largest, error, same, weights }) {
    return [
      `In int8 the caches take ${
        fixed(bytes[0]! / bytes[1]!, 2)
      } times less. By the standard deviation of all logits, a logit differs by ${
        percent(error)
      } (root of the mean square) and by ${percent(largest)} at most; the most probable token is the same at ${
        percent(same, 1)
      } of all places. The model has ${number(weights)} weights.`,
    ];
  },
};
