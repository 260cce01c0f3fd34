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

const SCALINGS = ["unscaled", "linear", "NTK", "Llama 3"];

/** What the experiment says. */
export const words: Words<Extrapolation> = {
  title: "Past the trained length",
  purpose:
    "A list of assignments such as a = 3, b = 1, a = 5 is read from left to right; what did each variable hold " +
    "before? At a = 5 the answer is 3. One attention layer is trained on short lists and tested on lists four times as " +
    "long, right of the dashed line. Change the trained length, and the distances that Shaw and T5 tell apart.",
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
    relative:
      "ALiBi generalizes, and so do Shaw and T5 with distances told apart up to half the trained length: more than 70 in 100",
    always: "Shaw and T5 both answer more than 70 in 100 with distances told apart up to twice the trained length, too",
    enough: "To be relative is enough to generalize: RoPE, too, answers more than 70 in 100",
    turn: "RoPE takes far for near: around a full turn of its second pair it has more weight than within half a turn",
    rescaled:
      "With frequencies divided by four (linear) or divided where they are low (Llama 3), RoPE answers at least 30 in 100 more",
  },
  captions: {
    right: ({ beyond, wide, shown: { trained, steps, clipped, wideClipped, tested, headSize } }) =>
      `Right answers by position in the list, trained on ${trained} assignments for ${steps} steps, with 4 heads of width ` +
      `${headSize}. Shaw, and T5 with 8 buckets, treat all ` +
      `distances beyond ${clipped} alike. Between ${2 * trained} and ` +
      `${tested}: ${Object.values(SCHEMES).map((name, i) => `${name} ${percent(beyond[i]!)}`).join(", ")}. ` +
      `With distances told apart up to ${wideClipped}: Shaw ${percent(wide[0]!)}, T5 ${percent(wide[1]!)}.`,
    reach({ turned, shown: { trained, turn, far, middles, reaches } }) {
      const [, learned, , , , rope, alibi] = far.map((weight) => percent(weight));
      const place = `${fixed(turn, 0)}, a full turn of its second pair of coordinates`, half = middles[0]!;
      const between = (bins: readonly number[]): string =>
        `${fixed(middles[bins[0]!]! - half, 0)} to ${fixed(middles[bins.at(-1)!]! + half, 0)}`;
      const weights = reaches[Object.keys(SCHEMES).indexOf("RoPE")]!;
      const around = [...weights.keys()].filter((bin) => middles[bin]! >= 0.6 * turn && middles[bin]! < 1.2 * turn);
      const most = around.reduce((best, bin) => weights[bin]! > weights[best]! ? bin : best, around[0] ?? 0);
      // What is drawn ends at three times the trained length.
      const round = 3 * trained < turn
        ? `What is drawn ends before ${place}`
        : `RoPE has ${percent(turned[1]!)} of all its weight at ${between(around)}, the largest part at ${
          between([most])
        }. This is ` +
          `around ${place}, which training has ${trained < turn ? "not met" : "met"}`;
      return "Where the last quarter of the long lists looks: the weight by distance. At distances " +
        `above ${trained}, which training has not met, ALiBi has ${alibi} of its weight, learned ` +
        `positions have ${learned}, RoPE has ${rope}. ${round}.`;
    },
    rescaled: ({ rescaled, shown: { trained, tested } }) =>
      `The trained RoPE, read with rescaled frequencies and not trained further. Between ${
        2 * trained
      } and ${tested}: ${
        SCALINGS.map((name, i) => `${name} ${percent(rescaled[i]!.beyond)}`).join(", ")
      }. Within ${trained}, in the second half: ${
        SCALINGS.map((name, i) => `${name} ${percent(rescaled[i]!.within)}`).join(", ")
      }.`,
  },
  reading: ({ beyond, wide, rescaled, shown: { trained, clipped, wideClipped, turn, headSize } }) => {
    const [, , , shaw, t5, rope] = beyond;
    return [
      `Relative is not enough. Shaw and T5 reach ${percent(shaw!)} and ${
        percent(t5!)
      } if all distances beyond ${clipped} are alike, and ` +
      `${percent(wide[0]!)} and ${percent(wide[1]!)} if distances up to ${wideClipped} are told apart. ` +
      `Distances above ${trained} have vectors or buckets of their own then, which training on ${trained} assignments never ` +
      `reached: they keep their initial values.${
        wide[1]! < 0.65 && Math.abs(wide[0]! - 0.7) < 0.05
          ? ` T5 is well below the 70\u202f% of the claim, and Shaw close to it: the refutation rests on T5.`
          : ""
      } ALiBi has nothing to learn, and its penalty grows evenly.`,
      `RoPE reaches ${percent(rope!)}. In heads of width ${headSize} the second pair of coordinates takes ` +
      `2π · 10000^(2/${headSize}) ≈ ${fixed(turn, 0)} positions for a full turn. ${
        trained < turn
          ? `Lists of ${trained} show a part of the turn, and a key that is nearly a whole turn away looks near.`
          : "The lists of the training hold a whole turn."
      } A head has half as many frequencies as coordinates: ${
        headSize / 2
      } here, 64 in heads of width 128, as Llama's are. ` +
      "Such a head also has pairs that never go round; the base decides how many.",
      `Frequencies divided by four bring all distances back into the trained range: ${
        percent(rescaled[1]!.beyond)
      } are right past twice the ` +
      `trained length. Within it the right answers go from ${percent(rescaled[0]!.within)} to ${
        percent(rescaled[1]!.within)
      }: neighbours are harder to tell apart. Models ` +
      "are trained a little longer with them, which is not done here.",
    ];
  },
  labels: {
    ...SCHEMES,
    unscaled: "unscaled",
    linear: "linear",
    NTK: "NTK",
    "Llama 3": "Llama 3",
    position: "position in the list",
    right: "fraction that is right",
    trained: "trained length",
    distance: "distance of what is looked at",
    weight: "weight",
  },
};
