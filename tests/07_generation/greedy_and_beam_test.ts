import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BeamSearch,
  type BeamSearchOptions,
  beamStep,
  gnmtLengthPenalty,
  greedy,
  type LengthPenalty,
  plainBeamSearch,
  powerLengthPenalty,
} from "../../core/07_generation/greedy_and_beam.ts";
import type { Hypothesis } from "../../core/07_generation/search.ts";
import { toLogProbabilities } from "../../core/07_generation/sampling.ts";
import { Draws } from "../support.ts";

/** A model without a network: log-probabilities that depend on the whole prefix. */
type Model = (tokens: readonly number[]) => Float64Array;

function randomModel(seed: number, vocabSize: number, coarse = false): Model {
  const rows = new Map<string, Float64Array>();
  const draws = new Draws(seed);
  return (tokens) => {
    const name = tokens.join();
    let row = rows.get(name);
    if (!row) {
      rows.set(name, row = toLogProbabilities((coarse ? draws.coarse(vocabSize) : draws.normal(vocabSize)).data));
    }
    return row;
  };
}

function search(model: Model, options: BeamSearchOptions): readonly Hypothesis[] {
  const beams = new BeamSearch(options);
  while (beams.live.length) {
    const { live } = beams;
    const parents = beams.extend(live.map(({ tokens }) => model(tokens)));
    assertEquals(parents.length, beams.live.length);
    parents.forEach((parent, i) => assertEquals(beams.live[i]!.tokens.slice(0, -1), live[parent]!.tokens));
  }
  return beams.results;
}

/** Every text, best first. */
function exhaustive(model: Model, vocabSize: number, eosToken: number, maxNewTokens: number, penalty: LengthPenalty) {
  const found: Hypothesis[] = [];
  const visit = (tokens: number[], logProbability: number): void => {
    const end = (finished: boolean, total: number): void =>
      void found.push({
        tokens,
        logProbability: total,
        score: total / penalty(tokens.length + Number(finished)),
        finished,
      });
    if (tokens.length === maxNewTokens) return end(false, logProbability);
    const row = model(tokens);
    for (let token = 0; token < vocabSize; token++) {
      if (token === eosToken) end(true, logProbability + row[token]!);
      else visit([...tokens, token], logProbability + row[token]!);
    }
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

Deno.test("greedy() takes the likeliest token, the first of equal ones", () => {
  assertEquals(greedy([1, 5, 5, 2]), 1);
  assertEquals(greedy([-Infinity, -1e30]), 1);
  assertThrows(() => greedy([-Infinity]), RangeError, "every one of them is forbidden");
  assertThrows(() => greedy([]), RangeError, "Cannot choose among 0 tokens");
});

Deno.test("BeamSearch of width one is greedy()", () => {
  for (let seed = 0; seed < 50; seed++) {
    for (const coarse of [false, true]) {
      const model = randomModel(seed, 6, coarse);
      const tokens: number[] = [];
      let logProbability = 0, finished = false;
      while (!finished && tokens.length < 8) {
        const row = model(tokens), token = greedy(row);
        logProbability += row[token]!;
        if (token === 0) finished = true;
        else tokens.push(token);
      }
      for (const lengthPenalty of [0, 1, gnmtLengthPenalty(0.6)]) {
        const [best, ...others] = search(model, { numBeams: 1, maxNewTokens: 8, eosToken: 0, lengthPenalty });
        assertEquals(others, []);
        assertEquals([best!.tokens, best!.logProbability, best!.finished], [tokens, logProbability, finished]);
      }
    }
  }
});

Deno.test("beam search of full width agrees with exhaustive search", () => {
  const vocabSize = 3, maxNewTokens = 5;
  for (let seed = 0; seed < 30; seed++) {
    for (
      const penalty of [
        powerLengthPenalty(0),
        powerLengthPenalty(1),
        powerLengthPenalty(-0.5),
        powerLengthPenalty(2),
        gnmtLengthPenalty(0.6),
      ]
    ) {
      const model = randomModel(seed, vocabSize);
      const expected = exhaustive(model, vocabSize, 1, maxNewTokens, penalty);
      const numBeams = 3 ** maxNewTokens;
      const found = search(model, { numBeams, maxNewTokens, eosToken: 1, lengthPenalty: penalty });
      assertEquals(found, expected);
    }
  }
});

Deno.test("BeamSearch finds what plainBeamSearch() finds", () => {
  for (let seed = 0; seed < 100; seed++) {
    for (const coarse of [false, true]) {
      for (const lengthPenalty of [0, 1, 3, -1, gnmtLengthPenalty(1), (n: number) => 1 + Math.abs(Math.sin(n))]) {
        for (const numBeams of [1, 3, 6]) {
          const model = randomModel(seed, 5, coarse), options = { numBeams, maxNewTokens: 7, eosToken: 2 };
          const penalty = typeof lengthPenalty === "number" ? powerLengthPenalty(lengthPenalty) : lengthPenalty;
          const found = search(model, { ...options, lengthPenalty });
          assertEquals(found, plainBeamSearch(model, { ...options, lengthPenalty: penalty }));
        }
      }
    }
  }
});

Deno.test("beamStep() expands, ranks and keeps", () => {
  const beam = [{ tokens: [4], logProbability: -1 }, { tokens: [5], logProbability: -2 }];
  const step = (numBeams: number) => beamStep(beam, [[-1, -4, -Infinity], [-2, -1, -3]], numBeams);
  assertEquals(step(3), [
    { tokens: [4, 0], logProbability: -2 },
    { tokens: [5, 1], logProbability: -3 },
    { tokens: [5, 0], logProbability: -4 },
  ]);
  // A forbidden token continues nothing, and of equals that of the better prefix comes first.
  assertEquals(step(9).map(({ tokens }) => tokens), [[4, 0], [5, 1], [5, 0], [4, 1], [5, 2]]);
  assertEquals(beamStep([], [], 2), []);
  assertThrows(() => beamStep(beam, [[0]], 2), TypeError, "Cannot extend 2 prefixes by 1 rows");
  assertThrows(() => beamStep(beam, [[0], [NaN]], 2), RangeError, "Cannot continue prefix 1 by token 0");
  assertThrows(() => beamStep(beam, [[0], [0]], 0), RangeError, "numBeams = 0");
});

Deno.test("beamStep() ranks prefixes whose probability underflows", () => {
  let beam = [{ tokens: [] as readonly number[], logProbability: 0 }], product = 1;
  for (let step = 0; step < 800; step++) {
    beam = beamStep(beam, beam.map(() => [Math.log(0.3), Math.log(0.7 / 2), Math.log(0.7 / 2)]), 1);
    product *= 0.35;
  }
  assertEquals(product, 0);
  assert(Number.isFinite(beam[0]!.logProbability));
  assertEquals(new Set(beam[0]!.tokens), new Set([1]));
});

Deno.test("greedy search misses the best text and a beam finds it", () => {
  const rows = new Map([
    ["", [0.5, 0.4, 0.1]],
    ["0", [0.35, 0.35, 0.3]],
    ["1", [0.9, 0.05, 0.05]],
    ["2", [0.4, 0.3, 0.3]],
  ]);
  const model: Model = (tokens) => Float64Array.from(rows.get(tokens.join())!, Math.log);
  const best = (numBeams: number): readonly number[] => search(model, { numBeams, maxNewTokens: 2 })[0]!.tokens;
  assertEquals(best(1), [0, 0]);
  assertEquals(best(2), [1, 0]);
});

Deno.test("lengthPenalty decides between a short and a long text", () => {
  // END at once with probability 0.3, or three certain tokens after one of probability 0.1.
  const model: Model = (tokens) =>
    Float64Array.from(tokens.length === 0 ? [0.3, 0.1, 0.6] : tokens.length < 4 ? [0, 1, 0] : [1, 0, 0], Math.log);
  const shortBeatsLong = (lengthPenalty: number | LengthPenalty): boolean => {
    const found = search(model, { numBeams: 3, maxNewTokens: 6, eosToken: 0, lengthPenalty });
    const place = (length: number, first?: number): number =>
      found.findIndex(({ tokens }) => tokens.length === length && tokens[0] === first);
    return place(0) < place(4, 1);
  };
  assertEquals([0, 1].map(shortBeatsLong), [true, false]);
  assertEquals([gnmtLengthPenalty(0), gnmtLengthPenalty(2)].map(shortBeatsLong), [true, false]);
  assertEquals([gnmtLengthPenalty(0.6)(1), powerLengthPenalty(0.5)(4)], [1, 2]);
});

Deno.test("BeamSearch breaks ties by prefix, then by token", () => {
  const uniform: Model = () => new Float64Array(4).fill(Math.log(0.25));
  const found = search(uniform, { numBeams: 3, maxNewTokens: 2 });
  assertEquals(found.map(({ tokens }) => tokens), [[0, 0], [0, 1], [0, 2]]);
});

Deno.test("BeamSearch never continues by a forbidden token", () => {
  const model: Model = () => Float64Array.of(0, -Infinity, -Infinity);
  const found = search(model, { numBeams: 4, maxNewTokens: 3 });
  assertEquals(found.map(({ tokens }) => tokens), [[0, 0, 0]]);
});

Deno.test("BeamSearch returns at most numBeams texts, best first", () => {
  for (let seed = 0; seed < 20; seed++) {
    const found = search(randomModel(seed, 7), { numBeams: 4, maxNewTokens: 6, eosToken: 3 });
    assert(found.length > 0 && found.length <= 4);
    assertEquals([...found].sort((a, b) => b.score - a.score), [...found]);
  }
});

Deno.test("BeamSearch refuses what is out of range", () => {
  assertThrows(() => new BeamSearch({ numBeams: 0, maxNewTokens: 1 }), RangeError, "Cannot search with numBeams = 0");
  assertThrows(
    () => new BeamSearch({ numBeams: 1, maxNewTokens: Infinity }),
    RangeError,
    "Cannot search with maxNewTokens = Infinity: maxNewTokens must be an integer of at least 1",
  );
  assertThrows(
    () => new BeamSearch({ numBeams: 2, maxNewTokens: 3, lengthPenalty: NaN }),
    RangeError,
    "Cannot search with lengthPenalty = NaN",
  );
  assertThrows(
    () => new BeamSearch({ numBeams: 2, maxNewTokens: 3, lengthPenalty: (n) => n - 2 }),
    RangeError,
    "Cannot search with a lengthPenalty of 0 at length 2",
  );
  assertThrows(
    () => new BeamSearch({ numBeams: 2, maxNewTokens: 3 }).extend([]),
    TypeError,
    "Cannot extend 1 prefixes by 0 rows",
  );
});
