/**
 * # Dropout
 *
 * During training every element is zeroed with probability $p$, and the others grow by
 * $1/(1-p)$ so that the expectation stays (Srivastava et al., 2014). A network that cannot
 * rely on any single feature spreads what it knows.
 *
 * @module
 */

import { requireFloat } from "./refusals.ts";
import { checkTensors } from "./arguments.ts";
import { shown } from "./options.ts";
import { withBackend } from "./device.ts";
import { fusable } from "./fusable.ts";
import { checkRandom, Random } from "./random.ts";
import { tensor } from "./create.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Zeroes elements at random, whatever they are, and scales up the rest.
 *
 * @param x any shape
 * @param rate probability of zeroing, in $[0, 1)$
 * @param random where random numbers come from; without it, or at rate 0, nothing happens
 * @returns the shape of `x`
 * @throws {RangeError} if the rate is outside its interval
 */
export function dropout(x: Tensor, rate: number, random: Random | undefined): Tensor {
  checkTensors("drop", { x });
  requireFloat("dropout", x);
  if (!(typeof rate === "number" && rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot drop with rate ${shown(rate)}: it must be in [0, 1)`);
  }
  if (random !== undefined) checkRandom("drop", random);
  if (!random || rate === 0) return x;
  const state = random.reserve(Math.ceil(x.size / 2));
  const { key: [key0, key1], counter } = state;
  return fusable("dropout", [x], { rate, key0, key1, counter }, () => {
    const kept = Random.from(state).uniforms(x.size).map((u) => Number(u >= rate));
    const mask = withBackend(x.device, () => tensor(kept, x.shape, "bool"));
    return x.mul(1 / (1 - rate)).where(mask, 0);
  });
}
