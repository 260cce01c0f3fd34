/**
 * # What can be set on the playground
 *
 * **Question.** The page has a slider for every decoding rule, and it may not load the library to draw them. Where does it
 * learn which there are?
 *
 * **Idea.** From the page. The build reads the table of [decoding options](../../core/07_generation/options.ts) and writes
 * the sliders into the page as data; a new rule with a slider in its row appears by itself.
 *
 * @module
 */

import type { RuleOptions, SearchOptions, Slider } from "../../core/07_generation/options.ts";

/** Names of rules that a number asks for. */
type NumberRule = {
  [K in keyof RuleOptions]-?: NonNullable<RuleOptions[K]> extends number ? K : never;
}[keyof RuleOptions];

/** Names of options that are numbers. */
export type NumberOption = NumberRule | "numBeams" | "lengthPenalty";

/** Names of rules that words ask for, which the vocabulary of the translation turns into tokens. */
export type WordOption = Exclude<keyof RuleOptions, NumberRule> | "forcedFirstToken" | "forcedLastToken";

/** What the reader sets: places of sliders, and what no slider sets. An option that is not there is not used. */
export interface Settings
  extends
    Pick<RuleOptions, Exclude<NumberRule, "forcedFirstToken" | "forcedLastToken">>,
    Pick<SearchOptions, "numBeams"> {
  /** What is translated. */
  readonly sentence: string;
  /** Where chance starts. */
  readonly seed: number;
  /** The power of the length that scores of beams are divided by; 1 by default. */
  readonly lengthPenalty?: number;
  /** Words of rules, as the command line takes them; none by default. */
  readonly words?: Readonly<Partial<Record<WordOption, string>>>;
  /** How many tokens a draft proposes at once; 0, and no draft, by default. */
  readonly proposals?: number;
}

/** A field for words. */
export interface Field {
  /** The option that it sets. */
  readonly name: WordOption;
  /** Above the field. */
  readonly label: string;
  /** What it does, and how it is written. */
  readonly help: string;
}

/** A slider over an option. */
export interface Control extends Slider {
  /** The option that it sets. */
  readonly name: NumberOption;
  /** Beside the slider. */
  readonly label: string;
  /** What it does. */
  readonly help: string;
  /** Where it stands: at the distribution that a rule shapes, or at the search. */
  readonly stage: "softmax" | "beams";
}

/** Most characters of a sentence; it is refused before anything is computed. */
export const LONGEST_SENTENCE = 200;

/** The settings before the reader changes any. */
export const DEFAULTS: Omit<Settings, "sentence"> = { temperature: 0.7, topP: 0.9, seed: 1, numBeams: 3, proposals: 4 };

/** Most tokens that a draft proposes at once. */
export const MOST_PROPOSALS = 8;

/** The name of an option as a label: `top-k`, `repetition penalty`. */
export function labelOf(name: string): string {
  const words = name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
  return words.reduce((label, word) => `${label}${word.length === 1 ? "-" : " "}${word}`);
}

/** What a place of a slider says. */
export function placeOf({ step = 1, none, likeliest }: Slider, place: number): string {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2, text = place === 0 ? "0" : place.toFixed(digits);
  if (place === likeliest) return `${text}, the most probable`;
  return place === none ? `${text}, not used` : text;
}
