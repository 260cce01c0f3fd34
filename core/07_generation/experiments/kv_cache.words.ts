/**
 * # What need not be computed again, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Caching } from "./kv_cache.ts";

/** What the experiment says. */
export const words: Words<Caching> = {
  title: "What need not be computed again",
  purpose: "One model generates the same sequence with a cache and without. Nothing is timed: the experiment counts " +
    "the positions that pass through the model, and the pairs that its attention compares. Change the number of tokens, " +
    "and see which curve grows with the square. In the last figure all layers share one cache.",
  controls: {
    tokens: { label: "Tokens", description: "Tokens to generate" },
    layers: { label: "Layers", description: "Layers of the model, in the last two figures" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    heads: "heads",
    vocabulary: "tokens of the vocabulary",
    prompt: "tokens of the prompt",
  },
  claims: {
    same: "A cache changes the work and not the output: all tokens are the same",
    work: "Without a cache, twice the length is about four times the positions; with one, twice",
    one: "The keys and values of any one layer are enough to save",
    memory: "At most twice the memory that is needed is reserved, apart from the first few tokens",
  },
  captions: {
    positions: ({ same, plainPositions, cachedPositions, shown: { prompt } }) =>
      `To generate ${cachedPositions.length} tokens after a prompt of ${prompt}, ${
        number(plainPositions.at(-1)!, 3)
      } ` +
      `positions pass through the model without a cache. With one it is ${number(cachedPositions.at(-1)!, 3)}: the ` +
      `prompt and every token but the last, each once. ${percent(same, 3)} of the tokens are the same.`,
    pairs: ({ cachedPairs, plainPairs }) =>
      "Pairs of query and key that one head compares. With a cache they are still quadratic in total, since each query " +
      `meets every key: ${number(cachedPairs.at(-1)!, 3)} pairs instead of ${number(plainPairs.at(-1)!, 3)}.`,
    memory: ({ reserved, shown: { layers } }) =>
      `What it costs in memory: keys and values of ${layers} layers grow with every token, and room for them is ` +
      `doubled when it runs out, to ${number(reserved.at(-1)!, 3)} bytes.`,
    error: ({ shared, perLayer }) =>
      "Would one cached layer do? With the first layer’s keys and values for all layers, logits are off by up to " +
      `${number(shared, 2)}; with a cache for each, by ` +
      `${perLayer > 0 ? number(perLayer, 1) : "nothing but rounding"}.`,
  },
  labels: {
    written: "tokens generated",
    positions: "positions computed",
    pairs: "pairs compared",
    bytes: "bytes",
    without: "without a cache",
    with: "with a cache",
    reserved: "reserved",
    needed: "needed",
    error: "largest error of a logit",
    each: "a cache for each layer",
    one: "one for all",
  },
};
