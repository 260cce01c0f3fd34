import { assertEquals, assertRejects } from "@std/assert";
import { openWeights, weightNumbers } from "../../core/08_pretrained/files/weights.ts";
import { encodeSafetensors } from "../../core/06_training/safetensors.ts";
import { FileError } from "../../core/host/reasons.ts";
import { folderSink, folderSource } from "../../core/host/sources.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 251);

Deno.test("a folder is a source of parts of its files", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/1_Pooling`);
    await Deno.writeFile(`${folder}/a.bin`, bytes);
    await Deno.writeFile(`${folder}/1_Pooling/config.json`, bytes.slice(0, 3));
    await Deno.symlink(`${folder}/a.bin`, `${folder}/link.bin`);
    for (const path of [folder, `${folder}/`]) {
      const source = folderSource(path);
      assertEquals(await source.list!(), ["1_Pooling/config.json", "a.bin", "link.bin"]);
      const file = (await source.open("link.bin"))!;
      assertEquals([file.size, await file.read(7, 9)], [300, bytes.slice(7, 9)]);
      assertEquals((await source.open("1_Pooling/config.json"))!.size, 3);
      assertEquals(await source.open("b.bin"), undefined);
    }
  });
});

Deno.test("a single file is a source of itself", async () => {
  await inFolder(async (folder) => {
    const kept = { kind: "F32" as const, shape: [1], bytes: new Uint8Array(Float32Array.of(2.5).buffer) };
    await Deno.writeFile(`${folder}/mine.safetensors`, encodeSafetensors({ tensors: new Map([["w", kept]]) }));
    const source = folderSource(`${folder}/mine.safetensors`);
    assertEquals(await source.list!(), ["mine.safetensors"]);
    assertEquals([...weightNumbers(await (await openWeights(source)).read("w"))], [2.5]);
    assertEquals(await source.open("config.json"), undefined);
  });
});

Deno.test("a file that is written while it is read is noticed, and one that is none refused", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.bin`, bytes);
    const source = folderSource(folder), file = (await source.open("a.bin"))!;
    await Deno.writeFile(`${folder}/a.bin`, bytes.slice(1));
    await assertRejects(() => file.read(0, 3), FileError, "it has changed since it was opened");
    await Deno.mkdir(`${folder}/sub`);
    await assertRejects(() => source.open("sub"), FileError, "it is a folder, and a file is needed");
    for (const name of ["../a.bin", "sub/../../x", "", "/etc/passwd", "a\\b", "."]) {
      await assertRejects(() => source.open(name), RangeError, "it must name a file in the folder");
    }
    await assertRejects(() => folderSource(`${folder}/none`).open("a"), FileError, "there is no such file or folder");
    await assertRejects(() => folderSource(`${folder}/none`).list!(), FileError, "there is no such file or folder");
  });
});

async function* parts(...all: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of all) {
    await Promise.resolve();
    if (part instanceof Error) throw part;
    yield part;
  }
}

Deno.test("a folder takes files part by part, and a file is there once it is whole", async () => {
  await inFolder(async (root) => {
    const folder = `${root}/new/deep`, sink = folderSink(folder);
    await sink.write("a.bin", parts(bytes.slice(0, 7), bytes.slice(7)));
    await sink.write("inner/b.bin", parts(bytes));
    assertEquals(await Deno.readFile(`${folder}/a.bin`), bytes);
    assertEquals(await Deno.readFile(`${folder}/inner/b.bin`), bytes);
    // What breaks off leaves what was there.
    await assertRejects(() => sink.write("a.bin", parts(bytes.slice(3), new Error("gone"))), Error, "gone");
    const stopped = AbortSignal.abort(new Error("enough"));
    await assertRejects(() => sink.write("a.bin", parts(bytes), { signal: stopped }), Error, "enough");
    assertEquals(await Deno.readFile(`${folder}/a.bin`), bytes);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort(), ["a.bin", "inner"]);
  });
});

Deno.test("a name that leads out of a folder is refused, and a folder that is a file", async () => {
  await inFolder(async (folder) => {
    for (const name of ["../a", "", "a/../../b", "."]) {
      await assertRejects(
        () => folderSink(folder).write(name, parts(bytes)),
        RangeError,
        "must name a file in the folder",
      );
    }
    await Deno.writeFile(`${folder}/file`, bytes);
    await assertRejects(() => folderSink(`${folder}/file`).write("a", parts(bytes)), FileError, "Cannot write");
  });
});
