/**
 * # LSTM and GRU
 *
 * **Question.** In a [recurrent network](../rnn.ts) everything that is remembered passes a matrix and a tanh at every step, and so does every
 * gradient. How does a network remember something for a hundred steps?
 *
 * **Idea.** It keeps a second vector, the *cell state* (细胞状态), that passes no matrix. At each step a part of each of its numbers is kept and a part of
 * something new is added, the *candidate*. How much is kept, added and shown is decided by three *gates*: vectors of numbers between 0 and 1 that are computed from the word
 * and the hidden state. The forget gate (遗忘门) says what is kept, the input gate (输入门) what is written, the output gate (输出门)
 * what is shown. This is the long short-term memory [长短期记忆], LSTM. The gated recurrent unit (GRU) has no second vector: one gate decides
 * how much of the state is replaced, another how much of the old state the replacement is computed from ([section](gru.ts)).
 *
 * ```picture lstm_gates One step. The cell state runs straight through: it is multiplied by the forget gate, and what the input gate lets in is
 * added. The output gate decides what the next step sees of it.
 * ```
 *
 * **By hand.** One step in two dimensions. The cell state is (1, −1). The sums that the matrices have computed are (0, 2) for the input gate,
 * (2, −2) for the forget gate, (1, −1) for the candidate and (2, 0) for the output gate. The sigmoid, $\sigma(z) = 1/(1 + e^{-z})$, turns those of the gates into
 * (0.500, 0.881), (0.881, 0.119) and (0.881, 0.500), tanh turns the candidate into (0.762, −0.762). The forget gate keeps (0.881, −0.119). The input
 * gate adds (0.381, −0.671). The new cell state is (1.262, −0.790). Its tanh is (0.852, −0.658), and the output gate
 * shows (0.750, −0.329) of it: the hidden state.
 *
 * ```ts
 * import { lstmStep } from "@heed/heed/language-models";
 * import { type Tensor, tensor } from "@heed/heed/engine";
 *
 * const print = async (name: string, x: Tensor) =>
 *   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
 *
 * const before = tensor([1, -1]);
 * const sums = tensor([0, 2, 2, -2, 1, -1, 2, 0]);
 * const step = lstmStep(sums, before);
 * await print("input gate  ", step.inputGate);
 * await print("forget gate ", step.forgetGate);
 * await print("candidate   ", step.candidate);
 * await print("output gate ", step.outputGate);
 * await print("kept        ", step.forgetGate.mul(before));
 * await print("added       ", step.inputGate.mul(step.candidate));
 * await print("cell state  ", step.cellState);
 * await print("its tanh    ", step.cellState.tanh());
 * await print("hidden state", step.hiddenState);
 * ```
 *
 * ```text
 * input gate   0.500 0.881
 * forget gate  0.881 0.119
 * candidate    0.762 -0.762
 * output gate  0.881 0.500
 * kept         0.881 -0.119
 * added        0.381 -0.671
 * cell state   1.262 -0.790
 * its tanh     0.852 -0.658
 * hidden state 0.750 -0.329
 * ```
 *
 * **Formula.** The weights are those of [a recurrent network](../rnn.ts), with columns for all three gates and the candidate: $W_x$ is `[E, 4·H]`, $W_h$ is `[H, 4·H]`, $b$ is `[4·H]`. The sum in the brackets has $4H$ numbers. The first $H$ go through the sigmoid $\sigma$ and are $i_t$, the next $H$ through $\sigma$ and are $f_t$,
 * the next through tanh and are $g_t$, the last through $\sigma$ and are $o_t$. $\sigma$ lies between 0 and 1, and $\odot$ multiplies numbers of the same place.
 *
 * $$[\,i_t \;\; f_t \;\; g_t \;\; o_t\,] = [\,\sigma \;\; \sigma \;\; \tanh \;\; \sigma\,]\big(x_t W_x + h_{t-1} W_h + b\big)$$
 * $$C_t = f_t \odot C_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(C_t)$$
 *
 * | symbol | in code       | shape    |
 * | ------ | ------------- | -------- |
 * | $i_t$  | `inputGate`   | `[…, H]` |
 * | $f_t$  | `forgetGate`  | `[…, H]` |
 * | $g_t$  | `candidate`   | `[…, H]` |
 * | $o_t$  | `outputGate`  | `[…, H]` |
 * | $C_t$  | `cellState`   | `[…, H]` |
 * | $h_t$  | `hiddenState` | `[…, H]` |
 *
 * **Why a sum.** A product of many factors is near 0 or very large; a sum of many terms need not be either. Of what was written into the cell, later steps
 * keep the product of their forget gates; what they add does not touch it. With a forget gate of 1 it stays what it is, for any number of steps.
 *
 * **The notes, 004.44.** It holds. What is between 0 and 1 is not forgotten or kept as a whole: each number of the cell has a gate of its own, and is kept
 * in part.
 *
 * **The notes, 004.45.** A slip of the pen. The output gate is computed from the word as well, as the other two are:
 * $o_t = \sigma(x_t W_{xo} + h_{t-1} W_{ho} + b_o)$. Without $x_t$ a network could not decide by the word it has just read what to show.
 *
 * Sources: Hochreiter and Schmidhuber 1997, *Long Short-Term Memory*; Gers, Schmidhuber and Cummins 2000, *Learning to Forget: Continual
 * Prediction with LSTM* (the forget gate); Jozefowicz, Zaremba and Sutskever 2015, *An Empirical Exploration of Recurrent Network
 * Architectures* (its bias starts at 1); Khandelwal, He, Qi and Jurafsky 2018, *Sharp Nearby, Fuzzy Far Away: How Neural Language
 * Models Use Context*.
 *
 * @module
 */

import { aMask, aTensor, aTensorLike, checkTensors } from "../../engine/arguments.ts";
import { shareChance } from "../../engine/chance.ts";
import type { Dropout } from "../../engine/dropout.ts";
import { fusable } from "../../engine/fusable.ts";
import { split, stack } from "../../engine/joining.ts";
import { Module } from "../../engine/module.ts";
import { noGrad } from "../../engine/autograd.ts";
import { checkOptions, type Checks, numeric, required } from "../../engine/options.ts";
import type { Random } from "../../engine/random.ts";
import { dims } from "../../engine/shape.ts";
import type { Tensor, TensorLike } from "../../engine/tensor.ts";
import {
  checkGates,
  mapOf,
  type ReadingOptions,
  readThrough,
  type RecurrentCall,
  recurrentChecks,
  type RecurrentLayer,
  recurrentLayers,
  type RecurrentOptions,
  type RecurrentResult,
  runRecurrent,
  type StateMap,
} from "../rnn.ts";

/** The parts of one step of an {@linkcode LSTM}, `[…, H]` each. */
export interface LstmStep {
  /** How much is written: $i_t$. */
  readonly inputGate: Tensor;
  /** How much is kept: $f_t$. */
  readonly forgetGate: Tensor;
  /** What would be written: $g_t$. */
  readonly candidate: Tensor;
  /** How much is shown: $o_t$. */
  readonly outputGate: Tensor;
  /** The memory after the step: $C_t$. */
  readonly cellState: Tensor;
  /** What the next step and the next layer see of it: $h_t$. */
  readonly hiddenState: Tensor;
}

/**
 * One step of a long short-term memory, from the sums of its gates.
 *
 * @param sums $x_t W_x + h_{t-1} W_h + b$ of input gate, forget gate, candidate and output gate, `[…, 4·H]`
 * @param cellState the memory before the step, `[…, H]`
 * @returns gates and states
 * @throws {TypeError} if the shapes disagree
 */
export function lstmStep(sums: Tensor, cellState: Tensor): LstmStep {
  checkGates(4, { sums }, { cellState });
  const [input, forget, written, shown] = split(sums, 4, -1) as [Tensor, Tensor, Tensor, Tensor];

  // $i_t, f_t, o_t$: how much, between 0 and 1; $g_t$: of what, between −1 and 1.
  const inputGate = input.sigmoid(), forgetGate = forget.sigmoid(), outputGate = shown.sigmoid();
  const candidate = written.tanh();

  // $C_t$: no matrix stands between the old memory and the new one.
  const kept = forgetGate.mul(cellState), added = inputGate.mul(candidate), memory = kept.add(added);

  // $h_t$: the part of the memory that is shown.
  const hiddenState = outputGate.mul(memory.tanh());
  return { inputGate, forgetGate, candidate, outputGate, cellState: memory, hiddenState };
}

// ## The gradient along the cell
//
// $C_t$ depends on $C_{t-1}$ directly, and through $h_{t-1} = o_{t-1} \odot \tanh(C_{t-1})$, from which the gates and the candidate are computed. For number $j$ of the later cell and number $r$ of the earlier one, the product rule gives one term for each way:
//
// $$\frac{\partial C_{t,j}}{\partial C_{t-1,r}} = f_{t,j}\,[r = j] + C_{t-1,j} \frac{\partial f_{t,j}}{\partial C_{t-1,r}} + i_{t,j} \frac{\partial g_{t,j}}{\partial C_{t-1,r}} + g_{t,j} \frac{\partial i_{t,j}}{\partial C_{t-1,r}}$$
//
// $[r = j]$ is 1 if $r$ is $j$, and 0 otherwise: the first term is the diagonal of a matrix. For the others three slopes are needed. $h_{t-1,r}$ changes with $C_{t-1,r}$ by $s_r = o_{t-1,r}\,(1 - \tanh^2 C_{t-1,r})$, since $o_{t-1}$ was computed before
// $C_{t-1}$ and does not depend on it. In the sum of the forget gate $h_{t-1,r}$ has the factor $(W^f_h)_{rj}$, where $W^f_h$ are the columns of $W_h$ for that gate, and likewise $W^g_h$ and $W^i_h$. The sigmoid has the slope $\sigma' = \sigma(1 - \sigma)$ and tanh has
// $1 - \tanh^2$. The chain rule multiplies them:
//
// $$\frac{\partial f_{t,j}}{\partial C_{t-1,r}} = s_r\, (W^f_h)_{rj}\, f_{t,j}(1 - f_{t,j}), \qquad \frac{\partial g_{t,j}}{\partial C_{t-1,r}} = s_r\, (W^g_h)_{rj}\, (1 - g_{t,j}^2), \qquad \frac{\partial i_{t,j}}{\partial C_{t-1,r}} = s_r\, (W^i_h)_{rj}\, i_{t,j}(1 - i_{t,j})$$
//
// So all four terms together are
//
// $$\frac{\partial C_{t,j}}{\partial C_{t-1,r}} = f_{t,j}\,[r = j] + s_r \Big( (W^f_h)_{rj}\, f_{t,j}(1 - f_{t,j})\, C_{t-1,j} + (W^g_h)_{rj}\, (1 - g_{t,j}^2)\, i_{t,j} + (W^i_h)_{rj}\, i_{t,j}(1 - i_{t,j})\, g_{t,j} \Big)$$
//
// The last three are matrices, with rows $r$ for the earlier cell and columns $j$ for the later one. Each has $W_h$ in it, as in a network without gates.

/** The four terms of the derivative of a cell state with respect to the one before. */
export interface CellDerivatives {
  /** The diagonal of the direct term, which is the forget gate, `[H]`. */
  readonly direct: Tensor;
  /** Through the forget gate, rows by the earlier cell, `[H, H]`. */
  readonly throughForgetGate: Tensor;
  /** Through the candidate, `[H, H]`. */
  readonly throughCandidate: Tensor;
  /** Through the input gate, `[H, H]`. */
  readonly throughInputGate: Tensor;
}

/**
 * The derivative of a cell state with respect to the one before, term by term.
 *
 * @param hiddenWeight from a hidden state to the sums of the gates, `[H, 4·H]`
 * @param before the step that made the earlier cell state, `[H]` each
 * @param step the step that made the later one
 * @returns the four terms; the whole is their sum
 * @throws {TypeError} if the shapes disagree
 */
export function cellDerivatives(hiddenWeight: Tensor, before: LstmStep, step: LstmStep): CellDerivatives {
  checkDerivatives(hiddenWeight, before, step);
  const { inputGate, forgetGate, candidate } = step;
  const [input, forget, written] = split(hiddenWeight, 4, 1) as [Tensor, Tensor, Tensor];

  // $\partial h_{t-1} / \partial C_{t-1} = o_{t-1}(1 - \tanh^2 C_{t-1})$: one factor for each row.
  const shown = before.outputGate.mul(slopeOfTanh(before.cellState.tanh())).unsqueeze(1);
  const through = (weight: Tensor, slope: Tensor, factor: Tensor): Tensor => shown.mul(weight).mul(slope.mul(factor));
  return {
    direct: forgetGate,
    throughForgetGate: through(forget, slopeOfSigmoid(forgetGate), before.cellState),
    throughCandidate: through(written, slopeOfTanh(candidate), inputGate),
    throughInputGate: through(input, slopeOfSigmoid(inputGate), candidate),
  };
}

/** The slope of the sigmoid where it has the value p: p(1 − p). */
const slopeOfSigmoid = (value: Tensor): Tensor => value.mul(value.neg().add(1));

/** The slope of tanh where it has the value p: 1 − p². */
const slopeOfTanh = (value: Tensor): Tensor => value.square().neg().add(1);

// ## Over many steps
//
// The [experiment](../experiments/lstm.ts) follows the gradient along the cell of a trained network: as it is, by the product of the forget gates alone, and
// by the product of all four terms.
//
// **The notes, 004.46.** Two corrections. The derivative of the *loss* by the earlier cell is its derivative by the later cell times this factor,
// $\partial L / \partial C_{t-1} \approx \partial L / \partial C_t \odot f_t$. Over several steps the factors are multiplied: a product of forget gates, and not one of them. And from $o_{t-1}$ and $1 - \tanh^2$ being below 1 it does not follow that
// the other three terms die out: they are added again at every step, and each has $W_h$ as a factor. Whether they are small is a matter of the
// weights. One more way is missing from the four: $C_{t-2}$ acts on the output gate $o_{t-1}$ and through it on $C_t$, without passing $C_{t-1}$. The experiment measures all of it.
//
// ## What the gates do on text
//
// The [experiment](../experiments/lstm/forget_gates.ts) trains a language model on English sentences and looks at its forget gates, on
// sentences and on the same words in random order.
//
// **The notes, 004.47.** The first half is half true: most forget gates are near 1, but they are as near to 1 on characters in random order. The second half needs a limit. The factor $f_t$ is below 1, so the product of forget gates alone cannot explode.
// The gradient as a whole can, through the other terms, and clipping is in use for LSTMs as well.

// ## How far back
//
// The [experiment](../experiments/lstm/recall.ts) shows a word, then a number of others, and asks for the first. It compares a recurrent network,
// an LSTM, a GRU and attention at growing distances. The run below does it with words of Shakespeare in between, over distances up to several hundred words.
//
// With the bias $\ln d$ a forget gate starts at $\sigma(\ln d) = d/(d + 1)$, so that over $d$ steps the product of the gates is still about $1/e$.
//
// ```picture recall_run A word is remembered over words of Shakespeare. Each network is trained anew at each distance, with the same number of steps.
// ```
//
// **The notes, 001.12.** It is true that an LSTM fails at some distance, and that attention reaches further with the same training. The number of 200 words is
// a property of no LSTM in particular. Khandelwal and others measured it in 2018: language models with LSTMs used about 200 tokens of context, and only the nearest 50 with their order. In
// the experiment it depends on the bias at which the forget gates start.

// #region The loop for a batch, layers and directions
// As for [an RNN](../rnn.ts): all texts go through a step together, and padding leaves both states as they are. The forget gate's bias starts at 1, so that
// a new network keeps most of what it has, since the gate is then near $\sigma(1)$; PyTorch starts it near 0.

/**
 * The states of a long short-term memory that reads a batch.
 *
 * @param projected what the words say to the gates, `[B, T, 4·H]`
 * @param map from a hidden state to what it says to them
 * @param initial hidden state and cell state before the first word, `[B, H]` each
 * @param options direction and padding
 * @returns hidden states and cell states, `[2, B, T, H]`
 */
export function lstmStates(
  projected: Tensor,
  map: StateMap,
  initial: readonly [hiddenState: Tensor, cellState: Tensor],
  options: ReadingOptions = {},
): Tensor {
  const { apply, tensor } = mapOf(map), { mask, reverse = false } = options;
  const definition = (): Tensor => {
    const states = readThrough(projected, initial, options, (word, [hidden, cell]) => {
      const { hiddenState, cellState } = lstmStep(word.add(apply(hidden!)), cell!);
      return [hiddenState, cellState];
    });
    return stack([0, 1].map((kind) => stack(states.map((each) => each[kind]!), 1)), 0);
  };
  if (!tensor) return definition();
  return fusable("lstm", [projected, tensor, map.bias, ...initial, mask], { reverse }, definition);
}

/** How an {@linkcode LSTM} is laid out. */
export interface LSTMOptions extends RecurrentOptions {
  /** Where the bias of the forget gates starts; 1 by default. */
  readonly forgetBias?: number | undefined;
}

const LSTM_OPTIONS: Checks<LSTMOptions> = { ...recurrentChecks, forgetBias: numeric() };

/** What one pass through an {@linkcode LSTM} begins with. */
export interface LSTMCall extends RecurrentCall {
  /** Cell states to go on from, for each layer and direction, `[B, L, H]`; zeros by default. */
  readonly cellState?: TensorLike | undefined;
}

const LSTM_CALL: Checks<LSTMCall> = { mask: aMask, hiddenState: aTensorLike, cellState: aTensorLike };

/** What one pass through an {@linkcode LSTM} yields. */
export interface LSTMResult extends RecurrentResult {
  /** The last cell state of each layer and direction, for the next call, `[B, L, H]`. */
  readonly cellState: Tensor;
}

/**
 * A long short-term memory: any number of layers, in one direction or both.
 *
 * @example
 * ```ts
 * import { ones, Random } from "@heed/heed";
 * import { LSTM } from "@heed/heed/language-models";
 *
 * const lstm = new LSTM({ inputSize: 3, hiddenSize: 4 }, new Random(1));
 * const first = lstm.forward(ones([5, 7, 3]));
 * const second = lstm.forward(ones([5, 2, 3]), { hiddenState: first.hiddenState, cellState: first.cellState });
 * console.assert(String(second.output.shape) === "5,2,4");
 * ```
 */
export class LSTM extends Module {
  /** The options. */
  readonly options: LSTMOptions;
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
  constructor(options: LSTMOptions, random: Random) {
    super();
    checkOptions("build an LSTM", options, LSTM_OPTIONS);
    this.options = options;
    ({ layers: this.layers, dropout: this.dropout } = recurrentLayers(options, 4, random));
    const { hiddenSize, forgetBias = 1 } = options;
    for (const { forwards, backwards } of this.layers) {
      for (const cell of [forwards, backwards]) {
        // The map of the word and that of the state each have a bias; the start is put into one of them.
        noGrad(() => cell?.hidden.bias?.slice(0, hiddenSize, 2 * hiddenSize).assign(forgetBias));
      }
    }
    shareChance(this.chances(), random);
  }

  /**
   * Reads a batch of texts.
   *
   * @param x one vector per word, `[B, T, E]`
   * @param call padding, and the states to go on from
   * @returns the hidden states of the last layer, and the last states of all
   * @throws {TypeError} if the shapes disagree
   */
  forward(x: TensorLike, call: LSTMCall = {}): LSTMResult {
    checkOptions("read a text", call, LSTM_CALL);
    const { layers, dropout, options: { hiddenSize } } = this;
    const states = [["hiddenState", call.hiddenState], ["cellState", call.cellState]] as const;
    const { output, last } = runRecurrent(
      { layers, dropout, hiddenSize, x, mask: call.mask, states },
      ({ input, hidden }, words, initial, reading) => {
        const both = lstmStates(input.forward(words), hidden, [initial[0]!, initial[1]!], reading);
        return [both.at(0, 0), both.at(0, 1)];
      },
    );
    return { output, hiddenState: last[0]!, cellState: last[1]! };
  }
}

// #endregion

// #region What is refused

const STEP: Checks<LstmStep> = {
  inputGate: required(aTensor),
  forgetGate: required(aTensor),
  candidate: required(aTensor),
  outputGate: required(aTensor),
  cellState: required(aTensor),
  hiddenState: required(aTensor),
};

function checkDerivatives(hiddenWeight: Tensor, before: LstmStep, step: LstmStep): void {
  checkTensors("differentiate a cell", { hiddenWeight });
  for (const each of [before, step]) checkOptions("differentiate a cell", each, STEP);
  const { H } = dims(before.cellState, "H");
  dims(hiddenWeight, "H G", { H, G: 4 * H });
  dims(step.cellState, "H", { H });
}

// #endregion

// ## Pitfall: gates in another order
//
// Libraries agree on the formula and not on the order of its columns: input, forget, candidate, output here and in PyTorch; TensorFlow's first
// cell had the candidate second. A file that is read in the wrong order has the right shapes, and the network computes nonsense. The
// test "importState() reads the recurrent networks of PyTorch" compares outputs and gradients.

// ## Exercise
//
// Set the forget gate to 1 for good, as in 1997. What is the derivative along the cell then, and what can the network no longer do on a text that never ends?
//
// **Hint.** What is added to a cell that forgets nothing?
//
// **Solution.** The direct term is 1, over any distance: nothing vanishes along the cell. But the cell only adds. On a text without end the sum drifts away from 0 until its tanh is near 1 or −1, and
// it cannot make room for a new sentence. Gers, Schmidhuber and Cummins added the forget gate for this reason.
