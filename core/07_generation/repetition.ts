/**
 * # Repetition
 *
 * **Question.** A sharp distribution tends to repeat itself: a phrase that has occurred becomes more probable, and greedy
 * search can stay in a loop. How is repetition avoided?
 *
 * **Idea.** Five rules look at the tokens so far. Three make tokens that have occurred less probable: the *repetition penalty*
 * rescales their logits, the *presence penalty* subtracts a constant, the *frequency penalty* subtracts as much for each
 * occurrence. *Blocking* forbids: no n-gram of a given size occurs twice, whatever its probability. *DRY* ("don't repeat
 * yourself") lies between the two: it subtracts more, the longer the repeated passage is that the token would continue.
 *
 * ```picture repetition_by_hand The example below. Logits of five words after *the cat sat on the cat*, and what each rule makes of them; pale frames are unchanged. A dark edge marks the highest of a column, which greedy search takes.
 * ```
 *
 * **By hand.** A model has written *the cat sat on the cat*. Its logits for the next word are *the* 1, *cat* −1, *sat* 3, *on* 0.5, *mat* 2. Greedy search takes *sat*, and is in a
 * loop. *The* and *cat* have occurred twice, *sat* and *on* once, *mat* never.
 *
 * A *repetition penalty* of 2 halves what is positive and doubles what is negative: 0.5, −2, 1.5 and 0.25, and *mat* wins with 2. A *frequency penalty* of 0.5 takes
 * $2 \cdot 0.5 = 1$ from *the* and *cat* and 0.5 from *sat* and *on*: 0, −2, 2.5 and 0. A *presence penalty* of 0.5 takes 0.5 from each of the four: 0.5, −1.5, 2.5 and 0. Neither is
 * enough here. *Blocking* with a size of 3 forbids *sat*, since *the cat sat* has occurred. *DRY* with 0.8 looks for the longest passage at the end that has stood before: *the cat*, two
 * words, which *sat* would continue. It costs $0.8 \cdot 1.75^{2 - 2} = 0.8$ and leaves 2.2. Had *sat* been written, *on* would continue three words and lose $0.8 \cdot 1.75 = 1.4$.
 *
 * ```ts
 * import { dryRule, frequencyRule, noRepeatNgramRule, presenceRule, repetitionRule } from "@heed/heed/generation";
 *
 * const words = ["the", "cat", "sat", "on", "mat"], logits = Float64Array.of(1, -1, 3, 0.5, 2);
 * const ids = (text: string) => text.split(" ").map((word) => words.indexOf(word));
 * const tokens = ids("the cat sat on the cat"), dry = dryRule({ multiplier: 0.8, base: 1.75 });
 * for (const rule of [repetitionRule(2), frequencyRule(0.5), presenceRule(0.5), noRepeatNgramRule(3), dry]) {
 *   const row = rule.onHost(logits, { tokens }), best = row.indexOf(Math.max(...row));
 *   console.log(`${rule.name}: ${words.map((word, i) => `${word} ${row[i]!.toFixed(2)}`).join(", ")}: ${words[best]}`);
 * }
 * const lost = logits[3]! - dry.onHost(logits, { tokens: ids("the cat sat on the cat sat") })[3]!;
 * console.log("on loses", lost.toFixed(1));
 * ```
 *
 * ```text
 * repetitionPenalty: the 0.50, cat -2.00, sat 1.50, on 0.25, mat 2.00: mat
 * frequencyPenalty: the 0.00, cat -2.00, sat 2.50, on 0.00, mat 2.00: sat
 * presencePenalty: the 0.50, cat -1.50, sat 2.50, on 0.00, mat 2.00: sat
 * noRepeatNgramSize: the 1.00, cat -1.00, sat -Infinity, on 0.50, mat 2.00: mat
 * dryMultiplier: the 1.00, cat -1.00, sat 2.20, on 0.50, mat 2.00: sat
 * on loses 1.4
 * ```
 *
 * **Formula.** $z_i$ is the logit of token $i$ before a rule and $\tilde z_i$ the one after it, $y_{<j}$ are the tokens so far. With a penalty $\theta$ and a size $n$,
 *
 * $$\tilde z_i = \begin{cases} z_i / \theta & i \in y_{<j},\ z_i > 0 \\ z_i \cdot \theta & i \in y_{<j},\ z_i \le 0 \\ z_i & \text{otherwise} \end{cases} \qquad\qquad \tilde z_i = -\infty \ \text{ if }\ (y_{j-n+1}, \dots, y_{j-1}, i) \in y_{<j}$$
 *
 * With the number $c_i$ of times that token $i$ has been generated, and the length $\ell_i$ of the longest passage at the end of
 * $y_{<j}$ that has occurred before with $i$ after it; $[c_i > 0]$ is 1 if $c_i > 0$, and 0 if not,
 *
 * $$\tilde z_i = z_i - \alpha\, c_i - \beta\, [c_i > 0] \qquad\qquad \tilde z_i = z_i - m\, b^{\,\ell_i - a} \ \text{ if }\ \ell_i \ge a$$
 *
 * | symbol      | in code          | meaning                                               |
 * | ----------- | ---------------- | ----------------------------------------------------- |
 * | $z$         | `logits`         | `[V]`                                                 |
 * | $y_{<j}$    | `tokens`         | prompt and generated tokens                           |
 * | $\theta$    | `penalty`        | above 1 less probable, below 1 more                   |
 * | $n$         | `size`           | tokens of an n-gram                                   |
 * | $c_i$       | `countsOf()`     | occurrences among the generated tokens                |
 * | $\alpha$, $\beta$ | `penalty` | frequency and presence penalty; logits are logarithms, so the unit is the nat |
 * | $\ell_i$    | `passagesOf()`   | tokens of the passage that $i$ would continue         |
 * | $m$, $b$, $a$ | `multiplier`, `base`, `allowedLength` | of DRY: what a passage of $a$ tokens costs, what each further one multiplies that by, the shortest that costs |
 *
 * **Which tokens count.** The repetition penalty, blocking and DRY look at the prompt too. Frequency and presence penalty do
 * not, as in the programming interface of OpenAI that they are from: a word of the question may be used in the
 * answer for free. Of a chat, whose prompt holds the earlier answers, the one choice avoids what was said long ago, and the other does not.
 *
 * **Why a difference.** Added to logits, a penalty multiplies the ratio of two probabilities by the same factor wherever the
 * logits lie: a frequency penalty of 1 divides by $e$ for each occurrence. The repetition penalty depends on where zero
 * is. A model whose logits are all raised by a constant gives the same probabilities, but others after this penalty.
 *
 * **What blocking costs.** With a size of 3, a name of three tokens can occur only once. This does little harm in translations and summaries, which
 * are short, but it does in a story. Where every token has been forbidden so, as in a small vocabulary with a size of 1, the search fails with
 * an error. DRY lets a passage recur whose next token is certain enough; *breakers*, such as line breaks and quotation marks, end
 * a passage, so that what the text repeats for its form costs nothing.
 *
 * Sources: Keskar et al. 2019, *CTRL* (the penalty); Paulus, Xiong and Socher 2018, *A Deep Reinforced Model for
 * Abstractive Summarization* (blocking); OpenAI 2021, *API reference* (frequency and presence); Weidmann 2024, *DRY: A modern
 * repetition penalty* (a sampler of text-generation-webui, not a paper).
 *
 * @module
 */

import { arange, full, tensor } from "../engine/create.ts";
import { gather, scatter } from "../engine/indexing.ts";
import { concat } from "../engine/joining.ts";
import { type Check, checkOptions, type Checks, checkValue, integer, numeric, required } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";
import { type DecodingTask, type LogitsRule, requireToken, ruleInPlace, tokensCheck } from "./rules.ts";

/**
 * Makes tokens of the context less likely.
 *
 * @param penalty $\theta$, more than 0: above 1 less probable, below 1 more
 * @returns a rule
 * @throws {RangeError} if the penalty is not a positive number
 */
export function repetitionRule(penalty: number): LogitsRule {
  checkValue("generate", "repetitionPenalty", penalty, penaltyCheck);
  return ruleInPlace({
    name: "repetitionPenalty",
    inPlace: (row, { tokens }) => {
      for (const token of new Set(tokens)) {
        const logit = row[token];
        // $z_i / \theta$ or $z_i \cdot \theta$: both lower it where $\theta > 1$.
        if (logit !== undefined) row[token] = bounded(logit, logit > 0 ? logit / penalty : logit * penalty);
      }
    },
    onDevice: (logits, { tokens }) => {
      const occurred = scatter(full(logits.shape, 0), -1, tokens, full(tokens.shape, 1)).greater(0);
      const factor = Math.min(2 ** 126, Math.max(2 ** -126, penalty));
      const lowered = logits.div(factor).where(logits.greater(0), logits.mul(factor));
      const bounded = lowered.clamp(-HIGHEST, HIGHEST);
      return bounded.where(occurred.and(logits.abs().less(Infinity)), logits);
    },
  });
}

/**
 * Subtracts a constant for each time that a token has been generated.
 *
 * @param penalty $\alpha$, in nats; a negative one rewards
 * @returns a rule
 * @throws {RangeError} if the penalty is not a finite number
 */
export function frequencyRule(penalty: number): LogitsRule {
  checkValue("generate", "frequencyPenalty", penalty, differenceCheck);
  return subtracting("frequencyPenalty", (count) => count * penalty, (counts) => counts.mul(penalty));
}

/**
 * Subtracts a constant from every token that has been generated, however often.
 *
 * @param penalty $\beta$, in nats; a negative one rewards
 * @returns a rule
 * @throws {RangeError} if the penalty is not a finite number
 */
export function presenceRule(penalty: number): LogitsRule {
  checkValue("generate", "presencePenalty", penalty, differenceCheck);
  return subtracting("presencePenalty", () => penalty, (counts) => counts.minimum(1).mul(penalty));
}

/** A rule that subtracts what the number of times says that a token has been generated. */
function subtracting(name: string, cost: (count: number) => number, costs: (counts: Tensor) => Tensor): LogitsRule {
  return ruleInPlace({
    name,
    inPlace: (row, context) => {
      for (const [token, count] of countsOf(context.tokens, context)) {
        const logit = row[token];
        // $z_i - \alpha\, c_i$ or $z_i - \beta$.
        if (logit !== undefined) row[token] = bounded(logit, logit - cost(count));
      }
    },
    onDevice: (logits, { tokens, promptLength = 0 }) => {
      if (tokens.shape[1] === promptLength) return logits;
      const generated = tokens.slice(1, promptLength);
      const counts = scatter(full(logits.shape, 0), -1, generated, full(generated.shape, 1));
      return lowered(logits, costs(counts));
    },
  });
}

/** $c_i$: how often each token has been generated. */
function countsOf(tokens: readonly number[], { promptLength = 0 }: DecodingTask): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = promptLength; i < tokens.length; i++) counts.set(tokens[i]!, (counts.get(tokens[i]!) ?? 0) + 1);
  return counts;
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
  return ruleInPlace({
    name: "noRepeatNgramSize",
    inPlace: (row, { tokens }) => {
      const last = tokens.length - size + 1;
      // Where the last $n - 1$ tokens have stood before, what followed them is forbidden.
      for (let start = 0; start < last; start++) {
        let same = 0;
        while (same < size - 1 && tokens[start + same] === tokens[last + same]) same++;
        if (same === size - 1) row[tokens[start + same]!] = -Infinity;
      }
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
  });
}

/** How DRY penalizes. */
export interface DryOptions {
  /** What a passage of the allowed length costs, in nats, at least 0. */
  readonly multiplier: number;
  /** What each further token multiplies the cost by, at least 1; 1.75 by default. */
  readonly base?: number;
  /** The shortest passage that costs, in tokens; 2 by default. */
  readonly allowedLength?: number;
  /** Tokens at which a passage ends; none by default. */
  readonly breakers?: readonly number[];
}

/** No passage counts as longer than this: a longer one costs no more, and a device looks back so far. */
const LONGEST = 50;

/**
 * Makes a token less probable, the longer the repeated passage is that it would continue.
 *
 * @param options what a passage costs
 * @returns a rule
 * @throws {RangeError} if an option is outside its interval
 */
export function dryRule(options: DryOptions): LogitsRule {
  checkOptions("generate", options, dryChecks);
  const { multiplier, base = 1.75, allowedLength = 2, breakers = [] } = options;
  // $m\, b^{\ell - a}$, by length.
  const costs = Array.from(
    { length: LONGEST + 1 },
    (_, length) => length < allowedLength ? 0 : Math.min(HIGHEST, multiplier * base ** (length - allowedLength)),
  );
  const ends = new Set(breakers);
  return ruleInPlace({
    name: "dryMultiplier",
    check: ({ vocabSize }) => breakers.forEach((token) => requireToken("dryBreakers", token, vocabSize)),
    inPlace: (row, { tokens }) => {
      for (const [token, length] of passagesOf(tokens, ends)) {
        const logit = row[token];
        // $z_i - m\, b^{\,\ell_i - a}$.
        if (logit !== undefined) row[token] = bounded(logit, logit - costs[length]!);
      }
    },
    onDevice: (logits, { tokens }) => {
      const T = tokens.shape[1]!;
      if (T < 2) return logits;
      const isBreaker = breakers.reduce((some, token) => some.or(tokens.equal(token)), tokens.less(0));
      // $\ell$ of the passage that ends before each token but the first: the same tokens backwards from there as from the end.
      let isSame = tokens.slice(1, 0, T - 1).less(0).not(), lengths = full([tokens.shape[0]!, T - 1], 0);
      for (let back = 0; back < Math.min(LONGEST, T - 1); back++) {
        const last = tokens.slice(1, T - 1 - back, T - back);
        const same = tokens.slice(1, 0, T - 1 - back).equal(last).and(isBreaker.slice(1, 0, T - 1 - back).not());
        const padded = back === 0 ? same : concat([full([tokens.shape[0]!, back], 0).greater(0), same], 1);
        isSame = isSame.and(padded);
        lengths = lengths.add(isSame.cast("float32"));
      }
      const following = tokens.slice(1, 1), counts = isBreaker.slice(1, 1).not();
      const own = gather(tensor(costs), 0, lengths.cast("int32").reshape([-1])).reshape(lengths.shape).where(counts, 0);
      return lowered(logits, largestOfEach(logits, following, own));
    },
  });
}

/** $\ell_i$: the longest passage at the end that has occurred before with each token after it. */
function passagesOf(tokens: readonly number[], breakers: ReadonlySet<number>): Map<number, number> {
  const lengths = new Map<number, number>(), last = tokens.length - 1;
  if (last < 1 || breakers.has(tokens[last]!)) return lengths;
  for (let end = 0; end < last; end++) {
    if (tokens[end] !== tokens[last]) continue;
    const next = tokens[end + 1]!;
    if (breakers.has(next)) continue;
    let length = 1;
    while (
      length < LONGEST && length <= end && tokens[end - length] === tokens[last - length] &&
      !breakers.has(tokens[end - length]!)
    ) length++;
    lengths.set(next, Math.max(length, lengths.get(next) ?? 0));
  }
  return lengths;
}

// #region What penalties may be, and what keeps logits finite
// However large a penalty is, it forbids nothing: a finite logit stays finite. The rest is what the rules on tensors are made of.

/** What a penalty may be. */
export const penaltyCheck: Check<number> = numeric({ above: 0 });
/** What the size of an n-gram may be. */
export const ngramSizeCheck: Check<number> = integer();

/** What the penalty of a token that was generated may be. */
export const differenceCheck: Check<number> = numeric();
/** What the cost of a passage may be. */
export const multiplierCheck: Check<number> = numeric({ min: 0 });
/** What each further token may multiply that by. */
export const baseCheck: Check<number> = numeric({ min: 1 });
/** What the length of a passage may be. */
export const passageCheck: Check<number> = integer();

const dryChecks: Checks<DryOptions> = {
  multiplier: required(multiplierCheck),
  base: baseCheck,
  allowedLength: passageCheck,
  breakers: tokensCheck,
};

/** The largest float32. */
const HIGHEST = 2 ** 128 - 2 ** 104;

/** Keeps finite what was finite: however large the penalty, it forbids nothing, and however small, it decides nothing. */
function bounded(before: number, after: number): number {
  return Math.abs(before) === Infinity ? before : Math.min(HIGHEST, Math.max(-HIGHEST, after));
}

/** Subtracts costs, within what was finite. */
function lowered(logits: Tensor, costs: Tensor): Tensor {
  return logits.sub(costs.clamp(-HIGHEST, HIGHEST)).clamp(-HIGHEST, HIGHEST).where(logits.abs().less(Infinity), logits);
}

/** The largest value of each token among its places, `[B, V]`; 0 where it has none. */
function largestOfEach(logits: Tensor, tokens: Tensor, values: Tensor): Tensor {
  const [B = 0, T = 0] = tokens.shape, columns = tokens.reshape([B, 1, T]), rows = tokens.reshape([B, T, 1]);
  const isSame = columns.equal(rows); // [B, T, T]
  const largest = values.reshape([B, 1, T]).where(isSame, 0).max(-1);
  // Each token once: where it stands first.
  const before = arange(T).reshape([1, 1, T]).less(arange(T).reshape([1, T, 1]));
  const isFirst = isSame.and(before).cast("float32").max(-1).equal(0);
  return scatter(full(logits.shape, 0), -1, tokens, largest.where(isFirst, 0));
}

// #endregion

// ## On real text
//
// A Transformer that has learned plays of Shakespeare goes on after lines that it never saw. It takes the most probable token, under each of these rules.
//
// ```picture repetition_run Texts of greedy search under each rule, and the plays.
// ```

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

// ## Pitfall: counting the prompt
//
// A frequency penalty that counts the prompt punishes an answer for the words of its question, and the longer the question
// the more. The test "frequencyRule() and presenceRule() count what was generated, and not the prompt" fails for it.

// ## Exercise
//
// Whatever came before, a model gives *very* the logit 3 and *good* the logit 1.8. Greedy search writes ten words, none of them counts as prompt. What does it write with a frequency
// penalty of 0.5, with a presence penalty of 0.5, and with a repetition penalty of 2?
//
// **Hint.** Write down both logits after each word. A presence penalty is the same after one occurrence and after ten.
//
// **Solution.** The frequency penalty makes *very* cheaper each time: after three of them it has 1.5 and loses to *good*; from there the two alternate. The presence penalty leaves 2.5 however
// often *very* was written: nothing changes. The repetition penalty of 2 leaves 1.5, so *good* comes once; then *good* has 0.9, and *very* wins for ever. Only a penalty that grows breaks a loop for good.
//
// ```ts
// import { frequencyRule, presenceRule, repetitionRule } from "@heed/heed/generation";
//
// for (const rule of [frequencyRule(0.5), presenceRule(0.5), repetitionRule(2)]) {
//   const tokens: number[] = [];
//   while (tokens.length < 10) {
//     const [very, good] = rule.onHost(Float64Array.of(3, 1.8), { tokens });
//     tokens.push(very! >= good! ? 0 : 1);
//   }
//   console.log(rule.name, tokens.map((token) => ["very", "good"][token]).join(" "));
// }
// ```
//
// ```text
// frequencyPenalty very very very good very good very good very good
// presencePenalty very very very very very very very very very very
// repetitionPenalty very good very very very very very very very very
// ```
