/**
 * # Windows and attention sinks
 *
 * **Question.** A cache grows with every token, and a model cannot count further than its context is long. Can a text go on without
 * end, in a memory of fixed size?
 *
 * **Idea.** Keep the keys and values of the last tokens alone, a sliding window ([section](../04_attention/masks.ts)): as the newest ones come in, the oldest are evicted. What is left is not read again. Many trained models break
 * down as soon as the first tokens of the text are evicted. They put much of their attention there, whatever these tokens say: the weights of a softmax have to sum to one, and a head that needs nothing from the text puts its weight where it does no harm. These
 * tokens are attention sinks (注意力汇点). A rolling cache (StreamingLLM) keeps the first few tokens for ever and the last ones as a window. Positions are counted
 * within the cache, so that they never get larger than its size.
 *
 * ```picture rolling_cache A cache of eight places, four of them for sinks. Each row is a token that is read, each column a token of the text; a number is the place in the cache by which a key is marked. With token 8 the cache is too
 * small: token 4 is evicted, and 5 to 7 move up by one place.
 * ```
 *
 * **By hand.** A query scores four keys 3, 1, 0 and 1. The first key is the sink; the values are 0, 2, 4 and 6. The weights are 0.757, 0.102, 0.038 and 0.102, and the output is 0.971. Evict the sink, and the
 * same three scores have the weights 0.422, 0.155 and 0.422: the output is 4.000. The head, which had nothing to add, now adds four times as much.
 *
 * A cache of 8 places with 4 sinks reads tokens 0 to 8. The query of token 8 attends to tokens 0, 1, 2, 3, 5, 6, 7 and 8. It stands at place 7, and token 5 at place 4: their distance is $7 - 4 = 3$, as in the text. Token 3
 * is at place 3, at a distance of $7 - 3 = 4$ in place of 5: the gap of what was evicted is closed.
 *
 * ```ts
 * import { tensor, zeros } from "@heed/heed/engine";
 * import { RollingCache } from "@heed/heed/generation";
 * import { softmax } from "@heed/heed/words";
 *
 * const scores = [3, 1, 0, 1], values = [0, 2, 4, 6];
 * for (const evicted of [0, 1]) {
 *   const weights = Array.from(await softmax(tensor(scores.slice(evicted))).read());
 *   const output = weights.reduce((sum, weight, i) => sum + weight * values[evicted + i]!, 0);
 *   console.log(weights.map((weight) => weight.toFixed(3)).join(" "), "output", output.toFixed(3));
 * }
 *
 * const cache = new RollingCache({ size: 8, sinks: 4 });
 * for (let token = 0; token <= 8; token++) cache.append(zeros([1, 1, 1, 2]), zeros([1, 1, 1, 2]));
 * console.log(cache.attended.map((token, place) => `${token} at ${place}`).join(", "));
 * ```
 *
 * ```text
 * 0.757 0.102 0.038 0.102 output 0.971
 * 0.422 0.155 0.422 output 4.000
 * 0 at 0, 1 at 1, 2 at 2, 3 at 3, 5 at 4, 6 at 5, 7 at 6, 8 at 7
 * ```
 *
 * **Formula.** Let $N$ be the size of the cache and $K$ the number of sinks. The query of token $t$ attends to the tokens $S_t$, at the places $r_t$:
 *
 * $$S_t = \{\, s \le t : s < K \;\text{ or }\; t - s < N - K \,\}, \qquad r_t(s) = \begin{cases} s & s < K \\ s - \max(0,\, t + 1 - N) & s \ge K \end{cases}$$
 *
 * | symbol   | in code            | what it is                                       |
 * | -------- | ------------------ | ------------------------------------------------ |
 * | $N$      | `size`             | places of the cache, that of the query included  |
 * | $K$      | `sinks`            | places that are never evicted                    |
 * | $S_t$    | `attended`         | tokens that the newest one attends to            |
 * | $r_t(s)$ | index in `attended` | the place of token $s$, by which its key is marked |
 *
 * **Why places and not positions.** RoPE turns a key by its position. If it were turned as it comes in, and the text counted on, the angles would soon be larger than any in training ([section](../04_attention/positions/mod.ts)), and the distance to the sinks would
 * grow without end. So the cache holds keys unturned, and at each step all of them are turned by their places. That costs as much as one more row of scores. ALiBi and T5 count distances between the places where keys lie, and need nothing. Learned and sinusoidal positions are added to a token before the first layer. What lies in the
 * cache keeps the mark that it came with, and each token beyond the size gets the same last mark: the window loses its order. The [experiment](experiments/windows_and_sinks.ts) measures it; for such a model the option `slide`, which reads the newer half of the text again,
 * is the better choice.
 *
 * Sources: Xiao, Tian, Chen, Han and Lewis 2023, *Efficient Streaming Language Models with Attention Sinks* (sinks, places within the cache); Beltagy, Peters and Cohan 2020, *Longformer: The Long-Document
 * Transformer* (sliding windows, which reach further with each layer); Jiang et al. 2023, *Mistral 7B* (a rolling cache for a model that is trained with its window); Guo, Pai, Bai, Jiao, Jordan and Mei 2024,
 * *Active-Dormant Attention Heads* (the language of the experiment: heads that copy at some tokens, and a sink for all others).
 *
 * @module
 */

import { checkNumbers, checkSizes } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import type { Numbers } from "../engine/backend.ts";
import { withoutChance } from "../engine/chance.ts";
import { arange, tensor } from "../engine/create.ts";
import { take } from "../engine/indexing.ts";
import { concat } from "../engine/joining.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  required,
  shown,
} from "../engine/options.ts";
import { rest } from "../engine/pace.ts";
import { holdsPrivately, keep, release, scope } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import { type Tensor, uninitialized } from "../engine/tensor.ts";
import { logSoftmax } from "../02_words/softmax.ts";
import { causalMask, windowMask } from "../04_attention/masks.ts";
import { KeyValueCache } from "./kv_cache.ts";
import { type Decoder, decoderCheck } from "./sampling.ts";
import { type ContextWindow, type SessionMemory, windowCheck } from "./session.ts";

/** How large a rolling cache is. */
export interface RollingOptions {
  /** Positions that a token attends to, itself included: $N$. */
  readonly size: number;
  /** The first tokens of a text, which are never evicted, fewer than `size`: $K$; 4 by default. */
  readonly sinks?: number | undefined;
}

/** The keys and values of one attention: those of the first tokens of a text, and of the last ones. */
export class RollingCache implements SessionMemory {
  /** Positions are counted within this memory: keys come unmarked. */
  readonly rebases = true;
  readonly #size: number;
  readonly #sinks: number;
  /** Room for twice the size. */
  #key: Tensor | undefined;
  #value: Tensor | undefined;
  /** Copies of the sinks, from the first eviction on. */
  #sinkKey: Tensor | undefined;
  #sinkValue: Tensor | undefined;
  /** Where what is held begins in the room, and how many positions it has. */
  #start = 0;
  #held = 0;
  #read = 0;

  /**
   * Starts empty.
   *
   * @param options size and sinks
   * @throws {RangeError} if the sinks leave no place for the newest token
   */
  constructor(options: RollingOptions) {
    const { size, sinks } = sizesOf(options);
    this.#size = size;
    this.#sinks = sinks;
    holdsPrivately(this, () => [this.#key, this.#value, this.#sinkKey, this.#sinkValue]);
  }

  /** Positions that the next token finds: one place is left for it. */
  get length(): number {
    return Math.min(this.#held, this.#size - 1);
  }

  /** Tokens that the newest one attends to, by their positions in the text: $S_t$, each at the place that is its index. */
  get attended(): readonly number[] {
    return Array.from(
      { length: this.#held },
      (_, place) => place < this.#sinks ? place : this.#read - this.#held + place,
    );
  }

  /** Bytes reserved on the device, from the first token on. */
  get bytes(): number {
    return 4 * [this.#key, this.#value, this.#sinkKey, this.#sinkValue].reduce((sum, x) => sum + (x?.size ?? 0), 0);
  }

  /**
   * Adds the keys and values of further positions.
   *
   * Where one more does not fit, the oldest behind the sinks is evicted first.
   *
   * @param key `[B, G, T, D]`, not marked by positions
   * @param value `[B, G, T, W]`
   * @returns views of what the last of them attends to, `[B, G, S, D]` and `[B, G, S, W]`
   * @throws {RangeError} if they do not fit together
   * @throws {TypeError} if the shapes disagree with each other or with what is remembered
   */
  append(key: Tensor, value: Tensor): { readonly key: Tensor; readonly value: Tensor } {
    const { B, G, T } = dims(key, "B G T D");
    dims(value, "B G T W", { B, G, T });
    if (this.#key) dims(key, "B G T D", dims(this.#key, "B G room D"));
    if (this.#value) dims(value, "B G T W", dims(this.#value, "B G room W"));
    if (this.length + T > this.#size) throw new RangeError(this.#refusal(T));
    noGrad(() => {
      // $s \notin S_t$: the first place behind the sinks becomes free.
      if (this.#held === this.#size) this.#evict();
      this.#key ??= roomFor(key, 2 * this.#size);
      this.#value ??= roomFor(value, 2 * this.#size);
      const end = this.#start + this.#held;
      if (end + T > 2 * this.#size) this.#moveDown();
      for (const [room, further] of [[this.#key, key], [this.#value, value]] as const) {
        room.slice(2, this.#start + this.#held, this.#start + this.#held + T).assign(further);
      }
    });
    this.#held += T;
    this.#read += T;
    return this.#view();
  }

  /** Forgets the oldest position behind the sinks: these are written once more, one place further on. */
  #evict(): void {
    const K = this.#sinks, first = this.#start;
    if (K > 0) {
      this.#sinkKey ??= keep(this.#key!.slice(2, first, first + K).clone());
      this.#sinkValue ??= keep(this.#value!.slice(2, first, first + K).clone());
      this.#key!.slice(2, first + 1, first + 1 + K).assign(this.#sinkKey);
      this.#value!.slice(2, first + 1, first + 1 + K).assign(this.#sinkValue);
    }
    this.#start++;
    this.#held--;
  }

  /** Begins anew at the front of the room, once in as many tokens as the cache has places: nothing overlaps. */
  #moveDown(): void {
    const [from, held] = [this.#start, this.#held];
    for (const room of [this.#key!, this.#value!]) room.slice(2, 0, held).assign(room.slice(2, from, from + held));
    this.#start = 0;
  }

  #view(): { readonly key: Tensor; readonly value: Tensor } {
    const [from, to] = [this.#start, this.#start + this.#held];
    return { key: this.#key!.slice(2, from, to), value: this.#value!.slice(2, from, to) };
  }

  /**
   * What the newest position attends to.
   *
   * @returns views, `[B, G, S, D]` and `[B, G, S, W]`
   * @throws {TypeError} while nothing is remembered
   */
  contents(): { readonly key: Tensor; readonly value: Tensor } {
    if (this.#key) return this.#view();
    throw new TypeError("Cannot look into a rolling cache before anything was appended");
  }

  /**
   * Refuses states: they are no positions, and no window can be kept of them.
   *
   * @throws {TypeError} always
   */
  replace(): never {
    throw new TypeError(
      "Cannot keep a window of states: this model's memory does not grow with the text, and needs none",
    );
  }

  /**
   * Chooses which texts of the batch to go on with: row `i` becomes what row `rows[i]` was.
   *
   * @param rows indices of texts; they may repeat, leave texts out, and change their number
   * @throws {RangeError} if there is no such text
   */
  reorder(rows: readonly number[]): void {
    checkNumbers("choose texts", "rows", rows);
    if (!this.#key || !this.#value) return;
    const B = this.#key.shape[0]!, wrong = rows.find((row) => !(Number.isInteger(row) && row >= 0 && row < B));
    if (wrong !== undefined) throw new RangeError(`Cannot go on with text ${shown(wrong)} of ${B}`);
    if (rows.length === B && rows.every((row, i) => row === i)) return;
    const { key, value } = this.#view(), room = 2 * this.#size;
    const chosen = [key, value].map((held) => chosenRows(held, rows, room)) as [Tensor, Tensor];
    const sinks = [this.#sinkKey, this.#sinkValue].map((held) => held && chosenRows(held, rows, this.#sinks));
    this.#release();
    [this.#key, this.#value] = chosen;
    [this.#sinkKey, this.#sinkValue] = sinks;
    this.#start = 0;
  }

  /** Forgets everything and gives the memory back. */
  dispose(): void {
    this.#release();
    this.#key =
      this.#value =
      this.#sinkKey =
      this.#sinkValue =
        undefined;
    this.#start = this.#held = this.#read = 0;
  }

  #release(): void {
    for (const held of [this.#key, this.#value, this.#sinkKey, this.#sinkValue]) if (held) release(held);
  }

  #refusal(T: number): string {
    return `Cannot append ${T} positions to a rolling cache of ${this.#size} that keeps ${this.length}: ` +
      "what does not fit at once has to come one by one";
  }
}

/**
 * A memory of a fixed size for the option `window` of {@linkcode generate}.
 *
 * Each token attends to the first tokens of the text and to the last ones, and positions are counted within the cache. Models with rotary
 * positions, ALiBi, T5's biases or no positions keep their order so; learned and sinusoidal ones lose it, and go on better with `slide`.
 *
 * @example
 * ```ts
 * import { DecoderOnly, Random, rotary, stream } from "@heed/heed";
 * import { rollingWindow } from "@heed/heed/generation";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 16, positions: rotary() };
 * const model = new DecoderOnly(sizes, new Random(1)), window = rollingWindow({ size: 16, sinks: 2 });
 * for await (const { step } of stream(model, [3, 1, 4], { maxNewTokens: Infinity, window })) if (step === 40) break;
 * ```
 *
 * @param options size and sinks
 * @returns a value that makes the caches
 * @throws {RangeError} if the sinks leave no place for the newest token
 */
export function rollingWindow(options: RollingOptions): ContextWindow {
  const { size } = sizesOf(options);
  return {
    size,
    newMemory: () => new RollingCache(options),
    requireFit: (decoder, lengths) => requireRolling(decoder, lengths, size),
  };
}

/**
 * Lets each position see the first ones and its neighbourhood before it: $S_t$ as a mask.
 *
 * @param T number of positions
 * @param options size and sinks
 * @returns true where looking is allowed, `[T, T]`
 */
export function rollingMask(T: number, options: RollingOptions): Tensor {
  checkSizes("mask", { T });
  const { size, sinks } = sizesOf(options);
  const isSink = arange(T).less(sinks).unsqueeze(0);
  return windowMask(T, T, { before: size - sinks - 1 }).or(isSink).and(causalMask(T));
}

// ## A stream
//
// A text that does not end is scored as it comes: each token is fed once, and what the model said of it before is its loss. The mean loss over many tokens, as an exponent of $e$, is the perplexity
// ([section](../06_training/loss.ts)).

/** How a stream is read. */
export interface StreamLossOptions {
  /** What keeps the memory at a fixed size; it grows with the text by default. */
  readonly window?: ContextWindow | undefined;
  /** Stops between two tokens, with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how many tokens have been read; nobody does by default. */
  readonly onProgress?: ((tokens: number) => void) | undefined;
}

/**
 * What each token of a text costs a model that reads it one by one, with a memory.
 *
 * @param decoder a model with caches
 * @param tokens ids
 * @param options the window, and who is told
 * @returns $-\log p$ of each token but the first, in nats
 * @throws {RangeError} if the text is longer than the context and there is no window
 * @throws {TypeError} if the model has no caches
 */
export async function streamLosses(
  decoder: Decoder,
  tokens: ArrayLike<number>,
  options: StreamLossOptions = {},
): Promise<Float64Array> {
  checkValue("read a stream", "decoder", decoder, decoderCheck);
  checkNumbers("read a stream", "tokens", tokens);
  checkOptions("read a stream", options, STREAM);
  const { window, signal, onProgress } = options, caches: SessionMemory[] = [];
  const memories = decoder.newCaches?.(() => {
    caches.push(window?.newMemory() ?? new KeyValueCache());
    return caches.at(-1)!;
  });
  if (caches.length === 0) {
    throw new TypeError("Cannot read a stream with a model that has no caches: newCaches() is missing");
  }
  const losses = new Float64Array(Math.max(0, tokens.length - 1)), fed = { caches: memories as Caches, lastOnly: true };
  const step = (at: number): Tensor =>
    scope(() => withoutChance(() => decoder.forward(tensor(Int32Array.of(tokens[at]!), [1, 1]), fed)).at(1, -1));
  try {
    for (let from = 0; from < losses.length; from += READ_EVERY) {
      await rest(signal);
      const count = Math.min(READ_EVERY, losses.length - from);
      let reading: Promise<Numbers> | undefined;
      scope(() =>
        noGrad(() => {
          reading = logSoftmax(concat(Array.from({ length: count }, (_, i) => step(from + i)), 0)).read();
        })
      );
      const numbers = await reading!, V = numbers.length / count;
      for (let i = 0; i < count; i++) losses[from + i] = -numbers[i * V + tokens[from + i + 1]!]!;
      onProgress?.(from + count);
    }
  } finally {
    for (const cache of caches) cache.dispose();
  }
  return losses;
}

// ## What it equals
//
// Nothing is computed anew, so what is the result equal to? In one layer the output of token $t$ is the attention of its query over $S_t$, with the positions $r_t$: as if the layer had read these tokens alone, in this order. The keys of a deeper layer are made from
// outputs of the layer below, each of which saw the tokens of *its* time. So a model of several layers is equal to neither of two simple things.
// It is not equal to reading the window anew, since its keys still carry something of evicted tokens. And it is equal to one pass over the whole text under the mask of $S_t$, `rollingMask`, only where distances are those of the text: without positions, or without sinks
// and with rotary positions, ALiBi, T5's or Shaw's. The tests "a rolling cache computes what each layer computes anew of the tokens attended to", "a rolling cache equals one pass under the mask of window and sinks, where distances stay" and "a window
// that is read again differs from one that rolls, from two layers on" hold all three, on every device.

// ## What is lost
//
// The [experiment](experiments/windows_and_sinks.ts) trains a model whose texts all begin with one token. Later in each text a sign stands for an instruction, which is needed again and again. Then it reads a text that is many times as long as any of the training.
//
// **The notes, 004.125.** They give two causes for the failure of a window: the instruction at the beginning is forgotten, and the sinks are gone. Both are real, and they are different. The experiment separates them: sinks repair the probability of the next token, and
// leave the instruction forgotten, unless it stands among the sinks itself.
//
// **The notes, 004.126.** It holds in the experiment, and in large language models (Xiao and others measure it). It is no law: whether a model has learned to put its attention there depends on the model. The recorded run below looks at one of real text.
//
// **The notes, 004.127.** It holds, with one addition. The query of token 8, which predicts token 9, attends to 0–3 and 5–8; what the notes leave out is that these
// count as places 0–7.
//
// **The notes, 004.128.** Not as it is worded. What is kept is the probability of what comes next, which depends on the last tokens for the most part. What was said in evicted tokens is lost, and whoever asks for it gets a fluent guess. The last figure of the experiment shows it, and so does the run. The costs are as the notes have them: memory and time per token no longer grow. With a cache they grew linearly with the text, and not with its square ([the notes](notes:004.124), [section](kv_cache.ts)).

// ## On Shakespeare's plays
//
// ```picture windows_and_sinks_run A stream of letters from plays that the model never read, with signs that are asked for later.
// ```

// #region Options and memory
// What they may be; room on the device.

/** Steps between two readings of a stream. */
const READ_EVERY = 64;

/** What a model takes for its caches. */
type Caches = NonNullable<Parameters<Decoder["forward"]>[1]["caches"]>;

const ROLLING: Checks<RollingOptions> = { size: required(integer()), sinks: integer({ min: 0 }) };

const STREAM: Checks<StreamLossOptions> = {
  window: windowCheck,
  signal: abortSignal,
  onProgress: callback(),
};

/** Size and sinks, which leave a place for the newest token. */
function sizesOf(options: RollingOptions): { readonly size: number; readonly sinks: number } {
  checkOptions("roll a cache", options, ROLLING);
  const { size, sinks = 4 } = options;
  if (sinks < size) return { size, sinks };
  throw new RangeError(`Cannot keep ${sinks} sinks in a cache of ${size}: the newest token needs a place beside them`);
}

/** Refuses what cannot roll. */
function requireRolling(decoder: Decoder, lengths: readonly number[], size: number): void {
  const { contextLength, numSources, newCaches } = decoder;
  if (numSources !== undefined) {
    throw new TypeError("Cannot use window with a model that holds sources: it would forget what it translates");
  }
  if (!newCaches) {
    throw new TypeError("Cannot use window with a model that has no caches: newCaches() is missing");
  }
  if (size > contextLength) {
    throw new RangeError(`Cannot use a window of ${size} positions: the model sees ${contextLength}`);
  }
  const different = [...new Set(lengths)].sort((a, b) => a - b);
  if (different.length > 1) {
    throw new TypeError(
      `Cannot use window with prompts of ${different.join(", ").replace(/, (\d+)$/, " and $1")} tokens: their caches ` +
        "are not full at one time; generate them one by one",
    );
  }
}

/** Room for some positions, `[B, G, room, D]`. */
function roomFor(like: Tensor, room: number): Tensor {
  const { B, G, D } = dims(like, "B G T D");
  return keep(uninitialized(like.device, [B, G, room, D], like.dtype));
}

/** Some rows of the batch, in a room of their own. */
function chosenRows(held: Tensor, rows: readonly number[], room: number): Tensor {
  return noGrad(() =>
    scope(() => {
      const chosen = take(held, tensor(Int32Array.from(rows))), own = roomFor(chosen, room);
      own.slice(2, 0, chosen.shape[2]!).assign(chosen);
      return own;
    })
  );
}
// #endregion

// ## Pitfall: keys marked on arrival
//
// A cache that holds turned keys, as one that grows does, cannot count places: after an eviction each key would have to be turned back by one place. Left as they are, distances to the sinks grow with the text, and soon are larger than any in training. The test "what a
// rolling cache gives a layer does not depend on how much was evicted" reads texts of different lengths with equal sinks and equal windows.

// ## Pitfall: padding among the sinks
//
// Prompts of different lengths are padded on the left ([session](session.ts)). The first places of a shorter one would be padding, kept for ever, and its own first tokens would be evicted. `generate` refuses them in one call; of equal length they go
// together, and so do beams. The test "generate() says what a window does not go with" has the sentence.

// ## Exercise
//
// *Farther than the window.* Without sinks a token attends to the $N - 1$ tokens before it. How far back can a token stand that still has an effect on the logits of a model of $L$ layers? Does that bring back what was evicted?
//
// **Hint.** What does a key of the second layer know?
//
// **Solution.** $L(N - 1)$ tokens: each layer reaches $N - 1$ tokens further, as Longformer has it. The effect is indirect, through outputs of tokens between that nobody trained to carry it. In the experiment, whose model has one layer, nothing comes through at all.
//
// ```ts
// import { DecoderOnly, Random, rotary } from "@heed/heed";
// import { RollingCache } from "@heed/heed/generation";
//
// const text = Array.from({ length: 20 }, (_, t) => t), sizes = { vocabSize: 21, hiddenSize: 32, numHeads: 2, contextLength: 4 };
// for (const numLayers of [1, 2, 3]) {
//   const model = new DecoderOnly({ ...sizes, numLayers, positions: rotary() }, new Random(1));
//   const logitsOf = async (tokens: readonly number[]): Promise<string> => {
//     const caches = model.newCaches(() => new RollingCache({ size: 4, sinks: 0 }));
//     const logits = tokens.map((token) => model.forward([[token]], { caches }));
//     return String(await logits.at(-1)!.read());
//   };
//   const before = await logitsOf(text), changed = [];
//   for (let back = 0; back < 20; back++) {
//     if (await logitsOf(text.with(-1 - back, 20)) !== before) changed.push(back);
//   }
//   console.log(`${numLayers} layers: an effect from ${Math.max(...changed)} tokens before`);
// }
// ```
//
// ```text
// 1 layers: an effect from 3 tokens before
// 2 layers: an effect from 6 tokens before
// 3 layers: an effect from 9 tokens before
// ```
