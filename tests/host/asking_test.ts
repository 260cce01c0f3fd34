/**
 * A terminal is where Deno asks for permissions; elsewhere it denies them without a word. So programs are run in one here, by
 * `script`, and must not be asked for anything beyond what they were granted.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { granted, testWithFolder } from "../permissions.ts";
import { run } from "../running.ts";

const root = new URL("../../", import.meta.url).href;

/** Whether a terminal can be had. */
async function hasTerminal(): Promise<boolean> {
  if (!granted("run") || Deno.build.os !== "linux") return false;
  try {
    return (await run("script", ["--version"], ".")).code === 0;
  } catch {
    return false;
  }
}

/** What a program prints in a terminal, where nobody answers. */
async function inTerminal(folder: string, flags: string, source: string, seconds = 60): Promise<string> {
  await Deno.writeTextFile(`${folder}/main.ts`, source);
  const command = `timeout --foreground ${seconds} '${Deno.execPath()}' run --no-check ${flags} main.ts`;
  return (await run("script", ["--quiet", "--command", command, "/dev/null"], folder)).printed;
}

/** Without what a terminal shows only. */
const isAsked = (printed: string): boolean => printed.includes("Deno requests");

const ignore = !(await hasTerminal());

if (!ignore) {
  testWithFolder("threads start in a terminal without a question", async (folder) => {
    const printed = await inTerminal(
      folder,
      "",
      `import { createWasmDevice, Random } from "${root}mod.ts";
import { setBackend } from "${root}core/engine/mod.ts";
setBackend(createWasmDevice({ threads: 2 }));
const a = new Random(1).normal([512, 512]);
for (let i = 0; i < 60; i++) await a.matmul(a).sum().item();
console.log("computed");`,
    );
    assertEquals(isAsked(printed), false, printed);
    assertMatch(printed, /computed/);
  }, "run");

  testWithFolder("folderStorage() makes its folder in a terminal without a question", async (folder) => {
    const printed = await inTerminal(
      folder,
      "--allow-read=run --allow-write=run",
      `import { folderStorage } from "${root}core/host/mod.ts";
const storage = folderStorage("run");
await storage.writeAtomically("file", new Uint8Array(3));
console.log("bytes:", (await storage.read("file"))?.length);`,
    );
    assertEquals(isAsked(printed), false, printed);
    assertMatch(printed, /bytes: 3/);
  }, "run");

  testWithFolder("a program that lacks a permission is asked in such a terminal", async (folder) => {
    const printed = await inTerminal(folder, "", `Deno.readTextFileSync("other");`, 8);
    assertEquals(isAsked(printed), true, printed);
  }, "run");
}

Deno.test({ name: "programs in a terminal are asked nothing: there is a terminal", ignore, fn() {} });
