/**
 * # Encoder and decoder
 *
 * **Question.** An encoder reads, a decoder writes (encoder–decoder architecture, 编码器-解码器架构).
 * What else does machine translation (机器翻译) need?
 *
 * **Idea.** A way in and a way out. In: token ids become vectors, which are scaled and get a code of their
 * position added. Out: each vector of the decoder becomes one score for each word of the vocabulary (logits), by a product
 * with the table of embeddings, the same one that the words came in through (tied weights) [权重共享]. A word scores high when its own
 * embedding points where the decoder's vector points.
 *
 * The encoder reads the source once. The decoder writes one word at a time: its
 * self-attention is causal, its cross-attention reads $m$, what the encoder has made of the source. In training it gets the
 * target one position late, behind BEGIN (shifted right, 右移): none sees the word that it is asked for.
 *
 * ```diagram The original Transformer, from the bottom. A circle adds what a step computed to what went into it (residual connection, 残差, [section](residual.ts)); a norm follows each sum (post-norm) [后置归一化].
 * $m$
 * [encoder](encoder.ts), $L$ layers:
 *   [norm](normalization.ts)
 *   + [feed-forward](feed_forward/mod.ts)
 *   [norm](normalization.ts)
 *   + [self-attention](../04_attention/self_and_cross.ts)
 * [add positions](../04_attention/positions/absolute.ts)
 * [embedding, times √E](../02_words/embeddings.ts)
 * source $x$
 *
 * next word
 * [softmax](../02_words/softmax.ts)
 * [scores](encoder_decoder.ts)
 * [decoder](decoder.ts), $L$ layers:
 *   [norm](normalization.ts)
 *   + [feed-forward](feed_forward/mod.ts)
 *   [norm](normalization.ts)
 *   + [cross-attention](../04_attention/self_and_cross.ts) <- m
 *   [norm](normalization.ts)
 *   + [causal self-attention](../04_attention/masks.ts)
 * [add positions](../04_attention/positions/absolute.ts)
 * [embedding, times √E](../02_words/embeddings.ts)
 * target, shifted right $y'$
 * ```
 *
 * **By hand.** Take 首都 (*capital*) and 哪里 (*where*) of 中国的首都是哪里, and 北京 (*Beijing*). With $E = 2$, five rows of a table $W$: BEGIN
 * $(0.4, -0.6)$, 首都 $(1, -0.7)$, 哪里 $(-0.6, 0.3)$, 北 $(0.9, 0.5)$, 京 $(0.2, 0.9)$.
 *
 * *In.* 首都 times $\sqrt{2}$ is $(1.41, -0.99)$. The code of position 0 is $(\sin 0, \cos 0) = (0, 1)$; the sum is
 * $(1.41, 0.01)$. In the same way 哪里 at position 1 becomes $(-0.01, 0.96)$, and BEGIN $(0.57, 0.15)$.
 *
 * *Between.* To keep the numbers few, the encoder hands on its input as $m$, and the decoder is one cross-attention with its
 * residual, without matrices; the rows of $m$ are keys and values. BEGIN asks: its dot products with both rows of $m$ are 0.80 and 0.14, its scores,
 * these divided by $\sqrt{2}$, 0.57 and 0.10, and the weights 0.61 and 0.39. It gets $0.61 \cdot (1.41, 0.01) + 0.39 \cdot (-0.01, 0.96) \approx (0.87, 0.38)$, and added to itself that is $(1.43, 0.53)$, rounded at the end.
 *
 * *Out.* The product with each row of $W$: 北 scores $0.9 \cdot 1.43 + 0.5 \cdot 0.53 = 1.55$, 首都 1.06, 京 0.76, BEGIN 0.26,
 * 哪里 $-0.70$. The softmax gives 北 a probability of 0.41, the largest. It is written, becomes the next input, and
 * the decoder runs again; $m$ stays.
 *
 * ```ts
 * import { scaledDotProductAttention, softmax, tensor } from "@heed/heed";
 * import { attentionWeights, sinusoidalPositions } from "@heed/heed/attention";
 *
 * const words = ["BEGIN", "首都", "哪里", "北", "京"];
 * const rows = [[0.4, -0.6], [1, -0.7], [-0.6, 0.3], [0.9, 0.5], [0.2, 0.9]], table = tensor(rows);
 * const enter = (ids: number[]) =>
 *   tensor(ids.map((id) => rows[id]!)).mul(Math.sqrt(2)).add(sinusoidalPositions(ids.length, 2));
 * const memory = enter([1, 2]).reshape([1, 1, 2, 2]), input = enter([0]).reshape([1, 1, 1, 2]);
 * const hidden = input.add(scaledDotProductAttention(input, memory, memory));
 * const scores = hidden.reshape([1, 2]).matmul(table.transpose(0, 1));
 * const show = async (name: string, x: typeof table) =>
 *   console.log(name, Array.from(await x.read(), (n) => n.toFixed(2)).join(" "));
 * await show("首都 times √2", tensor(rows[1]!).mul(Math.sqrt(2)));
 * await show("memory", memory);
 * await show("input", input);
 * const products = input.matmul(memory.transpose(-2, -1));
 * await show("dot products", products);
 * await show("scores", products.div(Math.sqrt(2)));
 * await show("weights", attentionWeights(input, memory));
 * await show("mixed", scaledDotProductAttention(input, memory, memory));
 * await show("hidden", hidden);
 * await show(words.join(" "), scores);
 * await show("probabilities", softmax(scores));
 * ```
 *
 * ```text
 * 首都 times √2 1.41 -0.99
 * memory 1.41 0.01 -0.01 0.96
 * input 0.57 0.15
 * dot products 0.80 0.14
 * scores 0.57 0.10
 * weights 0.61 0.39
 * mixed 0.87 0.38
 * hidden 1.43 0.53
 * BEGIN 首都 哪里 北 京 0.26 1.06 -0.70 1.55 0.76
 * probabilities 0.11 0.25 0.04 0.41 0.19
 * ```
 *
 * **Formula.** With the table $W$ and its rows $W_x$ for the words $x$, the positional code
 * $\mathrm{PE}$, and $y'$ the target $y$ shifted right,
 *
 * $$m = \mathrm{encoder}(\sqrt{E}\,W_{x} + \mathrm{PE}), \qquad h = \mathrm{decoder}(\sqrt{E}\,W_{y'} + \mathrm{PE},\; m)$$
 *
 * $$P(y_t \mid y_{<t}, x) = \mathrm{softmax}(h_t\, W^\top)$$
 *
 * | symbol          | in code                  | shape              |
 * | --------------- | ------------------------ | ------------------ |
 * | $x$, $y'$       | `source`, `target`       | `[B, S]`, `[B, T]` |
 * | $W$             | `targetEmbedding.weight` | `[V, E]`           |
 * | $m$             | `memory`                 | `[B, S, E]`        |
 * | $h$             | `hidden`                 | `[B, T, E]`        |
 * | $h\,W^\top$     | the result               | `[B, T, V]`        |
 *
 * $B$ pairs of $S$ source and $T$ target words, $V$ words in the vocabulary, width $E$. Both languages share one table unless `sourceVocabSize` gives the source its own.
 *
 * **Why the factor $\sqrt{E}$.** The paper gives no reason; this one fits its numbers. The table is the output matrix
 * too. A score is the product of a row with a vector of $E$ numbers, which the last norm has brought to variance 1. The score has
 * variance 1 as well if the entries of the row have variance $1/E$. As an input such a row would vanish beside
 * $\mathrm{PE}$, whose entries have the root mean square $\sqrt{1/2}$. Multiplied by $\sqrt{E}$ it does not.
 *
 * **Start of training.** The paper does not say how weights are drawn. Its released code
 * (tensor2tensor) draws matrices uniformly with variance $2/(\mathrm{in} + \mathrm{out})$ (Glorot and
 * Bengio 2010, *Xavier*) and embeddings normally with variance $1/E$; so does this page.
 *
 * Source: Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin 2017, *Attention Is All You Need*.
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

/** The way in: ids become vectors that know their positions, `[B, T]` to `[B, T, E]`. */
function enter({ tokens, start }: Words, { embedding, positions, dropout }: Entrance): Tensor {
  // $\sqrt{E}\,W_x$: a row of the table for each token, brought to the size of what is added to it.
  const embedded = embedding.forward(tokens).mul(Math.sqrt(embedding.weight.shape[1]!));

  // $+ \mathrm{PE}$: without it the sentence would be a set of words.
  return dropout.forward(positions ? positions.forward(embedded, start) : embedded);
}

/** What the encoder makes of the source: one vector for each of its words, `[B, S, E]`. */
function readSource(model: EncoderDecoder, source: Words, call: EncoderCall): Tensor {
  const input = enter(source, entranceOf(model, "source"));

  // $m$: every word has read all others. It does not depend on what will be written.
  const memory = model.encoder.forward(input, call);
  return memory;
}

/** What the decoder says about the word after each position of the target, `[B, T, V]`. */
function scoreTarget(
  model: EncoderDecoder,
  target: Words,
  memory: Tensor,
  { lastOnly, ...call }: DecoderCall & { readonly lastOnly: boolean },
): Tensor {
  // $y'$: the target goes in as the source does, one position late, so that no position sees its own answer.
  const input = enter(target, entranceOf(model, "target"));

  // $h$: each position looks at those before it, then at $m$, then works on what it found.
  let hidden = model.decoder.forward(input, memory, call);

  // A generation loop asks for the last word alone: the table is the largest matrix, and the other scores are known.
  if (lastOnly) hidden = hidden.slice(1, -1);

  // $h\,W^\top$: the table again. The score of a word says how far its embedding points where $h$ points.
  return model.head ? model.head.forward(hidden) : model.targetEmbedding.weight.multiplyTransposed(hidden);
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
  /** Drops a part of both inputs in training. */
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
    const words = wordsOf(this, "source", source, { starts });
    return readSource(this, words, { ...within, observe: below(within.observe, "encoder") });
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
    const { lastOnly = false, starts, ...call } = options, { caches, observe } = call;
    const words = wordsOf(this, "target", target, { starts, cached: caches?.[0]?.length ?? 0 });
    return scoreTarget(this, words, memory, { ...call, lastOnly, observe: below(observe, "decoder") });
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
    const memory = this.encode(source, { mask: sourceMask, observe });
    return this.decode(target, memory, call);
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
}

// ## What runs once
//
// **The notes, 003.8.** So it is: `encode` does not depend on what is being written. A generation loop calls it once, and
// `decode` once for each word. {@linkcode EncoderDecoder.given} makes a decoder of a model and an encoded source; its caches keep
// the keys and values of $m$, layer by layer, which are computed once too.
//
// **The notes, 001.33.** Not one vector, but one for each word of the source, $m$ of `[B, S, E]`: cross-attention could not choose
// between words otherwise. One vector for a whole sentence is what attention replaced. Six layers are right, for both stacks.

// ## The last layer
//
// **The notes, 001.39.** The map from $E$ numbers to $V$ scores is right, and so is the softmax after it. Real sizes are the other
// way round: the paper has $E = 512$ and a vocabulary of 37,000, so the last matrix widens. To take the largest score (argmax) is one
// way to choose a word, [greedy decoding](../07_generation/greedy_and_beam.ts); there are others.
//
// **The notes, 004.85.** The last map is one matrix, $W^\top$, without a hidden layer and without an activation. The network of two layers
// stands in every layer of the stacks ([section](feed_forward/mod.ts)).
//
// **The notes, 000.25.** Two softmaxes are confused. The one over products of queries and keys says *where in the source* to look; it has
// one number for each source word and chooses none of them. The one over $h\,W^\top$ says *which word* of the vocabulary comes next.

// ## How large it is
//
// The number of trained weights (parameter count, 参数量) follows from the options without building the model. The [experiment](experiments/encoder_decoder/size.ts)
// counts those of the paper's two models, part by part, and compares with the table of the paper.

// ## On real sentences
//
// The run below was recorded on pairs that people wrote, with the norms inside the steps (pre-norm) and the schedule
// of the paper ([section](../06_training/schedules.ts)). It was trained with label smoothing [标签平滑].
//
// At four stages it translated the same unseen
// sentences, by greedy decoding.
//
// ```picture translator_run The same unseen sentences at four stages of one training.
// ```

// ## Learning in seconds
//
// The [second experiment](experiments/encoder_decoder.ts) trains a far smaller model, in seconds, on short sentences that are built from
// patterns. It shows how the loss falls, what the model makes of sentences that it has never seen, and which characters each English
// word was read from. Many of its translations are still wrong, and some of its words are none: they are pieces of words, put together.

// ## Encoder and decoder, or decoder only
//
// **The notes, 004.65.** The difference is real, the words for it are vague. Both models compute $P(y \mid x)$ by the chain rule, and both
// depend on the source: through cross-attention here, as the first part of the text in a [decoder](decoder_only.ts). What differs: the
// encoder sees the source before and after each word, a causal decoder only before it; the two stacks have weights of their own; a source
// is set apart from what is written. A decoder is more flexible in one sense: a conversation has no fixed border between source and
// target, and any text is training data. "Strict" or "free" is not a property of either: large decoders translate well.
//
// The run compares them at equal size, on the same pairs: an encoder with a decoder, a decoder that reads the source as the first
// part of its text, and the same decoder with a [prefix mask](../04_attention/masks.ts) [前缀掩码], which lets the source words see each
// other in both directions.
//
// ```picture architectures_run Three models of one size on the same pairs.
// ```
//
// **The notes, 000.17.** Without recurrence, yes. Purely self-attention, no: cross-attention reads the other sentence, and the feed-forward networks hold many
// of the weights. With $F = 4E$ they have $8E^2$ of an encoder layer's $12E^2$ weights and $8E^2$ of a decoder layer's $16E^2$; biases and gains are not
// counted.
//
// **The notes, 003.7.** Question answering is the same model with other pairs: questions as sources, answers as targets. The
// corpus of the experiment has 中国的首都是哪里 as a sentence to be translated, and the recorded run translates it too.

// #region How the size is counted
// From the shapes of all parts; parts without a formula of their own are made without values and counted.

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

// #endregion

// #region Options: sizes, parts, and the paper's two models
// Thirteen options describe a layout. What is left out is filled in as the paper has it, or, for a model without an encoder, as GPT-2 has it.

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

// #endregion

// #region What one pass looks at, and a model that continues one source
// Masks, caches and observers reach the layers through these; a generation loop knows a {@linkcode GivenSource} and nothing of sources.

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

/** Ids, and the position of the first one, or of the first one of each row. */
interface Words {
  readonly tokens: Tensor;
  readonly start: number | readonly number[];
}

/** What one language comes in by. */
interface Entrance {
  readonly embedding: Embedding;
  readonly positions: InputPositions | undefined;
  readonly dropout: Dropout;
}

function entranceOf(model: EncoderDecoder, side: "source" | "target"): Entrance {
  const { sourceEmbedding, sourcePositions, targetEmbedding, targetPositions, dropout } = model;
  return side === "source"
    ? { embedding: sourceEmbedding, positions: sourcePositions, dropout }
    : { embedding: targetEmbedding, positions: targetPositions, dropout };
}

/** Ids as a tensor with their positions, if the model can read so many. */
function wordsOf(
  model: EncoderDecoder,
  side: "source" | "target",
  ids: TensorLike,
  { starts, cached = 0 }: { readonly starts: readonly number[] | undefined; readonly cached?: number },
): Words {
  const { embedding } = entranceOf(model, side), { contextLength } = model.options;
  const tokens = asTensor("read", side, ids, "int32", embedding.weight.storage);
  const { B, T } = dims(tokens, "B T");
  if (cached + T > contextLength) {
    throw new RangeError(`Cannot read ${cached + T} positions: contextLength is ${contextLength}`);
  }
  return { tokens, start: startsOfRows(B, cached, starts) };
}

/** Each row `times` times in a row: `[B, …]` to `[B·times, …]`. */
function repeatRows(x: Tensor, times: number): Tensor {
  const [B, ...rest] = x.shape as [number, ...number[]];
  return x.unsqueeze(1).expand([B, times, ...rest]).reshape([B * times, ...rest]);
}

// #endregion

// ## Pitfall: encoding again for every word
//
// Calling `forward(source, …)` in the generation loop gives the right words and runs the encoder once
// per word. The test "EncoderDecoder() reads the source once and writes the same" counts the
// encoder's passes.

// ## Pitfall: a source without its mask
//
// Sentences of one batch are padded to one length. Without `sourceMask` each word also reads the padding, and a sentence gets another
// translation in another batch. Nothing fails: the loss falls nearly as far. The test "EncoderDecoder() reads a padded source as it
// reads it alone" compares the two.

// ## Exercise
//
// Leave out the factor $\sqrt{E}$. How large are the numbers that the table contributes to the input, beside those of the positional
// code, for $E = 512$? What do the first layers see of the words?
//
// **Hint.** The entries of the table have variance $1/E$; half of the codes are sines, half cosines.
//
// **Solution.** A row contributes numbers of size about $1/\sqrt{512}$, the code numbers of size $\sqrt{1/2}$. Two words at one
// position are nearly one vector: the cosine of their sums with the code is almost 1. Training can mend it by larger embeddings,
// but these are the output matrix too.
//
// ```ts
// import { Random } from "@heed/heed";
// import { sinusoidalPositions } from "@heed/heed/attention";
//
// const E = 512, code = sinusoidalPositions(40, E).slice(0, 39), random = new Random(1);
// const words = [1, 2].map(() => random.normal([1, E]).mul(E ** -0.5));
// const size = async (x: typeof code) => Math.sqrt(await x.square().mean().item());
// console.log(`row ${(await size(words[0]!)).toFixed(3)}, code ${(await size(code)).toFixed(2)}`);
// for (const [name, factor] of [["without", 1], ["with", Math.sqrt(E)]] as const) {
//   const [a, b] = words.map((row) => row.mul(factor).add(code));
//   const cosine = await a!.mul(b!).sum().item() / (E * await size(a!) * await size(b!));
//   console.log(`${name} the factor: cosine of two words at one position ${cosine.toFixed(3)}`);
// }
// ```
//
// ```text
// row 0.045, code 0.71
// without the factor: cosine of two words at one position 0.996
// with the factor: cosine of two words at one position 0.374
// ```

// ## Exercise
//
// Set `tieHead: false`. How many weights more has the paper's base model? Predict whether a small model then learns a
// dictionary of 200 words faster or slower, where word $n$ is translated as $n + 1$, and where it is translated as itself. Measure it.
//
// **Hint.** {@linkcode transformerSize} counts. What does the row of a word have to do as an input, and what as an answer?
//
// **Solution.** Faster where it is $n + 1$, with each of three seeds. As an input its row must lead to the next word, as an answer it
// must be found from the word before, and the two have nothing to do with each other. The model without tying also has $VE$
// more weights, and its head starts from other numbers. The second dictionary is the check:
// there both uses want the same row, and the tied model is ahead. In real language words that are read alike
// are mostly written alike: there tying saves a matrix and improves the model (Press and Wolf 2017, *Using the Output Embedding to
// Improve Language Models*).
//
// ```ts
// import { adamW, crossEntropy, EncoderDecoder, Optimizer, Random, tensor, train } from "@heed/heed";
// import { transformerBase, transformerSize } from "@heed/heed/transformer";
//
// const more = transformerSize({ ...transformerBase, tieHead: false }) - transformerSize(transformerBase);
// console.log(`${more} weights more`);
//
// const V = 200, T = 5, B = 32, BEGIN = 0;
// const layout = { vocabSize: V, hiddenSize: 32, numHeads: 2, numLayers: 1, placement: "pre", dropout: 0 } as const;
// for (const [shift, tieHead] of [[1, true], [1, false], [0, true], [0, false]] as const) {
//   const losses: string[] = [];
//   for (const seed of [1, 2, 3]) {
//     const random = new Random(seed), model = new EncoderDecoder({ ...layout, tieHead }, random.split());
//     const reports = await train({
//       model,
//       batches: { next: () => Array.from({ length: B * T }, () => 1 + random.integer(V - 2)) },
//       optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.003 })),
//       steps: 200,
//       reportEvery: 100,
//       loss(words) {
//         const answers = words.map((word) => word + shift), shifted = answers.map((_, i) => i % T ? answers[i - 1]! : BEGIN);
//         const [source, target, labels] = [words, shifted, answers].map((ids) => tensor(Int32Array.from(ids), [B, T]));
//         return crossEntropy(model.forward(source!, target!), labels!);
//       },
//     });
//     losses.push(reports.at(-1)!.loss.toFixed(1));
//   }
//   console.log(`n as n + ${shift}, ${tieHead ? "tied" : "apart"}: ${losses.join(" ")}`);
// }
// ```
//
// ```text
// 18944000 weights more
// n as n + 1, tied: 3.7 3.6 4.0
// n as n + 1, apart: 2.6 2.3 2.6
// n as n + 0, tied: 1.3 1.2 1.3
// n as n + 0, apart: 2.5 1.9 2.1
// ```
