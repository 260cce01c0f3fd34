/**
 * # What a window loses, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { rangeOf, written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { WhatIsLost } from "./windows_and_sinks.ts";

const nats = (values: readonly number[]): string => written(rangeOf(values), (value) => fixed(value, 2));
const fraction = (values: readonly number[]): string => written(rangeOf(values), (value) => percent(value));

/** What the experiment says. */
export const words: Words<WhatIsLost> = {
  title: "What a window loses",
  purpose:
    "A small model has read many short texts of an artificial language. It then reads one long text, with a cache that grows and with caches of a fixed size. " +
    "Among the first tokens of the text stands a sign, which is asked for again and again. Change the number of sinks, and see when the loss falls and when the sign is recalled.",
  controls: {
    size: { label: "Size of the cache", description: "Positions that a token attends to, itself included" },
    sinks: { label: "Sinks", description: "First tokens that are never evicted, in the first figure" },
    seed: SEED_WORDS,
  },
  constants: {
    letters: "letters of the language",
    copiers: "letters after which the one before comes again",
    signs: "signs",
    place: "place of the sign in the long text",
    apart: "tokens from question to question in the long text",
    context: "tokens of a text in training",
    width: "hidden width",
    heads: "heads",
    steps: "steps of training",
    rate: "learning rate",
    long: "tokens of the long text",
    seeds: "seeds of the ranges",
  },
  claims: {
    sink: "A head puts more than three times the weight on the first token that it would get if all were equal",
    window: "Without the first token the loss rises by more than half",
    one: "A single sink repairs the loss: four are not better",
    growing: "A cache that grows past the length of the training costs more than a rolling one with a sink",
    learned:
      "With learned positions the loss is more than four times as high once all tokens of the window carry the same mark",
    lost: "With four sinks nothing is lost: the sign is recalled as well as in a short text",
    kept: "A sign that stands among the sinks is recalled",
  },
  captions: {
    curve: ({ shown: { size, kept, curves } }) =>
      `What each token costs above the entropy of the language, mean of a block, of one seed, caches of ${size} positions. The last block: ${
        curves.map((points, i) =>
          `${["growing cache", "window", `window and ${kept} sinks`][i]} ${fixed(points.at(-1)![1], 2)}`
        )
          .join(", ")
      } nats.`,
    attention: ({ first, shown: { context, attention } }) =>
      `Mean weight of the later half of a short text on each of the first ${
        attention[0]!.length
      } places, by head, of one seed. Equal weights would be about ${
        fixed(1 / (0.75 * context), 2)
      }. The strongest head puts ${nats(first)} on the first token, over the seeds.`,
    excess: ({ excess, growing, learned, shown: { seeds } }) =>
      `Mean over the long text after its first tokens, ${seeds} seeds with their range: ${
        nats(excess[0]!)
      } nats without sinks, ${nats(excess[1]!)} with one. A cache that grows: ${
        nats(growing)
      }. Learned positions with one sink: ${nats(learned.map(([fits]) => fits))} while the text fits the cache, ${
        nats(learned.map(([, beyond]) => beyond))
      } later.`,
    recall: ({ recalled, early, shown: { place } }) =>
      `Fraction of questions whose sign gets more than half of the probability, after it has left the window, by number of sinks. The sign is token ${place}: with more sinks than that it stays. In short texts: ${
        fraction(early)
      }; with ${number(12)} sinks: ${fraction(recalled.at(-1)!)}.`,
  },
  reading: ({ recalled, shown: { sinks } }) => [
    `Two things go with the first tokens, and one of them comes back. The loss of a window is repaired by a single sink. The answers are not: with four sinks ${
      fraction(recalled[sinks.indexOf(4)]!)
    } of them are right. What was evicted is lost, however fluent the text goes on.`,
    "Why the first token? Most tokens of the language need nothing from a head that copies. Its weights have to go somewhere, and every text of the training begins with the same token, on which they do no harm. Texts without it never occurred in training, and there the head adds what it was never trained to add.",
  ],
  labels: {
    growing: "cache that grows",
    window: "window without sinks",
    rolling: "window and sinks",
    read: "tokens read",
    excess: "nats above the entropy",
    place: "place",
    weight: "mean attention weight",
    sinks: "sinks",
    recalled: "signs recalled",
    several: "mean, with the range of the seeds",
    head: (index) => `head ${index}`,
  },
};
