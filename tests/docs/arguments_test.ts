/** The tasks of the site say in one sentence what is wrong with their command lines, before they do anything. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { granted } from "../permissions.ts";
import { hasPackages } from "./packages.ts";

const ignore = !granted("read", "run", "env");

/** Runs a task. */
async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

for (
  const [args, says] of [
    [["experiments", "--chekc"], 'Cannot understand "--chekc": did you mean --check'],
    [["experiments", "--wonder"], 'Cannot understand "--wonder": "deno task experiments --help" lists the options'],
    [
      ["experiments", "words/nothing"],
      'Cannot run "words/nothing": the experiments are introduction/tasks_and_shapes, ',
    ],
    [["experiments", "--device", "gpu"], 'Cannot use --device "gpu": it must be one of wasm, webgpu, reference'],
    [
      ["experiments", "--threads", "0"],
      'Cannot use --threads "0": it must be a whole number, at least 1 and at most 256',
    ],
    [["experiments", "--strict"], "Cannot record what this device computes"],
    [["experiments", "--check", "--device", "reference", "--strict"], "Cannot use --strict with --device reference"],
    [["serve", "--port", "x"], 'Cannot use --port "x": it must be a whole number, at least 0 and at most 65535'],
    [["serve", "8000"], 'Cannot understand "8000": the usage is "deno task serve [OPTIONS]"'],
    [["docs", "--out"], "Cannot use --out without a value: write --out FOLDER"],
    [["docs", "--chekc"], 'Cannot understand "--chekc": did you mean --check'],
  ] as const
) {
  Deno.test(
    `deno task ${args.join(" ")} is refused`,
    { ignore: ignore || (args[0] !== "experiments" && !hasPackages) },
    async () => {
      const { code, stdout, stderr } = await run(...args);
      assertEquals([code, stdout], [2, ""]);
      assertStringIncludes(stderr, says);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    },
  );
}

Deno.test("deno task experiments --help lists its options and computes nothing", { ignore }, async () => {
  const { code, stdout, stderr } = await run("experiments", "--help");
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Usage: deno task experiments [NAME…] [OPTIONS]");
  for (const option of ["--check", "--device wasm|webgpu|reference", "--threads N", "--strict", "--help"]) {
    assertStringIncludes(stdout, option);
  }
  assertEquals(stdout.includes("--debug"), false);
});
