/**
 * # Appendix: the engine
 *
 * What the chapters stand on and the notes assume: arrays with axes, derivatives, devices,
 * memory and randomness. Read it when a chapter's line makes you wonder what happens below.
 *
 * | page | question |
 * | --- | --- |
 * | `shape.ts` | What connects a formula's matrix with a flat row of numbers? |
 * | `backend.ts` | What must a device be able to do? |
 * | `reference.ts` | What is the right answer? |
 * | `requirements.ts` | What does every device refuse? |
 * | `kernel_device.ts` | What do devices with kernels share? |
 * | `recurrent_call.ts` | What do recurrent kernels of both devices read? |
 * | `device.ts` | Who decides where things run? |
 * | `scope.ts` | Who frees what? |
 * | `memory_summary.ts` | Where is memory? |
 * | `tensor.ts` | What is an array that reads like its formula? |
 * | `create.ts`, `constants.ts` | How do numbers get onto a device? |
 * | `literal.ts` | What do nested lists stand for beside a tensor? |
 * | `numbers.ts` | What becomes of a number that a type does not have? |
 * | `printing.ts` | What does `console.log` show of memory that it does not see? |
 * | `refusals.ts` | What does a tensor refuse? |
 * | `operations.ts`, `elementwise.ts`, `autograd.ts` | How does each number learn in which direction to move? |
 * | `derivatives.ts` | What if a formula contains a gradient? |
 * | `fusable.ts` | How can a kernel replace a definition without becoming one? |
 * | `joining.ts`, `indexing.ts`, `sorting.ts` | How are tensors put together, looked up, put in order? |
 * | `einsum.ts`, `convolution.ts` | Which products need more than one line? |
 * | `random.ts`, `dropout.ts` | How can randomness be repeated? |
 * | `chance.ts` | How do the parts of a model come to random numbers? |
 * | `module.ts`, `weight.ts`, `linear.ts`, `sequential.ts` | Where do weights live? |
 * | `initialization.ts` | How large are weights before training? |
 * | `options.ts` | What may an option be? |
 * | `part.ts` | Who knows what a word in a file stands for? |
 * | `arguments.ts`, `shown.ts` | What may an argument be, and how is it shown? |
 * | `json.ts` | What of a file may be believed? |
 * | `growing.ts` | Who computes what depends on a length alone? |
 * | `heap.ts` | How much order does a queue need? |
 * | `exponential.ts` | How is the same exponential had everywhere, fifty thousand times a token? |
 * | `pace.ts` | How does a long loop stay responsive? |
 * | `packed.ts`, `inference.ts` | How can weights be read faster, once they no longer change? |
 * | `levels.ts` | How are weights multiplied that a file has rounded already? |
 * | `records.ts` | How can keys and values be kept in a quarter of the memory? |
 *
 * @example
 * ```ts
 * import { parameter, tensor } from "@heed/heed/engine";
 *
 * const x = parameter(tensor([1, 2, 3]));
 * x.square().sum().backward();
 * console.assert(String(await x.grad!.read()) === "2,4,6");
 * ```
 *
 * @module
 */

export { type Axis, broadcastShapes, dims, type Shape, sizeOf } from "./shape.ts";
export * from "./backend.ts";
export { createReferenceDevice } from "./reference.ts";
export {
  type DeviceChoice,
  type DeviceName,
  DeviceUnavailable,
  type OpenDevice,
  registerDevice,
  setBackend,
  setDefaultDevice,
  useDevice,
  withBackend,
} from "./device.ts";
export { type Holder, keep, memory, release, scope, type Storage } from "./scope.ts";
export { type MemoryOfShape, type MemoryPart, type MemorySummary, memorySummary } from "./memory_summary.ts";
export { type ReduceOptions, Tensor, type TensorLike, type VarianceOptions } from "./tensor.ts";
export type { Bytes, Rows, TypedRows } from "./literal.ts";
export { arange, full, lowerTriangle, ones, parameter, tensor, zeros } from "./create.ts";
export { isRecording, leavesOf, noGrad, type TapeNode, withRecording } from "./autograd.ts";
export * from "./derivatives.ts";
export * from "./fusable.ts";
export * from "./joining.ts";
export { gather, oneHot, scatter, take } from "./indexing.ts";
export * from "./sorting.ts";
export * from "./einsum.ts";
export {
  averagePool1d,
  averagePool2d,
  conv1d,
  conv2d,
  type ConvolutionOptions,
  maxPool1d,
  maxPool2d,
  type PerAxis,
  type PoolingOptions,
  type WindowOptions,
} from "./convolution.ts";
export * from "./convolution_layers.ts";
export * from "./random.ts";
export { Chance } from "./chance.ts";
export * from "./dropout.ts";
export * from "./module.ts";
export { glorot, type Initialization, type LayerInitialization, normal } from "./initialization.ts";
export * from "./weight.ts";
export * from "./linear.ts";
export * from "./sequential.ts";
export { type Part, type PartTable, readPart, writePart, type WrittenPart } from "./part.ts";
export { type Check, checkOptions, type Checks, type Limits } from "./options.ts";
export * from "./pace.ts";
export { PackedMatrix, roundHalves, roundRows, roundWeights } from "./packed.ts";
export type { LevelSource } from "./levels.ts";
export { pack, quantize } from "./inference.ts";
