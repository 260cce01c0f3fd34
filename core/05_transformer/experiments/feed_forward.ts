/**
 * # What the bend is for
 *
 * The notes ask why a nonlinearity is needed between two linear maps. This draws the activation
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
import { type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment, Figure } from "../../experiments.ts";
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
import { coarse, discard, learn, part, percent, read, rounded, say, seedControl } from "./support.ts";

const POINTS = 81;
const ACTIVATIONS = [undefined, relu, gelu, silu, swiGlu];

type Found = {
  /** Mean squared error of each layer after training: none, ReLU, GELU, SiLU, SwiGLU. */
  readonly errors: readonly number[];
  /** That of the best straight line, computed without training. */
  readonly line: number;
  /** Largest difference between the layer without activation and one matrix. */
  readonly oneMatrix: number;
  /** Largest difference between the two forms of GELU. */
  readonly geluForms: number;
  /** Share of the weights of an encoder layer that its feed-forward has. */
  readonly share: number;
};

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

function figures(found: Found, xs: Float32Array, bends: readonly number[][], fits: readonly number[][]): Figure[] {
  const points = (ys: ArrayLike<number>) => Array.from(xs, (x, i): [number, number] => [rounded(x), rounded(ys[i]!)]);
  const labels = ["no activation", "ReLU", "GELU", "SiLU", "SwiGLU"];
  return [
    {
      kind: "line",
      caption: "Three bends. GELU and its tanh form are too close to be told apart here: they differ by at most " +
        `${say(found.geluForms, 2)}.`,
      x: { title: "z" },
      y: { title: "activation" },
      series: ["relu(z)", "gelu(z)", "silu(z)"].map((label, i) => ({ label, points: points(bends[i]!) })),
    },
    {
      kind: "line",
      caption: "What layers of one shape make of a curve. Without an activation it is a straight line of error " +
        `${say(found.errors[0]!)}; the best one has ${say(found.line)}.`,
      x: { title: "x" },
      y: { title: "output" },
      series: [
        { label: "sin 2x", points: points([...xs].map(curve)), dashed: true },
        ...fits.map((ys, i) => ({ label: labels[i]!, points: points(ys) })),
      ],
    },
    {
      kind: "bars",
      caption: `Error after training. In an encoder layer ${percent(found.share)} of the weights stand in its ` +
        "feed-forward part.",
      y: { title: "mean squared error", logarithmic: true },
      bars: found.errors.map((value, i) => ({ label: labels[i]!, value })),
    },
  ];
}

/** Feed-forward layers with and without an activation. */
export const feedForwardExperiment: Experiment<Found, "size" | "steps" | "seed"> = {
  name: "transformer/feed_forward",
  title: "What the bend is for",
  purpose: "Layers of the same shape learn the same curve, one without an activation function and others with " +
    "one. Change the width inside, or the steps of the training. See which of them can follow the curve, and " +
    "which stays a straight line.",
  controls: {
    size: {
      label: "Width inside",
      description: "Units between the two matrices, in the last two figures",
      default: 32,
      min: 2,
      max: 128,
    },
    steps: {
      label: "Training steps",
      description: "Steps of each layer, in the last two figures",
      default: 300,
      min: 50,
      max: 1000,
      step: 50,
    },
    seed: seedControl,
  },
  tolerance: 0.2,
  claims: [
    {
      text: "Two linear maps in a row are one: the layer without activation equals a single matrix",
      holds: ({ oneMatrix }) => oneMatrix < 1e-4,
    },
    {
      text: "Such a layer learns a curve no better than the best straight line",
      holds: ({ errors, line }) => errors[0]! > 0.99 * line,
    },
    {
      text: "With any of the activations the error falls below a third of that",
      holds: ({ errors, line }) => errors.slice(1).every((error) => error < line / 3),
    },
    {
      text: "Two thirds of the weights of an encoder layer are in its feed-forward part, within 1\u202f%",
      holds: ({ share }) => Math.abs(share - 2 / 3) < 0.01,
    },
  ],
  async run({ size, steps, seed }, options) {
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
    for (const [i, activation] of ACTIVATIONS.entries()) {
      const layer = new Layer(activation, size, new Random(seed));
      await learn({
        model: layer,
        next: () => inputs,
        loss: (x) => meanSquaredError(layer.forward(x).slice(1, 0, 1), targets.slice(1, 0, 1)),
        steps,
        learningRate: 0.02,
        every: steps,
      }, part(options, i / ACTIVATIONS.length, (i + 1) / ACTIVATIONS.length));
      const outputs = await read(() => layer.forward(inputs));
      fits.push(Array.from(xs, (_, row) => outputs[2 * row]!));
      errors.push(rounded(fits[i]!.reduce((sum, y, row) => sum + (y - curve(xs[row]!)) ** 2, 0) / POINTS));
      const { up, down } = layer;
      if (up && down) {
        const single = await read(() =>
          inputs.matmul(up.weight.matmul(down.weight)).add(up.bias!.matmul(down.weight).add(down.bias!))
        );
        oneMatrix = Math.max(...single.map((y: number, at: number) => Math.abs(y - outputs[at]!)));
      }
      discard(layer);
    }
    release(inputs);
    release(targets);
    const encoderLayer = new EncoderLayer({ hiddenSize: 64, numHeads: 4 }, new Random(seed));
    const findings: Found = {
      errors,
      line: rounded(bestLine(xs)),
      oneMatrix: coarse(oneMatrix),
      geluForms: rounded(Math.max(...bends[1]!.map((y, i) => Math.abs(y - bends[3]![i]!)))),
      share: encoderLayer.feedForward.parameterCount() / encoderLayer.parameterCount(),
    };
    discard(encoderLayer);
    return { findings, figures: figures(findings, xs, bends, fits) };
  },
};
