/**
 * # 6 · Training
 *
 * **Question.** A Transformer is a function with a few million free numbers. What finds values for
 * them that turn it into a translator, and keeps a run of hours alive?
 *
 * **Idea.** A loss says how wrong the model is ([section](loss.ts)); sentences of many lengths
 * become rectangles ([section](batching.ts)); an optimizer (优化器) turns slopes into steps
 * ([section](optimizers.ts)); the decoder is trained on right answers, or partly on its own
 * ([section](teacher_forcing.ts)). One loop puts these together. A checkpoint makes it survive a
 * crash ([section](checkpoints.ts)), and BLEU says what the loss does not ([section](bleu.ts)).
 *
 * | page              | answers                                             |
 * | ----------------- | --------------------------------------------------- |
 * | `loss`            | how wrong the model is, in one number               |
 * | `batching`        | how sentences of any length go together             |
 * | `optimizers`      | how far each parameter moves                        |
 * | `adam`            | how each parameter gets a step of its own length    |
 * | `lion`            | what is left of Adam if only signs count            |
 * | `clipping`        | how one bad batch is kept from doing harm           |
 * | `schedules`       | how the learning rate climbs and falls              |
 * | `teacher_forcing` | what the decoder is fed in training                 |
 * | `loop`            | how all of these run, for hours if need be          |
 * | `early_stopping`  | when training has gone on for long enough           |
 * | `safetensors`     | how tensors are written down                        |
 * | `state_names`     | how weights come from other libraries and go there  |
 * | `checkpoints`     | how a run is taken up again, bit for bit            |
 * | `bleu`            | how good a translation is, next to a human one      |
 * | `policy_gradient` | how a score without a derivative is trained on      |
 *
 * ## Notation
 *
 * $\theta$ are the parameters (可学习参数), $g$ is their gradient (梯度), $\eta$ the learning rate,
 * $t$ the step, counted from 1. A target of -100 asks nothing. A mask is true where a token is
 * real.
 *
 * @example
 * ```ts
 * import { Linear, Random, tensor } from "@heed/heed/engine";
 * import { meanSquaredError, Optimizer, sgd } from "@heed/heed/training";
 *
 * const model = new Linear(1, 1, new Random(1));
 * const optimizer = new Optimizer(model.parameters(), sgd({ learningRate: 0.1 }));
 * const loss = meanSquaredError(model.forward(tensor([[1], [2]])), tensor([[3], [5]]));
 * loss.backward();
 * optimizer.step();
 * ```
 *
 * @module
 */

export * from "./loss.ts";
export * from "./batching.ts";
export * from "./optimizers.ts";
export { adam, type AdamOptions, adamW, type AdamWOptions, type DecayOptions, type MomentOptions } from "./adam.ts";
export * from "./lion.ts";
export * from "./clipping.ts";
export * from "./schedules.ts";
export * from "./teacher_forcing.ts";
export * from "./loop.ts";
export {
  type BestEvaluation,
  EarlyStopping,
  type EarlyStoppingOptions,
  type EarlyStoppingState,
} from "./early_stopping.ts";
export * from "./safetensors.ts";
export * from "./state_names.ts";
export * from "./checkpoints.ts";
export * from "./bleu.ts";
export * from "./policy_gradient.ts";
