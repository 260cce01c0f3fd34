/** The examples of the README and of every doc comment run, and what they assert is true. */

import { assert, assertEquals } from "@std/assert";
import { granted } from "./permissions.ts";

const root = new URL("../", import.meta.url);
const ignore = !granted("read", "run");

Deno.test("every example of the documentation runs and is right", { ignore }, async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-prompt",
      "--doc",
      "README.md",
      "docs/pages/library.md",
      "mod.ts",
      "core",
      "wasm/mod.ts",
      "gpu/mod.ts",
    ],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, output);
  assert(/^ok \| [1-9]\d* passed/m.test(output), output);
  // A failed console.assert only prints; here it counts.
  assert(!output.includes("Assertion failed"), output);
});

Deno.test("the exports of every entry point are documented", { ignore }, async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...Object.values<string>(exports), "wasm/ladder/mod.ts"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});
