/**
 * # Which rule of acceptance is exact, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Speculative } from "./speculative.ts";

/** What the experiment says. */
export const words: Words<Speculative> = {
  title: "Which rule of acceptance is exact",
  purpose:
    "The draft's logits are those of the target plus noise. Four rules decide whether a proposal is accepted and what follows a rejection. How far is what they write from the target's distribution, and how much do they accept? " +
    "Below, texts are written and the tokens of a call are counted.",
  controls: {
    distance: { label: "Noise of the draft", description: "Standard deviation, in the last figure" },
    tokens: { label: "Tokens", description: "Tokens written for each number of proposals" },
    seed: SEED_WORDS,
  },
  constants: { vocabulary: "tokens of the vocabulary", pairs: "pairs of target and draft" },
  claims: {
    exact: "By min(1, p/q) the distribution is the target's, at every distance",
    probable: "By equality with the most probable token it is not, even where the draft is the target itself",
    again: "By equality with a token that is drawn, and another draw after a rejection, it is not either",
    more: "min(1, p/q) accepts more proposals than equality with a token that is drawn, which is exact as well",
    formula: "The tokens of a call are those of the formula, within 15\u202f%",
  },
  captions: {
    wrong: ({ wrong, shown: { distances, pairs } }) =>
      `Total variation distance between what is written and the target, mean of ${pairs} pairs. With a noise of ${
        number(distances[3]!)
      }, equality with the most probable token is wrong by ${
        percent(wrong[1]![3]!)
      } of the probability, a second draw by ${percent(wrong[3]![3]!)}. The other two rules lie on the line at 0.`,
    rates: ({ rates, shown: { distances } }) =>
      `Proposals that are accepted. Where the draft is the target itself, min(1, p/q) accepts all and equality with a token that is drawn ${
        percent(rates[2]![0]!)
      }; with a noise of ${number(distances[3]!)} they accept ${percent(rates[0]![3]!)} and ${percent(rates[2]![3]!)}.`,
    tokens: ({ counted, expected, shown: { lengths, rate, distance } }) =>
      `Tokens of one call of the target, for one further pair with a noise of ${number(distance)}, where ${
        percent(rate)
      } of the proposals are accepted. With ${lengths.at(-1)} proposals ${number(counted.at(-1)!, 3)}, by the formula ${
        number(expected.at(-1)!, 3)
      }: more proposals bring less and less.`,
  },
  labels: {
    exact: "min(1, p/q)",
    probable: "equal to the most probable",
    drawn: "equal to a drawn one, which is written",
    again: "equal to a drawn one, drawn again",
    distance: "noise of the draft's logits",
    wrong: "distance from the target",
    accepted: "fraction accepted",
    length: "proposals per call",
    tokens: "tokens per call",
    counted: "counted",
    expected: "formula",
  },
};
