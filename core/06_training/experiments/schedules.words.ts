/**
 * # Four schedules, five peaks, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import { type Range, written } from "../../experiments/seeds.ts";
import type { Schedules } from "./schedules.ts";

const nats = (range: Range): string => written(range, (x) => fixed(x, 3));

const NAMES = {
  constant: "constant after warm-up",
  inverseSquareRoot: "inverse square root",
  cosine: "cosine",
  linear: "line",
} as const;

/** What the experiment says. */
export const words: Words<Schedules> = {
  title: "Four schedules, five peaks",
  purpose:
    "A table of scores learns which letter follows which, by Adam on 64 pairs a step. What the best table costs is " +
    "known exactly. See how far each schedule ends above it, from each of five peaks. Change the number of steps: in " +
    "a very short run the constant rate wins.",
  controls: {
    steps: { label: "Training steps", description: "Of every run; the first tenth of them is warm-up" },
    peak: { label: "Peak", description: "The highest rate, in the second figure" },
    seed: SEED_WORDS,
  },
  constants: {
    batch: "pairs in a batch",
    beta2: "β₂ of Adam",
    warmup: "warm-up as a part of all steps",
    peaks: "peaks",
    short: "steps of the short run",
    seeds: "seeds",
  },
  claims: {
    falls:
      "Each at its best peak, all three schedules that fall end nearer to the best table than the constant rate, with every seed",
    high: "From the highest peak the constant rate ends more than four times as far away as the cosine and the line",
    shapes:
      "It matters whether the rate falls along a cosine or along a line: at their best, no seed of one is as good as one of the other",
    short: "In a run of 50 steps the constant rate ends nearer than the cosine, each at its best peak, with every seed",
  },
  captions: {
    peaks: ({ best, bestPeak, seeds, entropy, shown: { names, steps } }) =>
      `Where ${steps} steps end: nats above the best table, which costs ${
        fixed(entropy, 3)
      } nats per letter. Each point is the mean ` +
      `of ${seeds} seeds, the band their range. The best of each: ${
        names.map((name, i) => `${NAMES[name]} ${fixed(best[i]!, 3)} from a peak of ${number(bestPeak[i]!)}`).join(", ")
      }.`,
    curves: ({ seeds, shown: { peak } }) =>
      `The same by step, all from a peak of ${
        number(peak)
      }; mean of ${seeds} seeds and their range. The constant rate soon comes ` +
      "no nearer. The cosine and the line fall below it as their rate falls.",
  },
  reading: ({ bestRange, short, entropy, guess, seeds, shown: { steps, shortSteps } }) => [
    "A long step follows the noise of its few pairs. With a constant rate the table keeps moving around the best one, at a distance that " +
    "grows with the rate. A rate that falls averages this noise away at the end.",
    `At the best of their peaks, over ${seeds} seeds, the constant rate ends ${
      nats(bestRange[0]!)
    } nats above the best table after ` +
    `${steps} steps, the inverse square root ${nats(bestRange[1]!)}, the cosine ${nats(bestRange[2]!)}, the line ${
      nats(bestRange[3]!)
    }. ` +
    `A guess costs ${fixed(guess - entropy, 3)} more than the best table.`,
    `After ${shortSteps} steps it is the other way round: constant ${nats(short[0]!)}, cosine ${
      nats(short[1]!)
    }. The table is still far ` +
    "away, and what falls makes no way. So a schedule that falls pays when a run is long enough to reach the noise.",
    "A table of scores has a loss with one valley. A Transformer has not, but the gradients of its batches are as noisy: the recorded run of the page has one.",
  ],
  labels: { ...NAMES, peak: "peak learning rate", excess: "nats above the best table", step: "step" },
};
