/**
 * # BERT
 *
 * **Question.** BERT, RoBERTa, DistilBERT and MiniLM read in both directions. What has to be known to open one of them, and what is each of them asked for?
 *
 * **Idea.** All of them are the [encoder with heads](../05_transformer/encoder_only.ts) of the book. Their files differ in what they call the tensors and in which heads are there: a file may have the head that scores words, the *pooler* that makes one vector of the first token, both, or none, and the names of its tensors say which. RoBERTa leaves two rows of its positions unused, DistilBERT has no token types.
 *
 * **Formula.** The encoder is asked in three ways. A hidden word gets probabilities, a text a vector from its first token, or one from all of its $n$ tokens ([section](sentence_vectors.ts)):
 *
 * $$P(x_t \mid x_{\ne t}) = \mathrm{softmax}\big(\mathrm{head}(h_t)\,W^\top + b\big), \qquad p = \tanh(h_0 W_p + b_p), \qquad v = \frac{1}{n} \sum_{t=1}^{n} h_t$$
 *
 * | part                       | BERT, RoBERTa                          | DistilBERT             | GGUF                      | here                                  |
 * | -------------------------- | -------------------------------------- | ---------------------- | ------------------------- | ------------------------------------- |
 * | words                      | `embeddings.word_embeddings`           | the same               | `token_embd`              | `embedding`                           |
 * | positions                  | `embeddings.position_embeddings`       | the same               | `position_embd`           | `positions`                           |
 * | token types                | `embeddings.token_type_embeddings`     | none                   | `token_types`             | `types`                               |
 * | norm of the embeddings     | `embeddings.LayerNorm`                 | the same               | `token_embd_norm`         | `embeddingNorm`                       |
 * | queries, keys, values      | `attention.self.query`, `key`, `value` | `q_lin`, `k_lin`, `v_lin` | `attn_q`, `attn_k`, `attn_v` | `attention.query`, `key`, `value`  |
 * | output of the attention    | `attention.output.dense`               | `out_lin`              | `attn_output`             | `attention.output`                    |
 * | norm after the attention   | `attention.output.LayerNorm`           | `sa_layer_norm`        | `attn_output_norm`        | `attentionResidual.norm`              |
 * | up and down                | `intermediate.dense`, `output.dense`   | `ffn.lin1`, `lin2`     | `ffn_up`, `ffn_down`      | `feedForward.up`, `down`              |
 * | norm after the feed-forward | `output.LayerNorm`                    | `output_layer_norm`    | `layer_output_norm`       | `feedForwardResidual.norm`            |
 * | pooler                     | `pooler.dense`                         | none                   | none                      | `pooler`                              |
 * | head of the words          | `cls.predictions`, `lm_head`           | `vocab_transform`, …   | none                      | `head`                                |
 *
 * **By hand.** The base model of BERT has width 768, 12 layers, 3072 inside the feed-forward and 30522 words. The three tables have $(30522 + 512 + 2) \cdot 768 = 23835648$ weights, with a norm of $2 \cdot 768$. A layer has $4 \cdot (768^2 + 768)$ in its attention, $2 \cdot 768 \cdot 3072 + 3072 + 768$ in its feed-forward and $4 \cdot 768$ in its norms, 7087872 together. The pooler has $768^2 + 768$.
 *
 * ```ts
 * const E = 768, F = 3072, V = 30522, layers = 12;
 * const tables = (V + 512 + 2) * E + 2 * E, layer = 4 * (E * E + E) + 2 * E * F + F + E + 4 * E, pooler = E * E + E;
 * console.log(tables, layer, pooler, tables + layers * layer + pooler);
 * ```
 *
 * ```text
 * 23837184 7087872 590592 109482240
 * ```
 *
 * Sources: Devlin, Chang, Lee and Toutanova 2019, *BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding*; Liu and others 2019, *RoBERTa: A Robustly Optimized BERT Pretraining Approach*; Sanh, Debut, Chaumond and Wolf 2019, *DistilBERT, a Distilled Version of BERT*; Wang, Wei, Dong, Bao, Yang and Zhou 2020, *MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers*; Conneau and others 2020, *Unsupervised Cross-lingual Representation Learning at Scale*.
 *
 * @module
 */

import { checkInstance, checkText } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { withBackend } from "../engine/device.ts";
import { take } from "../engine/indexing.ts";
import type { Json } from "../engine/json.ts";
import { checkOptions, type Checks, integer } from "../engine/options.ts";
import { release, scope } from "../engine/scope.ts";
import type { StateNames } from "../06_training/state_names.ts";
import { learned } from "../04_attention/positions/absolute.ts";
import { softmax } from "../02_words/softmax.ts";
import { EncoderOnly, type EncoderOnlyOptions } from "../05_transformer/encoder_only.ts";
import { type Activation, gelu, geluTanh, relu, silu } from "../05_transformer/feed_forward/activations.ts";
import { layerNormalization } from "../05_transformer/normalization.ts";
import { type Architecture, type Settings, settingsIn } from "./files/settings.ts";
import type { Weights } from "./files/weights.ts";
import { PretrainedTokenizer } from "./tokenizer_files/tokenizer.ts";

// ## What the files call the tensors
//
// A file holds what somebody's program had. The base model alone has names without a prefix; with a head, its names begin with `bert.`. A row for a head stands only where the file has one.

/** What files of BERT call the tensors, all heads there. */
export const bertNames: StateNames = {
  ...bodyNames("bert.", "LayerNorm"),
  ...poolerNames("bert."),
  ...headNames("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm"),
  "cls.predictions.bias": "head.bias",
};

/** The encoder; `norm` is what the file calls a norm. */
function bodyNames(prefix: string, norm: string): StateNames {
  const layer = `${prefix}encoder.layer.*`;
  return {
    [`${prefix}embeddings.word_embeddings`]: "embedding",
    [`${prefix}embeddings.position_embeddings`]: "positions",
    [`${prefix}embeddings.token_type_embeddings`]: "types",
    [`${prefix}embeddings.${norm}`]: "embeddingNorm",
    [`${layer}.attention.self.query`]: "encoder.layers.*.attention.query",
    [`${layer}.attention.self.key`]: "encoder.layers.*.attention.key",
    [`${layer}.attention.self.value`]: "encoder.layers.*.attention.value",
    [`${layer}.attention.output.dense`]: "encoder.layers.*.attention.output",
    [`${layer}.attention.output.${norm}`]: "encoder.layers.*.attentionResidual.norm",
    [`${layer}.intermediate.dense`]: "encoder.layers.*.feedForward.up",
    [`${layer}.output.dense`]: "encoder.layers.*.feedForward.down",
    [`${layer}.output.${norm}`]: "encoder.layers.*.feedForwardResidual.norm",
    // Numbers from 0 on, which are no weights.
    [`${prefix}embeddings.position_ids`]: null,
  };
}

function poolerNames(prefix: string): StateNames {
  return { [`${prefix}pooler.dense`]: "pooler" };
}

function headNames(dense: string, norm: string): StateNames {
  return { [dense]: "head.transform", [norm]: "head.norm" };
}

function distilledNames(prefix: string): StateNames {
  const layer = `${prefix}transformer.layer.*`;
  return {
    [`${prefix}embeddings.word_embeddings`]: "embedding",
    [`${prefix}embeddings.position_embeddings`]: "positions",
    [`${prefix}embeddings.LayerNorm`]: "embeddingNorm",
    [`${layer}.attention.q_lin`]: "encoder.layers.*.attention.query",
    [`${layer}.attention.k_lin`]: "encoder.layers.*.attention.key",
    [`${layer}.attention.v_lin`]: "encoder.layers.*.attention.value",
    [`${layer}.attention.out_lin`]: "encoder.layers.*.attention.output",
    [`${layer}.sa_layer_norm`]: "encoder.layers.*.attentionResidual.norm",
    [`${layer}.ffn.lin1`]: "encoder.layers.*.feedForward.up",
    [`${layer}.ffn.lin2`]: "encoder.layers.*.feedForward.down",
    [`${layer}.output_layer_norm`]: "encoder.layers.*.feedForwardResidual.norm",
    [`${prefix}embeddings.position_ids`]: null,
  };
}

const GGUF: StateNames = {
  "token_embd": "embedding",
  "position_embd": "positions",
  "token_types": "types",
  "token_embd_norm": "embeddingNorm",
  "blk.*.attn_q": "encoder.layers.*.attention.query",
  "blk.*.attn_k": "encoder.layers.*.attention.key",
  "blk.*.attn_v": "encoder.layers.*.attention.value",
  "blk.*.attn_output": "encoder.layers.*.attention.output",
  "blk.*.attn_output_norm": "encoder.layers.*.attentionResidual.norm",
  "blk.*.ffn_up": "encoder.layers.*.feedForward.up",
  "blk.*.ffn_down": "encoder.layers.*.feedForward.down",
  "blk.*.layer_output_norm": "encoder.layers.*.feedForwardResidual.norm",
};

/** The files of 2018 have the names of TensorFlow for gain and bias of a norm. */
function withOlderNorms(names: StateNames): StateNames {
  return Object.fromEntries(
    Object.entries(names).flatMap(([theirs, ours]) =>
      typeof ours === "string" && theirs.endsWith("LayerNorm")
        ? [[`${theirs}.gamma`, `${ours}.gain`], [`${theirs}.beta`, `${ours}.bias`]]
        : [[theirs, ours]]
    ),
  );
}

/** How a program calls the parts that stand beside the encoder. */
interface Heads {
  /** Before all names of the encoder, where there is a head. */
  readonly prefix: string;
  /** The matrix of the head, its norm, what compares with the words, and the bias of the words. */
  readonly head: readonly [dense: string, norm: string, decoder: string, bias: string];
  /** What else files hold, which no part here needs. */
  readonly others?: readonly string[];
}

/** Which heads a file has, and the names of them. */
function headsIn({ places }: Weights, tieHead: boolean, { prefix, head, others = [] }: Heads): {
  readonly prefix: string;
  readonly heads: Pick<EncoderOnlyOptions, "pooler" | "wordHead">;
  readonly names: StateNames;
} {
  const [dense, norm, decoder, bias] = head, isThere = (name: string): boolean => places.has(name);
  const before = isThere(`${prefix}embeddings.word_embeddings.weight`) ? prefix : "";
  const pooler = isThere(`${before}pooler.dense.weight`), wordHead = isThere(`${dense}.weight`);
  // Of two biases that the program has, the one beside the matrix is added; where both are one, either name may stand there.
  const own = decoder !== bias && isThere(`${decoder}.bias`);
  const words: StateNames = !wordHead ? {} : {
    ...headNames(dense, norm),
    [decoder]: tieHead ? "embedding" : "head.decoder",
    [`${own ? decoder : bias}.bias`]: "head.bias",
    ...own ? { [`${bias}.bias`]: null } : {},
  };
  return {
    prefix: before,
    heads: { pooler, wordHead },
    names: {
      ...pooler ? poolerNames(before) : {},
      ...words,
      ...Object.fromEntries(others.map((name): [string, null] => [name, null])),
    },
  };
}

// ## What the settings say

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  "gelu": gelu,
  "gelu_new": geluTanh,
  "gelu_pytorch_tanh": geluTanh,
  "relu": relu,
  "silu": silu,
  "swish": silu,
};

function activationIn(settings: Settings, name: string): Activation {
  const word = settings.optionalText(name) ?? "gelu", known = Object.keys(ACTIVATIONS);
  if (Object.hasOwn(ACTIVATIONS, word)) return ACTIVATIONS[word]!;
  throw settings.unknown(name, word as Json, known);
}

/** BERT and MiniLM, RoBERTa and XLM-RoBERTa, by their settings. */
export const bert: Architecture<EncoderOnlyOptions> = {
  words: ["bert", "roberta", "xlm-roberta", "camembert"],
  read(fields, weights) {
    const settings = settingsIn(fields, weights.format);
    if (weights.format === "gguf") return ofGguf(settings);
    settings.requireOneOf("position_embedding_type", ["absolute"]);
    settings.requireOneOf("is_decoder", [false]);
    settings.requireOneOf("add_cross_attention", [false]);
    const word = settings.optionalText("model_type") ?? "bert", isBert = word === "bert";
    const tieHead = settings.flag("tie_word_embeddings", true);
    const { prefix, heads, names } = headsIn(weights, tieHead, isBert ? BERT : ROBERTA);
    // Positions of RoBERTa begin behind the id of the padding, so that padding has a row too.
    const firstRow = isBert ? 0 : settings.index("pad_token_id", 1) + 1;
    const isOlder = weights.places.has(`${prefix}embeddings.LayerNorm.gamma`);
    const all = { ...bodyNames(prefix, "LayerNorm"), ...names };
    return {
      options: {
        vocabSize: settings.count("vocab_size"),
        contextLength: settings.count("max_position_embeddings", 512) - firstRow,
        hiddenSize: settings.count("hidden_size"),
        numLayers: settings.count("num_hidden_layers"),
        numHeads: settings.count("num_attention_heads"),
        feedForwardSize: settings.count("intermediate_size"),
        numTypes: settings.count("type_vocab_size", 2),
        positions: learned(firstRow === 0 ? {} : { firstRow }),
        activation: activationIn(settings, "hidden_act"),
        norm: layerNormalization({ epsilon: settings.number("layer_norm_eps", 1e-12) }),
        ...heads,
        ...heads.wordHead ? { tieHead } : {},
      },
      names: isOlder ? withOlderNorms(all) : all,
    };
  },
};

const BERT: Heads = {
  prefix: "bert.",
  head: [
    "cls.predictions.transform.dense",
    "cls.predictions.transform.LayerNorm",
    "cls.predictions.decoder",
    "cls.predictions",
  ],
  // Whether two texts belong together was a task of training, which nobody asks.
  others: ["cls.seq_relationship"],
};

const ROBERTA: Heads = {
  prefix: "roberta.",
  head: ["lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head"],
};

/** DistilBERT, by its settings: half of the layers, no token types, no pooler, and names of its own. */
export const distilbert: Architecture<EncoderOnlyOptions> = {
  words: ["distilbert"],
  read(fields, weights) {
    const settings = settingsIn(fields, weights.format);
    if (weights.format === "gguf") throw settings.unknown("general.architecture", "distilbert", ["bert"]);
    const tieHead = settings.flag("tie_word_embeddings", true);
    const { prefix, heads, names } = headsIn(weights, tieHead, {
      prefix: "distilbert.",
      head: ["vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector"],
    });
    return {
      options: {
        vocabSize: settings.count("vocab_size", 30522),
        contextLength: settings.count("max_position_embeddings", 512),
        hiddenSize: settings.count("dim", 768),
        numLayers: settings.count("n_layers", 6),
        numHeads: settings.count("n_heads", 12),
        feedForwardSize: settings.count("hidden_dim", 3072),
        numTypes: 0,
        activation: activationIn(settings, "activation"),
        norm: layerNormalization({ epsilon: 1e-12 }),
        ...heads,
        ...heads.wordHead ? { tieHead } : {},
      },
      names: { ...distilledNames(prefix), ...names },
    };
  },
};

function ofGguf(settings: Settings): { readonly options: EncoderOnlyOptions; readonly names: StateNames } {
  settings.requireOneOf("attention.causal", [false]);
  return {
    options: {
      vocabSize: settings.count("vocab_size"),
      contextLength: settings.count("context_length"),
      hiddenSize: settings.count("embedding_length"),
      numLayers: settings.count("block_count"),
      numHeads: settings.count("attention.head_count"),
      feedForwardSize: settings.count("feed_forward_length"),
      numTypes: settings.count("token_type_count", 2),
      norm: layerNormalization({ epsilon: settings.number("attention.layer_norm_epsilon", 1e-12) }),
      pooler: false,
      wordHead: false,
    },
    names: GGUF,
  };
}

// ## A hidden word
//
// A text with a mask is cut with the mask as one token, and the scores behind it are all that is computed of the vocabulary. `heed fill-mask` asks so from the terminal. The model of this program has random weights, so its words mean nothing.
//
// ```ts
// import { Random } from "@heed/heed/engine";
// import { EncoderOnly } from "@heed/heed/transformer";
// import { bytesSource, fillMask, openTokenizer } from "@heed/heed/pretrained";
//
// const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "capital", "of", "france", "is", "paris"];
// const files = bytesSource(new Map([["vocab.txt", new TextEncoder().encode(words.join("\n"))]]));
// const tokenizer = await openTokenizer(files);
// const sizes = { vocabSize: words.length, contextLength: 16, hiddenSize: 8, numLayers: 1, numHeads: 2 };
// const model = new EncoderOnly(sizes, new Random(1)).eval();
// const [mask] = await fillMask(model, tokenizer, "The capital of France is [MASK].", { topK: 3 });
// for (const { token, probability } of mask!.candidates) console.log(probability.toFixed(3), token);
// ```
//
// ```text
// 0.102 is
// 0.097 [MASK]
// 0.096 capital
// ```

/** What may stand behind a mask. */
export interface MaskCandidate {
  /** The token, as the vocabulary has it. */
  readonly token: string;
  /** Its id. */
  readonly id: number;
  /** How probable it is, in [0, 1]. */
  readonly probability: number;
}

/** A mask of a text, and what may stand there. */
export interface FilledMask {
  /** Its place among the tokens, special ones included. */
  readonly position: number;
  /** The most probable first. */
  readonly candidates: readonly MaskCandidate[];
}

/** How many candidates are wanted. */
export interface FillMaskOptions {
  /** Most candidates of each mask; 5 by default. */
  readonly topK?: number | undefined;
}

const FILL: Checks<FillMaskOptions> = { topK: integer() };

/** What families call the token that hides a word. */
const MASKS = ["[MASK]", "<mask>"];

/**
 * Says what may stand behind the masks of a text.
 *
 * @param model with a head that scores words
 * @param tokenizer of the model
 * @param text with one `[MASK]` or more; `<mask>` means the same
 * @param options how many candidates
 * @returns every mask, from left to right; each is filled for itself, the others hidden
 * @throws {RangeError} if the text has no mask, or more tokens than the model reads
 * @throws {TypeError} if the model has no head that scores words
 */
export async function fillMask(
  model: EncoderOnly,
  tokenizer: PretrainedTokenizer,
  text: string,
  options: FillMaskOptions = {},
): Promise<FilledMask[]> {
  checkInstance("fill a mask", "model", model, EncoderOnly);
  checkInstance("fill a mask", "tokenizer", tokenizer, PretrainedTokenizer);
  checkText("fill a mask", "text", text);
  checkOptions("fill a mask", options, FILL);
  if (!model.head) throw new TypeError("Cannot fill a mask: the model has no head that scores words");
  const mask = MASKS.find((token) => tokenizer.idOf(token) !== undefined);
  if (mask === undefined) throw new RangeError(`Cannot fill a mask: the tokenizer has none of ${MASKS.join(", ")}`);
  const written = MASKS.reduce((whole, other) => whole.replaceAll(other, mask), text);
  const { ids, typeIds } = tokenizer.prepare(written, { specialTokens: true }), maskId = tokenizer.idOf(mask);
  const positions = [...ids.keys()].filter((i) => ids[i] === maskId);
  if (positions.length === 0) throw new RangeError(`Cannot fill a mask: the text has no ${mask}`);
  const logits = withBackend(model.embedding.weight.storage.device, () =>
    scope(() =>
      noGrad(() => {
        const hidden = model.encode([ids], model.types && { types: [typeIds] }).squeeze(0);
        return softmax(model.score(take(hidden, positions)));
      })
    ));
  const probabilities = await logits.read(), { topK = 5 } = options, { vocabSize } = model;
  release(logits);
  return positions.map((position, row) => {
    const own = probabilities.subarray(row * vocabSize, (row + 1) * vocabSize);
    const best = Array.from(own.keys()).sort((a, b) => own[b]! - own[a]!).slice(0, topK);
    const candidates = best.map((id) => ({ token: tokenizer.tokens[id] ?? "", id, probability: own[id]! }));
    return { position, candidates };
  });
}

// ## Seven ways to misread it
//
// The [experiment](experiments/bert.ts) trains a small BERT, writes its weights under the names of its files, and reads them back with one mistake at a time. What a mistake costs says nothing of how hard it is to find.

// ## Pitfall: the order of norm and addition
//
// Most later models have pre-norm layers, and the names of the tensors do not say which kind a file holds: `output.LayerNorm` fits both. The test "a BERT with pre-norm layers is another model" reads the same weights so.

// ## Pitfall: which GELU
//
// `"gelu"` is the form with erf here, and `"gelu_new"` the one with tanh, which GPT-2 has. The difference is small enough to be missed by eye. The test "a BERT with the other GELU is another model" finds it.

// ## Pitfall: an epsilon of 1e-12
//
// The usual 1e-5 is added to a variance. Where the variance is around 1 nobody sees it; a vector of small numbers comes out shorter. The test "a BERT keeps its epsilon" uses small numbers.

// ## Pitfall: token types that are left out
//
// A text alone is of type 0, and row 0 of the table is added all the same. Whoever adds types only to pairs leaves a vector out at every position. The test "a text alone is of the first type" says that they are one.

// ## Pitfall: padding that is read
//
// A text in a batch with a longer one is padded, and without the mask every token reads the padding. The test "a padded text is read as it is read alone" compares the two.

// ## Pitfall: two biases
//
// The head of BERT has a bias of its own and one in its decoder. Nearly all files have them as one tensor under two names, so a reader may leave either out. In a file in which they differ, the one of the decoder is added and the other one is not used. The test "a head of words adds the bias of its decoder" has such a file.

// ## Pitfall: positions that begin at two
//
// RoBERTa counts positions from the id of its padding on, so a text of 512 tokens needs 514 rows. Read from row 0, the model works and is worse. The test "positions of a RoBERTa begin behind its padding" reads both ways.

// ## Exercise
//
// The files of ELECTRA have the names of BERT with the prefix `electra.`, and tables of words that are narrower than the layers, with a matrix `embeddings_project` between them. Which option would `EncoderOnly` need, and which rows the table of names?
//
// **Hint.** The matrix stands behind the norm of the embeddings.
