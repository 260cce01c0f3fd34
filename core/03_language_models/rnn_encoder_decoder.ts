/**
 * # RNN encoder–decoder
 *
 * TODO
 *
 * @module
 */

import { aMask, aTensor } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { shareChance } from "../engine/chance.ts";
import { Dropout } from "../engine/dropout.ts";
import { flip } from "../engine/joining.ts";
import { Module } from "../engine/module.ts";
import { checkOptions, type Checks, flag, integer, required } from "../engine/options.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { Embedding } from "../02_words/embeddings.ts";
import {
  type CompleteRecurrentOptions,
  RecurrentLanguageModel,
  type RecurrentLanguageModelOptions,
  recurrentModelChecks,
  type RecurrentNetwork,
  stateMemories,
  type StateMemory,
} from "./lstm/language_model.ts";

/** What the encoder makes of the source: its last states, and those after each word. */
function readSource(model: RecurrentEncoderDecoder, source: Tensor, mask: Tensor | undefined): EncodedSource {
  // Reversed, the first word is read last: next to the first word that is written.
  const { reverseSource } = model.options, turned = (x: Tensor): Tensor => reverseSource ? flip(x, 1) : x;

  // $W_x$: a row for each word, in the order of reading.
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
  // $s_0 = h_S$: a language model that begins with the states of the source, and not with zeros.
  const begin = { hiddenState, ...(cellState && { cellState }) };

  // $s_t$, and the scores $s_t U + b$.
  return model.decoder.forward(target, { ...call, ...begin });
}

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
    const { sourceVocabSize, reverseSource = true, tieHead = false, ...layout } = options;
    this.decoder = new RecurrentLanguageModel({ ...layout, tieHead }, random);
    const { vocabSize, embeddingSize, hiddenSize, numLayers, recurrence, dropout, bias } = this.decoder.options;
    this.options = { ...this.decoder.options, sourceVocabSize: sourceVocabSize ?? vocabSize, reverseSource };
    // A table that scores nothing has rows of variance 1: smaller ones are hardly heard by the gates.
    const { weight } = this.decoder.embedding, deviation = tieHead ? 1 / Math.sqrt(embeddingSize) : 1;
    if (!tieHead) noGrad(() => weight.tensor.assign(weight.tensor.mul(Math.sqrt(embeddingSize))));
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
      repeat: (times) => {
        const states = { hiddenState: repeatRows(hiddenState, times) };
        // The words' own states are not looked at again.
        return this.given({ output, ...states, ...(cellState && { cellState: repeatRows(cellState, times) }) });
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
  /** The states after earlier words, in place of those of the source, one memory for all layers; none by default. */
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
const DECODING: Checks<RecurrentDecodingCall> = { caches: stateMemories, lastOnly: flag };
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
  /** The same for every source repeated in a row, as when beams are searched. */
  repeat(times: number): GivenStates;
}

/** Each row `times` times in a row: `[B, …]` to `[B·times, …]`. */
function repeatRows(x: Tensor, times: number): Tensor {
  const [B, ...rest] = x.shape as [number, ...number[]];
  return x.unsqueeze(1).expand([B, times, ...rest]).reshape([B * times, ...rest]);
}

// #endregion
