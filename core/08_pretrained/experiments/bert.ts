/**
 * # Seven ways to misread a BERT
 *
 * A small BERT is trained on hidden words in pairs of texts, its weights are written under the names of Hugging Face, and read back with one mistake at a time.
 *
 * @module
 */

import { lengthMask } from "../../04_attention/masks.ts";
import { learned } from "../../04_attention/positions/absolute.ts";
import { EncoderOnly, type EncoderOnlyOptions } from "../../05_transformer/encoder_only.ts";
import { geluTanh } from "../../05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../../05_transformer/normalization.ts";
import { exportState, importState, type StateNames } from "../../06_training/state_names.ts";
import { noGrad } from "../../engine/autograd.ts";
import { zeros } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { rounded } from "../../experiments/arithmetic.ts";
import {
  COUPLES,
  type CouplesOptions,
  drawCouples,
  type HiddenBatch,
  hiddenWords,
  idsOf,
  lossOfHidden,
  WORDS,
} from "../../experiments/couples.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { percent } from "../../experiments/numbers.ts";
import { read, readRows } from "../../experiments/reading.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { bertNames } from "../bert.ts";

/** Texts of a batch, texts that are judged by, and the most words of a row. */
const BATCH = 32, JUDGED = 400, LENGTH = 12;
/** Two texts of different lengths, of which a quarter is hidden. */
const TEXTS: CouplesOptions = { couples: [2, 3], texts: 2, hidden: 0.25, uneven: true, batchSize: BATCH };
/** One row of the table of positions is never used here: it is what a reader that begins one row later needs. */
const LAYOUT: EncoderOnlyOptions = {
  ...{ vocabSize: WORDS.length, contextLength: LENGTH + 1, hiddenSize: 32, numHeads: 2, numLayers: 1 },
  ...{ feedForwardSize: 64, dropout: 0 },
};

type Name = "preNorm" | "positions" | "padding" | "types" | "bias" | "gelu" | "epsilon";

/** How a reading differs from the right one. */
interface Mistake {
  readonly options?: Partial<EncoderOnlyOptions>;
  readonly names?: StateNames;
  /** What is done wrong in every call. */
  readonly call?: "padding is read" | "no types";
  readonly withoutBias?: true;
}
const MISTAKES: Readonly<Record<Name, Mistake>> = {
  preNorm: { options: { placement: "pre", closingNorm: false } },
  positions: { options: { positions: learned({ firstRow: 1 }), contextLength: LENGTH } },
  padding: { call: "padding is read" },
  types: { options: { numTypes: 0 }, names: { "bert.embeddings.token_type_embeddings": null }, call: "no types" },
  bias: { withoutBias: true },
  gelu: { options: { activation: geluTanh } },
  epsilon: { options: { norm: layerNormalization() } },
};
const NAMES = Object.keys(MISTAKES) as Name[];

/** What is found, in the order of the mistakes; the right reading comes first. */
export interface BertFindings {
  /** Loss at hidden words of texts that were not learned, in nats. */
  readonly nats: readonly number[];
  /** Hidden places at which the most probable word is that of the right reading, as a fraction. */
  readonly same: readonly number[];
}

/** What the experiment is made of. */
export interface BertTraps extends Parts {
  findings: BertFindings;
  controls: "steps" | "seed";
  claims: "loud" | "order" | "silent" | "quiet";
  captions: "nats" | "table";
  labels: Labels<Name | "right" | "nats" | "same" | "reading">;
}

/** Scores of all places. */
function scores(model: EncoderOnly, { inputs, types, lengths }: HiddenBatch, call?: Mistake["call"]): Tensor {
  return model.forward(idsOf(inputs), {
    mask: call === "padding is read" ? undefined : lengthMask(lengths, inputs[0]!.length),
    types: call === "no types" ? undefined : idsOf(types),
  });
}

/** Read with one mistake at a time. */
export const experiment: Experiment<BertTraps> = {
  controls: { steps: { default: 600, min: 50, max: 1500, step: 50 }, seed: SEED },
  constants: { couples: COUPLES, width: LAYOUT.hiddenSize! },
  tolerance: 0.2,
  claims: {
    loud: { holds: ({ nats }) => [2, 4].every((i) => nats[i]! > nats[0]! + 0.5) },
    order: { holds: ({ nats }) => nats[1]! > nats[0]! + 0.1 },
    silent: { holds: ({ nats }) => [3, 5].every((i) => nats[i]! < nats[0]! + 0.1) },
    quiet: { holds: ({ nats, same }) => [6, 7].every((i) => Math.abs(nats[i]! - nats[0]!) < 0.01 && same[i]! > 0.99) },
  },
  async measure({ steps, seed }, options) {
    const random = new Random(seed), model = new EncoderOnly(LAYOUT, random);
    await learn({
      model,
      next: () => drawCouples(random, TEXTS),
      loss: (batch) => lossOfHidden(scores(model, batch), batch),
      steps,
      learningRate: 1e-2,
      every: steps,
    }, { ...options, onProgress: (done) => options.onProgress?.(0.9 * done) });
    const file = await exportState(model, { names: bertNames }), found: { nats: number; best: number[] }[] = [];
    const judged = drawCouples(new Random(7), { ...TEXTS, batchSize: JUDGED }), places = hiddenWords(judged);
    const readings = new Steps({ ...options.signal && { signal: options.signal } }, NAMES.length + 1);
    for (const mistake of [{}, ...NAMES.map((name) => MISTAKES[name])] as readonly Mistake[]) {
      await readings.next();
      const other = new EncoderOnly({ ...LAYOUT, ...mistake.options }, Random.none);
      const names = Object.fromEntries(Object.entries({ ...bertNames, ...mistake.names }));
      importState(other, file, { names });
      if (mistake.withoutBias) noGrad(() => other.head!.bias.assign(zeros([WORDS.length])));
      other.eval();
      const [nats] = await read(() => lossOfHidden(scores(other, judged, mistake.call), judged));
      const [best] = await readRows(() => scores(other, judged, mistake.call).argmax(-1).reshape([1, -1]));
      found.push({ nats: rounded(nats!), best: places.map(({ place }) => best![place]!) });
      discard(other);
    }
    discard(model);
    const right = found[0]!.best;
    return {
      nats: found.map(({ nats }) => nats),
      same: found.map(({ best }) => rounded(best.filter((word, i) => word === right[i]).length / best.length)),
    };
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
        rows: rows.map((label, i) => [label, findings.nats[i]!.toFixed(4), percent(findings.same[i]!, 3)]),
      },
    ];
  },
};
