/**
 * # What one vector keeps of a sentence, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import { written } from "../../experiments/seeds.ts";
import type { OneVector } from "./rnn_encoder_decoder.ts";

const nats = (value: number): string => fixed(value, 2);
const score = (value: number): string => fixed(value, 1);

/** What the experiment says. */
export const words: Words<OneVector> = {
  title: "What one vector keeps of a sentence",
  purpose:
    "Two LSTMs with one vector between them learn to translate, with the source read forwards and backwards. A Transformer of about as many weights learns from the same sentences. " +
    "See what the source tells each of them, by its length. Then give them more steps: part of the difference is the speed of learning.",
  controls: {
    steps: { label: "Training steps", description: "Batches of 32 pairs" },
    width: { label: "Width", description: "Of the Transformer; those of the LSTMs follow" },
    seed: SEED_WORDS,
  },
  constants: {
    batch: "pairs in a batch",
    rate: "highest learning rate of the Transformer",
    lstmRate: "highest learning rate of the LSTMs",
    heads: "heads of the Transformer",
    layers: "layers of each network",
    seeds: "seeds",
  },
  claims: {
    behind: "After equally many steps the Transformer has a higher BLEU than the LSTMs, with every seed",
    forgets: "The longer the source, the less it tells the LSTMs about a token, with every seed",
    share: "The LSTMs' part of what it tells the Transformer falls from the shortest to the longest sources",
    reversed: "Reading the source backwards gives a lower loss, with every seed",
  },
  captions: {
    saved: ({ shown: { seeds, unseen, sizes } }) =>
      `By how many nats per token the right source lowers the loss below that with another sentence's source, over ${unseen} unseen sentences in groups of ${
        sizes.join(", ")
      } by the length of the source. Mean of ${seeds} seeds; the bands are from the lowest to the highest.`,
    bleu: ({ weights, bleu, shown: { seeds, pairs } }) =>
      `BLEU, the mean of ${seeds} seeds and their range. It compares translations with those of people, from 0 to 100. The translations always take the most probable word (greedy). Over all sentences the Transformer has ${
        score(bleu[0]!)
      }, the LSTMs have ${score(bleu[1]!)} forwards and ${score(bleu[2]!)} backwards. The Transformer has ${
        number(weights[0]!, 3)
      } weights and the LSTMs ${number(weights[1]!, 3)}; all learned from ${pairs} pairs.`,
    examples: ({ shown: { examples } }) =>
      `The ${examples.length} longest unseen sentences, translated after this short training.`,
  },
  reading: ({ saved, savedRanges, kept, losses, ranges, bleu, shown: { groups } }) => {
    const [transformer, forwards, backwards] = saved as [readonly number[], readonly number[], readonly number[]];
    return [
      `Read backwards, the source saves the LSTMs ${nats(backwards[0]!)} nats per token in the shortest group and ${
        nats(backwards.at(-1)!)
      } in the longest. The Transformer saves ${nats(transformer[0]!)} and ${
        nats(transformer.at(-1)!)
      }: it looks at each word of the source. The source saves the LSTMs ${
        written(kept[0], percent)
      } of what it saves the Transformer in the shortest group and ${written(kept[1], percent)} in the longest. ${
        kept[1][1] < kept[0][0]
          ? "So the LSTMs lose more with the length than the Transformer does, which is what one would expect of the one vector."
          : "So the LSTMs lose no more with the length than the Transformer does."
      }`,
      `The order of reading matters: ${written(savedRanges[2]![0]!, nats)} nats backwards and ${
        written(savedRanges[1]![0]!, nats)
      } forwards in the shortest group, ${nats(backwards.at(-1)!)} and ${
        nats(forwards.at(-1)!)
      } in the longest. The loss at the end of the training is ${written(losses[2]!, nats)} and ${
        written(losses[1]!, nats)
      }.`,
      `BLEU over all sentences is ${written(ranges[0]!, score)} for the Transformer, ${
        score(bleu[1]!)
      } for the LSTMs forwards and ${score(bleu[2]!)} backwards. ${
        groups[2]!.at(-1)! < groups[2]![0]!
          ? "That of the LSTMs is lower for the longest sources than for the shortest."
          : "That of the LSTMs does not fall with the length here: they are trained for few steps only, and write English sentences that share little with the source, whatever its length."
      }`,
      "The difference between the models has two causes: one vector for the source, and slower learning. All have the same number of steps. Each kind has a learning rate of its own, the better one of a few that were tried.",
    ];
  },
  labels: {
    length: "characters of the source",
    saved: "nats saved per token",
    source: "source",
    corpus: "in the corpus",
    transformer: "Transformer",
    forwards: "LSTMs, source forwards",
    backwards: "LSTMs, source backwards",
  },
};
