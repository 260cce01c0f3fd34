/**
 * # Gated recurrent units
 *
 * **Question.** An LSTM has three gates and two states. Are all of them needed?
 *
 * **Idea.** The gated recurrent unit [门控循环单元], GRU, has one state and two gates. The *update gate* decides between old and new: what it keeps of the old state it takes away from the
 * new one, so that forgetting and writing are one decision. The *reset gate* decides how much of the old state the
 * candidate sees.
 *
 * **Formula.** With $z$ the update gate, $r$ the reset gate and $n$ the candidate,
 *
 * $$[\,r_t \;\; z_t\,] = \sigma\big(x_t W_x + h_{t-1} W_h + b\big), \qquad n_t = \tanh\big(x_t W_{xn} + b_{xn} + r_t \odot (h_{t-1} W_{hn} + b_{hn})\big)$$
 * $$h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}$$
 *
 * | symbol | in code     | shape    |
 * | ------ | ----------- | -------- |
 * | $r_t$  | `reset`     | `[…, H]` |
 * | $z_t$  | `update`    | `[…, H]` |
 * | $n_t$  | `candidate` | `[…, H]` |
 * | $h_t$  | `state`     | `[…, H]` |
 *
 * **Why the reset gate stands behind the matrix.** In the paper it multiplies $h_{t-1}$ before the matrix, which then has to wait for it. Behind the matrix, one
 * product serves all three parts. PyTorch and cuDNN compute it so, and so does this page; the numbers are not those of the paper. The two biases
 * of the candidate stand at different places, so that they cannot be joined into one.
 *
 * Sources: Cho et al. 2014, *Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation*; Chung, Gulcehre, Cho and
 * Bengio 2014, *Empirical Evaluation of Gated Recurrent Neural Networks on Sequence Modeling*.
 *
 * @module
 */

import { shareChance } from "../../engine/chance.ts";
import type { Dropout } from "../../engine/dropout.ts";
import { fusable } from "../../engine/fusable.ts";
import { split, stack } from "../../engine/joining.ts";
import { Module } from "../../engine/module.ts";
import { checkOptions } from "../../engine/options.ts";
import type { Random } from "../../engine/random.ts";
import type { Tensor, TensorLike } from "../../engine/tensor.ts";
import {
  checkGates,
  mapOf,
  type ReadingOptions,
  readThrough,
  type RecurrentCall,
  recurrentCallChecks,
  recurrentChecks,
  type RecurrentLayer,
  recurrentLayers,
  type RecurrentOptions,
  type RecurrentResult,
  runRecurrent,
  type StateMap,
} from "../rnn.ts";

/**
 * One step of a gated recurrent unit.
 *
 * @param word $x_t W_x + b_x$ of reset gate, update gate and candidate, `[…, 3·H]`
 * @param memory $h_{t-1} W_h + b_h$ of the same, `[…, 3·H]`
 * @param state the state before the step, `[…, H]`
 * @returns the state after it, `[…, H]`
 * @throws {TypeError} if the shapes disagree
 */
export function gruStep(word: Tensor, memory: Tensor, state: Tensor): Tensor {
  checkGates(3, { word, memory }, { state });
  const [wordReset, wordUpdate, wordNew] = split(word, 3, -1) as [Tensor, Tensor, Tensor];
  const [memoryReset, memoryUpdate, memoryNew] = split(memory, 3, -1) as [Tensor, Tensor, Tensor];

  // $r_t, z_t$: how much of the old state is looked at, and how much is kept.
  const reset = wordReset.add(memoryReset).sigmoid(), update = wordUpdate.add(memoryUpdate).sigmoid();

  // $n_t$: what would be new.
  const candidate = wordNew.add(reset.mul(memoryNew)).tanh();

  // $h_t$: what is kept of the old state is not taken of the new one.
  return candidate.add(update.mul(state.sub(candidate)));
}

// #region The loop for a batch, layers and directions

/**
 * The states of a gated recurrent unit that reads a batch.
 *
 * @param projected what the words say, `[B, T, 3·H]`
 * @param map from a state to what it says
 * @param initial the states before the first word, `[B, H]`
 * @param options direction and padding
 * @returns one state per word, `[B, T, H]`
 */
export function gruStates(projected: Tensor, map: StateMap, initial: Tensor, options: ReadingOptions = {}): Tensor {
  const { apply, tensor } = mapOf(map), { mask, reverse = false } = options;
  const definition = (): Tensor => {
    const states = readThrough(projected, [initial], options, (word, [state]) => [
      gruStep(word, apply(state!), state!),
    ]);
    return stack(states.map(([state]) => state!), 1);
  };
  if (!tensor) return definition();
  return fusable("gru", [projected, tensor, map.bias, initial, mask], { reverse }, definition);
}

/** How a {@linkcode GRU} is laid out. */
export type GRUOptions = RecurrentOptions;

/**
 * A gated recurrent unit: any number of layers, in one direction or both.
 *
 * @example
 * ```ts
 * import { ones, Random } from "@heed/heed";
 * import { GRU } from "@heed/heed/language-models";
 *
 * const gru = new GRU({ inputSize: 3, hiddenSize: 4, bidirectional: true }, new Random(1));
 * const { output, hiddenState } = gru.forward(ones([5, 7, 3]));
 * console.assert(String(output.shape) === "5,7,8" && String(hiddenState.shape) === "5,2,4");
 * ```
 */
export class GRU extends Module {
  /** The options. */
  readonly options: GRUOptions;
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
  constructor(options: GRUOptions, random: Random) {
    super();
    checkOptions("build a GRU", options, recurrentChecks);
    this.options = options;
    ({ layers: this.layers, dropout: this.dropout } = recurrentLayers(options, 3, random));
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
    const { layers, dropout, options: { hiddenSize } } = this;
    const states = [["hiddenState", call.hiddenState]] as const;
    const { output, last } = runRecurrent(
      { layers, dropout, hiddenSize, x, mask: call.mask, states },
      ({ input, hidden }, words, [initial], reading) => [gruStates(input.forward(words), hidden, initial!, reading)],
    );
    return { output, hiddenState: last[0]! };
  }
}

// #endregion

// ## Pitfall: the update gate the other way round
//
// The paper of 2014 keeps $z_t$ of the *old* state, as here; other papers write $h_t = z_t \odot n_t + (1 - z_t) \odot h_{t-1}$. Either network can be trained, but weights
// of one are not weights of the other. The test "importState() reads the recurrent networks of PyTorch" holds the order.

// ## Exercise
//
// Count the weights of an RNN, an LSTM and a GRU with E = H = 256. How wide may a GRU be that has as many weights as the LSTM?
//
// **Hint.** A gate has $EH + HH + 2H$ weights with its biases; an RNN has one such part, an LSTM four, a GRU three.
//
// **Solution.**
//
// ```ts
// import { GRU, LSTM, RNN } from "@heed/heed/language-models";
// import { Random } from "@heed/heed/engine";
//
// const sizes = { inputSize: 256, hiddenSize: 256 };
// console.log("RNN ", new RNN(sizes, Random.none).parameterCount());
// console.log("LSTM", new LSTM(sizes, Random.none).parameterCount());
// console.log("GRU ", new GRU(sizes, Random.none).parameterCount());
// let hiddenSize = 256;
// while (3 * (256 * hiddenSize + hiddenSize ** 2 + 2 * hiddenSize) <= 4 * (2 * 256 ** 2 + 2 * 256)) hiddenSize++;
// console.log("GRU of as many weights as the LSTM:", hiddenSize - 1);
// ```
//
// ```text
// RNN  131584
// LSTM 526336
// GRU  394752
// GRU of as many weights as the LSTM: 309
// ```
