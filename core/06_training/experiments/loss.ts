/**
 * # What the loss asks for
 *
 * Three properties of the cross-entropy, measured: what smoothed labels make of the best answer, that
 * the slope of the logits is the difference of two distributions, and what happens to the mean
 * when padding is counted.
 *
 * @module
 */

import { softmax } from "../../02_words/softmax.ts";
import { gradientsOf } from "../../engine/derivatives.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { parameter, tensor, zeros } from "../../engine/create.ts";
import { coarse, mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { read } from "../../experiments/reading.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { crossEntropy } from "../loss.ts";

/** Leads of the right logit over all others. */
const LEADS = Array.from({ length: 81 }, (_, i) => i / 4);
/** Words of a sentence, and positions that it is padded to. */
const WORDS = 8, PADDED = [8, 12, 16, 24, 32];
/** Classes of the small distribution whose slope is shown. */
const SHOWN = 5;

/** What is found. */
export interface LossFindings {
  /** Smallest loss over the leads, and the lead at which it is reached, with smoothing. */
  readonly smallest: number;
  readonly bestLead: number;
  /** Entropy of the smoothed answer: what no model can go below. */
  readonly entropy: number;
  /** Probability of the right class at that lead. */
  readonly confidence: number;
  /** Loss at the largest lead without smoothing. */
  readonly plain: number;
  /** Largest difference between the gradient of the tape and p − q. */
  readonly slope: number;
  /** Loss of one sentence by padded length: padding ignored, and padding counted as 0. */
  readonly ignored: readonly number[];
  readonly counted: readonly number[];
  readonly shown: {
    readonly smoothing: number;
    readonly classes: number;
    readonly leads: readonly number[];
    /** Loss by lead, without smoothing and with it. */
    readonly plain: readonly number[];
    readonly smoothed: readonly number[];
    /** The slope of a few logits, beside what is predicted and what is asked for. */
    readonly slope: Slope;
    /** Words of the padded sentence, and positions that it is padded to. */
    readonly words: number;
    readonly padded: readonly number[];
  };
}

/** What is predicted, what is asked for, and the gradient in the logits, by class. */
interface Slope {
  readonly p: readonly number[];
  readonly q: readonly number[];
  readonly gradient: readonly number[];
}

/** What the experiment is made of. */
export interface Asked extends Parts {
  findings: LossFindings;
  controls: "smoothing" | "classes" | "seed";
  claims: "entropy" | "hard" | "slope" | "padding";
  captions: "smoothing" | "slope" | "padding";
  labels:
    & Labels<"lead" | "loss" | "hard" | "smoothed" | "entropy">
    & Labels<"class" | "predicted" | "asked" | "slope">
    & Labels<"positions" | "mean" | "ignored" | "counted">
    & { right(index: number): string };
}

/** Entropy of the smoothed answer over `V` classes. */
function smoothedEntropy(smoothing: number, V: number): number {
  const rest = smoothing / V, right = 1 - smoothing + rest;
  return -right * Math.log(right) - (rest > 0 ? (V - 1) * rest * Math.log(rest) : 0);
}

/** Label smoothing, the slope of the logits, and padding in the mean. */
export const experiment: Experiment<Asked> = {
  controls: {
    smoothing: { default: 0.1, min: 0.02, max: 0.5, step: 0.02 },
    classes: { default: 1000, min: 10, max: 10_000, step: 10 },
    seed: SEED,
  },
  constants: { words: WORDS, slopes: SHOWN },
  claims: {
    entropy: { holds: ({ smallest, entropy }) => smallest > entropy - 1e-5 && smallest < 1.01 * entropy },
    hard: { holds: ({ plain, smallest }) => plain < 1e-3 && plain < smallest },
    slope: { holds: ({ slope }) => slope < 1e-6 },
    padding: {
      holds: ({ ignored, counted }) =>
        ignored.every((loss) => Math.abs(loss - ignored[0]!) < 1e-5) && counted.at(-1)! < 0.3 * ignored[0]!,
    },
  },
  async measure({ smoothing, classes: V, seed }, options) {
    const steps = new Steps(options, 4);
    await steps.next();
    const random = new Random(seed);
    const rows = new Float32Array(LEADS.length * V);
    LEADS.forEach((lead, row) => rows[row * V] = lead);
    const lossesOf = async (labelSmoothing: number): Promise<number[]> =>
      Array.from(
        await read(() =>
          crossEntropy(tensor(rows, [LEADS.length, V]), zeros([LEADS.length], "int32"), {
            labelSmoothing,
            reduction: "none",
          })
        ),
      );
    const plain = await lossesOf(0);
    await steps.next();
    const smoothed = await lossesOf(smoothing);
    const best = smoothed.indexOf(Math.min(...smoothed)), lead = LEADS[best]!;

    await steps.next();
    /** The gradient in random logits of some classes, beside p and q. */
    const slopeOf = async (classes: number): Promise<Slope> => {
      const logits = parameter(random.normal([1, classes]));
      const [gradient] = scope(() =>
        gradientsOf(crossEntropy(logits, zeros([1], "int32"), { labelSmoothing: smoothing }), [logits])
      );
      const p = Array.from(await read(() => softmax(logits)));
      const q = p.map((_, c) => (c === 0 ? 1 - smoothing : 0) + smoothing / classes);
      return { p, q, gradient: Array.from(await gradient.read()) };
    };
    const slope = await slopeOf(V);

    await steps.next();
    const ignored: number[] = [], counted: number[] = [];
    const sentence = random.normal([WORDS, V]), words = Array.from({ length: WORDS }, () => random.integer(V));
    const own = Array.from(await sentence.read());
    for (const length of PADDED) {
      const targets = Int32Array.from({ length }, (_, i) => words[i] ?? -100);
      const padded = new Float32Array(length * V);
      padded.set(own);
      const each = Array.from(
        await read(() => crossEntropy(tensor(padded, [length, V]), tensor(targets), { reduction: "none" })),
      );
      ignored.push((await read(() => crossEntropy(tensor(padded, [length, V]), tensor(targets))))[0]!);
      counted.push(mean(each));
    }
    return {
      smallest: smoothed[best]!,
      bestLead: lead,
      entropy: smoothedEntropy(smoothing, V),
      confidence: 1 / (1 + (V - 1) * Math.exp(-lead)),
      plain: plain.at(-1)!,
      slope: coarse(
        slope.gradient.reduce((most, value, c) => Math.max(most, Math.abs(value - (slope.p[c]! - slope.q[c]!))), 0),
        1e-6,
      ),
      ignored,
      counted,
      shown: {
        smoothing,
        classes: V,
        leads: LEADS,
        plain,
        smoothed,
        slope: await slopeOf(SHOWN),
        words: WORDS,
        padded: PADDED,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { entropy, ignored, counted, shown } = findings, { leads, padded, slope } = shown;
    const over = (xs: readonly number[], ys: readonly number[]) => xs.map((x, i): [number, number] => [x, ys[i]!]);
    return [
      {
        kind: "line",
        caption: captions.smoothing(findings),
        x: { title: labels.lead },
        y: { title: labels.loss },
        series: [
          { label: labels.hard, points: over(leads, shown.plain) },
          { label: labels.smoothed, points: over(leads, shown.smoothed) },
          { label: labels.entropy, points: leads.map((x) => [x, entropy]), dashed: true },
        ],
      },
      {
        kind: "table",
        caption: captions.slope(findings),
        columns: [labels.class, labels.predicted, labels.asked, labels.slope],
        rows: slope.p.map((p, i) => [
          i === 0 ? labels.right(i + 1) : `${i + 1}`,
          p,
          slope.q[i]!,
          slope.gradient[i]!,
        ]),
      },
      {
        kind: "line",
        caption: captions.padding(findings),
        x: { title: labels.positions },
        y: { title: labels.mean, domain: [0, Math.ceil(ignored[0]!)] },
        series: [
          { label: labels.ignored, points: over(padded, ignored) },
          { label: labels.counted, points: over(padded, counted) },
        ],
      },
    ];
  },
};
