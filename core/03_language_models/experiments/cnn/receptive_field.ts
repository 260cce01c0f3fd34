/**
 * # How far a stack of convolutions sees
 *
 * Each position is to repeat the token that stood some positions before it. Two models of four blocks learn it for one distance after the other: one whose dilation doubles from
 * block to block, one without dilation.
 *
 * @module
 */

import { crossEntropy } from "../../../06_training/loss.ts";
import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { ConvolutionalLanguageModel } from "../../cnn/language_model.ts";

const SEEDS = 2, LAYERS = 4, KERNEL = 2, WIDTH = 24, TOKENS = 6, BATCH = 16, LENGTH = 32, RATE = 0.01;

/** What is found. */
export interface ReceptiveFindings {
  /** Distances that were asked for. */
  readonly distances: readonly number[];
  /** Fraction of tokens that were repeated, by distance: without dilation, and with. */
  readonly plain: readonly Range[];
  readonly dilated: readonly Range[];
  /** Tokens that an output depends on. */
  readonly fields: readonly [plain: number, dilated: number];
  readonly shown: { readonly seeds: number; readonly parameters: number };
}

/** What the experiment is made of. */
export interface Receptive extends Parts {
  findings: ReceptiveFindings;
  controls: "steps" | "seed";
  claims: "within" | "beyond" | "wider";
  captions: "right";
  labels: Labels<"distance" | "right" | "chance"> & { plain(field: number): string; dilated(field: number): string };
}

const DISTANCES = [1, 4, 5, 10, 15, 16];

/** Rows of tokens that are drawn independently. */
const draw = (random: Random): Tensor =>
  tensor(Int32Array.from({ length: BATCH * LENGTH }, () => random.integer(TOKENS)), [BATCH, LENGTH]);

/** Fraction of tokens that a model repeats after training for one distance. */
async function repeated(
  dilationCycle: number,
  distance: number,
  steps: number,
  random: Random,
  options: RunOptions,
): Promise<{ right: number; field: number; parameters: number }> {
  const sizes = { vocabSize: TOKENS, hiddenSize: WIDTH, numLayers: LAYERS, kernelSize: KERNEL, dilationCycle };
  const model = new ConvolutionalLanguageModel({ ...sizes, tieHead: false }, random);
  const answers = (tokens: Tensor): Tensor => model.forward(tokens).slice(1, distance);
  const targets = (tokens: Tensor): Tensor => tokens.slice(1, 0, LENGTH - distance);
  await learn({
    model,
    steps,
    learningRate: RATE,
    next: () => draw(random),
    loss: (tokens: Tensor) => crossEntropy(answers(tokens), targets(tokens)),
    every: steps,
  }, options);
  const [reading] = scope(() =>
    noGrad(() => {
      const tokens = draw(random);
      return [answers(tokens).argmax(-1).equal(targets(tokens)).cast("float32").mean().read()];
    })
  );
  const right = (await reading!)[0]!, field = model.receptiveField, parameters = model.parameterCount();
  discard(model);
  return { right, field, parameters };
}

async function once({ steps, seed }: Readonly<Record<Receptive["controls"], number>>, options: RunOptions) {
  const random = new Random(seed), rows: { right: number; field: number; parameters: number }[][] = [];
  for (const cycle of [1, LAYERS]) {
    const row = [];
    for (const distance of DISTANCES) {
      options.signal?.throwIfAborted();
      row.push(await repeated(cycle, distance, steps, random.split(), options));
    }
    rows.push(row);
  }
  return rows;
}

/** Up to where a token is seen. */
export const experiment: Experiment<Receptive> = {
  controls: { steps: { default: 100, min: 50, max: 400, step: 50 }, seed: SEED },
  constants: {
    seeds: SEEDS,
    layers: LAYERS,
    kernel: KERNEL,
    width: WIDTH,
    tokens: TOKENS,
    batch: BATCH,
    length: LENGTH,
    rate: RATE,
  },
  claims: {
    within: {
      holds: ({ distances, plain, dilated, fields }) =>
        [plain, dilated].every((ranges, i) => ranges.every(([low], d) => distances[d]! >= fields[i]! || low > 0.95)),
    },
    beyond: {
      holds: ({ distances, plain, dilated, fields }) =>
        [plain, dilated].every((ranges, i) => ranges.every(([, high], d) => distances[d]! < fields[i]! || high < 0.3)),
    },
    wider: { holds: ({ fields }) => fields[1] === 2 ** LAYERS && fields[0] === LAYERS + 1 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once), first = runs[0]!;
    const over = (which: number) => rangesOf(runs.map((rows) => rows[which]!.map(({ right }) => right)));
    return {
      distances: DISTANCES,
      plain: over(0),
      dilated: over(1),
      fields: [first[0]![0]!.field, first[1]![0]!.field],
      shown: { seeds: SEEDS, parameters: first[0]![0]!.parameters },
    };
  },
  draw(findings, { captions, labels }) {
    const { distances, plain, dilated, fields } = findings;
    const line = (label: string, ranges: readonly Range[]) => ({
      label,
      points: ranges.map(([low, high], i): [number, number] => [distances[i]!, (low + high) / 2]),
      ranges,
    });
    return [{
      kind: "line",
      caption: captions.right(findings),
      x: { title: labels.distance },
      y: { title: labels.right, domain: [0, 1] },
      series: [
        line(labels.plain(fields[0]), plain),
        line(labels.dilated(fields[1]), dilated),
        { label: labels.chance, points: distances.map((x): [number, number] => [x, 1 / TOKENS]), dashed: true },
      ],
    }];
  },
};
