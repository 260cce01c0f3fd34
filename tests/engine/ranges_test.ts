/** Every kernel of the engine far from 1, at the ends of its type, and with what is no number. */

import { assertEquals } from "@std/assert";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Backend } from "../../core/engine/backend.ts";
import { parameter } from "../../core/engine/create.ts";
import { withBackend } from "../../core/engine/device.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { type Case, cases } from "../cases.ts";
import { assertKinds, Broken } from "../ranges.ts";
import { devices, Draws, HostArray, reference } from "../support.ts";

/** The value of a case and the gradients of its inputs, for one draw of inputs and one of the arriving gradient. */
async function evaluate(
  device: Backend,
  { inputs, run, differentiable = true }: Case,
  draws: Draws,
  arriving: Draws,
): Promise<HostArray[]> {
  return await withBackend(device, async () => {
    const found = scope(() => {
      const leaves = inputs(draws).map((x) =>
        x.dtype === "float32" && differentiable ? parameter(x.tensor()) : x.tensor()
      );
      const result = run(...leaves);
      if (result.requiresGrad) result.backward(arriving.normal(...result.shape).tensor());
      const outcome = [noGrad(() => result.clone()), ...leaves.flatMap((leaf) => leaf.grad ?? [])];
      for (const leaf of leaves) release(leaf);
      return outcome;
    });
    const numbers = await Promise.all(found.map(HostArray.of));
    for (const tensor of found) release(tensor);
    return numbers;
  });
}

/** One row in six of each operation, and every row of one that has few. */
function someOf(rows: readonly Case[]): Case[] {
  const groups = Map.groupBy(rows, ({ name }) => name.split("()")[0]!);
  return [...groups.values()].flatMap((group) => group.length < 6 ? group : group.filter((_, i) => i % 6 === 3));
}

for (const device of devices) {
  if (device.backend === reference) continue;
  const rows = cases.filter(({ flops = 0 }) => flops <= 1e6), chosen = device.name === "wasm" ? rows : someOf(rows);
  Deno.test({
    name: `${device.name} has NaN and infinities where the reference device has them, in every case`,
    ignore: device.backend === undefined,
    fn: async () => {
      for (const entry of chosen) {
        const run = (on: Backend) => evaluate(on, entry, new Broken(1, [NaN, Infinity, -Infinity]), new Draws(2));
        const [expected, actual] = [await run(reference), await run(device.backend!)];
        assertEquals(actual.length, expected.length);
        actual.forEach(({ data }, i) => assertKinds(data, expected[i]!.data, `${entry.name}, result ${i}`));
      }
    },
  });
}
