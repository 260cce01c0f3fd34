/**
 * # A language model of any kind
 *
 * What `generate` and `serve` have in common: a folder is opened, and what it holds, a network or a table of n-grams, becomes a decoder with its tokenizer
 * and with what a loop has to know of it.
 *
 * @module
 */

import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import type { LogitsRule } from "../07_generation/rules.ts";
import type { Decoder } from "../07_generation/sampling.ts";
import type { PackedFormat } from "../engine/backend.ts";
import type { DeviceName } from "../engine/device.ts";
import { chooseDevice } from "./device.ts";
import { UsageError } from "./errors.ts";
import { hasNGrams, load } from "./model_kinds.ts";
import { openModel, readTextModel } from "./models.ts";
import { noSpecialTokensOf } from "./tokenizers.ts";

/** A language model, with what the loop needs to know. */
export interface OpenedModel {
  /** What scores the next token. */
  readonly model: Decoder;
  /** From text to tokens and back. */
  readonly vocabulary: Tokenizer;
  /** What keeps tokens out that stand for no text. */
  readonly rules: readonly LogitsRule[];
}

/** What a command line says of models. */
export interface ModelValues {
  /** How weights are kept. */
  readonly weights: PackedFormat;
  /** What computes. */
  readonly device: DeviceName;
  /** On how many threads. */
  readonly threads: number | undefined;
}

/**
 * Opens the model that a folder holds: a network, or a table on the CPU.
 *
 * @param folder where it was saved
 * @param values device, and how weights are kept
 */
export async function openAny(folder: string, values: ModelValues): Promise<OpenedModel> {
  if (!await hasNGrams(folder)) {
    const saved = await readTextModel(folder);
    await chooseDevice(values);
    const model = openModel(saved, values.weights), { vocabulary } = saved.notes;
    return { model, vocabulary, rules: [noSpecialTokensOf(vocabulary)] };
  }
  if (values.weights !== "float32") {
    throw new UsageError(`Cannot use --weights ${values.weights} with an n-gram model: it has no weights`);
  }
  if (values.device === "webgpu") {
    throw new UsageError("Cannot use --device webgpu with an n-gram model: its table is on the CPU");
  }
  const { readNGrams } = await load<typeof import("./ngrams.ts")>("ngrams.ts");
  const { model, vocabulary } = await readNGrams(folder);
  await chooseDevice({ ...values, device: values.device === "auto" ? "wasm" : values.device });
  return { model, vocabulary, rules: [noSpecialTokensOf(vocabulary)] };
}
