/**
 * # Adam
 *
 * **Question.** One learning rate for all parameters is too long a step for some of them and too short
 * for others: the vector of a rare word has a gradient once in a thousand batches. How does each
 * parameter get a step of its own length, without anyone choosing it?
 *
 * **Idea.** Adam keeps two running averages of each parameter: of its gradient, and of the square of
 * its gradient. The first says where to go, the root of the second how large the gradient usually is.
 * Their quotient is about as long for every parameter, so that the learning rate is the length of a
 * step rather than a multiple of the slope. AdamW also shrinks each weight a little at every step. The shrinking is not
 * part of the gradient, so it is not divided by that root.
 *
 * **Formula.** With the gradient $g_t$ of parameter $\theta$ at its step $t$, AdamW is
 *
 * $$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$$
 *
 * $$\theta_t = (1 - \eta \lambda)\,\theta_{t-1} - \eta\, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}$$
 *
 * Adam is the same with $\lambda = 0$. It can be given L2 regularization instead: the penalty
 * $\frac{\lambda}{2} \lVert \theta \rVert^2$ is added to the loss, and so $\lambda \theta$ to $g$.
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
 * **Why the corrections.** Both averages start at 0 and are too small at first. After one step $m_1$ is
 * $(1 - \beta_1) g_1$, a tenth of the gradient, and $v_1$ a thousandth of its square. The root of the second error is the
 * larger one: without corrections the first step would be $0.1 / \sqrt{0.001} \approx 3.2$ times $\eta$. Divided by
 * $1 - \beta^t$, both averages are those of the gradients seen so far, and the first step is $\eta$ for every parameter.
 *
 * **Where the decay is multiplied by $\eta$.** Here, as in PyTorch, the decay of a step is $\eta \lambda \theta$. Loshchilov
 * and Hutter multiply it by the factor of the schedule alone, not by the learning rate, so that the two can be tuned
 * apart. Whoever changes the learning rate here changes the decay with it.
 *
 * **At the ends of float32.** The square of a gradient of $10^{20}$ is beyond it: a number of the gradient beyond $2^{63}$
 * counts as $2^{63}$, which leaves the step of a constant gradient as it is. Where the divisor is 0, since there was no
 * gradient yet or its square is too small, and $\epsilon$ is 0, the step is 0.
 *
 * Sources: Kingma and Ba 2015, *Adam*; Loshchilov and Hutter 2019, *Decoupled Weight Decay
 * Regularization*.
 *
 * @module
 */

import { fusableUpdate } from "../engine/fusable.ts";
import { callback, checkOptions, type Checks, numeric } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { OptimizerRule, ParameterStep } from "./optimizers.ts";

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

/** The share of itself that a weight loses per step unless another is asked for. */
export const WEIGHT_DECAY = 0.01;

/** What each of {@linkcode DecayOptions} may be. */
export const decayChecks: Checks<DecayOptions> = { weightDecay: numeric({ min: 0 }), decays: callback() };

/** The share, times the learning rate, that one parameter loses per step: 0 where it is spared. */
export function decayOf(
  { weightDecay = WEIGHT_DECAY, decays = (_, parameter) => parameter.rank >= 2 }: DecayOptions,
  { path, parameter }: ParameterStep,
): number {
  return weightDecay && decays(path, parameter) ? weightDecay : 0;
}

/** Options of {@linkcode adamW}. */
export interface AdamWOptions extends MomentOptions, DecayOptions {}

const adamWChecks: Checks<AdamWOptions> = { ...momentChecks, ...decayChecks };

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

/** Options of {@linkcode adam}. */
export interface AdamOptions extends MomentOptions {
  /** Share of each weight added to its gradient: a penalty on squares; 0 by default. */
  readonly penalty?: number;
}

const adamChecks: Checks<AdamOptions> = { ...momentChecks, penalty: numeric({ min: 0 }) };

/**
 * Adam as first published: a penalty on large weights goes through the gradient.
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

/** The formula: moves one parameter and both of its averages; the gradient stays as it is. */
function adamStep(
  { parameter, averages: { firstMoment, secondMoment }, count, learningRate }: ParameterStep<
    "firstMoment" | "secondMoment"
  >,
  gradient: Tensor,
  { beta1, beta2, epsilon }: Omit<Required<MomentOptions>, "learningRate">,
  weightDecay: number,
): void {
  const correction1 = 1 - beta1 ** count, correction2 = 1 - beta2 ** count;
  const rates = { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale: 1 };
  fusableUpdate("adamStep", [parameter, firstMoment, secondMoment], [gradient], rates, () => {
    const g = gradient.clamp(-LONGEST, LONGEST);
    const m = firstMoment.mul(beta1).add(g.mul(1 - beta1));
    const v = secondMoment.mul(beta2).add(g.square().mul(1 - beta2));

    // The decay acts on the parameter itself and never meets the division by $\sqrt v$.
    const decayed = parameter.mul(1 - learningRate * weightDecay);
    const size = v.div(correction2).sqrt().add(epsilon);
    const direction = m.div(correction1).div(size).where(size.notEqual(0), 0);
    return [decayed.sub(direction.mul(learningRate)), m, v];
  });
}

// ## Pitfall: a penalty where decay was meant
//
// Adding $\lambda \theta$ to the gradient (L2 regularization, L2正则化) is the same as decay for
// plain SGD. For Adam it is divided by $\sqrt v$ like everything else: weights with large
// gradients hardly decay. The test "adamW() shrinks a weight by the same share whatever its
// gradient" holds for `adamW` and fails for `adam` with a penalty.

// ## Exercise
//
// Train with `beta2: 0.999` and without the corrections (set both to 1). Predict the length of
// the first step, in units of the learning rate, before you measure it.
