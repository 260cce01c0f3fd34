/**
 * # Convolutional networks
 *
 * **Question.** A recurrent network reads one word after the other, and each step waits for the one before. Can all positions be computed
 * at once, by weights that are the same at each of them?
 *
 * **Idea.** A *sliding window* (滑动窗口) moves over the text. At each position the vectors of the words in the window are multiplied by one
 * matrix, the *kernel* [卷积核]. Each row of the kernel stands for a phrase, and each number of the result says how much the window looks like the phrase of one row. This is a convolution. A network of
 * convolutions is a convolutional neural network (CNN, 卷积神经网络). No position waits for another one.
 *
 * ```picture sliding_window The same kernel at each position of one text. Above, the window looks to both sides. Below, it looks back only, so that a
 * position does not see what it has to predict.
 * ```
 *
 * **By hand.** The words 我 喜欢 (*I like*) in two dimensions, (1, 0) and (0, 1). The window holds two words, the one before and this one. The kernel
 * has one row. It multiplies the word before by (2, −1) and this word by (0, 1), and the bias is −1. It stands for the phrase 我 喜欢. At 我 there is no word before, so there is 0: $0 + 0 - 1 = -1$. At 喜欢 the
 * products are 2 and 1: $2 + 1 - 1 = 2$. In the order 喜欢 我 the first position has $0 + 1 - 1 = 0$ and the second $-1 + 0 - 1 = -2$. The two texts have the same words. No position of the second one
 * is above 0.
 *
 * ```ts
 * import { plainConvolution } from "@heed/heed/language-models";
 * import { tensor } from "@heed/heed/engine";
 *
 * // One row; for each dimension a weight of the word before, and one of this word.
 * const kernel = tensor([[[2, 0], [-1, 1]]]), bias = tensor([-1]);
 *
 * for (const [name, x] of [["我 喜欢", [[1, 0], [0, 1]]], ["喜欢 我", [[0, 1], [1, 0]]]] as const) {
 *   const output = plainConvolution(tensor(x), kernel, bias, { causal: true });
 *   console.log(name, Array.from(await output.read()).join(" "));
 * }
 * ```
 *
 * ```text
 * 我 喜欢 -1 2
 * 喜欢 我 0 -2
 * ```
 *
 * **Formula.** The words $x_1, \dots, x_T$ are rows, with zeros beyond both ends. A window holds $K$ words. Neighbours in the window are $d$ positions apart: the dilation, 1 unless words are left out. Its first word stands $p$ positions before position $t$.
 *
 * $$h_t = b + \sum_{k=0}^{K-1} x_{t + k d - p}\, W_k^\top, \qquad p = \begin{cases} (K - 1)\, d & \text{causal} \\ \lfloor (K - 1)\, d / 2 \rfloor & \text{to both sides} \end{cases}$$
 *
 * To both sides a window has its position in the middle if $K$ is odd; with $K = 2$ and $d = 1$ it holds this word and the next.
 *
 * | symbol | in code    | shape                                  |
 * | ------ | ---------- | -------------------------------------- |
 * | $x$    | `x`        | `[T, E]`                               |
 * | $W$    | `kernel`   | `[H, E, K]`; $W_k$ is the `[H, E]` matrix of place $k$, stored as PyTorch does, hence the transpose |
 * | $b$    | `bias`     | `[H]`                                  |
 * | $d$    | `dilation` | 1, unless words are left out           |
 * | $p$    | `before`   | a number of positions                  |
 * | $h$    | `output`   | `[T, H]`                               |
 *
 * **Why the same kernel everywhere.** A phrase means the same wherever it stands. One kernel that is learned at all positions needs far fewer
 * examples than one for each position, and a text may have any length.
 *
 * **Why something stands between two convolutions.** Two linear maps one after the other are one, so a stack of these would be one wide convolution. Between them stands a function such as tanh, as between all layers. A
 * [language model](language_model.ts) is a stack of such blocks, and a last matrix scores the next word from row $t$.
 *
 * **The notes, 004.48.** It holds. The notes write the window as $[x_{t-k}; \dots; x_{t+k}]$, side by side, and $[x_{t-k}; \dots; x_t]$ for generation. The product of the matrix
 * with the words side by side is the sum of the formula.
 *
 * **The notes, 004.49.** Phrases are found. The second statement is too strong: one convolution sees $K$ words, and a stack of them as many as wanted ([below](#the-receptive-field)). The third statement mixes two things. A convolution sees
 * the order of the words within its window, since each place has weights of its own, as in the example by hand. It does not see where in the text the window stands. Phrases, order and reach are measured below.
 *
 * Sources: Waibel, Hanazawa, Hinton, Shikano and Lang 1989, *Phoneme Recognition Using Time-Delay Neural Networks*; LeCun, Bottou, Bengio and Haffner 1998, *Gradient-Based Learning Applied
 * to Document Recognition*; van den Oord et al. 2016, *WaveNet: A Generative Model for Raw Audio* (causal and dilated); Yu and Koltun 2016, *Multi-Scale Context Aggregation by Dilated
 * Convolutions*; Bai, Kolter and Koltun 2018, *An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling*.
 *
 * @module
 */

import { aMask, aTensorLike, checkTensors, MOST_PARTS } from "../../engine/arguments.ts";
import { ConvolutionLayer } from "../../engine/convolution_layers.ts";
import { concat, pad, stack } from "../../engine/joining.ts";
import { type Check, checkOptions, type Checks, checkValue, flag, integer, list } from "../../engine/options.ts";
import type { Random } from "../../engine/random.ts";
import { dims } from "../../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../../engine/tensor.ts";
import { linear } from "../../engine/weight.ts";

/** Which words a window holds. */
export interface SlidingWindow {
  /** Distance between neighbouring words of the window; 1 by default. */
  readonly dilation?: number | undefined;
  /** Whether it holds no word behind this one; false by default. */
  readonly causal?: boolean | undefined;
}

const WINDOW: Checks<SlidingWindow> = { dilation: integer(), causal: flag };

/**
 * Slides a kernel over one text.
 *
 * The formula line by line. {@linkcode SequenceConvolution} computes the same for a batch.
 *
 * @param x the words, `[T, E]`
 * @param kernel the weights of each place of the window, `[H, E, K]`
 * @param bias `[H]`
 * @param window which words it holds
 * @returns one vector per word, `[T, H]`
 * @throws {TypeError} if the shapes disagree
 */
export function plainConvolution(x: Tensor, kernel: Tensor, bias: Tensor, window: SlidingWindow = {}): Tensor {
  const { T, K } = checkPlain(x, kernel, bias, window), { dilation = 1 } = window;

  // $p$: how many positions before this one the window begins; the words after this one stand after it.
  const { reach, before } = extentOf(K, window);
  const padded = pad(x, [[before, reach - before], [0, 0]]);

  const output: Tensor[] = [];
  for (let t = 0; t < T; t++) {
    // $b$: what a window without words yields.
    let sum = bias.unsqueeze(0);
    for (let k = 0; k < K; k++) {
      // $x_{t+kd-p} W_k^\top$: each place of the window has a matrix of its own. Hence order is seen.
      const place = t + k * dilation, word = padded.slice(0, place, place + 1);
      sum = sum.add(word.matmul(kernel.at(2, k).transpose(0, 1)));
    }
    output.push(sum);
  }
  return concat(output, 0); // [T, H]
}

/** Distance between the first word of a window and the last, and how much of it lies before this position. */
function extentOf(kernelSize: number, { dilation = 1, causal = false }: SlidingWindow) {
  const reach = (kernelSize - 1) * dilation;
  return { reach, before: causal ? reach : Math.floor(reach / 2) };
}

// ## Order and phrases
//
// The [experiment](../experiments/cnn.ts) asks which of two words comes first. Convolutions of several widths answer. The largest value of each number over all positions goes to the scores, as in the [classifier](classifier.ts).

// ## The receptive field
//
// What an output depends on is its receptive field [感受野]. For one convolution it is the window. A second convolution sees windows of windows: the field grows by
// $(K - 1)\,d$ with each layer. For layers with dilations $d_1, \dots, d_L$,
//
// $$R = 1 + (K - 1) \sum_{l=1}^{L} d_l$$
//
// Without dilation, this is linear in the number of layers. With dilations 1, 2, 4, 8, … it doubles with each layer for $K = 2$ (2, 4, 8, 16), and more than doubles for larger $K$ (3, 7, 15, 31 for $K = 3$). No word between is left out: what one layer skips has entered through the
// layers below.
//
// ```picture dilated_field Four causal convolutions of two words, with dilations 1, 2, 4 and 8. The last output sees sixteen words, and each exactly once.
// ```
//
// The [experiment](../experiments/cnn/receptive_field.ts) trains the same blocks with and without dilation to repeat what stood some words before.
//
// [The notes](notes:002.13) let a CNN encode short sentences only. One convolution does. For $R$ words, $\log_2 R$ dilated layers of two words are enough.
//
// **The notes, 004.23.** For convolutions the first half holds by construction: the first layer sees the words of one window, so its features are of phrases, and the features of the layers behind it are of longer parts. It does not hold for
// every network: behind the sum of a [bag of words](../../02_words/embeddings.ts) no layer knows which words stood side by side, and attention reaches the whole sentence in the first layer. That the later features are of the
// structure of the sentence follows from nothing in the layers. It has to be measured on a trained model.

/**
 * Words that an output of stacked convolutions depends on.
 *
 * @example
 * ```ts
 * import { receptiveField } from "@heed/heed/language-models";
 *
 * console.assert(receptiveField(2, [1, 2, 4, 8]) === 16);
 * ```
 *
 * @param kernelSize words of a window
 * @param dilations of each layer
 * @returns a number of words
 * @throws {RangeError} if a size is no whole number of at least 1
 */
export function receptiveField(kernelSize: number, dilations: readonly number[]): number {
  checkValue("measure a receptive field", "kernelSize", kernelSize, integer());
  checkValue("measure a receptive field", "dilations", dilations, dilationsCheck);
  return 1 + (kernelSize - 1) * dilations.reduce((sum, dilation) => sum + dilation, 0);
}

const dilationsCheck: Check<readonly number[]> = list(
  "a list of whole numbers of at least 1",
  (dilation) => Number.isInteger(dilation) && (dilation as number) >= 1,
);

// #region A layer for a batch
// The words of a window are put side by side by copies, and one matrix product does the rest, for all positions of all texts at once. So a convolution costs
// what a linear map of $K E$ numbers costs. The kernel lies in memory as PyTorch's `nn.Conv1d` has it, and under the same names.

/** How a {@linkcode SequenceConvolution} is laid out. */
export interface SequenceConvolutionOptions extends SlidingWindow {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean | undefined;
}

const LAYER: Checks<SequenceConvolutionOptions> = { ...WINDOW, bias: flag };

/** What one pass through a {@linkcode SequenceConvolution} looks at. */
export interface ConvolutionCall {
  /** True for words, false for padding, bool `[B, T]`; words everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Words before the first one, as many as `reach`, `[B, reach, E]`; zeros by default. */
  readonly before?: TensorLike | undefined;
}

const CALL: Checks<ConvolutionCall> = { mask: aMask, before: aTensorLike };

/** A convolution over the words of a batch of texts. */
export class SequenceConvolution extends ConvolutionLayer {
  /** Words of a window. */
  readonly kernelSize: number;
  /** Distance between neighbouring words of a window. */
  readonly dilation: number;
  /** Whether a window holds no word behind its position. */
  readonly causal: boolean;

  /**
   * Draws the kernel.
   *
   * @param inputSize width of a word: E
   * @param outputSize width of what comes out: H
   * @param kernelSize words of a window: K
   * @param random where the first values come from
   * @param options dilation, direction, bias
   */
  constructor(
    inputSize: number,
    outputSize: number,
    kernelSize: number,
    random: Random,
    options: SequenceConvolutionOptions = {},
  ) {
    checkOptions("make a convolution", options, LAYER);
    checkValue("make a convolution", "kernelSize", kernelSize, integer({ min: 1, max: MOST_PARTS }));
    const { dilation = 1, causal = false, bias = true } = options;
    super(1, [inputSize, outputSize], kernelSize, random, { dilation, bias });
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.causal = causal;
  }

  /** Distance between the first word of a window and the last. */
  get reach(): number {
    return extentOf(this.kernelSize, this).reach;
  }

  /**
   * One vector for each word, from its window.
   *
   * @param x the words, `[B, T, E]`
   * @param call what is padding, and what came before
   * @returns `[B, T, H]`
   * @throws {TypeError} if the shapes disagree, or a window that looks ahead is given words before
   */
  forward(x: TensorLike, call: ConvolutionCall = {}): Tensor {
    checkOptions("convolve", call, CALL);
    x = asTensor("convolve", "x", x, "float32", this.weight);
    const [H, E, K] = this.weight.shape as [number, number, number], { B, T } = dims(x, "B T E", { E });
    const words = this.#withMargins(withoutPadding(x, call.mask), call.before);

    // Element $(e, k)$ of a window beside its neighbours: the order of the kernel, so that the kernel need not be copied.
    const places = Array.from({ length: K }, (_, k) => words.slice(1, k * this.dilation, k * this.dilation + T));
    const windows = stack(places, 3).reshape([B, T, E * K]);
    return linear(windows, this.weight.reshape([H, E * K]).transpose(0, 1), this.bias);
  }

  /** The words with what stands before and behind them. */
  #withMargins(x: Tensor, given: TensorLike | undefined): Tensor {
    const { B, E } = dims(x, "B T E"), { reach, before } = extentOf(this.kernelSize, this);
    if (given === undefined) return pad(x, [[0, 0], [before, reach - before], [0, 0]]);
    if (!this.causal) throw new TypeError("Cannot convolve with words before: the window looks ahead");
    const earlier = asTensor("convolve", "before", given, "float32", x);
    dims(earlier, "B reach E", { B, reach, E });
    return concat([earlier, x], 1);
  }
}

/** Zeros in place of padding, as beyond the ends of a text. */
export function withoutPadding(x: Tensor, mask: TensorLike<boolean> | undefined): Tensor {
  const words = asOptionalTensor("convolve", "mask", mask, "bool", x);
  if (!words) return x;
  const { B, T } = dims(x, "B T E");
  dims(words, "B T", { B, T });
  return x.where(words.unsqueeze(-1), 0);
}

function checkPlain(x: Tensor, kernel: Tensor, bias: Tensor, window: SlidingWindow): { T: number; K: number } {
  checkTensors("convolve", { x, kernel, bias });
  checkOptions("convolve", window, WINDOW);
  const { T, E } = dims(x, "T E"), { H, K } = dims(kernel, "H E K", { E });
  dims(bias, "H", { H });
  return { T, K };
}

// #endregion

// ## Cost
//
// A position costs $K E H$ multiplications, whatever the length of the text. All positions are one matrix product, where a recurrent network makes $T$ small ones, one after the other. What a word can
// say to another one that is $n$ words away has to pass about $\log_2 n$ layers with growing dilations, or $n / (K - 1)$ without.

// ## Pitfall: a window that looks ahead
//
// A window to both sides, in a language model, holds the token that is to be predicted. The loss falls close to zero, and the text that is generated is noise.
// The test "a causal convolution does not see the future" catches it.

// ## Exercise
//
// A causal stack of kernels of three words is to see 64 words. How many layers does it need without dilation, and how many with dilations 1, 2, 4, …?
//
// **Hint.** Each layer adds $(K - 1)\,d$ words.
//
// **Solution.** Without dilation 32 layers see 65 words, and 31 see 63. With dilations five layers see 63 words, and six see 127.
//
// ```ts
// import { receptiveField } from "@heed/heed/language-models";
//
// for (const layers of [31, 32]) console.log(layers, receptiveField(3, new Array(layers).fill(1)));
// for (const layers of [5, 6]) console.log(layers, receptiveField(3, Array.from({ length: layers }, (_, l) => 2 ** l)));
// ```
//
// ```text
// 31 63
// 32 65
// 5 63
// 6 127
// ```
