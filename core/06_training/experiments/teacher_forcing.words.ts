/**
 * # One step wrong, every step wrong, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Trust } from "./teacher_forcing.ts";

/** What the experiment says. */
export const words: Words<Trust> = {
  title: "One step wrong, every step wrong",
  purpose:
    "A sequence counts upwards and sometimes jumps. The source is the sequence with noise. One model always reads " +
    "the right previous number in training. Others read their own predictions more and more often (scheduled sampling), " +
    "made from the reference or from predictions. Change the noise or the steps. Compare what they get right with " +
    "the reference as input and with their own output, late in the sequence.",
  controls: {
    noise: { label: "Noise", description: "Fraction of the source that is random" },
    steps: { label: "Training steps", description: "Of each of the three models" },
    floor: {
      label: "Reference left",
      description: "Fraction of reference tokens at the end of scheduled sampling",
    },
    seed: SEED_WORDS,
  },
  constants: {
    length: "numbers in a sequence",
    numbers: "different numbers",
    jumps: "probability of a jump",
    width: "hidden width",
    layers: "layers",
    heads: "heads",
    rate: "learning rate",
    batch: "sequences in a batch",
    tests: "unseen sequences",
  },
  claims: {
    alone: "On its own output, teacher forcing gets more than 10 percentage points fewer of the late numbers right",
    accumulate:
      "Its errors accumulate: on its own output it is worse late in the sequence than early, on the reference it is not",
    sampling: "Scheduled sampling makes the model better on its own output",
    worse: "With predictions made from the reference it stays worse than a copy of the source",
    guesses: "With predictions made from predictions it comes within 5 percentage points of the copy",
  },
  captions: {
    places: ({ shown: { late } }) =>
      `With teacher forcing the model gets ${percent(late.taughtFed, 2)} of the last numbers right on the reference, ` +
      `and ${percent(late.taughtAlone, 2)} on its own output. With scheduled sampling it is ` +
      `${percent(late.sampledFed, 2)} and ${percent(late.sampledAlone, 2)}, with predictions made from predictions ` +
      `${percent(late.thriceFed, 2)} and ${percent(late.thriceAlone, 2)}.`,
    late: ({ ear }) =>
      "Right numbers in the last third of a sequence. A copy of the source gets " +
      `${percent(ear, 2)}.`,
  },
  reading: ({ ear, shown: { late } }) => {
    const over = (value: number): string =>
      `${fixed(100 * Math.abs(value), 1)} points ${value < 0 ? "below" : "above"}`;
    return [
      `On its own output, late in a sequence, teacher forcing is ${
        over(late.taughtAlone - ear)
      } a copy of the source, ` +
      `scheduled sampling ${over(late.sampledAlone - ear)}, and predictions made from predictions ` +
      `${over(late.thriceAlone - ear)}. On the reference, scheduled sampling is ` +
      `${over(late.sampledFed - late.taughtFed)} teacher forcing. This is one seed.`,
    ];
  },
  labels: {
    place: "position",
    share: "fraction of right numbers",
    fed: "on the reference",
    alone: "on its own output",
    taught: "teacher forcing",
    sampled: "scheduled sampling",
    thrice: "predictions from predictions",
    taughtFed: "teacher forcing, on the reference",
    taughtAlone: "teacher forcing, own output",
    sampledAlone: "scheduled sampling, own output",
    thriceAlone: "predictions from predictions, own output",
  },
};
