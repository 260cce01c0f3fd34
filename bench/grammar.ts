/**
 * What a grammar costs beside a token of a model of GPT-2's shape, with a vocabulary of its size.
 *
 * Prints, in Markdown: how long grammars take to compile; how long a mask takes where it is needed for the first time; and the time of a token with
 * the rule, cold and once its masks are there. The vocabulary is GPT-2's if a folder with its `vocab.bpe` is named; otherwise one is trained on
 * the corpus that comes with the code. With `--model` a model of GPT-2's shape and random weights (half a gibibyte) writes under the last grammar.
 *
 * deno run -A bench/grammar.ts [FOLDER] [--model]
 *
 * @module
 */

import { chineseEnglish } from "../core/corpora/chinese_english.ts";
import {
  contextFreeGrammar,
  type Grammar,
  grammarRule,
  jsonSchema,
  type LogitsRule,
  regularExpression,
  sample,
} from "../core/07_generation/mod.ts";
import { byCodePoint, LETTERS } from "../core/02_words/byte_pair_encoding/letters.ts";
import { BytePairEncoding, DecoderOnly, Random, stream, trainBytePairEncoding } from "../mod.ts";

const folder = Deno.args.find((argument) => !argument.startsWith("--"));

/** The vocabulary. */
async function vocabulary(): Promise<BytePairEncoding> {
  if (folder === undefined) {
    const texts = chineseEnglish().training.map(({ target }) => target);
    return await trainBytePairEncoding(texts, { vocabSize: 4000, level: "bytes" });
  }
  const lines = (await Deno.readTextFile(`${folder}/vocab.bpe`)).split("\n").slice(1).filter((line) => line !== "");
  const merges = lines.map((line): [string, string] => line.split(" ") as [string, string]);
  const specialTokens = { pad: "<pad>", begin: "<begin>", end: "<end>", unknown: "<unknown>" };
  return new BytePairEncoding({ level: "bytes", specialTokens, alphabet: [...LETTERS].sort(byCodePoint), merges });
}

/** Milliseconds of a run, and what it made. */
function timed<T>(run: () => T): readonly [milliseconds: number, result: T] {
  const start = performance.now(), result = run();
  return [performance.now() - start, result];
}

const JSON_GBNF = String.raw`
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws (string ":" ws value ("," ws string ":" ws value)*)? "}" ws
array  ::= "[" ws (value ("," ws value)*)? "]" ws
string ::= "\"" ([^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}))* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws     ::= | " " | "\n" [ \t]{0,20}
`;
const PERSON = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 60 },
    born: { type: "string", format: "date" },
    height: { type: "number", minimum: 0, maximum: 3 },
    email: { type: "string", format: "email" },
    friends: { type: "array", items: { $ref: "#" } },
  },
  required: ["name", "born"],
};
const GRAMMARS: Readonly<Record<string, () => Grammar>> = {
  "a date": () => regularExpression("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
  "words": () => regularExpression("(?:\\p{L}+ ){3,40}\\p{L}+\\."),
  "any text of 200 characters": () => regularExpression(".{200}"),
  "llama.cpp's JSON": () => contextFreeGrammar(JSON_GBNF),
  "a schema that refers to itself": () => jsonSchema(PERSON),
  "any JSON": () => jsonSchema(true),
};

/** Writes tokens with random logits; the milliseconds that the rule took for each. */
function write(rule: LogitsRule, tokenizer: BytePairEncoding, seed: number, count: number): number[] {
  const random = new Random(seed), { vocabSize, endToken: eosToken } = tokenizer, times: number[] = [];
  let tokens: number[] = [];
  const noise = Float64Array.from({ length: vocabSize + count }, () => 8 * random.next());
  for (let step = 0; step < count; step++) {
    const logits = noise.slice(step, step + vocabSize);
    logits[eosToken] = -2;
    const [milliseconds, allowed] = timed(() => rule.onHost(logits, { tokens, promptLength: 0, eosToken }));
    times.push(milliseconds);
    const token = sample(allowed, random);
    tokens = token === eosToken ? [] : [...tokens, token];
  }
  return times;
}

/** The median, and what nine of ten stay below: other programs on the machine lengthen some of them. */
const spread = (numbers: readonly number[]): string => {
  const sorted = [...numbers].sort((a, b) => a - b), at = (share: number) => sorted[Math.floor(share * sorted.length)]!;
  return `${short(at(0.5))} / ${short(at(0.9))}`;
};
const short = (milliseconds: number): string => milliseconds.toFixed(milliseconds < 10 ? 2 : 0);

const tokenizer = await vocabulary();
const [treeTime] = timed(() => grammarRule(regularExpression("a"), tokenizer));
console.log(`Vocabulary of ${tokenizer.vocabSize} tokens; its tree takes ${short(treeTime)} ms, once.\n`);
console.log(
  "| grammar | states | compiled, ms | rule, ms | a token of the first 300, ms: median / 90 % | of the same again |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
let last: LogitsRule | undefined;
for (const [name, make] of Object.entries(GRAMMARS)) {
  const [compiled, grammar] = timed(make), [prepared, rule] = timed(() => grammarRule(grammar, tokenizer));
  const cold = write(rule, tokenizer, 1, 300), warm = write(rule, tokenizer, 1, 300);
  const cells = [name, grammar.size, short(compiled), short(prepared), spread(cold), spread(warm)];
  console.log(`| ${cells.join(" | ")} |`);
  last = rule;
}

if (Deno.args.includes("--model")) {
  const { vocabSize, endToken: eosToken } = tokenizer, random = new Random(1);
  const sizes = { vocabSize, contextLength: 1024, hiddenSize: 768, numHeads: 12, numLayers: 12 };
  const model = new DecoderOnly(sizes, random).eval() as DecoderOnly;
  let spent: number[] = [];
  const rule = last!;
  const measured: LogitsRule = {
    name: rule.name,
    onHost(logits, context) {
      const [milliseconds, allowed] = timed(() => rule.onHost(logits, context));
      spent.push(milliseconds);
      return allowed;
    },
  };
  for (const rules of [[], [measured], [measured]]) {
    const times: number[] = [];
    spent = [];
    let before = performance.now();
    const options = { maxNewTokens: 60, rules, random: new Random(2), ...(rules.length > 0 && { eosToken }) };
    for await (const _ of stream(model, [5, 6, 7], options)) {
      times.push(performance.now() - before);
      before = performance.now();
    }
    console.log(
      `\nA token of a model of 124 million parameters ${rules.length > 0 ? "with" : "without"} the rule: ${
        spread(times)
      } ms` +
        (rules.length > 0 ? `, of which the rule takes ${spread(spent)} ms` : ""),
    );
  }
}
