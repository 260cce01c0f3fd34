/**
 * # What the square root prevents, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Scaling } from "./scaled_dot_product.ts";

/** What the experiment says. */
export const words: Words<Scaling> = {
  title: "What the square root prevents",
  purpose: "Random queries meet random keys, in heads of growing width; nothing is trained. The scores are " +
    "taken as they are, and divided by √d. Change the number of keys. In each figure, see which of the two " +
    "depends on the width.",
  controls: {
    queries: { label: "Queries", description: "Random queries to average over" },
    keys: { label: "Keys", description: "Random keys that each query is compared with" },
    seed: SEED_WORDS,
  },
  claims: {
    variance: "The variance of a plain dot product is the width, within 15\u202f%",
    largest: "Without the division, the largest weight of a query at width 1024 is above 0.9 on average",
    gradient: "Without the division, the weights answer at width 1024 less than a third as strongly as at width 4",
    scaled: "With it, the largest weight and the answer of the weights depend on the width by less than 15\u202f%",
  },
  captions: {
    variance: ({ variance, scaledVariance }) =>
      `The variance of a plain score is about its width: ${number(Math.round(variance.at(-1)!))} at width 1024. ` +
      `That of the score divided by √d is ${fixed(scaledVariance.at(-1)!, 2)} there.`,
    largest: ({ largest, scaledLargest, shown: { keys } }) =>
      `Without the division, one of ${keys} keys gets ${percent(largest.at(-1)!)} of the weight at ` +
      `width 1024, on average; with it, ${percent(Math.min(...scaledLargest))} to ` +
      `${percent(Math.max(...scaledLargest))}, whatever the width.`,
    gradient: ({ shown: { answer } }) =>
      "How strongly the weights answer when the scores change: all derivatives of the weights of one query, " +
      "squared, summed, and the root taken. Without the division it falls, from width 4 to width 1024, to " +
      `${percent(answer)}.`,
  },
  labels: {
    width: "width of the head, d",
    variance: "variance of the scores",
    expected: "expected, d",
    largest: "largest weight",
    uniform: "uniform, 1 / keys",
    answer: "how strongly weights answer to scores",
  },
};
