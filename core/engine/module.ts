/**
 * # Modules
 *
 * **Question.** A Transformer has hundreds of weight matrices in nested parts. How are they
 * found, named, saved and loaded without keeping a list by hand?
 *
 * **Idea.** A module is a class whose fields hold tensors, other modules, or arrays of them.
 * The path of fields that leads to a tensor is its name: `layers.0.attention.query.weight`.
 *
 * **What counts.** Every tensor in an enumerable field belongs to the state, and so do the values of every
 * [weight](weight.ts), in whatever form it keeps them. Tensors that require a gradient are its parameters.
 * Random generators in fields are found likewise. What is derived from the options and need not be saved
 * stays in a private `#field`, which is not walked.
 *
 * @module
 */

import { PackedMatrix } from "./packed.ts";
import { Random } from "./random.ts";
import { scope } from "./scope.ts";
import { format, sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";
import { Weight } from "./weight.ts";

/** What a state dictionary holds under a path: a tensor, or a matrix in packed form. */
export type StateEntry = Tensor | PackedMatrix;

/** Base of everything that owns parameters. */
export abstract class Module {
  /** Whether parts that behave differently in training, such as dropout, are in that mode. */
  training: boolean = true;

  /** The parameters by path, in the order of the fields. */
  parameters(): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    for (const [path, value] of this.stateDict()) {
      if (value instanceof Tensor && value.requiresGrad) found.set(path, value);
    }
    return found;
  }

  /** Number of trained numbers; a tensor that two fields share counts once. */
  parameterCount(): number {
    return [...this.parameters().values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Every tensor of the state by path; a tensor that two fields share appears under its first. */
  stateDict(): Map<string, StateEntry> {
    const state = new Map<string, StateEntry>();
    const seen = new Set<StateEntry>();
    walk(this, "", (path, found) => {
      const value = found instanceof Weight ? found.form : found;
      if (!(value instanceof Tensor || value instanceof PackedMatrix) || seen.has(value)) return;
      seen.add(value);
      state.set(path, value);
    });
    return state;
  }

  /** Every weight of this module and its parts, each once: what can be kept in packed form. */
  packable(): Set<Weight> {
    const found = new Set<Weight>();
    walk(this, "", (_, value) => {
      if (value instanceof Weight) found.add(value);
    });
    return found;
  }

  /**
   * Overwrites the state, in place.
   *
   * Nothing is changed unless everything fits. A model made with `Random.none` has values from then on.
   *
   * @param state a tensor for every path of {@linkcode stateDict}, and no other
   * @throws {TypeError} if a path is missing, unknown, of another shape or without values
   */
  loadStateDict(state: ReadonlyMap<string, StateEntry>): void {
    const own = this.stateDict();
    for (const [path, value] of own) {
      const given = state.get(path);
      if (!given) throw new TypeError(`Cannot load a state without "${path}"`);
      if (!sameShape(given.shape, value.shape) || given.dtype !== value.dtype) {
        throw new TypeError(
          `Cannot load "${path}" from ${given.dtype} ${format(given.shape)}: ${value.dtype} ${
            format(value.shape)
          } is needed`,
        );
      }
      if (given.storage.unset) throw new TypeError(`Cannot load "${path}" from a tensor without values`);
    }
    for (const path of state.keys()) {
      if (!own.has(path)) throw new TypeError(`Cannot load a state with unknown "${path}"`);
    }
    for (const [path, value] of own) {
      const given = state.get(path)!;
      scope(() => value.assign(given instanceof Tensor ? given : given.unpack()));
    }
  }

  /** Every random generator by path, each once: what a checkpoint saves beside the weights. */
  randoms(): Map<string, Random> {
    const found = new Map<string, Random>();
    const seen = new Set<unknown>();
    walk(this, "", (path, value) => {
      if (value instanceof Random && !seen.has(value)) found.set(path, value);
      seen.add(value);
    });
    return found;
  }

  /** This module and every part of it, each once, the innermost last. */
  modules(): Set<Module> {
    const found = new Set<Module>([this]);
    walk(this, "", (_, value) => {
      if (value instanceof Module) found.add(value);
    });
    return found;
  }

  /**
   * Puts this module and every part into training mode.
   *
   * @throws {TypeError} if weights have been packed for inference
   */
  train(): this {
    for (const [path, value] of this.stateDict()) {
      if (value instanceof PackedMatrix) {
        throw new TypeError(
          `Cannot train a model with packed weights, such as "${path}" in ${value.format}: packing keeps what answers ` +
            "need and nothing else, so train first",
        );
      }
    }
    return this.#setTraining(true);
  }

  /** Puts this module and every part into evaluation mode. */
  eval(): this {
    return this.#setTraining(false);
  }

  #setTraining(training: boolean): this {
    this.training = training;
    walk(this, "", (_, value) => {
      if (value instanceof Module) value.training = training;
    });
    return this;
  }
}

/** Calls `visit` for every tensor, weight, generator and module below `holder`, depth first, in field order. */
function walk(holder: object, path: string, visit: (path: string, value: unknown) => void): void {
  for (const [name, value] of Object.entries(holder)) {
    const below = path ? `${path}.${name}` : name;
    if (value instanceof Tensor || value instanceof Weight || value instanceof Random) visit(below, value);
    else if (value instanceof Module) {
      visit(below, value);
      walk(value, below, visit);
    } else if (Array.isArray(value)) walk(value, below, visit);
  }
}
