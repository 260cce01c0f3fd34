/**
 * # A word that must occur, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { RequiredExperiment } from "./required_words.ts";

/** What the experiment says. */
export const words: Words<RequiredExperiment> = {
  title: "A word that must occur",
  purpose:
    "A small GPT has learned sentences, three quarters of them behind some of their words, so that it can be asked for words. Now sentences have to contain given ones. " +
    "Compare asking, rejection, a rule and constrained beams: how often they succeed, how much the model has to read, and how probable the sentences are. Change the number of words.",
  controls: {
    count: { label: "Required words", description: "How many words a sentence has to contain" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "width",
    layers: "layers",
    heads: "heads",
    steps: "steps",
    rate: "learning rate",
    demands: "demands",
    longest: "most tokens of a sentence",
    budget: "most draws for a demand",
    beams: "beams of the table",
  },
  claims: {
    beams: "Constrained beams meet every demand",
    rule: "So does the rule",
    asking: "Asking meets more demands than plain beams, and not all ([the notes](notes:004.110))",
    rejection:
      "Rejection does not meet all within its budget, and reads more than three times as much as constrained beams",
    fluent: "The sentences of the constrained beams are more probable for each token than those of the rule",
    wide: "Those of the widest beam are more probable than those of a beam of one",
  },
  captions: {
    methods: ({ met, shown: { count, demands, budget, width } }) =>
      `${demands} demands of ${count} ${
        count === 1 ? "word" : "words"
      } each. The cost counts the tokens that the model reads for one demand, in all prefixes; beams are ${width} wide, and rejection stops after ${budget} sentences. ` +
      `Nats per token are those of sentences that meet their demand, when nothing is asked for. Asking meets ${
        percent(met.asking)
      }.`,
    widths: ({ byWidth, nats, shown: { widths } }) =>
      `What a token of a sentence costs under constrained beams of growing width: ${fixed(byWidth[0]!, 2)} nats with ${
        widths[0]
      } beam, ${fixed(byWidth.at(-1)!, 2)} with ${widths.at(-1)}. Greedy search under the rule: ${
        fixed(nats.rule, 2)
      }.`,
    texts: ({ shown: { words } }) => `The sentences for the first demand: ${words.join(", ")}.`,
  },
  reading: ({ met, cost, nats, shown: { budget, count } }) => [
    `Asking is the only method here in which the model knows of the words from the beginning. It meets ${
      percent(met.asking)
    } of the demands at ${fixed(nats.asking, 2)} nats per token, and promises nothing. ` +
    "This model was trained to be asked. One that was not, and is told to use a word, may do as little as the notes say; this experiment cannot show how a large model follows instructions.",
    `Beams and rule meet all demands, since they may not end before. The rule writes what it would write anyway, and puts the words behind it: ${
      fixed(nats.rule, 2)
    } nats per token. Constrained beams find places where the words fit: ${fixed(nats.beams, 2)} nats.`,
    `Rejection gives the model’s own sentences, and meets ${
      percent(met.rejection)
    } of the demands within ${budget} draws, for which the model reads ${
      number(cost.rejection, 3)
    } tokens on average; constrained beams read ${number(cost.beams, 3)}. ${
      count === 1
        ? "With two words it is rarer still that a sentence contains them by chance."
        : "With one word it is easier; the control shows it."
    }`,
  ],
  labels: {
    plain: "plain beams",
    asking: "asking, beams",
    rejection: "rejection",
    rule: "rule, greedy",
    beams: "constrained beams",
    method: "method",
    met: "demands met",
    cost: "tokens read",
    nats: "nats per token",
    text: "sentence",
    width: "beams",
  },
};
