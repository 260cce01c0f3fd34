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
  purpose: "Random queries meet random keys and values, of growing width; nothing is trained. The scores are " +
    "used as they are, and divided by √d. Change the number of keys. In each figure, see which curves depend on the " +
    "width.",
  controls: {
    queries: { label: "Queries", description: "Random queries to average over" },
    keys: { label: "Keys", description: "Random keys that each query is compared with" },
    alignment: {
      label: "Alignment",
      description: "Correlation of a query with one of its keys, in the curve “one key aligned” only",
    },
    seed: SEED_WORDS,
  },
  claims: {
    variance: "The variance of a plain dot product is the width, within 15\u202f%",
    largest: "Without the division, the largest weight of a query at width 1024 is above 0.9 on average",
    vanishes:
      "Without the division, the median query at width 1024 gets less than a tenth of the gradient that it gets with it",
    explodes:
      "Without the division, the largest gradient at width 1024 is more than ten times that with it, and the mean more than twice",
    scaled: "With it, variance and largest weight depend on the width by less than 15\u202f%",
    aligned: "With it, the largest weight does not depend on the width, even if one key is aligned with the query",
  },
  captions: {
    variance: ({ variance, scaledVariance }) =>
      `The variance of a plain score is about its width: ${number(Math.round(variance.at(-1)!))} at width 1024. ` +
      `That of the score divided by √d is ${
        fixed(scaledVariance.at(-1)!, 2)
      } there. Queries and keys are independent, ` +
      "their coordinates have mean 0 and variance 1.",
    largest: ({ largest, scaledLargest, alignedLargest, shown: { keys, alignment } }) =>
      `Without the division, one of ${keys} keys gets ${percent(largest.at(-1)!)} of the weight at ` +
      `width 1024, on average; with it, ${percent(Math.min(...scaledLargest))} to ` +
      `${percent(Math.max(...scaledLargest))}, whatever the width. One key aligned: one key is ${
        fixed(alignment, 1)
      } times the query plus ` +
      `independent noise (correlation ${
        fixed(alignment, 1)
      }); from width 4 to width 1024 the largest weight goes from ` +
      `${percent(alignedLargest[0]!)} to ${percent(alignedLargest.at(-1)!, 3)}, with the division.`,
    gradient: ({ gradient, scaledGradient, shown: { queries, keys } }) =>
      `The gradient that reaches a query, as the root mean square of its coordinates: median, mean and largest of ${queries} ` +
      `queries with ${keys} keys each. There is no loss here: a random vector, whose coordinates have variance 1, stands for the derivative of a loss by each output, and the chain rule carries it back to the query. The values have variance 1 too. Without the ` +
      `division the median at width 1024 is ${number(gradient.median.at(-1)!, 2)}, the mean ` +
      `${number(gradient.mean.at(-1)!, 2)} and the largest ${number(gradient.largest.at(-1)!, 2)}; with it (dashed), ` +
      `${number(scaledGradient.median.at(-1)!, 2)}, ${number(scaledGradient.mean.at(-1)!, 2)} and ` +
      `${number(scaledGradient.largest.at(-1)!, 2)}.`,
  },
  reading: ({ gradient, scaledGradient, alignedLargest, shown: { alignment } }) => {
    const vanishes = gradient.median.at(-1)! < scaledGradient.median.at(-1)! / 10;
    const explodes = gradient.largest.at(-1)! > 10 * scaledGradient.largest.at(-1)!;
    return [
      `Does the gradient vanish without the division, or does it explode? ${
        vanishes && explodes
          ? "Both happen, to different queries. In most rows one weight is almost 1, and its query gets almost no gradient. In a " +
            "few rows two keys have almost the same score; the slightest change moves all the weight from one to the other, " +
            "and their queries get far too much."
          : vanishes
          ? "At these settings it vanishes for most queries, and no query gets far too much."
          : "At these settings neither is strong."
      } The mean at width 1024 is ${
        number(gradient.mean.at(-1)! / scaledGradient.mean.at(-1)!, 2)
      } times the one with the ` +
      "division: a mean alone shows neither.",
      "The square root assumes that query and key are independent, as they are before training. A key that has " +
      `correlation ${fixed(alignment, 1)} with the query scores ${
        fixed(alignment, 1)
      }·√d after the division: it still grows with ` +
      `the width, and takes ${
        percent(alignedLargest.at(-1)!, 3)
      } of the weight at width 1024. Training aligns queries with ` +
      "the keys that they look for. Yang et al. 2022 divide by d instead for that reason.",
    ];
  },
  labels: {
    width: "width of a query and a key, d",
    variance: "variance of the scores",
    expected: "expected, d",
    largest: "largest weight",
    uniform: "uniform, 1 / keys",
    aligned: "one key aligned",
    gradient: "gradient at a query",
    median: "median",
    mean: "mean",
    most: "largest",
  },
};
