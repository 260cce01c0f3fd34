import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FileError } from "../../core/host/reasons.ts";
import { folderStorage } from "../../core/host/storage.ts";
import { granted, testWithFolder } from "../permissions.ts";
import { fileHandles } from "./handles.ts";

Deno.test(
  "folderStorage reads what it wrote and takes no path for a name",
  { ignore: !granted("read", "write") },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const storage = folderStorage(folder);
      assertEquals(await storage.read("a"), undefined);
      await storage.writeAtomically("a", Uint8Array.of(1, 2));
      await storage.writeAtomically("a", Uint8Array.of(3));
      assertEquals(await storage.read("a"), Uint8Array.of(3));
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a"]);
      for (const name of ["../a", "b/c", "b\\c", "..", ".", "", "a\u0000", 5 as never]) {
        await assertRejects(() => storage.read(name), RangeError, "as a file name");
        await assertRejects(() => storage.writeAtomically(name, Uint8Array.of(1)), RangeError, "as a file name");
      }
      await assertRejects(() => storage.writeAtomically("a", [1] as never), TypeError, "bytes must be a Uint8Array");
      for (const path of [undefined, null, 5, {}, "", Symbol("a")]) {
        assertThrows(() => folderStorage(path as never), TypeError, "Cannot use a folder with folder = ");
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("folderStorage keeps the old file when writing fails", { ignore: !granted("read", "write") }, async () => {
  const folder = await Deno.makeTempDir();
  const handles = await fileHandles(), { write } = handles;
  try {
    const storage = folderStorage(folder);
    await storage.writeAtomically("a", new Uint8Array(100).fill(1));
    let calls = 0;
    handles.write = function (bytes, offset, length) {
      if (++calls > 2) return Promise.reject(new Error("No space left on device"));
      return write.call(this, bytes, offset, Math.min(10, length), null);
    };
    await assertRejects(
      () => storage.writeAtomically("a", new Uint8Array(100).fill(2)),
      FileError,
      `Cannot write "${folder}/a": the disk is full`,
    );
    handles.write = write;
    assertEquals(await storage.read("a"), new Uint8Array(100).fill(1));
    assertEquals([...Deno.readDirSync(folder)].length, 1, "nothing is left lying about");
  } finally {
    handles.write = write;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test(
  "a process killed while saving leaves a complete file",
  { ignore: !granted("read", "write", "run") },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const module = new URL("../../core/host/storage.ts", import.meta.url).href;
      const program = `
      import { folderStorage } from ${JSON.stringify(module)};
      const storage = folderStorage(${JSON.stringify(folder)});
      for (let n = 0;; n++) {
        await storage.writeAtomically("a", new Uint8Array(3_000_000).fill(n % 251));
        if (n === 0) console.log("saved");
      }`;
      for (const delay of [1, 7, 20]) {
        const child = new Deno.Command(Deno.execPath(), {
          args: ["eval", "--no-check", program],
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const reader = child.stdout.getReader();
        await reader.read();
        await new Promise((resolve) => setTimeout(resolve, delay));
        child.kill("SIGKILL");
        await child.status;
        await reader.cancel();
        const bytes = (await folderStorage(folder).read("a"))!;
        assertEquals(bytes.length, 3_000_000);
        assert(bytes.every((byte) => byte === bytes[0]));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWithFolder("folderStorage makes the folder with the first file, and no sooner", async (folder) => {
  const storage = folderStorage(`${folder}/deep/models`);
  assertEquals(await storage.read("a"), undefined);
  assertEquals([...Deno.readDirSync(folder)], []);
  await storage.writeAtomically("a", Uint8Array.of(1));
  assertEquals(await storage.read("a"), Uint8Array.of(1));
  await Deno.remove(`${folder}/deep`, { recursive: true });
  await storage.writeAtomically("a", Uint8Array.of(2));
  assertEquals(await storage.read("a"), Uint8Array.of(2));
});

testWithFolder("folderStorage says in one sentence why a file cannot be read or written", async (folder) => {
  // Windows has other reasons.
  if (Deno.build.os === "windows") return;
  await Deno.mkdir(`${folder}/taken`);
  await Deno.writeTextFile(`${folder}/file`, "x");
  const storage = folderStorage(folder), below = folderStorage(`${folder}/file`);
  const fails = async (work: () => Promise<unknown>, message: string): Promise<void> => {
    const error = await assertRejects(work, FileError, message);
    assertEquals(error.message.includes("\n"), false);
  };
  await fails(() => storage.read("taken"), `Cannot read "${folder}/taken": it is a folder, and a file is needed`);
  await fails(
    () => storage.writeAtomically("taken", Uint8Array.of(1)),
    `Cannot write "${folder}/taken": it is a folder`,
  );
  await fails(() => below.read("a"), "a part of the path is not a folder");
  await fails(() => below.writeAtomically("a", Uint8Array.of(1)), "a part of the path is not a folder");
  await fails(() => storage.read("x".repeat(300)), "the name is too long");
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["file", "taken"]);
});

testWithFolder("folderStorage needs the permissions for its folder and no others", async (folder) => {
  const program = `
    import { folderStorage } from ${JSON.stringify(new URL("../../core/host/mod.ts", import.meta.url).href)};
    const storage = folderStorage(${JSON.stringify(`${folder}/models`)});
    const told = (work) => work.then(() => "done", ({ message }) => message);
    console.log(await told(storage.writeAtomically("a", Uint8Array.of(1))));
    console.log(await told(storage.read("a").then((bytes) => { if (bytes?.[0] !== 1) throw new Error("lost"); })));`;
  await Deno.writeTextFile(`${folder}/use.ts`, program);
  const start = async (...flags: string[]): Promise<string[]> => {
    const args = ["run", "--no-prompt", "--no-check", "--no-config", ...flags, `${folder}/use.ts`];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  const models = `${folder}/models`;
  assertEquals(await start(`--allow-read=${models}`, `--allow-write=${models}`), ["done", "done"]);
  const [written, read] = await start(`--allow-read=${models}`);
  assertEquals([written, read], [
    `Cannot write "${models}/a": Deno was started without the permission; add --allow-write`,
    "done",
  ]);
  assertEquals(
    (await start())[1],
    `Cannot read "${models}/a": Deno was started without the permission; add --allow-read`,
  );
}, "run");
