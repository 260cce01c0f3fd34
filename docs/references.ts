/**
 * # References to sections
 *
 * **Question.** A page says that another section has more. How does it say which one without knowing its number, and who
 * notices when there is no such section?
 *
 * **Idea.** The source has a link to the file, whose text is the word alone. Before anything else is made of the prose, the
 * number is written behind the word, from [the contents](../core/contents.ts). A link to what is no section is a problem.
 *
 * @module
 */

import { withNumbers } from "../core/contents.ts";
import { ENGLISH, type Phrases } from "./phrases.ts";

/**
 * Writes the numbers of sections and chapters into Markdown.
 *
 * @param text Markdown
 * @param from the file that it stands in, from the root of the repository
 * @param problem hears of references that lead to no section
 * @param phrases of the language
 * @returns Markdown whose links have the number behind the word
 */
export function numbered(
  text: string,
  from: string,
  problem: (where: string, text: string) => void,
  phrases: Phrases = ENGLISH,
): string {
  // English keeps the capital that a sentence begins with.
  const said = (words: string): string => {
    if (phrases === ENGLISH) return words;
    const [word = "", number = ""] = words.split(" ");
    return word.toLowerCase() === "section" ? phrases.section(number) : phrases.chapter(number);
  };
  try {
    return withNumbers(text, from, (words, href) => `[${said(words)}](${href})`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problem(from, error.message);
    return text;
  }
}
