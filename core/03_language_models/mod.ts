/**
 * # 3 · Language models
 *
 * **Question.** Which word comes next, and what does a model have to remember of those before it?
 *
 * **Idea.** A language model (语言模型) gives a probability to every sequence, one factor for each token, given the tokens before it.
 *
 * | page   | answers                                                      |
 * | ------ | ------------------------------------------------------------ |
 * | `rnn`  | how a network of fixed size reads a text of any length       |
 * | `lstm` | how it remembers something for more than a few steps         |
 *
 * @module
 */

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
  type StateMemory,
} from "./lstm/language_model.ts";
