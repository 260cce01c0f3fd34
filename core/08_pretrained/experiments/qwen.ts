/**
 * # Four ways to misread a Qwen
 *
 * A small Qwen 3 is trained on sentences, its weights are written under the names of Hugging Face, and read back with one mistake at a time.
 *
 * @module
 */

import type { Experiment } from "../../experiments/experiment.ts";
import { misreading, type MisreadParts } from "../../experiments/misread.ts";
import { multiHead } from "../../04_attention/multi_head.ts";
import { rotary } from "../../04_attention/positions/rotary.ts";
import { swiGlu } from "../../05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../05_transformer/normalization.ts";
import { llamaNames } from "../llama.ts";
import { headNormNames } from "../qwen.ts";

/** What the experiment is made of. */
export type QwenTraps = MisreadParts<"neighbours" | "exchanged" | "missing" | "window", "right" | "missing" | "quiet">;

const norm = rmsNormalization({ epsilon: 1e-6 });

/** Read with one mistake at a time. */
export const experiment: Experiment<QwenTraps> = misreading({
  layout: {
    hiddenSize: 64,
    numHeads: 4,
    numGroups: 2,
    headSize: 32,
    numLayers: 2,
    feedForwardSize: 128,
    positions: rotary(),
    attention: multiHead({ queryKeyNorm: norm }),
    activation: swiGlu,
    norm,
    bias: false,
    tieHead: true,
  },
  names: { ...llamaNames(true), ...headNormNames.safetensors },
  mistakes: {
    neighbours: { options: { positions: rotary({ interleaved: true }) } },
    exchanged: {
      names: {
        "model.layers.*.self_attn.q_norm": "layers.*.attention.keyNorm",
        "model.layers.*.self_attn.k_norm": "layers.*.attention.queryNorm",
      },
    },
    missing: {
      options: { attention: multiHead() },
      names: { "model.layers.*.self_attn.q_norm": null, "model.layers.*.self_attn.k_norm": null },
    },
    window: { options: { attention: multiHead({ queryKeyNorm: norm, window: { before: 31 } }) } },
  },
  claims: {
    right: ({ right, neighbours, exchanged, missing, window }) =>
      [neighbours, exchanged, missing, window].every(({ nats }) => nats > right.nats - 0.01),
    missing: ({ right, missing }) => missing.nats > right.nats + 0.1,
    quiet: ({ right, window, exchanged }) => [window, exchanged].every(({ nats }) => Math.abs(nats - right.nats) < 0.1),
  },
});
