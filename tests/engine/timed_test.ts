/** What the benches time is right: the rows that the reference device can compute in a moment. */

import { assertGreater } from "@std/assert";
import type { Backend } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { assertUnits, evaluate } from "../fused.ts";
import { devices, Draws, HostArray, reference } from "../support.ts";
import { timed, timedUpdates } from "../timed_cases.ts";

/** Most operations of a row that is checked. */
const MOMENT = 2e6;

for (const { name, backend } of devices) {
  if (backend === reference) continue;
  Deno.test({
    name: `${name} is right in what is timed`,
    ignore: backend === undefined,
    fn: async (t) => {
      const rows = Object.values(timed).flat().filter(({ flops }) => flops <= MOMENT);
      assertGreater(rows.length, 8);
      for (const row of rows) {
        await t.step(row.name, async () => {
          const expected = await evaluate(reference, row, { fuse: false });
          assertUnits(await evaluate(backend!, row), expected, 4096);
        });
      }
      for (const { name, inputs, run } of timedUpdates.filter(({ flops }) => flops <= MOMENT)) {
        await t.step(name, async () => {
          const updated = (device: Backend): Promise<HostArray[]> =>
            withBackend(device, async () => {
              const all = inputs(new Draws(1)).map((x) => x.tensor());
              scope(() => run(...all));
              const numbers = await Promise.all(all.map(HostArray.of));
              for (const x of all) release(x);
              return numbers;
            });
          assertUnits(await updated(backend!), await updated(reference), 64);
        });
      }
    },
  });
}
