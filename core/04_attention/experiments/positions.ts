/**
 * # The dog bites the man, the man bites the dog
 *
 * [The notes](notes:001.29) say that attention gives every word of a shuffled sentence the vector it had before. This
 * gives *the dog bites the man* and *the man bites the dog* to the same attention, without positions and
 * with every scheme of the page, and measures how far the vector of each word moves.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { tensor } from "../../engine/create.ts";
import { take } from "../../engine/indexing.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { difference, mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { readMatrix } from "../../experiments/reading.ts";
import { SEED } from "../../experiments/seed.ts";
import { MultiHeadAttention, type PositionRule } from "../multi_head.ts";
import {
  AlibiPositions,
  LearnedPositions,
  RelativePositions,
  RotaryPositions,
  SinusoidalPositions,
  T5Positions,
} from "../positions/mod.ts";

const WORDS = ["the", "dog", "bites", "the", "man"];
/** Which word of the first sentence stands where in the second: *the man bites the dog*. */
const ORDER = [0, 4, 2, 3, 1];
const E = 32, HEADS = 4;
const SCHEMES = ["none", "learned", "sinusoidal", "Shaw", "T5", "RoPE", "ALiBi"] as const;

/** What is found. */
export interface ShuffledFindings {
  /** Mean distance that the vector of a word moves, over its length, by scheme. */
  readonly moved: readonly number[];
  /** The same without positions, in an attention that sees only what came before. */
  readonly causal: number;
  readonly shown: {
    readonly sentence: readonly string[];
    readonly shuffled: readonly string[];
    /** Width of a vector, and heads of the attention. */
    readonly hiddenSize: number;
    readonly heads: number;
    /** Distance of each word by scheme; the last row is causal attention without positions. */
    readonly distances: readonly (readonly number[])[];
    /** Their means, before rounding is taken for none. */
    readonly means: readonly number[];
    readonly largest: number;
  };
}

/** What the experiment is made of. */
export interface Shuffled extends Parts {
  findings: ShuffledFindings;
  controls: "seed";
  claims: "without" | "with" | "causal";
  captions: "moved" | "words";
  labels: Labels<typeof SCHEMES[number] | "causal" | "distance">;
}

/** How a scheme marks its input, and what it adds to the attention. */
function scheme(index: number, random: Random): { mark(hidden: Tensor): Tensor; rule: PositionRule | undefined } {
  const plain = (hidden: Tensor): Tensor => hidden;
  const D = E / HEADS;
  switch (index) {
    case 1: {
      const positions = new LearnedPositions(WORDS.length, E, random, { deviation: 1 });
      return { mark: (hidden) => positions.forward(hidden), rule: undefined };
    }
    case 2: {
      const positions = new SinusoidalPositions(E);
      return { mark: (hidden) => positions.forward(hidden), rule: undefined };
    }
    case 3:
      return { mark: plain, rule: new RelativePositions(D, 4, random) };
    case 4:
      return { mark: plain, rule: new T5Positions(HEADS, random) };
    case 5:
      return { mark: plain, rule: new RotaryPositions(D) };
    case 6:
      return { mark: plain, rule: new AlibiPositions(HEADS) };
    default:
      return { mark: plain, rule: undefined };
  }
}

/** How far the vector of each word moves when the words are shuffled, over its length. */
async function movements(index: number, causal: boolean, seed: number): Promise<number[]> {
  const random = new Random(seed);
  const distances = scope(() =>
    noGrad(() => {
      // The words are drawn first: the same ones for every scheme.
      const words = random.normal([4, E]);
      const sentence = take(words, tensor([0, 1, 2, 0, 3], [1, 5], "int32"));
      const weights = random.split();
      const { mark, rule } = scheme(index, random);
      const attention = new MultiHeadAttention(E, HEADS, weights, { positions: rule });
      const read = (hidden: Tensor): Tensor => attention.forward(mark(hidden), { causal }).squeeze(0);
      const order = tensor(ORDER, [ORDER.length], "int32");
      const before = read(sentence), after = read(take(sentence.squeeze(0), order).unsqueeze(0));
      // Row i of both is the same word.
      const moved = take(before, order).sub(after);
      return moved.square().sum(1).div(take(before, order).square().sum(1)).sqrt().unsqueeze(0);
    })
  );
  return (await readMatrix(distances))[0]!;
}

/** What order changes, with each scheme of positions. */
export const experiment: Experiment<Shuffled> = {
  controls: { seed: SEED },
  claims: {
    without: { holds: ({ moved }) => moved[0] === 0 },
    with: { holds: ({ moved }) => moved.slice(1).every((distance) => distance > 0.01) },
    causal: { refuted: true, holds: ({ causal }) => causal === 0 },
  },
  async measure({ seed }, { signal }) {
    signal?.throwIfAborted();
    const rows: number[][] = [];
    for (const index of SCHEMES.keys()) rows.push(await movements(index, false, seed));
    const causal = await movements(0, true, seed), distances = [...rows, causal];
    return {
      moved: rows.map((row) => difference(mean(row))),
      causal: difference(mean(causal)),
      shown: {
        sentence: WORDS,
        shuffled: ORDER.map((from) => WORDS[from]!),
        hiddenSize: E,
        heads: HEADS,
        distances,
        means: distances.map(mean),
        largest: Math.max(...distances.flat()),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { shuffled, distances, means, largest } = findings.shown;
    const names = [...SCHEMES.map((scheme) => labels[scheme]), labels.causal];
    return [
      {
        kind: "bars",
        caption: captions.moved(findings),
        y: { title: labels.distance },
        bars: names.map((label, i) => ({ label, value: means[i]! })),
      },
      {
        kind: "tokens",
        caption: captions.words(findings),
        rows: distances.map((row, i) => ({
          label: names[i]!,
          tokens: row.map((value, t) => ({ text: shuffled[t]!, value })),
        })),
        domain: [0, largest],
      },
    ];
  },
};
