/**
 * # What experiments say in Chinese
 *
 * Written by `deno task registry` from the folders below this one, which mirror those of the chapters. An experiment
 * that is missing here speaks English.
 *
 * @module
 */

import type { Words } from "../../core/experiments/experiment.ts";

/** Words by the names of experiments. */
export const CHINESE: Readonly<Record<string, () => Promise<Words>>> = {
  "attention/scaled_dot_product": async () => (await import("./04_attention/experiments/scaled_dot_product.words.ts")).words,
  "attention/positions": async () => (await import("./04_attention/experiments/positions.words.ts")).words,
  "attention/positions/rotation": async () => (await import("./04_attention/experiments/positions/rotation.words.ts")).words,
  "attention/positions/extrapolation": async () => (await import("./04_attention/experiments/positions/extrapolation.words.ts")).words,
  "transformer/encoder_decoder": async () => (await import("./05_transformer/experiments/encoder_decoder.words.ts")).words,
  "transformer/decoder_only": async () => (await import("./05_transformer/experiments/decoder_only.words.ts")).words,
  "transformer/layout": async () => (await import("./05_transformer/experiments/layout.words.ts")).words,
  "training/optimizers": async () => (await import("./06_training/experiments/optimizers.words.ts")).words,
  "training/schedules": async () => (await import("./06_training/experiments/schedules.words.ts")).words,
  "training/schedules/warmup": async () => (await import("./06_training/experiments/schedules/warmup.words.ts")).words,
  "generation/greedy_and_beam": async () => (await import("./07_generation/experiments/greedy_and_beam.words.ts")).words,
  "pretrained/bert": async () => (await import("./08_pretrained/experiments/bert.words.ts")).words,
};
