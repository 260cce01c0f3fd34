/**
 * The GPU device in `deno bench`: products, rows and losses, by their fused kernels and by their definitions.
 *
 * Waiting for a GPU costs more than a kernel, so each turn records the work many times and waits once. Without a
 * GPU nothing is measured; `deno bench bench/webgpu_bench.ts -- --software` takes an adapter that computes on the CPU.
 * `bench/webgpu.ts` measures beside ceilings.
 *
 * @module
 */

import type { Backend } from "../core/engine/backend.ts";
import { withBackend } from "../core/engine/device.ts";
import { withoutFusion } from "../core/engine/fusable.ts";
import { scope } from "../core/engine/scope.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import { createWebgpuDevice } from "../gpu/mod.ts";
import { runtimeOf } from "../gpu/runtime.ts";
import { Draws } from "../tests/support.ts";
import { layerNormRow, linearRow, matmulRow, softmaxRow, type TimedCase } from "../tests/timed_cases.ts";
import { createWasmDevice } from "../wasm/mod.ts";

const allowSoftware = Deno.args.includes("--software");
const gpu: Backend | undefined = await createWebgpuDevice({ allowSoftware }).catch((error: Error) => {
  console.log(`The GPU device is not measured: ${error.message}`);
  return undefined;
});
const wasm = createWasmDevice();

/** Registers some work, `times` over, on the GPU device by both routes and on the CPU device. */
function benchGpu(times: number, { name: group, inputs, run }: TimedCase): void {
  const route = (name: string, device: Backend, fused: boolean, baseline = false): void => {
    let made: Tensor[] | undefined;
    Deno.bench({
      name,
      group: `${times} × ${group}`,
      baseline,
      fn: async () => {
        withBackend(device, () => {
          made ??= inputs(new Draws(1)).map((x) => x.tensor());
          const work = (): void => scope(() => void run(...made!));
          for (let i = 0; i < times; i++) {
            if (fused) work();
            else withoutFusion(work);
          }
        });
        if (device === gpu) await runtimeOf(gpu).queue.done();
      },
    });
  };
  route("webgpu", gpu!, true, true);
  route("webgpu, definition", gpu!, false);
  route("wasm, threads", wasm, true);
}

if (gpu) {
  const small = allowSoftware;
  for (const n of small ? [64] : [512, 2048]) benchGpu(small ? 2 : 10, matmulRow(n, n, n));
  for (const rows of small ? [1] : [1, 8, 512]) {
    benchGpu(small ? 2 : 50, small ? linearRow(rows, 64, 128) : linearRow(rows, 768, 3072));
  }
  const [rows, columns] = small ? [16, 64] as const : [4096, 1024] as const;
  for (const row of [softmaxRow(rows, columns), layerNormRow(rows, columns)]) benchGpu(small ? 2 : 20, row);
}
