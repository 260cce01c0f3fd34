/**
 * # Encoder and decoder
 *
 * **Question.** An encoder reads, a decoder writes (encoder–decoder architecture, 编码器-解码器架构).
 * What else does machine translation (机器翻译) need?
 *
 * **Idea.** A way in and a way out. In: word ids become vectors, scaled, with a code for their
 * position. Out: the decoder's vectors become one score per word of the vocabulary, by a product
 * with the same table that let the words in. A word scores high when its own embedding is what the
 * decoder's vector points at.
 *
 * **Formula.** With the table $W$ and its rows $W_x$ for the words $x$, the positional code
 * $\mathrm{PE}$, and $y'$ the target $y$ shifted right,
 *
 * $$m = \mathrm{encoder}(\sqrt{E}\,W_{x} + \mathrm{PE}), \qquad P(y_t \mid y_{<t}, x) = \mathrm{softmax}\big(\mathrm{decoder}(\sqrt{E}\,W_{y'} + \mathrm{PE},\; m)_t\, W^\top\big)$$
 *
 * | symbol          | in code                  | shape              |
 * | --------------- | ------------------------ | ------------------ |
 * | $x$, $y'$       | `source`, `target`       | `[B, S]`, `[B, T]` |
 * | $W$             | `targetEmbedding.weight` | `[V, E]`           |
 * | $m$             | `memory`                 | `[B, S, E]`        |
 * | the scores      | the result               | `[B, T, V]`        |
 *
 * Both languages share one table unless `sourceVocabSize` gives the source its own.
 *
 * **Why the factor $\sqrt{E}$.** The table serves as output matrix too, and for that its entries
 * should have variance $1/E$: a score, the product with a vector whose $E$ numbers the last norm has
 * brought to variance 1, then has variance 1. As an input such a row would vanish beside $\mathrm{PE}$, whose entries are of size 1. Multiplied by
 * $\sqrt{E}$ it does not.
 *
 * **What runs once.** The encoder, as the notes say: `encode` does not depend on what is being written.
 * A generation loop calls it once, and `decode` once per word.
 * {@linkcode EncoderDecoder.given} makes a decoder of a model and an encoded source; its caches
 * remember, layer by layer, the keys and values of the source.
 *
 * **Start of training.** The paper does not say how weights are drawn. Its released code
 * (tensor2tensor) draws matrices uniformly with variance $2/(\mathrm{in} + \mathrm{out})$ (Glorot and
 * Bengio 2010, *Xavier*) and embeddings normally with variance $1/E$; so does this page.
 *
 * Source: Vaswani et al. 2017, *Attention Is All You Need*.
 *
 * @module
 */

import { aMask, checkTensors, MOST_PARTS } from "../engine/arguments.ts";
import { shareChance } from "../engine/chance.ts";
import { Dropout } from "../engine/dropout.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import { checkObject, checkOptions, type Checks, flag, integer, required } from "../engine/options.ts";
import { partOf } from "../engine/part.ts";
import { checkRandom, Random } from "../engine/random.ts";
import { scope } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { Embedding } from "../02_words/embeddings.ts";
import { textMaskChecks, type TextMasks } from "../04_attention/masks.ts";
import { headSizeOf, type KeyValueMemory, multiHead } from "../04_attention/multi_head.ts";
import { sinusoidal } from "../04_attention/positions/absolute.ts";
import {
  type InputPositions,
  noPositions,
  type PositionScheme,
  type PositionSizes,
  startsCheck,
  startsOfRows,
} from "../04_attention/positions/scheme.ts";
import { type DecoderCall, decoderChecks, DecoderStack } from "./decoder.ts";
import {
  below,
  choiceChecks,
  Encoder,
  type EncoderCall,
  encoderChecks,
  type LayerChoices,
  type LayerOptions,
  type Pass,
  passChecks,
} from "./encoder.ts";
import { type Activation, type GatedActivation, relu } from "./feed_forward/activations.ts";
import { layerNormalization } from "./normalization.ts";

/**
 * The sizes and parts that every model has in common.
 *
 * The defaults are those of an {@linkcode EncoderDecoder}, the paper's base model. Where those of a
 * {@linkcode DecoderOnly}, the smallest GPT-2, differ, they stand beside.
 */
export interface TransformerOptions extends LayerChoices {
  /** Number of tokens; of the target language, and of both if they share a table. */
  readonly vocabSize: number;
  /** Longest sequence, the context window (上下文窗口); 512 by default, 1024 in a {@linkcode DecoderOnly}. */
  readonly contextLength?: number | undefined;
  /** Width of a position; 512 by default, 768 in a {@linkcode DecoderOnly}. */
  readonly hiddenSize?: number | undefined;
  /** Number of layers, of encoder and decoder each; 6 by default, 12 in a {@linkcode DecoderOnly}. */
  readonly numLayers?: number | undefined;
  /** Heads of each attention; 8 by default, 12 in a {@linkcode DecoderOnly}. */
  readonly numHeads?: number | undefined;
  /** How positions enter; {@linkcode sinusoidal} by default, {@linkcode learned} in a {@linkcode DecoderOnly}. */
  readonly positions?: PositionScheme | undefined;
  /** The bend in the feed-forward; {@linkcode relu} by default, {@linkcode geluTanh} in a {@linkcode DecoderOnly}. */
  readonly activation?: Activation | GatedActivation | undefined;
  /** Where the norms stand; `"post"` by default, `"pre"` in a {@linkcode DecoderOnly}. */
  readonly placement?: "post" | "pre" | undefined;
  /** Whether a norm stands behind the last layer; where `placement` is `"pre"` by default. */
  readonly closingNorm?: boolean | undefined;
  /** Whether scores are products with the table of embeddings; true by default. */
  readonly tieHead?: boolean | undefined;
  /** Share of outputs and input dropped in training; 0.1 by default, 0 in a {@linkcode DecoderOnly}. */
  readonly dropout?: number | undefined;
}

/** What the options of any model may be. */
export const transformerChecks: Checks<TransformerOptions> = {
  ...choiceChecks,
  vocabSize: required(integer()),
  contextLength: integer(),
  hiddenSize: integer(),
  numLayers: integer({ min: 1, max: MOST_PARTS }),
  numHeads: integer(),
  positions: partOf(
    "a position scheme, such as rotary()",
    (part) => part.input !== undefined || part.attention !== undefined || part.word === noPositions.word,
  ),
  closingNorm: flag,
  tieHead: flag,
};

/** How an {@linkcode EncoderDecoder} is laid out. The defaults are the paper's base model. */
export interface EncoderDecoderOptions extends TransformerOptions {
  /** Tokens of the source language, for a table of its own; both share one by default. */
  readonly sourceVocabSize?: number | undefined;
}

/** The paper's base model, with its English–German vocabulary of about 37,000 byte pairs. */
export const transformerBase: EncoderDecoderOptions = { vocabSize: 37000 };

/** The paper's big model; its dropout is the English–German one. */
export const transformerBig: EncoderDecoderOptions = { vocabSize: 37000, hiddenSize: 1024, numHeads: 16, dropout: 0.3 };

/** Options with every default filled in. */
export type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Defaults that follow from no other option. */
export type Defaults<T> = Omit<Complete<T>, "vocabSize" | "numGroups" | "headSize" | "feedForwardSize" | "closingNorm">;

/**
 * Fills in what was left out.
 *
 * @param options what the caller asked for, checked
 * @param defaults the model's own
 * @returns every option
 */
export function complete<T extends TransformerOptions>(options: T, defaults: Defaults<T>): Complete<T> {
  for (const object of [options, defaults]) checkObject("complete a layout", object);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { hiddenSize, numHeads, placement }: Pick<
    Complete<TransformerOptions>,
    "hiddenSize" | "numHeads" | "placement"
  > = { ...defaults, ...given };
  const headSize = options.headSize ?? headSizeOf(hiddenSize, numHeads);
  const derived = { numGroups: numHeads, feedForwardSize: 4 * hiddenSize, closingNorm: placement === "pre" };
  return { ...defaults, ...derived, ...given, headSize } as Complete<T>;
}

const ENCODER_DECODER: Checks<EncoderDecoderOptions> = { ...transformerChecks, sourceVocabSize: integer() };

function layoutOf(options: EncoderDecoderOptions): Complete<EncoderDecoderOptions> {
  checkOptions("build a model", options, ENCODER_DECODER);
  return complete(options, {
    sourceVocabSize: options.vocabSize,
    contextLength: 512,
    hiddenSize: 512,
    numLayers: 6,
    numHeads: 8,
    attention: multiHead(),
    positions: sinusoidal,
    activation: relu,
    norm: layerNormalization(),
    placement: "post",
    bias: true,
    tieHead: true,
    dropout: 0.1,
  });
}

/**
 * The options of a layout that its layers know.
 *
 * @param layout that of the whole model
 * @returns all but where positions enter
 */
export function layerOptionsOf(layout: Complete<TransformerOptions>): Omit<LayerOptions, "positions"> {
  checkObject("build a layer", layout);
  const { hiddenSize, numHeads, numGroups, headSize, feedForwardSize } = layout;
  const { attention, activation, norm, placement, bias, dropout } = layout;
  return {
    ...{ hiddenSize, numHeads, numGroups, headSize, feedForwardSize },
    ...{ attention, activation, norm, placement, bias, dropout },
  };
}

/** What one pass through an {@linkcode EncoderDecoder} looks at. */
export interface TranslationCall extends Pass, TextMasks {
  /** True where the source has a token, bool `[B, S]`; everywhere by default. */
  readonly sourceMask?: TensorLike<boolean> | undefined;
}

/** What one pass through the encoder of an {@linkcode EncoderDecoder} looks at. */
export interface EncodingCall extends EncoderCall {
  /** Position of each source's first token, below 0 for padding; all start at 0 by default. */
  readonly starts?: readonly number[] | undefined;
}

/** What one pass through the decoder of an {@linkcode EncoderDecoder} looks at. */
export interface DecodingCall extends DecoderCall {
  /** Position of each target's first token, below 0 for padding; all start at 0 by default. */
  readonly starts?: readonly number[] | undefined;
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

const TRANSLATION: Checks<TranslationCall> = { ...passChecks, ...textMaskChecks, sourceMask: aMask };
const ENCODING: Checks<EncodingCall> = { ...encoderChecks, starts: startsCheck };
const DECODING: Checks<DecodingCall> = { ...decoderChecks, starts: startsCheck, lastOnly: flag };

/** A model together with a source: what a generation loop continues. */
export interface GivenSource {
  /** Number of scores per position. */
  readonly vocabSize: number;
  /** Longest sentence. */
  readonly contextLength: number;
  /** Rows of the source, each of which is continued. */
  readonly numSources: number;
  /** Empty caches, as many as `forward` wants. */
  newCaches<M extends KeyValueMemory>(create: () => M): M[];
  /**
   * Scores the token after each position.
   *
   * @param tokens ids, int32 `[B, T]`
   * @param call caches, and whether only the last position is scored; neither by default
   * @returns logits `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   */
  forward(tokens: Tensor, call?: Pick<DecodingCall, "caches" | "lastOnly">): Tensor;
  /** The same for every source repeated in a row, as when beams are searched. */
  repeat(times: number): GivenSource;
}

/**
 * The original Transformer: reads a sentence, writes another.
 *
 * @example
 * ```ts
 * import { EncoderDecoder, padTokens, paddingMask, Random } from "@heed/heed";
 *
 * const model = new EncoderDecoder({ vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1 }, new Random(1));
 * const source = padTokens([[5, 6, 7], [8, 9]], 0);
 * const target = padTokens([[1, 12], [1, 13]], 0);
 * const logits = model.forward(source, target, { sourceMask: paddingMask(source, 0) });
 * console.assert(String(logits.shape) === "2,2,20");
 * ```
 */
export class EncoderDecoder extends Module {
  /** The options with every default filled in. */
  readonly options: Complete<EncoderDecoderOptions>;
  /** One row per target word. */
  readonly targetEmbedding: Embedding;
  /** One row per source word; the target's table, if both share one. */
  readonly sourceEmbedding: Embedding;
  /** Positions of the source that enter with the input. */
  readonly sourcePositions: InputPositions | undefined;
  /** Positions of the target that enter with the input. */
  readonly targetPositions: InputPositions | undefined;
  /** Drops a share of both inputs in training. */
  readonly dropout: Dropout;
  /** Reads. */
  readonly encoder: Encoder;
  /** Writes. */
  readonly decoder: DecoderStack;
  /** From vectors to scores, if the table does not serve. */
  readonly head: Linear | undefined;

  /**
   * Starts from random weights.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible
   */
  constructor(options: EncoderDecoderOptions, random: Random) {
    super();
    const layout = this.options = layoutOf(options);
    checkRandom("build a model", random);
    const { vocabSize, sourceVocabSize, hiddenSize, numLayers, positions } = layout;
    const embed = (size: number) => new Embedding(size, hiddenSize, random, { deviation: hiddenSize ** -0.5 });
    const sizesOf = (causal: boolean): PositionSizes => ({ ...layout, causal, deviation: 1 });

    this.targetEmbedding = embed(vocabSize);
    this.sourceEmbedding = options.sourceVocabSize === undefined ? this.targetEmbedding : embed(sourceVocabSize);
    this.sourcePositions = positions.input?.(sizesOf(false), random);
    this.targetPositions = positions.input?.(sizesOf(true), random);
    this.dropout = new Dropout(layout.dropout);
    const stack = (causal: boolean) => ({
      ...layerOptionsOf(layout),
      numLayers,
      closingNorm: layout.closingNorm,
      positions: positions.attention?.(sizesOf(causal), random),
    });
    this.encoder = new Encoder(stack(false), random);
    this.decoder = new DecoderStack(stack(true), random);
    this.head = layout.tieHead ? undefined : new Linear(hiddenSize, vocabSize, random, { bias: false });
    shareChance(this.chances(), random);
  }

  /** Number of scores per position. */
  get vocabSize(): number {
    return this.options.vocabSize;
  }

  /** Longest sentence, of both languages. */
  get contextLength(): number {
    return this.options.contextLength;
  }

  /**
   * Reads the sources; needed once, however many words are then written.
   *
   * @param source ids, int32 `[B, S]`
   * @param call which positions hold words
   * @returns one vector per source word, `[B, S, E]`
   * @throws {RangeError} if the source is longer than `contextLength`
   */
  encode(source: TensorLike, call: EncodingCall = {}): Tensor {
    checkOptions("encode", call, ENCODING);
    const { starts, ...within } = call;
    const hidden = this.#enter("source", source, 0, starts, this.sourceEmbedding, this.sourcePositions);
    return this.encoder.forward(hidden, { ...within, observe: below(within.observe, "encoder") });
  }

  /**
   * Scores the word after each position of the targets.
   *
   * @param target ids, beginning with BEGIN, or continuing what is cached, int32 `[B, T]`
   * @param memory what {@linkcode EncoderDecoder.encode} returned, `[B, S, E]`
   * @param options mask of the source, caches, which positions
   * @returns logits, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   * @throws {RangeError} if the target grows longer than `contextLength`
   */
  decode(target: TensorLike, memory: Tensor, options: DecodingCall = {}): Tensor {
    checkOptions("decode", options, DECODING);
    const { lastOnly, starts, ...call } = options;
    const { caches, observe } = call;
    const cached = caches?.[0]?.length ?? 0;
    let hidden = this.#enter("target", target, cached, starts, this.targetEmbedding, this.targetPositions);
    hidden = this.decoder.forward(hidden, memory, { ...call, observe: below(observe, "decoder") });
    if (lastOnly) hidden = hidden.slice(1, -1);
    return this.head ? this.head.forward(hidden) : this.targetEmbedding.weight.multiplyTransposed(hidden);
  }

  /**
   * Scores every word of the targets in one pass: what training does.
   *
   * @param source ids, int32 `[B, S]`
   * @param target ids shifted right, int32 `[B, T]`
   * @param call masks of source and target
   * @returns logits, `[B, T, V]`
   */
  forward(source: TensorLike, target: TensorLike, call: TranslationCall = {}): Tensor {
    checkOptions("translate", call, TRANSLATION);
    const { sourceMask, observe } = call;
    return this.decode(target, this.encode(source, { mask: sourceMask, observe }), call);
  }

  /**
   * Makes a decoder of this model and an encoded source, for a generation loop.
   *
   * @param memory what {@linkcode EncoderDecoder.encode} returned, `[B, S, E]`
   * @param sourceMask true where the source has a token, bool `[B, S]`; everywhere by default
   * @returns what {@linkcode generate} takes for a decoder
   */
  given(memory: Tensor, sourceMask?: TensorLike<boolean>): GivenSource {
    checkTensors("continue a translation", { memory });
    sourceMask = asOptionalTensor("continue a translation", "sourceMask", sourceMask, "bool", memory);
    const { vocabSize, contextLength, numLayers } = this.options;
    return {
      vocabSize,
      contextLength,
      numSources: memory.shape[0]!,
      newCaches: (create) => Array.from({ length: 2 * numLayers }, create),
      forward: (tokens, call = {}) => this.decode(tokens, memory, { ...call, sourceMask }),
      repeat: (times) => this.given(repeatRows(memory, times), sourceMask && repeatRows(sourceMask, times)),
    };
  }

  #enter(
    name: string,
    tokens: TensorLike,
    cached: number,
    starts: readonly number[] | undefined,
    embedding: Embedding,
    positions: InputPositions | undefined,
  ): Tensor {
    tokens = asTensor("read", name, tokens, "int32", embedding.weight.storage);
    const { B, T } = dims(tokens, "B T");
    const { contextLength, hiddenSize } = this.options;
    if (cached + T > contextLength) {
      throw new RangeError(`Cannot read ${cached + T} positions: contextLength is ${contextLength}`);
    }
    const start = startsOfRows(B, cached, starts);
    const embedded = embedding.forward(tokens).mul(Math.sqrt(hiddenSize));
    return this.dropout.forward(positions ? positions.forward(embedded, start) : embedded);
  }
}

/** Each row `times` times in a row: `[B, …]` to `[B·times, …]`. */
function repeatRows(x: Tensor, times: number): Tensor {
  const [B, ...rest] = x.shape as [number, ...number[]];
  return x.unsqueeze(1).expand([B, times, ...rest]).reshape([B * times, ...rest]);
}

// ## How large it is
//
// The number of trained weights (parameter count, 参数量) follows from the options without
// building the model. For the paper's base model it is 63.1 million, for the big one 214.2
// million, where its table says 65 and 213. No vocabulary explains both: the first figure would need more than the
// 37,000 entries assumed here, the second one fewer. The paper does not say how its figures were counted.

/**
 * Number of trained numbers that a layout has.
 *
 * @param options layout of the model
 * @returns what `parameterCount()` of the model would be
 */
export function transformerSize(options: EncoderDecoderOptions): number {
  const layout = layoutOf(options);
  const { hiddenSize: E, feedForwardSize: F, numHeads, numGroups, headSize, numLayers, positions, bias } = layout;
  const matrix = (inputs: number, outputs: number): number => (inputs + Number(bias)) * outputs;
  const feedForward = ("gate" in layout.activation ? 2 : 1) * matrix(E, F) + matrix(F, E);
  const attention = sizeOfPart(() => layout.attention.create(E, numHeads, Random.none, { numGroups, headSize, bias }));
  const norm = sizeOfPart(() => layout.norm.create(E, { bias }));
  const places = [false, true].reduce((sum, causal) => {
    const sizes = { ...layout, causal, deviation: 1 };
    return sum + sizeOfPart(() => positions.input?.(sizes, Random.none)) +
      sizeOfPart(() => positions.attention?.(sizes, Random.none));
  }, 0);

  const encoderLayer = attention + feedForward + 2 * norm;
  const decoderLayer = 2 * attention + feedForward + 3 * norm;
  const closing = layout.closingNorm ? 2 * norm : 0;
  const tables = (options.sourceVocabSize ?? 0) + layout.vocabSize * (layout.tieHead ? 1 : 2);
  return numLayers * (encoderLayer + decoderLayer) + closing + tables * E + places;
}

/** Trained numbers of one part, which is made without values and given back. */
function sizeOfPart(create: () => object | undefined): number {
  return scope(() => {
    const part = create();
    return part instanceof Module ? part.parameterCount() : 0;
  });
}

// ## A translator in seconds
//
// The second experiment trains a far smaller model on short sentences. Its loss falls far below what
// knowing the frequencies of words is worth, and it translates sentences that it has never seen, some
// of them well. The map shows what each piece of a translation was read from: one head or another
// finds the word that is being translated, wherever it stands in the source.

// ## Pitfall: encoding again for every word
//
// Calling `forward(source, …)` in the generation loop gives the right words and runs the encoder once
// per word. The test "EncoderDecoder() reads the source once and writes the same" counts the
// encoder's passes.

// ## Exercise
//
// Set `tieHead: false` and train the translator again. How many weights more has it, and does it
// learn faster or slower?
