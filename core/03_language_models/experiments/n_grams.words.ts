/**
 * # Perplexity, size and unseen n-grams by order, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import { written } from "../../experiments/seeds.ts";
import type { Orders } from "./n_grams.ts";

/** What the experiment says. */
export const words: Words<Orders> = {
  title: "Perplexity, size and unseen n-grams by order",
  purpose:
    "N-gram models of words learn English sentences of the translator and predict sentences that they have not seen. A small decoder-only Transformer does the same. Change the number of " +
    "sentences. See where a higher order stops helping, how many n-grams are new, and how large the table becomes.",
  controls: {
    sentences: { label: "Sentences", description: "Sentences that are learned" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    steps: "steps of the network",
    width: "its width",
    layers: "its layers",
    batch: "its batch",
    rate: "its highest rate",
  },
  claims: {
    falls: "The perplexity falls to less than half with the first word of context, and falls again with the second",
    ends: "From order 5 to 6 it changes by less than 5\u202f%",
    sparse: "Some bigrams of unseen sentences are new, more 4-grams are, and most sentences have at least one",
    size: "From order 2 on, from one order to the next the table of an order does not double",
    addOne: "Adding one to each count is worse than modified Kneser–Ney by a factor of more than two, from order 3 on",
    short: "A longer context helps later words and not the first two",
  },
  captions: {
    perplexity: ({ smoothed, addOne, network, shown: { orders, seeds } }) =>
      `Perplexity of unseen sentences, END included. Modified Kneser–Ney goes from ${
        fixed(smoothed[0]![0], 0)
      } at order 1 to ` +
      `${fixed(smoothed.at(-1)![0], 1)} at order ${orders.at(-1)}. Add-one is best at order 2 with ${
        fixed(addOne[1]![0], 0)
      }. The network has ` +
      `${written(network, (one) => fixed(one, 1))} over ${seeds} seeds; all lines are the lowest of them.`,
    unseen: ({ unseen, impossible, shown: { orders } }) =>
      `N-grams of unseen sentences that the table does not hold: ${percent(unseen[1]![0])} at order 2, ${
        percent(unseen.at(-1)![0])
      } at order ` +
      `${orders.at(-1)}. Without smoothing ${percent(impossible[1]![0])} of the sentences are impossible at order 2.`,
    size: ({ sizes, shown: { vocabulary, words } }) =>
      `N-grams that the table holds, by order. A vocabulary of ${number(vocabulary)} has ${
        number(vocabulary ** 2)
      } possible bigrams; the text of ` +
      `${number(words)} tokens has ${number(sizes[1]!)} different ones.`,
    places: ({ gainByPlace }) =>
      `Perplexity by the place of the word in its sentence. At the first place the bigram model has ${
        number(gainByPlace[0]!, 3)
      } times the ` +
      `perplexity of the highest order, at the last one shown ${number(gainByPlace.at(-1)!, 3)} times.`,
  },
  reading: ({ smoothed, network, sizes, gainByPlace, shown: { parameters, orders, words, sentences } }) => [
    `Most of the gain comes from one word of context, some from two, and hardly any from more: from order 3 to ${
      orders.at(-1)
    } the perplexity ` +
    `changes from ${fixed(smoothed[2]![0], 1)} to ${
      fixed(smoothed.at(-1)![0], 1)
    }. The sentences are short, and this corpus is made from patterns.`,
    `The table of the highest order has ${number(sizes.at(-1)!)} n-grams, the one below ${
      number(sizes.at(-2)!)
    }. No n-gram crosses the end of a sentence, and a sentence has ${
      number(words / sentences, 2)
    } tokens on average, END included: the longer an n-gram, the fewer places it has. ` +
    `What grows is the fraction of n-grams that are new in an unseen sentence.`,
    `The network, a decoder-only Transformer of ${number(parameters)} parameters, has a perplexity of ${
      fixed(network[0], 1)
    } after these few steps, ${
      network[0] > smoothed.at(-1)![1] ? "above" : "below"
    } that of the tables. Counting took one pass over the text. With more steps and more text this can turn.`,
    `A context cannot be longer than the sentence so far. At the first place it is the token BEGIN alone. At the second place the bigram model is worse by a factor of ` +
    `${
      number(gainByPlace[1]!, 3)
    } only, since there is little more to know. At the first place the orders from 2 on differ a little, since their discounts are estimated from different counts.`,
  ],
  labels: {
    order: "order n",
    perplexity: "perplexity",
    smoothed: "modified Kneser–Ney",
    addOne: "add-one",
    fraction: "fraction",
    unseen: "n-grams that are new",
    impossible: "sentences with one that is new",
    entries: "n-grams",
    held: "n-grams held",
    bound: "possible",
    place: "place in the sentence",
    network: (parameters) => `network of ${number(parameters)} parameters`,
    ofOrder: (order) => `order ${order}`,
  },
};
