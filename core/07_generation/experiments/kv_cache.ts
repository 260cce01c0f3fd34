/**
 * # What need not be computed again
 *
 * One model writes the same text with and without a cache. Nothing is timed: the positions that pass through
 * it are counted, and the pairs that its attention compares. Then layers are made to share one cache,
 * which [the notes](notes:003.11) thought might be enough.
 *
 * @module
 */

import type { KeyValueMemory } from "../../04_attention/multi_head.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { coarse } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard } from "../../experiments/learning.ts";
import { read } from "../../experiments/reading.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { cacheBytes, KeyValueCache } from "../kv_cache.ts";
import { sample } from "../sampling.ts";

const V = 50, HIDDEN = 32, HEADS = 4, PROMPT = [1, 2, 3, 4];

/** What is found. */
export interface CacheFindings {
  /** Share of tokens that are the same with and without a cache. */
  readonly same: number;
  /** Positions that passed through the model, and pairs compared by one head of one layer, after each token. */
  readonly cachedPositions: readonly number[];
  readonly plainPositions: readonly number[];
  readonly cachedPairs: readonly number[];
  readonly plainPairs: readonly number[];
  /** Bytes that the caches reserve after each token, and what the formula says of the tokens alone. */
  readonly reserved: readonly number[];
  readonly needed: readonly number[];
  /** Largest difference of a logit: with a cache per layer, and with the first layer's for all. */
  readonly perLayer: number;
  readonly shared: number;
  readonly shown: {
    readonly layers: number;
    /** Tokens of the prompt. */
    readonly prompt: number;
  };
}

/** What the experiment is made of. */
export interface Caching extends Parts {
  findings: CacheFindings;
  controls: "tokens" | "layers" | "seed";
  claims: "same" | "work" | "one" | "memory";
  captions: "positions" | "pairs" | "memory" | "error";
  labels:
    & Labels<"written" | "positions" | "pairs" | "bytes" | "without" | "with" | "reserved" | "needed">
    & Labels<"error" | "each" | "one">;
}

/** Writes `length` tokens; `feed` says how the text so far becomes logits of the next token. */
async function write(
  length: number,
  seed: number,
  steps: Steps,
  feed: (text: readonly number[]) => Promise<ArrayLike<number>>,
): Promise<number[]> {
  const random = new Random(seed), text = [...PROMPT];
  for (let i = 0; i < length; i++) {
    await steps.next();
    text.push(sample(await feed(text), random));
  }
  return text.slice(PROMPT.length);
}

/** The keys and values of another layer, whatever this one hands over. */
class Borrowed implements KeyValueMemory {
  readonly #owner: KeyValueMemory;

  constructor(owner: KeyValueMemory) {
    this.#owner = owner;
  }

  get length(): number {
    return this.#owner.length;
  }

  append(): { readonly key: Tensor; readonly value: Tensor } {
    return this.#owner.contents();
  }

  contents(): { readonly key: Tensor; readonly value: Tensor } {
    return this.#owner.contents();
  }
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** The same text with and without a cache, and what each costs. */
export const experiment: Experiment<Caching> = {
  controls: {
    tokens: { default: 120, min: 8, max: 400, step: 8 },
    layers: { default: 3, min: 2, max: 12 },
    seed: SEED,
  },
  constants: { width: HIDDEN, heads: HEADS, vocabulary: V, prompt: PROMPT.length },
  claims: {
    same: { holds: ({ same }) => same === 1 },
    work: {
      holds: ({ plainPositions, cachedPositions }) => {
        const half = plainPositions.length / 2 - 1;
        const plain = plainPositions.at(-1)! / plainPositions[half]!;
        const cached = cachedPositions.at(-1)! / cachedPositions[half]!;
        return plain > 3.5 && cached < 2.1;
      },
    },
    one: { holds: ({ shared, perLayer }) => shared <= Math.max(1e-3, 10 * perLayer), refuted: true },
    memory: {
      holds: ({ reserved, needed }) => reserved.every((bytes, i) => bytes <= 2.1 * Math.max(needed[i]!, needed[16]!)),
    },
  },
  async measure({ tokens: length, layers, seed }, options) {
    const steps = new Steps(options, 2 * length + 1);
    const contextLength = PROMPT.length + length;
    const layout = { vocabSize: V, contextLength, hiddenSize: HIDDEN, numHeads: HEADS, numLayers: layers };
    const model = new DecoderOnly(layout, new Random(seed));
    // Untrained weights are small: larger ones give distributions with something to say.
    for (const weight of model.parameters().values()) {
      scope(() => noGrad(() => weight.rank === 2 && weight.assign(weight.mul(5))));
    }
    let positions = 0, pairs = 0;
    const logitsOf = async (fed: readonly number[], seen: number, caches?: readonly KeyValueMemory[]) => {
      positions += fed.length;
      // Under a causal mask query t of the text meets the t keys up to its own.
      for (let t = 1; t <= fed.length; t++) pairs += seen + t;
      return await read(() =>
        model.forward(tensor(Int32Array.from(fed), [1, fed.length]), { lastOnly: true, ...(caches && { caches }) })
      );
    };
    const plainPositions: number[] = [], plainPairs: number[] = [];
    const plain = await write(length, seed, steps, async (text) => {
      const logits = await logitsOf(text, 0);
      plainPositions.push(positions);
      plainPairs.push(pairs);
      return logits;
    });

    positions = pairs = 0;
    const memories: KeyValueCache[] = [];
    const caches = model.newCaches(() => (memories.push(new KeyValueCache()), memories.at(-1)!));
    const cachedPositions: number[] = [], cachedPairs: number[] = [], reserved: number[] = [], needed: number[] = [];
    const cached = await write(length, seed, steps, async (text) => {
      const seen = memories[0]!.length;
      const logits = await logitsOf(text.slice(seen), seen, caches);
      cachedPositions.push(positions);
      cachedPairs.push(pairs);
      reserved.push(memories.reduce((sum, { bytes }) => sum + bytes, 0));
      needed.push(cacheBytes({ numLayers: layers, numGroups: HEADS, headSize: HIDDEN / HEADS, length: text.length }));
      return logits;
    });

    await steps.next();
    // The same text once more, token by token, against a single pass over all of it.
    const text = [...PROMPT, ...plain], wanted = await logitsOf(text, 0);
    const stepwise = async (caches: readonly KeyValueMemory[]): Promise<ArrayLike<number>> => {
      let logits: ArrayLike<number> = [];
      for (const [i, token] of text.entries()) logits = await logitsOf([token], i, caches);
      return logits;
    };
    const own = layoutCaches(layers), one = new KeyValueCache();
    const perLayer = largestDifference(wanted, await stepwise(own));
    const shared = largestDifference(
      wanted,
      await stepwise(own.map((_, layer) => layer === 0 ? one : new Borrowed(one))),
    );
    for (const cache of [...memories, ...own, one]) cache.dispose();
    discard(model);
    return {
      same: plain.filter((token, i) => token === cached[i]).length / length,
      cachedPositions,
      plainPositions,
      cachedPairs,
      plainPairs,
      reserved,
      needed,
      perLayer: coarse(perLayer),
      shared: coarse(shared),
      shown: { layers, prompt: PROMPT.length },
    };
  },
  draw(findings, { captions, labels }) {
    const byToken = (numbers: readonly number[]) => numbers.map((y, i): [number, number] => [i + 1, y]);
    const x = { title: labels.written };
    return [
      {
        kind: "line",
        caption: captions.positions(findings),
        x,
        y: { title: labels.positions },
        series: [
          { label: labels.without, points: byToken(findings.plainPositions) },
          { label: labels.with, points: byToken(findings.cachedPositions) },
        ],
      },
      {
        kind: "line",
        caption: captions.pairs(findings),
        x,
        y: { title: labels.pairs, logarithmic: true },
        series: [
          { label: labels.without, points: byToken(findings.plainPairs) },
          { label: labels.with, points: byToken(findings.cachedPairs) },
        ],
      },
      {
        kind: "line",
        caption: captions.memory(findings),
        x,
        y: { title: labels.bytes },
        series: [
          { label: labels.reserved, points: byToken(findings.reserved) },
          { label: labels.needed, points: byToken(findings.needed), dashed: true },
        ],
      },
      {
        kind: "bars",
        caption: captions.error(findings),
        y: { title: labels.error },
        bars: [
          { label: labels.each, value: findings.perLayer },
          { label: labels.one, value: findings.shared },
        ],
      },
    ];
  },
};

function layoutCaches(layers: number): KeyValueCache[] {
  return Array.from({ length: layers }, () => new KeyValueCache());
}
