/**
 * # Four ways to misread a Llama
 *
 * A small model of the LLaMA family is trained on sentences, its weights are written under the names of Hugging Face, and read back with one mistake at a time.
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { misread, type Mistake } from "../../experiments/misread.ts";
import { SEED } from "../../experiments/seed.ts";
import { rotary } from "../../04_attention/positions/rotary.ts";
import { swiGlu } from "../../05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../05_transformer/normalization.ts";
import { llamaNames } from "../llama.ts";

type Name = "neighbours" | "base" | "epsilon" | "gate";
const MISTAKES: Readonly<Record<Name, Mistake>> = {
  neighbours: { options: { positions: rotary({ interleaved: true }) } },
  base: { options: { positions: rotary({ base: 500000 }) } },
  epsilon: { options: { norm: rmsNormalization({ epsilon: 1e-2 }) } },
  gate: {
    names: {
      "model.layers.*.mlp.gate_proj": "layers.*.feedForward.up",
      "model.layers.*.mlp.up_proj": "layers.*.feedForward.gate",
    },
  },
};

const LAYOUT = {
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
};
/** The mistakes, in the order of the figures. */
const NAMES = Object.keys(MISTAKES) as Name[];

/** What is found, in the order of the mistakes; the right reading comes first. */
export interface LlamaFindings {
  /** Loss on texts that were not learned, in nats per character. */
  readonly nats: readonly number[];
  /** Places at which the most probable character is that of the right reading, as a fraction. */
  readonly same: readonly number[];
}

/** What the experiment is made of. */
export interface LlamaTraps extends Parts {
  findings: LlamaFindings;
  controls: "steps" | "seed";
  claims: "right" | "neighbours" | "gate" | "quiet";
  captions: "nats" | "table";
  labels: Labels<Name | "right" | "nats" | "same" | "reading">;
}

/** Read with one mistake at a time. */
export const experiment: Experiment<LlamaTraps> = {
  controls: { steps: { default: 240, min: 40, max: 600, step: 20 }, seed: SEED },
  claims: {
    right: { holds: ({ nats }) => nats.slice(1).every((other) => other > nats[0]!) },
    neighbours: { holds: ({ nats }) => nats[1]! > nats[0]! + 0.5 },
    gate: { holds: ({ nats }) => nats[4]! > nats[0]! + 0.1 },
    quiet: { holds: ({ nats }) => nats[2]! - nats[0]! < 0.3 },
  },
  async measure({ steps, seed }, options) {
    const found = await misread({ ...LAYOUT }, llamaNames(true), Object.values(MISTAKES), { steps, seed }, options);
    return { nats: found.map(({ nats }) => nats), same: found.map(({ same }) => same) };
  },
  draw(findings, { captions, labels }) {
    const rows = [labels.right, ...NAMES.map((name) => labels[name])];
    return [
      {
        kind: "bars",
        caption: captions.nats(findings),
        y: { title: labels.nats },
        bars: rows.map((label, i) => ({ label, value: findings.nats[i]! })),
      },
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [labels.reading, labels.nats, labels.same],
        rows: rows.map((label, i) => [label, findings.nats[i]!.toFixed(3), percent(findings.same[i]!, 3)]),
      },
    ];
  },
};
