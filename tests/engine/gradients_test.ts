/** Gradients against central differences, on every case of the table that has float32 inputs. */

import { assertGreater } from "@std/assert";
import { withBackend } from "../../core/engine/device.ts";
import { cases } from "../cases.ts";
import { assertGradients, Draws, reference } from "../support.ts";

Deno.test("gradients agree with central differences in every case", async (t) => {
  let checked = 0;
  for (const { name, inputs, run, flops, differentiable = true } of cases) {
    const arrays = inputs(new Draws(1));
    // Timed cases are large, and their small siblings are checked.
    if (flops || !differentiable || !arrays.some(({ dtype }) => dtype === "float32")) continue;
    const { dtype } = withBackend(reference, () => run(...arrays.map((x) => x.tensor())));
    if (dtype !== "float32") continue;
    await t.step(name, async () => {
      await assertGradients(run, arrays);
      checked++;
    });
  }
  assertGreater(checked, 700);
});
