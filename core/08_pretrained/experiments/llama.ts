/**
 * # Four ways to misread a Llama
 *
 * A small model of the LLaMA family is trained on sentences, its weights are written under the names of Hugging Face, and read back with one mistake at a time.
 *
 * @module
 */

import type { Experiment } from "../../experiments/experiment.ts";
import { misreading, type MisreadParts } from "../../experiments/misread.ts";
import { rotary } from "../../04_attention/positions/rotary.ts";
import { swiGlu } from "../../05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../05_transformer/normalization.ts";
import { llamaNames } from "../llama.ts";

/** What the experiment is made of. */
export type LlamaTraps = MisreadParts<
  "neighbours" | "base" | "epsilon" | "gate",
  "right" | "neighbours" | "gate" | "quiet"
>;

/** Read with one mistake at a time. */
export const experiment: Experiment<LlamaTraps> = misreading({
  layout: {
    hiddenSize: 64,
    numHeads: 4,
    numGroups: 2,
    numLayers: 2,
    feedForwardSize: 128,
    positions: rotary(),
    activation: swiGlu,
    norm: rmsNormalization({ epsilon: 1e-5 }),
    bias: false,
    tieHead: true,
  },
  names: llamaNames(true),
  mistakes: {
    neighbours: { options: { positions: rotary({ interleaved: true }) } },
    base: { options: { positions: rotary({ base: 500000 }) } },
    epsilon: { options: { norm: rmsNormalization({ epsilon: 1e-2 }) } },
    gate: {
      names: {
        "model.layers.*.mlp.gate_proj": "layers.*.feedForward.up",
        "model.layers.*.mlp.up_proj": "layers.*.feedForward.gate",
      },
    },
  },
  claims: {
    right: ({ right, neighbours, base, epsilon, gate }) =>
      [neighbours, base, epsilon, gate].every(({ nats }) => nats > right.nats),
    neighbours: ({ right, neighbours }) => neighbours.nats > right.nats + 0.5,
    gate: ({ right, gate }) => gate.nats > right.nats + 0.1,
    quiet: ({ right, base }) => base.nats - right.nats < 0.3,
  },
});
