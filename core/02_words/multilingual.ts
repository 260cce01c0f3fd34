/**
 * # Multilingual vocabularies
 *
 * **Question.** One vocabulary has to serve several languages, and most of the text is in one of them. What becomes of a low-resource language (小语种), of which the
 * training saw little? And once the vocabulary is there: a text is always cut the same way. Does a model learn more if it is not?
 *
 * **Idea.** Byte-pair encoding ([section](byte_pair_encoding/mod.ts)) and the unigram model ([section](unigram/mod.ts)) go by counts, so what is rare gets nothing. The words of the small language get no pieces of their own and are cut into
 * letters, so its texts are long and its model sees little of them at once. The remedy is to sample (采样) it more often than it occurs, and the large ones
 * less. How much more is one number, the temperature.
 *
 * ```picture language_sampling What part of the drawn sentences is in each of four languages, of which there are 10,000, 2,000, 400 and 50 sentences, as the temperature rises.
 * ```
 *
 * The second remedy is for the model: in training a text is cut in a different way each time, by chance. This is *subword regularization* (子词正则化). The model sees
 * rare pieces and the letters inside frequent ones, and learns what words have in common however they are cut.
 *
 * **By hand.** Of two languages, one has 900 sentences and the other 100. As they occur, they are drawn with the probabilities $900 / 1000 = 0.9$ and $100 / 1000 = 0.1$. At the temperature
 * 2 the square roots are compared: $30 / 40 = 0.75$ and $10 / 40 = 0.25$. At the temperature 100 they are 0.51 and 0.49.
 *
 * The second remedy draws the ways to cut a word by chance. With the merges `e s` and `es t`, *est* is one token. *BPE dropout* passes over each possible merge with a
 * probability of 0.1 in each step; if every possible merge is passed over, the word stays as it is. `e s t` stays with the probability 0.1, `es t` comes with $0.9 \cdot 0.1 = 0.09$, and `est` with $0.9 \cdot 0.9 = 0.81$.
 *
 * ```ts
 * import { Random } from "@heed/heed";
 * import { plainDropout, samplingProbabilities } from "@heed/heed/words";
 *
 * for (const temperature of [1, 2, 100]) {
 *   const probabilities = samplingProbabilities([900, 100], { temperature });
 *   console.log(`T = ${temperature}: ${probabilities.map((p) => p.toFixed(2)).join(", ")}`);
 * }
 * const merges = [["e", "s"], ["es", "t"]] as const, random = new Random(1), draws = 100_000;
 * const counts = new Map<string, number>();
 * for (let i = 0; i < draws; i++) {
 *   const cut = plainDropout("est", merges, 0.1, random).join(" ");
 *   counts.set(cut, (counts.get(cut) ?? 0) + 1);
 * }
 * for (const cut of ["est", "es t", "e s t"]) console.log(`${cut}: ${(counts.get(cut)! / draws).toFixed(2)} of the draws`);
 * ```
 *
 * ```text
 * T = 1: 0.90, 0.10
 * T = 2: 0.75, 0.25
 * T = 100: 0.51, 0.49
 * est: 0.81 of the draws
 * es t: 0.09 of the draws
 * e s t: 0.10 of the draws
 * ```
 *
 * **Formula.** With $n_i$ the size of language $i$ and $T$ the temperature, a text is drawn from it with the probability
 *
 * $$p_i = \frac{n_i^{1/T}}{\sum_j n_j^{1/T}}$$
 *
 * | symbol | in code                   | meaning                                                          |
 * | ------ | ------------------------- | ---------------------------------------------------------------- |
 * | $n_i$  | `sizes`                   | how much text a language has, in sentences, words or characters  |
 * | $T$    | `temperature`             | 1: as it occurs; larger: more even; without bound: all equal     |
 * | $p_i$  | `samplingProbabilities()` | how often a text is drawn from the language                      |
 *
 * Papers write the exponent as $\alpha = 1 / T$. It is 0.7 for multilingual BERT (Devlin 2018), 0.5 for XLM (Lample and Conneau 2019), $1/5$ in Arivazhagan et al. 2019,
 * and 0.3 for XLM-R (Conneau et al. 2020); all of these are networks for many languages.
 *
 * **Why not all alike.** Equal parts are the limit of a high temperature. A language of a hundred sentences then repeats each of them thousands of times: whole sentences are frequent
 * enough to become pieces, and the pieces serve only those sentences. Meanwhile the large languages, which most users read, lose pieces. A vocabulary
 * has one size; what one language gains another one pays for.
 *
 * Sources: Jacob Devlin 2018, *Multilingual BERT* (what was written of the released model); Guillaume Lample, Alexis Conneau 2019, *Cross-lingual Language Model Pretraining*; Naveen Arivazhagan and others 2019,
 * *Massively Multilingual Neural Machine Translation in the Wild: Findings and Challenges* (the temperature); Alexis Conneau and others 2020, *Unsupervised Cross-lingual
 * Representation Learning at Scale*; Phillip Rust and others 2021, *How Good is Your Tokenizer? On the Monolingual Performance of Multilingual Language Models*; Aleksandar
 * Petrov and others 2023, *Language Model Tokenizers Introduce Unfairness Between Languages*; Taku Kudo 2018, *Subword Regularization: Improving Neural Network Translation Models with Multiple
 * Subword Candidates*; Ivan Provilkov, Dmitrii Emelianenko, Elena Voita 2020, *BPE-Dropout: Simple and Effective Subword Regularization*.
 *
 * ## A small language in a large mixture
 *
 * The [experiment](experiments/multilingual.ts) learns one vocabulary for English, Chinese, and three small languages that get smaller and smaller. As the texts occur, among the languages with letters the smaller one
 * takes more tokens for each character. Chinese is apart: a character is often a word or half a word, so few can be joined, whatever the size of the language. Raise the temperature, and watch who gains and who pays.
 *
 * @module
 */

import { checkList, checkNumbers, checkText } from "../engine/arguments.ts";
import { checkOptions, type Checks, checkValue, integer, numeric, required, shown } from "../engine/options.ts";
import { checkRandom, type Random } from "../engine/random.ts";

/** How languages of different size are mixed. */
export interface SamplingOptions {
  /** 1 draws languages as they occur; the higher, the more evenly. */
  readonly temperature: number;
}

/**
 * How often a text is drawn from each language.
 *
 * @param sizes how much text each has, in sentences, words or characters
 * @param options the temperature
 * @returns a probability for each language; of one without text it is 0
 * @throws {RangeError} if a size is negative or not finite, all are 0, or the temperature is below 1
 */
export function samplingProbabilities(sizes: readonly number[], options: SamplingOptions): number[] {
  checkSampling(sizes, options);
  // $n_i^{1/T}$, relative to the largest, so that none overflows. Nothing stays nothing: $0^0$ would be 1.
  const largest = Math.max(...sizes);
  const powers = sizes.map((size) => size === 0 ? 0 : (size / largest) ** (1 / options.temperature));
  // $p_i$: divided by the sum over all languages.
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/**
 * A mixture of texts in which small languages are drawn more often than they occur.
 *
 * A language that is drawn more often than it has texts repeats all of them equally often, as far as the numbers allow; chance chooses the rest.
 *
 * @param corpora the texts of each language
 * @param random where chance comes from
 * @param options temperature, and how many texts are drawn
 * @returns the texts, language after language
 * @throws {TypeError} if the corpora are no lists of texts
 * @throws {RangeError} if no language has a text, or an option is outside its interval
 */
export function mixCorpora(
  corpora: readonly (readonly string[])[],
  random: Random,
  options: MixtureOptions,
): string[] {
  const sizes = checkMixture(corpora, random, options);
  const { temperature, total = sizes.reduce((sum, size) => sum + size, 0) } = options;
  const counts = wholeNumbers(samplingProbabilities(sizes, { temperature }), total);
  return corpora.flatMap((texts, i) => {
    // Every text as often as all of them fit, and each of the others at most once.
    const times = Math.floor(counts[i]! / texts.length) || 0, rest = counts[i]! - times * texts.length;
    const chosen = rest > 0 ? Array.from(random.permutation(texts.length).subarray(0, rest), (at) => texts[at]!) : [];
    return [...Array.from({ length: times }, () => texts).flat(), ...chosen];
  });
}

// ## Cutting by chance
//
// Two ways to draw a segmentation are in use. A [unigram vocabulary](unigram/model.ts) knows the probability of each, and draws in proportion to a power of it,
// $P(s)^\alpha$: `vocabulary.encode(text, { alpha, random })`. Byte-pair encoding knows no probabilities. BPE dropout makes its merges forgetful: in each
// step every possible merge is passed over with a probability $p$, and of the others the one that was learned first is made. Where all are passed over, the word
// stays as it is. `encoding.encode(text, { dropout, random })` does it by a queue of the merges; below is the algorithm as the paper has it. With $p = 0$ it is
// byte-pair encoding, with $p = 1$ the text is cut into its letters.
//
// Sampling is for training. To use the model a text is cut the most probable way, or without dropout.

/**
 * BPE dropout as the paper's algorithm has it, for one word.
 *
 * {@linkcode BytePairEncoding.encode} draws from the same distribution, in less time.
 *
 * @param word what is cut
 * @param merges pairs in the order they were learned
 * @param dropout probability with which a possible merge is passed over
 * @param random where chance comes from
 * @returns the pieces
 * @throws {TypeError} if the word is no string, or the merges are no pairs
 * @throws {RangeError} if the dropout is outside [0, 1]
 */
export function plainDropout(
  word: string,
  merges: readonly (readonly [string, string])[],
  dropout: number,
  random: Random,
): string[] {
  checkDropout(word, merges, dropout, random);
  const pieces = [...word];
  for (;;) {
    // Every place where a merge is possible, but for those that are passed over in this step.
    const possible = pieces.slice(1).flatMap((right, place) => {
      const rank = merges.findIndex((pair) => pair[0] === pieces[place] && pair[1] === right);
      return rank >= 0 && random.next() >= dropout ? [{ rank, place }] : [];
    });
    // The merge that was learned first, and of its places the leftmost.
    const [first] = possible.sort((a, b) => a.rank - b.rank || a.place - b.place);
    if (first === undefined) return pieces;
    pieces.splice(first.place, 2, pieces[first.place]! + pieces[first.place + 1]!);
  }
}

// ## What the sampling is for
//
// A network that has only seen *newest* as one token knows nothing of its letters. A misspelt *newset* falls into other pieces, which the network hardly
// knows. If *newest* was sometimes `new` `est`, sometimes `n` `e` `w` `est`, those pieces were trained on as well. The [experiment](experiments/multilingual/regularization.ts)
// trains a small classifier with and without sampling, and then misspells its words.

// ## Made small, and real
//
// Tatoeba has the same sentences in English and Chinese. Each of the two is made small in turn: only the first sentences of it are learned from. What is unseen is then
// really unseen, and what sampling cannot mend shows.
//
// ```picture multilingual_run Vocabularies that saw much of one language and little of the other, at several temperatures.
// ```

// #region Options and their checks

/** How {@linkcode mixCorpora} mixes. */
export interface MixtureOptions extends SamplingOptions {
  /** How many texts are drawn; as many as there are by default. */
  readonly total?: number | undefined;
}

const temperatureCheck = required(numeric({ min: 1, max: Infinity }));
const samplingChecks: Checks<SamplingOptions> = { temperature: temperatureCheck };
const mixtureChecks: Checks<MixtureOptions> = {
  temperature: temperatureCheck,
  total: integer({ min: 0, max: 2 ** 31 }),
};

function checkSampling(sizes: readonly number[], options: SamplingOptions): void {
  checkNumbers("combine languages", "sizes", sizes);
  checkOptions("combine languages", options, samplingChecks);
  const wrong = Array.from(sizes).find((size) => !(size >= 0 && size < Infinity));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot combine languages with a size of ${shown(wrong)}: it must be a number of at least 0`);
  }
  if (!sizes.some((size) => size > 0)) {
    throw new RangeError(`Cannot combine ${sizes.length} languages without text: at least one must have some`);
  }
}

/** Refuses what cannot be mixed; returns how many texts each language has. */
function checkMixture(corpora: readonly (readonly string[])[], random: Random, options: MixtureOptions): number[] {
  const isTexts = (texts: unknown): boolean => Array.isArray(texts) && texts.every((text) => typeof text === "string");
  checkList("combine languages", "corpora", corpora, "lists of texts", isTexts);
  checkRandom("combine languages", random);
  checkOptions("combine languages", options, mixtureChecks);
  return corpora.map(({ length }) => length);
}

/** Whole numbers in the given proportions with the given sum: what is left over goes to the largest fractions. */
function wholeNumbers(probabilities: readonly number[], total: number): number[] {
  const exact = probabilities.map((p) => p * total), counts = exact.map(Math.floor);
  const left = total - counts.reduce((sum, count) => sum + count, 0);
  const order = exact.map((x, i) => [x - counts[i]!, i] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, i] of order.slice(0, left)) counts[i]!++;
  return counts;
}

function checkDropout(
  word: string,
  merges: readonly (readonly [string, string])[],
  dropout: number,
  random: Random,
): void {
  checkText("drop merges", "word", word);
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((side) => typeof side === "string");
  checkList("drop merges", "merges", merges, "pairs of texts", isPair);
  checkValue("drop merges", "dropout", dropout, numeric({ min: 0, max: 1 }));
  checkRandom("drop merges", random);
}
// #endregion

// ## What the notes say
//
// **The notes, 004.19.** Right, with a price that they do not name. The experiment shows both: of the languages with letters a smaller one is cut more finely, and sampling it more often mends that; the
// large languages are then cut more finely than before.
//
// **The notes, 004.20.** The method is right; that it is meant to *reduce* robustness (鲁棒性) is a slip. It makes a model more robust. The second experiment misspells words, and the classifier
// that was trained on sampled segmentations makes fewer errors.

// ## Pitfall: sampling at the wrong end
//
// Chance belongs in training. Anyone who also samples at test time gets a different answer each time, and on average a worse one. Without `alpha` or `dropout` the result is always the same:
// the test "encode() with dropout keeps the text, and its extremes are none of it and no merge" compares both.

// ## Pitfall: a language without text
//
// $0^{1/T}$ is 0, but a loop that computes $n^{1/T}$ with an exponent of 0 for "all equal" gets $0^0 = 1$, and draws from a language of which there is nothing. The test
// "samplingProbabilities() gives a language without text nothing, at any temperature" has one.

// ## Exercise
//
// *How hot?* A large language has a million sentences, a small one ten thousand. At which temperature is the small one drawn one time in ten?
//
// **Hint.** The ratio of the two probabilities is $1/9$, and it is also the ratio of the sizes to the power of $1/T$.
//
// **Solution.** $(10^{-2})^{1/T} = 1/9$, so $T$ is $\log 100$ divided by $\log 9$.
//
// ```ts
// import { samplingProbabilities } from "@heed/heed/words";
//
// const temperature = Math.log(100) / Math.log(9);
// const [, small] = samplingProbabilities([1_000_000, 10_000], { temperature });
// console.log(`T = ${temperature.toFixed(2)}: ${small!.toFixed(3)}`);
// ```
//
// ```text
// T = 2.10: 0.100
// ```
