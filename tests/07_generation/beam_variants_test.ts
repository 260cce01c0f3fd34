import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import {
  DiverseBeamSearch,
  diverseBeamSearch,
  type DiverseBeamSearchOptions,
  StochasticBeamSearch,
} from "../../core/07_generation/beam_variants.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { BeamSearch } from "../../core/07_generation/greedy_and_beam.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { type Decoder, toLogProbabilities } from "../../core/07_generation/sampling.ts";
import type { Hypothesis } from "../../core/07_generation/search.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Draws, onEveryBackend, onReference, sumOver } from "../support.ts";

/** A model without a network: log-probabilities that depend on the whole beginning. */
type Model = (tokens: readonly number[]) => Float64Array;

function randomModel(seed: number, vocabSize: number): Model {
  const rows = new Map<string, Float64Array>(), draws = new Draws(seed);
  return (tokens) => {
    const name = tokens.join();
    let row = rows.get(name);
    if (!row) rows.set(name, row = toLogProbabilities(draws.normal(vocabSize).data));
    return row;
  };
}

function run<S extends Pick<BeamSearch, "live" | "extend">>(search: S, model: Model): S {
  while (search.live.length > 0) {
    const { live } = search, parents = search.extend(live.map(({ tokens }) => model(tokens)));
    parents.forEach((parent, i) => assertEquals(search.live[i]!.tokens.slice(0, -1), live[parent]!.tokens));
  }
  return search;
}

const texts = (found: readonly Hypothesis[]) => found.map(({ tokens, finished }) => `${tokens}${finished ? "." : ""}`);

// ## Groups

Deno.test("DiverseBeamSearch of one group is BeamSearch", () => {
  for (let seed = 0; seed < 30; seed++) {
    const model = randomModel(seed, 6), options = { numBeams: 4, maxNewTokens: 7, eosToken: 2, lengthPenalty: 0.7 };
    for (const diversityPenalty of [0, 3]) {
      const diverse = run(new DiverseBeamSearch({ ...options, numBeamGroups: 1, diversityPenalty }), model);
      assertEquals(diverse.results, run(new BeamSearch(options), model).results);
    }
  }
});

Deno.test("DiverseBeamSearch with penalty 0 searches every group alike", () => {
  for (let seed = 0; seed < 30; seed++) {
    const model = randomModel(seed, 6), options = { maxNewTokens: 7, eosToken: 2 };
    const diverse = new DiverseBeamSearch({ ...options, numBeams: 6, numBeamGroups: 3, diversityPenalty: 0 });
    const { results } = run(new BeamSearch({ ...options, numBeams: 2 }), model);
    assertEquals(run(diverse, model).results, results.flatMap((text) => [text, text, text]));
  }
});

/** The same search written down again: every candidate in one list, sorted. */
function slowly(
  model: Model,
  { numBeams, numBeamGroups, diversityPenalty = 0.5, similarity, maxNewTokens, eosToken }: DiverseBeamSearchOptions,
) {
  const width = numBeams / numBeamGroups, alike = similarity ?? ((a: number, b: number) => Number(a === b));
  const groups = Array.from({ length: numBeamGroups }, () => ({
    live: [{ tokens: [] as number[], total: 0 }],
    ended: [] as { text: string; total: number }[],
  }));
  for (let step = 1; step <= maxNewTokens; step++) {
    const taken: number[] = [];
    for (const group of groups) {
      const all = group.live.flatMap(({ tokens, total }) =>
        [...model(tokens)].map((p, token) => ({
          tokens,
          token,
          total: total + p,
          value: total + p - diversityPenalty * taken.reduce((sum, other) => sum + alike(token, other), 0),
        }))
      );
      const best = all.sort((a, b) => b.value - a.value).slice(0, width);
      group.live = [];
      for (const { tokens, token, total } of best) {
        if (token === eosToken) group.ended.push({ text: `${tokens}.`, total });
        else if (step === maxNewTokens) group.ended.push({ text: `${[...tokens, token]}`, total });
        else group.live.push({ tokens: [...tokens, token], total });
      }
      taken.push(...best.map(({ token }) => token));
      // A group that cannot improve stops, and takes nothing more.
      group.ended.sort((a, b) => b.total - a.total).splice(width);
      const worst = group.ended.length === width ? group.ended[width - 1]!.total : -Infinity;
      if (group.live.every(({ total }) => total <= worst)) group.live = [];
    }
  }
  return groups.flatMap(({ ended }) => ended).sort((a, b) => b.total - a.total);
}

Deno.test("DiverseBeamSearch agrees with a list of all candidates", () => {
  const similarity = (a: number, b: number) => a === b ? 1 : a >> 1 === b >> 1 ? 0.5 : 0;
  let moved = 0;
  for (let seed = 0; seed < 60; seed++) {
    const model = randomModel(seed, 7);
    for (const diversityPenalty of [0.3, 1, 10]) {
      for (const more of [{}, { similarity }]) {
        const options = { numBeams: 6, numBeamGroups: 3, diversityPenalty, maxNewTokens: 6, eosToken: 1, ...more };
        const found = run(new DiverseBeamSearch({ ...options, lengthPenalty: 0 }), model).results;
        const right = slowly(model, options);
        assertEquals(texts(found), right.map(({ text }) => text));
        found.forEach(({ logProbability }, i) => assertEquals(logProbability, right[i]!.total));
        const plain = new BeamSearch({ numBeams: 6, maxNewTokens: 6, eosToken: 1, lengthPenalty: 0 });
        if (texts(found).join() !== texts(run(plain, model).results).join()) moved++;
      }
    }
  }
  assert(moved > 300, `${moved} of 360 searches found something else than a beam search`);
});

Deno.test("a large diversityPenalty makes every group begin with a word of its own", () => {
  for (let seed = 0; seed < 20; seed++) {
    const diverse = new DiverseBeamSearch({ numBeams: 4, numBeamGroups: 4, diversityPenalty: 100, maxNewTokens: 3 });
    const found = run(diverse, randomModel(seed, 8)).results;
    for (const place of [0, 1, 2]) assertEquals(new Set(found.map(({ tokens }) => tokens[place])).size, 4);
  }
});

Deno.test("DiverseBeamSearch refuses what is out of range", () => {
  const options = { numBeams: 6, maxNewTokens: 3 };
  for (const [numBeamGroups, message] of [[0, "numBeamGroups = 0"], [4, "divide 6 beams"], [1.5, "= 1.5"]] as const) {
    assertThrows(() => new DiverseBeamSearch({ ...options, numBeamGroups }), RangeError, message);
    assertThrows(() => diverseBeamSearch({ numBeams: 6, numBeamGroups }), RangeError, message);
  }
  for (const diversityPenalty of [-1, NaN, Infinity]) {
    assertThrows(
      () => new DiverseBeamSearch({ ...options, numBeamGroups: 2, diversityPenalty }),
      RangeError,
      "Cannot search with diversityPenalty",
    );
  }
  assertThrows(
    () => new DiverseBeamSearch({ ...options, numBeamGroups: 2 }).extend([]),
    TypeError,
    "Cannot extend 1 prefixes by 0 rows",
  );
});

// ## Draws

const END = 0, V = 3, LONGEST = 3;

/** Every text of a model, with its probability. */
function everyText(model: Model, tokens: readonly number[] = [], p = 1): [text: string, probability: number][] {
  if (tokens.length === LONGEST) return [[`${tokens}`, p]];
  return [...model(tokens)].flatMap((log, token) =>
    token === END
      ? [[`${tokens}.`, p * Math.exp(log)] as [string, number]]
      : everyText(model, [...tokens, token], p * Math.exp(log))
  );
}

/** Fails if counts of `draws` are less likely than 1e-4 under the probabilities (Wilson and Hilferty, 1931). */
function assertCounts(counts: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>, draws: number): void {
  for (const text of counts.keys()) assert(expected.has(text), `drew ${text}`);
  let value = 0, cells = 0, restSeen = 0, rest = 0;
  const add = (seen: number, right: number): void => {
    value += (seen - right) ** 2 / right;
    cells++;
  };
  for (const [text, p] of expected) {
    // Rare ones are counted together, as χ² needs.
    if (draws * p >= 10) add(counts.get(text) ?? 0, draws * p);
    else {
      rest += draws * p;
      restSeen += counts.get(text) ?? 0;
    }
  }
  if (rest > 0) add(restSeen, rest);
  const freedom = cells - 1, critical = freedom * (1 - 2 / (9 * freedom) + 3.719 * Math.sqrt(2 / (9 * freedom))) ** 3;
  assert(value < critical, `χ² = ${value} with ${freedom} degrees of freedom`);
}

const count = (counts: Map<string, number>, text: string): void => void counts.set(text, (counts.get(text) ?? 0) + 1);

Deno.test("StochasticBeamSearch draws texts as an urn without replacement", () => {
  const draws = 100_000;
  for (const seed of [1, 2]) {
    const model = randomModel(seed, V), all = everyText(model), random = new Random(seed);
    assertEquals(all.length, 15);
    // Exactly: the first in proportion to its probability, the second to what is left, in this order.
    const pairs = new Map<string, number>(), included = new Map<string, number>();
    for (const [first, p] of all) {
      for (const [second, q] of all) if (second !== first) pairs.set(`${first} ${second}`, p * q / (1 - p));
    }
    for (const [pair, p] of pairs) {
      for (const text of pair.split(" ")) included.set(text, (included.get(text) ?? 0) + p);
    }
    assert(Math.abs(sumOver(pairs.size, (i) => [...pairs.values()][i]!) - 1) < 1e-12);

    const firsts = new Map<string, number>(), drawn = new Map<string, number>(), seen = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      const options = { numBeams: 2, maxNewTokens: LONGEST, eosToken: END, random };
      const [first, second, ...more] = texts(run(new StochasticBeamSearch(options), model).results);
      assert(more.length === 0 && first !== second);
      count(firsts, first!);
      count(drawn, `${first} ${second}`);
      count(seen, first!);
      count(seen, second!);
    }
    assertCounts(firsts, new Map(all), draws);
    assertCounts(drawn, pairs, draws);
    for (const [text, p] of included) {
      const errors = ((seen.get(text) ?? 0) / draws - p) / Math.sqrt(p * (1 - p) / draws);
      assert(Math.abs(errors) < 4.5, `${text} is included ${errors} standard errors from ${p}`);
    }
  }
});

Deno.test("StochasticBeamSearch adds to each text's log-probability a Gumbel variable of its own", () => {
  const model = randomModel(3, V), all = new Map(everyText(model)), random = new Random(4);
  const draws = 4000, chances = new Map<string, number[]>();
  for (let i = 0; i < draws; i++) {
    // A beam as wide as there are texts.
    const { results } = run(
      new StochasticBeamSearch({ numBeams: 15, maxNewTokens: LONGEST, eosToken: END, random }),
      model,
    );
    assertEquals(new Set(texts(results)).size, 15);
    results.forEach(({ perturbed, logProbability, score }, n) => {
      const name = texts(results)[n]!;
      assert(Math.abs(logProbability - Math.log(all.get(name)!)) < 1e-9);
      assert(n === 0 || perturbed <= results[n - 1]!.perturbed);
      assertEquals(score, perturbed);
      chances.set(name, [...chances.get(name) ?? [], perturbed - logProbability]);
    });
  }
  // Mean γ and variance π²/6, and no text knows of another.
  for (const [name, own] of chances) {
    const mean = sumOver(draws, (i) => own[i]!) / draws, variance = Math.PI ** 2 / 6;
    assert(Math.abs(mean - 0.5772156649) < 4.5 * Math.sqrt(variance / draws), `${name}: mean ${mean}`);
    const spread = sumOver(draws, (i) => (own[i]! - mean) ** 2) / draws;
    assert(Math.abs(spread - variance) < 4.5 * variance * Math.sqrt(4.4 / draws), `${name}: variance ${spread}`);
  }
});

Deno.test("StochasticBeamSearch finds every text there is, and no forbidden one", () => {
  const model: Model = (tokens) => Float64Array.from(tokens.length ? [1, 0, 0] : [0, 0.7, 0.3], Math.log);
  const found = run(
    new StochasticBeamSearch({ numBeams: 9, maxNewTokens: 5, eosToken: END, random: new Random(1) }),
    model,
  ).results;
  assertEquals(texts(found).sort(), ["1.", "2."]);
  for (const wrong of [{ numBeams: 0, maxNewTokens: 1 }, { numBeams: 1, maxNewTokens: 0.5 }]) {
    assertThrows(
      () => new StochasticBeamSearch({ ...wrong, random: new Random(1) }),
      RangeError,
      "must be an integer of at least 1",
    );
  }
  const search = new StochasticBeamSearch({ numBeams: 2, maxNewTokens: 2, random: new Random(1) });
  assertThrows(() => search.extend([]), TypeError, "Cannot extend 1 prefixes by 0 rows");
});

// ## In the loop

function opinionated<M extends Module>(model: M, random: Random): M {
  for (const weight of model.parameters().values()) {
    if (weight.rank === 2) weight.assign(random.normal(weight.shape, { deviation: 0.7 }));
  }
  return model.eval() as M;
}

const sizes = { vocabSize: 11, contextLength: 24, hiddenSize: 8, numHeads: 2, numLayers: 2, dropout: 0 };
const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);

/** The logits after a text, computed from the beginning without any cache. */
async function recompute(forward: (tokens: Tensor) => Tensor, text: readonly number[]): Promise<Float64Array> {
  let reading: Promise<ArrayLike<number>> | undefined;
  scope(() => noGrad(() => void (reading = forward(ids([text])).at(1, -1).read())));
  return toLogProbabilities(Float64Array.from(await reading!));
}

onEveryBackend("diverse and stochastic beams with a cache equal those without", async () => {
  const random = new Random(6), model = opinionated(new DecoderOnly(sizes, random), random);
  const common = { maxNewTokens: 6, eosToken: 5, numBeams: 4 };
  const diverse = { ...common, numBeamGroups: 2, diversityPenalty: 0.8, lengthPenalty: 0.7 };
  for (
    const [options, search] of [
      [diverse, new DiverseBeamSearch(diverse)],
      [
        { ...common, stochastic: true, random: new Random(7) },
        new StochasticBeamSearch({ ...common, random: new Random(7) }),
      ],
    ] as [GenerateOptions, DiverseBeamSearch | StochasticBeamSearch][]
  ) {
    while (search.live.length > 0) {
      search.extend(
        await Promise.all(search.live.map(({ tokens }) => recompute((x) => model.forward(x), [3, 1, ...tokens]))),
      );
    }
    const { beams, tokens } = await generate(model, [3, 1], options);
    assertEquals(texts(beams!), texts(search.results));
    assertEquals(tokens, beams![0]!.tokens);
    beams!.forEach(({ score }, i) => assert(Math.abs(score - search.results[i]!.score) < 1e-3));
  }
});

onEveryBackend("diverse beams of a batch of sources equal those of one source at a time", async () => {
  const random = new Random(8), model = opinionated(new EncoderDecoder(sizes, random), random);
  const source = ids([[3, 4, 5, 6], [7, 8, 0, 0], [9, 3, 4, 0]]);
  const sourceMask = tensor([[true, true, true, true], [true, true, false, false], [true, true, true, false]]);
  const memory = noGrad(() => model.encode(source, { mask: sourceMask }));
  const options = { numBeams: 4, numBeamGroups: 2, maxNewTokens: 6, eosToken: 2 };
  const together = await generate(model.given(memory, sourceMask) as Decoder, [[1], [1], [1]], options);
  for (const i of [0, 1, 2]) {
    const own = model.given(memory.slice(0, i, i + 1), sourceMask.slice(0, i, i + 1));
    assertEquals(texts((await generate(own, [1], options)).beams!), texts(together[i]!.beams!));
  }
  // Of a batch that draws, each row is a set of texts of its own.
  const drawn = { numBeams: 4, maxNewTokens: 6, eosToken: 2, stochastic: true };
  const sets = await generate(model.given(memory, sourceMask), [[1], [1], [1]], { ...drawn, random: new Random(1) });
  for (const { beams } of sets) assertEquals(new Set(texts(beams!)).size, 4);
  const again = await generate(model.given(memory, sourceMask), [[1], [1], [1]], { ...drawn, random: new Random(1) });
  assertEquals(again.map(({ beams }) => texts(beams!)), sets.map(({ beams }) => texts(beams!)));
});

onReference("generate() refuses options of beams that have no effect", async () => {
  const random = new Random(1), model = new DecoderOnly(sizes, random);
  const cases: [Partial<GenerateOptions>, string][] = [
    [{ numBeams: 2, numBeamGroups: 2, random }, "Cannot use numBeamGroups with random"],
    [{ numBeams: 2, diversityPenalty: 1 }, "Cannot use diversityPenalty without numBeamGroups"],
    [{ numBeams: 2, numBeamGroups: 1, diversityPenalty: 1 }, "Cannot use diversityPenalty without numBeamGroups"],
    [{ numBeams: 2, similarity: () => 0 }, "Cannot use similarity without numBeamGroups"],
    [{ numBeamGroups: 2 }, "Cannot use numBeamGroups without numBeams"],
    [{ stochastic: true }, "Cannot use stochastic without numBeams and random"],
    [{ stochastic: true, random }, "Cannot use stochastic without numBeams"],
    [{ stochastic: true, numBeams: 2 }, "Cannot use stochastic without random"],
    [{ stochastic: true, numBeams: 2, random, lengthPenalty: 1 }, "Cannot use lengthPenalty with stochastic"],
    [{ stochastic: true, numBeams: 2, random, numBeamGroups: 2 }, "Cannot use numBeamGroups with stochastic"],
  ];
  for (const [options, message] of cases) {
    await assertRejects(() => generate(model, [1], { maxNewTokens: 3, ...options }), TypeError, message);
  }
  const wrong = { maxNewTokens: 3, numBeams: 4, numBeamGroups: 3 };
  await assertRejects(() => generate(model, [1], wrong), RangeError, "Cannot divide 4 beams into numBeamGroups = 3");
});
