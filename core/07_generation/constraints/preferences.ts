/**
 * # Preferences
 *
 * **Question.** Nobody can write down what a good answer is, and most people can say which of two is better. How does a model learn from such comparisons?
 *
 * **Idea.** In two ways. A *reward model* (奖励模型) is trained to give the preferred answer the higher number; then [policy gradients](../../06_training/policy_gradient.ts) make the model write what has a high reward, and a penalty keeps it near the model it was. That is reinforcement learning from human feedback, RLHF.
 * *Direct preference optimisation* [直接偏好优化], DPO, leaves out the reward model: the ratio of the new probability and the old one is a reward already, and the comparisons train it directly.
 *
 * **By hand.** A model gives answer $A$ 0.6 and answer $B$ 0.4. People prefer $B$ with a probability of 0.8. Bradley and Terry's rewards differ by $\log(0.8 / 0.2) = 1.386$. With $\beta = 1$ the best compromise multiplies the odds of $B$ by $e^{1.386} = 4$: the weights are 0.6 and $0.4 \cdot 4 = 1.6$, together $0.6 + 1.6 = 2.2$, so that $B$
 * gets $1.6 / 2.2 = 0.727$. DPO comes to the same. At the start its margin is 0, and the loss of every comparison is $\log 2 = 0.693$. At 0.727 the margin is 1.386 and the loss is 0.500, the smallest that such comparisons allow: the entropy of a coin of 0.8.
 *
 * ```ts
 * import { tensor } from "@heed/heed";
 * import { dpoLoss } from "@heed/heed/generation";
 *
 * const old = [0.6, 0.4], preferred = 0.8, beta = 1, logs = (p: number) => tensor([Math.log(p)]);
 * const odds = (0.8 / 0.2) * (old[1]! / old[0]!), best = odds / (1 + odds), margin = Math.log(0.8 / 0.2);
 * console.log(`before ${Math.log(2).toFixed(3)}, margin ${margin.toFixed(3)}, odds times ${Math.exp(margin).toFixed(0)}, best ${best.toFixed(3)}`);
 * for (const b of [old[1]!, best]) {
 *   const ratio = (won: number, lost: number) => dpoLoss({
 *     chosen: logs(won), rejected: logs(lost),
 *     referenceChosen: logs(won === b ? old[1]! : old[0]!), referenceRejected: logs(won === b ? old[0]! : old[1]!),
 *   }, { beta });
 *   const losses = await Promise.all([ratio(b, 1 - b).item(), ratio(1 - b, b).item()]);
 *   console.log(`B ${b.toFixed(3)}: loss ${(preferred * losses[0]! + (1 - preferred) * losses[1]!).toFixed(3)}`);
 * }
 * ```
 *
 * ```text
 * before 0.693, margin 1.386, odds times 4, best 0.727
 * B 0.400: loss 0.693
 * B 0.727: loss 0.500
 * ```
 *
 * **Formula.** With a preferred text $y^+$ and another one $y^-$ for the same prompt, the policy $\pi$ that is trained and the reference $\pi_0$ that it began as,
 *
 * $$P(y^+ \succ y^-) = \sigma\big(r(y^+) - r(y^-)\big), \qquad \max_\pi\ \mathbb{E}_\pi[r] - \beta\, \mathrm{KL}(\pi \,\Vert\, \pi_0) \ \Rightarrow\ \pi^* \propto \pi_0\, e^{r / \beta}, \qquad \ell = -\log \sigma\Big(\beta \log \frac{\pi(y^+)}{\pi_0(y^+)} - \beta \log \frac{\pi(y^-)}{\pi_0(y^-)}\Big)$$
 *
 * | symbol              | in code                                   | shape |
 * | ------------------- | ----------------------------------------- | ----- |
 * | $r$                 | `chosenRewards`, `rejectedRewards`        | `[N]` |
 * | $\pi$               | `chosen`, `rejected`, its logarithms      | `[N]` |
 * | $\pi_0$             | `referenceChosen`, `referenceRejected`    | `[N]` |
 * | $\beta$             | `beta`                                    | –     |
 * | $\ell$              | the result                                | one number |
 *
 * **Where DPO comes from.** The second formula gives the best policy for a reward. Read backwards, it gives the reward for which a policy is the best one: $r(y) = \beta \log \pi(y) / \pi_0(y)$, up to a number that is the same for all texts of a prompt and drops out of the difference. Put into the first formula, it is the
 * third. The policy is its own reward model. No text is sampled in training.
 *
 * **What the two have in common.** Both have the same optimum, if comparisons follow Bradley and Terry. They differ on the way to it. RLHF samples from the policy as it is, and can be told that a new kind of text is bad. DPO knows only the pairs that somebody has compared.
 *
 * **What $\beta$ does.** It is the price of leaving the reference. With a small one the policy goes far for little reward, and forgets what the comparisons say nothing of: fluency, variety. {@linkcode klToReference} measures how far it has gone.
 *
 * Sources: Ralph Bradley and Milton Terry 1952, *Rank Analysis of Incomplete Block Designs*; Paul Christiano and others 2017, *Deep Reinforcement Learning from Human Preferences*; Long Ouyang and others 2022, *Training Language Models to Follow Instructions with Human Feedback*; Rafael Rafailov and others 2023, *Direct
 * Preference Optimization: Your Language Model is Secretly a Reward Model*.
 *
 * @module
 */

import { aTensor, checkTensors } from "../../engine/arguments.ts";
import { checkOptions, type Checks, integer, numeric, required } from "../../engine/options.ts";
import { dims } from "../../engine/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../engine/tensor.ts";
import { logSoftmax, softmax } from "../../02_words/softmax.ts";
import { crossEntropy, klDivergence, softplus } from "../../06_training/loss.ts";

/**
 * Surprisal of comparisons, for a model of rewards.
 *
 * @param chosenRewards of the texts that were preferred, `[N]`
 * @param rejectedRewards of the others, in the same order, `[N]`
 * @returns the mean over the pairs, in nats
 * @throws {TypeError} if the shapes disagree
 */
export function preferenceLoss(chosenRewards: Tensor, rejectedRewards: Tensor): Tensor {
  checkTensors("compare rewards", { chosenRewards, rejectedRewards });
  const { N } = dims(chosenRewards, "N");
  dims(rejectedRewards, "N", { N });
  // $-\log \sigma(d) = \mathrm{softplus}(-d)$
  return softplus(rejectedRewards.sub(chosenRewards)).mean();
}

/**
 * The loss of direct preference optimisation.
 *
 * No gradient flows into the reference.
 *
 * @param pairs log-probabilities of both texts of each pair, of the policy and of the reference
 * @param options the price of leaving the reference
 * @returns the mean over the pairs, in nats
 * @throws {TypeError} if the shapes disagree
 */
export function dpoLoss(pairs: ScoredPairs, options: DpoOptions): Tensor {
  checkOptions("compare texts", options, dpoChecks);
  checkOptions("compare texts", pairs, pairChecks);
  const { chosen, rejected, referenceChosen, referenceRejected } = pairs;
  const { N } = dims(chosen, "N");
  for (const one of [rejected, referenceChosen, referenceRejected]) dims(one, "N", { N });
  // $\beta \log \pi(y) / \pi_0(y)$: what the policy takes as the reward of a text.
  const reward = (own: Tensor, reference: Tensor): Tensor => own.sub(reference.detach()).mul(options.beta);
  return preferenceLoss(reward(chosen, referenceChosen), reward(rejected, referenceRejected));
}

/**
 * Logarithms of the probabilities of texts.
 *
 * @param logits of a model that read them, `[N, T, V]`
 * @param targets the next token at each place, int32 `[N, T]`
 * @param options which target stands for no token
 * @returns a sum for each text, `[N]`
 * @throws {TypeError} if the shapes disagree
 */
export function textLogProbabilities(logits: Tensor, targets: TensorLike, options: TextOptions = {}): Tensor {
  checkOptions("score texts", options, textChecks);
  dims(logits, "N T V");
  return crossEntropy(logits, targets, { ignoreIndex: options.ignoreIndex ?? -100, reduction: "none" }).sum(1).neg();
}

/**
 * How far a policy has moved from its reference, in nats per token.
 *
 * It is $\mathrm{KL}(\pi \Vert \pi_0)$ of the next token, averaged over places. On texts that the policy has drawn it estimates what the
 * penalty of RLHF counts.
 *
 * @param logits of the policy, `[N, T, V]`
 * @param referenceLogits of the reference, `[N, T, V]`
 * @param mask true where a token stands, `[N, T]`
 * @returns one number
 * @throws {TypeError} if the shapes disagree
 */
export function klToReference(logits: Tensor, referenceLogits: Tensor, mask: TensorLike<boolean>): Tensor {
  const { N, T, V } = dims(logits, "N T V");
  dims(referenceLogits, "N T V", { N, T, V });
  const present = asTensor("compare models", "mask", mask, "bool", logits);
  dims(present, "N T", { N, T });
  const rows = klDivergence(logSoftmax(referenceLogits), softmax(logits), { reduction: "none" });
  return rows.where(present, 0).sum().div(present.cast("float32").sum());
}

// #region Options and their checks

/** Log-probabilities of pairs of texts, `[N]` each. */
export interface ScoredPairs {
  /** Of the preferred texts, by the policy. */
  readonly chosen: Tensor;
  /** Of the texts that were not, by the policy. */
  readonly rejected: Tensor;
  /** Of the preferred texts, by the reference. */
  readonly referenceChosen: Tensor;
  /** Of the texts that were not, by the reference. */
  readonly referenceRejected: Tensor;
}

/** Options of {@linkcode dpoLoss}. */
export interface DpoOptions {
  /** The price of leaving the reference, above 0. */
  readonly beta: number;
}

const pairChecks: Checks<ScoredPairs> = {
  chosen: required(aTensor),
  rejected: required(aTensor),
  referenceChosen: required(aTensor),
  referenceRejected: required(aTensor),
};
const dpoChecks: Checks<DpoOptions> = { beta: required(numeric({ above: 0 })) };

/** Options of {@linkcode textLogProbabilities}. */
export interface TextOptions {
  /** The target that stands for no token; -100 by default. */
  readonly ignoreIndex?: number;
}

const textChecks: Checks<TextOptions> = { ignoreIndex: integer({}) };
// #endregion

// ## Both, on a small model
//
// [The experiment](../experiments/constraints/steering.ts) on [the section's first page](mod.ts) trains a model by DPO on pairs of its own reviews. It trains another by RLHF: a model of rewards learns from whole reviews by {@linkcode preferenceLoss}, and [policy gradients](../../06_training/policy_gradient.ts) raise its reward, less
// $\beta \log \pi(y) / \pi_0(y)$ for each sample.

// ## What the notes say
//
// **The notes, 004.115.** They put RLHF among the methods of constrained generation and stop there. It belongs there with a difference: it changes the weights, for all texts to come, where the other methods choose among what the model says.

// ## Pitfall: only the difference counts
//
// The loss falls when the preferred text becomes more probable, and also when both become less probable, the other one faster. The probability mass then goes to texts that nobody has compared. The test "dpoLoss() does not change when both texts become less probable alike" shows that the loss does not notice.

// ## Pitfall: a reference that learns
//
// If the reference is the model itself, without a copy, the ratio is 1 at each step and the gradient is that of a margin that never grows. The test "dpoLoss() sends no gradient into the reference" holds the copy still.

// ## Exercise
//
// *What the reward model does not know.* Add 5 to the reward of every answer to one prompt. What happens to the loss of Bradley and Terry, to $\pi^*$, and to DPO?
//
// **Hint.** Where does the number drop out?
//
// **Solution.** Nothing, in all three. The loss has a difference, $\pi^*$ is normalized, and DPO has no reward at all. Comparisons of answers to the same prompt never say how good they are, only which is better.
