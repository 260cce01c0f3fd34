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
 * | kinds                         | `assembly/kinds.ts`                      | one element                    |
 *
 * `deno task wasm` does so after compiling and writes nothing if one of them traps.
 *
 * @module
 */

import { ARITHMETIC, COMPARISON, REDUCTION, UNARY } from "../core/engine/operations.ts";
import * as fusedJobs from "./assembly/fused_opcodes.ts";
import * as kinds from "./assembly/kinds.ts";
import { ARGS, HEAP } from "./assembly/layout.ts";
import * as jobs from "./assembly/opcodes.ts";
import type { Kernels } from "./threads.ts";

/** Numbers by name. */
type Codes = Readonly<Record<string, number>>;

/** The kinds whose names contain some words. */
function kindsOf(words: RegExp): Codes {
  return Object.fromEntries(Object.entries(kinds).filter(([name]) => words.test(name)));
}

/** Codes, the job that knows them, and the words of the job, where `-1` stands for the code. */
const RUNS: readonly (readonly [what: string, codes: Codes, job: number, words: readonly number[]])[] = [
  ["unary", UNARY, jobs.UNARY, [-1, HEAP, HEAP + 64, 0, 0, 1, 16, 16, 16, 0, 1]],
  ...[jobs.BINARY, jobs.BINARY_INTEGER].map((job) =>
    ["binary", { ...ARITHMETIC, ...COMPARISON }, job, [-1, HEAP, HEAP + 64, HEAP + 64, 0, 1, 16, 16, 16, 0, 1]] as const
  ),
  ...[0, 1].map((integers) =>
    ["reduction", REDUCTION, jobs.REDUCE_ROWS, [-1, HEAP, HEAP + 64, 1, integers, 0]] as const
  ),
  [
    "reduction of columns",
    (({ argmax: _, ...others }) => others)(REDUCTION),
    jobs.REDUCE_COLUMNS,
    [-1, HEAP, HEAP + 64, 1, 2, 4, 0],
  ],
  ["conversion", kindsOf(/_TO_/), jobs.CONVERT, [-1, HEAP, HEAP + 64, 1]],
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
      attempt(`${what} ${name}, job ${job}`, job, args.map((word) => word === -1 ? code : word), 1);
    }
  }
  return missing;
}
