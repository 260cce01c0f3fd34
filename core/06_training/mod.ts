/**
 * # Chapter 6 · Training
 *
 * **The question of the chapter.** A Transformer is a function with a few million free numbers. What
 * finds values for them that turn it into a translator, and keeps a run of hours alive?
 *
 * **The map.** A loss says how wrong the model is (6.1); sentences of many lengths become rectangles
 * (6.2); an optimizer turns slopes into steps (6.3); the decoder is trained on right answers, or partly
 * on its own (6.4). One loop puts these together. A checkpoint makes it survive a crash (6.7), and BLEU
 * says what the loss does not (6.8).
 *
 * | section | file                 | what it answers                                   |
 * | ------- | -------------------- | ------------------------------------------------- |
 * | 6.1     | `loss.ts`            | how wrong was it, in one number                   |
 * | 6.2     | `batching.ts`        | how sentences of any length go together           |
 * | 6.3     | `optimizers.ts`      | how far each parameter moves                      |
 * | 6.4     | `teacher_forcing.ts` | what the decoder is fed in training               |
 * |         | `loop.ts`            | the one training loop                             |
 * | 6.7     | `safetensors.ts`     | how tensors are written down                      |
 * | 6.7     | `checkpoints.ts`     | how a run is taken up again, bit for bit          |
 * | 6.8     | `bleu.ts`            | how good a translation is, next to a human one    |
 *
 * **Notation.** $\theta$ parameters, $g$ gradient, $\eta$ learning rate, $t$ step, counted from 1. Targets
 * of -100 ask nothing. A mask is true where a token is real.
 *
 * @module
 */

export * from "./loss.ts";
export * from "./batching.ts";
export * from "./optimizers.ts";
export * from "./teacher_forcing.ts";
export * from "./loop.ts";
export * from "./safetensors.ts";
export * from "./checkpoints.ts";
export * from "./bleu.ts";
