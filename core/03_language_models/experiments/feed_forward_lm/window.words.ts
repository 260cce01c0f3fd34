/**
 * # Words between, within a window and beyond it, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import { written } from "../../../experiments/seeds.ts";
import type { WindowExperiment } from "./window.ts";

const share = (value: number): string => percent(value);

/** What the experiment says. */
export const words: Words<WindowExperiment> = {
  title: "Words between, within a window and beyond it",
  purpose:
    "A sentence begins with Mr. or Mrs. and ends with he or she; names that are drawn independently stand between. Two feed-forward models differ in their window. A table of counts sees as many words as the wider one. Change " +
    "the window, and see across how many names each model still knows the pronoun.",
  controls: {
    sentences: { label: "Sentences", description: "Sentences that are learned, of all lengths" },
    names: { label: "Names", description: "Different names, each as probable at every place" },
    window: { label: "Window", description: "Words that the wider model sees; the other sees half of them" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    steps: "steps",
    embedding: "numbers of a word",
    hidden: "width of the hidden layer",
    batch: "sentences in a batch",
    rate: "highest rate",
    tests: "sentences asked for each length",
  },
  claims: {
    within: "As long as the title stands in the window, the network is right in more than 90\u202f%",
    beyond: "One word beyond the window it guesses",
    table:
      "The table of counts, which sees as many words as the wider window, knows the pronoun across one name and not across four",
  },
  captions: {
    accuracy: ({ windows, networks, table, shown: { seeds, names } }) => {
      const wide = windows.at(-1)!, within = networks.at(-1)![wide - 1]!, beyond = networks.at(-1)![wide];
      return `Fraction of right pronouns with ${names} names; the lines are the middle of the range over ${seeds} seeds, the bands the range. With a window of ${wide} words the network has ${
        written(within, share)
      } across ${wide - 1} names${beyond ? ` and ${written(beyond, share)} across ${wide}` : ""}. The table has ${
        written(table[wide - 1]!, share)
      } across ${wide - 1}.`;
    },
  },
  reading: ({ windows, table, shown: { sentences, names } }) => [
    `The title and ${windows.at(-1)! - 1} names fill the window. There are ${
      number(2 * names ** (windows.at(-1)! - 1))
    } such contexts, and ${
      number(sentences)
    } sentences of all lengths. The table has not seen most of them, and it is right in ${
      written(table[windows.at(-1)! - 1]!, share)
    }.`,
    "The network has weights for each place of the window. The vectors of the names do not matter to the pronoun, so what they add to its score becomes small. This holds for combinations that it has not seen. " +
    "One word beyond the window nothing of the title enters, and no training helps.",
  ],
  labels: {
    between: "names between",
    right: "right pronouns",
    chance: "guessing",
    ofWindow: (size) => `window ${size}`,
    ofOrder: (order) => `n = ${order}`,
  },
};
