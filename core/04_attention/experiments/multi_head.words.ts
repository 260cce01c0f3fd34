/**
 * # Two questions at once, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Heads } from "./multi_head.ts";

const many = (count: number): string => `${count} head${count === 1 ? "" : "s"}`;

/** What the experiment says. */
export const words: Words<Heads> = {
  title: "Two questions at once",
  purpose: "Six names each say four random numbers; one name is the subject of a verb, another its object. The " +
    "verb has to report the numbers of both. Attentions of equal size, with one head, two and four, learn it. See " +
    "how much they report, and choose the number of heads whose weights are shown, to see who looks at whom.",
  controls: {
    heads: { label: "Heads", description: "Number of heads whose weights are shown" },
    steps: { label: "Steps", description: "Training steps of 64 sentences" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    rate: "learning rate",
    batch: "sentences in a batch",
    tests: "unseen sentences",
    seeds: "seeds",
  },
  claims: {
    one:
      "One head blends: it explains less than 75\u202f% of the variance of what subject and object say, with every seed",
    two: "Two heads explain more than 95\u202f%, with every seed",
    split:
      "Of two heads one looks for the subject and the other for the object, each with more than 0.6 of its weight, with every seed",
    parameters: "Heads cost no parameters",
  },
  captions: {
    reported: ({ heads, both, reportedRanges, seeds, parameters }) =>
      "How much of what subject and object say is reported, in unseen sentences: " +
      `${heads.map((count, i) => `${percent(both[i]!)} with ${many(count)}`).join(", ")}. One blend with fixed ` +
      `weights would explain half. The line at the end of a bar is the range over ${seeds} seeds: ` +
      `${written(reportedRanges[0]!, percent)} with one head, ${
        written(reportedRanges[1]!, percent)
      } with two. All have ${parameters[0]} parameters in the attention.`,
    looks: ({ shown: { numHeads, subject, object } }) =>
      `Where the verb of one sentence, at the left, looks with ${many(numHeads)}. Its subject is ${subject}, its ` +
      `object ${object}.`,
    roles: ({ onSubject, onObject, looksRanges: [subject, object], seeds }) =>
      "The mean weight of each head on the subject, on the object, and on each other name. Of two heads, one gives " +
      `${percent(onSubject)} to the subject, the other ${percent(onObject)} to the object. Over ${seeds} seeds it is ` +
      `${written(subject!, percent)} and ${written(object!, percent)}.`,
  },
  labels: {
    variance: "fraction of the variance",
    subject: "subject",
    object: "object",
    both: "both",
    verb: "verb",
    other: "another name",
    heads: many,
    head: (place) => `head ${place}`,
    headOf: (count, place) => count === 1 ? many(count) : `${many(count)}, head ${place}`,
    isSubject: (name) => `${name} (subject)`,
    isObject: (name) => `${name} (object)`,
  },
};
