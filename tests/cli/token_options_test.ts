import { assertEquals, assertThrows } from "@std/assert";
import { type Cutter, isText, readTokens } from "../../core/cli/token_options.ts";
import { UsageError } from "../../core/cli/errors.ts";
import type { RequiredWords } from "../../core/07_generation/constraints/required_words.ts";
import { DECODING, type RuleOptions } from "../../core/07_generation/options.ts";
import { checkValue } from "../../core/engine/options.ts";

const WORDS = ["?", "<end>", "cat", " cat", " dog", "New", " New", " York", ",", "\n", "s"];

/** Words and the same with a space; what is none is unknown. */
const cutter: Cutter = {
  specialTokens: new Map([["end", 1]]),
  unknownToken: 0,
  encode: (text) =>
    (text.match(/ ?(?:cat|dog|New|York|,|\n|s)|./gs) ?? []).map((word) => Math.max(0, WORDS.indexOf(word))),
};

const read = (name: keyof RuleOptions | "requiredWords", text: string): unknown =>
  isText(name) && readTokens(name, text, cutter);

Deno.test("words of the command line are tokens, with and without a space before them", () => {
  assertEquals(read("bannedWords", "cat, New York"), [[2], [3], [5, 7], [6, 7]]);
  assertEquals(read("bannedWords", "dog"), [[4]], "a spelling that cannot be written is left out");
  assertEquals(read("bannedWords", "end"), [[1]]);
  const { words } = read("requiredWords", "cat, New York|dog") as RequiredWords;
  assertEquals(words, [[[2], [3]], [[5, 7], [6, 7], [4]]]);
  assertEquals(read("suppressTokens", "cat,s"), [2, 3, 10]);
  assertEquals(read("dryBreakers", "\\,,\\n"), [8, 9]);
  assertEquals(read("logitBias", "cat=2, dog=-1.5,\\,=.5"), { 2: 2, 3: 2, 4: -1.5, 8: 0.5 });
  assertEquals(read("prefix", "New York"), [5, 7]);
  assertEquals(read("prefix", " New York"), [6, 7], "as it stands");
  assertEquals(read("forcedFirstToken", "cat"), 2);
  assertEquals(read("forcedLastToken", "end"), 1);
});

Deno.test("what is read of the command line is what the options may be", () => {
  for (const [name, row] of Object.entries(DECODING)) {
    if (!isText(name)) continue;
    checkValue("read", name, readTokens(name, name === "logitBias" ? "cat=1" : "cat", cutter), row as never);
  }
});

Deno.test("words that are no tokens are refused in a sentence", () => {
  const refused: [keyof RuleOptions | "requiredWords", string, string][] = [
    ["bannedWords", "cat,", 'Cannot use --banned-words "cat,": nothing stands on one side of a comma'],
    ["bannedWords", "xyz", 'Cannot use --banned-words with "xyz": the model has no tokens for it'],
    ["requiredWords", "cat|", 'Cannot use --required-words with "cat|": nothing stands on one side of |'],
    ["requiredWords", "cat|xyz", 'Cannot use --required-words with "xyz": the model has no tokens for it'],
    ["suppressTokens", "cats", 'Cannot use --suppress-tokens with "cats": it is 2 tokens, and one is needed'],
    ["forcedFirstToken", "New York", 'Cannot use --forced-first-token with "New York": it is 2 tokens'],
    ["prefix", "New Paris", 'Cannot use --prefix with "New Paris": the model has no tokens for it'],
    ["logitBias", "cat", 'Cannot use --logit-bias with "cat": write TOKEN=NUMBER'],
    ["logitBias", "cat=1e3", 'Cannot use --logit-bias with "cat=1e3": write TOKEN=NUMBER'],
  ];
  for (const [name, text, sentence] of refused) assertThrows(() => read(name, text), UsageError, sentence);
});
