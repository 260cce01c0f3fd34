/**
 * # Word vectors in a file
 *
 * **Question.** Other programs train word vectors and use them: the program of word2vec's authors, gensim, spaCy, fastText. What do they read?
 *
 * **Idea.** A text. Its first line has two numbers, how many words there are and how wide a vector is. Each further line is a word and its vector, with a space before each number.
 *
 * ```text
 * 2 3
 * tea 0.1 -0.25 0.5
 * 茶 0.125 -0.25 0.5
 * ```
 *
 * Numbers are written with as few digits as bring the same float32 back. A space at the end of a line is allowed, since several programs write one. The files of GloVe have no first line. With one they can be read.
 *
 * **Words.** A space ends a word, so a word with a space or a line break in it cannot be written, and is refused. Words of other programs often have `_` in that place.
 *
 * @module
 */

import { checkInstance } from "../../engine/arguments.ts";
import { abortSignal, checkOptions, type Checks } from "../../engine/options.ts";
import { rest } from "../../engine/pace.ts";
import { quote, shown } from "../../engine/shown.ts";
import { WordVectors } from "./vectors.ts";

/**
 * Writes word vectors as the lines of word2vec's text format, without line breaks.
 *
 * @param vectors what is written
 * @returns the lines, one after the other
 * @throws {TypeError} if a word is empty or has a space or a line break in it
 */
export function wordVectorLines(vectors: WordVectors): Generator<string> {
  checkInstance("write word vectors", "vectors", vectors, WordVectors);
  const wrong = vectors.words.find((word) => word === "" || /[ \t\n\r]/.test(word));
  if (wrong !== undefined) {
    throw new TypeError(`Cannot write the word ${quote(wrong)}: a space ends a word in this format`);
  }
  return linesOf(vectors);
}

function* linesOf(vectors: WordVectors): Generator<string> {
  yield `${vectors.size} ${vectors.width}`;
  for (const [id, word] of vectors.words.entries()) yield `${word} ${Array.from(vectors.rowOf(id), short).join(" ")}`;
}

/** The shortest decimal that is rounded to this float32. */
function short(x: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = x.toPrecision(digits);
    if (Math.fround(Number(text)) === x) return String(Number(text));
  }
  return String(Number(x.toPrecision(9)));
}

/** Options of {@linkcode readWordVectors}. */
export interface ReadWordVectorsOptions {
  /** Stops the reading with the signal's reason; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
}

const READ: Checks<ReadWordVectorsOptions> = { signal: abortSignal };

/**
 * Reads the lines of word2vec's text format.
 *
 * @example
 * ```ts
 * import { readWordVectors, wordVectorLines } from "@heed/heed/words";
 *
 * const vectors = await readWordVectors("2 3\ntea 0.1 -0.25 0.5\n茶 0.125 -0.25 0.5\n");
 * console.assert([...wordVectorLines(vectors)][1] === "tea 0.1 -0.25 0.5");
 * ```
 *
 * @param lines the file, line by line, or the whole of it
 * @param options what stops it
 * @returns the words and their vectors
 * @throws {SyntaxError} if it is anything else; the sentence names the line
 */
export async function readWordVectors(
  lines: string | Iterable<string> | AsyncIterable<string>,
  options: ReadWordVectorsOptions = {},
): Promise<WordVectors> {
  checkOptions("read word vectors", options, READ);
  const isList = typeof lines === "object" && lines && (Symbol.iterator in lines || Symbol.asyncIterator in lines);
  if (typeof lines !== "string" && !isList) {
    throw new TypeError("Cannot read word vectors from this: a string or an iterable of lines is needed");
  }
  const reader = new Reader();
  let number = 0;
  for await (const line of typeof lines === "string" ? lines.split("\n") : lines) {
    if (++number % 1024 === 0) await rest(options.signal);
    if (typeof line !== "string") {
      throw new TypeError(`Cannot read ${shown(line)} as line ${number} of word vectors: a string is needed`);
    }
    reader.take(line.replace(/[ \r]+$/, ""), number);
  }
  return reader.result();
}

/** Takes a file line by line. Nothing is allocated for what the first line says and no line holds. */
class Reader {
  #size = -1;
  #width = 0;
  readonly #words = new Map<string, number>();
  readonly #rows: Float32Array[] = [];

  take(line: string, number: number): void {
    const fail = (what: string): never => {
      throw new SyntaxError(`Cannot read word vectors: line ${number} ${what}`);
    };
    if (this.#size < 0) return this.#takeHead(line, fail);
    if (line === "") return;
    if (this.#rows.length === this.#size) fail(`is one more than the ${this.#size} words that the first line says`);
    const [word = "", ...cells] = line.split(" ");
    if (word === "") fail("begins with a space, and a word is needed there");
    if (cells.length !== this.#width) {
      fail(`has ${cells.length} numbers after the word ${quote(word, 40)}, and ${this.#width} are needed`);
    }
    if (this.#words.has(word)) fail(`has the word ${quote(word, 40)} of line ${this.#words.get(word)} again`);
    this.#words.set(word, number);
    this.#rows.push(
      Float32Array.from(
        cells,
        (cell) => finite(cell) ?? fail(`has ${quote(cell, 40)} where a finite number is needed`),
      ),
    );
  }

  #takeHead(line: string, fail: (what: string) => never): void {
    const [, size, width] = /^\ufeff?(\d{1,15}) (\d{1,9})$/.exec(line) ?? [];
    if (size === undefined) fail("must be two numbers, how many words there are and how wide a vector is");
    [this.#size, this.#width] = [Number(size), Number(width)];
    if (this.#size < 1 || this.#width < 1) {
      fail(`says ${size} words of ${width} numbers: at least one of each is needed`);
    }
  }

  result(): WordVectors {
    const found = this.#rows.length;
    if (this.#size < 0) throw new SyntaxError("Cannot read word vectors: there is no line");
    if (found < this.#size) {
      throw new SyntaxError(
        `Cannot read word vectors: there are ${found} words, and the first line says ${this.#size}`,
      );
    }
    const numbers = new Float32Array(found * this.#width);
    this.#rows.forEach((row, id) => numbers.set(row, id * this.#width));
    return new WordVectors([...this.#words.keys()], numbers);
  }
}

/** A number of a file that a float32 can hold. */
function finite(cell: string): number | undefined {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(cell) ? Math.fround(Number(cell)) : NaN;
  return Number.isFinite(value) ? value : undefined;
}
