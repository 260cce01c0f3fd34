/**
 * # How far a stack of convolutions sees, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import { written } from "../../../experiments/seeds.ts";
import type { Receptive } from "./receptive_field.ts";

const share = (value: number): string => percent(value);

/** What the experiment says. */
export const words: Words<Receptive> = {
  title: "How far a stack of convolutions sees",
  purpose:
    "Each position is to repeat the token that stood so many positions before it. A model without dilation and one whose dilation doubles have the same number of parameters. Both are trained anew for each distance. See where each of them " +
    "begins to guess.",
  controls: {
    steps: { label: "Steps", description: "Steps of training for each distance" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    layers: "blocks",
    kernel: "tokens of a window",
    width: "width",
    tokens: "different tokens",
    batch: "texts in a batch",
    length: "tokens of a text",
    rate: "highest rate",
  },
  claims: {
    within: "Within the receptive field more than 95\u202f% of the tokens are repeated",
    beyond: "Beyond it the models guess",
    wider: "The same blocks see sixteen tokens with dilations 1, 2, 4 and 8, and five without",
  },
  captions: {
    right: ({ distances, plain, dilated, fields, shown: { seeds } }) => {
      const at = (ranges: readonly (readonly [number, number])[], distance: number): string =>
        written(ranges[distances.indexOf(distance)]!, share);
      return `Fraction of tokens that are repeated, by distance; the lines are the middle of the range over ${seeds} seeds, the bands the range. Without dilation it is ${
        at(plain, fields[0] - 1)
      } at distance ${fields[0] - 1} and ${at(plain, fields[0])} at ${fields[0]}, with dilation ${
        at(dilated, fields[1] - 1)
      } at ${fields[1] - 1} and ${at(dilated, fields[1])} at ${fields[1]}.`;
    },
  },
  reading: ({ fields, shown: { parameters } }) => [
    `Both models have ${number(parameters)} parameters and compute as much. An output of the first depends on ${
      fields[0]
    } tokens, its own included, and an output of the second on ${
      fields[1]
    }. A token that is farther away has no path to the output, so training cannot help.`,
    "So a convolutional network is not bound to short distances. Its reach is a choice, and with dilation it costs one block for each doubling.",
  ],
  labels: {
    distance: "distance, in tokens",
    right: "tokens that are repeated",
    chance: "guessing",
    plain: (field) => `no dilation, sees ${field}`,
    dilated: (field) => `dilated, sees ${field}`,
  },
};
