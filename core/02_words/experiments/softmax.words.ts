/**
 * # What a softmax responds to, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Softmax } from "./softmax.ts";

/** What the experiment says. */
export const words: Words<Softmax> = {
  title: "What a softmax responds to",
  purpose: "A few random scores become probabilities. Change the temperature, by which all scores are divided first. " +
    "See how even the probabilities are, and how strongly each of them responds to each score. The table at the " +
    "end raises all scores together, with the maximum subtracted and without.",
  controls: {
    scores: { label: "Scores", description: "How many scores compete" },
    temperature: { label: "Temperature", description: "What the scores are divided by before the softmax" },
    seed: SEED_WORDS,
  },
  claims: {
    shift: "Raising every score by the same number leaves every probability as it is",
    overflow: "Without the subtraction of the maximum, scores raised by 1000 have no probabilities",
    order: "Whatever the temperature, the probabilities are ordered as the scores are",
    evenness: "The higher the temperature, the more even the probabilities",
    derivative: "The derivative is pᵢ([i = j] − pⱼ)",
    saturation: "For the scores (1000, 1, −1000) the probabilities are (1, 0, 0) and the gradient vanishes",
    diagonal:
      "On its diagonal the derivative is pᵢ, as [the notes](notes:002.22) write: for those scores it would be 1",
  },
  captions: {
    order: ({ shown: { temperatures, byTemperature } }) =>
      "The same scores at every temperature. No two lines cross: the order stays. At " +
      `${temperatures[0]} the best score has ${percent(byTemperature[0]![0]!)}, at ${temperatures.at(-1)} it has ` +
      `${percent(byTemperature.at(-1)![0]!)}.`,
    slopes: ({ shown: { temperature, top } }) =>
      `The derivative of each probability by each score at temperature ${temperature}. The best score has a probability ` +
      `of ${percent(top)}; its own entry is p(1 − p) = ${fixed(top * (1 - top), 2)}. Every column sums to zero: what ` +
      "one probability gains, the others lose. A score is raised after it was divided by the temperature.",
    saturation: ({ shown: { saturation: { scores, slope } } }) =>
      `Two scores, z and 0. The probability of z has its largest derivative, ${
        fixed(Math.max(...slope), 2)
      }, at z = 0. ` +
      `At z = ${scores.at(-1)} the derivative is ${
        number(slope.at(-1)!, 1)
      }: the softmax is saturated. The slope and ` +
      "p(1 − p) lie on top of each other.",
    shifts({ change }) {
      const most = Math.max(...change);
      return "Every score raised by the same number. With the maximum subtracted, " +
        `${
          most === 0 ? "no probability changes at all" : `probabilities change by ${number(most, 2)} at most`
        }. Without it, a ` +
        "score above 88.7 has no probability that is a number in float32, on CPU and GPU; in float64, on the reference " +
        "device, one above 709.8.";
    },
  },
  labels: {
    temperature: "temperature",
    share: "probability",
    raised: "score that is raised",
    score: "score z",
    shareAndSlope: "probability and slope",
    shareP: "probability p",
    slope: "slope, by backward()",
    raisedBy: "scores raised by",
    change: "largest change of a probability",
    plainNumbers: "without it, probabilities that are numbers",
    shareOf: (score) => `probability of ${score}`,
    outOf: (part, all) => `${part} of ${all}`,
  },
};
