/**
 * # Positions
 *
 * **Question.** Attention mixes a *set* of values. Shuffle the words, and every word gets the
 * same vector as before. ([The notes](notes:001.29) call it permutation invariance, 排列不变性. Strictly it is
 * equivariance [等变性]: the vectors move with
 * their words.) To attention, *the dog bites the man* and *the man bites the dog* are the same. A recurrent network reads in order and needs no
 * help; how does attention learn about order?
 *
 * **Idea.** Mark the positions (positional encoding, 位置编码). Absolute schemes (absolute positional encoding, 绝对位置编码) give each position a vector
 * of its own, its code, and add it to the vector of the word there, before the first layer. Relative schemes (relative positional
 * encoding, 相对位置编码) act in every attention, where only the distance of query and key counts: RoPE turns queries and keys; ALiBi, T5 and
 * Shaw's scheme add something to the scores, and Shaw's adds something to the outputs as well.
 *
 * ```diagram Where positions enter. Absolute schemes act once, on the input; relative ones in every attention. RoPE leaves the values as they are. Shaw adds to scores and outputs.
 * output
 * [+ Shaw](relative.ts)
 * [weighted values](../scaled_dot_product.ts)
 * [softmax](../../02_words/softmax.ts)
 * [+ ALiBi, T5, Shaw](relative.ts)
 * scores
 * [turn q and k: RoPE](rotary.ts)
 * queries, keys, values
 * [+ learned, sinusoidal](absolute.ts)
 * words
 * ```
 *
 * **By hand.** Three words in two dimensions: *dog* (1, 0), *bites* (1, 1) and *man* (0, 2). Each is its own query, key and value. The scores of *bites*
 * with the three are 1, 2 and 2. Divided by √2 ([section](../scaled_dot_product.ts)) they are 0.707, 1.414 and 1.414, the exponentials 2.028, 4.113 and
 * 4.113, and the weights 0.198, 0.401 and 0.401. The output of *bites* is 0.198 · (1, 0) + 0.401 · (1, 1) + 0.401 · (0, 2) = (0.599, 1.203). In *man bites
 * dog* the same three terms are added in another order: the output is the same.
 *
 * Now each position gets a code, $(\sin p, \cos p)$ for $p$ = 0, 1 and 2: (0, 1), (0.841, 0.540) and (0.909, −0.416). It is added to the word there.
 * *Dog bites man* becomes (1, 1), (1.841, 1.540) and (0.909, 1.584). The divided scores of *bites* are 2.391, 4.075 and 2.909, its weights 0.124, 0.668 and
 * 0.208, and its output is (1.543, 1.482). *Man bites dog* becomes (0, 3), (1.841, 1.540) and (1.909, −0.416), and the output of *bites* is (1.326,
 * 1.792): the order can be seen.
 *
 * ```ts
 * import { plainAttention, sinusoidalPositions } from "@heed/heed/attention";
 * import { type Tensor, tensor } from "@heed/heed/engine";
 * import { softmax } from "@heed/heed/words";
 *
 * const dog = [1, 0], bites = [1, 1], man = [0, 2];
 * const print = async (name: string, x: Tensor) =>
 *   console.log(name, Array.from(await x.read(), (number) => number.toFixed(3)).join(" "));
 *
 * const scores = tensor([bites]).matmul(tensor([dog, bites, man]).transpose(0, 1)).div(Math.sqrt(2));
 * await print("divided     ", scores);
 * await print("exponentials", scores.exp());
 * await print("weights     ", scores.exp().div(scores.exp().sum()));
 * const codes = sinusoidalPositions(3, 2);
 * await print("codes       ", codes);
 * for (const words of [[dog, bites, man], [man, bites, dog]]) {
 *   const x = tensor(words), marked = x.add(codes);
 *   await print("plain       ", plainAttention(x, x, x).at(0, 1));
 *   await print("with codes  ", marked);
 *   const divided = marked.matmul(marked.transpose(0, 1)).div(Math.sqrt(2)).at(0, 1);
 *   await print("their scores", divided);
 *   await print("weights     ", softmax(divided));
 *   await print("output      ", plainAttention(marked, marked, marked).at(0, 1));
 * }
 * ```
 *
 * ```text
 * divided      0.707 1.414 1.414
 * exponentials 2.028 4.113 4.113
 * weights      0.198 0.401 0.401
 * codes        0.000 1.000 0.841 0.540 0.909 -0.416
 * plain        0.599 1.203
 * with codes   1.000 1.000 1.841 1.540 0.909 1.584
 * their scores 2.391 4.075 2.909
 * weights      0.124 0.668 0.208
 * output       1.543 1.482
 * plain        0.599 1.203
 * with codes   0.000 3.000 1.841 1.540 1.909 -0.416
 * their scores 3.267 4.075 2.033
 * weights      0.283 0.635 0.082
 * output       1.326 1.792
 * ```
 *
 * Learned and sinusoidal codes are vectors, one for each position. Shaw adds a learned vector for each distance to keys and values, and
 * so a number to the scores and a vector to the outputs. T5 adds a learned number to the scores, one for each bucket and head; a bucket is a range of distances. ALiBi subtracts a penalty that grows with the distance. RoPE turns queries and
 * keys by angles that grow with the position.
 *
 * Each kind of scheme has a page with its formula: [absolute](absolute.ts), [relative](relative.ts), [rotary](rotary.ts). As a value of the
 * type `PositionScheme` a scheme is handed to a model: `new DecoderOnly({ …, positions: rotary({ base: 500000 }) }, random)`. The base says how
 * slowly RoPE turns.
 *
 * | scheme     | in code      | enters             | learned numbers | past the trained length |
 * | ---------- | ------------ | ------------------ | ------------- | --------------------------------- |
 * | learned    | `learned()`  | input              | $TE$          | uses rows that were never trained |
 * | sinusoidal | `sinusoidal` | input              | none          | adds codes never seen in training |
 * | Shaw       | `shaw()`     | scores and outputs | $2(2m+1)D$    | treats all like distance $m$      |
 * | T5         | `t5()`       | scores             | $32H$         | uses the last bucket for all      |
 * | RoPE       | `rotary()`   | queries and keys   | none          | turns by angles never seen; [rescaling](rotary_scaling.ts) keeps them in range |
 * | ALiBi      | `alibi`      | scores             | none          | subtracts a larger penalty        |
 *
 * In the table $T$ is the length of the longest sequence, $E$ the width of a word's vector, $D$ that of a head, $H$ the number of heads, $m$ the largest distance that
 * Shaw's scheme tells apart, and 32 the number of T5's buckets (8 in the last experiment). All layers of a model share what is learned here. Shaw's paper
 * learns it for each layer, and in its base model for each head as well.
 *
 * ## Order without positions
 *
 * **The notes, 001.29.** It holds without a mask. The notes take a decoder as their example, and there it does not hold: under the causal
 * mask ([section](../masks.ts)) which words come before depends on the order. The [first experiment](../experiments/positions.ts) tries both.
 *
 * **The notes, 004.69.** *Big* in *big cat* and in *big data* is told apart by its neighbours, not by its position: attention without positions
 * already sees them. Positions tell *dog bites man* from *man bites dog*, where the neighbours are the same.
 *
 * **The notes, 001.30.** It holds: a recurrent network reads word after word, and its state depends on the order.
 *
 * ## Distances from turns
 *
 * The sinusoidal code of a position is the code of any other one, turned, and the turn depends on their distance alone
 * ([absolute](absolute.ts)). RoPE turns queries and keys themselves, and of their position only the distance is left in the score
 * ([rotary](rotary.ts)). The [second experiment](../experiments/positions/rotation.ts) tries both.
 *
 * ## Longer texts
 *
 * Texts get longer than those of the training (extrapolation) [外推]. The [last experiment](../experiments/positions/extrapolation.ts) trains every scheme on short lists and reads
 * long ones.
 *
 * **The notes, 004.71.** The first fault is one of learned codes only: between two sinusoidal codes the distance is a turn, as above. The second one holds:
 * absolute positions do not generalize (泛化), as the figure shows. Whether relative ones generalize depends on what they do
 * with distances that training never had. ALiBi gives them a larger penalty, as it gives to every larger distance. Shaw and T5 treat them as the farthest
 * distance that they tell apart, and do worse where that one lies beyond the training. RoPE turns queries and keys by angles that are new, and fails. Longer contexts are
 * reached with rescaled frequencies, by position interpolation [位置内插] (Chen et al. 2023), NTK-aware scaling (bloc97 2023) or YaRN (Peng et al. 2023).
 * They have a [page](rotary_scaling.ts) of their own.
 *
 * Sources: Vaswani et al. 2017, *Attention Is All You Need*; Shaw, Uszkoreit and Vaswani 2018, *Self-Attention with Relative
 * Position Representations*; Raffel et al. 2020, *Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer*; Su et al. 2021, *RoFormer:
 * Enhanced Transformer with Rotary Position Embedding*; Press, Smith and
 * Lewis 2022, *Train Short, Test Long: Attention with Linear Biases Enables Input Length Extrapolation*. The sources of the rescaled frequencies stand on
 * their [page](rotary_scaling.ts).
 *
 * @module
 */

import { partsByWord, type PartTable, readPart } from "../../engine/part.ts";
import { learned, sinusoidal } from "./absolute.ts";
import { alibi, shaw, t5 } from "./relative.ts";
import { rotary, type RotaryOptions } from "./rotary.ts";
import { rotaryScalings } from "./rotary_scaling.ts";
import { noPositions, type PositionScheme } from "./scheme.ts";

export * from "./absolute.ts";
export * from "./relative.ts";
export * from "./rotary.ts";
export * from "./rotary_scaling.ts";
export * from "./scheme.ts";

/** Finds a position scheme by the word that the file of a saved model has for it. */
export const positionSchemes: PartTable<PositionScheme> = {
  ...partsByWord([sinusoidal, alibi, noPositions]),
  learned,
  relative: shaw,
  t5,
  rotary: (options: Omit<RotaryOptions, "scaling"> & { readonly scaling?: unknown } = {}) => {
    const { scaling, ...others } = options;
    return rotary({
      ...others,
      ...(scaling !== undefined && { scaling: readPart("a scaling", scaling, rotaryScalings) }),
    });
  },
};

// ## Pitfall: positions that start over
//
// A program that writes a text keeps the keys and values of the tokens that it has read (a cache, [section](../../07_generation/kv_cache.ts)), and hands
// the model only the newest token in each call. A scheme that counts from 0 in each call gives every token position 0. The text degenerates after the first word, while training looks perfect. The test
// "RotaryPositions() marks the same with and without a cache" feeds a text in two parts.

// ## Exercise
//
// At width $E$ = 64, compute the dot product of the sinusoidal codes $\mathrm{PE}_0$ and $\mathrm{PE}_p$ of positions 0 and $p$, for $p$ up to
// 1000 (formula in [section](absolute.ts)). Where is it largest, and does it fall all the way? Compare it with the penalty of ALiBi
// ([section](relative.ts)).
//
// **Hint.** $\mathrm{PE}_0^\top \mathrm{PE}_p = \sum_i \cos(p\,\omega_i)$, where $\omega_i$ is the frequency of pair $i$: each pair of coordinates
// adds the cosine of its angle.
//
// **Solution.** It is largest at 0, where every cosine is 1: $E/2 = 32$. It falls, but in waves: it rises again and again. The penalty of ALiBi grows evenly and
// without end, so that the score falls at every step.
//
// ```ts
// import { sinusoidalPositions } from "@heed/heed/attention";
//
// const codes = sinusoidalPositions(1001, 64);
// const products = await codes.matmul(codes.at(0, 0).reshape([64, 1])).read();
// for (const p of [0, 1, 10, 100, 1000]) console.log(`${p}: ${products[p]!.toFixed(1)}`);
// const rises = products.filter((product, p) => p > 0 && product > products[p - 1]!).length;
// console.log(`it rises at ${rises} of 1000 steps`);
// ```
//
// ```text
// 0: 32.0
// 1: 30.9
// 10: 21.1
// 100: 17.9
// 1000: 8.9
// it rises at 490 of 1000 steps
// ```
