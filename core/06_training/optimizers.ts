/**
 * # Optimizers
 *
 * **Question.** The loss says how wrong a model is. Its gradient has a number for each of a million parameters: the slope, by how much the
 * loss grows with that parameter. To go against the slope is gradient descent (梯度下降). How far should each parameter go?
 *
 * **Idea.** An [optimizer](optimizer.ts) (优化器) gives each parameter to an update rule, together with its gradient and
 * the running averages that the rule keeps of it. Rules differ in one formula. SGD (stochastic
 * gradient descent) [随机梯度下降] moves a parameter by a fixed multiple of its gradient, the learning rate [学习率]. Momentum [动量] adds
 * up past gradients in a velocity [速度]: where they agree, the steps grow; where they change sign, they cancel.
 * [AdaGrad, RMSProp](adagrad_and_rmsprop.ts) and [Adam](adam.ts) divide by the usual size of the gradient. It is small for the vector of a rare
 * word, so such a vector is not left behind. [Lion](lion.ts) keeps only the sign.
 *
 * ```picture descent Forty steps of SGD, momentum and Adam through one narrow valley, from one start at (−2, 1). The loss of a place $(x, y)$ is $(x^2 + 100 y^2) / 2$: the valley is 100 times as steep across, along $y$, as along $x$. The two directions are drawn at different scales. SGD and momentum have the same learning rate. The thin lines join places of equal loss; the cross is the minimum. At the right: how far from it the last ten steps are at most.
 * ```
 *
 * **By hand.** One weight $\theta = 1$ has the loss $2\theta^2$, and so the gradient $4\theta$. Let the learning rate be $\eta = 0.1$.
 *
 * *SGD* subtracts $0.1 \cdot 4 = 0.4$ and is at 0.6. There the gradient is 2.4, and it goes on to 0.36, then to 0.216.
 *
 * *Momentum* keeps a fraction $\mu = 0.9$ of its velocity at every step and adds the gradient. The velocity begins at 0, so the first step is
 * that of SGD. Then the velocity is $0.9 \cdot 4 + 2.4 = 6$, the step $0.1 \cdot 6 = 0.6$, and the weight lands on 0, the minimum.
 * The gradient is 0 there, but $0.9 \cdot 6 = 5.4$ of the velocity is left: the weight rolls on to $-0.54$.
 *
 * *Adam* divides by the size of the gradient. Its steps are about as long as $\eta$, whatever the slope: it goes to 0.9, then to
 * 0.8004 and 0.7016. [Its page](adam.ts) has the numbers.
 *
 * ```ts
 * import { adam, Optimizer, parameter, sgd, tensor } from "@heed/heed";
 *
 * const rules = { SGD: sgd(), momentum: sgd({ momentum: 0.9 }), Adam: adam() };
 * for (const [name, rule] of Object.entries(rules)) {
 *   const weight = parameter(tensor([1])), optimizer = new Optimizer([weight], rule);
 *   for (let step = 1; step <= 3; step++) {
 *     weight.square().mul(2).sum().backward();
 *     const gradient = await weight.grad!.item();
 *     optimizer.step(0.1);
 *     optimizer.zeroGrad();
 *     const velocity = await optimizer.state().tensors.get("0.velocity")?.item();
 *     const along = velocity === undefined ? "" : ` velocity ${velocity.toFixed(1)}`;
 *     console.log(`${name}: gradient ${gradient.toFixed(1)}${along} weight ${(await weight.item()).toFixed(4)}`);
 *   }
 * }
 * ```
 *
 * ```text
 * SGD: gradient 4.0 weight 0.6000
 * SGD: gradient 2.4 weight 0.3600
 * SGD: gradient 1.4 weight 0.2160
 * momentum: gradient 4.0 velocity 4.0 weight 0.6000
 * momentum: gradient 2.4 velocity 6.0 weight 0.0000
 * momentum: gradient 0.0 velocity 5.4 weight -0.5400
 * Adam: gradient 4.0 weight 0.9000
 * Adam: gradient 3.6 weight 0.8004
 * Adam: gradient 3.2 weight 0.7016
 * ```
 *
 * **Formula.** With the gradient $g_t$ of parameter $\theta$ at step $t$, the learning rate $\eta$, and the
 * momentum $\mu$ (0 for plain SGD), and $u_0 = 0$, SGD is
 *
 * $$u_t = \mu\, u_{t-1} + g_t, \qquad \theta_t = \theta_{t-1} - \eta\, u_t$$
 *
 * | symbol   | in code        | shape       |
 * | -------- | -------------- | ----------- |
 * | $\theta$ | `parameter`    | any         |
 * | $g$      | `gradient`     | of $\theta$ |
 * | $u$      | `velocity`     | of $\theta$ |
 * | $\mu$    | `momentum`     | one number  |
 * | $\eta$   | `learningRate` | one number  |
 *
 * **What the sum does.** While the gradient $g$ stays the same, the velocity $u$ grows towards $g + \mu g + \mu^2 g + \dots = g / (1 - \mu)$: with
 * $\mu = 0.9$ a step is up to ten times as long as one of SGD. Where the gradient changes its sign at every step, as
 * between the walls of a valley, $u$ falls to $g - \mu g + \mu^2 g - \dots = g / (1 + \mu)$, about half. So momentum goes faster along the valley
 * without leaving it. At the rate of the picture, $\eta = 0.018$ with $k = 100$, the sign changes at every second step only: the velocity carries the parameter through the minimum. With the gradient $k y$ the rule gives $y_{t+1} = (1 + \mu - \eta k)\, y_t - \mu\, y_{t-1}$. Here $1 + \mu - \eta k = 0.1$ is nearly 0, so two steps multiply $y$ by about $-\mu = -0.9$: half a swing. So across, the sum does not grow as along the floor. But a step leaves a factor of about $\sqrt{\mu} = 0.95$ of the swing, where SGD leaves $\lvert 1 - \eta k \rvert = 0.8$: momentum swings longer.
 *
 * **What it costs.** One more number for each parameter. And a rate $\eta$ is no longer the factor of a gradient: in the long run
 * each gradient moves the parameter by $\eta\, g / (1 - \mu)$. So the rate that is best for SGD is often too large with momentum, as for
 * the language model of the experiment. In a valley of two numbers one rate can serve both, since momentum diverges only at a larger rate:
 * if the gradient across is $k y$, SGD diverges beyond $\eta = 2 / k$, momentum beyond $2 (1 + \mu) / k$, since at alternating signs its velocity is $g / (1 + \mu)$, and a step of more than $2 y$ lands farther out than before. The price there is that momentum runs past the
 * minimum and comes back, several times.
 *
 * **The notes, 004.86.** The names are right, and they stand in the order of their years. Momentum is missing: it remembers. Adam remembers and
 * divides. [AdamW](adam.ts) also subtracts a small multiple of each weight from it (weight decay) [权重衰减]. The older way is a penalty on the squares of the weights in the loss. It adds a multiple of the weight to the gradient, and Adam's division then
 * changes it too; AdamW subtracts it directly.
 *
 * Sources: Robbins and Monro 1951, *A Stochastic Approximation Method*; Polyak 1964, *Some Methods of Speeding Up the
 * Convergence of Iteration Methods* (momentum); Sutskever, Martens, Dahl and Hinton 2013, *On the Importance of
 * Initialization and Momentum in Deep Learning*; Nesterov 1983, *A Method of Solving a Convex Programming Problem with Convergence Rate
 * O(1/k²)*; Bengio, Boulanger-Lewandowski and Pascanu 2013, *Advances in Optimizing Recurrent Networks* (the form of its step used here).
 *
 * @module
 */

import { checkOptions, type Checks, flag, needing, numeric } from "../engine/options.ts";
import type { OptimizerRule } from "./optimizer.ts";

/**
 * Stochastic gradient descent, with momentum or Nesterov's momentum if asked for.
 *
 * Without momentum $u = g$, and nothing is remembered.
 *
 * @param options learning rate and momentum
 * @returns a rule for an {@linkcode Optimizer}
 * @throws {RangeError} if an option is outside its interval, or `nesterov` has no momentum
 */
export function sgd(options: SGDOptions = {}): OptimizerRule {
  checkOptions("optimize", options, sgdChecks);
  const { learningRate = 0.01, momentum = 0, nesterov = false } = options;
  if (nesterov && momentum === 0) {
    throw new RangeError("Cannot optimize with nesterov = true and momentum = 0: momentum must be greater than 0");
  }
  return {
    word: "sgd",
    settings: { momentum, ...nesterov && { nesterov: 1 } },
    learningRate,
    averages: momentum ? ["velocity"] : [],
    move({ parameter, gradient, averages: { velocity }, learningRate }) {
      // $u_t = \mu\,u_{t-1} + g_t$: gradients that agree add up, those that change sign cancel.
      velocity?.assign(velocity.mul(momentum).add(gradient));

      // Nesterov's step is $g_t + \mu\,u_t$, what the velocity would be after one more gradient of this kind.
      const step = velocity && nesterov ? velocity.mul(momentum).add(gradient) : velocity ?? gradient;

      // $\theta_t = \theta_{t-1} - \eta\,u_t$: against the slope, since the gradient points uphill.
      parameter.assign(parameter.sub(step.mul(learningRate)));
    },
  };
}

// ## A valley, and rare words
//
// The walls of a narrow valley bound the learning rate of SGD. Across, where the gradient is $k y$, a step leaves $(1 - \eta k)\, y$, and from
// $\eta = 2 / k$ on that is no nearer than before: with $k = 100$ the bound is $2 / 100 = 0.02$. Just below it SGD moves
// slowly along the flat floor. Momentum adds up along the floor; across it does not, but swings longer than SGD. AdaGrad, RMSProp and
// Adam divide by the usual size of the slope, which makes both directions alike.
//
// A valley of two numbers has no rare words, and a language model has. As an input, the vector of a word has a gradient only in batches
// that contain the word. The same vectors are the rows that score the next word ([section](../05_transformer/decoder_only.ts)), and a row has a gradient in every batch: a small one for a
// rare word, which lowers its score. A rule that moves by a multiple of the gradient moves the vectors of rare words little. Adam's step is an average of the past
// gradients, divided by the root of an average of their squares. That root is small for rare words, and in the experiment Adam moves them farther than frequent words. Two things can do that. First, the small gradients of rare words agree for many steps, while those of frequent words disagree and their average is short. Second, when a large gradient comes
// after many small ones, the average of the gradients rises at once and the root of the average of their squares more slowly, so the step is longer than with gradients of one size ([Adam](adam.ts) has the bound). The [experiment](experiments/optimizers.ts) measures both distances, on words and on
// letters, nearly all of which are frequent; it does not tell the two reasons apart.
//
// One thing flatters the rules that divide. The axes of this valley are the two parameters, so a division per parameter can undo its
// shape. The second exercise turns the valley.

// ## Nesterov's momentum
//
// Momentum (as above) takes the gradient where it stands, and only then moves on. But the velocity will move the parameter by $-\eta \mu\, u_{t-1}$ whatever
// this gradient says. Nesterov 1983 takes the gradient there, one step ahead, so that a velocity that runs past the minimum is
// noticed earlier. Call the place that is looked at $\varphi_t = \theta_t - \eta \mu\, u_t$. With $\theta_{t-1} = \varphi_{t-1} + \eta \mu\, u_{t-1}$ and $u_t = \mu\, u_{t-1} + g_t$ it moves by $\varphi_t = \varphi_{t-1} + \eta \mu\, u_{t-1} - \eta\, u_t - \eta \mu\, u_t =
// \varphi_{t-1} - \eta\, (g_t + \mu\, u_t)$. With $\theta$ written for $\varphi$, the step is
//
// $$u_t = \mu\, u_{t-1} + g_t, \qquad \theta_t = \theta_{t-1} - \eta\, (g_t + \mu\, u_t)$$
//
// This is the form of PyTorch, and what `sgd` does with `nesterov`. The weight of the worked example begins with a longer step,
// $0.1 \cdot (4 + 0.9 \cdot 4) = 0.76$. Then it swings less far and comes to rest sooner:
//
// ```ts
// import { Optimizer, parameter, sgd, tensor } from "@heed/heed";
//
// for (const nesterov of [false, true]) {
//   const weight = parameter(tensor([1])), optimizer = new Optimizer([weight], sgd({ momentum: 0.9, nesterov }));
//   const path: number[] = [];
//   for (let step = 1; step <= 40; step++) {
//     weight.square().mul(2).sum().backward();
//     optimizer.step(0.1);
//     optimizer.zeroGrad();
//     path.push(await weight.item());
//   }
//   const shown = path.slice(0, 3).map((x) => x.toFixed(3)).join(", "), last = path.slice(-10).map(Math.abs);
//   console.log(`${nesterov ? "Nesterov" : "momentum"}: ${shown}, …; in the last ten steps within ${Math.max(...last).toFixed(3)}`);
// }
// ```
//
// ```text
// momentum: 0.600, 0.000, -0.540, …; in the last ten steps within 0.182
// Nesterov: 0.240, -0.266, -0.433, …; in the last ten steps within 0.000
// ```

// ## On a larger text
//
// The experiment trains for seconds. The run below is longer and was recorded: the same Transformer reads Shakespeare
// twice, in characters and in byte-pair tokens, and each method gets the best of four learning rates.
//
// ```picture optimizers_run SGD with momentum, Adam and AdamW read Shakespeare on the same batches, once in characters and once in tokens, each at the best of its learning rates.
// ```
//
// On Transformers of practical size SGD with momentum falls far behind Adam. Zhang et al. 2020, *Why Are Adaptive Methods Good
// for Attention Models?*, explain it by gradients with heavy tails: now and then one is far longer than all others. Kunstner et al. 2024, *Heavy-Tailed Class Imbalance and Why
// Adam Outperforms Gradient Descent on Language Models*, explain it by rare classes: the loss of rare words falls slowly under
// gradient descent, and language has many rare words. The two readings of one text test the second explanation.

// #region Options of SGD
// Checked once, when the rule is made.

/** Options of {@linkcode sgd}. */
export interface SGDOptions {
  /** Length of a step per unit of slope; 0.01 by default. A schedule may override it. */
  readonly learningRate?: number;
  /** Factor of the velocity at each step, in [0, 1); 0 by default. */
  readonly momentum?: number;
  /** Whether the momentum is Nesterov's; needs one of more than 0; false by default. */
  readonly nesterov?: boolean;
}

const sgdChecks: Checks<SGDOptions> = {
  learningRate: numeric({ min: 0 }),
  momentum: numeric({ min: 0, below: 1 }),
  nesterov: needing("momentum", flag),
};

// #endregion

// ## Pitfall: gradients that are not freed
//
// `backward` adds to the gradient that is there. Without `zeroGrad` the second step moves along the sum of two gradients: a
// velocity with $\mu = 1$, which nothing ever damps. The test "without zeroGrad() gradients add up" compares the two.

// ## Exercise
//
// Write a rule that follows the mean of all gradients so far, each with the same weight. Where is the weight of
// the worked example after ten and after a hundred steps, beside SGD, and why is it slower?
//
// **Hint.** The mean is $m_t = m_{t-1} + (g_t - m_{t-1}) / t$, and `count` is $t$.
//
// **Solution.** The first gradients are the largest and are never forgotten. The mean stays large when the minimum is near,
// drives the weight past it, and turns only when gradients of the other sign have outweighed the old ones: the weight
// swings, ever more slowly. Momentum forgets, by the factor $\mu$ at every step.
//
// ```ts
// import { Optimizer, parameter, sgd, tensor } from "@heed/heed";
// import type { OptimizerRule } from "@heed/heed/training";
//
// const meanOfAll: OptimizerRule<"mean"> = {
//   learningRate: 0.1,
//   averages: ["mean"],
//   move({ parameter, gradient, averages: { mean }, count, learningRate }) {
//     mean.assign(mean.add(gradient.sub(mean).div(count)));
//     parameter.assign(parameter.sub(mean.mul(learningRate)));
//   },
// };
// const rules = { SGD: sgd(), "mean of all": meanOfAll };
// for (const [name, rule] of Object.entries(rules)) {
//   const weight = parameter(tensor([1])), optimizer = new Optimizer([weight], rule);
//   for (let step = 1; step <= 100; step++) {
//     weight.square().mul(2).sum().backward();
//     optimizer.step(0.1);
//     optimizer.zeroGrad();
//     if (step === 10 || step === 100) console.log(name, step, (await weight.item()).toFixed(3));
//   }
// }
// ```
//
// ```text
// SGD 10 0.006
// SGD 100 0.000
// mean of all 10 -0.476
// mean of all 100 0.212
// ```

// ## Exercise
//
// Turn the valley of the picture by 45 degrees: it now lies between the axes of the parameters. Predict how much of its height momentum, AdaGrad and Adam
// have left after 100 steps, in the straight valley and in the turned one.
//
// **Hint.** A turn mixes the two slopes. How large is the slope of each parameter then, beside that of the other?
//
// **Solution.** Momentum does not notice the turn: its step is a sum of gradients, and turns with the valley. The other two divide each parameter's
// gradient by the size of that gradient. In the turned valley the steep direction is in the gradients of both parameters. So both are divided by
// about the same number, and the valley stays as narrow as it is.
//
// ```ts
// import { adam, Optimizer, parameter, sgd, tensor } from "@heed/heed";
// import { adaGrad } from "@heed/heed/training";
//
// const steepness = tensor([1, 100]);
// const rules = { momentum: [sgd({ momentum: 0.9 }), 0.018], AdaGrad: [adaGrad(), 0.2], Adam: [adam(), 0.1] } as const;
// for (const [name, [rule, rate]] of Object.entries(rules)) {
//   for (const degrees of [0, 45]) {
//     const [c, s] = [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
//     const turn = tensor([[c, -s], [s, c]]), start = tensor([[-2, 1]]).matmul(tensor([[c, s], [-s, c]]));
//     const place = parameter(start), optimizer = new Optimizer([place], rule);
//     const height = () => place.matmul(turn).square().mul(steepness).sum().div(2);
//     const before = await height().item();
//     for (let step = 1; step <= 100; step++) {
//       height().backward();
//       optimizer.step(rate);
//       optimizer.zeroGrad();
//     }
//     console.log(`${name}, turned by ${degrees} degrees: ${(await height().item() / before).toFixed(6)} left`);
//   }
// }
// ```
//
// ```text
// momentum, turned by 0 degrees: 0.000002 left
// momentum, turned by 45 degrees: 0.000002 left
// AdaGrad, turned by 0 degrees: 0.000029 left
// AdaGrad, turned by 45 degrees: 0.027238 left
// Adam, turned by 0 degrees: 0.000009 left
// Adam, turned by 45 degrees: 0.014443 left
// ```
