/**
 * # The text that a language model learns
 *
 * A file, or the English sentences that come with the code; cut by a tokenizer that was saved, if one is named. What all commands share that train a
 * model to continue texts.
 *
 * @module
 */

import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import { chineseEnglish } from "../corpora/chinese_english.ts";
import { count } from "../host/terminal.ts";
import { flagOf, type Option, text } from "./arguments.ts";
import { DataError, quote, UsageError } from "./errors.ts";
import { readText } from "./files.ts";
import { LIMITS } from "./recipes.ts";
import { sayNext } from "./terminal.ts";
import { readTokenizerFile } from "./tokenizers.ts";

/** What is learned, and how it is cut. */
export const textOptions: {
  readonly data: Option<string | undefined>;
  readonly tokenizer: Option<string | undefined>;
} = {
  data: text("FILE", "A text of at most a gibibyte, UTF-8"),
  tokenizer: text("FILE", "Cuts the text by a tokenizer that heed tokenize --out has saved; learns one otherwise"),
};

/** The text of a file, or the English sentences that come with the code, in pieces. */
export async function readPieces(path: string | undefined): Promise<string[]> {
  if (path) return await readText(path);
  const { training, validation, test } = chineseEnglish();
  return [[...training, ...validation, ...test].map(({ target }) => target).join("\n")];
}

/**
 * The tokenizer that is asked for, if one is.
 *
 * @param values what was given, with the options that say how one is learned
 * @param learning names of those options
 * @throws {UsageError} if it is said how to learn one as well
 * @throws {DataError} if the file holds none, or one that is too large
 */
export async function givenTokenizer<Name extends string>(
  values: { readonly [name in Name | "tokenizer"]?: unknown },
  learning: readonly Name[],
): Promise<Tokenizer | undefined> {
  const path = values.tokenizer as string | undefined;
  if (path === undefined) return undefined;
  const other = learning.find((name) => values[name] !== undefined);
  if (other) throw new UsageError(`Cannot use ${flagOf(other)} with --tokenizer: what was saved is not learned again`);
  const tokenizer = await readTokenizerFile(path), most = LIMITS.vocabSize.max!;
  if (tokenizer.vocabSize <= most) return tokenizer;
  throw new DataError(
    `Cannot train with the tokenizer of ${quote(path)}: it has ${count(tokenizer.vocabSize)} tokens, and ${
      count(most)
    } is the most`,
  );
}

/** Says how a text is continued by the model that was trained. */
export function sayHowToContinue(text: string, folder: string): void {
  const words = /\S+(?: \S+){0,2}/.exec(text)?.[0].slice(0, 40) ?? "";
  sayNext("continue a text", "generate", words, "--model", folder);
}
