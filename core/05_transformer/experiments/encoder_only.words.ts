/**
 * # A word from both sides, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Hidden } from "./encoder_only.ts";

/** What the experiment says. */
export const words: Words<Hidden> = {
  title: "A word from both sides",
  purpose:
    "Texts are couples of words, salt and pepper, lock and key, one couple after the other, and one word of each text is hidden. Three encoders of one size are trained to say which. One sees the whole text, one only what stands before a place, one only what stands behind it.",
  controls: { steps: { label: "Steps", description: "Steps of training" }, seed: SEED_WORDS },
  constants: { couples: "couples", width: "width", length: "words of a text" },
  claims: {
    both: "With both sides, the loss of a hidden word falls below 0.3 nats",
    before: "With the words before alone, the second word of a couple is found, and the first one hardly ever",
    behind: "With the words behind alone it is the other way round",
    chance: "One side loses what it cannot see: half of the words are drawn from eight, within 0.25 nats",
  },
  captions: {
    found: ({ first, second }) =>
      `Hidden words that are found in texts that were not learned. With both sides ${percent(first[0]!)} and ${
        percent(second[0]!)
      }; from before alone ${percent(first[1]!)} of the first words of a couple and ${
        percent(second[1]!)
      } of the second.`,
    loss: ({ nats }) =>
      `Loss at the hidden words. At the end, on new samples: ${nats.map((loss) => loss.toFixed(2)).join(", ")} nats.`,
    texts: () => "Texts with a hidden word, and the word that each encoder takes for it.",
  },
  labels: {
    both: "both sides",
    before: "before alone",
    behind: "behind alone",
    first: "first of a couple",
    second: "second of a couple",
    found: "what is seen",
    step: "step",
    nats: "nats",
    text: "text",
    hidden: "hidden word",
  },
};
