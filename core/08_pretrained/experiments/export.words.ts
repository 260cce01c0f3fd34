/**
 * # What comes back, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Returns } from "./export.ts";

/** What the experiment says. */
export const words: Words<Returns> = {
  title: "What comes back",
  purpose:
    "A small GPT-2 is trained on sentences in characters, saved as a folder of Hugging Face, and opened again: with float32, float16 and bfloat16. Its logits on other sentences are compared with those from before.",
  controls: { steps: { label: "Steps", description: "Steps of training" }, seed: SEED_WORDS },
  claims: {
    exact: "With float32 every logit comes back as it was",
    half: "With float16 and bfloat16 the weights take half of the bytes",
    mantissa: "A bfloat16, with three bits of mantissa less, is more than four times as far off as a float16",
    loss: "The loss changes by less than a hundredth of a nat",
  },
  captions: {
    farthest: ({ farthest }) =>
      `The largest difference of two logits, as a part of the largest logit: ${
        farthest.map((part) => percent(part, 3)).join(", ")
      }.`,
    table: ({ same }) =>
      `How often the most probable character is the same: ${same.map((part) => percent(part, 3)).join(", ")}.`,
  },
  reading: ({ same, nats, before }) => [
    `Two bytes for a weight change ${percent(1 - same[2]!, 2)} of the most probable characters with bfloat16 and ${
      percent(1 - same[1]!, 2)
    } with float16; the loss by ${Math.abs(nats[2]! - before).toFixed(5)} and ${
      Math.abs(nats[1]! - before).toFixed(5)
    } nats. Where a model is to be trained on, float32 keeps what the optimizer adds.`,
  ],
  labels: {
    kind: "numbers",
    bytes: "bytes of the weights",
    nats: "nats per character",
    same: "same character",
    farthest: "largest difference",
  },
};
