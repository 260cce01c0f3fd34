import { assertEquals, assertThrows } from "@std/assert";
import { clipGradients } from "../../core/06_training/clipping.ts";
import goldens from "../goldens/training.json" with { type: "json" };
import { assertClose, onEveryBackend, onReference } from "../support.ts";
import { numbers, setGradients, start } from "./trajectories.ts";

onEveryBackend("clipGradients() agrees with PyTorch", async () => {
  for (const { maxNorm, norm, gradients } of goldens.clip) {
    const parameters = start();
    setGradients(parameters, 0);
    await assertClose(clipGradients(parameters, maxNorm), numbers(norm)[0]!, { rtol: 1e-6 });
    for (const [i, x] of [...parameters.values()].entries()) {
      // PyTorch adds 1e-6 to the norm it divides by.
      await assertClose(await x.grad!.read(), numbers(gradients[i]!), { rtol: 2e-6 });
    }
  }
});

onEveryBackend("clipGradients() keeps the direction", async () => {
  const parameters = start();
  setGradients(parameters, 0);
  clipGradients(parameters, 0.1);
  const ratio = async (key: "matrix" | "bias"): Promise<number> =>
    (await parameters.get(key)!.grad!.read())[0]! / numbers(goldens.gradients[0]![key])[0]!;
  await assertClose(await ratio("matrix"), await ratio("bias"), { rtol: 1e-6 });
  let squares = 0;
  for (const x of parameters.values()) for (const g of await x.grad!.read()) squares += g * g;
  await assertClose(Math.sqrt(squares), 0.1, { rtol: 1e-6 });
});

onEveryBackend("clipGradients() leaves every bit of a short gradient alone", async () => {
  const parameters = start();
  setGradients(parameters, 1);
  const before = await parameters.get("matrix")!.grad!.read();
  clipGradients(parameters, 1e3);
  await assertClose(parameters.get("matrix")!.grad!, before, { tolerance: 0 });
  assertEquals(await clipGradients(new Map(), 1).item(), 0);
});

onReference("clipGradients() refuses a length that is not positive", () => {
  for (const length of [0, -1, NaN]) {
    assertThrows(() => clipGradients(start(), length), RangeError, "maxNorm must be positive");
  }
});

onEveryBackend("clipGradients() takes a bound beyond float32 for finite", async () => {
  const parameters = start();
  setGradients(parameters, 0);
  const [matrix, bias] = [parameters.get("matrix")!, parameters.get("bias")!];
  const before = await bias.grad!.read();
  clipGradients(parameters, 1e39);
  await assertClose(bias.grad!, before, { tolerance: 0 });
  matrix.grad!.assign(Infinity);
  assertEquals(await clipGradients(parameters, 1e39).item(), Infinity);
  for (const { grad } of [matrix, bias]) assertEquals(await grad!.abs().max().item(), 0);
});
