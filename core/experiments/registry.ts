/**
 * # Every experiment
 *
 * Written by `deno task registry` from the folders of the chapters, in the order of the book. Nothing is loaded before
 * it is asked for.
 *
 * @module
 */

import { type Entry, entryOf } from "./experiment.ts";

/** Every experiment, in the order of the book. */
export const EXPERIMENTS: readonly Entry[] = [
  "01_introduction/experiments/tasks_and_shapes",
  "01_introduction/experiments/rule_based_classifier",
  "01_introduction/experiments/bag_of_words",
  "01_introduction/experiments/evaluation",
  "01_introduction/experiments/three_ways",
  "02_words/experiments/byte_pair_encoding",
  "02_words/experiments/unigram",
  "02_words/experiments/multilingual",
  "02_words/experiments/multilingual/regularization",
  "02_words/experiments/embeddings",
  "02_words/experiments/embeddings/bags",
  "02_words/experiments/before_tokens",
  "02_words/experiments/softmax",
  "03_language_models/experiments/autoregressive",
  "03_language_models/experiments/autoregressive/classes",
  "03_language_models/experiments/n_grams/tf_idf",
  "03_language_models/experiments/n_grams",
  "03_language_models/experiments/n_grams/order",
  "03_language_models/experiments/n_grams/intervening",
  "03_language_models/experiments/n_grams/filtering",
  "03_language_models/experiments/rnn",
  "03_language_models/experiments/rnn/clipping",
  "03_language_models/experiments/lstm",
  "03_language_models/experiments/lstm/forget_gates",
  "03_language_models/experiments/lstm/recall",
  "03_language_models/experiments/efficiency",
  "04_attention/experiments/scaled_dot_product",
  "04_attention/experiments/self_and_cross",
  "04_attention/experiments/self_and_cross/matrices",
  "04_attention/experiments/masks",
  "04_attention/experiments/multi_head",
  "04_attention/experiments/positions",
  "04_attention/experiments/positions/rotation",
  "04_attention/experiments/positions/extrapolation",
  "05_transformer/experiments/normalization",
  "05_transformer/experiments/residual",
  "05_transformer/experiments/feed_forward",
  "05_transformer/experiments/encoder",
  "05_transformer/experiments/decoder",
  "05_transformer/experiments/encoder_decoder",
  "05_transformer/experiments/decoder_only",
  "05_transformer/experiments/layout",
  "06_training/experiments/loss",
  "06_training/experiments/batching",
  "06_training/experiments/optimizers",
  "06_training/experiments/schedules",
  "06_training/experiments/schedules/warmup",
  "06_training/experiments/teacher_forcing",
  "06_training/experiments/checkpoints",
  "06_training/experiments/bleu",
  "06_training/experiments/policy_gradient/encoder",
  "06_training/experiments/policy_gradient",
  "07_generation/experiments/sampling",
  "07_generation/experiments/truncation",
  "07_generation/experiments/temperature",
  "07_generation/experiments/greedy_and_beam",
  "07_generation/experiments/beam_variants",
  "07_generation/experiments/kv_cache",
].map(entryOf);
