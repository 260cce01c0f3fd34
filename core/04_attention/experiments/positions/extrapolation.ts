/**
 * # Past the trained length
 *
 * A list of assignments such as *a = 3, b = 1, a = 5, …* is read from left to right. An assignment is one
 * position; its vector is that of the variable plus that of the value. At each one the question is what its
 * variable held before; at the first assignment of a variable nothing is asked. The mask lets an assignment see
 * those before it, and not itself. The task takes order: of all earlier values of *a* the last one counts. One attention layer is trained on short lists with each scheme of positions, and read on lists
 * four times as long. [The notes](notes:004.71) say that absolute positions do not generalize to longer texts than
 * those
 * of the training, and name it as what relative ones avoid; this shows where each scheme ends, for Shaw and T5 at two
 * settings. RoPE is relative and ends too: it turns far keys by angles that training has never met. The
 * trained model is then read once more, with frequencies that are rescaled for the longer lists.
 *
 * @module
 */

import { noGrad } from "../../../engine/autograd.ts";
import { Linear } from "../../../engine/linear.ts";
import { Module } from "../../../engine/module.ts";
import { lowerTriangle, tensor } from "../../../engine/create.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { mean } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../../experiments/experiment.ts";
import type { Series } from "../../../experiments/figure.ts";
import { fit } from "../../../experiments/learning.ts";
import { readMatrix } from "../../../experiments/reading.ts";
import { SEED } from "../../../experiments/seed.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { Embedding } from "../../../02_words/embeddings.ts";
import { MultiHeadAttention, type PositionRule } from "../../multi_head.ts";
import {
  AlibiPositions,
  LearnedPositions,
  linearScaling,
  llama3Scaling,
  ntkScaling,
  RelativePositions,
  rotaryFrequencies,
  RotaryPositions,
  type RotaryScaling,
  SinusoidalPositions,
  T5Positions,
} from "../../positions/mod.ts";

const VARIABLES = 6, VALUES = 8, E = 32, HEADS = 4, D = E / HEADS, BUCKETS = 8, BASE = 10000;
/** How many times longer the longest list of the test is. */
const TIMES = 4, BINS = 4 * TIMES;
/** The second setting of Shaw and T5: up to how many trained lengths distances are told apart. */
const WIDE = 2;
const SCHEMES = ["none", "learned", "sinusoidal", "Shaw", "T5", "RoPE", "ALiBi"] as const;
const SCALINGS = ["unscaled", "linear", "NTK", "Llama 3"] as const;
const IGNORED = -100;

/** What is found. */
export interface ExtrapolationFindings {
  /** Accuracy in the second half of the trained length, by scheme. */
  readonly within: readonly number[];
  /** Accuracy between twice and four times the trained length. */
  readonly beyond: readonly number[];
  /**
   * Weight of RoPE in long lists: at less than half a turn of its second pair, around a whole one, and there if only this pair is
   * not turned.
   */
  readonly turned: readonly number[];
  /** Accuracy of Shaw and T5 beyond, if they tell distances apart up to twice the trained length. */
  readonly wide: readonly number[];
  /** Accuracy of RoPE within the trained length and beyond, by how its frequencies are rescaled for reading. */
  readonly rescaled: readonly { readonly within: number; readonly beyond: number }[];
  readonly shown: {
    readonly trained: number;
    readonly steps: number;
    /** How many variables and values there are. */
    readonly variables: number;
    readonly values: number;
    /** Coordinates of a head, and distances that the second setting tells apart. */
    readonly headSize: number;
    /** What the frequencies of RoPE are made of, and they themselves: radians by which each pair turns per position. */
    readonly base: number;
    readonly frequencies: readonly number[];
    readonly wideClipped: number;
    /** Accuracy of RoPE by stretch of the list, by how its frequencies are rescaled. */
    readonly scalings: readonly (readonly number[])[];
    /** Distance from which on Shaw and T5 treat all alike. */
    readonly clipped: number;
    /** Length of the lists of the test, distance of a full turn of RoPE's second pair, and the same by scaling. */
    readonly tested: number;
    readonly turn: number;
    readonly turns: readonly number[];
    /** Middles of the stretches over which accuracy and weight were taken. */
    readonly middles: readonly number[];
    /** Accuracy by stretch of the list, by scheme. */
    readonly curves: readonly (readonly number[])[];
    /** Weight by stretch of distances, by scheme. */
    readonly reaches: readonly (readonly number[])[];
    /** Weight at distances that training has not met, by scheme. */
    readonly far: readonly number[];
  };
}

/** What the experiment is made of. */
export interface Extrapolation extends Parts {
  findings: ExtrapolationFindings;
  controls: "trained" | "apart" | "steps" | "seed";
  claims: "within" | "absolute" | "relative" | "always" | "enough" | "turn" | "rescaled";
  captions: "right" | "reach" | "rescaled";
  labels: Labels<
    | typeof SCHEMES[number]
    | typeof SCALINGS[number]
    | "position"
    | "right"
    | "trained"
    | "chance"
    | "distance"
    | "weight"
  >;
}

/** Distance at which the second pair of coordinates of RoPE has gone round, under a scaling or none. */
const turnUnder = (scaling?: RotaryScaling): number =>
  2 * Math.PI / (scaling?.frequencies(D, BASE) ?? rotaryFrequencies(D, BASE))[1]!;

/** RoPE that does not turn the second pair: what it contributes then is the same at every distance. */
const withoutSecond: RotaryScaling = {
  word: "without the second pair",
  frequencies: (width, base) => rotaryFrequencies(width, base).map((frequency, i) => i === 1 ? 0 : frequency),
};

/** Assignments, and what each variable held before, `[B, T]` each. */
interface Lists {
  readonly variables: Tensor;
  readonly values: Tensor;
  readonly answers: Tensor;
}

function draw(B: number, T: number, random: Random): Lists {
  const size = B * T;
  const variables = new Int32Array(size), values = new Int32Array(size), answers = new Int32Array(size);
  for (let b = 0; b < B; b++) {
    const held = Array<number>(VARIABLES).fill(IGNORED);
    for (let at = b * T; at < (b + 1) * T; at++) {
      const variable = random.integer(VARIABLES);
      answers[at] = held[variable]!;
      held[variable] = random.integer(VALUES);
      variables[at] = variable;
      values[at] = held[variable]!;
    }
  }
  const box = (numbers: Int32Array): Tensor => tensor(numbers, [B, T]);
  return { variables: box(variables), values: box(values), answers: box(answers) };
}

/** RoPE whose frequencies may be exchanged after the training. */
class ExchangeableRotary implements PositionRule {
  rule: RotaryPositions = new RotaryPositions(D);

  mark(x: Tensor, start: number): Tensor {
    return this.rule.mark(x, start);
  }
}

/** How frequencies are rescaled for lists that are longer than those of the training. */
function scalingsFor(trained: number): (RotaryScaling | undefined)[] {
  const factor = TIMES;
  return [
    undefined,
    linearScaling({ factor }),
    ntkScaling({ factor }),
    llama3Scaling({ factor, trainedLength: trained }),
  ];
}

/** One attention that looks back, with one scheme of positions. */
class Reader extends Module {
  readonly variables: Embedding;
  readonly values: Embedding;
  readonly absolute: LearnedPositions | SinusoidalPositions | undefined;
  readonly rotary = new ExchangeableRotary();
  readonly attention: MultiHeadAttention;
  readonly output: Linear;

  constructor(scheme: typeof SCHEMES[number], trained: number, clipped: number, random: Random) {
    super();
    this.variables = new Embedding(VARIABLES, E, random);
    this.values = new Embedding(VALUES, E, random);
    // The table is long enough for the test; training reaches its first rows only.
    if (scheme === "learned") this.absolute = new LearnedPositions(TIMES * trained, E, random, { deviation: 0.5 });
    if (scheme === "sinusoidal") this.absolute = new SinusoidalPositions(E);
    this.attention = new MultiHeadAttention(E, HEADS, random, { positions: this.#rule(scheme, clipped, random) });
    this.output = new Linear(E, VALUES, random);
  }

  #rule(scheme: typeof SCHEMES[number], clipped: number, random: Random): PositionRule | undefined {
    if (scheme === "Shaw") return new RelativePositions(D, clipped, random);
    const buckets = { numBuckets: BUCKETS, maxDistance: clipped, bidirectional: false };
    if (scheme === "T5") return new T5Positions(HEADS, random, buckets);
    if (scheme === "RoPE") return this.rotary;
    return scheme === "ALiBi" ? new AlibiPositions(HEADS) : undefined;
  }

  forward({ variables, values }: Lists, observe?: (weights: Tensor) => void): Tensor {
    const assignments = this.variables.forward(variables).add(this.values.forward(values));
    const marked = this.absolute?.forward(assignments) ?? assignments;
    const T = marked.shape[1]!;
    // Strictly before: the assignment itself is not what was held before it.
    const call = { mask: lowerTriangle(T, T, -1), ...(observe && { observe }) };
    return this.output.forward(this.attention.forward(marked, call));
  }
}

/** Share of right answers in each stretch of the long lists. */
async function accuracies(model: Reader, lists: Lists): Promise<number[]> {
  const [right, asked] = scope(() =>
    noGrad(() => {
      const right = model.forward(lists).argmax(-1).equal(lists.answers);
      return [right.cast("float32").sum(0), lists.answers.notEqual(IGNORED).cast("float32").sum(0)];
    })
  );
  const rights = await right!.read(), askeds = await asked!.read();
  const width = rights.length / BINS;
  const sum = (numbers: ArrayLike<number>, bin: number): number =>
    Array.from(numbers).slice(bin * width, (bin + 1) * width).reduce((a, b) => a + b, 0);
  return Array.from({ length: BINS }, (_, bin) => sum(rights, bin) / Math.max(1, sum(askeds, bin)));
}

/** How much weight of the last quarter of long lists goes to each stretch of distances. */
async function reach(model: Reader, { variables, values, answers }: Lists): Promise<number[]> {
  const lists = { variables: variables.slice(0, 0, 8), values: values.slice(0, 0, 8), answers };
  const weights = scope(() =>
    noGrad(() => {
      let seen: Tensor | undefined;
      model.forward(lists, (weights) => seen = weights);
      return seen!.mean([0, 1]);
    })
  );
  const rows = await readMatrix(weights), T = rows.length, width = T / BINS;
  const last = rows.slice(3 * T / 4);
  return Array.from({ length: 12 }, (_, bin) =>
    mean(last.map((row, i) => {
      // Distance 1 is the assignment before.
      const query = 3 * T / 4 + i, end = query - bin * width;
      return row.slice(Math.max(0, end - width), end).reduce((sum, x) => sum + x, 0);
    })));
}

/** Accuracy in the second half of the trained length. */
const near = (curve: readonly number[]): number => mean(curve.slice(2, 4));

/** Accuracy between twice the trained length and the end. */
const far = (curve: readonly number[]): number => mean(curve.slice(8));

/** Every scheme of positions, read past the length it was trained on. */
export const experiment: Experiment<Extrapolation> = {
  controls: {
    trained: { default: 32, min: 16, max: 64, step: 16 },
    apart: { default: 0.5, min: 0.5, max: 2, step: 0.5 },
    steps: { default: 150, min: 50, max: 600, step: 50 },
    seed: SEED,
  },
  claims: {
    within: {
      holds: ({ within: [none, ...schemes] }) => none! < 0.6 && schemes.every((share) => share > 0.85),
    },
    absolute: { holds: ({ beyond: [, learned, sinusoidal] }) => learned! < 0.4 && sinusoidal! < 0.4 },
    relative: { holds: ({ beyond }) => [3, 4, 6].every((scheme) => beyond[scheme]! > 0.7) },
    always: { refuted: true, holds: ({ wide }) => wide.every((share) => share > 0.7) },
    enough: { refuted: true, holds: ({ beyond }) => beyond[SCHEMES.indexOf("RoPE")]! > 0.7 },
    turn: { holds: ({ turned: [near, round, still] }) => round! > near! && round! > 2 * still! },
    rescaled: {
      holds: ({ rescaled: [unscaled, linear, , llama] }) =>
        [linear!, llama!].every(({ beyond }) => beyond > unscaled!.beyond + 0.3),
    },
  },
  tolerance: 0.05,
  async measure({ trained, apart, steps, seed }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const test = draw(32, TIMES * trained, new Random(seed).split());
    const parts = SCHEMES.length + 2;
    const train = async (scheme: typeof SCHEMES[number], clipped: number, part: number): Promise<Reader> => {
      const random = new Random(seed), model = new Reader(scheme, trained, clipped, random);
      const loss = (): Tensor => {
        const lists = draw(16, trained, random);
        return crossEntropy(model.forward(lists), lists.answers);
      };
      const tell = (done: number): void => onProgress?.((part + done) / parts);
      await fit(model, loss, { steps, learningRate: 0.02, onProgress: tell, ...(signal && { signal }) });
      return model;
    };
    const curves: number[][] = [], reaches: number[][] = [], scalings: number[][] = [], wide: number[] = [];
    let still: number[] = [];
    for (const [i, scheme] of SCHEMES.entries()) {
      const model = await train(scheme, apart * trained, i);
      curves.push(await accuracies(model, test));
      reaches.push(await reach(model, test));
      if (scheme !== "RoPE") continue;
      model.rotary.rule = new RotaryPositions(D, { scaling: withoutSecond });
      still = await reach(model, test);
      for (const scaling of scalingsFor(trained)) {
        model.rotary.rule = new RotaryPositions(D, { scaling });
        scalings.push(await accuracies(model, test));
      }
    }
    for (const [i, scheme] of (["Shaw", "T5"] as const).entries()) {
      const model = await train(scheme, WIDE * trained, SCHEMES.length + i);
      wide.push(far(await accuracies(model, test)));
    }
    const stretch = trained / 4, rotary = reaches[SCHEMES.indexOf("RoPE")]!, turn = turnUnder();
    const weightBetween = (from: number, to: number, weights = rotary): number =>
      weights.reduce((sum, x, bin) => (bin + 0.5) * stretch >= from && (bin + 0.5) * stretch < to ? sum + x : sum, 0);
    return {
      within: curves.map(near),
      beyond: curves.map(far),
      turned: [
        weightBetween(0, turn / 2),
        weightBetween(0.6 * turn, 1.2 * turn),
        weightBetween(0.6 * turn, 1.2 * turn, still),
      ],
      wide,
      rescaled: scalings.map((curve) => ({ within: near(curve), beyond: far(curve) })),
      shown: {
        trained,
        steps,
        variables: VARIABLES,
        values: VALUES,
        headSize: D,
        base: BASE,
        frequencies: Array.from(rotaryFrequencies(D, BASE)),
        wideClipped: WIDE * trained,
        scalings,
        clipped: apart * trained,
        tested: TIMES * trained,
        turn,
        turns: scalingsFor(trained).map(turnUnder),
        middles: Array.from({ length: BINS }, (_, bin) => (bin + 0.5) * stretch),
        curves,
        reaches,
        // The stretches end before the farthest key; the weights of a row add to 1.
        far: reaches.map((shares) => 1 - shares.slice(0, 4).reduce((sum, x) => sum + x, 0)),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { trained, tested, values, middles, curves, reaches, scalings } = findings.shown;
    const marks: Series[] = [
      { label: labels.trained, points: [[trained, 0], [trained, 1]], dashed: true },
      { label: labels.chance, points: [[0, 1 / values], [tested, 1 / values]], dashed: true },
    ];
    const series = (
      rows: readonly (readonly number[])[],
      names: readonly (keyof typeof labels)[] = SCHEMES,
    ): Series[] =>
      names.map((name, i) => ({
        label: labels[name],
        points: rows[i]!.map((y, bin) => [middles[bin]!, y]),
      }));
    return [
      {
        kind: "line",
        caption: captions.right(findings),
        x: { title: labels.position, domain: [0, tested] },
        y: { title: labels.right, domain: [0, 1] },
        series: [...series(curves), ...marks],
      },
      {
        kind: "line",
        caption: captions.reach(findings),
        x: { title: labels.distance },
        y: { title: labels.weight },
        series: series(reaches),
      },
      {
        kind: "line",
        caption: captions.rescaled(findings),
        x: { title: labels.position, domain: [0, tested] },
        y: { title: labels.right, domain: [0, 1] },
        series: [...series(scalings, SCALINGS), ...marks],
      },
    ];
  },
};
