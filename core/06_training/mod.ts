/**
 * # 6 · Training
 *
 * **Question.** A Transformer is a function with millions of parameters. What finds values for
 * them that make it a translator, in a run that can last for hours?
 *
 * **Idea.** A loss says how wrong the model is ([section](loss.ts)); sentences of different lengths
 * become batches ([section](batching.ts)); an optimizer (优化器) turns gradients into steps
 * ([section](optimizers.ts)); the decoder reads the reference, or partly its own predictions
 * ([section](teacher_forcing.ts)). One loop puts these together. With checkpoints it survives a
 * crash ([section](checkpoints.ts)). BLEU measures what the loss does not ([section](bleu.ts)).
 *
 * | page              | answers                                             |
 * | ----------------- | --------------------------------------------------- |
 * | `loss`            | how wrong the model is, in one number               |
 * | `batching`        | how sentences of any length form a batch            |
 * | `optimizers`      | how far each parameter moves                        |
 * | `adagrad_and_rmsprop` | how a parameter with small gradients gets longer steps |
 * | `adam`            | how each parameter gets a step of its own length    |
 * | `lion`            | what is left of Adam if only signs count            |
 * | `clipping`        | how one bad batch is kept from doing harm           |
 * | `schedules`       | how the learning rate climbs and falls              |
 * | `optimizer`       | who keeps what a rule remembers                     |
 * | `teacher_forcing` | what the decoder reads in training                  |
 * | `loop`            | how all of these run, for hours if need be          |
 * | `early_stopping`  | when to stop training                               |
 * | `safetensors`     | how tensors are written down                        |
 * | `state_names`     | how weights come from other libraries and go there  |
 * | `checkpoints`     | how a run is resumed, bit for bit                   |
 * | `bleu`            | how good a translation is, next to a human one      |
 * | `chrf`            | how an almost right word counts                     |
 * | `policy_gradient` | how to train on a score without a derivative        |
 *
 * ## Notation
 *
 * $\theta$ are the parameters (可学习参数), $g$ is their gradient (梯度), $\eta$ the learning rate,
 * $t$ the step, counted from 1. A target of -100 is ignored. A mask is true where a token is
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
export * from "./adagrad_and_rmsprop.ts";
export { adam, type AdamOptions, adamW, type AdamWOptions, type DecayOptions, type MomentOptions } from "./adam.ts";
export * from "./lion.ts";
export * from "./clipping.ts";
export * from "./schedules.ts";
export * from "./optimizer.ts";
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
export {
  bleu,
  type BleuOptions,
  type BleuScore,
  type BleuSmoothing,
  type BleuTokenizer,
  bleuTokens,
  corpusBleu,
  sentenceBleu,
} from "./bleu.ts";
export * from "./chrf.ts";
export * from "./policy_gradient.ts";
