/**
 * # Decoder only
 *
 * **Question.** Continuing a text needs no second language. What remains of the Transformer when
 * there is no source?
 *
 * **Idea.** The decoder without cross-attention: a stack of causal self-attention and feed-forward
 * layers (decoder-only, 纯解码器). Such a layer is the encoder's layer with a causal mask, and that is
 * how it is built here. The prompt (提示词) is the prefix of the sequence; the model continues it. This
 * is GPT, and the form of nearly all large language models (大语言模型).
 *
 * **Formula.** With the table $W$, learned positions $W_\mathrm{pos}$ and pre-norm layers
 * $\ell_1 \dots \ell_L$,
 *
 * $$h = (\ell_L \circ \dots \circ \ell_1)(W_x + W_\mathrm{pos}), \qquad P(x_{t+1} \mid x_{\le t}) = \mathrm{softmax}\big(\mathrm{norm}(h_t)\, W^\top\big)$$
 *
 * | symbol           | in code            | shape                          |
 * | ---------------- | ------------------ | ------------------------------ |
 * | $x$              | `tokens`           | `[B, T]`                       |
 * | $W$              | `embedding.weight` | `[V, E]`                       |
 * | $W_\mathrm{pos}$ | `positions.weight` | `[contextLength, E]`, $T$ rows |
 * | $h$              | `hidden`           | `[B, T, E]`                    |
 *
 * **Why residual weights start small.** Each layer adds two outputs to the residual sum, whose
 * variance therefore grows with $2L$. GPT-2 divides the initial deviation of the matrices that write
 * into the sum (`output` and `down`) by $\sqrt{2L}$. All layers together then add as much variance as
 * one output would, whatever the depth. All other matrices start with deviation 0.02, as in GPT (Radford et al. 2018).
 *
 * **The notes, 003.42 and 003.44.** Keys and values come from the text itself, through $W_K$ and $W_V$ of each layer.
 * The mask only limits which of them a position may
 * use.
 *
 * The right answer is fed in when GPT is trained. The sequence is the input,
 * and the same sequence shifted by one position is the target. Every position of a single pass is an example
 * of teacher forcing ([section](../06_training/teacher_forcing.ts)).
 *
 * Sources: Radford, Wu, Child, Luan, Amodei and Sutskever 2019, *Language Models are Unsupervised
 * Multitask Learners*; Radford, Narasimhan, Salimans and Sutskever 2018, *Improving Language Understanding by
 * Generative Pre-Training*.
 *
 * @module
 */

import { readPairs } from "../engine/allowed.ts";
import { aTensorLike } from "../engine/arguments.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { shareChance } from "../engine/chance.ts";
import { Dropout } from "../engine/dropout.ts";
import { type LayerInitialization, normal } from "../engine/initialization.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import { checkFunction, checkOptions, type Checks, flag, isPlain, list, numeric } from "../engine/options.ts";
import { partOf } from "../engine/part.ts";
import { dims } from "../engine/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { Embedding } from "../02_words/embeddings.ts";
import { textMask, textMaskChecks, type TextMasks } from "../04_attention/masks.ts";
import { type AttentionScheme, type KeyValueMemory, multiHead } from "../04_attention/multi_head.ts";
import { learned } from "../04_attention/positions/absolute.ts";
import { type InputPositions, type PositionScheme, startsOfRows } from "../04_attention/positions/scheme.ts";
import { softCap } from "../04_attention/scaled_dot_product.ts";
import { cachesCheck } from "./decoder.ts";
import { attentionSchemeCheck, below, closingNorm, EncoderLayer, type Pass, passChecks } from "./encoder.ts";
import { type Complete, complete, layerOptionsOf, transformerChecks, type TransformerOptions } from "./layout.ts";
import { geluTanh } from "./feed_forward/activations.ts";
import { layerNormalization, type Norm } from "./normalization.ts";

/** What one layer of a stack has instead of what all have. */
export interface LayerVariant {
  /** Its attention; that of all layers by default. */
  readonly attention?: AttentionScheme | undefined;
  /** How positions enter its attention; as in all layers by default. */
  readonly positions?: PositionScheme | undefined;
}

/** How a {@linkcode DecoderOnly} is laid out. The defaults are the smallest GPT-2. */
export interface DecoderOnlyOptions extends TransformerOptions {
  /** What layers have instead of what all have, in turn: the pattern repeats along the stack; nothing by default. */
  readonly pattern?: readonly LayerVariant[] | undefined;
  /** What embedded tokens are multiplied by; 1 by default. */
  readonly embeddingScale?: number | undefined;
  /** Bound that logits are bent towards, by tanh; `Infinity` by default. */
  readonly softCap?: number | undefined;
}

const VARIANT: Checks<LayerVariant> = {
  attention: attentionSchemeCheck,
  positions: partOf("a position scheme for attentions, such as rotary()", (part) => part.attention !== undefined),
};

const isVariant = (value: unknown): boolean => typeof value === "object" && value !== null && isPlain(value);

const DECODER_ONLY: Checks<DecoderOnlyOptions> = {
  ...transformerChecks,
  pattern: list<LayerVariant>("a list of what layers have instead, such as { attention: multiHead({ … }) }", isVariant),
  embeddingScale: numeric({ above: 0 }),
  softCap: numeric({ above: 0, max: Infinity }),
};

function layoutOf(options: DecoderOnlyOptions): Complete<DecoderOnlyOptions> {
  checkOptions("build a model", options, DECODER_ONLY);
  for (const variant of options.pattern ?? []) checkOptions("build a layer of a pattern", variant, VARIANT);
  return complete(options, {
    contextLength: 1024,
    hiddenSize: 768,
    numLayers: 12,
    numHeads: 12,
    attention: multiHead(),
    positions: learned(),
    activation: geluTanh,
    norm: layerNormalization(),
    placement: "pre",
    bias: true,
    tieHead: true,
    dropout: 0,
    pattern: [],
    embeddingScale: 1,
    softCap: Infinity,
  });
}

/** Standard deviation of the first weights. */
const DEVIATION = 0.02;

/** How the matrices of a stack start: those that are added to the residual sum, twice in each layer, smaller. */
function gpt2Initialization(numLayers: number): LayerInitialization {
  return { within: normal(DEVIATION), intoSum: normal(DEVIATION / Math.sqrt(2 * numLayers)) };
}

/** What one pass through a {@linkcode DecoderOnly} looks at. */
export interface ContinuationCall extends Pass, TextMasks {
  /** Added to all layers' scores, `-Infinity` forbids, `[B, H, T, S]`; nothing by default. */
  readonly bias?: TensorLike | undefined;
  /** Keys and values of earlier calls, one cache per layer; none by default. */
  readonly caches?: readonly KeyValueMemory[] | undefined;
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

const CALL: Checks<ContinuationCall> = {
  ...passChecks,
  ...textMaskChecks,
  bias: aTensorLike,
  caches: cachesCheck,
  lastOnly: flag,
};

/**
 * A GPT: continues a text.
 *
 * @example
 * ```ts
 * import { DecoderOnly, Random } from "@heed/heed";
 *
 * const options = { vocabSize: 20, contextLength: 8, hiddenSize: 16, numHeads: 2, numLayers: 1 };
 * const model = new DecoderOnly(options, new Random(1));
 * const logits = model.forward([[5, 6, 7]]);
 * console.assert(String(logits.shape) === "1,3,20");
 * ```
 */
export class DecoderOnly extends Module {
  /** The options with every default filled in. */
  readonly options: Complete<DecoderOnlyOptions>;
  /** One row per token. */
  readonly embedding: Embedding;
  /** Positions that enter with the input. */
  readonly positions: InputPositions | undefined;
  /** Drops a fraction of the input in training. */
  readonly dropout: Dropout;
  /** Layers of causal self-attention; a position rule is shared by all of them. */
  readonly layers: readonly EncoderLayer[];
  /** Closes the stack, where there is one. */
  readonly norm: Norm | undefined;
  /** From vectors to scores, if the table does not serve. */
  readonly head: Linear | undefined;

  /**
   * Starts from random weights, as GPT-2 does.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible
   */
  constructor(options: DecoderOnlyOptions, random: Random) {
    super();
    const layout = this.options = layoutOf(options);
    checkRandom("build a model", random);
    const { vocabSize, hiddenSize, numLayers, positions, tieHead } = layout;
    const sizes = { ...layout, causal: true, deviation: DEVIATION };
    this.positions = positions.input?.(sizes, random);
    // One rule for all layers of one scheme: a table of angles is there once.
    const rules = new Map([[positions, positions.attention?.(sizes, random)]]);
    for (const { positions: own } of layout.pattern) {
      if (own && !rules.has(own)) rules.set(own, own.attention?.(sizes, random));
    }
    this.embedding = new Embedding(vocabSize, hiddenSize, random, { deviation: DEVIATION });
    const layer = { ...layerOptionsOf(layout), initialization: gpt2Initialization(numLayers) };
    this.dropout = new Dropout(layout.dropout);
    this.layers = Array.from({ length: numLayers }, (_, index) => {
      const { attention = layer.attention, positions: own = positions } =
        layout.pattern[index % layout.pattern.length] ?? {};
      return new EncoderLayer({ ...layer, attention, positions: rules.get(own) }, random);
    });
    this.norm = closingNorm(layer, layout.closingNorm);
    const start = { bias: false, initialization: normal(DEVIATION) };
    this.head = tieHead ? undefined : new Linear(hiddenSize, vocabSize, random, start);
    shareChance(this.chances(), random);
  }

  /** Number of scores per position. */
  get vocabSize(): number {
    return this.options.vocabSize;
  }

  /** Longest sequence. */
  get contextLength(): number {
    return this.options.contextLength;
  }

  /**
   * Empty caches, one per layer.
   *
   * @param create makes one, such as {@linkcode KeyValueCache} of `@heed/heed/generation`
   * @returns as many as there are layers
   */
  newCaches<M extends KeyValueMemory>(create: () => M): M[] {
    checkFunction("make caches by", create);
    return this.layers.map(create);
  }

  /**
   * Scores the token after each position.
   *
   * @param tokens ids, or what continues those cached, int32 `[B, T]`
   * @param call caches, masks, which positions
   * @returns logits, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   * @throws {RangeError} if the text grows longer than `contextLength`
   * @throws {TypeError} if the number of caches is not that of the layers
   */
  forward(tokens: TensorLike, call: ContinuationCall = {}): Tensor {
    const hidden = this.#stack(tokens, call);
    // The vocabulary is the widest axis of all: scores that nobody reads are not computed.
    return this.#score(this.#close(call.lastOnly ? hidden.slice(1, -1) : hidden));
  }

  /**
   * Scores the token after each position, and returns the vectors that the scores are made of.
   *
   * @param tokens ids, or what continues those cached, int32 `[B, T]`
   * @param call caches, masks, which positions are scored
   * @returns logits, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`, and the closed hidden state of each position, `[B, T, E]`
   * @throws {RangeError} if the text grows longer than `contextLength`
   * @throws {TypeError} if the number of caches is not that of the layers
   */
  readStates(tokens: TensorLike, call: ContinuationCall = {}): { readonly logits: Tensor; readonly states: Tensor } {
    const states = this.#close(this.#stack(tokens, call));
    return { logits: this.#score(call.lastOnly ? states.slice(1, -1) : states), states };
  }

  /** What the last layer makes of the tokens, `[B, T, E]`. */
  #stack(tokens: TensorLike, call: ContinuationCall): Tensor {
    checkOptions("score tokens", call, CALL);
    tokens = asTensor("score tokens", "tokens", tokens, "int32", this.embedding.weight.storage);
    const { caches, observe, prefix, causal, starts } = call;
    const { mask, bias } = readPairs("score tokens", call, tokens);
    const start = caches?.[0]?.length ?? 0;
    const { B, T } = dims(tokens, "B T");
    this.#check(start + T, caches);
    const places = startsOfRows(B, start, starts);
    const masks = textMask(B, T, start + T, { mask, prefix, causal, starts });

    let hidden = this.embedding.forward(tokens);
    if (this.options.embeddingScale !== 1) hidden = hidden.mul(this.options.embeddingScale);
    if (this.positions) hidden = this.positions.forward(hidden, places);
    hidden = this.dropout.forward(hidden);
    this.layers.forEach((layer, index) => {
      const cache = caches?.[index];
      hidden = layer.forward(hidden, {
        ...masks,
        bias,
        cache,
        starts,
        observe: below(observe, `layers.${index}`),
      });
    });
    return hidden;
  }

  #close(hidden: Tensor): Tensor {
    return this.norm ? this.norm.forward(hidden) : hidden;
  }

  #score(hidden: Tensor): Tensor {
    const logits = this.head ? this.head.forward(hidden) : this.embedding.weight.multiplyTransposed(hidden);
    return this.options.softCap === Infinity ? logits : softCap(logits, this.options.softCap);
  }

  #check(length: number, caches: readonly KeyValueMemory[] | undefined): void {
    const { contextLength, numLayers } = this.options;
    if (length > contextLength) {
      throw new RangeError(`Cannot read ${length} positions: contextLength is ${contextLength}`);
    }
    if (caches && caches.length !== numLayers) {
      throw new TypeError(`Cannot use ${caches.length} caches in ${numLayers} layers: each layer needs one`);
    }
    if (caches && new Set(caches).size < numLayers) {
      throw new TypeError(`Cannot use one cache in several of ${numLayers} layers: each needs its own`);
    }
  }
}

// ## What the two kinds are good for
//
// An encoder–decoder keeps source and output apart: every generated word can consult a source that was
// read in both directions, which suits translation. A decoder-only model reads its prompt from left to
// right, needs no pairs for training, and takes any task that can be written as a prompt to be
// continued. Both generate in the same way.

// ## Encoder and decoder, or decoder only
//
// **The notes, 004.65.** The difference is real, the words for it are vague. Both models compute $P(y \mid x)$ as a product over the words, each given those before it (chain rule), and both
// depend on the source: through cross-attention in [an encoder with a decoder](encoder_decoder.ts), as the first part of the text here. What differs: the
// encoder sees the source before and after each word, a causal decoder only before it; the two stacks have weights of their own; a source
// is set apart from what is written. A decoder is more flexible in one sense: a conversation has no fixed border between source and
// target, and any text is training data. "Strict" or "free" is not a property of either: large decoders translate well.
//
// The recorded run compares them at equal size, on the same pairs: an encoder with a decoder, a decoder that reads the source as the first
// part of its text, and the same decoder with a [prefix mask](../04_attention/masks.ts) [前缀掩码], which lets the source words see each
// other in both directions.
//
// ```picture architectures_run Three models of one size on the same pairs.
// ```

// ## What it learns first
//
// The experiment trains a GPT on letters. Two dashed lines are what a table of counts could reach: the frequency of
// each letter, and of each letter after each other one. What the model learns below the second line needs attention,
// since it depends on letters further back. The samples show the same.

// ## Layers that differ
//
// A layer that looks at the nearest few positions alone is cheap: its scores are $TW$ numbers for a window of $W$, and no key further back is read again. A stack needs few layers that see everything. `pattern` says what layers have instead of what all have, in turn: with
// `pattern: [local, local, {}]` every third layer is as the options of the model say, the two before it are as `local` says. Local layers may have positions of their own too: no distance in a window is large, so they turn faster ([rotary](../04_attention/positions/rotary.ts)). Gemma 3 has five local layers for each global one, Gemma 2 one.
//
// `embeddingScale` is the $\sqrt{E}$ of an [encoder with a decoder](encoder_decoder.ts), for the same reason: a table that also makes the scores has small entries. `softCap` bends the logits as [attention](../04_attention/scaled_dot_product.ts) does its scores. The test "DecoderOnly() repeats a pattern of layers" holds each
// layer to its own window and angles.

// ## Pitfall: positions from zero in every call
//
// The pitfall of [section](../04_attention/positions/mod.ts) once more, at the input: with caches a call
// brings one token, and `positions.forward(hidden)` without `start` places each of them first. The
// test "DecoderOnly() with caches computes what it computes without, for every kind of positions"
// feeds a text in pieces.

// ## Exercise
//
// Train with contexts of 32 tokens and evaluate with 64, for `rotary()`, `alibi` and
// `sinusoidal`. Which loss rises least past position 32?
