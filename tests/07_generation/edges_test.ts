/** What happens where there is nothing to choose, or no number to choose by: the same in every search, on every path. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { generate, stream } from "../../core/07_generation/generate.ts";
import {
  BeamSearch,
  gnmtLengthPenalty,
  greedy,
  greedySearch,
  powerLengthPenalty,
} from "../../core/07_generation/greedy_and_beam.ts";
import { DiverseBeamSearch, StochasticBeamSearch } from "../../core/07_generation/beam_variants.ts";
import { chooseOnDevice, requireChoice } from "../../core/07_generation/on_device.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { repetitionRule } from "../../core/07_generation/repetition.ts";
import { applyRules, type LogitsRule } from "../../core/07_generation/rules.ts";
import { ancestralSampling, type Decoder, toLogProbabilities } from "../../core/07_generation/sampling.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { epsilonRule, minPRule, topKRule, topPRule, typicalRule } from "../../core/07_generation/truncation.ts";
import { Random } from "../../core/engine/random.ts";
import { full, tensor } from "../../core/engine/create.ts";
import { onEveryBackend, onReference } from "../support.ts";
import { languageModel } from "./models.ts";

/** A model that says the same after every text, and takes down how many rows it was asked about. */
function constant(row: readonly number[], contextLength = Infinity): Decoder & { readonly rows: number[] } {
  const rows: number[] = [];
  return {
    rows,
    vocabSize: row.length,
    contextLength,
    newCaches: () => [],
    forward: (tokens) => {
      const B = tokens.shape[0]!;
      rows.push(B);
      return tensor(Float32Array.from({ length: B * row.length }, (_, i) => row[i % row.length]!), [B, 1, row.length]);
    },
  };
}

/** Every search, as options ask for it. */
const SEARCHES: Readonly<Record<string, () => Partial<GenerateOptions>>> = {
  "greedy search": () => ({}),
  "greedy search with a rule": () => ({ repetitionPenalty: 1.5 }),
  "sampling": () => ({ random: new Random(1) }),
  "sampling with rules": () => ({ random: new Random(1), temperature: 0.7, topK: 3, topP: 0.9, minP: 0.01 }),
  "sampling of the typical": () => ({ random: new Random(1), typicalP: 0.9, epsilonCutoff: 1e-4 }),
  "beam search": () => ({ numBeams: 3 }),
  "diverse beam search": () => ({ numBeams: 4, numBeamGroups: 2 }),
  "stochastic beam search": () => ({ numBeams: 3, stochastic: true, random: new Random(1) }),
  "stochastic beam search with rules": () => ({ numBeams: 3, stochastic: true, random: new Random(1), topP: 0.9 }),
};
const BEAMS = ["beam search", "diverse beam search", "stochastic beam search", "stochastic beam search with rules"];

/** A rule that makes something of every logit, on the host and on the device. */
const making = (value: number): LogitsRule => ({
  name: "mine",
  onHost: (logits) => logits.map(() => value),
  onDevice: (logits) => full(logits.shape, value),
});

for (const [name, options] of Object.entries(SEARCHES)) {
  onEveryBackend(`${name} ends with one error where nothing is allowed or a logit is no number`, async () => {
    const fine = [0, 1, 2, 3, 4], message = "Cannot choose among 5 tokens: every one of them is forbidden";
    for (
      const [row, rules, error] of [
        [[-Infinity, -Infinity, -Infinity, -Infinity, -Infinity], [], message],
        [fine, [making(-Infinity)], message],
        [[0, NaN, 2, 3, 4], [], "Cannot choose among logits: "],
        [[0, 1, Infinity, 3, 4], [], "Cannot choose among logits: "],
        [fine, [making(NaN)], "Cannot choose among logits: "],
        [fine, [making(Infinity)], "Cannot choose among logits: "],
        [[0, NaN, 2, 3, 4], [making(1)], "Cannot choose among logits: "],
      ] as [number[], LogitsRule[], string][]
    ) {
      const model = constant(row);
      const all = { maxNewTokens: 3, ...options(), rules };
      await assertRejects(() => generate(model, [0], all), RangeError, error);
      await assertRejects(() => generate(model, [[0], [1]], all), RangeError, error);
      // What all rules together leave counts.
      await generate(constant(fine), [0], { ...all, rules: [making(-Infinity), making(NaN), making(1)] });
      if (BEAMS.includes(name)) continue;
      const streamed = async () => {
        for await (const _ of stream(model, [0], { maxNewTokens: 3, ...options() as { random: Random }, rules }));
      };
      await assertRejects(streamed, RangeError, error);
    }
  });
}

onReference("an error about a logit names the token, its value, and the rule it comes from", async () => {
  const run = (row: number[], rules: LogitsRule[] = []) => () =>
    generate(constant(row), [0], { maxNewTokens: 1, rules });
  const same = { name: "same", onHost: (logits: Float64Array) => logits };
  await assertRejects(run([1, 2, NaN], [same]), RangeError, "Cannot choose among logits: that of token 2 is NaN");
  // Where the device has chosen, nobody has seen the others.
  await assertRejects(run([1, 2, NaN]), RangeError, "Cannot choose among logits: one of them is NaN or Infinity");
  await assertRejects(run([1, 2, 3], [making(NaN)]), RangeError, "that of token 0 is NaN after the rule mine");
  const short = { name: "short", onHost: (logits: Float64Array) => logits.slice(1) };
  await assertRejects(run([1, 2, 3], [short]), TypeError, "Cannot apply the rule short: it has to return 3 logits");
  assertThrows(() => greedy([0, NaN, 1]), RangeError, "that of token 1 is NaN");
  assertThrows(() => greedy([0, Infinity]), RangeError, "that of token 1 is Infinity");
  for (const token of [3, -1, NaN, 1]) {
    const search = { name: "mine", onHost: () => token };
    const only = { name: "not 1", onHost: (logits: Float64Array) => logits.map((z, i) => i === 1 ? -Infinity : z) };
    await assertRejects(
      () => generate(constant([1, 2, 3]), [0], { maxNewTokens: 1, search, rules: [only] }),
      RangeError,
      `Cannot go on with token ${token} of 3, which mine chose: it is not allowed`,
    );
  }
});

Deno.test("beams refuse what is no log-probability, and similarities that are none", () => {
  const limits = { numBeams: 2, maxNewTokens: 3 };
  for (const wrong of [NaN, Infinity]) {
    for (const beam of [new BeamSearch(limits), new StochasticBeamSearch({ ...limits, random: new Random(1) })]) {
      assertThrows(
        () => beam.extend([[-1, wrong]]),
        RangeError,
        `prefix 0 by token 1: its log-probability is ${wrong}`,
      );
    }
    const beam = new DiverseBeamSearch({ ...limits, numBeamGroups: 2, similarity: () => wrong });
    assertThrows(() => beam.extend([[-1, -2]]), RangeError, `their similarity is ${wrong}`);
  }
});

Deno.test("no penalty for what was said takes away the last token of a group", () => {
  const beam = new DiverseBeamSearch({ numBeams: 4, numBeamGroups: 4, maxNewTokens: 2, diversityPenalty: 1.7e308 });
  beam.extend([[-1, -Infinity]]);
  assertEquals(beam.live.length, 4);
});

// ## One beam less

/** Forbids everything after a token. */
const deadEnd = (end: number): LogitsRule => ({
  name: "deadEnd",
  onHost: (logits, { tokens }) => tokens.at(-1) === end ? logits.map(() => -Infinity) : logits,
});

for (const name of BEAMS) {
  onEveryBackend(`${name} drops a beam for which nothing is allowed, and goes on with the others`, async () => {
    for (let seed = 0; seed < 8; seed++) {
      const options = { maxNewTokens: 3, ...SEARCHES[name]!(), numBeams: 4 };
      const { beams } = await generate(languageModel(seed), [0], { ...options, rules: [deadEnd(2)] });
      assert(beams!.length >= 1 && beams!.length <= 4);
      for (const { tokens } of beams!) assert(tokens.length === 3 && !tokens.slice(0, -1).includes(2));
    }
  });

  onReference(`${name} ends with what was finished before the last beam was dropped`, async () => {
    // END or a dead end: after one step only the finished text is left.
    const options = { maxNewTokens: 3, ...SEARCHES[name]!(), numBeams: 4, eosToken: 1 };
    const found = await generate(constant([1, 1, -Infinity]), [2], { ...options, rules: [deadEnd(0)] });
    assertEquals([found.tokens, found.finished, new Set(found.beams!.map(String)).size], [[], true, 1]);
    // Without END nothing is left.
    await assertRejects(
      () => generate(constant([1, -Infinity, -Infinity]), [2], { ...options, rules: [deadEnd(0)] }),
      RangeError,
      "Cannot choose among 3 tokens: every one of them is forbidden",
    );
  });
}

onReference("a beam that is wide enough finds every text without a dead end in it", async () => {
  const row = [0.3, -0.2, 1.1, 0.4], logs = toLogProbabilities(row), V = 4, J = 3;
  const texts = Array.from(
    { length: V ** J },
    (_, i) => Array.from({ length: J }, (_, j) => Math.floor(i / V ** j) % V),
  );
  const expected = texts.filter((text) => !text.slice(0, -1).includes(2))
    .map((tokens) => ({ tokens, logProbability: tokens.reduce((sum, token) => sum + logs[token]!, 0) }))
    .sort((a, b) => b.logProbability - a.logProbability);
  const { beams } = await generate(constant(row), [0], { maxNewTokens: J, numBeams: 64, rules: [deadEnd(2)] });
  assertEquals(beams!.length, expected.length);
  for (const [i, beam] of beams!.entries()) {
    assert(Math.abs(beam.logProbability - expected[i]!.logProbability) < 1e-6);
  }
});

onEveryBackend("what is forbidden after the end of a text does not disturb the others of its batch", async () => {
  // A text that begins with 3 ends at once; after its END nothing is allowed.
  const after = (end: number): LogitsRule => ({
    name: "after",
    onHost: (logits, { tokens }) => {
      if (tokens.includes(end)) return logits.map(() => -Infinity);
      return tokens[0] === 3 ? logits.map((_, token) => token === end ? 0 : -Infinity) : logits;
    },
    onDevice: (logits, { tokens }) => {
      const B = tokens.shape[0]!, V = logits.shape[1]!;
      const ended = tokens.equal(end).cast("float32").max(-1, { keepDims: true }).greater(0);
      const first = tokens.slice(1, 0, 1).equal(3),
        ends = tensor(Array.from({ length: V }, (_, t) => t === end ? 0 : -Infinity));
      const forced = ends.reshape([1, V]).add(full([B, V], 0)).where(first, logits);
      return full([B, V], -Infinity).where(ended, forced);
    },
  });
  for (const options of [{}, { random: new Random(1) }]) {
    const [ended, long] = await generate(constant([2, 1, -Infinity, 0]), [[3], [0]], {
      maxNewTokens: 6,
      eosToken: 2,
      rules: [after(2)],
      ...options,
    });
    assertEquals([ended!.tokens, ended!.finished, long!.tokens.length], [[], true, 6]);
  }
});

// ## Temperatures at both ends

const TINY = [1e-5, 1e-30, 1e-44, 5e-324], HUGE = [1e12, 1e30, 1e300, Number.MAX_VALUE];
const DRAWS = 64;

/** The tokens that many draws of one row bring, on the host and on the device. */
async function drawn(row: readonly number[], rules: readonly LogitsRule[]): Promise<Set<number>[]> {
  const random = new Random(5), search = ancestralSampling(random);
  const onHost = Array.from({ length: DRAWS }, () => {
    return search.onHost(applyRules(rules, Float64Array.from(row), { tokens: [0] }));
  });
  const logits = tensor(Float32Array.from({ length: DRAWS * row.length }, (_, i) => row[i % row.length]!), [
    DRAWS,
    row.length,
  ]);
  const chosen = chooseOnDevice(search, rules)!(logits, { tokens: full([DRAWS, 1], 0, "int32") });
  const [tokens, logProbabilities] = [await chosen.tokens.read(), await chosen.logProbabilities.read()];
  for (const x of logProbabilities) requireChoice(x, rules, row.length);
  return [new Set(onHost), new Set(tokens)];
}

onEveryBackend("the smallest temperatures leave the most probable token, of equal ones each", async () => {
  const infinite = -Infinity;
  for (const temperature of TINY) {
    const rules = [temperatureRule(temperature)];
    for (
      const [row, likeliest] of [
        [[1, 5, 5, 2, infinite], [1, 2]],
        [[-9, infinite, -8.999, -9, infinite], [2]],
        [[1e30, 3e38, -3e38, 0], [1]],
        [[-3e38, -2e38, infinite], [1]],
        [[0, 0, 0], [0, 1, 2]],
        [[infinite, 4, infinite], [1]],
      ] as [number[], number[]][]
    ) {
      for (const found of await drawn(row, rules)) assertEquals([...found].sort(), likeliest, `${temperature}: ${row}`);
    }
  }
});

onEveryBackend("the largest temperatures give every token that is allowed the same chance", async () => {
  for (const temperature of HUGE) {
    for (const found of await drawn([1, 5, -7, -Infinity, 3], [temperatureRule(temperature)])) {
      assertEquals([...found].sort(), [0, 1, 2, 4], String(temperature));
    }
  }
});

onEveryBackend("penalties at both ends keep finite what is finite", async () => {
  for (const penalty of [5e-324, 1e-300, 1e-40, 1e40, 1e300, Number.MAX_VALUE]) {
    const rules = [repetitionRule(penalty)];
    for (const row of [[1, 5, -2], [-3, -Infinity, 0], [-3, -4, -5]]) {
      for (const found of await drawn(row, rules)) assert(found.size > 0 && !(row[1] === -Infinity && found.has(1)));
    }
  }
});

onEveryBackend("of equal logits greedy search takes the lowest id, on the host and on the device", async () => {
  const rows = [[2, 7, 7, 1, 7], [0, 0, 0, 0, 0], [-Infinity, -3, -Infinity, -3, -4]];
  const { tokens } = chooseOnDevice(greedySearch(), [])!(tensor(rows), { tokens: full([3, 1], 0, "int32") });
  assertEquals([...await tokens.read()], [1, 0, 1]);
  assertEquals(rows.map(greedy), [1, 0, 1]);
});

/** Rows of logits, and what each rule keeps of them: all of it lies on a boundary. */
const log = Math.log, none = -Infinity;
const BOUNDARIES: readonly [LogitsRule, readonly number[], readonly number[]][] = [
  // The sum lands on p exactly: the token that reaches it belongs to the nucleus, and nothing after it.
  [topPRule(0.5), [log(0.5), log(0.25), log(0.25), none], [0]],
  [topPRule(0.75), [log(0.25), log(0.5), log(0.25), none], [0, 1]],
  [topPRule(0.875), [log(0.125), log(0.25), log(0.5), log(0.125)], [0, 1, 2]],
  [topPRule(1), [log(0.125), log(0.25), log(0.5), log(0.125)], [0, 1, 2, 3]],
  // Equal tokens are ordered by id.
  [topPRule(0.5), [0, 0, 0, 0], [0, 1]],
  [topPRule(0.51), [0, 0, 0, 0], [0, 1, 2]],
  [topPRule(1e-30), [0, 1, 1, 0], [1]],
  [topKRule(1), [1, 3, 3, 3], [1]],
  [topKRule(2), [3, 1, 3, 3], [0, 2]],
  [topKRule(3), [none, 1, none, 0], [1, 3]],
  [topKRule(9), [1, none, 1, 1], [0, 2, 3]],
  // Epsilon is strict, and leaves one; min-p is not.
  [epsilonRule(0.25), [0, 0, 0, 0], [0]],
  [epsilonRule(0.25), [log(0.25), log(0.5), log(0.25), none], [1]],
  [minPRule(1), [2, 5, 5, 1], [1, 2]],
  [minPRule(0.5), [0, log(0.5), log(0.4), none], [0, 1]],
  [minPRule(1e-300), [0, -600, -700, none], [0, 1]],
  [typicalRule(0.5), [0, 0, 0, 0], [0, 1]],
  [typicalRule(1), [0, none, 0, 0], [0, 2, 3]],
];

onEveryBackend("what lies on a boundary is kept or not by the same rule on the host and on the device", async () => {
  for (const [rule, row, kept] of BOUNDARIES) {
    const name = `${rule.name} of ${row}`,
      allowed = (z: ArrayLike<number>) =>
        Array.from(z, (logit, token) => logit > -Infinity ? token : -1).filter((token) => token >= 0);
    assertEquals(allowed(applyRules([rule], Float64Array.from(row), { tokens: [0] })), kept, `${name}, on the host`);
    const onDevice = rule.onDevice!(tensor([row]), { tokens: full([1, 1], 0, "int32") });
    assertEquals(allowed(await onDevice.read()), kept, `${name}, on the device`);
  }
});

Deno.test("categorical() divides by sums that overflow or vanish, and refuses what are no probabilities", () => {
  for (const p of [5e-324, 1e-310, 1e300, Number.MAX_VALUE]) {
    const random = new Random(1), counts = [0, 0, 0];
    for (let i = 0; i < 1000; i++) counts[random.categorical([p, 0, p])]!++;
    // 6 standard deviations of a fair coin.
    assert(Math.abs(counts[0]! - 500) < 6 * Math.sqrt(250) && counts[1] === 0, `${p}: ${counts}`);
  }
  const random = new Random(1), before = random.state();
  for (const wrong of [[], [0], [0, 0], [NaN, 1], [-1, 2], [Infinity, 1], [Infinity]]) {
    assertThrows(() => random.categorical(wrong), RangeError, "Cannot draw");
  }
  assertEquals(random.state(), before);
});

// ## Refused at the door

onReference("what does not fit the context is refused before anything is made for it", async () => {
  let asked = 0;
  const lengthPenalty = (length: number) => {
    asked++;
    return length;
  };
  const model = constant([0, 1, 2], 32), random = new Random(1);
  // The last token is not fed: one more than the model sees.
  assertEquals((await generate(constant([0, 1, 2], 32), [1], { maxNewTokens: 32 })).tokens.length, 32);
  for (const maxNewTokens of [33, 4e7, 2 ** 52]) {
    for (
      const options of [
        {},
        { random },
        { numBeams: 2 },
        { numBeams: 2, lengthPenalty },
        { numBeams: 2, numBeamGroups: 2 },
        { numBeams: 2, stochastic: true, random },
      ]
    ) {
      const message = `Cannot generate ${maxNewTokens} tokens after a prompt of 1: the model sees 32`;
      await assertRejects(() => generate(model, [1], { maxNewTokens, ...options }), RangeError, message);
    }
    await assertRejects(() => stream(model, [1], { maxNewTokens }).next(), RangeError, "the model sees 32");
  }
  await assertRejects(() => generate(model, new Array(33).fill(1), { maxNewTokens: 1 }), RangeError, "a prompt of 33");
  await assertRejects(
    () => generate(model, [1], { maxNewTokens: 3, eosToken: 3 }),
    RangeError,
    "Cannot end with eosToken = 3: the vocabulary has 3",
  );
  for (const numBeams of [2 ** 16 + 1, 1e9, Infinity]) {
    await assertRejects(() => generate(model, [1], { maxNewTokens: 3, numBeams }), RangeError, "numBeams must be");
    const groups = { maxNewTokens: 3, numBeams: 2, numBeamGroups: numBeams };
    await assertRejects(() => generate(model, [1], groups), RangeError, "numBeamGroups must be");
  }
  for (const prompt of ["abc", 3, null, undefined, {}, [[1], 2], ["a"]]) {
    await assertRejects(
      () => generate(model, prompt as unknown as number[], { maxNewTokens: 1 }),
      Error,
      "Cannot generate",
    );
  }
  assertEquals([asked, model.rows, random.state().counter], [0, [], 0]);
});

Deno.test("a search takes no memory for lengths that it may never reach", () => {
  // A list with a number for each of them would not fit anywhere.
  const search = new BeamSearch({ numBeams: 2, maxNewTokens: 2 ** 50, eosToken: 0 });
  for (let step = 0; step < 3; step++) search.extend(search.live.map(() => [-1, -2, -3]));
  assertEquals(search.results.length, 2);
  assertThrows(
    () => new BeamSearch({ numBeams: 2, maxNewTokens: 2 ** 50, lengthPenalty: gnmtLengthPenalty(1) }),
    RangeError,
    "Cannot search with maxNewTokens = 1125899906842624 and a function for lengthPenalty",
  );
});

Deno.test("the search ends as early with a number for lengthPenalty as with its function", () => {
  for (const alpha of [-1, 0, 0.5, 1, 2]) {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed), limits = { numBeams: 2, maxNewTokens: 12, eosToken: 0 };
      const beams = [alpha, powerLengthPenalty(alpha)].map((lengthPenalty) =>
        new BeamSearch({ ...limits, lengthPenalty })
      );
      for (let step = 0; beams[0]!.live.length > 0; step++) {
        const rows = beams[0]!.live.map(() => toLogProbabilities(Array.from({ length: 3 }, () => 2 * random.next())));
        const [a, b] = beams.map((beam) => beam.extend(rows));
        assertEquals(a, b, `${alpha}, ${seed}, ${step}`);
      }
      assertEquals([beams[1]!.live.length, beams[1]!.results], [0, beams[0]!.results]);
    }
  }
});

Deno.test("a search asks a penalty that rises and falls for the largest of what is left", () => {
  const wave = (length: number): number => 2 + Math.sin(length), maxNewTokens = 40;
  // Two texts end at once with the score that nothing later can beat: only then is it over.
  for (const last of [-0.2, -30]) {
    const search = new BeamSearch({ numBeams: 1, maxNewTokens, lengthPenalty: wave, eosToken: 0 });
    search.extend([[-1, last]]);
    assertEquals(search.results.length + search.live.length, 1);
  }
  assertThrows(
    () => new BeamSearch({ numBeams: 1, maxNewTokens, lengthPenalty: (length) => length === 7 ? Infinity : 1 }),
    RangeError,
    "Cannot search with a lengthPenalty of Infinity at length 7: it must be positive and finite",
  );
});

onReference("a beam wider than the vocabulary costs the prefixes that there are", async () => {
  const model = constant([0, 1, 2]);
  await generate(model, [[1], [2]], { maxNewTokens: 3, numBeams: 2 ** 16 });
  assertEquals(model.rows, [2, 6, 18]);
});
