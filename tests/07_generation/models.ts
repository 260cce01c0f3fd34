/** Models with random weights, small enough for a test. */

import { DecoderOnly, type DecoderOnlyOptions } from "../../core/05_transformer/decoder_only.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";

/** The sizes of {@linkcode languageModel}. */
export const sizes = {
  vocabSize: 11,
  contextLength: 24,
  hiddenSize: 8,
  numHeads: 2,
  numLayers: 2,
  feedForwardSize: 16,
};

/** A small model whose weights are large enough to have opinions. */
export function languageModel(seed: number, more: Partial<DecoderOnlyOptions> = {}): DecoderOnly {
  const random = new Random(seed);
  const model = new DecoderOnly({ ...sizes, ...more }, random);
  for (const weight of model.parameters().values()) {
    if (weight.rank === 2) weight.assign(random.normal(weight.shape, { deviation: 0.7 }));
  }
  return model.eval() as DecoderOnly;
}

/** Rows of ids as a tensor. */
export const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);

/** The logits after a text, computed from the first token on without any cache. */
export async function recompute(
  forward: (tokens: Tensor) => Tensor,
  text: readonly number[],
): Promise<Float64Array> {
  let reading: Promise<ArrayLike<number>> | undefined;
  scope(() => noGrad(() => void (reading = forward(ids([text])).at(1, -1).read())));
  return Float64Array.from(await reading!);
}
