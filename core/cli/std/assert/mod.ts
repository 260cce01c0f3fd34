/**
 * A stand-in for `@std/assert`; see `core/cli/std/README.md`.
 *
 * @module
 */

/** Tells this module from the package whose name it carries. */
export const standIn = true;

/** The error of a failed assertion. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** A class, as far as `instanceof` needs it. */
// deno-lint-ignore no-explicit-any
export type AnyConstructor = abstract new (...args: any[]) => any;

/** A class whose instances are errors. */
// deno-lint-ignore no-explicit-any
export type ErrorConstructor<E extends Error> = abstract new (...args: any[]) => E;

/** Elements of an array or of anything indexed like one. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

const MAX_PRINTED = 2000;

/** A value as an assertion message prints it. */
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? "-0" : String(value);
  const text = showObject(value, new Set());
  return text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}…` : text;
}

function showObject(value: object, above: Set<object>): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof RegExp || value instanceof Date || value instanceof URL) return String(value);
  if (above.has(value)) return "[Circular]";
  above.add(value);
  const inner = (x: unknown): string => x !== null && typeof x === "object" ? showObject(x, above) : show(x);
  const list = (items: Iterable<unknown>): string => {
    const parts: string[] = [];
    let length = 0;
    for (const item of items) {
      if (length > MAX_PRINTED) break;
      parts.push(inner(item));
      length += parts[parts.length - 1]!.length + 2;
    }
    return parts.join(", ");
  };
  let text: string;
  if (Array.isArray(value)) text = `[${list(value)}]`;
  else if (isNumbers(value)) text = `${value.constructor.name}(${value.length}) [${list(Array.from(value))}]`;
  else if (value instanceof Set) text = `Set {${list(value)}}`;
  else if (value instanceof Map) {
    text = `Map {${[...value].slice(0, 200).map(([k, v]) => `${inner(k)} => ${inner(v)}`).join(", ")}}`;
  } else {
    const name = value.constructor && value.constructor !== Object ? `${value.constructor.name} ` : "";
    text = `${name}{${Object.entries(value).slice(0, 200).map(([k, v]) => `${k}: ${inner(v)}`).join(", ")}}`;
  }
  above.delete(value);
  return text;
}

function withReason(message: string, reason: string | undefined): string {
  return reason ? `${message}: ${reason}` : message;
}

type NumberArray = ArrayLike<number | bigint> & object;

function isNumbers(x: object): x is NumberArray {
  return ArrayBuffer.isView(x) && !(x instanceof DataView);
}

function same(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}

function comparable(a: object, b: object): boolean {
  return a.constructor === b.constructor ||
    a.constructor === Object && !b.constructor || !a.constructor && b.constructor === Object;
}

/** Whether two values are deeply equal; `NaN` equals itself and `0` equals `-0`. */
export function equal(a: unknown, b: unknown): boolean {
  return deepEqual(a, b, new Map());
}

function deepEqual(a: unknown, b: unknown, seen: Map<object, unknown>): boolean {
  if (same(a, b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (!comparable(a, b)) return false;
  if (a instanceof Date && b instanceof Date) return same(a.getTime(), b.getTime());
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (isNumbers(a) && isNumbers(b)) return equalNumbers(a, b);
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) return equalNumbers(new Uint8Array(a), new Uint8Array(b));
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError(`Cannot compare ${a.constructor.name} instances`);
  }
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof Set && b instanceof Set) return equalSets(a, b, seen);
  if (a instanceof Map && b instanceof Map) return equalMaps(a, b, seen);
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  const keys = ownKeys(a);
  if (keys.length !== ownKeys(b).length) return false;
  const left = a as Record<PropertyKey, unknown>, right = b as Record<PropertyKey, unknown>;
  if (!keys.every((key) => Object.hasOwn(b, key) && deepEqual(left[key], right[key], seen))) return false;
  return a instanceof Error && b instanceof Error ? a.message === b.message : true;
}

function equalNumbers(a: NumberArray, b: NumberArray): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}

function ownKeys(x: object): PropertyKey[] {
  return Reflect.ownKeys(x).filter((key) => Object.prototype.propertyIsEnumerable.call(x, key));
}

function equalSets(a: Set<unknown>, b: Set<unknown>, seen: Map<object, unknown>): boolean {
  if (a.size !== b.size) return false;
  const rest = new Set(b);
  for (const item of a) {
    if (rest.delete(item)) continue;
    const twin = [...rest].find((candidate) => deepEqual(item, candidate, seen));
    if (twin === undefined || !rest.delete(twin)) return false;
  }
  return true;
}

function equalMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, seen: Map<object, unknown>): boolean {
  if (a.size !== b.size) return false;
  const rest = new Map(b);
  for (const [key, value] of a) {
    if (rest.has(key)) {
      if (!deepEqual(value, rest.get(key), seen)) return false;
      rest.delete(key);
      continue;
    }
    const twin = [...rest].find(([k, v]) => deepEqual(key, k, seen) && deepEqual(value, v, seen));
    if (twin === undefined) return false;
    rest.delete(twin[0]);
  }
  return true;
}

/** Fails unless the expression is truthy. */
export function assert(expression: unknown, message: string = ""): asserts expression {
  if (!expression) throw new AssertionError(message);
}

/** Fails unless the expression is falsy. */
export function assertFalse(expression: unknown, message: string = ""): asserts expression is false {
  if (expression) throw new AssertionError(message);
}

/** Fails always. */
export function fail(message?: string): never {
  throw new AssertionError(withReason("Failed assertion", message));
}

/** Fails always: the line was not meant to be reached. */
export function unreachable(reason?: string): never {
  throw new AssertionError(withReason("Unreachable", reason));
}

/** Fails unless both values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) return;
  const numbers = firstDifference(actual, expected);
  throw new AssertionError(
    withReason(`Values are not equal`, message) +
      `\n  actual:   ${show(actual)}\n  expected: ${show(expected)}${numbers}`,
  );
}

/** Where two long lists first differ, for the message. */
function firstDifference(actual: unknown, expected: unknown): string {
  const list = (x: unknown): x is ArrayLike<unknown> =>
    Array.isArray(x) || x !== null && typeof x === "object" && isNumbers(x);
  if (!list(actual) || !list(expected)) return "";
  if (actual.length !== expected.length) return `\n  lengths:  ${actual.length} and ${expected.length}`;
  for (let i = 0; i < actual.length; i++) {
    if (!equal(actual[i], expected[i])) return `\n  first at [${i}]: ${show(actual[i])} and ${show(expected[i])}`;
  }
  return "";
}

/** Fails if both values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(withReason(`Expected actual: ${show(actual)} not to be: ${show(expected)}`, message));
}

/** Fails unless both are the same value by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw new AssertionError(
    withReason("Values are not strictly equal", message) +
      `\n  actual:   ${show(actual)}\n  expected: ${show(expected)}`,
  );
}

/** Fails if both are the same value by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(withReason(`Expected "actual" to not be strictly equal to: ${show(actual)}`, message));
}

/** Fails unless two numbers differ by at most the tolerance, by default 1e-7 relative. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= allowed) return;
  throw new AssertionError(
    withReason(`Expected actual: ${show(actual)} to be close to ${show(expected)}`, message) +
      `: delta ${delta} is greater than ${allowed}`,
  );
}

/** Fails if the value is null or undefined. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(withReason(`Expected actual: ${show(actual)} to not be null or undefined`, message));
}

/** Fails unless the text matches the pattern. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(withReason(`Expected actual: ${show(actual)} to match: ${expected}`, message));
}

/** Fails if the text matches the pattern. */
export function assertNotMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(withReason(`Expected actual: ${show(actual)} to not match: ${expected}`, message));
}

/** Fails unless the text contains the other text. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(withReason(`Expected actual: ${show(actual)} to contain: ${show(expected)}`, message));
}

/** Fails unless every expected element is deeply equal to some element of the list. */
export function assertArrayIncludes<T>(actual: ArrayLikeArg<T>, expected: ArrayLikeArg<T>, message?: string): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((item) => !present.some((other) => equal(item, other)));
  if (missing.length === 0) return;
  throw new AssertionError(
    withReason(`Expected actual: ${show(actual)} to include: ${show(expected)}`, message) +
      `\nmissing: ${show(missing)}`,
  );
}

/** Fails unless the object contains the expected one, key by key. */
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  if (matches(actual, expected)) return;
  throw new AssertionError(withReason(`Expected actual: ${show(actual)} to contain: ${show(expected)}`, message));
}

function matches(actual: unknown, expected: unknown): boolean {
  const plain = (x: unknown): x is Record<PropertyKey, unknown> =>
    x !== null && typeof x === "object" && (Array.isArray(x) || Object.getPrototypeOf(x) === Object.prototype);
  if (!plain(actual) || !plain(expected)) return equal(actual, expected);
  return ownKeys(expected).every((key) => key in actual && matches(actual[key], expected[key]));
}

function assertOrder<T>(holds: boolean, actual: T, relation: string, expected: T, message: string | undefined): void {
  if (holds) return;
  throw new AssertionError(withReason(`Expect ${show(actual)} ${relation} ${show(expected)}`, message));
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual > expected, actual, ">", expected, message);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual >= expected, actual, ">=", expected, message);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual < expected, actual, "<", expected, message);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual <= expected, actual, "<=", expected, message);
}

/** Fails unless the value is an instance of the class. */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expected: T,
  message: string = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expected) return;
  throw new AssertionError(
    withReason(`Expected object to be an instance of "${expected.name}" but was ${show(actual)}`, message),
  );
}

/** Fails if the value is an instance of the class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpected: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is Exclude<A, T> {
  if (!(actual instanceof unexpected)) return;
  throw new AssertionError(withReason(`Expected object to not be an instance of "${unexpected.name}"`, message));
}

/** Fails unless the value is an error of the class whose message contains or matches. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorConstructor<E>,
  expectedMessage?: string | RegExp,
  message?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(withReason(`Expected "error" to be an Error object but was ${show(error)}`, message));
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    const actual = error.constructor?.name ?? "unknown";
    throw new AssertionError(
      withReason(`Expected error to be instance of "${ErrorClass.name}", but was "${actual}"`, message) +
        `\n  message: ${error.message}`,
      { cause: error },
    );
  }
  const found = expectedMessage instanceof RegExp
    ? expectedMessage.test(error.message)
    : error.message.includes(expectedMessage ?? "");
  if (found) return;
  const wanted = expectedMessage instanceof RegExp ? `match ${expectedMessage}` : `include ${show(expectedMessage)}`;
  throw new AssertionError(
    withReason(`Expected error message to ${wanted}, but got ${show(error.message)}`, message),
    { cause: error },
  );
}

/** Fails unless the function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Fails unless the function throws an error of the class whose message contains a text. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorConstructor<E>,
  messageIncludes?: string,
  message?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMessage?: ErrorConstructor<E> | string,
  messageIncludes?: string,
  message?: string,
): unknown {
  const ErrorClass = typeof classOrMessage === "string" ? undefined : classOrMessage;
  const reason = typeof classOrMessage === "string" ? classOrMessage : message;
  try {
    fn();
  } catch (error) {
    checkThrown(error, ErrorClass, messageIncludes, reason);
    return error;
  }
  throw new AssertionError(withReason("Expected function to throw", reason));
}

/** Fails unless the promise rejects; resolves to what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
/** Fails unless the promise rejects with an error of the class, its message with a text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorConstructor<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMessage?: ErrorConstructor<E> | string,
  messageIncludes?: string,
  message?: string,
): Promise<unknown> {
  const ErrorClass = typeof classOrMessage === "string" ? undefined : classOrMessage;
  const reason = typeof classOrMessage === "string" ? classOrMessage : message;
  let promise: PromiseLike<unknown> | undefined;
  let isPromise = false;
  try {
    promise = fn();
    isPromise = promise !== null && typeof promise === "object" && typeof promise.then === "function";
    await promise;
  } catch (error) {
    if (!isPromise) throw new AssertionError(withReason("Function throws when expected to reject", reason));
    checkThrown(error, ErrorClass, messageIncludes, reason);
    return error;
  }
  throw new AssertionError(withReason("Expected function to reject", reason));
}

function checkThrown<E extends Error>(
  error: unknown,
  ErrorClass: ErrorConstructor<E> | undefined,
  messageIncludes: string | undefined,
  reason: string | undefined,
): void {
  if (!ErrorClass) return;
  if (!(error instanceof Error)) throw new AssertionError(withReason("A non-Error object was thrown", reason));
  assertIsError(error, ErrorClass, messageIncludes, reason);
}
