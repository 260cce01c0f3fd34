/**
 * Texts per second of one prompt, of eight prompts of different lengths in one batch, and of the same eight one after the other.
 *
 * The model has packed weights and the width of a small GPT. With one text a step reads all weights for one token; eight
 * texts share the reading. One thread; the numbers say tokens per second by `32 · texts / time`.
 */

import { DecoderOnly } from "../core/05_transformer/decoder_only.ts";
import { pack } from "../core/engine/inference.ts";
import { generate } from "../core/07_generation/generate.ts";
import { Random } from "../core/engine/random.ts";

const sizes = { vocabSize: 16_000, contextLength: 128, hiddenSize: 512, numHeads: 8, numLayers: 8 };
const model = pack(new DecoderOnly(sizes, new Random(1)));
const random = new Random(2), options = { maxNewTokens: 32 };
const prompts = [5, 9, 12, 16, 20, 25, 31, 40].map((length) =>
  Array.from({ length }, () => random.integer(sizes.vocabSize))
);

for (
  const [name, run] of [
    ["one prompt of 20 tokens", () => generate(model, prompts[4]!, options)],
    ["eight prompts of 5 to 40 tokens, together", () => generate(model, prompts, options)],
  ] as const
) {
  Deno.bench({
    group: "generate 32 tokens, width 512, 8 layers",
    name,
    n: 5,
    warmup: 1,
    fn: () => run() as Promise<unknown> as Promise<void>,
  });
}
