/**
 * # Sure and right
 *
 * A small network learns a few noisy examples by heart. On unseen ones it is more often sure than right; one temperature, fitted on
 * held-out examples, repairs that. The examples are drawn from known distributions, so the real probabilities are known too.
 *
 * @module
 */

import { tensor } from "../../engine/create.ts";
import { Linear } from "../../engine/linear.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { Sequential } from "../../engine/sequential.ts";
import { relu } from "../../05_transformer/feed_forward/activations.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { adam } from "../../06_training/adam.ts";
import { Optimizer } from "../../06_training/optimizer.ts";
import { difference, mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { readRows } from "../../experiments/reading.ts";
import { Steps } from "../../experiments/running.ts";
import { overSeeds, type Range, rangeOf, rangesOf } from "../../experiments/seeds.ts";
import { SEED } from "../../experiments/seed.ts";
import {
  brierScore,
  type CalibrationBin,
  calibrationError,
  equalMassBins,
  equalWidthBins,
  fitTemperature,
  topPredictions,
} from "../confidence.ts";
import { logProbabilityOf, toLogProbabilities } from "../sampling.ts";

/** Classes, features of an example, how far apart the classes lie, and the width of the network. */
const CLASSES = 4, FEATURES = 8, SPREAD = 0.75, HIDDEN = 64;
/** Examples that the temperature is fitted on, and examples that all is measured on. */
const HELD_OUT = 1000, UNSEEN = 4000;
/** Steps of training, those between two measurements, and the learning rate. */
const STEPS = 200, EVERY = 20, LEARNING_RATE = 0.01;
/** Bins of the diagrams and of the errors. */
const BINS = 15;
/** Seeds of the ranges. */
const SEEDS = 3;

/** How sure and how right one set of answers is. */
export interface Judged {
  readonly accuracy: number;
  readonly confidence: number;
  /** The calibration error, with bins of equal width and of equal mass. */
  readonly error: number;
  readonly massError: number;
  readonly brier: number;
  /** Mean negative log-likelihood of the right class. */
  readonly loss: number;
  /** Mean Kullback–Leibler divergence of the model's probabilities from the real ones. */
  readonly divergence: number;
}

type Point = readonly [number, number];

/** What one seed finds. */
interface Found {
  readonly temperature: number;
  readonly trained: number;
  /** The model as it is, by its temperature, and the real probabilities. */
  readonly before: Judged;
  readonly after: Judged;
  readonly real: Judged;
  /** Over the steps: accuracy and mean confidence on unseen examples. */
  readonly accuracies: readonly Point[];
  readonly confidences: readonly Point[];
  readonly diagrams: readonly (readonly Point[])[];
}

/** What is found. */
export interface ConfidenceFindings {
  readonly temperature: number;
  /** Accuracy on the examples that were learned. */
  readonly trained: number;
  /** On unseen examples, before and after, and of the real probabilities. */
  readonly accuracies: readonly number[];
  readonly confidences: readonly number[];
  readonly briers: readonly number[];
  /** The same three for each seed: the calibration error. */
  readonly errors: readonly (readonly number[])[];
  /** And the divergences from the real probabilities, before and after. */
  readonly divergences: readonly (readonly number[])[];
  readonly temperatures: Range;
  readonly shown: {
    readonly examples: number;
    readonly seeds: number;
    readonly judged: readonly [before: Judged, after: Judged, real: Judged];
    readonly accuracies: readonly Point[];
    readonly confidences: readonly Point[];
    readonly bands: readonly (readonly Range[])[];
    readonly diagrams: readonly (readonly Point[])[];
  };
}

/** What the experiment is made of. */
export interface SureAndRight extends Parts {
  findings: ConfidenceFindings;
  controls: "examples" | "smoothing" | "seed";
  claims: "overconfident" | "repaired" | "answers" | "closer";
  captions: "diagram" | "steps" | "table";
  labels:
    & Labels<"confidence" | "accuracy" | "diagonal" | "before" | "after" | "real">
    & Labels<"step" | "share" | "meanConfidence">
    & Labels<"probabilities" | "error" | "massError" | "brier" | "loss" | "divergence">;
}

/** Examples with their classes, and the logarithms of the real probabilities of the classes. */
interface Examples {
  readonly features: Float32Array;
  readonly labels: Int32Array;
  readonly real: readonly Float64Array[];
}

/** Draws examples: the features of a class are its centre and normal noise. */
async function drawExamples(count: number, centres: readonly ArrayLike<number>[], random: Random): Promise<Examples> {
  const labels = Int32Array.from({ length: count }, () => random.integer(CLASSES));
  const noise = await random.normal([count, FEATURES]).read();
  const features = Float32Array.from(noise, (x, i) => x + centres[labels[Math.floor(i / FEATURES)]!]![i % FEATURES]!);
  // The density of a class falls with the squared distance from its centre, and all classes are equally frequent.
  const real = Array.from(labels, (_, row) =>
    toLogProbabilities(centres.map((centre) => {
      let distance = 0;
      for (let i = 0; i < FEATURES; i++) distance += (features[row * FEATURES + i]! - centre[i]!) ** 2;
      return -distance / 2;
    })));
  return { features, labels, real };
}

/** All measures of some answers. */
function judge(logits: readonly ArrayLike<number>[], { labels, real }: Examples, temperature: number): Judged {
  const predictions = topPredictions(logits, labels, temperature), bins = equalWidthBins(predictions, BINS);
  const scaled = logits.map((row) => Array.from(row, (logit) => logit / temperature));
  return {
    accuracy: mean(predictions.map(({ correct }) => Number(correct))),
    confidence: mean(predictions.map(({ confidence }) => confidence)),
    error: calibrationError(bins),
    massError: calibrationError(equalMassBins(predictions, BINS)),
    brier: brierScore(bins).score,
    loss: -mean(scaled.map((row, i) => logProbabilityOf(row, labels[i]!))),
    divergence: difference(mean(scaled.map((row, i) => {
      const model = toLogProbabilities(row);
      return real[i]!.reduce((sum, log, label) => sum + Math.exp(log) * (log - model[label]!), 0);
    }))),
  };
}

/** The points of a reliability diagram. */
function diagramOf(bins: readonly CalibrationBin[]): Point[] {
  return bins.map(({ confidence, accuracy }): Point => [rounded(confidence), rounded(accuracy)]);
}

/** Trains one network, and measures it before and after its temperature is fitted. */
async function measureOnce(
  { examples, smoothing, seed }: Readonly<Record<"examples" | "smoothing" | "seed", number>>,
  options: RunOptions,
): Promise<Found> {
  const steps = new Steps(options, STEPS), random = new Random(seed);
  const spread = await random.normal([CLASSES * FEATURES], { deviation: SPREAD }).read();
  const centres = Array.from({ length: CLASSES }, (_, i) => spread.slice(i * FEATURES, (i + 1) * FEATURES));
  const learned = await drawExamples(examples, centres, random),
    heldOut = await drawExamples(HELD_OUT, centres, random);
  const unseen = await drawExamples(UNSEEN, centres, random);
  const network = new Sequential(new Linear(FEATURES, HIDDEN, random), relu, new Linear(HIDDEN, CLASSES, random));
  const logitsOf = ({ features, labels }: Examples): Promise<number[][]> =>
    readRows(() => network.forward(tensor(features, [labels.length, FEATURES])));
  const optimizer = new Optimizer(network.parameters(), adam({ learningRate: LEARNING_RATE }));
  const accuracies: Point[] = [], confidences: Point[] = [];
  for (let step = 1; step <= STEPS; step++) {
    await steps.next();
    scope(() => {
      const logits = network.forward(tensor(learned.features, [examples, FEATURES]));
      crossEntropy(logits, tensor(learned.labels), { labelSmoothing: smoothing }).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    if (step % EVERY > 0 && step > 1) continue;
    const { accuracy, confidence } = judge(await logitsOf(unseen), unseen, 1);
    accuracies.push([step, rounded(accuracy)]);
    confidences.push([step, rounded(confidence)]);
  }
  const temperature = fitTemperature(await logitsOf(heldOut), heldOut.labels), logits = await logitsOf(unseen);
  const trained = judge(await logitsOf(learned), learned, 1).accuracy;
  discard(network, optimizer);
  const [before, after, real] = [
    judge(logits, unseen, 1),
    judge(logits, unseen, temperature),
    judge(unseen.real, unseen, 1),
  ];
  const diagrams = [topPredictions(logits, unseen.labels), topPredictions(logits, unseen.labels, temperature)]
    .map((predictions) => diagramOf(equalMassBins(predictions, BINS)));
  return { temperature, trained, before, after, real, accuracies, confidences, diagrams };
}

/** Overconfidence, and what a temperature makes of it. */
export const experiment: Experiment<SureAndRight> = {
  controls: {
    examples: { default: 100, min: 40, max: 2000, step: 20 },
    smoothing: { default: 0, min: 0, max: 0.4, step: 0.05 },
    seed: SEED,
  },
  constants: {
    classes: CLASSES,
    features: FEATURES,
    hidden: HIDDEN,
    steps: STEPS,
    heldOut: HELD_OUT,
    unseen: UNSEEN,
    bins: BINS,
    seeds: SEEDS,
  },
  tolerance: 0.1,
  claims: {
    overconfident: {
      holds: ({ errors, trained, accuracies, confidences }) =>
        trained === 1 && confidences[0]! > accuracies[0]! && errors.every(([before]) => before! > 0.15),
    },
    repaired: {
      holds: ({ errors, temperatures }) =>
        temperatures[0] > 1.5 && errors.every(([before, after]) => after! < before! / 4),
    },
    answers: { holds: ({ accuracies, briers }) => accuracies[0] === accuracies[1] && briers[1]! < briers[0]! },
    closer: { holds: ({ divergences }) => divergences.every(([before, after]) => after! < before! / 2) },
  },
  async measure(controls, options) {
    const all = await overSeeds(controls, SEEDS, options, measureOnce);
    const { temperature, trained, before, after, real, accuracies, confidences, diagrams } = all[0]!;
    const judged = [before, after, real] as const;
    const bandOf = (curve: (found: Found) => readonly Point[]): Range[] =>
      rangesOf(all.map((found) => curve(found).map(([, y]) => y)));
    return {
      temperature,
      trained,
      accuracies: judged.map(({ accuracy }) => accuracy),
      confidences: judged.map(({ confidence }) => confidence),
      briers: judged.map(({ brier }) => brier),
      errors: all.map((found) => [found.before.error, found.after.error, found.real.error]),
      divergences: all.map((found) => [found.before.divergence, found.after.divergence]),
      temperatures: rangeOf(all.map((found) => found.temperature)),
      shown: {
        examples: controls.examples,
        seeds: SEEDS,
        judged,
        accuracies,
        confidences,
        bands: [bandOf(({ accuracies }) => accuracies), bandOf(({ confidences }) => confidences)],
        diagrams,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { shown } = findings, [plain, scaled] = shown.diagrams;
    const unit = { domain: [0, 1] } as const;
    const row = (title: string, value: (judged: Judged) => number): (string | number)[] => [
      title,
      ...shown.judged.map((judged) => rounded(value(judged))),
    ];
    return [
      {
        kind: "line",
        caption: captions.diagram(findings),
        x: { title: labels.confidence, ...unit },
        y: { title: labels.accuracy, ...unit },
        series: [
          { label: labels.before, points: plain! },
          { label: labels.after, points: scaled! },
          { label: labels.diagonal, points: [[0, 0], [1, 1]], dashed: true },
        ],
      },
      {
        kind: "line",
        caption: captions.steps(findings),
        x: { title: labels.step },
        y: { title: labels.share, ...unit },
        series: [
          { label: labels.meanConfidence, points: shown.confidences, ranges: shown.bands[1]! },
          { label: labels.accuracy, points: shown.accuracies, ranges: shown.bands[0]! },
        ],
      },
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [labels.probabilities, labels.before, labels.after, labels.real],
        rows: [
          row(labels.accuracy, ({ accuracy }) => accuracy),
          row(labels.meanConfidence, ({ confidence }) => confidence),
          row(labels.error, ({ error }) => error),
          row(labels.massError, ({ massError }) => massError),
          row(labels.brier, ({ brier }) => brier),
          row(labels.loss, ({ loss }) => loss),
          row(labels.divergence, ({ divergence }) => divergence),
        ],
      },
    ];
  },
};
