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
  transformer: () => import("../05_transformer/experiments/mod.ts"),
  training: () => import("../06_training/experiments/mod.ts"),
};

const NAMES = `

transformer/encoder transformer/decoder transformer/encoder_decoder/size transformer/encoder_decoder transformer/decoder_only
training/loss training/batching training/optimizers training/teacher_forcing training/checkpoints training/bleu
training/policy_gradient training/policy_gradient/encoder
`;

/** What is not yet written in the new form; a converted one is crossed off in NAMES. */
export const LEGACY: readonly Entry[] = NAMES.trim().split(/\s+/).map((name) => {
  const find = async (): Promise<OldExperiment> => {
    const { EXPERIMENTS } = await chapters[name.split("/")[0]!]!();
    return EXPERIMENTS.find((experiment) => experiment.name === name)!;
  };
  return { name, load: async () => experimentOf(await find()), words: async () => wordsOf(await find()) };
});
