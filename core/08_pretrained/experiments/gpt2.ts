/**
 * # Four ways to misread GPT-2
 *
 * A small GPT-2 is trained on sentences, its weights are written under the names and in the order of the published ones, and read back with one mistake at a time.
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { misread, type Mistake } from "../../experiments/misread.ts";
import { SEED } from "../../experiments/seed.ts";
import { gelu } from "../../05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../../05_transformer/normalization.ts";
import { gpt2Names } from "../gpt2.ts";

type Name = "square" | "order" | "gelu" | "epsilon";
const MISTAKES: Readonly<Record<Name, Mistake>> = {
  square: {
    names: { "h.*.attn.c_proj.weight": { paths: ["layers.*.attention.output.weight"], transposed: true } },
  },
  order: {
    names: {
      "h.*.attn.c_attn.weight": { paths: ["key", "query", "value"].map((part) => `layers.*.attention.${part}.weight`) },
    },
  },
  gelu: { options: { activation: gelu } },
  epsilon: { options: { norm: layerNormalization({ epsilon: 1e-2 }) } },
};

const LAYOUT = { hiddenSize: 64, numHeads: 4, numLayers: 2, feedForwardSize: 128 };
/** The mistakes, in the order of the figures. */
const NAMES = Object.keys(MISTAKES) as Name[];

/** What is found, in the order of the mistakes; the right reading comes first. */
export interface Gpt2Findings {
  /** Loss on texts that were not learned, in nats per character. */
  readonly nats: readonly number[];
  /** Places at which the most probable character is that of the right reading, as a fraction. */
  readonly same: readonly number[];
}

/** What the experiment is made of. */
export interface Gpt2Traps extends Parts {
  findings: Gpt2Findings;
  controls: "steps" | "seed";
  claims: "right" | "square" | "order" | "quiet";
  captions: "nats" | "table";
  labels: Labels<Name | "right" | "nats" | "same" | "reading">;
}

/** Read with one mistake at a time. */
export const experiment: Experiment<Gpt2Traps> = {
  controls: { steps: { default: 240, min: 40, max: 600, step: 20 }, seed: SEED },
  claims: {
    right: { holds: ({ nats }) => nats.slice(1).every((other) => other > nats[0]! - 0.005) },
    square: { holds: ({ nats }) => nats[1]! > nats[0]! + 0.1 },
    order: { holds: ({ nats }) => nats[2]! > nats[0]! + 0.1 },
    quiet: { holds: ({ nats, same }) => nats[3]! - nats[0]! < 0.01 && same[3]! > 0.98 },
  },
  async measure({ steps, seed }, options) {
    const found = await misread({ ...LAYOUT }, gpt2Names, Object.values(MISTAKES), { steps, seed }, options);
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
