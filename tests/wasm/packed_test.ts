/**
 * Packed weights on the CPU device: the same bits for any number of threads, the same integers in both builds.
 */

import { assertEquals } from "@std/assert";
import type { Backend, PackedFormat } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { PackedMatrix } from "../../core/engine/packed.ts";
import { scope } from "../../core/engine/scope.ts";
import { ones } from "../../core/engine/create.ts";
import { createWasmDevice, type WasmOptions } from "../../wasm/mod.ts";
import { runtimeOf } from "../../wasm/runtime.ts";
import { assertClose, Draws } from "../support.ts";

const formats: readonly PackedFormat[] = ["float32", "float16", "int8", "int4"];

/** A device on which workers are awake, if it has any. */
async function awake(options: WasmOptions): Promise<Backend> {
  const device = createWasmDevice(options), { threads } = runtimeOf(device);
  for (let i = 0; i < 200 && threads.started < threads.count - 1; i++) {
    withBackend(device, () => scope(() => void ones([300, 300]).matmul(ones([300, 300]))));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return device;
}

/** A product of random numbers. */
async function product(options: WasmOptions, format: PackedFormat, rows: number, K: number, N: number) {
  return await withBackend(await awake(options), () => {
    const draws = new Draws(K), x = draws.normal(rows, K).tensor(), bias = draws.normal(N).tensor();
    return PackedMatrix.of(draws.normal(K, N).tensor(), format, false).multiply(x, bias).read();
  });
}

for (const format of formats) {
  Deno.test(`linear() by weights in ${format} has the same bits for any number of threads`, async () => {
    for (const [rows, K, N] of [[1, 768, 3000], [5, 300, 1001], [64, 200, 130]] as const) {
      const alone = await product({ threads: 1 }, format, rows, K, N);
      assertEquals(await product({ threads: 3 }, format, rows, K, N), alone);
      assertEquals(await product({ shared: false }, format, rows, K, N), alone);
    }
  });

  Deno.test(`linear() by weights in ${format} agrees in both builds, in whole blocks to the bit`, async () => {
    for (const [rows, K, N] of [[1, 32, 20], [7, 32, 33], [1, 500, 9], [6, 500, 64]] as const) {
      const [fused, strict] = [
        await product({}, format, rows, K, N),
        await product({ relaxed: false }, format, rows, K, N),
      ];
      // One block is one exact sum of integers; several blocks, or float32, are added up with other roundings.
      const exact = K === 32 && format.startsWith("int");
      await assertClose(strict, fused, { rtol: 0, atol: exact ? 0 : 1e-6 * K });
    }
  });
}

for (const format of formats) {
  Deno.test(`linear() by weights in ${format} gives a row the same bits alone and among others`, async () => {
    for (const [K, N] of [[768, 96], [1100, 77], [33, 5], [7, 1]] as const) {
      const most = 16, all = await product({ threads: 1 }, format, most, K, N);
      for (const rows of [1, 2, 3, 4, 5, 6, 7, 8, 11, 13]) {
        const device = createWasmDevice({ threads: 1 });
        const some = await withBackend(device, () => {
          const draws = new Draws(K), x = draws.normal(most, K).tensor(), bias = draws.normal(N).tensor();
          const packed = PackedMatrix.of(draws.normal(K, N).tensor(), format, false);
          return packed.multiply(x.slice(0, most - rows), bias).read();
        });
        assertEquals(some, all.slice((most - rows) * N));
      }
    }
  });
}

Deno.test("linear() by weights in float16 has the bits of the same weights in float32", async () => {
  for (const options of [{ threads: 1 }, { threads: 1, relaxed: false }]) {
    await withBackend(createWasmDevice(options), async () => {
      for (const [rows, K, N] of [[1, 700, 90], [3, 1100, 41], [8, 64, 64], [40, 1100, 130], [9, 30, 2100]] as const) {
        const draws = new Draws(K), x = draws.normal(rows, K).tensor(), bias = draws.normal(N).tensor();
        const halves = PackedMatrix.of(draws.normal(K, N).tensor(), "float16", false);
        const whole = PackedMatrix.of(halves.unpack(), "float32", false);
        assertEquals(await halves.multiply(x, bias).read(), await whole.multiply(x, bias).read());
      }
    });
  }
});
