/**
 * # Opening a model
 *
 * **Question.** There is a folder, and somebody's model in it. How does it become a model of this book, without reading all of it at once and without guessing?
 *
 * **Idea.** The settings name an architecture, and each architecture is a value: what it reads from the settings, and what its file calls the tensors. The model is laid out first, without numbers. The header of the weights is [compared](../06_training/state_names.ts) with it, and everything that does not fit is said at once. Only then are the tensors read, one
 * by one, each put where it belongs and forgotten.
 *
 * ```diagram
 * model with numbers
 * [one tensor after the other](files/weights.ts)
 * nothing missing, nothing left over
 * [names, shapes and kinds](../06_training/state_names.ts) <- layout
 * header
 * [weights, not yet read](files/weights.ts)
 * safetensors or GGUF
 *
 * layout
 * [architecture](llama.ts)
 * [settings](files/settings.ts)
 * config.json, or facts
 * ```
 *
 * @module
 */

import { Random } from "../engine/random.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  checkValue,
  object,
  oneOf,
  string,
} from "../engine/options.ts";
import { quote } from "../engine/shown.ts";
import { planImport, type StateNames } from "../06_training/state_names.ts";
import type { StoredKind } from "../06_training/safetensors.ts";
import type { Module } from "../engine/module.ts";
import { DecoderOnly } from "../05_transformer/decoder_only.ts";
import { EncoderOnly, type EncoderOnlyOptions } from "../05_transformer/encoder_only.ts";
import { bert, distilbert } from "./bert.ts";
import { type LoadOptions, type ModelSource, readJson, sourceCheck } from "./files/mod.ts";
import type { Architecture } from "./files/settings.ts";
import { openWeights, weightNumbers, type Weights } from "./files/weights.ts";
import { BLOCK_KINDS, blockLevels } from "./quantised_weights.ts";
import { gemma, gemma2, gemma3 } from "./gemma.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";
import { qwen2, qwen3 } from "./qwen.ts";
import { starcoder2 } from "./starcoder2.ts";

/** The architectures that continue a text; some of them are written too. */
export const DECODERS: readonly Architecture[] = [llama, qwen2, qwen3, gemma, gemma2, gemma3, gpt2, starcoder2];

/** The architectures that read a text in both directions. */
const ENCODERS: readonly Architecture<EncoderOnlyOptions>[] = [bert, distilbert];

/** Which weights are opened, and who hears of it. */
export interface PretrainedOptions extends LoadOptions {
  /** The file of the weights, where there are several; found by its usual name by default. */
  readonly file?: string | undefined;
  /** The weights, where they are open already; those of the source are opened by default. Excludes `file`. */
  readonly opened?: Weights | undefined;
  /**
   * How quantised weights are kept; as stored by default.
   *
   * `"stored"` keeps their blocks, which the CPU device multiplies by directly; `"float32"` unpacks them, to train on or for exact numbers.
   */
  readonly weights?: "stored" | "float32" | undefined;
}

/** What {@linkcode PretrainedOptions} may be. */
export const pretrainedChecks: Checks<PretrainedOptions> = {
  signal: abortSignal,
  onProgress: callback(),
  file: string,
  opened: object<Weights>("weights, as openWeights() returns them", (value) => "places" in value && "each" in value),
  weights: oneOf(["stored", "float32"]),
};

/**
 * Opens a language model that somebody trained.
 *
 * @param source where it lies
 * @param options which weights, progress, a signal
 * @returns the book's own model, ready to generate
 * @throws {RangeError} if its architecture or a setting is not known here
 * @throws {TypeError} if tensors are missing, superfluous or of other shapes; all of them are named
 */
export async function fromPretrained(source: ModelSource, options: PretrainedOptions = {}): Promise<DecoderOnly> {
  return await open(source, options, DECODERS, (layout) => new DecoderOnly(layout, Random.none));
}

/**
 * Opens an encoder that somebody trained, such as BERT or MiniLM.
 *
 * Which heads it has, one that scores words and one that makes a vector of the first token, is what the file has.
 *
 * @param source where it lies
 * @param options which weights, progress, a signal
 * @returns the book's own model, ready to read
 * @throws {RangeError} if its architecture or a setting is not known here
 * @throws {TypeError} if tensors are missing, superfluous or of other shapes; all of them are named
 */
export async function encoderFromPretrained(
  source: ModelSource,
  options: PretrainedOptions = {},
): Promise<EncoderOnly> {
  return await open(source, options, ENCODERS, (layout) => new EncoderOnly(layout, Random.none));
}

/** Opens a model of one of these architectures. */
async function open<Options, M extends Module>(
  source: ModelSource,
  options: PretrainedOptions,
  architectures: readonly Architecture<Options>[],
  create: (layout: Options) => M,
): Promise<M> {
  checkValue("open a model", "source", source, sourceCheck);
  checkOptions("open a model", options, pretrainedChecks);
  if (options.opened && options.file !== undefined) {
    throw new TypeError("Cannot open a model with opened and file: the weights are those of a file");
  }
  const weights = options.opened ?? await openWeights(source, { signal: options.signal, file: options.file });
  const { word, fields } = await settingsOf(source, weights, options);
  const { options: layout, names } = architectureOf(word, architectures).read(fields, weights);
  const model = create(layout);
  await loadWeights(model, weights, names, options);
  return model.eval();
}

/** The word for the architecture and its settings, from `config.json` or from the facts of a GGUF. */
async function settingsOf(
  source: ModelSource,
  weights: Weights,
  options: LoadOptions,
): Promise<{ readonly word: string; readonly fields: Readonly<Record<string, unknown>> }> {
  if (weights.format === "gguf") {
    const word = String(weights.metadata.get("general.architecture")),
      tokens = weights.metadata.get("tokenizer.ggml.tokens");
    const own = [...weights.metadata].filter(([name]) => name.startsWith(`${word}.`))
      .map(([name, value]) => [name.slice(word.length + 1), value]);
    const size = Array.isArray(tokens) ? { vocab_size: tokens.length } : {};
    return { word, fields: { ...size, ...Object.fromEntries(own) } };
  }
  const config = await readJson(source, "config.json", { signal: options.signal });
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new RangeError(`Cannot open the model of ${quote(source.name)}: there is no config.json with its settings`);
  }
  const fields = config as Readonly<Record<string, unknown>>;
  return { word: String(fields["model_type"] ?? "of no name"), fields };
}

/** What opens the architectures of a list, to be named where another list has the word. */
const OPENING: readonly (readonly [what: string, by: string, list: readonly Pick<Architecture, "words">[]])[] = [
  ["continues a text", "fromPretrained()", DECODERS],
  ["reads in both directions", "encoderFromPretrained()", ENCODERS],
];

function architectureOf<Options>(word: string, list: readonly Architecture<Options>[]): Architecture<Options> {
  const found = list.find(({ words }) => words.includes(word));
  if (found) return found;
  const other = OPENING.find(([, , others]) => others.some(({ words }) => words.includes(word)));
  if (other) {
    throw new RangeError(
      `Cannot open a model of the architecture ${quote(word)} here: it ${other[0]}, and ${other[1]} opens it`,
    );
  }
  const known = list.flatMap(({ words }) => words).join(", ");
  throw new RangeError(`Cannot open a model of the architecture ${quote(word)}: known are ${known}`);
}

/** Fills a model with weights, one tensor after the other; nothing is changed if tensors do not fit. */
async function loadWeights(
  model: Module,
  weights: Weights,
  names: StateNames,
  options: PretrainedOptions,
): Promise<void> {
  const plan = planImport(model, weights.places, { names });
  const { signal, onProgress } = options;
  for await (const [name, weight] of weights.each(plan.names, { signal, onProgress })) {
    if (options.weights !== "float32" && BLOCK_KINDS.includes(weight.kind)) {
      if (plan.keep(name, blockLevels(weight.kind, weight.shape, weight.bytes))) continue;
    }
    const numbers = weightNumbers(weight, name), kind: StoredKind = numbers instanceof Int32Array ? "I32" : "F32";
    const floats = numbers instanceof Float64Array ? Float32Array.from(numbers) : numbers;
    const bytes = new Uint8Array(floats.buffer as ArrayBuffer, floats.byteOffset, floats.byteLength);
    plan.write(name, { kind, shape: weight.shape, bytes });
  }
}

// ## Pitfall: a model that is nearly right
//
// A wrong epsilon, the other form of GELU, positions that begin at 2: the model speaks, and a little worse than it should. No sentence shows it, only numbers. The test "GPT-2 computes what the library computes", and one like it for each layout, compares all logits with those of the library that the model was made with.
