/**
 * # Random numbers in training
 *
 * **Question.** Some parts of a model draw random numbers, in training and at no other time. Whoever calls the model does
 * not know which. How do the parts come to a generator?
 *
 * **Idea.** Such a part holds a {@linkcode Chance} in a field: a place for a generator, empty at first or filled at
 * construction. `model.train(random)` finds all of them, as it finds everything that a module holds, and puts the same
 * generator into each. A checkpoint saves that generator once.
 *
 * **Why it is not silent.** A model that was told to drop and has no random numbers would compute something else than what
 * its options say. It is refused at the first draw, and the sentence says what to do.
 *
 * @module
 */

import { checkText } from "./arguments.ts";
import { checkValue } from "./options.ts";
import { aRandom, Random } from "./random.ts";

let isForbidden = false;

/**
 * Runs a model whose answer must not depend on what its parts draw.
 *
 * @param f synchronous
 * @returns what `f` returns
 * @throws {TypeError} if a part is about to draw, since the model is in training mode
 */
export function withoutChance<T>(f: () => T): T {
  const before = isForbidden;
  isForbidden = true;
  try {
    return f();
  } finally {
    isForbidden = before;
  }
}

/**
 * Where a part of a model draws random numbers in training: a place for a generator.
 *
 * @example
 * ```ts
 * import { Module, Random, Tensor, zeros } from "@heed/heed";
 * import { Chance } from "@heed/heed/engine";
 *
 * class Noise extends Module {
 *   readonly chance = new Chance();
 *   forward(x: Tensor): Tensor {
 *     return this.training ? x.add(this.chance.random("add noise").normal(x.shape)) : x;
 *   }
 * }
 * const noise = new Noise().train(new Random(1));
 * console.assert(String(noise.forward(zeros([2, 3])).shape) === "2,3");
 * ```
 */
export class Chance {
  #generator: Random | undefined;

  /**
   * Starts with a generator or without.
   *
   * @param random what is drawn from; none by default, nor with `Random.none`
   */
  constructor(random?: Random) {
    if (random !== undefined && random !== Random.none) this.replace(random);
  }

  /** What is drawn from, if there is anything yet. */
  get generator(): Random | undefined {
    return this.#generator;
  }

  /**
   * Draws from another generator from now on.
   *
   * @param random what is drawn from
   * @throws {TypeError} if it is `Random.none`, which draws nothing
   */
  replace(random: Random): void {
    checkGenerator("draw", random);
    this.#generator = random;
  }

  /**
   * The generator, where a part is about to draw.
   *
   * @param action what is attempted, as in `Cannot drop`
   * @returns the generator
   * @throws {TypeError} if there is none yet, or a text is being generated
   */
  random(action: string): Random {
    checkText("draw", "action", action);
    if (isForbidden) {
      throw new TypeError(
        `Cannot ${action} while a text is generated: the model is in training mode, and model.eval() is needed before`,
      );
    }
    if (this.#generator) return this.#generator;
    throw new TypeError(
      `Cannot ${action} in training mode without random numbers: give a Random at construction, ` +
        "call model.train(random), or model.eval() where nothing is to be random",
    );
  }
}

/**
 * Refuses what draws no random numbers.
 *
 * @param action what is attempted, as in `Cannot train a model`
 * @param random what was given
 * @throws {TypeError} if it is no generator, or `Random.none`
 */
export function checkGenerator(action: string, random: Random): void {
  checkValue(action, "random", random, aRandom);
  if (random === Random.none) {
    throw new TypeError(`Cannot ${action} with Random.none: it draws nothing, and a seeded Random is needed`);
  }
}

/**
 * Gives the parts of a new model one generator, and leaves the caller's where it is.
 *
 * What the caller draws next is the same with dropout and without.
 *
 * @param chances what `chances()` of the model found
 * @param random where the weights came from; of `Random.none` nothing is given
 */
export function shareChance(chances: ReadonlySet<Chance>, random: Random): void {
  if (random === Random.none) return;
  let own: Random | undefined;
  for (const chance of chances) chance.replace(own ??= random.fork());
}
