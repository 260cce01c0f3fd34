/**
 * # N-grams
 *
 * **Question.** A language model predicts each token from its context ([section](../autoregressive.ts)). Contexts of any length are
 * endless, and almost every long one is new. What is the simplest model that learns from counts alone?
 *
 * **Idea.** Forget all but the last $n - 1$ tokens. What remains of the context was seen before, often enough to count what came
 * next. A unigram language model (单元语言模型) has $n = 1$ and no context: it takes the tokens for independent (independence
 * assumption, 独立性假设). A bigram (二元语法) model looks at one token before, a trigram (三元语法) model at two, an n-gram model
 * (多元语言模型) at $n - 1$. An n-gram that was never counted is not impossible. So some probability mass is taken from those that
 * were (smoothing) [平滑], and the shorter context says who gets it ([how](smoothing.ts)).
 *
 * ```picture ngram_windows The trigrams of 我 喜欢 我 吃 我 喜欢 (*I like, I eat, I like*). Each window of three words is counted: two of context, framed, and the
 * one that follows them, filled.
 * ```
 *
 * **By hand.** A text of six words, 我 喜欢 我 吃 我 喜欢. A bigram model asks what follows 我. It was followed by 喜欢 twice and by 吃 once, so
 * $c = 2$ of $3$. Absolute discounting takes $0.5$ from each count. 喜欢 keeps $(2 - 0.5)/3 = 0.5$, and 吃 keeps
 * $(1 - 0.5)/3 = 0.1667$. Two different words followed, so $0.5 \cdot 2/3 = 0.3333$ is left for the unigrams. There, 喜欢
 * has 2 of 6 words. It keeps $(2 - 0.5)/6 = 0.25$, and the three words leave $0.5 \cdot 3/6 = 0.25$ for a uniform choice
 * among the four words of the vocabulary: 喜欢 has $0.25 + 0.25/4 = 0.3125$. Together, the probability of 喜欢 after 我 is
 * $0.5 + 0.3333 \cdot 0.3125 = 0.6042$. The word 苹果 never occurred. After 我 it has the probability
 * $0.3333 \cdot 0.0625 = 0.0208$, and not 0.
 *
 * ```picture ngram_mass The probability of each word after 我, in the three parts of the example: what was counted after 我, what was counted
 * after any word, and a uniform rest.
 * ```
 *
 * ```ts
 * import { absoluteDiscounting, trainNGrams } from "@heed/heed/language-models";
 *
 * const words = ["我", "喜欢", "吃", "苹果"];
 * const text = ["我", "喜欢", "我", "吃", "我", "喜欢"].map((word) => words.indexOf(word));
 * // 0.5 for single words, and 0.5 for pairs.
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
 * anywhere: 我 0.4792  喜欢 0.3125  吃 0.1458  苹果 0.0625
 * after 我: 我 0.1597  喜欢 0.6042  吃 0.2153  苹果 0.0208
 * kept and left: 0.5000 0.1667 0.3333 0.0625
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
 * The shortest context is empty; below it stands the uniform distribution, $1/V$. After a context that was never seen nothing is kept and everything is left: $\alpha = 0$ and $\gamma = 1$.
 *
 * A method of smoothing says what $\alpha$ and $\gamma$ are after the other contexts. For absolute discounting, as in the example, an n-gram with the count $c$ keeps
 * $\alpha = \max(c - D, 0)/c(h)$. Here $D$ is the discount, between 0 and 1, and $c(h)$ the sum of the counts after $h$. One that was not counted keeps nothing. With $N(h)$ different tokens after the context, $D$ is taken $N(h)$ times.
 * So $D\, N(h)/c(h)$ is missing from the sum of $\alpha$ over all tokens, and that is $\gamma$: the probabilities after $h$ sum to one.
 *
 * **Why the shorter context.** After *Mr. Peter* there are few counts, and chance decides them. After *Peter* there are more. Without any context there are most, but
 * they describe a distribution that has less to do with this place. A long context makes the first error, a short one the second. The sum above weighs the two for each context, by its own counts.
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
import { BREAK, type CountedOrder, countNGrams, startsOf } from "./counts.ts";
import { NGramModel, type NGramOrder } from "./model.ts";
import { type ContextCounts, type Estimator, modifiedKneserNey, type Smoothing } from "./smoothing.ts";

export * from "./smoothing.ts";
export { type NGramCall, NGramModel, type NGramModelParts, type NGramOrder } from "./model.ts";
export * from "./arpa.ts";
export * from "./tf_idf.ts";
export * from "./filtering.ts";

/**
 * The probabilities of the n-grams of one order, from their counts and the order below.
 *
 * `prefix` says which n-gram of the order below is the context $h$ of each, `suffix` which one is left without the first token, $h' w$.
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
 * Takes about a second for a million tokens up to order 6 and some seconds up to order 10, and 24 bytes of memory for each different n-gram while it counts.
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
    // Add-k mixes with the uniform distribution, at the highest order only; every other method mixes each order with the one below.
    const isUniform = smoothing.uniform === true, isMixed = !isUniform || n === order;
    const one = adjusted(counted, n, smoothing, beginToken), contexts = contextsOf(one, n, counted);
    const estimator = smoothing.estimator(n, countsOfCounts(one.count), V);
    const lower = n === 1 || isUniform ? () => 1 / V : (ngram: number) => below![ngram]!;
    const probability = isMixed
      ? estimate(one, contexts, estimator, lower)
      : new Float64Array(one.count.length).fill(1 / V);
    if (n === 1 && beginToken !== undefined) probability[beginToken] = 0;
    // $\gamma(h)$, the back-off weight: a context of this order is an n-gram of the order below, and its weight is kept beside that n-gram.
    backoffs = new Float64Array(n === 1 ? 1 : counted[n - 2]!.word.length).fill(1);
    if (isMixed) {
      for (let h = 0; h < backoffs.length; h++) if (contexts(h).total > 0) backoffs[h] = estimator.left(contexts(h));
    }
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

// ## Modified Kneser–Ney
//
// This is the default, and the method of the figures where they name no other. It differs from absolute discounting in two things.
//
// *What is counted.* At the highest order the count $c(g)$ of an n-gram $g$ is how often it occurred. Below, it is the number of different tokens that stood before it (continuation count). After a context that is new, a
// word is wanted that can follow many words, and not one that is frequent after one word only. An n-gram that nothing precedes, since it only begins sequences, keeps the number of its occurrences.
//
// *How much is taken.* The discount depends on the count: $D(0) = 0$, $D(1) = D_1$, $D(2) = D_2$, and $D_{3+}$ for all larger counts. With $n_i$ the number of n-grams of an order that have the count $i$, Chen and Goodman estimate for
// this order
//
// $$Y = \frac{n_1}{n_1 + 2 n_2}, \qquad D_1 = 1 - 2 Y \frac{n_2}{n_1}, \qquad D_2 = 2 - 3 Y \frac{n_3}{n_2}, \qquad D_{3+} = 3 - 4 Y \frac{n_4}{n_3}$$
//
// In a small text one of $n_1, \dots, n_4$ may be 0, or a $D_i$ negative or above $i$. Then the three are $\tfrac{1}{2}$, $1$ and $\tfrac{3}{2}$, as in KenLM. With $c(h) = \sum_w c(hw)$, and $N_i(h)$ the number of tokens $w$ for which $c(hw)$ is $i$,
//
// $$P(w \mid h) = \frac{\max(c(hw) - D(c(hw)),\, 0)}{c(h)} + \frac{D_1 N_1(h) + D_2 N_2(h) + D_{3+} N_{3+}(h)}{c(h)}\, P(w \mid h')$$
//
// After a context with $c(h) = 0$ it is $P(w \mid h')$, and below the empty context stands $1/V$.
//
// *By hand.* The text of the example, 我 喜欢 我 吃 我 喜欢, is too small for an estimate, so the discounts are $\tfrac{1}{2}$, $1$ and $\tfrac{3}{2}$. After 我 stand 喜欢 and 吃, with the counts 2 and 1, together 3. 喜欢 keeps $(2 - 1)/3 = 0.3333$, and $(\tfrac{1}{2} + 1)/3 = 0.5$
// is left. Among the single words 我 has the count 2, since 喜欢 and 吃 stand before it. 喜欢 has 1 and 吃 has 1: only 我 stands before them. Together that is 4. 喜欢 keeps $(1 - \tfrac{1}{2})/4 = 0.125$. What is left is
// $(2 \cdot \tfrac{1}{2} + 1)/4 = 0.5$, a quarter of it for each entry of the vocabulary, so 喜欢 has $0.125 + 0.125 = 0.25$. After 我 it has $0.3333 + 0.5 \cdot 0.25 = 0.4583$. The discounts of a larger text: with 6 n-grams of the count 1, 3 of the count 2,
// 2 of 3 and 1 of 4, $Y = 6/12 = 0.5$, and they are $1 - 2 \cdot 0.5 \cdot 3/6 = 0.5$, $2 - 3 \cdot 0.5 \cdot 2/3 = 1$ and $3 - 4 \cdot 0.5 \cdot 1/2 = 2$.
//
// ```ts
// import { modifiedDiscounts, modifiedKneserNey, trainNGrams } from "@heed/heed/language-models";
//
// const words = ["我", "喜欢", "吃", "苹果"];
// const text = ["我", "喜欢", "我", "吃", "我", "喜欢"].map((word) => words.indexOf(word));
// const model = await trainNGrams(text, { order: 2, vocabSize: 4, smoothing: modifiedKneserNey() });
// for (const [name, context] of [["anywhere:", []], ["after 我:", [0]]] as const) {
//   console.log(name, Array.from(model.next(context), (log, i) => `${words[i]} ${Math.exp(log).toFixed(4)}`).join("  "));
// }
// // How many n-grams have the count 0, 1, 2, 3 and 4.
// console.log("discounts:", modifiedDiscounts([0, 6, 3, 2, 1]).join(" "));
// ```
//
// ```text
// anywhere: 我 0.3750  喜欢 0.2500  吃 0.2500  苹果 0.1250
// after 我: 我 0.1875  喜欢 0.4583  吃 0.2917  苹果 0.0625
// discounts: 0.5 1 2
// ```

// ## What the table cannot know
//
// Other methods of smoothing ([all formulas](smoothing.ts)) appear below. Add-$k$ adds $k$ to the count of every n-gram that is possible, add-one adds 1. Jelinek–Mercer keeps the same fraction $\lambda$ of every frequency.
// Witten–Bell leaves the more to the shorter context, the more different tokens followed. Absolute discounting and Kneser–Ney have one discount for all counts, and Kneser–Ney counts as the modified method does.
//
// The [experiment](../experiments/n_grams.ts) trains models of growing order on sentences, with two methods of smoothing. Beside them stands a small network: a decoder-only
// [Transformer](../../05_transformer/decoder_only.ts), which a later chapter explains.
//

// **The notes, 004.31.** The n-grams that are possible grow exponentially, $V^n$. Those that are stored do not. A text of $T$ tokens has at most $T$
// different n-grams of each order, so each order adds at most $T$ entries. What must be computed grows in the same way: one pass for each order.
//
// **The notes, 004.32.** Half right. A model without smoothing gives the probability 0 to every text with an unseen n-gram. With good smoothing the
// perplexity falls with $n$ until longer contexts are too rare to say anything, and then hardly changes. With add-one it falls up to order 2 and rises from there.
//
// **The notes, 004.33.** Right. A token is a number, and two numbers are equal or not. What was counted after *big* says nothing of *large*.
//
// **The notes, 004.35.** A rule of practice, not a limit: of each order the table holds at most as many n-grams as the text has tokens, so it grows at most in proportion to $n$. Longer contexts stop helping because they are new. So
// dependencies over long distances are out of reach, whatever $n$ is.
//
// **The notes, 001.14.** Right as far as this chapter can measure it. In short sentences the gain of a long context ends early, since most words have no long
// context. The figure by place in the sentence shows it.

// ## The order of words
//
// The [experiment](../experiments/n_grams/order.ts) gives all orders of four words a probability. Its tokens are Chinese
// characters, not words.
//
// **The notes, 004.30.** Right in both halves: a unigram model cannot tell the two sentences apart, and a bigram model can.

// ## Counts without order
//
// Counts of words without their order are of use for finding texts. [tf–idf](tf_idf.ts) weighs the count of a word in a sentence by how rare the word is in all others, so that *the* counts for little. Two sentences are compared by the cosine of the
// angle between their vectors of weights. The [experiment](../experiments/n_grams/tf_idf.ts) looks for a sentence by a few of its words, with tf–idf and with the counts alone.
//
// **The notes, 004.27.** Right, and an approximation: words do depend on one another. The frequencies of words without their order are what a search engine
// counts.

// ## Words between
//
// *Mr. Peter Smith* and *Mr. Jane Smith*: the title and the surname belong together, and the first name is anybody's. A table has to see each
// combination. The [experiment](../experiments/n_grams/intervening.ts) puts more and more names between two words that belong together.
//
// **The notes, 004.34.** Right. A longer context does not help, since it is a new one each time. A network that reads vectors learns which place matters.

// ## Fast and small
//
// Training a network computes gradients for every token many times over. Training a table counts every token once. So a table can look at far more text than a
// network can, and say what the network should read. The [experiment](../experiments/n_grams/filtering.ts) filters noise away.
//
// **The notes, 004.36.** Faster, yes. Better on simple tasks: where the text is small or the context that matters is short. In the first experiment the
// small network is behind the table after its few steps.
//
// **The notes, 004.37.** Right. CCNet filters pages of the web by the perplexity under an n-gram model of Wikipedia before a network sees them.
// {@linkcode filterByPerplexity} does it ([how](filtering.ts)).

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
  const isList = Array.isArray(text) && text.length > 0 && [...text].every((one) => isListOfNumbers(one));
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
        const what = token === beginToken
          ? "beginToken stands before sequences only"
          : `an integer in [0, ${vocabSize - 1}]`;
        throw new RangeError(
          `Cannot count token ${shown(token)}: it must be ${what}`.replace("it must be begin", "begin"),
        );
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

// ## On one text
//
// N-gram models of every order learn the first nine tenths of Tiny Shakespeare, and predict the rest. Tokens are characters, subwords or words. The run looks ahead: it compares the tables with the networks of the next pages, a
// [feed-forward model](../feed_forward_lm.ts), [recurrent networks](../lstm/language_model.ts) and a [CNN](../cnn/language_model.ts), and with a [Transformer](../../05_transformer/decoder_only.ts), all of about as many parameters. On a first reading the
// comparison of the tables is enough.
//
// ```picture language_models_run N-gram models of characters, subwords and words by their order.
// ```

// ## Pitfall: frequencies instead of probabilities
//
// The plain frequency $c(hw) / c(h)$ gives the counted text the largest probability that any n-gram model of this order can give it, and gives 0 to whatever was not in it. The test "next() sums to one after
// every context, seen and unseen, short and long" asks for contexts that never occurred: there the fraction is $0/0$.

// ## Pitfall: continuation counts at the highest order
//
// Kneser–Ney counts different predecessors below the highest order, and occurrences there. With counts of predecessors (continuation counts) at every order the model
// forgets how often anything was said. The test "kneserNey() gives the probabilities of NLTK" fails for that version.

// ## Exercise
//
// *San Francisco.* A text says *San Francisco* ten times, and *the cat*, *a cat*, *my cat* once each. Which word is more probable after a context that was never seen,
// *Francisco* or *cat*, under absolute discounting, and which under Kneser–Ney?
//
// **Hint.** After an unseen context both ask their unigrams. What do these count?
//
// **Solution.** Absolute discounting counts occurrences, ten against three. Kneser–Ney counts different predecessors, one against three. No word has the count 2 either way, so the discount that is estimated, $D = n_1/(n_1 + 2 n_2)$ with $n_i$ the number of n-grams of the order that have the count $i$, is 1. The vocabulary
// has 10 entries: six words, *unseen*, and three special tokens. The occurrences of the 6 words are 10, 10, 3, 1, 1 and 1, together 26: $(10 - 1)/26 + (6/26)/10 = 0.369$ and $(3 - 1)/26 + (6/26)/10 = 0.100$. The counts of Kneser–Ney are 1, 1 and 3, and 1 for each of the three words that only begin a text, together 8:
// $(1 - 1)/8 + (6/8)/10 = 0.075$ and $(3 - 1)/8 + (6/8)/10 = 0.325$. *Francisco* is left with what any unseen word has.
//
// ```ts
// import { absoluteDiscounting, kneserNey, trainNGrams } from "@heed/heed/language-models";
// import { trainWordLevel } from "@heed/heed/words";
//
// const text = ["San Francisco ".repeat(10), "the cat", "a cat", "my cat", "unseen"];
// const vocabulary = await trainWordLevel(text), { vocabSize } = vocabulary;
// const sequences = text.slice(0, 4).map((line) => vocabulary.encode(line));
// const [context, francisco, cat] = vocabulary.encode("unseen Francisco cat");
// for (const smoothing of [absoluteDiscounting(), kneserNey()]) {
//   const model = await trainNGrams(sequences, { order: 2, vocabSize, smoothing });
//   const row = model.next([context!]), of = (word: number) => Math.exp(row[word]!).toFixed(3);
//   console.log(`${smoothing.name}: Francisco ${of(francisco!)}, cat ${of(cat!)}`);
// }
// ```
//
// ```text
// absolute-discounting: Francisco 0.369, cat 0.100
// kneser-ney: Francisco 0.075, cat 0.325
// ```
