/**
 * # The same run, twice
 *
 * A small language model is trained with dropout. The run is saved in the middle, everything is thrown
 * away, and another one is set up from the file: once with all that the file holds, and three times with
 * one part forgotten. Then weights are compared bit for bit.
 *
 * @module
 */

import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { Random } from "../../engine/random.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { percent } from "../../experiments/numbers.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { SequenceWindows } from "../batching.ts";
import { encodeCheckpoint, restoreCheckpoint } from "../checkpoints.ts";
import { train } from "../loop.ts";
import { crossEntropy } from "../loss.ts";
import { adamW } from "../adam.ts";
import { Optimizer } from "../optimizer.ts";
import { nextTokens } from "../teacher_forcing.ts";

/** What a resumed run may forget. */
/** The model, and how it is trained. */
const SIZE = 32, HEADS = 2, CONTEXT = 16, BATCH = 8, RATE = 3e-3;
const FORGOTTEN = ["nothing", "data", "random", "optimizer"] as const;

/** What is found. */
export interface CheckpointsFindings {
  /** Weights of the resumed run that differ from the uninterrupted one in any bit, by what was forgotten. */
  readonly different: readonly number[];
  /** Weights altogether. */
  readonly weights: number;
  /** Largest difference of the losses after the break, in nats. */
  readonly apart: readonly number[];
  /** Size of the file, in sizes of the weights alone. */
  readonly times: number;
  readonly shown: {
    /** Step at which the run was saved. */
    readonly save: number;
    /** Size of the file. */
    readonly bytes: number;
    /** Weights that differ, as a fraction. */
    readonly share: readonly number[];
    /** Difference of the loss from that of the uninterrupted run by step, by what was forgotten. */
    readonly curves: readonly (readonly (readonly [number, number])[])[];
  };
}

/** What the experiment is made of. */
export interface Resumed extends Parts {
  findings: CheckpointsFindings;
  controls: "save" | "steps" | "dropout" | "seed";
  claims: "same" | "forgotten" | "size";
  captions: "losses" | "weights";
  labels:
    & Labels<"step" | "difference" | "resumed" | "forgotten" | "different" | "share" | "apart">
    & Labels<typeof FORGOTTEN[number]>
    & { without(what: string): string };
}

interface Text {
  readonly tokens: Int32Array;
  readonly vocabSize: number;
}

/** Everything that a step depends on, set up from a seed. */
function setUp({ tokens, vocabSize }: Text, dropout: number, seed: number) {
  const random = new Random(seed);
  const layout = { vocabSize, contextLength: CONTEXT, hiddenSize: SIZE, numLayers: 1, numHeads: HEADS, dropout };
  const model = new DecoderOnly(layout, random.split());
  const optimizer = new Optimizer(model.parameters(), adamW({ learningRate: RATE }));
  const batches = new SequenceWindows(tokens, { contextLength: CONTEXT, batchSize: BATCH, random: random.split() });
  model.train(random.split());
  return { model, optimizer, batches };
}

/** Trains to a step; the losses by step. */
async function go(
  { model, optimizer, batches }: ReturnType<typeof setUp>,
  steps: number,
  { signal, onProgress }: RunOptions,
): Promise<[number, number][]> {
  const from = optimizer.steps;
  const reports = await train({
    model,
    optimizer,
    batches,
    steps,
    loss: (windows) => {
      const { inputs, targets } = nextTokens(windows);
      return crossEntropy(model.forward(inputs), targets);
    },
    ...(signal && { signal }),
    ...(onProgress && { onProgress: ({ step }) => onProgress((step - from) / Math.max(1, steps - from)) }),
  });
  return reports.map(({ step, loss }) => [step, loss]);
}

/** All weights of a model, one after the other. */
async function weightsOf(model: DecoderOnly): Promise<number[]> {
  const all: number[] = [];
  for (const value of model.parameters().values()) all.push(...await value.read());
  return all;
}

/** Bytes of all weights, as the device keeps them: 4 each, 8 on one that computes in double precision. */
async function bytesOf(model: DecoderOnly): Promise<number> {
  let bytes = 0;
  for (const value of model.parameters().values()) bytes += (await value.read()).byteLength;
  return bytes;
}

/** Resumed runs against an uninterrupted one. */
export const experiment: Experiment<Resumed> = {
  controls: {
    save: { default: 30, min: 1, max: 60 },
    steps: { default: 30, min: 1, max: 60 },
    dropout: { default: 0.1, min: 0, max: 0.5, step: 0.1 },
    seed: SEED,
  },
  constants: { width: SIZE, heads: HEADS, context: CONTEXT, batch: BATCH, rate: RATE },
  tolerance: 0.2,
  claims: {
    same: { holds: ({ different, apart }) => different[0] === 0 && apart[0] === 0 },
    forgotten: {
      holds: ({ different, weights }) => different.slice(1).every((count) => count > 0.9 * weights),
    },
    size: { holds: ({ times }) => times > 3 && times < 3.3 },
  },
  async measure({ save, steps, dropout, seed }, options) {
    options.signal?.throwIfAborted();
    const letters = chineseEnglish().training.slice(0, 1000).map(({ target }) => target).join("\n");
    const alphabet = [...new Set(letters)].sort(), ids = new Map(alphabet.map((letter, id) => [letter, id]));
    const text = { tokens: Int32Array.from(letters, (letter) => ids.get(letter)!), vocabSize: alphabet.length };

    const first = setUp(text, dropout, seed);
    const before = await go(first, save, part(options, 0, 0.15));
    const file = await encodeCheckpoint(first);
    const after = await go(first, save + steps, part(options, 0.15, 0.3));
    // What the uninterrupted run lost at each step.
    const own = new Map([...before, ...after]);
    const wanted = await weightsOf(first.model), times = file.byteLength / await bytesOf(first.model);
    discard(first.optimizer, first.model);

    const different: number[] = [], apart: number[] = [], curves: [number, number][][] = [];
    for (const [i, forgotten] of FORGOTTEN.entries()) {
      const run = setUp(text, dropout, seed + 1);
      const { model, optimizer, batches } = run, fresh = [...model.randoms().values()].map((random) => random.state());
      restoreCheckpoint(file, {
        model,
        ...(forgotten !== "optimizer" && { optimizer }),
        ...(forgotten !== "data" && { batches }),
      });
      if (forgotten === "random") fresh.forEach((state) => model.train(Random.from(state)));
      // An optimizer that was forgotten starts to count from 0.
      const start = optimizer.steps;
      const losses = await go(run, start + steps, part(options, 0.3 + 0.17 * i, 0.3 + 0.17 * (i + 1)));
      const curve = losses.map(([step, loss]): [number, number] => [step - start + save, loss]);
      const found = await weightsOf(model);
      different.push(found.filter((x, at) => !Object.is(x, wanted[at]!)).length);
      apart.push(Math.max(...curve.map(([, loss], at) => Math.abs(loss - after[at]![1]))));
      curves.push(curve.map(([step, loss]) => [step, loss - own.get(step)!]));
      discard(optimizer, model);
    }
    return {
      different,
      weights: wanted.length,
      apart,
      times,
      shown: {
        save,
        bytes: file.byteLength,
        share: different.map((count) => count / wanted.length),
        curves,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { different, apart, shown: { curves, share } } = findings;
    const names = FORGOTTEN.map((what) => labels[what]);
    return [
      {
        kind: "line",
        caption: captions.losses(findings),
        x: { title: labels.step },
        y: { title: labels.difference },
        series: curves.map((points, i) => ({
          label: i === 0 ? labels.resumed : labels.without(names[i]!),
          points,
        })),
      },
      {
        kind: "table",
        caption: captions.weights(findings),
        columns: [labels.forgotten, labels.different, labels.share, labels.apart],
        rows: names.map((name, i) => [name, different[i]!, percent(share[i]!, 3), apart[i]!]),
      },
    ];
  },
};
