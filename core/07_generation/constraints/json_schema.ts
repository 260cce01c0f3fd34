/**
 * # JSON and its schemas
 *
 * **Question.** A program asks a model for data and reads the answer as JSON: an object with these fields, of these types. How is an answer made sure that the program can read?
 *
 * **Idea.** A schema (JSON Schema) says which values are wanted. It becomes a [grammar](context_free.ts): an object is a brace, its fields in order, a brace; a number with bounds is a regular expression of digits; what refers
 * to itself is a rule. The grammar then says [which tokens may follow](token_masks.ts).
 *
 * **By hand.** For `{ "type": "integer", "minimum": 8, "maximum": 12 }` the numbers of one digit are 8 and 9, those of two go from 10 to 12. So the grammar is `[8-9]|1[0-2]`. Leading zeros are no JSON, and so are not in it.
 *
 * ```ts
 * import { jsonSchema } from "@heed/heed/generation";
 *
 * const number = jsonSchema({ type: "integer", minimum: 8, maximum: 12 });
 * for (const text of ["7", "8", "9", "08", "10", "12", "13"]) console.log(text, number.accepts(text));
 * const tree = jsonSchema({
 *   type: "object",
 *   properties: { name: { type: "string" }, parts: { type: "array", items: { $ref: "#" }, maxItems: 2 } },
 *   required: ["name"],
 * });
 * console.log(tree.accepts('{"name": "a", "parts": [{"name": "b"}]}'), tree.accepts('{"parts": []}'));
 * ```
 *
 * ```text
 * 7 false
 * 8 true
 * 9 true
 * 08 false
 * 10 true
 * 12 true
 * 13 false
 * true false
 * ```
 *
 * **What is written is less than what is allowed.** Every text of the grammar is a value that the schema allows; not every such value is a text of the grammar. Fields come in the order of the schema. Fields that it does not name are written
 * only where `additionalProperties` asks for them. A number with bounds has no exponent. Between two parts stands at most the white space that the option allows.
 *
 * **What is read.** `type`, `enum`, `const`, `anyOf`, `oneOf`; for strings `minLength`, `maxLength`, `pattern` and `format` (date, time, date-time, uuid, ipv4, email); for numbers `minimum`, `maximum`, `exclusiveMinimum`,
 * `exclusiveMaximum`; for arrays `items`, `prefixItems`, `minItems`, `maxItems`; for objects `properties`, `required`, `additionalProperties`; `$ref` to the schema itself, `$defs` or `definitions`. Everything else that would limit the values is refused by
 * its name, `oneOf` of alternatives that overlap excepted: it is read as `anyOf`.
 *
 * Sources: Austin Wright and others 2022, *JSON Schema: A Media Type for Describing JSON Documents*; Tim Bray 2017, *RFC 8259: The JavaScript Object Notation Data Interchange Format*; Brandon Willard and Rémi Louf 2023.
 *
 * @module
 */

import { checkOptions, type Checks, string } from "../../engine/options.ts";
import { quote, shown } from "../../engine/shown.ts";
import { anyCharacter, type Characters, charactersOf, complement, range, union, without } from "./characters.ts";
import {
  both,
  characters,
  choice,
  except,
  type Expression,
  literal,
  nothing,
  optional,
  repeat,
  rule,
  sequence,
} from "./expressions.ts";
import { Grammar, type GrammarLimits, limitChecks } from "./grammar.ts";
import { readRegularExpression, readSearchedExpression } from "./regular_expressions.ts";

/** A schema of JSON: an object of keywords, `true` for any value, `false` for none. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** How {@linkcode jsonSchema} writes values. */
export interface JsonSchemaOptions extends GrammarLimits {
  /** What may stand behind `{ [ , :` and before `} ]`, a regular expression; `" ?"` by default. */
  readonly whitespace?: string | undefined;
}

const checks: Checks<JsonSchemaOptions> = { ...limitChecks, whitespace: string };

/**
 * The texts of JSON that a schema allows.
 *
 * @example
 * ```ts
 * import { jsonSchema } from "@heed/heed/generation";
 *
 * const grammar = jsonSchema({ type: "array", items: { enum: ["red", "blue"] }, minItems: 1 });
 * console.assert(grammar.accepts('["red", "blue"]') && !grammar.accepts("[]"));
 * ```
 *
 * @param schema keywords and their values; `true` for any value
 * @param options white space and a limit; a space may stand between two parts by default
 * @returns a grammar
 * @throws {SyntaxError} if the schema has a keyword that is not supported or says nothing sensible, or no value is allowed; where is said
 * @throws {RangeError} if an automaton has more than `maxStates` states
 */
export function jsonSchema(schema: JsonSchema, options: JsonSchemaOptions = {}): Grammar {
  checkOptions("read a schema of JSON", options, checks);
  const { whitespace = " ?", maxStates } = options;
  const reader = new SchemaReader(schema, readRegularExpression(whitespace));
  return new Grammar(reader.rules(), "root", { maxStates, name: "schema of JSON" });
}

// ## Values of any kind
//
// A string may hold every character but control characters, the quotation mark and the backslash, which are escaped. Any character may be written by its number, two such numbers for one beyond U+FFFF.

const QUOTE = literal('"');
const DIGIT = range("0", "9");
const HEXADECIMAL = union(DIGIT, range("a", "f"), range("A", "F"));
const digit = characters(DIGIT), hexadecimal = characters(HEXADECIMAL);
/** What has to be escaped. */
const ESCAPED = charactersOf([[0, 0x1f], [0x22, 0x22], [0x5c, 0x5c]]);
const unescaped = characters(complement(ESCAPED));
/** `\u` and four digits: a character up to U+FFFF that is no half of a pair, or both halves. */
const byNumber = sequence(
  literal("\\u"),
  choice(
    sequence(characters(without(HEXADECIMAL, union(range("d"), range("D")))), repeat(hexadecimal, 3, 3)),
    sequence(characters(union(range("d"), range("D"))), characters(range("0", "7")), repeat(hexadecimal, 2, 2)),
    sequence(
      characters(union(range("d"), range("D"))),
      characters(union(range("8", "9"), range("a", "b"), range("A", "B"))),
      repeat(hexadecimal, 2, 2),
      literal("\\u"),
      characters(union(range("d"), range("D"))),
      characters(union(range("c", "f"), range("C", "F"))),
      repeat(hexadecimal, 2, 2),
    ),
  ),
);
const SHORT: Readonly<Record<string, string>> = { "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t" };
const byLetter = sequence(
  literal("\\"),
  characters(charactersOf([...'"\\/bfnrt'].flatMap((sign) => [...range(sign)]))),
);
/** One character of a string, in any of its forms. */
const letter = choice(unescaped, byLetter, byNumber);
const whole = choice(literal("0"), sequence(characters(range("1", "9")), repeat(digit)));
const integers = sequence(optional(literal("-")), whole);
const numbers = sequence(
  integers,
  optional(sequence(literal("."), repeat(digit, 1))),
  optional(
    sequence(
      characters(union(range("e"), range("E"))),
      optional(characters(union(range("+"), range("-")))),
      repeat(digit, 1),
    ),
  ),
);

/** The name of the rule for any value. */
const ANY = "any value";

/** An expression over characters of a string as JSON writes them: each in one form. */
function inString(expression: Expression): Expression {
  switch (expression.kind) {
    case "characters":
      return escapedSet(expression.set);
    case "sequence":
    case "choice":
      return { ...expression, parts: expression.parts.map(inString) };
    case "repeat":
      return { ...expression, part: inString(expression.part) };
    case "rule":
      return expression;
    default:
      return { ...expression, part: inString(expression.part), other: inString(expression.other) };
  }
}

function escapedSet(set: Characters): Expression {
  const plain = without(set, ESCAPED), parts: Expression[] = plain.length > 0 ? [characters(plain)] : [];
  for (const [from, to] of without(set, complement(ESCAPED))) {
    for (let point = from; point <= to; point++) parts.push(literal(escapeOf(String.fromCodePoint(point))));
  }
  return choice(...parts);
}

/** The usual form of a character that has to be escaped. */
function escapeOf(sign: string): string {
  if (sign === '"' || sign === "\\") return `\\${sign}`;
  return Object.hasOwn(SHORT, sign) ? `\\${SHORT[sign]}` : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

// ## Numbers with bounds
//
// A number is compared with a bound digit by digit. Among numbers of as many digits, what is larger at the first digit that differs is larger; a whole number of more digits is larger. So "at least 123" is: more digits; or a first digit
// above 1; or 1 and then at least 23.

/** Whole numbers from 0 on, at least one number and at most another, both as digits. */
function between(low: string, high: string): Expression {
  if (low.length < high.length) {
    const nines = "9".repeat(low.length);
    return choice(between(low, nines), between(`1${"0".repeat(low.length)}`, high));
  }
  if (low === "") return nothing;
  const [first, last] = [low[0]!, high[0]!], [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (first === last) return sequence(literal(first), between(lowRest, highRest));
  const [least, most] = ["0".repeat(lowRest.length), "9".repeat(lowRest.length)];
  const parts = [
    sequence(literal(first), between(lowRest, most)),
    sequence(literal(last), between(least, highRest)),
  ];
  const above = String.fromCharCode(first.charCodeAt(0) + 1), below = String.fromCharCode(last.charCodeAt(0) - 1);
  if (above <= below) {
    parts.push(sequence(characters(range(above, below)), repeat(digit, lowRest.length, lowRest.length)));
  }
  return choice(...parts);
}

/** Whole numbers from 0 on that are at least one, without an upper bound. */
function atLeast(low: string): Expression {
  const longer = sequence(characters(range("1", "9")), repeat(digit, low.length));
  return choice(between(low, "9".repeat(low.length)), longer);
}

/** A bound, exactly: its whole part, its digits behind the point, and whether it belongs to the numbers. */
interface Bound {
  readonly isNegative: boolean;
  readonly whole: string;
  readonly fraction: string;
  readonly isIn: boolean;
}

/** The digits of a number, without an exponent. */
function digitsOf(value: number): { isNegative: boolean; whole: string; fraction: string } {
  const [, sign, before, behind = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  const shift = Number(exponent), point = before!.length + shift;
  const all = `${before}${behind}`;
  const whole = point <= 0 ? "0" : all.padEnd(point, "0").slice(0, point);
  const fraction = point <= 0 ? "0".repeat(-point) + all : all.slice(point);
  return {
    isNegative: sign === "-" && value !== 0,
    whole: whole.replace(/^0+(?=\d)/, ""),
    fraction: fraction.replace(/0+$/, ""),
  };
}

/** The next smaller whole number, as digits. */
const before = (whole: string): string => String(BigInt(whole) - 1n);
/** The next larger one. */
const after = (whole: string): string => String(BigInt(whole) + 1n);

/** Whole numbers, from 0 on, between two bounds that are not negative. */
function wholes(low: Bound | undefined, high: Bound | undefined): Expression | undefined {
  const isAbove = low !== undefined && (low.fraction !== "" || !low.isIn);
  const least = low === undefined ? "0" : isAbove ? after(low.whole) : low.whole;
  if (!high) return atLeast(least);
  const most = high.fraction === "" && !high.isIn ? before(high.whole) : high.whole;
  return BigInt(most) < BigInt(least) ? undefined : between(least, most);
}

/** Digits behind a point, read as a fraction, that are larger than some. */
function fractionAbove(digits: string, isIn: boolean): Expression {
  if (digits === "") {
    // Any fraction; without the bound itself, one that is not 0.
    return isIn ? repeat(digit) : sequence(repeat(literal("0")), characters(range("1", "9")), repeat(digit));
  }
  const first = digits[0]!, parts = [sequence(literal(first), fractionAbove(digits.slice(1), isIn))];
  if (first < "9") {
    const larger = characters(range(String.fromCharCode(first.charCodeAt(0) + 1), "9"));
    parts.push(sequence(larger, repeat(digit)));
  }
  return choice(...parts);
}

/** Digits behind a point that are smaller; none stand for 0. */
function fractionBelow(digits: string, isIn: boolean): Expression {
  if (digits === "") return isIn ? repeat(literal("0")) : choice();
  const first = digits[0]!, parts = [nothing, sequence(literal(first), fractionBelow(digits.slice(1), isIn))];
  if (first > "0") {
    const smaller = characters(range("0", String.fromCharCode(first.charCodeAt(0) - 1)));
    parts.push(sequence(smaller, repeat(digit)));
  }
  return choice(...parts);
}

/** A point and digits behind it, or nothing where no digit is needed. */
function pointed(fraction: Expression): Expression {
  const some = both(fraction, repeat(digit, 1)), none = both(fraction, nothing);
  return choice(none, sequence(literal("."), some));
}

/** Numbers from 0 on between two bounds that are not negative. */
function decimals(low: Bound | undefined, high: Bound | undefined): Expression {
  const anyFraction = optional(sequence(literal("."), repeat(digit, 1)));
  const least = low ?? { isNegative: false, whole: "0", fraction: "", isIn: true }, parts: Expression[] = [];
  const isSame = high !== undefined && high.whole === least.whole;
  if (isSame) {
    const fraction = both(fractionAbove(least.fraction, least.isIn), fractionBelow(high.fraction, high.isIn));
    return sequence(literal(least.whole), pointed(fraction));
  }
  parts.push(sequence(literal(least.whole), pointed(fractionAbove(least.fraction, least.isIn))));
  const next = after(least.whole);
  if (!high) return choice(...parts, sequence(atLeast(next), anyFraction));
  if (BigInt(high.whole) < BigInt(least.whole)) return choice();
  if (BigInt(next) < BigInt(high.whole)) parts.push(sequence(between(next, before(high.whole)), anyFraction));
  parts.push(sequence(literal(high.whole), pointed(fractionBelow(high.fraction, high.isIn))));
  return choice(...parts);
}

/** Numbers between two bounds, by their sign. */
function bounded(low: Bound | undefined, high: Bound | undefined, isInteger: boolean): Expression {
  const make = (from: Bound | undefined, to: Bound | undefined): Expression =>
    isInteger ? wholes(from, to) ?? choice() : decimals(from, to);
  const parts: Expression[] = [];
  if (!high || !high.isNegative) parts.push(make(low?.isNegative ? undefined : low, high));
  if (!low || low.isNegative) {
    // Below 0 the bounds change places; 0 has no sign.
    const zero: Bound = { isNegative: false, whole: "0", fraction: "", isIn: false };
    parts.push(sequence(literal("-"), make(high?.isNegative ? high : zero, low)));
  }
  return choice(...parts);
}

// ## Reading a schema

/** Keywords that limit no value. */
const REMARKS = new Set(
  ["$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "deprecated"],
);
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  object: ["properties", "required", "additionalProperties"],
  boolean: [],
  null: [],
};
const TYPES = Object.keys(KEYWORDS);

const DAY =
  "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))";
const LEAP = "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
const DATE = `(?:\\d{4}-${DAY}|${LEAP}-02-29)`;
const CLOCK = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const FORMATS: Readonly<Record<string, string>> = {
  "date": DATE,
  "time": CLOCK,
  "date-time": `${DATE}T${CLOCK}`,
  "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
  "ipv4": `(?:${BYTE}\\.){3}${BYTE}`,
  "email": `[a-zA-Z0-9_%+-]{1,32}(?:\\.[a-zA-Z0-9_%+-]{1,15}){0,2}@(?:${LABEL}\\.){1,3}[a-zA-Z]{2,20}`,
};

type Keywords = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Keywords =>
  typeof value === "object" && value !== null && !Array.isArray(value);

class SchemaReader {
  readonly #root: JsonSchema;
  readonly #space: Expression;
  readonly #rules = new Map<string, Expression>();
  /** Rules of schemas that are referred to, by reference. */
  readonly #references = new Map<string, string>();

  constructor(root: JsonSchema, space: Expression) {
    this.#root = root;
    this.#space = space;
  }

  rules(): ReadonlyMap<string, Expression> {
    this.#references.set("#", "root");
    this.#rules.set("root", choice());
    this.#rules.set("root", this.#read(this.#root, "#"));
    return this.#rules;
  }

  #fail(where: string, because: string): never {
    throw new SyntaxError(`Cannot read the schema of JSON at ${where}: ${because}`);
  }

  /** The values that a schema allows. */
  #read(schema: unknown, where: string): Expression {
    if (schema === true) return this.#anyValue();
    if (schema === false) return choice();
    if (!isObject(schema)) this.#fail(where, `${shown(schema)} is no schema, which is an object or a boolean`);
    const { type, ...others } = schema;
    for (const exclusive of ["$ref", "const", "enum", "anyOf", "oneOf"]) {
      if (others[exclusive] === undefined) continue;
      this.#refuse(others, [exclusive], where, ` beside ${exclusive}`);
      // A type beside a list of values leaves those of the type.
      return this.#exclusive(exclusive, others[exclusive], where, type);
    }
    const types = this.#types(type, others, where);
    this.#refuse(others, types.flatMap((one) => KEYWORDS[one]!), where);
    if (type === undefined && types.length === TYPES.length) return this.#anyValue();
    return choice(...types.map((one) => this.#ofType(one, others, where)));
  }

  /** Refuses keywords that are neither read here nor remarks. */
  #refuse(keywords: Keywords, read: readonly string[], where: string, beside = ""): void {
    for (const [keyword, value] of Object.entries(keywords)) {
      if (value === undefined || REMARKS.has(keyword) || read.includes(keyword)) continue;
      const isKnown = Object.values(KEYWORDS).some((all) => all.includes(keyword));
      const why = beside === "" && isKnown ? "says nothing about this type" : `is not supported${beside}`;
      this.#fail(where, `the keyword ${quote(keyword)} ${why}`);
    }
  }

  #types(type: unknown, keywords: Keywords, where: string): readonly string[] {
    if (type === undefined) {
      // Without a type, the keywords say what is meant.
      const meant = TYPES.filter((one) =>
        one !== "integer" && KEYWORDS[one]!.some((word) => keywords[word] !== undefined)
      );
      return meant.length > 0 ? meant : TYPES;
    }
    const list = Array.isArray(type) ? type : [type];
    for (const one of list) {
      if (typeof one !== "string" || !TYPES.includes(one)) this.#fail(where, `${shown(one)} is no type`);
    }
    // Every whole number is a number.
    return list.includes("number") ? list.filter((one) => one !== "integer") : list;
  }

  #exclusive(keyword: string, value: unknown, where: string, type: unknown): Expression {
    if (keyword === "$ref") {
      if (type !== undefined) this.#fail(where, 'the keyword "type" is not supported beside $ref');
      return this.#reference(value, where);
    }
    if (keyword === "const") return this.#values([value], type, `${where}/const`);
    if (!Array.isArray(value)) this.#fail(`${where}/${keyword}`, `${shown(value)} is no list`);
    if (keyword === "enum") return this.#values(value, type, `${where}/enum`);
    return choice(...value.map((schema, i) => {
      const place = `${where}/${keyword}/${i}`;
      if (type === undefined) return this.#read(schema, place);
      if (!isObject(schema)) this.#fail(place, `the keyword "type" is not supported beside ${shown(schema)}`);
      if (schema["type"] !== undefined) {
        this.#fail(place, `the keyword "type" is not supported within and beside ${keyword}`);
      }
      return this.#read({ type, ...schema }, place);
    }));
  }

  #values(values: readonly unknown[], type: unknown, where: string): Expression {
    const types = type === undefined ? TYPES : Array.isArray(type) ? type : [type];
    const typeOf = (value: unknown): string => value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
    const kept = values.filter((value) =>
      types.includes(typeOf(value)) || types.includes("integer") && Number.isInteger(value)
    );
    return choice(...kept.map((value) => this.#value(value, where)));
  }

  /** One value, as JSON writes it, with the white space that is allowed. */
  #value(value: unknown, where: string): Expression {
    if (Array.isArray(value)) return this.#list("[", value.map((one) => this.#value(one, where)), "]");
    if (isObject(value)) {
      return this.#list(
        "{",
        Object.entries(value).map(([name, one]) => this.#field(name, this.#value(one, where))),
        "}",
      );
    }
    const text = JSON.stringify(value);
    if (text === undefined || typeof value === "number" && !Number.isFinite(value)) {
      this.#fail(where, `${shown(value)} is no value of JSON`);
    }
    return literal(text.toWellFormed());
  }

  /** Parts between brackets, with commas. */
  #list(open: string, parts: readonly Expression[], close: string): Expression {
    const separated = parts.flatMap((part, i) => i === 0 ? [part] : [literal(","), this.#space, part]);
    return sequence(literal(open), this.#space, ...separated, ...parts.length > 0 ? [this.#space] : [], literal(close));
  }

  #field(name: string, value: Expression): Expression {
    return sequence(literal(`${JSON.stringify(name)}:`), this.#space, value);
  }

  #anyValue(): Expression {
    if (!this.#rules.has(ANY)) {
      this.#rules.set(ANY, nothing);
      const value = rule(ANY), string = sequence(QUOTE, repeat(letter), QUOTE);
      this.#rules.set(
        ANY,
        choice(
          ...["null", "true", "false"].map(literal),
          numbers,
          string,
          this.#several("[", value, "]"),
          this.#several("{", sequence(string, literal(":"), this.#space, value), "}"),
        ),
      );
    }
    return rule(ANY);
  }

  /** Any number of parts between brackets. */
  #several(open: string, part: Expression, close: string): Expression {
    const others = repeat(sequence(literal(","), this.#space, part));
    return sequence(literal(open), this.#space, optional(sequence(part, others, this.#space)), literal(close));
  }

  /** What a reference leads to, as a rule, so that it may refer to itself. */
  #reference(reference: unknown, where: string): Expression {
    if (typeof reference !== "string" || !/^#($|\/)/.test(reference)) {
      this.#fail(where, `the reference ${shown(reference)} does not lead into the schema itself`);
    }
    const known = this.#references.get(reference);
    if (known !== undefined) return rule(known);
    let schema: unknown = this.#root;
    for (const part of decodeURIComponent(reference).split("/").slice(1)) {
      const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
      schema = isObject(schema) && Object.hasOwn(schema, name) || Array.isArray(schema)
        ? (schema as Keywords)[name]
        : undefined;
    }
    if (schema === undefined) this.#fail(where, `the reference ${quote(reference)} leads nowhere`);
    this.#references.set(reference, reference);
    this.#rules.set(reference, choice());
    this.#rules.set(reference, this.#read(schema, reference));
    return rule(reference);
  }

  #ofType(type: string, keywords: Keywords, where: string): Expression {
    switch (type) {
      case "null":
        return literal("null");
      case "boolean":
        return choice(literal("true"), literal("false"));
      case "string":
        return this.#string(keywords, where);
      case "array":
        return this.#array(keywords, where);
      case "object":
        return this.#object(keywords, where);
      default:
        return this.#number(keywords, where, type === "integer");
    }
  }

  /** A count that a keyword asks for. */
  #count(keywords: Keywords, keyword: string, where: string, usual: number): number {
    const value = keywords[keyword] ?? usual;
    if (value === Infinity && usual === Infinity) return Infinity;
    if (!Number.isInteger(value) || value as number < 0) {
      this.#fail(where, `${keyword} is ${shown(value)}, and no count`);
    }
    return value as number;
  }

  #string(keywords: Keywords, where: string): Expression {
    const least = this.#count(keywords, "minLength", where, 0),
      most = this.#count(keywords, "maxLength", where, Infinity);
    const { pattern, format } = keywords, isBounded = least > 0 || most < Infinity;
    if (least > most) this.#fail(where, `minLength is ${least} and maxLength ${most}`);
    const patterns: Expression[] = [];
    for (const [keyword, source] of Object.entries({ pattern, format })) {
      if (source === undefined) continue;
      if (typeof source !== "string") this.#fail(where, `${keyword} is ${shown(source)}, and no string`);
      patterns.push(keyword === "pattern" ? this.#pattern(source, where) : this.#format(source, where));
    }
    if (patterns.length === 0) return sequence(QUOTE, repeat(letter, least, most), QUOTE);
    // Characters are counted where each has one form.
    if (isBounded) patterns.push(repeat(characters(anyCharacter), least, most));
    const all = patterns.map(inString).reduce((one, other) => both(one, other));
    return sequence(QUOTE, all, QUOTE);
  }

  #pattern(source: string, where: string): Expression {
    try {
      return readSearchedExpression(source);
    } catch (error) {
      this.#fail(`${where}/pattern`, (error as Error).message.replace(/^C/, "c"));
    }
  }

  #format(format: string, where: string): Expression {
    if (!Object.hasOwn(FORMATS, format)) this.#fail(where, `the format ${quote(format)} is not supported`);
    return readRegularExpression(FORMATS[format]!);
  }

  #number(keywords: Keywords, where: string, isInteger: boolean): Expression {
    const bound = (inclusive: string, exclusive: string, sign: number): Bound | undefined => {
      const found = [inclusive, exclusive].flatMap((keyword) => {
        const value = keywords[keyword];
        if (value === undefined) return [];
        if (typeof value !== "number" || !Number.isFinite(value)) {
          this.#fail(where, `${keyword} is ${shown(value)}, and no number`);
        }
        return [{ value, isIn: keyword === inclusive }];
      });
      // The stricter one counts; of two equal ones the one without the bound itself.
      const [strictest] = found.sort((a, b) => sign * (b.value - a.value) || Number(a.isIn) - Number(b.isIn));
      return strictest && { ...digitsOf(strictest.value), isIn: strictest.isIn };
    };
    const low = bound("minimum", "exclusiveMinimum", 1), high = bound("maximum", "exclusiveMaximum", -1);
    if (!low && !high) return isInteger ? integers : numbers;
    return bounded(low, high, isInteger);
  }

  #array(keywords: Keywords, where: string): Expression {
    const { prefixItems = [], items = true } = keywords;
    if (!Array.isArray(prefixItems)) this.#fail(`${where}/prefixItems`, `${shown(prefixItems)} is no list`);
    const least = this.#count(keywords, "minItems", where, 0),
      most = this.#count(keywords, "maxItems", where, Infinity);
    if (least > most) this.#fail(where, `minItems is ${least} and maxItems ${most}`);
    const first = prefixItems.slice(0, most).map((schema, i) => this.#read(schema, `${where}/prefixItems/${i}`));
    const other = this.#read(items, `${where}/items`);
    const comma = sequence(literal(","), this.#space);
    // From the end: what may follow the items so far.
    const rest = (count: number): Expression => {
      const isEnough = count >= least, lead = count === 0 ? nothing : comma;
      if (count < first.length) {
        const further = sequence(lead, first[count]!, rest(count + 1));
        return isEnough ? optional(further) : further;
      }
      const [min, max] = [Math.max(0, least - count), most - count];
      if (max === 0) return nothing;
      if (count > 0) return repeat(sequence(comma, other), min, max);
      const further = sequence(other, repeat(sequence(comma, other), Math.max(0, min - 1), max - 1));
      return min > 0 ? further : optional(further);
    };
    const inner = rest(0);
    return sequence(literal("["), this.#space, withSpace(inner, this.#space), literal("]"));
  }

  #object(keywords: Keywords, where: string): Expression {
    const { properties = {}, required = [], additionalProperties = false } = keywords;
    if (!isObject(properties)) this.#fail(`${where}/properties`, `${shown(properties)} is no object`);
    if (!Array.isArray(required) || required.some((name) => typeof name !== "string")) {
      this.#fail(`${where}/required`, `${shown(required)} is no list of names`);
    }
    const isAny = Object.keys(keywords).every((keyword) => !KEYWORDS["object"]!.includes(keyword));
    const further = isAny ? true : additionalProperties;
    const known = Object.keys(properties),
      unnamed = (required as readonly string[]).filter((name) => !known.includes(name));
    const fields = [
      ...known.map((name) => ({
        isRequired: required.includes(name),
        field: this.#field(name, this.#read(properties[name], `${where}/properties/${name}`)),
      })),
      // What is required and not described may be anything that further fields may be.
      ...unnamed.map((name) => ({
        isRequired: true,
        field: this.#field(name, this.#read(keywords["additionalProperties"] ?? true, `${where}/additionalProperties`)),
      })),
    ];
    const others = further === false ? undefined : this.#furtherField([...known, ...unnamed], further, where);
    return this.#fields(fields, others);
  }

  /** A field that is not among those that are named. */
  #furtherField(names: readonly string[], schema: unknown, where: string): Expression {
    const other = names.length === 0 ? repeat(letter) : except(
      inString(repeat(characters(anyCharacter))),
      choice(...names.map((name) => literal(JSON.stringify(name).slice(1, -1)))),
    );
    const value = this.#read(schema, `${where}/additionalProperties`);
    return sequence(QUOTE, other, QUOTE, literal(":"), this.#space, value);
  }

  /** Fields in order; a comma stands between two, whichever are left out. */
  #fields(
    fields: readonly { readonly isRequired: boolean; readonly field: Expression }[],
    others: Expression | undefined,
  ): Expression {
    const comma = sequence(literal(","), this.#space);
    const more = others ? repeat(sequence(comma, others)) : nothing;
    // From the end: what follows where a field stands before, and where none does.
    let behind: Expression = more, fresh: Expression = others ? optional(sequence(others, more)) : nothing;
    for (const { isRequired, field } of [...fields].reverse()) {
      const name = `fields ${this.#rules.size}`;
      // Both ways share what follows the field.
      this.#rules.set(name, behind);
      const [next, first] = [sequence(comma, field, rule(name)), sequence(field, rule(name))];
      [behind, fresh] = isRequired ? [next, first] : [choice(next, rule(name)), choice(first, fresh)];
    }
    return sequence(literal("{"), this.#space, withSpace(fresh, this.#space), literal("}"));
  }
}

/** A part with white space behind it, if there is one. */
function withSpace(part: Expression, space: Expression): Expression {
  return part === nothing ? nothing : sequence(part, space);
}
