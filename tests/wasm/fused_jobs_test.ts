/** Fused jobs are found in the files that declare them. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fusedJobs, jobsSource, numbersSource } from "../../wasm/fused_jobs.ts";

const parameters = "args: usize, from: i32, to: i32";
const sources: ReadonlyMap<string, string> = new Map([
  ["fused_opcodes.ts", "export const OLD = 64;\nexport const OLD_BACKWARD = 66;\nexport const GONE = 65;\n"],
  ["old.ts", `/** Rows of the old. $x.y$. */\nexport function old(${parameters}): void {}\n`],
  [
    "a_new.ts",
    `/**
 * Rows of
 * the new.
 *
 * More.
 */
export function newOne(
  args: usize,
  from: i32,
  to: i32,
  scratch: usize,
): void {}

/** One row. */
export function row(x: usize, n: i32): void {}
`,
  ],
  ["old_backward.ts", `/** The gradient. */\nexport function oldBackward(${parameters}): void {}\n`],
  ["plain.ts", `/** Rows. */\nexport function plainJob(${parameters}): void {}\n`],
]);

Deno.test("a fused job keeps its number, and a new one takes the next", () => {
  const jobs = fusedJobs(sources);
  assertEquals(jobs.map(({ constant, number }) => [constant, number]), [
    ["OLD", 64],
    ["OLD_BACKWARD", 66],
    ["NEW_ONE", 67],
  ]);
  const numbers = numbersSource(jobs);
  assertStringIncludes(numbers, "/** Rows of the old. */\nexport const OLD = 64;\n");
  assertStringIncludes(numbers, "/** Rows of the new. */\nexport const NEW_ONE = 67;\n");
  assertEquals(fusedJobs(new Map([...sources, ["fused_opcodes.ts", numbers]])), jobs);
});

Deno.test("a fused job has its case, with memory of its thread if it takes some", () => {
  const source = jobsSource(fusedJobs(sources));
  assertStringIncludes(source, `import { newOne } from "./a_new.ts";\nimport * as op from "./fused_opcodes.ts";\n`);
  assertStringIncludes(source, "    case op.OLD:\n      return old(args, from, to);\n");
  assertStringIncludes(source, "    case op.NEW_ONE:\n      return newOne(args, from, to, scratch);\n");
});

Deno.test("a fused job of two files, or of which nothing is said, is refused", () => {
  const declared = `export function old(${parameters}): void {}\n`;
  assertThrows(
    () => fusedJobs(new Map([...sources, ["other.ts", `/** Old. */\n${declared}`]])),
    SyntaxError,
    "Cannot number job old: old.ts and other.ts declare it",
  );
  assertThrows(() => fusedJobs(new Map([["old.ts", declared]])), SyntaxError, "Cannot describe job old of old.ts");
});
