/**
 * # What a forbidden position gets, and when a mask is needed, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent, small } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Masks } from "./masks.ts";

/** What the experiment says. */
export const words: Words<Masks> = {
  title: "What a forbidden position gets, and when a mask is needed",
  purpose: "The first position of a sentence is padding, and no word may see what comes after it. Forbidden " +
    "scores are set to 0 or −∞, or have −10000 added. Change the scale of the scores, and see what weight forbidden " +
    "positions get. Then attentions with random weights read a sequence, with the causal mask and without. Change " +
    "the layers, and see when the mask matters.",
  controls: {
    scale: { label: "Scale of scores", description: "Deviation of the allowed scores" },
    layers: { label: "Layers", description: "Attentions on top of each other" },
    seed: SEED_WORDS,
  },
  constants: { queries: "words of the sentence", width: "head width", length: "positions of the sequence" },
  claims: {
    zero: "A score of 0 hides a forbidden position",
    low: "−10000 and −∞ give it no weight at all, where something else is allowed",
    nothing: "Where nothing is allowed, 0 and −10000 give forbidden positions a total weight of 1, −∞ a total of 0",
    oneToken: "Fed one token, with a cache, the causal mask changes nothing",
    history: "Fed the whole history, it does: in two layers, the newest output changes by more than 0.01 without it",
    single: "In a single layer it does not, since the newest row may see everything",
  },
  captions: {
    maps: ({ leaked, shown: { paddingSum } }) =>
      "Each word at the left asks, those at the right are asked. Forbidden are the padding and what comes " +
      `after a word; their score is set to −∞, lowered by 10000 or set to 0. With 0 they get ${
        percent(leaked[0]!)
      } of the weight. The ` +
      `padding itself may look nowhere: with −10000 it looks everywhere instead, with −∞ its weights sum to ` +
      `${paddingSum}.`,
    leaked: ({ leaked, leakedWhole, shown: { treatments } }) =>
      "What forbidden positions get, where something else is allowed: " +
      `${leaked.map((x, i) => `${percent(x)} with ${treatments[i]}`).join(", ")}; where nothing is allowed, ` +
      `${leakedWhole.map((x) => percent(x)).join(", ")}.`,
    feeding({ cached, history, shown: { layers, bare } }) {
      const why = layers === 1
        ? "The newest row allows everything, and nothing else is read."
        : "Earlier positions have seen later ones, and the next layer reads what became of them.";
      return `How far the newest output is from that of one masked pass over ${bare.length} positions, in ${layers} ` +
        `layer${layers === 1 ? "" : "s"}. At most: single tokens with a cache, without the mask, ${small(cached)}; ` +
        `the whole history without the mask, ${small(history)}. ${why} Curves at 0 lie on top of each other.`;
    },
  },
  labels: {
    some: "rows that may look somewhere",
    padding: "the row of the padding",
    share: "fraction of the weight",
    position: "position that is written",
    difference: "largest difference",
    oneToken: "one token, cache, no mask",
    historyMasked: "whole history, mask",
    historyBare: "whole history, no mask",
  },
};
