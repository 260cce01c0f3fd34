/**
 * What a program of a page prints, the same in Deno and in a browser.
 *
 * @module
 */

/** One value as `console.log` of Deno prints it, if it looks the same everywhere. */
function shown(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (/^(string|number|boolean)$/.test(typeof value)) return String(value);
  const kind = value === null ? "null" : Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
  throw new TypeError(
    `Cannot print ${kind}: a program of a page prints strings, numbers and booleans, which look the same everywhere`,
  );
}

/** A line that `console.log` prints of some values. */
export function printed(values: readonly unknown[]): string {
  if (values.length > 1 && typeof values[0] === "string" && /%[sdifjoOc]/.test(values[0])) {
    throw new TypeError("Cannot print by %: a program of a page prints by template literals");
  }
  return `${values.map(shown).join(" ")}\n`;
}
