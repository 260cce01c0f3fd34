/**
 * # Embeddings
 *
 * **Question.** A one-hot vector (独热向量) has an entry for every word of the vocabulary: zeros, and a
 * single 1 at the entry of its word. It says of two words only whether they are the same. How does
 * a word get a short vector that can say more?
 *
 * **Idea.** Give every word a row of a table, and let training move the rows. Words that are
 * used alike, synonyms (近义词) among them, get similar gradients, so their rows end up close: if *good* and *great* stand in reviews with the same label, each step moves both rows in the same direction. Such a row is a
 * continuous word embedding (连续词嵌入). Finding the row is a look-up (查找).
 *
 * **By hand.** Three words and two dimensions. The table has the rows 我 (1, 0), 喜欢 (0.5, 1) and 苹果 (−1, 2): *I*, *like*, *apples*. The one-hot vector of 喜欢 is (0, 1, 0). Times the table it is
 * 0 · (1, 0) + 1 · (0.5, 1) + 0 · (−1, 2), the second row. The sentence 我 喜欢 苹果 is the sum of its three rows, (0.5, 3). 苹果 喜欢 我, *apples like me*, has the same sum.
 *
 * How alike are two rows? A list of two numbers is an arrow from (0, 0) to the point with these coordinates; its *length* is the root of the sum of their squares. The *cosine* of two rows is their dot product divided by both lengths. It is 1 if they point in the same direction, 0 at a right angle and −1 if they are opposite. The dot product of (1, 0) and (0.5, 1) is 0.5, and the lengths are 1 and
 * 1.118, so the cosine is $0.5 / 1.118 = 0.447$. Two different one-hot vectors have the cosine 0.
 *
 * ```ts
 * import { cosine, multiplyOneHot } from "@heed/heed/words";
 * import { tensor } from "@heed/heed/engine";
 *
 * const table = tensor([[1, 0], [0.5, 1], [-1, 2]]);
 * const bag = async (ids: number[]) =>
 *   console.log((await multiplyOneHot(tensor(ids, [ids.length], "int32"), table).sum(0).read()).join(", "));
 * await bag([1]);
 * await bag([0, 1, 2]);
 * await bag([2, 1, 0]);
 * console.log(Math.hypot(0.5, 1).toFixed(3), cosine([1, 0], [0.5, 1]).toFixed(3));
 * ```
 *
 * ```text
 * 0.5, 1
 * 0.5, 3
 * 0.5, 3
 * 1.118 0.447
 * ```
 *
 * **Formula.** All vectors are rows here and stand left of a matrix ([chapter](../01_introduction/mod.ts)). With $o_t$ the one-hot vector of the token at position $t$, $W$ the table and $e_t$ the embedding
 * of this position; the sum $c$ over a sentence is the continuous bag of words (CBOW), and a
 * classifier scores it:
 *
 * $$e_t = o_t W, \qquad c = \sum_t e_t, \qquad \mathrm{scores} = c\,U + b$$
 *
 * | symbol | in code            | shape                                      |
 * | ------ | ------------------ | ------------------------------------------ |
 * | $o$    | `oneHot(tokens)`   | `[B, T, V]`                                |
 * | $W$    | `embedding.weight` | `[V, E]`                                   |
 * | $e$    | `embedded`         | `[B, T, E]`                                |
 * | $c$    | `bag`              | `[B, E]`                                   |
 * | $U$    | `output.weight`    | `[E, C]`, a column for each of $C$ classes |
 * | $b$    | `output.bias`      | `[C]`                                      |
 *
 * The bag of words of [section](../01_introduction/bag_of_words.ts) has scores $Wx + b$ with a row of $W$ for each class; here the matrix is $U$, stands on the right, and has a column for each class. [word2vec](word2vec/mod.ts) uses the name CBOW for
 * a way of training that averages the neighbours of a word.
 *
 * **Why not multiply.** The product with a one-hot row reads every row of the table and keeps
 * one. A look-up reads that row alone: $E$ numbers instead of $VE$. The backward pass is the same: only
 * the rows that were looked up receive a gradient. The [first experiment](experiments/embeddings.ts)
 * does both and compares.
 *
 * **The notes, 003.52.** The table has one row
 * per *word*, not one per position. Ids `[B, T]` come out as `[B, T, E]` for any $T$ ([the notes](notes:003.53) write
 * `[batch, time, dim]`), and every later layer sees vectors of width $E$. Within one batch
 * the lengths must agree, since every axis of a tensor has one length. Shorter sentences are filled up with a
 * padding token ({@linkcode padTokens}). With `paddingIndex` its embedding is zeros, whatever its row of the
 * table holds, and the row receives no gradient. [The notes](notes:003.56) also ask whether padding costs anything
 * in this layer: hardly, a look-up is a copy. What it costs after this layer is the subject of
 * [section](../06_training/batching.ts).
 *
 * **The notes, 003.2.** It is refuted here. A sum takes sentences of any length, and no attention is in it. So do recurrent networks and convolutions.
 *
 * **The notes, 004.22.** The look-up holds. Its name is the other way round: a word that becomes a vector is embedded, or encoded.
 *
 * **The notes, 001.35.** It holds. The note is about the first layer of an encoder ([chapter](../05_transformer/mod.ts)), which reads the words *thinking* and *machines*. Any vector that has the width of the model may enter: rows that are trained along with the model
 * (equivalently: one-hot vectors times a matrix), or rows that [word2vec](word2vec/mod.ts) has learned before.
 *
 * Source of the deep variant: Iyyer, Manjunatha, Boyd-Graber and Daumé 2015, *Deep Unordered
 * Composition Rivals Syntactic Methods for Text Classification*.
 *
 * ## What the deeper bag can and cannot see
 *
 * In a sum every word counts alone: *not* adds the same vector whether *good* or *bad* stands
 * beside it. A hidden layer (隐藏层) can respond to *not* and *good* together, so combinations of words
 * become features (特征). The order of words stays invisible, because a sum has none: *not good but bad* and
 * *not bad but good* are the same bag. Attention ([chapter](../04_attention/mod.ts)) is a way out.
 *
 * The [second experiment](experiments/embeddings/bags.ts) measures it with reviews of each kind. One vote per
 * word (bag of words, BoW) and a sum of embeddings (CBOW) make the same errors: in both, each word
 * adds a fixed amount to each score, whatever stands beside it. The embeddings add one thing: words with similar votes end up close together.
 *
 * @module
 */

import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import { checkList, checkSizes, checkTensors, isListOfNumbers, MOST_PARTS } from "../engine/arguments.ts";
import { parameter, requireRoom, tensor } from "../engine/create.ts";
import { oneHot } from "../engine/indexing.ts";
import { asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { checkOptions, type Checks, integer, numeric, oneOf, shown } from "../engine/options.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { Weight } from "../engine/weight.ts";

/**
 * The look-up as its formula says it: one-hot rows times the table.
 *
 * Takes time in proportion to $TVE$, {@linkcode Embedding} in proportion to $TE$; the results are equal.
 *
 * @param tokens ids, int32 `[…]`
 * @param table one row per token, `[V, E]`
 * @returns one vector per token, `[…, E]`
 */
export function multiplyOneHot(tokens: Tensor, table: Tensor): Tensor {
  checkTensors("look up", { tokens });
  const { V, E } = dims(table, "V E");
  const selectors = oneHot(tokens.reshape([-1]), V).cast("float32");
  return selectors.matmul(table).reshape([...tokens.shape, E]);
}

/** How an {@linkcode Embedding} is laid out. */
export interface EmbeddingOptions {
  /** Token whose vector is zero and receives no gradient; none by default. */
  readonly paddingIndex?: number | undefined;
  /** Standard deviation of the numbers that rows start from, at least 0; 1 by default. */
  readonly deviation?: number | undefined;
}

const embeddingChecks: Checks<EmbeddingOptions> = {
  paddingIndex: integer({ min: 0 }),
  deviation: numeric({ min: 0 }),
};

/** A table with one row per token. */
export class Embedding extends Module {
  /** The table, `[V, E]`. */
  readonly weight: Weight;
  /** Token whose vector is zero, if there is one. */
  readonly paddingIndex: number | undefined;

  /**
   * Draws the rows from a normal distribution.
   *
   * @param vocabSize number of tokens
   * @param hiddenSize width of a row
   * @param random where the first values come from
   * @param options padding token and standard deviation
   * @throws {RangeError} if a size or the padding index is impossible
   */
  constructor(vocabSize: number, hiddenSize: number, random: Random, options: EmbeddingOptions = {}) {
    super();
    checkOptions("embed", options, embeddingChecks);
    checkSizes("embed", { vocabSize, hiddenSize });
    checkRandom("embed", random);
    const { paddingIndex, deviation = 1 } = options;
    if (paddingIndex !== undefined && paddingIndex >= vocabSize) {
      throw new RangeError(`Cannot pad with token ${paddingIndex}: it must be an integer in [0, ${vocabSize - 1}]`);
    }
    this.weight = Weight.table(parameter(random.normal([vocabSize, hiddenSize], { deviation })));
    this.paddingIndex = paddingIndex;
  }

  /**
   * Replaces each token by its row.
   *
   * @example
   * ```ts
   * import { Embedding, Random } from "@heed/heed";
   *
   * const embedding = new Embedding(10, 4, new Random(1));
   * console.assert(String(embedding.forward([[5, 6, 7]]).shape) === "1,3,4");
   * ```
   *
   * @param tokens ids, int32 `[…]`
   * @returns one vector per token, `[…, E]`
   * @throws {RangeError} on a CPU device, if a token is outside the table
   */
  forward(tokens: TensorLike): Tensor {
    tokens = asTensor("embed", "tokens", tokens, "int32", this.weight.storage);
    const embedded = this.weight.rows(tokens);
    if (this.paddingIndex === undefined) return embedded;
    // Constants instead of rows: what is not read receives no gradient.
    return embedded.where(tokens.notEqual(this.paddingIndex).unsqueeze(-1), 0);
  }
}

// #region Sentences of different lengths
// Every axis of a tensor has one length, so the shorter sentences of a batch are filled up.

/** Where the padding of {@linkcode padTokens} goes, and how much of it. */
export interface PadOptions {
  /** Which end of a sentence is filled; `"right"` by default. */
  readonly side?: "left" | "right" | undefined;
  /** Positions of the result, at least those of the longest sentence; as many by default. */
  readonly length?: number | undefined;
}

/** What each of {@linkcode PadOptions} may be. */
export const padChecks: Checks<PadOptions> = { side: oneOf(["left", "right"]), length: integer({ min: 0 }) };

/**
 * Makes one tensor of sentences of different lengths.
 *
 * {@linkcode padSequences} of `@heed/heed/training` does the same and makes the mask.
 *
 * @example
 * ```ts
 * import { padTokens } from "@heed/heed";
 *
 * const tokens = padTokens([[5, 6, 7], [8]], 0);
 * console.assert(String(await tokens.read()) === "5,6,7,8,0,0");
 * ```
 *
 * @param sequences one list of ids per sentence
 * @param padToken what fills the shorter ones
 * @param options on which side, up to which length
 * @returns ids, int32 `[B, T]`
 * @throws {RangeError} if a sentence does not fit or an id is no 32-bit integer
 */
export function padTokens(
  sequences: readonly ArrayLike<number>[],
  padToken: number,
  options: PadOptions = {},
): Tensor {
  checkOptions("pad", options, padChecks);
  requireToken(padToken);
  checkList("pad", "sequences", sequences, "lists of tokens", isListOfNumbers);
  const { side = "right", length: T = longest(sequences) } = options;
  requireRoom(sequences.length * T);
  const box = new Int32Array(sequences.length * T).fill(padToken);
  sequences.forEach((sequence, row) => {
    if (sequence.length > T) {
      throw new RangeError(
        `Cannot pad a sentence of ${sequence.length} tokens to ${T}: length must be at least ${sequence.length}`,
      );
    }
    const start = row * T + (side === "left" ? T - sequence.length : 0);
    for (let position = 0; position < sequence.length; position++) {
      const token = sequence[position]!;
      requireToken(token);
      box[start + position] = token;
    }
  });
  return tensor(box, [sequences.length, T]);
}

function requireToken(token: number): void {
  if (typeof token !== "number" || (token | 0) !== token) {
    throw new RangeError(`Cannot use ${shown(token)} as a token: a token must be a 32-bit integer`);
  }
}

function longest(sequences: readonly ArrayLike<number>[]): number {
  return sequences.reduce((most, { length }) => Math.max(most, length), 0);
}

// #endregion

/** A continuous bag of words (CBOW): one matrix scores the sum of a sentence's embeddings. */
export class BagOfWordsClassifier extends Module {
  /** One row per word. */
  readonly embedding: Embedding;
  /** From the sum to one score per class. */
  readonly output: Linear;

  /**
   * Starts from small random weights.
   *
   * @param vocabSize number of tokens
   * @param hiddenSize width of an embedding
   * @param numClasses number of scores
   * @param random where the first values come from
   * @param options padding token and standard deviation of the embeddings; a deviation of 0.1 by default
   */
  constructor(
    vocabSize: number,
    hiddenSize: number,
    numClasses: number,
    random: Random,
    options: EmbeddingOptions = {},
  ) {
    super();
    checkOptions("embed", options, embeddingChecks);
    const { deviation = 0.1 } = options;
    this.embedding = new Embedding(vocabSize, hiddenSize, random, { ...options, deviation });
    this.output = new Linear(hiddenSize, numClasses, random);
  }

  /**
   * Scores each sentence.
   *
   * @param tokens ids, int32 `[B, T]`
   * @returns logits, `[B, classes]`
   */
  forward(tokens: TensorLike): Tensor {
    const embedded = this.embedding.forward(tokens);
    dims(embedded, "B T E");
    const bag = embedded.sum(1);
    return this.output.forward(bag);
  }
}

/** A deep CBOW: layers between the sum and the scores combine features of several words. */
export class DeepBagOfWordsClassifier extends Module {
  /** One row per word. */
  readonly embedding: Embedding;
  /** From one list of features to the next. */
  readonly layers: readonly Linear[];
  /** From the last features to one score per class. */
  readonly output: Linear;

  /**
   * Starts from small random weights.
   *
   * @param vocabSize number of tokens
   * @param hiddenSize width of an embedding and of each layer
   * @param numLayers layers between the sum and the scores
   * @param numClasses number of scores
   * @param random where the first values come from
   * @param options padding token and standard deviation of the embeddings; a deviation of 0.1 by default
   * @throws {RangeError} if there is no layer: that is a {@linkcode BagOfWordsClassifier}
   */
  constructor(
    vocabSize: number,
    hiddenSize: number,
    numLayers: number,
    numClasses: number,
    random: Random,
    options: EmbeddingOptions = {},
  ) {
    super();
    checkSizes("build a deep classifier", { numLayers }, { min: 1, max: MOST_PARTS });
    checkOptions("embed", options, embeddingChecks);
    const { deviation = 0.1 } = options;
    this.embedding = new Embedding(vocabSize, hiddenSize, random, { ...options, deviation });
    this.layers = Array.from({ length: numLayers }, () => new Linear(hiddenSize, hiddenSize, random));
    this.output = new Linear(hiddenSize, numClasses, random);
  }

  /**
   * Scores each sentence.
   *
   * @param tokens ids, int32 `[B, T]`
   * @returns logits, `[B, classes]`
   */
  forward(tokens: TensorLike): Tensor {
    const embedded = this.embedding.forward(tokens);
    dims(embedded, "B T E");
    let features = embedded.sum(1);
    // Without the tanh two matrices in a row are one matrix, and depth buys nothing.
    for (const layer of this.layers) features = layer.forward(features).tanh();
    return this.output.forward(features);
  }
}

// ## What a dimension is
//
// The product of two matrices is each row of the first one times the second. The matrix $I$ has ones on its diagonal and zeros elsewhere; a product with it changes nothing. It makes no difference which of two products is computed first: $(cQ)U = c(QU)$.
//
// Let $Q$ be a matrix with $QQ^\top = I$: a rotation, or a reflection. A table $WQ$ and an output $Q^\top U$ give every sentence the same scores as $W$ and $U$, since $cQ\,Q^\top U = cU$. All rows have other numbers then, and nothing
// that the classifier says has changed. Below, $Q$ turns the plane by 53°.
//
// ```ts
// import { tensor } from "@heed/heed/engine";
//
// const table = tensor([[1, 0], [0.5, 1], [-1, 2]]), output = tensor([[1, -1], [0, 2]]);
// const turn = tensor([[0.6, 0.8], [-0.8, 0.6]]);
// const turned = table.matmul(turn), other = turn.transpose(0, 1).matmul(output);
// const shown = async (x: typeof table) => console.log(Array.from(await x.read(), (n) => n.toFixed(1)).join(" "));
//
// await shown(table);
// await shown(turned);
// await shown(table.matmul(output));
// await shown(turned.matmul(other));
// ```
//
// ```text
// 1.0 0.0 0.5 1.0 -1.0 2.0
// 0.6 0.8 -0.5 1.0 -2.2 0.4
// 1.0 -1.0 0.5 1.5 -1.0 5.0
// 1.0 -1.0 0.5 1.5 -1.0 5.0
// ```
//
// **The notes, 004.24.** The numbers are learned, and nobody chose what they say. But it is not each dimension that is a feature. In a sum of embeddings the features are directions, here one for each class; the dimensions are the axes in which they are
// written down, and others would do. Axes matter behind a layer with a tanh, which is taken of each number for itself.

// ## On reviews
//
// The three classifiers learn the short reviews of [section](../01_introduction/bag_of_words.ts), which were written as texts and not as tests of negation. The [experiment](experiments/embeddings/reviews.ts) measures them on the same unseen reviews.
//
// [Section](word2vec/mod.ts#for-another-task) measures the same classifiers on sentences from five sources, and what rows add that were learned before.
//
// **The notes, 004.13.** It holds. A word that was not in training has no row either, so an embedding helps with synonyms and inflected forms only if they occur in some text that it learned from. A table is large too, $VE$ numbers, but the vector of a word has only $E$ numbers in place of $V$.

// ## Pitfall: a padding row that learns
//
// Setting the row of the padding token to zero once is not enough. Its first gradient step
// moves it, and from there on the score of a sentence depends on how long its neighbours in
// the batch are. The test "BagOfWordsClassifier() does not see padding" trains one step and
// compares.

// ## Exercise
//
// Replace the sum by the mean over the tokens that are not padding. Which sentences change
// their score most, and does a classifier trained on short reviews then do better on long
// ones?
//
// **Hint.** How do the entries of a sum grow with the number of words, and those of a mean?
//
// **Solution.** The longest ones change most: the mean is the sum divided by the number of words. A sum of many words has larger entries, so the scores of a long review are larger and its probabilities nearer to 0 and 1, right or wrong. With the mean they have the size
// that they had in training. Without a bias the class with the largest score stays the same, since all scores are divided by one number: the answers do not change, only how sure they are.
//
// ```ts
// import { tensor } from "@heed/heed/engine";
// import { softmax } from "@heed/heed/words";
//
// const word = tensor([0.4, -0.1]);
// for (const length of [2, 20]) {
//   const [sum, mean] = [word.mul(length), word];
//   console.log(length, (await softmax(sum).read())[0]!.toFixed(2), (await softmax(mean).read())[0]!.toFixed(2));
// }
// ```
//
// ```text
// 2 0.73 0.62
// 20 1.00 0.62
// ```
