/**
 * # When to stop
 *
 * [The notes](notes:000.28) ask how a decoder decides the length of its output: by the probability of END. A small
 * model learns to write a letter as often as a number says. On pairs of letter and number that it has
 * never seen, its probability of END is followed from step to step; then END is forbidden.
 *
 * @module
 */

import { softmax } from "../../02_words/softmax.ts";
import { padSequences } from "../../06_training/batching.ts";
import { teacherForcing } from "../../06_training/teacher_forcing.ts";
import { generate } from "../../07_generation/generate.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { coarse, mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard, learn, pairLoss, type TokenPair } from "../../experiments/learning.ts";
import { readRows } from "../../experiments/reading.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { EncoderDecoder } from "../encoder_decoder.ts";

const TOKENS = { padToken: 0, beginToken: 1, endToken: 2 };
const LETTERS = "abcdefghij", FIRST_LETTER = 3, LONGEST = 8, ROOM = 12;
/** Width and heads of the model, and its learning rate. */
const SIZE = 32, HEADS = 4, RATE = 1e-2;
const FIRST_NUMBER = FIRST_LETTER + LETTERS.length;

/** Letter `letter`, to be written `count` times. */
function pairOf(letter: number, count: number): TokenPair {
  const token = FIRST_LETTER + letter;
  return { source: [token, FIRST_NUMBER + count - 1], target: new Array<number>(count).fill(token) };
}

const COUNTS = Array.from({ length: LONGEST }, (_, i) => i + 1);
/** One letter of each count is kept apart. */
const KEPT_APART = COUNTS.map((count) => pairOf(count % LETTERS.length, count));
const TRAINING = COUNTS.flatMap((count) =>
  [...LETTERS].flatMap((_, letter) => letter === count % LETTERS.length ? [] : [pairOf(letter, count)])
);

/** What is found. */
export interface DecoderFindings {
  /** Length that was asked for, and that was written, of each pair kept apart. */
  readonly asked: readonly number[];
  readonly written: readonly number[];
  /** Mean probability of END where the text should end, and before. */
  readonly endInPlace: number;
  readonly endTooEarly: number;
  /** Largest probability of BEGIN at any place. */
  readonly begin: number;
  /** Shortest text once END is forbidden. */
  readonly withoutEnd: number;
  readonly shown: {
    /** The letter of each pair kept apart, and what was written. */
    readonly letters: readonly string[];
    readonly texts: readonly (readonly string[])[];
    /** The probability of END at each place of each pair. */
    readonly ends: readonly (readonly number[])[];
    /** Counts whose lines are drawn. */
    readonly followed: readonly number[];
    /** Most letters that are written. */
    readonly room: number;
  };
}

/** What the experiment is made of. */
export interface Stopping extends Parts {
  findings: DecoderFindings;
  controls: "steps" | "layers" | "seed";
  claims: "length" | "end" | "forbidden" | "begin";
  captions: "end" | "texts";
  labels: Labels<"written" | "probability"> & { asked(count: number): string };
}

/** The length of a text is decided by the probability of END. */
export const experiment: Experiment<Stopping> = {
  controls: {
    steps: { default: 400, min: 20, max: 800, step: 20 },
    layers: { default: 1, min: 1, max: 3 },
    seed: SEED,
  },
  constants: {
    ...{ width: SIZE, heads: HEADS, rate: RATE },
    ...{ letters: LETTERS.length, longest: LONGEST, unseen: KEPT_APART.length, room: ROOM },
  },
  tolerance: 0.3,
  claims: {
    length: { holds: ({ asked, written }) => asked.filter((length, i) => length === written[i]).length > 4 },
    end: { holds: ({ endInPlace, endTooEarly }) => endInPlace > 0.5 && endTooEarly < 0.2 },
    forbidden: { holds: ({ withoutEnd }) => withoutEnd === ROOM },
    begin: { holds: ({ begin }) => begin < 0.01 },
  },
  async measure({ steps, layers, seed }, options) {
    options.signal?.throwIfAborted();
    const model = new EncoderDecoder({
      vocabSize: FIRST_NUMBER + LONGEST,
      contextLength: ROOM + 2,
      hiddenSize: SIZE,
      numHeads: HEADS,
      numLayers: layers,
      placement: "pre",
      dropout: 0,
    }, new Random(seed));
    await learn({
      model,
      next: () => TRAINING,
      loss: (pairs) => pairLoss(model, pairs, TOKENS),
      steps,
      learningRate: RATE,
      every: steps,
    }, part(options, 0, 0.9));

    const { tokens: source, mask } = padSequences(KEPT_APART.map(({ source }) => source), {
      padToken: TOKENS.padToken,
    });
    // The right letters are fed, so that the probabilities of all texts belong to the same places.
    const probabilities = await readRows(() => {
      const { inputs } = teacherForcing(KEPT_APART.map(({ target }) => target), TOKENS);
      return softmax(model.forward(source, inputs, { sourceMask: mask }));
    });
    const places = LONGEST + 1;
    const ends = COUNTS.map((count, row) =>
      probabilities.slice(row * places, row * places + count + 1).map((at) => at[TOKENS.endToken]!)
    );
    const memory = scope(() => noGrad(() => model.encode(source, { mask })));
    const prompts = KEPT_APART.map(() => [TOKENS.beginToken]);
    const limits = { maxNewTokens: ROOM, eosToken: TOKENS.endToken, ...(options.signal && { signal: options.signal }) };
    const given = model.given(memory, mask);
    const texts = await generate(given, prompts, limits);
    const banned = await generate(given, prompts, {
      ...limits,
      rules: [{
        name: "noEnd",
        onHost: (logits) => logits.map((logit, token) => token === TOKENS.endToken ? -Infinity : logit),
      }],
    });
    for (const tensor of [source, mask, memory]) release(tensor);
    discard(model);
    options.onProgress?.(1);
    return {
      asked: COUNTS,
      written: texts.map(({ tokens }) => tokens.length),
      endInPlace: rounded(mean(ends.map((row) => row.at(-1)!))),
      endTooEarly: coarse(mean(ends.flatMap((row) => row.slice(0, -1))), 0.01),
      begin: coarse(
        Math.max(
          ...COUNTS.flatMap((count, row) =>
            probabilities.slice(row * places, row * places + count + 1).map((at) => at[TOKENS.beginToken]!)
          ),
        ),
        0.001,
      ),
      withoutEnd: Math.min(...banned.map(({ tokens }) => tokens.length)),
      shown: {
        letters: COUNTS.map((count) => LETTERS[count % LETTERS.length]!),
        texts: texts.map(({ tokens }) => tokens.map((token) => LETTERS[token - FIRST_LETTER] ?? "?")),
        ends,
        followed: [2, 5, 8],
        room: ROOM,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { asked, shown: { letters, texts, ends, followed, room } } = findings;
    return [
      {
        kind: "line",
        caption: captions.end(findings),
        x: { title: labels.written },
        y: { title: labels.probability, domain: [0, 1] },
        series: followed.map((count) => ({
          label: labels.asked(count),
          points: ends[asked.indexOf(count)]!.map((y, at): [number, number] => [at, y]),
        })),
      },
      {
        kind: "tokens",
        caption: captions.texts(findings),
        rows: texts.map((text, i) => ({
          label: `${letters[i]} × ${asked[i]}`,
          tokens: [...text, ...text.length < room ? ["END"] : []].map((text, at) => ({
            text,
            value: ends[i]![Math.min(at, ends[i]!.length - 1)]!,
          })),
        })),
        domain: [0, 1],
      },
    ];
  },
};
