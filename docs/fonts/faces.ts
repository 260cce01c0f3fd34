/**
 * # Which characters the shipped fonts have
 *
 * Two files, cut out of Noto Serif SC (SIL Open Font License, `OFL.txt`) by `build.ts`; `characters.json` lists what is in them. In
 * the style sheet they stand behind the fonts that a machine may have, so that a browser asks for one only if it has to.
 *
 * @module
 */

/** Chinese characters and their punctuation. */
export const CHINESE: RegExp = /[\u3001-\u3011\u3400-\u9fff\uff01-\uff60]/gu;

/** The files: characters of the chapters, and those that only other pages have. */
export const FACES = ["chapters", "others"] as const;

/** What each file has. */
export type Characters = Readonly<Record<(typeof FACES)[number], string>>;

/** Pages whose characters come first. */
export const isChapter = (url: string): boolean =>
  /^(words|attention|transformer|training|generation)\/\w+\.html$|^index\.html$/.test(url);
