/**
 * # Vanishing and exploding gradients
 *
 * The product of the page, written out for networks that are drawn at random and scaled to a given spectral radius: the derivatives of the last
 * state with respect to those before it, by distance. Three networks read nothing, so that their states are 0 and the slopes of tanh are 1. One reads
 * words, and its slopes are smaller.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { parameter, tensor, zeros } from "../../engine/create.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { SEED } from "../../experiments/seed.ts";
import { bandOf, overSeeds, type Range, rangeOf } from "../../experiments/seeds.ts";
import { derivativesThroughTime, plainRnn } from "../rnn.ts";

/** Seeds, and how often a matrix is squared to find its spectral radius. */
const SEEDS = 3, SQUARINGS = 12;

const KINDS = ["small", "one", "large", "words"] as const;
type Kind = typeof KINDS[number];

/** The size of the product by distance: points of a line. */
type Curve = readonly (readonly [distance: number, size: number])[];

/** What is found for one network. */
interface Found {
  readonly curve: Curve;
  /** Factor per step, over the second half of the distance. */
  readonly factor: number;
  /** Mean slope of tanh. */
  readonly slope: number;
  /** Largest singular value of the matrix. */
  readonly stretch: number;
}

/** What is found. */
export interface VanishingFindings {
  /** Spectral radius of each network. */
  readonly radius: readonly number[];
  /** Factor per step of the size of the product, by network. */
  readonly factor: readonly number[];
  /** Lowest and highest over the seeds. */
  readonly factors: readonly Range[];
  /** Mean slope of tanh, by network. */
  readonly slope: readonly number[];
  /** Largest singular value of the matrix, by network: lowest over the seeds. */
  readonly stretch: readonly number[];
  /** Largest difference between the product times a vector and what `backward()` finds, relative to the largest number. */
  readonly difference: number;
  readonly shown: {
    readonly seeds: number;
    readonly curves: readonly Curve[];
    readonly bands: readonly (readonly Range[])[];
  };
}

/** What the experiment is made of. */
export interface Vanishing extends Parts {
  findings: VanishingFindings;
  controls: "radius" | "words" | "distance" | "width" | "seed";
  claims: "vanishes" | "explodes" | "radius" | "slopes" | "stretch" | "equal";
  captions: "size";
  labels: Labels<"distance" | "size"> & { readonly network: (kind: Kind, radius: number) => string };
}

/** The size of a matrix: by how much it stretches a vector, as a root mean square over all directions. */
const sizeOf = (x: Tensor): Tensor => x.square().sum().div(x.shape[0]!).sqrt();

/** The spectral radius: the k-th root of the size of the k-th power, for a large k. */
async function spectralRadius(matrix: Tensor): Promise<number> {
  let power = matrix, logarithm = 0;
  for (let i = 0; i < SQUARINGS; i++) {
    const size = await sizeOf(power).item();
    // The size is taken out before it grows too large, and counts as often as it is multiplied.
    logarithm += Math.log(size) / 2 ** i;
    power = power.div(size);
    power = power.matmul(power);
  }
  return Math.exp(logarithm + Math.log(await sizeOf(power).item()) / 2 ** SQUARINGS);
}

/** The largest singular value, by repeated multiplication. */
async function largestStretch(matrix: Tensor, random: Random): Promise<number> {
  let vector = random.normal([matrix.shape[0]!, 1]);
  for (let i = 0; i < 60; i++) {
    vector = matrix.matmul(matrix.transpose(0, 1).matmul(vector));
    vector = vector.div(vector.square().sum().sqrt());
  }
  return await matrix.transpose(0, 1).matmul(vector).square().sum().sqrt().item();
}

/** One network: the product of its steps. */
async function follow(weight: Tensor, words: Tensor): Promise<Omit<Found, "stretch">> {
  const { states, sizes } = scope(() =>
    noGrad(() => {
      const H = weight.shape[0]!;
      const states = plainRnn(words, weight.mul(0).add(identityLike(H)), weight, zeros([H]));
      const products = derivativesThroughTime(weight, states);
      return { states, sizes: products.square().sum([1, 2]).div(H).sqrt() };
    })
  );
  const found = [...await sizes.read()].reverse(), h = [...await states.read()];
  const half = Math.floor(found.length / 2), last = found.length - 1;
  return {
    curve: found.map((size, distance) => [distance, size]),
    factor: (found[last]! / found[half]!) ** (1 / (last - half)),
    slope: h.reduce((sum, value) => sum + 1 - value * value, 0) / h.length,
  };
}

const identityLike = (H: number): Tensor =>
  tensor(Float32Array.from({ length: H * H }, (_, i) => i % (H + 1) === 0 ? 1 : 0), [H, H]);

/** The product times a vector against the walk of `backward()`. */
async function compare(weight: Tensor, words: Tensor, random: Random): Promise<number> {
  const H = weight.shape[0]!, direction = random.normal([H, 1]), start = parameter(zeros([H]));
  const states = plainRnn(words, identityLike(H), weight, zeros([H]), start);
  states.slice(0, -1).matmul(direction).sum().backward();
  const ours = noGrad(() => {
    const all = plainRnn(words, identityLike(H), weight, zeros([H]));
    const first = weight.mul(all.slice(0, 0, 1).square().neg().add(1));
    return first.matmul(derivativesThroughTime(weight, all).at(0, 0)).matmul(direction);
  });
  const [a, b] = [[...await ours.read()], [...await start.grad!.read()]];
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / Math.max(...b.map(Math.abs));
}

/** The networks of one seed. */
async function once({ radius, words, distance, width, seed }: Record<Vanishing["controls"], number>) {
  const random = new Random(seed), drawn = random.normal([width, width], { deviation: 1 / Math.sqrt(width) });
  const own = await spectralRadius(drawn), found: Found[] = [];
  const quiet = zeros([distance + 1, width]), loud = random.normal([distance + 1, width], { deviation: words });
  for (const [target, read] of [[1 / radius, quiet], [1, quiet], [radius, quiet], [radius, loud]] as const) {
    const weight = drawn.mul(target / own);
    found.push({ ...await follow(weight, read), stretch: await largestStretch(weight, new Random(seed)) });
  }
  return { found, difference: await compare(drawn.mul(radius / own), loud.slice(0, 0, 8), random) };
}

/** How the size of the product depends on the matrix and on the slopes. */
export const experiment: Experiment<Vanishing> = {
  controls: {
    radius: { default: 1.3, min: 1.05, max: 2, step: 0.05 },
    words: { default: 2, min: 0, max: 4, step: 0.5 },
    distance: { default: 40, min: 10, max: 100, step: 10 },
    width: { default: 32, min: 8, max: 128, step: 8 },
    seed: SEED,
  },
  constants: { seeds: SEEDS },
  claims: {
    vanishes: { holds: ({ factors }) => factors[0]![1] < 0.9 },
    explodes: { holds: ({ factors }) => factors[2]![0] > 1.1 },
    radius: {
      holds: ({ factors, radius }) => [0, 1, 2].every((i) => Math.abs(Math.log(factors[i]![0] / radius[i]!)) < 0.1),
    },
    slopes: { holds: ({ factors, radius }) => radius[3]! > 1 && factors[3]![1] < 0.9 },
    stretch: { holds: ({ stretch, factors }) => stretch[0]! > 1 && factors[0]![1] < 1 },
    equal: { holds: ({ difference }) => difference < 1e-4 },
  },
  async measure(controls, options) {
    options.signal?.throwIfAborted();
    const runs = await overSeeds(controls, SEEDS, options, once), first = runs[0]!;
    const { radius } = controls,
      over = <T>(pick: (found: Found) => T): T[][] => runs.map(({ found }) => found.map(pick));
    const factors = over(({ factor }) => factor), stretch = over((each) => each.stretch);
    return {
      radius: [1 / radius, 1, radius, radius],
      factor: factors[0]!,
      factors: KINDS.map((_, i) => rangeOf(factors.map((row) => row[i]!))),
      slope: first.found.map(({ slope }) => slope),
      stretch: KINDS.map((_, i) => Math.min(...stretch.map((row) => row[i]!))),
      difference: Math.max(...runs.map(({ difference }) => difference)),
      shown: {
        seeds: SEEDS,
        curves: first.found.map(({ curve }) => curve),
        bands: KINDS.map((_, i) => bandOf(runs.map(({ found }) => found[i]!.curve))),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { radius, shown: { curves, bands } } = findings;
    return [{
      kind: "line",
      caption: captions.size(findings),
      x: { title: labels.distance },
      y: { title: labels.size, logarithmic: true },
      series: KINDS.map((kind, i) => ({
        label: labels.network(kind, radius[i]!),
        points: curves[i]!,
        ranges: bands[i]!,
      })),
    }];
  },
};
