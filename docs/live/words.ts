/// <reference lib="dom" />
/**
 * What the live figure says, in the language of the page.
 *
 * The page has the words of its language by the English ones; an English page has none.
 *
 * @module
 */

import { filled } from "../figures/svg.ts";

const words: Readonly<Record<string, string>> = JSON.parse(document.documentElement.dataset["words"] ?? "{}");

/** Words in the language of the page; `{}` stands for what is put in. */
export function say(english: string, ...values: readonly (string | number)[]): string {
  return filled(words[english] ?? english, ...values);
}
