/**
 * # Lion
 *
 * **Question.** Adam keeps two averages of every parameter and divides one by the root of the other,
 * so that most steps are about equally long. Is there a shorter way to steps of equal length?
 *
 * **Idea.** Take the sign. Lion moves every number by exactly one learning rate, up or down, and
 * keeps a single average of gradients to decide which; only what never had a gradient stays. It uses two rates of forgetting. For the
 * direction of the step, the gradient at hand counts a tenth and the average nine tenths: a short memory to steer by. In the average
 * that is kept, it counts a hundredth: a long memory.
 * Nobody designed it; a search through programs found it (*evolved sign momentum*).
 *
 * **By hand.** The average $m$ begins at 0. It keeps $\beta_2 = 0.99$ of itself at each step; for the direction it counts $\beta_1 = 0.9$. With a learning rate
 * of $\eta = 0.1$, a weight of 1 meets the gradients 0.5 and then -1. The first direction is the sign of $0.1 \cdot 0.5 = 0.05$, so the weight becomes 0.9. Then
 * $m = (1 - 0.99) \cdot 0.5 = 0.005$. The second is the sign of $0.9 \cdot 0.005 - 0.1 \cdot 1 = -0.0955$: the weight
 * goes back to 1. Both steps are 0.1 long, though the second gradient is twice as large.
 *
 * ```ts
 * import { lion, Optimizer, parameter, tensor } from "@heed/heed";
 *
 * const weight = parameter(tensor([1]));
 * const optimizer = new Optimizer([weight], lion({ learningRate: 0.1, beta1: 0.9, beta2: 0.99 }));
 * for (const gradient of [0.5, -1]) {
 *   const before = await optimizer.state().tensors.get("0.momentum")!.item();
 *   weight.grad = tensor([gradient]);
 *   optimizer.step();
 *   const after = await optimizer.state().tensors.get("0.momentum")!.item();
 *   const sum = 0.9 * before + 0.1 * gradient;
 *   console.log(`sign of ${sum.toFixed(4)}: weight ${(await weight.item()).toFixed(1)}, m ${after.toFixed(5)}`);
 * }
 * ```
 *
 * ```text
 * sign of 0.0500: weight 0.9, m 0.00500
 * sign of -0.0955: weight 1.0, m -0.00505
 * ```
 *
 * **Formula.** With the gradient $g_t$ of parameter $\theta$ at step $t$, the learning rate $\eta$, a [weight decay](adam.ts) $\lambda$, and $m_0 = 0$,
 *
 * $$\theta_t = (1 - \eta \lambda)\,\theta_{t-1} - \eta\, \mathrm{sign}\big(\beta_1 m_{t-1} + (1 - \beta_1) g_t\big), \qquad m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t$$
 *
 * | symbol               | in code          | shape       |
 * | -------------------- | ---------------- | ----------- |
 * | $\theta$             | `parameter`      | any         |
 * | $g$                  | `gradient`       | of $\theta$ |
 * | $m$                  | `momentum`       | of $\theta$ |
 * | the sign             | `direction`      | of $\theta$ |
 * | $\beta_1$, $\beta_2$ | `beta1`, `beta2` | one number  |
 * | $\eta$               | `learningRate`   | one number  |
 * | $\lambda$            | `weightDecay`    | one number  |
 *
 * **Why a smaller learning rate.** An average of gradients that disagree is short, and Adam's step is
 * shorter for it; the sign never is. Steps are therefore longer at the same rate. The paper uses a
 * rate of a third to a tenth of Adam's and a decay larger by as much, because only the product of the
 * two says how fast weights shrink.
 *
 * Source: Chen et al. 2023, *Symbolic Discovery of Optimization Algorithms*.
 *
 * @module
 */

import { checkOptions, type Checks, numeric } from "../engine/options.ts";
import { decayChecks, decayOf, type DecayOptions, WEIGHT_DECAY } from "./adam.ts";
import type { OptimizerRule } from "./optimizer.ts";

/**
 * Moves every number by one learning rate, in the direction of an average gradient.
 *
 * @param options learning rate, decay rates, and which weights decay
 * @returns a rule for an {@linkcode Optimizer}
 * @throws {RangeError} if an option is outside its interval
 */
export function lion(options: LionOptions = {}): OptimizerRule<"momentum"> {
  checkOptions("optimize", options, checks);
  const { learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99 } = options;
  return {
    word: "lion",
    settings: { beta1, beta2, weightDecay: options.weightDecay ?? WEIGHT_DECAY },
    learningRate,
    averages: ["momentum"],
    move(step) {
      const { parameter, gradient, averages: { momentum }, learningRate } = step;
      // The sign: a tenth of the vote is with the gradient at hand, though $m$ will keep only a hundredth of it.
      const direction = momentum.mul(beta1).add(gradient.mul(1 - beta1)).sign();

      // $(1 - \eta\lambda)\,\theta_{t-1}$: as in [AdamW](adam.ts), beside the direction.
      const weightDecay = decayOf(options, step);
      const decayed = parameter.mul(1 - learningRate * weightDecay);

      // $\theta_t$: every number by exactly $\eta$, up or down.
      parameter.assign(decayed.sub(direction.mul(learningRate)));

      // $m_t$: remembered after it was used, with the longer memory $\beta_2$.
      momentum.assign(momentum.mul(beta2).add(gradient.mul(1 - beta2)));
    },
  };
}

// #region Options

/** Options of {@linkcode lion}. */
export interface LionOptions extends DecayOptions {
  /** Length of every step; 0.0001 by default. A schedule may override it. */
  readonly learningRate?: number;
  /** How much of the direction the average makes up, in [0, 1); 0.9 by default. */
  readonly beta1?: number;
  /** Decay rate of the running average of the gradient, in [0, 1); 0.99 by default. */
  readonly beta2?: number;
}

const checks: Checks<LionOptions> = {
  learningRate: numeric({ min: 0 }),
  beta1: numeric({ min: 0, below: 1 }),
  beta2: numeric({ min: 0, below: 1 }),
  ...decayChecks,
};

// #endregion

// ## Pitfall: one memory for both
//
// Remembering first and taking the sign of what is remembered is another method, momentum of signs: the
// gradient at hand then has a hundredth of the vote instead of a tenth. The test "lion() steers by a
// shorter memory than it keeps" needs both.

// ## Exercise
//
// Minimize $\theta^2 / 2$ from $\theta = 1$ by `lion` with a learning rate of 0.03, 300 steps. Where does it end? What of its formula
// keeps it from resting, and what does a [schedule](schedules.ts) change?
//
// **Hint.** The sign of a number that is not 0 is never small.
//
// **Solution.** Every step is 0.03 long, even beside the minimum, so the weight crosses it back and forth for ever. A learning rate
// that falls to 0 lets it rest. SGD needs no schedule here: its steps are as short as the gradient. On the way both overshoot
// far: the average $m$ remembers a hundred gradients and turns late.
//
// ```ts
// import { linearSchedule, lion, Optimizer, parameter, tensor } from "@heed/heed";
//
// const falling = linearSchedule({ peak: 0.03, steps: 300 });
// for (const [name, rate] of [["constant", () => 0.03], ["falling", falling]] as const) {
//   const weight = parameter(tensor([1]));
//   const optimizer = new Optimizer([weight], lion({ weightDecay: 0 }));
//   let farthest = 0;
//   for (let step = 1; step <= 300; step++) {
//     weight.square().mul(0.5).sum().backward();
//     optimizer.step(rate(step));
//     optimizer.zeroGrad();
//     if (step > 290) farthest = Math.max(farthest, Math.abs(await weight.item()));
//   }
//   console.log(`${name}: at most ${farthest.toFixed(3)} from the minimum in the last ten steps`);
// }
// ```
//
// ```text
// constant: at most 0.020 from the minimum in the last ten steps
// falling: at most 0.001 from the minimum in the last ten steps
// ```
