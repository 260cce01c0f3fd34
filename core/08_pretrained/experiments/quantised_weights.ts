/**
 * # What a block loses
 *
 * Weights drawn as those of a matrix are, stored in five kinds of blocks and read back. Then a few of them are made much larger than the others,
 * as it happens in trained models, and the same is done again.
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { Random } from "../../engine/random.ts";
import { storageOf } from "../files/gguf.ts";
import { packBlocks, unpackBlocks } from "../quantised_weights.ts";

const KINDS = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"] as const;
const BLOCKS = 2000;
const DEVIATION = 0.02;
/** How many times as large as their deviation weights of one block in ten are made, the largest that is drawn. */
const SIZES = [1, 2, 4, 8, 16, 32, 64];

/** What is found, by kind. */
export interface BlockFindings {
  /** Bits per weight, scales included. */
  readonly bits: readonly number[];
  /** Deviation of the error, divided by that of the weights. */
  readonly errors: readonly number[];
  /** The same of the small weights in blocks that have a large one. */
  readonly beside: readonly number[];
  /** Of those small weights, the fraction that becomes zero or equal to the lowest number of the block. */
  readonly lost: readonly number[];
  /** How large the large weights are, in deviations. */
  readonly outlier: number;
  readonly shown: {
    readonly sizes: readonly number[];
    /** By kind: the error of small weights beside one that is so large. */
    readonly curves: readonly (readonly number[])[];
  };
}

/** What the experiment is made of. */
export interface Blocks extends Parts {
  findings: BlockFindings;
  controls: "outlier" | "seed";
  claims: "bit" | "eight" | "outlier" | "minimum";
  captions: "errors" | "outliers" | "table";
  labels: Labels<"bits" | "error" | "size" | "kind" | "beside" | "lost">;
}

/** Deviation of the differences of two lists, at some places. */
function deviation(a: Float32Array, b: Float32Array, where: (i: number) => boolean): number {
  let sum = 0, count = 0;
  for (let i = 0; i < a.length; i++) {
    if (!where(i)) continue;
    sum += (a[i]! - b[i]!) ** 2;
    count++;
  }
  return Math.sqrt(sum / count);
}

/** The weights, with a large one in the middle of each block. */
function withLarge(weights: Float32Array, size: number): Float32Array {
  return weights.map((weight, i) => i % 32 === 16 ? Math.sign(weight || 1) * size * DEVIATION : weight);
}

/** Weights in blocks, and back. */
export const experiment: Experiment<Blocks> = {
  controls: { outlier: { default: 16, min: 1, max: 64 }, seed: SEED },
  constants: { blocks: BLOCKS, deviation: DEVIATION },
  claims: {
    bit: { holds: ({ errors: [four, , five] }) => four! / five! > 1.8 && four! / five! < 2.2 },
    eight: { holds: ({ errors }) => errors[4]! < 0.01 && errors[0]! > 0.05 },
    outlier: { holds: ({ errors, beside }) => beside[0]! > 3 * errors[0]! },
    minimum: { holds: ({ errors: [zero, minimum] }) => minimum! < zero! },
  },
  async measure({ outlier, seed }, options) {
    const steps = new Steps(options, KINDS.length), random = new Random(seed);
    const drawn = Float32Array.from(
      { length: 32 * BLOCKS },
      () => DEVIATION * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
    );
    const isSmall = (i: number) => i % 32 !== 16, large = withLarge(drawn, outlier);
    const found = { bits: [] as number[], errors: [] as number[], beside: [] as number[], lost: [] as number[] };
    const curves: number[][] = [];
    for (const kind of KINDS) {
      await steps.next();
      const { elements, bytes } = storageOf(kind)!,
        back = (weights: Float32Array) => unpackBlocks(kind, packBlocks(kind, weights));
      found.bits.push(8 * bytes / elements);
      found.errors.push(deviation(drawn, back(drawn), () => true) / DEVIATION);
      const stored = back(large);
      found.beside.push(deviation(large, stored, isSmall) / DEVIATION);
      let zeros = 0;
      for (let i = 0; i < stored.length; i++) if (isSmall(i) && Math.abs(stored[i]!) < DEVIATION / 100) zeros++;
      found.lost.push(zeros / (31 * BLOCKS));
      curves.push(SIZES.map((size) => {
        const weights = withLarge(drawn, size);
        return deviation(weights, back(weights), isSmall) / DEVIATION;
      }));
    }
    return { ...found, outlier, shown: { sizes: SIZES, curves } };
  },
  draw(findings, { captions, labels }) {
    const { bits, errors, beside, lost, shown: { sizes, curves } } = findings;
    return [
      {
        kind: "bars",
        caption: captions.errors(findings),
        y: { title: labels.error, logarithmic: true },
        bars: KINDS.map((kind, i) => ({ label: `${kind}, ${bits[i]} ${labels.bits}`, value: errors[i]! })),
      },
      {
        kind: "line",
        caption: captions.outliers(findings),
        x: { title: labels.size, logarithmic: true },
        y: { title: labels.error, logarithmic: true },
        series: KINDS.map((kind, i) => ({
          label: kind,
          points: sizes.map((size, k): [number, number] => [size, curves[i]![k]!]),
        })),
      },
      {
        kind: "table",
        caption: captions.table(findings),
        columns: [labels.kind, labels.bits, labels.error, labels.beside, labels.lost],
        rows: KINDS.map((kind, i) => [
          kind,
          String(bits[i]),
          errors[i]!.toFixed(4),
          beside[i]!.toFixed(4),
          lost[i]!.toFixed(3),
        ]),
      },
    ];
  },
};
