/**
 * # A look-up is a product with one-hot rows, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { LookUp } from "./embeddings.ts";

/** What the experiment says. */
export const words: Words<LookUp> = {
  title: "A look-up is a product with one-hot rows",
  purpose: "One sentence becomes vectors in two ways: by looking up rows of a table, and by multiplying " +
    "one-hot rows with the table. Change the vocabulary or the width. Compare what comes out, and see whose row " +
    "receives a gradient.",
  controls: {
    vocabulary: { label: "Vocabulary", description: "Number of words, the first of which the sentence uses" },
    width: { label: "Width", description: "Width of an embedding" },
    seed: SEED_WORDS,
  },
  claims: {
    same: "Looking up and multiplying give exactly the same numbers",
    gradient: "Only the words of the sentence receive a gradient; one that occurs twice receives it twice",
    padding: "The vector of a padding token is zero",
  },
  captions: {
    selectors: ({ shown: { sentence: { length: T }, words: { length: V } } }) =>
      `The sentence as ${T} one-hot rows of ${V} numbers: ${T} ones among ${T * V}.`,
    table: () =>
      "The table, one row per word. The row of <pad> holds numbers like the others; a look-up writes zeros in " +
      "their place.",
    looked: ({ difference, shown: { twice } }) =>
      `What comes out, looked up: the largest difference to the product is ${difference}. Both rows of “${twice}” ` +
      "are the same, and those of the padding are zero.",
    gradient: ({ gradient, shown: { twice, push } }) =>
      `How far each row is pushed, if every position asks for the same change: “${twice}” ${number(push)} times, ` +
      `and ${gradient.filter((x) => x === 0).length} of ${gradient.length} rows not at all.`,
    cost: ({ shown: { sentence } }) =>
      `Numbers of the table that are read for ${sentence.length} words of width 512, by the size of the vocabulary: ` +
      "a product reads all of it, a look-up the rows it needs.",
  },
  labels: {
    position: "position",
    word: "word of the vocabulary",
    dimension: "dimension",
    gradient: "gradient, in units of one position",
    vocabulary: "vocabulary V",
    numbers: "numbers read",
    product: "product",
    lookUp: "look-up",
  },
};
