/**
 * # AdaGrad and RMSProp
 *
 * **Question.** [SGD](optimizers.ts) gives all parameters one learning rate. But the vector of a rare word, as an input of a network, has a gradient once in a
 * thousand batches, and the step that follows is no longer than that of a frequent word. How does each parameter get a learning
 * rate of its own (adaptive learning rate) [自适应学习率], without anyone choosing it?
 *
 * **Idea.** Look at how large its gradients were so far, and divide by that. AdaGrad adds up the squares of all gradients of a
 * parameter. It divides the next gradient by the root of that sum. Where gradients were rare or small, the sum is small, and the
 * step is long. But the sum only grows, so all steps get shorter and shorter. RMSProp takes a running average of the squares
 * instead, which forgets old gradients. So its steps do not shrink with time.
 *
 * **By hand.** A parameter has the gradient 4 at every step. *AdaGrad* adds up $4^2 = 16$ each time. Step 1 is
 * $4 / \sqrt{16} = 1$ learning rate long. Step 2 is $4 / \sqrt{16 + 16} = 0.7071$, step 3 is $4 / \sqrt{48} = 0.5774$, and step 100 only
 * $4 / \sqrt{1600} = 0.1$.
 *
 * *RMSProp* with $\beta_2 = 0.99$ multiplies its average by 0.99 at every step and adds $1 - 0.99 = 0.01$ of the new square. The average begins
 * at 0, so after step 1 it is $0.99 \cdot 0 + 0.01 \cdot 16 = 0.16$. Step 1 is $4 / \sqrt{0.16} = 10$ learning rates long: far too long. The average climbs to 16, and the steps fall to 1.
 *
 * ```ts
 * import { Optimizer, parameter, tensor } from "@heed/heed";
 * import { adaGrad, rmsProp } from "@heed/heed/training";
 *
 * for (const [name, rule] of Object.entries({ AdaGrad: adaGrad(), RMSProp: rmsProp({ beta2: 0.99 }) })) {
 *   const weight = parameter(tensor([0])), optimizer = new Optimizer([weight], rule), lengths: string[] = [];
 *   for (let step = 1; step <= 1000; step++) {
 *     const before = await weight.item();
 *     weight.grad = tensor([4]);
 *     optimizer.step(1);
 *     if ([1, 2, 3, 100, 1000].includes(step)) lengths.push(`${step}: ${(before - await weight.item()).toFixed(4)}`);
 *   }
 *   console.log(`${name}, length of step ${lengths.join(", ")}`);
 * }
 * ```
 *
 * ```text
 * AdaGrad, length of step 1: 1.0000, 2: 0.7071, 3: 0.5774, 100: 0.1000, 1000: 0.0316
 * RMSProp, length of step 1: 10.0000, 2: 7.0888, 3: 5.8025, 100: 1.2559, 1000: 1.0000
 * ```
 *
 * **Formula.** With the gradient $g_t$ of parameter $\theta$ at step $t$, the learning rate $\eta$, a small $\epsilon$ that
 * keeps the division finite, and $s_0 = 0$, AdaGrad is
 *
 * $$s_t = s_{t-1} + g_t^2, \qquad \theta_t = \theta_{t-1} - \eta\, \frac{g_t}{\sqrt{s_t} + \epsilon}$$
 *
 * RMSProp has $v$ in the place of $s$, with $v_0 = 0$. The nearer its decay rate $\beta_2$ is to 1, the longer it remembers:
 *
 * $$v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2$$
 *
 * | symbol     | in code        | shape       |
 * | ---------- | -------------- | ----------- |
 * | $\theta$   | `parameter`    | any         |
 * | $g$        | `gradient`     | of $\theta$ |
 * | $s$        | `sum`          | of $\theta$ |
 * | $v$        | `secondMoment` | of $\theta$ |
 * | $\eta$     | `learningRate` | one number  |
 * | $\beta_2$  | `beta2`        | one number  |
 * | $\epsilon$ | `epsilon`      | one number  |
 *
 * Square, root and division are those of each number by itself: each number of a matrix has its own $s$.
 *
 * **Why the root.** $\sqrt{s}$ has the unit of $g$, so their quotient has none. If all gradients of a parameter are multiplied by one
 * number, it makes the same steps. So the learning rate is no longer a factor of the slope. It is the length of a step.
 *
 * **Why AdaGrad slows down.** For gradients of one size, $s_t = t\, g^2$, and step $t$ is $\eta / \sqrt{t}$ long. For a convex loss, which has one
 * valley, Duchi et al. prove that such steps are good ones. A network may need long steps for
 * much longer, and the squares of its first gradients, often the largest, are never forgotten.
 *
 * **What Adam adds.** RMSProp follows the gradient of one batch, and its first steps are too long. [Adam](adam.ts) puts a running average in the
 * place of the gradient, and corrects both averages for having begun at 0.
 *
 * Sources: Duchi, Hazan and Singer 2011, *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization* (AdaGrad, made for
 * features that are rare and tell much); Tieleman and Hinton 2012, *Lecture 6.5: RMSProp*, slides of a course. As in PyTorch,
 * $\epsilon$ is added to the root.
 *
 * @module
 */

import { checkOptions, type Checks, numeric } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { OptimizerRule } from "./optimizer.ts";

/**
 * Divides each gradient by the root of the sum of all its squares so far.
 *
 * It keeps one number for each of a model's.
 *
 * @param options learning rate and epsilon
 * @returns a rule for an {@linkcode Optimizer}
 * @throws {RangeError} if an option is outside its interval
 */
export function adaGrad(options: AdaGradOptions = {}): OptimizerRule<"sum"> {
  checkOptions("optimize", options, adaGradChecks);
  const { learningRate = 0.01, epsilon = 1e-10 } = options;
  return {
    word: "adaGrad",
    settings: { epsilon },
    learningRate,
    averages: ["sum"],
    move({ parameter, gradient, averages: { sum }, learningRate }) {
      const g = bounded(gradient);

      // $s_t$: it only grows. A parameter that had no gradient so far has 0.
      sum.assign(sum.add(g.square()));

      // $\theta_t$: the more a parameter was pushed so far, the less a gradient of the same size moves it.
      parameter.assign(parameter.sub(overRoot(g, sum, epsilon).mul(learningRate)));
    },
  };
}

/**
 * Divides each gradient by the root of a running average of its squares.
 *
 * It keeps one number for each of a model's.
 *
 * @param options learning rate, decay rate and epsilon
 * @returns a rule for an {@linkcode Optimizer}
 * @throws {RangeError} if an option is outside its interval
 */
export function rmsProp(options: RMSPropOptions = {}): OptimizerRule<"secondMoment"> {
  checkOptions("optimize", options, rmsPropChecks);
  const { learningRate = 0.01, beta2 = 0.99, epsilon = 1e-8 } = options;
  return {
    word: "rmsProp",
    settings: { beta2, epsilon },
    learningRate,
    averages: ["secondMoment"],
    move({ parameter, gradient, averages: { secondMoment }, learningRate }) {
      const g = bounded(gradient);

      // $v_t$: the mean of the last squares, about a hundred of them with $\beta_2 = 0.99$. It forgets.
      secondMoment.assign(secondMoment.mul(beta2).add(g.square().mul(1 - beta2)));

      // $\theta_t$: about one learning rate, once the average has reached the size of the squares.
      parameter.assign(parameter.sub(overRoot(g, secondMoment, epsilon).mul(learningRate)));
    },
  };
}

/** A gradient in units of its usual size. */
function overRoot(gradient: Tensor, squares: Tensor, epsilon: number): Tensor {
  // $g / (\sqrt{s} + \epsilon)$. Where $\epsilon$ is 0 and no gradient was seen, it is 0.
  const size = squares.sqrt().add(epsilon);
  return gradient.div(size).where(size.notEqual(0), 0);
}

// #region Options, and gradients at the end of float32

/** Options of {@linkcode adaGrad}. */
export interface AdaGradOptions {
  /** Length of the first step of each parameter; 0.01 by default. A schedule may override it. */
  readonly learningRate?: number;
  /** What keeps the division finite, at least 0; 1e-10 by default. */
  readonly epsilon?: number;
}

const adaGradChecks: Checks<AdaGradOptions> = { learningRate: numeric({ min: 0 }), epsilon: numeric({ min: 0 }) };

/** Options of {@linkcode rmsProp}. */
export interface RMSPropOptions {
  /** Length of a typical step of each parameter; 0.01 by default. A schedule may override it. */
  readonly learningRate?: number;
  /** Decay rate of the running average of the square, in [0, 1); 0.99 by default. */
  readonly beta2?: number;
  /** What keeps the division finite, at least 0; 1e-8 by default. */
  readonly epsilon?: number;
}

const rmsPropChecks: Checks<RMSPropOptions> = {
  learningRate: numeric({ min: 0 }),
  beta2: numeric({ min: 0, below: 1 }),
  epsilon: numeric({ min: 0 }),
};

/** A gradient whose square fits float32: only numbers beyond $2^{63}$ change. */
const bounded = (gradient: Tensor): Tensor => gradient.clamp(-(2 ** 63), 2 ** 63);

// #endregion

// ## Pitfall: AdaGrad after a bad start
//
// The first gradients of a network are often its largest, and AdaGrad never forgets them. After ten gradients of 100 the sum is
// $10 \cdot 100^2 = 100000$, and a gradient of 1 makes a step of $1 / \sqrt{100000} = 0.0032$ learning rates. The sum doubles only after
// $10 \cdot 100^2$ such gradients. The test "adaGrad() remembers a burst of large gradients, rmsProp() forgets it" measures the steps of both.

// ## Exercise
//
// One parameter has the gradient 1 at each of 1000 steps, another one only at each tenth. SGD moves the second a tenth as far as the first.
// Predict how far AdaGrad and RMSProp move it, as a fraction of the first.
//
// **Hint.** After $k$ gradients of 1, AdaGrad's next step is $1 / \sqrt{k + 1}$, and $1 / \sqrt{1} + \dots + 1 / \sqrt{n}$ is about $2 \sqrt{n}$. For RMSProp,
// $v$ is about a tenth of what it is for the first.
//
// **Solution.** Both fractions come near $\sqrt{1 / 10} = 0.32$, about three times that of SGD. Adaptive rates take back a part of the
// disadvantage of rare gradients, not all of it. The sum of roots is not exactly $2 \sqrt{n}$, so AdaGrad's fraction differs a little.
//
// ```ts
// import { Optimizer, parameter, sgd, tensor } from "@heed/heed";
// import { adaGrad, rmsProp } from "@heed/heed/training";
//
// for (const [name, rule] of Object.entries({ SGD: sgd(), AdaGrad: adaGrad(), RMSProp: rmsProp() })) {
//   const weights = parameter(tensor([0, 0])), optimizer = new Optimizer([weights], rule);
//   for (let step = 1; step <= 1000; step++) {
//     weights.grad = tensor([1, step % 10 === 0 ? 1 : 0]);
//     optimizer.step(1);
//   }
//   const [often = 0, rarely = 0] = await weights.read();
//   console.log(`${name}: ${(rarely / often).toFixed(2)}`);
// }
// ```
//
// ```text
// SGD: 0.10
// AdaGrad: 0.30
// RMSProp: 0.30
// ```
