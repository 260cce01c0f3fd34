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
 * | `rules`           | what all decoding rules have in common               |
 * | `search`          | what all searches have in common                     |
 * | `sampling`        | how chance becomes text, and what a model must offer |
 * | `truncation`      | which tokens should never be drawn                   |
 * | `temperature`     | how bold the draw is                                 |
 * | `repetition`      | how a text is kept from going in circles             |
 * | `greedy_and_beam` | how the most probable text is found                  |
 * | `beam_variants`   | how several texts are found that differ              |
 * | `kv_cache`        | how nothing is computed twice                        |
 * | `session`         | who remembers what a model has seen                  |
 * | `sequences`       | what the loop asks a search, of whichever kind       |
 * | `on_device`       | how a GPU writes on without being asked              |
 * | `options`         | how words become rules and a search                  |
 * | `generate`        | how one loop serves all of them                      |
 *
 * ## Notation
 *
 * $z$ are logits, $p$ probabilities, $V$ is the vocabulary, $W$ the number of beams, $\tau$ the
 * temperature. A forbidden token has logit $-\infty$.
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

export { applyRules, type DecodingContext, type DecodingTask, type DeviceContext, type LogitsRule } from "./rules.ts";
export type {
  Beam,
  Choice,
  Generation,
  Hypothesis,
  ScoredPrefix,
  Search,
  SearchState,
  SequenceLimits,
  SequenceSearch,
  TokenSearch,
} from "./search.ts";
export * from "./sampling.ts";
export { epsilonRule, minPRule, topKRule, topPRule, typicalRule } from "./truncation.ts";
export { temperatureRule } from "./temperature.ts";
export { noRepeatNgramRule, repetitionRule } from "./repetition.ts";
export {
  type BeamOptions,
  BeamSearch,
  beamSearch,
  type BeamSearchOptions,
  beamStep,
  gnmtLengthPenalty,
  greedy,
  greedySearch,
  type LengthPenalty,
  powerLengthPenalty,
  type Prefix,
} from "./greedy_and_beam.ts";
export {
  type DiverseBeamOptions,
  DiverseBeamSearch,
  diverseBeamSearch,
  type DiverseBeamSearchOptions,
  type DrawnHypothesis,
  type StochasticBeamOptions,
  StochasticBeamSearch,
  stochasticBeamSearch,
  type StochasticBeamSearchOptions,
  type TokenSimilarity,
} from "./beam_variants.ts";
export * from "./kv_cache.ts";
export type { SessionOptions } from "./session.ts";
export { SeveralSequences, SingleSequence } from "./sequences.ts";
export { draw } from "./on_device.ts";
export type {
  GenerateOptions,
  GenerationProgress,
  LoopOptions,
  RuleOptions,
  SearchOptions,
  StreamOptions,
} from "./options.ts";
export * from "./generate.ts";
