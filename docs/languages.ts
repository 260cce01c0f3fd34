/**
 * # What experiments say, in the language of a page
 *
 * English stands beside each experiment, other languages below their folders here. What is not yet translated is said
 * in English.
 *
 * @module
 */

import type { Entry, Words } from "../core/experiments/experiment.ts";
import { CHINESE } from "./zh/registry.ts";

/** Tables of words by language, and there by the names of experiments. */
const TABLES: Readonly<Record<string, Readonly<Record<string, () => Promise<Words>>>>> = { zh: CHINESE };

/** The languages that an experiment speaks, English first. */
export function languagesOf(name: string): string[] {
  return ["en", ...Object.keys(TABLES).filter((language) => TABLES[language]![name])];
}

/**
 * Loads what an experiment says.
 *
 * @param entry as the list of experiments has it
 * @param language of a page, such as `zh`
 * @returns words in that language if there are any, in English otherwise
 */
export async function wordsOf({ name, words }: Entry, language: string): Promise<Words> {
  return await (TABLES[language]?.[name] ?? words)();
}
