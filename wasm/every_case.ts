/**
 * # Every code has its case
 *
 * A kernel learns from a number what to do. A number without a `case` would do nothing, and the caller would read what
 * lay in memory; so every `switch` of the kernels ends in a trap, and here every number that there is runs once:
 *
 * | numbers                       | from                                     | run on                         |
 * | ----------------------------- | ---------------------------------------- | ------------------------------ |
 * | jobs                          | `assembly/opcodes.ts`, `fused_opcodes.ts` | nothing: no units              |
 * | operations of the engine      | `core/engine/operations.ts`              | one element, each job and dtype |
 * | kinds of conversion           | `assembly/kinds.ts`                      | one element                    |
 *
 * `deno task wasm` does so after compiling and writes nothing if one of them traps.
 *
 * @module
 */

import { ACTIVATION, ARITHMETIC, COMPARISON, REDUCTION, UNARY } from "../core/engine/operations.ts";
import * as fusedJobs from "./assembly/fused_opcodes.ts";
import * as conversions from "./assembly/kinds.ts";
import { ARGS, HEAP } from "./assembly/layout.ts";
import * as jobs from "./assembly/opcodes.ts";
import * as activation from "./assembly/words/activations.ts";
import * as copy from "./assembly/words/copy.ts";
import * as element from "./assembly/words/elementwise.ts";
import * as reduction from "./assembly/words/reduce.ts";
import type { Kernels } from "./threads.ts";
import { placed } from "./views.ts";

/** Numbers by name. */
type Codes = Readonly<Record<string, number>>;

/** The word that the code takes the place of. */
const CODE = -1;
/** Words of an elementwise function of one element. */
const ONE = placed(
  [element.OPERATION, CODE],
  [element.TO, HEAP],
  [element.A, HEAP + 64],
  [element.B, HEAP + 64],
  [element.COUNT, 1],
  [element.STEP_A, 16],
  [element.STEP_B, 16],
  [element.AXES, 0],
  [element.BLOCKS, 1],
);
/** Words of a reduction of one element. */
const ROW = placed(
  [reduction.OPERATION, CODE],
  [reduction.TO, HEAP],
  [reduction.FROM, HEAP + 64],
  [reduction.WIDTH, 1],
  [reduction.INTEGER, 0],
  [reduction.ROWS, 2],
  [reduction.ROW_BYTES, 4],
  [reduction.AXES, 0],
);
/** Words of a conversion of one element. */
const CONVERSION = placed([copy.CONVERSION, CODE], [copy.TO, HEAP], [copy.FROM, HEAP + 64], [copy.COUNT, 1]);
/** Words of an activation of one element. */
const ACTIVATION_RUN = placed(
  [activation.TO, HEAP],
  [activation.FROM, HEAP + 64],
  [activation.GRADIENT, HEAP + 64],
  [activation.COUNT, 1],
  [activation.CODE, CODE],
);

const binary: Codes = { ...ARITHMETIC, ...COMPARISON };
const { argmax: _, ...columnwise } = REDUCTION;

/** Codes, the job that knows them, and its words. */
const RUNS: readonly (readonly [what: string, codes: Codes, job: number, words: readonly number[]])[] = [
  ["unary", UNARY, jobs.UNARY, ONE],
  ["binary", binary, jobs.BINARY, ONE],
  ["binary int32", binary, jobs.BINARY_INTEGER, ONE],
  ["reduction", REDUCTION, jobs.REDUCE_ROWS, ROW],
  ["reduction int32", REDUCTION, jobs.REDUCE_ROWS, ROW.with(reduction.INTEGER, 1)],
  ["reduction of columns", columnwise, jobs.REDUCE_COLUMNS, ROW],
  ["conversion", conversions, jobs.CONVERT, CONVERSION],
  ["activation", ACTIVATION, fusedJobs.ACTIVATION, ACTIVATION_RUN],
  ["gradient of an activation", ACTIVATION, fusedJobs.ACTIVATION_BACKWARD, ACTIVATION_RUN],
];

/**
 * Runs every code of every kernel once.
 *
 * @param bytes a compiled module, for shared memory
 * @returns the names of codes without a case
 */
export function missingCases(bytes: Uint8Array<ArrayBuffer>): string[] {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
  const words = new Int32Array(memory.buffer);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const { runAlone } = instance.exports as unknown as Kernels;
  const missing: string[] = [];
  const attempt = (name: string, job: number, args: readonly number[], units: number): void => {
    words.fill(1, HEAP / 4);
    words.set(args, ARGS / 4);
    try {
      runAlone(job, units);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      missing.push(name);
    }
  };
  // Words that are all 1 divide nothing by zero.
  const ones = new Array<number>(64).fill(1);
  for (const [name, job] of Object.entries({ ...jobs, ...fusedJobs })) attempt(`job ${name}`, job, ones, 0);
  for (const [what, codes, job, args] of RUNS) {
    for (const [name, code] of Object.entries(codes)) {
      attempt(`${what} ${name}`, job, args.map((word) => word === CODE ? code : word), 1);
    }
  }
  return missing;
}
