/**
 * # Order inside and outside a window, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import { written } from "../../experiments/seeds.ts";
import type { Order } from "./cnn.ts";

const share = (value: number): string => percent(value);

/** What the experiment says. */
export const words: Words<Order> = {
  title: "Order inside and outside a window",
  purpose:
    "Each text holds two marked words among others, and its label says which of the two comes first. Three classifiers differ in the width of their window. The largest value over all positions decides. Change the widest " +
    "window, and see up to which distance each of them knows the order.",
  controls: {
    width: { label: "Widest window", description: "Words" },
    steps: { label: "Steps", description: "Steps of training" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    embedding: "numbers of a word",
    features: "features of a width",
    batch: "texts in a batch",
    rate: "highest rate",
    tests: "texts asked for each distance",
    length: "words of a text",
  },
  claims: {
    bag: "A window of one word knows no order, and guesses",
    within: "Where both words fit into the window, more than 95\u202f% of the labels are right",
    beyond: "Where they do not, the wider windows are right in 35\u202f% to 65\u202f%, where a guess has 50\u202f%",
    phrase: "The feature that tells the labels apart is largest where the window holds both words",
  },
  captions: {
    right: ({ widths, right, shown: { seeds } }) => {
      const last = widths.at(-1)!, row = right.at(-1)!;
      return `Fraction of right labels by the distance of the two words; the lines are the middle of the range over ${seeds} seeds, the bands the range. A window of ${last} words has ${
        written(row[last - 2]!, share)
      } at distance ${last - 1}${row[last - 1] ? ` and ${written(row[last - 1]!, share)} at distance ${last}` : ""}.`;
    },
  },
  reading: ({ widths, right, found }) => [
    `The words of both classes are the same. A window of one word and the maximum over all positions see which words there are, as a bag of words does: ${
      written(right[0]![0]!, share)
    } of the labels are right. A window of ${widths[1]} words has ${
      written(right[1]![0]!, share)
    } where the two are neighbours. So the places of a window are told apart.`,
    "Between windows there is no order. The maximum forgets where a window stood, and two words that never share a window may as well be exchanged.",
    `Where a feature is largest can be shown. One feature tells the two labels apart best, and it is strong for one of them. In texts of this label whose words are neighbours, its best window holds both in ${
      written(found, share)
    } of them: the phrase was found.`,
  ],
  labels: {
    distance: "distance of the two words",
    right: "right labels",
    chance: "guessing",
    ofWidth: (width) => `window ${width}`,
  },
};
