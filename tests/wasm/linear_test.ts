import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Backend, View } from "../../core/engine/backend.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import { runtimeOf } from "../../wasm/runtime.ts";
import { noisy, take, upload } from "./support.ts";

const builds: readonly (readonly [string, Backend])[] = [
  ["relaxed", createWasmDevice({ threads: 1 })],
  ["strict", createWasmDevice({ threads: 1, relaxed: false })],
];

/** The fused linear layer of a device. */
async function linear(device: Backend, x: View, weight: View, bias?: View): Promise<number[]> {
  const [y] = device.fused.forward["linear"]!([x, weight, bias], {})!;
  return [...await take(device, y.buffer, y.shape)];
}

for (const [build, device] of builds) {
  Deno.test(`linear of weights at rest keeps its bits when they are packed [${build}]`, async () => {
    for (const [rows, depth, columns] of [[1, 300, 300], [3, 517, 250], [8, 256, 513], [9, 300, 301], [70, 700, 131]]) {
      const x = upload(device, noisy(1, rows! * depth!), [rows!, depth!]);
      const weight = upload(device, noisy(2, depth! * columns!), [depth!, columns!]);
      const bias = upload(device, noisy(3, columns!), [columns!]);
      const [first, firstPlain] = [await linear(device, x, weight, bias), await linear(device, x, weight)];
      const held = runtimeOf(device).memory.bytes;
      for (let i = 0; i < 3; i++) {
        assertEquals(await linear(device, x, weight, bias), first);
        assertEquals(await linear(device, x, weight), firstPlain);
      }
      assert(runtimeOf(device).memory.bytes > held, `${rows}×${depth}×${columns} has not been packed`);
      for (const { buffer } of [x, weight, bias]) device.release(buffer);
    }
  });

  Deno.test(`linear sees weights that have been written after they were packed [${build}]`, async () => {
    const x = upload(device, noisy(1, 300), [1, 300]), weight = upload(device, noisy(2, 90_000), [300, 300]);
    for (let i = 0; i < 4; i++) await linear(device, x, weight);
    const before = await linear(device, x, weight), held = runtimeOf(device).memory.bytes;
    const other = upload(device, noisy(4, 90_000), [300, 300]);
    device.copy(other, weight);
    const after = await linear(device, x, weight);
    assertNotEquals(after, before);
    assertEquals(after, await linear(device, x, other));
    device.release(other.buffer);
    assert(runtimeOf(device).memory.bytes < held);
    for (const { buffer } of [x, weight]) device.release(buffer);
    assertEquals(device.memory(), { buffers: 0, bytes: 0 });
  });
}
