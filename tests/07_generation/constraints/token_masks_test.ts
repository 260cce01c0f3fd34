/** Masks against an oracle that tries every text, and generation under them with models that know nothing. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { trainBytePairEncoding } from "../../../core/02_words/byte_pair_encoding/mod.ts";
import { grammarRule } from "../../../core/07_generation/constraints/token_masks.ts";
import { contextFreeGrammar } from "../../../core/07_generation/constraints/context_free.ts";
import type { Grammar } from "../../../core/07_generation/constraints/grammar.ts";
import { allowOnly, keptMass } from "../../../core/07_generation/constraints/mod.ts";
import { regularExpression } from "../../../core/07_generation/constraints/regular_expressions.ts";
import { generate, stream } from "../../../core/07_generation/generate.ts";
import { greedySearch } from "../../../core/07_generation/greedy_and_beam.ts";
import { toProbabilities } from "../../../core/07_generation/sampling.ts";
import { Random } from "../../../core/engine/random.ts";
import { languageModel } from "../models.ts";
import { leaves, Oracle } from "./oracle.ts";
import { plainTokens, tokenizers } from "./tokenizers.ts";

/** All texts over an alphabet up to a length. */
function* texts(alphabet: readonly string[], length: number): Generator<string> {
  yield "";
  if (length === 0) return;
  for (const letter of alphabet) for (const rest of texts(alphabet, length - 1)) yield letter + rest;
}

/** What a regular expression of finitely many texts matches. */
const matches = (source: string, alphabet: readonly string[], length: number): string[] =>
  [...new Set(texts(alphabet, length))].filter((text) => new RegExp(`^(?:${source})$`, "u").test(text));

/** Walks through a language by tokens, and compares each mask with the oracle. */
function compare(grammar: Grammar, accepted: readonly string[], label: string, deepest = 5): number {
  let compared = 0;
  for (const [name, tokenizer] of Object.entries(tokenizers)) {
    const oracle = new Oracle(accepted, tokenizer), end = tokenizer.endToken!;
    const isPossible = oracle.canFinish("", true);
    if (!isPossible) {
      assertThrows(
        () => grammarRule(grammar, tokenizer),
        RangeError,
        "they spell none of its texts",
        `${label}, ${name}`,
      );
      continue;
    }
    const rule = grammarRule(grammar, tokenizer), random = new Random(1);
    const visit = (tokens: readonly number[]): void => {
      compared++;
      const wanted = oracle.allowed(tokens), ends = oracle.accepts(tokens) ? [end] : [];
      const found = leaves(rule, tokens, tokenizer.vocabSize, end);
      assertEquals(found, [...wanted, ...ends].sort((a, b) => a - b), `${label}, ${name}, after ${tokens}`);
      if (tokens.length === deepest) return;
      // All ways on where there are few, some where there are many.
      const ways = wanted.length <= 3
        ? wanted
        : Array.from({ length: 3 }, () => wanted[Math.floor(random.next() * wanted.length)]!);
      for (const token of ways) visit([...tokens, token]);
    };
    visit([]);
  }
  return compared;
}

Deno.test("grammarRule() allows the tokens of a regular expression that an oracle allows, with every tokenizer", () => {
  const ab = ["a", "b", "c"], wide = ["a", "é", "中", " ", "b"];
  const languages: readonly (readonly [source: string, alphabet: readonly string[], length: number])[] = [
    ["ab?c", ab, 3],
    ["[abc]{2,4}", ab, 4],
    ["(?:ab|aab|ca){1,3}", ab, 9],
    ["a{0,3}b", ab, 4],
    ["(?:abc)?(?:ca|ab)?", ab, 5],
    ["a[é中]b?", wide, 3],
    ["(?:é| a){1,3}", wide, 6],
    ["ab(?: ab| a)?", wide, 5],
    ["[^b]a?", wide, 2],
  ];
  let compared = 0;
  for (const [source, alphabet, length] of languages) {
    // Of a class that is a complement only the letters of the alphabet are tried.
    const grammar = source.includes("^") ? regularExpression("[aé中 ]a?") : regularExpression(source);
    compared += compare(grammar, matches(source, alphabet, length), source);
  }
  assert(compared > 500, `${compared} masks`);
});

Deno.test("grammarRule() allows the tokens of a context-free grammar that an oracle allows, with every tokenizer", () => {
  // Brackets around letters; the oracle knows the texts up to a length, and looks at shorter beginnings.
  const nested = function* (length: number): Generator<string> {
    for (const leaf of ["a", "bc", "é"]) yield leaf;
    if (length > 2) { for (const inner of nested(length - 2)) yield* [`(${inner})`, `(${inner}c)`]; }
  };
  const grammar = contextFreeGrammar('root ::= "(" root "c"? ")" | "a" | "bc" | "é"');
  const compared = compare(grammar, [...new Set(nested(18))], "brackets", 4);
  // The same language, ambiguous and with a rule that begins with itself.
  const other = contextFreeGrammar(
    'root ::= leaf | open root close\nopen ::= "("\nleaf ::= [aé] | "b" "c"\nclose ::= "c" ")" | ")"',
  );
  assert(compared + compare(other, [...new Set(nested(18))], "brackets again", 4) > 100);
  // Lists that end with themselves, or begin with themselves.
  const lists = [...texts(["ab", "c"], 10)].filter((text) => text !== "");
  for (
    const text of [
      'root ::= item | item root\nitem ::= "ab" | "c"',
      'root ::= item | root item\nitem ::= "ab" | "c"',
      'root ::= ("ab" | "c")+',
      'root ::= root root | "ab" | "c"',
    ]
  ) compare(contextFreeGrammar(text), lists, text, 3);
});

const tokenizer = await trainBytePairEncoding(["2024-02-29 1999-12-31 true, false null"], {
  vocabSize: 275,
  level: "bytes",
});
const { vocabSize, endToken: eosToken } = tokenizer;
const modelOf = (seed: number) => languageModel(seed, { vocabSize, contextLength: 48, numLayers: 1 });

Deno.test("grammarRule() holds for hundreds of models that know nothing, drawn and searched", async () => {
  const source = "(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|true|false|nul{2,9})(?:, é{1,3})?",
    judge = new RegExp(`^(?:${source})$`, "u");
  const rules = [grammarRule(regularExpression(source), tokenizer)], options = { maxNewTokens: 40, eosToken, rules };
  let without = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const model = modelOf(seed), prompt = [5 + seed % 200, 7], random = new Random(seed);
    const drawn = await generate(model, prompt, { ...options, random });
    assert(drawn.finished);
    assertMatch(tokenizer.decode(drawn.tokens), judge);
    if (
      judge.test(
        tokenizer.decode((await generate(model, prompt, { ...options, maxNewTokens: 8, rules: [], random })).tokens),
      )
    ) {
      without++;
    }
    if (seed % 20 > 0) continue;
    const searches = [
      {},
      { numBeams: 4 },
      { numBeams: 4, numBeamGroups: 2 },
      { numBeams: 3, stochastic: true, random },
      { random, topK: 3, temperature: 2 },
    ];
    for (const search of searches) {
      const { tokens, finished, beams } = await generate(model, prompt, { ...options, ...search });
      for (const text of beams ?? [{ tokens, finished }]) {
        assert(text.finished);
        assertMatch(tokenizer.decode(text.tokens), judge, JSON.stringify(search));
      }
    }
  }
  assertEquals(without, 0);
});

Deno.test("grammarRule() serves several prompts at once, and a stream", async () => {
  const grammar = regularExpression("[0-9]{2,5}"), rules = [grammarRule(grammar, tokenizer)], model = modelOf(3);
  const options = { maxNewTokens: 9, eosToken, rules };
  const several = await generate(model, [[9, 9], [8, 7], [6, 5]], { ...options, numBeams: 2 });
  for (const { tokens } of several) assert(grammar.accepts(tokenizer.decode(tokens)));
  const alone = await Promise.all(
    [[9, 9], [8, 7], [6, 5]].map((prompt) => generate(model, prompt, { ...options, numBeams: 2 })),
  );
  assertEquals(several.map(({ tokens }) => tokens), alone.map(({ tokens }) => tokens));
  const streamed: number[] = [];
  for await (const { token } of stream(model, [9, 9], options)) streamed.push(token);
  assertEquals(streamed, [...(await generate(model, [9, 9], { ...options, search: greedySearch() })).tokens]);
});

Deno.test("grammarRule() continues the text of a prompt as it is written there", async () => {
  // Behind a prompt a word of this tokenizer has a space in front, at the beginning of a text it has none.
  const words = tokenizers["words"]!, end = words.endToken!, model = languageModel(1, { vocabSize: words.vocabSize });
  const write = async (source: string, prompt: readonly number[]): Promise<string> => {
    const rules = [grammarRule(regularExpression(source), words)];
    const { tokens } = await generate(model, prompt, { maxNewTokens: 6, eosToken: end, rules });
    return words.decode([...prompt, ...tokens]);
  };
  assertMatch(await write(" (?:a|b)", [2]), /^a [ab]$/);
  assertMatch(await write("(?:a|b)", [end]), /^[ab]$/);
  assertMatch(await write("(?:a|b)", [2, 7]), /^a\n[ab]$/);
});

Deno.test("grammarRule() leaves the probabilities of what is allowed in proportion", () => {
  const tokens = plainTokens("1", "12", "1,", ",", ",2"), rule = grammarRule(regularExpression("[0-9]+,"), tokens);
  const logits = Float64Array.of(5, 1, 0.3, -1, 2, 7, 7);
  const left = rule.onHost(logits, { tokens: [], eosToken: 1 });
  assertEquals([...left], [-Infinity, -Infinity, 0.3, -1, 2, -Infinity, -Infinity]);
  assertEquals([...rule.onHost(logits, { tokens: [3], eosToken: 1 })], [
    -Infinity,
    -Infinity,
    0.3,
    -1,
    2,
    7,
    -Infinity,
  ]);
  assertEquals([...rule.onHost(logits, { tokens: [3, 5], eosToken: 1 })], [-Infinity, 1, ...Array(5).fill(-Infinity)]);
  assertEquals(keptMass(logits, left), toProbabilities(logits).slice(2, 5).reduce((a, b) => a + b));
});

Deno.test("grammarRule() asks for the token that ends a text only where nothing else is left", async () => {
  const tokens = plainTokens("a", "b"), model = languageModel(2, { vocabSize: 4 });
  const rules = [grammarRule(regularExpression("a{3}"), tokens)];
  assertEquals((await generate(model, [2], { maxNewTokens: 3, rules })).tokens, [2, 2, 2]);
  await assertRejects(
    () => generate(model, [2], { maxNewTokens: 4, rules }),
    TypeError,
    "Cannot end a text of the regular expression without eosToken",
  );
  // A token of the text may be the one that ends it.
  const newline = plainTokens("a", "\n"), ended = [grammarRule(regularExpression("a+\n?a"), newline)];
  const { tokens: written, finished } = await generate(model, [2], {
    maxNewTokens: 9,
    eosToken: 3,
    rules: ended,
    random: new Random(1),
  });
  assert(written.every((token) => token === 2) && written.length > 1 && (finished || written.length === 9));
});

Deno.test("grammarRule() never takes a way that the vocabulary cannot finish", () => {
  // After `ab` the grammar goes on with `x`, which no token has; `a` alone can be followed by `c`.
  const tokens = plainTokens("a", "ab", "c", "b");
  const rule = grammarRule(regularExpression("ac|abx|bx*c|bb?x"), tokens);
  assertEquals(leaves(rule, [], 6, 1), [2, 5]);
  assertEquals(leaves(rule, [2], 6, 1), [4]);
  assertEquals(leaves(rule, [5], 6, 1), [4]);
  assertThrows(
    () => grammarRule(regularExpression("x+a"), tokens),
    RangeError,
    "Cannot follow the regular expression with a vocabulary of 6 tokens: they spell none of its texts",
  );
  assertThrows(
    () => rule.onHost(new Float64Array(6), { tokens: [4] }),
    RangeError,
    "token 4 does not go on as the grammar does",
  );
});

Deno.test("allowOnly() forbids, and a logit of 0 does not", () => {
  const logits = Float64Array.of(-3, -5, -4);
  const zero = logits.map((logit, token) => token === 0 ? 0 : logit);
  assert(toProbabilities(zero)[0]! > 0.97 && toProbabilities(zero)[0]! > toProbabilities(logits)[0]!);
  const rule = allowOnly("not the first", (_, token) => token !== 0);
  assertEquals(toProbabilities(rule.onHost(logits, { tokens: [] }))[0], 0);
});

Deno.test("grammarRule() finds what allowOnly() finds by asking for each token", () => {
  const grammar = regularExpression("(?:é|[a-c]{1,3} )*"),
    rule = grammarRule(grammar, tokenizer),
    { later } = tokenizer.tokenBytes();
  const random = new Random(5);
  const isBeginning = (tokens: readonly number[]): boolean => {
    let state: typeof grammar.machine.start | undefined = grammar.machine.start;
    for (const byte of tokens.flatMap((token) => [...later[token] ?? [256]])) {
      state = state && grammar.machine.step(state, byte);
    }
    return state !== undefined;
  };
  const plain = allowOnly("plain", (tokens, token) => isBeginning([...tokens, token]));
  for (let tokens: number[] = []; tokens.length < 30;) {
    const logits = new Float64Array(vocabSize);
    const allowed = leaves(rule, tokens, vocabSize, vocabSize);
    assertEquals(
      [...plain.onHost(logits, { tokens }).entries()].flatMap(([token, z]) => z > -Infinity ? [token] : []),
      allowed,
    );
    tokens = [...tokens, allowed[Math.floor(random.next() * allowed.length)]!];
  }
});
