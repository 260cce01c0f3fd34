/**
 * # A word from both sides
 *
 * Texts are made of couples of words, and one word is hidden. Three encoders of one size learn to say which: one sees both sides, one only what stands before, one only what stands behind.
 *
 * @module
 */

import { causalMask } from "../../04_attention/masks.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Random } from "../../engine/random.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import {
  COUPLES,
  type CouplesOptions,
  drawCouples,
  type HiddenBatch,
  hiddenWords,
  idsOf,
  lossOfHidden,
  WORDS,
} from "../../experiments/couples.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard, learn } from "../../experiments/learning.ts";
import { percent } from "../../experiments/numbers.ts";
import { read, readRows } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { EncoderOnly } from "../encoder_only.ts";

/** Width, heads and learning rate; couples of a text, texts of a batch, and texts that are judged by. */
const SIZE = 32, HEADS = 2, RATE = 1e-2, LENGTH = 3, BATCH = 32, JUDGED = 400, SHOWN = 4;
const TEXTS: CouplesOptions = { couples: [LENGTH, LENGTH], texts: 1, hidden: 0, uneven: false, batchSize: BATCH };

/** What an encoder may look at. */
type Side = "both" | "before" | "behind";
const SIDES: readonly Side[] = ["both", "before", "behind"];

/** What is found, in the order of the sides. */
export interface EncoderOnlyFindings {
  /** Mean loss at hidden words of texts that were not learned, in nats. */
  readonly nats: readonly number[];
  /** Fraction of hidden words that are found: of the first words of a couple, and of the second ones. */
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly shown: {
    /** Loss by step. */
    readonly curves: readonly (readonly (readonly [number, number])[])[];
    /** Texts with a hidden word, and the word that each encoder takes. */
    readonly texts: readonly { readonly text: string; readonly word: string; readonly guesses: readonly string[] }[];
  };
}

/** What the experiment is made of. */
export interface Hidden extends Parts {
  findings: EncoderOnlyFindings;
  controls: "steps" | "seed";
  claims: "both" | "before" | "behind" | "chance";
  captions: "found" | "loss" | "texts";
  labels: Labels<Side | "first" | "second" | "found" | "step" | "nats" | "text" | "hidden">;
}

/** Which pairs of places may look at each other. */
function pairsOf(side: Side, S: number): Tensor | undefined {
  if (side === "both") return undefined;
  const past = causalMask(S);
  return (side === "before" ? past : past.transpose(0, 1)).reshape([1, 1, S, S]);
}

/** One word from both sides, or from one. */
export const experiment: Experiment<Hidden> = {
  controls: { steps: { default: 400, min: 50, max: 1000, step: 50 }, seed: SEED },
  constants: { couples: COUPLES, width: SIZE, length: 2 * LENGTH },
  tolerance: 0.2,
  claims: {
    both: { holds: ({ nats }) => nats[0]! < 0.3 },
    before: { holds: ({ first, second }) => second[1]! > 0.9 && first[1]! < 0.3 },
    behind: { holds: ({ first, second }) => first[2]! > 0.9 && second[2]! < 0.3 },
    chance: { holds: ({ nats }) => [1, 2].every((i) => Math.abs(nats[i]! - 0.5 * Math.log(COUPLES)) < 0.25) },
  },
  async measure({ steps, seed }, options) {
    const judged = drawCouples(new Random(7), { ...TEXTS, batchSize: JUDGED }), hidden = hiddenWords(judged);
    const curves: [number, number][][] = [], nats: number[] = [], best: (readonly number[])[] = [];
    for (const [i, side] of SIDES.entries()) {
      const random = new Random(seed);
      const model = new EncoderOnly({
        ...{ vocabSize: WORDS.length, contextLength: 2 * LENGTH, hiddenSize: SIZE, numHeads: HEADS },
        ...{ numLayers: 1, feedForwardSize: 2 * SIZE, numTypes: 0, dropout: 0, pooler: false },
      }, random);
      const score = ({ inputs }: HiddenBatch): Tensor =>
        model.forward(idsOf(inputs), { mask: pairsOf(side, inputs[0]!.length) });
      curves.push(
        await learn({
          model,
          next: () => drawCouples(random, TEXTS),
          loss: (batch) => lossOfHidden(score(batch), batch),
          steps,
          learningRate: RATE,
          every: Math.ceil(steps / 20),
        }, part(options, i / SIDES.length, (i + 1) / SIDES.length)),
      );
      model.eval();
      nats.push(rounded((await read(() => lossOfHidden(score(judged), judged)))[0]!));
      best.push((await readRows(() => score(judged).argmax(-1).reshape([1, -1])))[0]!);
      discard(model);
    }
    const found = (isFirst: boolean): number[] =>
      best.map((words) =>
        rounded(
          mean(hidden.filter((one) => one.isFirst === isFirst).map(({ place, word }) => +(words[place] === word))),
        )
      );
    const texts = hidden.slice(0, SHOWN).map(({ place, word }, row) => ({
      text: judged.inputs[row]!.map((id) => WORDS[id]!).join(" "),
      word: WORDS[word]!,
      guesses: best.map((words) => WORDS[words[place]!]!),
    }));
    return { nats, first: found(true), second: found(false), shown: { curves, texts } };
  },
  draw(findings, { captions, labels }) {
    const { first, second, nats, shown } = findings;
    return [
      {
        kind: "table",
        caption: captions.found(findings),
        columns: [labels.found, labels.first, labels.second, labels.nats],
        rows: SIDES.map((side, i) => [labels[side], percent(first[i]!), percent(second[i]!), nats[i]!.toFixed(2)]),
      },
      {
        kind: "line",
        caption: captions.loss(findings),
        x: { title: labels.step },
        y: { title: labels.nats },
        series: SIDES.map((side, i) => ({ label: labels[side], points: shown.curves[i]! })),
      },
      {
        kind: "table",
        caption: captions.texts(findings),
        columns: [labels.text, labels.hidden, ...SIDES.map((side) => labels[side])],
        rows: shown.texts.map(({ text, word, guesses }) => [text, word, ...guesses]),
      },
    ];
  },
};
