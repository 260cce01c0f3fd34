/**
 * # Drafts on real text
 *
 * **Question.** How many tokens does a call of the model give with a draft, and is the text written faster?
 *
 * **Idea.** A Transformer that has learned Shakespeare continues passages that it never saw, as it does alone and with drafts: a smaller Transformer, an n-gram model of the same tokens, and the text itself. Drafts of several lengths are tried. Counted are the tokens of a
 * call and the share of proposals that are accepted; timed is the whole, each way in turn, several times. What is written by greedy search has to be the same every time.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 128 --hidden-size 128 --num-layers 6 --num-heads 4 --batch-size 16 --steps 600 --out models/target
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 128 --hidden-size 32 --num-layers 1 --num-heads 2 --batch-size 16 --steps 600 --out models/small
 * deno run -A docs/runs/speculative.ts --data input.txt --model models/target --second models/small
 * ```
 *
 * @module
 */

import { openModel, readTextModel } from "../../core/cli/models.ts";
import { trainNGrams } from "../../core/03_language_models/n_grams/mod.ts";
import { generate } from "../../core/07_generation/generate.ts";
import type { Speculation } from "../../core/07_generation/search.ts";
import {
  adaptiveLength,
  constantLength,
  type Draft,
  modelDraft,
  promptLookup,
} from "../../core/07_generation/speculative.ts";
import type { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import { record } from "./run.ts";

/** Passages that are continued, tokens that are given and written, and how often each way is timed. */
const PASSAGES = 16, GIVEN = 32, WRITTEN = 90, ROUNDS = 5;
/** Proposals per call. */
const LENGTHS = [2, 4, 8];
/** Order of the n-gram model. */
const ORDER = 5;

/** How tokens are chosen. */
const WAYS = ["greedy", "sampling", "temperature"] as const;
/** What proposes. */
const DRAFTS = ["transformer", "ngrams", "text"] as const;
/** Temperature of the last way. */
const TEMPERATURE = 0.7;

/** What a draft of one length is worth. */
export interface DraftResult {
  readonly draft: typeof DRAFTS[number];
  /** Proposals per call; 0 where their number adapts. */
  readonly length: number;
  readonly way: typeof WAYS[number];
  readonly tokensPerCall: number;
  readonly accepted: number;
  /** Median seconds of all passages. */
  readonly seconds: number;
  /** Median, over the rounds, of the time without a draft divided by the time with it. */
  readonly speedup: number;
}

/** What is kept. */
export interface SpeculativeRun {
  readonly passages: number;
  readonly given: number;
  readonly written: number;
  readonly rounds: number;
  readonly order: number;
  readonly temperature: number;
  readonly weights: readonly [target: number, small: number];
  readonly vocabSize: number;
  /** Median seconds without a draft, by way. */
  readonly alone: readonly number[];
  readonly results: readonly DraftResult[];
  /** Whether greedy search wrote the same with every draft. */
  readonly same: boolean;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

async function make(path: string, folders: readonly string[]): Promise<SpeculativeRun> {
  const [target, small] = await Promise.all(folders.map(async (folder) => {
    const saved = await readTextModel(folder), model = openModel(saved);
    model.eval();
    return { vocabulary: saved.notes.vocabulary, model };
  }));
  const { model, vocabulary } = target!, { vocabSize } = model;
  const text = await Deno.readTextFile(path), cut = Math.floor(0.9 * text.length);
  const training = vocabulary.encode(text.slice(0, cut)), test = vocabulary.encode(text.slice(cut));
  const ngrams = await trainNGrams(training, { order: ORDER, vocabSize });
  const stride = Math.floor((test.length - GIVEN) / PASSAGES);
  const prompts = Array.from({ length: PASSAGES }, (_, i) => Array.from(test.slice(i * stride, i * stride + GIVEN)));
  const models = { transformer: small!.model, ngrams };
  const draftOf = (draft: typeof DRAFTS[number], length: number): Draft => {
    const chosen = length > 0 ? constantLength(length) : adaptiveLength();
    return draft === "text" ? promptLookup({ length: chosen }) : modelDraft(models[draft], { length: chosen });
  };

  /** Continues all passages; returns tokens, seconds and what the draft was worth. */
  const write = async (way: typeof WAYS[number], draft?: Draft) => {
    const start = performance.now(), tokens: (readonly number[])[] = [], told: Speculation[] = [];
    for (const [i, prompt] of prompts.entries()) {
      const found = await generate(model, prompt, {
        maxNewTokens: WRITTEN,
        ...way !== "greedy" && { random: new Random(i + 1) },
        ...way === "temperature" && { temperature: TEMPERATURE },
        ...draft && { draft },
      });
      tokens.push(found.tokens);
      if (found.speculation) told.push(found.speculation);
    }
    return { tokens, told, seconds: (performance.now() - start) / 1000 };
  };

  const alone: number[] = [], results: DraftResult[] = [];
  let same = true;
  for (const way of WAYS) {
    const settings = DRAFTS.flatMap((draft) => [...LENGTHS, 0].map((length) => ({ draft, length })));
    const plain: number[] = [], timed = settings.map((): number[] => []), told = settings.map((): Speculation[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      const wanted = await write(way);
      plain.push(wanted.seconds);
      for (const [i, { draft, length }] of settings.entries()) {
        const found = await write(way, draftOf(draft, length));
        timed[i]!.push(found.seconds);
        told[i] = found.told;
        if (way === "greedy" && String(found.tokens) !== String(wanted.tokens)) same = false;
      }
    }
    alone.push(median(plain));
    for (const [i, setting] of settings.entries()) {
      const sum = (of: (one: Speculation) => number): number => told[i]!.reduce((total, one) => total + of(one), 0);
      results.push({
        ...setting,
        way,
        tokensPerCall: PASSAGES * WRITTEN / sum(({ calls }) => calls),
        accepted: sum(({ accepted }) => accepted) / sum(({ proposed }) => proposed),
        seconds: median(timed[i]!),
        speedup: median(timed[i]!.map((seconds, round) => plain[round]! / seconds)),
      });
      console.log(results.at(-1));
    }
  }
  const weightsOf = (of: Module): number => [...of.parameters().values()].reduce((sum, { size }) => sum + size, 0);
  return {
    passages: PASSAGES,
    given: GIVEN,
    written: WRITTEN,
    rounds: ROUNDS,
    order: ORDER,
    temperature: TEMPERATURE,
    weights: [weightsOf(model), weightsOf(small!.model)],
    vocabSize,
    alone,
    results,
    same,
  };
}

if (import.meta.main) {
  await record({
    name: "speculative",
    summary: "Continue passages of a text with drafts, and record how many tokens a call gives and how long it takes.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved", second: "A smaller one with the same vocabulary" },
    make: (path, { model, second }) => make(path, [model!, second!]),
  });
}
