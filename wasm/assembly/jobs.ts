/**
 * Which kernel a job number means. Every kernel has the same four parameters:
 *
 * | argument     | meaning                                              |
 * | ------------ | ---------------------------------------------------- |
 * | `args`       | byte address of the argument words                   |
 * | `from`, `to` | units of work to do, `from` included, `to` not       |
 * | `scratch`    | memory of this thread alone, at least 4096 bytes     |
 *
 * @module
 */

import { fusedJob } from "./fused_jobs";
import { multiplyEachJob, multiplyJob, packJob } from "./matmul";
import { FUSED, MULTIPLY, MULTIPLY_EACH, PACK } from "./opcodes";

/** Does the units `[from, to)` of one job. */
export function job(op: i32, args: usize, from: i32, to: i32, scratch: usize): void {
  if (op >= FUSED) return fusedJob(op, args, from, to, scratch);
  switch (op) {
    case PACK:
      return packJob(args, from, to);
    case MULTIPLY:
      return multiplyJob(args, from, to, scratch);
    case MULTIPLY_EACH:
      return multiplyEachJob(args, from, to, scratch);
  }
}
