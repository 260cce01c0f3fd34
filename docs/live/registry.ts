/**
 * # Every experiment, for a worker
 *
 * Written by `deno task registry`: the list of experiments by imports that the bundler can follow, so that each is a
 * file of its own, fetched when it is run.
 *
 * @module
 */

import type { Entry } from "../../core/experiments/experiment.ts";

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Entry[] = [
  {
    name: "introduction/tasks_and_shapes",
    load: async () => (await import("../../core/01_introduction/experiments/tasks_and_shapes.ts")).experiment,
    words: async () => (await import("../../core/01_introduction/experiments/tasks_and_shapes.words.ts")).words,
  },
  {
    name: "introduction/rule_based_classifier",
    load: async () => (await import("../../core/01_introduction/experiments/rule_based_classifier.ts")).experiment,
    words: async () => (await import("../../core/01_introduction/experiments/rule_based_classifier.words.ts")).words,
  },
  {
    name: "introduction/bag_of_words",
    load: async () => (await import("../../core/01_introduction/experiments/bag_of_words.ts")).experiment,
    words: async () => (await import("../../core/01_introduction/experiments/bag_of_words.words.ts")).words,
  },
  {
    name: "introduction/evaluation",
    load: async () => (await import("../../core/01_introduction/experiments/evaluation.ts")).experiment,
    words: async () => (await import("../../core/01_introduction/experiments/evaluation.words.ts")).words,
  },
  {
    name: "introduction/three_ways",
    load: async () => (await import("../../core/01_introduction/experiments/three_ways.ts")).experiment,
    words: async () => (await import("../../core/01_introduction/experiments/three_ways.words.ts")).words,
  },
  {
    name: "words/byte_pair_encoding",
    load: async () => (await import("../../core/02_words/experiments/byte_pair_encoding.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/byte_pair_encoding.words.ts")).words,
  },
  {
    name: "words/unigram",
    load: async () => (await import("../../core/02_words/experiments/unigram.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/unigram.words.ts")).words,
  },
  {
    name: "words/multilingual",
    load: async () => (await import("../../core/02_words/experiments/multilingual.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/multilingual.words.ts")).words,
  },
  {
    name: "words/multilingual/regularization",
    load: async () => (await import("../../core/02_words/experiments/multilingual/regularization.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/multilingual/regularization.words.ts")).words,
  },
  {
    name: "words/embeddings",
    load: async () => (await import("../../core/02_words/experiments/embeddings.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/embeddings.words.ts")).words,
  },
  {
    name: "words/embeddings/bags",
    load: async () => (await import("../../core/02_words/experiments/embeddings/bags.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/embeddings/bags.words.ts")).words,
  },
  {
    name: "words/embeddings/reviews",
    load: async () => (await import("../../core/02_words/experiments/embeddings/reviews.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/embeddings/reviews.words.ts")).words,
  },
  {
    name: "words/word2vec",
    load: async () => (await import("../../core/02_words/experiments/word2vec.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/word2vec.words.ts")).words,
  },
  {
    name: "words/static_and_contextual",
    load: async () => (await import("../../core/02_words/experiments/static_and_contextual.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/static_and_contextual.words.ts")).words,
  },
  {
    name: "words/before_tokens",
    load: async () => (await import("../../core/02_words/experiments/before_tokens.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/before_tokens.words.ts")).words,
  },
  {
    name: "words/softmax",
    load: async () => (await import("../../core/02_words/experiments/softmax.ts")).experiment,
    words: async () => (await import("../../core/02_words/experiments/softmax.words.ts")).words,
  },
  {
    name: "language_models/autoregressive",
    load: async () => (await import("../../core/03_language_models/experiments/autoregressive.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/autoregressive.words.ts")).words,
  },
  {
    name: "language_models/autoregressive/classes",
    load: async () => (await import("../../core/03_language_models/experiments/autoregressive/classes.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/autoregressive/classes.words.ts")).words,
  },
  {
    name: "language_models/n_grams",
    load: async () => (await import("../../core/03_language_models/experiments/n_grams.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/n_grams.words.ts")).words,
  },
  {
    name: "language_models/n_grams/order",
    load: async () => (await import("../../core/03_language_models/experiments/n_grams/order.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/n_grams/order.words.ts")).words,
  },
  {
    name: "language_models/n_grams/tf_idf",
    load: async () => (await import("../../core/03_language_models/experiments/n_grams/tf_idf.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/n_grams/tf_idf.words.ts")).words,
  },
  {
    name: "language_models/n_grams/intervening",
    load: async () => (await import("../../core/03_language_models/experiments/n_grams/intervening.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/n_grams/intervening.words.ts")).words,
  },
  {
    name: "language_models/n_grams/filtering",
    load: async () => (await import("../../core/03_language_models/experiments/n_grams/filtering.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/n_grams/filtering.words.ts")).words,
  },
  {
    name: "language_models/feed_forward_lm",
    load: async () => (await import("../../core/03_language_models/experiments/feed_forward_lm.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/feed_forward_lm.words.ts")).words,
  },
  {
    name: "language_models/feed_forward_lm/window",
    load: async () => (await import("../../core/03_language_models/experiments/feed_forward_lm/window.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/feed_forward_lm/window.words.ts")).words,
  },
  {
    name: "language_models/rnn",
    load: async () => (await import("../../core/03_language_models/experiments/rnn.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/rnn.words.ts")).words,
  },
  {
    name: "language_models/rnn/clipping",
    load: async () => (await import("../../core/03_language_models/experiments/rnn/clipping.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/rnn/clipping.words.ts")).words,
  },
  {
    name: "language_models/lstm",
    load: async () => (await import("../../core/03_language_models/experiments/lstm.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/lstm.words.ts")).words,
  },
  {
    name: "language_models/lstm/forget_gates",
    load: async () => (await import("../../core/03_language_models/experiments/lstm/forget_gates.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/lstm/forget_gates.words.ts")).words,
  },
  {
    name: "language_models/lstm/recall",
    load: async () => (await import("../../core/03_language_models/experiments/lstm/recall.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/lstm/recall.words.ts")).words,
  },
  {
    name: "language_models/cnn",
    load: async () => (await import("../../core/03_language_models/experiments/cnn.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/cnn.words.ts")).words,
  },
  {
    name: "language_models/cnn/receptive_field",
    load: async () => (await import("../../core/03_language_models/experiments/cnn/receptive_field.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/cnn/receptive_field.words.ts")).words,
  },
  {
    name: "language_models/rnn_encoder_decoder",
    load: async () => (await import("../../core/03_language_models/experiments/rnn_encoder_decoder.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/rnn_encoder_decoder.words.ts")).words,
  },
  {
    name: "language_models/efficiency",
    load: async () => (await import("../../core/03_language_models/experiments/efficiency.ts")).experiment,
    words: async () => (await import("../../core/03_language_models/experiments/efficiency.words.ts")).words,
  },
  {
    name: "attention/scaled_dot_product",
    load: async () => (await import("../../core/04_attention/experiments/scaled_dot_product.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/scaled_dot_product.words.ts")).words,
  },
  {
    name: "attention/self_and_cross",
    load: async () => (await import("../../core/04_attention/experiments/self_and_cross.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/self_and_cross.words.ts")).words,
  },
  {
    name: "attention/self_and_cross/matrices",
    load: async () => (await import("../../core/04_attention/experiments/self_and_cross/matrices.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/self_and_cross/matrices.words.ts")).words,
  },
  {
    name: "attention/masks",
    load: async () => (await import("../../core/04_attention/experiments/masks.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/masks.words.ts")).words,
  },
  {
    name: "attention/multi_head",
    load: async () => (await import("../../core/04_attention/experiments/multi_head.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/multi_head.words.ts")).words,
  },
  {
    name: "attention/positions",
    load: async () => (await import("../../core/04_attention/experiments/positions.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/positions.words.ts")).words,
  },
  {
    name: "attention/positions/rotation",
    load: async () => (await import("../../core/04_attention/experiments/positions/rotation.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/positions/rotation.words.ts")).words,
  },
  {
    name: "attention/positions/extrapolation",
    load: async () => (await import("../../core/04_attention/experiments/positions/extrapolation.ts")).experiment,
    words: async () => (await import("../../core/04_attention/experiments/positions/extrapolation.words.ts")).words,
  },
  {
    name: "transformer/normalization",
    load: async () => (await import("../../core/05_transformer/experiments/normalization.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/normalization.words.ts")).words,
  },
  {
    name: "transformer/residual",
    load: async () => (await import("../../core/05_transformer/experiments/residual.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/residual.words.ts")).words,
  },
  {
    name: "transformer/feed_forward",
    load: async () => (await import("../../core/05_transformer/experiments/feed_forward.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/feed_forward.words.ts")).words,
  },
  {
    name: "transformer/encoder",
    load: async () => (await import("../../core/05_transformer/experiments/encoder.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/encoder.words.ts")).words,
  },
  {
    name: "transformer/decoder",
    load: async () => (await import("../../core/05_transformer/experiments/decoder.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/decoder.words.ts")).words,
  },
  {
    name: "transformer/encoder_decoder",
    load: async () => (await import("../../core/05_transformer/experiments/encoder_decoder.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/encoder_decoder.words.ts")).words,
  },
  {
    name: "transformer/decoder_only",
    load: async () => (await import("../../core/05_transformer/experiments/decoder_only.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/decoder_only.words.ts")).words,
  },
  {
    name: "transformer/layout",
    load: async () => (await import("../../core/05_transformer/experiments/layout.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/layout.words.ts")).words,
  },
  {
    name: "transformer/encoder_only",
    load: async () => (await import("../../core/05_transformer/experiments/encoder_only.ts")).experiment,
    words: async () => (await import("../../core/05_transformer/experiments/encoder_only.words.ts")).words,
  },
  {
    name: "training/loss",
    load: async () => (await import("../../core/06_training/experiments/loss.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/loss.words.ts")).words,
  },
  {
    name: "training/batching",
    load: async () => (await import("../../core/06_training/experiments/batching.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/batching.words.ts")).words,
  },
  {
    name: "training/optimizers",
    load: async () => (await import("../../core/06_training/experiments/optimizers.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/optimizers.words.ts")).words,
  },
  {
    name: "training/schedules",
    load: async () => (await import("../../core/06_training/experiments/schedules.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/schedules.words.ts")).words,
  },
  {
    name: "training/schedules/warmup",
    load: async () => (await import("../../core/06_training/experiments/schedules/warmup.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/schedules/warmup.words.ts")).words,
  },
  {
    name: "training/teacher_forcing",
    load: async () => (await import("../../core/06_training/experiments/teacher_forcing.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/teacher_forcing.words.ts")).words,
  },
  {
    name: "training/checkpoints",
    load: async () => (await import("../../core/06_training/experiments/checkpoints.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/checkpoints.words.ts")).words,
  },
  {
    name: "training/bleu",
    load: async () => (await import("../../core/06_training/experiments/bleu.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/bleu.words.ts")).words,
  },
  {
    name: "training/policy_gradient/encoder",
    load: async () => (await import("../../core/06_training/experiments/policy_gradient/encoder.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/policy_gradient/encoder.words.ts")).words,
  },
  {
    name: "training/policy_gradient",
    load: async () => (await import("../../core/06_training/experiments/policy_gradient.ts")).experiment,
    words: async () => (await import("../../core/06_training/experiments/policy_gradient.words.ts")).words,
  },
  {
    name: "generation/confidence",
    load: async () => (await import("../../core/07_generation/experiments/confidence.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/confidence.words.ts")).words,
  },
  {
    name: "generation/hallucination",
    load: async () => (await import("../../core/07_generation/experiments/hallucination.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/hallucination.words.ts")).words,
  },
  {
    name: "generation/sampling",
    load: async () => (await import("../../core/07_generation/experiments/sampling.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/sampling.words.ts")).words,
  },
  {
    name: "generation/truncation",
    load: async () => (await import("../../core/07_generation/experiments/truncation.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/truncation.words.ts")).words,
  },
  {
    name: "generation/temperature",
    load: async () => (await import("../../core/07_generation/experiments/temperature.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/temperature.words.ts")).words,
  },
  {
    name: "generation/contrastive",
    load: async () => (await import("../../core/07_generation/experiments/contrastive.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/contrastive.words.ts")).words,
  },
  {
    name: "generation/contrastive_search",
    load: async () => (await import("../../core/07_generation/experiments/contrastive_search.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/contrastive_search.words.ts")).words,
  },
  {
    name: "generation/greedy_and_beam",
    load: async () => (await import("../../core/07_generation/experiments/greedy_and_beam.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/greedy_and_beam.words.ts")).words,
  },
  {
    name: "generation/beam_variants",
    load: async () => (await import("../../core/07_generation/experiments/beam_variants.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/beam_variants.words.ts")).words,
  },
  {
    name: "generation/minimum_bayes_risk",
    load: async () => (await import("../../core/07_generation/experiments/minimum_bayes_risk.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/minimum_bayes_risk.words.ts")).words,
  },
  {
    name: "generation/constraints",
    load: async () => (await import("../../core/07_generation/experiments/constraints.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/constraints.words.ts")).words,
  },
  {
    name: "generation/constraints/required_words",
    load: async () => (await import("../../core/07_generation/experiments/constraints/required_words.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/constraints/required_words.words.ts")).words,
  },
  {
    name: "generation/constraints/steering",
    load: async () => (await import("../../core/07_generation/experiments/constraints/steering.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/constraints/steering.words.ts")).words,
  },
  {
    name: "generation/speculative",
    load: async () => (await import("../../core/07_generation/experiments/speculative.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/speculative.words.ts")).words,
  },
  {
    name: "generation/kv_cache",
    load: async () => (await import("../../core/07_generation/experiments/kv_cache.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/kv_cache.words.ts")).words,
  },
  {
    name: "generation/windows_and_sinks",
    load: async () => (await import("../../core/07_generation/experiments/windows_and_sinks.ts")).experiment,
    words: async () => (await import("../../core/07_generation/experiments/windows_and_sinks.words.ts")).words,
  },
  {
    name: "pretrained/files",
    load: async () => (await import("../../core/08_pretrained/experiments/files.ts")).experiment,
    words: async () => (await import("../../core/08_pretrained/experiments/files.words.ts")).words,
  },
  {
    name: "pretrained/tokenizer_files",
    load: async () => (await import("../../core/08_pretrained/experiments/tokenizer_files.ts")).experiment,
    words: async () => (await import("../../core/08_pretrained/experiments/tokenizer_files.words.ts")).words,
  },
  {
    name: "pretrained/gpt2",
    load: async () => (await import("../../core/08_pretrained/experiments/gpt2.ts")).experiment,
    words: async () => (await import("../../core/08_pretrained/experiments/gpt2.words.ts")).words,
  },
  {
    name: "pretrained/bert",
    load: async () => (await import("../../core/08_pretrained/experiments/bert.ts")).experiment,
    words: async () => (await import("../../core/08_pretrained/experiments/bert.words.ts")).words,
  },
  {
    name: "pretrained/llama",
    load: async () => (await import("../../core/08_pretrained/experiments/llama.ts")).experiment,
    words: async () => (await import("../../core/08_pretrained/experiments/llama.words.ts")).words,
  },
  {
    name: "pretrained/quantised_weights",
    load: async () => (await import("../../core/08_pretrained/experiments/quantised_weights.ts")).experiment,
    words: async () => (await import("../../core/08_pretrained/experiments/quantised_weights.words.ts")).words,
  },
];
