/**
 * # How large the paper’s models are
 *
 * The weights of the paper’s two models are counted from their shapes, part by part.
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { type EncoderDecoderOptions, transformerBase, transformerBig, transformerSize } from "../layout.ts";

/** Parts of a model that have weights. */
const PARTS = ["embeddings", "selfAttention", "crossAttention", "feedForward", "norms"] as const;

/** What is found. */
export interface SizeFindings {
  /** Trained numbers of the base and the big model. */
  readonly base: number;
  readonly big: number;
  /** Weights of the parts of the base model, then of the big one. */
  readonly parts: readonly number[];
  /** The vocabulary with which each would have as many weights as the paper's table says. */
  readonly needed: readonly number[];
}

/** What the experiment is made of. */
export interface Size extends Parts {
  findings: SizeFindings;
  controls: "vocabulary";
  claims: "base" | "big" | "sum";
  captions: "parts" | "shapes";
  labels:
    & Labels<typeof PARTS[number] | "base" | "big" | "trained">
    & Labels<"model" | "layers" | "width" | "heads" | "inside" | "weights">;
}

/** What the paper's table 3 says of both, in weights. */
const TABLE = { base: 65e6, big: 213e6 } as const;

/** Weights by part, for the paper's shapes. */
function partsOf({ hiddenSize = 512, vocabSize }: EncoderDecoderOptions): number[] {
  const E = hiddenSize, attention = 4 * (E + 1) * E, feedForward = 8 * E * E + 5 * E, norm = 2 * E;
  return [vocabSize * E, 12 * attention, 6 * attention, 12 * feedForward, 30 * norm];
}

/** How many weights the paper's models have. */
export const experiment: Experiment<Size> = {
  constants: { tableBase: TABLE.base, tableBig: TABLE.big },
  controls: { vocabulary: { default: 37000, min: 1000, max: 100_000, step: 1000 } },
  claims: {
    base: { holds: ({ base }) => Math.abs(base / TABLE.base - 1) < 0.04 },
    big: { holds: ({ big }) => Math.abs(big / TABLE.big - 1) < 0.01 },
    sum: { holds: ({ base, parts }) => parts.slice(0, 5).reduce((a, b) => a + b, 0) === base },
  },
  measure({ vocabulary: vocabSize }, { signal }) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const [base, big] = [{ ...transformerBase, vocabSize }, { ...transformerBig, vocabSize }];
    const neededBy = (options: EncoderDecoderOptions, weights: number): number =>
      Math.round(vocabSize + (weights - transformerSize(options)) / (options.hiddenSize ?? 512));
    return Promise.resolve({
      needed: [neededBy(base, TABLE.base), neededBy(big, TABLE.big)],
      base: transformerSize(base),
      big: transformerSize(big),
      parts: [...partsOf(base), ...partsOf(big)],
    });
  },
  draw(findings, { captions, labels }) {
    const { base, big, parts } = findings;
    return [
      {
        kind: "bars",
        caption: captions.parts(findings),
        y: { title: labels.trained },
        bars: [labels.base, labels.big].flatMap((group, model) =>
          PARTS.map((name, i) => ({ label: labels[name], value: parts[model * PARTS.length + i]!, group }))
        ),
      },
      {
        kind: "table",
        caption: captions.shapes(findings),
        columns: [labels.model, labels.layers, labels.width, labels.heads, labels.inside, labels.weights],
        rows: [[labels.base, 6, 512, 8, 2048, base], [labels.big, 6, 1024, 16, 4096, big]],
      },
    ];
  },
};
