/**
 * # Neighbours and analogies
 *
 * **Question.** What do vectors of words say, once they are trained?
 *
 * **Idea.** Two words are compared by the angle between their vectors: the cosine [余弦相似度] is 1 for the same direction and 0 for a right angle. Lengths do not count. Words in the same direction are *neighbours*. An
 * *analogy* [类比] compares differences: from *female* to *mom* it is as far, and in the same direction, as from *male* to *dad*. So *mom* − *female* + *male* should lie near *dad*.
 *
 * **By hand.** Four words in two dimensions, *mom* (0.8, 0.6), *female* (0.6, 0.8), *male* (−0.6, 0.8), *dad* (0, 1). All have length 1. The cosine of *mom* and *female* is 0.8 · 0.6 + 0.6 · 0.8 = 0.96, and that of *mom* and
 * *dad* is 0.8 · 0 + 0.6 · 1 = 0.6. Then *mom* − *female* + *male* is (0.8 − 0.6 − 0.6, 0.6 − 0.8 + 0.8), that is, (−0.4, 0.6), of length 0.721. Its cosine with *dad* is 0.832. With *male* it is higher, 0.998.
 * So the answer is *dad* only because the words of the question do not count as answers.
 *
 * ```ts
 * import { analogy, cosine, WordVectors } from "@heed/heed/words";
 *
 * const words = ["mom", "female", "male", "dad"];
 * const vectors = new WordVectors(words, Float32Array.of(0.8, 0.6, 0.6, 0.8, -0.6, 0.8, 0, 1));
 * const [mom, female, male, dad] = words.map((word) => Array.from(vectors.vectorOf(word)));
 * console.log(cosine(mom!, female!).toFixed(2), cosine(mom!, dad!).toFixed(1));
 *
 * const sum = mom!.map((x, e) => x - female![e]! + male![e]!);
 * console.log(sum.map((x) => x.toFixed(1)).join(" "), "of length", Math.hypot(...sum).toFixed(3));
 * console.log("dad", cosine(sum, dad!).toFixed(3), "male", cosine(sum, male!).toFixed(3));
 * console.log(analogy(vectors, ["female", "mom", "male"], { count: 1 })[0]!.word);
 * ```
 *
 * ```text
 * 0.96 0.6
 * -0.4 0.6 of length 0.721
 * dad 0.832 male 0.998
 * dad
 * ```
 *
 * **Formula.** With $\hat v = v / \lVert v \rVert$, the answer $d$ to “$a$ is to $b$ as $c$ is to …” is
 *
 * $$\cos(v, w) = \hat v^\top \hat w, \qquad d = \arg\max_{d \notin \{a, b, c\}} \cos\big(d,\; \hat b - \hat a + \hat c\big)$$
 *
 * | symbol      | in code      | shape |
 * | ----------- | ------------ | ----- |
 * | $\hat b$    | `b`          | `[E]` |
 * | $\hat a$    | `a`          | `[E]` |
 * | $\hat c$    | `c`          | `[E]` |
 *
 * The method is called 3CosAdd. The cosine with a sum of unit vectors is, up to a factor, the sum of three cosines.
 *
 * **Why the words of the question are left out.** Differences of trained vectors are small. Then $\hat b - \hat a + \hat c$ lies beside $\hat c$ or $\hat b$, and the nearest word is one of the question. With
 * `excludeQuestion: false` a reader sees it. A test that excludes them gives credit for a neighbour of $c$ where it should ask for a direction (Linzen 2016; Rogers, Drozd and Li 2017).
 *
 * **Source.** Mikolov, Yih and Zweig 2013, *Linguistic Regularities in Continuous Space Word Representations*; Levy and Goldberg 2014, *Linguistic Regularities in Sparse and Explicit Word Representations*; Linzen 2016, *Issues in
 * Evaluating Semantic Spaces Using Word Analogies*; Rogers, Drozd and Li 2017, *The (Too Many) Problems of Analogical Reasoning with Word Vectors*.
 *
 * @module
 */

import { checkInstance, checkList, checkNumbers, checkText } from "../../engine/arguments.ts";
import { checkOptions, type Checks, flag, integer } from "../../engine/options.ts";
import { quote, shown } from "../../engine/shown.ts";

/** A word and how close it is. */
export interface Neighbour {
  /** The word. */
  readonly word: string;
  /** Cosine of its vector with what was asked for, from -1 to 1. */
  readonly cosine: number;
}

/**
 * The cosine of the angle between two vectors.
 *
 * @param a one vector, `[E]`
 * @param b another one, `[E]`
 * @returns a number in $[-1, 1]$, up to rounding; 0 if a vector is all zeros
 * @throws {TypeError} if the widths disagree
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkNumbers("compare", "a", a);
  checkNumbers("compare", "b", b);
  if (a.length !== b.length) {
    throw new TypeError(`Cannot compare ${a.length} numbers with ${b.length}: the widths must agree`);
  }
  let product = 0, first = 0, second = 0;
  for (let e = 0; e < a.length; e++) {
    product += a[e]! * b[e]!;
    first += a[e]! * a[e]!;
    second += b[e]! * b[e]!;
  }
  const lengths = Math.sqrt(first) * Math.sqrt(second);
  return lengths === 0 ? 0 : product / lengths;
}

/** How many neighbours are wanted. */
export interface NeighbourOptions {
  /** Most words; 10 by default. */
  readonly count?: number | undefined;
}

const NEIGHBOURS: Checks<NeighbourOptions> = { count: integer() };

/**
 * The words whose vectors point most nearly in the direction of another word's.
 *
 * Takes $O(VE)$ time.
 *
 * @example
 * ```ts
 * import { neighbours, WordVectors } from "@heed/heed/words";
 *
 * const vectors = new WordVectors(["tea", "coffee", "book"], Float32Array.of(1, 0, 0.9, 0.1, 0, 1));
 * console.assert(neighbours(vectors, "tea")[0]!.word === "coffee");
 * ```
 *
 * @param vectors where to look
 * @param word one of their words, or a vector, `[E]`
 * @param options how many are wanted
 * @returns the nearest first, the word itself left out
 * @throws {RangeError} if the word is unknown
 */
export function neighbours(
  vectors: WordVectors,
  word: string | ArrayLike<number>,
  options: NeighbourOptions = {},
): Neighbour[] {
  checkInstance("find neighbours", "vectors", vectors, WordVectors);
  checkOptions("find neighbours", options, NEIGHBOURS);
  const { count = 10 } = options;
  if (typeof word !== "string") return nearest(vectors, word, count, []);
  return nearest(vectors, vectors.vectorOf(word), count, [word]);
}

/** How an {@linkcode analogy} is answered. */
export interface AnalogyOptions extends NeighbourOptions {
  /** Whether the three words of the question are no answers; true by default. */
  readonly excludeQuestion?: boolean | undefined;
}

const ANALOGY: Checks<AnalogyOptions> = { ...NEIGHBOURS, excludeQuestion: flag };

/**
 * Answers what is to the third word as the second is to the first.
 *
 * @param vectors where to look
 * @param question three of their words: *female*, *mom*, *male*
 * @param options how many answers are wanted, and whether words of the question count
 * @returns the nearest first
 * @throws {RangeError} if a word is unknown
 */
export function analogy(
  vectors: WordVectors,
  question: readonly [from: string, to: string, other: string],
  options: AnalogyOptions = {},
): Neighbour[] {
  checkInstance("answer an analogy", "vectors", vectors, WordVectors);
  checkList("answer an analogy", "question", question, "three words", (word) => typeof word === "string");
  if (question.length !== 3) {
    throw new TypeError(`Cannot answer an analogy of ${question.length} words: three are needed`);
  }
  checkOptions("answer an analogy", options, ANALOGY);
  const { count = 10, excludeQuestion = true } = options;

  // $\hat a, \hat b, \hat c$: directions alone.
  const [a, b, c] = question.map((word) => unit(vectors.vectorOf(word)));

  // $\hat b - \hat a + \hat c$: the step from the first word to the second, taken from the third.
  const target = b!.map((x, e) => x - a![e]! + c![e]!);
  return nearest(vectors, target, count, excludeQuestion ? question : []);
}

/** Words and their vectors. */
export class WordVectors {
  /** The words, each once. */
  readonly words: readonly string[];
  /** Width of a vector: E. */
  readonly width: number;
  /** All vectors, row by row, `[V, E]`. */
  readonly numbers: Float32Array;
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * Joins words with their vectors.
   *
   * @param words each once
   * @param numbers as many for each word, row by row, `[V, E]`; not copied
   * @throws {TypeError} if a word stands twice, or the numbers are no rows of equal width
   */
  constructor(words: readonly string[], numbers: Float32Array) {
    checkList("make word vectors", "words", words, "strings", (word) => typeof word === "string");
    checkInstance("make word vectors", "numbers", numbers, Float32Array);
    const width = numbers.length / words.length;
    if (!Number.isInteger(width) || width < 1) {
      throw new TypeError(
        `Cannot make vectors of ${words.length} words from ${numbers.length} numbers: as many are needed for each word`,
      );
    }
    this.#ids = new Map(words.map((word, id) => [word, id]));
    if (this.#ids.size !== words.length) {
      const twice = words.find((word, id) => this.#ids.get(word) !== id)!;
      throw new TypeError(`Cannot make word vectors with the word ${quote(twice)} twice`);
    }
    [this.words, this.width, this.numbers] = [words, width, numbers];
  }

  /** Number of words: V. */
  get size(): number {
    return this.words.length;
  }

  /** Whether a word has a vector. */
  has(word: string): boolean {
    checkText("look up", "word", word);
    return this.#ids.has(word);
  }

  /**
   * The place of a word.
   *
   * @param word one of the words
   * @returns its row
   * @throws {RangeError} if it is unknown
   */
  idOf(word: string): number {
    checkText("look up", "word", word);
    const id = this.#ids.get(word);
    if (id === undefined) throw new RangeError(`Cannot look up ${quote(word)}: it is none of the ${this.size} words`);
    return id;
  }

  /**
   * The vector of a word.
   *
   * @param word one of the words
   * @returns its row, `[E]`, not copied
   * @throws {RangeError} if it is unknown
   */
  vectorOf(word: string): Float32Array {
    return this.rowOf(this.idOf(word));
  }

  /**
   * The vector at a place.
   *
   * @param id a row
   * @returns the row, `[E]`, not copied
   */
  rowOf(id: number): Float32Array {
    if (!Number.isInteger(id) || id < 0 || id >= this.size) {
      throw new RangeError(`Cannot look up row ${shown(id)}: it must be an integer in [0, ${this.size})`);
    }
    return this.numbers.subarray(id * this.width, (id + 1) * this.width);
  }
}

// #region Nearest vectors

/** A vector of length 1; one of zeros stays. */
function unit(vector: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(vector), length = Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0));
  return length === 0 ? numbers : numbers.map((x) => x / length);
}

/** The words nearest to a vector; of equal ones that which comes first. */
function nearest(
  vectors: WordVectors,
  target: ArrayLike<number>,
  count: number,
  without: readonly string[],
): Neighbour[] {
  const excluded = new Set(without);
  return vectors.words.map((word, id) => ({
    word,
    cosine: excluded.has(word) ? -Infinity : cosine(vectors.rowOf(id), target),
  }))
    .filter(({ word }) => !excluded.has(word)).sort((a, b) => b.cosine - a.cosine).slice(0, count);
}

// #endregion

// ## Exercise
//
// Another way to answer multiplies instead of adding: $\arg\max_d \cos(d, b) \cos(d, c) / \cos(d, a)$, with each cosine moved to $[0, 1]$ (3CosMul; Levy and Goldberg 2014). Which term of a sum can outweigh the
// others, and which of a product?
//
// **Hint.** In a sum a cosine of 0.9 in place of 0.6 counts as much as one of 0.4 in place of 0.1.
//
// **Solution.** In the sum the largest term decides, mostly that of $c$. In the product a small cosine counts by its ratio, so a word has to be near both $b$ and $c$.
//
// ```ts
// import { cosine } from "@heed/heed/words";
//
// const words = { a: [1, 0], b: [0.6, 0.8], c: [0.8, -0.6] }, near = [0.9, -0.44], between = [0.99, 0.14];
// const score = (d: number[]) => {
//   const [toA, toB, toC] = Object.values(words).map((word) => cosine(d, word));
//   const [a, b, c] = [toA!, toB!, toC!].map((x) => (x + 1) / 2);
//   return [(toB! + toC! - toA!).toFixed(3), (b! * c! / a!).toFixed(3)].join(" ");
// };
// console.log(score(near));
// console.log(score(between));
// ```
//
// ```text
// 0.272 0.620
// 0.424 0.732
// ```
