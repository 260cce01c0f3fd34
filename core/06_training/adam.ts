/**
 * # Adam
 *
 * **Question.** One learning rate for all parameters is too long a step for some of them and too short
 * for others: as an input of a network, the vector of a rare word has a gradient once in a thousand batches. How does each
 * parameter get a step of its own length, without anyone choosing it?
 *
 * **Idea.** Adam keeps two running averages of each parameter: of its gradient, and of the square of
 * its gradient. The first says where to go; the root of the second says how large the gradient usually is.
 * Their quotient has no unit: a parameter with larger gradients makes the same steps. The learning rate is
 * then the scale of a step rather than a factor of the slope. The quotient is at most about 1 for gradients of one size that come at every step, and
 * larger for a gradient that comes rarely. AdamW also shrinks each weight a little at every step (weight decay) [权重衰减].
 * The shrinking is not part of the gradient, so it is not divided by that root.
 *
 * ```picture adam_moments What the corrections do, for a gradient that stays the same. The averages climb to their true sizes at different speeds; without the corrections their quotient, the length of a step in learning rates, is far too large for hundreds of steps. With them it is 1 from the first step on.
 * ```
 *
 * **By hand.** The weight of [section](optimizers.ts): $\theta = 1$, gradient $g = 4\theta$, learning rate $\eta = 0.1$. The average of the gradients is
 * $m$, and it keeps $\beta_1 = 0.9$ of itself at each step; that of their squares is $v$, and it keeps $\beta_2 = 0.999$.
 *
 * Step 1. $g = 4$, so $m = 0.1 \cdot 4 = 0.4$ and $v = 0.001 \cdot 4^2 = 0.016$. Both averages began at 0 and are too small, by
 * factors of 0.1 and 0.001. Divided by these they are 4 and 16; $4 / \sqrt{16} = 1$, and the step is $\eta$: the weight
 * becomes 0.9. Uncorrected, the quotient would be $0.4 / \sqrt{0.016} = 3.16$: a step 3.16 times too long.
 *
 * Step 2. $g = 3.6$, so $m = 0.9 \cdot 0.4 + 0.1 \cdot 3.6 = 0.72$ and $v = 0.999 \cdot 0.016 + 0.001 \cdot 3.6^2 = 0.028944$. The factors
 * are $1 - 0.9^2 = 0.19$ and $1 - 0.999^2 = 0.001999$. The averages become 3.789 and 14.479, their quotient
 * 0.9959, and the weight 0.8004.
 *
 * ```ts
 * import { adam, Optimizer, parameter, tensor } from "@heed/heed";
 *
 * const weight = parameter(tensor([1]));
 * const optimizer = new Optimizer([weight], adam({ learningRate: 0.1 }));
 * for (let step = 1; step <= 2; step++) {
 *   weight.square().mul(2).sum().backward();
 *   console.log(`step ${step}: g ${(await weight.grad!.item()).toFixed(1)}`);
 *   optimizer.step();
 *   optimizer.zeroGrad();
 *   const { tensors } = optimizer.state();
 *   const m = await tensors.get("0.firstMoment")!.item(), v = await tensors.get("0.secondMoment")!.item();
 *   const [correction1, correction2] = [1 - 0.9 ** step, 1 - 0.999 ** step];
 *   const [average, square] = [m / correction1, v / correction2];
 *   console.log(`  m ${m.toFixed(2)}, v ${v.toFixed(6)}, uncorrected quotient ${(m / Math.sqrt(v)).toFixed(2)}`);
 *   console.log(`  divided by ${correction1.toFixed(2)} and ${correction2.toFixed(6)}: ${average.toFixed(3)} and ${square.toFixed(3)}`);
 *   console.log(`  quotient ${(average / Math.sqrt(square)).toFixed(4)}, weight ${(await weight.item()).toFixed(4)}`);
 * }
 * ```
 *
 * ```text
 * step 1: g 4.0
 *   m 0.40, v 0.016000, uncorrected quotient 3.16
 *   divided by 0.10 and 0.001000: 4.000 and 16.000
 *   quotient 1.0000, weight 0.9000
 * step 2: g 3.6
 *   m 0.72, v 0.028944, uncorrected quotient 4.23
 *   divided by 0.19 and 0.001999: 3.789 and 14.479
 *   quotient 0.9959, weight 0.8004
 * ```
 *
 * **Formula.** With the gradient $g_t$ of parameter $\theta$ at its step $t$, the learning rate $\eta$, a weight decay $\lambda$, a small $\epsilon$ that
 * keeps the division finite, and $m_0 = v_0 = 0$, AdamW is
 *
 * $$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$$
 *
 * $$\theta_t = (1 - \eta \lambda)\,\theta_{t-1} - \eta\, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}$$
 *
 * Adam is the same with $\lambda = 0$.
 *
 * | symbol                             | in code                       | shape       |
 * | ---------------------------------- | ----------------------------- | ----------- |
 * | $\theta$                           | `parameter`                   | any         |
 * | $g$                                | `gradient`                    | of $\theta$ |
 * | $m$, $v$                           | `firstMoment`, `secondMoment` | of $\theta$ |
 * | $\beta_1$, $\beta_2$               | `beta1`, `beta2`              | one number  |
 * | $\eta$                             | `learningRate`                | one number  |
 * | $\lambda$                          | `weightDecay`                 | one number  |
 * | $1 - \beta_1^t$, $1 - \beta_2^t$   | `correction1`, `correction2`  | one number  |
 * | $\epsilon$                         | `epsilon`                     | one number  |
 *
 * **Where the division comes from.** [RMSProp](adagrad_and_rmsprop.ts) divides each gradient by the root of a running average of its squares.
 * Adam is, in effect, RMSProp with a running average in the place of the gradient too, and with the corrections.
 *
 * **How long a step can be.** The bound is that of Kingma and Ba, in their section *Adam's update rule*. A gradient after a long silence, when both corrections are 1, has
 * $m = (1 - \beta_1)\, g$ and $v = (1 - \beta_2)\, g^2$, so the step is $\eta\, (1 - \beta_1) / \sqrt{1 - \beta_2}$, with the usual rates
 * $0.1 / \sqrt{0.001} = 3.16$ learning rates. This is the largest one when $1 - \beta_1 > \sqrt{1 - \beta_2}$; otherwise the bound is $\eta$. The word
 * that is met once in a thousand batches comes close to it: the second exercise measures how close.
 *
 * **Why the corrections.** After $t$ steps $m_t = (1 - \beta_1)\,(g_t + \beta_1 g_{t-1} + \dots + \beta_1^{t-1} g_1)$. The factors of the gradients
 * sum to $1 - \beta_1^t$, and those of the squares in $v_t$ to $1 - \beta_2^t$. Divided by these sums, both are averages of the gradients seen so far (unbiased). Without them the early steps
 * are too long, not too short: $v$ is further from its true size than $m$, and it stands below the line of the fraction. The first step is $\eta$
 * for every parameter. Later steps are usually shorter, since gradients that disagree have a short average.
 *
 * **Why decay is not a penalty.** L2 regularization (L2正则化) adds $\frac{\lambda}{2} \lVert \theta \rVert^2$, the sum of all squared weights times $\lambda / 2$, to the loss, and so
 * $\lambda \theta$ to the gradient. For SGD that is weight decay: each step takes $\eta \lambda \theta$ off the weight. For Adam the division by $\sqrt{v}$ applies to it too: weights with large
 * gradients hardly decay. AdamW multiplies the weight itself by $1 - \eta\lambda$ instead.
 *
 * **Where this differs from the paper.** Here, as in PyTorch, the decay of a step is $\eta \lambda \theta$, with the
 * learning rate in $\eta$. Loshchilov and Hutter multiply $\lambda \theta$ by the factor of the schedule alone, not by the
 * learning rate, so that the two can be tuned apart. Whoever changes the learning rate here changes the decay with it.
 *
 * Sources: Kingma and Ba 2015, *Adam: A Method for Stochastic Optimization*; Loshchilov and Hutter 2019, *Decoupled Weight
 * Decay Regularization*.
 *
 * @module
 */

import { fusableUpdate } from "../engine/fusable.ts";
import { callback, checkOptions, type Checks, numeric } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { OptimizerRule, ParameterStep } from "./optimizer.ts";

/** Moves one parameter and both of its averages: the formula, line by line. */
function adamStep(
  { parameter, averages: { firstMoment, secondMoment }, count, learningRate }: ParameterStep<Moments>,
  gradient: Tensor,
  { beta1, beta2, epsilon }: Omit<Required<MomentOptions>, "learningRate">,
  weightDecay: number,
): void {
  // $1 - \beta^t$: what the weights of $t$ gradients sum to in an average that began at 0. `count` is the parameter's own $t$.
  const correction1 = 1 - beta1 ** count, correction2 = 1 - beta2 ** count;

  // A device may have [one kernel for all that follows](../engine/fusable.ts); otherwise these lines are what is computed.
  const rates = { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale: 1 };
  fusableUpdate("adamStep", [parameter, firstMoment, secondMoment], [gradient], rates, () => {
    // $g_t$, whose square shall fit float32: only numbers beyond $2^{63}$ change.
    const g = gradient.clamp(-LONGEST, LONGEST);

    // $m_t$: where the last gradients pointed, about ten of them with $\beta_1 = 0.9$. Those that disagree cancel.
    const m = firstMoment.mul(beta1).add(g.mul(1 - beta1));

    // $v_t$: how large they were, without their signs: the mean of squares of about a thousand with $\beta_2 = 0.999$.
    const v = secondMoment.mul(beta2).add(g.square().mul(1 - beta2));

    // $(1 - \eta\lambda)\,\theta_{t-1}$: the decay acts on the parameter itself and never meets the division by $\sqrt{v}$.
    const decayed = parameter.mul(1 - learningRate * weightDecay);

    // $\sqrt{v_t / (1 - \beta_2^t)} + \epsilon$: $\epsilon$ bounds the step of a parameter whose gradients are tiny.
    const size = v.div(correction2).sqrt().add(epsilon);

    // The quotient, without a unit: at most about 1 for steady gradients, up to $(1 - \beta_1) / \sqrt{1 - \beta_2}$, 3.16 by
    // default, for a rare one. Where $\epsilon$ is 0 and no gradient was seen, it is 0.
    const direction = m.div(correction1).div(size).where(size.notEqual(0), 0);

    // $\theta_t$: one learning rate times the quotient.
    return [decayed.sub(direction.mul(learningRate)), m, v];
  });
}

/**
 * Adam with decoupled weight decay: the rule of almost every Transformer.
 *
 * It keeps two numbers for each of a model's.
 *
 * @param options learning rate, decay rates, and which weights decay
 * @returns a rule for an {@linkcode Optimizer}
 * @throws {RangeError} if an option is outside its interval
 */
export function adamW(options: AdamWOptions = {}): OptimizerRule<"firstMoment" | "secondMoment"> {
  checkOptions("optimize", options, adamWChecks);
  const { learningRate, ...moments } = withDefaults(options);
  return {
    word: "adamW",
    settings: { ...moments, weightDecay: options.weightDecay ?? WEIGHT_DECAY },
    learningRate,
    averages: ["firstMoment", "secondMoment"],
    move: (step) => adamStep(step, step.gradient, moments, decayOf(options, step)),
  };
}

/**
 * Adam as Kingma and Ba published it, with a penalty through the gradient if asked for.
 *
 * The paper's algorithm has no penalty. Libraries added one that way, and Loshchilov and Hutter show what is wrong with it.
 *
 * @param options learning rate, decay rates, and penalty
 * @returns a rule for an {@linkcode Optimizer}
 * @throws {RangeError} if an option is outside its interval
 */
export function adam(options: AdamOptions = {}): OptimizerRule<"firstMoment" | "secondMoment"> {
  checkOptions("optimize", options, adamChecks);
  const { penalty = 0 } = options, { learningRate, ...moments } = withDefaults(options);
  return {
    word: "adam",
    settings: { ...moments, penalty },
    learningRate,
    averages: ["firstMoment", "secondMoment"],
    move(step) {
      // A sum of its own: the parameter's gradient stays what `backward` left, for whoever steps again.
      const penalized = penalty ? step.gradient.add(step.parameter.mul(penalty)) : step.gradient;
      adamStep(step, penalized, moments, 0);
    },
  };
}

// #region Options, and which weights decay
// Gains and biases do not decay by default: they scale and shift, and a small gain is no simpler than a large one.

/** The two averages by name. */
type Moments = "firstMoment" | "secondMoment";

/** What {@linkcode adam} and {@linkcode adamW} have in common. */
export interface MomentOptions {
  /** Length of a typical step of each parameter; 0.001 by default. A schedule may override it. */
  readonly learningRate?: number;
  /** Decay rate of the running average of the gradient, in [0, 1); 0.9 by default. */
  readonly beta1?: number;
  /** Decay rate of the running average of its square, in [0, 1); 0.999 by default. */
  readonly beta2?: number;
  /** What keeps the division finite, at least 0; 1e-8 by default. */
  readonly epsilon?: number;
}

const momentChecks: Checks<MomentOptions> = {
  learningRate: numeric({ min: 0 }),
  beta1: numeric({ min: 0, below: 1 }),
  beta2: numeric({ min: 0, below: 1 }),
  epsilon: numeric({ min: 0 }),
};

/** Which weights decay, and how fast. */
export interface DecayOptions {
  /** Share of itself, times the learning rate, that a weight loses per step; 0.01 by default. */
  readonly weightDecay?: number;
  /** Which parameters decay; those of several axes by default, not gains and biases. */
  readonly decays?: (path: string, parameter: Tensor) => boolean;
}

/** The fraction of itself that a weight loses per step unless another is asked for. */
export const WEIGHT_DECAY = 0.01;

/** What each of {@linkcode DecayOptions} may be. */
export const decayChecks: Checks<DecayOptions> = { weightDecay: numeric({ min: 0 }), decays: callback() };

/** The fraction, times the learning rate, that one parameter loses per step: 0 where it is spared. */
export function decayOf(
  { weightDecay = WEIGHT_DECAY, decays = (_, parameter) => parameter.rank >= 2 }: DecayOptions,
  { path, parameter }: ParameterStep,
): number {
  return weightDecay && decays(path, parameter) ? weightDecay : 0;
}

/** Options of {@linkcode adamW}. */
export interface AdamWOptions extends MomentOptions, DecayOptions {}

const adamWChecks: Checks<AdamWOptions> = { ...momentChecks, ...decayChecks };

/** Options of {@linkcode adam}. */
export interface AdamOptions extends MomentOptions {
  /** Share of each weight added to its gradient: a penalty on squares; 0 by default. */
  readonly penalty?: number;
}

const adamChecks: Checks<AdamOptions> = { ...momentChecks, penalty: numeric({ min: 0 }) };

function withDefaults(
  { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: MomentOptions,
): Required<MomentOptions> {
  return { learningRate, beta1, beta2, epsilon };
}

/**
 * What a gradient counts as at most: its square fits float32. Adam looks at ratios of gradients, so one that is longer for
 * as long as it is averaged makes the same steps.
 */
const LONGEST = 2 ** 63;

// #endregion

// ## Pitfall: a penalty where decay was meant
//
// `adam` with a penalty and `adamW` with a decay of the same size train two different models: only the second shrinks all weights
// by the same factor. The test "adamW() shrinks a weight by the same fraction whatever its gradient" holds for `adamW` and
// fails for `adam` with a penalty.

// ## Pitfall: one count for all parameters
//
// A parameter that no batch has touched so far has averages of zeros and a count of its own. With the count of the optimizer in its place,
// the corrections would be those of a longer average. The first step of that parameter would have the wrong length: too
// short after a few steps of the others, and after thousands of them $(1 - \beta_1) / \sqrt{1 - \beta_2}$ times as long as it should
// be. The test "a parameter without a gradient stays where it is and is not counted" measures that step.

// ## Pitfall: no epsilon
//
// A parameter that never had a gradient has averages of 0, and without $\epsilon$ its step is $0 / 0$. One NaN is enough to end
// a run, and frequent where a vocabulary has words that no batch contains. Here that step is 0. The test "adamW() stays where
// there was no gradient, with epsilon 0 too, and NaN is not hidden" holds it to that.

// ## Exercise
//
// Leave the corrections out (set both to 1). Predict the length of the first step in learning rates, for a constant
// gradient. Then predict: is the second step longer or shorter, and which one is the longest?
//
// **Hint.** For a constant gradient $g$, $m_t = (1 - \beta_1^t)\, g$ and $v_t = (1 - \beta_2^t)\, g^2$.
//
// **Solution.** The quotient is $(1 - \beta_1^t) / \sqrt{1 - \beta_2^t}$, whatever $g$ is. It starts at 3.16 and grows as long as
// $m$ grows faster than $\sqrt{v}$: $m$ has 0.88 of its size after 20 steps and 0.99 after 48, when $\sqrt{v}$ has 0.14 and 0.22; it takes
// thousands of steps. A warm-up hides the mistake, since it makes just these steps short.
//
// ```ts
// import { adam, Optimizer, parameter, tensor } from "@heed/heed";
//
// const weight = parameter(tensor([1])), optimizer = new Optimizer([weight], adam());
// const lengths: number[] = [];
// for (let step = 1; step <= 1000; step++) {
//   weight.sum().backward();
//   optimizer.step();
//   optimizer.zeroGrad();
//   const { tensors } = optimizer.state();
//   const m = await tensors.get("0.firstMoment")!.item(), v = await tensors.get("0.secondMoment")!.item();
//   lengths.push(m / Math.sqrt(v));
// }
// const longest = Math.max(...lengths);
// console.log(`step 1: ${lengths[0]!.toFixed(2)}, step 2: ${lengths[1]!.toFixed(2)}, step 1000: ${lengths[999]!.toFixed(2)}`);
// console.log(`longest: ${longest.toFixed(2)}, at step ${lengths.indexOf(longest) + 1}`);
// ```
//
// ```text
// step 1: 3.16, step 2: 4.25, step 1000: 1.26
// longest: 6.57, at step 12
// ```

// ## Exercise
//
// A parameter has the gradient 1 at every $n$-th step and 0 at all others. Predict the longest step in learning rates, for
// $n$ = 1, 10, 100, 1000 and 5000, and how far all steps between two such gradients go together.
//
// **Hint.** After a long time $v$ is about $(1 - \beta_2) / (1 - \beta_2^n)$ where the gradient comes. All that $m$ gets of one
// gradient sums to 1.
//
// **Solution.** The longest step approaches the bound $0.1 / \sqrt{0.001} = 3.16$, and $n = 1000$ has most of it. Adam goes on along $m$ for
// some twenty steps, so one gradient in a thousand moves the parameter by far more than one learning rate. A gradient of every step
// moves it farther in the same time, if all have one sign; if signs alternate, it hardly moves.
//
// ```ts
// import { adam, Optimizer, parameter, tensor } from "@heed/heed";
//
// for (const n of [1, 10, 100, 1000, 5000]) {
//   const weight = parameter(tensor([0])), optimizer = new Optimizer([weight], adam());
//   const places = [0];
//   for (let step = 1; step <= 3 * n; step++) {
//     weight.grad = tensor([step % n === 0 ? 1 : 0]);
//     optimizer.step(1);
//     places.push(await weight.item());
//   }
//   const steps = places.slice(1).map((place, i) => places[i]! - place);
//   const between = steps.slice(2 * n - 1, 3 * n - 1).reduce((a, b) => a + b, 0);
//   console.log(`one in ${n}: longest ${Math.max(...steps.slice(2 * n - 1)).toFixed(2)}, together ${between.toFixed(1)}`);
// }
// ```
//
// ```text
// one in 1: longest 1.00, together 1.0
// one in 10: longest 0.48, together 3.3
// one in 100: longest 0.98, together 10.0
// one in 1000: longest 2.51, together 25.3
// one in 5000: longest 3.15, together 31.7
// ```
