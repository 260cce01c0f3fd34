/**
 * # Truncation
 *
 * **Question.** Each token of the long tail is a bad choice, and together they have a large probability
 * mass. Which tokens should never be sampled?
 *
 * **Idea.** There are seven common answers. Each is a rule from logits to logits that sets the logits of the tokens that it
 * excludes to $-\infty$. *Top-k* keeps a fixed number of tokens. *Top-p* (nucleus sampling) [核采样] keeps the fewest tokens that
 * reach a given probability mass. *Epsilon* keeps those above a fixed probability,
 * *min-p* those above a fraction of the largest one. *Eta* is epsilon with a threshold that falls where the entropy is high.
 * *Top-nσ* looks at the logits themselves, and keeps those within some standard deviations of the largest. *Locally typical*
 * keeps the tokens whose surprisal $-\log p$ is closest to its expected value, the entropy.
 *
 * **Formula.** Let $p_i$ be the probabilities of one position. Top-p keeps the $n$ most probable tokens, with
 * the smallest $n$ whose sum reaches a mass $s$; the next four keep each token that is probable enough:
 *
 * $$n = \min\Big\{k : \sum_{i \le k} p_{(i)} \ge s\Big\}, \qquad p_i > \epsilon, \qquad p_i \ge r \max_j p_j$$
 *
 * $$p_i > \eta = \min\big(\epsilon,\ \sqrt{\epsilon}\, e^{-H}\big), \qquad z_i \ge \max_j z_j - m\, \sigma(z)$$
 *
 * Locally typical is top-p with the tokens in order of $|{-\log p_i} - H|$, the smallest first.
 *
 * | symbol     | in code          | meaning                                                                           |
 * | ---------- | ---------------- | --------------------------------------------------------------------------------- |
 * | $p_i$      | `probabilities`  | of token $i$ before the cut                                                       |
 * | $p_{(i)}$  | `keepNucleus()`  | the $i$-th largest of them                                                        |
 * | $s$        | `p`              | the probability mass of top-p and of locally typical                              |
 * | $r$        | `p`              | the factor of min-p                                                               |
 * | $\epsilon$ | `epsilon`        | the threshold of epsilon, and the highest one of eta                              |
 * | $m$        | `deviations`     | of top-nσ                                                                         |
 * | $\sigma$   | `deviation()`    | the standard deviation of the logits that are not forbidden                       |
 * | $H$        | `entropy`        | $-\sum_i p_i \log p_i$, the expected surprisal ([section](../06_training/loss.ts)) |
 *
 * **The rules at the boundary.** Equal tokens are ordered by id, the lower one first; exactly
 * $k$ survive top-k. The token with which the sum *reaches* $s$ belongs to the nucleus, and
 * nothing after it, also if the sum lands on $s$ exactly. Epsilon is strict, as in [the notes](notes:004.97)
 * (大于某个阈值), and so is eta, as in its paper; min-p and top-nσ are not. Epsilon is no variant of top-p, as they have it: it compares each probability alone. At
 * least one token always survives: the most probable, for locally
 * typical the most typical one. Where every token is forbidden already, all stay so.
 *
 * **Why so many.** A fixed $k$ is too large where the model is certain and too small where a hundred
 * continuations are equally good. Top-p adapts to this. But the last few percent of its mass can be a
 * thousand bad tokens of a flat tail. Epsilon and min-p look at each token alone. Locally typical
 * has another aim: the surprisal of a token should be close to the entropy. Tokens of the tail have more,
 * and the most probable token often has less. Epsilon has a fault of its own: where a thousand continuations are equally good,
 * none exceeds the threshold, and only one is left. Eta lowers the threshold there.
 *
 * **Before or after the temperature.** A high temperature makes the tail more probable, and every rule that counts
 * probabilities lets more of it in. Top-nσ does not: the logits, their largest and their deviation are all divided by the same
 * number, so it keeps the same tokens at every temperature. It comes first of the seven, since the others change which logits there are.
 *
 * Sources: Fan, Lewis and Dauphin 2018, *Hierarchical Neural Story Generation* (top-k); Holtzman et al. 2020, *The Curious
 * Case of Neural Text Degeneration* (top-p); Hewitt, Manning and Liang 2022, *Truncation Sampling as Language Model
 * Desmoothing* (epsilon, eta); Meister et al. 2023, *Locally Typical Sampling*; Nguyen et al. 2024, *Turning Up the Heat: Min-p
 * Sampling for Creative and Coherent LLM Outputs*; Tang et al. 2024, *Top-nσ: Not All Logits Are You Need*.
 *
 * @module
 */

import { exponential } from "../engine/exponential.ts";
import { Heap } from "../engine/heap.ts";
import { full } from "../engine/create.ts";
import { gather, scatter } from "../engine/indexing.ts";
import { argsort, topK as largestOf } from "../engine/sorting.ts";
import type { Tensor } from "../engine/tensor.ts";
import { type Check, checkValue, integer, numeric } from "../engine/options.ts";
import { logSoftmax, softmax } from "../02_words/softmax.ts";
import { likeliest, listed, type LogitsRule, ruleInPlace } from "./rules.ts";

/** What a number of tokens may be. */
export const tokenCountCheck: Check<number> = integer();
/** What a probability mass, or a fraction of one, may be. */
export const shareCheck: Check<number> = numeric({ above: 0, max: 1 });
/** What a threshold for probabilities may be. */
export const thresholdCheck: Check<number> = numeric({ above: 0, below: 1 });

/** What a number of standard deviations may be. */
export const deviationsCheck: Check<number> = numeric({ above: 0 });

/**
 * Keeps the `k` most probable tokens.
 *
 * @param k how many, a positive integer; beyond the vocabulary it keeps all
 * @returns a rule
 * @throws {RangeError} if `k` is not a positive integer
 */
export function topKRule(k: number): LogitsRule {
  checkValue("sample", "topK", k, tokenCountCheck);
  return ruleInPlace({
    name: "topK",
    needsDraw: true,
    cuts: true,
    inPlace: (row) => {
      if (k < row.length) leftOf(row)?.keepLargest(row, k);
    },
    onDevice: (logits) => k >= logits.shape[1]! ? logits : keepWhere(logits, at(logits, largestOf(logits, k).indices)),
  });
}

/** Rounding that a sum of float64 may lack when it is compared with $s$, and a sum of float32. */
const ROUNDING = 1e-12, ROUNDING_ON_DEVICE = 1e-7;

/**
 * Keeps the fewest tokens whose probabilities sum to at least `p`.
 *
 * @param p probability mass, in (0, 1]; 1 keeps all
 * @returns a rule
 * @throws {RangeError} if `p` is outside its interval
 */
export function topPRule(p: number): LogitsRule {
  checkValue("sample", "topP", p, shareCheck);
  return ruleInPlace({
    name: "topP",
    needsDraw: true,
    cuts: true,
    inPlace: (row) => {
      const left = p === 1 ? undefined : distribution(row);
      if (!left) return;
      for (let i = 0; i < left.count; i++) left.keys[i] = row[left.tokens[i]!]!;
      left.keepNucleus(row, p);
    },
    onDevice: (logits) => p === 1 ? logits : keepNucleus(logits, logits, softmax(logits), p),
  });
}

/**
 * Keeps every token that is more probable than a threshold.
 *
 * @param epsilon the threshold, in (0, 1)
 * @returns a rule
 * @throws {RangeError} if the threshold is outside its interval
 */
export function epsilonRule(epsilon: number): LogitsRule {
  checkValue("sample", "epsilonCutoff", epsilon, thresholdCheck);
  return ruleInPlace({
    name: "epsilonCutoff",
    needsDraw: true,
    cuts: true,
    inPlace: (row) => keepAbove(row, () => epsilon),
    onDevice: (logits) => keepLikely(logits, softmax(logits).greater(epsilon)),
  });
}

/**
 * Keeps every token that is more probable than a threshold, which the entropy lowers.
 *
 * @param epsilon the highest threshold, in (0, 1)
 * @returns a rule
 * @throws {RangeError} if the threshold is outside its interval
 */
export function etaRule(epsilon: number): LogitsRule {
  checkValue("sample", "etaCutoff", epsilon, thresholdCheck);
  const root = Math.sqrt(epsilon);
  return ruleInPlace({
    name: "etaCutoff",
    needsDraw: true,
    cuts: true,
    inPlace: (row) => keepAbove(row, (entropy) => Math.min(epsilon, root * Math.exp(-entropy()))),
    onDevice: (logits) => {
      const probabilities = softmax(logits), surprisal = logSoftmax(logits).neg();
      const threshold = entropyOf(probabilities, surprisal).neg().exp().mul(root).minimum(epsilon);
      return keepLikely(logits, probabilities.greater(threshold));
    },
  });
}

/**
 * Keeps every token whose logit is within some standard deviations of the largest.
 *
 * The deviation is that of all logits that are not forbidden.
 *
 * @param deviations how many, greater than 0
 * @returns a rule
 * @throws {RangeError} if the number is not positive
 */
export function topNSigmaRule(deviations: number): LogitsRule {
  checkValue("sample", "topNSigma", deviations, deviationsCheck);
  return ruleInPlace({
    name: "topNSigma",
    needsDraw: true,
    cuts: true,
    inPlace: (row) => {
      const left = leftOf(row);
      left?.forbidBelow(row, left.highest - deviations * left.deviation(row));
    },
    onDevice: (logits) => {
      const isAllowed = logits.greater(-Infinity), highest = logits.max(-1, { keepDims: true });
      const count = isAllowed.cast("float32").sum(-1, { keepDims: true }).maximum(1);
      const below = logits.sub(highest).where(isAllowed, 0), mean = below.sum(-1, { keepDims: true }).div(count);
      const squares = below.sub(mean).pow(2).where(isAllowed, 0).sum(-1, { keepDims: true });
      const bound = highest.sub(squares.div(count).sqrt().mul(Math.min(deviations, 2 ** 64)));
      return keepWhere(logits, isAllowed.and(logits.greaterEqual(bound)));
    },
  });
}

/**
 * Keeps every token that is at least `p` times as likely as the most probable.
 *
 * @param p fraction of the largest probability, in (0, 1]
 * @returns a rule
 * @throws {RangeError} if `p` is outside its interval
 */
export function minPRule(p: number): LogitsRule {
  checkValue("sample", "minP", p, shareCheck);
  const distance = Math.log(p);
  return ruleInPlace({
    name: "minP",
    needsDraw: true,
    cuts: true,
    inPlace: (row) => {
      const left = leftOf(row);
      // $p_i \ge r \max_j p_j$, in logits: the common factor cancels.
      left?.forbidBelow(row, left.highest + distance);
    },
    onDevice: (logits) => keepWhere(logits, logits.greaterEqual(logits.max(-1, { keepDims: true }).add(distance))),
  });
}

/**
 * Keeps the most typical tokens whose probabilities sum to at least `p`.
 *
 * A token is typical if its surprisal $-\log p_i$ is close to the entropy $H$. The
 * most probable token may be cut off: it can say too little.
 *
 * @param p probability mass, in (0, 1]; 1 keeps all
 * @returns a rule
 * @throws {RangeError} if `p` is outside its interval
 */
export function typicalRule(p: number): LogitsRule {
  checkValue("sample", "typicalP", p, shareCheck);
  return ruleInPlace({
    name: "typicalP",
    needsDraw: true,
    cuts: true,
    inPlace: (row) => {
      const left = p === 1 ? undefined : distribution(row);
      if (!left) return;
      const { tokens, keys, count } = left, entropy = left.entropy(row);
      // $-\big|{-\log p_i} - H\big|$: the most typical first.
      for (let i = 0; i < count; i++) keys[i] = -Math.abs(left.surprisal(row[tokens[i]!]!) - entropy);
      left.keepNucleus(row, p);
    },
    onDevice: (logits) => {
      if (p === 1) return logits;
      const probabilities = softmax(logits), surprisal = logSoftmax(logits).neg();
      return keepNucleus(logits, surprisal.sub(entropyOf(probabilities, surprisal)).abs().neg(), probabilities, p);
    },
  });
}

/** Keeps what is more probable than a threshold, which may depend on the entropy; the most probable token where nothing is. */
function keepAbove(row: Float64Array, threshold: (entropy: () => number) => number): void {
  const left = distribution(row);
  if (!left) return;
  const { tokens, weights, total, count, best } = left, least = threshold(() => left.entropy(row));
  let kept = 0;
  const highest = row[best]!;
  for (let i = 0; i < count; i++) {
    if (weights[i]! / total > least) kept++;
    else row[tokens[i]!] = -Infinity;
  }
  if (kept === 0) row[best] = highest;
}

// #region The tokens that are left

/** Parts into which the range of a key is divided. */
const INTERVALS = 1024;

/**
 * The tokens of a row that are not forbidden, and what their probabilities are in proportion to.
 *
 * There is one such object. A step of a large vocabulary asks for it several times, and new arrays would cost more than what is
 * computed in them; nothing of it outlives the rules that asked. A rule that cuts after another one that does looks at what that
 * one has left, and not at the whole vocabulary.
 */
class Distribution {
  /** How many there are, the most probable one, and its logit. */
  count = 0;
  best = 0;
  highest = -Infinity;
  /** Their ids; by what they are ordered; their probabilities times `total`. */
  tokens = new Int32Array(0);
  keys = new Float64Array(0);
  weights = new Float64Array(0);
  /** The sum of the weights. */
  total = 0;
  /** Their ids as they were found, which nobody puts in another order. */
  #found = new Int32Array(0);
  readonly #sums = new Float64Array(INTERVALS);

  /** Reads a row; false if everything is forbidden. */
  read(row: Float64Array): boolean {
    if (this.tokens.length < row.length) {
      this.tokens = new Int32Array(row.length);
      this.#found = new Int32Array(row.length);
      this.keys = new Float64Array(row.length);
      this.weights = new Float64Array(row.length);
    }
    const found = this.#found;
    let count = 0, best = -1, highest = -Infinity;
    const isKnown = listed.row === row, most = isKnown ? this.count : row.length;
    for (let i = 0; i < most; i++) {
      const token = isKnown ? found[i]! : i, logit = row[token]!;
      if (logit === -Infinity) continue;
      found[count++] = token;
      if (logit <= highest) continue;
      // NaN and infinity have their error.
      if (!(logit < Infinity)) likeliest(row);
      best = token;
      highest = logit;
    }
    this.tokens.set(found.subarray(0, count));
    this.count = count;
    this.best = best;
    this.highest = highest;
    listed.row = listed.isFollowed ? row : undefined;
    return count > 0;
  }

  /** Computes the weights. */
  weigh(row: Float64Array): void {
    const { tokens, weights, count, highest } = this;
    let total = 0;
    for (let i = 0; i < count; i++) total += weights[i] = exponential(row[tokens[i]!]! - highest);
    this.total = total;
  }

  /** $\sigma$: the standard deviation of the logits. */
  deviation(row: Float64Array): number {
    let count = 0, sum = 0, squares = 0;
    for (let i = 0; i < this.count; i++) {
      // Relative to the highest, so that large logits lose no digits.
      const below = row[this.tokens[i]!]! - this.highest;
      if (below === -Infinity) continue;
      count++;
      sum += below;
      squares += below * below;
    }
    return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  }

  /** Forbids the tokens whose logits are lower. */
  forbidBelow(row: Float64Array, bound: number): void {
    for (let i = 0; i < this.count; i++) if (row[this.tokens[i]!]! < bound) row[this.tokens[i]!] = -Infinity;
  }

  /**
   * Keeps the `k` largest logits, of equal ones those with the lowest ids.
   *
   * One pass: the best so far lie in a heap whose root is the worst of them, and nearly every
   * further value is turned away by a single comparison.
   */
  keepLargest(row: Float64Array, k: number): void {
    const { tokens, count } = this;
    if (k >= count) return;
    const worse = (a: number, b: number): boolean => row[a]! < row[b]! || (row[a] === row[b] && a > b);
    const heap = new Heap(worse, tokens.subarray(0, k));
    let bar = row[heap.first!]!;
    for (let i = k; i < count; i++) {
      if (!(row[tokens[i]!]! > bar)) continue;
      heap.replaceFirst(tokens[i]!);
      bar = row[heap.first!]!;
    }
    const kept = [...heap], logits = kept.map((token) => row[token]!);
    for (let i = 0; i < count; i++) row[tokens[i]!] = -Infinity;
    kept.forEach((token, i) => row[token] = logits[i]!);
  }

  /** $-\log p_i$ of a logit. */
  surprisal(logit: number): number {
    return Math.log(this.total) - (logit - this.highest);
  }

  /** $H$: the expected surprisal. */
  entropy(row: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.count; i++) sum += this.weights[i]! * (row[this.tokens[i]!]! - this.highest);
    return Math.log(this.total) - sum / this.total;
  }

  /**
   * Keeps the fewest tokens that reach a probability, by falling key, equal ones by rising id.
   *
   * Two passes sum the weights in intervals of the key and find the one in which the sum gets there; only its tokens are put in
   * order. That takes time $O(V)$ and not $O(V \log V)$, however many are kept.
   */
  keepNucleus(row: Float64Array, p: number): void {
    const { tokens, keys, weights, count } = this, least = (p - ROUNDING) * this.total;
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < count; i++) {
      if (keys[i]! < low) low = keys[i]!;
      if (keys[i]! > high) high = keys[i]!;
    }
    const scale = high > low ? (INTERVALS - 1) / (high - low) : 0, sums = this.#sums.fill(0);
    for (let i = 0; i < count; i++) sums[(high - keys[i]!) * scale | 0]! += weights[i]!;
    let interval = 0, sum = 0;
    while (interval < INTERVALS - 1 && sum + sums[interval]! < least) sum += sums[interval++]!;
    let inside = 0;
    for (let i = 0; i < count; i++) {
      const place = (high - keys[i]!) * scale | 0;
      if (place > interval) row[tokens[i]!] = -Infinity;
      else if (place === interval) this.#set(inside++, tokens[i]!, keys[i]!, weights[i]!);
    }
    for (let i = this.#nucleus(inside, least - sum); i < inside; i++) row[tokens[i]!] = -Infinity;
  }

  #set(place: number, token: number, key: number, weight: number): void {
    this.tokens[place] = token;
    this.keys[place] = key;
    this.weights[place] = weight;
  }

  /**
   * Puts the fewest tokens first that reach a weight.
   *
   * As quicksort does, but only the part is sorted further in which the sum gets there.
   *
   * @param count how many places are looked at
   * @param least the weight
   * @returns how many tokens they are, at least 1
   */
  #nucleus(count: number, least: number): number {
    let from = 0, to = count, sum = 0;
    while (to - from > 1) {
      const place = this.#partition(from, to);
      let upper = sum;
      for (let i = from; i < place; i++) upper += this.weights[i]!;
      const reached = upper + this.weights[place]!;
      if (upper >= least) to = place;
      else if (reached >= least) return place + 1;
      else [from, sum] = [place + 1, reached];
    }
    return Math.max(1, to);
  }

  /** Puts what comes before the middle token in front of it, and returns its place. */
  #partition(from: number, to: number): number {
    const middle = (from + to) >> 1, last = to - 1;
    // The middle one of three.
    if (this.#before(middle, from)) this.#swap(middle, from);
    if (this.#before(last, from)) this.#swap(last, from);
    if (this.#before(middle, last)) this.#swap(middle, last);
    let place = from;
    for (let i = from; i < last; i++) if (this.#before(i, last)) this.#swap(i, place++);
    this.#swap(place, last);
    return place;
  }

  #before(a: number, b: number): boolean {
    const { keys, tokens } = this;
    return keys[a]! > keys[b]! || (keys[a] === keys[b] && tokens[a]! < tokens[b]!);
  }

  #swap(a: number, b: number): void {
    const { tokens, keys, weights } = this;
    const token = tokens[a]!, key = keys[a]!, weight = weights[a]!;
    this.#set(a, tokens[b]!, keys[b]!, weights[b]!);
    this.#set(b, token, key, weight);
  }
}

const shared = new Distribution();

/** What is left of a row, without weights; undefined where everything is forbidden. */
function leftOf(row: Float64Array): Distribution | undefined {
  return shared.read(row) ? shared : undefined;
}

/** What is left of a row, with weights; undefined where everything is forbidden. */
function distribution(row: Float64Array): Distribution | undefined {
  const left = leftOf(row);
  left?.weigh(row);
  return left;
}

// #endregion

// ## The same with tensors

/** The logits where a mask is true. */
function keepWhere(logits: Tensor, mask: Tensor): Tensor {
  // Minus infinity; NaN in a row with NaN or infinity, which a comparison would hide.
  const forbidden = logits.max(-1, { keepDims: true }).sub(Infinity);
  return logits.where(mask, forbidden);
}

/** The likely tokens; where there are none, the most probable one, the first of equal ones. */
function keepLikely(logits: Tensor, likely: Tensor): Tensor {
  const some = likely.cast("float32").max(-1, { keepDims: true });
  const first = at(logits, logits.argmax(-1, { keepDims: true }));
  return keepWhere(logits, likely.or(first.and(some.equal(0))));
}

/** $H$ of each row, `[B, 1]`. */
function entropyOf(probabilities: Tensor, surprisal: Tensor): Tensor {
  return probabilities.mul(surprisal).where(probabilities.greater(0), 0).sum(-1, { keepDims: true });
}

/** True at some places of each row, `[B, K]`, and nowhere else. */
function at(logits: Tensor, places: Tensor): Tensor {
  return scatter(full(logits.shape, 0), -1, places, full(places.shape, 1)).greater(0);
}

/** Keeps tokens in falling order of `key` until their probabilities reach `p`. */
function keepNucleus(logits: Tensor, key: Tensor, probabilities: Tensor, p: number): Tensor {
  const order = argsort(key, { descending: true });
  const inOrder = gather(probabilities, -1, order);
  // The sum of those before decides: the token that reaches $p$ belongs to them. It is 0 for the first, which stays.
  const reached = Math.max(p - ROUNDING_ON_DEVICE, 1e-30);
  const kept = inOrder.cumulativeSum(-1).sub(inOrder).less(reached).cast("float32");
  return keepWhere(logits, scatter(full(logits.shape, 0), -1, order, kept).greater(0));
}

// ## The rules side by side
//
// The experiment applies all seven to the same four distributions. Top-k keeps as many words where one
// is right as where a hundred are. Top-p adapts, but on the example of [the notes](notes:004.96) the three heads do
// not have the mass
// that it needs, so it adds words of the tail. Locally typical can drop the most probable word there, since the
// surprisal of this word is below the entropy. The reading below the figures gives the settings at which each of
// this begins.

// ## On real text
//
// An n-gram model of plays goes on after lines that it never saw. Each row has the same prompts and the same seed, and another rule.
//
// ```picture truncation_run Texts drawn under each rule, and the plays.
// ```

// ## Pitfall: cutting before the sum reaches p
//
// Without the token *with which* the sum crosses $s$ the mass is less than $s$, and nothing is left
// where the first token alone crosses it: a certain model then cannot generate anything. The
// test "topPRule() keeps the token that reaches p" fails for that version.

// ## Pitfall: keeping all ties
//
// A threshold at the $k$-th largest logit keeps every token equal to it: on a row of equal
// logits, all of them. The test "topKRule() keeps exactly k, lower ids first" uses that row.

// ## Exercise
//
// On the distribution of [the notes](notes:004.96), three heads and a thousand tails, which `topP` first lets a tail
// token in? Which `epsilonCutoff` keeps all three heads? Answer on paper, then run the rules.
