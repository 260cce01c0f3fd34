/**
 * # Five ways to misread a Gemma, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { MISREAD_CAPTIONS, MISREAD_CONTROLS, MISREAD_LABELS } from "../../experiments/misread.words.ts";
import { percent } from "../../experiments/numbers.ts";
import type { GemmaTraps } from "./gemma.ts";

/** What the experiment says. */
export const words: Words<GemmaTraps> = {
  title: "Five ways to misread a Gemma",
  purpose:
    "A small Gemma 3, with a local and a global layer, is trained on sentences in characters. Its weights are written under the names of its files and read back, once as they were written and then with one mistake. The loss on other sentences says what the mistake costs.",
  controls: MISREAD_CONTROLS,
  claims: {
    right: "No mistake makes the model better",
    gain: "To forget the one that belongs to each gain costs more than half a nat",
    scale: "To forget the root of the width costs more than a tenth of a nat",
    quiet: "To take one norm for another of the same shape costs less than 0.3 nats here",
  },
  captions: MISREAD_CAPTIONS,
  reading: ({ same }) => [
    `Two norms of one shape that are taken for each other leave ${
      percent(same[3]!, 3)
    } of the characters the same in this model, whose gains are all near one. In a trained Gemma they are not.`,
  ],
  labels: {
    ...MISREAD_LABELS,
    gain: "gains without the one",
    scale: "embeddings not scaled",
    place: "second and third norm exchanged",
    window: "no window in the local layer",
    activation: "silu for gelu",
  },
};
