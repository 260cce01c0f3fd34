/**
 * # A stream longer than the context
 *
 * @module
 */

import { tensor } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { alibi } from "../../core/04_attention/positions/relative.ts";
import { learned } from "../../core/04_attention/positions/absolute.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import type { PositionScheme } from "../../core/04_attention/positions/scheme.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { learn } from "../../core/experiments/learning.ts";

/** Tokens of a text in training, and longest text of the growing cache. */
const CONTEXT = 128, LONGEST = 8192;
/** Sizes of the models and of their training. */
const SIZES = { hiddenSize: 96, numHeads: 4, numLayers: 3 }, BATCH = 16, RATE = 0.003;
/** Signs to remember. */
const SIGNS = 8;

/** Characters of a file, the signs, and the sign that asks. */
export interface Alphabet {
  readonly ids: ReadonlyMap<string, number>;
  readonly ask: number;
  readonly vocabSize: number;
}

/** A token for each character of a text, and the signs behind them. */
export function alphabetOf(text: string): Alphabet {
  const characters = [...new Set(text)].sort(), ask = characters.length + SIGNS;
  return { ids: new Map(characters.map((character, i) => [character, i])), ask, vocabSize: ask + 1 };
}

/** Puts a sign into a text, and further on the question and its answer, again and again. */
export function plant(
  text: Int32Array,
  { ask }: Alphabet,
  random: Random,
  distances: () => number,
  gap: () => number,
): Int32Array {
  const tokens: number[] = [], length = text.length;
  let at = 0;
  const read = (count: number): void => {
    for (let i = 0; i < count && at < length; i++) tokens.push(text[at++]!);
  };
  while (at < length) {
    read(gap());
    const sign = ask - 1 - random.integer(SIGNS);
    tokens.push(sign);
    read(distances() - 1);
    tokens.push(ask, sign);
  }
  return Int32Array.from(tokens);
}

/** The models by the positions that they have. */
export const SCHEMES: Readonly<Record<string, () => PositionScheme>> = {
  rotary: () => rotary(),
  alibi: () => alibi,
  learned: () => learned(),
};

/** A model that has learned from texts of `CONTEXT` tokens. */
export async function trained(
  scheme: string,
  text: Int32Array,
  alphabet: Alphabet,
  steps: number,
  told: (loss: number, step: number) => void = () => {},
): Promise<DecoderOnly> {
  const random = new Random(1), { vocabSize } = alphabet;
  const contextLength = scheme === "learned" ? CONTEXT : LONGEST;
  const model = new DecoderOnly({ ...SIZES, vocabSize, contextLength, positions: SCHEMES[scheme]!() }, random);
  const next = (): Tensor => {
    const rows = Array.from({ length: BATCH }, () => {
      const from = random.integer(text.length - CONTEXT - 1);
      const planted = plant(
        text.subarray(from, from + CONTEXT + 1),
        alphabet,
        random,
        () => 4 + random.integer(CONTEXT - 16),
        () => random.integer(48),
      );
      return [...planted.subarray(0, CONTEXT + 1)];
    });
    return tensor(Int32Array.from(rows.flat()), [BATCH, CONTEXT + 1]);
  };
  await learn({
    model,
    next,
    loss: (batch, step) => {
      const loss = crossEntropy(model.forward(batch.slice(1, 0, CONTEXT)), batch.slice(1, 1, CONTEXT + 1));
      if (step % 50 === 0) loss.item().then((x) => told(x, step));
      return loss;
    },
    steps,
    learningRate: RATE,
    every: steps,
  }, {});
  return model.eval() as DecoderOnly;
}
