/**
 * # A table of n-grams in use
 *
 * **Question.** A model of a million n-grams scores texts and is sampled from. How does it find the n-grams of a context at once?
 *
 * **Idea.** The n-grams are the nodes of a tree (trie): the continuations of an n-gram stand side by side in the order above, sorted by their last
 * token. The contexts of a position, from the empty one to the longest, are n-grams that end there. The contexts of the next
 * position are their continuations by one token. So scoring a token takes one binary search for each order, whatever the size of the table.
 *
 * **Formula.** With the table's probability $p$ and back-off weight $\gamma$, and $h'$ the context $h$ without its first token,
 *
 * $$\log P(w \mid h) = \begin{cases} \log p(h w) & \text{if } hw \text{ is in the table} \\ \log \gamma(h) + \log P(w \mid h') & \text{otherwise} \end{cases}$$
 *
 * A context that is not in the table has $\gamma = 1$. A table that was counted has every part of its n-grams; one that was pruned, to be
 * smaller, may lack some.
 *
 * | symbol        | in code           | shape              |
 * | ------------- | ----------------- | ------------------ |
 * | $\log p$      | `logProbability`  | one for an n-gram  |
 * | $\log \gamma$ | `logBackoff`      | one for an n-gram  |
 *
 * **Memory.** An n-gram of the highest order takes 8 bytes, its last token and its probability, and one of a lower order 16: its back-off
 * weight and the place of its continuations come on top. The vocabulary is dense at order 1.
 *
 * @module
 */

import { checkInstance, checkNumbers } from "../../engine/arguments.ts";
import { tensor } from "../../engine/create.ts";
import { checkOptions, type Checks, checkValue, flag, integer, shown } from "../../engine/options.ts";
import { readLiteral } from "../../engine/literal.ts";
import { Tensor, type TensorLike } from "../../engine/tensor.ts";

/** The n-grams of one order, as a tree keeps them. */
export interface NGramOrder {
  /** Last token of each n-gram, sorted within those of one prefix. */
  readonly word: Int32Array;
  /** Natural logarithm of its probability after its prefix. */
  readonly logProbability: Float32Array;
  /** Natural logarithm of its weight as a context; absent at the highest order. */
  readonly logBackoff?: Float32Array;
  /** Where its continuations begin in the order above; absent at the highest order. */
  readonly starts?: Int32Array;
}

/** What an {@linkcode NGramModel} is made of. */
export interface NGramModelParts {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** N-grams of each order, from 1 on; order 1 has one for each token. */
  readonly orders: readonly NGramOrder[];
  /** Token that only begins sequences and is never predicted; none by default. */
  readonly beginToken?: number | undefined;
}

/** Which positions {@linkcode NGramModel.forward} scores. */
export interface NGramCall {
  /** Memory of earlier calls, of which a table has none and takes none; none by default. */
  readonly caches?: readonly unknown[] | undefined;
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

const CALL: Checks<NGramCall> = {
  caches: { must: "left out: a table has no memory", fits: () => false },
  lastOnly: flag,
};

/** An n-gram model: looks up how probable each token is after the last few. */
export class NGramModel {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Tokens that a probability depends on, the predicted one included. */
  readonly order: number;
  /** The tree, from order 1 on. */
  readonly orders: readonly NGramOrder[];
  /** Token that only begins sequences, if there is one. */
  readonly beginToken: number | undefined;
  /** Longest sequence that it reads: any, of which it looks at the last tokens. */
  readonly contextLength: number = Infinity;

  /**
   * Takes a tree over.
   *
   * @param parts vocabulary and n-grams
   * @throws {RangeError} if sizes disagree
   */
  constructor(parts: NGramModelParts) {
    checkOptions("make an n-gram model", parts, {
      vocabSize: { ...integer(), required: true },
      orders: {
        must: "a list of orders",
        fits: (value) =>
          Array.isArray(value) && value.length > 0 && value.every((one) => one?.word instanceof Int32Array),
        required: true,
      },
      beginToken: integer({ min: 0 }),
    });
    const { vocabSize, orders, beginToken } = parts;
    if (orders[0]!.word?.length !== vocabSize) {
      throw new RangeError(
        `Cannot make an n-gram model of ${orders[0]!.word?.length} unigrams: there must be vocabSize, ${vocabSize}`,
      );
    }
    this.vocabSize = vocabSize;
    this.orders = orders;
    this.order = orders.length;
    this.beginToken = beginToken;
  }

  /** How many n-grams it has of each order, from 1 on. */
  get sizes(): number[] {
    return this.orders.map(({ word }) => word.length);
  }

  /** Bytes of the table. */
  get byteLength(): number {
    return this.orders.reduce(
      (sum, { word, logProbability, logBackoff, starts }) =>
        sum + word.byteLength + logProbability.byteLength + (logBackoff?.byteLength ?? 0) + (starts?.byteLength ?? 0),
      0,
    );
  }

  /**
   * The number of an n-gram of the table, or -1.
   *
   * @param tokens the n-gram
   * @returns its place in its order
   */
  find(tokens: ArrayLike<number>): number {
    checkNumbers("find an n-gram", "tokens", tokens);
    let node = tokens[0] ?? -1;
    if (tokens.length > this.order || !(node >= 0 && node < this.vocabSize)) return -1;
    for (let i = 1; i < tokens.length && node >= 0; i++) node = this.#child(i, node, tokens[i]!);
    return node;
  }

  /**
   * How probable each token is after a context.
   *
   * @param context the tokens before, of which the last few count
   * @returns natural logarithms, `[V]`; their exponentials sum to one
   * @throws {RangeError} if a token does not exist
   */
  next(context: ArrayLike<number>): Float64Array {
    checkNumbers("predict", "context", context);
    const first = Math.max(0, context.length - this.order + 1);
    for (let i = first; i < context.length; i++) requireToken(context[i]!, this.vocabSize);
    const row = Float64Array.from(this.orders[0]!.logProbability);
    // From the shortest context to the longest: each takes mass from all tokens and gives it to those that it has seen.
    for (let start = context.length - 1; start >= first; start--) {
      const length = context.length - start, node = this.#descend(context, start, length);
      // A pruned table may have a longer context without this one.
      if (node < 0) continue;
      const { logBackoff, starts } = this.orders[length - 1]!, above = this.orders[length]!;
      const backoff = logBackoff![node]!;
      if (backoff !== 0) { for (let token = 0; token < row.length; token++) row[token]! += backoff; }
      for (let i = starts![node]!; i < starts![node + 1]!; i++) row[above.word[i]!] = above.logProbability[i]!;
    }
    return row;
  }

  /**
   * Scores tokens of a sequence, each after those before it.
   *
   * @param tokens the sequence
   * @param from the first one to score
   * @param end where to stop
   * @returns natural logarithms
   */
  scoreTokens(tokens: Int32Array, from: number, end: number): Float64Array {
    checkInstance("score", "tokens", tokens, Int32Array);
    checkValue("score", "end", end, integer({ min: 0, max: tokens.length }));
    checkValue("score", "from", from, integer({ min: 0, max: end }));
    const found = new Float64Array(end - from), longest = this.order - 1;
    // The n-grams that end at the position before, by order; those of the stretch before `from` lead there.
    let contexts = new Int32Array(longest + 1).fill(-1), next = new Int32Array(longest + 1);
    for (let t = Math.max(0, from - longest); t < end; t++) {
      const token = requireToken(tokens[t]!, this.vocabSize);
      next.fill(-1);
      next[0] = token;
      let logProbability = this.orders[0]!.logProbability[token]!, pending = 0;
      for (let length = 1; length <= longest; length++) {
        const context = contexts[length - 1]!;
        if (context < 0) continue;
        const node = this.#child(length, context, token);
        if (node >= 0) {
          logProbability = this.orders[length]!.logProbability[node]!;
          pending = 0;
          if (length < longest) next[length] = node;
        } else pending += this.orders[length - 1]!.logBackoff![context]!;
      }
      if (t >= from) found[t - from] = logProbability + pending;
      [contexts, next] = [next, contexts];
    }
    return found;
  }

  /**
   * Scores every token after each position, as other models do; a sampling loop can use it.
   *
   * It computes on the host, so tokens on a GPU cannot be read.
   *
   * @param tokens ids, int32 `[B, T]`
   * @param call which positions
   * @returns logarithms of probabilities, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   * @throws {TypeError} if the tokens lie on a device that cannot be read at once
   */
  forward(tokens: TensorLike, call: NGramCall = {}): Tensor {
    checkOptions("score tokens", call, CALL);
    const { ids, B, T } = readIds(tokens), first = call.lastOnly ? T - 1 : 0, V = this.vocabSize;
    const logits = new Float32Array(B * (T - first) * V);
    for (let row = 0, at = 0; row < B; row++) {
      for (let t = first; t < T; t++, at += V) logits.set(this.next(ids.subarray(row * T, row * T + t + 1)), at);
    }
    return tensor(logits, [B, T - first, V]);
  }

  #descend(tokens: ArrayLike<number>, from: number, length: number): number {
    let node = tokens[from]!;
    for (let i = 1; i < length && node >= 0; i++) node = this.#child(i, node, tokens[from + i]!);
    return node;
  }

  /** The continuation of an n-gram of an order by a token, in the order above; -1 if it is not in the table. */
  #child(order: number, node: number, token: number): number {
    const starts = this.orders[order - 1]!.starts!, words = this.orders[order]!.word;
    let low = starts[node]!, high = starts[node + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (words[middle]! < token) low = middle + 1;
      else high = middle;
    }
    return low < starts[node + 1]! && words[low] === token ? low : -1;
  }
}

function requireToken(token: number, vocabSize: number): number {
  if (Number.isInteger(token) && token >= 0 && token < vocabSize) return token;
  throw new RangeError(`Cannot score token ${shown(token)}: it must be an integer in [0, ${vocabSize - 1}]`);
}

/** Ids as rows on the host. */
function readIds(tokens: TensorLike): { readonly ids: Int32Array; readonly B: number; readonly T: number } {
  let shape: readonly number[], numbers: ArrayLike<number>;
  if (tokens instanceof Tensor) {
    const { device } = tokens;
    if (!device.peek) {
      throw new TypeError(
        `Cannot score tokens on ${device.name} by a table on the host: withBackend(createWasmDevice(), …) keeps them there`,
      );
    }
    [shape, numbers] = [tokens.shape, device.peek(tokens)];
  } else ({ shape, numbers } = readLiteral("score tokens", tokens));
  if (shape.length !== 2 || shape[1] === 0) {
    throw new TypeError(`Cannot score tokens of shape [${shape.join(", ")}]: it must be [B, T] with T of at least 1`);
  }
  return { ids: Int32Array.from(numbers), B: shape[0]!, T: shape[1]! };
}
