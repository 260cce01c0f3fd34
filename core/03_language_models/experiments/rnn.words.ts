/**
 * # Vanishing and exploding gradients, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Vanishing } from "./rnn.ts";

const short = (value: number): string => number(value, 3);

/** What the experiment says. */
export const words: Words<Vanishing> = {
  title: "Vanishing and exploding gradients",
  purpose:
    "A random matrix is scaled to a spectral radius below 1, of 1 and above 1. The lines show the derivative of the last state by the one so " +
    "many steps before. In three networks all states are 0, so every slope of tanh is 1. The fourth has the largest matrix and reads random words. Change the radius.",
  controls: {
    radius: {
      label: "Radius",
      description: "Spectral radius of the largest matrix; that of the smallest is its reciprocal",
    },
    words: { label: "Words", description: "Standard deviation of the numbers of a word" },
    distance: { label: "Distance", description: "Steps" },
    width: { label: "Width", description: "Numbers of a state" },
    seed: SEED_WORDS,
  },
  constants: { seeds: "seeds" },
  claims: {
    vanishes: "With a spectral radius below 1 the gradient vanishes, with every seed",
    explodes: "With states near 0 and a spectral radius above 1 it explodes, with every seed",
    radius:
      "With states near 0 the factor per step is the spectral radius, within a tenth, in the second half of the distance",
    slopes: "With words that are large the gradient vanishes, although the spectral radius is above 1",
    stretch: "It also vanishes where the largest singular value is above 1",
    equal: "The product is what backward() computes",
  },
  captions: {
    size: ({ radius, factors, shown: { seeds } }) =>
      `The size of the derivative by distance: the root mean square of the factors by which it stretches vectors of all directions. The lines are the first of ${seeds} seeds, the bands reach from the lowest to the highest. Over the second half of the distance the factors per step are ${
        factors.slice(0, 3).map((range, i) => `${written(range, short)} for ρ = ${short(radius[i]!)}`).join(", ")
      }, and ${written(factors[3]!, short)} for ρ = ${short(radius[3]!)} with words.`,
  },
  reading: ({ radius, factors, slope, stretch, difference }) => [
    `Where the states are 0, every slope of tanh is 1 and the factor per step comes close to the spectral radius after some steps: it is ${
      written(factors[0]!, short)
    } for a radius of ${short(radius[0]!)}, ${written(factors[2]!, short)} for ${
      short(radius[2]!)
    }. The largest singular value does not say it. It is ${
      short(stretch[0]!)
    } or more for the smallest matrix, and the gradient vanishes all the same.`,
    `The network that reads words has the largest matrix, of radius ${
      short(radius[3]!)
    }. Its states are large and the mean slope of tanh is ${short(slope[3]!)}. The factor per step is ${
      written(factors[3]!, short)
    }; the mean slope times ρ is a rough guess of it, since the slopes differ. ${
      factors[3]![1] < 1
        ? "The gradient vanishes, although the spectral radius is above 1."
        : "Here the slopes are not small enough to make it vanish."
    }`,
    `Multiplied by a vector, the product gives what backward() finds, but for ${
      number(difference, 1)
    } of the largest number of the result.`,
  ],
  labels: {
    distance: "distance, in steps",
    size: "size of the derivative",
    network: (kind, radius) => kind === "words" ? `ρ = ${short(radius)}, reads words` : `ρ = ${short(radius)}`,
  },
};
