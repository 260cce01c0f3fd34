/**
 * # Saving a model for other programs
 *
 * **Question.** Weights, settings and a tokenizer have to lie in one folder. In which order are they written, so that whoever opens the folder too early does not take half of a model for the whole?
 *
 * **Idea.** The weights first, a tensor at a time, then what says where they are, the tokenizer, and last the settings: without `config.json` nobody opens the folder.
 *
 * @module
 */

import { checkInstance } from "../../engine/arguments.ts";
import type { Json } from "../../engine/json.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  oneOf,
  string,
} from "../../engine/options.ts";
import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { planExport } from "../../06_training/state_names.ts";
import { DECODERS } from "../architecture.ts";
import { type ModelSource, readJson, type ReadOptions, sourceCheck } from "../files/mod.ts";
import type { Architecture, WrittenArchitecture } from "../files/settings.ts";
import { elementsAs, type ExportKind, indexOf, plannedTensors, shardBytes, shardsOf } from "./shards.ts";
import { type ModelSink, sinkCheck, textParts } from "./sink.ts";
import { tokenizerCheck, writeTokenizerJson } from "./tokenizer_json.ts";

/** How far the writing of a model has come. */
export interface SaveProgress {
  /** Bytes of tensors that were written. */
  readonly written: number;
  /** Bytes of all tensors. */
  readonly total: number;
  /** The tensor that was written last. */
  readonly tensor: string;
}

/** What is written beside the weights, and how. */
export interface SaveOptions extends ReadOptions {
  /** How texts become the ids that the model knows; none is written by default. */
  readonly tokenizer?: Tokenizer | undefined;
  /** Where the model was opened: files of its tokenizer and of its habits are copied as they are; none by default. */
  readonly from?: ModelSource | undefined;
  /** How a conversation becomes a text, in the language Jinja; none by default. */
  readonly chatTemplate?: string | undefined;
  /** Bits of a weight in the file; float32 by default. */
  readonly dtype?: ExportKind | undefined;
  /** Most bytes of tensors in one file; 5,000,000,000 by default. */
  readonly maxShardBytes?: number | undefined;
  /** Hears of every tensor that was written, and is waited for; nobody by default. */
  readonly onProgress?: ((progress: SaveProgress) => void | Promise<void>) | undefined;
}

/** The kinds of numbers that are written. */
export const EXPORT_KINDS: readonly ExportKind[] = ["float32", "float16", "bfloat16"];

const saveChecks: Checks<SaveOptions> = {
  tokenizer: tokenizerCheck,
  from: sourceCheck,
  chatTemplate: string,
  dtype: oneOf(EXPORT_KINDS),
  maxShardBytes: integer({ min: 1 }),
  signal: abortSignal,
  onProgress: callback(),
};

/** What was written. */
export interface SavedPretrained {
  /** What the settings call the architecture. */
  readonly architecture: string;
  /** Names of the files, in the order in which they were written. */
  readonly files: readonly string[];
  /** Bytes of all tensors. */
  readonly bytes: number;
}

/** Most bytes of a file: what the hub takes, and every file system. */
const MOST_BYTES = 5e9;

/** The files of a tokenizer and of a model's habits, of which a folder has some. */
const COMPANIONS: readonly string[] = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
  ...["tokenizer.model", "vocab.json", "merges.txt", "vocab.txt", "chat_template.jinja", "generation_config.json"],
];

/**
 * Writes a model as a folder that Python's `transformers` opens.
 *
 * Weights are written a tensor at a time, `config.json` last. The place should be empty: what lies there under other
 * names stays. Dropout is written where the settings have a word for it.
 *
 * @param model a language model
 * @param destination where the files go
 * @param options tokenizer, kind of numbers, size of files, progress, a signal
 * @returns which files there are
 * @throws {RangeError} if no published layout computes the same, with the options that do not fit
 * @throws {TypeError} if tokenizer and model do not belong together, or the tokenizer is given twice
 */
export async function savePretrained(
  model: DecoderOnly,
  destination: ModelSink,
  options: SaveOptions = {},
): Promise<SavedPretrained> {
  checkInstance("save a model", "model", model, DecoderOnly);
  checkValue("save a model", "destination", destination, sinkCheck);
  checkOptions("save a model", options, saveChecks);
  const { tokenizer, from, chatTemplate, dtype = "float32", maxShardBytes = MOST_BYTES, signal, onProgress } = options;
  if (tokenizer && from) {
    throw new TypeError(
      "Cannot save a model with tokenizer and from: files that are copied have a tokenizer of their own",
    );
  }
  const { fields, names, change } = writtenAs(model);
  // What cannot be written is said before anything is.
  const beside = tokenizerFiles(model, tokenizer, chatTemplate);
  const files: string[] = [];
  const write = async (path: string, parts: AsyncIterable<Uint8Array>): Promise<void> => {
    signal?.throwIfAborted();
    await destination.write(path, parts, { signal });
    files.push(path);
  };
  const writeJson = (path: string, data: Json): Promise<void> =>
    write(path, textParts(`${JSON.stringify(data, null, 2)}\n`));

  const plan = planExport(model, { names }), planned = plannedTensors(plan, dtype);
  const shards = shardsOf(planned, maxShardBytes), total = planned.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const shard of shards) {
    await write(
      shard.file,
      shardBytes(shard, async ({ name, kind, bytes }) => {
        signal?.throwIfAborted();
        const stored = await plan.read(name), elements = elementsAs(name, change ? change(name, stored) : stored, kind);
        done += bytes;
        await onProgress?.({ written: done, total, tensor: name });
        return elements;
      }),
    );
  }
  if (shards.length > 1) await write("model.safetensors.index.json", textParts(indexOf(shards)));

  const copied = from ? await copyCompanions(from, write, options) : new Set<string>();
  for (const [path, content] of beside) if (!copied.has(path)) await write(path, textParts(content));
  const roles = tokenizer || !from ? rolesOf(tokenizer) : await rolesIn(from, options);
  if (!copied.has("generation_config.json")) await writeJson("generation_config.json", { ...roles });
  await writeJson("config.json", { ...fields, ...roles, dtype });
  return { architecture: String(fields["model_type"]), files, bytes: total };
}

/** Refuses a tokenizer with more tokens than the model has rows for. */
function requireRoom({ vocabSize }: DecoderOnly, tokenizer: Tokenizer | undefined): void {
  if (!tokenizer || tokenizer.vocabSize <= vocabSize) return;
  throw new TypeError(
    `Cannot save a model of ${vocabSize} tokens with a tokenizer of ${tokenizer.vocabSize}: they do not belong together`,
  );
}

// ## Which layout says the same

/** A layout in the words of the first family that has all of them. */
export function writtenAs(model: DecoderOnly): WrittenArchitecture {
  const attempts = DECODERS.flatMap((architecture: Architecture) => {
    const written = architecture.write?.(model.options);
    return written ? [written] : [];
  });
  const found = attempts.find(({ misfits }) => misfits.length === 0);
  if (found) return found;
  const [nearest] = attempts.toSorted((a, b) => a.misfits.length - b.misfits.length);
  throw new RangeError(
    `Cannot save the model as one of ${attempts.map(({ fields }) => fields["model_type"]).join(", ")}: the nearest is ${
      nearest!.fields["model_type"]
    }, and it does not fit with ${nearest!.misfits.join(", ")}`,
  );
}

// ## Tokens with a role

/** Ids of tokens with a role, as settings have them; null where there is none, since what is left out means a token of the published model. */
type RoleIds = { readonly bos_token_id: Json; readonly eos_token_id: Json; readonly pad_token_id: Json };

function rolesOf(tokenizer: Tokenizer | undefined): RoleIds {
  return {
    bos_token_id: tokenizer?.beginToken ?? null,
    eos_token_id: tokenizer?.endToken ?? null,
    pad_token_id: tokenizer?.padToken ?? null,
  };
}

/**
 * The files of a tokenizer, and of how a conversation becomes a text.
 *
 * @throws {TypeError} if it has more tokens than the model
 */
export function tokenizerFiles(
  model: DecoderOnly,
  tokenizer: Tokenizer | undefined,
  chatTemplate?: string,
): Map<string, string> {
  requireRoom(model, tokenizer);
  return new Map([
    ...tokenizer
      ? [
        ["tokenizer.json", `${JSON.stringify(writeTokenizerJson(tokenizer))}\n`],
        ["tokenizer_config.json", `${JSON.stringify(tokenizerSettings(model, tokenizer), null, 2)}\n`],
      ] as const
      : [],
    ...chatTemplate === undefined ? [] : [["chat_template.jinja", chatTemplate]] as const,
  ]);
}

function tokenizerSettings(model: DecoderOnly, tokenizer: Tokenizer): Json {
  const named = (id: number | undefined): Json => id === undefined ? null : tokenizer.tokens[id]!;
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: model.contextLength,
    clean_up_tokenization_spaces: false,
    bos_token: named(tokenizer.beginToken),
    eos_token: named(tokenizer.endToken),
    pad_token: named(tokenizer.padToken),
    unk_token: named(tokenizer.unknownToken),
  };
}

/** Copies what stands beside the weights. */
async function copyCompanions(
  from: ModelSource,
  write: (path: string, parts: AsyncIterable<Uint8Array>) => Promise<void>,
  { signal }: ReadOptions,
): Promise<Set<string>> {
  const copied = new Set<string>();
  for (const path of COMPANIONS) {
    const file = await from.open(path, { signal });
    if (!file) continue;
    await write(path, wholeFile(file, { signal }));
    copied.add(path);
  }
  return copied;
}

/** Bytes that are read at once. */
const BLOCK = 2 ** 24;

async function* wholeFile(
  file: { readonly size: number; read(begin: number, end: number, options: ReadOptions): Promise<Uint8Array> },
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  for (let place = 0; place < file.size; place += BLOCK) {
    yield await file.read(place, Math.min(file.size, place + BLOCK), options);
  }
}

/** The ids that the settings of a model state, or none. */
async function rolesIn(from: ModelSource, { signal }: ReadOptions): Promise<RoleIds> {
  const config = await readJson(from, "config.json", { signal });
  const fields = typeof config === "object" && config !== null && !Array.isArray(config) ? config : {};
  const idOf = (name: string): Json => {
    const { [name]: id = null } = fields as { readonly [field: string]: Json };
    return id;
  };
  return { bos_token_id: idOf("bos_token_id"), eos_token_id: idOf("eos_token_id"), pad_token_id: idOf("pad_token_id") };
}
