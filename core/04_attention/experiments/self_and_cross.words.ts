/**
 * # A captioner looks at what it speaks of, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import { written } from "../../experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Captioning, CaptionShown } from "./self_and_cross.ts";

const HEIGHTS = ["top", "middle", "bottom"], SIDES = ["left", "centre", "right"];

const map = ({ words, animal, weight }: CaptionShown): string =>
  "Who looks where: each word at the left, fed in after those before it, asks the regions of one picture, " +
  `at the right. After “${words.slice(1, 4).join(" ")}” the ${animal} gets ${percent(weight)} of the weight, and ` +
  `“${words[4]}” has to come next.`;

/** What the experiment says. */
export const words: Words<Captioning> = {
  title: "A captioner looks at what it speaks of",
  purpose: "A small model learns to write captions such as “the cat is black and sleeping” for pictures of " +
    "nine regions, three of which show an animal. It is told the next word, never where to look. Change the steps " +
    "of the training, or blur the regions. See where the weight goes when the colour or the action has to come " +
    "next.",
  controls: {
    steps: { label: "Steps", description: "Training steps of 64 captions" },
    blur: { label: "Blur", description: "Deviation of the noise in what a region shows" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "hidden width",
    head: "head width",
    regions: "regions of a picture",
    rate: "learning rate",
    batch: "captions in a batch",
    tests: "unseen captions",
    seeds: "seeds",
  },
  claims: {
    largest:
      "The region of the animal spoken of gets the largest weight in more than 75\u202f% of unseen captions, with every seed",
    looked: "In the mean it gets more than 0.6 of the weight when its colour or its action is asked for",
    right: "From the region the captioner reads colour and action: more than 95\u202f% are right",
    other: "With another picture it does no better than a guess: fewer than 45\u202f% are right",
  },
  captions: {
    first: ({ shown }) => map(shown.captions[0]!),
    second: ({ shown }) => map(shown.captions[1]!),
    looked: ({ looked, largestRange, seeds, shown: { steps } }) =>
      "The mean weight on the region of the animal spoken of, while a caption such as “the cat is black and " +
      `sleeping” is written: ${percent(looked[steps.color]!)} when the colour has to come, ` +
      `${
        percent(looked[steps.action]!)
      } when the action has to. A weight of one ninth on each region would be chance. Over ` +
      `${seeds} seeds the region gets the largest weight in ${
        written(largestRange, percent)
      } of the captions, when the ` +
      "colour has to come.",
    right: ({ right: [color, action], otherPicture: [wrongColor, wrongAction], rightRanges, seeds }) =>
      `Unseen captions: ${percent(color!)} of the colours and ${percent(action!)} of the actions are right; ` +
      `with another picture, ${percent(wrongColor!)} and ${
        percent(wrongAction!)
      }. The line at the end of a bar is the range ` +
      `over ${seeds} seeds: ${written(rightRanges[0]!, percent)} and ${
        written(rightRanges[2]!, percent)
      } of the colours.`,
  },
  labels: {
    weight: "weight on the region",
    right: "fraction that is right",
    own: "its own picture",
    other: "another picture",
    color: "colour",
    action: "action",
    empty: (region) => `(${HEIGHTS[Math.floor(region / 3)]} ${SIDES[region % 3]})`,
    creature: (color, animal, action) => `${color} ${animal}, ${action}`,
  },
};
