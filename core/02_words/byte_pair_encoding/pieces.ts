/**
 * # Words first
 *
 * **Question.** Merges must not run from one word into the next, or the vocabulary fills with chance pairs such as
 * `of the`. Where are the words, in a text of any language, and what becomes of the spaces between them?
 *
 * **Idea.** Cut the text before anything is learned, and let no merge cross a cut. The pattern is GPT-2's, one of the
 * [published patterns](../before_tokens/patterns.ts): letters,
 * digits and other signs are separate pieces. One space before a piece belongs to it, so that `student` at the start of
 * a text and ` student` inside it are two words and no space is ever lost. Chinese writes no spaces: everything between
 * two punctuation marks is one piece, and the merges themselves find the words.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import { gpt2Pattern } from "../before_tokens/patterns.ts";

/**
 * Goes through the words of a text.
 *
 * @param text any string
 */
export function* wordsOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = gpt2Pattern.end(text, start);
    yield text.slice(start, end);
    start = end;
  }
}

/**
 * Cuts a text into the pieces that no merge may cross.
 *
 * Nothing is dropped: the pieces joined together are the text.
 *
 * @param text any string
 * @returns words with the space before them, numbers, runs of signs, and runs of white space
 */
export function splitWords(text: string): string[] {
  checkText("split words", "text", text);
  return [...wordsOf(text)];
}
