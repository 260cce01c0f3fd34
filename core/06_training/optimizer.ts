/**
 * # The optimizer
 *
 * **Question.** A rule moves one parameter, given its gradient and the running averages of it. A model has many parameters. Who keeps
 * their averages, counts their steps, and lets a run that was stopped go on as if nothing had happened?
 *
 * **Idea.** An optimizer holds a rule, and for each parameter the averages that this rule asks for, zeros at first. A step hands every
 * parameter that has a gradient to the rule. One without a gradient stays where it is, and so does its count. All that is remembered
 * can be read as a state, which a [checkpoint](checkpoints.ts) saves. A state of another rule, or of other parameters, is refused before anything has
 * changed.
 *
 * A rule is a value: the name under which checkpoints know it, the numbers of its formula, its learning rate, the names of its averages, and the function that moves a
 * parameter. [SGD](optimizers.ts), [Adam](adam.ts) and [Lion](lion.ts) are such values, and a rule of one's own is another.
 *
 * @module
 */

import { checkInstance, checkTensorList } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import { zeros } from "../engine/create.ts";
import { quote, shown } from "../engine/json.ts";
import { Module } from "../engine/module.ts";
import { checkOptions, type Checks, mapByName, numeric, object, required } from "../engine/options.ts";
import { requireFloat } from "../engine/refusals.ts";
import { holdsPrivately, keep, release, scope } from "../engine/scope.ts";
import { format, sameShape } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";

/** How a method moves one parameter. */
export interface OptimizerRule<Average extends string = string> {
  /** What a checkpoint calls it; nothing by default: settings and averages tell it apart. */
  readonly word?: string | undefined;
  /** Numbers of its formula that a checkpoint keeps, not the learning rate; none by default. */
  readonly settings?: Readonly<Record<string, number>> | undefined;
  /** How far to go where no schedule says otherwise. */
  readonly learningRate: number;
  /** Names of the running averages that it keeps of each parameter. */
  readonly averages: readonly Average[];
  /** Overwrites the parameter and its averages. */
  move(step: ParameterStep<Average>): void;
}

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
   * @param rule how: `sgd()`, `adam()`, `adamW()`, `lion()`, another of this chapter, or one of your own
   * @throws {TypeError} if the rule is none, or there are no parameters
   */
  constructor(parameters: ReadonlyMap<string, Tensor> | readonly Tensor[], rule: OptimizerRule) {
    this.parameters = namedParameters(parameters, rule);
    this.#rule = rule;
    // The averages outlive the [scope](../engine/scope.ts) that the optimizer is made in.
    holdsPrivately(this, () => this.#tensors);
    for (const [path, parameter] of this.parameters) {
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
    requireRate(learningRate);
    this.#steps++;
    // A step is no part of what is differentiated: [nothing of it is recorded](../engine/autograd.ts).
    noGrad(() => {
      for (const [path, parameter] of this.parameters) {
        // What the loss does not depend on has no gradient; it stays, and its count too.
        const gradient = parameter.grad;
        if (!gradient) continue;

        // Adam's corrections ask how often *this* parameter has moved.
        const count = this.#counts.get(path)! + 1;
        this.#counts.set(path, count);

        // The [scope](../engine/scope.ts) frees the intermediate results of the rule.
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
  compare(state: StateOutline): void {
    compareStates(state, this.state());
  }
}

// #region What is refused
// Parameters and rule are checked once, when an optimizer is made, the learning rate at each step.

/** The parameters by name; refuses those that no rule can move, and what is no rule. */
function namedParameters(
  parameters: ReadonlyMap<string, Tensor> | readonly Tensor[],
  rule: OptimizerRule,
): ReadonlyMap<string, Tensor> {
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
  return named;
}

/** Refuses a learning rate that no step can have. */
function requireRate(learningRate: number): void {
  if (typeof learningRate === "number" && learningRate >= 0 && learningRate < Infinity) return;
  throw new RangeError(
    `Cannot optimize with learningRate = ${shown(learningRate)}: learningRate must be a number of at least 0`,
  );
}

// #endregion

// #region States, and how they are compared
// A run that is taken up again asks for the averages it left. A state of another rule or other parameters is refused
// before anything has changed.

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

/** A state of which the shapes are enough in the place of its tensors. */
export type StateOutline = Omit<OptimizerState, "tensors"> & {
  /** Shapes of the running averages, by parameter and name. */
  readonly tensors: ReadonlyMap<string, Pick<Tensor, "shape">>;
};

/** Refuses a state that an optimizer with a state of its own cannot go on from. */
function compareStates(state: StateOutline, own: OptimizerState): void {
  checkOptions("restore an optimizer", state as OptimizerState, stateChecks);
  if (!(Number.isSafeInteger(state.steps) && state.steps >= 0)) {
    throw new TypeError(
      `Cannot restore an optimizer: it made ${shown(state.steps)} steps, it must be a whole number`,
    );
  }
  compareRules(state.rule ?? olderRule(state.tensors.keys()), own.rule!);
  for (const [name, tensor] of own.tensors) {
    const saved = state.tensors.get(name);
    const shape: unknown = saved?.shape, isShape = Array.isArray(shape);
    if (!isShape || !sameShape(shape, tensor.shape)) {
      throw new TypeError(
        `Cannot restore an optimizer: ${quote(name)} is ${isShape ? format(shape) : "missing"}, ` +
          `it must be ${format(tensor.shape)}`,
      );
    }
  }
  const extra = [...state.tensors.keys()].find((name) => !own.tensors.has(name));
  if (extra !== undefined) {
    throw new TypeError(
      `Cannot restore an optimizer: its state has ${quote(extra)}, and no parameter has that average`,
    );
  }
  for (const path of own.counts.keys()) {
    const count = state.counts.get(path);
    if (Number.isSafeInteger(count) && count! >= 0 && count! <= state.steps) continue;
    throw new TypeError(
      `Cannot restore an optimizer: the count of ${quote(path)} is ${count ?? "missing"}, ` +
        `it must be an integer from 0 to the number of steps, ${state.steps}`,
    );
  }
  const other = [...state.counts.keys()].find((path) => !own.counts.has(path));
  if (other !== undefined) {
    throw new TypeError(
      `Cannot restore an optimizer: its state counts steps of ${quote(other)}, which is no parameter`,
    );
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
 * Two rules keep `firstMoment` and `secondMoment`, Adam and AdamW. Nearly every such state is AdamW's and is taken for one; Adam refuses it.
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

// #endregion
