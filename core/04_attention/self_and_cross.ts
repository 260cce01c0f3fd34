/**
 * # Self-attention and cross-attention
 *
 * **Question.** Attention wants queries, keys and values. A sentence is only one row of
 * vectors. Where do the three come from?
 *
 * **Idea.** From three learned matrices. Each extracts something else from the same vector: what
 * the position is looking for, what it can be found by, and what it hands
 * over. If all three read the same sequence, it is self-attention (自注意力): every word gets
 * a new representation (表征) from its own sentence. If the queries
 * come from one sequence and the keys and values (键值对) from another, the context, it is
 * cross-attention (交叉注意力): a translation consults its source, a caption consults regions of an
 * image.
 *
 * **Formula.** Each row of $X$ is a position that asks; each row of the context $X'$ is a position that is asked.
 *
 * $$Q = XW_Q, \qquad K = X'W_K, \qquad V = X'W_V, \qquad \mathrm{output} =
 * \mathrm{softmax}\!\left(\tfrac{QK^\top}{\sqrt{d}}\right)V$$
 *
 * | symbol | in code          | shape       |
 * | ------ | ---------------- | ----------- |
 * | $X$    | `hidden`         | `[B, T, E]` |
 * | $X'$   | `context`        | `[B, S, C]` |
 * | $W_Q$  | `query.weight`   | `[E, D]`    |
 * | $W_K$  | `key.weight`     | `[C, D]`    |
 * | $W_V$  | `value.weight`   | `[C, D]`    |
 *
 * In self-attention $X' = X$.
 *
 * **Why three matrices and not one.** With $Q = K = X$ the scores are symmetric, and of vectors
 * of equal length each matches itself best: a word would attend mostly to itself. With a matrix for
 * each side the score of a row $x$ and a row $x'$ is $x\, W_Q W_K^\top x'^\top$, linear in $x$ and
 * linear in $x'$ (bilinear function, 双线性函数), and another one in the other direction: *eats* may
 * look for *apple* without *apple* looking for *eats*. The third matrix keeps apart what a word is
 * found by and what it hands over. *apple* is found as something that can be eaten; what *eats* then
 * needs of it may be whether it is one or many. Without $W_V$ it would have to hand over its key, or
 * its whole vector as it is. Training finds $W_Q$, $W_K$ and $W_V$; nothing else in a head has parameters.
 *
 * **The notes, 001.43.** A translator
 * ([section](../05_transformer/encoder_decoder.ts)) consists of an encoder, which reads the source
 * sentence, and a decoder, which writes the translation word by word. The question comes from the
 * decoder: *given what I have written, which part of the source matters next?* What it has written
 * is the query. The source is what is searched, so it supplies what can be found (keys) and what is
 * then read (values). The values must come from the same positions as the keys, or the weights
 * would belong to something else.
 *
 * ## Captioning
 *
 * The example of [the notes](notes:004.55) (图片的文字描述): *a cat …* is half of a caption. The query is made from
 * these words, keys and values from the regions of the image (visual feature vectors, 视觉特征向量).
 * Regions that show eyes, whiskers and tail match best; their values, mixed, are the context
 * vector from which *lies* or *on* is predicted. Nothing in {@linkcode CrossAttention} knows that
 * the context was an image: anything that is a set of vectors can be asked.
 *
 * The [first experiment](experiments/self_and_cross.ts) trains such a captioner on pictures of nine regions.
 * It is trained on the next word, never on a region. It learns to look at the animal that it describes,
 * because that region determines the next word. A map shows where the weight went, not that it had to
 * go there: change the seed, and compare the map with the fraction of words that are right.
 *
 * ## One matrix is not enough
 *
 * Let the seven days of a week look for tomorrow. With one matrix for queries and keys a pair has one
 * score $z$, in both directions. If Tuesday prefers Wednesday to Monday, then $z$ of (Tue, Wed) is
 * above $z$ of (Mon, Tue); if Wednesday prefers Thursday to Tuesday, $z$ of (Wed, Thu) is above that,
 * and so on around the week, until a score has to be above itself. At least one day must fail. In the
 * [second experiment](experiments/self_and_cross/matrices.ts) two matrices find every tomorrow, and with one matrix at
 * least one day fails. How many more fail depends on the seed.
 *
 * @module
 */

import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import type { Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";
import { type AttentionOptions, attentionWeights, scaledDotProductAttention } from "./scaled_dot_product.ts";

/** One head of attention from a sequence to another one. */
export class CrossAttention extends Module {
  /** What a position looks for: $W_Q$. */
  readonly query: Linear;
  /** What a context position can be found by: $W_K$. */
  readonly key: Linear;
  /** What a context position hands over: $W_V$. */
  readonly value: Linear;

  /**
   * Starts from random matrices without bias.
   *
   * @param hiddenSize width of the sequence that asks
   * @param contextSize width of the sequence that is asked
   * @param headSize width of queries, keys and values
   * @param random where the first values come from
   */
  constructor(hiddenSize: number, contextSize: number, headSize: number, random: Random) {
    super();
    this.query = new Linear(hiddenSize, headSize, random, { bias: false });
    this.key = new Linear(contextSize, headSize, random, { bias: false });
    this.value = new Linear(contextSize, headSize, random, { bias: false });
  }

  /**
   * Rewrites each position as a mixture of what the context says.
   *
   * @param hidden who asks, `[B, T, E]`
   * @param context who is asked, `[B, S, C]`
   * @param options mask, bias, causality and scale; mask and bias broadcast to `[B, 1, T, S]`
   * @returns one mixed value per position, `[B, T, D]`
   */
  forward(hidden: Tensor, context: Tensor, options: AttentionOptions = {}): Tensor {
    const { B } = dims(hidden, "B T E");
    dims(context, "B S C", { B });
    const output = scaledDotProductAttention(
      asOneHead(this.query.forward(hidden)),
      asOneHead(this.key.forward(context)),
      asOneHead(this.value.forward(context)),
      options,
    );
    return output.squeeze(1);
  }

  /**
   * Shows how each position divides its attention.
   *
   * @param hidden who asks, `[B, T, E]`
   * @param context who is asked, `[B, S, C]`
   * @param options as for {@linkcode CrossAttention.forward}
   * @returns rows that sum to one, `[B, T, S]`
   */
  weights(hidden: Tensor, context: Tensor, options: AttentionOptions = {}): Tensor {
    const query = asOneHead(this.query.forward(hidden));
    const key = asOneHead(this.key.forward(context));
    return attentionWeights(query, key, options).squeeze(1);
  }
}

/** One head of attention within a sequence. */
export class SelfAttention extends Module {
  /** The same three matrices, all reading one sequence. */
  readonly attention: CrossAttention;

  /**
   * Starts from random matrices without bias.
   *
   * @param hiddenSize width of the sequence
   * @param headSize width of queries, keys and values
   * @param random where the first values come from
   */
  constructor(hiddenSize: number, headSize: number, random: Random) {
    super();
    this.attention = new CrossAttention(hiddenSize, hiddenSize, headSize, random);
  }

  /**
   * Rewrites each position as a mixture of its own sequence.
   *
   * @param hidden one vector per position, `[B, T, E]`
   * @param options mask, bias, causality and scale; mask and bias broadcast to `[B, 1, T, T]`
   * @returns one mixed value per position, `[B, T, D]`
   */
  forward(hidden: Tensor, options: AttentionOptions = {}): Tensor {
    return this.attention.forward(hidden, hidden, options);
  }

  /**
   * Shows how each position divides its attention.
   *
   * @param hidden one vector per position, `[B, T, E]`
   * @param options as for {@linkcode SelfAttention.forward}
   * @returns rows that sum to one, `[B, T, T]`
   */
  weights(hidden: Tensor, options: AttentionOptions = {}): Tensor {
    return this.attention.weights(hidden, hidden, options);
  }
}

/** `[B, S, D]` to `[B, 1, S, D]`. */
function asOneHead(x: Tensor): Tensor {
  return x.unsqueeze(1);
}

// ## One position at a time
//
// [The notes](notes:000.9) follow a single output: $q_2$ is compared with $k_1, k_2, k_3, k_4$, which gives four
// scores $\alpha_{2,i}$; the softmax turns them into four weights $\alpha'_{2,i}$, and the output is
// $b_2 = \sum_i \alpha'_{2,i} v_i$. Stacking the rows $q_1 \dots q_4$ gives the matrix form above, and
// the test "SelfAttention() in matrix form is the loop over positions" holds the two against each
// other.

// ## Pitfall: values from the wrong side
//
// `this.value.forward(hidden)` throws no error as long as both sequences have the same width and
// length: the decoder then mixes its own words by weights that belong to the source. The test
// "CrossAttention() says only what the context says" replaces the context by a constant and sees it.

// ## Exercise
//
// Let `key` be the same `Linear` as `query`. Print the weights of an untrained head of
// `SelfAttention` on a random sequence before and after. What does the diagonal show?
