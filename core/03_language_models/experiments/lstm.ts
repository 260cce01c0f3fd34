/**
 * # The gradient along the cell
 *
 * An LSTM learns the characters of English sentences. Then the derivative of a cell state with respect to earlier ones is computed on sentences that it has not
 * seen: as it is, by the forget gates alone, and by the four terms of the page, whose matrices are multiplied over the distance.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { arange, parameter, tensor, zeros } from "../../engine/create.ts";
import { split } from "../../engine/joining.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { type Characters, readCharacters, trainReader } from "../../experiments/characters.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { SEED } from "../../experiments/seed.ts";
import { bandOf, overSeeds, type Range, rangeOf } from "../../experiments/seeds.ts";
import { cellDerivatives, type LstmStep, lstmStep } from "../lstm/mod.ts";
import type { RecurrentCell } from "../rnn.ts";

/** Sizes, and how far the gradient is followed. */
const SEEDS = 3, BATCH = 16, LENGTH = 48, TEXTS = 3;

const WAYS = ["exact", "forget", "four"] as const, TERMS = ["direct", "forgetGate", "candidate", "inputGate"] as const;
type Way = typeof WAYS[number];
type Term = typeof TERMS[number];

/** The size of a derivative by distance. */
type Curve = readonly (readonly [distance: number, size: number])[];

/** What is found. */
export interface CellFindings {
  /** Mean size of each term of one step, as a root mean square over all directions; lowest and highest over the seeds. */
  readonly terms: readonly Range[];
  /** Size of the derivative over the longest distance, by way; lowest and highest over the seeds. */
  readonly far: readonly Range[];
  /** Difference from the exact derivative at a distance of one step and of ten, relative to its size: forget gates alone, four terms. */
  readonly error: readonly (readonly [one: Range, ten: Range])[];
  /** Largest difference between the exact derivative and what `backward()` finds, relative to the largest number. */
  readonly difference: number;
  readonly shown: {
    readonly seeds: number;
    readonly texts: number;
    readonly length: number;
    /** Sizes by way. */
    readonly curves: readonly Curve[];
    /** Differences from the exact derivative, relative to its size: forget gates alone, four terms. */
    readonly errors: readonly Curve[];
    readonly bands: readonly (readonly Range[])[];
    readonly terms: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Cell extends Parts {
  findings: CellFindings;
  controls: "width" | "distance" | "steps" | "seed";
  claims: "equal" | "below" | "dominates" | "vanish";
  captions: "error" | "terms";
  labels: Labels<Way | Term | "distance" | "error" | "term">;
}

/** The size of a matrix: by how much it stretches a vector, as a root mean square over all directions. */
const sizeOf = (x: Tensor): Tensor => x.square().sum().div(x.shape[0]!).sqrt();
const slopeOfTanh = (value: Tensor): Tensor => value.square().neg().add(1);
const slopeOfSigmoid = (value: Tensor): Tensor => value.mul(value.neg().add(1));

/** A row of numbers as a diagonal matrix. */
const diagonal = (x: Tensor): Tensor => {
  const H = x.shape[0]!, on = arange(H).unsqueeze(1).equal(arange(H).unsqueeze(0)).cast("float32");
  return on.mul(x.unsqueeze(0));
};

/** What one step does to a change of the cell state before and of the hidden state before. */
interface Step {
  /** Rows by the cell before: the cell after, the hidden state after. */
  readonly cell: readonly [Tensor, Tensor];
  /** Rows by the hidden state before. */
  readonly hidden: readonly [Tensor, Tensor];
}

/** The whole derivative of a step, of both states by both. */
function wholeStep(weight: Tensor, before: Tensor, step: LstmStep): Step {
  const { inputGate, forgetGate, candidate, outputGate, cellState } = step, shown = cellState.tanh();
  const [input, forget, written, output] = split(weight, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const toHidden = outputGate.mul(slopeOfTanh(shown)), cellByCell = diagonal(forgetGate);
  const cellByHidden = input.mul(slopeOfSigmoid(inputGate).mul(candidate))
    .add(forget.mul(slopeOfSigmoid(forgetGate).mul(before)))
    .add(written.mul(slopeOfTanh(candidate).mul(inputGate)));
  const hiddenByHidden = cellByHidden.mul(toHidden).add(output.mul(slopeOfSigmoid(outputGate).mul(shown)));
  return { cell: [cellByCell, cellByCell.mul(toHidden)], hidden: [cellByHidden, hiddenByHidden] };
}

/** What one text shows. */
interface Followed {
  readonly curves: readonly number[][];
  readonly errors: readonly number[][];
  readonly terms: readonly number[];
}

/** All steps of one text. */
function stepsOf({ input, hidden }: RecurrentCell, vectors: Tensor): LstmStep[] {
  const H = hidden.weight.shape[0]!, steps: LstmStep[] = [], projected = input.forward(vectors);
  let state = zeros([H]), cell = zeros([H]);
  for (let t = 0; t < vectors.shape[0]!; t++) {
    const step = lstmStep(projected.at(0, t).add(hidden.forward(state.unsqueeze(0)).squeeze(0)), cell);
    [state, cell] = [step.hiddenState, step.cellState];
    steps.push(step);
  }
  return steps;
}

/** Follows the derivative of the last cell state back over a distance. */
async function follow(cell: RecurrentCell, vectors: Tensor, distance: number): Promise<Followed> {
  const found = scope(() =>
    noGrad(() => {
      const steps = stepsOf(cell, vectors), weight = cell.hidden.weight.tensor, last = steps.length - 1;
      const H = weight.shape[0]!, one = diagonal(zeros([H]).add(1));
      // From the last step back: what a change of the cell, and of the hidden state, after step t does to the last cell.
      let byCell = one, byHidden = zeros([H, H]), byForget = one, byFour = one;
      const sizes: Tensor[][] = [[sizeOf(one)], [sizeOf(one)], [sizeOf(one)]], errors: Tensor[][] = [[], []];
      const terms: Tensor[][] = [[], [], [], []];
      for (let t = last; t > last - distance; t--) {
        const before = steps[t - 1]!, step = steps[t]!;
        const { cell: ofCell, hidden: ofHidden } = wholeStep(weight, before.cellState, step);
        [byCell, byHidden] = [
          ofCell[0].matmul(byCell).add(ofCell[1].matmul(byHidden)),
          ofHidden[0].matmul(byCell).add(ofHidden[1].matmul(byHidden)),
        ];
        const four = cellDerivatives(weight, before, step), direct = diagonal(four.direct);
        const each = [direct, four.throughForgetGate, four.throughCandidate, four.throughInputGate];
        byForget = direct.matmul(byForget);
        byFour = each.reduce((a, b) => a.add(b)).matmul(byFour);
        // A change of the cell alone, as at the step before: the hidden state follows it through the output gate.
        const follows = before.outputGate.mul(slopeOfTanh(before.cellState.tanh())).unsqueeze(1);
        const exact = byCell.add(follows.mul(byHidden));
        [exact, byForget, byFour].forEach((matrix, i) => sizes[i]!.push(sizeOf(matrix)));
        [byForget, byFour].forEach((matrix, i) => errors[i]!.push(sizeOf(matrix.sub(exact)).div(sizeOf(exact))));
        each.forEach((matrix, i) => terms[i]!.push(sizeOf(matrix)));
      }
      return { sizes, errors, terms };
    })
  );
  const read = (lists: Tensor[][]): Promise<number[][]> =>
    Promise.all(lists.map((list) => Promise.all(list.map((value) => value.item()))));
  const [curves, errors, terms] = await Promise.all([read(found.sizes), read(found.errors), read(found.terms)]);
  return {
    curves,
    errors,
    terms: terms.map((list) => list.reduce((a, b) => a + b, 0) / list.length),
  };
}

/** The exact derivative times a vector against the walk of `backward()`, over a few steps. */
async function compare(cell: RecurrentCell, vectors: Tensor, random: Random): Promise<number> {
  const H = cell.hidden.weight.shape[0]!,
    weight = cell.hidden.weight.tensor.detach(),
    direction = random.normal([H, 1]);
  const steps = noGrad(() => stepsOf(cell, vectors.detach()));
  const start = parameter(steps[0]!.cellState);
  let state = steps[0]!.outputGate.mul(start.tanh()), memory: Tensor = start;
  const projected = noGrad(() => cell.input.forward(vectors.detach()));
  const bias = cell.hidden.bias!.detach();
  for (let t = 1; t < steps.length; t++) {
    const sums = projected.at(0, t).add(state.unsqueeze(0).matmul(weight).squeeze(0)).add(bias);
    ({ hiddenState: state, cellState: memory } = lstmStep(sums, memory));
  }
  memory.unsqueeze(0).matmul(direction).sum().backward();
  const ours = noGrad(() => {
    let byCell = diagonal(zeros([H]).add(1)), byHidden = zeros([H, H]);
    for (let t = steps.length - 1; t > 0; t--) {
      const { cell: ofCell, hidden: ofHidden } = wholeStep(weight, steps[t - 1]!.cellState, steps[t]!);
      [byCell, byHidden] = [
        ofCell[0].matmul(byCell).add(ofCell[1].matmul(byHidden)),
        ofHidden[0].matmul(byCell).add(ofHidden[1].matmul(byHidden)),
      ];
    }
    const follows = steps[0]!.outputGate.mul(slopeOfTanh(steps[0]!.cellState.tanh())).unsqueeze(1);
    return byCell.add(follows.mul(byHidden)).matmul(direction);
  });
  const a = [...await ours.read()], b = [...await start.grad!.read()];
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / Math.max(...b.map(Math.abs));
}

/** The network of one seed. */
async function once(
  text: Characters,
  { width, distance, steps, seed }: Record<Cell["controls"], number>,
  options: RunOptions,
) {
  const random = new Random(seed);
  const model = await trainReader(
    text,
    { hiddenSize: width, steps, batchSize: BATCH, length: LENGTH },
    random,
    options,
  );
  const cell = model.network.layers[0]!.forwards, found: Followed[] = [];
  for (let i = 0; i < TEXTS; i++) {
    const from = random.integer(text.heldOut.length - distance - 10);
    const tokens = tensor(text.heldOut.slice(from, from + distance + 10), [distance + 10]);
    const vectors = noGrad(() => model.embedding.forward(tokens));
    found.push(await follow(cell, vectors, distance));
  }
  const few = noGrad(() => model.embedding.forward(tensor(text.heldOut.slice(0, 8), [8])));
  const difference = await compare(cell, few, random);
  const mean = (f: (one: Followed) => number): number => found.reduce((sum, one) => sum + f(one), 0) / TEXTS;
  const result = {
    difference,
    curves: WAYS.map((_, i) =>
      Array.from(
        { length: distance + 1 },
        (_, d): readonly [number, number] => [d, mean(({ curves }) => curves[i]![d]!)],
      )
    ),
    errors: [0, 1].map((i) =>
      Array.from(
        { length: distance },
        (_, d): readonly [number, number] => [d + 1, mean(({ errors }) => errors[i]![d]!)],
      )
    ),
    terms: TERMS.map((_, i) => mean(({ terms }) => terms[i]!)),
  };
  discard(model);
  return result;
}

/** The gradient along the cell of a trained network. */
export const experiment: Experiment<Cell> = {
  controls: {
    width: { default: 32, min: 8, max: 64, step: 8 },
    distance: { default: 30, min: 10, max: 80, step: 10 },
    steps: { default: 150, min: 0, max: 600, step: 25 },
    seed: SEED,
  },
  constants: { batch: BATCH, length: LENGTH, texts: TEXTS, seeds: SEEDS },
  claims: {
    equal: { holds: ({ difference }) => difference < 1e-4 },
    below: { holds: ({ far }) => far[1]![1] < 1 },
    dominates: { holds: ({ terms }) => terms.slice(1).every(([, high]) => high < terms[0]![0]) },
    vanish: { holds: ({ error }) => error[0]![1][1] < 0.1, refuted: true },
  },
  tolerance: 0.2,
  async measure(controls, options) {
    const text = await readCharacters(options.signal);
    const runs = await overSeeds(controls, SEEDS, options, (at, whole) => once(text, at, whole)), first = runs[0]!;
    const over = (f: (run: typeof first) => number): Range => rangeOf(runs.map(f));
    return {
      terms: TERMS.map((_, i) => over(({ terms }) => terms[i]!)),
      far: WAYS.map((_, i) => over(({ curves }) => curves[i]!.at(-1)![1])),
      error: [0, 1].map((i) =>
        [over(({ errors }) => errors[i]![0]![1]), over(({ errors }) => errors[i]![9]![1])] as const
      ),
      difference: Math.max(...runs.map(({ difference }) => difference)),
      shown: {
        seeds: SEEDS,
        texts: TEXTS,
        length: controls.distance,
        curves: first.curves,
        errors: first.errors,
        bands: [0, 1].map((i) => bandOf(runs.map(({ errors }) => errors[i]!))),
        terms: first.terms,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { terms, shown } = findings;
    return [
      {
        kind: "line",
        caption: captions.error(findings),
        x: { title: labels.distance },
        y: { title: labels.error },
        series: WAYS.slice(1).map((way, i) => ({
          label: labels[way],
          points: shown.errors[i]!,
          ranges: shown.bands[i]!,
        })),
      },
      {
        kind: "bars",
        caption: captions.terms(findings),
        y: { title: labels.term },
        bars: TERMS.map((term, i) => ({ label: labels[term], value: shown.terms[i]!, range: terms[i]! })),
      },
    ];
  },
};
