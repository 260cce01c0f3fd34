import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { diverseBeamSearch, stochasticBeamSearch } from "../../core/07_generation/beam_variants.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { beamSearch, greedySearch } from "../../core/07_generation/greedy_and_beam.ts";
import { requiredWords } from "../../core/07_generation/constraints/required_words.ts";
import { DECODING, type GenerateOptions } from "../../core/07_generation/options.ts";
import { PromptCache } from "../../core/07_generation/prompt_cache.ts";
import { noRepeatNgramRule, repetitionRule } from "../../core/07_generation/repetition.ts";
import type { DecodingTask, LogitsRule } from "../../core/07_generation/rules.ts";
import { ancestralSampling, type Decoder } from "../../core/07_generation/sampling.ts";
import { promptLookup } from "../../core/07_generation/speculative.ts";
import { temperatureRule } from "../../core/07_generation/temperature.ts";
import { topPRule } from "../../core/07_generation/truncation.ts";
import { rollingWindow } from "../../core/07_generation/windows_and_sinks.ts";
import { arange } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend } from "../support.ts";
import { counted } from "./counted.ts";

const sizes = { vocabSize: 11, contextLength: 24, hiddenSize: 8, numHeads: 2, numLayers: 1, feedForwardSize: 16 };

/** A small model whose weights are large enough to have opinions. */
function languageModel(seed: number): DecoderOnly {
  const random = new Random(seed), model = new DecoderOnly(sizes, random);
  for (const weight of model.parameters().values()) {
    if (weight.rank === 2) weight.assign(random.normal(weight.shape, { deviation: 0.7 }));
  }
  return model.eval() as DecoderOnly;
}

/** Even and odd tokens take turns: a rule of the caller's own, which looks at the text. */
const turns: LogitsRule = {
  name: "turns",
  onHost: (logits, { tokens }) =>
    logits.map((logit, token) => token % 2 === tokens[tokens.length - 1]! % 2 ? -Infinity : logit),
};

/** The same with a form on the device. */
const turnsOnDevice: LogitsRule = {
  ...turns,
  onDevice: (logits, { tokens }) =>
    logits.where(arange(logits.shape[1]!).mod(2).notEqual(tokens.slice(1, -1).mod(2)), -Infinity),
};

const SEARCHES: readonly (() => Partial<GenerateOptions>)[] = [
  () => ({}),
  () => ({ random: new Random(1) }),
  () => ({ numBeams: 3 }),
  () => ({ numBeams: 4, numBeamGroups: 2 }),
  () => ({ numBeams: 3, stochastic: true, random: new Random(1) }),
];

onEveryBackend("a rule of the caller's own acts under every search and on every device", async () => {
  const model = languageModel(1);
  for (const search of SEARCHES) {
    const found = [];
    for (const rule of [turns, turnsOnDevice]) {
      const results = await generate(model, [[1, 2, 3], [5, 6, 8]], { maxNewTokens: 20, rules: [rule], ...search() });
      for (const [i, { tokens, beams = [{ tokens }] }] of results.entries()) {
        for (const { tokens } of beams) {
          const text = [[3], [8]][i]!.concat(tokens);
          assertEquals(text.length, 21);
          text.slice(1).forEach((token, at) => assert(token % 2 !== text[at]! % 2, `${text}`));
        }
      }
      found.push(results.map(({ tokens }) => tokens));
    }
    assertEquals(found[0], found[1]);
  }
});

onEveryBackend("a rule knows how long the prompt is and what ends a sequence, under every search", async () => {
  const model = languageModel(1), END = 0, FEWEST = 5;
  // END is the most probable token everywhere, and forbidden among the first tokens.
  const eager: LogitsRule = {
    name: "eager",
    onHost: (logits) => logits.map((logit, token) => token === END ? 1e3 : logit),
    onDevice: (logits) => logits.where(arange(logits.shape[1]!).notEqual(END), 1e3),
  };
  const later = ({ eosTokens: [eosToken] = [], promptLength = 0 }: DecodingTask, length: number): number | undefined =>
    length - promptLength < FEWEST ? eosToken : undefined;
  const onHost: LogitsRule["onHost"] = (logits, context) => {
    const forbidden = later(context, context.tokens.length);
    return logits.map((logit, token) => token === forbidden ? -Infinity : logit);
  };
  const onDevice: LogitsRule["onDevice"] = (logits, context) => {
    const forbidden = later(context, context.tokens.shape[1]!);
    return forbidden === undefined ? logits : logits.where(arange(logits.shape[1]!).notEqual(forbidden), -Infinity);
  };
  for (const search of SEARCHES) {
    for (const fewest of [{ name: "fewest", onHost }, { name: "fewest", onHost, onDevice }]) {
      for (const prompt of [[1], [1, 2, 3]]) {
        const rules = [eager, fewest];
        const { tokens, beams = [{ tokens }] } = await generate(model, prompt, {
          maxNewTokens: 12,
          eosToken: END,
          rules,
          ...search(),
        });
        for (const { tokens } of beams) assert(tokens.length >= FEWEST, `${tokens}`);
        assertEquals(tokens.length, FEWEST);
      }
    }
  }
});

onEveryBackend("the device runs ahead exactly if every rule has a form there", async (device) => {
  const model = languageModel(2);
  const { decoder, calls } = counted(model);
  for (
    const [rules, ahead] of [
      [[turns], 3],
      [[turnsOnDevice], Math.max(3, device.readEvery ?? 1)],
      [[turnsOnDevice, turns], 3],
      [[turnsOnDevice, noRepeatNgramRule(4), repetitionRule(1.1)], Math.max(3, device.readEvery ?? 1)],
    ] as const
  ) {
    for await (const { step } of stream(decoder, [1], { maxNewTokens: 20, rules })) if (step === 3) break;
    assertEquals(calls(), ahead, rules.map(({ onDevice }) => onDevice ? "both" : "host").join());
  }
});

onEveryBackend("options in words and as values find the same", async () => {
  const model = languageModel(3);
  const random = (): Random => new Random(4);
  const pairs: [Partial<GenerateOptions>, Partial<GenerateOptions>][] = [
    [{ numBeams: 1 }, { search: greedySearch() }],
    [{ noRepeatNgramSize: 2 }, { rules: [noRepeatNgramRule(2)] }],
    [{ random: random(), temperature: 0.8, topP: 0.9 }, {
      search: ancestralSampling(random()),
      rules: [temperatureRule(0.8), topPRule(0.9)],
    }],
    [{ random: random(), temperature: 0.8 }, { search: ancestralSampling(random()), temperature: 0.8 }],
    [{ numBeams: 3, lengthPenalty: 0.5 }, { search: beamSearch({ numBeams: 3, lengthPenalty: 0.5 }) }],
    [{ numBeams: 4, numBeamGroups: 2, diversityPenalty: 2 }, {
      search: diverseBeamSearch({ numBeams: 4, numBeamGroups: 2, diversityPenalty: 2 }),
    }],
    [{ numBeams: 3, stochastic: true, random: random() }, {
      search: stochasticBeamSearch({ numBeams: 3, random: random() }),
    }],
  ];
  for (const [words, values] of pairs) {
    const prompts = [[1, 2, 1], [3, 4, 3]], common = { maxNewTokens: 12, eosToken: 7 };
    assertEquals(
      await generate(model, prompts, { ...common, ...words }),
      await generate(model, prompts, { ...common, ...values }),
    );
  }
});

/** A model that is made on the device of the test. */
const lazyModel: Decoder = {
  vocabSize: sizes.vocabSize,
  contextLength: sizes.contextLength,
  forward: (tokens, { lastOnly, starts }) => languageModel(9).forward(tokens, { lastOnly, starts }),
};

let heard = 0;

/** A cache that is heard of when it is filled. */
class HeardCache extends PromptCache {
  override keep(...given: Parameters<PromptCache["keep"]>): void {
    heard++;
    super.keep(...given);
    this.dispose();
  }
}

/** For each option, what it needs to have an effect, and a value that has one; without them it does not compile. */
const EFFECTS: { readonly [K in keyof GenerateOptions]-?: readonly [() => object, NonNullable<GenerateOptions[K]>] } = {
  maxNewTokens: [() => ({}), 3],
  eosToken: [() => ({}), 7],
  cache: [() => ({}), new HeardCache()],
  cacheType: [() => ({}), "int8"],
  stopStrings: [() => ({}), { stop: ["7"], decode: (tokens) => tokens.join(" ") }],
  rules: [() => ({}), [turns]],
  contrastive: [() => ({}), { amateur: lazyModel, alpha: 0.01 }],
  slide: [() => ({ maxNewTokens: 40 }), true],
  window: [() => ({}), rollingWindow({ size: 3, sinks: 1 })],
  draft: [() => ({}), promptLookup()],
  output: [() => ({}), { alternatives: 2 }],
  signal: [() => ({}), AbortSignal.abort(new Error("enough"))],
  onProgress: [() => ({}), () => void heard++],
  search: [() => ({}), beamSearch({ numBeams: 2 })],
  random: [() => ({}), new Random(5)],
  penaltyAlpha: [() => ({}), 0.9],
  numBeams: [() => ({}), 3],
  lengthPenalty: [() => ({ numBeams: 3 }), -2],
  numBeamGroups: [() => ({ numBeams: 4 }), 2],
  earlyStopping: [() => ({ numBeams: 3, eosToken: 3, lengthPenalty: 3 }), true],
  numReturnSequences: [() => ({ numBeams: 3 }), 2],
  diversityPenalty: [() => ({ numBeams: 4, numBeamGroups: 2 }), 5],
  similarity: [() => ({ numBeams: 4, numBeamGroups: 2 }), () => -3],
  stochastic: [() => ({ numBeams: 3, random: new Random(6) }), true],
  requiredWords: [() => ({ numBeams: 3 }), requiredWords([[3, 4]])],
  logitBias: [() => ({}), { 3: 100 }],
  repetitionPenalty: [() => ({}), 3],
  noRepeatNgramSize: [() => ({}), 1],
  frequencyPenalty: [() => ({}), 3],
  presencePenalty: [() => ({}), 9],
  dryMultiplier: [() => ({}), 9],
  dryBase: [() => ({ dryMultiplier: 0.5, dryAllowedLength: 1 }), 1000],
  dryAllowedLength: [() => ({ dryMultiplier: 9 }), 1],
  dryBreakers: [() => ({ dryMultiplier: 9, dryAllowedLength: 1 }), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  bannedWords: [() => ({}), [[3], [4], [5], [6]]],
  suppressTokens: [() => ({}), [3, 4, 5, 6]],
  minNewTokens: [() => ({ eosToken: 7, logitBias: { 7: 100 } }), 5],
  forcedFirstToken: [() => ({}), 9],
  forcedLastToken: [() => ({}), 9],
  prefix: [() => ({}), [9, 9]],
  temperature: [() => ({ random: new Random(6) }), 9],
  topNSigma: [() => ({ random: new Random(6) }), 0.1],
  topK: [() => ({ random: new Random(6) }), 2],
  topP: [() => ({ random: new Random(6) }), 0.3],
  minP: [() => ({ random: new Random(6) }), 0.9],
  epsilonCutoff: [() => ({ random: new Random(6) }), 0.5],
  etaCutoff: [() => ({ random: new Random(6) }), 0.5],
  typicalP: [() => ({ random: new Random(6) }), 0.2],
};

onEveryBackend("every option changes what is generated, or is refused", async () => {
  const model = languageModel(11);
  const outcome = async (options: object): Promise<string> => {
    heard = 0;
    try {
      const found = await generate(model, [1, 2], { maxNewTokens: 20, ...options });
      return JSON.stringify([found, heard]);
    } catch (error) {
      return String(error);
    }
  };
  const plain = await outcome({});
  for (const [name, [needed, value]] of Object.entries(EFFECTS)) {
    const without = await outcome(needed()), beside = await outcome({ ...needed(), [name]: value });
    assertNotEquals(beside, without, `${name} is ignored`);
    assert(!beside.startsWith("TypeError"), `${name}: ${beside}`);
    if (name in DECODING) assertNotEquals(await outcome({ [name]: value }), plain, `${name} alone is ignored`);
  }
  for (const name of Object.keys(DECODING)) assert(name in EFFECTS);
});
