/**
 * # A network that names what it reads
 *
 * The smallest task that passes through every layer of an encoder: each position is to name its own word.
 *
 * @module
 */

import { Embedding } from "../02_words/embeddings.ts";
import { Encoder, type StackOptions } from "../05_transformer/encoder.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import type { Random } from "../engine/random.ts";
import type { Tensor } from "../engine/tensor.ts";

/** An encoder between a table and scores. */
export class Namer extends Module {
  /** Vectors of the words. */
  readonly table: Embedding;
  /** What is looked at. */
  readonly encoder: Encoder;
  /** From the vectors to a score for each word. */
  readonly head: Linear;

  /** Starts from random weights, in this order. */
  constructor(vocabSize: number, layout: StackOptions, random: Random) {
    super();
    this.table = new Embedding(vocabSize, layout.hiddenSize, random);
    this.encoder = new Encoder(layout, random);
    this.head = new Linear(layout.hiddenSize, vocabSize, random);
  }

  /** Scores of the word at each position, `[B, T, V]` of `[B, T]`. */
  forward(words: Tensor): Tensor {
    return this.head.forward(this.encoder.forward(this.table.forward(words)));
  }
}
