/**
 * # Which order of words is more probable, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, number } from "../../../experiments/numbers.ts";
import type { WordOrder } from "./order.ts";

/** What the experiment says. */
export const words: Words<WordOrder> = {
  title: "Which order of words is more probable",
  purpose:
    "The four words of 我喜欢吃苹果 in all their orders, and the logarithm of the probability of each. The models learned Chinese sentences " +
    "without the two of the example. Change the number of sentences. See which model can tell the orders apart.",
  controls: { sentences: { label: "Sentences", description: "Sentences that are learned" } },
  claims: {
    unigram: "The unigram model gives all orders the same probability",
    bigram: "Bigram and trigram model find 我喜欢吃苹果 more probable than 苹果喜欢吃我, by more than one nat",
    best:
      "Of all orders the trigram model finds 我喜欢吃苹果 the most probable, and the bigram model at most one more probable",
  },
  captions: {
    table: ({ gain, shown: { all, sentences } }) =>
      `Logarithm of the probability, in nats, of some of the ${all} orders: the most probable ones, the other one of the example, and the least ` +
      `probable, after ${number(sentences)} sentences. 我喜欢吃苹果 leads 苹果喜欢吃我 by ${
        gain.map((one) => fixed(one, 1)).join(", ")
      } nats at ` +
      "orders 1, 2 and 3.",
  },
  reading: ({ range, above }) => [
    `The unigram model adds the same numbers in another order: the range over all orders of words is ${
      fixed(range[0]!, 1)
    }. The bigram model ` +
    `has a range of ${fixed(range[1]!, 1)} nats. ${
      above[1] === 0 ? "No order is" : `${above[1]} orders are`
    } more probable than ` +
    "我喜欢吃苹果 under it. The tokens are characters, so a bigram sees two characters and not two words.",
  ],
  labels: { text: "order of the words", ofOrder: (order) => `n = ${order}` },
};
