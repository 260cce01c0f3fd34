/**
 * # Positions
 *
 * **Question.** Attention mixes a *set* of values. Shuffle the words, and every word gets the
 * same vector as before (permutation invariance, 排列不变性; strictly, equivariance: the vectors move with their words): *the dog bites the man* is *the man
 * bites the dog*. A recurrent network reads in order and needs no help; how does attention
 * learn about order?
 *
 * **Idea.** Give each position a mark (positional encoding, 位置编码). The schemes differ in where
 * it goes: added to the word's vector (absolute positional encoding, 绝对位置编码), added to the
 * score or turned into the queries and keys, so that only distances count (relative positional
 * encoding, 相对位置编码).
 *
 * **Where they enter.** Absolute schemes enter once, with the input. Relative ones enter in every attention, since every
 * attention has scores of its own. Each scheme has a page with its formula: [absolute](absolute.ts),
 * [relative](relative.ts), [rotary](rotary.ts). As a value of the type `PositionScheme` it is handed to a model:
 * `new DecoderOnly({ …, positions: rotary({ base: 500000 }) }, random)`.
 *
 * | scheme     | in code      | enters             | parameters | past the trained length           |
 * | ---------- | ------------ | ------------------ | ---------- | --------------------------------- |
 * | learned    | `learned()`  | input              | $TE$       | undefined                         |
 * | sinusoidal | `sinusoidal` | input              | 0          | defined, unseen                   |
 * | Shaw       | `shaw()`     | scores and outputs | $2(2m+1)D$ | clipped at distance $m$           |
 * | T5         | `t5()`       | scores             | $32H$      | far distances share a bucket      |
 * | RoPE       | `rotary()`   | queries and keys   | 0          | unseen angles, unless it is [slowed down](rotary_scaling.ts) |
 * | ALiBi      | `alibi`      | scores             | 0          | made for it                       |
 *
 * In the table of the schemes $T$ is the length of the longest sequence, $m$ the largest distance that is
 * told apart, and 32 the number of buckets of distances.
 *
 * Sources: Vaswani et al. 2017; Shaw, Uszkoreit and Vaswani 2018, *Self-Attention with Relative
 * Position Representations*; Raffel et al. 2020, *T5*; Su et al. 2021, *RoFormer*; Press, Smith and
 * Lewis 2022, *Train Short, Test Long* (ALiBi).
 *
 * ## Order without positions
 *
 * The notes say that a shuffled sentence gives every word the vector it had before, and take a decoder
 * as their example. The [first experiment](../experiments/positions.ts) finds it exactly so without a
 * mask. Under the causal mask that a decoder has ([section](../masks.ts)) it is not so: which words come before
 * depends on the order, and the vectors move although nothing marks a position.
 *
 * ## Why sines and cosines
 *
 * The notes say that the position of a word is a linear combination (线性组合) of the positions of others. What holds, and
 * what is needed, is narrower: the code of a position is a linear *map* of the code of any one other, and the map depends
 * on their distance alone. For each frequency $\omega_i$, $(\sin p\omega_i, \cos p\omega_i)$ is a point on a circle, and walking $n$ steps turns
 * the circle by $n\omega_i$: $\mathrm{PE}_{p+n} = M_n\,\mathrm{PE}_p$ with a rotation $M_n$
 * that does not depend on $p$. A matrix such as $W_Q$ can therefore learn "three to the left".
 * RoPE goes further and *applies* the rotation, $R_p$ to a query $q$ at $p$ and $R_s$ to a key $k$ at
 * $s$. Of their dot product, $(R_p q)^\top (R_s k) = q^\top R_{s-p}\, k$, only the distance is left. The
 * [second experiment](../experiments/positions/rotation.ts) tries both.
 *
 * ## Past the trained length
 *
 * The [last experiment](../experiments/positions/extrapolation.ts) trains every scheme on short lists and reads
 * long ones. Learned and sinusoidal positions do not generalize (泛化) so far, as the notes say of
 * absolute ones. Relative schemes keep their accuracy if they treat far distances alike (Shaw, T5) or give them less and less
 * weight (ALiBi). For Shaw and T5 it depends on a setting, *Distances told apart*: the distance from which on all are alike. Here it is half
 * of the trained length, with 8 buckets for T5. Distances that are told apart and were never trained are
 * as foreign to them as unseen angles to RoPE.
 *
 * A relative scheme can fail too: past twice the length of its training RoPE fails too. In its heads of
 * width 8 the second pair of coordinates takes $2\pi \cdot 10000^{2/8} \approx 63$ positions to go round. Lists of 32
 * show half a turn, and a key that is nearly a whole turn away looks as if it stood near. Lists of 64 hold a whole turn:
 * set the trained length to 64, and see where RoPE ends then.
 *
 * @module
 */

import { partsByWord, type PartTable, readPart } from "../../engine/part.ts";
import { learned, sinusoidal } from "./absolute.ts";
import { alibi, shaw, t5 } from "./relative.ts";
import { rotary, type RotaryOptions } from "./rotary.ts";
import { rotaryScalings } from "./rotary_scaling.ts";
import { noPositions, type PositionScheme } from "./scheme.ts";

export * from "./scheme.ts";
export * from "./absolute.ts";
export * from "./relative.ts";
export * from "./rotary.ts";
export * from "./rotary_scaling.ts";

/** Position schemes by the word that a file has for them. */
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
// With a cache, each call sees one token, and a scheme that counts from 0 gives every token
// position 0. The text degenerates after the first word, while training looks perfect. The test
// "RotaryPositions() marks the same with and without a cache" feeds a text in two parts.

// ## Exercise
//
// At width 64, plot the dot product of $\mathrm{PE}_0$ and $\mathrm{PE}_p$ for $p$ up to 1000. Where
// is it largest, and does it fall all the way? Then plot the bias of one head of ALiBi beside it.
