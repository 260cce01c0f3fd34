/**
 * # Repetition
 *
 * **Question.** A sharp distribution tends to repeat itself: a phrase that has occurred becomes more probable, and greedy
 * search can stay in a loop. How is repetition avoided?
 *
 * **Idea.** Two rules look at the tokens so far, the prompt included. The *repetition penalty* lowers the logit of every
 * token that has occurred, a little. A token that is probable enough can still occur twice. *Blocking* forbids: no n-gram of a given
 * size occurs twice, whatever its probability.
 *
 * **By hand.** The tokens so far are *the cat sat on the*. With a size of 2 only *cat* is forbidden, since *the cat* has
 * occurred; with a size of 3 nothing is, since *on the* has occurred once only, at the end. A penalty of 2 turns the logits
 * 3 and −1 of *cat* and *sat* into 1.5 and −2.
 *
 * **Formula.** With the penalty $\theta$, the tokens $y_{<j}$ so far and the size $n$,
 *
 * $$\tilde z_i = \begin{cases} z_i / \theta & i \in y_{<j},\ z_i > 0 \\ z_i \cdot \theta & i \in y_{<j},\ z_i \le 0 \\ z_i & \text{otherwise} \end{cases} \qquad\qquad \tilde z_i = -\infty \ \text{ if }\ (y_{j-n+1}, \dots, y_{j-1}, i) \in y_{<j}$$
 *
 * | symbol      | in code          | meaning                                       |
 * | ----------- | ---------------- | --------------------------------------------- |
 * | $z$         | `logits`         | `[V]`                                         |
 * | $y_{<j}$    | `tokens`         | prompt and generated tokens                   |
 * | $\theta$    | `penalty`        | above 1 less probable, below 1 more         |
 * | $n$         | `size`           | tokens of an n-gram                           |
 *
 * **What blocking costs.** With a size of 3, a name of three tokens can occur only once. This does little harm in translations and summaries, which
 * are short, but it does in a story. Where every token has been forbidden so, as in a small vocabulary with a size of 1, the search fails with
 * an error.
 *
 * Sources: Keskar et al. 2019, *CTRL* (the penalty); Paulus, Xiong and Socher 2018, *A Deep Reinforced Model for
 * Abstractive Summarization* (blocking).
 *
 * @module
 */

import { full } from "../engine/create.ts";
import { scatter } from "../engine/indexing.ts";
import { type Check, checkValue, integer, numeric } from "../engine/options.ts";
import type { LogitsRule } from "./rules.ts";

/** What a penalty may be. */
export const penaltyCheck: Check<number> = numeric({ above: 0 });
/** What the size of an n-gram may be. */
export const ngramSizeCheck: Check<number> = integer();

/** The largest float32. */
const HIGHEST = 2 ** 128 - 2 ** 104;

/** Keeps finite what was finite: however large the penalty, it forbids nothing, and however small, it decides nothing. */
function bounded(before: number, after: number): number {
  return Math.abs(before) === Infinity ? before : Math.min(HIGHEST, Math.max(-HIGHEST, after));
}

/**
 * Makes tokens of the context less likely.
 *
 * @param penalty $\theta$, more than 0: above 1 less probable, below 1 more
 * @returns a rule
 * @throws {RangeError} if the penalty is not a positive number
 */
export function repetitionRule(penalty: number): LogitsRule {
  checkValue("generate", "repetitionPenalty", penalty, penaltyCheck);
  return {
    name: "repetitionPenalty",
    onHost: (logits, { tokens }) => {
      const result = logits.slice();
      for (const token of new Set(tokens)) {
        const logit = logits[token];
        if (logit !== undefined) result[token] = bounded(logit, logit > 0 ? logit / penalty : logit * penalty);
      }
      return result;
    },
    onDevice: (logits, { tokens }) => {
      const occurred = scatter(full(logits.shape, 0), -1, tokens, full(tokens.shape, 1)).greater(0);
      const factor = Math.min(2 ** 126, Math.max(2 ** -126, penalty));
      const lowered = logits.div(factor).where(logits.greater(0), logits.mul(factor));
      const bounded = lowered.clamp(-HIGHEST, HIGHEST);
      return bounded.where(occurred.and(logits.abs().less(Infinity)), logits);
    },
  };
}

/**
 * Forbids every token that would complete an n-gram for the second time.
 *
 * @param size tokens of an n-gram, a positive integer; 1 forbids every token that has occurred
 * @returns a rule
 * @throws {RangeError} if the size is not a positive integer
 */
export function noRepeatNgramRule(size: number): LogitsRule {
  checkValue("generate", "noRepeatNgramSize", size, ngramSizeCheck);
  return {
    name: "noRepeatNgramSize",
    onHost: (logits, { tokens }) => {
      const result = logits.slice(), last = tokens.length - size + 1;
      // Where the last $n - 1$ tokens have stood before, what followed them is forbidden.
      for (let start = 0; start < last; start++) {
        let same = 0;
        while (same < size - 1 && tokens[start + same] === tokens[last + same]) same++;
        if (same === size - 1) result[tokens[start + same]!] = -Infinity;
      }
      return result;
    },
    onDevice: (logits, { tokens }) => {
      const last = tokens.shape[1]! - size + 1;
      if (last <= 0) return logits;
      const following = tokens.slice(1, size - 1);
      let repeats = full(following.shape, 1).greater(0);
      for (let i = 0; i < size - 1; i++) {
        repeats = repeats.and(tokens.slice(1, i, last + i).equal(tokens.slice(1, last + i, last + i + 1)));
      }
      const forbidden = scatter(full(logits.shape, 0), -1, following, repeats.cast("float32")).greater(0);
      return logits.where(forbidden.not(), -Infinity);
    },
  };
}

// ## Pitfall: always dividing
//
// Dividing a negative logit by $\theta > 1$ moves it *up*: the penalty becomes a reward for
// exactly the tokens that were already unlikely. The test "repetitionRule() lowers positive and
// negative logits" fails for that version.

// ## Pitfall: comparing with the end itself
//
// The last $n - 1$ tokens always equal themselves. A search for them that runs to the end of the text finds them there, and
// forbids whatever stands after the end: with $n = 1$, a token that does not exist. The test "noRepeatNgramRule() forbids
// what would complete an n-gram again, and nothing else" looks at the borders.

// ## Exercise
//
// Generate 200 tokens greedily with a model of your own, with a `noRepeatNgramSize` of 2, 3 and 4. At which size does the
// text begin to avoid words rather than phrases?
