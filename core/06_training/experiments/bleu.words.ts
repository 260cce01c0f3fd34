/**
 * # What BLEU sees, and what it does not, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Spoiled } from "./bleu.ts";

/** What the experiment says. */
export const words: Words<Spoiled> = {
  title: "What BLEU sees, and what it does not",
  purpose: "Good translations are corrupted in four ways, more and more, and scored. See which corruption lowers " +
    "BLEU most. Two systems change places when sentences are scored one by one. In the last figure the logits of a " +
    "translation are changed a little. See whether the cross-entropy responds, and whether BLEU does.",
  controls: {
    sentences: {
      label: "Sentences",
      description: "Translations that are corrupted and scored, in the first three figures",
    },
    seed: SEED_WORDS,
  },
  constants: { tries: "random changes of each size" },
  claims: {
    fourGrams: "4-grams show whether it reads like a sentence: shuffled words keep all single matches and lose " +
      "90\u202f% of the 4-grams",
    cut: "Leaving out does not pay: half sentences match perfectly, and BLEU falls below 50",
    repeated: "Repeating does not pay: every repeated word lowers the score",
    gradient: "BLEU has no gradient: it stays where it is under small changes that the cross-entropy notices",
    mean: "The mean of the sentences’ scores is another measure: by it the two systems change places",
  },
  captions: {
    damage: ({ replaced, exchanged }) =>
      `With a fifth of the words replaced BLEU is ${number(replaced[2]!, 3)}, with a fifth exchanged with their ` +
      `neighbours ${number(exchanged[2]!, 3)}: an exchanged word still counts by itself.`,
    shuffled: ({ shuffledPrecisions }) =>
      `All words in random order: every single word is still found, ${percent(shuffledPrecisions[3]! / 100, 2)} ` +
      "of the 4-grams are.",
    systems: ({ corpus, sentenceMean }) =>
      `One system corrupts the long sentences, the other the short ones. By BLEU it is ${number(corpus[0]!, 3)} ` +
      `against ${number(corpus[1]!, 3)}, by the mean of the sentences ${number(sentenceMean[0]!, 3)} against ` +
      `${number(sentenceMean[1]!, 3)}.`,
    moves: ({ bleuMoves }) =>
      "The logits of a translation, changed at random: the cross-entropy responds to the smallest change, BLEU " +
      `to ${percent(bleuMoves[0]!, 2)} of the smallest and ${percent(bleuMoves.at(-1)!, 2)} of the largest. What ` +
      "stands still has no slope to follow.",
  },
  labels: {
    spoiled: "fraction of words corrupted",
    bleu: "BLEU",
    exchanged: "exchanged",
    replaced: "replaced",
    repeated: "repeated",
    cut: "cut off at the end",
    precision: "precision in percent",
    words: "words",
    pairs: "pairs",
    threeGrams: "3-grams",
    fourGrams: "4-grams",
    score: "score",
    corpus: "BLEU of the corpus",
    mean: "mean of the sentences",
    long: "long ones corrupted",
    short: "short ones corrupted",
    size: "size of the change",
    noticed: "fraction of changes that are noticed",
    crossEntropy: "cross-entropy",
  },
};
