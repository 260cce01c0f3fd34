/** Required words: against every text of tiny vocabularies, under the loop, with and without beams. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  constrainedBeamSearch,
  neededTokens,
  type RequiredWord,
  requiredWords as wordsOf,
  requiredWordsRule,
} from "../../../core/07_generation/constraints/required_words.ts";
import { generate } from "../../../core/07_generation/generate.ts";
import { powerLengthPenalty } from "../../../core/07_generation/greedy_and_beam.ts";
import { applyRules } from "../../../core/07_generation/rules.ts";
import { toLogProbabilities } from "../../../core/07_generation/sampling.ts";
import type { Hypothesis, SequenceLimits } from "../../../core/07_generation/search.ts";
import { Random } from "../../../core/engine/random.ts";
import { Draws, onEveryBackend } from "../../support.ts";
import { languageModel } from "../models.ts";

type Model = (tokens: readonly number[]) => Float64Array;

/** A model without a network: log-probabilities that depend on the whole prefix. */
function randomModel(seed: number, vocabSize: number): Model {
  const rows = new Map<string, Float64Array>(), draws = new Draws(seed);
  return (tokens) => {
    const name = tokens.join();
    if (!rows.has(name)) rows.set(name, toLogProbabilities(draws.normal(vocabSize).data.map((x) => 2 * x)));
    return rows.get(name)!;
  };
}

/** Whether a text contains words, by looking at it as a text. */
function holds(words: readonly RequiredWord[], tokens: readonly number[]): boolean {
  const text = `,${tokens.join()},`;
  return words.every((word) =>
    (typeof word[0] === "number" ? [word] : word).some((one) => text.includes(`,${String(one)},`))
  );
}

/** Every text that contains the words, best first. */
function exhaustive(
  model: Model,
  vocabSize: number,
  words: readonly RequiredWord[],
  maxNewTokens: number,
  alpha: number,
): { tokens: readonly number[]; score: number; finished: boolean }[] {
  const found: { tokens: readonly number[]; score: number; finished: boolean }[] = [];
  const penalty = powerLengthPenalty(alpha);
  const end = (tokens: readonly number[], total: number, finished: boolean): void => {
    if (!holds(words, tokens)) return;
    found.push({ tokens, score: total / penalty(tokens.length + Number(finished)), finished });
  };
  const visit = (tokens: readonly number[], total: number): void => {
    if (tokens.length === maxNewTokens) return end(tokens, total, false);
    model(tokens).forEach((p, token) => {
      if (token === 0) end(tokens, total + p, true);
      else if (token < vocabSize) visit([...tokens, token], total + p);
    });
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

function search(
  model: Model,
  numBeams: number,
  requiredWords: readonly RequiredWord[],
  limits: SequenceLimits,
  lengthPenalty = 1,
): readonly Hypothesis[] {
  const beam = constrainedBeamSearch({ numBeams, requiredWords, lengthPenalty }).begin(limits);
  while (beam.live.length > 0) {
    assert(beam.live.length <= numBeams);
    beam.extend(beam.live.map(({ tokens }) => model(tokens)));
  }
  return beam.results;
}

const DEMANDS: readonly (readonly RequiredWord[])[] = [
  [[2]],
  [[1, 3]],
  [[2], [1, 3]],
  [[2, 2, 1]],
  [[[1, 1], [3]]],
  [[[3, 3], [2, 2, 2]], [[1]]],
];

Deno.test("neededTokens() counts what is missing, and what has begun", () => {
  const phrase = [[1, 2, 3]];
  assertEquals(
    [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 9], [1, 9], [1, 2, 1]].map((text) => neededTokens(phrase, text)),
    [
      ...[3, 2, 1, 0, 0, 3, 2],
    ],
  );
  // A phrase that begins again inside itself: after 1, 1, 2, 1, 1 its first two tokens are there.
  assertEquals(neededTokens([[1, 1, 2, 3]], [1, 1, 2, 1, 1]), 2);
  // Of several spellings the shortest counts, or one that has begun and needs less.
  const spellings = [[[1, 2, 3], [4, 5]]];
  assertEquals([[], [1], [1, 2], [4], [4, 5]].map((text) => neededTokens(spellings, text)), [2, 2, 1, 1, 0]);
  assertEquals(neededTokens([[1], [2, 3], [[4], [5, 6]]], [2]), 3);
  // Words that overlap both occur.
  assertEquals(neededTokens([[1, 2], [2, 3]], [1, 2, 3]), 0);
  assertThrows(() => neededTokens([], [1]), RangeError, "a list of words");
  assertThrows(() => neededTokens([[]], [1]), RangeError, "none empty");
  assertThrows(() => neededTokens([[[1], []]], [1]), RangeError, "none empty");
});

Deno.test("constrained beam search of full width agrees with exhaustive search", () => {
  const vocabSize = 4, maxNewTokens = 5, width = 4 ** maxNewTokens;
  for (const words of DEMANDS) {
    for (const alpha of [0, 1]) {
      for (let seed = 0; seed < 5; seed++) {
        const model = randomModel(seed, vocabSize), expected = exhaustive(model, vocabSize, words, maxNewTokens, alpha);
        const found = search(model, width, words, { maxNewTokens, eosToken: 0 }, alpha);
        assertEquals(found.length, expected.length);
        found.forEach(({ tokens, score, finished }, i) => {
          assertEquals([tokens, finished], [expected[i]!.tokens, expected[i]!.finished]);
          assert(Math.abs(score - expected[i]!.score) < 1e-12);
        });
      }
    }
  }
});

Deno.test("every text of a constrained beam contains the words, however narrow the beam and short the text", () => {
  for (const words of DEMANDS) {
    const needed = neededTokens(words, []);
    for (let seed = 0; seed < 20; seed++) {
      for (const numBeams of [1, 2, 3, 5]) {
        for (const maxNewTokens of [needed, needed + 1, 7]) {
          for (const eosToken of [0, undefined]) {
            const limits = { maxNewTokens, ...eosToken !== undefined && { eosToken } };
            const found = search(randomModel(seed, 4), numBeams, words, limits);
            assert(found.length > 0);
            for (const { tokens } of found) assert(holds(words, tokens), `${tokens}`);
          }
        }
      }
    }
  }
});

Deno.test("one beam for all prefixes loses the required word, and banks keep it", () => {
  const [walk, climb] = [1, 2];
  // The word is never among the two most probable continuations, so that one beam finds it only at the very end.
  const model: Model = (tokens) =>
    Float64Array.from(tokens.at(-1) === climb ? [0.9, 0.05, 0.02, 0.03] : [0.02, 0.58, 0.01, 0.39], Math.log);
  const limits = { maxNewTokens: 6, eosToken: 0 };
  const [best] = search(model, 2, [[climb]], limits, 0);
  assertEquals(best!.tokens, [climb]);
  // What a rule does: it lets the text go its own way until only the word fits.
  const rule = requiredWordsRule([[climb]]), text: number[] = [];
  while (text.length < 6) {
    const row = applyRules([rule], model(text), { tokens: text, eosToken: 0, maxNewTokens: 6 });
    text.push(row.indexOf(Math.max(...row)));
  }
  assertEquals(text, [walk, walk, walk, walk, walk, climb]);
});

Deno.test("required words that overlap count as if apart", () => {
  const words = [[1, 2], [2, 3]], model = randomModel(3, 4);
  assertThrows(() => search(model, 4, words, { maxNewTokens: 3 }), RangeError, "the words have 4 tokens");
  const found = search(model, 64, words, { maxNewTokens: 4 });
  for (const { tokens } of found) assert(holds(words, tokens));
  assert(found.some(({ tokens }) => tokens.join().includes("1,2,3")));
});

Deno.test("a stop string ends no text that lacks a word", () => {
  const stopStrings = { stop: ["3"], decode: (tokens: Iterable<number>) => [...tokens].join(" ") };
  for (let seed = 0; seed < 20; seed++) {
    for (const { tokens, text } of search(randomModel(seed, 4), 3, [[2, 1]], { maxNewTokens: 6, stopStrings })) {
      assert(holds([[2, 1]], tokens), `${tokens}`);
      assert(!text!.includes("3"));
    }
  }
});

onEveryBackend("required words occur in every text of the loop, with beams and with a rule", async () => {
  const model = languageModel(4), requiredWords: RequiredWord[] = [[5, 6], [[8], [9, 9]]], eosToken = 7;
  const prompts = [[1, 2], [3]], common = { maxNewTokens: 12, eosToken };
  const search = constrainedBeamSearch({ numBeams: 4, requiredWords });
  for (const { beams } of await generate(model, prompts, { ...common, search })) {
    assertEquals(beams!.length, 4);
    for (const { tokens } of beams!) assert(holds(requiredWords, tokens), `${tokens}`);
  }
  for (const random of [undefined, new Random(1), new Random(2)]) {
    const found = await generate(model, prompts, {
      ...common,
      ...random && { random },
      rules: [requiredWordsRule(requiredWords)],
    });
    for (const { tokens } of found) assert(holds(requiredWords, tokens), `${tokens}`);
  }
});

Deno.test("the option requiredWords finds what the search finds, and is refused where it would have no effect", async () => {
  const model = languageModel(4), requiredWords: RequiredWord[] = [[5, 6], [[8], [9, 9]]];
  const common = { maxNewTokens: 12, eosToken: 7 }, prompts = [[1, 2], [3]];
  for (const more of [{}, { lengthPenalty: 0.5 }]) {
    const search = constrainedBeamSearch({ numBeams: 4, requiredWords, ...more });
    assertEquals(
      await generate(model, prompts, { ...common, numBeams: 4, requiredWords: wordsOf(requiredWords), ...more }),
      await generate(model, prompts, { ...common, search }),
    );
  }
  const { sequences } = await generate(model, [1], {
    ...common,
    numBeams: 4,
    requiredWords: wordsOf(requiredWords),
    numReturnSequences: 3,
  });
  assertEquals(sequences!.length, 3);
  for (
    const [more, said] of [
      [{}, "Cannot use requiredWords without numBeams: a single text has no other to fall back on"],
      [{ numBeams: 1 }, "Cannot use requiredWords without numBeams"],
      [{ numBeams: 4, random: new Random(1) }, "Cannot use requiredWords with random"],
      [{ numBeams: 4, numBeamGroups: 2 }, "Cannot use numBeamGroups with requiredWords"],
    ] as const
  ) {
    await assertRejects(
      () => generate(model, [1], { ...common, requiredWords: wordsOf(requiredWords), ...more }),
      TypeError,
      said,
    );
  }
});

onEveryBackend("a prompt that contains the word is not enough", async () => {
  const model = languageModel(5), requiredWords = [[5, 6]];
  const search = constrainedBeamSearch({ numBeams: 3, requiredWords });
  for (const how of [{ search }, { rules: [requiredWordsRule(requiredWords)] }]) {
    const { tokens } = await generate(model, [5, 6, 1], { maxNewTokens: 6, ...how });
    assert(holds(requiredWords, tokens), `${tokens}`);
  }
});

Deno.test("what required words cannot be is said in a sentence", async () => {
  const model = languageModel(1);
  const refused = async (
    words: RequiredWord[],
    said: string,
    more: object = {},
    error: typeof TypeError | typeof RangeError = RangeError,
  ) => {
    const hows = [
      () => ({ search: constrainedBeamSearch({ numBeams: 2, requiredWords: words }) }),
      () => ({ rules: [requiredWordsRule(words)] }),
    ];
    for (const how of hows) {
      const begin = () => generate(model, [1], { maxNewTokens: 3, eosToken: 7, ...more, ...how() });
      await assertRejects(() => Promise.resolve().then(begin), error, said);
    }
  };
  await refused([[1, 2, 3, 4]], "Cannot use requiredWords with maxNewTokens = 3: the words have 4 tokens");
  await refused([[11]], "Cannot use requiredWords with token 11: the vocabulary has 11");
  await refused([[1, 7]], "Cannot require token 7 in a text: it is eosToken");
  await refused([], "a list of words");
  await refused([[1.5]], "a list of words", {}, TypeError);
  await assertRejects(
    () => generate(model, [1], { maxNewTokens: Infinity, slide: true, rules: [requiredWordsRule([[1]])] }),
    TypeError,
    "Cannot require words of a text without an end",
  );
  await assertRejects(
    () =>
      generate(model, [1], {
        maxNewTokens: 3,
        bannedWords: [[5]],
        search: constrainedBeamSearch({ numBeams: 2, requiredWords: [[5]] }),
      }),
    RangeError,
    "Cannot write the required words: a rule forbids what is left of them",
  );
});
