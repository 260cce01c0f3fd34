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
 * ```picture temperature_by_hand The example below. The same three logits, divided by 0.5, by 1 and by 2.
 * ```
 *
 * **By hand.** Three words have the logits 2, 1 and 0. At temperature 1 their exponentials are 7.389, 2.718 and 1, which sum to 11.107; divided by the sum
 * they are the probabilities 0.665, 0.245 and 0.090. At temperature 0.5 the logits are $2 / 0.5 = 4$, $1 / 0.5 = 2$ and 0, and the
 * probabilities 0.867, 0.117 and 0.016. At 2 they are $2 / 2 = 1$, $1 / 2 = 0.5$ and 0, and the probabilities 0.506, 0.307 and 0.186.
 * The first word is 2.718 times as probable as the second at temperature 1, 7.389 times at 0.5, and 1.649 times at 2. The entropy, the
 * expected surprisal ([section](truncation.ts)), is 0.832 nats at 1, 0.441 at 0.5 and 1.020 at 2; three equally probable words have 1.099.
 *
 * ```ts
 * import { temperatureRule, toProbabilities } from "@heed/heed/generation";
 *
 * const logits = Float64Array.of(2, 1, 0), exponentials = logits.map(Math.exp);
 * console.log(exponentials[0]!.toFixed(3), exponentials[1]!.toFixed(3), exponentials.reduce((a, b) => a + b).toFixed(3));
 * for (const temperature of [0.5, 1, 2]) {
 *   const p = toProbabilities(temperatureRule(temperature).onHost(logits, { tokens: [] }));
 *   const entropy = -p.reduce((sum, one) => sum + one * Math.log(one), 0), shown = Array.from(p, (one) => one.toFixed(3));
 *   console.log(`at ${temperature}: ${shown.join(" ")}, ratio ${(p[0]! / p[1]!).toFixed(3)}, entropy ${entropy.toFixed(3)}`);
 * }
 * console.log("equal", Math.log(3).toFixed(3));
 * ```
 *
 * ```text
 * 7.389 2.718 11.107
 * at 0.5: 0.867 0.117 0.016, ratio 7.389, entropy 0.441
 * at 1: 0.665 0.245 0.090, ratio 2.718, entropy 0.832
 * at 2: 0.506 0.307 0.186, ratio 1.649, entropy 1.020
 * equal 1.099
 * ```
 *
 * **Formula.** For a temperature $\tau > 0$ and the logits $z$, with $p_i$ for the probability at $\tau = 1$,
 *
 * $$p_i(\tau) = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}}, \qquad \frac{p_i(\tau)}{p_j(\tau)} = \left(\frac{p_i}{p_j}\right)^{1/\tau}$$
 *
 * | symbol | in code       | meaning                                |
 * | ------ | ------------- | -------------------------------------- |
 * | $z$    | `logits`      | one score for each token, `[V]`        |
 * | $\tau$ | `temperature` | one number, greater than 0             |
 *
 * The second follows from the first: in the ratio of two probabilities the sums cancel, and $e^{(z_i - z_j) / \tau}$ is the $1/\tau$-th power of
 * $e^{z_i - z_j}$. A ratio above 1 stays above 1, so the order stays. The whole row is $p_i^{1/\tau}$, divided by its sum.
 *
 * **Why zero is refused.** As $\tau \to 0$ the draw becomes the most probable token, which is greedy
 * search ([section](greedy_and_beam.ts)): a choice without chance. To get it, leave `random`
 * out. As $\tau \to \infty$ all tokens that are allowed become equally probable.
 *
 * **Its order among the rules.** Temperature comes first, truncation after it: top-p then counts
 * the probabilities that the draw will have. The other order is possible, and different.
 *
 * **The notes, 004.98.** The order stays and the evenness changes: proved above. That a low temperature makes a text *more exact* holds only in so far as
 * the model's most probable tokens are right. The run below measures what else it does: such a text repeats itself.
 *
 * Sources: Ackley, Hinton and Sejnowski 1985, *A Learning Algorithm for Boltzmann Machines*; Guo, Pleiss, Sun and Weinberger 2017, *On
 * Calibration of Modern Neural Networks* (the same division, fitted to make a model's confidence right, [section](confidence.ts)).
 *
 * @module
 */

import { type Check, checkValue, numeric } from "../engine/options.ts";
import { likeliest, type LogitsRule, ruleInPlace } from "./rules.ts";

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
      // $z_i / \tau$, below the highest logit, where nothing overflows but to $-\infty$, however small the temperature.
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

// #region What a temperature may be
// Zero, infinity and what is no number are refused; what a float32 cannot hold is brought to the nearest number that it can.

/** What a temperature may be. */
export const temperatureCheck: Check<number> = {
  ...numeric({ above: 0 }),
  must: "a number greater than 0; without random the most probable token is taken",
};

/** The nearest number by which a float32 can be divided: neither 0 nor infinite there. */
function within(temperature: number): number {
  return Math.min(2 ** 126, Math.max(2 ** -126, temperature));
}

// #endregion

// ## The order stays
//
// The [experiment](experiments/temperature.ts) varies the temperature over three powers of ten. The order of the words never changes. The
// entropy rises towards that of the uniform distribution, and with it the number of
// different words in fifty samples.

// ## On real text
//
// A Transformer that has learned plays of Shakespeare goes on after lines that it never saw, at each temperature with the same prompts and the same seeds.
//
// ```picture temperature_run Texts at each temperature, and the plays.
// ```

// ## Pitfall: truncating before the temperature
//
// Top-p counts the probabilities that it is given. Applied first, it cuts by those of the model, and a high temperature
// then flattens the distribution over the same few tokens. The test "options reach their rules, in the order that is written down" fails for
// a loop that applies them so.

// ## Pitfall: dividing what is large already
//
// A large logit divided by a small temperature is larger than any number whose exponential a computer can hold. Here the largest logit is subtracted first,
// which changes no probability, and all others fall towards $-\infty$. The test "temperatureRule() divides large logits by
// small temperatures" fails for a rule that divides first.

// ## Exercise
//
// For logits 2, 1 and 0, at which temperature is the first token drawn twice as often as the
// second? And the first four times as often as the third?
//
// **Hint.** The second formula answers: the ratio of the first two is $e^{1/\tau}$.
//
// **Solution.** $e^{1/\tau} = 2$ at $\tau = 1 / \log 2$, about 1.443. The third is two logits below the first, so their ratio is the square of that, and four at the same temperature.
//
// ```ts
// import { temperatureRule, toProbabilities } from "@heed/heed/generation";
//
// const temperature = 1 / Math.log(2);
// const p = toProbabilities(temperatureRule(temperature).onHost(Float64Array.of(2, 1, 0), { tokens: [] }));
// console.log(temperature.toFixed(3), (p[0]! / p[1]!).toFixed(2), (p[0]! / p[2]!).toFixed(2));
// ```
//
// ```text
// 1.443 2.00 4.00
// ```
