/**
 * # On the device: choosing without waiting
 *
 * **Question.** The next step needs the token of this one. A GPU computes a token in less than a
 * millisecond and takes ten to answer a question. Must the program ask at every token?
 *
 * **Idea.** It need not know the token; only the model must. The rules of this chapter and the draw can be
 * written with tensors, so that the chosen token stays on the device and is fed to the next step from
 * there. The program asks every few steps, and throws away what was written after the end of the text.
 * That is possible exactly if the search and every rule in use have a form on the device.
 *
 * **Formula.** A draw turns one uniform number $u$ into a token, by running sums (累计概率):
 *
 * $$i = \min \Big\{ j : p_j > 0,\ \sum_{k \le j} p_k > u \sum_k p_k \Big\}$$
 *
 * | symbol | in code         | shape                              |
 * | ------ | --------------- | ---------------------------------- |
 * | $p$    | `probabilities` | `[B, V]`, after the rules          |
 * | $u$    | `uniforms`      | `[B]`, in $[0, 1)$                 |
 * | $i$    | `draw()`        | `[B]`, int32                       |
 *
 * **When it pays.** Where reading waits for the device, always. Where it does not, the host chooses as fast, in float64;
 * but greedy search without rules needs one number of a row of fifty thousand, so that one is chosen where the row lies.
 *
 * @module
 */

import { backend } from "../engine/device.ts";
import { full } from "../engine/create.ts";
import { gather } from "../engine/indexing.ts";
import { concat } from "../engine/joining.ts";
import type { Tensor } from "../engine/tensor.ts";
import { dims } from "../engine/shape.ts";
import { logSoftmax } from "../02_words/softmax.ts";
import { type DeviceContext, type LogitsRule, nothingAllowed } from "./rules.ts";
import type { ChooseTokens, TokenSearch } from "./search.ts";

/**
 * How tokens are chosen by tensors alone, if the search and every rule can be.
 *
 * @param search which token follows
 * @param rules what is applied to the logits first, in order
 * @returns a function from logits `[B, V]` to tokens; undefined if the search or a rule has no form on the device
 */
export function chooseOnDevice(search: TokenSearch, rules: readonly LogitsRule[]): ChooseTokens | undefined {
  if (!search.onDevice || !rules.every((rule) => rule.onDevice)) return undefined;
  return (logits, context) => {
    const { B } = dims(logits, "B V");
    const allowed = rules.reduce((left, rule) => applyOnDevice(rule, left, context), logits);
    const tokens = search.onDevice!(allowed);
    const logProbabilities = gather(logSoftmax(logits), -1, tokens.unsqueeze(-1)).reshape([B]);
    if (rules.length === 0) return { tokens, logProbabilities };
    // NaN times 0 is NaN: what the rules made of the logits shows here, and nowhere else.
    const highest = allowed.max(-1), told = logProbabilities.add(highest.mul(0));
    const nothing = logProbabilities.abs().add(Infinity);
    return { tokens, logProbabilities: told.where(highest.notEqual(-Infinity), nothing) };
  };
}

function isList(context: DeviceContext | readonly DeviceContext[]): context is readonly DeviceContext[] {
  return Array.isArray(context);
}

/** Applies a rule to all rows at once, or row by row where it looks at texts of different lengths. */
function applyOnDevice(
  rule: LogitsRule,
  logits: Tensor,
  context: DeviceContext | readonly DeviceContext[],
): Tensor {
  if (!isList(context)) return rule.onDevice!(logits, context);
  let looks = false;
  const look = (): never => {
    looks = true;
    throw new TypeError("Cannot look at texts of different lengths at once");
  };
  const unseen: DeviceContext = {
    eosToken: context[0]!.eosToken,
    eosTokens: context[0]!.eosTokens,
    maxNewTokens: context[0]!.maxNewTokens,
    get promptLength() {
      return look();
    },
    get tokens() {
      return look();
    },
  };
  try {
    return rule.onDevice!(logits, unseen);
  } catch (error) {
    if (!looks) throw error;
    return concat(context.map((row, i) => rule.onDevice!(logits.slice(0, i, i + 1), row)), 0);
  }
}

/**
 * The log-probability that {@linkcode chooseOnDevice} gave, if anything could be chosen.
 *
 * @param logProbability of the token that was chosen
 * @param rules those that were applied
 * @param vocabSize of the model
 * @throws {RangeError} if a logit was NaN or infinite, or every token was forbidden
 */
export function requireChoice(logProbability: number, rules: readonly LogitsRule[], vocabSize: number): number {
  if (logProbability === (rules.length > 0 ? Infinity : -Infinity)) throw nothingAllowed(vocabSize);
  if (Number.isNaN(logProbability)) throw new RangeError("Cannot choose among logits: one of them is NaN or Infinity");
  return logProbability;
}

/**
 * How many tokens to let the device choose before it is asked.
 *
 * @param search which token follows
 * @param rules what is applied to the logits first
 * @returns 0 where the host should choose
 */
export function stepsAhead(search: TokenSearch, rules: readonly LogitsRule[]): number {
  const { readEvery = 1 } = backend();
  return readEvery > 1 || rules.length === 0 && !search.random ? readEvery : 0;
}

/** Largest draw: times a sum of float32 it stays below that sum. */
const ALMOST_ONE = 1 - 2 ** -23;

/**
 * Draws a token for each row.
 *
 * @param probabilities `[B, V]`, exactly 0 for what is forbidden
 * @param uniforms `[B]`, in $[0, 1)$
 * @returns int32 `[B]`; without meaning for a row of zeros or with NaN, about which a device cannot complain
 */
export function draw(probabilities: Tensor, uniforms: Tensor): Tensor {
  const { B, V } = dims(probabilities, "B V");
  dims(uniforms, "B", { B });
  const sums = probabilities.cumulativeSum(-1);
  const target = sums.slice(-1, V - 1).mul(uniforms.minimum(ALMOST_ONE).reshape([B, 1]));
  const beyond = sums.greater(target).and(probabilities.greater(0));
  // The first of those beyond; the most probable should rounding leave none.
  return full(probabilities.shape, 2).where(beyond, probabilities).argmax(-1);
}

// ## Pitfall: the border of a running sum
//
// Running sums of float32 need not rise: where a token has probability zero, two different orders of adding
// may make its sum larger than the one before it, and a draw in between would choose what is forbidden. The
// condition $p_j > 0$ excludes it; the test "draw() never draws what is forbidden" watches.
