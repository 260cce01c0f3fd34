/**
 * # A language model of any kind
 *
 * What `generate`, `chat` and `serve` have in common: a model is opened [wherever it lies](places.ts), and what there is, a network, a table of n-grams or a
 * [model that somebody else has trained](pretrained.ts), becomes a decoder with its tokenizer and with what a loop has to know of it.
 *
 * @module
 */

import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import type { LogitsRule } from "../07_generation/rules.ts";
import type { Decoder } from "../07_generation/sampling.ts";
import type { PackedFormat } from "../engine/backend.ts";
import type { DeviceName } from "../engine/device.ts";
import type { DecodingChoice } from "./decoding.ts";
import { chooseDevice } from "./device.ts";
import { UsageError } from "./errors.ts";
import { hasNGrams, load } from "./model_kinds.ts";
import { foreignPlace, type HubValues } from "./places.ts";
import { noSpecialTokensOf } from "./tokenizers.ts";

/** A language model, with what the loop needs to know. */
export interface OpenedModel {
  /** What scores the next token. */
  readonly model: Decoder;
  /** From text to tokens and back. */
  readonly vocabulary: Tokenizer;
  /** What keeps tokens out that stand for no text. */
  readonly rules: readonly LogitsRule[];
  /** Tokens that end a text; none where it goes on as long as is asked for. */
  readonly eosTokens: readonly number[];
  /** What its files say of decoding. */
  readonly usual: DecodingChoice;
  /** Cuts a text that is to be continued, with what has to stand before it. */
  readonly encode: (text: string) => number[];
  /** How the model is given a conversation. */
  readonly template: ChatTemplateSource;
}

/** How a model is given a conversation: in its own form, a program in Jinja, or in none. */
export type ChatTemplateSource =
  | { readonly jinja: string; readonly name: string; readonly tokens: Readonly<Record<string, string>> }
  | undefined;

/** What a command line says of models. */
export interface ModelValues extends HubValues {
  /** How weights are kept; undefined as the file has them. */
  readonly weights: PackedFormat | undefined;
  /** What computes. */
  readonly device: DeviceName;
  /** On how many threads. */
  readonly threads: number | undefined;
}

/** A model that this program saved: its texts end nowhere, and it knows no conversations. */
function own(model: Decoder, vocabulary: Tokenizer): OpenedModel {
  const encode = (text: string): number[] => vocabulary.encode(text), rules = [noSpecialTokensOf(vocabulary)];
  return { model, vocabulary, rules, eosTokens: [], usual: {}, encode, template: undefined };
}

/**
 * Opens a language model, wherever it lies: a network or a table that this program saved, or what somebody else has trained.
 *
 * @param folder where it lies, as {@linkcode foreignPlace} reads it
 * @param values device, how weights are kept, and where hubs are
 */
export async function openAny(folder: string, values: ModelValues): Promise<OpenedModel> {
  const place = await foreignPlace(folder);
  if (place) {
    const { openPretrained } = await load<typeof import("./pretrained.ts")>("pretrained.ts");
    return await openPretrained(folder, place, values);
  }
  if (!await hasNGrams(folder)) {
    const { openModel, readTextModel } = await load<typeof import("./models.ts")>("models.ts");
    const saved = await readTextModel(folder);
    await chooseDevice(values);
    const model = openModel(saved, values.weights ?? "float32"), { vocabulary } = saved.notes;
    return own(model, vocabulary);
  }
  if (values.weights !== undefined && values.weights !== "float32") {
    throw new UsageError(`Cannot use --weights ${values.weights} with an n-gram model: it has no weights`);
  }
  if (values.device === "webgpu") {
    throw new UsageError("Cannot use --device webgpu with an n-gram model: its table is on the CPU");
  }
  const { readNGrams } = await load<typeof import("./ngrams.ts")>("ngrams.ts");
  const { model, vocabulary } = await readNGrams(folder);
  await chooseDevice({ ...values, device: values.device === "auto" ? "wasm" : values.device });
  return own(model, vocabulary);
}
