/**
 * # What padding costs, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Padding } from "./batching.ts";

/** What the experiment says. */
export const words: Words<Padding> = {
  title: "What padding costs",
  purpose: "Nothing is timed. A device that counts multiplications runs one encoder over the same sentences " +
    "with more and more padding. Then the sentences of the translator’s corpus are put into batches, in random " +
    "order, sorted, and sorted within pools. Change the batch size, and see which fraction of the positions is " +
    "padding.",
  controls: {
    batchSize: { label: "Batch size", description: "Sentences in a batch, in the last figure" },
    seed: SEED_WORDS,
  },
  constants: {
    sentences: "sentences that are counted",
    words: "words in each",
    width: "hidden width",
    heads: "heads",
  },
  claims: {
    cost: "A padded batch costs as much as a full one of its size: four times the positions, at least four times the " +
      "work",
    shuffled: "In random order more than a quarter of the corpus’s positions are padding",
    pools: "Sorting within pools of 32 batches leaves less than a quarter of that",
    mixed: "Pools keep short and long sentences mixed; sorting everything does not",
  },
  captions: {
    multiplications: ({ multiplications, shown: { sentences, words, padded } }) =>
      `The same ${sentences} sentences of ${words} words, padded to ${padded.at(-1)} positions under a mask, cost an ` +
      `encoder layer ${number(multiplications.at(-1)! / multiplications[0]!, 2)} times as many multiplications: the ` +
      "mask saves none of them.",
    lengths: ({ shown: { counts, shortest, mean } }) =>
      `Lengths of the ${number(counts.reduce((a, b) => a + b, 0), 3)} sentences of the corpus: ${shortest} to ` +
      `${counts.length} words, ${number(mean, 2)} on average.`,
    padding: ({ shuffled, pooled, sorted, sortedTenths, shown: { batchSize, pools } }) =>
      `In batches of ${batchSize} sentences in random order ${percent(shuffled, 2)} of all positions are padding; ` +
      `sorted in pools of 32 batches ${percent(pooled[pools.indexOf(32)]!, 2)}, all sorted ${
        percent(sorted, 2)
      }. But ` +
      `a sorted pass begins with sentences of ${number(sortedTenths[0]!, 2)} words and ends with ` +
      `${number(sortedTenths[1]!, 2)}.`,
  },
  labels: {
    positions: "positions of each sentence after padding",
    multiplications: "multiplications",
    counted: "counted",
    free: "if padding were free",
    words: "words and signs",
    sentences: "sentences",
    pool: "batches in a pool",
    share: "fraction of padding",
    pooled: "sorted within pools",
    shuffled: "random order",
    sorted: "all sorted",
  },
};
