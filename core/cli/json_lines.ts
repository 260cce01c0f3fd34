/**
 * # Texts as lines of JSON
 *
 * With `--json` a program reads what a command writes: an object on each line, with the tokens of the text and what the model thought of them. The fields are
 * those of `jsonDetails`; nothing else is printed.
 *
 * @module
 */

import type { TokenBytes, Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import type { Alternative, StepOutput } from "../07_generation/search.ts";
import { flag, number, type Option } from "./arguments.ts";
import { UsageError } from "./errors.ts";

/** What the help says of `--json`. */
export const jsonDetails: readonly string[] = [
  "--json prints an object for each text, one a line:",
  '  {"text", "tokens": [{"id", "text", "logProbability", "processedLogProbability", "alternatives"}, …],',
  '   "logProbability", "score", "finishReason": "stop" or "length"}',
  '"processed" is after the rules; null stands for a token that they forbid. "alternatives", with the fields of a token, are there',
  'with --alternatives; "score" where beams are ranked, and then "logProbability" is after the rules, the end included.',
];

/** The options that ask for JSON. */
export const jsonOptions: { readonly json: Option<boolean>; readonly alternatives: Option<number | undefined> } = {
  json: flag("Print JSON: the text, its tokens with their log-probabilities, and why it ended"),
  alternatives: number("N", "With --json: the N most probable tokens at each step, before the rules", {
    min: 1,
    max: 1000,
    whole: true,
  }),
};

/** Refuses what would have no effect. */
export function checkJson(
  { json, alternatives }: { readonly json: boolean; readonly alternatives: number | undefined },
): void {
  if (alternatives !== undefined && !json) {
    throw new UsageError("Cannot use --alternatives without --json: it would have no effect");
  }
}

/** How tokens are written, alone. */
export class TokenWriter {
  readonly #tokenizer: Tokenizer;
  readonly #bytes: TokenBytes | undefined;

  /** Asks a tokenizer for its tokens. */
  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    this.#bytes = bytesOf(tokenizer);
  }

  /**
   * The bytes of UTF-8 that a token adds to a text.
   *
   * @param id the token
   * @param before the token before it; undefined where the text begins
   */
  bytes(id: number, before: number | undefined): Uint8Array {
    const isFirst = before === undefined || this.#bytes?.restarts.has(before) === true;
    return this.#bytes?.[isFirst ? "first" : "later"][id] ?? new TextEncoder().encode(this.#tokenizer.tokens[id]);
  }

  /** The same as text; what is no whole character shows as U+FFFD. */
  text(id: number, before: number | undefined): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes(id, before));
  }
}

function bytesOf(tokenizer: Tokenizer): TokenBytes | undefined {
  try {
    return tokenizer.tokenBytes();
  } catch {
    // It writes a token by what follows: then the names of the tokens have to do.
    return undefined;
  }
}

/** A token, and what was kept of its step. */
export type ToldToken = Pick<StepOutput, "token" | "logProbability"> & Partial<StepOutput>;

/** A text that was found. */
export interface ToldText {
  /** Its text. */
  readonly text: string;
  /** Its tokens, without the one that ended it. */
  readonly tokens: readonly ToldToken[];
  /** Logarithm of its probability, after all rules, if it is ranked. */
  readonly logProbability?: number;
  /** What it is ranked by, if it is. */
  readonly score?: number | undefined;
  /** Whether an end was reached. */
  readonly finished: boolean;
}

/**
 * A text as a line of JSON, safe to print.
 *
 * @param found what was found
 * @param writer how its tokens are written
 * @param before the token before the first one; undefined where the text begins
 * @param more fields that come first
 */
export function jsonText(
  { text, tokens, logProbability = 0, score, finished }: ToldText,
  writer: TokenWriter,
  before?: number,
  more: object = {},
): string {
  return jsonLine({
    ...more,
    text,
    tokens: tokens.map((token, i) => told(token, writer, i === 0 ? before : tokens[i - 1]!.token)),
    // Of a text that is not ranked, what its tokens say.
    logProbability: orNull(
      score === undefined ? tokens.reduce((sum, one) => sum + one.logProbability, 0) : logProbability,
    ),
    ...score !== undefined && { score: orNull(score) },
    finishReason: finished ? "stop" : "length",
  });
}

function told({ alternatives, ...token }: ToldToken, writer: TokenWriter, before: number | undefined): object {
  return {
    ...one(token, writer, before),
    ...alternatives && { alternatives: alternatives.map((each) => one(each, writer, before)) },
  };
}

function one(
  { token, logProbability, processedLogProbability }:
    & Pick<Alternative, "token" | "logProbability">
    & Partial<Alternative>,
  writer: TokenWriter,
  before: number | undefined,
): object {
  return {
    id: token,
    text: writer.text(token, before),
    logProbability: orNull(logProbability),
    ...processedLogProbability !== undefined && { processedLogProbability: orNull(processedLogProbability) },
  };
}

/** JSON has no infinity. */
function orNull(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}

/** An object on one line, without a character that a terminal takes for an instruction. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
