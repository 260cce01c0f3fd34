/**
 * # Encoder and decoder
 *
 * **Question.** An encoder reads a sentence, a decoder writes one (encoder–decoder architecture, 编码器-解码器架构). What
 * else does machine translation (机器翻译) need?
 *
 * **Idea.** A way in and a way out. *In:* a token is a row of a table, its embedding. The row is scaled, and the code of its
 * position is added. *Out:* each vector of the decoder becomes one score for each word of the vocabulary (logits). The score is the
 * dot product of the vector with the row of that word, in the same table (tied weights) [权重共享]. So a word scores high when its own
 * row points where the decoder's vector points. The encoder reads the source once and makes $m$, one vector for each word. The decoder writes one word at a time. Its
 * self-attention is causal: a position sees itself and those before it. Its cross-attention reads $m$. In training the whole
 * target is known, and the decoder gets it one position late, behind BEGIN (shifted right, 右移). So no position sees the word that it is
 * asked for.
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
 * **By hand.** The question is 中国的首都是哪里 (*where is the capital of China*), shortened to two of its words, 首都 (*capital*) and 哪里 (*where*). The answer is 北京 (*Beijing*), in two tokens, 北 and 京.
 * The width is $E = 2$. Six rows of a table $W$ are chosen so that the answer comes out: BEGIN (−1.1, 0), 首都 (0.5, −0.6),
 * 哪里 (0.5, 0.1), 北 (−0.4, 1), 京 (0.5, 0.9), END (0.9, 0.3).
 *
 * *In.* 首都 times $\sqrt{2}$ is (0.71, −0.85). The code of position 0 is $(\sin 0, \cos 0) = (0, 1)$; the sum is
 * (0.71, 0.15). In the same way 哪里 at position 1 becomes (1.55, 0.68), and BEGIN at position 0 (−1.56, 1.00).
 *
 * *Between.* To keep the numbers few, the encoder changes nothing: $m$ has the two rows of the source. The decoder is one
 * cross-attention with its residual, without weight matrices, so that a row of $m$ is both key and value
 * ([section](../04_attention/scaled_dot_product.ts)). BEGIN is the query. Its dot products with the rows of $m$ are −0.95 and −1.73. Divided by
 * $\sqrt{2}$ these are −0.67 and −1.22. Their [softmax](../02_words/softmax.ts) gives the weights 0.63 and 0.37. The weighted mean of the
 * rows is (1.01, 0.35). The query plus this mean is $h = (-0.54, 1.35)$; all numbers are rounded at the end.
 *
 * *Out.* The product of $h$ with each row of $W$: 北 scores $-0.4 \cdot -0.54 + 1 \cdot 1.35 = 1.56$, 京 0.94, BEGIN 0.59, and the
 * others less than 0. The softmax gives 北 a probability of 0.42, the largest: 北 is written.
 *
 * *Again.* 北 is the next input, at position 1; $m$ stays. Now the larger weight, 0.71, is that of 哪里, and 京 gets a probability of 0.53. 京 is the
 * third input, and END gets 0.48. The answer is complete.
 *
 * ```ts
 * import { scaledDotProductAttention, softmax, tensor } from "@heed/heed";
 * import { attentionWeights, sinusoidalPositions } from "@heed/heed/attention";
 *
 * const words = ["BEGIN", "首都", "哪里", "北", "京", "END"];
 * const rows = [[-1.1, 0], [0.5, -0.6], [0.5, 0.1], [-0.4, 1], [0.5, 0.9], [0.9, 0.3]], table = tensor(rows);
 * const enter = (ids: number[]) =>
 *   tensor(ids.map((id) => rows[id]!)).mul(Math.sqrt(2)).add(sinusoidalPositions(ids.length, 2));
 * const show = async (name: string, x: typeof table) =>
 *   console.log(name, Array.from(await x.read(), (n) => n.toFixed(2)).join(" "));
 *
 * const memory = enter([1, 2]).reshape([1, 1, 2, 2]), written = [0];
 * await show("首都 times √2", tensor(rows[1]!).mul(Math.sqrt(2)));
 * await show("memory", memory);
 * while (words[written.at(-1)!] !== "END") {
 *   const query = enter(written).slice(0, -1).reshape([1, 1, 1, 2]);
 *   const hidden = query.add(scaledDotProductAttention(query, memory, memory)).reshape([1, 2]);
 *   const scores = hidden.matmul(table.transpose(0, 1)), products = query.matmul(memory.transpose(-2, -1));
 *   await show("query", query);
 *   await show("  dot products", products);
 *   await show("  divided by √2", products.div(Math.sqrt(2)));
 *   await show("  weights", attentionWeights(query, memory));
 *   await show("  mean", scaledDotProductAttention(query, memory, memory));
 *   await show("  hidden", hidden);
 *   await show(`  ${words.join(" ")}`, scores);
 *   await show("  probabilities", softmax(scores));
 *   written.push(Number(await scores.argmax(-1).item()));
 *   console.log("  written:", words[written.at(-1)!]);
 * }
 * ```
 *
 * ```text
 * 首都 times √2 0.71 -0.85
 * memory 0.71 0.15 1.55 0.68
 * query -1.56 1.00
 *   dot products -0.95 -1.73
 *   divided by √2 -0.67 -1.22
 *   weights 0.63 0.37
 *   mean 1.01 0.35
 *   hidden -0.54 1.35
 *   BEGIN 首都 哪里 北 京 END 0.59 -1.08 -0.14 1.56 0.94 -0.08
 *   probabilities 0.16 0.03 0.08 0.42 0.23 0.08
 *   written: 北
 * query 0.28 1.95
 *   dot products 0.49 1.76
 *   divided by √2 0.35 1.24
 *   weights 0.29 0.71
 *   mean 1.30 0.53
 *   hidden 1.58 2.48
 *   BEGIN 首都 哪里 北 京 END -1.74 -0.70 1.04 1.85 3.02 2.17
 *   probabilities 0.00 0.01 0.07 0.16 0.53 0.22
 *   written: 京
 * query 1.62 0.86
 *   dot products 1.27 3.09
 *   divided by √2 0.90 2.18
 *   weights 0.22 0.78
 *   mean 1.37 0.57
 *   hidden 2.98 1.42
 *   BEGIN 首都 哪里 北 京 END -3.28 0.64 1.63 0.23 2.77 3.11
 *   probabilities 0.00 0.04 0.11 0.03 0.34 0.48
 *   written: END
 * ```
 *
 * **Formula.** With the table $W$ and its rows $W_x$ for the words $x$ of the source, the positional code $\mathrm{PE}$, and $y'$, the
 * target $y$ shifted right:
 *
 * $$m = \mathrm{encoder}(\sqrt{E}\,W_{x} + \mathrm{PE}), \qquad h = \mathrm{decoder}(\sqrt{E}\,W_{y'} + \mathrm{PE},\; m)$$
 *
 * $$P(y_t \mid y_{<t}, x) = \mathrm{softmax}(h_t\, W^\top)$$
 *
 * | symbol          | in code                  | shape or meaning                                   |
 * | --------------- | ------------------------ | -------------------------------------------------- |
 * | $x$, $y'$       | `source`, `target`       | `[B, S]`, `[B, T]`                                 |
 * | $y_t$, $y_{<t}$ | none                     | word $t$ of the target, the words before it        |
 * | $W$             | `targetEmbedding.weight` | `[V, E]`                                           |
 * | $\mathrm{PE}$   | `positions`              | `[S, E]` or `[T, E]`                               |
 * | $m$             | `memory`                 | `[B, S, E]`                                        |
 * | $h$             | `hidden`                 | `[B, T, E]`; $h_t$ is its row $t$                  |
 * | $h\,W^\top$     | the result               | `[B, T, V]`                                        |
 *
 * $B$ pairs of $S$ source and $T$ target words, $V$ words in the vocabulary, width $E$. Both languages share one table unless `sourceVocabSize` gives the source its own.
 * How many weights that makes is counted on the page on [layouts](layout.ts).
 *
 * **Why the factor $\sqrt{E}$.** The paper gives no reason; this one fits its numbers. The table is the output matrix
 * too. A score is the product of a row with a vector of $E$ numbers, which the last norm has brought to variance 1: the mean of their
 * squares is 1. The score has variance 1 as well if the entries of the row have variance $1/E$: it is
 * a sum of $E$ products of independent numbers with mean 0, each product has variance $1 \cdot 1/E$, and the variances add to 1. As an input such a row would vanish beside
 * $\mathrm{PE}$, whose entries have the root mean square $\sqrt{1/2}$. Multiplied by $\sqrt{E}$ it does not.
 *
 * **Start of training.** The paper does not say how weights are drawn. Its released code
 * (tensor2tensor) draws matrices uniformly with variance $2/(\mathrm{in} + \mathrm{out})$, with the numbers of inputs and outputs
 * (*Xavier*), and embeddings normally with variance $1/E$; so does this page.
 *
 * Sources: Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin 2017, *Attention Is All You Need*; Glorot and Bengio
 * 2010, *Understanding the Difficulty of Training Deep Feedforward Neural Networks*.
 *
 * @module
 */

import { startsCheck } from "../engine/allowed.ts";
import { aMask, checkTensors } from "../engine/arguments.ts";
import { shareChance } from "../engine/chance.ts";
import { tensor } from "../engine/create.ts";
import { withBackend } from "../engine/device.ts";
import { Dropout } from "../engine/dropout.ts";
import { take } from "../engine/indexing.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import { checkOptions, type Checks, flag } from "../engine/options.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { Embedding } from "../02_words/embeddings.ts";
import { textMaskChecks, type TextMasks } from "../04_attention/masks.ts";
import type { KeyValueMemory } from "../04_attention/multi_head.ts";
import { type InputPositions, type PositionSizes, startsOfRows } from "../04_attention/positions/scheme.ts";
import { type DecoderCall, decoderChecks, DecoderStack } from "./decoder.ts";
import { below, Encoder, type EncoderCall, encoderChecks, type Pass, passChecks } from "./encoder.ts";
import { type Complete, type EncoderDecoderOptions, layerOptionsOf, layoutOf } from "./layout.ts";

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

  // $h$: each position looks at itself and those before it, then at $m$, then works on what it found.
  let hidden = model.decoder.forward(input, memory, call);

  // A generation loop asks for the last word alone: the table is the largest matrix, and the other scores are known.
  if (lastOnly) hidden = hidden.slice(1, -1);

  // $h\,W^\top$: the table again. The score of a word says how far its embedding points where $h$ points.
  return model.head ? model.head.forward(hidden) : model.targetEmbedding.weight.multiplyTransposed(hidden);
}

// #region The class: its parts, and what programs call
// The constructor joins a table or two, positions, an encoder and a decoder. `encode` and `decode` check what they are given and call the
// functions above; `forward` is both.

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
    return scoreTarget(this, words, memory, { ...call, starts, lastOnly, observe: below(observe, "decoder") });
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
      select: (rows) => this.given(rowsOf(memory, rows), sourceMask && rowsOf(sourceMask, rows)),
    };
  }
}

// #endregion

// ## What runs once
//
// A program encodes the source once, and decodes once for each word. The model in this program is not trained, so its
// words mean nothing.
//
// ```ts
// import { EncoderDecoder, Random } from "@heed/heed";
//
// const model = new EncoderDecoder({ vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1 }, new Random(1)).eval();
// const BEGIN = 1, written = [BEGIN], memory = model.encode([[5, 6, 7]]);
// for (let step = 0; step < 4; step++) {
//   const logits = model.decode([written], memory, { lastOnly: true });
//   written.push(Number(await logits.argmax(-1).item()));
// }
// console.log("memory", memory.shape.join(" × "));
// console.log("written", written.join(" "));
// ```
//
// ```text
// memory 1 × 3 × 16
// written 1 14 14 14 14
// ```
//
// **The notes, 003.8.** So it is: `encode` does not depend on what is being written. {@linkcode EncoderDecoder.given} makes a decoder of a
// model and an encoded source, for [the generation loop](../07_generation/generate.ts); its caches keep the keys and values of $m$, layer by layer, which are computed once
// too ([section](../07_generation/kv_cache.ts)).
//
// **The notes, 001.33.** Not one vector, but one for each word of the source, $m$ of `[B, S, E]`: cross-attention could not choose
// between words otherwise. One vector for a whole sentence is the [encoder–decoder of recurrent networks](../03_language_models/rnn_encoder_decoder.ts), which attention replaced. Six layers are right, for both stacks.

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

// ## On real sentences
//
// The run below was recorded on pairs that people wrote, with the norms inside the steps (pre-norm, 前置) and the schedule of
// the paper, by which the steps of the training grow and then shrink ([section](../06_training/schedules.ts)). Three terms of the run are explained in later sections. The *loss* is measured in nats per token, the natural
// logarithm of one over the probability of the right token; 0 would be certainty ([section](../06_training/loss.ts)). *Label smoothing* [标签平滑] asks for a little less than certainty, so that
// the loss cannot reach 0. *BLEU* compares translations with those of people, from 0 to 100, by the words and word groups that both have
// ([section](../06_training/bleu.ts)).
//
// ```picture translator_run The same unseen sentences at four stages of one training, translated by greedy decoding.
// ```
//
// **The notes, 003.7.** The example by hand goes through these passes: 北, then 京, then END. Question answering is the same model with other pairs: questions as sources, answers as targets. The
// corpus of the experiment has 中国的首都是哪里 as a sentence to be translated, and the recorded run tries it too, in the last line of its table.

// ## Learning in seconds
//
// The [experiment](experiments/encoder_decoder.ts) trains a far smaller model, in seconds, on short sentences that are built from
// patterns. It shows how the loss falls, what the model makes of sentences that it has never seen, and which characters each English
// word was read from. Among what it keeps fixed is the highest *learning rate*, the number that says how long the steps of training are
// ([section](../06_training/optimizers.ts)); during the training the rate rises to it and falls again. Many of its translations are still wrong, and some of its words are none: they are pieces of words, put together.

// ## Where all heads look
//
// The picture has every attention weight of the translator of the playground, while it translates 中国的首都是哪里？ into *Where is
// the capital of China?* A row is a query, a column a key. A row of the decoder reads the word before the arrow and writes the one behind it, as in the map of the experiment above.
//
// ```picture all_attention Two layers of four heads: the encoder, the decoder, and the decoder's look at the source. The token 哪里 has two characters, so its column is as wide as two others. Five shades, for weights rounded to fifths: blank is less than 0.1, the darkest at least 0.9. Each row sums to one.
// ```
//
// In the encoder each word looks at words on both sides. In the decoder's self-attention nothing stands above the diagonal: the
// causal mask. The cross-attention follows the meaning and not the order. In layer 2 the row “BEGIN → Where” looks at
// ？ in heads 3 and 4, the row “of → China” at 中 in head 4. Others are harder to read: in head 1 of this layer “BEGIN → Where” looks at
// 的, and “China → ?” at END. A map says where a head takes values from, and not why a word was written
// ([section](../04_attention/scaled_dot_product.ts)).

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
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

const TRANSLATION: Checks<TranslationCall> = { ...passChecks, ...textMaskChecks, sourceMask: aMask };
const ENCODING: Checks<EncodingCall> = { ...encoderChecks, starts: startsCheck };
const DECODING: Checks<DecodingCall> = { ...decoderChecks, lastOnly: flag };

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
   * @param call caches, where rows start, and whether only the last position is scored; nothing by default
   * @returns logits `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   */
  forward(tokens: Tensor, call?: Pick<DecodingCall, "caches" | "lastOnly" | "starts" | "observe">): Tensor;
  /** The same for these of the sources, each as often as it is named. */
  select(rows: readonly number[]): GivenSource;
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

/** These rows: `[B, …]` to `[indices.length, …]`. */
function rowsOf(x: Tensor, indices: readonly number[]): Tensor {
  return withBackend(x.device, () => take(x, tensor(Int32Array.from(indices))));
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
