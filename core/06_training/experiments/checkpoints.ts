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
import { discard, part, percent, rounded, say, seedControl } from "../../05_transformer/experiments/support.ts";
import { Random } from "../../engine/random.ts";
import type { Experiment, Figure, RunOptions } from "../../experiments.ts";
import { SequenceWindows } from "../batching.ts";
import { encodeCheckpoint, restoreCheckpoint } from "../checkpoints.ts";
import { train } from "../loop.ts";
import { crossEntropy } from "../loss.ts";
import { adamW } from "../adam.ts";
import { Optimizer } from "../optimizers.ts";
import { nextTokens } from "../teacher_forcing.ts";

/** What a resumed run may forget. */
const FORGOTTEN = ["nothing", "the place in the data", "the random state", "the optimizer"] as const;

type Found = {
  /** Weights of the resumed run that differ from the uninterrupted one in any bit, by what was forgotten. */
  readonly different: readonly number[];
  /** Weights altogether. */
  readonly weights: number;
  /** Largest difference of the losses after the break, in nats. */
  readonly apart: readonly number[];
  /** Size of the file, in sizes of the weights alone. */
  readonly times: number;
};

interface Text {
  readonly tokens: Int32Array;
  readonly vocabSize: number;
}

/** Everything that a step depends on, set up from a seed. */
function setUp({ tokens, vocabSize }: Text, dropout: number, seed: number) {
  const random = new Random(seed);
  const layout = { vocabSize, contextLength: 16, hiddenSize: 32, numLayers: 1, numHeads: 2, dropout };
  const model = new DecoderOnly(layout, random.split());
  const optimizer = new Optimizer(model.parameters(), adamW({ learningRate: 3e-3 }));
  const batches = new SequenceWindows(tokens, { contextLength: 16, batchSize: 8, random: random.split() });
  return { model, optimizer, batches, randoms: { dropout: random.split() } };
}

/** Trains to a step; the losses by step. */
async function go(
  { model, optimizer, batches, randoms }: ReturnType<typeof setUp>,
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
      return crossEntropy(model.forward(inputs, { random: randoms.dropout }), targets);
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

function figures(
  found: Found,
  bytes: number,
  save: number,
  whole: readonly [number, number][],
  runs: readonly [number, number][][],
): Figure[] {
  // What the uninterrupted run lost at the same step.
  const own = new Map(whole);
  const apart = found.apart.map((most, i) => `${FORGOTTEN[i]} ${most === 0 ? "0" : say(most, 2)}`);
  return [
    {
      kind: "line",
      caption: `A run saved after step ${save} and resumed from the file: how far its loss is from that of the ` +
        `uninterrupted run. The largest difference, by what was forgotten: ${apart.join(", ")}.`,
      x: { title: "step" },
      y: { title: "difference of the loss in nats per letter" },
      series: runs.map((curve, i) => ({
        label: i === 0 ? "resumed" : `without ${FORGOTTEN[i]}`,
        points: curve.map(([step, loss]): [number, number] => [step, rounded(loss - own.get(step)!)]),
      })),
    },
    {
      kind: "table",
      caption: `Of ${say(found.weights)} weights, those that differ at the end in any bit. The file has ` +
        `${say(bytes)} bytes, ${say(found.times, 2)} times the weights: Adam keeps two averages of each.`,
      columns: ["forgotten", "weights that differ", "share", "losses differ by up to"],
      rows: FORGOTTEN.map((name, i) => [
        name,
        found.different[i]!,
        percent(found.different[i]! / found.weights, 3),
        rounded(found.apart[i]!),
      ]),
    },
  ];
}

/** Resumed runs against an uninterrupted one. */
export const checkpointsExperiment: Experiment<Found, "save" | "steps" | "dropout" | "seed"> = {
  name: "training/checkpoints",
  title: "The same run, twice",
  purpose: "A small language model is trained, saved in the middle, thrown away, and resumed from the file: " +
    "once with all that was saved, and three times with one part forgotten. Change when it is saved, or the " +
    "dropout. See which runs end with the weights of the run that was never interrupted, bit for bit.",
  controls: {
    save: { label: "Saved after", description: "Steps before the checkpoint", default: 30, min: 1, max: 60 },
    steps: { label: "Steps after it", description: "Steps of the resumed runs", default: 30, min: 1, max: 60 },
    dropout: {
      label: "Dropout",
      description: "Share of numbers dropped: without it the random state decides nothing",
      default: 0.1,
      min: 0,
      max: 0.5,
      step: 0.1,
    },
    seed: seedControl,
  },
  tolerance: 0.2,
  claims: [
    {
      text: "The resumed run ends with the same weights, bit for bit, and had the same losses",
      holds: ({ different, apart }) => different[0] === 0 && apart[0] === 0,
    },
    {
      text: "Without the place in the data, the random state or the optimizer, nearly every weight ends up different",
      holds: ({ different, weights }) => different.slice(1).every((count) => count > 0.9 * weights),
    },
    {
      text: "A checkpoint is about three times as large as the weights",
      holds: ({ times }) => times > 3 && times < 3.3,
    },
  ],
  async run({ save, steps, dropout, seed }, options) {
    options.signal?.throwIfAborted();
    const letters = chineseEnglish().training.slice(0, 1000).map(({ target }) => target).join("\n");
    const alphabet = [...new Set(letters)].sort(), ids = new Map(alphabet.map((letter, id) => [letter, id]));
    const text = { tokens: Int32Array.from(letters, (letter) => ids.get(letter)!), vocabSize: alphabet.length };

    const first = setUp(text, dropout, seed);
    const before = await go(first, save, part(options, 0, 0.15));
    const file = await encodeCheckpoint(first);
    const after = await go(first, save + steps, part(options, 0.15, 0.3));
    const wanted = await weightsOf(first.model), times = file.byteLength / await bytesOf(first.model);
    discard(first.optimizer, first.model);

    const different: number[] = [], apart: number[] = [], runs: [number, number][][] = [];
    for (const [i, forgotten] of FORGOTTEN.entries()) {
      const run = setUp(text, dropout, seed + 1);
      const { model, optimizer, batches, randoms } = run;
      restoreCheckpoint(file, {
        model,
        ...(forgotten !== "the optimizer" && { optimizer }),
        ...(forgotten !== "the place in the data" && { batches }),
        ...(forgotten !== "the random state" && { randoms }),
      });
      // An optimizer that was forgotten starts to count from 0.
      const start = optimizer.steps;
      const losses = await go(run, start + steps, part(options, 0.3 + 0.17 * i, 0.3 + 0.17 * (i + 1)));
      const curve = losses.map(([step, loss]): [number, number] => [step - start + save, loss]);
      const found = await weightsOf(model);
      different.push(found.filter((x, at) => !Object.is(x, wanted[at]!)).length);
      apart.push(Math.max(...curve.map(([, loss], at) => Math.abs(loss - after[at]![1]))));
      runs.push(curve);
      discard(optimizer, model);
    }
    const findings: Found = {
      different,
      weights: wanted.length,
      apart,
      times,
    };
    return { findings, figures: figures(findings, file.byteLength, save, [...before, ...after], runs) };
  },
};
