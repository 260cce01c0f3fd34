/**
 * # BLEU where cross-entropy stalls
 *
 * A small translator is trained by cross-entropy until that no longer helps. One copy goes on, one is paid by
 * the BLEU of what it writes. Then the variance of the gradient is measured for each baseline.
 *
 * @module
 */

import { EncoderDecoder } from "../../05_transformer/encoder_decoder.ts";
import { chineseEnglish, type SentencePair } from "../../corpora/chinese_english.ts";
import { generate } from "../../07_generation/generate.ts";
import { noGrad } from "../../engine/autograd.ts";
import type { Module } from "../../engine/module.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, pairLoss, type TokenPair } from "../../experiments/learning.ts";
import { read } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { encodePair, learnVocabularies } from "../../experiments/translation.ts";
import { Batches, padSequences } from "../batching.ts";
import { bleu, sentenceBleu } from "../bleu.ts";
import { train } from "../loop.ts";
import { adamW } from "../adam.ts";
import { Optimizer } from "../optimizer.ts";
import { cosineSchedule } from "../schedules.ts";
import {
  meanOfOthers,
  type Policy,
  policyGradientLoss,
  reinforce,
  RunningMean,
  sampledTargets,
  type SampledText,
} from "../policy_gradient.ts";
import type { TeacherForcingOptions } from "../teacher_forcing.ts";

/** Pairs kept apart, pairs in a batch of the second part, texts drawn for each, longest text. */
const UNSEEN = 500, BATCH = 64, SAMPLES = 4, LONGEST = 24;
/** The learning rate after the switch, the same for both. */
const LEARNING_RATE = 6e-4;
/** Width, heads and highest learning rate of the translator, pairs in a batch before the switch. */
const SIZE = 24, HEADS = 4, PEAK = 8e-3, FIRST_BATCH = 32;
const BASELINES = ["none", "running mean", "greedy", "others"] as const;
/** How often the texts of one batch are drawn anew to see how much the gradient changes. */
const REPEATS = 8;

/** What is found. */
export interface PolicyGradientFindings {
  /** BLEU of greedy translations of unseen sentences: by quarters of the first training, then by thirds of the second. */
  readonly before: readonly number[];
  readonly continued: readonly number[];
  readonly rewarded: readonly number[];
  /** Mean sentence BLEU of drawn translations at the switch, after more cross-entropy, after rewards. */
  readonly drawn: readonly number[];
  /** Cross-entropy of unseen sentences, in the same order. */
  readonly losses: readonly number[];
  /** Variance of the gradient by baseline, that of none being 1. */
  readonly variances: readonly number[];
  readonly shown: {
    /** Steps before the switch and after it. */
    readonly steps: number;
    readonly more: number;
    readonly unseen: number;
    /** How often the texts of one batch were drawn anew. */
    readonly repeats: number;
    /** Sentences that the rewards changed: the corpus, before, after. */
    readonly changed: readonly (readonly string[])[];
  };
}

/** What the experiment is made of. */
export interface Rewarded extends Parts {
  findings: PolicyGradientFindings;
  controls: "steps" | "more" | "baseline" | "seed";
  claims: "stalled" | "rises" | "drawn" | "aim" | "others" | "every";
  captions: "after" | "before" | "models" | "variance" | "changed";
  labels:
    & Labels<"afterSwitch" | "bleu" | "rewards" | "crossEntropy" | "step" | "variance" | typeof BASELINES[number]>
    & Labels<"model" | "output" | "drawn" | "loss" | "switch" | "continued" | "corpus" | "before" | "after">;
}

interface Example extends TokenPair {
  readonly reference: string;
}

/** A translator of short sentences and everything it is measured by. */
interface Setting {
  readonly seen: readonly Example[];
  readonly unseen: readonly Example[];
  readonly tokens: TeacherForcingOptions;
  readonly build: (random: Random) => EncoderDecoder;
  readonly write: (text: SampledText) => string;
  readonly policy: (model: EncoderDecoder) => Policy<Example>;
}

/** Sentences short enough to be learned in seconds. */
function short({ source, target }: SentencePair): boolean {
  return source.length <= 9 && target.split(" ").length <= 6;
}

async function prepare(signal: AbortSignal | undefined): Promise<Setting> {
  const { training, validation, test } = chineseEnglish();
  const pairs = [...training, ...validation, ...test].filter(short), seen = pairs.slice(0, -UNSEEN);
  const vocabularies = await learnVocabularies(seen, signal), { source, target } = vocabularies;
  const encode = (pair: SentencePair): Example => ({ ...encodePair(pair, vocabularies), reference: pair.target });
  const layout = {
    vocabSize: target.vocabSize,
    sourceVocabSize: source.vocabSize,
    contextLength: 48,
    hiddenSize: SIZE,
    numHeads: HEADS,
    numLayers: 1,
    placement: "pre",
    dropout: 0,
  } as const;
  return {
    seen: seen.map(encode),
    unseen: pairs.slice(-UNSEEN).map(encode),
    tokens: target,
    build: (random) => new EncoderDecoder(layout, random),
    write: ({ tokens }) => target.decode(tokens).trim(),
    policy: (model) => ({
      model,
      async write(examples, random) {
        const { memory, mask } = scope(() =>
          noGrad(() => {
            const { tokens, mask } = padSequences(examples.map(({ source }) => source), { padToken: source.padToken });
            return { memory: model.encode(tokens, { mask }), mask };
          })
        );
        try {
          return await generate(model.given(memory, mask), examples.map(() => [target.beginToken]), {
            maxNewTokens: LONGEST,
            eosToken: target.endToken,
            ...(random && { random }),
            ...(signal && { signal }),
          });
        } finally {
          release(memory);
          release(mask);
        }
      },
      forward(examples, inputs) {
        const { tokens, mask } = padSequences(examples.map(({ source }) => source), { padToken: source.padToken });
        return model.forward(tokens, inputs, { sourceMask: mask });
      },
    }),
  };
}

/** BLEU of a single sentence, of which many have no common 4-gram: smoothed, from 0 to 1. */
function reward(text: string, { reference }: Example): number {
  return sentenceBleu(text, reference, { smoothing: "add-k" }).score / 100;
}

/** BLEU of the greedy translations of unseen sentences. */
async function score({ unseen, write, policy }: Setting, model: EncoderDecoder): Promise<number> {
  const texts = await policy(model).write(unseen);
  return rounded(bleu(texts.map(write), unseen.map(({ reference }) => reference)).score);
}

/** Mean score of drawn translations, and the loss of the right ones. */
async function judge({ unseen, tokens, write, policy }: Setting, model: EncoderDecoder): Promise<[number, number]> {
  const random = new Random(1), worth: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const drawn = await policy(model).write(unseen, random);
    worth.push(mean(drawn.map((text, n) => reward(write(text), unseen[n]!))));
  }
  const [loss] = await read(() => pairLoss(model, unseen, tokens));
  return [rounded(100 * mean(worth)), rounded(loss!)];
}

/** The learning rate after the switch: full after ten steps. */
const warm = (step: number): number => LEARNING_RATE * Math.min(1, step / 10);

/** Trains a copy of the model further, by thirds; both ways see the same pairs. */
async function goOn(
  { setting, model, more, seed }: { setting: Setting; model: EncoderDecoder; more: number; seed: number },
  go: (copy: EncoderDecoder, optimizer: Optimizer, until: number, batches: Batches<Example>) => Promise<void>,
  { onProgress }: RunOptions,
): Promise<{ scores: number[]; end: [number, number]; texts: string[] }> {
  const copy = setting.build(new Random(0)), scores: number[] = [];
  copy.loadStateDict(model.stateDict());
  const optimizer = new Optimizer(copy.parameters(), adamW({ beta2: 0.98, weightDecay: 0 }));
  const batches = new Batches(setting.seen, { batchSize: BATCH, random: new Random(seed) });
  for (const third of [1, 2, 3]) {
    await go(copy, optimizer, more * third / 3, batches);
    scores.push(await score(setting, copy));
    onProgress?.(third / 3);
  }
  const end = await judge(setting, copy), texts = await setting.policy(copy).write(setting.unseen);
  discard(copy, optimizer);
  return { scores, end, texts: texts.map(setting.write) };
}

/** One batch, its texts drawn again and again: total variance of the gradient by baseline, that of none being 1. */
async function variancesOf(
  setting: Setting,
  model: EncoderDecoder,
  seed: number,
  options: RunOptions,
): Promise<number[]> {
  const { seen, tokens, write } = setting, policy = setting.policy(model), random = new Random(seed);
  const { beginToken, endToken, padToken } = tokens;
  const batch = seen.slice(-BATCH), examples = batch.flatMap((pair) => Array<Example>(SAMPLES).fill(pair));
  const judge = (texts: readonly SampledText[], of: readonly Example[]) =>
    texts.map((text, n) => reward(write(text), of[n]!));
  const greedy = judge(await policy.write(batch), batch);
  const usual = mean(judge(await policy.write(examples, random), examples));
  const sums = BASELINES.map(() => ({ total: new Float64Array(0), square: 0 }));
  for (let i = 0; i < REPEATS; i++) {
    options.signal?.throwIfAborted();
    const texts = await policy.write(examples, random), rewards = judge(texts, examples);
    const others = meanOfOthers(rewards, SAMPLES);
    const baselines = [
      () => 0,
      () => usual,
      (n: number) => greedy[Math.floor(n / SAMPLES)]!,
      (n: number) => others[n]!,
    ];
    for (const [which, baseline] of baselines.entries()) {
      const gradient = await gradientOf(model, () => {
        const { inputs, targets } = sampledTargets(texts, { prompt: [beginToken], endToken, padToken });
        const advantages = tensor(rewards.map((worth, n) => worth - baseline(n)));
        policyGradientLoss(policy.forward(examples, inputs), targets, advantages).backward();
      });
      const sum = sums[which]!;
      if (i === 0) sum.total = new Float64Array(gradient.length);
      gradient.forEach((g, k) => sum.total[k]! += g);
      sum.square += gradient.reduce((all, g) => all + g * g, 0);
    }
    options.onProgress?.((i + 1) / REPEATS);
  }
  const variances = sums.map(({ total, square }) =>
    (square - total.reduce((all, g) => all + g * g, 0) / REPEATS) / (REPEATS - 1)
  );
  return variances.map((variance) => rounded(variance / variances[0]!));
}

/** All gradients after `run`, one after the other. */
async function gradientOf(model: Module, run: () => void): Promise<Float64Array> {
  scope(run);
  const parts: ArrayLike<number>[] = [];
  for (const weight of model.parameters().values()) {
    if (!weight.grad) continue;
    parts.push(await weight.grad.read());
    release(weight.grad);
    weight.grad = undefined;
  }
  const all = new Float64Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const one of parts) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}

/** Cross-entropy until it stalls, then rewards. */
export const experiment: Experiment<Rewarded> = {
  controls: {
    steps: { default: 1400, min: 20, max: 4000, step: 20 },
    more: { default: 150, min: 3, max: 600, step: 3 },
    baseline: { default: 3, min: 0, max: 3, choices: BASELINES },
    seed: SEED,
  },
  constants: {
    ...{ hidden: SIZE, heads: HEADS, layers: 1, rate: PEAK, after: LEARNING_RATE },
    ...{ batch: FIRST_BATCH, second: BATCH, samples: SAMPLES, longest: LONGEST },
  },
  tolerance: 0.3,
  claims: {
    stalled: { holds: ({ before, continued }) => continued.at(-1)! < before.at(-1)! + 0.2 },
    rises: { holds: ({ before, rewarded }) => rewarded.at(-1)! > before.at(-1)! },
    drawn: { holds: ({ drawn }) => drawn[2]! > drawn[0]! + 0.5 && drawn[2]! > drawn[1]! + 0.5 },
    aim: { holds: ({ losses }) => losses[2]! > losses[0]! },
    others: { holds: ({ variances }) => variances[3]! < 0.8 },
    every: { refuted: true, holds: ({ variances }) => variances.slice(1).every((variance) => variance < 1) },
  },
  async measure({ steps, more, baseline, seed }, options) {
    const { signal } = options;
    signal?.throwIfAborted();
    const random = new Random(seed), setting = await prepare(signal);
    const { seen, unseen, tokens, write } = setting;
    const model = setting.build(random.split());
    const batches = new Batches(seen, {
      batchSize: FIRST_BATCH,
      length: ({ target }) => target.length,
      random: random.split(),
    });
    const loss = (batch: readonly Example[]) => pairLoss(model, batch, tokens);
    const optimizer = new Optimizer(model.parameters(), adamW({ beta2: 0.98, weightDecay: 0 }));
    const schedule = cosineSchedule({ peak: PEAK, floor: PEAK / 20, warmupSteps: Math.min(30, steps - 1), steps });
    const before: number[] = [];
    for (const quarter of [1, 2, 3, 4]) {
      const progress = part(options, (quarter - 1) / 8, quarter / 8);
      const until = steps * quarter / 4;
      await train({
        ...{ model, batches, loss, optimizer, schedule, clipNorm: 1, steps: until, reportEvery: 50 },
        ...(signal && { signal }),
        onProgress: ({ step }) => progress.onProgress?.(1 - (until - step) / (steps / 4)),
      });
      before.push(await score(setting, model));
    }
    discard(optimizer);
    const start = await judge(setting, model);

    const usual = { setting, model, more, seed };
    const longer = await goOn(usual, async (copy, optimizer, until, batches) => {
      await train({
        ...{ model: copy, batches, optimizer, schedule: warm, clipNorm: 1, steps: until, reportEvery: more / 3 },
        loss: (batch) => pairLoss(copy, batch, tokens),
        ...(signal && { signal }),
      });
    }, part(options, 0.5, 0.6));
    const chosen = (["none", new RunningMean(), "greedy", "others"] as const)[baseline]!;
    const draws = new Random(seed).split();
    const paid = await goOn(usual, async (copy, optimizer, until, batches) => {
      await reinforce({
        ...{ policy: setting.policy(copy), batches, optimizer, schedule: warm, clipNorm: 1, steps: until },
        ...{ prompt: [tokens.beginToken], endToken: tokens.endToken, padToken: tokens.padToken },
        ...{ baseline: chosen, numSamples: SAMPLES, random: draws },
        reward: (text, example) => reward(write(text), example),
        ...(signal && { signal }),
      });
    }, part(options, 0.6, 0.9));
    const variances = await variancesOf(setting, model, seed, part(options, 0.9, 1));
    const old = await setting.policy(model).write(unseen);
    discard(model);

    const changed = unseen.map((pair, n) => [pair.reference, write(old[n]!), paid.texts[n]!])
      .filter(([, first, second]) => first !== second);
    return {
      before,
      continued: longer.scores,
      rewarded: paid.scores,
      drawn: [start, longer.end, paid.end].map(([drawn]) => drawn),
      losses: [start, longer.end, paid.end].map(([, loss]) => loss),
      variances,
      shown: { steps, more, unseen: UNSEEN, repeats: REPEATS, changed: changed.slice(0, 8) },
    };
  },
  draw(findings, { captions, labels }) {
    const { before, continued, rewarded, drawn, losses, variances, shown: { steps, more, changed } } = findings;
    const thirds = (scores: readonly number[]): [number, number][] =>
      [before.at(-1)!, ...scores].map((y, i) => [Math.round(i * more / 3), y]);
    return [
      {
        kind: "line",
        caption: captions.after(findings),
        x: { title: labels.afterSwitch },
        y: { title: labels.bleu },
        series: [
          { label: labels.rewards, points: thirds(rewarded) },
          { label: labels.crossEntropy, points: thirds(continued) },
        ],
      },
      {
        kind: "line",
        caption: captions.before(findings),
        x: { title: labels.step },
        y: { title: labels.bleu, domain: [0, 100] },
        series: [{ label: labels.crossEntropy, points: before.map((y, i) => [Math.round((i + 1) * steps / 4), y]) }],
      },
      {
        kind: "table",
        caption: captions.models(findings),
        columns: [labels.model, labels.output, labels.drawn, labels.loss],
        rows: [
          [labels.switch, before.at(-1)!, drawn[0]!, losses[0]!],
          [labels.continued, continued.at(-1)!, drawn[1]!, losses[1]!],
          [labels.rewards, rewarded.at(-1)!, drawn[2]!, losses[2]!],
        ],
      },
      {
        kind: "bars",
        caption: captions.variance(findings),
        y: { title: labels.variance },
        bars: BASELINES.map((name, i) => ({ label: labels[name], value: variances[i]! })),
      },
      {
        kind: "table",
        caption: captions.changed(findings),
        columns: [labels.corpus, labels.before, labels.after],
        rows: changed,
      },
    ];
  },
};
