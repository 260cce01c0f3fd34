/**
 * # Modules
 *
 * **Question.** A Transformer has hundreds of weight matrices in nested parts. How are they
 * found, named, saved and loaded without keeping a list by hand?
 *
 * **Idea.** A module is a class whose fields hold tensors, other modules, or lists of them.
 * The path of fields that leads to a tensor is its name: `layers.0.attention.query.weight`.
 *
 * **What counts.** Every tensor in an enumerable field belongs to the state, and so do the values of every
 * [weight](weight.ts), in whatever form it keeps them. Tensors that require a gradient are its parameters.
 * Random generators in fields are found likewise, and [places](chance.ts) for those that training draws from. A field may also hold an array, a plain object, a `Map` or a `Set` of
 * such things, nested as deep as you like: an entry is named by its index, its member or its key. What two fields share,
 * a module too, is named by the first; a module that holds its own parent is walked once.
 *
 * **What does not count.** No program can look into a private `#field` of another class. What is derived from the options
 * and need not be saved stays there. Weights must not: they would be computed with and never trained or saved.
 * [The training loop](../06_training/loop.ts) refuses a loss that depends on a parameter that neither the model nor the
 * optimizer names. Objects of other classes are not walked either: make them modules.
 *
 * @module
 */

import { Chance, checkGenerator } from "./chance.ts";
import { type Check, instance, isPlain, shown } from "./options.ts";
import { PackedMatrix } from "./packed.ts";
import { grouped, outline, type Outlined, printsItself } from "./printing.ts";
import { Random } from "./random.ts";
import { scope } from "./scope.ts";
import { format, sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";
import { Weight } from "./weight.ts";

/** What a state dictionary holds under a path: a tensor, or a matrix in packed form. */
export type StateEntry = Tensor | PackedMatrix;

/** Base of everything that owns parameters. */
export abstract class Module {
  /** Whether parts that behave differently in training, such as {@linkcode Dropout}, do so; true at first. */
  training: boolean = true;

  /** What an outline calls it: the name of its class, unless a subclass says more. */
  protected get outlineTitle(): string {
    return this.constructor.name;
  }

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
    for (const [path, found] of walk(this)) {
      const value = found instanceof Weight ? found.form : found;
      if (!(value instanceof Tensor || value instanceof PackedMatrix) || seen.has(value)) continue;
      if (state.has(path)) throw new TypeError(`Cannot name two tensors "${path}": rename a key with a dot in it`);
      seen.add(value);
      state.set(path, value);
    }
    return state;
  }

  /** Every weight of this module and its parts by path, each once: what can be kept in packed form. */
  packable(): Map<string, Weight> {
    const found = new Map<string, Weight>(), seen = new Set<Weight>();
    for (const [path, value] of walk(this)) {
      if (!(value instanceof Weight) || seen.has(value)) continue;
      seen.add(value);
      found.set(path, value);
    }
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
    if (!(state instanceof Map)) throw new TypeError(`Cannot load a state from ${shown(state)}: a Map is needed`);
    const own = this.stateDict();
    for (const [path, value] of own) {
      const given = state.get(path);
      if (!given) throw new TypeError(`Cannot load a state without "${path}"`);
      if (!(given instanceof Tensor || given instanceof PackedMatrix)) {
        throw new TypeError(`Cannot load "${path}" from ${shown(given)}: a tensor of this copy of heed is needed`);
      }
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
    const found = new Map<string, Random>(), seen = new Set<Random>();
    for (const [path, value] of walk(this)) {
      const random = value instanceof Chance ? value.generator : value;
      if (!(random instanceof Random) || seen.has(random)) continue;
      seen.add(random);
      found.set(path, random);
    }
    return found;
  }

  /** Every place for a generator that training draws from, each once: what `train(random)` fills. */
  chances(): Set<Chance> {
    const found = new Set<Chance>();
    for (const [, value] of walk(this)) if (value instanceof Chance) found.add(value);
    return found;
  }

  /** This module and every part of it, each once, the innermost last. */
  modules(): Set<Module> {
    const found = new Set<Module>([this]);
    for (const [, value] of walk(this)) if (value instanceof Module) found.add(value);
    return found;
  }

  /**
   * Puts this module and every part into training mode.
   *
   * Every part that draws in training, such as {@linkcode Dropout}, draws from the given generator itself, so that a
   * checkpoint saves it once and a seed repeats a run.
   *
   * @param random what is drawn from; each part keeps what it has by default, and one that has nothing refuses to draw
   * @throws {TypeError} if weights have been packed for inference
   */
  train(random?: Random): this {
    if (random !== undefined) checkGenerator("train a model", random);
    for (const [path, value] of this.stateDict()) {
      if (value instanceof PackedMatrix) {
        throw new TypeError(
          `Cannot train a model with packed weights, such as "${path}" in ${value.format}: packing keeps what answers ` +
            "need and nothing else, so train first",
        );
      }
    }
    setTraining(this, true);
    if (random) { for (const chance of this.chances()) chance.replace(random); }
    return this;
  }

  /** Puts this module and every part into evaluation mode. */
  eval(): this {
    return setTraining(this, false);
  }

  /** The parts with shapes, parameters and bytes on the device, as `console.log` shows them. */
  toString(): string {
    const storages = new Set([...this.stateDict().values()].map(({ storage }) => storage));
    const size = [...storages].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const parts = [...walk(this)].filter(([, value]) => !(value instanceof Chance));
    const outlined = parts.map(([path, value]): Outlined => [
      path,
      () => Module.#describe(value),
      value instanceof Module,
    ]);
    return outline(`${Module.#describe(this)}, ${grouped(size)} bytes`, outlined);
  }

  /** What a part is, in a few words. */
  static #describe(part: unknown): string {
    if (part instanceof Module) {
      const count = part.parameterCount();
      return `${part.outlineTitle}${count ? `, ${grouped(count)} parameters` : ""}`;
    }
    if (part instanceof Weight) return `${part.format ?? "float32"} ${format(part.shape)}`;
    return part instanceof Tensor ? `${part.dtype} ${format(part.shape)}` : "Random";
  }
}

/** Sets the mode of a module and its parts; a frozen one that is in it already need not change. */
function setTraining<M extends Module>(module: M, training: boolean): M {
  const parts = [...module.modules()].filter((part) => part.training !== training);
  const fixed = parts.find((part) => Object.getOwnPropertyDescriptor(part, "training")?.writable === false);
  if (fixed) {
    throw new TypeError(
      `Cannot ${training ? "train" : "evaluate"} ${shown(fixed)} that is frozen: its mode has to change`,
    );
  }
  for (const part of parts) part.training = training;
  return module;
}

/** A module as an argument or an option. */
export const aModule: Check<Module> = instance(Module);
printsItself(Module);

/** The objects that one holds, by name; none if it is not looked into. */
function entriesOf(holder: object): [name: string, value: unknown][] {
  return allEntriesOf(holder).filter(([, value]) => typeof value === "object" && value !== null);
}

function allEntriesOf(holder: object): [name: string, value: unknown][] {
  if (holder instanceof Map) return [...holder].map(([key, value]) => [nameOf(key, value), value]);
  if (holder instanceof Set) return [...holder].map((value, index) => [String(index), value]);
  if (holder instanceof Module || Array.isArray(holder) || isPlain(holder)) return Object.entries(holder);
  return [];
}

/** A key of a `Map` as part of a path. */
function nameOf(key: unknown, value: unknown): string {
  if (typeof key === "string" || typeof key === "number") return String(key);
  // Nobody misses the name of what has none.
  if (!isPart(value)) return "";
  throw new TypeError(`Cannot name what a Map holds under ${shown(key)}: a key must be a string or a number`);
}

/** Whether something belongs to the state, or is one of the modules and generators in it. */
function isPart(value: unknown): boolean {
  return [Tensor, Weight, Random, Chance, Module].some((kind) => value instanceof kind);
}

/**
 * Every tensor, weight, generator and module below a module with its path, depth first, in field order.
 *
 * Each once, under the first of its paths. There is no recursion: parts may hold each other, as deep as they like.
 */
function* walk(root: Module): Generator<readonly [path: string, value: unknown]> {
  const seen = new Set<unknown>([root]);
  const pending: [path: string, value: unknown][] = entriesOf(root).reverse();
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [path, value] = next;
    if (seen.has(value)) continue;
    seen.add(value);
    if (isPart(value)) yield next;
    for (const [name, part] of entriesOf(value as object).reverse()) pending.push([`${path}.${name}`, part]);
  }
}
