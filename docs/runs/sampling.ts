/**
 * # The tail of a trained model
 *
 * **Question.** How long is the tail of a real model's distributions, and is it as heavy as that of the text it has learned?
 *
 * **Idea.** A Transformer that has learned the plays of Shakespeare reads passages that it never saw. At each place its tokens are put in
 * order, and the mass of those in each interval of ranks is compared with how often the plays go on with one of them. Counted as well: how
 * likely a whole text of drawn tokens is to avoid all tokens below a probability.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 256 --hidden-size 128 --num-layers 4 --num-heads 4 --batch-size 8 --steps 700 --learning-rate 0.003 --out models/lm
 * deno run -A docs/runs/sampling.ts --data input.txt --model models/lm
 * ```
 *
 * @module
 */

import { toProbabilities } from "../../core/07_generation/sampling.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Numbers } from "../../core/engine/backend.ts";
import { tensor } from "../../core/engine/create.ts";
import { scope } from "../../core/engine/scope.ts";
import { record } from "./run.ts";
import { readPlays } from "./texts_under_rules.ts";

/** The first rank behind each interval. */
const BORDERS = [1, 3, 10, 30, 100, 300, Infinity];
/** Probabilities below which a token is of the tail. */
const THRESHOLDS = [0.01, 0.003, 0.001];
/** Lengths of texts, in tokens. */
const LENGTHS = [1, 10, 20, 50];

/** Tokens of an interval of ranks. */
export interface Band {
  readonly from: number;
  /** Infinite where it is left out. */
  readonly to?: number;
  /** Their probability mass, the mean over all places. */
  readonly model: number;
  /** How often the plays go on with one of them. */
  readonly plays: number;
}

/** Tokens below a probability. */
export interface Tail {
  readonly threshold: number;
  /** How many there are at a place, and their mass, means over all places. */
  readonly tokens: number;
  readonly mass: number;
  /** How often the plays go on with one of them. */
  readonly plays: number;
  /** The probability that a text of each length has none of them, the mass being the same everywhere. */
  readonly clean: readonly number[];
}

/** What is kept. */
export interface SamplingRun {
  readonly training: string;
  readonly weights: number;
  readonly vocabSize: number;
  readonly places: number;
  readonly lengths: readonly number[];
  readonly bands: readonly Band[];
  readonly tails: readonly Tail[];
}

async function make(path: string, folder: string): Promise<SamplingRun> {
  const { model, prompts, continuations, training, weights } = await readPlays(path, folder);
  const V = model.vocabSize;
  const bands = BORDERS.map(() => ({ model: 0, plays: 0 }));
  const tails = THRESHOLDS.map(() => ({ tokens: 0, mass: 0, plays: 0 }));
  let places = 0;
  for (const [i, prompt] of prompts.entries()) {
    const tokens = continuations[i]!, text = [...prompt, ...tokens];
    let reading: Promise<Numbers> | undefined;
    scope(() =>
      noGrad(() => {
        reading = model.forward(tensor(Int32Array.from(text.slice(0, -1)), [1, text.length - 1]), {})
          .slice(1, prompt.length - 1).read();
      })
    );
    const rows = new Float64Array(await reading!);
    for (const [at, token] of tokens.entries()) {
      const probabilities = toProbabilities(rows.subarray(at * V, (at + 1) * V));
      const order = Array.from(probabilities, (_, id) => id).sort((a, b) => probabilities[b]! - probabilities[a]!);
      order.forEach((id, rank) => {
        const band = bands[BORDERS.findIndex((border) => rank < border)]!;
        band.model += probabilities[id]!;
        band.plays += Number(id === token);
        THRESHOLDS.forEach((threshold, t) => {
          if (probabilities[id]! >= threshold) return;
          tails[t]!.tokens++;
          tails[t]!.mass += probabilities[id]!;
          tails[t]!.plays += Number(id === token);
        });
      });
      places++;
    }
  }
  return {
    training,
    weights,
    vocabSize: V,
    places,
    lengths: LENGTHS,
    bands: bands.map((band, i) => ({
      from: (BORDERS[i - 1] ?? 0) + 1,
      ...BORDERS[i]! < Infinity && { to: BORDERS[i]! },
      model: band.model / places,
      plays: band.plays / places,
    })),
    tails: tails.map((tail, t) => ({
      threshold: THRESHOLDS[t]!,
      tokens: tail.tokens / places,
      mass: tail.mass / places,
      plays: tail.plays / places,
      clean: LENGTHS.map((length) => (1 - tail.mass / places) ** length),
    })),
  };
}

if (import.meta.main) {
  await record<SamplingRun>({
    name: "sampling",
    summary: "Measure the tail of a trained model on passages that it never saw.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved" },
    make: (path, { model }) => make(path, model!),
  });
}
