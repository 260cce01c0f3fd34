/**
 * # Optimizers
 *
 * **Question.** The gradient says which way is downhill (梯度下降) for each of a million
 * parameters. How far should each of them go?
 *
 * **Idea.** An optimizer takes the parameters one by one and hands each to a rule, together with its
 * gradient and the running averages that the rule keeps of it. The rules differ in one formula. SGD
 * (stochastic gradient descent) goes the same multiple of the slope everywhere. Momentum rolls on
 * in the direction that recent gradients agree on. [Adam](adam.ts) also divides by the size that the
 * gradient of each parameter usually has, so that rare words move as far as frequent ones.
 * [Lion](lion.ts) looks at the sign of the direction alone.
 *
 * **Formula.** With the gradient $g_t$ of parameter $\theta$ at step $t$, SGD with momentum $\mu$, 0
 * without it, is
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
 * **Why a rule is a value.** Counting steps, keeping averages, saving them and taking them up again is
 * the same for every method, so it stands here once. A rule says how many averages it needs and how a
 * parameter moves; whoever invents one writes those two things.
 *
 * @module
 */

import { requireFloat } from "../engine/refusals.ts";
import { checkInstance, checkTensorList } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { quote, shown } from "../engine/json.ts";
import { Module } from "../engine/module.ts";
import { checkOptions, type Checks, mapByName, numeric, object, required } from "../engine/options.ts";
import { holdsPrivately, keep, release, scope } from "../engine/scope.ts";
import { format, sameShape } from "../engine/shape.ts";
import { zeros } from "../engine/create.ts";
import type { Tensor } from "../engine/tensor.ts";

/** One parameter at one step: what a rule reads, and what it overwrites. */
export interface ParameterStep<Average extends string = string> {
  /** Where the parameter belongs, as `model.parameters()` names it. */
  readonly path: string;
  /** What moves: the rule overwrites it. */
  readonly parameter: Tensor;
  /** The gradient of the loss; it stays as it is. */
  readonly gradient: Tensor;
  /** What the rule remembers of the parameter, zeros at first: the rule overwrites them. */
  readonly averages: Readonly<Record<Average, Tensor>>;
  /** Steps that the parameter has made, this one included. */
  readonly count: number;
  /** How far to go. */
  readonly learningRate: number;
}

/** How a method moves one parameter. */
export interface OptimizerRule<Average extends string = string> {
  /** What a checkpoint calls it; nothing by default: its averages alone tell it from others. */
  readonly word?: string | undefined;
  /** Numbers of its formula but the learning rate, which a checkpoint keeps; none by default. */
  readonly settings?: Readonly<Record<string, number>> | undefined;
  /** How far to go where no schedule says otherwise. */
  readonly learningRate: number;
  /** Names of the running averages that it keeps of each parameter. */
  readonly averages: readonly Average[];
  /** Overwrites the parameter and its averages. */
  move(step: ParameterStep<Average>): void;
}

/** A rule as a checkpoint names it. */
export interface WrittenRule {
  /** Its word, or null where it has none. */
  readonly word: string | null;
  /** The numbers of its formula, all but the learning rate; absent where nobody knows them. */
  readonly settings?: Readonly<Record<string, number>> | undefined;
}

/** What an optimizer has to remember between steps. */
export interface OptimizerState {
  /** What moves the parameters; absent in what older programs saved. */
  readonly rule?: WrittenRule | undefined;
  /** Steps made so far. */
  readonly steps: number;
  /** Steps of each parameter; one without a gradient stays where it is. */
  readonly counts: ReadonlyMap<string, number>;
  /** Running averages, by parameter and name: `path.name`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Moves parameters against their gradients, by a rule. */
export class Optimizer {
  /** The parameters by path. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly #rule: OptimizerRule;
  readonly #counts = new Map<string, number>();
  readonly #tensors = new Map<string, Tensor>();
  #steps = 0;

  /**
   * Prepares the averages that the rule asks for; nothing moves yet.
   *
   * @example
   * ```ts
   * import { adamW, Linear, Optimizer, Random } from "@heed/heed";
   *
   * const model = new Linear(3, 2, new Random(0));
   * const optimizer = new Optimizer(model.parameters(), adamW({ learningRate: 3e-3 }));
   * console.assert(optimizer.steps === 0);
   * ```
   *
   * @param parameters what to move, as `model.parameters()` names it; those of a list are named by their places in it
   * @param rule how: `sgd()`, `adam()`, `adamW()`, `lion()`, or one of your own
   * @throws {TypeError} if the rule is none, or there are no parameters
   */
  constructor(parameters: ReadonlyMap<string, Tensor> | readonly Tensor[], rule: OptimizerRule) {
    if (typeof rule?.move !== "function" || !Array.isArray(rule.averages)) {
      throw new TypeError("Cannot optimize without a rule: one such as adamW() is needed");
    }
    if (parameters instanceof Module) {
      throw new TypeError(
        `Cannot optimize ${shown(parameters)}: its parameters are needed, as model.parameters() names them`,
      );
    }
    if (!Array.isArray(parameters)) checkInstance("optimize", "parameters", parameters as object, Map);
    const named = new Map([...parameters.entries()].map(([path, parameter]) => [String(path), parameter]));
    checkTensorList("optimize", "parameters", [...named.values()]);
    if (named.size === 0) {
      throw new TypeError(
        "Cannot optimize nothing: parameters() names what requires a gradient, and nothing that is frozen or in a #private field",
      );
    }
    for (const parameter of named.values()) requireFloat("an update", parameter);
    this.parameters = named;
    this.#rule = rule;
    holdsPrivately(this, () => this.#tensors);
    for (const [path, parameter] of named) {
      this.#counts.set(path, 0);
      for (const name of rule.averages) this.#tensors.set(`${path}.${name}`, keep(zeros(parameter.shape)));
    }
  }

  /** Steps made so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Moves every parameter that has a gradient; the gradients stay.
   *
   * @param learningRate how far; the rule's own by default
   * @throws {RangeError} if it is negative or no number
   */
  step(learningRate: number = this.#rule.learningRate): void {
    if (typeof learningRate !== "number" || !(learningRate >= 0 && learningRate < Infinity)) {
      throw new RangeError(
        `Cannot optimize with learningRate = ${shown(learningRate)}: learningRate must be a number of at least 0`,
      );
    }
    this.#steps++;
    noGrad(() => {
      for (const [path, parameter] of this.parameters) {
        const gradient = parameter.grad;
        if (!gradient) continue;
        const count = this.#counts.get(path)! + 1;
        this.#counts.set(path, count);
        const averages = this.#averagesOf(path);
        scope(() => this.#rule.move({ path, parameter, gradient, averages, count, learningRate }));
      }
    });
  }

  #averagesOf(path: string): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(this.#rule.averages.map((name) => [name, this.#tensors.get(`${path}.${name}`)!]));
  }

  /** Frees all gradients. */
  zeroGrad(): void {
    for (const parameter of this.parameters.values()) {
      if (parameter.grad) release(parameter.grad);
      parameter.grad = undefined;
    }
  }

  /** What is needed to continue; the tensors are those in use, not copies. */
  state(): OptimizerState {
    const { word = null, settings = {} } = this.#rule;
    return { rule: { word, settings }, steps: this.#steps, counts: this.#counts, tensors: this.#tensors };
  }

  /**
   * Continues from a state, copying it.
   *
   * @param state of an optimizer of the same rule, with the same averages of the same parameters
   * @throws {TypeError} if it is of another kind; nothing has changed then
   */
  restore(state: OptimizerState): void {
    this.compare(state);
    for (const [name, tensor] of this.#tensors) tensor.assign(state.tensors.get(name)!);
    for (const path of this.#counts.keys()) this.#counts.set(path, state.counts.get(path)!);
    this.#steps = state.steps;
  }

  /**
   * Compares a state with what this optimizer would continue from, and changes nothing.
   *
   * @param state shapes are enough in the place of its tensors
   * @throws {TypeError} if it is of another rule or has other averages or other parameters
   */
  compare(
    state: Omit<OptimizerState, "tensors"> & { readonly tensors: ReadonlyMap<string, Pick<Tensor, "shape">> },
  ): void {
    checkOptions("restore an optimizer", state as OptimizerState, stateChecks);
    if (!(Number.isSafeInteger(state.steps) && state.steps >= 0)) {
      throw new TypeError(
        `Cannot restore an optimizer: it made ${shown(state.steps)} steps, it must be a whole number`,
      );
    }
    compareRules(state.rule ?? olderRule(state.tensors.keys()), this.state().rule!);
    for (const [name, tensor] of this.#tensors) {
      const saved = state.tensors.get(name);
      const shape: unknown = saved?.shape, isShape = Array.isArray(shape);
      if (!isShape || !sameShape(shape, tensor.shape)) {
        throw new TypeError(
          `Cannot restore an optimizer: ${quote(name)} is ${isShape ? format(shape) : "missing"}, ` +
            `it must be ${format(tensor.shape)}`,
        );
      }
    }
    const extra = [...state.tensors.keys()].find((name) => !this.#tensors.has(name));
    if (extra !== undefined) {
      throw new TypeError(
        `Cannot restore an optimizer: its state has ${quote(extra)}, and no parameter has that average`,
      );
    }
    for (const path of this.#counts.keys()) {
      const count = state.counts.get(path);
      if (Number.isSafeInteger(count) && count! >= 0 && count! <= state.steps) continue;
      throw new TypeError(
        `Cannot restore an optimizer: the count of ${quote(path)} is ${count ?? "missing"}, ` +
          `it must be an integer from 0 to the number of steps, ${state.steps}`,
      );
    }
    const other = [...state.counts.keys()].find((path) => !this.#counts.has(path));
    if (other !== undefined) {
      throw new TypeError(
        `Cannot restore an optimizer: its state counts steps of ${quote(other)}, which is no parameter`,
      );
    }
  }
}

const stateChecks: Checks<OptimizerState> = {
  rule: object("a rule as a checkpoint names it", (value) => "word" in value),
  steps: required(numeric()),
  counts: required(mapByName()),
  tensors: required(mapByName()),
};

/** Refuses the state of one rule where another is to go on. */
function compareRules(saved: WrittenRule | undefined, own: WrittenRule): void {
  if (!saved) return;
  const [found, wanted] = [saved, own].map(({ word, settings = {} }) => {
    const numbers = saved.settings ? Object.entries(settings).sort(([a], [b]) => a < b ? -1 : 1) : [];
    const name = typeof word === "string" ? quote(word) : "a rule without a word";
    return numbers.length === 0 ? name : `${name} with ${numbers.map(([key, value]) => `${key} ${value}`).join(", ")}`;
  });
  if (found === wanted) return;
  throw new TypeError(`Cannot restore an optimizer: its state is that of ${found}, and this one moves by ${wanted}`);
}

/**
 * The rule of a state that does not say its own, as those of older programs: the one that keeps these averages.
 *
 * Two do that keep `firstMoment` and `secondMoment`. Nearly every such state is AdamW's, so Adam does not go on from it.
 */
function olderRule(tensors: Iterable<string>): WrittenRule | undefined {
  const averages = new Set(Array.from(tensors, (name) => name.slice(name.lastIndexOf(".") + 1)));
  const word = OLDER_RULES.get([...averages].sort().join(" "));
  return word === undefined ? undefined : { word };
}

const OLDER_RULES: ReadonlyMap<string, string> = new Map([
  ["", "sgd"],
  ["velocity", "sgd"],
  ["momentum", "lion"],
  ["firstMoment secondMoment", "adamW"],
]);

/** Options of {@linkcode sgd}. */
export interface SGDOptions {
  /** Length of a step per unit of slope; 0.01 by default. A schedule may override it. */
  readonly learningRate?: number;
  /** Share of the last movement that is kept, in [0, 1); 0 by default. */
  readonly momentum?: number;
}

const sgdChecks: Checks<SGDOptions> = {
  learningRate: numeric({ min: 0 }),
  momentum: numeric({ min: 0, below: 1 }),
};

/**
 * Stochastic gradient descent, with momentum if asked for.
 *
 * Without momentum $u = g$, and nothing is remembered.
 *
 * @param options learning rate and momentum
 * @returns a rule for an {@linkcode Optimizer}
 * @throws {RangeError} if an option is outside its interval
 */
export function sgd(options: SGDOptions = {}): OptimizerRule {
  checkOptions("optimize", options, sgdChecks);
  const { learningRate = 0.01, momentum = 0 } = options;
  return {
    word: "sgd",
    settings: { momentum },
    learningRate,
    averages: momentum ? ["velocity"] : [],
    move({ parameter, gradient, averages: { velocity }, learningRate }) {
      velocity?.assign(velocity.mul(momentum).add(gradient));
      parameter.assign(parameter.sub((velocity ?? gradient).mul(learningRate)));
    },
  };
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
//
// The model is small and the steps are a hundred. On Transformers of practical size SGD with momentum falls far behind
// Adam. Zhang et al. 2020, *Why Are Adaptive Methods Good for Attention Models?*, explain it by gradients with heavy tails;
// Kunstner et al. 2024, *Heavy-Tailed Class Imbalance and Why Adam Outperforms Gradient Descent on Language Models*, by
// rare words, as the fourth figure does.

// ## Pitfall: one count for all parameters
//
// A parameter that no batch of the last thousand steps has touched has averages of zeros and steps of its
// own. Counting the optimizer's steps instead leaves Adam's corrections out of its first step, which is
// then three times as long as it should be. The test "a parameter without a gradient stays where it is and is
// not counted" looks at the length of that step.

// ## Exercise
//
// Write a rule with one average that is never divided by anything: the mean of all gradients so far. How
// far does it come in the valley, beside momentum, and why does it get slower and slower?
