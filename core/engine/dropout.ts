/**
 * # Dropout
 *
 * During training every element is zeroed with probability $p$, and the others grow by
 * $1/(1-p)$ so that the expectation stays (Srivastava et al., 2014). A network that cannot
 * rely on any single feature spreads what it knows.
 *
 * {@linkcode dropout} is the function. {@linkcode Dropout} is the part of a model that knows whether it is in training, and
 * where its random numbers come from: a generator given at construction, or to `model.train(random)`.
 *
 * @module
 */

import { requireFloat } from "./refusals.ts";
import { checkTensors } from "./arguments.ts";
import { Chance } from "./chance.ts";
import { shown } from "./options.ts";
import { withBackend } from "./device.ts";
import { fusable } from "./fusable.ts";
import { Module } from "./module.ts";
import { checkRandom, Random } from "./random.ts";
import { tensor } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Zeroes elements at random, whatever they are, and scales up the rest.
 *
 * @param x any shape
 * @param rate probability of zeroing, in $[0, 1)$; at rate 0 nothing is drawn and `x` is returned
 * @param random where random numbers come from
 * @returns the shape of `x`
 * @throws {RangeError} if the rate is outside its interval
 */
export function dropout(x: Tensor, rate: number, random: Random): Tensor {
  checkDropped(x);
  checkRate(rate);
  checkRandom("drop", random);
  if (rate === 0) return x;
  const state = random.reserve(Math.ceil(x.size / 2));
  const { key: [key0, key1], counter } = state;
  return fusable("dropout", [x], { rate, key0, key1, counter }, () => {
    const kept = Random.from(state).uniforms(x.size).map((u) => Number(u >= rate));
    const mask = withBackend(x.device, () => tensor(kept, x.shape, "bool"));
    return x.mul(1 / (1 - rate)).where(mask, 0);
  });
}

function checkDropped(x: Tensor): void {
  checkTensors("drop", { x });
  requireFloat("dropout", x);
}

function checkRate(rate: number): void {
  if (typeof rate === "number" && rate >= 0 && rate < 1) return;
  throw new RangeError(`Cannot drop with rate ${shown(rate)}: it must be in [0, 1)`);
}

/**
 * A part that drops in training mode and hands its input through in evaluation mode.
 *
 * @example
 * ```ts
 * import { Dropout, ones, Random } from "@heed/heed";
 *
 * const x = ones([2, 3]), drop = new Dropout(0.5, new Random(1));
 * console.assert((await drop.forward(x).read()).every((value) => value === 0 || value === 2));
 * console.assert(drop.eval().forward(x) === x);
 * ```
 */
export class Dropout extends Module {
  /** Probability of zeroing an element. */
  readonly rate: number;
  /** Where it draws from; absent at rate 0, which draws nothing. */
  readonly chance: Chance | undefined;

  /**
   * Starts in training mode, as every module does.
   *
   * @param rate probability of zeroing, in $[0, 1)$
   * @param random where random numbers come from; what `train(random)` of this or of an outer module is given by default
   * @throws {RangeError} if the rate is outside its interval
   */
  constructor(rate: number, random?: Random) {
    super();
    checkRate(rate);
    if (random !== undefined) checkRandom("make a dropout", random);
    this.rate = rate;
    this.chance = rate === 0 ? undefined : new Chance(random);
  }

  /**
   * Drops, if this is training.
   *
   * @param x any shape
   * @returns the shape of `x`; in evaluation mode and at rate 0, `x` itself
   * @throws {TypeError} if random numbers are needed and were given neither at construction nor to `train(random)`
   */
  forward(x: Tensor): Tensor {
    checkDropped(x);
    return this.training && this.chance ? dropout(x, this.rate, this.chance.random("drop")) : x;
  }

  /** The class and the rate. */
  protected override get outlineTitle(): string {
    return `${super.outlineTitle} ${this.rate}`;
  }
}
