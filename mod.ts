/**
 * heed: attention and Transformers as a book that runs.
 *
 * Every chapter of the book is a module, and all of them together are this library. Nothing
 * has to be installed and no permission is needed: the CPU device (WebAssembly SIMD) is ready
 * when the import returns, and `await useDevice("webgpu")` computes on a GPU.
 *
 * @example
 * ```ts
 * import { Random, scaledDotProductAttention } from "@heed/heed";
 *
 * const random = new Random(1);
 * const [query, key, value] = [0, 1, 2].map(() => random.normal([1, 4, 16, 32]));
 * const output = scaledDotProductAttention(query!, key!, value!, { causal: true });
 * console.assert(String(output.shape) === "1,4,16,32");
 * ```
 *
 * @module
 */

import { createReferenceDevice, DeviceUnavailable, registerDevice, setDefaultDevice } from "./core/engine/mod.ts";
import type { Backend } from "./core/engine/mod.ts";
import { createWasmDevice } from "./wasm/mod.ts";

export * from "./core/02_words/mod.ts";
export * from "./core/04_attention/mod.ts";
export * from "./core/05_transformer/mod.ts";
export * from "./core/06_training/mod.ts";
export * from "./core/07_generation/mod.ts";
export * from "./core/engine/mod.ts";
export { createWasmDevice, type WasmOptions } from "./wasm/mod.ts";
export type { WebgpuOptions } from "./gpu/adapter.ts";

let wasm: Backend | undefined, webgpu: Backend | undefined, software: Backend | undefined;

registerDevice("wasm", () => {
  try {
    return wasm ??= createWasmDevice();
  } catch (error) {
    throw new DeviceUnavailable(error instanceof Error ? error.message : String(error));
  }
});
// Shaders are loaded when a GPU is asked for. A software adapter, slower than the CPU device, has to be named.
registerDevice("webgpu", async (named) => {
  const { createWebgpuDevice } = await import("./gpu/mod.ts");
  try {
    if (!webgpu || webgpu.lost) webgpu = await createWebgpuDevice();
    return webgpu;
  } catch (error) {
    if (!named) throw new DeviceUnavailable((error as Error).message);
  }
  try {
    if (!software || software.lost) software = await createWebgpuDevice({ allowSoftware: true });
    return software;
  } catch (error) {
    throw new DeviceUnavailable((error as Error).message);
  }
});
setDefaultDevice(() => {
  try {
    return wasm ??= createWasmDevice();
  } catch {
    return createReferenceDevice();
  }
});

if (import.meta.main) {
  // Not a literal: who imports the library by URL shall not download the program with it.
  const program = new URL("./core/cli.ts", import.meta.url).href;
  const { main } = await import(program).catch((error: Error) => {
    if (!error.message.includes("read access")) throw error;
    const needed = "add --allow-read, and --allow-write to save models";
    console.error(`heed: Cannot start the program without reading its own files: ${needed}`);
    Deno.exit(1);
  });
  await main();
}
