/**
 * # Noise and frequent words
 *
 * **Question.** A fifth of an English text is *the*, *of*, *and* and a few more. They stand beside everything and say little about their neighbours. Which words are drawn as
 * negatives, and how often is a frequent word worth a step?
 *
 * **Idea.** Both are answered by counts. Negatives are drawn in proportion to a power of the counts below 1, so that rare words are drawn more often than they occur. Of the occurrences of
 * a frequent word most are left out before the windows are made: *subsampling*. A window then reaches over the gaps and sees more words that say something.
 *
 * **By hand.** Three words occur 16, 1 and 1 times. To the power 0.75 the counts are 8, 1 and 1. So the words are drawn with
 * probabilities 0.8, 0.1 and 0.1, while they are 0.889, 0.056 and 0.056 of the text. An alias table has three columns of equal width. In units of a column, the
 * probabilities are 2.4, 0.3 and 0.3. The second column is filled to 0.3 by its own word and by the first word above it. So is the third. The first column holds the first word alone.
 *
 * ```ts
 * import { AliasTable, noiseProbabilities } from "@heed/heed/words";
 *
 * const counts = [16, 1, 1], sum = 18;
 * console.log(counts.map((count) => (count ** 0.75).toFixed(0)).join(" "));
 * console.log(counts.map((count) => (count / sum).toFixed(3)).join(" "));
 *
 * const noise = noiseProbabilities(counts, 0.75), table = new AliasTable(noise);
 * console.log(Array.from(noise, (p) => p.toFixed(1)).join(" "), "and in units", Array.from(noise, (p) => (3 * p).toFixed(1)).join(" "));
 * console.log("filled to", Array.from(table.thresholds, (x) => x.toFixed(1)).join(" "), "and above", table.aliases.join(" "));
 * ```
 *
 * ```text
 * 8 1 1
 * 0.889 0.056 0.056
 * 0.8 0.1 0.1 and in units 2.4 0.3 0.3
 * filled to 1.0 0.3 0.3 and above 0 0 0
 * ```
 *
 * **Formula.** With $n_w$ the count of a word, $f_w$ its fraction of the text and a threshold $t$, the noise $Q$ and the probability that an occurrence is kept are
 *
 * $$Q(w) = \frac{n_w^{0.75}}{\sum_{w'} n_{w'}^{0.75}}, \qquad P_{\text{keep}}(w) = \min\Big(1, \sqrt{\frac{t}{f_w}} + \frac{t}{f_w}\Big)$$
 *
 * | symbol            | in code        | shape |
 * | ----------------- | -------------- | ----- |
 * | $n$               | `counts`       | `[V]` |
 * | $Q$               | `weights`      | `[V]` |
 * | $t$               | `threshold`    | one number |
 *
 * **A deviation of the code from its paper.** The paper keeps a word with probability $\sqrt{t / f_w}$. The program that its authors published adds $t / f_w$, and so do gensim and this page.
 *
 * **Why an alias table.** A draw is made for each negative: some thirty for each word of a text. Of $V$ columns of equal width each holds two words at most (Walker 1977). A draw chooses a column, then one of its two words, in
 * the same time for any vocabulary. The table is made in $O(V)$ (Vose 1991).
 *
 * **Source.** Mikolov, Sutskever, Chen, Corrado and Dean 2013, *Distributed Representations of Words and Phrases and their Compositionality*; Walker 1977, *An Efficient Method for Generating Discrete Random Variables with General Distributions*; Vose 1991, *A Linear Algorithm for Generating Random Numbers with a Given Distribution*.
 *
 * @module
 */

import { checkNumbers } from "../../engine/arguments.ts";
import { checkValue, numeric, shown } from "../../engine/options.ts";
import { checkRandom, type Random } from "../../engine/random.ts";

/**
 * How probable each word is as a negative.
 *
 * @param counts how often each word occurs, `[V]`
 * @param power of the counts, 0 for words that are all equally probable; 0.75 by default
 * @returns probabilities, `[V]`
 */
export function noiseProbabilities(counts: ArrayLike<number>, power: number = 0.75): Float64Array {
  checkCounts("make noise", counts);
  checkValue("make noise", "power", power, numeric({ min: 0, max: 10 }));
  // A word that does not occur is not drawn, whatever the power.
  const weights = Float64Array.from(counts, (count) => count === 0 ? 0 : count ** power);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * How probably an occurrence of each word is kept.
 *
 * @param counts how often each word occurs, `[V]`
 * @param threshold fraction of a text from which on a word is thinned out; 0 keeps everything
 * @returns probabilities, `[V]`
 */
export function keepProbabilities(counts: ArrayLike<number>, threshold: number): Float64Array {
  checkCounts("thin out", counts);
  checkValue("thin out", "threshold", threshold, numeric({ min: 0, max: 1 }));
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  return Float64Array.from(counts, (count) => {
    const ratio = threshold * total / count;
    return threshold === 0 || count === 0 ? 1 : Math.min(1, Math.sqrt(ratio) + ratio);
  });
}

/** A distribution from which a draw takes the same time for any number of words. */
export class AliasTable {
  /** How far each column is filled by its own word, `[V]`. */
  readonly thresholds: Float64Array;
  /** The word above that in each column, `[V]`. */
  readonly aliases: Int32Array;

  /**
   * Fills the columns: a word that has too little takes the rest of its column from one that has too much.
   *
   * @param weights not negative and not all 0; they are divided by their sum, `[V]`
   */
  constructor(weights: ArrayLike<number>) {
    checkCounts("make an alias table", weights);
    const size = weights.length, sum = Array.from(weights).reduce((total, weight) => total + weight, 0);
    // In units of a column.
    const left = Float64Array.from(weights, (weight) => weight / sum * size);
    this.thresholds = new Float64Array(size).fill(1);
    this.aliases = Int32Array.from({ length: size }, (_, word) => word);
    const poor: number[] = [], rich: number[] = [];
    left.forEach((weight, word) => (weight < 1 ? poor : rich).push(word));
    while (poor.length > 0 && rich.length > 0) {
      const word = poor.pop()!, giver = rich.at(-1)!;
      this.thresholds[word] = left[word]!;
      this.aliases[word] = giver;
      left[giver] = left[giver]! - (1 - left[word]!);
      if (left[giver]! < 1) poor.push(rich.pop()!);
    }
    // What rounding leaves over fills its column alone, unless it has no weight at all.
    for (const word of poor) if (weights[word] === 0) this.aliases[word] = heaviest(weights), this.thresholds[word] = 0;
  }

  /**
   * Draws a word.
   *
   * @param random where the numbers come from
   * @returns its index
   */
  draw(random: Random): number {
    checkRandom("draw", random);
    return wordAt(this, random.next());
  }
}

/** The word of a table at a place between 0 and 1: the whole part chooses a column, the rest one of its two words. */
export function wordAt({ thresholds, aliases }: AliasTable, place: number): number {
  const at = place * thresholds.length, column = Math.floor(at);
  return at - column < thresholds[column]! ? column : aliases[column]!;
}

// #region What is refused

function heaviest(weights: ArrayLike<number>): number {
  let best = 0;
  for (let word = 1; word < weights.length; word++) if (weights[word]! > weights[best]!) best = word;
  return best;
}

function checkCounts(action: string, counts: ArrayLike<number>): void {
  checkNumbers(action, "counts", counts);
  let sum = 0;
  for (let word = 0; word < counts.length; word++) {
    const count = counts[word]!;
    if (!(count >= 0 && count < Infinity)) {
      throw new RangeError(`Cannot ${action} with the count ${shown(count)}: it must be finite and not negative`);
    }
    sum += count;
  }
  if (!(sum > 0 && sum < Infinity)) {
    throw new RangeError(`Cannot ${action} with ${counts.length} counts that sum to ${sum}`);
  }
}

// #endregion

// ## Exercise
//
// Draw negatives with power 1, as often as words occur, and with power 0, all words alike. Which words get more steps as negatives, and what do you expect of the vectors of
// rare words?
//
// **Hint.** Count the draws of the rarest word for both powers.
//
// **Solution.** With power 1 the rarest word is drawn as rarely as it occurs, and its output vector hardly learns what does not stand beside it. With power 0 it is drawn as often as the most frequent one, and is pushed away from everything.
//
// ```ts
// import { noiseProbabilities } from "@heed/heed/words";
//
// const counts = [1000, 100, 10, 1];
// for (const power of [1, 0.75, 0]) {
//   console.log(power, Array.from(noiseProbabilities(counts, power), (p) => p.toFixed(4)).join(" "));
// }
// ```
//
// ```text
// 1 0.9001 0.0900 0.0090 0.0009
// 0.75 0.8230 0.1464 0.0260 0.0046
// 0 0.2500 0.2500 0.2500 0.2500
// ```
