/**
 * # One problem, four optimizers
 *
 * SGD, momentum, Adam and AdamW go down the same narrow valley, and train the same small language
 * model on the same batches from the same weights, each at a learning rate that suits it. What the section says
 * about rare words and about the length of Adam's steps is measured as well.
 *
 * @module
 */

import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import {
  discard,
  learn,
  mean,
  part,
  read,
  rounded,
  say,
  seedControl,
  Steps,
} from "../../05_transformer/experiments/support.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { parameter, type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { SequenceWindows } from "../batching.ts";
import { crossEntropy } from "../loss.ts";
import { adam, adamW } from "../adam.ts";
import { Optimizer, sgd } from "../optimizers.ts";
import { nextTokens } from "../teacher_forcing.ts";

type Parameters = ReadonlyMap<string, Tensor>;

/**
 * Each with a rate for the valley and one for the language model: the best of those tried, in factors of two, by the
 * mean loss of three seeds after 100 and after 300 steps.
 */
const CONTESTANTS: readonly {
  readonly name: string;
  readonly create: (parameters: Parameters) => Optimizer;
  /** Of the valley, by its steepness. */
  readonly valley: (steepness: number) => number;
  readonly model: number;
}[] = [
  { name: "SGD", create: (p) => new Optimizer(p, sgd()), valley: (steepness) => 1.8 / steepness, model: 1 },
  {
    name: "momentum",
    create: (p) => new Optimizer(p, sgd({ momentum: 0.9 })),
    valley: (steepness) => 1.8 / steepness,
    model: 0.4,
  },
  { name: "Adam", create: (p) => new Optimizer(p, adam()), valley: () => 0.1, model: 0.005 },
  { name: "AdamW", create: (p) => new Optimizer(p, adamW({ weightDecay: 0.1 })), valley: () => 0.1, model: 0.005 },
];
const VALLEY_STEPS = 100, START: readonly [number, number] = [-2, 1];

type Found = {
  /** Height in the valley after all steps, as a share of the start: SGD, momentum, Adam, AdamW. */
  readonly valley: readonly number[];
  /** Loss of the language model at the end, and at the start. */
  readonly losses: readonly number[];
  readonly firstLoss: number;
  /** How far the vectors of the most frequent tenth of the vocabulary moved on average, and of the rarest. */
  readonly frequentMoved: readonly number[];
  readonly rareMoved: readonly number[];
  /** Length of Adam's first step in learning rates, for gradients of 0.001, 1 and 1000. */
  readonly firstSteps: readonly number[];
  /** What AdamW and Adam with a penalty leave of a weight after a step, for gradients of 0 and 100. */
  readonly decayed: readonly number[];
  readonly penalized: readonly number[];
};

/** Height of a place in a valley of some steepness. */
const heightAbove = (steepness: number) => ([x, y]: readonly [number, number]): number =>
  (x * x + steepness * y * y) / 2;

/** Goes down a valley that is `steepness` times as steep across as along. */
async function descend(create: (p: Parameters) => Optimizer, rate: number, steepness: number, steps: Steps) {
  const place = parameter(tensor([[...START]])), slopes = tensor([1, steepness]);
  const optimizer = create(new Map([["place", place]]));
  const path: [number, number][] = [[...START]];
  for (let i = 0; i < VALLEY_STEPS; i++) {
    await steps.next();
    scope(() => {
      place.square().mul(slopes).sum().mul(0.5).backward();
      optimizer.step(rate);
    });
    optimizer.zeroGrad();
    const [x, y] = await place.read();
    path.push([x!, y!]);
  }
  discard(optimizer);
  release(place);
  release(slopes);
  return path;
}

/** What one step makes of a number at `start` under a constant gradient. */
async function oneStep(create: (p: Parameters) => Optimizer, start: number, gradient: number): Promise<number> {
  const weight = parameter(tensor([[start]]));
  const optimizer = create(new Map([["weight", weight]]));
  scope(() => {
    weight.mul(gradient).sum().backward();
    optimizer.step();
  });
  optimizer.zeroGrad();
  const [after] = await weight.read();
  discard(optimizer);
  release(weight);
  return after!;
}

function figures(
  found: Found,
  paths: readonly [number, number][][],
  curves: readonly [number, number][][],
  steepness: number,
  unit: string,
): Figure[] {
  const height = heightAbove(steepness);
  /** Names with rates that a caption gives once for equal ones. */
  const rates = (rateOf: (contestant: typeof CONTESTANTS[number]) => number): string =>
    CONTESTANTS.map((contestant) => `${contestant.name} ${say(rateOf(contestant), 2)}`).join(", ");
  return [
    {
      kind: "line",
      caption:
        `The first 40 steps through a valley ${steepness} times as steep across as along; the lowest point is at ` +
        `(0, 0). Learning rates: ${rates(({ valley }) => valley(steepness))}.`,
      x: { title: "along the valley" },
      y: { title: "across" },
      series: paths.map((path, i) => ({
        label: CONTESTANTS[i]!.name,
        points: path.slice(0, 41).map(([x, y]): [number, number] => [rounded(x), rounded(y)]),
      })),
    },
    {
      kind: "line",
      caption:
        `Height above the lowest point, as a share of the height at the start. After ${VALLEY_STEPS} steps SGD has ` +
        `${say(found.valley[0]!, 2)} of it left, momentum ${say(found.valley[1]!, 2)}, Adam ${
          say(found.valley[2]!, 2)
        }.`,
      x: { title: "step" },
      y: { title: "height, start = 1", logarithmic: true },
      series: paths.map((path, i) => ({
        label: CONTESTANTS[i]!.name,
        // Where it is 0 in float32, a logarithm has no place for it.
        points: path.flatMap((at, step): [number, number][] => {
          const share = height(at) / height(START);
          return share > 0 ? [[step, rounded(share)]] : [];
        }),
      })),
    },
    {
      kind: "line",
      caption: `The same small language model on ${unit}s, from the same weights and on the same batches: ` +
        `${
          CONTESTANTS.map(({ name }, i) => `${name} ${say(found.losses[i]!)}`).join(", ")
        } nats a ${unit} at the end. ` +
        `Learning rates: ${rates(({ model }) => model)}.`,
      x: { title: "step" },
      y: { title: `nats per ${unit}` },
      series: curves.map((points, i) => ({ label: CONTESTANTS[i]!.name, points })),
    },
    {
      kind: "bars",
      caption:
        `How far the vectors of ${unit}s moved in this training. The rarest tenth moved, as a share of the most ` +
        `frequent tenth: ${
          CONTESTANTS.map(({ name }, i) => `${name} ${say(found.rareMoved[i]! / found.frequentMoved[i]!, 2)}`).join(
            ", ",
          )
        }.`,
      y: { title: "distance moved, mean" },
      bars: CONTESTANTS.flatMap(({ name: group }, i) => [
        { label: "most frequent tenth", group, value: found.frequentMoved[i]! },
        { label: "rarest tenth", group, value: found.rareMoved[i]! },
      ]),
    },
    {
      kind: "table",
      caption: "Adam’s first step is one learning rate long, whatever the gradient; AdamW takes the same share off a " +
        "weight, whatever its gradient, and a penalty does not.",
      columns: ["what", "gradient", "result"],
      rows: [
        ...[0.001, 1, 1000].map((
          gradient,
          i,
        ) => ["Adam, first step in learning rates", gradient, found.firstSteps[i]!]),
        ...[0, 100].map((gradient, i) => ["AdamW, share that decay takes off", gradient, found.decayed[i]!]),
        ...[0, 100].map((gradient, i) => ["Adam with a penalty, the same", gradient, found.penalized[i]!]),
      ],
    },
  ];
}

/** SGD, momentum, Adam and AdamW on the same problems. */
export const optimizersExperiment: Experiment<Found, "steepness" | "text" | "steps" | "seed"> = {
  name: "training/optimizers",
  title: "One problem, four optimizers",
  purpose: "Four optimizers go down the same narrow valley, and train the same language model on the same " +
    "batches. Change the steepness of the valley, or the text: a thousand words, most of them rare, or letters. " +
    "See who is ahead where, how far rare words move, and how long the steps of Adam are.",
  controls: {
    steepness: {
      label: "Steepness",
      description: "How much steeper the valley is across than along, in the first two figures",
      default: 100,
      min: 5,
      max: 500,
      step: 5,
    },
    text: {
      label: "Text",
      description:
        "What the language model reads, in the third and fourth figure: a thousand words, most of them rare, or letters",
      default: 0,
      min: 0,
      max: 1,
      choices: ["words", "letters"],
    },
    steps: {
      label: "Training steps",
      description: "Of the language model, in the third and fourth figure; in the valley there are always " +
        VALLEY_STEPS,
      default: 100,
      min: 10,
      max: 300,
      step: 10,
    },
    seed: seedControl,
  },
  tolerance: 0.2,
  claims: [
    {
      text: "In a narrow valley momentum and Adam come below a tenth of the height that SGD is left with",
      holds: ({ valley: [sgd, momentum, adam] }) => momentum! < sgd! / 10 && adam! < sgd! / 10,
    },
    {
      text: "Momentum, Adam and AdamW train the language model further than SGD in as many steps",
      holds: ({ losses: [sgd, ...others] }) => others.every((loss) => loss < sgd! - 0.05),
    },
    {
      text: "Under Adam rare words move at least as far as frequent ones; under SGD and momentum less than half as far",
      holds: ({ frequentMoved, rareMoved }) => {
        const [sgd, momentum, ...adams] = rareMoved.map((moved, i) => moved / frequentMoved[i]!);
        return sgd! < 0.5 && momentum! < 0.5 && adams.every((share) => share > 0.9);
      },
    },
    {
      text: "So Adam trains further than momentum: it ends lower by more than 0.1 nats",
      holds: ({ losses: [, momentum, adam] }) => adam! < momentum! - 0.1,
      refuted: true,
    },
    {
      text: "With its corrections, Adam’s first step is as long as the learning rate, whatever the gradient",
      holds: ({ firstSteps }) => firstSteps.every((length) => Math.abs(length - 1) < 0.01),
    },
    {
      text: "AdamW takes the same share off a weight with a large gradient as off one without; a penalty does not",
      holds: ({ decayed, penalized }) =>
        Math.abs(decayed[0]! - decayed[1]!) < 1e-4 && Math.abs(penalized[0]! - penalized[1]!) > 1e-3,
    },
  ],
  async run({ steepness, text, steps, seed }, options) {
    const rest = new Steps(part(options, 0, 0.2), CONTESTANTS.length * VALLEY_STEPS);
    const paths: [number, number][][] = [];
    for (const { create, valley } of CONTESTANTS) {
      paths.push(await descend(create, valley(steepness), steepness, rest));
    }
    const height = heightAbove(steepness);

    const learningRate = 0.01;
    const firstSteps: number[] = [];
    for (const gradient of [0.001, 1, 1000]) {
      firstSteps.push(
        rounded(-await oneStep((p) => new Optimizer(p, adam({ learningRate })), 0, gradient) / learningRate),
      );
    }
    // What decay takes off: the difference to the same step without it.
    const lost = async (make: (p: Parameters, decay: number) => Optimizer, gradient: number): Promise<number> =>
      rounded(await oneStep((p) => make(p, 0), 1, gradient) - await oneStep((p) => make(p, 1), 1, gradient));
    const decayed: number[] = [], penalized: number[] = [];
    for (const gradient of [0, 100]) {
      decayed.push(await lost((p, weightDecay) => new Optimizer(p, adamW({ learningRate, weightDecay })), gradient));
      penalized.push(await lost((p, penalty) => new Optimizer(p, adam({ learningRate, penalty })), gradient));
    }

    const words = chineseEnglish().training.flatMap(({ target }) => [
      ...(text ? target : target.split(/\s+|(?=[.,?!])/)),
      "\n",
    ]);
    const vocabulary = [...new Set(words)].sort(), ids = new Map(vocabulary.map((word, id) => [word, id]));
    const tokens = Int32Array.from(words, (word) => ids.get(word)!);
    const counts = new Float64Array(vocabulary.length);
    for (const token of tokens) counts[token]!++;
    const byCount = [...vocabulary.keys()].sort((a, b) => counts[b]! - counts[a]!);
    const tenth = Math.ceil(vocabulary.length / 10);
    const curves: [number, number][][] = [], frequentMoved: number[] = [], rareMoved: number[] = [];
    for (const [i, { create, model: rate }] of CONTESTANTS.entries()) {
      const random = new Random(seed);
      const layout = { vocabSize: vocabulary.length, contextLength: 16, hiddenSize: 32, numLayers: 1, numHeads: 2 };
      const model = new DecoderOnly(layout, random.split());
      const windows = new SequenceWindows(tokens, { contextLength: 16, batchSize: 16, random: random.split() });
      const optimizer = create(model.parameters());
      const start = tensor((await model.embedding.weight.form.read()).slice(), model.embedding.weight.shape);
      curves.push(
        await learn({
          model,
          optimizer,
          next: () => windows.next(),
          loss: (windows) => {
            const { inputs, targets } = nextTokens(windows);
            return crossEntropy(model.forward(inputs), targets);
          },
          steps,
          learningRate: rate,
          every: 2,
        }, part(options, 0.2 + 0.2 * i, 0.4 + 0.2 * i)),
      );
      const moved = await read(() => model.embedding.weight.tensor.sub(start).square().sum(1).sqrt());
      const meanOf = (words: readonly number[]): number => rounded(mean(words.map((word) => moved[word]!)));
      frequentMoved.push(meanOf(byCount.slice(0, tenth)));
      rareMoved.push(meanOf(byCount.slice(-tenth)));
      release(start);
      discard(optimizer, model);
    }
    const findings: Found = {
      valley: paths.map((path) => rounded(height(path.at(-1)!) / height(START))),
      losses: curves.map((curve) => rounded(mean(curve.slice(-3).map(([, loss]) => loss)))),
      firstLoss: curves[0]![0]![1],
      frequentMoved,
      rareMoved,
      firstSteps,
      decayed,
      penalized,
    };
    return { findings, figures: figures(findings, paths, curves, steepness, text ? "letter" : "word") };
  },
};
