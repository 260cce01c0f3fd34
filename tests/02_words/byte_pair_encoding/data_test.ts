import { assert, assertEquals, assertThrows } from "@std/assert";
import { BytePairEncoding, trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import type { Json } from "../../../core/engine/json.ts";
import { Random } from "../../../core/engine/random.ts";
import { everyText, letters } from "./texts.ts";

Deno.test("toJSON() and fromJSON() keep everything", async () => {
  for (const level of ["characters", "bytes"] as const) {
    const specialTokens = { pad: "[PAD]", end: "[END]" };
    const encoding = await trainBytePairEncoding(everyText, { vocabSize: 600, level, specialTokens });
    // Notes of a checkpoint take it: this line is the test, at compile time.
    const notes: Json = { encoding: encoding.toJSON() };
    assertEquals(JSON.parse(JSON.stringify(notes)), { encoding: encoding.toJSON() });
    const copy = BytePairEncoding.fromJSON(JSON.parse(JSON.stringify(encoding)));
    assertEquals(copy.tokens, encoding.tokens);
    assertEquals(copy.tokens.slice(0, 4), ["[PAD]", "<begin>", "[END]", "<unknown>"]);
    assertEquals(copy.toJSON(), encoding.toJSON());
    for (const text of everyText) assertEquals(copy.encode(text), encoding.encode(text));
  }
});

/** A file without merges over the letters of a text. */
Deno.test("fromJSON() says what is wrong with a file", () => {
  const good = letters("abc");
  const special = good.specialTokens as Record<string, string>;
  const cases: [unknown, string][] = [
    [null, "the file is null: it must be an object with format, level, specialTokens, alphabet, merges"],
    [[], "the file is []: it must be an object"],
    [{ ...good, version: 2 }, 'the file has the field "version"'],
    [{ ...good, format: "x" }, 'format is "x": it must be "heed byte-pair encoding 1"'],
    [{ ...good, level: "words" }, 'level is "words": it must be "characters" or "bytes"'],
    [{ ...good, alphabet: "abc" }, 'alphabet is "abc": it must be a list of characters'],
    [{ ...good, alphabet: ["a", "bc"] }, 'alphabet[1] is "bc": it must be one character, listed once'],
    [{ ...good, alphabet: ["a", "a"] }, 'alphabet[1] is "a": it must be one character, listed once'],
    [{ ...good, alphabet: [7] }, "alphabet[0] is 7"],
    [{ ...good, merges: {} }, "merges is an object: it must be a list of pairs"],
    [{ ...good, merges: [["a", "x"]] }, 'merges[0] is ["a", "x"]: it must join two earlier tokens'],
    [{ ...good, merges: [["a", "b"], ["a", "b"]] }, 'merges[1] makes "ab" again: each token must be made once'],
    [{ ...good, merges: [["a"]] }, 'merges[0] is ["a"]: it must join two earlier tokens'],
    [{ ...good, merges: [null] }, "merges[0] is null"],
    [{ ...good, specialTokens: { ...special, end: "<pad>" } }, "they must be four different texts"],
    [{ ...good, specialTokens: { pad: "" } }, "specialTokens lacks begin"],
    [{ ...good, toString: 1 }, 'the file has the field "toString"'],
    [JSON.parse('{"__proto__":{"format":1}}'), "the file lacks format"],
    [{ ...good, level: "\u001b[2J\u202e" }, 'level is "\\u001b[2J\\u{202e}"'],
    [{ ...good, alphabet: ["x".repeat(1000)] }, `alphabet[0] is "${"x".repeat(40)}…"`],
    [{ ...good, merges: [["toString", "__proto__"]] }, 'merges[0] is ["toString", "__proto__"]: it must join'],
    [{ ...good, merges: [[{}, null]] }, "merges[0] is [an object, null]"],
    [{ ...good, level: "bytes" }, "the alphabet of level bytes must be the 256 letters of the bytes in order"],
  ];
  for (const [file, message] of cases) {
    assertThrows(
      () => BytePairEncoding.fromJSON(file),
      SyntaxError,
      `Cannot read byte-pair encoding: ${message}`.slice(0, 30),
    );
    assertThrows(() => BytePairEncoding.fromJSON(file), SyntaxError, message);
    if (typeof file !== "object" || !file || !("level" in file) || file.level !== "characters") continue;
    assertThrows(() => new BytePairEncoding(file as never), SyntaxError, message);
  }
});

Deno.test("new BytePairEncoding() says what is wrong with what is no encoding", () => {
  for (const data of [undefined, null, {}, [], "abc", 7, { alphabet: "abc" }, { level: "bytes", merges: null }]) {
    assertThrows(() => new BytePairEncoding(data as never), SyntaxError, "Cannot read byte-pair encoding: the file ");
  }
});

Deno.test("fromJSON() refuses tokens that double until memory is full", () => {
  const merges: [string, string][] = [];
  for (let token = "a"; token.length < 2 ** 27; token += token) merges.push([token, token]);
  assertThrows(() => BytePairEncoding.fromJSON({ ...letters("a"), merges }), SyntaxError, "longer than 2^26 letters");
});

Deno.test("fromJSON() answers every damaged file with a SyntaxError", async () => {
  const encoding = await trainBytePairEncoding(["low lower lowest 学生"], { vocabSize: 30, level: "characters" });
  const text = JSON.stringify(encoding);
  const random = new Random(9);
  const spare = ['"', "[", "]", "{", "}", ",", ":", "0", "null", "a", "\\", "学"];
  const deep = JSON.parse("[".repeat(50_000) + "]".repeat(50_000));
  assertThrows(() => BytePairEncoding.fromJSON({ ...letters("a"), alphabet: deep }), SyntaxError);
  let read = 0;
  for (let i = 0; i < 10_000; i++) {
    const at = random.integer(text.length);
    const damaged = text.slice(0, at) + spare[random.integer(spare.length)] + text.slice(at + random.integer(4));
    try {
      const copy = BytePairEncoding.fromJSON(JSON.parse(damaged));
      assertEquals(copy.decode(copy.encode("low")).length, 3);
      read++;
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
    }
  }
  assert(read > 0 && read < 5000);
});

Deno.test("trainBytePairEncoding() ends with what onProgress fails with", async () => {
  const failed = new Error("no room"), onProgress = (): Promise<void> => Promise.reject(failed);
  const options = { vocabSize: 30, level: "characters", onProgress } as const;
  assertEquals(await trainBytePairEncoding(["low lower"], options).catch((error) => error), failed);
});

Deno.test("a special token that is undefined counts as not given", async () => {
  const specialTokens = { pad: undefined, end: "[END]" } as unknown as { end: string };
  const { tokens } = await trainBytePairEncoding(["low lower"], { vocabSize: 270, level: "bytes", specialTokens });
  assertEquals(tokens.slice(0, 4), ["<pad>", "<begin>", "[END]", "<unknown>"]);
});
