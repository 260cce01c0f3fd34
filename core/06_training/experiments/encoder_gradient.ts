/**
 * # The line along which the encoder learns
 *
 * The gradient of every encoder layer, with the cross-attention as it is, cut, and open in one decoder layer only.
 *
 * @module
 */

import { EncoderDecoder } from "../../05_transformer/encoder_decoder.ts";
import { coarse, discard, rounded, say, seedControl, Steps } from "../../05_transformer/experiments/support.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { crossEntropy } from "../loss.ts";
import { policyGradientLoss, sampledTargets } from "../policy_gradient.ts";

const V = 40, B = 8, LENGTH = 9, BEGIN = 1, END = 2;

type Found = {
  /** Length of the gradient of each encoder layer, of the cross-entropy and of rewards, nothing cut. */
  readonly whole: readonly number[];
  readonly rewarded: readonly number[];
  /** The same with every cross-attention cut: both losses. */
  readonly cut: readonly number[];
  /** Of the decoder with the cut, which still learns. */
  readonly decoder: number;
  /** The whole encoder's, open in one decoder layer only, from the first. */
  readonly single: readonly number[];
  /** Length of the difference between the whole gradient and the sum of those, as a share. */
  readonly difference: number;
};

const length = (gradient: readonly number[]): number => Math.hypot(...gradient);

/** Where the cross-attention is open, and where not. */
type Open = (layer: number) => boolean;

function figures(found: Found): Figure[] {
  const layers = (lengths: readonly number[], label: string) =>
    lengths.map((value, i) => ({ label, group: `encoder layer ${i + 1}`, value }));
  const half = found.cut.length / 2;
  return [
    {
      kind: "bars",
      caption: `Gradients of the encoder, layer by layer. With the cross-attention cut they are ` +
        `${
          Math.max(...found.cut) === 0 ? "exactly 0" : "not 0"
        }, for cross-entropy as for rewards; the decoder’s own is ` +
        `${say(found.decoder)}.`,
      y: { title: "length of the gradient" },
      bars: [
        ...layers(found.whole, "cross-entropy"),
        ...layers(found.rewarded, "rewards"),
        ...layers(found.cut.slice(0, half), "cross-entropy, cut"),
        ...layers(found.cut.slice(half), "rewards, cut"),
      ],
    },
    {
      kind: "bars",
      caption:
        `Cross-attention open in one decoder layer only: what each layer brings to the encoder. As vectors they ` +
        `add up to the whole${found.difference < 1e-4 ? ", within rounding" : " only in part"}.`,
      y: { title: "length of the encoder’s gradient" },
      bars: found.single.map((value, i) => ({ label: `decoder layer ${i + 1}`, value })),
    },
  ];
}

/** Gradients reach the encoder through cross-attention and nowhere else. */
export const encoderGradientExperiment: Experiment<Found, "layers" | "seed"> = {
  name: "training/policy_gradient/encoder",
  title: "The line along which the encoder learns",
  purpose:
    "A loss is computed in the decoder, and its gradient is followed back into the encoder, twice: as the model " +
    "is, and with the cross-attention cut. Change the number of layers. See what each layer of the encoder receives, " +
    "and what each layer of the decoder brings to it.",
  controls: {
    layers: { label: "Layers", description: "Of the encoder and of the decoder", default: 3, min: 1, max: 6 },
    seed: seedControl,
  },
  claims: [
    {
      text: "Every layer of the encoder gets a gradient, from cross-entropy as from rewards",
      holds: ({ whole, rewarded }) => [...whole, ...rewarded].every((size) => size > 1e-3),
    },
    {
      text: "With the cross-attention cut it is exactly 0 in every layer, while the decoder’s is not",
      holds: ({ cut, decoder }) => cut.every((size) => size === 0) && decoder > 0.1,
    },
    {
      text: "Each decoder layer brings a share, and the shares add up to the whole",
      holds: ({ single, difference }) => single.every((size) => size > 0) && difference < 1e-4,
    },
  ],
  async run({ layers, seed }, options) {
    const steps = new Steps(options, layers + 4), random = new Random(seed);
    await steps.next();
    const layout = { vocabSize: V, contextLength: 16, hiddenSize: 32, numHeads: 4, numLayers: layers, dropout: 0 };
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
    const findings: Found = {
      whole: lengths(encoder(whole)),
      rewarded: lengths(rewarded),
      cut: lengths([...encoder(cut), ...cutRewarded]),
      decoder: rounded(length(cut[layers]!)),
      single,
      difference: coarse(length(rest) / length(encoder(whole).flat())),
    };
    return { findings, figures: figures(findings) };
  },
};
