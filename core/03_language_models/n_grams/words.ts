/**
 * # A vocabulary of words
 *
 * **Question.** A table of n-grams wants words rather than characters. Which words, and what of those that are not among them?
 *
 * **Idea.** A text is cut at white space and around punctuation. The words that are frequent enough get ids; one more id, `<unk>`, stands for
 * all others. What the unknown words were cannot be read back, and a model that has many of them looks better than it is, since it needs not say
 * which. Bits per character of such a model cannot be compared.
 *
 * @module
 */

import { checkList, checkNumbers, checkText, checkTokenStream } from "../../engine/arguments.ts";
import { checkOptions, type Checks, integer, shown } from "../../engine/options.ts";

/** Words, numbers and line breaks; every other sign that is no white space stands alone. */
const WORD = /[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+|\n|[^\s\p{L}\p{M}\p{N}]/gu;

/** Options of {@linkcode wordVocabulary}. */
export interface WordVocabularyOptions {
  /** How often a word must occur to get an id, at least 1; 1 by default. */
  readonly minCount?: number | undefined;
  /** Most ids, the special ones included, for the most frequent words; no limit by default. */
  readonly vocabSize?: number | undefined;
}

const OPTIONS: Checks<WordVocabularyOptions> = { minCount: integer(), vocabSize: integer({ min: 4 }) };

/** Ids of words, and back. */
export class WordVocabulary {
  /** What each id spells: `<unk>`, `<s>`, `</s>`, then the words. */
  readonly words: readonly string[];
  /** Id of whatever is not among the words. */
  readonly unknownToken = 0;
  /** Id of what stands before a sentence. */
  readonly beginToken = 1;
  /** Id of what stands after a sentence. */
  readonly endToken = 2;
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * Numbers some words.
   *
   * @param words each once
   */
  constructor(words: readonly string[]) {
    checkList("make a vocabulary", "words", words, "strings", (word) => typeof word === "string");
    this.words = ["<unk>", "<s>", "</s>", ...words];
    this.#ids = new Map(words.map((word, i) => [word, i + 3]));
    if (this.#ids.size !== words.length) throw new TypeError("Cannot make a vocabulary in which a word stands twice");
  }

  /** Number of ids. */
  get vocabSize(): number {
    return this.words.length;
  }

  /**
   * Cuts a text into words and gives their ids.
   *
   * @param text any text
   * @returns ids, that of `<unk>` for words that are not in the vocabulary
   */
  encode(text: string): number[] {
    checkText("encode", "text", text);
    return splitWordsAndSigns(text).map((word) => this.#ids.get(word) ?? this.unknownToken);
  }

  /**
   * Writes words one after the other, with spaces between.
   *
   * @param tokens their ids
   * @returns the text, as far as it was known
   * @throws {RangeError} if an id does not exist
   */
  decode(tokens: ArrayLike<number>): string {
    checkNumbers("decode", "tokens", tokens);
    return Array.from(tokens, (token) => {
      const word = this.words[token];
      if (word !== undefined) return word;
      throw new RangeError(`Cannot decode token ${shown(token)}: ids must be integers in [0, ${this.vocabSize})`);
    }).join(" ").replace(/ ?\n ?/g, "\n");
  }

  /**
   * Writes words while they arrive.
   *
   * @param tokens ids of this vocabulary, as a generation streams them
   * @returns pieces of text that join to what {@linkcode decode} returns
   * @throws {RangeError} if an id does not exist
   */
  async *decodeStream(tokens: AsyncIterable<number> | Iterable<number>): AsyncGenerator<string> {
    checkTokenStream("decode", tokens);
    let isStart = true;
    for await (const token of tokens) {
      const word = this.decode([token]);
      yield isStart || word === "\n" ? word : ` ${word}`;
      isStart = word === "\n";
    }
  }
}

/**
 * The words, numbers, signs and line breaks of a text.
 *
 * @param text any text
 * @returns what it consists of, white space left out
 */
export function splitWordsAndSigns(text: string): string[] {
  checkText("split", "text", text);
  return text.match(WORD) ?? [];
}

/**
 * Collects the words of some texts.
 *
 * @param texts where words are counted
 * @param options which words get an id
 * @returns the vocabulary, the most frequent words first
 */
export function wordVocabulary(texts: readonly string[], options: WordVocabularyOptions = {}): WordVocabulary {
  checkList("make a vocabulary", "texts", texts, "strings", (text) => typeof text === "string");
  checkOptions("make a vocabulary", options, OPTIONS);
  const { minCount = 1, vocabSize = Infinity } = options, counts = new Map<string, number>();
  for (const text of texts) for (const word of splitWordsAndSigns(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const chosen = [...counts].filter(([, count]) => count >= minCount)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, vocabSize - 3);
  return new WordVocabulary(chosen.map(([word]) => word));
}
