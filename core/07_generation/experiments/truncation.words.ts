/**
 * # Five ways to cut, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import type { Cut } from "./truncation.ts";

/** The rules in the order of the findings. */
const RULES = { topK: "top-k", topP: "top-p", epsilon: "epsilon", minP: "min-p", typical: "typical" } as const;

/** What the experiment says. */
export const words: Words<Cut> = {
  title: "Five ways to cut",
  purpose:
    "Five rules cut the same four distributions: a sure one, the long tail of [the notes](notes:004.96), one as of a " +
    "trained model, and one where a hundred words are equally good. Change the threshold of a rule, and see how many " +
    "words it keeps of each. A good rule keeps few where one word is right and many where many are.",
  controls: {
    topK: { label: "Top-k", description: "How many words are kept" },
    topP: { label: "Top-p", description: "Share of the probability that is kept" },
    epsilon: { label: "Epsilon", description: "Probability that a word must exceed" },
    minP: { label: "Min-p", description: "Share of the likeliest word’s probability that a word must have" },
    typical: { label: "Typical", description: "Share kept of the words whose surprise is usual" },
  },
  claims: {
    topK: "Top-k keeps the same number everywhere: too many where one word is right, too few where a hundred are",
    topP: "Top-p adapts: one word where the model is sure, many where a hundred are equally good",
    tail: "Top-p leaves out the long tail of [the notes](notes:004.96)",
    each: "Epsilon and min-p look at each word by itself, and leave out all of it",
    typical: "Locally typical is the only rule that may drop the likeliest word",
  },
  captions: {
    distributions: () => "The four distributions: the probability of the likeliest word, of the second, and so on.",
    kept: ({ topK, topP, epsilon }) =>
      `Words that each rule keeps. Top-k keeps ${topK[0]}, whether one word is right or a hundred are; ` +
      `top-p keeps ${topP.join(", ")}, epsilon ${epsilon.join(", ")}.`,
    shares({ tailLeft }) {
      const left = Object.values(RULES).map((name, i) => `${name} leaves ${percent(tailLeft[i]!, 2)}`).join(", ");
      return `Words kept, and their share of the probability. Of the long tail’s 40\u202f%, ${left}, before what is ` +
        "kept is scaled up again.";
    },
  },
  labels: {
    ...RULES,
    sure: "sure",
    longTail: "long tail",
    smooth: "smooth",
    hundred: "a hundred good",
    rank: "rank of the word",
    probability: "probability",
    kept: "words kept",
    rule: "rule",
  },
};
