/**
 * # What is known of somebody else's model
 *
 * `info` reads the header of the weights and the settings beside it, and no weight: what the architecture is, how many weights there are and in which formats, what they take, on the disk and in use, and what the tokenizer is. It describes
 * architectures too that cannot be opened.
 *
 * @module
 */

import { count } from "../host/terminal.ts";
import type { WeightPlace } from "../08_pretrained/files/weights.ts";
import type { PretrainedTokenizer } from "../08_pretrained/tokenizer_files/tokenizer.ts";
import { sentence } from "./errors.ts";
import type { Row } from "./model_kinds.ts";
import type { HubValues, Place } from "./places.ts";
import { type Fields, jinjaOf, type ModelFiles, openFiles, settingsOf, tokenizerOf } from "./pretrained.ts";

/** Says what a model is. */
export async function describeForeign(name: string, place: Place, values: HubValues): Promise<Row[]> {
  const files = await openFiles(name, place, values), { source, weights } = files;
  const isGguf = weights.format === "gguf", config = isGguf ? ofGguf(files) : await settingsOf(source, "config.json");
  const places = [...weights.places.values()], sizes = sizesOf(config);
  const numbers = places.reduce((sum, { shape }) => sum + elements(shape), 0);
  const { context } = sizes, cache = cacheBytes(sizes);
  const uses = isLanguageModel(config) ? ["generate", "chat", "serve", "perplexity", "tokenize"] : ["tokenize"];
  return [
    ["where", source.name],
    ["files", await filesOf(files)],
    ["architecture", architectureOf(config)],
    ["weights", count(numbers)],
    ["formats", Object.fromEntries(formatsOf(places))],
    ["layout", layoutOf(sizes)],
    ["context", context === undefined ? "unknown" : `${count(context)} tokens`],
    ["memory", memoryOf(numbers, cache, context)],
    ...await tokenizerRows(files),
    ["chat template", await jinjaOf(files) === undefined ? "no: lines of speakers are written" : "yes"],
    ["used by", uses.map((word) => `heed ${word}`).join(", ")],
  ];
}

const elements = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** The files that belong to it, with their bytes. */
async function filesOf({ source, weights }: ModelFiles): Promise<string> {
  const own = new Set([...weights.places.values()].map(({ file }) => file));
  const all = (await source.list?.() ?? [...own]).filter((path) =>
    !path.split("/").some((part) => part.startsWith("."))
  );
  const shown = await Promise.all(
    all.slice(0, 20).map(async (path) => {
      const file = await source.open(path);
      return `${path} (${count(file?.size ?? 0)} bytes)`;
    }),
  );
  return [...shown, ...all.length > 20 ? [`and ${all.length - 20} more`] : []].join(", ");
}

/** Formats of weights, those that hold most first, with what they take. */
function formatsOf(places: readonly WeightPlace[]): [string, string][] {
  const found = new Map<string, { tensors: number; bytes: number }>();
  for (const { kind, begin, end } of places) {
    const { tensors, bytes } = found.get(kind) ?? { tensors: 0, bytes: 0 };
    found.set(kind, { tensors: tensors + 1, bytes: bytes + end - begin });
  }
  return [...found].sort(([, a], [, b]) => b.bytes - a.bytes)
    .map(([kind, { tensors, bytes }]) => [kind, `${count(bytes)} bytes in ${tensors} tensors`]);
}

// ## Settings, by the names that architectures have for them

/** The facts of a GGUF, without the word of the architecture before them. */
function ofGguf({ weights: { metadata } }: ModelFiles): Fields {
  const word = String(metadata.get("general.architecture"));
  const own = [...metadata].filter(([name]) => name.startsWith(`${word}.`))
    .map(([name, value]) => [name.slice(word.length + 1), value]);
  const name = metadata.get("general.name");
  return { ...Object.fromEntries(own), model_type: word, ...typeof name === "string" && { name } };
}

/** The sizes that are known. */
interface Sizes {
  readonly context: number | undefined;
  readonly layers: number | undefined;
  readonly width: number | undefined;
  readonly heads: number | undefined;
  readonly groups: number | undefined;
  readonly headWidth: number | undefined;
  readonly inner: number | undefined;
}

function sizesOf(config: Fields): Sizes {
  const inner = config["text_config"], fields = typeof inner === "object" && inner !== null ? inner as Fields : config;
  const first = (...names: readonly string[]): number | undefined =>
    names.map((name) => fields[name]).find((value): value is number => typeof value === "number");
  const width = first("hidden_size", "n_embd", "d_model", "embedding_length");
  const heads = first("num_attention_heads", "n_head", "num_heads", "attention.head_count");
  return {
    context: first("max_position_embeddings", "n_positions", "n_ctx", "context_length"),
    layers: first("num_hidden_layers", "n_layer", "num_layers", "block_count"),
    width,
    heads,
    groups: first("num_key_value_heads", "attention.head_count_kv") ?? heads,
    headWidth: first("head_dim", "attention.key_length") ?? (width && heads ? width / heads : undefined),
    inner: first("intermediate_size", "n_inner", "d_ff", "feed_forward_length"),
  };
}

function architectureOf(config: Fields): string {
  const { architectures, model_type: word, name } = config;
  const classes = Array.isArray(architectures) ? ` (${architectures.join(", ")})` : "";
  return `${typeof word === "string" ? word : "unknown"}${classes}${typeof name === "string" ? `, ${name}` : ""}`;
}

/** Whether it continues texts, as far as the settings say. */
function isLanguageModel({ architectures, model_type: word }: Fields): boolean {
  const classes = Array.isArray(architectures) ? architectures.map(String) : [];
  if (classes.length > 0) return classes.some((name) => /CausalLM|LMHead/.test(name) && !/Masked/.test(name));
  return !/bert|t5|vit/.test(String(word));
}

function layoutOf({ layers, width, heads, groups, headWidth, inner }: Sizes): Readonly<Record<string, number>> {
  const all = { layers, width, heads, groups, "head width": headWidth, "feed-forward": inner };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== undefined));
}

/** Bytes of the keys and values of one token. */
function cacheBytes({ layers, groups, headWidth }: Sizes): number | undefined {
  return layers === undefined || groups === undefined || headWidth === undefined
    ? undefined
    : 2 * 4 * layers * groups * headWidth;
}

/** What the weights take by `--weights`, and a full context. */
function memoryOf(numbers: number, cache: number | undefined, context: number | undefined): string {
  const megabytes = (bytes: number): string => `${count(bytes / 1e6)} MB`;
  // Steps of blocks included: 9 and 5 bits per weight.
  const bits = { float32: 32, float16: 16, int8: 9, int4: 5 };
  const weights = Object.entries(bits).map(([format, bits]) => `${format} ${megabytes(numbers * bits / 8)}`);
  const keys = cache === undefined || context === undefined
    ? ""
    : `, and ${megabytes(cache * context)} for a full context (${count(cache)} bytes a token)`;
  return `weights ${weights.join(", ")}${keys}`;
}

async function tokenizerRows(files: ModelFiles): Promise<Row[]> {
  let tokenizer: PretrainedTokenizer;
  try {
    tokenizer = await tokenizerOf(files);
  } catch (error) {
    return [["tokenizer", `none that is read here: ${sentence(error)}`]];
  }
  const kind = String((tokenizer.toJSON()["model"] as { readonly kind?: unknown } | null)?.kind ?? "unknown");
  const names = [...tokenizer.specialTokens.keys()];
  return [
    ["tokenizer", `${KINDS[kind] ?? kind}, ${count(tokenizer.vocabSize)} tokens`],
    [
      "special tokens",
      `${names.slice(0, 8).join(" ") || "none"}${names.length > 8 ? ` and ${names.length - 8} more` : ""}`,
    ],
  ];
}

/** What models of tokens are called. */
const KINDS: Readonly<Record<string, string>> = {
  merges: "byte-pair encoding",
  pieces: "unigram",
  wordPiece: "WordPiece",
  wordLevel: "words",
};
