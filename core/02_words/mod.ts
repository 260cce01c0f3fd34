/**
 * # 2 · Words
 *
 * **Question.** A network computes with numbers; a text is made of characters. What bridges the two, in
 * both directions?
 *
 * **Idea.** On the way in, text is cut into tokens (词元), and each token becomes a word vector
 * (词向量). On the way out a row of scores, one per token of the vocabulary (词表), becomes a
 * distribution (概率分布) over what comes next: a probability for each token, all summing to one.
 *
 * | page                 | answers                                                   |
 * | -------------------- | --------------------------------------------------------- |
 * | `byte_pair_encoding` | what the units are, when texts never stop inventing words |
 * | `unigram`            | which way to cut a word is the most probable one          |
 * | `multilingual`       | how small languages get pieces, and how a model sees many ways to cut |
 * | `embeddings`         | how a token becomes a vector that a network can compare   |
 * | `word2vec`           | what vectors of words learn from a text without labels    |
 * | `static_and_contextual` | what becomes of a word with two meanings               |
 * | `before_tokens`      | what happens to a text before it is cut into tokens       |
 * | `softmax`            | how scores become probabilities                           |
 *
 * ## What a network is, and how it learns
 *
 * A network is a function that is put together of simple steps, its *layers*, and contains numbers
 * that nobody writes down, its *parameters* or weights. The commonest layer multiplies a vector by a
 * matrix of parameters and adds a vector of parameters: [a linear layer](../engine/linear.ts), $xW + b$. From here on vectors are rows and stand left of the matrix, so each column of
 * $W$ holds the weights of one sum; $Wx$ of [section](../01_introduction/bag_of_words.ts) is the same with the transpose ([chapter](../01_introduction/mod.ts)). Between
 * two of them every number goes through a function that is not a straight line, such as tanh, an S-shaped curve from −1 to 1. What
 * passes from layer to layer is a hidden vector; the number of its entries is the hidden width. A *classifier* ends
 * with one score per class, and its answer is the class with the largest one.
 *
 * *Training* finds the parameters. The network answers examples whose right answers are known, and
 * one number, the *loss*, says how wrong it was ([section](../06_training/loss.ts)). The *gradient*
 * of the loss has an entry for every parameter: by how much the loss grows when this parameter
 * grows a little, that is, a derivative. A step moves every parameter a little against its entry,
 * and the loss falls ([section](../06_training/optimizers.ts)). Then come the next examples. The experiments of
 * this book take some hundred steps, large models many more.
 *
 * The gradient is computed from the last layer to the first, by the chain rule. Each layer is handed the
 * derivatives of the loss with respect to its output, and passes on, or back, those with respect to
 * its input: [`backward()`](../engine/autograd.ts). A layer that passes hardly any gradient back
 * leaves the layers before it without a direction to move in.
 *
 * The smallest network has one input $x = 1$, one parameter $w = 3$ and the output $y = w x = 3$. The right answer is 6, and the loss is $L = (y - 6)^2 = 9$. The derivative of the loss with respect to the output is
 * $2 (y - 6) = -6$. By the chain rule, that with respect to the parameter is $-6 \cdot x = -6$; what is passed back to the input is $-6 \cdot w = -18$. After a step of $0.01$ against the gradient $w = 3 + 0.06 = 3.06$ and
 * $L = (3.06 - 6)^2 = 8.64$.
 *
 * ## Notation
 *
 * The vocabulary has $V$ tokens, in code `vocabSize`. A token is an integer from 0 on; `tokens`
 * are ids (索引) of kind int32, `[B, T]` for $B$ texts of $T$ positions. An embedding (词嵌入) has
 * the hidden width $E$. Scores before the softmax are called `logits`, after it
 * `probabilities`. In a vocabulary of byte-pair encoding or of the unigram model the four special
 * tokens pad, begin, end and unknown have the ids 0, 1, 2 and 3. WordPiece, in `before_tokens`, has
 * five of its own, those of BERT, and its unknown token is written `[UNK]`. Pad fills up short texts, begin and end mark
 * the two ends, and unknown stands for what the vocabulary lacks.
 *
 * ## What the code takes from the engine
 *
 * | name                             | does                                                                    |
 * | -------------------------------- | ----------------------------------------------------------------------- |
 * | `Tensor`                         | an array with axes; `matmul`, `sum`, … return further tensors           |
 * | `dims(x, "B T E")`               | checks the axes of `x` and names their sizes                            |
 * | `parameter`, `backward()`        | mark a tensor as trained, and leave its gradient in `grad`              |
 * | `Module`, `Linear`               | own parameters; $xW + b$                                                |
 * | `fusable`                        | runs the definition that it is given, or the device's own program for it |
 * | `Random`                         | random numbers; the same seed gives the same ones                       |
 *
 * A *device* is what computes: the processor or a graphics card. For many definitions of this book it has a faster program, a *kernel*, and tests check that it gives the same numbers as
 * the code printed here; the kernel is then what runs. The device named reference has none. To change a definition
 * and see what becomes of it, select that device first: `await useDevice("reference")`.
 *
 * @example
 * ```ts
 * import { trainBytePairEncoding } from "@heed/heed/words";
 *
 * const vocabulary = await trainBytePairEncoding(["low lower lowest"], { vocabSize: 20, level: "characters" });
 * console.assert(vocabulary.decode(vocabulary.encode("lower")) === "lower");
 * ```
 *
 * @module
 */

export * from "./byte_pair_encoding/mod.ts";
export * from "./unigram/mod.ts";
export * from "./multilingual.ts";
export * from "./embeddings.ts";
export * from "./word2vec/mod.ts";
export * from "./static_and_contextual.ts";
export * from "./before_tokens/mod.ts";
export * from "./softmax.ts";
