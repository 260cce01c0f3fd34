/**
 * # 7 · Generation
 *
 * **Question.** A trained model gives a probability to every text. How does one text come out of it: a
 * likely one, a varied one, a correct one, and fast?
 *
 * **Idea.** There are two kinds of decoding algorithm (解码算法). The first reshapes the distribution
 * of the next token, and draws: sampling (采样, [section](sampling.ts)), truncation
 * ([section](truncation.ts)), temperature ([section](temperature.ts)). The second looks at whole
 * texts and searches for the best (mode-seeking search, 模式寻优搜索): greedy and beam search
 * ([section](greedy_and_beam.ts)). Both run in one loop, which remembers what it has computed
 * ([section](kv_cache.ts)).
 *
 * | page              | answers                                              |
 * | ----------------- | ---------------------------------------------------- |
 * | `sampling`        | how chance becomes text, and what a model must offer |
 * | `truncation`      | which tokens should never be drawn                   |
 * | `temperature`     | how bold the draw is                                 |
 * | `greedy_and_beam` | how the most probable text is found                  |
 * | `beam_variants`   | how several texts are found that differ              |
 * | `kv_cache`        | how nothing is computed twice                        |
 * | `on_device`       | how a GPU writes on without being asked              |
 * | `generate`        | how one loop serves all of them                      |
 *
 * ## Notation
 *
 * $z$ are logits, $p$ probabilities, $V$ is the vocabulary, $W$ the number of beams, $\tau$ the
 * temperature. A decoding rule is a function `(logits, context) => logits` on plain float64 arrays; a forbidden token has logit
 * $-\infty$.
 *
 * @example
 * ```ts
 * import { Random } from "@heed/heed/engine";
 * import { sample } from "@heed/heed/generation";
 *
 * console.assert(sample([-Infinity, 0, -Infinity], new Random(1)) === 1);
 * ```
 *
 * @module
 */

export * from "./sampling.ts";
export * from "./truncation.ts";
export * from "./temperature.ts";
export * from "./greedy_and_beam.ts";
export * from "./beam_variants.ts";
export * from "./kv_cache.ts";
export * from "./on_device.ts";
export * from "./generate.ts";
