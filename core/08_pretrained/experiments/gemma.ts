/**
 * # Five ways to misread a Gemma
 *
 * A small Gemma 3 is trained on sentences, its weights are written under the names of Hugging Face, and read back with one mistake at a time.
 *
 * @module
 */

import type { Experiment } from "../../experiments/experiment.ts";
import { misreading, type MisreadParts } from "../../experiments/misread.ts";
import { multiHead } from "../../04_attention/multi_head.ts";
import { rotary } from "../../04_attention/positions/rotary.ts";
import { geGluTanh, swiGlu } from "../../05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../05_transformer/normalization.ts";
import { gemmaNames } from "../gemma.ts";

/** What the experiment is made of. */
export type GemmaTraps = MisreadParts<
  "gain" | "scale" | "place" | "window" | "activation",
  "right" | "gain" | "scale" | "quiet"
>;

const norm = rmsNormalization({ epsilon: 1e-6, offset: 1 }), attention = multiHead({ queryKeyNorm: norm });
const local = { attention: multiHead({ queryKeyNorm: norm, window: { before: 7 } }), positions: rotary({ base: 100 }) };

/** Read with one mistake at a time. */
export const experiment: Experiment<GemmaTraps> = misreading({
  layout: {
    hiddenSize: 64,
    numHeads: 4,
    numGroups: 1,
    numLayers: 2,
    feedForwardSize: 128,
    positions: rotary(),
    attention,
    pattern: [local, {}],
    activation: geGluTanh,
    norm,
    placement: "both",
    embeddingScale: 8,
    bias: false,
    tieHead: true,
  },
  names: gemmaNames("gemma3"),
  mistakes: {
    gain: {
      options: {
        norm: rmsNormalization({ epsilon: 1e-6 }),
        attention: multiHead({ queryKeyNorm: rmsNormalization({ epsilon: 1e-6 }) }),
      },
    },
    scale: { options: { embeddingScale: 1 } },
    place: {
      names: {
        "model.layers.*.post_attention_layernorm": "layers.*.feedForwardResidual.norm",
        "model.layers.*.pre_feedforward_layernorm": "layers.*.attentionResidual.outputNorm",
      },
    },
    window: { options: { pattern: [{ ...local, attention }, {}] } },
    activation: { options: { activation: swiGlu } },
  },
  claims: {
    right: ({ right, gain, scale, place, window, activation }) =>
      [gain, scale, place, window, activation].every(({ nats }) => nats > right.nats - 0.01),
    gain: ({ right, gain }) => gain.nats > right.nats + 0.5,
    scale: ({ right, scale }) => scale.nats > right.nats + 0.1,
    quiet: ({ right, place }) => place.nats - right.nats < 0.3,
  },
});
