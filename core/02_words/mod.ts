/**
 * # 2 · Words
 *
 * **Question.** A network computes with numbers; a text is made of signs. What bridges the two, in
 * both directions?
 *
 * **Idea.** On the way in, text is cut into tokens (词元), and each token becomes a word vector
 * (词向量). On the way out a row of scores, one per token of the vocabulary (词表), becomes a
 * distribution (概率分布) over what comes next.
 *
 * | section | page                 | answers                                                   |
 * | ------- | -------------------- | --------------------------------------------------------- |
 * | 2.1     | `byte_pair_encoding` | what the units are, when texts never stop inventing words |
 * | 2.4     | `embeddings`         | how a token becomes a vector that a network can compare   |
 * |         | `softmax`            | how scores become probabilities                           |
 *
 * ## Notation
 *
 * The vocabulary has $V$ tokens, in code `vocabSize`. A token is an integer from 0 on; `tokens`
 * are ids (索引) of kind int32, `[B, T]` for $B$ texts of $T$ positions. An embedding (词嵌入) has
 * the hidden width $E$. Scores before the softmax are called `logits`, after it
 * `probabilities`. The four special tokens pad, begin, end and unknown have the ids 0, 1, 2 and
 * 3.
 *
 * ## What the code takes from the engine
 *
 * | name                             | does                                                                    |
 * | -------------------------------- | ----------------------------------------------------------------------- |
 * | `Tensor`                         | an array with axes; `matmul`, `sum`, … return further tensors           |
 * | `dims(x, "B T E")`               | checks the axes of `x` and names their sizes                            |
 * | `parameter`, `backward()`        | mark a tensor as trained, and leave its gradient in `grad`              |
 * | `Module`, `Linear`               | own parameters; $xW + b$                                                |
 * | `fusable(name, inputs, …, () =>` | computes the definition that follows, or a device's kernel of that name |
 * | `Random`                         | chance that a seed repeats                                              |
 *
 * The CPU device has kernels for many definitions. To see what a changed definition computes, select
 * the reference device, `await useDevice("reference")`, which has none.
 *
 * @module
 */

export * from "./byte_pair_encoding.ts";
export * from "./embeddings.ts";
export * from "./softmax.ts";
