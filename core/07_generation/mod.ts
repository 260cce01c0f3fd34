/**
 * # 7 · Generation
 *
 * **Question.** A trained model gives a probability to every sequence. How does it generate one: a
 * probable one, a diverse one, a correct one, and with low latency?
 *
 * **Idea.** How far its probabilities can be trusted comes first ([section](confidence.ts), [section](hallucination.ts)). There are two kinds of decoding algorithm (解码算法). The first changes the distribution
 * of the next token, and samples from it: sampling (采样, [section](sampling.ts)), truncation
 * ([section](truncation.ts)), temperature ([section](temperature.ts)), a second model ([section](contrastive.ts)). The second draws nothing and looks
 * for a probable sequence (mode-seeking search, 模式寻优搜索): token by token in greedy search, with several prefixes at once in beam search
 * ([section](greedy_and_beam.ts)). Both run in one loop, which keeps the keys and values that it has computed
 * ([section](kv_cache.ts)), all of them or a few ([section](windows_and_sinks.ts)). A pass over the whole prompt comes first (prefill), then one pass for each token (decoding).
 *
 * | page              | answers                                              |
 * | ----------------- | ---------------------------------------------------- |
 * | `rules`           | what all decoding rules have in common               |
 * | `search`          | what all searches have in common                     |
 * | `confidence`      | how sure a model is, and how often it is right then  |
 * | `hallucination`   | why a model states what is false, and whether it knows |
 * | `stops`           | where a text ends                                    |
 * | `sampling`        | how to sample, and what a model must offer           |
 * | `truncation`      | which tokens should never be drawn                   |
 * | `temperature`     | how diverse the samples are                          |
 * | `repetition`      | how to avoid repetition                              |
 * | `forbidden_and_forced` | how words are banned, biased and forced     |
 * | `contrastive`     | what a strong model knows that a weak one does not   |
 * | `contrastive_search` | how a search avoids saying the same thing again   |
 * | `greedy_and_beam` | how the most probable sequence is found              |
 * | `beam_sampling`   | how beams are drawn                                  |
 * | `beam_variants`   | how several different sequences are found            |
 * | `minimum_bayes_risk` | how a sentence is chosen for what it says         |
 * | `constraints`     | how a text is made to comply with rules              |
 * | `speculative`     | how several tokens come of one call                  |
 * | `kv_cache`        | how keys and values are computed once                |
 * | `windows_and_sinks` | how a text goes on without end in a fixed memory |
 * | `prompt_cache`    | what is kept from call to call                       |
 * | `session`         | what keeps the state of a model in use               |
 * | `sequences`       | what the loop asks a search, of whichever kind       |
 * | `outputs`         | what is kept of a step                               |
 * | `on_device`       | how a GPU goes on without the host                   |
 * | `options`         | how options become rules and a search                |
 * | `generate`        | how one loop serves all of them                      |
 * | `batch`           | how one loop serves texts that come and go           |
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

export {
  applyRules,
  checkTask,
  type DecodingContext,
  type DecodingTask,
  type DeviceContext,
  type ForcedToken,
  type LogitsRule,
  type RuleTask,
} from "./rules.ts";
export type {
  Alternative,
  Beam,
  Choice,
  Generation,
  Hypothesis,
  ScoredPrefix,
  Search,
  SearchState,
  SequenceLimits,
  SequenceSearch,
  Speculation,
  StepAttention,
  StepOutput,
  TokenSearch,
} from "./search.ts";
export {
  type BrierScore,
  brierScore,
  type CalibrationBin,
  calibrationError,
  type Confidence,
  confidenceOf,
  equalMassBins,
  equalWidthBins,
  fitTemperature,
  type Prediction,
  topPredictions,
} from "./confidence.ts";
export { type Agreement, agreementOf, auroc, falseMass, type Selection, selectiveErrors } from "./hallucination.ts";
export { type Ending, type Reader, type StopStrings, stopStrings } from "./stops.ts";
export * from "./sampling.ts";
export { epsilonRule, etaRule, minPRule, topKRule, topNSigmaRule, topPRule, typicalRule } from "./truncation.ts";
export { temperatureRule } from "./temperature.ts";
export {
  type DryOptions,
  dryRule,
  frequencyRule,
  noRepeatNgramRule,
  presenceRule,
  repetitionRule,
} from "./repetition.ts";
export {
  bannedWordsRule,
  forcedFirstRule,
  forcedLastRule,
  type LogitBias,
  logitBiasRule,
  minNewTokensRule,
  prefixRule,
  suppressRule,
} from "./forbidden_and_forced.ts";
export {
  contrast,
  contrastiveDecoder,
  type ContrastiveOptions,
  type ContrastOptions,
  jointDecoder,
} from "./contrastive.ts";
export {
  ContrastiveSearch,
  contrastiveSearch,
  type ContrastiveSearchOptions,
  type ContrastiveSearchSettings,
  degenerationPenalty,
} from "./contrastive_search.ts";
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
export { beamSampling, type BeamSamplingOptions } from "./beam_sampling.ts";
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
export * from "./minimum_bayes_risk.ts";
export { allowOnly, keptMass } from "./constraints/mod.ts";
export {
  type ConstrainedBeamOptions,
  constrainedBeamSearch,
  neededTokens,
  type RequiredWord,
  type RequiredWords,
  requiredWords,
  requiredWordsRule,
} from "./constraints/required_words.ts";
export {
  type DrawnText,
  highestRate,
  type Rejection,
  type RejectionOptions,
  rejectionSampling,
} from "./constraints/rejection.ts";
export {
  type FudgeOptions,
  fudgeRule,
  PrefixClassifier,
  type PrefixClassifierOptions,
  prefixLoss,
  type PrefixScorer,
} from "./constraints/fudge.ts";
export { rewardLoss, type RewardOptions, rewardRule } from "./constraints/rewards.ts";
export {
  dpoLoss,
  type DpoOptions,
  klToReference,
  preferenceLoss,
  type ScoredPairs,
  textLogProbabilities,
  type TextOptions,
} from "./constraints/preferences.ts";
export { grammarRule } from "./constraints/token_masks.ts";
export { regularExpression } from "./constraints/regular_expressions.ts";
export { contextFreeGrammar } from "./constraints/context_free.ts";
export { type JsonSchema, jsonSchema, type JsonSchemaOptions } from "./constraints/json_schema.ts";
export { type ByteRow, byteRows, type Characters } from "./constraints/characters.ts";
export type {
  Compared,
  Composed,
  Expression,
  Named,
  OneCharacter,
  Repeated,
  Rules,
} from "./constraints/expressions.ts";
export { Grammar, type GrammarLimits, type GrammarOptions } from "./constraints/grammar.ts";
export type { Place, Pushdown, PushdownState, Stack } from "./constraints/pushdown.ts";
export {
  acceptanceRate,
  adaptiveLength,
  type AdaptiveLengthOptions,
  constantLength,
  type Draft,
  type Drafter,
  type DraftLength,
  type DraftStart,
  expectedTokens,
  judge,
  modelDraft,
  type ModelDraftOptions,
  promptLookup,
  type PromptLookupOptions,
  type Proposal,
  residual,
} from "./speculative.ts";
export { cacheBytes, type CacheSize, type CacheType, KeyValueCache } from "./kv_cache.ts";
export {
  RollingCache,
  rollingMask,
  type RollingOptions,
  rollingWindow,
  streamLosses,
  type StreamLossOptions,
} from "./windows_and_sinks.ts";
export { PromptCache } from "./prompt_cache.ts";
export type { ContextWindow, Passed, SeenRow, SessionMemory, SessionOptions, Watch } from "./session.ts";
export { type ChosenToken, SeveralSequences, SingleSequence } from "./sequences.ts";
export { type SequenceRecorder, type StepRecorder, stepRecorder } from "./outputs.ts";
export { draw } from "./on_device.ts";
export type {
  GenerateOptions,
  GenerationProgress,
  LoopOptions,
  OutputOptions,
  RuleOptions,
  SearchOptions,
  StreamOptions,
} from "./options.ts";
export * from "./generate.ts";
export { Batch, type BatchedText, type BatchOptions, type JoinOptions } from "./batch.ts";
