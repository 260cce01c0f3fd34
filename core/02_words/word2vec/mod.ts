/**
 * # word2vec
 *
 * **Question.** A table of embeddings is trained with a task, and the task needs labels. Texts without labels are there in any amount. What
 * can a vector of a word learn from them?
 *
 * **Idea.** A word is known by the words around it. So the task is made of the text itself: a word stands beside another one, and a classifier says whether the pair
 * is from the text or whether one of the two was drawn by chance. The parameters of the classifier are two tables of vectors, one for the words that predict and one for the words that are predicted, and nothing else.
 * Words that stand beside the same words get similar vectors. There are two ways to ask. *Skip-gram* [跳字模型] takes the word in the centre and
 * predicts each of its neighbours. The *continuous bag of words* (CBOW) [连续词袋模型] takes the mean of the neighbours and predicts the centre. [Section](../embeddings.ts) has the same
 * name for a classifier that sums the vectors of a sentence; here it is a way to train the vectors.
 *
 * ```picture word2vec_window One window of a sentence, two words to either side. Above, the word in the centre predicts each neighbour. Below, the
 * mean of the neighbours predicts the word in the centre.
 * ```
 *
 * **By hand.** Two dimensions, and a text in which 茶 (*tea*) stands beside 喝 (*drink*). The vector of 喝 is (1, 0.5). As a neighbour, 茶 has the
 * vector (0.5, 1). Chance draws one other word, 书 (*book*), with the vector (1, −1). The scores are 1 · 0.5 + 0.5 · 1 = 1 and 1 · 1 − 0.5 · 1 = 0.5.
 * The sigmoid $1 / (1 + e^{-z})$ makes a probability of a score $z$. Here the two are 0.731 and 0.622: both pairs look real. The probability of the first pair should be 1 and that of the second 0, so the errors are 0.269 and −0.622. The loss is
 * minus the logarithm of 0.731 and minus that of what 0.622 leaves to 1, together 1.287. With a learning rate of 0.1 the vector of
 * 喝 moves by 0.1 · (0.269 · (0.5, 1) − 0.622 · (1, −1)), which leads to (0.951, 0.589). The vector of 茶 moves towards 喝, to (0.527, 1.013), and that
 * of 书 away from it, to (0.938, −1.031).
 *
 * ```ts
 * import { negativeSamplingStep } from "@heed/heed/words";
 *
 * const hidden = [1, 0.5], tea = [0.5, 1], book = [1, -1];
 * const print = (name: string, numbers: readonly number[]) => console.log(name, numbers.map((x) => x.toFixed(3)).join(" "));
 *
 * const step = negativeSamplingStep(hidden, [tea, book], 0.1);
 * print("scores  ", step.scores);
 * print("sigmoids", step.scores.map((score) => 1 / (1 + Math.exp(-score))));
 * print("errors  ", step.errors);
 * print("loss    ", [step.loss]);
 * print("drink   ", step.hidden);
 * print("tea     ", step.outputs[0]!);
 * print("book    ", step.outputs[1]!);
 * ```
 *
 * ```text
 * scores   1.000 0.500
 * sigmoids 0.731 0.622
 * errors   0.269 -0.622
 * loss     1.287
 * drink    0.951 0.589
 * tea      0.527 1.013
 * book     0.938 -1.031
 * ```
 *
 * **Formula.** Each word has two vectors: a row $v$ of the input table, and a row $u$ of the output table. The word to be predicted has the output vector $u_0$. The vectors $u_1, \dots, u_K$ are those of $K$ words
 * that were drawn by chance, the *negatives*. In skip-gram the vector that predicts is that of the centre, $h = v_{\text{centre}}$; in CBOW $h$ is the mean of the input vectors of the window. Both lower
 *
 * $$L = -\log \sigma(h^\top u_0) - \sum_{k=1}^{K} \log \sigma(-h^\top u_k), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}$$
 *
 * | symbol       | in code       | shape           |
 * | ------------ | ------------- | --------------- |
 * | $h$          | `hidden`      | `[E]`           |
 * | $u$          | `outputs`     | `[1 + K, E]`    |
 * | $\sigma(h^\top u_k) - y_k$ | `errors`, with the other sign | `[1 + K]` |
 * | $L$          | `loss`        | one number      |
 *
 * The score $h^\top u = h_1 u_1 + h_2 u_2 + \dots$ is a dot product ([chapter](../../01_introduction/mod.ts)). $\sigma$ makes of it the probability that the pair is from the text, and $\sigma(-z) = 1 - \sigma(z)$ is the probability that it is not. So $L$ is small
 * if the classifier finds the true pair probable, and each drawn pair improbable.
 *
 * The derivative of $L$ with respect to the score $h^\top u_k$ is $\sigma(h^\top u_k) - y_k$, with $y_0 = 1$ and $y_k = 0$ for all others.
 *
 * **Why negatives.** The plain task is to predict the neighbour among all $V$ words: a softmax with $V$ products of vectors for each pair of a text. *Negative sampling*
 * [负采样] asks $1 + K$ questions with two answers instead, and moves as many rows. $K$ is 5 to 20. What is learned is not a probability of the neighbour any more. Let $P(w, c)$ be the
 * probability that a pair of the text is the word $w$ with the neighbour $c$, and $P(w)$ and $P(c)$ those of the two words. If the negatives are drawn as often as they occur, the loss is lowest where the score is
 * $\log \frac{P(w, c)}{P(w) P(c)} - \log K$. The fraction says how many times as often the two stand together as they would by chance; $K$ enters because there are $K$ drawn pairs for each true one (Levy and Goldberg 2014).
 * [Section](noise.ts) draws frequent words less often than they occur.
 *
 * **Source.** Mikolov, Chen, Corrado and Dean 2013, *Efficient Estimation of Word Representations in Vector Space*; Mikolov, Sutskever, Chen, Corrado and Dean 2013,
 * *Distributed Representations of Words and Phrases and their Compositionality*; Levy and Goldberg 2014, *Neural Word Embedding as Implicit Matrix Factorization*.
 *
 * @module
 */

import { checkList, checkNumbers, checkTensors, isListOfNumbers } from "../../engine/arguments.ts";
import { checkValue, numeric } from "../../engine/options.ts";
import { dims } from "../../engine/shape.ts";
import type { Tensor } from "../../engine/tensor.ts";

export {
  cbow,
  type ContextModel,
  contextModels,
  skipGram,
  trainWord2vec,
  type Word2vec,
  type Word2vecOptions,
  type Word2vecProgress,
} from "./training.ts";
export { AliasTable, keepProbabilities, noiseProbabilities } from "./noise.ts";
export {
  analogy,
  type AnalogyOptions,
  cosine,
  type Neighbour,
  type NeighbourOptions,
  neighbours,
  WordVectors,
} from "./vectors.ts";
export { type PrincipalComponents, principalComponents } from "./projection.ts";
export { readWordVectors, type ReadWordVectorsOptions, wordVectorLines } from "./file.ts";

/** What one step of negative sampling computes and moves. */
export interface NegativeSamplingStep {
  /** The scores, that of the predicted word first, `[1 + K]`. */
  readonly scores: readonly number[];
  /** What each sigmoid lacks of what it should be, `[1 + K]`. */
  readonly errors: readonly number[];
  /** The loss before the step. */
  readonly loss: number;
  /** The vector that predicts, moved, `[E]`. */
  readonly hidden: readonly number[];
  /** The vectors that it is compared with, moved, `[1 + K, E]`. */
  readonly outputs: readonly (readonly number[])[];
}

/**
 * One step of gradient descent on the loss of negative sampling.
 *
 * The formula line by line, in float64. {@linkcode trainWord2vec} does the same in place, for all windows of a text.
 *
 * @param hidden the vector that predicts, `[E]`
 * @param outputs the output vector of the word to be predicted, then those of the negatives, `[1 + K, E]`
 * @param learningRate length of the step
 * @returns what was computed, and the vectors after the step
 * @throws {TypeError} if the widths disagree
 */
export function negativeSamplingStep(
  hidden: ArrayLike<number>,
  outputs: readonly ArrayLike<number>[],
  learningRate: number,
): NegativeSamplingStep {
  checkStep(hidden, outputs, learningRate);
  const h = Array.from(hidden), rows = outputs.map((row) => Array.from(row));

  // $h^\top u_k$: how well each word fits.
  const scores = rows.map((u) => u.reduce((sum, x, e) => sum + x * h[e]!, 0));

  // $y_k - \sigma(h^\top u_k)$: only the first word was there.
  const errors = scores.map((score, k) => (k === 0 ? 1 : 0) - 1 / (1 + Math.exp(-score)));

  // $L$: the logarithm of what each sigmoid gives to the right answer, $1 - |y_k - \sigma|$.
  const loss = errors.reduce((sum, error) => sum - Math.log1p(-Math.abs(error)), 0);

  // $h$ moves towards $u_0$ and away from the negatives, and each $u_k$ towards $h$ or away from it.
  const moved = h.map((x, e) => x + learningRate * errors.reduce((sum, error, k) => sum + error * rows[k]![e]!, 0));
  const others = rows.map((u, k) => u.map((x, e) => x + learningRate * errors[k]! * h[e]!));
  return { scores, errors, loss, hidden: moved, outputs: others };
}

/**
 * The loss of negative sampling on tensors, for any device.
 *
 * Its gradient is what {@linkcode negativeSamplingStep} goes against.
 *
 * @param hidden the vector that predicts, `[E]`
 * @param outputs the output vector of the word to be predicted, then those of the negatives, `[N, E]` with $N = 1 + K$
 * @returns one number
 * @throws {TypeError} if the widths disagree
 */
export function negativeSamplingLoss(hidden: Tensor, outputs: Tensor): Tensor {
  checkTensors("sample negatives", { hidden, outputs });
  const { E } = dims(hidden, "E"), { N } = dims(outputs, "N E", { E });
  if (N === 0) throw new RangeError("Cannot sample negatives of no rows: the word to be predicted comes first");
  const scores = outputs.matmul(hidden.reshape([E, 1])).reshape([N]);

  // $\log \sigma(z) = -\log(1 + e^{-z})$, and $\log(1 + e^{-z}) = \max(-z, 0) + \log(1 + e^{-|z|})$: no exponential overflows.
  const logSigmoid = (z: Tensor): Tensor => z.neg().relu().add(z.abs().neg().exp().add(1).log()).neg();
  return logSigmoid(scores.slice(0, 0, 1)).sum().add(logSigmoid(scores.slice(0, 1).neg()).sum()).neg();
}

// ## Mom − female + male
//
// *Mom* is to *female* as … is to *male*: such a question is an analogy. If the step from *female* to *mom* is the step from *male* to the answer, the answer lies near *mom* − *female* + *male*. The method 3CosAdd
// ([section](vectors.ts)) takes the word $d$ whose vector has the largest cosine with this sum:
//
// $$d = \arg\max_d\; \cos\big(v_d,\; \hat v_{\text{mom}} - \hat v_{\text{female}} + \hat v_{\text{male}}\big), \qquad \cos(v, w) = \frac{v^\top w}{\lVert v \rVert\, \lVert w \rVert}$$
//
// The cosine is 1 where two vectors point in the same direction, 0 at a right angle and −1 in opposite directions; $\lVert v \rVert$ is the length of $v$, and $\hat v$ is $v$ divided by its length.
//
// There are three ways to ask. *Question left out*: *mom*, *female* and *male* are not allowed as answers; this is the usual way. *Question included*: every word may be the answer. *Third word alone*: nothing is added or
// subtracted, and the answer is the nearest neighbour of the third word, *male*, that is not in the question. It is a control: what it finds needs no step. The same four vectors, asked in the three ways:
//
// ```ts
// import { analogy, neighbours, WordVectors } from "@heed/heed/words";
//
// const vectors = new WordVectors(["mom", "female", "male", "dad"], Float32Array.of(0.8, 0.6, 0.6, 0.8, -0.6, 0.8, 0, 1));
// const question = ["female", "mom", "male"] as const;
// const [leftOut] = analogy(vectors, question, { count: 1 });
// const [included] = analogy(vectors, question, { count: 1, excludeQuestion: false });
// const [alone] = neighbours(vectors, "male", { count: 1 });
// console.log("question left out", leftOut!.word, leftOut!.cosine.toFixed(3));
// console.log("question included", included!.word, included!.cosine.toFixed(3));
// console.log("third word alone ", alone!.word, alone!.cosine.toFixed(3));
// ```
//
// ```text
// question left out dad 0.832
// question included male 0.998
// third word alone  dad 0.800
// ```
//
// The [experiment](../experiments/word2vec.ts) asks on two texts of which it is known what they say.
//
// **The notes, 004.21.** It holds with a condition. The vectors are short, and words that stand in the same places are close, synonyms (近义词) among them. But opposites stand in the same places too, and are as close. ([Section](../embeddings.ts) has opposites that point away from each other: there the labels pushed them apart, and here there are no labels.) And *mom* is to *female*
// as *dad* is to *male* where the text itself puts a mark of gender beside all of them. Where it does not, no direction of gender is there, and the usual test finds the right word all the same, since it leaves out the words of the question.
//
// **The notes, 001.2.** The vector is the best one for a task, predicting neighbours, on one text. It holds what helps there: topic, grammar, which words stand together. What helps elsewhere has to be seen, word by word.
//
// **The notes, 001.4.** It holds. Each word of the text has one row, whatever it means in a sentence, and the row is moved by all its uses.
// [Section](../static_and_contextual.ts) measures what becomes of a word with two meanings.

// ## On plays
//
// Both forms learn Tiny Shakespeare, a megabyte of plays.
//
// ```picture word2vec_run Neighbours and analogies that skip-gram and CBOW find in Tiny Shakespeare.
// ```

// ## For another task
//
// Vectors that were learned without labels can be the rows of a classifier that has labels. The classifiers of [section](../embeddings.ts) name the source of a sentence, as in
// [section](../../01_introduction/bag_of_words.ts). They learn from few labelled sentences and from many. Their rows start by chance, or as word2vec has learned them from text that nobody labelled.
//
// ```picture learned_vectors_run Classifiers of sentences from five sources, with rows of words that start by chance or were learned before.
// ```
//
// **The notes, 001.3.** It holds with a condition. Each word of the new text that occurred in the old one has its vector; any other word has none. The recorded run measures how many that are, and what the vectors are worth to the task.

// #region What is refused

function checkStep(hidden: ArrayLike<number>, outputs: readonly ArrayLike<number>[], learningRate: number): void {
  checkNumbers("sample negatives", "hidden", hidden);
  checkList("sample negatives", "outputs", outputs, "lists of numbers", isListOfNumbers);
  checkValue("sample negatives", "learningRate", learningRate, numeric({ min: 0 }));
  if (outputs.length === 0) {
    throw new RangeError("Cannot sample negatives of no rows: the word to be predicted comes first");
  }
  const wrong = outputs.find((row) => row.length !== hidden.length);
  if (wrong) throw new TypeError(`Cannot compare ${hidden.length} numbers with ${wrong.length}: the widths must agree`);
}

// #endregion

// ## Pitfall: vectors of words that are rare
//
// A word that occurs a few times has moved a few times. Its vector points where it was pushed first, mostly in the direction that all rare words have in common, so rare words are each other's neighbours. `minCount` leaves them out.
// The test "trainWord2vec() leaves out rare words, reports, and stops" does so.

// ## Exercise
//
// Which of the two tables are the vectors of the words? Train on sentences in which *tea* stands beside *hot* but never beside *coffee*, and *coffee* beside *hot* as well. Compare the input vector of *tea* with the input vector of *coffee* and
// with the output vector of *hot*.
//
// **Hint.** Words that stand *in the same places* are close within one table. Words that stand *beside each other* are close across both.
//
// **Solution.** The input vectors of *tea* and *coffee* are nearly parallel: the two predict the same words. The input vector of *tea* also points to the output vector of *hot*, because their product is the score of the pair. Between the
// input vectors of *tea* and *hot* nothing is trained directly.
//
// ```ts
// import { Random } from "@heed/heed";
// import { cosine, trainWord2vec } from "@heed/heed/words";
//
// const text = ["we drink hot tea", "we drink hot coffee", "they read a book", "they read a letter"];
// const { vectors, contexts } = await trainWord2vec(text.map((sentence) => sentence.split(" ")), new Random(1), {
//   hiddenSize: 12, window: 1, epochs: 400, threshold: 0,
// });
// const tea = vectors.vectorOf("tea");
// const score = (word: string) => contexts.vectorOf(word).reduce((sum, x, e) => sum + x * tea[e]!, 0);
// console.log("same places", cosine(tea, vectors.vectorOf("coffee")).toFixed(1));
// console.log("beside each other", score("hot").toFixed(0), "others", score("drink").toFixed(0), score("book").toFixed(0));
// ```
//
// ```text
// same places 1.0
// beside each other 2 others -5 -4
// ```
