/**
 * # Walking is turning
 *
 * The notes: *learn the conclusion by heart, the position of one word is a linear combination of others.*
 * Here the matrix is written down that turns the code of any position into that of the one $n$ steps on,
 * and is tried on a thousand positions. Then queries and keys turned by RoPE are compared at many places:
 * only their distance may count.
 *
 * @module
 */

import { concat } from "../../engine/ops.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment } from "../../experiments.ts";
import { difference, fixed, readMatrix, rounded, SEED, size } from "../../experiments/plain.ts";
import { applyRotary, rotaryAngles, sinusoidalPositions } from "../positions/mod.ts";

const POSITIONS = 1000, SHOWN = 64, REACH = 48;
/** Points of one colour on the circle. */
const ON_CIRCLE = 5;
const STARTS = [0, 50, 400];

type Found = {
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
};

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
export const rotationExperiment: Experiment<Found, "width" | "step" | "seed"> = {
  name: "attention/positions/rotation",
  title: "Walking is turning",
  purpose: "The sinusoidal code of a position is a list of points on circles. Change how many steps further to " +
    "go: each circle turns by its own angle, wherever the walk begins. Then codes are compared by dot products, " +
    "and a query with a key turned by RoPE, at three places of a text. See whether the place matters, or the " +
    "distance alone.",
  controls: {
    width: { label: "Width", description: "Width of a code and of a head", default: 32, min: 4, max: 128, step: 4 },
    step: { label: "Steps on", description: "How many positions further, n", default: 5, min: 1, max: 100 },
    seed: SEED,
  },
  claims: [
    {
      text: "The code of position p + n is a linear function of that of p, the same for every p",
      holds: ({ error, wrongStep }) => error === 0 && wrongStep > 0.1,
    },
    {
      text: "The dot product of two codes depends on their distance alone; that of two random rows does not",
      holds: ({ spread, randomSpread }) => spread === 0 && randomSpread > 1,
    },
    {
      text: "Between a query and a key that RoPE has turned, only the distance is left",
      holds: ({ rotarySpread, rotaryRange }) => rotarySpread === 0 && rotaryRange > 1,
    },
  ],
  async run({ width, step, seed }, { signal }) {
    signal?.throwIfAborted();
    const random = new Random(seed);
    const error = await rotationError(width, step, step), wrongStep = await rotationError(width, step, step + 1);
    const codes = scope(() => sinusoidalPositions(POSITIONS, width));
    const dots = await products(codes);
    const randomDots = await products(random.normal([POSITIONS, width], { deviation: Math.SQRT1_2 }));
    signal?.throwIfAborted();
    const rotary = await rotaryScores(width, random);
    const findings: Found = {
      error: difference(error),
      wrongStep,
      spread: difference(spread(dots)),
      randomSpread: spread(randomDots),
      rotarySpread: difference(spread(rotary)),
      rotaryRange: Math.max(...rotary[0]!) - Math.min(...rotary[0]!),
    };
    const over = (row: readonly number[]): [number, number][] => row.map((y, k) => [k, rounded(y)]);
    const table = await readMatrix(codes);
    // The second pair of coordinates turns slowly enough to be followed by eye.
    const circle = (start: number): [number, number][] =>
      table.slice(start, start + ON_CIRCLE).map((row) => [rounded(row[3]!), rounded(row[2]!)]);
    const named = (start: number): string[] => Array.from({ length: ON_CIRCLE }, (_, i) => String(start + i));
    return {
      findings,
      figures: [
        {
          kind: "heatMap",
          caption:
            `The codes of the first ${SHOWN} positions: pairs of sine and cosine, fast ones left, slow ones right.`,
          rows: Array.from({ length: SHOWN }, (_, p) => String(p)),
          columns: Array.from({ length: width }, (_, i) => `${i % 2 === 0 ? "sin" : "cos"} ${Math.floor(i / 2)}`),
          values: table.slice(0, SHOWN).map((row) => row.map(rounded)),
          rowTitle: "position p",
          columnTitle: "coordinate",
          domain: [-1, 1],
          diverging: true,
        },
        {
          kind: "scatter",
          caption:
            `One pair of coordinates at positions 0 to ${ON_CIRCLE - 1}, and ${step} step${
              step === 1 ? "" : "s"
            } on: every ` +
            `point has turned by the same angle. Over ${POSITIONS} positions and all pairs the rotation misses by ` +
            `${size(error)}. A rotation for one step more misses by ${fixed(wrongStep, 2)}.`,
          x: { title: "cosine", domain: [-1, 1] },
          y: { title: "sine", domain: [-1, 1] },
          series: [
            { label: "p", points: circle(0), names: named(0) },
            { label: `p + ${step}`, points: circle(step), names: named(step) },
          ],
        },
        {
          kind: "line",
          caption:
            `The dot product of the code of p with that of a later position, by their distance: three curves, for ` +
            `three p, on top of each other (they differ by ${size(findings.spread)}). It falls with the distance, ` +
            "though not all the way and not evenly.",
          x: { title: "distance" },
          y: { title: "dot product" },
          series: STARTS.map((start, i) => ({
            label: `p = ${start}`,
            points: over(dots[i]!),
            ...(i > 0 && { dashed: true }),
          })),
        },
        {
          kind: "line",
          caption:
            `One query, turned by RoPE to position p, and one key, turned to a later one: three curves, for three p, ` +
            `on top of each other (they differ by ${size(findings.rotarySpread)}). The score depends on the distance ` +
            "and not on p.",
          x: { title: "distance" },
          y: { title: "score" },
          series: STARTS.map((start, i) => ({
            label: `p = ${start}`,
            points: over(rotary[i]!),
            ...(i > 0 && { dashed: true }),
          })),
        },
      ],
    };
  },
};
