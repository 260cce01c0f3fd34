/** A model that counts how often it is called. */

import type { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";

/** A decoder that answers as the model does, and its number of calls since that was asked last. */
export function counted(model: DecoderOnly): { readonly decoder: Decoder; readonly calls: () => number } {
  let count = 0;
  const decoder: Decoder = {
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    newCaches: (create) => model.newCaches(create),
    forward: (tokens, call) => {
      count++;
      return model.forward(tokens, call);
    },
  };
  return {
    decoder,
    calls: () => {
      const before = count;
      count = 0;
      return before;
    },
  };
}
