/**
 * # Searching by tf–idf
 *
 * **Question.** A unigram model ignores the order of words. What are counts of words good for without their order?
 *
 * **Idea.** For finding documents. A document is about the words that are frequent in it (term frequency, tf) and rare in
 * others (inverse document frequency, idf). The product of both is the weight of the word (tf–idf). A document
 * is the vector of these weights, a query another one, and the cosine of the angle between them says how well they fit.
 *
 * **Formula.** With $c_{w,d}$ the count of the word $w$ in the document $d$, $N$ documents, and $N_w$ of them with the word,
 *
 * $$v_{w,d} = c_{w,d} \Big(\log \frac{1 + N}{1 + N_w} + 1\Big), \qquad \mathrm{score}(q, d) = \frac{v_q \cdot v_d}{\lVert v_q \rVert\, \lVert v_d \rVert}$$
 *
 * | symbol           | in code     | shape      |
 * | ---------------- | ----------- | ---------- |
 * | $v$              | `weight`    | one number |
 * | $\mathrm{score}$ | `score`     | one number |
 *
 * **Why the logarithm.** $-\log (N_w / N)$ is the surprise of meeting the word in a document that is drawn at random. A word that every document has
 * surprises nobody. The ones under the fraction and behind it keep words alive that all documents have, or none.
 *
 * **Memory and time.** The index lists, for each word, the documents that have it: 8 bytes for each pair of a word and a document. A query
 * reads the lists of its own words and nothing else.
 *
 * Sources: Spärck Jones 1972, *A Statistical Interpretation of Term Specificity and Its Application in Retrieval*; Salton and Buckley
 * 1988, *Term-weighting Approaches in Automatic Text Retrieval*. The ones are those of scikit-learn.
 *
 * @module
 */

import { checkList, checkNumbers, isListOfNumbers } from "../../engine/arguments.ts";
import { checkOptions, type Checks, flag, integer, required, shown } from "../../engine/options.ts";

/** Options of {@linkcode TfIdf}. */
export interface TfIdfOptions {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Whether a count counts as one more than its logarithm; false by default. */
  readonly sublinear?: boolean | undefined;
  /** Whether rare words weigh more; true by default. */
  readonly idf?: boolean | undefined;
}

const OPTIONS: Checks<TfIdfOptions> = { vocabSize: required(integer()), sublinear: flag, idf: flag };

/** A document that was found. */
export interface Found {
  /** Its place in the list of documents. */
  readonly document: number;
  /** Cosine of the angle between it and the query, in (0, 1]. */
  readonly score: number;
}

/** Options of {@linkcode TfIdf.search}. */
export interface SearchLimits {
  /** Most documents that are returned; 10 by default. */
  readonly limit?: number | undefined;
}

const LIMITS: Checks<SearchLimits> = { limit: integer() };

/** An index of documents that are found by the words that they have in common with a query. */
export class TfIdf {
  /** Number of documents. */
  readonly size: number;
  readonly #idf: Float64Array;
  readonly #sublinear: boolean;
  /** For each word, where its documents begin in the lists. */
  readonly #starts: Int32Array;
  readonly #documents: Int32Array;
  readonly #weights: Float32Array;

  /**
   * Counts the words of some documents.
   *
   * @param documents token ids of each
   * @param options vocabulary, and what a count counts
   * @throws {RangeError} if a token does not exist
   */
  constructor(documents: readonly ArrayLike<number>[], options: TfIdfOptions) {
    checkList("index documents", "documents", documents, "lists of tokens", isListOfNumbers);
    checkOptions("index documents", options, OPTIONS);
    const { vocabSize, sublinear = false, idf = true } = options, N = this.size = documents.length;
    this.#sublinear = sublinear;
    const counts = documents.map((document) => countWords(document, vocabSize));
    const starts = this.#starts = new Int32Array(vocabSize + 1);
    for (const words of counts) for (const word of words.keys()) starts[word + 1]!++;
    this.#idf = Float64Array.from(
      { length: vocabSize },
      (_, word) => idf ? Math.log((1 + N) / (1 + starts[word + 1]!)) + 1 : 1,
    );
    for (let word = 0; word < vocabSize; word++) starts[word + 1]! += starts[word]!;
    this.#documents = new Int32Array(starts[vocabSize]!);
    this.#weights = new Float32Array(starts[vocabSize]!);
    const next = starts.slice();
    counts.forEach((words, document) => {
      for (const [word, weight] of this.#vector(words)) {
        this.#documents[next[word]!] = document;
        this.#weights[next[word]!++] = weight;
      }
    });
  }

  /**
   * The documents that fit a query best.
   *
   * @param query token ids
   * @param limits how many
   * @returns those with a word of the query, the best first
   */
  search(query: ArrayLike<number>, limits: SearchLimits = {}): Found[] {
    checkOptions("search", limits, LIMITS);
    const scores = new Map<number, number>();
    for (const [word, weight] of this.#vector(countWords(query, this.#idf.length))) {
      for (let i = this.#starts[word]!; i < this.#starts[word + 1]!; i++) {
        const document = this.#documents[i]!;
        scores.set(document, (scores.get(document) ?? 0) + weight * this.#weights[i]!);
      }
    }
    return [...scores].map(([document, score]) => ({ document, score }))
      .sort((a, b) => b.score - a.score || a.document - b.document).slice(0, limits.limit ?? 10);
  }

  /** The weights of the words of a text, as a vector of length 1. */
  #vector(counts: ReadonlyMap<number, number>): [word: number, weight: number][] {
    const vector = [...counts].map(([word, count]): [number, number] => {
      const weight = (this.#sublinear ? 1 + Math.log(count) : count) * this.#idf[word]!;
      return [word, weight];
    });
    const length = Math.sqrt(vector.reduce((sum, [, weight]) => sum + weight * weight, 0));
    return vector.map(([word, weight]) => [word, weight / length]);
  }
}

/** How often each word occurs. */
function countWords(tokens: ArrayLike<number>, vocabSize: number): Map<number, number> {
  checkNumbers("count words", "tokens", tokens);
  const counts = new Map<number, number>();
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (!(Number.isInteger(token) && token >= 0 && token < vocabSize)) {
      throw new RangeError(`Cannot count token ${shown(token)}: it must be an integer in [0, ${vocabSize - 1}]`);
    }
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
}

// ## What it finds, and what not
//
// The [experiment](../experiments/n_grams/tf_idf.ts) looks for sentences by a few of their words, by counts alone and by tf–idf, and then by a synonym.
// Vectors of words ([section](../../02_words/embeddings.ts)) are what synonyms can have in common.
