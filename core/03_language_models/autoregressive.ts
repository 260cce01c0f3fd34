/**
 * # Autoregressive models
 *
 * **Question.** Nobody can list all sequences of words with their probabilities: most of them were never written. How can a model
 * give every one of them a probability, and how is it decided which of two models gives the better ones?
 *
 * **Idea.** Read from left to right and predict each token from those before it, its context. The chain rule (链式法则) of probability says
 * that the product of these predictions is the probability of the whole sequence. It holds for every distribution and assumes
 * nothing. A model that predicts its own sequence in this way is autoregressive (自回归). So a language model (概率语言模型) needs to do one thing only,
 * and any classifier over the vocabulary can do it: a table of counts as well as a network.
 *
 * ```picture chain_rule One factor for each word of 我 喜欢 吃 苹果 (*I like to eat apples*). Filled is the word that is predicted, framed what stands before it.
 * ```
 *
 * **By hand.** A sequence of four words, 我 喜欢 吃 苹果 (*I like to eat apples*). A model gives them, one after the other, the
 * probabilities 0.4, 0.5, 0.3 and 0.2. The probability of the sequence is $0.4 \cdot 0.5 \cdot 0.3 \cdot 0.2 = 0.012$. The
 * logarithms are −0.916, −0.693, −1.204 and −1.609. Their sum is −4.423, and that is the logarithm of 0.012. The mean per
 * word is −1.1057. The perplexity is $e^{1.1057}$, or 3.021: as if the model had guessed, at every word, among three that are equally
 * probable.
 *
 * ```ts
 * import { measureScores } from "@heed/heed/language-models";
 *
 * const probabilities = [0.4, 0.5, 0.3, 0.2];
 * const logProbabilities = probabilities.map(Math.log);
 * const { logProbability, perplexity } = measureScores(logProbabilities);
 *
 * console.log("product    ", probabilities.reduce((product, p) => product * p).toFixed(3));
 * console.log("logarithms ", logProbabilities.map((log) => log.toFixed(3)).join(" "));
 * console.log("their sum  ", logProbability.toFixed(3), "and log 0.012 is", Math.log(0.012).toFixed(3));
 * console.log("their mean ", (logProbability / 4).toFixed(4));
 * console.log("perplexity ", perplexity.toFixed(3));
 * ```
 *
 * ```text
 * product     0.012
 * logarithms  -0.916 -0.693 -1.204 -1.609
 * their sum   -4.423 and log 0.012 is -4.423
 * their mean  -1.1057
 * perplexity  3.021
 * ```
 *
 * **Formula.** With the logits $z_t$ that the model computes from $x_{<t}$,
 *
 * $$P(x_1 \dots x_T) = \prod_{t=1}^{T} P(x_t \mid x_{<t}), \qquad \ell_t = \log \mathrm{softmax}(z_t)_{x_t}, \qquad \mathrm{PPL} = \exp\Big({-\frac{1}{T}} \sum_{t=1}^{T} \ell_t\Big)$$
 *
 * | symbol         | in code            | shape       |
 * | -------------- | ------------------ | ----------- |
 * | $x$            | `targets`          | `[B, T]`    |
 * | $z$            | `logits`           | `[B, T, V]` |
 * | $\ell$         | `logProbabilities` | `[B, T]`    |
 * | $\mathrm{PPL}$ | `perplexity`       | one number  |
 *
 * **Why logarithms.** A product of probabilities shrinks with every token. The smallest positive number of float64 is near
 * $e^{-745}$, and that of float32 near $e^{-103}$. A product below it is 0 (underflow) [下溢], and all longer sequences look alike. A sum of logarithms only
 * becomes a larger negative number, which a float64 holds without trouble. It also keeps what a product of rounded numbers loses: the order of two sequences that are both improbable.
 *
 * **Why perplexity.** The probability of a long sequence is small for every model, so it is shared out among the tokens. The geometric mean of the $T$ factors is the
 * $T$-th root of their product, and the perplexity [困惑度] is its inverse: $\exp(-\tfrac{1}{T} \log \prod_t P_t) = (\prod_t P_t)^{-1/T}$, here $0.012^{-1/4} = 3.021$. A uniform guess among $V$ tokens has the perplexity $V$, certainty has 1. The exponent is the
 * [cross-entropy](../06_training/loss.ts) of training, so training a language model is lowering its perplexity.
 *
 * **The notes, 004.26.** It is the first formula above. The product has a factor for each token, and the context of the first one is
 * empty: a token BEGIN stands there, or the first token is not predicted. For the product to be the probability of a whole text, and not that of all texts which begin so, the text
 * ends with a token END, which is predicted like any other.
 *
 * **The notes, 004.28.** Right, and more than a trick: the sum is what every program of this book keeps, from the loss to
 * [beam search](../07_generation/greedy_and_beam.ts), which compares unfinished texts by it.
 *
 * **The notes, 004.29.** Refuted. A logarithm keeps a number representable. On its way back, a gradient is multiplied by one matrix for each layer. This matrix holds the
 * derivatives of all outputs of the layer by all its inputs: the layer's Jacobian [雅可比矩阵]. If these products make the gradient shorter and shorter it vanishes, if longer and longer it explodes
 * ([section](rnn.ts#the-gradient-through-time)). No logarithm enters them: what a layer multiplies, it multiplies with or without one. Residual connections
 * ([section](../05_transformer/residual.ts)), norms ([section](../05_transformer/normalization.ts)) and clipping
 * ([section](../06_training/clipping.ts)) are what helps there. One grain of truth: with $p$ the probability of the token that came, the
 * loss $-\log p$ has a simple gradient by the logits: all probabilities, minus 1 at the place of that token. It does not vanish where the model is
 * confidently wrong, while the gradient of $p$ itself does.
 *
 * Sources: Shannon 1951, *Prediction and Entropy of Printed English*; Jelinek, Mercer, Bahl and Baker 1977, *Perplexity: a measure of
 * the difficulty of speech recognition tasks*; Ng and Jordan 2002, *On Discriminative vs. Generative Classifiers*; Gao et al. 2020,
 * *The Pile*, §3.1 (bits per byte).
 *
 * @module
 */

import { checkList, checkNumbers, isListOfNumbers } from "../engine/arguments.ts";
import { noGrad } from "../engine/autograd.ts";
import type { Numbers } from "../engine/backend.ts";
import { withoutChance } from "../engine/chance.ts";
import { tensor } from "../engine/create.ts";
import { gather } from "../engine/indexing.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  checkValue,
  integer,
  list,
  numeric,
  object,
  shown,
} from "../engine/options.ts";
import { rest } from "../engine/pace.ts";
import { release, scope } from "../engine/scope.ts";
import { dims } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";
import { logSoftmax } from "../02_words/softmax.ts";

/**
 * The logarithms of the probabilities that a model gave to the tokens that came.
 *
 * Row $t$ of the logits belongs to target $t$. A model's `forward()` returns a row for each token that it reads, and the row scores the token after it. So its
 * inputs are the sequence without the last token, and the targets are the sequence without the first.
 *
 * @param logits of each token, computed from those before it, `[B, T, V]`
 * @param targets the tokens, int32 `[B, T]`
 * @returns numbers of at most 0, `[B, T]`
 * @throws {TypeError} if the shapes disagree
 */
export function targetLogProbabilities(logits: Tensor, targets: Tensor): Tensor {
  const { B, T } = dims(logits, "B T V");
  dims(targets, "B T", { B, T });

  // $\log \mathrm{softmax}(z_t)$: one number for each token that could have come.
  const all = logSoftmax(logits); // [B, T, V]

  // $\ell_t$: the one of the token that did. `gather` takes from each row of V numbers the one at the target's place; `unsqueeze` adds an axis of length 1 for
  // it, `squeeze` drops it.
  const logProbabilities = gather(all, -1, targets.unsqueeze(-1)).squeeze(-1); // [B, T]
  return logProbabilities;
}

/** How well a model predicts some tokens. */
export interface Perplexity {
  /** Exponential of the mean surprise per token: 1 is certainty, `vocabSize` a uniform guess. The surprise is $-\log p$. */
  readonly perplexity: number;
  /** How many tokens were predicted. */
  readonly tokens: number;
  /** Logarithm of the probability of all of them, in nats. */
  readonly logProbability: number;
  /** Mean surprise of a token, in bits. */
  readonly bitsPerToken: number;
  /** The same per character (code point) of the text; absent where the text is not known. */
  readonly bitsPerCharacter?: number;
  /** The same per byte of the text in UTF-8; absent where the text is not known. */
  readonly bitsPerByte?: number;
}

/**
 * Sums up the log-probabilities of some tokens.
 *
 * @param logProbabilities of the tokens, as {@linkcode score} returns them
 * @param text size of what the tokens spell, for bits per character and byte; neither by default
 * @returns perplexity and bits
 * @throws {RangeError} if there is no token
 */
export function measureScores(logProbabilities: ArrayLike<number>, text?: TextSize): Perplexity {
  checkScores(logProbabilities, text);
  let logProbability = 0;
  for (let i = 0; i < logProbabilities.length; i++) logProbability += logProbabilities[i]!;

  // $-\frac{1}{T} \sum_t \ell_t$, in nats; a bit is $\log 2$ of them.
  const tokens = logProbabilities.length, surprise = -logProbability / tokens;
  const bitsPerToken = surprise / Math.LN2, perplexity = Math.exp(surprise);
  if (!text) return { perplexity, tokens, logProbability, bitsPerToken };

  // Characters and bytes include those of a first token that was not predicted, so it is given the mean number of bits of the others.
  const bits = bitsPerToken * text.tokens;
  return {
    perplexity,
    tokens,
    logProbability,
    bitsPerToken,
    bitsPerCharacter: bits / text.characters,
    bitsPerByte: bits / text.bytes,
  };
}

// ## How long a product lasts
//
// The [experiment](experiments/autoregressive.ts) draws words from a distribution in which the probability of a word is in proportion to the inverse of its rank: the second word is half as frequent as the
// first. It keeps the probability of the text in three ways, and asks each way which of two models is the better one. How fast a text becomes improbable is said by the entropy [熵] of the distribution,
// $-\sum_w p_w \log p_w$: the mean of $-\log p$ of a word that is drawn.

// ## One contract for all language models
//
// A transformer, a recurrent network and a table of counts are compared by one function if all of them offer the same. That is little:
// the size of the vocabulary, the longest context, and a function from tokens to logits. Classes
// need not say that they are language models; having these members is enough.

/** What a language model offers: any class with these members will do. */
export interface LanguageModel {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Most tokens it can look at; `Infinity` where there is no bound. */
  readonly contextLength: number;
  /**
   * The logits of the token after each position.
   *
   * @param tokens ids, int32 `[B, T]`
   * @returns logits, `[B, T, V]`; no logit may depend on a later token
   */
  forward(tokens: Tensor): Tensor;
  /**
   * Scores tokens without a row of logits for each; absent where there is no shorter way.
   *
   * @param tokens a sequence
   * @param from the first token to score, at least 1
   * @param end where to stop
   * @returns the logarithm of the probability of each, given those before it
   */
  scoreTokens?(tokens: Int32Array, from: number, end: number): ArrayLike<number>;
  /**
   * Goes on from a memory of earlier tokens that does not grow; absent where there is none.
   *
   * @param tokens ids, int32 `[B, T]`
   * @param memory what the call before returned besides the logits; nothing has been read by default
   * @returns logits, `[B, T, V]`, and the memory as tensors
   */
  read?(tokens: Tensor, memory?: object): { readonly logits: Tensor };
}

/**
 * The logarithm of the probability of each token of a sequence, given those before it.
 *
 * The first token is context only, unless `beginToken` stands before it: of $T$ tokens $T - 1$ are scored, or all $T$. A sequence that is longer than
 * the context is read in windows that overlap: each window ends up to `stride` tokens after the one before, and only these
 * are scored in it; the first window scores all of its tokens. A recurrent model hands its state on: it reads each token once, after all that came before.
 *
 * @example
 * ```ts
 * import { DecoderOnly, Random } from "@heed/heed";
 * import { score } from "@heed/heed/language-models";
 *
 * const sizes = { vocabSize: 20, contextLength: 8, hiddenSize: 16, numHeads: 2, numLayers: 1 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * const logProbabilities = await score(model, [1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], { stride: 4 });
 * console.assert(logProbabilities.length === 11);
 * ```
 *
 * @param model a language model
 * @param tokens ids
 * @param options windows, batches, and who is told
 * @returns natural logarithms, in float64 where the model computes in it
 * @throws {RangeError} if there is nothing to score, a token does not exist, or an option is outside its interval
 * @throws {TypeError} if the model still sets numbers to zero at random as in training (dropout): after `model.eval()` it does not
 * @throws the signal's reason after an abort
 */
export async function score(
  model: LanguageModel,
  tokens: ArrayLike<number>,
  options: ScoreOptions = {},
): Promise<Float64Array> {
  const sequence = readSequence(model, tokens, options), { signal, onProgress } = options;
  const found = new Float64Array(sequence.length - 1);
  if (model.scoreTokens) {
    for (let from = 1; from < sequence.length; from += AT_ONCE) {
      await rest(signal);
      const end = Math.min(sequence.length, from + AT_ONCE);
      found.set(model.scoreTokens(sequence, from, end), from - 1);
      await onProgress?.((end - 1) / found.length);
    }
    return found;
  }
  if (model.read) {
    return await scoreInOrder({ ...options, vocabSize: model.vocabSize }, model.read.bind(model), sequence);
  }
  const { windows, batchSize } = windowsOf(model, found.length, options);
  for (let at = 0; at < windows.length; at += batchSize) {
    await rest(signal);
    const batch = windows.slice(at, at + batchSize);
    await scoreWindows(model, sequence, batch, found);
    await onProgress?.(batch.at(-1)!.end / found.length);
  }
  return found;
}

/**
 * How well a model predicts a text or its tokens.
 *
 * @example
 * ```ts
 * import { DecoderOnly, Random, trainBytePairEncoding } from "@heed/heed";
 * import { perplexity } from "@heed/heed/language-models";
 *
 * const tokenizer = await trainBytePairEncoding(["to be or not to be"], { vocabSize: "alphabet", level: "characters" });
 * const sizes = { vocabSize: tokenizer.vocabSize, contextLength: 8, hiddenSize: 16, numHeads: 2, numLayers: 1 };
 * const model = new DecoderOnly(sizes, new Random(1));
 * const { bitsPerCharacter } = await perplexity(model, "not to be", { tokenizer });
 * console.assert(bitsPerCharacter! > 0);
 * ```
 *
 * @param model a language model
 * @param text a text, or its tokens
 * @param options tokenizer for a text, windows, batches, and who is told
 * @returns perplexity and bits; bits per character and byte only of a text
 * @throws {TypeError} if a text comes without a tokenizer
 * @throws {RangeError} as {@linkcode score} does
 */
export async function perplexity(
  model: LanguageModel,
  text: string | ArrayLike<number>,
  options: PerplexityOptions = {},
): Promise<Perplexity> {
  checkOptions("measure perplexity", options, PERPLEXITY);
  const { tokenizer, ...scoring } = options;
  if (typeof text !== "string") {
    if (tokenizer) {
      throw new TypeError("Cannot measure perplexity with a tokenizer and tokens: a tokenizer needs a text");
    }
    return measureScores(await score(model, text, scoring));
  }
  if (!tokenizer) throw new TypeError("Cannot measure the perplexity of a text without a tokenizer");
  const tokens = tokenizer.encode(text);
  return measureScores(await score(model, tokens, scoring), sizeOfText(text, tokens.length));
}

// ## Generative and discriminative use of one model
//
// A generative language model (生成式语言模型) describes how texts arise, and can be sampled. A discriminative language model
// (判别式语言模型) describes what follows from a text, a label, and says nothing of the text. They are two uses rather than two kinds. Train one language model for each class,
// $P(x \mid c)$. Each can be sampled. Bayes' rule turns them into a classifier, with $P(c)$ how frequent the class is beforehand (the prior):
//
// $$P(c \mid x) = \frac{P(c)\, P(x \mid c)}{\sum_{c'} P(c')\, P(x \mid c')}$$
//
// A classifier that is trained on labels alone learns $P(c \mid x)$ directly. It need not know how texts look, only where the classes differ.
// Ng and Jordan compare the two: with the same features the discriminative one ends with the smaller error, and the generative one needs fewer
// examples to reach its own.
//
// The [experiment](experiments/autoregressive/classes.ts) compares them on the same counts of words.
//
// **The notes, 004.25.** Right about probability, and too strict about the kinds: the next word *is* a label, one of $V$. A model
// that is trained to predict the next word discriminates at every position, and generates all the same. A large language model
// classifies by the word that it writes.

/**
 * The probabilities of some classes, from how probable each makes what was seen.
 *
 * @param logLikelihoods logarithm of the probability of the same observation under each class
 * @param priors probability of each class beforehand, positive numbers of any sum; all alike by default
 * @returns probabilities that sum to one
 * @throws {RangeError} if a number is NaN, a prior is negative, or no class is possible
 */
export function posterior(logLikelihoods: ArrayLike<number>, priors?: ArrayLike<number>): Float64Array {
  checkClasses(logLikelihoods, priors);
  // $\log P(c) + \log P(x \mid c)$: in log space, since both factors underflow for a text of any length.
  const joint = Float64Array.from(logLikelihoods, (log, c) => log + Math.log(priors ? priors[c]! : 1));
  const highest = Math.max(...joint);
  if (highest === -Infinity) throw new RangeError("Cannot compare classes: what was seen is impossible under each");
  const weights = joint.map((log) => Math.exp(log - highest)), total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Classifies a sequence by one language model for each class.
 *
 * @param models one for each class, all with one vocabulary
 * @param tokens ids
 * @param options probabilities of the classes beforehand, and those of {@linkcode score}
 * @returns the probability of each class given the sequence
 * @throws {TypeError} if there is no model, or priors for another number of classes
 */
export async function classify(
  models: readonly LanguageModel[],
  tokens: ArrayLike<number>,
  options: ClassifyOptions = {},
): Promise<Float64Array> {
  checkOptions("classify", options, CLASSIFY);
  checkList("classify", "models", models, "language models", aLanguageModel.fits);
  if (models.length === 0) throw new TypeError("Cannot classify without a model: one for each class is needed");
  const { priors, ...scoring } = options, logLikelihoods: number[] = [];
  if (priors) checkClasses(models.map(() => 0), priors);
  for (const model of models) logLikelihoods.push((await score(model, tokens, scoring)).reduce((a, b) => a + b, 0));
  return posterior(logLikelihoods, priors);
}

// ## What a language model is not
//
// **The notes, 001.6.** Refuted. A language model predicts. An n-gram model ([section](n_grams/mod.ts)) has no vectors at all and is
// a language model by every definition of this page. A GPT, a Transformer that is trained to predict the next token ([section](../05_transformer/decoder_only.ts)), has vectors, and writes without anybody looking at them. Vectors are what is left
// over when a network is trained to predict, and [the chapter on words](../02_words/mod.ts) puts them to use.

// #region Windows longer than the context
//
// A window of $C$ inputs scores at most $C$ tokens. The first window scores all of its own. Each further window ends `stride` tokens
// later than the one before, and scores only those last `stride` tokens. So every token but the first ones is predicted from more than $C -$ `stride` tokens. The last window ends with the text. All windows are equally long and are computed in batches.

/** Options of {@linkcode score}. */
export interface ScoreOptions {
  /** What stands before the first token, so that it is scored too; nothing by default. */
  readonly beginToken?: number | undefined;
  /** Tokens read at once; the model's context but at most 1,024 by default. A memory is handed on beyond. */
  readonly window?: number | undefined;
  /** Tokens from one window to the next, at most a window; half a window by default. */
  readonly stride?: number | undefined;
  /** Windows computed together; as many as have 8,192 tokens and 2²⁴ logits by default. */
  readonly batchSize?: number | undefined;
  /** Stops the scoring with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how much is done, in [0, 1], and is waited for; nobody is told by default. */
  readonly onProgress?: ((done: number) => void | Promise<void>) | undefined;
}

/** What turns a text into tokens. */
export interface Encoder {
  /** The tokens of a text. */
  encode(text: string): ArrayLike<number>;
}

/** Options of {@linkcode perplexity}. */
export interface PerplexityOptions extends ScoreOptions {
  /** What turns a text into tokens, which a text needs; none by default. */
  readonly tokenizer?: Encoder | undefined;
}

/** Options of {@linkcode classify}. */
export interface ClassifyOptions extends ScoreOptions {
  /** Probability of each class beforehand; all alike by default. */
  readonly priors?: readonly number[] | undefined;
}

const SCORE: Checks<ScoreOptions> = {
  beginToken: integer({ min: 0 }),
  window: integer(),
  stride: integer(),
  batchSize: integer(),
  signal: abortSignal,
  onProgress: callback(),
};

const PERPLEXITY: Checks<PerplexityOptions> = {
  ...SCORE,
  tokenizer: object("an object with encode()", (value) => typeof (value as Partial<Encoder>).encode === "function"),
};

const CLASSIFY: Checks<ClassifyOptions> = { ...SCORE, priors: list("a list of numbers", (x) => typeof x === "number") };

/** What a language model must be. */
const aLanguageModel = object<LanguageModel>(
  "a model with vocabSize, contextLength and forward()",
  (value) => "vocabSize" in value && "contextLength" in value && "forward" in value,
);

/** Tokens that a model which looks them up scores between two pauses. */
const AT_ONCE = 4096;
/** Longest window, and most tokens and logits of a batch, unless somebody says otherwise. */
const LONGEST_WINDOW = 1024, MOST_TOKENS = 2 ** 13, MOST_LOGITS = 2 ** 24;

/** A stretch of a sequence: inputs from `start`, of which the targets from `fresh` up to `end` are scored. */
interface Window {
  readonly start: number;
  /** Place of the first and past the last score that this window gives. */
  readonly fresh: number;
  readonly end: number;
}

/** The windows of a sequence with so many targets. */
function windowsOf(
  model: LanguageModel,
  targets: number,
  { window = Math.min(model.contextLength, LONGEST_WINDOW), stride, batchSize }: ScoreOptions,
): { readonly windows: readonly Window[]; readonly batchSize: number } {
  if (window > model.contextLength) {
    throw new RangeError(`Cannot score with window = ${window}: the model sees ${model.contextLength} tokens`);
  }
  const step = stride ?? Math.ceil(window / 2);
  if (step > window) {
    throw new RangeError(`Cannot score with stride = ${step}: it must be at most the window, ${window}`);
  }
  const length = Math.min(window, targets), windows: Window[] = [{ start: 0, fresh: 0, end: length }];
  for (let fresh = length; fresh < targets;) {
    const end = Math.min(fresh + step, targets);
    windows.push({ start: end - length, fresh, end });
    fresh = end;
  }
  const fitting = Math.floor(Math.min(MOST_TOKENS, MOST_LOGITS / model.vocabSize) / length);
  return { windows, batchSize: batchSize ?? Math.max(1, fitting) };
}

/** Scores a sequence stretch by stretch, and hands the memory on: no token is read twice, and none is forgotten. */
async function scoreInOrder(
  { window, stride, batchSize, signal, onProgress, vocabSize }: ScoreOptions & { readonly vocabSize: number },
  read: NonNullable<LanguageModel["read"]>,
  sequence: Int32Array,
): Promise<Float64Array> {
  for (const [name, value] of Object.entries({ stride, batchSize })) {
    if (value === undefined) continue;
    throw new TypeError(
      `Cannot score with ${name} = ${value} by a model that hands a memory on: it reads each token once`,
    );
  }
  const found = new Float64Array(sequence.length - 1), most = Math.max(1, Math.floor(MOST_LOGITS / vocabSize));
  const length = window ?? Math.min(LONGEST_WINDOW, most);
  let memory: Readonly<Record<string, Tensor>> = {};
  try {
    for (let from = 0; from < found.length; from += length) {
      await rest(signal);
      const end = Math.min(found.length, from + length), before = memory;
      const row = (shift: number): Tensor => tensor(sequence.slice(from + shift, end + shift), [1, end - from]);
      let reading: Promise<Numbers> | undefined;
      memory = scope(() =>
        noGrad(() => {
          const { logits, ...after } = withoutChance(() => read(row(0), before));
          dims(logits, "B T V", { B: 1, T: end - from, V: vocabSize });
          reading = targetLogProbabilities(logits, row(1)).read();
          return after;
        })
      );
      releaseAll(before);
      found.set(await reading!, from);
      await onProgress?.(end / found.length);
    }
  } finally {
    releaseAll(memory);
  }
  return found;
}

/** Gives a memory back. */
function releaseAll(memory: Readonly<Record<string, Tensor>>): void {
  for (const state of Object.values(memory)) release(state);
}

/** Scores some windows in one batch. */
async function scoreWindows(
  model: LanguageModel,
  sequence: Int32Array,
  batch: readonly Window[],
  found: Float64Array,
): Promise<void> {
  const B = batch.length, T = batch[0]!.end - batch[0]!.start;
  const most = Math.max(...batch.map(({ fresh, end }) => end - fresh));
  const rows = (shift: number, length: number): Tensor => {
    const ids = new Int32Array(B * length);
    batch.forEach(({ end }, row) => ids.set(sequence.subarray(end - length + shift, end + shift), row * length));
    return tensor(ids, [B, length]);
  };
  let reading: Promise<Numbers> | undefined;
  scope(() =>
    noGrad(() => {
      const logits = withoutChance(() => model.forward(rows(0, T)));
      dims(logits, "B T V", { B, T, V: model.vocabSize });
      // What an earlier window has scored is not scored again.
      reading = targetLogProbabilities(logits.slice(1, T - most), rows(1, most)).read();
    })
  );
  const numbers = await reading!;
  batch.forEach(({ fresh, end }, row) => {
    found.set(numbers.subarray((row + 1) * most - (end - fresh), (row + 1) * most), fresh);
  });
}

/** Checks the arguments of {@linkcode score}; returns the tokens with what stands before them. */
function readSequence(model: LanguageModel, tokens: ArrayLike<number>, options: ScoreOptions): Int32Array {
  checkValue("score", "model", model, aLanguageModel);
  checkNumbers("score", "tokens", tokens);
  checkOptions("score", options, SCORE);
  const { beginToken } = options, shift = beginToken === undefined ? 0 : 1;
  if (tokens.length + shift < 2) {
    throw new RangeError(
      `Cannot score ${tokens.length === 0 ? "no token" : "one token without a context"}: ` +
        `at least ${shift === 1 ? "one token" : "two tokens, or one and beginToken,"} must be given`,
    );
  }
  const sequence = new Int32Array(tokens.length + shift);
  if (beginToken !== undefined) sequence[0] = requireToken(beginToken, model.vocabSize);
  for (let i = 0; i < tokens.length; i++) sequence[i + shift] = requireToken(tokens[i]!, model.vocabSize);
  return sequence;
}

function requireToken(token: number, vocabSize: number): number {
  if (Number.isInteger(token) && token >= 0 && token < vocabSize) return token;
  throw new RangeError(`Cannot score token ${shown(token)}: it must be an integer in [0, ${vocabSize - 1}]`);
}
// #endregion

// #region Sizes of texts, and more checks

/** How large a text is, by three measures. */
export interface TextSize {
  /** How many tokens it has, scored or not. */
  readonly tokens: number;
  /** How many characters (code points). */
  readonly characters: number;
  /** How many bytes in UTF-8. */
  readonly bytes: number;
}

const TEXT: Checks<TextSize> = {
  tokens: { ...integer(), required: true },
  characters: { ...integer(), required: true },
  bytes: { ...integer(), required: true },
};

/** The size of a text that has so many tokens. */
function sizeOfText(text: string, tokens: number): TextSize {
  let characters = 0;
  for (const _ of text) characters++;
  return { tokens, characters, bytes: new TextEncoder().encode(text).length };
}

function checkScores(logProbabilities: ArrayLike<number>, text: TextSize | undefined): void {
  checkNumbers("measure perplexity", "logProbabilities", logProbabilities);
  if (text !== undefined) checkOptions("measure perplexity", text, TEXT);
  if (logProbabilities.length === 0) throw new RangeError("Cannot measure the perplexity of no token");
}

const prior = numeric({ min: 0 });

function checkClasses(logLikelihoods: ArrayLike<number>, priors: ArrayLike<number> | undefined): void {
  checkNumbers("compare classes", "logLikelihoods", logLikelihoods);
  for (let c = 0; c < logLikelihoods.length; c++) {
    if (!(logLikelihoods[c]! < Infinity)) {
      throw new RangeError(`Cannot compare classes with a log-likelihood of ${logLikelihoods[c]}: it must be a number`);
    }
  }
  if (logLikelihoods.length === 0) throw new RangeError("Cannot compare no classes: at least one is needed");
  if (priors === undefined) return;
  if (!isListOfNumbers(priors)) checkNumbers("compare classes", "priors", priors);
  if (priors.length !== logLikelihoods.length) {
    throw new TypeError(`Cannot compare ${logLikelihoods.length} classes with ${priors.length} priors`);
  }
  for (let c = 0; c < priors.length; c++) checkValue("compare classes", `priors[${c}]`, priors[c]!, prior);
}
// #endregion

// ## Pitfall: multiplying probabilities
//
// `probabilities.reduce((a, b) => a * b)` is the first formula word for word, and right for a sentence. For a page of text it is 0, the
// perplexity is infinite, and two texts cannot be compared. The test "measureScores() keeps what a product of probabilities
// loses" has such a text.

// ## Pitfall: windows without overlap
//
// A text that is cut into windows one after the other is scored too badly: the first tokens of each window have hardly a context. With
// `stride` equal to `window` the perplexity is that of a model which forgets everything at each border. The test "score() gives
// every token past the first window at least window − stride tokens of context" counts them.

// ## Pitfall: perplexities of different tokens
//
// A perplexity is per token, and a tokenizer with longer tokens has fewer and harder ones. Two models with different
// vocabularies are compared by bits per character or byte alone. The bits of a whole text are $-\log_2$ of its probability, however it is cut; divided by its characters or bytes they can be compared. The test "perplexity() of one distribution is another per token and the same per
// byte" has one text and two tokenizers. A vocabulary with an unknown word escapes the comparison altogether: the more words are
// unknown, the better it looks, since one frequent token stands for all of them.

// ## Exercise
//
// *From bits to nats.* A model of characters needs 2 bits per character. A model of words, each of 5 characters on average with the space, has the
// perplexity 1,000. Which one is the better model?
//
// **Hint.** Take the logarithm of the perplexity to the base 2, and divide it among the characters.
//
// **Solution.** The words win by a little: a word costs $\log_2 1000$ bits, and five characters cost ten.
//
// ```ts
// const perWord = Math.log2(1000);
// console.log(`a word: ${perWord.toFixed(3)} bits, or ${(perWord / 5).toFixed(3)} for each of its characters`);
// console.log(`five characters: ${(5 * 2).toFixed(3)} bits`);
// ```
//
// ```text
// a word: 9.966 bits, or 1.993 for each of its characters
// five characters: 10.000 bits
// ```
