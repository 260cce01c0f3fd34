/**
 * # Words for options that are tokens
 *
 * `--banned-words "cat,New York"`: some [decoding options](../07_generation/options.ts) are tokens, and on the command line they are
 * text. The tokenizer of the model cuts it, with and without a space before it, since most tokenizers have a token for a word
 * inside a text and another for the same letters elsewhere.
 *
 * @module
 */

import type { Tokenizer } from "../02_words/before_tokens/tokenizer.ts";
import type { RuleOptions, SearchOptions } from "../07_generation/options.ts";
import { requiredWords } from "../07_generation/constraints/required_words.ts";
import { flagOf } from "./arguments.ts";
import { quote, UsageError } from "./errors.ts";

/** What is asked of a tokenizer. */
export type Cutter = Pick<Tokenizer, "encode" | "specialTokens" | "unknownToken">;

/** Names of options that are text on the command line: what is no number, and tokens. */
type TextOption =
  | { [K in keyof RuleOptions]-?: NonNullable<RuleOptions[K]> extends number ? never : K }[keyof RuleOptions]
  | "forcedFirstToken"
  | "forcedLastToken"
  | "requiredWords";
type TextOptions = RuleOptions & Pick<SearchOptions, "requiredWords">;

/** How the text of each option is read. */
const READERS: {
  readonly [K in TextOption]: (text: string, flag: string, cutter: Cutter) => NonNullable<TextOptions[K]>;
} = {
  logitBias: (text, flag, cutter) =>
    Object.fromEntries(
      entriesOf(text, flag).flatMap((entry) => {
        const [, word = "", digits = ""] = /^(.+)=\s*([-+]?(?:\d+\.?\d*|\.\d+))$/s.exec(entry) ?? [];
        if (word === "") throw new UsageError(`Cannot use ${flag} with ${quote(entry)}: write TOKEN=NUMBER`);
        return tokensFor(word, flag, cutter).map((token) => [token, Number(digits)]);
      }),
    ),
  dryBreakers: (text, flag, cutter) => entriesOf(text, flag).flatMap((word) => tokensFor(word, flag, cutter)),
  bannedWords: (text, flag, cutter) => entriesOf(text, flag).flatMap((word) => spellings(word, flag, cutter)),
  // Each word is one demand, in whichever of its spellings it is met.
  requiredWords: (text, flag, cutter) =>
    requiredWords(
      entriesOf(text, flag).map((entry) =>
        alternativesOf(entry, flag).flatMap((word) => spellings(word, flag, cutter))
      ),
    ),
  suppressTokens: (text, flag, cutter) => entriesOf(text, flag).flatMap((word) => tokensFor(word, flag, cutter)),
  forcedFirstToken: oneToken,
  forcedLastToken: oneToken,
  prefix: (text, flag, cutter) => cut(text, flag, cutter),
};

/** Whether an option is text on the command line. */
export function isText(name: string): name is TextOption {
  return Object.hasOwn(READERS, name);
}

/**
 * The value of an option.
 *
 * @param name of the option
 * @param text as it was typed
 * @param cutter of the model
 * @throws {UsageError} if the text is no list of the kind, or has no token
 */
export function readTokens(name: TextOption, text: string, cutter: Cutter): TextOptions[TextOption] {
  return READERS[name](text, flagOf(name), cutter);
}

/** Cuts whatever it is given into one token: what can be refused before a model is read is refused with it. */
export const anyCutter: Cutter = { encode: () => [0], specialTokens: new Map() };

/** Parts of a list, which commas divide; `\,` is a comma and `\n` a line break. */
function entriesOf(text: string, flag: string): string[] {
  const entries = text.split(/(?<!\\),/).map((entry) =>
    entry.trim().replace(/\\([,n\\])/g, (_, sign) => sign === "n" ? "\n" : sign)
  );
  if (entries.includes("")) {
    throw new UsageError(`Cannot use ${flag} ${quote(text)}: nothing stands on one side of a comma; \\, is a comma`);
  }
  return entries;
}

/** Words of which one is enough: `|` divides them. */
function alternativesOf(entry: string, flag: string): string[] {
  const words = entry.split("|").map((word) => word.trim());
  if (words.includes("")) {
    throw new UsageError(`Cannot use ${flag} with ${quote(entry)}: nothing stands on one side of |`);
  }
  return words;
}

/** The ways in which a text can stand in another one: each as tokens, no two the same. */
function spellings(word: string, flag: string, cutter: Cutter): number[][] {
  const special = cutter.specialTokens.get(word);
  if (special !== undefined) return [[special]];
  const all = [word, ` ${word}`].map((text) => cutter.encode(text)).filter((tokens) => isWritten(tokens, cutter));
  if (all.length === 0) throw unwritten(word, flag);
  return [...new Map(all.map((tokens) => [tokens.join(), tokens])).values()];
}

/** Those of the spellings that are one token. */
function tokensFor(word: string, flag: string, cutter: Cutter): number[] {
  const all = spellings(word, flag, cutter), single = all.filter(({ length }) => length === 1).flat();
  if (single.length > 0) return single;
  throw new UsageError(
    `Cannot use ${flag} with ${quote(word)}: it is ${all[0]!.length} tokens, and one is needed; ` +
      '"heed tokenize" shows the tokens of a text, and --banned-words takes phrases',
  );
}

/** A text that is one token as it stands. */
function oneToken(text: string, flag: string, cutter: Cutter): number {
  const special = cutter.specialTokens.get(text);
  if (special !== undefined) return special;
  const [token, ...others] = cut(text, flag, cutter);
  if (others.length === 0) return token!;
  throw new UsageError(
    `Cannot use ${flag} with ${quote(text)}: it is ${
      others.length + 1
    } tokens, and one is needed; --prefix takes several`,
  );
}

function cut(text: string, flag: string, cutter: Cutter): number[] {
  const tokens = cutter.encode(text);
  if (!isWritten(tokens, cutter)) throw unwritten(text, flag);
  return tokens;
}

/** Whether tokens stand for all of a text. */
function isWritten(tokens: readonly number[], { unknownToken }: Cutter): boolean {
  return tokens.length > 0 && (unknownToken === undefined || !tokens.includes(unknownToken));
}

function unwritten(text: string, flag: string): UsageError {
  return new UsageError(`Cannot use ${flag} with ${quote(text)}: the model has no tokens for it`);
}
