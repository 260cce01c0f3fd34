import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { bleu, sentenceBleu } from "../../core/06_training/bleu.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import {
  type Baseline,
  meanOfOthers,
  type Policy,
  policyGradientLoss,
  reinforce,
  type ReinforceOptions,
  RunningMean,
  sampledTargets,
  type SampledText,
} from "../../core/06_training/policy_gradient.ts";
import { generate } from "../../core/07_generation/generate.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Module } from "../../core/engine/module.ts";
import { useClock } from "../../core/engine/pace.ts";
import { Random } from "../../core/engine/random.ts";
import { release, scope } from "../../core/engine/scope.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { assertClose, assertGradients, Draws, onEveryBackend, onReference, sumOver } from "../support.ts";

// A translator so small that every text can be looked at: four tokens, at most three to a text.
const V = 4, BEGIN = 1, END = 2, LONGEST = 3;
const special = { prompt: [BEGIN], endToken: END, padToken: 0 };

const ids = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);

/** The smallest translator whose weights have opinions. */
function translator(seed: number, dropout = 0): EncoderDecoder {
  const random = new Random(seed);
  const layout = { vocabSize: V, contextLength: 8, hiddenSize: 4, numHeads: 2, numLayers: 1, dropout };
  const model = new EncoderDecoder(layout, random);
  for (const weight of model.parameters().values()) {
    if (weight.rank === 2) weight.assign(random.normal(weight.shape, { deviation: 0.6 }));
  }
  return model.eval() as EncoderDecoder;
}

/** The translator as what learns; every example is a source of one length. */
function policyOf(model: EncoderDecoder): Policy<readonly number[]> {
  return {
    model,
    async write(sources, random) {
      const memory = scope(() => noGrad(() => model.encode(ids(sources))));
      try {
        return await generate(model.given(memory), sources.map(() => [BEGIN]), {
          maxNewTokens: LONGEST,
          eosToken: END,
          ...(random && { random }),
        });
      } finally {
        release(memory);
      }
    },
    forward: (sources, inputs) => model.forward(ids(sources), inputs),
  };
}

/** Every text that the translator can write. */
function everyText(tokens: readonly number[] = []): SampledText[] {
  if (tokens.length === LONGEST) return [{ tokens, finished: false }];
  return [0, 1, 2, 3].flatMap((token) => token === END ? [{ tokens, finished: true }] : everyText([...tokens, token]));
}

const SOURCE = [3, 0, 3];
const TEXTS = everyText();
/** All gradients of a model, one after the other, and cleared. */
async function gradients(model: Module): Promise<number[]> {
  const all: number[] = [];
  for (const parameter of model.parameters().values()) {
    all.push(...await parameter.grad!.read());
    parameter.grad = undefined;
  }
  return all;
}

/** What the model says of every text, and what each is worth: more than nothing, as BLEU is. */
async function enumerated(model: EncoderDecoder, seed: number) {
  const draws = new Draws(seed), rewards = TEXTS.map(() => 1 + draws.next());
  const surprise = (texts: readonly SampledText[]) => {
    const { inputs, targets } = sampledTargets(texts, special);
    const logits = model.forward(ids(texts.map(() => SOURCE)), inputs);
    return crossEntropy(logits, targets, { reduction: "none" }).sum(1);
  };
  const all = surprise(TEXTS), chances = Array.from(await all.read(), (x) => Math.exp(-x));
  // The expected reward, spelled out and differentiated: no sampling, no logarithm.
  all.neg().exp().mul(tensor(rewards)).sum().neg().backward();
  const truth = await gradients(model);
  const single: number[][] = [];
  for (const text of TEXTS) {
    surprise([text]).sum().backward();
    single.push(await gradients(model));
  }
  return { rewards, chances, truth, single };
}

const expected = (chances: readonly number[], f: (n: number) => number): number =>
  sumOver(chances.length, (n) => chances[n]! * f(n));
const product = (a: readonly number[], b: readonly number[]): number => sumOver(a.length, (i) => a[i]! * b[i]!);

onReference(
  "policyGradientLoss() has the gradient of the expected reward, whatever the constant baseline",
  async () => {
    const model = translator(1), { rewards, chances, truth } = await enumerated(model, 2);
    assert(Math.abs(sumOver(chances.length, (n) => chances[n]!) - 1) < 1e-12);
    assertEquals(TEXTS.length, 40);
    const { inputs, targets } = sampledTargets(TEXTS, special);
    for (const baseline of [0, 1.5, -7]) {
      // The mean over every text, each as often as it is drawn.
      const weighted = rewards.map((reward, n) => TEXTS.length * chances[n]! * (reward - baseline));
      const logits = model.forward(ids(TEXTS.map(() => SOURCE)), inputs);
      policyGradientLoss(logits, targets, tensor(weighted)).backward();
      const found = await gradients(model);
      const scale = Math.sqrt(product(truth, truth));
      found.forEach((x, i) => assert(Math.abs(x - truth[i]!) < 1e-12 * scale * 100, `${x} against ${truth[i]}`));
    }
  },
);

onReference("a baseline lowers the spread of the gradient and leaves its mean alone", async () => {
  const { rewards, chances, truth, single } = await enumerated(translator(1), 2);
  const norms = single.map((g) => product(g, g)), size = product(truth, truth);
  /** Total variance of one sample's gradient with a constant baseline. */
  const spread = (b: number): number => expected(chances, (n) => (rewards[n]! - b) ** 2 * norms[n]!) - size;
  const mean = expected(chances, (n) => rewards[n]!);
  const likeliest = rewards[chances.indexOf(Math.max(...chances))]!;
  assert(spread(mean) < spread(0) / 4, `${spread(mean)} against ${spread(0)}`);
  assert(spread(likeliest) < spread(0) / 2, `${spread(likeliest)} against ${spread(0)}`);

  // The mean of the other one of two samples: all pairs.
  const estimate = new Float64Array(truth.length);
  let square = 0;
  chances.forEach((p, a) =>
    chances.forEach((q, b) => {
      const [first, second] = meanOfOthers([rewards[a]!, rewards[b]!], 2) as [number, number];
      const pair = single[a]!.map((g, i) => ((rewards[a]! - first) * g + (rewards[b]! - second) * single[b]![i]!) / 2);
      pair.forEach((g, i) => estimate[i]! += p * q * g);
      square += p * q * product(pair, pair);
    })
  );
  estimate.forEach((g, i) => assert(Math.abs(g - truth[i]!) < 1e-10));
  assert(square - size < spread(0) / 2 / 2, `${square - size} against ${spread(0) / 2}`);
});

onReference("meanOfOthers() leaves out the reward itself, which would shrink the gradient", async () => {
  assertEquals(meanOfOthers([1, 2, 3, 10, 20, 30], 3), [2.5, 2, 1.5, 25, 20, 15]);
  const { rewards, chances, truth, single } = await enumerated(translator(3), 4);
  const estimate = (baseline: (a: number, b: number) => number): number[] =>
    truth.map((_, i) =>
      expected(chances, (a) => expected(chances, (b) => (rewards[a]! - baseline(a, b)) * single[a]![i]!))
    );
  const others = estimate((_, b) => rewards[b]!), all = estimate((a, b) => (rewards[a]! + rewards[b]!) / 2);
  truth.forEach((g, i) => {
    assert(Math.abs(others[i]! - g) < 1e-10);
    assert(Math.abs(all[i]! - g / 2) < 1e-10);
  });
  assertThrows(() => meanOfOthers([1, 2], 1), RangeError, "Cannot compare 2 rewards in groups of 1");
  assertThrows(() => meanOfOthers([1, 2, 3], 2), RangeError, "groups must be whole and of at least 2");
});

onReference("texts drawn at another temperature give another gradient", async () => {
  const model = translator(1), { rewards, chances, truth, single } = await enumerated(model, 2);
  const { inputs, targets } = sampledTargets(TEXTS, special);
  const sharper = model.forward(ids(TEXTS.map(() => SOURCE)), inputs).div(0.5);
  const sharp = Array.from(
    await crossEntropy(sharper, targets, { reduction: "none" }).sum(1).read(),
    (x) => Math.exp(-x),
  );
  const mean = expected(chances, (n) => rewards[n]!);
  const found = truth.map((_, i) => expected(sharp, (n) => (rewards[n]! - mean) * single[n]![i]!));
  const off = found.map((g, i) => g - truth[i]!);
  assert(product(off, off) > product(truth, truth) / 10);
});

onReference("the mean over drawn texts is the gradient of the expected reward, within its standard error", async () => {
  const model = translator(1), { rewards, chances, truth, single } = await enumerated(model, 2);
  const worth = new Map(TEXTS.map((text, n) => [`${text.tokens}${text.finished}`, rewards[n]!]));
  const N = 4000, sources = Array.from({ length: N }, () => SOURCE), policy = policyOf(model);
  const samples = await policy.write(sources, new Random(5));
  const drawn = samples.map(({ tokens, finished }) => worth.get(`${tokens}${finished}`)!);
  const { inputs, targets } = sampledTargets(samples, special);
  const greedy = worth.get((([text]) => `${text!.tokens}${text!.finished}`)(await policy.write([SOURCE])))!;
  const draws = new Draws(6);
  for (const baseline of [0, greedy]) {
    const advantages = tensor(drawn.map((reward) => reward - baseline));
    policyGradientLoss(policy.forward(sources, inputs), targets, advantages).backward();
    const found = await gradients(model);
    for (let direction = 0; direction < 8; direction++) {
      const way = [...draws.normal(truth.length).data], right = product(truth, way);
      const variance = expected(chances, (n) => ((rewards[n]! - baseline) * product(single[n]!, way)) ** 2) -
        right ** 2;
      const errors = (product(found, way) - right) / Math.sqrt(variance / N);
      assert(Math.abs(errors) < 4, `${errors} standard errors`);
    }
  }
});

onEveryBackend("policyGradientLoss() weighs the log-probability of each text by its advantage", async () => {
  const model = translator(7), policy = policyOf(model), sources = [[3, 0, 1], [0, 0, 3], [3, 3, 3]];
  const texts = await policy.write(sources, new Random(8)) as readonly (SampledText & { logProbability: number })[];
  const { inputs, targets } = sampledTargets(texts, special);
  const advantages = [0.5, -2, 3];
  const loss = policyGradientLoss(policy.forward(sources, inputs), targets, tensor(advantages));
  const right = -sumOver(3, (n) => advantages[n]! * texts[n]!.logProbability) / 3;
  await assertClose(loss, right, { rtol: 1e-5 });
  loss.backward();
  assert((await gradients(model)).every(Number.isFinite));
});

onReference("policyGradientLoss() has the gradient that differences say, and none for the advantages", async () => {
  const targets = ids([[3, 1, 2], [0, 2, -100]]);
  const draws = new Draws(9);
  await assertGradients((logits) => policyGradientLoss(logits!, targets, tensor([1.5, -0.5])), [draws.normal(2, 3, 4)]);
  const advantages = tensor([1, 2]);
  advantages.requiresGrad = true;
  const logits = draws.normal(2, 3, 4).tensor();
  logits.requiresGrad = true;
  policyGradientLoss(logits, targets, advantages).backward();
  assertEquals(advantages.grad, undefined);
  assertThrows(() => policyGradientLoss(logits, targets, tensor([1])), TypeError, "Cannot read shape [1] as [N=2]");
});

onEveryBackend("sampledTargets() asks for END only where it was drawn", async () => {
  const texts = [{ tokens: [7, 8], finished: true }, { tokens: [5, 6], finished: false }, {
    tokens: [],
    finished: true,
  }];
  const { inputs, targets, mask } = sampledTargets(texts, { prompt: [1], endToken: 2, padToken: 0 });
  assertEquals([...await inputs.read()], [1, 7, 8, 1, 5, 0, 1, 0, 0]);
  assertEquals([...await targets.read()], [7, 8, 2, 5, 6, -100, 2, -100, -100]);
  assertEquals([...await mask.read()], [1, 1, 1, 1, 1, 0, 1, 0, 0]);

  // A language model reads its prompt and is not asked for it.
  const long = sampledTargets(texts.slice(0, 2), {
    prompt: [[3, 4], [9, 9]],
    endToken: 2,
    padToken: 0,
    ignoreIndex: -1,
  });
  assertEquals([...await long.inputs.read()], [3, 4, 7, 8, 9, 9, 5, 0]);
  assertEquals([...await long.targets.read()], [-1, 7, 8, 2, -1, 5, 6, -1]);
  assertEquals([...await long.mask.read()], [0, 1, 1, 1, 0, 1, 1, 0]);
  assertThrows(() => sampledTargets(texts, { prompt: [1], padToken: 0 }), TypeError, "without endToken");
  assertThrows(() => sampledTargets(texts, { prompt: [[1]], padToken: 0 }), TypeError, "3 texts after 1 prompts");
});

Deno.test("RunningMean follows the rewards of earlier steps", () => {
  const mean = new RunningMean(0.5);
  assertEquals([mean.next([4, 6]), mean.next([9]), mean.next([0])], [0, 5, 7]);
  assertEquals(mean.value, 3.5);
  const other = new RunningMean(0.5);
  other.restore(mean.value);
  assertEquals(other.next([1]), 3.5);
  assertThrows(() => new RunningMean(1), RangeError, "Cannot keep a share of 1: it must be in [0, 1)");
});

/** Pays for every 3 in a text. */
const threes = ({ tokens }: SampledText): number => tokens.filter((token) => token === 3).length;

function lesson(model: EncoderDecoder, steps: number, more: Partial<ReinforceOptions<readonly number[]>> = {}) {
  return {
    ...special,
    policy: policyOf(model),
    batches: { next: () => Array.from({ length: 8 }, () => SOURCE) },
    reward: threes,
    random: new Random(1),
    optimizer: new Optimizer(model.parameters(), sgd({ learningRate: 0.1 })),
    steps,
    ...more,
  };
}

onReference("reinforce() learns what is rewarded, with every baseline", async () => {
  const baselines: Baseline[] = ["none", "greedy", "others", new RunningMean()];
  for (const baseline of baselines) {
    const model = translator(1), seen: number[] = [];
    assert(threes((await policyOf(model).write([SOURCE]))[0]!) < LONGEST);
    const reports = await reinforce(lesson(model, 40, {
      baseline,
      numSamples: 2,
      clipNorm: 1,
      onProgress: ({ step }) => void seen.push(step),
    }));
    assertEquals(seen, Array.from({ length: 40 }, (_, i) => i + 1));
    assert(reports.at(-1)!.reward > reports[0]!.reward + 0.5, `${reports[0]!.reward} to ${reports.at(-1)!.reward}`);
    assertEquals(threes((await policyOf(model).write([SOURCE]))[0]!), LONGEST);
  }
});

onEveryBackend("reinforce() raises the reward", async () => {
  const model = translator(1), policy = policyOf(model), sources = Array.from({ length: 100 }, () => SOURCE);
  const earned = async () => (await policy.write(sources, new Random(2))).reduce((sum, text) => sum + threes(text), 0);
  const before = await earned();
  await reinforce(lesson(model, 8, { schedule: () => 0.3 }));
  assert(await earned() > before + 30);
});

onReference("reinforce() takes the step that the loss of its texts says", async () => {
  const model = translator(2), other = translator(2), policy = policyOf(other), sources = [SOURCE, [0, 0, 1]];
  const [report] = await reinforce(lesson(model, 1, { batches: { next: () => sources }, numSamples: 2 }));
  const repeated = sources.flatMap((source) => [source, source]);
  const samples = await policy.write(repeated, new Random(1)), greedy = await policy.write(sources);
  const { inputs, targets } = sampledTargets(samples, special);
  const advantages = samples.map((text, n) => threes(text) - threes(greedy[n >> 1]!));
  policyGradientLoss(policy.forward(repeated, inputs), targets, tensor(advantages)).backward();
  new Optimizer(other.parameters(), sgd({ learningRate: 0.1 })).step();
  for (const [name, weight] of model.parameters()) {
    assertEquals(await weight.read(), await other.parameters().get(name)!.read());
  }
  assertEquals(report!.reward, sumOver(4, (n) => threes(samples[n]!)) / 4);
  assertEquals(report!.baseline, sumOver(2, (n) => threes(greedy[n]!)) / 2);
});

onReference("reinforce() scores texts without dropout, as they were drawn", async () => {
  const [plain, dropping] = [translator(2), translator(2, 0.5)];
  for (const model of [plain, dropping]) await reinforce(lesson(model, 3));
  for (const [name, weight] of plain.parameters()) {
    assertEquals(await weight.read(), await dropping.parameters().get(name)!.read());
  }
  assertEquals([...dropping.randoms().values()].map((random) => random.state().counter), [0]);
});

onReference("reinforce() continues where it stopped", async () => {
  const whole = translator(3), halves = translator(3);
  await reinforce(lesson(whole, 6));
  const stop = new AbortController(), options = lesson(halves, 6);
  await assertRejects(() =>
    reinforce({ ...options, signal: stop.signal, onProgress: ({ step }) => void (step === 3 && stop.abort()) })
  );
  assertEquals(options.optimizer!.steps, 3);
  await reinforce(options);
  for (const [name, weight] of whole.parameters()) {
    assertEquals(await weight.read(), await halves.parameters().get(name)!.read());
  }
});

onReference("reinforce() aborted in any pause and called again equals the unaborted run", async () => {
  const whole = translator(3);
  let pauses = 0, stop: AbortController | undefined;
  // Every question whether to pause is answered with yes.
  const turn = (): Promise<void> => Promise.resolve(void (--pauses === 0 && stop!.abort()));
  useClock({ period: 0, now: () => 0, turn });
  try {
    await reinforce(lesson(whole, 3));
    const all = -pauses;
    assert(all > 20);
    for (let at = 1; at <= all; at++) {
      const model = translator(3), options = lesson(model, 3);
      [pauses, stop] = [at, new AbortController()];
      // In the last step nothing is left to stop.
      await reinforce({ ...options, signal: stop.signal }).catch((error) => assertEquals(error, stop!.signal.reason));
      await reinforce(options);
      for (const [name, weight] of whole.parameters()) {
        assertEquals(await weight.read(), await model.parameters().get(name)!.read());
      }
    }
  } finally {
    useClock();
  }
});

onReference("reinforce() refuses rewards that are no numbers, and others where there are none", async () => {
  await assertRejects(
    () => reinforce(lesson(translator(1), 1, { reward: () => NaN })),
    RangeError,
    "Cannot learn from a reward of NaN",
  );
  await assertRejects(
    () => reinforce(lesson(translator(1), 1, { baseline: "others", numSamples: 1 })),
    RangeError,
    'Cannot reinforce with numSamples = 1: baseline "others" needs at least 2',
  );
  const unknown = { ...lesson(translator(1), 1), samples: 3 };
  await assertRejects(() => reinforce(unknown), TypeError, 'Cannot reinforce with option "samples"');
});

Deno.test("sentenceBleu() with add-k smoothing is the reward of Lin and Och", () => {
  // Three of four words, one of three pairs, no triple of two: one is added to all but the first.
  const { score } = sentenceBleu("a b x d", "a b c d", { smoothing: "add-k" });
  const right = 100 * (3 / 4 * (1 + 1) / (3 + 1) * (0 + 1) / (2 + 1) * (0 + 1) / (1 + 1)) ** (1 / 4);
  assert(Math.abs(score - right) < 1e-9);
  assertEquals(bleu(["a b x d"], ["a b c d"], { smoothing: "none" }).score, 0);
});
