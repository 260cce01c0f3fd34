/**
 * # The gradient along the cell, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Cell } from "./lstm.ts";

const short = (value: number): string => number(value, 2);

/** What the experiment says. */
export const words: Words<Cell> = {
  title: "The gradient along the cell",
  purpose:
    "An LSTM learns the characters of English sentences. On unseen sentences, the derivative of its last cell state by earlier ones is computed exactly, as a product of forget gates, and as a product of the four terms of the page. The lines show how far both are off. The bars compare the terms of one step. Set the steps to 0 to see a network that has learned nothing.",
  controls: {
    width: { label: "Width", description: "Numbers of a cell state" },
    distance: { label: "Distance", description: "Steps back" },
    steps: { label: "Steps", description: "Steps of training" },
    seed: SEED_WORDS,
  },
  constants: {
    batch: "windows in a batch",
    length: "characters of a window",
    texts: "places in unseen sentences",
    seeds: "seeds",
  },
  claims: {
    equal: "The exact derivative is what backward() computes",
    below: "The product of forget gates is below 1: by itself it cannot explode",
    dominates: "In one step the forget gate is larger than each of the other three terms, with every seed",
    vanish: "Over ten steps the other terms no longer matter: the product of forget gates is off by less than a tenth",
  },
  captions: {
    error: ({ error, far, shown: { length, seeds, texts } }) =>
      `Size of the difference between each product and the exact derivative, as a fraction of the size of the exact one, mean of ${texts} places. The size of a matrix is the root mean square of the factors by which it stretches vectors of all directions. The lines are the first of ${seeds} seeds, the bands reach from the lowest to the highest. After ten steps it is ${
        written(error[0]![1], (value) => percent(value))
      } for the forget gates and ${
        written(error[1]![1], (value) => percent(value))
      } for the four terms. The exact derivative itself has the size ${
        written(far[0]!, short)
      } after ${length} steps, the product of forget gates ${written(far[1]!, short)}.`,
    terms: ({ terms }) =>
      `Mean size of the four terms of one step, from top to bottom: ${
        terms.map((range) => written(range, short)).join(", ")
      }. The bars are the first seed.`,
  },
  reading: ({ terms, error, difference, shown: { curves } }) => [
    `In one step the forget gate is by far the largest term, and without the others the derivative is off by ${
      written([error[0]![0][0], error[0]![0][1]], (value) => percent(value))
    } of its size. Over ten steps the error is ${
      written([error[0]![1][0], error[0]![1][1]], (value) => percent(value))
    }. ${
      error[0]![1][0] > error[0]![0][1]
        ? "The other terms are small, and yet they do not die out: each step adds them again."
        : "The error does not grow with every seed."
    }`,
    `This error is the size of the difference of two matrices. Their own sizes differ by less: after ${
      number(curves[0]![10]![0])
    } steps by ${
      percent(Math.abs(curves[1]![10]![1] / curves[0]![10]![1] - 1))
    } in the first seed. Two matrices of one size can stretch different directions.`,
    `The product of all four terms is off by ${
      written([error[1]![1][0], error[1]![1][1]], (value) => percent(value))
    } over ten steps. What it lacks is one way more: an earlier cell acts on the output gate of the next step, and through it on the cell after that, without passing the cell between.`,
    `${
      terms[0]![1] < 1
        ? "No forget gate is above 1, so their product falls at every step."
        : "The forget gates are close to 1."
    } The exact derivative differs from what backward() finds by ${number(difference, 1)} of the largest number.`,
  ],
  labels: {
    exact: "exact",
    forget: "forget gates alone",
    four: "four terms",
    direct: "forget gate",
    forgetGate: "through the forget gate",
    candidate: "through the candidate",
    inputGate: "through the input gate",
    distance: "distance, in steps",
    error: "relative error",
    term: "size of a term",
  },
};
