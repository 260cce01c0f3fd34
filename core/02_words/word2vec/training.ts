/**
 * # Training word2vec
 *
 * **Question.** One step of negative sampling moves seven vectors. A text of a million words asks for some tens of millions of steps. How does that take minutes?
 *
 * **Idea.** Nothing is recorded for a backward pass, and nothing is allocated: the gradient is known, so a step is a loop over numbers that moves the rows where they lie. One word after the other becomes the centre of a window. Its
 * width is drawn anew each time, from 1 up to the largest, so that near words are used more often than far ones. The learning rate falls in a straight line.
 *
 * **Formula.** A step of the [page before](mod.ts), with $g_k = \eta\,(y_k - \sigma(h^\top u_k))$ for all rows computed before any row moves:
 *
 * $$u_k \leftarrow u_k + g_k h, \qquad v_i \leftarrow v_i + \frac{1}{C} \sum_{k=0}^{K} g_k u_k$$
 *
 * | symbol | in code         | shape        |
 * | ------ | --------------- | ------------ |
 * | $h$    | `hidden`        | `[E]`        |
 * | $u$    | `outputs`       | `[V]` rows   |
 * | $v$    | `inputs`        | `[V]` rows   |
 * | $g$    | `moves`         | `[1 + K]`    |
 * | $C$    | `from.length`   | 1 for skip-gram, words of the window for CBOW |
 *
 * **Why $1/C$.** In CBOW $h$ is the mean of $C$ rows, so each of them has a $C$-th of the gradient. The program of the authors, and gensim after it, leave the $1/C$ out: rows then move $C$ times too far, by a number that differs from window to
 * window. With the right gradient CBOW is about as good as skip-gram (İrsoy, Benton and Stratos 2021). It needs a larger learning rate.
 *
 * **What it costs.** Skip-gram takes $1 + K$ products of vectors, and as many moves, for each neighbour of each word. CBOW takes them once for each word. The [experiment](../experiments/word2vec.ts) has both.
 *
 * **Chance.** The words that are kept, the widths and the negatives come from a small generator, sfc32, which the given one seeds. Equal seeds give the same bits, on any machine and with any number of threads, since there is one.
 *
 * **Source.** Mikolov, Sutskever, Chen, Corrado and Dean 2013, *Distributed Representations of Words and Phrases and their Compositionality*; İrsoy, Benton and Stratos 2021, *Corrected CBOW Performs as well as Skip-gram*.
 *
 * @module
 */

import { checkList } from "../../engine/arguments.ts";
import { abortSignal, callback, checkOptions, type Checks, integer, numeric, object } from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { checkRandom, type Random } from "../../engine/random.ts";
import { AliasTable, keepProbabilities, noiseProbabilities, wordAt } from "./noise.ts";
import { WordVectors } from "./vectors.ts";

/** Both tables while they are trained, and a step on them. */
export class Learner {
  /** Vectors of words that predict, a row for each. */
  readonly inputs: readonly Float64Array[];
  /** Vectors of words that are predicted, a row for each. */
  readonly outputs: readonly Float64Array[];
  readonly #hidden: Float64Array;
  readonly #change: Float64Array;
  readonly #drawn: Int32Array;
  /** The rows of a step and how far they move. Rows are taken by threes, and the last three are filled up with a row of zeros. */
  readonly #rows: Float64Array[];
  readonly #moves: Float64Array;
  readonly #spare: Float64Array;

  /** Starts from small numbers for words that predict, and zeros for those that are predicted. */
  constructor(vocabSize: number, hiddenSize: number, numNegatives: number, random: Random) {
    const numbers = new Float64Array(vocabSize * hiddenSize);
    random.uniforms(numbers.length).forEach((u, i) => numbers[i] = (u - 0.5) / hiddenSize);
    this.inputs = rowsOf(numbers, hiddenSize);
    this.outputs = rowsOf(new Float64Array(numbers.length), hiddenSize);
    this.#hidden = new Float64Array(hiddenSize);
    this.#change = new Float64Array(hiddenSize);
    this.#drawn = new Int32Array(1 + numNegatives);
    this.#spare = new Float64Array(hiddenSize);
    this.#moves = new Float64Array(3 * Math.ceil((1 + numNegatives) / 3));
    this.#rows = Array.from(this.#moves, () => this.#spare);
  }

  /** Draws the negatives of a word. A draw that gives the word itself is left out, as in the authors' program. */
  draw(word: number, noise: AliasTable, next: () => number): Int32Array {
    let size = 1;
    this.#drawn[0] = word;
    for (let k = 1; k < this.#drawn.length; k++) {
      const negative = wordAt(noise, next());
      if (negative !== word) this.#drawn[size++] = negative;
    }
    return this.#drawn.subarray(0, size);
  }

  /** One step: the mean of some input rows predicts the first of some words, and the others are negatives. Returns the loss. */
  step(from: readonly number[], words: Int32Array, learningRate: number): number {
    const hidden = this.#hidden, change = this.#change, rows = this.#rows, moves = this.#moves;
    const E = hidden.length, share = 1 / from.length;

    // $h$: one row, or the mean of a window.
    hidden.set(this.inputs[from[0]!]!);
    for (let i = 1; i < from.length; i++) add(hidden, this.inputs[from[i]!]!, 1);
    for (let e = 0; share < 1 && e < E; e++) hidden[e] = hidden[e]! * share;

    // $g_k$ of all rows, before one of them moves.
    const loss = this.#compare(words, learningRate);

    // $\sum_k g_k u_k$, and $u_k + g_k h$.
    change.fill(0);
    for (let k = 0; k < words.length; k += 3) {
      moveThree(rows[k]!, rows[k + 1]!, rows[k + 2]!, moves[k]!, moves[k + 1]!, moves[k + 2]!, hidden, change);
    }

    // $v_i$: each row of the mean has its part.
    for (let i = 0; i < from.length; i++) add(this.inputs[from[i]!]!, change, share);
    return loss;
  }

  /** Finds how far each row moves, and returns the loss. */
  #compare(words: Int32Array, learningRate: number): number {
    const rows = this.#rows, moves = this.#moves, N = words.length;
    for (let k = 0; k < moves.length; k++) rows[k] = k < N ? this.outputs[words[k]!]! : this.#spare;
    for (let k = 0; k < N; k += 3) multiplyThree(rows[k]!, rows[k + 1]!, rows[k + 2]!, this.#hidden, moves, k);
    let right = 1;
    for (let k = 0; k < N; k++) {
      const sigmoid = 1 / (1 + Math.exp(-moves[k]!));
      right *= k === 0 ? sigmoid : 1 - sigmoid;
      moves[k] = learningRate * ((k === 0 ? 1 : 0) - sigmoid);
      for (let first = 1; first < k; first++) {
        if (words[first] !== words[k]) continue;
        // A word that was drawn twice moves once, and twice as far.
        moves[first] = moves[first]! + moves[k]!;
        moves[k] = 0;
        rows[k] = this.#spare;
        break;
      }
    }
    for (let k = N; k < moves.length; k++) moves[k] = 0;
    return -Math.log(Math.max(right, Number.MIN_VALUE));
  }
}

/** Who predicts whom within a window. */
export interface ContextModel {
  /** What files and the command line call it. */
  readonly word: string;
  /** The learning rate at the start, unless another one is given. */
  readonly learningRate: number;
  /** Takes the steps of one window: each from the words that predict to the one that is predicted. */
  readonly learn: (
    centre: number,
    window: readonly number[],
    step: (from: readonly number[], word: number) => void,
  ) => void;
}

/** The word in the centre predicts each word of the window. */
export const skipGram: ContextModel = {
  word: "skip-gram",
  learningRate: 0.025,
  learn: (centre, window, step) => {
    const from = [centre];
    for (let i = 0; i < window.length; i++) step(from, window[i]!);
  },
};

/** The mean of the window predicts the word in the centre. */
export const cbow: ContextModel = {
  word: "cbow",
  learningRate: 0.1,
  learn: (centre, window, step) => step(window, centre),
};

/** Both, by the word that files and the command line have for them. */
export const contextModels: Readonly<Record<string, ContextModel>> = { "skip-gram": skipGram, cbow };

// #region The loops
// Three rows go through a loop together, so that each number of $h$ and of the change is loaded once for three products.

/** Scores of three rows, into a list from a place on. */
function multiplyThree(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  h: Float64Array,
  scores: Float64Array,
  at: number,
): void {
  let p = 0, q = 0, r = 0;
  for (let e = 0; e < h.length; e++) {
    const x = h[e]!;
    p += x * a[e]!;
    q += x * b[e]!;
    r += x * c[e]!;
  }
  scores[at] = p;
  scores[at + 1] = q;
  scores[at + 2] = r;
}

/** Adds $f a + g b + i c$ to the change, then $f h$, $g h$ and $i h$ to the rows. */
function moveThree(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  f: number,
  g: number,
  i: number,
  h: Float64Array,
  change: Float64Array,
): void {
  for (let e = 0; e < h.length; e++) {
    const x = a[e]!, y = b[e]!, z = c[e]!, own = h[e]!;
    change[e] = change[e]! + (f * x + g * y + i * z);
    a[e] = x + f * own;
    b[e] = y + g * own;
    c[e] = z + i * own;
  }
}

function add(to: Float64Array, x: Float64Array, factor: number): void {
  for (let e = 0; e < to.length; e++) to[e] = to[e]! + factor * x[e]!;
}

function rowsOf(numbers: Float64Array, width: number): Float64Array[] {
  return Array.from({ length: numbers.length / width }, (_, row) => numbers.subarray(row * width, (row + 1) * width));
}

/** Small fast counting generator of 128 bits (Doty-Humphrey, PractRand): numbers in $[0, 1)$ with 32 random bits. */
export function sfc32(random: Random): () => number {
  let [a, b, c, counter] = [0, 0, 0, 0].map(() => random.integer(2 ** 32) | 0) as [number, number, number, number];
  const next = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ b >>> 9;
    b = (c + (c << 3)) | 0;
    c = ((c << 21 | c >>> 11) + sum) | 0;
    return (sum >>> 0) * 2 ** -32;
  };
  // What the first numbers have of the seed is mixed away.
  for (let i = 0; i < 12; i++) next();
  return next;
}

// #endregion

/** How far a training is. */
export interface Word2vecProgress {
  /** Fraction of all epochs that is done, from 0 to 1. */
  readonly done: number;
  /** The epoch, counted from 1. */
  readonly epoch: number;
  /** Words read so far, those that were left out included. */
  readonly words: number;
  /** Mean loss of a step since the last report. */
  readonly loss: number;
}

/** How word2vec is trained. */
export interface Word2vecOptions {
  /** Who predicts whom; {@linkcode skipGram} by default. */
  readonly model?: ContextModel | undefined;
  /** Width of a vector; 100 by default. */
  readonly hiddenSize?: number | undefined;
  /** Most words of a window on either side; 5 by default. */
  readonly window?: number | undefined;
  /** Words that are drawn against each predicted one; 5 by default. */
  readonly numNegatives?: number | undefined;
  /** Passes over the text; 5 by default. */
  readonly epochs?: number | undefined;
  /** How often a word must occur to get a vector; 1 by default. */
  readonly minCount?: number | undefined;
  /** Fraction of the text from which on a word is thinned out, 0 for none; 0.001 by default. */
  readonly threshold?: number | undefined;
  /** Power of the counts in the noise; 0.75 by default. */
  readonly noisePower?: number | undefined;
  /** Length of the first steps; that of the model by default. */
  readonly learningRate?: number | undefined;
  /** Length of the last steps; a thousandth of the first by default. */
  readonly finalLearningRate?: number | undefined;
  /** Stops the training with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how far it is, some times a second; nobody by default. */
  readonly onProgress?: ((progress: Word2vecProgress) => void) | undefined;
}

const OPTIONS: Checks<Word2vecOptions> = {
  model: object<ContextModel>(
    `a way to predict, such as skipGram or cbow`,
    (model) => "learn" in model && typeof model.learn === "function" && "learningRate" in model,
  ),
  hiddenSize: integer({ min: 1, max: 2 ** 16 }),
  window: integer({ min: 1, max: 1000 }),
  numNegatives: integer({ min: 0, max: 1000 }),
  epochs: integer({ min: 1, max: 1e6 }),
  minCount: integer(),
  threshold: numeric({ min: 0, max: 1 }),
  noisePower: numeric({ min: 0, max: 10 }),
  learningRate: numeric({ above: 0 }),
  finalLearningRate: numeric({ min: 0 }),
  signal: abortSignal,
  onProgress: callback(),
};

/** What {@linkcode trainWord2vec} returns. */
export interface Word2vec {
  /** The vectors that predict: what is called the vectors of the words. The most frequent word comes first. */
  readonly vectors: WordVectors;
  /** The vectors that are predicted. */
  readonly contexts: WordVectors;
  /** How often each word occurs, `[V]`. */
  readonly counts: readonly number[];
  /** Mean loss of a step by epoch. */
  readonly losses: readonly number[];
}

/**
 * Learns vectors of words from sentences.
 *
 * @example
 * ```ts
 * import { Random } from "@heed/heed";
 * import { neighbours, trainWord2vec } from "@heed/heed/words";
 *
 * const text = ["we drink hot tea", "we drink hot coffee", "they read a book", "they read a letter"];
 * const { vectors } = await trainWord2vec(text.map((sentence) => sentence.split(" ")), new Random(1), {
 *   hiddenSize: 8, window: 2, epochs: 200, threshold: 0,
 * });
 * console.assert(neighbours(vectors, "tea").length === 9);
 * ```
 *
 * @param sentences lists of words; no window reaches beyond one
 * @param random where chance comes from
 * @param options sizes and rates
 * @returns both tables
 * @throws {RangeError} if no word is frequent enough
 */
export async function trainWord2vec(
  sentences: readonly (readonly string[])[],
  random: Random,
  options: Word2vecOptions = {},
): Promise<Word2vec> {
  checkList(
    "train word2vec",
    "sentences",
    sentences,
    "lists of words",
    (one) => Array.isArray(one) && one.every((word) => typeof word === "string"),
  );
  checkRandom("train word2vec", random);
  checkOptions("train word2vec", options, OPTIONS);
  const { hiddenSize = 100, numNegatives = 5, minCount = 1 } = options;
  const { words, counts, ids } = countWords(sentences, minCount);
  const learner = new Learner(words.length, hiddenSize, numNegatives, random);
  const losses = await readAll(ids, counts, learner, sfc32(random), options);
  const vectorsOf = (rows: readonly Float64Array[]): WordVectors => {
    const numbers = new Float32Array(words.length * hiddenSize);
    rows.forEach((row, id) => numbers.set(row, id * hiddenSize));
    return new WordVectors(words, numbers);
  };
  return { vectors: vectorsOf(learner.inputs), contexts: vectorsOf(learner.outputs), counts, losses };
}

/** Reads the text as often as is wanted; returns the mean loss by epoch. */
async function readAll(
  ids: readonly Int32Array[],
  counts: readonly number[],
  learner: Learner,
  next: () => number,
  options: Word2vecOptions,
): Promise<number[]> {
  const { model = skipGram, window = 5, epochs = 5, threshold = 1e-3, noisePower = 0.75, signal, onProgress } = options;
  const { learningRate = model.learningRate, finalLearningRate = learningRate / 1000 } = options;
  const noise = new AliasTable(noiseProbabilities(counts, noisePower)), keep = keepProbabilities(counts, threshold);
  const all = epochs * ids.reduce((sum, { length }) => sum + length, 0), losses: number[] = [];
  let read = 0, rate = learningRate, loss = 0, steps = 0, reported = { loss: 0, steps: 0 };
  const step = (from: readonly number[], word: number): void => {
    loss += learner.step(from, learner.draw(word, noise, next), rate);
    steps++;
  };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    [loss, steps, reported] = [0, 0, { loss: 0, steps: 0 }];
    for (const sentence of ids) {
      // A few thousand words at a time, so that a text without sentences lets others have a turn too.
      for (let start = 0; start < sentence.length; start += AT_ONCE) {
        const piece = sentence.subarray(start, start + AT_ONCE);
        rate = learningRate + (finalLearningRate - learningRate) * read / all;
        readSentence(piece.filter((word) => keep[word]! >= 1 || next() < keep[word]!), window, model, step, next);
        if (Math.floor(read / AT_ONCE) < Math.floor((read += piece.length) / AT_ONCE)) {
          await rest(signal);
          onProgress?.({
            done: read / all,
            epoch,
            words: read,
            loss: (loss - reported.loss) / Math.max(1, steps - reported.steps),
          });
          reported = { loss, steps };
        }
      }
    }
    losses.push(loss / Math.max(1, steps));
  }
  return losses;
}

/** Words that are read between two looks at the clock. */
const AT_ONCE = 5000;

/** Makes each word the centre of a window of random width. */
function readSentence(
  words: Int32Array,
  window: number,
  { learn }: ContextModel,
  step: (from: readonly number[], word: number) => void,
  next: () => number,
): void {
  const around: number[] = [];
  for (let centre = 0; centre < words.length; centre++) {
    const width = 1 + Math.floor(next() * window), end = Math.min(words.length - 1, centre + width);
    around.length = 0;
    for (let at = Math.max(0, centre - width); at <= end; at++) if (at !== centre) around.push(words[at]!);
    if (around.length > 0) learn(words[centre]!, around, step);
  }
}

// #region The words of a text

/** Numbers the words, the most frequent first, and writes the sentences in numbers; what is too rare is left out. */
function countWords(
  sentences: readonly (readonly string[])[],
  minCount: number,
): { readonly words: string[]; readonly counts: number[]; readonly ids: Int32Array[] } {
  const found = new Map<string, number>();
  for (const sentence of sentences) for (const word of sentence) found.set(word, (found.get(word) ?? 0) + 1);
  const chosen = [...found].filter(([, count]) => count >= minCount)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  if (chosen.length === 0) {
    throw new RangeError(
      `Cannot train word2vec: none of ${found.size} words occurs ${minCount} ${minCount === 1 ? "time" : "times"}`,
    );
  }
  const numbers = new Map(chosen.map(([word], id) => [word, id]));
  const ids = sentences.map((sentence) =>
    Int32Array.from(sentence.flatMap((word): number[] => {
      const id = numbers.get(word);
      return id === undefined ? [] : [id];
    }))
  );
  return { words: chosen.map(([word]) => word), counts: chosen.map(([, count]) => count), ids };
}

// #endregion

// ## Pitfall: a negative that is the word itself
//
// A frequent word is often drawn against itself. The step would then push the same row both ways, and the frequent words would learn least. The test "trainWord2vec() never draws a word against itself" counts the draws.
