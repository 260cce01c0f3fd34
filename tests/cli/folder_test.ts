import { assertEquals, assertRejects } from "@std/assert";
import { DataError, UsageError } from "../../core/cli/errors.ts";
import { takeFolder } from "../../core/cli/folder.ts";
import { fileHandles } from "../host/handles.ts";
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

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const MODEL = "model.safetensors";

testWithFolder("a run replaces the model that it found, or wrote, or that was removed", async (folder) => {
  await Deno.writeTextFile(`${folder}/${MODEL}`, "found");
  await using run = await takeFolder(folder);
  for (const text of ["first", "second"]) {
    await run.save(bytes(text));
    assertEquals(await Deno.readTextFile(`${folder}/${MODEL}`), text);
  }
  await Deno.remove(`${folder}/${MODEL}`);
  await run.save(bytes("third"));
  assertEquals([run.path, await Deno.readTextFile(`${folder}/${MODEL}`)], [folder, "third"]);
});

testWithFolder("a run takes its folder again where that was removed", async (folder) => {
  {
    await using run = await takeFolder(`${folder}/a`);
    await Deno.remove(`${folder}/a`, { recursive: true });
    await run.save(bytes("learned"));
    assertEquals(run.path, `${folder}/a`);
    await assertRejects(() => takeFolder(`${folder}/a`), DataError, "another run");
  }
  assertEquals(await namesIn(`${folder}/a`), [MODEL]);
});

/** What can take the place of a folder during a run, and the file in which it must be found afterwards. */
const inItsPlace: Readonly<Record<string, [put: (out: string) => Promise<void>, found: string]>> = {
  "another model": [(out) => Deno.writeTextFile(`${out}/${MODEL}`, "of others"), `out/${MODEL}`],
  "a file": [async (out) => {
    await Deno.remove(out, { recursive: true });
    await Deno.writeTextFile(out, "of others");
  }, "out"],
  "a folder instead of a model": [async (out) => {
    await Deno.mkdir(`${out}/${MODEL}`);
    await Deno.writeTextFile(`${out}/${MODEL}/x`, "of others");
  }, `out/${MODEL}/x`],
  "the folder of another run": [async (out) => {
    await Deno.rename(out, `${out}-moved`);
    await using other = await takeFolder(out);
    await other.save(bytes("of others"));
  }, `out/${MODEL}`],
};
for (const [what, [put, found]] of Object.entries(inItsPlace)) {
  testWithFolder(`a run leaves alone ${what} in the place of its folder, and saves beside`, async (folder) => {
    const out = `${folder}/out`;
    await Deno.mkdir(`${out}-2`);
    await Deno.writeTextFile(`${out}-2/${MODEL}`, "of others too");
    {
      await using run = await takeFolder(`${out}/`);
      await put(out);
      await run.save(bytes("learned"));
      await run.save(bytes("learned more"));
      assertEquals(run.path, `${out}-3`);
    }
    assertEquals(await Deno.readTextFile(`${folder}/${found}`), "of others");
    assertEquals(await Deno.readTextFile(`${out}-2/${MODEL}`), "of others too");
    assertEquals(await Deno.readTextFile(`${out}-3/${MODEL}`), "learned more");
    assertEquals(await namesIn(`${out}-3`), [MODEL]);
  });
}

testWithFolder("a run that moves out while another one trains in its place disturbs nobody", async (folder) => {
  const out = `${folder}/out`;
  await using run = await takeFolder(out);
  await Deno.rename(out, `${out}-moved`);
  await using other = await takeFolder(out);
  await run.save(bytes("first"));
  await other.save(bytes("other"));
  assertEquals([run.path, other.path], [`${out}-2`, out]);
  assertEquals(await Deno.readTextFile(`${out}/${MODEL}`), "other");
});

testWithFolder("takeFolder() writes through no link, and trains for no name that is no file", async (folder) => {
  await Deno.writeTextFile(`${folder}/precious`, "precious");
  await Deno.mkdir(`${folder}/a`);
  await Deno.symlink("../precious", `${folder}/a/training.lock`);
  await assertRejects(() => takeFolder(`${folder}/a`), DataError, "its training.lock is a link");
  assertEquals(await Deno.readTextFile(`${folder}/precious`), "precious");
  await Deno.mkdir(`${folder}/b/training.lock`, { recursive: true });
  await assertRejects(() => takeFolder(`${folder}/b`), DataError, "its training.lock is a folder");
  await Deno.mkdir(`${folder}/c/${MODEL}`, { recursive: true });
  await assertRejects(() => takeFolder(`${folder}/c`), DataError, `its ${MODEL} is a folder`);
  for (const target of ["nowhere", "d"]) {
    await Deno.remove(`${folder}/d`).catch(() => {});
    await Deno.symlink(target, `${folder}/d`);
    await assertRejects(() => takeFolder(`${folder}/d`), DataError, "a link that leads to no folder has this name");
  }
});

testWithFolder("a run finds out that there is no room before it trains, and leaves nothing behind", async (folder) => {
  const write = Deno.FsFile.prototype.write, handles = await fileHandles(), writeHandle = handles.write;
  await Deno.writeTextFile(`${folder}/${MODEL}`, "found");
  try {
    await using run = await takeFolder(folder);
    await run.requireRoom(bytes("x".repeat(1000)));
    assertEquals(await namesIn(folder), [MODEL, "training.lock"]);
    const full = () => Promise.reject(new Error("No space left on device"));
    let calls = 0;
    handles.write = function (block, offset, length) {
      return ++calls > 2 ? full() : writeHandle.call(this, block, offset, Math.min(10, length), null);
    };
    await assertRejects(() => run.requireRoom(bytes("x".repeat(1000))), DataError, `${MODEL}": the disk is full`);
    assertEquals(await namesIn(folder), [MODEL, "training.lock"]);
    // Where not even the lock can be written, none is left.
    Deno.FsFile.prototype.write = full;
    await assertRejects(() => takeFolder(`${folder}/other`), DataError, "the disk is full");
  } finally {
    [Deno.FsFile.prototype.write, handles.write] = [write, writeHandle];
  }
  assertEquals(await namesIn(folder), [MODEL]);
  assertEquals(await Deno.readTextFile(`${folder}/${MODEL}`), "found");
});
