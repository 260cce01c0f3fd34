/**
 * # A cache, timed
 *
 * **Question.** How long does the prompt take, how long each token after it, and how long would each take without a cache?
 *
 * **Idea.** A Transformer reads a prompt of a play and goes on with the play, token by token, with a cache and without. The processor time
 * of each pass is taken, several times; the median is kept, so that other programs of the computer count little.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 256 --hidden-size 128 --num-layers 4 --num-heads 4 --batch-size 8 --steps 700 --learning-rate 0.003 --out models/lm
 * deno run -A docs/runs/kv_cache.ts --data input.txt --model models/lm
 * ```
 *
 * @module
 */

import process from "node:process";
import { cacheBytes, KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Numbers } from "../../core/engine/backend.ts";
import { tensor } from "../../core/engine/create.ts";
import { scope } from "../../core/engine/scope.ts";
import { record } from "./run.ts";
import { readPlays } from "./texts_under_rules.ts";

/** Tokens of the prompt, tokens after it, and how often each pass is timed. */
const PROMPT = 32, WRITTEN = 192, ROUNDS = 5;
/** Lengths of prompts whose one pass is timed. */
const PROMPTS = [1, 8, 32, 64, 128, 224];
/** Tokens of a point of the figure. */
const BLOCK = 16;

/** What is kept; times are milliseconds of one core. */
export interface CacheRun {
  readonly training: string;
  readonly weights: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly headSize: number;
  readonly prompt: number;
  readonly written: number;
  readonly rounds: number;
  readonly block: number;
  /** One pass over a prompt of each length. */
  readonly prefill: readonly { readonly tokens: number; readonly milliseconds: number }[];
  /** Means of a block: one token with a cache, and the whole text again without. */
  readonly decode: readonly {
    /** Tokens of the text at the end of the block. */
    readonly length: number;
    readonly cached: number;
    readonly plain: number;
    /** Bytes of the keys and values of the text. */
    readonly bytes: number;
  }[];
  /** Whether the most probable token was the same at every place. */
  readonly same: boolean;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

async function make(path: string, folder: string): Promise<CacheRun> {
  const { model, prompts: [before], continuations: [after], training, weights, layout } = await readPlays(
    path,
    folder,
    PROMPT + WRITTEN,
  );
  const text = [...before!, ...after!].slice(0, PROMPT + WRITTEN);
  let caches: KeyValueCache[] = [];
  const opened = () => {
    for (const cache of caches) cache.dispose();
    caches = [];
    return model.newCaches!(() => {
      caches.push(new KeyValueCache());
      return caches.at(-1)!;
    });
  };
  /** Milliseconds of a pass, and the most probable token behind it. */
  const pass = async (fed: readonly number[], memories?: ReturnType<typeof opened>): Promise<[number, number]> => {
    const start = process.cpuUsage();
    let reading: Promise<Numbers> | undefined;
    scope(() =>
      noGrad(() => {
        const options = { lastOnly: true, ...memories && { caches: memories as never } };
        reading = model.forward(tensor(Int32Array.from(fed), [1, fed.length]), options).argmax(-1).read();
      })
    );
    const token = (await reading!)[0]!, { user, system } = process.cpuUsage(start);
    return [(user + system) / 1000, token];
  };

  const prefill = PROMPTS.map((tokens) => ({ tokens, times: [] as number[] }));
  const cached: number[][] = [], plain: number[][] = [];
  let same = true;
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { tokens, times } of prefill) {
      const [time] = await pass(text.slice(0, tokens), opened());
      if (round > 0) times.push(time);
    }
    const memories = opened(), found: number[] = [];
    await pass(text.slice(0, PROMPT), memories);
    for (let at = PROMPT; at < text.length; at++) {
      const [time, token] = await pass([text[at]!], memories);
      found.push(token);
      if (round > 0) (cached[at - PROMPT] ??= []).push(time);
    }
    for (let at = PROMPT; at < text.length; at++) {
      const [time, token] = await pass(text.slice(0, at + 1));
      same &&= token === found[at - PROMPT];
      if (round > 0) (plain[at - PROMPT] ??= []).push(time);
    }
  }
  opened();
  const { numLayers, numHeads, hiddenSize } = layout, headSize = hiddenSize / numHeads;
  const decode = Array.from({ length: WRITTEN / BLOCK }, (_, i) => {
    const of = (times: readonly number[][]): number => mean(times.slice(i * BLOCK, (i + 1) * BLOCK).map(median));
    const length = PROMPT + (i + 1) * BLOCK;
    return {
      length,
      cached: of(cached),
      plain: of(plain),
      bytes: cacheBytes({ numLayers: numLayers, numGroups: numHeads, headSize, length }),
    };
  });
  return {
    training,
    weights,
    numLayers: numLayers,
    numHeads: numHeads,
    headSize,
    prompt: PROMPT,
    written: WRITTEN,
    rounds: ROUNDS,
    block: BLOCK,
    prefill: prefill.map(({ tokens, times }) => ({ tokens, milliseconds: median(times) })),
    decode,
    same,
  };
}

if (import.meta.main) {
  await record<CacheRun>({
    name: "kv_cache",
    summary: "Time the passes over a prompt and over each token after it, with a cache and without.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved" },
    make: (path, { model }) => make(path, model!),
  });
}
