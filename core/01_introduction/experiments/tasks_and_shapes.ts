/**
 * # One encoder, four kinds of input
 *
 * The page says that words, sounds, graphs and images are sets of vectors, and that one network reads all of them. Here it does: the same
 * encoder learns a task on each kind of input. Between two tasks nothing changes but the width of the first and the last matrix. Every example is drawn anew, so none
 * of the test has been seen.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { tensor } from "../../engine/create.ts";
import { concat } from "../../engine/joining.ts";
import { oneHot } from "../../engine/indexing.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Encoder } from "../../05_transformer/encoder.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, fit } from "../../experiments/learning.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { audioFrames, graphNodes, imagePatches, type TaskShape, taskShape } from "../tasks_and_shapes.ts";

/** How everything is trained and tested. */
const BATCH = 32, RATE = 0.01, TESTS = 256, SEEDS = 3, LAYERS = 2, HEADS = 2;
/** Words of the vocabulary and of a sentence; nodes of a graph; samples of a sound, of a frame, and between frames; pixels across. */
const WORDS = 12, LENGTH = 6, NODES = 7, SAMPLES = 72, FRAME = 24, HOP = 8, PIXELS = 8, PATCH = 4;

const KINDS = ["words", "sound", "graph", "image"] as const;
type Kind = typeof KINDS[number];

/** Some examples of a task. */
interface Lot {
  /** What goes in, `[B, N, W]`. */
  readonly vectors: Tensor;
  /** Pairs that may look, `[B, 1, N, N]`; all by default. */
  readonly mask?: Tensor;
  /** The right answers, for each example one, or one for each vector. */
  readonly labels: readonly (readonly number[])[];
}

/** A task: how many classes it has, and how its examples are drawn. */
interface Task {
  readonly width: number;
  readonly classes: number;
  readonly draw: (random: Random, count: number) => Lot;
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const stacked = (parts: readonly Tensor[]): Tensor => concat(parts.map((one) => one.unsqueeze(0)), 0);

const TASKS: Readonly<Record<Kind, Task>> = {
  // Each word: does its opposite stand in the sentence too? Words 0 and 1 are opposites, 2 and 3, and so on.
  words: {
    width: WORDS,
    classes: 2,
    draw: (random, count) => {
      const sentences = times(count, () => times(LENGTH, () => random.integer(WORDS)));
      return {
        vectors: oneHot(tensor(sentences.flat(), [count, LENGTH], "int32"), WORDS).cast("float32"),
        labels: sentences.map((words) => words.map((word) => words.includes(word ^ 1) ? 1 : 0)),
      };
    },
  },
  // Which of three pitches is it, at any phase and under noise?
  sound: {
    width: FRAME,
    classes: 3,
    draw: (random, count) => {
      const pitches = times(count, () => random.integer(3));
      const samples = pitches.flatMap((pitch) => {
        const phase = 2 * Math.PI * random.next(), noise = random.uniforms(SAMPLES);
        return times(SAMPLES, (t) => Math.sin(0.3 * (pitch + 1) * t + phase) + noise[t]! - 0.5);
      });
      const vectors = audioFrames(tensor(samples, [count, SAMPLES]), { size: FRAME, hop: HOP });
      return { vectors, labels: pitches.map((pitch) => [pitch]) };
    },
  },
  // Each node: is it red, or joined to a red one?
  graph: {
    width: 3,
    classes: 2,
    draw: (random, count) => {
      const graphs = times(count, () => {
        const colours = times(NODES, () => Math.max(0, random.integer(6) - 3));
        const edges = times(NODES, () => [random.integer(NODES), random.integer(NODES)] as const);
        const joined = (a: number, b: number): boolean =>
          a === b || edges.some(([from, to]) => from === a && to === b || from === b && to === a);
        const labels = times(NODES, (a) => colours.some((colour, b) => colour === 2 && joined(a, b)) ? 1 : 0);
        return { labels, ...graphNodes(oneHot(tensor(colours, [NODES], "int32"), 3).cast("float32"), edges) };
      });
      return {
        vectors: stacked(graphs.map(({ vectors }) => vectors)),
        mask: stacked(graphs.map(({ mask }) => mask)).unsqueeze(1),
        labels: graphs.map(({ labels }) => labels),
      };
    },
  },
  // Does the line in the image lie or stand, at any place and under noise?
  image: {
    width: PATCH * PATCH,
    classes: 2,
    draw: (random, count) => {
      const standing = times(count, () => random.integer(2));
      const pixels = standing.flatMap((stands) => {
        const place = random.integer(PIXELS), noise = random.uniforms(PIXELS * PIXELS);
        return times(PIXELS * PIXELS, (i) => {
          const at = stands ? i % PIXELS : Math.floor(i / PIXELS);
          return (at === place ? 1 : 0) + noise[i]! - 0.5;
        });
      });
      const image = tensor(pixels, [count, PIXELS, PIXELS, 1]);
      return { vectors: imagePatches(image, { size: PATCH }), labels: standing.map((stands) => [stands]) };
    },
  },
};

/** A matrix, an encoder, a matrix. */
class Reader extends Module {
  readonly input: Linear;
  readonly encoder: Encoder;
  readonly output: Linear;

  constructor({ width, classes }: Task, hiddenSize: number, random: Random) {
    super();
    this.input = new Linear(width, hiddenSize, random);
    this.encoder = new Encoder({ hiddenSize, numHeads: HEADS, numLayers: LAYERS, placement: "pre" }, random);
    this.output = new Linear(hiddenSize, classes, random);
  }

  /** Scores of one answer for each example, or of one for each of its vectors. */
  forward({ vectors, mask, labels }: Lot): Tensor {
    const hidden = this.encoder.forward(this.input.forward(vectors), { mask });
    // One answer for all reads the mean of all vectors, which is the same in any order.
    return this.output.forward(labels[0]!.length === 1 ? hidden.mean(1) : hidden);
  }
}

/** What is found. */
export interface ShapesFindings {
  /** Fraction of answers that are right, by kind of input. */
  readonly accuracy: readonly number[];
  /** What the most frequent answer would reach. */
  readonly majority: readonly number[];
  /** Lowest and highest accuracy over the seeds, by kind of input. */
  readonly ranges: readonly Range[];
  /** Weights of the encoder, by kind of input. */
  readonly weights: readonly number[];
  /** Fraction of answers that change if the vectors come in another order. */
  readonly moved: readonly number[];
  readonly shown: {
    readonly seeds: number;
    readonly tests: number;
    readonly shapes: readonly TaskShape[];
    /** Vectors of an example, their width, answers. */
    readonly sizes: readonly (readonly [vectors: number, width: number, answers: number])[];
  };
}

/** What the experiment is made of. */
export interface Shapes extends Parts {
  findings: ShapesFindings;
  controls: "width" | "steps" | "seed";
  claims: "learned" | "same" | "set";
  captions: "accuracy" | "table";
  labels: Labels<Kind | "right" | "most" | "input" | "shape" | "vectors" | "width" | "answers" | "weights">;
}

const flat = ({ labels }: Lot): Tensor =>
  tensor(labels.flat(), labels[0]!.length === 1 ? [labels.length] : [labels.length, labels[0]!.length], "int32");

/** The answers of a model: for each example one, or one for each vector. */
async function answers(model: Reader, lot: Lot): Promise<number[]> {
  const scores = scope(() => noGrad(() => model.forward(lot).argmax(-1)));
  return Array.from(await scores.read());
}

/** The same examples with the order of the vectors turned round. */
function reversed(lot: Lot): Lot {
  const N = lot.vectors.shape[1]!;
  const turn = (x: Tensor, axis: number): Tensor => concat(times(N, (i) => x.slice(axis, N - 1 - i, N - i)), axis);
  return {
    vectors: turn(lot.vectors, 1),
    ...lot.mask && { mask: turn(turn(lot.mask.cast("int32"), 2), 3).cast("bool") },
    labels: lot.labels.map((row) => row.toReversed()),
  };
}

/** Trains and tests one kind of input. */
async function once(
  kind: Kind,
  { width, steps, seed }: Record<"width" | "steps" | "seed", number>,
  options: RunOptions,
) {
  const task = TASKS[kind], random = new Random(seed), model = new Reader(task, width, random);
  const loss = (): Tensor => {
    const lot = task.draw(random, BATCH);
    return crossEntropy(model.forward(lot), flat(lot));
  };
  await fit(model, loss, { steps, learningRate: RATE, ...options });
  const test = task.draw(random, TESTS), truth = test.labels.flat();
  const found = await answers(model, test);
  const turned = reversed(test), again = await answers(model, turned);
  // The answer of a vector moves with it.
  const each = test.labels[0]!.length, back = again.map((_, i) => again[i - i % each + (each - 1 - i % each)]!);
  const counts = times(task.classes, (c) => truth.filter((label) => label === c).length);
  const weights = [...model.encoder.parameters().values()].reduce((sum, { size }) => sum + size, 0);
  discard(model);
  return {
    accuracy: truth.filter((label, i) => label === found[i]).length / truth.length,
    majority: Math.max(...counts) / truth.length,
    moved: found.filter((answer, i) => answer !== back[i]).length / found.length,
    weights,
    shape: taskShape(test.labels.map((output) => ({ input: times(test.vectors.shape[1]!, String), output }))),
    size: [test.vectors.shape[1]!, test.vectors.shape[2]!, each] as const,
  };
}

/** The encoder of the book on words, sounds, graphs and images. */
export const experiment: Experiment<Shapes> = {
  controls: {
    width: { default: 16, min: 4, max: 64, step: 4 },
    steps: { default: 140, min: 10, max: 600, step: 10 },
    seed: SEED,
  },
  constants: { batch: BATCH, rate: RATE, layers: LAYERS, heads: HEADS, tests: TESTS, seeds: SEEDS },
  claims: {
    learned: { holds: ({ ranges, majority }) => ranges.every(([low], i) => low > 0.9 && low > majority[i]! + 0.1) },
    same: { holds: ({ weights }) => weights.every((count) => count === weights[0]) },
    set: { holds: ({ moved }) => moved.every((fraction) => fraction < 0.01) },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, async (at, whole) => {
      const found = [];
      for (const [i, kind] of KINDS.entries()) {
        found.push(await once(kind, at, part(whole, i / KINDS.length, (i + 1) / KINDS.length)));
      }
      return found;
    });
    const first = runs[0]!;
    return {
      accuracy: first.map(({ accuracy }) => accuracy),
      majority: first.map(({ majority }) => majority),
      ranges: rangesOf(runs.map((run) => run.map(({ accuracy }) => accuracy))),
      weights: first.map(({ weights }) => weights),
      moved: first.map(({ moved }) => moved),
      shown: {
        seeds: SEEDS,
        tests: TESTS,
        shapes: first.map(({ shape }) => shape),
        sizes: first.map(({ size }) => size),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { accuracy, majority, ranges, weights, shown } = findings;
    return [
      {
        kind: "bars",
        caption: captions.accuracy(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: KINDS.flatMap((kind, i) => [
          { label: labels.right, group: labels[kind], value: accuracy[i]!, range: ranges[i]! },
          { label: labels.most, group: labels[kind], value: majority[i]! },
        ]),
      },
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [labels.input, labels.shape, labels.vectors, labels.width, labels.answers, labels.weights],
        rows: KINDS.map((kind, i) => [labels[kind], shown.shapes[i]!, ...shown.sizes[i]!, weights[i]!]),
      },
    ];
  },
};
