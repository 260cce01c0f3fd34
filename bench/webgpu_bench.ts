/**
 * The GPU device in `deno bench`: products, rows and losses, by their fused kernels and by their definitions.
 *
 * Waiting for a GPU costs more than a kernel, so each turn records the work many times and waits once. Without a
 * GPU nothing is measured; `deno bench bench/webgpu_bench.ts -- --software` takes an adapter that computes on the CPU.
 * `bench/webgpu.ts` measures beside ceilings.
 *
 * @module
 */

import { softmax } from "../core/02_words/softmax.ts";
import { layerNorm } from "../core/05_transformer/normalization.ts";
import type { Backend } from "../core/engine/backend.ts";
import { withBackend } from "../core/engine/device.ts";
import { withoutFusion } from "../core/engine/fusable.ts";
import { linear } from "../core/engine/weight.ts";
import { Random } from "../core/engine/random.ts";
import { scope } from "../core/engine/scope.ts";
import type { Tensor } from "../core/engine/tensor.ts";
import { createWebgpuDevice } from "../gpu/mod.ts";
import { runtimeOf } from "../gpu/runtime.ts";
import { createWasmDevice } from "../wasm/mod.ts";

const allowSoftware = Deno.args.includes("--software");
const gpu: Backend | undefined = await createWebgpuDevice({ allowSoftware }).catch((error: Error) => {
  console.log(`The GPU device is not measured: ${error.message}`);
  return undefined;
});
const wasm = createWasmDevice();

/** Registers some work, `times` over, on the GPU device by both routes and on the CPU device. */
function benchGpu(
  group: string,
  times: number,
  inputs: (random: Random) => Tensor[],
  run: (...inputs: Tensor[]) => unknown,
): void {
  const route = (name: string, device: Backend, fused: boolean, baseline = false): void => {
    let made: Tensor[] | undefined;
    Deno.bench({
      name,
      group: `${times} × ${group}`,
      baseline,
      fn: async () => {
        withBackend(device, () => {
          made ??= inputs(new Random(1));
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
  for (const n of small ? [64] : [512, 2048]) {
    benchGpu(
      `matmul ${n}×${n}×${n}`,
      small ? 2 : 10,
      (random) => [random.normal([n, n]), random.normal([n, n])],
      (a, b) => a!.matmul(b!),
    );
  }
  for (const rows of small ? [1] : [1, 8, 512]) {
    const [K, N] = small ? [64, 128] : [768, 3072];
    benchGpu(
      `linear ${rows} × ${K} by ${K}×${N}`,
      small ? 2 : 50,
      (random) => [random.normal([rows, K]), random.normal([K, N]), random.normal([N])],
      (x, weight, bias) => linear(x!, weight!, bias!),
    );
  }
  const [rows, columns] = small ? [16, 64] : [4096, 1024];
  benchGpu(
    `softmax ${rows}×${columns}`,
    small ? 2 : 20,
    (random) => [random.normal([rows, columns])],
    (x) => softmax(x!),
  );
  benchGpu(
    `layerNorm ${rows}×${columns}`,
    small ? 2 : 20,
    (random) => [random.normal([rows, columns]), random.normal([columns]), random.normal([columns])],
    (x, gain, bias) => layerNorm(x!, gain, bias),
  );
}
