/**
 * # Four ways to misread GPT-2, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { MISREAD_CAPTIONS, MISREAD_CONTROLS, MISREAD_LABELS } from "../../experiments/misread.words.ts";
import { percent } from "../../experiments/numbers.ts";
import type { Gpt2Traps } from "./gpt2.ts";

/** What the experiment says. */
export const words: Words<Gpt2Traps> = {
  title: "Four ways to misread GPT-2",
  purpose:
    "A small GPT-2 is trained on sentences in characters. Its weights are written as the published files have them and read back, once right and then with one mistake. The loss on other sentences says what the mistake costs.",
  controls: MISREAD_CONTROLS,
  claims: {
    right: "No mistake makes the model better",
    square: "To transpose a square matrix, which fits either way, costs more than a tenth of a nat",
    order: "To take keys for queries costs more than a tenth of a nat",
    quiet: "The exact GELU in place of its tanh form is hardly seen",
  },
  captions: MISREAD_CAPTIONS,
  reading: ({ nats, same }) => [
    `With the exact GELU ${percent(same[3]!, 4)} of the characters are the same and the loss differs by ${
      (nats[3]! - nats[0]!).toFixed(5)
    } nats. In a model of twelve layers such differences add up, and the outputs of greedy search part where two words are nearly as probable.`,
  ],
  labels: {
    ...MISREAD_LABELS,
    square: "square matrix transposed",
    order: "keys for queries",
    gelu: "exact GELU",
    epsilon: "epsilon 0.01 for 0.00001",
  },
};
