/**
 * # A recurrent language model
 *
 * **Question.** A recurrent network turns words into states. What is missing for it to write?
 *
 * **Idea.** A table in front that gives each token its vector, and one behind that gives each token a score. The state after a text is all that the model knows
 * of it. To go on, the model needs that state and the last token, and nothing else: its memory does not grow with the text, and a token
 * costs the same after ten and after a million others.
 *
 * **Formula.** With the table $W$ and scores by a second one, $U$, or by the same table again,
 *
 * $$h_t = \mathrm{RNN}(W_{x_t}, h_{t-1}), \qquad P(x_{t+1} \mid x_{\le t}) = \mathrm{softmax}(h_t U + b)$$
 *
 * | symbol | in code            | shape       |
 * | ------ | ------------------ | ----------- |
 * | $x$    | `tokens`           | `[B, T]`    |
 * | $W$    | `embedding.weight` | `[V, E]`    |
 * | $h$    | `output`           | `[B, T, H]` |
 * | $U$    | `head.weight`      | `[H, V]`    |
 *
 * **Why one table may serve twice.** Both tables have a row for each token, and tokens that are used alike need similar rows in both. With tied weights [权重共享] the scores are
 * products of the state with the rows of the first table. That needs $H = E$, and saves $HV$ weights.
 *
 * Sources: Mikolov, Karafiát, Burget, Černocký and Khudanpur 2010, *Recurrent Neural Network Based Language Model*; Zaremba, Sutskever and
 * Vinyals 2014, *Recurrent Neural Network Regularization* (where dropout stands); Press and Wolf 2017, *Using the Output Embedding to
 * Improve Language Models* (tied tables).
 *
 * @module
 */

import { startsCheck } from "../../engine/allowed.ts";
import { aMask, aTensorLike, MOST_PARTS } from "../../engine/arguments.ts";
import { shareChance } from "../../engine/chance.ts";
import { Dropout } from "../../engine/dropout.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { checkFunction, checkOptions, type Checks, flag, integer, numeric, required } from "../../engine/options.ts";
import { type Part, partOf, partsByWord, type PartTable } from "../../engine/part.ts";
import { checkRandom, type Random } from "../../engine/random.ts";
import { asTensor, type Tensor, type TensorLike } from "../../engine/tensor.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { type RecurrentLayer, type RecurrentOptions, type RecurrentResult, RNN } from "../rnn.ts";
import { aStateMemory, type StateMemory, wordMask } from "../feed_forward_lm.ts";
import { GRU } from "./gru.ts";
import { LSTM, type LSTMCall } from "./mod.ts";

/** A recurrent network: what {@linkcode RNN}, {@linkcode LSTM} and {@linkcode GRU} have in common. */
export interface RecurrentNetwork extends Module {
  /** From the input to the output. */
  readonly layers: readonly RecurrentLayer[];
  /** Reads a batch of texts from given states on. */
  forward(x: TensorLike, call: LSTMCall): RecurrentResult & { readonly cellState?: Tensor };
}

/** A way to go from one state to the next, as an option of a model. */
export interface Recurrence extends Part {
  /** Makes a network of this kind. */
  readonly network: (options: RecurrentOptions, random: Random) => RecurrentNetwork;
  /** Whether there is a cell state besides the hidden one. */
  readonly hasCell: boolean;
}

/** Of {@linkcode RNN}, with tanh. */
export const elman: Recurrence = {
  word: "rnn",
  network: (options, random) => new RNN(options, random),
  hasCell: false,
};

/** Of {@linkcode LSTM}. */
export const lstm: Recurrence = {
  word: "lstm",
  network: (options, random) => new LSTM(options, random),
  hasCell: true,
};

/** Of {@linkcode GRU}. */
export const gru: Recurrence = {
  word: "gru",
  network: (options, random) => new GRU(options, random),
  hasCell: false,
};

/** Kinds of recurrent networks by the word that a file has for them. */
export const recurrences: PartTable<Recurrence> = partsByWord([elman, lstm, gru]);

/** A language model that reads one token after the other: LSTM by default. */
export class RecurrentLanguageModel extends Module {
  /** The options with every default filled in. */
  readonly options: CompleteRecurrentOptions;
  /** One row per token. */
  readonly embedding: Embedding;
  /** Drops a fraction of what goes into the network and comes out of it, in training. */
  readonly dropout: Dropout;
  /** From vectors to states. */
  readonly network: RecurrentNetwork;
  /** From states to scores, if the table does not serve. */
  readonly head: Linear | undefined;

  /**
   * Starts from small random weights.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible, or the head cannot be tied
   */
  constructor(options: RecurrentLanguageModelOptions, random: Random) {
    super();
    const layout = this.options = layoutOf(options);
    checkRandom("build a model", random);
    const { vocabSize, embeddingSize, hiddenSize, numLayers, recurrence, tieHead, dropout, bias } = layout;
    this.embedding = new Embedding(vocabSize, embeddingSize, random, { deviation: 1 / Math.sqrt(embeddingSize) });
    this.dropout = new Dropout(dropout);
    const sizes = { inputSize: embeddingSize, hiddenSize, numLayers, dropout, bias };
    this.network = recurrence.network(sizes, random);
    this.head = tieHead ? undefined : new Linear(hiddenSize, vocabSize, random);
    shareChance(this.chances(), random);
  }

  /** Number of scores per position. */
  get vocabSize(): number {
    return this.options.vocabSize;
  }

  /** Longest sequence: there is no bound. */
  get contextLength(): number {
    return Infinity;
  }

  /**
   * Scores the token after each position, and returns the states to go on from.
   *
   * @param tokens ids, int32 `[B, T]`
   * @param call states to begin with, padding, which positions
   * @returns logits `[B, T, V]`, or `[B, 1, V]` with `lastOnly`, and the states after the last token
   */
  read(tokens: TensorLike, call: ContinuedCall = {}): ContinuedResult {
    checkOptions("score tokens", call, CONTINUED);
    const { lastOnly, hiddenState: before, cellState: cellBefore } = call;
    tokens = asTensor("score tokens", "tokens", tokens, "int32", this.embedding.weight.storage);
    const begin = { mask: wordMask(tokens, call), hiddenState: before, ...(cellBefore && { cellState: cellBefore }) };

    // $W_x$: each token is its row.
    const embedded = this.dropout.forward(this.embedding.forward(tokens));

    // $h$: one state per token, each made from the one before.
    const { output, hiddenState, cellState } = this.network.forward(embedded, begin);

    // The vocabulary is the widest axis of all: scores that nobody reads are not computed.
    const hidden = this.dropout.forward(lastOnly ? output.slice(1, -1) : output);
    const logits = this.head ? this.head.forward(hidden) : this.embedding.weight.multiplyTransposed(hidden);
    return { logits, hiddenState, ...(cellState && { cellState }) };
  }

  /**
   * Scores the token after each position.
   *
   * @param tokens ids, or what continues those that the caches stand for, int32 `[B, T]`
   * @param call the memory of earlier tokens, states to begin with, padding, which positions
   * @returns logits, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   * @throws {TypeError} if there is more than one cache
   */
  forward(tokens: TensorLike, call: RecurrentContinuation = {}): Tensor {
    checkOptions("score tokens", call, CONTINUATION);
    const { caches, ...begin } = call, [cache] = caches ?? [];
    if (caches && caches.length !== 1) {
      throw new TypeError(`Cannot use ${caches.length} caches: a recurrent model has one`);
    }
    // What is remembered comes after what a text began with.
    const { logits, hiddenState, cellState } = this.read(tokens, { ...begin, ...cache && this.#recall(cache) });
    cache?.replace(asMemory(hiddenState), asMemory(cellState ?? hiddenState));
    return logits;
  }

  /**
   * One empty memory: the states are all that is remembered.
   *
   * @param create makes one, such as `KeyValueCache` of `@heed/heed/generation`
   * @returns a list of one
   */
  newCaches<M extends StateMemory>(create: () => M): M[] {
    checkFunction("make caches by", create);
    return [create()];
  }

  #recall(cache: StateMemory): LSTMCall {
    if (cache.length === 0) return {};
    const { key, value } = cache.contents(), hiddenState = key.squeeze(2);
    return this.options.recurrence.hasCell ? { hiddenState, cellState: value.squeeze(2) } : { hiddenState };
  }
}

// ## A state as a cache
//
// The generation loop ([section](../../07_generation/kv_cache.ts)) keeps a model's memory in caches, copies them when a search goes on with other
// prefixes, and frees them. A Transformer appends to its caches. A recurrent model *replaces* what is in its one cache by its new states. The loop does not notice.

/** States `[B, L, H]` as a cache has them. */
const asMemory = (states: Tensor): Tensor => states.unsqueeze(2);

// #region Options and validation

/** How a {@linkcode RecurrentLanguageModel} is laid out. */
export interface RecurrentLanguageModelOptions {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Width of a state; 256 by default. */
  readonly hiddenSize?: number | undefined;
  /** Width of a token's row; that of a state by default. */
  readonly embeddingSize?: number | undefined;
  /** Layers on top of each other; 1 by default. */
  readonly numLayers?: number | undefined;
  /** How a state follows from the one before; {@linkcode lstm} by default. */
  readonly recurrence?: Recurrence | undefined;
  /** Whether the scores come from the table of the input; true by default. */
  readonly tieHead?: boolean | undefined;
  /** Whether the network's maps add biases; true by default. */
  readonly bias?: boolean | undefined;
  /** Probability of dropping a number, before, between and after the layers; 0 by default. */
  readonly dropout?: number | undefined;
}

/** The options with every default filled in. */
export type CompleteRecurrentOptions = {
  readonly [K in keyof RecurrentLanguageModelOptions]-?: Exclude<RecurrentLanguageModelOptions[K], undefined>;
};

/** What each of {@linkcode RecurrentLanguageModelOptions} may be. */
export const recurrentModelChecks: Checks<RecurrentLanguageModelOptions> = {
  vocabSize: required(integer()),
  hiddenSize: integer(),
  embeddingSize: integer(),
  numLayers: integer({ min: 1, max: MOST_PARTS }),
  recurrence: partOf("a recurrence, such as lstm", (part) => typeof part.network === "function"),
  tieHead: flag,
  bias: flag,
  dropout: numeric({ min: 0, below: 1 }),
};

function layoutOf(options: RecurrentLanguageModelOptions): CompleteRecurrentOptions {
  checkOptions("build a model", options, recurrentModelChecks);
  const { vocabSize, hiddenSize = 256, embeddingSize = hiddenSize, numLayers = 1, recurrence = lstm } = options;
  const { tieHead = embeddingSize === hiddenSize, bias = true, dropout = 0 } = options;
  if (tieHead && embeddingSize !== hiddenSize) {
    throw new RangeError(
      `Cannot tie the head with embeddingSize = ${embeddingSize}: it must be hiddenSize, which is ${hiddenSize}`,
    );
  }
  return { vocabSize, hiddenSize, embeddingSize, numLayers, recurrence, tieHead, bias, dropout };
}

/** What {@linkcode RecurrentLanguageModel.read} begins with. */
export interface ContinuedCall extends LSTMCall {
  /** Position of each row's first token, below 0 for padding; nothing is padding by default. */
  readonly starts?: readonly number[] | undefined;
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

const CONTINUED: Checks<ContinuedCall> = {
  mask: aMask,
  hiddenState: aTensorLike,
  cellState: aTensorLike,
  starts: startsCheck,
  lastOnly: flag,
};

/** What {@linkcode RecurrentLanguageModel.read} yields. */
export interface ContinuedResult {
  /** Scores of the token after each position, `[B, T, V]`. */
  readonly logits: Tensor;
  /** Hidden states after the last token, `[B, L, H]`. */
  readonly hiddenState: Tensor;
  /** Cell states after the last token, `[B, L, H]`; absent where the network has none. */
  readonly cellState?: Tensor;
}

/** What one pass through a {@linkcode RecurrentLanguageModel} looks at. */
export interface RecurrentContinuation extends ContinuedCall {
  /** The states after earlier tokens, in place of those to begin with; none by default. */
  readonly caches?: readonly StateMemory[] | undefined;
}

const CONTINUATION: Checks<RecurrentContinuation> = { ...CONTINUED, caches: aStateMemory };

// #endregion

// ## Trained in windows
//
// A text of a million tokens is read in windows ([section](../../06_training/batching.ts)). Gradients go back to the beginning of the window and no
// further. This is truncated backpropagation through time [截断的沿时间反向传播]. The state may be handed on from window to window, detached from its past, or each window begins with zeros: `read` takes
// and returns states for the first, the training by the program does the second.
// The table of [n-gram models](../n_grams/mod.ts) has recurrent models that were trained on Tiny Shakespeare in windows that begin with zeros, beside a Transformer.

// ## Pitfall: a state that is left behind
//
// With a beam search the texts of a batch change places, and some are dropped. A model that kept its state in a field of its own would go on with the state
// of another text. The test "beam search with a recurrent model equals beam search without its cache" compares.

// ## Exercise
//
// Write 1,000 tokens with a recurrent model and with a Transformer of as many weights. How many bytes does each remember after the last?
//
// **Hint.** One remembers $2LH$ numbers, the other $2LH$ numbers *for each token*.
//
// **Solution.** The recurrent model remembers $8LH$ bytes after any number of tokens. A Transformer of $L$ layers of width $E$ remembers $8LE$ bytes for each of the 1,000
// tokens, unless heads share keys and values ([section](../../07_generation/kv_cache.ts)).
