/**
 * # Sentence vectors
 *
 * **Question.** An encoder returns a vector for each token. A search compares whole texts. How does a text become one vector, and what can be seen in it?
 *
 * **Idea.** The vectors of the tokens are pooled: their mean, the largest number in each place, or the vector of one token that has read all others. Of an encoder that was trained on hidden words alone, that makes poor vectors. Sentence-BERT was trained further, on pairs of texts that mean the same, until the pooled vectors of a pair lie close together. Three small files beside such a model say how it pools and whether it divides vectors by their length.
 *
 * **Formula.** With the vectors $h_1, \dots, h_n$ of the $n$ tokens of a text,
 *
 * $$v_{\text{mean}} = \frac{1}{n} \sum_{t=1}^{n} h_t, \qquad v_{\text{max}} = \max_{t \le n} h_t, \qquad \hat v = \frac{v}{\lVert v \rVert}, \qquad \mathrm{similarity}(a, b) = \hat a^\top \hat b$$
 *
 * | symbol    | in code    | shape       |
 * | --------- | ---------- | ----------- |
 * | $h$       | `hidden`   | `[B, S, E]` |
 * | $n$       | `lengths`  | `[B]`       |
 * | $v$       | `pooled`   | `[B, E]`    |
 * | $\hat v$  | `unit`     | `[B, E]`    |
 *
 * **By hand.** A text of two tokens with the vectors (1, 2) and (3, −2), in a batch with a text of three, so a third row (9, 9) stands behind it that is padding. The mean of the two is (2, 0), the maximum (3, 2), the first one (1, 2), the last one (3, −2). Whoever counts the padding gets (4.33, 3.00) for the mean. The mean has the length 2, so the vector of length 1 is (1, 0).
 *
 * ```ts
 * import { tensor } from "@heed/heed/engine";
 * import { firstPooling, lastPooling, maxPooling, meanPooling } from "@heed/heed/pretrained";
 *
 * const hidden = tensor([[[1, 2], [3, -2], [9, 9]]]), print = async (name: string, x: typeof hidden) =>
 *   console.log(name.padEnd(9), Array.from(await x.read(), (number) => number.toFixed(2)).join(" "));
 * for (const pooling of [meanPooling, maxPooling, firstPooling, lastPooling]) await print(pooling.word, pooling.pool(hidden, [2]));
 * await print("padding", meanPooling.pool(hidden, [3]));
 * const mean = meanPooling.pool(hidden, [2]);
 * await print("length 1", mean.div(mean.square().sum(-1, { keepDims: true }).sqrt()));
 * ```
 *
 * ```text
 * mean      2.00 0.00
 * max       3.00 2.00
 * first     1.00 2.00
 * last      3.00 -2.00
 * padding   4.33 3.00
 * length 1  1.00 0.00
 * ```
 *
 * **Which files say it.**
 *
 * | file                          | says                                                       |
 * | ----------------------------- | ---------------------------------------------------------- |
 * | `modules.json`                | the steps: an encoder, a pooling, perhaps a division by the length |
 * | `1_Pooling/config.json`       | which pooling; of several, the vectors stand side by side   |
 * | `sentence_bert_config.json`   | the most tokens of a text, and whether it is lowercased     |
 * | `config_sentence_transformers.json` | what is written in front of every text                |
 *
 * Where there is no `modules.json`, vectors are means that keep their length. A GGUF names its pooling among its facts.
 *
 * Sources: Reimers and Gurevych 2019, *Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks*; Conneau, Kiela, Schwenk, Barrault and Bordes 2017, *Supervised Learning of Universal Sentence Representations from Natural Language Inference Data* (max pooling); Wang and others 2020, *MiniLM*; Ettinger 2020, *What BERT Is Not: Lessons from a New Suite of Psycholinguistic Diagnostics for Language Models* (negation).
 *
 * @module
 */

import { checkList, checkNumbers, checkTensors, isListOfNumbers } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { tensor } from "../engine/create.ts";
import { withBackend } from "../engine/device.ts";
import { take } from "../engine/indexing.ts";
import { concat } from "../engine/joining.ts";
import type { Json } from "../engine/json.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  instance,
  integer,
  list,
  required,
  string,
} from "../engine/options.ts";
import { rest } from "../engine/pace.ts";
import { release, scope } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import { quote } from "../engine/shown.ts";
import type { Tensor } from "../engine/tensor.ts";
import { padTokens } from "../02_words/embeddings.ts";
import { lengthMask } from "../04_attention/masks.ts";
import { EncoderOnly } from "../05_transformer/encoder_only.ts";
import { encoderFromPretrained, pretrainedChecks, type PretrainedOptions } from "./architecture.ts";
import { type ModelSource, readJson, sourceCheck } from "./files/mod.ts";
import { type Settings, settingsIn } from "./files/settings.ts";
import { openWeights } from "./files/weights.ts";
import { openTokenizer } from "./tokenizer_files/opening.ts";
import { PretrainedTokenizer } from "./tokenizer_files/tokenizer.ts";

// ## From tokens to a text

/** Makes one vector of those of the tokens of each text. */
export interface Pooling {
  /** What it is called. */
  readonly word: string;
  /**
   * Pools.
   *
   * @param hidden one vector per token, `[B, S, E]`
   * @param lengths how many tokens each text has, at least one; what stands behind them is padding
   * @returns one vector per text, `[B, E]`
   */
  pool(hidden: Tensor, lengths: readonly number[]): Tensor;
}

/** True for tokens, `[B, S, 1]`; nothing where all places are tokens. */
function tokensOf(hidden: Tensor, lengths: readonly number[]): Tensor | undefined {
  const S = hidden.shape[1]!;
  return lengths.every((length) => length === S)
    ? undefined
    : withBackend(hidden.device, () => lengthMask(lengths, S).unsqueeze(-1));
}

/** A pooling whose arguments are checked. */
function pooling(word: string, pool: (hidden: Tensor, lengths: readonly number[]) => Tensor): Pooling {
  return {
    word,
    pool(hidden, lengths) {
      checkTensors("pool", { hidden });
      const { B, S } = dims(hidden, "B S E");
      checkNumbers("pool", "lengths", lengths);
      if (lengths.length !== B) throw new TypeError(`Cannot pool ${B} texts by ${lengths.length} lengths`);
      const wrong = lengths.find((length) => !(Number.isInteger(length) && 1 <= length && length <= S));
      if (wrong === undefined) return pool(hidden, lengths);
      throw new RangeError(`Cannot pool ${wrong} of ${S} tokens: a length must be an integer in [1, ${S}]`);
    },
  };
}

/** The mean of all tokens: $v_{\text{mean}}$. */
export const meanPooling: Pooling = pooling("mean", (hidden, lengths) => {
  const tokens = tokensOf(hidden, lengths);
  if (!tokens) return hidden.mean(1);
  const counts = withBackend(hidden.device, () => tensor(Float32Array.from(lengths), [lengths.length, 1]));
  return hidden.where(tokens, 0).sum(1).div(counts);
});

/** The largest number of all tokens in each place: $v_{\text{max}}$. */
export const maxPooling: Pooling = pooling("max", (hidden, lengths) => {
  const tokens = tokensOf(hidden, lengths);
  return (tokens ? hidden.where(tokens, -Infinity) : hidden).max(1);
});

/** The first token, which BERT calls `[CLS]`. */
export const firstPooling: Pooling = pooling("first", (hidden) => hidden.at(1, 0));

/** The last token, which alone has read all others where each reads only those before it. */
export const lastPooling: Pooling = pooling("last", (hidden, lengths) => {
  const [B, S, E] = hidden.shape as readonly [number, number, number];
  const places = withBackend(hidden.device, () => tensor(Int32Array.from(lengths, (length, b) => b * S + length - 1)));
  return take(hidden.reshape([B * S, E]), places);
});

// ## A model of texts

/** What makes vectors of texts. */
export interface SentenceModel {
  /** Makes a vector of each token. */
  readonly encoder: EncoderOnly;
  /** Cuts texts into tokens. */
  readonly tokenizer: PretrainedTokenizer;
  /** Makes one vector of those of the tokens; of several, the vectors stand side by side. */
  readonly pooling: readonly Pooling[];
  /** Whether a vector is divided by its length. */
  readonly normalize: boolean;
  /** Most tokens of a text, special ones included; what is longer is cut off. */
  readonly maxLength: number;
  /** Whether a text is lowercased before it is cut, whatever the tokenizer does. */
  readonly lowercase: boolean;
  /** What is written in front of every text. */
  readonly prompt: string;
}

/** A pooling that can be named and used. */
const isPooling = (value: Pooling): boolean => typeof value?.pool === "function" && typeof value.word === "string";

const modelChecks: Checks<SentenceModel> = {
  encoder: required(instance(EncoderOnly)),
  tokenizer: required(instance(PretrainedTokenizer)),
  pooling: required(list<Pooling>("a list of poolings, such as [meanPooling]", isPooling)),
  normalize: required(flag),
  maxLength: required(integer()),
  lowercase: required(flag),
  prompt: required(string),
};

/** How vectors are made. */
export interface SentenceOptions {
  /** Texts that are read at once; 32 by default. */
  readonly batchSize?: number | undefined;
  /** What is written in front of every text, such as `query: `; what the model's files say by default. */
  readonly prompt?: string | undefined;
  /** Stops it, with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how many texts have a vector, of how many; nobody by default. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
}

const sentenceChecks: Checks<SentenceOptions> = {
  batchSize: integer(),
  prompt: string,
  signal: abortSignal,
  onProgress: callback(),
};

/**
 * Makes one vector of each text.
 *
 * Long texts are read first and each batch holds texts of similar lengths, so that little is padded. A text gets the vector that it gets
 * alone, up to rounding. `pack(model.encoder)` makes it faster.
 *
 * @param model such as {@linkcode openSentenceModel} opens
 * @param texts as many as you like
 * @param options how many at once, progress, a signal
 * @returns a vector for each, in their order
 */
export async function sentenceVectors(
  model: SentenceModel,
  texts: readonly string[],
  options: SentenceOptions = {},
): Promise<Float32Array[]> {
  checkOptions("make sentence vectors", model, modelChecks);
  checkList("make sentence vectors", "texts", texts, "strings", (text) => typeof text === "string");
  checkOptions("make sentence vectors", options, sentenceChecks);
  const { encoder, pooling, normalize } = model, { batchSize = 32, signal, onProgress } = options;
  if (pooling.length === 0) throw new TypeError("Cannot make sentence vectors without a pooling");
  const width = pooling.length * encoder.options.hiddenSize, tokens = await tokenized(model, texts, options);
  const vectors = Array.from(texts, () => new Float32Array(width));
  // A text without a token has a vector of zeros.
  const order = [...tokens.keys()].filter((i) => tokens[i]!.length > 0)
    .sort((a, b) => tokens[b]!.length - tokens[a]!.length);
  let done = 0;
  for (const places of batchesOf(order, (i) => tokens[i]!.length, batchSize)) {
    await rest(signal);
    const batch = places.map((i) => tokens[i]!);
    const unit = withBackend(encoder.embedding.weight.storage.device, () =>
      scope(() =>
        noGrad(() => {
          const pooled = poolTokens(encoder, batch, pooling);
          return normalize ? unitOf(pooled) : pooled;
        })
      ));
    const numbers = await unit.read();
    release(unit);
    places.forEach((i, row) => vectors[i]!.set(numbers.subarray(row * width, (row + 1) * width)));
    onProgress?.(done += places.length, order.length);
  }
  return vectors;
}

/** A text that is shorter than this fraction of the longest one of its batch begins another batch. */
const ALIKE = 0.8;

/** Most places of a batch, padding included: what lies between two layers then stays in a cache. */
const PLACES = 512;

/** Texts in the order of their lengths, the longest first, cut into batches. */
function* batchesOf(order: readonly number[], lengthOf: (i: number) => number, batchSize: number): Generator<number[]> {
  let batch: number[] = [];
  for (const i of order) {
    const longest = lengthOf(batch[0] ?? i);
    const isFull = batch.length === batchSize || (batch.length + 1) * longest > PLACES || lengthOf(i) < ALIKE * longest;
    if (batch.length > 0 && isFull) {
      yield batch;
      batch = [];
    }
    batch.push(i);
  }
  if (batch.length > 0) yield batch;
}

/** Vectors of a batch, `[B, E]`. */
function poolTokens(encoder: EncoderOnly, batch: readonly (readonly number[])[], poolings: readonly Pooling[]): Tensor {
  const lengths = batch.map(({ length }) => length), longest = Math.max(...lengths);

  // $h$: whatever stands at the padding is read by nobody.
  const isFull = lengths.every((length) => length === longest);
  const mask = isFull ? undefined : lengthMask(lengths, longest);
  const hidden = encoder.encode(padTokens(batch, 0), { mask });

  // $v$
  const pooled = poolings.map((one) => one.pool(hidden, lengths));
  return pooled.length === 1 ? pooled[0]! : concat(pooled, -1);
}

/** $\hat v$: vectors of length 1; one of zeros stays. */
function unitOf(vectors: Tensor): Tensor {
  return vectors.div(vectors.square().sum(-1, { keepDims: true }).sqrt().maximum(1e-12));
}

/** The tokens of each text. */
async function tokenized(
  { tokenizer, maxLength, lowercase, prompt: usual }: SentenceModel,
  texts: readonly string[],
  { prompt = usual, signal }: SentenceOptions,
): Promise<number[][]> {
  const found: number[][] = [];
  for (const text of texts) {
    await rest(signal);
    const whole = prompt + text;
    found.push(tokenizer.prepare(lowercase ? whole.toLowerCase() : whole, { maxLength }).ids);
  }
  return found;
}

// ## What the files say

/**
 * Opens a model of sentence vectors that somebody trained.
 *
 * @example
 * ```ts ignore
 * import { openSentenceModel, sentenceVectors } from "@heed/heed/pretrained";
 * import { folderSource } from "@heed/heed/host";
 *
 * const model = await openSentenceModel(folderSource("all-MiniLM-L6-v2"));
 * const [vector] = await sentenceVectors(model, ["A man is playing a guitar."]);
 * console.log(vector!.length);
 * ```
 *
 * @param source where it lies, as sentence-transformers saves it, or an encoder alone
 * @param options which weights, progress, a signal
 * @returns the encoder, its tokenizer, and what its files say of pooling
 * @throws {RangeError} if its architecture, a step or a setting is not known here
 * @throws {TypeError} if tensors are missing, superfluous or of other shapes; all of them are named
 */
export async function openSentenceModel(source: ModelSource, options: PretrainedOptions = {}): Promise<SentenceModel> {
  checkValue("open a model", "source", source, sourceCheck);
  checkOptions("open a model", options, pretrainedChecks);
  const { file, signal, ...others } = options;
  const opened = options.opened ?? await openWeights(source, { signal, file });
  const encoder = await encoderFromPretrained(source, { ...others, signal, opened }), { hiddenSize } = encoder.options;
  const tokenizer = await openTokenizer(source, { signal });
  if (opened.format === "gguf") {
    const kind = opened.metadata.get("bert.pooling_type") ?? 1, found = GGUF_POOLINGS.get(kind as number);
    if (!found) {
      throw new RangeError(`Cannot open sentence vectors with pooling_type = ${String(kind)}: known are 1 to 3`);
    }
    // The file does not say whether vectors keep their length; the program that it is made for divides by it.
    return { ...PLAIN, encoder, tokenizer, pooling: [found], normalize: true, maxLength: encoder.contextLength };
  }
  const fields = async (path: string): Promise<Settings | undefined> => {
    const found = await readJson(source, path, { signal });
    return found === undefined ? undefined : settingsIn(fieldsOf(found, path), "safetensors");
  };
  const { poolingFolder, normalize } = stepsOf(source, await readJson(source, "modules.json", { signal }));
  const pooled = poolingFolder === undefined ? undefined : await fields(`${poolingFolder}/config.json`);
  pooled?.requireOneOf("word_embedding_dimension", [hiddenSize]);
  const limits = await fields("sentence_bert_config.json"), cut = await fields("tokenizer_config.json");
  const longest = limits?.optionalCount("max_seq_length") ?? cut?.optionalNumber("model_max_length") ?? Infinity;
  return {
    encoder,
    tokenizer,
    pooling: pooled ? poolingsIn(pooled) : [meanPooling],
    normalize,
    maxLength: Math.min(longest, encoder.contextLength),
    lowercase: limits?.flag("do_lower_case", false) ?? false,
    prompt: promptIn(await fields("config_sentence_transformers.json")),
  };
}

const PLAIN = { lowercase: false, prompt: "" };

function fieldsOf(value: Json, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SyntaxError(`Cannot read ${quote(path)}: it must be an object`);
}

/** The steps of `modules.json`: an encoder, a pooling, perhaps a division by the length. */
function stepsOf({ name }: ModelSource, modules: Json | undefined): {
  readonly poolingFolder: string | undefined;
  readonly normalize: boolean;
} {
  if (modules === undefined) return { poolingFolder: undefined, normalize: false };
  if (!Array.isArray(modules)) throw new SyntaxError('Cannot read "modules.json": it must be a list');
  const steps = modules.map((step: Json) => {
    const { type, path } = fieldsOf(step, "modules.json");
    if (typeof type !== "string" || typeof path !== "string") {
      throw new SyntaxError('Cannot read "modules.json": every step must have a type and a path');
    }
    return { kind: type.replace(/^.*\./, ""), path };
  });
  const kinds = steps.map(({ kind }) => kind).join(", ");
  if (!/^Transformer, Pooling(, Normalize)?$/.test(kinds) || steps[0]!.path !== "") {
    throw new RangeError(
      `Cannot open sentence vectors of ${quote(name)}: its steps are ${kinds}, and ` +
        "known are a Transformer that lies beside modules.json, Pooling, and perhaps Normalize",
    );
  }
  return { poolingFolder: steps[1]!.path, normalize: steps.length === 3 };
}

/** Poolings by the field that asks for them, in the order in which their vectors stand side by side. */
const POOLINGS: readonly (readonly [field: string, pooling: Pooling])[] = [
  ["pooling_mode_cls_token", firstPooling],
  ["pooling_mode_max_tokens", maxPooling],
  ["pooling_mode_mean_tokens", meanPooling],
  ["pooling_mode_lasttoken", lastPooling],
];

const GGUF_POOLINGS: ReadonlyMap<number, Pooling> = new Map([[1, meanPooling], [2, firstPooling], [3, lastPooling]]);

function poolingsIn(settings: Settings): Pooling[] {
  for (const other of ["pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens"]) {
    settings.requireOneOf(other, [false]);
  }
  const found = POOLINGS.filter(([field]) => settings.flag(field, false)).map(([, pooling]) => pooling);
  if (found.length > 0) return found;
  throw new RangeError(
    `Cannot open sentence vectors without a pooling: known are ${POOLINGS.map(([field]) => field).join(", ")}`,
  );
}

/** What stands in front of a text where nothing else is asked for. */
function promptIn(settings: Settings | undefined): string {
  const name = settings?.optionalText("default_prompt_name");
  return name === undefined ? "" : settings!.part("prompts")?.optionalText(name) ?? "";
}

// ## Which are near

/** A vector that was found. */
export interface NearVector {
  /** Its place in the list. */
  readonly index: number;
  /** Cosine of the angle to what was asked for, from -1 to 1. */
  readonly cosine: number;
}

/** How many vectors are wanted. */
export interface NearOptions {
  /** Most vectors; 10 by default. */
  readonly topK?: number | undefined;
}

const nearChecks: Checks<NearOptions> = { topK: integer() };

/**
 * The vectors that point most nearly in the direction of another one.
 *
 * Takes $O(NE)$ time for $N$ vectors, and a sort. {@linkcode cosine} of `@heed/heed/words` compares two.
 *
 * @param query what is looked for, `[E]`
 * @param vectors where to look, each `[E]`
 * @param options how many are wanted
 * @returns the nearest first; of equal ones that which comes first
 * @throws {TypeError} if the widths disagree
 */
export function nearestVectors(
  query: ArrayLike<number>,
  vectors: readonly ArrayLike<number>[],
  options: NearOptions = {},
): NearVector[] {
  checkNumbers("find vectors", "query", query);
  checkList("find vectors", "vectors", vectors, "lists of numbers", isListOfNumbers);
  checkOptions("find vectors", options, nearChecks);
  const { topK = 10 } = options, width = query.length;
  const other = vectors.find(({ length }) => length !== width);
  if (other) throw new TypeError(`Cannot compare ${width} numbers with ${other.length}: the widths must agree`);
  let squares = 0;
  for (let e = 0; e < width; e++) squares += query[e]! * query[e]!;
  const found = vectors.map((vector, index): NearVector => {
    let product = 0, own = 0;
    for (let e = 0; e < width; e++) {
      product += query[e]! * vector[e]!;
      own += vector[e]! * vector[e]!;
    }
    const lengths = Math.sqrt(squares) * Math.sqrt(own);
    return { index, cosine: lengths === 0 ? 0 : product / lengths };
  });
  return found.sort((a, b) => b.cosine - a.cosine || a.index - b.index).slice(0, topK);
}

// ## What similarity sees
//
// The recorded run has all-MiniLM-L6-v2 read sentences in groups: a statement, the same in other words, its negation, and what has only words in common with it.
//
// ```picture sentence_vectors_run Cosines between sentences, by a model that was trained on pairs.
// ```

// ## Pitfall: padding that is counted
//
// A mean over all places of a batch divides by the length of the longest text and adds what stands at the padding. Every vector then depends on its neighbours in the batch, and the nearest texts are those of equal length. The test "sentenceVectors() of a batch are those of single texts" has texts of all lengths.

// ## Pitfall: special tokens that are left out
//
// `[CLS]` and `[SEP]` are tokens, and the mean counts them, as it did when the model was trained. The test "sentenceVectors() pools as the files say, special tokens included" computes the mean by hand.

// ## Pitfall: a sum of cosines
//
// The product of two vectors is their cosine only if both have length 1. A model without the step `Normalize` has vectors of all lengths, and a long one is then near to everything. The test "nearestVectors() compares directions" has one.

// ## Exercise
//
// A text is longer than `maxLength`, and what is behind is cut off. Cut it into overlapping parts, make a vector for each, and take the nearest part for the text. What does the mean of the parts' vectors lose?
//
// **Hint.** Compare a text of one subject with a text that has its answer in one sentence of fifty.
