/**
 * # 4 · Attention
 *
 * **Question.** A recurrent network reads a sentence word by word and keeps one vector of what it has
 * read, which every word changes. Past some distance even an LSTM has lost the first word, although its gates
 * protect what it keeps ([section](../03_language_models/lstm/mod.ts#how-far-back); [the notes](notes:001.12) say two hundred words).
 * Can a position fetch what it needs from any other position, however far (long-distance
 * dependency, 长距离依赖), in one step?
 *
 * **Idea.** A person who reads picks out of much information the little that matters for the
 * task at hand. Attention (注意力机制) does the same with numbers: every position asks a
 * *query* (查询), every position offers a *key* (键) to be found by and a *value* (值) to be
 * handed over. How well a query matches a key decides the weight of that value in the result. [The
 * notes](notes:001.15) compare it with a search engine: the query is what is typed, the key is what a page is
 * filed under, the value is the page. In the [translator](../03_language_models/rnn_encoder_decoder.ts) of the last chapter the state of the decoder
 * would be the query, and the states of the encoder, one after each source word, both keys and values: the decoder gets an average of those
 * states that match its own.
 *
 * | page                 | answers                                             |
 * | -------------------- | --------------------------------------------------- |
 * | `scaled_dot_product` | how queries, keys and values become an output       |
 * | `self_and_cross`     | where queries, keys and values come from            |
 * | `masks`              | who may look at whom                                |
 * | `multi_head`         | how one position asks several questions at once     |
 * | `positions`          | how attention, which sees a set, learns about order |
 *
 * ## Notation
 *
 * | letter | axis                                              |
 * | ------ | ------------------------------------------------- |
 * | B      | batch: independent examples                       |
 * | T      | target positions, those that ask                  |
 * | S      | source positions, those that are asked            |
 * | H      | heads                                             |
 * | G      | groups of heads that share keys and values        |
 * | D      | width of a head                                   |
 * | E      | width of a hidden vector                          |
 * | C      | width of the context, `E` unless it differs       |
 *
 * From here on H counts heads; the width of a hidden vector is E. The context is the sequence that is asked. (In the [chapter](../03_language_models/mod.ts) before, the context of a token was what stands before it.) In formulas $V$ is the matrix of the values; as the size of
 * an axis, V is the number of words in the vocabulary.
 *
 * A position is a row: $Q$, $K$ and $V$ hold one query, key or value per *row*, and a row of
 * weights sums to one. (The lectures behind [the notes](notes:002.4) stack them as columns and normalize
 * columns; it is the same computation, transposed.) A mask is boolean and says `true` where
 * looking is allowed.
 *
 * @example
 * ```ts
 * import { causalMask, scaledDotProductAttention } from "@heed/heed/attention";
 * import { Random } from "@heed/heed/engine";
 *
 * const [query, key, value] = [1, 2, 3].map((seed) => new Random(seed).normal([1, 2, 4, 8]));
 * const output = scaledDotProductAttention(query!, key!, value!, { mask: causalMask(4) });
 * console.assert(String(output.shape) === "1,2,4,8");
 * ```
 *
 * @module
 */

export * from "./scaled_dot_product.ts";
export * from "./self_and_cross.ts";
export * from "./masks.ts";
export * from "./multi_head.ts";
export * from "./positions/mod.ts";
