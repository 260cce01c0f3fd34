/**
 * # Scores of RoPE by distance
 *
 * The bound of Su et al. on the score of a query and a key, the score of equal vectors and the size of that of random ones, as the
 * distance grows.
 *
 * @module
 */

import { applyRotary, rotaryAngles } from "../../core/04_attention/positions/rotary.ts";
import { ones } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import type { Figure } from "../../core/experiments/figure.ts";
import { readMatrix } from "../../core/experiments/reading.ts";
import { drawPicture } from "../figures/mod.ts";
import type { Picture } from "../picture.ts";

/** Width of a head, the farthest distance, and how far apart drawn distances are. */
const WIDTH = 128, FARTHEST = 256, EVERY = 2;
/** How many random pairs of vectors there are, and how far apart their distances are. */
const DRAWS = 2000, SELDOM = 16;

/** The three curves at the distances drawn, each over its value at distance 0. */
export interface Found {
  readonly bound: readonly number[];
  readonly equal: readonly number[];
  readonly random: readonly number[];
}

/** Scores of queries at position 0 with the same key at every distance, `[N, T]`. */
function scores(query: Tensor, key: Tensor, cosine: Tensor, sine: Tensor): Tensor {
  const N = query.shape[0]!, T = cosine.shape[0]!;
  const keys = applyRotary(key.expand([N, 1, T, WIDTH]).contiguous(), cosine, sine);
  return query.matmul(keys.transpose(-2, -1)).reshape([N, T]);
}

const relative = (curve: readonly number[]): number[] => curve.map((x) => x / curve[0]!);

/** The picture. */
export const picture: Picture<Found> = {
  alternative: ({ bound, equal, random }, say) =>
    ([["bound", bound], ["equal vectors", equal], ["random vectors", random]] as const).map(([name, curve]) => {
      const step = FARTHEST / (curve.length - 1);
      const told = curve.flatMap((y, i) => i * step % 32 === 0 ? [`${i * step}: ${y.toFixed(2)}`] : []);
      return `${say(name)}: ${told.join(", ")}.`;
    }).join(" "),
  measure: async () => {
    const angles = rotaryAngles(FARTHEST + 1, WIDTH);
    const [cosine, sine] = [angles.cosine, angles.sine].map((table) => table.slice(0, 0, FARTHEST + 1, EVERY));
    const random = new Random(1), one = ones([1, 1, 1, WIDTH]);
    const [equal] = await readMatrix(scores(one, one, cosine!, sine!));
    const few = [cosine!, sine!].map((table) => table.slice(0, 0, table.shape[0]!, SELDOM / EVERY));
    const drawn = scores(random.normal([DRAWS, 1, 1, WIDTH]), random.normal([DRAWS, 1, 1, WIDTH]), few[0]!, few[1]!);
    const [size] = await readMatrix(drawn.square().mean(0, { keepDims: true }).sqrt());
    const real = await readMatrix(cosine!), imaginary = await readMatrix(sine!);
    const bound = real.map((row, t) => {
      let x = 0, y = 0, sum = 0;
      row.forEach((cosine, j) => {
        x += cosine;
        y += imaginary[t]![j]!;
        sum += Math.hypot(x, y);
      });
      return sum;
    });
    return { bound: relative(bound), equal: relative(equal!), random: relative(size!) };
  },
  draw: ({ width, id, say }, { bound, equal, random }) => {
    const points = (curve: readonly number[]) => curve.map((y, i) => [i * FARTHEST / (curve.length - 1), y] as const);
    const figure: Figure = {
      kind: "line",
      caption: say("Scores of RoPE by distance"),
      x: { title: say("distance") },
      y: { title: say("over the value at distance 0"), domain: [0, 1.2] },
      series: [
        { label: say("bound"), points: points(bound), dashed: true },
        { label: say("equal vectors"), points: points(equal) },
        { label: say("random vectors"), points: points(random) },
      ],
    };
    const own = Math.min(width, 520), svg = drawPicture(figure, { width: own, id });
    return { width: own, height: Number(/ height="([\d.]+)"/.exec(svg)![1]), parts: [svg] };
  },
};
