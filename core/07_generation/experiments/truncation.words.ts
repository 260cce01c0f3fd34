/**
 * # Seven ways to truncate, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import type { Cut } from "./truncation.ts";

/** The rules in the order of the findings. */
const RULES = {
  topK: "top-k",
  topP: "top-p",
  epsilon: "epsilon",
  eta: "eta",
  minP: "min-p",
  topNSigma: "top-nσ",
  typical: "typical",
} as const;

/** The settings of the rules: `top-k 40, top-p 0.9`. */
const settingsOf = (settings: readonly number[]): string =>
  Object.values(RULES).map((name, i) => `${name} ${number(settings[i]!)}`).join(", ");

/** What the experiment says. */
export const words: Words<Cut> = {
  title: "Seven ways to truncate",
  purpose:
    "Seven rules cut the same four distributions: a certain one, the long tail of [the notes](notes:004.96), one as of " +
    "a trained model, and one where a hundred words are equally good. Change the threshold of a rule, and see how many " +
    "words it keeps of each. A good rule keeps few where one word is right and many where many are.",
  controls: {
    topK: { label: "Top-k", description: "How many words are kept" },
    topP: { label: "Top-p", description: "Probability mass that is kept" },
    epsilon: { label: "Epsilon", description: "Probability that a word must exceed" },
    eta: { label: "Eta", description: "Highest threshold of eta" },
    minP: { label: "Min-p", description: "Fraction of the largest probability that a word must have" },
    topNSigma: { label: "Top-nσ", description: "Standard deviations below the largest logit" },
    typical: { label: "Typical", description: "Probability mass that is kept of the most typical words" },
  },
  constants: { vocabulary: "words" },
  claims: {
    topK: "Top-k keeps the same number everywhere: too many where one word is right, too few where a hundred are",
    topP: "Top-p adapts: one word where the model is certain, many where a hundred are equally good",
    tail: "Top-p leaves out the long tail of [the notes](notes:004.96)",
    each: "Epsilon and min-p look at each word alone, and leave out all of it",
    eta: "Eta keeps at least the words that epsilon keeps with the same threshold",
    typical: "Locally typical is the only rule that may drop the most probable word",
  },
  captions: {
    distributions: () => "The four distributions: the probability of the most probable word, of the second, and so on.",
    kept: ({ topK, topP, epsilon, topNSigma, shown }) =>
      `Words that each rule keeps, at ${settingsOf(shown.settings)}. Top-k keeps ${topK[0]}, whether one word is ` +
      `right or a hundred are. Top-p keeps ${topP.join(", ")}, epsilon ${epsilon.join(", ")}, top-nσ ${
        topNSigma.join(", ")
      }.`,
    shares({ tailLeft, shown }) {
      const left = Object.values(RULES).map((name, i) => `${name} leaves ${percent(tailLeft[i]!, 2)}`).join(", ");
      return `Words kept, and their probability mass, at ${
        settingsOf(shown.settings)
      }. Of the long tail’s 40\u202f%, ` +
        `${left}, before renormalization.`;
    },
  },
  reading: ({ best, topNSigma, topPWithout, typicalFrom, shown: { settings: [, topP, , , , , typical] } }) => [
    `The bars compare top-p at a mass of ${number(topP!)} with locally typical at ${
      number(typical!)
    }. The claims depend ` +
    `on these settings. On [the notes’](notes:004.96) long tail top-p leaves the tail out up to a mass of ${
      number(topPWithout)
    }, which ` +
    `is the mass of the three heads. Locally typical keeps the most probable word from a mass of ` +
    `${number(typicalFrom)} on.`,
    `At ${number(typical!)} locally typical ${
      best[6] ? "keeps" : "drops"
    } the most probable word there. The surprisal ` +
    "of this word is below the entropy, further away than that of the second and the third word.",
    "Top-nσ expects logits of a model: many in a heap, and few far above it. Where a hundred words are equally good, the " +
    "deviation is small against the distance of the others, and it tells them apart. The long tail of equal words makes it small as well: of the three heads, it keeps " +
    `${Math.min(3, topNSigma[1]!)}.`,
  ],
  labels: {
    ...RULES,
    sure: "certain",
    longTail: "long tail",
    smooth: "smooth",
    hundred: "a hundred good",
    rank: "rank of the word",
    probability: "probability",
    kept: "words kept",
    rule: "rule",
  },
};
