/**
 * # Filtering raw text before a network learns it, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import { written } from "../../../experiments/seeds.ts";
import type { Filter } from "./filtering.ts";

const whole = (one: number): string => percent(one);
const tenths = (one: number): string => fixed(one, 1);

/** What the experiment says. */
export const words: Words<Filter> = {
  title: "Filtering raw text before a network learns it",
  purpose:
    "Good sentences are mixed with lines of noise. An n-gram model of characters that learned a few good sentences keeps those lines that surprise it " +
    "least. Change the amount of noise. See what the filter lets pass, and what a small network learns from raw, filtered and good lines.",
  controls: {
    noise: { label: "Noise", description: "Lines of noise, in percent of the good ones" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    clean: "sentences that the filter learned",
    good: "good sentences among the raw lines",
    order: "order of the filter",
    steps: "steps of the network",
    width: "its width",
    layers: "its layers",
    batch: "its batch",
    context: "its context",
    rate: "its highest rate",
  },
  claims: {
    precision: "More than 80\u202f% of the kept lines are good",
    shuffled: "The filter lets shuffled sentences pass more often than random letters",
    helps:
      "A network that learned the filtered lines predicts good sentences better than one that learned the raw ones",
  },
  captions: {
    perplexities: ({ perplexities: [raw, filtered, good], shown: { steps, seeds } }) =>
      `Perplexity per character of unseen good sentences after ${steps} steps, over ${seeds} seeds (the bars are the lowest): ${
        written(raw!, tenths)
      } for a network of raw lines, ` +
      `${written(filtered!, tenths)} for filtered ones, ${written(good!, tenths)} for good ones alone.`,
    kept: ({ precision, kept: [shuffled, repeated, letters], shown: { lines } }) =>
      `Of ${lines} lines as many are kept as there are good ones, and ${
        written(precision, whole)
      } of those are good. The filter lets pass ` +
      `${written(shuffled!, whole)} of the shuffled, ${written(repeated!, whole)} of the repeated and ${
        written(letters!, whole)
      } of the random lines.`,
    examples: () => "The first line of each kind, with its perplexity per character under the filter.",
  },
  reading: ({ kept: [shuffled, repeated] }) => [
    `The filter sees a few characters at a time. Random letters are easy for it. A shuffled sentence consists of good words, and ` +
    `${
      written(shuffled!, whole)
    } pass. A line that repeats one good word looks good in every window of a few characters, and ${
      written(repeated!, whole)
    } pass.`,
    "The network has the same steps in each case. What it spends on noise it cannot spend on sentences. Here the noise is known; of a page from the web " +
    "nobody knows which lines are good, and the fraction to keep is a guess.",
  ],
  labels: {
    shuffled: "shuffled words",
    repeated: "one word repeated",
    letters: "random letters",
    raw: "raw lines",
    filtered: "filtered lines",
    good: "good lines",
    sentence: "a good sentence",
    perplexity: "perplexity per character",
    fraction: "fraction that passes",
    line: "line",
    kind: "kind",
    learned: "learned",
  },
};
