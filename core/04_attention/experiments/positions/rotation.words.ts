/**
 * # Walking is turning, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { fixed, number, small } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import type { Rotation } from "./rotation.ts";

/** What the experiment says. */
export const words: Words<Rotation> = {
  title: "Walking is turning",
  purpose: "The sinusoidal code of a position is a list of points on circles. Change how many steps further to " +
    "go: each circle turns by its own angle, wherever the walk begins. Then codes are compared by dot products, " +
    "and a query with a key turned by RoPE, at three places of a text. See whether the place matters, or the " +
    "distance alone.",
  controls: {
    width: { label: "Width", description: "Width of a code and of a head" },
    step: { label: "Steps on", description: "How many positions further, n" },
    seed: SEED_WORDS,
  },
  claims: {
    linear: "The code of position p + n is a linear function of that of p, the same for every p",
    distance: "The dot product of two codes depends on their distance alone; that of two random rows does not",
    rotary: "Between a query and a key that RoPE has turned, only the distance is left",
  },
  captions: {
    codes: ({ shown: { codes } }) =>
      `The codes of the first ${codes.length} positions: pairs of sine and cosine, fast ones left, slow ones right. Hatched cells are negative.`,
    circle: ({ wrongStep, shown: { step, width, frequency, positions, miss, circle } }) =>
      `A code of width ${width} has ${
        width / 2
      } pairs of coordinates, sin pωᵢ and cos pωᵢ, each with a frequency of its own, ωᵢ = 10000^(−2i/${width}) ` +
      `(the example by hand has one pair, with ω₀ = 1). Here is the second pair, ω₁ = ${
        number(frequency, 3)
      }, at positions ` +
      `p = 0 to ${circle.length - 1} and ${step} step${
        step === 1 ? "" : "s"
      } on. Every point has turned by the same angle, ` +
      `${step} · ${number(frequency, 3)} = ${
        fixed(step * frequency, 2)
      } radians. A turn by the angle nω is a 2 × 2 matrix, one for each ` +
      `pair. The matrices for n = ${step} take all ${
        width / 2
      } pairs at ${positions} positions to the codes ${step} step${step === 1 ? "" : "s"} on, with an error of ${
        small(miss)
      } in any coordinate. Those for n = ${step + 1} miss by up to ${
        fixed(wrongStep, 2)
      }; coordinates lie between −1 and 1.`,
    dots: ({ spread }) =>
      "The dot product of the code of p with that of a later position, by their distance: three curves, for " +
      `three p, on top of each other (they differ by ${small(spread)}). It falls with the distance, ` +
      "though not all the way and not evenly.",
    rotary: ({ rotarySpread, shown: { width } }) =>
      `One random query of width ${width}, turned by RoPE to position p, and one random key, turned to a later one: three curves, for three p, ` +
      `on top of each other (they differ by ${small(rotarySpread)}). The score depends on the distance ` +
      "and not on p.",
  },
  labels: {
    position: "position p",
    coordinate: "coordinate",
    cosine: "cosine",
    sine: "sine",
    distance: "distance",
    product: "dot product",
    score: "score",
  },
};
