import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataError, UsageError } from "../../core/cli/errors.ts";
import {
  exists,
  MAX_TEXT,
  parseColumns,
  readLines,
  readPairs,
  readText,
  scanLines,
  trim,
  writeFile,
} from "../../core/cli/files.ts";
import { granted, makeSocket, testWithFolder } from "../permissions.ts";

async function put(folder: string, content: string | Uint8Array): Promise<string> {
  const path = `${folder}/input.txt`;
  await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  return path;
}

const linesOf = async (path: string) => (await Array.fromAsync(readLines(path))).map(({ text }) => text);

testWithFolder("readLines() drops the byte order mark and ends lines at \\n and \\r\\n", async (folder) => {
  assertEquals(await linesOf(await put(folder, "\ufeffa\r\n我\n\nlast")), ["a", "我", "", "last"]);
  assertEquals(await linesOf(await put(folder, "")), []);
});

testWithFolder(
  "readLines() drops U+FEFF at the start of a file alone, and readPairs() keeps it too",
  async (folder) => {
    const path = await put(folder, "\ufeff\ufeffa\tb\n\ufeffc\td\n\ufeff\tx\n");
    assertEquals(await linesOf(path), ["\ufeffa\tb", "\ufeffc\td", "\ufeff\tx"]);
    assertEquals((await readPairs(path, [1, 2])).map(({ source }) => source), ["\ufeffa", "\ufeffc", "\ufeff"]);
    assertEquals((await readText(path)).join(""), "\ufeffa\tb\n\ufeffc\td\n\ufeff\tx\n");
    assertEquals(await linesOf(await put(folder, "\ufeff")), [""]);
    assertEquals(trim("\u3000\u0085 a\ufeff b\t\n"), "a\ufeff b");
  },
);

testWithFolder("scanLines() goes on after lines that cannot be read, and counts them", async (folder) => {
  const bytes = new TextEncoder().encode(`a\n?\n${"x".repeat(3 << 20)}\nb\n`);
  bytes[2] = 0xff;
  const lines = await Array.fromAsync(scanLines(await put(folder, bytes)));
  assertEquals(lines, [
    { number: 1, text: "a" },
    { number: 2, text: "", fault: "it is not UTF-8 text" },
    { number: 3, text: "", fault: "it is longer than a megabyte" },
    { number: 4, text: "b" },
  ]);
});

testWithFolder("readLines() reads lines that cross its blocks", async (folder) => {
  const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${"我是".repeat(i % 40)}`);
  lines[100] = "x".repeat(300_000);
  assertEquals(await linesOf(await put(folder, lines.join("\n"))), lines);
});

testWithFolder("readLines() names the line that is not UTF-8", async (folder) => {
  const path = await put(folder, new Uint8Array([97, 10, 98, 10, 0xff, 0xfe, 10]));
  const error = await assertRejects(() => linesOf(path), DataError);
  assertEquals(error.message, `Cannot read "${path}" line 3: it is not UTF-8 text`);
});

testWithFolder("readLines() refuses a line of over a megabyte", async (folder) => {
  const path = await put(folder, `a\n${"x".repeat(3 << 20)}`);
  await assertRejects(() => linesOf(path), DataError, "line 2: it is longer than a megabyte");
});

testWithFolder("readLines() says what is wrong with a path", async (folder) => {
  await assertRejects(() => linesOf(`${folder}/none`), DataError, "there is no such file or folder");
  await assertRejects(() => linesOf(folder), DataError, "it is a folder");
});

testWithFolder("readPairs() takes any two columns and skips blank lines", async (folder) => {
  const path = await put(folder, "Hi.\t嗨。\tattribution\n\n Run. \t你用跑的。\tx\n");
  assertEquals(await readPairs(path, [2, 1]), [
    { source: "嗨。", target: "Hi." },
    { source: "你用跑的。", target: "Run." },
  ]);
});

const malformed: [content: string, fault: string][] = [
  ["a\tb\nno tab here\n", "line 2: it has no tab, and column 2 is needed"],
  ["a\tb\n\n\tb\n", "line 3: column 1 is empty"],
  ["a\tb\na\t \n", "line 2: column 2 is empty"],
];
for (const [content, fault] of malformed) {
  testWithFolder(`readPairs() names ${fault}`, async (folder) => {
    const path = await put(folder, content);
    await assertRejects(() => readPairs(path, [1, 2]), DataError, fault);
  });
}

testWithFolder("readPairs() names the column that a line lacks", async (folder) => {
  const path = await put(folder, "a\tb\n");
  await assertRejects(() => readPairs(path, [1, 3]), DataError, "line 1: it has 2 columns, and column 3 is needed");
});

testWithFolder("readPairs() and readText() refuse a file without content", async (folder) => {
  const path = await put(folder, "\n\n");
  await assertRejects(() => readPairs(path, [1, 2]), DataError, "it holds no pairs");
  await assertRejects(() => readText(path), DataError, "it is empty");
});

testWithFolder("readText() keeps the text and cuts it at line breaks", async (folder) => {
  const text = Array.from({ length: 60_000 }, (_, i) => `line ${i} of a long text that repeats itself\n`).join("");
  const pieces = await readText(await put(folder, text));
  assertEquals(pieces.length > 1, true);
  assertEquals(pieces.every((piece) => piece.endsWith("\n")), true);
  assertEquals(pieces.join("") === text, true);
});

testWithFolder("writeFile() replaces a file and leaves nothing beside it", async (folder) => {
  const path = `${folder}/out.bin`;
  await writeFile(path, new Uint8Array([1, 2, 3]));
  await writeFile(path, new Uint8Array([4]));
  assertEquals([...await Deno.readFile(path)], [4]);
  assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 1);
});

testWithFolder("writeFile() keeps the old file and says why it failed", async (folder) => {
  await Deno.mkdir(`${folder}/taken`);
  await assertRejects(() => writeFile(`${folder}/taken`, new Uint8Array([1])), DataError, "it is a folder");
  await assertRejects(() => writeFile(`${folder}/no/such`, new Uint8Array([1])), DataError, "there is no such");
  assertEquals((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), ["taken"]);
  assertEquals(await exists(`${folder}/taken`), true);
  assertEquals(await exists(`${folder}/none`), false);
});

Deno.test("parseColumns() takes two different numbers", () => {
  assertEquals(parseColumns("2,1"), [2, 1]);
  for (const text of ["1,1", "0,1", "1", "a,b", "1,2,3", "-1,2"]) assertThrows(() => parseColumns(text), UsageError);
});

testWithFolder("what is trained on may be a pipe or a device, and has a limit either way", async (folder) => {
  const path = await put(folder, "a\nb\n");
  await assertRejects(
    () => Array.fromAsync(readLines(path, 3)),
    DataError,
    "it has more than 3 bytes, the most that are",
  );
  assertEquals((await Array.fromAsync(readLines(path, 4))).length, 2);
  await Deno.truncate(path, MAX_TEXT + 1);
  await assertRejects(() => readText(path), DataError, `it has more than ${MAX_TEXT} bytes`);
  await assertRejects(() => readPairs(path, [1, 2]), DataError, `it has more than ${MAX_TEXT} bytes`);
  if (Deno.build.os === "windows" || !granted("run")) return;
  assertEquals(await linesOf("/dev/null"), []);
  await assertRejects(() => linesOf("/dev/zero"), DataError, "line 1: it is longer than a megabyte");
  await assertRejects(
    () => Array.fromAsync(scanLines("/dev/zero")),
    DataError,
    "line 1: it has no end within 67108864",
  );
  const pipe = `${folder}/pipe`, sh = (script: string) => new Deno.Command("sh", { args: ["-c", script] }).spawn();
  if (!(await sh(`mkfifo ${pipe}`).status).success) return;
  const short = sh(`printf 'x\\ny\\n' > ${pipe}`);
  assertEquals(await linesOf(pipe), ["x", "y"]);
  await short.status;
  const endless = sh(`yes > ${pipe} 2> ${folder}/errors`);
  await assertRejects(() => Array.fromAsync(readLines(pipe, 1_000_000)), DataError, "it has more than 1000000 bytes");
  await endless.status;
}, "run");

testWithFolder("a text that is a socket is refused by its kind", async (folder) => {
  if (Deno.build.os === "windows") return;
  const path = `${folder}/socket`;
  await makeSocket(path);
  await assertRejects(() => linesOf(path), DataError, "it is a socket, and a file is needed");
}, "run");
