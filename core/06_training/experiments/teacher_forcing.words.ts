/**
 * # One step wrong, every step wrong, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Trust } from "./teacher_forcing.ts";

/** What the experiment says. */
export const words: Words<Trust> = {
  title: "One step wrong, every step wrong",
  purpose: "A line counts upwards and sometimes jumps. It is heard through noise and has to be written " +
    "down. One model is always told the right number before. Others are told a guess more and more often " +
    "(scheduled sampling): a guess that follows right answers, or one that follows guesses. Change the noise or " +
    "the steps. Compare what they get right when told and when alone, late in the line.",
  controls: {
    noise: { label: "Noise", description: "Share of what is heard that is random" },
    steps: { label: "Training steps", description: "Of each of the three models" },
    floor: {
      label: "Right answers left",
      description: "Share of right inputs at the end of scheduled sampling",
    },
    seed: SEED_WORDS,
  },
  claims: {
    alone: "On its own, the model taught with right answers only gets at least a tenth fewer of the late numbers right",
    accumulate:
      "Its errors accumulate: on its own it is worse late in the line than early, fed right answers it is not",
    sampling: "Scheduled sampling makes the model better on its own",
    worse: "With guesses that follow right answers it stays worse than an ear without memory",
    guesses: "With guesses that follow guesses it comes within a twentieth of the ear",
  },
  captions: {
    places: ({ shown: { late } }) =>
      `Taught with right answers only, the model gets ${percent(late.taughtFed, 2)} of the last numbers right while ` +
      `it is fed right answers, and ${percent(late.taughtAlone, 2)} on its own. With scheduled sampling it is ` +
      `${percent(late.sampledFed, 2)} and ${percent(late.sampledAlone, 2)}, with guesses made from guesses ` +
      `${percent(late.thriceFed, 2)} and ${percent(late.thriceAlone, 2)}.`,
    late: ({ ear }) =>
      "Right numbers in the last third of a line. Writing down what is heard, without memory, gets " +
      `${percent(ear, 2)}.`,
  },
  labels: {
    place: "place in the line",
    share: "share of right numbers",
    fed: "fed right answers",
    alone: "on its own",
    taught: "teacher forcing",
    sampled: "scheduled sampling",
    thrice: "guesses from guesses",
    taughtFed: "teacher forcing, fed right answers",
    taughtAlone: "teacher forcing, on its own",
    sampledAlone: "scheduled sampling, on its own",
    thriceAlone: "guesses from guesses, on its own",
  },
};
