/**
 * # Early stopping
 *
 * **Question.** A model that overfits its training examples gets worse on all others. At which step should
 * training end, if it is not known beforehand?
 *
 * **Idea.** Evaluate regularly on held-out examples, and stop once the measure no longer improves.
 * One worse evaluation says little, since evaluations are noisy. Training therefore continues until several in a row
 * are no improvement. By then the best weights are some evaluations old, so they are kept and restored at the end.
 *
 * **By hand.** The held-out losses are 3, 2, 2.5 and 2.1, and `patience` is 2. 2 improves on 3. 2.5 does not improve on 2, and
 * neither does 2.1: it is better than 2.5, but the best loss so far is 2. Two evaluations in a row without improvement end training
 * after the fourth, with the weights of the second.
 *
 * ```ts
 * import { EarlyStopping, Linear, Random } from "@heed/heed";
 *
 * const model = new Linear(1, 1, new Random(1));
 * const stopping = new EarlyStopping({ measure: "loss", patience: 2 });
 * for (const [i, loss] of [3, 2, 2.5, 2.1].entries()) {
 *   const stops = await stopping.watch(i + 1, { loss }, model);
 *   console.log(loss, stops ? "stop" : "go on");
 * }
 * const { value, step } = stopping.best!;
 * console.log("the best is", value, "after evaluation", step);
 * ```
 *
 * ```text
 * 3 go on
 * 2 go on
 * 2.5 go on
 * 2.1 stop
 * the best is 2 after evaluation 2
 * ```
 *
 * **Formula.** With $m_i$ the measure at evaluation $i$, smaller being better, and $m^* = \min_{j < i} m_j$ the best
 * before it, an evaluation improves if
 *
 * $$m_i < m^* - \delta$$
 *
 * and training stops after $p$ evaluations in a row that do not.
 *
 * | symbol   | in code      | meaning                                                    |
 * | -------- | ------------ | ---------------------------------------------------------- |
 * | $m$      | `measure`    | a number that `evaluate` returns, by its name              |
 * | $p$      | `patience`   | evaluations in a row without improvement before it stops   |
 * | $\delta$ | `minDelta`   | what an improvement must exceed                            |
 * | $m^*$    | `best.value` | the best measure so far; `best.step` says when it was seen |
 *
 * **Why it has a state.** How long nothing has improved, and what the best weights were, depends on all that was before.
 * A resumed run must know both, or it stops at another step. They are therefore in a value of their own,
 * which a checkpoint saves and restores with the rest of the run ([section](checkpoints.ts)).
 *
 * @module
 */

import { checkInstance } from "../engine/arguments.ts";
import { quote, shown } from "../engine/json.ts";
import { Module } from "../engine/module.ts";
import {
  checkOptions,
  type Checks,
  checkValue,
  countSoFar,
  flag,
  group,
  integer,
  mapByName,
  numeric,
  object,
  oneOf,
  required,
  string,
} from "../engine/options.ts";
import { scope } from "../engine/scope.ts";
import { restoreTensors, type StoredTensor, storeTensors } from "./safetensors.ts";

/** Options of {@linkcode EarlyStopping}: what is watched, and how long nothing may improve. */
export interface EarlyStoppingOptions {
  /** The name of a number that `evaluate` returns. */
  readonly measure: string;
  /** Evaluations in a row without improvement after which training stops, at least 1. */
  readonly patience: number;
  /** Whether less or more is better, `"min"` or `"max"`; `"min"` by default. */
  readonly mode?: "min" | "max";
  /** What an improvement must exceed, at least 0; 0 by default. */
  readonly minDelta?: number;
  /** Whether the weights of the best evaluation are put back at the end; true by default. */
  readonly restoreBest?: boolean;
}

const stoppingChecks: Checks<EarlyStoppingOptions> = {
  measure: required(string),
  patience: required(integer()),
  mode: oneOf(["min", "max"]),
  minDelta: numeric({ min: 0 }),
  restoreBest: flag,
};

/** The best evaluation of a run. */
export interface BestEvaluation {
  /** The step after which it was made. */
  readonly step: number;
  /** What was measured then. */
  readonly value: number;
}

/** What {@linkcode EarlyStopping} remembers, without the weights; plain JSON. */
export interface EarlyStoppingState {
  /** What is watched. */
  readonly measure: string;
  /** Whether less or more of it is better. */
  readonly mode: "min" | "max";
  /** The step of the last evaluation, 0 before the first. */
  readonly step: number;
  /** Evaluations since the best one. */
  readonly waited: number;
  /** Whether training has stopped. */
  readonly stopped: boolean;
  /** The best evaluation; absent before the first. */
  readonly best?: BestEvaluation;
}

const bestChecks: Checks<BestEvaluation> = { step: required(countSoFar), value: required(numeric()) };

/** What a state may be, where it comes from a file. */
export const stoppingStateChecks: Checks<EarlyStoppingState> = {
  measure: required(string),
  mode: required(oneOf(["min", "max"])),
  step: required(countSoFar),
  waited: required(countSoFar),
  stopped: required(flag),
  best: group(bestChecks),
};

/**
 * Ends training once a measure no longer improves, and keeps the best weights.
 *
 * A checkpoint saves both. {@linkcode loadCheckpoint} with `weights: "best"` gives a model the best weights, also those of a
 * run that was killed. A run that has stopped stays so when it is resumed, whatever `patience` and `steps` are then. It
 * goes on with another value like this one, which knows nothing of before:
 *
 * @example Beyond an early stop
 * ```ts ignore
 * await loadCheckpoint(storage, "run", { model, optimizer, batches });
 * await train({
 *   ...options,
 *   earlyStopping: new EarlyStopping({ measure: "loss", patience: 10 }),
 *   checkpoints: { storage, name: "longer" },
 * });
 * ```
 */
export class EarlyStopping {
  readonly #options: Required<EarlyStoppingOptions>;
  #state: EarlyStoppingState;
  #weights: ReadonlyMap<string, StoredTensor> = new Map();
  /** What was measured last; not held, so that it can be freed. */
  #watched: WeakRef<Module> | undefined;

  /**
   * Remembers nothing yet; one value serves one run.
   *
   * @example
   * ```ts
   * import { EarlyStopping, Linear, Random } from "@heed/heed";
   *
   * const model = new Linear(2, 2, new Random(1));
   * const stopping = new EarlyStopping({ measure: "loss", patience: 2 });
   * for (const [step, loss] of [[10, 3], [20, 2], [30, 2.5], [40, 2.1]] as const) {
   *   await stopping.watch(step, { loss }, model);
   * }
   * console.assert(stopping.stopped && stopping.best?.step === 20);
   * ```
   *
   * @param options what is watched, and how long nothing may improve
   * @throws {RangeError} if `patience` or `minDelta` is out of range
   */
  constructor(options: EarlyStoppingOptions) {
    checkOptions("stop early", options, stoppingChecks);
    const { mode = "min", minDelta = 0, restoreBest = true, measure, patience } = options;
    this.#options = { measure, patience, mode, minDelta, restoreBest };
    this.#state = { measure, mode, step: 0, waited: 0, stopped: false };
  }

  /** The best evaluation so far; absent before the first that was a finite number. */
  get best(): BestEvaluation | undefined {
    return this.#state.best;
  }

  /** The step of the last evaluation, 0 before the first. */
  get step(): number {
    return this.#state.step;
  }

  /** Whether training has stopped; another value like this one is needed to go on. */
  get stopped(): boolean {
    return this.#state.stopped;
  }

  /**
   * Hears what was measured, and keeps the weights if it was never better.
   *
   * What is NaN or infinite is no improvement.
   *
   * @param step the step that was made last
   * @param evaluation numbers by name
   * @param model what was measured
   * @returns whether to stop
   * @throws {TypeError} if the evaluation has no number of the name that is watched
   */
  async watch(step: number, evaluation: Readonly<Record<string, number>>, model: Module): Promise<boolean> {
    checkValue("stop early", "step", step, integer({ min: 0 }));
    checkInstance("stop early", "model", model, Module);
    const value = this.#measured(evaluation), { waited } = this.#state;
    this.#watched = new WeakRef(model);
    if (this.#improves(value)) {
      // Read first: after an error the state is that before the evaluation.
      if (this.#options.restoreBest) this.#weights = await storeTensors(model.stateDict());
      // A file has no -0.
      this.#state = { ...this.#state, step, waited: 0, stopped: false, best: { step, value: value + 0 } };
    } else {
      const stopped = waited + 1 >= this.#options.patience;
      this.#state = { ...this.#state, step, waited: waited + 1, stopped };
    }
    return this.stopped;
  }

  #measured(evaluation: Readonly<Record<string, number>>): number {
    const { measure } = this.#options;
    checkValue("stop early", "evaluation", evaluation, object("an object of numbers by name"));
    const value: unknown = Object.hasOwn(evaluation, measure) ? evaluation[measure] : undefined;
    if (typeof value === "number") return value;
    const names = Object.keys(evaluation).map((name) => quote(name, 40));
    throw new TypeError(
      `Cannot stop early by ${quote(measure, 40)}: the evaluation has ${names.join(", ") || "no measure"}`,
    );
  }

  #improves(value: number): boolean {
    const { mode, minDelta } = this.#options, { best } = this.#state;
    if (!Number.isFinite(value)) return false;
    if (!best) return true;
    return mode === "min" ? value < best.value - minDelta : value > best.value + minDelta;
  }

  /**
   * Gives a model the weights of the best evaluation; it stays as it is where none were kept.
   *
   * @param model that of the run
   * @throws {TypeError} if it is another one
   */
  restoreBest(model: Module): void {
    checkInstance("restore the best weights", "model", model, Module);
    if (this.#weights.size > 0) scope(() => model.loadStateDict(restoreTensors(this.#weights)));
  }

  /**
   * Whether it has watched another model and never the given one.
   *
   * @param model that of a run
   * @returns true if its best weights are those of another
   */
  isOfAnother(model: Module): boolean {
    checkInstance("stop early", "model", model, Module);
    const watched = this.#watched?.deref();
    return watched !== undefined && watched !== model;
  }

  /** What is needed to go on: the state, and the best weights by path. */
  state(): { readonly state: EarlyStoppingState; readonly weights: ReadonlyMap<string, StoredTensor> } {
    return { state: this.#state, weights: this.#weights };
  }

  /**
   * Goes on from a state.
   *
   * @param state of a run that watched the same measure
   * @param weights those of the best evaluation by path
   * @throws {TypeError} if another measure was watched; nothing has changed then
   */
  restore(state: EarlyStoppingState, weights: ReadonlyMap<string, StoredTensor>): void {
    this.compare(state);
    checkValue("restore early stopping", "weights", weights, mapByName());
    for (const [path, stored] of weights) {
      if (stored?.bytes instanceof Uint8Array) continue;
      throw new TypeError(`Cannot restore early stopping with ${quote(path)} = ${shown(stored)}: a tensor is needed`);
    }
    this.#state = { ...state };
    this.#watched = undefined;
    // The bytes of a file would keep the whole file in memory.
    this.#weights = new Map([...weights].map(([path, stored]) => [path, { ...stored, bytes: stored.bytes.slice() }]));
  }

  /**
   * Compares a state with what this would go on from, and changes nothing.
   *
   * @param state of a run
   * @throws {TypeError} if another measure was watched, or for the other end
   */
  compare(state: EarlyStoppingState): void {
    checkOptions("restore early stopping", state, stoppingStateChecks);
    const { measure, mode } = this.#options;
    if (state.measure === measure && state.mode === mode) return;
    throw new TypeError(
      `Cannot restore early stopping: the saved run watched the ${state.mode} of ${quote(state.measure, 40)}, ` +
        `this one watches the ${mode} of ${quote(measure, 40)}`,
    );
  }
}

// ## Pitfall: stopping on the training loss
//
// The training loss continues to fall while held-out examples get worse, so a run that watches it stops
// too late or never. `evaluate` has to measure examples that are in no batch. The test "early stopping on the
// training loss never stops where the held-out loss does" trains on noise.

// ## Pitfall: keeping the last weights
//
// When training stops, the weights are those after `patience` evaluations without improvement. The test "train() that
// stops early ends with the weights of the best evaluation, bit for bit" compares them with a run that ended there. What
// is reported for them is still a little too good: the best of many noisy numbers is partly luck. A third set of examples,
// used once, gives an unbiased measure.

// ## Pitfall: forgetting the best when resuming
//
// A run that is resumed with weights, optimizer and data alone waits for `patience` evaluations once more, and may call
// best what was not. The test "a run with early stopping, killed after any save and resumed, equals the uninterrupted
// one" compares every bit.

// ## Exercise
//
// Measure the held-out loss on 10 examples instead of 1,000, with `patience` 1. How many steps earlier does training stop,
// and how far apart are the steps of five seeds? Which `minDelta` helps, and which `patience`?
