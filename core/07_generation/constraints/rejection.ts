/**
 * # Rejection
 *
 * **Question.** A constraint is a question that is answered for whole texts only: does it compile, is it polite, does it rhyme? No mask knows that. What can be done with a model and a judge alone?
 *
 * **Idea.** Generate texts until one complies. What is kept has exactly the distribution of the model given the constraint: *rejection sampling* [拒绝采样]. The price is the texts that are thrown away, on average $1 / P(C)$ for each that is kept. Since $P(C)$ is not known in advance, and may be 0, there has to be
 * a budget.
 *
 * **By hand.** In [the first example](mod.ts) a text complies with a probability of 0.39. So a text that complies costs $1 / 0.39 = 2.56$ draws on average. With a budget of 5 draws none complies with a probability of $(1 - 0.39)^5 = 0.084$.
 *
 * And after 100 draws of which none complied? The probability of that is $(1 - p)^{100}$, which is 0.05 for $p = 0.030$. With a higher rate so many failures would be a rare accident.
 *
 * ```ts
 * import { Random } from "@heed/heed";
 * import { highestRate, rejectionSampling } from "@heed/heed/generation";
 *
 * const p = 0.39, budget = 5, draws = 100;
 * console.log(`${(1 / p).toFixed(2)} draws, none of ${budget} with ${((1 - p) ** budget).toFixed(3)}`);
 * const bound = highestRate(0, draws);
 * console.log(`none of ${draws}: below ${bound.toFixed(3)}, since (1 - p)^${draws} is ${((1 - bound) ** draws).toFixed(2)}`);
 *
 * const random = new Random(1), draw = (count: number) =>
 *   Promise.resolve(Array.from({ length: count }, () => ({ tokens: [random.next() < p ? 1 : 0] })));
 * const { accepted, draws: spent } = await rejectionSampling(draw, ({ tokens }) => tokens[0] === 1, { budget, wanted: 1 });
 * console.log(`${accepted.length} text after ${spent} draws`);
 * ```
 *
 * ```text
 * 2.56 draws, none of 5 with 0.084
 * none of 100: below 0.030, since (1 - p)^100 is 0.05
 * 1 text after 5 draws
 * ```
 *
 * **Formula.** With the model $P$, the texts $C$ that comply and a budget of $N$ draws,
 *
 * $$P(Y \mid C) = \frac{P(Y)}{P(C)} \ \text{ for } Y \in C, \qquad \mathbb{E}[\text{draws}] = \frac{1}{P(C)}, \qquad P(\text{none of } N) = (1 - P(C))^N$$
 *
 * | symbol  | in code    | meaning                                    |
 * | ------- | ---------- | ------------------------------------------ |
 * | $C$     | `accept()` | whether a text complies                    |
 * | $N$     | `budget`   | most texts that are drawn                  |
 * | $P(C)$  | `rate`     | estimated by the fraction that complied    |
 *
 * **What it is good for.** It is the only method of this section that is exact for any constraint, and the measure for all others. A large model with a short answer that is easy to check is sampled a hundred times where that helps: a program against its tests, a proof against a checker. Best-of-$n$ keeps the text of the highest reward
 * instead of those that comply; [a vote](../minimum_bayes_risk.ts) keeps what most of them say.
 *
 * **Beams instead of draws.** The texts of a beam can be filtered too (`numReturnSequences`). They are the most probable ones, and much like each other: if the first does not comply, the others seldom do.
 *
 * Source: John von Neumann 1951, *Various Techniques Used in Connection With Random Digits*.
 *
 * @module
 */

import { abortSignal, checkFunction, checkOptions, type Checks, checkValue, integer } from "../../engine/options.ts";

/**
 * Draws texts and keeps those that comply, until there are enough or the budget is spent.
 *
 * @example
 * ```ts
 * import { DecoderOnly, generate, Random } from "@heed/heed";
 * import { rejectionSampling } from "@heed/heed/generation";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const model = new DecoderOnly(sizes, new Random(1)), random = new Random(2);
 * const draw = (count: number) => generate(model, Array.from({ length: count }, () => [3]), { maxNewTokens: 5, random });
 * const { accepted, rate } = await rejectionSampling(draw, ({ tokens }) => tokens.includes(7), { budget: 64 });
 * console.assert(accepted.every(({ tokens }) => tokens.includes(7)) && rate <= 1);
 * ```
 *
 * @param draw draws so many texts, independent of each other
 * @param accept whether a text complies
 * @param options budget, how many are wanted, how many are drawn at once
 * @returns what complied and what it cost; fewer than wanted where the budget did not suffice
 * @throws {RangeError} if an option is outside its interval
 * @throws {TypeError} if `draw` returns another number of texts
 * @throws the signal's reason after an abort
 */
export async function rejectionSampling<Text extends DrawnText>(
  draw: (count: number) => Promise<readonly Text[]>,
  accept: (text: Text) => boolean,
  options: RejectionOptions,
): Promise<Rejection<Text>> {
  checkOptions("reject", options, rejectionChecks);
  for (const f of [draw, accept]) checkFunction("reject", f);
  const { budget, wanted = 1, batchSize = 16, signal } = options, accepted: Text[] = [];
  let draws = 0, tokens = 0, complied = 0;
  while (draws < budget && accepted.length < wanted) {
    signal?.throwIfAborted();
    const count = Math.min(batchSize, budget - draws), texts = await draw(count);
    if (texts?.length !== count) {
      throw new TypeError(`Cannot reject ${texts?.length} texts where ${count} were drawn: draw has to return as many`);
    }
    for (const text of texts) {
      // Texts that were drawn beside the last one that was wanted are paid for, and count for the rate.
      draws++;
      tokens += text.tokens.length;
      if (!accept(text)) continue;
      complied++;
      if (accepted.length < wanted) accepted.push(text);
    }
  }
  return { accepted, draws, tokens, rate: complied / draws, rateAtMost: highestRate(complied, draws) };
}

/**
 * The rate below which the true one lies, by what some draws have shown.
 *
 * It is the end of a one-sided interval of confidence 95/100: with this rate so few would comply in one case of twenty. It is found by halving, since
 * that probability falls with the rate.
 *
 * @param complied how many of the draws did
 * @param draws how many there were
 * @returns a rate in (0, 1]
 */
export function highestRate(complied: number, draws: number): number {
  checkValue("bound a rate", "draws", draws, integer());
  checkValue("bound a rate", "complied", complied, integer({ min: 0, max: draws }));
  if (complied === draws) return 1;
  let low = complied / draws, high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (atMost(complied, draws, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

// #region Options, and the probability of few successes

/** A text that was drawn. */
export interface DrawnText {
  /** Its tokens. */
  readonly tokens: readonly number[];
}

/** Options of {@linkcode rejectionSampling}. */
export interface RejectionOptions {
  /** Most texts that are drawn. */
  readonly budget: number;
  /** Texts that are enough; 1 by default. */
  readonly wanted?: number;
  /** Texts that are drawn at once; 16 by default. */
  readonly batchSize?: number;
  /** Stops between two batches, with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode rejectionSampling} has found, and what it cost. */
export interface Rejection<Text> {
  /** Texts that comply, in the order of their draws, at most as many as were wanted. */
  readonly accepted: readonly Text[];
  /** Texts that were drawn. */
  readonly draws: number;
  /** Their tokens. */
  readonly tokens: number;
  /** The fraction that complied. */
  readonly rate: number;
  /** What the true rate does not exceed, by {@linkcode highestRate}. */
  readonly rateAtMost: number;
}

const rejectionChecks: Checks<RejectionOptions> = {
  budget: { ...integer(), required: true },
  wanted: integer(),
  batchSize: integer(),
  signal: abortSignal,
};

/** The probability of at most so many successes, each of probability `p`: a sum of binomial terms. */
function atMost(successes: number, draws: number, p: number): number {
  let log = draws * Math.log1p(-p), sum = 0;
  for (let k = 0; k <= successes; k++) {
    sum += Math.exp(log);
    log += Math.log((draws - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return sum;
}
// #endregion

// ## What the notes say
//
// **The notes, 004.113.** Both faults are real, and both have a number: the cost is one over the rate, and a budget fails with the power of the formula. It has a merit that the notes leave out. What it keeps has the distribution that all other methods only come near.

// ## Pitfall: drawing until it works
//
// A loop without a budget does not end where the rate is 0, and seems to hang where it is small. The test "rejectionSampling() stops at its budget and says what it found" has a judge that accepts nothing.

// ## Pitfall: the first that complies, many times
//
// Who draws $N$ texts at once and keeps the most probable one that complies has another distribution: longer lists of draws favour the probable ones. The test "what rejection keeps has the conditional distribution" counts.

// ## Exercise
//
// *How many draws for 99 %?* The rate is 2 %. Which budget finds a text that complies with a probability of 99 %?
//
// **Hint.** The probability that all draws fail has to be 1 %.
//
// **Solution.** $0.98^N = 0.01$, so that $N = \log 0.01 / \log 0.98$.
//
// ```ts
// console.log((Math.log(0.01) / Math.log(0.98)).toFixed(0));
// ```
//
// ```text
// 228
// ```
