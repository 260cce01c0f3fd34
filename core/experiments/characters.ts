/**
 * # Characters of English sentences
 *
 * What every experiment with a small recurrent network starts from: the English sentences that come with the code, character by character, and a language model that is
 * trained on them in seconds.
 *
 * @module
 */

import { noGrad } from "../engine/autograd.ts";
import type { Random } from "../engine/random.ts";
import { chineseEnglish } from "../corpora/chinese_english.ts";
import { type BytePairEncoding, trainBytePairEncoding } from "../02_words/byte_pair_encoding/mod.ts";
import {
  RecurrentLanguageModel,
  type RecurrentLanguageModelOptions,
} from "../03_language_models/lstm/language_model.ts";
import { SequenceWindows } from "../06_training/batching.ts";
import { crossEntropy } from "../06_training/loss.ts";
import { nextTokens } from "../06_training/teacher_forcing.ts";
import type { RunOptions } from "./experiment.ts";
import { learn } from "./learning.ts";

/** Sentences as characters. */
export interface Characters {
  /** A token for each character. */
  readonly vocabulary: BytePairEncoding;
  /** The sentences to learn from, one after the other. */
  readonly training: Int32Array;
  /** Sentences that are not learned from. */
  readonly heldOut: Int32Array;
}

/** The English sentences in characters. */
export async function readCharacters(signal?: AbortSignal): Promise<Characters> {
  const { training, test } = chineseEnglish();
  const [learned, unseen] = [training, test].map((pairs) => pairs.map(({ target }) => target).join("\n")) as [
    string,
    string,
  ];
  const vocabulary = await trainBytePairEncoding([learned, unseen], {
    vocabSize: "alphabet",
    level: "characters",
    ...(signal && { signal }),
  });
  const [a, b] = [learned, unseen].map((text) => Int32Array.from(vocabulary.encode(text))) as [Int32Array, Int32Array];
  return { vocabulary, training: a, heldOut: b };
}

/** How {@linkcode trainReader} trains. */
export interface ReaderOptions extends Omit<RecurrentLanguageModelOptions, "vocabSize"> {
  /** Steps of training. */
  readonly steps: number;
  /** Windows in a batch. */
  readonly batchSize: number;
  /** Characters of a window. */
  readonly length: number;
  /** Where the bias of an LSTM's forget gates starts; 1 by default. */
  readonly forgetBias?: number;
}

/** A recurrent language model, trained. */
export async function trainReader(
  { vocabulary, training }: Characters,
  { steps, batchSize, length, forgetBias, ...layout }: ReaderOptions,
  random: Random,
  options: RunOptions,
): Promise<RecurrentLanguageModel> {
  const model = new RecurrentLanguageModel({ vocabSize: vocabulary.vocabSize, ...layout }, random);
  if (forgetBias !== undefined) {
    const { hidden } = model.network.layers[0]!.forwards, H = hidden.weight.shape[0]!;
    noGrad(() => hidden.bias!.slice(0, H, 2 * H).assign(forgetBias));
  }
  const windows = new SequenceWindows(training, { contextLength: length, batchSize, random });
  await learn({
    model,
    next: () => windows.next(),
    loss: (batch) => {
      const { inputs, targets } = nextTokens(batch);
      return crossEntropy(model.forward(inputs), targets);
    },
    steps,
    learningRate: 0.01,
  }, options);
  return model;
}
