/**
 * # A cache from call to call
 *
 * **Question.** A conversation is one text that grows by a question and an answer in each turn. Must the model read all of it
 * again each time?
 *
 * **Idea.** No. The keys and values of the earlier turns are still right, as long as the text before them is the same. A prompt cache (prefix caching)
 * keeps them after a call together with their tokens. The next call compares its prompt with these tokens and re-uses the longest
 * prefix that both have; only what follows passes through the model. A cache can be forked, so that two continuations share a history, and saved as
 * bytes.
 *
 * **By hand.** A first turn has a prompt of 5 tokens and an answer of 3. The model reads the 5, then the first two of the answer; the third is chosen and never read. So the cache holds $5 + 2 = 7$ tokens. The second turn is a prompt of all 8 and 4
 * new ones, 12 together. Of these the first 7 are in the cache, and $12 - 7 = 5$ are read. If the second token of the prompt is another one, only the first is in common, and 11 are read.
 *
 * ```ts
 * import { DecoderOnly, generate, Random } from "@heed/heed";
 * import { type Decoder, PromptCache } from "@heed/heed/generation";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * let read = 0;
 * // The model, which counts the tokens that it reads.
 * const heard: Decoder = {
 *   vocabSize: 20,
 *   contextLength: 32,
 *   newCaches: (create) => model.newCaches(create),
 *   forward(tokens, options) {
 *     read += tokens.shape[1]!;
 *     return model.forward(tokens, options);
 *   },
 * };
 * const cache = new PromptCache(), first = [3, 1, 4, 1, 5];
 * const { tokens } = await generate(heard, first, { maxNewTokens: 3, cache });
 * console.log("prompt", first.length, "answer", tokens.length, "held", cache.tokens.length, "of", first.length + tokens.length);
 * const second = [...first, ...tokens, 9, 2, 6, 5], changed = second.map((token, i) => i === 1 ? 7 : token);
 * for (const prompt of [second, changed]) {
 *   const own = cache.fork();
 *   read = 0;
 *   await generate(heard, prompt, { maxNewTokens: 1, cache: own });
 *   console.log("of", prompt.length, "tokens read", read);
 *   own.dispose();
 * }
 * ```
 *
 * ```text
 * prompt 5 answer 3 held 7 of 8
 * of 12 tokens read 5
 * of 12 tokens read 11
 * ```
 *
 * **Formula.** With the tokens $y$ that the cache holds and the prompt $x$ of $n$ tokens, the model reads $n - c$ tokens, where
 *
 * $$c = \min\big(n - 1,\; \max \{\, k : x_1 \dots x_k = y_1 \dots y_k \,\}\big)$$
 *
 * | symbol | in code             | what it is                                       |
 * | ------ | ------------------- | ------------------------------------------------ |
 * | $y$    | `tokens`            | what the cache holds                             |
 * | $x$    | `prompt`            | the whole text so far, with the new turn         |
 * | $c$    | `commonPrefix()`    | tokens that are not read again                   |
 *
 * At least one token is read, since the scores after the last one are wanted. The last token of an answer has never been read, so the next
 * turn reads it first. A recurrent model has a state in place of keys and values. A state cannot be taken back by a few tokens: it is re-used if the new
 * prompt continues all that it has read, and begins anew otherwise.
 *
 * Sources: Kwon et al. 2023, *Efficient Memory Management for Large Language Model Serving with PagedAttention* (shared
 * prefixes, forks); Zheng et al. 2024, *SGLang: Efficient Execution of Structured Language Model Programs* (the longest common prefix).
 *
 * @module
 */

import { checkList } from "../engine/arguments.ts";
import { tensor } from "../engine/create.ts";
import { checkValue } from "../engine/options.ts";
import { scope } from "../engine/scope.ts";
import type { Tensor } from "../engine/tensor.ts";
import { KeyValueCache } from "./kv_cache.ts";
import { type Decoder, decoderCheck } from "./sampling.ts";

/** Refuses what is no model, no caches or no tokens. */
function checkUse(decoder: Decoder, caches: readonly KeyValueCache[], tokens: readonly number[]): void {
  checkValue("use a cache", "decoder", decoder, decoderCheck);
  checkList("use a cache", "caches", caches, "caches", (cache) => cache instanceof KeyValueCache);
  checkList("use a cache", "tokens", tokens, "token ids", (token) => Number.isInteger(token));
}

/** What a model remembers of one text, from one call of `generate` to the next. */
export class PromptCache {
  #caches: readonly KeyValueCache[] = [];
  #tokens: readonly number[] = [];
  #decoder: Decoder | undefined;

  /** Starts empty. */
  constructor() {}

  /** The tokens that the cache stands for. */
  get tokens(): readonly number[] {
    return this.#tokens;
  }

  /** Bytes on the device. */
  get bytes(): number {
    return this.#caches.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Puts what it holds of a prompt into the empty caches of a session; the loop calls this.
   *
   * @param decoder who asks
   * @param caches those of the session
   * @param prompt what may be re-used
   * @returns how many of the tokens need not be read
   * @throws {TypeError} if another model filled the cache
   */
  lend(decoder: Decoder, caches: readonly KeyValueCache[], prompt: readonly number[]): number {
    checkUse(decoder, caches, prompt);
    if (decoder.numSources !== undefined) {
      throw new TypeError(
        "Cannot use cache with a model that holds sources: it remembers a text, and not what it translates",
      );
    }
    if (caches.length === 0) {
      throw new TypeError("Cannot use cache with a model that has no caches: newCaches() is missing");
    }
    if (
      this.#decoder && this.#decoder !== decoder || this.#caches.length > 0 && this.#caches.length !== caches.length
    ) {
      throw new TypeError("Cannot use the cache of one model with another: a new PromptCache is needed for each");
    }
    const common = commonPrefix(this.#tokens, prompt);
    const held = this.#caches.every(({ grows }) => grows) || common === this.#tokens.length ? common : 0;
    if (held === 0) return 0;
    caches.forEach((cache, i) => {
      cache.join(this.#caches[i]!);
      if (cache.grows) cache.crop(held);
    });
    return held;
  }

  /**
   * Takes the caches of a session that is over; the loop calls this.
   *
   * @param decoder who filled them
   * @param caches they belong to this object now
   * @param tokens what they stand for, in order; of more positions than tokens, the others are forgotten
   */
  keep(decoder: Decoder, caches: readonly KeyValueCache[], tokens: readonly number[]): void {
    checkUse(decoder, caches, tokens);
    this.dispose();
    const longest = Math.max(...caches.map(({ length }) => length));
    if (caches.every(({ grows }) => grows)) {
      for (const cache of caches) cache.crop(Math.min(cache.length, tokens.length));
    } else if (tokens.length === 0 || longest === 0) return caches.forEach((cache) => cache.dispose());
    [this.#decoder, this.#caches, this.#tokens] = [decoder, caches, [...tokens]];
  }

  /**
   * A second cache with the same contents, for another continuation.
   *
   * @returns a cache that grows by itself
   */
  fork(): PromptCache {
    const copy = new PromptCache();
    copy.#caches = this.#caches.map((cache) => {
      const own = new KeyValueCache();
      own.join(cache);
      return own;
    });
    [copy.#tokens, copy.#decoder] = [this.#tokens, this.#decoder];
    return copy;
  }

  /**
   * Everything as bytes, for a file.
   *
   * @returns what {@linkcode PromptCache.load} reads
   */
  async save(): Promise<Uint8Array> {
    const read = async (x: Tensor) => ({ shape: x.shape, numbers: Float32Array.from(await x.read()) });
    const parts = await Promise.all(this.#caches.map(async (cache) => {
      const { key, value } = cache.contents();
      return { grows: cache.grows, tensors: await Promise.all([read(key), read(value)]) };
    }));
    const shapes = parts.map(({ grows, tensors }) => ({ grows, shapes: tensors.map(({ shape }) => shape) }));
    const header = new TextEncoder().encode(JSON.stringify({ format: FORMAT, tokens: this.#tokens, caches: shapes }));
    const numbers = parts.flatMap(({ tensors }) => tensors.map(({ numbers }) => new Uint8Array(numbers.buffer)));
    return joined([new Uint8Array(Uint32Array.of(header.length).buffer), header, ...numbers]);
  }

  /**
   * Reads what {@linkcode PromptCache.save} wrote, for the same model.
   *
   * @param bytes as they were saved
   * @returns a cache
   * @throws {SyntaxError} if they are something else
   */
  static load(bytes: Uint8Array): PromptCache {
    const { tokens, caches, data } = parsed(bytes), cache = new PromptCache();
    let at = 0;
    const next = (shape: readonly number[]): Tensor => {
      const size = shape.reduce((a, b) => a * b, 1), part = data.slice(at, at += 4 * size);
      if (part.length !== 4 * size) throw new SyntaxError("Cannot read a saved cache: its numbers end too early");
      return tensor(new Float32Array(part.buffer), shape);
    };
    cache.#tokens = tokens;
    cache.#caches = caches.map(({ grows, shapes: [key, value] }) => {
      const own = new KeyValueCache();
      scope(() => {
        if (grows) own.append(next(key!), next(value!));
        else own.replace(next(key!), next(value!));
      });
      return own;
    });
    return cache;
  }

  /** Forgets everything and gives the memory back. */
  dispose(): void {
    for (const cache of this.#caches) cache.dispose();
    [this.#caches, this.#tokens, this.#decoder] = [[], [], undefined];
  }
}

/** How many tokens both have in common, from the first on. */
function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count++;
  return count;
}

/** What a saved cache begins with. */
const FORMAT = "heed-prompt-cache-1";

interface Saved {
  readonly tokens: readonly number[];
  readonly caches: readonly { readonly grows: boolean; readonly shapes: readonly (readonly number[])[] }[];
  readonly data: Uint8Array;
}

function parsed(bytes: Uint8Array): Saved {
  try {
    const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
    if (header.format === FORMAT) return { ...header, data: bytes.subarray(4 + size) };
  } catch {
    // Said below, for whatever is wrong with the header.
  }
  throw new SyntaxError(`Cannot read a saved cache: it does not begin as "${FORMAT}" does`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// ## Pitfall: a cache of a text that was changed
//
// A chat template that leaves out an earlier remark, or writes the date anew, changes the text near its front. From there on all keys and values are those of another text. Here tokens are compared, so
// that the cache is right and of no use; it pays to put what changes at the end. The test "a prompt cache re-uses the longest prefix that is the same" counts the tokens that are read.
