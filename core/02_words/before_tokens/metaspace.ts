/**
 * # A letter for the space
 *
 * **Question.** SentencePiece cuts texts without spaces between words as well as texts with them. What becomes of a space, if it is
 * to be a character like any other and still to be seen at the beginning of a word?
 *
 * **Idea.** The space is written `▁`, and belongs to the word behind it. The first word of a text gets one too, so that it is the same
 * token at the beginning of a text and inside it.
 *
 * @module
 */

import { type Check, checkOptions, flag, oneOf, string } from "../../engine/options.ts";
import type { AlignedText, Edit } from "./aligned_text.ts";
import { pieces, type PreTokenizer } from "./pre_tokenizer.ts";

/** Where `▁` is put in front: of every piece, of the first piece of a text, or of none. */
export type PrependScheme = "always" | "first" | "never";

/** What a {@linkcode PrependScheme} may be. */
export const prependSchemes: Check<PrependScheme> = oneOf(["always", "first", "never"]);

/** How {@linkcode metaspace} writes spaces. */
export interface MetaspaceOptions {
  /** What stands for a space; `▁` by default. */
  readonly replacement?: string | undefined;
  /** Where one is put in front that the text has not; `"always"` by default. */
  readonly prependScheme?: PrependScheme | undefined;
  /** Whether the text is cut before each; true by default. */
  readonly split?: boolean | undefined;
}

/**
 * Writes a space as `▁`, and cuts the text before each.
 *
 * @param options which letter, where one is put in front, and whether the text is cut
 * @returns the pre-tokenizer
 */
export function metaspace(options: MetaspaceOptions = {}): PreTokenizer {
  checkOptions("mark spaces", options, { replacement: string, prependScheme: prependSchemes, split: flag });
  const { replacement = "▁", prependScheme = "always", split = true } = options;
  return {
    name: "metaspace",
    options: { replacement, prependScheme, split },
    cut(piece) {
      let marked = piece.edit(occurrences(piece, " ", replacement));
      const isPut = prependScheme === "always" || prependScheme === "first" && piece.source()[0] === 0;
      if (isPut && !marked.text.startsWith(replacement)) marked = marked.prepend(replacement);
      if (!split || replacement === "") return pieces([marked]);
      const cuts: AlignedText[] = [];
      let start = 0;
      for (let at = marked.text.indexOf(replacement, 1); at > 0; at = marked.text.indexOf(replacement, at + 1)) {
        cuts.push(marked.slice(start, at));
        start = at;
      }
      cuts.push(marked.slice(start));
      return pieces(cuts);
    },
  };
}

/** A replacement for each place where a string occurs. */
export function occurrences({ text }: AlignedText, pattern: string, content: string): Edit[] {
  const edits: Edit[] = [];
  if (pattern === "") return edits;
  for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + pattern.length)) {
    edits.push({ start: at, end: at + pattern.length, text: content });
  }
  return edits;
}
