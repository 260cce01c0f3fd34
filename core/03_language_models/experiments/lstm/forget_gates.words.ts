/**
 * # Forget gates of sense and nonsense, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { written } from "../../../experiments/seeds.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { ForgetGates } from "./forget_gates.ts";

const short = (value: number): string => number(value, 3);

/** What the experiment says. */
export const words: Words<ForgetGates> = {
  title: "Forget gates of sense and nonsense",
  purpose:
    "An LSTM learns the characters of English sentences. Its forget gates are read on unseen sentences, on the same sentences with their words in random order, and on their characters " +
    "in random order. Start the bias of the gates lower and see whether training raises them.",
  controls: {
    bias: { label: "Bias", description: "Where the bias of the forget gates starts" },
    steps: { label: "Steps", description: "Steps of training" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "numbers of a state",
    batch: "windows in a batch",
    length: "characters of a window",
    test: "unseen characters",
    seeds: "seeds",
  },
  claims: {
    most: "On sentences the mean forget gate is nearer to 1 than to 0, with every seed",
    sense: "On characters in random order the mean forget gate is lower by a tenth or more, with every seed",
  },
  captions: {
    histogram: ({ mean, keeps, shown: { start, seeds, counts } }) =>
      `How many gates have which value: ${
        number(counts[0]!.reduce((sum, count) => sum + count, 0))
      } on sentences, one for each number of the state and each character of the second half of a window. They start near ${
        short(start)
      }. On sentences their mean is ${written(mean[0]!, short)}, and ${
        written(keeps[0]!, (value) => percent(value))
      } are above 0.9, over ${seeds} seeds.`,
    table: ({ mean, keeps, forgets, loss }) =>
      `The lowest value over the seeds. On characters in random order the mean is ${written(mean[2]!, short)}, ${
        written(keeps[2]!, (value) => percent(value))
      } are above 0.9 and ${written(forgets[2]!, (value) => percent(value))} below 0.1; the loss there is ${
        written(loss[2]!, short)
      }.`,
  },
  reading: ({ mean, loss, gap, shown: { samples } }) => [
    `The texts begin so: “${samples[0]}”, “${samples[1]}”, “${
      samples[2]
    }”. The model finds the last one far less probable, with a loss of ${written(loss[2]!, short)} against ${
      written(loss[0]!, short)
    }.`,
    gap < 0.1
      ? `Its gates do not tell them apart. On sentences their mean is ${
        written(mean[0]!, short)
      }, on characters in random order ${
        written(mean[2]!, short)
      }. The gates are high since the network has learned to keep, not since the text at hand makes sense. A network that reads nonsense does not forget more.`
      : "Here the gates are lower on nonsense.",
  ],
  labels: {
    sentences: "sentences",
    words: "words in random order",
    characters: "characters in random order",
    gate: "forget gate",
    text: "text",
    mean: "mean gate",
    keeps: "above 0.9",
    forgets: "below 0.1",
    loss: "loss",
  },
};
