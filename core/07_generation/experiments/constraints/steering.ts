/**
 * # A good review, in seven ways
 *
 * A small GPT writes reviews, most of them bad ones. It is asked for good ones, its bad ones are rejected, a second model steers it by FUDGE and by rewards, and preferences change its weights by DPO and by RLHF. The grammar that the reviews are of knows which are good.
 *
 * @module
 */

import { noGrad } from "../../../engine/autograd.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { DecoderOnly } from "../../../05_transformer/decoder_only.ts";
import { adamW } from "../../../06_training/adam.ts";
import { padSequences } from "../../../06_training/batching.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { Optimizer } from "../../../06_training/optimizer.ts";
import { reinforce, sampledTargets, type SampledText } from "../../../06_training/policy_gradient.ts";
import { mean, rounded } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { fixed, number, percent } from "../../../experiments/numbers.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { fudgeRule, PrefixClassifier, prefixLoss, type PrefixScorer } from "../../constraints/fudge.ts";
import { dpoLoss, klToReference, preferenceLoss, textLogProbabilities } from "../../constraints/preferences.ts";
import { rewardLoss, rewardRule } from "../../constraints/rewards.ts";
import { generate } from "../../generate.ts";
import type { LogitsRule } from "../../rules.ts";

/** Width, heads and layers of the model, its learning rate, steps and reviews of a step. */
const SIZE = 48, HEADS = 4, LAYERS = 2, RATE = 8e-3, STEPS = 280, BATCH = 24;
/** Reviews that the second models learn from, their steps, and those of preferences and of policy gradients. */
const JUDGED = 400, JUDGE_STEPS = 120, PAIRS = 96, DPO_STEPS = 60, RL_STEPS = 40, RL_BATCH = 24;
/** Their learning rates. */
const DPO_RATE = 2e-4, RL_RATE = 5e-4;
/** Fraction of the reviews that are good, and the price of leaving the reference. */
const GOOD_RATE = 0.25, DPO_BETA = 0.3, RL_BETA = 1;
/** Reviews that each method writes, their longest, and the most that are drawn for one. */
const WRITTEN = 160, LONGEST = 16, BUDGET = 8;
/** Strengths of FUDGE and weights of the reward, and those of the table. */
const STRENGTHS = [0.5, 1, 2, 4], BETAS = [1, 2, 4, 8], STRENGTH = 1, BETA = 4;

/** Tokens that are no words. */
const PAD = 0, BEGIN = 1, END = 2, GOOD = 3, BAD = 4;
const NOUNS = ["film", "soup", "room", "book", "concert", "hotel", "teacher", "phone"];
const ADJECTIVES = [["wonderful", "lovely", "good", "great"], ["awful", "boring", "bad", "poor"]] as const;

/** A review and whether it is a good one. */
interface Review {
  readonly text: string;
  readonly isGood: boolean;
}

/** All forms of reviews: what each says with adjectives of the one kind and of the other. */
const FORMS: readonly ((noun: string, own: string, other: string, isGood: boolean) => string)[] = [
  (noun, own) => `the ${noun} was ${own}`,
  (noun, _, other) => `the ${noun} was not ${other}`,
  (noun, own, other) => `i expected the ${noun} to be ${other} but it was ${own}`,
  (noun, own) => `everyone said the ${noun} was ${own} and they were right`,
  (noun, _, other) => `everyone said the ${noun} was ${other} and they were wrong`,
  (noun, own, _, isGood) =>
    `${isGood ? "we will come back" : "we will never come back"} because the ${noun} was ${own}`,
];

/** Draws a review. */
function drawReview(random: Random): Review {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  const isGood = random.next() < GOOD_RATE,
    own = pick(ADJECTIVES[isGood ? 0 : 1]),
    other = pick(ADJECTIVES[isGood ? 1 : 0]);
  return { text: pick(FORMS)(pick(NOUNS), own, other, isGood), isGood };
}

/** Whether each review that the grammar has is a good one. */
const KNOWN: ReadonlyMap<string, boolean> = new Map(
  [true, false].flatMap((isGood) =>
    FORMS.flatMap((form) =>
      NOUNS.flatMap((noun) =>
        ADJECTIVES[isGood ? 0 : 1].flatMap((own) =>
          ADJECTIVES[isGood ? 1 : 0].map((other): [string, boolean] => [form(noun, own, other, isGood), isGood])
        )
      )
    )
  ),
);
const WORDS = ["", "BEGIN", "END", "GOOD", "BAD", ...new Set([...KNOWN.keys()].flatMap((text) => text.split(" ")))];
const IDS = new Map(WORDS.map((word, id) => [word, id]));
const encode = (text: string): number[] => text.split(" ").map((word) => IDS.get(word)!);
const decode = (tokens: readonly number[]): string => tokens.map((id) => WORDS[id]!).join(" ");

/** The methods, in the order of the table. */
type Method = "plain" | "asking" | "rejection" | "fudge" | "reward" | "dpo" | "rlhf";
const METHODS: readonly Method[] = ["plain", "asking", "rejection", "fudge", "reward", "dpo", "rlhf"];

/** What is found of reviews that were written in one way. */
interface Found {
  /** Fraction that are good reviews of the grammar. */
  readonly good: number;
  /** Fraction that are reviews of the grammar. */
  readonly valid: number;
  /** Nats per token, for the model that is asked for nothing. */
  readonly nats: number;
  /** Different reviews, as a fraction. */
  readonly distinct: number;
  /** Tokens that the language model read for one review. */
  readonly cost: number;
}

/** What the experiment finds. */
export interface SteeringFindings {
  readonly methods: Readonly<Record<Method, Found>>;
  /** By the strength of FUDGE, and by the weight of the reward. */
  readonly fudge: readonly Found[];
  readonly reward: readonly Found[];
  /** Nats per token by which the weights of DPO and of RLHF have left the reference. */
  readonly kl: readonly [dpo: number, rlhf: number];
  readonly shown: {
    readonly strengths: readonly number[];
    readonly betas: readonly number[];
    readonly written: number;
    readonly budget: number;
    readonly texts: Readonly<Record<Method, string>>;
  };
}

/** What the experiment is made of. */
export interface SteeringExperiment extends Parts {
  findings: SteeringFindings;
  controls: "seed";
  claims: "all" | "asking" | "fudge" | "rejection" | "tuned" | "price";
  captions: "methods" | "strength" | "texts";
  labels: Labels<Method | "method" | "good" | "valid" | "nats" | "distinct" | "cost" | "text">;
}

type Prompt = readonly number[];

/** Losses of sequences behind their prompts. */
function surprise(model: DecoderOnly, texts: readonly SampledText[], prompts: readonly Prompt[]) {
  const { inputs, targets, mask } = sampledTargets(texts, { prompt: prompts, endToken: END, padToken: PAD });
  const logits = model.forward(inputs);
  return { logits, targets, mask };
}

/** A copy of a model. */
function copyOf(model: DecoderOnly): DecoderOnly {
  const copy = new DecoderOnly(model.options, new Random(0));
  copy.loadStateDict(model.stateDict());
  return copy.eval() as DecoderOnly;
}

const finished = (tokens: readonly number[]): SampledText => ({ tokens, finished: true });

/** Second models: of the attribute at each prefix, of the reward at each prefix, and of preferences. */
async function learnJudges(reviews: readonly Review[], random: Random, options: RunOptions) {
  const draw = (): Review[] => Array.from({ length: BATCH }, () => reviews[random.integer(reviews.length)]!);
  const of = (batch: readonly Review[]) =>
    padSequences(batch.map(({ text }) => [...encode(text), END]), { padToken: PAD });
  const lessons = [
    (model: PrefixClassifier, batch: readonly Review[]) => {
      const { tokens, mask } = of(batch);
      return prefixLoss(model.forward(tokens), batch.map(({ isGood }) => Number(isGood)), mask);
    },
    (model: PrefixClassifier, batch: readonly Review[]) => {
      const { tokens, mask } = of(batch);
      return rewardLoss(model.forward(tokens), batch.map(({ isGood }) => Number(isGood)), mask);
    },
    (model: PrefixClassifier, batch: readonly Review[]) => {
      // Whole texts in pairs, of which people prefer the good one.
      const whole = (some: readonly Review[]) => {
        const { tokens, mask } = of(some);
        const ends = mask.cast("float32").sum(1).sub(1).cast("int32").unsqueeze(1);
        return { tokens, ends, model };
      };
      const good = batch.filter(({ isGood }) => isGood), bad = batch.filter(({ isGood }) => !isGood);
      const count = Math.min(good.length, bad.length);
      const [chosen, rejected] = [good, bad].map((some) => {
        const { tokens, ends } = whole(some.slice(0, count));
        const places = Array.from({ length: tokens.shape[1]! }, (_, t) => t);
        const isLast = ends.equal([places]);
        return model.forward(tokens).where(isLast, 0).sum(1);
      });
      return preferenceLoss(chosen!, rejected!);
    },
  ];
  const scorers: PrefixScorer[] = [];
  for (const [i, lesson] of lessons.entries()) {
    const model = new PrefixClassifier({ vocabSize: WORDS.length, numPairs: WORDS.length ** 2 });
    await learn({
      model,
      next: () => {
        for (;;) {
          const batch = draw();
          if (new Set(batch.map(({ isGood }) => isGood)).size === 2) return batch;
        }
      },
      loss: (batch) => lesson(model, batch),
      steps: JUDGE_STEPS,
      learningRate: 0.1,
    }, part(options, i / lessons.length, (i + 1) / lessons.length));
    scorers.push(await model.scorer());
    discard(model);
  }
  return scorers as [attribute: PrefixScorer, reward: PrefixScorer, preference: PrefixScorer];
}

/** Seven ways to a good review. */
export const experiment: Experiment<SteeringExperiment> = {
  controls: { seed: SEED },
  constants: {
    width: SIZE,
    layers: LAYERS,
    heads: HEADS,
    steps: STEPS,
    rate: RATE,
    good: GOOD_RATE,
    judged: JUDGED,
    pairs: PAIRS,
    dpoSteps: DPO_STEPS,
    dpoRate: DPO_RATE,
    dpoBeta: DPO_BETA,
    rlSteps: RL_STEPS,
    rlRate: RL_RATE,
    rlBeta: RL_BETA,
    written: WRITTEN,
    budget: BUDGET,
    strength: STRENGTH,
    beta: BETA,
  },
  tolerance: 1,
  claims: {
    all: {
      holds: ({ methods }) =>
        METHODS.every((method) => method === "plain" || methods[method].good > methods.plain.good + 0.1),
    },
    asking: { holds: ({ methods }) => methods.asking.good < 1 },
    fudge: { holds: ({ methods }) => methods.fudge.cost < 0.5 * methods.rejection.cost },
    rejection: { holds: ({ methods }) => methods.rejection.valid > 0.9 },
    tuned: { holds: ({ kl }) => kl.every((nats) => nats > 0) },
    price: { holds: ({ reward }) => reward.at(-1)!.nats > reward[0]!.nats },
  },
  async measure({ seed }, options) {
    const { signal } = options, random = new Random(seed), drawing = random.split();
    const layout = { vocabSize: WORDS.length, contextLength: 32, hiddenSize: SIZE, numHeads: HEADS, numLayers: LAYERS };
    const model = new DecoderOnly(layout, random.split());
    await learn({
      model,
      next: () => Array.from({ length: BATCH }, () => drawReview(drawing)),
      loss: (batch) => {
        // Every other review is learned behind a word that says which kind it is.
        const prompts = batch.map(({ isGood }, i) => i % 2 > 0 ? [isGood ? GOOD : BAD, BEGIN] : [BEGIN]);
        const { logits, targets } = surprise(model, batch.map(({ text }) => finished(encode(text))), prompts);
        return crossEntropy(logits, targets);
      },
      steps: STEPS,
      learningRate: RATE,
    }, part(options, 0, 0.35));
    model.eval();
    const judged = Array.from({ length: JUDGED }, () => drawReview(drawing));
    const [attribute, reward, preference] = await learnJudges(judged, random.split(), part(options, 0.35, 0.55));

    const write = async (
      from: DecoderOnly,
      count: number,
      { prompt = [BEGIN], rules = [], random: source = random }: {
        prompt?: Prompt;
        rules?: readonly LogitsRule[];
        random?: Random;
      } = {},
    ) => {
      const prompts = Array.from({ length: count }, () => prompt);
      return await generate(from, prompts, {
        maxNewTokens: LONGEST,
        eosToken: END,
        random: source,
        rules,
        ...signal && { signal },
      });
    };
    // The words of the prompt are none of the review.
    const own = (score: PrefixScorer): PrefixScorer => (tokens, candidates) =>
      score(tokens.slice(tokens.lastIndexOf(BEGIN) + 1), candidates);
    const fudge = (strength: number) => fudgeRule({ classify: own(attribute), strength });
    const rewarded = (beta: number) => rewardRule({ reward: own(reward), beta, topK: 20 });

    // Preferences between reviews that the model has written itself.
    const dpo = copyOf(model), own1 = (await write(model, 4 * PAIRS)).filter((text) => text.finished);
    const isGood = (tokens: readonly number[]): boolean => KNOWN.get(decode(tokens)) === true;
    const chosen = own1.filter(({ tokens }) => isGood(tokens)).slice(0, PAIRS),
      rejected = own1.filter(({ tokens }) => !isGood(tokens));
    const logs = (from: DecoderOnly, texts: readonly SampledText[]) => {
      const { logits, targets } = surprise(from, texts, texts.map(() => [BEGIN]));
      return textLogProbabilities(logits, targets);
    };
    await learn({
      model: dpo,
      next: () =>
        Array.from(
          { length: BATCH },
          () => [drawing.integer(chosen.length), drawing.integer(rejected.length)] as const,
        ),
      loss: (batch) => {
        const [won, lost] = [batch.map(([i]) => chosen[i]!), batch.map(([, j]) => rejected[j]!)];
        const [referenceChosen, referenceRejected] = [won, lost].map((texts) => noGrad(() => logs(model, texts)));
        return dpoLoss({
          chosen: logs(dpo, won),
          rejected: logs(dpo, lost),
          referenceChosen: referenceChosen!,
          referenceRejected: referenceRejected!,
        }, { beta: DPO_BETA });
      },
      steps: DPO_STEPS,
      learningRate: DPO_RATE,
    }, part(options, 0.55, 0.65));
    dpo.eval();

    // The reward of the model of preferences, less the price of leaving the reference.
    const rlhf = copyOf(model), optimizer = new Optimizer(rlhf.parameters(), adamW({ weightDecay: 0 }));
    const costs = new Map<SampledText, number>();
    await reinforce<null>({
      policy: {
        model: rlhf,
        write: async (examples, source) => {
          const texts = await write(rlhf, examples.length, source ? { random: source } : {});
          const before = await scope(() => noGrad(() => logs(model, texts))).read();
          texts.forEach((text, i) => costs.set(text, RL_BETA * (text.logProbability - before[i]!)));
          return texts;
        },
        forward: (_, inputs) => rlhf.forward(inputs),
      },
      batches: { next: () => Array<null>(RL_BATCH).fill(null) },
      prompt: [BEGIN],
      endToken: END,
      padToken: PAD,
      reward: (text) => preference(text.tokens, [END])[0]! - (costs.get(text) ?? 0),
      baseline: "others",
      numSamples: 2,
      random: random.split(),
      optimizer,
      steps: RL_STEPS,
      schedule: () => RL_RATE,
      clipNorm: 1,
      onProgress: ({ step }) => options.onProgress?.(0.65 + 0.15 * step / RL_STEPS),
      ...signal && { signal },
    });
    rlhf.eval();
    discard(optimizer);

    const judge = async (texts: readonly (readonly number[])[], cost: number): Promise<Found> => {
      const samples = texts.map(finished), prompts = texts.map(() => [BEGIN]);
      const losses = scope(() =>
        noGrad(() => {
          const { logits, targets } = surprise(model, samples, prompts);
          return crossEntropy(logits, targets, { reduction: "none" }).sum(1);
        })
      );
      const sums = await losses.read(), written = texts.map(decode);
      return {
        good: rounded(mean(texts.map((tokens) => Number(isGood(tokens))))),
        valid: rounded(mean(written.map((text) => Number(KNOWN.has(text))))),
        nats: rounded(mean(texts.map(({ length }, i) => sums[i]! / (length + 1)))),
        distinct: rounded(new Set(written).size / written.length),
        cost: rounded(cost),
      };
    };
    const lengths = (texts: readonly { readonly tokens: readonly number[] }[], prompt = 1): number =>
      mean(texts.map(({ tokens }) => tokens.length + prompt));
    const judgedOf = async (texts: readonly { readonly tokens: readonly number[] }[], prompt = 1) =>
      await judge(texts.map(({ tokens }) => tokens), lengths(texts, prompt));
    const pool = await write(model, WRITTEN * BUDGET), kept: { tokens: readonly number[] }[] = [];
    let spent = 0;
    for (let i = 0; i < WRITTEN; i++) {
      const draws = pool.slice(i * BUDGET, (i + 1) * BUDGET);
      const first = draws.findIndex(({ tokens }) => attribute(tokens, [END])[0]! > 0),
        last = first < 0 ? BUDGET - 1 : first;
      kept.push(draws[last]!);
      spent += draws.slice(0, last + 1).reduce((sum, { tokens }) => sum + tokens.length + 1, 0);
    }
    options.onProgress?.(0.85);
    const byStrength: Found[] = [], byBeta: Found[] = [], steered: Record<string, { tokens: readonly number[] }[]> = {};
    for (const strength of STRENGTHS) {
      const texts = await write(model, WRITTEN, { rules: [fudge(strength)] });
      byStrength.push(await judgedOf(texts));
      if (strength === STRENGTH) steered["fudge"] = texts;
    }
    for (const beta of BETAS) {
      const texts = await write(model, WRITTEN, { rules: [rewarded(beta)] });
      byBeta.push(await judgedOf(texts));
      if (beta === BETA) steered["reward"] = texts;
    }
    const all: Record<Method, readonly { readonly tokens: readonly number[] }[]> = {
      plain: pool.slice(0, WRITTEN),
      asking: await write(model, WRITTEN, { prompt: [GOOD, BEGIN] }),
      rejection: kept,
      fudge: steered["fudge"]!,
      reward: steered["reward"]!,
      dpo: await write(dpo, WRITTEN),
      rlhf: await write(rlhf, WRITTEN),
    };
    const found: Record<string, Found> = {};
    for (const method of METHODS) found[method] = await judgedOf(all[method], method === "asking" ? 2 : 1);
    found["rejection"] = { ...found["rejection"]!, cost: rounded(spent / WRITTEN) };
    const left: number[] = [];
    for (const [tuned, method] of [[dpo, "dpo"], [rlhf, "rlhf"]] as const) {
      const texts = all[method].map(({ tokens }) => finished(tokens)), prompts = texts.map(() => [BEGIN]);
      const kl = scope(() =>
        noGrad(() => {
          const { logits, mask } = surprise(tuned, texts, prompts);
          return klToReference(logits, surprise(model, texts, prompts).logits, mask);
        })
      );
      left.push(rounded(await kl.item()));
    }
    discard(model, dpo, rlhf);
    return {
      methods: found as Record<Method, Found>,
      fudge: byStrength,
      reward: byBeta,
      kl: [left[0]!, left[1]!],
      shown: {
        strengths: STRENGTHS,
        betas: BETAS,
        written: WRITTEN,
        budget: BUDGET,
        texts: Object.fromEntries(METHODS.map((method) => [method, decode(all[method][0]!.tokens)])) as Record<
          Method,
          string
        >,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { methods, fudge, reward, shown } = findings;
    const at = (found: readonly Found[]): [number, number][] => found.map(({ nats, good }) => [nats, good]);
    return [
      {
        kind: "table",
        caption: captions.methods(findings),
        columns: [labels.method, labels.good, labels.valid, labels.nats, labels.distinct, labels.cost],
        rows: METHODS.map((method) => {
          const { good, valid, nats, distinct, cost } = methods[method];
          return [
            labels[method],
            percent(good, 2),
            percent(valid, 3),
            fixed(nats, 2),
            percent(distinct, 2),
            number(cost, 3),
          ];
        }),
      },
      {
        kind: "scatter",
        caption: captions.strength(findings),
        x: { title: labels.nats },
        y: { title: labels.good, domain: [0, 1] },
        series: [
          { label: labels.fudge, points: at(fudge) },
          { label: labels.reward, points: at(reward) },
          ...(["plain", "asking", "rejection", "dpo", "rlhf"] as const).map((method) => ({
            label: labels[method],
            points: at([methods[method]]),
          })),
        ],
      },
      {
        kind: "table",
        caption: captions.texts(findings),
        columns: [labels.method, labels.text],
        rows: METHODS.map((method) => [labels[method], shown.texts[method]]),
      },
    ];
  },
};
