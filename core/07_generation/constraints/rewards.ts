/**
 * # Reward-augmented decoding
 *
 * **Question.** Some demands are no yes or no. A text should be as polite as possible, or as short, or as easy to read: a *reward* says how good a whole text is. How does it steer a text that is not finished?
 *
 * **Idea.** By a model that reads prefixes and expects the reward of the text that comes of it. It scores the $k$ most probable candidates, and each gets its reward times a weight $\beta$ added to its logit. So the probability is multiplied by $e^{\beta r}$. This is *reward-augmented decoding* (RAD, 奖励增强解码).
 *
 * **By hand.** *very* has probability 0.6 and *rather* 0.4, as [before](mod.ts). A text that ends with *good* is worth 1, any other 0, so that the expected rewards are 0.05 and 0.9. With $\beta = 2$ the weights are $0.6 \cdot e^{0.1} = 0.663$ and $0.4 \cdot e^{1.8} = 2.42$, and *rather* is drawn with 0.785. With $\beta = 0$ it
 * is 0.4, and with $\beta = 10$ it is 1.000.
 *
 * ```ts
 * import { rewardRule, toProbabilities } from "@heed/heed/generation";
 *
 * const first = [0.6, 0.4], rewards = [0.05, 0.9];
 * for (const beta of [0, 2, 10]) {
 *   const weights = first.map((p, i) => p * Math.exp(beta * rewards[i]!)).map((w) => w.toPrecision(3));
 *   const rule = rewardRule({ reward: () => rewards, beta });
 *   const [, rather] = toProbabilities(rule.onHost(Float64Array.from(first, Math.log), { tokens: [] }));
 *   const exponents = rewards.map((r) => (beta * r).toFixed(1)).join(", ");
 *   console.log(`beta ${beta}: exponents ${exponents}, weights ${weights.join(", ")}, rather ${rather!.toFixed(3)}`);
 * }
 * ```
 *
 * ```text
 * beta 0: exponents 0.0, 0.0, weights 0.600, 0.400, rather 0.400
 * beta 2: exponents 0.1, 1.8, weights 0.663, 2.42, rather 0.785
 * beta 10: exponents 0.5, 9.0, weights 0.989, 3.24e+3, rather 1.000
 * ```
 *
 * **Formula.** With the reward $R$ of a whole text, the expected reward $r_v$ after the prefix with candidate $v$, and the set $\mathcal{V}_k$ of the $k$ most probable tokens,
 *
 * $$\tilde z_v = z_v + \beta\, r_v \ \text{ for } v \in \mathcal{V}_k, \qquad \ell = \frac{\sum_{t=1}^{T} t\, (r_t - R)^2}{\sum_{t=1}^{T} t}, \qquad \pi^*(Y) \propto P(Y)\, e^{\beta R(Y)}$$
 *
 * | symbol   | in code    | meaning                                                  |
 * | -------- | ---------- | -------------------------------------------------------- |
 * | $\beta$  | `beta`     | how much the reward counts; 0 leaves the model as it is  |
 * | $r$      | `reward()` | gives the expected reward of each candidate              |
 * | $R$      | `targets`  | the reward of the whole text                             |
 * | $\ell$   | `rewardLoss()` | what the reward model minimizes                      |
 *
 * **What the reward model learns.** Every prefix of a text is told the reward of the whole, and later prefixes count more ($t$), since they know more. The best answer to squared errors is the mean, so that it comes to expect the reward. It reads from left to right only, so that the state of a prefix is kept, and a
 * candidate costs one step.
 *
 * **What it draws from.** Where a reward is to be raised and the model not to be left, the best compromise is $\pi^*$: the larger $\beta$, the more reward, and the farther from $P$. The rule does not draw from it, even with the true expectation. To do so, a candidate would need the factor
 * $\mathbb{E}[e^{\beta R}]$, and the rule has $e^{\beta\, \mathbb{E}[R]}$, which is never larger. It underrates candidates after which the reward is uncertain. [FUDGE](fudge.ts) has no such gap: there $e^{\beta R}$ is 1 or 0. The reward of [section](../../06_training/policy_gradient.ts) changes the weights instead, for all texts to come.
 *
 * **A reward is a measurement.** What is raised is the reward model's number, not what it stands for. With a large $\beta$ the text consists of what the model of the reward overrates (Goodhart's law).
 *
 * Source: Haikang Deng and Colin Raffel 2023, *Reward-Augmented Decoding: Efficient Controlled Text Generation With a Unidirectional Reward Model*; there $k = 20$.
 *
 * @module
 */

import { checkNumbers } from "../../engine/arguments.ts";
import { arange, tensor } from "../../engine/create.ts";
import { callback, checkOptions, type Checks, integer, numeric, required } from "../../engine/options.ts";
import { dims } from "../../engine/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../engine/tensor.ts";
import type { LogitsRule } from "../rules.ts";
import { type PrefixScorer, reweigh } from "./fudge.ts";

/**
 * Adds the expected reward of each candidate to its logit.
 *
 * @param options the reward model, its weight, and how many candidates there are
 * @returns a rule
 * @throws {RangeError} if an option is outside its interval
 */
export function rewardRule(options: RewardOptions): LogitsRule {
  checkOptions("steer", options, rewardChecks);
  const { reward, beta, topK = 20 } = options;
  return reweigh("reward", topK, reward, (r) => beta * r);
}

/**
 * Squared errors of the rewards that are expected after each prefix; later ones count more.
 *
 * @param rewards what is expected after each token, `[N, T]`
 * @param targets the reward of each whole text, `[N]`
 * @param mask true where a token stands, `[N, T]`
 * @returns the mean over the texts, one number
 */
export function rewardLoss(rewards: Tensor, targets: readonly number[], mask: TensorLike<boolean>): Tensor {
  const { N, T } = dims(rewards, "N T");
  checkNumbers("measure a loss", "targets", targets);
  const whole = tensor(Float32Array.from(targets), [targets.length, 1]),
    present = asTensor("measure a loss", "mask", mask, "bool", rewards);
  dims(whole, "N 1", { N });
  dims(present, "N T", { N, T });
  // $t$: the place in the text, and nothing where there is none.
  const weights = arange(1, T + 1).cast("float32").reshape([1, T]).expand([N, T]).where(present, 0);
  const errors = rewards.sub(whole).square().where(present, 0).mul(weights).sum(1);
  return errors.div(weights.sum(1)).mean();
}

// #region Options and their checks

/** Options of {@linkcode rewardRule}. */
export interface RewardOptions {
  /** The reward that is expected of a text that goes on with each candidate. */
  readonly reward: PrefixScorer;
  /** How much the reward counts. */
  readonly beta: number;
  /** How many of the most probable tokens are candidates; 20 by default. */
  readonly topK?: number;
}

const rewardChecks: Checks<RewardOptions> = {
  reward: required(callback<PrefixScorer>()),
  beta: required(numeric()),
  topK: integer(),
};
// #endregion

// ## Beside other methods
//
// [The experiment](../experiments/constraints/steering.ts) on [the section's first page](mod.ts) trains a reward model by this loss, raises $\beta$ step by step, and shows what it costs.

// ## What the notes say
//
// **The notes, 004.116.** That is how it works. Not all words are scored but a few candidates, and *together* means that the reward is added to the logit.

// ## Pitfall: a reward model of whole texts
//
// A model that was trained to score whole texts can be asked about a prefix, and answers as if the text ended there. Then every prefix that has not come to the point is bad, and the first word that is certain of some reward wins. The test "rewardLoss() teaches every prefix to expect the reward of its text" has the
// expectation by counting.

// ## Exercise
//
// *Which factor would be exact?* The reward is 0 or 1, and after a candidate it is 1 with probability $q$. Compute the exact factor $\mathbb{E}[e^{\beta R}]$ and the rule's $e^{\beta q}$ for $\beta = 2$ and $q = 0.5$. For which $q$ are they equal?
//
// **Hint.** An expectation of two values: each times its probability.
//
// **Solution.** The exact factor is $1 - q + q\, e^\beta$. It is a straight line in $q$, and the rule's is a convex curve with the same ends: they are equal at 0 and 1, where nothing is uncertain.
//
// ```ts
// const beta = 2;
// for (const q of [0, 0.5, 1]) {
//   const exact = 1 - q + q * Math.exp(beta), rule = Math.exp(beta * q);
//   console.log(`q = ${q}: exact ${exact.toFixed(2)}, rule ${rule.toFixed(2)}`);
// }
// ```
//
// ```text
// q = 0: exact 1.00, rule 1.00
// q = 0.5: exact 4.19, rule 2.72
// q = 1: exact 7.39, rule 7.39
// ```
