/** Prompts of different lengths in one batch: padding inside, which nobody sees. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConvolutionalLanguageModel } from "../../core/03_language_models/cnn/language_model.ts";
import { FeedForwardLanguageModel } from "../../core/03_language_models/feed_forward_lm.ts";
import { gru } from "../../core/03_language_models/lstm/language_model.ts";
import { RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { RecurrentEncoderDecoder } from "../../core/03_language_models/rnn_encoder_decoder.ts";
import { multiHead } from "../../core/04_attention/multi_head.ts";
import { alibi, learned, noPositions, rotary, shaw, sinusoidal, t5 } from "../../core/04_attention/positions/mod.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { greedySearch } from "../../core/07_generation/greedy_and_beam.ts";
import { chooseOnDevice } from "../../core/07_generation/on_device.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { noRepeatNgramRule, repetitionRule } from "../../core/07_generation/repetition.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import type { Generation } from "../../core/07_generation/search.ts";
import { Session } from "../../core/07_generation/session.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { memory, scope } from "../../core/engine/scope.ts";
import { onEveryBackend, onItsOwnBackend, onReference } from "../support.ts";
import { languageModel, sizes } from "./models.ts";

const PROMPTS = [[3, 1, 4, 1, 5, 9], [2], [6, 5], [3, 5, 8, 9], [7, 7, 7]];

/** Weights large enough to have opinions. */
function opinionated<M extends Module>(model: M, seed: number): M {
  const random = new Random(seed);
  for (const weight of model.parameters().values()) {
    if (weight.rank === 2) weight.assign(random.normal(weight.shape, { deviation: 0.7 }));
  }
  return model.eval() as M;
}

const closely = (a: number, b: number, tokens: number): boolean => Math.abs(a - b) < tokens * 1e-4;

/** Compares a batch with one prompt at a time. */
async function equalsAlone(decoder: Decoder, options: GenerateOptions, prompts = PROMPTS): Promise<Generation[]> {
  const together = await generate(decoder, prompts, options);
  for (const [i, prompt] of prompts.entries()) {
    const alone = await generate(decoder, prompt, options), found = together[i]!;
    assertEquals([found.tokens, found.finished], [alone.tokens, alone.finished], `${prompt}`);
    // A float32 log-probability of each token, of at most some 10 nats, computed in another order.
    assert(closely(found.logProbability, alone.logProbability, options.maxNewTokens));
    assertEquals(found.beams?.map(({ tokens }) => tokens), alone.beams?.map(({ tokens }) => tokens));
  }
  return together;
}

onEveryBackend(
  "generate() of prompts of different lengths equals one prompt at a time, for every kind of positions",
  async () => {
    for (
      const positions of [learned(), sinusoidal, rotary(), rotary({ share: 0.5 }), alibi, t5(), shaw(), noPositions]
    ) {
      const model = languageModel(1, { positions });
      for (const options of [{}, { numBeams: 3 }]) {
        await equalsAlone(model, { maxNewTokens: 14, eosToken: 2, ...options });
      }
    }
    const grouped = languageModel(2, { numGroups: 1, positions: rotary() });
    await equalsAlone(grouped, { maxNewTokens: 18, repetitionPenalty: 1.3, noRepeatNgramSize: 2 });
    const window = languageModel(3, { attention: multiHead({ window: { before: 3 } }), positions: rotary() });
    await equalsAlone(window, { maxNewTokens: 18 });
  },
);

onEveryBackend("texts of different lengths slide, each when its own context is full", async () => {
  for (const positions of [learned(), rotary(), alibi]) {
    const model = languageModel(4, { positions });
    const options = { maxNewTokens: 60, slide: true };
    await equalsAlone(model, options);
    await equalsAlone(model, { ...options, numBeams: 2 }, [[1, 2, 3], new Array(30).fill(4), [5]]);
  }
});

onEveryBackend("models without attention generate from prompts of different lengths as from each alone", async () => {
  const { vocabSize } = sizes;
  const models: Decoder[] = [
    opinionated(new RecurrentLanguageModel({ vocabSize, hiddenSize: 8, numLayers: 2 }, new Random(1)), 1),
    opinionated(new RecurrentLanguageModel({ vocabSize, hiddenSize: 8, recurrence: gru }, new Random(1)), 2),
    opinionated(new ConvolutionalLanguageModel({ vocabSize, hiddenSize: 8, numLayers: 3 }, new Random(1)), 3),
    opinionated(new FeedForwardLanguageModel({ vocabSize, windowSize: 4, embeddingSize: 6 }, new Random(1)), 4),
  ];
  for (const model of models) {
    for (const options of [{}, { numBeams: 3 }]) {
      await equalsAlone(model, { maxNewTokens: 12, eosToken: 2, ...options });
    }
    const { vocabSize, contextLength } = model;
    const forgetful: Decoder = { vocabSize, contextLength, forward: (x, call) => model.forward(x, call) };
    assertEquals(
      (await generate(forgetful, PROMPTS, { maxNewTokens: 8 })).map(({ tokens }) => tokens),
      (await generate(model, PROMPTS, { maxNewTokens: 8 })).map(({ tokens }) => tokens),
    );
  }
});

onEveryBackend("translations that begin with prompts of different lengths equal those of each alone", async () => {
  const source = [[3, 4, 5, 6], [7, 8, 0, 0], [9, 3, 4, 0]], begins = [[1], [1, 5, 6], [1, 4]];
  const mask = tensor(source.map((row) => row.map((token) => token > 0)));
  const transformer = opinionated(new EncoderDecoder({ ...sizes, positions: rotary(), dropout: 0 }, new Random(6)), 6);
  const recurrent = opinionated(
    new RecurrentEncoderDecoder({ vocabSize: sizes.vocabSize, hiddenSize: 8 }, new Random(6)),
    6,
  );
  for (const options of [{}, { numBeams: 3 }]) {
    const limits = { maxNewTokens: 9, eosToken: 2, ...options };
    const givens: ((rows: number[]) => Decoder)[] = [
      (rows) => {
        const own = mask.slice(0, rows[0]!, rows.at(-1)! + 1);
        return transformer.given(transformer.encode(rows.map((row) => source[row]!), { mask: own }), own);
      },
      (rows) => {
        const own = mask.slice(0, rows[0]!, rows.at(-1)! + 1);
        return recurrent.given(recurrent.encode(rows.map((row) => source[row]!), { mask: own }));
      },
    ];
    for (const given of givens) {
      const together = await generate(given([0, 1, 2]), begins, limits);
      for (const [i, begin] of begins.entries()) {
        const alone = await generate(given([i]), [begin], limits);
        assertEquals(together[i]!.tokens, alone[0]!.tokens);
        assert(closely(together[i]!.logProbability, alone[0]!.logProbability, 9));
      }
    }
  }
});

onEveryBackend("a device that runs ahead chooses for texts of different lengths as the host does", async () => {
  const model = languageModel(5, { positions: rotary() }), rules = [repetitionRule(1.5), noRepeatNgramRule(2)];
  const choose = chooseOnDevice(greedySearch(), rules)!;
  const session = new Session(model, PROMPTS, { maxNewTokens: Infinity, slide: true });
  const rows: number[][] = PROMPTS.map(() => []);
  for (const count of [1, 4, 3, 16, 16]) {
    for (const step of await session.ahead(count, choose)) {
      for (const { text, token } of step) rows[text]!.push(token);
    }
  }
  session.dispose();
  for (const [i, prompt] of PROMPTS.entries()) {
    const { tokens } = await generate(model, prompt, { maxNewTokens: rows[i]!.length, rules, slide: true });
    assertEquals(rows[i], tokens);
  }
});

onItsOwnBackend("prompts of different lengths leave no memory behind", async () => {
  const model = scope(() => languageModel(10));
  const run = () => generate(model, PROMPTS, { maxNewTokens: 40, slide: true, eosToken: 3 });
  await run();
  const before = memory().tensors;
  for (let i = 0; i < 3; i++) await run();
  assertEquals(memory().tensors, before);
});

onReference("a text that is over leaves the batch", async () => {
  const model = languageModel(18), fed: string[] = [];
  const decoder: Decoder = {
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    newCaches: (create) => model.newCaches(create),
    forward: (tokens, call) => {
      fed.push(tokens.shape.join("×"));
      return model.forward(tokens, call);
    },
  };
  const { tokens: [first, second] } = await generate(model, [1], { maxNewTokens: 2 });
  const eosToken = second === first ? 10 : second!;
  const all = await generate(decoder, [[1], [4, 5, 6]], { maxNewTokens: 6, eosToken });
  assertEquals(
    fed.filter((shape) => shape.startsWith("2")).length,
    Math.min(...all.map(({ tokens }) => tokens.length + 1)),
  );
});

onReference("a model that does not look at where rows start is refused with prompts of different lengths", async () => {
  const model = languageModel(7), { vocabSize, contextLength } = model;
  const deaf: Decoder = {
    vocabSize,
    contextLength,
    newCaches: (create) => model.newCaches(create),
    forward: (tokens, { caches, lastOnly }) => model.forward(tokens, { caches, lastOnly }),
  };
  await generate(deaf, [[1, 2], [3, 4]], { maxNewTokens: 3 });
  await assertRejects(
    () => generate(deaf, [[1, 2], [3], [4, 5, 6]], { maxNewTokens: 3 }),
    TypeError,
    "Cannot generate from texts of 1, 2 and 3 tokens together: forward() of the model must read the option starts",
  );
});
