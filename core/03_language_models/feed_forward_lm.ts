/**
 * # A feed-forward language model
 *
 * **Question.** For a table of counts 喜欢 and 爱 (*like*, *love*) are as different as any two words. What it has seen of one says nothing about the other. How can what is learned
 * of a word serve the words that are like it?
 *
 * **Idea.** Each word is a vector, a row of one table. The vectors of the last few words are put side by side to one long vector. A hidden layer (隐藏层) with tanh mixes it, and a second map gives each word a score: a feed-forward
 * language model (前馈神经网络语言模型). $\tanh z = (e^z - e^{-z})/(e^z + e^{-z})$ maps every number into (−1, 1). Near 0 it is nearly $z$ itself, and its slope is $1 - \tanh^2 z$. The table is learned together with the rest. Words that predict the same get vectors that are near each other. What is then learned of one holds for the others.
 *
 * ```picture feed_forward_window The last two words, their vectors side by side, a hidden layer, and the probability of each word that may follow.
 * ```
 *
 * **By hand.** The words 我 喜欢 (*I like*) have the vectors (1, 0) and (0, 1), side by side (1, 0, 0, 1). The hidden layer has one number. Its weights are (1, 0, 0, 1) and its bias is −1: $1 + 0 + 0 + 1 - 1 = 1$, and tanh of 1 is 0.762.
 * The scores of 苹果 and 我 (*apple*, *I*) are twice that and minus that: 1.523 and −0.762. The softmax gives 苹果 0.908. Now 爱 in place of 喜欢: its vector is close, (0, 0.9), and the hidden number is tanh of 0.9. 苹果 has 0.896. So where the two vectors are near, texts with 我 喜欢 苹果 alone make 我 爱 苹果
 * probable too.
 *
 * ```ts
 * import { scoreNext } from "@heed/heed/language-models";
 * import { softmax } from "@heed/heed/words";
 * import { tensor } from "@heed/heed/engine";
 *
 * const hiddenWeight = tensor([[1], [0], [0], [1]]), hiddenBias = tensor([-1]);
 * const outputWeight = tensor([[2, -1]]), outputBias = tensor([0, 0]);
 *
 * for (const [name, window] of [["我 喜欢", [[1, 0], [0, 1]]], ["我 爱", [[1, 0], [0, 0.9]]]] as const) {
 *   const scores = scoreNext(tensor(window), { hiddenWeight, hiddenBias, outputWeight, outputBias });
 *   const print = (numbers: Iterable<number>) => Array.from(numbers, (number) => number.toFixed(3)).join(" ");
 *   console.log(name, print(await scores.read()), "→", print(await softmax(scores).read()));
 * }
 * console.log("tanh of 1", Math.tanh(1).toFixed(3));
 * ```
 *
 * ```text
 * 我 喜欢 1.523 -0.762 → 0.908 0.092
 * 我 爱 1.433 -0.716 → 0.896 0.104
 * tanh of 1 0.762
 * ```
 *
 * **Formula.** With the vectors $C(w)$ of the last $N$ words, joined to one row $x$ of $N E$ numbers; the letters are those of the paper,
 *
 * $$x = [C(w_{t-N}); \dots; C(w_{t-1})], \qquad y = b + x W + \tanh(d + x H)\, U, \qquad P(w_t \mid w_{t-N}, \dots, w_{t-1}) = \mathrm{softmax}(y)$$
 *
 * | symbol | in code        | shape      |
 * | ------ | -------------- | ---------- |
 * | $C(w)$ | a row of `window` | `[E]`   |
 * | $x$    | `x`            | `[1, N·E]` |
 * | $H$    | `hiddenWeight` | `[N·E, F]` |
 * | $d$    | `hiddenBias`   | `[F]`      |
 * | $U$    | `outputWeight` | `[F, V]`   |
 * | $b$    | `outputBias`   | `[V]`      |
 * | $W$    | `directWeight` | `[N·E, V]` |
 * | $y$    | `scores`       | `[V]`      |
 *
 * The direct connections $W$ are optional, as in the paper. There they made the training shorter and the perplexity a little worse.
 *
 * **How it learns.** The loss is $-\log P(w_t \mid \dots)$ at every position ([section](autoregressive.ts)). Its gradient passes the softmax, $U$, tanh and $H$, and ends in $x$: in the $N$ rows of the table that were looked up.
 *
 * **Why side by side.** A sum of the vectors would lose the order. Side by side each place of the window has its own rows of $H$. So the layer can weigh the word before and ignore the one before that. The
 * price is a window whose length is fixed when the model is built.
 *
 * **The notes, 004.38.** It holds, with *smaller* as a habit and not a rule. The two best models of the paper's table see four words of 30 or 60 numbers each, 120 or 240 in all, and map them to 100 or 50.
 *
 * **The notes, 004.39.** Both hold as far as the window reaches. The first experiment withholds pairs of words from the training: this model predicts them from words that are used alike, and a table of
 * counts does not. It has to have seen each word often enough to know its kind. The second one puts names between a title and its pronoun. That several words enter together is not the reason: a 7-gram table sees
 * as many. The layer learns which places do not matter, and the table counts each combination by itself.
 *
 * **The notes, 004.40.** It holds. One word beyond the window changes nothing, and the second experiment shows the step.
 *
 * Sources: Bengio, Ducharme, Vincent and Jauvin 2003, *A Neural Probabilistic Language Model*; Bengio, Ducharme and Vincent 2000, of the same title.
 *
 * @module
 */

import { startMask, startsCheck } from "../engine/allowed.ts";
import { aMask, aTensor, checkSizes, checkTensors, MOST_PARTS } from "../engine/arguments.ts";
import { shareChance } from "../engine/chance.ts";
import { zeros } from "../engine/create.ts";
import { withBackend } from "../engine/device.ts";
import { Dropout } from "../engine/dropout.ts";
import { concat } from "../engine/joining.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import {
  type Check,
  checkFunction,
  checkOptions,
  type Checks,
  flag,
  integer,
  list,
  numeric,
  required,
} from "../engine/options.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { Embedding } from "../02_words/embeddings.ts";

/** The weights of {@linkcode scoreNext}. */
export interface FeedForwardWeights {
  /** From the window to the hidden layer, `[N·E, F]`. */
  readonly hiddenWeight: Tensor;
  /** What is added to the hidden layer, `[F]`. */
  readonly hiddenBias: Tensor;
  /** From the hidden layer to the scores, `[F, V]`. */
  readonly outputWeight: Tensor;
  /** What is added to the scores, `[V]`. */
  readonly outputBias: Tensor;
  /** From the window to the scores, `[N·E, V]`; none by default. */
  readonly directWeight?: Tensor | undefined;
}

/**
 * Scores every word as the next one after a window.
 *
 * The formula line by line. {@linkcode FeedForwardLanguageModel} computes the same at all positions of a batch.
 *
 * @param window the vectors of the last words, `[N, E]`
 * @param weights of both maps
 * @returns logits, `[V]`
 * @throws {TypeError} if the shapes disagree
 */
export function scoreNext(window: Tensor, weights: FeedForwardWeights): Tensor {
  const { X } = checkPlain(window, weights), { hiddenWeight, hiddenBias, outputWeight, outputBias } = weights;

  // $x$: the words side by side, so that each place has rows of its own in the next matrix.
  const x = window.reshape([1, X]);

  // $\tanh(d + xH)$: features of the words together.
  const hidden = x.matmul(hiddenWeight).add(hiddenBias).tanh();

  // $b + \dots U$: one score for each word of the vocabulary.
  const scores = hidden.matmul(outputWeight).add(outputBias);

  // $xW$: what needs no hidden layer.
  const direct = weights.directWeight && x.matmul(weights.directWeight);
  return (direct ? scores.add(direct) : scores).squeeze(0);
}

// ## What similar words share
//
// Nothing tells the model which words are alike. The [experiment](experiments/feed_forward_lm.ts) leaves pairs of words out of the text, and asks for them.
//
// ## Words between two that belong together
//
// In *Mr. Peter Smith … he* the pronoun depends on the title alone. The [experiment](experiments/feed_forward_lm/window.ts) puts more and more names between, up to the end of a window and beyond it.

// #region A model of any text
// For each position a copy of its window is made, as one row. All rows together are one matrix, and two matrix products score all positions. Before the first word there are zeros. While it writes, the model keeps the vectors of the last
// words, which is a memory of fixed size.

/** A language model of a fixed window. */
export class FeedForwardLanguageModel extends Module {
  /** The options with every default filled in. */
  readonly options: CompleteFeedForwardOptions;
  /** One row per token. */
  readonly embedding: Embedding;
  /** From a window to the hidden layer. */
  readonly hidden: Linear;
  /** Sets a fraction of the hidden numbers to zero at random in training (dropout). */
  readonly dropout: Dropout;
  /** From the hidden layer to the scores. */
  readonly head: Linear;
  /** From a window to the scores, if there are direct connections. */
  readonly direct: Linear | undefined;

  /**
   * Starts from small random weights.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible
   */
  constructor(options: FeedForwardOptions, random: Random) {
    super();
    const layout = this.options = layoutOf(options);
    checkRandom("build a model", random);
    const { vocabSize, windowSize, embeddingSize, hiddenSize, direct, dropout } = layout,
      X = windowSize * embeddingSize;
    checkSizes("build a model", { window: X });
    this.embedding = new Embedding(vocabSize, embeddingSize, random);
    this.hidden = new Linear(X, hiddenSize, random);
    this.dropout = new Dropout(dropout);
    this.head = new Linear(hiddenSize, vocabSize, random);
    this.direct = direct ? new Linear(X, vocabSize, random, { bias: false }) : undefined;
    shareChance(this.chances(), random);
  }

  /** Number of scores per position. */
  get vocabSize(): number {
    return this.options.vocabSize;
  }

  /** Longest sequence: there is no bound, although a score depends on one window. */
  get contextLength(): number {
    return Infinity;
  }

  /**
   * Scores the token after each position.
   *
   * @param tokens ids, or what continues those that the caches stand for, int32 `[B, T]`
   * @param call the memory of earlier tokens, padding, which positions
   * @returns logits, `[B, T, V]`, or `[B, 1, V]` with `lastOnly`
   * @throws {TypeError} if there is more than one cache
   */
  forward(tokens: TensorLike, call: FeedForwardContinuation = {}): Tensor {
    checkOptions("score tokens", call, CONTINUATION);
    tokens = asTensor("score tokens", "tokens", tokens, "int32", this.embedding.weight.storage);
    const { B, T } = dims(tokens, "B T"), { windowSize: N } = this.options, { lastOnly, caches } = call;
    if (caches && caches.length !== 1) {
      throw new TypeError(`Cannot use ${caches.length} caches: a feed-forward model has one`);
    }
    const mask = wordMask(tokens, call);
    const embedded = this.embedding.forward(tokens), own = mask ? embedded.where(mask.unsqueeze(-1), 0) : embedded;
    const vectors = concat([this.#earlier(B, caches?.[0]), own], 1); // [B, N − 1 + T, E]
    if (caches) this.#remember(caches[0]!, vectors.slice(1, T));

    // $x$: of each position, or of the last one alone, its window.
    const first = lastOnly ? T - 1 : 0;
    const x = concat(Array.from({ length: N }, (_, place) => vectors.slice(1, first + place, T + place)), -1);
    const scores = this.head.forward(this.dropout.forward(this.hidden.forward(x).tanh()));
    return this.direct ? scores.add(this.direct.forward(x)) : scores;
  }

  /**
   * One empty memory: the vectors of the last words.
   *
   * @param create makes one, such as `KeyValueCache` of `@heed/heed/generation`
   * @returns a list of one
   */
  newCaches<M extends StateMemory>(create: () => M): M[] {
    checkFunction("make caches by", create);
    return [create()];
  }

  /** The vectors before the first position, `[B, N − 1, E]`. */
  #earlier(B: number, cache: StateMemory | undefined): Tensor {
    if (cache && cache.length > 0) return cache.contents().key.squeeze(1);
    const { windowSize, embeddingSize } = this.options, { device } = this.embedding.weight.storage;
    return withBackend(device, () => zeros([B, windowSize - 1, embeddingSize]));
  }

  /** Keeps vectors as a cache has them; the place of the values stays empty. */
  #remember(cache: StateMemory, vectors: Tensor): void {
    const key = vectors.unsqueeze(1);
    cache.replace(key, key.slice(3, 0, 0));
  }
}

/** True for words of a pass, `[B, T]`: what the mask allows and no row has before its start. */
export function wordMask(
  tokens: Tensor,
  call: Pick<FeedForwardContinuation, "mask" | "starts">,
): Tensor | undefined {
  const { B, T } = dims(tokens, "B T"), given = asOptionalTensor("score tokens", "mask", call.mask, "bool", tokens);
  if (given) dims(given, "B T", { B, T });
  const own = call.starts && withBackend(tokens.device, () => startMask(call.starts!, T));
  if (own) dims(own, "B T", { B });
  return given && own ? given.and(own) : given ?? own;
}

/** A memory that is replaced at each call: S vectors of a fixed number, or states. */
export interface StateMemory {
  /** 0 as long as nothing is remembered. */
  readonly length: number;
  /**
   * What is remembered.
   *
   * @returns two tensors, `[B, G, S, D]` and `[B, G, S, W]`
   */
  contents(): { readonly key: Tensor; readonly value: Tensor };
  /**
   * Remembers these in place of everything before.
   *
   * @param key vectors, or the hidden states of all layers, `[B, G, S, D]`
   * @param value nothing, `[B, G, S, 0]`, or cell states
   */
  replace(key: Tensor, value: Tensor): void;
}

/** What is handed to a model that replaces its memory. */
export const aStateMemory: Check<readonly StateMemory[]> = list(
  "a list with one memory",
  (memory) => typeof memory === "object" && memory !== null && "replace" in memory,
);

/** How a {@linkcode FeedForwardLanguageModel} is laid out. */
export interface FeedForwardOptions {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Words that it sees: N; 8 by default. */
  readonly windowSize?: number | undefined;
  /** Width of a word: E; 64 by default. */
  readonly embeddingSize?: number | undefined;
  /** Width of the hidden layer: F; 256 by default. */
  readonly hiddenSize?: number | undefined;
  /** Whether the window is also mapped to the scores directly; false by default. */
  readonly direct?: boolean | undefined;
  /** Probability of dropping a number of the hidden layer in training; 0 by default. */
  readonly dropout?: number | undefined;
}

/** The options with every default filled in. */
export type CompleteFeedForwardOptions = {
  readonly [K in keyof FeedForwardOptions]-?: Exclude<FeedForwardOptions[K], undefined>;
};

const OPTIONS: Checks<FeedForwardOptions> = {
  vocabSize: required(integer()),
  windowSize: integer({ min: 2, max: MOST_PARTS }),
  embeddingSize: integer(),
  hiddenSize: integer(),
  direct: flag,
  dropout: numeric({ min: 0, below: 1 }),
};

function layoutOf(options: FeedForwardOptions): CompleteFeedForwardOptions {
  checkOptions("build a model", options, OPTIONS);
  const { vocabSize, windowSize = 8, embeddingSize = 64, hiddenSize = 256, direct = false, dropout = 0 } = options;
  return { vocabSize, windowSize, embeddingSize, hiddenSize, direct, dropout };
}

/** What one pass through a {@linkcode FeedForwardLanguageModel} looks at. */
export interface FeedForwardContinuation {
  /** True for tokens, false for padding, bool `[B, T]`; tokens everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
  /** Position of each row's first token, below 0 for padding; nothing is padding by default. */
  readonly starts?: readonly number[] | undefined;
  /** What earlier tokens left, one memory; none by default. */
  readonly caches?: readonly StateMemory[] | undefined;
  /** Whether only the last position is scored, as a generation loop wants; false by default. */
  readonly lastOnly?: boolean | undefined;
}

const CONTINUATION: Checks<FeedForwardContinuation> = {
  mask: aMask,
  starts: startsCheck,
  caches: aStateMemory,
  lastOnly: flag,
};

const WEIGHTS: Checks<FeedForwardWeights> = {
  hiddenWeight: required(aTensor),
  hiddenBias: required(aTensor),
  outputWeight: required(aTensor),
  outputBias: required(aTensor),
  directWeight: aTensor,
};

function checkPlain(window: Tensor, weights: FeedForwardWeights): { X: number } {
  checkTensors("score the next word", { window });
  checkOptions("score the next word", weights, WEIGHTS);
  const { N, E } = dims(window, "N E"), X = N * E, { F } = dims(weights.hiddenWeight, "X F", { X });
  dims(weights.hiddenBias, "F", { F });
  const { V } = dims(weights.outputWeight, "F V", { F });
  dims(weights.outputBias, "V", { V });
  if (weights.directWeight) dims(weights.directWeight, "X V", { X, V });
  return { X };
}

// #endregion

// ## Cost
//
// A position costs $N E F + F V$ multiplications. A word more in the window is $E F$ more weights. A table of counts would get
// one more order, with up to as many entries as the text has tokens.

// ## Pitfall: the order of the places
//
// Training and generation have to put the words of a window in the same order, the oldest first. The test "generate() with the window of a feed-forward model equals recomputation" compares.

// ## Exercise
//
// A vocabulary has 17,000 words, a word 60 numbers, the window five words and the hidden layer 100 numbers. How many weights has each map, and which of them would a window of ten words change?
//
// **Hint.** Count $N E F$ and $F V$.
//
// **Solution.** The hidden layer has 30,000 weights, the table 1,020,000 and the scores 1,700,000. Ten words double the first number alone. A table of counts for eleven words instead of six would have to hold each new combination.
//
// ```ts
// const [V, E, N, F] = [17_000, 60, 5, 100];
// console.log({ hidden: N * E * F, table: V * E, scores: F * V });
// ```
//
// ```text
// { hidden: 30000, table: 1020000, scores: 1700000 }
// ```
