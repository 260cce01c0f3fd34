import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { logSoftmax, softmax } from "../../core/02_words/softmax.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import {
  type EncoderDecoderOptions,
  transformerBase,
  transformerBig,
  transformerSize,
} from "../../core/05_transformer/layout.ts";
import { swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { multiHead, type MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import {
  alibi,
  learned,
  noPositions,
  type PositionScheme,
  rotary,
  shaw,
  sinusoidal,
  t5,
} from "../../core/04_attention/positions/mod.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import { gather } from "../../core/engine/indexing.ts";
import { concat } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { Random } from "../../core/engine/random.ts";
import { memory as memoryUse, scope } from "../../core/engine/scope.ts";
import { goldens, precision, read, state } from "../goldens/read.ts";
import { assertClose, assertModuleGradients, onEveryBackend, onReference } from "../support.ts";
import { PlainMemory } from "../04_attention/memory.ts";

const ids = (list: number[][]): Tensor => tensor(list, undefined, "int32");
const small = { vocabSize: 11, hiddenSize: 8, numHeads: 2, numLayers: 2, feedForwardSize: 12 };

// ## Encoder and decoder

onEveryBackend("EncoderDecoder() agrees with PyTorch: logits, loss and gradients", async (device) => {
  const golden = goldens.encoderDecoder;
  const model = new EncoderDecoder({ ...small, dropout: 0 }, new Random(1));
  model.loadStateDict(state(golden.state));
  const sourceMask = read(golden.mask);
  await assertClose(model.encode(read(golden.source), { mask: sourceMask }), read(golden.memory), precision(device));

  const logits = model.forward(read(golden.source), read(golden.target), { sourceMask });
  await assertClose(logits, read(golden.logits), precision(device));
  const loss = gather(logSoftmax(logits), -1, read(golden.labels).unsqueeze(-1)).mean().neg();
  assertAlmostEquals(await loss.item(), golden.loss, 1e-4);
  loss.backward();
  await assertClose(model.targetEmbedding.weight.tensor.grad!, read(golden.tableGradient), precision(device));
  const query = (model.encoder.layers[0]!.attention as MultiHeadAttention).query.weight.tensor;
  await assertClose(query.grad!, read(golden.queryGradient), precision(device));
});

onEveryBackend("EncoderDecoder() learns in its encoder through cross-attention alone", async () => {
  const model = new EncoderDecoder({ ...small, dropout: 0, sourceVocabSize: 7 }, new Random(1));
  for (const { crossAttention } of model.decoder.layers) {
    (crossAttention as MultiHeadAttention).output.weight.tensor.assign(0);
  }
  model.forward(ids([[1, 2, 3]]), ids([[1, 4]])).square().sum().backward();
  for (const [path, weight] of model.parameters()) {
    if (!/^(encoder|sourceEmbedding)/.test(path)) continue;
    assertEquals(weight.grad === undefined || (await weight.grad.read()).every((g) => g === 0), true, path);
  }
});

onEveryBackend("EncoderDecoder() reads the source once and writes the same", async () => {
  for (const options of [{}, { placement: "pre", positions: learned(), numGroups: 1, tieHead: false }] as const) {
    const model = new EncoderDecoder({ ...small, ...options }, new Random(1)).eval();
    const source = ids([[3, 4, 5, 6], [7, 8, 0, 0]]), sourceMask = source.notEqual(0);
    const target = ids([[1, 5, 9, 4], [1, 3, 3, 2]]);
    const whole = model.forward(source, target, { sourceMask });

    // Counted where they happen: passes of the encoder, and of each layer's keys of the source.
    let passes = 0, keys = 0;
    const read = model.encoder.forward.bind(model.encoder);
    model.encoder.forward = (...call) => (passes++, read(...call));
    for (const { crossAttention } of model.decoder.layers) {
      const { key } = crossAttention as MultiHeadAttention;
      const project = key.forward.bind(key);
      key.forward = (x) => (keys++, project(x));
    }
    const decoder = model.given(model.encode(source, { mask: sourceMask }), sourceMask);
    const caches = decoder.newCaches(() => new PlainMemory());
    const parts = [0, 1, 2, 3].map((t) => decoder.forward(target.slice(1, t, t + 1), { caches }));
    assertEquals([passes, keys], [1, small.numLayers]);
    await assertClose(concat(parts, 1), whole, { rtol: 1e-4, atol: 1e-4 });
    await assertClose(decoder.forward(target), whole, { rtol: 1e-4, atol: 1e-4 });
    await assertClose(
      decoder.select(Array.from({ length: source.shape[0]! }, (_, row) => row)).forward(target),
      whole,
      { rtol: 1e-4, atol: 1e-4 },
    );
    assertEquals(passes, 1);
    assertEquals([decoder.vocabSize, decoder.contextLength], [11, 512]);
  }
});

onEveryBackend("EncoderDecoder() reads a padded source as it reads it alone", async () => {
  const model = new EncoderDecoder(small, new Random(1)).eval(), target = ids([[1, 5, 9]]);
  const alone = model.forward(ids([[7, 8]]), target);
  const padded = ids([[7, 8, 0, 0]]), sourceMask = padded.notEqual(0);
  await assertClose(model.forward(padded, target, { sourceMask }), alone, { rtol: 1e-4, atol: 1e-4 });

  // Without the mask the padding is read, and the scores are others.
  const unmasked = model.forward(padded, target);
  assert(await unmasked.sub(alone).abs().max().item() > 1e-2);
});

onEveryBackend("EncoderDecoder.given() repeats each source in a row", async () => {
  const model = new EncoderDecoder(small, new Random(1)).eval();
  const source = ids([[3, 4, 5], [7, 8, 0]]), sourceMask = source.notEqual(0);
  const decoder = model.given(model.encode(source, { mask: sourceMask }), sourceMask);
  const beams = decoder.select([0, 0, 1, 1]).forward(ids([[1, 5], [1, 6], [1, 5], [1, 6]]));
  const [fives, sixes] = [5, 6].map((word) => decoder.forward(ids([[1, word], [1, word]])));
  const expected = concat([fives!.slice(0, 0, 1), sixes!.slice(0, 0, 1), fives!.slice(0, 1), sixes!.slice(0, 1)], 0);
  await assertClose(beams, expected, { rtol: 1e-4, atol: 1e-4 });
});

onEveryBackend("EncoderDecoder() shows every attention to an observer", () => {
  const model = new EncoderDecoder({ ...small, numLayers: 1 }, new Random(1)), seen = new Map<string, Tensor>();
  model.forward(ids([[3, 4, 5]]), ids([[1, 2]]), { observe: (path, weights) => void seen.set(path, weights) });
  assertEquals([...seen].map(([path, { shape }]) => `${path} ${shape}`), [
    "encoder.layers.0.attention 1,2,3,3",
    "decoder.layers.0.selfAttention 1,2,2,2",
    "decoder.layers.0.crossAttention 1,2,2,3",
  ]);
});

onEveryBackend("EncoderDecoder() drops in training, from a stream of its own or a given one", async () => {
  const model = new EncoderDecoder({ ...small, dropout: 0.3 }, new Random(1));
  const run = (): Tensor => model.forward(ids([[3, 4, 5]]), ids([[1, 2]]));
  const own = run(), plain = model.eval() && run();
  const [first, second] = [5, 5].map((seed) => model.train(new Random(seed)) && run());
  for (const dropped of [own, first!]) assert(await dropped.sub(plain).abs().max().item() > 1e-3);
  await assertClose(first!, second!, { tolerance: 0 });
  model.eval();
  await assertClose(run(), plain, { tolerance: 0 });
});

onEveryBackend("EncoderDecoder() starts with scores of variance about one", async () => {
  const model = new EncoderDecoder({ ...small, vocabSize: 100, hiddenSize: 64, numHeads: 4 }, new Random(1));
  const logits = model.forward(ids([[3, 4, 5, 6]]), ids([[1, 20, 30, 40]]));
  const variance = await logits.variance().item();
  assert(variance > 0.5 && variance < 2, `${variance}`);
  const weight = model.encoder.layers[0]!.feedForward.up.weight.tensor,
    [inputs, outputs] = weight.shape as [number, number];
  const bound = Math.sqrt(6 / (inputs + outputs));
  assert(await weight.abs().max().item() <= bound);
  assertAlmostEquals(await weight.variance().item() * (inputs + outputs) / 2, 1, 0.15);
});

Deno.test("transformerSize() counts the paper's models, and every layout", () => {
  // Counted by hand: table, then per layer attention 4(d² + d), feed-forward 2df + f + d, norms 2d each.
  const byHand = (V: number, d: number, f: number, N: number): number =>
    V * d + N * (4 * (d * d + d) + (2 * d * f + f + d) + 2 * 2 * d) +
    N * (8 * (d * d + d) + (2 * d * f + f + d) + 3 * 2 * d);
  assertEquals(transformerSize(transformerBase), byHand(37000, 512, 2048, 6));
  assertEquals(transformerSize(transformerBase), 63_082_496);
  assertEquals(transformerSize(transformerBig), byHand(37000, 1024, 4096, 6));
  assertEquals(transformerSize(transformerBig), 214_245_376);
  const layouts: Partial<EncoderDecoderOptions>[] = [
    {},
    { sourceVocabSize: 7 },
    { tieHead: false, numGroups: 1 },
    { placement: "pre", positions: learned(), contextLength: 9 },
    { norm: rmsNormalization(), activation: swiGlu, bias: false, placement: "pre" },
    { positions: t5({ numBuckets: 8 }), headSize: 6 },
    { bias: false },
    { placement: "both", attention: multiHead({ queryKeyNorm: rmsNormalization(), inputBias: false }) },
  ];
  for (const layout of layouts) {
    const options = { ...small, ...layout };
    assertEquals(new EncoderDecoder(options, new Random(1)).parameterCount(), transformerSize(options));
  }
});

onReference("EncoderDecoder() has the gradients of its formula", async () => {
  const layout = { ...small, numLayers: 1, sourceVocabSize: 6, positions: learned() };
  const model = new EncoderDecoder(layout, new Random(1)).eval();
  const source = ids([[3, 4, 5], [1, 2, 0]]), target = ids([[1, 4], [1, 9]]);
  const run = (): Tensor => softmax(model.forward(source, target, { sourceMask: source.notEqual(0) }));
  await assertModuleGradients(model, run, { tolerance: 1e-5 });
});

Deno.test("EncoderDecoder() refuses what no model can be", () => {
  const build = (options: object) => new EncoderDecoder({ ...small, ...options }, new Random(1));
  assertThrows(
    () => build({ dModel: 4 }),
    TypeError,
    'Cannot build a model with option "dModel": options are ',
  );
  assertThrows(() => build({ numLayers: 0 }), RangeError, "numLayers = 0: numLayers must be an integer of at least 1");
  assertThrows(() => build({ vocabSize: undefined }), TypeError, "vocabSize = undefined");
  assertThrows(() => build({ numHeads: 3 }), RangeError, "numHeads must divide hiddenSize");
  assertThrows(
    () => build({ positions: "rotary" }),
    TypeError,
    "positions must be a position scheme, such as rotary()",
  );
  assertThrows(() => build({ dropout: -0.1 }), RangeError, "dropout = -0.1");
  assertThrows(
    () => build({ contextLength: 3 }).encode(ids([[1, 2, 3, 4]])),
    RangeError,
    "Cannot read 4 positions: contextLength is 3",
  );
});

onEveryBackend("lastOnly scores the last position as a whole pass scores it, and no other", async () => {
  const tokens = ids([[1, 5, 9, 4], [1, 3, 3, 2]]), source = ids([[3, 4, 5], [7, 8, 0]]);
  for (const options of [{}, { tieHead: false, placement: "post" }, { tieHead: false, placement: "pre" }] as const) {
    const model = new DecoderOnly({ ...small, ...options }, new Random(1));
    const translator = new EncoderDecoder({ ...small, ...options }, new Random(1)).eval();
    const given = translator.given(translator.encode(source, { mask: source.notEqual(0) }), source.notEqual(0));
    const decoders = [
      { decoder: model, head: model.head },
      { decoder: given, head: translator.head },
    ];
    for (const { decoder, head } of decoders) {
      const whole = decoder.forward(tokens);
      let scored: number | undefined;
      if (head) {
        const score = head.forward.bind(head);
        head.forward = (x) => (scored = (x as Tensor).shape[1]!, score(x));
      }
      const last = decoder.forward(tokens, { lastOnly: true });
      assertEquals(last.shape, [2, 1, 11]);
      await assertClose(last, whole.slice(1, -1), { rtol: 1e-5, atol: 1e-5 });
      assertEquals(scored, head && 1);

      // The caches hold every position, scored or not.
      const caches = decoder.newCaches(() => new PlainMemory());
      decoder.forward(tokens.slice(1, 0, 3), { caches, lastOnly: true });
      const next = decoder.forward(tokens.slice(1, 3), { caches, lastOnly: true });
      await assertClose(next, whole.slice(1, -1), { rtol: 1e-4, atol: 1e-5 });
    }
  }
});

// ## Decoder only

const everyPosition: PositionScheme[] = [learned(), sinusoidal, shaw(), t5(), rotary(), alibi, noPositions];
const text = [[1, 5, 9, 4, 3], [2, 2, 7, 0, 10]];

onEveryBackend("DecoderOnly() cannot see the future, for every kind of positions", async () => {
  for (const positions of everyPosition) {
    const model = new DecoderOnly({ ...small, contextLength: 5, positions }, new Random(1));
    const other = text.map((row) => [...row.slice(0, 4), 8]);
    const past = (x: Tensor): Tensor => x.slice(1, 0, 4);
    await assertClose(past(model.forward(ids(other))), past(model.forward(ids(text))), { tolerance: 0 });
  }
});

onEveryBackend("DecoderOnly() with caches computes what it computes without, for every kind of positions", async () => {
  for (const positions of everyPosition) {
    const model = new DecoderOnly({ ...small, contextLength: 5, positions, numGroups: 1 }, new Random(1));
    const caches = model.newCaches(() => new PlainMemory()), tokens = ids(text);
    assertEquals(caches.length, 2);
    const parts = [[0, 2], [2, 3], [3, 5]].map(([start, end]) =>
      model.forward(tokens.slice(1, start!, end!), { caches })
    );
    await assertClose(concat(parts, 1), model.forward(tokens), { rtol: 1e-4, atol: 1e-5 });
  }
});

onEveryBackend("DecoderOnly() ignores masked tokens, cached or not", async () => {
  const model = new DecoderOnly({ ...small, positions: rotary() }, new Random(1));
  const mask = tensor([[false, false, true, true, true], [true, true, true, true, true]]);
  const junk = text.map((row, b) => b === 0 ? [3, 3, ...row.slice(2)] : row);
  const run = (rows: number[][]): Tensor => model.forward(ids(rows), { mask }).slice(1, 2);
  await assertClose(run(junk), run(text), { tolerance: 0 });
  const caches = model.newCaches(() => new PlainMemory());
  model.forward(ids(text).slice(1, 0, 3), { caches, mask: mask.slice(1, 0, 3) });
  await assertClose(model.forward(ids(text).slice(1, 3), { caches, mask }), run(text).slice(1, 1), {
    rtol: 1e-4,
    atol: 1e-5,
  });
});

onEveryBackend("DecoderOnly() starts as GPT-2 does", async () => {
  const model = new DecoderOnly({ ...small, vocabSize: 300, hiddenSize: 48, numHeads: 4, numLayers: 8 }, new Random(1));
  for (const [path, weight] of model.parameters()) {
    const values = await weight.read();
    if (path.endsWith("gain")) assert(values.every((value) => value === 1), path);
    else if (path.endsWith("bias")) assert(values.every((value) => value === 0), path);
    else {
      const expected = /output|down/.test(path) ? 0.02 / 4 : 0.02;
      assertAlmostEquals(Math.sqrt(await weight.variance().item()) / expected, 1, 0.15, path);
    }
  }
  // A model that knows nothing gives every token about the same probability.
  const logs = await logSoftmax(model.forward(ids([[1, 2, 3]]))).mean().item();
  assertAlmostEquals(logs, -Math.log(300), 0.1);
});

Deno.test("DecoderOnly() has the published size of GPT-2", () => {
  // 124,439,808 weights: the formula on a small layout is the model's count, and on the full one the published number.
  const size = (V: number, L: number, E: number, N: number): number =>
    V * E + L * E + N * (4 * (E * E + E) + 8 * E * E + 5 * E + 4 * E) + 2 * E;
  assertEquals(size(50257, 1024, 768, 12), 124_439_808);
  const options = { vocabSize: 50, contextLength: 10, hiddenSize: 12, numHeads: 3, numLayers: 2 };
  assertEquals(new DecoderOnly(options, new Random(1)).parameterCount(), size(50, 10, 12, 2));
});

onReference("DecoderOnly() has the gradients of its formula", async () => {
  const options = {
    activation: swiGlu,
    norm: rmsNormalization(),
    bias: false,
    positions: rotary(),
    numGroups: 1,
  } as const;
  for (const extra of [{}, options]) {
    const model = new DecoderOnly({ ...small, numLayers: 1, contextLength: 5, ...extra }, new Random(1));
    await assertModuleGradients(model, () => softmax(model.forward(ids(text))), { tolerance: 1e-5 });
  }
});

onEveryBackend("DecoderOnly() frees what a step made", () => {
  const model = new DecoderOnly({ ...small, contextLength: 5, positions: rotary() }, new Random(1));
  const step = (): void => scope(() => noGrad(() => void model.forward(ids(text))));
  step();
  const before = memoryUse();
  for (let i = 0; i < 5; i++) step();
  assertEquals(memoryUse(), before);
});

Deno.test("DecoderOnly() refuses what no model can be", () => {
  const build = (options: object) => new DecoderOnly({ ...small, contextLength: 4, ...options }, new Random(1));
  assertThrows(() => build({ positions: "random" }), TypeError, 'Cannot build a model with positions = "random"');
  assertThrows(() => build({ nLayer: 2 }), TypeError, 'Cannot build a model with option "nLayer"');
  assertThrows(() => build({}).forward(ids(text)), RangeError, "Cannot read 5 positions: contextLength is 4");
  assertThrows(
    () => build({}).forward(ids([[1]]), { caches: [new PlainMemory()] }),
    TypeError,
    "Cannot use 1 caches in 2 layers: each layer needs one",
  );
  assertThrows(
    () => build({}).forward(ids([[1]]), { caches: Array(2).fill(new PlainMemory()) }),
    TypeError,
    "Cannot use one cache in several of 2 layers: each needs its own",
  );
});

onEveryBackend("DecoderOnly() repeats a pattern of layers", async () => {
  const local = { attention: multiHead({ window: { before: 1 } }), positions: rotary({ base: 100 }) };
  const options = { vocabSize: 9, contextLength: 16, hiddenSize: 8, numHeads: 2, numLayers: 5, positions: rotary() };
  const model = new DecoderOnly({ ...options, pattern: [local, {}] }, new Random(1)).eval() as DecoderOnly;
  const seen = new Map<string, Tensor>(), tokens = ids([[1, 5, 2, 7, 3, 4]]);
  const logits = noGrad(() => model.forward(tokens, { observe: (path, weights) => void seen.set(path, weights) }));
  const first = await Promise.all(
    model.layers.map((_, i) => seen.get(`layers.${i}.attention`)!.slice(2, -1).slice(3, 0, 1).max().item()),
  );
  // The last position sees the first one in every second layer alone.
  assertEquals(first.map((weight) => weight > 0), [false, true, false, true, false]);
  const rules = model.layers.map(({ attention }) => (attention as MultiHeadAttention).positions);
  assertEquals([new Set(rules).size, rules[0] === rules[4], rules[1] === rules[3]], [2, true, true]);
  // Layer by layer, with the window and angles of each.
  const near = new DecoderOnly({ ...options, ...local }, Random.none), far = new DecoderOnly(options, Random.none);
  for (const other of [near, far]) {
    other.loadStateDict(model.stateDict());
    other.eval();
  }
  let hidden = model.embedding.forward(tokens);
  for (const i of model.layers.keys()) {
    hidden = noGrad(() => (i % 2 === 0 ? near : far).layers[i]!.forward(hidden, { causal: true }));
  }
  const expected = noGrad(() => model.embedding.weight.multiplyTransposed(model.norm!.forward(hidden)));
  await assertClose(logits, expected, { rtol: 1e-5, atol: 1e-5 });
  assertThrows(() => new DecoderOnly({ ...options, pattern: [{ positions: learned() }] }, new Random(1)), TypeError);
});

onEveryBackend("DecoderOnly() scales what is embedded and bends logits", async () => {
  const options = { vocabSize: 9, contextLength: 16, hiddenSize: 8, numHeads: 2, numLayers: 1, positions: noPositions };
  const plain = new DecoderOnly({ ...options, tieHead: false }, new Random(1)).eval() as DecoderOnly;
  const scaled = new DecoderOnly({ ...options, tieHead: false, embeddingScale: 3, softCap: 0.2 }, Random.none);
  const state = plain.stateDict();
  scaled.loadStateDict(state);
  scaled.eval();
  plain.embedding.weight.tensor.assign(plain.embedding.weight.tensor.mul(3));
  const tokens = ids([[1, 5, 2]]), logits = noGrad(() => plain.forward(tokens));
  const found = noGrad(() => scaled.forward(tokens));
  await assertClose(found, logits.div(0.2).tanh().mul(0.2), { rtol: 1e-5, atol: 1e-6 });
  assert(Math.max(...(await found.read()).map(Math.abs)) < 0.2);
});
