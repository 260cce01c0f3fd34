/**
 * # More diverse and less, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Temperature } from "./temperature.ts";

/** What the experiment says. */
export const words: Words<Temperature> = {
  title: "More diverse and less",
  purpose: "One distribution over a dozen words, at many temperatures. Change the one that is shown beside " +
    "temperature 1. See that the order of the words stays, how the entropy grows, and how many different words " +
    "occur in fifty samples.",
  controls: {
    temperature: {
      label: "Temperature",
      description: "What the logits are divided by; the point of the second figure",
    },
    seed: SEED_WORDS,
  },
  constants: { words: "words", draws: "samples" },
  claims: {
    order: "Temperature never changes which of two words is more probable",
    entropy: "The higher the temperature, the higher the entropy",
    variety: "At a low temperature every sample is the most probable word; at a high one nearly every word occurs",
    ratio: "The ratio of two probabilities is raised to the power of one over the temperature",
  },
  captions: {
    shares: ({ shown: { temperature, chosen, plain } }) =>
      `At temperature ${number(temperature, 3)} the most probable word has ${
        percent(Math.max(...chosen), 2)
      }, at 1 it ` +
      `has ${percent(Math.max(...plain), 2)}. No word overtakes another.`,
    entropy: ({ entropies, shown: { most } }) =>
      `The entropy grows with the temperature, from ${number(entropies[0]!, 2)} to ${number(entropies.at(-1)!, 3)} ` +
      `nats; a uniform distribution over as many words has ${number(most, 3)}.`,
    variety: ({ variety, shown: { draws } }) =>
      `The number of different words in ${draws} samples: ${variety[0]} at the lowest temperature, ${
        variety.at(-1)
      } at ` +
      "the highest.",
  },
  labels: {
    probability: "probability",
    one: "temperature 1",
    chosen: "as chosen",
    temperature: "temperature",
    nats: "entropy in nats",
    entropy: "entropy",
    equal: "uniform",
    different: "different words",
    differentIn: (draws) => `different words in ${draws} samples`,
  },
};
