import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeGguf, type GgufHeader, readGguf, storageOf } from "../../core/08_pretrained/files/gguf.ts";
import { bytesSource } from "../../core/08_pretrained/files/mod.ts";
import { openWeights, weightNumbers } from "../../core/08_pretrained/files/weights.ts";
import { BLOCK_KINDS, packBlocks, unpackBlocks } from "../../core/08_pretrained/quantised_weights.ts";
import { halfToNumber, numberToHalf } from "../../core/engine/numbers.ts";
import { Random } from "../../core/engine/random.ts";
import golden from "../goldens/gguf_files.json" with { type: "json" };

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const floatsOf = (text: string): Float32Array => new Float32Array(bytesOf(text).buffer);
const file = bytesOf(golden.file);
/** To the bit: two zeros of different sign differ. */
const bitsOf = (numbers: ArrayLike<number>): Uint32Array => new Uint32Array(Float32Array.from(numbers).buffer);

Deno.test("blocks are unpacked as the format's own library does, to the bit", () => {
  assertEquals(Object.keys(golden.blocks).toSorted(), [...BLOCK_KINDS].toSorted());
  for (const [kind, { bytes, weights }] of Object.entries(golden.blocks)) {
    assertEquals(bitsOf(unpackBlocks(kind, bytesOf(bytes))), bitsOf(floatsOf(weights)), kind);
  }
});

Deno.test("blocks are packed as the format's own library does, to the byte", () => {
  const { weights, ...kinds } = golden.packed;
  for (const [kind, bytes] of Object.entries(kinds)) {
    assertEquals(packBlocks(kind, floatsOf(weights)), bytesOf(bytes), kind);
  }
});

Deno.test("a weight is at most half a step from what is packed of it", () => {
  const random = new Random(2), weights = Float32Array.from({ length: 320 }, () => random.next() ** 3 - 0.3);
  for (const [kind, steps] of [["Q4_1", 15], ["Q5_1", 31], ["Q8_0", 254]] as const) {
    const back = unpackBlocks(kind, packBlocks(kind, weights));
    for (let block = 0; block < 10; block++) {
      const own = weights.subarray(32 * block, 32 * block + 32), low = Math.min(...own), high = Math.max(...own);
      const range = kind === "Q8_0" ? 2 * Math.max(-low, high) : high - low;
      // The scale and the minimum are rounded to float16, of eleven bits.
      const most = range / steps / 2 + (range + Math.abs(low)) * 2 ** -11;
      own.forEach((weight, i) => assert(Math.abs(weight - back[32 * block + i]!) <= most, kind));
    }
  }
});

Deno.test("a number becomes the nearest float16, ties to even, and back", () => {
  for (let bits = 0; bits < 2 ** 16; bits++) {
    const x = halfToNumber(bits);
    if (Number.isNaN(x)) assertEquals(Number.isNaN(halfToNumber(numberToHalf(x))), true);
    else assertEquals(numberToHalf(x), bits);
  }
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = halfToNumber(bits), high = halfToNumber(bits + 1), middle = (low + high) / 2;
    assertEquals(numberToHalf(middle), bits % 2 === 0 ? bits : bits + 1);
    assertEquals([numberToHalf(low + (high - low) * 0.49), numberToHalf(low + (high - low) * 0.51)], [bits, bits + 1]);
  }
  assertEquals([numberToHalf(65519.99), numberToHalf(65520), numberToHalf(-1e300)], [0x7bff, 0x7c00, 0xfc00]);
});

Deno.test("every kind of block has as many elements as are unpacked of it", () => {
  for (const kind of BLOCK_KINDS) {
    const { elements, bytes } = storageOf(kind)!;
    assertEquals(unpackBlocks(kind, new Uint8Array(3 * bytes)).length, 3 * elements);
    assertEquals(unpackBlocks(kind, new Uint8Array(0)).length, 0);
  }
});

Deno.test("a file that the format's own library wrote is read, every type of fact and every tensor", async () => {
  const { version, metadata, tensors } = decodeGguf(file, file.length)!;
  assertEquals(version, 3);
  const facts = Object.fromEntries(metadata);
  assertEquals(facts["general.architecture"], "llama");
  assertEquals([facts["t.uint8"], facts["t.int8"], facts["t.uint16"]], [200, -100, 60000]);
  assertEquals([facts["t.int16"], facts["t.uint32"], facts["t.int32"]], [-30000, 4000000000, -2000000000]);
  assertEquals([facts["t.float32"], facts["t.float64"]], [Math.fround(0.1), 0.1]);
  assertEquals([facts["t.bool"], facts["t.string"]], [true, "vier Wörter, 四个词 🙂"]);
  assertEquals([facts["t.uint64"], facts["t.int64"]], [2n ** 63n + 1n, -(2 ** 40)]);
  assertEquals(facts["t.words"], ["a", "", "ab", "注意"]);
  assertEquals([facts["t.numbers"], facts["t.floats"], facts["t.bools"]], [[1, -2, 3], [0.5, -0.25], [true, false]]);
  const weights = await openWeights(bytesSource(new Map([["small.gguf", file]])));
  assertEquals([...weights.places.keys()].toSorted(), Object.keys(golden.tensors).toSorted());
  for (const [name, { shape, numbers }] of Object.entries(golden.tensors)) {
    assertEquals(tensors.get(name)!.shape, shape);
    const weight = await weights.read(name);
    assertEquals(bitsOf(weightNumbers(weight)), bitsOf(floatsOf(numbers)), name);
  }
});

Deno.test("readGguf() reads on until the tables end", async () => {
  const whole = decodeGguf(file, file.length)!,
    first = Math.min(...[...whole.tensors.values()].map(({ begin }) => begin));
  for (let length = 0; length <= first; length++) {
    const found = decodeGguf(file.subarray(0, length), file.length);
    if (found) assertEquals(found, whole);
    else assert(length < first);
  }
  assertEquals(await readGguf({ size: file.length, read: (a, b) => Promise.resolve(file.slice(a, b)) }), whole);
});

Deno.test("decodeGguf() answers damaged files with a SyntaxError or with places inside the file", () => {
  const random = new Random(5);
  let refused = 0;
  for (let round = 0; round < 10_000; round++) {
    const damaged = file.slice();
    for (let change = random.integer(4); change >= 0; change--) {
      damaged[random.integer(1200)] = random.next() < 0.5 ? 255 : random.integer(256);
    }
    const cut = random.next() < 0.3 ? damaged.subarray(0, random.integer(damaged.length)) : damaged;
    let header: GgufHeader | undefined;
    try {
      header = decodeGguf(cut, cut.length);
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
      refused++;
      continue;
    }
    for (const { begin, end } of header!.tensors.values()) assert(0 <= begin && begin <= end && end <= cut.length);
  }
  assert(refused > 3000);
});

/** A file of tables that a test writes. */
function written(parts: readonly (number | bigint | string | { readonly u32: number })[]): Uint8Array {
  const bytes: number[] = [];
  const push = (value: bigint, size: number) => {
    for (let i = 0; i < size; i++) bytes.push(Number(value >> BigInt(8 * i) & 255n));
  };
  for (const part of parts) {
    if (typeof part === "string") {
      const text = new TextEncoder().encode(part);
      push(BigInt(text.length), 8);
      bytes.push(...text);
    } else if (typeof part === "object") push(BigInt(part.u32), 4);
    else push(BigInt(part), 8);
  }
  return Uint8Array.from([...new TextEncoder().encode("GGUF"), ...bytes]);
}
const u32 = (value: number) => ({ u32: value });

Deno.test("a file that cannot be right is refused with what is wrong", () => {
  const refusals: [Uint8Array, string][] = [
    [new TextEncoder().encode("PK\u0003\u0004 and more"), 'must begin with "GGUF"'],
    [written([u32(1), 0, 0]), "it is version 1; versions 2 and 3 are read"],
    [written([u32(0x03000000), 0, 0]), "it is version 50331648"],
    [written([u32(3), 2n ** 60n, 0]), "which no file can bear out"],
    [written([u32(3), 100_000, 0]), "it is said to have 100000 tensors, the limit is 32768"],
    [written([u32(3), 0, 1, "a", u32(77), 0]), 'the fact "a" has a value of type 77'],
    [written([u32(3), 0, 1, "a", u32(9), u32(9), 0]), "a list of lists"],
    [written([u32(3), 0, 1, "a", u32(9), u32(4), 10 ** 9]), "said to have 1000000000 values"],
    [written([u32(3), 0, 2, "a", u32(10), 0, "a", u32(10), 0]), 'the fact "a" appears twice'],
    [written([u32(3), 1, 0, "w", u32(9), 0, 0]), "has 9 axes"],
    [written([u32(3), 1, 0, "w", u32(1), 4, u32(99), 0]), "elements of the unknown kind 99"],
    [written([u32(3), 1, 0, "w", u32(1), 33, u32(2), 0]), "rows of 33 elements, and Q4_0 needs a multiple of 32"],
    [written([u32(3), 1, 0, "w", u32(2), 2 ** 40, 2 ** 40, u32(0), 0]), 'tensor "w" takes'],
    [written([u32(3), 1, 0, "w", u32(1), 8, u32(0), 0]), "it is cut off"],
    [written([u32(3), 1, 0, "w", u32(1), 0, u32(0), 8]), "must lie at a multiple of 32"],
  ];
  for (const [bytes, message] of refusals) {
    assertThrows(() => decodeGguf(bytes, bytes.length), SyntaxError, message);
  }
});

Deno.test("blocks of another kind, and half a block, are refused", async () => {
  assertThrows(() => unpackBlocks("IQ2_XS", new Uint8Array(74)), RangeError, "Cannot unpack blocks of IQ2_XS");
  assertThrows(() => unpackBlocks("Q4_0", new Uint8Array(17)), RangeError, "a block has 18");
  const weights = await openWeights(bytesSource(new Map([["small.gguf", file]])));
  await assertRejects(() => weights.read("a.weigth"), RangeError, 'did you mean "a.weight"?');
  assertThrows(
    () => weightNumbers({ kind: "IQ2_XS", shape: [256], bytes: new Uint8Array(74) }, "w"),
    RangeError,
    '"w"',
  );
});

Deno.test("a string of a file is what UTF-8 says, short or long, and what is none is refused", () => {
  /** A file of one fact, whose value is these bytes. */
  const withString = (bytes: Uint8Array): Uint8Array => {
    const name = new TextEncoder().encode("name"), long = (size: number) => [size, 0, 0, 0, 0, 0, 0, 0];
    const head = [...new TextEncoder().encode("GGUF"), 3, 0, 0, 0, ...long(0), ...long(1)];
    return Uint8Array.from([...head, ...long(name.length), ...name, 8, 0, 0, 0, ...long(bytes.length), ...bytes]);
  };
  const read = (bytes: Uint8Array) => {
    const whole = withString(bytes);
    return decodeGguf(whole, whole.length)!.metadata.get("name");
  };
  const texts = [
    "",
    "a",
    "Ġthe",
    "\x7f\x80\u07ff\u0800",
    "你好",
    "🙂",
    "\ufeffx",
    "\0",
    "é".repeat(16),
    "é".repeat(17),
    "x".repeat(40),
  ];
  for (const text of texts) assertEquals(read(new TextEncoder().encode(text)), text);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let first = 0; first < 256; first++) {
    for (const rest of [[], [0x20], [0x80], [0xbf], [0xc0], [0x80, 0x80]]) {
      const bytes = Uint8Array.of(first, ...rest);
      let expected: string | undefined;
      try {
        expected = decoder.decode(bytes);
      } catch {
        assertThrows(() => read(bytes), SyntaxError, "a string is not UTF-8");
        continue;
      }
      assertEquals(read(bytes), expected);
    }
  }
});
