/**
 * # What the activation is for
 *
 * [The notes](notes:001.37) put a nonlinearity between two linear maps. Is it needed? This draws the activation
 * functions, lets small layers of the same shape learn a curve with each of them and with none,
 * and compares the layer without one with a single matrix.
 *
 * @module
 */

import { meanSquaredError } from "../../06_training/loss.ts";
import { Module } from "../../engine/module.ts";
import { Linear } from "../../engine/linear.ts";
import { Random } from "../../engine/random.ts";
import { release } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { coarse, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { read } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { EncoderLayer } from "../encoder.ts";
import {
  type Activation,
  FeedForward,
  type GatedActivation,
  gelu,
  geluTanh,
  relu,
  silu,
  swiGlu,
} from "../feed_forward/mod.ts";

const POINTS = 81;
/** The learning rate, and how many seeds are tried. */
const RATE = 0.02, SEEDS = 3;
const NAMES = ["none", "relu", "gelu", "silu", "swiglu"] as const;

const ACTIVATIONS: Readonly<Record<typeof NAMES[number], Activation | GatedActivation | undefined>> = {
  none: undefined,
  relu,
  gelu,
  silu,
  swiglu: swiGlu,
};

/** What is found. */
export interface FeedForwardFindings {
  /** Mean squared error of each layer after training: none, ReLU, GELU, SiLU, SwiGLU. */
  readonly errors: readonly number[];
  /** Their ranges over the seeds. */
  readonly ranges: readonly Range[];
  readonly seeds: number;
  /** That of the best straight line, computed without training. */
  readonly line: number;
  /** Largest difference between the layer without activation and one matrix. */
  readonly oneMatrix: number;
  /** Largest difference between the two forms of GELU. */
  readonly geluForms: number;
  /** Fraction of the weights of an encoder layer that its feed-forward has. */
  readonly share: number;
  readonly shown: {
    readonly xs: readonly number[];
    /** The activation functions: ReLU, GELU, SiLU. */
    readonly bends: readonly (readonly number[])[];
    /** The curve, and what the layers make of it. */
    readonly curve: readonly number[];
    readonly fits: readonly (readonly number[])[];
    /** Lowest and highest of these over the seeds. */
    readonly bands: readonly (readonly Range[])[];
  };
}

/** What the experiment is made of. */
export interface Bend extends Parts {
  findings: FeedForwardFindings;
  controls: "size" | "steps" | "seed";
  claims: "oneMatrix" | "line" | "bent" | "share";
  captions: "bends" | "fits" | "errors";
  labels: Labels<typeof NAMES[number] | "activation" | "output" | "error">;
}

/** A feed-forward layer whose activation may be left out. */
class Layer extends Module {
  readonly up: Linear | undefined;
  readonly down: Linear | undefined;
  readonly bent: FeedForward | undefined;

  constructor(activation: Activation | GatedActivation | undefined, size: number, random: Random) {
    super();
    if (activation) {
      this.bent = new FeedForward(2, size, random, { activation });
    } else {
      this.up = new Linear(2, size, random);
      this.down = new Linear(size, 2, random);
    }
  }

  forward(x: Tensor): Tensor {
    return this.bent?.forward(x) ?? this.down!.forward(this.up!.forward(x));
  }
}

const curve = (x: number): number => Math.sin(2 * x);

/** Mean squared error of the straight line that fits best. */
function bestLine(xs: Float32Array): number {
  const ys = [...xs].map(curve), n = xs.length;
  const meanX = xs.reduce((a, b) => a + b, 0) / n, meanY = ys.reduce((a, b) => a + b, 0) / n;
  let xy = 0, xx = 0;
  xs.forEach((x, i) => (xy += (x - meanX) * (ys[i]! - meanY), xx += (x - meanX) ** 2));
  const slope = xy / xx;
  return ys.reduce((sum, y, i) => sum + (y - meanY - slope * (xs[i]! - meanX)) ** 2, 0) / n;
}

type OneSeed = Omit<FeedForwardFindings, "ranges" | "seeds" | "shown"> & {
  readonly shown: Omit<FeedForwardFindings["shown"], "bands">;
};

/** What one seed finds. */
async function once(
  { size, steps, seed }: Readonly<Record<Bend["controls"], number>>,
  options: RunOptions,
): Promise<OneSeed> {
  options.signal?.throwIfAborted();
  const xs = Float32Array.from({ length: POINTS }, (_, i) => -3 + 6 * i / (POINTS - 1));
  const bends: number[][] = [];
  for (const bend of [relu, gelu, silu, geluTanh]) {
    bends.push(Array.from(await read(() => bend(tensor(xs)))));
  }
  // The second input is 1 and the second output 0: width 2 outside.
  const inputs = tensor(Float32Array.from({ length: 2 * POINTS }, (_, i) => i % 2 ? 1 : xs[i >> 1]!), [POINTS, 2]);
  const targets = tensor(
    Float32Array.from({ length: 2 * POINTS }, (_, i) => i % 2 ? 0 : curve(xs[i >> 1]!)),
    [POINTS, 2],
  );
  const fits: number[][] = [], errors: number[] = [];
  let oneMatrix = 0;
  for (const [i, name] of NAMES.entries()) {
    const layer = new Layer(ACTIVATIONS[name], size, new Random(seed));
    await learn({
      model: layer,
      next: () => inputs,
      loss: (x) => meanSquaredError(layer.forward(x).slice(1, 0, 1), targets.slice(1, 0, 1)),
      steps,
      learningRate: RATE,
      every: steps,
    }, part(options, i / NAMES.length, (i + 1) / NAMES.length));
    const outputs = await read(() => layer.forward(inputs));
    fits.push(Array.from(xs, (_, row) => outputs[2 * row]!));
    errors.push(rounded(fits[i]!.reduce((sum, y, row) => sum + (y - curve(xs[row]!)) ** 2, 0) / POINTS));
    const { up, down } = layer;
    if (up && down) {
      const single = await read(() =>
        inputs.matmul(up.weight.tensor.matmul(down.weight.tensor)).add(down.forward(up.bias!))
      );
      oneMatrix = Math.max(...single.map((y: number, at: number) => Math.abs(y - outputs[at]!)));
    }
    discard(layer);
  }
  release(inputs);
  release(targets);
  const encoderLayer = new EncoderLayer({ hiddenSize: 64, numHeads: 4 }, new Random(seed));
  const share = encoderLayer.feedForward.parameterCount() / encoderLayer.parameterCount();
  discard(encoderLayer);
  return {
    errors,
    line: rounded(bestLine(xs)),
    oneMatrix: coarse(oneMatrix),
    geluForms: rounded(Math.max(...bends[1]!.map((y, i) => Math.abs(y - bends[3]![i]!)))),
    share,
    shown: { xs: [...xs], bends: bends.slice(0, 3), curve: [...xs].map(curve), fits },
  };
}

/** Feed-forward layers with and without an activation. */
export const experiment: Experiment<Bend> = {
  controls: {
    size: { default: 32, min: 2, max: 128 },
    steps: { default: 300, min: 50, max: 1000, step: 50 },
    seed: SEED,
  },
  constants: { rate: RATE, points: POINTS, seeds: SEEDS },
  tolerance: 0.2,
  claims: {
    oneMatrix: { holds: ({ oneMatrix }) => oneMatrix < 1e-4 },
    line: { holds: ({ errors, line }) => errors[0]! > 0.99 * line },
    bent: { holds: ({ ranges, line }) => ranges.slice(1).every(([, high]) => high < line / 3) },
    share: { holds: ({ share }) => Math.abs(share - 2 / 3) < 0.01 },
  },
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once);
    const shown = { ...runs[0]!.shown, bands: NAMES.map((_, i) => rangesOf(runs.map(({ shown }) => shown.fits[i]!))) };
    return { ...runs[0]!, ranges: rangesOf(runs.map(({ errors }) => errors)), seeds: SEEDS, shown };
  },
  draw(findings, { captions, labels }) {
    const { errors, shown: { xs, bends, fits, bands, ...shown } } = findings;
    const points = (ys: readonly number[]) => xs.map((x, i): [number, number] => [x, ys[i]!]);
    const names = NAMES.map((name) => labels[name]);
    return [
      {
        kind: "line",
        caption: captions.bends(findings),
        x: { title: "z" },
        y: { title: labels.activation },
        series: ["relu(z)", "gelu(z)", "silu(z)"].map((label, i) => ({ label, points: points(bends[i]!) })),
      },
      {
        kind: "line",
        caption: captions.fits(findings),
        x: { title: "x" },
        y: { title: labels.output },
        series: [
          { label: "sin 2x", points: points(shown.curve), dashed: true },
          ...fits.map((ys, i) => ({ label: names[i]!, points: points(ys), ranges: bands[i]! })),
        ],
      },
      {
        kind: "bars",
        caption: captions.errors(findings),
        y: { title: labels.error, logarithmic: true },
        bars: errors.map((value, i) => ({ label: names[i]!, value, range: findings.ranges[i]! })),
      },
    ];
  },
};
