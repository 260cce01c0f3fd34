/** Schemas of JSON against `JSON.parse` and a validator that is written here. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import type { Grammar } from "../../../core/07_generation/constraints/grammar.ts";
import { type JsonSchema, jsonSchema } from "../../../core/07_generation/constraints/json_schema.ts";
import { grammarRule } from "../../../core/07_generation/constraints/token_masks.ts";
import { sample } from "../../../core/07_generation/sampling.ts";
import { Random } from "../../../core/engine/random.ts";
import { tokenizers } from "./tokenizers.ts";

type Keywords = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Keywords =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether a value is one that a schema allows: the meaning of the keywords as the specification has it. */
function isValid(schema: JsonSchema, value: unknown, root: JsonSchema = schema): boolean {
  if (typeof schema === "boolean") return schema;
  const valid = (other: unknown, one = value): boolean => isValid(other as JsonSchema, one, root);
  const s = schema as Record<string, never>;
  if (s["$ref"]) {
    let target: unknown = root;
    for (const part of (s["$ref"] as string).split("/").slice(1)) target = (target as Keywords)[part];
    if (!valid(target)) return false;
  }
  if ("const" in s && !same(s["const"], value)) return false;
  if (s["enum"] && !(s["enum"] as unknown[]).some((one) => same(one, value))) return false;
  if (s["anyOf"] && !(s["anyOf"] as unknown[]).some((one) => valid(one))) return false;
  if (s["oneOf"] && (s["oneOf"] as unknown[]).filter((one) => valid(one)).length !== 1) return false;
  const types: unknown[] = s["type"] === undefined ? [] : [s["type"]].flat();
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  if (types.length > 0 && !types.includes(kind) && !(types.includes("integer") && Number.isInteger(value))) {
    return false;
  }
  if (typeof value === "number") {
    if (value < (s["minimum"] ?? -Infinity) || value > (s["maximum"] ?? Infinity)) return false;
    if (value <= (s["exclusiveMinimum"] ?? -Infinity) || value >= (s["exclusiveMaximum"] ?? Infinity)) return false;
  }
  if (typeof value === "string") {
    const { length } = [...value];
    if (length < (s["minLength"] ?? 0) || length > (s["maxLength"] ?? Infinity)) return false;
    if (s["pattern"] && !new RegExp(s["pattern"] as string, "u").test(value)) return false;
    if (s["format"] && !FORMATS[s["format"] as string]!(value)) return false;
  }
  if (Array.isArray(value)) {
    const { prefixItems = [], items = true } = s as unknown as { prefixItems?: unknown[]; items?: unknown };
    if (value.length < (s["minItems"] ?? 0) || value.length > (s["maxItems"] ?? Infinity)) return false;
    if (!value.every((one, i) => valid(i < prefixItems.length ? prefixItems[i] : items, one))) return false;
  }
  if (isObject(value)) {
    const properties = (s["properties"] ?? {}) as Keywords;
    if (!((s["required"] ?? []) as string[]).every((name) => Object.hasOwn(value, name))) return false;
    for (const [name, one] of Object.entries(value)) {
      const own = Object.hasOwn(properties, name) ? properties[name] : s["additionalProperties"] ?? true;
      if (!valid(own, one)) return false;
    }
  }
  return true;
}

/** Formats, by what other programs say of them. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  "date": (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text),
  "time": (text) => !Number.isNaN(Date.parse(`2000-01-01T${text}`)),
  "date-time": (text) => isDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text)),
  "uuid": (text) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(text),
  "ipv4": (text) => text.split(".").length === 4 && new URL(`http://${text}`).hostname === text,
  "email": (text) => /^[^@\s"]+@[^@\s".]+(?:\.[^@\s".]+)+$/.test(text),
};

/** Whether a date is in the calendar: a day that there is not would become one of the next month. */
function isDay(text: string): boolean {
  const [year, month, day] = text.split("-").map(Number), date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day!);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
}

/** Schemas, with values that they allow. */
const SCHEMAS: readonly (readonly [schema: JsonSchema, allowed: readonly unknown[], refused?: readonly unknown[]])[] = [
  [true, [null, 1.5e10, "é\n", [[], {}], { a: { b: [true] } }]],
  [{ type: "string" }, ["", 'a"\\\u0001\u{1f600}'], [1, null]],
  [{ type: "string", minLength: 2, maxLength: 3 }, ["ab", "é\u{1f600}", "\n\n\t"], ["a", "abcd"]],
  [{ type: "string", pattern: "^a+$|b" }, ["aa", "xbx", "b\n"], ["", "ac"]],
  [{ type: "string", pattern: '["\\\\]', maxLength: 4 }, ['"', "a\\b"], ["ab", '"""""']],
  ...Object.keys(FORMATS).map((format) => [{ type: "string", format }, []] as const),
  [{ enum: ["a", 1, null, [1, { b: 2 }], true] }, ["a", 1, null, [1, { b: 2 }], true], ["b", 2, false]],
  [{ type: "integer", enum: [1, "a", 2.5] }, [1], ["a", 2.5]],
  [{ const: { a: [1] } }, [{ a: [1] }], [{ a: [] }]],
  [{ type: ["integer", "null"] }, [0, -17, null], [1.5, "1"]],
  [{ type: "number", minimum: -1.5, exclusiveMaximum: 20.25 }, [-1.5, 0, 20.2, 3], [-1.6, 20.25, 21]],
  [{ minimum: 3 }, [3, 1000.5], [2]],
  [{ anyOf: [{ type: "integer", maximum: -3 }, { type: "string", maxLength: 1 }] }, [-3, -40, "x"], [-2, "xy"]],
  [{ type: "string", anyOf: [{ const: "a" }, { pattern: "^b$" }] }, ["a", "b"], ["c", 1]],
  [{ type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 3 }, [[true], [true, false, true]], [[], [1]]],
  [{ type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: { type: "null" } }, [
    [],
    ["a"],
    ["a", 1, null, null],
  ], [[1], ["a", 1, 1]]],
  [{ type: "array", prefixItems: [{ const: 1 }, { const: 2 }], items: false, minItems: 1 }, [[1], [1, 2]], [[], [
    1,
    2,
    3,
  ]]],
  [
    {
      type: "object",
      properties: { a: { type: "integer" }, b: { type: "string" }, c: { type: "null" } },
      required: ["b"],
      additionalProperties: false,
    },
    [{ b: "" }, { a: 1, b: "x" }, { b: "x", c: null }, { a: 1, b: "", c: null }],
    [{}, { a: 1 }, { a: 1, c: null }, { b: 1 }, { b: "", d: 1 }],
  ],
  [{ type: "object", properties: { a: { const: 1 } }, additionalProperties: { type: "boolean" } }, [
    {},
    { a: 1 },
    { a: 1, x: true, "": false },
    { x: true },
  ], [{ a: 2 }, { a: true }, { x: 1 }]],
  [{ type: "object", required: ["k"], additionalProperties: { type: "integer" } }, [{ k: 1 }, { k: 1, l: 2 }], [{}]],
  [{ type: "object" }, [{}, { a: 1, b: [null] }], [[]]],
  [
    {
      $defs: { node: { type: "object", properties: { v: { type: "integer" }, next: { $ref: "#/$defs/node" } } } },
      anyOf: [{ $ref: "#/$defs/node" }, { type: "array", items: { $ref: "#" } }],
    },
    [{}, { v: 1, next: { next: {} } }, [[], [{ v: 2 }]]],
    [{ next: 1 }, [1]],
  ],
  [
    {
      type: "object",
      properties: Object.fromEntries([..."abcdefghijklmnop"].map((name) => [name, { type: "integer" }])),
    },
    [{}, { a: 1, p: 2 }, { b: 1, c: 2, h: 3 }],
    [{ p: 1, a: 2 }],
  ],
];

const spaced = (value: unknown): string =>
  JSON.stringify(value, null, 1).replace(/\n */g, " ").replace(/^([[{]) ([\]}])$/, "$1$2");

Deno.test("jsonSchema() accepts values that a schema allows, compact and with spaces, and refuses others", () => {
  for (const [schema, allowed, refused = []] of SCHEMAS) {
    const grammar = jsonSchema(schema), label = JSON.stringify(schema);
    for (const value of allowed) {
      assert(isValid(schema, value), `the validator on ${label}`);
      for (const text of [JSON.stringify(value), spaced(value)]) assert(grammar.accepts(text), `${label}: ${text}`);
      assert(jsonSchema(schema, { whitespace: "" }).accepts(JSON.stringify(value)));
      assert(
        jsonSchema(schema, { whitespace: "[ \\n]*" }).accepts(JSON.stringify(value, null, 2)),
        `${label}: indented`,
      );
    }
    for (const value of refused) {
      assertEquals(grammar.accepts(JSON.stringify(value)), false, `${label}: ${JSON.stringify(value)}`);
    }
  }
});

const bytes = await trainBytePairEncoding(
  ['{"a": 1, "b": [true, false, null], "name": "x"}, {"v": -12.5e3}', "\\u00e9 2024-02-29T12:30:00Z a@b.org"],
  { vocabSize: 300, level: "bytes" },
);

/** Writes a text with random logits, which end it sooner the longer it is. */
function write(grammar: Grammar, seed: number, tokenizer = bytes as typeof tokenizers[string]): string | undefined {
  const rule = grammarRule(grammar, tokenizer), random = new Random(seed), eosToken = tokenizer.endToken!;
  const closing = tokenizer.tokens.flatMap((token, id) => /^["\]}]+$/.test(token) ? [id] : []);
  const tokens: number[] = [];
  while (tokens.length < 400) {
    const logits = Float64Array.from({ length: tokenizer.vocabSize }, () => 4 * random.next());
    logits[eosToken] = 8;
    for (const token of closing) logits[token]! += tokens.length / 8;
    const token = sample(rule.onHost(logits, { tokens, promptLength: 0, eosToken }), random);
    if (token === eosToken) return tokenizer.decode(tokens);
    tokens.push(token);
  }
  return undefined;
}

Deno.test("jsonSchema() under random logits: hundreds of texts parse and are valid, with every tokenizer that can write them", () => {
  let written = 0, cut = 0;
  for (const [schema] of SCHEMAS) {
    const grammar = jsonSchema(schema);
    for (let seed = 1; seed <= 25; seed++) {
      const text = write(grammar, seed);
      if (text === undefined) {
        cut++;
        continue;
      }
      written++;
      assert(grammar.accepts(text));
      assert(isValid(schema, JSON.parse(text)), `${JSON.stringify(schema)}: ${text}`);
    }
  }
  for (const name of ["bytes, with merges across characters", "pieces with bytes"]) {
    for (let seed = 1; seed <= 10; seed++) {
      const text = write(jsonSchema(true), seed, tokenizers[name]);
      if (text !== undefined) JSON.parse(text);
    }
  }
  assert(written > 500 && cut < written / 10, `${written} written, ${cut} cut`);
});

Deno.test("jsonSchema() reads bounds of numbers as numbers: every short text", () => {
  // All numbers of JSON without an exponent, up to five signs.
  const numbers: string[] = [];
  const extend = (text: string): void => {
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) && text !== "-0" && !/^-0\.0+$/.test(text)) numbers.push(text);
    if (text.length === 5) return;
    const digits = text.length < 4 ? "0159" : "0123456789";
    for (const sign of text.includes(".") ? digits : `${digits}.`) extend(text + sign);
  };
  for (const start of ["", "-"]) extend(start);
  const bounds = [-150, -15.5, -15, -9.05, -1, -0.5, -0.05, 0, 0.05, 0.5, 1, 5, 9.95, 10, 15, 15.59, 99.9, 100, 951];
  for (const low of [undefined, ...bounds]) {
    for (const high of [undefined, ...bounds]) {
      if (low === undefined && high === undefined || low !== undefined && high !== undefined && low > high) continue;
      const isOpen = bounds.indexOf(low ?? 0) % 2 === 0;
      const schema = {
        type: "number",
        ...low === undefined ? {} : { [isOpen ? "exclusiveMinimum" : "minimum"]: low },
        ...high === undefined ? {} : { [isOpen ? "maximum" : "exclusiveMaximum"]: high },
      };
      for (const type of ["number", "integer"]) {
        const wanted = (text: string): boolean =>
          isValid({ ...schema, type }, Number(text)) && (type === "number" || !text.includes("."));
        if (!numbers.some(wanted)) continue;
        const grammar = jsonSchema({ ...schema, type });
        const wrong = numbers.find((text) => grammar.accepts(text) !== wanted(text));
        assertEquals(wrong, undefined, JSON.stringify({ ...schema, type }));
      }
    }
  }
});

Deno.test("jsonSchema() of any value accepts what JSON.parse reads, but for white space, and nothing else", () => {
  const grammar = jsonSchema(true, { whitespace: "[ \\t\\n\\r]*" }), random = new Random(1);
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "a",
    "\\",
    "u00",
    "e9",
    "1",
    "0",
    "-",
    ".",
    "e",
    "E",
    "+",
    "true",
    "null",
    " ",
    "\n",
    "\\n",
    '"a":',
    "é",
    "\u0001",
  ];
  const parses = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  let valid = 0;
  for (let i = 0; i < 60_000; i++) {
    const text = Array.from({ length: 1 + i % 7 }, () => pieces[Math.floor(random.next() * pieces.length)]!).join("");
    // Space stands here only behind a mark or before a closing one.
    const isIn = parses(text), accepted = grammar.accepts(text);
    if (isIn && !/^\s|\s$|\s[:,]/.test(text)) assert(accepted, JSON.stringify(text));
    if (accepted) assert(isIn, JSON.stringify(text));
    valid += Number(isIn);
  }
  assert(valid > 500);
});

Deno.test("jsonSchema() refuses by name what it does not read", () => {
  const faults: readonly (readonly [schema: unknown, because: string])[] = [
    [{ type: "integer", multipleOf: 3 }, 'at #: the keyword "multipleOf" is not supported'],
    [{ allOf: [] }, '"allOf" is not supported'],
    [{ not: {} }, '"not" is not supported'],
    [
      { type: "object", properties: { a: { type: "array", uniqueItems: true } } },
      'at #/properties/a: the keyword "uniqueItems"',
    ],
    [{ type: "object", patternProperties: {} }, '"patternProperties" is not supported'],
    [{ type: "string", minimum: 1 }, '"minimum" says nothing about this type'],
    [{ type: "string", format: "hostname" }, 'the format "hostname" is not supported'],
    [{ type: "strin" }, '"strin" is no type'],
    [{ type: "string", pattern: "(?=a)" }, "at #/pattern: cannot read the regular expression"],
    [{ type: "string", minLength: -1 }, "minLength is -1, and no count"],
    [{ type: "string", minLength: 3, maxLength: 2 }, "minLength is 3 and maxLength 2"],
    [{ type: "number", minimum: "1" }, 'minimum is "1", and no number'],
    [{ $ref: "other.json" }, "does not lead into the schema itself"],
    [{ $ref: "#/$defs/a" }, 'the reference "#/$defs/a" leads nowhere'],
    [{ $ref: "#", type: "null" }, '"type" is not supported beside $ref'],
    [{ enum: "a" }, 'at #/enum: "a" is no list'],
    [{ type: "object", required: "a" }, '"a" is no list of names'],
    [3, "3 is no schema"],
    [false, "no text follows it"],
    [{ type: "integer", minimum: 3, maximum: 2 }, "no text follows it"],
    [{ type: "integer", exclusiveMinimum: 2, exclusiveMaximum: 3 }, "no text follows it"],
    [{ $ref: "#" }, "no text follows it"],
    [{ type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }, "no text follows it"],
  ];
  for (const [schema, because] of faults) {
    assertThrows(() => jsonSchema(schema as JsonSchema), SyntaxError, because, JSON.stringify(schema));
  }
});

Deno.test("jsonSchema() counts to a thousand", () => {
  const grammar = jsonSchema({ type: "string", maxLength: 1000 });
  assert(grammar.size < 1100 + 50, `${grammar.size} states`);
  assert(grammar.accepts(`"${"é".repeat(1000)}"`) && !grammar.accepts(`"${"é".repeat(1001)}"`));
});
