/**
 * # Models that somebody else has trained
 *
 * From a name on the command line to a model in use: the files are found, on the disk or on a hub, their header says what there is, and weights, tokenizer, settings of decoding and template become what a loop
 * needs. The header is read once for all of them.
 *
 * @module
 */

import { suppressRule } from "../07_generation/forbidden_and_forced.ts";
import type { LogitsRule } from "../07_generation/rules.ts";
import { fromPretrained } from "../08_pretrained/architecture.ts";
import { type ModelSource, readJson, readText } from "../08_pretrained/files/mod.ts";
import { openWeights, type Weights } from "../08_pretrained/files/weights.ts";
import { openTokenizer, readGgufTokenizer } from "../08_pretrained/tokenizer_files/opening.ts";
import type { PretrainedTokenizer } from "../08_pretrained/tokenizer_files/tokenizer.ts";
import { pack, quantize } from "../engine/inference.ts";
import { downloadModel, isModelFile } from "../host/hub.ts";
import { folderSource } from "../host/sources.ts";
import type { ChatTemplateSource, ModelValues, OpenedModel } from "./any_model.ts";
import type { DecodingChoice } from "./decoding.ts";
import { chooseDevice } from "./device.ts";
import { DataError, quote, sentence } from "./errors.ts";
import type { HubPlace, HubValues, Place } from "./places.ts";
import { complain, StatusLine } from "./terminal.ts";

/** The files of a model, its weights opened and not read. */
export interface ModelFiles {
  /** Where they lie. */
  readonly source: ModelSource;
  /** Its weights. */
  readonly weights: Weights;
}

/** A file of settings; empty where there is none. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Opens a model for the commands that let it write.
 *
 * @param name as it was given
 * @param place what it means
 * @param values device, how weights are kept, and where hubs are
 */
export async function openPretrained(name: string, place: Place, values: ModelValues): Promise<OpenedModel> {
  // To ask for a GPU takes as long as to read a header, and waits for others.
  const chosen = chooseDevice(values);
  chosen.catch(() => {});
  const { source, weights } = await openFiles(name, place, values);
  const vocabulary = await tokenizerOf({ source, weights });
  await chosen;
  const status = new StatusLine();
  const model = await fromPretrained(source, {
    opened: weights,
    weights: values.weights === undefined ? "stored" : "float32",
    onProgress: ({ loaded, total }) => status.update(`reading ${quote(name)}: ${Math.round(100 * loaded / total)} %`),
  });
  status.clear();
  if (values.weights === "int8" || values.weights === "int4") quantize(model, values.weights);
  else pack(model, values.weights);
  const { begin, encode } = encoderOf(vocabulary), generation = await settingsOf(source, "generation_config.json");
  return {
    model,
    vocabulary,
    rules: namelessRules(vocabulary, model.vocabSize),
    eosTokens: await eosTokensOf({ source, weights }, vocabulary, generation),
    usual: usualDecoding(generation),
    encode,
    template: await templateOf(name, { source, weights }, vocabulary, begin),
  };
}

/**
 * Finds the files of a model and reads the header of its weights.
 *
 * @param name as it was given
 * @param place what it means
 * @param values where hubs are
 */
export async function openFiles(name: string, place: Place, values: HubValues): Promise<ModelFiles> {
  const source = await sourceOf(name, place, values);
  return { source, weights: await openWeights(source, place.file === undefined ? {} : { file: place.file }) };
}

/** The tokenizer of a model; that of a GGUF lies among the facts that were read. */
export async function tokenizerOf({ source, weights }: ModelFiles): Promise<PretrainedTokenizer> {
  return weights.format === "gguf" ? readGgufTokenizer(weights.metadata) : await openTokenizer(source);
}

/** Files of tokenizers and settings, which are small beside weights. */
const isSmall = (path: string): boolean => isModelFile(path) && !/\.(safetensors|gguf)$/.test(path);

/**
 * The tokenizer of a model alone; of a hub its weights are brought only where they hold it.
 *
 * @param name as it was given
 * @param place what it means
 * @param values where hubs are
 */
export async function tokenizerAt(name: string, place: Place, values: HubValues): Promise<PretrainedTokenizer> {
  const isGguf = place.file?.endsWith(".gguf") === true, wanted = isGguf ? undefined : tokenizerFilesOf(name, place);
  const source = await sourceOf(name, place, values, wanted);
  return isGguf ? await tokenizerOf(await openFiles(name, place, values)) : await openTokenizer(source);
}

/** Which files are brought for a tokenizer: all of the model where only a GGUF has it. */
function tokenizerFilesOf(
  name: string,
  place: Place,
): ((path: string, all?: readonly string[]) => boolean) | undefined {
  if (place.kind !== "hub") return undefined;
  const whole = filesOf(name, place);
  return (path, all = []) =>
    all.some((one) => /(^|\/)(tokenizer\.(json|model)|vocab\.(json|txt))$/.test(one))
      ? isSmall(path)
      : whole(path, all);
}

// ## From a hub

/**
 * The files of a model, brought from a hub if they have to be.
 *
 * @param name as it was given
 * @param place what it means
 * @param values where hubs are
 * @param isWanted which files of a hub are brought; those of a model by default
 * @throws {DataError} if a hub would have to be asked, and that is not permitted
 */
export async function sourceOf(
  name: string,
  place: Place,
  values: HubValues,
  isWanted?: (path: string) => boolean,
): Promise<ModelSource> {
  if (place.kind === "disk") return folderSource(place.path);
  const { model, revision } = place, endpoint = values.hub ?? told("HF_ENDPOINT") ?? "https://huggingface.co";
  const cache = values.cache ?? usualCache(), token = told("HF_TOKEN");
  const options = { ...revision !== undefined && { revision }, ...token !== undefined && { token }, endpoint };
  const kept = (): Promise<ModelSource | undefined> =>
    downloadModel(model, cache, fetch, { ...options, offline: true }).catch(() => undefined);
  const { host, protocol } = addressOf(endpoint);
  const isAllowed = (await Deno.permissions.query({ name: "net", host })).state === "granted";
  if (!isAllowed) {
    const found = await kept();
    if (found) return found;
    const allowed = protocol === "https:" ? "--allow-net" : `--allow-net=${host}`;
    throw new DataError(
      `Cannot open ${quote(name)}: it is neither on the disk nor in the cache ${
        quote(cache)
      }, and ${host} is asked only with ${allowed}`,
    );
  }
  const status = new StatusLine(5000);
  try {
    return await downloadModel(model, cache, fetch, {
      ...options,
      files: isWanted ?? filesOf(name, place),
      onProgress: ({ loaded, total, file }) =>
        status.update(`${quote(model)}: ${megabytes(loaded)} of ${megabytes(total)} MB, ${quote(file, 60)}`),
    });
  } catch (error) {
    // Without a net, what has come before is as good.
    const found = sentence(error).startsWith("Cannot ask ") ? await kept() : undefined;
    if (!found) throw error;
    complain(`${sentence(error)}; what the cache has of ${quote(model)} is used`);
    return found;
  } finally {
    status.clear();
  }
}

function addressOf(endpoint: string): URL {
  try {
    return new URL(endpoint);
  } catch (error) {
    throw new DataError(`Cannot ask the hub ${quote(endpoint)}: it must be an address such as https://huggingface.co`, {
      cause: error,
    });
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** Which files are brought: the one that is named with the settings, or safetensors, or the only GGUF. */
function filesOf(name: string, { file }: HubPlace): (path: string, all?: readonly string[]) => boolean {
  const isWeights = (path: string): boolean => /\.(safetensors|gguf)$/.test(path);
  const isBeside = (path: string): boolean => isModelFile(path) && !isWeights(path) && !path.endsWith("/model.json");
  if (file !== undefined) return (path) => path === file || isBeside(path);
  return (path, all = []) => {
    const gguf = all.filter((one) => one.endsWith(".gguf")),
      tensors = all.filter((one) => one.endsWith(".safetensors"));
    if (tensors.length === 0 && gguf.length > 1) {
      const names = gguf.slice(0, 20).map((one) => quote(one)).join(", ");
      throw new DataError(
        `Cannot choose a file of ${quote(name)}: it has ${names}${
          gguf.length > 20 ? ", …" : ""
        }; write OWNER/NAME/FILE.gguf`,
      );
    }
    return isModelFile(path) && !(tensors.length > 0 && path.endsWith(".gguf")) &&
      // Formats of others lie in folders of their own.
      !(path.includes("/") && isWeights(path) && tensors.some((one) => !one.includes("/")));
  };
}

/** A variable of the environment, if it may be read. */
function told(variable: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  return Deno.env.get(variable) || undefined;
}

/** The cache of Hugging Face's own tools, if the environment says where it is; a folder here otherwise. */
function usualCache(): string {
  const direct = told("HF_HUB_CACHE"), home = told("HF_HOME"), caches = told("XDG_CACHE_HOME");
  const user = told("HOME") ?? told("USERPROFILE");
  const base = home ?? (caches === undefined ? user && `${user}/.cache/huggingface` : `${caches}/huggingface`);
  return direct ?? (base === undefined ? "models/hub" : `${base}/hub`);
}

// ## What the files say

/** A file of settings. */
export async function settingsOf(source: ModelSource, path: string): Promise<Fields> {
  const fields = await readJson(source, path);
  if (fields === undefined) return {};
  if (typeof fields === "object" && fields !== null && !Array.isArray(fields)) return fields as Fields;
  throw new DataError(`Cannot read ${quote(path)} of ${quote(source.name)}: it must be an object`);
}

/** What ends a turn in models whose files name only one of the tokens that do. */
const ENDS = [
  ...["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"],
  ...["<end_of_turn>", "<|end|>", "<|return|>", "</s>", "<eos>"],
];

/** The tokens that end a text. */
async function eosTokensOf(
  { source, weights }: ModelFiles,
  vocabulary: PretrainedTokenizer,
  generation: Fields,
): Promise<number[]> {
  const isGguf = weights.format === "gguf", config = isGguf ? {} : await settingsOf(source, "config.json");
  const named = isGguf ? ENDS.map((token) => vocabulary.specialTokens.get(token)) : [];
  const facts = ["eos", "eot", "eom"].map((role) => weights.metadata.get(`tokenizer.ggml.${role}_token_id`));
  const all = [generation["eos_token_id"], config["eos_token_id"], vocabulary.endToken, ...facts, ...named].flat();
  return [...new Set(all.filter((id): id is number => Number.isSafeInteger(id)))];
}

/** Settings of decoding by their names in files. */
const DECODING_FIELDS: Readonly<Record<string, keyof DecodingChoice>> = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  min_p: "minP",
  typical_p: "typicalP",
  epsilon_cutoff: "epsilonCutoff",
  eta_cutoff: "etaCutoff",
  repetition_penalty: "repetitionPenalty",
  no_repeat_ngram_size: "noRepeatNgramSize",
};

/** Fields that change nothing unless the model is to draw. */
const DRAWING = ["temperature", "top_p", "top_k", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff"];
/** The values that stand for no such option. */
const NONE: Fields = {
  ...{ temperature: 1, top_p: 1, top_k: 0, min_p: 0, typical_p: 1, epsilon_cutoff: 0, eta_cutoff: 0 },
  ...{ repetition_penalty: 1, no_repeat_ngram_size: 0 },
};

/** What files say of decoding, in the words of the loop. */
export function usualDecoding(generation: Fields): DecodingChoice {
  const draws = generation["do_sample"] === true;
  return Object.fromEntries(
    Object.entries(DECODING_FIELDS).flatMap(([field, option]) => {
      const value = generation[field], isNone = typeof value !== "number" || value === NONE[field];
      return isNone || DRAWING.includes(field) && (!draws || value === 0) ? [] : [[option, value]];
    }),
  );
}

/** Keeps out ids that the tokenizer has no name for: tables are often larger than the vocabulary. */
function namelessRules({ tokens }: PretrainedTokenizer, vocabSize: number): readonly LogitsRule[] {
  const nameless = Array.from({ length: vocabSize }, (_, id) => id).filter((id) => !tokens[id]);
  return nameless.length === 0 ? [] : [suppressRule(nameless)];
}

/** How a text is cut that is to be continued: what the tokenizer puts before it is there, and what it puts behind is not. */
function encoderOf(
  vocabulary: PretrainedTokenizer,
): { readonly begin: readonly number[]; readonly encode: (text: string) => number[] } {
  const parts = vocabulary.parts.template?.single ?? [], place = parts.findIndex(({ text }) => text !== undefined);
  const begin = parts.slice(0, Math.max(0, place)).flatMap(({ ids = [] }) => ids);
  return { begin, encode: (text) => [...begin, ...vocabulary.encode(text)] };
}

/** The template of conversations, as a GGUF or one of three files has it. */
export async function jinjaOf({ source, weights }: ModelFiles): Promise<string | undefined> {
  const fact = weights.metadata.get("tokenizer.chat_template");
  if (weights.format === "gguf" && typeof fact === "string") return fact;
  const file = await readText(source, "chat_template.jinja");
  if (file !== undefined) return file;
  for (const path of ["chat_template.json", "tokenizer_config.json"]) {
    const { chat_template: found } = await settingsOf(source, path);
    if (typeof found === "string") return found;
    const all = Array.isArray(found)
      ? found as readonly { readonly name?: unknown; readonly template?: unknown }[]
      : [];
    const usual = all.find(({ name }) => name === "default") ?? all[0];
    if (typeof usual?.template === "string") return usual.template;
  }
  return undefined;
}

/** The template, and the tokens that it may name. */
async function templateOf(
  name: string,
  files: ModelFiles,
  { tokens, beginToken, endToken, padToken, unknownToken }: PretrainedTokenizer,
  begin: readonly number[],
): Promise<ChatTemplateSource> {
  const jinja = await jinjaOf(files);
  if (jinja === undefined) return undefined;
  const ids = { bos: beginToken ?? begin[0], eos: endToken, pad: padToken, unk: unknownToken };
  const named = Object.entries(ids).flatMap(([role, id]) => id === undefined ? [] : [[`${role}_token`, tokens[id]!]]);
  return { jinja, name, tokens: Object.fromEntries(named) };
}
