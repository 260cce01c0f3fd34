/**
 * # Recipes
 *
 * How a model was trained: settings by name, as the command line gives them and a saved model notes them down. Their
 * limits stand here once: what nobody may ask for on the command line, no file may ask for either.
 *
 * @module
 */

import { type Check, type Checks, either, type Limits, numeric, object, oneOf, string } from "../engine/options.ts";

/** How a model was trained: the settings that a resumed run must share. */
export type Recipe = Readonly<Record<string, number | string>>;

const whole = (max: number, min = 1) => ({ min, max, whole: true }) as const;

/** Names of settings that are numbers. */
export type NumberName =
  | "steps"
  | "batchSize"
  | "contextLength"
  | "hiddenSize"
  | "numLayers"
  | "numHeads"
  | "vocabSize"
  | "sourceVocabSize"
  | "learningRate"
  | "warmupSteps"
  | "weightDecay"
  | "dropout"
  | "labelSmoothing"
  | "evaluateEvery"
  | "seed"
  | "beta2"
  | "clipNorm";

/** Limits of what is counted and measured, by name. */
export const LIMITS: Readonly<Record<NumberName, Limits>> = {
  steps: whole(1_000_000_000),
  batchSize: whole(1_000_000),
  contextLength: whole(1_000_000),
  hiddenSize: whole(1_000_000),
  numLayers: whole(256),
  numHeads: whole(10_000),
  vocabSize: whole(2 ** 16, 5),
  sourceVocabSize: whole(2 ** 16, 5),
  learningRate: { above: 0, max: 10 },
  warmupSteps: whole(1_000_000_000, 0),
  weightDecay: { min: 0, max: 10 },
  dropout: { min: 0, below: 1 },
  labelSmoothing: { min: 0, below: 1 },
  evaluateEvery: whole(1_000_000_000),
  seed: whole(2 ** 31, 0),
  beta2: { min: 0, below: 1 },
  clipNorm: { above: 0 },
};

/** Longest text in a recipe: a path, a checksum. */
const MAX_TEXT = 4096;

const shortText: Check<string> = {
  must: `a string of at most ${MAX_TEXT} characters`,
  fits: (value) => string.fits(value) && (value as string).length <= MAX_TEXT,
};

const numbers = Object.fromEntries(
  Object.entries<Limits>(LIMITS).map(([name, limits]) => [name, numeric(limits)]),
) as Record<NumberName, Check<number>>;

/** Kinds of positions that a recipe may name; the first where it names none. */
export const POSITION_WORDS = ["learned", "sinusoidal", "rotary", "alibi", "relative", "t5", "none"] as const;
/** A kind of positions. */
export type PositionWord = typeof POSITION_WORDS[number];

/** The settings that a recipe may hold; each kind of model has some of them, and a few may have more. */
interface Settings extends Partial<Record<Exclude<NumberName, "vocabSize">, number>> {
  readonly vocabSize?: number | "characters";
  readonly tokens?: "characters" | "bytes";
  readonly tokenizer?: string;
  readonly data?: string;
  readonly columns?: string;
  readonly checksum?: string;
  readonly positions?: PositionWord;
}

/** What each setting of a saved recipe may be. */
export const recipeChecks: Checks<Settings> = {
  ...numbers,
  vocabSize: either(numbers.vocabSize, oneOf(["characters"])),
  tokens: oneOf(["characters", "bytes"]),
  tokenizer: shortText,
  data: shortText,
  columns: {
    must: "two column numbers, such as 1,2",
    fits: (value) => typeof value === "string" && /^[1-9]\d?,[1-9]\d?$/.test(value),
  },
  checksum: shortText,
  positions: oneOf(POSITION_WORDS),
};

// ## Of what is no network

function isPlainValues(value: object): boolean {
  return !Array.isArray(value) && Object.values(value).every((one) => string.fits(one) || Number.isFinite(one));
}

/** Settings of any name. */
export const settingsByName: Check<object> = object("an object of settings by name", isPlainValues);

/** Measurements of any name. */
export const measurementsByName: Check<object> = object("an object of measurements by name", isPlainValues);
