/**
 * # The probability mass of the long tail
 *
 * The distribution of [the notes](notes:004.96): three words with 30, 20 and 10 %, and the rest spread over a
 * thousand. Tokens are drawn from it and counted, and texts of growing length are looked through for words of the tail.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { sample } from "../sampling.ts";

/** Probabilities of the three words; the tail shares the rest. */
const HEADS = [0.3, 0.2, 0.1];
const LENGTHS = [1, 2, 3, 4, 5, 6, 8, 10, 12];

/** What is found. */
export interface TailFindings {
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
  readonly shown: {
    readonly draws: number;
    readonly tailSize: number;
    /** What the model says of the heads and of the whole tail. */
    readonly wanted: readonly number[];
    readonly lengths: readonly number[];
    /** Probability of any of the three heads. */
    readonly clear: number;
  };
}

/** What the experiment is made of. */
export interface Tail extends Parts {
  findings: TailFindings;
  controls: "draws" | "tail" | "seed";
  claims: "tail" | "each" | "heads" | "clean";
  captions: "shares" | "clean";
  labels: Labels<"first" | "second" | "third" | "share" | "model" | "drawn" | "length" | "clean"> & {
    anyOf(count: number): string;
    power(share: number): string;
  };
}

/** How often sampling takes words that nobody would choose. */
export const experiment: Experiment<Tail> = {
  controls: {
    draws: { default: 6000, min: 500, max: 30_000, step: 500 },
    tail: { default: 1000, min: 10, max: 2000, step: 10 },
    seed: SEED,
  },
  constants: { heads: HEADS.map((share) => `${Math.round(100 * share)}\u202f%`).join(", ") },
  claims: {
    tail: { holds: ({ tail }) => Math.abs(tail - 0.4) < 0.02 },
    each: { holds: ({ each }) => Math.abs(each - 0.0004) < 1e-9 },
    heads: { holds: ({ heads }) => heads.every((share, i) => Math.abs(share - HEADS[i]!) < 0.02) },
    clean: { holds: ({ clean }) => clean.at(-1)! < 0.01 },
  },
  async measure({ draws, tail, seed }, options) {
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
    return {
      heads: HEADS.map((_, head) => tokens.filter((token) => token === head).length / draws),
      tail: tokens.filter(isTail).length / draws,
      tailSeen: new Set(tokens.filter(isTail)).size / tail,
      each,
      clean,
      expected: LENGTHS.map((length) => (1 - rest) ** length),
      shown: { draws, tailSize: tail, wanted: [...HEADS, rest], lengths: LENGTHS, clear: 1 - rest },
    };
  },
  draw(findings, { captions, labels }) {
    const { heads, tail, clean, expected, shown } = findings, { wanted, lengths } = shown;
    const groups = [labels.first, labels.second, labels.third, labels.anyOf(shown.tailSize)];
    const over = (numbers: readonly number[]) => lengths.map((x, i): [number, number] => [x, numbers[i]!]);
    return [
      {
        kind: "bars",
        caption: captions.shares(findings),
        y: { title: labels.share, domain: [0, 0.5] },
        bars: groups.flatMap((group, i) => [
          { label: labels.model, group, value: wanted[i]! },
          { label: labels.drawn, group, value: [...heads, tail][i]! },
        ]),
      },
      {
        kind: "line",
        caption: captions.clean(findings),
        x: { title: labels.length },
        y: { title: labels.clean, domain: [0, 1] },
        series: [
          { label: labels.drawn, points: over(clean) },
          { label: labels.power(shown.clear), points: over(expected), dashed: true },
        ],
      },
    ];
  },
};
