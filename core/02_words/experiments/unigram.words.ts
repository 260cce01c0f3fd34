/**
 * # The ways to cut a word, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Unigrams } from "./unigram.ts";

/** What the experiment says. */
export const words: Words<Unigrams> = {
  title: "The ways to cut a word",
  purpose:
    "Pieces and their probabilities are learned from the English words of the translator's corpus. All ways to cut some words are " +
    "then tried one by one. Change the size of the vocabulary, what it is learned from, and the power α of the probabilities that segmentations are drawn by.",
  controls: {
    vocabSize: { label: "Tokens", description: "Size of the vocabulary, special tokens included" },
    learnFrom: {
      label: "Learned from",
      description: "Each different word once, or all sentences",
      choices: { words: "different words", sentences: "sentences" },
    },
    alpha: { label: "α", description: "Power of the probabilities that are drawn by: 0 draws all ways equally often" },
    seed: SEED_WORDS,
  },
  claims: {
    sum: "The probabilities of all ways to cut a word sum to one",
    best: "The segmentation that the Viterbi algorithm finds is the most probable of all ways",
    draws: "Segmentations are drawn as often as the power of their probability says, within what chance allows",
    rises: "The second turn of expectation and maximization makes the words more probable, in each round",
    shrinks: "The vocabulary shrinks in each round",
    endings:
      "More inflected words are cut at their ending, or not at all, than by as many tokens of byte-pair encoding",
  },
  captions: {
    ways: ({ shown: { ways } }) =>
      `How many ways there are to cut a word into pieces of the vocabulary, and the most probable one, with its probability given the word. ▁ stands for the space before a word. “${
        ways[0]!.word
      }” has ` +
      `${ways[0]!.count}: ${ways[0]!.best.pieces.join(" ")} has ${
        percent(ways[0]!.best.probability)
      } of the probability.`,
    drawn: ({ shown: { word, alpha, draws } }) =>
      `The most probable ways to cut “${word}”, drawn ${number(draws)} times with α = ${
        fixed(alpha, 1)
      }: the probability to the power of α, over that of all ways, ` +
      "and how often each came.",
    rounds({ shown: { steps } }) {
      // Before the first turn the probabilities are those of the seeds: only second turns are compared.
      const after = steps.filter(({ turn }) => turn === 2), first = after[0]!, last = after.at(-1)!;
      const mean = "the mean log-probability of a word, at the second turn of a round, ",
        found = fixed(last.logProbability, 2);
      const change = first === last
        ? `With ${number(last.pieces)} pieces ${mean}is ${found}.`
        : `From ${number(first.pieces)} pieces to ${number(last.pieces)} ${mean}goes from ${
          fixed(first.logProbability, 2)
        } to ${found}${last.logProbability < first.logProbability ? ": fewer pieces fit the words less well" : ""}.`;
      return "Each round has two turns, which count the pieces and set their probabilities (EM), then a pruning. The rightmost point is the start, " +
        `${number(steps[0]!.pieces)} pieces with a mean log-probability of ${
          fixed(steps[0]!.logProbability, 2)
        } for a word, in nats, the unit of natural logarithms; ` +
        `training goes to the left. ${change}`;
    },
    cut: ({ vocabulary, atEnding, shown: { forms } }) =>
      `Inflected words, cut by ${vocabulary[0]} tokens of a unigram model and ${
        vocabulary[1]
      } of byte-pair encoding. A last piece that is the ending is dark; it must be the ending exactly, -s and not -es. Of ` +
      `${forms} words ${percent(atEnding[0])} end so or are one piece, and ${
        percent(atEnding[1])
      } with byte-pair encoding.`,
  },
  reading: ({ atEnding, otherwise, piecesPerWord, shown: { steps, fromSentences } }) => [
    `The training starts from ${
      number(steps[0]!.pieces)
    } pieces, every substring that repeats and branches. The first turns take out most of them, since they are hardly ` +
    "used once longer or shorter pieces explain the same words. Then each round takes out a quarter, until a tenth more pieces are left than were asked for; the " +
    "least probable of these go at the end.",
    `An inflected word has ${fixed(piecesPerWord[0], 2)} pieces here, and ${
      fixed(piecesPerWord[1], 2)
    } with byte-pair encoding. ` +
    (atEnding[0] > atEnding[1]
      ? "Byte-pair encoding joins what is frequent and cannot take it back: a merge across the border of stem and ending stays. The unigram model weighs whole segmentations, and an ending that many words share costs little."
      : "Learned from these counts, the unigram model cuts no more words at their endings than byte-pair encoding does: words that are frequent become one piece or letters, and the ending that they share is missed little."),
    `Learned from ${
      fromSentences ? "the different words, each once" : "whole sentences, where frequent words count more"
    }, the vocabularies cut ` +
    `${percent(otherwise[0])} of the inflected words at their ending or not at all, and ${
      percent(otherwise[1])
    } with byte-pair encoding: the way words are counted decides how large the difference is.`,
  ],
  labels: {
    word: "word",
    ways: "ways",
    bestWay: "most probable",
    probability: "given the word",
    way: "segmentation",
    expected: "expected",
    found: "drawn",
    pieces: "pieces",
    logProbability: "log-probability of a word, nats",
    before: "first turn of a round",
    after: "second turn",
    unigram: "unigram",
    bytePairs: "byte pairs",
  },
};
