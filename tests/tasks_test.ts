/** Tasks run with what they are granted; those that take long, or write, have tests of their own or are gates of `.ci/run`. */

import { assertEquals } from "@std/assert";
import { granted } from "./permissions.ts";

for (
  const task of [
    ["experiment", "words/softmax"],
    ["experiments", "--check", "words/softmax"],
    ["registry", "--check"],
    ["shaders", "--check"],
    ["playground", "--help"],
    ["bench:baseline", "--help"],
    ["bench:compare", "--help"],
  ]
) {
  Deno.test(`deno task ${task.join(" ")} is granted what it needs`, { ignore: !granted("read", "run") }, async () => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", ...task],
      cwd: new URL("../", import.meta.url),
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  });
}
