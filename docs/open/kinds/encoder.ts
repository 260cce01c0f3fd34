/**
 * # A model that makes vectors
 *
 * **Question.** Which of these sentences mean nearly the same, and what does a model say that was trained to know?
 *
 * **Idea.** It makes a vector of each sentence ([section](../../../core/08_pretrained/sentence_vectors.ts)), and the page shows the cosine of each pair.
 *
 * @module
 */

import { bert, distilbert } from "../../../core/08_pretrained/bert.ts";
import {
  openSentenceModel,
  type SentenceModel,
  sentenceVectors,
} from "../../../core/08_pretrained/sentence_vectors.ts";
import { pack, quantize } from "../../../core/engine/inference.ts";
import { cutText } from "../beside.ts";
import type { Call, Kind } from "./kind.ts";

/** Encoders of the layouts that {@linkcode openSentenceModel} knows. */
export const encoderKind: Kind = {
  name: "encoder",
  knows: (architecture) => [bert, distilbert].some(({ words }) => words.includes(architecture)),
  async open({ source, weights }, { format, signal, onProgress }) {
    const model = await openSentenceModel(source, {
      opened: weights,
      signal,
      weights: format === "stored" ? "stored" : "float32",
      onProgress: ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total),
    });
    if (format === "int8" || format === "int4") quantize(model.encoder, format);
    else pack(model.encoder, format === "float16" ? "float16" : "float32");
    const { numLayers, numHeads, vocabSize } = model.encoder.options;
    return {
      facts: { kind: "encoder", numLayers, numHeads, vocabSize, contextLength: model.maxLength, chats: false },
      async answer(ask, call) {
        if (ask.kind === "tokens") return { kind: "tokens", tokens: cutText(model.tokenizer, ask.text) };
        if (ask.kind !== "compare") throw new RangeError("Cannot write with this model: it makes vectors of texts");
        const begun = performance.now(), matrix = await compare(model, ask.texts, call);
        return { kind: "compared", matrix, seconds: (performance.now() - begun) / 1000 };
      },
    };
  },
};

/** The cosine of each pair of texts. */
async function compare(model: SentenceModel, texts: readonly string[], { signal, tell }: Call): Promise<number[][]> {
  const vectors = await sentenceVectors(model, texts, {
    signal,
    onProgress: (done, all) => tell({ kind: "progress", done: done / all }),
  });
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const lengths = vectors.map((one) => Math.sqrt(dot(one, one)) || 1);
  return vectors.map((a, i) => vectors.map((b, j) => dot(a, b) / (lengths[i]! * lengths[j]!)));
}
