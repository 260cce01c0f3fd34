/**
 * # The same again
 *
 * A small GPT on letters continues the same prompts by greedy search and by contrastive search with a growing weight of the penalty. How much of what it writes has been there before, how
 * probable it is, and how similar its hidden states are.
 *
 * @module
 */

import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { Random } from "../../engine/random.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { SequenceWindows } from "../../06_training/batching.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { nextTokens } from "../../06_training/teacher_forcing.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import type { Figure } from "../../experiments/figure.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { part } from "../../experiments/running.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { SEED } from "../../experiments/seed.ts";
import { generate } from "../generate.ts";

/** Width, heads and layers of the model, its learning rate and steps. */
const SIZE = 48, HEADS = 4, LAYERS = 2, RATE = 5e-3, STEPS = 320;
const CONTEXT = 128, BATCH = 6;
/** Letters that are written, and the prompts. */
const WRITTEN = 120, PROMPTS = ["\nI ", "\nThe ", "\nShe ", "\nWhat "];
/** Weights of the penalty; 0 is greedy search. */
const ALPHAS = [0, 0.1, 0.2, 0.4, 0.6, 0.8, 1];
/** The weight whose text is shown. */
const SHOWN = 5;
/** Letters of an n-gram, and seeds of the ranges. */
const SIZE_OF_NGRAM = 8, SEEDS = 2;

type Point = readonly [number, number];

/** What one seed finds. */
interface Found {
  readonly repeated: readonly Point[];
  readonly logProbabilities: readonly Point[];
  readonly texts: readonly string[];
}

/** What is found; lists are over the weights of the penalty, of the chosen seed. */
export interface SearchFindings {
  readonly repeated: readonly number[];
  readonly logProbabilities: readonly number[];
  /** What greedy search and contrastive search repeat, for each seed: the latter at the weight whose text is shown. */
  readonly greedy: readonly number[];
  readonly contrastive: readonly number[];
  readonly shown: {
    readonly topK: number;
    readonly size: number;
    readonly seeds: number;
    readonly alphas: readonly number[];
    readonly curves: readonly (readonly Point[])[];
    readonly bands: readonly (readonly Range[])[];
    /** What greedy search writes, and contrastive search at one weight. */
    readonly texts: readonly [string, string];
    readonly alpha: number;
  };
}

/** What the experiment is made of. */
export interface TheSameAgain extends Parts {
  findings: SearchFindings;
  controls: "topK" | "seed";
  claims: "greedy" | "less" | "cost";
  captions: "repeated" | "probability" | "greedy" | "contrastive";
  labels: Labels<"alpha" | "repeated" | "probability" | "search">;
}

/** Which fraction of the n-grams of a text has been there before. */
function repeatedShare(text: string): number {
  const grams = Array.from({ length: text.length - SIZE_OF_NGRAM + 1 }, (_, i) => text.slice(i, i + SIZE_OF_NGRAM));
  return 1 - new Set(grams).size / grams.length;
}

/** Trains a model, and lets it write by each search. */
async function measureOnce(
  { topK, seed }: Readonly<Record<"topK" | "seed", number>>,
  options: RunOptions,
): Promise<Found> {
  const text = chineseEnglish().training.map(({ target }) => target).join("\n").slice(0, 120_000);
  const letters = [...new Set(text)].sort(), ids = new Map(letters.map((letter, id) => [letter, id]));
  const random = new Random(seed), tokens = Int32Array.from(text, (letter) => ids.get(letter)!);
  const layout = {
    vocabSize: letters.length,
    contextLength: CONTEXT,
    hiddenSize: SIZE,
    numLayers: LAYERS,
    numHeads: HEADS,
  };
  const model = new DecoderOnly(layout, random.split());
  const windows = new SequenceWindows(tokens, { contextLength: CONTEXT, batchSize: BATCH, random: random.split() });
  await learn({
    model,
    next: () => windows.next(),
    loss: (batch) => {
      const { inputs, targets } = nextTokens(batch);
      return crossEntropy(model.forward(inputs), targets);
    },
    steps: STEPS,
    learningRate: RATE,
  }, part(options, 0, 0.7));
  model.eval();
  const prompts = PROMPTS.map((prompt) => Array.from(prompt, (letter) => ids.get(letter)!));
  const repeated: Point[] = [], logProbabilities: Point[] = [], texts: string[] = [];
  for (const [i, penaltyAlpha] of ALPHAS.entries()) {
    const search = penaltyAlpha > 0 ? { penaltyAlpha, topK } : {};
    const found = await generate(model, prompts, {
      maxNewTokens: WRITTEN,
      ...search,
      ...options.signal && { signal: options.signal },
    });
    const written = found.map(({ tokens }) => tokens.map((id) => letters[id]!).join(""));
    repeated.push([penaltyAlpha, rounded(mean(written.map(repeatedShare)))]);
    logProbabilities.push([penaltyAlpha, rounded(mean(found.map(({ logProbability }) => logProbability / WRITTEN)))]);
    texts.push(written.map((one, j) => PROMPTS[j]!.trimStart() + one).join("\n…\n"));
    options.onProgress?.(0.7 + 0.3 * (i + 1) / ALPHAS.length);
  }
  discard(model);
  return { repeated, logProbabilities, texts };
}

/** What contrastive search repeats, and what it gives up. */
export const experiment: Experiment<TheSameAgain> = {
  controls: { topK: { default: 4, min: 2, max: 12 }, seed: SEED },
  constants: {
    width: SIZE,
    layers: LAYERS,
    heads: HEADS,
    steps: STEPS,
    rate: RATE,
    prompts: PROMPTS.length,
    written: WRITTEN,
    gram: SIZE_OF_NGRAM,
    seeds: SEEDS,
  },
  tolerance: 1,
  claims: {
    greedy: { holds: ({ greedy }) => greedy.every((share) => share > 0.3) },
    less: { holds: ({ greedy, contrastive }) => contrastive.every((share, i) => share < 0.75 * greedy[i]!) },
    cost: {
      holds: ({ logProbabilities }) => logProbabilities.every((one, i) => i === 0 || one < logProbabilities[0]!),
    },
  },
  async measure(controls, options) {
    const all = await overSeeds(controls, SEEDS, options, measureOnce);
    const { repeated, logProbabilities, texts } = all[0]!;
    const heights = (points: readonly Point[]): number[] => points.map(([, y]) => y);
    return {
      repeated: heights(repeated),
      logProbabilities: heights(logProbabilities),
      greedy: all.map(({ repeated }) => repeated[0]![1]),
      contrastive: all.map(({ repeated }) => repeated[SHOWN]![1]),
      shown: {
        topK: controls.topK,
        size: SIZE_OF_NGRAM,
        seeds: SEEDS,
        alphas: ALPHAS,
        curves: [repeated, logProbabilities],
        bands: [
          rangesOf(all.map(({ repeated }) => heights(repeated))),
          rangesOf(all.map(({ logProbabilities }) => heights(logProbabilities))),
        ],
        texts: [texts[0]!, texts[SHOWN]!],
        alpha: ALPHAS[SHOWN]!,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { curves, bands, texts } = findings.shown, x = { title: labels.alpha };
    return [
      {
        kind: "line",
        caption: captions.repeated(findings),
        x,
        y: { title: labels.repeated, domain: [0, 1] },
        series: [{ label: labels.search, points: curves[0]!, ranges: bands[0]! }],
      },
      {
        kind: "line",
        caption: captions.probability(findings),
        x,
        y: { title: labels.probability },
        series: [{ label: labels.search, points: curves[1]!, ranges: bands[1]! }],
      },
      ...([captions.greedy, captions.contrastive] as const).map((caption, i): Figure => ({
        kind: "text",
        caption: caption(findings),
        text: texts[i]!,
      })),
    ];
  },
};
