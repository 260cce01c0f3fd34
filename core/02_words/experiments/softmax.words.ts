/**
 * # What a softmax answers to, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Softmax } from "./softmax.ts";

/** What the experiment says. */
export const words: Words<Softmax> = {
  title: "What a softmax answers to",
  purpose: "A few random scores become shares. Change the temperature, by which all scores are divided first: " +
    "see how even the shares are, and how strongly each of them answers to each score. The table at the end " +
    "raises all scores together, with the subtraction of the maximum and without it.",
  controls: {
    scores: { label: "Scores", description: "How many scores compete" },
    temperature: { label: "Temperature", description: "What the scores are divided by before the softmax" },
    seed: SEED_WORDS,
  },
  claims: {
    shift: "Raising every score by the same number leaves every share as it is",
    overflow: "Without the subtraction of the maximum, scores raised by 1000 have no shares",
    order: "Whatever the temperature, the shares are ordered as the scores are",
    evenness: "The higher the temperature, the more even the shares",
    derivative: "The derivative is pᵢ([i = j] − pⱼ)",
    saturation: "For the scores (1000, 1, −1000) the shares are (1, 0, 0) and the gradient vanishes",
    diagonal:
      "On its diagonal the derivative is pᵢ, as [the notes](notes:002.22) write: for those scores it would be 1",
  },
  captions: {
    order: ({ shown: { temperatures, byTemperature } }) =>
      "The same scores at every temperature. No two lines cross: the order stays. At " +
      `${temperatures[0]} the best score has ${percent(byTemperature[0]![0]!)}, at ${temperatures.at(-1)} it has ` +
      `${percent(byTemperature.at(-1)![0]!)}.`,
    slopes: ({ shown: { temperature, top } }) =>
      `How each share answers to each score at temperature ${temperature}. The best score has a share of ` +
      `${percent(top)}; its own entry is p(1 − p) = ${fixed(top * (1 - top), 2)}. Every row sums to zero: what ` +
      "one share wins, others lose. A score is raised after it was divided by the temperature.",
    saturation: ({ shown: { saturation: { scores, slope } } }) =>
      `Two scores, z and 0. The share of z answers most at z = 0, by ${fixed(Math.max(...slope), 2)}; at z = ` +
      `${scores.at(-1)} it answers by ${number(slope.at(-1)!, 1)}: the softmax is saturated. The slope and p(1 − p) ` +
      "lie on top of each other.",
    shifts({ change }) {
      const most = Math.max(...change);
      return "Every score raised by the same number. With the maximum subtracted, " +
        `${most === 0 ? "no share changes at all" : `shares change by ${number(most, 2)} at most`}. Without it, a ` +
        "score above 88.7 has no share that is a number in float32, on CPU and GPU; in float64, on the reference " +
        "device, one above 709.8.";
    },
  },
  labels: {
    temperature: "temperature",
    share: "share",
    raised: "score that is raised",
    score: "score z",
    shareAndSlope: "share and slope",
    shareP: "share p",
    slope: "slope, by backward()",
    raisedBy: "scores raised by",
    change: "largest change of a share",
    plainNumbers: "without it, shares that are numbers",
    shareOf: (score) => `share of ${score}`,
    outOf: (part, all) => `${part} of ${all}`,
  },
};
