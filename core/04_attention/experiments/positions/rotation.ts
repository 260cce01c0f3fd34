/**
 * # Walking is turning
 *
 * [The notes](notes:001.32): *learn the conclusion by heart, the position of one word is a linear combination of
 * others.*
 * Here the matrix is written down that turns the code of any position into that of the one $n$ steps on,
 * and is tried on a thousand positions. Then queries and keys turned by RoPE are compared at many places:
 * only their distance may count.
 *
 * @module
 */

import { tensor } from "../../../engine/create.ts";
import { concat } from "../../../engine/joining.ts";
import type { Tensor } from "../../../engine/tensor.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { difference } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../../experiments/experiment.ts";
import type { Series } from "../../../experiments/figure.ts";
import { readMatrix } from "../../../experiments/reading.ts";
import { SEED } from "../../../experiments/seed.ts";
import { applyRotary, rotaryAngles, sinusoidalPositions } from "../../positions/mod.ts";

const POSITIONS = 1000, SHOWN = 64, REACH = 48;
/** Points of one colour on the circle. */
const ON_CIRCLE = 5;
const STARTS = [0, 50, 400];

/** What is found. */
export interface RotationFindings {
  /** Largest error of the rotation over all positions and coordinates. */
  readonly error: number;
  /** Largest error if the rotation is one of a step more. */
  readonly wrongStep: number;
  /** Largest difference of the dot product of two codes at the same distance, from place to place. */
  readonly spread: number;
  /** The same of a table of random rows. */
  readonly randomSpread: number;
  /** The same of a query and a key that RoPE has turned. */
  readonly rotarySpread: number;
  /** Largest difference between scores of RoPE at different distances: what the last but one is measured against. */
  readonly rotaryRange: number;
  readonly shown: {
    readonly step: number;
    /** Positions that were tried. */
    readonly positions: number;
    /** The error before rounding is taken for none. */
    readonly miss: number;
    /** The codes of the first positions. */
    readonly codes: readonly (readonly number[])[];
    /** Width of a code and of a head, and the frequency of the second pair of coordinates. */
    readonly width: number;
    readonly frequency: number;
    /** Cosine and sine of the second pair of coordinates at the first positions, and `step` further on. */
    readonly circle: readonly Point[];
    readonly turned: readonly Point[];
    /** Places where codes are compared, and the products there by distance. */
    readonly starts: readonly number[];
    readonly dots: readonly (readonly number[])[];
    readonly rotary: readonly (readonly number[])[];
  };
}

type Point = readonly [cosine: number, sine: number];

/** What the experiment is made of. */
export interface Rotation extends Parts {
  findings: RotationFindings;
  controls: "width" | "step" | "seed";
  claims: "linear" | "distance" | "rotary";
  captions: "codes" | "circle" | "dots" | "rotary";
  labels: Labels<"position" | "coordinate" | "cosine" | "sine" | "distance" | "product" | "score">;
}

/** $M_k$, as the addition theorems give it: `[E, E]`, made from the step alone. */
function rotation(step: number, E: number): Tensor {
  const matrix = new Float64Array(E * E);
  for (let i = 0; i < E; i += 2) {
    const angle = step * 10000 ** (-i / E);
    matrix[i * E + i] = matrix[(i + 1) * E + i + 1] = Math.cos(angle);
    matrix[i * E + i + 1] = Math.sin(angle);
    matrix[(i + 1) * E + i] = -Math.sin(angle);
  }
  return tensor(matrix, [E, E]);
}

/** How far the code of p + step is from the rotated code of p, at most. */
async function rotationError(E: number, step: number, turned: number): Promise<number> {
  return await scope(() => {
    const from = sinusoidalPositions(POSITIONS, E), to = sinusoidalPositions(POSITIONS, E, step);
    return from.matmul(rotation(turned, E).transpose(0, 1)).sub(to).abs().max();
  }).item();
}

/** Dot products of row p with rows p to p + REACH, for every start p. */
async function products(table: Tensor): Promise<number[][]> {
  return await readMatrix(scope(() =>
    concat(
      STARTS.map((start) => {
        const row = table.slice(0, start, start + 1), others = table.slice(0, start, start + REACH);
        return row.matmul(others.transpose(0, 1));
      }),
      0,
    )
  ));
}

/** Scores of one query and one key, turned to positions that are 0 to REACH apart, for every start. */
async function rotaryScores(D: number, random: Random): Promise<number[][]> {
  return await readMatrix(scope(() => {
    const query = random.normal([1, 1, 1, D]), key = random.normal([1, 1, 1, D]).expand([1, 1, REACH, D]);
    const rows = STARTS.map((start) => {
      const at = rotaryAngles(1, D, { start }), from = rotaryAngles(REACH, D, { start });
      const turnedQuery = applyRotary(query, at.cosine, at.sine);
      const turnedKey = applyRotary(key.contiguous(), from.cosine, from.sine);
      return turnedQuery.matmul(turnedKey.transpose(-2, -1)).reshape([1, REACH]);
    });
    return concat(rows, 0);
  }));
}

/** Largest difference between two rows at the same distance. */
const spread = (rows: readonly (readonly number[])[]): number =>
  Math.max(
    ...rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!)) - Math.min(...rows.map((row) => row[k]!))),
  );

/** Sinusoidal codes and rotations. */
export const experiment: Experiment<Rotation> = {
  controls: {
    width: { default: 32, min: 4, max: 128, step: 4 },
    step: { default: 5, min: 1, max: 100 },
    seed: SEED,
  },
  claims: {
    linear: { holds: ({ error, wrongStep }) => error === 0 && wrongStep > 0.1 },
    distance: { holds: ({ spread, randomSpread }) => spread === 0 && randomSpread > 1 },
    rotary: { holds: ({ rotarySpread, rotaryRange }) => rotarySpread === 0 && rotaryRange > 1 },
  },
  async measure({ width, step, seed }, { signal }) {
    signal?.throwIfAborted();
    const random = new Random(seed);
    const error = await rotationError(width, step, step), wrongStep = await rotationError(width, step, step + 1);
    const codes = scope(() => sinusoidalPositions(POSITIONS, width));
    const dots = await products(codes);
    const randomDots = await products(random.normal([POSITIONS, width], { deviation: Math.SQRT1_2 }));
    signal?.throwIfAborted();
    const rotary = await rotaryScores(width, random);
    const table = await readMatrix(codes);
    // The second pair of coordinates turns slowly enough to be followed by eye.
    const circle = (start: number): Point[] => table.slice(start, start + ON_CIRCLE).map((row) => [row[3]!, row[2]!]);
    return {
      error: difference(error),
      wrongStep,
      spread: difference(spread(dots)),
      randomSpread: spread(randomDots),
      rotarySpread: difference(spread(rotary)),
      rotaryRange: Math.max(...rotary[0]!) - Math.min(...rotary[0]!),
      shown: {
        step,
        width,
        frequency: 10000 ** (-2 / width),
        positions: POSITIONS,
        miss: error,
        codes: table.slice(0, SHOWN),
        circle: circle(0),
        turned: circle(step),
        starts: STARTS,
        dots,
        rotary,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { step, codes, circle, turned, starts, dots, rotary } = findings.shown;
    const named = (start: number): string[] => circle.map((_, i) => String(start + i));
    const curves = (rows: readonly (readonly number[])[]): Series[] =>
      starts.map((start, i) => ({
        label: `p = ${start}`,
        points: rows[i]!.map((y, k) => [k, y]),
        ...(i > 0 && { dashed: true }),
      }));
    return [
      {
        kind: "heatMap",
        caption: captions.codes(findings),
        rows: codes.map((_, p) => String(p)),
        columns: codes[0]!.map((_, i) => `${i % 2 === 0 ? "sin" : "cos"} ${Math.floor(i / 2)}`),
        values: codes,
        rowTitle: labels.position,
        columnTitle: labels.coordinate,
        domain: [-1, 1],
        diverging: true,
      },
      {
        kind: "scatter",
        caption: captions.circle(findings),
        x: { title: labels.cosine, domain: [-1, 1] },
        y: { title: labels.sine, domain: [-1, 1] },
        series: [
          { label: "p", points: circle, names: named(0) },
          { label: `p + ${step}`, points: turned, names: named(step) },
        ],
      },
      {
        kind: "line",
        caption: captions.dots(findings),
        x: { title: labels.distance },
        y: { title: labels.product },
        series: curves(dots),
      },
      {
        kind: "line",
        caption: captions.rotary(findings),
        x: { title: labels.distance },
        y: { title: labels.score },
        series: curves(rotary),
      },
    ];
  },
};
