/**
 * # Partial sums
 *
 * Sums over many rows are added up in parts and joined in order, so that their bits do not depend on the threads.
 *
 * @module
 */

import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/partials.ts";
import type { Runtime } from "../runtime.ts";
import { placed } from "../views.ts";

/** Adds rows of partial sums, `rowBytes` apart, in order. */
export function addPartials(
  runtime: Runtime,
  to: number,
  partial: number,
  rows: number,
  columns: number,
  rowBytes: number,
): void {
  const words = placed(
    [word.TO, to],
    [word.PARTIAL, partial],
    [word.ROWS, rows],
    [word.COLUMNS, columns],
    [word.ROW_BYTES, rowBytes],
  );
  runtime.run(job.ADD_PARTIALS, words, Math.ceil(columns / word.WIDTH), rows * 8);
}
