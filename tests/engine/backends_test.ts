/** Each device against the reference device, on every case of the table. */

import { assert, assertEquals } from "@std/assert";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Backend } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { scope } from "../../core/engine/scope.ts";
import { type Case, cases } from "../cases.ts";
import { assertClose, devices, Draws, HostArray, reference } from "../support.ts";

/** Runs a case on a device, forwards only. */
async function runOn(device: Backend, { inputs, run }: Case): Promise<HostArray> {
  return await withBackend(device, async () => {
    const result = scope(() => noGrad(() => run(...inputs(new Draws(1)).map((x) => x.tensor()))));
    const numbers = await HostArray.of(result);
    result.storage.release();
    return numbers;
  });
}

Deno.test("cases have names of their own", () => {
  const names = cases.map(({ name }) => name);
  assertEquals(names.filter((name, i) => names.indexOf(name) !== i), []);
});

for (const device of devices) {
  if (device.backend === reference) continue;
  Deno.test({
    name: `${device.name} agrees with the reference device on every case`,
    ignore: device.backend === undefined,
    fn: async (t) => {
      const backend = device.backend!;
      const before = backend.memory();
      for (const entry of cases) {
        await t.step(entry.name, async () => {
          const expected = await runOn(reference, entry), actual = await runOn(backend, entry);
          assertEquals(actual.dtype, expected.dtype);
          const exact = expected.dtype !== "float32";
          await assertClose(actual, expected, exact ? { tolerance: 0 } : entry.closeness ?? { rtol: 1e-4, atol: 1e-5 });
        });
      }
      // Constants that the engine keeps for later are all that may remain.
      const grown = backend.memory().buffers - before.buffers;
      assert(grown < 100, `${grown} buffers were left behind`);
    },
  });
}
