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
import { Random } from "../core/engine/random.ts";
import { parameter } from "../core/engine/create.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import { createWasmDevice } from "../wasm/mod.ts";

const single = createWasmDevice({ threads: 1 });
const threaded = createWasmDevice();
const reference = createReferenceDevice();

/** Work to measure: inputs made once per device, and what is done with them. */
export interface Work<Result = unknown> {
  /** Operation and size, such as `"softmax 64×1024"`. */
  readonly group: string;
  /** Makes the inputs on the current device. */
  readonly inputs: (random: Random) => Tensor[];
  /** Does the work; what it makes is freed afterwards. */
  readonly run: (...inputs: Tensor[]) => Result;
  /** Whether the float64 loops are fast enough to take part. */
  readonly reference?: boolean;
}

/** Registers the routes of some work with `deno bench`. */
export function benchRoutes({ group, inputs, run, reference: slow = false }: Work): void {
  const route = (name: string, device: Backend, fused: boolean, baseline = false) => {
    let made: Tensor[] | undefined;
    Deno.bench({
      name,
      group,
      baseline,
      fn: () =>
        withBackend(device, () => {
          made ??= inputs(new Random(1));
          const work = () => scope(() => void run(...made!));
          if (fused) work();
          else withoutFusion(work);
        }),
    });
  };
  route("wasm", single, true, true);
  route("wasm, threads", threaded, true);
  route("wasm, definition", single, false);
  if (slow) route("reference", reference, false);
}

/** Registers some work and its gradient, of the sum of the result, as two groups. */
export function benchWithGradient(work: Work<Tensor>): void {
  benchRoutes(work);
  benchRoutes({
    ...work,
    group: `${work.group}, with gradient`,
    inputs: (random) => work.inputs(random).map((x) => x.dtype === "float32" ? parameter(x) : x),
    run: (...inputs) => {
      work.run(...inputs).sum().backward();
      for (const x of inputs) {
        if (x.grad) release(x.grad);
        x.grad = undefined;
      }
    },
  });
}
