import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  decodeSafetensors,
  encodeSafetensors,
  restoreTensors,
  storedNumbers,
  type StoredTensor,
  storeTensors,
} from "../../core/06_training/safetensors.ts";
import { withBackend } from "../../core/engine/device.ts";
import { tensor, zeros } from "../../core/engine/create.ts";
import { assertClose, Draws, onEveryBackend, reference } from "../support.ts";

const text = new TextEncoder();

/** A file with any header and any rest. */
function fileOf(header: string | Uint8Array, rest: Uint8Array = new Uint8Array(), announced?: bigint): Uint8Array {
  const bytes = typeof header === "string" ? text.encode(header) : header;
  const file = new Uint8Array(8 + bytes.length + rest.length);
  new DataView(file.buffer).setBigUint64(0, announced ?? BigInt(bytes.length), true);
  file.set(bytes, 8);
  file.set(rest, 8 + bytes.length);
  return file;
}

const stored = (kind: StoredTensor["kind"], shape: number[], bytes: number[]): StoredTensor => ({
  kind,
  shape,
  bytes: Uint8Array.from(bytes),
});

onEveryBackend("decoding what was encoded gives the same tensors", async () => {
  const draws = new Draws(1);
  const tensors = new Map([
    ["weights", draws.normal(3, 5).tensor()],
    ["empty", zeros([0, 4])],
    ["scalar", tensor(Float64Array.of(-0.5), [])],
    ['ids 中文 " \\ \n', draws.integers(-9, 9, 2, 2).tensor()],
    ["mask", draws.booleans(0.5, 7).tensor()],
    ["a view", draws.normal(4, 3).tensor().transpose()],
    ["__proto__", tensor([7])],
  ]);
  const metadata = new Map([["format", "pt"], ["__proto__", '{"}']]);
  const file = encodeSafetensors({ tensors: await storeTensors(tensors), metadata });
  const decoded = decodeSafetensors(file);
  assertEquals(decoded.metadata, metadata);
  const restored = restoreTensors(decoded.tensors);
  assertEquals(new Set(restored.keys()), new Set(tensors.keys()));
  for (const [name, original] of tensors) {
    assertEquals(restored.get(name)!.dtype, original.dtype);
    await assertClose(restored.get(name)!, original, { tolerance: 0 });
  }
  const again = await storeTensors(new Map([...restored].reverse()));
  assertEquals(encodeSafetensors({ tensors: again, metadata }), file, "equal contents give equal bytes");
  for (const { kind, bytes } of decoded.tensors.values()) {
    const width = kind === "F64" ? 8 : kind === "BOOL" ? 1 : 4;
    assertEquals(bytes.byteOffset % width, 0, "aligned in the file");
  }
});

Deno.test("encodeSafetensors() writes the bytes that the reference implementation writes", () => {
  const file = encodeSafetensors({
    tensors: new Map([
      ["b", stored("F32", [2], [0, 0, 128, 63, 0, 0, 0, 64])],
      ["a", stored("I64", [1], [5, 0, 0, 0, 0, 0, 0, 0])],
    ]),
    metadata: new Map([["format", "pt"]]),
  });
  // safetensors 0.8, save({"b": float32 [1, 2], "a": int64 [5]}, {"format": "pt"})
  const header = '{"__metadata__":{"format":"pt"},"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
    '"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  assertEquals(file, fileOf(padded, Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64)));
});

Deno.test("storedNumbers() widens every kind of element", () => {
  const cases: [StoredTensor, number[]][] = [
    [stored("F64", [1], [0, 0, 0, 0, 0, 0, 240, 63]), [1]],
    [stored("F32", [1], [0, 0, 192, 191]), [-1.5]],
    [
      stored("F16", [9], [0, 60, 0, 192, 1, 0, 255, 3, 0, 4, 255, 123, 0, 124, 0, 252, 0, 128]),
      [1, -2, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, -0],
    ],
    [stored("BF16", [4], [128, 63, 0, 192, 128, 127, 1, 0]), [1, -2, Infinity, 2 ** -133]],
    [stored("I64", [2], [255, 255, 255, 255, 255, 255, 255, 255, 7, 0, 0, 0, 0, 0, 0, 0]), [-1, 7]],
    [stored("I32", [1], [254, 255, 255, 255]), [-2]],
    [stored("I16", [2], [255, 255, 0, 1]), [-1, 256]],
    [stored("I8", [2], [128, 127]), [-128, 127]],
    [stored("U8", [2], [128, 255]), [128, 255]],
    [stored("BOOL", [3], [0, 1, 1]), [0, 1, 1]],
  ];
  for (const [entry, expected] of cases) {
    assertEquals([...storedNumbers(entry)], expected, entry.kind);
    // The same bytes where no typed array could stand.
    const shifted = new Uint8Array(entry.bytes.length + 1);
    shifted.set(entry.bytes, 1);
    assertEquals([...storedNumbers({ ...entry, bytes: shifted.subarray(1) })], expected, entry.kind);
  }
  assert(Number.isNaN(storedNumbers(stored("F16", [1], [1, 124]))[0]));
  assertThrows(() => storedNumbers(stored("BOOL", [1], [2])), SyntaxError, "Cannot read 2 as BOOL");
  assertThrows(
    () => storedNumbers(stored("I64", [1], [0, 0, 0, 128, 0, 0, 0, 0])),
    RangeError,
    "Cannot read 2147483648 as int32",
  );
});

Deno.test("decodeSafetensors() names what is wrong", () => {
  const entry = (fields: string): string => `{"a":{${fields}}}`;
  const good = '"dtype":"U8","shape":[2],"data_offsets":[0,2]';
  const two = new Uint8Array(2);
  assertEquals(decodeSafetensors(fileOf(`${entry(good)}  \n`, two)).tensors.get("a")!.shape, [2]);
  assertEquals(decodeSafetensors(fileOf("{}")).tensors.size, 0);
  const wrong: [Uint8Array, string][] = [
    [new Uint8Array(7), "the file has 7 bytes, 8 are needed"],
    [fileOf("{}", two, 200n), "the header is said to have 200 bytes, the file has 4 after its length"],
    [fileOf("{}", two, 2n ** 64n - 1n), "the limit is 100000000"],
    [fileOf("", two), "it must start with {"],
    [fileOf(" {}"), "it must start with {"],
    [fileOf("{} x"), "something follows its closing brace"],
    [fileOf("{}", two), "2 bytes at the end belong to none"],
    [fileOf(entry(good)), 'Cannot read tensor "a": bytes 0 to 2 of 0, beyond the end of the file'],
    [fileOf(entry(good.replace("U8", "F8")), two), 'unknown kind of element "F8"'],
    [fileOf(entry(good.replace("[2]", "[3]")), two), "bytes 0 to 2 cannot hold U8 [3]"],
    [fileOf(entry(good.replace("[2]", "[9007199254740991,3]")), two), "cannot hold"],
    [fileOf(entry(good.replace("[2]", "[9007199254740992]")), two), "a number is beyond 2^53"],
    [fileOf(entry(good.replace("[2]", "[-2]")), two), "a whole number is expected"],
    [fileOf(entry(good.replace("[2]", "[2.0]")), two), "] is expected"],
    [fileOf(entry(good.replace("[2]", "[02]")), two), "a whole number is expected"],
    [fileOf(entry(good.replace("[2]", `[${"1,".repeat(16)}2]`)), two), "a list has more than 16 numbers"],
    [fileOf(entry(good.replace("[0,2]", "[1,3]")), new Uint8Array(3)), "the tensor before it ends at 0"],
    [fileOf(entry(good.replace("[0,2]", "[2,0]")), two), "an ascending pair of data_offsets"],
    [fileOf(entry(good.replace("[0,2]", "[0]")), two), "needs dtype, shape and an ascending pair"],
    [fileOf(entry(good + ',"extra":1'), two), 'field "extra" of tensor "a" is unknown or appears twice'],
    [fileOf(entry(good + ',"dtype":"U8"'), two), 'field "dtype" of tensor "a" is unknown or appears twice'],
    [fileOf(`{"a":{${good}},"a":{${good}}}`, two), 'the tensor "a" appears twice'],
    [fileOf(`{"a":{${good}},"b":{${good}}}`, two), "the tensor before it ends at 2"],
    [fileOf(`{"a":{${good}},}`, two), '" is expected'],
    [fileOf('{"__metadata__":{"x":1}}'), '" is expected'],
    [fileOf('{"__metadata__":{"x":"1","x":"2"}}'), 'the note "x" appears twice'],
    [fileOf('{"__metadata__":{},"__metadata__":{}}'), "__metadata__ appears twice"],
    [fileOf('{"a'), "a string is cut off"],
    [fileOf('{"a\\'), "a string is cut off"],
    [fileOf('{"a\n":1}'), "a string is cut off or holds a control character"],
    [fileOf('{"\\x":{}}'), "an invalid escape"],
    [fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), "not valid UTF-8"],
    [fileOf(`{"\\u001b[31m\\u202e":{${good.replace("U8", "?")}}}`, two), 'Cannot read tensor "\\u001b[31m\\u{202e}"'],
  ];
  for (const [file, message] of wrong) assertThrows(() => decodeSafetensors(file), SyntaxError, message);
});

Deno.test("decodeSafetensors() reads a header once: with the square of its length, 20 MB of lies would never end", () => {
  const header = new Uint8Array(20_000_000).fill(0x20);
  header.set(text.encode('{"a":{"dtype":"U8","shape":['), 0);
  assertThrows(() => decodeSafetensors(fileOf(header)), SyntaxError);
  const many = text.encode(`{${'"":{"dtype":"U8","shape":[],"data_offsets":[0,1]},'.repeat(100_000)}`);
  assertThrows(() => decodeSafetensors(fileOf(many)), SyntaxError, "appears twice");
});

Deno.test("decodeSafetensors() answers 10,000 damaged files with a SyntaxError or the right tensors", async () => {
  const draws = new Draws(99);
  const below = (n: number): number => Math.floor(draws.next() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const lies = [
    "-1",
    "0",
    "1",
    "2",
    "3",
    "8",
    "1e3",
    "9007199254740991",
    "9007199254740993",
    "null",
    '""',
    "[]",
    "{}",
    "1.5",
  ];
  const names = ['"a"', '"b"', '"__metadata__"', '"__proto__"', '"dtype"', '"shape"', '"data_offsets"', '"\\ud800"'];
  const kinds = ['"F64"', '"F32"', '"F16"', '"BF16"', '"I64"', '"I32"', '"I16"', '"I8"', '"U8"', '"BOOL"', '"F4"', "7"];
  const original = encodeSafetensors({
    tensors: new Map([
      ["a", stored("F32", [2, 2], Array.from({ length: 16 }, (_, i) => i))],
      ["b", stored("I64", [1], [1, 0, 0, 0, 0, 0, 0, 0])],
      ["c", stored("BOOL", [3], [1, 0, 1])],
      ["d", stored("BF16", [0, 5], [])],
    ]),
    metadata: new Map([["note", "text"]]),
  });
  const headerLength = Number(new DataView(original.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(original.subarray(8, 8 + headerLength));

  const damages: (() => Uint8Array)[] = [
    // Some bytes anywhere.
    () => {
      const file = original.slice();
      for (let n = 1 + below(3); n > 0; n--) file[below(file.length)] = below(256);
      return file;
    },
    // A file cut off, or with something behind it.
    () => original.slice(0, below(original.length)),
    () => Uint8Array.of(...original, ...new Uint8Array(1 + below(20))),
    // A length that lies.
    () => {
      const file = original.slice();
      const length = pick([0n, 1n, BigInt(below(400)), 2n ** 63n, 100_000_001n, BigInt(headerLength + below(9) - 4)]);
      new DataView(file.buffer).setBigUint64(0, length, true);
      return file;
    },
    // A header whose statements lie, with a length that fits it.
    () => {
      const changed = header
        .replace(/\d+/g, (n) => draws.next() < 0.15 ? pick(lies) : n)
        .replace(/"[A-Z][A-Z0-9]+"/g, (k) => draws.next() < 0.15 ? pick(kinds) : k)
        .replace(/"[a-z_]+"/g, (k) => draws.next() < 0.05 ? pick(names) : k);
      return fileOf(changed, original.subarray(8 + headerLength));
    },
    // A header with a piece missing or doubled.
    () => {
      const [from, to] = [below(header.length), below(header.length)].sort((a, b) => a - b) as [number, number];
      const changed = draws.next() < 0.5
        ? header.slice(0, from) + header.slice(to)
        : header.slice(0, to) + header.slice(from);
      return fileOf(changed, original.subarray(8 + headerLength));
    },
  ];

  let refused = 0;
  await withBackend(reference, () => {
    for (let n = 0; n < 10_000; n++) {
      const file = pick(damages)();
      try {
        const { tensors } = decodeSafetensors(file);
        let bytes = 0;
        for (const entry of tensors.values()) {
          const count = storedNumbers(entry).length;
          assertEquals(count, entry.shape.reduce((size, extent) => size * extent, 1));
          bytes += entry.bytes.length;
        }
        // No lie about a size asks for more work than the file is long.
        assert(bytes <= file.length);
      } catch (error) {
        const allowed = error instanceof SyntaxError ||
          (error instanceof RangeError && error.message.includes("int32"));
        assert(allowed, `file ${n}: ${error}`);
        refused++;
      }
    }
  });
  assert(refused > 5000 && refused < 10_000, `refused ${refused}`);
});

Deno.test("encodeSafetensors() needs no notes", () => {
  const tensors = new Map([["a", stored("F32", [1], [0, 0, 0, 0])]]);
  assertEquals(encodeSafetensors({ tensors }), encodeSafetensors({ tensors, metadata: new Map() }));
});

Deno.test("encodeSafetensors() refuses bytes that do not fit their shape", () => {
  const metadata = new Map<string, string>();
  for (const [name, entry] of [["a", stored("F32", [2], [0])], ["__metadata__", stored("U8", [1], [0])]] as const) {
    const tensors = new Map([[name, entry]]);
    assertThrows(() => encodeSafetensors({ tensors, metadata }), TypeError, `Cannot write tensor "${name}"`);
  }
});

Deno.test("encodeSafetensors() and decodeSafetensors() refuse what is no file, in heed's words", () => {
  const good = stored("F32", [1], [0, 0, 0, 0]), metadata = new Map<string, string>();
  const of = (entry: unknown) => ({ tensors: new Map([["a", entry]]), metadata });
  const files: [file: unknown, message: string][] = [
    [undefined, "Cannot write tensors with undefined for options"],
    [{ tensors: {}, metadata }, "tensors must be a Map by name"],
    ...[undefined, 5, 5n, {}, Symbol("a")].map((name): [unknown, string] => [
      { tensors: new Map([[name, { kind: "F32", shape: [0], bytes: new Uint8Array(0) }]]), metadata },
      "tensors must be a Map by name",
    ]),
    [{ tensors: new Map(), metadata: new Map([["a", 1]]) }, "metadata must be a Map of strings"],
    [of(1), 'Cannot write tensor "a" of 1: kind, shape and bytes are needed'],
    [of(zeros([1])), 'Cannot write tensor "a" of a Tensor: kind, shape and bytes are needed, as exportState() and'],
    [of({ ...good, kind: "F9" }), 'kind = "F9": kind must be one of F64'],
    [of({ ...good, shape: 1 }), "shape must be a list of whole numbers"],
    [of({ ...good, shape: [-1] }), "shape must be a list of whole numbers"],
    [of({ ...good, bytes: [0, 0, 0, 0] }), "bytes must be a Uint8Array"],
  ];
  for (const [file, message] of files) assertThrows(() => encodeSafetensors(file as never), TypeError, message);
  const axes = stored("U8", Array(17).fill(1), [1]);
  assertThrows(() => encodeSafetensors({ tensors: new Map([["a", axes]]), metadata }), RangeError, "17 axes");
  const many = new Map(Array.from({ length: 2 ** 15 + 1 }, (_, i) => [String(i), stored("U8", [0], [])]));
  assertThrows(() => encodeSafetensors({ tensors: many, metadata }), RangeError, "Cannot write 32769 tensors");
  many.delete("0");
  assertEquals(decodeSafetensors(encodeSafetensors({ tensors: many, metadata })).tensors.size, 2 ** 15);
  const notes = new Map([["a", "x".repeat(2 ** 23)]]);
  assertThrows(() => encodeSafetensors({ tensors: new Map(), metadata: notes }), RangeError, "Cannot write a header");
  for (const bytes of [undefined, null, 5, "x", [1], new ArrayBuffer(9)]) {
    assertThrows(() => decodeSafetensors(bytes as never), TypeError, "file must be a Uint8Array");
  }
});
