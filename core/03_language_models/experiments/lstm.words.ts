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
    "An LSTM learns the characters of English sentences. The lines show the derivative of its last cell state by the one so many steps before, on unseen sentences: exactly, as a product of forget gates, and as a product of the four terms of the page. The bars compare the terms of one step. Set the steps to 0 to see a network that has learned nothing.",
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
    size: ({ far, shown: { length, seeds, texts } }) =>
      `Size of the derivative by distance, mean of ${texts} places: the root mean square by which it stretches a vector. After ${length} steps it is ${
        written(far[0]!, short)
      }, by forget gates alone ${written(far[1]!, short)}, over ${seeds} seeds.`,
    terms: ({ terms }) =>
      `Mean size of the four terms of one step: ${
        terms.map((range) => written(range, short)).join(", ")
      }, in the order of the bars.`,
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
    `This error is the size of the difference of two matrices. Their own sizes, which the lines show, differ by less: after ${
      number(curves[0]![10]![0])
    } steps by ${
      percent(Math.abs(curves[1]![10]![1] / curves[0]![10]![1] - 1))
    } in the first seed. Two matrices of one size can stretch different directions.`,
    `The product of all four terms is off by ${
      written([error[1]![1][0], error[1]![1][1]], (value) => percent(value))
    } over ten steps. What it lacks is the way through the output gate, which leads past a cell.`,
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
    size: "size of the derivative",
    term: "size of a term",
  },
};
