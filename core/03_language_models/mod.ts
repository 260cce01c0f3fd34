/**
 * # 3 · Language models
 *
 * **Question.** Which of two sequences of words is more probable? Which word comes next? A model that answers the second question
 * answers the first as well. What is the simplest such model, and what does each better one add?
 *
 * **Idea.** A language model (语言模型) gives a probability to every sequence. The chain rule of probability, which is not the chain rule of
 * derivatives, makes it a product: $P(a, b) = P(a)\,P(b \mid a)$, and so on, one factor for each token, given the tokens before it ([section](autoregressive.ts)). The models of this chapter differ in how they see those tokens. A table
 * of counts knows the last few of them, and only as a whole. A feed-forward network knows as many, each by its vector. A recurrent network reads their vectors one after the other, from the first to the last,
 * and keeps what it has read in one vector, its state. It knows no more of the earlier tokens than this vector holds. A convolutional network computes all positions at once, each from a window.
 *
 * | page             | answers                                                           |
 * | ---------------- | ----------------------------------------------------------------- |
 * | `autoregressive` | what a language model is, and how good one is                     |
 * | `n_grams`        | what counts of short sequences of tokens can predict              |
 * | `feed_forward_lm` | how words that are alike serve each other                        |
 * | `rnn`            | how a network of fixed size reads a text of any length            |
 * | `lstm`           | how it remembers something for more than a few steps              |
 * | `cnn`            | how all positions are computed at once, by a window that slides   |
 * | `rnn_encoder_decoder` | how two recurrent networks translate, with one vector between them |
 * | `efficiency`     | what a model costs, and how to measure it                         |
 *
 * ## Notation
 *
 * A sequence $x_1 \dots x_T$ has $T$ tokens of a vocabulary of $V$. What stands before a token is its context (上下文), $x_{<t}$. The
 * logarithm is the natural one, and its unit the nat; a bit is $\log 2$ nats. $n$ is the order of an n-gram model: the token and the
 * $n - 1$ before it. In this chapter $H$ is the width of a recurrent state, or of what a convolution puts out (in [section](feed_forward_lm.ts) it is a matrix, as in the paper); from [the chapter on attention](../04_attention/mod.ts) on it is the number of heads.
 * $N$ is the number of words in the window of a feed-forward model, $K$ that of a kernel, $L$ the number of layers, and behind a $\partial$ the loss. Each page says what its other letters mean, $C$ among them.
 *
 * @example
 * ```ts
 * import { measureScores } from "@heed/heed/language-models";
 *
 * const { perplexity } = measureScores([Math.log(0.5), Math.log(0.125)]);
 * console.assert(Math.abs(perplexity - 4) < 1e-9);
 * ```
 *
 * @module
 */

export * from "./autoregressive.ts";
export * from "./n_grams/mod.ts";
export {
  type CompleteFeedForwardOptions,
  type FeedForwardContinuation,
  FeedForwardLanguageModel,
  type FeedForwardOptions,
  type FeedForwardWeights,
  scoreNext,
  type StateMemory,
} from "./feed_forward_lm.ts";
export {
  derivativesThroughTime,
  type Nonlinearity,
  plainRnn,
  type RecurrentCall,
  type RecurrentCell,
  type RecurrentLayer,
  type RecurrentOptions,
  type RecurrentResult,
  RNN,
  type RNNOptions,
} from "./rnn.ts";
export {
  type CellDerivatives,
  cellDerivatives,
  LSTM,
  type LSTMCall,
  type LSTMOptions,
  type LSTMResult,
  type LstmStep,
  lstmStep,
} from "./lstm/mod.ts";
export { GRU, type GRUOptions, gruStep } from "./lstm/gru.ts";
export {
  type CompleteRecurrentOptions,
  type ContinuedCall,
  type ContinuedResult,
  elman,
  gru,
  lstm,
  type Recurrence,
  recurrences,
  type RecurrentContinuation,
  RecurrentLanguageModel,
  type RecurrentLanguageModelOptions,
  type RecurrentNetwork,
} from "./lstm/language_model.ts";
export {
  type ConvolutionCall,
  plainConvolution,
  receptiveField,
  SequenceConvolution,
  type SequenceConvolutionOptions,
  type SlidingWindow,
} from "./cnn/mod.ts";
export {
  type CompleteConvolutionalOptions,
  type ConvolutionalContinuation,
  ConvolutionalLanguageModel,
  type ConvolutionalLanguageModelOptions,
  type ConvolutionBlock,
} from "./cnn/language_model.ts";
export {
  type FoundPhrases,
  type PhraseCall,
  PhraseClassifier,
  type PhraseClassifierOptions,
} from "./cnn/classifier.ts";
export {
  type CompleteRecurrentTranslatorOptions,
  type EncodedSource,
  type GivenStates,
  type RecurrentDecodingCall,
  RecurrentEncoderDecoder,
  type RecurrentEncoderDecoderOptions,
  type RecurrentEncodingCall,
  type RecurrentTranslationCall,
} from "./rnn_encoder_decoder.ts";
export * from "./efficiency.ts";
