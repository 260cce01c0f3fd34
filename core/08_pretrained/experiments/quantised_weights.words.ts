/**
 * # What a block loses, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Blocks } from "./quantised_weights.ts";

/** What the experiment says. */
export const words: Words<Blocks> = {
  title: "What a block loses",
  purpose:
    "Weights of a normal distribution are stored in five kinds of blocks and read back. Then one weight of each block is made larger, as a few are in trained models. " +
    "All 32 have one scale, so the others pay for it. Change how large it is.",
  controls: {
    outlier: { label: "Large weight", description: "How many times the deviation of the others it is" },
    seed: SEED_WORDS,
  },
  constants: { blocks: "blocks", deviation: "deviation of the weights" },
  claims: {
    bit: "A bit more halves the error",
    eight: "Eight bits lose less than a hundredth of the weights' deviation, four bits more than a twentieth",
    outlier: "One large weight makes the error of its 31 neighbours more than three times as large in four bits",
    minimum: "A minimum beside the scale makes the error smaller",
  },
  captions: {
    errors: ({ errors }) =>
      `Deviation of the error, as a part of the deviation of the weights: ${
        errors.map((error) => percent(error, 2)).join(", ")
      }.`,
    outliers: ({ outlier, beside }) =>
      `Error of the 31 small weights beside one that is so many deviations large. At ${number(outlier)}, it is ${
        percent(beside[0]!, 1)
      } of their deviation in Q4_0, and ${percent(beside[4]!, 2)} in Q8_0.`,
    table: ({ lost, outlier }) =>
      `Beside a weight of ${number(outlier)} deviations, Q4_0 stores ${
        percent(lost[0]!, 1)
      } of the small weights as zero.`,
  },
  reading: ({ beside, errors, outlier }) => [
    `The step of a block follows from its largest weight. A weight of ${
      number(outlier)
    } deviations makes it so large that the small ones fall on few numbers: in Q4_0 their error grows from ${
      percent(errors[0]!, 1)
    } to ${percent(beside[0]!, 1)} of their deviation.`,
    "Small blocks keep the damage small: it stays within 32 weights. That is why a block has 32 and not a whole row, although its scale then costs half a bit per weight.",
  ],
  labels: {
    bits: "bits per weight",
    error: "error / deviation",
    size: "large weight / deviation",
    kind: "kind",
    beside: "error beside a large weight",
    lost: "stored as zero",
  },
};
