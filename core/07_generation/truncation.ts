/**
 * # Truncation
 *
 * **Question.** Each token of the long tail is a bad choice, and together they have a large probability
 * mass. Which tokens should never be sampled?
 *
 * **Idea.** There are five common answers. Each is a rule from logits to logits that sets the logits of the tokens that it
 * excludes to $-\infty$. *Top-k* keeps a fixed number of tokens. *Top-p* (nucleus sampling) [核采样] keeps the fewest tokens that
 * reach a given probability mass. *Epsilon* keeps those above a fixed probability,
 * *min-p* those above a fraction of the largest one. *Locally typical* keeps those whose surprisal $-\log p$
 * is closest to its expected value, the entropy.
 *
 * **Formula.** Let $p_i$ be the probabilities of one position. Top-p keeps the $n$ most probable tokens, with
 * the smallest $n$ whose sum reaches a mass $s$; epsilon and min-p keep each token that is probable enough:
 *
 * $$n = \min\Big\{k : \sum_{i \le k} p_{(i)} \ge s\Big\}, \qquad p_i > \epsilon, \qquad p_i \ge r \max_j p_j$$
 *
 * Locally typical is top-p with the tokens in order of $|{-\log p_i} - H|$, the smallest first.
 *
 * | symbol     | in code          | meaning                                                                           |
 * | ---------- | ---------------- | --------------------------------------------------------------------------------- |
 * | $p_i$      | `probabilities`  | of token $i$ before the cut                                                       |
 * | $p_{(i)}$  | `largestFirst()` | the $i$-th largest of them                                                        |
 * | $s$        | `p`              | the probability mass of top-p and of locally typical                              |
 * | $r$        | `p`              | the factor of min-p                                                               |
 * | $\epsilon$ | `epsilon`        | the threshold of epsilon                                                          |
 * | $H$        | `entropy`        | $-\sum_i p_i \log p_i$, the expected surprisal ([section](../06_training/loss.ts)) |
 *
 * **The rules at the boundary.** Equal tokens are ordered by id, the lower one first; exactly
 * $k$ survive top-k. The token with which the sum *reaches* $s$ belongs to the nucleus, and
 * nothing after it, also if the sum lands on $s$ exactly. Epsilon is strict, as in [the notes](notes:004.97)
 * (大于某个阈值); min-p is not. Epsilon is no variant of top-p, as they have it: it compares each probability alone. At
 * least one token always survives: the most probable, for locally
 * typical the most typical one. Where every token is forbidden already, all stay so.
 *
 * **Why so many.** A fixed $k$ is too large where the model is certain and too small where a hundred
 * continuations are equally good. Top-p adapts to this. But the last few percent of its mass can be a
 * thousand bad tokens of a flat tail. Epsilon and min-p look at each token alone. Locally typical
 * has another aim: the surprisal of a token should be close to the entropy. Tokens of the tail have more,
 * and the most probable token often has less.
 *
 * Sources: Fan, Lewis and Dauphin 2018, *Hierarchical Neural Story Generation* (top-k); Holtzman et al. 2020, *The Curious
 * Case of Neural Text Degeneration* (top-p); Hewitt, Manning and Liang 2022, *Truncation Sampling as Language Model
 * Desmoothing* (epsilon); Meister et al. 2023, *Locally Typical Sampling*; Nguyen et al. 2024, *Turning Up the Heat: Min-p
 * Sampling for Creative and Coherent LLM Outputs*.
 *
 * @module
 */

import { Heap } from "../engine/heap.ts";
import { full } from "../engine/create.ts";
import { gather, scatter } from "../engine/indexing.ts";
import { argsort, topK as largestOf } from "../engine/sorting.ts";
import type { Tensor } from "../engine/tensor.ts";
import { type Check, checkValue, integer, numeric } from "../engine/options.ts";
import { logSoftmax, softmax } from "../02_words/softmax.ts";
import { likeliest, type LogitsRule } from "./rules.ts";
import { toProbabilities } from "./sampling.ts";

/** What a number of tokens may be. */
export const tokenCountCheck: Check<number> = integer();
/** What a probability mass, or a fraction of one, may be. */
export const shareCheck: Check<number> = numeric({ above: 0, max: 1 });
/** What a threshold for probabilities may be. */
export const thresholdCheck: Check<number> = numeric({ above: 0, below: 1 });

/**
 * Keeps the `k` most probable tokens.
 *
 * @param k how many, a positive integer; beyond the vocabulary it keeps all
 * @returns a rule
 * @throws {RangeError} if `k` is not a positive integer
 */
export function topKRule(k: number): LogitsRule {
  checkValue("sample", "topK", k, tokenCountCheck);
  return {
    name: "topK",
    needsDraw: true,
    onHost: (logits) =>
      k >= logits.length || likeliest(logits) === undefined ? logits : keepOnly(logits, largest(logits, k)),
    onDevice: (logits) => k >= logits.shape[1]! ? logits : keepWhere(logits, at(logits, largestOf(logits, k).indices)),
  };
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
  return {
    name: "topP",
    needsDraw: true,
    onHost: (logits) => {
      if (p === 1 || likeliest(logits) === undefined) return logits;
      const probabilities = toProbabilities(logits);
      // All that are less likely than this sum to less than half of what may be left out.
      const bound = (1 - p) / (2 * logits.length);
      const candidates: number[] = [];
      for (let token = 0; token < logits.length; token++) if (probabilities[token]! >= bound) candidates.push(token);
      return keepOnly(logits, nucleus(largestFirst(logits, candidates), probabilities, p));
    },
    onDevice: (logits) => p === 1 ? logits : keepNucleus(logits, logits, softmax(logits), p),
  };
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
  return {
    name: "epsilonCutoff",
    needsDraw: true,
    onHost: (logits) => {
      const best = likeliest(logits);
      if (best === undefined) return logits;
      const probabilities = toProbabilities(logits);
      const kept: number[] = [];
      for (let token = 0; token < logits.length; token++) if (probabilities[token]! > epsilon) kept.push(token);
      return keepOnly(logits, kept.length ? kept : [best]);
    },
    onDevice: (logits) => {
      const likely = softmax(logits).greater(epsilon), some = likely.cast("float32").max(-1, { keepDims: true });
      // Where nothing is probable enough, the most probable stays, the first of equal ones.
      const first = at(logits, logits.argmax(-1, { keepDims: true }));
      return keepWhere(logits, likely.or(first.and(some.equal(0))));
    },
  };
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
  return {
    name: "minP",
    needsDraw: true,
    onHost: (logits) => {
      const best = likeliest(logits);
      if (best === undefined) return logits;
      // $p_i \ge r \max_j p_j$, in logits: the common factor cancels.
      const bound = logits[best]! + distance;
      return logits.map((logit) => logit >= bound ? logit : -Infinity);
    },
    onDevice: (logits) => keepWhere(logits, logits.greaterEqual(logits.max(-1, { keepDims: true }).add(distance))),
  };
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
  return {
    name: "typicalP",
    needsDraw: true,
    onHost: (logits) => {
      if (p === 1 || likeliest(logits) === undefined) return logits;
      const probabilities = toProbabilities(logits);
      let entropy = 0;
      for (const probability of probabilities) if (probability > 0) entropy -= probability * Math.log(probability);

      // $-\big|{-\log p_i} - H\big|$: the most typical first.
      const typicality = probabilities.map((probability) => -Math.abs(-Math.log(probability) - entropy));
      return keepOnly(logits, nucleus(largestFirst(typicality), probabilities, p));
    },
    onDevice: (logits) => {
      if (p === 1) return logits;
      const probabilities = softmax(logits), surprise = logSoftmax(logits).neg();
      const entropy = probabilities.mul(surprise).where(probabilities.greater(0), 0).sum(-1, { keepDims: true });
      return keepNucleus(logits, surprise.sub(entropy).abs().neg(), probabilities, p);
    },
  };
}

/** Takes tokens in the given order until their probabilities reach `p`. */
function nucleus(order: Iterable<number>, probabilities: Float64Array, p: number): number[] {
  const kept: number[] = [];
  let sum = 0;
  for (const token of order) {
    kept.push(token);
    sum += probabilities[token]!;
    if (sum >= p - ROUNDING) break;
  }
  return kept;
}

function keepOnly(logits: Float64Array, kept: readonly number[]): Float64Array {
  const result = new Float64Array(logits.length).fill(-Infinity);
  for (const token of kept) result[token] = logits[token]!;
  return result;
}

/**
 * The ids of the `k` largest values, equal ones by rising id.
 *
 * One pass: the best so far lie in a heap whose root is the worst of them, and nearly every
 * further value is turned away by a single comparison.
 */
function largest(values: Float64Array, k: number): number[] {
  const worse = (a: number, b: number): boolean => values[a]! < values[b]! || (values[a] === values[b] && a > b);
  const heap = new Heap(worse, Array.from({ length: k }, (_, id) => id));
  let bar = values[heap.first!]!;
  for (let id = k; id < values.length; id++) {
    if (!(values[id]! > bar)) continue;
    heap.replaceFirst(id);
    bar = values[heap.first!]!;
  }
  return [...heap];
}

/**
 * Some ids by falling value, equal ones by rising id, one at a time; all ids by default.
 *
 * A heap: laying it out takes time $O(V)$, each id taken $O(\log V)$. A cut needs a few dozen of
 * fifty thousand, and sorting them all would cost more than the rest of the step.
 */
function* largestFirst(values: Float64Array, ids: Iterable<number> = values.keys()): Generator<number> {
  const better = (a: number, b: number): boolean => values[a]! > values[b]! || (values[a] === values[b] && a < b);
  const heap = new Heap(better, ids);
  while (heap.size > 0) yield heap.pop()!;
}

// ## The same with tensors

/** The logits where a mask is true. */
function keepWhere(logits: Tensor, mask: Tensor): Tensor {
  // Minus infinity; NaN in a row with NaN or infinity, which a comparison would hide.
  const forbidden = logits.max(-1, { keepDims: true }).sub(Infinity);
  return logits.where(mask, forbidden);
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
// The experiment applies all five to the same four distributions. Top-k keeps as many words where one
// is right as where a hundred are. Top-p adapts, but on the example of [the notes](notes:004.96) the three heads do
// not have the mass
// that it needs, so it adds words of the tail. Locally typical can drop the most probable word there, since the
// surprisal of this word is below the entropy. The reading below the figures gives the settings at which each of
// this begins.

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
