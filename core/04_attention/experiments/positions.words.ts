/**
 * # The dog bites the man, the man bites the dog, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, small } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Shuffled } from "./positions.ts";

/** What the experiment says. */
export const words: Words<Shuffled> = {
  title: "The dog bites the man, the man bites the dog",
  purpose: "“the dog bites the man” and “the man bites the dog” go through the same attention with random " +
    "weights, without positions and with each scheme. The bars say how far the vectors of the words move from one " +
    "sentence to the other. Another seed draws other weights: see which bar stays at zero.",
  controls: { seed: SEED_WORDS },
  claims: {
    without: "Without positions, every word of a shuffled sentence gets the vector it had before",
    with: "With every scheme of positions it gets another one",
    causal:
      "Without positions it gets the vector it had before under a causal mask, too, as in the decoder of [the notes](notes:001.29)",
  },
  captions: {
    moved: ({ moved, causal, shown: { hiddenSize, heads } }) =>
      `One attention of ${heads} heads with random weights, on random vectors of width ${hiddenSize}. ` +
      "How far the vectors of the words move when two of them change places. Without positions: " +
      `${small(moved[0]!)} of their length. A causal mask alone moves them by ${fixed(causal, 2)}: who sees whom ` +
      "depends on the order, so a decoder knows something of positions before any are added.",
    words: ({ shown: { sentence } }) =>
      "The second sentence, each word coloured by how far its vector is from the one it has in " +
      `“${sentence.join(" ")}”.`,
  },
  labels: {
    none: "none",
    learned: "learned",
    sinusoidal: "sinusoidal",
    Shaw: "Shaw",
    T5: "T5",
    RoPE: "RoPE",
    ALiBi: "ALiBi",
    causal: "none, causal",
    distance: "mean distance / length",
  },
};
