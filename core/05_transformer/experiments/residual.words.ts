/**
 * # What a residual connection saves, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Detour } from "./residual.ts";

/** What the experiment says. */
export const words: Words<Detour> = {
  title: "What a residual connection saves",
  purpose: "A signal goes through a chain of layers and a gradient comes back, with the input added to the " +
    "output of each step and without. Change the layers, and the gain, by which a layer stretches a vector. See " +
    "what arrives at the last layer. In the last figure both kinds of chain are trained to do nothing.",
  controls: {
    layers: { label: "Layers", description: "Length of the chains, in the first two figures" },
    gain: { label: "Gain", description: "By how much a matrix of these chains stretches a vector, on average" },
    bend: {
      label: "Activation",
      description: "What follows the matrix in F, in these chains",
      choices: { none: "none" },
    },
    steps: {
      label: "Training steps",
      description: "Of the two networks that learn to return their input, in the last figure",
    },
    seed: SEED_WORDS,
  },
  constants: {
    width: "width of the chains",
    small: "width of the networks that learn",
    depth: "their layers",
    rate: "learning rate",
    batch: "examples in a batch",
    seeds: "seeds",
  },
  claims: {
    vanishing: "In a chain of steps that shrink, less than a millionth of the gradient reaches the first layer",
    kept: "With residual connections and random weights, every layer gets at least 90\u202f% of it",
    always: "Residual connections keep the gradient at about one or above, whatever the steps compute",
    identity:
      "Doing nothing is easier to learn with residual connections: a tenth of the error after as many steps, with every seed",
  },
  captions: {
    signal: ({ plainSignal, residualSignal, normedSignal }) =>
      `A signal of size ${number(plainSignal[0]!, 2)} after ${plainSignal.length - 1} layers: ` +
      `${number(plainSignal.at(-1)!, 2)} without the addition, ${number(residualSignal.at(-1)!, 2)} with it, ` +
      `${number(normedSignal.at(-1)!, 2)} with a norm inside the step.`,
    gradient: ({ plainGradient, residualGradient, opposedGradient }) =>
      `Of a gradient of length 1 at the end, ${number(plainGradient[0]!, 2)} arrives at the first layer ` +
      `without the addition and ${number(residualGradient[0]!, 2)} with it. Where every step opposes its input, ` +
      `F(x) = −x/2, it is ${number(opposedGradient[0]!, 2)} with the addition too.`,
    identity: ({ plainIdentity, residualIdentity, plainRange, residualRange, seeds, shown: { depth } }) =>
      `${depth} feed-forward layers learn to return their input: mean squared error ` +
      `${number(plainIdentity, 2)} without the addition, ${
        number(residualIdentity, 2)
      } with it. The bands are the ranges over ${seeds} seeds. They end at ` +
      `${written(plainRange, (x) => number(x, 2))}, and at ${written(residualRange, (x) => number(x, 2))}.`,
  },
  labels: {
    layer: "layer",
    signal: "root mean square of the signal",
    gradient: "length of the gradient, last layer = 1",
    step: "step",
    error: "mean squared error",
  },
};
