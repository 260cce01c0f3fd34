/**
 * # Temperature
 *
 * **Question.** Truncation decides who takes part in the draw. Can the draw among those who
 * do be made bolder or safer, without changing who is likelier than whom?
 *
 * **Idea.** Divide all logits by one number, the temperature (温度), before the softmax. Above 1
 * differences shrink and the distribution flattens: more varied (diversity, 多样性), more often
 * wrong. Below 1 they grow and it sharpens. The order of the tokens never changes.
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
 * **Why zero is refused.** As $\tau \to 0$ the draw becomes the likeliest token, which is greedy
 * search ([section](greedy_and_beam.ts)): a choice without chance, asked for by leaving `random`
 * out. A division by zero is no way to ask.
 *
 * **Its order among the rules.** Temperature comes first, truncation after it: top-p then counts
 * the probabilities that the draw will have. The other order is possible, and different.
 *
 * Sources: Ackley, Hinton and Sejnowski 1985 (temperature); Keskar et al. 2019, *CTRL* (repetition).
 *
 * @module
 */

import type { LogitsRule } from "./truncation.ts";

/**
 * Divides logits by a temperature.
 *
 * @param temperature above 1 bolder, below 1 safer, 1 as the model says
 * @returns a rule
 * @throws {RangeError} if the temperature is not a positive number
 */
export function temperatureRule(temperature: number): LogitsRule {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(
      `Cannot sample with temperature = ${temperature}: temperature must be positive` +
        (temperature === 0 ? "; leave random out for greedy search" : ""),
    );
  }
  return (logits) => temperature === 1 ? logits : logits.map((logit) => logit / temperature);
}

// ## Variant: what was said before
//
// Sharp distributions like to repeat themselves: a phrase makes itself likelier by having
// occurred. The repetition penalty $\theta$ lowers the logit of every token that stands in the
// context, dividing it where it is positive and multiplying it where it is negative.

/**
 * Makes tokens of the context less likely.
 *
 * @param penalty $\theta$, more than 0: above 1 less likely, below 1 likelier
 * @returns a rule
 * @throws {RangeError} if the penalty is not a positive number
 */
export function repetitionRule(penalty: number): LogitsRule {
  if (!(penalty > 0 && penalty < Infinity)) {
    throw new RangeError(
      `Cannot generate with repetitionPenalty = ${penalty}: repetitionPenalty must be a positive number`,
    );
  }
  return (logits, { tokens }) => {
    const result = logits.slice();
    for (const token of new Set(tokens)) {
      const logit = logits[token];
      if (logit !== undefined) result[token] = logit > 0 ? logit / penalty : logit * penalty;
    }
    return result;
  };
}

// ## The order stays
//
// The experiment moves the temperature over three powers of ten. No two words ever change places; the
// entropy rises all the way, from almost none to that of equal shares, and with it the number of
// different words that fifty draws bring.

// ## Pitfall: always dividing
//
// Dividing a negative logit by $\theta > 1$ moves it *up*: the penalty becomes a reward for
// exactly the tokens that were already unlikely. The test "repetitionRule() lowers positive and
// negative logits" fails for that version.

// ## Exercise
//
// For logits (2, 1, 0), at which temperature is the first token drawn twice as often as the
// second? The second formula above answers without a computer.
