/**
 * # Recurrent networks
 *
 * **Question.** An n-gram model sees a window of fixed width, the last few tokens. A text has any length. How does a network of
 * fixed size read all of it?
 *
 * **Idea.** It reads one word after the other and keeps a vector, the *hidden state* (隐藏状态). At each step the new state is
 * computed from the word and from the state before, by the same weights at every step. The state has read everything so far, so it
 * can say something about the whole. This is a recurrent network (RNN, 循环神经网络). Drawn step by step, it is
 * a deep network with one layer for each word: the network *unrolled* [展开].
 *
 * ```picture rnn_unrolled The same network at three steps. A step takes a word and the state before it, and hands a state on. The weights
 * are the same at each step.
 * ```
 *
 * **By hand.** Two words, 我 喜欢 (*I like*), in two dimensions. Their vectors are (1, 0) and (0, 1), the matrix of the input is the
 * identity, and there is no bias. The first state is tanh of (1, 0), which is (0.762, 0.000). The matrix of the state has the rows
 * (0.5, 0.5) and (−0.5, 0.5). The first number of the state is multiplied by the first row, the second number by the second row, and the products are added: 0.762 · (0.5, 0.5) + 0 · (−0.5, 0.5) = (0.381, 0.381). The second word is added: (0.381, 1.381). Its tanh is the second state, (0.363, 0.881).
 *
 * ```ts
 * import { plainRnn } from "@heed/heed/language-models";
 * import { type Tensor, tensor } from "@heed/heed/engine";
 *
 * const x = tensor([[1, 0], [0, 1]]);
 * const inputWeight = tensor([[1, 0], [0, 1]]);
 * const hiddenWeight = tensor([[0.5, 0.5], [-0.5, 0.5]]);
 *
 * const print = async (name: string, x: Tensor) =>
 *   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
 *
 * const states = plainRnn(x, inputWeight, hiddenWeight, tensor([0, 0]));
 * await print("first state ", states.at(0, 0));
 * await print("carried over", states.slice(0, 0, 1).matmul(hiddenWeight));
 * await print("with word   ", states.slice(0, 0, 1).matmul(hiddenWeight).add(x.at(0, 1)));
 * await print("second state", states.at(0, 1));
 * ```
 *
 * ```text
 * first state  0.762 0.000
 * carried over 0.381 0.381
 * with word    0.381 1.381
 * second state 0.363 0.881
 * ```
 *
 * **Formula.** With the words $x_1, \dots, x_T$ as rows and a first state $h_0$, zeros unless it is given,
 *
 * $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b)$$
 *
 * | symbol | in code        | shape    |
 * | ------ | -------------- | -------- |
 * | $x$    | `x`            | `[T, E]` |
 * | $W_x$  | `inputWeight`  | `[E, H]` |
 * | $W_h$  | `hiddenWeight` | `[H, H]` |
 * | $b$    | `bias`         | `[H]`    |
 * | $h$    | `states`       | `[T, H]` |
 *
 * **Why tanh.** It keeps every number of the state between −1 and 1, however long the text. A state that is multiplied by a matrix at
 * each step could otherwise grow like a power. That it dies like one, tanh does not prevent.
 *
 * **The notes, 004.41.** It holds. $W_x$ and $W_h$ are used at each step, and a third matrix turns a state into scores where an output is
 * wanted. A language model ([section](lstm/language_model.ts)) scores the next word by $z_{t+1} = h_t U + b'$, with $U$ of shape `[H, V]`, and its loss is $-\log P(x_{t+1} \mid x_{\le t})$ at each position ([section](autoregressive.ts)).
 * The gradient of a matrix is the sum over all steps, and one update changes the network at all of them.
 *
 * Sources: Elman 1990, *Finding Structure in Time*; Werbos 1990, *Backpropagation Through Time: What It Does and How to Do It*; Bengio,
 * Simard and Frasconi 1994, *Learning Long-Term Dependencies with Gradient Descent is Difficult*; Schuster and Paliwal 1997,
 * *Bidirectional Recurrent Neural Networks*; Pascanu, Mikolov and Bengio 2013, *On the Difficulty of Training Recurrent
 * Neural Networks*.
 *
 * @module
 */

import { aMask, aTensorLike, checkOptionalTensors, checkTensors, MOST_PARTS } from "../engine/arguments.ts";
import { arange, zeros } from "../engine/create.ts";
import { Dropout } from "../engine/dropout.ts";
import { fusable } from "../engine/fusable.ts";
import { concat, stack } from "../engine/joining.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import { checkOptions, type Checks, flag, integer, numeric, oneOf, required } from "../engine/options.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { requireFloat } from "../engine/refusals.ts";
import { dims, format, sameShape } from "../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { shareChance } from "../engine/chance.ts";
import { linear, Weight } from "../engine/weight.ts";
import { withBackend } from "../engine/device.ts";

/**
 * The states of a recurrent network that reads one text.
 *
 * The formula line by line. {@linkcode RNN} computes the same for many texts, layers and both directions.
 *
 * @param x the words, `[T, E]`
 * @param inputWeight what a word does to the state, `[E, H]`
 * @param hiddenWeight what the state before does, `[H, H]`
 * @param bias `[H]`
 * @param initial the state before the first word, `[H]`; zeros by default
 * @returns one state per word, `[T, H]`
 * @throws {TypeError} if the shapes disagree
 */
export function plainRnn(
  x: Tensor,
  inputWeight: Tensor,
  hiddenWeight: Tensor,
  bias: Tensor,
  initial?: Tensor,
): Tensor {
  const { T, H } = checkPlain(x, inputWeight, hiddenWeight, bias, initial);

  // $h_0$: nothing has been read.
  let state = (initial ?? beside(x, [H])).reshape([1, H]);
  const states: Tensor[] = [];
  for (let t = 0; t < T; t++) {
    // $x_t W_x + b$: what the word says.
    const word = x.slice(0, t, t + 1).matmul(inputWeight).add(bias);

    // $h_{t-1} W_h$: what is remembered, through the same matrix at every step.
    const memory = state.matmul(hiddenWeight);

    // $h_t$: both, squeezed into $(-1, 1)$.
    state = word.add(memory).tanh();
    states.push(state);
  }
  return concat(states, 0); // [T, H]
}

// ## The gradient through time
//
// An error at the end has to reach the words that caused it. By the chain rule it passes every step between. One step multiplies it by the
// matrix of the derivatives of the new state by the old one. One entry first: the sum for number $c$ of the new state contains $h_{t-1,r}\,(W_h)_{rc}$, and tanh has the slope $1 - h_{t,c}^2$. So $\partial h_{t,c} / \partial h_{t-1,r} = (W_h)_{rc}\,(1 - h_{t,c}^2)$:
// each column $c$ of $W_h$ times a slope. That is $W_h\,\mathrm{diag}(1 - h_t^2)$, where the square is taken of each number and $\mathrm{diag}$ makes a diagonal matrix of a row. Over a distance these matrices are multiplied, the earliest on the left:
//
// $$\frac{\partial h_k}{\partial h_t} = \prod_{j=t+1}^{k} W_h\, \mathrm{diag}(1 - h_j^2), \qquad \frac{\partial L}{\partial W_x} = \sum_{t=1}^{k} x_t^\top \Big( \frac{\partial L}{\partial h_t} \odot (1 - h_t^2) \Big)$$
//
// Rows of the first matrix stand for the earlier state, columns for the later one. In the second formula a loss $L$ is computed from $h_k$, $x_t$ and
// $\partial L / \partial h_t = \partial L / \partial h_k \, (\partial h_k / \partial h_t)^\top$ are rows, and $\odot$ multiplies numbers of the same place.
// It is a sum since the same matrix is used at every step: its derivative is the sum of those that its uses would have, each with a matrix of its own. So each word contributes, through all steps after it.
// Written step by step the formula is a recursion, $\partial L / \partial h_{t-1} = (\partial L / \partial h_t \odot (1 - h_t^2))\, W_h^\top$.
//
// Two numbers describe how a matrix stretches vectors. Its largest singular value [奇异值] is the largest factor by which one product lengthens any vector. An eigenvalue [特征值] is a
// factor $\lambda$, real or complex, of a vector that the matrix only multiplies: $v W = \lambda v$. The spectral radius [谱半径] $\rho$ is the largest
// absolute value of an eigenvalue. It is never above the largest singular value. It says by which factor per step a vector grows or shrinks in the long run.
// The matrix of the example, with the rows $(0.5, 0.5)$ and $(-0.5, 0.5)$, turns every vector by 45° and multiplies its length by $\sqrt{0.5} = 0.707$. So this is its largest singular value, and $\rho$ is the same, although no real vector is only multiplied: the eigenvalues are $0.5 \pm 0.5i$.
// The matrix with the rows $(0.5, 4)$ and $(0, 0.5)$ turns $(1, 0)$ into $(0.5, 4)$, whose length is $4.03$. After $k$ steps the length is about $8k \cdot 0.5^k$, and $\rho = 0.5$ wins.

/**
 * The derivatives of the last state with respect to every state before it.
 *
 * The product of the formula, written out; `backward()` multiplies the same matrices, by a vector.
 *
 * @param hiddenWeight the matrix of the state, `[H, H]`
 * @param states what {@linkcode plainRnn} returned, `[T, H]`
 * @returns for each $t$ the matrix of $\partial h_T / \partial h_t$, rows by the earlier state, `[T, H, H]`
 * @throws {TypeError} if the shapes disagree
 */
export function derivativesThroughTime(hiddenWeight: Tensor, states: Tensor): Tensor {
  checkTensors("differentiate through time", { hiddenWeight, states });
  const { T, H } = dims(states, "T H");
  dims(hiddenWeight, "H G", { H, G: H });

  // $1 - h^2$: the slope of tanh where it has the value $h$.
  const slopes = states.square().neg().add(1);

  // $\partial h_T / \partial h_T$: the identity.
  let product = withBackend(states.device, () => identity(H));
  const products = [product];
  for (let t = T - 1; t > 0; t--) {
    // One factor more, at the front. The row of slopes multiplies each row of $W_h$, so each column gets its slope; $t$ counts from 0 here.
    product = hiddenWeight.mul(slopes.slice(0, t, t + 1)).matmul(product);
    products.unshift(product);
  }
  return stack(products, 0); // [T, H, H]
}

// ## What vanishes and what explodes
//
// The [experiment](experiments/rnn.ts) follows the size of the product over the distance. If every factor shrinks vectors, the product
// shrinks like a power (vanishing gradient, 梯度消失). If the factors stretch them, it grows like one (exploding gradient, 梯度爆炸).
//
// **The notes, 004.43.** The direction is right, the criterion is not. $W_h$ is a matrix, and its size alone says little: the factor
// is $W_h$ times the slopes of tanh, and no slope is above 1. With states near 0 the slopes are near 1, and $\rho(W_h)$ decides. With large
// states the slopes are small, and the gradient vanishes with a $\rho$ well above 1. A largest singular value below 1 is enough for
// vanishing, and one above 1 is needed for exploding. The notes' recursion, $\frac{d h_k}{d W_x} = \frac{d h_k}{d O_k} \big(x_k + \frac{d h_{k-1}}{d W_x} W_h\big)$ with the sum $O_k$ whose tanh is $h_k$, is the one above seen from $W_x$; one of its lines has
// $W_k$ for $W_x$.
//
// ## Clipping
//
// Little can be done about a gradient that vanishes, short of [another network](lstm/mod.ts). A gradient that explodes can be cut:
// [clipping](../06_training/clipping.ts) shortens it to a given length and keeps its direction. The
// [experiment](experiments/rnn/clipping.ts) trains one network with and without.

// #region The loop for a batch
// All texts of a batch go through a step together. The words do not depend on the states, so one product computes $x_t W_x + b$ for all steps
// beforehand. Padding leaves the state as it is. Read backwards, a text that is padded at its end begins with the padding, so the
// backward direction begins at the end of each text.

/** In which direction a text is read, and what of it is padding. */
export interface ReadingOptions {
  /** True for words, false for padding, bool `[B, T]`; words everywhere by default. */
  readonly mask?: Tensor | undefined;
  /** Whether the last word is read first; false by default. */
  readonly reverse?: boolean | undefined;
}

/** The states of all steps, in the order of the positions. */
export function readThrough(
  projected: Tensor,
  initial: readonly Tensor[],
  { mask, reverse = false }: ReadingOptions,
  step: (word: Tensor, states: readonly Tensor[]) => readonly Tensor[],
): readonly (readonly Tensor[])[] {
  const T = projected.shape[1]!, all: (readonly Tensor[])[] = [];
  let states = initial;
  for (let i = 0; i < T; i++) {
    const t = reverse ? T - 1 - i : i, before = states, isWord = mask?.slice(1, t, t + 1);
    const next = step(projected.at(1, t), before);
    states = isWord ? next.map((state, which) => state.where(isWord, before[which]!)) : next;
    all[t] = states;
  }
  return all;
}

/** The matrix of the state, as a weight or as a tensor, and what is added. */
export interface StateMap {
  /** `[H, G·H]`, for G gates */
  readonly weight: Tensor | Weight;
  /** `[G·H]`; none by default. */
  readonly bias?: Tensor | undefined;
}

/** The map of a state as a function, and its tensors, if it is not packed. */
export function mapOf({ weight, bias }: StateMap): {
  readonly apply: (state: Tensor) => Tensor;
  readonly tensor: Tensor | undefined;
} {
  if (!(weight instanceof Weight)) return { apply: (state) => linear(state, weight, bias), tensor: weight };
  const apply = (state: Tensor): Tensor => weight.multiply(state, bias);
  return { apply, tensor: weight.format === undefined ? weight.tensor : undefined };
}

/** The functions that an {@linkcode RNN} may squeeze a state with. */
export type Nonlinearity = "tanh" | "relu";

/**
 * The states of an Elman network that reads a batch.
 *
 * @param projected what the words say, $x_t W_x + b$, `[B, T, H]`
 * @param map from a state to what it adds
 * @param initial the states before the first word, `[B, H]`
 * @param options direction and padding
 * @param nonlinearity what follows the sum; tanh by default
 * @returns one state per word, `[B, T, H]`
 */
export function elmanStates(
  projected: Tensor,
  map: StateMap,
  initial: Tensor,
  options: ReadingOptions = {},
  nonlinearity: Nonlinearity = "tanh",
): Tensor {
  const { apply, tensor } = mapOf(map), { mask, reverse = false } = options;
  const definition = (): Tensor => {
    const states = readThrough(projected, [initial], options, (word, [state]) => {
      const sum = word.add(apply(state!));
      return [nonlinearity === "tanh" ? sum.tanh() : sum.relu()];
    });
    return stack(states.map(([state]) => state!), 1);
  };
  if (!tensor) return definition();
  const attributes = { reverse, relu: nonlinearity === "relu" };
  return fusable("rnn", [projected, tensor, map.bias, initial, mask], attributes, definition);
}

// #endregion

// ## Both directions
//
// The meaning of a word depends on what follows it as well. A bidirectional network (双向 RNN) is two networks: one reads forwards, one
// backwards, and the output of a position is both states side by side.
//
// **The notes, 004.42.** It holds where the whole text is there, as for a label for each word. The comparison with a masked language model, which fills in
// words that were hidden in a text, fits with one difference: there one representation looks both ways, here two are joined that look one way each. A model that generates
// cannot use it, since there is no text after the word to come.
//
// **The notes, 002.13.** They compare a Transformer with an RNN that reads one way only. A bidirectional one sees all words before and after each position, so what sets the Transformer apart is not the direction: it is the
// number of steps from one word to another, which is the distance here and one with attention. That a CNN can read short texts only is refuted where its [receptive field](cnn/mod.ts#the-receptive-field) is.

// #region Layers, directions, dropout
// The layer above reads the states of the layer below. PyTorch's `nn.RNN` has the same parts, and [its files](../06_training/state_names.ts)
// can be read.

/** How a recurrent network is laid out. */
export interface RecurrentOptions {
  /** Width of what comes in: E. */
  readonly inputSize: number;
  /** Width of a state: H. */
  readonly hiddenSize: number;
  /** Layers on top of each other; 1 by default. */
  readonly numLayers?: number | undefined;
  /** Whether each layer also reads backwards; false by default. */
  readonly bidirectional?: boolean | undefined;
  /** Whether the two matrices add biases; true by default. */
  readonly bias?: boolean | undefined;
  /** Probability of dropping a number between two layers in training; 0 by default. */
  readonly dropout?: number | undefined;
}

/** What each of {@linkcode RecurrentOptions} may be. */
export const recurrentChecks: Checks<RecurrentOptions> = {
  inputSize: required(integer()),
  hiddenSize: required(integer()),
  numLayers: integer({ min: 1, max: MOST_PARTS }),
  bidirectional: flag,
  bias: flag,
  dropout: numeric({ min: 0, below: 1 }),
};

/** What one pass through an {@linkcode RNN} or a `GRU` begins with. */
export interface RecurrentCall {
  /** True for words, false for padding, bool `[B, T]`; words everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** States to go on from, for each layer and direction, `[B, L, H]`; zeros by default. */
  readonly hiddenState?: TensorLike | undefined;
}

/** What each of {@linkcode RecurrentCall} may be. */
export const recurrentCallChecks: Checks<RecurrentCall> = { mask: aMask, hiddenState: aTensorLike };

/** What one pass through an {@linkcode RNN} or a `GRU` yields. */
export interface RecurrentResult {
  /** States of the last layer, zeros for padding, `[B, T, H]`; in two directions `[B, T, 2·H]`. */
  readonly output: Tensor;
  /** The last state of each layer and direction, to be handed to the next call, `[B, L, H]`. */
  readonly hiddenState: Tensor;
}

/** The weights of one layer in one direction, with G gates. */
export class RecurrentCell extends Module {
  /** What a word adds, for all gates: `[E, G·H]`. */
  readonly input: Linear;
  /** What the state before adds: `[H, G·H]`. */
  readonly hidden: Linear;

  /**
   * Draws the matrices evenly; biases start from zeros.
   *
   * The numbers reach up to $1/\sqrt{H}$, as those of PyTorch do.
   *
   * @param inputSize width of what comes in
   * @param hiddenSize width of a state
   * @param numGates columns for each number of the state
   * @param bias whether the maps add biases, which start from zeros
   * @param random where the first values come from
   */
  constructor(inputSize: number, hiddenSize: number, numGates: number, bias: boolean, random: Random) {
    super();
    const bound = 1 / Math.sqrt(hiddenSize);
    const initialization = (rows: number, columns: number, from: Random): Tensor =>
      from.uniform([rows, columns], { min: -bound, max: bound });
    this.input = new Linear(inputSize, numGates * hiddenSize, random, { bias, initialization });
    this.hidden = new Linear(hiddenSize, numGates * hiddenSize, random, { bias, initialization });
  }
}

/** One layer: a direction, or both. */
export class RecurrentLayer extends Module {
  /** From the first word to the last. */
  readonly forwards: RecurrentCell;
  /** From the last word to the first, if the layer reads both ways. */
  readonly backwards: RecurrentCell | undefined;

  /**
   * Draws the weights.
   *
   * @param options layout of the network
   * @param inputSize width of what comes into this layer
   * @param numGates columns for each number of the state
   * @param random where the first values come from
   */
  constructor(options: RecurrentOptions, inputSize: number, numGates: number, random: Random) {
    super();
    const { hiddenSize, bidirectional = false, bias = true } = options;
    const cell = (): RecurrentCell => new RecurrentCell(inputSize, hiddenSize, numGates, bias, random);
    this.forwards = cell();
    this.backwards = bidirectional ? cell() : undefined;
  }
}

/** The layers of a network, and what drops between them. */
export function recurrentLayers(
  options: RecurrentOptions,
  numGates: number,
  random: Random,
): { readonly layers: readonly RecurrentLayer[]; readonly dropout: Dropout } {
  checkRandom("build a recurrent network", random);
  const { inputSize, hiddenSize, numLayers = 1, bidirectional = false, dropout = 0 } = options;
  const width = bidirectional ? 2 * hiddenSize : hiddenSize;
  const layers = Array.from(
    { length: numLayers },
    (_, i) => new RecurrentLayer(options, i === 0 ? inputSize : width, numGates, random),
  );
  return { layers, dropout: new Dropout(dropout) };
}

/** One direction of one layer: the states of all steps, one list for each kind of state, `[B, T, H]` each. */
export type ReadDirection = (
  cell: RecurrentCell,
  x: Tensor,
  initial: readonly Tensor[],
  options: ReadingOptions,
) => readonly Tensor[];

/** What {@linkcode runRecurrent} reads. */
export interface RecurrentRun {
  readonly layers: readonly RecurrentLayer[];
  readonly dropout: Dropout;
  readonly hiddenSize: number;
  /** What goes in. */
  readonly x: TensorLike;
  /** What is padding, and the states of each kind, as the caller gave them. */
  readonly mask: TensorLike<boolean> | undefined;
  readonly states: readonly (readonly [name: string, given: TensorLike | undefined])[];
}

/** Runs all layers in all directions; returns the output and the last states, `[B, L, H]`. */
export function runRecurrent(
  run: RecurrentRun,
  read: ReadDirection,
): { readonly output: Tensor; readonly last: readonly Tensor[] } {
  const { layers, dropout, hiddenSize: H } = run;
  const like = layers[0]!.forwards.input.weight.storage;
  let x = asTensor("read a text", "x", run.x, "float32", like);
  requireFloat("a recurrent network", x);
  const { B, T } = dims(x, "B T E", { E: layers[0]!.forwards.input.weight.shape[0]! });
  const mask = asOptionalTensor("read a text", "mask", run.mask, "bool", x);
  if (mask) dims(mask, "B T", { B, T });
  const L = layers.reduce((sum, { backwards }) => sum + (backwards ? 2 : 1), 0);
  const given = run.states.map(([name, state]) => {
    const states = asOptionalTensor("read a text", name, state, "float32", x) ?? beside(x, [B, L, H]);
    requireFloat("a recurrent network", states);
    dims(states, "B L H", { B, L, H });
    return states;
  });
  const ends = run.states.map((): Tensor[] => []);
  layers.forEach(({ forwards, backwards }, depth) => {
    if (depth > 0) x = dropout.forward(x);
    const outputs = [forwards, backwards].flatMap((cell, reverse) => {
      if (!cell) return [];
      const place = ends[0]!.length, initial = given.map((states) => states.at(1, place));
      if (T === 0) return ends.forEach((list, i) => list.push(initial[i]!)), [beside(x, [B, 0, H])];
      const states = read(cell, x, initial, { mask, reverse: reverse === 1 });
      ends.forEach((list, i) => list.push(states[i]!.at(1, reverse === 1 ? 0 : -1)));
      return [states[0]!];
    });
    x = outputs.length === 1 ? outputs[0]! : concat(outputs, 2);
  });
  // What stands at padding is a state that was carried over it; nobody should take it for a word's.
  const output = mask ? x.where(mask.unsqueeze(-1), 0) : x;
  return { output, last: ends.map((list) => stack(list, 1)) };
}

/** How an {@linkcode RNN} is laid out. */
export interface RNNOptions extends RecurrentOptions {
  /** What squeezes the state; `"tanh"` by default. */
  readonly nonlinearity?: Nonlinearity | undefined;
}

const RNN_OPTIONS: Checks<RNNOptions> = { ...recurrentChecks, nonlinearity: oneOf(["tanh", "relu"]) };

/**
 * The recurrent network of this page (Elman network): any number of layers, in one direction or both.
 *
 * @example
 * ```ts
 * import { ones, Random } from "@heed/heed";
 * import { RNN } from "@heed/heed/language-models";
 *
 * const rnn = new RNN({ inputSize: 3, hiddenSize: 4, numLayers: 2, bidirectional: true }, new Random(1));
 * const { output, hiddenState } = rnn.forward(ones([5, 7, 3]));
 * console.assert(String(output.shape) === "5,7,8" && String(hiddenState.shape) === "5,4,4");
 * ```
 */
export class RNN extends Module {
  /** The options. */
  readonly options: RNNOptions;
  /** From the input to the output. */
  readonly layers: readonly RecurrentLayer[];
  /** Drops between two layers in training. */
  readonly dropout: Dropout;

  /**
   * Starts from small random weights.
   *
   * @param options layout of the network
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible
   */
  constructor(options: RNNOptions, random: Random) {
    super();
    checkOptions("build a recurrent network", options, RNN_OPTIONS);
    this.options = options;
    ({ layers: this.layers, dropout: this.dropout } = recurrentLayers(options, 1, random));
    shareChance(this.chances(), random);
  }

  /**
   * Reads a batch of texts.
   *
   * @param x one vector per word, `[B, T, E]`
   * @param call padding, and the states to go on from
   * @returns the states of the last layer, and the last states of all
   * @throws {TypeError} if the shapes disagree
   */
  forward(x: TensorLike, call: RecurrentCall = {}): RecurrentResult {
    checkOptions("read a text", call, recurrentCallChecks);
    const { layers, dropout, options: { hiddenSize, nonlinearity } } = this;
    const states = [["hiddenState", call.hiddenState]] as const;
    const { output, last } = runRecurrent(
      { layers, dropout, hiddenSize, x, mask: call.mask, states },
      ({ input, hidden }, words, [initial], reading) => [
        elmanStates(input.forward(words), hidden, initial!, reading, nonlinearity),
      ],
    );
    return { output, hiddenState: last[0]! };
  }
}

// #endregion

// #region What is refused

function beside(x: Tensor, shape: readonly number[]): Tensor {
  return withBackend(x.device, () => zeros(shape));
}

function identity(H: number): Tensor {
  return arange(H).unsqueeze(1).equal(arange(H).unsqueeze(0)).cast("float32");
}

/** Refuses sums that do not have so many gates for each number of the state. */
export function checkGates(
  numGates: number,
  sums: Readonly<Record<string, Tensor>>,
  state: Readonly<Record<string, Tensor>>,
): void {
  checkTensors("compute a step", { ...sums, ...state });
  const [[named, { shape }]] = Object.entries(state) as [[string, Tensor]];
  const needed = [...shape.slice(0, -1), numGates * (shape.at(-1) ?? 0)];
  for (const [name, { shape: found }] of Object.entries(sums)) {
    if (shape.length > 0 && sameShape(found, needed)) continue;
    throw new TypeError(
      `Cannot compute a step with ${name} of shape ${format(found)}: with ${named} of shape ${
        format(shape)
      } it must be ` +
        format(needed),
    );
  }
}

function checkPlain(
  x: Tensor,
  inputWeight: Tensor,
  hiddenWeight: Tensor,
  bias: Tensor,
  initial: Tensor | undefined,
): { readonly T: number; readonly H: number } {
  checkTensors("read a text", { x, inputWeight, hiddenWeight, bias });
  checkOptionalTensors("read a text", { initial });
  const { T, E } = dims(x, "T E"), { H } = dims(inputWeight, "E H", { E });
  dims(hiddenWeight, "H G", { H, G: H });
  dims(bias, "H", { H });
  if (initial) dims(initial, "H", { H });
  if (T === 0) throw new RangeError("Cannot read an empty text: at least one word is needed");
  return { T, H };
}

// #endregion

// ## Pitfall: padding that is read
//
// Without the mask a short text goes on through its padding, and its last state has read words that are not there. The backward
// direction even begins with them. The test "RNN, LSTM and GRU do not see padding" compares a padded text with the same text alone.

// ## Exercise
//
// Start $W_h$ as the identity and use `nonlinearity: "relu"` (Le, Jaitly and Hinton 2015). ReLU keeps positive numbers and replaces negative ones by 0. What is $\partial h_k / \partial h_t$ as long as every sum that
// goes into ReLU is above 0? And what does a first step of training do to it?
//
// **Hint.** The slope of ReLU is 1 above 0.
//
// **Solution.** It is the identity, at any distance, so it neither vanishes nor explodes. The first step of training changes the matrix, and a spectral radius a little
// above 1 makes states and gradients grow with the distance, since ReLU does not hold them back. Clipping and a small learning rate are needed.
