/**
 * # Experiments in the old form
 *
 * Shown through the new contract until each of them is written in it.
 *
 * @module
 */

import type { Experiment as OldExperiment } from "../experiments.ts";
import type { Claim, ControlWords, Entry, Experiment, Words } from "./experiment.ts";
import type { Figure } from "./figure.ts";

type Findings = { readonly shown: readonly Figure[] };

function experimentOf({ controls, claims, tolerance, run }: OldExperiment): Experiment {
  const measure = async (...[controls, options]: Parameters<typeof run>): Promise<object> => {
    const { findings, figures } = await run(controls, options);
    return { ...findings, shown: figures };
  };
  return {
    controls,
    claims: Object.fromEntries(
      claims.map(({ holds, refuted }, i): [string, Claim] => [`claim${i}`, {
        holds: (findings) => holds(findings as never),
        ...(refuted ? { refuted } : {}),
      }]),
    ),
    ...(tolerance === undefined ? {} : { tolerance }),
    measure,
    draw: (findings) => [...(findings as Findings).shown],
  };
}

function wordsOf({ title, purpose, controls, claims }: OldExperiment): Words {
  return {
    title,
    purpose,
    controls: Object.fromEntries(
      Object.entries(controls).map(([key, { label, description, choices }]): [string, ControlWords] => [key, {
        label,
        description,
        ...(choices ? { choices: Object.fromEntries(choices.map((choice) => [choice, choice])) } : {}),
      }]),
    ),
    claims: Object.fromEntries(claims.map(({ text }, i) => [`claim${i}`, text])),
    captions: {},
    labels: {},
  };
}

type Chapter = { readonly EXPERIMENTS: readonly OldExperiment[] };

const chapters: Readonly<Record<string, () => Promise<Chapter>>> = {
  words: () => import("../02_words/experiments/mod.ts"),
  attention: () => import("../04_attention/experiments/mod.ts"),
  transformer: () => import("../05_transformer/experiments/mod.ts"),
  training: () => import("../06_training/experiments/mod.ts"),
  generation: () => import("../07_generation/experiments/mod.ts"),
};

const NAMES = `
words/byte_pair_encoding words/embeddings words/embeddings/bags
attention/scaled_dot_product attention/self_and_cross attention/self_and_cross/matrices attention/masks
attention/multi_head attention/positions/rotation attention/positions/extrapolation
transformer/normalization transformer/residual transformer/feed_forward transformer/encoder transformer/decoder
transformer/encoder_decoder/size transformer/encoder_decoder transformer/decoder_only
training/loss training/batching training/optimizers training/teacher_forcing training/checkpoints training/bleu
training/policy_gradient training/policy_gradient/encoder
generation/sampling generation/truncation generation/greedy_and_beam generation/beam_variants
generation/kv_cache`;

/** What is not yet written in the new form; a converted one is crossed off in NAMES. */
export const LEGACY: readonly Entry[] = NAMES.trim().split(/\s+/).map((name) => {
  const find = async (): Promise<OldExperiment> => {
    const { EXPERIMENTS } = await chapters[name.split("/")[0]!]!();
    return EXPERIMENTS.find((experiment) => experiment.name === name)!;
  };
  return { name, load: async () => experimentOf(await find()), words: async () => wordsOf(await find()) };
});
