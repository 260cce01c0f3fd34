/**
 * # Choosing without waiting
 *
 * **Question.** The next step needs the token of this one. A GPU computes a token in less than a
 * millisecond and takes ten to answer a question. Must the program ask at every token?
 *
 * **Idea.** It need not know the token; only the model must. The rules of this chapter and the draw can be
 * written with tensors, so that the chosen token stays on the device and is fed to the next step from
 * there. The program asks every few steps, and throws away what was written after the end of the text.
 *
 * **Formula.** A draw turns one uniform number $u$ into a token, by running sums (累计概率):
 *
 * $$i = \min \Big\{ j : p_j > 0,\ \sum_{k \le j} p_k > u \sum_k p_k \Big\}$$
 *
 * | symbol | in code         | shape                              |
 * | ------ | --------------- | ---------------------------------- |
 * | $p$    | `probabilities` | `[B, V]`, after the rules          |
 * | $u$    | `uniforms`      | `[B]`, in $[0, 1)$                 |
 * | $i$    | `tokens`        | `[B]`, int32                       |
 *
 * **The same rules twice?** A rule on plain numbers can be read, and tested against the notes; these here
 * are tested against those. They differ in the last digit of float32, so a draw that lands within $10^{-6}$
 * of the border between two tokens may choose the other one. Greedy choices are the same.
 *
 * @module
 */

import { full } from "../engine/create.ts";
import { gather, scatter } from "../engine/indexing.ts";
import { argsort, topK as largest } from "../engine/sorting.ts";
import type { Tensor } from "../engine/tensor.ts";
import { dims } from "../engine/shape.ts";
import { logSoftmax, softmax } from "../02_words/softmax.ts";

/** Which rules apply, in this order; each as in `generate`. */
export interface DeviceRules {
  /** As in `repetitionRule`; needs `seen`. */
  readonly repetitionPenalty?: number | undefined;
  /** As in `temperatureRule`. */
  readonly temperature?: number | undefined;
  /** As in `topKRule`. */
  readonly topK?: number | undefined;
  /** As in `topPRule`. */
  readonly topP?: number | undefined;
  /** As in `minPRule`. */
  readonly minP?: number | undefined;
  /** As in `epsilonRule`. */
  readonly epsilonCutoff?: number | undefined;
  /** As in `typicalRule`. */
  readonly typicalP?: number | undefined;
}

/** A choice for each text of a batch, not yet read. */
export interface ChosenTokens {
  /** int32 `[B]` */
  readonly tokens: Tensor;
  /** Logarithm of the model's own probability of each, `[B]`; NaN if a logit was NaN. */
  readonly logProbabilities: Tensor;
}

/** Largest draw: times a sum of float32 it stays below that sum. */
const ALMOST_ONE = 1 - 2 ** -23;
/** Rounding that a sum of float32 may lack when it is compared with $p$. */
const ROUNDING = 1e-7;

/**
 * Applies the rules and chooses, by tensors alone.
 *
 * @param logits `[B, V]`
 * @param rules which to apply
 * @param uniforms `[B]`, draws in $[0, 1)$; without them the likeliest token is chosen
 * @param seen bool `[B, V]`, the tokens of each context; for the repetition penalty
 * @returns the tokens and their logarithmic probabilities under `logits`
 */
export function chooseOnDevice(logits: Tensor, rules: DeviceRules, uniforms?: Tensor, seen?: Tensor): ChosenTokens {
  const { B } = dims(logits, "B V");
  const allowed = restrict(logits, rules, seen);
  const tokens = uniforms ? draw(softmax(allowed), uniforms) : allowed.argmax(-1);
  const logProbabilities = gather(logSoftmax(logits), -1, tokens.unsqueeze(-1)).reshape([B]);
  return { tokens, logProbabilities };
}

/** What the rules leave of the logits; what they exclude is $-\infty$. */
function restrict(logits: Tensor, rules: DeviceRules, seen: Tensor | undefined): Tensor {
  const { repetitionPenalty, temperature, topK, topP, minP, epsilonCutoff, typicalP } = rules;
  let z = logits;
  if (repetitionPenalty !== undefined && seen) {
    const lowered = z.div(repetitionPenalty).where(z.greater(0), z.mul(repetitionPenalty));
    z = lowered.where(seen, z);
  }
  if (temperature !== undefined) z = z.div(temperature);
  if (topK !== undefined && topK < z.shape[1]!) {
    z = keep(z, at(z, largest(z, topK).indices));
  }
  if (topP !== undefined && topP < 1) z = nucleus(z, z, softmax(z), topP);
  if (minP !== undefined) z = keep(z, z.greaterEqual(z.max(-1, { keepDims: true }).add(Math.log(minP))));
  if (epsilonCutoff !== undefined) {
    const likely = softmax(z).greater(epsilonCutoff), some = likely.cast("float32").max(-1, { keepDims: true });
    // Where nothing is likely enough, the likeliest stays.
    z = keep(z, likely.or(isFirst(z).and(some.equal(0))));
  }
  if (typicalP !== undefined && typicalP < 1) {
    const probabilities = softmax(z), surprise = logSoftmax(z).neg();
    const entropy = probabilities.mul(surprise).where(probabilities.greater(0), 0).sum(-1, { keepDims: true });
    z = nucleus(z, surprise.sub(entropy).abs().neg(), probabilities, typicalP);
  }
  return z;
}

function keep(z: Tensor, mask: Tensor): Tensor {
  return z.where(mask, -Infinity);
}

/** True at the first of the largest logits of each row. */
function isFirst(z: Tensor): Tensor {
  return at(z, z.argmax(-1, { keepDims: true }));
}

/** True at some places of each row, `[B, K]`, and nowhere else. */
function at(z: Tensor, places: Tensor): Tensor {
  return scatter(full(z.shape, 0), -1, places, full(places.shape, 1)).greater(0);
}

/** Keeps tokens in falling order of `key` until their probabilities reach `p`. */
function nucleus(z: Tensor, key: Tensor, probabilities: Tensor, p: number): Tensor {
  const order = argsort(key, { descending: true });
  const shares = gather(probabilities, -1, order);
  // The sum of those before decides: the token that reaches $p$ belongs to them.
  const kept = shares.cumulativeSum(-1).sub(shares).less(p - ROUNDING).cast("float32");
  return keep(z, scatter(full(z.shape, 0), -1, order, kept).greater(0));
}

/** The formula of this page, for each row. */
function draw(probabilities: Tensor, uniforms: Tensor): Tensor {
  const { B, V } = dims(probabilities, "B V");
  const sums = probabilities.cumulativeSum(-1);
  const target = sums.slice(-1, V - 1).mul(uniforms.minimum(ALMOST_ONE).reshape([B, 1]));
  const beyond = sums.greater(target).and(probabilities.greater(0));
  // The first of those beyond; the likeliest should rounding leave none.
  return full(probabilities.shape, 2).where(beyond, probabilities).argmax(-1);
}

// ## Pitfall: the border of a running sum
//
// Running sums of float32 need not rise: where a token has probability zero, two different orders of adding
// may make its sum larger than the one before it, and a draw in between would choose what is forbidden. The
// condition $p_j > 0$ excludes it; the test "chooseOnDevice() never draws what is forbidden" watches.
