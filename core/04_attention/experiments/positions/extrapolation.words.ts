/**
 * # Past the trained length, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Extrapolation } from "./extrapolation.ts";

/** The schemes in the order of the findings. */
const SCHEMES = {
  none: "none",
  learned: "learned",
  sinusoidal: "sinusoidal",
  Shaw: "Shaw",
  T5: "T5",
  RoPE: "RoPE",
  ALiBi: "ALiBi",
} as const;

/** What the experiment says. */
export const words: Words<Extrapolation> = {
  title: "Past the trained length",
  purpose: "A list of assignments such as a = 3, b = 1, a = 5 is read from left to right; what did the " +
    "variable hold before? With each scheme one attention layer is trained on short lists and tested on lists four " +
    "times as long. Right of the dashed line is what training has never met. Change the trained length, and the " +
    "distances that Shaw and T5 tell apart.",
  controls: {
    trained: {
      label: "Trained length",
      description: "Assignments in a list of the training; the test is four times as long",
    },
    apart: {
      label: "Distances told apart",
      description: "Up to which distance Shaw and T5 distinguish, in trained lengths; all beyond it are alike",
    },
    steps: { label: "Steps", description: "Training steps of 16 lists" },
    seed: SEED_WORDS,
  },
  claims: {
    within: "Within the trained length every scheme answers more than 85 in 100; without positions it is fewer than 60",
    absolute:
      "Absolute positions, learned or sinusoidal, do not generalize: past twice the length, fewer than 40 in 100",
    relative: "ALiBi does, and at this setting of distances told apart Shaw and T5 do: more than 70 in 100",
    enough: "To be relative is enough to generalize: RoPE, too, answers more than 70 in 100",
    turn: "RoPE takes far for near: around a full turn of its second pair it has more weight than within half a turn",
  },
  captions: {
    right: ({ beyond, shown: { trained, clipped, tested } }) =>
      `Right answers by place in the list, trained on ${trained} assignments. Shaw and T5, with 8 buckets, treat all ` +
      `distances beyond ${clipped} alike. Between ${2 * trained} and ` +
      `${tested}: ${Object.values(SCHEMES).map((name, i) => `${name} ${percent(beyond[i]!)}`).join(", ")}.`,
    reach({ turned, shown: { trained, turn, far } }) {
      const [, learned, , , , rope, alibi] = far.map((share) => percent(share));
      const place = `${fixed(turn, 0)}, a full turn of its second pair of coordinates`;
      // What is drawn ends at three times the trained length.
      const round = 3 * trained < turn
        ? `What is drawn ends before ${place}`
        : `${percent(turned[1]!)} of all lies around ${place}, which training has ${
          trained < turn ? "not met" : "met"
        }`;
      return "Where the last quarter of the long lists looks: the fraction of the weight by distance. At distances " +
        `above ${trained}, which training has not met, ALiBi has ${alibi} of its weight, learned ` +
        `positions have ${learned}, RoPE has ${rope}. ${round}.`;
    },
  },
  labels: {
    ...SCHEMES,
    position: "position in the list",
    right: "share that is right",
    trained: "trained length",
    distance: "distance of what is looked at",
    weight: "share of the weight",
  },
};
