/**
 * # A small GPT on letters
 *
 * A decoder-only model reads English sentences letter by letter and learns which letter comes next. Its
 * loss is compared with what one can know without attention: how frequent each letter is, and which
 * letter follows which. Samples show it before, during and after training.
 *
 * @module
 */

import { SequenceWindows } from "../../06_training/batching.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { adamW } from "../../06_training/adam.ts";
import { Optimizer } from "../../06_training/optimizer.ts";
import { nextTokens } from "../../06_training/teacher_forcing.ts";
import { generate } from "../../07_generation/generate.ts";
import { Random } from "../../engine/random.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import type { Figure } from "../../experiments/figure.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { DecoderOnly } from "../decoder_only.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";

/** Width and heads of the model, and its learning rate. */
const SIZE = 64, HEADS = 4, RATE = 5e-3;
const CONTEXT = 32, BATCH = 24, SAMPLE = 240;

/** What is found. */
export interface DecoderOnlyFindings {
  /** Cross-entropies of the text, in nats a letter: uniform, by frequency, by the letter before. */
  readonly uniform: number;
  readonly frequencies: number;
  readonly pairs: number;
  /** Loss of the model at the beginning and at the end. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** Share of words in the sample that the text has too: before, during and after training. */
  readonly knownWords: readonly number[];
  readonly shown: {
    readonly temperature: number;
    /** Letters of the text, and different ones. */
    readonly letters: number;
    readonly alphabet: number;
    readonly curve: readonly (readonly [number, number])[];
    /** What the model writes, and the steps of training before. */
    readonly samples: readonly string[];
    readonly steps: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Letters extends Parts {
  findings: DecoderOnlyFindings;
  controls: "steps" | "layers" | "temperature" | "seed";
  claims: "untrained" | "pairs" | "spelling";
  captions: "loss" | "before" | "during" | "after";
  labels: Labels<"step" | "loss" | "model" | "frequencies" | "pairs">;
}

/** How surprising a letter is on average, given the `order` letters before it. */
function entropy(tokens: Int32Array, order: 0 | 1, V: number): number {
  const counts = new Float64Array(V * V), before = new Float64Array(V);
  for (let i = 1; i < tokens.length; i++) {
    const context = order ? tokens[i - 1]! : 0;
    counts[context * V + tokens[i]!]!++;
    before[context]!++;
  }
  let total = 0;
  counts.forEach((count, at) => {
    if (count) total -= count * Math.log(count / before[Math.floor(at / V)]!);
  });
  return total / (tokens.length - 1);
}

/** Share of the words of a text that are known; the last one may be cut off. */
function knownShare(text: string, known: ReadonlySet<string>): number {
  const words = text.split(/[^A-Za-z'-]+/).slice(1, -1).filter((word) => word !== "");
  return rounded(words.filter((word) => known.has(word.toLowerCase())).length / Math.max(1, words.length));
}

/** A character-level language model and what it writes. */
export const experiment: Experiment<Letters> = {
  controls: {
    steps: { default: 360, min: 20, max: 1000, step: 20 },
    layers: { default: 2, min: 1, max: 4 },
    temperature: { default: 0.7, min: 0.1, max: 1.5, step: 0.1 },
    seed: SEED,
  },
  constants: { width: SIZE, heads: HEADS, rate: RATE, context: CONTEXT, batch: BATCH, sample: SAMPLE },
  tolerance: 0.3,
  claims: {
    untrained: { holds: ({ firstLoss, uniform }) => Math.abs(firstLoss / uniform - 1) < 0.05 },
    pairs: { holds: ({ lastLoss, pairs }) => lastLoss < pairs },
    spelling: {
      holds: ({ knownWords }) => knownWords.at(-1)! > 1 / 4 && knownWords.at(-1)! >= 5 * knownWords[0]!,
    },
  },
  async measure({ steps, layers, temperature, seed }, options) {
    options.signal?.throwIfAborted();
    const text = chineseEnglish().training.map(({ target }) => target).join("\n").slice(0, 120_000);
    const letters = [...new Set(text)].sort(), ids = new Map(letters.map((letter, id) => [letter, id]));
    const tokens = Int32Array.from(text, (letter) => ids.get(letter)!), V = letters.length;
    const known = new Set(text.toLowerCase().split(/[^a-z'-]+/));
    const random = new Random(seed);
    const model = new DecoderOnly({
      vocabSize: V,
      contextLength: CONTEXT,
      hiddenSize: SIZE,
      numLayers: layers,
      numHeads: HEADS,
    }, random.split());
    const windows = new SequenceWindows(tokens, { contextLength: CONTEXT, batchSize: BATCH, random: random.split() });
    const draws = random.split().state();
    const sample = async (): Promise<string> => {
      const { tokens } = await generate(model, [ids.get("\n")!], {
        maxNewTokens: SAMPLE,
        random: Random.from(draws),
        temperature,
        slide: true,
        ...(options.signal && { signal: options.signal }),
      });
      return tokens.map((id) => letters[id]!).join("");
    };
    const samples = [await sample()], curve: [number, number][] = [];
    // One optimizer through both halves; the schedule of each half climbs and falls.
    const optimizer = new Optimizer(model.parameters(), adamW({ beta2: 0.98, weightDecay: 0 }));
    for (const [from, to] of [[0, 1 / 5], [1 / 5, 1]] as const) {
      curve.push(
        ...await learn({
          model,
          optimizer,
          next: () => windows.next(),
          loss: (windows) => {
            const { inputs, targets } = nextTokens(windows);
            return crossEntropy(model.forward(inputs), targets);
          },
          steps: Math.round(to * steps),
          learningRate: RATE,
          every: from === 0 ? 1 : 5,
        }, part(options, from, to)),
      );
      samples.push(await sample());
    }
    discard(optimizer, model);
    options.onProgress?.(1);
    return {
      uniform: rounded(Math.log(V)),
      frequencies: rounded(entropy(tokens, 0, V)),
      pairs: rounded(entropy(tokens, 1, V)),
      firstLoss: curve[0]![1],
      lastLoss: rounded(mean(curve.slice(-3).map(([, loss]) => loss))),
      knownWords: samples.map((text) => knownShare(text, known)),
      shown: {
        temperature,
        letters: tokens.length,
        alphabet: V,
        curve,
        samples,
        steps: [0, Math.round(steps / 5), steps],
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { frequencies, pairs, shown: { curve, samples } } = findings;
    const constant = (y: number) => curve.map(([step]): [number, number] => [step, y]);
    const written = [captions.before, captions.during, captions.after];
    return [
      {
        kind: "line",
        caption: captions.loss(findings),
        x: { title: labels.step },
        y: { title: labels.loss },
        series: [
          { label: labels.model, points: curve },
          { label: labels.frequencies, points: constant(frequencies), dashed: true },
          { label: labels.pairs, points: constant(pairs), dashed: true },
        ],
      },
      ...samples.map((text, i): Figure => ({ kind: "text", caption: written[i]!(findings), text })),
    ];
  },
};
