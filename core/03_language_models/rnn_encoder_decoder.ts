/**
 * # RNN encoder–decoder
 *
 * **Question.** A [recurrent language model](lstm/language_model.ts) continues the text that it has read, in the language of that text. A translation is in another language, in another order,
 * and has a length of its own. How does a recurrent network write it?
 *
 * **Idea.** Two networks with one state between them: a vector, or with LSTMs two vectors for each layer. Its size does not depend on the sentence. The *encoder* reads the source word by word. Its last state has read all of it. The *decoder* is a
 * language model of the other language. It begins with that state, where a language model begins with zeros, and it writes until it writes END. So it decides itself how long the translation is.
 * Papers of that time call the last state the context vector. (On later pages the word means something else: what attention returns.) A source of five words and a source of fifty become equally many numbers: a bottleneck [瓶颈].
 *
 * ```picture one_vector The example below. Whatever the decoder knows of the source has passed through the one vector in the middle.
 * ```
 *
 * **By hand.** 我 走 becomes *I walk*, in two dimensions. The encoder is [the network](rnn.ts) of an earlier page, without bias. The words are (1, 0) and (0, 1), and the matrix of its state has the rows (0.5, 0.5) and (−0.5, 0.5). Its last
 * state is (0.363, 0.881). The matrix of the decoder's state has the rows (1.9, 2) and (1.4, −2). Its words are the rows of one table: BEGIN (−1.5, 0.5), *I* (−0.6, −0.4), *walk* (−1, 1.1) and END (−2, 0.2).
 *
 * *The first word.* The vector through the matrix is (1.924, −1.035). BEGIN is added: (0.424, −0.535). Its tanh is the first state of the decoder, (0.400, −0.490). A score is the product of the state with a row of the same table; the formula has a matrix $U$ of its own. BEGIN scores −0.845, *I* −0.044,
 * *walk* −0.939, END −0.899. *I* has the largest score and is written.
 *
 * *The others.* The decoder reads *I*. Its next state is (−0.481, 0.881), and *walk* has the largest score, 1.450. After *walk* END has it, 1.000.
 *
 * *Another order.* 走 我 has the same words. Its vector is (0.551, 0.363), and the same decoder writes *walk I*. The vector knows more than which words there were.
 *
 * ```ts
 * import { plainRnn } from "@heed/heed/language-models";
 * import { type Tensor, tensor } from "@heed/heed/engine";
 * const words = ["BEGIN", "I", "walk", "END"];
 * const rows = [[-1.5, 0.5], [-0.6, -0.4], [-1, 1.1], [-2, 0.2]];
 * const same = tensor([[1, 0], [0, 1]]), none = tensor([0, 0]);
 * const encoder = tensor([[0.5, 0.5], [-0.5, 0.5]]), decoder = tensor([[1.9, 2], [1.4, -2]]);
 * const print = async (name: string, x: Tensor) =>
 *   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
 *
 * for (const source of ["我走", "走我"]) {
 *   const read = tensor([...source].map((word) => word === "我" ? [1, 0] : [0, 1]));
 *   let state = plainRnn(read, same, encoder, none).at(0, -1), word = 0;
 *   await print(`${source}: the vector`, state);
 *   while (words[word] !== "END") {
 *     if (word === 0) await print("  through the matrix", state.reshape([1, 2]).matmul(decoder));
 *     if (word === 0) await print("  with the word     ", state.reshape([1, 2]).matmul(decoder).add(tensor([rows[word]!])));
 *     state = plainRnn(tensor([rows[word]!]), same, decoder, none, state).at(0, 0);
 *     const scores = tensor(rows).matmul(state.reshape([2, 1]));
 *     word = Number(await scores.argmax(0).item());
 *     await print("  state ", state);
 *     await print(`  ${words.join(" ")}`, scores);
 *     console.log("  written:", words[word]);
 *   }
 * }
 * ```
 *
 * ```text
 * 我走: the vector 0.363 0.881
 *   through the matrix 1.924 -1.035
 *   with the word      0.424 -0.535
 *   state  0.400 -0.490
 *   BEGIN I walk END -0.845 -0.044 -0.939 -0.899
 *   written: I
 *   state  -0.481 0.881
 *   BEGIN I walk END 1.162 -0.064 1.450 1.139
 *   written: walk
 *   state  -0.592 -0.925
 *   BEGIN I walk END 0.426 0.726 -0.425 1.000
 *   written: END
 * 走我: the vector 0.551 0.363
 *   through the matrix 1.555 0.374
 *   with the word      0.055 0.874
 *   state  0.055 0.704
 *   BEGIN I walk END 0.270 -0.314 0.719 0.031
 *   written: walk
 *   state  0.089 -0.195
 *   BEGIN I walk END -0.231 0.025 -0.303 -0.217
 *   written: I
 *   state  -0.607 0.166
 *   BEGIN I walk END 0.994 0.298 0.790 1.247
 *   written: END
 * ```
 *
 * **Formula.** With LSTMs, $e(x)$ the row of a source word and $e'(y)$ that of a target word in their tables, and BEGIN for $y_0$,
 *
 * $$(h_s, C_s) = \mathrm{LSTM}(e(x_s),\; h_{s-1}, C_{s-1}), \qquad (d_0, D_0) = (h_S, C_S)$$
 * $$(d_t, D_t) = \mathrm{LSTM}(e'(y_{t-1}),\; d_{t-1}, D_{t-1}), \qquad P(y_t \mid y_{<t}, x) = \mathrm{softmax}(d_t U + b)$$
 *
 * | symbol | in code       | shape       |
 * | ------ | ------------- | ----------- |
 * | $x$    | `source`      | `[B, S]`    |
 * | $y$    | `target`      | `[B, T]`    |
 * | $h$    | `hiddenState` | `[B, L, H]` |
 * | $C$    | `cellState`   | `[B, L, H]` |
 *
 * $S$ words of the source, $L$ layers of width $H$. $d$ and $D$ are the decoder's two states, `[B, L, H]` as the encoder's. Each layer of the decoder begins with the last states of the encoder's layer of the same height. $U$, `[H, V]`, and $b$, `[V]`, turn a state into scores.
 * In training $y_{t-1}$ is the word of the given translation (teacher forcing, [section](../06_training/teacher_forcing.ts)), and the loss is $-\log P(y_t \mid y_{<t}, x)$. Afterwards it is the word that the decoder has just written.
 *
 * **Why the source is often read backwards.** Until here it was read forwards; `reverseSource`, true by default, turns it around. Read forwards, the first word of the source is $S$ steps away from the first word of the translation, and so is each other word from its own. Read
 * backwards, the first word is read last and is one step away. The mean distance is the same, but the first words are close together, and after a good prefix the rest is easier. Sutskever, Vinyals and
 * Le introduced it for translation from English to French, and report that it helped in every measure they give.
 *
 * **The notes, 002.1.** It holds, and this page is the model that attention was added to. An RNN encoder–decoder translates without any attention. Its one vector has to keep a long sentence in as many numbers as a short one. Bahdanau, Cho and Bengio
 * let the decoder look back at `output`, the states after each word, and this look is attention. The Transformer then left the recurrence out ([section](../05_transformer/encoder_decoder.ts)).
 *
 * Sources: Sutskever, Vinyals and Le 2014, *Sequence to Sequence Learning with Neural Networks*; Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk and Bengio 2014, *Learning Phrase Representations
 * using RNN Encoder–Decoder for Statistical Machine Translation* (the GRU, and the vector at each step); Cho, van Merriënboer, Bahdanau and Bengio 2014, *On the Properties of Neural Machine Translation:
 * Encoder–Decoder Approaches* (quality by length); Bahdanau, Cho and Bengio 2015, *Neural Machine Translation by Jointly Learning to Align and Translate*.
 *
 * @module
 */

import { startsCheck } from "../engine/allowed.ts";
import { aMask, aTensor } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { shareChance } from "../engine/chance.ts";
import { tensor } from "../engine/create.ts";
import { withBackend } from "../engine/device.ts";
import { Dropout } from "../engine/dropout.ts";
import { take } from "../engine/indexing.ts";
import { flip } from "../engine/joining.ts";
import { Module } from "../engine/module.ts";
import { checkOptions, type Checks, flag, integer, required } from "../engine/options.ts";
import { checkRandom, Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { Embedding } from "../02_words/embeddings.ts";
import {
  type CompleteRecurrentOptions,
  RecurrentLanguageModel,
  type RecurrentLanguageModelOptions,
  recurrentModelChecks,
  type RecurrentNetwork,
} from "./lstm/language_model.ts";
import { aStateMemory, type StateMemory } from "./feed_forward_lm.ts";

/** What the encoder makes of the source: its last states, and those after each word. */
function readSource(model: RecurrentEncoderDecoder, source: Tensor, mask: Tensor | undefined): EncodedSource {
  // Reversed, the first word is read last: next to the first word that is written.
  const { reverseSource } = model.options, turned = (x: Tensor): Tensor => reverseSource ? flip(x, 1) : x;

  // $e(x)$: a row for each word, in the order of reading.
  const embedded = model.dropout.forward(model.sourceEmbedding.forward(turned(source)));

  // $h_S, C_S$: the last states. Padding leaves them as they are, at either end.
  const { output, hiddenState, cellState } = model.encoder.forward(embedded, mask ? { mask: turned(mask) } : {});
  return { output: turned(output), hiddenState, ...(cellState && { cellState }) };
}

/** What the decoder says about the word after each position of the target, `[B, T, V]`. */
function scoreTarget(
  model: RecurrentEncoderDecoder,
  target: TensorLike,
  { hiddenState, cellState }: EncodedSource,
  call: RecurrentDecodingCall,
): Tensor {
  // $d_0 = h_S$, $D_0 = C_S$: a language model that begins with the states of the source, and not with zeros.
  const begin = { hiddenState, ...(cellState && { cellState }) };

  // $d_t$, and the scores $d_t U + b$.
  return model.decoder.forward(target, { ...call, ...begin });
}

// `output` has the state after each word, at the word's place. This decoder does not look at it.
//
// ## By the length of the sentence
//
// The [experiment](experiments/rnn_encoder_decoder.ts) trains two LSTMs and a Transformer on the same sentences, with equally many steps. It asks how much the source tells each of
// them about a token of the translation, by the length of the source, and compares their translations. The LSTMs read the source forwards and backwards.

// ## On real sentences
//
// The run below was recorded on pairs that people wrote. Pairs, split and recipe are those of the [Transformer's own run](../05_transformer/encoder_decoder.ts).
// *Nats per token* is the loss of [section](autoregressive.ts). *BLEU* compares translations with those of people, from 0 to 100
// ([section](../06_training/bleu.ts)).
//
// ```picture recurrent_translator_run Two pairs of LSTMs and a Transformer, of equally many weights, on the same sentences.
// ```

// #region The class: its parts, and what programs call
// The constructor joins a table, an encoder and a language model. `encode` and `decode` check what they are given and call the functions above;
// `forward` is both.

/**
 * Reads a sentence into one vector, and writes another from it: LSTM by default.
 *
 * @example
 * ```ts
 * import { padTokens, paddingMask, Random } from "@heed/heed";
 * import { RecurrentEncoderDecoder } from "@heed/heed/language-models";
 *
 * const model = new RecurrentEncoderDecoder({ vocabSize: 20, hiddenSize: 16 }, new Random(1));
 * const source = padTokens([[5, 6, 7], [8, 9]], 0);
 * const target = padTokens([[1, 12], [1, 13]], 0);
 * const logits = model.forward(source, target, { sourceMask: paddingMask(source, 0) });
 * console.assert(String(logits.shape) === "2,2,20");
 * ```
 */
export class RecurrentEncoderDecoder extends Module {
  /** The options with every default filled in. */
  readonly options: CompleteRecurrentTranslatorOptions;
  /** One row per source word; the target's table, if both share one. */
  readonly sourceEmbedding: Embedding;
  /** Drops a fraction of what goes into the encoder, in training. */
  readonly dropout: Dropout;
  /** Reads. */
  readonly encoder: RecurrentNetwork;
  /** Writes. */
  readonly decoder: RecurrentLanguageModel;

  /**
   * Starts from small random weights.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible, or the head cannot be tied
   */
  constructor(options: RecurrentEncoderDecoderOptions, random: Random) {
    super();
    checkOptions("build a model", options, OPTIONS);
    checkRandom("build a model", random);
    const { sourceVocabSize, reverseSource = true, ...layout } = options;
    const tieHead = options.tieHead === true;
    this.decoder = new RecurrentLanguageModel({ ...layout, tieHead }, random);
    const { vocabSize, embeddingSize, hiddenSize, numLayers, recurrence, dropout, bias } = this.decoder.options;
    this.options = { ...this.decoder.options, sourceVocabSize: sourceVocabSize ?? vocabSize, reverseSource };
    // If the table is not used for the scores, its rows start with variance 1; smaller numbers would hardly change the gates.
    const { weight } = this.decoder.embedding, deviation = tieHead ? 1 / Math.sqrt(embeddingSize) : 1;
    if (!tieHead && random !== Random.none) {
      noGrad(() => weight.tensor.assign(weight.tensor.mul(Math.sqrt(embeddingSize))));
    }
    this.sourceEmbedding = sourceVocabSize === undefined
      ? this.decoder.embedding
      : new Embedding(sourceVocabSize, embeddingSize, random, { deviation });
    this.dropout = new Dropout(dropout);
    this.encoder = recurrence.network({ inputSize: embeddingSize, hiddenSize, numLayers, dropout, bias }, random);
    shareChance(this.chances(), random);
  }

  /** Number of scores per position. */
  get vocabSize(): number {
    return this.options.vocabSize;
  }

  /** Longest sentence, of both languages: there is no bound. */
  get contextLength(): number {
    return Infinity;
  }

  /**
   * Reads the sources; needed once, however many words are then written.
   *
   * @param source ids, int32 `[B, S]`
   * @param call which positions hold words
   * @returns the last states, from which the decoder begins, and those after each word
   */
  encode(source: TensorLike, call: RecurrentEncodingCall = {}): EncodedSource {
    checkOptions("encode", call, ENCODING);
    const words = asTensor("encode", "source", source, "int32", this.sourceEmbedding.weight.storage);
    const { B, S } = dims(words, "B S"), mask = asOptionalTensor("encode", "mask", call.mask, "bool", words);
    if (mask) dims(mask, "B S", { B, S });
    return readSource(this, words, mask);
  }

  /**
   * Scores the word after each position of the targets.
   *
   * @param target ids, beginning with BEGIN, or continuing what is cached, int32 `[B, T]`
   * @param memory what {@linkcode RecurrentEncoderDecoder.encode} returned
   * @param call caches, which positions
   * @returns logits, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   */
  decode(target: TensorLike, memory: EncodedSource, call: RecurrentDecodingCall = {}): Tensor {
    checkOptions("decode", call, DECODING);
    checkOptions("decode", memory, ENCODED);
    return scoreTarget(this, target, memory, call);
  }

  /**
   * Scores every word of the targets in one pass: what training does.
   *
   * @param source ids, int32 `[B, S]`
   * @param target ids shifted right, int32 `[B, T]`
   * @param call mask of the source
   * @returns logits, `[B, T, V]`
   */
  forward(source: TensorLike, target: TensorLike, call: RecurrentTranslationCall = {}): Tensor {
    checkOptions("translate", call, TRANSLATION);
    return this.decode(target, this.encode(source, { mask: call.sourceMask }));
  }

  /**
   * Makes a decoder of this model and encoded sources, for a generation loop.
   *
   * @param memory what {@linkcode RecurrentEncoderDecoder.encode} returned
   * @returns what `generate` takes for a decoder
   */
  given(memory: EncodedSource): GivenStates {
    checkOptions("continue a translation", memory, ENCODED);
    const { output, hiddenState, cellState } = memory;
    return {
      vocabSize: this.vocabSize,
      contextLength: this.contextLength,
      numSources: hiddenState.shape[0]!,
      newCaches: (create) => this.decoder.newCaches(create),
      forward: (tokens, call = {}) => this.decode(tokens, memory, call),
      select: (rows) => {
        const states = { hiddenState: rowsOf(hiddenState, rows) };
        // The words' own states are not looked at again.
        return this.given({ output, ...states, ...(cellState && { cellState: rowsOf(cellState, rows) }) });
      },
    };
  }
}

// #endregion

// #region Options, and what one pass looks at

/** How a {@linkcode RecurrentEncoderDecoder} is laid out. */
export interface RecurrentEncoderDecoderOptions extends RecurrentLanguageModelOptions {
  /** Whether the scores come from the target's table; false by default. */
  readonly tieHead?: boolean | undefined;
  /** Entries of the source's own vocabulary; both languages share one table by default. */
  readonly sourceVocabSize?: number | undefined;
  /** Whether the source is read from its last word to its first; true by default. */
  readonly reverseSource?: boolean | undefined;
}

/** The options with every default filled in. */
export interface CompleteRecurrentTranslatorOptions extends CompleteRecurrentOptions {
  /** Entries of the source's vocabulary. */
  readonly sourceVocabSize: number;
  /** Whether the source is read from its last word to its first. */
  readonly reverseSource: boolean;
}

const OPTIONS: Checks<RecurrentEncoderDecoderOptions> = {
  ...recurrentModelChecks,
  sourceVocabSize: integer(),
  reverseSource: flag,
};

/** What is known of the sources once they are read. */
export interface EncodedSource {
  /** The last layer's state after each word, zeros for padding, `[B, S, H]`. */
  readonly output: Tensor;
  /** The last hidden states of all layers, `[B, L, H]`. */
  readonly hiddenState: Tensor;
  /** The last cell states of all layers, `[B, L, H]`; absent where the network has none. */
  readonly cellState?: Tensor;
}

/** What one pass through the encoder looks at. */
export interface RecurrentEncodingCall {
  /** True for words, false for padding, bool `[B, S]`; words everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
}

/** What one pass through the decoder looks at. */
export interface RecurrentDecodingCall {
  /** Position of each row's first word, below 0 for padding; nothing is padding by default. */
  readonly starts?: readonly number[] | undefined;
  /** The states after earlier words, in place of those of the source; none by default. */
  readonly caches?: readonly StateMemory[] | undefined;
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

/** What one pass through a {@linkcode RecurrentEncoderDecoder} looks at. */
export interface RecurrentTranslationCall {
  /** True where the source has a word, bool `[B, S]`; everywhere by default. */
  readonly sourceMask?: TensorLike<boolean> | undefined;
}

const ENCODED: Checks<EncodedSource> = {
  output: required(aTensor),
  hiddenState: required(aTensor),
  cellState: aTensor,
};
const ENCODING: Checks<RecurrentEncodingCall> = { mask: aMask };
const DECODING: Checks<RecurrentDecodingCall> = {
  starts: startsCheck,
  caches: aStateMemory,
  lastOnly: flag,
};
const TRANSLATION: Checks<RecurrentTranslationCall> = { sourceMask: aMask };

/** A model together with the states of its sources: what a generation loop continues. */
export interface GivenStates {
  /** Number of scores per position. */
  readonly vocabSize: number;
  /** Longest sentence: there is no bound. */
  readonly contextLength: number;
  /** Sources, each of which is continued. */
  readonly numSources: number;
  /** One empty memory, in a list. */
  newCaches<M extends StateMemory>(create: () => M): M[];
  /**
   * Scores the token after each position.
   *
   * @param tokens ids, int32 `[B, T]`
   * @param call caches, and whether only the last position is scored; neither by default
   * @returns logits `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   */
  forward(tokens: Tensor, call?: RecurrentDecodingCall): Tensor;
  /** The same for these of the sources, each as often as it is named. */
  select(rows: readonly number[]): GivenStates;
}

/** These rows: `[B, …]` to `[indices.length, …]`. */
function rowsOf(x: Tensor, indices: readonly number[]): Tensor {
  return withBackend(x.device, () => take(x, tensor(Int32Array.from(indices))));
}

// #endregion

// ## Pitfall: padding on the wrong side
//
// A batch that is turned around begins with the padding of its short sources, and a network without a mask reads it before the first word. Here the mask is turned with the words, and a
// masked step leaves the states as they are. The test "RecurrentEncoderDecoder() reads a padded source as it reads it alone" has padding at either side and both orders.

// ## Pitfall: the state of another sentence
//
// Beam search ([section](../07_generation/greedy_and_beam.ts)) keeps several prefixes of a translation at once, drops some and continues others at each step. Each prefix has a state of its own, and the states must follow. They lie in a cache, which the loop rearranges, and the first step takes those of the source, once for
// each prefix. The test "beam search with a recurrent translator equals beam search without its cache" compares.

// ## Exercise
//
// How many numbers does the decoder of two LSTM layers of width 256 know of a source of 5 words, and of 50? How many does the decoder of a Transformer of width 256 look at?
//
// **Hint.** An LSTM has two states in each layer. A Transformer's encoder makes a vector for each word.
//
// **Solution.** The LSTM's decoder knows $2LH$ numbers, whatever the length. The Transformer's looks at $S \cdot E$: they grow with the source.
//
// ```ts
// import { EncoderDecoder, Random } from "@heed/heed";
// import { RecurrentEncoderDecoder } from "@heed/heed/language-models";
//
// const sizes = { vocabSize: 30, hiddenSize: 256, numLayers: 2 };
// const recurrent = new RecurrentEncoderDecoder(sizes, new Random(1));
// const transformer = new EncoderDecoder({ ...sizes, numHeads: 4 }, new Random(1));
// for (const length of [5, 50]) {
//   const source = [Array.from({ length }, (_, word) => word % 30)];
//   const { hiddenState, cellState } = recurrent.encode(source);
//   console.log(`${length} words: ${hiddenState.size + cellState!.size} and ${transformer.encode(source).size} numbers`);
// }
// ```
//
// ```text
// 5 words: 1024 and 1280 numbers
// 50 words: 1024 and 12800 numbers
// ```

// ## Exercise
//
// Word $i$ of the source is translated by word $i$ of the target, and both have $n$ words. How many steps lie between the two, forwards and backwards? What is the mean?
//
// **Hint.** Forwards the encoder reads word $i$ at step $i$, backwards at step $n + 1 - i$. The decoder writes word $i$ at step $n + i$.
//
// **Solution.** Forwards it is $n$ for each word. Backwards it is $2i - 1$: one for the first word and $2n - 1$ for the last. The mean is $n$ both times.
//
// ```ts
// const n = 10, mean = (steps: number[]) => steps.reduce((sum, step) => sum + step, 0) / n;
// const words = Array.from({ length: n }, (_, i) => i + 1);
// const forwards = words.map((i) => n + i - i), backwards = words.map((i) => n + i - (n + 1 - i));
// console.log("forwards ", forwards.join(" "), "mean", mean(forwards));
// console.log("backwards", backwards.join(" "), "mean", mean(backwards));
// ```
//
// ```text
// forwards  10 10 10 10 10 10 10 10 10 10 mean 10
// backwards 1 3 5 7 9 11 13 15 17 19 mean 10
// ```
