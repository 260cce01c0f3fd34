/**
 * # Four ways to misread GPT-2
 *
 * A small GPT-2 is trained on sentences, its weights are written under the names and in the order of the published ones, and read back with one mistake at a time.
 *
 * @module
 */

import type { Experiment } from "../../experiments/experiment.ts";
import { misreading, type MisreadParts } from "../../experiments/misread.ts";
import { gelu } from "../../05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../../05_transformer/normalization.ts";
import { gpt2Names } from "../gpt2.ts";

/** What the experiment is made of. */
export type Gpt2Traps = MisreadParts<"square" | "order" | "gelu" | "epsilon", "right" | "square" | "order" | "quiet">;

/** Read with one mistake at a time. */
export const experiment: Experiment<Gpt2Traps> = misreading({
  layout: { hiddenSize: 64, numHeads: 4, numLayers: 2, feedForwardSize: 128 },
  names: gpt2Names,
  mistakes: {
    square: {
      names: { "h.*.attn.c_proj.weight": { paths: ["layers.*.attention.output.weight"], transposed: true } },
    },
    order: {
      names: {
        "h.*.attn.c_attn.weight": {
          paths: ["key", "query", "value"].map((part) => `layers.*.attention.${part}.weight`),
        },
      },
    },
    gelu: { options: { activation: gelu } },
    epsilon: { options: { norm: layerNormalization({ epsilon: 1e-2 }) } },
  },
  claims: {
    right: ({ right, square, order, gelu, epsilon }) =>
      [square, order, gelu, epsilon].every(({ nats }) => nats > right.nats - 0.005),
    square: ({ right, square }) => square.nats > right.nats + 0.1,
    order: ({ right, order }) => order.nats > right.nats + 0.1,
    quiet: ({ right, gelu }) => gelu.nats - right.nats < 0.01 && gelu.same > 0.98,
  },
});
