/**
 * # When to stop
 *
 * The notes ask how a decoder decides the length of its output: by the probability of END. A small
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
import type { Experiment, Figure } from "../../experiments.ts";
import { EncoderDecoder } from "../encoder_decoder.ts";
import {
  coarse,
  discard,
  learn,
  mean,
  pairLoss,
  part,
  readRows,
  rounded,
  say,
  seedControl,
  type TokenPair,
} from "./support.ts";

const TOKENS = { padToken: 0, beginToken: 1, endToken: 2 };
const LETTERS = "abcdefghij", FIRST_LETTER = 3, LONGEST = 8, ROOM = 12;
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

type Found = {
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
};

function figures(found: Found, ends: readonly number[][], texts: readonly (readonly number[])[]): Figure[] {
  const shown = [2, 5, 8];
  return [
    {
      kind: "line",
      caption: "The probability of END as the text grows, of sentences that the model has never seen: " +
        `${say(found.endInPlace, 2)} on average where the text is complete, ${say(found.endTooEarly, 2)} before.`,
      x: { title: "letters written" },
      y: { title: "probability of END", domain: [0, 1] },
      series: shown.map((count) => ({
        label: `${count} asked for`,
        points: ends[count - 1]!.map((y, i): [number, number] => [i, rounded(y)]),
      })),
    },
    {
      kind: "tokens",
      caption: "What it writes, each letter coloured by the probability that END had in its place.",
      rows: texts.map((tokens, i) => ({
        label: `${LETTERS[(i + 1) % LETTERS.length]} × ${found.asked[i]}`,
        tokens: [
          ...tokens.map((token, at) => ({
            text: LETTERS[token - FIRST_LETTER] ?? "?",
            value: rounded(ends[i]![Math.min(at, ends[i]!.length - 1)]!),
          })),
          ...(tokens.length < ROOM
            ? [{ text: "END", value: rounded(ends[i]![Math.min(tokens.length, ends[i]!.length - 1)]!) }]
            : []),
        ],
      })),
      domain: [0, 1],
    },
  ];
}

/** The length of a text is decided by the probability of END. */
export const decoderExperiment: Experiment<Found, "steps" | "layers" | "seed"> = {
  name: "transformer/decoder",
  title: "When to stop",
  purpose: "A small encoder and decoder learn to write a letter as often as a number says. They are tested on " +
    "pairs of letter and number that training kept apart. Change the steps of the training. Follow the " +
    "probability of END while a text is written: it has to wait until the count is full.",
  controls: {
    steps: { label: "Training steps", description: "Steps of training", default: 400, min: 20, max: 800, step: 20 },
    layers: { label: "Layers", description: "Layers of encoder and decoder", default: 1, min: 1, max: 3 },
    seed: seedControl,
  },
  tolerance: 0.3,
  claims: [
    {
      text: "The model stops at the right length for most of the pairs that it has not seen",
      holds: ({ asked, written }) => asked.filter((length, i) => length === written[i]).length > 4,
    },
    {
      text: "Where the text is complete, END is likelier than everything else together; before, it hardly ever is",
      holds: ({ endInPlace, endTooEarly }) => endInPlace > 0.5 && endTooEarly < 0.2,
    },
    {
      text: "If END is forbidden, no text ends",
      holds: ({ withoutEnd }) => withoutEnd === ROOM,
    },
    {
      text: "The model never produces BEGIN: its probability stays below 1\u202f%",
      holds: ({ begin }) => begin < 0.01,
    },
  ],
  async run({ steps, layers, seed }, options) {
    options.signal?.throwIfAborted();
    const model = new EncoderDecoder({
      vocabSize: FIRST_NUMBER + LONGEST,
      contextLength: ROOM + 2,
      hiddenSize: 32,
      numHeads: 4,
      numLayers: layers,
      placement: "pre",
      dropout: 0,
    }, new Random(seed));
    await learn({
      model,
      next: () => TRAINING,
      loss: (pairs) => pairLoss(model, pairs, TOKENS),
      steps,
      learningRate: 1e-2,
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
      rules: [(logits) => logits.map((logit, token) => token === TOKENS.endToken ? -Infinity : logit)],
    });
    for (const tensor of [source, mask, memory]) release(tensor);
    discard(model);
    const findings: Found = {
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
    };
    options.onProgress?.(1);
    return { findings, figures: figures(findings, ends, texts.map(({ tokens }) => tokens)) };
  },
};
