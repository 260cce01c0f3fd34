/**
 * # Four ways to misread a Llama, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { MISREAD_CAPTIONS, MISREAD_CONTROLS, MISREAD_LABELS } from "../../experiments/misread.words.ts";
import { percent } from "../../experiments/numbers.ts";
import type { LlamaTraps } from "./llama.ts";

/** What the experiment says. */
export const words: Words<LlamaTraps> = {
  title: "Four ways to misread a Llama",
  purpose:
    "A small model of the family is trained on sentences in characters. Its weights are written under the names of its files and read back, once as they were written and then with one mistake. The loss on other sentences says what the mistake costs.",
  controls: MISREAD_CONTROLS,
  claims: {
    right: "Every mistake makes the model worse",
    neighbours: "To pair neighbours instead of halves costs more than half a nat",
    gate: "Gate and up have the same shape, and exchanging them costs more than a tenth of a nat",
    quiet: "Another base costs less than 0.3 nats here: the model speaks on",
  },
  captions: MISREAD_CAPTIONS,
  reading: ({ nats, same }) => [
    `A loud mistake is found by reading one sentence. The quiet ones leave a model that speaks: with another base ${
      percent(same[2]!, 3)
    } of the characters are the same, and the loss is ${
      (nats[2]! - nats[0]!).toFixed(3)
    } nats higher. Only a comparison of all logits with the library's finds them.`,
  ],
  labels: {
    ...MISREAD_LABELS,
    neighbours: "neighbours paired",
    base: "base 500000 for 10000",
    epsilon: "epsilon 0.01 for 0.00001",
    gate: "gate and up exchanged",
  },
};
