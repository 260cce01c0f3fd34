/**
 * # N-grams
 *
 * **Question.** A language model predicts each token from its context ([section](../autoregressive.ts)). Contexts of any length are
 * endless, and almost every long one is new. What is the simplest model that learns from counts alone?
 *
 * **Idea.** Forget all but the last $n - 1$ tokens. What remains of the context was seen before, often enough to count what came
 * next. A unigram language model (单元语言模型) has $n = 1$ and no context: it takes the tokens for independent (independence
 * assumption, 独立性假设). A bigram (二元语法) model looks at one token before, a trigram (三元语法) model at two, an n-gram model
 * (n元语言模型) at $n - 1$. An n-gram that was never counted is not impossible. So some probability mass is taken from those that
 * were (smoothing) [平滑], and the shorter context says who gets it ([how](smoothing.ts)).
 *
 * **By hand.** A text of six words, 我 喜欢 我 吃 我 喜欢. A bigram model asks what follows 我. It was followed by 喜欢 twice and by 吃 once, so
 * $c = 2$ of $3$. Absolute discounting takes $0.5$ from each count. 喜欢 keeps $(2 - 0.5)/3 = 0.5$, and 吃 keeps
 * $(1 - 0.5)/3 = 0.1667$. Two different words followed, so $0.5 \cdot 2/3 = 0.3333$ is left for the unigrams. There, 喜欢
 * has 2 of 6 words. It keeps $(2 - 0.5)/6 = 0.25$, and the three words leave $0.5 \cdot 3/6 = 0.25$ for a uniform choice
 * among the four words of the vocabulary: 喜欢 has $0.25 + 0.25/4 = 0.3125$. Together, the probability of 喜欢 after 我 is
 * $0.5 + 0.3333 \cdot 0.3125 = 0.6042$. The word 苹果 never occurred. After 我 it has the probability
 * $0.3333 \cdot 0.0625 = 0.0208$, and not 0.
 *
 * ```ts
 * import { absoluteDiscounting, trainNGrams } from "@heed/heed/language-models";
 *
 * const words = ["我", "喜欢", "吃", "苹果"];
 * const text = ["我", "喜欢", "我", "吃", "我", "喜欢"].map((word) => words.indexOf(word));
 * const smoothing = absoluteDiscounting({ discounts: [0.5, 0.5] });
 * const model = await trainNGrams(text, { order: 2, vocabSize: 4, smoothing });
 *
 * const print = (name: string, logs: ArrayLike<number>) =>
 *   console.log(name, Array.from(logs, (log, i) => `${words[i]} ${Math.exp(log).toFixed(4)}`).join("  "));
 * print("anywhere:", model.next([]));
 * print("after 我:", model.next([0]));
 * console.log("kept and left:", (1.5 / 3).toFixed(4), (0.5 / 3).toFixed(4), (1 / 3).toFixed(4), (0.25 / 4).toFixed(4));
 * ```
 *
 * ```text
 * ```
 *
 * **Formula.** With the counts $c$, what an n-gram keeps of its frequency $\alpha$, what is left for the shorter context $\gamma$, and $h'$ the
 * context $h$ without its first token,
 *
 * $$P(x_t \mid x_{<t}) \approx P(x_t \mid x_{t-n+1} \dots x_{t-1}), \qquad P(w \mid h) = \alpha(h, w) + \gamma(h)\, P(w \mid h')$$
 *
 * | symbol   | in code                     | shape             |
 * | -------- | --------------------------- | ----------------- |
 * | $c$      | `count`                     | one for an n-gram |
 * | $\alpha$ | `kept`                      | one for an n-gram |
 * | $\gamma$ | `left`                      | one for a context |
 * | $P$      | `probability`               | one for an n-gram |
 *
 * **Why the shorter context.** After *Mr. Peter* the counts say little, since the two words were seen a few times. After *Peter* they say
 * more, and without a context most of all, about a distribution that is less to the point. Each order is a compromise between the two errors, and the
 * sum above makes the compromise for each context by its own counts.
 *
 * Sources: Shannon 1948, *A Mathematical Theory of Communication* (n-grams of letters and words); Chen and Goodman 1999, *An Empirical Study of
 * Smoothing Techniques for Language Modeling*; Heafield 2011, *KenLM: Faster and Smaller Language Model Queries*; Wenzek et al. 2020,
 * *CCNet: Extracting High Quality Monolingual Datasets from Web Crawl Data* (filtering by perplexity).
 *
 * @module
 */

import { checkNumbers, isListOfNumbers } from "../../engine/arguments.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  integer,
  object,
  required,
  shown,
} from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { BREAK, countNGrams, type CountedOrder, startsOf } from "./counts.ts";
import { NGramModel, type NGramOrder } from "./model.ts";
import { type ContextCounts, type Estimator, modifiedKneserNey, type Smoothing } from "./smoothing.ts";

/**
 * The probabilities of the n-grams of one order, from their counts and the order below.
 *
 * @param order the n-grams with their counts
 * @param contexts what was seen after each context
 * @param estimator what a count keeps, and what a context leaves
 * @param below probabilities of the order below; of order 1, one number
 * @returns a probability for each n-gram
 */
function estimate(
  { prefix, suffix, count }: CountedOrder,
  contexts: (context: number) => ContextCounts,
  estimator: Estimator,
  below: (ngram: number) => number,
): Float64Array {
  const probability = new Float64Array(count.length);
  for (let ngram = 0; ngram < count.length; ngram++) {
    const context = contexts(prefix[ngram]!);

    // $\alpha(h, w)$: what the n-gram keeps of its frequency.
    const kept = estimator.kept(count[ngram]!, context);

    // $\gamma(h)$: what the context leaves, divided as the shorter context $h'$ would.
    const left = estimator.left(context);
    probability[ngram] = kept + left * below(suffix[ngram]!);
  }
  return probability;
}

/** Options of {@linkcode trainNGrams}. */
export interface NGramOptions {
  /** Tokens that a probability depends on, the predicted one included. */
  readonly order: number;
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** How unseen n-grams get a probability; modified Kneser–Ney by default. */
  readonly smoothing?: Smoothing | undefined;
  /** Token put before each sequence, never predicted itself; none by default. */
  readonly beginToken?: number | undefined;
  /** Token put after each sequence; none by default. */
  readonly endToken?: number | undefined;
  /** Stops the training with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how much is done, in [0, 1], and is waited for; nobody is told by default. */
  readonly onProgress?: ((done: number) => void | Promise<void>) | undefined;
}

/**
 * Counts the n-grams of a text and turns the counts into a model.
 *
 * Takes a second or two for a million tokens, and 24 bytes of memory for each different n-gram while it counts.
 *
 * @example
 * ```ts
 * import { perplexity, trainNGrams } from "@heed/heed/language-models";
 *
 * const text = Array.from({ length: 1000 }, (_, i) => i % 3);
 * const model = await trainNGrams(text, { order: 2, vocabSize: 3 });
 * console.assert((await perplexity(model, [0, 1, 2, 0, 1, 2])).perplexity < 1.1);
 * ```
 *
 * @param text token ids, or a list of sequences of them; no n-gram crosses from one into the next
 * @param options order, vocabulary, smoothing
 * @returns the model
 * @throws {RangeError} if there is no token, or one that does not exist
 * @throws the signal's reason after an abort
 */
export async function trainNGrams(
  text: ArrayLike<number> | readonly ArrayLike<number>[],
  options: NGramOptions,
): Promise<NGramModel> {
  checkOptions("train an n-gram model", options, NGRAMS);
  const { order, vocabSize, smoothing = modifiedKneserNey(), beginToken, signal, onProgress } = options;
  const tokens = joined(text, options);
  const counted = await countNGrams(tokens, order, vocabSize, signal, onProgress);
  const V = vocabSize - (beginToken === undefined ? 0 : 1), orders: NGramOrder[] = [];
  let below: Float64Array | undefined, backoffs = new Float64Array(1);
  for (let n = 1; n <= order; n++) {
    await rest(signal);
    const isUniform = smoothing.uniform === true, isMixed = !isUniform || n === order;
    const one = adjusted(counted, n, smoothing, beginToken), contexts = contextsOf(one, n, counted);
    const estimator = smoothing.estimator(n, countsOfCounts(one.count), V);
    const lower = n === 1 || isUniform ? () => 1 / V : (ngram: number) => below![ngram]!;
    const probability = isMixed ? estimate(one, contexts, estimator, lower) : new Float64Array(one.count.length).fill(1 / V);
    if (n === 1 && beginToken !== undefined) probability[beginToken] = 0;
    // What the contexts of this order leave belongs to the n-grams of the order below, whose weights they are.
    backoffs = new Float64Array(n === 1 ? 1 : counted[n - 2]!.word.length).fill(1);
    if (isMixed) { for (let h = 0; h < backoffs.length; h++) if (contexts(h).total > 0) backoffs[h] = estimator.left(contexts(h)); }
    if (n > 1) orders[n - 2] = { ...orders[n - 2]!, logBackoff: logarithms(backoffs) };
    orders.push({
      word: one.word,
      logProbability: logarithms(probability),
      ...(n < order && { starts: startsOf(counted[n]!.prefix, one.word.length) }),
    });
    below = probability;
  }
  return new NGramModel({ vocabSize, orders, beginToken });
}

// ## What the table cannot know
//
// The [experiment](../experiments/n_grams.ts) trains models of growing order on sentences, with and without smoothing, beside a small
// network. Another one asks the [order of words](../experiments/n_grams/order.ts), and a third one puts
// [words between](../experiments/n_grams/intervening.ts) two that belong together.
//
// **The notes, 004.27.** Right. The frequencies of words without their order are also what a search engine counts; tf–idf, below, is that use.
//
// **The notes, 004.30.** Right, and the experiment shows it: the unigram model gives all orders of the four words one probability.
//
// **The notes, 004.31.** The possible n-grams grow exponentially, $V^n$. Those that must be stored do not: a text of $T$ tokens has at most $T$
// different n-grams of each order, and the table grows by at most $T$ entries with $n$. What grows is the fraction of n-grams that occur once.
//
// **The notes, 004.32.** True of both halves, with smoothing. Without it the model gets worse at once, since one unseen
// n-gram makes the whole text impossible. With it the perplexity falls with $n$ until the counts are too few, and then stays.
//
// **The notes, 004.33.** Right. A token is a number, and two numbers are equal or not. What was counted after *big* says nothing of *large*.
//
// **The notes, 004.34.** Right, and not only of names: every word between makes the context longer by one, and new.
//
// **The notes, 004.35.** A rule of practice and no law: a table for any $n$ is no larger than the text. The run below shows where a larger $n$ stops
// helping on its text. Long dependencies are out of reach in any case, since the context that has them was never seen before.
//
// **The notes, 004.36.** Faster: yes, by far. Better on simple tasks: where the context that matters is short and the text small. The
// run and the first experiment have both beside a network.
//
// **The notes, 001.14.** Right as far as an n-gram model can show: the gain of a longer context ends with the length of the text, and in
// short messages most tokens have a short context. The first experiment gives the perplexity by the place in the sentence.

// ## Filtering raw text
//
// Pages from the web hold menus, spam and other languages. A model that was trained on good text gives them a high perplexity, and a table does
// it fast enough for billions of pages. What passes is then given to a network.
//
// **The notes, 004.37.** Right: CCNet filters the web in this way, with a 5-gram Kneser–Ney model of Wikipedia in each language. The filter
// keeps what resembles its own text, so it also removes good text of another style.

// #region Counts as the methods want them
// Kneser–Ney replaces the counts of lower orders, and every method needs sums over the continuations of a context.

/** The counts that a method uses at an order: occurrences, or different predecessors. */
function adjusted(
  counted: readonly CountedOrder[],
  n: number,
  { continuation = false }: Smoothing,
  beginToken: number | undefined,
): CountedOrder {
  const own = counted[n - 1]!, above = counted[n];
  let count = own.count;
  if (continuation && above) {
    const different = new Float64Array(count.length);
    for (const ngram of above.suffix) different[ngram]!++;
    count = different.map((found, ngram) => found || own.count[ngram]!);
  }
  if (n === 1 && beginToken !== undefined) {
    count = count.slice();
    count[beginToken] = 0;
  }
  return { ...own, count };
}

/** How many n-grams have each of the counts 0 to 4. */
function countsOfCounts(count: Float64Array): number[] {
  const found = [0, 0, 0, 0, 0];
  for (const one of count) if (one < found.length) found[one]!++;
  return found;
}

/** What was seen after each context of an order. */
function contextsOf(
  { prefix, count }: CountedOrder,
  n: number,
  counted: readonly CountedOrder[],
): (context: number) => ContextCounts {
  const size = n === 1 ? 1 : counted[n - 2]!.word.length;
  const [total, ones, twos, more] = [1, 2, 3, 4].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  count.forEach((one, ngram) => {
    if (one === 0) return;
    const context = prefix[ngram]!;
    total[context]! += one;
    (one === 1 ? ones : one === 2 ? twos : more)[context]!++;
  });
  // One object that is filled anew: there are as many contexts as n-grams.
  const found = { total: 0, ones: 0, twos: 0, more: 0 };
  return (context) => {
    found.total = total[context]!;
    found.ones = ones[context]!;
    found.twos = twos[context]!;
    found.more = more[context]!;
    return found;
  };
}

function logarithms(probabilities: Float64Array): Float32Array {
  return Float32Array.from(probabilities, Math.log);
}
// #endregion

// #region Sequences, and what is refused

const NGRAMS: Checks<NGramOptions> = {
  order: required(integer({ min: 1, max: 32 })),
  vocabSize: required(integer({ min: 1, max: 2 ** 31 - 2 })),
  smoothing: object("a smoothing, such as kneserNey()", (value) => "estimator" in value),
  beginToken: integer({ min: 0 }),
  endToken: integer({ min: 0 }),
  signal: abortSignal,
  onProgress: callback(),
};

/** Sequences one after the other, between breaks. */
function joined(
  text: ArrayLike<number> | readonly ArrayLike<number>[],
  { vocabSize, beginToken, endToken }: NGramOptions,
): Int32Array {
  const isList = Array.isArray(text) && (text.length === 0 || text.every((one) => isListOfNumbers(one)));
  const sequences = isList ? text as readonly ArrayLike<number>[] : [text as ArrayLike<number>];
  if (!isList) checkNumbers("train an n-gram model", "text", text);
  for (const [name, token] of [["beginToken", beginToken], ["endToken", endToken]] as const) {
    if (token !== undefined && token >= vocabSize) {
      throw new RangeError(`Cannot train with ${name} = ${token}: the vocabulary has ${vocabSize}`);
    }
  }
  const extra = 1 + Number(beginToken !== undefined) + Number(endToken !== undefined);
  const tokens = new Int32Array(sequences.reduce((sum, { length }) => sum + length + extra, 0));
  let at = 0, seen = 0;
  for (const sequence of sequences) {
    if (beginToken !== undefined) tokens[at++] = beginToken;
    for (let i = 0; i < sequence.length; i++) {
      const token = sequence[i]!;
      if (!(Number.isInteger(token) && token >= 0 && token < vocabSize) || token === beginToken) {
        const what = token === beginToken ? "beginToken stands before sequences only" : `an integer in [0, ${vocabSize - 1}]`;
        throw new RangeError(`Cannot count token ${shown(token)}: it must be ${what}`.replace("it must be begin", "begin"));
      }
      tokens[at++] = token;
      seen++;
    }
    if (endToken !== undefined) tokens[at++] = endToken;
    tokens[at++] = BREAK;
  }
  if (seen === 0) throw new RangeError("Cannot train an n-gram model on no token: at least one must be given");
  return tokens;
}
// #endregion
