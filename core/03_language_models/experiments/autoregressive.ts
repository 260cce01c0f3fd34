/**
 * # A product underflows, a sum of logarithms does not
 *
 * Words are drawn from a vocabulary whose frequencies fall as those of real words do. Two models read them: the one that they are drawn
 * from, and one that takes all words for equally probable. The probability of the text so far is kept as a product in float32 and in
 * float64, and as a sum of logarithms.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangeOf } from "../../experiments/seeds.ts";
import { measureScores } from "../autoregressive.ts";

const SEEDS = 10, TEXTS = 100, POINTS = 60;

/** What is found. */
export interface UnderflowFindings {
  /** Words after which the product is 0, lowest and highest over the seeds. */
  readonly float32: Range;
  readonly float64: Range;
  /** Mean surprise per word at the end, in nats, over the seeds; and what the frequencies alone say. */
  readonly surprise: Range;
  readonly entropy: number;
  /** Texts of which the better model has the larger sum of logarithms, and the larger product in float64, in the worst seed. */
  readonly bySum: number;
  readonly byProduct: number;
  readonly shown: {
    readonly words: number;
    readonly vocabulary: number;
    readonly texts: number;
    readonly seeds: number;
    /** Words so far, and the decimal logarithm of each way to keep the probability, as far as there is one. */
    readonly lengths: readonly number[];
    readonly kept: Readonly<Record<"float32" | "float64" | "sum", readonly number[]>>;
  };
}

/** What the experiment is made of. */
export interface Underflow extends Parts {
  findings: UnderflowFindings;
  controls: "words" | "vocabulary" | "seed";
  claims: "underflow" | "sum" | "order";
  captions: "kept";
  labels: Labels<"words" | "exponent" | "float32" | "float64" | "sum">;
}

/** Cumulative frequencies of words, each the inverse of its rank (Zipf), and their logarithms. */
function frequencies(vocabulary: number): { readonly probabilities: number[]; readonly entropy: number } {
  const weights = Array.from({ length: vocabulary }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const probabilities = weights.map((weight) => weight / total);
  return { probabilities, entropy: -probabilities.reduce((sum, p) => sum + p * Math.log(p), 0) };
}

/** What one seed finds. */
interface Once {
  readonly float32: number;
  readonly float64: number;
  readonly surprise: number;
  readonly bySum: number;
  readonly byProduct: number;
  readonly shown: Pick<UnderflowFindings["shown"], "lengths" | "kept">;
}

async function once(
  { words, vocabulary, seed }: Readonly<Record<Underflow["controls"], number>>,
  steps: Steps,
): Promise<Once> {
  const { probabilities } = frequencies(vocabulary), random = new Random(seed);
  const single = new Float32Array([1]), lengths: number[] = [];
  const kept = { float32: [] as number[], float64: [] as number[], sum: [] as number[] };
  let float32 = 0, float64 = 0, double = 1;
  const logs: number[] = [];
  const every = Math.max(1, Math.floor(words / POINTS));
  let sum = 0;
  for (let t = 1; t <= words; t++) {
    const p = probabilities[random.categorical(probabilities)]!;
    single[0]! *= p;
    double *= p;
    logs.push(Math.log(p));
    sum += logs.at(-1)!;
    if (single[0] === 0 && float32 === 0) float32 = t;
    if (double === 0 && float64 === 0) float64 = t;
    if (t % every > 0) continue;
    lengths.push(t);
    if (single[0]! > 0) kept.float32.push(Math.log10(single[0]!));
    if (double > 0) kept.float64.push(Math.log10(double));
    kept.sum.push(sum / Math.LN10);
  }
  let bySum = 0, byProduct = 0;
  for (let text = 0; text < TEXTS; text++) {
    await steps.next();
    let [own, other, ownLog, otherLog] = [1, 1, 0, 0];
    for (let t = 0; t < words; t++) {
      const p = probabilities[random.categorical(probabilities)]!;
      own *= p;
      other *= 1 / vocabulary;
      ownLog += Math.log(p);
      otherLog -= Math.log(vocabulary);
    }
    bySum += Number(ownLog > otherLog);
    byProduct += Number(own > other);
  }
  const surprise = -measureScores(logs).logProbability / words;
  return {
    float32: float32 || Infinity,
    float64: float64 || Infinity,
    surprise,
    bySum: bySum / TEXTS,
    byProduct: byProduct / TEXTS,
    shown: { lengths, kept },
  };
}

/** How long a product of probabilities lasts. */
export const experiment: Experiment<Underflow> = {
  controls: {
    words: { default: 400, min: 10, max: 1000, step: 10 },
    vocabulary: { default: 1000, min: 2, max: 2000 },
    seed: SEED,
  },
  constants: { texts: TEXTS, seeds: SEEDS },
  claims: {
    underflow: { holds: ({ float32, float64 }) => float32[1] < 40 && float64[1] < 250 },
    sum: { holds: ({ surprise, entropy }) => surprise.every((one) => Math.abs(one / entropy - 1) < 0.1) },
    order: { holds: ({ bySum, byProduct }) => bySum === 1 && byProduct === 0 },
  },
  async measure(controls, options) {
    const steps = new Steps(options, SEEDS * TEXTS);
    const runs = await overSeeds(controls, SEEDS, options, (own) => once(own, steps));
    const { words, vocabulary } = controls;
    // What does not happen within the text is put at its end.
    const range = (of: "float32" | "float64"): Range => rangeOf(runs.map((run) => Math.min(run[of], words)));
    return {
      float32: range("float32"),
      float64: range("float64"),
      surprise: rangeOf(runs.map(({ surprise }) => surprise)),
      entropy: frequencies(vocabulary).entropy,
      bySum: Math.min(...runs.map(({ bySum }) => bySum)),
      byProduct: Math.max(...runs.map(({ byProduct }) => byProduct)),
      shown: { words, vocabulary, texts: TEXTS, seeds: SEEDS, ...runs[0]!.shown },
    };
  },
  draw(findings, { captions, labels }) {
    const { lengths, kept } = findings.shown;
    const series = (["sum", "float64", "float32"] as const).filter((name) => kept[name].length > 0);
    return [{
      kind: "line",
      caption: captions.kept(findings),
      x: { title: labels.words },
      y: { title: labels.exponent },
      series: series.map((name) => ({
        label: labels[name],
        points: kept[name].map((value, i): [number, number] => [lengths[i]!, value]),
        ...(name === "sum" && { dashed: true }),
      })),
    }];
  },
};
