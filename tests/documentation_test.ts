/** The examples of the README and of every doc comment run, and what they assert is true. */

import { assert, assertEquals } from "@std/assert";
import { granted, note } from "./permissions.ts";

const root = new URL("../", import.meta.url);
const ignore = !granted("read", "run");

/** Deno where any program may be run, else its name, which is what `deno task ok` may run. */
const DENO = Deno.permissions.querySync({ name: "run" }).state === "granted" ? Deno.execPath() : "deno";

const EXAMPLES = ["README.md", "docs/pages/library.md", "mod.ts", "core", "wasm/mod.ts", "gpu/mod.ts"];

/** Runs all examples; what a signal ended says nothing about them. */
async function runExamples(): Promise<{ readonly code: number; readonly killed: boolean; readonly output: string }> {
  const { code, signal, stdout, stderr } = await new Deno.Command(DENO, {
    args: ["test", "--no-prompt", "--doc", ...EXAMPLES],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // A shell in between, as npx has one, tells of a signal by a code.
  return { code, killed: signal !== null || code > 128, output };
}

Deno.test("every example of the documentation runs and is right", { ignore }, async () => {
  let { code, killed, output } = await runExamples();
  if (killed) {
    // No example can end Deno itself: that was Deno or a driver, and is told, but the examples are to be heard.
    note(`deno test --doc was ended by a signal (exit code ${code}) and is run again: ${output.slice(-200)}`);
    ({ code, output } = await runExamples());
  }
  assertEquals(code, 0, output);
  assert(/^ok \| [1-9]\d* passed/m.test(output), output);
  // A failed console.assert only prints; here it counts.
  assert(!output.includes("Assertion failed"), output);
});

Deno.test("the exports of every entry point are documented", { ignore }, async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const { code, stderr } = await new Deno.Command(DENO, {
    args: ["doc", "--lint", ...Object.values<string>(exports), "wasm/ladder/mod.ts"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});
