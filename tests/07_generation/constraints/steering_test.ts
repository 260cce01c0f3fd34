/** FUDGE, rewards, rejection and preferences, against what tiny models let one enumerate. */

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fudgeRule, PrefixClassifier, prefixLoss } from "../../../core/07_generation/constraints/fudge.ts";
import {
  dpoLoss,
  klToReference,
  preferenceLoss,
  textLogProbabilities,
} from "../../../core/07_generation/constraints/preferences.ts";
import { highestRate, rejectionSampling } from "../../../core/07_generation/constraints/rejection.ts";
import { rewardLoss, rewardRule } from "../../../core/07_generation/constraints/rewards.ts";
import { generate } from "../../../core/07_generation/generate.ts";
import type { LogitsRule } from "../../../core/07_generation/rules.ts";
import { toProbabilities } from "../../../core/07_generation/sampling.ts";
import { gradientsOf } from "../../../core/engine/derivatives.ts";
import { parameter, tensor } from "../../../core/engine/create.ts";
import { Random } from "../../../core/engine/random.ts";
import type { Tensor } from "../../../core/engine/tensor.ts";
import { logSoftmax } from "../../../core/02_words/softmax.ts";
import { adam } from "../../../core/06_training/adam.ts";
import { Optimizer } from "../../../core/06_training/optimizer.ts";
import { train } from "../../../core/06_training/loop.ts";
import { Module } from "../../../core/engine/module.ts";
import { Draws, onEveryBackend } from "../../support.ts";
import { languageModel } from "../models.ts";

const V = 3, LENGTH = 4;

/** Probabilities that depend on the whole prefix. */
function randomModel(seed: number): (tokens: readonly number[]) => Float64Array {
  const rows = new Map<string, Float64Array>(), draws = new Draws(seed);
  return (tokens) => {
    const name = tokens.join();
    if (!rows.has(name)) rows.set(name, toProbabilities(draws.normal(V).data));
    return rows.get(name)!;
  };
}

type Model = ReturnType<typeof randomModel>;

/** All texts of a length. */
function texts(length = LENGTH): number[][] {
  if (length === 0) return [[]];
  return texts(length - 1).flatMap((text) => Array.from({ length: V }, (_, token) => [...text, token]));
}

const probabilityOf = (model: Model, text: readonly number[]): number =>
  text.reduce((p, token, i) => p * model(text.slice(0, i))[token]!, 1);

/** The probability of a text that is drawn token by token under a rule. */
const underRule = (model: Model, rule: LogitsRule, text: readonly number[]): number =>
  text.reduce((p, token, i) => {
    const tokens = text.slice(0, i);
    // Behind what is never drawn a rule may leave nothing.
    return p === 0 ? 0 : p * toProbabilities(rule.onHost(model(tokens).map(Math.log), { tokens }))[token]!;
  }, 1);

/** The mean of something over all texts that begin so. */
function expected(model: Model, of: (text: readonly number[]) => number, prefix: readonly number[]): number {
  if (prefix.length === LENGTH) return of(prefix);
  return model(prefix).reduce((sum, p, token) => sum + p * expected(model, of, [...prefix, token]), 0);
}

/** A judgement that is in no token: how many different tokens the text has. */
const isVaried = (text: readonly number[]): number => Number(new Set(text).size === 3);

Deno.test("FUDGE with the true future draws from the conditional distribution", () => {
  for (let seed = 0; seed < 10; seed++) {
    const model = randomModel(seed), complies = expected(model, isVaried, []);
    const classify = (tokens: readonly number[], candidates: readonly number[]) =>
      candidates.map((token) => {
        const p = Math.min(1, expected(model, isVaried, [...tokens, token]));
        return Math.log(p) - Math.log1p(-p);
      });
    const rule = fudgeRule({ classify });
    for (const text of texts()) {
      const wanted = isVaried(text) * probabilityOf(model, text) / complies;
      assertAlmostEquals(underRule(model, rule, text), wanted, 1e-9);
    }
  }
});

Deno.test("fudgeRule() judges the candidates alone, and drops the others", () => {
  const asked: number[][] = [];
  const classify = (tokens: readonly number[], candidates: readonly number[]) => {
    asked.push([...tokens, ...candidates]);
    return candidates.map((token) => token === 1 ? 800 : -800);
  };
  const logits = Float64Array.of(1, 3, -Infinity, 2, 5);
  const row = fudgeRule({ classify, topK: 3 }).onHost(logits, { tokens: [9] });
  assertEquals(asked, [[9, 1, 3, 4]]);
  // Log-odds of ±800 do not overflow.
  assertEquals([...row], [-Infinity, 3, -Infinity, 2 - 800, 5 - 800]);
  assertEquals(logits[0], 1, "the argument stays as it is");
  assertEquals(fudgeRule({ classify, topK: 3, strength: 0.5 }).onHost(logits, { tokens: [] })[4], 5 - 400);
  assertThrows(
    () => fudgeRule({ classify: () => [1] }).onHost(logits, { tokens: [] }),
    TypeError,
    "Cannot weigh 4 candidates by 1 scores",
  );
  assertThrows(() => fudgeRule({ classify, strength: 0 }), RangeError, "strength");
  assertThrows(() => fudgeRule({ classify, topK: 0 }), RangeError, "topK");
});

Deno.test("rewardRule() is exact for a certain reward, and not for an expected one", () => {
  const model = randomModel(4), beta = 2;
  const value = (text: readonly number[]): number => Math.exp(beta * isVaried(text));
  const total = expected(model, value, []);
  // With $\log \mathbb{E}[e^{\beta R}] / \beta$ in place of $\mathbb{E}[R]$ the rule draws from the best compromise.
  const exact = rewardRule({
    beta,
    reward: (tokens, candidates) =>
      candidates.map((token) => Math.log(expected(model, value, [...tokens, token])) / beta),
  });
  const mean = rewardRule({
    beta,
    reward: (tokens, candidates) => candidates.map((token) => expected(model, isVaried, [...tokens, token])),
  });
  let distance = 0;
  for (const text of texts()) {
    const best = probabilityOf(model, text) * value(text) / total;
    assertAlmostEquals(underRule(model, exact, text), best, 1e-9);
    distance += Math.abs(underRule(model, mean, text) - best) / 2;
  }
  assert(distance > 0.01, `${distance}`);
  // More weight, more reward; a weight of 0 changes nothing but the cut.
  const reward = (weight: number): number => {
    const rule = rewardRule({
      beta: weight,
      reward: (tokens, all) => all.map((v) => expected(model, isVaried, [...tokens, v])),
    });
    return texts().reduce((sum, text) => sum + underRule(model, rule, text) * isVaried(text), 0);
  };
  const found = [0, 1, 3, 10].map(reward);
  assertAlmostEquals(found[0]!, expected(model, isVaried, []), 1e-9);
  found.slice(1).forEach((one, i) => assert(one > found[i]!));
  assertThrows(() => rewardRule({ beta: NaN, reward: () => [] }), RangeError, "beta");
});

/** Texts with a label: the attribute is that 2 occurs after 0, which the first tokens only make probable. */
const LABELLED = [[0, 2, 1], [0, 1, 2], [0, 0, 2], [0, 1, 1], [1, 1, 2], [1, 2, 1], [1, 0, 1], [2, 2, 1]];
const labelOf = (text: readonly number[]): number => Number(text.includes(0) && text.lastIndexOf(2) > text.indexOf(0));

async function taught(lossOf: (model: PrefixClassifier) => Tensor): Promise<PrefixClassifier> {
  const model = new PrefixClassifier({ vocabSize: 3, numPairs: 9 });
  await train({
    model,
    loss: () => lossOf(model),
    batches: { next: () => undefined },
    optimizer: new Optimizer(model.parameters(), adam({ learningRate: 0.2 })),
    steps: 120,
  });
  return model;
}

onEveryBackend("a classifier of prefixes says at each prefix how probable the attribute is", async () => {
  const labels = LABELLED.map(labelOf), all = LABELLED.map((text) => text.map(() => true));
  const model = await taught((model) => prefixLoss(model.forward(LABELLED), labels, all));
  const score = await model.scorer();
  const seen = await model.forward(LABELLED).read();
  LABELLED.forEach((text, n) =>
    text.forEach((token, t) => assertAlmostEquals(score(text.slice(0, t), [token])[0]!, seen[3 * n + t]!, 1e-4))
  );
  // After one token nothing is decided, and the frequencies are known: three of the four that begin with 0, none of the others.
  const sigmoid = (s: number): number => 1 / (1 + Math.exp(-s));
  const first = score([], [0, 1, 2]);
  const judged = Array.from(first, sigmoid);
  assert(judged[0]! > 0.6 && judged[0]! < 0.9, `${judged}`);
  assert(judged[1]! < 0.2 && judged[2]! < 0.3, `${judged}`);
  // One that was taught whole texts alone knows nothing of a single token.
  const last = LABELLED.map(() => [false, false, true]);
  const whole = await taught((model) => prefixLoss(model.forward(LABELLED), labels, last));
  const blind = Array.from((await whole.scorer())([], [0, 1, 2]), sigmoid);
  assert(Math.abs(blind[0]! - 0.75) > Math.abs(judged[0]! - 0.75), `${blind} ${judged}`);
});

onEveryBackend("rewardLoss() teaches every prefix to expect the reward of its text", async () => {
  const rewards = LABELLED.map((text) => labelOf(text) + 0.5), all = LABELLED.map((text) => text.map(() => true));
  const model = await taught((model) => rewardLoss(model.forward(LABELLED), rewards, all));
  const [zero, one] = Array.from((await model.scorer())([], [0, 1]));
  // Counting: three of four texts that begin with 0 have 1.5, the others 0.5.
  assert(Math.abs(zero! - 1.25) < 0.3 && Math.abs(one! - 0.5) < 0.3, `${zero} ${one}`);
  // By hand: errors of 1, 2 and 0 with the weights 1, 2 and 3; then padding, which counts nothing.
  const loss = rewardLoss(tensor([[1, 2, 0, 99]]), [0], [[true, true, true, false]]);
  assertAlmostEquals(await loss.item(), (1 * 1 + 2 * 4 + 3 * 0) / 6, 1e-6);
});

Deno.test("rules that steer act under every search", async () => {
  const model = languageModel(3), liked = 8;
  const like = (_: readonly number[], candidates: readonly number[]) =>
    candidates.map((token) => token === liked ? 1 : 0);
  for (const search of [{}, { numBeams: 3 }, { random: new Random(1) }]) {
    const steered = await generate(model, [1, 2], {
      maxNewTokens: 10,
      rules: [rewardRule({ reward: like, beta: 100, topK: 11 })],
      ...search,
    });
    assertEquals(steered.tokens, Array(10).fill(liked));
  }
});

Deno.test("rejectionSampling() stops at its budget and says what it found", async () => {
  let drawn = 0;
  const draw = (count: number) => {
    drawn += count;
    return Promise.resolve(Array.from({ length: count }, (_, i) => ({ tokens: [i, i] })));
  };
  const none = await rejectionSampling(draw, () => false, { budget: 100, batchSize: 30 });
  assertEquals([none.accepted.length, none.draws, none.tokens, none.rate, drawn], [0, 100, 200, 0, 100]);
  assertAlmostEquals(none.rateAtMost, 1 - 0.05 ** 0.01, 1e-12);
  const some = await rejectionSampling(draw, ({ tokens }) => tokens[0]! % 2 === 0, {
    budget: 100,
    batchSize: 10,
    wanted: 7,
  });
  assertEquals([some.accepted.map(({ tokens }) => tokens[0]), some.draws, some.rate], [[0, 2, 4, 6, 8, 0, 2], 20, 0.5]);
  const all = await rejectionSampling(draw, () => true, { budget: 3, wanted: 5 });
  assertEquals([all.accepted.length, all.draws, all.rate, all.rateAtMost], [3, 3, 1, 1]);
  await assertRejects(() => rejectionSampling(draw, () => true, { budget: 0 }), RangeError, "budget");
  await assertRejects(
    () => rejectionSampling(() => Promise.resolve([]), () => true, { budget: 4 }),
    TypeError,
    "Cannot reject 0 texts where 4 were drawn",
  );
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => rejectionSampling(draw, () => false, { budget: 9, signal }), Error, "enough");
});

Deno.test("what rejection keeps has the conditional distribution", async () => {
  const model = randomModel(7), random = new Random(3), counts = new Map<string, number>();
  const draw = (count: number) =>
    Promise.resolve(Array.from({ length: count }, () => {
      const tokens: number[] = [];
      while (tokens.length < LENGTH) tokens.push(random.categorical(model(tokens)));
      return { tokens };
    }));
  const { accepted, rate } = await rejectionSampling(draw, ({ tokens }) => isVaried(tokens) > 0, {
    budget: 60_000,
    wanted: 60_000,
    batchSize: 1000,
  });
  for (const { tokens } of accepted) counts.set(tokens.join(), (counts.get(tokens.join()) ?? 0) + 1);
  const complies = expected(model, isVaried, []);
  assert(Math.abs(rate - complies) < 5 * Math.sqrt(complies / 60_000));
  let statistic = 0, cells = 0;
  for (const text of texts().filter((one) => isVaried(one) > 0)) {
    const wanted = accepted.length * probabilityOf(model, text) / complies;
    if (wanted < 5) continue;
    statistic += ((counts.get(text.join()) ?? 0) - wanted) ** 2 / wanted;
    cells++;
  }
  // Mean and deviation of a chi-squared variable, with room for five of them.
  assert(statistic < cells + 5 * Math.sqrt(2 * cells), `${statistic} over ${cells}`);
});

Deno.test("highestRate() is the end of a one-sided interval of 95 %", () => {
  // Three of ten: with the rate 0.6066 at most three comply in 5 % of all cases (Clopper and Pearson).
  assertAlmostEquals(highestRate(3, 10), 0.6066, 5e-5);
  assertAlmostEquals(highestRate(0, 1), 0.95, 1e-12);
  assertEquals(highestRate(5, 5), 1);
  assertThrows(() => highestRate(2, 1), RangeError);
});

onEveryBackend("preferenceLoss() and dpoLoss() are what their formulas say, with their gradients", async () => {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const won = [1, -2, 400], lost = [0.5, 1, -400];
  const value = await preferenceLoss(tensor(won), tensor(lost)).item();
  assertAlmostEquals(value, (-Math.log(sigmoid(0.5)) - Math.log(sigmoid(-3)) - 0) / 3, 1e-5);

  const chosen = parameter(tensor([-3, -1])), rejected = parameter(tensor([-2, -4]));
  const referenceChosen = parameter(tensor([-3.5, -1])), referenceRejected = parameter(tensor([-2.5, -3]));
  const beta = 0.3, margins = [beta * (0.5 - 0.5), beta * (0 - -1)];
  const loss = dpoLoss({ chosen, rejected, referenceChosen, referenceRejected }, { beta });
  assertAlmostEquals(await loss.item(), margins.reduce((sum, m) => sum - Math.log(sigmoid(m)), 0) / 2, 1e-6);
  const [up, down] = gradientsOf(loss, [chosen, rejected]);
  const wanted = margins.map((m) => -beta * (1 - sigmoid(m)) / 2);
  (await up!.read()).forEach((g, i) => assertAlmostEquals(g, wanted[i]!, 1e-6));
  (await down!.read()).forEach((g, i) => assertAlmostEquals(g, -wanted[i]!, 1e-6));
});

onEveryBackend("dpoLoss() sends no gradient into the reference", () => {
  const logs = () => parameter(tensor([-1, -2]));
  const [chosen, rejected, referenceChosen, referenceRejected] = [logs(), logs(), logs(), logs()] as const;
  dpoLoss({ chosen, rejected, referenceChosen, referenceRejected }, { beta: 1 }).backward();
  assert(chosen.grad && rejected.grad);
  assert(!referenceChosen.grad && !referenceRejected.grad);
});

onEveryBackend("dpoLoss() does not change when both texts become less probable alike", async () => {
  const reference = { referenceChosen: tensor([-1]), referenceRejected: tensor([-1]) };
  const at = (chosen: number, rejected: number) =>
    dpoLoss({ chosen: tensor([chosen]), rejected: tensor([rejected]), ...reference }, { beta: 0.5 }).item();
  assertAlmostEquals(await at(-0.5, -1.5), await at(-20.5, -21.5), 1e-5);
});

/** A policy without a network: one logit for each of four answers. */
class Answers extends Module {
  readonly logits: Tensor;
  constructor(logits: readonly number[]) {
    super();
    this.logits = parameter(tensor([...logits]));
  }
}

onEveryBackend("DPO on comparisons of a known reward finds the best policy of the formula", async () => {
  const start = [0.5, -0.3, 0.2, 0], rewards = [0, 1.2, -0.4, 0.7], beta = 0.6;
  const policy = new Answers(start), reference = logSoftmax(tensor(start));
  // Every ordered pair, weighed by how often the first answer wins: so the loss is the expectation itself.
  const pairs = rewards.flatMap((a, i) => rewards.map((b, j) => ({ i, j, wins: 1 / (1 + Math.exp(b - a)) })))
    .filter(({ i, j }) => i !== j);
  const pick = (row: Tensor, which: "i" | "j", n: number): Tensor => row.at(0, pairs[n]![which]).reshape([1]);
  await train({
    model: policy,
    loss: () => {
      const own = logSoftmax(policy.logits);
      return pairs.map(({ wins }, n) =>
        dpoLoss({
          chosen: pick(own, "i", n),
          rejected: pick(own, "j", n),
          referenceChosen: pick(reference, "i", n),
          referenceRejected: pick(reference, "j", n),
        }, { beta }).mul(wins)
      ).reduce((sum, one) => sum.add(one));
    },
    batches: { next: () => undefined },
    optimizer: new Optimizer(policy.parameters(), adam({ learningRate: 0.1 })),
    steps: 150,
    schedule: (step) => 0.1 * (1 - step / 160),
  });
  const found = toProbabilities(await policy.logits.read());
  const best = toProbabilities(start.map((logit, i) => logit + rewards[i]! / beta));
  found.forEach((p, i) => assertAlmostEquals(p, best[i]!, 0.01));
});

onEveryBackend("textLogProbabilities() and klToReference() leave padding out", async () => {
  const logits = tensor([[[0, Math.log(3)], [0, 0]], [[0, 0], [5, 5]]]);
  const found = await textLogProbabilities(logits, [[1, 0], [1, -100]]).read();
  [Math.log(3 / 4) + Math.log(1 / 2), Math.log(1 / 2)].forEach((x, i) => assertAlmostEquals(found[i]!, x, 1e-6));
  const reference = tensor([[[0, 0], [0, 0]], [[0, 0], [9, -9]]]);
  const kl = await klToReference(logits, reference, [[true, true], [true, false]]).item();
  const first = 0.75 * Math.log(0.75 / 0.5) + 0.25 * Math.log(0.25 / 0.5);
  assertAlmostEquals(kl, first / 3, 1e-6);
  assertAlmostEquals(await klToReference(logits, logits, [[true, true], [true, true]]).item(), 0, 1e-6);
});
