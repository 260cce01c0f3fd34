/**
 * # The long tail's share
 *
 * The notes' own distribution: three words with 30, 20 and 10 %, and the rest spread over a thousand. Tokens
 * are drawn from it and counted, and texts of growing length are looked through for words of the tail.
 *
 * @module
 */

import { percent, rounded, say, seedControl, Steps } from "../../05_transformer/experiments/support.ts";
import { Random } from "../../engine/random.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { sample } from "../sampling.ts";

/** Probabilities of the three words; the tail shares the rest. */
const HEADS = [0.3, 0.2, 0.1];
const LENGTHS = [1, 2, 3, 4, 5, 6, 8, 10, 12];

type Found = {
  /** Share of draws that took each head, and any word of the tail. */
  readonly heads: readonly number[];
  readonly tail: number;
  /** Share of the tail's words that were drawn at least once. */
  readonly tailSeen: number;
  /** Probability of one word of the tail. */
  readonly each: number;
  /** Share of texts without a word of the tail, by length. */
  readonly clean: readonly number[];
  /** What the model says that share is. */
  readonly expected: readonly number[];
};

function figures(found: Found, tailSize: number, draws: number): Figure[] {
  const rest = 1 - HEADS.reduce((a, b) => a + b, 0);
  const labels = ["first word", "second word", "third word", `any of ${tailSize}`];
  const shares = [...found.heads, found.tail], wanted = [...HEADS, rest];
  return [
    {
      kind: "bars",
      caption:
        `Of ${draws} draws ${percent(found.tail, 3)} took one of the ${tailSize} words of the tail, though each of ` +
        `them has a probability of only ${percent(found.each)}.`,
      y: { title: "share of draws", domain: [0, 0.5] },
      bars: labels.flatMap((group, i) => [
        { label: "as the model says", group, value: rounded(wanted[i]!) },
        { label: "drawn", group, value: rounded(shares[i]!) },
      ]),
    },
    {
      kind: "line",
      caption: `A text stays clear of the tail only while it is short: ${percent(found.clean[4]!)} of the texts of ` +
        `${LENGTHS[4]} words do, and ${percent(found.clean.at(-1)!)} of those of ${LENGTHS.at(-1)}.`,
      x: { title: "words in the text" },
      y: { title: "share of texts without a word of the tail", domain: [0, 1] },
      series: [
        { label: "drawn", points: LENGTHS.map((x, i) => [x, rounded(found.clean[i]!)]) },
        {
          label: `${say(1 - rest)} to the power of the length`,
          points: LENGTHS.map((x, i) => [x, rounded(found.expected[i]!)]),
          dashed: true,
        },
      ],
    },
  ];
}

/** How often sampling takes words that nobody would choose. */
export const samplingExperiment: Experiment<Found, "draws" | "tail" | "seed"> = {
  name: "generation/sampling",
  title: "The long tail’s share",
  purpose: "The notes’ own distribution: three words with 30, 20 and 10\u202f%, and a tail of words that share the " +
    "rest. Change the size of the tail or the number of draws. See how often a draw takes a word of the tail, and " +
    "how long a text can be without one.",
  controls: {
    draws: { label: "Draws", description: "Tokens that are drawn", default: 6000, min: 500, max: 30_000, step: 500 },
    tail: {
      label: "Words in the tail",
      description: "Words that share what the three leave",
      default: 1000,
      min: 10,
      max: 2000,
      step: 10,
    },
    seed: seedControl,
  },
  claims: [
    {
      text: "Four draws in ten take a word of the tail, within two in a hundred",
      holds: ({ tail }) => Math.abs(tail - 0.4) < 0.02,
    },
    {
      text: "Each single word of it has a probability of 0.04\u202f%",
      holds: ({ each }) => Math.abs(each - 0.0004) < 1e-9,
    },
    {
      text: "Every word comes out as often as the model says, within two in a hundred",
      holds: ({ heads }) => heads.every((share, i) => Math.abs(share - HEADS[i]!) < 0.02),
    },
    {
      text: "Hardly any text of twelve words is without one of the tail: fewer than one in a hundred",
      holds: ({ clean }) => clean.at(-1)! < 0.01,
    },
  ],
  async run({ draws, tail, seed }, options) {
    const steps = new Steps(options, Math.ceil(draws / 100));
    const rest = 1 - HEADS.reduce((a, b) => a + b, 0), each = rest / tail;
    const logits = [...HEADS, ...new Array<number>(tail).fill(each)].map(Math.log);
    const random = new Random(seed);
    const tokens: number[] = [];
    for (let i = 0; i < draws; i++) {
      if (i % 100 === 0) await steps.next();
      tokens.push(sample(logits, random));
    }
    const isTail = (token: number): boolean => token >= HEADS.length;
    // Texts are windows over the draws: each draw is independent of all others.
    const clean = LENGTHS.map((length) => {
      const texts = Math.floor(draws / length);
      let found = 0;
      for (let i = 0; i < texts; i++) found += Number(!tokens.slice(i * length, (i + 1) * length).some(isTail));
      return found / texts;
    });
    const findings: Found = {
      heads: HEADS.map((_, head) => tokens.filter((token) => token === head).length / draws),
      tail: tokens.filter(isTail).length / draws,
      tailSeen: new Set(tokens.filter(isTail)).size / tail,
      each,
      clean,
      expected: LENGTHS.map((length) => (1 - rest) ** length),
    };
    return { findings, figures: figures(findings, tail, draws) };
  },
};
