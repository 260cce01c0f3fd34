/**
 * # Fused jobs
 *
 * Which kernel a fused job number means.
 *
 * @module
 */

import { activation, activationBackward } from "./activations.ts";
import { attention } from "./attention.ts";
import { attentionBackward } from "./attention_backward.ts";
import { attentionFew } from "./attention_few.ts";
import { dropout, dropoutBackward } from "./dropout.ts";
import * as op from "./fused_opcodes.ts";
import { crossEntropy, crossEntropyBackward } from "./loss.ts";
import { addPartials, normalize, normalizeBackward } from "./normalization.ts";
import { adamStep } from "./optimizer.ts";
import { rotary } from "./rotary.ts";
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "./softmax.ts";

/** Does the units `[from, to)` of one fused job. */
export function fusedJob(job: i32, args: usize, from: i32, to: i32, scratch: usize): void {
  switch (job) {
    case op.SOFTMAX:
      return softmax(args, from, to);
    case op.SOFTMAX_BACKWARD:
      return softmaxBackward(args, from, to);
    case op.LOG_SOFTMAX:
      return logSoftmax(args, from, to);
    case op.LOG_SOFTMAX_BACKWARD:
      return logSoftmaxBackward(args, from, to);
    case op.CROSS_ENTROPY:
      return crossEntropy(args, from, to);
    case op.CROSS_ENTROPY_BACKWARD:
      return crossEntropyBackward(args, from, to);
    case op.NORMALIZE:
      return normalize(args, from, to);
    case op.NORMALIZE_BACKWARD:
      return normalizeBackward(args, from, to, scratch);
    case op.ADD_PARTIALS:
      return addPartials(args, from, to);
    case op.ACTIVATION:
      return activation(args, from, to);
    case op.ACTIVATION_BACKWARD:
      return activationBackward(args, from, to);
    case op.DROPOUT:
      return dropout(args, from, to);
    case op.DROPOUT_BACKWARD:
      return dropoutBackward(args, from, to);
    case op.ROTARY:
      return rotary(args, from, to);
    case op.ADAM_STEP:
      return adamStep(args, from, to);
    case op.ATTENTION:
      return attention(args, from, to, scratch);
    case op.ATTENTION_FEW:
      return attentionFew(args, from, to, scratch);
    case op.ATTENTION_BACKWARD:
      return attentionBackward(args, from, to, scratch);
    default:
      unreachable();
  }
}
