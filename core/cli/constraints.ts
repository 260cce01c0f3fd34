/**
 * # Constraints on the command line
 *
 * `generate` writes what a regular expression, a schema of JSON or a grammar allows. What reads them is fetched only where one is given.
 *
 * @module
 */

import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import type { Grammar } from "../07_generation/constraints/grammar.ts";
import type { LogitsRule } from "../07_generation/rules.ts";
import { type Option, text } from "./arguments.ts";
import { DataError, quote, sentence, UsageError } from "./errors.ts";
import { readBytes } from "./files.ts";
import { load } from "./model_kinds.ts";

/** What texts may be limited to. */
export const constraintOptions: Readonly<Record<"regex" | "jsonSchema" | "grammar", Option<string | undefined>>> = {
  regex: text("PATTERN", "Write a text that this regular expression matches as a whole"),
  jsonSchema: text("FILE", "Write a value of JSON that the schema in FILE allows; `true` in it allows any"),
  grammar: text("FILE", "Write a text of the context-free grammar in FILE, in the notation of llama.cpp (GBNF)"),
};

/** What was given for them. */
type Given = Readonly<Record<keyof typeof constraintOptions, string | undefined>>;

const folder = "../07_generation/constraints/";

/**
 * Reads the constraint that a command line asks for.
 *
 * @returns undefined if it asks for none
 * @throws {UsageError} if it asks for two, or the regular expression is none
 * @throws {DataError} if a file cannot be read as what it should be
 */
export async function readConstraint({ regex, jsonSchema, grammar }: Given): Promise<Grammar | undefined> {
  const flags = Object.entries({ "--regex": regex, "--json-schema": jsonSchema, "--grammar": grammar });
  const given = flags.flatMap(([flag, value]) => value === undefined ? [] : [flag]);
  if (given.length > 1) throw new UsageError(`Cannot use ${given[0]} with ${given[1]}: a text follows one of them`);
  if (regex !== undefined) {
    type Room = typeof import("../07_generation/constraints/regular_expressions.ts");
    const { regularExpression } = await load<Room>(`${folder}regular_expressions.ts`);
    return orRefuse(() => regularExpression(regex), (message) => new UsageError(message));
  }
  if (jsonSchema !== undefined) {
    type Room = typeof import("../07_generation/constraints/json_schema.ts");
    const room = await load<Room>(`${folder}json_schema.ts`), content = await textOf(jsonSchema);
    return orRefuse(() => room.jsonSchema(JSON.parse(content)), (message) => unusable(jsonSchema, message));
  }
  if (grammar !== undefined) {
    type Room = typeof import("../07_generation/constraints/context_free.ts");
    const { contextFreeGrammar } = await load<Room>(`${folder}context_free.ts`), content = await textOf(grammar);
    return orRefuse(() => contextFreeGrammar(content), (message) => unusable(grammar, message));
  }
  return undefined;
}

/** The rule of a constraint for the tokens of a model, and the token that ends a text. */
export async function constrain(
  grammar: Grammar,
  tokenizer: Tokenizer,
): Promise<{ readonly rules: readonly LogitsRule[]; readonly eosToken: number }> {
  const { endToken } = tokenizer;
  if (endToken === undefined) {
    throw new UsageError(
      `Cannot follow a ${grammar.name} with this model: its tokenizer has no token that ends a text`,
    );
  }
  type Room = typeof import("../07_generation/constraints/token_masks.ts");
  const { grammarRule } = await load<Room>(`${folder}token_masks.ts`);
  const rule = orRefuse(() => grammarRule(grammar, tokenizer), (message) => new DataError(message));
  return { rules: [rule], eosToken: endToken };
}

function orRefuse<T>(make: () => T, refusal: (message: string) => Error): T {
  try {
    return make();
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

function unusable(path: string, message: string): DataError {
  return new DataError(`Cannot use ${quote(path)}: ${sentence(new Error(message))}`);
}

async function textOf(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataError(`Cannot use ${quote(path)}: it is no text in UTF-8`, { cause: error });
  }
}

/** What is said of a text that was cut off before the grammar's end. */
export function cutOff({ name }: Grammar, maxNewTokens: number): string {
  return `The text is cut off after ${maxNewTokens} tokens, and is no text of the ${name} yet: --max-new-tokens allows more`;
}
