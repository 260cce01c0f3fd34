/**
 * # JSON from elsewhere
 *
 * **Question.** A file says in JSON what a model is, and anybody may have written it. How is it read so that no text
 * makes the reader wait, run out of memory, or believe what was not said?
 *
 * **Idea.** Read it with limits, and say what was found where. `JSON.parse` takes the last of two equal keys without a
 * word, overflows the stack where lists are nested deeply, and makes a hundred megabytes of three. This reader refuses
 * equal keys, counts how deep and how many, and names the field in which something is wrong.
 *
 * Writing is the same in reverse: what JSON would not bring back, such as infinity, is refused while it can still be
 * mended, and so is what the reader would refuse.
 *
 * @module
 */

import type { Check, Checks } from "./options.ts";
import { quote, shown } from "./shown.ts";

export { quote, shown } from "./shown.ts";

/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** How deep lists and objects may be nested. */
export const MAX_DEPTH = 64;
/** Most lists, objects and members of objects in one text. */
export const MAX_PARTS: number = 2 ** 18;
/** Most values of any kind in one text. */
export const MAX_VALUES: number = 3 * 2 ** 18;
/** Most characters of one text. */
export const MAX_CHARACTERS: number = 2 ** 22;

/** A path that is one member longer. */
function below(path: string, name: string | number): string {
  if (typeof name === "number") return `${path}[${name}]`;
  const plain = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name) && name.length <= 80;
  return plain ? (path ? `${path}.${name}` : name) : `${path}[${quote(name)}]`;
}

// ## Reading

/**
 * Reads JSON that anybody may have written.
 *
 * Like `JSON.parse`, but with limits, and each key of an object once.
 *
 * @param text what was found
 * @param what it is, as in `Cannot read the notes`
 * @throws {SyntaxError} if it is no JSON, or too large, or nested too deeply
 */
export function parseJson(text: string, what: string): Json {
  return new Reader(text, what).read();
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether numbers are made of a character: a digit, `+`, `-`, `.`, `e` or `E`. */
function isNumeric(code: number): boolean {
  return isDigit(code) || code === 0x2b || code === 0x2d || code === 0x2e || (code | 0x20) === 0x65;
}

/** Most characters of a number. */
const MAX_DIGITS = 400;

/** Digits as an error shows them. */
const shortly = (digits: string): string => quote(digits, 20).slice(1, -1);

class Reader {
  readonly #text: string;
  readonly #what: string;
  readonly #path: (string | number)[] = [];
  #place = 0;
  #parts = 0;
  #values = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  read(): Json {
    if (this.#text.length > MAX_CHARACTERS) {
      throw new SyntaxError(
        `Cannot read ${this.#what}: it has ${this.#text.length} characters, and at most ${MAX_CHARACTERS} are read`,
      );
    }
    const value = this.#value();
    this.#skipSpace();
    if (this.#place < this.#text.length) this.#expected("the end");
    return value;
  }

  #value(): Json {
    if (++this.#values > MAX_VALUES) this.#refuse(`it has more than ${MAX_VALUES} values`);
    this.#skipSpace();
    const first = this.#text[this.#place];
    if (first === '"') return this.#string();
    if (first === "{" || first === "[") {
      if (this.#path.length === MAX_DEPTH) this.#refuse(`it is nested deeper than ${MAX_DEPTH}`);
      this.#count();
      this.#place++;
      return first === "{" ? this.#object() : this.#list();
    }
    if (first === "n") return this.#word("null", null);
    if (first === "t") return this.#word("true", true);
    if (first === "f") return this.#word("false", false);
    return this.#number();
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#place)) this.#expected("a value");
    this.#place += word.length;
    return value;
  }

  #list(): Json[] {
    const list: Json[] = [];
    if (this.#accept("]")) return list;
    do {
      this.#path.push(list.length);
      list.push(this.#value());
      this.#path.pop();
    } while (this.#accept(","));
    if (!this.#accept("]")) this.#expected("a comma or ]");
    return list;
  }

  #object(): Json {
    const object: Record<string, Json> = {};
    if (this.#accept("}")) return object;
    do {
      this.#skipSpace();
      if (this.#text[this.#place] !== '"') this.#expected("a name in quotes");
      const name = this.#string();
      this.#path.push(name);
      if (Object.hasOwn(object, name)) this.#refuse("it is given twice");
      if (!this.#accept(":")) this.#expected("a colon");
      this.#count();
      const value = this.#value();
      // An assignment would take this name for the prototype.
      if (name === "__proto__") {
        Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
      } else object[name] = value;
      this.#path.pop();
    } while (this.#accept(","));
    if (!this.#accept("}")) this.#expected("a comma or }");
    return object;
  }

  #string(): string {
    const start = ++this.#place;
    let escaped = false;
    for (; this.#text[this.#place] !== '"'; this.#place++) {
      const code = this.#text.charCodeAt(this.#place);
      if (Number.isNaN(code) || code < 0x20) this.#expected("the end of a string");
      if (code === 0x5c) {
        escaped = true;
        this.#place++;
      }
    }
    const raw = this.#text.slice(start, this.#place++);
    if (!escaped) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      return this.#refuse(`${quote(raw, 40)} has an escape that JSON does not know`);
    }
  }

  #number(): number {
    const start = this.#place;
    let end = start, whole = 0;
    for (let code = this.#text.charCodeAt(end); isDigit(code); code = this.#text.charCodeAt(++end)) {
      whole = whole * 10 + code - 0x30;
    }
    // A short whole number is read without a text of its own: there may be a million of them.
    const isShort = end > start && end < start + 15 && !isNumeric(this.#text.charCodeAt(end));
    if (isShort && (end === start + 1 || this.#text[start] !== "0")) {
      this.#place = end;
      return whole;
    }
    while (isNumeric(this.#text.charCodeAt(end))) end++;
    const digits = this.#text.slice(start, Math.min(end, start + MAX_DIGITS));
    if (end > start + MAX_DIGITS) this.#refuse(`${shortly(digits)} has more than ${MAX_DIGITS} digits`);
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(digits)) this.#expected("a value");
    const value = Number(digits);
    if (!Number.isFinite(value)) this.#refuse(`${shortly(digits)} is larger than any number`);
    this.#place = end;
    return value;
  }

  #skipSpace(): void {
    for (;; this.#place++) {
      const code = this.#text.charCodeAt(this.#place);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  #accept(sign: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#place] !== sign) return false;
    this.#place++;
    return true;
  }

  #count(): void {
    if (++this.#parts > MAX_PARTS) this.#refuse(`it has more than ${MAX_PARTS} lists, objects and members`);
  }

  #expected(what: string): never {
    const found = this.#place < this.#text.length
      ? quote(this.#text.slice(this.#place, this.#place + 20), 20)
      : "its end";
    return this.#refuse(`${what} is expected at character ${this.#place}, and ${found} was found`);
  }

  #refuse(reason: string): never {
    throw new SyntaxError(`Cannot read ${this.#what}${this.#where()}: ${reason}`);
  }

  #where(): string {
    // Of a path that is nested deeply, the end says nothing that the beginning does not.
    const path = this.#path.slice(0, 8).reduce<string>(below, "");
    return path === "" ? "" : `, field ${path}${this.#path.length > 8 ? "…" : ""}`;
  }
}

/**
 * Refuses a value of a file whose members are not what they must be.
 *
 * @param what is read, as in `Cannot read the notes`
 * @param value an object, as it was found
 * @param checks what each member may be; those not required may be missing, and there are no others
 * @param path of the object; empty where it is the whole
 * @returns the same value
 * @throws {SyntaxError} if a member is missing, unknown, or not what it must be
 */
export function readFields<O extends object>(what: string, value: unknown, checks: Checks<O>, path = ""): O {
  const table = checks as unknown as Readonly<Record<string, Check<unknown>>>;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const must = `an object with ${Object.keys(table).join(", ")}`;
    throw wrong(what, path || "the whole", value, must);
  }
  const given = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    throw new SyntaxError(
      `Cannot read ${what}: there is a field ${below(path, name)}, and the fields are ${Object.keys(table).join(", ")}`,
    );
  }
  for (const [name, check] of Object.entries(table)) {
    const found = Object.hasOwn(given, name) ? given[name] : undefined;
    if (found === undefined && !check.required) continue;
    if (!check.fits(found) || !(check.allows?.(found) ?? true)) throw wrong(what, below(path, name), found, check.must);
    if (check.members) readFields(what, found, check.members as Checks<object>, below(path, name));
  }
  return value as O;
}

function wrong(what: string, field: string, found: unknown, must: string): SyntaxError {
  const value = found === undefined ? "missing" : shown(found);
  return new SyntaxError(`Cannot read ${what}: ${field} is ${value}, and it must be ${must}`);
}

// ## Writing

/**
 * Writes JSON that {@linkcode parseJson} brings back as it was.
 *
 * @param value what to write
 * @param action what is attempted, as in `Cannot save a checkpoint`
 * @throws {TypeError} if a part of it is nothing that JSON holds
 * @throws {RangeError} if it is too large, nested too deeply or in circles
 */
export function writeJson(value: unknown, action: string): string {
  const refuse = (path: string, reason: string): never => {
    throw new RangeError(`Cannot ${action}${path === "" ? "" : ` with ${path}`}: ${reason}`);
  };
  const holders: object[] = [];
  let parts = 0, values = 0, characters = 0;
  const count = (path: string, text = ""): void => {
    characters += text.length + 1;
    if (characters > MAX_CHARACTERS) refuse(path, `there are more than ${MAX_CHARACTERS} characters up to here`);
  };
  const check = (found: unknown, path: string): void => {
    count(path, typeof found === "string" ? found : "");
    if (++values > MAX_VALUES) refuse(path, `there are more than ${MAX_VALUES} values up to here`);
    if (found === null || typeof found === "boolean" || typeof found === "string") return;
    if (typeof found === "number" && Number.isFinite(found)) return;
    if (typeof found !== "object" || !isPlain(found)) {
      throw new TypeError(
        `Cannot ${action} with ${path} = ${shown(found)}: it must be something that JSON brings back as it was, ` +
          "such as null, true, a finite number, a string, a list or a plain object",
      );
    }
    if (holders.includes(found)) refuse(path, "it holds itself");
    if (holders.length === MAX_DEPTH) refuse(path, `it is nested deeper than ${MAX_DEPTH}`);
    holders.push(found);
    const names = Array.isArray(found) ? [] : Object.keys(found);
    parts += 1 + names.length;
    if (parts > MAX_PARTS) refuse(path, `there are more than ${MAX_PARTS} lists, objects and members up to here`);
    if (Array.isArray(found)) found.forEach((member, i) => check(member, below(path, i)));
    for (const name of names) {
      count(path, name);
      check((found as Readonly<Record<string, unknown>>)[name], below(path, name));
    }
    holders.pop();
  };
  check(value, "");
  const text = JSON.stringify(value);
  if (text.length > MAX_CHARACTERS) {
    refuse("", `as JSON it has ${text.length} characters, and at most ${MAX_CHARACTERS} are read`);
  }
  return text;
}

/**
 * Finds where two values differ, first in the order of the second.
 *
 * The order of members is no difference.
 *
 * @param a one value
 * @param b the other
 * @param path of both, as in `notes`
 * @returns the innermost path, and what each has there, or `undefined` where it has nothing; `undefined` if they are equal
 */
export function firstDifference(
  a: Json | undefined,
  b: Json | undefined,
  path: string,
): { readonly path: string; readonly values: readonly [Json | undefined, Json | undefined] } | undefined {
  const isInner = typeof a === "object" && a !== null && typeof b === "object" && b !== null &&
    Array.isArray(a) === Array.isArray(b);
  if (!isInner) return a === b ? undefined : { path, values: [a, b] };
  const [first, second] = [a, b] as readonly Readonly<Record<string, Json>>[];
  const valueIn = (side: Readonly<Record<string, Json>>, name: string): Json | undefined =>
    Object.hasOwn(side, name) ? side[name] : undefined;
  for (const name of new Set([...Object.keys(second!), ...Object.keys(first!)])) {
    const member = below(path, Array.isArray(a) ? Number(name) : name);
    const found = firstDifference(valueIn(first!, name), valueIn(second!, name), member);
    if (found) return found;
  }
  return undefined;
}

/** A value as an error shows it: cut after 80 characters. */
export function inShort(value: Json): string {
  return typeof value === "object"
    ? quote(JSON.stringify(value), 80).slice(1, -1).replaceAll('\\"', '"')
    : shown(value);
}

/** Whether JSON brings an object back with all that it has. */
function isPlain(value: object): boolean {
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  // Of a list with holes, JSON would fill them.
  if (Array.isArray(value)) return Object.keys(value).length === value.length;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !("toJSON" in value && typeof value.toJSON === "function");
}
