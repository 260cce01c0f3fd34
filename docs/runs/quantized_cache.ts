/**
 * # Keys and values in eight bits, on real text
 *
 * **Question.** What does a model lose whose keys and values are rounded to eight bits?
 *
 * **Idea.** A Transformer that has learned Shakespeare reads passages that it never saw, one token after the other, with both kinds of
 * caches. Compared are its logits after every token, the probability that it gives to the token that really follows, and the bytes.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 256 --hidden-size 128 --num-layers 4 --num-heads 4 --batch-size 8 --steps 560 --learning-rate 0.003 --out models/lm
 * deno run -A docs/runs/quantized_cache.ts --data input.txt --model models/lm
 * ```
 *
 * @module
 */

import { openModel, readTextModel } from "../../core/cli/models.ts";
import type { StateMemory } from "../../core/03_language_models/feed_forward_lm.ts";
import type { KeyValueMemory } from "../../core/04_attention/multi_head.ts";
import { type Decoder, logProbabilityOf } from "../../core/07_generation/sampling.ts";
import { type CacheType, KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import type { Numbers } from "../../core/engine/backend.ts";
import { tensor } from "../../core/engine/create.ts";
import { scope } from "../../core/engine/scope.ts";
import { record } from "./run.ts";

/** Passages, and tokens of each. */
const PASSAGES = 40, LENGTH = 200;
/** Both kinds of caches. */
const TYPES: readonly CacheType[] = ["float32", "int8"];

/** What is kept. */
export interface QuantizedCacheRun {
  readonly passages: number;
  readonly length: number;
  readonly weights: number;
  readonly layers: number;
  readonly headSize: number;
  /** Of float32 and of int8. */
  readonly perplexity: readonly number[];
  /** Bytes of the caches for each position that they have room for: of float32 and of int8. */
  readonly bytes: readonly number[];
  /** Largest difference of a logit, and root of the mean square, by the standard deviation of the logits. */
  readonly largest: number;
  readonly error: number;
  /** Fraction of places where the most probable token is the same. */
  readonly same: number;
}

async function make(path: string, folder: string): Promise<QuantizedCacheRun> {
  const saved = await readTextModel(folder), model = openModel(saved), { vocabulary } = saved.notes;
  model.eval();
  const decoder: Decoder = model;
  const text = await Deno.readTextFile(path), test = vocabulary.encode(text.slice(Math.floor(0.9 * text.length)));
  const stride = Math.floor((test.length - LENGTH) / PASSAGES);

  /** Logits after every token of a passage, and bytes for a position. */
  const read = async (tokens: readonly number[], type: CacheType) => {
    const caches: KeyValueCache[] = [], logits: Float64Array[] = [];
    const memories = decoder.newCaches!(() => {
      const cache = new KeyValueCache(type);
      caches.push(cache);
      return cache;
    }) as readonly (KeyValueMemory & StateMemory)[];
    for (const token of tokens) {
      let reading: Promise<Numbers> | undefined;
      scope(() =>
        noGrad(() => {
          const ids = tensor(Int32Array.of(token), [1, 1]);
          reading = decoder.forward(ids, { caches: memories, lastOnly: true }).read();
        })
      );
      logits.push(new Float64Array(await reading!));
    }
    const { key } = caches[0]!.contents();
    const bytes = caches.reduce((sum, cache) => sum + cache.bytes / cache.room, 0);
    const found = { logits, bytes, layers: caches.length, headSize: key.shape[3]! };
    for (const cache of caches) cache.dispose();
    return found;
  };

  const surprisal = TYPES.map(() => 0), bytes = TYPES.map(() => 0);
  let largest = 0, squares = 0, sum = 0, total = 0, numbers = 0, same = 0, places = 0, layers = 0, headSize = 0;
  const best = (row: Float64Array): number => row.indexOf(Math.max(...row));
  for (let passage = 0; passage < PASSAGES; passage++) {
    const tokens = Array.from(test.slice(passage * stride, passage * stride + LENGTH));
    const found = [await read(tokens, "float32"), await read(tokens, "int8")] as const;
    found.forEach(({ logits, bytes: each }, type) => {
      bytes[type] = each;
      for (let i = 0; i + 1 < LENGTH; i++) surprisal[type]! -= logProbabilityOf(logits[i]!, tokens[i + 1]!);
    });
    ({ layers, headSize } = found[0]);
    found[0].logits.forEach((row, i) => {
      const other = found[1].logits[i]!;
      places++;
      if (best(row) === best(other)) same++;
      row.forEach((logit, token) => {
        const difference = Math.abs(logit - other[token]!);
        largest = Math.max(largest, difference);
        squares += difference ** 2;
        sum += logit;
        total += logit ** 2;
        numbers++;
      });
    });
  }
  const deviation = Math.sqrt(total / numbers - (sum / numbers) ** 2);
  return {
    passages: PASSAGES,
    length: LENGTH,
    weights: [...model.parameters().values()].reduce((all, { size }) => all + size, 0),
    layers,
    headSize,
    perplexity: surprisal.map((nats) => Math.exp(nats / (PASSAGES * (LENGTH - 1)))),
    bytes,
    largest: largest / deviation,
    error: Math.sqrt(squares / numbers) / deviation,
    same: same / places,
  };
}

if (import.meta.main) {
  await record({
    name: "quantized_cache",
    summary: "Read passages of a text with keys and values in eight bits, and record what is lost.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved" },
    make: (path, { model }) => make(path, model!),
  });
}
