/** What is left of the output of a run of tests. */

import { assertEquals } from "@std/assert";
import { Quiet } from "./quiet.ts";

/** What is printed of some lines. */
function printed(...lines: readonly string[]): { readonly text: string[]; readonly passed: boolean } {
  const quiet = new Quiet();
  const text = [...lines.flatMap((line) => quiet.read(line)), ...quiet.end()];
  return { text, passed: quiet.passed };
}

Deno.test("a run that passes is a line for each file, notes once, what is ignored, and the summary", () => {
  const summary = "ok | 2 passed (1 step) | 0 failed | 1 ignored (3s)";
  assertEquals(
    printed(
      "------- output -------",
      "note: on this adapter",
      "what a test prints",
      "----- output end -----",
      "\x1b[32m./tests/a_test.ts\x1b[0m => adds ... a step ... ok (1ms)",
      "./tests/a_test.ts => adds ... ok (1ms)",
      "./tests/b_test.ts => subtracts ... ok (1ms)",
      "note: on this adapter",
      "./tests/a_test.ts => divides [webgpu] ... ignored (0ms)",
      "",
      summary,
      "",
    ),
    {
      text: [
        "note: on this adapter",
        "tests/a_test.ts",
        "tests/b_test.ts",
        "ignored: divides [webgpu] (tests/a_test.ts)",
        summary,
      ],
      passed: true,
    },
  );
});

Deno.test("a run that fails says so at once, and at the end why", () => {
  const summary = "FAILED | 0 passed | 1 failed (3s)";
  const { text, passed } = printed(
    "./tests/a_test.ts => adds ... FAILED (1ms)",
    "",
    " ERRORS ",
    "",
    "adds => ./tests/a_test.ts:1:1",
    "error: AssertionError",
    "",
    " FAILURES ",
    "",
    "adds => ./tests/a_test.ts:1:1",
    summary,
    "",
    "error: Test failed",
  );
  assertEquals(passed, false);
  assertEquals([text[1], text.includes("error: AssertionError"), text.at(-1)], [
    "./tests/a_test.ts => adds ... FAILED (1ms)",
    true,
    summary,
  ]);
});

Deno.test("a run that was killed fails, and what was said last is heard", () => {
  const { text, passed } = printed(
    "./tests/a_test.ts => adds ... ok (1ms)",
    "corrupted size vs. prev_size in fastbins",
  );
  assertEquals(passed, false);
  assertEquals(text.slice(1), [
    "corrupted size vs. prev_size in fastbins",
    "FAILED: the tests ended without a summary",
  ]);
});
