/// <reference lib="dom" />
/**
 * What the page "Open a model" says, in its language.
 *
 * @module
 */

const words: Readonly<Record<string, string>> = JSON.parse(
  document.querySelector<HTMLElement>(".open-model")?.dataset["say"] ?? "{}",
);

/** Words in the language of the page; `{}` stands for what is put in, in order. */
export function say(english: string, ...values: readonly (string | number)[]): string {
  let at = 0;
  return (words[english] ?? english).replace(/\{\}/g, () => String(values[at++] ?? ""));
}

/** Bytes as megabytes or gigabytes. */
export function size(bytes: number): string {
  return bytes < 1e5
    ? `${(bytes / 1e3).toFixed(1)} kB`
    : bytes < 1e9
    ? `${(bytes / 1e6).toFixed(1)} MB`
    : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** A number with a point and few digits. */
export function short(x: number): string {
  return x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2);
}
