/**
 * # One encoder, four kinds of input, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Shapes } from "./tasks_and_shapes.ts";

/** What the experiment says. */
export const words: Words<Shapes> = {
  title: "One encoder, four kinds of input",
  purpose:
    "The same encoder learns four tasks. Words: for each, whether its opposite stands in the sentence too. Sound: which of three pitches it has. " +
    "Graph: each node has one of three colours; for each, whether it is red or joined to a red one. Image: whether its line lies or stands. Change the width or the steps of " +
    "training, and compare with always giving the most frequent answer.",
  controls: {
    width: { label: "Width", description: "Width of the vectors within the encoder" },
    steps: { label: "Steps", description: "Steps of training, each on new examples" },
    seed: SEED_WORDS,
  },
  constants: {
    batch: "examples in a batch",
    rate: "learning rate",
    layers: "layers",
    heads: "heads",
    tests: "unseen examples",
    seeds: "seeds",
  },
  claims: {
    learned: "On the task of each kind of input more than 90\u202f% of the answers are right, with every seed",
    same: "The encoder has the same number of weights for each kind of input",
    set: "The vectors are a set: in another order they get the same answers",
  },
  captions: {
    accuracy: ({ accuracy, majority, ranges, shown: { seeds, tests } }) =>
      `Fraction of right answers on ${tests} unseen examples of each kind. Bars: the run with the chosen seed, ${
        accuracy.map((value, i) => `${["words", "sound", "graph", "image"][i]!} ${percent(value, 3)}`).join(", ")
      }; beside them what the most frequent answer would reach, ${
        majority.map((value) => percent(value)).join(", ")
      }. Thin lines: from the lowest to the highest of ${seeds} seeds, of which this is the first; lowest of all: ${
        [
          "words",
          "sound",
          "graph",
          "image",
        ][ranges.findIndex(([low]) => low === Math.min(...ranges.map(([one]) => one)))]
      }, ${written(ranges.reduce((a, b) => b[0] < a[0] ? b : a), (value) => percent(value, 3))}.`,
    table: ({ weights, moved }) =>
      `What goes in and what comes out. The encoder has ${
        number(weights[0]!)
      } weights each time. With the vectors in reverse order ${
        Math.max(...moved) === 0 ? "no answer changes" : `up to ${percent(Math.max(...moved))} of the answers change`
      }.`,
  },
  labels: {
    words: "words",
    sound: "sound",
    graph: "graph",
    image: "image",
    right: "fraction right",
    most: "most frequent answer",
    input: "input",
    shape: "shape",
    vectors: "vectors N",
    width: "their width",
    answers: "answers",
    weights: "weights of the encoder",
  },
};
