/**
 * # Static and contextual vectors
 *
 * **Question.** *Apple*, 苹果, is a fruit and a company. A table has one row for it. Which vector does the word get in a sentence?
 *
 * **Idea.** A *static* vector (静态词向量) is looked up: one for each word. A *contextual word vector* (动态词向量) is computed from the word and the words around it, so each occurrence of a word has its own.
 * The simplest way to compute one is to average a word with its neighbours. Recurrent networks and attention are better ways, which learn what to take from where. A model of this kind stores weights of layers, and computes the vector of each occurrence from them.
 *
 * **By hand.** Three words in two dimensions: *apple* (1, 1), *eat* (0, 2), *phone* (2, 0). In *eat apple* the mean of *apple* and its neighbour is (0.5, 1.5). In *apple phone* it is (1.5, 0.5). The static vectors of the two occurrences have the
 * cosine 1. The cosine of two vectors is their dot product divided by both lengths. The dot product of the two means is 0.5 · 1.5 + 1.5 · 0.5 = 1.5. The square of the length of each is 2.5, so the product of the two lengths is 2.5, and the
 * cosine is 1.5 / 2.5 = 0.6.
 *
 * ```ts
 * import { cosineMatrix, occurrencesOf, windowMeans } from "@heed/heed/words";
 * import { stack, tensor } from "@heed/heed/engine";
 *
 * const apple = [1, 1], eat = [0, 2], phone = [2, 0], sentences = [[1, 0], [0, 2]];
 * const vectors = tensor([apple, eat, phone]);
 * const states = stack(sentences.map((ids) => windowMeans(tensor(ids.map((id) => [apple, eat, phone][id]!)), 1)), 0);
 *
 * const found = occurrencesOf(states, sentences, 0);
 * console.log("in context", Array.from(await found.read(), (x) => x.toFixed(1)).join(" "));
 * console.log("lengths squared", Array.from(await found.square().sum(-1).read(), (x) => x.toFixed(1)).join(" "));
 * console.log("cosine", (await cosineMatrix(found, found).read())[1]!.toFixed(1));
 * console.log("static", (await cosineMatrix(vectors, vectors).read())[0]!.toFixed(0));
 * ```
 *
 * ```text
 * in context 0.5 1.5 1.5 0.5
 * lengths squared 2.5 2.5
 * cosine 0.6
 * static 1
 * ```
 *
 * **Formula.** A sentence has the static vectors $e_i$, and $N(t)$ are the places at most $r$ from $t$, $|N(t)|$ of them. A word has $N$ occurrences with the vectors $c_1, \dots, c_N$. The mean in the window, the cosine, and the *self-similarity* of the word are
 *
 * $$m_t = \frac{1}{|N(t)|} \sum_{i \in N(t)} e_i, \qquad \cos(v, w) = \frac{v^\top w}{\lVert v \rVert\, \lVert w \rVert}, \qquad s = \frac{2}{N (N - 1)} \sum_{i < j} \cos(c_i, c_j)$$
 *
 * | symbol | in code        | shape    |
 * | ------ | -------------- | -------- |
 * | $e$    | `embedded`     | `[T, E]` |
 * | $r$    | `reach`        | one number |
 * | $m$    | `windowMeans()` | `[T, E]` |
 * | $c$    | `occurrences`  | `[N, E]` |
 * | $s$    | `selfSimilarity()` | one number |
 *
 * Static vectors have $s = 1$. By itself a high $s$ says little: in some models all vectors, also those of different words, point in nearly the same direction, in a narrow cone. So $s$ has to be compared with the mean cosine of different words (Ethayarajh 2019).
 *
 * **Source.** Peters, Neumann, Iyyer, Gardner, Clark, Lee and Zettlemoyer 2018, *Deep Contextualized Word Representations* (ELMo); Devlin, Chang, Lee and Toutanova 2019, *BERT: Pre-training of Deep Bidirectional Transformers for Language
 * Understanding*; Ethayarajh 2019, *How Contextual are Contextualized Word Representations?*
 *
 * @module
 */

import { checkList, checkSizes, checkTensors, isListOfNumbers } from "../engine/arguments.ts";
import { take } from "../engine/indexing.ts";
import { concat } from "../engine/joining.ts";
import { dims } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";

/**
 * The mean of each word and its neighbours.
 *
 * @param embedded one static vector for each word of a sentence, `[T, E]`
 * @param reach words on either side
 * @returns one vector for each word in its window, `[T, E]`
 */
export function windowMeans(embedded: Tensor, reach: number): Tensor {
  checkTensors("average", { embedded });
  checkSizes("average", { reach }, { min: 0 });
  const { T } = dims(embedded, "T E");
  if (T === 0) return embedded;
  const rows = Array.from({ length: T }, (_, t) => {
    // $N(t)$: the window, cut off at both ends of the sentence.
    const window = embedded.slice(0, Math.max(0, t - reach), Math.min(T, t + reach + 1));

    // $m_t$
    return window.mean(0).unsqueeze(0);
  });
  return concat(rows, 0);
}

/**
 * The cosines of all pairs of rows.
 *
 * @param a vectors, `[N, E]`
 * @param b vectors, `[M, E]`
 * @returns a row for each of `a`, `[N, M]`
 * @throws {TypeError} if the widths disagree
 */
export function cosineMatrix(a: Tensor, b: Tensor): Tensor {
  checkTensors("compare", { a, b });
  const { E } = dims(a, "N E");
  dims(b, "M E", { E });
  // A vector of zeros has no direction: its cosines are 0.
  const unit = (x: Tensor): Tensor => x.div(x.square().sum(-1, { keepDims: true }).sqrt().maximum(1e-12));
  return unit(a).matmul(unit(b).transpose(0, 1));
}

/**
 * The vectors of one word, wherever it stands in a batch.
 *
 * @param states one vector for each word of each sentence, as a network returns them, `[B, T, E]`
 * @param sentences their ids, without padding
 * @param token the word
 * @returns one row for each occurrence, in reading order, `[N, E]`
 * @throws {RangeError} if it occurs nowhere, or a sentence is longer than the states
 */
export function occurrencesOf(states: Tensor, sentences: readonly ArrayLike<number>[], token: number): Tensor {
  checkTensors("find a word", { states });
  checkList("find a word", "sentences", sentences, "lists of tokens", isListOfNumbers);
  checkSizes("find a word", { token }, { min: 0 });
  const { T, E } = dims(states, "B T E", { B: sentences.length });
  const places = sentences.flatMap((sentence, b) =>
    Array.from(sentence).flatMap((id, t): number[] => id === token ? [b * T + t] : [])
  );
  const long = sentences.find(({ length }) => length > T);
  if (long) {
    throw new RangeError(`Cannot find a word in a sentence of ${long.length} tokens: there are states for ${T}`);
  }
  if (places.length === 0) throw new RangeError(`Cannot find token ${token} in ${sentences.length} sentences`);
  return take(states.reshape([-1, E]), places);
}

/**
 * How alike the vectors of one word are: the mean cosine of all pairs.
 *
 * Takes $O(NE)$ time: the sum of all cosines is the square of the length of the sum of all unit vectors. It includes the cosine of
 * each vector with itself, $N$ times 1, which is taken off.
 *
 * @param occurrences the vectors of a word, `[N, E]`, at least two
 * @returns one number, 1 for static vectors
 */
export function selfSimilarity(occurrences: Tensor): Tensor {
  checkTensors("compare", { occurrences });
  const { N } = dims(occurrences, "N E");
  if (N < 2) throw new RangeError(`Cannot compare ${N} vectors with each other: at least two are needed`);
  const unit = occurrences.div(occurrences.square().sum(-1, { keepDims: true }).sqrt().maximum(1e-12));
  return unit.sum(0).square().sum().sub(N).div(N * (N - 1));
}

// ## The same word in two sentences
//
// The [experiment](experiments/static_and_contextual.ts) trains four kinds of vectors on sentences in which *apple* is a fruit or a company: word2vec, its means in a window, a Transformer that fills in masked words and reads both ways, and a Transformer that predicts the next word and sees only what is before it. A Transformer is a network made of attention ([chapter](../05_transformer/mod.ts)).
// BERT and GPT are such networks: BERT learns to predict a word that was blanked out, from the words on both sides; GPT learns to predict the next word from those before it. ELMo learned earlier to predict the next word and the one before, with two
// recurrent networks, LSTMs ([chapter](../03_language_models/mod.ts)).
//
// **The notes, 001.5.** It holds with a condition. BERT and GPT compute a vector from the context. A vector can follow its context without attention, too: ELMo does it with two LSTMs, and a mean in a window does it as well. But a GPT sees the words *before* one
// only. A word that opens a text has nothing before it, so its vector is the same in every text that it opens.
//
// **The notes, 001.7.** It holds for BERT, and the numbers of the two vectors are made up. In *Apple released iOS* the word opens the sentence. So a GPT gives this *Apple* the vector that it has in *Apple tastes sweet*.
//
// **The notes, 001.8.** It holds. What is stored are the rows of a table, which are static, and the weights of the layers. The vector of an occurrence is computed anew for each sentence.
//
// **The notes, 001.1.** It is one kind of pre-training, that of word2vec: a table of vectors is handed on. BERT and GPT hand on the whole network, and their table alone is a set of static vectors.
//
// **The notes, 001.6.** A language model is trained to predict. Vectors of words in context come with it, and can be taken out of any layer. A GPT that writes a text is used without anybody looking at them.

// ## Pitfall: a high cosine that means nothing
//
// A cosine close to 1 between two occurrences looks like one meaning. If different words of the same model are as close, it says nothing. The test "selfSimilarity() is that of all words where a cone is narrow" builds such vectors.

// ## Exercise
//
// Subtract the mean of many vectors from all of them before the cosines are taken. What becomes of the narrow cone?
//
// **Hint.** Take vectors around (10, 0) that differ in small ways.
//
// **Solution.** The common part is gone, and the cosines show the differences: they spread from −1 to 1.
//
// ```ts
// import { cosineMatrix } from "@heed/heed/words";
// import { tensor } from "@heed/heed/engine";
//
// const cone = tensor([[10, 1], [10, -1], [11, 1], [9, -1]]);
// const show = async (x: typeof cone) => console.log(Array.from((await cosineMatrix(x, x).read()).slice(0, 4), (c) => c.toFixed(2)).join(" "));
// await show(cone);
// await show(cone.sub(cone.mean(0)));
// ```
//
// ```text
// 1.00 0.98 1.00 0.98
// 1.00 -1.00 0.71 -0.71
// ```
