/**
 * # Shuffled words
 *
 * The notes say that attention gives every word of a shuffled sentence the vector it had before. This
 * gives *the dog bites the man* and *the man bites the dog* to the same attention, without positions and
 * with every scheme of the page, and measures how far the vector of each word moves.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { take } from "../../engine/ops.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment } from "../../experiments.ts";
import { difference, fixed, mean, readMatrix, rounded, SEED, size } from "../../experiments/plain.ts";
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
const SCHEMES = ["none", "learned", "sinusoidal", "Shaw", "T5", "RoPE", "ALiBi"];

type Found = {
  /** Mean distance that the vector of a word moves, over its length, by scheme. */
  readonly moved: readonly number[];
  /** The same without positions, in an attention that sees only what came before. */
  readonly causal: number;
};

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
export const shuffledExperiment: Experiment<Found, "seed"> = {
  name: "attention/positions",
  title: "The dog bites the man, the man bites the dog",
  purpose: "“the dog bites the man” and “the man bites the dog” go through the same attention with random " +
    "weights, without positions and with each scheme. The bars say how far the vectors of the words move from one " +
    "sentence to the other. Another seed draws other weights: see which bar stays at zero.",
  controls: { seed: SEED },
  claims: [
    {
      text: "Without positions, every word of a shuffled sentence gets the vector it had before",
      holds: ({ moved }) => moved[0] === 0,
    },
    {
      text: "With every scheme of positions it gets another one",
      holds: ({ moved }) => moved.slice(1).every((distance) => distance > 0.01),
    },
    {
      text: "Without positions it gets the vector it had before under a causal mask, too, as in the notes’ decoder",
      refuted: true,
      holds: ({ causal }) => causal === 0,
    },
  ],
  async run({ seed }, { signal }) {
    signal?.throwIfAborted();
    const rows: number[][] = [];
    for (const index of SCHEMES.keys()) rows.push(await movements(index, false, seed));
    const causal = await movements(0, true, seed);
    const findings: Found = { moved: rows.map((row) => difference(mean(row))), causal: difference(mean(causal)) };
    const labels = [...SCHEMES, "none, causal"];
    const all = [...rows, causal];
    const shuffled = ORDER.map((from) => WORDS[from]!);
    return {
      findings,
      figures: [
        {
          kind: "bars",
          caption: `How far the vectors of the words move when two of them change places. Without positions: ` +
            `${size(findings.moved[0]!)} of their length. A causal mask alone ` +
            `moves them by ${fixed(findings.causal, 2)}: who sees whom depends on the order, so a decoder knows ` +
            "something of positions before any are added.",
          y: { title: "mean distance / length" },
          bars: labels.map((label, i) => ({ label, value: rounded(mean(all[i]!)) })),
        },
        {
          kind: "tokens",
          caption: `The second sentence, each word coloured by how far its vector is from the one it has in “${
            WORDS.join(" ")
          }”.`,
          rows: all.map((row, i) => ({
            label: labels[i]!,
            tokens: row.map((value, t) => ({ text: shuffled[t]!, value: rounded(value) })),
          })),
          domain: [0, rounded(Math.max(...all.flat()))],
        },
      ],
    };
  },
};
