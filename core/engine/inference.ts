/**
 * # Models at inference
 *
 * **Question.** Training needs weights that can be moved. An answer needs weights that can be read fast. How does a model
 * pass from one to the other?
 *
 * **Idea.** In place, and one way: {@linkcode pack} and {@linkcode quantize} ask every weight of the model to keep its
 * values in [packed form](packed.ts), matrix by matrix, so that at no moment more than one exists twice.
 *
 * @module
 */

import { type Check, checkValue } from "./options.ts";
import { noGrad } from "./autograd.ts";
import type { PackedFormat } from "./backend.ts";
import { aModule, type Module } from "./module.ts";
import { PackedMatrix, requireFormat } from "./packed.ts";
import { release, type Storage } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import type { Weight } from "./weight.ts";

/** Whether a weight is kept as its file has it. */
const isOfFile = ({ form }: Weight): boolean => form instanceof PackedMatrix && form.isFixed;

/** Packs every matrix of a model, and takes away what only training needs. */
function packModel<M extends Module>(model: M, format: PackedFormat): M {
  checkValue("pack", "model", model, aModule as Check<M>);
  const done = new Map<Tensor, PackedMatrix>();
  const holders = new Map<Storage, number>();
  for (const { storage } of model.stateDict().values()) holders.set(storage, (holders.get(storage) ?? 0) + 1);
  noGrad(() => {
    for (const weight of model.packable().values()) {
      // Levels of a file are packed, and as exact as they ever were.
      if (weight.format === format || (format === "float32" && isOfFile(weight))) continue;
      if (weight.format) {
        throw new TypeError(
          `Cannot keep packed weights in ${format}: they are in ${weight.format}, which has forgotten the original`,
        );
      }
      const { tensor } = weight, known = done.get(tensor);
      const packed = known ?? PackedMatrix.of(tensor, format, weight.isTable);
      weight.replace(packed);
      if (known) continue;
      done.set(tensor, packed);
      if (tensor.grad) release(tensor.grad);
      // What other tensors of the model view stays; the rest is freed before the next matrix needs room.
      if (holders.get(tensor.storage) === 1) release(tensor);
    }
  });
  for (const value of model.parameters().values()) {
    if (value.grad) release(value.grad);
    value.grad = undefined;
    value.requiresGrad = false;
  }
  model.eval();
  return model;
}

/**
 * Prepares a model for inference: its matrices are kept in the device's own layout.
 *
 * The weight of every `Linear` and every embedding is kept as a {@linkcode PackedMatrix}, and the memory
 * of the original is freed. The model is then in evaluation mode and has no parameters: biases and gains
 * stay as they are but ask for no gradient, and training is refused. State dictionaries keep their paths and
 * shapes.
 *
 * @example
 * ```ts
 * import { Linear, pack, Random, tensor } from "@heed/heed";
 *
 * const layer = pack(new Linear(2, 3, new Random(1)));
 * console.assert(String(layer.forward(tensor([[1, 2]])).shape) === "1,3" && layer.parameters().size === 0);
 * ```
 *
 * @param model is changed
 * @param format `"float32"` keeps the values to the bit, and levels of a file as they are; `"float16"` takes half the memory; `"float32"` by default
 * @returns the same model
 * @throws {TypeError} if its weights have been packed in another format before
 * @throws {RangeError} on the wasm device, if a weight is NaN, which its float16 do not have
 */
export function pack<M extends Module>(model: M, format: "float32" | "float16" = "float32"): M {
  requireFormat("pack weights as", format, ["float32", "float16"]);
  return packModel(model, format);
}

/**
 * Prepares a model for inference with weights of eight or four bits.
 *
 * Like {@linkcode pack}, with rounding.
 *
 * @param model is changed
 * @param format `"int8"` takes 9 bits per weight, `"int4"` 5, steps included
 * @returns the same model
 * @throws {TypeError} if its weights have been packed in another format before
 */
export function quantize<M extends Module>(model: M, format: "int8" | "int4"): M {
  requireFormat("quantize weights to", format, ["int8", "int4"]);
  return packModel(model, format);
}
