/**
 * # Optimizers
 *
 * **Question.** The gradient says which way is downhill (梯度下降) for each of a million
 * parameters. How far should each of them go?
 *
 * **Idea.** SGD (stochastic gradient descent) goes the same multiple of the slope
 * everywhere. Momentum rolls on in the direction that recent gradients agree on. Adam also
 * divides by the size that the gradient of each parameter usually has, so that rare words move as
 * far as frequent ones. AdamW lets weights decay, a little at every step, beside that division
 * instead of through it.
 *
 * **Formula.** With the gradient $g_t$ of parameter $\theta$ at step $t$, SGD with momentum $\mu$, 0 without it, is
 *
 * $$u_t = \mu\, u_{t-1} + g_t, \qquad \theta_t = \theta_{t-1} - \eta\, u_t$$
 *
 * and AdamW is
 *
 * $$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$$
 *
 * $$\theta_t = (1 - \eta \lambda)\,\theta_{t-1} - \eta\, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}$$
 *
 * Adam is the same with $\lambda = 0$. Where it is to keep weights small, it gets a penalty: half of
 * $\lambda$ times the sum of all squared weights is added to the loss, and so $\lambda \theta$ to $g$.
 *
 * | symbol                             | in code                       | shape       |
 * | ---------------------------------- | ----------------------------- | ----------- |
 * | $\theta$                           | `parameter`                   | any         |
 * | $g$                                | `gradient`                    | of $\theta$ |
 * | $u$                                | `velocity`                    | of $\theta$ |
 * | $m$, $v$                           | `firstMoment`, `secondMoment` | of $\theta$ |
 * | $\mu$                              | `momentum`                    | one number  |
 * | $\beta_1$, $\beta_2$               | `beta1`, `beta2`              | one number  |
 * | $\eta$                             | `learningRate`                | one number  |
 * | $\lambda$                          | `weightDecay`                 | one number  |
 * | $1 - \beta_1^t$, $1 - \beta_2^t$   | `correction1`, `correction2`  | one number  |
 * | $\epsilon$                         | `epsilon`                     | one number  |
 *
 * **Why the corrections.** Both averages start at 0. After one step $m_1$ is only
 * $(1 - \beta_1) g_1$, a tenth of the gradient, and $v_1$ a thousandth of its square;
 * dividing by $1 - \beta^t$ makes the first step as long as the later ones.
 *
 * Sources: Kingma and Ba 2015, *Adam*; Loshchilov and Hutter 2019, *Decoupled Weight Decay
 * Regularization*; Pascanu, Mikolov and Bengio 2013 (clipping); Vaswani et al. 2017 (inverse square
 * root).
 *
 * @module
 */

import { noGrad } from "../engine/autograd.ts";
import { fusableUpdate } from "../engine/fusable.ts";
import { stack } from "../engine/ops.ts";
import { keep, release, scope } from "../engine/scope.ts";
import { format, sameShape } from "../engine/shape.ts";
import { type Tensor, zeros } from "../engine/tensor.ts";

/** What an optimizer has to remember between steps. */
export interface OptimizerState {
  /** Steps made so far. */
  readonly steps: number;
  /** Steps of each parameter; one without a gradient stays where it is. */
  readonly counts: ReadonlyMap<string, number>;
  /** Running averages, by parameter and kind. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Moves parameters against their gradients. */
export interface Optimizer {
  /** The parameters by path. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Steps made so far. */
  readonly steps: number;
  /** Moves every parameter that has a gradient; the gradients stay. */
  step(learningRate?: number): void;
  /** Frees all gradients. */
  zeroGrad(): void;
  /** What is needed to continue; the tensors are those in use, not copies. */
  state(): OptimizerState;
  /** Continues from a state, copying it. */
  restore(state: OptimizerState): void;
}

/** The part that all optimizers share: parameters, running averages, and counting. */
class Moments {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly tensors: Map<string, Tensor> = new Map();
  readonly counts: Map<string, number> = new Map();
  steps = 0;

  constructor(parameters: ReadonlyMap<string, Tensor>, kinds: readonly string[]) {
    this.parameters = parameters;
    for (const [path, parameter] of parameters) {
      this.counts.set(path, 0);
      for (const kind of kinds) this.tensors.set(`${path}.${kind}`, keep(zeros(parameter.shape)));
    }
  }

  /** Calls `move` with each parameter that has a gradient and the number of its step. */
  step(move: (path: string, parameter: Tensor, gradient: Tensor, count: number) => void): void {
    this.steps++;
    noGrad(() => {
      for (const [path, parameter] of this.parameters) {
        const gradient = parameter.grad;
        if (!gradient) continue;
        const count = this.counts.get(path)! + 1;
        this.counts.set(path, count);
        scope(() => move(path, parameter, gradient, count));
      }
    });
  }

  /** Two averages of one parameter. */
  of(path: string, first: string, second: string): [Tensor, Tensor] {
    return [this.tensors.get(`${path}.${first}`)!, this.tensors.get(`${path}.${second}`)!];
  }

  zeroGrad(): void {
    for (const parameter of this.parameters.values()) {
      if (parameter.grad) release(parameter.grad);
      parameter.grad = undefined;
    }
  }

  state(): OptimizerState {
    return { steps: this.steps, counts: this.counts, tensors: this.tensors };
  }

  restore(state: OptimizerState): void {
    // Everything is compared before anything is overwritten.
    for (const [name, tensor] of this.tensors) {
      const saved = state.tensors.get(name);
      if (!saved || !sameShape(saved.shape, tensor.shape)) {
        throw new TypeError(
          `Cannot restore an optimizer: ${name} is ${saved ? format(saved.shape) : "missing"}, ` +
            `it must be ${format(tensor.shape)}`,
        );
      }
    }
    for (const path of this.counts.keys()) {
      if (!state.counts.has(path)) throw new TypeError(`Cannot restore an optimizer: the count of ${path} is missing`);
    }
    if (state.tensors.size !== this.tensors.size || state.counts.size !== this.counts.size) {
      throw new TypeError("Cannot restore an optimizer: the state is of another kind or has other parameters");
    }
    for (const [name, tensor] of this.tensors) tensor.assign(state.tensors.get(name)!);
    for (const path of this.counts.keys()) this.counts.set(path, state.counts.get(path)!);
    this.steps = state.steps;
  }
}

/** Options of {@linkcode SGD}. */
export interface SGDOptions {
  /** Length of a step per unit of slope, 0.01 by default; a schedule may override it. */
  readonly learningRate?: number;
  /** Share of the last movement that is kept, in [0, 1); 0 by default. */
  readonly momentum?: number;
}

/** Stochastic gradient descent, with momentum if asked for. */
export class SGD implements Optimizer {
  readonly #options: Required<SGDOptions>;
  readonly #moments: Moments;

  /**
   * Prepares an optimizer; nothing moves yet.
   *
   * @param parameters what to move, as `model.parameters()` names it
   * @param options learning rate and momentum
   * @throws {RangeError} if an option is outside its interval
   */
  constructor(parameters: ReadonlyMap<string, Tensor>, { learningRate = 0.01, momentum = 0 }: SGDOptions = {}) {
    requireShare({ momentum });
    requireAtLeastZero({ learningRate });
    this.#options = { learningRate, momentum };
    this.#moments = new Moments(parameters, momentum ? ["velocity"] : []);
  }

  /** The parameters by path. */
  get parameters(): ReadonlyMap<string, Tensor> {
    return this.#moments.parameters;
  }
  /** Steps made so far. */
  get steps(): number {
    return this.#moments.steps;
  }

  /** One step of every parameter that has a gradient; without momentum $u = g$ and nothing is remembered. */
  step(learningRate: number = this.#options.learningRate): void {
    const { momentum } = this.#options;
    this.#moments.step((path, parameter, gradient) => {
      const velocity = this.#moments.tensors.get(`${path}.velocity`);
      velocity?.assign(velocity.mul(momentum).add(gradient));
      parameter.assign(parameter.sub((velocity ?? gradient).mul(learningRate)));
    });
  }

  /** Frees all gradients. */
  zeroGrad(): void {
    this.#moments.zeroGrad();
  }
  /** What is needed to continue. */
  state(): OptimizerState {
    return this.#moments.state();
  }
  /** Continues from a state. */
  restore(state: OptimizerState): void {
    this.#moments.restore(state);
  }
}

/** Options of {@linkcode AdamW}. */
export interface AdamWOptions {
  /** Length of a typical step of each parameter, 0.001 by default; a schedule may override it. */
  readonly learningRate?: number;
  /** Memory of the average gradient, in [0, 1); 0.9 by default. */
  readonly beta1?: number;
  /** Memory of the average square, in [0, 1); 0.999 by default. */
  readonly beta2?: number;
  /** What keeps the division finite; 1e-8 by default. */
  readonly epsilon?: number;
  /** Share of itself, times the learning rate, that a weight loses per step; 0.01 by default. */
  readonly weightDecay?: number;
  /** Which parameters decay; by default matrices do, gains and biases, of one axis, do not. */
  readonly decays?: (path: string, parameter: Tensor) => boolean;
}

/** Adam with decoupled weight decay: the optimizer of almost every Transformer. */
export class AdamW implements Optimizer {
  readonly #options: Required<AdamWOptions>;
  readonly #moments: Moments;

  /**
   * Prepares an optimizer; nothing moves yet. It holds two numbers per parameter.
   *
   * @param parameters what to move, as `model.parameters()` names it
   * @param options learning rate, memories, and which weights decay
   * @throws {RangeError} if an option is outside its interval
   */
  constructor(parameters: ReadonlyMap<string, Tensor>, options: AdamWOptions = {}) {
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
    const { decays = (_, parameter) => parameter.rank >= 2 } = options;
    requireShare({ beta1, beta2 });
    requireAtLeastZero({ learningRate, epsilon, weightDecay });
    this.#options = { learningRate, beta1, beta2, epsilon, weightDecay, decays };
    this.#moments = new Moments(parameters, ["firstMoment", "secondMoment"]);
  }

  /** The parameters by path. */
  get parameters(): ReadonlyMap<string, Tensor> {
    return this.#moments.parameters;
  }
  /** Steps made so far. */
  get steps(): number {
    return this.#moments.steps;
  }

  /** One step of every parameter that has a gradient. */
  step(learningRate: number = this.#options.learningRate): void {
    const { weightDecay: rate, decays } = this.#options;
    this.#moments.step((path, parameter, gradient, count) => {
      const weightDecay = rate && decays(path, parameter) ? rate : 0;
      const moments = this.#moments.of(path, "firstMoment", "secondMoment");
      adamStep(parameter, gradient, moments, count, { ...this.#options, learningRate, weightDecay });
    });
  }

  /** Frees all gradients. */
  zeroGrad(): void {
    this.#moments.zeroGrad();
  }
  /** What is needed to continue. */
  state(): OptimizerState {
    return this.#moments.state();
  }
  /** Continues from a state. */
  restore(state: OptimizerState): void {
    this.#moments.restore(state);
  }
}

/** The formula: moves one parameter and both of its averages; the gradient stays as it is. */
function adamStep(
  parameter: Tensor,
  gradient: Tensor,
  [firstMoment, secondMoment]: readonly [Tensor, Tensor],
  count: number,
  { learningRate, beta1, beta2, epsilon, weightDecay }: Required<Omit<AdamWOptions, "decays">>,
): void {
  const correction1 = 1 - beta1 ** count, correction2 = 1 - beta2 ** count;
  const rates = { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale: 1 };
  fusableUpdate("adamStep", [parameter, firstMoment, secondMoment], [gradient], rates, () => {
    const m = firstMoment.mul(beta1).add(gradient.mul(1 - beta1));
    const v = secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2));

    // The decay acts on the parameter itself and never meets the division by $\sqrt v$.
    const decayed = parameter.mul(1 - learningRate * weightDecay);
    const direction = m.div(correction1).div(v.div(correction2).sqrt().add(epsilon));
    return [decayed.sub(direction.mul(learningRate)), m, v];
  });
}

/** Options of {@linkcode Adam}. */
export interface AdamOptions extends Omit<AdamWOptions, "weightDecay" | "decays"> {
  /** Share of each weight added to its gradient: the slope of a penalty on squares; 0 by default. */
  readonly penalty?: number;
}

/** Adam as first published: a penalty on large weights goes through the gradient. */
export class Adam implements Optimizer {
  readonly #options: Required<AdamOptions>;
  readonly #moments: Moments;

  /**
   * Prepares an optimizer; nothing moves yet.
   *
   * @param parameters what to move, as `model.parameters()` names it
   * @param options learning rate, memories, and penalty
   * @throws {RangeError} if an option is outside its interval
   */
  constructor(parameters: ReadonlyMap<string, Tensor>, options: AdamOptions = {}) {
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, penalty = 0 } = options;
    requireShare({ beta1, beta2 });
    requireAtLeastZero({ learningRate, epsilon, penalty });
    this.#options = { learningRate, beta1, beta2, epsilon, penalty };
    this.#moments = new Moments(parameters, ["firstMoment", "secondMoment"]);
  }

  /** The parameters by path. */
  get parameters(): ReadonlyMap<string, Tensor> {
    return this.#moments.parameters;
  }
  /** Steps made so far. */
  get steps(): number {
    return this.#moments.steps;
  }

  /** One step of every parameter that has a gradient. */
  step(learningRate: number = this.#options.learningRate): void {
    const { penalty } = this.#options;
    this.#moments.step((path, parameter, gradient, count) => {
      // A sum of its own: the parameter's gradient stays what `backward` left, for whoever steps again.
      const penalized = penalty ? gradient.add(parameter.mul(penalty)) : gradient;
      const moments = this.#moments.of(path, "firstMoment", "secondMoment");
      adamStep(parameter, penalized, moments, count, { ...this.#options, learningRate, weightDecay: 0 });
    });
  }

  /** Frees all gradients. */
  zeroGrad(): void {
    this.#moments.zeroGrad();
  }
  /** What is needed to continue. */
  state(): OptimizerState {
    return this.#moments.state();
  }
  /** Continues from a state. */
  restore(state: OptimizerState): void {
    this.#moments.restore(state);
  }
}

// ## Clipping
//
// One bad batch can have a gradient a thousand times the usual one (an exploding gradient,
// 梯度爆炸), and a single step of that length undoes an hour of training. Clipping keeps the
// direction and bounds the length: all gradients together are scaled by
// $\min(1, c / \lVert g \rVert)$.

/**
 * Scales all gradients in place so that together they are no longer than `maxNorm`.
 *
 * The factor stays on the device: nothing waits for a number to be read back.
 *
 * @param parameters those whose gradients count; without a gradient they are skipped
 * @param maxNorm the length allowed, more than 0
 * @returns the length before clipping, a scalar
 * @throws {RangeError} if `maxNorm` is not positive
 */
export function clipGradients(parameters: ReadonlyMap<string, Tensor>, maxNorm: number): Tensor {
  if (!(maxNorm > 0)) throw new RangeError(`Cannot clip gradients to ${maxNorm}: maxNorm must be positive`);
  const gradients = [...parameters.values()].flatMap(({ grad }) => grad ? [grad] : []);
  if (gradients.length === 0) return zeros([]);
  return noGrad(() =>
    scope(() => {
      const norm = stack(gradients.map((gradient) => gradient.square().sum()), 0).sum().sqrt();

      // A length below the bound gives a factor of exactly 1, which leaves every bit alone.
      const factor = norm.maximum(maxNorm).pow(-1).mul(maxNorm).minimum(1);
      const exact = factor.where(norm.greater(maxNorm), 1);
      for (const gradient of gradients) fusableUpdate("scale", [gradient], [exact], {}, () => [gradient.mul(exact)]);
      return norm;
    })
  );
}

// ## Schedules
//
// A schedule is a plain function from the number of the step, counted from 1, to the
// learning rate. It has no state of its own: a resumed run asks it for the next number.
// Adam's first averages rest on a handful of gradients, so the rate climbs for a while
// (warm-up) before it falls.

/** The learning rate of a step; steps are counted from 1. */
export type Schedule = (step: number) => number;

/** Options of {@linkcode cosineSchedule} and {@linkcode linearSchedule}. */
export interface ScheduleOptions {
  /** The highest learning rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** The learning rate of the last step and of all after it; 0 by default. */
  readonly floor?: number;
  /** Steps that climb towards the peak; 0 by default. */
  readonly warmupSteps?: number;
  /** The number of the last step. */
  readonly steps: number;
}

/**
 * Climbs in a straight line, then falls along half a cosine.
 *
 * @param options peak, floor and lengths
 * @returns a function of the step
 * @throws {RangeError} if the lengths or rates are out of order
 */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  return fallingSchedule(options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2);
}

/**
 * Climbs in a straight line, then falls in a straight line.
 *
 * @param options peak, floor and lengths
 * @returns a function of the step
 * @throws {RangeError} if the lengths or rates are out of order
 */
export function linearSchedule(options: ScheduleOptions): Schedule {
  return fallingSchedule(options, (progress) => 1 - progress);
}

/** The shape runs from 1 to 0 while its argument runs from 0 to 1. */
function fallingSchedule(
  { peak, floor = 0, warmupSteps = 0, steps }: ScheduleOptions,
  shape: (progress: number) => number,
): Schedule {
  requireAtLeastZero({ peak, floor, warmupSteps });
  if (!(floor <= peak)) throw new RangeError(`Cannot fall from peak ${peak} to floor ${floor}`);
  if (!(warmupSteps < steps && steps < Infinity)) {
    throw new RangeError(`Cannot warm up for ${warmupSteps} of ${steps} steps: warmupSteps must be smaller`);
  }
  return (step) => {
    if (step <= warmupSteps) return peak * step / warmupSteps;
    const progress = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));
    return floor + (peak - floor) * shape(progress);
  };
}

/**
 * The schedule of the original Transformer.
 *
 * It is $\eta_t = f \cdot E^{-1/2} \min(t^{-1/2},\, t\,w^{-3/2})$ and needs no end: after the warm-up of
 * $w$ steps it falls for as long as training goes on.
 *
 * @param options width of the model, length of the warm-up, and a factor for all rates
 * @returns a function of the step
 * @throws {RangeError} if an option is not positive
 */
export function inverseSquareRootSchedule(
  { hiddenSize, warmupSteps, factor = 1 }: {
    readonly hiddenSize: number;
    readonly warmupSteps: number;
    readonly factor?: number;
  },
): Schedule {
  for (const [name, value] of Object.entries({ hiddenSize, warmupSteps, factor })) {
    if (!(value > 0)) throw new RangeError(`Cannot schedule with ${name} = ${value}: it must be positive`);
  }
  return (step) => factor * hiddenSize ** -0.5 * Math.min(step ** -0.5, step * warmupSteps ** -1.5);
}

function requireAtLeastZero(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value >= 0 && value < Infinity)) {
      throw new RangeError(`Cannot optimize with ${name} = ${value}: ${name} must be a number of at least 0`);
    }
  }
}

function requireShare(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value >= 0 && value < 1)) {
      throw new RangeError(`Cannot optimize with ${name} = ${value}: ${name} must be in [0, 1)`);
    }
  }
}

// ## One problem, four optimizers
//
// In a narrow valley the steep walls bound the learning rate of SGD, and so it moves slowly along the flat
// bottom. Momentum adds up what agrees; Adam divides by what is steep.
//
// On a language model of words, most of which are rare, momentum and the two forms of Adam come further
// than SGD in as many steps. The fourth figure shows what the division is for: under SGD and momentum the
// vectors of the rarest words move a fraction as far as those of the most frequent ones, under Adam as
// far or further. That alone does not make Adam the best here. Momentum comes as far, with one average
// instead of two, at its best rate of those tried. Switch the experiment to letters, which are nearly all
// frequent: after as many steps no method is ahead of the others.

// ## Pitfall: a penalty where decay was meant
//
// Adding $\lambda \theta$ to the gradient (L2 regularization, L2正则化) is the same as decay for
// plain SGD. For Adam it is divided by $\sqrt v$ like everything else: weights with large
// gradients hardly decay. The test "AdamW shrinks a weight by the same share whatever its
// gradient" holds for `AdamW` and fails for `Adam` with a penalty.

// ## Pitfall: clipping each parameter alone
//
// Bounding every gradient by itself changes the direction of the whole. The test
// "clipGradients() keeps the direction" compares the ratios before and after.

// ## Exercise
//
// Train with `beta2: 0.999` and without the corrections (set both to 1). Predict the length of
// the first step, in units of the learning rate, before you measure it.
