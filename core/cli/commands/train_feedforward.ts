/**
 * # Training a feed-forward network from the command line
 *
 * @module
 */

import type { Command } from "../arguments.ts";
import { kind, OWN_LIMITS } from "../kinds/feed_forward.ts";
import { trainingCommand } from "../language_model.ts";
import { numbersOf, setting } from "../training.ts";

const SIZES = { windowSize: 8, embeddingSize: 64, hiddenSize: 256 };

/** `train feedforward`: one hidden layer above the last tokens, side by side. */
export const command: Command = trainingCommand({
  word: "feedforward",
  details: [
    "It predicts from the last --window-size tokens alone; --context-length says how many predictions stand in a row of a batch.",
  ],
  sizes: SIZES,
  options: {
    windowSize: setting("Tokens that it sees", OWN_LIMITS.windowSize, SIZES.windowSize),
    embeddingSize: setting("Width of a token", OWN_LIMITS.embeddingSize, SIZES.embeddingSize),
  },
  weights: (recipe) => {
    const { windowSize, embeddingSize, hiddenSize } = numbersOf(recipe, ["windowSize", "embeddingSize", "hiddenSize"]);
    return windowSize * embeddingSize * hiddenSize;
  },
  kind,
  layout: (vocabSize, recipe) => ({
    vocabSize,
    ...numbersOf(recipe, ["windowSize", "embeddingSize", "hiddenSize", "dropout"]),
  }),
});
