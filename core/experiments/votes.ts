/**
 * # Votes of words
 *
 * The bag of words of [section](../01_introduction/bag_of_words.ts) as a module, so that it is trained and measured as the other
 * classifiers of an experiment are.
 *
 * @module
 */

import { Embedding } from "../02_words/embeddings.ts";
import { Module } from "../engine/module.ts";
import type { Random } from "../engine/random.ts";
import type { Tensor } from "../engine/tensor.ts";

/** A bag of words: every word has a vote for each class. */
export class Votes extends Module {
  /** A row of votes for each word; none for padding. */
  readonly votes: Embedding;

  /** Starts from small random votes. */
  constructor(
    vocabSize: number,
    numClasses: number,
    random: Random,
    options: { readonly paddingIndex: number; readonly deviation: number },
  ) {
    super();
    this.votes = new Embedding(vocabSize, numClasses, random, options);
  }

  /** Adds the votes of the words of each text: ids `[B, T]` to scores `[B, classes]`. */
  forward(tokens: Tensor): Tensor {
    return this.votes.forward(tokens).sum(1);
  }
}
