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
 * outside its interval a `RangeError`.
 *
 * @module
 */

/** The interval of a number; `min` and `max` belong to it, `above` and `below` do not. */
export interface Limits {
  /** Smallest allowed value. */
  readonly min?: number;
  /** Largest allowed value; `Infinity` allows infinity. */
  readonly max?: number;
  /** The value must be greater than this. */
  readonly above?: number;
  /** The value must be smaller than this. */
  readonly below?: number;
  /** Whether only whole numbers are allowed; infinity counts as one where `max` allows it. */
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
  /** The interval, of a number. */
  readonly limits?: Limits;
  /** The words, of a choice. */
  readonly words?: readonly string[];
  /** Whether the option has to be given. */
  readonly required?: boolean;
}

/** A check for each member of an interface of options. Those not optional need {@linkcode required}. */
export type Checks<O> = {
  readonly [
    K in keyof O
  ]-?: Partial<Pick<O, K>> extends Pick<O, K> ? Check<NonNullable<O[K]>>
    : Check<NonNullable<O[K]>> & { readonly required: true };
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
// deno-lint-ignore no-explicit-any
export function callback<T extends (...args: any[]) => unknown>(): Check<T> {
  return { must: "a function", fits: (value) => typeof value === "function" };
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

/** A list, whatever its elements. */
export function list<T>(must = "a list"): Check<readonly T[]> {
  return { must, fits: Array.isArray };
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

/** A value as an error shows it: a short one as it is, of another its kind. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return String(value);
}

/**
 * Refuses options that do not exist, are missing, or are not what they must be.
 *
 * @param action what is attempted, as in `Cannot sample`
 * @param options what was given
 * @param checks what each may be
 * @throws {TypeError} if an option is unknown, missing, or of another type
 * @throws {RangeError} if a value is outside its interval
 */
export function checkOptions<O extends object>(action: string, options: O, checks: Checks<O>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot ${action} with ${shown(options)} for options: they must be an object`);
  }
  const table = checks as Readonly<Record<string, Check<unknown>>>;
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(table, name)) continue;
    throw new TypeError(
      `Cannot ${action} with option ${JSON.stringify(name)}: options are ${Object.keys(table).join(", ")}`,
    );
  }
  for (const [name, check] of Object.entries(table)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined && !check.required) continue;
    const sentence = `Cannot ${action} with ${name} = ${shown(value)}: ${name} must be ${check.must}`;
    if (!check.fits(value)) throw new TypeError(sentence);
    if (check.allows && !check.allows(value)) throw new RangeError(sentence);
  }
}
