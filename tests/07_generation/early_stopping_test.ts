/** Beams as in transformers: rules for stopping early, and beams that are drawn. */

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { generate } from "../../core/07_generation/generate.ts";
import { beamSampling } from "../../core/07_generation/beam_sampling.ts";
import { BeamSearch } from "../../core/07_generation/greedy_and_beam.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { tensor } from "../../core/engine/create.ts";
import { take } from "../../core/engine/indexing.ts";
import { Random } from "../../core/engine/random.ts";
import recorded from "../goldens/beams.json" with { type: "json" };
import { onEveryBackend, onReference, reference } from "../support.ts";
import { languageModel } from "./models.ts";

/** Scores the next token by the last one and its position. */
const ofTables = (table: number[][], places: number[][]): Decoder => ({
  vocabSize: table.length,
  contextLength: Infinity,
  forward: (tokens) => take(tensor(table), tokens).add(tensor(places.slice(0, tokens.shape[1]))),
});

onEveryBackend("earlyStopping finds what transformers finds", async (device) => {
  const models = recorded.tables.map((table, i) => ofTables(table, recorded.places[i]!));
  for (const { table, texts, scores, ...options } of recorded.cases) {
    const { beams } = await generate(models[table]!, recorded.prompt, {
      ...options as Pick<GenerateOptions, "numBeams" | "lengthPenalty" | "earlyStopping" | "eosToken">,
      maxNewTokens: recorded.maxNewTokens,
    });
    const name = JSON.stringify({ table, ...options });
    // A device that rounds to float32 may take the other of two texts whose scores agree to the last digit.
    if (device === reference) assertEquals(beams!.map(({ tokens }) => tokens), texts, name);
    else assertEquals(beams![0]!.tokens, texts[0], name);
    // Twelve float32 log-probabilities of some nats each, rounded to five decimals.
    const compared = device === reference ? beams! : beams!.slice(0, 1);
    compared.forEach(({ score }, i) => {
      assertAlmostEquals(score, scores[i]!, 1e-4 * Math.max(1, Math.abs(scores[i]!)), name);
    });
  }
});

onReference("the three rules differ, and each ends no later than the next", () => {
  const counts = { true: 0, false: 0, never: 0 };
  for (let seed = 0; seed < 30; seed++) {
    const steps = ([true, false, "never"] as const).map((earlyStopping) => {
      const random = new Random(seed), limits = { numBeams: 3, maxNewTokens: 12, eosToken: 0, earlyStopping };
      const search = new BeamSearch(limits),
        rows = Array.from({ length: 4 }, () => [1, 1, 1, 1].map(() => Math.log(random.next())));
      let step = 0;
      for (; search.live.length > 0; step++) search.extend(search.live.map(({ tokens }) => rows[tokens.at(-1) ?? 0]!));
      counts[`${earlyStopping}`] += step;
      return step;
    });
    assertEquals(steps, [...steps].sort((a, b) => a - b));
  }
  assert(counts.true < counts.false && counts.false < counts.never, JSON.stringify(counts));
});

onReference("a beam that is drawn survives with the probability of a draw without replacement", () => {
  const p = [0.4, 0.3, 0.15, 0.1, 0.05], W = 2, DRAWS = 20_000, row = p.map(Math.log);
  // Exactly: every order in which 2W of the tokens are drawn, and the best W of those.
  const expected = new Map<string, number>();
  const draw = (drawn: number[], probability: number): void => {
    if (drawn.length === 2 * W) {
      const kept = [...drawn].sort((a, b) => p[b]! - p[a]!).slice(0, W).join();
      expected.set(kept, (expected.get(kept) ?? 0) + probability);
      return;
    }
    const left = 1 - drawn.reduce((sum, token) => sum + p[token]!, 0);
    p.forEach((one, token) => {
      if (!drawn.includes(token)) draw([...drawn, token], probability * one / left);
    });
  };
  draw([], 1);
  const random = new Random(1), found = new Map<string, number>();
  for (let i = 0; i < DRAWS; i++) {
    const search = beamSampling({ numBeams: W, random }).begin({ maxNewTokens: 1 });
    search.extend([row]);
    const kept = search.results.map(({ tokens }) => tokens[0]).join();
    found.set(kept, (found.get(kept) ?? 0) + 1);
  }
  for (const [kept, probability] of expected) {
    // Five standard deviations of a binomial count.
    const bound = 5 * Math.sqrt(DRAWS * probability * (1 - probability)) + 1;
    assert(
      Math.abs((found.get(kept) ?? 0) - DRAWS * probability) < bound,
      `${kept}: ${found.get(kept)} of ${DRAWS * probability}`,
    );
  }
});

onEveryBackend("beams that are drawn from a sharp distribution are those that are searched", async () => {
  const model = languageModel(5);
  const sharp = { name: "sharp", onHost: (logits: Float64Array) => logits.map((logit) => 1e4 * logit) };
  const common = { maxNewTokens: 8, eosToken: 6, numBeams: 3, rules: [sharp] };
  const drawn = await generate(model, [3, 3], { ...common, random: new Random(1) });
  const searched = await generate(model, [3, 3], { ...common, earlyStopping: false });
  assertEquals(drawn.tokens, searched.tokens);
  const again = async (seed: number) =>
    (await generate(model, [1], { maxNewTokens: 8, numBeams: 3, random: new Random(seed), temperature: 2 })).tokens;
  assertEquals(await again(1), await again(1));
  assert(String(await again(1)) !== String(await again(2)) || String(await again(1)) !== String(await again(3)));
});

onReference("earlyStopping is refused where it has no effect", async () => {
  const model = languageModel(1);
  const refused: [object, string][] = [
    [{ earlyStopping: true }, "Cannot use earlyStopping without numBeams"],
    [{ earlyStopping: true, numBeams: 2, numBeamGroups: 2 }, "Cannot use"],
    [{ earlyStopping: true, numBeams: 2, stochastic: true, random: new Random(1) }, "Cannot use"],
    [{ earlyStopping: "soon", numBeams: 2 }, "earlyStopping must be"],
  ];
  for (const [options, message] of refused) {
    await assertRejects(() => generate(model, [1], { maxNewTokens: 2, ...options }), Error, message);
  }
});
