/**
 * onnxruntime-node: the same runtime compiled for the processor, as a yardstick.
 *
 * @module
 */

import { type Adapter, require } from "./adapter.ts";
import { type Onnx, onnxAdapter } from "./onnx.ts";

interface OnnxNode extends Onnx {
  readonly env: { readonly versions: { readonly node: string } };
}

/** ONNX Runtime in native code. */
export const adapter: Adapter = onnxAdapter((threads) => {
  const onnx: OnnxNode = require("onnxruntime-node");
  const options = { executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1 };
  return { onnx, options, description: `onnxruntime-node ${onnx.env.versions.node}, cpu` };
});
