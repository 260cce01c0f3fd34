/**
 * # Weights in blocks, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { StoredWeightsRun } from "../runs/stored_weights.ts";

/** The recorded run. */
export const run: RunFigures<StoredWeightsRun> = {
  figures({ passages, length, weights, rows }) {
    return [
      {
        kind: "table",
        caption: `SmolLM2-135M-Instruct with its ${
          number(weights)
        } weights kept in ten ways: as its file has them (Q4_1, and Q8_0 for the table of tokens), unpacked to float32, and rounded again. ${passages} passages of ${length} tokens; the error of the logits is a root of the mean square, by their standard deviation. One core.`,
        columns: [
          ...["weights", "megabytes", "perplexity", "error of logits", "largest", "same token"],
          ...["read, tokens a second", "written"],
        ],
        rows: rows.map((row) => [
          row.format === "stored" ? "as stored" : row.format,
          fixed(row.bytes / 1e6, 0),
          fixed(row.perplexity, 2),
          percent(row.error, 1),
          percent(row.largest, 0),
          percent(row.same, 1),
          fixed(row.reading, 0),
          fixed(row.writing, 0),
        ]),
      },
    ];
  },
  reading({ rows }) {
    const of = (format: string) => rows.find((row) => row.format === format)!;
    const [exact, stored, eight] = [of("float32"), of("stored"), of("Q8_0")];
    return [
      `As its file has them the weights take ${
        fixed(exact.bytes / stored.bytes, 1)
      } times less than in float32, and tokens are written ${
        fixed(stored.writing / exact.writing, 1)
      } times as fast. Nothing is rounded a second time but the rows that are multiplied, to eight bits: that alone moves the logits by ${
        percent(stored.error, 1)
      } of their deviation, and the perplexity from ${fixed(exact.perplexity, 2)} to ${
        fixed(stored.perplexity, 2)
      }. In Q8_0, where rows and weights are rounded to eight bits, the error is ${percent(eight.error, 1)}.`,
    ];
  },
};
