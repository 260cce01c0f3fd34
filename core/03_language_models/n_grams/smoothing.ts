/**
 * # Smoothing
 *
 * **Question.** Most n-grams of a new text never occurred in the old one. Their frequency is 0, and with one factor 0 the
 * probability of the whole text is 0. From which n-grams is the probability mass taken that unseen ones need, and who gets it?
 *
 * **Idea.** Every method of this page takes a little from what was seen after a context, and hands it to the distribution after the
 * shorter context, which has seen more:
 *
 * $$P(w \mid h) = \alpha(h, w) + \gamma(h)\, P(w \mid h')$$
 *
 * $h'$ is the context $h$ without its first token. The shortest one is empty, and below it stands the uniform distribution. The methods differ
 * in how much they take. With $c$ the count of an n-gram, $c(h)$ the sum of the counts after $h$, and $N(h)$ the number of different
 * tokens after $h$:
 *
 * | method                   | $\alpha(h, w)$                        | $\gamma(h)$                |
 * | ------------------------ | ------------------------------------- | -------------------------- |
 * | add-$k$                  | $c / (c(h) + kV)$                     | $kV / (c(h) + kV)$         |
 * | Jelinek–Mercer           | $\lambda c / c(h)$                    | $1 - \lambda$              |
 * | Witten–Bell              | $c / (c(h) + N(h))$                   | $N(h) / (c(h) + N(h))$     |
 * | absolute discounting     | $\max(c - D, 0) / c(h)$               | $D\,N(h) / c(h)$           |
 * | Kneser–Ney               | the same, with other counts           | the same                   |
 * | modified Kneser–Ney      | $D$ depends on $c$: $D_1, D_2, D_{3+}$ | $\sum_i D_i N_i(h) / c(h)$ |
 *
 * $k$ and $\lambda$ are constants, $\lambda$ between 0 and 1. $D$ is the discount, and $N_i(h)$ the number of different tokens that were seen $i$ times
 * after $h$.
 *
 * Add-$k$ adds $k$ to each count; written as above, it mixes with the uniform distribution directly, whatever the order.
 *
 * **Why Kneser–Ney counts otherwise.** *Francisco* is frequent, and follows *San* alone. After an unseen context a word is needed that may
 * follow anything, and *Francisco* is not one. So below the highest order, a count says after how many *different* tokens the n-gram was seen,
 * not how often (continuation count). An n-gram that nothing precedes, at the start of a sequence, keeps its count.
 *
 * **Where the discounts come from.** With $n_i$ the number of n-grams of an order with count $i$, and $Y = n_1 / (n_1 + 2 n_2)$,
 *
 * $$D = Y, \qquad D_i = i - (i + 1)\, Y\, \frac{n_{i+1}}{n_i}$$
 *
 * They estimate by how much a count in one half of a text exceeds that in the other half. Where a small text lacks an $n_i$, or a discount is not
 * between 0 and $i$, three constants stand in: those of KenLM, $\tfrac{1}{2}$, $1$ and $\tfrac{3}{2}$.
 *
 * Sources: Chen and Goodman 1999, *An Empirical Study of Smoothing Techniques for Language Modeling*; Kneser and Ney 1995, *Improved
 * Backing-off for M-gram Language Modeling*; Ney, Essen and Kneser 1994, *On Structuring Probabilistic Dependences in Stochastic
 * Language Modelling*; Witten and Bell 1991, *The Zero-Frequency Problem*; Jelinek and Mercer 1980, *Interpolated Estimation of Markov
 * Source Parameters from Sparse Data*.
 *
 * @module
 */

import { checkList } from "../../engine/arguments.ts";
import { checkOptions, type Checks, list, numeric } from "../../engine/options.ts";

/** What was seen after a context. */
export interface ContextCounts {
  /** Sum of the counts of all n-grams that begin with it. */
  readonly total: number;
  /** How many of those n-grams have the count 1. */
  readonly ones: number;
  /** How many have the count 2. */
  readonly twos: number;
  /** How many have a larger one. */
  readonly more: number;
}

/** How probability mass is divided between what was seen after a context and everything else. */
export interface Estimator {
  /** What an n-gram of this count keeps. */
  kept(count: number, context: ContextCounts): number;
  /** What is left for the shorter context. */
  left(context: ContextCounts): number;
}

/** A method of smoothing; `estimator` is made for each order. */
export interface Smoothing {
  /** What it is called, on the command line too. */
  readonly name: string;
  /** Whether lower orders count different predecessors; absent where they count occurrences. */
  readonly continuation?: boolean;
  /** Whether orders are mixed with the uniform distribution; absent where with lower ones. */
  readonly uniform?: boolean;
  /**
   * Prepares one order.
   *
   * @param order from 1 on
   * @param countsOfCounts how many of its n-grams have the count 0, 1, 2, 3, 4
   * @param vocabSize tokens that can follow
   * @returns what counts of this order keep and leave
   */
  estimator(order: number, countsOfCounts: readonly number[], vocabSize: number): Estimator;
}

const types = ({ ones, twos, more }: ContextCounts): number => ones + twos + more;

/** What {@linkcode addK} adds. */
export interface AddKOptions {
  /** Added to every count, above 0; 1 by default. */
  readonly k?: number | undefined;
}

const ADD_K: Checks<AddKOptions> = { k: numeric({ above: 0 }) };

/**
 * Adds a constant to every count: Laplace's rule for $k = 1$, Lidstone's for another.
 *
 * @param options the constant
 * @returns a smoothing for an n-gram model
 */
export function addK(options: AddKOptions = {}): Smoothing {
  checkOptions("smooth", options, ADD_K);
  const { k = 1 } = options;
  return {
    name: "add-k",
    uniform: true,
    estimator: (_order, _counts, V) => ({
      kept: (count, { total }) => count / (total + k * V),
      left: ({ total }) => k * V / (total + k * V),
    }),
  };
}

/** How {@linkcode jelinekMercer} mixes. */
export interface JelinekMercerOptions {
  /** Weight of the counts by order, from 1 on, in [0, 1]; those of the method by default. */
  readonly weights?: readonly number[] | undefined;
}

const JELINEK_MERCER: Checks<JelinekMercerOptions> = {
  weights: list("a list of numbers in [0, 1]", (weight: number) => weight >= 0 && weight <= 1),
};

/**
 * Mixes the frequencies of all orders by fixed weights (Jelinek–Mercer, interpolation).
 *
 * @param options the weights
 * @returns a smoothing for an n-gram model
 */
export function jelinekMercer(options: JelinekMercerOptions = {}): Smoothing {
  checkOptions("smooth", options, JELINEK_MERCER);
  const { weights = [] } = options;
  return {
    name: "jelinek-mercer",
    estimator(order) {
      const weight = weights[order - 1] ?? (order === 1 ? 0.9 : 0.7);
      return { kept: (count, { total }) => weight * count / total, left: () => 1 - weight };
    },
  };
}

/** Gives unseen tokens as much as tokens were new in their context so far (Witten–Bell). */
export function wittenBell(): Smoothing {
  return {
    name: "witten-bell",
    estimator: () => ({
      kept: (count, context) => count / (context.total + types(context)),
      left: (context) => types(context) / (context.total + types(context)),
    }),
  };
}

/** Options of {@linkcode absoluteDiscounting} and {@linkcode kneserNey}. */
export interface DiscountOptions {
  /** Taken from each count, by order, in [0, 1]; estimated from the counts by default. */
  readonly discounts?: readonly number[] | undefined;
}

const DISCOUNTS: Checks<DiscountOptions> = {
  discounts: list("a list of numbers in [0, 1]", (discount: number) => discount >= 0 && discount <= 1),
};

/** Discounts where the counts of a text are too few to estimate them. */
const FALLBACK = [0.5, 1, 1.5] as const;

/** One discount for all counts. */
function discounting({ discounts = [] }: DiscountOptions): Pick<Smoothing, "estimator"> {
  return {
    estimator(order, [, ones = 0, twos = 0]) {
      const discount = discounts[order - 1] ?? (ones > 0 ? ones / (ones + 2 * twos) : FALLBACK[0]);
      return {
        kept: (count, { total }) => Math.max(count - discount, 0) / total,
        left: (context) => discount * types(context) / context.total,
      };
    },
  };
}

/**
 * Takes the same from every count (absolute discounting).
 *
 * @param options the discounts
 * @returns a smoothing for an n-gram model
 */
export function absoluteDiscounting(options: DiscountOptions = {}): Smoothing {
  checkOptions("smooth", options, DISCOUNTS);
  return { name: "absolute-discounting", ...discounting(options) };
}

/**
 * Discounts, and counts different predecessors below the highest order (Kneser–Ney).
 *
 * @param options the discounts
 * @returns a smoothing for an n-gram model
 */
export function kneserNey(options: DiscountOptions = {}): Smoothing {
  checkOptions("smooth", options, DISCOUNTS);
  return { name: "kneser-ney", continuation: true, ...discounting(options) };
}

/**
 * The discounts of the modified method for counts of 1, of 2, and of 3 or more.
 *
 * @param countsOfCounts how many n-grams have the count 0, 1, 2, 3, 4
 * @returns three numbers
 */
export function modifiedDiscounts(countsOfCounts: readonly number[]): [number, number, number] {
  checkList("estimate discounts", "countsOfCounts", countsOfCounts, "numbers", (count) => typeof count === "number");
  const n = (i: number): number => countsOfCounts[i] ?? 0, Y = n(1) / (n(1) + 2 * n(2));
  const found = [1, 2, 3].map((i) => i - (i + 1) * Y * n(i + 1) / n(i));
  const isUsable = n(4) > 0 && found.every((discount, i) => discount >= 0 && discount <= i + 1);
  return (isUsable ? found : [...FALLBACK]) as [number, number, number];
}

/** Kneser–Ney with three discounts, for counts of 1, of 2 and of more (Chen and Goodman). */
export function modifiedKneserNey(): Smoothing {
  return {
    name: "modified-kneser-ney",
    continuation: true,
    estimator(_order, countsOfCounts) {
      const [one, two, three] = modifiedDiscounts(countsOfCounts);
      return {
        kept: (count, { total }) => (count - (count > 2 ? three : count > 1 ? two : count > 0 ? one : 0)) / total,
        left: ({ total, ones, twos, more }) => (one * ones + two * twos + three * more) / total,
      };
    },
  };
}

/** The methods by the words that the command line has for them. */
export const smoothings: Readonly<Record<string, () => Smoothing>> = {
  "modified-kneser-ney": modifiedKneserNey,
  "kneser-ney": () => kneserNey(),
  "absolute-discounting": () => absoluteDiscounting(),
  "witten-bell": wittenBell,
  "jelinek-mercer": () => jelinekMercer(),
  "add-k": () => addK(),
};
