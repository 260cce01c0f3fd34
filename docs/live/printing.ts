/**
 * What a program of a page prints, the same in Deno and in a browser.
 *
 * @module
 */

/** What `console.log` of Deno writes into one line: so many entries and characters. */
const ENTRIES = 6, WIDTH = 72;

/** One value as `console.log` of Deno prints it, if it looks the same everywhere. */
function shown(value: unknown, within = false): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "string") return within ? JSON.stringify(value) : value;
  if (value === null || /^(number|boolean|undefined)$/.test(typeof value)) return String(value);
  const isList = Array.isArray(value);
  if (isList || Object.getPrototypeOf(value) === Object.prototype) {
    const entries = isList
      ? value.map((one) => shown(one, true))
      : Object.entries(value as object).map(([key, one]) => `${key}: ${shown(one, true)}`);
    const [open, close] = isList ? "[]" : "{}";
    const text = entries.length === 0 ? `${open}${close}` : `${open} ${entries.join(", ")} ${close}`;
    if (entries.length <= ENTRIES && text.length <= WIDTH) return text;
  }
  const kind = isList ? "so long a list" : typeof value === "object" ? "such an object" : `a ${typeof value}`;
  throw new TypeError(
    `Cannot print ${kind}: a program of a page prints what fits into a line and looks the same everywhere`,
  );
}

/** A line that `console.log` prints of some values. */
export function printed(values: readonly unknown[]): string {
  if (values.length > 1 && typeof values[0] === "string" && /%[sdifjoOc]/.test(values[0])) {
    throw new TypeError("Cannot print by %: a program of a page prints by template literals");
  }
  return `${values.map((value) => shown(value)).join(" ")}\n`;
}
