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
import {
  coarse,
  mean,
  percent,
  read,
  rounded,
  say,
  seedControl,
  Steps,
} from "../../05_transformer/experiments/support.ts";
import { gradientsOf } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { ones, parameter, tensor, zeros } from "../../engine/create.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { crossEntropy } from "../loss.ts";

/** Leads of the right logit over all others. */
const LEADS = Array.from({ length: 81 }, (_, i) => i / 4);
/** Words of a sentence, and positions that it is padded to. */
const WORDS = 8, PADDED = [8, 12, 16, 24, 32];
/** Classes of the small distribution whose slope is shown. */
const SHOWN = 5;

type Found = {
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
};

/** Entropy of the smoothed answer over `V` classes. */
function smoothedEntropy(smoothing: number, V: number): number {
  const rest = smoothing / V, right = 1 - smoothing + rest;
  return -right * Math.log(right) - (rest > 0 ? (V - 1) * rest * Math.log(rest) : 0);
}

function figures(
  found: Found,
  smoothing: number,
  V: number,
  curves: { readonly plain: readonly number[]; readonly smoothed: readonly number[] },
  slope: { readonly p: readonly number[]; readonly q: readonly number[]; readonly gradient: readonly number[] },
): Figure[] {
  const overLeads = (losses: readonly number[]) => LEADS.map((x, i): [number, number] => [x, rounded(losses[i]!)]);
  return [
    {
      kind: "line",
      caption: `Without smoothing the loss falls for as long as the right logit grows. With ${percent(smoothing)} of ` +
        `the belief spread over ${V} classes it is smallest, ${say(found.smallest)}, at a lead of ` +
        `${say(found.bestLead)}, where the right class has a probability of ${percent(found.confidence, 3)}. The ` +
        `entropy of the smoothed answer is ${say(found.entropy)}.`,
      x: { title: "lead of the right logit over all others" },
      y: { title: "loss in nats" },
      series: [
        { label: "hard labels", points: overLeads(curves.plain) },
        { label: "smoothed labels", points: overLeads(curves.smoothed) },
        {
          label: "entropy of the smoothed answer",
          points: LEADS.map((x) => [x, rounded(found.entropy)]),
          dashed: true,
        },
      ],
    },
    {
      kind: "table",
      caption: `The slope of the loss in each logit, of ${SHOWN} classes, is p − q: negative for the right class, ` +
        "which is to grow.",
      columns: ["class", "p, predicted", "q, asked for", "slope"],
      rows: slope.p.map((p, i) => [
        `${i + 1}${i === 0 ? ", the right one" : ""}`,
        rounded(p),
        rounded(slope.q[i]!),
        rounded(slope.gradient[i]!),
      ]),
    },
    {
      kind: "line",
      caption: `One sentence of ${WORDS} words, padded further and further: ignored, padding leaves its loss at ` +
        `${say(found.ignored[0]!)}; counted, it pretends that the model got better, down to ${
          say(found.counted.at(-1)!)
        }.`,
      x: { title: "positions after padding" },
      y: { title: "mean loss in nats", domain: [0, Math.ceil(found.ignored[0]!)] },
      series: [
        { label: "padding ignored", points: PADDED.map((x, i) => [x, rounded(found.ignored[i]!)]) },
        { label: "padding counted", points: PADDED.map((x, i) => [x, rounded(found.counted[i]!)]) },
      ],
    },
  ];
}

/** Label smoothing, the slope of the logits, and padding in the mean. */
export const lossExperiment: Experiment<Found, "smoothing" | "classes" | "seed"> = {
  name: "training/loss",
  title: "What the loss asks for",
  purpose: "Three properties of the cross-entropy. First, what it costs to be ever more certain of the right " +
    "answer: change the label smoothing, and see where the cost is lowest. Then the slope of the loss in each " +
    "logit. Last, a padded sentence, with padding ignored and with padding counted.",
  controls: {
    smoothing: {
      label: "Label smoothing",
      description: "Share of belief spread over all classes, in the first two figures",
      default: 0.1,
      min: 0.02,
      max: 0.5,
      step: 0.02,
    },
    classes: {
      label: "Classes",
      description: "Entries of the vocabulary, in the first and the last figure",
      default: 1000,
      min: 10,
      max: 10_000,
      step: 10,
    },
    seed: seedControl,
  },
  claims: [
    {
      text: "With smoothed labels no answer costs less than their entropy, and the best one costs just that",
      holds: ({ smallest, entropy }) => smallest > entropy - 1e-5 && smallest < 1.01 * entropy,
    },
    {
      text: "With hard labels, being more certain of the right answer always costs less",
      holds: ({ plain, smallest }) => plain < 1e-3 && plain < smallest,
    },
    {
      text: "The derivative with respect to the logits is p − q",
      holds: ({ slope }) => slope < 1e-6,
    },
    {
      text: "Ignored padding leaves the loss as it is; counted, it makes a bad model look good",
      holds: ({ ignored, counted }) =>
        ignored.every((loss) => Math.abs(loss - ignored[0]!) < 1e-5) && counted.at(-1)! < 0.3 * ignored[0]!,
    },
  ],
  async run({ smoothing, classes: V, seed }, options) {
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
    const slopeOf = async (classes: number) => {
      const logits = parameter(random.normal([1, classes]));
      const [gradient] = scope(() =>
        gradientsOf(crossEntropy(logits, zeros([1], "int32"), { labelSmoothing: smoothing }), ones([]), [logits])
      );
      const p = Array.from(await read(() => softmax(logits)));
      const q = p.map((_, c) => (c === 0 ? 1 - smoothing : 0) + smoothing / classes);
      return { p, q, gradient: Array.from(await gradient!.read()) };
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
    const findings: Found = {
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
    };
    return { findings, figures: figures(findings, smoothing, V, { plain, smoothed }, await slopeOf(SHOWN)) };
  },
};
