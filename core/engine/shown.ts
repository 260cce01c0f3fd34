/**
 * # What an error shows
 *
 * An error says what was found. What was found may come from a file or from somebody else's program: it is shown short,
 * and without characters that act on a terminal.
 *
 * @module
 */

/** Characters that move a cursor, change the direction of text, or are not seen. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A text from elsewhere as an error shows it: short, in quotes, without characters that act on a terminal.
 *
 * @param text whatever it is
 * @param most characters that are shown
 */
export function quote(text: string, most = 80): string {
  const short = text.length > most ? `${text.slice(0, most)}…` : text;
  return JSON.stringify(short).replace(
    UNSEEN,
    (c) => [...c].map((part) => `\\u{${part.codePointAt(0)!.toString(16)}}`).join(""),
  );
}

/** A value from elsewhere as an error shows it: a short one as it is, of another its kind. */
export function shown(value: unknown): string {
  if (typeof value === "string") return quote(value, 60);
  if (typeof value === "bigint") return `${quote(String(value), 30).slice(1, -1)}n`;
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "a list";
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== "string" || name === "" || name === "Object") return "an object";
  return `${/^(?!Uint)[AEIOU]/.test(name) ? "an" : "a"} ${quote(name, 40).slice(1, -1)}`;
}
