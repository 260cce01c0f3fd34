import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { alibi, learned, rotary } from "../../core/04_attention/positions/mod.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { requiredWords } from "../../core/07_generation/constraints/required_words.ts";
import { Batch } from "../../core/07_generation/batch.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { PromptCache } from "../../core/07_generation/prompt_cache.ts";
import { toLogProbabilities } from "../../core/07_generation/sampling.ts";
import type { Generation, StepOutput } from "../../core/07_generation/search.ts";
import { promptLookup } from "../../core/07_generation/speculative.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { onEveryBackend, onReference } from "../support.ts";
import { ids, languageModel, recompute, sizes } from "./models.ts";

/** Sums over layers of float32 differ by a few units in the last place of numbers below 100. */
const TOLERANCE = 1e-3;

function assertClose(found: ArrayLike<number>, wanted: ArrayLike<number>, of: string): void {
  assertEquals(found.length, wanted.length, of);
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === -Infinity) assertEquals(found[i], -Infinity, of);
    else assertAlmostEquals(found[i]!, wanted[i]!, TOLERANCE, of);
  }
}

const SEARCHES: Readonly<Record<string, () => Partial<GenerateOptions>>> = {
  greedy: () => ({}),
  sampling: () => ({ random: new Random(3), temperature: 0.7, topK: 4 }),
  beams: () => ({ numBeams: 3 }),
  "beams as in transformers": () => ({ numBeams: 3, earlyStopping: true }),
  "groups of beams": () => ({ numBeams: 4, numBeamGroups: 2 }),
  "drawn beams": () => ({ numBeams: 3, stochastic: true, random: new Random(4) }),
  "sampled beams": () => ({ numBeams: 3, random: new Random(4) }),
  "required words": () => ({ numBeams: 3, requiredWords: requiredWords([[5, 6], [9]]) }),
  contrastive: () => ({ penaltyAlpha: 0.6, topK: 3 }),
};

const rules = { suppressTokens: [4], repetitionPenalty: 1.3 };

onEveryBackend("output tells what the model says of each step, under every search", async () => {
  const model = languageModel(1), prompt = [3, 1, 6];
  for (const [name, search] of Object.entries(SEARCHES)) {
    for (const eosToken of [undefined, 2, [2, 7]]) {
      const options = { maxNewTokens: 6, ...eosToken !== undefined && { eosToken }, ...rules };
      const output = { alternatives: 3, logProbabilities: true };
      const plain = await generate(model, prompt, { ...options, ...search() });
      const found = await generate(model, prompt, { ...options, ...search(), output });
      assertEquals(found.tokens, plain.tokens, name);
      for (const { tokens, finished, steps = [] } of found.beams ?? [found]) {
        assertEquals(steps.length, tokens.length + Number(finished), `${name} ${eosToken} ${tokens}`);
        assertEquals(steps.slice(0, tokens.length).map(({ token }) => token), tokens);
        if (finished) assert([eosToken].flat().includes(steps.at(-1)!.token));
        for (const [i, step] of steps.entries()) {
          const text = [...prompt, ...tokens.slice(0, i)];
          const wanted = toLogProbabilities(await recompute((fed) => model.forward(fed), text));
          assertClose(step.logProbabilities!, wanted, `${name} ${text}`);
          assertAlmostEquals(step.logProbability, wanted[step.token]!, TOLERANCE);
          assertEquals(step.logProbability, step.logProbabilities![step.token]);
          assertEquals(step.processedLogProbability, step.processedLogProbabilities![step.token]);
          for (const row of [step.logProbabilities!, step.processedLogProbabilities!]) {
            assertAlmostEquals(row.reduce((sum, one) => sum + Math.exp(one), 0), 1, 1e-9);
          }
          assertAlternatives(step);
        }
      }
    }
  }
});

/** The most probable tokens, in order, are those of the whole distributions. */
function assertAlternatives(
  { alternatives, processedAlternatives, logProbabilities, processedLogProbabilities }: StepOutput,
): void {
  const lists = [[alternatives!, logProbabilities!], [processedAlternatives!, processedLogProbabilities!]] as const;
  for (const [list, row] of lists) {
    const order = Array.from(row, (_, token) => token).filter((token) => row[token]! > -Infinity)
      .sort((a, b) => row[b]! - row[a]! || a - b).slice(0, 3);
    assertEquals(
      list,
      order.map((token) => ({
        token,
        logProbability: logProbabilities![token]!,
        processedLogProbability: processedLogProbabilities![token]!,
      })),
    );
  }
}

onEveryBackend("output shows what the rules change, before and after", async () => {
  const model = languageModel(2);
  const { tokens: [favourite] } = await generate(model, [3, 1], { maxNewTokens: 1 });
  const options = { maxNewTokens: 1, suppressTokens: [favourite!], output: { alternatives: 11 } };
  const { tokens, steps: [step] = [] } = await generate(model, [3, 1], options);
  assertEquals([step!.alternatives!.length, step!.processedAlternatives!.length], [11, 10]);
  const [first] = step!.alternatives!;
  assertEquals([first!.token, first!.processedLogProbability], [favourite, -Infinity]);
  assertEquals(step!.processedAlternatives![0]!.token, tokens[0]);
  // What is left is divided by what it sums to.
  const left = Math.log1p(-Math.exp(first!.logProbability));
  for (const { logProbability, processedLogProbability } of step!.processedAlternatives!) {
    assertAlmostEquals(processedLogProbability, logProbability - left, 1e-6);
  }
  // A temperature is a rule as well.
  const cold = { maxNewTokens: 1, temperature: 0.5, random: new Random(1), output: { logProbabilities: true } };
  const { steps: [drawn] = [] } = await generate(model, [3, 1], cold);
  const sharper = toLogProbabilities(drawn!.logProbabilities!.map((one) => one / 0.5));
  assertClose(drawn!.processedLogProbabilities!, sharper, "temperature");
});

onEveryBackend("output of a stream, of a batch and of several texts is that of one text", async () => {
  const model = languageModel(3), prompts = [[3, 1, 4, 1], [5], [9, 2, 6]];
  const options = { maxNewTokens: 6, eosToken: 2, ...rules, output: { alternatives: 2 } };
  const alone = await Promise.all(prompts.map((prompt) => generate(model, prompt, options)));
  const together = await generate(model, prompts, options);
  const batch = new Batch(model), guests = prompts.map((prompt) => batch.add(prompt, options));
  for (const [i, one] of alone.entries()) {
    const streamed: StepOutput[] = [], joined: StepOutput[] = [];
    for await (const { token, output } of stream(model, prompts[i]!, options)) {
      assertEquals(output!.token, token);
      streamed.push(output!);
    }
    for await (const { output } of guests[i]!) joined.push(output!);
    assertEquals(streamed, one.steps!.slice(0, one.tokens.length));
    assertEquals(joined.length, one.tokens.length);
    for (const others of [together[i]!.steps!, (await guests[i]!.result).steps!]) assertSteps(others, one.steps!);
  }
});

function assertSteps(found: readonly StepOutput[], wanted: readonly StepOutput[]): void {
  assertEquals(found.map(({ token }) => token), wanted.map(({ token }) => token));
  for (const [i, step] of wanted.entries()) {
    assertEquals(found[i]!.alternatives?.map(({ token }) => token), step.alternatives?.map(({ token }) => token));
    assertClose(
      found[i]!.alternatives?.map(({ logProbability }) => logProbability) ?? [],
      step.alternatives?.map(({ logProbability }) => logProbability) ?? [],
      "alternatives",
    );
    for (const [at, { path, weights }] of (step.attentions ?? []).entries()) {
      assertEquals(found[i]!.attentions![at]!.path, path);
      weights.forEach((row, head) => assertClose(found[i]!.attentions![at]!.weights[head]!, row, path));
    }
    assertClose(found[i]!.hiddenState ?? [], step.hiddenState ?? [], "hidden state");
  }
}

/** The attention of the last position of a text, and the vector of its logits, by one pass over all of it. */
async function look(model: ReturnType<typeof languageModel>, text: readonly number[]): Promise<StepOutput> {
  const seen: [string, Promise<ArrayLike<number>>][] = [];
  let state: Promise<ArrayLike<number>> | undefined;
  scope(() =>
    noGrad(() => {
      const observe = (
        path: string,
        weights: { at(axis: number, i: number): { read(): Promise<ArrayLike<number>> } },
      ) => void seen.push([path, weights.at(2, -1).read()]);
      state = model.readStates(ids([text]), { observe }).states.at(1, -1).read();
    })
  );
  const attentions = await Promise.all(seen.map(async ([path, reading]) => {
    const numbers = Float32Array.from(await reading), S = numbers.length / sizes.numHeads;
    return {
      path,
      weights: Array.from({ length: sizes.numHeads }, (_, head) => numbers.slice(head * S, (head + 1) * S)),
    };
  }));
  return {
    token: 0,
    logProbability: 0,
    processedLogProbability: 0,
    attentions,
    hiddenState: Float32Array.from(await state!),
  };
}

onEveryBackend("attentions and hidden states are those of a pass over the whole text", async () => {
  for (const positions of [learned(), rotary(), alibi]) {
    const model = languageModel(4, { positions }), prompts = [[3, 1, 4, 1], [5], [9, 2]];
    const output = { attentions: true, hiddenStates: true };
    for (const search of [{}, { numBeams: 3 }, { random: new Random(1), numReturnSequences: 2 }]) {
      const found = await generate(model, prompts, { maxNewTokens: 5, eosToken: 2, ...search, output });
      for (const [i, result] of found.entries()) {
        const all: readonly Pick<Generation, "tokens" | "steps">[] = result.beams ?? result.sequences ?? [result];
        for (const { tokens, steps = [] } of all) {
          assert(steps.length > 0);
          for (const [at, step] of steps.entries()) {
            const text = [...prompts[i]!, ...tokens.slice(0, at)];
            assertEquals(step.attentions!.length, sizes.numLayers);
            assertSteps([step], [{ ...await look(model, text), token: step.token }]);
          }
        }
      }
    }
  }
});

onReference("output is given where the context slides, and where a cache remembers the prompt", async () => {
  const model = languageModel(5), output = { attentions: true, hiddenStates: true, alternatives: 1 };
  const { steps } = await generate(model, [1, 2, 3], { maxNewTokens: 40, slide: true, output });
  assertEquals(steps!.length, 40);
  for (const { attentions } of steps!) {
    for (const { weights } of attentions!) {
      assert(weights.every((row) => row.length <= sizes.contextLength));
      for (const row of weights) assertAlmostEquals(row.reduce((sum, one) => sum + one), 1, 1e-5);
    }
  }
  const cache = new PromptCache(), options = { maxNewTokens: 4, output };
  const first = await generate(model, [1, 2, 3, 4], { ...options, cache });
  const again = await generate(model, [1, 2, 3, 4], { ...options, cache });
  cache.dispose();
  assertSteps(again.steps!, first.steps!);
  assertSteps(first.steps!, (await generate(model, [1, 2, 3, 4], options)).steps!);
});

onReference("attentions of a translator are those of its own words and of the source", async () => {
  const layout = { sourceVocabSize: 9, vocabSize: 11, hiddenSize: 8, numHeads: 2, numLayers: 2, contextLength: 12 };
  const model = new EncoderDecoder(layout, new Random(1)).eval() as EncoderDecoder;
  const { steps } = await generate(model.given(model.encode([[1, 2, 3, 4, 5]])), [3, 1], {
    maxNewTokens: 3,
    output: { attentions: true },
  });
  for (const [i, { attentions }] of steps!.entries()) {
    assertEquals(
      attentions!.map(({ path, weights }) => [path, weights.length, weights[0]!.length]),
      [0, 1].flatMap((layer) => [
        [`decoder.layers.${layer}.selfAttention`, 2, 2 + i],
        [`decoder.layers.${layer}.crossAttention`, 2, 5],
      ]),
    );
  }
});

onReference("output of a text that a stop string ends has its tokens and no others", async () => {
  const model = languageModel(6),
    stopStrings = { stop: ["3"], decode: (tokens: readonly number[]) => tokens.join(" ") };
  for (let seed = 1; seed <= 20; seed++) {
    for (const numBeams of [undefined, 2]) {
      const { tokens, steps } = await generate(model, [1], {
        maxNewTokens: 12,
        stopStrings,
        random: new Random(seed),
        ...numBeams && { numBeams },
        output: {},
      });
      assertEquals(steps!.map(({ token }) => token), tokens);
      assert(steps!.every(({ logProbability }) => logProbability <= 0));
    }
  }
});

onReference("output that nobody can give is refused", async () => {
  const model = languageModel(7), one = { maxNewTokens: 2 };
  const recurrent = new RecurrentLanguageModel({ vocabSize: 11, hiddenSize: 8 }, new Random(1)).eval();
  const table: readonly [() => Promise<unknown>, string][] = [
    [
      () => generate(recurrent as RecurrentLanguageModel, [1], { ...one, output: { attentions: true } }),
      "no weights to observe()",
    ],
    [
      () => generate(recurrent as RecurrentLanguageModel, [1], { ...one, output: { hiddenStates: true } }),
      "readStates() is needed",
    ],
    [() => generate(model, [1], { ...one, draft: promptLookup(), output: {} }), "Cannot use output with draft"],
    [
      () => generate(model, [1], { ...one, contrastive: { amateur: languageModel(8) }, output: { attentions: true } }),
      "with contrastive: its scores are not those of one pass",
    ],
    [
      () => generate(model, [1], { ...one, penaltyAlpha: 0.5, output: { hiddenStates: true } }),
      "with contrastive search",
    ],
  ];
  for (const [run, sentence] of table) await assertRejects(run, TypeError, sentence);
  await assertRejects(
    () => generate(model, [1], { ...one, output: { alternatives: -1 } }),
    RangeError,
    "output.alternatives",
  );
  assertThrows(() => new Batch(model).add([1], { ...one, output: { attentions: true } }), TypeError, "in a batch");
});

onEveryBackend("output keeps memory flat, and an abort frees what was seen", async () => {
  const model = languageModel(9), output = { attentions: true, hiddenStates: true };
  const round = async (): Promise<number> => {
    await generate(model, [[1, 2], [3]], { maxNewTokens: 8, output });
    for await (const _ of stream(model, [1], { maxNewTokens: 8, output })) break;
    return memory().tensors;
  };
  // Masks that were made once are kept.
  const first = await round();
  for (let i = 0; i < 3; i++) assert(await round() <= first);
});
