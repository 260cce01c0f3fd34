/**
 * # What greedy search misses, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Search } from "./greedy_and_beam.ts";

/** What the experiment says. */
export const words: Words<Search> = {
  title: "What greedy search misses",
  purpose: "Random models of four words, small enough for every text to be looked at. Greedy search and beams " +
    "are compared with the best text there is. Change the beam in the tree, and see which prefixes it drops and " +
    "whether the best text survives. The curves say how often each width finds it, and what it costs.",
  controls: {
    beams: { label: "Beams", description: "Width of the beam in the first figure" },
    length: { label: "Length", description: "Words in a text; the first figure shows three at most" },
    seed: SEED_WORDS,
  },
  claims: {
    greedy: "Choosing the likeliest word at every step misses the best text more often than one time in four",
    one: "A beam of one is greedy search",
    wider: "Wider beams find better texts",
    two: "A beam of two finds the best text as a whole",
    full: "A beam as wide as there are prefixes always does",
  },
  captions: {
    tree: ({ shown: { tree: { length, width, missed, greedy, best, beam } } }) =>
      `All texts of ${length} words of one model. ` +
      `${missed ? "Greedy search misses the best: it" : "Greedy search"} writes ${greedy.text} ` +
      `(${percent(greedy.probability, 2)}); the best text is ${best.text} (${percent(best.probability, 2)}); a beam ` +
      `of ${width} writes ${beam.text}. Numbers are probabilities of prefixes. Strong: the best text, dashed if ` +
      "the beam let it go; faint: what else it let go, or how many.",
    found: ({ widths, found, shown: { models, length } }) =>
      `Over ${models} models and texts of ${length} words greedy search finds the best text in ` +
      `${percent(found[0]!, 2)}, a beam of ${widths[1]} in ${percent(found[1]!, 2)}, a beam of ${widths.at(-1)} in ` +
      `${percent(found.at(-1)!, 3)}.`,
    work: ({ widths, work, exhaustive }) =>
      `What it costs: a beam of ${widths.at(-1)} looks at ${number(work.at(-1)!, 3)} continuations, as many as ` +
      `exhaustive search, ${number(exhaustive, 3)}; a beam of ${widths[1]} at ${number(work[1]!, 3)}.`,
  },
  labels: {
    begin: "BEGIN",
    beams: "beams",
    share: "share",
    found: "best text found",
    quality: "probability, best text = 1",
    continuations: "continuations looked at",
    beamSearch: "beam search",
    exhaustive: "exhaustive search",
  },
};
