/**
 * # 2 · Words
 *
 * A network computes with numbers; a text is made of signs. This chapter builds the bridge in
 * both directions: text is cut into tokens (词元), each token becomes a vector, and at the far
 * end a row of scores, one per token of the vocabulary (词表), becomes a distribution over what
 * comes next.
 *
 * | section | file                    | question                                                        |
 * | ------- | ----------------------- | --------------------------------------------------------------- |
 * | 2.1     | `byte_pair_encoding.ts` | what are the units, when texts never stop inventing words?      |
 * | 2.4     | `embeddings.ts`         | how does a token number become something a network can compare? |
 * | 2.4     | `softmax.ts`            | how do scores become probabilities?                             |
 *
 * **Notation.** The vocabulary has $V$ tokens, in code `vocabSize`. A token is an integer from 0
 * on; `tokens` are ids of kind int32, `[B, T]` for $B$ texts of $T$ positions. An embedding
 * (词嵌入) has the hidden width $E$. Scores before the softmax are called `logits`, after it
 * `probabilities`. The four special tokens pad, begin, end and unknown have the ids 0, 1, 2 and
 * 3.
 *
 * @module
 */

export * from "./byte_pair_encoding.ts";
export * from "./embeddings.ts";
export * from "./softmax.ts";
