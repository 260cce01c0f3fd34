/**
 * # Past the trained length, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, number, percent } from "../../../experiments/numbers.ts";
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

const SCALINGS = ["unscaled", "linear", "NTK-aware", "Llama 3"];

/** What the experiment says. */
export const words: Words<Extrapolation> = {
  title: "Past the trained length",
  purpose:
    "A list of assignments such as a = 3, b = 1, a = 5 is read, one at each position, as the sum of its variable’s and its value’s vector. Asked is the value that it had before: at a = 5 it is 3. First assignments are not asked. A position sees those before it. The test’s lists are four times as long. Change the trained length.",
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
    within:
      "In the second half of the trained length every scheme answers more than 85 in 100; without positions it is fewer than 60",
    absolute:
      "Absolute positions, learned or sinusoidal, do not generalize: past twice the length, fewer than 40 in 100",
    relative:
      "ALiBi generalizes, and so do Shaw and T5 with distances told apart up to half the trained length: more than 70 in 100",
    always: "Shaw and T5 both answer more than 70 in 100 with distances told apart up to twice the trained length, too",
    enough: "To be relative is enough to generalize: RoPE, too, answers more than 70 in 100",
    turn:
      "RoPE looks where its second pair of coordinates has almost made a full turn: it has more weight there than at all distances within half a turn; if this pair is not turned, less than half of that weight is left there",
    rescaled:
      "With linear scaling, and with that of Llama 3, RoPE answers at least 30 in 100 more past twice the length than unscaled",
  },
  captions: {
    right: ({ beyond, wide, shown: { trained, steps, clipped, wideClipped, tested, headSize, variables, values } }) =>
      `Right answers by position in the list, with ${variables} variables and ${values} values: a guess is right in ` +
      `${percent(1 / values, 3)}. Trained on ${trained} assignments for ${steps} steps, with 4 heads of width ` +
      `${headSize}. Shaw, and T5 with 8 buckets, treat all ` +
      `distances beyond ${clipped} alike. Between ${2 * trained} and ` +
      `${tested}: ${Object.values(SCHEMES).map((name, i) => `${name} ${percent(beyond[i]!)}`).join(", ")}. ` +
      `With distances told apart up to ${wideClipped}: Shaw ${percent(wide[0]!)}, T5 ${percent(wide[1]!)}.`,
    reach({ turned: [, round, still], shown: { trained, turn, far, middles, reaches } }) {
      const [, learned, , , , rope, alibi] = far.map((weight) => percent(weight));
      const half = middles[0]!;
      const between = (bins: readonly number[]): string =>
        `${fixed(middles[bins[0]!]! - half, 0)} to ${fixed(middles[bins.at(-1)!]! + half, 0)}`;
      const weights = reaches[Object.keys(SCHEMES).indexOf("RoPE")]!;
      const around = [...weights.keys()].filter((bin) => middles[bin]! >= 0.6 * turn && middles[bin]! < 1.2 * turn);
      const most = around.reduce((best, bin) => weights[bin]! > weights[best]! ? bin : best, around[0] ?? 0);
      // What is drawn ends at three times the trained length.
      const place = 3 * trained < turn
        ? `What is drawn ends before ${fixed(turn, 0)}, a full turn of RoPE's second pair of coordinates`
        : `RoPE has ${percent(round!)} of all its weight at ${between(around)}, the largest part at ${
          between([most])
        }: around the end of the first full turn of its second pair of coordinates, which takes ${
          fixed(turn, 0)
        } positions. If this pair alone is not turned, it is ${percent(still!)} of all weight`;
      return "Where the last quarter of the long lists looks: the weight by distance, in sums of 8 distances. At distances " +
        `above ${trained}, which training has not met, ALiBi has ${alibi} of its weight, learned ` +
        `positions have ${learned}, RoPE has ${rope}. The figure ends at ${
          3 * trained
        }: up to there every position of that quarter has keys. ${place}.`;
    },
    rescaled: ({ rescaled, shown: { trained, tested } }) =>
      `The trained RoPE, read with frequencies rescaled for lists ${tested / trained} times as long (factor ${
        tested / trained
      }), and not trained further. Between ${2 * trained} and ${tested}: ${
        SCALINGS.map((name, i) => `${name} ${percent(rescaled[i]!.beyond)}`).join(", ")
      }. Within ${trained}, in the second half: ${
        SCALINGS.map((name, i) => `${name} ${percent(rescaled[i]!.within)}`).join(", ")
      }.`,
  },
  reading: (
    {
      beyond,
      wide,
      rescaled,
      shown: { trained, tested, clipped, wideClipped, turn, turns, headSize, base, frequencies },
    },
  ) => {
    const [, , , shaw, t5, rope] = beyond, [unscaled, linear, ntk, llama] = rescaled;
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
      `RoPE reaches ${percent(rope!)}. Its heads of width ${headSize} have ${
        headSize / 2
      } pairs of coordinates. RoPE turns pair i, counted from 0, by ${
        number(base)
      }^(−2i/${headSize}) radians per position: ${
        frequencies.map((frequency) => number(frequency)).join(", ")
      }. The number ${number(base)} is the base. For the second pair a full turn takes 2π / ${
        fixed(2 * Math.PI / turn, 1)
      } ≈ ${fixed(turn, 0)} positions. ${
        trained < turn
          ? `Lists of ${trained} show a part of the turn. Shortly before the turn is complete, at distance ${
            Math.round(turn) - 8
          } say, 8 short of it, the pair points where it would if the key stood ` +
            "8 positions after the query. The mask hides such keys, so the model has never learned to give them a low score."
          : "The lists of the training hold a whole turn."
      } Heads of width 128, as Llama's are, have 64 pairs, and some of them ` +
      "make no full turn within the longest text; the base decides how many.",
      `Linear scaling divides every frequency by ${tested / trained}. A full turn of the second pair takes ${
        fixed(turns[1]!, 0)
      } positions then, and lists of ${tested} bring hardly an angle outside of the range that training had (the largest distance, ${
        tested - 1
      }, counts as ${number((tested - 1) * trained / tested)}; training had up to ${
        trained - 1
      }), though most lie between those it had: ${
        percent(linear!.beyond)
      } are right past twice the trained length. Within it the right answers go from ${percent(unscaled!.within)} to ${
        percent(linear!.within)
      }, because neighbours are harder to tell apart. Llama 3 keeps the fastest pair and divides the others: ${
        percent(llama!.beyond)
      } and ${percent(llama!.within)}. NTK-aware scaling divides the second pair by less, so that a full turn takes ${
        fixed(turns[2]!, 0)
      }, ${turns[2]! < tested ? "less than the lists are long" : "more than the lists are long"}: ${
        percent(ntk!.beyond)
      }. Models are trained a little longer with such frequencies, which is not done here.`,
    ];
  },
  labels: {
    ...SCHEMES,
    unscaled: "unscaled",
    linear: "linear",
    NTK: "NTK-aware",
    "Llama 3": "Llama 3",
    position: "position in the list",
    right: "fraction that is right",
    trained: "trained length",
    chance: "a guess",
    distance: "distance of what is looked at",
    weight: "weight",
  },
};
