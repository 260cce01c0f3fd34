/**
 * # What an option may be
 *
 * **Question.** A function takes a dozen options. Who notices that one is misspelt, out of range, or was added to the
 * interface and forgotten by the check?
 *
 * **Idea.** The compiler does. Beside an interface of options stands one table with a {@linkcode Check} for each of its
 * members, no more and no fewer: a member without a check, or a check without a member, does not compile.
 * {@linkcode checkOptions} reads the table. Whoever needs the limits themselves, a command line or a slider, reads them
 * from the same checks.
 *
 * An option that is `undefined` counts as not given. What is of the wrong type or unknown is a `TypeError`, a number
 * outside its interval a `RangeError`. An option that only works beside another says so in the table as well
 * ({@linkcode needing}), and an option that is itself an object of options has a table of its own ({@linkcode group}).
 *
 * @module
 */

import { shown } from "./shown.ts";

export { shown } from "./shown.ts";

/** The interval of a number; `min` and `max` belong to it, `above` and `below` do not. */
export interface Limits {
  /** Smallest allowed value; any by default. */
  readonly min?: number;
  /** Largest allowed value; any finite one by default, and `Infinity` allows infinity. */
  readonly max?: number;
  /** What the value must be greater than; nothing by default. */
  readonly above?: number;
  /** What the value must be smaller than; nothing by default. */
  readonly below?: number;
  /** Whether only whole numbers are allowed, and infinity where `max` is; false by default. */
  readonly whole?: boolean;
}

/** What one option may be. */
export interface Check<T> {
  /** The end of a sentence: what the value must be, such as `an integer of at least 1`. */
  readonly must: string;
  /** Whether it has the right type. */
  fits(value: unknown): boolean;
  /** Whether a value of the right type is allowed; all are by default. */
  allows?(value: T): boolean;
  /** The interval; absent where it is no number. */
  readonly limits?: Limits;
  /** The words; absent where it is no choice of these. */
  readonly words?: readonly string[];
  /** Whether the option has to be given; false by default. */
  readonly required?: boolean;
  /** What each member may be; absent where the option is no object of options. */
  readonly members?: Readonly<Record<string, Check<unknown>>>;
}

/**
 * A check for each member of an interface of options.
 *
 * Those not optional need `required`; `needs` names the option without which another would be ignored,
 * `among` the values of it that count.
 */
export type Checks<O> = {
  readonly [K in keyof O]-?:
    & Check<NonNullable<O[K]>>
    & { readonly needs?: Exclude<keyof O, K>; readonly among?: readonly unknown[] }
    & (Partial<Pick<O, K>> extends Pick<O, K> ? unknown : { readonly required: true });
};

/** Whether a number lies in an interval. */
export function isWithin(value: number, limits: Limits): boolean {
  const { min = -Infinity, max, above = -Infinity, below = Infinity, whole = false } = limits;
  if (value === Infinity) return max === Infinity && below === Infinity;
  return Number.isFinite(value) && (!whole || Number.isSafeInteger(value)) &&
    value >= min && value <= (max ?? Infinity) && value > above && value < below;
}

/** An interval in words: `a number greater than 0 and at most 1`. */
export function describeLimits({ min, max, above, below, whole }: Limits): string {
  const kind = whole ? "an integer" : "a number";
  const low = above !== undefined ? `greater than ${above}` : min !== undefined ? `of at least ${min}` : "";
  const high = below !== undefined
    ? `less than ${below}`
    : max !== undefined && max !== Infinity
    ? `at most ${max}`
    : "";
  const both = [low, high].filter((part) => part !== "").join(" and ");
  return both === "" ? kind : `${kind} ${both}`;
}

/** A number in an interval. */
export function numeric(limits: Limits = {}): Check<number> {
  return {
    must: describeLimits(limits),
    fits: (value) => typeof value === "number",
    allows: (value) => isWithin(value, limits),
    limits,
  };
}

/** A whole number of at least `min`, 1 by default. */
export function integer(limits: Omit<Limits, "whole"> = { min: 1 }): Check<number> {
  return numeric({ ...limits, whole: true });
}

/** A count that a file holds, and that goes on: far below what doubles no longer count, so that it can be saved again. */
export const countSoFar: Check<number> = integer({ min: 0, max: 2 ** 52 });

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[]): Check<T> {
  return {
    must: `one of ${words.join(", ")}`,
    fits: (value) => words.includes(value as T),
    words,
  };
}

/** True or false. */
export const flag: Check<boolean> = { must: "true or false", fits: (value) => typeof value === "boolean" };

/** A string. */
export const string: Check<string> = { must: "a string", fits: (value) => typeof value === "string" };

/**
 * A function, whatever its arguments.
 *
 * @typeParam T the type of the function
 */
export function callback<T extends (...args: never[]) => unknown>(): Check<T> {
  return { must: "a function", fits: (value) => typeof value === "function" };
}

/** Refuses what is no function, where one is called. */
export function checkFunction(action: string, f: unknown): void {
  if (typeof f !== "function") throw new TypeError(`Cannot ${action} ${shown(f)}: a function is needed`);
}

/**
 * Refuses the promise of an asynchronous function.
 *
 * What surrounds it ends when it returns, which is at its first `await`.
 *
 * @param action what is attempted, as in `Cannot scope`
 * @param result what the function returned
 * @param instead what to do
 */
export function checkSynchronous(action: string, result: unknown, instead: string): void {
  if (typeof (result as { readonly then?: unknown } | null | undefined)?.then !== "function") return;
  // Nobody will wait for it, so what it fails with must not end the program.
  if (result instanceof Promise) result.catch(() => {});
  throw new TypeError(`Cannot ${action} an asynchronous function: ${instead}`);
}

/**
 * An object; `must` says which.
 *
 * @typeParam T the type of the object
 * @param must the end of a sentence, such as `a Random`
 * @param fits tells it from other objects; any object fits by default
 */
export function object<T extends object>(must: string, fits: (value: object) => boolean = () => true): Check<T> {
  return { must, fits: (value) => typeof value === "object" && value !== null && fits(value) };
}

/**
 * An object of a class.
 *
 * @param type the class
 */
export function instance<T extends object>(type: abstract new (...args: never[]) => T): Check<T> {
  return object(withArticle(type.name), (value) => value instanceof type);
}

/**
 * A Map by name.
 *
 * @typeParam V the type of its values
 */
export function mapByName<V>(): Check<ReadonlyMap<string, V>> {
  return {
    must: "a Map by name",
    fits: (value) => value instanceof Map && [...value.keys()].every((name) => typeof name === "string"),
  };
}

/** A list; `must` says of what. */
export function list<T>(must = "a list", fits: (element: T) => boolean = () => true): Check<readonly T[]> {
  return { must, fits: (value) => Array.isArray(value) && value.every(fits) };
}

/** What stops a long computation. */
export const abortSignal: Check<AbortSignal> = instance(AbortSignal);

/**
 * An object of options with a table of its own.
 *
 * @param checks what each of its members may be
 */
export function group<T extends object>(checks: Checks<T>): Check<T> {
  const members = checks as unknown as Readonly<Record<string, Check<unknown>>>;
  return { ...object<T>(`an object with ${Object.keys(members).join(", ")}`, isPlain), members };
}

/** What fits one of two checks. */
export function either<A, B>(a: Check<A>, b: Check<B>): Check<A | B> {
  const chosen = (value: unknown): Check<A | B> => (a.fits(value) ? a : b) as Check<A | B>;
  return {
    must: `${a.must} or ${b.must}`,
    fits: (value) => a.fits(value) || b.fits(value),
    allows: (value) => chosen(value).allows?.(value) ?? true,
    ...(a.limits && { limits: a.limits }),
    ...(a.words && { words: a.words }),
  };
}

/** The same check for an option that has to be given. */
export function required<T>(check: Check<T>): Check<T> & { readonly required: true } {
  return { ...check, required: true };
}

/**
 * The same check for an option that has no effect without another.
 *
 * @param other the option that must be given as well
 * @param check what the option may be
 * @param among the values of the other with which it has an effect; any by default
 */
export function needing<const N extends string, C extends Check<never>>(
  other: N,
  check: C,
  among?: readonly unknown[],
): C & { readonly needs: N } {
  return { ...check, needs: other, ...(among && { among }) };
}

/** Whether an object is of no class: what stands in braces. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // A page's frame and a test runner's sandbox have an `Object` of their own.
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function withArticle(noun: string): string {
  return `${/^(?!Uint)[AEIOU]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** Whether a class of the right name made something: who imports the code by two addresses has each class twice. */
function isNamesake(value: unknown, must: string): boolean {
  if (typeof value !== "object") return false;
  for (let made: object | null = value; made; made = Object.getPrototypeOf(made)) {
    const article = withArticle(made.constructor?.name ?? "");
    if (must === article || must.startsWith(`${article} or `)) return true;
  }
  return false;
}

/**
 * Refuses a value that is not what it must be.
 *
 * @param action what is attempted, as in `Cannot sample`
 * @param name of the value
 * @param value what was given
 * @param check what it may be
 * @throws {TypeError} if it is of another type
 * @throws {RangeError} if it is outside its interval
 */
export function checkValue<T>(action: string, name: string, value: T, check: Check<T>): void {
  const fits = check.fits(value);
  if (fits && (check.allows?.(value) ?? true)) return;
  const twin = !fits && isNamesake(value, check.must) ? ", and this one is of another copy of heed" : "";
  const sentence = `Cannot ${action} with ${name} = ${shown(value)}: ${name} must be ${check.must}${twin}`;
  throw fits ? new RangeError(sentence) : new TypeError(sentence);
}

/**
 * Refuses options that do not exist, are missing, or are not what they must be.
 *
 * @param action what is attempted, as in `Cannot sample`
 * @param options what was given
 * @param checks what each may be
 * @throws {TypeError} if an option is unknown, missing, of another type, or without the one that it needs
 * @throws {RangeError} if a value is outside its interval
 */
export function checkOptions<O extends object>(action: string, options: O, checks: Checks<O>): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw noOptions(action, options, checks);
  }
  if (typeof action !== "string" || typeof checks !== "object" || checks === null || Array.isArray(checks)) {
    throw new TypeError(`Cannot check options by ${shown(checks)}: an action and a table of checks are needed`);
  }
  checkMembers(action, options, checks as unknown as Table, "");
}

/** Refuses what is no object, where its members are read and not looked at. */
export function checkObject(action: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw noOptions(action, value);
}

/** Refuses what stands where options should. */
function noOptions(action: string, found: unknown, checks?: object): TypeError {
  const members = Object.entries((checks ?? {}) as Table);
  const names = members.map(([name]) => name);
  const meant = members.filter(([, check]) => fitsQuietly(check, found)).map(([name]) => `{ ${name} }`);
  return new TypeError(
    `Cannot ${action} with ${shown(found)} for options: they must be an object` +
      (names.length ? ` with ${inWords(names, "or")}` : "") +
      (meant.length ? `; ${shown(found)} may be meant as ${inWords(meant, "or")}` : ""),
  );
}

/** Whether something stands where an option of that kind was meant. */
function fitsQuietly(check: Check<unknown> | undefined, found: unknown): boolean {
  try {
    return found !== undefined && found !== null && check?.fits(found) === true && (check.allows?.(found) ?? true);
  } catch {
    return false;
  }
}

/** A list as a sentence has it. */
function inWords(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

type Table = Readonly<
  Record<string, Check<unknown> & { readonly needs?: string; readonly among?: readonly unknown[] }>
>;

/**
 * `path` is what stands in front of the names: nothing, or the option that holds them.
 *
 * It takes as long as there are options given, not as there could be: functions of a few microseconds have options.
 */
function checkMembers(action: string, options: object, table: Table, path: string): void {
  const given = options as Readonly<Record<string, unknown>>;
  let isRead = false;
  // Also what it inherits: whoever reads an option reads that.
  for (const option in given) {
    isRead = true;
    if (!Object.hasOwn(table, option)) throw unknownOption(action, option, options, table, path);
    const check = table[option]!, value = given[option];
    if (value !== undefined) checkMember(action, path, option, value, check, given);
  }
  // A Map, or an object whose class computes its members, would be taken for one that says nothing.
  if (!isRead && !isPlain(options)) throw noOptions(action, options, table);
  for (const option of requiredIn(table)) {
    if (given[option] === undefined) checkValue(action, path + option, undefined, table[option]!);
  }
}

function checkMember(
  action: string,
  path: string,
  option: string,
  value: unknown,
  check: Table[string],
  given: Readonly<Record<string, unknown>>,
): void {
  const name = path + option;
  checkValue(action, name, value, check);
  if (check.members) checkMembers(action, value as object, check.members, `${name}.`);
  if (check.needs === undefined) return;
  const other = given[check.needs];
  if (check.among ? check.among.includes(other) : other !== undefined) return;
  const which = check.among ? ` = ${check.among.join(" or ")}` : "";
  throw new TypeError(`Cannot ${action} with ${name}: it has no effect without ${path}${check.needs}${which}`);
}

const requiredNames = new WeakMap<Table, readonly string[]>();

/** The options of a table that have to be given. */
function requiredIn(table: Table): readonly string[] {
  let names = requiredNames.get(table);
  if (!names) requiredNames.set(table, names = Object.keys(table).filter((option) => table[option]?.required));
  return names;
}

function unknownOption(action: string, option: string, options: object, table: Table, path: string): TypeError {
  if (!isPlain(options)) return noOptions(action, options, table);
  const known = Object.keys(table), near = closest(option, known);
  return new TypeError(
    `Cannot ${action} with option ${shown(path + option)}: options are ` +
      known.map((name) => path + name).join(", ") + (near === undefined ? "" : `; did you mean "${path}${near}"?`),
  );
}

/**
 * The word that somebody most likely meant by another one.
 *
 * @param word what was written
 * @param words those that there are
 * @returns one of the same letters, initials or beginning, with letters left out, or with a few letters of difference; `undefined` if none is
 */
export function closest(word: string, words: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const written = plain(word);
  const distance = (known: string): number => {
    const name = plain(known), initials = known.replaceAll(/(?!^)[^A-Z]/g, "").toLowerCase();
    if (name === written || initials === written) return 0;
    if (written.length >= 3 && isAbridged(written, name)) return 0.5;
    const [short, long] = name.length < written.length ? [name, written] : [written, name];
    if (short.length >= 3 && long.includes(short)) return 1;
    if (short.length >= 4 && long.startsWith(short.slice(0, 4))) return 2;
    if (long.length - short.length > 3) return Infinity;
    return edits(name, written) <= long.length / 3 ? 1 + edits(name, written) : Infinity;
  };
  return words.filter((known) => distance(known) < Infinity).sort((a, b) => distance(a) - distance(b))[0];
}

/** Whether a word is another one with letters left out, and not the first. */
function isAbridged(short: string, long: string): boolean {
  let found = 0;
  for (const letter of long) if (letter === short[found]) found++;
  return short[0] === long[0] && found === short.length;
}

/** Letters to replace, add or drop until one word is the other. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length]!;
}
