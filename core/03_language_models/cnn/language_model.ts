/**
 * # A convolutional language model
 *
 * **Question.** A stack of causal convolutions sees as many words as wanted. How is it trained to write, and what does it have to remember while it writes?
 *
 * **Idea.** A table in front gives each token its vector, one behind gives each token a score, as in a [recurrent model](../lstm/language_model.ts). Between them stand blocks: a convolution, a
 * gate, and the input added to the result (a [residual connection](../../05_transformer/residual.ts)). In training all positions of a text are computed at once. While it writes, the model computes the
 * last position only. A window of $K$ words needs the last $(K - 1)\,d$ inputs of its block, so these are kept, and nothing else. The memory does not grow with the text.
 *
 * **Formula.** With the table $W$, two kernels $V_l$ and $G_l$ in each block, and scores by the same table or by one of their own, $U$,
 *
 * $$h^0_t = W_{x_t}, \qquad h^l = h^{l-1} + (h^{l-1} * V_l + a_l) \odot \sigma(h^{l-1} * G_l + c_l), \qquad P(x_{t+1} \mid x_{\le t}) = \mathrm{softmax}(h^L_t U + b)$$
 *
 * | symbol   | in code              | shape               |
 * | -------- | -------------------- | ------------------- |
 * | $x$      | `tokens`             | `[B, T]`            |
 * | $W$      | `embedding.weight`   | `[V, E]`            |
 * | $h$      | `hidden`             | `[B, T, E]`         |
 * | $\sigma$ | `sigmoid()`          | numbers of 0 to 1   |
 * | $U$      | `head.weight`        | `[E, V]`            |
 *
 * Here $*$ is the causal convolution of [section](mod.ts). Both kernels of a block are the two halves of one.
 *
 * **Why a gate.** A convolution alone is linear. With tanh or a sigmoid after it the gradient shrinks with each layer. Here one half of the features passes without a squashing function, and the other half says
 * how much of each feature passes: a gated linear unit [门控线性单元]. Where the gate is open, the gradient of the first half passes as it is. `gated: false` puts a ReLU in its place.
 *
 * Sources: Dauphin, Fan, Auli and Grangier 2017, *Language Modeling with Gated Convolutional Networks*; van den Oord et al. 2016, *WaveNet: A Generative Model for Raw Audio* (dilations that double and begin anew);
 * Kalchbrenner et al. 2016, *Neural Machine Translation in Linear Time*; Paine et al. 2016, *Fast Wavenet Generation Algorithm* (what is kept). None of them has exactly this block: the first has no
 * dilation, and the second a tanh before the gate and one more map after it.
 *
 * @module
 */

import { startsCheck } from "../../engine/allowed.ts";
import { aMask, MOST_PARTS } from "../../engine/arguments.ts";
import { shareChance } from "../../engine/chance.ts";
import { zeros } from "../../engine/create.ts";
import { withBackend } from "../../engine/device.ts";
import { Dropout } from "../../engine/dropout.ts";
import { concat, split } from "../../engine/joining.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { checkFunction, checkOptions, type Checks, flag, integer, numeric, required } from "../../engine/options.ts";
import { checkRandom, type Random } from "../../engine/random.ts";
import { dims } from "../../engine/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../engine/tensor.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { aStateMemory, type StateMemory, wordMask } from "../feed_forward_lm.ts";
import { receptiveField, SequenceConvolution, withoutPadding } from "./mod.ts";

/** A convolution that looks back, a gate or a ReLU, and the input added to it. */
export class ConvolutionBlock extends Module {
  /** From the window to the features, and to their gates if there are any. */
  readonly convolution: SequenceConvolution;
  /** Drops a fraction of the features in training. */
  readonly dropout: Dropout;
  /** Whether half of what the convolution yields says how much of the other half passes. */
  readonly gated: boolean;

  /**
   * Draws the kernels.
   *
   * @param options layout of the model
   * @param dilation distance between neighbouring words of a window
   * @param random where the first values come from
   */
  constructor(options: CompleteConvolutionalOptions, dilation: number, random: Random) {
    super();
    const { hiddenSize, kernelSize, bias, gated, dropout } = options;
    const outputSize = gated ? 2 * hiddenSize : hiddenSize;
    this.convolution = new SequenceConvolution(hiddenSize, outputSize, kernelSize, random, {
      causal: true,
      dilation,
      bias,
    });
    this.dropout = new Dropout(dropout);
    this.gated = gated;
  }

  /**
   * The input and what its windows add.
   *
   * @param x one vector per position, `[B, T, E]`
   * @param before the vectors before the first one, `[B, reach, E]`
   * @returns `[B, T, E]`
   */
  forward(x: Tensor, before: Tensor): Tensor {
    const windows = this.convolution.forward(x, { before });
    return x.add(this.dropout.forward(this.gated ? gatedLinearUnit(windows) : windows.relu()));
  }
}

/** The first half of the features, each times the sigmoid of its neighbour in the second half. */
function gatedLinearUnit(x: Tensor): Tensor {
  const [features, gates] = split(x, 2, -1) as [Tensor, Tensor];
  return features.mul(gates.sigmoid());
}

/** A language model of causal convolutions. */
export class ConvolutionalLanguageModel extends Module {
  /** The options with every default filled in. */
  readonly options: CompleteConvolutionalOptions;
  /** One row per token. */
  readonly embedding: Embedding;
  /** Drops a fraction of what goes into the blocks, in training. */
  readonly dropout: Dropout;
  /** From the table to the scores. */
  readonly layers: readonly ConvolutionBlock[];
  /** From vectors to scores, if the table does not serve. */
  readonly head: Linear | undefined;

  /**
   * Starts from small random weights.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible
   */
  constructor(options: ConvolutionalLanguageModelOptions, random: Random) {
    super();
    const layout = this.options = layoutOf(options);
    checkRandom("build a model", random);
    const { vocabSize, hiddenSize, tieHead, dropout } = layout;
    this.embedding = new Embedding(vocabSize, hiddenSize, random, { deviation: 1 / Math.sqrt(hiddenSize) });
    this.dropout = new Dropout(dropout);
    this.layers = dilationsOf(layout).map((dilation) => new ConvolutionBlock(layout, dilation, random));
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

  /** Tokens that a score depends on. */
  get receptiveField(): number {
    return receptiveField(this.options.kernelSize, dilationsOf(this.options));
  }

  /**
   * Scores the token after each position.
   *
   * @param tokens ids, or what continues those that the caches stand for, int32 `[B, T]`
   * @param call the memory of earlier tokens, padding, which positions
   * @returns logits, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   * @throws {TypeError} if there is more than one cache
   */
  forward(tokens: TensorLike, call: ConvolutionalContinuation = {}): Tensor {
    checkOptions("score tokens", call, CONTINUATION);
    tokens = asTensor("score tokens", "tokens", tokens, "int32", this.embedding.weight.storage);
    const { B } = dims(tokens, "B T"), { caches, lastOnly } = call, mask = wordMask(tokens, call);
    if (caches && caches.length !== 1) {
      throw new TypeError(`Cannot use ${caches.length} caches: a convolutional model has one`);
    }

    // $W_x$: each token is its row.
    let hidden = this.dropout.forward(this.embedding.forward(tokens));
    const memories = this.#recall(B, caches?.[0]), kept: Tensor[] = [];
    for (const [i, layer] of this.layers.entries()) {
      // Padding is what stands beyond the ends of a text: zeros, at the door of each block.
      hidden = withoutPadding(hidden, mask);
      if (caches) kept.push(lastOf(concat([memories[i]!, hidden], 1), layer.convolution.reach));

      // $h^l$: what the window adds to $h^{l-1}$.
      hidden = layer.forward(hidden, memories[i]!);
    }
    if (caches) remember(caches[0]!, concat(kept, 1));

    // The vocabulary is the widest axis of all: scores that nobody reads are not computed.
    const scored = lastOnly ? hidden.slice(1, -1) : hidden;
    return this.head ? this.head.forward(scored) : this.embedding.weight.multiplyTransposed(scored);
  }

  /**
   * One empty memory: the last inputs of all blocks are all that is remembered.
   *
   * @param create makes one, such as `KeyValueCache` of `@heed/heed/generation`
   * @returns a list of one
   */
  newCaches<M extends StateMemory>(create: () => M): M[] {
    checkFunction("make caches by", create);
    return [create()];
  }

  /** What stands before the first position of each block: zeros, or what a cache remembers. */
  #recall(B: number, cache: StateMemory | undefined): Tensor[] {
    const sizes = this.layers.map(({ convolution }) => convolution.reach), { hiddenSize } = this.options;
    const all = cache && cache.length > 0
      ? cache.contents().key.squeeze(1)
      : withBackend(this.embedding.weight.storage.device, () =>
        zeros([B, sizes.reduce((a, b) => a + b, 0), hiddenSize]));
    return split(all, sizes, 1);
  }
}

// ## A memory of a fixed size
//
// The generation loop ([section](../../07_generation/kv_cache.ts)) keeps the memory of a model in caches, and rearranges and frees them. Here one cache holds the last $(K - 1)\,d$ inputs of
// all blocks, one after the other. Each step *replaces* it, as a recurrent model replaces its state. The memory has $(R - 1)\,E$ numbers, for a receptive field of $R$ tokens. A Transformer would
// remember as much for each token.

/** The last positions of a text. */
const lastOf = (x: Tensor, count: number): Tensor => x.slice(1, x.shape[1]! - count);

/** Keeps vectors `[B, S, E]` as a cache has them; the place of the values stays empty. */
function remember(cache: StateMemory, vectors: Tensor): void {
  const key = vectors.unsqueeze(1);
  cache.replace(key, key.slice(3, 0, 0));
}

// #region Options and validation

/** How a {@linkcode ConvolutionalLanguageModel} is laid out. */
export interface ConvolutionalLanguageModelOptions {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Width of the model; 128 by default. */
  readonly hiddenSize?: number | undefined;
  /** Blocks on top of each other; 8 by default. */
  readonly numLayers?: number | undefined;
  /** Words of a window; 3 by default. */
  readonly kernelSize?: number | undefined;
  /** Blocks until the dilation, which doubles, begins again at 1; 4 by default. */
  readonly dilationCycle?: number | undefined;
  /** Whether gates follow the convolutions, else a ReLU; true by default. */
  readonly gated?: boolean | undefined;
  /** Whether the scores come from the table of the input; true by default. */
  readonly tieHead?: boolean | undefined;
  /** Whether the convolutions add biases; true by default. */
  readonly bias?: boolean | undefined;
  /** Probability of dropping a number, before and in the blocks; 0 by default. */
  readonly dropout?: number | undefined;
}

/** The options with every default filled in. */
export type CompleteConvolutionalOptions = {
  readonly [K in keyof ConvolutionalLanguageModelOptions]-?: Exclude<ConvolutionalLanguageModelOptions[K], undefined>;
};

/** Most doublings of a dilation. */
const MOST_DOUBLINGS = 20;

const OPTIONS: Checks<ConvolutionalLanguageModelOptions> = {
  vocabSize: required(integer()),
  hiddenSize: integer(),
  numLayers: integer({ min: 1, max: MOST_PARTS }),
  kernelSize: integer({ min: 2, max: MOST_PARTS }),
  dilationCycle: integer({ min: 1, max: MOST_DOUBLINGS }),
  gated: flag,
  tieHead: flag,
  bias: flag,
  dropout: numeric({ min: 0, below: 1 }),
};

function layoutOf(options: ConvolutionalLanguageModelOptions): CompleteConvolutionalOptions {
  checkOptions("build a model", options, OPTIONS);
  const { vocabSize, hiddenSize = 128, numLayers = 8, kernelSize = 3, dilationCycle = 4 } = options;
  const { gated = true, tieHead = true, bias = true, dropout = 0 } = options;
  return { vocabSize, hiddenSize, numLayers, kernelSize, dilationCycle, gated, tieHead, bias, dropout };
}

/** The dilation of each block. */
function dilationsOf({ numLayers, dilationCycle }: CompleteConvolutionalOptions): number[] {
  return Array.from({ length: numLayers }, (_, layer) => 2 ** (layer % dilationCycle));
}

/** What one pass through a {@linkcode ConvolutionalLanguageModel} looks at. */
export interface ConvolutionalContinuation {
  /** True for tokens, false for padding, bool `[B, T]`; tokens everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Position of each row's first token, below 0 for padding; nothing is padding by default. */
  readonly starts?: readonly number[] | undefined;
  /** What earlier tokens left, one memory for all blocks; none by default. */
  readonly caches?: readonly StateMemory[] | undefined;
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

const CONTINUATION: Checks<ConvolutionalContinuation> = {
  mask: aMask,
  starts: startsCheck,
  caches: aStateMemory,
  lastOnly: flag,
};

// #endregion

// ## On real data
//
// The table of [n-gram models](../n_grams/mod.ts) has this model as it was trained on Tiny Shakespeare, beside recurrent networks and a Transformer of about as many parameters. `heed train cnn` trains one from the command line.

// ## Pitfall: a memory of tokens
//
// It would be enough to keep the last $R - 1$ tokens and to compute all blocks for them again at each step. The text would be the same, and each token would cost as much as $R$. The
// test "generate() with the memory of a convolutional model equals recomputation" compares with that.

// ## Exercise
//
// A model of eight blocks has kernels of three words, and its dilation begins again after four blocks. How many tokens does a score depend on, and how many numbers does the model remember at width 128?
//
// **Hint.** The dilations are 1, 2, 4, 8, 1, 2, 4, 8.
//
// **Solution.** Their sum is 30. So $R = 1 + 2 \cdot 30 = 61$, and $60 \cdot 128 = 7680$ numbers are remembered.
//
// ```ts
// import { ConvolutionalLanguageModel } from "@heed/heed/language-models";
// import { Random } from "@heed/heed";
//
// const model = new ConvolutionalLanguageModel({ vocabSize: 65, hiddenSize: 128, numLayers: 8 }, new Random(1));
// console.log(model.receptiveField, (model.receptiveField - 1) * 128);
// ```
//
// ```text
// 61 7680
// ```
