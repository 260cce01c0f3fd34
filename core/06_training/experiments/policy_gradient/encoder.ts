/**
 * # How the gradient reaches the encoder
 *
 * The gradient of every encoder layer, with the cross-attention as it is, cut, and open in one decoder layer only.
 *
 * @module
 */

import { EncoderDecoder } from "../../../05_transformer/encoder_decoder.ts";
import { Random } from "../../../engine/random.ts";
import { release, scope } from "../../../engine/scope.ts";
import { tensor } from "../../../engine/create.ts";
import { coarse, rounded } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../../experiments/experiment.ts";
import { discard } from "../../../experiments/learning.ts";
import { Steps } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { crossEntropy } from "../../loss.ts";
import { policyGradientLoss, sampledTargets } from "../../policy_gradient.ts";

const SIZE = 32, HEADS = 4;
const V = 40, B = 8, LENGTH = 9, BEGIN = 1, END = 2;

/** What is found. */
export interface EncoderGradientFindings {
  /** Length of the gradient of each encoder layer, of the cross-entropy and of rewards, nothing cut. */
  readonly whole: readonly number[];
  readonly rewarded: readonly number[];
  /** The same with every cross-attention cut: both losses. */
  readonly cut: readonly number[];
  /** Of the decoder with the cut, which still learns. */
  readonly decoder: number;
  /** The whole encoder's, open in one decoder layer only, from the first. */
  readonly single: readonly number[];
  /** Length of the difference between the whole gradient and the sum of those, as a fraction. */
  readonly difference: number;
}

/** What the experiment is made of. */
export interface EncoderGradient extends Parts {
  findings: EncoderGradientFindings;
  controls: "layers" | "seed";
  claims: "every" | "cut" | "shares";
  captions: "layers" | "shares";
  labels:
    & Labels<"length" | "crossEntropy" | "rewards" | "crossEntropyCut" | "rewardsCut" | "share">
    & { encoderLayer(number: number): string; decoderLayer(number: number): string };
}

const length = (gradient: readonly number[]): number => Math.hypot(...gradient);

/** Where the cross-attention is open, and where not. */
type Open = (layer: number) => boolean;

/** Gradients reach the encoder through cross-attention and nowhere else. */
export const experiment: Experiment<EncoderGradient> = {
  controls: {
    layers: { default: 3, min: 1, max: 6 },
    seed: SEED,
  },
  constants: { width: SIZE, heads: HEADS, vocabulary: V, batch: B, length: LENGTH },
  claims: {
    every: { holds: ({ whole, rewarded }) => [...whole, ...rewarded].every((size) => size > 1e-3) },
    cut: { holds: ({ cut, decoder }) => cut.every((size) => size === 0) && decoder > 0.1 },
    shares: { holds: ({ single, difference }) => single.every((size) => size > 0) && difference < 1e-4 },
  },
  async measure({ layers, seed }, options) {
    const steps = new Steps(options, layers + 4), random = new Random(seed);
    await steps.next();
    const layout = {
      vocabSize: V,
      contextLength: 16,
      hiddenSize: SIZE,
      numHeads: HEADS,
      numLayers: layers,
      dropout: 0,
    };
    const model = new EncoderDecoder(layout, random);
    const draw = (): number[][] =>
      Array.from({ length: B }, () => Array.from({ length: LENGTH }, () => 3 + random.integer(V - 3)));
    const sources = draw(), texts = draw().map((tokens) => ({ tokens, finished: true }));
    const advantages = Array.from({ length: B }, () => random.next() - 0.5);

    // A decoder layer that is not open gets the same numbers from the encoder, and passes no gradient back.
    let open: Open = () => true;
    model.decoder.layers.forEach((layer, i) => {
      const forward = layer.forward.bind(layer);
      layer.forward = (hidden, memory, call) => forward(hidden, open(i) ? memory : memory.detach(), call);
    });
    /** Gradients by part: each encoder layer, then the decoder. */
    const gradients = async (which: "cross-entropy" | "rewards", where: Open): Promise<number[][]> => {
      await steps.next();
      open = where;
      scope(() => {
        const { inputs, targets } = sampledTargets(texts, { prompt: [BEGIN], endToken: END, padToken: 0 });
        const logits = model.forward(tensor(Int32Array.from(sources.flat()), [B, LENGTH]), inputs);
        const loss = which === "rewards"
          ? policyGradientLoss(logits, targets, tensor(advantages))
          : crossEntropy(logits, targets);
        loss.backward();
      });
      const parts: number[][] = Array.from({ length: layers + 1 }, () => []);
      for (const [path, weight] of model.parameters()) {
        const layer = /^encoder\.layers\.(\d+)\./.exec(path)?.[1];
        const place = layer ? parts[Number(layer)] : path.startsWith("decoder.") ? parts[layers] : undefined;
        // No gradient at all is a gradient of zero.
        place?.push(...weight.grad ? await weight.grad.read() : new Float32Array(weight.size));
        if (weight.grad) release(weight.grad);
        weight.grad = undefined;
      }
      return parts;
    };
    const encoder = (parts: readonly number[][]): number[][] => parts.slice(0, layers);
    const lengths = (parts: readonly number[][]): number[] => parts.map((one) => rounded(length(one)));

    const whole = await gradients("cross-entropy", () => true);
    const cut = await gradients("cross-entropy", () => false);
    const rewarded = encoder(await gradients("rewards", () => true));
    const cutRewarded = encoder(await gradients("rewards", () => false));
    const single: number[] = [], rest = encoder(whole).flat();
    for (let layer = 0; layer < layers; layer++) {
      const one = encoder(await gradients("cross-entropy", (i) => i === layer)).flat();
      one.forEach((g, i) => rest[i]! -= g);
      single.push(rounded(length(one)));
    }
    discard(model);
    return {
      whole: lengths(encoder(whole)),
      rewarded: lengths(rewarded),
      cut: lengths([...encoder(cut), ...cutRewarded]),
      decoder: rounded(length(cut[layers]!)),
      single,
      difference: coarse(length(rest) / length(encoder(whole).flat())),
    };
  },
  draw(findings, { captions, labels }) {
    const { whole, rewarded, cut, single } = findings, half = cut.length / 2;
    const byLayer = (label: string, lengths: readonly number[]) =>
      lengths.map((value, i) => ({ label, group: labels.encoderLayer(i + 1), value }));
    return [
      {
        kind: "bars",
        caption: captions.layers(findings),
        y: { title: labels.length },
        bars: [
          ...byLayer(labels.crossEntropy, whole),
          ...byLayer(labels.rewards, rewarded),
          ...byLayer(labels.crossEntropyCut, cut.slice(0, half)),
          ...byLayer(labels.rewardsCut, cut.slice(half)),
        ],
      },
      {
        kind: "bars",
        caption: captions.shares(findings),
        y: { title: labels.share },
        bars: single.map((value, i) => ({ label: labels.decoderLayer(i + 1), value })),
      },
    ];
  },
};
