import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeSafetensors, type StoredTensor } from "../../core/06_training/safetensors.ts";
import {
  type ByteFile,
  bytesSource,
  droppedSource,
  type ModelSource,
  readJson,
  readText,
} from "../../core/08_pretrained/files/mod.ts";
import { openWeights, weightNumbers } from "../../core/08_pretrained/files/weights.ts";

const numbers = (values: number[], shape = [values.length]): StoredTensor => ({
  kind: "F32",
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const file = (tensors: Record<string, StoredTensor>, metadata: Record<string, string> = {}) =>
  encodeSafetensors({ tensors: new Map(Object.entries(tensors)), metadata: new Map(Object.entries(metadata)) });
const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

const mapOf = (files: Record<string, Uint8Array>) => new Map(Object.entries(files));

const INDEX = "model.safetensors.index.json";
const shards = {
  "model-00001-of-00002.safetensors": file({ a: numbers([1, 2]), b: numbers([3, 4, 5, 6], [2, 2]) }, { format: "pt" }),
  "model-00002-of-00002.safetensors": file({ c: numbers([7]) }),
};
const list = {
  weight_map: {
    a: "model-00001-of-00002.safetensors",
    b: "model-00001-of-00002.safetensors",
    c: "model-00002-of-00002.safetensors",
  },
};
const folder = { ...shards, [INDEX]: text(list), "config.json": text({ model_type: "llama" }) };

Deno.test("weights of one file and of several are read by name", async () => {
  for (const files of [folder, { "model.safetensors": file({ a: numbers([1, 2]), c: numbers([7]) }) }]) {
    const weights = await openWeights(bytesSource(mapOf(files)));
    assertEquals(weights.format, "safetensors");
    assertEquals([...weightNumbers(await weights.read("a"))], [1, 2]);
    assertEquals([...weightNumbers(await weights.read("c"))], [7]);
  }
  const weights = await openWeights(bytesSource(mapOf(folder)));
  assertEquals([...weights.places.keys()], ["a", "b", "c"]);
  assertEquals(weights.places.get("b")!.shape, [2, 2]);
  assertEquals([...weights.metadata], [["format", "pt"]]);
});

Deno.test("tensors are read one at a time", async () => {
  let held = 0, most = 0, total = 0;
  const counted = (inner: ByteFile): ByteFile => ({
    size: inner.size,
    async read(begin, end, options) {
      held += end - begin;
      total += end - begin;
      most = Math.max(most, held);
      return await inner.read(begin, end, options);
    },
  });
  const whole = bytesSource(mapOf({
    "model.safetensors": file(
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`w${i}`, numbers(Array(1000).fill(i))])),
    ),
  }));
  const source: ModelSource = {
    name: "counted",
    open: async (path, options) => {
      const found = await whole.open(path, options);
      return found && counted(found);
    },
  };
  const weights = await openWeights(source), header = total;
  held = most = 0;
  const progress: number[] = [];
  const onProgress = ({ loaded, total }: { loaded: number; total: number }) => void progress.push(loaded / total);
  for await (const [name, weight] of weights.each(weights.places.keys(), { onProgress })) {
    assertEquals(weightNumbers(weight)[0], Number(name.slice(1)));
    held -= weight.bytes.length; // what is asked for next comes after this one is done with
  }
  assertEquals([most, total - header], [4000, 50 * 4000]);
  assertEquals([progress.length, progress.at(-1)], [50, 1]);
});

Deno.test("openWeights() refuses a list that does not fit its files", async () => {
  const open = (files: Record<string, Uint8Array>) => openWeights(bytesSource(mapOf(files)));
  const [first, second] = Object.keys(shards) as (keyof typeof shards)[];
  const { [second!]: _, ...fewer } = folder;
  await assertRejects(() => open(fewer), Error, `names "${second}", which is missing`);
  const swapped = { weight_map: { ...list.weight_map, c: first } };
  await assertRejects(
    () => open({ ...folder, [INDEX]: text(swapped) }),
    SyntaxError,
    `names tensor "c" for "${first}", which does not have it`,
  );
  const { b: _b, ...others } = list.weight_map;
  await assertRejects(
    () => open({ ...folder, [INDEX]: text({ weight_map: others }) }),
    SyntaxError,
    'does not name tensor "b"',
  );
  await assertRejects(() => open({ ...folder, [INDEX]: text({}) }), SyntaxError, "weight_map must be an object");
  await assertRejects(
    () => open({ ...folder, [INDEX]: text({ weight_map: { a: "../x" } }) }),
    SyntaxError,
    "into no file of the folder",
  );
  await assertRejects(() => open({ ...folder, [INDEX]: text("{") }), SyntaxError, INDEX);
  await assertRejects(() => open({ ...folder, [first!]: shards[first!]!.slice(0, 30) }), SyntaxError, `"${first}"`);
});

Deno.test("openWeights() says why there are none", async () => {
  const open = (...names: string[]) => openWeights(bytesSource(new Map(names.map((name) => [name, text("x")]))));
  await assertRejects(() => open("config.json"), Error, "there is neither model.safetensors nor");
  await assertRejects(() => open("pytorch_model.bin"), Error, '"pytorch_model.bin" is a pickle');
  await assertRejects(() => open("a.gguf", "b.gguf"), Error, 'it has "a.gguf", "b.gguf", and one must be named');
  await assertRejects(
    () => openWeights(bytesSource(new Map()), { file: "x.gguf" }),
    Error,
    'there is no file "x.gguf"',
  );
});

/** What a page gives for a file, without a page. */
const dropped = (path: string, bytes: Uint8Array<ArrayBuffer>): File =>
  Object.defineProperty(new File([bytes], path.split("/").at(-1)!), "webkitRelativePath", {
    value: path.includes("/") ? path : "",
  });

Deno.test("files that were dropped on a page are a source, with and without their folder", async () => {
  for (const prefix of ["", "SmolLM2/"]) {
    const source = droppedSource(
      Object.entries(folder).map(([name, bytes]) => dropped(prefix + name, Uint8Array.from(bytes))),
    );
    assertEquals(await readJson(source, "config.json"), { model_type: "llama" });
    assertEquals([...weightNumbers(await (await openWeights(source)).read("b"))], [3, 4, 5, 6]);
    assertEquals(source.name, prefix ? "SmolLM2" : "the chosen files");
  }
});

Deno.test("texts are read if they are texts", async () => {
  const source = bytesSource(new Map([["a.txt", text("vier 词")], ["b.txt", Uint8Array.of(0xff, 0xfe)]]));
  assertEquals(await readText(source, "a.txt"), "vier 词");
  assertEquals(await readText(source, "c.txt"), undefined);
  await assertRejects(() => readText(source, "b.txt"), SyntaxError, "it is not UTF-8");
  const large: ModelSource = {
    name: "large",
    open: () => Promise.resolve({ size: 2 ** 30, read: () => Promise.reject(new Error("read")) }),
  };
  await assertRejects(() => readText(large, "config.json"), RangeError, "the limit is 67108864");
});

Deno.test("a range outside a file, and a signal, end a reading", async () => {
  const source = bytesSource(new Map([["a", new Uint8Array(8)]])), opened = (await source.open("a"))!;
  for (const [begin, end] of [[0, 9], [5, 4], [-1, 2], [0.5, 2], [0, NaN]]) {
    assertThrows(() => opened.read(begin!, end!), RangeError, "both must be places in it");
  }
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => openWeights(bytesSource(mapOf(folder)), { signal }), Error, "enough");
  const weights = await openWeights(bytesSource(mapOf(folder)));
  await assertRejects(() => weights.read("a", { signal }), Error, "enough");
});
