import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  bannedWordsRule,
  forcedFirstRule,
  forcedLastRule,
  type LogitBias,
  logitBiasRule,
  minNewTokensRule,
  prefixRule,
  suppressRule,
} from "../../core/07_generation/forbidden_and_forced.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import type { LogitsRule } from "../../core/07_generation/rules.ts";
import { toLogProbabilities, toProbabilities } from "../../core/07_generation/sampling.ts";
import { topKRule, topPRule } from "../../core/07_generation/truncation.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend } from "../support.ts";
import { logs, none } from "./distributions.ts";
import { languageModel, recompute } from "./models.ts";

const END = 7, PROMPT = [1, 2, 1];

/** The searches, each anew. */
const SEARCHES: readonly (() => Partial<GenerateOptions>)[] = [
  () => ({}),
  () => ({ random: new Random(1) }),
  () => ({ numBeams: 3 }),
  () => ({ numBeams: 4, numBeamGroups: 2 }),
  () => ({ numBeams: 3, stochastic: true, random: new Random(1) }),
];

/** Every text that is found. */
async function found(options: Partial<GenerateOptions>, seed = 1, prompt = PROMPT): Promise<(readonly number[])[]> {
  const { tokens, beams = [{ tokens }] } = await generate(languageModel(seed), prompt, {
    maxNewTokens: 12,
    eosToken: END,
    ...options,
  });
  return beams.map(({ tokens }) => tokens);
}

/** Whether a sequence occurs in a list. */
const occurs = (list: readonly number[], part: readonly number[]): boolean =>
  list.some((_, start) => part.every((token, i) => list[start + i] === token));

/** The tokens that a rule forbids among `V`. */
function forbidden(rule: LogitsRule, tokens: readonly number[], V = 12): number[] {
  const left = rule.onHost(new Float64Array(V), { tokens, promptLength: 2, eosToken: 3, maxNewTokens: 4 });
  return [...left.keys()].filter((token) => left[token] === -Infinity);
}

Deno.test("bannedWordsRule() forbids what completes a phrase, wherever it began", () => {
  const [inside, brand, york, city, mexico] = [0, 1, 2, 3, 4];
  const rule = bannedWordsRule([[brand, york, city]]);
  assertEquals(forbidden(rule, [inside, brand, york]), [city]);
  assertEquals(forbidden(rule, [brand, york]), [city], "as long as the text itself");
  for (const text of [[], [york], [inside, brand], [mexico], [brand, mexico, york], [brand, york, inside]]) {
    assertEquals(forbidden(rule, text), [], `${text}`);
  }
  const many = bannedWordsRule([[5], [6, 7], [6, 8], [9, 6, 8], [0, 0]]);
  assertEquals(forbidden(many, []), [5]);
  assertEquals(forbidden(many, [9, 6]), [5, 7, 8]);
  assertEquals(forbidden(many, [0]), [0, 5]);
});

onEveryBackend("banned phrases, suppressed tokens and prefixes hold under every search", async () => {
  const bannedWords = [[3], [8, 1], [1, 1], [6, 6, 6]], suppressTokens = [0, 9], prefix = [4, 10];
  let differs = 0;
  for (const search of SEARCHES) {
    for (const [i, text] of (await found({ bannedWords, suppressTokens, prefix, ...search() })).entries()) {
      const whole = [...PROMPT, ...text];
      assertEquals(text.slice(0, 2), prefix);
      for (const phrase of bannedWords) {
        assert(!occurs(whole.slice(PROMPT.length - 1), phrase), `${phrase} in ${whole}`);
      }
      for (const token of suppressTokens) assert(!text.includes(token), `${token} in ${text}`);
      if (i === 0) differs += Number(text.join() !== (await found(search()))[0]!.join());
    }
  }
  assertEquals(differs, SEARCHES.length);
});

onEveryBackend("a prefix is part of the result, and counts as the model has it", async () => {
  const model = languageModel(2), prefix = [10, 3, 9];
  for (const options of [{}, { random: new Random(3) }]) {
    const { tokens, logProbability } = await generate(model, PROMPT, { maxNewTokens: 6, prefix, ...options });
    assertEquals(tokens.slice(0, 3), prefix);
    let sum = 0;
    for (const [i, token] of tokens.entries()) {
      const logits = await recompute((ids) => model.forward(ids), [...PROMPT, ...tokens.slice(0, i)]);
      sum += toLogProbabilities(logits)[token]!;
    }
    assert(Math.abs(sum - logProbability) < 1e-4, `${logProbability} and not ${sum}`);
  }
  // As long as a text may become: nothing is chosen.
  assertEquals((await generate(model, PROMPT, { maxNewTokens: 3, prefix })).tokens, prefix);
});

Deno.test("the rule that bans a phrase is not the model given that the phrase does not occur", () => {
  // The probabilities of the page: A or B, then x or y; Ax is banned.
  const [A, B, x, y] = [0, 1, 2, 3], rule = bannedWordsRule([[A, x]]);
  const first = logs(0.6, 0.4, 0, 0), second = [logs(0, 0, 0.9, 0.1), logs(0, 0, 0.5, 0.5)];
  const ruled = (head: number, tail: number): number =>
    toProbabilities(rule.onHost(first, none))[head]! *
    toProbabilities(rule.onHost(second[head]!, { tokens: [head] }))[tail]!;
  assertEquals(ruled(A, x), 0);
  assert(Math.abs(ruled(A, y) - 0.6) < 1e-12);
  assert(Math.abs(ruled(B, x) + ruled(B, y) - 0.4) < 1e-12);
  const left = 1 - 0.6 * 0.9, given = 0.6 * 0.1 / left;
  assertEquals([left.toFixed(2), given.toFixed(2)], ["0.46", "0.13"]);
  // The exercise: the bias on A with which both agree.
  const bias = Math.log(given / (1 - given) * 0.4 / 0.6);
  const biased = toProbabilities(logitBiasRule({ [A]: bias }).onHost(first, none));
  assert(Math.abs(biased[A]! - given) < 1e-12);
});

Deno.test("logitBiasRule() changes the ratio to every other token by the same factor", () => {
  const changed = toProbabilities(logitBiasRule({ 1: Math.log(2), 9: 5 }).onHost(logs(0.5, 0.2, 0.3), none));
  assertEquals([...changed].map((p) => p.toFixed(4)), ["0.4167", "0.3333", "0.2500"]);
  assertEquals(logitBiasRule({ 0: 3 }).onHost(Float64Array.of(-Infinity, 1), none)[0], -Infinity, "not allowed again");
});

onEveryBackend("minNewTokensRule() counts what was generated", async () => {
  // END is the most probable token everywhere.
  const logitBias: LogitBias = { [END]: 1e3 };
  for (const search of SEARCHES) {
    for (const prompt of [[1], [1, 2, 3, 4, 5, 6]]) {
      const [plain] = await found({ logitBias, ...search() }, 1, prompt);
      assertEquals(plain, [], "END at the first step ends an empty text");
      for (const minNewTokens of [1, 4, 12]) {
        const texts = await found({ logitBias, minNewTokens, ...search() }, 1, prompt);
        for (const text of texts) assert(text.length >= minNewTokens && !text.includes(END), `${text}`);
        assertEquals(texts[0]!.length, minNewTokens);
      }
    }
  }
});

onEveryBackend("a first and a last token are forced under every search, and END where it is the last", async () => {
  for (const search of SEARCHES) {
    for (
      const text of await found({ forcedFirstToken: 9, forcedLastToken: 4, logitBias: { [END]: -1e3 }, ...search() })
    ) {
      assertEquals([text.length, text[0], text.at(-1)], [12, 9, 4]);
    }
    const common = { maxNewTokens: 5, eosToken: END, logitBias: { [END]: -1e3 } };
    const ended = await generate(languageModel(1), PROMPT, { ...common, forcedLastToken: END, ...search() });
    assertEquals([ended.tokens.length, ended.finished], [4, true]);
  }
  const tokens: number[] = [];
  const options = { maxNewTokens: 3, forcedFirstToken: 10, forcedLastToken: 10 };
  for await (const { token } of stream(languageModel(1), PROMPT, options)) tokens.push(token);
  assertEquals([tokens.length, tokens[0], tokens[2]], [3, 10, 10]);
});

onEveryBackend(
  "rules that count tokens count those of each prompt, in a batch of prompts of different lengths",
  async () => {
    const prompts = [[1], [1, 2, 1, 2, 1], [3, 4]], model = languageModel(4);
    const options = {
      maxNewTokens: 7,
      prefix: [9, 10],
      forcedLastToken: 4,
      frequencyPenalty: 1,
      bannedWords: [[1, 2]],
    };
    for (const search of SEARCHES.filter((search) => !search().random)) {
      const together = await generate(model, prompts, { ...options, ...search() });
      for (const [i, prompt] of prompts.entries()) {
        const { tokens } = await generate(model, prompt, { ...options, ...search() });
        assertEquals(together[i]!.tokens, tokens);
        assertEquals([...tokens.slice(0, 2), tokens.at(-1)], [9, 10, 4]);
      }
    }
  },
);

onEveryBackend("what is forced is forced, whatever else forbids it or truncates", async () => {
  const prefix = [1, 2, 1, 2, 1, 2];
  for (
    const more of [{ noRepeatNgramSize: 1 }, { bannedWords: [[1, 2]] }, { repetitionPenalty: 1e30 }, {
      random: new Random(1),
      topK: 1,
    }]
  ) {
    const { tokens } = await generate(languageModel(3), PROMPT, { maxNewTokens: 6, prefix, ...more });
    assertEquals(tokens, prefix);
  }
});

onEveryBackend("where everything is masked the search says so", async () => {
  const suppressTokens = Array.from({ length: 11 }, (_, token) => token);
  for (const search of SEARCHES) {
    await assertRejects(
      () => found({ suppressTokens, ...search() }),
      RangeError,
      "Cannot choose among 11 tokens: every one of them is forbidden",
    );
  }
  // Everything but END: the text is empty. Everything but END, which comes too early: nothing is left.
  const all = suppressTokens.filter((token) => token !== END);
  assertEquals(await found({ suppressTokens: all }), [[]]);
  await assertRejects(
    () => found({ suppressTokens: all, minNewTokens: 1 }),
    RangeError,
    "every one of them is forbidden",
  );
});

onEveryBackend("rules that would be in vain, or contradict each other, are refused before the model runs", async () => {
  const refused: [Partial<GenerateOptions>, new (...args: never[]) => Error, string][] = [
    [
      { minNewTokens: 13 },
      RangeError,
      "Cannot use minNewTokens = 13 with maxNewTokens = 12: no text becomes that long",
    ],
    [
      { minNewTokens: 2, eosToken: undefined as unknown as number },
      TypeError,
      "Cannot use minNewTokens without eosToken",
    ],
    [{ minNewTokens: 0 }, RangeError, "minNewTokens must be an integer of at least 1"],
    [{ forcedFirstToken: 11 }, RangeError, "Cannot use forcedFirstToken with token 11: the vocabulary has 11"],
    [{ forcedLastToken: 99 }, RangeError, "Cannot use forcedLastToken with token 99: the vocabulary has 11"],
    [{ prefix: [1, 11] }, RangeError, "Cannot use prefix with token 11: the vocabulary has 11"],
    [{ prefix: [] }, RangeError, "prefix must be a list of token ids, at least one"],
    [{ prefix: ["1"] as unknown as number[] }, TypeError, "prefix must be a list of token ids, at least one"],
    [{ prefix: new Array<number>(13).fill(1) }, RangeError, "Cannot use a prefix of 13 tokens with maxNewTokens = 12"],
    [{ prefix: [1, END] }, RangeError, "Cannot use a prefix with token 7, which is eosToken: the text would end there"],
    [
      { prefix: [1], forcedFirstToken: 1 },
      TypeError,
      "Cannot use forcedFirstToken with prefix: both say what the first token is",
    ],
    [
      { prefix: new Array<number>(12).fill(1), forcedLastToken: 2 },
      RangeError,
      "Cannot use prefix with forcedLastToken: they force tokens 1 and 2 at step 11",
    ],
    [
      { maxNewTokens: 1, forcedFirstToken: 1, forcedLastToken: 2 },
      RangeError,
      "Cannot use forcedLastToken with forcedFirstToken: they force tokens 2 and 1 at step 0",
    ],
    [
      { minNewTokens: 12, forcedLastToken: END },
      RangeError,
      "Cannot use minNewTokens = 12 with forcedLastToken: it forces the end after 11 tokens",
    ],
    [
      { suppressTokens: [4], prefix: [3, 4] },
      RangeError,
      "Cannot use suppressTokens with prefix: one forbids token 4, the other forces it",
    ],
    [
      { bannedWords: [[1, 2], [4]], forcedFirstToken: 4 },
      RangeError,
      "Cannot use bannedWords with forcedFirstToken: one forbids token 4, the other forces it",
    ],
    [{ bannedWords: [[1, 11]] }, RangeError, "Cannot use bannedWords with token 11: the vocabulary has 11"],
    [{ bannedWords: [] }, RangeError, "bannedWords must be a list of words or phrases, each a list of token ids"],
    [{ bannedWords: [[]] }, RangeError, "bannedWords must be a list of words or phrases, each a list of token ids"],
    [{ bannedWords: [1] as unknown as number[][] }, TypeError, "bannedWords must be a list of words or phrases"],
    [{ suppressTokens: [12] }, RangeError, "Cannot use suppressTokens with token 12: the vocabulary has 11"],
    [{ suppressTokens: [1.5] }, TypeError, "suppressTokens must be a list of token ids, at least one"],
    [{ logitBias: { 11: 1 } }, RangeError, "Cannot use logitBias with token 11: the vocabulary has 11"],
    [{ logitBias: {} }, RangeError, "logitBias must be an object with a finite number for each of some token ids"],
    [{ logitBias: { 1: -Infinity } }, RangeError, "logitBias must be an object with a finite number for each"],
    [{ logitBias: { a: 1 } as LogitBias }, TypeError, "logitBias must be an object with a finite number for each"],
    [
      { dryMultiplier: 1, dryBreakers: [11] },
      RangeError,
      "Cannot use dryBreakers with token 11: the vocabulary has 11",
    ],
    [{ dryBase: 2 }, TypeError, "Cannot generate with dryBase: it has no effect without dryMultiplier"],
    [{ dryMultiplier: -1 }, RangeError, "dryMultiplier must be a number of at least 0"],
    [{ frequencyPenalty: NaN }, RangeError, "Cannot generate with frequencyPenalty = NaN"],
    [{ topNSigma: 2 }, TypeError, "Cannot use topNSigma without random: greedy search draws nothing"],
    [{ etaCutoff: 0.1, numBeams: 2 }, TypeError, "Cannot use etaCutoff without random: beam search draws nothing"],
    [{ temperature: 0, random: new Random(1) }, RangeError, "without random the most probable token is taken"],
  ];
  let runs = 0;
  const model = languageModel(1), watched = Object.create(model);
  Object.defineProperty(watched, "forward", { value: () => runs++ });
  for (const [options, kind, sentence] of refused) {
    await assertRejects(
      () => generate(watched, PROMPT, { maxNewTokens: 12, eosToken: END, ...options }),
      kind as ErrorConstructor,
      sentence,
    );
  }
  await assertRejects(
    () => generate(watched, PROMPT, { maxNewTokens: Infinity, slide: true, eosToken: END, forcedLastToken: 3 }),
    TypeError,
    "Cannot use forcedLastToken with maxNewTokens = Infinity: no token is the last",
  );
  assertEquals(runs, 0);
});

Deno.test("factories refuse what no rule can be made of", () => {
  assertThrows(() => bannedWordsRule([[-1]]), TypeError, "Cannot generate with bannedWords");
  assertThrows(() => suppressRule([]), RangeError, "at least one");
  assertThrows(() => logitBiasRule({}), RangeError, "logitBias");
  assertThrows(() => minNewTokensRule(1.5), RangeError, "minNewTokens must be an integer of at least 1");
  for (const rule of [forcedFirstRule, forcedLastRule]) {
    assertThrows(() => rule(-1), RangeError, "an integer of at least 0");
  }
  assertThrows(() => prefixRule([]), RangeError, "at least one");
});

Deno.test("a step copies the logits once, and a rule of the caller's own between others keeps its row", () => {
  const kept: Float64Array[] = [];
  const own: LogitsRule = { name: "own", onHost: (logits) => (kept.push(logits), logits) };
  const logits = logs(0.5, 0.25, 0.25), before = logits.slice();
  const rules = [suppressRule([0]), own, logitBiasRule({ 1: 1 }), own, topKRule(2), topPRule(0.9)];
  const left = rules.reduce((row, rule) => rule.onHost(row, none), logits);
  assertEquals(logits, before);
  assertEquals(left[0], -Infinity);
  assertEquals(kept.length, 2);
});
