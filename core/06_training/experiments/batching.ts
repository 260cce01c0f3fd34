/**
 * # What padding costs
 *
 * The notes could not find out whether a padded batch is slower than a full one. Here nothing is
 * timed: a device that counts its multiplications runs one encoder over the same sentences with more
 * and more padding. Then batches are cut from the corpus of the translator in several orders, and
 * their padding is counted.
 *
 * @module
 */

import { lengthMask } from "../../04_attention/masks.ts";
import { Encoder } from "../../05_transformer/encoder.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { mean, percent, rounded, say, seedControl, Steps } from "../../05_transformer/experiments/support.ts";
import type { Backend } from "../../engine/backend.ts";
import { noGrad } from "../../engine/autograd.ts";
import { withBackend } from "../../engine/device.ts";
import { Random } from "../../engine/random.ts";
import { createReferenceDevice } from "../../engine/reference.ts";
import { scope } from "../../engine/scope.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { Batches, paddedShare } from "../batching.ts";

/** Words of a sentence, sentences of a batch, and lengths that they are padded to. */
const WORDS = 8, SENTENCES = 4, PADDED = [8, 12, 16, 24, 32];
const POOLS = [1, 2, 4, 8, 16, 32, 64];

type Found = {
  /** Multiplications by padded length, the mask given. */
  readonly multiplications: readonly number[];
  /** Share of padding: sentences in random order, in pools of growing size, and all sorted. */
  readonly shuffled: number;
  readonly pooled: readonly number[];
  readonly sorted: number;
  /** Mean length of a sentence in each tenth of a pass, shortest and longest: pools of 32, and all sorted. */
  readonly mixedTenths: readonly number[];
  readonly sortedTenths: readonly number[];
};

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

function figures(found: Found, lengths: readonly number[], batchSize: number): Figure[] {
  const { multiplications, shuffled, pooled, sorted } = found;
  const most = Math.max(...lengths), counts = new Array<number>(most).fill(0);
  for (const length of lengths) counts[length - 1]!++;
  const growth = multiplications.at(-1)! / multiplications[0]!;
  return [
    {
      kind: "line",
      caption:
        `The same ${SENTENCES} sentences of ${WORDS} words, padded to ${PADDED.at(-1)} positions under a mask, cost ` +
        `an encoder layer ${say(growth, 2)} times as many multiplications: the mask saves none of them.`,
      x: { title: "positions of each sentence after padding" },
      y: { title: "multiplications" },
      series: [
        { label: "counted", points: PADDED.map((x, i) => [x, multiplications[i]!]) },
        { label: "if padding were free", points: PADDED.map((x) => [x, multiplications[0]!]), dashed: true },
      ],
    },
    {
      kind: "histogram",
      caption:
        `Lengths of the ${say(lengths.length)} sentences of the corpus: ${Math.min(...lengths)} to ${most} words, ` +
        `${say(mean(lengths), 2)} on average.`,
      x: { title: "words and signs" },
      series: [{ label: "sentences", edges: Array.from({ length: most + 1 }, (_, i) => i + 0.5), counts }],
    },
    {
      kind: "line",
      caption:
        `In batches of ${batchSize} sentences in random order ${percent(shuffled)} of all positions are padding; ` +
        `sorted in pools of 32 batches ${percent(pooled[POOLS.indexOf(32)]!)}, all sorted ${percent(sorted)}. But a ` +
        `sorted pass begins with sentences of ${say(found.sortedTenths[0]!, 2)} words and ends with ` +
        `${say(found.sortedTenths[1]!, 2)}.`,
      x: { title: "batches in a pool", logarithmic: true },
      y: { title: "share of padding" },
      series: [
        { label: "sorted within pools", points: POOLS.map((x, i) => [x, rounded(pooled[i]!)]) },
        { label: "random order", points: POOLS.map((x) => [x, rounded(shuffled)]), dashed: true },
        { label: "all sorted", points: POOLS.map((x) => [x, rounded(sorted)]), dashed: true },
      ],
    },
  ];
}

/** Whether padding costs, how much of it there is, and what pools save. */
export const batchingExperiment: Experiment<Found, "batchSize" | "seed"> = {
  name: "training/batching",
  title: "What padding costs",
  purpose: "Nothing is timed. A device that counts multiplications runs one encoder over the same sentences " +
    "with more and more padding. Then the sentences of the translator’s corpus are put into batches, in random " +
    "order, sorted, and sorted within pools. Change the batch size, and see what share of the positions is " +
    "padding.",
  controls: {
    batchSize: {
      label: "Batch size",
      description: "Sentences in a batch, in the last figure",
      default: 32,
      min: 2,
      max: 128,
      step: 2,
    },
    seed: seedControl,
  },
  claims: [
    {
      text:
        "A padded batch costs as much as a full one of its size: four times the positions, at least four times the work",
      holds: ({ multiplications }) => multiplications.at(-1)! >= 4 * multiplications[0]!,
    },
    {
      text: "In random order more than a quarter of the corpus’s positions are padding",
      holds: ({ shuffled }) => shuffled > 0.25,
    },
    {
      text: "Sorting within pools of 32 batches leaves less than a quarter of that",
      holds: ({ shuffled, pooled }) => pooled[POOLS.indexOf(32)]! < shuffled / 4,
    },
    {
      text: "Pools keep short and long sentences mixed; sorting everything does not",
      holds: ({ mixedTenths, sortedTenths }) =>
        mixedTenths[1]! < 1.4 * mixedTenths[0]! && sortedTenths[1]! > 2 * sortedTenths[0]!,
    },
  ],
  async run({ batchSize, seed }, options) {
    const steps = new Steps(options, PADDED.length + POOLS.length + 2);
    const multiplications: number[] = [];
    for (const length of PADDED) {
      await steps.next();
      multiplications.push(countMultiplications(() => {
        const random = new Random(seed);
        const encoder = new Encoder({ hiddenSize: 16, numHeads: 2, numLayers: 1 }, random);
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
    const findings: Found = {
      multiplications,
      shuffled: paddedShare(passOf()),
      pooled,
      sorted: paddedShare(sorted),
      mixedTenths: tenths(mixed),
      sortedTenths: tenths(sorted),
    };
    return { findings, figures: figures(findings, lengths, batchSize) };
  },
};
