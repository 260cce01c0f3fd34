/**
 * # What the loss asks for, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Asked } from "./loss.ts";

/** What the experiment says. */
export const words: Words<Asked> = {
  title: "What the loss asks for",
  purpose: "Three properties of the cross-entropy. First, the loss as the model becomes more certain of the " +
    "right answer. Change the label smoothing, and see where the loss is lowest. Then the slope of the loss in each " +
    "logit. Last, a padded sentence, with padding ignored and with padding counted.",
  controls: {
    smoothing: {
      label: "Label smoothing",
      description: "Probability mass spread over all classes, in the first two figures",
    },
    classes: { label: "Classes", description: "Entries of the vocabulary, in the first and the last figure" },
    seed: SEED_WORDS,
  },
  constants: { words: "words of the padded sentence", slopes: "classes of the figure of slopes" },
  claims: {
    entropy: "With smoothed labels no answer costs less than their entropy, and the best one costs just that",
    hard: "With hard labels, being more certain of the right answer always costs less",
    slope: "The derivative with respect to the logits is p − q",
    padding: "Ignored padding leaves the loss as it is; counted, it makes a bad model look good",
  },
  captions: {
    smoothing: ({ smallest, bestLead, confidence, entropy, shown: { smoothing, classes } }) =>
      `Without smoothing the loss falls for as long as the right logit grows. With ${percent(smoothing, 2)} of ` +
      `the probability mass spread over ${classes} classes it is smallest, ${number(smallest, 3)}, at a margin of ` +
      `${number(bestLead, 3)}, where the right class has a probability of ${percent(confidence, 3)}. The ` +
      `entropy of the smoothed answer is ${number(entropy, 3)}.`,
    slope: ({ shown: { slope } }) =>
      `The slope of the loss in each logit, of ${slope.p.length} classes, is p − q: negative for the right class, ` +
      "which is to grow.",
    padding: ({ ignored, counted, shown: { words } }) =>
      `One sentence of ${words} words, padded further and further: ignored, padding leaves its loss at ` +
      `${number(ignored[0]!, 3)}; counted, padding lowers the loss to ${
        number(counted.at(-1)!, 3)
      }, although the model is the same.`,
  },
  labels: {
    lead: "margin of the right logit over all others",
    loss: "loss in nats",
    hard: "hard labels",
    smoothed: "smoothed labels",
    entropy: "entropy of the smoothed answer",
    class: "class",
    predicted: "p, predicted",
    asked: "q, asked for",
    slope: "slope",
    positions: "positions after padding",
    mean: "mean loss in nats",
    ignored: "padding ignored",
    counted: "padding counted",
    right: (index) => `${index}, the right one`,
  },
};
