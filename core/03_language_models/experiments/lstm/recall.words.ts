/**
 * # A word remembered over a distance, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { written } from "../../../experiments/seeds.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Recall } from "./recall.ts";

const share = (value: number): string => percent(value);
/** How open a gate is whose sum is its bias. */
const open = (bias: number): number => 1 / (1 + Math.exp(-bias));

/** What the experiment says. */
export const words: Words<Recall> = {
  title: "A word remembered over a distance",
  purpose:
    "A text begins with a word to remember. Others follow that mean nothing, and then a sign that asks for the first. Each network learns it anew at each distance. " +
    "Lower the bias of the gates to 1, and compare the LSTM with the recurrent network at a distance of 8.",
  controls: {
    width: { label: "Width", description: "Numbers of a state, and of a vector of the attention" },
    bias: {
      label: "Bias",
      description: "Where the bias of the gates starts that keep: forget gates of the LSTM, update gates of the GRU",
    },
    steps: { label: "Steps", description: "Steps of training, each on new texts" },
    seed: SEED_WORDS,
  },
  constants: {
    words: "words to remember",
    others: "words that mean nothing",
    batch: "texts in a batch",
    rate: "learning rate",
    tests: "unseen texts",
    seeds: "seeds",
  },
  claims: {
    near: "At a distance of 2 every network answers right, with every seed",
    rnn: "At the longest distance the recurrent network answers less than half right, with every seed",
    attention: "At the longest distance attention does at least as well as the recurrent network and the LSTM",
    gates: "At a distance of 8 LSTM and GRU answer more often right than the recurrent network, with every seed",
  },
  captions: {
    accuracy: ({ distances, accuracy, ranges, weights, shown: { seeds, steps, chance } }) =>
      `Fraction of right answers after ${steps} steps of training, over ${seeds} seeds; a guess has ${
        share(chance)
      }. At a distance of ${distances.at(-1)}: recurrent network ${written(ranges[0]!.at(-1)!, share)}, LSTM ${
        written(ranges[1]!.at(-1)!, share)
      }, GRU ${written(ranges[2]!.at(-1)!, share)}, attention ${written(ranges[3]!.at(-1)!, share)}. They have ${
        weights.map((count) => number(count)).join(", ")
      } weights. The lines are those of the first seed, ${accuracy.length} networks.`,
  },
  reading: ({ distances, ranges, shown: { steps, seeds, bias } }) => {
    const reach = ranges.map((network) => distances.filter((_, i) => network[i]![0] > 0.9).at(-1));
    const say = (i: number): string => reach[i] === undefined ? "none of the distances" : `a distance of ${reach[i]}`;
    return [
      `In ${steps} steps, with every seed, more than nine of ten answers are right up to ${
        say(0)
      } by the recurrent network, ${say(1)} by the LSTM, ${say(2)} by the GRU and ${
        say(3)
      } by attention. For attention the distance is one step, whatever it is.`,
      "This is how far each network learns to remember in a short training, not how far it can. " +
      `The gates that keep start with a bias of ${number(bias)} in LSTM and GRU alike, and so near ${
        number(open(bias), 2)
      }. ` +
      `The library's own LSTM starts with 1, near ${
        number(open(1), 2)
      }. The nearer to 1, the more of the gradient passes from the first step on.`,
      `${seeds} seeds are too few to rank LSTM and GRU at the longest distances, where the ranges of one network are wide.`,
    ];
  },
  labels: {
    rnn: "recurrent network",
    lstm: "LSTM",
    gru: "GRU",
    attention: "attention",
    distance: "distance, in words",
    right: "fraction right",
    chance: "guess",
  },
};
