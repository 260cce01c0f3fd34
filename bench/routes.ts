/**
 * The routes by which one piece of work can be done, side by side in one group.
 *
 * | name                | what runs                                                  |
 * | ------------------- | ---------------------------------------------------------- |
 * | `wasm`              | the fused kernel, one thread; the baseline                 |
 * | `wasm, threads`     | the same on all cores                                      |
 * | `wasm, definition`  | the chapter's own lines on the same device, one thread     |
 * | `reference`         | the definition in float64 and plain loops, for small sizes |
 *
 * @module
 */

import type { Backend } from "../core/engine/backend.ts";
import { withBackend } from "../core/engine/device.ts";
import { withoutFusion } from "../core/engine/fusable.ts";
import { createReferenceDevice } from "../core/engine/reference.ts";
import { release, scope } from "../core/engine/scope.ts";
import { parameter } from "../core/engine/create.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import { Draws } from "../tests/support.ts";
import type { TimedCase, TimedUpdate } from "../tests/timed_cases.ts";
import { createWasmDevice } from "../wasm/mod.ts";

const single = createWasmDevice({ threads: 1 });
const threaded = createWasmDevice();
const reference = createReferenceDevice();

/** Most operations for which the float64 loops take part. */
const SHORT = 1e6;

/** Work to measure: a row of `tests/timed_cases.ts`. */
export type Work = TimedCase | TimedUpdate;

/** Registers the routes of some work with `deno bench`. */
export function benchRoutes(
  { name: group, inputs, run, flops }: Work,
  prepare: (x: Tensor) => Tensor = (x) => x,
): void {
  const route = (name: string, device: Backend, fused: boolean, baseline = false) => {
    let made: Tensor[] | undefined;
    Deno.bench({
      name,
      group,
      baseline,
      fn: () =>
        withBackend(device, () => {
          made ??= inputs(new Draws(1)).map((x) => prepare(x.tensor()));
          const work = () => scope(() => void run(...made!));
          if (fused) work();
          else withoutFusion(work);
        }),
    });
  };
  route("wasm", single, true, true);
  route("wasm, threads", threaded, true);
  route("wasm, definition", single, false);
  if (flops <= SHORT) route("reference", reference, false);
}

/** Registers some work and its gradient, of the sum of the result, as two groups. */
export function benchWithGradient(work: TimedCase): void {
  benchRoutes(work);
  const name = `${work.name}, with gradient`;
  const run = (...inputs: Tensor[]): void => {
    work.run(...inputs).sum().backward();
    for (const x of inputs) {
      if (x.grad) release(x.grad);
      x.grad = undefined;
    }
  };
  benchRoutes({ ...work, name, run }, (x) => x.dtype === "float32" ? parameter(x) : x);
}
