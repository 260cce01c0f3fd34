/**
 * # Recall over a long distance
 *
 * **Question.** The notes say that an LSTM fails beyond about 200 words. Does it?
 *
 * **Idea.** One of eight signs stands before a run of real text, and a ninth sign behind it asks for it. The text is words of the file at a random place, so that it has to be
 * read past. Each network is trained anew at each distance, with the same number of steps, and then tested on a part of the file that it has not seen. An LSTM is trained twice: with forget gates that start at a bias
 * of 1, and with the logarithm of the distance as the bias, at which a gate keeps a fixed fraction over the whole distance (Tallec and Ollivier 2018).
 *
 * ```sh
 * deno run --allow-read --allow-write=docs/runs docs/runs/recall.ts --data input.txt
 * ```
 *
 * @module
 */

import { noGrad } from "../../core/engine/autograd.ts";
import { tensor } from "../../core/engine/create.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { elman, gru, lstm, RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { discard, learn } from "../../core/experiments/learning.ts";
import { record } from "./run.ts";

/** Signs to remember, words of the vocabulary, sizes. */
const SIGNS = 8, WORDS = 500, WIDTH = 32, BATCH = 16, TESTS = 128, RATE = 0.01;
/** The sign that asks, and that for rarer words. */
const ASK = SIGNS, RARE = SIGNS + 1;

/** The networks, in the order of the figure. */
export const NETWORKS = ["rnn", "lstm", "lstm for the distance", "gru for the distance", "attention"] as const;
/** One of them. */
export type Network = typeof NETWORKS[number];

/** What is kept. */
export interface RecallRun {
  readonly distances: readonly number[];
  readonly steps: number;
  readonly seeds: number;
  readonly width: number;
  readonly batch: number;
  readonly tests: number;
  readonly signs: number;
  readonly vocabulary: number;
  /** Fraction of right answers, by network, distance and seed. */
  readonly accuracy: readonly (readonly (readonly number[])[])[];
  /** Weights of each network, at the longest distance. */
  readonly weights: readonly number[];
}

type Reader = Module & { forward(tokens: Tensor, call: { readonly lastOnly: true }): Tensor };

/** A network for texts of a length. */
function make(network: Network, distance: number, random: Random): Reader {
  const sizes = { vocabSize: RARE + WORDS + 1, hiddenSize: WIDTH };
  if (network === "attention") {
    return new DecoderOnly({ ...sizes, contextLength: distance + 1, numLayers: 1, numHeads: 2 }, random);
  }
  const recurrence = network === "rnn" ? elman : network.startsWith("lstm") ? lstm : gru;
  const model = new RecurrentLanguageModel({ ...sizes, recurrence }, random);
  if (network.endsWith("distance")) {
    const { hidden } = model.network.layers[0]!.forwards;
    noGrad(() => hidden.bias!.slice(0, WIDTH, 2 * WIDTH).assign(Math.log(distance)));
  }
  return model;
}

/** The words of a file: the most frequent ones each with a number. */
function wordsOf(text: string): Int32Array {
  const words = text.match(/[A-Za-z']+|[^\sA-Za-z']/g) ?? [], counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, WORDS).map(([word]) => word);
  const ids = new Map(frequent.map((word, i) => [word, RARE + 1 + i]));
  return Int32Array.from(words, (word) => ids.get(word) ?? RARE);
}

/** Texts and the signs that they ask for. */
function draw(words: Int32Array, random: Random, count: number, distance: number) {
  const answers = Array.from({ length: count }, () => random.integer(SIGNS));
  const rows = answers.map((answer) => {
    const from = random.integer(words.length - distance);
    return [answer, ...words.subarray(from, from + distance - 1), ASK];
  });
  return { tokens: tensor(Int32Array.from(rows.flat()), [count, distance + 1]), answers };
}

async function recall(network: Network, words: Int32Array, distance: number, steps: number, seed: number) {
  const random = new Random(seed), model = make(network, distance, random), border = Math.floor(words.length * 0.9);
  await learn({
    model,
    next: () => draw(words.subarray(0, border), random, BATCH, distance),
    loss: ({ tokens, answers }) =>
      crossEntropy(model.forward(tokens, { lastOnly: true }).at(1, -1), tensor(Int32Array.from(answers))),
    steps,
    learningRate: RATE,
    every: steps,
  }, {});
  const { tokens, answers } = draw(words.subarray(border), random, TESTS, distance);
  const chosen = scope(() => noGrad(() => model.forward(tokens, { lastOnly: true }).at(1, -1).argmax(-1)));
  const found = [...await chosen.read()], weights = model.parameterCount();
  discard(model);
  return { accuracy: answers.filter((answer, i) => answer === found[i]).length / TESTS, weights };
}

const DISTANCES = [25, 50, 100, 200, 400], STEPS = 300, SEEDS = 2;

if (import.meta.main) {
  await record<RecallRun>({
    name: "recall",
    summary: "Train networks to remember a sign over a growing distance, and record what is found.",
    origin: "Karpathy's char-rnn, data/tinyshakespeare",
    licence: "public domain",
    make: async (path) => {
      const words = wordsOf(await Deno.readTextFile(path)), weights: number[] = [];
      const accuracy: number[][][] = [];
      for (const [i, network] of NETWORKS.entries()) {
        accuracy.push([]);
        for (const distance of DISTANCES) {
          const found: number[] = [];
          for (let seed = 1; seed <= SEEDS; seed++) {
            const one = await recall(network, words, distance, STEPS, seed);
            found.push(one.accuracy);
            weights[i] = one.weights;
          }
          accuracy[i]!.push(found);
          console.error(network, distance, found.join(" "));
        }
      }
      const sizes = {
        steps: STEPS,
        seeds: SEEDS,
        width: WIDTH,
        batch: BATCH,
        tests: TESTS,
        signs: SIGNS,
        vocabulary: WORDS,
      };
      return { distances: DISTANCES, ...sizes, accuracy, weights };
    },
  });
}
