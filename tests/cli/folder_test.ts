import { assertEquals, assertRejects } from "@std/assert";
import { DataError, UsageError } from "../../core/cli/errors.ts";
import { takeFolder } from "../../core/cli/folder.ts";
import { testWithFolder } from "../permissions.ts";

const namesIn = async (folder: string): Promise<string[]> =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

testWithFolder("takeFolder() lets one run at a time into a folder", async (folder) => {
  const out = `${folder}/model`;
  {
    await using _first = await takeFolder(out);
    await Deno.writeTextFile(`${out}/model.safetensors`, "x");
    await assertRejects(() => takeFolder(out), DataError, "another run is training there");
  }
  {
    await using _next = await takeFolder(out);
    await using _beside = await takeFolder(`${folder}/other`);
  }
  assertEquals(await namesIn(out), ["model.safetensors"]);
});

testWithFolder("takeFolder() takes a lock that nobody holds any more", async (folder) => {
  await Deno.writeTextFile(`${folder}/training.lock`, "left behind");
  await using _taken = await takeFolder(folder);
  await assertRejects(() => takeFolder(folder), DataError, "another run");
});

testWithFolder("takeFolder() removes what killed runs left half written, and nothing else", async (folder) => {
  const others = ["model.safetensors", "my.partial", "model.safetensors.partial", "model.safetensors.0123456x.partial"];
  for (const name of [...others, "model.safetensors.0123abcd.partial"]) {
    await Deno.writeTextFile(`${folder}/${name}`, "x");
  }
  await Deno.mkdir(`${folder}/model.safetensors.00000000.partial`);
  {
    await using _taken = await takeFolder(folder);
    await Deno.writeTextFile(`${folder}/model.safetensors.11111111.partial`, "of the run itself");
    await assertRejects(() => takeFolder(folder), DataError);
  }
  assertEquals(
    await namesIn(folder),
    [...others, "model.safetensors.00000000.partial", "model.safetensors.11111111.partial"].sort(),
  );
});

testWithFolder("takeFolder() leaves no folder behind that was made for nothing", async (folder) => {
  {
    await using _taken = await takeFolder(`${folder}/a/b/`);
  }
  assertEquals(await namesIn(folder), []);
  await Deno.mkdir(`${folder}/mine`);
  {
    await using _taken = await takeFolder(`${folder}/mine`);
  }
  assertEquals(await namesIn(folder), ["mine"]);
  await Deno.writeTextFile(`${folder}/file`, "x");
  await assertRejects(() => takeFolder(`${folder}/file`), DataError, "Cannot ");
  await assertRejects(() => takeFolder(`${folder}/file/a`), DataError, "Cannot create");
  await assertRejects(() => takeFolder(`${folder}/x.safetensors`), UsageError, "--out must name a folder");
  assertEquals(await namesIn(folder), ["file", "mine"]);
});
