/**
 * # Key–value cache
 *
 * **Question.** Every new token attends to all tokens before it. Must the model compute
 * their keys and values again each time?
 *
 * **Idea.** No: under a causal mask the past never changes, so keys and values can be
 * kept (键值缓存). The first pass reads the whole prompt (prefill). Each later step (decoding) reads one token, appends one
 * key and one value to each layer's cache, and compares one query with all keys. For a sequence of $n$ tokens, prompt
 * included, at most $n$ positions pass through the model instead of up to $1 + 2 + \dots + n$.
 *
 * ```picture cache_rows A prompt of four tokens and what follows it, row by row. The prompt passes through the model at once
 * (prefill). Then each pass feeds one token (decode): it computes one key and one value, and reads all others from the cache.
 * ```
 *
 * **By hand.** One head of width 2. The prompt has two tokens, with the keys (1, 0) and (0, 1) and the values (2, 0) and (0, 2): the prefill computes them and puts them into the cache. The next token has the
 * query (1, 0), the key (1, 1) and the value (1, 1). Its key and value are appended: three of each. The scores are the products of the query with the three keys, divided by $\sqrt{2}$:
 * $1 / \sqrt{2} = 0.707$, 0 and 0.707. The softmax makes the weights 0.401, 0.198 and 0.401 of them, and the output is $0.401 \cdot 2 + 0.401 \cdot 1 = 1.203$ and $0.198 \cdot 2 + 0.401 \cdot 1 = 0.797$. One query, one key and one
 * value were computed; without a cache it would be three of each, for the same third row.
 * The cache now holds $2 \cdot 3 \cdot 2 = 12$ numbers of 4 bytes, 48 together.
 *
 * ```ts
 * import { tensor } from "@heed/heed";
 * import { attentionWeights, scaledDotProductAttention } from "@heed/heed/attention";
 * import { cacheBytes, KeyValueCache } from "@heed/heed/generation";
 *
 * const queries = [[0, 1], [1, 1], [1, 0]], keys = [[1, 0], [0, 1], [1, 1]], values = [[2, 0], [0, 2], [1, 1]];
 * const rows = (list: number[][]) => tensor(list.flat(), [1, 1, list.length, 2]);
 * const show = async (x: { read(): Promise<ArrayLike<number>> }) =>
 *   Array.from(await x.read(), (one) => one.toFixed(3)).join(" ");
 *
 * const cache = new KeyValueCache();
 * cache.append(rows(keys.slice(0, 2)), rows(values.slice(0, 2))); // prefill
 * const all = cache.append(rows(keys.slice(2)), rows(values.slice(2))); // decode: one token
 * const query = rows(queries.slice(2));
 * console.log("weights", await show(attentionWeights(query, all.key)));
 * console.log("output", await show(scaledDotProductAttention(query, all.key, all.value)));
 *
 * const again = scaledDotProductAttention(rows(queries), rows(keys), rows(values), { causal: true });
 * console.log("without a cache", await show(again.slice(2, 2, 3)));
 * console.log("bytes", cacheBytes({ numLayers: 1, numGroups: 1, headSize: 2, length: cache.length, bytesPerNumber: 4 }));
 * ```
 *
 * ```text
 * weights 0.401 0.198 0.401
 * output 1.203 0.797
 * without a cache 1.203 0.797
 * bytes 48
 * ```
 *
 * **Formula.** For $L$ layers with $G$ key–value heads of width $D$, $B$ sequences of $S$ tokens and $w$
 * bytes per number, the memory of the cache (GPU memory, 显存) is
 *
 * $$\mathrm{bytes} = 2 \cdot L \cdot B \cdot G \cdot S \cdot D \cdot w$$
 *
 * | symbol | in code          | GPT-2 small                        |
 * | ------ | ---------------- | ---------------------------------- |
 * | $L$    | `numLayers`      | 12, each with a memory of its own  |
 * | $B$    | `batchSize`      | 1                                  |
 * | $G$    | `numGroups`      | 12, as many as heads unless these share keys and values |
 * | $S$    | `length`         | up to 1024                         |
 * | $D$    | `headSize`       | 64                                 |
 * | $w$    | `bytesPerNumber` | 4 in float32: 75.5 MB together     |
 *
 * **Why keys and values, and no queries.** The query of a token is used once, when its own row is computed. Its key and its value are used by every later token.
 *
 * **Why doubled room.** A buffer that grows by one position per token would be copied at every
 * token: $1 + 2 + \dots + n$ again. Room for twice as many positions is reserved whenever it runs
 * out, so that each position is copied less than twice on average at any length. All other writes are in place.
 *
 * **In eight bits.** `cacheType: "int8"` keeps a byte for each number and one step for each position and head: $s = \max_i |x_i| / 127$ for
 * a key or value $x$, which becomes $s$ times the nearest integers (`engine/records.ts`). Then $w$ is $1 + 4/D$. The numbers enter
 * the attention as float32, as always.
 *
 * **By hand.** The key (2.54, -1.035, 0.335) has the step 2.54 / 127 = 0.02. In steps it is (127, -51.75, 16.75), which is rounded to
 * (127, -52, 17): what is remembered is (2.54, -1.04, 0.34), wrong by at most half a step.
 *
 * ```ts
 * import { tensor } from "@heed/heed";
 * import { KeyValueCache } from "@heed/heed/generation";
 *
 * const key = tensor([2.54, -1.035, 0.335], [1, 1, 1, 3]);
 * const remembered = await new KeyValueCache("int8").append(key, key).key.flatten().read();
 * console.log("step", (2.54 / 127).toFixed(2), "key", Array.from(remembered, (x) => x.toFixed(2)).join(" "));
 * console.log("in steps", [2.54, -1.035, 0.335].map((x) => (x / 0.02).toFixed(2)).join(" "));
 * console.log("levels", Array.from(remembered, (x) => (x / 0.02).toFixed(0)).join(" "));
 * ```
 *
 * ```text
 * step 0.02 key 2.54 -1.04 0.34
 * in steps 127.00 -51.75 16.75
 * levels 127 -52 17
 * ```
 *
 * **What bounds it.** Arithmetic bounds the prefill; it is the latency (延迟) of the first token. A decoding step reads all
 * weights and the whole cache for one position, and the memory bandwidth (内存带宽) bounds it: how many bytes a second come from memory. Several sequences in one batch
 * read the weights once, which raises the throughput (吞吐量), tokens a second over all of them.
 *
 * **The notes, 004.120, 004.121.** Without a cache the work grows as they say, and with one only the new token is computed. Their example counts a token twice: the prompt ends with 山 already, so it is in
 * the cache when the first new token is chosen. The picture above has the rows.
 *
 * **The notes, 004.122, 004.124.** With a cache one more token costs in proportion to the length $n$, not to its
 * square: each head computes one row of $n$ scores. The sum of these rows over a sequence is quadratic. Projections and
 * feed-forward become linear. How much time that saves depends on the model and the length: *orders of magnitude* it is for long texts, and the run below has a short one.
 *
 * **The notes, 004.123.** By the formula, a context of 128 times 1024 positions takes 128 times the memory. Fewer key–value
 * heads make $G$ smaller ([section](../04_attention/multi_head.ts)).
 *
 * [Section](../05_transformer/decoder.ts) answers whether one cached layer is enough,
 * [section](../04_attention/masks.ts) whether a single query needs a mask.
 *
 * Sources: Shazeer 2019, *Fast Transformer Decoding: One Write-Head is All You Need*; Pope et al. 2022, *Efficiently Scaling
 * Transformer Inference* (prefill, decoding, memory bandwidth).
 *
 * @module
 */

import { checkNumbers } from "../engine/arguments.ts";
import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  numeric,
  oneOf,
  required,
  shown,
} from "../engine/options.ts";
import { noGrad } from "../engine/autograd.ts";
import { tensor } from "../engine/create.ts";
import { take } from "../engine/indexing.ts";
import { attendToRecords, fromRecords, toRecords } from "../engine/records.ts";
import { Tensor, uninitialized } from "../engine/tensor.ts";
import { holdsPrivately, keep, release, scope } from "../engine/scope.ts";
import { dims, sameShape } from "../engine/shape.ts";
import type { StateMemory } from "../03_language_models/feed_forward_lm.ts";
import type { KeysAndValues, KeyValueMemory } from "../04_attention/multi_head.ts";
import { type AttentionOptions, scaledDotProductAttention } from "../04_attention/scaled_dot_product.ts";
import { likeliest } from "./rules.ts";
import type { Decoder } from "./sampling.ts";

/**
 * Greedy decoding with a cache, without whatever else the loop of the library does.
 *
 * @param decoder a model whose memories grow by positions
 * @param prompt token ids
 * @param count how many tokens are generated
 * @returns them, and how many positions passed through the model in each pass
 */
export async function plainDecoding(
  decoder: Decoder,
  prompt: readonly number[],
  count: number,
): Promise<{ readonly tokens: readonly number[]; readonly positions: readonly number[] }> {
  // One memory for each layer, empty.
  const memories: KeyValueCache[] = [];
  const caches = decoder.newCaches!(() => {
    memories.push(new KeyValueCache());
    return memories.at(-1)!;
  }) as readonly KeyValueCache[];
  const tokens: number[] = [], positions: number[] = [];
  for (let fed = prompt; tokens.length < count; fed = tokens.slice(-1)) {
    // Prefill: all of the prompt. Decode: the last token alone; what came before it is in the caches, which `forward` extends.
    const logits = scope(() =>
      noGrad(() => {
        const rows = decoder.forward(tensor(Int32Array.from(fed), [1, fed.length]), { caches, lastOnly: true });
        return keep(rows);
      })
    );
    positions.push(fed.length);
    tokens.push(likeliest(await logits.read())!);
    release(logits);
  }
  for (const memory of memories) memory.dispose();
  return { tokens, positions };
}

/** Positions that a memory has room for at first. */
const FIRST_ROOM = 16;

/** How keys and values are kept: as they are, or rounded to integers of eight bits, with a step for each head and position. */
export type CacheType = "float32" | "int8";

/** What {@linkcode CacheType} may be. */
export const cacheTypeCheck: Check<CacheType> = oneOf<CacheType>(["float32", "int8"]);

/** The keys and values of one attention layer, for everything it has seen. */
export class KeyValueCache implements KeyValueMemory, StateMemory {
  /** How they are kept; states that each call replaces stay as they are. */
  readonly type: CacheType;
  #key: Tensor | undefined;
  #value: Tensor | undefined;
  /** Widths of a key and of a value. */
  #widths: readonly [D: number, W: number] = [0, 0];
  #length = 0;
  /** Whether it holds a key for each position, and not states of a fixed number. */
  #grows = true;

  /**
   * Starts empty.
   *
   * @param type how keys and values are kept; float32 by default
   */
  constructor(type: CacheType = "float32") {
    checkValue("keep keys and values", "type", type, cacheTypeCheck);
    this.type = type;
    holdsPrivately(this, () => [this.#key, this.#value]);
  }

  /** Positions remembered so far. */
  get length(): number {
    return this.#length;
  }

  /** Positions there is room for without copying. */
  get room(): number {
    return this.#key?.shape[2] ?? 0;
  }

  /** Bytes reserved on the device. */
  get bytes(): number {
    return ((this.#key?.size ?? 0) + (this.#value?.size ?? 0)) * 4;
  }

  /**
   * Adds the keys and values of further positions, in place.
   *
   * @param key `[B, G, T, D]`
   * @param value `[B, G, T, W]`
   * @returns views of everything remembered, `[B, G, length, D]` and `[B, G, length, W]`
   * @throws {TypeError} if the shapes disagree with each other or with what is remembered
   */
  append(key: Tensor, value: Tensor): KeysAndValues {
    const { B, G, T, D } = dims(key, "B G T D");
    const { W } = dims(value, "B G T W", { B, G, T });
    if (this.#key) {
      const room = dims(this.#key, "B G room D"), [width, valueWidth] = this.#widths;
      dims(key, "B G T D", { B: room.B, G: room.G, D: width });
      dims(value, "B G T W", { B: room.B, G: room.G, W: valueWidth });
    }
    this.#widths = [D, W];
    const start = this.#length, end = start + T;
    noGrad(() => {
      const [keys, values] = this.type === "int8" ? [toRecords(key), toRecords(value)] : [key, value];
      this.#key = withRoom(this.#key, keys, start, end);
      this.#value = withRoom(this.#value, values, start, end);
      this.#key.slice(2, start, end).assign(keys);
      this.#value.slice(2, start, end).assign(values);
    });
    this.#length = end;
    return this.contents();
  }

  /**
   * Remembers these in place of everything before, for models whose memory does not grow.
   *
   * @param key `[B, G, T, D]`
   * @param value `[B, G, T, W]`
   * @throws {TypeError} if the shapes disagree with each other
   */
  replace(key: Tensor, value: Tensor): void {
    const { B, G, T } = dims(key, "B G T D");
    dims(value, "B G T W", { B, G, T });
    noGrad(() => {
      this.#key = written(this.#key, key);
      this.#value = written(this.#value, value);
    });
    this.#length = T;
    this.#widths = [key.shape[3]!, value.shape[3]!];
    this.#grows = false;
  }

  /**
   * Everything remembered.
   *
   * @returns views, `[B, G, length, D]` and `[B, G, length, W]`
   * @throws {TypeError} while nothing is remembered
   */
  contents(): KeysAndValues {
    const { key, value } = this.#kept(), [D, W] = this.#widths;
    if (key.dtype === "float32") return { key, value };
    const spread = {
      get key() {
        return fromRecords(key, D);
      },
      get value() {
        return fromRecords(value, W);
      },
    };
    return Object.defineProperty(spread, "attend", {
      value: (query: Tensor, options: AttentionOptions) => attendWhereTheyLie(query, key, value, W, options, spread),
    });
  }

  /** What is kept, in its own form. */
  #kept(): { readonly key: Tensor; readonly value: Tensor } {
    if (!this.#key || !this.#value) {
      throw new TypeError("Cannot look into a key–value cache before anything was appended");
    }
    return { key: this.#key.slice(2, 0, this.#length), value: this.#value.slice(2, 0, this.#length) };
  }

  /**
   * Chooses which texts of the batch to go on with: row `i` becomes what row `rows[i]` was.
   *
   * @param rows indices of texts; they may repeat, leave texts out, and change their number
   * @param most how many of the last positions are kept; all by default, as of a memory that does not grow
   * @throws {RangeError} if there is no such text
   */
  reorder(rows: readonly number[], most: number = Infinity): void {
    checkNumbers("choose texts", "rows", rows);
    checkValue("choose texts", "most", most, integer({ min: 0, max: Infinity }));
    if (!this.#key || !this.#value) return;
    const B = this.#key.shape[0]!, first = this.#grows ? Math.max(0, this.#length - most) : 0;
    const wrong = rows.find((row) => !(Number.isInteger(row) && row >= 0 && row < B));
    if (wrong !== undefined) throw new RangeError(`Cannot go on with text ${shown(wrong)} of ${B}`);
    if (first === 0 && rows.length === B && rows.every((row, i) => row === i)) return;
    const choose = (memory: Tensor): Tensor =>
      noGrad(() =>
        scope(() => {
          const chosen = take(memory.slice(2, first, this.#length), tensor(Int32Array.from(rows)));
          const target = rows.length === B ? memory : withRoom(undefined, chosen, 0, this.room);
          target.slice(2, 0, this.#length - first).assign(chosen);
          if (target !== memory) release(memory);
          return target;
        })
      );
    this.#key = choose(this.#key);
    this.#value = choose(this.#value);
    this.#length -= first;
  }

  /**
   * Takes in the texts of another cache, behind its own; all of them end at the same position.
   *
   * Texts that are shorter than the longest get zeros in front, which a mask has to hide.
   *
   * @param other a cache of the same attention, which stays as it is
   * @throws {TypeError} if the shapes disagree
   */
  join(other: KeyValueCache): void {
    if (!(other instanceof KeyValueCache)) {
      throw new TypeError(`Cannot join texts to a cache from ${shown(other)}: another KeyValueCache is needed`);
    }
    if (other.type !== this.type) {
      throw new TypeError(`Cannot join texts kept as ${other.type} to those kept as ${this.type}`);
    }
    const length = Math.max(this.#length, other.#length), parts = [this, other].filter((cache) => cache.#key);
    if (parts.length === 0 || other.#length === 0) return;
    const joined = (which: "key" | "value"): Tensor =>
      noGrad(() => scope(() => keep(together(parts.map((cache) => cache.#kept()[which]), length))));
    const [key, value] = [joined("key"), joined("value")];
    if (this.#key) release(this.#key);
    if (this.#value) release(this.#value);
    [this.#key, this.#value, this.#length, this.#grows] = [key, value, length, other.#grows];
    this.#widths = other.#widths;
  }

  /**
   * Forgets the last positions.
   *
   * @param length how many of the first positions stay
   * @throws {RangeError} if there are fewer, or the memory does not grow by positions
   */
  crop(length: number): void {
    checkValue("crop a cache", "length", length, integer({ min: 0 }));
    if (length > this.#length || !this.#grows && length !== this.#length) {
      const kind = this.#grows ? `${this.#length} positions` : "states, which cannot be undone";
      throw new RangeError(`Cannot crop a cache to ${length} positions: it holds ${kind}`);
    }
    this.#length = length;
  }

  /** Whether it holds a key for each position, and not states that each call replaces. */
  get grows(): boolean {
    return this.#grows;
  }

  /** Forgets everything and gives the memory back. */
  dispose(): void {
    if (this.#key) release(this.#key);
    if (this.#value) release(this.#value);
    this.#key = this.#value = undefined;
    this.#length = 0;
    this.#grows = true;
  }
}

/** Attention to records; by the rows that they stand for where a device or an option asks for more. */
function attendWhereTheyLie(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  width: number,
  options: AttentionOptions,
  spread: { readonly key: Tensor; readonly value: Tensor },
): Tensor {
  const { mask, bias, causal = false, scale = 1 / Math.sqrt(query.shape[3]!) } = options;
  const isPlain = !bias && query.shape[3] === width && (!mask || mask instanceof Tensor);
  const found = isPlain && attendToRecords(query, key, value, mask as Tensor | undefined, { causal, scale });
  return found || scaledDotProductAttention(query, spread.key, spread.value, options);
}

// #region Room, and how contents are moved
// What `append`, `replace` and `join` are made of: memory that is doubled, written in place, or copied to another one.

/** Rows of all parts, aligned at their ends, with zeros before what is shorter: `[B, G, room, D]`. */
function together(parts: readonly Tensor[], length: number): Tensor {
  const rows = parts.reduce((sum, part) => sum + part.shape[0]!, 0), { G, D } = dims(parts[0]!, "B G S D");
  const all = uninitialized(parts[0]!.device, [rows, G, Math.max(FIRST_ROOM, 2 * length), D], parts[0]!.dtype);
  let row = 0;
  for (const part of parts) {
    const { B, S } = dims(part, "B G S D", { G, D }), place = all.slice(0, row, row + B);
    if (S < length) place.slice(2, 0, length - S).assign(0);
    place.slice(2, length - S, length).assign(part);
    row += B;
  }
  return all;
}

/** The same memory, or one twice as large with the `used` positions copied, if `needed` do not fit. */
function withRoom(memory: Tensor | undefined, like: Tensor, used: number, needed: number): Tensor {
  const room = memory?.shape[2] ?? 0;
  if (memory && needed <= room) return memory;
  const { B, G, D } = dims(like, "B G T D");
  const larger = keep(uninitialized(like.device, [B, G, Math.max(FIRST_ROOM, 2 * room, needed), D], like.dtype));
  if (memory) {
    larger.slice(2, 0, used).assign(memory.slice(2, 0, used));
    release(memory);
  }
  return larger;
}

/** The same memory with other contents, or another one where they do not fit exactly. */
function written(memory: Tensor | undefined, contents: Tensor): Tensor {
  if (memory && sameShape(memory.shape, contents.shape)) {
    memory.assign(contents);
    return memory;
  }
  const copy = keep(contents.clone());
  if (memory) release(memory);
  return copy;
}

// #endregion

/** What decides the size of a model's key–value memory. */
export interface CacheSize {
  /** Layers with an attention: $L$. */
  readonly numLayers: number;
  /** Key–value heads, as many as heads unless these share: $G$. */
  readonly numGroups: number;
  /** Width of a head: $D$. */
  readonly headSize: number;
  /** Tokens remembered: $S$. */
  readonly length: number;
  /** Sequences at once: $B$; 1 by default. */
  readonly batchSize?: number;
  /** Bytes that a number takes: $w$; 4 by default, those of float32. */
  readonly bytesPerNumber?: number;
}

const sizeChecks: Checks<CacheSize> = {
  numLayers: required(integer({ min: 0 })),
  numGroups: required(integer({ min: 0 })),
  headSize: required(integer({ min: 0 })),
  length: required(integer({ min: 0 })),
  batchSize: integer({ min: 0 }),
  bytesPerNumber: numeric({ above: 0 }),
};

/**
 * Bytes that the keys and values of a model take.
 *
 * @example
 * ```ts
 * import { cacheBytes } from "@heed/heed/generation";
 *
 * const gpt2 = { numLayers: 12, numGroups: 12, headSize: 64, length: 1024 };
 * console.assert(cacheBytes(gpt2) === 75_497_472);
 * ```
 *
 * @param size of the model, the sequence and the batch
 * @returns a number of bytes
 * @throws {RangeError} if a size is negative or no integer
 */
export function cacheBytes(
  size: CacheSize,
): number {
  checkOptions("measure a cache", size, sizeChecks);
  const { numLayers, numGroups, headSize, length, batchSize = 1, bytesPerNumber = 4 } = size;
  return 2 * numLayers * batchSize * numGroups * length * headSize * bytesPerNumber;
}

// ## The work, counted
//
// The [experiment](experiments/kv_cache.ts) generates one sequence twice and counts the positions that pass through the model. Without a cache
// their number grows with the square of the length (quadratic, 二次方), with a cache linearly. The tokens are the same. A
// cache saves projections and feed-forward. Attention scores remain: one row of them per token, so that their number
// over the whole sequence is still quadratic. In the last figure all layers use
// the keys and values of the first, which [the notes](notes:003.11) thought might do: the logits come out wrong.

// ## Eight bits on real text
//
// A Transformer reads plays that it never saw, one token after the other, with both kinds of caches.
//
// ```picture quantized_cache_run What is kept, and what is lost, with keys and values in eight bits.
// ```
//
// ## The seconds, measured
//
// A Transformer that has learned plays of Shakespeare reads a prompt and goes on with the play, token by token. Each pass is timed, with a cache and without.
//
// ```picture kv_cache_run Prefill and decoding, row by row, in milliseconds.
// ```

// ## Pitfall: one memory for all layers
//
// With a memory that all layers share, the second layer appends to what the first one wrote, and
// reads keys that are not its own. The test "generate() with a cache equals recomputation" fails
// for it.

// ## Pitfall: a beam that keeps its neighbour's past
//
// When a beam continues another prefix, its keys have to follow. Without `reorder` the scores
// are those of a sequence that no beam holds. The test "beam search with a cache equals beam search
// without" compares them.

// ## Pitfall: positions that begin anew
//
// The token that decoding feeds is alone in its pass, and its position is not 0 but the length of the cache. A model that counts the positions of each pass from 0 gives every new
// token the position of the first one. The test "generate() with a cache equals recomputation" fails for that, too.

// ## Exercise
//
// A model of 32 layers with 32 heads of width 128 reads 4,096 tokens. How many gigabytes are
// its keys and values in float32? How many in 2 bytes a number, and with 8 key–value heads?
//
// **Hint.** One token has $2 \cdot 32 \cdot 32 \cdot 128$ numbers.
//
// **Solution.** 262,144 numbers a token, a mebibyte of float32: 4.29 GB for the text. Half of that in two bytes, and a quarter again with 8 heads, 0.54 GB.
//
// ```ts
// import { cacheBytes } from "@heed/heed/generation";
//
// const size = { numLayers: 32, numGroups: 32, headSize: 128, length: 4096 };
// console.log("numbers of a token", cacheBytes({ ...size, length: 1, bytesPerNumber: 1 }));
// const smaller = { ...size, bytesPerNumber: 2 };
// for (const one of [size, smaller, { ...smaller, numGroups: 8 }]) console.log((cacheBytes(one) / 1e9).toFixed(2));
// ```
//
// ```text
// numbers of a token 262144
// 4.29
// 2.15
// 0.54
// ```
