/**
 * # Parts that are values
 *
 * **Question.** A model has an activation, a norm, a scheme of positions. Code could name them by strings, but then every
 * place that meets the string has to know what it stands for. Who knows it once?
 *
 * **Idea.** The part. Code hands over the part itself, with all that is known of it. Strings are for files and command
 * lines alone: a part knows the *word* that stands for it there and the *settings* that it was made with, and one table
 * for each kind of part leads from the word back to it.
 *
 * | in code                    | in a file                          |
 * | -------------------------- | ---------------------------------- |
 * | `silu`                     | `"silu"`                           |
 * | `rotary()`                 | `"rotary"`                         |
 * | `rotary({ base: 500000 })` | `{"word":"rotary","base":500000}`  |
 *
 * @module
 */

import { shown } from "./json.ts";
import type { Check } from "./options.ts";

/** A value that a file can name. */
export interface Part {
  /** The word that stands for it. */
  readonly word: string;
  /** What it was made with, as far as that was said; nothing by default. */
  readonly settings?: object | undefined;
}

/** What stands for a part in a file: its word, or its word with settings. */
export type WrittenPart = string | {
  /** The word. */
  readonly word: string;
  /** The settings by name. */
  readonly [setting: string]: unknown;
};

/** The parts of one kind: by word, what makes the part from its settings. */
export type PartTable<P extends Part> = Readonly<Record<string, (settings: never) => P>>;

/** A table of parts that have no settings. */
export function partsByWord<P extends Part>(parts: readonly P[]): PartTable<P> {
  return Object.fromEntries(parts.map((part) => [part.word, (settings: object) => {
    if (Object.keys(settings).length > 0) throw new TypeError(`Cannot make ${part.word} with settings: it has none`);
    return part;
  }]));
}

/** Settings as far as they were said: what a file writes behind the word, or nothing. */
export function settingsOf(options: object): Pick<Part, "settings"> {
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return said.length > 0 ? { settings: Object.fromEntries(said) } : {};
}

/**
 * What a file writes for a part; settings that are parts are written in the same way.
 *
 * @param part its word and its settings
 * @returns its word, or an object of its word and settings
 */
export function writePart(part: Part): WrittenPart {
  if (!isPart(part)) throw new TypeError(`Cannot write ${shown(part)}: a part with a word is needed`);
  const { word, settings } = part;
  if (!settings) return word;
  const written = Object.entries(settings).map(([name, value]) => [name, isPart(value) ? writePart(value) : value]);
  return { word, ...Object.fromEntries(written) };
}

/**
 * The part that a file names.
 *
 * @param kind what is read, as in `Cannot read an activation`
 * @param written what {@linkcode writePart} returned
 * @param table the parts of this kind
 * @returns the part
 * @throws {TypeError} if there is no such part, or its settings are not what they must be
 */
export function readPart<P extends Part>(kind: string, written: unknown, table: PartTable<P>): P {
  const { word, ...settings } = typeof written === "object" && written !== null
    ? written as { readonly word?: unknown }
    : { word: written };
  if (typeof kind !== "string" || typeof table !== "object" || table === null) {
    throw new TypeError(`Cannot read ${shown(kind)} by ${shown(table)}: a name and a table of parts are needed`);
  }
  if (typeof word !== "string" || !Object.hasOwn(table, word) || typeof table[word] !== "function") {
    throw new TypeError(
      `Cannot read ${kind} from ${shown(word)}: it must be one of ${Object.keys(table).join(", ")}`,
    );
  }
  return table[word]!(settings as never);
}

/** Whether something is a part, of whatever kind. */
export function isPart(value: unknown): value is Part {
  return (typeof value === "object" || typeof value === "function") && value !== null &&
    typeof (value as Partial<Part>).word === "string";
}

/**
 * A part as an option.
 *
 * @param must the end of a sentence, such as `an activation, such as relu`
 * @param fits tells parts of this kind from others
 */
export function partOf<P extends Part>(must: string, fits: (part: Partial<P>) => boolean): Check<P> {
  return { must, fits: (value) => isPart(value) && fits(value as Partial<P>) };
}
