/**
 * # Temperature
 *
 * **Question.** Truncation decides which tokens can be sampled. Can samples among these become more or
 * less diverse, without a change in the order of the probabilities?
 *
 * **Idea.** Divide all logits by one number, the temperature (温度), before the softmax. Above 1
 * differences shrink and the distribution flattens: samples are more diverse (diversity, 多样性) and more often
 * wrong. Below 1 differences grow and the distribution sharpens. The order of the tokens never changes.
 *
 * **Formula.** For a temperature $\tau > 0$,
 *
 * $$p_i(\tau) = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}}, \qquad \frac{p_i(\tau)}{p_j(\tau)} = \left(\frac{p_i}{p_j}\right)^{1/\tau}$$
 *
 * | symbol | in code       | shape      |
 * | ------ | ------------- | ---------- |
 * | $z$    | `logits`      | `[V]`      |
 * | $\tau$ | `temperature` | one number |
 *
 * **Why zero is refused.** As $\tau \to 0$ the draw becomes the most probable token, which is greedy
 * search ([section](greedy_and_beam.ts)): a choice without chance. To get it, leave `random`
 * out.
 *
 * **Its order among the rules.** Temperature comes first, truncation after it: top-p then counts
 * the probabilities that the draw will have. The other order is possible, and different.
 *
 * Source: Ackley, Hinton and Sejnowski 1985, *A Learning Algorithm for Boltzmann Machines*.
 *
 * @module
 */

import { type Check, checkValue, numeric } from "../engine/options.ts";
import { likeliest, type LogitsRule, ruleInPlace } from "./rules.ts";

/** What a temperature may be. */
export const temperatureCheck: Check<number> = {
  ...numeric({ above: 0 }),
  must: "a number greater than 0; without random the most probable token is taken",
};

/** The nearest number by which a float32 can be divided: neither 0 nor infinite there. */
function within(temperature: number): number {
  return Math.min(2 ** 126, Math.max(2 ** -126, temperature));
}

/**
 * Divides logits by a temperature.
 *
 * They are taken relative to the highest first, which changes no probability. The smallest temperature then leaves the
 * most probable token, of equal ones each with the same probability, and the largest gives all that are allowed the same.
 *
 * @param temperature above 1 more diverse, below 1 less, 1 as the model says
 * @returns a rule
 * @throws {RangeError} if the temperature is not a positive number
 */
export function temperatureRule(temperature: number): LogitsRule {
  checkValue("sample", "temperature", temperature, temperatureCheck);
  return ruleInPlace({
    name: "temperature",
    needsDraw: true,
    inPlace: (row) => {
      const best = likeliest(row);
      if (temperature === 1 || best === undefined) return;
      // Below the highest logit nothing overflows but to $-\infty$, however small the temperature.
      const highest = row[best]!;
      for (let token = 0; token < row.length; token++) row[token] = (row[token]! - highest) / temperature;
    },
    onDevice: (logits) => {
      if (temperature === 1) return logits;
      const highest = logits.max(-1, { keepDims: true });
      return logits.sub(highest.where(highest.notEqual(-Infinity), 0)).div(within(temperature));
    },
  });
}

// ## The order stays
//
// The experiment varies the temperature over three powers of ten. The order of the words never changes. The
// entropy rises towards that of the uniform distribution, and with it the number of
// different words in fifty samples.

// ## Pitfall: truncating before the temperature
//
// Top-p counts the probabilities that it is given. Applied first, it cuts by those of the model, and a high temperature
// then flattens the distribution over the same few tokens. The test "options reach their rules, in the order that is written down" fails for
// a loop that applies them so.

// ## Exercise
//
// For logits (2, 1, 0), at which temperature is the first token drawn twice as often as the
// second? The second formula above answers without a computer.
