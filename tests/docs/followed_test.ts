/** Pages that say what to do are followed as they stand, and what they show is what was printed. */

import { assertEquals } from "@std/assert";
import { fences, follow, infoOf, withPrinted } from "../../docs/followed.ts";
import { testWithFolder } from "../permissions.ts";

const PAGE = [
  "# A page",
  "```ts one.ts",
  "const x: number = 1;",
  "```",
  "```json",
  "{}",
  "```",
  "```ts one.ts",
  "console.log(x);",
  "```",
  "```sh",
  "deno run one.ts",
  "deno eval two",
  "```",
  "```txt",
  "old",
  "```",
  "```sh",
  "deno three",
  "```",
  "",
].join("\n");

Deno.test("infoOf() takes for a file what has an ending, and no other word", () => {
  assertEquals(infoOf("ts look.ts"), { language: "ts", name: "look.ts" });
  assertEquals(infoOf("ts"), { language: "ts", name: undefined });
  assertEquals(infoOf("ts site/look.config.ts"), { language: "ts", name: "site/look.config.ts" });
  assertEquals(infoOf("ts ignore"), { language: "ts", name: undefined });
  assertEquals(infoOf("ts ../look.ts"), { language: "ts", name: undefined });
});

testWithFolder("follow() makes the files and runs the commands in the order of the page", async (folder) => {
  const ran: string[] = [];
  const followed = await follow(PAGE, folder, (command) => {
    ran.push(command);
    return Promise.resolve({ printed: `${command} is done\n`, code: command.includes("three") ? 3 : 0 });
  });
  assertEquals(ran, ["deno run one.ts", "deno eval two", "deno three"]);
  assertEquals(await Deno.readTextFile(`${folder}/one.ts`), "const x: number = 1;\nconsole.log(x);\n");
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["one.ts"]);
  assertEquals(followed.map(({ code, shown }) => [code, shown]), [[0, "old\n"], [3, undefined]]);
  const recorded = withPrinted(PAGE, followed);
  assertEquals(recorded, PAGE.replace("old\n", "deno run one.ts is done\ndeno eval two is done\n"));
  assertEquals(fences(recorded).length, fences(PAGE).length);
});
