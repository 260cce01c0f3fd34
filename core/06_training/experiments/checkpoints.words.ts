/**
 * # The same run, twice, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Resumed } from "./checkpoints.ts";

const FORGOTTEN = {
  nothing: "nothing",
  data: "the place in the data",
  random: "the random state",
  optimizer: "the optimizer",
} as const;

/** What the experiment says. */
export const words: Words<Resumed> = {
  title: "The same run, twice",
  purpose: "A small language model is trained, saved in the middle, discarded, and resumed from the file: " +
    "once with all that was saved, and three times without one part. Change when it is saved, or the " +
    "dropout. See which runs end with the weights of the run that was never interrupted, bit for bit.",
  controls: {
    save: { label: "Saved after", description: "Steps before the checkpoint" },
    steps: { label: "Steps after it", description: "Steps of the resumed runs" },
    dropout: {
      label: "Dropout",
      description: "Fraction of activations dropped; at 0 the random state has no effect",
    },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    heads: "heads",
    context: "letters of context",
    batch: "windows in a batch",
    rate: "learning rate",
  },
  claims: {
    same: "The resumed run ends with the same weights, bit for bit, and had the same losses",
    forgotten:
      "Without the position in the data, the random state or the optimizer, nearly every weight ends up different",
    size: "A checkpoint is about three times as large as the weights",
  },
  captions: {
    losses({ apart, shown: { save } }) {
      const each = Object.values(FORGOTTEN).map((what, i) => `${what} ${number(apart[i]!, 2)}`);
      return `A run saved after step ${save} and resumed from the file: how far its loss is from that of the ` +
        `uninterrupted run. The largest difference, by what was forgotten: ${each.join(", ")}.`;
    },
    weights: ({ weights, times, shown: { bytes } }) =>
      `Of ${number(weights, 3)} weights, those that differ at the end in any bit. The file has ` +
      `${number(bytes, 3)} bytes, ${number(times, 2)} times the weights: Adam keeps two averages of each.`,
  },
  labels: {
    step: "step",
    difference: "difference of the loss in nats per letter",
    resumed: "resumed",
    forgotten: "forgotten",
    different: "weights that differ",
    share: "fraction",
    apart: "losses differ by up to",
    ...FORGOTTEN,
    without: (what) => `without ${what}`,
  },
};
