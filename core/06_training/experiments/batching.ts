/**
 * # What padding costs
 *
 * [The notes](notes:003.50) could not find out whether a padded batch is slower than a full one. Here nothing is
 * timed: a device that counts its multiplications runs one encoder over the same sentences with more
 * and more padding. Then batches are cut from the corpus of the translator in several orders, and
 * their padding is counted.
 *
 * @module
 */

import { lengthMask } from "../../04_attention/masks.ts";
import { Encoder } from "../../05_transformer/encoder.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import type { Backend } from "../../engine/backend.ts";
import { noGrad } from "../../engine/autograd.ts";
import { withBackend } from "../../engine/device.ts";
import { Random } from "../../engine/random.ts";
import { createReferenceDevice } from "../../engine/reference.ts";
import { scope } from "../../engine/scope.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { Batches, paddedShare } from "../batching.ts";

/** Words of a sentence, sentences of a batch, and lengths that they are padded to. */
/** Width and heads of the encoder layer that is counted. */
const SIZE = 16, HEADS = 2;
const WORDS = 8, SENTENCES = 4, PADDED = [8, 12, 16, 24, 32];
const POOLS = [1, 2, 4, 8, 16, 32, 64];

/** What is found. */
export interface BatchingFindings {
  /** Multiplications by padded length, the mask given. */
  readonly multiplications: readonly number[];
  /** Share of padding: sentences in random order, in pools of growing size, and all sorted. */
  readonly shuffled: number;
  readonly pooled: readonly number[];
  readonly sorted: number;
  /** Mean length of a sentence in each tenth of a pass, shortest and longest: pools of 32, and all sorted. */
  readonly mixedTenths: readonly number[];
  readonly sortedTenths: readonly number[];
  readonly shown: {
    readonly batchSize: number;
    /** The sentences of the first figure, their words, and the lengths that they are padded to. */
    readonly sentences: number;
    readonly words: number;
    readonly padded: readonly number[];
    readonly pools: readonly number[];
    /** Sentences of the corpus by number of words, from 1 on; the fewest words, and their mean. */
    readonly counts: readonly number[];
    readonly shortest: number;
    readonly mean: number;
  };
}

/** What the experiment is made of. */
export interface Padding extends Parts {
  findings: BatchingFindings;
  controls: "batchSize" | "seed";
  claims: "cost" | "shuffled" | "pools" | "mixed";
  captions: "multiplications" | "lengths" | "padding";
  labels:
    & Labels<"positions" | "multiplications" | "counted" | "free">
    & Labels<"words" | "sentences" | "pool" | "share" | "pooled" | "shuffled" | "sorted">;
}

/** How many numbers the reference device multiplies in matrix products while `run` runs. */
function countMultiplications(run: () => void): number {
  let count = 0;
  const device: Backend = createReferenceDevice();
  const counting = new Proxy(device, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const call = member as (...inputs: readonly unknown[]) => unknown;
      return (...inputs: readonly unknown[]) => {
        if (name === "matmul") {
          const [a, b] = inputs as Parameters<Backend["matmul"]>;
          count += a.shape.reduce((product, extent) => product * extent, 1) * b.shape.at(-1)!;
        }
        return call.apply(target, [...inputs]);
      };
    },
  });
  withBackend(counting, () => scope(() => noGrad(run)));
  return count;
}

/** Mean length in each tenth of a list of batches: the smallest and the largest. */
function tenths(batches: readonly (readonly number[])[]): [number, number] {
  const size = Math.ceil(batches.length / 10), means: number[] = [];
  for (let start = 0; start < batches.length; start += size) {
    means.push(mean(batches.slice(start, start + size).flat()));
  }
  return [rounded(Math.min(...means)), rounded(Math.max(...means))];
}

/** Whether padding costs, how much of it there is, and what pools save. */
export const experiment: Experiment<Padding> = {
  controls: {
    batchSize: { default: 32, min: 2, max: 128, step: 2 },
    seed: SEED,
  },
  constants: { sentences: SENTENCES, words: WORDS, width: SIZE, heads: HEADS },
  claims: {
    cost: { holds: ({ multiplications }) => multiplications.at(-1)! >= 4 * multiplications[0]! },
    shuffled: { holds: ({ shuffled }) => shuffled > 0.25 },
    pools: { holds: ({ shuffled, pooled }) => pooled[POOLS.indexOf(32)]! < shuffled / 4 },
    mixed: {
      holds: ({ mixedTenths, sortedTenths }) =>
        mixedTenths[1]! < 1.4 * mixedTenths[0]! && sortedTenths[1]! > 2 * sortedTenths[0]!,
    },
  },
  async measure({ batchSize, seed }, options) {
    const steps = new Steps(options, PADDED.length + POOLS.length + 2);
    const multiplications: number[] = [];
    for (const length of PADDED) {
      await steps.next();
      multiplications.push(countMultiplications(() => {
        const random = new Random(seed);
        const encoder = new Encoder({ hiddenSize: SIZE, numHeads: HEADS, numLayers: 1 }, random);
        const hidden = random.normal([SENTENCES, length, 16]);
        encoder.forward(hidden, { mask: lengthMask(new Array<number>(SENTENCES).fill(WORDS), length) });
      }));
    }
    await steps.next();
    const lengths = chineseEnglish().training.map(({ target }) => target.split(/\s+|(?=[.,?!])/).length);
    const passOf = (pool?: number): number[][] => {
      const random = new Random(seed);
      const batches = new Batches(lengths, {
        batchSize,
        random,
        ...(pool && { pool, length: (length: number) => length }),
      });
      return Array.from({ length: batches.batchesPerEpoch }, () => [...batches.next()]);
    };
    const pooled: number[] = [];
    let mixed: number[][] = [];
    for (const pool of POOLS) {
      await steps.next();
      const pass = passOf(pool);
      if (pool === 32) mixed = pass;
      pooled.push(paddedShare(pass));
    }
    await steps.next();
    const inOrder = [...lengths].sort((a, b) => a - b);
    const sorted = Array.from(
      { length: Math.ceil(inOrder.length / batchSize) },
      (_, i) => inOrder.slice(i * batchSize, (i + 1) * batchSize),
    );
    const counts = new Array<number>(Math.max(...lengths)).fill(0);
    for (const length of lengths) counts[length - 1]!++;
    return {
      multiplications,
      shuffled: paddedShare(passOf()),
      pooled,
      sorted: paddedShare(sorted),
      mixedTenths: tenths(mixed),
      sortedTenths: tenths(sorted),
      shown: {
        batchSize,
        sentences: SENTENCES,
        words: WORDS,
        padded: PADDED,
        pools: POOLS,
        counts,
        shortest: Math.min(...lengths),
        mean: mean(lengths),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { multiplications, shuffled, pooled, sorted, shown: { padded, pools, counts } } = findings;
    return [
      {
        kind: "line",
        caption: captions.multiplications(findings),
        x: { title: labels.positions },
        y: { title: labels.multiplications },
        series: [
          { label: labels.counted, points: padded.map((x, i) => [x, multiplications[i]!]) },
          { label: labels.free, points: padded.map((x) => [x, multiplications[0]!]), dashed: true },
        ],
      },
      {
        kind: "histogram",
        caption: captions.lengths(findings),
        x: { title: labels.words },
        series: [{
          label: labels.sentences,
          edges: Array.from({ length: counts.length + 1 }, (_, i) => i + 0.5),
          counts,
        }],
      },
      {
        kind: "line",
        caption: captions.padding(findings),
        x: { title: labels.pool, logarithmic: true },
        y: { title: labels.share },
        series: [
          { label: labels.pooled, points: pools.map((x, i) => [x, pooled[i]!]) },
          { label: labels.shuffled, points: pools.map((x) => [x, shuffled]), dashed: true },
          { label: labels.sorted, points: pools.map((x) => [x, sorted]), dashed: true },
        ],
      },
    ];
  },
};
