/**
 * # Sure and right, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { rangeOf, written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { SureAndRight } from "./confidence.ts";

const short = (value: number): string => number(value, 2);

/** What the experiment says. */
export const words: Words<SureAndRight> = {
  title: "Sure and right",
  purpose:
    "A small network learns a few noisy examples. See how sure it is of its answers on unseen examples, and how often " +
    "it is right, before and after one temperature is fitted on held-out examples. Change the number of examples, and the label smoothing. " +
    "The examples are drawn from known distributions, so the real probabilities are known too.",
  controls: {
    examples: { label: "Examples", description: "How many examples the network learns from" },
    smoothing: { label: "Label smoothing", description: "Probability mass spread over all classes in training" },
    seed: SEED_WORDS,
  },
  constants: {
    classes: "classes",
    features: "features",
    hidden: "hidden units",
    steps: "steps",
    heldOut: "held-out examples",
    unseen: "unseen examples",
    bins: "bins",
    seeds: "seeds",
  },
  claims: {
    overconfident: "A network that has learned its examples by heart is more often sure than right on unseen ones",
    repaired:
      "One temperature, fitted on held-out examples, takes away more than three quarters of the calibration error",
    answers: "The temperature changes no answer, so the accuracy stays; the Brier score falls",
    closer: "It brings the model's probabilities closer to the real ones",
  },
  captions: {
    diagram: ({ temperature, shown: { judged: [before, after] } }) =>
      "A reliability diagram of answers on unseen examples, in bins of equally many. Below the diagonal the network is more often sure than " +
      `right. Before, the calibration error is ${short(before.error)}; by the temperature of ${
        short(temperature)
      } it is ${short(after.error)}.`,
    steps: ({ trained, shown: { seeds, judged: [before] } }) =>
      `Over the training, on unseen examples: the accuracy ends at ${
        percent(before.accuracy)
      }, the mean confidence at ${
        percent(before.confidence)
      }. On its own examples the network ends with an accuracy of ${
        percent(trained)
      }. Lines are the first seed, bands the range of ${seeds}.`,
    table: ({ errors, shown: { seeds } }) =>
      `The unseen examples, judged in several ways. Over ${seeds} seeds the calibration error is ${
        written(rangeOf(errors.map(([before]) => before!)), short)
      } before and ${
        written(rangeOf(errors.map(([, after]) => after!)), short)
      } after. The last column judges the real probabilities by the ` +
      "same answers: what is left of its calibration error is chance.",
  },
  reading: ({ temperatures, trained, shown: { examples, judged: [before, after, real] } }) => [
    `The network has ${examples} examples and is right on ${percent(trained)} of them. On unseen ones it is right in ${
      percent(before.accuracy)
    } of the cases and sure by ${percent(before.confidence)} on average. ` +
    `The fitted temperature, ${
      written(temperatures, short)
    } over the seeds, changes no answer; the mean confidence becomes ${percent(after.confidence)}.`,
    `The divergence from the real probabilities falls from ${short(before.divergence)} to ${
      short(after.divergence)
    } nats. It does not become 0: the temperature repairs how sure the network is on average, and not what it has learned wrongly. ` +
    `The real probabilities would be right in ${percent(real.accuracy)} of the cases.`,
  ],
  labels: {
    confidence: "confidence",
    accuracy: "accuracy",
    diagonal: "calibrated",
    before: "as learned",
    after: "with the temperature",
    real: "real probabilities",
    step: "step",
    share: "fraction",
    meanConfidence: "mean confidence",
    probabilities: "measure",
    error: "calibration error, equal width",
    massError: "calibration error, equal mass",
    brier: "Brier score",
    loss: "loss in nats",
    divergence: "divergence from the real ones, nats",
  },
};
