/**
 * # What the activation is for, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Bend } from "./feed_forward.ts";

/** What the experiment says. */
export const words: Words<Bend> = {
  title: "What the activation is for",
  purpose: "Layers of the same shape learn the same curve, one without an activation function and others with " +
    "one. Change the width inside, or the steps of the training. See which of them can follow the curve, and " +
    "which stays a straight line.",
  controls: {
    size: { label: "Width inside", description: "Units between the two matrices, in the last two figures" },
    steps: { label: "Training steps", description: "Steps of each layer, in the last two figures" },
    seed: SEED_WORDS,
  },
  constants: { rate: "learning rate", points: "points of the curve", seeds: "seeds" },
  claims: {
    oneMatrix: "Two linear maps in a row are one: the layer without activation equals a single matrix",
    line: "Such a layer learns a curve no better than the best straight line",
    bent: "With any of the activations the error falls below a third of that, with every seed",
    share: "Two thirds of the weights of an encoder layer are in its feed-forward part, within 1\u202f%",
  },
  captions: {
    bends: ({ geluForms }) =>
      "Three activations. GELU and its tanh form are too close to be told apart here: they differ by at most " +
      `${number(geluForms, 2)}.`,
    fits: ({ errors, line, seeds }) =>
      `What layers of one shape make of a curve, with one seed; the bands show the range over ${seeds} seeds. ` +
      "Without an activation it is a straight line of error " +
      `${number(errors[0]!, 3)}; the best one has ${number(line, 3)}.`,
    errors: ({ share, seeds }) =>
      `Error after training; the line at the end of a bar is the range over ${seeds} seeds. In an encoder layer ${
        percent(share, 2)
      } of the weights stand in its feed-forward part.`,
  },
  labels: {
    none: "no activation",
    relu: "ReLU",
    gelu: "GELU",
    silu: "SiLU",
    swiglu: "SwiGLU",
    activation: "activation",
    output: "output",
    error: "mean squared error",
  },
};
