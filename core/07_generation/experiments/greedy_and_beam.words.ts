/**
 * # What greedy search misses, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Search } from "./greedy_and_beam.ts";

/** What the experiment says. */
export const words: Words<Search> = {
  title: "What greedy search misses",
  purpose:
    "A model here is a table: after each prefix it has random logits, one for each of four words, and their softmax, so that every sequence can be scored. Greedy search and beams are compared with the most probable one. Change the beam in the tree, and see which prefixes it prunes. The curves count how often each width finds that sequence, and what it costs.",
  controls: {
    beams: { label: "Beams", description: "Width of the beam in the first and the last figure" },
    length: { label: "Length", description: "Words in a sequence; the tree shows three at most" },
    sharpness: {
      label: "Standard deviation",
      description: "Of the random logits: large values give models that are sure of each word",
    },
    seed: SEED_WORDS,
  },
  constants: { words: "words", models: "models" },
  claims: {
    greedy: "Greedy search misses the most probable sequence of more than one in four of these models",
    one: "A beam of one finds in every model what greedy search finds",
    wider: "Wider beams find sequences that are at least as probable, on average over these models",
    two: "A beam of two finds the most probable sequence of every model",
    full: "A beam as wide as there are prefixes finds the most probable sequence of every model",
    sharp: "With the largest standard deviation, greedy search finds it in more than three models of four",
  },
  captions: {
    tree: ({ shown: { deviation, tree: { length, width, missed, greedy, best, beam } } }) =>
      `Sequences of ${length} words of one model, whose logits have standard deviation ${deviation}: the prefixes that a beam of ${width} meets, each with its probability. ` +
      `${missed ? "Greedy search misses the most probable one: it finds" : "Greedy search finds"} ${greedy.text} ` +
      `(${percent(greedy.probability, 2)}); the most probable sequence is ${best.text} ` +
      `(${percent(best.probability, 2)}); the beam finds ${beam.text} (${percent(beam.probability, 2)}).`,
    found: ({ widths, found, error, shown: { models, length, deviation } }) =>
      `Over ${models} models with logits of standard deviation ${deviation} and sequences of ${length} words, greedy search finds the most probable sequence in ` +
      `${percent(found[0]!, 2)} of the models (± ${percent(error[0]!, 2)}), a beam of ${widths[1]} in ` +
      `${percent(found[1]!, 2)} (± ${percent(error[1]!, 2)}), a beam of ${widths.at(-1)} in ` +
      `${
        percent(found.at(-1)!, 3)
      }. If the models were drawn again and again, 95 in 100 such intervals would hold the true fraction.`,
    work: ({ widths, work, exhaustive, shown: { words, length } }) =>
      `The cost. A beam of ${widths[1]} ranks ${
        number(work[1]!, 3)
      } hypotheses: ${words} in the first step, which has one ` +
      `prefix, and ${widths[1]! * words} in each of the ${length - 1} others. A beam of ${widths.at(-1)} ranks ` +
      `${number(work.at(-1)!, 4)}, exhaustive search ${number(exhaustive, 4)}: all ${
        number(words ** length, 4)
      } sequences and ` +
      "all of their prefixes.",
    sharpness: ({ sharpness, greedyAt, beamAt, shown: { width } }) =>
      `Models that are sure of each word are easy. With logits of standard deviation ${
        sharpness[0]
      } greedy search finds ` +
      `the most probable sequence in ${percent(greedyAt[0]!, 2)} of the models and a beam of ${width} in ` +
      `${percent(beamAt[0]!, 2)}; with ${sharpness.at(-1)}, in ${percent(greedyAt.at(-1)!, 2)} and ` +
      `${percent(beamAt.at(-1)!, 2)}.`,
  },
  reading: ({ widths, found, quality, sharpness, greedyAt, work, exhaustive }) => {
    const surest = sharpness.filter((_, i) => greedyAt[i]! >= 0.75)[0];
    const narrow = widths.findIndex((_, i) => quality[i]! > 0.99);
    return [
      `Greedy search misses the most probable sequence of ${
        percent(1 - found[0]!, 2)
      } of the models, but what it finds ` +
      `is seldom bad: it has ${percent(quality[0]!, 2)} of the probability of the best one on average. ` +
      (narrow < 0 ? "" : `What a beam of ${widths[narrow]} finds has ${percent(quality[narrow]!, 3)}, and it ranks ` +
        `${percent(work[narrow]! / exhaustive, 2)} of the hypotheses of exhaustive search.`),
      `How often greedy search misses depends on the models: the claim that it misses more than one in four ` +
      (surest === undefined
        ? "holds at every standard deviation shown."
        : `stops holding at a standard deviation of ${surest}, where the models are surer of each word.`),
    ];
  },
  labels: {
    begin: "BEGIN",
    beams: "beams",
    fraction: "fraction",
    ofModels: "fraction of the models",
    found: "best sequence found",
    quality: "its probability, best = 1",
    hypotheses: "hypotheses ranked",
    beamSearch: "beam search",
    exhaustive: "exhaustive search",
    deviation: "standard deviation of the logits",
    greedy: "greedy search",
  },
};
