/**
 * # A step that is left out, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import type { LeftOut } from "./tokenizer_files.ts";

/** What the experiment says. */
export const words: Words<LeftOut> = {
  title: "A step that is left out",
  purpose:
    "A small tokenizer, learned from reviews, is written as a file and read back: once whole, and once without one of its steps or with another setting. The same reviews are cut by each, as they are, with a year, with an accent written apart, as turns of a chat, and with two spaces " +
    "for one. Counted are the texts that get other ids.",
  controls: { vocabulary: { label: "Vocabulary", description: "Tokens that are learned" } },
  constants: { texts: "texts of each kind" },
  claims: {
    whole: "Read back whole, it gives every text the ids that it had",
    plain: "Without its normalizer, its digits or its added tokens, it cuts plain reviews as before",
    own: "Each of these steps is missed where the text has something for it: an accent, a year, a chat",
    prefix: "One setting that is read as its usual value, a space in front, changes nearly every text",
  },
  captions: {
    texts: ({ normalizer, added }) =>
      `Texts with other ids when a step is left out. Without the normalizer ${
        percent(normalizer[0]!, 1)
      } of the plain reviews change and ${
        percent(normalizer[2]!, 2)
      } of those with an accent; without the added tokens ${percent(added[3]!, 2)} of the chats.`,
    table: ({ tokens }) => `The same in numbers. The plain reviews have ${tokens} tokens in all.`,
  },
  reading: ({ prefix }) => [
    "Whoever tries a reader of tokenizer files on a few plain sentences sees nothing of three of the four mistakes. That is why every part of a file is read or refused, and none is skipped.",
    `The fourth cannot be overlooked: a space in front gives other ids to ${
      percent(prefix[0]!, 2)
    } of the plain reviews.`,
  ],
  labels: {
    normalizer: "no normalizer",
    digits: "digits together",
    added: "no added tokens",
    prefix: "a space in front",
    plain: "plain",
    numbers: "a year",
    accents: "an accent",
    chat: "chat",
    spaces: "two spaces",
    changed: "texts with other ids",
    step: "left out",
  },
};
