/**
 * # Words between two that belong together, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import { written } from "../../../experiments/seeds.ts";
import type { Intervening } from "./intervening.ts";

/** What the experiment says. */
export const words: Words<Intervening> = {
  title: "Words between two that belong together",
  purpose:
    "A sentence begins with Mr. or Mrs. and ends with he or she; names that are drawn independently stand between. Change the number of names or " +
    "sentences. See up to how many words between each model still knows the pronoun.",
  controls: {
    sentences: { label: "Sentences", description: "Sentences that are learned, of all lengths" },
    names: { label: "Names", description: "Different names, each as probable at every place" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    steps: "steps of the network",
    width: "its width",
    layers: "its layers",
    batch: "its batch",
    rate: "its highest rate",
    tests: "sentences asked for each length",
  },
  claims: {
    trigram: "A trigram model knows the pronoun across one word and guesses across two",
    table: "A 7-gram model, whose context holds the whole sentence, guesses across five words",
    network: "The network is right in more than 95\u202f% at every distance",
  },
  captions: {
    accuracy: ({ trigram, sevengram, network, shown: { seeds, names, between } }) => {
      const write = (one: number): string => percent(one);
      return `Fraction of right pronouns, the worst of ${seeds} seeds. Across two words, with ${names} names, the trigram model has ` +
        `${written(trigram[2]!, write)}, the 7-gram model ${written(sevengram[2]!, write)}, the network ${
          written(network[2]!, write)
        }; across ${between.at(-1)} the 7-gram model has ${written(sevengram.at(-1)!, write)}.`;
    },
  },
  reading: ({ sevengram, shown: { names, sentences, entries, parameters } }) => [
    `Two names have ${number(names ** 2)} combinations and three ${number(names ** 3)}. ${
      number(sentences)
    } sentences of six lengths cannot hold them. So a ` +
    `context that reaches the title was mostly never seen, and the model backs off to a shorter one without the title. The 7-gram model holds ` +
    `${number(entries)} 7-grams, BEGIN and END counted as words, and guesses all the same.`,
    `The network is a decoder-only Transformer. It has ${
      number(parameters)
    } parameters and no entry for a combination. It learns that the names say nothing. ` +
    (sevengram[2]![1] < 0.7
      ? "A longer context alone does not help the table: it is not the reach that it lacks."
      : "With few names the table can hold the combinations, and does as well."),
  ],
  labels: {
    between: "words between",
    right: "right pronouns",
    network: "network",
    chance: "guessing",
    ofOrder: (order) => `n = ${order}`,
  },
};
