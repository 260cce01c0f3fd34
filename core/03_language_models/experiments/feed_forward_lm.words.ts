/**
 * # Words that share what is known of them, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import { written } from "../../experiments/seeds.ts";
import type { Sharing } from "./feed_forward_lm.ts";

const share = (value: number): string => percent(value), short = (value: number): string => fixed(value, 2);

/** What the experiment says. */
export const words: Words<Sharing> = {
  title: "Words that share what is known of them",
  purpose:
    "There are two kinds of nouns and two kinds of verbs. Each noun is followed by some verbs of its kind, and the other pairs are left out of the text. A model is right about a pair that was left out " +
    "if its verb is more probable than the mean verb of the other kind. Change the number of words.",
  controls: {
    words: { label: "Words", description: "Nouns of a kind, and verbs of a kind" },
    steps: { label: "Steps", description: "Steps of training of the network" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    embedding: "numbers of a word",
    hidden: "width of the hidden layer",
    batch: "pairs in a batch",
    rate: "highest rate",
  },
  claims: {
    shares:
      "The network is right about more than 90\u202f% of the withheld pairs, once each noun is seen with six verbs",
    table: "The table of counts guesses",
    vectors: "With as many, nouns of one kind have vectors that are nearer to each other than those of two kinds",
    few: "With one verb for each noun the network does not know its kind, and guesses too",
  },
  captions: {
    right: ({ network, table, shown: { seeds, seen } }) =>
      `Fraction of withheld pairs that are right. The lines are the middle of the range over ${seeds} seeds, the bands the range. With ${
        seen.at(-1)
      } verbs for each noun the network has ${written(network.at(-1)!, share)}, the bigram table ${
        written(table.at(-1)!, share)
      }.`,
    cosine: ({ alike, unlike, shown: { seen } }) =>
      `Mean cosine of the vectors of two nouns, drawn in the same way. With ${seen.at(-1)} verbs it is ${
        written(alike.at(-1)!, short)
      } for one kind and ${written(unlike.at(-1)!, short)} for two.`,
  },
  reading: ({ network, table, shown: { verbs, seen } }) => [
    `Each noun has ${verbs} verbs of its kind. The table counts pairs. Of a pair that was left out it knows how often the verb stands elsewhere, and that is the same for both kinds: it is right in ${
      written(table.at(-1)!, share)
    }.`,
    `The network predicts the verbs that a noun was seen with. Two nouns that share some of their verbs need similar scores, so they get similar vectors. The verbs of one then come with the other. With ${
      seen[0]
    } verb for each noun, nouns share too little, and the network is right in ${written(network[0]!, share)}. With ${
      seen.at(-1)
    } it is right in ${written(network.at(-1)!, share)}.`,
  ],
  labels: {
    seen: "verbs seen with each noun",
    right: "withheld pairs that are right",
    network: "feed-forward",
    table: "bigrams",
    chance: "guessing",
    cosine: "cosine",
    alike: "one kind",
    unlike: "two kinds",
  },
};
