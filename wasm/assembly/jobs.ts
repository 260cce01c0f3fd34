/**
 * # Jobs
 *
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

import { packBlocksJob, roundRowsJob, rowsTimesBlocksJob, unpackBlocksJob } from "./blocks.ts";
import { convertJob, copyRowsJob, copyStridedJob, copyTransposedJob } from "./copy.ts";
import { binaryJob, selectJob, unaryJob } from "./elementwise.ts";
import { fusedJob } from "./fused_jobs.ts";
import { packHalvesJob, rowsTimesHalvesJob, unpackHalvesJob } from "./halves.ts";
import { multiplyEachJob, multiplyJob } from "./matmul.ts";
import { rowsTimesMatrixJob, rowsTimesPanelsJob, rowsTimesTransposeJob } from "./matvec.ts";
import * as opcodes from "./opcodes.ts";
import { packJob } from "./packing.ts";
import { roundRecordsJob, spreadRecordsJob } from "./records.ts";
import { reduceColumnsJob, reduceRowsJob } from "./reduce.ts";
import { gatherJob, scatterAddJob } from "./rows.ts";
import { argsortJob } from "./sort.ts";

/** Does the units `[from, to)` of one job. */
export function job(op: i32, args: usize, from: i32, to: i32, scratch: usize): void {
  if (op >= opcodes.FUSED) return fusedJob(op, args, from, to, scratch);
  switch (op) {
    case opcodes.NOTHING:
      return;
    case opcodes.PACK:
      return packJob(args, from, to);
    case opcodes.MULTIPLY:
      return multiplyJob(args, from, to, scratch);
    case opcodes.MULTIPLY_EACH:
      return multiplyEachJob(args, from, to, scratch);
    case opcodes.ROWS_TIMES_MATRIX:
      return rowsTimesMatrixJob(args, from, to);
    case opcodes.ROWS_TIMES_TRANSPOSE:
      return rowsTimesTransposeJob(args, from, to);
    case opcodes.ROWS_TIMES_PANELS:
      return rowsTimesPanelsJob(args, from, to, scratch);
    case opcodes.ROUND_ROWS:
      return roundRowsJob(args, from, to, scratch);
    case opcodes.ROWS_TIMES_BLOCKS:
      return rowsTimesBlocksJob(args, from, to, scratch);
    case opcodes.PACK_BLOCKS:
      return packBlocksJob(args, from, to, scratch);
    case opcodes.UNPACK_BLOCKS:
      return unpackBlocksJob(args, from, to);
    case opcodes.PACK_HALVES:
      return packHalvesJob(args, from, to, scratch);
    case opcodes.ROWS_TIMES_HALVES:
      return rowsTimesHalvesJob(args, from, to, scratch);
    case opcodes.UNPACK_HALVES:
      return unpackHalvesJob(args, from, to);
    case opcodes.ROUND_RECORDS:
      return roundRecordsJob(args, from, to);
    case opcodes.SPREAD_RECORDS:
      return spreadRecordsJob(args, from, to);
    case opcodes.UNARY:
      return unaryJob(args, from, to, scratch);
    case opcodes.BINARY:
      return binaryJob(args, from, to, scratch, false);
    case opcodes.BINARY_INTEGER:
      return binaryJob(args, from, to, scratch, true);
    case opcodes.SELECT:
      return selectJob(args, from, to);
    case opcodes.REDUCE_ROWS:
      return reduceRowsJob(args, from, to);
    case opcodes.REDUCE_COLUMNS:
      return reduceColumnsJob(args, from, to, scratch);
    case opcodes.COPY_ROWS:
      return copyRowsJob(args, from, to);
    case opcodes.COPY_STRIDED:
      return copyStridedJob(args, from, to);
    case opcodes.COPY_TRANSPOSED:
      return copyTransposedJob(args, from, to);
    case opcodes.CONVERT:
      return convertJob(args, from, to, scratch);
    case opcodes.GATHER:
      return gatherJob(args, from, to);
    case opcodes.SCATTER_ADD:
      return scatterAddJob(args, from, to);
    case opcodes.ARGSORT:
      return argsortJob(args, from, to, scratch);
    default:
      unreachable();
  }
}
