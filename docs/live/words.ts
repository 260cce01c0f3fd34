/// <reference lib="dom" />
/**
 * What the live figure says, in the language of the page.
 *
 * The page has the words of the scripts that it loads at once, by the English ones. Those of the figures are fetched with the
 * first figure; an English page needs none.
 *
 * @module
 */

import { filled } from "../figures/svg.ts";

/** What figures say, by language. */
const FIGURES: Readonly<Record<string, () => Promise<Readonly<Record<string, string>>>>> = {
  zh: async () => (await import("../zh/figures.ts")).CHINESE_FIGURES,
};

const { lang, dataset } = document.documentElement;
const words: Readonly<Record<string, string>> = {
  ...JSON.parse(dataset["words"] ?? "{}"),
  ...await FIGURES[lang]?.(),
};

/** Words in the language of the page; `{}` stands for what is put in. */
export function say(english: string, ...values: readonly (string | number)[]): string {
  return filled(words[english] ?? english, ...values);
}
