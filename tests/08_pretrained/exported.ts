/** Small models of every layout that is exported, with weights that any kind of number holds exactly. */

import { sinusoidal } from "../../core/04_attention/positions/absolute.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import { linearScaling, llama3Scaling } from "../../core/04_attention/positions/rotary_scaling.ts";
import { noPositions } from "../../core/04_attention/positions/scheme.ts";
import { multiHead } from "../../core/04_attention/multi_head.ts";
import { DecoderOnly, type DecoderOnlyOptions } from "../../core/05_transformer/decoder_only.ts";
import { geGluTanh, gelu, relu, swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { layerNormalization, rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";

const SIZES = { vocabSize: 20, contextLength: 16, hiddenSize: 8, numLayers: 2, numHeads: 2, feedForwardSize: 12 };
const LLAMA = {
  ...SIZES,
  numHeads: 4,
  numGroups: 2,
  activation: swiGlu,
  norm: rmsNormalization({ epsilon: 1e-6 }),
  bias: false,
} as const;
const scaling = llama3Scaling({ factor: 4, trainedLength: 8, lowFrequencyFactor: 1, highFrequencyFactor: 2 });

/** Layouts by name; the first word is what the settings call it. */
export const LAYOUTS: Readonly<Record<string, DecoderOnlyOptions>> = {
  "gpt2": SIZES,
  "gpt2, untied": { ...SIZES, tieHead: false, norm: layerNormalization({ epsilon: 1e-3 }) },
  "llama": { ...LLAMA, positions: rotary({ base: 500 }) },
  "llama, untied, scaled, wide heads": {
    ...LLAMA,
    headSize: 4,
    numGroups: 1,
    positions: rotary({ scaling }),
    tieHead: false,
  },
  "llama, neighbours": { ...LLAMA, positions: rotary({ interleaved: true, scaling: linearScaling({ factor: 2 }) }) },
  "mistral": { ...LLAMA, positions: rotary(), attention: multiHead({ window: { before: 2 } }) },
  "starcoder2": { ...SIZES, positions: rotary(), numHeads: 4, numGroups: 2 },
};

/** Layouts that no family of published models has, and ONNX can say. */
export const UNPUBLISHED: Readonly<Record<string, DecoderOnlyOptions>> = {
  "post-norm, sinusoidal": { ...SIZES, placement: "post", positions: sinusoidal, activation: relu },
  "no positions, gated": { ...SIZES, positions: noPositions, activation: geGluTanh, tieHead: false },
  "half turned, neighbours": {
    ...LLAMA,
    headSize: 4,
    positions: rotary({ share: 0.5, interleaved: true }),
    attention: multiHead({ scale: 0.25, window: { before: 3 } }),
  },
  "half turned, halves": { ...SIZES, positions: rotary({ share: 0.5 }), activation: gelu },
};

/** What each model reads. */
export const TOKENS: readonly number[] = [3, 1, 4, 1, 5, 9, 2, 6, 5];

/** A model whose weights are multiples of 1/128 below 1, around 1 where they are gains. */
export function exactModel(options: DecoderOnlyOptions): DecoderOnly {
  const model = new DecoderOnly(options, new Random(1));
  let at = 0;
  for (const [path, entry] of model.stateDict()) {
    const numbers = Float32Array.from({ length: entry.size }, () => ((at++ * 7919) % 199 - 99) / 128);
    const isGain = path.endsWith("gain");
    entry.assign(tensor(isGain ? numbers.map((x) => 1 + Math.trunc(x * 8) / 64) : numbers, entry.shape));
  }
  return model.eval() as DecoderOnly;
}
