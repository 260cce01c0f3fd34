/** Parameters, gradients and rules of the trajectories that `training.py` recorded. */

import { parameter, tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { adaGrad, rmsProp } from "../../core/06_training/adagrad_and_rmsprop.ts";
import { adam, adamW } from "../../core/06_training/adam.ts";
import { lion } from "../../core/06_training/lion.ts";
import type { OptimizerRule } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import goldens from "../goldens/training.json" with { type: "json" };

/** Numbers as the recipe writes them. */
export const numbers = (text: string): Float64Array => Float64Array.from(text.split(" "), Number);

/** What moves. */
export const SHAPES: Readonly<Record<"matrix" | "bias", readonly number[]>> = { matrix: [3, 2], bias: [2] };

/** The parameters before the first step. */
export function start(): Map<string, Tensor> {
  return new Map([
    ["matrix", parameter(tensor(numbers(goldens.start.matrix), SHAPES.matrix))],
    ["bias", parameter(tensor(numbers(goldens.start.bias), SHAPES.bias))],
  ]);
}

/** Gives the parameters the gradients of a step. */
export function setGradients(parameters: ReadonlyMap<string, Tensor>, step: number): void {
  const { matrix, bias } = goldens.gradients[step]!;
  parameters.get("matrix")!.grad = tensor(numbers(matrix), SHAPES.matrix);
  parameters.get("bias")!.grad = tensor(numbers(bias), SHAPES.bias);
}

/** The rules of the recorded trajectories. */
export const recorded: Readonly<Record<keyof typeof goldens.optimizers, OptimizerRule>> = {
  sgd: sgd({ learningRate: 0.1 }),
  momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
  nesterov: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  adaGrad: adaGrad({ learningRate: 0.1, epsilon: 1e-6 }),
  rmsProp: rmsProp({ learningRate: 0.05, beta2: 0.9, epsilon: 1e-6 }),
  adam: adam({ learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }),
  adamPenalty: adam({ learningRate: 0.05, penalty: 0.1 }),
  adamw: adamW({ learningRate: 0.05, weightDecay: 0.1 }),
};

/** One of each rule: what holds for all of them is tested on these. */
export const rules: Readonly<Record<string, OptimizerRule>> = {
  ...recorded,
  lion: lion({ learningRate: 0.02, weightDecay: 0.5 }),
};
