import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  firstDifference,
  MAX_CHARACTERS,
  MAX_DEPTH,
  MAX_PARTS,
  MAX_VALUES,
  parseJson,
  quote,
  readFields,
  writeJson,
} from "../../core/engine/json.ts";
import { type Checks, group, integer, required, string } from "../../core/engine/options.ts";
import { Draws } from "../support.ts";

const read = (text: string): unknown => parseJson(text, "a text");

Deno.test("parseJson() reads what JSON.parse reads", () => {
  const texts = [
    "null",
    " true ",
    "\n[false]\t",
    "0",
    "-0",
    "-1.5e-7",
    "1E+20",
    "123456789012345678901234567890",
    '""',
    '"a\\u0041\\n\\"\\\\ 我 \u2028 \\ud800 \ud83d\ude00"',
    "[]",
    "[ [ ] , { } ]",
    '{"a":{"b":[1,2,{"c":null}]},"":0,"toString":1,"constructor":2,"hasOwnProperty":3,"2":1,"1":2}',
    '{"__proto__":{"x":1}}',
  ];
  for (const text of texts) {
    const expected = JSON.parse(text);
    assertEquals(read(text), expected, text);
    assertEquals(JSON.stringify(read(text)), JSON.stringify(expected), text);
  }
  assertEquals(Object.getPrototypeOf(read('{"__proto__":{"x":1}}')), Object.prototype);
});

Deno.test("parseJson() names the field, what was found and what is expected", () => {
  const deep = "[".repeat(100_000);
  const wrong: [text: string, message: string][] = [
    ["", "Cannot read a text: a value is expected at character 0, and its end was found"],
    ["\ufeff{}", 'a value is expected at character 0, and "\\u{feff}{}" was found'],
    [
      '{"a":{"b":[1,,2]}}',
      'Cannot read a text, field a.b[1]: a value is expected at character 13, and ",2]}}" was found',
    ],
    ['{"a":1,"a":2}', "field a: it is given twice"],
    ['{"x y":tru}', 'field ["x y"]: a value is expected'],
    ["{'a':1}", "a name in quotes is expected at character 1"],
    ['{"a" 1}', "a colon is expected"],
    ["[1 2]", "a comma or ] is expected at character 3"],
    ['{"a":1 "b":2}', "a comma or } is expected"],
    ["[1]]", 'the end is expected at character 3, and "]" was found'],
    ["01", "a value is expected at character 0"],
    ["1".repeat(1000), "11111111111111111111… has more than 400 digits"],
    ["+1", "a value is expected"],
    ["NaN", "a value is expected"],
    ["-Infinity", "a value is expected"],
    ["1e999", "1e999 is larger than any number"],
    ['"a', "the end of a string is expected at character 2"],
    ['"a\n"', "the end of a string is expected"],
    ['"\\', "the end of a string is expected"],
    ['"\\x"', "has an escape that JSON does not know"],
    [`{"a":"\u001b[31m"}`, 'and "\\u001b[31m'],
    [deep, `it is nested deeper than ${MAX_DEPTH}`],
    [deep.replaceAll("[", '{"a":'), `field a.a.a.a.a.a.a.a…: it is nested deeper than ${MAX_DEPTH}`],
    [`[${"[],".repeat(MAX_PARTS)}[]]`, `it has more than ${MAX_PARTS} lists`],
    [`[${"1,".repeat(MAX_VALUES)}1]`, `it has more than ${MAX_VALUES} values`],
    [`"${"x".repeat(MAX_CHARACTERS)}"`, `it has ${MAX_CHARACTERS + 2} characters, and at most ${MAX_CHARACTERS} are`],
  ];
  for (const [text, message] of wrong) assertThrows(() => read(text), SyntaxError, message);
});

Deno.test("parseJson() answers 10,000 damaged texts as JSON.parse does, or refuses", () => {
  const draws = new Draws(5), below = (n: number): number => Math.floor(draws.next() * n);
  const original = '{"a":[1,-2.5e3,null,true],"b":{"c":"x\\n我","d":[]},"e":""}';
  const signs = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "0",
    "-",
    ".",
    "e",
    " ",
    "\u0000",
    "\ud800",
    "n",
    "null",
    '"a"',
  ];
  let refused = 0;
  for (let n = 0; n < 10_000; n++) {
    let text = original;
    for (let changes = 1 + below(3); changes > 0; changes--) {
      const from = below(text.length + 1), to = Math.min(text.length, from + below(3));
      text = text.slice(0, from) + (draws.next() < 0.7 ? signs[below(signs.length)]! : "") + text.slice(to);
    }
    let expected: unknown, isJson = true;
    try {
      expected = JSON.parse(text);
    } catch {
      isJson = false;
    }
    try {
      assertEquals(read(text), expected, text);
      assert(isJson, text);
    } catch (error) {
      assert(error instanceof SyntaxError, `${text}: ${error}`);
      assert(!isJson || error.message.includes("twice"), `${text}: ${error}`);
      refused++;
    }
  }
  assert(refused > 5000 && refused < 10_000, `refused ${refused}`);
});

Deno.test("writeJson() writes what parseJson() brings back, and names the field that it would not", () => {
  const fine = [
    null,
    "\ud800 \u0000 我",
    [1, [2.5e-300, -1e300], { "": [], "a.b": { toString: 1 } }],
    JSON.parse('{"__proto__":{"x":[1]}}'),
    Object.assign(Object.create(null), { a: 1 }),
  ];
  for (const value of fine) assertEquals(read(writeJson(value, "save")), value);
  const circle: Record<string, unknown> = { a: [] };
  (circle["a"] as unknown[]).push({ b: circle });
  let deep: unknown = 1;
  for (let i = 0; i <= MAX_DEPTH; i++) deep = [deep];
  const wrong: [value: unknown, message: string][] = [
    [
      { notes: { best: Infinity } },
      "Cannot save with notes.best = Infinity: it must be something that JSON brings back",
    ],
    [{ best: [1, NaN] }, "with best[1] = NaN"],
    [{ best: -Infinity }, "with best = -Infinity"],
    [{ a: undefined }, "with a = undefined"],
    [{ a: [undefined] }, "with a[0] = undefined"],
    [{ "x y": () => 1 }, 'with ["x y"] = a function'],
    [{ a: 10n }, "with a = 10n"],
    [{ a: Symbol("s") }, "with a = a symbol"],
    [{ a: new Date(0) }, "with a = a Date"],
    [{ a: new Map() }, "with a = a Map"],
    [{ a: new Set() }, "with a = a Set"],
    [{ a: new Float32Array(2) }, "with a = a Float32Array"],
    [{ a: new Number(1) }, "with a = a Number"],
    [{ a: /x/ }, "with a = a RegExp"],
    [{ a: { toJSON: () => 1 } }, "with a = an object"],
    [{ a: { [Symbol("s")]: 1 } }, "with a = an object"],
    [{ a: [1, , 2] }, "with a = a list"], // deno-lint-ignore no-sparse-arrays
    [{ a: Object.assign([1], { b: 2 }) }, "with a = a list"],
  ];
  for (const [value, message] of wrong) assertThrows(() => writeJson(value, "save"), TypeError, message);
  assertThrows(() => writeJson(circle, "save"), RangeError, "with a[0].b: it holds itself");
  assertThrows(() => writeJson(deep, "save"), RangeError, `it is nested deeper than ${MAX_DEPTH}`);
  assertThrows(() => writeJson("x".repeat(MAX_CHARACTERS), "save"), RangeError, "more than");
  assertThrows(() => writeJson("\u0000".repeat(MAX_CHARACTERS / 2), "save"), RangeError, "as JSON it has");
  assertThrows(() => writeJson(Array(MAX_PARTS).fill([]), "save"), RangeError, "lists, objects and members");
  assertThrows(() => writeJson(Array(MAX_VALUES).fill(1), "save"), RangeError, `more than ${MAX_VALUES} values`);
});

Deno.test("readFields() names each field that is missing, unknown or wrong", () => {
  interface Inner {
    readonly text?: string;
  }
  interface Outer {
    readonly size: number;
    readonly inner?: Inner;
  }
  const checks: Checks<Outer> = {
    size: required(integer({ min: 1, max: 9 })),
    inner: group<Inner>({ text: string }),
  };
  assertEquals(readFields("a file", { size: 3, inner: { text: "x" } }, checks), { size: 3, inner: { text: "x" } });
  const wrong: [value: unknown, message: string][] = [
    [null, "Cannot read a file: the whole is null, and it must be an object with size, inner"],
    [[1], "the whole is a list"],
    [{}, "size is missing, and it must be an integer of at least 1 and at most 9"],
    [{ size: "3" }, 'size is "3", and it must be an integer'],
    [{ size: 10 }, "size is 10, and"],
    [{ size: 1.5 }, "size is 1.5, and"],
    [{ size: [] }, "size is [], and"],
    [{ size: 3, toString: 1 }, "there is a field toString, and the fields are size, inner"],
    [JSON.parse('{"size":3,"__proto__":1}'), "there is a field __proto__"],
    [Object.create({ size: 3 }), "size is missing"],
    [{ size: 3, inner: null }, "inner is null, and it must be an object with text"],
    [{ size: 3, inner: { text: 1 } }, "inner.text is 1, and it must be a string"],
    [{ size: 3, inner: { "\u202e": 1 } }, 'there is a field inner["\\u{202e}"]'],
  ];
  for (const [value, message] of wrong) assertThrows(() => readFields("a file", value, checks), SyntaxError, message);
});

Deno.test("quote() is short and moves no cursor", () => {
  assertEquals(quote('a"b'), '"a\\"b"');
  assertEquals(quote("\u001b[2J\u202e\u2028\ufeff\u0085"), '"\\u001b[2J\\u{202e}\\u{2028}\\u{feff}\\u{85}"');
  assertEquals(quote("x".repeat(100), 3), '"xxx…"');
});

Deno.test("firstDifference() says the innermost path at which two values differ, and what is there", () => {
  const value = { a: [1, { b: "x" }], "c d": null };
  assertEquals(firstDifference(value, { "c d": null, a: [1, { b: "x" }] }, "notes"), undefined);
  const cases = [
    [{ ...value, a: [1, { b: "y" }] }, "notes.a[1].b", ["x", "y"]],
    [{ ...value, a: [1] }, "notes.a[1]", [{ b: "x" }, undefined]],
    [{ ...value, a: [1, { b: "x" }, 0] }, "notes.a[2]", [undefined, 0]],
    [{ ...value, a: { 0: 1, 1: { b: "x" } } }, "notes.a", [[1, { b: "x" }], { 0: 1, 1: { b: "x" } }]],
    [{ ...value, "c d": [] }, 'notes["c d"]', [null, []]],
    [{ a: value.a }, 'notes["c d"]', [null, undefined]],
    [{ ...value, toString: 1 }, "notes.toString", [undefined, 1]],
    [null, "notes", [value, null]],
  ] as const;
  for (const [other, path, values] of cases) {
    assertEquals(firstDifference(value, other, "notes"), { path, values: [values[0], values[1]] });
  }
});
