/**
 * # What a mask guarantees, and what it distorts, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Constraints } from "./constraints.ts";

/** What the experiment says. */
export const words: Words<Constraints> = {
  title: "What a mask guarantees, and what it distorts",
  purpose:
    "A model that has learned sums of two digits has to write a sum with a given result. All texts that comply are enumerated: " +
    "how probable is each, given the constraint and under a mask? A second model writes JSON with and without a grammar. " +
    "Change the result, and see how often the sum is right.",
  controls: {
    result: { label: "Result", description: "What has to stand behind the equals sign" },
    draws: { label: "Samples", description: "Texts that are drawn, of sums and of JSON for each order" },
    seed: SEED_WORDS,
  },
  constants: {
    order: "order of the model of sums",
    copies: "times that the model of sums reads each sum",
    values: "values of JSON",
    longest: "tokens after which a text is cut off",
  },
  claims: {
    masked: "Under the grammar every text that ends is JSON",
    plain: "Without it, no order reaches 95\u202f% and the lowest one stays below 70\u202f%",
    kept: "The model of the highest order loses less probability mass to the mask than that of the lowest",
    given: "Given the constraint, the model’s sums are right with a probability above 90\u202f%",
    wrong: "Under the mask fewer than 20\u202f% of them are right",
    weights: "Weighted samples give the probability of a right sum within 10 percentage points",
    zero: "A token is forbidden by setting its score to 0 ([the notes](notes:004.111))",
  },
  captions: {
    digits: ({ distance, shown: { result } }) =>
      `The first digit of a sum with the result ${result}. Under the mask it is drawn before the result is known, and every digit is ` +
      `about as probable as in any sum. The total variation between the two distributions of texts is ${
        number(distance, 3)
      }.`,
    sums: ({ rightGiven, rightMasked, complies, shown: { result } }) =>
      `Right sums among those with the result ${result}. The model knows how to add: given the constraint ${
        percent(rightGiven, 3)
      } are right, ` +
      `under the mask ${percent(rightMasked, 3)}. A text complies without a mask with a probability of ${
        percent(complies, 3)
      }.`,
    json: ({ plain, masked, shown: { orders, draws } }) =>
      `Texts that are JSON, of ${draws} for each order. At order ${orders[0]} ${
        percent(plain[0]!, 3)
      } are without the grammar, ` +
      `and ${percent(masked[0]!, 3)} with it; at order ${orders.at(-1)} ${percent(plain.at(-1)!, 3)} and ${
        percent(masked.at(-1)!, 3)
      }. ` +
      "What is missing with the grammar was cut off before it ended.",
    mass: ({ kept, keptOfText, shown: { orders } }) =>
      `Probability mass that the mask keeps. At order ${orders[0]} a step keeps ${
        percent(kept[0]!, 3)
      } on average and a whole text ` +
      `${percent(keptOfText[0]!, 3)}; at order ${orders.at(-1)} they are ${percent(kept.at(-1)!, 3)} and ${
        percent(keptOfText.at(-1)!, 3)
      }.`,
  },
  reading: ({ zeroBefore, zeroAfter, effective, shown: { samples, orders } }) => [
    "The mask guarantees the form and nothing else. It looks one token ahead: the digits are drawn as if any result could follow, and then the result is forced. " +
    "A text whose form is right and whose content is wrong is what a reader of such an answer should expect.",
    `Rejection is exact and costs as many texts as the table says. Weighting becomes exact with many samples: the weights are so uneven here that a sample is worth ${
      number(effective, 2)
    } of one that is drawn from the right distribution.`,
    `Without the grammar the model of order ${orders[0]} writes “${samples[0]}”, with it “${
      samples[1]
    }”: a model of two characters does not know which bracket is open.`,
    `The logits of this model are logarithms of probabilities, none above 0. So a score of 0 is the largest one. The digit 7 had a probability of ${
      percent(zeroBefore, 2)
    } on average, and has ${percent(zeroAfter, 2)} once its score is 0. With −∞ it has exactly 0.`,
  ],
  labels: {
    digit: "first digit",
    probability: "probability",
    given: "given the constraint",
    underMask: "under the mask",
    how: "method",
    right: "right sums",
    costs: "texts for one",
    order: "order of the model",
    share: "fraction of texts that are JSON",
    without: "without the grammar",
    with: "with the grammar",
    step: "of a step, on average",
    text: "of a text, on average",
    kept: "probability mass that is kept",
    rejection: "rejection",
    mask: "mask",
    weighted: "mask, weighted",
    texts: (count) => number(count, 3),
  },
};
