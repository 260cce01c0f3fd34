/** What the README shows of the first command is what the command prints. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { createWasmDevice } from "../wasm/mod.ts";
import { note, testWithFolder } from "./permissions.ts";

const root = new URL("../", import.meta.url);

/** The bits of a run of training are those of fused multiply-adds; without them other sentences come out wrong. */
const fused = createWasmDevice().description.includes("fused multiply-adds");
if (!fused) {
  note("what `deno task start` prints is not compared: the README has it from a machine with fused multiply-adds");
}

/** Marks of the size of a weight. */
const SHADES = [..." ░▒▓█"];

/** Whether two lines say the same; a weight near the border of two shades may have either. */
function isClose(one: string, other: string): boolean {
  const length = Math.max(one.length, other.length), [a, b] = [[...one.padEnd(length)], [...other.padEnd(length)]];
  return a.length === b.length && a.every((sign, i) => {
    const [here, there] = [SHADES.indexOf(sign), SHADES.indexOf(b[i]!)];
    return sign === b[i] || (here >= 0 && there >= 0 && Math.abs(here - there) === 1);
  });
}

testWithFolder("deno task start prints what the README shows", async (folder) => {
  const readme = await Deno.readTextFile(new URL("README.md", root));
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const command: string = tasks.start.command.replace("--allow-write=models", `--allow-write=${folder}`)
    .replace("=core,models,", `=core,${folder},`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...command.split(" ").slice(1), "--out", `${folder}/translator`, "--device", "wasm"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const printed = new TextDecoder().decode(stdout);
  assertStringIncludes(printed, "Sentences it has never seen, by beam search:");
  if (!fused) return;
  const [, shown = ""] = /^```\n(Sentences it has never seen[\s\S]*?)^```$/m.exec(readme)!;
  const lines = printed.split("\n").map((line) => line.trimEnd());
  const missing = shown.trimEnd().split("\n").filter((line) => !lines.some((printed) => isClose(printed, line)));
  assertEquals(missing, []);
  // The table of what to expect has its score.
  const [, bleu] = /`deno task start`[^|]*\|[^|]*BLEU ([\d.]+) on 200 unseen sentences/.exec(readme)!;
  assertStringIncludes(printed, `BLEU ${bleu} on 200 unseen sentences`);
}, "run");
