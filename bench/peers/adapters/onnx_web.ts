/**
 * onnxruntime-web: WebAssembly with SIMD, and threads through workers.
 *
 * The package's build for Node runs in Deno; its browser builds start their workers from a blob and
 * fail there with more than one thread.
 *
 * @module
 */

import type { Adapter } from "./adapter.ts";
import { type Onnx, onnxAdapter } from "./onnx.ts";

interface OnnxWeb extends Onnx {
  readonly env: { readonly versions: { readonly web: string }; readonly wasm: Record<string, unknown> };
}

/** ONNX Runtime in WebAssembly. */
export const adapter: Adapter = onnxAdapter(async (threads) => {
  const folder = new URL("../node_modules/onnxruntime-web/dist/", import.meta.url);
  const onnx: OnnxWeb = await import(new URL("ort.node.min.mjs", folder).href);
  Object.assign(onnx.env.wasm, { numThreads: threads, wasmPaths: folder.href });
  const description = `onnxruntime-web ${onnx.env.versions.web}, wasm`;
  return { onnx, options: { executionProviders: ["wasm"] }, description };
});
