/**
 * # The same again, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { rangeOf, written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { TheSameAgain } from "./contrastive_search.ts";

/** What the experiment says. */
export const words: Words<TheSameAgain> = {
  title: "The same again",
  purpose:
    "A small GPT on letters continues the same prompts by greedy search and by contrastive search. See how much it repeats as the penalty weighs more, how probable its " +
    "text is, and what both write. Change the number of candidates.",
  controls: {
    topK: { label: "Candidates k", description: "How many of the most probable tokens a step compares" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "width",
    layers: "layers",
    heads: "heads",
    steps: "steps",
    rate: "learning rate",
    prompts: "prompts",
    written: "letters written",
    gram: "letters of an n-gram",
    seeds: "seeds",
  },
  claims: {
    greedy: "Greedy search repeats itself",
    less: "Contrastive search repeats less than three quarters of that, at the weight that is shown",
    cost: "Its text is less probable at every weight",
  },
  captions: {
    repeated: ({ repeated, shown: { size, topK, seeds } }) =>
      `Which fraction of the ${size}-grams of letters has been there before, by the weight α of the penalty, with ${topK} candidates; α = 0 is greedy search, with ${
        percent(repeated[0]!)
      }. The line is the first seed, the band the range of ${seeds}.`,
    probability: ({ logProbabilities }) =>
      `The mean log-probability of a letter that was written: ${
        number(logProbabilities[0]!, 2)
      } nats by greedy search, ${number(logProbabilities.at(-1)!, 2)} where the penalty alone decides.`,
    greedy: () => "What greedy search writes after each prompt.",
    contrastive: ({ shown: { alpha, topK } }) =>
      `What contrastive search writes with α = ${number(alpha)} and ${topK} candidates.`,
  },
  reading: ({ greedy, contrastive, repeated, logProbabilities, shown: { size, alpha } }) => [
    `Greedy search writes ${
      written(rangeOf(greedy), (one) => percent(one))
    } of its ${size}-grams again, over the seeds; contrastive search with α = ${number(alpha)} writes ${
      written(rangeOf(contrastive), (one) => percent(one))
    } of them again. ` +
    `Where the penalty alone decides, it is ${
      percent(repeated.at(-1)!)
    } with the first seed, and a letter has a mean log-probability of ${
      number(logProbabilities.at(-1)!, 2)
    } nats instead of ${
      number(logProbabilities[0]!, 2)
    }: hardly anything is repeated, and little of it is English. This model is small; it has not much to say that is both new and probable.`,
  ],
  labels: {
    alpha: "weight of the penalty, α",
    repeated: "n-grams that occurred before",
    probability: "log-probability of a letter, nats",
    search: "contrastive search",
  },
};
